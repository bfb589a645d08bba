/* Views: comparing, searching, cutting, reading numbers. */
#include "base/str.h"
#include "tests/support/t.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
static const struct str none = { NULL, 0 };

static void views_compare_by_bytes(void **state)
{
    (void)state;
    assert_true(str_eq(S("a\0b"), S("a\0b")));
    assert_false(str_eq(S("a\0b"), S("a\0c")));
    assert_true(str_eq(none, S("")));
    assert_true(str_is(S("abc"), "abc"));
    assert_true(str_cmp(S("a"), S("b")) < 0);
    assert_true(str_cmp(S("a"), S("aa")) < 0);
    assert_true(str_cmp(S("Z"), S("a")) < 0);
    assert_true(str_cmp(S("\x7f"), S("\x80")) < 0);
    assert_int_equal(str_cmp(S("x"), S("x")), 0);
    assert_true(str_cmp(none, S("x")) < 0);
    assert_true(str_eq_nocase(S("Content-TYPE"), S("content-type")));
    assert_false(str_eq_nocase(S("a@"), S("a`")));
    assert_false(str_eq_nocase(S("\xc3\x89"), S("\xc3\xa9")));
    assert_true(str_starts(S("abc"), S("ab")) && str_starts(S("abc"), S("")) && str_starts(none, none));
    assert_false(str_starts(S("a"), S("ab")));
    assert_true(str_ends(S("abc"), S("bc")) && str_ends(S("abc"), S("")));
    assert_false(str_ends(S("c"), S("bc")));
}

static void parts_of_views_stay_inside(void **state)
{
    (void)state;
    assert_str(str_from(S("abc"), 1), "bc");
    assert_int_equal(str_from(S("abc"), 3).n, 0);
    assert_int_equal(str_from(S("abc"), 99).n, 0);
    assert_int_equal(str_from(none, 5).n, 0);
    assert_str(str_head(S("abc"), 2), "ab");
    assert_str(str_head(S("abc"), 9), "abc");
    assert_str(str_trim(S(" \t\r\n a b \n")), "a b");
    assert_int_equal(str_trim(S(" \t ")).n, 0);
    assert_int_equal(str_trim(none).n, 0);
}

static void searching_finds_the_first(void **state)
{
    (void)state;
    assert_int_equal(str_chr(S("abca"), 'a'), 0);
    assert_int_equal(str_chr(S("abca"), 'c'), 2);
    assert_true(str_chr(S("abc"), 'x') == STR_NONE);
    assert_true(str_chr(none, 'x') == STR_NONE);
    assert_int_equal(str_find(S("abcbc"), S("bc")), 1);
    assert_int_equal(str_find(S("abc"), S("")), 0);
    assert_true(str_find(S("ab"), S("abc")) == STR_NONE);
    assert_true(str_find(none, S("a")) == STR_NONE);
    assert_int_equal(str_find(S("a\0b"), S("\0b")), 1);
}

static void cutting_yields_every_piece(void **state)
{
    (void)state;
    static const struct {
        struct str list;
        const char *joined;
        size_t n;
    } cases[] = {
        { S_INIT("a,b,c"), "<a><b><c>", 3 }, { S_INIT(",a,,"), "<><a><><>", 4 }, { S_INIT("abc"), "<abc>", 1 },
        { S_INIT(""), "<>", 1 },             { { NULL, 0 }, "", 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf b = BUF_INIT;
        size_t n = 0;
        for (struct str rest = cases[i].list; rest.p; n++) {
            struct str piece = str_cut(&rest, ',');
            buf_f(&b, "<" STR_F ">", STR_A(piece));
        }
        assert_str(buf_str(&b), cases[i].joined);
        assert_int_equal(n, cases[i].n);
        buf_release(&b);
    }
}

static void integers_are_read_whole_or_refused(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool good;
        int64_t value;
    } cases[] = {
        { S_INIT("0"), true, 0 }, { S_INIT("-0"), true, 0 }, { S_INIT("+7"), true, 7 }, { S_INIT("007"), true, 7 },
        { S_INIT("9223372036854775807"), true, INT64_MAX }, { S_INIT("-9223372036854775808"), true, INT64_MIN },
        { S_INIT("9223372036854775808"), false, 0 }, { S_INIT("-9223372036854775809"), false, 0 },
        { S_INIT("99999999999999999999"), false, 0 }, { S_INIT(""), false, 0 }, { S_INIT("-"), false, 0 },
        { S_INIT("+"), false, 0 }, { S_INIT("12a"), false, 0 }, { S_INIT(" 1"), false, 0 }, { S_INIT("1 "), false, 0 },
        { S_INIT("1.0"), false, 0 }, { S_INIT("--1"), false, 0 }, { S_INIT("1\0"), false, 0 }, { { NULL, 0 }, false, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t v = 77;
        if (str_to_i64(cases[i].text, &v) != cases[i].good || v != (cases[i].good ? cases[i].value : 77))
            fail_msg("case %zu", i);
    }
}

static void decimals_are_read_whole_or_refused(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool good;
        double value;
    } cases[] = {
        { S_INIT("0"), true, 0 }, { S_INIT("-89.9787"), true, -89.9787 }, { S_INIT("1e3"), true, 1000 },
        { S_INIT("1.5E-2"), true, 0.015 }, { S_INIT("1e-999"), true, 0 }, { S_INIT("1e999"), false, 0 },
        { S_INIT("inf"), false, 0 }, { S_INIT("nan"), false, 0 }, { S_INIT("0x10"), false, 0 }, { S_INIT(""), false, 0 },
        { S_INIT(" 1"), false, 0 }, { S_INIT("1 "), false, 0 }, { S_INIT("1e"), false, 0 }, { S_INIT("-"), false, 0 },
        { S_INIT("1,5"), false, 0 }, { S_INIT("1-2"), false, 0 }, { S_INIT("."), false, 0 }, { { NULL, 0 }, false, 0 },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        double v = 77;
        if (str_to_double(cases[i].text, &v) != cases[i].good || v != (cases[i].good ? cases[i].value : 77))
            fail_msg("case %zu", i);
    }
    char digits[1000];
    memset(digits, '1', sizeof digits);
    double v;
    assert_false(str_to_double((struct str){ digits, sizeof digits }, &v));
}

static void hashes_tell_near_keys_apart(void **state)
{
    (void)state;
    assert_true(str_hash(S("abc")) == str_hash(S("abc")));
    assert_true(str_hash(none) == str_hash(S("")));
    uint64_t seen[1000];
    for (uint64_t i = 0; i < 1000; i++) {
        char key[32];
        int n = snprintf(key, sizeof key, "key-%d", (int)i);
        seen[i] = str_hash((struct str){ key, (size_t)n });
        for (uint64_t k = 0; k < i; k++)
            assert_true(seen[k] != seen[i]);
    }
    assert_true(str_hash(S("a")) != str_hash(S("a\0")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_compare_by_bytes),
        cmocka_unit_test(parts_of_views_stay_inside),
        cmocka_unit_test(searching_finds_the_first),
        cmocka_unit_test(cutting_yields_every_piece),
        cmocka_unit_test(integers_are_read_whole_or_refused),
        cmocka_unit_test(decimals_are_read_whole_or_refused),
        cmocka_unit_test(hashes_tell_near_keys_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
