/* subscribe.c - SubscribeToShard: a shard's records pushed to a consumer as they arrive, as an event stream.
 *
 *   initial-response, then SubscribeToShardEvent for what is there, what comes, and at least every 5 s; for 5 minutes. It ends
 *   earlier with the shard (ChildShards), or by an exception: its stream or consumer is gone, or a newer subscription of the
 *   same consumer to the same shard took its place.
 *
 * Each subscription is the feed of a reply: the server asks it for the next event when its peer has taken the last. One
 * thread wakes those that wait, when records have arrived or their time has come; it is made for the first subscription.
 * Times are the cloud's clock's; a virtual one is looked at every VIRTUAL_MS.
 *
 * Locks: subscriptions.lock is below stream.lock, and held while a server is woken.
 */
#include <stdlib.h>

#include "mocks/kinesis/state.h"

enum { SESSION_MS = 300000, BEAT_MS = 5000, AGAIN_MS = 5000, NAP_MS = 2, VIRTUAL_MS = 20 };

struct subscription {
    struct http_feed feed; /* first: the server sees this part */
    struct kinesis *kinesis;
    struct stream *stream; /* one of its users */
    char *consumer;        /* ARN */
    int64_t shard, offset;
    enum wire_format format;
    int64_t end_ms;
    enum { BEGUN = 0, GREETED, FAILED } said;
    _Atomic int64_t beat_ms; /* when something is to be said next */
    _Atomic int64_t seen;    /* as offset, for the thread */
    _Atomic bool superseded;
    bool asked; /* by the server: it may be woken. Under lock */
    struct subscription *next, **link;
};

struct subscriptions {
    struct kinesis *kinesis;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct subscription *list;
    pthread_t thread;
    bool started, closing;
    _Atomic bool any; /* the list is not empty */
    _Atomic bool news;
};

static int64_t now_ms(const struct subscription *p) { return clock_now_ms(cloud_clock(p->kinesis->cloud)); }

/* ---- events ---- */

static void say(const struct subscription *p, struct buf *out, const char *kind, const char *name, struct str payload)
{
    const struct eventstream_header headers[] = {
        { kind, str_of(name) },
        { ":content-type", str_of(wire_content_types[p->format]) },
        { ":message-type", strcmp(kind, ":event-type") ? S("exception") : S("event") },
    };
    eventstream_write(out, headers, 3, payload);
}

static void greet(struct subscription *p, struct buf *out)
{
    struct buf payload = BUF_INIT;
    struct reply w = reply_to(&payload, p->format == WIRE_CBOR);
    reply_map(&w);
    reply_end_map(&w);
    say(p, out, ":event-type", "initial-response", buf_str(&payload));
    buf_release(&payload);
    p->said = GREETED;
}

static void fail(struct subscription *p, struct buf *out, const char *code, const char *why)
{
    struct buf payload = BUF_INIT, text = BUF_INIT;
    struct reply w = reply_to(&payload, p->format == WIRE_CBOR);
    buf_f(&text, "Subscription of %s to shard %lld of stream %s: %s.", p->consumer, (long long)p->shard, p->stream->name, why);
    reply_map(&w);
    reply_key_text(&w, "message", buf_str(&text));
    reply_end_map(&w);
    say(p, out, ":exception-type", code, buf_str(&payload));
    buf_release(&payload);
    buf_release(&text);
    p->said = FAILED;
}

/* Under stream.lock for reading. */
static bool is_registered(const struct subscription *p)
{
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&p->stream->consumers, &i));)
        if (str_is(((struct consumer *)e->value)->arn, p->consumer))
            return true;
    return false;
}

static bool is_due(const struct subscription *p, int64_t now)
{
    const struct shard *shard = p->stream->shards[p->shard];
    return now >= atomic_load(&p->beat_ms) || p->offset < plog_end(p->stream->log, shard->index) || shard->closed_ms;
}

static void tell(struct subscription *p, struct buf *out, int64_t now)
{
    struct buf payload = BUF_INIT;
    struct reply w = reply_to(&payload, p->format == WIRE_CBOR);
    if (records_put_event(&w, p->stream, p->stream->shards[p->shard], &p->offset, now))
        p->said = FAILED; /* all is said */
    say(p, out, ":event-type", "SubscribeToShardEvent", buf_str(&payload));
    buf_release(&payload);
    atomic_store(&p->seen, p->offset);
    atomic_store(&p->beat_ms, now + BEAT_MS);
}

