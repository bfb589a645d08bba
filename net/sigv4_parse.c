/* sigv4_parse.c - what a request says of its own signature, in its Authorization header or in its query.
 *
 * The texts of refusals are those of AWS's front end for signed services; mocks with texts of their own (S3) go by
 * the verdict.
 */
#include "net/sigv4.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/codec.h"
#include "net/sigv4_canonical.h"

enum { MAX_SIGNED_HEADERS = 128, LONGEST_EXPIRES_S = 604800, USUAL_EXPIRES_S = 900 };
static const char algorithm[] = "AWS4-HMAC-SHA256";

static enum sigv4_verdict incomplete(struct err *e, const char *message)
{
    err_set(e, 400, "SIGV4_INCOMPLETE", "%s", message);
    return SIGV4_INCOMPLETE;
}

/* The value of `name=` in "AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…"; p == NULL when absent. */
static struct str parameter(struct str list, const char *name)
{
    for (struct str rest = list; rest.p;) {
        struct str value = str_trim(str_cut(&rest, ','));
        struct str key = str_cut(&value, '=');
        if (str_is(key, name))
            return value;
    }
    return (struct str){ 0 };
}

/* key/date/region/service/aws4_request */
static enum sigv4_verdict take_credential(struct str credential, struct sigv4_claim *claim, struct err *e)
{
    struct str part[5], rest = credential;
    size_t n = 0;
    for (; rest.p && n < 5; n++)
        part[n] = str_cut(&rest, '/');
    if (n != 5 || rest.p) {
        err_set(e, 400, "SIGV4_INCOMPLETE",
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" STR_F "'",
                STR_A(credential));
        return SIGV4_INCOMPLETE;
    }
    if (!str_is(part[4], "aws4_request")) {
        err_set(e, 400, "SIGV4_INCOMPLETE",
                "Credential should be scoped with a valid terminator: 'aws4_request', not '" STR_F "'.", STR_A(part[4]));
        return SIGV4_INCOMPLETE;
    }
    claim->access_key = part[0];
    claim->date = part[1];
    claim->region = part[2];
    claim->service = part[3];
    return SIGV4_OK;
}

/* yyyymmddThhmmssZ? */
static bool is_amz_date(struct str s)
{
    if (s.n != 16)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (i == 8 ? s.p[i] != 'T' : i == 15 ? s.p[i] != 'Z' : s.p[i] < '0' || s.p[i] > '9')
            return false;
    return true;
}

/* A Date header, "Sun, 30 Aug 2015 12:36:00 GMT", as an x-amz-date; p == NULL when it is none. */
static struct str from_http_date(struct str date, struct arena *a)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char month[4] = "";
    struct civil c = { 0 };
    int64_t ms;
    if (is_amz_date(date))
        return date;
    if (date.n > CLOCK_TEXT || sscanf(arena_z(a, date), "%*3s, %2d %3s %4d %2d:%2d:%2d", &c.day, month, &c.year, &c.hour,
                                      &c.minute, &c.second) != 6)
        return (struct str){ 0 };
    const char *at = strlen(month) == 3 ? strstr(months, month) : NULL;
    c.month = at && (at - months) % 3 == 0 ? (int)((at - months) / 3) + 1 : 0;
    if (!clock_epoch_ms(&c, &ms))
        return (struct str){ 0 };
    char text[CLOCK_TEXT];
    return arena_dup(a, str_of(clock_amz(ms, text)));
}

static bool is_payload_hash(struct str s)
{
    static const char *const words[] = {
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-EVENTS",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (str_is(s, words[i]))
            return true;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'f')))
            return false;
    return s.n == 2 * SHA256_BYTES;
}

static struct str body_hash(struct str body, struct arena *a)
{
    uint8_t digest[SHA256_BYTES];
    struct buf hex = BUF_INIT;
    codec_sha256(body, digest);
    codec_hex(&hex, (struct str){ (char *)digest, sizeof digest });
    struct str copy = arena_dup(a, buf_str(&hex));
    buf_release(&hex);
    return copy;
}

