/* engine_open       raw tables, functions          engine_function.c
 * engine_add        a record into raw rows         engine_read.c
 * engine_clean      sql_put_table of every table
 * engine_put_jsonl  SELECT of a cleaned table
 * engine_run        sql_put_query
 */
#include "pipeline/analytics/engine.h"

#include <stdlib.h>

#include "base/json.h"
#include "pipeline/analytics/engine_own.h"
#include "pipeline/analytics/sql.h"

int engine_fail(struct engine *g, struct err *e)
{
    return err_set(e, 0, "SQLITE_FAILED", "SQLite: %s", sqlite3_errmsg(g->db));
}

static int engine_exec(struct engine *g, struct buf *statement, struct err *e)
{
    int result = sqlite3_exec(g->db, buf_cstr(statement), NULL, NULL, NULL);
    buf_reset(statement);
    return result == SQLITE_OK ? 0 : engine_fail(g, e);
}

struct engine_table *engine_table(struct engine *g, struct str name)
{
    for (size_t i = 0; i < g->n_tables; i++)
        if (str_eq(g->tables[i].program->name, name))
            return &g->tables[i];
    return NULL;
}

static int engine_open_table(struct engine *g, const struct program *p, struct err *e)
{
    struct buf sql = BUF_INIT;
    struct engine_table *t = &g->tables[g->n_tables++];
    t->program = p;
    int result = sql_put_raw(p, SQL_SQLITE, &sql, e) ? -1 : engine_exec(g, &sql, e);
    if (result == 0) {
        buf_f(&sql, "INSERT INTO raw_" STR_F " VALUES (", STR_A(p->name));
        for (size_t i = 0; i < p->n_used; i++)
            buf_z(&sql, i ? ", ?" : "?");
        buf_z(&sql, ")");
        result = sqlite3_prepare_v2(g->db, sql.p, (int)sql.n, &t->insert, NULL) == SQLITE_OK ? 0 : engine_fail(g, e);
    }
    buf_release(&sql);
    return result;
}

struct engine *engine_open(const struct rules *r, const struct analytics *a, struct err *e)
{
    struct engine *g = mem_zero(sizeof *g);
    struct str name;
    g->rules = r;
    g->analytics = a;
    g->arena = ARENA_INIT;
    g->scratch = ARENA_INIT;
    if (sqlite3_open(":memory:", &g->db) != SQLITE_OK || engine_functions(g) ||
        sqlite3_exec(g->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK) {
        engine_fail(g, e);
        goto failed;
    }
    while ((name = rules_table_name(r, g->n_tables)).p)
        if (engine_open_table(g, rules_program(r, name), e))
            goto failed;
    return g;
failed:
    engine_close(g);
    return NULL;
}

void engine_close(struct engine *g)
{
    if (!g)
        return;
    for (size_t i = 0; i < g->n_tables; i++)
        sqlite3_finalize(g->tables[i].insert);
    sqlite3_close(g->db);
    arena_release(&g->arena);
    arena_release(&g->scratch);
    free(g);
}

int engine_clean(struct engine *g, struct err *e)
{
    struct buf sql = BUF_INIT;
    int result = 0;
    for (size_t i = 0; i < g->n_tables && !result; i++) {
        const struct program *p = g->tables[i].program;
        result = sql_put_table(p, SQL_SQLITE, &sql, e) ? -1 : engine_exec(g, &sql, e);
        if (result == 0) {
            struct str key = p->columns[p->key].name;
            buf_f(&sql, "CREATE INDEX \"key_" STR_F "\" ON \"" STR_F "\" (\"" STR_F "\")", STR_A(p->name), STR_A(p->name), STR_A(key));
            result = engine_exec(g, &sql, e);
        }
    }
    buf_release(&sql);
    return result;
}

static struct str engine_text(sqlite3_stmt *q, int column)
{
    const char *p = (const char *)sqlite3_column_text(q, column);
    return (struct str){ p, p ? (size_t)sqlite3_column_bytes(q, column) : 0 };
}

/* ---- rows ---- */

static void engine_put_cell(sqlite3_stmt *q, int i, enum column_type type, struct buf *out)
{
    if (sqlite3_column_type(q, i) == SQLITE_NULL) {
        buf_z(out, "null");
        return;
    }
    switch (type) {
    case COLUMN_STRING:
        json_put_text(out, engine_text(q, i));
        break;
    case COLUMN_TIMESTAMP:
        buf_c(out, '"');
        table_put_timestamp(out, sqlite3_column_int64(q, i));
        buf_c(out, '"');
        break;
    case COLUMN_DOUBLE:
        json_put_double(out, sqlite3_column_double(q, i));
        break;
    case COLUMN_BOOLEAN:
        buf_z(out, sqlite3_column_int64(q, i) ? "true" : "false");
        break;
    default:
        buf_str_add(out, engine_text(q, i));
        break;
    }
}

int engine_put_jsonl(struct engine *g, struct str table, struct buf *out, struct err *e)
{
    struct engine_table *t = engine_table(g, table);
    struct buf sql = BUF_INIT;
    sqlite3_stmt *q = NULL;
    int step, result = -1;
    if (!t)
        return err_set(e, 0, "TABLE_MISSING", "there is no table " STR_F, STR_A(table));
    const struct program *p = t->program;
    buf_f(&sql, "SELECT * FROM \"" STR_F "\" ORDER BY \"" STR_F "\"", STR_A(table), STR_A(p->columns[p->key].name));
    for (size_t i = 0; i < p->n_columns; i++)
        buf_f(&sql, ", \"" STR_F "\" NULLS FIRST", STR_A(p->columns[i].name));
    if (sqlite3_prepare_v2(g->db, sql.p, (int)sql.n, &q, NULL) != SQLITE_OK)
        goto out;
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        for (size_t i = 0; i < p->n_columns; i++) {
            buf_c(out, i ? ',' : '{');
            json_put_text(out, p->columns[i].name);
            buf_c(out, ':');
            engine_put_cell(q, (int)i, p->columns[i].type, out);
        }
        buf_z(out, "}\n");
    }
    result = step == SQLITE_DONE ? 0 : -1;
out:
    if (result)
        engine_fail(g, e);
    sqlite3_finalize(q);
    buf_release(&sql);
    return result;
}

