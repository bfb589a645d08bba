/* store_upload.c - multipart uploads in a bucket. Parts may come in any order and again; the last one counts. */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/s3/persist.h"
#include "mocks/s3/store.h"

struct upload *store_upload_make(struct str id, struct str key, struct str meta, struct str tags)
{
    struct upload *u = mem_zero(sizeof *u);
    snprintf(u->id, sizeof u->id, STR_F, STR_A(id));
    u->key = (struct str){ mem_dup(key), key.n };
    u->meta = (struct str){ mem_dup(meta), meta.n };
    u->tags = (struct str){ mem_dup(tags), tags.n };
    return u;
}

void store_upload_free(struct upload *u)
{
    if (!u)
        return;
    for (size_t i = 0; i < u->n_parts; i++)
        store_blob_unref(u->parts[i].blob);
    free(u->parts);
    free((char *)u->key.p);
    free((char *)u->meta.p);
    free((char *)u->tags.p);
    free(u);
}

void store_upload_insert(struct upload *u, const struct part *p)
{
    size_t at = u->n_parts;
    while (at && u->parts[at - 1].number >= p->number)
        at--;
    if (at < u->n_parts && u->parts[at].number == p->number) {
        store_blob_unref(u->parts[at].blob);
        u->parts[at] = *p;
        return;
    }
    if (u->n_parts == u->cap_parts) {
        u->cap_parts = u->cap_parts ? u->cap_parts * 2 : 1;
        u->parts = mem_grow(u->parts, u->cap_parts * sizeof *u->parts);
    }
    memmove(u->parts + at + 1, u->parts + at, (u->n_parts - at) * sizeof *u->parts);
    u->parts[at] = *p;
    u->n_parts++;
}

static enum store_result find_upload(struct bucket *b, struct str id, struct str key, struct upload **ret)
{
    if (b->deleted)
        return STORE_NO_BUCKET;
    struct upload *u = map_get(&b->uploads, id);
    if (!u || !str_eq(u->key, key))
        return STORE_NO_UPLOAD;
    *ret = u;
    return STORE_OK;
}

enum store_result store_upload_start(struct bucket *b, struct upload *u, uint64_t id_draw, char ret_id[STORE_ID])
{
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = b->deleted ? STORE_NO_BUCKET : STORE_OK;
    do {
        store_id(id_draw, u->id);
        id_draw = store_next_draw(id_draw);
    } while (map_get(&b->uploads, str_of(u->id)));
    memcpy(ret_id, u->id, STORE_ID);
    if (result == STORE_OK && persist_upload(b->log, u))
        result = STORE_DISK;
    if (result == STORE_OK)
        map_put(&b->uploads, str_of(u->id), u);
    pthread_rwlock_unlock(&b->lock);
    if (result != STORE_OK)
        store_upload_free(u);
    return result;
}

enum store_result store_upload_put_part(struct bucket *b, struct str id, struct str key, const struct part *p)
{
    struct upload *u = NULL;
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = find_upload(b, id, key, &u);
    if (result == STORE_OK && persist_part(b->log, u, p))
        result = STORE_DISK;
    if (result == STORE_OK)
        store_upload_insert(u, p);
    pthread_rwlock_unlock(&b->lock);
    if (result != STORE_OK)
        store_blob_unref(p->blob);
    return result;
}

enum store_result store_upload_abort(struct bucket *b, struct str id, struct str key)
{
    struct upload *u = NULL;
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = find_upload(b, id, key, &u);
    if (result == STORE_OK && persist_upload_end(b->log, u))
        result = STORE_DISK;
    if (result == STORE_OK)
        map_remove(&b->uploads, id);
    pthread_rwlock_unlock(&b->lock);
    if (result == STORE_OK)
        store_upload_free(u);
    return result;
}

enum store_result store_upload_copy(struct bucket *b, struct str id, struct str key, struct arena *a,
                                    struct upload *ret)
{
    struct upload *u = NULL;
    pthread_rwlock_rdlock(&b->lock);
    enum store_result result = find_upload(b, id, key, &u);
    if (result == STORE_OK) {
        *ret = *u;
        ret->key = arena_dup(a, u->key);
        ret->meta = arena_dup(a, u->meta);
        ret->tags = arena_dup(a, u->tags);
        ret->parts = ARENA_ARRAY(a, struct part, u->n_parts + 1);
        for (size_t i = 0; i < u->n_parts; i++) {
            ret->parts[i] = u->parts[i];
            store_blob_ref(ret->parts[i].blob);
        }
    }
    pthread_rwlock_unlock(&b->lock);
    return result;
}

enum store_result store_upload_kind(struct bucket *b, struct str id, struct str key, enum checksum_kind *ret)
{
    struct upload *u = NULL;
    pthread_rwlock_rdlock(&b->lock);
    enum store_result result = find_upload(b, id, key, &u);
    if (result == STORE_OK)
        *ret = u->kind;
    pthread_rwlock_unlock(&b->lock);
    return result;
}

void store_upload_copy_release(struct upload *copy)
{
    for (size_t i = 0; i < copy->n_parts; i++)
        store_blob_unref(copy->parts[i].blob);
    copy->n_parts = 0;
}

enum store_result store_upload_complete(struct bucket *b, struct str id, struct str key, struct version *v,
                                        const struct store_if *cond, uint64_t id_draw)
{
    struct upload *u = NULL;
    pthread_rwlock_wrlock(&b->lock);
    enum store_result result = find_upload(b, id, key, &u);
    if (result == STORE_OK)
        result = store_object_put_locked(b, key, v, cond, id_draw);
    if (result == STORE_OK)
        map_remove(&b->uploads, id); /* the version's record in the log ends the upload as well */
    pthread_rwlock_unlock(&b->lock);
    if (result == STORE_OK)
        store_upload_free(u);
    else
        store_version_unref(v);
    return result;
}
