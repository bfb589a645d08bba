/* What Kinesis promises on the wire: the order of refusals, error forms, headers, signatures, encodings. */
#include "base/codec.h"
#include "tests/wire/kinesis.h"

#define JSON11 "application/x-amz-json-1.1"
#define CBOR11 "application/x-amz-cbor-1.1"
#define LIST "Kinesis_20131202.ListStreams"
#define DENIED "<AccessDeniedException>\n  <Message>Unable to determine service/operation name to be authorized</Message>\n</AccessDeniedException>\n"

struct wire_case {
    const char *method, *path, *type, *target, *body;
    int status;
    const char *reply_type, *reply; /* NULL: none; "hex:…" for CBOR */
};

static void requests_are_refused_in_the_order_of_aws(void **state)
{
    (void)state;
#define CBOR_UNKNOWN "hex:bf665f5f7479706578" "19556e6b6e6f776e4f7065726174696f6e457863657074696f6eff"
#define CBOR_SERIALIZATION "hex:bf665f5f7479706576" "53657269616c697a6174696f6e457863657074696f6eff"
    static const struct wire_case cases[] = {
        { "GET", "/", NULL, NULL, "", 403, NULL, DENIED },
        { "PUT", "/", JSON11, LIST, "{}", 403, NULL, DENIED },
        { "DELETE", "/", NULL, NULL, "", 403, NULL, DENIED },
        { "POST", "/", NULL, NULL, "{}", 403, NULL, DENIED },
        { "POST", "/", "text/plain", "Whatever", "{}", 403, NULL, DENIED },
        { "POST", "/", "text/plain", "Whatever.ListStreams", "{}", 404, NULL, "<UnknownOperationException/>\n" },
        { "POST", "/", JSON11, NULL, "", 400, JSON11, "{\"__type\":\"UnknownOperationException\"}" },
        { "POST", "/", JSON11, LIST, "", 400, JSON11, "{\"__type\":\"SerializationException\"}" },
        { "POST", "/", JSON11, NULL, "{}", 400, JSON11, "{\"__type\":\"UnknownOperationException\"}" },
        { "POST", "/", JSON11, "Kinesis_20131202.Nothing", "{}", 400, JSON11, "{\"__type\":\"UnknownOperationException\"}" },
        { "POST", "/", JSON11, "Kinesis_20131202.", "{}", 400, JSON11, "{\"__type\":\"UnknownOperationException\"}" },
        { "POST", "/", JSON11, "DynamoDB_20120810.ListStreams", "{}", 400, JSON11, "{\"__type\":\"UnknownOperationException\"}" },
        { "POST", "/", JSON11, "Kinesis_20131202.Nothing", "hello", 400, JSON11, "{\"__type\":\"SerializationException\"}" },
        { "POST", "/", JSON11, LIST, "hello", 400, JSON11, "{\"__type\":\"SerializationException\"}" },
        { "POST", "/", JSON11, LIST, "true", 400, JSON11, "{\"__type\":\"SerializationException\"}" },
        { "POST", "/", "application/json", LIST, "hello", 400, "application/json",
          "{\"Output\":{\"__type\":\"com.amazon.coral.service#SerializationException\"},\"Version\":\"1.0\"}" },
        { "POST", "/", "application/json", LIST, "{}", 404, "application/json",
          "{\"Output\":{\"__type\":\"com.amazon.coral.service#UnknownOperationException\"},\"Version\":\"1.0\"}" },
        { "POST", "/", CBOR11, "x", "\xa0", 400, CBOR11, CBOR_UNKNOWN },
        { "POST", "/", CBOR11, LIST, "\xff", 400, CBOR11, CBOR_SERIALIZATION },
        { "POST", "/", "application/json", LIST, "", 400, CBOR11, CBOR_SERIALIZATION },
        { "POST", "/any/path", JSON11 "; charset=utf-8", LIST, "{}", 400, JSON11,
          "{\"__type\":\"MissingAuthenticationTokenException\",\"message\":\"Missing Authentication Token\"}" },
        { "POST", "/?Action=ListStreams", "application/json", NULL, "{}", 400, JSON11,
          "{\"__type\":\"MissingAuthenticationTokenException\",\"message\":\"Missing Authentication Token\"}" },
        { "POST", "/?X-Amz-Algorithm", JSON11, LIST, "{}", 400, JSON11,
          "{\"__type\":\"IncompleteSignatureException\",\"message\":\"AWS query-string parameters must include "
          "'X-Amz-Algorithm'. AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters "
          "must include 'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS "
          "query-string parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.\"}" },
    };
    struct bench b;
    bench_open(&b, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct wire_case *k = &cases[i];
        struct http_header headers[2];
        size_t n = 0;
        if (k->type)
            headers[n++] = (struct http_header){ S("Content-Type"), str_of(k->type) };
        if (k->target)
            headers[n++] = (struct http_header){ S("X-Amz-Target"), str_of(k->target) };
        struct str got = bench_send(&b, b.client, k->method, k->path, headers, n, str_of(k->body), false);
        if (b.status != k->status)
            fail_msg("case %zu: status %d, wanted %d", i, b.status, k->status);
        struct buf hex = BUF_INIT;
        if (strncmp(k->reply, "hex:", 4) == 0) {
            buf_z(&hex, "hex:");
            codec_hex(&hex, got);
            got = buf_str(&hex);
        }
        assert_str(got, k->reply);
        buf_release(&hex);
        struct str type = bench_header(&b, "content-type");
        if (k->reply_type)
            assert_str(type, k->reply_type);
        else if (type.p)
            fail_msg("case %zu: content type " STR_F, i, STR_A(type));
        assert_int_equal(bench_header(&b, "x-amzn-requestid").n, 36);
        assert_int_equal(bench_header(&b, "x-amz-id-2").n, 96);
    }
    bench_close(&b);
}

