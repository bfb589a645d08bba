/* Tables: the same whatever the order and the number of cleaners; cleaning twice changes nothing. */
#include "tests/support/t.h"

#include <pthread.h>

#include "base/rng.h"
#include "pipeline/clean/clean.h"

enum { ROWS = 3000, PARTS = 3 };

static struct rules *open_rules(const char *dir, const char *profile)
{
    struct err e;
    struct rules *r = rules_open(dir, profile, &e);
    if (!r)
        fail_msg("%s", e.message);
    return r;
}

/* Row i of a table with duplicates, nulls, bad cells and refused records in it. */
static void make(struct buf *b, size_t i)
{
    struct rng g;
    rng_seed(&g, i / 2 + 1); /* two neighbours are duplicates of each other */
    buf_reset(b);
    if (rng_below(&g, 50) == 0) {
        buf_z(b, "{\"ind\":");
        return;
    }
    buf_f(b, "{\"index\":%d,\"unique_id\":\"u%d\",\"title\":\"t\\n%d\",", (int)rng_below(&g, 400) - 5,
          (int)rng_below(&g, 9), (int)rng_below(&g, 3));
    buf_f(b, "\"description\":%s,\"poster_name\":\"p%d\",", rng_below(&g, 2) ? "null" : "\"d \xf0\x9f\x98\x80\"",
          (int)rng_below(&g, 90));
    buf_f(b, "\"follower_count\":\"%d%s\",\"tag_list\":\"a\",\"is_image_or_video\":\"image\",", (int)rng_below(&g, 999),
          rng_below(&g, 3) ? "k" : "x");
    buf_f(b, "\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"Local save in /data/%d\",\"category\":\"c%d\"}",
          (int)rng_below(&g, 4), (int)rng_below(&g, 13));
}

/* Everything that can be seen of a finished table. */
static void print(struct buf *out, struct table *t)
{
    buf_reset(out);
    table_finish(t);
    for (size_t i = 0; i < t->n_rows; i++) {
        buf_f(out, "%llu ", (unsigned long long)t->tag[i]);
        table_put_jsonl(t, i, out);
    }
    for (size_t i = 0; i < t->n_counts; i++)
        buf_f(out, STR_F ".%s %llu %llu " STR_F "\n", STR_A(t->counts[i].column), t->counts[i].operation,
              (unsigned long long)t->counts[i].touched, (unsigned long long)t->counts[i].nulled,
              STR_A(t->counts[i].sample));
    buf_f(out, "%llu %llu\n", (unsigned long long)t->records, (unsigned long long)t->refused);
}

/* The records cleaned in a shuffled order by several cleaners, then merged. */
static struct table *shuffled(const struct rules *r, uint64_t seed, bool views, struct arena *keep)
{
    struct rng g;
    struct cleaner *c[PARTS];
    struct buf b = BUF_INIT;
    struct err e;
    size_t *order = malloc(ROWS * sizeof *order);
    rng_seed(&g, seed);
    for (size_t i = 0; i < ROWS; i++)
        order[i] = i;
    for (size_t i = ROWS; i > 1 && seed; i--) {
        size_t k = rng_below(&g, i), swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
    for (size_t k = 0; k < PARTS; k++)
        c[k] = cleaner_open(r, S("pin"), views);
    for (size_t i = 0; i < ROWS; i++) {
        make(&b, order[i]);
        struct str record = views ? arena_dup(keep, buf_str(&b)) : buf_str(&b);
        cleaner_add(c[seed ? rng_below(&g, PARTS) : 0], record, order[i], &e);
    }
    struct table *t = cleaner_take(c[PARTS - 1]);
    for (size_t k = 0; k < PARTS; k++) {
        if (k < PARTS - 1)
            table_merge(t, cleaner_take(c[k]));
        cleaner_close(c[k]);
    }
    free(order);
    buf_release(&b);
    return t;
}

static void the_finished_table_does_not_depend_on_order_or_number_of_cleaners(void **state)
{
    static const char *const PROFILES[] = { NULL, "elishagretton" };
    struct arena keep = ARENA_INIT;
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct rules *r = open_rules(NULL, PROFILES[p]);
        struct buf want = BUF_INIT, got = BUF_INIT;
        struct table *t = shuffled(r, 0, false, &keep);
        print(&want, t);
        assert_true(t->refused > 20);
        table_close(t);
        for (uint64_t seed = 1; seed <= 6; seed++) {
            t = shuffled(r, seed, seed % 2, &keep);
            print(&got, t);
            assert_true(str_eq(buf_str(&got), buf_str(&want)));
            table_close(t);
        }
        buf_release(&want);
        buf_release(&got);
        rules_close(r);
    }
    arena_release(&keep);
}

