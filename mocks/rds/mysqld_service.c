/* mysqld_service.c - the mock RDS as a service of a cloud, and its settings.
 *
 *   rds.tables_dir       the user's own tables instead of synthetic ones      rds.seed    of the synthetic ones; 100
 *   rds.users            NAME:PASSWORD,…: only these may log in, and only to pinterest_data; not given: anybody, to any
 *   rds.version          what the server says it is; 8.0.36                   rds.max_connections   16384
 *   rds.auth_plugin      of the greeting: caching_sha2_password, or mysql_native_password for very old clients
 */
#include <stdlib.h>

#include "base/json.h"
#include "mocks/rds/mysqld.h"

enum { PORT = 3306, OTHER_PORT = 13306, DEFAULT_SEED = 100, DEFAULT_CONNECTIONS = 16384 };

/* ---- through dispatch ---- */

static const struct action *route(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    if (!m) {
        call_fail(c, 501, "NotImplemented", "rds speaks MySQL's protocol on its own port, not HTTP");
        return NULL;
    }
    m->call = c;
    c->resource = m->action && mysqld_command_is_text(m->action) ? m->payload : S("");
    if (!m->action)
        mysqld_error(&c->err, MYSQL_UNKNOWN_COMMAND, "Unknown command");
    return m->action;
}

static void phrase(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    if (!m) {
        buf_z(call_body(c), "{\"message\":");
        json_put_text(call_body(c), str_of(c->err.message));
        buf_c(call_body(c), '}');
        return;
    }
    struct mysqld_writer w = mysqld_command_writer(m);
    if (c->err.status == 501)
        mysqld_error(&c->err, MYSQL_UNKNOWN_COMMAND, "Unknown command");
    mysqld_put_error(&w, &c->err);
}

/* ---- life ---- */

static int read_options(struct mysqld_state *s, struct rds_options *o, struct err *e)
{
    const char *seed = cloud_setting(s->cloud, "rds.seed");
    int64_t number = DEFAULT_SEED;
    if (seed && !str_to_i64(str_of(seed), &number))
        return err_set(e, 0, "SETTING_MALFORMED", "rds.seed: '%s' is no integer", seed);
    *o = (struct rds_options){ .seed = (uint64_t)number, .tables_dir = cloud_setting(s->cloud, "rds.tables_dir"),
                               .data_dir = cloud_data_dir(s->cloud), .skip_broken = cloud_setting_on(s->cloud, "rds.skip_broken", false) };
    return 0;
}

static int read_settings(struct mysqld_state *s, struct err *e)
{
    const char *plugin = cloud_setting(s->cloud, "rds.auth_plugin");
    const char *version = cloud_setting(s->cloud, "rds.version");
    if (plugin && strcmp(plugin, "caching_sha2_password") && strcmp(plugin, "mysql_native_password"))
        return err_set(e, 0, "SETTING_MALFORMED", "rds.auth_plugin: '%s' is neither caching_sha2_password nor mysql_native_password", plugin);
    s->version = version ? version : "8.0.36";
    s->plugin = plugin ? plugin : "caching_sha2_password";
    *e = (struct err){ 0 };
    s->users = mysqld_users_open(cloud_setting(s->cloud, "rds.users"), e);
    return e->code[0] ? -1 : 0;
}

