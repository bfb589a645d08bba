/* Signing and verifying share one canonical form; the vectors are what botocore 1.43 signs. */
#include "net/sigv4.h"

#include <pthread.h>

#include "base/codec.h"
#include "tests/support/t.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
enum { MOST_HEADERS = 24 };
static const int64_t now_ms = 1598586767000; /* 2020-08-28T03:52:47Z */
#define SECRET S("a/secret+of=mine")
#define TOKEN S("FwoGZXIvYXdzEXAMPLE//token+with/slashes==")
#define NO_HEADER { { NULL, 0 }, { NULL, 0 } }

static const struct vector {
    struct str service, method, target, body;
    bool token;
    struct http_header headers[2];
    size_t n_headers;
    const char *by_header, *by_query; /* signatures; a query one is of an empty body */
} vectors[] = {
    { S_INIT("kinesis"), S_INIT("POST"),
      S_INIT("/"),
      S_INIT("{\"StreamName\":\"streaming-x-pin\"}"), false,
      { { S_INIT("X-Amz-Target"), S_INIT("Kinesis_20131202.PutRecord") }, { S_INIT("Content-Type"), S_INIT("application/x-amz-json-1.1") } }, 2,
      "d794532fef1d5832a4ca65318149c3f03d1ab509358c26a28f9963a557ac3ede",
      "e233acd4d501baf58c002e5affbf2a8afa2c28d54a66002bedb9ba67d2a5d23c" },
    { S_INIT("execute-api"), S_INIT("GET"),
      S_INIT("/test/streams/a%20b/record?x=1&a=2&A=3&a-b=4"),
      S_INIT(""), false,
      { NO_HEADER }, 0,
      "bc3739f9cab9b64b553006529087469554fe6764b093093ba500a4c5f384f203",
      "84ea99624975f360ad8e875bfbe2d82e7e980938f1fe0e5ae7ae82090d9223fd" },
    { S_INIT("execute-api"), S_INIT("GET"),
      S_INIT("/test/./a/../b//c/"),
      S_INIT(""), false,
      { NO_HEADER }, 0,
      "96d9f2f6736a59ec067bc011fafe1e7685fc68b0f4f7c6a0b46de09c1e112426",
      "73b942b5b54b42fa4e431a54030023d6217f0322def5398afa7dc16dd4123e29" },
    { S_INIT("execute-api"), S_INIT("PUT"),
      S_INIT("/caf%C3%A9/x=y+z"),
      S_INIT("body"), true,
      { { S_INIT("My-Header"), S_INIT("  a   b\t c  ") } }, 1,
      "ab261ffa521de093c0d9d09b639bbffd0145653c92c37c03008b564182b02231",
      "b16e576eb1d764cf8324f94473788c037ed3b271eb27e1b43fd36d46fe1bf405" },
    { S_INIT("s3"), S_INIT("PUT"),
      S_INIT("/bucket/topics/x.pin/partition%3D0/x.pin%2B0%2B0000000000.json"),
      S_INIT("{\"index\":7528}\n"), false,
      { NO_HEADER }, 0,
      "576719576ba8545628a206b8e1abda2a1d7377c2ac7ab8e210573d83726c621a",
      "586a324f951b4bdb6216dd46a30406c28bfd1563b1dda99b9a34f5751cdb3a0d" },
    { S_INIT("s3"), S_INIT("GET"),
      S_INIT("/bucket?list-type=2&prefix=topics%2Fx%2F&delimiter=%2F&continuation-token=a%2Bb%3D&uploads="),
      S_INIT(""), false,
      { NO_HEADER }, 0,
      "23bc896a54f330d1b441ca3a9ae109752548e8dac0af35d22610f14e17c5f1ee",
      "9194d912c801358a6837264491e60c40dc0ed432690f4934357dbfe4ee7d9c81" },
    { S_INIT("s3"), S_INIT("GET"),
      S_INIT("/bucket//a/../b%20c/./~d"),
      S_INIT(""), true,
      { { S_INIT("Range"), S_INIT("bytes=0-9") }, { S_INIT("X-Amz-Meta-Note"), S_INIT("a  b") } }, 2,
      "00ec796f2d1c36239c3806a8b222e1b8a3fd0d05ac5e88f6c2b503bd9305e97c",
      "5d8a7a4f1f63fb793670e73e9e246a788cecce59dab0cabcdf8fa173c99b5a5a" },
    { S_INIT("s3"), S_INIT("DELETE"),
      S_INIT("/"),
      S_INIT(""), false,
      { NO_HEADER }, 0,
      "07a66b62f0f1ae740f911bcf36eded64abdf740c70db6de567833e1decd2992e",
      "16aa0ea4e5d8553c7a41a92cb3eb0db0906c3979ffb8a77d720fec70090f901b" },
};

