/* store_object.c - versions of objects in a bucket: storing under a condition, reading, deleting, tags.
 *
 *   versioning    put                              delete without a version id
 *   never         replaces the null version        removes the null version
 *   enabled       adds a version with a new id     adds a delete marker with a new id
 *   suspended     replaces the null version        replaces the null version by a delete marker
 *
 * Source: "How S3 Versioning works", S3 user guide.
 */
#include <stdlib.h>

#include "mocks/s3/persist.h"
#include "mocks/s3/store.h"

struct object *store_object_find(const struct bucket *b, struct str key) { return keyindex_find(&b->objects, key); }

static struct str id_of(const struct version *v) { return str_of(v->id); }

/* A version as a request names it: "null" is the one without an id. */
static struct str plain_id(struct str id) { return str_eq(id, S("null")) ? S("") : id; }

static struct version *find_version(struct object *o, struct str id)
{
    struct version *v = o ? o->newest : NULL;
    while (v && !str_eq(id_of(v), id))
        v = v->older;
    return v;
}

static uint64_t size_of(const struct version *v) { return v->blob ? v->blob->n : 0; }

struct version *store_object_unlink(struct bucket *b, struct str key, struct str id)
{
    struct object *o = store_object_find(b, key);
    struct version **at = o ? &o->newest : NULL;
    while (at && *at && !str_eq(id_of(*at), id))
        at = &(*at)->older;
    if (!at || !*at)
        return NULL;
    struct version *v = *at;
    *at = v->older;
    v->older = NULL;
    b->n_bytes -= size_of(v);
    if (!o->newest) {
        keyindex_remove(&b->objects, key);
        free(o);
    }
    return v;
}

void store_object_insert(struct bucket *b, struct str key, struct version *v)
{
    struct object *o = store_object_find(b, key);
    if (!o) {
        o = mem_alloc(sizeof *o + key.n);
        memcpy(o->key_bytes, key.p, key.n);
        o->key = (struct str){ o->key_bytes, key.n };
        o->newest = NULL;
        keyindex_add(&b->objects, o);
    }
    v->older = o->newest;
    o->newest = v;
    b->n_bytes += size_of(v);
    /* The version it replaces stands behind it now, if there is one. */
    for (struct version **at = &v->older; *at; at = &(*at)->older)
        if (str_eq(id_of(*at), id_of(v))) {
            struct version *replaced = *at;
            *at = replaced->older;
            b->n_bytes -= size_of(replaced);
            store_version_unref(replaced);
            break;
        }
}

bool store_object_has_etag(const struct version *v, struct str etag)
{
    for (struct str rest = etag; rest.p;) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (str_starts(one, S("W/")))
            one = str_from(one, 2);
        if (one.n >= 2 && one.p[0] == '"' && one.p[one.n - 1] == '"')
            one = (struct str){ one.p + 1, one.n - 2 };
        if (str_eq(one, S("*")) || str_is(one, v->etag))
            return true;
    }
    return false;
}

static enum store_result check(struct object *o, const struct store_if *cond)
{
    struct version *current = o && !o->newest->marker ? o->newest : NULL;
    if (cond && cond->none_match && current)
        return STORE_IF_NONE_MATCH;
    if (cond && cond->match.p && !current)
        return STORE_NO_KEY;
    if (cond && cond->match.p && !store_object_has_etag(current, cond->match))
        return STORE_IF_MATCH;
    return STORE_OK;
}

enum store_result store_object_put_locked(struct bucket *b, struct str key, struct version *v,
                                          const struct store_if *cond, uint64_t id_draw)
{
    if (b->deleted)
        return STORE_NO_BUCKET;
    struct object *o = store_object_find(b, key);
    enum store_result result = check(o, cond);
    if (result != STORE_OK)
        return result;
    if (b->versioning == VERSIONING_ENABLED)
        do {
            store_id(id_draw, v->id);
            id_draw = store_next_draw(id_draw);
        } while (find_version(o, id_of(v)));
    if (persist_version(b->log, key, v))
        return STORE_DISK;
    store_object_insert(b, key, v);
    return STORE_OK;
}

