/* reset.c - weirbox reset: empties one topic, stream or bucket of the cloud that is up, or the whole cloud. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/reach.h"

int reset_command_run(struct args *a, struct err *e)
{
    struct reach r;
    struct client_response answer;
    struct buf target = BUF_INIT;
    bool one = a->n_operands == 2;
    if (a->n_operands == 1)
        return err_set(e, 0, "USAGE", "weirbox reset takes nothing, or topic|stream|bucket and a NAME");
    if (one && reach_kind(a->operands[0], e))
        return -1;
    buf_z(&target, "reset");
    reach_query(&target, one ? a->operands[0] : "", one ? a->operands[1] : NULL);
    int result = reach_open(&r, a, e);
    if (result == 0)
        result = reach_ask(&r, "POST", buf_str(&target), S(""), &answer, e);
    if (result == 0 && args_on(a, "json"))
        printf("{\"schema\":1,\"command\":\"reset\",\"status\":\"ok\",\"data\":{\"reset\":true}}\n");
    else if (result == 0 && one)
        printf("the %s %s is empty\n", a->operands[0], a->operands[1]);
    else if (result == 0)
        printf("everything is as it was at the start\n");
    buf_release(&target);
    reach_close(&r);
    return result;
}
