/* Multipart uploads: ETags, checksums, order, sizes, retries after a lost answer; and what three calls cost. */
#include "tests/unit/s3_local.h"

#include "base/clock.h"

static const struct cloud_setting settings[] = { { "s3.buckets", "bkt" }, { "s3.min_part_bytes", "5" }, { 0 } };

static struct str start(struct local *l, const char *key, const struct http_header *headers, size_t n)
{
    struct str body;
    assert_int_equal(local_do(l, arena_f(&l->arena, "POST /bkt/%s?uploads", key).p, S(""), headers, n, &body, NULL), 200);
    return local_element(&body, "UploadId");
}

static struct str put_part(struct local *l, const char *key, struct str id, int number, struct str bytes)
{
    struct http_reply reply;
    const char *line = arena_f(&l->arena, "PUT /bkt/%s?partNumber=%d&uploadId=" STR_F, key, number, STR_A(id)).p;
    if (local_do(l, line, bytes, NULL, 0, NULL, &reply) != 200)
        return S("none");
    return http_header_get(reply.headers, reply.n_headers, "ETag");
}

static int complete(struct local *l, const char *key, struct str id, const char *parts, const struct http_header *headers,
                    size_t n, struct str *ret_body)
{
    struct str body = arena_f(&l->arena, "<CompleteMultipartUpload>%s</CompleteMultipartUpload>", parts);
    return local_do(l, arena_f(&l->arena, "POST /bkt/%s?uploadId=" STR_F, key, STR_A(id)).p, body, headers, n, ret_body, NULL);
}

static const char *part(struct local *l, int number, struct str etag)
{
    return arena_f(&l->arena, "<Part><PartNumber>%d</PartNumber><ETag>" STR_F "</ETag></Part>", number, STR_A(etag)).p;
}

static struct str code_of(struct str body) { return local_element(&body, "Code"); }

static void parts_become_one_object_in_their_order(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct str id = start(l, "k", NULL, 0), body;
    struct str second = put_part(l, "k", id, 7, S("world")), first = put_part(l, "k", id, 2, S("other"));
    first = put_part(l, "k", id, 2, S("hello")); /* again: the last one counts */
    assert_int_equal(complete(l, "k", id, arena_f(&l->arena, "%s%s", part(l, 2, first), part(l, 7, second)).p, NULL, 0, &body), 200);
    struct str at = body;
    /* md5(md5(hello), md5(world)) and md5(md5(x)) by Python's hashlib */
    assert_str(local_element(&at, "ETag"), "&quot;065947336a2f2a95ba8899f3675c3be6-2&quot;");
    assert_str(local_get(l, "GET /bkt/k"), "helloworld");
    assert_str(local_get(l, "GET /bkt/k?partNumber=2"), "world");
    id = start(l, "one", NULL, 0);
    first = put_part(l, "one", id, 1, S("x"));
    assert_int_equal(complete(l, "one", id, part(l, 1, first), NULL, 0, &body), 200);
    at = body;
    assert_str(local_element(&at, "ETag"), "&quot;9affad555af89da9b0bfcd5e45bc93da-1&quot;");
    local_close(l);
}

