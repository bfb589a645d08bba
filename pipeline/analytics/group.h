/* group.h - dense numbers for equal keys, the same from block to block. */
#ifndef PIPELINE_ANALYTICS_GROUP_H
#define PIPELINE_ANALYTICS_GROUP_H

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/vector.h"

/* One key: the number of the keys before it and of its value make the next number. */
struct group_level {
    struct vector_ids values; /* of numbers; texts have codes */
    int64_t lowest;           /* numbers close to it are their own distance */
    bool started;
    uint32_t *table;          /* [before][value] -> number + 1 */
    uint32_t cap_before, cap_value;
    struct vector_ids pairs;  /* when the table would be too great */
    bool hashed;
    uint32_t n;
};
struct grouper {
    struct group_level levels[QUERY_MAX_FIELDS];
};
/* Writes the number of each row's keys to group; the answer is how many there are so far. Without keys all is group 0. */
uint32_t group_rows(struct grouper *g, const struct vector *const *keys, size_t n_keys, size_t n, uint32_t *group);
void group_release(struct grouper *g);

#endif
