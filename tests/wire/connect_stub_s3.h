/* connect_stub_s3.h - as much of S3 as the sink talks to, keeping what it was told. A service like any other, so fault
 * rules reach it. One bucket exists: "bucket". */
#ifndef TESTS_WIRE_CONNECT_STUB_S3_H
#define TESTS_WIRE_CONNECT_STUB_S3_H

#include <pthread.h>

#include "base/map.h"
#include "mocks/connect/connect.h"
#include "tests/wire/kafka_world.h"

struct stub_object {
    struct buf body;
    int puts;                 /* times it was completed */
    int64_t committed_before; /* what the sink had committed when it was completed first */
};

struct stub_s3 {
    struct cloud *cloud;
    pthread_mutex_t lock;
    struct map objects, uploads; /* key -> stub_object; id -> struct buf */
    int next_id, aborted;
    bool refuse_signed;
    struct str bucket_acl; /* x-amz-acl last seen */
};

static inline struct str stub_key(struct call *c) /* "/bucket/a%2Bb" -> "a+b"; cut at the bucket */
{
    struct str path = c->request->path;
    size_t slash = str_chr(str_from(path, 1), '/');
    struct buf b = BUF_INIT;
    struct str rest = slash == STR_NONE ? S("") : str_from(path, slash + 2);
    while (rest.n) {
        unsigned v;
        if (*rest.p == '%' && rest.n >= 3 && sscanf(rest.p + 1, "%2x", &v) == 1) {
            buf_c(&b, (char)v);
            rest = str_from(rest, 3);
        } else {
            buf_c(&b, *rest.p);
            rest = str_from(rest, 1);
        }
    }
    struct str key = arena_dup(c->arena, buf_str(&b));
    buf_release(&b);
    return key;
}

static inline int stub_acl(struct call *c)
{
    buf_z(call_body(c), "<AccessControlPolicy/>");
    return 0;
}

static inline int stub_create(struct call *c)
{
    struct stub_s3 *s = c->state;
    pthread_mutex_lock(&s->lock);
    struct str id = arena_f(c->arena, "upload/%d+", ++s->next_id);
    map_put(&s->uploads, id, mem_zero(sizeof(struct buf)));
    pthread_mutex_unlock(&s->lock);
    buf_f(call_body(c), "<InitiateMultipartUploadResult><UploadId>" STR_F "</UploadId></InitiateMultipartUploadResult>",
          STR_A(id));
    return 0;
}

static inline int stub_part(struct call *c)
{
    struct stub_s3 *s = c->state;
    pthread_mutex_lock(&s->lock);
    struct buf *upload = map_get(&s->uploads, http_query(c->request, "uploadId", c->arena));
    if (upload)
        buf_str_add(upload, c->request->body);
    pthread_mutex_unlock(&s->lock);
    call_header(c, "ETag", S("\"0123\""));
    return upload ? 0 : call_fail(c, 404, "NoSuchUpload", "The specified upload does not exist.");
}

static inline int stub_complete(struct call *c)
{
    struct stub_s3 *s = c->state;
    int64_t committed = connect_committed(cloud_state(s->cloud, "connect"), "s3-sink", "t", 0);
    pthread_mutex_lock(&s->lock);
    struct buf *upload = map_remove(&s->uploads, http_query(c->request, "uploadId", c->arena));
    if (upload) {
        struct str key = stub_key(c);
        struct stub_object *o = map_get(&s->objects, key);
        if (!o) {
            o = mem_zero(sizeof *o);
            o->committed_before = committed;
            map_put(&s->objects, key, o);
        }
        buf_release(&o->body);
        o->body = *upload;
        o->puts++;
        free(upload);
    }
    pthread_mutex_unlock(&s->lock);
    buf_z(call_body(c), "<CompleteMultipartUploadResult/>");
    return upload ? 0 : call_fail(c, 404, "NoSuchUpload", "The specified upload does not exist.");
}

static inline int stub_abort(struct call *c)
{
    struct stub_s3 *s = c->state;
    pthread_mutex_lock(&s->lock);
    struct buf *upload = map_remove(&s->uploads, http_query(c->request, "uploadId", c->arena));
    s->aborted += upload != NULL;
    pthread_mutex_unlock(&s->lock);
    if (upload)
        buf_release(upload);
    free(upload);
    c->reply->status = 204;
    return 0;
}

static const struct action stub_actions[] = {
    { .name = "GetBucketAcl", .run = stub_acl },
    { .name = "CreateMultipartUpload", .run = stub_create },
    { .name = "UploadPart", .run = stub_part },
    { .name = "CompleteMultipartUpload", .run = stub_complete },
    { .name = "AbortMultipartUpload", .run = stub_abort },
};

static inline const struct action *stub_route(struct call *c)
{
    struct str q = c->request->query;
    bool post = str_is(c->request->method, "POST"), put = str_is(c->request->method, "PUT");
    c->resource = str_from(c->request->path, 1);
    if (!str_starts(c->request->path, S("/bucket"))) {
        call_fail(c, 404, "NoSuchBucket", "The specified bucket does not exist");
        return NULL;
    }
    return str_is(q, "acl") ? &stub_actions[0]
           : post && str_is(q, "uploads") ? &stub_actions[1]
           : put ? &stub_actions[2]
           : post ? &stub_actions[3] : &stub_actions[4];
}

static inline void stub_phrase(struct call *c)
{
    c->reply->status = c->err.status;
    buf_f(call_body(c), "<Error><Code>%s</Code><Message>%s</Message></Error>", c->err.code, c->err.message);
}

static inline void *stub_open(struct cloud *cloud, struct err *e)
{
    struct stub_s3 *s = mem_zero(sizeof *s);
    (void)e;
    s->cloud = cloud;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static inline void stub_reset(void *state)
{
    struct stub_s3 *s = state;
    struct map_entry *m;
    pthread_mutex_lock(&s->lock);
    for (size_t i = 0; (m = map_next(&s->objects, &i)); free(m->value))
        buf_release(&((struct stub_object *)m->value)->body);
    for (size_t i = 0; (m = map_next(&s->uploads, &i)); free(m->value))
        buf_release(m->value);
    map_release(&s->objects);
    map_release(&s->uploads);
    s->objects = s->uploads = MAP_INIT;
    pthread_mutex_unlock(&s->lock);
}

static inline void stub_close(void *state)
{
    stub_reset(state);
    pthread_mutex_destroy(&((struct stub_s3 *)state)->lock);
    free(state);
}

static const struct service stub_s3_service = {
    .name = "s3", .title = "S3 stub", .actions = stub_actions, .n_actions = 5, .port = 9000,
    .throttle = { 503, "SlowDown", "Please reduce your request rate." }, .route = stub_route, .phrase = stub_phrase,
    .open = stub_open, .close = stub_close, .reset = stub_reset,
};

static inline struct stub_object *stub_object(struct world *w, const char *key)
{
    struct stub_s3 *s = cloud_state(w->cloud, "s3");
    pthread_mutex_lock(&s->lock);
    struct stub_object *o = map_get(&s->objects, str_of(key));
    pthread_mutex_unlock(&s->lock);
    return o;
}

static inline size_t stub_count(struct world *w)
{
    struct stub_s3 *s = cloud_state(w->cloud, "s3");
    pthread_mutex_lock(&s->lock);
    size_t n = s->objects.n_live;
    pthread_mutex_unlock(&s->lock);
    return n;
}

#endif
