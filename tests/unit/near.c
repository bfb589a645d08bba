/* The word that was probably meant. */
#include "tests/support/t.h"

#include "base/near.h"

static void distances_are_levenshteins(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t want;
    } cases[] = { { "", "", 0 }, { "a", "", 1 }, { "kitten", "sitting", 3 }, { "stream", "streem", 1 }, { "abc", "xyz", 3 }, { "topic", "bucket", 4 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(near_distance(cases[i].a, cases[i].b, 3), cases[i].want);
        assert_int_equal(near_distance(cases[i].b, cases[i].a, 3), cases[i].want);
    }
    assert_int_equal(near_distance("aaaaaaaa", "b", 2), 3);
    char long_word[100];
    memset(long_word, 'x', 99), long_word[99] = 0;
    assert_int_equal(near_distance(long_word, long_word, 2), 3);
}

static void the_nearest_is_kept(void **state)
{
    (void)state;
    const char *best = NULL;
    size_t least = NEAR_NONE;
    near_try("knesis", "s3", &best, &least);
    assert_null(best);
    assert_string_equal(near_say(best).text, "");
    near_try("knesis", "kinesis", &best, &least);
    near_try("knesis", "kinetics", &best, &least);
    assert_string_equal(near_say(best).text, "; did you mean 'kinesis'?");
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(distances_are_levenshteins), cmocka_unit_test(the_nearest_is_kept) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