static void a_broken_authorization_header_is_taken_apart(void **state)
{
    (void)state;
    static const struct { const char *header, *message; } cases[] = {
        { "X", "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
               "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either a "
               "'X-Amz-Date' or a 'Date' header. Authorization=X" },
        { "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b",
          "Authorization header requires 'Signature' parameter. Authorization header requires existence of either a "
          "'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b" },
    };
    struct bench b;
    bench_open(&b, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct http_header headers[] = { { S("Content-Type"), S(JSON11) }, { S("X-Amz-Target"), S(LIST) },
                                         { S("Authorization"), str_of(cases[i].header) } };
        struct str reply = bench_send(&b, b.client, "POST", "/", headers, 3, S("{}"), false);
        assert_int_equal(b.status, 400);
        assert_str(bench_text(&b, reply, "__type"), "IncompleteSignatureException");
        assert_str(bench_text(&b, reply, "message"), cases[i].message);
    }
    struct http_header both[] = { { S("Content-Type"), S(JSON11) }, { S("X-Amz-Target"), S(LIST) }, { S("Authorization"), S("X") } };
    struct str reply = bench_send(&b, b.client, "POST", "/?X-Amz-Algorithm=a", both, 3, S("{}"), false);
    assert_str(bench_text(&b, reply, "message"),
               "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
    bench_close(&b);
}

static void wrong_key_wrong_secret_and_skewed_date_are_refused(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL);
    struct client *stranger = bench_client(&b, S("AKIAUNKNOWNKEY"), S("x")), *liar = bench_client(&b, S("test"), S("wrong"));
    struct str reply = bench_as(&b, stranger, "ListStreams", S("{}"));
    assert_int_equal(b.status, 400);
    assert_str(reply, "{\"__type\":\"UnrecognizedClientException\",\"message\":\"The security token included in the request is "
                      "invalid.\"}");
    reply = bench_as(&b, liar, "ListStreams", S("{}"));
    assert_int_equal(b.status, 400);
    assert_str(bench_text(&b, reply, "__type"), "InvalidSignatureException");
    struct bench past = b;
    clock_init_virtual(&past.clock, START_MS - 3600000);
    struct client *late = bench_client(&past, S("test"), S("test"));
    reply = bench_as(&b, late, "ListStreams", S("{}"));
    assert_int_equal(b.status, 400);
    assert_str(bench_text(&b, reply, "__type"), "InvalidSignatureException");
    assert_true(str_starts(bench_text(&b, reply, "message"), S("Signature expired: 20250105T090427Z is now earlier than")));
    client_close(stranger);
    client_close(liar);
    client_close(late);
    bench_close(&b);
}

