/* objects.c - PutObject, GetObject, HeadObject: bytes in, bytes out, conditions, ranges, parts.
 *
 * Order of a read: find the version, conditions (RFC 9110, 13.2.2), part, range, headers.
 */
#include "mocks/s3/objects.h"

#include <stdio.h>

#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/tagging.h"

/* ---- PutObject ---- */

void objects_hex(const uint8_t md5[16], char out[OBJECTS_HEX])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 16; i++) {
        out[2 * i] = digits[md5[i] >> 4];
        out[2 * i + 1] = digits[md5[i] & 15];
    }
    out[32] = 0;
}

void objects_etag(struct str bytes, struct version *v)
{
    uint8_t md5[MD5_BYTES];
    codec_md5(bytes, md5);
    objects_hex(md5, v->etag);
}

int objects_put(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct str meta, tags;
    struct store_if cond;
    if (s3call_bucket(c) || s3call_meta(c, &meta) || tagging_of_header(c, &tags) || s3call_write_condition(c, &cond))
        return -1;
    struct version *v = store_version_make(meta, tags);
    v->blob = store_blob_of(s->body);
    v->modified_ms = s3call_now_ms(c);
    v->sum = s->sum;
    if (v->sum.kind == CHECKSUM_NONE)
        checksum_compute(CHECKSUM_CRC64NVME, s->body, &v->sum);
    objects_etag(s->body, v);
    struct version *mine = store_version_ref(v); /* another writer may replace it before the answer is made */
    enum store_result result = store_object_put(s->bucket, s->key, v, &cond, cloud_random(c->cloud));
    if (result == STORE_OK) {
        s3call_etag_header(c, mine->etag);
        s3call_sum_header(c, &mine->sum);
        call_header(c, "x-amz-checksum-type", str_of(checksum_type(&mine->sum)));
        s3call_version_header(c, mine, s->bucket);
        objects_encryption_header(c, mine);
    }
    store_version_unref(mine);
    return s3call_refused(c, result);
}

void objects_encryption_header(struct call *c, const struct version *v)
{
    struct str kind = s3call_meta_get(v->meta, "x-amz-server-side-encryption");
    call_header(c, "x-amz-server-side-encryption", kind.n ? kind : S("AES256"));
}

/* ---- conditions of a read ---- */

static bool http_date(struct str text, int64_t *ret_ms)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4];
    struct civil t = { 0 };
    if (text.n < 29 || text.n > 31)
        return false;
    char copy[32];
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    if (sscanf(copy, "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT", &t.day, month, &t.year, &t.hour, &t.minute, &t.second) != 6)
        return false;
    const char *at = strstr(months, month);
    if (!at || (at - months) % 3)
        return false;
    t.month = (int)(at - months) / 3 + 1;
    return clock_epoch_ms(&t, ret_ms);
}

