/* spark_function.c - what functions share, and those of values: conditions, casts, numbers.
 *
 * Casts are Spark's outside of ANSI mode: what cannot be converted is NULL.
 */
#include <math.h>
#include <stdlib.h>

#include "pipeline/analytics/spark_own.h"

struct str spark_function_text(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (struct str){ p, p ? (size_t)sqlite3_value_bytes(v) : 0 };
}

void spark_function_result(sqlite3_context *c, struct str text)
{
    if (text.n > SPARK_LONGEST)
        sqlite3_result_error_toobig(c);
    else
        sqlite3_result_text(c, text.n ? text.p : "", (int)text.n, SQLITE_TRANSIENT);
}

void spark_function_result_buf(sqlite3_context *c, struct buf *b)
{
    if (b->full)
        sqlite3_result_error_toobig(c);
    else
        spark_function_result(c, buf_str(b));
    buf_release(b);
}

void spark_function_fail(sqlite3_context *c, const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vf(&b, fmt, ap);
    va_end(ap);
    sqlite3_result_error(c, b.p, (int)b.n);
    buf_release(&b);
}

static bool is_array(struct str s) { return s.n >= 2 && s.p[0] == '[' && json_valid(s); }

void spark_function_put(struct buf *out, sqlite3_value *v)
{
    struct str s;
    switch (sqlite3_value_type(v)) {
    case SQLITE_NULL: buf_z(out, "null"); break;
    case SQLITE_INTEGER: buf_i64(out, sqlite3_value_int64(v)); break;
    case SQLITE_FLOAT: json_put_double(out, sqlite3_value_double(v)); break;
    default:
        s = spark_function_text(v);
        if (is_array(s))
            buf_str_add(out, s);
        else
            json_put_text(out, s);
    }
}

/* ---- conditions ---- */

SPARK_FUNCTION(f_if)
{
    (void)n;
    sqlite3_result_value(c, sqlite3_value_int(v[0]) ? v[1] : v[2]);
}

SPARK_FUNCTION(f_coalesce)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_value_type(v[i]) != SQLITE_NULL) {
            sqlite3_result_value(c, v[i]);
            return;
        }
}

SPARK_FUNCTION(f_nvl2)
{
    (void)n;
    sqlite3_result_value(c, v[sqlite3_value_type(v[0]) == SQLITE_NULL ? 2 : 1]);
}

SPARK_FUNCTION(f_isnull)
{
    (void)n;
    sqlite3_result_int(c, sqlite3_value_type(v[0]) == SQLITE_NULL);
}

SPARK_FUNCTION(f_isnotnull)
{
    (void)n;
    sqlite3_result_int(c, sqlite3_value_type(v[0]) != SQLITE_NULL);
}

static int compare(sqlite3_value *a, sqlite3_value *b)
{
    if (sqlite3_value_numeric_type(a) != SQLITE_TEXT && sqlite3_value_numeric_type(b) != SQLITE_TEXT) {
        double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
        return (x > y) - (x < y);
    }
    return str_cmp(spark_function_text(a), spark_function_text(b));
}

/* NULLs are passed over. */
static void extreme(sqlite3_context *c, int n, sqlite3_value **v, int sign)
{
    sqlite3_value *best = NULL;
    for (int i = 0; i < n; i++)
        if (sqlite3_value_type(v[i]) != SQLITE_NULL && (!best || compare(v[i], best) * sign > 0))
            best = v[i];
    if (best)
        sqlite3_result_value(c, best);
}

SPARK_FUNCTION(f_greatest) { extreme(c, n, v, 1); }
SPARK_FUNCTION(f_least) { extreme(c, n, v, -1); }

/* ---- casts ---- */

static void cast_integer(sqlite3_context *c, sqlite3_value *v, int64_t low, int64_t high)
{
    struct str s = str_trim(spark_function_text(v));
    double d = 0;
    int64_t i = 0;
    bool whole = sqlite3_value_type(v) == SQLITE_INTEGER || str_to_i64(s, &i);
    i = sqlite3_value_type(v) == SQLITE_INTEGER ? sqlite3_value_int64(v) : i;
    if (!whole && str_to_double(s, &d) && d > -9.2e18 && d < 9.2e18)
        i = (int64_t)d, whole = true;
    if (whole && i >= low && i <= high)
        sqlite3_result_int64(c, i);
}

