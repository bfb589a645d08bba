/* Shard iterators keep their bytes: those that kinesalite writes for the same place, by AES-256-CBC of libcrypto. */
#include "mocks/kinesis/state.h"

#include "base/codec.h"
#include "tests/support/t.h"

static void an_iterator_is_written_as_kinesalite_writes_it(void **state)
{
    (void)state;
    const struct position p = { .stream = S("streaming-0a1b2c3d4e5f-pin"), .shard = 3, .made_ms = 1736071467925,
                                .seqno = { .create_s = 1736071400, .index = 5, .time_s = 1736071467, .shard = 3, .version = 2 } };
    struct buf out = BUF_INIT;
    iterators_write(&out, &p);
    /* printf '01736071467925/streaming-0a1b2c3d4e5f-pin/shardId-000000000003/SEQUENCE NUMBER/0…0' |
     * openssl enc -aes-256-cbc -K 1133a5a8…7751 -iv 7bf139db…f7da, behind 0000000000000001, in base64 */
    assert_str(buf_str(&out),
               "AAAAAAAAAAEfYyCPalHIk+E+C5IuALUc1d1pklijvvuFrETW6y8oBCjptT3BPMPgtGtB+luOi17"
               "4a6uQByuaSZiCdY8vrHpfXt4fEqe3N5f2fFrq9ug8mD5XewIAqhMtwI65dQU/eE4BSPqz+pdKgp"
               "f864H8uDvC2pqA3GfyjYc/hvVE5LMLrybaZaKW/+rWJCTtROLCgHRMQm6aUV3J5Z27lCY5t0S4");
    buf_release(&out);
}

static void every_name_gives_a_length_that_aws_takes(void **state)
{
    (void)state;
    char name[NAME_BYTES];
    memset(name, 'n', sizeof name);
    for (size_t n = 1; n <= sizeof name; n++) {
        struct position p = { .stream = { name, n }, .made_ms = 1, .seqno = { .version = 2 } };
        struct buf out = BUF_INIT, bytes = BUF_INIT;
        iterators_write(&out, &p);
        assert_true(codec_unbase64(&bytes, buf_str(&out)));
        assert_in_range(bytes.n, 152, 280);
        assert_int_equal((bytes.n - 152) % 16, 0);
        assert_memory_equal(bytes.p, "\0\0\0\0\0\0\0\1", 8);
        buf_release(&out);
        buf_release(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_iterator_is_written_as_kinesalite_writes_it),
        cmocka_unit_test(every_name_gives_a_length_that_aws_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
