/* joda.c - Joda-Time patterns (org.joda.time.format.DateTimeFormat): letters that repeat, text in quotes. English. */
#include "mocks/connect/joda.h"

#include <stdio.h>

#include "base/clock.h"

static const char known_letters[] = "yYxMdDHhkKmsSEeaw";
static const char *const months[] = { "January", "February", "March", "April", "May", "June", "July", "August",
                                      "September", "October", "November", "December" };
static const char *const days[] = { "Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday" };
enum { DAY_MS = 86400000 };

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool joda_zone(struct str name, int64_t *ret_offset_ms)
{
    static const char *const zero[] = { "UTC", "GMT", "Z", "UCT", "Zulu", "Etc/UTC", "Etc/GMT" };
    for (size_t i = 0; i < sizeof zero / sizeof *zero; i++)
        if (str_is(name, zero[i])) {
            *ret_offset_ms = 0;
            return true;
        }
    if (name.n < 3 || (*name.p != '+' && *name.p != '-'))
        return false;
    int64_t hours, minutes = 0;
    struct str digits = str_from(name, 1), rest = str_from(digits, 2);
    if (rest.n && *rest.p == ':')
        rest = str_from(rest, 1);
    for (size_t i = 0; i < digits.n; i++)
        if (digits.p[i] != ':' && (digits.p[i] < '0' || digits.p[i] > '9'))
            return false;
    bool read = str_to_i64(str_head(digits, 2), &hours) && (!rest.n || (rest.n == 2 && str_to_i64(rest, &minutes)));
    if (!read || hours > 23 || minutes > 59)
        return false;
    *ret_offset_ms = (hours * 60 + minutes) * 60000 * (*name.p == '-' ? -1 : 1);
    return true;
}

/* Takes one token: literal text (*ret_letter = 0) or a run of one letter. */
static bool take_token(struct str *rest, struct buf *text, char *ret_letter, size_t *ret_n)
{
    if (!rest->n)
        return false;
    char c = *rest->p;
    *ret_letter = 0;
    buf_reset(text);
    if (is_letter(c)) {
        size_t n = 0;
        while (n < rest->n && rest->p[n] == c)
            n++;
        *ret_letter = c;
        *ret_n = n;
        *rest = str_from(*rest, n);
        return true;
    }
    bool quoted = c == '\'';
    *rest = str_from(*rest, 1);
    if (!quoted) {
        buf_c(text, c);
        return true;
    }
    if (rest->n && *rest->p == '\'') { /* '' outside quotes is one quote */
        buf_c(text, '\'');
        *rest = str_from(*rest, 1);
        return true;
    }
    while (rest->n) {
        c = *rest->p;
        *rest = str_from(*rest, 1);
        if (c != '\'') {
            buf_c(text, c);
        } else if (rest->n && *rest->p == '\'') {
            buf_c(text, '\'');
            *rest = str_from(*rest, 1);
        } else {
            break;
        }
    }
    return true;
}

const char *joda_pattern_fault(struct str pattern)
{
    struct buf text = BUF_INIT;
    const char *fault = NULL;
    char letter;
    size_t n;
    while (!fault && take_token(&pattern, &text, &letter, &n))
        if (letter && !strchr(known_letters, letter))
            fault = "a letter that is none of y Y x M d D H h k K m s S E e a w; put text in single quotes";
        else if (letter && n > 9)
            fault = "a letter repeated more than nine times";
    buf_release(&text);
    return fault;
}

static void put_padded(struct buf *out, int64_t v, size_t width) { buf_f(out, "%0*lld", (int)width, (long long)v); }

static int64_t day_of_year(const struct civil *t, int64_t local_ms)
{
    struct civil first = { .year = t->year, .month = 1, .day = 1 };
    int64_t ms = 0;
    clock_epoch_ms(&first, &ms);
    return (local_ms - ms) / DAY_MS + 1;
}

static int64_t floor_days(int64_t ms) { return ms / DAY_MS - (ms % DAY_MS < 0); }

/* ISO week and the year it belongs to. */
static void week_of(const struct civil *t, int64_t local_ms, int64_t *ret_year, int64_t *ret_week)
{
    int64_t weekday = ((floor_days(local_ms) % 7) + 7 + 3) % 7; /* Monday 0 */
    int64_t thursday_ms = (floor_days(local_ms) - weekday + 3) * DAY_MS;
    struct civil thursday = clock_civil(thursday_ms);
    (void)t;
    *ret_year = thursday.year;
    *ret_week = (day_of_year(&thursday, thursday_ms) - 1) / 7 + 1;
}

