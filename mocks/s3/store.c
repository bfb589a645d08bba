/* store.c - the table of buckets, and the memory of blobs and versions. See store.h. */
#include "mocks/s3/store.h"

#include <stdio.h>
#include <stdlib.h>

#include "mocks/s3/persist.h"

struct store {
    pthread_rwlock_t lock;
    struct keyindex buckets;
    char *dir; /* NULL = in memory */
    bool fsync_each;
    uint64_t torn_bytes; /* cut off the ends of logs at open */
};

/* ---- bytes ---- */

struct blob *store_blob_make(size_t n)
{
    struct blob *b = mem_alloc(sizeof *b + n);
    atomic_init(&b->refs, 1);
    b->n = n;
    return b;
}

struct blob *store_blob_of(struct str bytes)
{
    struct blob *b = store_blob_make(bytes.n);
    if (bytes.n)
        memcpy(b->p, bytes.p, bytes.n);
    return b;
}

struct blob *store_blob_ref(struct blob *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void store_blob_unref(void *blob)
{
    struct blob *b = blob;
    if (b && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
        free(b);
}

/* ---- versions ---- */

uint32_t store_count_tags(struct str tags)
{
    uint32_t n = 0;
    for (struct str rest = tags; rest.n;)
        n += str_cut(&rest, '&').n > 0;
    return n;
}

struct version *store_version_make(struct str meta, struct str tags)
{
    struct version *v = mem_zero(sizeof *v + meta.n);
    atomic_init(&v->refs, 1);
    if (meta.n)
        memcpy(v->meta_bytes, meta.p, meta.n);
    v->meta = (struct str){ v->meta_bytes, meta.n };
    v->tags = tags.n ? mem_dup(tags) : NULL;
    v->n_tags = store_count_tags(tags);
    return v;
}

struct version *store_version_ref(struct version *v)
{
    atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
    return v;
}

void store_version_unref(struct version *v)
{
    if (!v || atomic_fetch_sub_explicit(&v->refs, 1, memory_order_acq_rel) != 1)
        return;
    store_blob_unref(v->blob);
    free(v->part_ends);
    free(v->tags);
    free(v);
}

void store_id(uint64_t draw, char out[STORE_ID])
{
    uint64_t second = (draw ^ draw >> 31) * 0xd6e8feb86659fd93u;
    snprintf(out, STORE_ID, "%016llx%016llx", (unsigned long long)draw, (unsigned long long)(second ^ second >> 32));
}

uint64_t store_next_draw(uint64_t draw) { return draw * 6364136223846793005u + 1442695040888963407u; }

/* ---- buckets ---- */

static struct bucket *make_bucket(struct str name, struct str owner, struct str region, int64_t now_ms)
{
    struct bucket *b = mem_zero(sizeof *b);
    b->name = (struct str){ mem_dup(name), name.n };
    b->owner = mem_dup(owner);
    b->region = mem_dup(region);
    b->created_ms = now_ms;
    atomic_init(&b->refs, 1);
    pthread_rwlock_init(&b->lock, NULL);
    return b;
}

static void free_versions(struct bucket *b)
{
    struct keyindex_place at = { 0, 0 };
    for (struct object *o; (o = keyindex_next(&b->objects, &at));) {
        for (struct version *v = o->newest, *older; v; v = older) {
            older = v->older;
            store_version_unref(v);
        }
        free(o);
    }
    keyindex_release(&b->objects);
}

static void free_uploads(struct bucket *b)
{
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&b->uploads, &i));)
        store_upload_free(e->value);
    map_release(&b->uploads);
}

