/* mysqld_prepared.c - statements that a client prepares and runs by number, with parameters in the binary protocol.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase_ps.html
 *
 * What is kept is the text: the engine that runs it finds it among its own prepared statements.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/rds/mysqld.h"

struct mysqld_prepared {
    char *sql;
    size_t n_sql;
    unsigned n_params;
    uint16_t *types; /* NULL until the first execution */
    struct buf *long_data; /* a buffer a parameter; NULL: none was sent */
    bool *has_long_data;
    size_t long_bytes;
    bool too_long;         /* more long data came than a session may keep */
};

static struct str key_of(uint32_t id, char text[16]) { return (struct str){ text, (size_t)snprintf(text, 16, "%u", id) }; }

static void forget_long_data(struct mysqld_session *s, struct mysqld_prepared *p)
{
    s->kept_bytes -= p->long_bytes;
    p->long_bytes = 0;
    p->too_long = false;
    for (unsigned i = 0; p->long_data && i < p->n_params; i++)
        buf_release(&p->long_data[i]);
    free(p->long_data);
    free(p->has_long_data);
    p->long_data = NULL;
    p->has_long_data = NULL;
}

static void free_prepared(struct mysqld_session *s, struct mysqld_prepared *p)
{
    if (!p)
        return;
    forget_long_data(s, p);
    s->kept_bytes -= p->n_sql;
    free(p->types);
    free(p->sql);
    free(p);
}

void mysqld_prepared_forget(struct mysqld_session *s)
{
    size_t at = 0;
    if (!s->statements)
        return;
    for (struct map_entry *m; (m = map_next(s->statements, &at));)
        free_prepared(s, m->value);
    map_release(s->statements);
    free(s->statements);
    s->statements = NULL;
}

static struct mysqld_prepared *find(struct mysqld_command *m, struct mysqld_reader *r, const char *doing, struct err *e)
{
    char text[16];
    uint32_t id = (uint32_t)mysqld_get_int(r, 4);
    struct mysqld_prepared *p = m->session->statements && !r->bad ? map_get(m->session->statements, key_of(id, text)) : NULL;
    if (!p)
        mysqld_error(e, MYSQL_UNKNOWN_STATEMENT, "Unknown prepared statement handler (%u) given to %s", id, doing);
    return p;
}

static int malformed(struct err *e) { return mysqld_error(e, MYSQL_MALFORMED, "Malformed communication packet."); }

/* ---- COM_STMT_PREPARE ---- */

static void put_prepared(struct mysqld_command *m, uint32_t id, unsigned n_params, const struct mysqld_statement *st)
{
    static const struct mysqld_type parameter = { .number = MYSQL_VAR_STRING, .charset = MYSQL_CHARSET_BINARY, .flags = MYSQL_BINARY_FLAG, .name = "varchar" };
    struct mysqld_writer w = mysqld_command_writer(m);
    uint16_t status = mysqld_session_status(m->session);
    size_t n_columns = st ? st->n_columns : 0;
    mysqld_begin(&w);
    buf_c(w.b, 0);
    mysqld_put_int(w.b, id, 4);
    mysqld_put_int(w.b, n_columns, 2);
    mysqld_put_int(w.b, n_params, 2);
    mysqld_put_int(w.b, 0, 3); /* filler, warnings */
    mysqld_end(&w);
    for (unsigned i = 0; i < n_params; i++)
        mysqld_rows_put_column(&w, "", "", "?", &parameter, false);
    if (n_params)
        mysqld_put_eof(&w, status, 0);
    for (size_t i = 0; i < n_columns; i++)
        mysqld_rows_put_column(&w, m->session->database ? m->session->database : "", "", sqlite3_column_name(st->stmt, (int)i), &st->columns[i].type, false);
    if (n_columns)
        mysqld_put_eof(&w, status, 0);
}

static int keep(struct mysqld_command *m, unsigned n_params, const struct mysqld_statement *st)
{
    struct mysqld_session *s = m->session;
    char text[16];
    if (!s->statements)
        s->statements = mem_zero(sizeof *s->statements);
    if (s->statements->n_live >= MYSQL_MAX_STATEMENTS)
        return mysqld_error(&m->call->err, MYSQL_TOO_MANY_STATEMENTS, "Can't create more than max_prepared_stmt_count statements (current value: %d)", MYSQL_MAX_STATEMENTS);
    if (s->kept_bytes + m->sql.n > MYSQL_MAX_PACKET)
        return mysqld_error(&m->call->err, MYSQL_OUT_OF_RESOURCES, "Out of memory: a session keeps %d MiB at most; close some statements", MYSQL_MAX_PACKET >> 20);
    struct mysqld_prepared *p = mem_zero(sizeof *p);
    s->kept_bytes += m->sql.n;
    p->sql = mem_dup(m->sql);
    p->n_sql = m->sql.n;
    p->n_params = n_params;
    uint32_t id = ++s->last_statement;
    free_prepared(s, map_put(s->statements, key_of(id, text), p));
    put_prepared(m, id, n_params, st);
    return 0;
}

