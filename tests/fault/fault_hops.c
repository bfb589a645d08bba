/* Every hop of both paths meets every kind of fault: nothing may be lost or doubled, and the answers stay those of the
 * run without faults. Time is virtual: backoffs and latencies pass at once. */
#include "tests/support/t.h"

#include "cli/flow.h"

static const struct hop {
    const char *service, *action;
    int path;
} hops[] = {
    { "apigw", "*", FLOW_BATCH },
    { "kafka_rest", "Produce", FLOW_BATCH },
    { "s3", "CreateMultipartUpload", FLOW_BATCH },
    { "s3", "UploadPart", FLOW_BATCH },
    { "s3", "CompleteMultipartUpload", FLOW_BATCH },
    { "s3", "ListObjectsV2", FLOW_BATCH },
    { "s3", "GetObject", FLOW_BATCH },
    { "apigw", "*", FLOW_STREAM },
    { "kinesis", "PutRecord", FLOW_STREAM },
    { "kinesis", "ListShards", FLOW_STREAM },
    { "kinesis", "GetShardIterator", FLOW_STREAM },
    { "kinesis", "GetRecords", FLOW_STREAM },
};

/* The rule's fields behind service and action. */
static const struct effect {
    const char *name, *fields;
} effects[] = {
    { "first call fails", "\"error\":{\"statusCode\":500,\"code\":\"InternalFailure\"},\"times\":1" },
    { "three calls unavailable", "\"error\":{\"statusCode\":503,\"code\":\"ServiceUnavailable\"},\"offset\":1,\"times\":3" },
    { "throttled twice", "\"throttle\":true,\"times\":2" },
    { "every seventh throttled", "\"throttle\":true,\"every\":7,\"times\":40" },
    { "reset before the effect", "\"reset\":\"before\",\"times\":2" },
    { "lost acknowledgement", "\"reset\":\"after\",\"times\":2" },
    { "lost acknowledgements later", "\"reset\":\"after\",\"offset\":5,\"every\":11,\"times\":5" },
    { "error after the effect", "\"error\":{\"statusCode\":500},\"phase\":\"after\",\"times\":2" },
    { "slow", "\"latency_ms\":{\"min\":20,\"max\":2500},\"every\":3,\"times\":40" },
    { "one in five at random", "\"error\":{\"statusCode\":503},\"probability\":0.2,\"times\":40" },
};
enum { HOPS = sizeof hops / sizeof *hops, EFFECTS = sizeof effects / sizeof *effects };

static struct buf expected[FLOW_PATHS]; /* the answers without faults, as CSV */

static struct arena paths;

/* The 36 posts of fixtures/tables: filling the whole synthetic tables for every case would take most of the time. */
static void options(struct flow_options *o, struct clock *clock, int path)
{
    clock_init_virtual(clock, 1700000000000);
    *o = (struct flow_options){
        .tables_dir = t_source(&paths, "fixtures/tables"), .choose = { .kind = CHOOSE_ALL, .posts = -1 }, .clock = clock, .seed = 5,
        .max_attempts = 12, .settle_ms = 30000,
    };
    o->path_on[path] = true;
}

static void put_answers(const struct flow *f, int path, struct buf *out)
{
    for (size_t i = 0; i < analytics_count(f->analytics); i++)
        result_put_csv(f->paths[path].answers[i], out);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        for (size_t r = 0; r < f->paths[path].tables[t]->n_rows; r++)
            table_put_jsonl(f->paths[path].tables[t], r, out);
}

static int run_without_faults(void **state)
{
    (void)state;
    for (int path = 0; path < FLOW_PATHS; path++) {
        struct clock clock;
        struct flow_options o;
        struct flow f;
        struct err e = { 0 };
        options(&o, &clock, path);
        assert_ok(flow_run(&o, &f, &e), &e);
        assert_ok(flow_verdict(&f, &e), &e);
        put_answers(&f, path, &expected[path]);
        flow_release(&f);
    }
    return 0;
}

static int forget(void **state)
{
    (void)state;
    for (int path = 0; path < FLOW_PATHS; path++)
        buf_release(&expected[path]);
    arena_release(&paths);
    return 0;
}

/* NULL, or what went wrong. */
static const char *survive(const struct hop *hop, const struct effect *effect, struct err *e)
{
    char rules[512];
    struct clock clock;
    struct flow_options o;
    struct flow f;
    struct buf answers = BUF_INIT;
    options(&o, &clock, hop->path);
    snprintf(rules, sizeof rules, "[{\"service\":\"%s\",\"action\":\"%s\",%s}]", hop->service, hop->action, effect->fields);
    o.faults = str_of(rules);
    const char *wrong = NULL;
    if (flow_run(&o, &f, e))
        wrong = "the run did not come to its end";
    else if (flow_verdict(&f, e))
        wrong = "the ledger does not balance";
    else {
        put_answers(&f, hop->path, &answers);
        if (!str_eq(buf_str(&answers), buf_str(&expected[hop->path])))
            wrong = "the answers differ";
        else if (f.fault_hits == 0 && strstr(effect->fields, "probability") == NULL && strstr(effect->fields, "offset") == NULL)
            wrong = "the fault was never met";
    }
    buf_release(&answers);
    flow_release(&f);
    return wrong;
}

