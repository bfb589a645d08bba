/* Checkpoint folders of any bytes: the input, cut at NUL, is state/0, outbox, offsets/0 and offsets/1 of a stream whose tables
 * are empty. Opened, and closed windows told when it opens.
 * clang -fsanitize=fuzzer,address,undefined with pipeline/stream/ and what it needs. */
#include <stdlib.h>

#include "pipeline/stream/stream_own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { PIECES = 4 };
static const char *const names[PIECES] = { "state/0", "outbox", "offsets/0", "offsets/1" };
struct fuzzed {
    struct delta_store store;
    struct str pieces[PIECES];
    bool empty; /* a table's */
};

static int get(struct delta_store *s, struct str path, struct buf *ret, struct err *e)
{
    const struct fuzzed *f = (const struct fuzzed *)s;
    (void)e;
    if (!f->empty && str_is(path, "metadata")) {
        buf_z(ret, "{\"id\":\"query\"}");
        return 0;
    }
    for (int i = 0; i < PIECES && !f->empty; i++)
        if (str_is(path, names[i]) && f->pieces[i].n) {
            buf_z(ret, i > 1 ? "v1\n" : "");
            buf_str_add(ret, f->pieces[i]);
            return 0;
        }
    return 1;
}

static int put(struct delta_store *s, struct str path, struct str bytes, bool if_absent, struct err *e)
{
    (void)s, (void)path, (void)bytes, (void)if_absent, (void)e;
    return 0;
}

static int list(struct delta_store *s, struct str prefix, struct str after, void (*each)(void *, const struct delta_object *), void *arg, struct err *e)
{
    const struct fuzzed *f = (const struct fuzzed *)s;
    (void)e, (void)after;
    if (f->empty)
        return 0;
    if (str_is(prefix, "commits/"))
        each(arg, &(struct delta_object){ S("commits/0"), 1, 0 });
    for (int i = 2; i < PIECES; i++)
        if (str_is(prefix, "offsets/") && f->pieces[i].n)
            each(arg, &(struct delta_object){ str_of(names[i]), 1, 0 });
    return 0;
}

static int drop(struct delta_store *s, struct str path, struct err *e)
{
    (void)s, (void)path, (void)e;
    return 0;
}

static void close_store(struct delta_store *s) { (void)s; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct delta_store_ops ops = { get, put, list, drop, close_store };
    struct fuzzed folder = { .store = { &ops, S("folder") } }, empty = { .store = { &ops, S("table") }, .empty = true };
    struct str rest = { (const char *)data, n };
    struct clock clock;
    struct err e = { 0 };
    for (int i = 0; i < PIECES && rest.p; i++)
        folder.pieces[i] = str_cut(&rest, 0);
    clock_init_virtual(&clock, 0);
    struct rules *rules = rules_open(NULL, NULL, &e);
    struct stream_options o = { .rules = rules, .folder = &folder.store, .ingest = { .endpoint = "http://127.0.0.1:1", .user_id = "1a2b", .region = "us-east-1", .clock = &clock } };
    for (int t = 0; t < LEDGER_TABLES; t++) {
        struct delta_options d = { .store = &empty.store, .clock = &clock, .seed = 1 };
        o.tables[t] = delta_open(&d);
    }
    struct stream *s = stream_open(&o, &e);
    if (s) {
        struct stream_sums sums = stream_sums(s);
        stream_close_windows(s, INT64_MAX / 2000);
        if (sums.open_windows > n)
            abort(); /* a window comes from some bytes */
    }
    stream_close(s);
    for (int t = 0; t < LEDGER_TABLES; t++)
        delta_close(o.tables[t]);
    rules_close(rules);
    return 0;
}