int mysqld_prepared_prepare(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_statement *st = NULL;
    unsigned n_params = 0;
    m->sql = m->payload;
    enum mysqld_outcome o = mysqld_run_prepare(m, &st, &n_params, &c->err);
    if ((o == MYSQL_SLOW || o == MYSQL_BUSY) && !m->in_lane) {
        mysqld_lane_push(m->session->state->lane, m);
        return CALL_LATER;
    }
    if (o != MYSQL_DONE)
        return o;
    int result = keep(m, n_params, st);
    if (st)
        mysqld_engine_done(st);
    return result;
}

/* ---- COM_STMT_EXECUTE ---- */

/* Types are sent with the first execution, and when they change. */
static int read_types(struct mysqld_prepared *p, struct mysqld_reader *r, struct err *e)
{
    bool sent = mysqld_get_int(r, 1) == 1;
    if (sent && !p->types)
        p->types = mem_zero(p->n_params * sizeof *p->types);
    for (unsigned i = 0; sent && i < p->n_params; i++)
        p->types[i] = (uint16_t)mysqld_get_int(r, 2);
    if (r->bad)
        return malformed(e);
    return p->types ? 0 : mysqld_error(e, MYSQL_WRONG_ARGUMENTS, "Incorrect arguments to mysqld_stmt_execute");
}

static int read_params(struct mysqld_command *m, struct mysqld_prepared *p, struct mysqld_reader *r, struct err *e)
{
    struct str nulls = mysqld_get_bytes(r, (p->n_params + 7) / 8);
    if (r->bad || read_types(p, r, e))
        return r->bad ? malformed(e) : -1;
    m->params = ARENA_ARRAY(&m->arena, struct mysqld_value, p->n_params);
    for (unsigned i = 0; i < p->n_params; i++) {
        bool null = (unsigned char)nulls.p[i / 8] >> i % 8 & 1;
        if (p->has_long_data && p->has_long_data[i])
            m->params[i] = (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = buf_str(&p->long_data[i]) };
        else if (null)
            m->params[i] = (struct mysqld_value){ .kind = MYSQL_V_NULL };
        else if (!mysqld_type_get_binary(r, p->types[i], arena_alloc(&m->arena, 40), &m->params[i]))
            return malformed(e);
    }
    return 0;
}

int mysqld_prepared_execute(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    if (!m->in_lane) {
        struct mysqld_prepared *p = find(m, &r, "mysqld_stmt_execute", &c->err);
        mysqld_get_int(&r, 5); /* cursor kind, iterations */
        if (!p)
            return -1;
        if (r.bad)
            return malformed(&c->err);
        if (p->too_long)
            return mysqld_error(&c->err, MYSQL_TOO_LARGE, "Got a packet bigger than 'max_allowed_packet' bytes");
        m->sql = (struct str){ p->sql, p->n_sql };
        m->binary = true;
        m->n_params = p->n_params;
        if (p->n_params && read_params(m, p, &r, &c->err))
            return -1;
    }
    return mysqld_run_call(m);
}

/* ---- the others ---- */

int mysqld_prepared_send_long_data(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    struct mysqld_prepared *p = find(m, &r, "mysqld_stmt_send_long_data", &c->err);
    unsigned i = (unsigned)mysqld_get_int(&r, 2);
    m->silent = true;
    if (!p || r.bad || i >= p->n_params)
        return 0; /* it has no answer; the execution will tell */
    if (!p->long_data) {
        p->long_data = mem_zero(p->n_params * sizeof *p->long_data);
        p->has_long_data = mem_zero(p->n_params * sizeof *p->has_long_data);
    }
    struct str piece = mysqld_get_rest(&r);
    p->has_long_data[i] = true;
    p->too_long |= m->session->kept_bytes + piece.n > MYSQL_MAX_PACKET;
    if (p->too_long)
        return 0;
    m->session->kept_bytes += piece.n;
    p->long_bytes += piece.n;
    buf_str_add(&p->long_data[i], piece);
    return 0;
}

int mysqld_prepared_close(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    char text[16];
    m->silent = true;
    uint32_t id = (uint32_t)mysqld_get_int(&r, 4);
    if (m->session->statements)
        free_prepared(m->session, map_remove(m->session->statements, key_of(id, text)));
    return 0;
}

int mysqld_prepared_reset(struct call *c)
{
    struct mysqld_command *m = mysqld_command_of(c);
    struct mysqld_reader r = mysqld_reader_of(m->payload);
    struct mysqld_prepared *p = find(m, &r, "mysqld_stmt_reset", &c->err);
    if (!p)
        return -1;
    forget_long_data(m->session, p);
    struct mysqld_writer w = mysqld_command_writer(m);
    mysqld_put_ok(&w, 0, 0, mysqld_session_status(m->session), 0);
    return 0;
}
