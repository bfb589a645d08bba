/* The reader takes exactly RFC 8259 and yields views; the writer's numbers read back. */
#include <math.h>

#include "base/json.h"
#include "tests/support/t.h"

static const struct judged {
    bool good;
    struct str text;
} judged[] = {
    /* numbers */
    { true, S_INIT("0") }, { true, S_INIT("-0") }, { true, S_INIT("7") }, { true, S_INIT("-12") },
    { true, S_INIT("10") }, { true, S_INIT("0.5") }, { true, S_INIT("-0.0") }, { true, S_INIT("1e5") },
    { true, S_INIT("1E+5") }, { true, S_INIT("1e-05") }, { true, S_INIT("0e0") }, { true, S_INIT("0E-0") },
    { true, S_INIT("123456789012345678901234567890") }, { true, S_INIT("1e9999") }, { true, S_INIT("-1.25e+7") },
    { false, S_INIT("-") }, { false, S_INIT("+1") }, { false, S_INIT("01") }, { false, S_INIT("-01") },
    { false, S_INIT("00") }, { false, S_INIT("1.") }, { false, S_INIT(".5") }, { false, S_INIT("-.5") },
    { false, S_INIT("1.e5") }, { false, S_INIT("1e") }, { false, S_INIT("1e+") }, { false, S_INIT("1e5.5") },
    { false, S_INIT("1.2.3") }, { false, S_INIT("0x1F") }, { false, S_INIT("1_000") }, { false, S_INIT("1 2") },
    { false, S_INIT("NaN") }, { false, S_INIT("Infinity") }, { false, S_INIT("-Infinity") }, { false, S_INIT("--1") },
    { false, S_INIT("1a") }, { false, S_INIT("-a") }, { false, S_INIT("0e") }, { false, S_INIT("2.e3") },
    { false, S_INIT("\xef\xbc\x91") }, { false, S_INIT("1,5") }, { false, S_INIT("[1e]") }, { false, S_INIT("[-]") },
    /* literals */
    { true, S_INIT("true") }, { true, S_INIT("false") }, { true, S_INIT("null") }, { true, S_INIT(" null ") },
    { false, S_INIT("True") }, { false, S_INIT("nul") }, { false, S_INIT("nulll") }, { false, S_INIT("tru e") },
    { false, S_INIT("none") }, { false, S_INIT("undefined") }, { false, S_INIT("fals") }, { false, S_INIT("truefalse") },
    { false, S_INIT("[nul]") }, { false, S_INIT("[truth]") },
    /* strings */
    { true, S_INIT("\"\"") }, { true, S_INIT("\"a\"") }, { true, S_INIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") },
    { true, S_INIT("\"\\u0041\"") }, { true, S_INIT("\"\\uD83D\\uDE00\"") }, { true, S_INIT("\"\\ud83d\"") },
    { true, S_INIT("\"\\uDE00\\uD83D\"") }, { true, S_INIT("\"\\u0000\"") }, { true, S_INIT("\"\x7f\"") },
    { true, S_INIT("\"\xe2\x82\xac\"") }, { true, S_INIT("\"\xe2\x80\xa8\"") }, { true, S_INIT("\"/\"") },
    { true, S_INIT("\"exactly sixteen.\"") }, { true, S_INIT("\"0123456789abcdef0123456789\\nabcdef\"") },
    { true, S_INIT("\"'\"") }, { true, S_INIT("\"\\\\\"") }, { true, S_INIT("\"\\uABCD\\uabcd\"") },
    { false, S_INIT("\"") }, { false, S_INIT("\"a") }, { false, S_INIT("'a'") }, { false, S_INIT("a") },
    { false, S_INIT("\"\\\"") }, { false, S_INIT("\"\\x41\"") }, { false, S_INIT("\"\\a\"") },
    { false, S_INIT("\"\\u12\"") }, { false, S_INIT("\"\\u12G4\"") }, { false, S_INIT("\"\\u\"") },
    { false, S_INIT("\"\\U0041\"") }, { false, S_INIT("\"\\'\"") }, { false, S_INIT("\"\\ \"") },
    { false, S_INIT("\"\t\"") }, { false, S_INIT("\"\n\"") }, { false, S_INIT("\"\0\"") }, { false, S_INIT("\"\x1f\"") },
    { false, S_INIT("\"0123456789abcdef\x01 0123456789\"") }, { false, S_INIT("\"a\"b\"") }, { false, S_INIT("\"a\"x") },
    { false, S_INIT("\"\\") }, { false, S_INIT("\"\\u00") }, { false, S_INIT("\"\\uD800\\u\"") },
    { false, S_INIT("\"\\uD800\\u1\"") }, { false, S_INIT("\"\\0\"") }, { false, S_INIT("\"\\\xc3\xa9\"") },
    /* arrays */
    { true, S_INIT("[]") }, { true, S_INIT("[ ]") }, { true, S_INIT("[1]") }, { true, S_INIT("[1,2]") },
    { true, S_INIT("[ 1 , \"a\" , null ]") }, { true, S_INIT("[[],[[]],{}]") }, { true, S_INIT("\t\r\n [1]\t\r\n ") },
    { false, S_INIT("[") }, { false, S_INIT("]") }, { false, S_INIT("[1") }, { false, S_INIT("[1,") },
    { false, S_INIT("[1,]") }, { false, S_INIT("[,1]") }, { false, S_INIT("[,]") }, { false, S_INIT("[1,,2]") },
    { false, S_INIT("[1 2]") }, { false, S_INIT("[1:2]") }, { false, S_INIT("[1}") }, { false, S_INIT("[1]]") },
    { false, S_INIT("[[1]") }, { false, S_INIT("[\"a\",") }, { false, S_INIT("[\"a\":1]") }, { false, S_INIT("[\f]") },
    { false, S_INIT("[1;2]") }, { false, S_INIT("[3[4]]") }, { false, S_INIT("[1,\xc2\xa0 2]") }, { false, S_INIT("[*]") },
    /* objects */
    { true, S_INIT("{}") }, { true, S_INIT("{ }") }, { true, S_INIT("{\"a\":1}") }, { true, S_INIT("{\"a\":1,\"a\":2}") },
    { true, S_INIT("{ \"a\" : { \"b\" : [ ] } }") }, { true, S_INIT("{\"\":0}") }, { true, S_INIT("{\"\\u0061\":0}") },
    { true, S_INIT("{\"a\":[{\"b\":{}},[{}]],\"c\":\"}\"}") }, { true, S_INIT("{\"a\":\"]\",\"b\":\"[{\"}") },
    { false, S_INIT("{") }, { false, S_INIT("}") }, { false, S_INIT("{\"a\"}") }, { false, S_INIT("{\"a\":}") },
    { false, S_INIT("{\"a\"1}") }, { false, S_INIT("{\"a\":1") }, { false, S_INIT("{\"a\":1,}") }, { false, S_INIT("{,}") },
    { false, S_INIT("{,\"a\":1}") }, { false, S_INIT("{a:1}") }, { false, S_INIT("{'a':1}") }, { false, S_INIT("{1:1}") },
    { false, S_INIT("{\"a\":1]") }, { false, S_INIT("{\"a\":1 \"b\":2}") }, { false, S_INIT("{\"a\":1,,\"b\":2}") },
    { false, S_INIT("{\"a\"::1}") }, { false, S_INIT("{\"a\":1}}") }, { false, S_INIT("{\"a\":1}{}") },
    { false, S_INIT("{null:1}") }, { false, S_INIT("{\"a\":1}x") }, { false, S_INIT("{[]:1}") }, { false, S_INIT("{\"a\\\":1}") },
    { false, S_INIT("{\"a\",\"b\"}") }, { false, S_INIT("{\"a\":1:2}") }, { false, S_INIT("{\"a\" b}") },
    /* around the value */
    { false, S_INIT("") }, { false, S_INIT(" ") }, { false, S_INIT("\xef\xbb\xbf{}") }, { false, S_INIT("{}\0") },
    { false, S_INIT("[] // no comment") }, { false, S_INIT("/* */ []") }, { false, S_INIT("# []") }, { false, S_INIT("[]\v") },
    { false, S_INIT("\xa0 1") }, { false, S_INIT(",") }, { false, S_INIT(":") }, { false, S_INIT("<null>") }, { false, S_INIT("\\") },
};

static void takes_exactly_rfc_8259(void **state)
{
    (void)state;
    size_t n_wrong = 0;
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        /* A copy of its own size, so that the sanitizers see every byte read too far. */
        char *copy = mem_dup(judged[i].text);
        char *exact = malloc(judged[i].text.n + !judged[i].text.n);
        memcpy(exact, copy, judged[i].text.n);
        if (json_valid((struct str){ exact, judged[i].text.n }) != judged[i].good) {
            print_error("judged wrongly: " STR_F "\n", STR_A(judged[i].text));
            n_wrong++;
        }
        free(exact);
        free(copy);
    }
    assert_int_equal(n_wrong, 0);
    assert_true(sizeof judged / sizeof judged[0] >= 120);
    assert_false(json_valid((struct str){ NULL, 0 }));
}

