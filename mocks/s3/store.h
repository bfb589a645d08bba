/* store.h - what S3 keeps: buckets, the versions of objects, multipart uploads. Knows no HTTP.
 *
 *   store ─► bucket "pins" ─► keyindex: key ─► newest version ─► older version ─► …     bytes in a refcounted blob
 *                         └─► uploads: id ─► parts by number
 *
 * A version never changes once it is stored (its tags excepted), so a reader holds a reference and no lock; bytes are
 * shared by copies, by completed one-part uploads and by replies being sent. Each bucket has one lock; the store's own
 * is held while a bucket is looked up, created or deleted. With a directory, every change is appended to the bucket's
 * log before it takes effect (persist.h).
 */
#ifndef MOCKS_S3_STORE_H
#define MOCKS_S3_STORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "mocks/s3/checksum.h"
#include "mocks/s3/keyindex.h"

struct persist; /* a bucket's log, or NULL */

/* ---- bytes ---- */

struct blob {
    _Atomic uint32_t refs;
    size_t n;
    char p[];
};
struct blob *store_blob_make(size_t n);
struct blob *store_blob_of(struct str bytes);
struct blob *store_blob_ref(struct blob *b);
void store_blob_unref(void *blob);
static inline struct str blob_str(const struct blob *b) { return (struct str){ b->p, b->n }; }

/* ---- versions ---- */

enum { STORE_ETAG = 40, STORE_ID = 33 };

struct version {
    _Atomic uint32_t refs;
    struct version *older;
    struct blob *blob;  /* NULL for a delete marker */
    bool marker;
    int64_t modified_ms;
    char id[STORE_ID];     /* "" = the null version */
    char etag[STORE_ETAG]; /* without quotes */
    char upload[STORE_ID]; /* the multipart upload it came from: completing that again answers the same */
    struct checksum sum;
    uint64_t *part_ends;   /* of a multipart object: where each part ends */
    uint32_t n_parts;
    _Atomic uint32_t n_tags;
    char *tags;            /* "k=v&k=v", percent-encoded; NULL = none; under the bucket's lock */
    struct str meta;       /* "name: value\n" lines of the headers to be given back */
    char meta_bytes[];
};
struct version *store_version_make(struct str meta, struct str tags);
struct version *store_version_ref(struct version *v);
void store_version_unref(struct version *v);
uint32_t store_count_tags(struct str tags);

struct object { /* what a bucket's index holds */
    struct str key; /* first: see keyindex.h */
    struct version *newest;
    char key_bytes[];
};

/* ---- uploads ---- */

struct part {
    uint32_t number;
    struct blob *blob;
    uint8_t md5[16];
    struct checksum sum;
    int64_t modified_ms;
};
struct upload {
    char id[STORE_ID];
    struct str key;
    struct str meta, tags;
    enum checksum_kind kind; /* CHECKSUM_NONE: nothing was asked for, CRC64NVME is given */
    bool composite;
    int64_t started_ms;
    struct part *parts; /* by number, ascending */
    size_t n_parts, cap_parts;
};

/* ---- buckets ---- */

enum versioning { VERSIONING_NEVER = 0, VERSIONING_ENABLED, VERSIONING_SUSPENDED };

struct bucket {
    struct str name; /* first: the store's index holds buckets */
    char *owner, *region;
    int64_t created_ms;
    _Atomic uint32_t refs;
    pthread_rwlock_t lock; /* of all below */
    bool deleted;
    _Atomic int versioning; /* enum versioning; read without the lock for headers */
    struct keyindex objects;
    struct map uploads;
    uint64_t n_bytes;
    struct persist *log;
};

struct store;
struct store *store_open(const char *dir, bool fsync_each, struct err *e); /* dir NULL = in memory */
void store_close(struct store *s);
void store_reset(struct store *s); /* all buckets and their files */

enum store_result {
    STORE_OK = 0, STORE_NO_BUCKET, STORE_BUCKET_EXISTS, STORE_BUCKET_NOT_EMPTY, STORE_NO_KEY, STORE_NO_VERSION,
    STORE_IS_MARKER, STORE_IF_MATCH, STORE_IF_NONE_MATCH, STORE_NO_UPLOAD, STORE_DISK,
};

