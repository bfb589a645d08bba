/* sigv4_canonical.c - method, path, query, headers in the form that is hashed and signed.
 *
 * Source: AWS IAM user guide, "Create a signed AWS API request", step 1.
 *
 *   path     S3: every byte encoded exactly once. Others: dots and double slashes resolved, and the path as sent
 *            encoded once more.
 *   query    every name and value encoded exactly once, sorted by name, then by value
 *   headers  name:value, the values of one name joined by commas, runs of blanks made one
 */
#include "net/sigv4_canonical.h"

#include <stdlib.h>

#include "base/codec.h"

bool sigv4_canonical_is_s3(struct str service)
{
    static const char *const names[] = { "s3", "s3express", "s3-object-lambda", "s3-outposts" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (str_is(service, names[i]))
            return true;
    return false;
}

/* Encoded once, whatever it was before. */
static void encode_once(struct buf *out, struct str s, bool plus)
{
    struct buf plain = BUF_INIT;
    codec_unpercent(&plain, s, plus);
    codec_percent(out, buf_str(&plain), "");
    buf_release(&plain);
}

/* Between the slashes only: a slash that was sent as %2F belongs to a name and stays %2F. */
static void s3_path(struct buf *out, struct str path)
{
    for (struct str rest = path; rest.p;) {
        encode_once(out, str_cut(&rest, '/'), false);
        if (rest.p)
            buf_c(out, '/');
    }
}

/* RFC 3986 section 5.2.4, and empty segments dropped. */
static void normal_path(struct buf *out, struct str path, struct arena *a)
{
    size_t n = 0, most = 1;
    for (size_t i = 0; i < path.n; i++)
        most += path.p[i] == '/';
    struct str *kept = ARENA_ARRAY(a, struct str, most);
    struct str rest = path;
    while (rest.p) {
        struct str segment = str_cut(&rest, '/');
        if (str_is(segment, ".."))
            n -= n > 0;
        else if (segment.n && !str_is(segment, "."))
            kept[n++] = segment;
    }
    for (size_t i = 0; i < n; i++) {
        buf_c(out, '/');
        codec_percent(out, kept[i], "");
    }
    if (n == 0 || str_ends(path, S("/")))
        buf_c(out, '/');
}

struct pair {
    struct str name, value;
};

static int pair_cmp(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : str_cmp(x->value, y->value);
}

static struct str encoded(struct str s, struct arena *a)
{
    struct buf b = BUF_INIT;
    encode_once(&b, s, true);
    struct str copy = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return copy;
}

static void put_query(struct buf *out, struct str query, struct arena *a)
{
    if (!query.n)
        return;
    size_t n = 0, most = 1;
    for (size_t i = 0; i < query.n; i++)
        most += query.p[i] == '&';
    struct pair *pairs = ARENA_ARRAY(a, struct pair, most);
    for (struct str rest = query; rest.p;) {
        struct str value = str_cut(&rest, '&');
        if (!value.n)
            continue;
        struct str name = str_cut(&value, '=');
        pairs[n] = (struct pair){ encoded(name, a), encoded(value, a) };
        n += !str_is(pairs[n].name, "X-Amz-Signature");
    }
    qsort(pairs, n, sizeof *pairs, pair_cmp);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_c(out, '&');
        buf_str_add(out, pairs[i].name);
        buf_c(out, '=');
        buf_str_add(out, pairs[i].value);
    }
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static void put_value(struct buf *out, struct str value)
{
    value = str_trim(value);
    for (size_t i = 0; i < value.n;) {
        size_t from = i;
        while (i < value.n && !blank(value.p[i]))
            i++;
        buf_add(out, value.p + from, i - from);
        if (i < value.n)
            buf_c(out, ' ');
        while (i < value.n && blank(value.p[i]))
            i++;
    }
}

/* Over HTTP/2 the JavaScript SDK signs ":authority", which is what has become our Host. */
static void put_header(struct buf *out, const struct http_request *r, struct str signed_name)
{
    struct str name = str_is(signed_name, ":authority") ? S("host") : signed_name;
    buf_str_add(out, signed_name);
    char before = ':';
    for (size_t i = 0; i < r->n_headers; i++) {
        if (str_eq_nocase(r->headers[i].name, name)) {
            buf_c(out, before);
            put_value(out, r->headers[i].value);
            before = ',';
        }
    }
    if (before == ':')
        buf_c(out, ':');
    buf_c(out, '\n');
}

static int name_cmp(const void *a, const void *b) { return str_cmp(*(const struct str *)a, *(const struct str *)b); }

struct sigv4_names sigv4_canonical_names(const struct str *names, size_t n, struct arena *a)
{
    struct str *sorted = ARENA_ARRAY(a, struct str, n + 1);
    for (size_t i = 0; i < n; i++) {
        char *lower = arena_z(a, names[i]);
        for (size_t k = 0; k < names[i].n; k++)
            if (lower[k] >= 'A' && lower[k] <= 'Z')
                lower[k] = (char)(lower[k] + 32);
        sorted[i] = (struct str){ lower, names[i].n };
    }
    qsort(sorted, n, sizeof *sorted, name_cmp);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (kept == 0 || !str_eq(sorted[kept - 1], sorted[i]))
            sorted[kept++] = sorted[i];
    return (struct sigv4_names){ sorted, kept };
}

static void put_joined(struct buf *out, struct sigv4_names names)
{
    for (size_t i = 0; i < names.n; i++) {
        if (i)
            buf_c(out, ';');
        buf_str_add(out, names.names[i]);
    }
}

struct str sigv4_canonical_join(struct sigv4_names names, struct arena *a)
{
    struct buf b = BUF_INIT;
    put_joined(&b, names);
    struct str joined = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return joined;
}

void sigv4_canonical_request(struct buf *out, const struct http_request *r, struct str service,
                             struct sigv4_names names, struct str payload_hash, struct arena *a)
{
    buf_str_add(out, r->method);
    buf_c(out, '\n');
    if (sigv4_canonical_is_s3(service) && r->path.n)
        s3_path(out, r->path);
    else
        normal_path(out, r->path, a);
    buf_c(out, '\n');
    put_query(out, r->query, a);
    buf_c(out, '\n');
    for (size_t i = 0; i < names.n; i++)
        put_header(out, r, names.names[i]);
    buf_c(out, '\n');
    put_joined(out, names);
    buf_c(out, '\n');
    buf_str_add(out, payload_hash);
}
