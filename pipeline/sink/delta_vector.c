/* delta_vector.c - deletion vectors: which rows of a data file do not count any more.
 *
 * PROTOCOL.md, "Deletion Vector Format". A vector is a set of row numbers, kept as a RoaringBitmapArray:
 *
 * | part                  | bytes                                                                              |
 * |-----------------------|------------------------------------------------------------------------------------|
 * | inline (storage i)    | Z85 of the set                                                                     |
 * | file (storage u, p)   | at `offset`: size (big-endian), the set, its CRC-32 (big-endian)                   |
 * | set                   | magic 1681511377, number of maps (64 bits); for each its high 32 bits, then a map  |
 * | map                   | Roaring's portable form: cookie, keys, offsets, containers (array, bits or runs)   |
 * Numbers within the set are little-endian. The name of a file is the UUID that ends `pathOrInlineDv`, in Z85.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/sink/delta_log.h"

enum { MAGIC = 1681511377, COOKIE = 12346, COOKIE_RUNS = 12347, LEAST_WITH_OFFSETS = 4, MOST_IN_ARRAY = 4096, UUID_TEXT = 20 };
#define MOST_ROWS (UINT64_C(1) << 32) /* of a file, as its footer claims */

/* ---- Z85 ---- */

static bool z85_decode(struct str text, struct buf *out)
{
    static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    if (text.n % 5)
        return false;
    for (size_t i = 0; i < text.n; i += 5) {
        uint64_t v = 0;
        for (size_t k = 0; k < 5; k++) {
            const char *at = text.p[i + k] ? strchr(digits, text.p[i + k]) : NULL;
            if (!at)
                return false;
            v = v * 85 + (uint64_t)(at - digits);
        }
        if (v > UINT32_MAX)
            return false;
        for (int shift = 24; shift >= 0; shift -= 8)
            buf_c(out, (char)(v >> shift & 0xff));
    }
    return true;
}

/* ---- the set ---- */

struct reading {
    struct str rest;
    uint64_t n_rows, high;
    struct delta_vector *v;
    bool bad;
};

static uint64_t take(struct reading *r, size_t bytes)
{
    uint64_t v = 0;
    if (r->rest.n < bytes) {
        r->bad = true;
        return 0;
    }
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | (unsigned char)r->rest.p[i];
    r->rest = str_from(r->rest, bytes);
    return v;
}

/* Rows are numbered within the file; a number beyond it is a mistake. */
static void mark(struct reading *r, uint64_t low)
{
    uint64_t row = r->high | low;
    if (row >= r->n_rows) {
        r->bad = true;
        return;
    }
    uint8_t bit = (uint8_t)(1u << (row & 7));
    r->v->n += !(r->v->bits[row >> 3] & bit);
    r->v->bits[row >> 3] |= bit;
}

static void read_runs(struct reading *r, uint64_t base)
{
    for (uint64_t n = take(r, 2); n-- > 0 && !r->bad;) {
        uint64_t start = take(r, 2), length = take(r, 2) + 1;
        r->bad |= start + length > 65536;
        for (uint64_t i = 0; i < length && !r->bad; i++)
            mark(r, base | (start + i));
    }
}

static void read_container(struct reading *r, uint64_t base, uint64_t cardinality)
{
    if (cardinality <= MOST_IN_ARRAY) {
        while (cardinality-- > 0 && !r->bad)
            mark(r, base | take(r, 2));
        return;
    }
    for (uint64_t word = 0; word < 1024 && !r->bad; word++)
        for (uint64_t bits = take(r, 8), i = word * 64; bits && !r->bad; bits >>= 1, i++)
            if (bits & 1)
                mark(r, base | i);
}

static void read_map(struct reading *r)
{
    uint64_t cookie = take(r, 4), n = cookie >> 16;
    bool runs = (cookie & 0xffff) == COOKIE_RUNS;
    n = runs ? n + 1 : cookie == COOKIE ? take(r, 4) : 65537;
    size_t flags = runs ? (size_t)(n + 7) / 8 : 0;
    struct str is_run = str_head(r->rest, flags), heads = str_head(str_from(r->rest, flags), (size_t)n * 4);
    bool offsets = !runs || n >= LEAST_WITH_OFFSETS;
    if (n > 65536 || heads.n < n * 4 || r->rest.n < flags + n * 4 * (1 + offsets)) {
        r->bad = true;
        return;
    }
    r->rest = str_from(r->rest, flags + (size_t)n * 4 * (1 + offsets)); /* containers follow in order: offsets are not needed */
    for (size_t i = 0; i < n && !r->bad; i++) {
        const unsigned char *head = (const unsigned char *)heads.p + i * 4;
        uint64_t base = ((uint64_t)head[0] | (uint64_t)head[1] << 8) << 16;
        if (runs && is_run.p[i / 8] >> (i % 8) & 1)
            read_runs(r, base);
        else
            read_container(r, base, ((uint64_t)head[2] | (uint64_t)head[3] << 8) + 1);
    }
}

