/* settings.c - what can be changed about a stream: retention, encryption, monitoring, mode, record size; and the
 * account's limits. */
#include <stdlib.h>

#include "mocks/kinesis/state.h"

enum { HOURS_LEAST = 24, ON_DEMAND_STREAMS = 50 };

/* Enters the stream, active, and takes its lock for writing; NULL with the call failed. */
static struct stream *enter_to_change(struct call *c)
{
    struct stream *s = streams_enter_active(c);
    if (s)
        pthread_rwlock_wrlock(&s->lock);
    return s;
}

/* Most changes take the stream through UPDATING; those of retention do not. */
static int leave_changed(struct call *c, struct stream *s, bool updating)
{
    if (updating)
        streams_updating(c->state, s, call_now_ms(c));
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return 0;
}

/* ---- retention ---- */

static int judge_hours(struct call *c, const struct stream *s, int64_t hours, bool longer)
{
    if (hours < HOURS_LEAST)
        return call_fail(c, 400, "InvalidArgumentException", "Minimum allowed retention period is %d hours. Requested "
                         "retention period (%lld hours) is too short.", HOURS_LEAST, (long long)hours);
    if (longer ? hours < s->retention_hours : hours > s->retention_hours)
        return call_fail(c, 400, "InvalidArgumentException", "Requested retention period (%lld hours) for stream %s can "
                         "not be %s than existing retention period (%lld hours). Use %sRetentionPeriod API.",
                         (long long)hours, s->name, longer ? "shorter" : "longer", (long long)s->retention_hours,
                         longer ? "Decrease" : "Increase");
    return 0;
}

static int retain(struct call *c, bool longer)
{
    struct stream *s = enter_to_change(c);
    if (!s)
        return -1;
    int64_t hours = call_number(c, "RetentionPeriodHours", 0);
    int result = judge_hours(c, s, hours, longer);
    if (result == 0)
        s->retention_hours = hours;
    leave_changed(c, s, false);
    return result;
}

int settings_retain_longer(struct call *c) { return retain(c, true); }
int settings_retain_shorter(struct call *c) { return retain(c, false); }

/* ---- encryption: said, not done ---- */

static int encrypt(struct call *c, bool on)
{
    struct stream *s = enter_to_change(c);
    if (!s)
        return -1;
    free(s->kms_key);
    s->kms_key = on && str_is(call_text(c, "EncryptionType"), "KMS") ? mem_dup(call_text(c, "KeyId")) : NULL;
    return leave_changed(c, s, true);
}

int settings_encrypt(struct call *c) { return encrypt(c, true); }
int settings_decrypt(struct call *c) { return encrypt(c, false); }

/* ---- monitoring ---- */

static const char *const metric_names[] = { "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords",
                                            "WriteProvisionedThroughputExceeded", "ReadProvisionedThroughputExceeded",
                                            "IteratorAgeMilliseconds" };
enum { METRICS = sizeof metric_names / sizeof *metric_names, ALL_METRICS = (1 << METRICS) - 1 };

static unsigned metrics_of(const struct arg *list)
{
    unsigned bits = 0;
    for (size_t i = 0; i < list->n; i++) {
        if (str_is(list->items[i].text, "ALL"))
            return ALL_METRICS;
        for (int m = 0; m < METRICS; m++)
            if (str_is(list->items[i].text, metric_names[m]))
                bits |= 1u << m;
    }
    return bits;
}

static void put_metrics(struct reply *w, const char *key, unsigned bits)
{
    reply_key(w, key);
    reply_list(w);
    for (int m = 0; m < METRICS; m++)
        if (bits & 1u << m)
            reply_text(w, str_of(metric_names[m]));
    reply_end_list(w);
}

void settings_put_monitoring(struct reply *w, const struct stream *s)
{
    reply_key(w, "EnhancedMonitoring");
    reply_list(w);
    reply_map(w);
    put_metrics(w, "ShardLevelMetrics", s->metrics);
    reply_end_map(w);
    reply_end_list(w);
}

static int monitor(struct call *c, bool on)
{
    struct stream *s = enter_to_change(c);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    unsigned before = s->metrics, named = metrics_of(call_arg(c, "ShardLevelMetrics"));
    s->metrics = on ? before | named : before & ~named;
    reply_map(&w);
    reply_key_text(&w, "StreamName", str_of(s->name));
    put_metrics(&w, "CurrentShardLevelMetrics", before);
    put_metrics(&w, "DesiredShardLevelMetrics", s->metrics);
    reply_key_text(&w, "StreamARN", s->arn);
    reply_end_map(&w);
    return leave_changed(c, s, true);
}

int settings_monitor(struct call *c) { return monitor(c, true); }
int settings_unmonitor(struct call *c) { return monitor(c, false); }

/* ---- mode, record size ---- */

int settings_mode(struct call *c)
{
    struct stream *s = enter_to_change(c);
    if (!s)
        return -1;
    s->on_demand = str_is(call_arg(c, "StreamModeDetails")->items[0].text, "ON_DEMAND");
    return leave_changed(c, s, true);
}

int settings_record_size(struct call *c)
{
    struct stream *s = enter_to_change(c);
    if (!s)
        return -1;
    s->record_kib = call_number(c, "MaxRecordSizeInKiB", RECORD_KIB);
    return leave_changed(c, s, true);
}

/* ---- the account ---- */

int settings_limits(struct call *c)
{
    struct kinesis *k = c->state;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    struct map_entry *entry;
    int64_t on_demand = 0;
    pthread_rwlock_rdlock(&k->lock);
    size_t shards = streams_open_shards(k, c->account, c->region);
    for (size_t i = 0; (entry = map_next(&k->streams, &i));) {
        struct stream *s = entry->value;
        pthread_rwlock_rdlock(&s->lock);
        on_demand += s->on_demand && str_eq(s->account, c->account) && str_eq(s->region, c->region);
        pthread_rwlock_unlock(&s->lock);
    }
    pthread_rwlock_unlock(&k->lock);
    reply_map(&w);
    reply_key_number(&w, "ShardLimit", k->shard_limit);
    reply_key_number(&w, "OpenShardCount", (int64_t)shards);
    reply_key_number(&w, "OnDemandStreamCount", on_demand);
    reply_key_number(&w, "OnDemandStreamCountLimit", ON_DEMAND_STREAMS);
    reply_end_map(&w);
    return 0;
}
