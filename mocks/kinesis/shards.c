/* shards.c - ranges of the hash key: creating, finding, splitting and merging them.
 *
 * The key space is 0 .. 2^128-1. At any time every hash key belongs to exactly one open shard. Split and merge close
 * shards, which keep their records, and open children that begin where they ended.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/kinesis/state.h"

enum { NEIGHBOURS = 5, SEQNO_LEAD_MS = 2000, CHILD_LAG_MS = 1000, UPDATE_MOST = 10000 };

/* ---- numbers and names ---- */

const char *shards_decimal(u128 hash, char out[HASH_DIGITS])
{
    char *p = out + HASH_DIGITS - 1;
    *p = 0;
    do {
        *--p = (char)('0' + (int)(hash % 10));
        hash /= 10;
    } while (hash);
    return p;
}

bool shards_hash(struct str decimal, u128 *ret)
{
    u128 v = 0;
    for (size_t i = 0; i < decimal.n; i++) {
        unsigned digit = (unsigned)(decimal.p[i] - '0');
        if (digit > 9 || v > HASH_MAX / 10 || v * 10 > HASH_MAX - digit)
            return false;
        v = v * 10 + digit;
    }
    *ret = v;
    return decimal.n > 0;
}

const char *shards_id(int64_t index, char out[SHARD_ID])
{
    if (index < 0)
        snprintf(out, SHARD_ID, "shardId--%011lld", (long long)-index);
    else
        snprintf(out, SHARD_ID, "shardId-%012lld", (long long)index);
    return out;
}

bool shards_parse(struct str id, int64_t *ret_index)
{
    struct str rest = id;
    str_cut(&rest, '-');
    struct str number = rest.n ? str_cut(&rest, '-') : id;
    int64_t v;
    if (number.n == 0 || number.p[0] < '0' || number.p[0] > '9' || !str_to_i64(number, &v) || v > INT32_MAX)
        return false;
    *ret_index = v;
    return true;
}

/* ---- the shards of a stream ---- */

static void add_open(struct stream *s, struct shard *shard)
{
    size_t i = s->n_open++;
    for (; i > 0 && s->open[i - 1]->start > shard->start; i--)
        s->open[i] = s->open[i - 1];
    s->open[i] = shard;
}

static void close_shard(struct stream *s, struct shard *shard, int64_t now_ms)
{
    size_t i = 0;
    shard->closed_ms = now_ms;
    while (s->open[i] != shard)
        i++;
    memmove(&s->open[i], &s->open[i + 1], (--s->n_open - i) * sizeof *s->open);
}

/* Five neighbours count their records together, so numbers within a shard have gaps, as AWS's do. */
static _Atomic uint64_t *counter_of(struct stream *s, size_t index)
{
    size_t i = index / NEIGHBOURS;
    if (i == s->n_counters) {
        s->counters = mem_grow(s->counters, ++s->n_counters * sizeof *s->counters);
        s->counters[i] = mem_alloc(sizeof **s->counters);
        atomic_init(s->counters[i], 1);
    }
    return s->counters[i];
}

static struct shard *add(struct stream *s, u128 start, u128 end, int64_t now_ms, int64_t create_ms)
{
    struct shard *shard = mem_zero(sizeof *shard);
    if (s->n_shards == s->cap_shards) {
        s->cap_shards = s->cap_shards ? s->cap_shards * 2 : 4;
        s->shards = mem_grow(s->shards, s->cap_shards * sizeof *s->shards);
        s->open = mem_grow(s->open, s->cap_shards * sizeof *s->open);
    }
    *shard = (struct shard){ .index = (uint32_t)s->n_shards, .parent = -1, .adjacent = -1, .start = start, .end = end,
                             .create_s = create_ms / 1000, .created_ms = now_ms, .refilled_ms = INT64_MIN };
    pthread_mutex_init(&shard->lock, NULL);
    shard->counter = counter_of(s, shard->index);
    s->shards[s->n_shards++] = shard;
    add_open(s, shard);
    return shard;
}

