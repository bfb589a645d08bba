/* How requests name actions: every row of the table is reached by the request it describes; odd hosts, keys, names. */
#include "tests/unit/s3_local.h"

#include "mocks/s3/s3call.h"

struct routed {
    const struct action *action;
    struct str code, bucket, key;
};

static struct routed route(struct arena *a, const char *method, const char *target, const char *host, const char *header)
{
    struct http_header headers[2] = { { S("Host"), str_of(host) }, { str_of(header), S("x") } };
    struct http_request r = { .method = str_of(method), .headers = headers, .n_headers = header ? 2 : 1 };
    struct call *c = ARENA_NEW(a, struct call);
    http_request_target(&r, str_of(target));
    c->arena = a;
    c->service = &s3_service;
    c->request = &r;
    struct routed found = { .action = s3_service.route(c) };
    found.code = arena_dup(a, str_of(c->err.code));
    found.bucket = arena_dup(a, s3call_of(c)->bucket_name);
    found.key = arena_dup(a, s3call_of(c)->key);
    return found;
}

/* "PUT /{bucket}/{key}?a&b[header]" as a request. */
static void every_row_is_reached_by_what_it_says(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < s3_service.n_actions; i++) {
        const struct action *row = &s3_service.actions[i];
        struct str rest = str_of(row->match), header = { 0 };
        struct str method = str_cut(&rest, ' ');
        size_t bracket = str_chr(rest, '[');
        if (bracket != STR_NONE) {
            header = (struct str){ rest.p + bracket + 1, rest.n - bracket - 2 };
            rest = str_head(rest, bracket);
        }
        struct buf target = BUF_INIT;
        for (size_t k = 0; k < rest.n; k++)
            if (rest.p[k] != '{' && rest.p[k] != '}')
                buf_c(&target, rest.p[k]);
        struct routed r = route(&a, arena_z(&a, method), buf_cstr(&target), "localhost:9000", header.p ? arena_z(&a, header) : NULL);
        if (r.action != row)
            fail_msg("%s reaches %s", row->match, r.action ? r.action->name : "nothing");
        buf_release(&target);
    }
    assert_true(s3_service.n_actions > 100);
    arena_release(&a);
}

static void no_action_stands_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < s3_service.n_actions; i++)
        for (size_t k = i + 1; k < s3_service.n_actions; k++)
            assert_string_not_equal(s3_service.actions[i].name, s3_service.actions[k].name);
}

static const struct { const char *method, *target, *host, *action, *bucket, *key; } places[] = {
    { "GET", "/", "localhost", "ListBuckets", "", "" },
    { "GET", "/?x-id=ListBuckets", "localhost", "ListBuckets", "", "" },
    { "GET", "/bkt", "127.0.0.1:9000", "ListObjects", "bkt", "" },
    { "GET", "/bkt/", "127.0.0.1:9000", "ListObjects", "bkt", "" },
    { "GET", "/bkt//", "127.0.0.1:9000", "GetObject", "bkt", "/" },
    { "GET", "/bkt/a//b/../c/", "127.0.0.1", "GetObject", "bkt", "a//b/../c/" },
    { "PUT", "/bkt/k?x-id=PutObject", "127.0.0.1", "PutObject", "bkt", "k" },
    { "PUT", "/bkt/partition=0/t+0+%C3%A9%20x%2B%25.json", "127.0.0.1", "PutObject", "bkt", "partition=0/t+0+\xc3\xa9 x+%.json" },
    { "GET", "/?list-type=2&prefix=a", "bkt.s3.amazonaws.com", "ListObjectsV2", "bkt", "" },
    { "GET", "/k", "bkt.s3.us-east-1.amazonaws.com", "GetObject", "bkt", "k" },
    { "GET", "/k", "a.b.s3-eu-west-1.amazonaws.com:443", "GetObject", "a.b", "k" },
    { "GET", "/k", "bkt.localhost:4566", "GetObject", "bkt", "k" },
    { "GET", "/k", "bkt.s3.localhost:4566", "GetObject", "bkt", "k" },
    { "GET", "/k", "bkt.s3.localhost.localstack.cloud:4566", "GetObject", "bkt", "k" },
    { "GET", "/bkt", "s3.localhost:4566", "ListObjects", "bkt", "" },
    { "GET", "/bkt/k", "s3.amazonaws.com", "GetObject", "bkt", "k" },
    { "GET", "/bkt/k", "s3.us-east-1.amazonaws.com", "GetObject", "bkt", "k" },
    { "GET", "/k", "a.s3.b.s3.amazonaws.com", "GetObject", "a.s3.b", "k" },
    { "PUT", "/bkt/k?partNumber=1&uploadId=u", "h", "UploadPart", "bkt", "k" },
    { "PUT", "/bkt/k?partNumber=1", "h", "PutObject", "bkt", "k" },
    { "POST", "/bkt?delete=", "h", "DeleteObjects", "bkt", "" },
};

