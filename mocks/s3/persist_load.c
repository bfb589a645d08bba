/* persist_load.c - reading a bucket's log at open, cutting a torn end off, writing a wasteful log anew. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codec.h"
#include "mocks/s3/persist_file.h"

enum { COMPACT_FROM = 1 << 20 }; /* smaller logs are left alone */

struct record {
    char type;
    struct str head;
    struct blob *data;
};

static uint64_t get_le(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = n; i--;)
        v = v << 8 | p[i];
    return v;
}

static bool read_at(int fd, void *out, size_t n, uint64_t at)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = pread(fd, (char *)out + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* The record at `at`, its length in *ret_n; false when it is not whole. */
static bool read_record(struct persist *p, uint64_t at, struct arena *a, struct record *ret, uint64_t *ret_n)
{
    uint8_t header[PERSIST_HEADER];
    uint64_t left = p->size - at;
    if (left < sizeof header || !read_at(p->fd, header, sizeof header, at) || memcmp(header, "S3r1", 4) != 0)
        return false;
    left -= sizeof header;
    uint64_t n_head = get_le(header + 8, 4), n_data = get_le(header + 12, 8);
    if (n_head > left || n_data > left - n_head)
        return false;
    char *head = arena_alloc(a, (size_t)n_head + 1);
    struct blob *data = store_blob_make((size_t)n_data);
    struct str head_text = { head, (size_t)n_head };
    if (!read_at(p->fd, head, (size_t)n_head, at + sizeof header) ||
        !read_at(p->fd, data->p, (size_t)n_data, at + sizeof header + n_head) ||
        persist_file_crc(header, head_text, blob_str(data)) != get_le(header + 20, 4)) {
        store_blob_unref(data);
        return false;
    }
    *ret = (struct record){ (char)header[4], head_text, data };
    *ret_n = sizeof header + n_head + n_data;
    return true;
}

/* The value of a head line, decoded; empty when absent. */
static struct str get(const struct record *r, const char *name, struct arena *a)
{
    for (struct str rest = r->head; rest.n;) {
        struct str value = str_cut(&rest, '\n');
        if (!str_is(str_cut(&value, '='), name))
            continue;
        struct buf plain = BUF_INIT;
        codec_unpercent(&plain, value, false);
        return arena_keep(a, &plain);
    }
    return S("");
}

static int64_t get_i64(const struct record *r, const char *name, struct arena *a)
{
    int64_t v = 0;
    str_to_i64(get(r, name, a), &v);
    return v;
}

static void get_sum(const struct record *r, struct arena *a, struct checksum *out)
{
    for (int k = CHECKSUM_NONE + 1; k < CHECKSUM_KINDS; k++) {
        struct str text = get(r, checksum_rows[k].name, a);
        if (text.n)
            checksum_parse((enum checksum_kind)k, text, out);
    }
}

static void copy_z(char *out, size_t size, struct str text) { snprintf(out, size, STR_F, STR_A(text)); }

static void load_bucket(struct bucket *b, const struct record *r, struct arena *a)
{
    free(b->owner);
    free(b->region);
    b->owner = mem_dup(get(r, "owner", a));
    b->region = mem_dup(get(r, "region", a));
    b->created_ms = get_i64(r, "time", a);
}

static void load_part_ends(struct version *v, struct str text)
{
    size_t most = 1;
    for (size_t i = 0; i < text.n; i++)
        most += text.p[i] == ',';
    v->part_ends = mem_alloc(most * sizeof *v->part_ends);
    for (struct str rest = text; rest.p;) {
        int64_t end;
        if (str_to_i64(str_cut(&rest, ','), &end) && end >= 0 && v->n_parts < most)
            v->part_ends[v->n_parts++] = (uint64_t)end;
    }
}

static void load_version(struct bucket *b, const struct record *r, struct arena *a)
{
    struct version *v = store_version_make(get(r, "meta", a), get(r, "tags", a));
    copy_z(v->id, sizeof v->id, get(r, "id", a));
    copy_z(v->etag, sizeof v->etag, get(r, "etag", a));
    copy_z(v->upload, sizeof v->upload, get(r, "upload", a));
    v->modified_ms = get_i64(r, "time", a);
    v->marker = get_i64(r, "marker", a) != 0;
    get_sum(r, a, &v->sum);
    struct str parts = get(r, "parts", a);
    if (parts.n)
        load_part_ends(v, parts);
    if (!v->marker)
        v->blob = store_blob_ref(r->data);
    store_object_insert(b, get(r, "key", a), v);
    if (v->upload[0])
        store_upload_free(map_remove(&b->uploads, str_of(v->upload)));
}

static void load_tags(struct bucket *b, const struct record *r, struct arena *a)
{
    struct object *o = store_object_find(b, get(r, "key", a));
    struct str id = get(r, "id", a), tags = get(r, "tags", a);
    for (struct version *v = o ? o->newest : NULL; v; v = v->older)
        if (str_is(id, v->id)) {
            free(v->tags);
            v->tags = tags.n ? mem_dup(tags) : NULL;
            v->n_tags = store_count_tags(tags);
        }
}

static void load_upload(struct bucket *b, const struct record *r, struct arena *a)
{
    struct upload *u = store_upload_make(get(r, "upload", a), get(r, "key", a), get(r, "meta", a), get(r, "tags", a));
    u->kind = checksum_named(get(r, "kind", a));
    u->composite = get_i64(r, "composite", a) != 0;
    u->started_ms = get_i64(r, "time", a);
    store_upload_free(map_put(&b->uploads, str_of(u->id), u));
}

static void load_part(struct bucket *b, const struct record *r, struct arena *a)
{
    struct upload *u = map_get(&b->uploads, get(r, "upload", a));
    if (!u)
        return;
    struct part part = { .number = (uint32_t)get_i64(r, "number", a), .modified_ms = get_i64(r, "time", a),
                         .blob = store_blob_ref(r->data) };
    get_sum(r, a, &part.sum);
    codec_md5(blob_str(r->data), part.md5);
    store_upload_insert(u, &part);
}

static void load_record(struct bucket *b, const struct record *r, struct arena *a)
{
    switch (r->type) {
    case 'B': load_bucket(b, r, a); break;
    case 'V': b->versioning = (enum versioning)(get_i64(r, "versioning", a) % 3); break;
    case 'O': load_version(b, r, a); break;
    case 'X': store_version_unref(store_object_unlink(b, get(r, "key", a), get(r, "id", a))); break;
    case 'T': load_tags(b, r, a); break;
    case 'U': load_upload(b, r, a); break;
    case 'P': load_part(b, r, a); break;
    case 'E': store_upload_free(map_remove(&b->uploads, get(r, "upload", a))); break;
    default: break; /* of a later version */
    }
}

/* Moves what lies behind `whole` to <log>.torn. */
static int cut_tail(struct persist *p, uint64_t whole, struct err *e)
{
    struct buf name = BUF_INIT;
    buf_f(&name, "%s.torn", p->path);
    int fd = open(buf_cstr(&name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    char block[65536];
    bool ok = fd >= 0;
    for (uint64_t at = whole; ok && at < p->size;) {
        size_t n = p->size - at < sizeof block ? (size_t)(p->size - at) : sizeof block;
        ok = read_at(p->fd, block, n, at) && write(fd, block, n) == (ssize_t)n;
        at += n;
    }
    if (fd >= 0)
        close(fd);
    ok = ok && ftruncate(p->fd, (off_t)whole) == 0;
    if (!ok)
        err_set(e, 500, "S3_LOG_UNWRITABLE", "cannot move the torn end of %s to %s: %s", p->path, name.p, strerror(errno));
    p->size = whole;
    buf_release(&name);
    return ok ? 0 : -1;
}

/* ---- writing it anew ---- */

static int write_versions(struct persist *to, const struct object *o)
{
    size_t n = 0;
    for (struct version *v = o->newest; v; v = v->older)
        n++;
    struct version **oldest_last = mem_alloc((n + 1) * sizeof *oldest_last);
    size_t i = 0;
    for (struct version *v = o->newest; v; v = v->older)
        oldest_last[i++] = v;
    int result = 0;
    while (i-- && result == 0)
        result = persist_version(to, o->key, oldest_last[i]);
    free(oldest_last);
    return result;
}

static int write_bucket(struct persist *to, const struct bucket *b)
{
    if (persist_file_bucket(to, b) || persist_versioning(to, b->versioning))
        return -1;
    struct keyindex_place at = { 0, 0 };
    for (struct object *o; (o = keyindex_next(&b->objects, &at));)
        if (write_versions(to, o))
            return -1;
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&b->uploads, &i));) {
        const struct upload *u = entry->value;
        if (persist_upload(to, u))
            return -1;
        for (size_t k = 0; k < u->n_parts; k++)
            if (persist_part(to, u, &u->parts[k]))
                return -1;
    }
    return fsync(to->fd);
}

