/* objects_peek.c - the objects of a bucket for people who look; emptying it, older versions too. */
#include "mocks/cloud/cloud.h"
#include "mocks/cloud/peek.h"
#include "mocks/s3/objects.h"

/* The newest version of the first object behind `after` (p == NULL: of all), with a reference; its key in the arena. NULL: no more. */
static struct version *next_object(struct bucket *b, struct str *after, struct arena *a)
{
    struct version *v = NULL;
    pthread_rwlock_rdlock(&b->lock);
    struct keyindex_place place = keyindex_seek(&b->objects, after->p ? *after : S(""), after->p);
    const struct object *o = keyindex_next(&b->objects, &place);
    if (o) {
        v = store_version_ref(o->newest);
        *after = arena_dup(a, o->key);
    }
    pthread_rwlock_unlock(&b->lock);
    return v;
}

bool objects_look(void *state, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg)
{
    struct bucket *b = store_acquire(((struct s3state *)state)->store, name);
    struct arena a = ARENA_INIT;
    struct str key = { 0 };
    if (!b)
        return false;
    for (struct version *v; (v = next_object(b, &key, &a));) {
        const struct peek_record found = { .where = "", .position = -1, .place = key, .time_ms = v->modified_ms, .value = v->blob ? blob_str(v->blob) : S("") };
        if (!v->marker)
            fn(arg, &found);
        store_version_unref(v);
    }
    arena_release(&a);
    store_release(b);
    return true;
}

/* Removes the version and what was below it, until nothing of the key is left. The reference passes to it. */
static bool remove_all(struct s3state *s, struct bucket *b, struct str key, struct version *v)
{
    enum store_result result = STORE_OK;
    while (v && result == STORE_OK) {
        struct object_deleted gone;
        struct str id = v->id[0] ? str_of(v->id) : S("null");
        result = store_object_delete(b, key, id, NULL, clock_now_ms(cloud_clock(s->cloud)), cloud_random(s->cloud), &gone);
        store_version_unref(v);
        v = NULL;
        store_object_get(b, key, (struct str){ 0 }, &v);
    }
    if (v)
        store_version_unref(v);
    return result == STORE_OK;
}

bool objects_purge(void *state, struct str name)
{
    struct s3state *s = state;
    struct bucket *b = store_acquire(s->store, name);
    struct arena a = ARENA_INIT;
    struct str key = { 0 };
    if (!b)
        return false;
    for (struct version *v; (v = next_object(b, &key, &a)) && remove_all(s, b, key, v);)
        continue;
    arena_release(&a);
    store_release(b);
    return true;
}

void objects_names(void *state, void (*fn)(void *arg, struct str name), void *arg)
{
    struct arena a = ARENA_INIT;
    size_t n;
    struct bucket **all = store_buckets(((struct s3state *)state)->store, &a, &n);
    for (size_t i = 0; i < n; i++) {
        fn(arg, all[i]->name);
        store_release(all[i]);
    }
    arena_release(&a);
}
