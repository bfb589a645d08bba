/* s3call.c - reading host, path, query and headers; the errors and answers all actions share. See s3call.h. */
#include "mocks/s3/s3call.h"

#include "base/codec.h"
#include "base/utf8.h"
#include "mocks/cloud/cloud.h"

enum { USER_META_BYTES = 2048 };

/* ---- where a request points ---- */

/* "bucket" of bucket.s3.amazonaws.com, bucket.s3.us-east-1.amazonaws.com, bucket.s3.localhost.… or bucket.localhost;
 * empty when the host names no bucket. */
static struct str bucket_of_host(struct str host)
{
    size_t colon = str_chr(host, ':');
    if (colon != STR_NONE)
        host = str_head(host, colon);
    if (str_ends(host, S(".localhost")) && !str_ends(host, S(".s3.localhost")))
        return str_head(host, host.n - 10).n == 2 ? S("") : str_head(host, host.n - 10);
    for (size_t i = host.n; i-- > 1;) /* the rightmost, since names of buckets may hold dots */
        if (host.p[i] == '.' && (str_starts(str_from(host, i), S(".s3.")) || str_starts(str_from(host, i), S(".s3-"))))
            return str_head(host, i);
    return S("");
}

static bool hex_digit(char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

/* The decoded text; p == NULL when an escape is malformed. A view of the input when nothing is escaped. */
static struct str decode(struct arena *a, struct str text, bool plus)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '%' && !(i + 2 < text.n && hex_digit(text.p[i + 1]) && hex_digit(text.p[i + 2])))
            return (struct str){ 0 };
    return text.p ? codec_plain(a, text, plus) : S("");
}

static int bad_uri(struct call *c)
{
    s3call_detail(c, "URI", c->request->target);
    return call_fail(c, 400, "InvalidURI", "Couldn't parse the specified URI.");
}

static int read_queries(struct call *c, struct s3call *s)
{
    for (struct str rest = c->request->query; rest.n;) {
        struct str value = str_cut(&rest, '&');
        if (value.n == 0)
            continue;
        if (s->n_queries == S3CALL_QUERIES)
            return call_fail(c, 400, "InvalidURI", "The request has more than %d query parameters.", S3CALL_QUERIES);
        struct str name = decode(c->arena, str_cut(&value, '='), true);
        value = value.p ? decode(c->arena, value, true) : S("");
        if (!name.p || !value.p)
            return bad_uri(c);
        s->queries[s->n_queries].name = name;
        s->queries[s->n_queries++].value = value;
    }
    return 0;
}

static int read_path(struct call *c, struct s3call *s)
{
    struct str path = c->request->path;
    if (!path.n || path.p[0] != '/')
        return bad_uri(c);
    path = str_from(path, 1);
    s->bucket_name = bucket_of_host(s3call_header(c, "Host"));
    if (!s->bucket_name.n) {
        s->bucket_name = decode(c->arena, str_cut(&path, '/'), false);
        path = path.p ? path : S("");
        if (!s->bucket_name.n && !path.n)
            return s->bucket_name.p ? 0 : bad_uri(c);
    }
    s->level = path.n ? S3CALL_OBJECT : S3CALL_BUCKET;
    s->key = decode(c->arena, path, false);
    if (!s->key.p || !s->bucket_name.p || !utf8_valid(s->key))
        return bad_uri(c);
    c->resource = s->key.n ? arena_f(c->arena, STR_F "/" STR_F, STR_A(s->bucket_name), STR_A(s->key)) : s->bucket_name;
    return 0;
}

