/* synth.h - synthetic rows: the shape and the dirt of the real tables, words of our own.
 *
 * Row n depends on (seed, n) only. Row n of the three tables belongs together: somebody (a person with a place,
 * who appears in many rows, as in the real tables) posted pin n. What is measured of the real tables and aimed at
 * here is in tests/unit/rds_synth.c.
 */
#ifndef MOCKS_RDS_SYNTH_H
#define MOCKS_RDS_SYNTH_H

#include "base/arena.h"
#include "base/rng.h"
#include "base/str.h"

enum { SYNTH_ROWS = 11154, SYNTH_CATEGORIES = 13, SYNTH_COUNTRIES = 243 };

/* Oddities of the real tables that exist in one row only. */
enum {
    SYNTH_NO_TITLE,    /* title is empty */
    SYNTH_UNTITLED,    /* description is Untitled */
    SYNTH_BACKSLASH,   /* in the title */
    SYNTH_C1_CONTROL,  /* U+0099 in the description */
    SYNTH_LONG_POSTER, /* poster_name of 268 characters */
    SYNTH_SPECIALS
};

struct synth {
    uint64_t seed;
    int64_t special[SYNTH_SPECIALS];        /* their rows */
    uint32_t country_end[SYNTH_COUNTRIES];  /* running sum of the countries' weights */
};
void synth_init(struct synth *s, uint64_t seed);

struct synth_pin {
    int64_t index, downloaded;
    struct str unique_id, title, description, poster_name, follower_count, tag_list, is_image_or_video, image_src,
        save_location, category;
};
struct synth_geo {
    int64_t ind;
    struct str timestamp, country;
    double latitude, longitude;
};
struct synth_user {
    int64_t ind, age;
    struct str first_name, last_name, date_joined;
};
/* n in 0..SYNTH_ROWS-1. Texts live in the arena or for ever. */
void synth_pin(const struct synth *s, int64_t n, struct arena *a, struct synth_pin *ret);
void synth_geo(const struct synth *s, int64_t n, struct arena *a, struct synth_geo *ret);
void synth_user(const struct synth *s, int64_t n, struct arena *a, struct synth_user *ret);

struct synth_category {
    const char *name;
    int64_t first, last; /* indices, both included */
};
extern const struct synth_category synth_categories[SYNTH_CATEGORIES];

/* The draws of one thing: of (seed, what it is, which one it is). */
enum synth_what { SYNTH_SPECIAL, SYNTH_PIN, SYNTH_GEO, SYNTH_WHO, SYNTH_PERSON, SYNTH_POSTER };
void synth_rng(struct rng *r, uint64_t seed, enum synth_what what, uint64_t which);
/* 0..n-1 by a product where rng_below divides: seventy draws go into one pin. Uneven by n / 2^32. */
static inline uint64_t synth_below(struct rng *r, uint64_t n) { return (rng_u64(r) >> 32) * n >> 32; }
/* u to the power quarters/4 by products and square roots, which IEEE 754 rounds alike on every machine (pow is not). */
double synth_power(double u, unsigned quarters);

#endif
