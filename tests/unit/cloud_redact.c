/* Secrets do not pass; what only looks like one does. */
#include "tests/support/t.h"

#include "mocks/cloud/journal.h"
#include "mocks/cloud/redact.h"

static void secrets_are_overwritten(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "b/k?X-Amz-Signature=deadbeef&x=1", "b/k?X-Amz-Signature=********&x=1" },
        { "X-Amz-Credential=AKIA/2026&X-Amz-Security-Token=tok&y", "X-Amz-Credential=*********&X-Amz-Security-Token=***&y" },
        { "Authorization: AWS4 Credential=AKIA", "Authorization: ********************" },
        { "AWSAccessKeyId=AKIA&Signature=abc", "AWSAccessKeyId=****&Signature=***" },
        { "CREATE USER x IDENTIFIED BY 'hun\\'ter2' REQUIRE SSL", "CREATE USER x IDENTIFIED BY ***********************" },
        { "create user x identified by 'hunter2", "create user x identified by ********" },
        { "SET PASSWORD = 'hunter2'", "SET PASSWORD = *********" },
        { "SET PASSWORD FOR 'u'@'h' = 'hunter2'", "SET PASSWORD ***********************" },
        { "SET PASSWORD=PASSWORD('x')", "SET PASSWORD=*************" },
        { "x-api-key: k1", "x-api-key: **" },
        { "The request signature we calculated does not match the signature you provided", "The request signature we calculated does not match the signature you provided" },
        { "Access denied for user 'x' (using password: YES)", "Access denied for user 'x' (using password: YES)" },
        { "password-reset-topic", "password-reset-topic" },
        { "streaming-1-pin", "streaming-1-pin" },
        { "topics/a.pin/partition=0/a.pin+0+0000000000.json", "topics/a.pin/partition=0/a.pin+0+0000000000.json" },
        { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s", cases[i].text);
        redact_text(text);
        print_message("%s\n", text);
        /* the length stays, so that it is known what was there */
        assert_int_equal(strlen(text), strlen(cases[i].text));
        assert_string_equal(text, cases[i].want);
    }
}

static bool see(void *arg, const struct journal_entry *e)
{
    struct buf *b = arg;
    buf_f(b, "%s|%s\n", e->resource, e->reason);
    return true;
}

static void the_journal_holds_none_and_forgets_the_oldest(void **state)
{
    (void)state;
    struct journal *j = journal_open(4, 100);
    struct buf b = BUF_INIT;
    struct journal_entry e = { .service = "s3", .action = "GetObject", .fault_rule = -1 };
    for (int i = 0; i < 6; i++)
        journal_add(j, &e, S("b/k?X-Amz-Signature=dead"), S("Signature=beef did not match"));
    journal_each(j, 0, see, &b);
    assert_true(str_find(buf_str(&b), S("dead")) == STR_NONE && str_find(buf_str(&b), S("beef")) == STR_NONE);
    assert_true(str_find(buf_str(&b), S("did not match")) != STR_NONE);
    assert_int_equal(journal_total(j), 6);
    assert_int_equal(journal_forgotten(j), 2);
    buf_reset(&b);
    assert_int_equal(journal_list(j, 0, 1, NULL, &b), 3); /* the oldest kept */
    assert_true(str_find(buf_str(&b), S("\"seed\":100,")) != STR_NONE);
    buf_release(&b);
    journal_close(j);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(secrets_are_overwritten), cmocka_unit_test(the_journal_holds_none_and_forgets_the_oldest) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
