/* Buffers grow, stop at their ceiling, and stay usable. */
#include "base/buf.h"
#include "tests/support/t.h"

static void additions_follow_one_another(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    buf_z(&b, "a");
    buf_c(&b, 'b');
    buf_str_add(&b, S("c\0d"));
    buf_add(&b, NULL, 0);
    buf_f(&b, "[%d %s]", 7, "x");
    buf_i64(&b, INT64_MIN);
    buf_c(&b, ' ');
    buf_i64(&b, -5);
    buf_u64(&b, UINT64_MAX);
    buf_u64(&b, 0);
    assert_true(str_eq(buf_str(&b), S("abc\0d[7 x]-9223372036854775808 -5184467440737095516150")));
    assert_false(b.full);
    buf_release(&b);
    assert_true(b.p == NULL && b.n == 0);
}

static void growth_keeps_the_content(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (int i = 0; i < 100000; i++)
        buf_c(&b, (char)i);
    assert_int_equal(b.n, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(b.p[i], (char)i);
    buf_release(&b);
}

static void a_long_format_is_written_whole(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (int n = 250; n < 260; n++) {
        buf_reset(&b);
        buf_f(&b, "%*d", n, 7);
        assert_int_equal(b.n, n);
        assert_int_equal(b.p[n - 1], '7');
    }
    buf_release(&b);
}

static void past_the_ceiling_all_is_dropped(void **state)
{
    (void)state;
    struct buf b = BUF_MAX(4);
    buf_z(&b, "abcd");
    assert_false(b.full);
    buf_c(&b, 'e');
    assert_true(b.full);
    assert_str(buf_str(&b), "abcd");
    buf_reset(&b);
    buf_z(&b, "abc");
    buf_z(&b, "too long");
    buf_z(&b, "d");
    assert_true(b.full);
    assert_str(buf_str(&b), "abc");
    assert_null(buf_room(&b, 1));
    assert_string_equal(buf_cstr(&b), "abc");
    assert_true(b.full);
    buf_release(&b);
    assert_int_equal(b.max, 4);
    assert_false(b.full);
    assert_null(buf_room(&b, SIZE_MAX));
    buf_release(&b);
}

static void the_ceiling_itself_can_be_reached(void **state)
{
    (void)state;
    struct buf b = BUF_MAX(300);
    buf_f(&b, "%*d", 300, 1);
    assert_false(b.full);
    assert_int_equal(b.n, 300);
    buf_reset(&b);
    buf_f(&b, "%*d", 301, 1);
    assert_true(b.full);
    assert_int_equal(b.n, 0);
    assert_int_equal(b.max, 300);
    buf_release(&b);
}

static void room_is_filled_by_the_caller(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    char *at = buf_room(&b, 1000);
    memset(at, 'x', 1000);
    b.n += 1000;
    assert_int_equal(buf_str(&b).n, 1000);
    buf_release(&b);
}

static void a_c_string_adds_nothing(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    assert_string_equal(buf_cstr(&b), "");
    assert_int_equal(b.n, 0);
    for (int i = 0; i < 64; i++) /* so that the NUL needs new memory */
        buf_c(&b, 'x');
    assert_int_equal(strlen(buf_cstr(&b)), 64);
    assert_int_equal(b.n, 64);
    buf_release(&b);
}

static void taking_leaves_it_empty_with_its_ceiling(void **state)
{
    (void)state;
    struct buf b = BUF_MAX(10);
    buf_z(&b, "abc");
    size_t n;
    char *p = buf_take(&b, &n);
    assert_memory_equal(p, "abc", 3);
    assert_int_equal(n, 3);
    assert_true(b.p == NULL && b.n == 0 && b.cap == 0 && b.max == 10);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additions_follow_one_another),
        cmocka_unit_test(growth_keeps_the_content),
        cmocka_unit_test(a_long_format_is_written_whole),
        cmocka_unit_test(past_the_ceiling_all_is_dropped),
        cmocka_unit_test(the_ceiling_itself_can_be_reached),
        cmocka_unit_test(room_is_filled_by_the_caller),
        cmocka_unit_test(a_c_string_adds_nothing),
        cmocka_unit_test(taking_leaves_it_empty_with_its_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
