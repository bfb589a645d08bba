/* What printers make of hostile texts; which cases patterns select; the examples of rule files and their mistakes. */
#include "tests/support/t.h"

#include <sys/stat.h>

#include "base/json.h"
#include "pipeline/check/report_plot.h"
#include "pipeline/check/ruletest.h"

#define HOSTILE "<script>'\"&\x01\x1b[31m\u202e\xc2\x85,:%\n\r"

static void fill(struct report *r)
{
    struct report_case *c = report_add(r, REPORT_DIFF, S("pin"), S("pin"));
    report_say(r, c, REPORT_FAILS, "rows: %s", HOSTILE);
    report_line(r, c, &(struct report_line){ .key = S(HOSTILE), .column = S("title"), .was = S(HOSTILE), .rule = S("null_if") }, true);
    c = report_add(r, REPORT_TEST, S("pin"), S("pin[0]"));
    c->file = "a,b:c.json";
    c->line = 3;
    report_say(r, c, REPORT_WARNS, "w");
    report_add(r, REPORT_ROWS, S("pin"), S("pin"));
}

static void hostile_texts_are_escaped(void **state)
{
    struct report r = { 0 };
    struct buf out = BUF_INIT;
    (void)state;
    fill(&r);
    report_put_junit(&r, &out);
    const char *text = buf_cstr(&out);
    assert_null(strstr(text, "<script"));
    assert_null(strchr(text, 1));
    assert_null(strchr(text, 0x1b));
    assert_non_null(strstr(text, "tests=\"3\" failures=\"1\""));
    assert_non_null(strstr(text, "<testcase classname=\"weirbox.test\" name=\"pin[0]\" file=\"a,b:c.json\" line=\"3\">"));
    assert_non_null(strstr(text, "message=\"rows: &lt;script&gt;'&quot;&amp;\xef\xbf\xbd\xef\xbf\xbd[31m"));

    buf_reset(&out);
    report_put_github(&r, &out);
    text = buf_cstr(&out);
    assert_int_equal(strncmp(text, "::error title=weirbox check diff/pin::rows: <script>", 52), 0);
    assert_non_null(strstr(text, ",:%25%0A%0D\n"));
    assert_non_null(strstr(text, "::warning title=weirbox check test/pin[0],file=a%2Cb%3Ac.json,line=3::w\n"));

    buf_reset(&out);
    report_put_text(&r, NULL, false, &out);
    text = buf_cstr(&out);
    assert_null(strchr(text, 0x1b));
    assert_null(strchr(text, '\r'));
    assert_non_null(strstr(text, "3 cases: 1 same, 1 warn, 1 differ"));

    buf_reset(&out);
    report_put_escaped(&out, S(HOSTILE));
    text = buf_cstr(&out);
    assert_null(strpbrk(text, "<>'\"\x01\x1b\n\r"));
    assert_null(strstr(text, "\u202e"));
    assert_non_null(strstr(text, "&lt;script&gt;&#39;&quot;&amp;"));

    for (struct str rest = buf_str(&r.all); rest.n;) /* lines of JSON, whatever is in them */
        assert_true(json_valid(str_cut(&rest, '\n')));
    const struct report_context x = { .against = HOSTILE, .profile = S("p") };
    buf_reset(&out);
    report_put_json(&r, &x, &out);
    assert_true(json_valid(buf_str(&out)));
    buf_reset(&out);
    report_put_html(&r, &x, &out);
    text = buf_cstr(&out);
    assert_null(strstr(text, "<script"));
    assert_non_null(strstr(text, "&lt;script&gt;"));
    buf_release(&out);
    report_release(&r);
}

