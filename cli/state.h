/* state.h - the cloud that stays (`weirbox up`): where it says what it is, so that down, wait, env and logs find it.
 *
 *   <runtime folder>/up.lock   held (flock) by the process for as long as it lives: whoever can take it knows none is up
 *                    up.json   {"pid":…,"edge":…,"proxy":…,"ca":…,"log":…,"seed":…,"env":[…]}, written when all is ready
 *                    up.log    stderr of one that was detached
 *                    up/       generated files: CA bundle, trust store, AWS profile
 */
#ifndef CLI_STATE_H
#define CLI_STATE_H

#include "cli/environ.h"

/* Takes the lock: a descriptor to keep open while up. -1: ALREADY_UP, or why it cannot be taken. */
int state_claim(struct arena *a, struct err *e);
int state_write(const struct host *h, const struct environ_list *env, struct arena *a, struct err *e);
/* Removes up.json and the generated files; the lock goes with the process. */
void state_forget(struct arena *a);
const char *state_log(struct arena *a, struct err *e); /* the path */
const char *state_folder(struct arena *a, struct err *e); /* up/, made when it is not there */

/* The text of up.json of a cloud that is up; NOT_UP when there is none. */
int state_read(struct arena *a, struct str *ret_json, struct err *e);
bool state_is_up(struct arena *a);

#endif
