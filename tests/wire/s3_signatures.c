/* Signatures: what is refused, with which code, over real HTTP; and aws-chunked bodies, signed and not. */
#include "tests/wire/s3_world.h"

struct signed_request {
    const char *method;
    struct str target, body;
    struct http_header headers[16];
    size_t n;
};

static const struct cloud_setting settings[] = { { "s3.buckets", "given" }, { 0 } };

static struct client_response send_it(struct world *w, const struct signed_request *s)
{
    struct err e = { 0 };
    struct client_response got = { 0 };
    struct client_request r = { .method = s->method, .headers = s->headers, .n_headers = s->n, .body = s->body,
                                .url = arena_f(&w->arena, "%s" STR_F, cloud_url(w->cloud, "s3"), STR_A(s->target)) };
    assert_ok(client_do(w->client, &r, &w->arena, &got, &e), &e);
    return got;
}

static struct str host_of(struct world *w) { return str_from(str_of(cloud_url(w->cloud, "s3")), 7); }

static void sign(struct world *w, struct signed_request *s, const char *key, const char *secret, const char *region,
                 const char *service, int64_t at_ms, struct str payload_hash)
{
    struct http_header made[SIGV4_MAX_HEADERS];
    s->headers[s->n++] = (struct http_header){ S("Host"), host_of(w) };
    struct http_request r = { .method = str_of(s->method), .headers = s->headers, .n_headers = s->n, .body = s->body };
    http_request_target(&r, s->target);
    struct sigv4_key k = { str_of(key), str_of(secret), S("") };
    size_t n = sigv4_sign(cloud_sigv4(w->cloud), &k, str_of(region), str_of(service), at_ms, &r, payload_hash, &w->arena, made);
    for (size_t i = 0; i < n; i++)
        s->headers[s->n++] = made[i];
}

static struct http_header *find(struct signed_request *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (str_eq_nocase(s->headers[i].name, str_of(name)))
            return &s->headers[i];
    fail_msg("no header %s", name);
    return NULL;
}

static void drop(struct signed_request *s, const char *name)
{
    struct http_header *h = find(s, name);
    *h = s->headers[--s->n];
}

static struct str replace(struct world *w, struct str text, const char *from, const char *to)
{
    size_t at = str_find(text, str_of(from));
    assert_true(at != STR_NONE);
    return arena_f(&w->arena, STR_F "%s" STR_F, STR_A(str_head(text, at)), to, STR_A(str_from(text, at + strlen(from))));
}

/* ---- one change to a good request each ---- */

static void as_it_is(struct world *w, struct signed_request *s) { (void)w, (void)s; }
static void no_authorization(struct world *w, struct signed_request *s) { (void)w, drop(s, "authorization"); }
static void version_2_header(struct world *w, struct signed_request *s) { (void)w, find(s, "authorization")->value = S("AWS test:c2ln"); }
static void basic(struct world *w, struct signed_request *s) { (void)w, find(s, "authorization")->value = S("Basic dGVzdDp0ZXN0"); }
static void no_date(struct world *w, struct signed_request *s) { (void)w, drop(s, "x-amz-date"); }
static void no_hash(struct world *w, struct signed_request *s) { (void)w, drop(s, "x-amz-content-sha256"); }
static void odd_hash(struct world *w, struct signed_request *s) { (void)w, find(s, "x-amz-content-sha256")->value = S("nonsense"); }
static void no_credential(struct world *w, struct signed_request *s)
{
    struct http_header *h = find(s, "authorization");
    h->value = replace(w, h->value, "Credential=", "Cred=");
}
static void short_credential(struct world *w, struct signed_request *s)
{
    struct http_header *h = find(s, "authorization");
    h->value = replace(w, h->value, "/us-east-1", "");
}
static void other_signature(struct world *w, struct signed_request *s)
{
    struct http_header *h = find(s, "authorization");
    size_t at = str_find(h->value, S("Signature="));
    h->value = arena_f(&w->arena, STR_F "Signature=%064d", STR_A(str_head(h->value, at)), 0);
}
static void other_path(struct world *w, struct signed_request *s) { (void)w, s->target = S("/given/other"); }
static void other_query(struct world *w, struct signed_request *s) { (void)w, s->target = S("/given/k?acl"); }
static void other_body(struct world *w, struct signed_request *s) { (void)w, s->body = S("jello"); }
static void added_amz_header(struct world *w, struct signed_request *s)
{
    (void)w;
    s->headers[s->n++] = (struct http_header){ S("x-amz-meta-added"), S("1") };
}
static void both_forms(struct world *w, struct signed_request *s)
{
    (void)w;
    s->target = S("/given/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0");
}

