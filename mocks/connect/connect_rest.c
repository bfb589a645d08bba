/* connect_rest.c - connectors over REST: create, read, change, pause, restart, delete. Shapes and texts are those of
 * Kafka 2.8.1's worker ("Kafka Connect REST Interface"). */
#include <cjson/cJSON.h>
#include <stdio.h>

#include "base/json.h"
#include "mocks/connect/worker.h"

static const char *const state_names[] = { [TASK_UNASSIGNED] = "UNASSIGNED", [TASK_RUNNING] = "RUNNING",
                                           [TASK_PAUSED] = "PAUSED", [TASK_FAILED] = "FAILED" };

static struct worker *worker_of(struct call *c) { return c->state; }
static struct str name_of(struct call *c) { return ((struct connect_args *)c->args)->name; }

/* Locks; the connector the path names, or NULL with the error filled and the lock released. */
static struct connector *lock_connector(struct call *c, const char *not_found)
{
    struct worker *w = worker_of(c);
    pthread_mutex_lock(&w->lock);
    struct connector *found = worker_find(w, name_of(c));
    if (found)
        return found;
    pthread_mutex_unlock(&w->lock);
    call_fail(c, 404, "404", not_found, STR_A(str_head(name_of(c), 300)));
    return NULL;
}

static struct connector *lock_known(struct call *c) { return lock_connector(c, "Connector " STR_F " not found"); }
static void unlock(struct call *c) { pthread_mutex_unlock(&worker_of(c)->lock); }

/* ---- printing ---- */

static bool is_secret(const struct property *p)
{
    const struct setting *s = connect_settings_find(p->key);
    return s && s->type == SETTING_PASSWORD;
}

static void put_config(struct buf *out, const struct connector *c, bool as_task)
{
    buf_c(out, '{');
    for (size_t i = 0; i < c->config->given.n; i++) {
        const struct property *p = &c->config->given.at[i];
        if (i)
            buf_c(out, ',');
        json_put_text(out, p->key);
        buf_c(out, ':');
        json_put_text(out, as_task && is_secret(p) ? S("[hidden]") : p->value);
    }
    if (as_task)
        buf_z(out, ",\"task.class\":\"io.confluent.connect.s3.S3SinkTask\"");
    buf_c(out, '}');
}

static void put_info(struct buf *out, const struct connector *c)
{
    buf_z(out, "{\"name\":");
    json_put_text(out, c->config->name);
    buf_z(out, ",\"config\":");
    put_config(out, c, false);
    buf_z(out, ",\"tasks\":[");
    for (unsigned i = 0; i < c->config->tasks_max; i++) {
        buf_z(out, i ? ",{\"connector\":" : "{\"connector\":");
        json_put_text(out, c->config->name);
        buf_f(out, ",\"task\":%u}", i);
    }
    buf_z(out, "],\"type\":\"sink\"}");
}

static void put_worker_id(struct buf *out, struct call *c)
{
    uint16_t port = cloud_port(worker_of(c)->cloud, "connect");
    buf_f(out, "\"worker_id\":\"127.0.0.1:%u\"", port ? port : 8083);
}

static void put_task(struct buf *out, struct call *call, const struct connector *c, unsigned i)
{
    const struct task *t = &c->tasks[i];
    enum task_state state = c->paused && t->state != TASK_FAILED ? TASK_PAUSED : t->state;
    buf_f(out, "{\"id\":%u,\"state\":\"%s\",", i, state_names[state]);
    put_worker_id(out, call);
    if (t->trace) {
        buf_z(out, ",\"trace\":");
        json_put_text(out, str_of(t->trace));
    }
    buf_c(out, '}');
}

static void put_status(struct buf *out, struct call *call, const struct connector *c)
{
    buf_z(out, "{\"name\":");
    json_put_text(out, c->config->name);
    buf_f(out, ",\"connector\":{\"state\":\"%s\",", c->paused ? "PAUSED" : "RUNNING");
    put_worker_id(out, call);
    buf_z(out, "},\"tasks\":[");
    for (unsigned i = 0; i < c->config->tasks_max; i++) {
        if (i)
            buf_c(out, ',');
        put_task(out, call, c, i);
    }
    buf_z(out, "],\"type\":\"sink\"}");
}

/* ---- reading a configuration from JSON ---- */

/* A flat object of texts; numbers and truths are taken as their text, null is as good as absent. */
static int read_pairs(struct call *c, const cJSON *object, struct properties *ret)
{
    const cJSON *v;
    ret->at = ARENA_ARRAY(c->arena, struct property, (size_t)cJSON_GetArraySize(object) + 1);
    ret->n = 0;
    cJSON_ArrayForEach(v, object)
    {
        struct str text;
        if (cJSON_IsNull(v))
            continue;
        if (cJSON_IsString(v))
            text = str_of(v->valuestring);
        else if (cJSON_IsBool(v))
            text = cJSON_IsTrue(v) ? S("true") : S("false");
        else if (cJSON_IsNumber(v))
            text = arena_f(c->arena, "%.15g", v->valuedouble);
        else
            return call_fail(c, 400, "400", "Cannot deserialize value of type `java.lang.String` for configuration "
                             "\"%s\": expected a text", v->string);
        ret->at[ret->n++] = (struct property){ arena_dup(c->arena, str_of(v->string)), arena_dup(c->arena, text), 0 };
    }
    return 0;
}

