/* A program of somebody else's: it knows the installed headers only. Arguments: a folder of tables, a baseline of them. */
#include <weirbox/cmocka.h>

#include <string.h>

static const char *golden;
static struct weirbox_options options;

/* The library's own functions are its own: these names are free. */
int buf_add(int a);
int buf_add(int a)
{
    return a + 1;
}

static void rows_and_answers_are_golden(void **state)
{
    weirbox_assert_run(*state);
    weirbox_assert_goldens(*state, golden);
    struct weirbox_ledger n = weirbox_ledger(*state, WEIRBOX_STREAM, WEIRBOX_PIN);
    assert_true(n.posted == n.written && n.posted > 0);
    assert_true(n.lost == 0 && n.doubled == 0);
    assert_non_null(strstr(weirbox_answer(*state, "users_joined_by_year"), "number_users_joined\r\n"));
    assert_null(weirbox_answer(*state, "nothing"));
    assert_int_equal(strncmp(weirbox_url(*state, "s3"), "http://127.0.0.1:", 17), 0);
    assert_null(weirbox_url(*state, "nothing"));
}

static void throttling_changes_nothing(void **state)
{
    weirbox_assert_faults(*state, "[{\"service\":\"kinesis\",\"throttle\":true,\"times\":5}]");
    weirbox_assert_run(*state);
    weirbox_assert_goldens(*state, golden);
}

static void mistakes_are_told(void **state)
{
    struct weirbox_error e;
    assert_int_equal(weirbox_check(*state, golden, &e), -1);
    assert_string_equal(e.code, "NOT_RUN");
    assert_int_equal(weirbox_faults(*state, "[{\"servise\":1}]", &e), -1);
    assert_non_null(strstr(e.message, "servise"));
    weirbox_assert_run(*state);
    assert_int_equal(weirbox_run(*state, &e), -1);
    assert_string_equal(e.code, "RAN_ALREADY");
    assert_int_equal(weirbox_check(*state, "no/such/baseline", &e), -1);
    assert_string_equal(e.code, "GOLDEN_MISSING");
    struct weirbox_options bad = { .profile = "nobody" };
    assert_null(weirbox_open(&bad, &e));
    assert_string_equal(e.code, "PROFILE_UNKNOWN");
}

static void other_rows_are_found_out(void **state)
{
    struct weirbox_error e;
    weirbox_assert_run(*state);
    assert_int_equal(weirbox_check(*state, golden, &e), -1);
    assert_string_equal(e.code, "GOLDEN_DIFFERS");
    assert_non_null(strstr(weirbox_report(*state), "differs  rows/pin"));
}

int main(int argc, char **argv)
{
    static struct weirbox_options fewer;
    if (argc < 3)
        return 2;
    options.tables_dir = fewer.tables_dir = argv[1];
    golden = argv[2];
    fewer.posts = 3;
    fewer.paths = WEIRBOX_STREAM;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate_setup_teardown(rows_and_answers_are_golden, weirbox_setup, weirbox_teardown, &options),
        cmocka_unit_test_prestate_setup_teardown(throttling_changes_nothing, weirbox_setup, weirbox_teardown, &options),
        cmocka_unit_test_prestate_setup_teardown(mistakes_are_told, weirbox_setup, weirbox_teardown, &options),
        cmocka_unit_test_prestate_setup_teardown(other_rows_are_found_out, weirbox_setup, weirbox_teardown, &fewer),
    };
    return buf_add(0) + cmocka_run_group_tests(tests, NULL, NULL) - 1;
}
