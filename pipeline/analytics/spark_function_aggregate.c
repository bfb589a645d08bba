/* spark_function_aggregate.c - Spark's aggregates, also as window functions.
 *
 * Every one keeps the values of its group; what comes out is made of them at the end. NULLs are passed over, by first,
 * last and any_value only when asked to.
 */
#include <math.h>
#include <stdlib.h>

#include "pipeline/analytics/spark_own.h"

struct pair {
    sqlite3_value *a, *b; /* b: the second argument of max_by, of percentiles the place */
};
struct group {
    struct pair *pairs;
    size_t from, to, cap; /* a window drops from the front */
};
struct aggregate_row {
    const char *name;
    int least, most;
    void (*put)(sqlite3_context *c, const struct group *g);
    bool keeps_null;
};

/* ---- keeping ---- */

static struct group *group_of(sqlite3_context *c, bool make)
{
    struct group **g = sqlite3_aggregate_context(c, make ? sizeof *g : 0);
    if (g && !*g && make)
        *g = mem_zero(sizeof **g);
    return g ? *g : NULL;
}

static bool is_kept(const struct aggregate_row *row, int n, sqlite3_value **v)
{
    bool null = n && sqlite3_value_type(v[0]) == SQLITE_NULL;
    return !null || (row->keeps_null && !(n > 1 && sqlite3_value_int(v[1])));
}

static void step(sqlite3_context *c, int n, sqlite3_value **v)
{
    const struct aggregate_row *row = sqlite3_user_data(c);
    if (n < row->least || n > row->most) {
        spark_function_fail(c, "%s takes %d to %d arguments, not %d", row->name, row->least, row->most, n);
        return;
    }
    struct group *g = group_of(c, true);
    if (!g || !is_kept(row, n, v))
        return;
    if (g->to == g->cap) {
        g->cap = g->cap ? g->cap * 2 : 16;
        g->pairs = mem_grow(g->pairs, g->cap * sizeof *g->pairs);
    }
    g->pairs[g->to++] = (struct pair){ sqlite3_value_dup(v[0]), n > 1 ? sqlite3_value_dup(v[1]) : NULL };
}

static void drop(struct pair *p)
{
    sqlite3_value_free(p->a);
    sqlite3_value_free(p->b);
}

static void inverse(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct group *g = group_of(c, false);
    if (g && g->from < g->to && is_kept(sqlite3_user_data(c), n, v))
        drop(&g->pairs[g->from++]);
}

static void value(sqlite3_context *c)
{
    static const struct group nothing = { 0 };
    const struct aggregate_row *row = sqlite3_user_data(c);
    const struct group *g = group_of(c, false);
    row->put(c, g ? g : &nothing);
}

static void final(sqlite3_context *c)
{
    struct group *g = group_of(c, false);
    value(c);
    if (!g)
        return;
    while (g->from < g->to)
        drop(&g->pairs[g->from++]);
    free(g->pairs);
    free(g);
}

static size_t count(const struct group *g) { return g->to - g->from; }

/* ---- first, last, by ---- */

static void put_first(sqlite3_context *c, const struct group *g)
{
    if (count(g))
        sqlite3_result_value(c, g->pairs[g->from].a);
}

static void put_last(sqlite3_context *c, const struct group *g)
{
    if (count(g))
        sqlite3_result_value(c, g->pairs[g->to - 1].a);
}

static int compare(sqlite3_value *a, sqlite3_value *b)
{
    bool text_a = sqlite3_value_type(a) == SQLITE_TEXT, text_b = sqlite3_value_type(b) == SQLITE_TEXT;
    if (text_a || text_b)
        return text_a && text_b ? str_cmp(spark_function_text(a), spark_function_text(b)) : text_a - text_b;
    if (sqlite3_value_type(a) == SQLITE_INTEGER && sqlite3_value_type(b) == SQLITE_INTEGER) {
        int64_t i = sqlite3_value_int64(a), k = sqlite3_value_int64(b);
        return (i > k) - (i < k);
    }
    double x = sqlite3_value_double(a), y = sqlite3_value_double(b);
    return (x > y) - (x < y);
}

