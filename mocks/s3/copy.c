/* copy.c - CopyObject and UploadPartCopy: bytes are shared with the source, not copied, where they are the same.
 *
 *   x-amz-copy-source                 bucket/key, percent-encoded, with ?versionId=… when asked
 *   x-amz-copy-source-if-…            conditions on the source; all fail with 412
 *   x-amz-metadata-directive          COPY (as the source has it) or REPLACE (as the request has it)
 *   x-amz-tagging-directive           the same for tags
 */
#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/multipart.h"
#include "mocks/s3/objects.h"
#include "mocks/s3/tagging.h"

struct source {
    struct str bucket_name, key, id; /* id.p == NULL: the newest */
    struct bucket *bucket;
    struct version *version;
};

static void release(struct source *src)
{
    store_version_unref(src->version);
    store_release(src->bucket);
}

static int read_source(struct call *c, struct source *src)
{
    struct str text = s3call_header(c, "x-amz-copy-source"), whole = text;
    size_t mark = str_find(text, S("?versionId="));
    if (mark != STR_NONE) {
        src->id = codec_plain(c->arena, str_from(text, mark + 11), false);
        text = str_head(text, mark);
    }
    text = codec_plain(c->arena, text, false);
    if (str_starts(text, S("/")))
        text = str_from(text, 1);
    src->bucket_name = str_cut(&text, '/');
    src->key = text;
    if (!src->bucket_name.n || !src->key.n || src->key.n > S3CALL_KEY_BYTES)
        return s3call_bad_argument(c, "x-amz-copy-source", whole,
                                   "Copy Source must mention the source bucket and key: sourcebucket/sourcekey");
    return 0;
}

static int find_source(struct call *c, struct source *src)
{
    static const char *const conditions[4] = {
        "x-amz-copy-source-if-match", "x-amz-copy-source-if-unmodified-since", "x-amz-copy-source-if-none-match",
        "x-amz-copy-source-if-modified-since",
    };
    if (read_source(c, src) || s3call_other_bucket(c, src->bucket_name, &src->bucket))
        return -1;
    switch (store_object_get(src->bucket, src->key, src->id, &src->version)) {
    case STORE_OK: return objects_check_read(c, src->version, conditions, 412);
    case STORE_NO_VERSION:
        s3call_detail(c, "Key", src->key);
        s3call_detail(c, "VersionId", src->id);
        return call_fail(c, 404, "NoSuchVersion", "The specified version does not exist.");
    case STORE_IS_MARKER:
        if (src->id.p)
            return call_fail(c, 400, "InvalidRequest",
                             "The source of a copy request may not specifically refer to a delete marker by version id.");
        break;
    default: break;
    }
    s3call_detail(c, "Key", src->key);
    return call_fail(c, 404, "NoSuchKey", "The specified key does not exist.");
}

static int directive(struct call *c, const char *header, const char *word, bool *ret_replace)
{
    struct str value = s3call_header(c, header);
    *ret_replace = str_eq(value, S("REPLACE"));
    if (!value.n || *ret_replace || str_eq(value, S("COPY")))
        return 0;
    return s3call_bad_argument(c, header, value, "Unknown %s directive.", word);
}

/* ---- CopyObject ---- */

/* These are the copy's own, whatever the directive says. */
static bool never_carried(struct str line)
{
    return str_starts(line, S("x-amz-storage-class")) || str_starts(line, S("x-amz-website-redirect-location")) ||
           str_starts(line, S("x-amz-server-side-encryption"));
}

static struct str carry(struct arena *a, struct str source, struct str own)
{
    struct buf out = BUF_INIT;
    for (struct str rest = source; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        if (!never_carried(line))
            buf_f(&out, STR_F "\n", STR_A(line));
    }
    for (struct str rest = own; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        if (never_carried(line))
            buf_f(&out, STR_F "\n", STR_A(line));
    }
    return arena_keep(a, &out);
}

struct plan {
    struct source src;
    struct str meta, tags;
    enum checksum_kind kind; /* asked for; CHECKSUM_NONE: as the source */
    bool replace_meta, replace_tags;
};

