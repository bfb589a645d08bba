#include "pipeline/analytics/join.h"

#include <stdlib.h>

enum { JOIN_MAX_ROWS = 1 << 30 };

/* Rows by key: a chain per slot, lowest row first. Keys close together are slots themselves. */
struct join_index {
    bool direct;
    int64_t lowest;
    size_t n_slots;
    uint32_t *first, *next; /* row + 1 */
};

static int64_t join_key(const struct column *c, size_t row)
{
    return c->type == COLUMN_LONG ? c->v.i64[row] : c->v.i32[row];
}

static size_t join_slot(const struct join_index *x, int64_t key)
{
    if (x->direct)
        return (size_t)((uint64_t)key - (uint64_t)x->lowest);
    uint64_t h = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);
    return (h ^ h >> 32) & (x->n_slots - 1);
}

static void join_index_init(struct join_index *x, const struct column *c, size_t n)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t i = 0; i < n; i++)
        if (!c->null[i]) {
            int64_t key = join_key(c, i);
            low = key < low ? key : low;
            high = key > high ? key : high;
        }
    uint64_t span = low <= high ? (uint64_t)high - (uint64_t)low : 0;
    x->direct = span < (uint64_t)n * 4 + 1024;
    x->lowest = low <= high ? low : 0;
    x->n_slots = 64;
    while (!x->direct && x->n_slots < n * 2)
        x->n_slots *= 2;
    if (x->direct)
        x->n_slots = span + 1;
    x->first = mem_zero(x->n_slots * sizeof *x->first);
    x->next = mem_alloc(n * sizeof *x->next + 1);
    for (size_t i = n; i-- > 0;)
        if (!c->null[i]) {
            size_t s = join_slot(x, join_key(c, i));
            x->next[i] = x->first[s];
            x->first[s] = (uint32_t)i + 1;
        }
}

static void join_index_release(struct join_index *x)
{
    free(x->first);
    free(x->next);
}

static bool join_grow(struct rowset *out, size_t *cap)
{
    if (out->n < *cap)
        return true;
    if (*cap >= JOIN_MAX_ROWS)
        return false;
    *cap = *cap ? *cap * 2 : 1024;
    for (size_t t = 0; t < out->n_tables; t++)
        out->row[t] = mem_grow(out->row[t], *cap * sizeof *out->row[t]);
    return true;
}

static int join_too_large(const struct query *q, struct err *e)
{
    return err_set(e, 0, "JOIN_TOO_LARGE", "the join of query " STR_F " gives more than %d rows: "
                   "duplicates of a key multiply; see the dedupe switch", STR_A(q->name), JOIN_MAX_ROWS);
}

/* Finished tables are in the order of their keys. */
static bool join_in_order(const struct column *c, size_t n)
{
    if (c->type != COLUMN_LONG || (n && memchr(c->null, 1, n)))
        return false;
    for (size_t i = 1; i < n; i++)
        if (c->v.i64[i - 1] > c->v.i64[i])
            return false;
    return true;
}

/* Both in order: one walk along both, no index. Gives the rows in the same order as the index does. */
static int join_merge(const struct query *q, const struct column *left, size_t n_left, const struct column *right,
                      size_t n_right, struct rowset *rows, struct err *e)
{
    const int64_t *x = left->v.i64, *y = right->v.i64;
    struct rowset out = { .n_tables = 2 };
    size_t cap = 0, begin = 0;
    for (size_t i = 0; i < n_left; i++) {
        while (begin < n_right && y[begin] < x[i])
            begin++;
        for (size_t k = begin; k < n_right && y[k] == x[i]; k++) {
            if (!join_grow(&out, &cap)) {
                join_release(&out);
                return join_too_large(q, e);
            }
            out.row[0][out.n] = (uint32_t)i;
            out.row[1][out.n++] = (uint32_t)k;
        }
    }
    join_release(rows);
    *rows = out;
    return 0;
}

/* Adds the next table of the query to the rows. */
static int join_table(const struct query *q, const struct table *const *tables, struct rowset *rows, struct err *e)
{
    size_t right = rows->n_tables, cap = 0;
    const struct join *j = &q->joins[right];
    const struct column *left_key = &tables[j->left_table]->columns[j->left_column];
    const struct column *right_key = &tables[right]->columns[j->right_column];
    struct join_index x;
    struct rowset out = { .n_tables = right + 1 };
    int result = 0;
    if (right == 1 && join_in_order(left_key, tables[0]->n_rows) && join_in_order(right_key, tables[1]->n_rows))
        return join_merge(q, left_key, tables[0]->n_rows, right_key, tables[1]->n_rows, rows, e);
    join_index_init(&x, right_key, tables[right]->n_rows);
    for (size_t i = 0; i < rows->n && !result; i++) {
        uint32_t left_row = rows->row[j->left_table][i];
        int64_t key = join_key(left_key, left_row);
        size_t slot = join_slot(&x, key);
        if (left_key->null[left_row] || slot >= x.n_slots)
            continue;
        for (uint32_t r = x.first[slot]; r && !result; r = x.next[r - 1]) {
            if (!x.direct && join_key(right_key, r - 1) != key)
                continue;
            if (!join_grow(&out, &cap)) {
                result = join_too_large(q, e);
                break;
            }
            for (size_t t = 0; t < right; t++)
                out.row[t][out.n] = rows->row[t][i];
            out.row[right][out.n++] = r - 1;
        }
    }
    join_index_release(&x);
    join_release(rows);
    *rows = out;
    return result;
}

int join_rows(const struct query *q, const struct table *const *tables, struct rowset *rows, struct err *e)
{
    size_t n = tables[0]->n_rows;
    *rows = (struct rowset){ .n = n, .n_tables = 1 };
    rows->row[0] = mem_alloc(n * sizeof *rows->row[0] + 1);
    for (size_t i = 0; i < n; i++)
        rows->row[0][i] = (uint32_t)i;
    for (size_t t = 1; t < q->n_tables; t++)
        if (join_table(q, tables, rows, e))
            return -1;
    return 0;
}

void join_release(struct rowset *rows)
{
    for (size_t t = 0; t < rows->n_tables; t++)
        free(rows->row[t]);
    *rows = (struct rowset){ 0 };
}