static const char whole[] = "{\"index\": 7528, \"title\": \"caf\xc3\xa9 \\uD83D\\uDE00 \\\"x\\\"\", \"tags\": [\"a\", {\"b\": -1.5e3}, [], {}],"
                            " \"none\": null, \"yes\": true, \"no\": false}";

static void refuses_a_text_cut_at_every_byte(void **state)
{
    (void)state;
    struct str text = S(whole);
    assert_true(json_valid(text));
    for (size_t n = 0; n < text.n; n++) {
        char *exact = malloc(n + !n);
        memcpy(exact, whole, n);
        assert_false(json_valid((struct str){ exact, n }));
        free(exact);
    }
}

static void finds_what_ends_a_string_at_every_distance(void **state)
{
    (void)state;
    char text[80];
    for (size_t n = 0; n < 60; n++) {
        text[0] = '"';
        memset(text + 1, 'x', n);
        for (const char *ends = "\"\n\\"; *ends; ends++) {
            text[n + 1] = *ends;
            struct json_reader r;
            struct json v;
            json_open(&r, (struct str){ text, n + 2 });
            assert_int_equal(json_read(&r, &v), *ends == '"' ? 0 : -1);
            if (*ends == '"')
                assert_int_equal(v.raw.n, n);
            else
                assert_int_equal(r.p - text, n + (*ends == '\n' ? 1 : 2));
        }
    }
}

