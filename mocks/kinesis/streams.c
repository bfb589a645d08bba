/* streams.c - the set of streams, a stream's life. What is told of it: streams_list.c.
 *
 *   CreateStream ──► CREATING ─(create_ms)─► ACTIVE ◄─(update_ms)─ UPDATING ◄── split, merge, settings
 *                                              └─ DeleteStream ──► DELETING ─(delete_ms)─► gone
 *
 * Nothing runs in the background: a state that has had its time is over when somebody looks.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/kinesis/state.h"

enum { KEY_BYTES = 512, DEFAULT_SHARDS = 4, SHARD_LIMIT = 500 };

/* "account/region/name" in out. */
static struct str stream_key(char out[KEY_BYTES], struct str account, struct str region, struct str name)
{
    int n = snprintf(out, KEY_BYTES, STR_F "/" STR_F "/" STR_F, STR_A(account), STR_A(region), STR_A(name));
    return (struct str){ out, n < KEY_BYTES ? (size_t)n : KEY_BYTES - 1 };
}

/* ---- one stream ---- */

static struct stream *stream_open(struct kinesis *k, struct str account, struct str region, struct str name,
                                  size_t shards, int64_t create_ms)
{
    struct stream *s = mem_zero(sizeof *s);
    int64_t now = clock_now_ms(cloud_clock(k->cloud));
    atomic_init(&s->users, 1);
    memcpy(s->name, name.p, name.n);
    s->account = arena_dup(&s->arena, account);
    s->region = arena_dup(&s->arena, region);
    s->arn = arena_f(&s->arena, "arn:aws:kinesis:" STR_F ":" STR_F ":stream/%s", STR_A(region), STR_A(account), s->name);
    s->created_ms = now;
    s->ready_ms = now + create_ms;
    atomic_init(&s->status, create_ms > 0 ? STREAM_CREATING : STREAM_ACTIVE);
    atomic_init(&s->until_ms, s->ready_ms);
    pthread_rwlock_init(&s->lock, NULL);
    s->retention_hours = 24;
    s->record_kib = RECORD_KIB;
    s->log = plog_open(s->name, 0);
    shards_create(s, shards, now);
    return s;
}

void streams_leave(struct stream *s)
{
    if (!s || atomic_fetch_sub(&s->users, 1) > 1)
        return;
    shards_release(s);
    tags_release(s);
    consumers_release(s);
    plog_close(s->log);
    pthread_rwlock_destroy(&s->lock);
    arena_release(&s->arena);
    free(s->kms_key);
    free(s);
}

enum stream_status streams_status(const struct stream *s, int64_t now_ms)
{
    int status = atomic_load(&s->status);
    if (status == STREAM_ACTIVE || status == STREAM_DELETING)
        return (enum stream_status)status;
    return now_ms >= atomic_load(&s->until_ms) ? STREAM_ACTIVE : (enum stream_status)status;
}

/* Under stream.lock for writing. */
static void reshard(struct kinesis *k, struct stream *s, int64_t now_ms)
{
    shards_reshard(s, now_ms);
    subscribe_changed(k->subscriptions, s);
}

void streams_updating(struct kinesis *k, struct stream *s, int64_t now_ms)
{
    atomic_store(&s->until_ms, now_ms + k->update_ms);
    atomic_store(&s->status, k->update_ms > 0 ? STREAM_UPDATING : STREAM_ACTIVE);
    if (k->update_ms == 0 && atomic_load(&s->resharding))
        reshard(k, s, now_ms);
}

const char *streams_status_word(enum stream_status status)
{
    static const char *const words[] = { "ACTIVE", "CREATING", "UPDATING", "DELETING" };
    return words[status];
}

bool streams_gone(const struct stream *s, int64_t now_ms)
{
    return atomic_load(&s->status) == STREAM_DELETING && now_ms >= atomic_load(&s->until_ms);
}

/* ---- the set ---- */