static cJSON *parse_object(struct call *c)
{
    struct str body = c->request->body;
    cJSON *doc = json_valid(body) ? cJSON_ParseWithLength(body.p, body.n) : NULL;
    if (cJSON_IsObject(doc))
        return doc;
    cJSON_Delete(doc);
    struct json_reader r;
    struct json ignored;
    json_open(&r, body);
    if (json_read(&r, &ignored) || json_close(&r)) {
        struct str where = json_where(&r, c->arena);
        call_fail(c, 400, "400", "Malformed JSON: " STR_F, STR_A(where));
    } else {
        call_fail(c, 400, "400", "Malformed JSON: expected an object");
    }
    return NULL;
}

static bool name_valid(struct str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < 0x20)
            return false;
    return name.n > 0 && name.n <= 249 && str_eq(name, str_trim(name));
}

/* Checks and registers; on success the connector's info is the answer. */
static int put_connector(struct call *c, struct str name, struct properties *given, bool replace)
{
    struct worker *w = worker_of(c);
    struct config_mistakes m = { .arena = c->arena };
    struct str inner = properties_get(given, "name");
    bool is_new = false;
    if (!name_valid(name))
        return call_fail(c, 400, "400", "Connector name '" STR_F "' is illegal", STR_A(str_head(name, 300)));
    if (inner.p && !str_eq(inner, name))
        return call_fail(c, 400, "400", "Connector name configuration (" STR_F ") doesn't match connector name in the %s ("
                         STR_F ")", STR_A(str_head(inner, 300)), replace ? "URL" : "request", STR_A(name));
    struct connect_config *config = worker_read_config(given, name, w->java_order, &m);
    if (!config) {
        struct str all = connect_config_complaint(&m, c->arena);
        return call_fail(c, 400, "400", STR_F, STR_A(all));
    }
    struct err e;
    if (!worker_add(w, config, replace, &is_new, &e))
        return call_fail(c, e.status, e.code, "%s", e.message);
    c->reply->status = is_new ? 201 : 200;
    if (is_new) {
        struct buf path = BUF_INIT;
        buf_z(&path, "/connectors/");
        buf_str_add(&path, name);
        call_header(c, "Location", buf_str(&path));
        buf_release(&path);
    }
    pthread_mutex_lock(&w->lock);
    const struct connector *now = worker_find(w, name);
    if (now)
        put_info(call_body(c), now);
    pthread_mutex_unlock(&w->lock);
    return 0;
}

/* ---- actions ---- */

int connect_rest_root(struct call *c)
{
    buf_z(call_body(c), "{\"version\":\"2.8.1\",\"commit\":\"839b886f9b732b15\",\"kafka_cluster_id\":"
                        "\"weirbox-local-cluster\"}");
    return 0;
}

int connect_rest_list(struct call *c)
{
    struct worker *w = worker_of(c);
    struct buf *out = call_body(c);
    bool status = false, info = false;
    for (struct str rest = c->request->query; rest.p;) {
        struct str one = str_cut(&rest, '&');
        status |= str_is(one, "expand=status");
        info |= str_is(one, "expand=info");
    }
    bool expand = status || info;
    size_t i = 0, n = 0;
    buf_c(out, expand ? '{' : '[');
    pthread_mutex_lock(&w->lock);
    for (struct map_entry *m; (m = map_next(&w->connectors, &i)); n++) {
        if (n)
            buf_c(out, ',');
        json_put_text(out, m->key);
        if (!expand)
            continue;
        buf_z(out, ":{");
        if (status) {
            buf_z(out, "\"status\":");
            put_status(out, c, m->value);
        }
        if (info) {
            buf_z(out, status ? ",\"info\":" : "\"info\":");
            put_info(out, m->value);
        }
        buf_c(out, '}');
    }
    pthread_mutex_unlock(&w->lock);
    buf_c(out, expand ? '}' : ']');
    return 0;
}

int connect_rest_create(struct call *c)
{
    cJSON *doc = parse_object(c);
    if (!doc)
        return -1;
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(doc, "name");
    const cJSON *config = cJSON_GetObjectItemCaseSensitive(doc, "config"), *v;
    struct properties given = { 0 };
    int result = 0;
    cJSON_ArrayForEach(v, doc)
    {
        if (v != name && v != config && !result)
            result = call_fail(c, 400, "400", "Unrecognized field \"%.200s\": a request has \"name\" and \"config\"",
                               v->string);
    }
    if (!result && !cJSON_IsObject(config))
        result = call_fail(c, 400, "400", "The request has no \"config\" object");
    if (!result)
        result = read_pairs(c, config, &given);
    struct str text = cJSON_IsString(name) ? arena_dup(c->arena, str_of(name->valuestring))
                                           : properties_get(&given, "name");
    c->resource = text;
    if (!result)
        result = put_connector(c, text, &given, false);
    cJSON_Delete(doc);
    return result;
}

