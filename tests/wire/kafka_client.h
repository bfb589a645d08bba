/* kafka_client.h - a Kafka client made by hand, which can also say what no client would; and a cloud that is one broker. */
#ifndef TESTS_WIRE_KAFKA_CLIENT_H
#define TESTS_WIRE_KAFKA_CLIENT_H

#include "tests/support/t.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/kafka/kafka.h"
#include "mocks/kafka/kafka_batch.h"
#include "mocks/kafka/kafka_codec.h"

enum { PRODUCE = 0, FETCH = 1, LIST_OFFSETS = 2, METADATA = 3, OFFSET_COMMIT = 8, OFFSET_FETCH = 9, JOIN_GROUP = 11, HEARTBEAT = 12,
       LEAVE_GROUP = 13, SYNC_GROUP = 14, SASL_HANDSHAKE = 17, API_VERSIONS = 18, CREATE_TOPICS = 19, INIT_PRODUCER_ID = 22, SASL_AUTHENTICATE = 36 };

static const struct service *const kafka_client_services[] = { &kafka_service, NULL };

static inline struct cloud *kafka_client_cloud(const struct cloud_setting *settings)
{
    struct err e = { 0 };
    struct cloud_options o = { .services = kafka_client_services, .seed = 7, .settings = settings };
    struct cloud *c = cloud_open(&o, &e);
    if (!c)
        fail_msg("%s", e.message);
    return c;
}

/* ---- bytes out ---- */

static inline void put_i(struct buf *b, int64_t v, unsigned bytes) { kafka_codec_put(b, (uint64_t)v, bytes); }
static inline void put_s(struct buf *b, const char *z)
{
    put_i(b, z ? (int64_t)strlen(z) : -1, 2);
    if (z)
        buf_z(b, z);
}
static inline void put_b(struct buf *b, struct str s)
{
    put_i(b, s.p ? (int64_t)s.n : -1, 4);
    buf_str_add(b, s);
}

/* ---- connections ---- */

