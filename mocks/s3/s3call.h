/* s3call.h - one S3 request as its action sees it, and what all actions answer with.
 *
 * Made by s3call_begin in routing (where the bucket and key are), completed by body_bind (what the body is).
 */
#ifndef MOCKS_S3_S3CALL_H
#define MOCKS_S3_S3CALL_H

#include "base/xml.h"
#include "mocks/cloud/service.h"
#include "mocks/s3/store.h"

enum { S3CALL_QUERIES = 32, S3CALL_DETAILS = 8, S3CALL_KEY_BYTES = 1024 };

enum s3call_level { S3CALL_SERVICE = 0, S3CALL_BUCKET, S3CALL_OBJECT };

struct s3state { /* the service's state */
    struct cloud *cloud;
    struct store *store;
    uint64_t min_part_bytes;
};

struct s3call {
    enum s3call_level level;
    struct str bucket_name, key;
    struct { struct str name, value; } queries[S3CALL_QUERIES]; /* decoded */
    size_t n_queries;
    struct bucket *bucket; /* once s3call_bucket found it; released at the end */
    struct str body;       /* without aws-chunked framing */
    struct checksum sum;   /* the one the client sent with the body, verified; kind CHECKSUM_NONE = none */
    bool sums_are_the_objects; /* checksum headers speak of the object to be made, not of this body */
    struct { const char *name; struct str value; } details[S3CALL_DETAILS]; /* of the error */
    size_t n_details;
    struct str marker_id;      /* the error is about a delete marker: its version id */
    struct str unchanged_etag; /* the error is 304: the ETag there is, quoted */
};

static inline struct s3call *s3call_of(const struct call *c) { return c->args; }
static inline struct s3state *s3call_state(struct call *c) { return c->state; }

/* Reads host, path and query; -1 when no bucket or key can be made of them. */
int s3call_begin(struct call *c);
/* Undoes aws-chunked, verifies Content-MD5, checksums and chunk signatures (body.c). */
int body_bind(struct call *c);
void s3call_end(struct call *c);

struct str s3call_query(const struct call *c, const char *name); /* p == NULL when absent */
static inline struct str s3call_header(const struct call *c, const char *name)
{
    return http_request_header(c->request, name);
}
/* Finds the bucket and checks that the caller may use it. */
int s3call_bucket(struct call *c);
/* The same for another bucket (the source of a copy); release it. */
int s3call_other_bucket(struct call *c, struct str name, struct bucket **ret);
bool s3call_bucket_name_valid(struct str name);
/* Conditions of a write: If-Match, If-None-Match. */
int s3call_write_condition(struct call *c, struct store_if *ret);
/* Headers to be kept with an object, as meta lines. */
int s3call_meta(struct call *c, struct str *ret_meta);
/* One line of meta; p == NULL when there is none. */
struct str s3call_meta_get(struct str meta, const char *name);
int64_t s3call_now_ms(struct call *c);
/* A number in a query parameter, `otherwise` when absent or empty. */
int s3call_number(struct call *c, const char *name, int64_t otherwise, int64_t *ret);

/* ---- errors ---- */

/* Adds <name>value</name> to the error; value lives in the arena or longer. */
void s3call_detail(struct call *c, const char *name, struct str value);
/* 400 InvalidArgument with ArgumentName and ArgumentValue. */
int s3call_bad_argument(struct call *c, const char *name, struct str value, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* 400 with nothing but a code and a text; 501 for a header whose meaning is not built. */
int s3call_not_implemented(struct call *c, const char *header);
int s3call_malformed_xml(struct call *c);
/* What the store refused, in S3's words; 0 for STORE_OK. */
int s3call_refused(struct call *c, enum store_result result);

/* ---- answers ---- */

/* Begins an XML answer: declaration, <root xmlns=…>. The caller closes the root. */
struct buf *s3call_xml(struct call *c, const char *root);
void s3call_etag_header(struct call *c, const char *etag);
void s3call_sum_header(struct call *c, const struct checksum *sum);
void s3call_sum_elements(struct buf *out, const struct checksum *sum);
void s3call_version_header(struct call *c, const struct version *v, const struct bucket *b);
/* <element>ID, DisplayName</element> of an account; the element may have attributes. */
void s3call_owner(struct buf *out, const char *element, struct str account);
struct str s3call_iso(struct call *c, int64_t ms);

#endif
