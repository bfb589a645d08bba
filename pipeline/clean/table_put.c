/* How a cell looks:
 *
 * type        JSON                       CSV
 * string      escaped text               text, quoted when it must be or is empty
 * int, long   digits                     digits
 * double      shortest form              shortest form
 * boolean     true, false                true, false
 * timestamp   "2020-08-28T03:52:47Z"     2020-08-28T03:52:47Z
 * doubles     [-89.9787,-173.293]        "[-89.9787,-173.293]"
 * null        null                       nothing
 */
#include "base/clock.h"
#include "base/json.h"
#include "pipeline/clean/clean.h"
#include "pipeline/clean/csv.h"

static void table_put_digits(struct buf *out, int value, size_t width, char behind)
{
    char text[8];
    for (size_t i = width; i-- > 0; value /= 10)
        text[i] = (char)('0' + value % 10);
    text[width] = behind;
    buf_add(out, text, width + (behind != 0));
}

void table_put_timestamp(struct buf *out, int64_t epoch_us)
{
    int64_t ms = epoch_us / 1000 - (epoch_us % 1000 < 0), us = epoch_us - ms * 1000;
    struct civil c = clock_civil(ms);
    char fraction[8];
    int n = 6, value = c.ms * 1000 + (int)us;
    table_put_digits(out, c.year, 4, '-');
    table_put_digits(out, c.month, 2, '-');
    table_put_digits(out, c.day, 2, 'T');
    table_put_digits(out, c.hour, 2, ':');
    table_put_digits(out, c.minute, 2, ':');
    table_put_digits(out, c.second, 2, 0);
    if (value) {
        for (int i = 5; i >= 0; i--, value /= 10)
            fraction[i] = (char)('0' + value % 10);
        while (fraction[n - 1] == '0')
            n--;
        buf_c(out, '.');
        buf_add(out, fraction, (size_t)n);
    }
    buf_c(out, 'Z');
}

static void table_put_doubles(struct buf *out, const double *v, uint32_t n)
{
    buf_c(out, '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_c(out, ',');
        json_put_double(out, v[i]);
    }
    buf_c(out, ']');
}

/* The text of a cell that is neither null nor a string. */
static void table_put_cell(const struct column *c, size_t row, struct buf *out)
{
    switch (c->type) {
    case COLUMN_INT:
        buf_i64(out, c->v.i32[row]);
        break;
    case COLUMN_BOOLEAN:
        buf_z(out, c->v.i32[row] ? "true" : "false");
        break;
    case COLUMN_LONG:
        buf_i64(out, c->v.i64[row]);
        break;
    case COLUMN_DOUBLE:
        json_put_double(out, c->v.f64[row]);
        break;
    case COLUMN_DOUBLES:
        table_put_doubles(out, &c->v.f64[row * c->width], c->width);
        break;
    case COLUMN_TIMESTAMP:
        table_put_timestamp(out, c->v.i64[row]);
        break;
    case COLUMN_STRING:
        break;
    }
}

void table_put_json(const struct column *c, size_t row, struct buf *out)
{
    const char *quote = c->type == COLUMN_TIMESTAMP ? "\"" : "";
    if (c->type == COLUMN_STRING) {
        json_put_text(out, column_text(c, row));
        return;
    }
    buf_z(out, quote);
    table_put_cell(c, row, out);
    buf_z(out, quote);
}

void table_put_jsonl(const struct table *t, size_t row, struct buf *out)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        buf_c(out, i ? ',' : '{');
        json_put_text(out, c->name);
        buf_c(out, ':');
        if (c->null[row])
            buf_z(out, "null");
        else
            table_put_json(c, row, out);
    }
    buf_z(out, "}\n");
}

void table_put_csv_header(const struct table *t, struct buf *out)
{
    for (size_t i = 0; i < t->n_columns; i++) {
        if (i)
            buf_c(out, ',');
        csv_put(out, t->columns[i].name);
    }
    buf_z(out, "\r\n");
}

void table_put_csv(const struct table *t, size_t row, struct buf *out)
{
    struct buf text = BUF_INIT;
    for (size_t i = 0; i < t->n_columns; i++) {
        const struct column *c = &t->columns[i];
        if (i)
            buf_c(out, ',');
        if (c->null[row])
            continue;
        if (c->type == COLUMN_STRING) {
            csv_put(out, column_text(c, row));
            continue;
        }
        buf_reset(&text);
        table_put_cell(c, row, &text);
        csv_put(out, buf_str(&text));
    }
    buf_z(out, "\r\n");
    buf_release(&text);
}
