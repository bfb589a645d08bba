/* Regular expressions as Java has them. */
#include "base/jregex.h"
#include "tests/support/t.h"

static void patterns_match_whole_texts_as_in_java(void **state)
{
    (void)state;
    static const struct { const char *pattern, *text; int matches; /* -1: malformed */ } rows[] = {
        { "[0-9]*", "123", 1 }, { "[0-9]*", "d1", 0 }, { "", "", 1 }, { "a|b|", "", 1 }, { "(a|ab)(c|bcd)", "abcd", 1 },
        { "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:00\\.000Z$", "2020-01-20T08:00:00.000Z", 1 }, { "a{2,3}", "aaaa", 0 },
        { "a{2,}?b", "aaab", 1 }, { "(?i)HeLLo", "hEllO", 1 }, { "(?:a(?i)b)c", "aBc", 1 }, { "(?:a(?i)b)c", "aBC", 0 },
        { "(\\w+) \\1", "hey hey", 1 }, { "(?<x>.)\\k<x>", "aa", 1 }, { "a++a", "aaa", 0 }, { "(?>a+)a", "aaa", 0 },
        { "a(?=b)b", "ab", 1 }, { "a(?!b).", "ab", 0 }, { "ab(?<=b)c", "abc", 1 }, { "ab(?<!b)c", "abc", 0 },
        { "[^a-c&&[^d]]", "e", 1 }, { "[a-z&&[^b]]+", "abc", 0 }, { "[]a]", "]", 1 }, { "[\\d.-]+", "1.2-3", 1 },
        { "\\p{Alpha}\\P{Alpha}", "a1", 1 }, { "\\Qa.b\\E", "a.b", 1 }, { "\\x41\\u0042", "AB", 1 }, { ".", "\n", 0 },
        { "(?s).", "\n", 1 }, { "\\bfoo\\b", "foo", 1 }, { "Gr\u00fc.e", "Gr\u00fc\u00dfe", 1 }, { "[\u00e0-\u00ff]", "\u00fc", 1 },
        { "(a*)*", "aaa", 1 }, { "(|a)+", "aa", 1 }, { "x*", "aaa", 0 },
        { "[a-z&&[^b]&&[^c]]", "a", 1 }, { "[a-z&&[^b]&&[^c]]", "b", 0 }, { "[a-z&&[^b]&&[^c]]", "c", 0 },
        { "\u00fc{2}", "\u00fc\u00fc", 1 }, { "a{1}{1}{1}", "a", 1 }, { "a}]", "a}]", 1 }, { "a.*?c", "abcc", 1 },
        { "(", "", -1 }, { ")", "", -1 }, { "[a", "", -1 }, { "a{2", "", -1 }, { "*a", "", -1 }, { "\\", "", -1 },
        { "[b-a]", "", -1 }, { "a{3,2}", "", -1 }, { "\\y", "", -1 }, { "(?<", "", -1 }, { "\\p{Nope}", "", -1 },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        struct jregex_match m;
        struct jregex *x = jregex_compile(&a, str_of(rows[i].pattern), &e);
        int got = x ? jregex_matches(x, str_of(rows[i].text), &m) : -1;
        if (got != rows[i].matches)
            print_error("/%s/ on \"%s\": %d\n", rows[i].pattern, rows[i].text, got);
        assert_int_equal(got, rows[i].matches);
        arena_release(&a);
    }
}

