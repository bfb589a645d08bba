/* profile_own.h - inside profile*.c: one column under work. */
#ifndef PIPELINE_CHECK_PROFILE_OWN_H
#define PIPELINE_CHECK_PROFILE_OWN_H

#include "pipeline/check/profile.h"
#include "pipeline/check/profile_count.h"

/* One column under work, with the memory that its thread uses again for the next. */
struct work {
    const struct table *t;
    const struct column *c;
    struct column_profile *out;
    uint64_t *hash;  /* of each cell */
    uint64_t *keys;  /* numbers in their order, without nulls */
    size_t cap;
    size_t n_keys;
    size_t min, max; /* rows */
    uint64_t shortest, longest, bytes;
    struct profile_counter counter;
    struct arena arena; /* for what the profile keeps */
};

/* Works out the column and adds its cells' hashes, marked as its own by the seed, to those of the rows. */
void profile_work_column(struct work *w, uint64_t *row_sum, uint64_t seed);

#define PROFILE_K0 UINT64_C(0xa0761d6478bd642f)
#define PROFILE_K1 UINT64_C(0xe7037ed1a0b428db)
#define PROFILE_K2 UINT64_C(0x8ebc6af09c88c6e3)
/* Both halves of the product, mixed. */
static inline uint64_t profile_mix(uint64_t a, uint64_t b)
{
    unsigned __int128 m = (unsigned __int128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

#endif