struct worker {
    pthread_t thread;
    const struct rules *r;
    size_t first;
    struct table *t;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct cleaner *c = cleaner_open(w->r, S("pin"), false);
    struct buf b = BUF_INIT;
    struct err e;
    for (size_t i = w->first; i < ROWS; i += PARTS) {
        make(&b, i);
        cleaner_add(c, buf_str(&b), i, &e);
    }
    w->t = cleaner_take(c);
    cleaner_close(c);
    buf_release(&b);
    return NULL;
}

static void cleaners_of_one_rule_set_run_in_threads_of_their_own(void **state)
{
    struct arena keep = ARENA_INIT;
    struct rules *r = open_rules(NULL, NULL);
    struct worker w[PARTS];
    struct buf want = BUF_INIT, got = BUF_INIT;
    (void)state;
    for (size_t k = 0; k < PARTS; k++) {
        w[k] = (struct worker){ .r = r, .first = k };
        assert_int_equal(pthread_create(&w[k].thread, NULL, work, &w[k]), 0);
    }
    for (size_t k = 0; k < PARTS; k++)
        pthread_join(w[k].thread, NULL);
    for (size_t k = 1; k < PARTS; k++)
        table_merge(w[0].t, w[k].t);
    print(&got, w[0].t);
    struct table *t = shuffled(r, 0, false, &keep);
    print(&want, t);
    assert_true(str_eq(buf_str(&got), buf_str(&want)));
    table_close(w[0].t);
    table_close(t);
    buf_release(&want);
    buf_release(&got);
    arena_release(&keep);
    rules_close(r);
}

static void duplicates_are_dropped_only_when_asked_and_their_tags_kept(void **state)
{
    struct arena keep = ARENA_INIT;
    struct rules *keeps = open_rules(NULL, NULL), *drops = open_rules(NULL, "1lekshmi");
    struct table *all = shuffled(keeps, 3, false, &keep), *some = shuffled(drops, 3, false, &keep);
    (void)state;
    assert_true(rules_dedupes(drops, S("pin")));
    table_finish(all);
    table_finish(some);
    assert_int_equal(all->n_dropped, 0);
    size_t equal_neighbours = 0;
    for (size_t i = 1; i < all->n_rows; i++)
        equal_neighbours += table_compare(all, i - 1, i) == 0;
    assert_true(equal_neighbours > 1000);
    assert_int_equal(some->n_dropped, equal_neighbours);
    assert_int_equal(some->n_rows + some->n_dropped, all->n_rows);
    for (size_t i = 1; i < some->n_rows; i++)
        assert_true(table_compare(some, i - 1, i) < 0);
    char *seen = calloc(ROWS, 1);
    for (size_t i = 0; i < some->n_rows; i++)
        seen[some->tag[i]]++;
    for (size_t i = 0; i < some->n_dropped; i++)
        seen[some->dropped[i]]++;
    for (size_t i = 0; i < all->n_rows; i++)
        assert_int_equal(seen[all->tag[i]], 1);
    free(seen);
    table_close(all);
    table_close(some);
    rules_close(keeps);
    rules_close(drops);
    arena_release(&keep);
}

