/* codec.h - encodings, digests and ciphers. The door to OpenSSL's libcrypto.
 *
 * Decoders answer false on malformed input and leave what they appended so far in `out`.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

void codec_base64(struct buf *out, struct str in);
/* Strict RFC 4648 with padding, no blanks; codec_unbase64_loose also takes missing padding and url-safe letters. */
bool codec_unbase64(struct buf *out, struct str in);
bool codec_unbase64_loose(struct buf *out, struct str in);
void codec_hex(struct buf *out, struct str in); /* lower case */
void codec_hex_into(char *out, const uint8_t *in, size_t n); /* the same into 2 * n + 1 bytes, with a NUL */
bool codec_unhex(struct buf *out, struct str in);
/* RFC 3986: letters, digits and -._~ stay; `keep` names more bytes that stay ("/" for S3 keys). */
void codec_percent(struct buf *out, struct str in, const char *keep);
/* %XX to bytes; a stray % stays as it is. plus: '+' is a blank, as in forms. */
void codec_unpercent(struct buf *out, struct str in, bool plus);
/* The same as a view: `in` itself when there is nothing to decode, else a copy in the arena. */
struct str codec_plain(struct arena *a, struct str in, bool plus);

enum { MD5_BYTES = 16, SHA1_BYTES = 20, SHA256_BYTES = 32, SHA512_BYTES = 64 };
void codec_md5(struct str in, uint8_t out[MD5_BYTES]);
void codec_sha1(struct str in, uint8_t out[SHA1_BYTES]);
void codec_sha256(struct str in, uint8_t out[SHA256_BYTES]);
void codec_hmac_sha1(struct str key, struct str in, uint8_t out[SHA1_BYTES]);
void codec_hmac_sha256(struct str key, struct str in, uint8_t out[SHA256_BYTES]);
/* The same by the digest's length: SHA256_BYTES or SHA512_BYTES of it, for SCRAM (RFC 5802; Hi is PBKDF2, RFC 8018). */
void codec_sha2(size_t bytes, struct str in, uint8_t out[SHA512_BYTES]);
void codec_hmac_sha2(size_t bytes, struct str key, struct str in, uint8_t out[SHA512_BYTES]);
void codec_pbkdf2_sha2(size_t bytes, struct str password, struct str salt, unsigned iterations, uint8_t out[SHA512_BYTES]);
/* Running digest for what comes in pieces (multipart ETags, chunked bodies). */
struct codec_md5_run {
    void *ctx;
};
void codec_md5_start(struct codec_md5_run *r);
void codec_md5_add(struct codec_md5_run *r, struct str in);
void codec_md5_end(struct codec_md5_run *r, uint8_t out[MD5_BYTES]);

/* AES-256 in CBC mode with PKCS #7 padding (FIPS 197, NIST SP 800-38A). Decrypting answers false when the length or the
 * padding is wrong. */
enum { AES256_KEY_BYTES = 32, AES_BLOCK_BYTES = 16 };
void codec_aes256_cbc_encrypt(struct buf *out, const uint8_t key[AES256_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES],
                              struct str in);
bool codec_aes256_cbc_decrypt(struct buf *out, const uint8_t key[AES256_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES],
                              struct str in);

/* Running CRCs: start with 0, feed the result back in. */
uint32_t codec_crc32(uint32_t crc, struct str in);      /* zlib's, IEEE 802.3 */
uint32_t codec_crc32c(uint32_t crc, struct str in);     /* Castagnoli, as Kafka's record batches */
uint64_t codec_crc64nvme(uint64_t crc, struct str in);  /* as S3's x-amz-checksum-crc64nvme */
/* Equal without telling by timing where they differ. */
bool codec_same(struct str a, struct str b);

#endif
