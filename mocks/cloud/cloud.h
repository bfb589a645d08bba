/* cloud.h - one cloud: its services, their ports, keys, chance and time; and how services meet.
 *
 * Everything hangs from a struct cloud, so ten of them can run in one process. Start and stop take well under a
 * millisecond; tests own theirs. Services find each other by name (cloud_invoke), in process, through the whole
 * dispatch of the one called: the same checks, faults and journal as any client meets.
 */
#ifndef MOCKS_CLOUD_CLOUD_H
#define MOCKS_CLOUD_CLOUD_H

#include "base/clock.h"
#include "base/err.h"
#include "mocks/cloud/journal.h"
#include "mocks/cloud/plog.h"
#include "mocks/cloud/service.h"

enum cloud_auth { CLOUD_AUTH_STRICT = 0, CLOUD_AUTH_STRUCTURE, CLOUD_AUTH_OFF };

struct cloud_setting {
    const char *name, *value; /* "connect.properties" = "…"; each service lists its own in its header */
};
struct cloud_port {
    const char *service; /* or "edge" */
    uint16_t port;
};

struct cloud_options {
    const struct service *const *services; /* NULL-terminated */
    struct clock *clock;        /* NULL = a real clock of the cloud's own */
    uint64_t seed;
    bool no_listen;             /* no sockets at all: only cloud_invoke */
    const char *host;           /* NULL = 127.0.0.1 */
    bool fixed_ports;           /* services listen on their own ports; else all on free ones */
    const struct cloud_port *ports; /* exceptions; .service == NULL ends */
    enum cloud_auth auth;
    const struct cloud_setting *settings; /* .name == NULL ends */
    const char *data_dir;       /* NULL = in memory */
    size_t journal_entries;
    int threads;                /* 0 = 2 */
    bool verbose;               /* a log line on stderr for each call */
    struct tls *tls;            /* every port speaks TLS too; NULL = plain only; must outlive the cloud */
};

struct cloud *cloud_open(const struct cloud_options *o, struct err *e);
void cloud_close(struct cloud *c);
/* Empties every service, the topics and the journal; done when it returns. */
void cloud_reset(struct cloud *c);
/* 0 once every service has settled (see service.h). */
int cloud_settle(struct cloud *c, int64_t timeout_ms, struct err *e);

uint16_t cloud_port(const struct cloud *c, const char *service); /* 0 = not listening; "edge" too */
/* "http://127.0.0.1:41234" of the service's own port, else of the edge. Lives as long as the cloud. */
const char *cloud_url(const struct cloud *c, const char *service);
const struct service *cloud_service(const struct cloud *c, const char *name); /* NULL when not part of it */
void *cloud_state(const struct cloud *c, const char *name); /* for tests and cli only, not for services */
size_t cloud_services(const struct cloud *c);
const struct service *cloud_service_at(const struct cloud *c, size_t i);

/* What services use. */
struct clock *cloud_clock(struct cloud *c);
uint64_t cloud_random(struct cloud *c);
struct str cloud_uuid(struct cloud *c, struct arena *a);
struct plog_set *cloud_topics(struct cloud *c);
struct faults *cloud_faults(struct cloud *c);
struct journal *cloud_journal(struct cloud *c);
struct sigv4_cache *cloud_sigv4(struct cloud *c);
const char *cloud_setting(const struct cloud *c, const char *name); /* NULL when not given */
bool cloud_setting_on(const struct cloud *c, const char *name, bool otherwise); /* "1", "true", "on" */
const char *cloud_data_dir(const struct cloud *c);
enum cloud_auth cloud_auth_mode(const struct cloud *c);
struct sigv4_key cloud_own_key(const struct cloud *c); /* the pair drawn from the seed */
bool cloud_verbose(const struct cloud *c);
bool cloud_ready(struct cloud *c); /* every service is open and every port is listened on */
struct relay *cloud_relay(struct cloud *c); /* NULL without TLS */
struct tls *cloud_tls(struct cloud *c);     /* NULL: plain only */
/* The default identity: account 000000000000, region us-east-1. */
#define CLOUD_ACCOUNT "000000000000"
#define CLOUD_REGION "us-east-1"

/* Calls another service of this cloud. The request's views and the arena must live until `done` was called (once,
 * before cloud_invoke returns or later). *reply is filled then; its delay_ms and end are for the caller to honour.
 * -1 when the cloud has no such service (done is not called). */
int cloud_invoke(struct cloud *c, const char *service, const struct http_request *request,
                 struct http_reply *reply, struct arena *a, void (*done)(void *arg), void *arg);
/* The same for threads that may wait: returns when the answer is there, its delay waited for. */
int cloud_invoke_wait(struct cloud *c, const char *service, const struct http_request *request,
                      struct http_reply *reply, struct arena *a, struct err *e);
/* Which service a URL's host and port mean, if it is one of this cloud: "http://kafka-rest:8082" or the address of one
 * of its own ports; NULL when it is somebody else's. Host aliases: setting "hosts" = "name=service,…". */
const char *cloud_service_of_host(const struct cloud *c, struct str host_and_port);

#endif
