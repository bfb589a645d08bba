/* s3.c - the table of what S3 does, how a request names an action, how errors look.
 *
 * A row is chosen by method, by level (service, bucket, object), by the query parameters that must be there and by
 * a header that must be there; the first that fits wins, so rows that ask for more stand first. Rows without a
 * function are S3 actions that are not built.
 */
#include "mocks/s3/s3.h"

#include <stdlib.h>

#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/objects.h"
#include "mocks/s3/s3call.h"

#define ROWS(X) \
    X(GET, SERVICE, "?x-id=ListDirectoryBuckets", ListDirectoryBuckets, NULL) \
    X(GET, SERVICE, "", ListBuckets, buckets_list) \
    X(POST, BUCKET, "[x-amz-request-route]", WriteGetObjectResponse, NULL) \
    \
    X(GET, BUCKET, "?list-type=2", ListObjectsV2, listing_objects_v2) \
    X(GET, BUCKET, "?location", GetBucketLocation, buckets_location) \
    X(GET, BUCKET, "?uploads", ListMultipartUploads, multipart_list) \
    X(GET, BUCKET, "?versions", ListObjectVersions, listing_versions) \
    X(GET, BUCKET, "?versioning", GetBucketVersioning, buckets_get_versioning) \
    X(GET, BUCKET, "?acl", GetBucketAcl, access_bucket_acl) \
    X(GET, BUCKET, "?abac", GetBucketAbac, NULL) \
    X(GET, BUCKET, "?accelerate", GetBucketAccelerateConfiguration, NULL) \
    X(GET, BUCKET, "?analytics&id", GetBucketAnalyticsConfiguration, NULL) \
    X(GET, BUCKET, "?analytics", ListBucketAnalyticsConfigurations, NULL) \
    X(GET, BUCKET, "?cors", GetBucketCors, NULL) \
    X(GET, BUCKET, "?encryption", GetBucketEncryption, NULL) \
    X(GET, BUCKET, "?intelligent-tiering&id", GetBucketIntelligentTieringConfiguration, NULL) \
    X(GET, BUCKET, "?intelligent-tiering", ListBucketIntelligentTieringConfigurations, NULL) \
    X(GET, BUCKET, "?inventory&id", GetBucketInventoryConfiguration, NULL) \
    X(GET, BUCKET, "?inventory", ListBucketInventoryConfigurations, NULL) \
    X(GET, BUCKET, "?lifecycle", GetBucketLifecycleConfiguration, NULL) \
    X(GET, BUCKET, "?logging", GetBucketLogging, NULL) \
    X(GET, BUCKET, "?metadataConfiguration", GetBucketMetadataConfiguration, NULL) \
    X(GET, BUCKET, "?metadataTable", GetBucketMetadataTableConfiguration, NULL) \
    X(GET, BUCKET, "?metrics&id", GetBucketMetricsConfiguration, NULL) \
    X(GET, BUCKET, "?metrics", ListBucketMetricsConfigurations, NULL) \
    X(GET, BUCKET, "?notification", GetBucketNotificationConfiguration, NULL) \
    X(GET, BUCKET, "?object-lock", GetObjectLockConfiguration, NULL) \
    X(GET, BUCKET, "?ownershipControls", GetBucketOwnershipControls, NULL) \
    X(GET, BUCKET, "?policy", GetBucketPolicy, NULL) \
    X(GET, BUCKET, "?policyStatus", GetBucketPolicyStatus, NULL) \
    X(GET, BUCKET, "?publicAccessBlock", GetPublicAccessBlock, NULL) \
    X(GET, BUCKET, "?replication", GetBucketReplication, NULL) \
    X(GET, BUCKET, "?requestPayment", GetBucketRequestPayment, NULL) \
    X(GET, BUCKET, "?session", CreateSession, NULL) \
    X(GET, BUCKET, "?tagging", GetBucketTagging, NULL) \
    X(GET, BUCKET, "?website", GetBucketWebsite, NULL) \
    X(GET, BUCKET, "", ListObjects, listing_objects) \
    X(HEAD, BUCKET, "", HeadBucket, buckets_head) \
    \
    X(PUT, BUCKET, "?versioning", PutBucketVersioning, buckets_put_versioning) \
    X(PUT, BUCKET, "?abac", PutBucketAbac, NULL) \
    X(PUT, BUCKET, "?accelerate", PutBucketAccelerateConfiguration, NULL) \
    X(PUT, BUCKET, "?acl", PutBucketAcl, NULL) \
    X(PUT, BUCKET, "?analytics", PutBucketAnalyticsConfiguration, NULL) \
    X(PUT, BUCKET, "?cors", PutBucketCors, NULL) \
    X(PUT, BUCKET, "?encryption", PutBucketEncryption, NULL) \
    X(PUT, BUCKET, "?intelligent-tiering", PutBucketIntelligentTieringConfiguration, NULL) \
    X(PUT, BUCKET, "?inventory", PutBucketInventoryConfiguration, NULL) \
    X(PUT, BUCKET, "?lifecycle", PutBucketLifecycleConfiguration, NULL) \
    X(PUT, BUCKET, "?logging", PutBucketLogging, NULL) \
    X(PUT, BUCKET, "?metadataInventoryTable", UpdateBucketMetadataInventoryTableConfiguration, NULL) \
    X(PUT, BUCKET, "?metadataJournalTable", UpdateBucketMetadataJournalTableConfiguration, NULL) \
    X(PUT, BUCKET, "?metrics", PutBucketMetricsConfiguration, NULL) \
    X(PUT, BUCKET, "?notification", PutBucketNotificationConfiguration, NULL) \
    X(PUT, BUCKET, "?object-lock", PutObjectLockConfiguration, NULL) \
    X(PUT, BUCKET, "?ownershipControls", PutBucketOwnershipControls, NULL) \
    X(PUT, BUCKET, "?policy", PutBucketPolicy, NULL) \
    X(PUT, BUCKET, "?publicAccessBlock", PutPublicAccessBlock, NULL) \
    X(PUT, BUCKET, "?replication", PutBucketReplication, NULL) \
    X(PUT, BUCKET, "?requestPayment", PutBucketRequestPayment, NULL) \
    X(PUT, BUCKET, "?tagging", PutBucketTagging, NULL) \
    X(PUT, BUCKET, "?website", PutBucketWebsite, NULL) \
    X(PUT, BUCKET, "", CreateBucket, buckets_create) \
    X(POST, BUCKET, "?delete", DeleteObjects, delete_objects) \
    X(POST, BUCKET, "?metadataConfiguration", CreateBucketMetadataConfiguration, NULL) \
    X(POST, BUCKET, "?metadataTable", CreateBucketMetadataTableConfiguration, NULL) \
    X(POST, BUCKET, "", PostObject, NULL) \
    \
    X(DELETE, BUCKET, "?analytics", DeleteBucketAnalyticsConfiguration, NULL) \
    X(DELETE, BUCKET, "?cors", DeleteBucketCors, NULL) \
    X(DELETE, BUCKET, "?encryption", DeleteBucketEncryption, NULL) \
    X(DELETE, BUCKET, "?intelligent-tiering", DeleteBucketIntelligentTieringConfiguration, NULL) \
    X(DELETE, BUCKET, "?inventory", DeleteBucketInventoryConfiguration, NULL) \
    X(DELETE, BUCKET, "?lifecycle", DeleteBucketLifecycle, NULL) \
    X(DELETE, BUCKET, "?metadataConfiguration", DeleteBucketMetadataConfiguration, NULL) \
    X(DELETE, BUCKET, "?metadataTable", DeleteBucketMetadataTableConfiguration, NULL) \
    X(DELETE, BUCKET, "?metrics", DeleteBucketMetricsConfiguration, NULL) \
    X(DELETE, BUCKET, "?ownershipControls", DeleteBucketOwnershipControls, NULL) \
    X(DELETE, BUCKET, "?policy", DeleteBucketPolicy, NULL) \
    X(DELETE, BUCKET, "?publicAccessBlock", DeletePublicAccessBlock, NULL) \
    X(DELETE, BUCKET, "?replication", DeleteBucketReplication, NULL) \
    X(DELETE, BUCKET, "?tagging", DeleteBucketTagging, NULL) \
    X(DELETE, BUCKET, "?website", DeleteBucketWebsite, NULL) \
    X(DELETE, BUCKET, "", DeleteBucket, buckets_delete) \
    \
    X(GET, OBJECT, "?uploadId", ListParts, multipart_list_parts) \
    X(GET, OBJECT, "?tagging", GetObjectTagging, tagging_get) \
    X(GET, OBJECT, "?acl", GetObjectAcl, access_object_acl) \
    X(GET, OBJECT, "?attributes", GetObjectAttributes, NULL) \
    X(GET, OBJECT, "?legal-hold", GetObjectLegalHold, NULL) \
    X(GET, OBJECT, "?retention", GetObjectRetention, NULL) \
    X(GET, OBJECT, "?torrent", GetObjectTorrent, NULL) \
    X(GET, OBJECT, "", GetObject, objects_get) \
    X(HEAD, OBJECT, "", HeadObject, objects_get) \
    X(PUT, OBJECT, "?partNumber&uploadId[x-amz-copy-source]", UploadPartCopy, copy_part) \
    X(PUT, OBJECT, "?partNumber&uploadId", UploadPart, multipart_put_part) \
    X(PUT, OBJECT, "?tagging", PutObjectTagging, tagging_put) \
    X(PUT, OBJECT, "?acl", PutObjectAcl, NULL) \
    X(PUT, OBJECT, "?encryption", UpdateObjectEncryption, NULL) \
    X(PUT, OBJECT, "?legal-hold", PutObjectLegalHold, NULL) \
    X(PUT, OBJECT, "?renameObject", RenameObject, NULL) \
    X(PUT, OBJECT, "?retention", PutObjectRetention, NULL) \
    X(PUT, OBJECT, "[x-amz-copy-source]", CopyObject, copy_object) \
    X(PUT, OBJECT, "", PutObject, objects_put) \
    X(POST, OBJECT, "?uploads", CreateMultipartUpload, multipart_create) \
    X(POST, OBJECT, "?uploadId", CompleteMultipartUpload, multipart_complete) \
    X(POST, OBJECT, "?restore", RestoreObject, NULL) \
    X(POST, OBJECT, "?select&select-type=2", SelectObjectContent, NULL) \
    X(DELETE, OBJECT, "?uploadId", AbortMultipartUpload, multipart_abort) \
    X(DELETE, OBJECT, "?tagging", DeleteObjectTagging, tagging_delete) \
    X(DELETE, OBJECT, "", DeleteObject, delete_object)