static int64_t setting(struct cloud *cloud, const char *name, int64_t otherwise, int64_t least)
{
    const char *text = cloud_setting(cloud, name);
    int64_t v;
    return text && str_to_i64(str_of(text), &v) && v >= least ? v : otherwise;
}

bool streams_is_name(struct str s) { return s.n >= 1 && s.n <= NAME_BYTES && param_match("[a-zA-Z0-9_.-]+", s); }

/* "a:1,b:4": the streams that exist from the start. */
static int open_initial(struct kinesis *k, struct err *e)
{
    const char *text = cloud_setting(k->cloud, "kinesis.streams");
    for (struct str rest = str_of(text); rest.p;) {
        struct str count = str_trim(str_cut(&rest, ',')), name = str_cut(&count, ':');
        int64_t shards = k->default_shards;
        char key[KEY_BYTES];
        if (name.n == 0 && !count.p)
            continue;
        if (!streams_is_name(name) || (count.p && (!str_to_i64(count, &shards) || shards < 1 || shards > k->shard_limit)))
            return err_set(e, 0, "SETTING_INVALID",
                           "kinesis.streams: '%s' is not a list of NAME:SHARDS; write for instance \"pin:1,geo:4\"", text);
        struct str at = stream_key(key, S(CLOUD_ACCOUNT), S(CLOUD_REGION), name);
        if (!map_get(&k->streams, at))
            map_put(&k->streams, at, stream_open(k, S(CLOUD_ACCOUNT), S(CLOUD_REGION), name, (size_t)shards, 0));
    }
    return 0;
}

void *streams_open(struct cloud *cloud, struct err *e)
{
    struct kinesis *k = mem_zero(sizeof *k);
    k->cloud = cloud;
    pthread_rwlock_init(&k->lock, NULL);
    k->auto_create = cloud_setting_on(cloud, "kinesis.auto_create", false);
    k->enforce_limits = cloud_setting_on(cloud, "kinesis.enforce_limits", false);
    k->default_shards = setting(cloud, "kinesis.default_shards", DEFAULT_SHARDS, 1);
    k->shard_limit = setting(cloud, "kinesis.shard_limit", SHARD_LIMIT, 1);
    k->create_ms = setting(cloud, "kinesis.create_ms", 0, 0);
    k->delete_ms = setting(cloud, "kinesis.delete_ms", 0, 0);
    k->update_ms = setting(cloud, "kinesis.update_ms", 0, 0);
    k->subscriptions = subscribe_open(k);
    if (open_initial(k, e)) {
        streams_close(k);
        return NULL;
    }
    return k;
}

static void drop_all(struct kinesis *k)
{
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&k->streams, &i));)
        streams_leave(entry->value);
    map_release(&k->streams);
    k->streams = MAP_INIT;
}

void streams_close(void *state)
{
    struct kinesis *k = state;
    if (!k)
        return;
    subscribe_close(k->subscriptions);
    drop_all(k);
    pthread_rwlock_destroy(&k->lock);
    free(k);
}

void streams_reset(void *state)
{
    struct kinesis *k = state;
    struct err e;
    pthread_rwlock_wrlock(&k->lock);
    drop_all(k);
    open_initial(k, &e);
    pthread_rwlock_unlock(&k->lock);
}

void streams_describe(void *state, struct buf *out)
{
    struct kinesis *k = state;
    struct map_entry *entry;
    size_t shards = 0;
    uint64_t bytes = 0;
    int64_t records = 0;
    pthread_rwlock_rdlock(&k->lock);
    for (size_t i = 0; (entry = map_next(&k->streams, &i));) {
        struct stream *s = entry->value;
        pthread_rwlock_rdlock(&s->lock);
        shards += s->n_open;
        bytes += plog_bytes(s->log);
        for (unsigned p = 0; p < s->n_shards; p++)
            records += plog_end(s->log, p) - plog_begin(s->log, p);
        pthread_rwlock_unlock(&s->lock);
    }
    buf_f(out, "\"streams\":%zu,\"open_shards\":%zu,\"records\":%lld,\"bytes\":%llu", k->streams.n_live, shards,
          (long long)records, (unsigned long long)bytes);
    pthread_rwlock_unlock(&k->lock);
}

