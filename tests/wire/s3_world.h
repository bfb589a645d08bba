/* s3_world.h - what the wire tests of S3 start with: a cloud that is one S3, a client, a request in one line. */
#ifndef TESTS_WIRE_S3_WORLD_H
#define TESTS_WIRE_S3_WORLD_H

#include "tests/support/t.h"

#include "base/codec.h"
#include "mocks/cloud/cloud.h"
#include "mocks/s3/s3.h"
#include "net/client.h"

struct world {
    struct clock clock;
    struct cloud *cloud;
    struct client *client;
    struct arena arena;
};

static const struct service *const s3_world_services[] = { &s3_service, NULL };

/* A frozen clock (2021-01-01T00:00:00Z) unless `real`. */
static struct world *s3_world_open(const struct cloud_setting *settings, const char *data_dir, bool real)
{
    struct world *w = mem_zero(sizeof *w);
    struct err e = { 0 };
    if (real)
        clock_init_real(&w->clock);
    else
        clock_init_virtual(&w->clock, 1609459200000);
    struct cloud_options o = { .services = s3_world_services, .clock = &w->clock, .seed = 7, .settings = settings,
                               .data_dir = data_dir };
    w->cloud = cloud_open(&o, &e);
    if (!w->cloud)
        fail_msg("%s: %s", e.code, e.message);
    struct client_options c = { .clock = &w->clock, .max_attempts = 1, .max_in_flight = 64,
                                .key = { S("test"), S("test"), S("") }, .region = S("us-east-1") };
    w->client = client_open(&c, &e);
    assert_non_null(w->client);
    return w;
}

static void s3_world_close(struct world *w)
{
    client_close(w->client);
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
}

/* "PUT /b/k?x", signed; header lines "Name: value\n…" or NULL. The response lives in w->arena. */
static inline struct client_response s3_world_do(struct world *w, const char *line, const char *headers, struct str body)
{
    struct str target = str_of(line), method = str_cut(&target, ' ');
    struct http_header list[8];
    size_t n = 0;
    for (struct str rest = str_of(headers); rest.n && n < 8;) {
        struct str value = str_cut(&rest, '\n'), name = str_cut(&value, ':');
        list[n++] = (struct http_header){ name, str_trim(value) };
    }
    struct err e = { 0 };
    struct client_response got = { 0 };
    struct client_request r = { .method = arena_z(&w->arena, method), .headers = list, .n_headers = n, .body = body, .sign = true,
                                .service = S("s3"), .url = arena_f(&w->arena, "%s" STR_F, cloud_url(w->cloud, "s3"), STR_A(target)) };
    assert_ok(client_do(w->client, &r, &w->arena, &got, &e), &e);
    return got;
}

static inline struct str s3_world_header(const struct client_response *r, const char *name)
{
    return http_header_get(r->headers, r->n_headers, name);
}

static inline bool s3_world_has(struct str text, const char *needle) { return str_find(text, str_of(needle)) != STR_NONE; }

/* The text of the first <name> element; p == NULL when there is none. */
static inline struct str s3_world_element(struct str text, const char *name)
{
    char open[64];
    snprintf(open, sizeof open, "<%s>", name);
    size_t at = str_find(text, str_of(open));
    if (at == STR_NONE)
        return (struct str){ 0 };
    text = str_from(text, at + strlen(open));
    return str_head(text, str_chr(text, '<') == STR_NONE ? text.n : str_chr(text, '<'));
}

#endif
