/* synth.c - the synthetic people: who posted row n, where, and when.
 *
 *   year joined   rows   persons to draw from   skew of the draw    seen in the real tables (rows, persons)
 *   2015          4,507  880                    u^2.5               4,507 of   841
 *   2016          4,791  4,900                  u^1.75              4,791 of 2,760
 *   2017          1,856  10,700                 u                   1,856 of 1,706
 */
#include "mocks/rds/synth.h"

#include <math.h>

#include "base/clock.h"
#include "mocks/rds/words.h"

_Static_assert((int)SYNTH_COUNTRIES == (int)WORDS_COUNTRIES, "one weight for each country");

const struct synth_category synth_categories[SYNTH_CATEGORIES] = {
    { "art", 0, 891 },
    { "beauty", 892, 1637 },
    { "christmas", 1638, 2636 },
    { "diy-and-crafts", 2637, 3466 },
    { "education", 3467, 4329 },
    { "event-planning", 4330, 5076 },
    { "finance", 5077, 5863 },
    { "home-decor", 5864, 6724 },
    { "mens-fashion", 6725, 7576 },
    { "quotes", 7577, 8486 },
    { "tattoos", 8487, 9456 },
    { "travel", 9457, 10315 },
    { "vehicles", 10316, 11153 },
};

/* Weights of the first countries of the alphabet; the others fall off smoothly. */
static const uint16_t heavy_countries[] = { 430, 560, 490, 320, 230, 90, 170, 135, 125, 230, 170, 345, 80, 135 };
enum { N_HEAVY = sizeof heavy_countries / sizeof *heavy_countries };

static const unsigned char age_first[] = { 20, 21, 22, 25, 36, 51 }, age_last[] = { 20, 21, 24, 35, 50, 60 };
enum { AGE_BANDS = sizeof age_first };

/* Cohorts: when one joined decides how often one posts and how old one is. The first 150 of 2015 write half of
 * that year's rows; they are young and live in the heavy countries. */
static const struct cohort {
    uint32_t rows;    /* of SYNTH_ROWS */
    uint32_t persons; /* to draw from */
    uint32_t head;    /* the first so many are the busiest */
    unsigned skew_quarters;
    int64_t joined_first_s, joined_last_s;
    unsigned joined_quarters; /* more: earlier in the span */
    uint16_t head_ages[AGE_BANDS], ages[AGE_BANDS]; /* weights */
} cohorts[] = {
    { 4507, 880, 150, 10, 1445397467, 1451606399, 8, { 66, 26, 8, 0, 0, 0 }, { 10, 12, 20, 37, 16, 5 } },
    { 4791, 4900, 0, 7, 1451606400, 1483228799, 5, { 0 }, { 77, 67, 157, 340, 250, 109 } },
    { 1856, 10700, 0, 4, 1483228800, 1508496266, 4, { 0 }, { 27, 32, 87, 293, 357, 214 } },
};
enum { N_COHORTS = sizeof cohorts / sizeof *cohorts };

static const int64_t posted_first_s = 1508426022, posted_last_s = 1666202066; /* 2017-10-19 15:13:42 .. 2022-10-19 17:54:26 */

static uint64_t mixed(uint64_t x) /* the finalizer of MurmurHash3: every bit of x moves every bit of the answer */
{
    x ^= x >> 33, x *= 0xff51afd7ed558ccdu;
    x ^= x >> 33, x *= 0xc4ceb9fe1a85ec53u;
    return x ^ (x >> 33);
}

void synth_rng(struct rng *r, uint64_t seed, enum synth_what what, uint64_t which)
{
    rng_seed(r, mixed(mixed(mixed(seed + 1) + (uint64_t)what + 1) + which + 1));
}

double synth_power(double u, unsigned quarters)
{
    double v = 1, root = sqrt(u);
    for (; quarters >= 4; quarters -= 4)
        v *= u;
    if (quarters & 2)
        v *= root;
    if (quarters & 1)
        v *= sqrt(root);
    return v;
}

static size_t weighted(struct rng *r, const uint16_t *weights, size_t n)
{
    uint64_t sum = 0, draw;
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    draw = synth_below(r, sum);
    for (size_t i = 0; i + 1 < n; draw -= weights[i++])
        if (draw < weights[i])
            return i;
    return n - 1;
}

static bool is_special(const struct synth *s, size_t n, int64_t row)
{
    for (size_t i = 0; i < n; i++)
        if (s->special[i] == row)
            return true;
    return false;
}

