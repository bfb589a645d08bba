/* kafka_rest.c - the REST proxy as a table: which request is which action, in the order of Jersey's checks
 * (path 404, method 405, Content-Type 415, Accept 406).
 *
 *   {partition} stands for a number, else the path is unknown.
 */
#include "mocks/kafka_rest/kafka_rest.h"

#include <stdlib.h>

#include "mocks/cloud/jersey.h"
#include "mocks/cloud/pathmap.h"
#include "mocks/kafka_rest/rest.h"

#define INSTANCE "/consumers/{group}/instances/{instance}"

static const struct action actions[] = {
    { .name = "Produce", .match = "POST /topics/{topic}", .run = rest_produce_to_topic },
    { .name = "ProduceToPartition", .match = "POST /topics/{topic}/partitions/{partition}",
      .run = rest_produce_to_partition },
    { .name = "Root", .match = "GET /", .run = rest_topics_root },
    { .name = "PostRoot", .match = "POST /", .run = rest_topics_root },
    { .name = "ListBrokers", .match = "GET /brokers", .run = rest_topics_brokers },
    { .name = "ListTopics", .match = "GET /topics", .run = rest_topics_list },
    { .name = "GetTopic", .match = "GET /topics/{topic}", .run = rest_topics_get },
    { .name = "ListPartitions", .match = "GET /topics/{topic}/partitions", .run = rest_topics_partitions },
    { .name = "GetPartition", .match = "GET /topics/{topic}/partitions/{partition}", .run = rest_topics_partition },
    { .name = "GetOffsets", .match = "GET /topics/{topic}/partitions/{partition}/offsets",
      .run = rest_topics_offsets },
    { .name = "CreateConsumer", .match = "POST /consumers/{group}", .run = rest_consumers_create },
    { .name = "DeleteConsumer", .match = "DELETE " INSTANCE, .run = rest_consumers_delete },
    { .name = "Subscribe", .match = "POST " INSTANCE "/subscription", .run = rest_consumers_subscribe },
    { .name = "GetSubscription", .match = "GET " INSTANCE "/subscription", .run = rest_consumers_subscription },
    { .name = "Unsubscribe", .match = "DELETE " INSTANCE "/subscription", .run = rest_consumers_unsubscribe },
    { .name = "Assign", .match = "POST " INSTANCE "/assignments", .run = rest_consumers_assign },
    { .name = "GetAssignments", .match = "GET " INSTANCE "/assignments", .run = rest_consumers_assignments },
    { .name = "CommitOffsets", .match = "POST " INSTANCE "/offsets", .run = rest_records_commit },
    { .name = "GetCommittedOffsets", .match = "GET " INSTANCE "/offsets", .run = rest_records_committed },
    { .name = "Seek", .match = "POST " INSTANCE "/positions", .run = rest_records_seek },
    { .name = "SeekToBeginning", .match = "POST " INSTANCE "/positions/beginning",
      .run = rest_records_seek_beginning },
    { .name = "SeekToEnd", .match = "POST " INSTANCE "/positions/end", .run = rest_records_seek_end },
    { .name = "ReadRecords", .match = "GET " INSTANCE "/records", .run = rest_records_read },
};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

/* ---- routing ---- */

/* Content types a request body may have, by action; 0 = any. */
static unsigned body_types(const struct action *a)
{
    if (a == &actions[0] || a == &actions[1])
        return REST_EMBEDDED;
    return strstr(a->match, "/consumers/") && a->match[0] == 'P' ? REST_EMBEDDED | REST_BIT(REST_MEDIA_V2) : 0;
}

static unsigned answer_types(const struct action *a)
{
    unsigned v2 = REST_BIT(REST_MEDIA_V2);
    if (strcmp(a->name, "ReadRecords") == 0 || strncmp(a->match, "POST /consumers/", 16) == 0)
        return REST_EMBEDDED | v2;
    return v2;
}

static bool read_path(struct call *c, const struct pathmap *m, struct rest_args *ret)
{
    ret->topic = pathmap_text(m, "topic", c->arena);
    ret->group = pathmap_text(m, "group", c->arena);
    ret->instance = pathmap_text(m, "instance", c->arena);
    return pathmap_number(m, "partition", &ret->partition);
}

