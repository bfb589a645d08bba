/* body.c - what the bytes of a request are: aws-chunked framing undone, everything the client says of them verified.
 *
 *   x-amz-content-sha256                         framing      verified here
 *   64 hex digits, UNSIGNED-PAYLOAD              none         (by the core)
 *   STREAMING-AWS4-HMAC-SHA256-PAYLOAD           aws-chunked  each chunk's signature
 *   STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER   aws-chunked  each chunk's signature, the trailer's signature
 *   STREAMING-UNSIGNED-PAYLOAD-TRAILER           aws-chunked  the checksum in the trailer
 *   in all: Content-MD5, x-amz-checksum-*
 *
 * Source: "Signature calculations" and "Checking object integrity", S3 API reference and user guide.
 */
#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/s3/actions.h"
#include "mocks/s3/awschunk.h"
#include "mocks/s3/s3call.h"

/* ---- chunks ---- */

struct unframing {
    struct call *call;
    bool verify;           /* signatures of chunks */
    struct str signature;  /* of what came before: the chain's last link */
    struct buf trailers;   /* canonical, for the trailer's signature */
    enum checksum_kind kind;
    struct str sum;        /* of the trailer */
    bool trailer_signed;
    bool mismatch;
};

static struct str hash_hex(struct arena *a, struct str bytes)
{
    uint8_t raw[SHA256_BYTES];
    codec_sha256(bytes, raw);
    struct buf hex = BUF_INIT;
    codec_hex(&hex, (struct str){ (char *)raw, sizeof raw });
    return arena_keep(a, &hex);
}

#define EMPTY_HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static bool link_matches(struct unframing *u, const char *algorithm, struct str tail, struct str signature)
{
    struct call *c = u->call;
    struct str text = arena_f(c->arena, "%s\n" STR_F "\n" STR_F "/" STR_F "/" STR_F "/aws4_request\n" STR_F "\n" STR_F,
                              algorithm, STR_A(c->claim.amz_date), STR_A(c->claim.date), STR_A(c->claim.region),
                              STR_A(c->claim.service), STR_A(u->signature), STR_A(tail));
    struct str expected = sigv4_mac(cloud_sigv4(c->cloud), &c->claim, c->secret, text, c->arena);
    u->signature = expected;
    u->mismatch = !codec_same(expected, signature);
    if (u->mismatch)
        call_reason(c, "chunk signature " STR_F " was expected, " STR_F " came; signed text: " STR_F, STR_A(expected),
                    STR_A(signature), STR_A(text));
    return !u->mismatch;
}

static bool on_chunk(void *arg, struct str data, struct str signature)
{
    struct unframing *u = arg;
    if (!u->verify)
        return true;
    struct str tail = arena_f(u->call->arena, EMPTY_HASH "\n" STR_F, STR_A(hash_hex(u->call->arena, data)));
    return link_matches(u, "AWS4-HMAC-SHA256-PAYLOAD", tail, signature);
}

static bool on_trailer(void *arg, struct str name, struct str value)
{
    struct unframing *u = arg;
    if (str_eq(name, S("x-amz-trailer-signature"))) {
        u->trailer_signed = true;
        struct str tail = hash_hex(u->call->arena, buf_str(&u->trailers));
        return !u->verify || link_matches(u, "AWS4-HMAC-SHA256-TRAILER", tail, value);
    }
    buf_f(&u->trailers, STR_F ":" STR_F "\n", STR_A(name), STR_A(value));
    enum checksum_kind kind = checksum_of_header(name);
    if (kind != CHECKSUM_NONE) {
        u->kind = kind;
        u->sum = arena_dup(u->call->arena, value);
    }
    return true;
}

static int incomplete(struct call *c, const char *why)
{
    call_reason(c, "aws-chunked body: %s", why);
    return call_fail(c, 400, "IncompleteBody", "The request body terminated unexpectedly");
}

static int check_trailer(struct call *c, const struct unframing *u, bool must_be_signed)
{
    struct str announced = s3call_header(c, "x-amz-trailer");
    if (announced.n && !str_eq_nocase(str_trim(announced), str_of(checksum_rows[u->kind].header)) &&
        checksum_of_header(str_trim(announced)) != CHECKSUM_NONE) {
        call_reason(c, "x-amz-trailer announces " STR_F " and the trailer does not hold it", STR_A(announced));
        return call_fail(c, 400, "MalformedTrailerError",
                         "The request contained trailing data that was not well-formed or did not conform to our "
                         "published schema.");
    }
    if (must_be_signed && u->verify && u->trailers.n && !u->trailer_signed) {
        call_reason(c, "the trailer carries no x-amz-trailer-signature");
        return call_fail(c, 403, "SignatureDoesNotMatch",
                         "The request signature we calculated does not match the signature you provided. Check your "
                         "key and signing method.");
    }
    return 0;
}

static int decode(struct call *c, struct unframing *u, bool chunks_signed, uint64_t length, struct str *ret)
{
    struct str framed = c->request->body;
    /* As large as its ceiling from the start, so it is never grown and may lie in the arena. */
    size_t room = length ? (size_t)length : 1;
    struct buf plain = { .p = arena_alloc(c->arena, room), .cap = room, .max = room };
    struct awschunk *d = ARENA_NEW(c->arena, struct awschunk);
    *d = (struct awschunk){ .is_signed = chunks_signed, .out = &plain, .chunk = on_chunk, .trailer = on_trailer, .arg = u };
    int bad = awschunk_push(d, framed);
    if (u->mismatch)
        return call_fail(c, 403, "SignatureDoesNotMatch",
                         "The request signature we calculated does not match the signature you provided. Check your "
                         "key and signing method.");
    if (bad || !awschunk_complete(d))
        return incomplete(c, bad ? d->error : "it ends before its last chunk");
    if (plain.n != length)
        return incomplete(c, "it is shorter than x-amz-decoded-content-length");
    *ret = buf_str(&plain);
    return 0;
}

