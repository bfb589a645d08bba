/* parquet_codec.c - one row a codec. Numbers: CompressionCodec of parquet.thrift. Snappy is the raw block form. */
#include "pipeline/sink/parquet_codec.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

struct parquet_compressor {
    enum parquet_codec codec;
    int level;
    ZSTD_CCtx *zstd;
};

static bool snappy_put(struct parquet_compressor *c, struct str in, struct buf *out)
{
    (void)c;
    size_t n = snappy_max_compressed_length(in.n);
    char *at = buf_room(out, n);
    if (!at || snappy_compress(in.p ? in.p : "", in.n, at, &n) != SNAPPY_OK)
        return false;
    out->n += n;
    return true;
}

static bool snappy_get(struct str in, char *out, size_t n)
{
    size_t length;
    return snappy_uncompressed_length(in.p, in.n, &length) == SNAPPY_OK && length == n &&
           snappy_uncompress(in.p, in.n, out, &length) == SNAPPY_OK && length == n;
}

static bool zstd_put(struct parquet_compressor *c, struct str in, struct buf *out)
{
    size_t bound = ZSTD_compressBound(in.n);
    char *at = buf_room(out, bound);
    if (!at)
        return false;
    size_t n = ZSTD_compressCCtx(c->zstd, at, bound, in.p, in.n, c->level ? c->level : 1);
    if (ZSTD_isError(n))
        return false;
    out->n += n;
    return true;
}

static bool zstd_get(struct str in, char *out, size_t n)
{
    return ZSTD_decompress(out, n, in.p, in.n) == n;
}

enum { WINDOW_GZIP = 15 + 16, WINDOW_ANY = 15 + 32 };

static bool gzip_put(struct parquet_compressor *c, struct str in, struct buf *out)
{
    z_stream z = { 0 };
    if (in.n > UINT32_MAX || deflateInit2(&z, c->level ? c->level : 6, Z_DEFLATED, WINDOW_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, in.n);
    char *at = buf_room(out, bound);
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    z.next_out = (Bytef *)at;
    z.avail_out = (uInt)bound;
    bool ok = at && deflate(&z, Z_FINISH) == Z_STREAM_END;
    if (ok)
        out->n += z.total_out;
    deflateEnd(&z);
    return ok;
}

/* gzip or zlib framing; several gzip members may follow one another. */
static bool gzip_get(struct str in, char *out, size_t n)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n, .next_out = (Bytef *)out, .avail_out = (uInt)n };
    if (in.n > UINT32_MAX || n > UINT32_MAX || inflateInit2(&z, WINDOW_ANY) != Z_OK)
        return false;
    int r;
    while ((r = inflate(&z, Z_FINISH)) == Z_STREAM_END && z.avail_in && inflateReset(&z) == Z_OK)
        ;
    bool ok = r == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return ok;
}

static bool none_put(struct parquet_compressor *c, struct str in, struct buf *out)
{
    (void)c;
    buf_str_add(out, in);
    return true;
}

static bool none_get(struct str in, char *out, size_t n)
{
    if (in.n != n)
        return false;
    if (n)
        memcpy(out, in.p, n);
    return true;
}

static const struct {
    const char *name;
    bool (*get)(struct str in, char *out, size_t n);
} by_number[] = {
    { "UNCOMPRESSED", none_get }, { "SNAPPY", snappy_get }, { "GZIP", gzip_get }, { "LZO", NULL },
    { "BROTLI", NULL },           { "LZ4", NULL },          { "ZSTD", zstd_get }, { "LZ4_RAW", NULL },
};
static const struct {
    int32_t number;
    bool (*put)(struct parquet_compressor *c, struct str in, struct buf *out);
} by_codec[] = {
    [PARQUET_SNAPPY] = { 1, snappy_put },
    [PARQUET_ZSTD] = { 6, zstd_put },
    [PARQUET_GZIP] = { 2, gzip_put },
    [PARQUET_NONE] = { 0, none_put },
};

int32_t parquet_codec_number(enum parquet_codec c) { return by_codec[c].number; }

static bool in_table(int32_t number)
{
    return number >= 0 && (size_t)number < sizeof by_number / sizeof *by_number;
}

const char *parquet_codec_name(int32_t number) { return in_table(number) ? by_number[number].name : "unknown"; }
bool parquet_codec_is_known(int32_t number) { return in_table(number) && by_number[number].get; }

struct parquet_compressor *parquet_codec_open(enum parquet_codec c, int level)
{
    struct parquet_compressor *p = mem_zero(sizeof *p);
    p->codec = c;
    p->level = level;
    if (c == PARQUET_ZSTD && !(p->zstd = ZSTD_createCCtx()))
        abort(); /* out of memory, as mem_alloc */
    return p;
}

void parquet_codec_close(struct parquet_compressor *c)
{
    ZSTD_freeCCtx(c->zstd);
    free(c);
}

bool parquet_codec_put(struct parquet_compressor *c, struct str bytes, struct buf *out)
{
    return by_codec[c->codec].put(c, bytes, out);
}

bool parquet_codec_get(int32_t number, struct str bytes, char *out, size_t n)
{
    return parquet_codec_is_known(number) && by_number[number].get(bytes, out, n);
}
