/* vtl_util.c - $util: the six functions of API Gateway. Arguments of any type are taken as their text. */
#include "base/codec.h"
#include "base/utf8.h"
#include "mocks/apigw/vtl_ast.h"

#define ARGS struct vtl_run *r, struct vtl_value self, const struct vtl_value *a, uint32_t n
#define UNUSED (void)r, (void)self, (void)a, (void)n

static struct vtl_value done(struct vtl_run *r, struct buf *b)
{
    struct str s = vtl_run_memory(r, b->n) ? arena_dup(r->arena, buf_str(b)) : S("");
    buf_release(b);
    return vtl_str(s);
}

/* The text of an argument; of a #define what it prints. */
static struct str text(struct vtl_run *r, struct vtl_value v)
{
    if (v.type == VTL_NULL)
        return S("");
    if (v.type != VTL_BLOCK)
        return vtl_text(r->arena, v);
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    vtl_run_block(r, v.block, &b);
    return done(r, &b).s;
}

static struct vtl_value base64_encode(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    codec_base64(&b, text(r, a[0]));
    return done(r, &b);
}

static struct vtl_value base64_decode(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    codec_unbase64_loose(&b, text(r, a[0]));
    return done(r, &b);
}

/* java.net.URLEncoder: a form's encoding. */
static struct vtl_value url_encode(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    struct str s = text(r, a[0]);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool stays = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
                     c == '-' || c == '*' || c == '_';
        if (c == ' ')
            buf_c(&b, '+');
        else if (stays)
            buf_c(&b, (char)c);
        else
            buf_f(&b, "%%%02X", c);
    }
    return done(r, &b);
}

static struct vtl_value url_decode(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    codec_unpercent(&b, text(r, a[0]), true);
    return done(r, &b);
}

static void put_unit(struct buf *b, uint32_t unit) { buf_f(b, "\\u%04X", unit); }

/* commons-lang 2.6 StringEscapeUtils.escapeJavaScript: ' and / too; everything beyond ASCII as \uXXXX. */
static struct vtl_value escape_javascript(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    static const char from[] = "\b\n\t\f\r'\"\\/", to[] = "bntfr'\"\\/";
    for (struct str s = text(r, a[0]); s.n;) {
        uint32_t c = utf8_next(&s);
        const char *known = c && c < 128 ? strchr(from, (int)c) : NULL;
        if (known) {
            buf_c(&b, '\\');
            buf_c(&b, to[known - from]);
        } else if (c > 0xffff) {
            put_unit(&b, 0xd800 + ((c - 0x10000) >> 10));
            put_unit(&b, 0xdc00 + ((c - 0x10000) & 0x3ff));
        } else if (c < 0x20 || c > 0x7f) {
            put_unit(&b, c);
        } else {
            buf_c(&b, (char)c);
        }
    }
    return done(r, &b);
}

static struct vtl_value parse_json(ARGS)
{
    UNUSED;
    struct vtl_value v;
    struct str s = text(r, a[0]);
    if (!vtl_run_memory(r, s.n * 8))
        return vtl_null();
    if (!vtl_json_parse(r->arena, s, &v))
        return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "$util.parseJson was given a text that is no JSON: " STR_F,
                            STR_A(str_head(s, 60)));
    return v;
}

static struct vtl_value nothing(ARGS)
{
    UNUSED;
    return vtl_str(S("{}"));
}

const struct vtl_method vtl_util_methods[] = {
    { "base64Encode", "o", base64_encode }, { "base64Decode", "o", base64_decode }, { "urlEncode", "o", url_encode },
    { "urlDecode", "o", url_decode },       { "escapeJavaScript", "o", escape_javascript },
    { "parseJson", "o", parse_json },       { "toString", "", nothing },            { 0 },
};