static struct str nested(struct arena *a, size_t depth, bool objects)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < depth; i++)
        buf_z(&b, objects ? "{\"a\":" : "[");
    if (objects)
        buf_z(&b, "0");
    for (size_t i = 0; i < depth; i++)
        buf_c(&b, objects ? '}' : ']');
    struct str text = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return text;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    for (int objects = 0; objects < 2; objects++) {
        assert_true(json_valid(nested(&a, JSON_MAX_DEPTH, objects)));
        assert_false(json_valid(nested(&a, JSON_MAX_DEPTH + 1, objects)));
        assert_false(json_valid(nested(&a, 100000, objects)));
    }
    struct json_reader r;
    json_open(&r, nested(&a, JSON_MAX_DEPTH + 1, false));
    for (int i = 0; i < JSON_MAX_DEPTH; i++) {
        assert_int_equal(json_enter(&r, JSON_ARRAY), 0);
        assert_int_equal(json_element(&r), 1);
    }
    assert_int_equal(json_enter(&r, JSON_ARRAY), -1);
    assert_string_equal(r.error, "nested too deep");
    arena_release(&a);
}

static void walks_containers_and_yields_views(void **state)
{
    (void)state;
    struct json_reader r;
    struct json v;
    struct str key;
    struct arena a = ARENA_INIT;
    json_open(&r, S(whole));
    assert_int_equal(json_peek(&r), JSON_OBJECT);
    assert_int_equal(json_enter(&r, JSON_OBJECT), 0);
    assert_int_equal(json_member(&r, &key), 1);
    assert_true(json_key_is(key, "index"));
    assert_int_equal(json_peek(&r), JSON_NUMBER);
    assert_int_equal(json_read(&r, &v), 0);
    assert_str(v.raw, "7528");
    assert_int_equal(json_member(&r, &key), 1);
    assert_int_equal(json_read(&r, &v), 0);
    assert_true(v.escaped);
    assert_str(json_text(v, &a), "caf\xc3\xa9 \xf0\x9f\x98\x80 \"x\"");
    assert_int_equal(json_member(&r, &key), 1);
    assert_int_equal(json_enter(&r, JSON_ARRAY), 0);
    assert_int_equal(json_element(&r), 1);
    assert_int_equal(json_read(&r, &v), 0);
    assert_false(v.escaped);
    assert_ptr_equal(json_text(v, &a).p, v.raw.p);
    assert_int_equal(json_element(&r), 1);
    assert_int_equal(json_read(&r, &v), 0);
    assert_int_equal(v.type, JSON_OBJECT);
    assert_str(v.raw, "{\"b\": -1.5e3}");
    assert_int_equal(json_element(&r), 1);
    assert_int_equal(json_enter(&r, JSON_ARRAY), 0);
    assert_int_equal(json_element(&r), 0);
    assert_int_equal(json_element(&r), 1);
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_element(&r), 0);
    static const enum json_type rest[] = { JSON_NULL, JSON_TRUE, JSON_FALSE };
    for (int i = 0; i < 3; i++) {
        assert_int_equal(json_member(&r, &key), 1);
        assert_int_equal(json_read(&r, &v), 0);
        assert_int_equal(v.type, rest[i]);
    }
    assert_int_equal(json_member(&r, &key), 0);
    assert_int_equal(json_close(&r), 0);
    arena_release(&a);
}

