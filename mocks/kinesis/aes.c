/* aes.c - AES-256-CBC after FIPS 197: key expansion (5.2), cipher (5.1), inverse cipher (5.3). */
#include "mocks/kinesis/aes.h"

enum { ROUNDS = 14, KEY_WORDS = 8, COLUMNS = 4 };

static const uint8_t sbox[256] = {
     99, 124, 119, 123, 242, 107, 111, 197,  48,   1, 103,  43, 254, 215, 171, 118,
    202, 130, 201, 125, 250,  89,  71, 240, 173, 212, 162, 175, 156, 164, 114, 192,
    183, 253, 147,  38,  54,  63, 247, 204,  52, 165, 229, 241, 113, 216,  49,  21,
      4, 199,  35, 195,  24, 150,   5, 154,   7,  18, 128, 226, 235,  39, 178, 117,
      9, 131,  44,  26,  27, 110,  90, 160,  82,  59, 214, 179,  41, 227,  47, 132,
     83, 209,   0, 237,  32, 252, 177,  91, 106, 203, 190,  57,  74,  76,  88, 207,
    208, 239, 170, 251,  67,  77,  51, 133,  69, 249,   2, 127,  80,  60, 159, 168,
     81, 163,  64, 143, 146, 157,  56, 245, 188, 182, 218,  33,  16, 255, 243, 210,
    205,  12,  19, 236,  95, 151,  68,  23, 196, 167, 126,  61, 100,  93,  25, 115,
     96, 129,  79, 220,  34,  42, 144, 136,  70, 238, 184,  20, 222,  94,  11, 219,
    224,  50,  58,  10,  73,   6,  36,  92, 194, 211, 172,  98, 145, 149, 228, 121,
    231, 200,  55, 109, 141, 213,  78, 169, 108,  86, 244, 234, 101, 122, 174,   8,
    186, 120,  37,  46,  28, 166, 180, 198, 232, 221, 116,  31,  75, 189, 139, 138,
    112,  62, 181, 102,  72,   3, 246,  14,  97,  53,  87, 185, 134, 193,  29, 158,
    225, 248, 152,  17, 105, 217, 142, 148, 155,  30, 135, 233, 206,  85,  40, 223,
    140, 161, 137,  13, 191, 230,  66, 104,  65, 153,  45,  15, 176,  84, 187,  22,
};
static const uint8_t inverse_sbox[256] = {
     82,   9, 106, 213,  48,  54, 165,  56, 191,  64, 163, 158, 129, 243, 215, 251,
    124, 227,  57, 130, 155,  47, 255, 135,  52, 142,  67,  68, 196, 222, 233, 203,
     84, 123, 148,  50, 166, 194,  35,  61, 238,  76, 149,  11,  66, 250, 195,  78,
      8,  46, 161, 102,  40, 217,  36, 178, 118,  91, 162,  73, 109, 139, 209,  37,
    114, 248, 246, 100, 134, 104, 152,  22, 212, 164,  92, 204,  93, 101, 182, 146,
    108, 112,  72,  80, 253, 237, 185, 218,  94,  21,  70,  87, 167, 141, 157, 132,
    144, 216, 171,   0, 140, 188, 211,  10, 247, 228,  88,   5, 184, 179,  69,   6,
    208,  44,  30, 143, 202,  63,  15,   2, 193, 175, 189,   3,   1,  19, 138, 107,
     58, 145,  17,  65,  79, 103, 220, 234, 151, 242, 207, 206, 240, 180, 230, 115,
    150, 172, 116,  34, 231, 173,  53, 133, 226, 249,  55, 232,  28, 117, 223, 110,
     71, 241,  26, 113,  29,  41, 197, 137, 111, 183,  98,  14, 170,  24, 190,  27,
    252,  86,  62,  75, 198, 210, 121,  32, 154, 219, 192, 254, 120, 205,  90, 244,
     31, 221, 168,  51, 136,   7, 199,  49, 177,  18,  16,  89,  39, 128, 236,  95,
     96,  81, 127, 169,  25, 181,  74,  13,  45, 229, 122, 159, 147, 201, 156, 239,
    160, 224,  59,  77, 174,  42, 245, 176, 200, 235, 187,  60, 131,  83, 153,  97,
     23,  43,   4, 126, 186, 119, 214,  38, 225, 105,  20,  99,  85,  33,  12, 125,
};

struct schedule {
    uint8_t keys[ROUNDS + 1][AES_BLOCK_BYTES];
};

static uint8_t twice(uint8_t a) { return (uint8_t)(a << 1 ^ (a >> 7) * 0x1b); }

