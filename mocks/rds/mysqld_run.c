/* mysqld_run.c - a text of SQL, statement by statement.
 *
 *   kind        where it runs            what it does
 *   READ        the thread's engine      rows; SELECT * FROM t LIMIT n, 1 by the row's number
 *   WRITE       the session's own        rows changed; in a transaction when one is due
 *   DEFINE      the session's own        commits, then changes tables
 *   SHOW …      the thread's engine      a SELECT from information_schema
 *   the rest    –                        the session's state
 *
 * A session that has an engine of its own reads with it, too, so that it sees its changes.
 */
#include "mocks/rds/mysqld_plan.h"

enum { LONGEST_WORDS = 40 };

/* ---- kinds ---- */

static enum mysqld_outcome run_write(struct mysqld_plan *r);

static enum mysqld_outcome run_read(struct mysqld_plan *r)
{
    struct mysqld_statement *st;
    if (mysqld_plan_take_engine(r, false))
        return MYSQL_FAILED;
    enum mysqld_outcome o = mysqld_plan_prepare(r, true, &st);
    if (o != MYSQL_DONE)
        return o;
    if (!sqlite3_stmt_readonly(st->stmt)) { /* WITH … DELETE */
        mysqld_engine_done(st);
        return run_write(r);
    }
    o = mysqld_plan_check_params(r, st) ? MYSQL_FAILED : mysqld_plan_put_rows(r, st);
    mysqld_engine_done(st);
    return o;
}

static enum mysqld_outcome run_show(struct mysqld_plan *r)
{
    struct sqlfront_result q = { 0 };
    size_t at;
    if (mysqld_plan_take_engine(r, false))
        return MYSQL_FAILED;
    int code = mysqld_schema_fill(r->en);
    if (code != SQLITE_OK)
        return mysqld_plan_failed(r, code);
    if (mysqld_show_rewrite(r->m, r->from, r->to, &q.sql, r->e)) {
        buf_release(&q.sql);
        return MYSQL_FAILED;
    }
    struct mysqld_statement *st = mysqld_engine_prepare(r->en, &q, S(""), &at);
    enum mysqld_outcome o = MYSQL_FAILED;
    if (st) {
        o = mysqld_plan_put_rows(r, st);
        mysqld_engine_done(st);
    } else {
        mysqld_plan_failed(r, SQLITE_ERROR);
    }
    buf_release(&q.sql);
    return o;
}

/* The first id that INSERT gave, when the table gives ids. */
static uint64_t insert_id(struct mysqld_plan *r)
{
    size_t i = r->from + 1;
    while (i < r->to && !sqlfront_is(&r->m->text, i, "into"))
        i++;
    i = i < r->to ? i + 1 : r->from + 1;
    if (i + 2 < r->to && sqlfront_is(&r->m->text, i + 1, "."))
        i += 2;
    struct str table = sqlfront_name(&r->m->text, i, &r->m->arena);
    sqlite3_stmt *q = NULL;
    bool gives = sqlite3_prepare_v2(r->en->db, "SELECT 1 FROM pragma_table_info(?1) WHERE pk AND type = 'INTEGER' COLLATE NOCASE", -1, &q, NULL) == SQLITE_OK;
    if (gives) {
        sqlite3_bind_text(q, 1, table.p, (int)table.n, SQLITE_STATIC);
        gives = sqlite3_step(q) == SQLITE_ROW;
    }
    sqlite3_finalize(q);
    int64_t last = sqlite3_last_insert_rowid(r->en->db), n = sqlite3_changes64(r->en->db);
    return gives && n > 0 ? (uint64_t)(last - n + 1) : 0;
}

static enum mysqld_outcome write_rows(struct mysqld_plan *r, struct mysqld_statement *st)
{
    mysqld_plan_bind(r, st);
    if (st->n_columns)
        return mysqld_plan_put_rows(r, st); /* RETURNING */
    int code = sqlite3_step(st->stmt);
    if (code != SQLITE_DONE)
        return mysqld_plan_failed(r, code);
    bool inserts = sqlfront_is(&r->m->text, r->from, "insert") || sqlfront_is(&r->m->text, r->from, "replace");
    uint64_t id = inserts ? insert_id(r) : 0;
    if (id)
        r->s->last_insert_id = (int64_t)id;
    mysqld_plan_put_ok(r, (uint64_t)sqlite3_changes64(r->en->db), id);
    return MYSQL_DONE;
}

