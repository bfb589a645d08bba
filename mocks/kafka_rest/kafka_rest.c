/* kafka_rest.c - the REST proxy as a table: which request is which action, in the order of Jersey's checks
 * (path 404, method 405, Content-Type 415, Accept 406), and how errors look.
 *
 *   {topic} and the like stand for one path segment each; {partition} for a number, else the path is unknown.
 */
#include "mocks/kafka_rest/kafka_rest.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
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

static struct str decoded(struct call *c, struct str segment)
{
    if (!memchr(segment.p, '%', segment.n))
        return segment;
    struct buf plain = BUF_INIT;
    codec_unpercent(&plain, segment, false);
    struct str text = arena_dup(c->arena, buf_str(&plain));
    buf_release(&plain);
    return text;
}

static bool take_part(struct call *c, struct str name, struct str segment, struct rest_args *args)
{
    if (!segment.n)
        return false;
    if (str_is(name, "{partition}"))
        return str_to_i64(segment, &args->partition) && args->partition >= 0 && args->partition <= INT32_MAX;
    struct str text = decoded(c, segment);
    if (str_is(name, "{topic}"))
        args->topic = text;
    else if (str_is(name, "{group}"))
        args->group = text;
    else
        args->instance = text;
    return true;
}

/* Does the path have the template's form? Fills args as far as it goes. */
static bool path_fits(struct call *c, struct str template, struct str path, struct rest_args *args)
{
    *args = (struct rest_args){ 0 };
    if (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    while (template.p && path.p) {
        struct str want = str_cut(&template, '/'), have = str_cut(&path, '/');
        bool part = want.n && want.p[0] == '{';
        if (part ? !take_part(c, want, have, args) : !str_eq(want, have))
            return false;
    }
    return !template.p && !path.p;
}

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

static const struct action *refuse(struct call *c, int status)
{
    char code[12];
    snprintf(code, sizeof code, "%d", status);
    const char *text = status == 415 ? "Unsupported Media Type" : http_status_text(status);
    call_fail(c, status, code, "HTTP %d %s", status, text);
    return NULL;
}

static const struct action *find_action(struct call *c, struct rest_args *args)
{
    bool path_known = false;
    for (size_t i = 0; i < N_ACTIONS; i++) {
        struct str template = str_of(actions[i].match), method = str_cut(&template, ' ');
        if (!path_fits(c, template, c->request->path, args))
            continue;
        if (str_eq(method, c->request->method))
            return &actions[i];
        path_known = true;
    }
    return refuse(c, path_known ? 405 : 404);
}

static const struct action *route(struct call *c)
{
    struct rest_args *args = ARENA_NEW(c->arena, struct rest_args);
    const struct action *a = find_action(c, args);
    c->args = args;
    if (!a)
        return NULL;
    c->resource = args->topic.p ? args->topic
                  : args->instance.p
                      ? arena_f(c->arena, STR_F "/" STR_F, STR_A(args->group), STR_A(args->instance))
                      : args->group;
    unsigned takes = body_types(a);
    args->content = rest_media_of(http_request_header(c->request, "Content-Type"));
    bool no_body = args->content == REST_MEDIA_NONE && !c->request->body.n;
    bool must_have_body = takes == REST_EMBEDDED;
    if (takes && !(takes & REST_BIT(args->content)) && (must_have_body || !no_body)) {
        call_reason(c, "Content-Type is none that the v2 API takes; application/vnd.kafka.json.v2+json is usual");
        return refuse(c, 415);
    }
    args->accept = rest_media_accept(http_request_header(c->request, "Accept"), answer_types(a));
    return args->accept == REST_MEDIA_OTHER ? refuse(c, 406) : a;
}

/* ---- errors and headers ---- */

static void phrase(struct call *c)
{
    struct str code = str_of(c->err.code);
    int64_t number;
    if (!str_to_i64(code, &number))
        number = c->err.status;
    c->reply->status = c->err.status;
    buf_f(call_body(c), "{\"error_code\":%lld,\"message\":", (long long)number);
    json_put_text(call_body(c), str_of(c->err.message));
    buf_c(call_body(c), '}');
}

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
    .phrase = phrase,
    .finish = finish,
    .open = open_state,
    .close = close_state,
    .reset = reset,
    .describe = describe,
};
