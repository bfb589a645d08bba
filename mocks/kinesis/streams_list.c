/* streams_list.c - what is told of streams: one by one, in short, and all by name. */
#include <stdlib.h>

#include "base/codec.h"
#include "mocks/kinesis/state.h"

enum { DESCRIBE_SHARDS = 100, LIST_STREAMS = 100 };

/* ---- DescribeStream, DescribeStreamSummary ---- */

static void put_mode(struct reply *w, const struct stream *s)
{
    reply_key(w, "StreamModeDetails");
    reply_map(w);
    reply_key_text(w, "StreamMode", s->on_demand ? S("ON_DEMAND") : S("PROVISIONED"));
    reply_end_map(w);
}

static void put_common(struct reply *w, const struct stream *s, int64_t now_ms)
{
    reply_key_text(w, "StreamName", str_of(s->name));
    reply_key_text(w, "StreamARN", s->arn);
    reply_key_text(w, "StreamStatus", str_of(streams_status_word(streams_status(s, now_ms))));
    put_mode(w, s);
    reply_key_number(w, "RetentionPeriodHours", s->retention_hours);
    reply_key_time(w, "StreamCreationTimestamp", s->created_ms / 1000 * 1000);
    settings_put_monitoring(w, s);
    reply_key_text(w, "EncryptionType", s->kms_key ? S("KMS") : S("NONE"));
    if (s->kms_key)
        reply_key_text(w, "KeyId", str_of(s->kms_key));
}

int streams_describe_stream(struct call *c)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    struct str after = call_text(c, "ExclusiveStartShardId");
    int64_t now = call_now_ms(c), limit = call_number(c, "Limit", DESCRIBE_SHARDS), told = 0;
    bool more = false, created = streams_ready(s, now);
    char id[SHARD_ID];

    pthread_rwlock_rdlock(&s->lock);
    reply_map(&w);
    reply_key(&w, "StreamDescription");
    reply_map(&w);
    put_common(&w, s, now);
    reply_key(&w, "Shards");
    reply_list(&w);
    for (size_t i = 0; created && i < s->n_shards && !more; i++) {
        if (after.p && str_cmp(str_of(shards_id((int64_t)i, id)), after) <= 0)
            continue;
        more = told++ == limit;
        if (!more)
            shards_put(&w, s->shards[i]);
    }
    reply_end_list(&w);
    reply_key_bool(&w, "HasMoreShards", more);
    reply_end_map(&w);
    reply_end_map(&w);
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return 0;
}

int streams_describe_summary(struct call *c)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    int64_t now = call_now_ms(c);
    pthread_rwlock_rdlock(&s->lock);
    reply_map(&w);
    reply_key(&w, "StreamDescriptionSummary");
    reply_map(&w);
    put_common(&w, s, now);
    reply_key_number(&w, "OpenShardCount", streams_ready(s, now) ? (int64_t)s->n_open : 0);
    reply_key_number(&w, "ConsumerCount", (int64_t)s->consumers.n_live);
    reply_key_number(&w, "MaxRecordSizeInKiB", s->record_kib);
    reply_end_map(&w);
    reply_end_map(&w);
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return 0;
}

/* ---- ListStreams ---- */

static int by_name(const void *a, const void *b)
{
    const struct stream *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

/* The caller's streams by name, those after `after` only; each to be left. */
static struct stream **list_streams(struct call *c, struct str after, size_t *ret_n)
{
    struct kinesis *k = c->state;
    struct map_entry *entry;
    size_t n = 0;
    pthread_rwlock_rdlock(&k->lock);
    struct stream **list = ARENA_ARRAY(c->arena, struct stream *, k->streams.n_live + 1);
    for (size_t i = 0; (entry = map_next(&k->streams, &i));) {
        struct stream *s = entry->value;
        if (!str_eq(s->account, c->account) || !str_eq(s->region, c->region) || streams_gone(s, call_now_ms(c)) ||
            (after.p && str_cmp(str_of(s->name), after) <= 0))
            continue;
        atomic_fetch_add(&s->users, 1);
        list[n++] = s;
    }
    pthread_rwlock_unlock(&k->lock);
    qsort(list, n, sizeof *list, by_name);
    *ret_n = n;
    return list;
}

static void put_summary(struct reply *w, const struct stream *s, int64_t now_ms)
{
    reply_map(w);
    reply_key_text(w, "StreamName", str_of(s->name));
    reply_key_text(w, "StreamARN", s->arn);
    reply_key_text(w, "StreamStatus", str_of(streams_status_word(streams_status(s, now_ms))));
    put_mode(w, s);
    reply_key_time(w, "StreamCreationTimestamp", s->created_ms / 1000 * 1000);
    reply_end_map(w);
}

int streams_list(struct call *c)
{
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    struct str after = call_text(c, "ExclusiveStartStreamName"), token = call_text(c, "NextToken");
    size_t limit = (size_t)call_number(c, "Limit", LIST_STREAMS), n;
    struct buf name = BUF_INIT;
    if (token.p) { /* the name it goes on after, in base64 */
        bool ok = codec_unbase64(&name, token) && streams_is_name(buf_str(&name));
        after = arena_keep(c->arena, &name);
        if (!ok)
            return call_fail(c, 400, "InvalidArgumentException", "NextToken is invalid.");
    }
    struct stream **list = list_streams(c, after, &n);
    size_t told = n < limit ? n : limit;
    reply_map(&w);
    reply_key(&w, "StreamNames");
    reply_list(&w);
    for (size_t i = 0; i < told; i++)
        reply_text(&w, str_of(list[i]->name));
    reply_end_list(&w);
    reply_key_bool(&w, "HasMoreStreams", told < n);
    if (told < n) {
        reply_key(&w, "NextToken");
        codec_base64(&name, str_of(list[told - 1]->name));
        reply_text(&w, buf_str(&name));
        buf_release(&name);
    }
    reply_key(&w, "StreamSummaries");
    reply_list(&w);
    for (size_t i = 0; i < told; i++)
        put_summary(&w, list[i], call_now_ms(c));
    reply_end_list(&w);
    reply_end_map(&w);
    for (size_t i = 0; i < n; i++)
        streams_leave(list[i]);
    return 0;
}
