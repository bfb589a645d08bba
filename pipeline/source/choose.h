/* choose.h - which rows are posted, in which order, and the pause the original scripts would make before each.
 *
 *   CHOOSE_ALL     the given indices, in their order
 *   CHOOSE_RANDOM  as the original scripts: random.seed(seed), then per post random.randrange(0, 2) seconds of pause
 *                  and random.randint(0, high). The same index may come again.
 *   CHOOSE_FILE    exactly those of a file: one integer per line (blank lines and lines that begin with # are
 *                  passed over), or a JSON array of integers. The same index may come again.
 */
#ifndef PIPELINE_SOURCE_CHOOSE_H
#define PIPELINE_SOURCE_CHOOSE_H

#include "base/err.h"

enum choose_kind { CHOOSE_ALL, CHOOSE_RANDOM, CHOOSE_FILE };
enum { CHOOSE_SEED = 100, CHOOSE_HIGH = 11000 }; /* the original scripts' */

struct choose_options {
    enum choose_kind kind;
    const int64_t *indices; /* ALL: usually source_complete_indices; copied */
    size_t n_indices;
    int64_t posts; /* RANDOM: how many; -1 = without end, as the original scripts. Others: at most that many, -1 = all */
    int64_t seed;  /* RANDOM */
    int64_t high;  /* RANDOM: the highest index, itself included; 0 = CHOOSE_HIGH */
    const char *path; /* FILE */
};

struct choose;
/* NULL and *e (INDICES_NOT_FOUND, INDICES_MALFORMED with file:line:column). */
struct choose *choose_open(const struct choose_options *options, struct err *e);
void choose_close(struct choose *c); /* NULL is allowed */
/* 1: the next post. 0: that was all. ret_pause_s (may be NULL) is 0 or 1 for RANDOM, else 0. */
int choose_next(struct choose *c, int64_t *ret_index, int64_t *ret_pause_s);
/* How many choose_next will yield from the start; -1 = without end. */
int64_t choose_total(const struct choose *c);

#endif
