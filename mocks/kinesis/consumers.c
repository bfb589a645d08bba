/* consumers.c - registered consumers of a stream (enhanced fan-out): their registry. What they subscribe to: subscribe.c. */
#include <stdlib.h>

#include "base/codec.h"
#include "mocks/kinesis/state.h"

enum { CONSUMERS_MOST = 20, LIST_MOST = 100 };

static void free_consumer(struct consumer *k)
{
    if (k)
        free(k->subscribed_ms);
    free(k);
}

void consumers_release(struct stream *s)
{
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&s->consumers, &i));)
        free_consumer(e->value);
    map_release(&s->consumers);
}

static void put_consumer(struct reply *w, const struct consumer *k)
{
    reply_key_text(w, "ConsumerName", k->name);
    reply_key_text(w, "ConsumerARN", k->arn);
    reply_key_text(w, "ConsumerStatus", S("ACTIVE"));
    reply_key_time(w, "ConsumerCreationTimestamp", k->created_ms / 1000 * 1000);
}

/* ---- RegisterStreamConsumer ---- */

static int judge_new(struct call *c, const struct stream *s, struct str name)
{
    if (map_get(&s->consumers, name))
        return call_fail(c, 400, "ResourceInUseException", "Consumer " STR_F " under stream %s already exists for account "
                         STR_F ".", STR_A(name), s->name, STR_A(c->account));
    if (s->consumers.n_live >= CONSUMERS_MOST)
        return call_fail(c, 400, "LimitExceededException", "Stream %s under account " STR_F " has reached the limit of %d "
                         "registered consumers.", s->name, STR_A(c->account), CONSUMERS_MOST);
    return 0;
}

static struct consumer *add_consumer(struct call *c, struct stream *s, struct str name)
{
    struct consumer *k = mem_zero(sizeof *k);
    k->created_ms = call_now_ms(c);
    k->name = arena_dup(&s->arena, name);
    k->arn = arena_f(&s->arena, STR_F "/consumer/" STR_F ":%lld", STR_A(s->arn), STR_A(name),
                     (long long)(k->created_ms / 1000));
    map_put(&s->consumers, name, k);
    return k;
}

int consumers_register(struct call *c)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    struct str name = call_text(c, "ConsumerName");
    pthread_rwlock_wrlock(&s->lock);
    int result = judge_new(c, s, name);
    if (result == 0) {
        reply_map(&w);
        reply_key(&w, "Consumer");
        reply_map(&w);
        put_consumer(&w, add_consumer(c, s, name));
        reply_end_map(&w);
        reply_end_map(&w);
    }
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return result;
}

/* ---- one consumer, by its ARN or by stream and name ---- */

struct consumer *consumers_find(struct call *c, const struct stream *s)
{
    struct str arn = call_text(c, "ConsumerARN"), name = call_text(c, "ConsumerName");
    if (arn.p) {
        struct str rest = str_from(arn, str_find(arn, S("/consumer/")) + 10);
        name = str_cut(&rest, ':');
    }
    struct consumer *k = map_get(&s->consumers, name);
    if (k && (!arn.p || str_eq(k->arn, arn)))
        return k;
    call_fail(c, 400, "ResourceNotFoundException", "Consumer " STR_F " under stream %s not found for account " STR_F ".",
              STR_A(name), s->name, STR_A(c->account));
    return NULL;
}

static struct stream *enter_of_consumer(struct call *c)
{
    bool by_arn = call_arg(c, "ConsumerARN"), by_name = call_arg(c, "StreamARN") && call_arg(c, "ConsumerName");
    if (by_arn || by_name)
        return streams_enter(c, wire_of(c)->stream);
    call_fail(c, 400, "InvalidArgumentException", "Either ConsumerARN, or StreamARN and ConsumerName, must be provided.");
    return NULL;
}

int consumers_describe(struct call *c)
{
    struct stream *s = enter_of_consumer(c);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    pthread_rwlock_rdlock(&s->lock);
    const struct consumer *k = consumers_find(c, s);
    if (k) {
        reply_map(&w);
        reply_key(&w, "ConsumerDescription");
        reply_map(&w);
        put_consumer(&w, k);
        reply_key_text(&w, "StreamARN", s->arn);
        reply_end_map(&w);
        reply_end_map(&w);
    }
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return k ? 0 : -1;
}

int consumers_deregister(struct call *c)
{
    struct stream *s = enter_of_consumer(c);
    if (!s)
        return -1;
    pthread_rwlock_wrlock(&s->lock);
    struct consumer *k = consumers_find(c, s);
    if (k) {
        free_consumer(map_remove(&s->consumers, k->name));
        subscribe_changed(((struct kinesis *)c->state)->subscriptions, s);
    }
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return k ? 0 : -1;
}

/* ---- ListStreamConsumers ---- */

static int by_name(const void *a, const void *b)
{
    const struct consumer *const *x = a, *const *y = b;
    return str_cmp((*x)->name, (*y)->name);
}

static void put_page(struct call *c, struct reply *w, struct consumer **sorted, size_t n)
{
    size_t most = (size_t)call_number(c, "MaxResults", LIST_MOST), told = n < most ? n : most;
    reply_map(w);
    reply_key(w, "Consumers");
    reply_list(w);
    for (size_t i = 0; i < told; i++) {
        reply_map(w);
        put_consumer(w, sorted[i]);
        reply_end_map(w);
    }
    reply_end_list(w);
    if (told < n) {
        struct buf token = BUF_INIT;
        codec_base64(&token, sorted[told - 1]->name);
        reply_key_text(w, "NextToken", buf_str(&token));
        buf_release(&token);
    }
    reply_end_map(w);
}

int consumers_list(struct call *c)
{
    struct str token = call_text(c, "NextToken"), after = { 0 };
    if (token.p) { /* the name it goes on after, in base64 */
        struct buf name = BUF_INIT;
        bool ok = codec_unbase64(&name, token);
        after = arena_keep(c->arena, &name);
        if (!ok)
            return call_fail(c, 400, "InvalidArgumentException", "NextToken is invalid.");
    }
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    struct map_entry *e;
    size_t n = 0;
    pthread_rwlock_rdlock(&s->lock);
    struct consumer **sorted = ARENA_ARRAY(c->arena, struct consumer *, s->consumers.n_live + 1);
    for (size_t i = 0; (e = map_next(&s->consumers, &i));) {
        struct consumer *k = e->value;
        if (!after.p || str_cmp(k->name, after) > 0)
            sorted[n++] = k;
    }
    qsort(sorted, n, sizeof *sorted, by_name);
    put_page(c, &w, sorted, n);
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return 0;
}