/* On STORE_BUCKET_EXISTS too *ret is the bucket found. References are given back with store_release. */
enum store_result store_create(struct store *s, struct str name, struct str owner, struct str region, int64_t now_ms,
                               struct bucket **ret);
struct bucket *store_acquire(struct store *s, struct str name); /* NULL when there is none */
void store_release(struct bucket *b);
enum store_result store_delete(struct store *s, struct str name);
/* All buckets by name, each with a reference; the array is in the arena. */
struct bucket **store_buckets(struct store *s, struct arena *a, size_t *ret_n);
enum store_result store_versioning(struct bucket *b, enum versioning v);
void store_totals(struct store *s, size_t *ret_buckets, size_t *ret_objects, uint64_t *ret_bytes,
                  uint64_t *ret_torn_bytes);

/* 32 hex digits of one draw of chance: ids of versions and uploads. A cloud of the same seed draws the same again after
 * a restart, so whoever keeps ids draws on (store_next_draw) while the id is taken. */
void store_id(uint64_t draw, char out[STORE_ID]);
uint64_t store_next_draw(uint64_t draw);

/* Conditions on the object that is current when the write takes effect; p == NULL = not asked. */
struct store_if {
    struct str match;  /* "*" or an ETag, with or without quotes */
    bool none_match;   /* there must be no object */
};

/* ---- objects (store_object.c) ---- */

/* Stores v as the newest version (its reference passes to the bucket, on failure too); fills v->id. */
enum store_result store_object_put(struct bucket *b, struct str key, struct version *v, const struct store_if *cond,
                             uint64_t id_draw);
/* The version with a reference: the newest, or with id.p the one of that id ("null" = the null version).
 * STORE_IS_MARKER yields the marker too. */
enum store_result store_object_get(struct bucket *b, struct str key, struct str id, struct version **ret);
struct object_deleted {
    bool marker;          /* a delete marker was made, or one was removed */
    char id[STORE_ID];    /* of what was made or removed; "" when none */
    bool has_id;
};
enum store_result store_object_delete(struct bucket *b, struct str key, struct str id, const struct store_if *cond,
                                int64_t now_ms, uint64_t id_draw, struct object_deleted *ret);
/* Replaces the tags (n == 0: removes them). */
enum store_result store_object_tag(struct bucket *b, struct str key, struct str id, struct str tags, struct version **ret);
/* A copy of the tags in the arena. */
struct str store_object_tags(struct bucket *b, struct version *v, struct arena *a);
bool store_object_has_etag(const struct version *v, struct str etag);
/* With the bucket's lock held. */
enum store_result store_object_put_locked(struct bucket *b, struct str key, struct version *v,
                                          const struct store_if *cond, uint64_t id_draw);
struct object *store_object_find(const struct bucket *b, struct str key);
void store_object_insert(struct bucket *b, struct str key, struct version *v); /* replaces the version of the same id */
struct version *store_object_unlink(struct bucket *b, struct str key, struct str id);

/* ---- uploads (store_upload.c) ---- */

/* Takes u over, on failure too, and gives it an id. */
enum store_result store_upload_start(struct bucket *b, struct upload *u, uint64_t id_draw, char ret_id[STORE_ID]);
/* The part's blob reference passes to the upload, on failure too. */
enum store_result store_upload_put_part(struct bucket *b, struct str id, struct str key, const struct part *p);
enum store_result store_upload_abort(struct bucket *b, struct str id, struct str key);
/* A deep copy in the arena whose blobs have references (store_upload_copy_release). */
enum store_result store_upload_copy(struct bucket *b, struct str id, struct str key, struct arena *a, struct upload *ret);
void store_upload_copy_release(struct upload *copy);
/* What checksum its parts have; without copying them. */
enum store_result store_upload_kind(struct bucket *b, struct str id, struct str key, enum checksum_kind *ret);
/* Stores v and forgets the upload, if it is still there. */
enum store_result store_upload_complete(struct bucket *b, struct str id, struct str key, struct version *v,
                                  const struct store_if *cond, uint64_t id_draw);
struct upload *store_upload_make(struct str id, struct str key, struct str meta, struct str tags);
void store_upload_free(struct upload *u);
void store_upload_insert(struct upload *u, const struct part *p); /* with the lock held */

#endif
