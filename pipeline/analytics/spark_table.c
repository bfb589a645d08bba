/* spark_table.c - tables in memory: made, filled row by row, an index over the key of a finished one. */
#include "base/json.h"
#include "pipeline/analytics/spark_own.h"

enum { MOST_COLUMNS = 1000 };

int spark_fail(struct spark *s, struct err *e) { return err_set(e, 0, "SQLITE_FAILED", "SQLite: %s", sqlite3_errmsg(s->db)); }

static int exec(struct spark *s, struct buf *sql, struct err *e)
{
    int result = sqlite3_exec(s->db, buf_cstr(sql), NULL, NULL, NULL) == SQLITE_OK ? 0 : spark_fail(s, e);
    buf_reset(sql);
    return result;
}

void spark_put_name(struct buf *out, struct str name)
{
    buf_c(out, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"')
            buf_c(out, '"');
        buf_c(out, name.p[i]);
    }
    buf_c(out, '"');
}

/* What SQLite converts cells to. A declared type that says neither would make numbers of texts. */
static const char *affinity(const char *type)
{
    static const char *const whole[] = { "int", "integer", "bigint", "long", "short", "byte", "boolean" };
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strcmp(type, whole[i]) == 0)
            return "INTEGER";
    return strcmp(type, "double") == 0 || strcmp(type, "float") == 0 || strncmp(type, "decimal", 7) == 0 ? "REAL" : "TEXT";
}

static int make_table(struct spark *s, const struct spark_shape *t, struct err *e)
{
    struct buf sql = BUF_INIT;
    buf_z(&sql, "CREATE TABLE ");
    spark_put_name(&sql, t->name);
    for (size_t i = 0; i < t->n_columns; i++) {
        buf_z(&sql, i ? ", " : " (");
        spark_put_name(&sql, t->columns[i].name);
        buf_f(&sql, " %s", affinity(t->columns[i].type));
    }
    buf_z(&sql, ")");
    int result = exec(s, &sql, e);
    buf_z(&sql, "INSERT INTO ");
    spark_put_name(&sql, t->name);
    for (size_t i = 0; i < t->n_columns; i++)
        buf_z(&sql, i ? ", ?" : " VALUES (?");
    buf_z(&sql, ")");
    sqlite3_finalize(s->insert);
    s->insert = NULL;
    if (result == 0 && sqlite3_prepare_v2(s->db, sql.p, (int)sql.n, &s->insert, NULL) != SQLITE_OK)
        result = spark_fail(s, e);
    buf_release(&sql);
    return result;
}

int spark_create(struct spark *s, struct str name, const struct spark_column *columns, size_t n, struct err *e)
{
    if (s->n_tables == SPARK_MOST_TABLES || n > MOST_COLUMNS || n == 0)
        return err_set(e, 0, "SQL_TABLE", "table " STR_F ": at most %d tables of 1 to %d columns", STR_A(name), SPARK_MOST_TABLES, MOST_COLUMNS);
    struct spark_shape *t = &s->tables[s->n_tables];
    *t = (struct spark_shape){ arena_dup(&s->arena, name), ARENA_ARRAY(&s->arena, struct spark_column, n), n };
    for (size_t i = 0; i < n; i++)
        t->columns[i] = (struct spark_column){ arena_dup(&s->arena, columns[i].name), arena_z(&s->arena, str_of(columns[i].type)) };
    if (make_table(s, t, e))
        return -1;
    s->n_tables++;
    return 0;
}

/* "2020-08-28T03:52:47.5Z" as Spark prints it. */
static struct str instant_text(struct spark *s, struct str text)
{
    char *p = arena_z(&s->scratch, text);
    if (text.n > 10 && p[10] == 'T')
        p[10] = ' ';
    return (struct str){ p, text.n && p[text.n - 1] == 'Z' ? text.n - 1 : text.n };
}

