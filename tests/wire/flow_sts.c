/* Who am I, and temporary keys that every service then takes; calls for services this cloud has not. */
#include "tests/support/t.h"

#include "mocks/cloud/cloud.h"
#include "mocks/kinesis/kinesis.h"
#include "mocks/s3/s3.h"
#include "mocks/sts/sts.h"
#include "net/client.h"

static const struct service *const services[] = { &s3_service, &kinesis_service, &sts_service, NULL };
static const struct sigv4_key test_key = { S_INIT("test"), S_INIT("test"), S_INIT("") };

struct world {
    struct clock clock;
    struct cloud *cloud;
    struct arena arena;
};

static int set_up(void **state)
{
    struct world *w = mem_zero(sizeof *w);
    struct err e = { 0 };
    clock_init_virtual(&w->clock, 1700000000000);
    w->cloud = cloud_open(&(struct cloud_options){ .services = services, .clock = &w->clock, .seed = 7 }, &e);
    assert_non_null(w->cloud);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

/* A form for `service`, signed with the key; access_key.n == 0: not signed. */
static struct client_response ask(struct world *w, struct sigv4_key key, const char *service, const char *type, const char *body)
{
    struct err e = { 0 };
    struct client_response r = { 0 };
    struct client *client = client_open(&(struct client_options){ .clock = &w->clock, .max_attempts = 1, .key = key, .region = S("us-east-1") }, &e);
    struct http_header header = { S("Content-Type"), str_of(type) };
    struct client_request q = { .method = "POST", .url = arena_f(&w->arena, "%s/", cloud_url(w->cloud, "edge")), .headers = &header,
                                .n_headers = 1, .body = str_of(body), .sign = key.access_key.n > 0, .service = str_of(service) };
    assert_ok(client_do(client, &q, &w->arena, &r, &e), &e);
    client_close(client);
    return r;
}
#define FORM "application/x-www-form-urlencoded"
static struct client_response sts(struct world *w, struct sigv4_key key, const char *body) { return ask(w, key, "sts", FORM, body); }

static bool has(struct client_response r, const char *text) { return str_find(r.body, str_of(text)) != STR_NONE; }

static struct str element(struct world *w, struct client_response r, const char *name)
{
    struct str open = arena_f(&w->arena, "<%s>", name), close = arena_f(&w->arena, "</%s>", name);
    size_t from = str_find(r.body, open);
    assert_int_not_equal(from, STR_NONE);
    struct str rest = str_from(r.body, from + open.n);
    return str_head(rest, str_find(rest, close));
}

static void a_key_is_told_whose_it_is(void **state)
{
    struct world *w = *state;
    struct client_response r = sts(w, test_key, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_int_equal(r.status, 200);
    assert_str(element(w, r, "Account"), "000000000000");
    assert_str(element(w, r, "Arn"), "arn:aws:iam::000000000000:root");
    r = sts(w, (struct sigv4_key){ S("123456789012"), S("test"), S("") }, "Action=GetCallerIdentity&Version=2011-06-15");
    assert_str(element(w, r, "Account"), "123456789012");
}

static void refusals_are_those_of_aws(void **state)
{
    static const struct { const char *access, *secret, *body; int status; const char *text; } cases[] = {
        { "", "", "Action=GetCallerIdentity&Version=2011-06-15", 403, "<Code>MissingAuthenticationToken</Code>" },
        { "AKIDUNKNOWN", "x", "Action=GetCallerIdentity", 403, "<Code>InvalidClientTokenId</Code>" },
        { "test", "wrong", "Action=GetCallerIdentity", 403, "<Code>SignatureDoesNotMatch</Code>" },
        { "test", "test", "Version=2011-06-15", 400, "<Code>MissingAction</Code>" },
        { "test", "test", "Action=%3Cb%3E", 400, "Could not find operation &lt;b&gt; for" },
        { "test", "test", "Action=GetFederationToken&Name=n", 501, "does not implement GetFederationToken" },
        { "test", "test", "Action=AssumeRole&RoleSessionName=me", 400, "Value null at 'roleArn' failed to satisfy constraint" },
        { "test", "test", "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=a%20b", 400, "at 'roleSessionName' failed" },
        { "test", "test", "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=ab&DurationSeconds=1", 400, "at 'durationSeconds' failed" },
        { "test", "test", "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/r&RoleSessionName=ab&DurationSeconds=x", 400, "not a number" },
        { "test", "test", "Action=GetAccessKeyInfo&AccessKeyId=AKIAAAAAAAAAAAAAAAAA", 400, "Invalid Access Key ID" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct sigv4_key key = { str_of(cases[i].access), str_of(cases[i].secret), S("") };
        struct client_response r = sts(w, key, cases[i].body);
        if (r.status != cases[i].status || !has(r, cases[i].text))
            fail_msg("case %zu: %d " STR_F, i, r.status, STR_A(r.body));
    }
}

static void an_assumed_role_is_known_everywhere(void **state)
{
    struct world *w = *state;
    struct client_response r = sts(w, test_key, "Action=AssumeRole&RoleArn=arn:aws:iam::123456789012:role/team/kinesis-role&RoleSessionName=bob");
    assert_int_equal(r.status, 200);
    assert_str(element(w, r, "Expiration"), "2023-11-14T23:13:20.000Z");
    struct sigv4_key key = { element(w, r, "AccessKeyId"), element(w, r, "SecretAccessKey"), element(w, r, "SessionToken") };
    r = sts(w, key, "Action=GetCallerIdentity");
    assert_str(element(w, r, "Arn"), "arn:aws:sts::123456789012:assumed-role/kinesis-role/bob");
    assert_str(element(w, r, "Account"), "123456789012");
    r = ask(w, key, "kinesis", "application/x-amz-json-1.1", "{}");
    assert_int_not_equal(r.status, 501); /* no target: an error of Kinesis, not of the edge */
    key.secret = S("another");
    assert_int_equal(sts(w, key, "Action=GetCallerIdentity").status, 403);
    cloud_reset(w->cloud); /* the role is forgotten; the key is still one of its account */
    key.secret = cloud_own_key(w->cloud).secret;
    assert_str(element(w, sts(w, key, "Action=GetCallerIdentity"), "Arn"), "arn:aws:iam::123456789012:root");
}

static void other_services_are_refused_by_name(void **state)
{
    struct world *w = *state;
    struct client_response r = ask(w, test_key, "iam", FORM, "Action=ListUsers");
    assert_int_equal(r.status, 501);
    assert_true(has(r, "<Code>NotImplemented</Code>") && has(r, "no service 'iam'"));
    r = ask(w, test_key, "lambda", "application/json", "{}");
    assert_int_equal(r.status, 501);
    assert_true(has(r, "\"__type\":\"NotImplementedException\"") && has(r, "no service 'lambda'"));
    struct err e = { 0 };
    struct client *client = client_open(&(struct client_options){ .clock = &w->clock, .max_attempts = 1 }, &e);
    struct client_request q = { .method = "POST", .url = arena_f(&w->arena, "%s/api/2.1/jobs/runs/submit", cloud_url(w->cloud, "edge")) };
    assert_ok(client_do(client, &q, &w->arena, &r, &e), &e);
    client_close(client);
    assert_int_equal(r.status, 501);
    assert_true(has(r, "no service 'databricks'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_told_whose_it_is, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refusals_are_those_of_aws, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_assumed_role_is_known_everywhere, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_services_are_refused_by_name, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
