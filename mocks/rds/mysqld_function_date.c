/* mysqld_function_date.c - dates and times: "YYYY-MM-DD[ hh:mm:ss[.ffffff]]" as text, UTC.
 * https://dev.mysql.com/doc/refman/8.0/en/date-and-time-functions.html
 */
#include "mocks/rds/mysqld_function.h"

#include <math.h>
#include <stdio.h>

static struct clock *clock_of(sqlite3_context *c) { return ((struct mysqld_engine *)sqlite3_user_data(c))->state->clock; }

static bool take(const char **p, int width, int *ret)
{
    *ret = 0;
    int i = 0;
    for (; i < width && **p >= '0' && **p <= '9'; i++)
        *ret = *ret * 10 + (*(*p)++ - '0');
    return i > 0;
}

/* false when the value is no date that exists. */
static bool moment_of(sqlite3_value *v, int64_t *ret_ms, bool *ret_time)
{
    struct civil m = { 0 };
    const char *p = (const char *)sqlite3_value_text(v);
    if (!p || !take(&p, 4, &m.year) || *p++ != '-' || !take(&p, 2, &m.month) || *p++ != '-' || !take(&p, 2, &m.day))
        return false;
    *ret_time = *p == ' ' || *p == 'T';
    if (*ret_time) {
        p++;
        if (!take(&p, 2, &m.hour) || *p++ != ':' || !take(&p, 2, &m.minute))
            return false;
        if (*p == ':') {
            p++;
            if (!take(&p, 2, &m.second))
                return false;
        }
    }
    return clock_epoch_ms(&m, ret_ms);
}

