/* What CBOR promises: requests mean the same as their JSON; answers are written in either. */
#include "mocks/kinesis/cbor.h"

#include "base/codec.h"
#include "mocks/kinesis/reply.h"
#include "tests/support/t.h"

static bool convert(const char *hex, struct buf *json)
{
    struct buf bytes = BUF_INIT;
    assert_true(codec_unhex(&bytes, str_of(hex)));
    buf_reset(json);
    bool ok = cbor_to_json(json, buf_str(&bytes));
    buf_release(&bytes);
    return ok;
}

static void items_become_json(void **state)
{
    (void)state;
    static const struct { const char *hex, *json; } cases[] = {
        { "00", "0" }, { "1864", "100" }, { "1903e8", "1000" }, { "1a000f4240", "1000000" },
        { "1b000000e8d4a51000", "1000000000000" }, { "20", "-1" }, { "3903e7", "-1000" },
        { "f4", "false" }, { "f5", "true" }, { "f6", "null" }, { "f7", "null" },
        { "f93c00", "1" }, { "fa47c35000", "100000" }, { "fb3ff199999999999a", "1.1" },
        { "40", "\"\"" }, { "4401020304", "\"AQIDBA==\"" }, { "60", "\"\"" }, { "6449455446", "\"IETF\"" },
        { "62225c", "\"\\\"\\\\\"" }, { "62c3bc", "\"\xc3\xbc\"" }, { "80", "[]" }, { "83010203", "[1,2,3]" },
        { "a0", "{}" }, { "a26161016162820203", "{\"a\":1,\"b\":[2,3]}" },
        { "bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}" }, { "5f42010243030405ff", "\"AQIDBAU=\"" },
        { "7f657374726561646d696e67ff", "\"streaming\"" }, { "c11b0000019435ed53f5", "1736071533.557" },
        { "c1fb4279435ec9ffd000", "1736071487.485" }, { "d9d9f7a0", "{}" },
    };
    struct buf json = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (!convert(cases[i].hex, &json))
            fail_msg("%s was refused", cases[i].hex);
        assert_str(buf_str(&json), cases[i].json);
    }
    buf_release(&json);
}

static void what_is_malformed_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "", "18", "1900", "1c", "1f", "61", "6261", "5bffffffffffffffff", "7bffffffffffffffff01", "81", "9f", "a1", "a161",
        "bf6161", "bf6161019f0203ffff", "a10101", "ff", "fc", "f8ff", "0000", "c1", "62fffe", "7f4161ff", "5f61ff", "f97e00", "dbffffffffffffffff",
    };
    struct buf json = BUF_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (convert(cases[i], &json))
            fail_msg("%s was taken", cases[i]);
    struct buf deep = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        buf_z(&deep, i < 999 ? "81" : "00");
    assert_false(convert(buf_cstr(&deep), &json));
    buf_reset(&deep);
    for (int i = 0; i < 1000; i++)
        buf_z(&deep, i < 999 ? "c1" : "00");
    assert_false(convert(buf_cstr(&deep), &json));
    buf_release(&deep);
    buf_release(&json);
}

static void write_all(struct reply *w)
{
    reply_map(w);
    reply_key_text(w, "t", S("a\"b"));
    reply_key_number(w, "n", -1000);
    reply_key_bool(w, "b", true);
    reply_key_time(w, "s", 1736071467000);
    reply_key_time(w, "m", 1736071467920);
    reply_key(w, "l");
    reply_list(w);
    reply_blob(w, S("\1\2"));
    reply_number(w, 24);
    reply_map(w);
    reply_end_map(w);
    reply_end_list(w);
    reply_end_map(w);
}

static void an_answer_is_the_same_in_both(void **state)
{
    (void)state;
    struct buf json = BUF_INIT, bytes = BUF_INIT, back = BUF_INIT;
    struct reply as_json = reply_to(&json, false), as_cbor = reply_to(&bytes, true);
    write_all(&as_json);
    write_all(&as_cbor);
    assert_str(buf_str(&json), "{\"t\":\"a\\\"b\",\"n\":-1000,\"b\":true,\"s\":1736071467,\"m\":1736071467.92,"
                               "\"l\":[\"AQI=\",24,{}]}");
    assert_true(cbor_to_json(&back, buf_str(&bytes)));
    assert_str(buf_str(&back), "{\"t\":\"a\\\"b\",\"n\":-1000,\"b\":true,\"s\":1736071467.000,\"m\":1736071467.920,"
                               "\"l\":[\"AQI=\",24,{}]}");
    buf_release(&json);
    buf_release(&bytes);
    buf_release(&back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_become_json),
        cmocka_unit_test(what_is_malformed_is_refused),
        cmocka_unit_test(an_answer_is_the_same_in_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