static void expand(struct schedule *s, const uint8_t key[AES_KEY_BYTES])
{
    uint8_t(*w)[4] = (uint8_t(*)[4])s->keys;
    uint8_t round_constant = 1;
    memcpy(w, key, AES_KEY_BYTES);
    for (int i = KEY_WORDS; i < COLUMNS * (ROUNDS + 1); i++) {
        uint8_t t[4];
        memcpy(t, w[i - 1], 4);
        if (i % KEY_WORDS == 0) {
            uint8_t first = t[0];
            t[0] = sbox[t[1]] ^ round_constant;
            t[1] = sbox[t[2]];
            t[2] = sbox[t[3]];
            t[3] = sbox[first];
            round_constant = twice(round_constant);
        } else if (i % KEY_WORDS == 4) {
            for (int j = 0; j < 4; j++)
                t[j] = sbox[t[j]];
        }
        for (int j = 0; j < 4; j++)
            w[i][j] = w[i - KEY_WORDS][j] ^ t[j];
    }
}

static void add(uint8_t state[AES_BLOCK_BYTES], const uint8_t other[AES_BLOCK_BYTES])
{
    for (int i = 0; i < AES_BLOCK_BYTES; i++)
        state[i] ^= other[i];
}

/* SubBytes and ShiftRows in one: byte (row, column) comes from column + row (or - row when inverse). */
static void substitute(uint8_t state[AES_BLOCK_BYTES], const uint8_t box[256], int direction)
{
    uint8_t from[AES_BLOCK_BYTES];
    memcpy(from, state, sizeof from);
    for (int column = 0; column < COLUMNS; column++)
        for (int row = 0; row < 4; row++)
            state[column * 4 + row] = box[from[(column + COLUMNS + direction * row) % COLUMNS * 4 + row]];
}

static void mix(uint8_t state[AES_BLOCK_BYTES])
{
    for (uint8_t *c = state; c < state + AES_BLOCK_BYTES; c += 4) {
        uint8_t all = c[0] ^ c[1] ^ c[2] ^ c[3], first = c[0];
        for (int i = 0; i < 4; i++)
            c[i] ^= all ^ twice(c[i] ^ (i < 3 ? c[i + 1] : first));
    }
}

/* The inverse of mix is mix after adding 4·(a0+a2) and 4·(a1+a3). */
static void unmix(uint8_t state[AES_BLOCK_BYTES])
{
    for (uint8_t *c = state; c < state + AES_BLOCK_BYTES; c += 4) {
        uint8_t even = twice(twice(c[0] ^ c[2])), odd = twice(twice(c[1] ^ c[3]));
        c[0] ^= even;
        c[1] ^= odd;
        c[2] ^= even;
        c[3] ^= odd;
    }
    mix(state);
}

static void encrypt_block(const struct schedule *s, uint8_t state[AES_BLOCK_BYTES])
{
    add(state, s->keys[0]);
    for (int round = 1; round <= ROUNDS; round++) {
        substitute(state, sbox, 1);
        if (round < ROUNDS)
            mix(state);
        add(state, s->keys[round]);
    }
}

static void decrypt_block(const struct schedule *s, uint8_t state[AES_BLOCK_BYTES])
{
    for (int round = ROUNDS; round > 0; round--) {
        add(state, s->keys[round]);
        if (round < ROUNDS)
            unmix(state);
        substitute(state, inverse_sbox, -1);
    }
    add(state, s->keys[0]);
}

void aes_encrypt(struct buf *out, const uint8_t key[AES_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES], struct str in)
{
    struct schedule s;
    uint8_t block[AES_BLOCK_BYTES], chain[AES_BLOCK_BYTES];
    expand(&s, key);
    memcpy(chain, iv, sizeof chain);
    for (size_t at = 0; at <= in.n; at += AES_BLOCK_BYTES) {
        size_t n = in.n - at < AES_BLOCK_BYTES ? in.n - at : AES_BLOCK_BYTES;
        memset(block, (int)(AES_BLOCK_BYTES - n), sizeof block);
        if (n)
            memcpy(block, in.p + at, n);
        add(block, chain);
        encrypt_block(&s, block);
        memcpy(chain, block, sizeof chain);
        buf_add(out, block, sizeof block);
    }
}

bool aes_decrypt(struct buf *out, const uint8_t key[AES_KEY_BYTES], const uint8_t iv[AES_BLOCK_BYTES], struct str in)
{
    if (in.n == 0 || in.n % AES_BLOCK_BYTES)
        return false;
    struct schedule s;
    uint8_t block[AES_BLOCK_BYTES], chain[AES_BLOCK_BYTES];
    expand(&s, key);
    memcpy(chain, iv, sizeof chain);
    for (size_t at = 0; at < in.n; at += AES_BLOCK_BYTES) {
        memcpy(block, in.p + at, sizeof block);
        decrypt_block(&s, block);
        add(block, chain);
        memcpy(chain, in.p + at, sizeof chain);
        buf_add(out, block, sizeof block);
    }
    uint8_t pad = block[AES_BLOCK_BYTES - 1];
    if (pad == 0 || pad > AES_BLOCK_BYTES)
        return false;
    for (int i = 0; i < pad; i++)
        if (block[AES_BLOCK_BYTES - 1 - i] != pad)
            return false;
    out->n -= pad;
    return true;
}
