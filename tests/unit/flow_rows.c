/* From the mock RDS into the pipeline: rows by key, from many threads, in the spelling the original scripts send. */
#include "tests/support/t.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/json.h"
#include "mocks/rds/rds.h"
#include "mocks/rds/synth.h"
#include "pipeline/source/choose.h"
#include "pipeline/source/source.h"

enum { THREADS = 4, ROUNDS = 3000 };

static void every_row_is_there_as_valid_json(void **state)
{
    (void)state;
    struct rds *rds = rds_open(&(struct rds_options){ .seed = 100 });
    struct err e;
    struct source *s = source_open(rds_uri(rds, &e), &e);
    struct buf json = BUF_INIT;
    int64_t *indices;
    size_t n;
    assert_non_null(s);
    assert_ok(source_complete_indices(s, &indices, &n, &e), &e);
    assert_int_equal(n, SYNTH_ROWS);
    int64_t start_us = clock_stopwatch_us();
    for (size_t i = 0; i < n; i++)
        for (int t = 0; t < SOURCE_TABLES; t++) {
            struct json key;
            int64_t told = -1;
            buf_reset(&json);
            assert_ok(source_row(s, (enum source_table)t, indices[i], &json, &e), &e);
            assert_true(json_get(buf_str(&json), source_keys[t], &key) && str_to_i64(key.raw, &told));
            assert_int_equal(told, i);
        }
    print_message("%.2f us a row\n", (double)(clock_stopwatch_us() - start_us) / (double)n / SOURCE_TABLES);
    free(indices);
    buf_release(&json);
    source_close(s);
    rds_close(rds);
}

struct reading {
    const char *uri;
    int64_t rows, bytes;
    struct err e;
};

static void *read_rows(void *ctx)
{
    struct reading *r = ctx;
    struct source *s = source_open(r->uri, &r->e);
    struct choose *c = choose_open(&(struct choose_options){ .kind = CHOOSE_RANDOM, .posts = ROUNDS, .seed = CHOOSE_SEED }, &r->e);
    struct buf json = BUF_INIT;
    for (int64_t index; s && choose_next(c, &index, NULL); buf_reset(&json))
        for (int t = 0; t < SOURCE_TABLES; t++)
            if (source_row(s, (enum source_table)t, index, &json, &r->e) == 0)
                r->rows++, r->bytes += (int64_t)json.n;
    buf_release(&json);
    choose_close(c);
    source_close(s);
    return NULL;
}

static void threads_read_side_by_side(void **state)
{
    (void)state;
    struct rds *rds = rds_open(&(struct rds_options){ .seed = 100 });
    struct err e;
    pthread_t threads[THREADS];
    struct reading r[THREADS] = { 0 };
    const char *uri = rds_uri(rds, &e);
    for (int i = 0; i < THREADS; i++) {
        r[i].uri = uri;
        assert_int_equal(pthread_create(&threads[i], NULL, read_rows, &r[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(r[i].rows, ROUNDS * SOURCE_TABLES);
        assert_int_equal(r[i].bytes, r[0].bytes);
    }
    rds_close(rds);
}

static void real_rows_keep_their_spelling(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    const char *dir = t_shared(&a, "tables");
    if (!dir) {
        arena_release(&a);
        skip();
    }
    struct rds *rds = rds_open(&(struct rds_options){ .tables_dir = dir });
    struct err e;
    struct source *s = source_open(rds_uri(rds, &e), &e);
    struct buf json = BUF_INIT;
    int64_t *indices;
    size_t n;
    assert_non_null(s);
    assert_ok(source_complete_indices(s, &indices, &n, &e), &e);
    assert_int_equal(n, 4447);
    assert_int_equal(source_row(s, SOURCE_GEO, 7528, &json, &e), 0);
    assert_str(buf_str(&json), "{\"ind\":7528,\"timestamp\":\"2020-08-28 03:52:47\",\"latitude\":-89.9787,\"longitude\":-173.293,"
                               "\"country\":\"Albania\"}");
    /* The file holds compact JSON with raw UTF-8: what is read back must be its lines, byte for byte. */
    struct str rest = t_file(&a, t_shared(&a, "tables/pinterest_data.jsonl"));
    for (size_t i = 0; i < n; i++) {
        struct str line = str_cut(&rest, '\n');
        buf_reset(&json);
        assert_int_equal(source_row(s, SOURCE_PIN, indices[i], &json, &e), 0);
        assert_true(str_eq(buf_str(&json), line));
    }
    free(indices);
    buf_release(&json);
    source_close(s);
    rds_close(rds);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_there_as_valid_json),
        cmocka_unit_test(threads_read_side_by_side),
        cmocka_unit_test(real_rows_keep_their_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