struct fixture {
    struct arena a;
    struct sigv4_cache *cache;
    struct http_request r;
    struct http_header headers[MOST_HEADERS];
    struct sigv4_claim claim;
    struct err e;
};

static int set_up(void **state)
{
    struct fixture *f = mem_zero(sizeof *f);
    f->cache = sigv4_open();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sigv4_close(f->cache);
    arena_release(&f->a);
    free(f);
    return 0;
}

static void add(struct fixture *f, const char *name, struct str value)
{
    assert_true(f->r.n_headers < MOST_HEADERS);
    f->headers[f->r.n_headers++] = (struct http_header){ str_of(name), value };
}

static void begin(struct fixture *f, struct str method, struct str target, struct str body)
{
    f->r = (struct http_request){ .method = method, .headers = f->headers, .body = body };
    http_request_target(&f->r, target);
    add(f, "Host", S("127.0.0.1:4566"));
}

static struct sigv4_key key_of(bool token)
{
    return (struct sigv4_key){ S("AKIDEXAMPLE"), SECRET, token ? TOKEN : (struct str){ 0 } };
}

/* Signs in the header form and adds what came of it. */
static void sign(struct fixture *f, const char *service, struct str payload_hash)
{
    struct http_header more[SIGV4_MAX_HEADERS];
    struct sigv4_key key = key_of(false);
    size_t n = sigv4_sign(f->cache, &key, S("eu-west-2"), str_of(service), now_ms, &f->r, payload_hash, &f->a, more);
    for (size_t i = 0; i < n; i++)
        add(f, arena_z(&f->a, more[i].name), more[i].value);
}

static enum sigv4_verdict judge_at(struct fixture *f, int64_t at_ms)
{
    enum sigv4_verdict verdict = sigv4_parse(&f->r, &f->a, &f->claim, &f->e);
    if (verdict != SIGV4_OK)
        return verdict;
    return sigv4_verify(f->cache, &f->r, &f->claim, SECRET, S(""), at_ms, &f->a, &f->e);
}

static enum sigv4_verdict judge(struct fixture *f) { return judge_at(f, now_ms); }

static struct http_header *header(struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->r.n_headers; i++)
        if (str_eq_nocase(f->headers[i].name, str_of(name)))
            return &f->headers[i];
    fail_msg("no header %s", name);
    return NULL;
}

static void drop(struct fixture *f, const char *name) { *header(f, name) = f->headers[--f->r.n_headers]; }

static void begin_vector(struct fixture *f, const struct vector *v, struct str body)
{
    begin(f, v->method, v->target, body);
    for (size_t i = 0; i < v->n_headers; i++)
        f->headers[f->r.n_headers++] = v->headers[i];
}

static void signs_as_botocore(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        begin_vector(f, v, v->body);
        struct http_header more[SIGV4_MAX_HEADERS];
        struct sigv4_key key = key_of(v->token);
        size_t n = sigv4_sign(f->cache, &key, S("eu-west-2"), v->service, now_ms, &f->r, (struct str){ 0 }, &f->a, more);
        if (!str_ends(more[n - 1].value, str_of(v->by_header)))
            fail_msg("vector %zu: " STR_F, i, STR_A(more[n - 1].value));
        for (size_t k = 0; k < n; k++)
            add(f, arena_z(&f->a, more[k].name), more[k].value);
        assert_int_equal(judge(f), SIGV4_OK);
        assert_str(f->claim.access_key, "AKIDEXAMPLE");
        assert_str(f->claim.region, "eu-west-2");
        assert_true(str_eq(f->claim.service, v->service));
        assert_str(f->claim.date, "20200828");
        assert_true(str_eq(f->claim.session_token, v->token ? TOKEN : S("")));
    }
}

