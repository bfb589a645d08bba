/* Encodings both ways, digests and checksums by the vectors of their RFCs. */
#include <stdlib.h>

#include "base/codec.h"
#include "base/err.h"
#include "base/rng.h"
#include "tests/support/t.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const struct pair {
    struct str plain;
    const char *coded;
} base64[] = {
    { S_INIT(""), "" },           { S_INIT("f"), "Zg==" },         { S_INIT("fo"), "Zm8=" },
    { S_INIT("foo"), "Zm9v" },    { S_INIT("foob"), "Zm9vYg==" },  { S_INIT("fooba"), "Zm9vYmE=" },
    { S_INIT("foobar"), "Zm9vYmFy" }, { S_INIT("\0\xff\xfe\xfb"), "AP/++w==" }, /* RFC 4648 section 10 and one more */
};

static void base64_goes_both_ways(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(base64); i++) {
        buf_reset(&b);
        codec_base64(&b, base64[i].plain);
        assert_str(buf_str(&b), base64[i].coded);
        buf_reset(&b);
        assert_true(codec_unbase64(&b, str_of(base64[i].coded)));
        assert_true(str_eq(buf_str(&b), base64[i].plain));
        buf_reset(&b);
        assert_true(codec_unbase64_loose(&b, str_of(base64[i].coded)));
        assert_true(str_eq(buf_str(&b), base64[i].plain));
    }
    char bytes[600];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 31 + 7);
    struct buf back = BUF_INIT;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        buf_reset(&b);
        buf_reset(&back);
        codec_base64(&b, (struct str){ bytes, n });
        assert_true(codec_unbase64(&back, buf_str(&b)));
        assert_true(str_eq(buf_str(&back), (struct str){ bytes, n }));
    }
    buf_release(&b);
    buf_release(&back);
}

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bit by bit: letter i holds the six bits from 6 * i on. */
static void slow_base64(struct buf *out, struct str in)
{
    for (size_t bit = 0; bit < in.n * 8; bit += 6) {
        unsigned v = 0;
        for (size_t k = bit; k < bit + 6; k++)
            v = v << 1 | (k / 8 < in.n ? (unsigned)((uint8_t)in.p[k / 8] >> (7 - k % 8) & 1) : 0);
        buf_c(out, alphabet[v]);
    }
    while (out->n % 4)
        buf_c(out, '=');
}

static void base64_agrees_with_bit_by_bit_at_every_length(void **state)
{
    (void)state;
    enum { MOST = 300 };
    struct rng chance;
    rng_seed(&chance, 6);
    for (size_t n = 0; n <= MOST; n++) {
        char *bytes = mem_alloc(n ? n : 1); /* of exactly that size, so that ASan sees a read beyond it */
        struct buf slow = BUF_INIT, fast = BUF_INIT, back = BUF_MAX(n / 3 * 3 + 3), loose = BUF_INIT;
        rng_bytes(&chance, bytes, n);
        slow_base64(&slow, (struct str){ bytes, n });
        codec_base64(&fast, (struct str){ bytes, n });
        assert_true(str_eq(buf_str(&fast), buf_str(&slow)));
        char *letters = mem_alloc(slow.n ? slow.n : 1);
        if (slow.n)
            memcpy(letters, slow.p, slow.n);
        assert_true(codec_unbase64(&back, (struct str){ letters, slow.n }));
        assert_true(str_eq(buf_str(&back), (struct str){ bytes, n }));
        size_t unpadded = (n * 8 + 5) / 6;
        for (size_t i = 0; i < unpadded; i++)
            letters[i] = letters[i] == '+' ? '-' : letters[i] == '/' ? '_' : letters[i];
        assert_true(codec_unbase64_loose(&loose, (struct str){ letters, unpadded }));
        assert_true(str_eq(buf_str(&loose), (struct str){ bytes, n }));
        free(letters);
        free(bytes);
        struct buf *all[] = { &slow, &fast, &back, &loose };
        for (size_t i = 0; i < COUNT(all); i++)
            buf_release(all[i]);
    }
}

