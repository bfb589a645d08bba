/* Same seed, same draws; struct pyrandom draws what CPython 3.11 draws (literals printed by it). */
#include "base/rng.h"
#include "tests/support/t.h"

static void the_emulators_rows_come_up(void **state)
{
    (void)state;
    /* random.seed(100); loop: random.randrange(0, 2); random.randint(0, 11000) */
    static const int rows[] = { 7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069, 2923, 3089 };
    struct pyrandom r;
    pyrandom_seed(&r, 100);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t pause = pyrandom_randrange(&r, 0, 2);
        assert_true(pause == 0 || pause == 1);
        assert_int_equal(pyrandom_randint(&r, 0, 11000), rows[i]);
    }
}

static const struct drawn {
    int64_t seed;
    int64_t small[5]; /* randint(0, 11000) */
    int64_t wide[3];  /* then randint(-5, 1 << 40) */
    double unit;      /* then random() */
} drawn[] = {
    { 0, { 6311, 6890, 663, 4242, 8376 }, { 891145273824, 669284121947, 1052128689538 }, 0.3580493746949883 },
    { 1, { 2201, 9325, 1033, 4179, 1931 }, { 1037017667742, 836022225942, 462949041681 }, 0.0938595867742349 },
    { -7, { 5305, 2471, 6468, 10664, 791 }, { 208460025894, 470330855152, 189139603667 }, 0.4336456836623859 },
    { 4294967296, { 1851, 5755, 6845, 273, 373 }, { 32005304383, 163801826805, 953297164295 }, 0.5010839575093858 },
    { INT64_MAX, { 5187, 10756, 10342, 2173, 8043 }, { 238170813571, 366255766499, 793312560157 }, 0.6178261545788647 },
};

static void pyrandom_draws_as_cpython(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof drawn / sizeof drawn[0]; i++) {
        struct pyrandom r;
        pyrandom_seed(&r, drawn[i].seed);
        for (int k = 0; k < 5; k++)
            assert_true(pyrandom_randint(&r, 0, 11000) == drawn[i].small[k]);
        for (int k = 0; k < 3; k++)
            assert_true(pyrandom_randint(&r, -5, (int64_t)1 << 40) == drawn[i].wide[k]);
        assert_true(pyrandom_random(&r) == drawn[i].unit);
    }
}

static void pyrandom_reaches_the_ends_of_the_integers(void **state)
{
    (void)state;
    struct pyrandom r;
    pyrandom_seed(&r, 100);
    assert_true(pyrandom_randint(&r, INT64_MIN, INT64_MAX) == -746562128276974445);
    assert_true(pyrandom_randint(&r, INT64_MIN, INT64_MAX) == 4995079542367569265);
    assert_true(pyrandom_randrange(&r, 0, INT64_MAX) == 3625095573588968412);
    assert_true(pyrandom_randint(&r, 5, 5) == 5);
    pyrandom_seed(&r, INT64_MIN);
    assert_true(pyrandom_below(&r, 1) == 0);
}

/* The state is refilled every 624 words. */
static void pyrandom_goes_on_after_a_refill(void **state)
{
    (void)state;
    struct pyrandom r;
    pyrandom_seed(&r, 100);
    int64_t sum = 0;
    for (int i = 0; i < 10000; i++)
        sum += pyrandom_randint(&r, 0, 11000);
    assert_true(sum == 55181317);
}

static void the_same_seed_draws_the_same(void **state)
{
    (void)state;
    struct rng a, b, c;
    rng_seed(&a, 42);
    rng_seed(&b, 42);
    rng_seed(&c, 43);
    bool differs = false;
    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_u64(&a);
        assert_true(x == rng_u64(&b));
        differs |= x != rng_u64(&c);
    }
    assert_true(differs);
    /* splitmix64 from 0, then xoshiro256**: the values of the authors' C code */
    rng_seed(&a, 0);
    assert_true(a.s[0] == 0xe220a8397b1dcdaf && a.s[1] == 0x6e789e6aa1b965f4);
    assert_true(rng_u64(&a) == 0x99ec5f36cb75f2b4);
}

static void draws_stay_in_range_and_reach_it(void **state)
{
    (void)state;
    struct rng r;
    rng_seed(&r, 7);
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t x = rng_below(&r, 10);
        assert_true(x < 10);
        seen |= 1u << x;
        double u = rng_unit(&r);
        assert_true(u >= 0 && u < 1);
        assert_true(rng_below(&r, (1ull << 63) + 1) <= 1ull << 63);
        assert_true(rng_below(&r, 1) == 0);
    }
    assert_int_equal(seen, 1023);
}

static void uuids_have_version_and_variant(void **state)
{
    (void)state;
    struct rng r;
    char id[RNG_UUID], other[RNG_UUID];
    rng_seed(&r, 1);
    for (int i = 0; i < 100; i++) {
        rng_uuid4(&r, id);
        assert_int_equal(strlen(id), 36);
        assert_int_equal(strspn(id, "0123456789abcdef-"), 36);
        assert_true(id[8] == '-' && id[13] == '-' && id[18] == '-' && id[23] == '-');
        assert_int_equal(id[14], '4');
        assert_non_null(strchr("89ab", id[19]));
    }
    assert_string_not_equal(id, rng_uuid4(&r, other));
}

static void bytes_of_any_length_are_filled_and_no_more(void **state)
{
    (void)state;
    for (size_t n = 0; n < 40; n++) {
        struct rng r;
        uint8_t bytes[48];
        memset(bytes, 0xee, sizeof bytes);
        rng_seed(&r, n);
        rng_bytes(&r, bytes, n);
        for (size_t i = n; i < sizeof bytes; i++)
            assert_int_equal(bytes[i], 0xee);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_emulators_rows_come_up),
        cmocka_unit_test(pyrandom_draws_as_cpython),
        cmocka_unit_test(pyrandom_reaches_the_ends_of_the_integers),
        cmocka_unit_test(pyrandom_goes_on_after_a_refill),
        cmocka_unit_test(the_same_seed_draws_the_same),
        cmocka_unit_test(draws_stay_in_range_and_reach_it),
        cmocka_unit_test(uuids_have_version_and_variant),
        cmocka_unit_test(bytes_of_any_length_are_filled_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
