/* client.h - the HTTP client: many requests in flight, retries, SigV4. The door to libcurl.
 *
 * A client belongs to one thread. client_start queues a request and answers at once; client_run drives all
 * transfers and calls back for each that is over. Retries (429, 5xx, network errors, and whatever retry_reply
 * says) happen inside, with capped exponential backoff and full jitter over the client's clock; every attempt
 * is signed anew. The bytes a request points to are copied.
 */
#ifndef NET_CLIENT_H
#define NET_CLIENT_H

#include "base/clock.h"
#include "base/err.h"
#include "base/rng.h"
#include "net/message.h"
#include "net/sigv4.h"

struct client_response {
    int status;        /* 0: no answer was had; error says why */
    const char *error; /* network error text, or NULL */
    struct str body;
    const struct http_header *headers;
    size_t n_headers;
    int attempts;     /* 1 = no retry was needed */
    bool ambiguous;   /* some attempt may have had its effect without an answer (lost acknowledgement) */
};

struct client_request {
    const char *method; /* "GET", "POST", … */
    struct str url;     /* http://host:port/path?query, encoded as it shall be sent */
    const struct http_header *headers;
    size_t n_headers;
    struct str body;
    bool sign; /* with the client's key, for `service` */
    struct str service;
    /* Optional: true when this answer (any status) is a throttle or a passing failure to be tried again. */
    bool (*retry_reply)(const struct client_response *r);
    void (*done)(void *arg, const struct client_response *r); /* views valid during the call only */
    void *arg;
};

struct client_options {
    struct clock *clock;
    uint64_t seed;       /* of the jitter */
    int max_in_flight;   /* 0 = 32; fewer as long as answers are quick; further requests wait in order */
    int max_attempts;    /* 0 = 8 */
    int64_t backoff_ms;  /* first back-off ceiling; 0 = 20 */
    int64_t backoff_cap_ms; /* 0 = 5,000 */
    int64_t timeout_ms;  /* of one attempt; 0 = 35,000 */
    struct sigv4_key key;
    struct str region;
};

struct client_stats {
    uint64_t requests, attempts, retries, network_errors, throttles, server_errors;
};

struct client;
struct client *client_open(const struct client_options *o, struct err *e);
void client_close(struct client *c); /* transfers under way are dropped without their callback */
void client_start(struct client *c, const struct client_request *r);
/* Number of requests started and not yet over (in flight, waiting for a place, or for a back-off). */
size_t client_pending(const struct client *c);
/* Drives transfers until at most `until_pending` are left. Callbacks may start more. */
void client_run(struct client *c, size_t until_pending);
struct client_stats client_stats(const struct client *c);

/* One request, waiting for its end. The response's views live in the arena. -1 only when no answer was had. */
int client_do(struct client *c, const struct client_request *r, struct arena *a, struct client_response *ret_r,
              struct err *e);

#endif