static void presigns_as_botocore(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        const struct vector *v = &vectors[i];
        struct sigv4_key key = key_of(v->token);
        begin_vector(f, v, S(""));
        struct str target = sigv4_presign(f->cache, &key, S("eu-west-2"), v->service, now_ms, 900, &f->r, &f->a);
        if (!str_ends(target, str_of(v->by_query)))
            fail_msg("vector %zu: " STR_F, i, STR_A(target));
        http_request_target(&f->r, target);
        assert_int_equal(judge(f), SIGV4_OK);
        assert_true(f->claim.presigned);
        assert_int_equal(f->claim.expires_s, 900);
        assert_int_equal(judge_at(f, now_ms + 900 * 1000), SIGV4_OK);
        assert_int_equal(judge_at(f, now_ms + 901 * 1000), SIGV4_EXPIRED);
        assert_int_equal(judge_at(f, now_ms - 16 * 60 * 1000), SIGV4_EXPIRED);
    }
}

static void only_the_secret_makes_the_signature(void **state)
{
    struct fixture *f = *state;
    begin(f, S("POST"), S("/"), S("{}"));
    sign(f, "kinesis", (struct str){ 0 });
    assert_int_equal(judge(f), SIGV4_OK);
    static const char *const wrong[] = { "", "test", "a/secret+of=min", "a/secret+of=mine ", "A/secret+of=mine" };
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(sigv4_verify(f->cache, &f->r, &f->claim, str_of(wrong[i]), S(""), now_ms, &f->a, &f->e), SIGV4_MISMATCH);
}

/* Every part of a request that is signed, changed after signing. */
static void what_was_signed_cannot_be_changed(void **state)
{
    struct fixture *f = *state;
    for (int part = 0; part < 9; part++) {
        begin(f, S("PUT"), S("/bucket/key?b=2&a=1"), S("body"));
        add(f, "X-Amz-Meta-Color", S("red"));
        sign(f, "s3", (struct str){ 0 });
        assert_int_equal(judge(f), SIGV4_OK);
        enum sigv4_verdict want = SIGV4_MISMATCH;
        switch (part) {
        case 0: f->r.method = S("POST"); break;
        case 1: http_request_target(&f->r, S("/bucket/keys?b=2&a=1")); break;
        case 2: http_request_target(&f->r, S("/bucket/key?b=2&a=2")); break;
        case 3: http_request_target(&f->r, S("/bucket/key?b=2&a=1&c")); break;
        case 4: header(f, "host")->value = S("127.0.0.1:4567"); break;
        case 5: header(f, "x-amz-meta-color")->value = S("blue"); break;
        case 6: header(f, "x-amz-date")->value = S("20200828T035248Z"); break;
        case 7: header(f, "x-amz-content-sha256")->value = S("UNSIGNED-PAYLOAD"); break;
        default: f->r.body = S("Body"), want = SIGV4_BODY_HASH; break;
        }
        assert_int_equal(judge(f), want);
    }
}

static void what_means_the_same_is_the_same(void **state)
{
    struct fixture *f = *state;
    begin(f, S("GET"), S("/b/partition%3D0/f%2B0?prefix=a%2Fb&uploads"), S(""));
    add(f, "X-Amz-Meta-Note", S("a b"));
    sign(f, "s3", (struct str){ 0 });
    assert_int_equal(judge(f), SIGV4_OK);
    http_request_target(&f->r, S("/b/partition=0/f+0?uploads=&prefix=a/b"));
    header(f, "x-amz-meta-note")->value = S("  a \t  b ");
    header(f, "host")->name = S("HOST");
    assert_int_equal(judge(f), SIGV4_OK);
    /* a slash inside a name is not a slash between names */
    http_request_target(&f->r, S("/b%2Fpartition=0/f+0?uploads=&prefix=a/b"));
    assert_int_equal(judge(f), SIGV4_MISMATCH);

    begin(f, S("GET"), S("/a/b/"), S(""));
    add(f, "My-Header", S("1"));
    add(f, "my-header", S(" 2 "));
    sign(f, "execute-api", (struct str){ 0 });
    http_request_target(&f->r, S("//a/./x/..//b/"));
    assert_int_equal(judge(f), SIGV4_OK);
    drop(f, "my-header");
    header(f, "my-header")->value = S("1,2");
    assert_int_equal(judge(f), SIGV4_OK);
}

