/* connect.c - the worker's REST interface as a table: which request is which action.
 *
 *   {task} stands for a number, else the path is unknown.
 */
#include "mocks/connect/connect.h"

#include "mocks/cloud/jersey.h"
#include "mocks/cloud/pathmap.h"
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

static const struct action *route(struct call *c)
{
    struct pathmap m;
    struct connect_args *args = ARENA_NEW(c->arena, struct connect_args);
    const struct action *a = pathmap_find(actions, N_ACTIONS, c->request->method, c->request->path, &m);
    c->args = args;
    if (!a || !pathmap_number(&m, "task", &args->task)) {
        jersey_refuse(c, !a && m.path_known ? 405 : 404);
        return NULL;
    }
    args->name = pathmap_text(&m, "name", c->arena);
    if (!args->name.p)
        args->name = pathmap_text(&m, "class", c->arena);
    c->resource = args->name;
    struct str type = http_request_header(c->request, "Content-Type"), media = str_trim(str_cut(&type, ';'));
    if (c->request->body.n && media.n && !str_eq_nocase(media, S("application/json"))) {
        jersey_refuse(c, 415);
        return NULL;
    }
    return a;
}

/* ---- headers ---- */

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
    .phrase = jersey_phrase,
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

bool connect_where(void *state, const char *topic, struct arena *a, const char **ret_bucket, const char **ret_topics_dir)
{
    return worker_where(state, topic, a, ret_bucket, ret_topics_dir);
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
