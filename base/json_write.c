/* json_write.c - writing strings and numbers, and dropping blanks.
 *
 * A double is first turned into its shortest digits and a decimal exponent (struct decimal); the JavaScript and
 * the Java form differ only in how they lay those out.
 */
#include "base/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json_scan.h"

static void put_escaped(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";
    switch (c) {
    case '"': buf_add(out, "\\\"", 2); return;
    case '\\': buf_add(out, "\\\\", 2); return;
    case '\b': buf_add(out, "\\b", 2); return;
    case '\t': buf_add(out, "\\t", 2); return;
    case '\n': buf_add(out, "\\n", 2); return;
    case '\f': buf_add(out, "\\f", 2); return;
    case '\r': buf_add(out, "\\r", 2); return;
    default: buf_add(out, (char[]){ '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] }, 6);
    }
}

void json_put_text(struct buf *out, struct str text)
{
    buf_c(out, '"');
    const char *p = text.p, *end = text.n ? text.p + text.n : p;
    while (p < end) {
        const char *stop = json_scan_plain(p, end);
        buf_add(out, p, (size_t)(stop - p));
        if (stop == end)
            break;
        put_escaped(out, (unsigned char)*stop);
        p = stop + 1;
    }
    buf_c(out, '"');
}

/* 0.digits × 10^point, digits without zeros at either end. */
struct decimal {
    char digits[24];
    int n, point;
};

static void trim_zeros(struct decimal *d)
{
    while (d->n > 1 && d->digits[d->n - 1] == '0')
        d->n--;
}

/* Most numbers of data are m / 10^k with m below 10^15. The quotient of two integers that doubles hold exactly is
 * rounded once, as reading the decimal would be, so equality proves the digits; the smallest k gives the fewest. */
static bool short_decimal(double v, struct decimal *ret)
{
    static const double power[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12 };
    if (v >= 1e15 || v < 1e-4)
        return false;
    for (size_t k = 0; k < sizeof power / sizeof power[0]; k++) {
        double scaled = v * power[k];
        if (scaled >= 1e15)
            return false;
        uint64_t m = (uint64_t)(scaled + 0.5);
        if ((double)m / power[k] != v)
            continue;
        char digits[20];
        int n = 0;
        for (; m; m /= 10)
            digits[n++] = (char)('0' + m % 10);
        for (int i = 0; i < n; i++)
            ret->digits[i] = digits[n - 1 - i];
        ret->n = n;
        ret->point = n - (int)k;
        trim_zeros(ret);
        return true;
    }
    return false;
}

/* Adds one to the last digit of "d.ddde±x"; false when that carries over the first digit. */
static bool last_digit_up(char *text, int n)
{
    for (int i = n > 1 ? n : 0; i >= 0; i--) {
        if (text[i] == '.')
            continue;
        if (text[i] != '9') {
            text[i]++;
            return true;
        }
        text[i] = '0';
    }
    return false;
}

/* "d.ddde±x" with n digits that reads back as v? The nearest decimal is tried first. Below a power of two doubles
 * lie twice as close as above it, so there the next decimal above may read back where the nearest one does not. */
static bool reads_back(double v, int n, char text[40])
{
    snprintf(text, 40, "%.*e", n - 1, v);
    if (strtod(text, NULL) == v)
        return true;
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return (bits & 0xfffffffffffff) == 0 && last_digit_up(text, n) && strtod(text, NULL) == v;
}

static void any_decimal(double v, int at_least, struct decimal *ret)
{
    char text[40];
    int n = v < 2.2250738585072014e-308 ? at_least : 15; /* 15 digits always survive in a normal double */
    while (!reads_back(v, n, text) && n < 17)
        n++;
    ret->n = 0;
    for (const char *p = text; *p != 'e'; p++)
        if (*p != '.')
            ret->digits[ret->n++] = *p;
    ret->point = atoi(strchr(text, 'e') + 1) + 1;
    trim_zeros(ret);
}

/* v > 0 and finite. */
static void shortest(double v, int at_least, struct decimal *ret)
{
    if (!short_decimal(v, ret))
        any_decimal(v, at_least, ret);
}

static void put_zeros(struct buf *out, int n)
{
    while (n-- > 0)
        buf_c(out, '0');
}

/* Without an exponent; no point when nothing is behind it. */
static void put_plain(struct buf *out, const struct decimal *d)
{
    if (d->point <= 0) {
        buf_add(out, "0.", 2);
        put_zeros(out, -d->point);
        buf_add(out, d->digits, (size_t)d->n);
    } else if (d->point >= d->n) {
        buf_add(out, d->digits, (size_t)d->n);
        put_zeros(out, d->point - d->n);
    } else {
        buf_add(out, d->digits, (size_t)d->point);
        buf_c(out, '.');
        buf_add(out, d->digits + d->point, (size_t)(d->n - d->point));
    }
}

/* ECMA-262, Number::toString. */
void json_put_double(struct buf *out, double v)
{
    if (!isfinite(v)) {
        buf_z(out, "null");
        return;
    }
    if (v == 0) {
        buf_c(out, '0');
        return;
    }
    if (v < 0)
        buf_c(out, '-');
    struct decimal d;
    shortest(fabs(v), 1, &d);
    if (d.point > -6 && d.point <= 21) {
        put_plain(out, &d);
        return;
    }
    buf_c(out, d.digits[0]);
    if (d.n > 1) {
        buf_c(out, '.');
        buf_add(out, d.digits + 1, (size_t)d.n - 1);
    }
    buf_add(out, d.point > 0 ? "e+" : "e", d.point > 0 ? 2 : 1);
    buf_i64(out, d.point - 1);
}

/* java.lang.Double.toString: plain from 10^-3 to below 10^7, with a digit on either side of the point. */
void json_put_java_double(struct buf *out, double v)
{
    if (!isfinite(v)) {
        buf_z(out, isnan(v) ? "\"NaN\"" : v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
        return;
    }
    if (signbit(v))
        buf_c(out, '-');
    if (v == 0) {
        buf_z(out, "0.0");
        return;
    }
    struct decimal d;
    shortest(fabs(v), 2, &d);
    if (d.point > -3 && d.point <= 7) {
        put_plain(out, &d);
        if (d.point >= d.n)
            buf_add(out, ".0", 2);
        return;
    }
    buf_c(out, d.digits[0]);
    buf_c(out, '.');
    buf_add(out, d.n > 1 ? d.digits + 1 : "0", d.n > 1 ? (size_t)d.n - 1 : 1);
    buf_c(out, 'E');
    buf_i64(out, d.point - 1);
}

void json_put_raw_text(struct buf *out, struct str raw)
{
    if (str_chr(raw, '\\') == STR_NONE) {
        buf_c(out, '"');
        buf_str_add(out, raw);
        buf_c(out, '"');
        return;
    }
    struct buf plain = BUF_INIT;
    json_unescape(&plain, raw);
    json_put_text(out, buf_str(&plain));
    buf_release(&plain);
}

void json_put_raw_double(struct buf *out, struct str raw)
{
    double v;
    if (str_to_double(raw, &v)) {
        json_put_java_double(out, v);
    } else { /* beyond a double, or very long */
        char *z = mem_dup(raw);
        json_put_java_double(out, strtod(z, NULL));
        free(z);
    }
}

int json_compact(struct buf *out, struct str text)
{
    if (!json_valid(text))
        return -1;
    char *to = buf_room(out, text.n);
    if (!to)
        return -1;
    char *from = to;
    bool in_string = false;
    for (const char *p = text.p, *end = p + text.n; p < end;) {
        if (in_string) {
            const char *stop = json_scan_plain(p, end);
            size_t n = (size_t)(stop - p) + (*stop == '\\' ? 2 : 1);
            memcpy(to, p, n);
            to += n;
            p += n;
            in_string = *stop != '"';
        } else {
            char c = *p++;
            in_string = c == '"';
            if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
                *to++ = c;
        }
    }
    out->n += (size_t)(to - from);
    return 0;
}
