/* logs.c - weirbox logs: what a detached cloud wrote on stderr; with --verbose at its start, a line for every call. */
#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/commands.h"
#include "cli/state.h"

enum { LOOK_MS = 100 };

static void copy(FILE *f)
{
    char block[8192];
    clearerr(f);
    for (size_t n; (n = fread(block, 1, sizeof block, f)) > 0;)
        fwrite(block, 1, n, stdout);
    fflush(stdout);
}

int logs_command_run(struct args *a, struct err *e)
{
    const char *path = state_log(&a->arena, e);
    if (!path)
        return -1;
    FILE *f = fopen(path, "re");
    if (!f)
        return err_set(e, 0, "NOT_UP", "no cloud has been detached: cannot read %s: %s; weirbox up -d starts one", path, strerror(errno));
    struct clock clock;
    clock_init_real(&clock);
    bool more = args_on(a, "follow");
    do {
        bool up = state_is_up(&a->arena);
        copy(f);
        more = more && up && !ferror(stdout);
        if (more)
            clock_wait_ms(&clock, LOOK_MS);
    } while (more);
    fclose(f);
    return EXIT_OK;
}
