/* sigv4.c - signing keys and their cache, signing, verifying.
 *
 *   signature = hex(HMAC(signing key, string to sign))
 *   string to sign = "AWS4-HMAC-SHA256\n" date "\n" scope "\n" hex(SHA-256(canonical request))
 *   signing key = HMAC(HMAC(HMAC(HMAC("AWS4" secret, day), region), service), "aws4_request")
 */
#include "net/sigv4.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/map.h"
#include "net/sigv4_canonical.h"

/* Regions and services are what a stranger writes into a header, so the cache is emptied when it is full. */
enum { MAX_CACHED_KEYS = 1024 };
enum { SKEW_MS = 15 * 60 * 1000 };
static const char algorithm[] = "AWS4-HMAC-SHA256";

struct scope {
    struct str date, region, service; /* date: yyyymmdd */
};

struct signing_key {
    uint8_t bytes[SHA256_BYTES];
};

struct sigv4_cache {
    pthread_mutex_t lock;
    struct map keys; /* "date/region/service/secret" -> struct signing_key */
};

struct sigv4_cache *sigv4_open(void)
{
    struct sigv4_cache *c = mem_zero(sizeof *c);
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

static void empty_cache(struct sigv4_cache *c)
{
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&c->keys, &i));)
        free(e->value);
    map_release(&c->keys);
}

void sigv4_close(struct sigv4_cache *c)
{
    if (!c)
        return;
    empty_cache(c);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

/* Formatting would cost as much as hashing: this runs several times a request. */
static struct str joined(struct arena *a, const struct str *parts, size_t n)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += parts[i].n;
    char *text = arena_alloc(a, total + 1), *to = text;
    for (size_t i = 0; i < n; i++) {
        if (parts[i].n)
            memcpy(to, parts[i].p, parts[i].n);
        to += parts[i].n;
    }
    *to = 0;
    return (struct str){ text, total };
}
#define JOIN(a, ...) \
    joined((a), (const struct str[]){ __VA_ARGS__ }, sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

static struct str bytes_of(const uint8_t digest[SHA256_BYTES]) { return (struct str){ (const char *)digest, SHA256_BYTES }; }

static struct str hex_of(const uint8_t digest[SHA256_BYTES], struct arena *a)
{
    char text[2 * SHA256_BYTES + 1];
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        text[2 * i] = digits[digest[i] >> 4];
        text[2 * i + 1] = digits[digest[i] & 15];
    }
    return arena_dup(a, (struct str){ text, 2 * SHA256_BYTES });
}

static struct signing_key derive(const struct scope *s, struct str secret, struct arena *a)
{
    struct signing_key k;
    codec_hmac_sha256(JOIN(a, S("AWS4"), secret), s->date, k.bytes);
    codec_hmac_sha256(bytes_of(k.bytes), s->region, k.bytes);
    codec_hmac_sha256(bytes_of(k.bytes), s->service, k.bytes);
    codec_hmac_sha256(bytes_of(k.bytes), S("aws4_request"), k.bytes);
    return k;
}

static struct signing_key key_of(struct sigv4_cache *c, const struct scope *s, struct str secret, struct arena *a)
{
    struct str name = JOIN(a, s->date, S("/"), s->region, S("/"), s->service, S("/"), secret);
    struct signing_key k;
    pthread_mutex_lock(&c->lock);
    struct signing_key *known = map_get(&c->keys, name);
    if (known)
        k = *known;
    pthread_mutex_unlock(&c->lock);
    if (known)
        return k;
    k = derive(s, secret, a);
    struct signing_key *copy = mem_alloc(sizeof *copy);
    *copy = k;
    pthread_mutex_lock(&c->lock);
    if (c->keys.n_live >= MAX_CACHED_KEYS)
        empty_cache(c);
    free(map_put(&c->keys, name, copy)); /* another thread may have been faster */
    pthread_mutex_unlock(&c->lock);
    return k;
}

static struct str mac(struct sigv4_cache *c, const struct scope *s, struct str secret, struct str text, struct arena *a)
{
    struct signing_key k = key_of(c, s, secret, a);
    uint8_t digest[SHA256_BYTES];
    codec_hmac_sha256(bytes_of(k.bytes), text, digest);
    return hex_of(digest, a);
}

struct str sigv4_mac(struct sigv4_cache *c, const struct sigv4_claim *claim, struct str secret, struct str text,
                     struct arena *a)
{
    struct scope s = { claim->date, claim->region, claim->service };
    return mac(c, &s, secret, text, a);
}

static struct str hash_of(struct str bytes, struct arena *a)
{
    uint8_t digest[SHA256_BYTES];
    codec_sha256(bytes, digest);
    return hex_of(digest, a);
}

