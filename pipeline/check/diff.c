/* Both sides are ordered by key; then groups of equal keys are walked together. */
#include "pipeline/check/diff.h"

#include <stdlib.h>

/* Of more rows with one key no equal ones are looked for: they meet in order. */
enum { MOST_PAIRS = 1 << 24 };

struct side {
    const struct grid *g;
    size_t keys[GRID_MAX_COLUMNS], n_keys;
    uint32_t *rows; /* in the order of keys */
};

void diff_release(struct diff *d)
{
    free(d->added);
    free(d->removed);
    free(d->cells);
    *d = (struct diff){ 0 };
}

void diff_put_key(const struct grid *g, const struct str *keys, size_t n_keys, size_t row, struct buf *out)
{
    for (size_t i = 0; i < n_keys; i++) {
        size_t c = grid_column(g, keys[i]);
        if (c != STR_NONE)
            buf_f(out, "%s" STR_F "=" STR_F, i ? ", " : "", STR_A(keys[i]), STR_A(grid_cell(g, row, c)));
    }
}

/* ---- order ---- */

/* Whole numbers by their value, before all texts. */
static int diff_compare_key(struct str a, struct str b)
{
    int64_t x, y;
    bool a_is = str_to_i64(a, &x), b_is = str_to_i64(b, &y);
    if (a_is && b_is && x != y)
        return x < y ? -1 : 1;
    return a_is != b_is ? (a_is ? -1 : 1) : str_cmp(a, b);
}

static int diff_compare_keys(const struct side *a, size_t x, const struct side *b, size_t y)
{
    for (size_t k = 0; k < a->n_keys; k++) {
        int order = diff_compare_key(grid_cell(a->g, x, a->keys[k]), grid_cell(b->g, y, b->keys[k]));
        if (order)
            return order;
    }
    return 0;
}

static int diff_compare_rows(const void *a, const void *b, void *side)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int order = diff_compare_keys(side, x, side, y);
    return order ? order : (x > y) - (x < y);
}

static void diff_sort(struct side *s, const struct grid *g, const struct str *keys, size_t n_keys)
{
    *s = (struct side){ .g = g, .rows = mem_alloc(g->n_rows * sizeof *s->rows + 1) };
    for (size_t k = 0; k < n_keys; k++)
        s->keys[s->n_keys++] = grid_column(g, keys[k]);
    for (size_t i = 0; i < g->n_rows; i++)
        s->rows[i] = (uint32_t)i;
    bool sorted = true;
    for (size_t i = 1; i < g->n_rows && sorted; i++)
        sorted = diff_compare_keys(s, i - 1, s, i) <= 0;
    if (!sorted)
        qsort_r(s->rows, g->n_rows, sizeof *s->rows, diff_compare_rows, s);
}

/* ---- rows ---- */

static void diff_add_row(uint32_t **rows, size_t *n, uint32_t row)
{
    if ((*n & (*n - 1)) == 0)
        *rows = mem_grow(*rows, (*n ? *n * 2 : 1) * sizeof **rows);
    (*rows)[(*n)++] = row;
}

static bool diff_same_cell(const struct diff_column *c, struct str was, struct str now)
{
    double x, y;
    if (c->tolerance.ignore || (str_eq(was, now) && !was.p == !now.p))
        return true;
    return (c->tolerance.abs > 0 || c->tolerance.rel > 0) && str_to_double(was, &x) && str_to_double(now, &y) &&
           tolerance_same(&c->tolerance, x, y);
}

static bool diff_same_row(const struct diff *d, const struct side *was, size_t w, const struct side *now, size_t n)
{
    for (size_t c = 0; c < d->n_columns; c++)
        if (!diff_same_cell(&d->columns[c], grid_cell(was->g, w, d->columns[c].was), grid_cell(now->g, n, d->columns[c].now)))
            return false;
    return true;
}

static void diff_row(struct diff *d, const struct side *was, uint32_t w, const struct side *now, uint32_t n)
{
    size_t before = d->n_cells;
    for (uint32_t c = 0; c < d->n_columns; c++) {
        struct diff_column *col = &d->columns[c];
        if (diff_same_cell(col, grid_cell(was->g, w, col->was), grid_cell(now->g, n, col->now)))
            continue;
        if ((d->n_cells & (d->n_cells - 1)) == 0)
            d->cells = mem_grow(d->cells, (d->n_cells ? d->n_cells * 2 : 1) * sizeof *d->cells);
        d->cells[d->n_cells++] = (struct diff_cell){ w, n, c };
        col->changed++;
    }
    d->n_changed += d->n_cells > before;
}

