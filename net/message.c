/* message.c - headers, targets, query parameters. */
#include "net/message.h"

#include "base/codec.h"

struct str http_header_get(const struct http_header *headers, size_t n, const char *name)
{
    struct str want = str_of(name);
    for (size_t i = 0; i < n; i++)
        if (str_eq_nocase(headers[i].name, want))
            return headers[i].value.p ? headers[i].value : S("");
    return (struct str){ 0 };
}

void http_request_header_add(struct http_request *r, struct arena *a, struct str name, struct str value)
{
    size_t n = r->n_headers;
    if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) { /* full: there is room for 16, 32, 64, … */
        struct http_header *grown = ARENA_ARRAY(a, struct http_header, n ? n * 2 : 16);
        if (n)
            memcpy(grown, r->headers, n * sizeof *grown);
        r->headers = grown;
    }
    r->headers[r->n_headers++] = (struct http_header){ name, value };
}

void http_reply_header(struct http_reply *r, struct arena *a, const char *name, struct str value)
{
    if (r->n_headers == r->cap_headers) {
        size_t cap = r->cap_headers ? r->cap_headers * 2 : 12;
        struct http_header *grown = ARENA_ARRAY(a, struct http_header, cap);
        if (r->n_headers)
            memcpy(grown, r->headers, r->n_headers * sizeof *grown);
        r->headers = grown;
        r->cap_headers = cap;
    }
    r->headers[r->n_headers++] = (struct http_header){ arena_dup(a, str_of(name)), arena_dup(a, value) };
}

void http_request_target(struct http_request *r, struct str target)
{
    r->target = target;
    size_t mark = str_chr(target, '?');
    r->path = mark == STR_NONE ? target : str_head(target, mark);
    r->query = mark == STR_NONE ? S("") : str_from(target, mark + 1);
}

struct str http_query(const struct http_request *r, const char *name, struct arena *a)
{
    struct str want = str_of(name);
    for (struct str rest = r->query; rest.n;) {
        struct str pair = str_cut(&rest, '&');
        struct str key = str_cut(&pair, '=');
        struct buf plain = BUF_INIT;
        codec_unpercent(&plain, key, true);
        bool same = str_eq(buf_str(&plain), want);
        buf_reset(&plain);
        struct str value = { 0 };
        if (same) {
            codec_unpercent(&plain, pair, true);
            value = arena_dup(a, buf_str(&plain));
        }
        buf_release(&plain);
        if (same)
            return value;
    }
    return (struct str){ 0 };
}

void http_reply_release(struct http_reply *r)
{
    buf_release(&r->body);
    if (r->shared_release)
        r->shared_release(r->shared_arg);
    if (r->feed)
        r->feed->close(r->feed);
    *r = (struct http_reply){ 0 };
}

const char *http_status_text(int status)
{
    static const struct { int status; const char *text; } texts[] = {
        { 200, "OK" }, { 201, "Created" }, { 202, "Accepted" }, { 204, "No Content" }, { 206, "Partial Content" },
        { 304, "Not Modified" }, { 307, "Temporary Redirect" }, { 400, "Bad Request" }, { 401, "Unauthorized" },
        { 403, "Forbidden" }, { 404, "Not Found" }, { 405, "Method Not Allowed" }, { 406, "Not Acceptable" },
        { 409, "Conflict" }, { 411, "Length Required" }, { 412, "Precondition Failed" },
        { 413, "Payload Too Large" }, { 415, "Unsupported Media Type" }, { 416, "Range Not Satisfiable" },
        { 422, "Unprocessable Entity" }, { 429, "Too Many Requests" }, { 500, "Internal Server Error" },
        { 501, "Not Implemented" }, { 502, "Bad Gateway" }, { 503, "Service Unavailable" }, { 504, "Gateway Timeout" },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Unknown";
}
