/* Maps find what was put, and tell it in the order it was put. */
#include "base/map.h"
#include "base/rng.h"
#include "tests/support/t.h"

static int values[1000];

static void what_was_put_is_found(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    assert_null(map_get(&m, S("a")));
    assert_null(map_remove(&m, S("a")));
    assert_null(map_put(&m, S("a"), &values[1]));
    assert_ptr_equal(map_put(&m, S("a"), &values[2]), &values[1]);
    assert_null(map_put(&m, S(""), &values[3]));
    assert_null(map_put(&m, S("a\0b"), &values[4]));
    assert_ptr_equal(map_get(&m, S("a")), &values[2]);
    assert_ptr_equal(map_get(&m, (struct str){ NULL, 0 }), &values[3]);
    assert_ptr_equal(map_get(&m, S("a\0b")), &values[4]);
    assert_null(map_get(&m, S("b")));
    assert_int_equal(m.n_live, 3);
    assert_ptr_equal(map_remove(&m, S("a")), &values[2]);
    assert_null(map_remove(&m, S("a")));
    assert_null(map_get(&m, S("a")));
    assert_int_equal(m.n_live, 2);
    map_release(&m);
    assert_null(map_get(&m, S("")));
}

static void keys_are_copied(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    char key[] = "abc";
    map_put(&m, str_of(key), &values[0]);
    key[0] = 'x';
    assert_ptr_equal(map_get(&m, S("abc")), &values[0]);
    assert_null(map_get(&m, S("xbc")));
    map_release(&m);
}

static void order_is_that_of_insertion(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    static const char *const names[] = { "zebra", "apple", "mango", "fig", "kiwi" };
    for (int i = 0; i < 5; i++)
        map_put(&m, str_of(names[i]), &values[i]);
    map_remove(&m, S("mango"));
    map_put(&m, S("apple"), &values[9]);
    map_remove(&m, S("zebra"));
    map_put(&m, S("zebra"), &values[8]);
    struct buf b = BUF_INIT;
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&m, &i));)
        buf_f(&b, STR_F " ", STR_A(e->key));
    assert_str(buf_str(&b), "apple fig kiwi zebra ");
    assert_int_equal(m.n_live, 4);
    buf_release(&b);
    map_release(&m);
}

static void many_random_puts_and_removals_agree_with_an_array(void **state)
{
    (void)state;
    struct map m = MAP_INIT;
    void *want[1000] = { 0 };
    struct rng r;
    rng_seed(&r, 3);
    for (int i = 0; i < 50000; i++) {
        size_t k = rng_below(&r, 1000);
        char key[16];
        struct str name = { key, (size_t)snprintf(key, sizeof key, "%zu", k) };
        if (rng_below(&r, 3)) {
            void *value = &values[rng_below(&r, 1000)];
            assert_ptr_equal(map_put(&m, name, value), want[k]);
            want[k] = value;
        } else {
            assert_ptr_equal(map_remove(&m, name), want[k]);
            want[k] = NULL;
        }
    }
    size_t live = 0, seen = 0;
    for (size_t k = 0; k < 1000; k++) {
        char key[16];
        assert_ptr_equal(map_get(&m, (struct str){ key, (size_t)snprintf(key, sizeof key, "%zu", k) }), want[k]);
        live += want[k] != NULL;
    }
    for (size_t i = 0; map_next(&m, &i);)
        seen++;
    assert_int_equal(m.n_live, live);
    assert_int_equal(seen, live);
    assert_true(m.n_slots <= 8192);
    map_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_put_is_found),
        cmocka_unit_test(keys_are_copied),
        cmocka_unit_test(order_is_that_of_insertion),
        cmocka_unit_test(many_random_puts_and_removals_agree_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
