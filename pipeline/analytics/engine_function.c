/* function                      answers                                             NULL when
 * to_integer(text, low, high)   the whole number                                    it is none, or out of bounds
 * to_double(text)               the number                                          it is none
 * doubles(text, …)              '[1,-89.5,null]'                                    never
 * doubles_of(json, n)           the same from a JSON array of n elements            it is no such array
 * timestamp_us(text, format)    microseconds since 1970 UTC                         the format does not fit
 * strip_prefix(text, prefix)    the text without it, as often as it stands there    -
 * year(microseconds)            the year UTC                                        -
 * A NULL in the first place gives NULL (but for doubles).
 */
#include "base/json.h"
#include "pipeline/analytics/engine_own.h"

static struct str text_of(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (struct str){ p, p ? (size_t)sqlite3_value_bytes(v) : 0 };
}

static struct draft draft_of(sqlite3_value *v)
{
    return (struct draft){ .state = DRAFT_TEXT, .text = text_of(v) };
}

static void to_integer(sqlite3_context *c, int n, sqlite3_value **v)
{
    int64_t number;
    struct draft d = draft_of(v[0]);
    (void)n;
    if (d.text.p && draft_integer(&d, sqlite3_value_int64(v[1]), sqlite3_value_int64(v[2]), &number))
        sqlite3_result_int64(c, number);
}

static void to_double(sqlite3_context *c, int n, sqlite3_value **v)
{
    double number;
    struct draft d = draft_of(v[0]);
    (void)n;
    if (d.text.p && draft_double(&d, &number))
        sqlite3_result_double(c, number);
}

static void put_double(struct buf *out, struct str text)
{
    double number;
    struct draft d = { .state = DRAFT_TEXT, .text = text };
    if (text.p && draft_double(&d, &number))
        json_put_double(out, number);
    else
        buf_z(out, "null");
}

static void doubles(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct buf out = BUF_INIT;
    for (int i = 0; i < n; i++) {
        struct draft d = draft_of(v[i]);
        buf_c(&out, i ? ',' : '[');
        if (sqlite3_value_type(v[i]) == SQLITE_FLOAT)
            json_put_double(&out, sqlite3_value_double(v[i]));
        else
            put_double(&out, d.text);
    }
    buf_c(&out, ']');
    sqlite3_result_text(c, out.p, (int)out.n, SQLITE_TRANSIENT);
    buf_release(&out);
}

static void doubles_of(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct engine *g = sqlite3_user_data(c);
    struct json_reader r;
    struct json element;
    struct buf out = BUF_INIT;
    int width = sqlite3_value_int(v[1]), count = 0;
    (void)n;
    json_open(&r, text_of(v[0]));
    if (json_enter(&r, JSON_ARRAY) == 0)
        for (; json_element(&r) == 1 && json_read(&r, &element) == 0; count++) {
            bool scalar = element.type != JSON_ARRAY && element.type != JSON_OBJECT && element.type != JSON_NULL;
            buf_c(&out, count ? ',' : '[');
            put_double(&out, !scalar ? (struct str){ NULL, 0 } : element.type == JSON_STRING ? json_text(element, &g->scratch)
                                                                                             : element.raw);
        }
    buf_c(&out, ']');
    if (count == width && json_close(&r) == 0)
        sqlite3_result_text(c, out.p, (int)out.n, SQLITE_TRANSIENT);
    buf_release(&out);
}

static const struct timestamp_format *format_of(struct engine *g, struct str pattern)
{
    const char *why;
    for (size_t i = 0; i < g->n_formats; i++)
        if (str_eq(g->formats[i]->pattern, pattern))
            return g->formats[i];
    struct timestamp_format *f = timestamp_compile(&g->arena, arena_dup(&g->arena, pattern), &why);
    if (f && g->n_formats < ENGINE_MAX_FORMATS)
        g->formats[g->n_formats++] = f;
    return f;
}

static void timestamp_us(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str text = text_of(v[0]);
    const struct timestamp_format *f = format_of(sqlite3_user_data(c), text_of(v[1]));
    int64_t us;
    (void)n;
    if (text.p && f && timestamp_read(f, text, &us))
        sqlite3_result_int64(c, us);
}

static void strip_prefix(sqlite3_context *c, int n, sqlite3_value **v)
{
    struct str text = text_of(v[0]), prefix = text_of(v[1]);
    (void)n;
    while (prefix.n && text.p && str_starts(text, prefix))
        text = str_from(text, prefix.n);
    if (text.p)
        sqlite3_result_text(c, text.p, (int)text.n, SQLITE_TRANSIENT);
}

/* Year by year; four centuries have 146,097 days. */
static void year(sqlite3_context *c, int n, sqlite3_value **v)
{
    const int64_t day_us = INT64_C(86400000000);
    (void)n;
    if (sqlite3_value_type(v[0]) == SQLITE_NULL)
        return;
    int64_t us = sqlite3_value_int64(v[0]), day = us / day_us - (us % day_us < 0), y = 1970;
    int64_t eras = day / 146097 - (day % 146097 < 0);
    for (day -= eras * 146097, y += eras * 400;; y++) {
        int64_t days = 365 + ((y % 4 == 0 && y % 100 != 0) || y % 400 == 0);
        if (day < days)
            break;
        day -= days;
    }
    sqlite3_result_int64(c, y);
}

static const struct {
    const char *name;
    int n;
    void (*run)(sqlite3_context *c, int n, sqlite3_value **v);
} FUNCTIONS[] = {
    { "to_integer", 3, to_integer },   { "to_double", 1, to_double },       { "doubles", -1, doubles },
    { "doubles_of", 2, doubles_of },   { "timestamp_us", 2, timestamp_us }, { "strip_prefix", 2, strip_prefix },
    { "year", 1, year },
};

int engine_functions(struct engine *g)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (sqlite3_create_function(g->db, FUNCTIONS[i].name, FUNCTIONS[i].n, SQLITE_UTF8 | SQLITE_DETERMINISTIC, g,
                                    FUNCTIONS[i].run, NULL, NULL) != SQLITE_OK)
            return -1;
    return 0;
}
