/* Records on Kafka's wire: what is written is read back; every kind of compression is undone; damage is found. */
#include "mocks/kafka/kafka_batch.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#include "base/codec.h"
#include "mocks/kafka/kafka_codec.h"
#include "tests/support/t.h"

enum { LIMIT = 1 << 20 };
static const char headers[] = "\2\2h\2v"; /* one: h = v */

static const struct plog_record records[] = {
    { .offset = 7, .time_ms = 1600000000000, .key = S_INIT("k"), .value = S_INIT("first") },
    { .offset = 8, .time_ms = 1599999999000, .key = { NULL, 0 }, .value = S_INIT(""), .headers = { headers, sizeof headers - 1 } },
    { .offset = 9, .time_ms = 1600000001000, .key = S_INIT(""), .value = { NULL, 0 } },
};
enum { N = sizeof records / sizeof *records };

static void put(struct buf *out, int magic)
{
    struct kafka_batch_writer w = { .out = out, .magic = magic };
    for (size_t i = 0; i < N; i++)
        kafka_batch_add(&w, &records[i]);
    kafka_batch_end(&w);
}

static bool same(struct str a, struct str b) { return (a.p == NULL) == (b.p == NULL) && str_eq(a, b); }

static void expect_records(const struct kafka_batch *b, int magic)
{
    assert_int_equal(b->n, N);
    for (size_t i = 0; i < N; i++) {
        assert_true(same(b->records[i].key, records[i].key));
        assert_true(same(b->records[i].value, records[i].value));
        if (magic > 0)
            assert_true(b->records[i].time_ms == records[i].time_ms);
        if (magic > 1)
            assert_true(same(b->records[i].headers, records[i].headers));
    }
}

static void expect(struct str bytes, bool magic2, enum kafka_error error)
{
    struct kafka_batch b;
    const char *why = NULL;
    enum kafka_error got = kafka_batch_read(&b, bytes, magic2, LIMIT, &why);
    if (got != error)
        fail_msg("got %s (%s), want %s", kafka_error_name(got), why ? why : "", kafka_error_name(error));
    kafka_batch_release(&b);
}

static void records_read_back(void **state)
{
    (void)state;
    for (int magic = 0; magic < 3; magic++) {
        struct buf bytes = BUF_INIT;
        struct kafka_batch b;
        const char *why = "";
        put(&bytes, magic);
        enum kafka_error error = kafka_batch_read(&b, buf_str(&bytes), false, LIMIT, &why);
        if (error)
            fail_msg("magic %d: %s", magic, why);
        expect_records(&b, magic);
        assert_int_equal(b.producer_id, -1);
        kafka_batch_release(&b);
        buf_release(&bytes);
    }
}

static void reseal(struct buf *b)
{
    kafka_codec_patch(b, 8, b->n - 12, 4);
    kafka_codec_patch(b, 17, codec_crc32c(0, str_from(buf_str(b), 21)), 4);
}

static void damage_is_found(void **state)
{
    struct buf bytes = BUF_INIT, twice = BUF_INIT;
    (void)state;
    put(&bytes, 2);
    for (size_t n = 0; n < bytes.n; n++) {
        struct kafka_batch b;
        const char *why;
        assert_int_not_equal(kafka_batch_read(&b, str_head(buf_str(&bytes), n), false, LIMIT, &why), KAFKA_NONE);
        kafka_batch_release(&b);
    }
    for (size_t i = 16; i < bytes.n; i++) { /* offset and leader epoch are not under the checksum */
        bytes.p[i] ^= 4;
        struct kafka_batch b;
        const char *why;
        assert_int_not_equal(kafka_batch_read(&b, buf_str(&bytes), true, LIMIT, &why), KAFKA_NONE);
        kafka_batch_release(&b);
        bytes.p[i] ^= 4;
    }
    buf_str_add(&twice, buf_str(&bytes));
    buf_str_add(&twice, buf_str(&bytes));
    expect(buf_str(&twice), true, KAFKA_INVALID_RECORD); /* one batch a partition */
    kafka_codec_patch(&bytes, 57, 4, 4);                 /* a record more than there are */
    kafka_codec_patch(&bytes, 23, 3, 4);
    reseal(&bytes);
    expect(buf_str(&bytes), true, KAFKA_INVALID_RECORD);
    kafka_codec_patch(&bytes, 57, INT32_MAX, 4);
    kafka_codec_patch(&bytes, 23, INT32_MAX - 1, 4);
    reseal(&bytes);
    expect(buf_str(&bytes), true, KAFKA_INVALID_RECORD);
    kafka_codec_patch(&bytes, 21, 5, 2); /* no such codec */
    kafka_codec_patch(&bytes, 57, 3, 4);
    kafka_codec_patch(&bytes, 23, 2, 4);
    reseal(&bytes);
    expect(buf_str(&bytes), true, KAFKA_UNSUPPORTED_COMPRESSION_TYPE);
    buf_release(&bytes);
    buf_release(&twice);
}

