/* Logs of any bytes: the input, cut at NUL, is the commits 0, 1, 2, … of a table; the last piece is also a checkpoint
 * of version 1 and the _last_checkpoint. Replayed, described, read.
 * clang -fsanitize=fuzzer,address,undefined with pipeline/sink/, pipeline/clean/, net/ and base/. */
#include <stdlib.h>

#include "base/json.h"
#include "pipeline/sink/delta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { COMMITS = 4 };
struct fuzzed {
    struct delta_store store;
    struct str pieces[COMMITS];
    size_t n;
};

static bool piece_of(const struct fuzzed *f, struct str path, struct str *ret)
{
    static const char *const names[COMMITS] = { "_delta_log/00000000000000000000.json", "_delta_log/00000000000000000001.json",
                                                "_delta_log/00000000000000000002.json", "_delta_log/00000000000000000003.json" };
    for (size_t i = 0; i < f->n; i++)
        if (str_is(path, names[i])) {
            *ret = f->pieces[i];
            return true;
        }
    *ret = f->n ? f->pieces[f->n - 1] : S("");
    return f->n > 1 && (str_is(path, "_delta_log/00000000000000000001.checkpoint.parquet") || str_is(path, "_delta_log/_last_checkpoint"));
}

static int get(struct delta_store *s, struct str path, struct buf *ret, struct err *e)
{
    struct str piece;
    (void)e;
    if (!piece_of((struct fuzzed *)s, path, &piece))
        return 1;
    buf_str_add(ret, piece);
    return 0;
}

static int put(struct delta_store *s, struct str path, struct str bytes, bool if_absent, struct err *e)
{
    (void)s, (void)path, (void)bytes, (void)if_absent;
    return err_set(e, 0, "READ_ONLY", "nothing is put");
}

static int list(struct delta_store *s, struct str prefix, struct str after, void (*each)(void *, const struct delta_object *), void *arg, struct err *e)
{
    static const char *const names[] = { "_delta_log/00000000000000000000.json", "_delta_log/00000000000000000001.checkpoint.parquet",
                                         "_delta_log/00000000000000000001.json", "_delta_log/00000000000000000002.json",
                                         "_delta_log/00000000000000000003.json" };
    struct str piece;
    (void)e;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_starts(str_of(names[i]), prefix) && str_cmp(str_of(names[i]), after) > 0 && piece_of((struct fuzzed *)s, str_of(names[i]), &piece))
            each(arg, &(struct delta_object){ str_of(names[i]), piece.n, (int64_t)i });
    return 0;
}

static int drop(struct delta_store *s, struct str path, struct err *e)
{
    (void)s, (void)path;
    return err_set(e, 0, "READ_ONLY", "nothing is removed");
}

static bool take_row(void *arg, struct str row)
{
    int *left = arg;
    if (!json_valid(row))
        abort();
    return --*left > 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct delta_store_ops ops = { get, put, list, drop, NULL };
    struct fuzzed f = { .store = { &ops, S("/fuzz") } };
    struct str rest = { (const char *)data, n };
    struct clock clock;
    struct delta_snapshot *s;
    clock_init_virtual(&clock, 1609459200000);
    while (rest.p && f.n < COMMITS)
        f.pieces[f.n++] = str_cut(&rest, 0);
    struct delta_options o = { .store = &f.store, .clock = &clock };
    struct delta_table *t = delta_open(&o);
    for (int64_t version = -1; version < 2; version++) {
        struct err e = { 0 };
        int left = 50;
        if (delta_snapshot_open(t, version, &s, &e)) {
            if (!e.code[0])
                abort();
            continue;
        }
        delta_rows(t, s, take_row, &left, &e);
        struct delta_vacuum v = { .retain_hours = -1, .dry_run = true };
        size_t found;
        delta_vacuum(t, &v, NULL, NULL, &found, &e);
        delta_snapshot_close(s);
    }
    delta_close(t);
    return 0;
}
