/* Table files of any bytes: the first byte says which table and which format, the rest is the file.
 * clang -fsanitize=fuzzer,address,undefined with mocks/rds/load*.c, schema.c and base/. */
#include <stdlib.h>

#include "base/utf8.h"
#include "mocks/rds/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct seen {
    const struct load_columns *columns;
    int64_t rows;
};

static int take_columns(void *ctx, const struct schema_table *t, const struct load_columns *c, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    s->columns = c;
    if (c->n < t->n_columns || c->n > SCHEMA_MAX_COLUMNS || c->key >= c->n)
        abort();
    return 0;
}

/* What reaches the database is of its column's type, and text is UTF-8. */
static int take_row(void *ctx, const struct load_value *v, struct err *e)
{
    struct seen *s = ctx;
    (void)e;
    if (v[s->columns->key].kind != LOAD_INTEGER)
        abort();
    for (size_t i = 0; i < s->columns->n; i++) {
        const struct schema_column *c = s->columns->at[i].known;
        if (v[i].kind == LOAD_TEXT && (!utf8_valid(v[i].text) || (c && c->type != SCHEMA_TEXT && c->type != SCHEMA_DATETIME)))
            abort();
        if (v[i].kind == LOAD_TEXT && c && c->type == SCHEMA_DATETIME && v[i].text.n != 19)
            abort();
    }
    return s->rows++ % 7 == 6; /* now and then a key that was there before */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct seen seen = { 0 };
    struct load_sink sink = { &seen, take_columns, take_row };
    struct load_broken broken = { 0 };
    struct err e = { 0 };
    if (n == 0)
        return 0;
    struct str text = { (const char *)data + 1, n - 1 };
    const struct schema_table *table = &schema_tables[data[0] / 2 % SCHEMA_TABLES];
    int result = load_text(table, "f", data[0] % 2 ? LOAD_JSON : LOAD_CSV, text, &sink, &broken, &e);
    if ((result && !e.message[0]) || broken.n < (int64_t)broken.n_first)
        abort();
    load_broken_release(&broken);
    return 0;
}
