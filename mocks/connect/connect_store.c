/* connect_store.c - the sink's calls to S3: the bucket test, and multipart uploads (the sink always uses them).
 *
 *   connect_store_bucket     GET /bucket?acl                     as the AWS SDK's doesBucketExistV2
 *   connect_store_part       POST /bucket/key?uploads            first, when the upload is new
 *                            PUT  /bucket/key?partNumber=n&uploadId=id
 *   connect_store_complete   POST /bucket/key?uploadId=id
 *   connect_store_abort      DELETE /bucket/key?uploadId=id      best effort
 *
 * Each call is tried 1 + s3.part.retries times while its failure may pass, with full jitter between.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "mocks/connect/worker.h"
#include "net/client.h"

struct answer {
    int status; /* 0 = none was had */
    struct str body, etag;
    const char *lost; /* why none was had */
};

/* ---- one attempt ---- */

struct headers {
    struct http_header at[6];
    size_t n;
};

static void add_header(struct headers *h, struct str name, struct str value)
{
    if (value.n)
        h->at[h->n++] = (struct http_header){ name, value };
}

static void ask_here(struct store *s, const char *method, struct str target, const struct headers *given,
                     struct str body, struct answer *ret)
{
    struct headers h = *given;
    add_header(&h, S("Host"), S("s3.amazonaws.com"));
    add_header(&h, S("Content-Length"), arena_f(&s->arena, "%zu", body.n));
    struct http_request request = { .method = str_of(method), .headers = h.at, .n_headers = h.n, .body = body,
                                    .peer = S("") };
    http_request_target(&request, target);
    struct http_reply reply = { 0 };
    struct err e = { 0 };
    int lost = cloud_invoke_wait(s->worker->cloud, "s3", &request, &reply, &s->arena, &e);
    *ret = (struct answer){ 0 };
    if (lost) {
        ret->lost = arena_z(&s->arena, str_of(e.message));
    } else {
        ret->status = reply.status ? reply.status : 200;
        ret->body = arena_dup(&s->arena, http_reply_body(&reply));
        ret->etag = arena_dup(&s->arena, http_header_get(reply.headers, reply.n_headers, "ETag"));
    }
    http_reply_release(&reply);
}

static struct client *client_of(struct store *s, struct err *e)
{
    if (s->client)
        return s->client;
    struct client_options o = {
        .clock = cloud_clock(s->worker->cloud), .seed = cloud_random(s->worker->cloud), .max_attempts = 1,
        .key = { s->config->access_key, s->config->secret, S("") }, .region = s->config->region,
    };
    s->client = client_open(&o, e);
    return s->client;
}

static void ask_elsewhere(struct store *s, const char *method, struct str target, const struct headers *h,
                          struct str body, struct answer *ret)
{
    struct err e = { 0 };
    struct client_response r = { 0 };
    struct client_request request = {
        .method = method, .url = arena_f(&s->arena, STR_F STR_F, STR_A(s->config->store_url), STR_A(target)),
        .headers = h->at, .n_headers = h->n, .body = body, .sign = true, .service = S("s3"),
    };
    *ret = (struct answer){ 0 };
    struct client *client = client_of(s, &e);
    if (!client || client_do(client, &request, &s->arena, &r, &e))
        ret->lost = arena_z(&s->arena, str_of(e.message));
    else
        *ret = (struct answer){ r.status, r.body, http_header_get(r.headers, r.n_headers, "ETag"), NULL };
}

static bool is_here(struct store *s)
{
    struct str url = s->config->store_url;
    size_t host = str_find(url, S("://"));
    if (!url.n)
        return true;
    const char *service = cloud_service_of_host(s->worker->cloud, str_from(url, host + 3));
    return service && strcmp(service, "s3") == 0;
}

/* ---- judging an answer ---- */

