/* delta_store_s3.c - a table below a prefix of a bucket, over HTTP with signatures.
 *
 * If-None-Match: * makes S3 refuse to replace (412), which is all that put-if-absent needs; 409 says that another such
 * put is under way and asks to try again (Amazon S3 API reference, PutObject).
 */
#include <stdlib.h>

#include "base/codec.h"
#include "base/xml.h"
#include "net/client.h"
#include "pipeline/sink/delta.h"

struct s3 {
    struct delta_store store;
    struct client *client;
    struct arena arena;
    struct str endpoint, bucket, prefix; /* the prefix ends in a slash, or is empty */
};

static bool is_conflict(const struct client_response *r) { return r->status == 409; }

static struct str object_url(const struct s3 *s, struct str path, struct arena *a)
{
    struct buf url = BUF_INIT;
    buf_f(&url, STR_F "/" STR_F "/", STR_A(s->endpoint), STR_A(s->bucket));
    codec_percent(&url, s->prefix, "/");
    codec_percent(&url, path, "/");
    struct str text = arena_dup(a, buf_str(&url));
    buf_release(&url);
    return text;
}

static int call(struct s3 *s, const char *method, struct str url, struct str body, bool if_absent, struct arena *a, struct client_response *ret, struct err *e)
{
    struct http_header header = { S_INIT("If-None-Match"), S_INIT("*") };
    struct client_request q = { .method = method, .url = url, .body = body, .sign = true, .service = S("s3"), .headers = &header,
                                .n_headers = if_absent, .retry_reply = if_absent ? is_conflict : NULL };
    return client_do(s->client, &q, a, ret, e);
}

static int refused(const struct s3 *s, const char *what, struct str path, const struct client_response *r, struct arena *a, struct err *e)
{
    struct str code = xml_find(r->body, "Error", "Code", a), message = xml_find(r->body, "Error", "Message", a);
    return err_set(e, r->status, code.n ? arena_z(a, code) : "S3_REFUSED", "%s " STR_F "/" STR_F " at " STR_F ": %d " STR_F ": " STR_F, what, STR_A(s->store.root),
                   STR_A(path), STR_A(s->endpoint), r->status, STR_A(code), STR_A(message));
}

static int s3_get(struct delta_store *store, struct str path, struct buf *ret, struct err *e)
{
    struct s3 *s = (struct s3 *)store;
    struct arena a = ARENA_INIT;
    struct client_response r;
    int result = call(s, "GET", object_url(s, path, &a), S(""), false, &a, &r, e);
    if (result == 0 && r.status == 200)
        buf_str_add(ret, r.body);
    else if (result == 0 && r.status == 404 && !str_is(xml_find(r.body, "Error", "Code", &a), "NoSuchBucket"))
        result = 1;
    else if (result == 0)
        result = refused(s, "reading", path, &r, &a, e);
    arena_release(&a);
    return result;
}

static int s3_put(struct delta_store *store, struct str path, struct str bytes, bool if_absent, struct err *e)
{
    struct s3 *s = (struct s3 *)store;
    struct arena a = ARENA_INIT;
    struct client_response r;
    int result = call(s, "PUT", object_url(s, path, &a), bytes, if_absent, &a, &r, e);
    if (result == 0 && if_absent && (r.status == 412 || r.status == 304))
        result = 1;
    else if (result == 0 && r.status != 200)
        result = refused(s, "writing", path, &r, &a, e);
    arena_release(&a);
    return result;
}

static int s3_remove(struct delta_store *store, struct str path, struct err *e)
{
    struct s3 *s = (struct s3 *)store;
    struct arena a = ARENA_INIT;
    struct client_response r;
    int result = call(s, "DELETE", object_url(s, path, &a), S(""), false, &a, &r, e);
    if (result == 0 && r.status != 204 && r.status != 200 && r.status != 404)
        result = refused(s, "deleting", path, &r, &a, e);
    arena_release(&a);
    return result;
}

/* ---- list ---- */

/* "2020-08-28T03:52:47.000Z" */
static int64_t time_of(struct str text)
{
    static const struct { uint8_t at, n; } parts[] = { { 0, 4 }, { 5, 2 }, { 8, 2 }, { 11, 2 }, { 14, 2 }, { 17, 2 }, { 20, 3 } };
    int64_t v[7] = { 0 }, ms;
    for (size_t i = 0; i < 7; i++)
        if (!str_to_i64(str_head(str_from(text, parts[i].at), parts[i].n), &v[i]) && i < 6)
            return 0;
    struct civil c = { (int)v[0], (int)v[1], (int)v[2], (int)v[3], (int)v[4], (int)v[5], (int)v[6] };
    return clock_epoch_ms(&c, &ms) ? ms : 0;
}