static int walk(struct json_reader *r)
{
    struct str key;
    int more = -1;
    switch (json_peek(r)) {
    case JSON_OBJECT:
        for (json_enter(r, JSON_OBJECT); (more = json_member(r, &key)) == 1;)
            walk(r);
        return more;
    case JSON_ARRAY:
        for (json_enter(r, JSON_ARRAY); (more = json_element(r)) == 1;)
            walk(r);
        return more;
    default: return json_skip(r);
    }
}

static void walking_and_skipping_judge_alike(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof judged / sizeof judged[0]; i++) {
        struct json_reader r;
        json_open(&r, judged[i].text);
        walk(&r);
        if ((json_close(&r) == 0) != judged[i].good)
            print_error("walked wrongly: " STR_F "\n", STR_A(judged[i].text));
        assert_int_equal(json_close(&r) == 0, judged[i].good);
    }
}

static void a_mistake_stays_and_says_where(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct json_reader r;
    struct json v = { 0 };
    struct str key;
    json_open(&r, S("{\n  \"\xc3\xa9\": 1\n  \"b\": 2}"));
    assert_int_equal(json_enter(&r, JSON_OBJECT), 0);
    assert_int_equal(json_member(&r, &key), 1);
    assert_int_equal(json_read(&r, &v), 0);
    assert_int_equal(json_member(&r, &key), -1);
    assert_int_equal(json_read(&r, &v), -1);
    assert_int_equal(json_peek(&r), 0);
    assert_int_equal(json_enter(&r, JSON_OBJECT), -1);
    assert_int_equal(json_element(&r), -1);
    assert_int_equal(json_close(&r), -1);
    assert_str(json_where(&r, &a), "expected ',' or '}' at line 3, column 3 (byte 14)");

    static const struct {
        struct str text;
        const char *where;
    } cases[] = {
        { S_INIT(""), "the text ends where a value is expected at line 1, column 1 (byte 0)" },
        { S_INIT("[1,]"), "expected a value at line 1, column 4 (byte 3)" },
        { S_INIT("\"\xc3\xa9\n\""), "a control character inside a string at line 1, column 3 (byte 3)" },
        { S_INIT("\"\\q\""), "a backslash before a character that is not escaped at line 1, column 2 (byte 1)" },
        { S_INIT("1 x"), "something follows the value at line 1, column 3 (byte 2)" },
        { S_INIT("{\"a\" 1}"), "expected ':' at line 1, column 6 (byte 5)" },
        { S_INIT("{1:1}"), "expected a key in quotes at line 1, column 2 (byte 1)" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_open(&r, cases[i].text);
        (void)json_skip(&r);
        assert_int_equal(json_close(&r), -1);
        assert_str(json_where(&r, &a), cases[i].where);
    }
    arena_release(&a);
}

static void entering_or_closing_at_the_wrong_place_is_refused(void **state)
{
    (void)state;
    struct json_reader r;
    struct str key;
    json_open(&r, S("[1]"));
    assert_int_equal(json_enter(&r, JSON_OBJECT), -1);
    assert_string_equal(r.error, "expected an object");
    json_open(&r, S("{}"));
    assert_int_equal(json_enter(&r, JSON_ARRAY), -1);
    json_open(&r, S("[1]"));
    assert_int_equal(json_member(&r, &key), -1);
    json_open(&r, S("[1]"));
    assert_int_equal(json_enter(&r, JSON_ARRAY), 0);
    assert_int_equal(json_member(&r, &key), -1);
    json_open(&r, S("[1]"));
    assert_int_equal(json_enter(&r, JSON_ARRAY), 0);
    assert_int_equal(json_close(&r), -1);
    json_open(&r, S("[1"));
    assert_int_equal(json_enter(&r, JSON_ARRAY), 0);
    assert_int_equal(json_element(&r), 1);
    assert_int_equal(json_skip(&r), 0);
    assert_int_equal(json_close(&r), -1);
}

static void escapes_decode(void **state)
{
    (void)state;
    static const struct {
        struct str raw, text;
    } cases[] = {
        { S_INIT(""), S_INIT("") },
        { S_INIT("plain"), S_INIT("plain") },
        { S_INIT("\\\"\\\\\\/\\b\\f\\n\\r\\t"), S_INIT("\"\\/\b\f\n\r\t") },
        { S_INIT("a\\u0000b"), S_INIT("a\0b") },
        { S_INIT("\\u0041\\u00e9\\u20AC"), S_INIT("A\xc3\xa9\xe2\x82\xac") },
        { S_INIT("\\uD83D\\uDE00!"), S_INIT("\xf0\x9f\x98\x80!") },
        { S_INIT("\\ud800"), S_INIT("\xef\xbf\xbd") },
        { S_INIT("\\ud800x"), S_INIT("\xef\xbf\xbdx") },
        { S_INIT("\\ud800\\n"), S_INIT("\xef\xbf\xbd\n") },
        { S_INIT("\\udc00\\ud800"), S_INIT("\xef\xbf\xbd\xef\xbf\xbd") },
        { S_INIT("\\ud800\\ud83d\\ude00"), S_INIT("\xef\xbf\xbd\xf0\x9f\x98\x80") },
        { S_INIT("\\ud800\\u0041"), S_INIT("\xef\xbf\xbd" "A") },
        { S_INIT("\\uDBFF\\uDFFF"), S_INIT("\xf4\x8f\xbf\xbf") },
        { S_INIT("x\\"), S_INIT("x\\") },       /* not from the reader: kept as it is */
        { S_INIT("\\u12"), S_INIT("\\u12") },
        { S_INIT("\\q\\u00e9"), S_INIT("\\q\xc3\xa9") },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        json_unescape(&out, cases[i].raw);
        if (!str_eq(buf_str(&out), cases[i].text))
            print_error("case %zu\n", i);
        assert_true(str_eq(buf_str(&out), cases[i].text));
        buf_release(&out);
    }
    struct buf small = BUF_MAX(2);
    json_unescape(&small, S("\\n\\n\\n"));
    assert_true(small.full);
    buf_release(&small);
}

static void keys_compare_decoded(void **state)
{
    (void)state;
    assert_true(json_key_is(S("index"), "index"));
    assert_true(json_key_is(S("\\u0069ndex"), "index"));
    assert_false(json_key_is(S("inde"), "index"));
    assert_false(json_key_is(S("Index"), "index"));
    assert_false(json_key_is(S("index\\u0000"), "index"));
    assert_true(json_key_is(S(""), ""));
}

static void a_member_is_found_by_name(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct json v;
    struct str o = S(" {\"x\":{\"a\":0},\"a\":\"one\",\"a\":\"two\",\"n\":7,\"e\":\"\\u0041\",\"z\":\"\"}");
    assert_true(json_get(o, "a", &v));
    assert_str(v.raw, "one");
    assert_str(json_get_text(o, "a", &a), "one");
    assert_str(json_get_text(o, "e", &a), "A");
    assert_non_null(json_get_text(o, "z", &a).p);
    assert_int_equal(json_get_text(o, "z", &a).n, 0);
    assert_null(json_get_text(o, "n", &a).p);
    assert_null(json_get_text(o, "absent", &a).p);
    assert_false(json_get(o, "absent", &v));
    assert_false(json_get(S("[1]"), "a", &v));
    assert_false(json_get(S(""), "a", &v));
    assert_false(json_get(S("{\"b\":tru,\"a\":1}"), "a", &v));
    arena_release(&a);
}

static void text_is_escaped_as_little_as_needed(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *json;
    } cases[] = {
        { S_INIT(""), "\"\"" },
        { { NULL, 0 }, "\"\"" },
        { S_INIT("a/b 'c' <&>"), "\"a/b 'c' <&>\"" },
        { S_INIT("q\"b\\"), "\"q\\\"b\\\\\"" },
        { S_INIT("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\"" },
        { S_INIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001F\x7f\"" },
        { S_INIT("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"" },
        { S_INIT("0123456789abcdef\n0123456789abcdef\""), "\"0123456789abcdef\\n0123456789abcdef\\\"\"" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        json_put_text(&out, cases[i].text);
        assert_str(buf_str(&out), cases[i].json);
        buf_release(&out);
    }
}

static void every_byte_survives_writing_and_reading(void **state)
{
    (void)state;
    char bytes[512];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    struct buf out = BUF_INIT;
    struct arena a = ARENA_INIT;
    for (size_t n = 0; n <= sizeof bytes; n += 3) {
        buf_reset(&out);
        json_put_text(&out, (struct str){ bytes, n });
        struct json_reader r;
        struct json v;
        json_open(&r, buf_str(&out));
        assert_int_equal(json_read(&r, &v), 0);
        assert_int_equal(json_close(&r), 0);
        assert_true(str_eq(json_text(v, &a), (struct str){ bytes, n }));
    }
    buf_release(&out);
    arena_release(&a);
}

static const struct number {
    double value;
    const char *js, *java;
} numbers[] = {
    { 0, "0", "0.0" },
    { -0.0, "0", "-0.0" },
    { 1, "1", "1.0" },
    { -1, "-1", "-1.0" },
    { 100, "100", "100.0" },
    { 0.1, "0.1", "0.1" },
    { 0.5, "0.5", "0.5" },
    { -89.9787, "-89.9787", "-89.9787" },
    { -88.5194, "-88.5194", "-88.5194" },
    { 0.1 + 0.2, "0.30000000000000004", "0.30000000000000004" },
    { 1.0 / 3, "0.3333333333333333", "0.3333333333333333" },
    { 0.001, "0.001", "0.001" },
    { 0.00099, "0.00099", "9.9E-4" },
    { 0.0000123, "0.0000123", "1.23E-5" },
    { 0.000001, "0.000001", "1.0E-6" },
    { 0.0000001, "1e-7", "1.0E-7" },
    { 1.5e-7, "1.5e-7", "1.5E-7" },
    { 9999999, "9999999", "9999999.0" },
    { 10000000, "10000000", "1.0E7" },
    { 12345678.9, "12345678.9", "1.23456789E7" },
    { 1e10, "10000000000", "1.0E10" },
    { 123456789012345680.0, "123456789012345680", "1.2345678901234568E17" },
    { 9007199254740993.0, "9007199254740992", "9.007199254740992E15" },
    { 1e15, "1000000000000000", "1.0E15" },
    { 1e20, "100000000000000000000", "1.0E20" },
    { 1e21, "1e+21", "1.0E21" },
    { 1.25e22, "1.25e+22", "1.25E22" },
    { 1e100, "1e+100", "1.0E100" },
    { 0x1p-44, "5.684341886080802e-14", "5.684341886080802E-14" },
    { 1.7976931348623157e308, "1.7976931348623157e+308", "1.7976931348623157E308" },
    { 2.2250738585072014e-308, "2.2250738585072014e-308", "2.2250738585072014E-308" },
    { 5e-324, "5e-324", "4.9E-324" },
};

static void doubles_print_as_javascript_and_java_do(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct buf js = BUF_INIT, java = BUF_INIT;
        json_put_double(&js, numbers[i].value);
        json_put_java_double(&java, numbers[i].value);
        assert_str(buf_str(&js), numbers[i].js);
        assert_str(buf_str(&java), numbers[i].java);
        buf_release(&js);
        buf_release(&java);
    }
    struct buf out = BUF_INIT;
    json_put_double(&out, NAN);
    json_put_double(&out, -INFINITY);
    json_put_java_double(&out, NAN);
    json_put_java_double(&out, INFINITY);
    json_put_java_double(&out, -INFINITY);
    assert_str(buf_str(&out), "nullnull\"NaN\"\"Infinity\"\"-Infinity\"");
    buf_release(&out);
}

static void any_double_reads_back(void **state)
{
    (void)state;
    uint64_t bits = 88172645463325252u;
    struct buf out = BUF_INIT;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
        double v;
        memcpy(&v, &bits, sizeof v);
        if (!isfinite(v))
            continue;
        buf_reset(&out);
        json_put_double(&out, v);
        assert_true(json_valid(buf_str(&out)));
        assert_true(strtod(buf_cstr(&out), NULL) == v);
        buf_reset(&out);
        json_put_java_double(&out, v);
        assert_true(strtod(buf_cstr(&out), NULL) == v);
    }
    buf_release(&out);
}

static void compacting_keeps_all_but_blanks(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *compact; /* NULL: refused */
    } cases[] = {
        { S_INIT(" { \"b\" : 1.50 ,\r\n\t\"a\" : [ 1E5 , \"x y\\u0041 \\\" : \" ] , \"b\":{ } } "),
          "{\"b\":1.50,\"a\":[1E5,\"x y\\u0041 \\\" : \"],\"b\":{}}" },
        { S_INIT("12345678901234567890"), "12345678901234567890" },
        { S_INIT(" \"\\\\\" "), "\"\\\\\"" },
        { S_INIT("[1,]"), NULL },
        { S_INIT(""), NULL },
        { S_INIT("{} {}"), NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out = BUF_INIT;
        buf_z(&out, ">");
        assert_int_equal(json_compact(&out, cases[i].text), cases[i].compact ? 0 : -1);
        assert_str(str_from(buf_str(&out), 1), cases[i].compact ? cases[i].compact : "");
        buf_release(&out);
    }
}

static void scalars_are_written_again_as_jackson_writes_them(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *written;
        bool number;
    } cases[] = {
        { "plain \xc3\xa9 / text", "\"plain \xc3\xa9 / text\"", false },
        { "", "\"\"", false },
        { "a\\/b\\u0041\\n\\u001f\\\"", "\"a/bA\\n\\u001F\\\"\"", false },
        { "\\ud83d\\ude00", "\"\xf0\x9f\x98\x80\"", false },
        { "1.50", "1.5", true },
        { "1e400", "\"Infinity\"", true },
        { "-88.5194", "-88.5194", true },
        { "1E10", "1.0E10", true },
        { "0.10000000000000000000000000000000000000000000000000000000000000000000000000000000000001", "0.1", true },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&b);
        (cases[i].number ? json_put_raw_double : json_put_raw_text)(&b, str_of(cases[i].raw));
        assert_str(buf_str(&b), cases[i].written);
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scalars_are_written_again_as_jackson_writes_them),
        cmocka_unit_test(takes_exactly_rfc_8259),
        cmocka_unit_test(refuses_a_text_cut_at_every_byte),
        cmocka_unit_test(finds_what_ends_a_string_at_every_distance),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(walks_containers_and_yields_views),
        cmocka_unit_test(walking_and_skipping_judge_alike),
        cmocka_unit_test(a_mistake_stays_and_says_where),
        cmocka_unit_test(entering_or_closing_at_the_wrong_place_is_refused),
        cmocka_unit_test(escapes_decode),
        cmocka_unit_test(keys_compare_decoded),
        cmocka_unit_test(a_member_is_found_by_name),
        cmocka_unit_test(text_is_escaped_as_little_as_needed),
        cmocka_unit_test(every_byte_survives_writing_and_reading),
        cmocka_unit_test(doubles_print_as_javascript_and_java_do),
        cmocka_unit_test(any_double_reads_back),
        cmocka_unit_test(compacting_keeps_all_but_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