static void close_state(void *state)
{
    struct mysqld_state *s = state;
    atomic_store(&s->closing, true);
    if (s->server)
        tcp_close(s->server);
    mysqld_lane_close(s->lane);
    for (int i = 0; i < MYSQL_WORKERS; i++)
        mysqld_engine_close(s->engines[i]);
    rds_close(s->rds);
    mysqld_users_close(s->users);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

static void *open_state(struct cloud *cloud, struct err *e)
{
    struct mysqld_state *s = mem_zero(sizeof *s);
    struct rds_options o;
    s->cloud = cloud;
    s->clock = cloud_clock(cloud);
    s->opened_ms = clock_now_ms(s->clock);
    pthread_mutex_init(&s->lock, NULL);
    if (read_options(s, &o, e) == 0 && read_settings(s, e) == 0) {
        s->rds = rds_open(&o);
        return s;
    }
    close_state(s);
    return NULL;
}

static int listen_state(void *state, const char *host, uint16_t port, uint16_t *ret_port, struct err *e)
{
    struct mysqld_state *s = state;
    const char *most = cloud_setting(s->cloud, "rds.max_connections");
    int64_t connections = DEFAULT_CONNECTIONS;
    if (most && (!str_to_i64(str_of(most), &connections) || connections < 1 || connections > 1000000))
        return err_set(e, 0, "SETTING_MALFORMED", "rds.max_connections: '%s' is no number of connections", most);
    const struct tcp_options o = { .clock = s->clock, .handler = &mysqld_session_handler, .ctx = s, .threads = MYSQL_WORKERS,
                                   .tls = cloud_tls(s->cloud), .max_frame_bytes = MYSQL_HEAD + MYSQL_LARGEST, .max_connections = (unsigned)connections };
    if (!s->lane && !(s->lane = mysqld_lane_open(s, e)))
        return -1;
    if (!s->server && !(s->server = tcp_open(&o, e)))
        return -1;
    if (tcp_listen(s->server, host, port, ret_port, e) == 0)
        return 0;
    bool taken = port == PORT && !strcmp(e->code, "PORT_IN_USE");
    return taken ? tcp_listen(s->server, host, OTHER_PORT, ret_port, e) : -1;
}

/* A file is filled anew when it does not carry the mark of its seed. */
static void unmark(struct rds *rds)
{
    struct err e;
    sqlite3 *db = NULL;
    const char *uri = rds_uri(rds, &e);
    if (uri && sqlite3_open_v2(uri, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, NULL) == SQLITE_OK)
        sqlite3_exec(db, "PRAGMA user_version=0", NULL, NULL, NULL);
    sqlite3_close(db);
}

/* The tables as they were at first. Engines notice by the generation, sessions keep their connection. */
static void reset_state(void *state)
{
    struct mysqld_state *s = state;
    struct rds_options o;
    struct err e;
    if (atomic_load(&s->data_epoch) == 0)
        return; /* nobody has changed anything */
    if (read_options(s, &o, &e))
        return;
    pthread_mutex_lock(&s->lock);
    if (o.data_dir)
        unmark(s->rds);
    rds_close(s->rds);
    s->rds = rds_open(&o);
    atomic_store(&s->ready, false);
    atomic_fetch_add(&s->generation, 1);
    atomic_fetch_add(&s->schema_epoch, 1);
    atomic_fetch_add(&s->data_epoch, 1);
    pthread_mutex_unlock(&s->lock);
}

static void describe(void *state, struct buf *out)
{
    struct mysqld_state *s = state;
    buf_f(out, "\"connections\":%llu,\"accepted\":%llu,\"commands\":%llu,\"filled\":%s", s->server ? (unsigned long long)tcp_connections(s->server) : 0,
          s->server ? (unsigned long long)tcp_accepted(s->server) : 0, (unsigned long long)atomic_load(&s->questions),
          atomic_load(&s->ready) ? "true" : "false");
}

const char *rds_service_uri(void *state, struct err *e)
{
    struct mysqld_state *s = state;
    pthread_mutex_lock(&s->lock);
    const char *uri = rds_uri(s->rds, e);
    pthread_mutex_unlock(&s->lock);
    return uri;
}

const struct service rds_service = {
    .name = "rds",
    .title = "Amazon RDS for MySQL",
    .scheme = "mysql",
    .actions = mysqld_command_actions,
    .n_actions = MYSQL_ACTIONS,
    .port = PORT,
    .throttle = { MYSQL_TOO_MANY_CONNECTIONS, "ER_CON_COUNT_ERROR", "Too many connections" },
    .route = route,
    .phrase = phrase,
    .open = open_state,
    .close = close_state,
    .reset = reset_state,
    .listen = listen_state,
    .describe = describe,
};
