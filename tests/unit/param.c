/* What the parameter checker promises: AWS's sentences, word for word. */
#include "mocks/cloud/param.h"

#include "tests/support/t.h"

static const char *const colours[] = { "RED", "GREEN", NULL };
static const struct param key_value[] = {
    { .name = "key", .type = PARAM_STRING, .min = 1, .max = 3 },
    { .name = "value", .type = PARAM_STRING, .max = 4 },
};
static const struct param element[] = { { .name = "element", .type = PARAM_STRING, .min = 1, .max = 3 } };
static const struct param colour[] = { { .name = "colour", .type = PARAM_STRING, .values = colours } };
static const struct param row_members[] = {
    { .name = "Data", .type = PARAM_BLOB, .required = true, .max = 4 },
    { .name = "Key", .type = PARAM_STRING, .required = true, .min = 1, .max = 5 },
};
static const struct param row[] = {
    { .name = "com.example.Row", .type = PARAM_STRUCTURE, .members = row_members, .n_members = 2 },
};
enum { NAME, COUNT, LIMIT, FLAG, TIME, BYTES, COLOUR, LABELS, TEXTS, COLOURS, ROWS, INNER, PARAMS };
static const struct param params[] = {
    [NAME] = { .name = "Name", .type = PARAM_STRING, .required = true, .min = 1, .max = 8, .pattern = "[a-zA-Z0-9_.-]+" },
    [COUNT] = { .name = "Count", .type = PARAM_INTEGER, .min = 1 },
    [LIMIT] = { .name = "Limit", .type = PARAM_LONG, .min = 1, .max = 10 },
    [FLAG] = { .name = "Flag", .type = PARAM_BOOLEAN },
    [TIME] = { .name = "Time", .type = PARAM_TIMESTAMP },
    [BYTES] = { .name = "Bytes", .type = PARAM_BLOB, .min = 1, .max = 4 },
    [COLOUR] = { .name = "Colour", .type = PARAM_STRING, .values = colours },
    [LABELS] = { .name = "Labels", .type = PARAM_MAP, .min = 1, .max = 2, .members = key_value, .n_members = 2 },
    [TEXTS] = { .name = "Texts", .type = PARAM_LIST, .min = 1, .max = 3, .members = element, .n_members = 1 },
    [COLOURS] = { .name = "Colours", .type = PARAM_LIST, .members = colour, .n_members = 1 },
    [ROWS] = { .name = "Rows", .type = PARAM_LIST, .min = 1, .max = 4, .members = row, .n_members = 1 },
    [INNER] = { .name = "Inner", .type = PARAM_STRUCTURE, .members = row_members, .n_members = 2 },
};

static int judge(struct arena *a, const char *text, struct arg **ret_args, struct param_refusal *why)
{
    if (param_read(params, PARAMS, str_of(text), a, ret_args, why))
        return -1;
    return param_check(params, PARAMS, *ret_args, a, why);
}

static void a_good_request_is_bound(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct arg *v;
    struct param_refusal why;
    const char *text = "{\"Name\":\"a\\u002db\",\"Count\":3.99,\"Limit\":10,\"Flag\":true,\"Time\":1736071467.925,"
                       "\"Bytes\":\"aGk\\u003d\",\"Colour\":\"RED\",\"Labels\":{\"k\":\"v\",\"l\":\"\"},\"Texts\":[\"x\",\"yy\"],"
                       "\"Unknown\":{\"deep\":[1,2]},\"Rows\":[{\"Data\":\"\",\"Key\":\"k\"},{\"Key\":\"l\",\"Data\":\"AQID\"}],"
                       "\"Inner\":null}";
    assert_int_equal(judge(&a, text, &v, &why), 0);
    assert_str(v[NAME].text, "a-b");
    assert_int_equal(v[COUNT].number, 3);
    assert_int_equal(v[LIMIT].number, 10);
    assert_int_equal(v[FLAG].number, 1);
    assert_int_equal(v[TIME].number, 1736071467925);
    assert_str(v[BYTES].text, "hi");
    assert_str(v[COLOUR].text, "RED");
    assert_int_equal(v[LABELS].n, 2);
    assert_str(v[LABELS].items[2].text, "l");
    assert_str(v[LABELS].items[3].text, "");
    assert_int_equal(v[TEXTS].n, 2);
    assert_str(v[TEXTS].items[1].text, "yy");
    assert_int_equal(v[ROWS].n, 2);
    assert_str(v[ROWS].items[1].items[1].text, "l");
    assert_memory_equal(v[ROWS].items[1].items[0].text.p, "\1\2\3", 3);
    assert_int_equal(v[INNER].type, 0);
    assert_null(param_find(params, PARAMS, v, "Inner"));
    assert_null(param_find(params, PARAMS, v, "Nothing"));
    assert_ptr_equal(param_find(params, PARAMS, v, "Count"), &v[COUNT]);
    arena_release(&a);
}