static void payloads_may_be_unsigned_or_streamed(void **state)
{
    struct fixture *f = *state;
    static const char *const words[] = { "UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                                         "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER" };
    for (size_t i = 0; i < COUNT(words); i++) {
        begin(f, S("PUT"), S("/b/k"), S("one body"));
        sign(f, "s3", str_of(words[i]));
        f->r.body = S("another");
        assert_int_equal(judge(f), SIGV4_OK);
        assert_str(f->claim.payload_hash, words[i]);
    }
    /* A service other than S3 says so only when the payload is not hashed. */
    begin(f, S("POST"), S("/"), S("one"));
    sign(f, "kinesis", (struct str){ 0 });
    assert_null(http_request_header(&f->r, "x-amz-content-sha256").p);
    f->r.body = S("two");
    assert_int_equal(judge(f), SIGV4_MISMATCH);
}

static void chunk_signatures_use_the_claims_key(void **state)
{
    struct fixture *f = *state;
    f->claim = (struct sigv4_claim){ .date = S("20130524"), .region = S("us-east-1"), .service = S("s3") };
    /* "Signature Calculations for the Authorization Header: Transferring Payload in Multiple Chunks", first chunk */
    struct str text = S("AWS4-HMAC-SHA256-PAYLOAD\n20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
                        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9\n"
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n"
                        "bf718b6f653bebc184e1479f1935b8da974d701b893afcf49e701f3e2f9f9c5a");
    struct str secret = S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    for (int again = 0; again < 2; again++)
        assert_str(sigv4_mac(f->cache, &f->claim, secret, text, &f->a),
                   "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648");
}

static void skew_is_fifteen_minutes(void **state)
{
    struct fixture *f = *state;
    begin(f, S("POST"), S("/"), S(""));
    sign(f, "kinesis", (struct str){ 0 });
    static const struct {
        int64_t off_ms;
        enum sigv4_verdict verdict;
        const char *text;
    } cases[] = {
        { 0, SIGV4_OK, "" },
        { 900000, SIGV4_OK, "" },
        { -900000, SIGV4_OK, "" },
        { 901000, SIGV4_SKEWED, "Signature expired: 20200828T035247Z is now earlier than 20200828T035248Z (20200828T040748Z - 15 min.)" },
        { -901000, SIGV4_SKEWED, "Signature not yet current: 20200828T035247Z is still later than 20200828T035246Z (20200828T033746Z + 15 min.)" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(judge_at(f, now_ms + cases[i].off_ms), cases[i].verdict);
        if (cases[i].verdict)
            assert_string_equal(f->e.message, cases[i].text);
    }
}

static void a_date_header_stands_in_for_x_amz_date(void **state)
{
    struct fixture *f = *state;
    /* computed by Python's hmac over the canonical request with date and host */
    begin(f, S("GET"), S("/"), S(""));
    add(f, "Date", S("Fri, 28 Aug 2020 03:52:47 GMT"));
    add(f, "Authorization", S("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20200828/eu-west-2/kinesis/aws4_request, "
                              "SignedHeaders=date;host, Signature=61d5e64f0a05a5e45056fae9c18047ce7a8eaea71a93065eb772222bbb857ef1"));
    assert_int_equal(judge(f), SIGV4_OK);
    assert_str(f->claim.amz_date, "20200828T035247Z");
    static const char *const wrong[] = { "yesterday", "Fri, 31 Feb 2020 03:52:47 GMT", "Fri, 28 Agu 2020 03:52:47 GMT", "" };
    for (size_t i = 0; i < COUNT(wrong); i++) {
        header(f, "date")->value = str_of(wrong[i]);
        assert_int_equal(judge(f), SIGV4_INCOMPLETE);
    }
}

static const struct claimed {
    const char *authorization; /* NULL: none */
    const char *target;
    enum sigv4_verdict verdict;
    const char *text;
} claims[] = {
    { NULL, "/", SIGV4_ABSENT, "Missing Authentication Token" },
    { "Basic dGVzdDp0ZXN0", "/", SIGV4_ABSENT, "Missing Authentication Token" },
    { "Bearer abc", "/", SIGV4_ABSENT, "Missing Authentication Token" },
    { "", "/", SIGV4_ABSENT, "Missing Authentication Token" },
    { "AWS AKID:sig", "/", SIGV4_INCOMPLETE, "Unsupported AWS 'algorithm': 'AWS'" },
    { "AWS4-ECDSA-P256-SHA256 Credential=a", "/", SIGV4_INCOMPLETE, "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'" },
    { "AWS4-HMAC-SHA256", "/", SIGV4_INCOMPLETE,
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
      "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4-HMAC-SHA256" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=host", "/", SIGV4_INCOMPLETE,
      "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256 Credential=a/" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=, Signature=0", "/", SIGV4_INCOMPLETE,
      "Authorization header requires 'SignedHeaders' parameter." },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis, SignedHeaders=host, Signature=0", "/", SIGV4_INCOMPLETE,
      "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a/20200828/r/kinesis'" },
    { "AWS4-HMAC-SHA256 Credential=a/b/20200828/r/kinesis/aws4_request, SignedHeaders=host, Signature=0", "/", SIGV4_INCOMPLETE,
      "Credential must have exactly 5" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws5_request, SignedHeaders=host, Signature=0", "/", SIGV4_INCOMPLETE,
      "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'." },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/s3/aws4_request, SignedHeaders=host, Signature=0", "/", SIGV4_INCOMPLETE,
      "Missing required header for this request: x-amz-content-sha256" },
    { "AWS4-HMAC-SHA256 Credential=a/20200827/r/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=0", "/", SIGV4_BAD_SCOPE,
      "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20200827' != '20200828', from '20200828T035247Z'." },
    { "AWS4-HMAC-SHA256 Credential=a/20200828//kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=0", "/", SIGV4_BAD_SCOPE,
      "Credential should be scoped to a valid region" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r//aws4_request, SignedHeaders=host;x-amz-date, Signature=0", "/", SIGV4_BAD_SCOPE,
      "Credential should be scoped to correct service" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=x-amz-date, Signature=0", "/", SIGV4_UNSIGNED_HEADER,
      "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization." },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=host, Signature=0", "/", SIGV4_UNSIGNED_HEADER,
      "There were headers present in the request which were not signed: 'X-Amz-Date'" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=0", "/?q", SIGV4_MISMATCH,
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
      "method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/\nq=\n"
      "host:127.0.0.1:4566\nx-amz-date:20200828T035247Z\n\nhost;x-amz-date\n"
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n"
      "20200828T035247Z\n20200828/r/kinesis/aws4_request\n" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=:authority;x-amz-date, Signature=0", "/", SIGV4_MISMATCH,
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing "
      "method. Consult the service documentation for details.\n\nThe Canonical String for this request should have been\n'GET\n/\n\n"
      ":authority:127.0.0.1:4566\nx-amz-date:20200828T035247Z\n\n:authority;x-amz-date\n" },
    { "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, SignedHeaders=host;x-amz-date, Signature=0",
      "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", SIGV4_TWICE,
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header." },
    { NULL, "/?X-Amz-Algorithm=AWS4-HMAC-SHA256", SIGV4_INCOMPLETE,
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include 'X-Amz-Signature'. "
      "AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string parameters must include 'X-Amz-Date'. "
      "Re-examine the query-string parameters." },
    { NULL, "/?X-Amz-Algorithm=AWS4", SIGV4_INCOMPLETE, "Unsupported AWS 'algorithm': 'AWS4'" },
#define QUERY(service, date, expires) \
    "/?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20200828%2Fr%2F" service "%2Faws4_request&X-Amz-Date=" date \
    "&X-Amz-SignedHeaders=host%3Bx-amz-date&X-Amz-Signature=0" expires
    { NULL, QUERY("s3", "20200828T035247Z", ""), SIGV4_INCOMPLETE, "Query-string authentication version 4 requires" },
    { NULL, QUERY("s3", "20200828", "&X-Amz-Expires=5"), SIGV4_INCOMPLETE, "X-Amz-Date must be in the ISO8601 Long Format" },
    { NULL, QUERY("s3", "20200828T035247Z", "&X-Amz-Expires=x"), SIGV4_BAD_EXPIRES, "X-Amz-Expires should be a number" },
    { NULL, QUERY("s3", "20200828T035247Z", "&X-Amz-Expires="), SIGV4_BAD_EXPIRES, "X-Amz-Expires should be a number" },
    { NULL, QUERY("s3", "20200828T035247Z", "&X-Amz-Expires=0"), SIGV4_BAD_EXPIRES, "X-Amz-Expires must be greater than 0" },
    { NULL, QUERY("s3", "20200828T035247Z", "&X-Amz-Expires=-1"), SIGV4_BAD_EXPIRES, "X-Amz-Expires must be greater than 0" },
    { NULL, QUERY("s3", "20200828T035247Z", "&X-Amz-Expires=604801"), SIGV4_BAD_EXPIRES, "X-Amz-Expires must be less than a week" },
    { NULL, QUERY("s3", "20200828T035247Z", "&X-Amz-Expires=604800"), SIGV4_MISMATCH, "The request signature we calculated" },
    { NULL, QUERY("kinesis", "20200828T035247Z", ""), SIGV4_MISMATCH, "The request signature we calculated" },
};

