/* The ledger: identities, verdicts, the balance and what it says. */
#include "tests/support/t.h"

#include "pipeline/ledger/ledger.h"

static struct ledger_place at(uint32_t partition, const char *position)
{
    return (struct ledger_place){ partition, str_of(position) };
}

/* Posts n rows of `pin` and acknowledges them at partition 0, offsets 0… */
static struct ledger *posted(uint32_t n)
{
    struct ledger *l = ledger_open("batch");
    for (uint32_t i = 0; i < n; i++) {
        char offset[16];
        snprintf(offset, sizeof offset, "%u", i);
        assert_int_equal(ledger_post(l, 0, 7000 + i), i);
        ledger_acknowledge(l, 0, i, at(0, offset), false);
    }
    return l;
}

static void read_and_write(struct ledger *l, const char *offset)
{
    uint32_t post;
    assert_int_equal(ledger_read(l, 0, at(0, offset), (struct str){ 0 }, false, &post), LEDGER_NEW);
    ledger_clean(l, 0, post);
    ledger_write(l, 0, post);
}

static void a_whole_run_balances(void **state)
{
    (void)state;
    struct ledger *l = posted(1000);
    struct err e = { 0 };
    for (int i = 0; i < 1000; i++) {
        char offset[16];
        snprintf(offset, sizeof offset, "%d", i);
        read_and_write(l, offset);
    }
    assert_ok(ledger_balance(l, &e), &e);
    struct ledger_sums s = ledger_sums(l, 0);
    assert_int_equal(s.written, 1000);
    assert_int_equal(s.stored, 1000);
    ledger_close(l);
}

static void what_is_not_written_is_lost_by_name(void **state)
{
    (void)state;
    struct ledger *l = posted(3);
    struct err e = { 0 };
    read_and_write(l, "0");
    read_and_write(l, "2");
    assert_int_equal(ledger_balance(l, &e), -1);
    assert_string_equal(e.code, "LEDGER_UNBALANCED");
    assert_non_null(strstr(e.message, "pin-1 row 7001 lost (acknowledged at 0/1)"));
    ledger_close(l);
}

static void written_twice_is_doubled(void **state)
{
    (void)state;
    struct ledger *l = posted(1);
    struct err e = { 0 };
    read_and_write(l, "0");
    ledger_write(l, 0, 0);
    assert_int_equal(ledger_balance(l, &e), -1);
    assert_int_equal(ledger_sums(l, 0).doubled, 1);
    ledger_close(l);
}

static void a_retry_is_recognised_by_its_id(void **state)
{
    (void)state;
    struct ledger *l = ledger_open("batch");
    struct err e = { 0 };
    uint32_t post = ledger_post(l, 1, 5), found;
    ledger_acknowledge(l, 1, post, at(0, "1"), true); /* offset 0 is the try whose answer was lost */
    assert_int_equal(ledger_read(l, 1, at(0, "0"), (struct str){ 0 }, false, &found), LEDGER_UNKNOWN);
    assert_int_equal(ledger_read(l, 1, at(0, "0"), S("geo-0"), true, &found), LEDGER_NEW);
    assert_int_equal(found, post);
    ledger_write(l, 1, found);
    assert_int_equal(ledger_read(l, 1, at(0, "1"), (struct str){ 0 }, false, &found), LEDGER_REPEAT);
    assert_ok(ledger_balance(l, &e), &e);
    assert_int_equal(ledger_sums(l, 1).repeats, 1);
    ledger_close(l);
}

static void without_ids_it_says_what_it_cannot_know(void **state)
{
    (void)state;
    struct ledger *l = ledger_open("stream");
    struct err e = { 0 };
    uint32_t post = ledger_post(l, 2, 5), found;
    ledger_acknowledge(l, 2, post, at(0, "1"), true);
    assert_int_equal(ledger_read(l, 2, at(0, "0"), S("partition-1"), true, &found), LEDGER_UNKNOWN);
    assert_int_equal(found, LEDGER_NO_POST);
    ledger_write(l, 2, found);
    assert_int_equal(ledger_read(l, 2, at(0, "1"), S("partition-1"), true, &found), LEDGER_NEW);
    ledger_write(l, 2, found);
    assert_int_equal(ledger_balance(l, &e), -1);
    assert_string_equal(e.code, "LEDGER_UNKNOWN");
    ledger_close(l);
}

static void given_up_posts_unbalance_unless_they_are_found(void **state)
{
    (void)state;
    struct ledger *l = ledger_open("batch");
    struct err e = { 0 };
    uint32_t found;
    ledger_post(l, 0, 5);
    ledger_give_up(l, 0, 0, "status 500 after 8 attempts");
    assert_int_equal(ledger_balance(l, &e), -1);
    assert_non_null(strstr(e.message, "never acknowledged: status 500 after 8 attempts"));
    assert_int_equal(ledger_read(l, 0, at(0, "0"), S("pin-0"), true, &found), LEDGER_NEW);
    ledger_write(l, 0, found);
    assert_ok(ledger_balance(l, &e), &e);
    ledger_close(l);
}

static void quarantine_and_dedupe_are_no_loss(void **state)
{
    (void)state;
    struct ledger *l = posted(2);
    struct err e = { 0 };
    uint32_t post;
    ledger_read(l, 0, at(0, "0"), (struct str){ 0 }, false, &post);
    ledger_quarantine(l, 0, post, "NOT_JSON");
    ledger_read(l, 0, at(0, "1"), (struct str){ 0 }, false, &post);
    ledger_drop_duplicate(l, 0, post);
    assert_ok(ledger_balance(l, &e), &e);
    ledger_close(l);
}

static void ids_are_read_strictly(void **state)
{
    (void)state;
    static const struct { const char *text; bool good; uint32_t post; } cases[] = {
        { "pin-0", true, 0 }, { "pin-17", true, 17 }, { "pin-", false, 0 }, { "pin", false, 0 }, { "geo-1", false, 0 },
        { "pin--1", false, 0 }, { "pin-1x", false, 0 }, { "pin-99999999999", false, 0 }, { "", false, 0 }, { "pin_1", false, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t post = 0;
        assert_int_equal(ledger_id_parse(str_of(cases[i].text), 0, &post), cases[i].good);
        if (cases[i].good)
            assert_int_equal(post, cases[i].post);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_run_balances),
        cmocka_unit_test(what_is_not_written_is_lost_by_name),
        cmocka_unit_test(written_twice_is_doubled),
        cmocka_unit_test(a_retry_is_recognised_by_its_id),
        cmocka_unit_test(without_ids_it_says_what_it_cannot_know),
        cmocka_unit_test(given_up_posts_unbalance_unless_they_are_found),
        cmocka_unit_test(quarantine_and_dedupe_are_no_loss),
        cmocka_unit_test(ids_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