static void cors_is_answered(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL);
    struct http_header ask[] = { { S("Origin"), S("http://a") }, { S("Access-Control-Request-Headers"), S("a, b") },
                                 { S("Access-Control-Request-Method"), S("POST") } };
    struct str reply = bench_send(&b, b.client, "OPTIONS", "/", ask, 3, S(""), false);
    assert_int_equal(b.status, 200);
    assert_int_equal(reply.n, 0);
    assert_str(bench_header(&b, "access-control-allow-origin"), "*");
    assert_str(bench_header(&b, "access-control-allow-headers"), "a, b");
    assert_str(bench_header(&b, "access-control-allow-methods"), "POST");
    assert_str(bench_header(&b, "access-control-max-age"), "172800");
    assert_null(bench_header(&b, "x-amz-id-2").p);
    assert_null(bench_header(&b, "content-type").p);
    struct http_header call[] = { { S("Origin"), S("http://a") }, { S("Content-Type"), S(JSON11) }, { S("X-Amz-Target"), S(LIST) } };
    bench_send(&b, b.client, "POST", "/", call, 3, S("{}"), true);
    assert_int_equal(b.status, 200);
    assert_str(bench_header(&b, "access-control-expose-headers"),
               "x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amzn-ErrorMessage,Date");
    bench_close(&b);
}

static void the_gateway_s_spellings_are_taken(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "s:1" }, { 0 } });
    static const char *const types[] = { "x-amz-json-1.1", "application/json", JSON11, "text/plain" };
    for (size_t i = 0; i < 4; i++) {
        struct http_header headers[] = { { S("Content-Type"), str_of(types[i]) } };
        struct str reply = bench_send(&b, b.client, "POST", "/?Action=PutRecord", headers, 1,
                                      S("{\"StreamName\":\"s\",\"Data\":\"AQ==\",\"PartitionKey\":\"k\"}"), true);
        assert_int_equal(b.status, 200);
        assert_str(bench_text(&b, reply, "ShardId"), "shardId-000000000000");
        assert_str(bench_header(&b, "content-type"), JSON11);
    }
    struct http_header headers[] = { { S("Content-Type"), S("x-amz-json-1.1") }, { S("X-Amz-Target"), S(LIST) } };
    bench_send(&b, b.client, "POST", "/", headers, 2, S("{}"), true);
    assert_int_equal(b.status, 200);
    bench_close(&b);
}

static struct str from_hex(struct bench *b, const char *hex)
{
    struct buf out = BUF_INIT;
    assert_true(codec_unhex(&out, str_of(hex)));
    struct str copy = arena_dup(&b->arena, buf_str(&out));
    buf_release(&out);
    return copy;
}

