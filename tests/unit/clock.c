/* Dates both ways, their three written forms, and a virtual clock that takes no time. */
#include <pthread.h>

#include "base/clock.h"
#include "tests/support/t.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct moment {
    int64_t ms;
    const char *iso, *amz, *http;
} moments[] = {
    { 0, "1970-01-01T00:00:00.000Z", "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT" },
    { 1598586767000, "2020-08-28T03:52:47.000Z", "20200828T035247Z", "Fri, 28 Aug 2020 03:52:47 GMT" },
    { -1, "1969-12-31T23:59:59.999Z", "19691231T235959Z", "Wed, 31 Dec 1969 23:59:59 GMT" },
    { 951782400000, "2000-02-29T00:00:00.000Z", "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT" },
    { 1440938160123, "2015-08-30T12:36:00.123Z", "20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT" },
    { 4107542399999, "2100-02-28T23:59:59.999Z", "21000228T235959Z", "Sun, 28 Feb 2100 23:59:59 GMT" },
    { 4107542400000, "2100-03-01T00:00:00.000Z", "21000301T000000Z", "Mon, 01 Mar 2100 00:00:00 GMT" },
    { 253402300799999, "9999-12-31T23:59:59.999Z", "99991231T235959Z", "Fri, 31 Dec 9999 23:59:59 GMT" },
    { -62135596800000, "0001-01-01T00:00:00.000Z", "00010101T000000Z", "Mon, 01 Jan 0001 00:00:00 GMT" },
};

static void moments_are_written_in_three_forms(void **state)
{
    (void)state;
    char text[CLOCK_TEXT];
    for (size_t i = 0; i < COUNT(moments); i++) {
        assert_string_equal(clock_iso(moments[i].ms, text), moments[i].iso);
        assert_string_equal(clock_amz(moments[i].ms, text), moments[i].amz);
        assert_string_equal(clock_http(moments[i].ms, text), moments[i].http);
    }
}

static void every_day_of_a_thousand_years_goes_both_ways(void **state)
{
    (void)state;
    struct civil last = { 0 };
    for (int64_t day = -200000; day < 200000; day++) {
        int64_t ms = day * 86400000 + 45296789, back;
        struct civil c = clock_civil(ms);
        assert_true(clock_epoch_ms(&c, &back) && back == ms);
        assert_true(c.hour == 12 && c.minute == 34 && c.second == 56 && c.ms == 789);
        bool next_day = c.year == last.year && c.month == last.month && c.day == last.day + 1;
        bool next_month = c.year == last.year && c.month == last.month + 1 && c.day == 1;
        bool next_year = c.year == last.year + 1 && c.month == 1 && c.day == 1;
        assert_true(day == -200000 || next_day || next_month || next_year);
        last = c;
    }
}

static void dates_that_do_not_exist_are_refused(void **state)
{
    (void)state;
    static const struct {
        struct civil c;
        bool exists;
    } cases[] = {
        { { 2021, 2, 28, 0, 0, 0, 0 }, true },     { { 2021, 2, 29, 0, 0, 0, 0 }, false },
        { { 2020, 2, 29, 0, 0, 0, 0 }, true },     { { 2021, 2, 30, 0, 0, 0, 0 }, false },
        { { 1900, 2, 29, 0, 0, 0, 0 }, false },    { { 2000, 2, 29, 0, 0, 0, 0 }, true },
        { { 2021, 4, 31, 0, 0, 0, 0 }, false },    { { 2021, 13, 1, 0, 0, 0, 0 }, false },
        { { 2021, 0, 1, 0, 0, 0, 0 }, false },     { { 2021, 1, 0, 0, 0, 0, 0 }, false },
        { { 2021, 1, 32, 0, 0, 0, 0 }, false },    { { 2021, 1, 1, 24, 0, 0, 0 }, false },
        { { 2021, 1, 1, 23, 60, 0, 0 }, false },   { { 2021, 1, 1, 23, 59, 60, 0 }, false },
        { { 2021, 1, 1, 23, 59, 59, 1000 }, false }, { { 2021, 1, 1, -1, 0, 0, 0 }, false },
        { { 2021, -1, 1, 0, 0, 0, 0 }, false },    { { 2021, 12, 31, 23, 59, 59, 999 }, true },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t ms = 77;
        if (clock_epoch_ms(&cases[i].c, &ms) != cases[i].exists)
            fail_msg("case %zu", i);
        assert_true(cases[i].exists || ms == 77);
    }
}

static void a_virtual_clock_moves_only_when_told(void **state)
{
    (void)state;
    struct clock c;
    clock_init_virtual(&c, 1598586767123);
    int64_t began_us = clock_stopwatch_us();
    assert_true(clock_now_ms(&c) == 1598586767123);
    assert_true(clock_now_us(&c) == 1598586767123000);
    clock_wait_ms(&c, 3600000);
    assert_true(clock_now_ms(&c) == 1598586767123 + 3600000);
    clock_advance_ms(&c, 5);
    clock_wait_ms(&c, 0);
    clock_wait_ms(&c, -5);
    assert_true(clock_now_ms(&c) == 1598586767128 + 3600000);
    assert_true(clock_stopwatch_us() - began_us < 60000000);
    clock_init_virtual(&c, -1);
    assert_true(clock_now_ms(&c) == -1);
}

static void *wait_often(void *clock)
{
    for (int i = 0; i < 10000; i++)
        clock_wait_ms(clock, 1);
    return NULL;
}

static void no_wait_of_any_thread_is_forgotten(void **state)
{
    (void)state;
    struct clock c;
    clock_init_virtual(&c, 0);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_often, &c), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_true(clock_now_ms(&c) == 40000);
}

static void a_real_clock_waits_at_least_as_long_as_asked(void **state)
{
    (void)state;
    struct clock c;
    clock_init_real(&c);
    assert_true(clock_now_ms(&c) > 1600000000000);
    int64_t began_us = clock_stopwatch_us();
    clock_wait_ms(&c, 3);
    assert_true(clock_stopwatch_us() - began_us >= 3000);
    int64_t before_ms = clock_now_ms(&c);
    clock_advance_ms(&c, 1000000000);
    assert_true(clock_now_ms(&c) - before_ms < 1000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_written_in_three_forms),
        cmocka_unit_test(every_day_of_a_thousand_years_goes_both_ways),
        cmocka_unit_test(dates_that_do_not_exist_are_refused),
        cmocka_unit_test(a_virtual_clock_moves_only_when_told),
        cmocka_unit_test(no_wait_of_any_thread_is_forgotten),
        cmocka_unit_test(a_real_clock_waits_at_least_as_long_as_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
