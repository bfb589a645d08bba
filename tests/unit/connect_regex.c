/* Java patterns of topics.regex: the whole name has to match. */
#include "mocks/connect/java_regex.h"
#include "tests/support/t.h"

static void matches_as_java_does(void **state)
{
    static const struct {
        const char *pattern, *topic;
        bool matches;
    } cases[] = {
        { "0a1b2c3d4e5f.*", "0a1b2c3d4e5f.pin", true },
        { "0a1b2c3d4e5f.*", "0a1b2c3d4e5f", true },
        { "0a1b2c3d4e5f.*", "x0a1b2c3d4e5f.pin", false },
        { "a|b", "a", true },
        { "a|b", "ab", false },
        { "ab|cd", "abd", false },
        { "id\\.(pin|geo|user)", "id.pin", true },
        { "id\\.(?:pin|geo)", "id.geo", true },
        { "id\\.(pin|geo)", "idxpin", false },
        { "\\d{3}", "123", true },
        { "\\d{3}", "1234", false },
        { "[a-f\\d]+\\.pin", "0af9.pin", true },
        { "[^.]*", "a.b", false },
        { "[\\w.-]+", "a.b-c_d", true },
        { "\\w+-\\S+", "ab-c", true },
        { "(?i)ABC", "abc", true },
        { "\\Qa.b\\E.*", "a.bc", true },
        { "\\Qa.b\\E.*", "axbc", false },
        { "a+b?", "aab", true },
        { "^abc$", "abc", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        regex_t re;
        struct err e = { 0 };
        assert_ok(java_regex_compile(str_of(cases[i].pattern), &re, &e), &e);
        if ((regexec(&re, cases[i].topic, 0, NULL, 0) == 0) != cases[i].matches)
            fail_msg("%s against %s", cases[i].pattern, cases[i].topic);
        regfree(&re);
    }
}

static void refuses_by_name(void **state)
{
    static const struct {
        const char *pattern, *why;
    } cases[] = {
        { "a(?=b)", "a group that is neither" },
        { "(a)\\1", "an escape that is none of" },
        { "a*?", "lazy or possessive" },
        { "a++", "lazy or possessive" },
        { "\\p{Lu}", "an escape that is none of" },
        { "[a-z&&[^b]]", "a class inside a class" },
        { "[abc", "a class that is not closed" },
        { "a{2", "a repetition that is not closed" },
        { "a{x}", "a repetition that is not" },
        { "(a", "in \"(a\"" },
        { "a\\", "a backslash with nothing behind it" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        regex_t re;
        struct err e = { 0 };
        assert_int_equal(java_regex_compile(str_of(cases[i].pattern), &re, &e), -1);
        if (!strstr(e.message, cases[i].why))
            fail_msg("%s: %s", cases[i].pattern, e.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_as_java_does),
        cmocka_unit_test(refuses_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