/* The text of the first <name> element, as it stands; S3's errors and upload ids need no decoding. */
static struct str element(struct str xml, const char *name)
{
    char open[40], close[40];
    snprintf(open, sizeof open, "<%s>", name);
    snprintf(close, sizeof close, "</%s>", name);
    size_t from = str_find(xml, str_of(open));
    if (from == STR_NONE)
        return (struct str){ 0 };
    struct str rest = str_from(xml, from + strlen(open));
    size_t n = str_find(rest, str_of(close));
    return n == STR_NONE ? (struct str){ 0 } : str_head(rest, n);
}

static bool passes(const struct answer *a, struct str code)
{
    static const char *const codes[] = { "SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable",
                                         "Throttling", "ThrottlingException", "RequestLimitExceeded", "NoSuchUpload",
                                         "OperationAborted", "RequestTimeTooSkewed" };
    if (a->status == 0 || a->status == 429 || a->status == 408)
        return true;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (str_is(code, codes[i]))
            return true;
    return a->status >= 500 && a->status != 501;
}

/* What an answer means. Completing can fail with status 200 and an error for a body (CompleteMultipartUpload). */
static enum store_result judge(struct store *s, const char *method, struct str target, const struct answer *a,
                               struct err *e)
{
    bool hidden = a->status == 200 && str_find(str_head(a->body, 200), S("<Error>")) != STR_NONE;
    if (a->status >= 200 && a->status < 300 && !hidden)
        return STORE_OK;
    struct str code = element(a->body, "Code"), message = element(a->body, "Message");
    if (!a->status)
        err_set(e, 0, "ConnectionReset", "%s " STR_F ": no answer from S3 (%s)", method, STR_A(str_head(target, 400)),
                a->lost ? a->lost : "");
    else
        err_set(e, a->status, "S3Error", "%s " STR_F ": " STR_F " (Service: Amazon S3; Status Code: %d; Error Code: " STR_F
                "; bucket: " STR_F ")", method, STR_A(str_head(target, 400)), STR_A(str_head(message, 400)), a->status,
                STR_A(code), STR_A(s->config->bucket));
    if (code.n)
        snprintf(e->code, sizeof e->code, "%.*s", (int)(code.n < 90 ? code.n : 90), code.p);
    return hidden || passes(a, code) ? STORE_PASSING : STORE_FATAL;
}

/* ---- one call, with its retries ---- */

/* The answer lives in the arena, which every public function clears when it begins. */
static enum store_result ask(struct store *s, const char *method, struct str target, const struct headers *h,
                             struct str body, int retries, struct answer *ret, struct err *e)
{
    int64_t ceiling_ms = s->config->part_backoff_ms;
    bool here = is_here(s);
    for (int tries = 0;; tries++) {
        (here ? ask_here : ask_elsewhere)(s, method, target, h, body, ret);
        enum store_result result = judge(s, method, target, ret, e);
        /* An upload that is gone does not come back: the file is written again from its start. */
        if (result != STORE_PASSING || tries >= retries || str_is(str_of(e->code), "NoSuchUpload"))
            return result;
        int64_t wait_ms = ceiling_ms > 0 ? (int64_t)(cloud_random(s->worker->cloud) % (uint64_t)(ceiling_ms + 1)) : 0;
        if (!worker_wait_ms(s->worker, wait_ms))
            return STORE_PASSING;
        ceiling_ms = ceiling_ms < 20000 ? 2 * ceiling_ms : ceiling_ms;
    }
}

static int retries_of(const struct store *s)
{
    return (int)(s->config->part_retries > 100 ? 100 : s->config->part_retries);
}

static struct str object_target(struct store *s, struct str key, const char *query, struct str upload_id)
{
    struct buf b = BUF_INIT;
    buf_c(&b, '/');
    buf_str_add(&b, s->config->bucket);
    buf_c(&b, '/');
    codec_percent(&b, key, "/");
    buf_c(&b, '?');
    buf_z(&b, query);
    if (upload_id.n)
        codec_percent(&b, upload_id, "");
    return arena_keep(&s->arena, &b);
}