/* What stands in the last line of the canonical request. */
static enum sigv4_verdict take_payload_hash(const struct http_request *r, struct arena *a, struct sigv4_claim *claim,
                                            struct err *e)
{
    bool s3 = sigv4_canonical_is_s3(claim->service);
    struct str said = http_request_header(r, "x-amz-content-sha256");
    if (!said.p && claim->presigned)
        said = http_query(r, "X-Amz-Content-Sha256", a);
    if (!said.p && s3 && !claim->presigned)
        return incomplete(e, "Missing required header for this request: x-amz-content-sha256");
    if (!said.p) {
        claim->payload_hash = s3 ? S("UNSIGNED-PAYLOAD") : body_hash(r->body, a);
        return SIGV4_OK;
    }
    claim->payload_hash = str_trim(said);
    if (!is_payload_hash(claim->payload_hash))
        return incomplete(e, "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                             "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid "
                             "sha256 value.");
    return SIGV4_OK;
}

static enum sigv4_verdict check_common(const struct http_request *r, struct arena *a, struct sigv4_claim *claim,
                                       struct str credential, struct err *e)
{
    enum sigv4_verdict verdict = take_credential(credential, claim, e);
    if (verdict != SIGV4_OK)
        return verdict;
    size_t n_names = 1;
    for (size_t i = 0; i < claim->signed_headers.n; i++)
        n_names += claim->signed_headers.p[i] == ';';
    if (n_names > MAX_SIGNED_HEADERS)
        return incomplete(e, "SignedHeaders names more than 128 headers.");
    return take_payload_hash(r, a, claim, e);
}

static enum sigv4_verdict parse_header(const struct http_request *r, struct str header, struct arena *a,
                                       struct sigv4_claim *claim, struct err *e)
{
    header = str_trim(header);
    struct str rest = header, scheme = str_cut(&rest, ' ');
    if (!str_starts(scheme, S("AWS"))) {
        err_set(e, 403, "SIGV4_ABSENT", "Missing Authentication Token");
        return SIGV4_ABSENT;
    }
    if (!str_is(scheme, algorithm)) {
        err_set(e, 400, "SIGV4_INCOMPLETE", "Unsupported AWS 'algorithm': '" STR_F "'. Only %s is known here.",
                STR_A(scheme), algorithm);
        return SIGV4_INCOMPLETE;
    }
    struct str credential = parameter(rest, "Credential");
    claim->signature = parameter(rest, "Signature");
    claim->signed_headers = parameter(rest, "SignedHeaders");
    struct str amz_date = http_request_header(r, "x-amz-date"), date = http_request_header(r, "date");
    const struct {
        bool missing;
        const char *text;
    } parts[] = {
        { !credential.n, "Authorization header requires 'Credential' parameter. " },
        { !claim->signature.n, "Authorization header requires 'Signature' parameter. " },
        { !claim->signed_headers.n, "Authorization header requires 'SignedHeaders' parameter. " },
        { !amz_date.n && !date.n, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " },
    };
    struct str missing = S("");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].missing)
            missing = arena_f(a, STR_F "%s", STR_A(missing), parts[i].text);
    if (missing.n) {
        err_set(e, 400, "SIGV4_INCOMPLETE", STR_F "Authorization=" STR_F, STR_A(missing), STR_A(header));
        return SIGV4_INCOMPLETE;
    }
    amz_date = str_trim(amz_date);
    claim->amz_date = !amz_date.n ? from_http_date(str_trim(date), a) : is_amz_date(amz_date) ? amz_date : (struct str){ 0 };
    if (!claim->amz_date.n) {
        err_set(e, 400, "SIGV4_INCOMPLETE",
                "Date must be in ISO-8601 'basic format'. Got '" STR_F "'. See http://en.wikipedia.org/wiki/ISO_8601",
                STR_A(amz_date.n ? amz_date : date));
        return SIGV4_INCOMPLETE;
    }
    claim->session_token = http_request_header(r, "x-amz-security-token");
    return check_common(r, a, claim, credential, e);
}

