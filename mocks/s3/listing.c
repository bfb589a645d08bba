/* listing.c - ListObjectsV2 and ListObjects: one walk, two ways to say where it goes on. */
#include "mocks/s3/listing.h"

#include "base/clock.h"
#include "base/codec.h"
#include "mocks/s3/actions.h"

/* ---- the walk ---- */

int listing_read(struct call *c, const char *max_name, struct listing *ret)
{
    struct str encoding = s3call_query(c, "encoding-type");
    *ret = (struct listing){ .prefix = s3call_query(c, "prefix"), .delimiter = s3call_query(c, "delimiter") };
    if (encoding.n && !str_eq(encoding, S("url")))
        return s3call_bad_argument(c, "encoding-type", encoding, "Invalid Encoding Method specified in Request");
    ret->url = encoding.n > 0;
    return s3call_number(c, max_name, LISTING_MOST, &ret->max);
}

void listing_put(const struct listing *l, struct buf *out, const char *element, struct str text)
{
    buf_f(out, "<%s>", element);
    if (l->url)
        codec_percent(out, text, "/");
    else
        xml_escape(out, text);
    buf_f(out, "</%s>", element);
}

struct str listing_common(const struct listing *l, struct str key)
{
    if (!l->delimiter.n)
        return S("");
    size_t at = str_find(str_from(key, l->prefix.n), l->delimiter);
    return at == STR_NONE ? S("") : str_head(key, l->prefix.n + at + l->delimiter.n);
}

bool listing_is_common(const struct listing *l, struct str marker)
{
    return str_starts(marker, l->prefix) && listing_common(l, marker).n == marker.n && marker.n > 0;
}

struct str listing_behind(struct arena *a, struct str prefix)
{
    while (prefix.n && (unsigned char)prefix.p[prefix.n - 1] == 0xff)
        prefix.n--;
    if (!prefix.n)
        return prefix;
    char *copy = arena_z(a, prefix);
    copy[prefix.n - 1] = (char)((unsigned char)copy[prefix.n - 1] + 1);
    return (struct str){ copy, prefix.n };
}

void listing_put_common(struct listing *l, struct str common)
{
    buf_z(&l->prefixes, "<CommonPrefixes>");
    listing_put(l, &l->prefixes, "Prefix", common);
    buf_z(&l->prefixes, "</CommonPrefixes>");
}

struct keyindex_place listing_start(struct call *c, const struct listing *l)
{
    const struct keyindex *ix = &s3call_of(c)->bucket->objects;
    if (str_cmp(l->after, l->prefix) < 0)
        return keyindex_seek(ix, l->prefix, false);
    if (listing_is_common(l, l->after))
        return keyindex_seek(ix, listing_behind(c->arena, l->after), false);
    return keyindex_seek(ix, l->after, l->after.n > 0);
}

static void put_object(struct call *c, const struct listing *l, const struct object *o, bool owner)
{
    const struct version *v = o->newest;
    struct buf *out = l->out;
    char time[CLOCK_TEXT];
    buf_z(out, "<Contents>");
    listing_put(l, out, "Key", o->key);
    buf_f(out, "<LastModified>%s</LastModified><ETag>&quot;%s&quot;</ETag>", clock_iso(v->modified_ms, time), v->etag);
    if (v->sum.kind != CHECKSUM_NONE)
        buf_f(out, "<ChecksumAlgorithm>%s</ChecksumAlgorithm><ChecksumType>%s</ChecksumType>",
              checksum_rows[v->sum.kind].name, checksum_type(&v->sum));
    buf_f(out, "<Size>%zu</Size>", v->blob->n);
    if (owner)
        s3call_owner(out, "Owner", str_of(s3call_of(c)->bucket->owner));
    struct str class = s3call_meta_get(v->meta, "x-amz-storage-class");
    xml_put(out, "StorageClass", class.n ? class : S("STANDARD"));
    buf_z(out, "</Contents>");
}

/* Lists one page; with the bucket's lock held. */
static void walk(struct call *c, struct listing *l, bool owner)
{
    const struct keyindex *ix = &s3call_of(c)->bucket->objects;
    uint64_t most = l->max < LISTING_MOST ? (uint64_t)l->max : LISTING_MOST;
    struct keyindex_place at = listing_start(c, l);
    struct str last = S("");
    for (struct object *o; most && (o = keyindex_next(ix, &at));) {
        if (!str_starts(o->key, l->prefix))
            break;
        if (o->newest->marker)
            continue;
        if (l->count == most) {
            l->truncated = true;
            break;
        }
        struct str common = listing_common(l, o->key);
        last = common.n ? common : o->key;
        l->count++;
        if (common.n) {
            listing_put_common(l, common);
            at = keyindex_seek(ix, listing_behind(c->arena, common), false);
        } else {
            put_object(c, l, o, owner);
        }
    }
    l->last = arena_dup(c->arena, last);
}