static void a_refusal_names_its_reason(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < COUNT(claims); i++) {
        begin(f, S("GET"), str_of(claims[i].target), S(""));
        add(f, "X-Amz-Date", S("20200828T035247Z"));
        if (claims[i].authorization)
            add(f, "Authorization", str_of(claims[i].authorization));
        enum sigv4_verdict verdict = judge(f);
        if (verdict != claims[i].verdict || !str_starts(str_of(f->e.message), str_of(claims[i].text)))
            fail_msg("claim %zu: verdict %d, %s", i, (int)verdict, f->e.message);
    }
}

static void malformed_dates_and_hashes_are_refused(void **state)
{
    struct fixture *f = *state;
    static const char *const dates[] = { "20200828", "2020-08-28T03:52:47Z", "20200828T035247", "20200828X035247Z", "2020082xT035247Z" };
    for (size_t i = 0; i < COUNT(dates); i++) {
        begin(f, S("POST"), S("/"), S(""));
        sign(f, "kinesis", (struct str){ 0 });
        header(f, "x-amz-date")->value = str_of(dates[i]);
        assert_int_equal(judge(f), SIGV4_INCOMPLETE);
    }
    begin(f, S("POST"), S("/"), S(""));
    add(f, "x-amz-date", S("20201332T256199Z"));
    sign(f, "kinesis", (struct str){ 0 });
    assert_int_equal(judge(f), SIGV4_SKEWED);
    static const char *const hashes[] = { "", "abc", "UNSIGNED", "STREAMING-", "unsigned-payload",
                                          "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" };
    for (size_t i = 0; i < COUNT(hashes); i++) {
        begin(f, S("PUT"), S("/b/k"), S(""));
        sign(f, "s3", (struct str){ 0 });
        header(f, "x-amz-content-sha256")->value = str_of(hashes[i]);
        assert_int_equal(judge(f), SIGV4_INCOMPLETE);
    }
}

