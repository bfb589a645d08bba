#include <stdlib.h>

#include "base/json.h"
#include "pipeline/analytics/analytics.h"
#include "pipeline/clean/csv.h"

void result_close(struct result *r)
{
    if (!r)
        return;
    arena_release(&r->arena);
    free(r);
}

const struct cell *result_cell(const struct result *r, size_t row, size_t column)
{
    return &r->cells[row * r->n_columns + column];
}

static bool result_same_cell(const struct cell *a, const struct cell *b, enum column_type type)
{
    if (a->null || b->null)
        return a->null == b->null;
    if (type == COLUMN_STRING)
        return str_eq(a->text, b->text);
    return type == COLUMN_DOUBLE ? a->d == b->d : a->i == b->i;
}

bool result_same(const struct result *a, const struct result *b)
{
    if (a->n_columns != b->n_columns || a->n_rows != b->n_rows)
        return false;
    for (size_t k = 0; k < a->n_columns; k++)
        if (!str_eq(a->columns[k].name, b->columns[k].name) || a->columns[k].type != b->columns[k].type)
            return false;
    for (size_t i = 0; i < a->n_rows * a->n_columns; i++)
        if (!result_same_cell(&a->cells[i], &b->cells[i], a->columns[i % a->n_columns].type))
            return false;
    return true;
}

void result_put_cell(const struct result *r, size_t row, size_t column, struct buf *out)
{
    const struct cell *c = result_cell(r, row, column);
    if (c->null)
        return;
    switch (r->columns[column].type) {
    case COLUMN_STRING:
        buf_str_add(out, c->text);
        break;
    case COLUMN_DOUBLE:
    case COLUMN_DOUBLES:
        json_put_double(out, c->d);
        break;
    case COLUMN_TIMESTAMP:
        table_put_timestamp(out, c->i);
        break;
    case COLUMN_BOOLEAN:
        buf_z(out, c->i ? "true" : "false");
        break;
    case COLUMN_INT:
    case COLUMN_LONG:
        buf_i64(out, c->i);
        break;
    }
}

void result_put_csv(const struct result *r, struct buf *out)
{
    struct buf text = BUF_INIT;
    for (size_t k = 0; k < r->n_columns; k++) {
        buf_z(out, k ? "," : "");
        csv_put(out, r->columns[k].name);
    }
    buf_z(out, "\r\n");
    for (size_t i = 0; i < r->n_rows; i++) {
        for (size_t k = 0; k < r->n_columns; k++) {
            buf_z(out, k ? "," : "");
            buf_reset(&text);
            result_put_cell(r, i, k, &text);
            if (!result_cell(r, i, k)->null)
                csv_put(out, buf_str(&text));
        }
        buf_z(out, "\r\n");
    }
    buf_release(&text);
}

static void result_put_json_cell(const struct result *r, size_t row, size_t column, struct buf *out)
{
    enum column_type type = r->columns[column].type;
    const struct cell *c = result_cell(r, row, column);
    if (c->null) {
        buf_z(out, "null");
    } else if (type == COLUMN_STRING) {
        json_put_text(out, c->text);
    } else {
        buf_z(out, type == COLUMN_TIMESTAMP ? "\"" : "");
        result_put_cell(r, row, column, out);
        buf_z(out, type == COLUMN_TIMESTAMP ? "\"" : "");
    }
}

void result_put_json(const struct result *r, struct buf *out)
{
    buf_z(out, "{\"query\":");
    json_put_text(out, r->name);
    buf_z(out, ",\"columns\":[");
    for (size_t k = 0; k < r->n_columns; k++) {
        buf_z(out, k ? "," : "");
        json_put_text(out, r->columns[k].name);
    }
    buf_z(out, "],\"rows\":[");
    for (size_t i = 0; i < r->n_rows; i++) {
        buf_z(out, i ? ",[" : "[");
        for (size_t k = 0; k < r->n_columns; k++) {
            buf_z(out, k ? "," : "");
            result_put_json_cell(r, i, k, out);
        }
        buf_c(out, ']');
    }
    buf_z(out, "]}");
}