static const struct {
    const char *what, *key, *secret, *region, *service;
    int64_t minutes;
    void (*change)(struct world *w, struct signed_request *s);
    int status;
    const char *code, *holds;
} rows[] = {
    { "as it is", "test", "test", "us-east-1", "s3", 0, as_it_is, 200, "", "" },
    { "another region", "test", "test", "eu-west-2", "s3", 0, as_it_is, 200, "", "" },
    { "an account's key", "123456789012", "test", "us-east-1", "s3", 0, as_it_is, 403, "AccessDenied", "" },
    { "14 minutes early", "test", "test", "us-east-1", "s3", 14, as_it_is, 200, "", "" },
    { "14 minutes late", "test", "test", "us-east-1", "s3", -14, as_it_is, 200, "", "" },
    { "16 minutes early", "test", "test", "us-east-1", "s3", 16, as_it_is, 403, "RequestTimeTooSkewed", "<MaxAllowedSkewMilliseconds>900000<" },
    { "16 minutes late", "test", "test", "us-east-1", "s3", -16, as_it_is, 403, "RequestTimeTooSkewed", "<RequestTime>20201231T234400Z<" },
    { "an unknown key", "AKIANOBODY", "x", "us-east-1", "s3", 0, as_it_is, 403, "InvalidAccessKeyId", "<AWSAccessKeyId>AKIANOBODY<" },
    { "a wrong secret", "test", "wrong", "us-east-1", "s3", 0, as_it_is, 403, "SignatureDoesNotMatch", "<StringToSign>AWS4-HMAC-SHA256" },
    { "a wrong secret", "test", "wrong", "us-east-1", "s3", 0, as_it_is, 403, "SignatureDoesNotMatch", "<CanonicalRequest>PUT\n/given/k\n" },
    { "another service", "test", "test", "us-east-1", "kinesis", 0, as_it_is, 0, "", "" },
    { "nothing", "test", "test", "us-east-1", "s3", 0, no_authorization, 403, "AccessDenied", "" },
    { "version 2", "test", "test", "us-east-1", "s3", 0, version_2_header, 400, "InvalidRequest", "AWS4-HMAC-SHA256" },
    { "basic", "test", "test", "us-east-1", "s3", 0, basic, 400, "InvalidArgument", "Unsupported Authorization Type" },
    { "no date", "test", "test", "us-east-1", "s3", 0, no_date, 403, "AccessDenied", "x-amz-date" },
    { "no hash", "test", "test", "us-east-1", "s3", 0, no_hash, 400, "InvalidRequest", "x-amz-content-sha256" },
    { "an odd hash", "test", "test", "us-east-1", "s3", 0, odd_hash, 400, "InvalidArgument", "<ArgumentValue>nonsense<" },
    { "no credential", "test", "test", "us-east-1", "s3", 0, no_credential, 400, "AuthorizationHeaderMalformed", "" },
    { "a short credential", "test", "test", "us-east-1", "s3", 0, short_credential, 400, "AuthorizationHeaderMalformed", "" },
    { "another signature", "test", "test", "us-east-1", "s3", 0, other_signature, 403, "SignatureDoesNotMatch", "<SignatureProvided>000" },
    { "another path", "test", "test", "us-east-1", "s3", 0, other_path, 403, "SignatureDoesNotMatch", "/given/other" },
    { "another query", "test", "test", "us-east-1", "s3", 0, other_query, 0, "SignatureDoesNotMatch", "" },
    { "another body", "test", "test", "us-east-1", "s3", 0, other_body, 400, "XAmzContentSHA256Mismatch", "<S3ComputedContentSHA256>" },
    { "an added header", "test", "test", "us-east-1", "s3", 0, added_amz_header, 403, "AccessDenied", "not signed" },
    { "both forms", "test", "test", "us-east-1", "s3", 0, both_forms, 400, "InvalidArgument", "Only one auth mechanism" },
};

static void each_defect_has_its_code(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct signed_request s = { .method = "PUT", .target = S("/given/k"), .body = S("hello") };
        sign(w, &s, rows[i].key, rows[i].secret, rows[i].region, rows[i].service,
             clock_now_ms(&w->clock) + rows[i].minutes * 60000, (struct str){ 0 });
        rows[i].change(w, &s);
        struct client_response r = send_it(w, &s);
        if (!rows[i].status)
            assert_true(r.status >= 400);
        else if (r.status != rows[i].status)
            fail_msg("%s: %d, want %d: " STR_F, rows[i].what, r.status, rows[i].status, STR_A(r.body));
        if (rows[i].code[0] && rows[i].status && !str_is(s3_world_element(r.body, "Code"), rows[i].code))
            fail_msg("%s: " STR_F, rows[i].what, STR_A(r.body));
        if (!s3_world_has(r.body, rows[i].holds))
            fail_msg("%s: no '%s' in " STR_F, rows[i].what, rows[i].holds, STR_A(r.body));
        arena_reset(&w->arena);
    }
    s3_world_close(w);
}

