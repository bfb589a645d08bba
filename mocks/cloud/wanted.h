/* wanted.h - does a value fit what a check wants of it? */
#ifndef MOCKS_CLOUD_WANTED_H
#define MOCKS_CLOUD_WANTED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"

struct wanted_value { /* what there is */
    enum json_type type; /* 0: nothing */
    struct str text;     /* JSON_STRING */
    double number;       /* JSON_NUMBER */
    struct str raw;      /* containers */
};

struct wanted_value wanted_value_of(struct json v, struct arena *a);
/* 0 when `wanted` can be read: text, number, true, false, null, a list of such, {"exactly"|"at_least"|"at_most"|"not": …}. */
int wanted_check(struct json wanted, struct arena *a, struct err *e);
/* Nothing at all fits null. */
bool wanted_fits(struct json wanted, const struct wanted_value *is, struct arena *a);
/* Both are text and not far from each other. */
bool wanted_is_near(struct json wanted, const struct wanted_value *is, struct arena *a);
void wanted_put_value(struct buf *out, const struct wanted_value *is);

#endif
