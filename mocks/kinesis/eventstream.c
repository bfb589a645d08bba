/* eventstream.c - one message of application/vnd.amazon.eventstream ("Event stream encoding" in AWS's Transcribe guide).
 *
 *   total length │ headers length │ CRC-32 of both │ headers │ payload │ CRC-32 of all before it      numbers of 4 bytes, big end first
 *   a header: length of the name (1 byte), name, type (7 = text), length of the value (2 bytes), value
 */
#include "base/codec.h"
#include "mocks/kinesis/state.h"

enum { PRELUDE_BYTES = 12, CRC_BYTES = 4, TYPE_TEXT = 7 };

static void put_number(struct buf *out, uint32_t n, int bytes)
{
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
        buf_c(out, (char)(n >> shift));
}

void eventstream_write(struct buf *out, const struct eventstream_header *headers, size_t n, struct str payload)
{
    size_t from = out->n, n_headers = 0;
    for (size_t i = 0; i < n; i++)
        n_headers += 4 + strlen(headers[i].name) + headers[i].value.n;
    put_number(out, (uint32_t)(PRELUDE_BYTES + n_headers + payload.n + CRC_BYTES), 4);
    put_number(out, (uint32_t)n_headers, 4);
    put_number(out, codec_crc32(0, str_from(buf_str(out), from)), 4);
    for (size_t i = 0; i < n; i++) {
        put_number(out, (uint32_t)strlen(headers[i].name), 1);
        buf_z(out, headers[i].name);
        put_number(out, TYPE_TEXT, 1);
        put_number(out, (uint32_t)headers[i].value.n, 2);
        buf_str_add(out, headers[i].value);
    }
    buf_str_add(out, payload);
    put_number(out, codec_crc32(0, str_from(buf_str(out), from)), 4);
}
