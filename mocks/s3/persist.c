/* persist.c - writing a bucket's log; reading it is in persist_load.c. The format is in persist.h. */
#include "mocks/s3/persist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/codec.h"
#include "mocks/s3/persist_file.h"

static void put_le(uint64_t v, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(v >> 8 * i);
}

uint32_t persist_file_crc(const uint8_t header[PERSIST_HEADER], struct str head, struct str data)
{
    uint8_t plain[PERSIST_HEADER];
    memcpy(plain, header, sizeof plain);
    memset(plain + 20, 0, 4);
    uint32_t crc = codec_crc32c(0, (struct str){ (const char *)plain, sizeof plain });
    return codec_crc32c(codec_crc32c(crc, head), data);
}

/* All of it, or -1 with the file as long as before. */
static int write_whole(struct persist *p, struct iovec *piece, int n)
{
    uint64_t written = 0;
    while (n) {
        ssize_t got = writev(p->fd, piece, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int ignored = ftruncate(p->fd, (off_t)p->size);
            (void)ignored;
            return -1;
        }
        written += (uint64_t)got;
        for (; n && (size_t)got >= piece->iov_len; piece++, n--)
            got -= (ssize_t)piece->iov_len;
        if (n) {
            piece->iov_base = (char *)piece->iov_base + got;
            piece->iov_len -= (size_t)got;
        }
    }
    p->size += written;
    return p->fsync_each ? fdatasync(p->fd) : 0;
}

static int append(struct persist *p, char type, struct buf *head, struct str data)
{
    uint8_t header[PERSIST_HEADER] = "S3r1";
    header[4] = (uint8_t)type;
    put_le(head->n, header + 8, 4);
    put_le(data.n, header + 12, 8);
    put_le(persist_file_crc(header, buf_str(head), data), header + 20, 4);
    struct iovec pieces[3] = {
        { header, sizeof header }, { head->p, head->n }, { (void *)(uintptr_t)data.p, data.n },
    };
    int result = write_whole(p, pieces, 3);
    buf_release(head);
    return result;
}

static void field(struct buf *head, const char *name, struct str value)
{
    if (value.n == 0)
        return;
    buf_z(head, name);
    buf_c(head, '=');
    codec_percent(head, value, "/:,");
    buf_c(head, '\n');
}

static void field_i64(struct buf *head, const char *name, int64_t v) { buf_f(head, "%s=%lld\n", name, (long long)v); }

static void field_sum(struct buf *head, const struct checksum *c)
{
    if (c->kind == CHECKSUM_NONE)
        return;
    struct buf text = BUF_INIT;
    checksum_print(c, &text);
    field(head, checksum_rows[c->kind].name, buf_str(&text));
    buf_release(&text);
}

int persist_file_bucket(struct persist *p, const struct bucket *b)
{
    struct buf head = BUF_INIT;
    field(&head, "owner", str_of(b->owner));
    field(&head, "region", str_of(b->region));
    field_i64(&head, "time", b->created_ms);
    return append(p, 'B', &head, S(""));
}

int persist_versioning(struct persist *p, enum versioning v)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT;
    field_i64(&head, "versioning", v);
    return append(p, 'V', &head, S(""));
}

int persist_version(struct persist *p, struct str key, const struct version *v)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT, ends = BUF_INIT;
    field(&head, "key", key);
    field(&head, "id", str_of(v->id));
    field(&head, "etag", str_of(v->etag));
    field(&head, "upload", str_of(v->upload));
    field_i64(&head, "time", v->modified_ms);
    field_sum(&head, &v->sum);
    for (uint32_t i = 0; i < v->n_parts; i++)
        buf_f(&ends, "%s%llu", i ? "," : "", (unsigned long long)v->part_ends[i]);
    field(&head, "parts", buf_str(&ends));
    buf_release(&ends);
    field(&head, "meta", v->meta);
    field(&head, "tags", str_of(v->tags));
    if (v->marker)
        field_i64(&head, "marker", 1);
    return append(p, 'O', &head, v->blob ? blob_str(v->blob) : S(""));
}

int persist_unlink(struct persist *p, struct str key, struct str id)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT;
    field(&head, "key", key);
    field(&head, "id", id);
    return append(p, 'X', &head, S(""));
}

int persist_tags(struct persist *p, struct str key, struct str id, struct str tags)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT;
    field(&head, "key", key);
    field(&head, "id", id);
    field(&head, "tags", tags);
    return append(p, 'T', &head, S(""));
}

int persist_upload(struct persist *p, const struct upload *u)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT;
    field(&head, "key", u->key);
    field(&head, "upload", str_of(u->id));
    field(&head, "meta", u->meta);
    field(&head, "tags", u->tags);
    field(&head, "kind", str_of(checksum_rows[u->kind].name));
    field_i64(&head, "composite", u->composite);
    field_i64(&head, "time", u->started_ms);
    return append(p, 'U', &head, S(""));
}

int persist_part(struct persist *p, const struct upload *u, const struct part *part)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT;
    field(&head, "upload", str_of(u->id));
    field_i64(&head, "number", part->number);
    field_i64(&head, "time", part->modified_ms);
    field_sum(&head, &part->sum);
    return append(p, 'P', &head, blob_str(part->blob));
}

int persist_upload_end(struct persist *p, const struct upload *u)
{
    if (!p)
        return 0;
    struct buf head = BUF_INIT;
    field(&head, "upload", str_of(u->id));
    return append(p, 'E', &head, S(""));
}

struct persist *persist_file_open(const char *dir, struct str bucket, const char *suffix, int flags, bool fsync_each,
                                  struct err *e)
{
    struct persist *p = mem_zero(sizeof *p);
    size_t n = strlen(dir) + bucket.n + strlen(suffix) + 2;
    p->path = mem_alloc(n);
    snprintf(p->path, n, "%s/" STR_F "%s", dir, STR_A(bucket), suffix);
    p->fsync_each = fsync_each;
    p->fd = open(p->path, flags | O_RDWR | O_APPEND | O_CLOEXEC, 0644);
    struct stat st;
    if (p->fd < 0 || fstat(p->fd, &st))
        err_set(e, 500, "S3_LOG_UNREADABLE", "cannot open %s: %s; check the data directory's permissions", p->path,
                strerror(errno));
    else if (flock(p->fd, LOCK_EX | LOCK_NB))
        err_set(e, 500, "S3_LOG_IN_USE", "%s is in use by another weirbox; stop it or take another data directory",
                p->path);
    else {
        p->size = (uint64_t)st.st_size;
        return p;
    }
    persist_close(p);
    return NULL;
}

struct persist *persist_create(const char *dir, const struct bucket *b, bool fsync_each, struct err *e)
{
    struct persist *p = persist_file_open(dir, b->name, ".log", O_CREAT | O_EXCL, fsync_each, e);
    if (p && persist_file_bucket(p, b)) {
        err_set(e, 500, "S3_LOG_UNWRITABLE", "cannot write %s: %s", p->path, strerror(errno));
        persist_remove(p);
        persist_close(p);
        return NULL;
    }
    return p;
}

void persist_remove(struct persist *p)
{
    if (p)
        unlink(p->path);
}

void persist_close(struct persist *p)
{
    if (!p)
        return;
    if (p->fd >= 0)
        close(p->fd);
    free(p->path);
    free(p);
}
