/* stream_store.c - the rows that came, as far as questions name their columns, and the joined rows that a new one completes.
 *
 * A joined row is made when its last row comes, so each is made once, in whatever order rows come. Rows of a table that
 * nothing joins are forgotten with their batch.
 */
#include <stdlib.h>

#include "pipeline/stream/stream_own.h"

/* ---- columns ---- */

size_t stream_store_table(const struct store *s, const struct program *p)
{
    for (size_t t = 0; t < LEDGER_TABLES; t++)
        if (s->tables[t].program == p)
            return t;
    return STR_NONE;
}

int stream_store_column(struct store *s, size_t table, size_t column, size_t *ret, struct err *e)
{
    struct store_table *t = &s->tables[table];
    for (*ret = 0; *ret < t->n_columns; ++*ret)
        if (t->columns[*ret] == column)
            return 0;
    if (t->n_columns == STORE_COLUMNS)
        return err_set(e, 0, "STREAM_TOO_WIDE", "questions and windows name more than %d columns of table " STR_F, STORE_COLUMNS, STR_A(t->program->name));
    t->columns[t->n_columns++] = column;
    return 0;
}

void stream_store_index(struct store *s, size_t table, size_t cell)
{
    struct store_table *t = &s->tables[table];
    t->stays = true;
    for (size_t i = 0; i < t->n_indexes; i++)
        if (t->indexes[i].column == cell)
            return;
    t->indexes[t->n_indexes++] = (struct store_index){ .column = cell };
}

/* ---- an index: rows by number, the latest first ---- */

static size_t slot_of(const struct store_index *x, int64_t key)
{
    uint64_t h = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15);
    return (h ^ h >> 32) & (x->n_slots - 1);
}

static void index_row(const struct store_table *t, struct store_index *x, uint32_t row)
{
    if (t->nulls[row] >> x->column & 1)
        return;
    size_t slot = slot_of(x, t->cells[row * t->n_columns + x->column].number);
    x->next[row] = x->slots[slot];
    x->slots[slot] = row + 1;
}

static void index_grow(const struct store_table *t, struct store_index *x)
{
    if (x->cap < t->cap_rows)
        x->next = mem_grow(x->next, (x->cap = t->cap_rows) * sizeof *x->next);
    if (x->n_slots >= t->cap_rows)
        return;
    free(x->slots);
    x->n_slots = 64;
    while (x->n_slots < t->cap_rows)
        x->n_slots *= 2;
    x->slots = mem_zero(x->n_slots * sizeof *x->slots);
    for (size_t i = 0; i + 1 < t->n_rows; i++)
        index_row(t, x, (uint32_t)i);
}

/* ---- joined rows ---- */

struct joining {
    struct stream *stream;
    struct question *question;
    struct joined joined;
    unsigned bound; /* a bit a table of the question */
};

static int64_t arrival_of(const struct joining *j)
{
    int64_t latest = NO_TIME;
    for (size_t i = 0; i < j->question->q->n_tables; i++) {
        const struct store_table *t = &j->joined.store->tables[j->question->tables[i]];
        uint32_t row = j->joined.rows[i];
        if (row >= t->first_new && t->arrived[row - t->first_new] > latest)
            latest = t->arrived[row - t->first_new];
    }
    return latest;
}

/* The join that leads from what is bound to a table that is not; false when all are bound. */
static bool next_join(const struct joining *j, size_t *ret_join, bool *ret_forward)
{
    for (size_t k = 1; k < j->question->q->n_tables; k++) {
        bool left = j->bound >> j->question->q->joins[k].left_table & 1, right = j->bound >> k & 1;
        if (left != right) {
            *ret_join = k;
            *ret_forward = left;
            return true;
        }
    }
    return false;
}

static void extend(struct joining *j)
{
    size_t k;
    bool forward;
    const struct question *x = j->question;
    if (!next_join(j, &k, &forward)) {
        stream_fold_row(j->stream, j->question, &j->joined, arrival_of(j));
        return;
    }
    size_t left = x->q->joins[k].left_table, from = forward ? left : k, to = forward ? k : left;
    size_t cell = x->join_cells[k][forward];
    const struct store_table *t = &j->joined.store->tables[x->tables[to]];
    const struct store_index *index = t->indexes;
    union kept key;
    if (!stream_store_cell(j->joined.store, x->tables[from], j->joined.rows[from], x->join_cells[k][!forward], &key))
        return;
    while (index->column != cell)
        index++;
    if (!index->n_slots)
        return;
    j->bound |= 1u << to;
    for (uint32_t row = index->slots[slot_of(index, key.number)]; row; row = index->next[row - 1])
        if (t->cells[(row - 1) * t->n_columns + cell].number == key.number) {
            j->joined.rows[to] = row - 1;
            extend(j);
        }
    j->bound &= ~(1u << to);
}