static void large_batches_are_refused(void **state)
{
    struct kafka_batch b;
    struct buf bytes = BUF_INIT;
    const char *why;
    (void)state;
    put(&bytes, 2);
    assert_int_equal(kafka_batch_read(&b, buf_str(&bytes), true, bytes.n - 1, &why), KAFKA_MESSAGE_TOO_LARGE);
    kafka_batch_release(&b);
    buf_release(&bytes);
}

/* ---- compression ---- */

static size_t gzip(char *out, size_t room, struct str in)
{
    z_stream z = { .next_in = (Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n, .next_out = (Bytef *)out, .avail_out = (uInt)room };
    deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    deflate(&z, Z_FINISH);
    deflateEnd(&z);
    return z.total_out;
}

static size_t snap(char *out, size_t room, struct str in)
{
    return snappy_compress(in.p, in.n, out, &room) == SNAPPY_OK ? room : 0;
}

static size_t snap_xerial(char *out, size_t room, struct str in)
{
    static const char head[] = "\x82SNAPPY\0\0\0\0\1\0\0\0\1";
    size_t half = in.n / 2, at = sizeof head - 1;
    memcpy(out, head, at);
    for (int i = 0; i < 2; i++) { /* two blocks */
        struct str piece = i ? str_from(in, half) : str_head(in, half);
        size_t n = snap(out + at + 4, room - at - 4, piece);
        for (int k = 0; k < 4; k++)
            out[at + (size_t)k] = (char)(n >> (24 - 8 * k));
        at += 4 + n;
    }
    return at;
}

static size_t lz4(char *out, size_t room, struct str in) { return LZ4F_compressFrame(out, room, in.p, in.n, NULL); }
static size_t zstd(char *out, size_t room, struct str in) { return ZSTD_compress(out, room, in.p, in.n, 3); }

static const struct {
    int codec;
    size_t (*pack)(char *out, size_t room, struct str in);
} codecs[] = { { 1, gzip }, { 2, snap }, { 2, snap_xerial }, { 3, lz4 }, { 4, zstd } };
enum { N_CODECS = sizeof codecs / sizeof *codecs };

static void every_compression_is_undone(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CODECS; i++) {
        struct buf plain = BUF_INIT, packed = BUF_INIT;
        char room[4096];
        struct kafka_batch b;
        const char *why = "";
        put(&plain, 2);
        buf_add(&packed, plain.p, KAFKA_BATCH_HEAD);
        buf_add(&packed, room, codecs[i].pack(room, sizeof room, str_from(buf_str(&plain), KAFKA_BATCH_HEAD)));
        kafka_codec_patch(&packed, 21, (uint64_t)codecs[i].codec, 2);
        reseal(&packed);
        if (kafka_batch_read(&b, buf_str(&packed), true, LIMIT, &why))
            fail_msg("codec %d: %s", codecs[i].codec, why);
        expect_records(&b, 2);
        kafka_batch_release(&b);
        packed.n -= 2; /* cut */
        reseal(&packed);
        struct kafka_batch cut;
        assert_int_not_equal(kafka_batch_read(&cut, buf_str(&packed), true, LIMIT, &why), KAFKA_NONE);
        kafka_batch_release(&cut);
        buf_release(&plain);
        buf_release(&packed);
    }
}

/* A small message that would unpack into more than is allowed. */
static void bombs_do_not_go_off(void **state)
{
    enum { LARGE = 8 << 20, ALLOWED = 1 << 20 };
    char *zeros = mem_zero(LARGE), *room = mem_alloc(LARGE + LARGE / 4);
    (void)state;
    for (size_t i = 0; i < N_CODECS; i++) {
        struct buf out = BUF_INIT;
        size_t n = codecs[i].pack(room, LARGE + LARGE / 4, (struct str){ zeros, LARGE });
        assert_int_equal(kafka_unpack(codecs[i].codec, (struct str){ room, n }, ALLOWED, &out), -1);
        assert_true(out.cap <= 4 * ALLOWED);
        buf_release(&out);
        assert_int_equal(kafka_unpack(codecs[i].codec, (struct str){ room, n }, LARGE, &out), 0);
        assert_int_equal(out.n, LARGE);
        buf_release(&out);
    }
    free(zeros);
    free(room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_read_back), cmocka_unit_test(damage_is_found), cmocka_unit_test(large_batches_are_refused),
        cmocka_unit_test(every_compression_is_undone), cmocka_unit_test(bombs_do_not_go_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