#define SHOWN_SERVICE "/"
#define SHOWN_BUCKET "/{bucket}"
#define SHOWN_OBJECT "/{bucket}/{key}"
#define ACTION(method, level, wants, action_name, function) \
    { .name = #action_name, .run = function, .match = #method " " SHOWN_##level wants },
static const struct action actions[] = { ROWS(ACTION) };

static const struct route {
    struct str method;
    enum s3call_level level;
    const char *wants;
} routes[] = {
#define ROUTE(method, level, wants, action_name, function) { S_INIT(#method), S3CALL_##level, wants },
    ROWS(ROUTE)
};

/* Are the query parameters and the header of "?a&b=v[header]" there? */
static bool has_what_it_wants(const struct call *c, const char *wants)
{
    struct str rest = str_of(wants), header = { 0 };
    size_t bracket = str_chr(rest, '[');
    if (bracket != STR_NONE) {
        header = (struct str){ rest.p + bracket + 1, rest.n - bracket - 2 };
        rest = str_head(rest, bracket);
    }
    if (rest.n)
        for (rest = str_from(rest, 1); rest.p;) {
            struct str value = str_cut(&rest, '&'), name = str_cut(&value, '=');
            struct str got = s3call_query(c, arena_z(c->arena, name));
            if (!got.p || (value.p && !str_eq(got, value)))
                return false;
        }
    return !header.p || s3call_header(c, arena_z(c->arena, header)).p;
}

static const struct action *find_action(const struct call *c)
{
    const struct s3call *s = c->args;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        const struct route *r = &routes[i];
        if (r->level != s->level || !str_eq(r->method, c->request->method))
            continue;
        if (r->wants[0] == '?' && !s->n_queries)
            continue;
        if (!r->wants[0] || has_what_it_wants(c, r->wants))
            return &actions[i];
    }
    return NULL;
}

