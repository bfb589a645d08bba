/* value   -> a small number: the code of a text, the distance of a number from the first ones seen, else an id; 0 is null
 * number of the keys before, value -> number: a table while it is small, then a hash table
 */
#include "pipeline/analytics/group.h"

#include <stdlib.h>

enum { CLOSE = 1024, TABLE_MAX = 1 << 22 };

/* A number for each value, equal for equals, nulls 0; the answer is above all of them. */
static uint32_t group_values(struct group_level *l, const struct vector *v, uint32_t *value)
{
    uint32_t most = 0;
    if (v->code) {
        for (size_t i = 0; i < v->n; i++)
            value[i] = v->code[i] + 1; /* CODE_NULL becomes 0 */
        return v->n_text + 1;
    }
    for (size_t i = 0; i < v->n; i++) {
        if (v->null[i]) {
            value[i] = 0;
            continue;
        }
        if (!l->started)
            l->lowest = v->number[i] < INT64_MIN + CLOSE / 2 ? INT64_MIN : v->number[i] - CLOSE / 2;
        l->started = true;
        uint64_t distance = (uint64_t)v->number[i] - (uint64_t)l->lowest;
        value[i] = distance < CLOSE ? (uint32_t)distance + 1 : CLOSE + 1 + vector_id(&l->values, (uint64_t)v->number[i]);
        most = value[i] > most ? value[i] : most;
    }
    return most + 1;
}

static uint32_t group_fitting(uint32_t cap, uint32_t n)
{
    for (cap = cap ? cap : 1; cap < n; cap *= 2)
        if (cap > UINT32_MAX / 2)
            return n;
    return cap;
}

/* Makes room for n_before x n_value pairs: in a greater table, or in the hash table. */
static void group_room(struct group_level *l, uint32_t n_before, uint32_t n_value)
{
    uint32_t before = group_fitting(l->cap_before, n_before), value = group_fitting(l->cap_value, n_value), *table = NULL;
    if (l->hashed || (n_before <= l->cap_before && n_value <= l->cap_value))
        return;
    l->hashed = (uint64_t)before * value > TABLE_MAX;
    if (!l->hashed)
        table = mem_zero((size_t)before * value * sizeof *table);
    uint64_t *pairs = mem_alloc(l->n * sizeof *pairs + 1);
    for (uint32_t b = 0; b < l->cap_before; b++)
        for (uint32_t v = 0; v < l->cap_value; v++) {
            uint32_t number = l->table[(size_t)b * l->cap_value + v];
            if (number && table)
                table[(size_t)b * value + v] = number;
            if (number)
                pairs[number - 1] = (uint64_t)b << 32 | v;
        }
    for (uint32_t i = 0; l->hashed && i < l->n; i++) /* in their order, so that they keep their numbers */
        vector_id(&l->pairs, pairs[i]);
    free(pairs);
    free(l->table);
    l->table = table;
    l->cap_before = table ? before : 0;
    l->cap_value = table ? value : 0;
}

static void group_level(struct group_level *l, const struct vector *v, uint32_t n_before, uint32_t *group, uint32_t *value)
{
    group_room(l, n_before, group_values(l, v, value));
    if (l->hashed) {
        for (size_t i = 0; i < v->n; i++)
            group[i] = vector_id(&l->pairs, (uint64_t)group[i] << 32 | value[i]);
        l->n = l->pairs.n;
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        uint32_t *slot = &l->table[(size_t)group[i] * l->cap_value + value[i]];
        if (!*slot)
            *slot = ++l->n;
        group[i] = *slot - 1;
    }
}

uint32_t group_rows(struct grouper *g, const struct vector *const *keys, size_t n_keys, size_t n, uint32_t *group)
{
    uint32_t *value = mem_alloc(n * sizeof *value + 1), n_groups = 1;
    memset(group, 0, n * sizeof *group);
    for (size_t k = 0; k < n_keys; k++) {
        group_level(&g->levels[k], keys[k], n_groups, group, value);
        n_groups = g->levels[k].n;
    }
    free(value);
    return n_groups;
}

void group_release(struct grouper *g)
{
    for (size_t k = 0; k < QUERY_MAX_FIELDS; k++) {
        vector_ids_release(&g->levels[k].values);
        vector_ids_release(&g->levels[k].pairs);
        free(g->levels[k].table);
    }
}
