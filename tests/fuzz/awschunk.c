/* libFuzzer: aws-chunked bodies cut into pieces. The first byte says how large the pieces are and whether signatures
 * are asked for; the decoder must give the same in pieces as in one. */
#include <stdlib.h>

#include "base/buf.h"
#include "mocks/s3/awschunk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool decode(struct str body, size_t step, bool is_signed, struct buf *out)
{
    struct awschunk d = { .is_signed = is_signed, .out = out };
    while (body.n) {
        awschunk_push(&d, str_head(body, step));
        body = str_from(body, step);
    }
    return d.state != AWSCHUNK_BAD && awschunk_complete(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str body = { (const char *)data + 1, size - 1 };
    struct buf whole = BUF_MAX(1 << 20), pieces = BUF_MAX(1 << 20);
    bool is_signed = data[0] & 1;
    bool good = decode(body, size, is_signed, &whole);
    bool same = decode(body, 1 + (data[0] >> 1), is_signed, &pieces) == good;
    if (!same || (good && !str_eq(buf_str(&whole), buf_str(&pieces))))
        abort();
    buf_release(&whole);
    buf_release(&pieces);
    return 0;
}
