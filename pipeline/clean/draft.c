#include "pipeline/clean/draft.h"

#include <math.h>

/* At most 18 digits behind at most one minus sign. */
static bool draft_digits(struct str text, int64_t *ret_value)
{
    bool negative = text.n && text.p[0] == '-';
    size_t i = negative;
    uint64_t v = 0;
    if (text.n - i - 1 >= 18) /* none, or too many */
        return false;
    for (; i < text.n; i++) {
        unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        v = v * 10 + digit;
    }
    *ret_value = negative ? -(int64_t)v : (int64_t)v;
    return true;
}

/* Digits with one point among them, few enough that one division of exact doubles rounds as strtod does (Clinger). */
static bool draft_decimal(struct str text, double *ret_value)
{
    static const double TENS[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    bool negative = text.n && text.p[0] == '-';
    size_t i = negative, behind = 0;
    uint64_t v = 0;
    bool point = false;
    if (text.n - i > 16 || text.n - i == 0)
        return false;
    for (; i < text.n; i++) {
        unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';
        if (digit > 9) {
            if (text.p[i] != '.' || point || i == negative || i + 1 == text.n)
                return false;
            point = true;
            continue;
        }
        v = v * 10 + digit;
        behind += point;
    }
    if (v > UINT64_C(1) << 53)
        return false;
    double d = (double)v / TENS[behind];
    *ret_value = negative ? -d : d;
    return true;
}

static bool draft_is_number(const struct draft *d, double *ret_value)
{
    if (draft_decimal(d->text, ret_value))
        return true;
    return d->text.n && d->text.p[0] != '+' && str_to_double(d->text, ret_value) && isfinite(*ret_value);
}

bool draft_integer(const struct draft *d, int64_t low, int64_t high, int64_t *ret_value)
{
    const double exact = 9007199254740992.0; /* 2^53: above it a double no longer names one integer */
    int64_t value;
    double v;
    if (d->state == DRAFT_NUMBER)
        value = d->number;
    else if (!draft_digits(d->text, &value) && (!d->text.n || d->text.p[0] == '+' || !str_to_i64(d->text, &value))) {
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
