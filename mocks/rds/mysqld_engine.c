/* mysqld_engine.c - a connection to SQLite: opening it with MySQL's functions, prepared statements, rows by number.
 *
 * The database of the three tables is SQLite's main one, called pinterest_data here, so that qualified names are read
 * as they are written; information_schema is attached when somebody asks for it.
 */
#include <stdlib.h>

#include "mocks/rds/mysqld.h"

enum { MOST_STATEMENTS = 256, CACHE_KIB = 16384, STEPS_A_LOOK = 2000 };

/* Where the rows of a table are, in its order. */
struct mysqld_page {
    uint64_t epoch;
    int64_t n, first;
    int64_t *rowids; /* NULL: first, first + 1, … */
};

/* ---- opening ---- */

static int look_at_clock(void *arg)
{
    struct mysqld_engine *en = arg;
    return (en->deadline_us && clock_stopwatch_us() > en->deadline_us) || atomic_load(&en->state->closing);
}

static int configure(struct mysqld_engine *en)
{
    sqlite3 *db = en->db;
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, NULL); /* "x" is never a text: a missing column is an error */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_MAINDBNAME, SQLFRONT_SCHEMA);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, MYSQL_MAX_PACKET * 2);
    sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, MYSQL_MAX_PACKET * 2);
    sqlite3_limit(db, SQLITE_LIMIT_VARIABLE_NUMBER, SQLFRONT_PARAMS + 2);
    sqlite3_progress_handler(db, STEPS_A_LOOK, look_at_clock, en);
    char pragmas[160];
    sqlite3_snprintf(sizeof pragmas, pragmas, "PRAGMA cache_size=-%d; PRAGMA cache_spill=OFF; PRAGMA synchronous=NORMAL",
                     CACHE_KIB);
    int code = sqlite3_exec(db, pragmas, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = mysqld_function_register(db, en);
    return code == SQLITE_OK ? mysqld_schema_register(db, en) : code;
}

struct mysqld_engine *mysqld_engine_open(struct mysqld_state *state, struct err *e)
{
    pthread_mutex_lock(&state->lock);
    uint64_t generation = atomic_load(&state->generation);
    const char *uri = rds_uri(state->rds, e);
    struct mysqld_engine *en = uri ? mem_zero(sizeof *en) : NULL;
    int code = SQLITE_OK;
    if (en) {
        en->state = state;
        en->generation = generation;
        en->schema_epoch = atomic_load(&state->schema_epoch);
        code = sqlite3_open_v2(uri, &en->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL);
    }
    pthread_mutex_unlock(&state->lock);
    if (!en)
        return NULL;
    if (code == SQLITE_OK)
        code = configure(en);
    if (code == SQLITE_OK) {
        atomic_store(&state->ready, true);
        return en;
    }
    err_set(e, MYSQL_UNKNOWN, "RDS_STORAGE", "cannot open the database: %s", en->db ? sqlite3_errmsg(en->db) : "no memory");
    mysqld_engine_close(en);
    return NULL;
}

/* ---- statements ---- */

static void free_statement(struct mysqld_statement *st)
{
    sqlite3_finalize(st->stmt);
    sqlite3_finalize(st->page);
    buf_release(&st->header);
    free(st->page_table);
    free(st->columns);
    free(st);
}

static void forget_statements(struct mysqld_engine *en)
{
    size_t at = 0;
    for (struct map_entry *m; (m = map_next(&en->statements, &at));)
        free_statement(m->value);
    map_release(&en->statements);
}

static void forget_pages(struct mysqld_engine *en)
{
    size_t at = 0;
    for (struct map_entry *m; (m = map_next(&en->pages, &at));) {
        struct mysqld_page *p = m->value;
        free(p->rowids);
        free(p);
    }
    map_release(&en->pages);
}

void mysqld_engine_close(struct mysqld_engine *en)
{
    if (!en)
        return;
    forget_statements(en);
    forget_pages(en);
    sqlite3_close_v2(en->db);
    free(en->filled_for);
    free(en);
}

void mysqld_engine_refresh(struct mysqld_engine *en)
{
    uint64_t epoch = atomic_load(&en->state->schema_epoch);
    if (epoch == en->schema_epoch)
        return;
    forget_statements(en);
    forget_pages(en);
    /* Statements are prepared by the schema in memory; only one that runs compares it with the file's and reads it again. */
    if (mysqld_engine_exec(en, "SELECT 1 FROM main.sqlite_schema LIMIT 1") == SQLITE_OK)
        en->schema_epoch = epoch;
}