static void cast_double(sqlite3_context *c, sqlite3_value *v)
{
    double d;
    if (sqlite3_value_type(v) != SQLITE_TEXT)
        sqlite3_result_double(c, sqlite3_value_double(v));
    else if (str_to_double(str_trim(spark_function_text(v)), &d))
        sqlite3_result_double(c, d);
}

static void cast_boolean(sqlite3_context *c, sqlite3_value *v)
{
    static const char *const words[][5] = { { "false", "f", "no", "n", "0" }, { "true", "t", "yes", "y", "1" } };
    struct str s = str_trim(spark_function_text(v));
    if (sqlite3_value_type(v) != SQLITE_TEXT) {
        sqlite3_result_int(c, sqlite3_value_double(v) != 0);
        return;
    }
    for (int b = 0; b < 2; b++)
        for (int i = 0; i < 5; i++)
            if (str_eq_nocase(s, str_of(words[b][i])))
                sqlite3_result_int(c, b);
}

static void cast_instant(sqlite3_context *c, sqlite3_value *v, bool day)
{
    int64_t us;
    struct buf b = BUF_INIT;
    if (sqlite3_value_type(v) == SQLITE_INTEGER && !day) /* seconds */
        spark_function_put_instant(&b, sqlite3_value_int64(v) * 1000000);
    else if (spark_function_instant(str_trim(spark_function_text(v)), &us))
        spark_function_put_instant(&b, us);
    if (b.n)
        spark_function_result(c, day ? str_head(buf_str(&b), 10) : buf_str(&b));
    buf_release(&b);
}

/* decimal(10,2): rounded to so many digits. */
static void cast_decimal(sqlite3_context *c, sqlite3_value *v, struct str type)
{
    struct str arguments = str_from(type, str_chr(type, '(') == STR_NONE ? type.n : str_chr(type, '(') + 1);
    int64_t scale = 0;
    double d = sqlite3_value_double(v);
    str_cut(&arguments, ',');
    if (arguments.p && arguments.n)
        str_to_i64(str_trim(str_head(arguments, arguments.n - 1)), &scale);
    if (sqlite3_value_type(v) == SQLITE_TEXT && !str_to_double(str_trim(spark_function_text(v)), &d))
        return;
    double power = pow(10, (double)(scale > 15 ? 15 : scale));
    sqlite3_result_double(c, round(d * power) / power);
}

static void cast_text(sqlite3_context *c, sqlite3_value *v)
{
    struct buf b = BUF_INIT;
    if (sqlite3_value_type(v) == SQLITE_FLOAT)
        json_put_java_double(&b, sqlite3_value_double(v));
    else
        buf_str_add(&b, spark_function_text(v));
    spark_function_result_buf(c, &b);
}

static void cast(sqlite3_context *c, sqlite3_value *v, struct str type)
{
    static const struct { const char *name; int64_t low, high; } integers[] = {
        { "int", INT32_MIN, INT32_MAX },  { "integer", INT32_MIN, INT32_MAX }, { "bigint", INT64_MIN, INT64_MAX },
        { "long", INT64_MIN, INT64_MAX }, { "smallint", -32768, 32767 },       { "tinyint", -128, 127 },
    };
    struct str name = str_head(type, str_chr(type, '('));
    for (size_t i = 0; i < sizeof integers / sizeof *integers; i++)
        if (str_is(name, integers[i].name)) {
            cast_integer(c, v, integers[i].low, integers[i].high);
            return;
        }
    if (str_is(name, "string") || str_is(name, "varchar") || str_is(name, "char") || str_is(name, "text"))
        cast_text(c, v);
    else if (str_is(name, "double") || str_is(name, "float") || str_is(name, "real"))
        cast_double(c, v);
    else if (str_is(name, "boolean"))
        cast_boolean(c, v);
    else if (str_is(name, "timestamp") || str_is(name, "timestamp_ntz") || str_is(name, "date"))
        cast_instant(c, v, str_is(name, "date"));
    else if (str_is(name, "decimal") || str_is(name, "numeric") || str_is(name, "dec"))
        cast_decimal(c, v, type);
    else
        spark_function_fail(c, "CAST to \"" STR_F "\": there are int, bigint, smallint, tinyint, double, float, decimal, string, boolean, timestamp and date",
                            STR_A(type));
}

SPARK_FUNCTION(f_cast)
{
    (void)n;
    cast(c, v[0], spark_function_text(v[1]));
}

