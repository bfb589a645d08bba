/* Bars for columns of few values, lines for answers by year; now beside the baseline. */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "pipeline/check/report_page.h"
#include "pipeline/check/report_plot.h"

static struct str report_unquoted(struct report *r, struct str json)
{
    struct json text = { JSON_STRING, str_chr(json, '\\') != STR_NONE, { json.p + 1, json.n - 2 } };
    return json.n > 1 && json.p[0] == '"' ? json_text(text, &r->arena) : json;
}

/* How often a column has a value, as far as its profile knows: the rest is below its most frequent ones, or nothing. */
static bool report_count_of(const struct column_profile *c, struct str json, double *ret)
{
    for (size_t i = 0; i < c->n_top; i++)
        if (str_eq(c->top[i].json, json)) {
            *ret = (double)c->top[i].count;
            return true;
        }
    *ret = 0;
    return c->figure[PROFILE_DISTINCT].number <= (double)c->n_top;
}

/* Few values that repeat. */
static bool report_is_category(const struct table_profile *t, const struct column_profile *c)
{
    enum { FEW = 300 };
    double values = c->figure[PROFILE_DISTINCT].number, rows = (double)t->rows - c->figure[PROFILE_NULLS].number;
    return str_is(c->type, "string") && c->n_top > 1 && values > 1 && values <= FEW && rows >= 1.25 * values;
}

static void report_put_top(struct report *r, const struct table_profile *now, const struct column_profile *col,
                           const struct column_profile *was, struct buf *out)
{
    struct report_bar bars[2 * PROFILE_TOP];
    size_t n = 0;
    double known;
    for (; n < col->n_top; n++) {
        bars[n] = (struct report_bar){ .label = report_unquoted(r, col->top[n].json), .now = (double)col->top[n].count };
        bars[n].has_was = was && report_count_of(was, col->top[n].json, &bars[n].was);
    }
    for (size_t i = 0; was && i < was->n_top; i++) /* what has gone */
        if (report_count_of(col, was->top[i].json, &known) && known == 0)
            bars[n++] = (struct report_bar){ .label = report_unquoted(r, was->top[i].json), .was = (double)was->top[i].count, .has_was = true };
    struct str title = arena_f(&r->arena, "Rows per " STR_F " (" STR_F ")", STR_A(col->name), STR_A(now->name));
    buf_z(out, "<figure><figcaption>");
    report_put_escaped(out, title);
    if (col->figure[PROFILE_DISTINCT].number > (double)col->n_top)
        buf_f(out, " <span class=\"soft\">the first %zu of %.0f</span>", col->n_top, col->figure[PROFILE_DISTINCT].number);
    buf_z(out, "</figcaption>");
    report_put_bars(out, title, bars, n);
    buf_z(out, "</figure>\n");
}

/* An answer by year: x, the series, and their numbers now and in the baseline. */
struct yearly {
    size_t year, value, series; /* columns; series SIZE_MAX: one line only */
    struct str x[64], names[REPORT_SERIES];
    size_t n_x, n_names;
    double now[REPORT_SERIES][64], was[REPORT_SERIES][64];
};

static bool report_is_yearly(const struct result *a, struct yearly *y)
{
    bool found = false;
    y->series = SIZE_MAX;
    y->value = a->n_columns - 1;
    for (size_t c = 0; c + 1 < a->n_columns; c++) {
        bool year = str_ends(a->columns[c].name, S("year")) && a->columns[c].type != COLUMN_STRING;
        if (year)
            y->year = c, found = true;
        else if (y->series == SIZE_MAX)
            y->series = c;
        else
            return false;
    }
    return found && a->n_rows && a->columns[y->value].type != COLUMN_STRING && a->columns[y->value].type != COLUMN_TIMESTAMP;
}

static size_t report_place(struct str *names, size_t *n, size_t most, struct str name)
{
    for (size_t i = 0; i < *n; i++)
        if (str_eq(names[i], name))
            return i;
    if (*n == most)
        return SIZE_MAX;
    names[*n] = name;
    return (*n)++;
}

