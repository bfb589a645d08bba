/* Arena memory is aligned, apart, and gone at once. */
#include "base/arena.h"
#include "base/buf.h"
#include "tests/support/t.h"

static void pieces_are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 100, 4000, 5000, 3, 70000, 2000000, 8 };
    enum { N = sizeof sizes / sizeof sizes[0] };
    char *pieces[N];
    for (size_t i = 0; i < N; i++) {
        pieces[i] = arena_alloc(&a, sizes[i]);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal(pieces[i][k], (char)i);
    assert_true(a.used_bytes >= 2000000);
    arena_release(&a);
    assert_true(a.head == NULL && a.used_bytes == 0);
}

static void zeroed_memory_is_zero_after_reuse(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    memset(arena_alloc(&a, 1000), 0xff, 1000);
    arena_reset(&a);
    char *p = arena_zero(&a, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(p[i], 0);
    int64_t *numbers = ARENA_ARRAY(&a, int64_t, 10);
    for (int i = 0; i < 10; i++)
        assert_true(numbers[i] == 0);
    arena_release(&a);
}

static void copies_are_terminated(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct str s = arena_dup(&a, S("a\0b"));
    assert_int_equal(s.n, 3);
    assert_int_equal(s.p[3], 0);
    assert_string_equal(arena_z(&a, S("abc")), "abc");
    assert_string_equal(arena_z(&a, (struct str){ NULL, 0 }), "");
    assert_str(arena_f(&a, "%s-%d", "x", 7), "x-7");
    assert_string_equal(arena_f(&a, "%s", "").p, "");
    assert_int_equal(arena_f(&a, "%*d", 9000, 1).n, 9000);
    arena_release(&a);
}

static void a_reset_keeps_one_block(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    arena_reset(&a);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            memset(arena_alloc(&a, 100), round, 100);
        arena_reset(&a);
        assert_int_equal(a.used_bytes, 0);
        assert_non_null(a.head);
    }
    char *first = arena_alloc(&a, 10);
    arena_reset(&a);
    assert_ptr_equal(arena_alloc(&a, 10), first);
    arena_release(&a);
    arena_release(&a);
}

static void a_kept_buffer_is_copied_and_released(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf b = BUF_INIT;
    buf_z(&b, "kept");
    assert_str(arena_keep(&a, &b), "kept");
    assert_null(b.p);
    assert_int_equal(arena_keep(&a, &b).n, 0);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_do_not_overlap),
        cmocka_unit_test(zeroed_memory_is_zero_after_reuse),
        cmocka_unit_test(copies_are_terminated),
        cmocka_unit_test(a_kept_buffer_is_copied_and_released),
        cmocka_unit_test(a_reset_keeps_one_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