static int list(struct call *c, struct listing *l, bool owner)
{
    struct bucket *b = s3call_of(c)->bucket;
    pthread_rwlock_rdlock(&b->lock);
    bool deleted = b->deleted;
    if (!deleted)
        walk(c, l, owner);
    pthread_rwlock_unlock(&b->lock);
    return deleted ? s3call_refused(c, STORE_NO_BUCKET) : 0;
}

/* ---- ListObjectsV2 ---- */

/* Tokens are opaque to clients; the CRC tells ours from made-up ones. */
static struct str make_token(struct arena *a, struct str last)
{
    struct buf raw = BUF_INIT, text = BUF_INIT;
    buf_f(&raw, "1%08x" STR_F, codec_crc32(0, last), STR_A(last));
    codec_base64(&text, buf_str(&raw));
    struct str token = arena_dup(a, buf_str(&text));
    buf_release(&raw);
    buf_release(&text);
    return token;
}

static bool read_token(struct arena *a, struct str token, struct str *ret_last)
{
    struct buf raw = BUF_MAX(4 * S3CALL_KEY_BYTES);
    bool good = token.n <= 4 * S3CALL_KEY_BYTES && codec_unbase64(&raw, token) && raw.n >= 9 && raw.p[0] == '1';
    struct str last = str_from(buf_str(&raw), 9);
    if (good) {
        struct str sum = arena_f(a, "%08x", codec_crc32(0, last));
        good = str_eq(sum, str_head(str_from(buf_str(&raw), 1), 8));
        *ret_last = arena_dup(a, last);
    }
    buf_release(&raw);
    return good;
}

/* The answer's elements are put before and behind what the walk writes, so the walk writes into a buffer of its own. */
void listing_end(struct listing *l, struct buf *out, const char *max_name, struct buf *contents, const char *root)
{
    xml_put_u64(out, max_name, (uint64_t)(l->max < LISTING_MOST ? l->max : LISTING_MOST));
    if (l->delimiter.n)
        listing_put(l, out, "Delimiter", l->delimiter);
    if (l->url)
        xml_put_z(out, "EncodingType", "url");
    xml_put_bool(out, "IsTruncated", l->truncated);
    buf_str_add(out, buf_str(contents));
    buf_str_add(out, buf_str(&l->prefixes));
    buf_f(out, "</%s>", root);
    buf_release(contents);
    buf_release(&l->prefixes);
}

static void put_v2(struct call *c, struct listing *l, struct buf *contents, struct str token, struct str start_after)
{
    struct buf *out = s3call_xml(c, "ListBucketResult");
    xml_put(out, "Name", s3call_of(c)->bucket_name);
    listing_put(l, out, "Prefix", l->prefix);
    if (start_after.p)
        listing_put(l, out, "StartAfter", start_after);
    if (token.p)
        xml_put(out, "ContinuationToken", token);
    if (l->truncated)
        xml_put(out, "NextContinuationToken", make_token(c->arena, l->last));
    xml_put_u64(out, "KeyCount", l->count);
    listing_end(l, out, "MaxKeys", contents, "ListBucketResult");
}

int listing_objects_v2(struct call *c)
{
    struct listing l;
    struct str token = s3call_query(c, "continuation-token"), start_after = s3call_query(c, "start-after");
    if (s3call_bucket(c) || listing_read(c, "max-keys", &l))
        return -1;
    l.after = start_after;
    if (token.p && !read_token(c->arena, token, &l.after))
        return s3call_bad_argument(c, "continuation-token", token, "The continuation token provided is incorrect");
    struct buf contents = BUF_INIT;
    l.out = &contents;
    if (list(c, &l, str_eq(s3call_query(c, "fetch-owner"), S("true"))))
        return -1;
    put_v2(c, &l, &contents, token, start_after);
    return 0;
}

/* ---- ListObjects ---- */

static void put_v1(struct call *c, struct listing *l, struct buf *contents)
{
    struct buf *out = s3call_xml(c, "ListBucketResult");
    xml_put(out, "Name", s3call_of(c)->bucket_name);
    listing_put(l, out, "Prefix", l->prefix);
    listing_put(l, out, "Marker", l->after);
    if (l->truncated && l->delimiter.n) /* without a delimiter the last key serves */
        listing_put(l, out, "NextMarker", l->last);
    listing_end(l, out, "MaxKeys", contents, "ListBucketResult");
}

int listing_objects(struct call *c)
{
    struct listing l;
    if (s3call_bucket(c) || listing_read(c, "max-keys", &l))
        return -1;
    l.after = s3call_query(c, "marker");
    struct buf contents = BUF_INIT;
    l.out = &contents;
    if (list(c, &l, true))
        return -1;
    put_v1(c, &l, &contents);
    return 0;
}
