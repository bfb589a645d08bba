/* listing_versions.c - ListObjectVersions: every version and delete marker, newest first within a key. */
#include "base/clock.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/listing.h"

struct position {
    struct str key, id; /* of the last version listed */
};

static void put_version(struct call *c, const struct listing *l, const struct object *o, const struct version *v)
{
    struct buf *out = l->out;
    const char *element = v->marker ? "DeleteMarker" : "Version";
    char time[CLOCK_TEXT];
    buf_f(out, "<%s>", element);
    listing_put(l, out, "Key", o->key);
    xml_put_z(out, "VersionId", v->id[0] ? v->id : "null");
    xml_put_bool(out, "IsLatest", v == o->newest);
    xml_put_z(out, "LastModified", clock_iso(v->modified_ms, time));
    if (!v->marker) {
        buf_f(out, "<ETag>&quot;%s&quot;</ETag>", v->etag);
        if (v->sum.kind != CHECKSUM_NONE)
            buf_f(out, "<ChecksumAlgorithm>%s</ChecksumAlgorithm><ChecksumType>%s</ChecksumType>",
                  checksum_rows[v->sum.kind].name, checksum_type(&v->sum));
        struct str class = s3call_meta_get(v->meta, "x-amz-storage-class");
        buf_f(out, "<Size>%zu</Size>", v->blob->n);
        xml_put(out, "StorageClass", class.n ? class : S("STANDARD"));
    }
    s3call_owner(out, "Owner", str_of(s3call_of(c)->bucket->owner));
    buf_f(out, "</%s>", element);
}

/* Versions of one key; `from` is the id of the version listed last, or p == NULL for all. false: the page is full. */
static bool list_key(struct call *c, struct listing *l, uint64_t most, const struct object *o, struct str from,
                     struct position *last)
{
    const struct version *v = o->newest;
    if (from.p) {
        while (v && !str_is(from, v->id[0] ? v->id : "null"))
            v = v->older;
        v = v ? v->older : NULL;
    }
    for (; v; v = v->older) {
        if (l->count == most) {
            l->truncated = true;
            return false;
        }
        put_version(c, l, o, v);
        l->count++;
        *last = (struct position){ o->key, str_of(v->id[0] ? v->id : "null") };
    }
    return true;
}

static void walk(struct call *c, struct listing *l, struct str version_marker, struct position *ret_last)
{
    const struct keyindex *ix = &s3call_of(c)->bucket->objects;
    uint64_t most = l->max < LISTING_MOST ? (uint64_t)l->max : LISTING_MOST;
    struct position last = { S(""), S("") };
    bool go_on = most > 0;
    struct keyindex_place at = listing_start(c, l);
    if (go_on && version_marker.n && l->after.n) { /* what is left of the key the last page ended in */
        struct object *o = keyindex_find(ix, l->after);
        go_on = !o || list_key(c, l, most, o, version_marker, &last);
    }
    for (struct object *o; go_on && (o = keyindex_next(ix, &at)) && str_starts(o->key, l->prefix);) {
        struct str common = listing_common(l, o->key);
        if (!common.n) {
            go_on = list_key(c, l, most, o, (struct str){ 0 }, &last);
        } else if (l->count == most) {
            l->truncated = true;
            go_on = false;
        } else {
            listing_put_common(l, common);
            l->count++;
            last = (struct position){ common, S("") };
            at = keyindex_seek(ix, listing_behind(c->arena, common), false);
        }
    }
    *ret_last = (struct position){ arena_dup(c->arena, last.key), arena_dup(c->arena, last.id) };
}

static void put_result(struct call *c, struct listing *l, struct buf *contents, const struct position *last)
{
    struct buf *out = s3call_xml(c, "ListVersionsResult");
    xml_put(out, "Name", s3call_of(c)->bucket_name);
    listing_put(l, out, "Prefix", l->prefix);
    listing_put(l, out, "KeyMarker", l->after);
    xml_put(out, "VersionIdMarker", s3call_query(c, "version-id-marker"));
    if (l->truncated) {
        listing_put(l, out, "NextKeyMarker", last->key);
        if (last->id.n)
            xml_put(out, "NextVersionIdMarker", last->id);
    }
    listing_end(l, out, "MaxKeys", contents, "ListVersionsResult");
}

int listing_versions(struct call *c)
{
    struct listing l;
    struct position last;
    struct str version_marker = s3call_query(c, "version-id-marker");
    if (s3call_bucket(c) || listing_read(c, "max-keys", &l))
        return -1;
    l.after = s3call_query(c, "key-marker");
    if (version_marker.n && !l.after.n)
        return s3call_bad_argument(c, "version-id-marker", version_marker,
                                   "A version-id marker cannot be specified without a key marker.");
    struct buf contents = BUF_INIT;
    struct bucket *b = s3call_of(c)->bucket;
    l.out = &contents;
    pthread_rwlock_rdlock(&b->lock);
    walk(c, &l, version_marker, &last);
    pthread_rwlock_unlock(&b->lock);
    put_result(c, &l, &contents, &last);
    return 0;
}
