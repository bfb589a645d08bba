/* The eight questions on small tables: ties, duplicates, medians, bounds, nulls, nothing at all. */
#include "tests/support/t.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "pipeline/analytics/analytics.h"

struct world {
    struct rules *r;
    struct analytics *a;
    struct cleaner *pin, *geo, *user;
    const struct table *tables[3];
};

static void world_open(struct world *w, const char *dir, const char *profile)
{
    struct err e;
    *w = (struct world){ 0 };
    if (!(w->r = rules_open(dir, profile, &e)) || !(w->a = analytics_open(w->r, &e)))
        fail_msg("%s", e.message);
    w->pin = cleaner_open(w->r, S("pin"), false);
    w->geo = cleaner_open(w->r, S("geo"), false);
    w->user = cleaner_open(w->r, S("user"), false);
}

static void world_close(struct world *w)
{
    for (size_t i = 0; i < 3; i++)
        table_close((struct table *)(uintptr_t)w->tables[i]);
    cleaner_close(w->pin);
    cleaner_close(w->geo);
    cleaner_close(w->user);
    analytics_close(w->a);
    rules_close(w->r);
}

static void add(struct cleaner *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(struct cleaner *c, const char *fmt, ...)
{
    struct buf b = BUF_INIT;
    struct err e;
    va_list ap;
    va_start(ap, fmt);
    buf_vf(&b, fmt, ap);
    va_end(ap);
    assert_ok(cleaner_add(c, buf_str(&b), 0, &e) == 1 ? 0 : -1, &e);
    buf_release(&b);
}

/* Texts as JSON, so that null can be given. */
static void pin(struct world *w, int64_t ind, const char *category, const char *poster, const char *followers)
{
    add(w->pin, "{\"index\":%lld,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":%s,"
        "\"follower_count\":%s,\"tag_list\":\"a\",\"is_image_or_video\":\"image\",\"image_src\":\"s\","
        "\"save_location\":\"x\",\"category\":%s}", (long long)ind, poster, followers, category);
}

static void geo(struct world *w, int64_t ind, const char *country, const char *timestamp)
{
    add(w->geo, "{\"ind\":%lld,\"timestamp\":%s,\"latitude\":1,\"longitude\":2,\"country\":%s}", (long long)ind,
        timestamp, country);
}

static void user(struct world *w, int64_t ind, const char *age, const char *joined)
{
    add(w->user, "{\"ind\":%lld,\"first_name\":\"a\",\"last_name\":\"b\",\"age\":%s,\"date_joined\":%s}",
        (long long)ind, age, joined);
}

static void world_ready(struct world *w)
{
    struct table *tables[] = { cleaner_take(w->pin), cleaner_take(w->geo), cleaner_take(w->user) };
    for (size_t i = 0; i < 3; i++) {
        table_finish(tables[i]);
        w->tables[i] = tables[i];
    }
}

static void asked(const struct world *w, const char *query, struct buf *out)
{
    struct result *result;
    struct err e;
    size_t i = analytics_find(w->a, str_of(query));
    assert_true(i != STR_NONE);
    assert_ok(analytics_run(w->a, i, w->tables, 3, &result, &e), &e);
    buf_reset(out);
    result_put_csv(result, out);
    assert_true(result_same(result, result));
    result_close(result);
}

#define assert_answer(w, query, want) assert_answer_at((w), (query), (want), __FILE__, __LINE__)
static void assert_answer_at(const struct world *w, const char *query, const char *want, const char *file, int line)
{
    struct buf out = BUF_INIT;
    asked(w, query, &out);
    t_assert_str(buf_str(&out), want, file, line);
    buf_release(&out);
}

static void the_questions_come_in_their_order(void **state)
{
    static const char *const NAMES[] = { "popular_category_by_country", "posts_by_category_and_year", "top_user_by_country",
        "country_with_top_user", "popular_category_by_age_group", "median_followers_by_age_group", "users_joined_by_year",
        "median_followers_by_join_year", "median_followers_by_join_year_and_age_group" };
    struct world w;
    (void)state;
    world_open(&w, NULL, NULL);
    assert_int_equal(analytics_count(w.a), 9);
    for (size_t i = 0; i < 9; i++) {
        assert_str(analytics_name(w.a, i), NAMES[i]);
        assert_true(analytics_about(w.a, i).n > 10);
    }
    assert_true(analytics_find(w.a, S("nosuch")) == STR_NONE);
    world_close(&w);
}

static void fill_ties(struct world *w)
{
    static const char *const CATEGORIES[] = { "\"b\"", "\"a\"", "\"a\"", "\"b\"", "\"c\"" };
    for (int i = 0; i < 5; i++) {
        pin(w, i, CATEGORIES[i], i % 2 ? "\"zoe\"" : "\"Zoe\"", "\"5k\"");
        geo(w, i, "\"Chad\"", "\"2019-05-05 00:00:00\"");
        user(w, i, "20", "\"2016-01-01 00:00:00\"");
    }
    pin(w, 9, "\"z\"", "null", "null");
    geo(w, 9, "\"Peru\"", "\"2020-05-05 00:00:00\"");
    user(w, 9, "50", "\"2017-01-01 00:00:00\"");
    world_ready(w);
}

static void a_tie_goes_to_the_smallest_name_or_to_all(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, NULL, NULL);
    fill_ties(&w);
    assert_answer(&w, "popular_category_by_country", "country,category,category_count\r\nChad,a,2\r\nPeru,z,1\r\n");
    assert_answer(&w, "top_user_by_country", "country,poster_name,follower_count\r\nChad,Zoe,5000\r\nPeru,,\r\n");
    assert_answer(&w, "country_with_top_user", "country,follower_count\r\nChad,5000\r\n");
    assert_answer(&w, "popular_category_by_age_group", "age_group,category,category_count\r\n18-24,a,2\r\n36-50,z,1\r\n");
    world_close(&w);
    world_open(&w, NULL, "WilsonRedman");
    fill_ties(&w);
    assert_answer(&w, "popular_category_by_country",
                  "country,category,category_count\r\nChad,a,2\r\nChad,b,2\r\nPeru,z,1\r\n");
    assert_answer(&w, "top_user_by_country",
                  "country,poster_name,follower_count\r\nChad,Zoe,5000\r\nChad,zoe,5000\r\nPeru,,\r\n");
    assert_answer(&w, "country_with_top_user", "country,follower_count\r\nChad,5000\r\n");
    assert_answer(&w, "posts_by_category_and_year",
                  "post_year,category,category_count\r\n2019,a,2\r\n2019,b,2\r\n2020,z,1\r\n");
    world_close(&w);
    world_open(&w, NULL, "1lekshmi");
    fill_ties(&w);
    assert_answer(&w, "posts_by_category_and_year", "post_year,category,category_count\r\n2019,a,2\r\n2020,z,1\r\n");
    world_close(&w);
}

