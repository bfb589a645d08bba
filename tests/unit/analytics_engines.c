/* The rules of every profile, and rules that use every operation and every kind of join, in both engines (tests/support/engines.h);
 * the SQL of every dialect; the words. */
#include "tests/support/engines.h"

#include "base/embed.h"
#include "pipeline/analytics/explain.h"
#include "pipeline/analytics/sql.h"

static void native_and_sqlite_agree_under_every_profile(void **state)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct str name;
    (void)state;
    for (size_t i = 0; (name = rules_profile_name(r, i)).p; i++) {
        struct buf z = BUF_INIT;
        buf_str_add(&z, name);
        engines_compare(NULL, buf_cstr(&z), 100 + i, 1200);
        buf_release(&z);
    }
    rules_close(r);
}

static const struct engines_file ODD[] = {
    { "clean/odd.json", "{\"table\":\"odd\",\"key\":\"k\",\"dedupe\":{\"by\":[\"k\",\"low\"]},\"columns\":{"
    "\"k\":{\"type\":\"int\"},"
    "\"low\":{\"from\":\"a\",\"trim\":true,\"lower\":true,\"map\":{\"aa\":\"it's\",\"ab\":\"\\\\\"}},"
    "\"up\":{\"from\":\"a\",\"null_if_prefix\":[\"Local save in L\",\"caf\\u00e9\"],\"replace\":{\"a\":\"aa\",\"aaaa\":\"b\"},\"upper\":true,"
    "\"null_if_blank\":true,\"codes\":true},"
    "\"strip\":{\"from\":\"a\",\"strip_prefix\":[\"Local save in \",\"a\"]},"
    "\"big\":{\"from\":\"b\",\"suffix\":{\"k\":1000,\"M\":1000000000,\"'k\":2},\"type\":\"long\"},"
    "\"bigd\":{\"from\":\"b\",\"suffix\":{\"k\":1000},\"type\":\"double\"},"
    "\"day\":{\"from\":\"c\",\"timestamp\":{\"formats\":[\"yyyy-MM-dd[ HH:mm:ss]\",\"yyyy-MM-dd'T'HH:mm:ssX\",\"yyyy-MM-dd'T'HH:mm:ss.S\"],\"zone\":\"UTC\"},\"type\":\"timestamp\"},"
    "\"d\":{\"type\":\"double\"},\"flag\":{\"from\":\"b\",\"type\":\"boolean\"},\"e\":{\"type\":\"long\"},"
    "\"pair\":{\"concat\":[\"a\",{\"text\":\"-'\"},\"e\"]},\"three\":{\"array\":[\"d\",\"e\",\"b\"],\"type\":\"double\"}}}" },
    { "queries/odd_one.json", "{\"query\":\"odd_one\",\"from\":\"odd\",\"let\":{\"g\":{\"case\":\"d\",\"when\":[{\"at_most\":-0.5,\"value\":\"x\"},{\"between\":[0,5],\"value\":\"y\"},"
    "{\"at_least\":100,\"value\":\"x\"}]}},\"group_by\":[\"g\",\"flag\"],\"aggregate\":{\"n\":{\"count\":\"*\"},\"m\":{\"median\":\"d\",\"kind\":\"interpolated\"},"
    "\"l\":{\"median\":\"big\"},\"low\":{\"min\":\"day\"},\"high\":{\"max\":\"d\"}},\"order_by\":[{\"column\":\"n\",\"descending\":true}]}" },
    { "queries/odd_two.json", "{\"query\":\"odd_two\",\"from\":\"odd\",\"where\":[{\"column\":\"low\",\"in\":[\"it's\",\"bb\",\"\\\\\"]},{\"column\":\"e\",\"in\":[30,18,25]}],"
    "\"aggregate\":{\"n\":{\"count\":\"pair\"},\"m\":{\"median\":\"e\"}}}" },
};
#define N_FILES(files) (sizeof(files) / sizeof *(files))

static void native_and_sqlite_agree_on_every_operation(void **state)
{
    char root[] = P_tmpdir "/weirbox-engines-XXXXXX";
    (void)state;
    engines_make(root, ODD, N_FILES(ODD));
    for (uint64_t seed = 1; seed <= 4; seed++)
        engines_compare(root, NULL, seed, 800);
    engines_drop(root, ODD, N_FILES(ODD));
}

