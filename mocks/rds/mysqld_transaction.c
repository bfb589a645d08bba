/* mysqld_transaction.c - sessions that write: an engine of their own, whose transaction begins with the first change.
 *
 * BEGIN IMMEDIATE takes SQLite's one write lock at once, so that a transaction never finds out later that it cannot have
 * it; until then the session reads like any other and holds nothing.
 */
#include "mocks/rds/mysqld.h"

struct mysqld_engine *mysqld_transaction_engine(struct mysqld_session *s, struct err *e)
{
    struct mysqld_state *state = s->state;
    if (s->own && s->own->generation != atomic_load(&state->generation)) {
        mysqld_transaction_forget(s); /* the tables were reset */
    }
    if (s->own)
        return s->own;
    if (atomic_fetch_add(&state->writers, 1) >= MYSQL_MAX_WRITERS) {
        atomic_fetch_sub(&state->writers, 1);
        mysqld_error(e, MYSQL_OUT_OF_RESOURCES, "Out of memory: %d sessions write at once already; close some of them", MYSQL_MAX_WRITERS);
        return NULL;
    }
    s->own = mysqld_engine_open(state, e);
    if (!s->own)
        atomic_fetch_sub(&state->writers, 1);
    else
        s->own->session = s;
    return s->own;
}

static enum mysqld_outcome exec(struct mysqld_session *s, const char *sql, struct err *e)
{
    int code = mysqld_engine_exec(s->own, sql);
    if (code == SQLITE_OK)
        return MYSQL_DONE;
    if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
        return MYSQL_BUSY;
    mysqld_error_translate(e, sqlite3_errmsg(s->own->db), code, str_of(sql), STR_NONE, mysqld_session_database(s));
    return MYSQL_FAILED;
}

enum mysqld_outcome mysqld_transaction_begin(struct mysqld_session *s, struct err *e)
{
    if (!(s->no_autocommit || s->in_transaction) || s->began)
        return MYSQL_DONE;
    enum mysqld_outcome o = exec(s, "BEGIN IMMEDIATE", e);
    s->began = o == MYSQL_DONE;
    return o;
}

/* Counted up after the change is there and before the answer: whoever hears of it finds it. */
static void changed(struct mysqld_session *s) { atomic_fetch_add(&s->state->data_epoch, 1); }

enum mysqld_outcome mysqld_transaction_commit(struct mysqld_session *s, struct err *e)
{
    if (s->began) {
        enum mysqld_outcome o = exec(s, "COMMIT", e);
        if (o != MYSQL_DONE)
            return o;
        changed(s);
    }
    s->began = s->in_transaction = false;
    return MYSQL_DONE;
}

void mysqld_transaction_rollback(struct mysqld_session *s)
{
    if (s->began) {
        if (!sqlite3_get_autocommit(s->own->db))
            mysqld_engine_exec(s->own, "ROLLBACK");
        changed(s);
        atomic_fetch_add(&s->state->schema_epoch, 1);
    }
    s->began = s->in_transaction = false;
}

void mysqld_transaction_forget(struct mysqld_session *s)
{
    mysqld_transaction_rollback(s);
    if (!s->own)
        return;
    mysqld_engine_close(s->own);
    s->own = NULL;
    atomic_fetch_sub(&s->state->writers, 1);
}