static int check_types(struct call *c, const struct action *a, struct rest_args *args)
{
    unsigned takes = body_types(a);
    args->content = rest_media_of(http_request_header(c->request, "Content-Type"));
    bool no_body = args->content == REST_MEDIA_NONE && !c->request->body.n;
    bool must_have_body = takes == REST_EMBEDDED;
    if (takes && !(takes & REST_BIT(args->content)) && (must_have_body || !no_body)) {
        call_reason(c, "Content-Type is none that the v2 API takes; application/vnd.kafka.json.v2+json is usual");
        return jersey_refuse(c, 415);
    }
    args->accept = rest_media_accept(http_request_header(c->request, "Accept"), answer_types(a));
    return args->accept == REST_MEDIA_OTHER ? jersey_refuse(c, 406) : 0;
}

static const struct action *route(struct call *c)
{
    struct pathmap m;
    struct rest_args *args = ARENA_NEW(c->arena, struct rest_args);
    const struct action *a = pathmap_find(actions, N_ACTIONS, c->request->method, c->request->path, &m);
    c->args = args;
    if (!a || !read_path(c, &m, args)) {
        bool other_method = !a && m.path_known;
        call_reason(c, other_method ? "the REST proxy's " STR_F " has no method " STR_F "; records are posted with POST /topics/{topic}"
                                    : "the REST proxy has no resource " STR_F " for " STR_F "; records are posted with POST /topics/{topic}",
                    STR_A(c->request->path), STR_A(c->request->method));
        jersey_refuse(c, other_method ? 405 : 404);
        return NULL;
    }
    c->resource = args->topic.p ? args->topic
                  : args->instance.p
                      ? arena_f(c->arena, STR_F "/" STR_F, STR_A(args->group), STR_A(args->instance))
                      : args->group;
    return check_types(c, a, args) ? NULL : a;
}

/* ---- headers ---- */

static void finish(struct call *c)
{
    if (!c->reply->status)
        c->reply->status = 200;
    struct str set = http_header_get(c->reply->headers, c->reply->n_headers, "Content-Type");
    if (!set.p && c->reply->status != 204)
        call_header(c, "Content-Type", c->action ? S("application/vnd.kafka.v2+json") : S("application/json"));
}

/* ---- life ---- */

static void *open_state(struct cloud *cloud, struct err *e)
{
    struct rest settings = { .cloud = cloud, .auto_create = cloud_setting_on(cloud, "kafka.auto_create", true),
                             .default_partitions = 1, .metadata_wait_ms = 1000 };
    static const struct {
        const char *name;
        int64_t min, max;
    } numbers[] = { { "kafka.default_partitions", 1, 1000 }, { "kafka.metadata_wait_ms", 0, 60000 } };
    for (size_t i = 0; i < 2; i++) {
        const char *text = cloud_setting(cloud, numbers[i].name);
        int64_t v;
        if (!text)
            continue;
        if (!str_to_i64(str_of(text), &v) || v < numbers[i].min || v > numbers[i].max) {
            err_set(e, 0, "SETTING_INVALID", "setting %s=%s: expected a whole number from %lld to %lld",
                    numbers[i].name, text, (long long)numbers[i].min, (long long)numbers[i].max);
            return NULL;
        }
        if (i == 0)
            settings.default_partitions = (unsigned)v;
        else
            settings.metadata_wait_ms = v;
    }
    struct rest *r = mem_alloc(sizeof *r);
    *r = settings;
    r->consumers = rest_consumers_open();
    return r;
}

static void close_state(void *state)
{
    rest_consumers_close(((struct rest *)state)->consumers);
    free(state);
}

static void reset(void *state)
{
    struct rest *r = state;
    atomic_store(&r->turn, 0);
    rest_consumers_reset(r->consumers);
}

static void describe(void *state, struct buf *out)
{
    struct rest *r = state;
    size_t n;
    struct plog **logs = plog_set_list(cloud_topics(r->cloud), &n);
    free(logs);
    buf_f(out, "\"topics\":%zu,\"auto_create\":%s", n, r->auto_create ? "true" : "false");
}

const struct service kafka_rest_service = {
    .name = "kafka_rest",
    .title = "Confluent REST Proxy",
    .actions = actions,
    .n_actions = N_ACTIONS,
    .port = 8082,
    .throttle = { 429, "42901", "Request rate limit exceeded: the request is throttled. Retry later." },
    .route = route,
    .phrase = jersey_phrase,
    .finish = finish,
    .open = open_state,
    .close = close_state,
    .reset = reset,
    .describe = describe,
};