static void a_scope_of_another_service_is_refused(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    struct signed_request s = { .method = "GET", .target = S("/given") };
    sign(w, &s, "test", "test", "us-east-1", "execute-api", clock_now_ms(&w->clock), (struct str){ 0 });
    struct client_response r = send_it(w, &s);
    assert_int_equal(r.status, 400);
    assert_str(s3_world_element(r.body, "Code"), "AuthorizationHeaderMalformed");
    s3_world_close(w);
}

/* Names below localhost are this machine for libcurl. */
static struct client_response by_host(struct world *w, const char *method, const char *host, const char *target, const char *body)
{
    struct err e = { 0 };
    struct client_response got = { 0 };
    struct client_request r = { .method = method, .body = str_of(body), .sign = true, .service = S("s3"),
                                .url = arena_f(&w->arena, "http://%s:%u%s", host, cloud_port(w->cloud, "s3"), target) };
    assert_ok(client_do(w->client, &r, &w->arena, &got, &e), &e);
    return got;
}

static void the_bucket_may_come_by_the_host(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    assert_int_equal(by_host(w, "PUT", "given.s3.localhost", "/k", "by host").status, 200);
    assert_str(s3_world_do(w, "GET /given/k", NULL, S("")).body, "by host");
    assert_str(by_host(w, "GET", "given.localhost", "/k", "").body, "by host");
    assert_str(by_host(w, "GET", "s3.localhost", "/given/k", "").body, "by host");
    assert_true(s3_world_has(by_host(w, "GET", "given.s3.localhost", "/?list-type=2", "").body, "<Key>k</Key>"));
    assert_int_equal(by_host(w, "GET", "absent.localhost", "/k", "").status, 404);
    s3_world_close(w);
}

/* ---- presigned URLs ---- */

static struct client_response get(struct world *w, struct str target)
{
    struct signed_request s = { .method = "GET", .target = target };
    return send_it(w, &s);
}

static struct str presign(struct world *w, int64_t expires_s)
{
    struct sigv4_key key = { S("test"), S("test"), S("") };
    struct http_header host = { S("Host"), host_of(w) };
    struct http_request r = { .method = S("GET"), .headers = &host, .n_headers = 1 };
    http_request_target(&r, S("/given/k"));
    return sigv4_presign(cloud_sigv4(w->cloud), &key, S("us-east-1"), S("s3"), clock_now_ms(&w->clock), expires_s, &r, &w->arena);
}

static void presigned_urls_hold_until_they_expire(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    s3_world_do(w, "PUT /given/k", NULL, S("hello"));
    struct str url = presign(w, 60);
    assert_str(get(w, url).body, "hello");
    clock_advance_ms(&w->clock, 61000);
    struct client_response r = get(w, url);
    assert_int_equal(r.status, 403);
    assert_str(s3_world_element(r.body, "Code"), "AccessDenied");
    assert_str(s3_world_element(r.body, "Message"), "Request has expired");
    url = presign(w, 60);
    const struct { const char *from, *to, *code; int status; } changes[] = {
        { "X-Amz-Expires=60", "X-Amz-Expires=61", "SignatureDoesNotMatch", 403 },
        { "X-Amz-Expires=60", "X-Amz-Expires=604801", "AuthorizationQueryParametersError", 400 },
        { "X-Amz-Expires=60", "X-Amz-Expires=-1", "AuthorizationQueryParametersError", 400 },
        { "X-Amz-Expires=60", "X-Amz-Expires=x", "AuthorizationQueryParametersError", 400 },
        { "X-Amz-Date=2021", "X-Amz-Date=x021", "AuthorizationQueryParametersError", 400 },
        { "%2Faws4_request", "", "AuthorizationQueryParametersError", 400 },
        { "X-Amz-SignedHeaders=host", "X-Amz-Signed=host", "AuthorizationQueryParametersError", 400 },
        { "Credential=test", "Credential=nobody", "InvalidAccessKeyId", 403 },
        { "/given/k?", "/given/l?", "SignatureDoesNotMatch", 403 },
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        r = get(w, replace(w, url, changes[i].from, changes[i].to));
        if (r.status != changes[i].status || !str_is(s3_world_element(r.body, "Code"), changes[i].code))
            fail_msg("%s: %d " STR_F, changes[i].to, r.status, STR_A(r.body));
    }
    s3_world_close(w);
}

