/* The admin routes that show, check and empty what has arrived: topics, streams, buckets, and the journal of the calls. */
#include "tests/support/t.h"

#include "base/json.h"
#include "cli/flow.h"
#include "mocks/cloud/cloud.h"
#include "net/client.h"

struct world {
    struct clock clock;
    struct cloud *cloud;
    struct client *client;
    struct arena arena;
};

static struct client_response send(struct world *w, const char *method, const char *service, const char *target, const char *body, struct http_header header)
{
    struct err e = { 0 };
    struct client_response r = { 0 };
    const struct http_header headers[] = { { S("Content-Type"), S("application/x-amz-json-1.1") }, header };
    const struct client_request q = { .method = method, .url = arena_f(&w->arena, "%s%s", cloud_url(w->cloud, service), target), .body = str_of(body),
                                      .headers = headers, .n_headers = header.name.n ? 2 : 1 };
    assert_ok(client_do(w->client, &q, &w->arena, &r, &e), &e);
    return r;
}

static struct client_response ask(struct world *w, const char *method, const char *target, const char *body)
{
    return send(w, method, "edge", target, body, (struct http_header){ 0 });
}

static bool says(struct client_response r, const char *text)
{
    bool found = str_find(r.body, str_of(text)) != STR_NONE;
    if (!found)
        print_message("%d: " STR_F "\ndoes not say %s\n", r.status, STR_A(r.body), text);
    return found;
}

static size_t lines_of(struct client_response r)
{
    size_t n = 0;
    for (size_t i = 0; i < r.body.n; i++)
        n += r.body.p[i] == '\n';
    return n;
}

static void put_record(struct world *w, const char *body)
{
    struct client_response r = send(w, "POST", "kinesis", "/", body, (struct http_header){ S("X-Amz-Target"), S("Kinesis_20131202.PutRecord") });
    assert_int_equal(r.status, 200);
}

static void append(struct world *w, const char *topic, const char *value)
{
    struct plog *log = plog_set_ensure(cloud_topics(w->cloud), str_of(topic), 2);
    plog_append(log, 0, clock_now_ms(&w->clock), 0, (struct str){ 0 }, str_of(value));
    clock_advance_ms(&w->clock, 1000);
}

static int set_up(void **state)
{
    static const struct cloud_setting settings[] = { { "s3.buckets", "box" }, { "kinesis.auto_create", "on" }, { NULL, NULL } };
    struct world *w = mem_zero(sizeof *w);
    struct err e = { 0 };
    clock_init_virtual(&w->clock, 1700000000000);
    w->cloud = cloud_open(&(struct cloud_options){ .services = flow_services, .clock = &w->clock, .seed = 7, .auth = CLOUD_AUTH_OFF, .settings = settings }, &e);
    assert_ok(w->cloud ? 0 : -1, &e);
    w->client = client_open(&(struct client_options){ .clock = &w->clock, .max_attempts = 1 }, &e);
    append(w, "u.pin", "{\"index\":1}");
    append(w, "u.pin", "\"{\\\"index\\\":2}\"");
    append(w, "u.pin", "not json");
    put_record(w, "{\"StreamName\":\"streaming-u-pin\",\"Data\":\"eyJpbmRleCI6MX0=\",\"PartitionKey\":\"k\"}");
    put_record(w, "{\"StreamName\":\"streaming-u-pin\",\"Data\":\"ZXlKcGJtUmxlQ0k2TW4wPQ==\",\"PartitionKey\":\"k\"}");
    assert_int_equal(send(w, "PUT", "s3", "/box/a.json", "{\"index\":3}\n", (struct http_header){ 0 }).status, 200);
    clock_advance_ms(&w->clock, 1000);
    assert_int_equal(send(w, "PUT", "s3", "/box/a%20%C3%BC/b.bin", "\xff\xfe\x01", (struct http_header){ 0 }).status, 200);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    client_close(w->client);
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

/* ---- looking ---- */

static void records_are_shown_decoded_with_hints(void **state)
{
    struct world *w = *state;
    struct client_response r = ask(w, "GET", "/_weirbox/peek?topic=u.pin", "");
    assert_int_equal(lines_of(r), 3);
    assert_true(says(r, "\"place\":\"u.pin-0-1\",\"partition\":0,\"offset\":1,\"time\":\"2023-11-14T22:13:21.000Z\""));
    assert_true(says(r, "\"decoded\":{\"index\":2},\"hints\":[\"JSON inside a JSON string"));
    r = ask(w, "GET", "/_weirbox/peek?stream=streaming-u-pin", "");
    assert_int_equal(lines_of(r), 2);
    assert_true(says(r, "\"key\":\"k\",\"bytes\":11,\"value\":\"{\\\"index\\\":1}\"}"));
    assert_true(says(r, "\"decoded\":{\"index\":2},\"hints\":[\"base64 of JSON"));
    assert_true(says(r, "\"shard\":\"shardId-0000000000"));
    r = ask(w, "GET", "/_weirbox/peek?bucket=box", "");
    assert_true(says(r, "{\"place\":\"a.json\""));
    assert_true(says(r, "\"value_base64\":\"//4B\",\"hints\":[\"UTF-16"));
    assert_true(str_find(r.body, S("a.json")) < str_find(r.body, S("b.bin"))); /* by age */
}

static void the_ends_and_the_middle_can_be_asked_for(void **state)
{
    struct world *w = *state;
    struct client_response r = ask(w, "GET", "/_weirbox/peek?topic=u.pin&limit=1", "");
    assert_int_equal(lines_of(r), 1);
    assert_true(says(r, "u.pin-0-2"));
    assert_true(says(ask(w, "GET", "/_weirbox/peek?topic=u.pin&limit=1&from=start", ""), "u.pin-0-0"));
    assert_true(says(ask(w, "GET", "/_weirbox/peek?topic=u.pin&limit=1&from=1", ""), "u.pin-0-1"));
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?topic=u.pin&from=3", "")), 0);
    assert_true(says(ask(w, "GET", "/_weirbox/peek?bucket=box&from=1&limit=5", ""), "b.bin"));
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?bucket=box&from=1&limit=5", "")), 1);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?bucket=box&limit=0", "")), 0);
}

