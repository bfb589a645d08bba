/* objects.h - what objects.c lends to copies, deletions and uploads. */
#ifndef MOCKS_S3_OBJECTS_H
#define MOCKS_S3_OBJECTS_H

#include "mocks/s3/s3call.h"

enum { OBJECTS_HEX = 33 };
/* An MD5 in hex, with a NUL behind it. */
void objects_hex(const uint8_t md5[16], char out[OBJECTS_HEX]);
/* MD5 of the bytes in hex, into v->etag. */
void objects_etag(struct str bytes, struct version *v);
void objects_encryption_header(struct call *c, const struct version *v);
/* names: the headers for match, unmodified since, none match, modified since. Fails with 412, or for the last two
 * with unmodified_status. */
int objects_check_read(struct call *c, const struct version *v, const char *const names[4], int unmodified_status);
/* "bytes=a-b": 1 and [from, to); 0: no range to honour; -1: beyond the end. */
int objects_range(struct str text, uint64_t size, uint64_t *ret_from, uint64_t *ret_to);
/* Answers that there is no object to be read. */
int objects_absent(struct call *c, enum store_result result, const struct version *marker);

/* objects_peek.c: see mocks/cloud/peek.h */
bool objects_look(void *state, struct str name, void (*fn)(void *arg, const struct peek_record *r), void *arg);
bool objects_purge(void *state, struct str name);
void objects_names(void *state, void (*fn)(void *arg, struct str name), void *arg);

#endif
