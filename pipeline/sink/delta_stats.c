/* delta_stats.c - what an add action says of its file's columns.
 *
 * PROTOCOL.md, "Per-file Statistics". Bounds only of numbers, texts and instants; texts cut at 32 characters, the
 * greatest then made greater; instants cut to milliseconds; lists only in nullCount. When unsure a bound is left out.
 */
#include <math.h>

#include "base/utf8.h"
#include "pipeline/sink/delta_log.h"

enum { LONGEST = 32, INDEXED_COLUMNS = 32 };

/* The rows with the least and the greatest value; STR_NONE when there is none to name. */
static void bounds(const struct column *c, size_t from, size_t n, size_t *ret_min, size_t *ret_max)
{
    *ret_min = *ret_max = STR_NONE;
    if (c->type == COLUMN_DOUBLES || c->type == COLUMN_BOOLEAN)
        return;
    for (size_t i = from; i < from + n; i++) {
        if (c->null[i])
            continue;
        if (c->type == COLUMN_DOUBLE && isnan(c->v.f64[i])) {
            *ret_min = *ret_max = STR_NONE;
            return;
        }
        if (*ret_min == STR_NONE) {
            *ret_min = *ret_max = i;
            continue;
        }
        size_t low = *ret_min, high = *ret_max;
        switch (c->type) {
        case COLUMN_INT: low = c->v.i32[i] < c->v.i32[low] ? i : low, high = c->v.i32[i] > c->v.i32[high] ? i : high; break;
        case COLUMN_DOUBLE: low = c->v.f64[i] < c->v.f64[low] ? i : low, high = c->v.f64[i] > c->v.f64[high] ? i : high; break;
        case COLUMN_STRING: {
            struct str x = column_text(c, i);
            if (str_cmp(x, column_text(c, low)) < 0)
                low = i;
            else if (str_cmp(x, column_text(c, high)) > 0)
                high = i;
            break;
        }
        default: low = c->v.i64[i] < c->v.i64[low] ? i : low, high = c->v.i64[i] > c->v.i64[high] ? i : high;
        }
        *ret_min = low;
        *ret_max = high;
    }
}

/* The first 32 characters; *ret_rest is what they leave. */
static struct str cut(struct str s, struct str *ret_rest)
{
    struct str rest = s;
    for (int i = 0; i < LONGEST && rest.n; i++)
        utf8_next(&rest);
    *ret_rest = rest;
    return str_head(s, s.n - rest.n);
}

/* false: no bound can be given. */
static bool put_text(struct buf *out, struct str s, bool greatest)
{
    struct str rest, head = cut(s, &rest);
    struct buf text = BUF_INIT;
    if (!utf8_valid(s) || (greatest && rest.n && str_starts(rest, S("\xF4\x8F\xBF\xBF"))))
        return false;
    buf_str_add(&text, head);
    if (greatest && rest.n)
        utf8_put(&text, 0x10FFFF);
    json_put_text(out, buf_str(&text));
    buf_release(&text);
    return true;
}

static bool put_bound(struct buf *out, const struct column *c, size_t row, bool greatest)
{
    char text[CLOCK_TEXT];
    switch (c->type) {
    case COLUMN_INT: buf_i64(out, c->v.i32[row]); return true;
    case COLUMN_LONG: buf_i64(out, c->v.i64[row]); return true;
    case COLUMN_DOUBLE:
        if (!isfinite(c->v.f64[row]))
            return false;
        json_put_double(out, c->v.f64[row]);
        return true;
    case COLUMN_TIMESTAMP: {
        int64_t us = c->v.i64[row], ms = us / 1000 - (us % 1000 < 0);
        if (us < 0 || us > INT64_C(253402300799999999)) /* year 9999: engines differ beyond */
            return false;
        buf_f(out, "\"%s\"", clock_iso(ms, text));
        return true;
    }
    default: return put_text(out, column_text(c, row), greatest);
    }
}

static void put_bounds(struct buf *out, const struct table *t, size_t from, size_t n, bool greatest)
{
    const char *sep = "";
    for (size_t i = 0; i < t->n_columns && i < INDEXED_COLUMNS; i++) {
        size_t row[2], at = out->n;
        bounds(&t->columns[i], from, n, &row[0], &row[1]);
        if (row[greatest] == STR_NONE)
            continue;
        buf_z(out, sep);
        json_put_text(out, t->columns[i].name);
        buf_c(out, ':');
        if (put_bound(out, &t->columns[i], row[greatest], greatest))
            sep = ",";
        else
            out->n = at;
    }
}

void delta_stats_put(struct buf *out, const struct table *t, size_t from, size_t n)
{
    buf_z(out, "{\"numRecords\":");
    buf_u64(out, n);
    buf_z(out, ",\"minValues\":{");
    put_bounds(out, t, from, n, false);
    buf_z(out, "},\"maxValues\":{");
    put_bounds(out, t, from, n, true);
    buf_z(out, "},\"nullCount\":{");
    for (size_t i = 0; i < t->n_columns && i < INDEXED_COLUMNS; i++) {
        size_t nulls = 0;
        for (size_t k = from; k < from + n; k++)
            nulls += t->columns[i].null[k] != 0;
        buf_z(out, i ? "," : "");
        json_put_text(out, t->columns[i].name);
        buf_c(out, ':');
        buf_u64(out, nulls);
    }
    buf_z(out, "}}");
}