static const struct action *route(struct call *c)
{
    static const char *const types[] = { "SERVICE", "BUCKET", "OBJECT" };
    if (s3call_begin(c))
        return NULL;
    const struct action *a = find_action(c);
    if (!a) {
        s3call_detail(c, "Method", c->request->method);
        s3call_detail(c, "ResourceType", str_of(types[s3call_of(c)->level]));
        call_fail(c, 405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
        return NULL;
    }
    s3call_of(c)->sums_are_the_objects = a->run == multipart_complete;
    return a;
}

/* ---- errors and common headers ---- */

static struct str request_id(struct call *c)
{
    char id[16];
    size_t n = 0;
    for (size_t i = 0; i < c->request_id.n && n < sizeof id; i++) {
        char ch = c->request_id.p[i];
        if (ch != '-')
            id[n++] = ch >= 'a' ? (char)(ch - 32) : ch;
    }
    return arena_dup(c->arena, (struct str){ id, n });
}

static struct str host_id(struct call *c) { return arena_f(c->arena, "weirbox/" STR_F "=", STR_A(c->request_id)); }

static void phrase(struct call *c)
{
    const struct s3call *s = c->args;
    if (str_is(str_of(c->err.code), "RequestEntityTooLarge")) { /* the core's word */
        c->reply->status = 400;
        call_fail(c, 400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size");
    }
    if (c->reply->status != 304)
        call_header(c, "Content-Type", S("application/xml"));
    if (s && s->marker_id.p) {
        call_header(c, "x-amz-delete-marker", S("true"));
        call_header(c, "x-amz-version-id", s->marker_id);
    }
    if (c->reply->status == 304) {
        call_header(c, "ETag", s->unchanged_etag);
        return;
    }
    struct buf *out = call_body(c);
    buf_z(out, XML_DECLARATION "<Error>");
    xml_put_z(out, "Code", c->err.code);
    xml_put_z(out, "Message", c->err.message);
    for (size_t i = 0; s && i < s->n_details; i++)
        xml_put(out, s->details[i].name, s->details[i].value);
    xml_put(out, "RequestId", request_id(c));
    xml_put(out, "HostId", host_id(c));
    buf_z(out, "</Error>");
}

static void finish(struct call *c)
{
    call_header(c, "x-amz-request-id", request_id(c));
    call_header(c, "x-amz-id-2", host_id(c));
    call_header(c, "Server", S("AmazonS3"));
    s3call_end(c);
}

/* ---- state ---- */

static int make_buckets(struct s3state *s, struct err *e)
{
    int64_t now = clock_now_ms(cloud_clock(s->cloud));
    for (struct str rest = str_of(cloud_setting(s->cloud, "s3.buckets")); rest.n;) {
        struct str name = str_trim(str_cut(&rest, ','));
        if (name.n == 0)
            continue;
        if (!s3call_bucket_name_valid(name))
            return err_set(e, 0, "SETTING_INVALID",
                           "setting s3.buckets: '" STR_F "' is no bucket name; 3 to 63 of a-z, 0-9, '.' and '-'",
                           STR_A(name));
        struct bucket *b = NULL;
        if (store_create(s->store, name, S(CLOUD_ACCOUNT), S(CLOUD_REGION), now, &b) == STORE_DISK)
            return err_set(e, 0, "S3_LOG_UNWRITABLE",
                           "cannot store bucket " STR_F " in %s; check its permissions and free space", STR_A(name),
                           cloud_data_dir(s->cloud));
        store_release(b);
    }
    return 0;
}

static void close_state(void *state)
{
    struct s3state *s = state;
    if (s->store)
        store_close(s->store);
    free(s);
}

static void *open_state(struct cloud *cloud, struct err *e)
{
    struct s3state *s = mem_zero(sizeof *s);
    s->cloud = cloud;
    const char *min = cloud_setting(cloud, "s3.min_part_bytes");
    int64_t bytes = 5 << 20;
    if (min && (!str_to_i64(str_of(min), &bytes) || bytes < 0))
        err_set(e, 0, "SETTING_INVALID", "setting s3.min_part_bytes: '%s' is no number of bytes", min);
    else
        s->store = store_open(cloud_data_dir(cloud), cloud_setting_on(cloud, "s3.fsync", false), e);
    s->min_part_bytes = (uint64_t)bytes;
    if (s->store && make_buckets(s, e) == 0)
        return s;
    close_state(s);
    return NULL;
}

static void reset_state(void *state)
{
    struct s3state *s = state;
    struct err ignored; /* the names were good at open */
    store_reset(s->store);
    make_buckets(s, &ignored);
}

static void describe(void *state, struct buf *out)
{
    struct s3state *s = state;
    size_t n_buckets, n_objects;
    uint64_t bytes, torn;
    store_totals(s->store, &n_buckets, &n_objects, &bytes, &torn);
    buf_f(out, "\"buckets\":%zu,\"objects\":%zu,\"bytes\":%llu,\"torn_log_bytes\":%llu", n_buckets, n_objects,
          (unsigned long long)bytes, (unsigned long long)torn);
}

const struct service s3_service = {
    .name = "s3",
    .title = "Amazon S3",
    .actions = actions,
    .n_actions = sizeof actions / sizeof *actions,
    .port = 9000,
    .max_body_bytes = 1u << 30,
    .signed_requests = true,
    .throttle = { 503, "SlowDown", "Please reduce your request rate." },
    .route = route,
    .refuse = signature_refuse,
    .bind = body_bind,
    .phrase = phrase,
    .finish = finish,
    .open = open_state,
    .close = close_state,
    .reset = reset_state,
    .describe = describe,
    .look = objects_look,
    .purge = objects_purge,
    .names = objects_names,
};
