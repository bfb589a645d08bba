/* parquet.c - the processor time in which a table becomes Parquet, on one thread. usage: bench_parquet DIR ROWS
 * Seven columns: ind, unique_id, country (13 names), timestamp, coordinates, text, number. Writes DIR/<codec>.parquet. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/rng.h"
#include "pipeline/sink/parquet.h"
#include "pipeline/sink/sink.h"

enum { COLUMNS = 7, ROUNDS = 3 };

static double ms_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fill(struct table *t, struct arena *a)
{
    static const char *const words[] = { "art", "beauty", "christmas", "diy-and-crafts", "education", "event-planning", "finance",
                                         "home-decor", "mens-fashion", "quotes", "tattoos", "travel", "vehicles" };
    struct rng r;
    rng_seed(&r, 1);
    for (size_t i = 0; i < t->n_rows; i++) {
        char id[RNG_UUID];
        t->columns[0].v.i32[i] = (int32_t)i;
        t->columns[1].v.text[i] = arena_dup(a, str_of(rng_uuid4(&r, id)));
        t->columns[2].v.text[i] = str_of(words[rng_below(&r, 13)]);
        t->columns[3].v.i64[i] = (int64_t)(1500000000000000 + rng_below(&r, 150000000) * 1000000);
        t->columns[4].v.f64[2 * i] = (double)rng_below(&r, 18000000) / 1e5 - 90;
        t->columns[4].v.f64[2 * i + 1] = (double)rng_below(&r, 36000000) / 1e5 - 180;
        t->columns[5].v.text[i] = arena_f(a, "%s ideas for %s number %u", words[rng_below(&r, 13)], words[rng_below(&r, 13)], (unsigned)rng_below(&r, 100000));
        t->columns[6].v.i32[i] = (int32_t)rng_below(&r, 5000000);
        t->columns[6].null[i] = rng_below(&r, 20) == 0;
        t->columns[5].null[i] = rng_below(&r, 20) == 0;
    }
}

static struct table *make(size_t rows, struct arena *a)
{
    static const struct { const char *name; enum column_type type; } columns[COLUMNS] = {
        { "ind", COLUMN_INT }, { "unique_id", COLUMN_STRING }, { "country", COLUMN_STRING }, { "timestamp", COLUMN_TIMESTAMP },
        { "coordinates", COLUMN_DOUBLES }, { "title", COLUMN_STRING }, { "follower_count", COLUMN_INT },
    };
    struct table *t = ARENA_NEW(a, struct table);
    *t = (struct table){ .name = S("bench"), .n_columns = COLUMNS, .n_rows = rows, .columns = ARENA_ARRAY(a, struct column, COLUMNS) };
    for (size_t i = 0; i < COLUMNS; i++) {
        t->columns[i] = (struct column){ .name = str_of(columns[i].name), .type = columns[i].type, .width = columns[i].type == COLUMN_DOUBLES ? 2 : 1 };
        t->columns[i].null = ARENA_ARRAY(a, uint8_t, rows);
        t->columns[i].v.text = arena_zero(a, rows * sizeof(struct str));
    }
    fill(t, a);
    return t;
}

int main(int argc, char **argv)
{
    static const struct { const char *name; enum parquet_codec codec; } codecs[] = { { "uncompressed", PARQUET_NONE }, { "snappy", PARQUET_SNAPPY }, { "zstd", PARQUET_ZSTD } };
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    if (argc != 3)
        return fprintf(stderr, "usage: bench_parquet DIR ROWS\n"), 2;
    struct table *t = make((size_t)strtoul(argv[2], NULL, 10), &a);
    struct parquet_field *fields = parquet_table_fields(t, &a);
    for (size_t c = 0; c < 3; c++) {
        double best = 1e300;
        char name[64];
        struct buf out = BUF_INIT;
        snprintf(name, sizeof name, "%s.parquet", codecs[c].name);
        for (int round = 0; round < ROUNDS; round++) {
            struct parquet_options o = { .codec = codecs[c].codec, .row_group_rows = 122880 };
            double from = ms_of(CLOCK_PROCESS_CPUTIME_ID);
            buf_reset(&out);
            struct parquet_writer *w = parquet_writer_open(fields, COLUMNS, &o, &out, &e);
            if (!w || parquet_writer_table(w, t, 0, t->n_rows, &e) || parquet_writer_end(w, &e) || sink_put(argv[1], name, buf_str(&out), &e))
                return fprintf(stderr, "%s\n", e.message), 1;
            parquet_writer_close(w);
            double ms = ms_of(CLOCK_PROCESS_CPUTIME_ID) - from;
            best = ms < best ? ms : best;
        }
        printf("%s %.0f %zu\n", codecs[c].name, best, out.n);
        buf_release(&out);
    }
    arena_release(&a);
    return 0;
}
