/* names.c - reading the table row by row; it is short, and read once for every connection. */
#include "net/names.h"

#include <stdlib.h>
#include <string.h>

struct row {
    const char *pattern;
    size_t n;
    unsigned port; /* it is for; 0 = any */
    unsigned target;
};

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c; }

/* Steps back to the last '*' on a mismatch, so it takes at most pattern * host steps. */
static bool matches(const char *pattern, size_t n, const char *host, size_t n_host)
{
    size_t p = 0, h = 0, star = (size_t)-1, resume = 0;
    while (h < n_host) {
        if (p < n && pattern[p] == '*') {
            star = p++;
            resume = h;
        } else if (p < n && lower(pattern[p]) == lower(host[h])) {
            p++, h++;
        } else if (star != (size_t)-1) {
            p = star + 1;
            h = ++resume;
        } else {
            return false;
        }
    }
    while (p < n && pattern[p] == '*')
        p++;
    return p == n;
}

/* Reads the row at *at and steps behind it; false at the end. A row without a usable port has target 0. */
static bool next_row(const char **at, struct row *ret)
{
    if (!*at || !**at)
        return false;
    const char *start = *at, *end = strchrnul(start, ',');
    *at = *end ? end + 1 : end;
    const char *equals = memchr(start, '=', (size_t)(end - start));
    *ret = (struct row){ start, (size_t)((equals ? equals : end) - start), 0, 0 };
    const char *colon = memchr(start, ':', ret->n);
    if (colon) {
        ret->port = (unsigned)strtoul(colon + 1, NULL, 10) & 0xffff;
        ret->n = (size_t)(colon - start);
    }
    if (equals)
        ret->target = (unsigned)strtoul(equals + 1, NULL, 10) & 0xffff;
    return true;
}

int names_find(const char *table, const char *host, unsigned port, int from, uint16_t *ret_port)
{
    struct row r;
    size_t n = strlen(host);
    if (n && host[n - 1] == '.')
        n--;
    if (n == 0 || n > NAMES_MAX_HOST)
        return -1;
    for (int i = 0; i < NAMES_MAX_ROWS && next_row(&table, &r); i++) {
        bool wanted = !port || !r.port || r.port == port;
        if (i < from || !r.target || !wanted || !matches(r.pattern, r.n, host, n))
            continue;
        if (ret_port)
            *ret_port = (uint16_t)r.target;
        return i;
    }
    return -1;
}

bool names_pattern(const char *table, int row, char out[NAMES_MAX_HOST + 1])
{
    struct row r;
    for (int i = 0; i < NAMES_MAX_ROWS && next_row(&table, &r); i++)
        if (i == row) {
            size_t n = r.n <= NAMES_MAX_HOST ? r.n : NAMES_MAX_HOST;
            memcpy(out, r.pattern, n);
            out[n] = 0;
            return true;
        }
    return false;
}

bool names_port(const char *table, int row, unsigned port, uint16_t *ret_port)
{
    char pattern[NAMES_MAX_HOST + 1];
    return names_pattern(table, row, pattern) && names_find(table, pattern, port, row, ret_port) >= 0;
}