static int read_plan(struct call *c, struct plan *p)
{
    struct str algorithm = s3call_header(c, "x-amz-checksum-algorithm"), own;
    if (s3call_bucket(c) || find_source(c, &p->src) || s3call_meta(c, &own) || tagging_of_header(c, &p->tags) ||
        directive(c, "x-amz-metadata-directive", "metadata", &p->replace_meta) ||
        directive(c, "x-amz-tagging-directive", "tagging", &p->replace_tags))
        return -1;
    p->kind = checksum_named(algorithm);
    if (algorithm.n && p->kind == CHECKSUM_NONE)
        return call_fail(c, 400, "InvalidRequest",
                         "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
                         "[CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
    struct s3call *s = s3call_of(c);
    bool changes = p->replace_meta || algorithm.n || s3call_header(c, "x-amz-storage-class").n ||
                   s3call_header(c, "x-amz-website-redirect-location").n ||
                   s3call_header(c, "x-amz-server-side-encryption").n;
    if (p->src.bucket == s->bucket && str_eq(p->src.key, s->key) && !p->src.id.p && !changes)
        return call_fail(c, 400, "InvalidRequest",
                         "This copy request is illegal because it is trying to copy an object to itself without changing "
                         "the object's metadata, storage class, website redirect location or encryption attributes.");
    p->meta = p->replace_meta ? own : carry(c->arena, p->src.version->meta, own);
    if (!p->replace_tags)
        p->tags = store_object_tags(p->src.bucket, p->src.version, c->arena);
    return 0;
}

static struct version *make_version(struct call *c, const struct plan *p)
{
    const struct version *from = p->src.version;
    struct version *v = store_version_make(p->meta, p->tags);
    v->blob = store_blob_ref(from->blob);
    v->modified_ms = s3call_now_ms(c);
    if (from->n_parts)
        objects_etag(blob_str(v->blob), v); /* the copy is one piece */
    else
        memcpy(v->etag, from->etag, sizeof v->etag);
    enum checksum_kind kind = p->kind != CHECKSUM_NONE ? p->kind : from->sum.kind;
    if (kind == from->sum.kind && !from->sum.composite_of)
        v->sum = from->sum;
    else
        checksum_compute(kind, blob_str(v->blob), &v->sum);
    return v;
}

static void put_result(struct call *c, const char *root, struct str etag, int64_t modified_ms, const struct checksum *sum)
{
    struct buf *out = s3call_xml(c, root);
    xml_put(out, "LastModified", s3call_iso(c, modified_ms));
    xml_put(out, "ETag", etag);
    s3call_sum_elements(out, sum);
    if (sum->kind != CHECKSUM_NONE && strcmp(root, "CopyObjectResult") == 0)
        xml_put_z(out, "ChecksumType", checksum_type(sum));
    buf_f(out, "</%s>", root);
}

static void source_header(struct call *c, const struct source *src)
{
    if (src->version->id[0])
        call_header(c, "x-amz-copy-source-version-id", str_of(src->version->id));
}

static int copy(struct call *c, const struct plan *p)
{
    struct s3call *s = s3call_of(c);
    struct store_if cond;
    if (s3call_write_condition(c, &cond))
        return -1;
    struct version *v = make_version(c, p), *mine = store_version_ref(v);
    enum store_result stored = store_object_put(s->bucket, s->key, v, &cond, cloud_random(c->cloud));
    if (stored == STORE_OK) {
        source_header(c, &p->src);
        s3call_version_header(c, mine, s->bucket);
        objects_encryption_header(c, mine);
        put_result(c, "CopyObjectResult", arena_f(c->arena, "\"%s\"", mine->etag), mine->modified_ms, &mine->sum);
    }
    store_version_unref(mine);
    return s3call_refused(c, stored);
}

int copy_object(struct call *c)
{
    struct plan p = { .kind = CHECKSUM_NONE };
    int result = read_plan(c, &p);
    if (result == 0)
        result = copy(c, &p);
    release(&p.src);
    return result;
}

/* ---- UploadPartCopy ---- */

/* The bytes of x-amz-copy-source-range, or all; a new reference. NULL with the call failed. */
static struct blob *source_bytes(struct call *c, const struct version *v)
{
    struct str range = s3call_header(c, "x-amz-copy-source-range");
    uint64_t from = 0, to = v->blob->n;
    if (!range.p)
        return store_blob_ref(v->blob);
    size_t dash = str_chr(range, '-');
    int64_t last = -1;
    int found = objects_range(range, v->blob->n, &from, &to);
    if (dash == STR_NONE || !str_to_i64(str_from(range, dash + 1), &last) || found == 0 || str_find(range, S("=-")) != STR_NONE) {
        s3call_bad_argument(c, "x-amz-copy-source-range", range,
                            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last "
                            "are the zero-based offsets of the first and last bytes to copy");
        return NULL;
    }
    if (found < 0 || (uint64_t)last >= v->blob->n) {
        s3call_bad_argument(c, "x-amz-copy-source-range", range,
                            "Range specified is not valid for source object of size: %zu", v->blob->n);
        return NULL;
    }
    return store_blob_of((struct str){ v->blob->p + from, (size_t)(to - from) });
}

int copy_part(struct call *c)
{
    struct source src = { .id = { 0 } };
    struct checksum none = { .kind = CHECKSUM_NONE };
    struct part part;
    int result = s3call_bucket(c) || find_source(c, &src) ? -1 : 0;
    struct blob *bytes = result == 0 ? source_bytes(c, src.version) : NULL;
    result = bytes ? multipart_store_part(c, bytes, &none, &part) : -1;
    if (result == 0) {
        source_header(c, &src);
        call_header(c, "x-amz-server-side-encryption", S("AES256"));
        put_result(c, "CopyPartResult", multipart_part_etag(c->arena, &part), part.modified_ms, &part.sum);
    }
    release(&src);
    return result;
}
