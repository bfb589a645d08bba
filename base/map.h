/* map.h - a hash table from bytes to pointers.
 *
 * Keys are copied and owned by the map; values are the caller's. Iteration goes in order of insertion
 * (removals keep it), so that whatever is printed from a map is the same in every run.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/str.h"

struct map_entry {
    struct str key;
    void *value; /* NULL = a removed entry, to be skipped */
};
struct map {
    struct map_entry *entries; /* in order of insertion, with holes (value == NULL) */
    size_t n_entries, cap_entries;
    size_t n_live;
    uint32_t *slots; /* entry index + 1; 0 = free */
    size_t n_slots;  /* power of two */
};

#define MAP_INIT ((struct map){ 0 })

void *map_get(const struct map *m, struct str key); /* NULL when absent */
void *map_put(struct map *m, struct str key, void *value); /* returns the value replaced, or NULL; value != NULL */
void *map_remove(struct map *m, struct str key); /* returns the value, or NULL */
void map_release(struct map *m);
/* for (size_t i = 0; (e = map_next(m, &i));) … */
struct map_entry *map_next(const struct map *m, size_t *i);

#endif