bool s3call_bucket_name_valid(struct str name)
{
    static const char *const forbidden_starts[] = { "xn--", "sthree-", "amzn-s3-demo-" };
    static const char *const forbidden_ends[] = { "-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3" };
    if (name.n < 3 || name.n > 63)
        return false;
    bool only_digits_and_dots = true;
    for (size_t i = 0; i < name.n; i++) {
        char ch = name.p[i];
        bool digit = ch >= '0' && ch <= '9', letter = ch >= 'a' && ch <= 'z', edge = i == 0 || i == name.n - 1;
        if (!(digit || letter || (!edge && (ch == '-' || (ch == '.' && name.p[i - 1] != '.')))))
            return false;
        only_digits_and_dots = only_digits_and_dots && (digit || ch == '.');
    }
    size_t dots = 0;
    for (size_t i = 0; i < name.n; i++)
        dots += name.p[i] == '.';
    if (only_digits_and_dots && dots == 3) /* looks like an address */
        return false;
    for (size_t i = 0; i < sizeof forbidden_starts / sizeof *forbidden_starts; i++)
        if (str_starts(name, str_of(forbidden_starts[i])))
            return false;
    for (size_t i = 0; i < sizeof forbidden_ends / sizeof *forbidden_ends; i++)
        if (str_ends(name, str_of(forbidden_ends[i])))
            return false;
    return true;
}

int s3call_begin(struct call *c)
{
    struct s3call *s = ARENA_NEW(c->arena, struct s3call);
    c->args = s;
    s->body = c->request->body;
    if (read_path(c, s) || read_queries(c, s))
        return -1;
    if (s->level != S3CALL_SERVICE && !s3call_bucket_name_valid(s->bucket_name)) {
        s3call_detail(c, "BucketName", s->bucket_name);
        return call_fail(c, 400, "InvalidBucketName", "The specified bucket is not valid.");
    }
    if (s->key.n > S3CALL_KEY_BYTES) {
        s3call_detail(c, "Size", arena_f(c->arena, "%zu", s->key.n));
        s3call_detail(c, "MaxSizeAllowed", arena_f(c->arena, "%d", S3CALL_KEY_BYTES));
        return call_fail(c, 400, "KeyTooLongError", "Your key is too long");
    }
    return 0;
}

void s3call_end(struct call *c)
{
    struct s3call *s = c->args;
    if (s) {
        store_release(s->bucket);
        s->bucket = NULL;
    }
}

struct str s3call_query(const struct call *c, const char *name)
{
    const struct s3call *s = s3call_of(c);
    for (size_t i = 0; i < s->n_queries; i++)
        if (str_is(s->queries[i].name, name))
            return s->queries[i].value;
    return (struct str){ 0 };
}

int s3call_number(struct call *c, const char *name, int64_t otherwise, int64_t *ret)
{
    struct str text = s3call_query(c, name);
    int64_t v = otherwise;
    if (text.n && (!str_to_i64(text, &v) || v < 0 || v > INT32_MAX))
        return s3call_bad_argument(c, name, text, "Argument %s must be an integer between 0 and 2147483647", name);
    *ret = v;
    return 0;
}

int64_t s3call_now_ms(struct call *c) { return clock_now_ms(cloud_clock(c->cloud)); }

/* ---- buckets ---- */

int s3call_other_bucket(struct call *c, struct str name, struct bucket **ret)
{
    struct bucket *b = store_acquire(s3call_state(c)->store, name);
    if (!b) {
        s3call_detail(c, "BucketName", name);
        return call_fail(c, 404, "NoSuchBucket", "The specified bucket does not exist");
    }
    if (!c->internal && !str_is(c->account, b->owner)) {
        call_reason(c, "bucket " STR_F " belongs to account %s, the key to " STR_F, STR_A(name), b->owner,
                    STR_A(c->account));
        store_release(b);
        return call_fail(c, 403, "AccessDenied", "Access Denied");
    }
    *ret = b;
    return 0;
}

int s3call_bucket(struct call *c)
{
    struct s3call *s = s3call_of(c);
    if (s3call_other_bucket(c, s->bucket_name, &s->bucket))
        return -1;
    struct str expected = s3call_header(c, "x-amz-expected-bucket-owner");
    if (expected.p && !str_is(expected, s->bucket->owner)) {
        call_reason(c, "x-amz-expected-bucket-owner is not the bucket's owner %s", s->bucket->owner);
        return call_fail(c, 403, "AccessDenied", "Access Denied");
    }
    return 0;
}