static struct str page_url(const struct s3 *s, struct str prefix, struct str after, struct str token, struct arena *a)
{
    struct buf url = BUF_INIT;
    buf_f(&url, STR_F "/" STR_F "?", STR_A(s->endpoint), STR_A(s->bucket));
    if (token.n) {
        buf_z(&url, "continuation-token=");
        codec_percent(&url, token, "");
        buf_c(&url, '&');
    }
    buf_z(&url, "list-type=2&max-keys=1000&prefix=");
    codec_percent(&url, s->prefix, "");
    codec_percent(&url, prefix, "");
    if (after.n && !token.n) {
        buf_z(&url, "&start-after=");
        codec_percent(&url, s->prefix, "");
        codec_percent(&url, after, "");
    }
    struct str text = arena_dup(a, buf_str(&url));
    buf_release(&url);
    return text;
}

static struct delta_object read_object(struct xml *x, struct arena *a, struct str *ret_key)
{
    struct delta_object o = { 0 };
    struct str name;
    *ret_key = S("");
    while (xml_child(x, &name)) {
        int64_t bytes = 0;
        if (str_is(name, "Key"))
            *ret_key = xml_text(x, a);
        else if (str_is(name, "LastModified"))
            o.modified_ms = time_of(xml_text(x, a));
        else if (str_is(name, "Size"))
            o.bytes = str_to_i64(xml_text(x, a), &bytes) && bytes > 0 ? (uint64_t)bytes : 0;
        else
            xml_skip(x);
    }
    return o;
}

/* Each object of a ListBucketResult, and the token of the next page; false when it is none. */
static bool each_of_page(struct s3 *s, struct str listing, void (*each)(void *arg, const struct delta_object *o), void *arg, struct buf *token, struct arena *a)
{
    struct xml x;
    struct str name, key;
    xml_open(&x, listing, "ListBucketResult");
    while (xml_child(&x, &name)) {
        if (str_is(name, "Contents")) {
            struct delta_object o = read_object(&x, a, &key);
            o.path = str_from(key, s->prefix.n);
            if (str_starts(key, s->prefix))
                each(arg, &o);
        } else if (str_is(name, "NextContinuationToken")) {
            buf_str_add(token, xml_text(&x, a));
        } else {
            xml_skip(&x);
        }
    }
    return xml_close(&x);
}

static int s3_list(struct delta_store *store, struct str prefix, struct str after, void (*each)(void *arg, const struct delta_object *o),
                   void *arg, struct err *e)
{
    struct s3 *s = (struct s3 *)store;
    struct buf token = BUF_INIT;
    int result = 0;
    do {
        struct arena a = ARENA_INIT;
        struct client_response r;
        result = call(s, "GET", page_url(s, prefix, after, buf_str(&token), &a), S(""), false, &a, &r, e);
        if (result == 0 && r.status != 200)
            result = refused(s, "listing", prefix, &r, &a, e);
        buf_reset(&token);
        if (result == 0 && !each_of_page(s, r.body, each, arg, &token, &a))
            result = err_set(e, 0, "S3_ANSWER_MALFORMED", "listing " STR_F " at " STR_F ": the answer is no ListBucketResult", STR_A(s->store.root), STR_A(s->endpoint));
        arena_release(&a);
    } while (result == 0 && token.n);
    buf_release(&token);
    return result;
}

/* ---- opening ---- */

static void s3_close(struct delta_store *store)
{
    struct s3 *s = (struct s3 *)store;
    if (s->client)
        client_close(s->client);
    arena_release(&s->arena);
    free(s);
}

struct delta_store *delta_store_s3(const struct delta_s3 *o, struct err *e)
{
    static const struct delta_store_ops ops = { s3_get, s3_put, s3_list, s3_remove, s3_close };
    struct client_options c = { .clock = o->clock, .seed = o->seed, .key = o->key, .region = o->region };
    struct s3 *s = mem_zero(sizeof *s);
    struct str prefix = str_of(o->prefix ? o->prefix : "");
    while (prefix.n && prefix.p[prefix.n - 1] == '/')
        prefix.n--;
    s->endpoint = arena_dup(&s->arena, str_of(o->endpoint));
    s->bucket = arena_dup(&s->arena, str_of(o->bucket));
    s->prefix = arena_f(&s->arena, STR_F "%s", STR_A(prefix), prefix.n ? "/" : "");
    s->store.ops = &ops;
    s->store.root = arena_f(&s->arena, "s3://" STR_F "%s" STR_F, STR_A(s->bucket), prefix.n ? "/" : "", STR_A(prefix));
    if (!(s->client = client_open(&c, e))) {
        s3_close(&s->store);
        return NULL;
    }
    return &s->store;
}