enum store_result connect_store_bucket(struct store *s, struct err *e)
{
    struct answer a;
    arena_reset(&s->arena);
    struct str target = arena_f(&s->arena, "/" STR_F "?acl", STR_A(s->config->bucket));
    enum store_result result = ask(s, "GET", target, &(struct headers){ 0 }, S(""), retries_of(s), &a, e);
    /* The SDK takes "not yours" for "there", and only 404 for absence. */
    if (result == STORE_FATAL && a.status == 403 && str_is(str_of(e->code), "AccessDenied"))
        return STORE_OK;
    if (result == STORE_FATAL && a.status == 404)
        err_set(e, 404, "NoSuchBucket", "Non-existent S3 bucket: " STR_F, STR_A(s->config->bucket));
    return result;
}

static enum store_result begin(struct store *s, struct upload *u, struct err *e)
{
    struct answer a;
    struct headers h = { 0 };
    arena_reset(&s->arena);
    add_header(&h, S("x-amz-acl"), s->config->acl);
    add_header(&h, S("x-amz-server-side-encryption"), s->config->encryption);
    add_header(&h, S("x-amz-server-side-encryption-aws-kms-key-id"), s->config->kms_key);
    add_header(&h, S("Content-Type"), S("application/octet-stream"));
    struct str target = object_target(s, buf_str(&u->key), "uploads", S(""));
    enum store_result result = ask(s, "POST", target, &h, S(""), retries_of(s), &a, e);
    if (result != STORE_OK)
        return result;
    struct str id = element(a.body, "UploadId");
    if (!id.n) {
        err_set(e, a.status, "S3Error", "POST " STR_F ": the answer has no UploadId", STR_A(str_head(target, 400)));
        return STORE_PASSING;
    }
    buf_reset(&u->id);
    buf_reset(&u->etags);
    buf_str_add(&u->id, id);
    u->n_parts = 0;
    u->open = true;
    return STORE_OK;
}

enum store_result connect_store_part(struct store *s, struct upload *u, struct str bytes, struct err *e)
{
    enum store_result result = u->open ? STORE_OK : begin(s, u, e);
    if (result != STORE_OK)
        return result;
    struct answer a;
    char query[60];
    arena_reset(&s->arena);
    snprintf(query, sizeof query, "partNumber=%u&uploadId=", u->n_parts + 1);
    struct str target = object_target(s, buf_str(&u->key), query, buf_str(&u->id));
    struct headers h = { 0 };
    add_header(&h, S("Content-Type"), S("application/octet-stream"));
    result = ask(s, "PUT", target, &h, bytes, retries_of(s), &a, e);
    if (result != STORE_OK)
        return result;
    buf_str_add(&u->etags, a.etag);
    buf_c(&u->etags, '\n');
    u->n_parts++;
    return STORE_OK;
}

enum store_result connect_store_complete(struct store *s, struct upload *u, struct err *e)
{
    struct answer a;
    struct buf xml = BUF_INIT;
    arena_reset(&s->arena);
    buf_z(&xml, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    struct str rest = buf_str(&u->etags);
    for (unsigned i = 1; i <= u->n_parts; i++) {
        struct str etag = str_cut(&rest, '\n');
        buf_f(&xml, "<Part><PartNumber>%u</PartNumber><ETag>" STR_F "</ETag></Part>", i, STR_A(etag));
    }
    buf_z(&xml, "</CompleteMultipartUpload>");
    struct headers h = { 0 };
    add_header(&h, S("Content-Type"), S("application/xml"));
    struct str target = object_target(s, buf_str(&u->key), "uploadId=", buf_str(&u->id));
    enum store_result result = ask(s, "POST", target, &h, buf_str(&xml), retries_of(s), &a, e);
    buf_release(&xml);
    if (result == STORE_OK)
        u->open = false;
    return result;
}

void connect_store_abort(struct store *s, struct upload *u)
{
    struct answer a;
    struct err ignored;
    if (!u->open)
        return;
    u->open = false;
    arena_reset(&s->arena);
    struct str target = object_target(s, buf_str(&u->key), "uploadId=", buf_str(&u->id));
    ask(s, "DELETE", target, &(struct headers){ 0 }, S(""), 0, &a, &ignored);
}

void connect_store_release(struct store *s)
{
    if (s->client)
        client_close(s->client);
    arena_release(&s->arena);
}