/* Each once, whatever the size of the steps. */
static void a_cursor_goes_on_where_the_last_look_ended(void **state)
{
    struct world *w = *state;
    static const char *const what[] = { "topic=u.pin", "stream=streaming-u-pin", "bucket=box" };
    static const size_t n[] = { 3, 2, 2 };
    for (size_t i = 0; i < 3; i++) {
        struct str cursor = { 0 };
        size_t seen = 0;
        for (int step = 0; step < 5; step++) {
            struct str target = cursor.p ? arena_f(&w->arena, "/_weirbox/peek?%s&limit=1&after=" STR_F, what[i], STR_A(cursor))
                                         : arena_f(&w->arena, "/_weirbox/peek?%s&limit=1&from=start", what[i]);
            struct client_response r = ask(w, "GET", target.p, "");
            assert_int_equal(r.status, 200);
            seen += lines_of(r);
            cursor = http_header_get(r.headers, r.n_headers, "Weirbox-Cursor");
        }
        assert_int_equal(seen, n[i]);
    }
    struct client_response r = ask(w, "GET", "/_weirbox/peek?topic=u.pin", "");
    struct str cursor = http_header_get(r.headers, r.n_headers, "Weirbox-Cursor");
    append(w, "u.pin", "{\"index\":4}");
    r = ask(w, "GET", arena_f(&w->arena, "/_weirbox/peek?topic=u.pin&after=" STR_F, STR_A(cursor)).p, "");
    assert_int_equal(lines_of(r), 1);
    assert_true(says(r, "u.pin-0-3"));
}

/* The last ones of all partitions are wanted: what is older must not come with the next look. */
static void a_cursor_covers_partitions_of_which_nothing_was_shown(void **state)
{
    struct world *w = *state;
    struct plog *log = plog_set_ensure(cloud_topics(w->cloud), S("two"), 2);
    for (int i = 0; i < 6; i++)
        plog_append(log, i < 3 ? 0 : 1, 1000 + i, 0, (struct str){ 0 }, S("{}"));
    struct client_response r = ask(w, "GET", "/_weirbox/peek?topic=two&limit=2", "");
    assert_true(says(r, "two-1-1") && says(r, "two-1-2"));
    struct str cursor = http_header_get(r.headers, r.n_headers, "Weirbox-Cursor");
    assert_str(cursor, "3,3");
    assert_int_equal(lines_of(ask(w, "GET", arena_f(&w->arena, "/_weirbox/peek?topic=two&after=" STR_F, STR_A(cursor)).p, "")), 0);
    r = ask(w, "GET", "/_weirbox/peek?topic=two&limit=1&from=2", "");
    assert_true(says(r, "two-0-2"));
    assert_str(http_header_get(r.headers, r.n_headers, "Weirbox-Cursor"), "3,2");
}

