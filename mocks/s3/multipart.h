/* multipart.h - what multipart.c lends to UploadPartCopy and to the lists. */
#ifndef MOCKS_S3_MULTIPART_H
#define MOCKS_S3_MULTIPART_H

#include "mocks/s3/s3call.h"

enum { MULTIPART_MOST_PARTS = 10000 };

/* Stores bytes as the part ?partNumber of ?uploadId; takes the blob's reference over. sum: sent by the client, or of
 * kind CHECKSUM_NONE. *ret_part is the part stored; its blob may be gone. */
int multipart_store_part(struct call *c, struct blob *blob, const struct checksum *sum, struct part *ret_part);
/* "md5" of a part in hex, with quotes. */
struct str multipart_part_etag(struct arena *a, const struct part *p);

#endif