struct mysqld_statement *mysqld_engine_find(struct mysqld_engine *en, struct str key) { return map_get(&en->statements, key); }

struct str mysqld_engine_database(const struct mysqld_engine *en)
{
    struct str own = mysqld_session_database(en->session);
    return own.n ? own : S(SQLFRONT_SCHEMA);
}

/* The types of expressions like MAX(x) come from a statement with plain x in its place. */
static sqlite3_stmt *typing_of(struct mysqld_engine *en, const struct sqlfront_result *r)
{
    sqlite3_stmt *q = NULL;
    if (r->typing.n)
        sqlite3_prepare_v2(en->db, r->typing.p, (int)r->typing.n, &q, NULL);
    return q;
}

/* Flags by the column the value comes from. */
static void add_flags(struct mysqld_engine *en, sqlite3_stmt *q, int i, struct mysqld_type *t)
{
    const char *db = sqlite3_column_database_name(q, i), *table = sqlite3_column_table_name(q, i), *name = sqlite3_column_origin_name(q, i);
    int not_null = 0, key = 0, automatic = 0;
    if (!table || sqlite3_table_column_metadata(en->db, db, table, name, NULL, NULL, &not_null, &key, &automatic))
        return;
    if (not_null || key)
        t->flags |= MYSQL_NOT_NULL_FLAG;
    if (key)
        t->flags |= MYSQL_PRI_KEY_FLAG;
}

static void describe_columns(struct mysqld_engine *en, struct mysqld_statement *st, const struct sqlfront_result *r)
{
    sqlite3_stmt *typing = typing_of(en, r);
    st->n_columns = (size_t)sqlite3_column_count(st->stmt);
    st->columns = mem_zero(sizeof *st->columns * (st->n_columns + 1));
    st->all_typed = true;
    bool usable = typing && (size_t)sqlite3_column_count(typing) == st->n_columns;
    for (size_t i = 0; i < st->n_columns; i++) {
        struct mysqld_column *c = &st->columns[i];
        const char *declared = sqlite3_column_decltype(st->stmt, (int)i);
        if (declared) {
            c->type = mysqld_type_of(declared);
            add_flags(en, st->stmt, (int)i, &c->type);
            continue;
        }
        if (usable)
            declared = sqlite3_column_decltype(typing, (int)i);
        c->expression = !declared;
        st->all_typed &= !c->expression;
        if (declared)
            c->type = mysqld_type_of(declared);
        else
            c->type = (struct mysqld_type){ .number = MYSQL_NULL, .charset = MYSQL_CHARSET_BINARY, .flags = MYSQL_BINARY_FLAG, .name = "null" };
    }
    sqlite3_finalize(typing);
}

static bool is_plain_table(struct mysqld_engine *en, const char *name)
{
    sqlite3_stmt *q = NULL;
    bool plain = sqlite3_prepare_v2(en->db, "SELECT 1 FROM " SQLFRONT_SCHEMA ".sqlite_schema WHERE type='table' AND name = ?1 COLLATE NOCASE", -1, &q, NULL) == SQLITE_OK;
    if (plain) {
        sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
        plain = sqlite3_step(q) == SQLITE_ROW;
    }
    sqlite3_finalize(q);
    return plain;
}

/* The same columns of the rows from a rowid on. */
static void prepare_page(struct mysqld_engine *en, struct mysqld_statement *st, const struct sqlfront_result *r)
{
    struct buf sql = BUF_INIT;
    st->page_table = mem_dup(r->page_table);
    if (is_plain_table(en, st->page_table)) {
        buf_add(&sql, r->sql.p, r->page_bytes);
        buf_z(&sql, " WHERE rowid >= ?1 ORDER BY rowid LIMIT ?2");
        sqlite3_prepare_v3(en->db, sql.p, (int)sql.n, SQLITE_PREPARE_PERSISTENT, &st->page, NULL);
    }
    buf_release(&sql);
    st->page_offset = r->page_offset;
    st->page_count = r->page_count;
    if (st->page && (size_t)sqlite3_column_count(st->page) != st->n_columns) {
        sqlite3_finalize(st->page);
        st->page = NULL;
    }
}