static void bind_text(struct spark *s, int at, struct str text)
{
    sqlite3_bind_text(s->insert, at, text.n ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
}

static void bind_json(struct spark *s, int at, const char *type, struct json v)
{
    int64_t i;
    double d;
    if (v.type == JSON_NULL)
        sqlite3_bind_null(s->insert, at);
    else if (v.type == JSON_TRUE || v.type == JSON_FALSE)
        sqlite3_bind_int(s->insert, at, v.type == JSON_TRUE);
    else if (v.type == JSON_NUMBER && str_to_i64(v.raw, &i))
        sqlite3_bind_int64(s->insert, at, i);
    else if (v.type == JSON_NUMBER && str_to_double(v.raw, &d))
        sqlite3_bind_double(s->insert, at, d);
    else if (v.type == JSON_STRING && strncmp(type, "timestamp", 9) == 0)
        bind_text(s, at, instant_text(s, json_text(v, &s->scratch)));
    else
        bind_text(s, at, v.type == JSON_STRING ? json_text(v, &s->scratch) : v.raw);
}

static int insert(struct spark *s, struct err *e)
{
    int result = sqlite3_step(s->insert) == SQLITE_DONE ? 0 : spark_fail(s, e);
    sqlite3_reset(s->insert);
    sqlite3_clear_bindings(s->insert);
    arena_reset(&s->scratch);
    return result;
}

int spark_add_row(struct spark *s, struct str object, struct err *e)
{
    const struct spark_shape *t = &s->tables[s->n_tables - 1];
    struct json_reader r;
    struct json v;
    struct str key;
    json_open(&r, object);
    if (json_enter(&r, JSON_OBJECT))
        return err_set(e, 0, "SQL_TABLE", "a row of " STR_F " is no object", STR_A(t->name));
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct str name = json_text((struct json){ .type = JSON_STRING, .escaped = true, .raw = key }, &s->scratch);
        for (size_t i = 0; i < t->n_columns; i++)
            if (str_eq(t->columns[i].name, name))
                bind_json(s, (int)i + 1, t->columns[i].type, v);
    }
    return insert(s, e);
}

static void bind_cell(struct spark *s, int at, const struct column *c, size_t row)
{
    struct buf b = BUF_INIT;
    if (c->null[row])
        return;
    switch (c->type) {
    case COLUMN_INT:
    case COLUMN_BOOLEAN: sqlite3_bind_int(s->insert, at, c->v.i32[row]); break;
    case COLUMN_LONG: sqlite3_bind_int64(s->insert, at, c->v.i64[row]); break;
    case COLUMN_DOUBLE: sqlite3_bind_double(s->insert, at, c->v.f64[row]); break;
    case COLUMN_STRING: bind_text(s, at, column_text(c, row)); break;
    case COLUMN_TIMESTAMP:
        spark_function_put_instant(&b, c->v.i64[row]);
        bind_text(s, at, buf_str(&b));
        break;
    case COLUMN_DOUBLES:
        for (uint32_t k = 0; k < c->width; k++) {
            buf_c(&b, k ? ',' : '[');
            json_put_double(&b, c->v.f64[row * c->width + k]);
        }
        buf_c(&b, ']');
        bind_text(s, at, buf_str(&b));
    }
    buf_release(&b);
}

int spark_add_table(struct spark *s, const struct table *t, struct err *e)
{
    static const char *const types[] = { [COLUMN_STRING] = "string",       [COLUMN_INT] = "int",           [COLUMN_LONG] = "bigint",
                                         [COLUMN_DOUBLE] = "double",       [COLUMN_BOOLEAN] = "boolean",   [COLUMN_TIMESTAMP] = "timestamp",
                                         [COLUMN_DOUBLES] = "array<double>" };
    struct spark_column *columns = ARENA_ARRAY(&s->arena, struct spark_column, t->n_columns + 1);
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < t->n_columns; i++)
        columns[i] = (struct spark_column){ t->columns[i].name, types[t->columns[i].type] };
    int result = spark_create(s, t->name, columns, t->n_columns, e);
    for (size_t row = 0; row < t->n_rows && result == 0; row++) {
        for (size_t i = 0; i < t->n_columns; i++)
            bind_cell(s, (int)i + 1, &t->columns[i], row);
        result = insert(s, e);
    }
    if (result == 0) {
        buf_f(&sql, "CREATE INDEX \"key of " STR_F "\" ON \"" STR_F "\" (", STR_A(t->name), STR_A(t->name));
        spark_put_name(&sql, t->columns[t->key].name);
        buf_z(&sql, ")");
        result = exec(s, &sql, e);
    }
    buf_release(&sql);
    return result;
}
