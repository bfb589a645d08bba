/* Any bytes as a request body, in JSON and in CBOR, to any action, and as an iterator: an answer always comes, never a
 * crash, a hang or an unphrased error. The first byte chooses action and encoding.
 * Built with -fsanitize=fuzzer, which brings main and calls the entry point below. */
#include <stdlib.h>

#include "base/json.h"
#include "mocks/cloud/cloud.h"
#include "mocks/kinesis/cbor.h"
#include "mocks/kinesis/kinesis.h"
#include "mocks/kinesis/seqno.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void nothing(void *arg) { (void)arg; }

static void call(struct cloud *cloud, const char *action, bool cbor, struct str body)
{
    struct arena a = ARENA_INIT;
    struct http_reply r = { 0 };
    struct http_header headers[] = {
        { S("Content-Type"), cbor ? S("application/x-amz-cbor-1.1") : S("application/x-amz-json-1.1") },
        { S("X-Amz-Target"), arena_f(&a, "Kinesis_20131202.%s", action) },
    };
    struct http_request q = { .method = S("POST"), .headers = headers, .n_headers = 2, .body = body, .peer = S("") };
    http_request_target(&q, S("/"));
    require(cloud_invoke(cloud, "kinesis", &q, &r, &a, nothing, NULL) == 0);
    struct str reply = http_reply_body(&r);
    require(r.status == 200 || r.status == 400 || r.status == 500 || r.status == 501);
    if (reply.n && !cbor)
        require(json_valid(reply));
    if (reply.n && cbor) {
        struct buf json = BUF_INIT;
        require(cbor_to_json(&json, reply));
        require(json_valid(buf_str(&json)));
        buf_release(&json);
    }
    http_reply_release(&r);
    arena_release(&a);
}

/* A number that is taken and is of the present version is written as it was read. */
static void check_number(struct str text)
{
    struct seqno s;
    char digits[SEQNO_DIGITS];
    if (!seqno_parse(text, &s) || s.version != 2 || s.shard < 0 || text.n != SEQNO_DIGITS)
        return;
    struct seqno again;
    seqno_write(&s, digits);
    require(seqno_parse((struct str){ digits, SEQNO_DIGITS }, &again));
    require(again.index == s.index && again.time_s == s.time_s && again.create_s == s.create_s && again.shard == s.shard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct service *services[] = { &kinesis_service, NULL };
    struct cloud_setting settings[] = { { "kinesis.streams", "s:2" }, { 0 } };
    struct clock clock;
    struct err e;
    if (size == 0)
        return 0;
    clock_init_virtual(&clock, 1736071467000);
    struct cloud_options o = { .services = services, .clock = &clock, .no_listen = true, .settings = settings };
    struct cloud *cloud = cloud_open(&o, &e);
    require(cloud != NULL);
    struct str body = { (const char *)data + 1, size - 1 };
    call(cloud, kinesis_service.actions[(data[0] & 127) % kinesis_service.n_actions].name, data[0] & 128, body);
    check_number(body);
    cloud_close(cloud);
    return 0;
}
