/* Lines of any bytes, of the table that the first byte says: read 1, 16 and 32 bytes at a time, and line by line by readers that
 * know no shape, they give the same rows, counts and refusals; and what was cleaned is cleaned again to the same bytes.
 * clang -fsanitize=fuzzer,address,undefined with pipeline/clean/, base/ and the embedded rules. */
#include <stdlib.h>

#include "pipeline/clean/cleaner_own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void put_refusal(struct buf *out, const struct err *why)
{
    buf_f(out, "%s %s\n", why->code, why->message);
}

static void put_table(struct buf *out, const struct table *t, bool counts)
{
    for (size_t i = 0; i < t->n_rows; i++)
        table_put_jsonl(t, i, out);
    for (size_t i = 0; counts && i < t->n_counts; i++)
        buf_f(out, "%s %llu %llu " STR_F "\n", t->counts[i].operation, (unsigned long long)t->counts[i].touched,
              (unsigned long long)t->counts[i].nulled, STR_A(t->counts[i].sample));
    if (counts)
        buf_f(out, "%llu %llu %llu\n", (unsigned long long)t->records, (unsigned long long)t->refused, (unsigned long long)t->unknown_keys);
}

/* What becomes of the lines; width 0: each by a reader of its own, without counts of operations that samples would tell apart. */
static void clean(const struct rules *r, struct str table, struct str text, enum shape_width width, struct buf *out)
{
    struct cleaner *c = cleaner_open(r, table, true);
    struct table *t = table_open(r, table);
    c->read = shape_reader_of(width ? width : SHAPE_1);
    for (uint64_t line = 1; text.n; line++) {
        struct err why;
        struct str record;
        if (cleaner_add_line(c, &text, line, &record, &why) < 0)
            put_refusal(out, &why);
        if (!width) {
            table_merge(t, cleaner_take(c));
            cleaner_close(c);
            c = cleaner_open(r, table, true);
        }
    }
    table_merge(t, cleaner_take(c));
    put_table(out, t, true);
    table_close(t);
    cleaner_close(c);
}

static void rows_of(const struct rules *r, struct str table, struct str text, struct buf *out)
{
    struct cleaner *c = cleaner_open(r, table, true);
    struct err why;
    struct str record;
    for (uint64_t line = 1; text.n; line++)
        cleaner_add_line(c, &text, line, &record, &why);
    struct table *t = cleaner_take(c);
    put_table(out, t, false);
    table_close(t);
    cleaner_close(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct str TABLES[] = { S_INIT("pin"), S_INIT("geo"), S_INIT("user") };
    static const enum shape_width WIDTHS[] = { SHAPE_1, SHAPE_16, SHAPE_32, 0 };
    static struct rules *rules;
    struct buf first = BUF_INIT, other = BUF_INIT;
    struct err e;
    if (!rules && !(rules = rules_open(NULL, NULL, &e)))
        abort();
    if (n == 0)
        return 0;
    struct str table = TABLES[data[0] % 3];
    char *copy = malloc(n); /* no byte behind the text may be read */
    if (!copy)
        abort();
    memcpy(copy, data + 1, n - 1);
    struct str text = { copy, n - 1 };
    for (size_t i = 0; i < sizeof WIDTHS / sizeof *WIDTHS; i++) {
        struct buf *out = i ? &other : &first;
        buf_reset(out);
        clean(rules, table, text, WIDTHS[i], out);
        if (!str_eq(buf_str(&first), buf_str(out)))
            abort();
    }
    buf_reset(&first);
    rows_of(rules, table, text, &first);
    buf_reset(&other);
    rows_of(rules, table, buf_str(&first), &other);
    if (!str_eq(buf_str(&first), buf_str(&other)))
        abort();
    buf_release(&first);
    buf_release(&other);
    free(copy);
    return 0;
}