static struct str scope_text(const struct scope *s, struct arena *a)
{
    return JOIN(a, s->date, S("/"), s->region, S("/"), s->service, S("/aws4_request"));
}

static struct str string_to_sign(const struct scope *s, struct str amz_date, struct str canonical, struct arena *a)
{
    return JOIN(a, str_of(algorithm), S("\n"), amz_date, S("\n"), scope_text(s, a), S("\n"), hash_of(canonical, a));
}

/* Both are yielded because a refusal shows them. */
struct signable {
    struct str canonical, string_to_sign;
};

static struct signable signable(const struct http_request *r, const struct scope *s, struct str amz_date,
                                struct sigv4_names names, struct str payload_hash, struct arena *a)
{
    struct buf b = BUF_INIT;
    sigv4_canonical_request(&b, r, s->service, names, payload_hash, a);
    struct str canonical = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return (struct signable){ canonical, string_to_sign(s, amz_date, canonical, a) };
}

/* Proxies and clients change these, so nobody signs them. */
static bool never_signed(struct str name)
{
    static const char *const names[] = { "authorization", "connection",        "expect", "te",
                                         "user-agent",    "transfer-encoding", "upgrade", "x-amzn-trace-id" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_eq_nocase(name, str_of(names[i])))
            return true;
    return false;
}

static struct sigv4_names names_to_sign(const struct http_request *r, struct arena *a)
{
    struct str *names = ARENA_ARRAY(a, struct str, r->n_headers + 1);
    size_t n = 0;
    for (size_t i = 0; i < r->n_headers; i++)
        if (!never_signed(r->headers[i].name))
            names[n++] = r->headers[i].name;
    return sigv4_canonical_names(names, n, a);
}

/* Adds a header unless the request has it, and answers the value in force. */
static struct str require_header(struct http_request *r, const char *name, struct str value, struct arena *a,
                                 struct http_header *ret, size_t *n)
{
    struct str there = http_request_header(r, name);
    if (there.p)
        return str_trim(there);
    struct http_header h = { arena_dup(a, str_of(name)), arena_dup(a, value) };
    r->headers[r->n_headers++] = h;
    ret[(*n)++] = h;
    return h.value;
}

size_t sigv4_sign(struct sigv4_cache *c, const struct sigv4_key *key, struct str region, struct str service,
                  int64_t now_ms, const struct http_request *r, struct str payload_hash, struct arena *a,
                  struct http_header ret[SIGV4_MAX_HEADERS])
{
    struct http_request whole = *r;
    whole.headers = ARENA_ARRAY(a, struct http_header, r->n_headers + SIGV4_MAX_HEADERS);
    if (r->n_headers)
        memcpy(whole.headers, r->headers, r->n_headers * sizeof *r->headers);
    char now[CLOCK_TEXT];
    size_t n = 0;
    struct str amz_date = require_header(&whole, "x-amz-date", str_of(clock_amz(now_ms, now)), a, ret, &n);
    struct str said = http_request_header(&whole, "x-amz-content-sha256");
    if (said.p)
        payload_hash = str_trim(said);
    else if (!payload_hash.p)
        payload_hash = hash_of(r->body, a);
    if (sigv4_canonical_is_s3(service) || payload_hash.n != 2 * SHA256_BYTES)
        payload_hash = require_header(&whole, "x-amz-content-sha256", payload_hash, a, ret, &n);
    if (key->session_token.n)
        require_header(&whole, "x-amz-security-token", key->session_token, a, ret, &n);

    struct scope s = { str_head(amz_date, 8), region, service };
    struct sigv4_names names = names_to_sign(&whole, a);
    struct signable text = signable(&whole, &s, amz_date, names, payload_hash, a);
    struct str signature = mac(c, &s, key->secret, text.string_to_sign, a);
    struct str authorization =
        JOIN(a, str_of(algorithm), S(" Credential="), key->access_key, S("/"), scope_text(&s, a), S(", SignedHeaders="),
             sigv4_canonical_join(names, a), S(", Signature="), signature);
    ret[n++] = (struct http_header){ S("authorization"), authorization };
    return n;
}

static void put_parameter(struct buf *out, const char *name, struct str value)
{
    buf_f(out, "&%s=", name);
    codec_percent(out, value, "");
}