static void patterns_select(void **state)
{
    static const struct { const char *pattern; bool column, query; } CASES[] = {
        { "pin", true, false }, { "column/*", true, false }, { "column/pin.title", true, false }, { "pin.title", true, false },
        { "pin.*", true, false }, { "query/*", false, true }, { "users*", false, true }, { "*", true, true }, { "geo", false, false },
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        const char *patterns[] = { CASES[i].pattern };
        struct report r = { .patterns = patterns, .n_patterns = 1 };
        assert_int_equal(report_selects(&r, REPORT_COLUMN, S("pin"), S("pin.title")), CASES[i].column);
        assert_int_equal(report_selects(&r, REPORT_QUERY, S("users_joined_by_year"), S("users_joined_by_year")), CASES[i].query);
        assert_int_equal(report_add(&r, REPORT_COLUMN, S("pin"), S("pin.title")) != NULL, CASES[i].column);
        report_release(&r);
    }
}

static void lines_are_counted_and_the_first_kept(void **state)
{
    struct report r = { 0 };
    struct report_case *c = report_add(&r, REPORT_DIFF, S("pin"), S("pin"));
    (void)state;
    for (size_t i = 0; i < 100; i++)
        report_line(&r, c, &(struct report_line){ .key = S("ind=1"), .change = REPORT_ADDED }, i % 2);
    assert_int_equal(c->n_all, 100);
    assert_int_equal(c->n_lines, REPORT_LINES);
    report_release(&r);
}

/* ---- examples ---- */

#define FILE_WITH(tests) \
    "{\"table\":\"t\",\"key\":\"k\",\"columns\":{\"k\":{\"type\":\"long\"},\"x\":{\"from\":[\"x\",\"y\"],\"null_if\":[\"none\"]},\"a\":{\"array\":[\"p\",\"q\"],\"type\":\"double\"}," \
    "\"c\":{\"concat\":[\"p\",\"q\"]}},\n\"tests\":[" tests "]}"
#define QUERY_WITH(tests) \
    "{\"query\":\"q\",\"from\":\"t\",\"group_by\":[\"x\"],\"aggregate\":{\"n\":{\"count\":\"*\"}},\n\"tests\":[" tests "]}"