static void put_by(sqlite3_context *c, const struct group *g, int sign)
{
    const struct pair *best = NULL;
    for (size_t i = g->from; i < g->to; i++)
        if (sqlite3_value_type(g->pairs[i].b) != SQLITE_NULL && (!best || compare(g->pairs[i].b, best->b) * sign > 0))
            best = &g->pairs[i];
    if (best)
        sqlite3_result_value(c, best->a);
}

static void put_max_by(sqlite3_context *c, const struct group *g) { put_by(c, g, 1); }
static void put_min_by(sqlite3_context *c, const struct group *g) { put_by(c, g, -1); }

/* ---- sorted ---- */

static int by_value(const void *a, const void *b) { return compare(((const struct pair *)a)->a, ((const struct pair *)b)->a); }

/* A sorted copy; free() it. */
static struct pair *sorted(const struct group *g)
{
    struct pair *p = mem_alloc((count(g) + 1) * sizeof *p);
    memcpy(p, g->pairs ? g->pairs + g->from : (struct pair *)p, count(g) * sizeof *p);
    qsort(p, count(g), sizeof *p, by_value);
    return p;
}

static bool place_of(sqlite3_context *c, const struct group *g, double *ret)
{
    *ret = count(g) ? sqlite3_value_double(g->pairs[g->from].b) : 0;
    if (count(g) && sqlite3_value_numeric_type(g->pairs[g->from].b) == SQLITE_TEXT)
        spark_function_fail(c, "a percentage must be one number between 0 and 1");
    else if (*ret < 0 || *ret > 1)
        spark_function_fail(c, "the percentage %g is not between 0 and 1", *ret);
    else
        return count(g) > 0;
    return false;
}

/* Element ceil(p * n) of the sorted values. */
static void put_percentile_approx(sqlite3_context *c, const struct group *g)
{
    double p;
    if (!place_of(c, g, &p))
        return;
    struct pair *all = sorted(g);
    size_t at = (size_t)ceil(p * (double)count(g));
    sqlite3_result_value(c, all[at ? at - 1 : 0].a);
    free(all);
}

/* Between the two neighbours of the place. */
static void interpolate(sqlite3_context *c, const struct group *g, double p)
{
    struct pair *all = sorted(g);
    double at = p * (double)(count(g) - 1), low = floor(at);
    double a = sqlite3_value_double(all[(size_t)low].a), b = sqlite3_value_double(all[(size_t)ceil(at)].a);
    sqlite3_result_double(c, a + (b - a) * (at - low));
    free(all);
}

static void put_percentile(sqlite3_context *c, const struct group *g)
{
    double p;
    if (place_of(c, g, &p))
        interpolate(c, g, p);
}

static void put_median(sqlite3_context *c, const struct group *g)
{
    if (count(g))
        interpolate(c, g, 0.5);
}

static void put_mode(sqlite3_context *c, const struct group *g)
{
    struct pair *all = sorted(g);
    size_t best = 0, most = 0;
    for (size_t i = 0, run = 0; i < count(g); i++) {
        run = i && compare(all[i].a, all[i - 1].a) == 0 ? run + 1 : 1;
        if (run > most)
            most = run, best = i;
    }
    if (most)
        sqlite3_result_value(c, all[best].a);
    free(all);
}

static void put_distinct(sqlite3_context *c, const struct group *g)
{
    struct pair *all = sorted(g);
    int64_t n = 0;
    for (size_t i = 0; i < count(g); i++)
        n += i == 0 || compare(all[i].a, all[i - 1].a) != 0;
    sqlite3_result_int64(c, n);
    free(all);
}

/* ---- lists ---- */

static void put_list(sqlite3_context *c, const struct pair *pairs, size_t n, bool set)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    buf_c(&b, '[');
    for (size_t i = 0; i < n; i++) {
        if (set && i && compare(pairs[i].a, pairs[i - 1].a) == 0)
            continue;
        if (b.n > 1)
            buf_c(&b, ',');
        spark_function_put(&b, pairs[i].a);
    }
    buf_c(&b, ']');
    spark_function_result_buf(c, &b);
}

static void put_collect_list(sqlite3_context *c, const struct group *g) { put_list(c, g->pairs + g->from, count(g), false); }

