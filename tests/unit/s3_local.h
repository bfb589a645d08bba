/* s3_local.h - an S3 without sockets: requests go through the whole dispatch in process. */
#ifndef TESTS_UNIT_S3_LOCAL_H
#define TESTS_UNIT_S3_LOCAL_H

#include "tests/support/t.h"

#include "mocks/cloud/cloud.h"
#include "mocks/s3/s3.h"

struct local {
    struct clock clock;
    struct cloud *cloud;
    struct arena arena; /* of the requests */
};

static const struct service *const local_services[] = { &s3_service, NULL };

static struct local *local_open(const struct cloud_setting *settings, const char *data_dir)
{
    struct local *l = mem_zero(sizeof *l);
    struct err e = { 0 };
    clock_init_virtual(&l->clock, 1609459200000);
    struct cloud_options o = { .services = local_services, .clock = &l->clock, .seed = 7, .no_listen = true,
                               .settings = settings, .data_dir = data_dir };
    l->cloud = cloud_open(&o, &e);
    if (!l->cloud)
        fail_msg("%s: %s", e.code, e.message);
    return l;
}

static void local_close(struct local *l)
{
    cloud_close(l->cloud);
    arena_release(&l->arena);
    free(l);
}

/* "PUT /b/k?x" with up to three headers; the body is in the arena. */
static int local_do(struct local *l, const char *line, struct str body, const struct http_header *headers, size_t n,
                    struct str *ret_body, struct http_reply *ret_reply)
{
    struct err e = { 0 };
    struct http_reply reply = { 0 };
    struct str target = str_of(line), method = str_cut(&target, ' ');
    struct http_request r = { .method = method, .headers = (struct http_header *)(uintptr_t)headers, .n_headers = n, .body = body };
    http_request_target(&r, target);
    assert_ok(cloud_invoke_wait(l->cloud, "s3", &r, &reply, &l->arena, &e), &e);
    if (ret_body)
        *ret_body = arena_dup(&l->arena, http_reply_body(&reply));
    int status = reply.status;
    if (ret_reply) {
        *ret_reply = reply; /* headers lie in the arena */
        ret_reply->body = BUF_INIT;
        ret_reply->shared_release = NULL;
    }
    http_reply_release(&reply);
    return status;
}

static inline int local_put(struct local *l, const char *line, struct str body)
{
    return local_do(l, line, body, NULL, 0, NULL, NULL);
}

static inline struct str local_get(struct local *l, const char *line)
{
    struct str body;
    local_do(l, line, S(""), NULL, 0, &body, NULL);
    return body;
}

/* The text of the first <name> element from *rest on; p == NULL when there is none. Steps over it. */
static inline struct str local_element(struct str *rest, const char *name)
{
    char open[64], close[64];
    snprintf(open, sizeof open, "<%s>", name);
    snprintf(close, sizeof close, "</%s>", name);
    size_t at = str_find(*rest, str_of(open));
    if (at == STR_NONE)
        return (struct str){ 0 };
    struct str text = str_from(*rest, at + strlen(open));
    size_t end = str_find(text, str_of(close));
    *rest = str_from(text, end);
    return str_head(text, end);
}

#endif
