/* index      of the right table: rows by key                     join_index_init
 *   ordered  the column itself, when it is in order (finished tables are)
 *   direct   a slot for each key, when keys are close together
 *   hashed   else
 * step       rows so far -> rows with one table more             join_step
 */
#include "pipeline/analytics/join.h"

#include <stdlib.h>

enum join_way { WAY_ORDERED, WAY_DIRECT, WAY_HASHED };

struct join_index {
    enum join_way way;
    const struct column *key; /* of the right table */
    size_t n;
    int64_t lowest;
    size_t n_slots;
    uint32_t *first, *next; /* row + 1; lowest row first */
    uint8_t *partnered;     /* by row: it found a partner; only for outer joins */
};

static inline int64_t join_key(const struct column *c, size_t row)
{
    return c->type == COLUMN_LONG ? c->v.i64[row] : c->v.i32[row];
}

static inline size_t join_slot(const struct join_index *x, int64_t key)
{
    if (x->way == WAY_DIRECT)
        return (size_t)((uint64_t)key - (uint64_t)x->lowest);
    uint64_t h = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);
    return (h ^ h >> 32) & (x->n_slots - 1);
}

static bool join_in_order(const struct column *c, size_t n)
{
    if (n && memchr(c->null, 1, n))
        return false;
    for (size_t i = 1; i < n; i++)
        if (join_key(c, i - 1) > join_key(c, i))
            return false;
    return true;
}

static void join_fill(struct join_index *x)
{
    x->first = mem_zero(x->n_slots * sizeof *x->first);
    x->next = mem_alloc(x->n * sizeof *x->next + 1);
    for (size_t i = x->n; i-- > 0;)
        if (!x->key->null[i]) {
            size_t s = join_slot(x, join_key(x->key, i));
            x->next[i] = x->first[s];
            x->first[s] = (uint32_t)i + 1;
        }
}

static void join_index_init(struct join_index *x, const struct column *c, size_t n, enum join_kind kind)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    *x = (struct join_index){ .way = WAY_ORDERED, .key = c, .n = n };
    if (kind == JOIN_OUTER)
        x->partnered = mem_zero(n + 1);
    if (join_in_order(c, n))
        return;
    for (size_t i = 0; i < n; i++)
        if (!c->null[i]) {
            int64_t key = join_key(c, i);
            low = key < low ? key : low;
            high = key > high ? key : high;
        }
    uint64_t span = low <= high ? (uint64_t)high - (uint64_t)low : 0;
    x->way = span < (uint64_t)n * 4 + 1024 ? WAY_DIRECT : WAY_HASHED;
    x->lowest = low <= high ? low : 0;
    x->n_slots = 64;
    while (x->way == WAY_HASHED && x->n_slots < n * 2)
        x->n_slots *= 2;
    if (x->way == WAY_DIRECT)
        x->n_slots = span + 1;
    join_fill(x);
}

void join_open(struct joiner *j, const struct query *q, const struct table *const *tables)
{
    *j = (struct joiner){ q, tables, mem_zero(q->n_tables * sizeof *j->indexes) };
    for (size_t t = 1; t < q->n_tables; t++)
        join_index_init(&j->indexes[t], &tables[t]->columns[q->joins[t].right_column], tables[t]->n_rows, q->joins[t].kind);
}

void join_close(struct joiner *j)
{
    for (size_t t = 1; j->indexes && t < j->q->n_tables; t++) {
        free(j->indexes[t].first);
        free(j->indexes[t].next);
        free(j->indexes[t].partnered);
    }
    free(j->indexes);
}

int join_too_large(const struct query *q, struct err *e)
{
    return err_set(e, 0, "JOIN_TOO_LARGE", "the join of query " STR_F " gives more than %d rows: "
                   "duplicates of a key multiply; see the dedupe switch", STR_A(q->name), JOIN_MAX_ROWS);
}

/* ---- one step ---- */