static enum mysqld_outcome run_write(struct mysqld_plan *r)
{
    struct mysqld_statement *st;
    if (mysqld_plan_wants_lane(r->m, true))
        return MYSQL_SLOW;
    if (mysqld_plan_take_engine(r, true))
        return MYSQL_FAILED;
    enum mysqld_outcome o = mysqld_transaction_begin(r->s, r->e);
    if (o == MYSQL_DONE)
        o = mysqld_plan_prepare(r, false, &st);
    if (o != MYSQL_DONE)
        return o;
    o = mysqld_plan_check_params(r, st) ? MYSQL_FAILED : write_rows(r, st);
    mysqld_engine_done(st);
    atomic_fetch_add(&r->s->state->data_epoch, 1);
    return o;
}

static enum mysqld_outcome run_define(struct mysqld_plan *r)
{
    struct sqlfront_options o = { .database = mysqld_session_database(r->s) };
    struct sqlfront_result q;
    const char *what;
    if (mysqld_plan_wants_lane(r->m, true))
        return MYSQL_SLOW;
    if (mysqld_plan_take_engine(r, true))
        return MYSQL_FAILED;
    enum mysqld_outcome outcome = mysqld_transaction_commit(r->s, r->e);
    if (outcome != MYSQL_DONE)
        return outcome;
    if (!sqlfront_rewrite(&r->m->text, r->from, r->to, &o, &r->m->arena, &q, &what))
        return mysqld_plan_cannot(r, what), MYSQL_FAILED;
    int code = mysqld_plan_check_names(r, &q) ? -1 : mysqld_engine_exec(r->en, buf_cstr(&q.sql));
    atomic_fetch_add(&r->s->state->schema_epoch, 1);
    atomic_fetch_add(&r->s->state->data_epoch, 1);
    bool drops = sqlfront_is(&r->m->text, r->from, "drop");
    if (code == SQLITE_OK)
        mysqld_plan_put_ok(r, 0, 0);
    else if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        outcome = MYSQL_BUSY;
    else {
        outcome = MYSQL_FAILED;
        if (code > 0)
            mysqld_plan_refused(r, sqlite3_error_offset(r->en->db) < 0 ? STR_NONE : (size_t)sqlite3_error_offset(r->en->db), false);
        if (drops && mysqld_error_number(r->e) == MYSQL_NO_SUCH_TABLE)
            mysqld_error(r->e, 1051, "Unknown table '" STR_F "." STR_F "'", STR_A(mysqld_engine_database(r->en)), STR_A(q.unqualified));
    }
    sqlfront_result_release(&q);
    return outcome;
}

static enum mysqld_outcome run_savepoint(struct mysqld_plan *r)
{
    if (mysqld_plan_wants_lane(r->m, true))
        return MYSQL_SLOW;
    if (mysqld_plan_take_engine(r, true))
        return MYSQL_FAILED;
    enum mysqld_outcome o = mysqld_transaction_begin(r->s, r->e);
    if (o != MYSQL_DONE)
        return o;
    const struct sqlfront_token *a = &r->m->text.tokens[r->from], *b = &r->m->text.tokens[r->to - 1];
    struct str name = sqlfront_name(&r->m->text, r->to - 1, &r->m->arena);
    int code = r->s->began ? mysqld_engine_exec(r->en, arena_f(&r->m->arena, "%.*s", (int)(b->at + b->n - a->at), r->m->text.sql.p + a->at).p) : SQLITE_OK;
    if (code == SQLITE_OK)
        return mysqld_plan_put_ok(r, 0, 0), MYSQL_DONE;
    mysqld_error(r->e, 1305, "SAVEPOINT " STR_F " does not exist", STR_A(name));
    return MYSQL_FAILED;
}

static enum mysqld_outcome run_set(struct mysqld_plan *r)
{
    if (mysqld_plan_take_engine(r, false) || mysqld_set_run(r->m, r->en, r->from, r->to, r->e))
        return MYSQL_FAILED;
    if (!r->s->no_autocommit && r->s->began && !r->s->in_transaction) {
        enum mysqld_outcome o = mysqld_transaction_commit(r->s, r->e);
        if (o != MYSQL_DONE)
            return o;
    }
    mysqld_plan_put_ok(r, 0, 0);
    return MYSQL_DONE;
}

static enum mysqld_outcome run_end(struct mysqld_plan *r, enum sqlfront_kind kind)
{
    enum mysqld_outcome o = MYSQL_DONE;
    if (kind == SQLFRONT_ROLLBACK)
        mysqld_transaction_rollback(r->s);
    else
        o = mysqld_transaction_commit(r->s, r->e);
    if (o != MYSQL_DONE)
        return o;
    r->s->in_transaction = kind == SQLFRONT_BEGIN;
    mysqld_plan_put_ok(r, 0, 0);
    return MYSQL_DONE;
}

