/* persist.h - a bucket on disk: one append log, <data dir>/s3/<bucket>.log.
 *
 * The log is a sequence of records:
 *
 *     bytes 0-3    "S3r1"
 *           4      type: B bucket, V versioning, O object version or delete marker, X version removed, T tags,
 *                  U upload started, P part, E upload ended
 *           5-7    zero
 *           8-11   length of the head, little-endian
 *           12-19  length of the data, little-endian
 *           20-23  CRC-32C of the record with these four bytes zero, little-endian
 *           24-    the head: lines "name=value", values percent-encoded; then the data: bytes of the object or part
 *
 * The first record is the bucket's. A record is handed to the kernel before its change takes effect, so what was
 * acknowledged survives the end of the process; with fsync it survives the machine's, too. At open the log is read
 * from the front. A record that is cut off or does not match its checksum ends it: what follows is moved to
 * <bucket>.log.torn and counted, never fatal. A log of which less than half is alive is then written anew beside
 * and renamed over.
 *
 * Every persist_* takes NULL as the log of a bucket in memory and answers 0.
 */
#ifndef MOCKS_S3_PERSIST_H
#define MOCKS_S3_PERSIST_H

#include "mocks/s3/store.h"

struct persist *persist_create(const char *dir, const struct bucket *b, bool fsync_each, struct err *e);
/* Fills the bucket, which has only its name yet. ret_torn_bytes: what was cut off. NULL with e->code "S3_LOG_EMPTY"
 * when not even the first record is whole (the bucket was never acknowledged). */
struct persist *persist_load(const char *dir, struct bucket *b, bool fsync_each, uint64_t *ret_torn_bytes, struct err *e);
void persist_close(struct persist *p);
void persist_remove(struct persist *p); /* deletes the file; the struct lives until persist_close */
/* Calls fn for every log of the directory, which is made when it is not there, by name. */
int persist_scan(const char *dir, int (*fn)(void *arg, struct str bucket, struct err *e), void *arg, struct err *e);

/* Appending; -1 when the disk refuses, nothing was appended then. */
int persist_versioning(struct persist *p, enum versioning v);
int persist_version(struct persist *p, struct str key, const struct version *v);
int persist_unlink(struct persist *p, struct str key, struct str id);
int persist_tags(struct persist *p, struct str key, struct str id, struct str tags);
int persist_upload(struct persist *p, const struct upload *u);
int persist_part(struct persist *p, const struct upload *u, const struct part *part);
int persist_upload_end(struct persist *p, const struct upload *u);

#endif
