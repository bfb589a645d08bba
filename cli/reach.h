/* reach.h - the cloud that journal, peek, verify and reset talk to: that of --url, of WEIRBOX_URL (inside exec), or the one up. */
#ifndef CLI_REACH_H
#define CLI_REACH_H

#include "base/clock.h"
#include "cli/command.h"
#include "net/client.h"

extern const struct option reach_options[]; /* --url */

struct reach {
    struct arena arena; /* of answers; a caller that goes on asking empties it */
    struct clock clock;
    struct client *client;
    const char *url;
};
/* NOT_UP when there is none. Always reach_close. */
int reach_open(struct reach *r, struct args *a, struct err *e);
void reach_close(struct reach *r);
/* -1: no answer (NOT_UP), or one that says no, in its own words. A 409 is the caller's to judge. */
int reach_ask(struct reach *r, const char *method, struct str target, struct str body, struct client_response *ret, struct err *e);
/* Adds "&name=value" ('?' before the first), the value encoded; nothing when it is NULL. */
void reach_query(struct buf *target, const char *name, const char *value);
/* 0 when the word is topic, stream or bucket. */
int reach_kind(const char *word, struct err *e);

#endif
