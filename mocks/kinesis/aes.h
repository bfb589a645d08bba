/* aes.h - AES-256 in CBC mode with PKCS #7 padding (FIPS 197, NIST SP 800-38A), for shard iterators only.
 *
 * A few hundred bytes a call; written for size. It keeps nothing secret: the key of iterators is public (iterators.c).
 */
#ifndef MOCKS_KINESIS_AES_H
#define MOCKS_KINESIS_AES_H

#include "base/buf.h"
#include "base/str.h"

enum { AES_KEY_BYTES = 32, AES_BLOCK_BYTES = 16 };

void aes_encrypt(struct buf *out, const uint8_t key[AES_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES], struct str in);
/* False when the length or the padding is wrong; what was decrypted so far is left in out. */
bool aes_decrypt(struct buf *out, const uint8_t key[AES_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES], struct str in);

#endif
