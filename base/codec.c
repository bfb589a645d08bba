/* codec.c - hex, percent encoding; digests, AES.
 *
 * Digests and AES use libcrypto's block functions rather than EVP: for the few hundred bytes that are hashed here the
 * look-up and the context of EVP cost more than the hashing (SHA-256 of 700 bytes 0.6 us against 0.4 us, MD5 of a
 * partition key 0.29 us against 0.08 us), and a context on the stack needs no cache.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/codec.h"

#include <openssl/aes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <stdlib.h>

#include "base/err.h"

void codec_hex_into(char *out, const uint8_t *in, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = 0;
}

void codec_hex(struct buf *out, struct str in)
{
    if (in.n > SIZE_MAX / 4) {
        out->full = true;
        return;
    }
    char *to = in.n ? buf_room(out, in.n * 2 + 1) : NULL;
    if (!to)
        return;
    codec_hex_into(to, (const uint8_t *)in.p, in.n);
    out->n += in.n * 2;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool codec_unhex(struct buf *out, struct str in)
{
    if (in.n % 2)
        return false;
    for (size_t i = 0; i < in.n; i += 2) {
        int high = nibble(in.p[i]), low = nibble(in.p[i + 1]);
        if (high < 0 || low < 0)
            return false;
        buf_c(out, (char)(high << 4 | low));
    }
    return true;
}

static bool unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

void codec_percent(struct buf *out, struct str in, const char *keep)
{
    static const char digits[] = "0123456789ABCDEF";
    char *to = in.n && in.n < SIZE_MAX / 4 ? buf_room(out, in.n * 3) : NULL;
    char *start = to;
    if (!to) { /* near the ceiling: byte by byte */
        for (size_t i = 0; i < in.n && in.n > 1; i++)
            codec_percent(out, (struct str){ in.p + i, 1 }, keep);
        return;
    }
    for (size_t i = 0; i < in.n; i++) {
        char c = in.p[i];
        if (unreserved(c) || (c && strchr(keep, c))) {
            *to++ = c;
        } else {
            *to++ = '%';
            *to++ = digits[(uint8_t)c >> 4];
            *to++ = digits[(uint8_t)c & 15];
        }
    }
    out->n += (size_t)(to - start);
}

