/* service.h - the one shape of every mock: a service is a table of actions.
 *
 * The core takes a request through, in AWS's own order:
 *     route -> authenticate -> bind (check parameters) -> fault -> run -> phrase -> journal
 * A service says how a request names an action, what each action does to its state, and how its errors look on
 * its wire. Everything else (signatures, faults, latency, journal, lists of what is and is not implemented) is
 * written once, in dispatch.c, and read from these tables.
 */
#ifndef MOCKS_CLOUD_SERVICE_H
#define MOCKS_CLOUD_SERVICE_H

#include "base/arena.h"
#include "base/err.h"
#include "mocks/cloud/fault.h"
#include "net/message.h"
#include "net/sigv4.h"

struct call;
struct cloud;
struct peek_record;

enum param_type {
    PARAM_STRING = 1, PARAM_BLOB, PARAM_INTEGER, PARAM_LONG, PARAM_BOOLEAN, PARAM_TIMESTAMP,
    PARAM_LIST, PARAM_MAP, PARAM_STRUCTURE,
};

/* One parameter with its constraints, as AWS's API model states them (checked by mocks/cloud/param.h). */
struct param {
    const char *name; /* as on the wire: "PartitionKey" */
    enum param_type type;
    bool required;
    int64_t min, max; /* length of text, blobs, lists, maps; value of numbers; max 0 = unbounded */
    const char *pattern; /* POSIX extended, anchored; printed as AWS prints it; NULL = any */
    const char *const *values; /* enum, NULL-terminated; NULL = any */
    const struct param *members; /* of a structure; of a list the one element; of a map key then value */
    size_t n_members;
};

struct action {
    const char *name; /* AWS's name where there is one: "PutRecord", "ListObjectsV2" */
    /* 0: c->reply is filled (status 0 means 200). -1: c->err is filled (call_fail). CALL_LATER: call_finish follows.
     * NULL: known but not implemented; answers 501 and is listed by `status --unimplemented`. */
    int (*run)(struct call *c);
    const struct param *params;
    size_t n_params;
    const char *match; /* how a request names it, for the service's route and for people: "PUT /{bucket}/{key}" */
};

enum { CALL_LATER = 1 };

/* How a throttle looks on this service's wire. */
struct throttle {
    int status;
    const char *code, *message;
};

#define SERVICE_BODY_BYTES ((size_t)64 << 20)

struct service {
    const char *name;  /* "s3": in faults, journal, settings */
    const char *title; /* "Amazon S3" */
    const struct action *actions;
    size_t n_actions;
    uint16_t port; /* its own port in `weirbox up`; 0 = reached by the edge only */
    const char *scheme; /* of its address; NULL = "http" */
    size_t max_body_bytes; /* larger requests: 413 RequestEntityTooLarge, for phrase; 0 = SERVICE_BODY_BYTES */
    bool signed_requests; /* SigV4 is asked for (unless the cloud runs with --auth off) */
    struct throttle throttle;
    /* Finds the action, sets c->resource; NULL with c->err filled when there is none. */
    const struct action *(*route)(struct call *c);
    bool (*unsigned_call)(const struct call *c); /* optional: calls that are taken without a signature all the same */
    /* Phrases why a signature was refused into c->err (call_fail); only with signed_requests. */
    int (*refuse)(struct call *c, enum sigv4_verdict verdict, const struct err *why);
    int (*bind)(struct call *c);    /* optional: reads and checks parameters into c->args */
    void (*phrase)(struct call *c); /* c->err -> c->reply (status, headers, body) */
    /* Optional: headers every reply carries (request ids). Called last, for errors too. */
    void (*finish)(struct call *c);
    /* State. open gets the cloud for clock, chance, settings; NULL with *e filled on failure. */
    void *(*open)(struct cloud *cloud, struct err *e);
    void (*close)(void *state);
    void (*reset)(void *state);
    /* Optional, for a wire that is not HTTP: listens there (port 0 = a free one) instead of the cloud's HTTP server,
     * and brings its requests through dispatch_call itself. close ends it. */
    int (*listen)(void *state, const char *host, uint16_t port, uint16_t *ret_port, struct err *e);
    /* Optional: 0 once everything acknowledged so far has taken effect (sinks have stored and committed), waiting
     * at most timeout_ms; -1 when it has not or cannot (*e says what is missing). */
    int (*settle)(void *state, int64_t timeout_ms, struct err *e);
    /* Optional: what /_weirbox/status shows of it, as JSON members without braces: "\"streams\":3". */
    void (*describe)(void *state, struct buf *out);
    /* Optional: what it keeps by name (records of a stream, objects of a bucket), for people who look (peek.h): each, those of
     * a partition in their order; dropping it; the names there are. false: nothing is called that. */
    bool (*look)(void *state, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg);
    bool (*purge)(void *state, struct str name);
    void (*names)(void *state, void (*fn)(void *arg, struct str name), void *arg);
};

/* One request on its way through a service. Lives in the request's arena. */
struct call {
    struct cloud *cloud;
    const struct service *service;
    void *state; /* the service's */
    const struct action *action;
    const struct http_request *request;
    struct http_reply *reply;
    struct arena *arena;
    bool internal;        /* from another service of this cloud: authenticated already */
    struct sigv4_claim claim; /* signed requests: whose */
    struct str account, region;
    struct str secret;    /* of the claim's key, for chunk signatures */
    struct str resource;  /* what it is about, for journal and fault rules: stream, topic, bucket/key */
    struct str reason;    /* why it was refused or matched as it was; for the journal, in plain words */
    struct str request_id; /* a UUID from the cloud's chance */
    void *args;           /* whatever bind read */
    void *scratch;        /* the service's own, for calls that finish later */
    struct err err;
    struct fault_verdict fault;
    int64_t started_us;   /* stopwatch */
    bool effect_done;     /* run has answered 0 */
    void (*done)(struct call *c); /* set by whoever dispatched */
    void *done_arg;
};

/* Fills c->err and returns -1. status and code go on the wire as they are. */
int call_fail(struct call *c, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Says why, for the journal; does not change the answer. */
void call_reason(struct call *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Ends a call whose run answered CALL_LATER; result as run would have returned it. From any thread, once. */
void call_finish(struct call *c, int result);

/* Shorthands for replies. */
static inline struct buf *call_body(struct call *c) { return &c->reply->body; }
void call_header(struct call *c, const char *name, struct str value);

#endif