static enum mysqld_outcome run_use(struct mysqld_plan *r)
{
    if (r->from + 1 >= r->to || !sqlfront_is_name(&r->m->text, r->from + 1))
        return mysqld_error_near(r->e, r->m->text.sql, r->m->text.sql.n), MYSQL_FAILED;
    if (mysqld_session_use(r->s, sqlfront_name(&r->m->text, r->from + 1, &r->m->arena), r->e))
        return MYSQL_FAILED;
    mysqld_plan_put_ok(r, 0, 0);
    return MYSQL_DONE;
}

static enum mysqld_outcome run_refused(struct mysqld_plan *r)
{
    const struct sqlfront_token *a = &r->m->text.tokens[r->from], *b = &r->m->text.tokens[r->to > r->from + 1 ? r->from + 1 : r->from];
    size_t n = b->at + b->n - a->at;
    mysqld_plan_cannot(r, arena_f(&r->m->arena, "%.*s", (int)(n < LONGEST_WORDS ? n : LONGEST_WORDS), r->m->text.sql.p + a->at).p);
    return MYSQL_FAILED;
}

static enum mysqld_outcome run_kind(struct mysqld_plan *r, enum sqlfront_kind kind)
{
    switch (kind) {
    case SQLFRONT_READ: return run_read(r);
    case SQLFRONT_WRITE: return run_write(r);
    case SQLFRONT_DEFINE: return run_define(r);
    case SQLFRONT_SHOW:
    case SQLFRONT_DESCRIBE: return run_show(r);
    case SQLFRONT_SET: return run_set(r);
    case SQLFRONT_USE: return run_use(r);
    case SQLFRONT_BEGIN:
    case SQLFRONT_COMMIT:
    case SQLFRONT_ROLLBACK: return run_end(r, kind);
    case SQLFRONT_SAVEPOINT: return run_savepoint(r);
    case SQLFRONT_REFUSED: return run_refused(r);
    case SQLFRONT_UNKNOWN:
        mysqld_error_near(r->e, r->m->text.sql, r->m->text.tokens[r->from].at);
        return MYSQL_FAILED;
    case SQLFRONT_NOTHING:
    case SQLFRONT_EMPTY: mysqld_plan_put_ok(r, 0, 0); break;
    }
    return MYSQL_DONE;
}

/* ---- the text ---- */

static bool is_end(const struct sqlfront_text *t, size_t i)
{
    return t->tokens[i].kind == SQLFRONT_END || (t->tokens[i].kind == SQLFRONT_OP && t->tokens[i].word == ';');
}

static size_t end_of(const struct sqlfront_text *t, size_t from)
{
    while (!is_end(t, from))
        from++;
    return from;
}

/* The first token of the next statement that is not empty; t->n when there is none. */
static size_t next_of(const struct sqlfront_text *t, size_t at)
{
    while (at < t->n && is_end(t, at))
        at++;
    return at;
}

/* A statement seen before in this very form needs no reading. */
static bool run_known(struct mysqld_plan *r, enum mysqld_outcome *ret)
{
    struct mysqld_engine *en = r->s->own ? r->s->own : *r->m->slot;
    if (!en || en->generation != atomic_load(&r->s->state->generation) || mysqld_plan_take_engine(r, false))
        return false;
    struct sqlfront_tail tail;
    bool numbers = sqlfront_tail_of(r->m->sql, &tail);
    struct mysqld_statement *st = numbers ? mysqld_engine_find(r->en, mysqld_plan_key_of_tail(r, &tail)) : NULL;
    if (!st)
        st = mysqld_engine_find(r->en, mysqld_plan_key_of(r, r->m->sql, 'f'));
    if (!st || st->n_params != r->m->n_params)
        return false;
    *ret = mysqld_plan_put_rows(r, st);
    mysqld_engine_done(st);
    return true;
}

static int lex(struct mysqld_command *m, struct err *e)
{
    if (!sqlfront_lex(m->sql, &m->arena, &m->text))
        return mysqld_error(e, 3170, "Memory capacity of %d tokens for a statement exceeded; send it in parts", SQLFRONT_TOKENS);
    m->lexed = true;
    for (size_t i = 0; i < m->text.n; i++)
        if (m->text.tokens[i].kind == SQLFRONT_BAD)
            return mysqld_error_near(e, m->sql, m->text.tokens[i].at);
    m->done_tokens = next_of(&m->text, 0);
    return m->text.n && m->done_tokens < m->text.n ? 0 : mysqld_error(e, MYSQL_EMPTY_QUERY, "Query was empty");
}

