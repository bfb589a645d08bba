/* spark.c - one statement run over the tables (spark_table.c): rewrite, prepare, step, the answer's columns typed by their cells; or why
 * it cannot be. */
#include "pipeline/analytics/spark.h"

#include <stdlib.h>

#include "base/json.h"
#include "pipeline/analytics/spark_own.h"

enum { MOST_ALIASES = 16 };

struct spark *spark_open(struct err *e)
{
    struct spark *s = mem_zero(sizeof *s);
    if (sqlite3_open(":memory:", &s->db) == SQLITE_OK && spark_function_register(s->db) == 0 &&
        sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL) == SQLITE_OK && sqlite3_exec(s->db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK)
        return s;
    spark_fail(s, e);
    spark_close(s);
    return NULL;
}

void spark_close(struct spark *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->insert);
    sqlite3_close(s->db);
    arena_release(&s->arena);
    arena_release(&s->scratch);
    free(s);
}

/* ---- mistakes ---- */

static void put_tables(const struct spark *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_tables; i++)
        buf_f(out, "%s" STR_F, i ? ", " : "", STR_A(s->tables[i].name));
}

static void put_columns(const struct spark *s, struct buf *out)
{
    for (size_t i = 0; i < s->n_tables; i++) {
        buf_f(out, "%s" STR_F " (", i ? ", " : "", STR_A(s->tables[i].name));
        for (size_t k = 0; k < s->tables[i].n_columns; k++)
            buf_f(out, "%s" STR_F, k ? ", " : "", STR_A(s->tables[i].columns[k].name));
        buf_c(out, ')');
    }
}

/* "line 2, column 8: " of a byte of the statement. */
static void put_place(struct buf *out, struct str statement, size_t at)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && i < statement.n; i++) {
        bool starts = ((unsigned char)statement.p[i] & 0xC0) != 0x80;
        line += statement.p[i] == '\n';
        column = statement.p[i] == '\n' ? 1 : column + starts;
    }
    buf_f(out, "line %zu, column %zu: ", line, column);
}

static size_t place_of(const struct spark_text *t, int offset)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n_places && (int64_t)t->places[i].out <= offset; i++)
        at = t->places[i].in;
    return at;
}

static int told(struct spark *s, struct str statement, const struct spark_text *t, struct err *e)
{
    struct buf b = BUF_INIT;
    struct str message = str_of(sqlite3_errmsg(s->db));
    int offset = sqlite3_error_offset(s->db);
    struct str table = str_starts(message, S("no such table: ")) ? str_from(message, 15) : (struct str){ 0 };
    size_t at = offset >= 0 ? place_of(t, offset) : table.n ? str_find(statement, table) : STR_NONE;
    if (at != STR_NONE)
        put_place(&b, statement, at);
    if (str_starts(message, S("not authorized")) || str_starts(message, S("access to ")))
        buf_z(&b, "only SELECT, WITH, VALUES, SHOW TABLES and DESCRIBE are run here");
    else
        buf_str_add(&b, message);
    bool function = str_starts(message, S("no such function: ")), column = str_starts(message, S("no such column: "));
    buf_z(&b, function ? "; beside SQLite's own there are " : column || table.n ? "; there are " : "");
    if (function)
        spark_function_names(&b);
    else if (column)
        put_columns(s, &b);
    else if (table.n)
        put_tables(s, &b);
    int result = err_set(e, 0, "SQL_MISTAKE", STR_F, STR_A(buf_str(&b)));
    buf_release(&b);
    return result;
}

/* ---- running ---- */

static int authorize(void *arg, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)arg, (void)a, (void)b, (void)c, (void)d;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_FUNCTION || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

/* "no such table: df_pin" becomes a view when exactly one table's name is a word of that name. */
static bool add_alias(struct spark *s)
{
    struct str wanted = str_of(sqlite3_errmsg(s->db));
    const struct spark_shape *found = NULL;
    struct buf sql = BUF_INIT;
    if (!str_starts(wanted, S("no such table: ")))
        return false;
    wanted = arena_dup(&s->arena, str_from(wanted, 15));
    for (size_t i = 0; i < s->n_tables; i++)
        for (struct str rest = wanted; rest.p;)
            if (str_eq_nocase(str_cut(&rest, '_'), s->tables[i].name)) {
                if (found)
                    return false;
                found = &s->tables[i];
                break;
            }
    if (!found)
        return false;
    buf_z(&sql, "CREATE VIEW ");
    spark_put_name(&sql, wanted);
    buf_z(&sql, " AS SELECT * FROM ");
    spark_put_name(&sql, found->name);
    sqlite3_set_authorizer(s->db, NULL, NULL);
    bool made = sqlite3_exec(s->db, buf_cstr(&sql), NULL, NULL, NULL) == SQLITE_OK;
    buf_release(&sql);
    return made;
}