static void a_wrong_list_is_refused_and_the_upload_stays(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct str id = start(l, "k", NULL, 0), body;
    const char *one = part(l, 1, put_part(l, "k", id, 1, S("hello"))), *two = part(l, 2, put_part(l, "k", id, 2, S("tiny"))),
               *three = part(l, 3, put_part(l, "k", id, 3, S("world")));
    const struct { const char *parts, *code; } rows[] = {
        { "", "MalformedXML" }, { "<Part>", "MalformedXML" }, { "<Part><PartNumber>1</PartNumber></Part>", "MalformedXML" },
        { "<Part><PartNumber>x</PartNumber><ETag>e</ETag></Part>", "MalformedXML" }, { "<Other/>", "MalformedXML" },
        { part(l, 1, S("\"0\"")), "InvalidPart" }, { part(l, 9, S("\"0\"")), "InvalidPart" },
        { part(l, -1, S("\"0\"")), "InvalidPart" },
        { arena_f(&l->arena, "%s%s", three, one).p, "InvalidPartOrder" }, { arena_f(&l->arena, "%s%s", one, one).p, "InvalidPartOrder" },
        { arena_f(&l->arena, "%s%s%s", one, two, three).p, "EntityTooSmall" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(complete(l, "k", id, rows[i].parts, NULL, 0, &body), 400);
        if (!str_is(code_of(body), rows[i].code))
            fail_msg("case %zu: " STR_F, i, STR_A(body));
    }
    assert_int_equal(complete(l, "k", S("nonsense"), one, NULL, 0, &body), 404);
    assert_str(code_of(body), "NoSuchUpload");
    assert_int_equal(complete(l, "other", id, one, NULL, 0, &body), 404); /* another key */
    assert_str(put_part(l, "k", id, 0, S("x")), "none");
    assert_str(put_part(l, "k", id, 10001, S("x")), "none");
    assert_int_equal(complete(l, "k", id, arena_f(&l->arena, "%s%s", one, three).p, NULL, 0, &body), 200);
    assert_str(local_get(l, "GET /bkt/k"), "helloworld");
    local_close(l);
}

static void a_retry_after_a_lost_answer_gets_the_answer(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct str id = start(l, "k", NULL, 0), first, again;
    const char *one = part(l, 1, put_part(l, "k", id, 1, S("hello")));
    struct http_header only_new = { S("If-None-Match"), S("*") };
    assert_int_equal(complete(l, "k", id, one, &only_new, 1, &first), 200);
    assert_int_equal(complete(l, "k", id, one, &only_new, 1, &again), 200);
    assert_true(str_eq(first, again));
    local_put(l, "PUT /bkt/k", S("newer"));
    assert_int_equal(complete(l, "k", id, one, NULL, 0, &again), 404); /* the object is another one now */
    assert_str(local_get(l, "GET /bkt/k"), "newer");
    local_close(l);
}

static void a_condition_is_judged_when_the_upload_completes(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct str id = start(l, "k", NULL, 0), body;
    const char *one = part(l, 1, put_part(l, "k", id, 1, S("hello")));
    struct http_header only_new = { S("If-None-Match"), S("*") }, only_that = { S("If-Match"), S("\"0\"") };
    assert_int_equal(complete(l, "k", id, one, &only_that, 1, &body), 404);
    local_put(l, "PUT /bkt/k", S("first"));
    assert_int_equal(complete(l, "k", id, one, &only_new, 1, &body), 412);
    assert_int_equal(complete(l, "k", id, one, &only_that, 1, &body), 412);
    assert_str(local_get(l, "GET /bkt/k"), "first");
    assert_int_equal(complete(l, "k", id, one, NULL, 0, &body), 200);
    local_close(l);
}

static const struct { const char *algorithm, *type; int status; const char *want_type; } kinds[] = {
    { "CRC32", NULL, 200, "COMPOSITE" }, { "CRC32", "FULL_OBJECT", 200, "FULL_OBJECT" }, { "CRC32C", "COMPOSITE", 200, "COMPOSITE" },
    { "CRC64NVME", NULL, 200, "FULL_OBJECT" }, { "SHA1", NULL, 200, "COMPOSITE" }, { "SHA256", "COMPOSITE", 200, "COMPOSITE" },
    { "CRC64NVME", "COMPOSITE", 400, "" }, { "SHA1", "FULL_OBJECT", 400, "" }, { "SHA256", "FULL_OBJECT", 400, "" },
    { "MD5", NULL, 400, "" }, { "CRC32", "HALF", 400, "" }, { "", "FULL_OBJECT", 400, "" },
};

static void checksums_are_of_the_kind_the_upload_was_created_with(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct http_header headers[] = { { S("x-amz-checksum-algorithm"), str_of(kinds[i].algorithm) },
                                         { S("x-amz-checksum-type"), str_of(kinds[i].type) } };
        struct str body;
        int status = local_do(l, "POST /bkt/k?uploads", S(""), headers, kinds[i].type ? 2 : 1, &body, NULL);
        if (status != kinds[i].status)
            fail_msg("%s %s: %d", kinds[i].algorithm, kinds[i].type ? kinds[i].type : "", status);
        if (status != 200)
            continue;
        struct str id = local_element(&body, "UploadId");
        const char *parts = arena_f(&l->arena, "%s%s", part(l, 1, put_part(l, "k", id, 1, S("hello"))),
                                    part(l, 2, put_part(l, "k", id, 2, S("world")))).p;
        assert_int_equal(complete(l, "k", id, parts, NULL, 0, &body), 200);
        struct str at = body, sum = local_element(&at, arena_f(&l->arena, "Checksum%s", kinds[i].algorithm).p);
        assert_true(sum.n > 0);
        assert_int_equal(str_ends(sum, S("-2")), strcmp(kinds[i].want_type, "COMPOSITE") == 0);
        assert_str(local_element(&at, "ChecksumType"), kinds[i].want_type);
    }
    local_close(l);
}

static void a_part_of_another_checksum_is_refused(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct http_header sha = { S("x-amz-checksum-algorithm"), S("SHA256") }, crc = { S("x-amz-checksum-crc32"), S("NhCmhg==") };
    struct str id = start(l, "k", &sha, 1), body;
    const char *line = arena_f(&l->arena, "PUT /bkt/k?partNumber=1&uploadId=" STR_F, STR_A(id)).p;
    assert_int_equal(local_do(l, line, S("hello"), &crc, 1, &body, NULL), 400);
    assert_str(code_of(body), "InvalidRequest");
    struct http_header wrong = { S("x-amz-checksum-sha256"), S("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=") };
    assert_int_equal(local_do(l, line, S("hello"), &wrong, 1, &body, NULL), 400);
    assert_str(code_of(body), "BadDigest");
    local_close(l);
}