static uint64_t live_bytes(const struct bucket *b)
{
    uint64_t n = b->n_bytes;
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&b->uploads, &i));) {
        const struct upload *u = entry->value;
        for (size_t k = 0; k < u->n_parts; k++)
            n += u->parts[k].blob->n;
    }
    return n + b->objects.n * 256; /* heads */
}

/* The new log in the place of the old one, or the old one when it cannot be written. */
static struct persist *compact(struct persist *old, const char *dir, const struct bucket *b)
{
    struct err ignored;
    struct persist *p = persist_file_open(dir, b->name, ".log.new", O_CREAT | O_TRUNC, false, &ignored);
    if (!p)
        return old;
    if (write_bucket(p, b) || rename(p->path, old->path)) {
        persist_remove(p);
        persist_close(p);
        return old;
    }
    char *path = p->path;
    p->path = old->path;
    old->path = path;
    p->fsync_each = old->fsync_each;
    persist_close(old);
    return p;
}

struct persist *persist_load(const char *dir, struct bucket *b, bool fsync_each, uint64_t *ret_torn_bytes, struct err *e)
{
    struct persist *p = persist_file_open(dir, b->name, ".log", 0, fsync_each, e);
    if (!p)
        return NULL;
    struct arena a = ARENA_INIT;
    struct record r;
    uint64_t at = 0, n;
    while (at < p->size && read_record(p, at, &a, &r, &n)) {
        if (at == 0 && r.type != 'B') {
            store_blob_unref(r.data);
            break;
        }
        load_record(b, &r, &a);
        store_blob_unref(r.data);
        arena_reset(&a);
        at += n;
    }
    arena_release(&a);
    *ret_torn_bytes = p->size - at;
    bool failed = at < p->size && cut_tail(p, at, e);
    if (!failed && at == 0) {
        failed = true;
        persist_remove(p);
        err_set(e, 500, "S3_LOG_EMPTY", "%s holds no whole record; its bytes are in %s.torn", p->path, p->path);
    }
    if (failed) {
        persist_close(p);
        return NULL;
    }
    return p->size > COMPACT_FROM && live_bytes(b) < p->size / 2 ? compact(p, dir, b) : p;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int persist_scan(const char *dir, int (*fn)(void *arg, struct str bucket, struct err *e), void *arg, struct err *e)
{
    struct buf path = BUF_INIT;
    buf_z(&path, dir);
    char *slash = strrchr(buf_cstr(&path), '/');
    if (slash && slash != path.p) {
        *slash = 0;
        mkdir(path.p, 0755);
    }
    buf_release(&path);
    mkdir(dir, 0755);
    DIR *d = opendir(dir);
    if (!d)
        return err_set(e, 500, "S3_DATA_UNREADABLE", "cannot read the data directory %s: %s", dir, strerror(errno));
    char **names = NULL;
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(d));)
        if (str_ends(str_of(entry->d_name), S(".log"))) {
            names = mem_grow(names, (n + 1) * sizeof *names);
            names[n++] = mem_dup(str_of(entry->d_name));
        }
    closedir(d);
    if (n)
        qsort(names, n, sizeof *names, compare_names);
    int result = 0;
    for (size_t i = 0; i < n; i++) {
        struct str name = str_of(names[i]);
        if (result == 0)
            result = fn(arg, str_head(name, name.n - 4), e);
        free(names[i]);
    }
    free(names);
    return result;
}