/* A missing table may only be one that SQLite has not seen yet: it looks again after a read, unless that has to wait. */
static int prepare_again(struct mysqld_engine *en, const struct sqlfront_result *r, sqlite3_stmt **ret)
{
    int code = sqlite3_exec(en->db, "SELECT 1 FROM " SQLFRONT_SCHEMA ".sqlite_schema LIMIT 1", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        return code;
    return sqlite3_prepare_v2(en->db, r->sql.p, (int)r->sql.n, ret, NULL);
}

struct mysqld_statement *mysqld_engine_prepare(struct mysqld_engine *en, const struct sqlfront_result *r, struct str key, size_t *ret_at)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v3(en->db, r->sql.p, (int)r->sql.n, key.n ? SQLITE_PREPARE_PERSISTENT : 0, &q, NULL);
    if (code == SQLITE_ERROR)
        code = prepare_again(en, r, &q);
    if (code != SQLITE_OK || !q) {
        int at = sqlite3_error_offset(en->db);
        *ret_at = at < 0 ? STR_NONE : (size_t)at;
        return NULL;
    }
    struct mysqld_statement *st = mem_zero(sizeof *st);
    st->stmt = q;
    st->n_params = r->n_params;
    st->n_limits = r->n_limits;
    describe_columns(en, st, r);
    if (r->page)
        prepare_page(en, st, r);
    struct str database = mysqld_engine_database(en);
    char *z = mem_dup(database);
    mysqld_rows_header(st, z);
    free(z);
    st->transient = !key.n;
    if (key.n) {
        if (en->statements.n_live >= MOST_STATEMENTS)
            forget_statements(en);
        map_put(&en->statements, key, st);
    }
    return st;
}

void mysqld_engine_done(struct mysqld_statement *st)
{
    sqlite3_reset(st->stmt);
    if (st->page)
        sqlite3_reset(st->page);
    if (st->transient)
        free_statement(st);
}

int mysqld_engine_exec(struct mysqld_engine *en, const char *sql) { return sqlite3_exec(en->db, sql, NULL, NULL, NULL); }

/* ---- rows by number ---- */

static int read_rowids(sqlite3_stmt *q, struct mysqld_page *p)
{
    int64_t *rowids = NULL;
    int64_t n = 0, cap = 0;
    int code;
    bool dense = true;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(q, 0);
        if (n == 0)
            p->first = id;
        dense &= id == p->first + n;
        if (n == cap)
            rowids = mem_grow(rowids, (size_t)(cap = cap ? cap * 2 : 4096) * sizeof *rowids);
        rowids[n++] = id;
    }
    free(p->rowids);
    p->rowids = dense ? NULL : rowids;
    p->n = n;
    if (dense)
        free(rowids);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int fill_page(struct mysqld_engine *en, const char *table, struct mysqld_page *p)
{
    struct buf sql = BUF_INIT;
    sqlite3_stmt *q = NULL;
    uint64_t epoch = atomic_load(&en->state->data_epoch);
    buf_z(&sql, "SELECT rowid FROM " SQLFRONT_SCHEMA ".");
    sqlfront_quote(&sql, str_of(table), '"');
    buf_z(&sql, " ORDER BY rowid");
    int code = sqlite3_prepare_v2(en->db, sql.p, (int)sql.n, &q, NULL);
    if (code == SQLITE_OK)
        code = read_rowids(q, p);
    sqlite3_finalize(q);
    buf_release(&sql);
    if (code == SQLITE_OK)
        p->epoch = epoch + 1; /* 0 = never filled */
    return code;
}

bool mysqld_engine_row(struct mysqld_engine *en, const char *table, int64_t offset, int64_t *ret_rowid, int *ret_code)
{
    struct mysqld_page *p = map_get(&en->pages, str_of(table));
    *ret_code = SQLITE_OK;
    if (!p) {
        p = mem_zero(sizeof *p);
        map_put(&en->pages, str_of(table), p);
    }
    if (p->epoch != atomic_load(&en->state->data_epoch) + 1 && (*ret_code = fill_page(en, table, p)) != SQLITE_OK) {
        p->epoch = 0;
        return false;
    }
    if (offset >= p->n)
        return false;
    *ret_rowid = p->rowids ? p->rowids[offset] : p->first + offset;
    return true;
}
