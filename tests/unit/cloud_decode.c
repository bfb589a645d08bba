/* Records as senders get them wrong: what is under the wrapping, and the hint. */
#include "tests/support/t.h"

#include "mocks/cloud/decode.h"

static void wrappings_are_taken_off_and_named(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *inner, *hint; /* hint NULL: there is none */
        bool is_json;
    } cases[] = {
        { "{\"index\":7528}", "{\"index\":7528}", NULL, true },
        { "{\"index\":7528}\n", "{\"index\":7528}\n", NULL, true },
        { "\"{\\\"index\\\":1}\"", "{\"index\":1}", "encoded twice", true },
        { "\"\\\"{\\\\\\\"index\\\\\\\":1}\\\"\"", "{\"index\":1}", "encoded twice", true },
        { "eyJpbmRleCI6NzUzMH0=", "{\"index\":7530}", "base64 of JSON", true },
        { "\"eyJpbmRleCI6NzUzMH0=\"", "{\"index\":7530}", "base64 of JSON", true },
        { "ZXlKcGJtUmxlQ0k2TnpVek1IMD0=", "{\"index\":7530}", "base64 of base64", true },
        { "[{\"index\":1}]", "[{\"index\":1}]", "a JSON array", true },
        { "\"just text\"", "\"just text\"", "a bare JSON string", true },
        { "7", "7", "a bare JSON value", true },
        { "{'index': 7528}", "{'index': 7528}", "use json.dumps", false },
        { "b'{\"index\": 1}'", "b'{\"index\": 1}'", "str() of bytes", false },
        { "{\"a\": NaN}", "{\"a\": NaN}", "NaN and Infinity", false },
        { "{\"a\":", "{\"a\":", "begins like JSON", false },
        { "index=1&title=x", "index=1&title=x", "form-encoded", false },
        { "\xff\xfeo", "\xff\xfeo", "UTF-16", false },
        { "a\xff", "a\xff", "not valid UTF-8", false },
        { "\xef\xbb\xbf{}", "\xef\xbb\xbf{}", "byte order mark", false },
        { "\x1f\x8b\x08", "\x1f\x8b\x08", "gzip", false },
        { "", "", "empty", false },
        { "{\"records\":[{\"value\":{\"index\":1}}]}", "{\"records\":[{\"value\":{\"index\":1}}]}", "whole body of a Kafka REST call", true },
        { "{\"StreamName\":\"s\",\"Data\":{},\"PartitionKey\":\"p\"}", "{\"StreamName\":\"s\",\"Data\":{},\"PartitionKey\":\"p\"}", "whole body of a PutRecord", true },
        /* words that could be base64, and are not */
        { "password", "password", NULL, false },
        { "streaming", "streaming", NULL, false },
        { "abcdefgh12345678", "abcdefgh12345678", NULL, false },
        { "a line of text", "a line of text", NULL, false },
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decode d;
        decode_bytes(str_of(cases[i].bytes), &a, &d);
        print_message("%s\n", cases[i].bytes);
        assert_str(d.inner, cases[i].inner);
        assert_int_equal(d.is_json, cases[i].is_json);
        assert_int_equal(d.n_hints > 0, cases[i].hint != NULL);
        if (cases[i].hint)
            assert_non_null(strstr(d.hints[0], cases[i].hint));
    }
    arena_release(&a);
}

static void no_value_and_endless_wrappings_end(void **state)
{
    struct arena a = ARENA_INIT;
    struct decode d;
    struct buf b = BUF_INIT, next = BUF_INIT;
    (void)state;
    decode_bytes((struct str){ 0 }, &a, &d);
    assert_non_null(strstr(d.hints[0], "null"));
    buf_z(&b, "{}");
    for (int i = 0; i < 12; i++) { /* a text in a text in a text … */
        json_put_text(&next, buf_str(&b));
        buf_reset(&b);
        buf_str_add(&b, buf_str(&next));
        buf_reset(&next);
    }
    decode_bytes(buf_str(&b), &a, &d);
    assert_true(d.n_hints <= DECODE_HINTS);
    assert_true(d.inner.n < b.n);
    buf_release(&b), buf_release(&next);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(wrappings_are_taken_off_and_named), cmocka_unit_test(no_value_and_endless_wrappings_end) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