#define CAST_FUNCTION(type)                                                                                            \
    SPARK_FUNCTION(f_##type)                                                                                           \
    {                                                                                                                  \
        (void)n;                                                                                                       \
        cast(c, v[0], S(#type));                                                                                       \
    }
CAST_FUNCTION(int)
CAST_FUNCTION(bigint)
CAST_FUNCTION(double)
CAST_FUNCTION(string)
CAST_FUNCTION(boolean)
CAST_FUNCTION(timestamp)

/* ---- numbers ---- */

static void result_whole(sqlite3_context *c, double d)
{
    if (d >= -9.2e18 && d <= 9.2e18)
        sqlite3_result_int64(c, (int64_t)d);
}

SPARK_FUNCTION(f_floor)
{
    (void)n;
    result_whole(c, floor(sqlite3_value_double(v[0])));
}

SPARK_FUNCTION(f_ceil)
{
    (void)n;
    result_whole(c, ceil(sqlite3_value_double(v[0])));
}

SPARK_FUNCTION(f_pmod)
{
    (void)n;
    int64_t a = sqlite3_value_int64(v[0]), b = sqlite3_value_int64(v[1]);
    if (b && b != -1)
        sqlite3_result_int64(c, (a % b + (b > 0 ? b : -b)) % b);
    else if (b)
        sqlite3_result_int(c, 0);
}

/* Half to the even neighbour. */
SPARK_FUNCTION(f_bround)
{
    double power = n > 1 ? pow(10, sqlite3_value_double(v[1])) : 1;
    sqlite3_result_double(c, rint(sqlite3_value_double(v[0]) * power) / power);
}

const struct spark_function spark_function_values[] = {
    { "spark_if", 3, 3, f_if, true }, { "nvl", 2, 2, f_coalesce, true }, { "nvl2", 3, 3, f_nvl2, true },
    { "spark_isnull", 1, 1, f_isnull, true }, { "isnotnull", 1, 1, f_isnotnull, true },
    { "greatest", 2, 100, f_greatest, true }, { "least", 2, 100, f_least, true }, { "spark_cast", 2, 2, f_cast, false },
    { "int", 1, 1, f_int, false }, { "bigint", 1, 1, f_bigint, false }, { "double", 1, 1, f_double, false },
    { "string", 1, 1, f_string, false }, { "boolean", 1, 1, f_boolean, false }, { "timestamp", 1, 1, f_timestamp, false },
    { "floor", 1, 1, f_floor, false }, { "ceil", 1, 1, f_ceil, false }, { "ceiling", 1, 1, f_ceil, false },
    { "pmod", 2, 2, f_pmod, false }, { "bround", 1, 2, f_bround, false }, { NULL, 0, 0, NULL, false },
};

/* ---- registering ---- */

static const struct spark_function *const tables[] = { spark_function_values, spark_function_arrays, spark_function_texts, spark_function_times };

static void call(sqlite3_context *c, int n, sqlite3_value **v)
{
    const struct spark_function *f = sqlite3_user_data(c);
    if (n < f->least || n > f->most) {
        spark_function_fail(c, "%s takes %d to %d arguments, not %d", str_starts(str_of(f->name), S("spark_")) ? f->name + 6 : f->name, f->least,
                            f->most, n);
        return;
    }
    for (int i = 0; i < n && !f->takes_null; i++)
        if (sqlite3_value_type(v[i]) == SQLITE_NULL)
            return;
    f->run(c, n, v);
}

int spark_function_register(sqlite3 *db)
{
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct spark_function *f = tables[t]; f->name; f++) {
            int n = f->least == f->most ? f->least : -1; /* the same number replaces SQLite's own */
            if (sqlite3_create_function(db, f->name, n, SQLITE_UTF8 | SQLITE_DETERMINISTIC, (void *)(uintptr_t)f, call, NULL, NULL) != SQLITE_OK)
                return -1;
        }
    return spark_function_aggregates(db);
}

struct names {
    const char *all[256];
    size_t n;
};

static void take_name(void *arg, const char *name)
{
    struct names *s = arg;
    if (s->n < sizeof s->all / sizeof *s->all)
        s->all[s->n++] = str_starts(str_of(name), S("spark_")) ? name + 6 : name;
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

void spark_function_names(struct buf *out)
{
    struct names s = { .n = 0 };
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct spark_function *f = tables[t]; f->name; f++)
            take_name(&s, f->name);
    spark_function_aggregate_names(take_name, &s);
    qsort(s.all, s.n, sizeof *s.all, by_name);
    for (size_t i = 0; i < s.n; i++)
        if (i == 0 || strcmp(s.all[i], s.all[i - 1]) != 0)
            buf_f(out, "%s%s", i ? " " : "", s.all[i]);
}
