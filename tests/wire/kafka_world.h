/* kafka_world.h - a cloud of a test's own and one client for it: what wire/kafka_rest_*.c and wire/connect_*.c share. */
#ifndef TESTS_WIRE_KAFKA_WORLD_H
#define TESTS_WIRE_KAFKA_WORLD_H

#include "mocks/cloud/cloud.h"
#include "net/client.h"
#include "tests/support/t.h"

#define JSON_TYPE "application/vnd.kafka.json.v2+json"
#define BINARY_TYPE "application/vnd.kafka.binary.v2+json"
#define V2_TYPE "application/vnd.kafka.v2+json"

struct world {
    struct clock clock; /* virtual */
    struct cloud *cloud;
    struct client *client;
    struct arena arena;
    const char *service; /* asked by world_ask */
};

static inline void world_open(struct world *w, const struct service *const *services, const char *service,
                              const struct cloud_setting *settings)
{
    struct err e = { 0 };
    *w = (struct world){ .service = service };
    clock_init_virtual(&w->clock, 1598586767000);
    struct cloud_options o = { .services = services, .clock = &w->clock, .seed = 7, .settings = settings };
    w->cloud = cloud_open(&o, &e);
    if (!w->cloud)
        fail_msg("%s", e.message);
    struct client_options c = { .clock = &w->clock, .max_attempts = 1 };
    w->client = client_open(&c, &e);
    assert_non_null(w->client);
}

static inline void world_close(struct world *w)
{
    client_close(w->client);
    cloud_close(w->cloud);
    arena_release(&w->arena);
}

/* type, accept: NULL = no such header. Views of the answer live until world_close. */
static inline struct client_response world_ask(struct world *w, const char *method, const char *path, const char *type,
                                               const char *accept, struct str body)
{
    struct http_header headers[2];
    struct client_response r = { 0 };
    struct err e = { 0 };
    size_t n = 0;
    if (type)
        headers[n++] = (struct http_header){ S("Content-Type"), str_of(type) };
    if (accept)
        headers[n++] = (struct http_header){ S("Accept"), str_of(accept) };
    struct client_request request = {
        .method = method, .url = arena_f(&w->arena, "%s%s", cloud_url(w->cloud, w->service), path),
        .headers = headers, .n_headers = n, .body = body,
    };
    client_do(w->client, &request, &w->arena, &r, &e);
    return r;
}

/* One exchange and what it has to answer; fails naming the row. body == NULL: any. A trailing "*" in `answer` stands for
 * whatever follows. */
struct exchange {
    const char *method, *path, *type, *accept, *body;
    int status;
    const char *answer;
};

static inline void world_expect(struct world *w, const struct exchange *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct client_response r = world_ask(w, x[i].method, x[i].path, x[i].type, x[i].accept, str_of(x[i].body));
        size_t want = x[i].answer ? strlen(x[i].answer) : 0;
        bool open_end = want && x[i].answer[want - 1] == '*';
        bool same = !x[i].answer || (open_end ? str_starts(r.body, (struct str){ x[i].answer, want - 1 })
                                              : str_is(r.body, x[i].answer));
        if (r.status != x[i].status || !same)
            fail_msg("%zu: %s %s %s\n  got  %d " STR_F "\n  want %d %s", i, x[i].method, x[i].path,
                     x[i].body ? x[i].body : "", r.status, STR_A(r.body), x[i].status, x[i].answer ? x[i].answer : "(any)");
    }
}
#define WORLD_EXPECT(w, rows) world_expect((w), (rows), sizeof(rows) / sizeof *(rows))

#endif
