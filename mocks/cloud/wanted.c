/* wanted.c - text by pattern, numbers by value, range or class ("4xx", ">=400"), lists by any of them. */
#include "mocks/cloud/wanted.h"

#include "base/near.h"
#include "mocks/cloud/fault.h"

enum { LEAST_PREFIX = 5 };

static const char *const ranges[] = { "exactly", "at_least", "at_most", "not" };
enum { EXACTLY, AT_LEAST, AT_MOST, NOT, N_RANGES };

static int range_word(struct str key)
{
    for (int i = 0; i < N_RANGES; i++)
        if (json_key_is(key, ranges[i]))
            return i;
    return N_RANGES;
}

struct wanted_value wanted_value_of(struct json v, struct arena *a)
{
    struct wanted_value is = { .type = v.type, .raw = v.raw };
    if (v.type == JSON_STRING)
        is.text = json_text(v, a);
    if (v.type == JSON_NUMBER)
        str_to_double(v.raw, &is.number);
    return is;
}

void wanted_put_value(struct buf *out, const struct wanted_value *is)
{
    switch (is->type) {
    case JSON_STRING: json_put_text(out, is->text); break;
    case JSON_NUMBER: json_put_double(out, is->number); break;
    case JSON_TRUE: buf_z(out, "true"); break;
    case JSON_FALSE: buf_z(out, "false"); break;
    case JSON_ARRAY:
    case JSON_OBJECT: json_compact(out, is->raw); break;
    default: buf_z(out, "null");
    }
}

/* ---- reading ---- */

static int check_range(struct json wanted, struct arena *a, struct err *e)
{
    struct json_reader r;
    struct str key;
    struct json v;
    json_open(&r, wanted.raw);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        int word = range_word(key);
        if (word == N_RANGES)
            return err_set(e, 400, "BAD_CHECK", "'" STR_F "' is none of exactly, at_least, at_most, not", STR_A(str_head(key, 40)));
        if ((word == AT_LEAST || word == AT_MOST) && v.type != JSON_NUMBER)
            return err_set(e, 400, "BAD_CHECK", "%s must be a number", ranges[word]);
        if ((word == EXACTLY || word == NOT) && wanted_check(v, a, e))
            return -1;
    }
    return 0;
}

int wanted_check(struct json wanted, struct arena *a, struct err *e)
{
    struct json_reader r;
    struct json v;
    if (wanted.type == JSON_OBJECT)
        return check_range(wanted, a, e);
    if (wanted.type != JSON_ARRAY)
        return 0;
    json_open(&r, wanted.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0)
        if (v.type == JSON_ARRAY || v.type == JSON_OBJECT)
            return err_set(e, 400, "BAD_CHECK", "a list holds texts, numbers, true, false, null");
    return 0;
}

/* ---- fitting ---- */

/* "2xx", ">=400", "<500". */
static bool number_fits(struct str form, double is)
{
    double bound;
    if (form.n == 3 && form.p[0] >= '0' && form.p[0] <= '9' && str_eq_nocase(str_from(form, 1), S("xx")))
        return (int)(is / 100) == form.p[0] - '0';
    bool less = str_starts(form, S("<")), more = str_starts(form, S(">")), same = form.n > 1 && form.p[1] == '=';
    if (!str_to_double(str_trim(str_from(form, (less || more) + (size_t)((less || more) && same))), &bound))
        return false;
    return less ? is < bound || (same && is == bound) : more && (is > bound || (same && is == bound));
}

static bool range_fits(struct json wanted, const struct wanted_value *is, struct arena *a)
{
    struct json_reader r;
    struct str key;
    struct json v;
    bool fits = true;
    json_open(&r, wanted.raw);
    json_enter(&r, JSON_OBJECT);
    while (fits && json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct wanted_value bound = wanted_value_of(v, a);
        int word = range_word(key);
        bool is_number = is->type == JSON_NUMBER;
        fits = word == NOT       ? !wanted_fits(v, is, a)
               : word == EXACTLY ? wanted_fits(v, is, a)
                                 : is_number && (word == AT_LEAST ? is->number >= bound.number : is->number <= bound.number);
    }
    return fits;
}

static bool any_fits(struct json wanted, const struct wanted_value *is, struct arena *a)
{
    struct json_reader r;
    struct json v;
    bool fits = false;
    json_open(&r, wanted.raw);
    json_enter(&r, JSON_ARRAY);
    while (!fits && json_element(&r) == 1 && json_read(&r, &v) == 0)
        fits = wanted_fits(v, is, a);
    return fits;
}

bool wanted_fits(struct json wanted, const struct wanted_value *is, struct arena *a)
{
    double number;
    switch (wanted.type) {
    case JSON_STRING:
        return is->type == JSON_STRING   ? fault_glob(json_text(wanted, a), is->text)
               : is->type == JSON_NUMBER ? number_fits(json_text(wanted, a), is->number)
                                         : false;
    case JSON_NUMBER: return is->type == JSON_NUMBER && str_to_double(wanted.raw, &number) && number == is->number;
    case JSON_NULL: return !is->type || is->type == JSON_NULL;
    case JSON_TRUE:
    case JSON_FALSE: return is->type == wanted.type;
    case JSON_ARRAY: return any_fits(wanted, is, a);
    case JSON_OBJECT: return range_fits(wanted, is, a);
    }
    return false;
}

bool wanted_is_near(struct json wanted, const struct wanted_value *is, struct arena *a)
{
    if (wanted.type != JSON_STRING || is->type != JSON_STRING)
        return false;
    const char *x = arena_z(a, json_text(wanted, a)), *y = arena_z(a, is->text);
    size_t same = 0;
    while (x[same] && x[same] == y[same])
        same++;
    return same >= LEAST_PREFIX || near_distance(x, y, NEAR_NONE) <= NEAR_NONE;
}
