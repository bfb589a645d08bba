/* What sequence numbers promise: AWS's layout, order, and refusal of what cannot be one. */
#include "mocks/kinesis/seqno.h"

#include "tests/support/t.h"

static void numbers_seen_on_aws_are_read_and_written_alike(void **state)
{
    (void)state;
    static const struct { const char *text; struct seqno parts; } cases[] = {
        { "49657736782383513259640255418192379815028954591580389378", { 1731667118, 7605376235, 1736071466, 0, 2 } },
        { "49657736782383513259640255420648917080485881212022292482", { 1731667118, 7605378267, 1736071468, 0, 2 } },
    };
    for (size_t i = 0; i < 2; i++) {
        struct seqno s;
        char digits[SEQNO_DIGITS];
        assert_true(seqno_parse(str_of(cases[i].text), &s));
        assert_int_equal(s.create_s, cases[i].parts.create_s);
        assert_int_equal(s.index, cases[i].parts.index);
        assert_int_equal(s.time_s, cases[i].parts.time_s);
        assert_int_equal(s.shard, cases[i].parts.shard);
        assert_int_equal(s.version, 2);
        seqno_write(&s, digits);
        assert_str(((struct str){ digits, SEQNO_DIGITS }), cases[i].text);
    }
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const struct seqno cases[] = {
        { 0, 0, 0, 0, 2 }, { 1, 1, 1, 1, 2 }, { 1600000000, SEQNO_INDEX_CLOSED, 1700000000, 0x7fffffff, 2 },
        { 16025174999, 5, 68719476735, 17, 2 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seqno s;
        char digits[SEQNO_DIGITS];
        seqno_write(&cases[i], digits);
        assert_true(seqno_parse((struct str){ digits, SEQNO_DIGITS }, &s));
        assert_memory_equal(&s, &cases[i], sizeof s);
    }
}

static void order_is_by_index_then_time(void **state)
{
    (void)state;
    static const struct seqno ascending[] = {
        { 1700000000, 0, 1700000000, 3, 2 }, { 1700000000, 1, 1700000000, 3, 2 }, { 1700000000, 1, 1700000001, 3, 2 },
        { 1700000000, 2, 1700000000, 3, 2 }, { 1700000000, SEQNO_INDEX_CLOSED, 1700000000, 3, 2 },
        { 1700000001, 0, 1700000001, 3, 2 },
    };
    char last[SEQNO_DIGITS] = { 0 }, digits[SEQNO_DIGITS];
    for (size_t i = 0; i < sizeof ascending / sizeof *ascending; i++) {
        seqno_write(&ascending[i], digits);
        assert_true(memcmp(last, digits, SEQNO_DIGITS) < 0);
        memcpy(last, digits, SEQNO_DIGITS);
    }
}

static void older_forms_are_understood(void **state)
{
    (void)state;
    struct seqno s;
    assert_true(seqno_parse(S("5"), &s));
    assert_int_equal(s.version, 0);
    assert_int_equal(s.shard, 5);
    assert_int_equal(s.create_s, 0);
    /* version 1: 2 | 054c7bd61 create | 0 | 00 | 054c7bd62 time | 0…0 | 03 | 00000007 shard | 1 */
    assert_true(seqno_parse(S("49547378126867174166493904185193568311853714616524734577"), &s));
    assert_int_equal(s.version, 1);
    assert_int_equal(s.create_s, 0x54c7bd61);
    assert_int_equal(s.time_s, 0x54c7bd62);
    assert_int_equal(s.shard, 7);
}

static void what_can_be_none_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "", "x", "-5", "5 ", "0x5", "26227199374822427428162556223570313216", /* a date of the year 2477 */
        "1000000000000000000000000000000000000000000",                        /* between the forms */
        "98079714615416886934934209737619787751599303819750539264",           /* 2^186 */
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999999",
        "45671926166590716193865151022383844364247891968000000002",           /* version not 1 nor 2 */
    };
    struct seqno s;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (seqno_parse(str_of(cases[i]), &s) && s.version == 2)
            fail_msg("'%s' was taken", cases[i]);
    /* an index above 7fff… */
    char digits[SEQNO_DIGITS];
    seqno_write(&(struct seqno){ 1700000000, SEQNO_INDEX_CLOSED + 1, 1700000000, 0, 2 }, digits);
    assert_false(seqno_parse((struct str){ digits, SEQNO_DIGITS }, &s));
    /* a shard that is negative belongs to nobody */
    seqno_write(&(struct seqno){ 1700000000, 1, 1700000000, 0x80000000, 2 }, digits);
    assert_true(seqno_parse((struct str){ digits, SEQNO_DIGITS }, &s));
    assert_int_equal(s.shard, -2147483648LL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_seen_on_aws_are_read_and_written_alike),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(order_is_by_index_then_time),
        cmocka_unit_test(older_forms_are_understood),
        cmocka_unit_test(what_can_be_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