static void result_date(sqlite3_context *c, int64_t ms, bool time)
{
    struct civil m = clock_civil(ms);
    char text[64];
    if (time)
        snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", m.year, m.month, m.day, m.hour, m.minute, m.second);
    else
        snprintf(text, sizeof text, "%04d-%02d-%02d", m.year, m.month, m.day);
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

static void result_time(sqlite3_context *c, int64_t ms)
{
    struct civil m = clock_civil(ms);
    char text[48];
    snprintf(text, sizeof text, "%02d:%02d:%02d", m.hour, m.minute, m.second);
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

FUNCTION(f_now) { (void)n, (void)v; result_date(c, clock_now_ms(clock_of(c)), true); }
FUNCTION(f_curdate) { (void)n, (void)v; result_date(c, clock_now_ms(clock_of(c)), false); }
FUNCTION(f_curtime) { (void)n, (void)v; result_time(c, clock_now_ms(clock_of(c))); }

FUNCTION(f_date)
{
    int64_t ms;
    bool time;
    (void)n;
    if (moment_of(v[0], &ms, &time))
        result_date(c, ms, false);
}

FUNCTION(f_as_datetime)
{
    int64_t ms;
    bool time;
    (void)n;
    if (moment_of(v[0], &ms, &time))
        result_date(c, ms, true);
}

FUNCTION(f_as_time)
{
    int64_t ms;
    bool time;
    (void)n;
    if (moment_of(v[0], &ms, &time))
        result_time(c, ms);
    else
        sqlite3_result_value(c, v[0]);
}

/* ---- parts ---- */

enum { DAY_MS = 86400000 };

static int64_t days(int64_t ms) { return ms / DAY_MS - (ms % DAY_MS < 0); }
static int weekday(int64_t ms) { return (int)(((days(ms) + 3) % 7 + 7) % 7); } /* 0 = Monday */

static int day_of_year(const struct civil *m)
{
    struct civil first = { .year = m->year, .month = 1, .day = 1 }, that = { .year = m->year, .month = m->month, .day = m->day };
    int64_t a = 0, b = 0;
    clock_epoch_ms(&first, &a);
    clock_epoch_ms(&that, &b);
    return (int)((b - a) / DAY_MS) + 1;
}

static int64_t part_of(const char *unit, int64_t ms)
{
    struct civil m = clock_civil(ms);
    switch (unit[0] | 32) {
    case 'y': return m.year;
    case 'q': return (m.month + 2) / 3;
    case 'h': return m.hour;
    case 's': return m.second;
    case 'w': return unit[4] ? weekday(ms) : (day_of_year(&m) + 6 - (weekday(ms) + 1) % 7) / 7; /* WEEKDAY; WEEK, mode 0 */
    case 'm': return (unit[1] | 32) == 'o' ? m.month : (unit[2] | 32) == 'n' ? m.minute : 0;
    default: break;
    }
    if (!sqlite3_stricmp(unit, "dayofweek"))
        return (weekday(ms) + 1) % 7 + 1;
    return !sqlite3_stricmp(unit, "dayofyear") ? day_of_year(&m) : m.day;
}

static void put_part(sqlite3_context *c, const char *unit, sqlite3_value *v)
{
    int64_t ms;
    bool time;
    if (moment_of(v, &ms, &time))
        sqlite3_result_int64(c, part_of(unit, ms));
}

FUNCTION(f_extract)
{
    (void)n;
    const char *unit = (const char *)sqlite3_value_text(v[0]);
    if (unit && unit[0])
        put_part(c, unit, v[1]);
}

#define PART(name, unit) FUNCTION(name) { (void)n; put_part(c, unit, v[0]); }
PART(f_year, "year")
PART(f_quarter, "quarter")
PART(f_month, "month")
PART(f_week, "week")
PART(f_day, "day")
PART(f_hour, "hour")
PART(f_minute, "minute")
PART(f_second, "second")
PART(f_weekday, "weekday")
PART(f_dayofweek, "dayofweek")
PART(f_dayofyear, "dayofyear")

static const char *const month_names[] = { "January", "February", "March", "April", "May", "June", "July", "August", "September",
                                           "October", "November", "December" };
static const char *const day_names[] = { "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday" };

FUNCTION(f_monthname)
{
    int64_t ms;
    bool time;
    (void)n;
    if (moment_of(v[0], &ms, &time))
        sqlite3_result_text(c, month_names[clock_civil(ms).month - 1], -1, SQLITE_STATIC);
}

FUNCTION(f_dayname)
{
    int64_t ms;
    bool time;
    (void)n;
    if (moment_of(v[0], &ms, &time))
        sqlite3_result_text(c, day_names[weekday(ms)], -1, SQLITE_STATIC);
}

/* ---- text and numbers ---- */

static void put_specifier(struct buf *b, char k, int64_t ms)
{
    struct civil m = clock_civil(ms);
    int twelve = m.hour % 12 ? m.hour % 12 : 12;
    switch (k) {
    case 'Y': buf_f(b, "%04d", m.year); break;
    case 'y': buf_f(b, "%02d", m.year % 100); break;
    case 'm': buf_f(b, "%02d", m.month); break;
    case 'c': buf_i64(b, m.month); break;
    case 'd': buf_f(b, "%02d", m.day); break;
    case 'e': buf_i64(b, m.day); break;
    case 'H': buf_f(b, "%02d", m.hour); break;
    case 'k': buf_i64(b, m.hour); break;
    case 'h':
    case 'I': buf_f(b, "%02d", twelve); break;
    case 'l': buf_i64(b, twelve); break;
    case 'i': buf_f(b, "%02d", m.minute); break;
    case 's':
    case 'S': buf_f(b, "%02d", m.second); break;
    case 'f': buf_z(b, "000000"); break;
    case 'p': buf_z(b, m.hour < 12 ? "AM" : "PM"); break;
    case 'j': buf_f(b, "%03d", day_of_year(&m)); break;
    case 'w': buf_i64(b, (weekday(ms) + 1) % 7); break;
    case 'M': buf_z(b, month_names[m.month - 1]); break;
    case 'b': buf_add(b, month_names[m.month - 1], 3); break;
    case 'W': buf_z(b, day_names[weekday(ms)]); break;
    case 'a': buf_add(b, day_names[weekday(ms)], 3); break;
    case 'T': buf_f(b, "%02d:%02d:%02d", m.hour, m.minute, m.second); break;
    case 'r': buf_f(b, "%02d:%02d:%02d %s", twelve, m.minute, m.second, m.hour < 12 ? "AM" : "PM"); break;
    default: buf_c(b, k); break;
    }
}

static void put_format(sqlite3_context *c, int64_t ms, struct str format)
{
    struct buf b = BUF_MAX(4096);
    for (size_t i = 0; i < format.n; i++)
        if (format.p[i] == '%' && i + 1 < format.n)
            put_specifier(&b, format.p[++i], ms);
        else
            buf_c(&b, format.p[i]);
    mysqld_function_result(c, buf_str(&b));
    buf_release(&b);
}

FUNCTION(f_date_format)
{
    int64_t ms;
    bool time;
    (void)n;
    if (moment_of(v[0], &ms, &time))
        put_format(c, ms, mysqld_function_text(v[1]));
}

FUNCTION(f_unix_timestamp)
{
    int64_t ms = clock_now_ms(clock_of(c));
    bool time;
    if (n == 0 || moment_of(v[0], &ms, &time))
        sqlite3_result_int64(c, days(ms) * 86400 + (ms - days(ms) * DAY_MS) / 1000);
}

FUNCTION(f_from_unixtime)
{
    double s = sqlite3_value_double(v[0]);
    if (sqlite3_value_type(v[0]) == SQLITE_NULL || !(s >= 0 && s < 32536771200.0))
        return;
    if (n > 1)
        put_format(c, (int64_t)s * 1000, mysqld_function_text(v[1]));
    else
        result_date(c, (int64_t)s * 1000, true);
}

/* ---- sums ---- */

static int days_in(int year, int month)
{
    static const int lengths[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100) || year % 400 == 0;
    return lengths[month - 1] + (month == 2 && leap);
}

static bool add_months(int64_t *ms, int64_t months)
{
    struct civil m = clock_civil(*ms);
    int64_t all = (int64_t)m.year * 12 + m.month - 1 + months;
    if (all < 12 || all >= 120000)
        return false;
    m.year = (int)(all / 12), m.month = (int)(all % 12) + 1;
    if (m.day > days_in(m.year, m.month))
        m.day = days_in(m.year, m.month);
    return clock_epoch_ms(&m, ms);
}

static const struct unit {
    const char *name;
    int months;
    int64_t ms;
} units[] = {
    { "SECOND", 0, 1000 }, { "MINUTE", 0, 60000 }, { "HOUR", 0, 3600000 }, { "DAY", 0, DAY_MS }, { "WEEK", 0, 7 * (int64_t)DAY_MS },
    { "MONTH", 1, 0 },     { "QUARTER", 3, 0 },    { "YEAR", 12, 0 },
};

static void add_interval(sqlite3_context *c, int n, sqlite3_value **v, int sign)
{
    int64_t ms, count = sqlite3_value_int64(v[1]) * sign;
    bool time;
    const char *name = n > 2 ? (const char *)sqlite3_value_text(v[2]) : "DAY";
    if (!moment_of(v[0], &ms, &time) || sqlite3_value_type(v[1]) == SQLITE_NULL || count > 10000000000 || count < -10000000000)
        return;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!sqlite3_stricmp(name, units[i].name)) {
            if (units[i].months && !add_months(&ms, count * units[i].months))
                return;
            ms += count * units[i].ms;
            if (ms > -62135596800000 && ms < 253402300800000)
                result_date(c, ms, time || (units[i].ms && units[i].ms < DAY_MS));
            return;
        }
    sqlite3_result_error(c, "this unit of INTERVAL is not known", -1);
}

FUNCTION(f_date_add) { add_interval(c, n, v, 1); }
FUNCTION(f_date_sub) { add_interval(c, n, v, -1); }

FUNCTION(f_datediff)
{
    int64_t a, b;
    bool time;
    (void)n;
    if (moment_of(v[0], &a, &time) && moment_of(v[1], &b, &time))
        sqlite3_result_int64(c, days(a) - days(b));
}

FUNCTION(f_last_day)
{
    int64_t ms;
    bool time;
    (void)n;
    if (!moment_of(v[0], &ms, &time))
        return;
    struct civil m = clock_civil(ms);
    m.day = days_in(m.year, m.month);
    if (clock_epoch_ms(&m, &ms))
        result_date(c, ms, false);
}

const struct mysqld_function mysqld_function_dates[] = {
    { "now", -1, f_now },              { "curdate", -1, f_curdate },       { "curtime", -1, f_curtime },
    { "date", 1, f_date },             { "as_datetime", 1, f_as_datetime }, { "as_time", 1, f_as_time },
    { "timestamp", 1, f_as_datetime }, { "extract", 2, f_extract },        { "year", 1, f_year },
    { "quarter", 1, f_quarter },       { "month", 1, f_month },            { "week", 1, f_week },
    { "day", 1, f_day },               { "dayofmonth", 1, f_day },         { "hour", 1, f_hour },
    { "minute", 1, f_minute },         { "second", 1, f_second },          { "weekday", 1, f_weekday },
    { "dayofweek", 1, f_dayofweek },   { "dayofyear", 1, f_dayofyear },    { "monthname", 1, f_monthname },
    { "dayname", 1, f_dayname },       { "date_format", 2, f_date_format }, { "unix_timestamp", -1, f_unix_timestamp },
    { "from_unixtime", 1, f_from_unixtime }, { "from_unixtime", 2, f_from_unixtime }, { "date_add", 3, f_date_add }, { "date_sub", 3, f_date_sub },
    { "adddate", 2, f_date_add },      { "adddate", 3, f_date_add },       { "subdate", 2, f_date_sub },
    { "subdate", 3, f_date_sub },      { "datediff", 2, f_datediff },
    { "last_day", 1, f_last_day },
};
const size_t mysqld_function_n_dates = sizeof mysqld_function_dates / sizeof *mysqld_function_dates;