/* Takes the stream out of the set; under kinesis.lock for writing. */
static void remove_stream(struct kinesis *k, struct str key)
{
    struct stream *s = map_remove(&k->streams, key);
    if (s)
        streams_leave(s);
}

static struct stream *find(struct kinesis *k, struct str key, int64_t now_ms)
{
    pthread_rwlock_rdlock(&k->lock);
    struct stream *s = map_get(&k->streams, key);
    bool gone = s && streams_gone(s, now_ms);
    if (s && !gone)
        atomic_fetch_add(&s->users, 1);
    pthread_rwlock_unlock(&k->lock);
    if (!gone)
        return s;
    pthread_rwlock_wrlock(&k->lock);
    s = map_get(&k->streams, key);
    if (s && streams_gone(s, now_ms))
        remove_stream(k, key);
    pthread_rwlock_unlock(&k->lock);
    return NULL;
}

int streams_not_found(struct call *c, struct str name)
{
    return call_fail(c, 400, "ResourceNotFoundException", "Stream " STR_F " under account " STR_F " not found.",
                     STR_A(name), STR_A(c->account));
}

/* For records of a stream nobody created, when the settings say so. */
static struct stream *create_unasked(struct call *c, struct str key, struct str name)
{
    struct kinesis *k = c->state;
    pthread_rwlock_wrlock(&k->lock);
    struct stream *s = map_get(&k->streams, key);
    if (!s) {
        s = stream_open(k, c->account, c->region, name, (size_t)k->default_shards, 0);
        map_put(&k->streams, key, s);
    }
    atomic_fetch_add(&s->users, 1);
    pthread_rwlock_unlock(&k->lock);
    return s;
}

/* Makes a change of shards whose time has come. */
static void settle(struct kinesis *k, struct stream *s, int64_t now_ms)
{
    if (!atomic_load(&s->resharding) || now_ms < atomic_load(&s->until_ms))
        return;
    pthread_rwlock_wrlock(&s->lock);
    if (atomic_load(&s->resharding))
        reshard(k, s, atomic_load(&s->until_ms));
    pthread_rwlock_unlock(&s->lock);
}

bool streams_look(struct kinesis *k, struct stream *s)
{
    char text[KEY_BYTES];
    int64_t now_ms = clock_now_ms(cloud_clock(k->cloud));
    pthread_rwlock_rdlock(&k->lock);
    bool there = map_get(&k->streams, stream_key(text, s->account, s->region, str_of(s->name))) == s && !streams_gone(s, now_ms);
    pthread_rwlock_unlock(&k->lock);
    if (there)
        settle(k, s, now_ms);
    return there;
}

struct stream *streams_enter(struct call *c, struct str name)
{
    struct kinesis *k = c->state;
    char text[KEY_BYTES];
    struct str key = stream_key(text, c->account, c->region, name);
    struct stream *s = find(k, key, call_now_ms(c));
    if (s)
        settle(k, s, call_now_ms(c));
    bool puts = c->action->run == records_put || c->action->run == records_put_many;
    if (!s && k->auto_create && puts)
        s = create_unasked(c, key, name);
    if (!s)
        streams_not_found(c, name);
    return s;
}

struct stream *streams_enter_active(struct call *c)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return NULL;
    enum stream_status status = streams_status(s, call_now_ms(c));
    if (status == STREAM_ACTIVE)
        return s;
    call_fail(c, 400, "ResourceInUseException", "Stream %s under account " STR_F " not ACTIVE, instead in state %s",
              s->name, STR_A(c->account), streams_status_word(status));
    streams_leave(s);
    return NULL;
}

/* ---- limits ---- */

