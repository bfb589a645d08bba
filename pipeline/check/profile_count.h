/* profile_count.h - how often each value occurs in a column, by the 64-bit hashes of its cells.
 *
 * Two different values are taken for one when their hashes are equal: for a million values once in ten million tables.
 */
#ifndef PIPELINE_CHECK_PROFILE_COUNT_H
#define PIPELINE_CHECK_PROFILE_COUNT_H

#include "pipeline/clean/clean.h"

struct profile_counted {
    uint64_t hash;
    uint32_t count, row; /* the first row that has it */
};
struct profile_counter {
    struct profile_counted *slots; /* open addressing; count 0 = free */
    size_t n_slots;                /* a power of two */
    size_t n;                      /* distinct values */
    struct { struct profile_counted *slots; size_t cap; } room[2]; /* slots is one of them; both are used again */
};

/* Counts a column anew; null: one byte a row. */
void profile_counter_run(struct profile_counter *c, const uint64_t *hash, const uint8_t *null, size_t n);
/* The most frequent, by count, then in the order of their cells; returns how many. Where there are more values than that,
 * one that occurs once is not frequent. */
size_t profile_counter_top(const struct profile_counter *c, const struct column *column, struct profile_counted *ret, size_t most);
/* Both at once for a column without nulls whose rows are in its order: no hashes are needed. */
size_t profile_counter_sorted(struct profile_counter *c, const struct column *column, size_t n_rows, struct profile_counted *ret, size_t most);
void profile_counter_release(struct profile_counter *c);

#endif
