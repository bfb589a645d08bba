/* multipart.c - CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload.
 *
 * The object's ETag is md5(md5 of part 1, md5 of part 2, …)-n. Its checksum is COMPOSITE (over the parts'
 * checksums) or FULL_OBJECT (over the bytes), as the upload was created. Completing an upload again that made the
 * object answers the same again, so a client that lost the answer may retry.
 * Source: "Uploading and copying objects using multipart upload", S3 user guide.
 */
#include "mocks/s3/multipart.h"

#include <stdio.h>

#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/objects.h"
#include "mocks/s3/tagging.h"

/* ---- CreateMultipartUpload ---- */

static int read_checksum(struct call *c, enum checksum_kind *ret_kind, bool *ret_composite)
{
    struct str name = s3call_header(c, "x-amz-checksum-algorithm"), type = s3call_header(c, "x-amz-checksum-type");
    enum checksum_kind kind = checksum_named(name);
    const struct checksum_row *row = &checksum_rows[kind];
    if (name.n && kind == CHECKSUM_NONE)
        return call_fail(c, 400, "InvalidRequest",
                         "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
                         "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    if (type.n && kind == CHECKSUM_NONE)
        return call_fail(c, 400, "InvalidRequest",
                         "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    bool full = str_eq_nocase(type, S("FULL_OBJECT"));
    if (type.n && !full && !str_eq_nocase(type, S("COMPOSITE")))
        return call_fail(c, 400, "InvalidRequest", "Value for x-amz-checksum-type header is invalid.");
    if (type.n && !(full ? row->full_object : row->composite))
        return call_fail(c, 400, "InvalidRequest",
                         "The %s checksum type cannot be used with the %s checksum algorithm.",
                         full ? "FULL_OBJECT" : "COMPOSITE", row->name);
    *ret_kind = kind;
    *ret_composite = kind != CHECKSUM_NONE && !full && row->composite;
    return 0;
}

int multipart_create(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct str meta, tags;
    enum checksum_kind kind = CHECKSUM_NONE;
    bool composite = false;
    char id[STORE_ID];
    if (s3call_bucket(c) || s3call_meta(c, &meta) || tagging_of_header(c, &tags) || read_checksum(c, &kind, &composite))
        return -1;
    struct upload *u = store_upload_make(S(""), s->key, meta, tags);
    u->kind = kind;
    u->composite = composite;
    u->started_ms = s3call_now_ms(c);
    enum store_result result = store_upload_start(s->bucket, u, cloud_random(c->cloud), id);
    if (result != STORE_OK)
        return s3call_refused(c, result);
    if (kind != CHECKSUM_NONE) {
        call_header(c, "x-amz-checksum-algorithm", str_of(checksum_rows[kind].name));
        call_header(c, "x-amz-checksum-type", composite ? S("COMPOSITE") : S("FULL_OBJECT"));
    }
    call_header(c, "x-amz-server-side-encryption", S("AES256"));
    struct buf *out = s3call_xml(c, "InitiateMultipartUploadResult");
    xml_put(out, "Bucket", s->bucket_name);
    xml_put(out, "Key", s->key);
    xml_put_z(out, "UploadId", id);
    buf_z(out, "</InitiateMultipartUploadResult>");
    return 0;
}

/* ---- UploadPart ---- */

struct str multipart_part_etag(struct arena *a, const struct part *p)
{
    char hex[OBJECTS_HEX];
    objects_hex(p->md5, hex);
    return arena_f(a, "\"%s\"", hex);
}

static int check_kind(struct call *c, enum checksum_kind upload, enum checksum_kind part)
{
    if (upload == CHECKSUM_NONE || part == CHECKSUM_NONE || upload == part)
        return 0;
    return call_fail(c, 400, "InvalidRequest",
                     "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum Type: %s",
                     checksum_rows[upload].header + 15, checksum_rows[part].header + 15);
}

int multipart_store_part(struct call *c, struct blob *blob, const struct checksum *sum, struct part *ret_part)
{
    struct s3call *s = s3call_of(c);
    struct str id = s3call_query(c, "uploadId"), number_text = s3call_query(c, "partNumber");
    enum checksum_kind kind = CHECKSUM_NONE;
    int64_t number = 0;
    int result = str_to_i64(number_text, &number) && number >= 1 && number <= MULTIPART_MOST_PARTS
                     ? s3call_refused(c, store_upload_kind(s->bucket, id, s->key, &kind))
                     : s3call_bad_argument(c, "partNumber", number_text,
                                           "Part number must be an integer between 1 and %d, inclusive",
                                           MULTIPART_MOST_PARTS);
    if (result || check_kind(c, kind, sum->kind)) {
        store_blob_unref(blob);
        return -1;
    }
    struct part part = { .number = (uint32_t)number, .blob = blob, .modified_ms = s3call_now_ms(c), .sum = *sum };
    codec_md5(blob_str(blob), part.md5);
    if (part.sum.kind == CHECKSUM_NONE && kind != CHECKSUM_NONE)
        checksum_compute(kind, blob_str(blob), &part.sum);
    *ret_part = part;
    return s3call_refused(c, store_upload_put_part(s->bucket, id, s->key, &part));
}

int multipart_put_part(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct part part;
    if (s3call_bucket(c) || multipart_store_part(c, store_blob_of(s->body), &s->sum, &part))
        return -1;
    call_header(c, "ETag", multipart_part_etag(c->arena, &part));
    s3call_sum_header(c, &part.sum);
    call_header(c, "x-amz-server-side-encryption", S("AES256"));
    return 0;
}

/* ---- CompleteMultipartUpload: what is asked for ---- */

struct asked_part {
    int64_t number;
    struct str etag;
    struct checksum sum;
};

struct completion {
    struct asked_part *asked;
    size_t n;
    struct upload upload;        /* a copy; its blobs have references */
    const struct part **chosen;  /* n of them */
    uint64_t size;
};

static int read_part(struct call *c, struct xml *x, struct asked_part *p)
{
    struct str field;
    *p = (struct asked_part){ .number = 0 };
    while (xml_child(x, &field)) {
        struct str text = xml_text(x, c->arena);
        if (str_is(field, "PartNumber") && !str_to_i64(str_trim(text), &p->number))
            return s3call_malformed_xml(c);
        if (str_is(field, "ETag"))
            p->etag = str_trim(text);
        if (!str_starts(field, S("Checksum")) || text.n == 0)
            continue;
        enum checksum_kind kind = checksum_named(str_from(field, 8));
        if (kind == CHECKSUM_NONE || !checksum_parse(kind, str_trim(text), &p->sum))
            return s3call_malformed_xml(c);
    }
    return !x->bad && p->number && p->etag.n ? 0 : s3call_malformed_xml(c);
}

static int read_parts(struct call *c, struct completion *k)
{
    struct xml x;
    struct str name;
    size_t cap = 0;
    xml_open(&x, s3call_of(c)->body, "CompleteMultipartUpload");
    while (xml_child(&x, &name)) {
        if (!str_is(name, "Part") || k->n == MULTIPART_MOST_PARTS)
            return s3call_malformed_xml(c);
        if (k->n == cap) {
            struct asked_part *grown = ARENA_ARRAY(c->arena, struct asked_part, cap ? cap * 2 : 4);
            if (cap)
                memcpy(grown, k->asked, cap * sizeof *grown);
            k->asked = grown;
            cap = cap ? cap * 2 : 4;
        }
        if (read_part(c, &x, &k->asked[k->n++]))
            return -1;
    }
    if (!xml_close(&x))
        return s3call_malformed_xml(c);
    if (!k->n)
        return call_fail(c, 400, "MalformedXML", "You must specify at least one part");
    return 0;
}

/* ---- what is there ---- */

static int invalid_part(struct call *c, const struct asked_part *p)
{
    s3call_detail(c, "UploadId", s3call_query(c, "uploadId"));
    s3call_detail(c, "PartNumber", arena_f(c->arena, "%lld", (long long)p->number));
    s3call_detail(c, "ETag", p->etag);
    return call_fail(c, 400, "InvalidPart",
                     "One or more of the specified parts could not be found.  The part may not have been uploaded, or "
                     "the specified entity tag may not match the part's entity tag.");
}

static const struct part *find_part(const struct upload *u, int64_t number)
{
    size_t low = 0, high = u->n_parts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (u->parts[mid].number < number)
            low = mid + 1;
        else
            high = mid;
    }
    return low < u->n_parts && u->parts[low].number == number ? &u->parts[low] : NULL;
}

static bool same_etag(struct call *c, const struct part *p, struct str asked)
{
    struct str etag = multipart_part_etag(c->arena, p);
    return str_eq(asked, etag) || str_eq(asked, str_head(str_from(etag, 1), 32));
}

static int choose_parts(struct call *c, struct completion *k)
{
    k->chosen = ARENA_ARRAY(c->arena, const struct part *, k->n);
    for (size_t i = 0; i < k->n; i++) {
        const struct asked_part *p = &k->asked[i];
        if (i && p->number <= p[-1].number)
            return call_fail(c, 400, "InvalidPartOrder",
                             "The list of parts was not in ascending order. Parts must be ordered by part number.");
        const struct part *found = find_part(&k->upload, p->number);
        if (!found || !same_etag(c, found, p->etag) ||
            (p->sum.kind != CHECKSUM_NONE && found->sum.kind == p->sum.kind && !checksum_same(&found->sum, &p->sum)))
            return invalid_part(c, p);
        k->chosen[i] = found;
        k->size += found->blob->n;
    }
    uint64_t least = s3call_state(c)->min_part_bytes;
    for (size_t i = 0; i + 1 < k->n; i++)
        if (k->chosen[i]->blob->n < least) {
            s3call_detail(c, "ProposedSize", arena_f(c->arena, "%zu", k->chosen[i]->blob->n));
            s3call_detail(c, "MinSizeAllowed", arena_f(c->arena, "%llu", (unsigned long long)least));
            s3call_detail(c, "PartNumber", arena_f(c->arena, "%u", k->chosen[i]->number));
            s3call_detail(c, "ETag", str_head(str_from(multipart_part_etag(c->arena, k->chosen[i]), 1), 32));
            return call_fail(c, 400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size");
        }
    return 0;
}

/* ---- the object ---- */

static void set_etag(const struct completion *k, struct version *v)
{
    uint8_t md5[MD5_BYTES];
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < k->n; i++)
        buf_add(&all, k->chosen[i]->md5, MD5_BYTES);
    codec_md5(buf_str(&all), md5);
    buf_release(&all);
    codec_hex_into(v->etag, md5, MD5_BYTES);
    snprintf(v->etag + 32, sizeof v->etag - 32, "-%zu", k->n);
}

static void set_bytes(const struct completion *k, struct version *v)
{
    if (k->n == 1) {
        v->blob = store_blob_ref(k->chosen[0]->blob);
        return;
    }
    v->blob = store_blob_make((size_t)k->size);
    uint64_t at = 0;
    for (size_t i = 0; i < k->n; i++) {
        const struct blob *b = k->chosen[i]->blob;
        memcpy(v->blob->p + at, b->p, b->n);
        at += b->n;
    }
}

static void set_sum(struct call *c, const struct completion *k, struct version *v)
{
    const struct upload *u = &k->upload;
    if (u->composite) {
        const struct checksum **sums = ARENA_ARRAY(c->arena, const struct checksum *, k->n);
        for (size_t i = 0; i < k->n; i++)
            sums[i] = &k->chosen[i]->sum;
        checksum_compose(u->kind, sums, k->n, &v->sum);
    } else if (k->n == 1 && u->kind != CHECKSUM_NONE) {
        v->sum = k->chosen[0]->sum;
    } else {
        checksum_compute(u->kind != CHECKSUM_NONE ? u->kind : CHECKSUM_CRC64NVME, blob_str(v->blob), &v->sum);
    }
}

static struct version *make_version(struct call *c, const struct completion *k)
{
    struct version *v = store_version_make(k->upload.meta, k->upload.tags);
    v->modified_ms = s3call_now_ms(c);
    memcpy(v->upload, k->upload.id, sizeof v->upload);
    set_bytes(k, v);
    set_etag(k, v);
    set_sum(c, k, v);
    v->n_parts = (uint32_t)k->n;
    v->part_ends = mem_alloc(k->n * sizeof *v->part_ends);
    uint64_t at = 0;
    for (size_t i = 0; i < k->n; i++)
        v->part_ends[i] = at += k->chosen[i]->blob->n;
    return v;
}

/* What the client says of the whole object. */
static int check_claims(struct call *c, const struct completion *k, const struct version *v)
{
    struct str type = s3call_header(c, "x-amz-checksum-type"), size = s3call_header(c, "x-amz-mp-object-size");
    int64_t n;
    if (type.n && !str_is(type, checksum_type(&v->sum)))
        return call_fail(c, 400, "InvalidRequest",
                         "The upload was created using the %s checksum mode. The complete request must use the same "
                         "checksum mode.", checksum_type(&v->sum));
    if (size.n && (!str_to_i64(size, &n) || n < 0 || (uint64_t)n != k->size))
        return call_fail(c, 400, "InvalidRequest",
                         "The provided 'x-amz-mp-object-size' header value " STR_F
                         " does not match what was computed: %llu", STR_A(size), (unsigned long long)k->size);
    struct checksum sent;
    struct str text = v->sum.kind ? s3call_header(c, checksum_rows[v->sum.kind].header) : S("");
    if (!text.n)
        return 0;
    if (!checksum_parse(v->sum.kind, text, &sent))
        return call_fail(c, 400, "InvalidRequest", "Value for %s header is invalid.", checksum_rows[v->sum.kind].header);
    if (!sent.composite_of)
        sent.composite_of = v->sum.composite_of; /* SDKs leave the count out */
    if (!checksum_same(&sent, &v->sum))
        return call_fail(c, 400, "BadDigest", "The %s you specified did not match the calculated checksum.",
                         checksum_rows[v->sum.kind].name);
    return 0;
}

static int answer(struct call *c, const struct version *v)
{
    struct s3call *s = s3call_of(c);
    struct str host = s3call_header(c, "Host");
    s3call_version_header(c, v, s->bucket);
    objects_encryption_header(c, v);
    struct buf *out = s3call_xml(c, "CompleteMultipartUploadResult");
    buf_f(out, "<Location>http://" STR_F "/" STR_F "/", STR_A(host.n ? host : S("s3.amazonaws.com")), STR_A(s->bucket_name));
    codec_percent(out, s->key, "/");
    buf_z(out, "</Location>");
    xml_put(out, "Bucket", s->bucket_name);
    xml_put(out, "Key", s->key);
    buf_f(out, "<ETag>&quot;%s&quot;</ETag>", v->etag);
    s3call_sum_elements(out, &v->sum);
    xml_put_z(out, "ChecksumType", checksum_type(&v->sum));
    buf_z(out, "</CompleteMultipartUploadResult>");
    return 0;
}

/* The upload is gone: if it made the object that is there, this is a retry whose first answer was lost. */
static int complete_again(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct version *v = NULL;
    enum store_result found = store_object_get(s->bucket, s->key, (struct str){ 0 }, &v);
    bool same = found == STORE_OK && str_is(s3call_query(c, "uploadId"), v->upload);
    int result = same ? answer(c, v) : s3call_refused(c, STORE_NO_UPLOAD);
    if (same)
        call_reason(c, "the upload was completed already; the same answer again");
    store_version_unref(v);
    return result;
}

static int complete(struct call *c, struct completion *k)
{
    struct s3call *s = s3call_of(c);
    struct store_if cond;
    if (choose_parts(c, k) || s3call_write_condition(c, &cond))
        return -1;
    struct version *v = make_version(c, k);
    if (check_claims(c, k, v)) {
        store_version_unref(v);
        return -1;
    }
    struct version *mine = store_version_ref(v);
    enum store_result stored = store_upload_complete(s->bucket, s3call_query(c, "uploadId"), s->key, v, &cond,
                                                     cloud_random(c->cloud));
    int result = stored == STORE_OK          ? answer(c, mine)
                 : stored == STORE_NO_UPLOAD ? complete_again(c) /* another completion was faster */
                                             : s3call_refused(c, stored);
    store_version_unref(mine);
    return result;
}

int multipart_complete(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct completion k = { .n = 0 };
    if (s3call_bucket(c) || read_parts(c, &k))
        return -1;
    enum store_result found = store_upload_copy(s->bucket, s3call_query(c, "uploadId"), s->key, c->arena, &k.upload);
    if (found == STORE_NO_UPLOAD)
        return complete_again(c);
    if (found != STORE_OK)
        return s3call_refused(c, found);
    int result = complete(c, &k);
    store_upload_copy_release(&k.upload);
    return result;
}

/* ---- AbortMultipartUpload ---- */

int multipart_abort(struct call *c)
{
    struct s3call *s = s3call_of(c);
    if (s3call_bucket(c))
        return -1;
    c->reply->status = 204;
    return s3call_refused(c, store_upload_abort(s->bucket, s3call_query(c, "uploadId"), s->key));
}
