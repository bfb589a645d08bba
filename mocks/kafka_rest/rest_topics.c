/* rest_topics.c - what there is: brokers, topics, partitions, offsets. */
#include <stdlib.h>

#include "mocks/kafka_rest/rest.h"

/* A topic's configuration as a 2.8 cluster with default settings shows it (Apache Kafka documentation, section
 * "Topic-Level Configs"). */
static const struct {
    const char *name, *value;
} topic_configs[] = {
    { "cleanup.policy", "delete" },
    { "compression.type", "producer" },
    { "delete.retention.ms", "86400000" },
    { "file.delete.delay.ms", "60000" },
    { "flush.messages", "9223372036854775807" },
    { "flush.ms", "9223372036854775807" },
    { "follower.replication.throttled.replicas", "" },
    { "index.interval.bytes", "4096" },
    { "leader.replication.throttled.replicas", "" },
    { "max.compaction.lag.ms", "9223372036854775807" },
    { "max.message.bytes", "1048588" },
    { "message.downconversion.enable", "true" },
    { "message.format.version", "2.8-IV1" },
    { "message.timestamp.difference.max.ms", "9223372036854775807" },
    { "message.timestamp.type", "CreateTime" },
    { "min.cleanable.dirty.ratio", "0.5" },
    { "min.compaction.lag.ms", "0" },
    { "min.insync.replicas", "1" },
    { "preallocate", "false" },
    { "retention.bytes", "-1" },
    { "retention.ms", "604800000" },
    { "segment.bytes", "1073741824" },
    { "segment.index.bytes", "10485760" },
    { "segment.jitter.ms", "0" },
    { "segment.ms", "604800000" },
    { "unclean.leader.election.enable", "false" },
};

static struct plog_set *topics_of(struct call *c) { return cloud_topics(((struct rest *)c->state)->cloud); }

static struct plog *find(struct call *c)
{
    const struct rest_args *args = c->args;
    struct plog *log = plog_set_find(topics_of(c), args->topic);
    if (!log)
        call_fail(c, 404, "40401", "Topic not found.");
    return log;
}

/* The log whose partition the path names. */
static struct plog *find_partition(struct call *c)
{
    const struct rest_args *args = c->args;
    struct plog *log = find(c);
    if (log && args->partition >= plog_partitions(log)) {
        call_fail(c, 404, "40402", "Partition not found.");
        return NULL;
    }
    return log;
}

static void put_partition(struct buf *out, unsigned partition)
{
    buf_f(out, "{\"partition\":%u,\"leader\":1,\"replicas\":[{\"broker\":1,\"leader\":true,\"in_sync\":true}]}",
          partition);
}

static void put_partitions(struct buf *out, const struct plog *log)
{
    buf_c(out, '[');
    for (unsigned i = 0; i < plog_partitions(log); i++) {
        if (i)
            buf_c(out, ',');
        put_partition(out, i);
    }
    buf_c(out, ']');
}

int rest_topics_root(struct call *c)
{
    buf_z(call_body(c), "{}");
    return 0;
}

int rest_topics_brokers(struct call *c)
{
    buf_z(call_body(c), "{\"brokers\":[1]}");
    return 0;
}

int rest_topics_list(struct call *c)
{
    size_t n;
    struct plog **logs = plog_set_list(topics_of(c), &n);
    struct buf *out = call_body(c);
    buf_c(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_c(out, ',');
        json_put_text(out, str_of(plog_name(logs[i])));
    }
    buf_c(out, ']');
    free(logs);
    return 0;
}

int rest_topics_get(struct call *c)
{
    struct plog *log = find(c);
    if (!log)
        return -1;
    struct buf *out = call_body(c);
    buf_z(out, "{\"name\":");
    json_put_text(out, str_of(plog_name(log)));
    buf_z(out, ",\"configs\":{");
    for (size_t i = 0; i < sizeof topic_configs / sizeof *topic_configs; i++)
        buf_f(out, "%s\"%s\":\"%s\"", i ? "," : "", topic_configs[i].name, topic_configs[i].value);
    buf_z(out, "},\"partitions\":");
    put_partitions(out, log);
    buf_c(out, '}');
    return 0;
}

int rest_topics_partitions(struct call *c)
{
    struct plog *log = find(c);
    if (!log)
        return -1;
    put_partitions(call_body(c), log);
    return 0;
}

int rest_topics_partition(struct call *c)
{
    if (!find_partition(c))
        return -1;
    put_partition(call_body(c), (unsigned)((struct rest_args *)c->args)->partition);
    return 0;
}

int rest_topics_offsets(struct call *c)
{
    struct plog *log = find_partition(c);
    if (!log)
        return -1;
    unsigned p = (unsigned)((struct rest_args *)c->args)->partition;
    buf_f(call_body(c), "{\"beginning_offset\":%lld,\"end_offset\":%lld}", (long long)plog_begin(log, p),
          (long long)plog_end(log, p));
    return 0;
}