/* As topics.regex and topic_pattern use them. */
static void patterns_match_names_of_topics(void **state)
{
    (void)state;
    static const struct { const char *pattern, *topic; bool matches; } rows[] = {
        { "0a1b2c3d4e5f.*", "0a1b2c3d4e5f.pin", true }, { "0a1b2c3d4e5f.*", "0a1b2c3d4e5f", true },
        { "0a1b2c3d4e5f.*", "x0a1b2c3d4e5f.pin", false }, { "a|b", "a", true }, { "a|b", "ab", false },
        { "ab|cd", "abd", false }, { "id\\.(pin|geo|user)", "id.pin", true }, { "id\\.(?:pin|geo)", "id.geo", true },
        { "id\\.(pin|geo)", "idxpin", false }, { "\\d{3}", "123", true }, { "\\d{3}", "1234", false },
        { "[a-f\\d]+\\.pin", "0af9.pin", true }, { "[^.]*", "a.b", false }, { "[\\w.-]+", "a.b-c_d", true },
        { "\\w+-\\S+", "ab-c", true }, { "(?i)ABC", "abc", true }, { "\\Qa.b\\E.*", "a.bc", true },
        { "\\Qa.b\\E.*", "axbc", false }, { "a+b?", "aab", true }, { "^abc$", "abc", true },
        { "(?!__).*", "__consumer_offsets", false }, { "(?!__).*", "id.pin", true }, { "a(?=b)", "ab", false },
        { "(a)\\1", "aa", true }, { "a*?", "aaa", true }, { "\\p{Lu}", "A", true },
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct err e = { 0 };
        struct jregex_match m;
        struct jregex *x = jregex_compile(&a, str_of(rows[i].pattern), &e);
        if (!x || jregex_matches(x, str_of(rows[i].topic), &m) != rows[i].matches)
            fail_msg("%s against %s: %s", rows[i].pattern, rows[i].topic, e.message);
    }
    arena_release(&a);
}

static void a_malformed_pattern_is_told_where(void **state)
{
    (void)state;
    static const struct { const char *pattern, *why; } rows[] = {
        { "[abc", "a [ is not closed at character 5 of the pattern \"[abc\"" }, { "a{2", "a malformed {n,m} at character 4" },
        { "a{x}", "a malformed {n,m} at character 3" }, { "(a", "a ( is not closed" }, { "a\\", "a backslash ends the pattern" },
        { "a|{2}", "nothing to repeat at character 3" }, { "{", "nothing to repeat" }, { "a{100001}", "too many repetitions" },
        { "(?y)", "an unknown kind of group" }, { "\\k<no>", "no group of that name" }, { "\\u12g4", "hexadecimal digits" },
        { "[a-\\d]", "an impossible range" },
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct err e = { 0 };
        assert_null(jregex_compile(&a, str_of(rows[i].pattern), &e));
        if (!strstr(e.message, rows[i].why))
            fail_msg("%s: %s", rows[i].pattern, e.message);
    }
    arena_release(&a);
}

static void finding_gives_groups(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct jregex_match m;
    struct jregex *x = jregex_compile(&a, S("(?<key>\\w+)=(\\d+)?"), &e);
    assert_true(jregex_find(x, S("; size=42;"), 0, &m));
    assert_int_equal(m.from[0], 2);
    assert_int_equal(m.to[0], 9);
    assert_int_equal(m.from[2], 7);
    assert_int_equal(jregex_group(x, S("key")), 1);
    assert_true(jregex_find(x, S("a=;"), 0, &m));
    assert_true(m.from[2] == STR_NONE);
    assert_false(jregex_find(x, S("nothing"), 0, &m));
    assert_true(jregex_starts(jregex_compile(&a, S("4\\d{2}"), &e), S("4040"), &m));
    arena_release(&a);
}

static void a_pattern_cannot_hang(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct jregex_match m;
    assert_false(jregex_matches(jregex_compile(&a, S("(a+)+b"), &e), S("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), &m));
    assert_true(m.exhausted);
    char *many = arena_alloc(&a, 1 << 20);
    memset(many, '(', 1000);
    assert_null(jregex_compile(&a, (struct str){ many, 1000 }, &e));
    memset(many, 'a', 1 << 20);
    assert_null(jregex_compile(&a, (struct str){ many, JREGEX_MAX_BYTES + 1 }, &e));
    assert_non_null(jregex_compile(&a, (struct str){ many, JREGEX_MAX_BYTES }, &e));
    static const char *const quadratic[] = { "a*+b", "a*b", "a*?b", "(a*)\\1b" };
    for (size_t i = 0; i < sizeof(quadratic) / sizeof(*quadratic); i++) {
        assert_false(jregex_find(jregex_compile(&a, str_of(quadratic[i]), &e), (struct str){ many, 1 << 20 }, 0, &m));
        assert_true(m.exhausted);
    }
    assert_true(jregex_matches(jregex_compile(&a, S("a*"), &e), (struct str){ many, 1 << 20 }, &m));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_whole_texts_as_in_java),
        cmocka_unit_test(patterns_match_names_of_topics),
        cmocka_unit_test(a_malformed_pattern_is_told_where),
        cmocka_unit_test(finding_gives_groups),
        cmocka_unit_test(a_pattern_cannot_hang),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