static void every_fault_on_a_hop_is_survived(void **state)
{
    const struct hop *hop = *state;
    int failed = 0;
    for (size_t i = 0; i < EFFECTS; i++) {
        struct err e = { 0 };
        const char *wrong = survive(hop, &effects[i], &e);
        if (wrong) {
            print_error("%s %s, %s: %s: %s\n", hop->service, hop->action, effects[i].name, wrong, e.message);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

static void many_faults_at_once_are_survived(void **state)
{
    (void)state;
    const struct hop everywhere[] = { { "*", "*", FLOW_BATCH }, { "*", "*", FLOW_STREAM } };
    const struct effect storms[] = {
        { "one in ten throttled", "\"throttle\":true,\"probability\":0.1" },
        { "one in twenty reset", "\"reset\":\"before\",\"probability\":0.05" },
        { "one in twenty lost", "\"reset\":\"after\",\"probability\":0.05" },
    };
    for (size_t h = 0; h < 2; h++)
        for (size_t i = 0; i < 3; i++) {
            struct err e = { 0 };
            const char *wrong = survive(&everywhere[h], &storms[i], &e);
            if (wrong)
                fail_msg("%s on %s: %s: %s", storms[i].name, everywhere[h].path ? "stream" : "batch", wrong, e.message);
        }
}

/* Runs with those rules and expects it to fail with that code. */
static void expect_failure(int path, const char *rules, bool no_post_ids, const char *code)
{
    struct clock clock;
    struct flow_options o;
    struct flow f;
    struct err e = { 0 };
    options(&o, &clock, path);
    o.faults = str_of(rules);
    o.no_post_ids = no_post_ids;
    int result = flow_run(&o, &f, &e);
    if (result == 0)
        result = flow_verdict(&f, &e);
    flow_release(&f);
    if (result == 0)
        fail_msg("%s: success was claimed", rules);
    if (code && strcmp(e.code, code))
        fail_msg("%s: %s, not %s: %s", rules, e.code, code, e.message);
}

static void without_post_ids_the_ledger_says_that_it_cannot_know(void **state)
{
    (void)state;
    expect_failure(FLOW_BATCH, "[{\"service\":\"kafka_rest\",\"action\":\"Produce\",\"reset\":\"after\",\"times\":1}]", true, "LEDGER_UNKNOWN");
    expect_failure(FLOW_STREAM, "[{\"service\":\"kinesis\",\"action\":\"PutRecord\",\"reset\":\"after\",\"times\":1}]", true, "LEDGER_UNKNOWN");
}

static void what_never_passes_is_told_and_not_hidden(void **state)
{
    (void)state;
    expect_failure(FLOW_BATCH, "[{\"service\":\"apigw\",\"error\":{\"statusCode\":500}}]", false, NULL);
    expect_failure(FLOW_BATCH, "[{\"service\":\"kafka_rest\",\"error\":{\"statusCode\":500},\"offset\":20}]", false, "LEDGER_UNBALANCED");
    expect_failure(FLOW_BATCH, "[{\"service\":\"s3\",\"action\":\"UploadPart\",\"error\":{\"statusCode\":403,\"code\":\"AccessDenied\"},\"offset\":4}]", false, NULL);
    expect_failure(FLOW_BATCH, "[{\"service\":\"s3\",\"action\":\"ListObjectsV2\",\"error\":{\"statusCode\":500}}]", false, NULL);
    expect_failure(FLOW_BATCH, "[{\"service\":\"s3\",\"action\":\"GetObject\",\"error\":{\"statusCode\":500},\"offset\":9}]", false, NULL);
    expect_failure(FLOW_STREAM, "[{\"service\":\"kinesis\",\"action\":\"PutRecord\",\"error\":{\"statusCode\":500},\"offset\":20}]", false, "LEDGER_UNBALANCED");
    expect_failure(FLOW_STREAM, "[{\"service\":\"kinesis\",\"action\":\"GetRecords\",\"error\":{\"statusCode\":500}}]", false, NULL);
}

int main(void)
{
    struct CMUnitTest tests[HOPS + 3];
    static char names[HOPS][96];
    for (size_t i = 0; i < HOPS; i++) {
        snprintf(names[i], sizeof names[i], "every fault on %s %s of the %s path is survived", hops[i].service, hops[i].action,
                 hops[i].path ? "stream" : "batch");
        tests[i] = (struct CMUnitTest){ names[i], every_fault_on_a_hop_is_survived, NULL, NULL, (void *)(uintptr_t)&hops[i] };
    }
    tests[HOPS] = (struct CMUnitTest)cmocka_unit_test(many_faults_at_once_are_survived);
    tests[HOPS + 1] = (struct CMUnitTest)cmocka_unit_test(without_post_ids_the_ledger_says_that_it_cannot_know);
    tests[HOPS + 2] = (struct CMUnitTest)cmocka_unit_test(what_never_passes_is_told_and_not_hidden);
    return cmocka_run_group_tests(tests, run_without_faults, forget);
}