void synth_init(struct synth *s, uint64_t seed)
{
    struct rng r;
    uint32_t sum = 0;
    *s = (struct synth){ .seed = seed };
    synth_rng(&r, seed, SYNTH_SPECIAL, 0);
    for (size_t i = 0; i < SYNTH_SPECIALS; i++)
        do
            s->special[i] = (int64_t)synth_below(&r, SYNTH_ROWS);
        while (is_special(s, i, s->special[i]));
    /* The busiest live in the heavy countries already, so these weigh less for all others. */
    for (size_t i = 0; i < SYNTH_COUNTRIES; i++) {
        sum += i < N_HEAVY ? heavy_countries[i] * 37u / 100 : 10 + 2200 / (uint32_t)(i + 5);
        s->country_end[i] = sum;
    }
}

struct person {
    const struct cohort *cohort;
    uint32_t rank;
    struct rng r; /* the draws of this person: the same in every row */
};

static void find_person(const struct synth *s, int64_t n, struct person *ret)
{
    struct rng r;
    size_t c = 0;
    synth_rng(&r, s->seed, SYNTH_WHO, (uint64_t)n);
    for (uint64_t draw = synth_below(&r, SYNTH_ROWS); c + 1 < N_COHORTS && draw >= cohorts[c].rows; c++)
        draw -= cohorts[c].rows;
    ret->cohort = &cohorts[c];
    ret->rank = (uint32_t)(synth_power(rng_unit(&r), cohorts[c].skew_quarters) * cohorts[c].persons);
    synth_rng(&ret->r, s->seed, SYNTH_PERSON, (uint64_t)c << 32 | ret->rank);
}

static const char *country_of(const struct synth *s, const struct person *p, struct rng *r)
{
    if (p->rank < p->cohort->head)
        return words_countries[weighted(r, heavy_countries, N_HEAVY)];
    uint64_t draw = synth_below(r, s->country_end[SYNTH_COUNTRIES - 1]);
    size_t low = 0, high = SYNTH_COUNTRIES - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (draw < s->country_end[middle])
            high = middle;
        else
            low = middle + 1;
    }
    return words_countries[low];
}

/* As MySQL prints a FLOAT: at most six significant digits, and here never so small that it needs an exponent. */
static double coordinate(struct rng *r, double limit)
{
    double v = (rng_unit(r) * 2 - 1) * limit, size = fabs(v), scale = 1000;
    if (size < 0.001)
        return 0.001;
    for (double at = 100; size < at && at > 0.0005; at /= 10)
        scale *= 10;
    return round(v * scale) / scale;
}

static char *two_digits(char *p, int v)
{
    *p++ = (char)('0' + v / 10 % 10);
    *p++ = (char)('0' + v % 10);
    return p;
}

static struct str date_text(struct arena *a, int64_t epoch_s)
{
    enum { LENGTH = 19 };
    struct civil c = clock_civil(epoch_s * 1000);
    char *start = arena_alloc(a, LENGTH), *p = two_digits(two_digits(start, c.year / 100), c.year);
    const int rest[] = { c.month, c.day, c.hour, c.minute, c.second };
    for (size_t i = 0; i < 5; i++) {
        *p++ = "-- ::"[i];
        p = two_digits(p, rest[i]);
    }
    return (struct str){ start, LENGTH };
}

void synth_geo(const struct synth *s, int64_t n, struct arena *a, struct synth_geo *ret)
{
    struct person who;
    struct rng r;
    find_person(s, n, &who);
    ret->ind = n;
    ret->country = str_of(country_of(s, &who, &who.r));
    ret->latitude = coordinate(&who.r, 89.99);
    ret->longitude = coordinate(&who.r, 179.9);
    synth_rng(&r, s->seed, SYNTH_GEO, (uint64_t)n);
    ret->timestamp = date_text(a, posted_first_s + (int64_t)synth_below(&r, (uint64_t)(posted_last_s - posted_first_s) + 1));
}

void synth_user(const struct synth *s, int64_t n, struct arena *a, struct synth_user *ret)
{
    struct person who;
    find_person(s, n, &who);
    const struct cohort *c = who.cohort;
    struct rng *r = &who.r;
    country_of(s, &who, r); /* draws in the order of synth_geo: one person */
    coordinate(r, 89.99);
    coordinate(r, 179.9);
    size_t band = weighted(r, who.rank < c->head ? c->head_ages : c->ages, AGE_BANDS);
    double late = synth_power(rng_unit(r), c->joined_quarters);
    ret->ind = n;
    ret->age = age_first[band] + (int64_t)synth_below(r, (uint64_t)(age_last[band] - age_first[band]) + 1);
    ret->date_joined = date_text(a, c->joined_first_s + (int64_t)(late * (double)(c->joined_last_s - c->joined_first_s + 1)));
    ret->first_name = str_of(words_first_names.list[synth_below(r, words_first_names.n)]);
    ret->last_name = str_of(words_last_names.list[synth_below(r, words_last_names.n)]);
}
