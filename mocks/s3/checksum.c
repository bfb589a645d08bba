/* checksum.c - see checksum.h. CRCs are printed big-endian, as AWS does. */
#include "mocks/s3/checksum.h"

#include "base/codec.h"

const struct checksum_row checksum_rows[CHECKSUM_KINDS] = {
    [CHECKSUM_NONE] = { "", "", "", 0, false, false },
    [CHECKSUM_CRC32] = { "CRC32", "x-amz-checksum-crc32", "ChecksumCRC32", 4, true, true },
    [CHECKSUM_CRC32C] = { "CRC32C", "x-amz-checksum-crc32c", "ChecksumCRC32C", 4, true, true },
    [CHECKSUM_CRC64NVME] = { "CRC64NVME", "x-amz-checksum-crc64nvme", "ChecksumCRC64NVME", 8, true, false },
    [CHECKSUM_SHA1] = { "SHA1", "x-amz-checksum-sha1", "ChecksumSHA1", 20, false, true },
    [CHECKSUM_SHA256] = { "SHA256", "x-amz-checksum-sha256", "ChecksumSHA256", 32, false, true },
};

enum checksum_kind checksum_named(struct str name)
{
    for (int k = CHECKSUM_NONE + 1; k < CHECKSUM_KINDS; k++)
        if (str_eq_nocase(name, str_of(checksum_rows[k].name)))
            return (enum checksum_kind)k;
    return CHECKSUM_NONE;
}

enum checksum_kind checksum_of_header(struct str name)
{
    if (!str_eq_nocase(str_head(name, 15), S("x-amz-checksum-")))
        return CHECKSUM_NONE;
    return checksum_named(str_from(name, 15));
}

static void store_be(uint64_t v, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void checksum_compute(enum checksum_kind kind, struct str bytes, struct checksum *out)
{
    *out = (struct checksum){ .kind = kind };
    switch (kind) {
    case CHECKSUM_CRC32: store_be(codec_crc32(0, bytes), out->raw, 4); break;
    case CHECKSUM_CRC32C: store_be(codec_crc32c(0, bytes), out->raw, 4); break;
    case CHECKSUM_CRC64NVME: store_be(codec_crc64nvme(0, bytes), out->raw, 8); break;
    case CHECKSUM_SHA1: codec_sha1(bytes, out->raw); break;
    case CHECKSUM_SHA256: codec_sha256(bytes, out->raw); break;
    case CHECKSUM_NONE:
    case CHECKSUM_KINDS: break;
    }
}

void checksum_compose(enum checksum_kind kind, const struct checksum *const *parts, size_t n, struct checksum *out)
{
    struct buf all = BUF_INIT;
    for (size_t i = 0; i < n; i++)
        buf_add(&all, parts[i]->raw, checksum_rows[kind].n_bytes);
    checksum_compute(kind, buf_str(&all), out);
    out->composite_of = (uint32_t)n;
    buf_release(&all);
}

bool checksum_parse(enum checksum_kind kind, struct str text, struct checksum *ret)
{
    struct checksum c = { .kind = kind };
    size_t dash = str_chr(text, '-');
    if (dash != STR_NONE) {
        int64_t n;
        if (!str_to_i64(str_from(text, dash + 1), &n) || n < 1 || n > 10000)
            return false;
        c.composite_of = (uint32_t)n;
        text = str_head(text, dash);
    }
    struct buf raw = BUF_MAX(64);
    bool good = text.n <= 64 && codec_unbase64(&raw, text) && raw.n == checksum_rows[kind].n_bytes;
    if (good) {
        memcpy(c.raw, raw.p, raw.n);
        *ret = c;
    }
    buf_release(&raw);
    return good;
}

void checksum_print(const struct checksum *c, struct buf *out)
{
    codec_base64(out, (struct str){ (const char *)c->raw, checksum_rows[c->kind].n_bytes });
    if (c->composite_of)
        buf_f(out, "-%u", c->composite_of);
}

bool checksum_same(const struct checksum *a, const struct checksum *b)
{
    return a->kind == b->kind && a->composite_of == b->composite_of &&
           memcmp(a->raw, b->raw, checksum_rows[a->kind].n_bytes) == 0;
}