static void ask(struct subscription *p)
{
    struct subscriptions *l = p->kinesis->subscriptions;
    pthread_mutex_lock(&l->lock);
    p->asked = true;
    pthread_mutex_unlock(&l->lock);
}

static enum http_feed_state next(struct http_feed *f, struct buf *out)
{
    struct subscription *p = (struct subscription *)f;
    struct stream *s = p->stream;
    int64_t now = now_ms(p);
    if (p->said == BEGUN) {
        ask(p);
        greet(p, out);
        return HTTP_FEED_MORE;
    }
    if (p->said == FAILED || now >= p->end_ms)
        return HTTP_FEED_END;
    bool there = streams_look(p->kinesis, s);
    pthread_rwlock_rdlock(&s->lock);
    enum http_feed_state state = HTTP_FEED_MORE;
    if (!there)
        fail(p, out, "ResourceNotFoundException", "the stream is gone");
    else if (!is_registered(p))
        fail(p, out, "ResourceNotFoundException", "the consumer was deregistered");
    else if (atomic_load(&p->superseded))
        fail(p, out, "ResourceInUseException", "another subscription of this consumer took its place");
    else if (is_due(p, now))
        tell(p, out, now);
    else
        state = HTTP_FEED_WAIT;
    pthread_rwlock_unlock(&s->lock);
    return state;
}

/* ---- the thread ---- */

/* Wakes those that have something to say; answers when the next one will have. Under the lock. */
static int64_t wake_due(struct subscriptions *l, int64_t now)
{
    int64_t due = now + BEAT_MS;
    for (struct subscription *p = l->list; p; p = p->next) {
        int64_t beat = atomic_load(&p->beat_ms) < p->end_ms ? atomic_load(&p->beat_ms) : p->end_ms;
        bool has = beat <= now || atomic_load(&p->superseded) || atomic_load(&p->seen) < plog_end(p->stream->log, (unsigned)p->shard);
        if (has && p->asked)
            p->feed.wake(p->feed.wake_arg);
        else if (!has && beat < due)
            due = beat;
    }
    return due;
}

/* Under the lock, given up meanwhile; until then at the latest, or news. */
static void nap(struct subscriptions *l, int64_t ms, bool for_news)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long)(ms % 1000 * 1000000);
    until.tv_sec += (time_t)(ms / 1000) + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!l->closing && !(for_news && atomic_load(&l->news)) && pthread_cond_timedwait(&l->changed, &l->lock, &until) == 0)
        continue;
}

static void *run(void *arg)
{
    struct subscriptions *l = arg;
    struct clock *clock = cloud_clock(l->kinesis->cloud);
    pthread_mutex_lock(&l->lock);
    while (!l->closing) {
        atomic_store(&l->news, false);
        int64_t now = clock_now_ms(clock), ms = wake_due(l, now) - now;
        nap(l, NAP_MS, false); /* records that come all the time are looked at once in that time */
        if (!l->list)
            ms = BEAT_MS;
        else if (clock->is_virtual)
            ms = VIRTUAL_MS;
        nap(l, ms < NAP_MS ? NAP_MS : ms, true);
    }
    pthread_mutex_unlock(&l->lock);
    return NULL;
}