int connect_rest_put_config(struct call *c)
{
    struct properties given = { 0 };
    cJSON *doc = parse_object(c);
    if (!doc)
        return -1;
    int result = read_pairs(c, doc, &given);
    if (!result)
        result = put_connector(c, name_of(c), &given, true);
    cJSON_Delete(doc);
    return result;
}

int connect_rest_get(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    put_info(call_body(c), found);
    unlock(c);
    return 0;
}

int connect_rest_config(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    put_config(call_body(c), found, false);
    unlock(c);
    return 0;
}

int connect_rest_delete(struct call *c)
{
    if (!worker_remove(worker_of(c), name_of(c)))
        return call_fail(c, 404, "404", "Connector " STR_F " not found", STR_A(str_head(name_of(c), 300)));
    c->reply->status = 204;
    return 0;
}

int connect_rest_status(struct call *c)
{
    struct connector *found = lock_connector(c, "No status found for connector " STR_F);
    if (!found)
        return -1;
    put_status(call_body(c), c, found);
    unlock(c);
    return 0;
}

int connect_rest_tasks(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    struct buf *out = call_body(c);
    buf_c(out, '[');
    for (unsigned i = 0; i < found->config->tasks_max; i++) {
        buf_z(out, i ? ",{\"id\":{\"connector\":" : "{\"id\":{\"connector\":");
        json_put_text(out, found->config->name);
        buf_f(out, ",\"task\":%u},\"config\":", i);
        put_config(out, found, true);
        buf_c(out, '}');
    }
    buf_c(out, ']');
    unlock(c);
    return 0;
}

int connect_rest_tasks_config(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    struct buf *out = call_body(c);
    buf_c(out, '{');
    for (unsigned i = 0; i < found->config->tasks_max; i++) {
        if (i)
            buf_c(out, ',');
        json_put_text(out, arena_f(c->arena, STR_F "-%u", STR_A(found->config->name), i));
        buf_c(out, ':');
        put_config(out, found, true);
    }
    buf_c(out, '}');
    unlock(c);
    return 0;
}

/* The task the path names; NULL with the lock released. */
static struct connector *lock_task(struct call *c, unsigned *ret_task, const char *not_found)
{
    int64_t task = ((struct connect_args *)c->args)->task;
    struct connector *found = lock_known(c);
    if (found && task >= found->config->tasks_max) {
        unlock(c);
        call_fail(c, 404, "404", "%s " STR_F "-%lld", not_found, STR_A(str_head(name_of(c), 300)), (long long)task);
        return NULL;
    }
    *ret_task = (unsigned)task;
    return found;
}

int connect_rest_task_status(struct call *c)
{
    unsigned task;
    struct connector *found = lock_task(c, &task, "No status found for task");
    if (!found)
        return -1;
    put_task(call_body(c), c, found, task);
    unlock(c);
    return 0;
}

int connect_rest_restart_task(struct call *c)
{
    unsigned task;
    struct connector *found = lock_task(c, &task, "Unknown task:");
    if (!found)
        return -1;
    found->tasks[task].restart = true;
    worker_look_again(worker_of(c));
    unlock(c);
    c->reply->status = 204;
    return 0;
}

/* Restarts the connector, as 2.8 does: tasks that failed stay so until they are restarted themselves. */
int connect_rest_restart(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    unlock(c);
    c->reply->status = 204;
    return 0;
}

static int set_paused(struct call *c, bool paused)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    found->paused = paused;
    worker_look_again(worker_of(c));
    unlock(c);
    c->reply->status = 202;
    return 0;
}

int connect_rest_pause(struct call *c) { return set_paused(c, true); }
int connect_rest_resume(struct call *c) { return set_paused(c, false); }

int connect_rest_topics(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    struct buf *out = call_body(c);
    size_t i = 0, n = 0;
    buf_c(out, '{');
    json_put_text(out, found->config->name);
    buf_z(out, ":{\"topics\":[");
    for (struct map_entry *m; (m = map_next(&found->topics, &i)); n++) {
        if (n)
            buf_c(out, ',');
        json_put_text(out, m->key);
    }
    buf_z(out, "]}}");
    unlock(c);
    return 0;
}

int connect_rest_reset_topics(struct call *c)
{
    struct connector *found = lock_known(c);
    if (!found)
        return -1;
    map_release(&found->topics);
    found->topics = MAP_INIT;
    unlock(c);
    return 0;
}
