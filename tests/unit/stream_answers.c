/* The questions kept incrementally are at every cut what they are asked of all rows from scratch: random rows in any order,
 * repeats and duplicates multiplied by joins, random cuts, restarts in between, every profile. */
#include "tests/unit/stream_world.h"

struct reference {
    struct world *w;
    struct cleaner *cleaners[LEDGER_TABLES];
    struct str *rows[LEDGER_TABLES];
    size_t n[LEDGER_TABLES];
    struct arena a;
};

static void compare(struct reference *ref, uint64_t seed, const char *profile, int cut)
{
    struct table *tables[LEDGER_TABLES];
    struct err e = { 0 };
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        for (size_t i = 0; i < ref->n[t]; i++)
            cleaner_add(ref->cleaners[t], ref->rows[t][i], i, &e);
        table_finish(tables[t] = cleaner_take(ref->cleaners[t]));
    }
    for (size_t i = 0; i < analytics_count(ref->w->analytics); i++) {
        struct result *kept, *asked;
        assert_ok(analytics_run(ref->w->analytics, i, (const struct table *const *)tables, LEDGER_TABLES, &asked, &e), &e);
        assert_ok(stream_answer(ref->w->stream, i, &kept, &e), &e);
        if (!result_same(asked, kept)) {
            struct buf x = BUF_INIT, y = BUF_INIT;
            result_put_csv(asked, &x);
            result_put_csv(kept, &y);
            fail_msg("seed %llu, %s, cut %d, " STR_F ":\n%s---\n%s", (unsigned long long)seed, profile, cut, STR_A(asked->name), buf_cstr(&x), buf_cstr(&y));
        }
        result_close(asked);
        result_close(kept);
    }
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        table_close(tables[t]);
}

static void feed_some(struct reference *ref, struct rng *r)
{
    for (size_t n = rng_below(r, 40); n; n--) {
        unsigned t = (unsigned)rng_below(r, 3);
        bool again = ref->n[t] && rng_below(r, 4) == 0;
        struct str row = again ? ref->rows[t][rng_below(r, ref->n[t])] : world_row(r, t, &ref->a);
        ref->rows[t] = mem_grow(ref->rows[t], (ref->n[t] + 1) * sizeof *ref->rows[t]);
        ref->rows[t][ref->n[t]++] = row;
        world_feed(ref->w, t, row, 1000);
    }
}

static void one_history(uint64_t seed, const char *profile)
{
    struct world w;
    struct rng r;
    struct err e = { 0 };
    struct reference ref = { .w = &w };
    world_begin(&w, profile, NULL);
    w.files = false;
    rng_seed(&r, seed);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        ref.cleaners[t] = cleaner_open(w.rules, str_of(ledger_table_names[t]), true);
    assert_ok(world_start_stream(&w, &e), &e);
    compare(&ref, seed, profile, -1);
    for (int cut = 0; cut < 9; cut++) {
        feed_some(&ref, &r);
        world_batch(&w);
        compare(&ref, seed, profile, cut);
        if (rng_below(&r, 3) == 0) {
            world_stop_stream(&w);
            assert_ok(world_start_stream(&w, &e), &e);
            compare(&ref, seed, profile, cut + 100);
        }
    }
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        cleaner_close(ref.cleaners[t]);
        free(ref.rows[t]);
    }
    arena_release(&ref.a);
    world_end(&w);
}

static void answers_are_those_of_the_batch_at_every_cut(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct rules *rules = rules_open(NULL, NULL, &e);
    struct str profile;
    assert_non_null(rules);
    for (size_t i = 0; (profile = rules_profile_name(rules, i)).p; i++)
        for (uint64_t seed = 1; seed <= 12; seed++) {
            char *name = mem_dup(profile);
            one_history(seed, name);
            free(name);
        }
    rules_close(rules);
}

/* What is in the tables and what is answered are rows of the same count; duplicates are left out where rules say so. */
static void a_row_seen_before_is_left_out_where_the_rules_say_so(void **state)
{
    (void)state;
    for (int dedupes = 0; dedupes < 2; dedupes++) {
        struct world w;
        struct err e = { 0 };
        struct arena a = ARENA_INIT;
        struct rng r;
        world_begin(&w, dedupes ? "1lekshmi" : NULL, NULL);
        assert_ok(world_start_stream(&w, &e), &e);
        rng_seed(&r, 5);
        struct str row = world_row(&r, 2, &a);
        for (int i = 0; i < 3; i++) {
            world_feed(&w, 2, row, 0);
            world_feed(&w, 2, row, 0);
            world_batch(&w);
            world_stop_stream(&w);
            assert_ok(world_start_stream(&w, &e), &e);
        }
        struct str rows = world_rows(w.tables[2], -1, &a);
        size_t lines = 0;
        while (rows.n)
            str_cut(&rows, '\n'), lines++;
        assert_int_equal(lines, rules_dedupes(w.rules, S("user")) ? 1 : 6);
        world_end(&w);
        arena_release(&a);
    }
}

static void rules_a_stream_cannot_keep_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct err e = { 0 };
    struct arena a = ARENA_INIT;
    world_begin(&w, NULL, NULL);
    rules_close(w.rules);
    struct str pin = t_file(&a, t_source(&a, "pipeline/rules/clean/pin.json"));
    size_t at = str_find(pin, S("{\"switch\": \"dedupe\"}"));
    assert_true(at != STR_NONE);
    struct str by = arena_f(&a, STR_F "{\"by\": [\"unique_id\"]}" STR_F, STR_A(str_head(pin, at)), STR_A(str_from(pin, at + 20)));
    assert_ok(sink_put(w.dir, "clean/pin.json", by, &e), &e);
    w.rules = rules_open(w.dir, NULL, &e);
    if (!w.rules)
        fail_msg("%s", e.message);
    assert_int_equal(world_start_stream(&w, &e), -1);
    assert_string_equal(e.code, "STREAM_DEDUPE");
    world_end(&w);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_those_of_the_batch_at_every_cut),
        cmocka_unit_test(a_row_seen_before_is_left_out_where_the_rules_say_so),
        cmocka_unit_test(rules_a_stream_cannot_keep_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