static enum sigv4_verdict bad_expires(struct err *e, const char *message)
{
    err_set(e, 400, "SIGV4_BAD_EXPIRES", "%s", message);
    return SIGV4_BAD_EXPIRES;
}

static enum sigv4_verdict take_expires(struct str text, struct sigv4_claim *claim, struct err *e)
{
    claim->expires_s = USUAL_EXPIRES_S;
    if (!text.p)
        return SIGV4_OK;
    if (!str_to_i64(text, &claim->expires_s))
        return bad_expires(e, "X-Amz-Expires should be a number");
    if (claim->expires_s < 1)
        return bad_expires(e, "X-Amz-Expires must be greater than 0");
    if (claim->expires_s > LONGEST_EXPIRES_S)
        return bad_expires(e, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires "
                              "must be less than 604800 seconds");
    return SIGV4_OK;
}

static enum sigv4_verdict parse_query(const struct http_request *r, struct str named, struct arena *a,
                                      struct sigv4_claim *claim, struct err *e)
{
    claim->presigned = true;
    if (!str_is(named, algorithm)) {
        err_set(e, 400, "SIGV4_INCOMPLETE", "Unsupported AWS 'algorithm': '" STR_F "'. Only %s is known here.",
                STR_A(named), algorithm);
        return SIGV4_INCOMPLETE;
    }
    struct str credential = { 0 };
    const struct {
        const char *name;
        struct str *to;
    } parts[] = {
        { "X-Amz-Credential", &credential },
        { "X-Amz-Signature", &claim->signature },
        { "X-Amz-SignedHeaders", &claim->signed_headers },
        { "X-Amz-Date", &claim->amz_date },
    };
    struct str missing = S("");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *parts[i].to = http_query(r, parts[i].name, a);
        if (!parts[i].to->n)
            missing = arena_f(a, STR_F "AWS query-string parameters must include '%s'. ", STR_A(missing), parts[i].name);
    }
    struct str expires = http_query(r, "X-Amz-Expires", a);
    if (missing.n) {
        err_set(e, 400, "SIGV4_INCOMPLETE", STR_F "Re-examine the query-string parameters.", STR_A(missing));
        return SIGV4_INCOMPLETE;
    }
    if (!is_amz_date(claim->amz_date)) {
        err_set(e, 400, "SIGV4_INCOMPLETE",
                "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\", not '" STR_F "'",
                STR_A(claim->amz_date));
        return SIGV4_INCOMPLETE;
    }
    claim->session_token = http_query(r, "X-Amz-Security-Token", a);
    enum sigv4_verdict verdict = check_common(r, a, claim, credential, e);
    if (verdict != SIGV4_OK)
        return verdict;
    if (!expires.p && sigv4_canonical_is_s3(claim->service))
        return incomplete(e, "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, "
                             "X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.");
    return take_expires(expires, claim, e);
}

enum sigv4_verdict sigv4_parse(const struct http_request *r, struct arena *a, struct sigv4_claim *ret_claim,
                               struct err *e)
{
    struct str header = http_request_header(r, "authorization");
    struct str named = http_query(r, "X-Amz-Algorithm", a);
    struct sigv4_claim claim = { 0 };
    enum sigv4_verdict verdict;
    if (header.p && named.p) {
        err_set(e, 400, "SIGV4_TWICE",
                "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
        return SIGV4_TWICE;
    }
    if (!header.p && !named.p) {
        err_set(e, 403, "SIGV4_ABSENT", "Missing Authentication Token");
        return SIGV4_ABSENT;
    }
    verdict = header.p ? parse_header(r, header, a, &claim, e) : parse_query(r, named, a, &claim, e);
    if (verdict == SIGV4_OK)
        *ret_claim = claim;
    return verdict;
}