static void a_null_is_no_rival_of_a_number(void **state)
{
    struct world w;
    (void)state;
    world_open(&w, NULL, NULL);
    pin(&w, 1, "\"a\"", "null", "null");
    pin(&w, 2, "\"a\"", "\"poor\"", "\"0\"");
    pin(&w, 3, "null", "\"x\"", "\"bad\"");
    for (int i = 1; i <= 3; i++)
        geo(&w, i, "\"Chad\"", "\"2019-01-01 00:00:00\"");
    geo(&w, 3, "null", "null");
    world_ready(&w);
    assert_answer(&w, "top_user_by_country", "country,poster_name,follower_count\r\n,x,\r\nChad,poor,0\r\n");
    assert_answer(&w, "popular_category_by_country", "country,category,category_count\r\n,,0\r\nChad,a,2\r\n");
    assert_answer(&w, "posts_by_category_and_year", "post_year,category,category_count\r\n2019,,0\r\n2019,a,2\r\n");
    world_close(&w);
}

static void duplicates_multiply_joins_unless_dropped(void **state)
{
    static const char *const PROFILES[] = { NULL, "elishagretton" };
    (void)state;
    for (size_t p = 0; p < 2; p++) {
        struct world w;
        world_open(&w, NULL, PROFILES[p]);
        for (int i = 0; i < 3; i++)
            pin(&w, 7, "\"a\"", "\"p\"", "\"1\"");
        for (int i = 0; i < 2; i++) {
            geo(&w, 7, "\"Chad\"", "\"2018-01-01 00:00:00\"");
            user(&w, 7, "20", "\"2015-12-31 23:59:59\"");
        }
        geo(&w, 8, "\"Peru\"", "\"2018-01-01 00:00:00\""); /* no pin: an inner join leaves it out */
        pin(&w, 9, "\"b\"", "\"p\"", "\"1\"");
        world_ready(&w);
        assert_answer(&w, "popular_category_by_country", p ? "country,category,category_count\r\nChad,a,1\r\n"
                                                           : "country,category,category_count\r\nChad,a,6\r\n");
        assert_answer(&w, "users_joined_by_year", p ? "post_year,number_users_joined\r\n2015,1\r\n"
                                                    : "post_year,number_users_joined\r\n2015,2\r\n");
        world_close(&w);
    }
}

