/* tolerance.h - what may differ from a baseline without counting: tolerances.json beside it.
 *
 *   { "pin.follower_count": {"rel": 0.01}, "geo.timestamp": {"ignore": true}, "pin": {"abs": 10},
 *     "median_followers_by_age_group.median_follower_count": {"abs": 5}, "pin.title.null_if": {"ignore": true} }
 *
 * Names are tables (their number of rows), columns, operations, queries and columns of answers; an unknown one is a mistake.
 */
#ifndef PIPELINE_CHECK_TOLERANCE_H
#define PIPELINE_CHECK_TOLERANCE_H

#include "base/arena.h"
#include "base/err.h"

struct tolerance {
    bool ignore;
    double abs, rel; /* of numbers: |now - was| <= abs, or <= rel * |was| */
    double mostly;   /* the part of the rows that must be the same; 1 when not said */
};
struct tolerances {
    struct str *names;
    struct tolerance *values;
    size_t n;
};

/* An empty text means none. known: the names that mean something. TOLERANCES_MALFORMED with file, line and column. */
int tolerance_read(struct arena *a, struct str path, struct str bytes, const struct str *known, size_t n_known, struct tolerances *ret,
                   struct err *e);
struct tolerance tolerance_of(const struct tolerances *t, struct str name);
struct tolerance tolerance_of2(const struct tolerances *t, struct str name, struct str column); /* "name.column" */
/* Are two numbers the same to it? */
bool tolerance_same(const struct tolerance *t, double was, double now);

#endif
