/* buckets.c - the actions on buckets: list, create, head, delete, location, versioning. */
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/s3call.h"

enum { MOST_BUCKETS = 10000 }; /* an account's quota, and the most of one page */

/* ---- ListBuckets ---- */

static void put_bucket(struct call *c, struct buf *out, const struct bucket *b, bool with_region)
{
    buf_z(out, "<Bucket>");
    xml_put(out, "Name", b->name);
    xml_put(out, "CreationDate", s3call_iso(c, b->created_ms));
    if (with_region)
        xml_put_z(out, "BucketRegion", b->region);
    buf_z(out, "</Bucket>");
}

int buckets_list(struct call *c)
{
    struct str prefix = s3call_query(c, "prefix"), region = s3call_query(c, "bucket-region");
    struct str token = s3call_query(c, "continuation-token"), last = S("");
    bool paged = s3call_query(c, "max-buckets").p;
    int64_t most;
    if (s3call_number(c, "max-buckets", MOST_BUCKETS, &most))
        return -1;
    if (paged && (most < 1 || most > MOST_BUCKETS))
        return s3call_bad_argument(c, "max-buckets", s3call_query(c, "max-buckets"),
                                   "Argument max-buckets must be an integer between 1 and %d", MOST_BUCKETS);
    size_t n, shown = 0;
    struct bucket **list = store_buckets(s3call_state(c)->store, c->arena, &n);
    struct buf *out = s3call_xml(c, "ListAllMyBucketsResult");
    s3call_owner(out, "Owner", c->account);
    buf_z(out, "<Buckets>");
    bool more = false;
    for (size_t i = 0; i < n; store_release(list[i++])) {
        const struct bucket *b = list[i];
        if (!str_is(c->account, b->owner) || !str_starts(b->name, prefix) || (region.n && !str_is(region, b->region)) ||
            (token.n && str_cmp(b->name, token) <= 0))
            continue;
        if (shown == (size_t)most) {
            more = true;
            continue;
        }
        put_bucket(c, out, b, paged || prefix.p || region.p);
        last = arena_dup(c->arena, b->name);
        shown++;
    }
    buf_z(out, "</Buckets>");
    if (prefix.p)
        xml_put(out, "Prefix", prefix);
    if (more)
        xml_put(out, "ContinuationToken", last);
    buf_z(out, "</ListAllMyBucketsResult>");
    return 0;
}

/* ---- CreateBucket ---- */

static int read_location(struct call *c, struct str *ret)
{
    struct xml x;
    struct str name;
    if (!s3call_of(c)->body.n)
        return 0;
    xml_open(&x, s3call_of(c)->body, "CreateBucketConfiguration");
    while (xml_child(&x, &name))
        if (str_is(name, "LocationConstraint"))
            *ret = xml_text(&x, c->arena);
        else
            xml_skip(&x);
    return xml_close(&x) ? 0 : s3call_malformed_xml(c);
}

/* An endpoint of us-east-1 makes buckets anywhere; the others only at home, and want it said. */
static int check_location(struct call *c, struct str asked)
{
    bool classic = str_is(c->region, "us-east-1") || c->internal;
    if (asked.n > 32 || str_is(asked, "us-east-1")) {
        s3call_detail(c, "LocationConstraint", asked);
        return call_fail(c, 400, "InvalidLocationConstraint", "The specified location-constraint is not valid");
    }
    if (!classic && !str_eq(asked, c->region))
        return call_fail(c, 400, "IllegalLocationConstraintException",
                         "The " STR_F " location constraint is incompatible for the region specific endpoint this "
                         "request was sent to.", STR_A(asked.n ? asked : S("unspecified")));
    return 0;
}

int buckets_create(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct str asked = S("");
    if (read_location(c, &asked) || check_location(c, asked))
        return -1;
    struct str region = asked.n ? asked : S(CLOUD_REGION);
    enum store_result result =
        store_create(s3call_state(c)->store, s->bucket_name, c->account, region, s3call_now_ms(c), &s->bucket);
    /* Creating one's own bucket again succeeds in us-east-1, as it did before there were other regions. */
    if (result == STORE_BUCKET_EXISTS && str_is(c->account, s->bucket->owner)) {
        if (!str_is(str_of(s->bucket->region), "us-east-1") || asked.n) {
            s3call_detail(c, "BucketName", s->bucket_name);
            return call_fail(c, 409, "BucketAlreadyOwnedByYou",
                             "Your previous request to create the named bucket succeeded and you already own it.");
        }
        result = STORE_OK;
    }
    if (result != STORE_OK)
        return s3call_refused(c, result);
    call_header(c, "Location", arena_f(c->arena, "/" STR_F, STR_A(s->bucket_name)));
    return 0;
}

/* ---- the others ---- */

int buckets_head(struct call *c)
{
    if (s3call_bucket(c))
        return -1;
    call_header(c, "x-amz-bucket-region", str_of(s3call_of(c)->bucket->region));
    call_header(c, "x-amz-access-point-alias", S("false"));
    call_header(c, "Content-Type", S("application/xml"));
    return 0;
}

int buckets_delete(struct call *c)
{
    if (s3call_bucket(c))
        return -1;
    c->reply->status = 204;
    return s3call_refused(c, store_delete(s3call_state(c)->store, s3call_of(c)->bucket_name));
}

int buckets_location(struct call *c)
{
    if (s3call_bucket(c))
        return -1;
    const char *region = s3call_of(c)->bucket->region;
    struct buf *out = s3call_xml(c, "LocationConstraint");
    if (strcmp(region, "us-east-1") != 0) /* us-east-1 is said by saying nothing */
        xml_escape(out, str_of(region));
    buf_z(out, "</LocationConstraint>");
    return 0;
}

int buckets_get_versioning(struct call *c)
{
    if (s3call_bucket(c))
        return -1;
    struct bucket *b = s3call_of(c)->bucket;
    pthread_rwlock_rdlock(&b->lock);
    enum versioning v = b->versioning;
    pthread_rwlock_unlock(&b->lock);
    struct buf *out = s3call_xml(c, "VersioningConfiguration");
    if (v != VERSIONING_NEVER)
        xml_put_z(out, "Status", v == VERSIONING_ENABLED ? "Enabled" : "Suspended");
    buf_z(out, "</VersioningConfiguration>");
    return 0;
}

int buckets_put_versioning(struct call *c)
{
    struct xml x;
    struct str name, status = S(""), mfa = S("");
    if (s3call_bucket(c))
        return -1;
    xml_open(&x, s3call_of(c)->body, "VersioningConfiguration");
    while (xml_child(&x, &name))
        if (str_is(name, "Status"))
            status = xml_text(&x, c->arena);
        else if (str_is(name, "MfaDelete"))
            mfa = xml_text(&x, c->arena);
        else
            xml_skip(&x);
    bool on = str_is(status, "Enabled");
    if (!xml_close(&x) || !(on || str_is(status, "Suspended")))
        return s3call_malformed_xml(c);
    if (str_is(mfa, "Enabled"))
        return s3call_not_implemented(c, "x-amz-mfa");
    return s3call_refused(c, store_versioning(s3call_of(c)->bucket, on ? VERSIONING_ENABLED : VERSIONING_SUSPENDED));
}