/* A child's sequence numbers begin a second later, so that they are above all of its parents'. */
static struct shard *add_child(struct stream *s, u128 start, u128 end, int64_t now_ms, int64_t parent, int64_t adjacent)
{
    struct shard *shard = add(s, start, end, now_ms, now_ms + CHILD_LAG_MS);
    shard->parent = parent;
    shard->adjacent = adjacent;
    plog_grow(s->log, (unsigned)s->n_shards);
    return shard;
}

/* floor(2^128 / n), for n > 1. */
static u128 width_of(size_t n) { return HASH_MAX / n + (HASH_MAX % n == n - 1); }

/* The last range takes what division leaves over. Sequence numbers begin two seconds in the past, as AWS's do. */
void shards_create(struct stream *s, size_t n, int64_t now_ms)
{
    for (size_t i = 0; i < n; i++) {
        u128 start = n > 1 ? width_of(n) * i : 0;
        add(s, start, i + 1 < n ? start + width_of(n) - 1 : HASH_MAX, now_ms, now_ms - SEQNO_LEAD_MS);
    }
    plog_grow(s->log, (unsigned)n);
}

void shards_release(struct stream *s)
{
    for (size_t i = 0; i < s->n_shards; i++) {
        pthread_mutex_destroy(&s->shards[i]->lock);
        free(s->shards[i]);
    }
    for (size_t i = 0; i < s->n_counters; i++)
        free(s->counters[i]);
    free(s->counters);
    free(s->shards);
    free(s->open);
}

struct shard *shards_of_hash(const struct stream *s, u128 hash)
{
    size_t low = 0, high = s->n_open - 1;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (s->open[middle]->start <= hash)
            low = middle;
        else
            high = middle - 1;
    }
    return s->open[low];
}

/* ---- what is told of a shard ---- */

static void put_range(struct reply *w, const struct shard *s)
{
    char digits[HASH_DIGITS];
    reply_key(w, "HashKeyRange");
    reply_map(w);
    reply_key_text(w, "StartingHashKey", str_of(shards_decimal(s->start, digits)));
    reply_key_text(w, "EndingHashKey", str_of(shards_decimal(s->end, digits)));
    reply_end_map(w);
}

static void put_seqno(struct reply *w, const char *key, const struct shard *s, uint64_t index, int64_t time_s)
{
    char digits[SEQNO_DIGITS];
    seqno_write(&(struct seqno){ .create_s = s->create_s, .index = index, .time_s = time_s, .shard = s->index }, digits);
    reply_key_text(w, key, (struct str){ digits, SEQNO_DIGITS });
}

void shards_put(struct reply *w, const struct shard *s)
{
    char id[SHARD_ID];
    reply_map(w);
    reply_key_text(w, "ShardId", str_of(shards_id(s->index, id)));
    if (s->parent >= 0)
        reply_key_text(w, "ParentShardId", str_of(shards_id(s->parent, id)));
    if (s->adjacent >= 0)
        reply_key_text(w, "AdjacentParentShardId", str_of(shards_id(s->adjacent, id)));
    put_range(w, s);
    reply_key(w, "SequenceNumberRange");
    reply_map(w);
    put_seqno(w, "StartingSequenceNumber", s, 0, s->create_s);
    if (s->closed_ms)
        put_seqno(w, "EndingSequenceNumber", s, SEQNO_INDEX_CLOSED, s->closed_ms / 1000);
    reply_end_map(w);
    reply_end_map(w);
}

void shards_put_children(struct reply *w, const struct stream *s, const struct shard *parent)
{
    char id[SHARD_ID];
    reply_key(w, "ChildShards");
    reply_list(w);
    for (size_t i = parent->index + 1; i < s->n_shards; i++) {
        const struct shard *child = s->shards[i];
        if (child->parent != parent->index && child->adjacent != parent->index)
            continue;
        reply_map(w);
        reply_key_text(w, "ShardId", str_of(shards_id(child->index, id)));
        reply_key(w, "ParentShards");
        reply_list(w);
        reply_text(w, str_of(shards_id(child->parent, id)));
        if (child->adjacent >= 0)
            reply_text(w, str_of(shards_id(child->adjacent, id)));
        reply_end_list(w);
        put_range(w, child);
        reply_end_map(w);
    }
    reply_end_list(w);
}

