#include "pipeline/check/profile_count.h"

#include <stdlib.h>

#include "pipeline/clean/table.h"

enum { LEAST_SLOTS = 4096, WIDER = 16, AHEAD = 16 };

/* So many of the slots at most are in use. */
static bool profile_counter_full(size_t n, size_t n_slots)
{
    return n > n_slots / 4 * 3;
}

void profile_counter_release(struct profile_counter *c)
{
    free(c->room[0].slots);
    free(c->room[1].slots);
}

/* That many free slots, in the room that is not in use. */
static void profile_counter_size(struct profile_counter *c, size_t n_slots)
{
    size_t r = c->slots && c->slots == c->room[0].slots;
    if (n_slots > c->room[r].cap) {
        free(c->room[r].slots);
        c->room[r].slots = mem_alloc(n_slots * sizeof *c->slots);
        c->room[r].cap = n_slots;
    }
    c->slots = c->room[r].slots;
    c->n_slots = n_slots;
    memset(c->slots, 0, n_slots * sizeof *c->slots);
}

static inline struct profile_counted *profile_counter_find(const struct profile_counter *c, uint64_t hash)
{
    size_t at = hash & (c->n_slots - 1);
    while (c->slots[at].count && c->slots[at].hash != hash)
        at = (at + 1) & (c->n_slots - 1);
    return &c->slots[at];
}

/* Few values stay in a small table, which fits a cache; what outgrows that has room for all rows soon. */
static void profile_counter_widen(struct profile_counter *c, size_t n_rows)
{
    const struct profile_counted *old = c->slots;
    size_t n = c->n_slots, most = n;
    while (profile_counter_full(n_rows, most))
        most *= 2;
    profile_counter_size(c, most < n * WIDER ? most : n * WIDER);
    for (size_t i = 0; i < n; i++)
        if (old[i].count)
            *profile_counter_find(c, old[i].hash) = old[i];
}

void profile_counter_run(struct profile_counter *c, const uint64_t *hash, const uint8_t *null, size_t n)
{
    profile_counter_size(c, LEAST_SLOTS);
    c->n = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            __builtin_prefetch(&c->slots[hash[i + AHEAD] & (c->n_slots - 1)], 1);
        if (null[i])
            continue;
        struct profile_counted *slot = profile_counter_find(c, hash[i]);
        if (!slot->count++) {
            slot->hash = hash[i];
            slot->row = (uint32_t)i;
            if (profile_counter_full(++c->n, c->n_slots))
                profile_counter_widen(c, n);
        }
    }
}

/* Puts the value among the `most` most frequent, if it belongs there. */
static void profile_counter_offer(struct profile_counted *top, size_t *n, size_t most, const struct column *column, struct profile_counted here)
{
    size_t at = *n;
    for (; at; at--) {
        const struct profile_counted *above = &top[at - 1];
        if (above->count > here.count || (above->count == here.count && table_compare_cell(column, above->row, here.row) < 0))
            break;
    }
    if (at == most)
        return;
    *n += *n < most;
    memmove(&top[at + 1], &top[at], (*n - at - 1) * sizeof *top);
    top[at] = here;
}

size_t profile_counter_top(const struct profile_counter *c, const struct column *column, struct profile_counted *ret, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_slots; i++) {
        struct profile_counted here = c->slots[i];
        if (here.count && (here.count > 1 || c->n <= most) && (n < most || here.count >= ret[n - 1].count))
            profile_counter_offer(ret, &n, most, column, here);
    }
    return n;
}

size_t profile_counter_sorted(struct profile_counter *c, const struct column *column, size_t n_rows, struct profile_counted *ret, size_t most)
{
    size_t n = 0;
    c->n = 0;
    for (size_t i = 0, end; i < n_rows; i = end) {
        for (end = i + 1; end < n_rows && table_compare_cell(column, i, end) == 0;)
            end++;
        struct profile_counted here = { .count = (uint32_t)(end - i), .row = (uint32_t)i };
        c->n++;
        if ((here.count > 1 || n_rows <= most) && (n < most || here.count >= ret[n - 1].count))
            profile_counter_offer(ret, &n, most, column, here);
    }
    return n;
}