static void the_scope_must_be_of_the_service_asked(void **state)
{
    struct fixture *f = *state;
    begin(f, S("POST"), S("/"), S(""));
    sign(f, "kinesis", (struct str){ 0 });
    assert_int_equal(judge(f), SIGV4_OK);
    assert_int_equal(sigv4_verify(f->cache, &f->r, &f->claim, SECRET, S("kinesis"), now_ms, &f->a, &f->e), SIGV4_OK);
    assert_int_equal(sigv4_verify(f->cache, &f->r, &f->claim, SECRET, S("s3"), now_ms, &f->a, &f->e), SIGV4_BAD_SCOPE);
    assert_string_equal(f->e.message, "Credential should be scoped to correct service: 's3', not 'kinesis'. ");
}

static void absurdly_many_signed_headers_are_refused(void **state)
{
    struct fixture *f = *state;
    struct buf b = BUF_INIT;
    buf_z(&b, "AWS4-HMAC-SHA256 Credential=a/20200828/r/kinesis/aws4_request, Signature=0, SignedHeaders=host");
    for (int i = 0; i < 200; i++)
        buf_f(&b, ";h%d", i);
    begin(f, S("GET"), S("/"), S(""));
    add(f, "X-Amz-Date", S("20200828T035247Z"));
    add(f, "Authorization", buf_str(&b));
    assert_int_equal(judge(f), SIGV4_INCOMPLETE);
    buf_release(&b);
}

