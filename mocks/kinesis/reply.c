/* reply.c - JSON tokens, or the CBOR items (RFC 8949) that mean the same. */
#include "mocks/kinesis/reply.h"

#include "base/codec.h"
#include "base/json.h"

enum { CBOR_BYTES = 0x40, CBOR_TEXT = 0x60, CBOR_LIST = 0x9f, CBOR_MAP = 0xbf, CBOR_TIME = 0xc1, CBOR_END = 0xff };

/* The head of an item: major type and its argument. */
static void cbor_head(struct buf *out, int major, uint64_t n)
{
    unsigned char h[9];
    int bytes = n < 24 ? 0 : n <= 0xff ? 1 : n <= 0xffff ? 2 : n <= 0xffffffff ? 4 : 8;
    h[0] = (unsigned char)(major | (bytes == 0 ? (int)n : bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27));
    for (int i = 0; i < bytes; i++)
        h[1 + i] = (unsigned char)(n >> 8 * (bytes - 1 - i));
    buf_add(out, h, (size_t)bytes + 1);
}

static void separate(struct reply *w)
{
    if (w->comma && !w->cbor)
        buf_c(w->out, ',');
    w->comma = true;
}

static void open_container(struct reply *w, char json, int cbor)
{
    separate(w);
    buf_c(w->out, w->cbor ? (char)cbor : json);
    w->comma = false;
}

static void close_container(struct reply *w, char json)
{
    buf_c(w->out, w->cbor ? (char)CBOR_END : json);
    w->comma = true;
}

void reply_map(struct reply *w) { open_container(w, '{', CBOR_MAP); }
void reply_end_map(struct reply *w) { close_container(w, '}'); }
void reply_list(struct reply *w) { open_container(w, '[', CBOR_LIST); }
void reply_end_list(struct reply *w) { close_container(w, ']'); }

void reply_key(struct reply *w, const char *key)
{
    size_t n = strlen(key);
    separate(w);
    w->comma = false;
    if (w->cbor) {
        cbor_head(w->out, CBOR_TEXT, n);
        buf_add(w->out, key, n);
        return;
    }
    char *p = buf_room(w->out, n + 3);
    if (!p)
        return;
    p[0] = '"';
    memcpy(p + 1, key, n);
    p[n + 1] = '"';
    p[n + 2] = ':';
    w->out->n += n + 3;
}

void reply_text(struct reply *w, struct str text)
{
    separate(w);
    if (w->cbor) {
        cbor_head(w->out, CBOR_TEXT, text.n);
        buf_str_add(w->out, text);
    } else {
        json_put_text(w->out, text);
    }
}

void reply_number(struct reply *w, int64_t n)
{
    separate(w);
    if (!w->cbor)
        buf_i64(w->out, n);
    else if (n < 0)
        cbor_head(w->out, 0x20, (uint64_t)-(n + 1));
    else
        cbor_head(w->out, 0, (uint64_t)n);
}

void reply_bool(struct reply *w, bool v)
{
    separate(w);
    if (w->cbor)
        buf_c(w->out, (char)(v ? 0xf5 : 0xf4));
    else
        buf_z(w->out, v ? "true" : "false");
}

void reply_blob(struct reply *w, struct str bytes)
{
    separate(w);
    if (w->cbor) {
        cbor_head(w->out, CBOR_BYTES, bytes.n);
        buf_str_add(w->out, bytes);
        return;
    }
    buf_c(w->out, '"');
    codec_base64(w->out, bytes);
    buf_c(w->out, '"');
}

void reply_time(struct reply *w, int64_t ms)
{
    if (w->cbor) {
        buf_c(w->out, (char)CBOR_TIME);
        reply_number(w, ms);
        return;
    }
    separate(w);
    buf_i64(w->out, ms / 1000);
    int fraction = (int)(ms % 1000);
    if (fraction) {
        char digits[4] = { '.', (char)('0' + fraction / 100), (char)('0' + fraction / 10 % 10), (char)('0' + fraction % 10) };
        size_t n = sizeof digits;
        while (digits[n - 1] == '0')
            n--;
        buf_add(w->out, digits, n);
    }
}