/* ---- split and merge ---- */

static int no_such_shard(struct call *c, const char *id)
{
    return call_fail(c, 400, "ResourceNotFoundException", "Could not find shard %s in stream " STR_F " under account "
                     STR_F ".", id, STR_A(wire_of(c)->stream), STR_A(c->account));
}

/* The index the parameter means; a negative one with the call failed. */
static int64_t index_of(struct call *c, const char *parameter)
{
    int64_t index;
    if (shards_parse(call_text(c, parameter), &index))
        return index;
    return no_such_shard(c, arena_z(c->arena, call_text(c, parameter)));
}

static struct shard *find_shard(struct call *c, const struct stream *s, int64_t index)
{
    char id[SHARD_ID];
    if (index < (int64_t)s->n_shards)
        return s->shards[index];
    no_such_shard(c, shards_id(index, id));
    return NULL;
}

static int refuse_closed(struct call *c, const struct shard *shard)
{
    char id[SHARD_ID];
    return call_fail(c, 400, "InvalidArgumentException", "Shard %s in stream " STR_F " under account " STR_F " has "
                     "already been merged or split, and thus is not eligible for merging or splitting.",
                     shards_id(shard->index, id), STR_A(wire_of(c)->stream), STR_A(c->account));
}

static void ask(struct call *c, struct stream *s, struct reshard r)
{
    s->reshard = r;
    atomic_store(&s->resharding, true);
    streams_updating(c->state, s, call_now_ms(c));
}

static void split(struct stream *s, struct shard *shard, u128 at, int64_t now_ms)
{
    close_shard(s, shard, now_ms);
    add_child(s, shard->start, at - 1, now_ms, shard->index, -1);
    add_child(s, at, shard->end, now_ms, shard->index, -1);
}

static struct shard *merge(struct stream *s, struct shard *left, struct shard *right, int64_t now_ms)
{
    close_shard(s, left, now_ms);
    close_shard(s, right, now_ms);
    return add_child(s, left->start, right->end, now_ms, left->index, right->index);
}

static int split_checked(struct call *c, struct stream *s, int64_t index)
{
    struct shard *shard = find_shard(c, s, index);
    struct str text = call_text(c, "NewStartingHashKey");
    char id[SHARD_ID], start[HASH_DIGITS], end[HASH_DIGITS];
    u128 at;
    if (!shard)
        return -1;
    if (shard->closed_ms)
        return refuse_closed(c, shard);
    if (!shards_hash(text, &at) || shard->end - shard->start < 2 || at <= shard->start + 1 || at >= shard->end)
        return call_fail(c, 400, "InvalidArgumentException", "NewStartingHashKey " STR_F " used in SplitShard() on shard "
                         "%s in stream %s under account " STR_F " is not both greater than one plus the shard's "
                         "StartingHashKey %s and less than the shard's EndingHashKey %s.", STR_A(text),
                         shards_id(index, id), s->name, STR_A(c->account), shards_decimal(shard->start, start),
                         shards_decimal(shard->end, end));
    ask(c, s, (struct reshard){ .kind = RESHARD_SPLIT, .left = shard, .at = at });
    return 0;
}

static int limit_under_lock(struct call *c, size_t more)
{
    struct kinesis *k = c->state;
    pthread_rwlock_rdlock(&k->lock);
    int result = streams_limit(c, more);
    pthread_rwlock_unlock(&k->lock);
    return result;
}

int shards_split(struct call *c)
{
    int64_t index = index_of(c, "ShardToSplit");
    struct stream *s = index < 0 ? NULL : streams_enter_active(c);
    if (!s)
        return -1;
    pthread_rwlock_rdlock(&s->lock);
    bool exists = index < (int64_t)s->n_shards;
    pthread_rwlock_unlock(&s->lock);
    int result = exists ? limit_under_lock(c, 1) : 0;
    if (result == 0) {
        pthread_rwlock_wrlock(&s->lock);
        result = split_checked(c, s, index);
        pthread_rwlock_unlock(&s->lock);
    }
    streams_leave(s);
    return result;
}