static void the_cache_stays_small_and_right(void **state)
{
    struct fixture *f = *state;
    f->claim = (struct sigv4_claim){ .date = S("20200828"), .service = S("s3") };
    struct str first[2];
    for (int round = 0; round < 2; round++) {
        f->claim.region = S("eu-west-2");
        first[round] = sigv4_mac(f->cache, &f->claim, SECRET, S("x"), &f->a);
        for (int i = 0; i < 3000; i++) {
            f->claim.region = arena_f(&f->a, "region-%d", i);
            sigv4_mac(f->cache, &f->claim, SECRET, S("x"), &f->a);
        }
    }
    assert_true(str_eq(first[0], first[1]));
}

struct worker {
    struct sigv4_cache *cache;
    bool agrees;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct arena a = ARENA_INIT;
    struct sigv4_cache *own = sigv4_open();
    w->agrees = true;
    for (int i = 0; i < 400; i++) {
        arena_reset(&a);
        struct sigv4_claim claim = { .date = S("20200828"), .region = arena_f(&a, "region-%d", i % 50), .service = S("s3") };
        w->agrees &= str_eq(sigv4_mac(w->cache, &claim, SECRET, S("x"), &a), sigv4_mac(own, &claim, SECRET, S("x"), &a));
    }
    sigv4_close(own);
    arena_release(&a);
    return NULL;
}

static void one_cache_serves_many_threads(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[4];
    struct worker workers[4];
    for (int i = 0; i < 4; i++) {
        workers[i] = (struct worker){ f->cache, false };
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(workers[i].agrees);
    }
}

static void headers_that_are_there_are_kept(void **state)
{
    struct fixture *f = *state;
    struct http_header more[SIGV4_MAX_HEADERS];
    struct sigv4_key key = key_of(true);
    begin(f, S("PUT"), S("/b/k"), S("body"));
    add(f, "X-Amz-Date", S("20200828T035200Z"));
    add(f, "X-Amz-Content-Sha256", S("UNSIGNED-PAYLOAD"));
    add(f, "User-Agent", S("curl"));
    assert_int_equal(sigv4_sign(f->cache, &key, S("eu-west-2"), S("s3"), now_ms, &f->r, (struct str){ 0 }, &f->a, more), 2);
    assert_str(more[0].name, "x-amz-security-token");
    add(f, "x-amz-security-token", more[0].value);
    add(f, "authorization", more[1].value);
    header(f, "user-agent")->value = S("changed by a proxy");
    assert_int_equal(judge(f), SIGV4_OK);
    assert_str(f->claim.signed_headers, "host;x-amz-content-sha256;x-amz-date;x-amz-security-token");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(signs_as_botocore),
        TEST(presigns_as_botocore),
        TEST(only_the_secret_makes_the_signature),
        TEST(what_was_signed_cannot_be_changed),
        TEST(what_means_the_same_is_the_same),
        TEST(payloads_may_be_unsigned_or_streamed),
        TEST(chunk_signatures_use_the_claims_key),
        TEST(skew_is_fifteen_minutes),
        TEST(a_date_header_stands_in_for_x_amz_date),
        TEST(a_refusal_names_its_reason),
        TEST(malformed_dates_and_hashes_are_refused),
        TEST(the_scope_must_be_of_the_service_asked),
        TEST(absurdly_many_signed_headers_are_refused),
        TEST(the_cache_stays_small_and_right),
        TEST(one_cache_serves_many_threads),
        TEST(headers_that_are_there_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
