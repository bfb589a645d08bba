/* records_peek.c - the records of a stream for people who look; emptying it. Of streams of that name in several accounts or
 * regions the default one's is meant, else the first found.
 */
#include <stdio.h>

#include "mocks/cloud/peek.h"
#include "mocks/kinesis/state.h"

struct showing {
    const struct shard *shard;
    void (*fn)(void *arg, const struct peek_record *r);
    void *arg;
};

static bool show(void *arg, const struct plog_record *r)
{
    const struct showing *s = arg;
    char id[SHARD_ID], digits[SEQNO_DIGITS], place[SHARD_ID + SEQNO_DIGITS + 2];
    const struct seqno n = { s->shard->create_s, r->extra, r->time_ms / 1000, s->shard->index, 2 };
    seqno_write(&n, digits);
    snprintf(place, sizeof place, "%s:%.*s", shards_id(s->shard->index, id), SEQNO_DIGITS, digits);
    const struct peek_record found = { .where = id, .partition = s->shard->index, .position = r->offset, .place = str_of(place), .time_ms = r->time_ms,
                                       .key = r->key, .value = r->value };
    s->fn(s->arg, &found);
    return true;
}

/* To be given back with streams_leave; NULL when there is none. */
static struct stream *enter(struct kinesis *k, struct str name)
{
    struct stream *found = NULL;
    pthread_rwlock_rdlock(&k->lock);
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&k->streams, &i));) {
        struct stream *s = entry->value;
        bool home = str_eq(s->account, S(CLOUD_ACCOUNT)) && str_eq(s->region, S(CLOUD_REGION));
        if (str_is(name, s->name) && (home || !found))
            found = s;
    }
    if (found)
        atomic_fetch_add(&found->users, 1);
    pthread_rwlock_unlock(&k->lock);
    return found;
}

bool records_look(void *state, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg)
{
    struct stream *s = enter(state, name);
    if (!s)
        return false;
    pthread_rwlock_rdlock(&s->lock);
    for (size_t i = 0; i < s->n_shards; i++) {
        struct showing showing = { s->shards[i], fn, arg };
        plog_read(s->log, s->shards[i]->index, 0, show, &showing);
    }
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return true;
}

bool records_purge(void *state, struct str name)
{
    struct stream *s = enter(state, name);
    if (!s)
        return false;
    for (unsigned p = 0; p < plog_partitions(s->log); p++)
        plog_trim(s->log, p, plog_end(s->log, p));
    streams_leave(s);
    return true;
}

void records_names(void *state, void (*fn)(void *arg, struct str name), void *arg)
{
    struct kinesis *k = state;
    struct map_entry *entry;
    pthread_rwlock_rdlock(&k->lock);
    for (size_t i = 0; (entry = map_next(&k->streams, &i));)
        fn(arg, str_of(((const struct stream *)entry->value)->name));
    pthread_rwlock_unlock(&k->lock);
}