static void a_cursor_of_before_a_reset_begins_anew(void **state)
{
    struct world *w = *state;
    struct client_response r = ask(w, "GET", "/_weirbox/peek?topic=u.pin", "");
    struct str cursor = http_header_get(r.headers, r.n_headers, "Weirbox-Cursor");
    assert_int_equal(ask(w, "POST", "/_weirbox/reset", "").status, 200);
    append(w, "u.pin", "{\"index\":9}");
    r = ask(w, "GET", arena_f(&w->arena, "/_weirbox/peek?topic=u.pin&after=" STR_F, STR_A(cursor)).p, "");
    assert_int_equal(lines_of(r), 1);
    assert_true(says(r, "u.pin-0-0"));
}

static void looking_leaves_no_trace(void **state)
{
    struct world *w = *state;
    uint64_t before = journal_total(cloud_journal(w->cloud));
    struct err e = { 0 };
    assert_ok(faults_load(cloud_faults(w->cloud), S("[{\"throttle\":true}]"), &e), &e);
    assert_int_equal(ask(w, "GET", "/_weirbox/peek?stream=streaming-u-pin", "").status, 200);
    assert_int_equal(ask(w, "GET", "/_weirbox/peek?bucket=box", "").status, 200);
    assert_int_equal(journal_total(cloud_journal(w->cloud)), before);
}

/* ---- emptying ---- */

static void one_name_is_emptied_and_goes_on(void **state)
{
    struct world *w = *state;
    assert_int_equal(ask(w, "POST", "/_weirbox/reset?topic=u.pin", "").status, 200);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?topic=u.pin", "")), 0);
    append(w, "u.pin", "{}");
    assert_true(says(ask(w, "GET", "/_weirbox/peek?topic=u.pin", ""), "\"offset\":3"));
    assert_int_equal(ask(w, "POST", "/_weirbox/reset?stream=streaming-u-pin", "").status, 200);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?stream=streaming-u-pin", "")), 0);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?bucket=box", "")), 2);
    assert_int_equal(ask(w, "POST", "/_weirbox/reset?bucket=box", "").status, 200);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?bucket=box", "")), 0);
    assert_int_equal(send(w, "PUT", "s3", "/box/again", "x", (struct http_header){ 0 }).status, 200);
}

static void versions_are_emptied_too(void **state)
{
    struct world *w = *state;
    static const char on[] = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    assert_int_equal(send(w, "PUT", "s3", "/box?versioning", on, (struct http_header){ 0 }).status, 200);
    for (int i = 0; i < 3; i++)
        assert_int_equal(send(w, "PUT", "s3", "/box/a.json", "x", (struct http_header){ 0 }).status, 200);
    assert_int_equal(send(w, "DELETE", "s3", "/box/a.json", "", (struct http_header){ 0 }).status, 204);
    assert_int_equal(ask(w, "POST", "/_weirbox/reset?bucket=box", "").status, 200);
    struct client_response r = send(w, "GET", "s3", "/box?versions", "", (struct http_header){ 0 });
    assert_true(str_find(r.body, S("<Version>")) == STR_NONE && str_find(r.body, S("<DeleteMarker>")) == STR_NONE);
}

/* ---- checking ---- */

