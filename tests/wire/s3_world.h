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

#endif