/* The first row whose key is not below; `near` is where the last one was. */
static size_t join_ordered(const struct join_index *x, int64_t key, size_t near)
{
    size_t low = 0, high = x->n;
    if (near < x->n && join_key(x->key, near) < key) {
        for (size_t i = near + 1; i < near + 16; i++)
            if (i == x->n || join_key(x->key, i) >= key)
                return i;
        low = near + 16;
    } else {
        if (near == 0 || join_key(x->key, near - 1) < key)
            return near;
        high = near - 1;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (join_key(x->key, middle) < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Row + 1 of the first partner, 0 for none. */
static inline uint32_t join_first(const struct join_index *x, int64_t key, size_t *near)
{
    if (x->way == WAY_ORDERED) {
        size_t i = *near = join_ordered(x, key, *near);
        return i < x->n && join_key(x->key, i) == key ? (uint32_t)i + 1 : 0;
    }
    size_t slot = join_slot(x, key);
    uint32_t r = slot < x->n_slots ? x->first[slot] : 0;
    while (r && x->way == WAY_HASHED && join_key(x->key, r - 1) != key)
        r = x->next[r - 1];
    return r;
}

static inline uint32_t join_next(const struct join_index *x, int64_t key, uint32_t r)
{
    if (x->way == WAY_ORDERED)
        return r < x->n && join_key(x->key, r) == key ? r + 1 : 0;
    do
        r = x->next[r - 1];
    while (r && x->way == WAY_HASHED && join_key(x->key, r - 1) != key);
    return r;
}

static bool join_grow(struct joining *g, size_t t, size_t n)
{
    if (n >= JOIN_MAX_ROWS)
        return false;
    size_t cap = g->cap[t] ? g->cap[t] : 4096;
    while (cap <= n)
        cap *= 2;
    for (size_t i = 0; i <= t; i++)
        g->step[t].row[i] = mem_grow(g->step[t].row[i], cap * sizeof *g->step[t].row[i]);
    g->cap[t] = cap;
    return true;
}

static inline bool join_emit(struct joining *g, size_t t, size_t left, uint32_t right)
{
    struct rowset *out = &g->step[t];
    const struct rowset *in = &g->step[t - 1];
    if (__builtin_expect(out->n == g->cap[t], 0) && !join_grow(g, t, out->n))
        return false;
    for (size_t i = 0; i < t; i++)
        out->row[i][out->n] = in->row[i][left];
    out->row[t][out->n++] = right;
    return true;
}

/* From the rows of the tables before t to those with table t; false when they are too many. */
static bool join_step(const struct joiner *j, struct joining *g, size_t t)
{
    const struct join *how = &j->q->joins[t];
    const struct join_index *x = &j->indexes[t];
    const struct column *left = &j->tables[how->left_table]->columns[how->left_column];
    const struct rowset *in = &g->step[t - 1];
    const uint32_t *rows = in->row[how->left_table];
    struct rowset *out = &g->step[t];
    size_t near = 0;
    out->n = 0;
    out->n_tables = t + 1;
    for (size_t i = 0; i < t; i++)
        out->gaps[i] = in->gaps[i];
    out->gaps[t] = how->kind != JOIN_INNER;
    for (size_t i = 0; i < in->n; i++) {
        bool null = rows[i] == ROW_NONE || left->null[rows[i]];
        int64_t key = null ? 0 : join_key(left, rows[i]);
        uint32_t r = null ? 0 : join_first(x, key, &near);
        if (!r && how->kind != JOIN_INNER && !join_emit(g, t, i, ROW_NONE))
            return false;
        for (; r; r = join_next(x, key, r)) {
            if (x->partnered)
                __atomic_store_n(&x->partnered[r - 1], 1, __ATOMIC_RELAXED);
            if (!join_emit(g, t, i, r - 1))
                return false;
        }
    }
    return true;
}

static struct rowset *join_steps(const struct joiner *j, struct joining *g, size_t from, struct err *e)
{
    for (size_t t = from; t < j->q->n_tables; t++)
        if (!join_step(j, g, t)) {
            join_too_large(j->q, e);
            return NULL;
        }
    return &g->step[j->q->n_tables - 1];
}

struct rowset *join_block(const struct joiner *j, struct joining *g, size_t from, size_t to, struct err *e)
{
    struct rowset *in = &g->step[0];
    if (g->cap[0] <= to - from)
        join_grow(g, 0, to - from);
    in->n_tables = 1;
    in->gaps[0] = false;
    in->n = to - from;
    for (size_t i = 0; i < in->n; i++)
        in->row[0][i] = (uint32_t)(from + i);
    return join_steps(j, g, 1, e);
}

struct rowset *join_left_over(const struct joiner *j, struct joining *g, size_t t, size_t from, size_t to, struct err *e)
{
    struct rowset *in = &g->step[t];
    if (g->cap[t] <= to - from)
        join_grow(g, t, to - from);
    in->n_tables = t + 1;
    in->n = 0;
    for (size_t r = from; r < to; r++)
        if (!j->indexes[t].partnered[r]) {
            for (size_t i = 0; i < t; i++)
                in->row[i][in->n] = ROW_NONE;
            in->row[t][in->n++] = (uint32_t)r;
        }
    for (size_t i = 0; i <= t; i++)
        in->gaps[i] = i < t;
    return join_steps(j, g, t + 1, e);
}

void join_release(struct joining *g)
{
    for (size_t t = 0; t < QUERY_MAX_TABLES; t++)
        for (size_t i = 0; i < QUERY_MAX_TABLES; i++)
            free(g->step[t].row[i]);
}
