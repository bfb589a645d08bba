/* Memory of a table's rows.
 *
 *   grown       each array by itself, twice as long when full                    table_reserve
 *   one block   all arrays one behind the other, for as many rows as are known   table_room
 *   a window    some rows of another table's block, filled by a thread           table_window
 *
 * A window asks the system for the pages of its next rows at once, which costs a third of a fault for each page. Huge pages
 * were tried: on a virtual machine they came from memory that the host had still to give, and cost a third more in all.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "pipeline/clean/table.h"

enum { LINE = 64, PAGE = 4096, AHEAD = 16384 };

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; an older one refuses it and gives pages one by one */
#endif

size_t table_cell_bytes(const struct column *c)
{
    switch (c->type) {
    case COLUMN_INT:
    case COLUMN_BOOLEAN:
        return sizeof(int32_t);
    case COLUMN_DOUBLES:
        return sizeof(double) * c->width;
    case COLUMN_STRING:
        return c->coded ? sizeof *c->v.code : sizeof *c->v.text;
    default:
        return sizeof(int64_t);
    }
}

static bool table_is_own(const struct table *t, const void *p)
{
    uintptr_t at = (uintptr_t)p, block = (uintptr_t)t->block;
    return !t->window && !(block && at >= block && at < block + t->block_bytes);
}

static void table_free(const struct table *t, void *p)
{
    if (table_is_own(t, p))
        free(p);
}

void table_free_rows(struct table *t)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        table_free(t, t->columns[i].null);
        table_free(t, t->columns[i].v.i64);
    }
    table_free(t, t->tag);
    free(t->block);
}

static void *table_longer(const struct table *t, void *p, size_t cell, size_t cap)
{
    if (table_is_own(t, p))
        return mem_grow(p, cap * cell);
    void *longer = mem_alloc(cap * cell);
    if (t->n_rows)
        memcpy(longer, p, t->n_rows * cell);
    return longer;
}

/* The whole pages among rows from..to-1 of an array. */
static void table_populate(void *array, size_t cell, size_t from, size_t to)
{
    uintptr_t begin = ((uintptr_t)array + from * cell + PAGE - 1) / PAGE * PAGE, end = ((uintptr_t)array + to * cell) / PAGE * PAGE;
    if (begin < end)
        madvise((void *)begin, end - begin, MADV_POPULATE_WRITE);
}

static void table_open_window(struct table *t)
{
    size_t from = t->cap_rows, to = t->window_rows - from < AHEAD ? t->window_rows : from + AHEAD;
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        table_populate(c->v.i64, table_cell_bytes(c), from, to);
        table_populate(c->null, 1, from, to);
    }
    table_populate(t->tag, sizeof *t->tag, from, to);
    t->cap_rows = to;
}

void table_reserve(struct table *t, size_t rows)
{
    while (rows > t->cap_rows && t->cap_rows < t->window_rows)
        table_open_window(t);
    if (rows <= t->cap_rows)
        return;
    size_t cap = t->cap_rows ? t->cap_rows : 64;
    while (cap < rows)
        cap *= 2;
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        c->null = table_longer(t, c->null, 1, cap);
        c->v.i64 = table_longer(t, c->v.i64, table_cell_bytes(c), cap);
    }
    t->tag = table_longer(t, t->tag, sizeof *t->tag, cap);
    t->cap_rows = cap;
    t->window = false;
    t->window_rows = 0;
    free(t->block);
    t->block = NULL;
}

/* Takes the next array of the block; counts only while there is none. */
static void *table_carve(char *block, size_t *at, size_t bytes)
{
    void *p = block ? block + *at : NULL;
    *at += (bytes + LINE - 1) / LINE * LINE;
    return p;
}

static size_t table_lay(struct table *t, char *block, size_t rows)
{
    size_t at = 0;
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        c->v.i64 = table_carve(block, &at, rows * table_cell_bytes(c));
        c->null = table_carve(block, &at, rows);
    }
    t->tag = table_carve(block, &at, rows * sizeof *t->tag);
    return at;
}

bool table_room(struct table *t, size_t rows)
{
    t->block_bytes = table_lay(t, NULL, rows) + 1;
    t->block = malloc(t->block_bytes); /* untouched pages cost nothing: most lines may turn out to be no rows */
    if (!t->block)
        return false;
    table_lay(t, t->block, rows);
    t->cap_rows = rows;
    return true;
}

struct table *table_window(const struct table *whole, size_t from, size_t rows)
{
    struct table *t = table_of(whole->program);
    for (size_t i = 0; i < t->n_columns; i++) {
        struct column *c = &t->columns[i];
        const struct column *w = &whole->columns[i];
        c->null = w->null + from;
        c->v.text = (struct str *)(void *)((char *)w->v.i64 + from * table_cell_bytes(c));
    }
    t->tag = whole->tag + from;
    t->window = true;
    t->window_rows = rows;
    return t;
}
