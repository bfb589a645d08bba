/* Any text as checks over a cloud that has seen a few calls and holds a few records: the answer is a report or a refusal, both
 * JSON; any bytes as a record: decoding ends, and stays inside; any text redacted keeps its length. */
#include <stdlib.h>

#include "base/json.h"
#include "mocks/cloud/cloud.h"
#include "mocks/cloud/decode.h"
#include "mocks/cloud/redact.h"
#include "mocks/cloud/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static const struct service *const none[] = { NULL };

static struct cloud *open_cloud(void)
{
    struct err e = { 0 };
    struct cloud *c = cloud_open(&(struct cloud_options){ .services = none, .no_listen = true, .seed = 1, .journal_entries = 4 }, &e);
    require(c != NULL);
    for (int i = 0; i < 6; i++) {
        struct journal_entry entry = { .service = "kinesis", .action = "PutRecord", .status = 200 + i * 100, .fault_rule = i % 2 - 1 };
        journal_add(cloud_journal(c), &entry, S("streaming-a-pin"), S("reason"));
        plog_append(plog_set_ensure(cloud_topics(c), S("a.pin"), 2), (unsigned)i % 2, i, 0, S("k"), i % 2 ? S("{\"index\":1,\"a\":{\"b\":[1]}}") : S("x"));
    }
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = { (const char *)data, size };
    struct arena a = ARENA_INIT;
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    struct decode d;
    struct cloud *c = open_cloud();
    int result = verify_run(c, text, &a, &out, &e);
    require(result < 0 ? e.status == 400 || e.status == 404 : json_valid(str_trim(buf_str(&out))));
    buf_release(&out);
    decode_bytes(text, &a, &d);
    require(d.n_hints <= DECODE_HINTS && d.inner.n <= size);
    char *copy = arena_z(&a, str_head(text, 300));
    size_t n = strlen(copy);
    redact_text(copy);
    require(strlen(copy) == n);
    cloud_close(c);
    arena_release(&a);
    return 0;
}
