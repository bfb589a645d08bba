/* Well-formed is what RFC 3629 calls so, and every code point goes both ways. */
#include "base/utf8.h"
#include "tests/support/t.h"

static const struct {
    struct str text;
    size_t bad_at, points, units;
} cases[] = {
    { S_INIT(""), STR_NONE, 0, 0 },
    { S_INIT("plain text, longer than eight"), STR_NONE, 29, 29 },
    { S_INIT("caf\xc3\xa9 \xe2\x82\xac"), STR_NONE, 6, 6 },
    { S_INIT("\xf0\x9f\x98\x80!"), STR_NONE, 2, 3 },
    { S_INIT("\0\x7f"), STR_NONE, 2, 2 },
    { S_INIT("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf"), STR_NONE, 3, 4 },
    { S_INIT("a\x80"), 1, 2, 2 },
    { S_INIT("\xc0\xaf"), 0, 2, 2 },                    /* overlong */
    { S_INIT("\xc1\xbf"), 0, 2, 2 },
    { S_INIT("\xe0\x9f\xbf"), 0, 3, 3 },
    { S_INIT("\xf0\x8f\xbf\xbf"), 0, 4, 4 },
    { S_INIT("\xed\xa0\x80"), 0, 3, 3 },                /* surrogate */
    { S_INIT("\xf4\x90\x80\x80"), 0, 4, 4 },            /* above U+10FFFF */
    { S_INIT("\xf5\x80\x80\x80"), 0, 4, 4 },
    { S_INIT("\xff\xfe"), 0, 2, 2 },
    { S_INIT("abcdefgh\xc3"), 8, 9, 9 },                /* cut short */
    { S_INIT("\xe2\x82"), 0, 2, 2 },
    { S_INIT("\xf0\x9f\x98"), 0, 3, 3 },
    { S_INIT("\xe2\x28\xa1"), 0, 3, 3 },
    { S_INIT("\xe2\x82\x28"), 0, 3, 3 },
    { S_INIT("ok\xc3\xa9\xc3(ok"), 4, 7, 7 },
};

static void well_formed_is_told_from_malformed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str s = cases[i].text;
        char *exact = malloc(s.n + !s.n);
        memcpy(exact, s.p, s.n);
        struct str copy = { exact, s.n };
        if (utf8_check(copy) != cases[i].bad_at || utf8_count(copy) != cases[i].points ||
            utf8_utf16_count(copy) != cases[i].units)
            fail_msg("case %zu: bad at %zu, %zu points, %zu units", i, utf8_check(copy), utf8_count(copy), utf8_utf16_count(copy));
        assert_int_equal(utf8_valid(copy), cases[i].bad_at == STR_NONE);
        free(exact);
    }
    assert_true(utf8_valid((struct str){ NULL, 0 }));
}

static void every_code_point_goes_both_ways(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        buf_reset(&b);
        utf8_put(&b, c);
        bool exists = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
        struct str s = buf_str(&b);
        assert_true(utf8_valid(s));
        assert_true(utf8_next(&s) == (exists ? c : 0xfffd));
        assert_int_equal(s.n, 0);
    }
    buf_release(&b);
}

static void a_bad_byte_is_taken_alone(void **state)
{
    (void)state;
    struct str s = S("\xe2\x82" "A");
    assert_int_equal(utf8_next(&s), 0xfffd);
    assert_int_equal(s.n, 2);
    assert_int_equal(utf8_next(&s), 0xfffd);
    assert_int_equal(utf8_next(&s), 'A');
    assert_int_equal(s.n, 0);
}

static void heads_end_between_characters(void **state)
{
    (void)state;
    struct str s = S("a\xc3\xbc\xf0\x9f\x98\x80z");
    static const size_t want[] = { 0, 1, 1, 3, 3, 3, 3, 7, 8, 8 };
    for (size_t n = 0; n < sizeof want / sizeof *want; n++)
        assert_int_equal(utf8_head(s, n).n, want[n]);
    assert_int_equal(utf8_head(S("\x80\x80\x80\x80\x80\x80"), 5).n, 5); /* no UTF-8: cut as asked */
    assert_int_equal(utf8_head(S(""), 3).n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_is_told_from_malformed),
        cmocka_unit_test(every_code_point_goes_both_ways),
        cmocka_unit_test(a_bad_byte_is_taken_alone),
        cmocka_unit_test(heads_end_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