/* Made by botocore 1.43: access key test, secret test, GET /given/k+a%20b, Expires 1609459260. */
static void presigned_urls_of_version_2_hold_too(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    s3_world_do(w, "PUT /given/k%2Ba%20b", NULL, S("hello"));
    struct str url = S("/given/k%2Ba%20b?response-content-type=text%2Fplain&AWSAccessKeyId=test&Signature=KBTBjXJ5bCJ7a7aRN%2F1dzklEsVw%3D&Expires=1609459260");
    struct client_response r = get(w, url);
    assert_str(r.body, "hello");
    assert_str(s3_world_header(&r, "Content-Type"), "text/plain");
    r = get(w, replace(w, url, "text%2Fplain", "text%2Fhtml"));
    assert_str(s3_world_element(r.body, "Code"), "SignatureDoesNotMatch");
    r = get(w, replace(w, url, "KeyId=test", "KeyId=nobody"));
    assert_str(s3_world_element(r.body, "Code"), "InvalidAccessKeyId");
    r = get(w, replace(w, url, "Expires=1609459260", "Expires=soon"));
    assert_str(s3_world_element(r.body, "Code"), "AccessDenied");
    clock_advance_ms(&w->clock, 61000);
    r = get(w, url);
    assert_str(s3_world_element(r.body, "Message"), "Request has expired");
    s3_world_close(w);
}

/* ---- aws-chunked ---- */

static struct str mac(struct world *w, struct str text)
{
    struct sigv4_claim claim = { .access_key = S("test"), .date = S("20210101"), .region = S("us-east-1"), .service = S("s3") };
    return sigv4_mac(cloud_sigv4(w->cloud), &claim, S("test"), text, &w->arena);
}

static struct str hash(struct world *w, struct str text)
{
    uint8_t raw[SHA256_BYTES];
    struct buf hex = BUF_INIT;
    codec_sha256(text, raw);
    codec_hex(&hex, (struct str){ (char *)raw, sizeof raw });
    struct str copy = arena_dup(&w->arena, buf_str(&hex));
    buf_release(&hex);
    return copy;
}

