/* rest_consumers.c - consumer instances: created by name in a group, subscribed or assigned, expired when unused.
 *
 * A subscriber's share of the partitions is worked out when it reads: the members of its group that subscribe to a
 * topic share it by range, in the order in which they were created. One lock: this is no data path.
 */
#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "mocks/kafka_rest/rest.h"

enum { INSTANCE_TIMEOUT_MS = 300000, MAX_INSTANCES = 10000 };
#define EXCLUSIVE "Illegal state: Subscription to topics, partitions and pattern are mutually exclusive"

struct rest_consumers {
    pthread_mutex_t lock;
    struct map instances; /* "group\ninstance" -> struct rest_consumer */
    struct map committed; /* "group\ntopic\npartition" -> offset + 1 */
};

static struct rest_consumers *set_of(struct call *c) { return ((struct rest *)c->state)->consumers; }
static int64_t now_ms(struct call *c) { return clock_now_ms(cloud_clock(c->cloud)); }

static struct str instance_key(struct call *c, struct str group, struct str id)
{
    return arena_f(c->arena, STR_F "\n" STR_F, STR_A(group), STR_A(id));
}

/* ---- life ---- */

static void consumer_unsubscribe(struct rest_consumer *i)
{
    map_release(&i->topics);
    i->topics = MAP_INIT;
    arena_release(&i->memory);
    i->pattern = NULL;
    i->joined = i->manual = false;
    i->n_positions = 0;
}

static void consumer_close(struct rest_consumer *i)
{
    consumer_unsubscribe(i);
    free(i->positions);
    free((void *)i->group.p);
    free((void *)i->id.p);
    free(i);
}

