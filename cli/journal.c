/* journal.c - weirbox journal: what every call of the cloud that is up met. */
#include <stdio.h>

#include "cli/calls.h"
#include "cli/commands.h"
#include "cli/reach.h"

enum { LOOK_MS = 200, A_LOOK = 1000 };

static const char *const filters[] = { "service", "action", "resource", "status" };

static struct str target_of(const struct args *a, struct reach *r, const char *bound, uint64_t value, uint64_t after)
{
    struct buf target = BUF_INIT;
    buf_z(&target, "journal");
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        reach_query(&target, filters[i], args_text(a, filters[i]));
    reach_query(&target, bound, arena_f(&r->arena, "%llu", (unsigned long long)value).p);
    reach_query(&target, "after", arena_f(&r->arena, "%llu", (unsigned long long)after).p);
    struct str text = arena_dup(&r->arena, buf_str(&target));
    buf_release(&target);
    return text;
}

static void print(const struct args *a, struct str lines)
{
    struct buf out = BUF_INIT;
    if (args_on(a, "json"))
        buf_str_add(&out, lines);
    else
        calls_put(&out, lines);
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    fflush(stdout);
    buf_release(&out);
}

/* The id of the last call that was looked at, fitting or not. */
static uint64_t last_of(const struct client_response *r)
{
    int64_t last = 0;
    str_to_i64(http_header_get(r->headers, r->n_headers, "Weirbox-Last"), &last);
    return (uint64_t)last;
}

static int follow(const struct args *a, struct reach *r, uint64_t after)
{
    struct client_response answer;
    struct err gone = { 0 };
    while (!ferror(stdout)) {
        clock_wait_ms(&r->clock, LOOK_MS);
        if (reach_ask(r, "GET", target_of(a, r, "limit", A_LOOK, after), S(""), &answer, &gone)) {
            fprintf(stderr, "weirbox: the cloud is gone\n");
            return EXIT_OK;
        }
        print(a, answer.body);
        after = last_of(&answer); /* smaller than before when the cloud has been reset */
        arena_reset(&r->arena);
    }
    return EXIT_OK;
}

int journal_command_run(struct args *a, struct err *e)
{
    struct reach r;
    struct client_response answer;
    int64_t limit = 0;
    if (args_number(a, "limit", 0, 100000, &limit, e))
        return -1;
    int result = reach_open(&r, a, e);
    if (result == 0) /* of none the place of the last is wanted all the same */
        result = reach_ask(&r, "GET", target_of(a, &r, "last", limit ? (uint64_t)limit : 1, 0), S(""), &answer, e);
    if (result == 0) {
        print(a, limit ? answer.body : S(""));
        result = args_on(a, "follow") ? follow(a, &r, last_of(&answer)) : EXIT_OK;
    }
    reach_close(&r);
    return result;
}
