/* connect.c - the worker's REST interface as a table: which request is which action, and how errors look.
 *
 *   {name}, {class} stand for one path segment each; {task} for a number, else the path is unknown.
 */
#include "mocks/connect/connect.h"

#include <stdio.h>

#include "base/codec.h"
#include "base/json.h"
#include "mocks/connect/worker.h"

#define ONE "/connectors/{name}"

static const struct action actions[] = {
    { .name = "GetWorker", .match = "GET /", .run = connect_rest_root },
    { .name = "ListConnectors", .match = "GET /connectors", .run = connect_rest_list },
    { .name = "CreateConnector", .match = "POST /connectors", .run = connect_rest_create },
    { .name = "GetConnector", .match = "GET " ONE, .run = connect_rest_get },
    { .name = "DeleteConnector", .match = "DELETE " ONE, .run = connect_rest_delete },
    { .name = "GetConnectorConfig", .match = "GET " ONE "/config", .run = connect_rest_config },
    { .name = "PutConnectorConfig", .match = "PUT " ONE "/config", .run = connect_rest_put_config },
    { .name = "GetConnectorStatus", .match = "GET " ONE "/status", .run = connect_rest_status },
    { .name = "RestartConnector", .match = "POST " ONE "/restart", .run = connect_rest_restart },
    { .name = "PauseConnector", .match = "PUT " ONE "/pause", .run = connect_rest_pause },
    { .name = "ResumeConnector", .match = "PUT " ONE "/resume", .run = connect_rest_resume },
    { .name = "ListTasks", .match = "GET " ONE "/tasks", .run = connect_rest_tasks },
    { .name = "GetTasksConfig", .match = "GET " ONE "/tasks-config", .run = connect_rest_tasks_config },
    { .name = "GetTaskStatus", .match = "GET " ONE "/tasks/{task}/status", .run = connect_rest_task_status },
    { .name = "RestartTask", .match = "POST " ONE "/tasks/{task}/restart", .run = connect_rest_restart_task },
    { .name = "GetConnectorTopics", .match = "GET " ONE "/topics", .run = connect_rest_topics },
    { .name = "ResetConnectorTopics", .match = "PUT " ONE "/topics/reset", .run = connect_rest_reset_topics },
    { .name = "ListPlugins", .match = "GET /connector-plugins", .run = connect_plugins_list },
    { .name = "ValidateConfig", .match = "PUT /connector-plugins/{class}/config/validate",
      .run = connect_plugins_validate },
    { .name = "ListLoggers", .match = "GET /admin/loggers" },
    { .name = "GetLogger", .match = "GET /admin/loggers/{name}" },
    { .name = "PutLogger", .match = "PUT /admin/loggers/{name}" },
};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

/* ---- routing ---- */

static bool take_part(struct call *c, struct str name, struct str segment, struct connect_args *args)
{
    if (!segment.n)
        return false;
    if (str_is(name, "{task}"))
        return str_to_i64(segment, &args->task) && args->task >= 0 && args->task <= INT32_MAX;
    struct buf plain = BUF_INIT;
    codec_unpercent(&plain, segment, false);
    args->name = arena_dup(c->arena, buf_str(&plain));
    buf_release(&plain);
    return true;
}

static bool path_fits(struct call *c, struct str template, struct str path, struct connect_args *args)
{
    *args = (struct connect_args){ 0 };
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

static const struct action *route(struct call *c)
{
    struct connect_args *args = ARENA_NEW(c->arena, struct connect_args);
    bool path_known = false;
    c->args = args;
    for (size_t i = 0; i < N_ACTIONS; i++) {
        struct str template = str_of(actions[i].match), method = str_cut(&template, ' ');
        if (!path_fits(c, template, c->request->path, args))
            continue;
        path_known = true;
        if (!str_eq(method, c->request->method))
            continue;
        c->resource = args->name;
        struct str type = http_request_header(c->request, "Content-Type"), media = str_trim(str_cut(&type, ';'));
        if (c->request->body.n && media.n && !str_eq_nocase(media, S("application/json"))) {
            call_fail(c, 415, "415", "HTTP 415 Unsupported Media Type");
            return NULL;
        }
        return &actions[i];
    }
    int status = path_known ? 405 : 404;
    call_fail(c, status, path_known ? "405" : "404", "HTTP %d %s", status, http_status_text(status));
    return NULL;
}

/* ---- errors and headers ---- */

static void phrase(struct call *c)
{
    int64_t code;
    if (!str_to_i64(str_of(c->err.code), &code))
        code = c->err.status;
    c->reply->status = c->err.status;
    buf_f(call_body(c), "{\"error_code\":%lld,\"message\":", (long long)code);
    json_put_text(call_body(c), str_of(c->err.message));
    buf_c(call_body(c), '}');
}

static void finish(struct call *c)
{
    if (http_reply_body(c->reply).n)
        call_header(c, "Content-Type", S("application/json"));
}

/* ---- life ---- */

static void describe(void *state, struct buf *out)
{
    struct worker *w = state;
    size_t i = 0, failed = 0;
    pthread_mutex_lock(&w->lock);
    for (struct map_entry *m; (m = map_next(&w->connectors, &i));) {
        const struct connector *c = m->value;
        for (unsigned k = 0; k < c->config->tasks_max; k++)
            failed += c->tasks[k].state == TASK_FAILED;
    }
    buf_f(out, "\"connectors\":%zu,\"failed_tasks\":%zu,\"records\":%llu,\"objects\":%llu,\"skipped\":%llu",
          w->connectors.n_live, failed, (unsigned long long)atomic_load(&w->records),
          (unsigned long long)atomic_load(&w->objects), (unsigned long long)atomic_load(&w->skipped));
    pthread_mutex_unlock(&w->lock);
}

const struct service connect_service = {
    .name = "connect",
    .title = "Kafka Connect",
    .actions = actions,
    .n_actions = N_ACTIONS,
    .port = 8083,
    .max_body_bytes = 4 * 1024 * 1024,
    .throttle = { 429, "429", "Too Many Requests" },
    .route = route,
    .phrase = phrase,
    .finish = finish,
    .open = worker_open,
    .close = worker_close,
    .reset = worker_reset,
    .settle = worker_settle,
    .describe = describe,
};

int64_t connect_committed(void *state, const char *connector, const char *topic, unsigned partition)
{
    return worker_committed(state, connector, topic, partition);
}

int connect_check(struct str text, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct properties given;
    struct config_mistakes m = { .arena = &a };
    struct connect_config *config = NULL;
    if (properties_parse(text, &a, &given, e) == 0 && !(config = worker_read_config(&given, S("s3-sink"), true, &m))) {
        struct str all = connect_config_summary(&m, &a);
        err_set(e, 400, "CONNECTOR_INVALID", STR_F, STR_A(all));
    }
    connect_config_close(config);
    arena_release(&a);
    return config ? 0 : -1;
}
