/* arrived.h - what a script's posts came to: read back from bucket and streams as the pipeline reads, cleaned, counted. */
#ifndef CLI_ARRIVED_H
#define CLI_ARRIVED_H

#include <stdio.h>

#include "cli/host.h"

/* Settles the cloud, reads every topic and stream that holds records back and prints a line for each to `out`.
 * 0: every record of every topic was read back. -1: POSTS_INCOMPLETE, NOT_SETTLED, or why it could not be read. */
int arrived_print(const struct host *h, FILE *out, struct err *e);

#endif