static void a_byte_that_is_no_letter_is_found_wherever_it_stands(void **state)
{
    (void)state;
    char text[64];
    struct buf b = BUF_INIT;
    for (size_t at = 0; at < sizeof text; at++)
        for (int c = 0; c < 256; c++) {
            memset(text, 'A', sizeof text);
            text[at] = (char)c;
            bool letter = c && strchr(alphabet, c), pad = c == '=' && at == sizeof text - 1;
            buf_reset(&b);
            if (codec_unbase64(&b, (struct str){ text, sizeof text }) != (letter || pad))
                fail_msg("byte %d at %zu", c, at);
            buf_reset(&b);
            if (codec_unbase64_loose(&b, (struct str){ text, sizeof text }) != (letter || pad || c == '-' || c == '_'))
                fail_msg("loose: byte %d at %zu", c, at);
        }
    buf_release(&b);
}

static void malformed_base64_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool strict, loose;
    } cases[] = {
        { S_INIT("Zg"), false, true },     { S_INIT("Zm8"), false, true },   { S_INIT("Z"), false, false },
        { S_INIT("Zg="), false, false },   { S_INIT("Zg==="), false, false }, { S_INIT("="), false, false },
        { S_INIT("===="), false, false },  { S_INIT("Z==="), false, false }, { S_INIT("Zg==Zg=="), false, false },
        { S_INIT("Zm 9"), false, false },  { S_INIT("Zm9v\n"), false, false }, { S_INIT("Zm9*"), false, false },
        { S_INIT("Zm9\0"), false, false }, { S_INIT("__-_"), false, true },  { S_INIT("//+/"), true, true },
        { S_INIT("Zm\xc3\xa9"), false, false }, { S_INIT("Zh=="), true, true }, /* surplus bits are dropped */
        { S_INIT("====Zg=="), false, false }, { S_INIT("Zm9vZm9v!m9v"), false, false }, { S_INIT("_-"), false, true },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_reset(&b);
        if (codec_unbase64(&b, cases[i].text) != cases[i].strict)
            fail_msg("strict: " STR_F, STR_A(cases[i].text));
        buf_reset(&b);
        if (codec_unbase64_loose(&b, cases[i].text) != cases[i].loose)
            fail_msg("loose: " STR_F, STR_A(cases[i].text));
    }
    buf_release(&b);
}

static void hex_goes_both_ways(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    codec_hex(&b, S("\0\x7f\xff\xab"));
    assert_str(buf_str(&b), "007fffab");
    buf_reset(&b);
    assert_true(codec_unhex(&b, S("007fFFaB")));
    assert_true(str_eq(buf_str(&b), S("\0\x7f\xff\xab")));
    assert_false(codec_unhex(&b, S("0")));
    assert_false(codec_unhex(&b, S("0g")));
    assert_false(codec_unhex(&b, S("@0")));
    assert_true(codec_unhex(&b, S("")));
    buf_release(&b);
}

static void percent_encoding_keeps_the_unreserved(void **state)
{
    (void)state;
    static const struct {
        struct str plain;
        const char *keep, *coded;
    } cases[] = {
        { S_INIT("azAZ09-._~"), "", "azAZ09-._~" },
        { S_INIT("topics/x/partition=0/f+0.json"), "/", "topics/x/partition%3D0/f%2B0.json" },
        { S_INIT("a b%c"), "", "a%20b%25c" },
        { S_INIT("\xc3\xa9\0"), "/", "%C3%A9%00" },
        { S_INIT("a/b:c"), "/:", "a/b:c" },
        { S_INIT(""), "", "" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_reset(&b);
        codec_percent(&b, cases[i].plain, cases[i].keep);
        assert_str(buf_str(&b), cases[i].coded);
        buf_reset(&b);
        codec_unpercent(&b, str_of(cases[i].coded), false);
        assert_true(str_eq(buf_str(&b), cases[i].plain));
    }
    buf_release(&b);
}

static void percent_decoding_keeps_what_is_stray(void **state)
{
    (void)state;
    static const struct {
        const char *coded;
        bool plus;
        const char *plain;
    } cases[] = {
        { "a+b%2Bc", false, "a+b+c" }, { "a+b%2Bc", true, "a b+c" }, { "100%", false, "100%" }, { "%4", false, "%4" },
        { "%zz%41", false, "%zzA" },   { "%%41", false, "%A" },      { "%c3%A9", false, "\xc3\xa9" }, { "%2541", false, "%41" },
        { "a+b", false, "a+b" },       { "", true, "" },
    };
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < COUNT(cases); i++) {
        buf_reset(&b);
        codec_unpercent(&b, str_of(cases[i].coded), cases[i].plus);
        assert_str(buf_str(&b), cases[i].plain);
        struct arena a = ARENA_INIT;
        struct str in = str_of(cases[i].coded), plain = codec_plain(&a, in, cases[i].plus);
        assert_str(plain, cases[i].plain);
        assert_true((plain.p == in.p) == !strpbrk(cases[i].coded, cases[i].plus ? "%+" : "%"));
        arena_release(&a);
    }
    buf_release(&b);
}