static void put(const char *dir, const char *sub, const char *name, const char *text)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", dir, sub);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", dir, sub, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void examples_are_run(void **state)
{
    /* says NULL: all pass; else the message of the last that fails, or of the mistake */
    static const struct { const char *table, *query, *says; } CASES[] = {
        { FILE_WITH("{\"given\":{\"x\":\"none\"},\"expect\":{\"x\":null,\"k\":1}}"), NULL, NULL },
        { FILE_WITH("{\"given\":{},\"expect\":{\"x\":null,\"a\":[null,null],\"c\":null}}"), NULL, NULL },
        { FILE_WITH("{\"given\":{\"y\":\"b\"},\"expect\":{\"x\":\"b\"}}"), NULL, NULL },
        { FILE_WITH("{\"given\":{\"p\":1,\"q\":\"2\"},\"expect\":{\"a\":[1.0,2],\"c\":\"12\"}}"), NULL, NULL },
        { FILE_WITH("{\"given\":{\"a\":[1,2],\"c\":\"cleaned\"},\"expect\":{\"a\":[1,2],\"c\":\"cleaned\"}}"), NULL, NULL },
        { FILE_WITH("{\"given\":[{\"x\":\"b\"},{\"x\":\"c\"}],\"expect\":[{\"x\":\"b\"},{\"x\":\"c\",\"k\":2}]}"), NULL, NULL },
        { FILE_WITH("{\"given\":\"{}\",\"expect\":{\"quarantine\":\"MISSING_COLUMN\"}}"), NULL, NULL },
        { FILE_WITH("{\"given\":\"\",\"expect\":{\"quarantine\":\"RECORD_EMPTY\"}}"), NULL, NULL },
        { FILE_WITH("{\"profile\":\"another\",\"given\":{\"x\":\"a\"},\"expect\":{\"x\":\"b\"}}"), NULL, NULL },
        { FILE_WITH("{\"given\":{\"x\":\"a\"},\"expect\":{\"x\":\"b\"}}"), NULL, "t.json:2:43: tests[0].expect.x: expected \"b\", got \"a\"" },
        { FILE_WITH("{\"given\":{\"x\":\"a\"},\"expect\":{\"x\":null}}"), NULL, "tests[0].expect.x: expected null, got \"a\"" },
        { FILE_WITH("{\"given\":{\"p\":1},\"expect\":{\"a\":[1]}}"), NULL, "expected [1], got [1,null]" },
        { FILE_WITH("{\"given\":{\"k\":\"x\"},\"expect\":{\"k\":1}}"), NULL, "expected a cleaned row, got quarantine REQUIRED_NULL" },
        { FILE_WITH("{\"given\":{\"k\":1,\"x\":\"\",\"p\":1,\"q\":2},\"expect\":{\"quarantine\":\"NOT_JSON\"}}"), NULL, "expected NOT_JSON, got a cleaned row" },
        { FILE_WITH("{\"given\":[{\"x\":\"b\"}],\"expect\":[]}"), NULL, "expected 0 rows, got 1 rows" },
        { FILE_WITH("{\"given\":{\"xx\":\"a\"},\"expect\":{\"x\":\"b\"}}"), NULL, "tests[0].given.xx: unknown member \"xx\"; did you mean \"x\"" },
        { FILE_WITH("{\"given\":{\"x\":\"a\"},\"expect\":{\"z\":\"b\"}}"), NULL, "tests[0].expect.z: there is no such column" },
        { FILE_WITH("{\"given\":{\"x\":\"a\"}}"), NULL, "tests[0]: needs \"given\" and \"expect\"" },
        { FILE_WITH("{\"given\":{\"x\":\"a\"},\"expects\":{}}"), NULL, "unknown word \"expects\"; did you mean \"expect\"" },
        { FILE_WITH("{\"given\":{\"x\":\"a\"},\"expect\":{\"quarantine\":1}}"), NULL, "stands alone, and is the code of a refusal" },
        { FILE_WITH("7"), NULL, "tests[0]: must be an object, not a number" },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{\"t\":[{\"x\":\"a\"},{\"x\":\"a\"}]},\"expect\":[{\"x\":\"a\",\"n\":2}]}"), NULL },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{\"t\":[]},\"expect\":[]}"), NULL },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{\"t\":[{\"x\":\"a\"}]},\"expect\":[{\"n\":2}]}"), "tests[0].expect[0].n: expected 2, got 1" },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{\"t\":[{\"x\":\"a\"}]},\"expect\":[]}"), "expected 0 rows, got 1 rows" },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{\"s\":[]},\"expect\":[]}"), "unknown table of this query \"s\"" },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{},\"expect\":[]}"), "needs rows of the table \"t\"" },
        { FILE_WITH(""), QUERY_WITH("{\"given\":{\"t\":[]},\"expect\":{}}"), "must be an array" },
    };
    char dir[] = P_tmpdir "/weirbox-examples-XXXXXX", command[80];
    (void)state;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct err e = { 0 };
        struct report r = { .patterns = (const char *const[]){ "t", "q" }, .n_patterns = 2 };
        put(dir, "clean", "t.json", CASES[i].table);
        put(dir, "queries", "q.json", CASES[i].query ? CASES[i].query : QUERY_WITH(""));
        struct rules *rules = rules_open(dir, NULL, &e);
        struct analytics *analytics = rules ? analytics_open(rules, &e) : NULL;
        if (!analytics)
            fail_msg("case %zu: %s", i, e.message);
        int result = ruletest_run(rules, analytics, &r, &e);
        struct str said = result ? str_of(e.message) : report_count(&r, REPORT_FAILS) ? r.cases[r.n_cases - 1].message : S("");
        if (CASES[i].says ? str_find(said, str_of(CASES[i].says)) == STR_NONE : said.n > 0)
            fail_msg("case %zu says " STR_F ", not %s", i, STR_A(said), CASES[i].says ? CASES[i].says : "nothing");
        if (result)
            assert_string_equal(e.code, "RULES_MALFORMED");
        report_release(&r);
        analytics_close(analytics);
        rules_close(rules);
    }
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_texts_are_escaped), cmocka_unit_test(patterns_select),
        cmocka_unit_test(lines_are_counted_and_the_first_kept), cmocka_unit_test(examples_are_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
