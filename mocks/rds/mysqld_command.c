/* mysqld_command.c - the commands, one row each: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html
 *
 * Rows without a function are known and answered by error 1047, as a server answers what it does not know.
 */
#include "mocks/rds/mysqld.h"

static void put_ok(struct mysqld_command *m)
{
    struct mysqld_writer w = mysqld_command_writer(m);
    mysqld_put_ok(&w, 0, 0, mysqld_session_status(m->session), 0);
}

static int run_quit(struct call *c)
{
    mysqld_command_of(c)->close = true;
    return 0;
}

static int run_ping(struct call *c)
{
    put_ok(mysqld_command_of(c));
    return 0;
}

static int run_init_db(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    if (mysqld_session_use(m->session, m->payload, &c->err))
        return -1;
    put_ok(m);
    return 0;
}

static int run_query(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    m->sql = m->payload;
    return mysqld_run_call(m);
}

/* The columns of a table, each with its default. */
static int run_field_list(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    struct mysqld_statement *st = NULL;
    struct buf sql = BUF_INIT;
    unsigned n_params;
    struct str table = mysqld_get_z(&r);
    if (r.bad)
        return mysqld_error(&c->err, MYSQL_MALFORMED, "Malformed communication packet.");
    buf_z(&sql, "SELECT * FROM ");
    sqlfront_quote(&sql, table, '`');
    m->sql = arena_dup(&m->arena, buf_str(&sql));
    buf_release(&sql);
    enum mysqld_outcome o = mysqld_run_prepare(m, &st, &n_params, &c->err);
    if ((o == MYSQL_SLOW || o == MYSQL_BUSY) && !m->in_lane) {
        mysqld_lane_push(m->session->state->lane, m);
        return CALL_LATER;
    }
    if (o != MYSQL_DONE)
        return o;
    struct mysqld_writer w = mysqld_command_writer(m);
    const char *name = arena_z(&m->arena, table);
    for (size_t i = 0; i < st->n_columns; i++)
        mysqld_rows_put_column(&w, m->session->database, name, sqlite3_column_name(st->stmt, (int)i), &st->columns[i].type, true);
    mysqld_put_eof(&w, mysqld_session_status(m->session), 0);
    mysqld_engine_done(st);
    return 0;
}

static int run_statistics(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_state *s = m->session->state;
    struct mysqld_writer w = mysqld_command_writer(m);
    int64_t uptime_s = (clock_now_ms(s->clock) - s->opened_ms) / 1000;
    uint64_t questions = atomic_load(&s->questions);
    mysqld_begin(&w);
    buf_f(w.b, "Uptime: %lld  Threads: %llu  Questions: %llu  Slow queries: 0  Opens: 3  Flush tables: 1  Open tables: 3  Queries per second avg: %.3f",
          (long long)uptime_s, (unsigned long long)tcp_connections(s->server), (unsigned long long)questions,
          uptime_s > 0 ? (double)questions / (double)uptime_s : 0.0);
    mysqld_end(&w);
    return 0;
}

static int run_set_option(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    struct mysqld_writer w = mysqld_command_writer(m);
    uint64_t option = mysqld_get_int(&r, 2);
    if (r.bad || option > 1)
        return mysqld_error(&c->err, MYSQL_UNKNOWN_COMMAND, "Unknown command");
    mysqld_put_eof(&w, mysqld_session_status(m->session), 0);
    return 0;
}

static int run_reset_connection(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    mysqld_session_forget(m->session);
    put_ok(m);
    return 0;
}

static const struct {
    uint8_t number;
    bool silent; /* has no answer */
} numbers[MYSQL_ACTIONS] = {
    { 0, false },    { 0, false },    { 0x01, true },  { 0x02, false }, { 0x03, false }, { 0x04, false }, { 0x05, false },
    { 0x06, false }, { 0x07, false }, { 0x08, false }, { 0x09, false }, { 0x0a, false }, { 0x0c, false }, { 0x0d, false },
    { 0x0e, false }, { 0x11, false }, { 0x12, false }, { 0x15, false }, { 0x16, false }, { 0x17, false }, { 0x18, true },
    { 0x19, true },  { 0x1a, false }, { 0x1b, false }, { 0x1c, false }, { 0x1f, false },
};

const struct action mysqld_command_actions[MYSQL_ACTIONS] = {
    [MYSQL_ACTION_CONNECT] = { .name = "Connect", .run = mysqld_login_connect, .match = "HandshakeResponse41" },
    [MYSQL_ACTION_SWITCH] = { .name = "AuthSwitch", .run = mysqld_login_switched, .match = "AuthSwitchResponse" },
    { .name = "COM_QUIT", .run = run_quit, .match = "0x01" },
    { .name = "COM_INIT_DB", .run = run_init_db, .match = "0x02" },
    { .name = "COM_QUERY", .run = run_query, .match = "0x03" },
    { .name = "COM_FIELD_LIST", .run = run_field_list, .match = "0x04" },
    { .name = "COM_CREATE_DB", .match = "0x05" },
    { .name = "COM_DROP_DB", .match = "0x06" },
    { .name = "COM_REFRESH", .match = "0x07" },
    { .name = "COM_SHUTDOWN", .match = "0x08" },
    { .name = "COM_STATISTICS", .run = run_statistics, .match = "0x09" },
    { .name = "COM_PROCESS_INFO", .match = "0x0a" },
    { .name = "COM_PROCESS_KILL", .match = "0x0c" },
    { .name = "COM_DEBUG", .match = "0x0d" },
    { .name = "COM_PING", .run = run_ping, .match = "0x0e" },
    { .name = "COM_CHANGE_USER", .run = mysqld_login_change_user, .match = "0x11" },
    { .name = "COM_BINLOG_DUMP", .match = "0x12" },
    { .name = "COM_REGISTER_SLAVE", .match = "0x15" },
    { .name = "COM_STMT_PREPARE", .run = mysqld_prepared_prepare, .match = "0x16" },
    { .name = "COM_STMT_EXECUTE", .run = mysqld_prepared_execute, .match = "0x17" },
    { .name = "COM_STMT_SEND_LONG_DATA", .run = mysqld_prepared_send_long_data, .match = "0x18" },
    { .name = "COM_STMT_CLOSE", .run = mysqld_prepared_close, .match = "0x19" },
    { .name = "COM_STMT_RESET", .run = mysqld_prepared_reset, .match = "0x1a" },
    { .name = "COM_SET_OPTION", .run = run_set_option, .match = "0x1b" },
    { .name = "COM_STMT_FETCH", .match = "0x1c" },
    { .name = "COM_RESET_CONNECTION", .run = run_reset_connection, .match = "0x1f" },
};

const struct action *mysqld_command_find(uint8_t number, bool *ret_silent)
{
    for (size_t i = 0; i < MYSQL_ACTIONS; i++)
        if (number && numbers[i].number == number) {
            *ret_silent = numbers[i].silent;
            return &mysqld_command_actions[i];
        }
    return NULL;
}

bool mysqld_command_is_text(const struct action *a)
{
    uint8_t number = numbers[a - mysqld_command_actions].number;
    return number == 0x02 || number == 0x03 || number == 0x16;
}
