/* decode.c - layer by layer: JSON strings and base64 are taken off, what is left is judged. */
#include "mocks/cloud/decode.h"

#include <ctype.h>

#include "base/codec.h"
#include "base/utf8.h"

enum { LEAST_BASE64 = 8 };

static void hint(struct decode *d, const char *text)
{
    if (d->n_hints < DECODE_HINTS)
        d->hints[d->n_hints++] = text;
}

static bool is_printable(struct str s)
{
    if (!utf8_valid(s))
        return false;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if ((c < ' ' && c != '\n' && c != '\r' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

static enum json_type type_of(struct str text)
{
    struct json_reader r;
    struct json v;
    json_open(&r, text);
    return json_read(&r, &v) == 0 && json_close(&r) == 0 ? v.type : (enum json_type)0;
}

/* The bytes that text stands for in base64, when that is what it can only be; else p == NULL. */
static struct str unwrap_base64(struct str text, struct arena *a)
{
    struct buf b = BUF_INIT;
    struct str s = str_trim(text), bytes = { 0 };
    bool shape = s.n >= LEAST_BASE64;
    for (size_t i = 0; shape && i < s.n; i++)
        shape = isalnum((unsigned char)s.p[i]) || strchr("+/=-_", s.p[i]);
    if (shape && codec_unbase64_loose(&b, s) && b.n && is_printable(buf_str(&b)))
        bytes = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return bytes;
}

/* ---- what is left, when no layer can be taken off any more ---- */

static bool has_member(struct str object, const char *name)
{
    struct json v;
    return json_get(object, name, &v);
}

static void judge_object(struct decode *d, struct str text)
{
    struct json first;
    if (json_get(text, "records", &first) && first.type == JSON_ARRAY && str_find(first.raw, S("\"value\"")) != STR_NONE)
        hint(d, "the whole body of a Kafka REST call was stored as the record: {\"records\":[{\"value\":…}]} is for the proxy, which was not told so by its content type");
    else if (has_member(text, "StreamName") && has_member(text, "Data") && has_member(text, "PartitionKey"))
        hint(d, "the whole body of a PutRecord call was stored as the record: the mapping template passes it on instead of its Data");
}

static void judge_json(struct decode *d, enum json_type type)
{
    if (type == JSON_OBJECT)
        judge_object(d, d->inner);
    else if (type == JSON_ARRAY)
        hint(d, "a JSON array, where a reader with a schema of columns expects an object: Spark makes a row of each element, from_json null");
    else if (type != JSON_STRING)
        hint(d, "a bare JSON value, no object: readers with a schema of columns get null");
}

static const struct {
    const char *start, *hint;
} magics[] = {
    { "\x1f\x8b", "compressed with gzip" },
    { "PAR1", "a Parquet file" },
    { "PK\x03\x04", "a ZIP archive" },
    { "Obj\x01", "an Avro file" },
    { "\xef\xbb\xbf", "begins with a byte order mark, which JSON must not have: write utf-8, not utf-8-sig" },
    { "\xff\xfe", "UTF-16: encode as utf-8" },
    { "b'", "Python's str() of bytes: decode them before they are put into a text" },
    { "b\"", "Python's str() of bytes: decode them before they are put into a text" },
    { "{'", "Python's str() of a dict, which is no JSON: use json.dumps" },
    { "['", "Python's str() of a list, which is no JSON: use json.dumps" },
};

static bool is_form(struct str s)
{
    size_t equals = str_chr(s, '='), blank = str_chr(s, ' ');
    return equals != STR_NONE && equals > 0 && blank == STR_NONE && str_find(s, S("&")) != STR_NONE;
}

static void judge_other(struct decode *d)
{
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (str_starts(d->inner, str_of(magics[i].start))) {
            hint(d, magics[i].hint);
            return;
        }
    if (!utf8_valid(d->inner))
        hint(d, "not valid UTF-8: binary, or another encoding");
    else if (d->inner.n && d->inner.p[0] == '{' && (str_find(d->inner, S("NaN")) != STR_NONE || str_find(d->inner, S("Infinity")) != STR_NONE))
        hint(d, "NaN and Infinity are no JSON: json.dumps writes them unless allow_nan=False; send null");
    else if (is_form(d->inner))
        hint(d, "form-encoded, as requests sends data={…}: use json=… or data=json.dumps(…)");
    else if (d->inner.n && (d->inner.p[0] == '{' || d->inner.p[0] == '['))
        hint(d, "begins like JSON and is none");
}

/* ---- layers ---- */

/* One layer off d->inner, with its hint; false when there is none. */
static bool unwrap(struct decode *d, struct arena *a)
{
    struct str text = str_trim(d->inner), under;
    enum json_type type = type_of(text);
    if (type == JSON_STRING) {
        struct json v;
        struct json_reader r;
        json_open(&r, text);
        json_read(&r, &v);
        under = json_text(v, a);
        if (!type_of(str_trim(under)) && !unwrap_base64(under, a).p) {
            hint(d, "a bare JSON string, no object: readers with a schema of columns get null");
            return false;
        }
        if (type_of(str_trim(under)))
            hint(d, "JSON inside a JSON string, encoded twice (json.dumps of a text that is JSON already): from_json gives null");
        d->inner = under;
        return true;
    }
    if (type || !(under = unwrap_base64(text, a)).p)
        return false;
    bool again = unwrap_base64(under, a).p != NULL;
    if (!again && !type_of(str_trim(under)))
        return false; /* a word that could be base64 by chance */
    hint(d, again ? "base64 of base64: the sender encoded what its client encodes by itself"
                  : "base64 of JSON: whoever reads it has to decode it first (unbase64), or it must be sent as it is");
    d->inner = under;
    return true;
}

void decode_bytes(struct str bytes, struct arena *a, struct decode *ret)
{
    *ret = (struct decode){ .inner = bytes };
    if (!bytes.p) {
        hint(ret, "no value (null): for a compacted topic this deletes the key");
        return;
    }
    for (unsigned layer = 0; layer < DECODE_LAYERS && unwrap(ret, a); layer++)
        continue;
    enum json_type type = type_of(str_trim(ret->inner));
    ret->is_json = type != 0;
    ret->is_text = is_printable(ret->inner);
    if (!ret->inner.n)
        hint(ret, "empty: nothing was sent");
    else if (type)
        judge_json(ret, type);
    else
        judge_other(ret);
}