/* Called for every record that is put: it must cost nothing while nobody has subscribed. */
void subscribe_arrived(struct subscriptions *l)
{
    if (!atomic_load(&l->any) || atomic_exchange(&l->news, true))
        return;
    pthread_mutex_lock(&l->lock);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

void subscribe_changed(struct subscriptions *l, const struct stream *s)
{
    pthread_mutex_lock(&l->lock);
    for (struct subscription *p = l->list; p; p = p->next)
        if (p->stream == s)
            atomic_store(&p->beat_ms, 0);
    atomic_store(&l->news, true);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

struct subscriptions *subscribe_open(struct kinesis *k)
{
    struct subscriptions *l = mem_zero(sizeof *l);
    pthread_condattr_t attr;
    l->kinesis = k;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    return l;
}

void subscribe_close(struct subscriptions *l)
{
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
    if (l->started)
        pthread_join(l->thread, NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}

/* ---- SubscribeToShard ---- */

static void end(struct http_feed *f)
{
    struct subscription *p = (struct subscription *)f;
    struct subscriptions *l = p->kinesis->subscriptions;
    pthread_mutex_lock(&l->lock);
    *p->link = p->next;
    if (p->next)
        p->next->link = p->link;
    atomic_store(&l->any, l->list != NULL);
    pthread_mutex_unlock(&l->lock);
    streams_leave(p->stream);
    free(p->consumer);
    free(p);
}

/* The newest takes the place of any other. false when no thread can be had. */
static bool enlist(struct subscriptions *l, struct subscription *p)
{
    pthread_mutex_lock(&l->lock);
    if (!l->started)
        l->started = pthread_create(&l->thread, NULL, run, l) == 0;
    for (struct subscription *other = l->list; other; other = other->next)
        if (other->stream == p->stream && other->shard == p->shard && strcmp(other->consumer, p->consumer) == 0)
            atomic_store(&other->superseded, true);
    p->next = l->list;
    p->link = &l->list;
    if (p->next)
        p->next->link = &p->next;
    l->list = p;
    atomic_store(&l->any, true);
    atomic_store(&l->news, true);
    pthread_cond_signal(&l->changed);
    bool started = l->started;
    pthread_mutex_unlock(&l->lock);
    return started;
}

/* A consumer may subscribe to a shard again 5 s after it last did. Under stream.lock for writing. */
static int note_time(struct call *c, struct consumer *k, int64_t shard)
{
    char id[SHARD_ID];
    int64_t now = call_now_ms(c);
    if ((size_t)shard >= k->n_subscribed) {
        size_t n = (size_t)shard + 1;
        k->subscribed_ms = mem_grow(k->subscribed_ms, n * sizeof *k->subscribed_ms);
        while (k->n_subscribed < n)
            k->subscribed_ms[k->n_subscribed++] = INT64_MIN / 2;
    }
    if (now - k->subscribed_ms[shard] < AGAIN_MS)
        return call_fail(c, 400, "ResourceInUseException", "Another active subscription exists for this consumer: " STR_F ":" STR_F ":" STR_F
                         ":%s. It can be taken over %d seconds after it began.", STR_A(c->account), STR_A(wire_of(c)->stream),
                         STR_A(k->name), shards_id(shard, id), AGAIN_MS / 1000);
    k->subscribed_ms[shard] = now;
    return 0;
}

static struct subscription *make(struct call *c, struct stream *s, const struct consumer *k, int64_t shard, int64_t offset)
{
    struct subscription *p = mem_zero(sizeof *p);
    int64_t now = call_now_ms(c);
    p->feed = (struct http_feed){ .next = next, .close = end };
    p->kinesis = c->state;
    p->stream = s;
    p->consumer = mem_dup(k->arn);
    p->shard = shard;
    p->offset = offset;
    p->format = wire_of(c)->format;
    p->end_ms = now + SESSION_MS;
    atomic_store(&p->seen, offset);
    atomic_store(&p->beat_ms, now); /* the first event follows at once, whether there are records or not */
    atomic_fetch_add(&s->users, 1);
    return p;
}

int subscribe_shard(struct call *c)
{
    enum { TYPE, SEQUENCE_NUMBER, TIMESTAMP }; /* as the table in kinesis.c has them */
    const struct arg *at = call_arg(c, "StartingPosition")->items;
    struct wanted w = { at[TYPE].text, at[SEQUENCE_NUMBER].type ? at[SEQUENCE_NUMBER].text : (struct str){ 0 },
                        at[TIMESTAMP].type ? &at[TIMESTAMP] : NULL, 0 };
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    struct subscription *p = NULL;
    struct seqno from;
    if (!s)
        return -1;
    pthread_rwlock_wrlock(&s->lock);
    struct consumer *k = consumers_find(c, s);
    bool exists = shards_parse(call_text(c, "ShardId"), &w.index) && streams_ready(s, call_now_ms(c)) && w.index < (int64_t)s->n_shards;
    if (k && !exists)
        call_fail(c, 400, "ResourceNotFoundException", "Could not find shard " STR_F " in stream " STR_F " under account " STR_F ".",
                  STR_A(call_text(c, "ShardId")), STR_A(wire_of(c)->stream), STR_A(c->account));
    else if (k && iterators_locate(c, &w, s, &from) == 0 && note_time(c, k, w.index) == 0)
        p = make(c, s, k, w.index, records_offset(s, s->shards[w.index], &from));
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    if (!p)
        return -1;
    c->reply->feed = &p->feed;
    if (!enlist(p->kinesis->subscriptions, p))
        return call_fail(c, 500, "InternalFailure", "No thread can be had for subscriptions");
    return 0;
}
