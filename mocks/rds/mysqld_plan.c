/* mysqld_plan.c - engines, keys of known statements, preparing, binding, rows by their number. */
#include "mocks/rds/mysqld_plan.h"

#include <stdio.h>

enum { LONGEST_KEY = 1024, LONGEST_IN_LOOP = 1 << 20 };

static bool is_own(const struct mysqld_plan *r) { return r->en && r->en == r->s->own; }

/* ---- engines ---- */

bool mysqld_plan_wants_lane(const struct mysqld_command *m, bool changes)
{
    return !m->in_lane && (changes || m->sql.n > LONGEST_IN_LOOP || m->session->own || !atomic_load(&m->session->state->ready));
}

int mysqld_plan_take_engine(struct mysqld_plan *r, bool own)
{
    struct mysqld_state *state = r->s->state;
    struct mysqld_engine **slot = r->m->slot;
    if (own || r->s->own) {
        r->en = mysqld_transaction_engine(r->s, r->e);
    } else {
        if (*slot && (*slot)->generation != atomic_load(&state->generation)) {
            mysqld_engine_close(*slot);
            *slot = NULL;
        }
        if (!*slot)
            *slot = mysqld_engine_open(state, r->e);
        r->en = *slot;
    }
    if (!r->en)
        return -1;
    mysqld_engine_refresh(r->en);
    r->en->session = r->s;
    r->en->deadline_us = clock_stopwatch_us() + 1000 * (int64_t)(r->m->in_lane ? MYSQL_TIMEOUT_MS : MYSQL_PATIENCE_MS);
    return 0;
}

enum mysqld_outcome mysqld_plan_failed(struct mysqld_plan *r, int code)
{
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return MYSQL_BUSY;
    if (code == SQLITE_INTERRUPT && !r->m->in_lane)
        return MYSQL_SLOW;
    if (code == SQLITE_NOMEM)
        mysqld_error(r->e, MYSQL_OUT_OF_RESOURCES, "Out of memory: the result is larger than %d MiB; ask for fewer rows", MYSQL_MAX_RESULT >> 20);
    else
        mysqld_error_translate(r->e, sqlite3_errmsg(r->en->db), code, r->m->text.sql, STR_NONE, mysqld_engine_database(r->en));
    if (is_own(r) && r->s->began && sqlite3_get_autocommit(r->en->db))
        mysqld_transaction_rollback(r->s); /* SQLite has rolled back already */
    return MYSQL_FAILED;
}

/* ---- rows ---- */

void mysqld_plan_bind(struct mysqld_plan *r, struct mysqld_statement *st)
{
    for (unsigned i = 0; i < st->n_params; i++) {
        const struct mysqld_value *v = &r->m->params[i];
        int at = (int)i + 1;
        switch (v->kind) {
        case MYSQL_V_NULL: sqlite3_bind_null(st->stmt, at); break;
        case MYSQL_V_INTEGER: sqlite3_bind_int64(st->stmt, at, v->integer); break;
        case MYSQL_V_REAL: sqlite3_bind_double(st->stmt, at, v->real); break;
        case MYSQL_V_TEXT: sqlite3_bind_text64(st->stmt, at, v->text.p ? v->text.p : "", v->text.n, SQLITE_STATIC, SQLITE_UTF8); break;
        }
    }
    for (unsigned i = 0; i < st->n_limits; i++)
        sqlite3_bind_int64(st->stmt, (int)(st->n_params + i + 1), r->limits[i]);
}

/* The value of a parameter as bound: the client's, or a number after LIMIT. */
static int64_t bound(const struct mysqld_plan *r, const struct mysqld_statement *st, unsigned id)
{
    if (id > st->n_params)
        return r->limits[id - st->n_params - 1];
    return r->m->params[id - 1].kind == MYSQL_V_INTEGER ? r->m->params[id - 1].integer : -1;
}

/* The statement that finds the same rows by their number, bound; NULL when it has to be the plain one. */
static sqlite3_stmt *page_of(struct mysqld_plan *r, struct mysqld_statement *st, int *ret_code)
{
    int64_t rowid = 0, offset = st->page ? bound(r, st, st->page_offset) : 0, count = st->page ? bound(r, st, st->page_count) : 0;
    *ret_code = SQLITE_OK;
    if (!st->page || offset < 0 || count < 0)
        return NULL;
    bool found = mysqld_engine_row(r->en, st->page_table, offset, &rowid, ret_code);
    if (*ret_code != SQLITE_OK)
        return NULL;
    sqlite3_bind_int64(st->page, 1, rowid);
    sqlite3_bind_int64(st->page, 2, found ? count : 0);
    return st->page;
}

enum mysqld_outcome mysqld_plan_put_rows(struct mysqld_plan *r, struct mysqld_statement *st)
{
    int code = SQLITE_OK;
    mysqld_plan_bind(r, st);
    sqlite3_stmt *rows = page_of(r, st, &code);
    if (code == SQLITE_OK)
        code = mysqld_rows_put(r->m, st, rows ? rows : st->stmt, r->m->binary, r->more, &r->w);
    return code == SQLITE_DONE ? MYSQL_DONE : mysqld_plan_failed(r, code);
}

void mysqld_plan_put_ok(struct mysqld_plan *r, uint64_t affected, uint64_t insert_id)
{
    uint16_t status = (uint16_t)(mysqld_session_status(r->s) | (r->more ? MYSQL_MORE_RESULTS : 0));
    mysqld_put_ok(&r->w, affected, insert_id, status, r->s->warnings);
    r->s->row_count = (int64_t)affected;
}

