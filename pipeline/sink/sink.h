/* sink.h - final tables and answers as files.
 *
 *   DIR/clean/{pin,geo,user}.jsonl   DIR/queries/<name>.csv   and whatever text the caller names
 *
 * A file is written beside its place and renamed into it, so that it is whole or absent. Folders are made as needed.
 */
#ifndef PIPELINE_SINK_SINK_H
#define PIPELINE_SINK_SINK_H

#include "pipeline/analytics/analytics.h"

/* DISK: the error names the path and the cause. `relative` may hold slashes. */
int sink_put(const char *dir, const char *relative, struct str bytes, struct err *e);
int sink_table(const char *dir, const struct table *t, struct err *e);   /* clean/<name>.jsonl */
int sink_answer(const char *dir, const struct result *r, struct err *e); /* queries/<name>.csv */
/* Makes every folder of the path but its last part. */
int sink_folders(char *path, struct err *e);
/* The bytes of dir/relative; 1 when there is no such file. */
int sink_get(const char *dir, const char *relative, struct buf *ret, struct err *e);

#endif
