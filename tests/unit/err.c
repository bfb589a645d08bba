/* Errors carry status, code and message; contexts come in front; nothing overflows. */
#include "base/err.h"
#include "tests/support/t.h"

static void an_error_is_filled_whole(void **state)
{
    (void)state;
    struct err e;
    assert_int_equal(err_set(&e, 404, "NoSuchBucket", "bucket %s", "x"), -1);
    assert_int_equal(e.status, 404);
    assert_string_equal(e.code, "NoSuchBucket");
    assert_string_equal(e.message, "bucket x");
}

static void an_error_may_be_made_from_itself(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, 0, "CODE", "inner");
    err_set(&e, 500, e.code, "outer (%s)", e.message);
    assert_string_equal(e.message, "outer (inner)");
    assert_string_equal(e.code, "CODE");
}

static void contexts_come_in_front(void **state)
{
    (void)state;
    struct err e;
    err_set(&e, 0, "TABLE_MALFORMED", "no column x");
    assert_int_equal(err_wrap(&e, "line %d", 7), -1);
    err_wrap(&e, "user_data.csv");
    assert_string_equal(e.message, "user_data.csv: line 7: no column x");
    assert_string_equal(e.code, "TABLE_MALFORMED");
}

static void what_is_too_long_is_cut(void **state)
{
    (void)state;
    struct err e;
    char big[5000];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = 0;
    err_set(&e, 0, big, "%s", big);
    assert_int_equal(strlen(e.code), sizeof e.code - 1);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
    err_wrap(&e, "%s", big);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
    err_set(&e, 0, "A", "tail");
    err_wrap(&e, "%s", big);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
    err_set(&e, 0, "A", "%s", big);
    err_wrap(&e, "front");
    assert_memory_equal(e.message, "front: xxx", 10);
    assert_int_equal(strlen(e.message), sizeof e.message - 1);
}

static void memory_is_never_null(void **state)
{
    (void)state;
    void *none = mem_alloc(0), *zero = mem_zero(100);
    assert_non_null(none);
    for (int i = 0; i < 100; i++)
        assert_int_equal(((char *)zero)[i], 0);
    zero = mem_grow(zero, 1000);
    char *copy = mem_dup(S("a\0b"));
    assert_memory_equal(copy, "a\0b", 4);
    free(none);
    free(zero);
    free(copy);
    copy = mem_dup((struct str){ NULL, 0 });
    assert_string_equal(copy, "");
    free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_error_is_filled_whole),
        cmocka_unit_test(an_error_may_be_made_from_itself),
        cmocka_unit_test(contexts_come_in_front),
        cmocka_unit_test(what_is_too_long_is_cut),
        cmocka_unit_test(memory_is_never_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
