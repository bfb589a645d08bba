/* shards_list.c - ListShards: by filter, in pages whose token carries the filter on. */
#include "base/codec.h"
#include "mocks/kinesis/state.h"

enum { LIST_SHARDS = 1000 };

struct selection {
    struct str stream;
    struct str type, after; /* ShardFilter; p == NULL = all */
    int64_t time_ms;
    size_t first; /* index to go on from */
};

static int bad_token(struct call *c) { return call_fail(c, 400, "InvalidArgumentException", "NextToken is invalid."); }

/* A token is "ms/first/time/type/after/stream" in base64. */
static int read_token(struct call *c, struct str token, struct selection *ret)
{
    struct buf text = BUF_INIT;
    bool ok = codec_unbase64(&text, token);
    struct str rest = arena_dup(c->arena, buf_str(&text)), ms = str_cut(&rest, '/'), first = str_cut(&rest, '/');
    struct str time = str_cut(&rest, '/'), type = str_cut(&rest, '/'), after = str_cut(&rest, '/');
    int64_t made_ms, from, time_ms;
    buf_release(&text);
    if (!ok || !str_to_i64(ms, &made_ms) || !str_to_i64(first, &from) || !str_to_i64(time, &time_ms) || from < 0 ||
        rest.n == 0)
        return bad_token(c);
    if (call_now_ms(c) - made_ms > ITERATOR_MS)
        return call_fail(c, 400, "ExpiredNextTokenException", "NextToken has expired.");
    *ret = (struct selection){ rest, type.n ? type : (struct str){ 0 }, after, time_ms, (size_t)from };
    return 0;
}

static struct str write_token(struct call *c, const struct selection *s, size_t first)
{
    struct str plain = arena_f(c->arena, "%lld/%zu/%lld/" STR_F "/" STR_F "/" STR_F, (long long)call_now_ms(c), first,
                               (long long)s->time_ms, STR_A(s->type), STR_A(s->after), STR_A(s->stream));
    struct buf text = BUF_INIT;
    codec_base64(&text, plain);
    return arena_keep(c->arena, &text);
}

static int read_filter(struct call *c, struct selection *s)
{
    const struct arg *f = call_arg(c, "ShardFilter");
    struct str start = call_text(c, "ExclusiveStartShardId");
    int64_t index;
    if (start.p) {
        if (!shards_parse(start, &index))
            return call_fail(c, 400, "InvalidArgumentException", "ExclusiveStartShardId " STR_F " is not a shard id.",
                             STR_A(start));
        s->first = (size_t)index + 1;
    }
    if (!f)
        return 0;
    s->type = f->items[0].text;
    if (str_is(s->type, "AFTER_SHARD_ID") != (f->items[1].type != 0) ||
        str_ends(s->type, S("TIMESTAMP")) != (f->items[2].type != 0))
        return call_fail(c, 400, "InvalidArgumentException", "A ShardFilter of type " STR_F " takes %s.", STR_A(s->type),
                         str_is(s->type, "AFTER_SHARD_ID") ? "a ShardId and no Timestamp"
                         : str_ends(s->type, S("TIMESTAMP")) ? "a Timestamp and no ShardId" : "no ShardId and no Timestamp");
    if (f->items[1].type)
        s->after = f->items[1].text;
    s->time_ms = f->items[2].number;
    return 0;
}

static int64_t later(int64_t a, int64_t b) { return a > b ? a : b; }

/* The filters of the API reference's ShardFilter page. */
static bool is_selected(const struct selection *f, const struct stream *s, const struct shard *shard, int64_t now_ms)
{
    int64_t horizon = later(s->created_ms, now_ms - s->retention_hours * 3600000);
    int64_t at = str_ends(f->type, S("TIMESTAMP")) ? later(f->time_ms, s->created_ms) : horizon, index;
    bool open_then = !shard->closed_ms || shard->closed_ms >= at;
    if (!f->type.p)
        return true;
    if (str_is(f->type, "AFTER_SHARD_ID"))
        return shards_parse(f->after, &index) && shard->index > index;
    if (str_is(f->type, "AT_LATEST"))
        return !shard->closed_ms;
    return str_starts(f->type, S("FROM_")) ? open_then : open_then && shard->created_ms <= at;
}

int shards_list(struct call *c)
{
    struct str token = call_text(c, "NextToken"), name = wire_of(c)->stream;
    struct selection f = { .stream = name };
    if (token.p && name.p)
        return call_fail(c, 400, "InvalidArgumentException", "NextToken and StreamName cannot be provided together.");
    if (!token.p && !name.p)
        return call_fail(c, 400, "InvalidArgumentException", "Either NextToken or StreamName should be provided.");
    if (token.p ? read_token(c, token, &f) : read_filter(c, &f))
        return -1;
    struct stream *s = streams_enter(c, f.stream);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    int64_t most = call_number(c, "MaxResults", LIST_SHARDS), told = 0, now = call_now_ms(c);
    size_t i = f.first;
    pthread_rwlock_rdlock(&s->lock);
    reply_map(&w);
    reply_key(&w, "Shards");
    reply_list(&w);
    for (; streams_ready(s, now) && i < s->n_shards; i++) {
        if (!is_selected(&f, s, s->shards[i], now))
            continue;
        if (told++ == most)
            break;
        shards_put(&w, s->shards[i]);
    }
    reply_end_list(&w);
    if (told > most)
        reply_key_text(&w, "NextToken", write_token(c, &f, i));
    reply_end_map(&w);
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return 0;
}
