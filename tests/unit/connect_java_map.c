/* Order of java.util.HashMap and Java's numbers. Column orders were taken from Java 17. */
#include "base/json.h"
#include "mocks/connect/java_map.h"
#include "tests/support/t.h"

static void prints_as_java_does(void **state)
{
    static const struct {
        const char *json, *java;
    } cases[] = {
        { "{\"index\":1,\"unique_id\":2,\"title\":3,\"description\":4,\"poster_name\":5,\"follower_count\":6,"
          "\"tag_list\":7,\"is_image_or_video\":8,\"image_src\":9,\"downloaded\":10,\"save_location\":11,\"category\":12}",
          "{\"is_image_or_video\":8,\"unique_id\":2,\"save_location\":11,\"poster_name\":5,\"tag_list\":7,\"index\":1,"
          "\"description\":4,\"title\":3,\"category\":12,\"follower_count\":6,\"image_src\":9,\"downloaded\":10}" },
        { "{\"ind\":1,\"timestamp\":2,\"latitude\":3,\"longitude\":4,\"country\":5}",
          "{\"country\":5,\"latitude\":3,\"ind\":1,\"timestamp\":2,\"longitude\":4}" },
        { "{\"ind\":1,\"first_name\":2,\"last_name\":3,\"age\":4,\"date_joined\":5}",
          "{\"last_name\":3,\"date_joined\":5,\"first_name\":2,\"ind\":1,\"age\":4}" },
        { "{\"x\":{\"ind\":1,\"timestamp\":2,\"latitude\":3}}", "{\"x\":{\"latitude\":3,\"ind\":1,\"timestamp\":2}}" },
        { "[{\"ind\":1,\"country\":2},7]", "[{\"country\":2,\"ind\":1},7]" },
        { "{}", "{}" },
        { "[]", "[]" },
        { "{\"b\":1,\"a\":2,\"b\":3}", "{\"a\":2,\"b\":3}" },
        { "{\"Aa\":1,\"BB\":2}", "{\"Aa\":1,\"BB\":2}" }, /* equal hash codes: order of insertion */
        { "{\"BB\":2,\"Aa\":1}", "{\"BB\":2,\"Aa\":1}" },
        { "10000000000.0", "1.0E10" },
        { "123456789.123", "1.23456789123E8" },
        { "-88.5194", "-88.5194" },
        { "9999999.0", "9999999.0" },
        { "10000000.0", "1.0E7" },
        { "1e2", "100.0" },
        { "9223372036854775807", "9223372036854775807" },
        { "9223372036854775808", "-9223372036854775808" }, /* BigInteger.longValue */
        { "18446744073709551617", "1" },
        { "-1", "-1" },
        { " \"a\\u00e9\\/\" ", "\"aé/\"" },
        { "null", "null" },
        { "true", "true" },
    };
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        buf_reset(&out);
        assert_ok(java_map_put(&out, str_of(cases[i].json), &e), &e);
        assert_str(buf_str(&out), cases[i].java);
    }
    buf_release(&out);
}

static void hashes_as_java_does(void **state)
{
    (void)state;
    assert_int_equal(java_map_hash(S("")), 0);
    assert_int_equal(java_map_hash(S("hello")), 99162322);
    assert_int_equal(java_map_hash(S("Aa")), java_map_hash(S("BB")));
    assert_int_equal(java_map_hash(S("é")), 233);
    assert_int_equal(java_map_hash(S("😀")), 31 * 0xd83d + 0xde00);
}

/* A thirteenth key doubles the table: then bucket = spread hash & 31. */
static void table_doubles_after_twelve(void **state)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct err e = { 0 };
    (void)state;
    buf_c(&text, '{');
    for (int i = 0; i < 13; i++)
        buf_f(&text, "%s\"%c\":%d", i ? "," : "", 'p' - i, i); /* p o n … d: codes 112 … 100 */
    buf_c(&text, '}');
    assert_ok(java_map_put(&out, buf_str(&text), &e), &e);
    /* of 16 buckets p (112) would be first; of 32, d (100 & 31 = 4) to o (15), then p (16) */
    assert_str(buf_str(&out), "{\"d\":12,\"e\":11,\"f\":10,\"g\":9,\"h\":8,\"i\":7,\"j\":6,\"k\":5,\"l\":4,\"m\":3,\"n\":2,"
                              "\"o\":1,\"p\":0}");
    buf_release(&text);
    buf_release(&out);
}

static void many_keys_all_come_back_once(void **state)
{
    struct buf text = BUF_INIT, out = BUF_INIT;
    struct err e = { 0 };
    struct json v;
    char name[16];
    (void)state;
    buf_c(&text, '{');
    for (int i = 0; i < 5000; i++)
        buf_f(&text, "%s\"k%d\":%d", i ? "," : "", i % 2500, i); /* each key twice */
    buf_c(&text, '}');
    assert_ok(java_map_put(&out, buf_str(&text), &e), &e);
    for (int i = 0; i < 2500; i += 97) {
        snprintf(name, sizeof name, "k%d", i);
        int64_t got = 0;
        assert_true(json_get(buf_str(&out), name, &v) && str_to_i64(v.raw, &got));
        assert_int_equal(got, i + 2500);
    }
    size_t colons = 0;
    for (size_t i = 0; i < out.n; i++)
        colons += out.p[i] == ':';
    assert_int_equal(colons, 2500);
    buf_release(&text);
    buf_release(&out);
}

static void refuses_what_is_no_json(void **state)
{
    static const char *const cases[] = { "", "{", "{\"a\":1}x", "abc", "[1,", "{\"a\":01}" };
    struct buf out = BUF_INIT;
    (void)state;
    buf_z(&out, "kept");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        assert_int_equal(java_map_put(&out, str_of(cases[i]), &e), -1);
        assert_true(e.message[0] != 0);
    }
    assert_str(buf_str(&out), "kept");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_as_java_does),
        cmocka_unit_test(hashes_as_java_does),
        cmocka_unit_test(table_doubles_after_twelve),
        cmocka_unit_test(many_keys_all_come_back_once),
        cmocka_unit_test(refuses_what_is_no_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