static int unframe(struct call *c, struct str kind, struct unframing *u)
{
    static const struct { struct str name; bool chunks_signed; } framings[] = {
        { S_INIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"), true },
        { S_INIT("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"), true },
        { S_INIT("STREAMING-UNSIGNED-PAYLOAD-TRAILER"), false },
    };
    size_t i = 0;
    while (i < 3 && !str_eq(kind, framings[i].name))
        i++;
    if (i == 3)
        return s3call_bad_argument(c, "x-amz-content-sha256", kind,
                                   "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, "
                                   "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or "
                                   "a valid sha256 value.");
    int64_t length;
    struct str text = s3call_header(c, "x-amz-decoded-content-length");
    if (!text.p)
        return call_fail(c, 411, "MissingContentLength", "You must provide the Content-Length HTTP header.");
    if (!str_to_i64(text, &length) || length < 0)
        return s3call_bad_argument(c, "x-amz-decoded-content-length", text, "x-amz-decoded-content-length must be a number");
    if ((uint64_t)length > c->request->body.n)
        return incomplete(c, "it is shorter than x-amz-decoded-content-length");
    u->verify = framings[i].chunks_signed && !c->internal && cloud_auth_mode(c->cloud) == CLOUD_AUTH_STRICT;
    u->signature = c->claim.signature;
    if (decode(c, u, framings[i].chunks_signed, (uint64_t)length, &s3call_of(c)->body))
        return -1;
    return check_trailer(c, u, framings[i].chunks_signed);
}

/* ---- digests ---- */

static int check_md5(struct call *c)
{
    struct str sent = s3call_header(c, "Content-MD5");
    if (!sent.p)
        return 0;
    struct buf raw = BUF_MAX(32);
    uint8_t md5[MD5_BYTES];
    codec_md5(s3call_of(c)->body, md5);
    bool valid = sent.n == 24 && codec_unbase64(&raw, sent) && raw.n == MD5_BYTES;
    bool same = valid && memcmp(raw.p, md5, MD5_BYTES) == 0;
    buf_release(&raw);
    if (!valid)
        return call_fail(c, 400, "InvalidDigest", "The Content-MD5 you specified was invalid.");
    if (same)
        return 0;
    struct buf computed = BUF_INIT;
    codec_base64(&computed, (struct str){ (char *)md5, sizeof md5 });
    s3call_detail(c, "ExpectedDigest", sent);
    s3call_detail(c, "CalculatedDigest", arena_dup(c->arena, buf_str(&computed)));
    buf_release(&computed);
    return call_fail(c, 400, "BadDigest", "The Content-MD5 you specified did not match what we received.");
}

/* The one checksum among the headers, or of the trailer. */
static int find_sum(struct call *c, const struct unframing *u, enum checksum_kind *ret_kind, struct str *ret_text)
{
    enum checksum_kind kind = u->kind;
    struct str text = u->sum;
    for (size_t i = 0; i < c->request->n_headers; i++) {
        const struct http_header *h = &c->request->headers[i];
        enum checksum_kind found = checksum_of_header(h->name);
        if (found == CHECKSUM_NONE)
            continue;
        if (kind != CHECKSUM_NONE)
            return call_fail(c, 400, "InvalidRequest",
                             "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
        kind = found;
        text = h->value.p ? h->value : S("");
    }
    struct str named = s3call_header(c, "x-amz-sdk-checksum-algorithm");
    if (named.n && kind == CHECKSUM_NONE && s3call_of(c)->body.n)
        return call_fail(c, 400, "InvalidRequest",
                         "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or "
                         "x-amz-trailer headers were found.");
    if (named.n && kind != CHECKSUM_NONE && checksum_named(named) != kind)
        return call_fail(c, 400, "InvalidRequest", "Value for x-amz-sdk-checksum-algorithm header is invalid.");
    *ret_kind = kind;
    *ret_text = text;
    return 0;
}

static int check_sum(struct call *c, const struct unframing *u)
{
    enum checksum_kind kind = CHECKSUM_NONE;
    struct str text = S("");
    struct checksum sent;
    if (find_sum(c, u, &kind, &text))
        return -1;
    if (kind == CHECKSUM_NONE)
        return 0;
    if (!checksum_parse(kind, text, &sent) || sent.composite_of)
        return call_fail(c, 400, "InvalidRequest", "Value for %s header is invalid.", checksum_rows[kind].header);
    struct checksum *computed = &s3call_of(c)->sum;
    checksum_compute(kind, s3call_of(c)->body, computed);
    if (!checksum_same(computed, &sent))
        return call_fail(c, 400, "BadDigest", "The %s you specified did not match the calculated checksum.",
                         checksum_rows[kind].name);
    return 0;
}

int body_bind(struct call *c)
{
    struct unframing u = { .call = c };
    struct str payload = s3call_header(c, "x-amz-content-sha256");
    int result = c->claim.signature.n && !c->internal ? signature_check_claim(c) : 0;
    if (result == 0 && str_starts(payload, S("STREAMING-")))
        result = unframe(c, payload, &u);
    else if (result == 0 && str_eq_nocase(s3call_header(c, "Transfer-Encoding"), S("chunked")))
        result = s3call_not_implemented(c, "Transfer-Encoding");
    buf_release(&u.trailers);
    if (result == 0)
        result = check_md5(c);
    if (result == 0 && !s3call_of(c)->sums_are_the_objects)
        result = check_sum(c, &u);
    return result;
}