/* Both ways of an answer that people choose: which rows count, which year, whose name. */
static const struct engines_file JOINED[] = {
    { "profiles/left.json", "{\"profile\":\"left\",\"switches\":{\"join\":\"left\",\"null_as_string\":\"None\"}}" },
    { "profiles/outer.json", "{\"profile\":\"outer\",\"switches\":{\"join\":\"outer\",\"post_years\":null,\"join_years\":null}}" },
    { "profiles/posted.json", "{\"profile\":\"posted\",\"switches\":{\"join_year\":\"timestamp\","
      "\"join_year_joins\":[{\"table\":\"geo\",\"on\":\"ind\"}]}}" },
    { "profiles/account.json", "{\"profile\":\"account\",\"switches\":{\"top_user_name\":\"user_name\",\"ties\":\"all\","
      "\"top_user_joins\":[{\"table\":\"user\",\"on\":\"ind\",\"kind\":\"left\"}]}}" },
    { "queries/three.json", "{\"query\":\"three\",\"from\":\"geo\",\"join\":[{\"table\":\"pin\",\"on\":\"ind\",\"kind\":\"outer\"},"
      "{\"table\":\"user\",\"on\":\"ind\",\"kind\":\"outer\"}],\"group_by\":[\"country\",\"age\"],\"aggregate\":{\"n\":{\"count\":\"*\"},"
      "\"pins\":{\"count\":\"unique_id\"},\"m\":{\"median\":\"follower_count\",\"kind\":\"interpolated\"},\"least\":{\"min\":\"date_joined\"}}}" },
    { "queries/chain.json", "{\"query\":\"chain\",\"from\":\"user\",\"join\":[{\"table\":\"pin\",\"on\":\"ind\",\"kind\":\"left\"},"
      "{\"table\":\"geo\",\"on\":\"ind\",\"kind\":\"inner\"}],\"where\":[{\"column\":\"category\",\"is_null\":true}],"
      "\"group_by\":[\"geo.ind\",\"pin.ind\"],\"aggregate\":{\"n\":{\"count\":\"*\"}}}" },
    { "queries/none.json", "{\"query\":\"none\",\"from\":\"pin\",\"join\":[{\"table\":\"user\",\"on\":\"ind\",\"kind\":\"outer\"}],"
      "\"where\":[{\"column\":\"pin.ind\",\"is_null\":true}],\"aggregate\":{\"n\":{\"count\":\"*\"},\"oldest\":{\"max\":\"age\"}}}" },
};

static void native_and_sqlite_agree_on_every_kind_of_join(void **state)
{
    static const char *const PROFILES[] = { "left", "outer", "posted", "account" };
    char root[] = P_tmpdir "/weirbox-engines-XXXXXX";
    (void)state;
    engines_make(root, JOINED, N_FILES(JOINED));
    for (size_t i = 0; i < N_FILES(PROFILES); i++) {
        engines_compare(root, PROFILES[i], 200 + i, 20); /* few: most rows find no other */
        engines_compare(root, PROFILES[i], 300 + i, 600);
    }
    engines_drop(root, JOINED, N_FILES(JOINED));
}

static void every_dialect_and_words_can_be_written(void **state)
{
    static const char *const NAMES[] = { "sqlite", "duckdb", "spark" };
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    struct analytics *a = analytics_open(r, &e);
    enum sql_dialect d;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buf all = BUF_INIT, one = BUF_INIT;
        assert_true(sql_dialect_of(str_of(NAMES[i]), &d));
        assert_ok(sql_put(r, a, S(""), d, &all, &e), &e);
        assert_ok(sql_put(r, a, S("users_joined_by_year"), d, &one, &e), &e);
        assert_true(str_find(buf_str(&all), S("number_users_joined")) != STR_NONE);
        assert_true(one.n < all.n / 4);
        assert_int_equal(sql_put(r, a, S("nothing"), d, &one, &e), -1);
        assert_string_equal(e.code, "QUERY_UNKNOWN");
        buf_release(&all);
        buf_release(&one);
    }
    assert_false(sql_dialect_of(S("mysql"), &d));
    struct buf words = BUF_INIT;
    assert_ok(explain_put(r, a, S("pin"), &words, &e), &e);
    assert_true(str_find(buf_str(&words), S("one to ten digits and at most one k (times 1000)")) != STR_NONE);
    assert_int_equal(explain_put(r, a, S("nothing"), &words, &e), -1);
    buf_release(&words);
    analytics_close(a);
    rules_close(r);
}

static void the_schema_names_every_operation(void **state)
{
    struct str clean = embed_find("pipeline/rules/schema/clean.schema.json");
    (void)state;
    assert_true(json_valid(clean));
    assert_true(json_valid(embed_find("pipeline/rules/schema/query.schema.json")));
    assert_true(json_valid(embed_find("pipeline/rules/schema/profile.schema.json")));
    for (size_t i = 0; op_word(i); i++) {
        struct arena a = ARENA_INIT;
        assert_true(str_find(clean, arena_f(&a, "\"%s\": {", op_word(i))) != STR_NONE);
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_and_sqlite_agree_under_every_profile),
        cmocka_unit_test(native_and_sqlite_agree_on_every_operation),
        cmocka_unit_test(native_and_sqlite_agree_on_every_kind_of_join),
        cmocka_unit_test(every_dialect_and_words_can_be_written),
        cmocka_unit_test(the_schema_names_every_operation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
