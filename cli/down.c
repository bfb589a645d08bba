/* down.c - weirbox down: ends the cloud that stays. Nothing to end is no mistake. */
#include <signal.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/commands.h"
#include "cli/state.h"

enum { LOOK_MS = 20 };

static bool gone_within(struct args *a, int64_t timeout_ms)
{
    struct clock clock;
    clock_init_real(&clock);
    for (int64_t waited_ms = 0; state_is_up(&a->arena); waited_ms += LOOK_MS) {
        if (waited_ms >= timeout_ms)
            return false;
        clock_wait_ms(&clock, LOOK_MS);
    }
    return true;
}

int down_command_run(struct args *a, struct err *e)
{
    struct str json;
    struct json pid;
    int64_t number, timeout_s = 10;
    if (args_number(a, "timeout", 0, 3600, &timeout_s, e))
        return -1;
    if (state_read(&a->arena, &json, e)) {
        if (strcmp(e->code, "NOT_UP") != 0)
            return -1;
        if (args_on(a, "json"))
            printf("{\"schema\":1,\"command\":\"down\",\"status\":\"ok\",\"data\":{\"was_up\":false}}\n");
        else
            printf("no cloud is up\n");
        return EXIT_OK;
    }
    if (!json_get(json, "pid", &pid) || !str_to_i64(pid.raw, &number) || number <= 1)
        return err_set(e, 0, "STATE_MALFORMED", "up.json names no process; end the process called weirbox by hand");
    kill((pid_t)number, SIGTERM);
    bool forced = !gone_within(a, timeout_s * 1000);
    if (forced)
        kill((pid_t)number, SIGKILL);
    if (forced && !gone_within(a, 5000))
        return err_set(e, 0, "STILL_UP", "process %lld does not end", (long long)number);
    if (forced)
        state_forget(&a->arena);
    if (args_on(a, "json"))
        printf("{\"schema\":1,\"command\":\"down\",\"status\":\"ok\",\"data\":{\"was_up\":true,\"forced\":%s}}\n", forced ? "true" : "false");
    else
        printf("weirbox is down%s\n", forced ? "; it had to be killed" : "");
    return EXIT_OK;
}
