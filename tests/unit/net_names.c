/* Which port a host name stands for. */
#include "tests/support/t.h"

#include "net/names.h"

#define TABLE "*.rds.amazonaws.com=3306,kafka.internal:9092=41,kafka.internal=42,*.internal:80=43,broken,none=0,*.amazonaws.com=4566"

static void the_first_row_that_matches_decides(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        unsigned port;
        int row;
        uint16_t target;
    } cases[] = {
        { "pinterestdbreadonly.cq2e8zno855e.eu-west-1.rds.amazonaws.com", 3306, 0, 3306 },
        { "PINTEREST.RDS.AMAZONAWS.COM.", 3306, 0, 3306 },
        { "rds.amazonaws.com", 3306, 6, 4566 },
        { "sts.eu-west-1.amazonaws.com", 443, 6, 4566 },
        { "kafka.internal", 9092, 1, 41 }, { "kafka.internal", 9093, 2, 42 }, { "kafka.internal", 0, 1, 41 },
        { "other.internal", 80, 3, 43 },   { "other.internal", 81, -1, 0 },
        { "amazonaws.com", 443, -1, 0 },   { "amazonaws.com.evil.example", 443, -1, 0 },
        { "broken", 1, -1, 0 },            { "none", 1, -1, 0 }, { "", 1, -1, 0 }, { ".", 1, -1, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint16_t target = 0;
        print_message("%s:%u\n", cases[i].host, cases[i].port);
        assert_int_equal(names_find(TABLE, cases[i].host, cases[i].port, 0, &target), cases[i].row);
        assert_int_equal(target, cases[i].target);
    }
}

static void a_matched_row_leads_to_the_row_for_the_port(void **state)
{
    (void)state;
    uint16_t target = 0;
    assert_true(names_port(TABLE, 1, 9092, &target));
    assert_int_equal(target, 41);
    assert_true(names_port(TABLE, 1, 1, &target));
    assert_int_equal(target, 42);
    assert_false(names_port(TABLE, 3, 81, &target));
    assert_false(names_port(TABLE, 99, 80, &target));
}

static void long_names_and_many_stars_end(void **state)
{
    (void)state;
    char host[400];
    memset(host, 'a', sizeof host);
    host[sizeof host - 1] = 0;
    assert_int_equal(names_find("*=1", host, 1, 0, NULL), -1);
    host[255] = 0;
    assert_int_equal(names_find("*=1", host, 1, 0, NULL), 0);
    assert_int_equal(names_find("*a*a*a*a*a*a*a*a*a*a*b=1", host, 1, 0, NULL), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_that_matches_decides),
        cmocka_unit_test(a_matched_row_leads_to_the_row_for_the_port),
        cmocka_unit_test(long_names_and_many_stars_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