static int merge_checked(struct call *c, struct stream *s, const int64_t index[2])
{
    struct shard *pair[2];
    char a[SHARD_ID], b[SHARD_ID];
    for (int i = 0; i < 2; i++)
        if (!(pair[i] = find_shard(c, s, index[i])))
            return -1;
    if (pair[0]->end == HASH_MAX || pair[0]->end + 1 != pair[1]->start)
        return call_fail(c, 400, "InvalidArgumentException", "Shards %s and %s in stream %s under account " STR_F
                         " are not an adjacent pair of shards eligible for merging", shards_id(index[0], a),
                         shards_id(index[1], b), s->name, STR_A(c->account));
    for (int i = 0; i < 2; i++)
        if (pair[i]->closed_ms)
            return refuse_closed(c, pair[i]);
    ask(c, s, (struct reshard){ .kind = RESHARD_MERGE, .left = pair[0], .right = pair[1] });
    return 0;
}

int shards_merge(struct call *c)
{
    int64_t index[2] = { index_of(c, "ShardToMerge"), -1 };
    if (index[0] < 0 || (index[1] = index_of(c, "AdjacentShardToMerge")) < 0)
        return -1;
    struct stream *s = streams_enter_active(c);
    if (!s)
        return -1;
    pthread_rwlock_wrlock(&s->lock);
    int result = merge_checked(c, s, index);
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return result;
}

/* ---- UpdateShardCount ---- */

/* To n equal ranges: first a split at each new border, then each range merged from its pieces. Every shard so has at
 * most two parents, as the API can say. */
static void scale(struct stream *s, size_t n, int64_t now_ms)
{
    for (size_t i = 1; i < n; i++) {
        struct shard *shard = shards_of_hash(s, width_of(n) * i);
        if (shard->start != width_of(n) * i)
            split(s, shard, width_of(n) * i, now_ms);
    }
    for (size_t i = 0; i < n; i++) {
        u128 end = i + 1 < n ? width_of(n) * (i + 1) - 1 : HASH_MAX;
        while (s->open[i]->end != end)
            merge(s, s->open[i], s->open[i + 1], now_ms);
    }
}

void shards_reshard(struct stream *s, int64_t now_ms)
{
    struct reshard r = s->reshard;
    switch (r.kind) {
    case RESHARD_SPLIT: split(s, r.left, r.at, now_ms); break;
    case RESHARD_MERGE: merge(s, r.left, r.right, now_ms); break;
    case RESHARD_SCALE: scale(s, r.n, now_ms); break;
    case RESHARD_NONE: break;
    }
    s->reshard = (struct reshard){ 0 };
    atomic_store(&s->resharding, false);
}

int shards_update_count(struct call *c)
{
    struct stream *s = streams_enter_active(c);
    if (!s)
        return -1;
    size_t target = (size_t)call_number(c, "TargetShardCount", 0);
    pthread_rwlock_rdlock(&s->lock);
    size_t current = s->n_open;
    pthread_rwlock_unlock(&s->lock);
    int result = 0;
    if (target > 2 * current || 2 * target < current || target > UPDATE_MOST)
        result = call_fail(c, 400, target > 2 * current || target > UPDATE_MOST ? "LimitExceededException" : "InvalidArgumentException",
                           "UpdateShardCount cannot scale %s current open shard count: %zu shards are open, %zu were "
                           "asked for.", target > current ? "up over double your" : "down below half your", current, target);
    else if (target > current)
        result = limit_under_lock(c, target - current);
    if (result == 0) {
        struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
        pthread_rwlock_wrlock(&s->lock);
        ask(c, s, (struct reshard){ .kind = RESHARD_SCALE, .n = target });
        pthread_rwlock_unlock(&s->lock);
        reply_map(&w);
        reply_key_text(&w, "StreamName", str_of(s->name));
        reply_key_number(&w, "CurrentShardCount", (int64_t)current);
        reply_key_number(&w, "TargetShardCount", (int64_t)target);
        reply_key_text(&w, "StreamARN", s->arn);
        reply_end_map(&w);
    }
    streams_leave(s);
    return result;
}
