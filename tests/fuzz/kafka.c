/* Kafka's requests and record batches of any bytes: read, written again, read back equal. */
#include <stdlib.h>

#include "base/codec.h"
#include "mocks/kafka/kafka_batch.h"
#include "mocks/kafka/kafka_broker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The first two bytes choose message and version; whatever can be read is written and read again. */
static void read_message(struct str s, const struct kafka_api *api, int version)
{
    struct arena a = ARENA_INIT;
    const struct kafka_schema *schemas[] = { api->request, api->response };
    bool flexible = version >= api->flexible;
    for (int i = 0; i < 2; i++) {
        struct buf first = BUF_INIT, second = BUF_INIT;
        void *message = arena_zero(&a, schemas[i]->size + 1u);
        struct kafka_reader r = { .left = s, .arena = &a, .flexible = flexible };
        if (kafka_codec_read(&r, schemas[i], version, message) == 0) {
            kafka_codec_write(&first, schemas[i], version, flexible, message);
            r = (struct kafka_reader){ .left = buf_str(&first), .arena = &a, .flexible = flexible };
            if (kafka_codec_read(&r, schemas[i], version, message))
                abort();
            kafka_codec_write(&second, schemas[i], version, flexible, message);
            if (!str_eq(buf_str(&first), buf_str(&second)))
                abort();
        }
        buf_release(&first);
        buf_release(&second);
    }
    arena_release(&a);
}

static void read_batch(struct str s, bool magic2)
{
    struct kafka_batch b, again;
    struct buf out = BUF_INIT;
    const char *why;
    if (kafka_batch_read(&b, s, magic2, 1 << 20, &why) == KAFKA_NONE && b.n) {
        struct kafka_batch_writer w = { .out = &out, .magic = 2 };
        for (size_t i = 0; i < b.n; i++) {
            b.records[i].offset = (int64_t)i;
            kafka_batch_add(&w, &b.records[i]);
        }
        kafka_batch_end(&w);
        if (kafka_batch_read(&again, buf_str(&out), true, SIZE_MAX, &why) || again.n != b.n)
            abort();
        kafka_batch_release(&again);
    }
    buf_release(&out);
    kafka_batch_release(&b);
}

/* The same bytes with length and checksum set right, so that what lies behind them is looked at too. */
static void read_sealed_batch(struct str s)
{
    struct buf b = BUF_INIT;
    buf_str_add(&b, s);
    if (b.n >= KAFKA_BATCH_HEAD) {
        kafka_codec_patch(&b, 8, b.n - 12, 4);
        b.p[16] = 2;
        kafka_codec_patch(&b, 17, codec_crc32c(0, str_from(buf_str(&b), 21)), 4);
        read_batch(buf_str(&b), true);
    }
    buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2 || n > 1 << 16)
        return 0;
    struct str s = { (const char *)data + 2, n - 2 };
    const struct kafka_api *api = &kafka_api_table[data[0] % KAFKA_APIS];
    if (api->request)
        read_message(s, api, data[1] % (api->max + 1));
    read_batch(s, data[1] & 0x80);
    read_sealed_batch(s);
    for (int codec = 1; codec <= 4; codec++) {
        struct buf out = BUF_INIT;
        kafka_unpack(codec, s, 1 << 20, &out);
        buf_release(&out);
    }
    return 0;
}