static void cbor_puts_and_gets_bytes(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, (struct cloud_setting[]){ { "kinesis.streams", "s:1" }, { 0 } });
    struct http_header put[] = { { S("Content-Type"), S(CBOR11) }, { S("X-Amz-Target"), S("Kinesis_20131202.PutRecord") } };
    /* {"StreamName":"s","Data":h'000102ff',"PartitionKey":"k"} */
    struct str body = from_hex(&b, "a3" "6a53747265616d4e616d65" "6173" "6444617461" "44000102ff" "6c506172746974696f6e4b6579" "616b");
    struct str reply = bench_send(&b, b.client, "POST", "/", put, 2, body, true);
    assert_int_equal(b.status, 200);
    assert_str(bench_header(&b, "content-type"), CBOR11);
    assert_int_equal((unsigned char)reply.p[0], 0xbf);
    struct str *records, got = bench_get(&b, bench_iterator(&b, "s", 0, HORIZON), 0);
    assert_int_equal(bench_items(&b, got, "Records", &records), 1);
    assert_str(bench_text(&b, records[0], "Data"), "AAEC/w==");

    struct str iterator = bench_iterator(&b, "s", 0, HORIZON);
    struct buf ask = BUF_INIT;
    buf_str_add(&ask, from_hex(&b, "a16d53686172644974657261746f72790000"));
    ask.p[ask.n - 2] = (char)(iterator.n >> 8);
    ask.p[ask.n - 1] = (char)iterator.n;
    buf_str_add(&ask, iterator);
    struct http_header get[] = { { S("Content-Type"), S(CBOR11) }, { S("X-Amz-Target"), S("Kinesis_20131202.GetRecords") } };
    reply = bench_send(&b, b.client, "POST", "/", get, 2, buf_str(&ask), true);
    assert_int_equal(b.status, 200);
    assert_true(str_find(reply, from_hex(&b, "6444617461" "44000102ff")) != STR_NONE);
    /* tag 1 and milliseconds */
    assert_true(str_find(reply, from_hex(&b, "c11b00000194")) != STR_NONE);
    buf_release(&ask);
    bench_close(&b);
}

static void what_is_not_built_says_so(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL);
    struct str reply = bench_call(&b, "DescribeAccountSettings", "{}");
    assert_int_equal(b.status, 501);
    assert_str(bench_text(&b, reply, "__type"), "NotImplemented");
    bench_close(&b);
}

static void accounts_and_regions_do_not_see_each_other(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL);
    struct client *other = bench_client(&b, S("111122223333"), S("test"));
    bench_ok(&b, "CreateStream", "{\"StreamName\":\"mine\",\"ShardCount\":1}");
    struct str reply = bench_as(&b, other, "ListStreams", S("{}"));
    assert_int_equal(b.status, 200);
    assert_str(bench_member(reply, "StreamNames"), "[]");
    reply = bench_as(&b, other, "DescribeStream", S("{\"StreamName\":\"mine\"}"));
    assert_str(bench_text(&b, reply, "message"), "Stream mine under account 111122223333 not found.");
    bench_as(&b, other, "CreateStream", S("{\"StreamName\":\"mine\",\"ShardCount\":1}"));
    assert_int_equal(b.status, 200);
    reply = bench_as(&b, other, "DescribeStream", S("{\"StreamARN\":\"arn:aws:kinesis:us-east-1:000000000000:stream/mine\"}"));
    assert_int_equal(b.status, 400);
    assert_str(bench_text(&b, reply, "__type"), "AccessDeniedException");
    struct err e;
    struct client_options o = { .clock = &b.clock, .max_attempts = 1, .key = { S("test"), S("test"), S("") }, .region = S("eu-west-1") };
    struct client *abroad = client_open(&o, &e);
    reply = bench_as(&b, abroad, "ListStreams", S("{}"));
    assert_str(bench_member(reply, "StreamNames"), "[]");
    client_close(other);
    client_close(abroad);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_refused_in_the_order_of_aws),
        cmocka_unit_test(a_broken_authorization_header_is_taken_apart),
        cmocka_unit_test(wrong_key_wrong_secret_and_skewed_date_are_refused),
        cmocka_unit_test(cors_is_answered),
        cmocka_unit_test(the_gateway_s_spellings_are_taken),
        cmocka_unit_test(cbor_puts_and_gets_bytes),
        cmocka_unit_test(what_is_not_built_says_so),
        cmocka_unit_test(accounts_and_regions_do_not_see_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
