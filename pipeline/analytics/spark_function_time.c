/* spark_function_time.c - Spark's functions of instants and days, all in UTC. Instants are texts '2020-08-28 03:52:47[.5]',
 * days '2020-08-28'; whatever does not begin so is NULL.
 *
 * Patterns of date_format: y M d H h m s S a E D and 'text'; those of to_timestamp are of timestamp.h.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "pipeline/analytics/spark_own.h"
#include "pipeline/clean/timestamp.h"

#define DAY_MS INT64_C(86400000)

static struct str text(sqlite3_value *v) { return spark_function_text(v); }

/* ---- reading and writing ---- */

static bool number(struct str *s, size_t least, size_t most, int *ret)
{
    size_t n = 0;
    *ret = 0;
    for (; n < most && n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        *ret = *ret * 10 + s->p[n] - '0';
    *s = str_from(*s, n);
    return n >= least;
}

static bool sign(struct str *s, const char *any)
{
    bool is = s->n && strchr(any, s->p[0]);
    if (is)
        *s = str_from(*s, 1);
    return is;
}

/* [.5][Z|+01[:30]] and then nothing */
static bool rest_of_instant(struct str s, int64_t *us)
{
    int64_t unit = 100000;
    int hours = 0, minutes = 0;
    if (sign(&s, "."))
        for (; s.n && s.p[0] >= '0' && s.p[0] <= '9'; s = str_from(s, 1), unit /= 10)
            *us += (s.p[0] - '0') * unit;
    bool west = s.n && s.p[0] == '-';
    if (sign(&s, "+-")) {
        if (!number(&s, 2, 2, &hours) || (sign(&s, ":"), s.n && !number(&s, 2, 2, &minutes)))
            return false;
        *us -= (west ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60000000;
    } else {
        sign(&s, "Z");
    }
    return s.n == 0;
}

bool spark_function_instant(struct str s, int64_t *ret_us)
{
    struct civil t = { 0 };
    int64_t ms, us = 0;
    if (!number(&s, 4, 4, &t.year) || !sign(&s, "-") || !number(&s, 1, 2, &t.month) || !sign(&s, "-") || !number(&s, 1, 2, &t.day))
        return false;
    if (s.n && (!sign(&s, " T") || !number(&s, 1, 2, &t.hour) || (sign(&s, ":") && (!number(&s, 1, 2, &t.minute) || (sign(&s, ":") && !number(&s, 1, 2, &t.second))))))
        return false;
    if (!rest_of_instant(s, &us) || !clock_epoch_ms(&t, &ms))
        return false;
    *ret_us = ms * 1000 + us;
    return true;
}

void spark_function_put_instant(struct buf *out, int64_t us)
{
    size_t at = out->n;
    table_put_timestamp(out, us);
    for (; at < out->n; at++)
        if (out->p[at] == 'T')
            out->p[at] = ' ';
    if (out->n && out->p[out->n - 1] == 'Z')
        out->n--;
}

static void result_instant(sqlite3_context *c, int64_t us, bool day)
{
    struct buf b = BUF_INIT;
    if (us < INT64_C(-62135596800000000) || us > INT64_C(253402300799999999))
        return; /* beyond the years of four digits */
    spark_function_put_instant(&b, us);
    spark_function_result(c, day ? str_head(buf_str(&b), 10) : buf_str(&b));
    buf_release(&b);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

struct instant {
    int64_t us;
    int64_t day; /* since 1970 */
    struct civil t;
};
static bool instant_of(sqlite3_value *v, struct instant *ret)
{
    if (!spark_function_instant(str_trim(text(v)), &ret->us))
        return false;
    ret->t = clock_civil(floor_div(ret->us, 1000));
    ret->day = floor_div(ret->us, DAY_MS * 1000);
    return true;
}

static int64_t day_of(int year, int month, int day)
{
    struct civil t = { .year = year, .month = month, .day = day };
    int64_t ms = 0;
    clock_epoch_ms(&t, &ms);
    return floor_div(ms, DAY_MS);
}

static int month_days(int year, int month)
{
    return (int)(day_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) - day_of(year, month, 1));
}

static int day_of_year(const struct instant *i) { return (int)(i->day - day_of(i->t.year, 1, 1)) + 1; }
static int day_of_week(const struct instant *i) { return (int)(((i->day + 4) % 7 + 7) % 7) + 1; } /* 1 = Sunday */

/* ISO 8601: week 1 has the year's first Thursday. */
static int week_of_year(const struct instant *i)
{
    int64_t thursday = i->day - (day_of_week(i) + 5) % 7 + 3;
    struct civil t = clock_civil(thursday * DAY_MS);
    return (int)((thursday - day_of(t.year, 1, 1)) / 7) + 1;
}

/* ---- parts ---- */

#define PART(name, value)                                                                                              \
    SPARK_FUNCTION(f_##name)                                                                                           \
    {                                                                                                                  \
        struct instant i;                                                                                              \
        (void)n;                                                                                                       \
        if (instant_of(v[0], &i))                                                                                      \
            sqlite3_result_int64(c, value);                                                                            \
    }
PART(year, i.t.year)
PART(quarter, (i.t.month + 2) / 3)
PART(month, i.t.month)
PART(day, i.t.day)
PART(hour, i.t.hour)
PART(minute, i.t.minute)
PART(second, i.t.second)
PART(dayofyear, day_of_year(&i))
PART(dayofweek, day_of_week(&i))
PART(weekday, (day_of_week(&i) + 5) % 7)
PART(weekofyear, week_of_year(&i))
PART(unix_timestamp, floor_div(i.us, 1000000))

/* ---- patterns ---- */

static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December" };
static const char *const days[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };

/* One letter of a pattern, n times; false when there is no such. */
static bool put_field(struct buf *b, const struct instant *i, char letter, int n)
{
    int us = (int)(i->us - floor_div(i->us, 1000000) * 1000000), twelve = i->t.hour % 12 ? i->t.hour % 12 : 12;
    switch (letter) {
    case 'y': n == 2 ? buf_f(b, "%02d", i->t.year % 100) : buf_f(b, "%0*d", n, i->t.year); break;
    case 'M': n < 3 ? buf_f(b, "%0*d", n, i->t.month) : buf_f(b, "%.*s", n == 3 ? 3 : 20, months[i->t.month - 1]); break;
    case 'E': buf_f(b, "%.*s", n < 4 ? 3 : 20, days[day_of_week(i) - 1]); break;
    case 'd': buf_f(b, "%0*d", n, i->t.day); break;
    case 'D': buf_f(b, "%0*d", n, day_of_year(i)); break;
    case 'H': buf_f(b, "%0*d", n, i->t.hour); break;
    case 'h': buf_f(b, "%0*d", n, twelve); break;
    case 'm': buf_f(b, "%0*d", n, i->t.minute); break;
    case 's': buf_f(b, "%0*d", n, i->t.second); break;
    case 'S': buf_f(b, "%0*d", n, n < 6 ? us / (int[]){ 1000000, 100000, 10000, 1000, 100, 10 }[n] : us); break;
    case 'a': buf_z(b, i->t.hour < 12 ? "AM" : "PM"); break;
    default: return false;
    }
    return true;
}

static bool put_pattern(struct buf *b, const struct instant *i, struct str p)
{
    while (p.n) {
        size_t n = 1;
        char letter = p.p[0];
        bool is_letter = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
        if (letter == '\'') {
            struct str rest = str_from(p, 1);
            size_t end = str_chr(rest, '\'');
            buf_str_add(b, end == 0 ? S("'") : str_head(rest, end));
            p = end == STR_NONE ? (struct str){ 0 } : str_from(rest, end + 1);
            continue;
        }
        while (is_letter && n < p.n && n < 9 && p.p[n] == letter)
            n++;
        if (is_letter && !put_field(b, i, letter, (int)n))
            return false;
        if (!is_letter)
            buf_c(b, letter);
        p = str_from(p, n);
    }
    return true;
}

static void format(sqlite3_context *c, const struct instant *i, struct str pattern)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    if (put_pattern(&b, i, pattern))
        spark_function_result(c, buf_str(&b));
    else
        spark_function_fail(c, "pattern '" STR_F "': there are y M d H h m s S a E D and 'text'", STR_A(pattern));
    buf_release(&b);
}

SPARK_FUNCTION(f_date_format)
{
    struct instant i;
    (void)n;
    if (instant_of(v[0], &i))
        format(c, &i, text(v[1]));
}

SPARK_FUNCTION(f_from_unixtime)
{
    struct instant i = { .us = sqlite3_value_int64(v[0]) };
    if (i.us < INT64_C(-62135596800) || i.us > INT64_C(253402300799))
        return;
    i.t = clock_civil(i.us * 1000);
    i.day = floor_div(i.us * 1000, DAY_MS);
    i.us *= 1000000;
    format(c, &i, n > 1 ? text(v[1]) : S("yyyy-MM-dd HH:mm:ss"));
}

/* A text read by a pattern, whole. */
static void parse(sqlite3_context *c, struct str s, struct str pattern, bool day)
{
    struct arena a = ARENA_INIT;
    const char *why = NULL;
    int64_t us;
    struct timestamp_format *f = timestamp_compile(&a, arena_dup(&a, pattern), &why);
    if (!f)
        spark_function_fail(c, "pattern '" STR_F "': %s", STR_A(pattern), why);
    else if (timestamp_read(f, s, &us))
        result_instant(c, us, day);
    arena_release(&a);
}

static void to_instant(sqlite3_context *c, int n, sqlite3_value **v, bool day)
{
    struct instant i;
    if (n > 1)
        parse(c, text(v[0]), text(v[1]), day);
    else if (instant_of(v[0], &i))
        result_instant(c, i.us, day);
}

SPARK_FUNCTION(f_to_timestamp) { to_instant(c, n, v, false); }
SPARK_FUNCTION(f_to_date) { to_instant(c, n, v, true); }

/* ---- reckoning ---- */

static void shifted(sqlite3_context *c, sqlite3_value **v, int64_t sign_of)
{
    struct instant i;
    int64_t days_more = sqlite3_value_int64(v[1]);
    if (instant_of(v[0], &i) && days_more > -4000000 && days_more < 4000000)
        result_instant(c, (i.day + sign_of * days_more) * DAY_MS * 1000, true);
}

SPARK_FUNCTION(f_date_add)
{
    (void)n;
    shifted(c, v, 1);
}

SPARK_FUNCTION(f_date_sub)
{
    (void)n;
    shifted(c, v, -1);
}

SPARK_FUNCTION(f_datediff)
{
    struct instant end, start;
    (void)n;
    if (instant_of(v[0], &end) && instant_of(v[1], &start))
        sqlite3_result_int64(c, end.day - start.day);
}

SPARK_FUNCTION(f_add_months)
{
    struct instant i;
    int64_t more = sqlite3_value_int64(v[1]);
    (void)n;
    if (!instant_of(v[0], &i) || more < -120000 || more > 120000)
        return;
    int64_t all = i.t.year * INT64_C(12) + i.t.month - 1 + more;
    int year = (int)floor_div(all, 12), month = (int)(all - floor_div(all, 12) * 12) + 1;
    if (year < 1 || year > 9999)
        return;
    int most = month_days(year, month);
    result_instant(c, day_of(year, month, i.t.day < most ? i.t.day : most) * DAY_MS * 1000, true);
}

SPARK_FUNCTION(f_last_day)
{
    struct instant i;
    (void)n;
    if (instant_of(v[0], &i))
        result_instant(c, day_of(i.t.year, i.t.month, month_days(i.t.year, i.t.month)) * DAY_MS * 1000, true);
}

SPARK_FUNCTION(f_make_date)
{
    struct civil t = { .year = sqlite3_value_int(v[0]), .month = sqlite3_value_int(v[1]), .day = sqlite3_value_int(v[2]) };
    int64_t ms;
    (void)n;
    if (clock_epoch_ms(&t, &ms))
        result_instant(c, ms * 1000, true);
}

static bool truncated(struct instant *i, struct str unit)
{
    static const struct { const char *name; int64_t us; } units[] = {
        { "second", 1000000 }, { "minute", 60000000 }, { "hour", INT64_C(3600000000) }, { "day", DAY_MS * 1000 }, { "dd", DAY_MS * 1000 },
    };
    int month = i->t.month;
    for (size_t k = 0; k < sizeof units / sizeof *units; k++)
        if (str_eq_nocase(unit, str_of(units[k].name))) {
            i->us = floor_div(i->us, units[k].us) * units[k].us;
            return true;
        }
    if (str_eq_nocase(unit, S("week")))
        i->us = (i->day - (day_of_week(i) + 5) % 7) * DAY_MS * 1000;
    else if (str_eq_nocase(unit, S("month")) || str_eq_nocase(unit, S("mon")) || str_eq_nocase(unit, S("mm")))
        i->us = day_of(i->t.year, month, 1) * DAY_MS * 1000;
    else if (str_eq_nocase(unit, S("quarter")))
        i->us = day_of(i->t.year, (month - 1) / 3 * 3 + 1, 1) * DAY_MS * 1000;
    else if (str_eq_nocase(unit, S("year")) || str_eq_nocase(unit, S("yyyy")) || str_eq_nocase(unit, S("yy")))
        i->us = day_of(i->t.year, 1, 1) * DAY_MS * 1000;
    else
        return false;
    return true;
}

SPARK_FUNCTION(f_date_trunc)
{
    struct instant i;
    (void)n;
    if (instant_of(v[1], &i) && truncated(&i, text(v[0])))
        result_instant(c, i.us, false);
}

SPARK_FUNCTION(f_trunc)
{
    struct instant i;
    (void)n;
    if (instant_of(v[0], &i) && truncated(&i, text(v[1])))
        result_instant(c, i.us, true);
}

const struct spark_function spark_function_times[] = {
    { "year", 1, 1, f_year, false },               { "quarter", 1, 1, f_quarter, false },       { "month", 1, 1, f_month, false },
    { "day", 1, 1, f_day, false },                 { "dayofmonth", 1, 1, f_day, false },        { "hour", 1, 1, f_hour, false },
    { "minute", 1, 1, f_minute, false },           { "second", 1, 1, f_second, false },         { "dayofyear", 1, 1, f_dayofyear, false },
    { "dayofweek", 1, 1, f_dayofweek, false },     { "weekday", 1, 1, f_weekday, false },       { "weekofyear", 1, 1, f_weekofyear, false },
    { "unix_timestamp", 1, 1, f_unix_timestamp, false }, { "date_format", 2, 2, f_date_format, false }, { "from_unixtime", 1, 2, f_from_unixtime, false },
    { "to_timestamp", 1, 2, f_to_timestamp, false }, { "to_date", 1, 2, f_to_date, false },     { "date", 1, 1, f_to_date, false },
    { "date_add", 2, 2, f_date_add, false },       { "date_sub", 2, 2, f_date_sub, false },     { "datediff", 2, 2, f_datediff, false },
    { "add_months", 2, 2, f_add_months, false },   { "last_day", 1, 1, f_last_day, false },     { "make_date", 3, 3, f_make_date, false },
    { "date_trunc", 2, 2, f_date_trunc, false },   { "trunc", 2, 2, f_trunc, false },           { NULL, 0, 0, NULL, false },
};