static void cleaning_a_cleaned_row_changes_nothing(void **state)
{
    static const struct {
        const char *table, *record;
    } RAW[] = {
        { "geo", "{\"index\":1,\"timestamp\":\"2020-08-28 03:52:47.120\",\"latitude\":-0.0,\"longitude\":1e-7,\"country\":\"\"}" },
        { "geo", "{\"ind\":1,\"timestamp\":\"0001-01-01 00:00:00\",\"latitude\":null,\"longitude\":\"x\",\"country\":null}" },
        { "geo", "{\"ind\":1,\"timestamp\":\"9999-12-31T23:59:59.999999Z\",\"latitude\":179.999999999999,\"longitude\":1e22,\"country\":\"a\\u0000\"}" },
        { "user", "{\"ind\":1,\"first_name\":\" \",\"last_name\":\"\\\"\\\\\",\"age\":\"-3\",\"date_joined\":\"1600-02-29 00:00:00\"}" },
        { "user", "{\"ind\":1,\"first_name\":null,\"last_name\":\"b\",\"age\":\"x\",\"date_joined\":\"\"}" },
    };
    struct rules *r = open_rules(NULL, NULL);
    struct buf once = BUF_INIT, twice = BUF_INIT, b = BUF_INIT;
    struct err e;
    (void)state;
    for (size_t i = 0; i < sizeof RAW / sizeof *RAW + ROWS; i++) {
        bool made = i >= sizeof RAW / sizeof *RAW;
        struct str table = made ? S("pin") : str_of(RAW[i].table);
        buf_reset(&b);
        if (made)
            make(&b, i);
        else
            buf_z(&b, RAW[i].record);
        struct cleaner *c = cleaner_open(r, table, false);
        if (cleaner_add(c, buf_str(&b), 0, &e) < 0) {
            assert_true(made);
            cleaner_close(c);
            continue;
        }
        struct table *t = cleaner_take(c);
        buf_reset(&once);
        buf_reset(&twice);
        table_put_jsonl(t, 0, &once);
        table_close(t);
        assert_ok(cleaner_add(c, buf_str(&once), 0, &e) == 1 ? 0 : -1, &e);
        t = cleaner_take(c);
        table_put_jsonl(t, 0, &twice);
        assert_str(buf_str(&twice), buf_cstr(&once));
        for (size_t k = 0; k < t->n_counts; k++)
            assert_int_equal(t->counts[k].nulled, 0);
        table_close(t);
        cleaner_close(c);
    }
    buf_release(&once);
    buf_release(&twice);
    buf_release(&b);
    rules_close(r);
}

static void rows_are_written_as_csv_too(void **state)
{
    struct rules *r = open_rules(NULL, NULL);
    struct cleaner *c = cleaner_open(r, S("geo"), false);
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    cleaner_add(c, S("{\"ind\":2,\"timestamp\":null,\"latitude\":1.5,\"longitude\":null,\"country\":\"a, \\\"b\\\"\\nc\"}"), 0, &e);
    cleaner_add(c, S("{\"ind\":3,\"timestamp\":\"2020-08-28 03:52:47\",\"coordinates\":null,\"country\":\"\"}"), 0, &e);
    struct table *t = cleaner_take(c);
    assert_int_equal(t->n_rows, 2);
    table_put_csv_header(t, &b);
    table_put_csv(t, 0, &b);
    table_put_csv(t, 1, &b);
    assert_str(buf_str(&b), "ind,country,coordinates,timestamp\r\n2,\"a, \"\"b\"\"\nc\",\"[1.5,null]\",\r\n"
                            "3,\"\",,2020-08-28T03:52:47Z\r\n");
    table_close(t);
    cleaner_close(c);
    buf_release(&b);
    rules_close(r);
}

static void an_empty_table_can_be_finished_merged_and_closed(void **state)
{
    struct rules *r = open_rules(NULL, "1lekshmi");
    struct table *a = table_open(r, S("pin")), *b = table_open(r, S("pin"));
    (void)state;
    table_merge(a, b);
    table_finish(a);
    assert_int_equal(a->n_rows, 0);
    table_close(a);
    table_close(NULL);
    cleaner_close(NULL);
    rules_close(NULL);
    rules_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_finished_table_does_not_depend_on_order_or_number_of_cleaners),
        cmocka_unit_test(cleaners_of_one_rule_set_run_in_threads_of_their_own),
        cmocka_unit_test(duplicates_are_dropped_only_when_asked_and_their_tags_kept),
        cmocka_unit_test(cleaning_a_cleaned_row_changes_nothing),
        cmocka_unit_test(rows_are_written_as_csv_too),
        cmocka_unit_test(an_empty_table_can_be_finished_merged_and_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
