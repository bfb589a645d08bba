/* message.h - an HTTP request and reply as views, the same for server, client and in-process calls. */
#ifndef NET_MESSAGE_H
#define NET_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct http_header {
    struct str name, value;
};

struct http_request {
    struct str method;
    struct str target;      /* as sent: "/a%2Fb?x=1" */
    struct str path, query; /* the two halves of target, still encoded; query without '?' */
    struct http_header *headers;
    size_t n_headers;
    struct str body;
    struct str peer; /* client address, "" for in-process calls */
};

/* What becomes of the reply on the wire. */
enum http_end {
    HTTP_SEND = 0,
    HTTP_RESET,    /* the connection is reset instead of answering */
    HTTP_TRUNCATE, /* half of the body, then closed */
};

/* A body that is made while it is sent, for as long as it takes: event streams. Instead of body and shared; its length is
 * not known beforehand. The server asks for more once the peer has taken what there was, so that a slow reader holds one piece. */
enum http_feed_state { HTTP_FEED_MORE = 0, HTTP_FEED_WAIT, HTTP_FEED_END };
struct http_feed {
    /* Appends what there is: MORE; or nothing: WAIT, to be asked again after a wake; or says that nothing follows: END. */
    enum http_feed_state (*next)(struct http_feed *f, struct buf *out);
    void (*close)(struct http_feed *f); /* once: nobody asks any more. No wake may be under way when it returns */
    /* The server's, set before the first next: there may be more now. From any thread, until close. */
    void (*wake)(void *arg);
    void *wake_arg;
};

struct http_reply {
    int status;
    struct http_header *headers; /* in the request's arena; grow with http_reply_header */
    size_t n_headers, cap_headers;
    struct buf body; /* owned; taken over by whoever sends it */
    /* Instead of body: bytes owned by somebody else, released once sent. */
    struct str shared;
    void (*shared_release)(void *);
    void *shared_arg;
    struct http_feed *feed;
    int64_t delay_ms; /* time the caller must see pass before the answer */
    enum http_end end;
};

/* First header of that name (any case); p == NULL when absent. */
struct str http_header_get(const struct http_header *headers, size_t n, const char *name);
static inline struct str http_request_header(const struct http_request *r, const char *name)
{
    return http_header_get(r->headers, r->n_headers, name);
}
/* Adds a header; its name and value must live as long as the arena. */
void http_request_header_add(struct http_request *r, struct arena *a, struct str name, struct str value);
/* Adds a header; name and value are copied into the arena. */
void http_reply_header(struct http_reply *r, struct arena *a, const char *name, struct str value);
/* Splits target into path and query. */
void http_request_target(struct http_request *r, struct str target);
/* The decoded value of ?name= (first occurrence); p == NULL when absent, n == 0 when empty. */
struct str http_query(const struct http_request *r, const char *name, struct arena *a);
/* Drops body, shared bytes, feed, headers; keeps the struct usable. */
void http_reply_release(struct http_reply *r);
static inline struct str http_reply_body(const struct http_reply *r)
{
    return r->shared.p ? r->shared : buf_str(&r->body);
}
/* "OK" for 200 and so on. */
const char *http_status_text(int status);

#endif