static const struct median_case {
    const char *followers[5];
    const char *lower, *interpolated;
} MEDIANS[] = {
    { { "\"5\"" }, "5", "5" },
    { { "\"5\"", "\"8\"" }, "5", "6.5" },
    { { "\"9\"", "\"1\"", "\"4\"" }, "4", "4" },
    { { "\"9\"", "\"1\"", "\"4\"", "\"2\"" }, "2", "3" },
    { { "\"7\"", "\"7\"", "\"7\"", "\"7\"", "\"1\"" }, "7", "7" },
    { { "null", "\"3\"", "null" }, "3", "3" },
    { { "null", "\"x\"" }, "", "" },
    { { "\"2147483647\"", "\"2147483646\"" }, "2147483646", "2147483646.5" },
};

static void medians_are_the_lower_element_or_interpolated(void **state)
{
    (void)state;
    for (size_t m = 0; m < 2 * sizeof MEDIANS / sizeof *MEDIANS; m++) {
        const struct median_case *c = &MEDIANS[m / 2];
        struct buf want = BUF_INIT;
        struct world w;
        world_open(&w, NULL, m % 2 ? "WilsonRedman" : NULL);
        for (int i = 0; i < 5 && c->followers[i]; i++) {
            pin(&w, i, "\"a\"", "\"p\"", c->followers[i]);
            user(&w, i, "30", "\"2016-06-06 00:00:00\"");
        }
        world_ready(&w);
        const char *value = m % 2 ? c->interpolated : c->lower;
        buf_f(&want, "age_group,median_follower_count\r\n25-35,%s\r\n", value);
        assert_answer(&w, "median_followers_by_age_group", buf_cstr(&want));
        buf_reset(&want);
        buf_f(&want, "post_year,median_follower_count\r\n2016,%s\r\n", value);
        assert_answer(&w, "median_followers_by_join_year", buf_cstr(&want));
        buf_reset(&want);
        buf_f(&want, "age_group,post_year,median_follower_count\r\n25-35,2016,%s\r\n", value);
        assert_answer(&w, "median_followers_by_join_year_and_age_group", buf_cstr(&want));
        buf_release(&want);
        world_close(&w);
    }
}

static void age_groups_include_their_bounds(void **state)
{
    static const char *const AGES[] = { "17", "18", "24", "25", "35", "36", "50", "51", "null", "\"x\"", "120", "-1" };
    struct world w;
    (void)state;
    world_open(&w, NULL, NULL);
    for (int i = 0; i < 12; i++) {
        char followers[16];
        snprintf(followers, sizeof followers, "\"%d\"", i);
        pin(&w, i, "\"a\"", "\"p\"", followers);
        user(&w, i, AGES[i], "\"2016-01-01 00:00:00\"");
    }
    world_ready(&w);
    assert_answer(&w, "popular_category_by_age_group",
                  "age_group,category,category_count\r\n18-24,a,2\r\n25-35,a,2\r\n36-50,a,2\r\n+50,a,2\r\n");
    assert_answer(&w, "median_followers_by_age_group",
                  "age_group,median_follower_count\r\n18-24,1\r\n25-35,3\r\n36-50,5\r\n+50,7\r\n");
    world_close(&w);
}

