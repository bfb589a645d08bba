/* The order of keys: byte order, whatever order they came in; quick when they come in order. */
#include "tests/support/t.h"

#include "base/clock.h"
#include "base/rng.h"
#include "mocks/s3/keyindex.h"

struct entry {
    struct str key;
    char bytes[24];
};

static struct entry *make(struct arena *a, const char *text)
{
    struct entry *e = ARENA_NEW(a, struct entry);
    snprintf(e->bytes, sizeof e->bytes, "%s", text);
    e->key = str_of(e->bytes);
    return e;
}

static void assert_sorted(const struct keyindex *ix)
{
    struct keyindex_place at = { 0, 0 };
    struct str before = { 0 };
    size_t n = 0;
    for (struct entry *e; (e = keyindex_next(ix, &at)); n++) {
        assert_true(!before.p || str_cmp(before, e->key) < 0);
        before = e->key;
    }
    assert_int_equal(n, ix->n);
}

static void keys_in_any_order_come_out_in_byte_order(void **state)
{
    (void)state;
    enum { N = 5000 };
    struct arena a = ARENA_INIT;
    struct keyindex ix = { 0 };
    struct rng r;
    rng_seed(&r, 1);
    static struct entry *all[N];
    size_t n = 0;
    for (int i = 0; i < N; i++) {
        struct entry *e = make(&a, arena_f(&a, "%llx", (unsigned long long)rng_below(&r, 100000)).p);
        if (keyindex_find(&ix, e->key))
            continue;
        keyindex_add(&ix, e);
        all[n++] = e;
    }
    assert_sorted(&ix);
    for (size_t i = 0; i < n; i++)
        assert_ptr_equal(keyindex_find(&ix, all[i]->key), all[i]);
    for (size_t i = 0; i < n; i += 2)
        assert_ptr_equal(keyindex_remove(&ix, all[i]->key), all[i]);
    assert_sorted(&ix);
    assert_int_equal(ix.n, n / 2);
    for (size_t i = 0; i < n; i++)
        assert_true((keyindex_find(&ix, all[i]->key) != NULL) == (i % 2 == 1));
    assert_null(keyindex_remove(&ix, all[0]->key));
    for (size_t i = 1; i < n; i += 2)
        keyindex_remove(&ix, all[i]->key);
    assert_int_equal(ix.n, 0);
    assert_int_equal(ix.n_leaves, 0);
    keyindex_release(&ix);
    arena_release(&a);
}

static void seeking_finds_the_first_key_at_or_behind(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct keyindex ix = { 0 };
    static const char *const keys[] = { "a", "a/", "a/b", "b", "\xc3\xa9", "\xf0\x9f\x98\x80" };
    for (size_t i = 0; i < 6; i++)
        keyindex_add(&ix, make(&a, keys[i]));
    static const struct { const char *key; bool after; const char *want; } rows[] = {
        { "", false, "a" }, { "", true, "a" }, { "a", false, "a" }, { "a", true, "a/" }, { "a/", true, "a/b" },
        { "a0", false, "b" }, { "c", false, "\xc3\xa9" }, { "\xf0\x9f\x98\x80", true, NULL }, { "\xff", false, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct keyindex_place at = keyindex_seek(&ix, str_of(rows[i].key), rows[i].after);
        struct entry *e = keyindex_next(&ix, &at);
        if (!rows[i].want)
            assert_null(e);
        else
            assert_str(e->key, rows[i].want);
    }
    keyindex_release(&ix);
    arena_release(&a);
}

static void a_hundred_thousand_keys_in_order_fill_full_leaves(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct arena a = ARENA_INIT;
    struct keyindex ix = { 0 };
    int64_t start = clock_stopwatch_us();
    for (int i = 0; i < N; i++) {
        char key[24];
        snprintf(key, sizeof key, "t.pin+0+%010d", i);
        keyindex_add(&ix, make(&a, key));
    }
    print_message("%d keys appended in %lld us\n", N, (long long)(clock_stopwatch_us() - start));
    assert_int_equal(ix.n_leaves, (N + KEYINDEX_LEAF - 1) / KEYINDEX_LEAF);
    assert_sorted(&ix);
    keyindex_release(&ix);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_in_any_order_come_out_in_byte_order),
        cmocka_unit_test(seeking_finds_the_first_key_at_or_behind),
        cmocka_unit_test(a_hundred_thousand_keys_in_order_fill_full_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