static void put_name(struct buf *out, const char *name, size_t n) { buf_f(out, "%.*s", n >= 4 ? 99 : 3, name); }

static void put_field(struct buf *out, char letter, size_t n, const struct civil *t, int64_t local_ms)
{
    int64_t week_year, week;
    week_of(t, local_ms, &week_year, &week);
    int64_t days_since = floor_days(local_ms), weekday = ((days_since % 7) + 7) % 7; /* Thursday 0 */
    switch (letter) {
    case 'y': case 'Y': case 'x': {
        int64_t year = letter == 'x' ? week_year : t->year;
        put_padded(out, n == 2 ? year % 100 : year, n);
        break;
    }
    case 'M':
        if (n >= 3)
            put_name(out, months[t->month - 1], n);
        else
            put_padded(out, t->month, n);
        break;
    case 'E': put_name(out, days[weekday], n); break;
    case 'e': put_padded(out, (weekday + 3) % 7 + 1, n); break;
    case 'a': buf_z(out, t->hour < 12 ? "AM" : "PM"); break;
    case 'w': put_padded(out, week, n); break;
    case 'd': put_padded(out, t->day, n); break;
    case 'D': put_padded(out, day_of_year(t, local_ms), n); break;
    case 'H': put_padded(out, t->hour, n); break;
    case 'k': put_padded(out, t->hour ? t->hour : 24, n); break;
    case 'K': put_padded(out, t->hour % 12, n); break;
    case 'h': put_padded(out, t->hour % 12 ? t->hour % 12 : 12, n); break;
    case 'm': put_padded(out, t->minute, n); break;
    case 's': put_padded(out, t->second, n); break;
    case 'S': { /* digits of the fraction */
        char digits[16];
        snprintf(digits, sizeof digits, "%03d000000", t->ms % 1000);
        buf_add(out, digits, n);
        break;
    }
    }
}

void joda_print(struct buf *out, struct str pattern, int64_t epoch_ms, int64_t zone_offset_ms)
{
    int64_t local_ms = epoch_ms + zone_offset_ms;
    struct civil t = clock_civil(local_ms);
    struct buf text = BUF_INIT;
    char letter;
    size_t n = 0;
    while (take_token(&pattern, &text, &letter, &n)) {
        if (letter)
            put_field(out, letter, n, &t, local_ms);
        else
            buf_str_add(out, buf_str(&text));
    }
    buf_release(&text);
}

static bool take_number(struct str *s, size_t width, int *ret)
{
    int v = 0;
    if (s->n < width)
        return false;
    for (size_t i = 0; i < width; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + s->p[i] - '0';
    }
    *ret = v;
    *s = str_from(*s, width);
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (!s->n || *s->p != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

static bool take_fraction(struct str *s, int *ret_ms)
{
    if (!take_char(s, '.') && !take_char(s, ','))
        return true;
    int ms = 0, scale = 100;
    size_t n = 0;
    for (; s->n && *s->p >= '0' && *s->p <= '9'; *s = str_from(*s, 1), n++, scale /= 10)
        ms += (*s->p - '0') * scale;
    *ret_ms = ms;
    return n > 0;
}

bool joda_instant(struct str s, int64_t *ret_epoch_ms)
{
    struct civil t = { .month = 1, .day = 1 };
    int64_t offset = 0, ms;
    if (!take_number(&s, 4, &t.year))
        return false;
    if (take_char(&s, '-') && (!take_number(&s, 2, &t.month) || (take_char(&s, '-') && !take_number(&s, 2, &t.day))))
        return false;
    if (take_char(&s, 'T')) {
        if (!take_number(&s, 2, &t.hour))
            return false;
        if (take_char(&s, ':') &&
            (!take_number(&s, 2, &t.minute) || (take_char(&s, ':') && !take_number(&s, 2, &t.second))))
            return false;
        if (!take_fraction(&s, &t.ms) || (s.n && !joda_zone(s, &offset)))
            return false;
    } else if (s.n) {
        return false;
    }
    if (!clock_epoch_ms(&t, &ms))
        return false;
    *ret_epoch_ms = ms - offset;
    return true;
}
