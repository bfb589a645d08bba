#include "pipeline/clean/draft.h"

#include <math.h>

static bool draft_is_number(const struct draft *d, double *ret_value)
{
    return d->text.n && d->text.p[0] != '+' && str_to_double(d->text, ret_value) && isfinite(*ret_value);
}

bool draft_integer(const struct draft *d, int64_t low, int64_t high, int64_t *ret_value)
{
    const double exact = 9007199254740992.0; /* 2^53: above it a double no longer names one integer */
    int64_t value;
    double v;
    if (d->state == DRAFT_NUMBER)
        value = d->number;
    else if (!d->text.n || d->text.p[0] == '+' || !str_to_i64(d->text, &value)) {
        if (!draft_is_number(d, &v) || v != floor(v) || fabs(v) > exact)
            return false;
        value = (int64_t)v;
    }
    if (value < low || value > high)
        return false;
    *ret_value = value;
    return true;
}

bool draft_double(const struct draft *d, double *ret_value)
{
    if (d->state != DRAFT_NUMBER)
        return draft_is_number(d, ret_value);
    *ret_value = (double)d->number;
    return true;
}

bool draft_boolean(const struct draft *d, int32_t *ret_value)
{
    bool yes = str_is(d->text, "true") || str_is(d->text, "1");
    if (!yes && !str_is(d->text, "false") && !str_is(d->text, "0"))
        return false;
    *ret_value = yes;
    return true;
}
