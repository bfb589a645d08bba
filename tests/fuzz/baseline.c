/* Files of a baseline of any bytes: a profile, tolerances, rows, answers, hashes. What is read is written and compared.
 * clang -fsanitize=fuzzer,address,undefined with pipeline/check/, pipeline/clean/ and base/. */
#include "pipeline/check/diff.h"
#include "pipeline/check/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct tolerance none(void *arg, struct str column)
{
    (void)arg, (void)column;
    return (struct tolerance){ .mostly = 1, .abs = 1 };
}

static void grids(struct str text, int (*read)(struct grid *, struct str, const char *, struct err *))
{
    struct str half = str_head(text, text.n / 2);
    struct grid was = { 0 }, now = { 0 };
    struct diff d;
    struct err e;
    if (read(&was, text, "f", &e) == 0 && was.n_columns && read(&now, half, "f", &e) == 0) {
        struct str key = was.columns[0];
        diff_run(&d, &was, &now, &key, 1, none, NULL);
        diff_release(&d);
    }
    grid_release(&was);
    grid_release(&now);
}

static int hashes(struct grid *g, struct str text, const char *path, struct err *e)
{
    return grid_read_hashes(g, text, S("ind"), path, e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct str text = { (const char *)data, n }, known[] = { S("pin"), S("pin.age") };
    struct arena a = ARENA_INIT;
    struct table_profile p;
    struct tolerances t;
    struct err e;
    struct buf out = BUF_INIT;
    if (profile_read(&a, S("f"), text, &p, &e) == 0)
        profile_put(&p, &out);
    tolerance_read(&a, S("f"), text, known, 2, &t, &e);
    grids(text, grid_read_jsonl);
    grids(text, grid_read_csv);
    grids(text, hashes);
    buf_release(&out);
    arena_release(&a);
    return 0;
}
