/* Files of any bytes: opened, described, and read as far as they go, with a bound on rows and output.
 * clang -fsanitize=fuzzer,address,undefined with pipeline/sink/parquet*.c, pipeline/clean/ and base/, -lsnappy -lzstd -lz. */
#include <stdlib.h>

#include "base/json.h"
#include "pipeline/sink/parquet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MOST_ROWS = 300, MOST_BYTES = 1 << 20 };

static void read_rows(const struct parquet_file *f, struct err *e)
{
    struct buf row = BUF_MAX(MOST_BYTES);
    struct parquet_reader *r = parquet_reader_open(f, NULL, 0, e);
    for (int i = 0; r && i < MOST_ROWS; i++) {
        int result = parquet_reader_next(r, &row, e);
        if (result == 1 && !json_valid(buf_str(&row)))
            abort(); /* what is a row is JSON */
        if (result < 0 && !e->code[0])
            abort();
        if (result != 1)
            break;
        buf_reset(&row);
    }
    parquet_reader_close(r);
    buf_release(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct err e = { 0 };
    struct parquet_file *f = parquet_open((struct str){ (const char *)data, n }, S("f"), &e);
    if (!f)
        return e.code[0] ? 0 : (abort(), 0);
    for (size_t g = 0; g < parquet_row_groups(f) && g < 3; g++)
        for (size_t leaf = 0; leaf < parquet_leaves(f) && leaf < 20; leaf++)
            parquet_chunk(f, g, leaf);
    read_rows(f, &e);
    parquet_close(f);
    return 0;
}
