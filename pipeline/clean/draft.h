/* draft.h - a cell on its way from the record to the column: a text until an operation makes a number of it. */
#ifndef PIPELINE_CLEAN_DRAFT_H
#define PIPELINE_CLEAN_DRAFT_H

#include "base/str.h"

struct draft {
    enum { DRAFT_NULL, DRAFT_TEXT, DRAFT_NUMBER } state;
    bool moved; /* the text is no longer a view of the record */
    struct str text;
    int64_t number;
};

/* What the draft says as that type; false when it says none. Strict: no blanks, no plus sign, no inf or nan. */
bool draft_integer(const struct draft *d, int64_t low, int64_t high, int64_t *ret_value); /* 27.0 and 1e3 too */
bool draft_double(const struct draft *d, double *ret_value);
bool draft_boolean(const struct draft *d, int32_t *ret_value); /* true, false, 1, 0 */

#endif