void store_release(struct bucket *b)
{
    if (!b || atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    free_versions(b);
    free_uploads(b);
    persist_close(b->log);
    pthread_rwlock_destroy(&b->lock);
    free((char *)b->name.p);
    free(b->owner);
    free(b->region);
    free(b);
}

static struct bucket *ref_bucket(struct bucket *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

struct bucket *store_acquire(struct store *s, struct str name)
{
    pthread_rwlock_rdlock(&s->lock);
    struct bucket *b = keyindex_find(&s->buckets, name);
    if (b)
        ref_bucket(b);
    pthread_rwlock_unlock(&s->lock);
    return b;
}

enum store_result store_create(struct store *s, struct str name, struct str owner, struct str region, int64_t now_ms,
                               struct bucket **ret)
{
    struct err e;
    enum store_result result = STORE_BUCKET_EXISTS;
    pthread_rwlock_wrlock(&s->lock);
    struct bucket *b = keyindex_find(&s->buckets, name);
    if (!b) {
        b = make_bucket(name, owner, region, now_ms);
        result = STORE_OK;
        if (s->dir && !(b->log = persist_create(s->dir, b, s->fsync_each, &e))) {
            store_release(b);
            result = STORE_DISK;
        } else {
            keyindex_add(&s->buckets, b);
        }
    }
    if (result != STORE_DISK)
        *ret = ref_bucket(b);
    pthread_rwlock_unlock(&s->lock);
    return result;
}

static void drop_bucket(struct store *s, struct bucket *b)
{
    b->deleted = true;
    persist_remove(b->log);
    keyindex_remove(&s->buckets, b->name);
}

enum store_result store_delete(struct store *s, struct str name)
{
    enum store_result result = STORE_NO_BUCKET;
    pthread_rwlock_wrlock(&s->lock);
    struct bucket *b = keyindex_find(&s->buckets, name);
    if (b) {
        pthread_rwlock_wrlock(&b->lock);
        result = b->objects.n ? STORE_BUCKET_NOT_EMPTY : STORE_OK;
        if (result == STORE_OK)
            drop_bucket(s, b);
        pthread_rwlock_unlock(&b->lock);
    }
    pthread_rwlock_unlock(&s->lock);
    if (result == STORE_OK)
        store_release(b);
    return result;
}

struct bucket **store_buckets(struct store *s, struct arena *a, size_t *ret_n)
{
    pthread_rwlock_rdlock(&s->lock);
    struct bucket **list = ARENA_ARRAY(a, struct bucket *, s->buckets.n + 1);
    struct keyindex_place at = { 0, 0 };
    size_t n = 0;
    for (struct bucket *b; (b = keyindex_next(&s->buckets, &at));)
        list[n++] = ref_bucket(b);
    pthread_rwlock_unlock(&s->lock);
    *ret_n = n;
    return list;
}

enum store_result store_versioning(struct bucket *b, enum versioning v)
{
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = b->deleted ? STORE_NO_BUCKET : STORE_OK;
    if (result == STORE_OK && persist_versioning(b->log, v))
        result = STORE_DISK;
    if (result == STORE_OK)
        b->versioning = v;
    pthread_rwlock_unlock(&b->lock);
    return result;
}

void store_totals(struct store *s, size_t *ret_buckets, size_t *ret_objects, uint64_t *ret_bytes,
                  uint64_t *ret_torn_bytes)
{
    *ret_objects = 0, *ret_bytes = 0;
    pthread_rwlock_rdlock(&s->lock);
    struct keyindex_place at = { 0, 0 };
    for (struct bucket *b; (b = keyindex_next(&s->buckets, &at));) {
        pthread_rwlock_rdlock(&b->lock);
        *ret_objects += b->objects.n;
        *ret_bytes += b->n_bytes;
        pthread_rwlock_unlock(&b->lock);
    }
    *ret_buckets = s->buckets.n;
    *ret_torn_bytes = s->torn_bytes;
    pthread_rwlock_unlock(&s->lock);
}

/* ---- life ---- */

/* A log found at open becomes a bucket. */
static int load_bucket(void *arg, struct str name, struct err *e)
{
    struct store *s = arg;
    struct bucket *b = make_bucket(name, S(""), S(""), 0);
    uint64_t torn = 0;
    b->log = persist_load(s->dir, b, s->fsync_each, &torn, e);
    s->torn_bytes += torn;
    if (!b->log) {
        store_release(b);
        return str_is(str_of(e->code), "S3_LOG_EMPTY") ? 0 : -1;
    }
    keyindex_add(&s->buckets, b);
    return 0;
}

struct store *store_open(const char *dir, bool fsync_each, struct err *e)
{
    struct store *s = mem_zero(sizeof *s);
    pthread_rwlock_init(&s->lock, NULL);
    s->fsync_each = fsync_each;
    if (dir) {
        size_t n = strlen(dir) + 4;
        s->dir = mem_alloc(n);
        snprintf(s->dir, n, "%s/s3", dir);
        if (persist_scan(s->dir, load_bucket, s, e)) {
            store_close(s);
            return NULL;
        }
    }
    return s;
}

static void empty(struct store *s, bool remove_files)
{
    pthread_rwlock_wrlock(&s->lock);
    struct keyindex_place at = { 0, 0 };
    for (struct bucket *b; (b = keyindex_next(&s->buckets, &at));) {
        if (remove_files) {
            pthread_rwlock_wrlock(&b->lock);
            b->deleted = true;
            persist_remove(b->log);
            pthread_rwlock_unlock(&b->lock);
        }
        store_release(b);
    }
    keyindex_release(&s->buckets);
    pthread_rwlock_unlock(&s->lock);
}

void store_reset(struct store *s) { empty(s, true); }

void store_close(struct store *s)
{
    empty(s, false);
    pthread_rwlock_destroy(&s->lock);
    free(s->dir);
    free(s);
}
