/* map.c - open addressing over a vector of entries kept in insertion order. */
#include "base/map.h"

#include <stdlib.h>

#include "base/err.h"

static uint32_t *slot_of(const struct map *m, struct str key)
{
    size_t mask = m->n_slots - 1;
    for (size_t i = str_hash(key) & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &m->slots[i];
        if (*slot == 0 || str_eq(m->entries[*slot - 1].key, key))
            return slot;
    }
}

static void rebuild(struct map *m)
{
    size_t n = 0;
    for (size_t i = 0; i < m->n_entries; i++) {
        if (m->entries[i].value)
            m->entries[n++] = m->entries[i];
        else
            free((char *)m->entries[i].key.p);
    }
    m->n_entries = n;
    size_t want = 16;
    while (want < n * 4)
        want *= 2;
    free(m->slots);
    m->slots = mem_zero(want * sizeof *m->slots);
    m->n_slots = want;
    for (size_t i = 0; i < n; i++)
        *slot_of(m, m->entries[i].key) = (uint32_t)i + 1;
}

void *map_get(const struct map *m, struct str key)
{
    if (!m->n_slots)
        return NULL;
    uint32_t *slot = slot_of(m, key);
    return *slot ? m->entries[*slot - 1].value : NULL;
}

void *map_put(struct map *m, struct str key, void *value)
{
    if ((m->n_entries + 1) * 2 > m->n_slots)
        rebuild(m);
    uint32_t *slot = slot_of(m, key);
    struct map_entry *there = *slot ? &m->entries[*slot - 1] : NULL;
    if (there && there->value) {
        void *old = there->value;
        there->value = value;
        return old;
    }
    /* New, or put back after a removal: a hole stays where it was, and the key comes last again. */
    if (m->n_entries == m->cap_entries) {
        m->cap_entries = m->cap_entries ? m->cap_entries * 2 : 8;
        m->entries = mem_grow(m->entries, m->cap_entries * sizeof *m->entries);
    }
    m->entries[m->n_entries] = (struct map_entry){ { mem_dup(key), key.n }, value };
    *slot = (uint32_t)++m->n_entries;
    m->n_live++;
    return NULL;
}

void *map_remove(struct map *m, struct str key)
{
    if (!m->n_slots)
        return NULL;
    uint32_t *slot = slot_of(m, key);
    if (!*slot)
        return NULL;
    struct map_entry *e = &m->entries[*slot - 1];
    void *old = e->value;
    m->n_live -= old != NULL;
    e->value = NULL; /* the slot stays taken until the next rebuild, so probing still passes over it */
    return old;
}

void map_release(struct map *m)
{
    for (size_t i = 0; i < m->n_entries; i++)
        free((char *)m->entries[i].key.p);
    free(m->entries);
    free(m->slots);
    *m = MAP_INIT;
}

struct map_entry *map_next(const struct map *m, size_t *i)
{
    while (*i < m->n_entries) {
        struct map_entry *e = &m->entries[(*i)++];
        if (e->value)
            return e;
    }
    return NULL;
}
