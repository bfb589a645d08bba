/* clock.c - real and virtual time, and the civil calendar.
 *
 * Calendar: the proleptic Gregorian one, in eras of 400 years that begin on 1 March, so that the leap day is the
 * last of its year (the method of Howard Hinnant's chrono-compatible date algorithms).
 */
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

enum { US_PER_MS = 1000, MS_PER_DAY = 86400000 };

static int64_t machine_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

void clock_init_real(struct clock *c)
{
    c->is_virtual = false;
    atomic_init(&c->virtual_us, 0);
}

void clock_init_virtual(struct clock *c, int64_t start_ms)
{
    c->is_virtual = true;
    atomic_init(&c->virtual_us, start_ms * US_PER_MS);
}

static int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }

int64_t clock_now_us(struct clock *c)
{
    return c->is_virtual ? atomic_load_explicit(&c->virtual_us, memory_order_acquire) : machine_us(CLOCK_REALTIME);
}

int64_t clock_now_ms(struct clock *c) { return floor_div(clock_now_us(c), US_PER_MS); }

void clock_advance_ms(struct clock *c, int64_t ms)
{
    if (c->is_virtual && ms > 0)
        atomic_fetch_add_explicit(&c->virtual_us, ms * US_PER_MS, memory_order_acq_rel);
}

void clock_wait_ms(struct clock *c, int64_t ms)
{
    if (ms <= 0)
        return;
    if (c->is_virtual) {
        clock_advance_ms(c, ms);
        return;
    }
    int64_t until_us = machine_us(CLOCK_MONOTONIC) + ms * US_PER_MS;
    struct timespec t = { .tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000 };
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
        continue;
}

int64_t clock_stopwatch_us(void) { return machine_us(CLOCK_MONOTONIC); }

enum { DAYS_PER_ERA = 146097, DAYS_TO_1970 = 719468 }; /* from 0000-03-01 */

static int64_t days_of(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2), era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - DAYS_TO_1970;
}

struct civil clock_civil(int64_t epoch_ms)
{
    int64_t days = floor_div(epoch_ms, MS_PER_DAY), ms = epoch_ms - days * MS_PER_DAY;
    days += DAYS_TO_1970;
    int64_t era = floor_div(days, DAYS_PER_ERA), day_of_era = days - era * DAYS_PER_ERA;
    int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t m = (5 * day_of_year + 2) / 153; /* 0 = March */
    int month = (int)(m < 10 ? m + 3 : m - 9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * m + 2) / 5 + 1),
        .hour = (int)(ms / 3600000),
        .minute = (int)(ms / 60000 % 60),
        .second = (int)(ms / 1000 % 60),
        .ms = (int)(ms % 1000),
    };
}

static int days_in_month(int year, int month)
{
    static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

bool clock_epoch_ms(const struct civil *c, int64_t *ret_ms)
{
    if (c->month < 1 || c->month > 12 || c->day < 1 || c->day > days_in_month(c->year, c->month) || c->hour < 0 ||
        c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59 || c->ms < 0 || c->ms > 999)
        return false;
    int64_t seconds = ((int64_t)c->hour * 60 + c->minute) * 60 + c->second;
    *ret_ms = days_of(c->year, c->month, c->day) * MS_PER_DAY + seconds * 1000 + c->ms;
    return true;
}

/* Formatted by hand: every reply and every signature carries a date. */
static char *put_digits(char *at, int value, int digits)
{
    for (int i = digits; i-- > 0; value /= 10)
        at[i] = (char)('0' + value % 10);
    return at + digits;
}

static char *put_text(char *at, const char *text)
{
    while (*text)
        *at++ = *text++;
    return at;
}

static char *put_date(char *at, const struct civil *c, const char *separator)
{
    at = put_text(put_digits(at, c->year, 4), separator);
    at = put_text(put_digits(at, c->month, 2), separator);
    return put_digits(at, c->day, 2);
}

static char *put_time(char *at, const struct civil *c, const char *separator)
{
    at = put_text(put_digits(at, c->hour, 2), separator);
    at = put_text(put_digits(at, c->minute, 2), separator);
    return put_digits(at, c->second, 2);
}

/* Years outside 0..9999 have no place in these forms; they are shown as the nearest that has. */
static struct civil four_digit_civil(int64_t epoch_ms)
{
    struct civil c = clock_civil(epoch_ms);
    c.year = c.year < 0 ? 0 : c.year > 9999 ? 9999 : c.year;
    return c;
}

const char *clock_iso(int64_t epoch_ms, char out[CLOCK_TEXT])
{
    struct civil c = four_digit_civil(epoch_ms);
    char *at = put_text(put_date(out, &c, "-"), "T");
    at = put_text(put_time(at, &c, ":"), ".");
    *put_text(put_digits(at, c.ms, 3), "Z") = 0;
    return out;
}

const char *clock_amz(int64_t epoch_ms, char out[CLOCK_TEXT])
{
    struct civil c = four_digit_civil(epoch_ms);
    char *at = put_text(put_date(out, &c, ""), "T");
    *put_text(put_time(at, &c, ""), "Z") = 0;
    return out;
}

const char *clock_http(int64_t epoch_ms, char out[CLOCK_TEXT])
{
    static const char day[][6] = { "Thu, ", "Fri, ", "Sat, ", "Sun, ", "Mon, ", "Tue, ", "Wed, " };
    static const char month[][6] = { " Jan ", " Feb ", " Mar ", " Apr ", " May ", " Jun ", " Jul ", " Aug ", " Sep ", " Oct ", " Nov ", " Dec " };
    struct civil c = four_digit_civil(epoch_ms);
    int64_t days = floor_div(epoch_ms, MS_PER_DAY); /* 1970-01-01 was a Thursday */
    char *at = put_digits(put_text(out, day[days - floor_div(days, 7) * 7]), c.day, 2);
    at = put_digits(put_text(at, month[c.month - 1]), c.year, 4);
    at = put_time(put_text(at, " "), &c, ":");
    *put_text(at, " GMT") = 0;
    return out;
}
