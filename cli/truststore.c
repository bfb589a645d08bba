/* truststore.c - PEM into JKS. */
#include "cli/truststore.h"

#include <stdio.h>

#include "base/codec.h"

enum { MAGIC = 0xfeedfeedu, VERSION = 2, TRUSTED = 2, HEAD_BYTES = 12 };

static void put_number(struct buf *out, uint64_t v, unsigned bytes)
{
    while (bytes-- > 0)
        buf_c(out, (char)(v >> (8 * bytes)));
}

static void put_utf(struct buf *out, const char *ascii)
{
    put_number(out, strlen(ascii), 2);
    buf_z(out, ascii);
}

static void put_certificate(struct buf *out, size_t i, struct str der)
{
    char alias[24];
    snprintf(alias, sizeof alias, "weirbox%zu", i);
    put_number(out, TRUSTED, 4);
    put_utf(out, alias);
    put_number(out, 0, 8); /* made in 1970: the same certificates give the same bytes */
    put_utf(out, "X.509");
    put_number(out, der.n, 4);
    buf_str_add(out, der);
}

/* The next certificate's bytes in *der; false when there is none. */
static bool next_certificate(struct str *pem, struct buf *der)
{
    static const struct str begin = S_INIT("-----BEGIN CERTIFICATE-----"), end = S_INIT("-----END CERTIFICATE-----");
    struct buf text = BUF_INIT;
    size_t at = str_find(*pem, begin);
    if (at == STR_NONE)
        return false;
    *pem = str_from(*pem, at + begin.n);
    size_t n = str_find(*pem, end);
    struct str body = str_head(*pem, n);
    for (size_t i = 0; i < body.n; i++)
        if (body.p[i] != '\n' && body.p[i] != '\r')
            buf_c(&text, body.p[i]);
    buf_reset(der);
    if (n == STR_NONE || !codec_unbase64(der, buf_str(&text)))
        buf_reset(der);
    *pem = str_from(*pem, n == STR_NONE ? pem->n : n);
    buf_release(&text);
    return true;
}

static void put_digest(struct buf *out, size_t from)
{
    struct buf all = BUF_INIT;
    uint8_t digest[SHA1_BYTES];
    for (const char *c = TRUSTSTORE_PASSWORD; *c; c++)
        put_number(&all, (unsigned char)*c, 2);
    buf_z(&all, "Mighty Aphrodite");
    buf_add(&all, out->p + from, out->n - from);
    codec_sha1(buf_str(&all), digest);
    buf_add(out, digest, sizeof digest);
    buf_release(&all);
}

size_t truststore_put(struct buf *out, struct str pem)
{
    struct buf entries = BUF_INIT, der = BUF_INIT;
    size_t n = 0, from = out->n;
    while (next_certificate(&pem, &der))
        if (der.n)
            put_certificate(&entries, n++, buf_str(&der));
    put_number(out, MAGIC, 4);
    put_number(out, VERSION, 4);
    put_number(out, n, 4);
    buf_str_add(out, buf_str(&entries));
    put_digest(out, from);
    buf_release(&entries);
    buf_release(&der);
    return n;
}