static void years_include_their_bounds(void **state)
{
    static const char *const INSTANTS[] = {
        "\"2014-12-31 23:59:59.999999\"", "\"2015-01-01 00:00:00\"", "\"2017-12-31T23:59:59\"", "\"2018-01-01 00:00:00\"",
        "\"2020-12-31 23:59:59\"", "\"2021-01-01T00:00:00\"", "\"2022-12-31 23:59:59\"", "\"2023-01-01 00:00:00\"",
        "\"2022-12-31T23:30:00-01:00\"", "\"1969-12-31 23:59:59\"", "null", "\"2020-02-30 00:00:00\"" };
    struct world w;
    (void)state;
    world_open(&w, NULL, NULL);
    for (int i = 0; i < 12; i++) {
        pin(&w, i, "\"a\"", "\"p\"", "\"4\"");
        geo(&w, i, "\"Chad\"", INSTANTS[i]);
        user(&w, i, "30", INSTANTS[i]);
    }
    world_ready(&w);
    assert_answer(&w, "posts_by_category_and_year",
                  "post_year,category,category_count\r\n2018,a,1\r\n2020,a,1\r\n2021,a,1\r\n2022,a,1\r\n");
    assert_answer(&w, "users_joined_by_year",
                  "post_year,number_users_joined\r\n2015,1\r\n2017,1\r\n2018,1\r\n2020,1\r\n");
    assert_answer(&w, "median_followers_by_join_year",
                  "post_year,median_follower_count\r\n2015,4\r\n2017,4\r\n2018,4\r\n2020,4\r\n");
    world_close(&w);
}

static void empty_tables_give_headers(void **state)
{
    struct world w;
    struct buf out = BUF_INIT;
    (void)state;
    world_open(&w, NULL, NULL);
    world_ready(&w);
    for (size_t i = 0; i < analytics_count(w.a); i++) {
        struct arena a = ARENA_INIT;
        asked(&w, arena_z(&a, analytics_name(w.a, i)), &out);
        assert_true(out.n > 10 && str_chr(buf_str(&out), '\n') == out.n - 1);
        arena_release(&a);
    }
    buf_release(&out);
    world_close(&w);
}

static void a_missing_table_is_told(void **state)
{
    struct world w;
    struct result *result;
    struct err e;
    (void)state;
    world_open(&w, NULL, NULL);
    world_ready(&w);
    assert_int_equal(analytics_run(w.a, 0, w.tables, 1, &result, &e), -1);
    assert_non_null(strstr(e.message, "popular_category_by_country asks about table geo"));
    world_close(&w);
}

static void keys_far_apart_join_as_well(void **state)
{
    static const int64_t KEYS[] = { INT64_MIN, -7, 0, 11153, INT64_C(5000000000), INT64_MAX };
    struct world w;
    (void)state;
    world_open(&w, NULL, NULL);
    for (int i = 0; i < 6; i++) {
        pin(&w, KEYS[i], "\"a\"", "\"p\"", "\"1\"");
        pin(&w, i + 100, "\"b\"", "\"p\"", "\"1\"");
        geo(&w, KEYS[5 - i], "\"Chad\"", "\"2018-01-01 00:00:00\"");
    }
    world_ready(&w);
    assert_answer(&w, "popular_category_by_country", "country,category,category_count\r\nChad,a,6\r\n");
    world_close(&w);
}