static inline int kafka_connect(uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static inline void send_raw(int fd, struct str s)
{
    assert_int_equal(send(fd, s.p, s.n, MSG_NOSIGNAL), (ssize_t)s.n);
}

/* Not flexible: header version 1. */
static inline void send_request(int fd, int key, int version, struct str body)
{
    struct buf b = BUF_INIT;
    put_i(&b, (int64_t)body.n + 8 + 3, 4);
    put_i(&b, key, 2);
    put_i(&b, version, 2);
    put_i(&b, 0x1234567, 4);
    put_s(&b, "t");
    buf_str_add(&b, body);
    send_raw(fd, buf_str(&b));
    buf_release(&b);
}

static inline bool receive(int fd, char *out, size_t n)
{
    while (n) {
        struct pollfd p = { fd, POLLIN, 0 };
        if (poll(&p, 1, 20000) <= 0)
            fail_msg("no answer within 20 s");
        ssize_t got = recv(fd, out, n, 0);
        if (got <= 0)
            return false;
        out += got, n -= (size_t)got;
    }
    return true;
}

/* Has the connection been closed, or reset, without another byte? */
static inline bool is_closed(int fd)
{
    char c;
    return !receive(fd, &c, 1);
}

/* Nothing comes within ms. */
static inline bool is_quiet(int fd, int ms)
{
    struct pollfd p = { fd, POLLIN, 0 };
    return poll(&p, 1, ms) == 0;
}

/* The answer's body, behind its correlation id. */
static inline struct kafka_reader read_answer(int fd, struct arena *a)
{
    char head[8];
    assert_true(receive(fd, head, 8));
    struct kafka_reader h = { .left = { head, 8 } };
    size_t n = (size_t)kafka_codec_get(&h, 4) - 4;
    assert_int_equal(kafka_codec_get(&h, 4), 0x1234567);
    char *body = arena_alloc(a, n + 1);
    assert_true(receive(fd, body, n));
    return (struct kafka_reader){ .left = { body, n }, .arena = a };
}

static inline struct kafka_reader ask(int fd, struct arena *a, int key, int version, struct buf *body)
{
    send_request(fd, key, version, buf_str(body));
    buf_release(body);
    return read_answer(fd, a);
}

static inline int64_t get_i(struct kafka_reader *r, unsigned bytes)
{
    uint64_t v = kafka_codec_get(r, bytes);
    assert_false(r->bad);
    return bytes == 2 ? (int16_t)v : bytes == 4 ? (int32_t)v : (int64_t)v;
}
static inline struct str get_s(struct kafka_reader *r) { return kafka_codec_get_short_string(r); }
static inline struct str get_b(struct kafka_reader *r)
{
    int64_t n = get_i(r, 4);
    if (n < 0)
        return (struct str){ 0 };
    struct str s = str_head(r->left, (size_t)n);
    assert_int_equal(s.n, n);
    r->left = str_from(r->left, (size_t)n);
    return s;
}

/* ---- a few requests ---- */

/* A batch of one record, the producer's numbers in it when id >= 0. */
static inline struct str batch_of(struct arena *a, struct str key, struct str value, int64_t id, int16_t epoch, int32_t sequence)
{
    struct buf b = BUF_INIT;
    struct kafka_batch_writer w = { .out = &b, .magic = 2 };
    struct plog_record r = { .time_ms = 1600000000000, .key = key, .value = value };
    kafka_batch_add(&w, &r);
    kafka_batch_end(&w);
    kafka_codec_patch(&b, 43, (uint64_t)id, 8);
    kafka_codec_patch(&b, 51, (uint64_t)epoch, 2);
    kafka_codec_patch(&b, 53, (uint64_t)sequence, 4);
    kafka_codec_patch(&b, 17, codec_crc32c(0, str_from(buf_str(&b), 21)), 4);
    return arena_keep(a, &b);
}

static inline void put_produce(struct buf *b, int version, int acks, const char *topic, int partition, struct str records)
{
    if (version >= 3)
        put_s(b, NULL);
    put_i(b, acks, 2);
    put_i(b, 1000, 4);
    put_i(b, 1, 4);
    put_s(b, topic);
    put_i(b, 1, 4);
    put_i(b, partition, 4);
    put_b(b, records);
}

struct produced {
    int error;
    int64_t offset;
};
static inline struct produced produce_as(int fd, struct arena *a, int version, int acks, const char *topic, int partition, struct str records)
{
    struct buf b = BUF_INIT;
    put_produce(&b, version, acks, topic, partition, records);
    struct kafka_reader r = ask(fd, a, PRODUCE, version, &b);
    assert_int_equal(get_i(&r, 4), 1);
    assert_str(get_s(&r), topic);
    assert_int_equal(get_i(&r, 4), 1);
    assert_int_equal(get_i(&r, 4), partition);
    int error = (int)get_i(&r, 2);
    return (struct produced){ error, get_i(&r, 8) };
}
static inline struct produced produce(int fd, struct arena *a, const char *topic, int partition, struct str records)
{
    return produce_as(fd, a, 7, -1, topic, partition, records);
}

static inline void put_fetch(struct buf *b, int max_wait_ms, int min_bytes, const char *topic, int64_t offset)
{
    put_i(b, -1, 4);
    put_i(b, max_wait_ms, 4);
    put_i(b, min_bytes, 4);
    put_i(b, 1 << 20, 4);
    buf_c(b, 0);
    put_i(b, 1, 4);
    put_s(b, topic);
    put_i(b, 1, 4);
    put_i(b, 0, 4);
    put_i(b, offset, 8);
    put_i(b, 1 << 20, 4);
}

struct fetched {
    int error;
    int64_t end;
    struct str records;
};
/* Fetch v4. */
static inline struct fetched read_fetched(struct kafka_reader r)
{
    struct fetched f;
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 4), 1);
    get_s(&r);
    assert_int_equal(get_i(&r, 4), 1);
    assert_int_equal(get_i(&r, 4), 0);
    f.error = (int)get_i(&r, 2);
    f.end = get_i(&r, 8);
    get_i(&r, 8);
    assert_int_equal(get_i(&r, 4), -1);
    f.records = get_b(&r);
    return f;
}
static inline struct fetched fetch(int fd, struct arena *a, int max_wait_ms, const char *topic, int64_t offset)
{
    struct buf b = BUF_INIT;
    put_fetch(&b, max_wait_ms, 1, topic, offset);
    return read_fetched(ask(fd, a, FETCH, 4, &b));
}

#endif
