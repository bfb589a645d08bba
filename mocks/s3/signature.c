/* signature.c - why S3 refuses a signature, in S3's words.
 *
 *   nothing signed            403 AccessDenied (unless signed by version 2: sigv2.c)
 *   both forms                400 InvalidArgument
 *   header form malformed     400 AuthorizationHeaderMalformed     query form: AuthorizationQueryParametersError
 *   unknown key               403 InvalidAccessKeyId
 *   date more than 15 min off 403 RequestTimeTooSkewed
 *   presigned URL too old     403 AccessDenied "Request has expired"
 *   header not signed         403 AccessDenied
 *   signature differs         403 SignatureDoesNotMatch, with what should have been signed
 *   body differs              400 XAmzContentSHA256Mismatch
 *
 * Source: "List of error codes", S3 API reference.
 */
#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/s3call.h"
#include "mocks/s3/sigv2.h"

static int malformed(struct call *c, const char *why)
{
    bool in_query = c->claim.presigned || (!s3call_header(c, "Authorization").p && s3call_query(c, "X-Amz-Algorithm").p);
    if (in_query)
        return call_fail(c, 400, "AuthorizationQueryParametersError", "%s", why);
    return call_fail(c, 400, "AuthorizationHeaderMalformed", "The authorization header is malformed; %s", why);
}

/* What is malformed or missing; some of it has a code of its own. */
static int incomplete(struct call *c, const struct err *why)
{
    struct str header = s3call_header(c, "Authorization");
    if (header.p && str_starts(header, S("AWS ")))
        return call_fail(c, 400, "InvalidRequest",
                         "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.");
    if (header.p && !str_starts(header, S("AWS4-HMAC-SHA256")))
        return s3call_bad_argument(c, "Authorization", header, "Unsupported Authorization Type");
    if (header.p && !s3call_header(c, "x-amz-date").n && !s3call_header(c, "Date").n)
        return call_fail(c, 403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header");
    if (str_starts(str_of(why->message), S("Missing required header for this request")))
        return call_fail(c, 400, "InvalidRequest", "%s", why->message);
    if (str_starts(str_of(why->message), S("x-amz-content-sha256 must be")))
        return s3call_bad_argument(c, "x-amz-content-sha256", s3call_header(c, "x-amz-content-sha256"), "%s", why->message);
    return malformed(c, why->message);
}

/* The text between "label\n'" and "'\n" in the core's message; empty when it was cut off. */
static struct str quoted(struct arena *a, const char *message, const char *label)
{
    struct str text = str_of(message);
    size_t at = str_find(text, str_of(label));
    if (at == STR_NONE)
        return S("");
    text = str_from(text, at + strlen(label));
    size_t end = str_find(text, S("'\n"));
    return end == STR_NONE ? S("") : arena_dup(a, str_head(text, end));
}

static void detail_with_bytes(struct call *c, const char *name, const char *bytes_name, struct str text)
{
    if (text.n == 0)
        return;
    struct buf hex = BUF_INIT, spaced = BUF_INIT;
    codec_hex(&hex, text);
    for (size_t i = 0; i + 2 <= hex.n; i += 2)
        buf_f(&spaced, "%s%.2s", i ? " " : "", hex.p + i);
    s3call_detail(c, name, text);
    s3call_detail(c, bytes_name, arena_dup(c->arena, buf_str(&spaced)));
    buf_release(&hex);
    buf_release(&spaced);
}

static int mismatch(struct call *c, const struct err *why)
{
    s3call_detail(c, "AWSAccessKeyId", c->claim.access_key);
    s3call_detail(c, "SignatureProvided", c->claim.signature);
    detail_with_bytes(c, "StringToSign", "StringToSignBytes",
                      quoted(c->arena, why->message, "String-to-Sign should have been\n'"));
    detail_with_bytes(c, "CanonicalRequest", "CanonicalRequestBytes",
                      quoted(c->arena, why->message, "Canonical String for this request should have been\n'"));
    return call_fail(c, 403, "SignatureDoesNotMatch",
                     "The request signature we calculated does not match the signature you provided. Check your key "
                     "and signing method.");
}

static int skewed(struct call *c)
{
    s3call_detail(c, "RequestTime", c->claim.amz_date);
    s3call_detail(c, "ServerTime", s3call_iso(c, s3call_now_ms(c)));
    s3call_detail(c, "MaxAllowedSkewMilliseconds", S("900000"));
    return call_fail(c, 403, "RequestTimeTooSkewed",
                     "The difference between the request time and the current time is too large.");
}

static int expired(struct call *c, const struct err *why)
{
    bool early = str_starts(str_of(why->message), S("Request is not yet valid"));
    s3call_detail(c, "X-Amz-Expires", arena_f(c->arena, "%lld", (long long)c->claim.expires_s));
    s3call_detail(c, "ServerTime", s3call_iso(c, s3call_now_ms(c)));
    return call_fail(c, 403, "AccessDenied", early ? "Request is not yet valid" : "Request has expired");
}

static int wrong_body(struct call *c)
{
    uint8_t raw[SHA256_BYTES];
    codec_sha256(c->request->body, raw);
    struct buf hex = BUF_INIT;
    codec_hex(&hex, (struct str){ (char *)raw, sizeof raw });
    s3call_detail(c, "ClientComputedContentSHA256", c->claim.payload_hash);
    s3call_detail(c, "S3ComputedContentSHA256", arena_dup(c->arena, buf_str(&hex)));
    buf_release(&hex);
    return call_fail(c, 400, "XAmzContentSHA256Mismatch",
                     "The provided 'x-amz-content-sha256' header does not match what was computed.");
}

int signature_refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why)
{
    switch (verdict) {
    case SIGV4_OK: return 0;
    case SIGV4_ABSENT:
        if (s3call_header(c, "Authorization").p)
            return incomplete(c, why);
        return sigv2_present(c) ? sigv2_verify(c) : call_fail(c, 403, "AccessDenied", "Access Denied");
    case SIGV4_TWICE:
        return s3call_bad_argument(c, "Authorization", s3call_header(c, "Authorization"),
                                   "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature "
                                   "query string parameter or the Authorization header should be specified");
    case SIGV4_INCOMPLETE: return incomplete(c, why);
    case SIGV4_BAD_EXPIRES:
    case SIGV4_BAD_SCOPE: return malformed(c, why->message);
    case SIGV4_SKEWED: return skewed(c);
    case SIGV4_EXPIRED: return expired(c, why);
    case SIGV4_UNSIGNED_HEADER:
        return call_fail(c, 403, "AccessDenied", "There were headers present in the request which were not signed");
    case SIGV4_MISMATCH: return mismatch(c, why);
    case SIGV4_UNKNOWN_KEY:
        s3call_detail(c, "AWSAccessKeyId", c->claim.access_key);
        return call_fail(c, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
    case SIGV4_BODY_HASH: return wrong_body(c);
    }
    return call_fail(c, 403, "AccessDenied", "Access Denied");
}

int signature_check_claim(struct call *c)
{
    if (cloud_auth_mode(c->cloud) != CLOUD_AUTH_STRICT)
        return 0;
    if (!str_eq(c->claim.service, S("s3")))
        return malformed(c, arena_f(c->arena, "incorrect service \"" STR_F "\". This endpoint belongs to \"s3\".",
                                    STR_A(c->claim.service)).p);
    return 0;
}