int s3call_write_condition(struct call *c, struct store_if *ret)
{
    struct str none = s3call_header(c, "If-None-Match");
    if (none.p && !str_eq(none, S("*")))
        return s3call_not_implemented(c, "If-None-Match");
    *ret = (struct store_if){ .match = s3call_header(c, "If-Match"), .none_match = none.p != NULL };
    return 0;
}

/* ---- headers kept with an object ---- */

static const struct { struct str asked; const char *kept; } kept_headers[] = {
    { S_INIT("content-type"), "Content-Type" },
    { S_INIT("cache-control"), "Cache-Control" },
    { S_INIT("content-disposition"), "Content-Disposition" },
    { S_INIT("content-encoding"), "Content-Encoding" },
    { S_INIT("content-language"), "Content-Language" },
    { S_INIT("expires"), "Expires" },
    { S_INIT("x-amz-website-redirect-location"), "x-amz-website-redirect-location" },
    { S_INIT("x-amz-storage-class"), "x-amz-storage-class" },
    { S_INIT("x-amz-server-side-encryption"), "x-amz-server-side-encryption" },
    { S_INIT("x-amz-server-side-encryption-aws-kms-key-id"), "x-amz-server-side-encryption-aws-kms-key-id" },
    { S_INIT("x-amz-server-side-encryption-bucket-key-enabled"), "x-amz-server-side-encryption-bucket-key-enabled" },
};

static const char *const unbuilt_headers[] = {
    "x-amz-server-side-encryption-customer-algorithm", "x-amz-object-lock-mode", "x-amz-object-lock-legal-hold",
    "x-amz-object-lock-retain-until-date", "x-amz-write-offset-bytes",
};

static bool one_of(struct str value, const char *const *list)
{
    for (; *list; list++)
        if (str_is(value, *list))
            return true;
    return false;
}

/* aws-chunked is how it was sent, not how it is stored. */
static struct str without_aws_chunked(struct arena *a, struct str encodings)
{
    struct buf kept = BUF_INIT;
    for (struct str rest = encodings; rest.p;) {
        struct str one = str_trim(str_cut(&rest, ','));
        if (one.n && !str_eq_nocase(one, S("aws-chunked")))
            buf_f(&kept, "%s" STR_F, kept.n ? "," : "", STR_A(one));
    }
    return arena_keep(a, &kept);
}

static bool printable(struct str value)
{
    for (size_t i = 0; i < value.n; i++)
        if ((unsigned char)value.p[i] < 0x20 && value.p[i] != '\t')
            return false;
    return true;
}

static int keep_header(struct call *c, const struct http_header *h, struct buf *meta, size_t *user_bytes)
{
    static const char *const classes[] = { "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA",
        "INTELLIGENT_TIERING", "GLACIER", "DEEP_ARCHIVE", "GLACIER_IR", NULL };
    static const char *const encryptions[] = { "AES256", "aws:kms", "aws:kms:dsse", NULL };
    struct str value = h->value.p ? h->value : S("");
    bool user = str_eq_nocase(str_head(h->name, 11), S("x-amz-meta-"));
    const char *kept = NULL;
    for (size_t i = 0; !user && !kept && i < sizeof kept_headers / sizeof *kept_headers; i++)
        if (str_eq_nocase(h->name, kept_headers[i].asked))
            kept = kept_headers[i].kept;
    if (!user && !kept)
        return 0;
    if (!printable(value) || !printable(h->name))
        return call_fail(c, 400, "InvalidArgument", "A header holds a control character.");
    if (kept && strcmp(kept, "Content-Encoding") == 0)
        value = without_aws_chunked(c->arena, value);
    if (kept && strcmp(kept, "x-amz-storage-class") == 0 && !one_of(value, classes))
        return call_fail(c, 400, "InvalidStorageClass", "The storage class you specified is not valid");
    if (kept && strcmp(kept, "x-amz-server-side-encryption") == 0 && !one_of(value, encryptions))
        return s3call_bad_argument(c, kept, value, "The encryption method specified is not supported");
    if (kept && value.n == 0)
        return 0;
    if (user)
        *user_bytes += h->name.n - 11 + value.n;
    size_t at = meta->n;
    buf_str_add(meta, kept ? str_of(kept) : h->name);
    for (size_t i = at; user && i < meta->n; i++)
        if (meta->p[i] >= 'A' && meta->p[i] <= 'Z')
            meta->p[i] = (char)(meta->p[i] + 32);
    buf_f(meta, ": " STR_F "\n", STR_A(value));
    return 0;
}

