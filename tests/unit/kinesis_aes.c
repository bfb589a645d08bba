/* What AES-256-CBC promises: the vectors of NIST SP 800-38A F.2.5, and refusal of broken padding. */
#include "mocks/kinesis/aes.h"

#include "base/codec.h"
#include "tests/support/t.h"

static struct str unhex(struct buf *out, const char *hex)
{
    buf_reset(out);
    assert_true(codec_unhex(out, str_of(hex)));
    return buf_str(out);
}

static void the_vectors_of_nist_are_met(void **state)
{
    (void)state;
    struct buf key = BUF_INIT, iv = BUF_INIT, plain = BUF_INIT, want = BUF_INIT, got = BUF_INIT, back = BUF_INIT;
    const uint8_t *k = (const uint8_t *)unhex(&key, "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4").p;
    const uint8_t *v = (const uint8_t *)unhex(&iv, "000102030405060708090a0b0c0d0e0f").p;
    unhex(&plain, "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                  "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
    unhex(&want, "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
                 "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
    aes_encrypt(&got, k, v, buf_str(&plain));
    assert_int_equal(got.n, 80);
    assert_memory_equal(got.p, want.p, 64);
    assert_true(aes_decrypt(&back, k, v, buf_str(&got)));
    assert_true(str_eq(buf_str(&back), buf_str(&plain)));
    got.p[79] ^= 1;
    buf_reset(&back);
    assert_false(aes_decrypt(&back, k, v, buf_str(&got)));
    assert_false(aes_decrypt(&back, k, v, str_head(buf_str(&got), 79)));
    assert_false(aes_decrypt(&back, k, v, S("")));
    struct buf *all[] = { &key, &iv, &plain, &want, &got, &back };
    for (size_t i = 0; i < 6; i++)
        buf_release(all[i]);
}

static void every_length_comes_back(void **state)
{
    (void)state;
    uint8_t key[AES_KEY_BYTES] = { 7 }, iv[AES_BLOCK_BYTES] = { 9 };
    char text[64];
    memset(text, 'x', sizeof text);
    for (size_t n = 0; n < sizeof text; n++) {
        struct buf secret = BUF_INIT, back = BUF_INIT;
        aes_encrypt(&secret, key, iv, (struct str){ text, n });
        assert_int_equal(secret.n, n / 16 * 16 + 16);
        assert_true(aes_decrypt(&back, key, iv, buf_str(&secret)));
        assert_true(str_eq(buf_str(&back), (struct str){ text, n }));
        buf_release(&secret);
        buf_release(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_nist_are_met),
        cmocka_unit_test(every_length_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
