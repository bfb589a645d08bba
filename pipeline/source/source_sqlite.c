/* source_sqlite.c - SQLite as a source: one connection, one prepared statement a table. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "pipeline/source/source_kind.h"

struct state {
    sqlite3 *db;
    sqlite3_stmt *row[SOURCE_TABLES];
    size_t n_columns[SOURCE_TABLES];
    char *uri;
};

static int failed(struct state *s, struct err *e, enum source_table t)
{
    return err_set(e, 0, "SOURCE_FAILED", "cannot read %s of %s: %s", source_names[t], s->uri, sqlite3_errmsg(s->db));
}

static bool has_table(struct state *s, enum source_table t)
{
    sqlite3_stmt *q = NULL;
    bool has = sqlite3_prepare_v2(s->db, "SELECT 1 FROM sqlite_schema WHERE type IN ('table', 'view') AND lower(name) = ?1", -1,
                                  &q, NULL) == SQLITE_OK;
    if (has) {
        sqlite3_bind_text(q, 1, source_names[t], -1, SQLITE_STATIC);
        has = sqlite3_step(q) == SQLITE_ROW;
    }
    sqlite3_finalize(q);
    return has;
}

/* The key is written table."key": a bare "key" would be taken for a text when there is no such column. */
static int prepare_table(struct state *s, enum source_table t, struct err *e)
{
    char sql[160];
    const char *name = source_names[t], *key = source_keys[t];
    if (!has_table(s, t) && sqlite3_errcode(s->db) != SQLITE_NOTADB)
        return err_set(e, 0, "TABLE_MISSING", "%s has no table %s; is it the pipeline's database?", s->uri, name);
    snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE %s.\"%s\" = ?1", name, name, key);
    if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->row[t], NULL))
        return err_set(e, 0, sqlite3_errcode(s->db) == SQLITE_ERROR ? "COLUMN_MISSING" : "SOURCE_UNREACHABLE",
                       "cannot ask %s of %s by its key %s: %s", name, s->uri, key, sqlite3_errmsg(s->db));
    s->n_columns[t] = (size_t)sqlite3_column_count(s->row[t]);
    if (s->n_columns[t] > SOURCE_MAX_COLUMNS)
        return err_set(e, 0, "SOURCE_UNREACHABLE", "%s of %s has more than %d columns", name, s->uri, SOURCE_MAX_COLUMNS);
    return 0;
}

static void close_state(void *state)
{
    struct state *s = state;
    for (int t = 0; t < SOURCE_TABLES; t++)
        sqlite3_finalize(s->row[t]);
    sqlite3_close(s->db);
    free(s->uri);
    free(s);
}

static void *open_state(const char *uri, struct err *e)
{
    struct state *s = mem_zero(sizeof *s);
    int result = 0;
    s->uri = mem_dup(str_of(uri));
    if (sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, NULL))
        result = err_set(e, 0, "SOURCE_UNREACHABLE", "cannot open the database %s: %s", uri,
                         s->db ? sqlite3_errmsg(s->db) : "no memory");
    else
        sqlite3_busy_timeout(s->db, 5000);
    for (int t = 0; t < SOURCE_TABLES && result == 0; t++)
        result = prepare_table(s, (enum source_table)t, e);
    if (result == 0)
        return s;
    close_state(s);
    return NULL;
}

static size_t columns(void *state, enum source_table t) { return ((struct state *)state)->n_columns[t]; }

static const char *column_name(void *state, enum source_table t, size_t column)
{
    return sqlite3_column_name(((struct state *)state)->row[t], (int)column);
}

static struct source_cell cell(sqlite3_stmt *q, int i)
{
    switch (sqlite3_column_type(q, i)) {
    case SQLITE_INTEGER: return (struct source_cell){ .kind = SOURCE_INTEGER, .integer = sqlite3_column_int64(q, i) };
    case SQLITE_FLOAT: return (struct source_cell){ .kind = SOURCE_FLOAT, .real = sqlite3_column_double(q, i) };
    case SQLITE_NULL: return (struct source_cell){ .kind = SOURCE_NULL };
    default: {
        const char *p = sqlite3_column_blob(q, i); /* before the length: sqlite3_column_bytes may convert */
        return (struct source_cell){ .kind = SOURCE_TEXT, .text = { p, (size_t)sqlite3_column_bytes(q, i) } };
    }
    }
}

static int row(void *state, enum source_table t, int64_t key, struct source_cell *cells, struct err *e)
{
    struct state *s = state;
    sqlite3_stmt *q = s->row[t];
    sqlite3_reset(q); /* the last row's texts were valid until now */
    sqlite3_bind_int64(q, 1, key);
    int code = sqlite3_step(q);
    if (code == SQLITE_DONE)
        return 1;
    if (code != SQLITE_ROW || (size_t)sqlite3_column_count(q) != s->n_columns[t])
        return failed(s, e, t);
    for (size_t i = 0; i < s->n_columns[t]; i++)
        cells[i] = cell(q, (int)i);
    return 0;
}

static int64_t count(void *state, enum source_table t, struct err *e)
{
    struct state *s = state;
    sqlite3_stmt *q = NULL;
    char sql[96];
    int64_t n = -1;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", source_names[t]);
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        n = sqlite3_column_int64(q, 0);
    else
        failed(s, e, t);
    sqlite3_finalize(q);
    return n;
}

static int keys(void *state, enum source_table t, int64_t **ret, size_t *ret_n, struct err *e)
{
    struct state *s = state;
    sqlite3_stmt *q = NULL;
    char sql[160];
    int64_t *found = NULL;
    size_t n = 0, cap = 0;
    int code = SQLITE_ERROR;
    snprintf(sql, sizeof sql, "SELECT DISTINCT %s.\"%s\" FROM %s ORDER BY 1", source_names[t], source_keys[t],
             source_names[t]);
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK)
        while ((code = sqlite3_step(q)) == SQLITE_ROW) {
            if (sqlite3_column_type(q, 0) != SQLITE_INTEGER)
                continue; /* a row without a key cannot be asked for */
            if (n == cap)
                found = mem_grow(found, (cap = cap ? cap * 2 : 4096) * sizeof *found);
            found[n++] = sqlite3_column_int64(q, 0);
        }
    int result = code == SQLITE_DONE ? 0 : failed(s, e, t);
    sqlite3_finalize(q);
    if (result) {
        free(found);
        return -1;
    }
    *ret = found;
    *ret_n = n;
    return 0;
}

const struct source_kind source_sqlite_kind = {
    .scheme = NULL,
    .open = open_state,
    .close = close_state,
    .columns = columns,
    .column_name = column_name,
    .row = row,
    .count = count,
    .keys = keys,
};