static int precondition_failed(struct call *c, const char *header)
{
    s3call_detail(c, "Condition", str_of(header));
    return call_fail(c, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
}

int objects_check_read(struct call *c, const struct version *v, const char *const names[4], int unmodified_status)
{
    struct str match = s3call_header(c, names[0]), unmodified = s3call_header(c, names[1]);
    struct str none = s3call_header(c, names[2]), modified = s3call_header(c, names[3]);
    int64_t changed_ms = v->modified_ms / 1000 * 1000, ms; /* dates of HTTP have no fractions */
    if (match.p && !store_object_has_etag(v, match))
        return precondition_failed(c, "If-Match");
    if (!match.p && unmodified.p && http_date(unmodified, &ms) && changed_ms > ms)
        return precondition_failed(c, "If-Unmodified-Since");
    bool same = none.p ? store_object_has_etag(v, none)
                       : modified.p && http_date(modified, &ms) && changed_ms <= ms;
    if (!same)
        return 0;
    if (unmodified_status != 304)
        return precondition_failed(c, none.p ? "If-None-Match" : "If-Modified-Since");
    return call_fail(c, 304, "NotModified", "Not Modified");
}

/* ---- ranges ---- */

/* "bytes=a-b", "bytes=a-", "bytes=-n"; anything else (several ranges, other units) is as if not asked.
 * 1: a range; 0: none; -1: it lies beyond the end. */
int objects_range(struct str text, uint64_t size, uint64_t *ret_from, uint64_t *ret_to)
{
    if (!str_starts(text, S("bytes=")) || str_chr(text, ',') != STR_NONE)
        return 0;
    text = str_from(text, 6);
    size_t dash = str_chr(text, '-');
    if (dash == STR_NONE)
        return 0;
    struct str first = str_head(text, dash), last = str_from(text, dash + 1);
    int64_t a = 0, b = INT64_MAX;
    if ((first.n && (!str_to_i64(first, &a) || first.p[0] == '+')) || (last.n && (!str_to_i64(last, &b) || b < 0)) ||
        (!first.n && !last.n))
        return 0;
    if (!first.n) { /* the last b bytes */
        if (b == 0 || size == 0)
            return -1;
        *ret_from = (uint64_t)b < size ? size - (uint64_t)b : 0;
        *ret_to = size;
        return 1;
    }
    if (last.n && b < a)
        return 0;
    if ((uint64_t)a >= size)
        return -1;
    *ret_from = (uint64_t)a;
    *ret_to = (uint64_t)b < size - 1 ? (uint64_t)b + 1 : size;
    return 1;
}

static int bad_range(struct call *c, uint64_t size)
{
    s3call_detail(c, "RangeRequested", s3call_header(c, "Range"));
    s3call_detail(c, "ActualObjectSize", arena_f(c->arena, "%llu", (unsigned long long)size));
    return call_fail(c, 416, "InvalidRange", "The requested range is not satisfiable");
}

/* Which bytes are asked for, by ?partNumber or by Range. 1: a piece; 0: all. */
static int choose_bytes(struct call *c, const struct version *v, uint64_t *ret_from, uint64_t *ret_to)
{
    uint64_t size = v->blob->n;
    struct str range = s3call_header(c, "Range");
    int64_t part;
    *ret_from = 0;
    *ret_to = size;
    if (s3call_number(c, "partNumber", 0, &part))
        return -1;
    if (s3call_query(c, "partNumber").p) {
        if (range.p)
            return call_fail(c, 400, "InvalidRequest", "Cannot specify both Range header and partNumber query parameter");
        if (part < 1 || part > 10000)
            return s3call_bad_argument(c, "partNumber", s3call_query(c, "partNumber"),
                                       "Part number must be an integer between 1 and 10000, inclusive");
        if ((uint64_t)part > (v->n_parts ? v->n_parts : 1))
            return call_fail(c, 416, "InvalidPartNumber", "The requested partnumber is not satisfiable");
        if (v->n_parts) {
            *ret_from = part == 1 ? 0 : v->part_ends[part - 2];
            *ret_to = v->part_ends[part - 1];
        }
        return size > 0;
    }
    int found = range.p ? objects_range(range, size, ret_from, ret_to) : 0;
    return found < 0 ? bad_range(c, size) : found;
}

/* ---- GetObject, HeadObject ---- */

/* Query parameters that replace what the object says of itself. */
static const struct { const char *query, *header; } overrides[] = {
    { "response-content-type", "Content-Type" },
    { "response-content-language", "Content-Language" },
    { "response-expires", "Expires" },
    { "response-cache-control", "Cache-Control" },
    { "response-content-disposition", "Content-Disposition" },
    { "response-content-encoding", "Content-Encoding" },
};

static bool overridden(struct call *c, struct str header)
{
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++)
        if (str_eq_nocase(header, str_of(overrides[i].header)))
            return s3call_query(c, overrides[i].query).n > 0;
    return false;
}

