/* The grammar of java.util.Properties, well-formed and not. */
#include "mocks/connect/properties.h"
#include "tests/support/t.h"

static void reads_what_java_reads(void **state)
{
    /* Expected: key=value of each pair, joined by |. */
    static const struct {
        const char *text, *pairs;
    } cases[] = {
        { "", "" },
        { "\n\n  \n", "" },
        { "# comment\n! comment\n  # indented", "" },
        { "a=1", "a=1" },
        { "a = 1\nb:2\nc 3\n", "a=1|b=2|c=3" },
        { "a\t=\t1", "a=1" },
        { "a", "a=" },
        { "a=", "a=" },
        { "a==b", "a==b" },
        { "a=b=c:d", "a=b=c:d" },
        { "a : = b", "a== b" },
        { "=x", "=x" },
        { "a=1\r\nb=2\rc=3", "a=1|b=2|c=3" },
        { "topics=a,\\\n       b,\\\n  c\nx=1", "topics=a,b,c|x=1" },
        { "a=one\\\\\nb=2", "a=one\\|b=2" },
        { "a=end\\", "a=end" },
        { "a=1 # no comment", "a=1 # no comment" },
        { "a=trailing  ", "a=trailing  " },
        { "a\\ b=1", "a b=1" },
        { "a\\=b=1", "a=b=1" },
        { "a\\:b:1", "a:b=1" },
        { "a=\\t\\n\\r\\f\\q", "a=\t\n\r\fq" },
        { "a=\\u0041\\u00e9", "a=Aé" },
        { "a=\\ud83d\\ude00", "a=😀" },
        { "topics.regex=0a1b2c3d4e5f.*", "topics.regex=0a1b2c3d4e5f.*" },
        { "path.format='year'=YYYY/'month'=MM", "path.format='year'=YYYY/'month'=MM" },
        { "a=1\na=1", "a=1" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct properties p;
        struct err e = { 0 };
        struct buf got = BUF_INIT;
        assert_ok(properties_parse(str_of(cases[i].text), &a, &p, &e), &e);
        for (size_t k = 0; k < p.n; k++)
            buf_f(&got, "%s" STR_F "=" STR_F, k ? "|" : "", STR_A(p.at[k].key), STR_A(p.at[k].value));
        assert_str(buf_str(&got), cases[i].pairs);
        buf_release(&got);
        arena_release(&a);
    }
}

static void refuses_and_names_the_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "a=1\nb=\\u12", "line 2: malformed \\uxxxx encoding" },
        { "\\uzzzz=1", "line 1: malformed \\uxxxx encoding" },
        { "flush.size=1\n# x\nflush.size=10", "line 3: \"flush.size\" is given as 10, but line 1 says 1" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct properties p;
        struct err e = { 0 };
        assert_int_equal(properties_parse(str_of(cases[i].text), &a, &p, &e), -1);
        assert_non_null(strstr(e.message, cases[i].message));
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_java_reads),
        cmocka_unit_test(refuses_and_names_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