static void paths_and_hosts_name_bucket_and_key(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct routed r = route(&a, places[i].method, places[i].target, places[i].host, NULL);
        if (!r.action)
            fail_msg("%s %s: " STR_F, places[i].method, places[i].target, STR_A(r.code));
        assert_string_equal(r.action->name, places[i].action);
        assert_str(r.bucket, places[i].bucket);
        assert_str(r.key, places[i].key);
    }
    arena_release(&a);
}

static const struct { const char *method, *target, *code; } refused[] = {
    { "POST", "/", "MethodNotAllowed" }, { "DELETE", "/", "MethodNotAllowed" }, { "PATCH", "/bkt/k", "MethodNotAllowed" },
    { "get", "/bkt/k", "MethodNotAllowed" }, { "POST", "/bkt/k", "MethodNotAllowed" }, { "HEAD", "/", "MethodNotAllowed" },
    { "GET", "bkt", "InvalidURI" }, { "GET", "", "InvalidURI" }, { "GET", "/bkt/%zz", "InvalidURI" },
    { "GET", "/bkt/%", "InvalidURI" }, { "GET", "/bkt/%C3", "InvalidURI" }, { "GET", "/bkt/%ED%A0%80", "InvalidURI" },
    { "GET", "/bkt?prefix=%zz", "InvalidURI" }, { "GET", "//k", "InvalidBucketName" }, { "GET", "/b%ff/k", "InvalidBucketName" },
    { "GET", "/Bkt/k", "InvalidBucketName" }, { "PUT", "/ab", "InvalidBucketName" },
};

static void what_names_nothing_is_refused(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct routed r = route(&a, refused[i].method, refused[i].target, "h", NULL);
        if (r.action)
            fail_msg("%s %s reaches %s", refused[i].method, refused[i].target, r.action->name);
        assert_str(r.code, refused[i].code);
    }
    arena_release(&a);
}

static void keys_have_at_most_1024_bytes(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf target = BUF_INIT;
    buf_z(&target, "/bkt/");
    for (int i = 0; i < 1024; i++)
        buf_c(&target, 'k');
    assert_non_null(route(&a, "GET", buf_cstr(&target), "h", NULL).action);
    buf_c(&target, 'k');
    struct routed r = route(&a, "GET", buf_cstr(&target), "h", NULL);
    assert_null(r.action);
    assert_str(r.code, "KeyTooLongError");
    buf_release(&target);
    arena_release(&a);
}

static void a_query_has_a_bound(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct buf target = BUF_INIT;
    buf_z(&target, "/bkt?");
    for (int i = 0; i < 1000; i++)
        buf_f(&target, "q%d=1&&", i);
    assert_null(route(&a, "GET", buf_cstr(&target), "h", NULL).action);
    buf_release(&target);
    arena_release(&a);
}

static void bucket_names_follow_the_rules(void **state)
{
    (void)state;
    static const char *const good[] = { "abc", "a-b", "a.b", "1bc", "a1.b2-c3", "192.168.5.4x", "1.2.3",
        "user-0123456789ab-bucket", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890" };
    static const char *const bad[] = { "", "a", "ab", "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "192.168.5.4",
        "xn--abc", "sthree-abc", "abc-s3alias", "abc--ol-s3", "abc.mrap", "abc--x-s3", "a b", "a/b", ("a\xc3\xa9" "b"),
        "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz012345678901" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!s3call_bucket_name_valid(str_of(good[i])))
            fail_msg("refused '%s'", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (s3call_bucket_name_valid(str_of(bad[i])))
            fail_msg("accepted '%s'", bad[i]);
}

static void every_unbuilt_action_answers_501_by_name(void **state)
{
    (void)state;
    struct local *l = local_open(NULL, NULL);
    struct str body;
    assert_int_equal(local_do(l, "GET /bkt?policy", S(""), NULL, 0, &body, NULL), 501);
    assert_true(str_find(body, S("<Code>NotImplemented</Code>")) != STR_NONE);
    assert_true(str_find(body, S("GetBucketPolicy")) != STR_NONE);
    local_close(l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_reached_by_what_it_says), cmocka_unit_test(no_action_stands_twice),
        cmocka_unit_test(paths_and_hosts_name_bucket_and_key), cmocka_unit_test(what_names_nothing_is_refused),
        cmocka_unit_test(keys_have_at_most_1024_bytes), cmocka_unit_test(a_query_has_a_bound),
        cmocka_unit_test(bucket_names_follow_the_rules), cmocka_unit_test(every_unbuilt_action_answers_501_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
