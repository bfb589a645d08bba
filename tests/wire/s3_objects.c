/* Objects over real HTTP: keys as they are, ranges, conditions, long lists, many writers at once, faults. */
#include "tests/wire/s3_world.h"

#include "mocks/cloud/fault.h"

static const struct cloud_setting settings[] = { { "s3.buckets", "given" }, { 0 } };

/* ---- keys ---- */

static const char *const odd_keys[] = {
    "topics/t.pin/partition=0/t.pin+0+0000000000.json", "a b", "a+b", "a%b", "a%2Fb", "a=b&c=d", "a?b#c", "\xc3\xbcn\xc3\xaf/\xf0\x9f\x98\x80",
    "..", "../up", "a/../b", "./a", "//", "/a", "a/", "~'()*!$,;:@", "\"<>&\\^`{|}", "a\nb\tc", "a\x01",
};

static struct str encode(struct world *w, struct str text, const char *keep)
{
    struct buf out = BUF_INIT;
    codec_percent(&out, text, keep);
    struct str copy = arena_dup(&w->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

static void keys_come_back_as_they_were(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    for (size_t i = 0; i < sizeof odd_keys / sizeof *odd_keys; i++) {
        struct str key = encode(w, str_of(odd_keys[i]), "");
        const char *put = arena_f(&w->arena, "PUT /given/" STR_F, STR_A(key)).p, *get = arena_f(&w->arena, "GET /given/" STR_F, STR_A(key)).p;
        assert_int_equal(s3_world_do(w, put, NULL, str_of(odd_keys[i])).status, 200);
        assert_str(s3_world_do(w, get, NULL, S("")).body, odd_keys[i]);
        struct client_response r = s3_world_do(w, arena_f(&w->arena, "GET /given?list-type=2&encoding-type=url&prefix=" STR_F, STR_A(key)).p, NULL, S(""));
        struct buf listed = BUF_INIT;
        codec_unpercent(&listed, s3_world_element(r.body, "Key"), false);
        assert_str(buf_str(&listed), odd_keys[i]);
        buf_release(&listed);
    }
    struct client_response all = s3_world_do(w, "GET /given?list-type=2", NULL, S(""));
    assert_true(s3_world_has(all.body, "<Key>a&#x1;</Key>"));
    assert_true(s3_world_has(all.body, "<KeyCount>19</KeyCount>"));
    s3_world_close(w);
}

static void plus_and_equals_may_be_sent_as_they_are(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    assert_int_equal(s3_world_do(w, "PUT /given/partition=0/t+0+1.json", NULL, S("raw")).status, 200);
    assert_str(s3_world_do(w, "GET /given/partition%3D0/t%2B0%2B1.json", NULL, S("")).body, "raw");
    s3_world_close(w);
}

static void long_keys_are_taken_up_to_1024_bytes(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    char *key = arena_alloc(&w->arena, 1026);
    memset(key, 'k', 1025);
    key[1025] = 0;
    struct client_response r = s3_world_do(w, arena_f(&w->arena, "PUT /given/%s", key).p, NULL, S("x"));
    assert_int_equal(r.status, 400);
    assert_str(s3_world_element(r.body, "Code"), "KeyTooLongError");
    assert_int_equal(s3_world_do(w, arena_f(&w->arena, "PUT /given/%s", key + 1).p, NULL, S("x")).status, 200);
    s3_world_close(w);
}

/* ---- ranges ---- */

static const struct { const char *range; int status; const char *body, *content_range; } ranges[] = {
    { "bytes=0-0", 206, "0", "bytes 0-0/10" }, { "bytes=0-", 206, "0123456789", "bytes 0-9/10" },
    { "bytes=3-5", 206, "345", "bytes 3-5/10" }, { "bytes=9-", 206, "9", "bytes 9-9/10" },
    { "bytes=5-100", 206, "56789", "bytes 5-9/10" }, { "bytes=-3", 206, "789", "bytes 7-9/10" },
    { "bytes=-100", 206, "0123456789", "bytes 0-9/10" }, { "bytes=10-", 416, NULL, NULL }, { "bytes=10-20", 416, NULL, NULL },
    { "bytes=-0", 416, NULL, NULL }, { "bytes=5-3", 200, "0123456789", NULL }, { "bytes=a-b", 200, "0123456789", NULL },
    { "bytes=", 200, "0123456789", NULL }, { "bytes=-", 200, "0123456789", NULL }, { "bytes=1", 200, "0123456789", NULL },
    { "bytes=0-1,3-4", 200, "0123456789", NULL }, { "lines=0-1", 200, "0123456789", NULL }, { "bytes=--1", 200, "0123456789", NULL },
    { "bytes=99999999999999999999-", 200, "0123456789", NULL }, { "bytes=0-99999999999999999999", 200, "0123456789", NULL },
};

static void ranges_are_honoured_refused_or_ignored(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    s3_world_do(w, "PUT /given/k", NULL, S("0123456789"));
    s3_world_do(w, "PUT /given/empty", NULL, S(""));
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        struct client_response r = s3_world_do(w, "GET /given/k", arena_f(&w->arena, "Range: %s", ranges[i].range).p, S(""));
        if (r.status != ranges[i].status)
            fail_msg("%s: %d", ranges[i].range, r.status);
        if (r.status == 416)
            assert_true(s3_world_has(r.body, "<ActualObjectSize>10</ActualObjectSize>"));
        else
            assert_str(r.body, ranges[i].body);
        if (ranges[i].content_range)
            assert_str(s3_world_header(&r, "Content-Range"), ranges[i].content_range);
    }
    assert_int_equal(s3_world_do(w, "GET /given/empty", "Range: bytes=0-", S("")).status, 416);
    assert_int_equal(s3_world_do(w, "GET /given/empty", NULL, S("")).status, 200);
    struct client_response head = s3_world_do(w, "HEAD /given/k", "Range: bytes=2-4", S(""));
    assert_int_equal(head.status, 206);
    assert_str(s3_world_header(&head, "Content-Length"), "3");
    s3_world_close(w);
}

/* ---- conditions ---- */

#define ETAG "\"5d41402abc4b2a76b9719d911017c592\""
#define DAY "Fri, 01 Jan 2021 00:00:00 GMT"
#define BEFORE "Thu, 31 Dec 2020 23:59:59 GMT"

static const struct { const char *headers; int status; } conditions[] = {
    { "If-Match: " ETAG, 200 }, { "If-Match: *", 200 }, { "If-Match: 5d41402abc4b2a76b9719d911017c592", 200 },
    { "If-Match: \"x\", " ETAG, 200 }, { "If-Match: \"x\"", 412 },
    { "If-None-Match: " ETAG, 304 }, { "If-None-Match: *", 304 }, { "If-None-Match: W/" ETAG, 304 }, { "If-None-Match: \"x\"", 200 },
    { "If-Modified-Since: " DAY, 304 }, { "If-Modified-Since: " BEFORE, 200 }, { "If-Modified-Since: nonsense", 200 },
    { "If-Unmodified-Since: " DAY, 200 }, { "If-Unmodified-Since: " BEFORE, 412 },
    { "If-Match: " ETAG "\nIf-Unmodified-Since: " BEFORE, 200 }, /* RFC 9110, 13.2.2: the date is not looked at */
    { "If-None-Match: \"x\"\nIf-Modified-Since: " DAY, 200 },
    { "If-Match: " ETAG "\nIf-None-Match: " ETAG, 304 }, { "If-Match: \"x\"\nIf-None-Match: " ETAG, 412 },
    { "If-Match: \"x\"\nRange: bytes=99-", 412 }, { "If-Match: " ETAG "\nRange: bytes=1-2", 206 },
};

static void conditions_of_reads_are_judged_in_order(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    s3_world_do(w, "PUT /given/k", NULL, S("hello"));
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        for (int head = 0; head < 2; head++) {
            struct client_response r = s3_world_do(w, head ? "HEAD /given/k" : "GET /given/k", conditions[i].headers, S(""));
            if (r.status != conditions[i].status)
                fail_msg("%s: %d, want %d", conditions[i].headers, r.status, conditions[i].status);
            if (r.status == 304) {
                assert_int_equal(r.body.n, 0);
                assert_str(s3_world_header(&r, "ETag"), ETAG);
            }
        }
    s3_world_close(w);
}

/* ---- many at once ---- */

struct tally {
    int n200, n412, other;
};

static void count(void *arg, const struct client_response *r)
{
    struct tally *t = arg;
    t->n200 += r->status == 200;
    t->n412 += r->status == 412;
    t->other += r->status != 200 && r->status != 412;
}

static void of_twenty_writers_exactly_one_makes_the_object(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    for (int round = 0; round < 10; round++) {
        struct tally t = { 0 };
        struct http_header only_new = { S("If-None-Match"), S("*") };
        for (int i = 0; i < 20; i++) {
            struct client_request r = { .method = "PUT", .headers = &only_new, .n_headers = 1, .sign = true, .service = S("s3"),
                                        .body = arena_f(&w->arena, "writer %d", i), .done = count, .arg = &t,
                                        .url = arena_f(&w->arena, "%s/given/race%d", cloud_url(w->cloud, "s3"), round) };
            client_start(w->client, &r);
        }
        client_run(w->client, 0);
        assert_int_equal(t.n200, 1);
        assert_int_equal(t.n412, 19);
        assert_int_equal(t.other, 0);
    }
    s3_world_close(w);
}

static void two_thousand_five_hundred_keys_come_in_three_pages(void **state)
{
    (void)state;
    enum { N = 2500 };
    struct world *w = s3_world_open(settings, NULL, false);
    struct tally t = { 0 };
    for (int i = 0; i < N; i++) {
        int k = i * 7 % N;
        struct client_request r = { .method = "PUT", .sign = true, .service = S("s3"), .body = S("{}\n"), .done = count, .arg = &t,
                                    .url = arena_f(&w->arena, "%s/given/topics/t/partition=0/t+0+%010d.json", cloud_url(w->cloud, "s3"), k) };
        client_start(w->client, &r);
    }
    client_run(w->client, 0);
    assert_int_equal(t.n200, N);
    struct str token = S("");
    int seen = 0, pages = 0;
    do {
        struct client_response r = s3_world_do(w, arena_f(&w->arena, "GET /given?list-type=2%s" STR_F, token.n ? "&continuation-token=" : "",
                                                          STR_A(encode(w, token, ""))).p, NULL, S(""));
        assert_int_equal(r.status, 200);
        for (struct str rest = r.body; s3_world_has(rest, "<Key>"); seen++) {
            rest = str_from(rest, str_find(rest, S("<Key>")));
            assert_str(s3_world_element(rest, "Key"), arena_f(&w->arena, "topics/t/partition=0/t+0+%010d.json", seen).p);
            rest = str_from(rest, 5);
        }
        token = s3_world_element(r.body, "NextContinuationToken");
        pages++;
    } while (token.n);
    assert_int_equal(pages, 3);
    assert_int_equal(seen, N);
    s3_world_close(w);
}

/* ---- large ones ---- */

static void large_objects_and_pieces_of_them_come_back_whole(void **state)
{
    (void)state;
    enum { BYTES = 8 << 20 };
    struct world *w = s3_world_open(settings, NULL, false);
    char *bytes = arena_alloc(&w->arena, BYTES);
    for (int i = 0; i < BYTES; i++)
        bytes[i] = (char)(i * 31 >> 3);
    assert_int_equal(s3_world_do(w, "PUT /given/k", NULL, (struct str){ bytes, BYTES }).status, 200);
    struct client_response r = s3_world_do(w, "GET /given/k", NULL, S(""));
    assert_int_equal(r.body.n, BYTES);
    assert_memory_equal(r.body.p, bytes, BYTES);
    r = s3_world_do(w, "GET /given/k", "Range: bytes=1000000-2999999", S(""));
    assert_int_equal(r.body.n, 2000000);
    assert_memory_equal(r.body.p, bytes + 1000000, 2000000);
    s3_world_close(w);
}

/* ---- faults ---- */

static void faults_strike_and_the_dialect_stays(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    struct err e = { 0 };
    assert_ok(faults_load(cloud_faults(w->cloud), S("[{\"service\":\"s3\",\"action\":\"PutObject\",\"throttle\":true,\"times\":1},"
                          "{\"service\":\"s3\",\"action\":\"GetObject\",\"resource\":\"given/k*\",\"error\":{\"statusCode\":500,"
                          "\"code\":\"InternalError\",\"message\":\"broken on purpose\"},\"times\":1},"
                          "{\"service\":\"s3\",\"action\":\"DeleteObjects\",\"partial\":2}]"), &e), &e);
    struct client_response r = s3_world_do(w, "PUT /given/k", NULL, S("x"));
    assert_int_equal(r.status, 503);
    assert_str(s3_world_element(r.body, "Code"), "SlowDown");
    assert_int_equal(s3_world_do(w, "PUT /given/k", NULL, S("x")).status, 200);
    r = s3_world_do(w, "GET /given/k", NULL, S(""));
    assert_int_equal(r.status, 500);
    assert_str(s3_world_element(r.body, "Message"), "broken on purpose");
    assert_int_equal(s3_world_do(w, "GET /given/k", NULL, S("")).status, 200);
    r = s3_world_do(w, "POST /given?delete", NULL, S("<Delete><Object><Key>k</Key></Object><Object><Key>l</Key></Object></Delete>"));
    assert_true(s3_world_has(r.body, "<Error><Key>k</Key><Code>InternalError</Code>"));
    assert_true(s3_world_has(r.body, "<Deleted><Key>l</Key></Deleted>"));
    assert_int_equal(s3_world_do(w, "GET /given/k", NULL, S("")).status, 200);
    s3_world_close(w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_come_back_as_they_were), cmocka_unit_test(plus_and_equals_may_be_sent_as_they_are),
        cmocka_unit_test(long_keys_are_taken_up_to_1024_bytes),
        cmocka_unit_test(ranges_are_honoured_refused_or_ignored), cmocka_unit_test(conditions_of_reads_are_judged_in_order),
        cmocka_unit_test(of_twenty_writers_exactly_one_makes_the_object),
        cmocka_unit_test(two_thousand_five_hundred_keys_come_in_three_pages),
        cmocka_unit_test(large_objects_and_pieces_of_them_come_back_whole), cmocka_unit_test(faults_strike_and_the_dialect_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
