/* spark_function_array.c - Spark's functions of arrays, which are JSON texts here. */
#include "pipeline/analytics/spark_own.h"

static void result_json(sqlite3_context *c, struct json v)
{
    struct arena a = ARENA_INIT;
    int64_t i;
    double d;
    if (v.type == JSON_TRUE || v.type == JSON_FALSE)
        sqlite3_result_int(c, v.type == JSON_TRUE);
    else if (v.type == JSON_NUMBER && str_to_i64(v.raw, &i))
        sqlite3_result_int64(c, i);
    else if (v.type == JSON_NUMBER && str_to_double(v.raw, &d))
        sqlite3_result_double(c, d);
    else if (v.type == JSON_STRING)
        spark_function_result(c, json_text(v, &a));
    else if (v.type == JSON_ARRAY || v.type == JSON_OBJECT)
        spark_function_result(c, v.raw);
    arena_release(&a);
}

SPARK_FUNCTION(f_array)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    for (int i = 0; i < n; i++) {
        buf_c(&b, i ? ',' : '[');
        spark_function_put(&b, v[i]);
    }
    buf_z(&b, n ? "]" : "[]");
    spark_function_result_buf(c, &b);
}

/* Walks the array until each answers false; the number of elements seen, -1 when it is no array. */
static int64_t walk(struct str array, bool (*each)(void *arg, int64_t i, struct json v), void *arg)
{
    struct json_reader r;
    struct json v;
    int64_t i = 0;
    json_open(&r, array);
    if (json_enter(&r, JSON_ARRAY))
        return -1;
    while (json_element(&r) == 1 && json_read(&r, &v) == 0) {
        if (each && !each(arg, i, v))
            break;
        i++;
    }
    return i;
}

struct wanted {
    sqlite3_context *c;
    int64_t i;
};
static bool take_wanted(void *arg, int64_t i, struct json v)
{
    struct wanted *w = arg;
    if (i == w->i)
        result_json(w->c, v);
    return i != w->i;
}

SPARK_FUNCTION(f_get)
{
    struct wanted w = { c, sqlite3_value_int64(v[1]) };
    (void)n;
    if (walk(spark_function_text(v[0]), take_wanted, &w) < 0)
        spark_function_fail(c, "[" STR_F "] of what is no array", STR_A(spark_function_text(v[1])));
}

SPARK_FUNCTION(f_element_at)
{
    struct str array = spark_function_text(v[0]);
    struct wanted w = { c, sqlite3_value_int64(v[1]) };
    (void)n;
    w.i = w.i > 0 ? w.i - 1 : w.i < 0 ? walk(array, NULL, NULL) + w.i : -1;
    walk(array, take_wanted, &w);
}

SPARK_FUNCTION(f_size)
{
    (void)n;
    sqlite3_result_int64(c, walk(spark_function_text(v[0]), NULL, NULL));
}

struct sought {
    struct str json;
    bool found;
};
static bool seek(void *arg, int64_t i, struct json v)
{
    struct sought *s = arg;
    double a, b;
    (void)i;
    struct str raw = v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
    bool numbers = str_to_double(raw, &a) && str_to_double(s->json, &b);
    s->found = numbers ? a == b : str_eq(raw, s->json);
    return !s->found;
}

SPARK_FUNCTION(f_array_contains)
{
    struct buf b = BUF_INIT;
    struct sought s = { { 0 }, false };
    (void)n;
    spark_function_put(&b, v[1]);
    s.json = buf_str(&b);
    if (walk(spark_function_text(v[0]), seek, &s) >= 0)
        sqlite3_result_int(c, s.found);
    buf_release(&b);
}

struct joining {
    struct buf out;
    struct str separator;
    struct arena arena;
};
static bool join(void *arg, int64_t i, struct json v)
{
    struct joining *j = arg;
    (void)i;
    if (v.type == JSON_NULL)
        return true;
    if (j->out.n)
        buf_str_add(&j->out, j->separator);
    buf_str_add(&j->out, v.type == JSON_STRING ? json_text(v, &j->arena) : v.raw);
    return true;
}

SPARK_FUNCTION(f_array_join)
{
    struct joining j = { .out = BUF_MAX(SPARK_LONGEST), .separator = spark_function_text(v[1]) };
    (void)n;
    if (walk(spark_function_text(v[0]), join, &j) >= 0)
        spark_function_result(c, buf_str(&j.out));
    buf_release(&j.out);
    arena_release(&j.arena);
}

const struct spark_function spark_function_arrays[] = {
    { "array", 0, 100, f_array, true }, { "get", 2, 2, f_get, false }, { "element_at", 2, 2, f_element_at, false },
    { "size", 1, 1, f_size, false }, { "cardinality", 1, 1, f_size, false },
    { "array_contains", 2, 2, f_array_contains, false }, { "array_join", 2, 2, f_array_join, false },
    { NULL, 0, 0, NULL, false },
};
