/* sigv2.c - see sigv2.h.
 *
 *   signature = base64(HMAC-SHA1(secret, method \n Content-MD5 \n Content-Type \n Expires \n amz-headers resource))
 *   amz-headers = each x-amz-* header, lower case, sorted, "name:value\n"
 *   resource = /bucket/key as it was sent, and those query parameters that name a subresource, sorted, decoded
 *
 * Source: "Signing and authenticating REST requests (AWS signature version 2)", S3 user guide.
 */
#include "mocks/s3/sigv2.h"

#include <stdlib.h>

#include "base/codec.h"
#include "mocks/cloud/accounts.h"
#include "mocks/cloud/cloud.h"

enum { MOST_NAMES = 64 };

static const char *const subresources[] = {
    "accelerate", "acl", "analytics", "cors", "delete", "inventory", "lifecycle", "location", "logging", "metrics",
    "notification", "object-lock", "partNumber", "policy", "replication", "requestPayment",
    "response-cache-control", "response-content-disposition", "response-content-encoding",
    "response-content-language", "response-content-type", "response-expires", "restore", "select", "select-type",
    "tagging", "torrent", "uploadId", "uploads", "versionId", "versioning", "versions", "website",
};

bool sigv2_present(const struct call *c)
{
    return s3call_query(c, "AWSAccessKeyId").n && s3call_query(c, "Signature").n && s3call_query(c, "Expires").n;
}

/* ---- the text signed ---- */

struct pair {
    struct str name, value;
};

static int by_name(const void *a, const void *b)
{
    return str_cmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

static struct str lower(struct arena *a, struct str text)
{
    char *copy = arena_z(a, text);
    for (size_t i = 0; i < text.n; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 32);
    return (struct str){ copy, text.n };
}

static bool is_amz(struct str name) { return str_eq_nocase(str_head(name, 6), S("x-amz-")); }

/* x-amz-* come as headers or, in URLs made for others to use, as query parameters. */
static void put_amz_headers(struct call *c, struct buf *out)
{
    const struct s3call *s = s3call_of(c);
    struct pair pairs[MOST_NAMES];
    size_t n = 0;
    for (size_t i = 0; i < c->request->n_headers && n < MOST_NAMES; i++)
        if (is_amz(c->request->headers[i].name))
            pairs[n++] = (struct pair){ lower(c->arena, c->request->headers[i].name), str_trim(c->request->headers[i].value) };
    for (size_t i = 0; i < s->n_queries && n < MOST_NAMES; i++)
        if (is_amz(s->queries[i].name) && !s3call_header(c, arena_z(c->arena, s->queries[i].name)).p)
            pairs[n++] = (struct pair){ lower(c->arena, s->queries[i].name), s->queries[i].value };
    qsort(pairs, n, sizeof *pairs, by_name);
    for (size_t i = 0; i < n; i++)
        buf_f(out, STR_F ":" STR_F "\n", STR_A(pairs[i].name), STR_A(pairs[i].value));
}

static void put_resource(struct call *c, struct buf *out)
{
    const struct s3call *s = s3call_of(c);
    struct str path_style = arena_f(c->arena, "/" STR_F, STR_A(s->bucket_name));
    if (!str_starts(c->request->path, path_style))
        buf_str_add(out, path_style); /* the bucket came by the host */
    buf_str_add(out, c->request->path);
    char mark = '?';
    for (size_t i = 0; i < sizeof subresources / sizeof *subresources; i++) {
        struct str value = s3call_query(c, subresources[i]);
        if (!value.p)
            continue;
        buf_f(out, "%c%s", mark, subresources[i]);
        if (value.n)
            buf_f(out, "=" STR_F, STR_A(value));
        mark = '&';
    }
}

static struct str text_to_sign(struct call *c)
{
    struct str type = s3call_header(c, "Content-Type"), md5 = s3call_header(c, "Content-MD5");
    struct buf out = BUF_INIT;
    buf_f(&out, STR_F "\n" STR_F "\n" STR_F "\n" STR_F "\n", STR_A(c->request->method),
          STR_A(md5.p ? md5 : s3call_query(c, "content-md5")), STR_A(type.p ? type : s3call_query(c, "content-type")),
          STR_A(s3call_query(c, "Expires")));
    put_amz_headers(c, &out);
    put_resource(c, &out);
    return arena_keep(c->arena, &out);
}

/* ---- the signature ---- */

static int check_time(struct call *c)
{
    struct str expires = s3call_query(c, "Expires");
    int64_t until_s;
    if (!str_to_i64(expires, &until_s))
        return call_fail(c, 403, "AccessDenied", "Invalid date (should be seconds since epoch): " STR_F, STR_A(expires));
    if (s3call_now_ms(c) / 1000 <= until_s)
        return 0;
    s3call_detail(c, "Expires", expires);
    s3call_detail(c, "ServerTime", s3call_iso(c, s3call_now_ms(c)));
    return call_fail(c, 403, "AccessDenied", "Request has expired");
}

int sigv2_verify(struct call *c)
{
    struct str access_key = s3call_query(c, "AWSAccessKeyId"), provided = s3call_query(c, "Signature");
    if (!accounts_secret(c->cloud, access_key, &c->secret, &c->account)) {
        s3call_detail(c, "AWSAccessKeyId", access_key);
        return call_fail(c, 403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.");
    }
    if (cloud_auth_mode(c->cloud) != CLOUD_AUTH_STRICT)
        return 0;
    if (check_time(c))
        return -1;
    uint8_t mac[SHA1_BYTES];
    struct str text = text_to_sign(c);
    codec_hmac_sha1(c->secret, text, mac);
    struct buf expected = BUF_INIT;
    codec_base64(&expected, (struct str){ (char *)mac, sizeof mac });
    bool same = codec_same(buf_str(&expected), provided);
    buf_release(&expected);
    if (same) {
        c->reason = S("");
        return 0;
    }
    call_reason(c, "signature version 2 differs; signed text: " STR_F, STR_A(text));
    s3call_detail(c, "AWSAccessKeyId", access_key);
    s3call_detail(c, "SignatureProvided", provided);
    s3call_detail(c, "StringToSign", text);
    return call_fail(c, 403, "SignatureDoesNotMatch",
                     "The request signature we calculated does not match the signature you provided. Check your key and "
                     "signing method.");
}
