/* wait.c - weirbox wait: until the cloud says that everything is ready, at most so long. */
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/state.h"
#include "net/client.h"

enum { LOOK_MS = 50 };

/* 0 when /_weirbox/ready says 200; else *e says what it did. */
static int ask(struct args *a, struct clock *clock, const char *url, struct err *e)
{
    const struct client_options o = { .clock = clock, .max_attempts = 1, .timeout_ms = 2000 };
    struct client *client = client_open(&o, e);
    if (!client)
        return -1;
    struct client_response answer = { 0 };
    const struct client_request r = { .method = "GET", .url = arena_f(&a->arena, "%s/_weirbox/ready", url) };
    int result = client_do(client, &r, &a->arena, &answer, e);
    if (result == 0 && answer.status != 200)
        result = err_set(e, 0, "NOT_READY", "%s answers %d: " STR_F, url, answer.status, STR_A(str_head(str_trim(answer.body), 200)));
    client_close(client);
    return result;
}

static int look(struct args *a, struct clock *clock, struct err *e)
{
    struct str json;
    const char *url = args_text(a, "url");
    if (!url) {
        if (state_read(&a->arena, &json, e))
            return -1;
        url = arena_z(&a->arena, json_get_text(json, "edge", &a->arena));
    }
    return ask(a, clock, url, e);
}

int wait_command_run(struct args *a, struct err *e)
{
    int64_t timeout_s = 30;
    struct clock clock;
    clock_init_real(&clock);
    if (args_number(a, "timeout", 0, 86400, &timeout_s, e))
        return -1;
    int64_t start_us = clock_stopwatch_us();
    struct err why = { 0 };
    while (look(a, &clock, &why)) {
        if (clock_stopwatch_us() - start_us >= timeout_s * 1000000)
            return err_set(e, 0, "NOT_READY", "not ready after %lld s: %s", (long long)timeout_s, why.message);
        clock_wait_ms(&clock, LOOK_MS);
    }
    printf(args_on(a, "json") ? "{\"schema\":1,\"command\":\"wait\",\"status\":\"ok\",\"data\":{\"ready\":true}}\n" : "ready\n");
    return EXIT_OK;
}
