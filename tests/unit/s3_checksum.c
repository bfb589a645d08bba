/* The five checksums: known answers, printing, reading, composing. */
#include "tests/support/t.h"

#include "mocks/s3/checksum.h"

/* "123456789": check values of the CRC catalogue; SHA by Python's hashlib. */
static const struct { enum checksum_kind kind; const char *name, *text; } known[] = {
    { CHECKSUM_CRC32, "CRC32", "y/Q5Jg==" },
    { CHECKSUM_CRC32C, "CRC32C", "4waSgw==" },
    { CHECKSUM_CRC64NVME, "CRC64NVME", "rosUhgp5mIg=" },
    { CHECKSUM_SHA1, "SHA1", "98O8HYCOBHMq32eZZczDTKeuNEE=" },
    { CHECKSUM_SHA256, "SHA256", "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=" },
};

static void known_answers_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct checksum sum, back;
        struct buf text = BUF_INIT;
        checksum_compute(known[i].kind, S("123456789"), &sum);
        checksum_print(&sum, &text);
        assert_str(buf_str(&text), known[i].text);
        assert_true(checksum_parse(known[i].kind, buf_str(&text), &back));
        assert_true(checksum_same(&sum, &back));
        back.raw[0] ^= 1;
        assert_false(checksum_same(&sum, &back));
        assert_int_equal(checksum_named(str_of(known[i].name)), known[i].kind);
        assert_int_equal(checksum_of_header(str_of(checksum_rows[known[i].kind].header)), known[i].kind);
        buf_release(&text);
    }
}

static void what_is_no_checksum_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "=", "AAAA", "AAAAAA=", "AAAAAAA=", "AAAAAA==x", "AAAAAA==-", "AAAAAA==-0",
                                       "AAAAAA==-10001", "AAAAAA==-1x", "not base64!!" };
    struct checksum sum;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (checksum_parse(CHECKSUM_CRC32, str_of(bad[i]), &sum))
            fail_msg("accepted '%s'", bad[i]);
    assert_int_equal(checksum_named(S("MD5")), CHECKSUM_NONE);
    assert_int_equal(checksum_of_header(S("x-amz-checksum-algorithm")), CHECKSUM_NONE);
    assert_int_equal(checksum_of_header(S("x-amz-checksum-type")), CHECKSUM_NONE);
    assert_int_equal(checksum_of_header(S("x-amz-checksum")), CHECKSUM_NONE);
}

static void a_composite_is_the_checksum_of_checksums(void **state)
{
    (void)state;
    struct checksum parts[2], whole, expected;
    checksum_compute(CHECKSUM_CRC32, S("a"), &parts[0]);
    checksum_compute(CHECKSUM_CRC32, S("b"), &parts[1]);
    checksum_compose(CHECKSUM_CRC32, (const struct checksum *const[]){ &parts[0], &parts[1] }, 2, &whole);
    char raw[8];
    memcpy(raw, parts[0].raw, 4);
    memcpy(raw + 4, parts[1].raw, 4);
    checksum_compute(CHECKSUM_CRC32, (struct str){ raw, 8 }, &expected);
    assert_memory_equal(whole.raw, expected.raw, 4);
    assert_false(checksum_same(&whole, &expected)); /* one is COMPOSITE, the other FULL_OBJECT */
    assert_string_equal(checksum_type(&whole), "COMPOSITE");
    struct buf text = BUF_INIT;
    checksum_print(&whole, &text);
    assert_true(str_ends(buf_str(&text), S("==-2")));
    buf_release(&text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers_and_back), cmocka_unit_test(what_is_no_checksum_is_refused),
        cmocka_unit_test(a_composite_is_the_checksum_of_checksums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
