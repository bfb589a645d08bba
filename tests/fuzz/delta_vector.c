/* Deletion vectors of any bytes, inline and in a file: refused, or with as many rows as the log says, none beyond the file. */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/sink/delta_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS = 100000 };

struct fuzzed {
    struct delta_store store;
    struct buf bytes;
};

static int get(struct delta_store *s, struct str path, struct buf *ret, struct err *e)
{
    (void)path, (void)e;
    buf_str_add(ret, buf_str(&((struct fuzzed *)s)->bytes));
    return 0;
}

static void big(struct buf *b, uint32_t v)
{
    for (int i = 24; i >= 0; i -= 8)
        buf_c(b, (char)(v >> i & 0xff));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct delta_store_ops ops = { .get = get };
    struct fuzzed z = { .store = { &ops, S("/fuzz") } };
    struct delta_file f = { .path = S("a"), .vector = { .storage = S("u"), .path = S("00000000000000000000"), .offset = 0 } };
    if (size < 3)
        return 0;
    f.vector.cardinality = data[0] | data[1] << 8;
    struct str set = { (const char *)data + 2, size - 2 };
    f.vector.bytes = (int64_t)set.n;
    big(&z.bytes, (uint32_t)set.n);
    buf_str_add(&z.bytes, set);
    big(&z.bytes, codec_crc32(0, set));
    for (int inlined = 0; inlined < 2; inlined++) {
        struct delta_vector v = { 0 };
        struct err e = { 0 };
        if (inlined)
            f.vector.storage = S("i"), f.vector.path = set;
        if (delta_vector_read(&z.store, &f, ROWS, &v, &e) == 0 ? (int64_t)v.n != f.vector.cardinality || v.n > ROWS : !e.code[0])
            abort();
        delta_vector_release(&v);
    }
    buf_release(&z.bytes);
    return 0;
}