static void put_collect_set(sqlite3_context *c, const struct group *g)
{
    struct pair *all = sorted(g);
    put_list(c, all, count(g), true);
    free(all);
}

/* ---- numbers ---- */

static void put_count_if(sqlite3_context *c, const struct group *g)
{
    int64_t n = 0;
    for (size_t i = g->from; i < g->to; i++)
        n += sqlite3_value_double(g->pairs[i].a) != 0;
    sqlite3_result_int64(c, n);
}

static void put_bool(sqlite3_context *c, const struct group *g, bool all)
{
    bool holds = all;
    for (size_t i = g->from; i < g->to; i++) {
        bool one = sqlite3_value_double(g->pairs[i].a) != 0;
        holds = all ? holds && one : holds || one;
    }
    if (count(g))
        sqlite3_result_int(c, holds);
}

static void put_bool_and(sqlite3_context *c, const struct group *g) { put_bool(c, g, true); }
static void put_bool_or(sqlite3_context *c, const struct group *g) { put_bool(c, g, false); }

static double mean(const struct group *g)
{
    double sum = 0;
    for (size_t i = g->from; i < g->to; i++)
        sum += sqlite3_value_double(g->pairs[i].a);
    return sum / (double)count(g);
}

static void put_mean(sqlite3_context *c, const struct group *g)
{
    if (count(g))
        sqlite3_result_double(c, mean(g));
}

static void put_spread(sqlite3_context *c, const struct group *g, size_t less, bool root)
{
    double centre = count(g) ? mean(g) : 0, sum = 0;
    for (size_t i = g->from; i < g->to; i++) {
        double d = sqlite3_value_double(g->pairs[i].a) - centre;
        sum += d * d;
    }
    if (count(g) > less)
        sqlite3_result_double(c, root ? sqrt(sum / (double)(count(g) - less)) : sum / (double)(count(g) - less));
}

static void put_stddev(sqlite3_context *c, const struct group *g) { put_spread(c, g, 1, true); }
static void put_stddev_pop(sqlite3_context *c, const struct group *g) { put_spread(c, g, 0, true); }
static void put_variance(sqlite3_context *c, const struct group *g) { put_spread(c, g, 1, false); }
static void put_var_pop(sqlite3_context *c, const struct group *g) { put_spread(c, g, 0, false); }

static const struct aggregate_row rows[] = {
    { "first", 1, 2, put_first, true },
    { "last", 1, 2, put_last, true },
    { "any_value", 1, 2, put_first, true },
    { "max_by", 2, 2, put_max_by, true },
    { "min_by", 2, 2, put_min_by, true },
    { "median", 1, 1, put_median, false },
    { "percentile", 2, 2, put_percentile, false },
    { "percentile_approx", 2, 3, put_percentile_approx, false },
    { "approx_percentile", 2, 3, put_percentile_approx, false },
    { "mode", 1, 1, put_mode, false },
    { "approx_count_distinct", 1, 2, put_distinct, false },
    { "collect_list", 1, 1, put_collect_list, false },
    { "collect_set", 1, 1, put_collect_set, false },
    { "count_if", 1, 1, put_count_if, false },
    { "bool_and", 1, 1, put_bool_and, false },
    { "every", 1, 1, put_bool_and, false },
    { "bool_or", 1, 1, put_bool_or, false },
    { "mean", 1, 1, put_mean, false },
    { "stddev", 1, 1, put_stddev, false },
    { "stddev_samp", 1, 1, put_stddev, false },
    { "stddev_pop", 1, 1, put_stddev_pop, false },
    { "variance", 1, 1, put_variance, false },
    { "var_samp", 1, 1, put_variance, false },
    { "var_pop", 1, 1, put_var_pop, false },
};

int spark_function_aggregates(sqlite3 *db)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (sqlite3_create_window_function(db, rows[i].name, -1, SQLITE_UTF8, (void *)(uintptr_t)&rows[i], step, final, value, inverse, NULL) != SQLITE_OK)
            return -1;
    return 0;
}

void spark_function_aggregate_names(void (*each)(void *arg, const char *name), void *arg)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        each(arg, rows[i].name);
}