static int prepare(struct spark *s, struct str statement, const struct spark_text *t, sqlite3_stmt **ret, struct err *e)
{
    const char *rest = NULL;
    int status = SQLITE_ERROR;
    for (int i = 0; i < MOST_ALIASES; i++) {
        sqlite3_set_authorizer(s->db, authorize, NULL);
        status = sqlite3_prepare_v2(s->db, t->sql.p, (int)t->sql.n, ret, &rest);
        if (status == SQLITE_OK || !add_alias(s))
            break;
    }
    int result = status == SQLITE_OK ? 0 : told(s, statement, t, e);
    sqlite3_set_authorizer(s->db, NULL, NULL);
    if (result)
        return -1;
    if (!*ret)
        return err_set(e, 0, "SQL_MISTAKE", "the statement is empty");
    if (rest && str_trim(str_of(rest)).n) {
        struct buf b = BUF_INIT;
        put_place(&b, statement, place_of(t, (int)(rest - t->sql.p)));
        err_set(e, 0, "SQL_MISTAKE", STR_F "a second statement begins here; one at a time", STR_A(buf_str(&b)));
        buf_release(&b);
        sqlite3_finalize(*ret);
        return -1;
    }
    return 0;
}

struct raw {
    int type;
    struct cell cell;
};

static struct raw raw_of(struct result *r, sqlite3_stmt *q, int i)
{
    struct raw raw = { .type = sqlite3_column_type(q, i) };
    const char *p;
    raw.cell.null = raw.type == SQLITE_NULL;
    if (raw.type == SQLITE_INTEGER)
        raw.cell.i = sqlite3_column_int64(q, i);
    else if (raw.type == SQLITE_FLOAT)
        raw.cell.d = sqlite3_column_double(q, i);
    else if (raw.type != SQLITE_NULL && (p = (const char *)sqlite3_column_text(q, i)))
        raw.cell.text = arena_dup(&r->arena, (struct str){ p, (size_t)sqlite3_column_bytes(q, i) });
    return raw;
}

/* Whole numbers, numbers, or else texts: what all cells of the column can be. */
static void settle(struct result *r, const struct raw *raw, size_t column)
{
    bool whole = true, number = true, any = false;
    for (size_t i = 0; i < r->n_rows; i++) {
        int type = raw[i * r->n_columns + column].type;
        any |= type != SQLITE_NULL;
        whole &= type == SQLITE_NULL || type == SQLITE_INTEGER;
        number &= type == SQLITE_NULL || type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    }
    r->columns[column].type = !any || !number ? COLUMN_STRING : whole ? COLUMN_LONG : COLUMN_DOUBLE;
    for (size_t i = 0; i < r->n_rows; i++) {
        const struct raw *from = &raw[i * r->n_columns + column];
        struct cell *cell = &r->cells[i * r->n_columns + column];
        struct buf b = BUF_INIT;
        *cell = from->cell;
        if (number && from->type == SQLITE_INTEGER)
            cell->d = (double)cell->i;
        if (number || from->type == SQLITE_TEXT || from->type == SQLITE_NULL)
            continue;
        if (from->type == SQLITE_INTEGER)
            buf_i64(&b, cell->i);
        else
            json_put_double(&b, cell->d);
        cell->text = arena_keep(&r->arena, &b);
    }
}