struct rest_consumers *rest_consumers_open(void)
{
    struct rest_consumers *s = mem_zero(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void rest_consumers_reset(struct rest_consumers *s)
{
    size_t at = 0;
    pthread_mutex_lock(&s->lock);
    for (struct map_entry *m; (m = map_next(&s->instances, &at));)
        consumer_close(m->value);
    map_release(&s->instances);
    map_release(&s->committed);
    s->instances = s->committed = MAP_INIT;
    pthread_mutex_unlock(&s->lock);
}

void rest_consumers_close(struct rest_consumers *s)
{
    rest_consumers_reset(s);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct rest_consumer *rest_consumers_lock(struct call *c)
{
    struct rest_consumers *s = set_of(c);
    const struct rest_args *args = c->args;
    struct str key = instance_key(c, args->group, args->instance);
    pthread_mutex_lock(&s->lock);
    struct rest_consumer *i = map_get(&s->instances, key);
    if (i && now_ms(c) - i->last_used_ms > INSTANCE_TIMEOUT_MS) {
        consumer_close(map_remove(&s->instances, key));
        call_reason(c, "the instance was not used for %d s and expired", INSTANCE_TIMEOUT_MS / 1000);
        i = NULL;
    }
    if (i) {
        i->last_used_ms = now_ms(c);
        return i;
    }
    pthread_mutex_unlock(&s->lock);
    call_fail(c, 404, "40403", "Consumer instance not found.");
    return NULL;
}

void rest_consumers_unlock(struct call *c) { pthread_mutex_unlock(&set_of(c)->lock); }

/* ---- committed offsets ---- */

static struct str commit_key(struct call *c, struct str group, const char *topic, unsigned partition)
{
    return arena_f(c->arena, STR_F "\n%s\n%u", STR_A(group), topic, partition);
}

int64_t rest_consumers_committed_at(struct call *c, const struct rest_consumer *i, const char *topic, unsigned partition)
{
    return (int64_t)(uintptr_t)map_get(&set_of(c)->committed, commit_key(c, i->group, topic, partition)) - 1;
}

void rest_consumers_commit_at(struct call *c, const struct rest_consumer *i, const char *topic, unsigned partition,
                              int64_t next)
{
    map_put(&set_of(c)->committed, commit_key(c, i->group, topic, partition), (void *)(uintptr_t)(next + 1));
}

void rest_consumers_commit_all(struct call *c, const struct rest_consumer *i)
{
    for (size_t k = 0; k < i->n_positions; k++) {
        const struct rest_position *p = &i->positions[k];
        if (p->next >= 0)
            rest_consumers_commit_at(c, i, plog_name(p->log), p->partition, p->next);
    }
}

/* ---- shares ---- */

static bool subscribes(const struct rest_consumer *i, const char *topic)
{
    struct jregex_match m;
    return i->pattern ? jregex_matches(i->pattern, str_of(topic), &m) : map_get(&i->topics, str_of(topic)) != NULL;
}

/* This member's rank among the members of its group that subscribe to the topic, and how many they are. */
static void rank_of(struct call *c, const struct rest_consumer *me, const char *topic, unsigned *ret_rank, unsigned *ret_n)
{
    unsigned n = 0, rank = 0;
    size_t at = 0;
    for (struct map_entry *m; (m = map_next(&set_of(c)->instances, &at));) {
        const struct rest_consumer *i = m->value;
        if (!str_eq(i->group, me->group) || i->manual || !subscribes(i, topic))
            continue;
        if (i == me)
            rank = n;
        n++;
    }
    *ret_rank = rank;
    *ret_n = n ? n : 1;
}

static void add_position(struct call *c, struct rest_consumer *i, struct plog *log, unsigned partition, int64_t next)
{
    if (i->n_positions == i->cap_positions) {
        i->cap_positions = i->cap_positions ? 2 * i->cap_positions : 8;
        i->positions = mem_grow(i->positions, i->cap_positions * sizeof *i->positions);
    }
    if (next < 0)
        next = rest_consumers_committed_at(c, i, plog_name(log), partition);
    if (next < 0 && !i->none)
        next = i->latest ? plog_end(log, partition) : plog_begin(log, partition);
    i->positions[i->n_positions++] = (struct rest_position){ log, partition, next };
}

static int64_t old_position(const struct rest_position *old, size_t n, const struct plog *log, unsigned partition)
{
    for (size_t i = 0; i < n; i++)
        if (old[i].log == log && old[i].partition == partition)
            return old[i].next;
    return -1;
}

void rest_consumers_join(struct call *c, struct rest_consumer *i)
{
    size_t n, n_old = i->n_positions;
    if (i->manual)
        return;
    struct rest_position *old = arena_alloc(c->arena, (n_old + 1) * sizeof *old);
    if (n_old)
        memcpy(old, i->positions, n_old * sizeof *old);
    i->n_positions = 0;
    struct plog **logs = plog_set_list(cloud_topics(c->cloud), &n);
    for (size_t k = 0; k < n; k++) {
        unsigned rank, members, partitions = plog_partitions(logs[k]);
        if (!subscribes(i, plog_name(logs[k])))
            continue;
        rank_of(c, i, plog_name(logs[k]), &rank, &members);
        unsigned each = partitions / members, more = partitions % members;
        unsigned from = rank * each + (rank < more ? rank : more), count = each + (rank < more);
        for (unsigned p = from; p < from + count; p++)
            add_position(c, i, logs[k], p, old_position(old, n_old, logs[k], p));
    }
    free(logs);
}

/* ---- create, delete ---- */

static cJSON *read_body(struct call *c, bool may_be_absent)
{
    struct str body = str_trim(c->request->body);
    if (!body.n && may_be_absent)
        return cJSON_CreateObject();
    cJSON *doc = json_valid(body) ? cJSON_ParseWithLength(body.p, body.n) : NULL;
    if (cJSON_IsObject(doc))
        return doc;
    cJSON_Delete(doc);
    call_fail(c, body.n ? 400 : 422, body.n ? "400" : "422", body.n ? "Malformed JSON: expected an object"
              : "Payload error. Request body is empty. Data is required.");
    return NULL;
}

struct wish {
    struct str name, format, reset;
    bool auto_commit;
    int64_t timeout_ms;
};

static int read_wish(struct call *c, const cJSON *doc, struct wish *ret)
{
    const cJSON *v;
    *ret = (struct wish){ .format = S("binary"), .reset = S("latest"), .auto_commit = true, .timeout_ms = 1000 };
    cJSON_ArrayForEach(v, doc)
    {
        const char *name = v->string;
        struct str text = cJSON_IsString(v) ? arena_dup(c->arena, str_of(v->valuestring))
                          : cJSON_IsNumber(v) ? arena_f(c->arena, "%.0f", v->valuedouble)
                          : cJSON_IsTrue(v) ? S("true") : S("false");
        int64_t number = 0;
        if (cJSON_IsNull(v))
            continue;
        if (!strcmp(name, "name") || !strcmp(name, "id")) {
            ret->name = text;
        } else if (!strcmp(name, "format")) {
            ret->format = text;
        } else if (!strcmp(name, "auto.offset.reset")) {
            ret->reset = text;
        } else if (!strcmp(name, "auto.commit.enable")) {
            ret->auto_commit = str_eq_nocase(text, S("true"));
        } else if (!strcmp(name, "fetch.min.bytes") || !strcmp(name, "responseMinBytes") ||
                   !strcmp(name, "consumer.request.timeout.ms") || !strcmp(name, "requestWaitMs")) {
            if (!str_to_i64(text, &number) || number < -1)
                return call_fail(c, 422, "42204", "Invalid consumer configuration: Invalid value " STR_F
                                 " for configuration %s: Not a number of type INT", STR_A(str_head(text, 100)), name);
            if (!strcmp(name, "consumer.request.timeout.ms") || !strcmp(name, "requestWaitMs"))
                ret->timeout_ms = number < 0 ? 0 : number;
        } else {
            return call_fail(c, 422, "422", "Unrecognized field: %.200s", name);
        }
    }
    return 0;
}

static enum rest_media format_of(struct str name)
{
    for (enum rest_media m = REST_MEDIA_BINARY; m <= REST_MEDIA_PROTOBUF; m++)
        if (str_eq_nocase(name, str_of(rest_media_name(m))))
            return m;
    return REST_MEDIA_OTHER;
}

static int check_wish(struct call *c, const struct wish *w, enum rest_media format)
{
    if (format == REST_MEDIA_OTHER)
        return call_fail(c, 422, "422", "Invalid format type.");
    if (format != REST_MEDIA_BINARY && format != REST_MEDIA_JSON)
        return call_fail(c, 501, "501", "format " STR_F " needs a Schema Registry, which this proxy has not",
                         STR_A(w->format));
    if (!str_is(w->reset, "latest") && !str_is(w->reset, "earliest") && !str_is(w->reset, "none"))
        return call_fail(c, 422, "42204", "Invalid consumer configuration: Invalid value " STR_F " for configuration "
                         "auto.offset.reset: String must be one of: latest, earliest, none",
                         STR_A(str_head(w->reset, 100)));
    return 0;
}

static int add_instance(struct call *c, const struct wish *w, enum rest_media format)
{
    struct rest_consumers *s = set_of(c);
    struct str group = ((struct rest_args *)c->args)->group, key = instance_key(c, group, w->name);
    int result = 0;
    pthread_mutex_lock(&s->lock);
    const struct rest_consumer *same = map_get(&s->instances, key);
    if (same && now_ms(c) - same->last_used_ms > INSTANCE_TIMEOUT_MS) {
        consumer_close(map_remove(&s->instances, key));
        same = NULL;
    }
    if (same) {
        result = call_fail(c, 409, "40902", "Consumer with specified consumer ID already exists in the specified consumer "
                           "group.");
    } else if (s->instances.n_live >= MAX_INSTANCES) {
        result = call_fail(c, 429, "42901", "more than %d consumer instances", MAX_INSTANCES);
    } else {
        struct rest_consumer *i = mem_zero(sizeof *i);
        i->group = (struct str){ mem_dup(group), group.n };
        i->id = (struct str){ mem_dup(w->name), w->name.n };
        i->format = format;
        i->latest = str_is(w->reset, "latest");
        i->none = str_is(w->reset, "none");
        i->auto_commit = w->auto_commit;
        i->timeout_ms = w->timeout_ms;
        i->last_used_ms = now_ms(c);
        map_put(&s->instances, key, i);
    }
    pthread_mutex_unlock(&s->lock);
    return result;
}

int rest_consumers_create(struct call *c)
{
    struct wish w;
    struct str group = ((struct rest_args *)c->args)->group;
    cJSON *doc = read_body(c, true);
    if (!doc)
        return -1;
    int bad = read_wish(c, doc, &w);
    cJSON_Delete(doc);
    enum rest_media format = bad ? REST_MEDIA_OTHER : format_of(w.format);
    if (bad || check_wish(c, &w, format))
        return -1;
    if (!w.name.n) {
        struct str uuid = cloud_uuid(c->cloud, c->arena);
        w.name = arena_f(c->arena, "rest-consumer-" STR_F, STR_A(uuid));
    }
    if (add_instance(c, &w, format))
        return -1;
    struct str host = http_request_header(c->request, "Host");
    if (!host.n)
        host = S("localhost:8082");
    c->resource = arena_f(c->arena, STR_F "/" STR_F, STR_A(group), STR_A(w.name));
    buf_z(call_body(c), "{\"instance_id\":");
    json_put_text(call_body(c), w.name);
    buf_z(call_body(c), ",\"base_uri\":");
    json_put_text(call_body(c), arena_f(c->arena, "http://" STR_F "/consumers/" STR_F "/instances/" STR_F, STR_A(host),
                                        STR_A(group), STR_A(w.name)));
    buf_c(call_body(c), '}');
    return 0;
}

static int no_content(struct call *c)
{
    rest_consumers_unlock(c);
    c->reply->status = 204;
    return 0;
}

int rest_consumers_delete(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    if (!i)
        return -1;
    if (i->auto_commit)
        rest_consumers_commit_all(c, i);
    map_remove(&set_of(c)->instances, instance_key(c, i->group, i->id));
    consumer_close(i);
    return no_content(c);
}

/* ---- subscriptions ---- */

/* Makes a change of the instance, if the document was good; the document is deleted. */
static int change(struct call *c, cJSON *doc, bool good, int (*how)(struct call *, struct rest_consumer *, const cJSON *))
{
    struct rest_consumer *i = good ? rest_consumers_lock(c) : NULL;
    int result = i ? how(c, i, doc) : -1;
    if (i)
        rest_consumers_unlock(c);
    cJSON_Delete(doc);
    if (result == 0)
        c->reply->status = 204;
    return result;
}

/* A member that is absent may be null as well. */
static const cJSON *given(const cJSON *doc, const char *name)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(doc, name);
    return cJSON_IsNull(v) ? NULL : v;
}

static int subscribe_to(struct call *c, struct rest_consumer *i, const cJSON *doc)
{
    const cJSON *topics = given(doc, "topics"), *pattern = given(doc, "topic_pattern");
    if (i->manual || (topics && pattern))
        return call_fail(c, 409, "40903", EXCLUSIVE);
    struct err e;
    struct arena memory = ARENA_INIT;
    struct jregex *compiled = pattern ? jregex_compile(&memory, str_of(pattern->valuestring), &e) : NULL;
    if (pattern && !compiled) {
        arena_release(&memory);
        return call_fail(c, 422, "40001", "Invalid consumer configuration. It does not abide by the constraints: "
                         "topic_pattern is no regular expression: %s", e.message);
    }
    consumer_unsubscribe(i);
    i->memory = memory;
    i->pattern = compiled;
    const cJSON *v;
    cJSON_ArrayForEach(v, topics) map_put(&i->topics, str_of(v->valuestring), i);
    return 0;
}

int rest_consumers_subscribe(struct call *c)
{
    cJSON *doc = read_body(c, false);
    if (!doc)
        return -1;
    const cJSON *topics = given(doc, "topics"), *pattern = given(doc, "topic_pattern"), *v;
    bool bad = (topics && !cJSON_IsArray(topics)) || (pattern && !cJSON_IsString(pattern)) || (!topics && !pattern);
    cJSON_ArrayForEach(v, topics) bad |= !cJSON_IsString(v);
    if (bad)
        call_fail(c, 422, "422", "Expected {\"topics\":[\"name\"]} or {\"topic_pattern\":\"expression\"}");
    return change(c, doc, !bad, subscribe_to);
}

int rest_consumers_subscription(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    struct buf *out = call_body(c);
    size_t at = 0, n = 0;
    if (!i)
        return -1;
    buf_z(out, "{\"topics\":[");
    for (struct map_entry *m; (m = map_next(&i->topics, &at)); n++) {
        if (n)
            buf_c(out, ',');
        json_put_text(out, m->key);
    }
    for (size_t k = 0; i->pattern && k < i->n_positions; k++)
        if (i->positions[k].partition == 0) {
            buf_z(out, n++ ? "," : "");
            json_put_text(out, str_of(plog_name(i->positions[k].log)));
        }
    buf_z(out, "]}");
    rest_consumers_unlock(c);
    return 0;
}

int rest_consumers_unsubscribe(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    if (!i)
        return -1;
    consumer_unsubscribe(i);
    return no_content(c);
}

/* ---- assignments ---- */

static int assign(struct call *c, struct rest_consumer *i, const cJSON *doc)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(doc, "partitions"), *v;
    if (i->pattern || i->topics.n_live)
        return call_fail(c, 409, "40903", EXCLUSIVE);
    consumer_unsubscribe(i);
    i->manual = true;
    cJSON_ArrayForEach(v, list)
    {
        const cJSON *topic = cJSON_GetObjectItemCaseSensitive(v, "topic");
        const cJSON *partition = cJSON_GetObjectItemCaseSensitive(v, "partition");
        if (!cJSON_IsString(topic) || !cJSON_IsNumber(partition))
            return call_fail(c, 422, "422", "partitions: expected {\"topic\":\"name\",\"partition\":0}");
        struct plog *log = plog_set_find(cloud_topics(c->cloud), str_of(topic->valuestring));
        if (!log)
            return call_fail(c, 404, "40401", "Topic not found.");
        if (partition->valuedouble < 0 || partition->valuedouble >= plog_partitions(log))
            return call_fail(c, 404, "40402", "Partition not found.");
        add_position(c, i, log, (unsigned)partition->valuedouble, -1);
    }
    return 0;
}

int rest_consumers_assign(struct call *c)
{
    cJSON *doc = read_body(c, false);
    if (!doc)
        return -1;
    bool good = cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(doc, "partitions"));
    if (!good)
        call_fail(c, 422, "422", "partitions must not be null (was null)");
    return change(c, doc, good, assign);
}

int rest_consumers_assignments(struct call *c)
{
    struct rest_consumer *i = rest_consumers_lock(c);
    struct buf *out = call_body(c);
    if (!i)
        return -1;
    buf_z(out, "{\"partitions\":[");
    for (size_t k = 0; k < i->n_positions; k++) {
        buf_z(out, k ? ",{\"topic\":" : "{\"topic\":");
        json_put_text(out, str_of(plog_name(i->positions[k].log)));
        buf_f(out, ",\"partition\":%u}", i->positions[k].partition);
    }
    buf_z(out, "]}");
    rest_consumers_unlock(c);
    return 0;
}
