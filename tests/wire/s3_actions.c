/* Every action over real HTTP, answered and refused: a table of steps, each with what the answer must be and hold. */
#include "tests/wire/s3_world.h"

struct step {
    const char *line, *headers, *body;
    int status;
    const char *holds; /* in the body, or NULL; "Name: value" for a header */
    const char *keeps; /* name of an element of the answer whose text replaces {} in later steps */
};

#define XML_TAGS "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"
#define FIVE "<Part><PartNumber>1</PartNumber><ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag></Part>"

static const struct step buckets[] = {
    { "GET /", NULL, "", 200, "<Name>given</Name>", NULL },
    { "GET /?prefix=zzz", NULL, "", 200, "<Buckets></Buckets>", NULL },
    { "GET /?max-buckets=0", NULL, "", 400, "InvalidArgument", NULL },
    { "PUT /new-bucket", NULL, "", 200, "Location: /new-bucket", NULL },
    { "PUT /new-bucket", NULL, "", 200, NULL, NULL }, /* again, in us-east-1 */
    { "PUT /eu", NULL, "", 400, "InvalidBucketName", NULL },
    { "PUT /Upper-Case", NULL, "", 400, "InvalidBucketName", NULL },
    { "PUT /192.168.0.1", NULL, "", 400, "InvalidBucketName", NULL },
    { "PUT /eu-bucket", NULL, "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", 200, NULL, NULL },
    { "PUT /eu-bucket", NULL, "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>", 409, "BucketAlreadyOwnedByYou", NULL },
    { "PUT /bad-xml", NULL, "<CreateBucketConfiguration><LocationConstraint>eu-w", 400, "MalformedXML", NULL },
    { "PUT /bad-region", NULL, "<CreateBucketConfiguration><LocationConstraint>us-east-1</LocationConstraint></CreateBucketConfiguration>", 400, "InvalidLocationConstraint", NULL },
    { "GET /eu-bucket?location", NULL, "", 200, ">eu-west-1</LocationConstraint>", NULL },
    { "GET /new-bucket?location", NULL, "", 200, "></LocationConstraint>", NULL },
    { "GET /absent?location", NULL, "", 404, "NoSuchBucket", NULL },
    { "HEAD /eu-bucket", NULL, "", 200, "x-amz-bucket-region: eu-west-1", NULL },
    { "HEAD /absent", NULL, "", 404, NULL, NULL },
    { "HEAD /given", "x-amz-expected-bucket-owner: 111111111111", "", 403, NULL, NULL },
    { "GET /given?acl", NULL, "", 200, "<Permission>FULL_CONTROL</Permission>", NULL },
    { "GET /absent?acl", NULL, "", 404, "NoSuchBucket", NULL },
    { "GET /given?versioning", NULL, "", 200, "<VersioningConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></VersioningConfiguration>", NULL },
    { "GET /absent?versioning", NULL, "", 404, "NoSuchBucket", NULL },
    { "PUT /new-bucket?versioning", NULL, "<VersioningConfiguration><Status>On</Status></VersioningConfiguration>", 400, "MalformedXML", NULL },
    { "PUT /new-bucket?versioning", NULL, "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>", 200, NULL, NULL },
    { "GET /new-bucket?versioning", NULL, "", 200, "<Status>Enabled</Status>", NULL },
    { "PUT /new-bucket/k", NULL, "x", 200, NULL, NULL },
    { "GET /new-bucket?versions", NULL, "", 200, "<Version><Key>k</Key>", NULL },
    { "GET /absent?versions", NULL, "", 404, "NoSuchBucket", NULL },
    { "DELETE /new-bucket", NULL, "", 409, "BucketNotEmpty", NULL },
    { "DELETE /eu-bucket", NULL, "", 204, NULL, NULL },
    { "DELETE /eu-bucket", NULL, "", 404, "NoSuchBucket", NULL },
    { "GET /given?policy", NULL, "", 501, "GetBucketPolicy", NULL },
    { "PATCH /given", NULL, "", 405, "MethodNotAllowed", NULL },
    { NULL, NULL, NULL, 0, NULL, NULL },
};

