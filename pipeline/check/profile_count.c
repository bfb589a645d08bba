#include "pipeline/check/profile_count.h"

#include <stdlib.h>

#include "pipeline/clean/table.h"

enum { LEAST_SLOTS = 4096, AHEAD = 16 };

void profile_counter_release(struct profile_counter *c)
{
    free(c->slots);
}

static void profile_counter_size(struct profile_counter *c, size_t n_slots)
{
    if (n_slots > c->cap_slots) {
        free(c->slots);
        c->slots = mem_alloc(n_slots * sizeof *c->slots);
        c->cap_slots = n_slots;
    }
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

static void profile_counter_widen(struct profile_counter *c)
{
    struct profile_counted *old = c->slots;
    size_t n = c->n_slots;
    c->slots = NULL;
    c->cap_slots = 0;
    profile_counter_size(c, n * 4);
    for (size_t i = 0; i < n; i++)
        if (old[i].count)
            *profile_counter_find(c, old[i].hash) = old[i];
    free(old);
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
            if (++c->n * 2 > c->n_slots)
                profile_counter_widen(c);
        }
    }
}

size_t profile_counter_top(const struct profile_counter *c, const struct column *column, struct profile_counted *ret, size_t most)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_slots; i++) {
        struct profile_counted here = c->slots[i];
        if (!here.count || (here.count == 1 && c->n > most) || (n == most && here.count < ret[n - 1].count))
            continue;
        size_t at = n;
        for (; at; at--) {
            const struct profile_counted *above = &ret[at - 1];
            if (above->count > here.count ||
                (above->count == here.count && table_compare_cell(column, above->row, here.row) < 0))
                break;
        }
        if (at == most)
            continue;
        n += n < most;
        memmove(&ret[at + 1], &ret[at], (n - at - 1) * sizeof *ret);
        ret[at] = here;
    }
    return n;
}