#define assert_digest(bytes, n, hex) assert_hex((bytes), (n), (hex), __LINE__)
static void assert_hex(const uint8_t *bytes, size_t n, const char *hex, int line)
{
    struct buf b = BUF_INIT;
    codec_hex(&b, (struct str){ (const char *)bytes, n });
    t_assert_str(buf_str(&b), hex, __FILE__, line);
    buf_release(&b);
}

static void digests_match_their_rfcs(void **state)
{
    (void)state;
    uint8_t d[SHA256_BYTES];
    /* RFC 1321 A.5 */
    codec_md5(S(""), d);
    assert_digest(d, MD5_BYTES, "d41d8cd98f00b204e9800998ecf8427e");
    codec_md5((struct str){ NULL, 0 }, d);
    assert_digest(d, MD5_BYTES, "d41d8cd98f00b204e9800998ecf8427e");
    codec_md5(S("abc"), d);
    assert_digest(d, MD5_BYTES, "900150983cd24fb0d6963f7d28e17f72");
    codec_md5(S("12345678901234567890123456789012345678901234567890123456789012345678901234567890"), d);
    assert_digest(d, MD5_BYTES, "57edf4a22be3c955ac49da2e2107b67a");
    /* RFC 3174 section 7.3, RFC 6234 section 8.5 */
    codec_sha1(S("abc"), d);
    assert_digest(d, SHA1_BYTES, "a9993e364706816aba3e25717850c26c9cd0d89d");
    codec_sha256(S(""), d);
    assert_digest(d, SHA256_BYTES, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    codec_sha256(S("abc"), d);
    assert_digest(d, SHA256_BYTES, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    codec_sha256(S("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), d);
    assert_digest(d, SHA256_BYTES, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void hmac_matches_rfc_4231(void **state)
{
    (void)state;
    char aa[131], dd[50], b0[20];
    memset(aa, 0xaa, sizeof aa);
    memset(dd, 0xdd, sizeof dd);
    memset(b0, 0x0b, sizeof b0);
    const struct {
        struct str key, text;
        const char *mac;
    } cases[] = {
        { { b0, 20 }, S("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { S("Jefe"), S("what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { { aa, 20 }, { dd, 50 }, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
        { { aa, 131 }, S("Test Using Larger Than Block-Size Key - Hash Key First"),
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
        { { aa, 131 }, S("This is a test using a larger than block-size key and a larger than block-size data. The key "
                         "needs to be hashed before being used by the HMAC algorithm."),
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t d[SHA256_BYTES];
        codec_hmac_sha256(cases[i].key, cases[i].text, d);
        assert_digest(d, SHA256_BYTES, cases[i].mac);
    }
}

static void hmac_of_sha1_matches_rfc_2202(void **state)
{
    (void)state;
    char aa[80], dd[50], b0[20];
    memset(aa, 0xaa, sizeof aa);
    memset(dd, 0xdd, sizeof dd);
    memset(b0, 0x0b, sizeof b0);
    const struct {
        struct str key, text;
        const char *mac;
    } cases[] = {
        { { b0, 20 }, S("Hi There"), "b617318655057264e28bc0b6fb378c8ef146be00" },
        { S("Jefe"), S("what do ya want for nothing?"), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
        { { aa, 20 }, { dd, 50 }, "125d7342b9ac11cd91a39af48aa17b4f63f175d3" },
        { { aa, 80 }, S("Test Using Larger Than Block-Size Key - Hash Key First"), "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
        { S(""), S(""), "fbdb1d1b18aa6c08324b7d64b71fb76370690e1d" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t d[SHA1_BYTES];
        codec_hmac_sha1(cases[i].key, cases[i].text, d);
        assert_digest(d, SHA1_BYTES, cases[i].mac);
    }
}

static void a_digest_in_pieces_is_the_digest_of_the_whole(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof text);
    for (size_t cut = 0; cut <= sizeof text; cut += 7) {
        struct codec_md5_run run;
        uint8_t pieces[MD5_BYTES], whole[MD5_BYTES];
        codec_md5_start(&run);
        codec_md5_add(&run, (struct str){ text, cut });
        codec_md5_add(&run, (struct str){ NULL, 0 });
        codec_md5_add(&run, (struct str){ text + cut, sizeof text - cut });
        codec_md5_end(&run, pieces);
        codec_md5((struct str){ text, sizeof text }, whole);
        assert_memory_equal(pieces, whole, MD5_BYTES);
    }
}

static struct str unhex(struct buf *out, const char *hex)
{
    buf_reset(out);
    assert_true(codec_unhex(out, str_of(hex)));
    return buf_str(out);
}

/* NIST SP 800-38A F.2.5 and F.2.6 */
static void aes_meets_the_vectors_of_nist(void **state)
{
    (void)state;
    struct buf key = BUF_INIT, iv = BUF_INIT, plain = BUF_INIT, want = BUF_INIT, got = BUF_INIT, back = BUF_INIT;
    const uint8_t *k = (const uint8_t *)unhex(&key, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4").p;
    const uint8_t *v = (const uint8_t *)unhex(&iv, "000102030405060708090a0b0c0d0e0f").p;
    unhex(&plain, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    unhex(&want, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                 "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
    codec_aes256_cbc_encrypt(&got, k, v, buf_str(&plain));
    assert_int_equal(got.n, 80);
    assert_memory_equal(got.p, want.p, 64);
    assert_true(codec_aes256_cbc_decrypt(&back, k, v, buf_str(&got)));
    assert_true(str_eq(buf_str(&back), buf_str(&plain)));
    got.p[79] ^= 1;
    buf_reset(&back);
    assert_false(codec_aes256_cbc_decrypt(&back, k, v, buf_str(&got)));
    assert_false(codec_aes256_cbc_decrypt(&back, k, v, str_head(buf_str(&got), 79)));
    assert_false(codec_aes256_cbc_decrypt(&back, k, v, S("")));
    assert_int_equal(back.n, 0);
    struct buf small = BUF_MAX(64);
    codec_aes256_cbc_encrypt(&small, k, v, buf_str(&plain));
    assert_true(small.full && small.n == 0);
    assert_false(codec_aes256_cbc_decrypt(&small, k, v, buf_str(&got)));
    buf_release(&small);
    struct buf *all[] = { &key, &iv, &plain, &want, &got, &back };
    for (size_t i = 0; i < 6; i++)
        buf_release(all[i]);
}

static void every_length_comes_back_from_aes(void **state)
{
    (void)state;
    uint8_t key[AES256_KEY_BYTES] = { 7 }, iv[AES_BLOCK_BYTES] = { 9 };
    char text[64];
    memset(text, 'x', sizeof text);
    for (size_t n = 0; n < sizeof text; n++) {
        struct buf secret = BUF_INIT, back = BUF_INIT;
        codec_aes256_cbc_encrypt(&secret, key, iv, (struct str){ text, n });
        assert_int_equal(secret.n, n / 16 * 16 + 16);
        assert_true(codec_aes256_cbc_decrypt(&back, key, iv, buf_str(&secret)));
        assert_true(str_eq(buf_str(&back), (struct str){ text, n }));
        buf_release(&secret);
        buf_release(&back);
    }
}

static uint64_t bit_by_bit(uint64_t polynomial, uint64_t crc, struct str in)
{
    for (size_t i = 0; i < in.n; i++) {
        crc ^= (uint8_t)in.p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? polynomial : 0);
    }
    return crc;
}

static void checksums_match_their_specifications(void **state)
{
    (void)state;
    struct str nine = S("123456789");
    assert_true(codec_crc32(0, nine) == 0xcbf43926);
    assert_true(codec_crc32c(0, nine) == 0xe3069283);
    assert_true(codec_crc64nvme(0, nine) == 0xae8b14860a799888);
    assert_true(codec_crc32(0, (struct str){ NULL, 0 }) == 0);
    assert_true(codec_crc32c(0, (struct str){ NULL, 0 }) == 0);
    assert_true(codec_crc64nvme(0, (struct str){ NULL, 0 }) == 0);
    /* RFC 3720 B.4 */
    char bytes[32] = { 0 };
    struct str all = { bytes, sizeof bytes };
    assert_true(codec_crc32c(0, all) == 0x8a9136aa);
    memset(bytes, 0xff, sizeof bytes);
    assert_true(codec_crc32c(0, all) == 0x62a8ab43);
    for (int i = 0; i < 32; i++)
        bytes[i] = (char)i;
    assert_true(codec_crc32c(0, all) == 0x46dd794e);
    for (int i = 0; i < 32; i++)
        bytes[i] = (char)(31 - i);
    assert_true(codec_crc32c(0, all) == 0x113fdb5c);
}

static void checksums_agree_with_plain_division_and_in_pieces(void **state)
{
    (void)state;
    char bytes[520];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i < 256 ? i : i * 131 + (i >> 3));
    for (size_t n = 0; n <= sizeof bytes; n++) {
        struct str all = { bytes, n }, head = str_head(all, n / 3), tail = str_from(all, n / 3);
        uint32_t c32c = codec_crc32c(0, all);
        uint64_t c64 = codec_crc64nvme(0, all);
        assert_true(c32c == (uint32_t)~bit_by_bit(0x82f63b78, 0xffffffff, all));
        assert_true(c64 == ~bit_by_bit(0x9a6c9329ac4bc9b5, UINT64_MAX, all));
        assert_true(c32c == codec_crc32c(codec_crc32c(0, head), tail));
        assert_true(c64 == codec_crc64nvme(codec_crc64nvme(0, head), tail));
        assert_true(codec_crc32(0, all) == (uint32_t)~bit_by_bit(0xedb88320, 0xffffffff, all));
        assert_true(codec_crc32(0, all) == codec_crc32(codec_crc32(0, head), tail));
    }
}

static void equal_means_equal(void **state)
{
    (void)state;
    assert_true(codec_same(S("abc"), S("abc")));
    assert_false(codec_same(S("abc"), S("abd")));
    assert_false(codec_same(S("abc"), S("ab")));
    assert_true(codec_same(S(""), (struct str){ NULL, 0 }));
}

static void a_ceiling_holds(void **state)
{
    (void)state;
    struct buf b = BUF_MAX(7);
    codec_base64(&b, S("foobar"));
    assert_true(b.full && b.n == 0);
    buf_reset(&b);
    codec_hex(&b, S("abcd"));
    assert_true(b.full && b.n == 0);
    buf_reset(&b);
    assert_false(codec_unbase64(&b, S("Zm9vYmFyZm9vYmFy")));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(base64_agrees_with_bit_by_bit_at_every_length),
        cmocka_unit_test(a_byte_that_is_no_letter_is_found_wherever_it_stands),
        cmocka_unit_test(malformed_base64_is_refused),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(percent_encoding_keeps_the_unreserved),
        cmocka_unit_test(percent_decoding_keeps_what_is_stray),
        cmocka_unit_test(digests_match_their_rfcs),
        cmocka_unit_test(hmac_matches_rfc_4231),
        cmocka_unit_test(hmac_of_sha1_matches_rfc_2202),
        cmocka_unit_test(aes_meets_the_vectors_of_nist),
        cmocka_unit_test(every_length_comes_back_from_aes),
        cmocka_unit_test(a_digest_in_pieces_is_the_digest_of_the_whole),
        cmocka_unit_test(checksums_match_their_specifications),
        cmocka_unit_test(checksums_agree_with_plain_division_and_in_pieces),
        cmocka_unit_test(equal_means_equal),
        cmocka_unit_test(a_ceiling_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