static void complete(struct stream *s, struct question *x, size_t table, uint32_t row)
{
    struct joining j = { .stream = s, .question = x, .joined = { .store = &s->store, .question = x } };
    for (size_t i = 0; i < x->q->n_tables; i++)
        if (x->tables[i] == table) {
            j.joined.rows[i] = row;
            j.bound = 1u << i;
            extend(&j);
            return;
        }
}

/* ---- adding ---- */

bool stream_store_cell(const struct store *s, size_t table, uint32_t row, size_t cell, union kept *ret)
{
    const struct store_table *t = &s->tables[table];
    if (t->nulls[row] >> cell & 1)
        return false;
    *ret = t->cells[row * t->n_columns + cell];
    return true;
}

static const struct word *word_of(struct store *s, bool stays, struct str text)
{
    struct word *w = stays ? map_get(&s->words, text) : NULL;
    if (w)
        return w;
    struct arena *a = stays ? &s->arena : &s->batch;
    w = ARENA_NEW(a, struct word);
    w->text = arena_dup(a, text);
    if (stays)
        map_put(&s->words, text, w);
    return w;
}

static union kept cell_of(struct store *s, bool stays, const struct column *c, size_t row)
{
    switch (c->type) {
    case COLUMN_INT:
    case COLUMN_BOOLEAN: return (union kept){ .number = c->v.i32[row] };
    case COLUMN_DOUBLE: return (union kept){ .number = vector_of_double(c->v.f64[row]) };
    case COLUMN_STRING: return (union kept){ .word = word_of(s, stays, column_text(c, row)) };
    default: return (union kept){ .number = c->v.i64[row] };
    }
}

static uint32_t put_row(struct store *s, struct store_table *t, const struct table *from, size_t row)
{
    if (t->n_rows == t->cap_rows) {
        t->cap_rows = t->cap_rows ? t->cap_rows * 2 : 1024;
        t->cells = mem_grow(t->cells, t->cap_rows * (t->n_columns + 1) * sizeof *t->cells);
        t->nulls = mem_grow(t->nulls, t->cap_rows * sizeof *t->nulls);
    }
    size_t at = t->n_rows++;
    t->nulls[at] = 0;
    for (size_t k = 0; k < t->n_columns; k++) {
        const struct column *c = &from->columns[t->columns[k]];
        t->cells[at * t->n_columns + k] = c->null[row] ? (union kept){ 0 } : cell_of(s, t->stays, c, row);
        t->nulls[at] |= (uint32_t)(c->null[row] != 0) << k;
    }
    for (size_t i = 0; i < t->n_indexes; i++) {
        index_grow(t, &t->indexes[i]);
        index_row(t, &t->indexes[i], (uint32_t)at);
    }
    return (uint32_t)at;
}

static void note_arrival(struct store_table *t, uint32_t row, int64_t arrived_us)
{
    size_t i = row - t->first_new;
    if (i >= t->cap_arrived) {
        t->cap_arrived = t->cap_arrived ? t->cap_arrived * 2 : 1024;
        t->arrived = mem_grow(t->arrived, t->cap_arrived * sizeof *t->arrived);
    }
    t->arrived[i] = arrived_us;
}

void stream_store_add(struct stream *s, size_t table, const struct table *t, size_t row, int64_t arrived_us)
{
    struct store_table *into = &s->store.tables[table];
    uint32_t at = put_row(&s->store, into, t, row);
    note_arrival(into, at, arrived_us);
    for (size_t i = 0; i < s->n_answers; i++)
        complete(s, &s->answers[i], table, at);
    for (size_t i = 0; i < s->windows->n && !s->loading; i++)
        complete(s, &s->windows->windows[i].question, table, at);
}

void stream_store_begin(struct store *s)
{
    for (size_t t = 0; t < LEDGER_TABLES; t++)
        s->tables[t].first_new = s->tables[t].n_rows;
}

void stream_store_end(struct store *s)
{
    for (size_t t = 0; t < LEDGER_TABLES; t++)
        if (!s->tables[t].stays)
            s->tables[t].n_rows = 0;
    arena_reset(&s->batch);
}

void stream_store_release(struct store *s)
{
    for (size_t t = 0; t < LEDGER_TABLES; t++) {
        struct store_table *table = &s->tables[t];
        for (size_t i = 0; i < table->n_indexes; i++) {
            free(table->indexes[i].slots);
            free(table->indexes[i].next);
        }
        free(table->cells);
        free(table->nulls);
        free(table->arrived);
    }
    map_release(&s->words);
    arena_release(&s->arena);
    arena_release(&s->batch);
}