struct str sigv4_presign(struct sigv4_cache *c, const struct sigv4_key *key, struct str region, struct str service,
                         int64_t now_ms, int64_t expires_s, const struct http_request *r, struct arena *a)
{
    char now[CLOCK_TEXT];
    struct str amz_date = str_of(clock_amz(now_ms, now));
    struct scope s = { str_head(amz_date, 8), region, service };
    struct sigv4_names names = names_to_sign(r, a);
    struct str scope = scope_text(&s, a);
    struct buf query = BUF_INIT;
    if (r->query.n) {
        buf_str_add(&query, r->query);
        buf_c(&query, '&');
    }
    buf_f(&query, "X-Amz-Algorithm=%s", algorithm);
    put_parameter(&query, "X-Amz-Credential", arena_f(a, STR_F "/" STR_F, STR_A(key->access_key), STR_A(scope)));
    put_parameter(&query, "X-Amz-Date", amz_date);
    put_parameter(&query, "X-Amz-Expires", arena_f(a, "%lld", (long long)expires_s));
    if (key->session_token.n)
        put_parameter(&query, "X-Amz-Security-Token", key->session_token);
    put_parameter(&query, "X-Amz-SignedHeaders", sigv4_canonical_join(names, a));

    struct http_request whole = *r;
    whole.query = buf_str(&query);
    struct str said = http_request_header(r, "x-amz-content-sha256");
    struct str payload_hash = said.p                          ? str_trim(said)
                              : sigv4_canonical_is_s3(service) ? S("UNSIGNED-PAYLOAD")
                                                               : hash_of(r->body, a);
    struct signable text = signable(&whole, &s, amz_date, names, payload_hash, a);
    put_parameter(&query, "X-Amz-Signature", mac(c, &s, key->secret, text.string_to_sign, a));
    struct str target = arena_f(a, STR_F "?" STR_F, STR_A(r->path), STR_A(buf_str(&query)));
    buf_release(&query);
    return target;
}

/* The digits of an x-amz-date, which sigv4_parse has checked to be digits. */
static bool date_ms(struct str amz_date, int64_t *ret_ms)
{
    struct civil c = { 0 };
    if (amz_date.n != 16)
        return false;
    const struct {
        int *to;
        size_t at, n;
    } parts[] = { { &c.year, 0, 4 }, { &c.month, 4, 2 }, { &c.day, 6, 2 }, { &c.hour, 9, 2 }, { &c.minute, 11, 2 }, { &c.second, 13, 2 } };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        int64_t v;
        if (!str_to_i64(str_head(str_from(amz_date, parts[i].at), parts[i].n), &v))
            return false;
        *parts[i].to = (int)v;
    }
    return clock_epoch_ms(&c, ret_ms);
}

static enum sigv4_verdict check_scope(const struct sigv4_claim *claim, struct str service, struct err *e)
{
    if (!str_eq(claim->date, str_head(claim->amz_date, 8)))
        err_set(e, 403, "SIGV4_BAD_SCOPE",
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '" STR_F
                "' != '" STR_F "', from '" STR_F "'.",
                STR_A(claim->date), STR_A(str_head(claim->amz_date, 8)), STR_A(claim->amz_date));
    else if (!claim->region.n)
        err_set(e, 403, "SIGV4_BAD_SCOPE", "Credential should be scoped to a valid region, not ''. ");
    else if (!claim->service.n || (service.n && !str_eq(service, claim->service)))
        err_set(e, 403, "SIGV4_BAD_SCOPE", "Credential should be scoped to correct service: '" STR_F "', not '" STR_F "'. ",
                STR_A(service), STR_A(claim->service));
    else
        return SIGV4_OK;
    return SIGV4_BAD_SCOPE;
}

static enum sigv4_verdict check_time(const struct sigv4_claim *claim, int64_t now_ms, struct err *e)
{
    int64_t signed_ms;
    char now[CLOCK_TEXT], limit[CLOCK_TEXT];
    if (!date_ms(claim->amz_date, &signed_ms)) {
        err_set(e, 403, "SIGV4_SKEWED", "The date '" STR_F "' does not exist.", STR_A(claim->amz_date));
        return SIGV4_SKEWED;
    }
    clock_amz(now_ms, now);
    if (claim->presigned) {
        bool early = signed_ms > now_ms + SKEW_MS;
        if (!early && now_ms <= signed_ms + claim->expires_s * 1000)
            return SIGV4_OK;
        if (early)
            err_set(e, 403, "SIGV4_EXPIRED", "Request is not yet valid: it is dated " STR_F " and now is %s.",
                    STR_A(claim->amz_date), now);
        else
            err_set(e, 403, "SIGV4_EXPIRED", "Request has expired: it was valid until %s and now is %s. Sign it anew.",
                    clock_amz(signed_ms + claim->expires_s * 1000, limit), now);
        return SIGV4_EXPIRED;
    }
    if (signed_ms < now_ms - SKEW_MS)
        err_set(e, 403, "SIGV4_SKEWED", "Signature expired: " STR_F " is now earlier than %s (%s - 15 min.)",
                STR_A(claim->amz_date), clock_amz(now_ms - SKEW_MS, limit), now);
    else if (signed_ms > now_ms + SKEW_MS)
        err_set(e, 403, "SIGV4_SKEWED", "Signature not yet current: " STR_F " is still later than %s (%s + 15 min.)",
                STR_A(claim->amz_date), clock_amz(now_ms + SKEW_MS, limit), now);
    else
        return SIGV4_OK;
    return SIGV4_SKEWED;
}