static const struct step objects[] = {
    { "PUT /given/k", "Content-Type: text/plain\nx-amz-meta-A: b", "hello", 200, "ETag: \"5d41402abc4b2a76b9719d911017c592\"", NULL },
    { "PUT /given/k", "x-amz-checksum-crc32: NhCmhg==", "hello", 200, "x-amz-checksum-crc32: NhCmhg==", NULL },
    { "PUT /given/k", "x-amz-checksum-crc32: AAAAAA==", "hello", 400, "BadDigest", NULL },
    { "PUT /given/k", "x-amz-checksum-crc32: AAAA", "hello", 400, "InvalidRequest", NULL },
    { "PUT /given/k", "x-amz-checksum-crc32: NhCmhg==\nx-amz-checksum-sha1: qvTGHdzF6KLavt4PO0gs2a6pQ00=", "hello", 400, "InvalidRequest", NULL },
    { "PUT /given/k", "x-amz-sdk-checksum-algorithm: CRC32", "hello", 400, "InvalidRequest", NULL },
    { "PUT /given/k", "Content-MD5: XUFAKrxLKna5cZ2REBfFkg==", "hello", 200, NULL, NULL },
    { "PUT /given/k", "Content-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==", "hello", 400, "BadDigest", NULL },
    { "PUT /given/k", "Content-MD5: zzz", "hello", 400, "InvalidDigest", NULL },
    { "PUT /given/k", "x-amz-storage-class: CLOUD", "hello", 400, "InvalidStorageClass", NULL },
    { "PUT /given/k", "x-amz-server-side-encryption-customer-algorithm: AES256", "hello", 501, "NotImplemented", NULL },
    { "PUT /given/k", "x-amz-acl: everybody", "hello", 400, "InvalidArgument", NULL },
    { "PUT /given/k", "x-amz-acl: public-read", "hello", 200, NULL, NULL },
    { "PUT /given/k", "If-None-Match: *", "hello", 412, "<Condition>If-None-Match</Condition>", NULL },
    { "PUT /given/k", "If-None-Match: \"x\"", "hello", 501, "NotImplemented", NULL },
    { "PUT /given/k", "If-Match: \"x\"", "hello", 412, "<Condition>If-Match</Condition>", NULL },
    { "PUT /given/absent", "If-Match: \"x\"", "hello", 404, "NoSuchKey", NULL },
    { "PUT /given/k", "If-Match: \"5d41402abc4b2a76b9719d911017c592\"\nx-amz-meta-Colour: blue\nContent-Type: text/plain", "hello", 200, NULL, NULL },
    { "PUT /absent/k", NULL, "hello", 404, "NoSuchBucket", NULL },
    { "GET /given/k", NULL, "", 200, "hello", NULL },
    { "GET /given/k", NULL, "", 200, "x-amz-meta-colour: blue", NULL },
    { "GET /given/k", NULL, "", 200, "Content-Type: text/plain", NULL },
    { "GET /given/k", NULL, "", 200, "Last-Modified: Fri, 01 Jan 2021 00:00:00 GMT", NULL },
    { "GET /given/k?response-content-type=a%2Fb&response-cache-control=no-store", NULL, "", 200, "Content-Type: a/b", NULL },
    { "GET /given/k", "x-amz-checksum-mode: ENABLED", "", 200, "x-amz-checksum-type: FULL_OBJECT", NULL },
    { "GET /given/absent", NULL, "", 404, "<Key>absent</Key>", NULL },
    { "GET /absent/k", NULL, "", 404, "<BucketName>absent</BucketName>", NULL },
    { "GET /given/k?versionId=nonsense", NULL, "", 404, "NoSuchVersion", NULL },
    { "GET /given/k?partNumber=1", NULL, "", 206, "hello", NULL },
    { "GET /given/k?partNumber=2", NULL, "", 416, "InvalidPartNumber", NULL },
    { "HEAD /given/k", NULL, "", 200, "Content-Length: 5", NULL },
    { "HEAD /given/absent", NULL, "", 404, NULL, NULL },
    { "GET /given/k?acl", NULL, "", 200, "FULL_CONTROL", NULL },
    { "GET /given/absent?acl", NULL, "", 404, "NoSuchKey", NULL },
    { "GET /given/k?tagging", NULL, "", 200, "<TagSet></TagSet>", NULL },
    { "PUT /given/k?tagging", NULL, XML_TAGS, 200, NULL, NULL },
    { "GET /given/k?tagging", NULL, "", 200, "<Tag><Key>k</Key><Value>v</Value></Tag>", NULL },
    { "GET /given/k", NULL, "", 200, "x-amz-tagging-count: 1", NULL },
    { "PUT /given/k?tagging", NULL, "<Tagging><TagSet><Tag><Key></Key><Value>v</Value></Tag></TagSet></Tagging>", 400, "InvalidTag", NULL },
    { "PUT /given/k?tagging", NULL, "<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag>", 400, "MalformedXML", NULL },
    { "PUT /given/k?tagging", NULL, "<Tagging/>", 400, "MalformedXML", NULL },
    { "PUT /given/absent?tagging", NULL, XML_TAGS, 404, "NoSuchKey", NULL },
    { "DELETE /given/k?tagging", NULL, "", 204, NULL, NULL },
    { "DELETE /given/absent?tagging", NULL, "", 404, "NoSuchKey", NULL },
    { "GET /given/absent?tagging", NULL, "", 404, "NoSuchKey", NULL },
    { "PUT /given/t", "x-amz-tagging: a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=10&k=11", "x", 400, "BadRequest", NULL },
    { "PUT /given/t", "x-amz-tagging: a=1&a=2", "x", 400, "InvalidTag", NULL },
    { "PUT /given/copy", "x-amz-copy-source: /given/k", "", 200, "<CopyObjectResult", NULL },
    { "GET /given/copy", NULL, "", 200, "x-amz-meta-colour: blue", NULL },
    { "PUT /given/copy", "x-amz-copy-source: given/k\nx-amz-metadata-directive: REPLACE\nx-amz-meta-z: 1", "", 200, NULL, NULL },
    { "GET /given/copy", NULL, "", 200, "x-amz-meta-z: 1", NULL },
    { "PUT /given/k", "x-amz-copy-source: given/k", "", 400, "illegal", NULL },
    { "PUT /given/copy", "x-amz-copy-source: given/absent", "", 404, "NoSuchKey", NULL },
    { "PUT /given/copy", "x-amz-copy-source: absent/k", "", 404, "NoSuchBucket", NULL },
    { "PUT /given/copy", "x-amz-copy-source: nonsense", "", 400, "InvalidArgument", NULL },
    { "PUT /given/copy", "x-amz-copy-source: given/k\nx-amz-metadata-directive: MOVE", "", 400, "InvalidArgument", NULL },
    { "PUT /given/copy", "x-amz-copy-source: given/k\nx-amz-copy-source-if-match: \"x\"", "", 412, "PreconditionFailed", NULL },
    { "PUT /given/copy", "x-amz-copy-source: given/k\nx-amz-copy-source-if-none-match: *", "", 412, "PreconditionFailed", NULL },
    { "PUT /given/copy", "x-amz-copy-source: given/k\nIf-None-Match: *", "", 412, "PreconditionFailed", NULL },
    { "GET /given?list-type=2&prefix=c", NULL, "", 200, "<KeyCount>1</KeyCount>", NULL },
    { "GET /given?list-type=2&max-keys=x", NULL, "", 400, "InvalidArgument", NULL },
    { "GET /absent?list-type=2", NULL, "", 404, "NoSuchBucket", NULL },
    { "GET /given?prefix=c", NULL, "", 200, "<Key>copy</Key>", NULL },
    { "GET /absent", NULL, "", 404, "NoSuchBucket", NULL },
    { "POST /given?delete", NULL, "<Delete><Object><Key>copy</Key></Object><Object><Key>absent</Key></Object></Delete>", 200, "<Deleted><Key>absent</Key></Deleted>", NULL },
    { "POST /given?delete", NULL, "<Delete><Quiet>true</Quiet><Object><Key>copy</Key></Object></Delete>", 200, "<DeleteResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"></DeleteResult>", NULL },
    { "POST /given?delete", NULL, "<Delete><Object><Key>k</Key>", 400, "MalformedXML", NULL },
    { "POST /given?delete", NULL, "<Delete></Delete>", 400, "MalformedXML", NULL },
    { "POST /given?delete", NULL, "", 400, "MalformedXML", NULL },
    { "POST /absent?delete", NULL, "<Delete><Object><Key>k</Key></Object></Delete>", 404, "NoSuchBucket", NULL },
    { "DELETE /given/k", "If-Match: \"x\"", "", 412, "PreconditionFailed", NULL },
    { "DELETE /given/k", NULL, "", 204, NULL, NULL },
    { "DELETE /given/k", NULL, "", 204, NULL, NULL },
    { "DELETE /absent/k", NULL, "", 404, "NoSuchBucket", NULL },
    { NULL, NULL, NULL, 0, NULL, NULL },
};

static const struct step uploads[] = {
    { "PUT /given/source", NULL, "hello", 200, NULL, NULL },
    { "POST /given/k?uploads", "x-amz-meta-a: b", "", 200, "<Key>k</Key>", "UploadId" },
    { "POST /absent/k?uploads", NULL, "", 404, "NoSuchBucket", NULL },
    { "POST /given/k?uploads", "x-amz-checksum-algorithm: MD5", "", 400, "InvalidRequest", NULL },
    { "PUT /given/k?partNumber=1&uploadId={}", NULL, "hello", 200, "ETag: \"5d41402abc4b2a76b9719d911017c592\"", NULL },
    { "PUT /given/k?partNumber=0&uploadId={}", NULL, "hello", 400, "InvalidArgument", NULL },
    { "PUT /given/k?partNumber=10001&uploadId={}", NULL, "hello", 400, "InvalidArgument", NULL },
    { "PUT /given/k?partNumber=x&uploadId={}", NULL, "hello", 400, "InvalidArgument", NULL },
    { "PUT /given/k?partNumber=1&uploadId=nonsense", NULL, "hello", 404, "NoSuchUpload", NULL },
    { "PUT /given/k?partNumber=2&uploadId={}", "x-amz-copy-source: given/source", "", 200, "<CopyPartResult", NULL },
    { "PUT /given/k?partNumber=3&uploadId={}", "x-amz-copy-source: given/source\nx-amz-copy-source-range: bytes=1-2", "", 200, NULL, NULL },
    { "PUT /given/k?partNumber=3&uploadId={}", "x-amz-copy-source: given/source\nx-amz-copy-source-range: bytes=1-5", "", 400, "InvalidArgument", NULL },
    { "PUT /given/k?partNumber=3&uploadId={}", "x-amz-copy-source: given/source\nx-amz-copy-source-range: 1-2", "", 400, "InvalidArgument", NULL },
    { "PUT /given/k?partNumber=3&uploadId={}", "x-amz-copy-source: given/absent", "", 404, "NoSuchKey", NULL },
    { "PUT /given/k?partNumber=3&uploadId=nonsense", "x-amz-copy-source: given/source", "", 404, "NoSuchUpload", NULL },
    { "GET /given/k?uploadId={}", NULL, "", 200, "<PartNumber>3</PartNumber>", NULL },
    { "GET /given/k?uploadId={}&max-parts=1", NULL, "", 200, "<IsTruncated>true</IsTruncated>", NULL },
    { "GET /given/k?uploadId=nonsense", NULL, "", 404, "NoSuchUpload", NULL },
    { "GET /given?uploads", NULL, "", 200, "<Key>k</Key>", NULL },
    { "GET /given?uploads&prefix=z", NULL, "", 200, "<IsTruncated>false</IsTruncated></ListMultipartUploadsResult>", NULL },
    { "GET /absent?uploads", NULL, "", 404, "NoSuchBucket", NULL },
    { "GET /given/k", NULL, "", 404, "NoSuchKey", NULL }, /* not before it is complete */
    { "POST /given/k?uploadId={}", NULL, "<CompleteMultipartUpload>" FIVE, 400, "MalformedXML", NULL },
    { "POST /given/k?uploadId=nonsense", NULL, "<CompleteMultipartUpload>" FIVE "</CompleteMultipartUpload>", 404, "NoSuchUpload", NULL },
    { "POST /given/k?uploadId={}", NULL, "<CompleteMultipartUpload>" FIVE "</CompleteMultipartUpload>", 200, "-1&quot;</ETag>", NULL },
    { "POST /given/k?uploadId={}", NULL, "<CompleteMultipartUpload>" FIVE "</CompleteMultipartUpload>", 200, "-1&quot;</ETag>", NULL },
    { "GET /given/k", NULL, "", 200, "x-amz-meta-a: b", NULL },
    { "DELETE /given/k?uploadId={}", NULL, "", 404, "NoSuchUpload", NULL },
    { "POST /given/aborted?uploads", NULL, "", 200, NULL, "UploadId" },
    { "DELETE /given/aborted?uploadId={}", NULL, "", 204, NULL, NULL },
    { "PUT /given/aborted?partNumber=1&uploadId={}", NULL, "hello", 404, "NoSuchUpload", NULL },
    { NULL, NULL, NULL, 0, NULL, NULL },
};

static const char *fill_in(struct world *w, const char *text, struct str kept)
{
    size_t at = str_find(str_of(text), S("{}"));
    if (at == STR_NONE)
        return text;
    return arena_f(&w->arena, "%.*s" STR_F "%s", (int)at, text, STR_A(kept), text + at + 2).p;
}

static bool header_holds(struct world *w, const struct client_response *r, const char *what)
{
    struct str value = str_of(what), name = str_cut(&value, ':');
    return value.p && str_eq(s3_world_header(r, arena_z(&w->arena, name)), str_trim(value));
}

static void walk(const struct step *s)
{
    static const struct cloud_setting settings[] = { { "s3.buckets", "given" }, { 0 } };
    struct world *w = s3_world_open(settings, NULL, false);
    struct str kept = S("");
    for (; s->line; s++) {
        struct client_response r = s3_world_do(w, fill_in(w, s->line, kept), s->headers, str_of(s->body));
        if (r.status != s->status)
            fail_msg("%s: %d, want %d: " STR_F, s->line, r.status, s->status, STR_A(r.body));
        if (s->holds && !header_holds(w, &r, s->holds) && !s3_world_has(r.body, s->holds))
            fail_msg("%s: no '%s' in " STR_F, s->line, s->holds, STR_A(r.body));
        if (s3_world_header(&r, "x-amz-request-id").n != 16 || !s3_world_header(&r, "x-amz-id-2").n)
            fail_msg("%s: no request ids", s->line);
        bool has_body = strncmp(s->line, "HEAD", 4) != 0;
        if (r.status >= 400 && has_body && !s3_world_has(r.body, "</RequestId><HostId>"))
            fail_msg("%s: no error document: " STR_F, s->line, STR_A(r.body));
        if (s->keeps)
            kept = s3_world_element(r.body, s->keeps);
    }
    s3_world_close(w);
}

static void buckets_are_made_listed_and_deleted(void **state) { (void)state, walk(buckets); }
static void objects_are_put_got_copied_tagged_listed_and_deleted(void **state) { (void)state, walk(objects); }
static void uploads_are_started_filled_listed_completed_and_aborted(void **state) { (void)state, walk(uploads); }

/* An action that no step calls is a hole in this test. */
static void every_built_action_has_its_steps(void **state)
{
    (void)state;
    static const struct step *const tables[] = { buckets, objects, uploads };
    struct world *w = s3_world_open((const struct cloud_setting[]){ { "s3.buckets", "given" }, { 0 } }, NULL, false);
    for (size_t t = 0; t < 3; t++)
        for (const struct step *s = tables[t]; s->line; s++)
            s3_world_do(w, fill_in(w, s->line, S("x")), s->headers, str_of(s->body));
    struct buf seen = BUF_INIT;
    journal_list(cloud_journal(w->cloud), 0, 100000, "s3", &seen);
    for (size_t i = 0; i < s3_service.n_actions; i++) {
        const struct action *a = &s3_service.actions[i];
        if (a->run && !s3_world_has(buf_str(&seen), arena_f(&w->arena, "\"%s\"", a->name).p))
            fail_msg("%s is never called", a->name);
    }
    buf_release(&seen);
    s3_world_close(w);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_are_made_listed_and_deleted),
        cmocka_unit_test(objects_are_put_got_copied_tagged_listed_and_deleted),
        cmocka_unit_test(uploads_are_started_filled_listed_completed_and_aborted),
        cmocka_unit_test(every_built_action_has_its_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