/* Canned ACLs are accepted and change nothing; made-up ones are refused. */
static int check_acl(struct call *c)
{
    static const char *const acls[] = { "private", "public-read", "public-read-write", "authenticated-read",
        "aws-exec-read", "bucket-owner-read", "bucket-owner-full-control", "log-delivery-write", NULL };
    struct str acl = s3call_header(c, "x-amz-acl");
    return acl.n && !one_of(acl, acls) ? s3call_bad_argument(c, "x-amz-acl", acl, "The canned ACL is not valid") : 0;
}

int s3call_meta(struct call *c, struct str *ret_meta)
{
    struct buf meta = BUF_INIT;
    size_t user_bytes = 0;
    int result = check_acl(c);
    for (size_t i = 0; i < sizeof unbuilt_headers / sizeof *unbuilt_headers && result == 0; i++)
        if (s3call_header(c, unbuilt_headers[i]).p)
            result = s3call_not_implemented(c, unbuilt_headers[i]);
    for (size_t i = 0; i < c->request->n_headers && result == 0; i++)
        result = keep_header(c, &c->request->headers[i], &meta, &user_bytes);
    if (result == 0 && user_bytes > USER_META_BYTES) {
        s3call_detail(c, "Size", arena_f(c->arena, "%zu", user_bytes));
        s3call_detail(c, "MaxSizeAllowed", S("2048"));
        result = call_fail(c, 400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size");
    }
    if (result == 0)
        *ret_meta = arena_dup(c->arena, buf_str(&meta));
    buf_release(&meta);
    return result;
}

struct str s3call_meta_get(struct str meta, const char *name)
{
    for (struct str rest = meta; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        size_t colon = str_chr(line, ':');
        if (colon != STR_NONE && str_eq_nocase(str_head(line, colon), str_of(name)))
            return str_from(line, colon + 2);
    }
    return (struct str){ 0 };
}

/* ---- errors ---- */

void s3call_detail(struct call *c, const char *name, struct str value)
{
    struct s3call *s = s3call_of(c);
    if (s->n_details < S3CALL_DETAILS) {
        s->details[s->n_details].name = name;
        s->details[s->n_details++].value = value;
    }
}

int s3call_bad_argument(struct call *c, const char *name, struct str value, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct str text = arena_vf(c->arena, fmt, ap);
    va_end(ap);
    s3call_detail(c, "ArgumentName", str_of(name));
    s3call_detail(c, "ArgumentValue", value);
    return call_fail(c, 400, "InvalidArgument", STR_F, STR_A(text));
}

int s3call_not_implemented(struct call *c, const char *header)
{
    s3call_detail(c, "Header", str_of(header));
    call_reason(c, "header %s: what it asks for is not built", header);
    return call_fail(c, 501, "NotImplemented", "A header you provided implies functionality that is not implemented");
}

int s3call_malformed_xml(struct call *c)
{
    return call_fail(c, 400, "MalformedXML",
                     "The XML you provided was not well-formed or did not validate against our published schema");
}

static int failed_condition(struct call *c, const char *header)
{
    s3call_detail(c, "Condition", str_of(header));
    return call_fail(c, 412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold");
}

int s3call_refused(struct call *c, enum store_result result)
{
    const struct s3call *s = s3call_of(c);
    switch (result) {
    case STORE_OK: return 0;
    case STORE_NO_BUCKET:
        s3call_detail(c, "BucketName", s->bucket_name);
        return call_fail(c, 404, "NoSuchBucket", "The specified bucket does not exist");
    case STORE_BUCKET_EXISTS:
        s3call_detail(c, "BucketName", s->bucket_name);
        return call_fail(c, 409, "BucketAlreadyExists",
                         "The requested bucket name is not available. The bucket namespace is shared by all users of "
                         "the system. Please select a different name and try again.");
    case STORE_BUCKET_NOT_EMPTY:
        s3call_detail(c, "BucketName", s->bucket_name);
        return call_fail(c, 409, "BucketNotEmpty", "The bucket you tried to delete is not empty");
    case STORE_NO_KEY:
    case STORE_IS_MARKER:
        s3call_detail(c, "Key", s->key);
        return call_fail(c, 404, "NoSuchKey", "The specified key does not exist.");
    case STORE_NO_VERSION:
        s3call_detail(c, "Key", s->key);
        s3call_detail(c, "VersionId", s3call_query(c, "versionId"));
        return call_fail(c, 404, "NoSuchVersion", "The specified version does not exist.");
    case STORE_IF_MATCH: return failed_condition(c, "If-Match");
    case STORE_IF_NONE_MATCH: return failed_condition(c, "If-None-Match");
    case STORE_NO_UPLOAD:
        s3call_detail(c, "UploadId", s3call_query(c, "uploadId"));
        return call_fail(c, 404, "NoSuchUpload",
                         "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
                         "been aborted or completed.");
    case STORE_DISK: break;
    }
    call_reason(c, "the bucket's log in the data directory could not be written; check free space and permissions");
    return call_fail(c, 500, "InternalError", "We encountered an internal error. Please try again.");
}

/* ---- answers ---- */

struct buf *s3call_xml(struct call *c, const char *root)
{
    call_header(c, "Content-Type", S("application/xml"));
    struct buf *out = call_body(c);
    buf_z(out, XML_DECLARATION "<");
    buf_z(out, root);
    buf_z(out, " xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    return out;
}

void s3call_etag_header(struct call *c, const char *etag)
{
    char quoted[STORE_ETAG + 2];
    size_t n = strlen(etag);
    quoted[0] = quoted[n + 1] = '"';
    memcpy(quoted + 1, etag, n);
    call_header(c, "ETag", (struct str){ quoted, n + 2 });
}

void s3call_sum_header(struct call *c, const struct checksum *sum)
{
    if (sum->kind == CHECKSUM_NONE)
        return;
    struct buf text = BUF_INIT;
    checksum_print(sum, &text);
    call_header(c, checksum_rows[sum->kind].header, buf_str(&text));
    buf_release(&text);
}

void s3call_sum_elements(struct buf *out, const struct checksum *sum)
{
    if (sum->kind == CHECKSUM_NONE)
        return;
    buf_f(out, "<%s>", checksum_rows[sum->kind].element);
    checksum_print(sum, out);
    buf_f(out, "</%s>", checksum_rows[sum->kind].element);
}

void s3call_version_header(struct call *c, const struct version *v, const struct bucket *b)
{
    if (v->id[0])
        call_header(c, "x-amz-version-id", str_of(v->id));
    else if (b->versioning != VERSIONING_NEVER)
        call_header(c, "x-amz-version-id", S("null"));
}

void s3call_owner(struct buf *out, const char *element, struct str account)
{
    buf_f(out, "<%s><ID>", element);
    for (int i = 0; i < 64; i++) /* canonical ids have 64 digits */
        buf_c(out, account.n ? account.p[(size_t)i % account.n] : '0');
    buf_z(out, "</ID>");
    xml_put(out, "DisplayName", account);
    buf_f(out, "</" STR_F ">", STR_A(str_cut(&(struct str){ element, strlen(element) }, ' ')));
}

struct str s3call_iso(struct call *c, int64_t ms)
{
    char text[CLOCK_TEXT];
    return arena_dup(c->arena, str_of(clock_iso(ms, text)));
}
