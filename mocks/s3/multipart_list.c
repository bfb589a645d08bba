/* multipart_list.c - ListParts and ListMultipartUploads. */
#include <stdlib.h>

#include "mocks/s3/actions.h"
#include "mocks/s3/listing.h"
#include "mocks/s3/multipart.h"

static void put_people(struct call *c, struct buf *out)
{
    s3call_owner(out, "Initiator", str_of(s3call_of(c)->bucket->owner));
    s3call_owner(out, "Owner", str_of(s3call_of(c)->bucket->owner));
}

static void put_storage(struct buf *out, const struct upload *u)
{
    struct str class = s3call_meta_get(u->meta, "x-amz-storage-class");
    xml_put(out, "StorageClass", class.n ? class : S("STANDARD"));
}

static void put_checksum(struct buf *out, const struct upload *u)
{
    if (u->kind == CHECKSUM_NONE)
        return;
    xml_put_z(out, "ChecksumAlgorithm", checksum_rows[u->kind].name);
    xml_put_z(out, "ChecksumType", u->composite ? "COMPOSITE" : "FULL_OBJECT");
}

/* ---- ListParts ---- */

static void put_part(struct call *c, struct buf *out, const struct part *p)
{
    buf_z(out, "<Part>");
    xml_put_u64(out, "PartNumber", p->number);
    xml_put(out, "LastModified", s3call_iso(c, p->modified_ms));
    xml_put(out, "ETag", multipart_part_etag(c->arena, p));
    xml_put_u64(out, "Size", p->blob->n);
    s3call_sum_elements(out, &p->sum);
    buf_z(out, "</Part>");
}

static void put_parts(struct call *c, const struct upload *u, int64_t marker, int64_t most)
{
    size_t from = 0;
    while (from < u->n_parts && u->parts[from].number <= marker)
        from++;
    size_t to = u->n_parts - from > (size_t)most ? from + (size_t)most : u->n_parts;
    struct buf *out = s3call_xml(c, "ListPartsResult");
    xml_put(out, "Bucket", s3call_of(c)->bucket_name);
    xml_put(out, "Key", u->key);
    xml_put_z(out, "UploadId", u->id);
    put_people(c, out);
    put_storage(out, u);
    xml_put_u64(out, "PartNumberMarker", (uint64_t)marker);
    xml_put_u64(out, "NextPartNumberMarker", to > from ? u->parts[to - 1].number : (uint64_t)marker);
    xml_put_u64(out, "MaxParts", (uint64_t)most);
    xml_put_bool(out, "IsTruncated", to < u->n_parts && most > 0);
    put_checksum(out, u);
    for (size_t i = from; i < to; i++)
        put_part(c, out, &u->parts[i]);
    buf_z(out, "</ListPartsResult>");
}

int multipart_list_parts(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct upload u;
    int64_t marker, most;
    if (s3call_bucket(c) || s3call_number(c, "part-number-marker", 0, &marker) ||
        s3call_number(c, "max-parts", LISTING_MOST, &most))
        return -1;
    enum store_result found = store_upload_copy(s->bucket, s3call_query(c, "uploadId"), s->key, c->arena, &u);
    if (found != STORE_OK)
        return s3call_refused(c, found);
    put_parts(c, &u, marker, most < LISTING_MOST ? most : LISTING_MOST);
    store_upload_copy_release(&u);
    return 0;
}

/* ---- ListMultipartUploads ---- */

static int by_key_then_start(const void *a, const void *b)
{
    const struct upload *x = *(struct upload *const *)a, *y = *(struct upload *const *)b;
    int order = str_cmp(x->key, y->key);
    if (order == 0 && x->started_ms != y->started_ms)
        order = x->started_ms < y->started_ms ? -1 : 1;
    return order ? order : strcmp(x->id, y->id);
}

static struct upload **sorted(struct call *c, size_t *ret_n)
{
    const struct map *uploads = &s3call_of(c)->bucket->uploads;
    struct upload **list = ARENA_ARRAY(c->arena, struct upload *, uploads->n_live + 1);
    struct map_entry *e;
    size_t n = 0;
    for (size_t i = 0; (e = map_next(uploads, &i));)
        list[n++] = e->value;
    qsort(list, n, sizeof *list, by_key_then_start);
    *ret_n = n;
    return list;
}

static void put_upload(struct call *c, const struct listing *l, const struct upload *u)
{
    buf_z(l->out, "<Upload>");
    listing_put(l, l->out, "Key", u->key);
    xml_put_z(l->out, "UploadId", u->id);
    put_people(c, l->out);
    put_storage(l->out, u);
    xml_put(l->out, "Initiated", s3call_iso(c, u->started_ms));
    put_checksum(l->out, u);
    buf_z(l->out, "</Upload>");
}

/* Index of the first upload behind key-marker and upload-id-marker. */
static size_t start_at(const struct listing *l, struct upload *const *list, size_t n, struct str id_marker)
{
    size_t i = 0;
    bool common = listing_is_common(l, l->after);
    while (i < n && (str_cmp(list[i]->key, l->after) < 0 || (common && str_starts(list[i]->key, l->after))))
        i++;
    size_t first = i;
    while (i < n && l->after.n && str_eq(list[i]->key, l->after)) {
        if (id_marker.n && str_is(id_marker, list[i]->id))
            return i + 1;
        i++;
    }
    return id_marker.n ? first : i;
}

static void walk(struct call *c, struct listing *l, struct str id_marker, struct str *ret_last_id)
{
    size_t n;
    struct upload **list = sorted(c, &n);
    uint64_t most = l->max < LISTING_MOST ? (uint64_t)l->max : LISTING_MOST;
    for (size_t i = start_at(l, list, n, id_marker); most && i < n; i++) {
        struct str key = list[i]->key, common = S("");
        if (!str_starts(key, l->prefix))
            continue;
        common = listing_common(l, key);
        if (common.n && str_eq(common, l->last))
            continue;
        if (l->count == most) {
            l->truncated = true;
            break;
        }
        l->count++;
        l->last = arena_dup(c->arena, common.n ? common : key);
        *ret_last_id = common.n ? S("") : arena_dup(c->arena, str_of(list[i]->id));
        if (common.n)
            listing_put_common(l, common);
        else
            put_upload(c, l, list[i]);
    }
}

int multipart_list(struct call *c)
{
    struct s3call *s = s3call_of(c);
    struct listing l;
    struct str id_marker = s3call_query(c, "upload-id-marker"), last_id = S("");
    if (s3call_bucket(c) || listing_read(c, "max-uploads", &l))
        return -1;
    l.after = s3call_query(c, "key-marker");
    struct buf uploads = BUF_INIT;
    l.out = &uploads;
    pthread_rwlock_rdlock(&s->bucket->lock);
    walk(c, &l, l.after.n ? id_marker : S(""), &last_id);
    pthread_rwlock_unlock(&s->bucket->lock);
    struct buf *out = s3call_xml(c, "ListMultipartUploadsResult");
    xml_put(out, "Bucket", s->bucket_name);
    listing_put(&l, out, "KeyMarker", l.after);
    xml_put(out, "UploadIdMarker", id_marker);
    if (l.truncated) {
        listing_put(&l, out, "NextKeyMarker", l.last);
        xml_put(out, "NextUploadIdMarker", last_id);
    }
    listing_put(&l, out, "Prefix", l.prefix);
    listing_end(&l, out, "MaxUploads", &uploads, "ListMultipartUploadsResult");
    return 0;
}