static void checks_hold_or_tell_the_nearest(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *check;
        int status;
        const char *says;
    } cases[] = {
        { "{\"service\":\"kinesis\",\"action\":\"PutRecord\",\"resource\":\"streaming-*\",\"status\":200,\"count\":{\"exactly\":2}}", 200, "\"matched\":2" },
        { "{\"service\":\"kinesis\",\"status\":\"2xx\",\"count\":{\"at_least\":1,\"at_most\":3}}", 200, "\"ok\":true" },
        { "{\"status\":\">=400\",\"count\":0}", 200, "exactly 0 calls with status=\\\">=400\\\"" },
        { "{\"service\":\"s3\",\"where\":{\"bytes_in\":{\"at_least\":4},\"fault\":null}}", 200, "\"matched\":1" },
        { "[{\"service\":\"kinesis\"},{\"service\":\"s3\",\"count\":2}]", 200, "\"ok\":true,\"check\":\"exactly 2 calls" },
        { "{\"checks\":[{\"action\":[\"PutRecord\",\"PutObject\"],\"count\":4}]}", 200, "\"matched\":4" },
        { "{\"service\":\"kinesis\",\"action\":\"PutRecord\",\"status\":400}", 409, "{\"field\":\"status\",\"wanted\":400,\"was\":200}],\"call\":{\"id\":" },
        { "{\"resource\":\"streaming-u-geo\"}", 409, "\"was\":\"streaming-u-pin\"" },
        { "{\"service\":\"kinesis\",\"count\":1}", 409, "\"too_many\":[{\"differs\":[],\"call\"" },
        { "{\"topic\":\"u.pin\",\"where\":{\"index\":2}}", 200, "\"matched\":1,\"looked_at\":3" },
        { "{\"topic\":\"u.pin\",\"where\":{\"index\":\"2\"}}", 409, "\"nearest\":[" },
        { "{\"topic\":\"u.pin\",\"place\":\"u.pin-0-*\",\"where\":{\"index\":7}}", 409, "{\"field\":\"index\",\"wanted\":7,\"was\":2}],\"record\":{\"place\":\"u.pin-0-1\"" },
        { "{\"stream\":\"streaming-u-pin\",\"key\":\"k\",\"where\":{\"index\":{\"not\":1}},\"count\":1}", 200, "\"ok\":true" },
        { "{\"bucket\":\"box\",\"place\":\"*.json\",\"where\":{\"index\":3}}", 200, "\"matched\":1,\"looked_at\":2" },
        { "{\"topic\":\"nothing.pin\",\"count\":0}", 200, "\"looked_at\":0" },
        { "{\"topic\":\"u.pinn\"}", 404, "there is no topic 'u.pinn'; did you mean 'u.pin'?" },
        { "{\"servce\":\"s3\"}", 400, "check 1: unknown field 'servce'; did you mean 'service'?" },
        { "{\"service\":\"kinesys\"}", 400, "no service 'kinesys'; did you mean 'kinesis'?" },
        { "[{\"service\":\"s3\"},{\"service\":\"kinesis\",\"action\":\"PutRecrod\"}]", 400, "check 2: the service has no action 'PutRecrod'; did you mean 'PutRecord'?" },
        { "{\"service\":\"s3\",\"count\":{\"exacly\":1}}", 400, "did you mean 'exactly'?" },
        { "{\"service\":\"s3\",\"count\":-1}", 400, "count must be a number" },
        { "{\"status\":{\"at_leest\":1}}", 400, "none of exactly, at_least, at_most, not" },
        { "{\"where\":{\"statuss\":1}}", 400, "did you mean 'status'?" },
        { "{\"topic\":\"u.pin\",\"index\":1}", 400, "columns go into where" },
        { "{\"service\":\n  \"s3\",,}", 400, "line 2, column 8" },
        { "7", 400, "must be an object" },
        { "[]", 400, "there is no check" },
        { "", 400, "BAD_JSON" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client_response r = ask(w, "POST", "/_weirbox/verify", cases[i].check);
        print_message("%s\n", cases[i].check);
        assert_true(says(r, cases[i].says));
        assert_int_equal(r.status, cases[i].status);
        assert_true(json_valid(str_trim(r.body)));
    }
}

