/* Values as Jackson writes them again: between the request's body and the log. */
#include "mocks/kafka_rest/rest.h"
#include "tests/support/t.h"

static bool rewrite(const char *text, struct buf *out)
{
    struct json_reader r;
    json_open(&r, str_of(text));
    return rest_json_put(out, &r) == 0 && json_close(&r) == 0;
}

static void rewrites_as_jackson_does(void **state)
{
    static const struct {
        const char *posted, *stored;
    } cases[] = {
        { "{ \"b\" : 1 ,\n\t\"a\" : [ 1 , 2 ] }", "{\"b\":1,\"a\":[1,2]}" },
        { "\"caf\\u00e9 \\ud83d\\ude00 \\/ \\u0041\"", "\"café 😀 / A\"" },
        { "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\\"", "\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\\"" },
        { "1e10", "1.0E10" },
        { "1.0", "1.0" },
        { "1.50", "1.5" },
        { "-89.9787", "-89.9787" },
        { "100000000.0", "1.0E8" },
        { "0.0001", "1.0E-4" },
        { "-0", "0" },
        { "-0.0", "-0.0" },
        { "7528", "7528" },
        { "123456789012345678901234567890", "123456789012345678901234567890" },
        { "1e999", "\"Infinity\"" },
        { "-1e999", "\"-Infinity\"" },
        { "[]", "[]" },
        { "{}", "{}" },
        { "[true,false,null,\"\"]", "[true,false,null,\"\"]" },
        { "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
        { "{\"a\":[1,2,3],\"b\":2,\"\\u0061\":0,\"c\":4}", "{\"a\":0,\"b\":2,\"c\":4}" },
        { "{\"a\":0,\"b\":2,\"a\":{\"x\":[1,2,3]},\"c\":4,\"c\":5}", "{\"a\":{\"x\":[1,2,3]},\"b\":2,\"c\":5}" },
        { "{\"x\":{\"a\":1,\"a\":2}}", "{\"x\":{\"a\":2}}" },
    };
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&out);
        assert_true(rewrite(cases[i].posted, &out));
        assert_str(buf_str(&out), cases[i].stored);
    }
    buf_release(&out);
}

static void refuses_what_is_no_json(void **state)
{
    static const char *const cases[] = { "", "{", "{\"a\"}", "{\"a\":}", "[1,]", "{\"a\":1,}", "01", "nul", "\"\\x\"",
                                         "'a'", "NaN", "{\"a\":1 \"b\":2}", "\"a\nb\"" };
    struct buf out = BUF_INIT;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_false(rewrite(cases[i], &out));
    buf_release(&out);
}

static void keeps_last_of_equal_keys_among_many(void **state)
{
    struct buf text = BUF_INIT, out = BUF_INIT, want = BUF_INIT;
    (void)state;
    buf_z(&text, "{");
    buf_z(&want, "{");
    for (int i = 0; i < 200; i++) {
        buf_f(&text, "\"k%d\":%d,", i, i);
        buf_f(&want, "%s\"k%d\":%d", i ? "," : "", i, i == 150 ? 1 : i == 3 ? 77777 : i);
    }
    buf_z(&text, "\"k150\":1,\"k3\":77777}");
    buf_z(&want, "}");
    assert_true(rewrite(buf_cstr(&text), &out));
    assert_str(buf_str(&out), buf_cstr(&want));
    buf_release(&text);
    buf_release(&out);
    buf_release(&want);
}

static void knows_media_types(void **state)
{
    (void)state;
    assert_int_equal(rest_media_of(S("application/vnd.kafka.json.v2+json; charset=utf-8")), REST_MEDIA_JSON);
    assert_int_equal(rest_media_of(S("Application/VND.kafka.v2+JSON")), REST_MEDIA_V2);
    assert_int_equal(rest_media_of(S("application/json")), REST_MEDIA_OTHER);
    assert_int_equal(rest_media_of(S("application/vnd.kafka.json.v1+json")), REST_MEDIA_OTHER);
    assert_int_equal(rest_media_of(S("")), REST_MEDIA_NONE);
    assert_int_equal(rest_media_accept(S("text/html, application/vnd.kafka.v2+json;q=0.8"), REST_BIT(REST_MEDIA_V2)),
                     REST_MEDIA_V2);
    assert_int_equal(rest_media_accept(S("*/*"), REST_BIT(REST_MEDIA_V2)), REST_MEDIA_ANY);
    assert_int_equal(rest_media_accept(S("application/json"), REST_BIT(REST_MEDIA_V2)), REST_MEDIA_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rewrites_as_jackson_does),
        cmocka_unit_test(refuses_what_is_no_json),
        cmocka_unit_test(keeps_last_of_equal_keys_among_many),
        cmocka_unit_test(knows_media_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