/* ---- answers ---- */

static void engine_columns(const struct query *q, struct result *r)
{
    r->name = arena_dup(&r->arena, q->name);
    r->n_columns = q->n_group_by + q->n_aggregates;
    r->columns = ARENA_ARRAY(&r->arena, struct result_column, r->n_columns + 1);
    for (size_t k = 0; k < r->n_columns; k++) {
        bool key = k < q->n_group_by;
        const struct field *f = key ? &q->fields[q->group_by[k]] : NULL;
        const struct aggregate *g = key ? NULL : &q->aggregates[k - q->n_group_by];
        r->columns[k].name = arena_dup(&r->arena, key ? f->name : g->name);
        r->columns[k].type = key ? f->type : g->type;
    }
}

static struct cell engine_cell(struct result *r, sqlite3_stmt *q, size_t i)
{
    struct cell cell = { .null = sqlite3_column_type(q, (int)i) == SQLITE_NULL };
    if (cell.null)
        return cell;
    if (r->columns[i].type == COLUMN_STRING)
        cell.text = arena_dup(&r->arena, engine_text(q, (int)i));
    else if (r->columns[i].type == COLUMN_DOUBLE)
        cell.d = sqlite3_column_double(q, (int)i);
    else
        cell.i = sqlite3_column_int64(q, (int)i);
    return cell;
}

int engine_run(struct engine *g, size_t query, struct result **ret_result, struct err *e)
{
    const struct query *q = analytics_query(g->analytics, query);
    struct buf sql = BUF_INIT;
    struct cell *cells = NULL;
    sqlite3_stmt *statement = NULL;
    int step, result = -1;
    struct result *r = mem_zero(sizeof *r);
    r->arena = ARENA_INIT;
    engine_columns(q, r);
    if (sql_put_query(q, SQL_SQLITE, &sql, e))
        goto failed;
    if (sqlite3_prepare_v2(g->db, sql.p, (int)sql.n, &statement, NULL) != SQLITE_OK) {
        engine_fail(g, e);
        goto failed;
    }
    while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
        cells = mem_grow(cells, (r->n_rows + 1) * r->n_columns * sizeof *cells);
        for (size_t i = 0; i < r->n_columns; i++)
            cells[r->n_rows * r->n_columns + i] = engine_cell(r, statement, i);
        r->n_rows++;
    }
    if (step != SQLITE_DONE) {
        engine_fail(g, e);
        goto failed;
    }
    r->cells = ARENA_ARRAY(&r->arena, struct cell, r->n_rows * r->n_columns + 1);
    if (r->n_rows)
        memcpy(r->cells, cells, r->n_rows * r->n_columns * sizeof *cells);
    *ret_result = r;
    r = NULL;
    result = 0;
failed:
    result_close(r);
    free(cells);
    sqlite3_finalize(statement);
    buf_release(&sql);
    return result;
}
