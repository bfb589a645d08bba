/* delete.c - DeleteObject and DeleteObjects. Deleting what is not there succeeds. */
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/s3call.h"

enum { MOST_KEYS = 1000 };

int delete_object(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct object_deleted gone;
    struct store_if cond = { .match = s3call_header(c, "If-Match") };
    if (s3call_bucket(c))
        return -1;
    enum store_result result = store_object_delete(s->bucket, s->key, s3call_query(c, "versionId"), &cond,
                                                   s3call_now_ms(c), cloud_random(c->cloud), &gone);
    if (result != STORE_OK)
        return s3call_refused(c, result);
    if (gone.marker)
        call_header(c, "x-amz-delete-marker", S("true"));
    if (gone.has_id)
        call_header(c, "x-amz-version-id", gone.id[0] ? str_of(gone.id) : S("null"));
    c->reply->status = 204;
    return 0;
}

/* ---- DeleteObjects ---- */

struct doomed {
    struct str key, id; /* id.p == NULL: no version asked */
    struct str etag;    /* p == NULL: no condition */
};

static int read_object(struct call *c, struct xml *x, struct doomed *d)
{
    struct str field;
    *d = (struct doomed){ .key = { 0 } };
    while (xml_child(x, &field))
        if (str_is(field, "Key"))
            d->key = xml_text(x, c->arena);
        else if (str_is(field, "VersionId"))
            d->id = xml_text(x, c->arena);
        else if (str_is(field, "ETag"))
            d->etag = xml_text(x, c->arena);
        else
            xml_skip(x); /* LastModifiedTime and Size belong to directory buckets */
    return !x->bad && d->key.n ? 0 : s3call_malformed_xml(c);
}

static int read_request(struct call *c, struct doomed *list, size_t *ret_n, bool *ret_quiet)
{
    struct xml x;
    struct str name;
    size_t n = 0;
    *ret_quiet = false;
    xml_open(&x, s3call_of(c)->body, "Delete");
    while (xml_child(&x, &name)) {
        if (str_is(name, "Quiet"))
            *ret_quiet = str_eq_nocase(str_trim(xml_text(&x, c->arena)), S("true"));
        else if (!str_is(name, "Object"))
            xml_skip(&x);
        else if (n == MOST_KEYS || read_object(c, &x, &list[n++]))
            return s3call_malformed_xml(c);
    }
    *ret_n = n;
    return xml_close(&x) && n ? 0 : s3call_malformed_xml(c);
}

static void put_error(struct buf *out, const struct doomed *d, const char *code, const char *message)
{
    buf_z(out, "<Error>");
    xml_put(out, "Key", d->key);
    if (d->id.n)
        xml_put(out, "VersionId", d->id);
    xml_put_z(out, "Code", code);
    xml_put_z(out, "Message", message);
    buf_z(out, "</Error>");
}

static void put_deleted(struct buf *out, const struct doomed *d, const struct object_deleted *gone)
{
    buf_z(out, "<Deleted>");
    xml_put(out, "Key", d->key);
    if (d->id.n)
        xml_put(out, "VersionId", d->id);
    if (gone->marker) {
        xml_put_z(out, "DeleteMarker", "true");
        xml_put_z(out, "DeleteMarkerVersionId", gone->id[0] ? gone->id : "null");
    }
    buf_z(out, "</Deleted>");
}

static void delete_one(struct call *c, struct buf *out, const struct doomed *d, bool quiet)
{
    struct object_deleted gone;
    struct store_if cond = { .match = d->etag };
    enum store_result result =
        d->key.n > S3CALL_KEY_BYTES
            ? STORE_OK
            : store_object_delete(s3call_of(c)->bucket, d->key, d->id.n ? d->id : (struct str){ 0 }, &cond,
                                  s3call_now_ms(c), cloud_random(c->cloud), &gone);
    if (d->key.n > S3CALL_KEY_BYTES)
        put_error(out, d, "KeyTooLongError", "Your key is too long");
    else if (result == STORE_IF_MATCH)
        put_error(out, d, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
    else if (result == STORE_NO_KEY)
        put_error(out, d, "NoSuchKey", "The specified key does not exist.");
    else if (result != STORE_OK)
        put_error(out, d, "InternalError", "We encountered an internal error. Please try again.");
    else if (!quiet)
        put_deleted(out, d, &gone);
}

/* The service wants to be sure of the list it acts on. */
static bool has_digest(struct call *c)
{
    return c->internal || s3call_of(c)->sum.kind != CHECKSUM_NONE || s3call_header(c, "Content-MD5").p ||
           c->claim.payload_hash.n == 64;
}

int delete_objects(struct call *c)
{
    struct doomed *list = ARENA_ARRAY(c->arena, struct doomed, MOST_KEYS);
    size_t n;
    bool quiet;
    if (s3call_bucket(c))
        return -1;
    if (!has_digest(c))
        return call_fail(c, 400, "InvalidRequest", "Missing required header for this request: Content-MD5 OR x-amz-checksum-*");
    if (read_request(c, list, &n, &quiet))
        return -1;
    struct buf *out = s3call_xml(c, "DeleteResult");
    for (size_t i = 0; i < n; i++) {
        bool refuse = c->fault.effect == FAULT_PARTIAL && c->fault.partial && i % c->fault.partial == 0;
        if (refuse)
            put_error(out, &list[i], "InternalError", "We encountered an internal error. Please try again.");
        else
            delete_one(c, out, &list[i], quiet);
    }
    buf_z(out, "</DeleteResult>");
    return 0;
}
