/* codec_crc.c - CRC-32 (zlib), CRC-32C and CRC-64/NVME, eight bytes at a time.
 *
 * slice[k][b] is the remainder of byte b followed by k zero bytes. Remainders are linear: a row of 256 is the
 * exclusive or of those of its eight single bits, and only these are written down (tests/unit/codec.c divides bit
 * by bit and compares). Where the machine has an instruction for CRC-32C, that is used.
 */
#include <zlib.h>

#include "base/codec.h"

#define BIT(i, bit, r) ((i) >> (bit) & 1 ? (r) : 0)
#define ROW1(i, a, b, c, d, e, f, g, h)                                                                             \
    (BIT(i, 0, a) ^ BIT(i, 1, b) ^ BIT(i, 2, c) ^ BIT(i, 3, d) ^ BIT(i, 4, e) ^ BIT(i, 5, f) ^ BIT(i, 6, g) ^       \
     BIT(i, 7, h))
#define ROW4(i, ...) ROW1(i, __VA_ARGS__), ROW1(i + 1, __VA_ARGS__), ROW1(i + 2, __VA_ARGS__), ROW1(i + 3, __VA_ARGS__)
#define ROW16(i, ...) ROW4(i, __VA_ARGS__), ROW4(i + 4, __VA_ARGS__), ROW4(i + 8, __VA_ARGS__), ROW4(i + 12, __VA_ARGS__)
#define ROW64(i, ...) \
    ROW16(i, __VA_ARGS__), ROW16(i + 16, __VA_ARGS__), ROW16(i + 32, __VA_ARGS__), ROW16(i + 48, __VA_ARGS__)
#define SLICE(...) ROW64(0, __VA_ARGS__), ROW64(64, __VA_ARGS__), ROW64(128, __VA_ARGS__), ROW64(192, __VA_ARGS__)

/* Polynomial 0x1EDC6F41, reflected 0x82F63B78 (RFC 3720 appendix B.4). */
static const uint64_t crc32c_slice[8][256] = {
    { SLICE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f, 0x20bd8ede, 0x417b1dbc, 0x82f63b78) },
    { SLICE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181, 0x7f8be302, 0xff17c604, 0xfbc3faf9) },
    { SLICE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a, 0xe144fb14, 0xc76580d9, 0x8b277743) },
    { SLICE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d, 0xd725148b, 0xaba65fe7, 0x52a0c93f) },
    { SLICE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3, 0x1ba8b557, 0x37516aae, 0x6ea2d55c) },
    { SLICE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e, 0x85f4168d, 0x0e045beb, 0x1c08b7d6) },
    { SLICE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6, 0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4) },
    { SLICE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4, 0x0d006599, 0x1a00cb32, 0x34019664) },
};

/* Polynomial 0xAD93D23594C93659, reflected 0x9A6C9329AC4BC9B5 (NVM Express NVM Command Set, 64b CRC). */
static const uint64_t crc64nvme_slice[8][256] = {
    { SLICE(0x7f6ef0c830358979, 0xfedde190606b12f2, 0xc962e5739841b68f, 0xa61cecb46814fe75,
            0x78e0ff3b88be6f81, 0xf1c1fe77117cdf02, 0xd75adabd7a6e2d6f, 0x9a6c9329ac4bc9b5) },
    { SLICE(0x8776a97d73bddf69, 0x3a3474a9bfec2db9, 0x7468e9537fd85b72, 0xe8d1d2a6ffb0b6e4,
            0xe57a831ea7f6fea3, 0xfe2c206e177a6e2d, 0xc881668f76634f31, 0xa5dbeb4db4510d09) },
    { SLICE(0xff6e4e1f4e4038be, 0xca05ba6dc417e217, 0xa0d25288d0b85745, 0x757d8342f9e73de1,
            0xeafb0685f3ce7bc2, 0xe12f2b58bf0b64ef, 0xf68770e226815ab5, 0xd9d7c79715952601) },
    { SLICE(0x8211147cbaf96306, 0x30fb0eaa2d655567, 0x61f61d545acaaace, 0xc3ec3aa8b595559c,
            0xb301530233bd3853, 0x52db80573fede3cd, 0xa5b700ae7fdbc79a, 0x7fb7270fa7201c5f) },
    { SLICE(0x373d15f784905d1e, 0x6e7a2bef0920ba3c, 0xdcf457de12417478, 0x8d3189ef7c157b9b,
            0x2eba358da0bd645d, 0x5d746b1b417ac8ba, 0xbae8d63682f59174, 0x41088a3e5d7cb183) },
    { SLICE(0xe9742a79ef04a5d4, 0xe63172a0869ed8c3, 0xf8bbc31255aa22ed, 0xc5aea077f3c3d6b1,
            0xbf8466bcbf103e09, 0x4bd1eb2a26b7ef79, 0x97a3d6544d6fdef2, 0x1b9e8afbc2482e8f) },
    { SLICE(0xfc5d27f6bf353971, 0xcc6369be26fde189, 0xac1ff52f156c5079, 0x6ce6cc0d724f3399,
            0xd9cd981ae49e6732, 0x8742166691ab5d0f, 0x3a5d0a9e7bc12975, 0x74ba153cf78252ea) },
    { SLICE(0x21e9761e252621ac, 0x43d2ec3c4a4c4358, 0x87a5d878949886b0, 0x3b9296a271a69e0b,
            0x77252d44e34d3c16, 0xee4a5a89c69a782c, 0xe84d9340d5a36333, 0xe44200d2f3d1550d) },
};

/* The remainder of `in` after `crc`, least significant bit first, without the inversions at both ends. */
static uint64_t divide(const uint64_t slice[8][256], uint64_t crc, struct str in)
{
    const uint8_t *p = (const uint8_t *)in.p;
    size_t n = in.n;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        w = __builtin_bswap64(w);
#endif
        w ^= crc;
        crc = slice[7][w & 255] ^ slice[6][w >> 8 & 255] ^ slice[5][w >> 16 & 255] ^ slice[4][w >> 24 & 255] ^
              slice[3][w >> 32 & 255] ^ slice[2][w >> 40 & 255] ^ slice[1][w >> 48 & 255] ^ slice[0][w >> 56];
    }
    for (; n; n--, p++)
        crc = crc >> 8 ^ slice[0][(crc ^ *p) & 255];
    return crc;
}

uint32_t codec_crc32(uint32_t crc, struct str in)
{
    return in.n ? (uint32_t)crc32_z(crc, (const unsigned char *)in.p, in.n) : crc;
}

#ifdef __x86_64__
/* x86's own instruction, several times as fast as the tables. */
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_machine(uint32_t crc, struct str in)
{
    uint64_t state = (uint32_t)~crc;
    const char *p = in.p;
    size_t n = in.n;
    for (; n >= 8; n -= 8, p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        state = __builtin_ia32_crc32di(state, w);
    }
    for (; n; n--, p++)
        state = __builtin_ia32_crc32qi((uint32_t)state, (uint8_t)*p);
    return ~(uint32_t)state;
}
#endif

uint32_t codec_crc32c(uint32_t crc, struct str in)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_by_machine(crc, in);
#endif
    return ~(uint32_t)divide(crc32c_slice, (uint32_t)~crc, in);
}

uint64_t codec_crc64nvme(uint64_t crc, struct str in) { return ~divide(crc64nvme_slice, ~crc, in); }