#define SCOPE "20210101T000000Z\n20210101/us-east-1/s3/aws4_request\n"
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Sends "hello world" in two chunks; `spoil` = which link of the chain is false: 1, 2, 3 = chunks, 4 = trailer. */
static struct client_response send_chunks(struct world *w, bool trailer, int spoil, const char *sum)
{
    static const char *const chunks[] = { "hello ", "world", "" };
    struct str kind = trailer ? S("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER") : S("STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
    struct signed_request s = { .method = "PUT", .target = S("/given/chunked") };
    s.headers[s.n++] = (struct http_header){ S("x-amz-decoded-content-length"), S("11") };
    s.headers[s.n++] = (struct http_header){ S("x-amz-content-sha256"), kind };
    s.headers[s.n++] = (struct http_header){ S("content-encoding"), S("aws-chunked") };
    if (trailer)
        s.headers[s.n++] = (struct http_header){ S("x-amz-trailer"), S("x-amz-checksum-crc32") };
    sign(w, &s, "test", "test", "us-east-1", "s3", clock_now_ms(&w->clock), (struct str){ 0 });
    struct str authorization = find(&s, "authorization")->value;
    struct str link = str_from(authorization, authorization.n - 64);
    struct buf body = BUF_INIT;
    for (int i = 0; i < 3; i++) {
        link = mac(w, arena_f(&w->arena, "AWS4-HMAC-SHA256-PAYLOAD\n" SCOPE STR_F "\n" EMPTY "\n" STR_F, STR_A(link),
                              STR_A(hash(w, str_of(chunks[i])))));
        struct str shown = spoil == i + 1 ? hash(w, S("")) : link;
        buf_f(&body, "%zx;chunk-signature=" STR_F "\r\n%s%s", strlen(chunks[i]), STR_A(shown), chunks[i], i < 2 ? "\r\n" : "");
    }
    if (trailer) {
        struct str line = arena_f(&w->arena, "x-amz-checksum-crc32:%s\n", sum);
        link = mac(w, arena_f(&w->arena, "AWS4-HMAC-SHA256-TRAILER\n" SCOPE STR_F "\n" STR_F, STR_A(link), STR_A(hash(w, line))));
        buf_f(&body, "x-amz-checksum-crc32:%s\r\n", sum);
        if (spoil != 5)
            buf_f(&body, "x-amz-trailer-signature:" STR_F "\r\n", STR_A(spoil == 4 ? hash(w, S("")) : link));
    }
    buf_z(&body, "\r\n");
    s.body = arena_dup(&w->arena, buf_str(&body));
    buf_release(&body);
    return send_it(w, &s);
}

static void signed_chunks_are_verified_one_by_one(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    for (int trailer = 0; trailer < 2; trailer++)
        for (int spoil = 0; spoil <= (trailer ? 5 : 3); spoil++) {
            struct client_response r = send_chunks(w, trailer, spoil, "DUoRhQ==");
            if (r.status != (spoil ? 403 : 200))
                fail_msg("trailer %d spoil %d: %d " STR_F, trailer, spoil, r.status, STR_A(r.body));
            if (spoil)
                assert_str(s3_world_element(r.body, "Code"), "SignatureDoesNotMatch");
        }
    struct client_response r = s3_world_do(w, "GET /given/chunked", NULL, S(""));
    assert_str(r.body, "hello world");
    assert_null(s3_world_header(&r, "Content-Encoding").p);
    r = send_chunks(w, true, 0, "AAAAAA==");
    assert_int_equal(r.status, 400);
    assert_str(s3_world_element(r.body, "Code"), "BadDigest");
    s3_world_close(w);
}

static const struct { const char *length, *trailer, *body; int status; const char *code; } unsigned_bodies[] = {
    { "11", "x-amz-checksum-crc32", "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", 200, "" },
    { "11", "x-amz-checksum-crc32", "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 400, "BadDigest" },
    { "11", "x-amz-checksum-crc32", "b\r\nhello world\r\n0\r\n\r\n", 400, "MalformedTrailerError" },
    { "10", "x-amz-checksum-crc32", "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", 400, "IncompleteBody" },
    { "12", "x-amz-checksum-crc32", "b\r\nhello world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", 400, "IncompleteBody" },
    { "999999999999", NULL, "b\r\nhello world\r\n0\r\n\r\n", 400, "IncompleteBody" },
    { "-1", NULL, "b\r\nhello world\r\n0\r\n\r\n", 400, "InvalidArgument" },
    { NULL, NULL, "b\r\nhello world\r\n0\r\n\r\n", 411, "MissingContentLength" },
    { "11", NULL, "b\r\nhello wor", 400, "IncompleteBody" },
    { "11", NULL, "hello world", 400, "IncompleteBody" },
    { "0", NULL, "0\r\n\r\n", 200, "" },
    { "11", NULL, "", 400, "IncompleteBody" },
};

static void unsigned_trailers_are_verified(void **state)
{
    (void)state;
    struct world *w = s3_world_open(settings, NULL, false);
    for (size_t i = 0; i < sizeof unsigned_bodies / sizeof *unsigned_bodies; i++) {
        struct signed_request s = { .method = "PUT", .target = S("/given/k"), .body = str_of(unsigned_bodies[i].body) };
        s.headers[s.n++] = (struct http_header){ S("x-amz-content-sha256"), S("STREAMING-UNSIGNED-PAYLOAD-TRAILER") };
        if (unsigned_bodies[i].length)
            s.headers[s.n++] = (struct http_header){ S("x-amz-decoded-content-length"), str_of(unsigned_bodies[i].length) };
        if (unsigned_bodies[i].trailer)
            s.headers[s.n++] = (struct http_header){ S("x-amz-trailer"), str_of(unsigned_bodies[i].trailer) };
        sign(w, &s, "test", "test", "us-east-1", "s3", clock_now_ms(&w->clock), (struct str){ 0 });
        struct client_response r = send_it(w, &s);
        if (r.status != unsigned_bodies[i].status || (r.status != 200 && !str_is(s3_world_element(r.body, "Code"), unsigned_bodies[i].code)))
            fail_msg("case %zu: %d " STR_F, i, r.status, STR_A(r.body));
    }
    s3_world_close(w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_defect_has_its_code), cmocka_unit_test(a_scope_of_another_service_is_refused),
        cmocka_unit_test(the_bucket_may_come_by_the_host),
        cmocka_unit_test(presigned_urls_hold_until_they_expire), cmocka_unit_test(presigned_urls_of_version_2_hold_too),
        cmocka_unit_test(signed_chunks_are_verified_one_by_one), cmocka_unit_test(unsigned_trailers_are_verified),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