/* The same rows, in a shuffled order by `seed`. */
static void fill_shuffled(struct world *w, uint64_t seed)
{
    enum { N = 2000 };
    struct rng g;
    size_t order[N];
    rng_seed(&g, seed);
    for (size_t i = 0; i < N; i++)
        order[i] = i;
    for (size_t i = N; i > 1; i--) {
        size_t k = rng_below(&g, i), swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
    for (size_t i = 0; i < N; i++) {
        char text[5][40];
        int n = (int)order[i];
        snprintf(text[0], 40, "\"c%d\"", n * 7 % 13);
        snprintf(text[1], 40, "\"p%d\"", n * 31 % 300);
        snprintf(text[2], 40, "\"%d%s\"", n * 17 % 900, n % 3 ? "k" : "");
        pin(w, n / 2, text[0], text[1], text[2]);
        snprintf(text[3], 40, "\"land %d\"", n * 3 % 90);
        snprintf(text[4], 40, "\"20%02d-03-04 05:06:07\"", 14 + n % 10);
        geo(w, n * 2 % 1500, text[3], text[4]);
        snprintf(text[3], 40, "%d", 15 + n % 45);
        user(w, n * 5 % 1700, text[3], text[4]);
    }
}

static void answers_do_not_depend_on_the_order_of_rows(void **state)
{
    static const char *const PROFILES[] = { NULL, "1lekshmi", "WilsonRedman" };
    struct buf got = BUF_INIT, want[9];
    (void)state;
    for (size_t p = 0; p < 3; p++) {
        for (uint64_t seed = 1; seed <= 3; seed++) {
            struct world w;
            struct arena a = ARENA_INIT;
            world_open(&w, NULL, PROFILES[p]);
            fill_shuffled(&w, seed);
            w.tables[0] = cleaner_take(w.pin); /* not sorted: the queries must not need it */
            w.tables[1] = cleaner_take(w.geo);
            w.tables[2] = cleaner_take(w.user);
            for (size_t i = 0; i < 9; i++) {
                asked(&w, arena_z(&a, analytics_name(w.a, i)), &got);
                if (seed == 1) {
                    want[i] = got;
                    got = BUF_INIT;
                    assert_true(want[i].n > 30);
                } else {
                    assert_true(str_eq(buf_str(&got), buf_str(&want[i])));
                }
            }
            arena_release(&a);
            world_close(&w);
        }
        for (size_t i = 0; i < 9; i++)
            buf_release(&want[i]);
    }
    buf_release(&got);
}

/* ---- query files ---- */

static void put_query(const char *dir, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/queries", dir);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/queries/q.json", dir);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void drop_query(const char *dir)
{
    char path[160];
    snprintf(path, sizeof path, "%s/queries/q.json", dir);
    unlink(path);
    snprintf(path, sizeof path, "%s/queries", dir);
    rmdir(path);
    rmdir(dir);
}

#define Q(rest) "{\"query\":\"q\",\"from\":\"pin\"," rest "}"
#define GEO "\"join\":[{\"table\":\"geo\",\"on\":\"ind\"}],"
#define COUNT "\"aggregate\":{\"n\":{\"count\":\"*\"}}"

static const struct query_case {
    const char *text, *want;
} QUERIES[] = {
    { Q(COUNT), "n\r\n6\r\n" },
    { Q(COUNT ",\"where\":[{\"column\":\"ind\",\"at_least\":100}]"), "n\r\n0\r\n" },
    { Q("\"aggregate\":{\"n\":{\"count\":\"poster_name\"},\"low\":{\"min\":\"follower_count\"},\"high\":{\"max\":\"follower_count\"}}"),
      "n,low,high\r\n5,5000,5000\r\n" },
    { Q("\"group_by\":[\"category\"]," COUNT ",\"order_by\":[{\"column\":\"n\",\"descending\":true}]"),
      "category,n\r\na,2\r\nb,2\r\nc,1\r\nz,1\r\n" },
    { Q("\"group_by\":[\"category\"]," COUNT ",\"where\":[{\"column\":\"category\",\"in\":[\"a\",\"z\"]}]"),
      "category,n\r\na,2\r\nz,1\r\n" },
    { Q("\"group_by\":[\"category\"]," COUNT ",\"where\":[{\"column\":\"category\",\"equals\":\"b\"},{\"column\":\"ind\",\"at_most\":1}]"),
      "category,n\r\nb,1\r\n" },
    { Q(COUNT ",\"where\":[{\"column\":\"poster_name\",\"is_null\":true}]"), "n\r\n1\r\n" },
    { Q(COUNT ",\"where\":[{\"column\":\"ind\",\"in\":[0,9,77]}]"), "n\r\n2\r\n" },
    { Q(COUNT ",\"where\":[{\"column\":\"ind\"}]"), "n\r\n6\r\n" },
    { Q(GEO "\"group_by\":[\"geo.country\"]," COUNT), "geo.country,n\r\nChad,5\r\nPeru,1\r\n" },
    { Q(GEO "\"aggregate\":{\"last\":{\"max\":\"timestamp\"}}"), "last\r\n2020-05-05T00:00:00Z\r\n" },
    { Q("\"let\":{\"half\":{\"case\":\"ind\",\"when\":[{\"at_most\":2,\"value\":\"low\"},{\"equals\":9,\"value\":\"nine\"}]}},"
        "\"group_by\":[\"half\"]," COUNT), "half,n\r\n,2\r\nlow,3\r\nnine,1\r\n" },
};

static void a_query_of_ones_own_is_answered(void **state)
{
    char dir[64];
    (void)state;
    snprintf(dir, sizeof dir, "%s/weirbox-queries-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof QUERIES / sizeof *QUERIES; i++) {
        struct world w;
        put_query(dir, QUERIES[i].text);
        world_open(&w, dir, NULL);
        fill_ties(&w);
        assert_answer(&w, "q", QUERIES[i].want);
        world_close(&w);
    }
    drop_query(dir);
}

/* pin 0, 1, 1, 5 and geo 1, 1, 7: two of each that are equal make four pairs. */
static void a_join_of_each_kind_keeps_what_it_says(void **state)
{
    static const struct { const char *kind, *want; } KINDS[] = {
        { "inner", "country,n,pins\r\nChad,4,4\r\n" },
        { "left", "country,n,pins\r\n,2,2\r\nChad,4,4\r\n" },
        { "outer", "country,n,pins\r\n,2,2\r\nChad,4,4\r\nPeru,1,0\r\n" },
    };
    static const int64_t PINS[] = { 0, 1, 1, 5 };
    char dir[64], text[400];
    (void)state;
    snprintf(dir, sizeof dir, "%s/weirbox-queries-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
        struct world w;
        snprintf(text, sizeof text, Q("\"join\":[{\"table\":\"geo\",\"on\":\"ind\",\"kind\":\"%s\"}],\"group_by\":[\"country\"],"
                 "\"aggregate\":{\"n\":{\"count\":\"*\"},\"pins\":{\"count\":\"unique_id\"}}"), KINDS[i].kind);
        put_query(dir, text);
        world_open(&w, dir, NULL);
        for (size_t k = 0; k < sizeof PINS / sizeof *PINS; k++)
            pin(&w, PINS[k], "\"a\"", "\"p\"", "\"1k\"");
        geo(&w, 1, "\"Chad\"", "\"2019-05-05 00:00:00\"");
        geo(&w, 7, "\"Peru\"", "\"2019-05-05 00:00:00\"");
        geo(&w, 1, "\"Chad\"", "\"2019-05-05 00:00:00\"");
        world_ready(&w);
        assert_answer(&w, "q", KINDS[i].want);
        world_close(&w);
    }
    drop_query(dir);
}

static const struct query_mistake {
    const char *text, *says;
} MISTAKES[] = {
    { "{\"query\":\"q\"}", "q.json:1:1: needs \"from\"" },
    { "{\"query\":\"q\",\"from\":\"pins\"}", "from: unknown table \"pins\"; did you mean \"pin\"?" },
    { Q("\"group_by\":[\"categry\"]," COUNT), "group_by[0]: unknown column \"categry\"; did you mean \"category\"?" },
    { Q("\"group_by\":[\"country\"]," COUNT), "group_by[0]: unknown column \"country\"" },
    { Q("\"where\":[{\"column\":\"nope\"}]," COUNT), "where[0].column: unknown column \"nope\"" },
    { Q("\"where\":[{\"column\":\"ind\",\"betwen\":[1,2]}]," COUNT), "where[0].betwen: unknown word \"betwen\"; did you mean \"between\"?" },
    { Q("\"where\":[{\"column\":\"ind\",\"between\":[1]}]," COUNT), "must be [lowest, highest]" },
    { Q("\"where\":[{\"column\":\"ind\",\"between\":[3,1]}]," COUNT), "the lowest value is above the highest" },
    { Q("\"where\":[{\"column\":\"ind\",\"at_least\":\"x\"}]," COUNT), "must be a whole number" },
    { Q("\"where\":[{\"column\":\"title\",\"at_least\":1}]," COUNT), "\"title\" is no number" },
    { Q("\"join\":[{\"table\":\"pin\",\"on\":\"ind\"}]," COUNT), "the table is in the query already" },
    { Q("\"join\":[{\"table\":\"geo\",\"on\":\"country\"}]," COUNT), "both tables must have the column \"country\"" },
    { Q("\"join\":[{\"table\":\"geo\",\"on\":\"ind\",\"kind\":\"right\"}]," COUNT), "join[0].kind: unknown kind of join \"right\"; known are: inner, left, outer" },
    { Q("\"join\":[{\"table\":\"geo\"}]," COUNT), "a join is written" },
    { Q(GEO "\"group_by\":[\"coordinates\"]," COUNT), "is an array and cannot be asked about" },
    { Q("\"let\":{\"y\":{\"year\":\"ind\"}}," COUNT), "\"year\" needs a column of type timestamp" },
    { Q("\"let\":{\"y\":{\"case\":\"title\",\"when\":[]}}," COUNT), "\"case\" needs a column of numbers" },
    { Q("\"let\":{\"y\":{\"case\":\"ind\",\"when\":[{\"value\":\"x\"}]}}," COUNT), "let.y.when[0]: needs a bound" },
    { Q("\"let\":{\"y\":{}}," COUNT), "let.y: must be {\"year\": COLUMN}" },
    { Q("\"group_by\":[\"ind\"]"), "needs \"aggregate\"" },
    { Q("\"aggregate\":{\"n\":{\"sum\":\"ind\"}}"), "aggregate.n.sum: unknown word \"sum\"" },
    { Q("\"aggregate\":{\"n\":{\"max\":\"title\"}}"), "\"title\" is no column of numbers" },
    { Q("\"aggregate\":{\"n\":{\"max\":\"ind\",\"min\":\"ind\"}}"), "is one of count, max, min and median, not two" },
    { Q("\"aggregate\":{\"n\":{\"median\":\"ind\",\"kind\":\"upper\"}}"), "unknown median \"upper\"; known are: lower, interpolated" },
    { Q(COUNT ",\"top\":{\"per\":[]}"), "top: needs \"by\"" },
    { Q(COUNT ",\"top\":{\"by\":\"m\"}"), "top.by: unknown column of the answer \"m\"; known are: n" },
    { Q(COUNT ",\"top\":{\"by\":\"n\",\"ties\":\"some\"}"), "unknown rule for ties \"some\"" },
    { Q(COUNT ",\"order_by\":[\"ind\"]"), "order_by[0]: unknown column of the answer \"ind\"" },
};

static void mistakes_in_a_query_name_their_place(void **state)
{
    char dir[64];
    struct err e;
    (void)state;
    snprintf(dir, sizeof dir, "%s/weirbox-queries-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) {
        put_query(dir, MISTAKES[i].text);
        struct rules *r = rules_open(dir, NULL, &e);
        if (!r)
            fail_msg("%s", e.message);
        struct analytics *a = analytics_open(r, &e);
        if (a)
            fail_msg("was accepted: %s", MISTAKES[i].text);
        if (!strstr(e.message, MISTAKES[i].says) || !strstr(e.message, "queries/q.json:1:"))
            fail_msg("case %zu: %s", i, e.message);
        rules_close(r);
    }
    drop_query(dir);
}

static void a_result_is_written_as_json_too(void **state)
{
    struct world w;
    struct result *result;
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    world_open(&w, NULL, NULL);
    fill_ties(&w);
    assert_ok(analytics_run(w.a, 2, w.tables, 3, &result, &e), &e);
    result_put_json(result, &b);
    assert_str(buf_str(&b), "{\"query\":\"top_user_by_country\",\"columns\":[\"country\",\"poster_name\",\"follower_count\"],"
                            "\"rows\":[[\"Chad\",\"Zoe\",5000],[\"Peru\",null,null]]}");
    assert_int_equal(result_cell(result, 0, 2)->i, 5000);
    result_close(result);
    buf_release(&b);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_questions_come_in_their_order),
        cmocka_unit_test(a_tie_goes_to_the_smallest_name_or_to_all),
        cmocka_unit_test(a_null_is_no_rival_of_a_number),
        cmocka_unit_test(duplicates_multiply_joins_unless_dropped),
        cmocka_unit_test(medians_are_the_lower_element_or_interpolated),
        cmocka_unit_test(age_groups_include_their_bounds),
        cmocka_unit_test(years_include_their_bounds),
        cmocka_unit_test(empty_tables_give_headers),
        cmocka_unit_test(a_missing_table_is_told),
        cmocka_unit_test(keys_far_apart_join_as_well),
        cmocka_unit_test(answers_do_not_depend_on_the_order_of_rows),
        cmocka_unit_test(a_query_of_ones_own_is_answered),
        cmocka_unit_test(a_join_of_each_kind_keeps_what_it_says),
        cmocka_unit_test(mistakes_in_a_query_name_their_place),
        cmocka_unit_test(a_result_is_written_as_json_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