static void of_a_member_given_twice_the_last_counts(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct arg *v;
    struct param_refusal why;
    assert_int_equal(judge(&a, "{\"Name\":\"a\",\"Name\":\"b\",\"Labels\":{\"k\":\"1\",\"k\":\"2\"}}", &v, &why), 0);
    assert_str(v[NAME].text, "b");
    assert_int_equal(v[LABELS].n, 1);
    assert_str(v[LABELS].items[1].text, "2");
    arena_release(&a);
}

static void numbers_are_floored_and_capped(void **state)
{
    (void)state;
    static const struct { const char *text; int64_t count; } cases[] = {
        { "2147483648", 2147483647 }, { "1e300", 2147483647 }, { "1.9", 1 }, { "1E2", 100 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct arg *v;
        struct param_refusal why;
        struct str text = arena_f(&a, "{\"Name\":\"a\",\"Count\":%s}", cases[i].text);
        assert_int_equal(judge(&a, text.p, &v, &why), 0);
        assert_int_equal(v[COUNT].number, cases[i].count);
        arena_release(&a);
    }
}

static void what_is_no_json_object_is_refused_without_a_sentence(void **state)
{
    (void)state;
    static const char *const cases[] = { "", "[]", "null", "true", "\"a\"", "{", "{\"Name\":}", "{\"Name\":\"a\"} x",
                                         "{\"Flag\":\"x\"", "{\"Count\":\"x\",}", "{\"Name\":\"\xff\"}", "{\"Rows\":[{]}" };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct arg *v;
        struct param_refusal why;
        assert_int_equal(judge(&a, cases[i], &v, &why), -1);
        assert_string_equal(why.code, "SerializationException");
        assert_null(why.message.p);
        arena_release(&a);
    }
}