/* ---- preparing ---- */

struct str mysqld_plan_key_of(struct mysqld_plan *r, struct str head, char form)
{
    struct str database = mysqld_session_database(r->s);
    if (head.n > LONGEST_KEY)
        return S("");
    char *key = arena_alloc(&r->m->arena, database.n + head.n + 2);
    if (database.n)
        memcpy(key, database.p, database.n);
    key[database.n] = 0;
    key[database.n + 1] = form;
    memcpy(key + database.n + 2, head.p, head.n);
    return (struct str){ key, database.n + head.n + 2 };
}

struct str mysqld_plan_key_of_tail(struct mysqld_plan *r, const struct sqlfront_tail *tail)
{
    r->limits[0] = tail->first, r->limits[1] = tail->second;
    return mysqld_plan_key_of(r, tail->head, tail->form);
}

int mysqld_plan_check_names(struct mysqld_plan *r, const struct sqlfront_result *q)
{
    if (q->unknown_database.p)
        return mysqld_error(r->e, MYSQL_UNKNOWN_DATABASE, "Unknown database '" STR_F "'", STR_A(q->unknown_database));
    if (q->unqualified.p && !r->s->database)
        return mysqld_error(r->e, MYSQL_NO_DATABASE, "No database selected");
    return 0;
}

int mysqld_plan_cannot(struct mysqld_plan *r, const char *what)
{
    return mysqld_error(r->e, MYSQL_NOT_SUPPORTED, "This version of MySQL doesn't yet support '%s'", what);
}

/* Where in the client's own text SQLite stopped: rewritten once more to find the place. */
static size_t place_of(struct mysqld_plan *r, size_t at, bool limits)
{
    struct sqlfront_options o = { .database = mysqld_session_database(r->s), .limits_as_params = limits, .locating = true, .locate = at };
    struct sqlfront_result q;
    const char *what;
    if (at == STR_NONE || !sqlfront_rewrite(&r->m->text, r->from, r->to, &o, &r->m->arena, &q, &what))
        return STR_NONE;
    size_t place = q.located;
    sqlfront_result_release(&q);
    return place;
}

void mysqld_plan_refused(struct mysqld_plan *r, size_t at, bool limits)
{
    const char *message = sqlite3_errmsg(r->en->db);
    size_t place = place_of(r, at, limits);
    struct str sql = r->m->text.sql;
    if (r->to < r->m->text.n) /* what follows the statement is not near to it */
        sql = str_head(sql, r->m->text.tokens[r->to].at);
    char copy[512];
    snprintf(copy, sizeof copy, "%s", message);
    mysqld_error_translate(r->e, copy, sqlite3_errcode(r->en->db), sql, place, mysqld_engine_database(r->en));
}

static bool whole_text(const struct mysqld_plan *r) { return r->from == 0 && !r->more; }

enum mysqld_outcome mysqld_plan_prepare(struct mysqld_plan *r, bool keep, struct mysqld_statement **ret)
{
    struct sqlfront_tail tail;
    bool limits = keep && whole_text(r) && sqlfront_tail_of(r->m->sql, &tail);
    struct sqlfront_options o = { .database = mysqld_session_database(r->s), .limits_as_params = limits };
    struct sqlfront_result q;
    const char *what;
    size_t at;
    bool ok = sqlfront_rewrite(&r->m->text, r->from, r->to, &o, &r->m->arena, &q, &what);
    if (ok && limits && q.n_limits != tail.n_numbers) { /* not all of them may vary */
        sqlfront_result_release(&q);
        o.limits_as_params = limits = false;
        ok = sqlfront_rewrite(&r->m->text, r->from, r->to, &o, &r->m->arena, &q, &what);
    }
    if (!ok)
        return mysqld_plan_cannot(r, what), MYSQL_FAILED;
    enum mysqld_outcome outcome = mysqld_plan_check_names(r, &q) ? MYSQL_FAILED : MYSQL_DONE;
    int code = outcome == MYSQL_DONE && q.information_schema ? mysqld_schema_fill(r->en) : SQLITE_OK;
    if (code != SQLITE_OK)
        outcome = mysqld_plan_failed(r, code);
    struct str key = S("");
    if (keep && whole_text(r) && !q.information_schema)
        key = limits ? mysqld_plan_key_of_tail(r, &tail) : mysqld_plan_key_of(r, r->m->sql, 'f');
    if (outcome == MYSQL_DONE) {
        *ret = key.n ? mysqld_engine_find(r->en, key) : NULL;
        if (!*ret)
            *ret = mysqld_engine_prepare(r->en, &q, key, &at);
        if (!*ret && (sqlite3_errcode(r->en->db) == SQLITE_BUSY || sqlite3_errcode(r->en->db) == SQLITE_LOCKED))
            outcome = MYSQL_BUSY;
        else if (!*ret)
            outcome = MYSQL_FAILED, mysqld_plan_refused(r, at, limits);
    }
    if (outcome == MYSQL_DONE && limits)
        r->limits[0] = tail.first, r->limits[1] = tail.second;
    sqlfront_result_release(&q);
    return outcome;
}

int mysqld_plan_check_params(struct mysqld_plan *r, const struct mysqld_statement *st)
{
    if (st->n_params == r->m->n_params)
        return 0;
    if (r->m->binary)
        return mysqld_error(r->e, MYSQL_WRONG_ARGUMENTS, "Incorrect arguments to mysqld_stmt_execute");
    size_t at = str_chr(r->m->sql, '?');
    return mysqld_error_near(r->e, r->m->sql, at == STR_NONE ? 0 : at);
}