static void a_journal_that_has_forgotten_proves_no_count(void **state)
{
    static const char all[] = "{\"service\":\"s3\",\"count\":{\"exactly\":3}}", some[] = "{\"service\":\"s3\",\"count\":{\"at_least\":2}}";
    struct world w = { 0 };
    struct err e = { 0 };
    (void)state;
    clock_init_virtual(&w.clock, 1700000000000);
    w.cloud = cloud_open(&(struct cloud_options){ .services = flow_services, .clock = &w.clock, .seed = 7, .auth = CLOUD_AUTH_OFF, .journal_entries = 3 }, &e);
    w.client = client_open(&(struct client_options){ .clock = &w.clock, .max_attempts = 1 }, &e);
    for (int i = 0; i < 3; i++)
        send(&w, "GET", "s3", "/", "", (struct http_header){ 0 });
    assert_int_equal(ask(&w, "POST", "/_weirbox/verify", all).status, 200);
    send(&w, "GET", "s3", "/", "", (struct http_header){ 0 });
    struct client_response r = ask(&w, "POST", "/_weirbox/verify", all);
    assert_int_equal(r.status, 409);
    assert_true(says(r, "\"forgotten\":1,\"reason\":\"the journal no longer has the oldest calls"));
    assert_int_equal(ask(&w, "POST", "/_weirbox/verify", some).status, 200);
    client_close(w.client);
    cloud_close(w.cloud);
    arena_release(&w.arena);
}

static void the_journal_is_filtered_by_the_same_words(void **state)
{
    struct world *w = *state;
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/journal?service=kinesis&status=200", "")), 2);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/journal?action=Put*&last=3", "")), 3);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/journal?resource=box/*", "")), 2);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/journal?status=4xx", "")), 0);
    struct client_response r = ask(w, "GET", "/_weirbox/journal?limit=1", "");
    assert_str(http_header_get(r.headers, r.n_headers, "Weirbox-Last"), "1");
    assert_true(says(ask(w, "GET", "/_weirbox/journal?after=1&limit=1", ""), "{\"id\":2,"));
    assert_true(says(ask(w, "GET", "/_weirbox/journal?after=99999&limit=1", ""), "{\"id\":1,")); /* of before a reset */
    assert_true(says(ask(w, "GET", "/_weirbox/journal?service=knesis", ""), "did you mean 'kinesis'?"));
    assert_int_equal(ask(w, "GET", "/_weirbox/journal?limit=x", "").status, 400);
    assert_int_equal(ask(w, "GET", "/_weirbox/journal?last=-1", "").status, 400);
}

static void mistakes_and_strangers_are_refused(void **state)
{
    struct world *w = *state;
    assert_true(says(ask(w, "GET", "/_weirbox/peek", ""), "topic=NAME, stream=NAME or bucket=NAME"));
    assert_true(says(ask(w, "GET", "/_weirbox/peek?topic=u.pin&limit=1001", ""), "limit"));
    assert_true(says(ask(w, "GET", "/_weirbox/peek?topic=u.pin&from=middle", ""), "neither start, end nor"));
    assert_true(says(ask(w, "GET", "/_weirbox/peek?topic=u.pin&after=1,x", ""), "is no cursor"));
    assert_true(says(ask(w, "GET", "/_weirbox/peek?bucket=box&after=1", ""), "is no cursor of a bucket"));
    assert_int_equal(ask(w, "GET", "/_weirbox/peek?bucket=boxx", "").status, 404);
    assert_int_equal(ask(w, "POST", "/_weirbox/reset?stream=no", "").status, 404);
    const struct http_header origin = { S("Origin"), S("http://evil.example") };
    assert_int_equal(send(w, "POST", "edge", "/_weirbox/reset?topic=u.pin", "", origin).status, 403);
    assert_int_equal(send(w, "POST", "edge", "/_weirbox/verify", "[]", origin).status, 403);
    assert_int_equal(lines_of(ask(w, "GET", "/_weirbox/peek?topic=u.pin", "")), 3);
}

int main(void)
{
#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        IN_WORLD(records_are_shown_decoded_with_hints), IN_WORLD(the_ends_and_the_middle_can_be_asked_for),
        IN_WORLD(a_cursor_goes_on_where_the_last_look_ended), IN_WORLD(a_cursor_covers_partitions_of_which_nothing_was_shown),
        IN_WORLD(a_cursor_of_before_a_reset_begins_anew), IN_WORLD(looking_leaves_no_trace), IN_WORLD(one_name_is_emptied_and_goes_on),
        IN_WORLD(versions_are_emptied_too), IN_WORLD(checks_hold_or_tell_the_nearest), cmocka_unit_test(a_journal_that_has_forgotten_proves_no_count),
        IN_WORLD(the_journal_is_filtered_by_the_same_words), IN_WORLD(mistakes_and_strangers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