static void meta_headers(struct call *c, const struct version *v)
{
    bool typed = false, encrypted = false;
    for (struct str rest = v->meta; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        size_t colon = str_chr(line, ':');
        if (colon == STR_NONE)
            continue;
        struct str name = str_head(line, colon), value = str_from(line, colon + 2);
        typed = typed || str_eq(name, S("Content-Type"));
        encrypted = encrypted || str_eq(name, S("x-amz-server-side-encryption"));
        if (!overridden(c, name) && !(str_eq(name, S("x-amz-storage-class")) && str_eq(value, S("STANDARD"))))
            call_header(c, arena_z(c->arena, name), value);
    }
    for (size_t i = 0; i < sizeof overrides / sizeof *overrides; i++) {
        struct str value = s3call_query(c, overrides[i].query);
        if (value.n)
            call_header(c, overrides[i].header, value);
        typed = typed || (i == 0 && value.n);
    }
    if (!typed)
        call_header(c, "Content-Type", S("binary/octet-stream"));
    if (!encrypted)
        call_header(c, "x-amz-server-side-encryption", S("AES256"));
}

static void describe(struct call *c, const struct version *v, bool whole)
{
    char date[CLOCK_TEXT];
    call_header(c, "Last-Modified", str_of(clock_http(v->modified_ms, date)));
    s3call_etag_header(c, v->etag);
    s3call_version_header(c, v, s3call_of(c)->bucket);
    uint32_t n_tags = v->n_tags;
    if (n_tags)
        call_header(c, "x-amz-tagging-count", arena_f(c->arena, "%u", n_tags));
    if (v->n_parts && s3call_query(c, "partNumber").p)
        call_header(c, "x-amz-mp-parts-count", arena_f(c->arena, "%u", v->n_parts));
    if (whole && v->sum.kind != CHECKSUM_NONE &&
        str_eq_nocase(s3call_header(c, "x-amz-checksum-mode"), S("ENABLED"))) {
        s3call_sum_header(c, &v->sum);
        call_header(c, "x-amz-checksum-type", str_of(checksum_type(&v->sum)));
    }
}

static int answer(struct call *c, struct version *v)
{
    static const char *const conditions[4] = { "If-Match", "If-Unmodified-Since", "If-None-Match", "If-Modified-Since" };
    uint64_t from, to;
    int condition = objects_check_read(c, v, conditions, 304);
    int piece = condition ? -1 : choose_bytes(c, v, &from, &to);
    if (piece < 0)
        return -1;
    bool whole = from == 0 && to == v->blob->n;
    describe(c, v, whole);
    meta_headers(c, v);
    call_header(c, "Accept-Ranges", S("bytes"));
    if (piece)
        call_header(c, "Content-Range", arena_f(c->arena, "bytes %llu-%llu/%zu", (unsigned long long)from,
                                                (unsigned long long)to - 1, v->blob->n));
    c->reply->status = piece ? 206 : 200;
    /* The bytes go out from where they lie, with a reference until they are sent. For HEAD too: the server knows
     * from them what Content-Length to say, and sends no body. */
    c->reply->shared = (struct str){ v->blob->p + from, (size_t)(to - from) };
    c->reply->shared_release = store_blob_unref;
    c->reply->shared_arg = store_blob_ref(v->blob);
    return 0;
}

/* No object, or a delete marker, which says that it is one. */
int objects_absent(struct call *c, enum store_result result, const struct version *marker)
{
    if (!marker)
        return s3call_refused(c, result);
    struct s3call *s = s3call_of(c);
    s->marker_id = arena_dup(c->arena, marker->id[0] ? str_of(marker->id) : S("null"));
    if (!s3call_query(c, "versionId").p)
        return s3call_refused(c, STORE_NO_KEY);
    s3call_detail(c, "Method", c->request->method);
    s3call_detail(c, "ResourceType", S("DeleteMarker"));
    return call_fail(c, 405, "MethodNotAllowed", "The specified method is not allowed against this resource.");
}

int objects_get(struct call *c)
{
    struct version *v = NULL;
    if (s3call_bucket(c))
        return -1;
    enum store_result found = store_object_get(s3call_of(c)->bucket, s3call_of(c)->key, s3call_query(c, "versionId"), &v);
    int result = found == STORE_OK ? answer(c, v) : objects_absent(c, found, v);
    if (result && c->err.status == 304)
        s3call_of(c)->unchanged_etag = arena_f(c->arena, "\"%s\"", v->etag);
    store_version_unref(v);
    return result;
}