enum store_result store_object_put(struct bucket *b, struct str key, struct version *v, const struct store_if *cond,
                                   uint64_t id_draw)
{
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = store_object_put_locked(b, key, v, cond, id_draw);
    pthread_rwlock_unlock(&b->lock);
    if (result != STORE_OK)
        store_version_unref(v);
    return result;
}

/* The version meant, without a reference; with the lock held. */
static enum store_result find_meant(struct bucket *b, struct str key, struct str id, struct version **ret)
{
    if (b->deleted)
        return STORE_NO_BUCKET;
    struct object *o = store_object_find(b, key);
    struct version *v = id.p ? find_version(o, plain_id(id)) : o ? o->newest : NULL;
    if (!v)
        return id.p ? STORE_NO_VERSION : STORE_NO_KEY;
    *ret = v;
    return v->marker ? STORE_IS_MARKER : STORE_OK;
}

enum store_result store_object_get(struct bucket *b, struct str key, struct str id, struct version **ret)
{
    pthread_rwlock_rdlock(&b->lock);
    struct version *v = NULL;
    enum store_result result = find_meant(b, key, id, &v);
    if (v)
        *ret = store_version_ref(v);
    pthread_rwlock_unlock(&b->lock);
    return result;
}

static enum store_result delete_version(struct bucket *b, struct str key, struct str id, struct object_deleted *ret)
{
    struct version *v = find_version(store_object_find(b, key), plain_id(id));
    if (!v)
        return STORE_OK; /* deleting what is not there succeeds */
    if (persist_unlink(b->log, key, id_of(v)))
        return STORE_DISK;
    *ret = (struct object_deleted){ .marker = v->marker, .has_id = true };
    memcpy(ret->id, v->id, sizeof ret->id);
    store_version_unref(store_object_unlink(b, key, plain_id(id)));
    return STORE_OK;
}

static enum store_result add_marker(struct bucket *b, struct str key, int64_t now_ms, uint64_t id_draw,
                                    struct object_deleted *ret)
{
    struct version *v = store_version_make(S(""), S(""));
    v->marker = true;
    v->modified_ms = now_ms;
    enum store_result result = store_object_put_locked(b, key, v, NULL, id_draw);
    if (result == STORE_OK) {
        *ret = (struct object_deleted){ .marker = true, .has_id = true };
        memcpy(ret->id, v->id, sizeof ret->id);
    } else {
        store_version_unref(v);
    }
    return result;
}

enum store_result store_object_delete(struct bucket *b, struct str key, struct str id, const struct store_if *cond,
                                      int64_t now_ms, uint64_t id_draw, struct object_deleted *ret)
{
    *ret = (struct object_deleted){ 0 };
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = b->deleted ? STORE_NO_BUCKET : check(store_object_find(b, key), cond);
    if (result == STORE_OK) {
        if (id.p)
            result = delete_version(b, key, id, ret);
        else if (b->versioning != VERSIONING_NEVER)
            result = add_marker(b, key, now_ms, id_draw, ret);
        else
            result = delete_version(b, key, S("null"), ret), ret->has_id = false;
    }
    pthread_rwlock_unlock(&b->lock);
    return result;
}

enum store_result store_object_tag(struct bucket *b, struct str key, struct str id, struct str tags,
                                   struct version **ret)
{
    pthread_rwlock_wrlock(&b->lock);
    struct version *v = NULL;
    enum store_result result = find_meant(b, key, id, &v);
    if (result == STORE_OK && persist_tags(b->log, key, id_of(v), tags))
        result = STORE_DISK;
    if (result == STORE_OK) {
        free(v->tags);
        v->tags = tags.n ? mem_dup(tags) : NULL;
        v->n_tags = store_count_tags(tags);
    }
    if (v)
        *ret = store_version_ref(v);
    pthread_rwlock_unlock(&b->lock);
    return result;
}

struct str store_object_tags(struct bucket *b, struct version *v, struct arena *a)
{
    pthread_rwlock_rdlock(&b->lock);
    struct str tags = arena_dup(a, str_of(v->tags));
    pthread_rwlock_unlock(&b->lock);
    return tags;
}
