/* load_value.c - what each column type takes.
 *
 *   TEXT      any UTF-8 without NUL                         JSON numbers keep their spelling
 *   INTEGER   digits with a sign; also 20.0, as pandas writes integers next to missing ones; BIGINT 64 bits, INT 32
 *   FLOAT     decimal or exponent form
 *   DATETIME  YYYY-MM-DD[ HH:MM:SS[.000]], T for the blank, Z at the end; the date must exist
 * An empty CSV field is NULL, except in TEXT, where it is the empty text.
 */
#include "mocks/rds/load_value.h"

#include "base/clock.h"
#include "base/utf8.h"

enum { SHOWN = 40 }; /* bytes of a wrong value in a message */

static const char *wrong(struct arena *a, const struct load_field *f, const struct schema_column *c, const char *expected)
{
    struct str shown = str_head(f->text, SHOWN);
    while (shown.n && !utf8_valid(shown))
        shown.n--;
    return arena_f(a, "%s: expected %s, found %s" STR_F "%s%s", c ? c->name : "value", expected, f->unfit ? "" : "\"",
                   STR_A(f->unfit ? str_of(f->unfit) : shown), shown.n < f->text.n ? "…" : "", f->unfit ? "" : "\"").p;
}

static bool to_integer(struct str s, int64_t *ret)
{
    size_t point = str_chr(s, '.');
    if (point != STR_NONE && point > 0) {
        for (size_t i = point + 1; i < s.n; i++)
            if (s.p[i] != '0')
                return false;
        s.n = point;
    }
    return str_to_i64(s, ret);
}

static const char *read_integer(const struct schema_column *c, const struct load_field *f, struct arena *a,
                                 struct load_value *ret)
{
    bool small = strcmp(c->declared, "INT") == 0;
    int64_t v;
    if (!to_integer(str_trim(f->text), &v) || (small && (v < INT32_MIN || v > INT32_MAX)))
        return wrong(a, f, c, small ? "an integer of 32 bits" : "an integer");
    *ret = (struct load_value){ .kind = LOAD_INTEGER, .integer = v };
    return NULL;
}

static const char *read_float(const struct schema_column *c, const struct load_field *f, struct arena *a,
                                 struct load_value *ret)
{
    double v;
    if (!str_to_double(str_trim(f->text), &v))
        return wrong(a, f, c, "a number");
    *ret = (struct load_value){ .kind = LOAD_FLOAT, .real = v };
    return NULL;
}

/* Exactly n digits off the front. */
static bool cut_digits(struct str *s, size_t n, int *ret)
{
    int v = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_from(*s, n);
    *ret = v;
    return true;
}

static bool cut_char(struct str *s, const char *any)
{
    if (s->n == 0 || !strchr(any, s->p[0]) || s->p[0] == 0)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static bool read_time_of_day(struct str *s, struct civil *c)
{
    if (!cut_char(s, " T") || !cut_digits(s, 2, &c->hour) || !cut_char(s, ":") || !cut_digits(s, 2, &c->minute) ||
        !cut_char(s, ":") || !cut_digits(s, 2, &c->second))
        return false;
    if (cut_char(s, "."))
        while (cut_char(s, "0"))
            ; /* the column holds whole seconds: other fractions would be lost */
    cut_char(s, "Z");
    return true;
}

static const char *read_datetime(const struct schema_column *c, const struct load_field *f, struct arena *a,
                                 struct load_value *ret)
{
    struct str rest = str_trim(f->text);
    struct civil t = { 0 };
    int64_t ms;
    bool good = cut_digits(&rest, 4, &t.year) && cut_char(&rest, "-") && cut_digits(&rest, 2, &t.month) &&
                cut_char(&rest, "-") && cut_digits(&rest, 2, &t.day) && (rest.n == 0 || read_time_of_day(&rest, &t));
    if (!good || rest.n)
        return wrong(a, f, c, "a date as YYYY-MM-DD HH:MM:SS");
    if (!clock_epoch_ms(&t, &ms))
        return wrong(a, f, c, "a date that exists");
    ret->kind = LOAD_TEXT;
    ret->text = arena_f(a, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.month, t.day, t.hour, t.minute, t.second);
    return NULL;
}

static const char *read_text(const struct load_field *f, struct arena *a, struct load_value *ret)
{
    size_t bad = utf8_check(f->text);
    if (bad != STR_NONE)
        return arena_f(a, "byte 0x%02X is not UTF-8; save the file as UTF-8", (unsigned)(unsigned char)f->text.p[bad]).p;
    if (str_chr(f->text, 0) != STR_NONE)
        return "a NUL character; is the file UTF-16? Save it as UTF-8";
    *ret = (struct load_value){ .kind = LOAD_TEXT, .text = f->text };
    return NULL;
}

const char *load_value_read(const struct schema_column *c, const struct load_field *f, struct arena *a, struct load_value *ret)
{
    enum schema_type type = c ? c->type : SCHEMA_TEXT;
    *ret = (struct load_value){ .kind = LOAD_NULL };
    if (f->unfit)
        return wrong(a, f, c, type == SCHEMA_TEXT ? "text" : type == SCHEMA_DATETIME ? "a date" : "a number");
    const char *text_wrong = read_text(f, a, ret);
    if (text_wrong || (type == SCHEMA_TEXT && !f->null))
        return text_wrong;
    *ret = (struct load_value){ .kind = LOAD_NULL };
    if (f->null || f->text.n == 0)
        return NULL;
    switch (type) {
    case SCHEMA_INTEGER: return read_integer(c, f, a, ret);
    case SCHEMA_FLOAT: return read_float(c, f, a, ret);
    case SCHEMA_DATETIME: return read_datetime(c, f, a, ret);
    case SCHEMA_TEXT: break;
    }
    return NULL;
}