static struct sigv4_names claimed_names(const struct sigv4_claim *claim, struct arena *a)
{
    size_t n = 0, most = 1;
    for (size_t i = 0; i < claim->signed_headers.n; i++)
        most += claim->signed_headers.p[i] == ';';
    struct str *names = ARENA_ARRAY(a, struct str, most);
    for (struct str rest = claim->signed_headers; rest.p;)
        names[n++] = str_trim(str_cut(&rest, ';'));
    return sigv4_canonical_names(names, n, a);
}

static bool is_named(struct sigv4_names names, struct str name)
{
    for (size_t i = 0; i < names.n; i++)
        if (str_eq_nocase(names.names[i], name))
            return true;
    return false;
}

/* A token may be added after signing (the AWS test suite's post-sts-header-after), and a presigned URL's sender
 * may say the hash of a body that the URL leaves unsigned. */
static bool may_stay_unsigned(const struct sigv4_claim *claim, struct str name)
{
    return str_eq_nocase(name, S("x-amz-security-token")) ||
           (claim->presigned && str_eq_nocase(name, S("x-amz-content-sha256")));
}

static enum sigv4_verdict check_signed(const struct http_request *r, const struct sigv4_claim *claim,
                                       struct sigv4_names names, struct err *e)
{
    if (!is_named(names, S("host")) && !is_named(names, S(":authority"))) {
        err_set(e, 403, "SIGV4_UNSIGNED_HEADER", "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
        return SIGV4_UNSIGNED_HEADER;
    }
    for (size_t i = 0; i < r->n_headers; i++) {
        struct str name = r->headers[i].name;
        if (str_eq_nocase(str_head(name, 6), S("x-amz-")) && !may_stay_unsigned(claim, name) && !is_named(names, name)) {
            err_set(e, 403, "SIGV4_UNSIGNED_HEADER",
                    "There were headers present in the request which were not signed: '" STR_F "' must be a 'SignedHeader'.",
                    STR_A(name));
            return SIGV4_UNSIGNED_HEADER;
        }
    }
    return SIGV4_OK;
}

static enum sigv4_verdict check_body(const struct http_request *r, const struct sigv4_claim *claim, struct arena *a,
                                     struct err *e)
{
    bool said = claim->presigned || http_request_header(r, "x-amz-content-sha256").p;
    if (!said || claim->payload_hash.n != 2 * SHA256_BYTES)
        return SIGV4_OK;
    struct str hash = hash_of(r->body, a);
    if (str_eq_nocase(hash, claim->payload_hash))
        return SIGV4_OK;
    err_set(e, 400, "SIGV4_BODY_HASH",
            "The provided 'x-amz-content-sha256' header does not match what was computed: the header says '" STR_F
            "', the %zu bytes of the body have '" STR_F "'.",
            STR_A(claim->payload_hash), r->body.n, STR_A(hash));
    return SIGV4_BODY_HASH;
}

enum sigv4_verdict sigv4_verify(struct sigv4_cache *c, const struct http_request *r, const struct sigv4_claim *claim,
                                struct str secret, struct str service, int64_t now_ms, struct arena *a,
                                struct err *e)
{
    enum sigv4_verdict verdict = check_scope(claim, service, e);
    if (verdict == SIGV4_OK)
        verdict = check_time(claim, now_ms, e);
    struct sigv4_names names = claimed_names(claim, a);
    if (verdict == SIGV4_OK)
        verdict = check_signed(r, claim, names, e);
    if (verdict != SIGV4_OK)
        return verdict;
    struct scope s = { claim->date, claim->region, claim->service };
    struct signable text = signable(r, &s, claim->amz_date, names, claim->payload_hash, a);
    if (codec_same(mac(c, &s, secret, text.string_to_sign, a), claim->signature))
        return check_body(r, claim, a, e);
    err_set(e, 403, "SIGV4_MISMATCH",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
            "Key and signing method. Consult the service documentation for details.\n\nThe Canonical String for this "
            "request should have been\n'" STR_F "'\n\nThe String-to-Sign should have been\n'" STR_F "'\n",
            STR_A(text.canonical), STR_A(text.string_to_sign));
    return SIGV4_MISMATCH;
}