static int malformed(const struct delta_file *f, const char *what, struct err *e)
{
    return err_set(e, 0, "DELTA_MALFORMED", "the deletion vector of " STR_F ": %s", STR_A(f->path), what);
}

static int read_set(const struct delta_file *f, struct str set, uint64_t n_rows, struct delta_vector *ret, struct err *e)
{
    struct reading r = { .rest = set, .n_rows = n_rows, .v = ret };
    if (take(&r, 4) != MAGIC)
        return err_set(e, 0, "DELTA_UNSUPPORTED", "the deletion vector of " STR_F " is in another form than RoaringBitmapArray's portable one", STR_A(f->path));
    if (n_rows > MOST_ROWS)
        return malformed(f, "its file claims more than 2^32 rows", e);
    ret->bits = mem_zero((size_t)(n_rows / 8) + 1);
    for (uint64_t n = take(&r, 8); n-- > 0 && !r.bad;) {
        r.high = take(&r, 4) << 32;
        read_map(&r);
    }
    if (r.bad || (int64_t)ret->n != f->vector.cardinality) {
        delta_vector_release(ret);
        return malformed(f, r.bad ? "it ends early, or names rows that the file has not" : "it has not the number of rows that the log says", e);
    }
    return 0;
}

/* ---- where it is ---- */

/* Below the table: the prefix, a slash, deletion_vector_<uuid>.bin. */
static int path_of(const struct delta_file *f, struct str root, struct arena *a, struct str *ret, struct err *e)
{
    struct buf id = BUF_INIT;
    struct str given = f->vector.path;
    if (str_is(f->vector.storage, "p")) {
        *ret = delta_action_path(root, given, a);
        return 0;
    }
    struct str prefix = str_head(given, given.n > UUID_TEXT ? given.n - UUID_TEXT : 0);
    int result = given.n >= UUID_TEXT && z85_decode(str_from(given, prefix.n), &id) ? 0 : malformed(f, "its path ends in no UUID", e);
    struct buf path = BUF_INIT;
    buf_f(&path, STR_F "%sdeletion_vector_", STR_A(prefix), prefix.n ? "/" : "");
    for (size_t i = 0; i < id.n; i++)
        buf_f(&path, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", (unsigned char)id.p[i]);
    buf_z(&path, ".bin");
    *ret = arena_keep(a, &path);
    buf_release(&id);
    return result;
}

static uint32_t big_endian(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;
    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

static int read_file(const struct delta_file *f, struct str bytes, uint64_t n_rows, struct delta_vector *ret, struct err *e)
{
    struct str rest = str_from(bytes, (size_t)(f->vector.offset < 0 ? 0 : f->vector.offset));
    size_t size = rest.n >= 4 ? big_endian(rest.p) : 0;
    if (size == 0 || (int64_t)size != f->vector.bytes || rest.n < 8 || size > rest.n - 8)
        return malformed(f, "its file has not the size that the log says", e);
    struct str set = str_head(str_from(rest, 4), size);
    if (codec_crc32(0, set) != big_endian(rest.p + 4 + size))
        return malformed(f, "its checksum is wrong", e);
    return read_set(f, set, n_rows, ret, e);
}

int delta_vector_read(struct delta_store *store, const struct delta_file *f, uint64_t n_rows, struct delta_vector *ret, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct buf bytes = BUF_INIT;
    struct str path;
    int result = -1;
    *ret = (struct delta_vector){ 0 };
    if (str_is(f->vector.storage, "i")) {
        result = z85_decode(f->vector.path, &bytes) ? read_set(f, buf_str(&bytes), n_rows, ret, e) : malformed(f, "it is no Z85", e);
    } else if (!str_is(f->vector.storage, "u") && !str_is(f->vector.storage, "p")) {
        err_set(e, 0, "DELTA_UNSUPPORTED", "the deletion vector of " STR_F " is stored as \"" STR_F "\"", STR_A(f->path), STR_A(f->vector.storage));
    } else if (path_of(f, store->root, &a, &path, e) == 0 && (result = store->ops->get(store, path, &bytes, e)) == 1) {
        result = err_set(e, 0, "DELTA_FILE_MISSING", STR_F "/" STR_F " is not in the store; a vacuum may have deleted it", STR_A(store->root), STR_A(path));
    } else if (result == 0) {
        result = read_file(f, buf_str(&bytes), n_rows, ret, e);
    }
    buf_release(&bytes);
    arena_release(&a);
    return result;
}

void delta_vector_release(struct delta_vector *v)
{
    free(v->bits);
    *v = (struct delta_vector){ 0 };
}