/* From where the last whole statement ended. */
static void rewind_answer(struct mysqld_plan *r)
{
    struct mysqld_command *m = r->m;
    m->reply.body.n = m->done_bytes;
    m->reply.body.full = false;
    r->w.seq = m->done_seq;
    r->s->delay_ms = 0;
}

enum mysqld_outcome mysqld_run(struct mysqld_command *m, struct err *e)
{
    struct mysqld_plan r = { .m = m, .s = m->session, .e = e, .w = { .b = &m->reply.body, .seq = (uint8_t)(m->seq + 1) } };
    enum mysqld_outcome o = MYSQL_DONE;
    int64_t patience_us = clock_stopwatch_us() + 1000 * MYSQL_PATIENCE_MS;
    if (!m->lexed)
        m->done_seq = r.w.seq, m->done_bytes = m->reply.body.n;
    rewind_answer(&r);
    m->reply.body.max = MYSQL_MAX_RESULT;
    if (mysqld_plan_wants_lane(m, false))
        return MYSQL_SLOW;
    if (!m->lexed && run_known(&r, &o))
        return o;
    if (!m->lexed && lex(m, e))
        return MYSQL_FAILED;
    while (o == MYSQL_DONE && m->done_tokens < m->text.n) {
        r.from = m->done_tokens;
        r.to = end_of(&m->text, r.from);
        size_t next = next_of(&m->text, r.to);
        r.more = next < m->text.n;
        o = run_kind(&r, sqlfront_kind_of(&m->text, r.from, r.to));
        if (o != MYSQL_DONE)
            break;
        m->done_tokens = next;
        m->done_bytes = m->reply.body.n;
        m->done_seq = r.w.seq;
        if (!m->in_lane && r.more && clock_stopwatch_us() > patience_us)
            return MYSQL_SLOW; /* many small statements are a long one */
    }
    /* An error after results of earlier statements is the last of the results. */
    if (o == MYSQL_FAILED && m->done_bytes) {
        rewind_answer(&r);
        mysqld_put_error(&r.w, e);
        return MYSQL_DONE;
    }
    return o;
}

int mysqld_run_call(struct mysqld_command *m)
{
    if (tcp_unsent_bytes(m->session->state->server) > MYSQL_MAX_RESULT)
        return mysqld_error(&m->call->err, MYSQL_OUT_OF_RESOURCES, "Out of memory: clients have not read %d MiB of answers", MYSQL_MAX_RESULT >> 20);
    enum mysqld_outcome o = mysqld_run(m, &m->call->err);
    if (o == MYSQL_DONE || o == MYSQL_FAILED || m->in_lane)
        return o;
    mysqld_lane_push(m->session->state->lane, m);
    return CALL_LATER;
}

/* ---- COM_STMT_PREPARE ---- */

static unsigned count_params(const struct sqlfront_text *t)
{
    unsigned n = 0;
    for (size_t i = 0; i < t->n; i++)
        n += t->tokens[i].kind == SQLFRONT_PARAM;
    return n;
}

enum mysqld_outcome mysqld_run_prepare(struct mysqld_command *m, struct mysqld_statement **ret, unsigned *ret_params, struct err *e)
{
    struct mysqld_plan r = { .m = m, .s = m->session, .e = e };
    struct mysqld_statement *st = NULL;
    if (mysqld_plan_wants_lane(m, false))
        return MYSQL_SLOW;
    if (lex(m, e))
        return MYSQL_FAILED;
    r.from = m->done_tokens;
    r.to = end_of(&m->text, r.from);
    enum sqlfront_kind kind = sqlfront_kind_of(&m->text, r.from, r.to);
    if (next_of(&m->text, r.to) < m->text.n || kind == SQLFRONT_UNKNOWN)
        return mysqld_error_near(e, m->sql, m->text.tokens[kind == SQLFRONT_UNKNOWN ? r.from : next_of(&m->text, r.to)].at), MYSQL_FAILED;
    if (kind == SQLFRONT_READ || kind == SQLFRONT_WRITE) {
        enum mysqld_outcome o = mysqld_plan_take_engine(&r, false) ? MYSQL_FAILED : mysqld_plan_prepare(&r, kind == SQLFRONT_READ, &st);
        if (o != MYSQL_DONE)
            return o;
    }
    *ret_params = st ? st->n_params : count_params(&m->text);
    *ret = st;
    return MYSQL_DONE;
}