static void a_wrong_type_has_its_sentence(void **state)
{
    (void)state;
#define BIG "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
    static const struct { const char *text, *sentence; } cases[] = {
        { "{\"Name\":true}", "class java.lang.Boolean can not be converted to an String" },
        { "{\"Name\":23}", "class " BIG " can not be converted to an String" },
        { "{\"Name\":[]}", "Start of list found where not expected" },
        { "{\"Name\":{}}", "Start of structure or map found where not expected." },
        { "{\"Count\":\"23\"}", "class java.lang.String can not be converted to an Integer" },
        { "{\"Count\":true}", "class java.lang.Boolean can not be converted to an Integer" },
        { "{\"Count\":{}}", "Start of structure or map found where not expected." },
        { "{\"Limit\":\"23\"}", "class java.lang.String can not be converted to an Long" },
        { "{\"Flag\":23}", "class " BIG " can not be converted to an Boolean" },
        { "{\"Flag\":\"maybe\"}", "'MAYBE' can not be converted to an Boolean" },
        { "{\"Flag\":[]}", "Start of list found where not expected" },
        { "{\"Time\":\"23\"}", "class java.lang.String can not be converted to milliseconds since epoch" },
        { "{\"Time\":false}", "class java.lang.Boolean can not be converted to milliseconds since epoch" },
        { "{\"Bytes\":34.56}", "class " BIG " can not be converted to a Blob" },
        { "{\"Bytes\":\"23456\"}", "'23456' can not be converted to a Blob: Base64 encoded length is expected a multiple of 4 "
                                   "bytes but found: 5" },
        { "{\"Bytes\":\"=+/=\"}", "'=+/=' can not be converted to a Blob: Invalid Base64 character: '='" },
        { "{\"Bytes\":\"ab!d\"}", "'ab!d' can not be converted to a Blob: Invalid Base64 character: '!'" },
        { "{\"Bytes\":\"+/+=\"}", "'+/+=' can not be converted to a Blob: Invalid last non-pad Base64 character dectected" },
        { "{\"Texts\":\"23\"}", "Expected list or null" },
        { "{\"Texts\":{}}", "Start of structure or map found where not expected." },
        { "{\"Texts\":[1]}", "class " BIG " can not be converted to an String" },
        { "{\"Labels\":true}", "Expected map or null" },
        { "{\"Labels\":[]}", "Start of list found where not expected" },
        { "{\"Labels\":{\"k\":7}}", "class " BIG " can not be converted to an String" },
        { "{\"Inner\":\"23\"}", "Expected null" },
        { "{\"Inner\":[]}", "Start of list found where not expected" },
        { "{\"Rows\":[true]}", "Expected null" },
        { "{\"Rows\":[{\"Data\":true}]}", "class java.lang.Boolean can not be converted to a Blob" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct arg *v;
        struct param_refusal why;
        assert_int_equal(judge(&a, cases[i].text, &v, &why), -1);
        assert_string_equal(why.code, "SerializationException");
        assert_str(why.message, cases[i].sentence);
        arena_release(&a);
    }
}

static void a_broken_constraint_has_its_sentence(void **state)
{
    (void)state;
#define ONE "1 validation error detected: "
#define FAILED " failed to satisfy constraint: "
    static const struct { const char *text, *sentence; } cases[] = {
        { "{}", ONE "Value null at 'name'" FAILED "Member must not be null" },
        { "{\"Name\":null}", ONE "Value null at 'name'" FAILED "Member must not be null" },
        { "{\"Name\":\"\"}",
          "2 validation errors detected: Value '' at 'name'" FAILED "Member must satisfy regular expression pattern: "
          "[a-zA-Z0-9_.-]+; Value '' at 'name'" FAILED "Member must have length greater than or equal to 1" },
        { "{\"Name\":\"aaaaaaaaa\"}", ONE "Value 'aaaaaaaaa' at 'name'" FAILED "Member must have length less than or equal to 8" },
        { "{\"Name\":\"a b\"}", ONE "Value 'a b' at 'name'" FAILED "Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+" },
        { "{\"Name\":\"a\",\"Count\":0}", ONE "Value '0' at 'count'" FAILED "Member must have value greater than or equal to 1" },
        { "{\"Name\":\"a\",\"Limit\":11}", ONE "Value '11' at 'limit'" FAILED "Member must have value less than or equal to 10" },
        { "{\"Name\":\"a\",\"Bytes\":\"\"}", ONE "Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'bytes'" FAILED
                                             "Member must have length greater than or equal to 1" },
        { "{\"Name\":\"a\",\"Bytes\":\"AAAAAAA=\"}", ONE "Value 'java.nio.HeapByteBuffer[pos=0 lim=5 cap=5]' at 'bytes'" FAILED
                                                     "Member must have length less than or equal to 4" },
        { "{\"Name\":\"a\",\"Colour\":\"BLUE\"}", ONE "Value 'BLUE' at 'colour'" FAILED
                                                  "Member must satisfy enum value set: [RED, GREEN]" },
        { "{\"Name\":\"a\",\"Labels\":{}}", ONE "Value '{}' at 'labels'" FAILED "Member must have length greater than or equal to 1" },
        { "{\"Name\":\"a\",\"Labels\":{\"long\":\"v\"}}", ONE "Value '{long=v}' at 'labels'" FAILED
          "Map keys must satisfy constraint: [Member must have length less than or equal to 3, Member must have length "
          "greater than or equal to 1]" },
        { "{\"Name\":\"a\",\"Labels\":{\"k\":\"vwxyz\"}}", ONE "Value '{k=vwxyz}' at 'labels'" FAILED
          "Map value must satisfy constraint: [Member must have length less than or equal to 4, Member must have length "
          "greater than or equal to 0]" },
        { "{\"Name\":\"a\",\"Texts\":[\"a\",\"\"]}", ONE "Value '[a, ]' at 'texts'" FAILED
          "Member must satisfy constraint: [Member must have length less than or equal to 3, Member must have length "
          "greater than or equal to 1]" },
        { "{\"Name\":\"a\",\"Texts\":[\"a\",\"b\",\"c\",\"d\"]}", ONE "Value '[a, b, c, d]' at 'texts'" FAILED
          "Member must have length less than or equal to 3" },
        { "{\"Name\":\"a\",\"Colours\":[\"RED\",\"TEAL\"]}", ONE "Value '[RED, TEAL]' at 'colours'" FAILED
          "Member must satisfy constraint: [Member must satisfy enum value set: [RED, GREEN]]" },
        { "{\"Name\":\"a\",\"Inner\":{\"Data\":\"\"}}", ONE "Value null at 'inner.key'" FAILED "Member must not be null" },
        { "{\"Name\":\"a\",\"Rows\":[{\"Data\":\"\",\"Key\":\"k\"},{\"Key\":\"\"}]}",
          "2 validation errors detected: Value null at 'rows.2.member.data'" FAILED "Member must not be null; Value '' at "
          "'rows.2.member.key'" FAILED "Member must have length greater than or equal to 1" },
        { "{\"Name\":\"a\",\"Rows\":[null]}", ONE "Value null at 'rows.1.member'" FAILED "Member must not be null" },
        { "{\"Name\":\"a\",\"Rows\":[{\"Data\":\"\",\"Key\":\"k\"},{\"Data\":\"\",\"Key\":\"k\"},{\"Data\":\"\",\"Key\":\"k\"},"
          "{\"Data\":\"\",\"Key\":\"k\"},{\"Data\":\"\",\"Key\":\"k\"}]}",
          ONE "Value '[com.example.Row@c965e310, com.example.Row@c965e310, com.example.Row@c965e310, "
          "com.example.Row@c965e310, com.example.Row@c965e310]' at 'rows'" FAILED "Member must have length less than or equal to 4" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = ARENA_INIT;
        struct arg *v;
        struct param_refusal why;
        assert_int_equal(judge(&a, cases[i].text, &v, &why), -1);
        assert_string_equal(why.code, "ValidationException");
        assert_str(why.message, cases[i].sentence);
        arena_release(&a);
    }
}

static void no_more_than_ten_complaints_are_made(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct arg *v;
    struct param_refusal why;
    const char *text = "{\"Rows\":[{},{},{},{}],\"Count\":0,\"Limit\":0,\"Bytes\":\"\"}";
    assert_int_equal(judge(&a, text, &v, &why), -1);
    assert_true(str_starts(why.message, S("10 validation errors detected: ")));
    size_t n = 0;
    for (struct str rest = why.message; rest.p; str_cut(&rest, ';'))
        n++;
    assert_int_equal(n, 10);
    arena_release(&a);
}

static void a_list_of_any_length_is_counted_but_not_kept(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf text = BUF_INIT;
    struct arg *v;
    struct param_refusal why;
    buf_z(&text, "{\"Name\":\"a\",\"Texts\":[");
    for (int i = 0; i < 200000; i++)
        buf_z(&text, i ? ",\"x\"" : "\"x\"");
    buf_z(&text, "]}");
    assert_int_equal(judge(&a, buf_cstr(&text), &v, &why), -1);
    assert_string_equal(why.code, "ValidationException");
    assert_true(a.used_bytes < 100000);
    buf_release(&text);
    arena_release(&a);
}

static void length_is_counted_in_utf16_units(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct arg *v;
    struct param_refusal why;
    const char *umlauts = "{\"Name\":\"a\",\"Inner\":{\"Data\":\"\",\"Key\":\"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\"}}";
    const char *astral = "{\"Name\":\"a\",\"Inner\":{\"Data\":\"\",\"Key\":\"\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\"}}";
    assert_int_equal(judge(&a, umlauts, &v, &why), 0);
    assert_int_equal(judge(&a, astral, &v, &why), -1);
    arena_release(&a);
}

static void patterns_match_whole_texts(void **state)
{
    (void)state;
#define ARN "arn:aws.*:kinesis:.*:\\d{12}:stream/\\S+"
#define CONSUMER "^(arn):aws.*:kinesis:.*:\\d{12}:.*stream\\/[a-zA-Z0-9_.-]+\\/consumer\\/[a-zA-Z0-9_.-]+:[0-9]+"
    static const struct { const char *pattern, *text; bool matches; } cases[] = {
        { "[a-zA-Z0-9_.-]+", "a.B-9_", true },
        { "[a-zA-Z0-9_.-]+", "", false },
        { "[a-zA-Z0-9_.-]+", "a/b", false },
        { "[a-zA-Z0-9_.-]+", "\xc3\xbc", false },
        { "0|([1-9]\\d{0,38})", "0", true },
        { "0|([1-9]\\d{0,38})", "00", false },
        { "0|([1-9]\\d{0,38})", "340282366920938463463374607431768211455", true },
        { "0|([1-9]\\d{0,38})", "3402823669209384634633746074317682114550", false },
        { "0|([1-9]\\d{0,38})", "-1", false },
        { "0|([1-9]\\d{0,38})", "", false },
        { ARN, "arn:aws:kinesis:us-east-1:123456789012:stream/a", true },
        { ARN, "arn:aws-cn:kinesis::123456789012:stream/a/b", true },
        { ARN, "arn:aws:kinesis:us-east-1:12345678901:stream/a", false },
        { ARN, "arn:aws:kinesis:us-east-1:123456789012:stream/", false },
        { ARN, "arn:aws:kinesis:us-east-1:123456789012:stream/a b", false },
        { ARN, "xarn:aws:kinesis:us-east-1:123456789012:stream/a", false },
        { CONSUMER, "arn:aws:kinesis:us-east-1:123456789012:stream/a/consumer/b:17", true },
        { CONSUMER, "arn:aws:kinesis:us-east-1:123456789012:stream/a/consumer/b", false },
        { "shardId-\\d{12}", "shardId-000000000001", true },
        { "shardId-\\d{12}", "shardId-00000000001", false },
        { "shardId-\\d{12}", "shardId-0000000000011", false },
        { "a{2,}b?", "aaaab", true },
        { "a{2,}b?", "ab", false },
        { "[^a]", "a", false },
        { "[^a]", "b", true },
        { "(a|b)c|d", "bc", true },
        { "(a|b)c|d", "d", true },
        { "(a|b)c|d", "cd", false },
        { "(ab)?c", "c", true },
        { "(ab)?c", "abc", true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (param_match(cases[i].pattern, str_of(cases[i].text)) != cases[i].matches)
            fail_msg("%s and '%s'", cases[i].pattern, cases[i].text);
}

static void matching_hostile_text_ends_soon(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_z(&text, "arn:aws");
    for (int i = 0; i < 50000; i++)
        buf_z(&text, ":kinesis::123456789012");
    assert_false(param_match(ARN, buf_str(&text)));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_request_is_bound),
        cmocka_unit_test(of_a_member_given_twice_the_last_counts),
        cmocka_unit_test(numbers_are_floored_and_capped),
        cmocka_unit_test(what_is_no_json_object_is_refused_without_a_sentence),
        cmocka_unit_test(a_wrong_type_has_its_sentence),
        cmocka_unit_test(a_broken_constraint_has_its_sentence),
        cmocka_unit_test(no_more_than_ten_complaints_are_made),
        cmocka_unit_test(a_list_of_any_length_is_counted_but_not_kept),
        cmocka_unit_test(length_is_counted_in_utf16_units),
        cmocka_unit_test(patterns_match_whole_texts),
        cmocka_unit_test(matching_hostile_text_ends_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
