/* sigv4.h - AWS Signature Version 4: one canonicaliser that both signs and verifies.
 *
 * Source: "Create a signed AWS API request" in the AWS IAM user guide. S3 signs the path as it was sent, all
 * other services sign it percent-encoded once more. libcurl's own AWS_SIGV4 gets keys with '=' or '+' and
 * uploads wrong, which is why this exists.
 */
#ifndef NET_SIGV4_H
#define NET_SIGV4_H

#include "base/arena.h"
#include "base/err.h"
#include "net/message.h"

/* Derived signing keys are cached per (secret, day, region, service); one cache per cloud or client.
 * Safe from many threads. */
struct sigv4_cache;
struct sigv4_cache *sigv4_open(void);
void sigv4_close(struct sigv4_cache *c);

struct sigv4_key {
    struct str access_key, secret, session_token; /* token: n == 0 when there is none */
};

enum { SIGV4_MAX_HEADERS = 5 };
/* Signs r and yields the headers to add: x-amz-date, authorization, for S3 x-amz-content-sha256, with a session
 * token x-amz-security-token. r->headers must hold host already and every header that shall be signed.
 * payload_hash: p == NULL = hash r->body; or "UNSIGNED-PAYLOAD". Headers of these names that r has already are signed
 * as they are and not yielded again. Answers the number of headers in ret. */
size_t sigv4_sign(struct sigv4_cache *c, const struct sigv4_key *key, struct str region, struct str service,
                  int64_t now_ms, const struct http_request *r, struct str payload_hash, struct arena *a,
                  struct http_header ret[SIGV4_MAX_HEADERS]);

/* The target of r with the signature in its query (a presigned URL without scheme and host), good for expires_s.
 * r->headers must hold host; all of them are signed. Of S3's the body is left unsigned. */
struct str sigv4_presign(struct sigv4_cache *c, const struct sigv4_key *key, struct str region, struct str service,
                         int64_t now_ms, int64_t expires_s, const struct http_request *r, struct arena *a);

/* Why a request is refused; each service has its own code for it. */
enum sigv4_verdict {
    SIGV4_OK = 0,
    SIGV4_ABSENT,      /* no signature at all */
    SIGV4_TWICE,       /* both header and query form */
    SIGV4_INCOMPLETE,  /* a part is missing or malformed; the message names it */
    SIGV4_SKEWED,      /* the date is more than 15 minutes off */
    SIGV4_EXPIRED,     /* a presigned URL past its X-Amz-Expires, or not yet valid */
    SIGV4_BAD_EXPIRES, /* X-Amz-Expires not in 1..604800 */
    SIGV4_BAD_SCOPE,   /* credential scope: date, region or service do not fit */
    SIGV4_UNSIGNED_HEADER, /* host or an x-amz-* header was not signed */
    SIGV4_MISMATCH,    /* the signature differs; the message shows the canonical request expected */
    SIGV4_UNKNOWN_KEY, /* not found by the caller of sigv4_verify; never answered by it */
    SIGV4_BODY_HASH,   /* x-amz-content-sha256 is not the body's */
};

/* What a request says of its own signature. Views into the request or the arena. */
struct sigv4_claim {
    struct str access_key, date, region, service; /* the credential scope; date is yyyymmdd */
    struct str amz_date;                          /* yyyymmddThhmmssZ */
    struct str signed_headers, signature;
    struct str payload_hash; /* x-amz-content-sha256, or the body's hash computed; hex or UNSIGNED-/STREAMING- */
    struct str session_token;
    int64_t expires_s; /* presigned: X-Amz-Expires */
    bool presigned;
};

/* Reads the claim: SIGV4_OK, ABSENT, TWICE, INCOMPLETE or BAD_EXPIRES. */
enum sigv4_verdict sigv4_parse(const struct http_request *r, struct arena *a, struct sigv4_claim *ret_claim,
                               struct err *e);
/* Checks a parsed claim against the secret. service: expected scope service ("s3"), n == 0 = any. */
enum sigv4_verdict sigv4_verify(struct sigv4_cache *c, const struct http_request *r, const struct sigv4_claim *claim,
                                struct str secret, struct str service, int64_t now_ms, struct arena *a,
                                struct err *e);
/* hex(HMAC(signing key of the claim, text)): for the chunks of STREAMING-AWS4-HMAC-SHA256-PAYLOAD bodies. */
struct str sigv4_mac(struct sigv4_cache *c, const struct sigv4_claim *claim, struct str secret, struct str text,
                     struct arena *a);

#endif
