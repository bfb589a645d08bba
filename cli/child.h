/* child.h - somebody else's program, run so that nothing of it outlives us.
 *
 *   weirbox ──► guard ──► CMD ──► …        one process group, led by the guard, in the terminal's foreground if we were
 *
 * The guard adopts what CMD leaves behind (PR_SET_CHILD_SUBREAPER) and kills all of it when CMD has ended, when weirbox has
 * (their pipe closes, so also after kill -9), or at the second wish to stop; a repeat within 100 ms is the same wish. If the
 * guard itself is killed, CMD is too (PR_SET_PDEATHSIG). Ctrl-Z is not supported: what stops is continued.
 */
#ifndef CLI_CHILD_H
#define CLI_CHILD_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"

struct child {
    pid_t guard;
    int status_fd, life_fd;
    bool foreground;
};

/* signals: those the caller has blocked and child_wait forwards; before: the mask to give CMD. */
int child_start(struct child *c, char *const *argv, char *const *env, const sigset_t *before, struct err *e);
/* CMD's exit status; 128 + N when signal N ended it; 127 not found and 126 not runnable, with *e; 125 when we failed. */
int child_wait(struct child *c, const sigset_t *signals, struct err *e);

#endif