static int report_compare_years(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Texts of the answer's cells in the page's arena. */
static struct str report_answer_cell(struct report *r, const struct result *a, size_t row, size_t column)
{
    struct buf b = BUF_INIT;
    result_put_cell(a, row, column, &b);
    return arena_keep(&r->arena, &b);
}

static void report_fill_yearly(struct report *r, const struct result *a, const struct grid *was, struct yearly *y)
{
    for (size_t i = 0; i < a->n_rows; i++)
        report_place(y->x, &y->n_x, 64, report_answer_cell(r, a, i, y->year));
    qsort(y->x, y->n_x, sizeof *y->x, report_compare_years);
    for (size_t s = 0; s < REPORT_SERIES; s++)
        for (size_t i = 0; i < 64; i++)
            y->now[s][i] = y->was[s][i] = NAN;
    for (size_t i = 0; i < a->n_rows; i++) {
        const struct cell *cell = result_cell(a, i, y->value);
        size_t x = report_place(y->x, &y->n_x, y->n_x, report_answer_cell(r, a, i, y->year));
        size_t s = y->series == SIZE_MAX ? 0 : report_place(y->names, &y->n_names, REPORT_SERIES, report_answer_cell(r, a, i, y->series));
        if (x != SIZE_MAX && s != SIZE_MAX && !cell->null)
            y->now[s][x] = a->columns[y->value].type == COLUMN_DOUBLE ? cell->d : (double)cell->i;
    }
    for (size_t i = 0; i < was->n_rows && was->n_columns == a->n_columns; i++) {
        size_t x = report_place(y->x, &y->n_x, y->n_x, grid_cell(was, i, y->year));
        size_t s = y->series == SIZE_MAX ? 0 : report_place(y->names, &y->n_names, y->n_names, grid_cell(was, i, y->series));
        if (x != SIZE_MAX && s != SIZE_MAX)
            str_to_double(grid_cell(was, i, y->value), &y->was[s][x]);
    }
}

static void report_put_yearly(struct report *r, const struct result *a, const struct grid *was, struct buf *out)
{
    struct yearly *y = ARENA_NEW(&r->arena, struct yearly);
    struct report_series series[REPORT_SERIES];
    if (!report_is_yearly(a, y))
        return;
    report_fill_yearly(r, a, was, y);
    size_t n = y->series == SIZE_MAX ? 1 : y->n_names;
    for (size_t s = 0; s < n; s++)
        series[s] = (struct report_series){ y->names[s], y->now[s], was->n_columns == a->n_columns ? y->was[s] : NULL };
    buf_z(out, "<figure><figcaption>");
    report_put_escaped(out, a->name);
    buf_z(out, y->n_names == REPORT_SERIES ? " <span class=\"soft\">the first eight</span></figcaption>" : "</figcaption>");
    report_put_plot(out, a->name, y->x, y->n_x, series, n);
    buf_z(out, "</figure>\n");
}

void report_put_figures(struct report *r, const struct report_context *x, struct buf *out)
{
    buf_z(out, "<h2>Rows by value</h2>\n<p class=\"soft key\"><i></i>now <i class=\"was\"></i>baseline, where it differs</p>\n<div class=\"plots\">\n");
    for (size_t t = 0; t < x->n_tables; t++)
        for (size_t c = 0; c < x->now[t].n_columns; c++) {
            const struct column_profile *col = &x->now[t].columns[c];
            if (report_is_category(&x->now[t], col))
                report_put_top(r, &x->now[t], col, x->was[t].name.n ? profile_column(&x->was[t], col->name) : NULL, out);
        }
    buf_z(out, "</div>\n<h2>Answers by year</h2>\n<div class=\"plots\">\n");
    for (size_t i = 0; i < x->n_answers; i++)
        report_put_yearly(r, x->answers[i], &x->answers_was[i], out);
    buf_z(out, "</div>\n");
}