void codec_unpercent(struct buf *out, struct str in, bool plus)
{
    for (size_t i = 0; i < in.n;) {
        size_t from = i;
        while (i < in.n && in.p[i] != '%' && !(plus && in.p[i] == '+'))
            i++;
        buf_add(out, in.p + from, i - from);
        if (i == in.n)
            break;
        int high = -1, low = -1;
        if (in.p[i] == '%' && in.n - i >= 3) {
            high = nibble(in.p[i + 1]);
            low = nibble(in.p[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            buf_c(out, (char)(high << 4 | low));
            i += 3;
        } else {
            buf_c(out, in.p[i] == '+' ? ' ' : '%');
            i++;
        }
    }
}

struct str codec_plain(struct arena *a, struct str in, bool plus)
{
    if (str_chr(in, '%') == STR_NONE && (!plus || str_chr(in, '+') == STR_NONE))
        return in;
    struct buf out = BUF_INIT;
    codec_unpercent(&out, in, plus);
    return arena_keep(a, &out);
}

void codec_md5(struct str in, uint8_t out[MD5_BYTES])
{
    MD5_CTX c;
    MD5_Init(&c);
    MD5_Update(&c, in.p, in.n);
    MD5_Final(out, &c);
}

void codec_sha1(struct str in, uint8_t out[SHA1_BYTES])
{
    SHA_CTX c;
    SHA1_Init(&c);
    SHA1_Update(&c, in.p, in.n);
    SHA1_Final(out, &c);
}

void codec_sha256(struct str in, uint8_t out[SHA256_BYTES])
{
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, in.p, in.n);
    SHA256_Final(out, &c);
}

/* RFC 2104: the key padded to a block, for the inner and the outer digest. */
enum { HMAC_BLOCK = 64 };
static void hmac_pads(struct str key, uint8_t inner[HMAC_BLOCK], uint8_t outer[HMAC_BLOCK])
{
    memset(inner, 0, HMAC_BLOCK);
    if (key.n)
        memcpy(inner, key.p, key.n);
    for (size_t i = 0; i < HMAC_BLOCK; i++) {
        outer[i] = inner[i] ^ 0x5c;
        inner[i] ^= 0x36;
    }
}

void codec_hmac_sha1(struct str key, struct str in, uint8_t out[SHA1_BYTES])
{
    uint8_t inner[HMAC_BLOCK], outer[HMAC_BLOCK], digest[SHA1_BYTES];
    if (key.n > HMAC_BLOCK) {
        codec_sha1(key, digest);
        key = (struct str){ (const char *)digest, sizeof digest };
    }
    hmac_pads(key, inner, outer);
    SHA_CTX c;
    SHA1_Init(&c);
    SHA1_Update(&c, inner, sizeof inner);
    SHA1_Update(&c, in.p, in.n);
    SHA1_Final(digest, &c);
    SHA1_Init(&c);
    SHA1_Update(&c, outer, sizeof outer);
    SHA1_Update(&c, digest, sizeof digest);
    SHA1_Final(out, &c);
}

void codec_hmac_sha256(struct str key, struct str in, uint8_t out[SHA256_BYTES])
{
    uint8_t inner[HMAC_BLOCK], outer[HMAC_BLOCK], digest[SHA256_BYTES];
    if (key.n > HMAC_BLOCK) {
        codec_sha256(key, digest);
        key = (struct str){ (const char *)digest, sizeof digest };
    }
    hmac_pads(key, inner, outer);
    SHA256_CTX c;
    SHA256_Init(&c);
    SHA256_Update(&c, inner, sizeof inner);
    SHA256_Update(&c, in.p, in.n);
    SHA256_Final(digest, &c);
    SHA256_Init(&c);
    SHA256_Update(&c, outer, sizeof outer);
    SHA256_Update(&c, digest, sizeof digest);
    SHA256_Final(out, &c);
}

static const EVP_MD *sha2(size_t bytes) { return bytes == SHA512_BYTES ? EVP_sha512() : EVP_sha256(); }

void codec_sha2(size_t bytes, struct str in, uint8_t out[SHA512_BYTES]) { EVP_Digest(in.p, in.n, out, NULL, sha2(bytes), NULL); }

void codec_hmac_sha2(size_t bytes, struct str key, struct str in, uint8_t out[SHA512_BYTES])
{
    HMAC(sha2(bytes), key.p ? key.p : "", (int)key.n, (const unsigned char *)in.p, in.n, out, NULL);
}

void codec_pbkdf2_sha2(size_t bytes, struct str password, struct str salt, unsigned iterations, uint8_t out[SHA512_BYTES])
{
    PKCS5_PBKDF2_HMAC(password.p ? password.p : "", (int)password.n, (const unsigned char *)salt.p, (int)salt.n, (int)iterations, sha2(bytes),
                      (int)bytes, out);
}

void codec_aes256_cbc_encrypt(struct buf *out, const uint8_t key[AES256_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES],
                              struct str in)
{
    size_t whole = in.n - in.n % AES_BLOCK_BYTES, left = in.n - whole;
    uint8_t chain[AES_BLOCK_BYTES], last[AES_BLOCK_BYTES];
    AES_KEY schedule;
    uint8_t *to = (uint8_t *)buf_room(out, whole + AES_BLOCK_BYTES);
    if (!to)
        return;
    memset(last, (int)(AES_BLOCK_BYTES - left), sizeof last);
    if (left)
        memcpy(last, in.p + whole, left);
    memcpy(chain, iv, sizeof chain);
    AES_set_encrypt_key(key, 8 * AES256_KEY_BYTES, &schedule);
    if (whole)
        AES_cbc_encrypt((const uint8_t *)in.p, to, whole, &schedule, chain, AES_ENCRYPT);
    AES_cbc_encrypt(last, to + whole, AES_BLOCK_BYTES, &schedule, chain, AES_ENCRYPT);
    out->n += whole + AES_BLOCK_BYTES;
}

bool codec_aes256_cbc_decrypt(struct buf *out, const uint8_t key[AES256_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES],
                              struct str in)
{
    uint8_t chain[AES_BLOCK_BYTES];
    AES_KEY schedule;
    uint8_t *to = in.n && in.n % AES_BLOCK_BYTES == 0 ? (uint8_t *)buf_room(out, in.n) : NULL;
    if (!to)
        return false;
    memcpy(chain, iv, sizeof chain);
    AES_set_decrypt_key(key, 8 * AES256_KEY_BYTES, &schedule);
    AES_cbc_encrypt((const uint8_t *)in.p, to, in.n, &schedule, chain, AES_DECRYPT);
    uint8_t pad = to[in.n - 1];
    if (pad == 0 || pad > AES_BLOCK_BYTES)
        return false;
    for (size_t i = in.n - pad; i < in.n; i++)
        if (to[i] != pad)
            return false;
    out->n += in.n - pad;
    return true;
}

void codec_md5_start(struct codec_md5_run *r)
{
    r->ctx = mem_alloc(sizeof(MD5_CTX));
    MD5_Init(r->ctx);
}

void codec_md5_add(struct codec_md5_run *r, struct str in) { MD5_Update(r->ctx, in.p, in.n); }

void codec_md5_end(struct codec_md5_run *r, uint8_t out[MD5_BYTES])
{
    MD5_Final(out, r->ctx);
    free(r->ctx);
    r->ctx = NULL;
}

bool codec_same(struct str a, struct str b) { return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0); }
