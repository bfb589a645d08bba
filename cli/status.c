/* status.c - weirbox status: what is and is not implemented, from the same rows dispatch reads. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/flow.h"

int status_command_run(struct args *a, struct err *e)
{
    (void)e;
    bool only_missing = args_on(a, "unimplemented"), json = args_on(a, "json");
    const char *comma = "";
    if (json)
        printf("{\"schema\":1,\"command\":\"status\",\"status\":\"ok\",\"data\":[");
    for (const struct service *const *s = flow_services; *s; s++) {
        size_t built = 0;
        for (size_t i = 0; i < (*s)->n_actions; i++)
            built += (*s)->actions[i].run != NULL;
        if (!json)
            printf("%-12s %zu of %zu actions%s\n", (*s)->name, built, (*s)->n_actions, only_missing && built < (*s)->n_actions ? "; not implemented:" : "");
        for (size_t i = 0; i < (*s)->n_actions; i++) {
            const struct action *action = &(*s)->actions[i];
            if (json) {
                if (!only_missing || !action->run)
                    printf("%s{\"service\":\"%s\",\"action\":\"%s\",\"implemented\":%s}", comma, (*s)->name, action->name, action->run ? "true" : "false"), comma = ",\n";
            } else if (only_missing != (action->run != NULL)) {
                printf("  %s\n", action->name);
            }
        }
    }
    if (json)
        printf("]}\n");
    return EXIT_OK;
}