/* Of rows with one key the equal ones leave; returns how many stay in each. */
static void diff_take_equal(const struct diff *d, const struct side *was, uint32_t *w, size_t *n_w, const struct side *now, uint32_t *n,
                            size_t *n_n)
{
    size_t kept = 0;
    for (size_t i = 0; i < *n_w; i++) {
        size_t k = 0;
        while (k < *n_n && !diff_same_row(d, was, w[i], now, n[k]))
            k++;
        if (k == *n_n) {
            w[kept++] = w[i];
        } else {
            memmove(&n[k], &n[k + 1], (*n_n - k - 1) * sizeof *n);
            --*n_n;
        }
    }
    *n_w = kept;
}

static void diff_group(struct diff *d, const struct side *was, uint32_t *w, size_t n_w, const struct side *now, uint32_t *n, size_t n_n)
{
    if (n_w && n_n && n_w * n_n <= MOST_PAIRS)
        diff_take_equal(d, was, w, &n_w, now, n, &n_n);
    for (size_t i = 0; i < n_w || i < n_n; i++) {
        if (i >= n_n)
            diff_add_row(&d->removed, &d->n_removed, w[i]);
        else if (i >= n_w)
            diff_add_row(&d->added, &d->n_added, n[i]);
        else
            diff_row(d, was, w[i], now, n[i]);
    }
}

static size_t diff_end(const struct side *s, size_t from)
{
    size_t end = from + 1;
    while (end < s->g->n_rows && diff_compare_keys(s, s->rows[from], s, s->rows[end]) == 0)
        end++;
    return end;
}

static void diff_walk(struct diff *d, struct side *was, struct side *now)
{
    size_t w = 0, n = 0;
    while (w < was->g->n_rows || n < now->g->n_rows) {
        int order = w == was->g->n_rows   ? 1
                    : n == now->g->n_rows ? -1
                                          : diff_compare_keys(was, was->rows[w], now, now->rows[n]);
        size_t w_end = order <= 0 ? diff_end(was, w) : w, n_end = order >= 0 ? diff_end(now, n) : n;
        diff_group(d, was, was->rows + w, w_end - w, now, now->rows + n, n_end - n);
        w = w_end;
        n = n_end;
    }
}

/* Cells of a column that differs in no more rows than its tolerance's `mostly` allows do not count. */
static void diff_forgive(struct diff *d, size_t n_rows)
{
    size_t kept = 0;
    d->n_changed = 0;
    for (size_t i = 0; i < d->n_cells; i++) {
        const struct diff_column *c = &d->columns[d->cells[i].column];
        if ((double)(n_rows - c->changed) >= c->tolerance.mostly * (double)n_rows)
            continue;
        d->n_changed += !kept || d->cells[kept - 1].now != d->cells[i].now;
        d->cells[kept++] = d->cells[i];
    }
    d->n_cells = kept;
}

void diff_run(struct diff *d, const struct grid *was, const struct grid *now, const struct str *keys, size_t n_keys,
              struct tolerance (*tolerance)(void *arg, struct str column), void *arg)
{
    struct side a, b;
    *d = (struct diff){ 0 };
    size_t known = 0;
    for (size_t k = 0; k < n_keys; k++) /* a side without rows may not know its columns */
        known += grid_column(was, keys[k]) != STR_NONE && grid_column(now, keys[k]) != STR_NONE;
    if (known < n_keys) {
        for (uint32_t i = 0; i < was->n_rows; i++)
            diff_add_row(&d->removed, &d->n_removed, i);
        for (uint32_t i = 0; i < now->n_rows; i++)
            diff_add_row(&d->added, &d->n_added, i);
        return;
    }
    for (size_t c = 0; c < was->n_columns; c++) {
        size_t other = grid_column(now, was->columns[c]);
        if (other == STR_NONE)
            continue;
        bool key = false;
        for (size_t k = 0; k < n_keys; k++)
            key = key || str_eq(keys[k], was->columns[c]);
        d->columns[d->n_columns++] = (struct diff_column){ .was = c, .now = other, .key = key, .tolerance = tolerance(arg, was->columns[c]) };
    }
    diff_sort(&a, was, keys, n_keys);
    diff_sort(&b, now, keys, n_keys);
    diff_walk(d, &a, &b);
    diff_forgive(d, was->n_rows > now->n_rows ? was->n_rows : now->n_rows);
    free(a.rows);
    free(b.rows);
}