static void claims_about_the_whole_are_verified(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct http_header full[] = { { S("x-amz-checksum-algorithm"), S("CRC32") }, { S("x-amz-checksum-type"), S("FULL_OBJECT") } };
    struct str id = start(l, "k", full, 2), body;
    const char *parts = arena_f(&l->arena, "%s%s", part(l, 1, put_part(l, "k", id, 1, S("hello"))),
                                part(l, 2, put_part(l, "k", id, 2, S("world")))).p;
    const struct { struct http_header h; int status; const char *code; } rows[] = {
        { { S("x-amz-checksum-crc32"), S("AAAAAA==") }, 400, "BadDigest" },
        { { S("x-amz-checksum-crc32"), S("short") }, 400, "InvalidRequest" },
        { { S("x-amz-mp-object-size"), S("11") }, 400, "InvalidRequest" },
        { { S("x-amz-checksum-type"), S("COMPOSITE") }, 400, "InvalidRequest" },
        { { S("x-amz-checksum-crc32"), S("+esgrQ==") }, 200, "" }, /* of "helloworld", by Python's zlib */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(complete(l, "k", id, parts, &rows[i].h, 1, &body), rows[i].status);
        if (rows[i].status != 200)
            assert_str(code_of(body), rows[i].code);
    }
    local_close(l);
}

static void an_aborted_upload_is_gone(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct str id = start(l, "k", NULL, 0), body = local_get(l, "GET /bkt?uploads");
    assert_true(str_find(body, id) != STR_NONE);
    const char *line = arena_f(&l->arena, "DELETE /bkt/k?uploadId=" STR_F, STR_A(id)).p;
    assert_int_equal(local_do(l, line, S(""), NULL, 0, NULL, NULL), 204);
    assert_int_equal(local_do(l, line, S(""), NULL, 0, NULL, NULL), 404);
    assert_str(put_part(l, "k", id, 1, S("x")), "none");
    assert_true(str_find(local_get(l, "GET /bkt?uploads"), id) == STR_NONE);
    local_close(l);
}

static void parts_and_uploads_are_listed_in_pages(void **state)
{
    (void)state;
    struct local *l = local_open(settings, NULL);
    struct str id = start(l, "b/k", NULL, 0), a = start(l, "a", NULL, 0);
    start(l, "b/x", NULL, 0);
    start(l, "c", NULL, 0);
    for (int i = 1; i <= 5; i++)
        put_part(l, "b/k", id, 2 * i, S("hello"));
    struct str page = local_get(l, arena_f(&l->arena, "GET /bkt/b/k?max-parts=2&part-number-marker=2&uploadId=" STR_F, STR_A(id)).p), at = page;
    assert_str(local_element(&at, "NextPartNumberMarker"), "6");
    assert_str(local_element(&at, "IsTruncated"), "true");
    assert_str(local_element(&at, "PartNumber"), "4");
    page = local_get(l, "GET /bkt?uploads&max-uploads=1"), at = page;
    assert_str(local_element(&at, "NextKeyMarker"), "a");
    assert_str(local_element(&at, "IsTruncated"), "true");
    assert_true(str_find(page, a) != STR_NONE);
    page = local_get(l, "GET /bkt?uploads&delimiter=/&key-marker=a"), at = page;
    assert_str(local_element(&at, "IsTruncated"), "false");
    assert_str(local_element(&at, "Key"), "c");
    assert_true(str_find(page, S("<CommonPrefixes><Prefix>b/</Prefix></CommonPrefixes>")) != STR_NONE);
    page = local_get(l, "GET /bkt?uploads&delimiter=/&key-marker=b/"), at = page;
    assert_str(local_element(&at, "Key"), "c");
    assert_true(str_find(page, S("CommonPrefixes")) == STR_NONE);
    local_close(l);
}

static void three_calls_store_a_record(void **state)
{
    (void)state;
    enum { N = 20000 };
    struct local *l = local_open(settings, NULL);
    char record[700];
    memset(record, 'r', sizeof record);
    int64_t before = clock_stopwatch_us();
    for (int i = 0; i < N; i++) {
        const char *key = arena_f(&l->arena, "topics/t.pin/partition=0/t.pin+0+%010d.json", i).p;
        struct str id = start(l, key, NULL, 0);
        const char *one = part(l, 1, put_part(l, key, id, 1, (struct str){ record, sizeof record }));
        if (complete(l, key, id, one, NULL, 0, NULL) != 200)
            fail_msg("record %d", i);
        arena_reset(&l->arena);
    }
    int64_t took = clock_stopwatch_us() - before;
    print_message("%d records by three calls each: %.1f us a call\n", N, (double)took / (3.0 * N));
    local_close(l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_become_one_object_in_their_order), cmocka_unit_test(a_wrong_list_is_refused_and_the_upload_stays),
        cmocka_unit_test(a_retry_after_a_lost_answer_gets_the_answer), cmocka_unit_test(a_condition_is_judged_when_the_upload_completes),
        cmocka_unit_test(checksums_are_of_the_kind_the_upload_was_created_with),
        cmocka_unit_test(a_part_of_another_checksum_is_refused), cmocka_unit_test(claims_about_the_whole_are_verified),
        cmocka_unit_test(an_aborted_upload_is_gone), cmocka_unit_test(parts_and_uploads_are_listed_in_pages),
        cmocka_unit_test(three_calls_store_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