static int collect(struct spark *s, sqlite3_stmt *q, struct result *r, struct err *e)
{
    struct raw *raw = NULL;
    size_t cap = 0;
    int step;
    while ((step = sqlite3_step(q)) == SQLITE_ROW) {
        if (r->n_rows == cap) {
            cap = cap ? cap * 2 : 64;
            raw = mem_grow(raw, cap * (r->n_columns + 1) * sizeof *raw);
        }
        for (size_t i = 0; i < r->n_columns; i++)
            raw[r->n_rows * r->n_columns + i] = raw_of(r, q, (int)i);
        r->n_rows++;
    }
    r->cells = ARENA_ARRAY(&r->arena, struct cell, r->n_rows * r->n_columns + 1);
    for (size_t i = 0; i < r->n_columns; i++)
        settle(r, raw, i);
    free(raw);
    return step == SQLITE_DONE ? 0 : err_set(e, 0, "SQL_MISTAKE", "%s", sqlite3_errmsg(s->db));
}

/* ---- SHOW and DESCRIBE ---- */

static struct result *answer(size_t n_columns, size_t n_rows, const char *const *names)
{
    struct result *r = mem_zero(sizeof *r);
    *r = (struct result){ .name = S("sql"), .n_columns = n_columns, .n_rows = n_rows };
    r->columns = ARENA_ARRAY(&r->arena, struct result_column, n_columns + 1);
    r->cells = ARENA_ARRAY(&r->arena, struct cell, n_rows * n_columns + 1);
    for (size_t i = 0; i < n_columns; i++)
        r->columns[i] = (struct result_column){ str_of(names[i]), COLUMN_STRING };
    return r;
}

static struct str word(struct str *rest)
{
    *rest = str_trim(*rest);
    size_t n = 0;
    while (n < rest->n && !strchr(" \t\r\n;", rest->p[n]))
        n++;
    struct str w = str_head(*rest, n);
    *rest = str_trim(str_from(*rest, n));
    return w;
}

static struct result *show_tables(const struct spark *s)
{
    struct result *r = answer(1, s->n_tables, (const char *[]){ "tableName" });
    for (size_t i = 0; i < s->n_tables; i++)
        r->cells[i].text = arena_dup(&r->arena, s->tables[i].name);
    return r;
}

static struct result *describe(const struct spark_shape *t)
{
    struct result *r = answer(2, t->n_columns, (const char *[]){ "col_name", "data_type" });
    for (size_t i = 0; i < t->n_columns; i++) {
        r->cells[2 * i].text = arena_dup(&r->arena, t->columns[i].name);
        r->cells[2 * i + 1].text = arena_dup(&r->arena, str_of(t->columns[i].type));
    }
    return r;
}

/* SHOW TABLES, DESCRIBE [TABLE] t; false when the statement is neither. */
static bool shown(const struct spark *s, struct str rest, struct result **ret)
{
    struct str first = word(&rest), second = word(&rest);
    if (str_eq_nocase(first, S("show")) && str_eq_nocase(second, S("tables"))) {
        *ret = show_tables(s);
        return true;
    }
    if (!str_eq_nocase(first, S("describe")) && !str_eq_nocase(first, S("desc")))
        return false;
    struct str name = str_eq_nocase(second, S("table")) ? word(&rest) : second;
    for (size_t i = 0; i < s->n_tables; i++)
        if (str_eq_nocase(s->tables[i].name, name)) {
            *ret = describe(&s->tables[i]);
            return true;
        }
    return false;
}

int spark_run(struct spark *s, struct str statement, struct result **ret, struct err *e)
{
    struct spark_text t;
    sqlite3_stmt *q = NULL;
    size_t at = 0;
    if (shown(s, statement, ret))
        return 0;
    arena_reset(&s->scratch);
    if (spark_rewrite(statement, &s->scratch, &t, &at, e)) {
        struct buf b = BUF_INIT;
        put_place(&b, statement, at);
        buf_z(&b, e->message);
        err_set(e, 0, "SQL_MISTAKE", STR_F, STR_A(buf_str(&b)));
        buf_release(&b);
        return -1;
    }
    if (prepare(s, statement, &t, &q, e))
        return -1;
    struct result *r = mem_zero(sizeof *r);
    *r = (struct result){ .name = S("sql"), .n_columns = (size_t)sqlite3_column_count(q) };
    r->columns = ARENA_ARRAY(&r->arena, struct result_column, r->n_columns + 1);
    for (size_t i = 0; i < r->n_columns; i++)
        r->columns[i].name = arena_dup(&r->arena, str_of(sqlite3_column_name(q, (int)i)));
    int result = collect(s, q, r, e);
    sqlite3_finalize(q);
    if (result)
        result_close(r);
    else
        *ret = r;
    return result;
}
