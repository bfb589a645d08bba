/* delta.h - weirbox delta: what commands.c needs of delta.c. */
#ifndef CLI_DELTA_H
#define CLI_DELTA_H

#include "cli/command.h"

extern const struct option delta_command_store[];   /* --endpoint --region, for tables below s3:// */
extern const struct option delta_command_version[]; /* --version --timestamp */
extern const struct option delta_command_limit[];   /* --limit */
extern const struct option delta_command_retain[];  /* --retain --dry-run --force */

struct clock;
struct delta_store;
/* The store of a folder, or of s3://bucket/prefix behind the endpoint, with --region and the keys of the environment. */
struct delta_store *delta_command_open(struct args *a, struct str where, const char *endpoint, struct clock *clock, struct err *e);
int delta_command_log(struct args *a, struct err *e);
int delta_command_cat(struct args *a, struct err *e);
int delta_command_history(struct args *a, struct err *e);
int delta_command_vacuum(struct args *a, struct err *e);

#endif
