/* Any request head: reading and verifying its signature neither crashes nor believes it, and what is signed here is
 * believed. Input: method, target, then name:value lines, then an empty line and the body. */
#include <stdlib.h>

#include "net/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST_HEADERS = 32 };
static const int64_t now_ms = 1598586767000;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct http_request request_of(struct str text, struct http_header *headers)
{
    struct http_request r = { .headers = headers };
    r.method = str_cut(&text, '\n');
    http_request_target(&r, text.p ? str_cut(&text, '\n') : S("/"));
    while (text.p && r.n_headers < MOST_HEADERS) {
        struct str value = str_cut(&text, '\n');
        if (!value.n)
            break;
        struct str name = str_cut(&value, ':');
        headers[r.n_headers++] = (struct http_header){ name, value.p ? value : S("") };
    }
    r.body = text.p ? text : S("");
    return r;
}

/* Signs the request without its own claim to a signature, and expects to be believed. */
static void check_own(struct sigv4_cache *cache, struct http_request *r, struct arena *a)
{
    struct http_header headers[MOST_HEADERS + 1 + SIGV4_MAX_HEADERS] = { { S("host"), S("localhost") } };
    size_t n = 1;
    for (size_t i = 0; i < r->n_headers; i++)
        if (!str_eq_nocase(str_head(r->headers[i].name, 6), S("x-amz-")) && !str_eq_nocase(r->headers[i].name, S("authorization")) &&
            str_chr(r->headers[i].name, ';') == STR_NONE && str_chr(r->headers[i].name, ',') == STR_NONE &&
            str_trim(r->headers[i].name).n == r->headers[i].name.n && r->headers[i].name.n)
            headers[n++] = r->headers[i];
    struct http_request own = *r;
    own.headers = headers;
    own.n_headers = n;
    struct sigv4_key key = { S("AKID"), S("secret"), { 0 } };
    size_t more = sigv4_sign(cache, &key, S("us-east-1"), S("s3"), now_ms, &own, (struct str){ 0 }, a, headers + n);
    own.n_headers += more;
    struct sigv4_claim claim;
    struct err e;
    enum sigv4_verdict verdict = sigv4_parse(&own, a, &claim, &e);
    if (verdict == SIGV4_TWICE)
        return;
    require(verdict == SIGV4_OK);
    require(sigv4_verify(cache, &own, &claim, S("secret"), S("s3"), now_ms, a, &e) == SIGV4_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct http_header headers[MOST_HEADERS];
    struct http_request r = request_of((struct str){ (const char *)data, size }, headers);
    struct sigv4_cache *cache = sigv4_open();
    struct sigv4_claim claim;
    struct err e;
    if (sigv4_parse(&r, &a, &claim, &e) == SIGV4_OK)
        require(sigv4_verify(cache, &r, &claim, S("not guessed"), S(""), now_ms, &a, &e) != SIGV4_OK);
    check_own(cache, &r, &a);
    sigv4_close(cache);
    arena_release(&a);
    return 0;
}
