/* kafka_compress.c - undoing what producers compress with, never into more than was allowed. */
#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "mocks/kafka/kafka_batch.h"

enum { STEP = 64 << 10 };

/* Room for the next piece; NULL when the limit is reached. */
static char *next_room(struct buf *out, size_t max_bytes)
{
    return out->n >= max_bytes ? NULL : buf_room(out, STEP);
}

static int gunzip(struct str in, size_t max_bytes, struct buf *out)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n };
    int result = Z_OK;
    if (in.n > UINT32_MAX || inflateInit2(&z, 15 + 32) != Z_OK)
        return -1;
    while (result == Z_OK) {
        char *room = next_room(out, max_bytes);
        if (!room)
            break;
        z.next_out = (Bytef *)room;
        z.avail_out = STEP;
        result = inflate(&z, Z_NO_FLUSH);
        out->n += STEP - z.avail_out;
        if (result == Z_BUF_ERROR || (result == Z_OK && z.avail_out == STEP && !z.avail_in))
            break;
    }
    inflateEnd(&z);
    return result == Z_STREAM_END ? 0 : -1;
}

static int unsnap_block(struct str in, size_t max_bytes, struct buf *out)
{
    size_t n;
    if (snappy_uncompressed_length(in.p, in.n, &n) != SNAPPY_OK || n > max_bytes - out->n)
        return -1;
    char *room = buf_room(out, n ? n : 1);
    if (!room || snappy_uncompress(in.p, in.n, room, &n) != SNAPPY_OK)
        return -1;
    out->n += n;
    return 0;
}

/* snappy-java's SnappyOutputStream: a head of 16 bytes, then blocks with their length before them. */
static int unsnap(struct str in, size_t max_bytes, struct buf *out)
{
    static const char magic[] = "\x82SNAPPY";
    enum { HEAD = 16 };
    if (in.n < HEAD || memcmp(in.p, magic, sizeof magic))
        return unsnap_block(in, max_bytes, out);
    for (in = str_from(in, HEAD); in.n >= 4;) {
        const unsigned char *p = (const unsigned char *)in.p;
        size_t n = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        in = str_from(in, 4);
        if (n > in.n || unsnap_block(str_head(in, n), max_bytes, out))
            return -1;
        in = str_from(in, n);
    }
    return in.n ? -1 : 0;
}

static int unlz4(struct str in, size_t max_bytes, struct buf *out)
{
    LZ4F_dctx *d;
    size_t more = 1, at = 0;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&d, LZ4F_VERSION)))
        return -1;
    while (more) {
        char *room = next_room(out, max_bytes);
        size_t n_out = STEP, n_in = in.n - at;
        if (!room)
            break;
        more = LZ4F_decompress(d, room, &n_out, in.p + at, &n_in, NULL);
        if (LZ4F_isError(more) || (!n_out && !n_in))
            break;
        out->n += n_out;
        at += n_in;
    }
    LZ4F_freeDecompressionContext(d);
    return more ? -1 : 0;
}

static int unzstd(struct str in, size_t max_bytes, struct buf *out)
{
    ZSTD_DStream *d = ZSTD_createDStream();
    ZSTD_inBuffer from = { in.p, in.n, 0 };
    size_t more = 1;
    if (!d)
        return -1;
    while (more) {
        char *room = next_room(out, max_bytes);
        if (!room)
            break;
        ZSTD_outBuffer to = { room, STEP, 0 };
        more = ZSTD_decompressStream(d, &to, &from);
        out->n += to.pos;
        if (ZSTD_isError(more) || (more && !to.pos && from.pos == from.size))
            break;
    }
    ZSTD_freeDStream(d);
    return more ? -1 : 0;
}

int kafka_unpack(int codec, struct str in, size_t max_bytes, struct buf *out)
{
    static int (*const by_codec[])(struct str, size_t, struct buf *) = { NULL, gunzip, unsnap, unlz4, unzstd };
    if (codec < 1 || codec >= (int)(sizeof by_codec / sizeof *by_codec))
        return -1;
    return by_codec[codec](in, max_bytes, out);
}