size_t streams_open_shards(struct kinesis *k, struct str account, struct str region)
{
    struct map_entry *entry;
    size_t n = 0;
    for (size_t i = 0; (entry = map_next(&k->streams, &i));) {
        struct stream *s = entry->value;
        if (!str_eq(s->account, account) || !str_eq(s->region, region))
            continue;
        pthread_rwlock_rdlock(&s->lock);
        n += s->n_open;
        pthread_rwlock_unlock(&s->lock);
    }
    return n;
}

int streams_limit(struct call *c, size_t more)
{
    struct kinesis *k = c->state;
    size_t have = streams_open_shards(k, c->account, c->region);
    if (have + more <= (size_t)k->shard_limit)
        return 0;
    return call_fail(c, 400, "LimitExceededException",
                     "This request would exceed the shard limit for the account " STR_F " in " STR_F ". Current shard "
                     "count for the account: %zu. Limit: %lld. Number of additional shards that would have resulted "
                     "from this request: %zu. Refer to the AWS Service Limits page "
                     "(http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and "
                     "how to request higher limits.",
                     STR_A(c->account), STR_A(c->region), have, (long long)k->shard_limit, more);
}

/* ---- CreateStream, DeleteStream ---- */

static int refuse_existing(struct call *c, struct str name)
{
    return call_fail(c, 400, "ResourceInUseException", "Stream " STR_F " under account " STR_F " already exists.",
                     STR_A(name), STR_A(c->account));
}

int streams_create(struct call *c)
{
    struct kinesis *k = c->state;
    struct str name = wire_of(c)->stream;
    const struct arg *mode = call_arg(c, "StreamModeDetails"), *tags = call_arg(c, "Tags");
    int64_t asked = call_number(c, "ShardCount", 0), shards = asked ? asked : k->default_shards;
    bool on_demand = mode ? str_is(mode->items[0].text, "ON_DEMAND") : asked == 0;
    char text[KEY_BYTES];
    struct str key = stream_key(text, c->account, c->region, name);
    int result = -1;
    streams_leave(find(k, key, call_now_ms(c))); /* one that is due to be gone goes now */

    pthread_rwlock_wrlock(&k->lock);
    if (map_get(&k->streams, key)) {
        refuse_existing(c, name);
    } else if (streams_limit(c, (size_t)shards) == 0) {
        struct stream *s = stream_open(k, c->account, c->region, name, (size_t)shards, k->create_ms);
        s->on_demand = on_demand;
        s->record_kib = call_number(c, "MaxRecordSizeInKiB", RECORD_KIB);
        result = tags ? tags_set(c, s, tags) : 0;
        if (result == 0)
            map_put(&k->streams, key, s);
        else
            streams_leave(s);
    }
    pthread_rwlock_unlock(&k->lock);
    return result;
}

int streams_delete(struct call *c)
{
    struct kinesis *k = c->state;
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    char text[KEY_BYTES];
    struct str key = stream_key(text, c->account, c->region, wire_of(c)->stream);
    int result = 0;
    pthread_rwlock_wrlock(&k->lock);
    pthread_rwlock_rdlock(&s->lock);
    bool consumed = s->consumers.n_live && !call_number(c, "EnforceConsumerDeletion", 0);
    pthread_rwlock_unlock(&s->lock);
    if (consumed) {
        result = call_fail(c, 400, "ResourceInUseException", "Stream %s under account " STR_F " has enhanced fan-out "
                           "consumers registered. Deregister them or set EnforceConsumerDeletion.", s->name,
                           STR_A(c->account));
    } else if (atomic_load(&s->status) != STREAM_DELETING) {
        atomic_store(&s->until_ms, call_now_ms(c) + k->delete_ms);
        atomic_store(&s->status, STREAM_DELETING);
        if (k->delete_ms == 0 && map_get(&k->streams, key) == s)
            remove_stream(k, key);
    }
    pthread_rwlock_unlock(&k->lock);
    streams_leave(s);
    return result;
}
