/* s3.h - Amazon S3: buckets of objects over HTTP, as the SDKs of 2025 use it.
 *
 *   request ─► s3.c      which action: one table of method, path, query, header; phrases errors
 *              s3call.c  host, path, query and headers read; signature.c and sigv2.c say why a signature is refused
 *              body.c    aws-chunked framing undone, digests verified (awschunk.c, checksum.c)
 *              buckets.c objects.c copy.c delete.c listing.c multipart.c tagging.c access.c   the actions, by noun
 *              store.c   buckets, object versions, uploads; keyindex.c keeps keys in the order of their bytes
 *              persist.c the same on disk, one append log a bucket, when the cloud has a data directory
 *
 * Promises: an object is whole or absent, never half; of many writers with If-None-Match: * exactly one wins; what a
 * client says of its bytes (Content-MD5, x-amz-checksum-*, x-amz-content-sha256, chunk signatures) is verified
 * before anything is stored; lists are in the order of UTF-8 bytes; actions that are not built answer 501 by name.
 * Buckets have a lock each; the table of buckets is locked for reading while a bucket is looked up and no longer.
 *
 * Settings of the cloud:
 *   s3.buckets         "a,b,c"  buckets that exist from the start, owned by the default account
 *   s3.min_part_bytes  5242880  smallest part of a multipart upload, the last one excepted
 *   s3.fsync           off      with a data directory: wait for the disk before each acknowledgement
 *
 * Weaker than the service: one region (any is accepted in a signature); no ACL or policy is evaluated beyond the
 * owner's account; a request has at most as many bytes as the HTTP server takes (64 MiB), larger objects come by
 * parts; objects are held in memory, with a data directory too; POST policy uploads are not implemented.
 *
 * Documented in the Amazon S3 API Reference (API version 2006-03-01).
 */
#ifndef MOCKS_S3_S3_H
#define MOCKS_S3_S3_H

#include "mocks/cloud/service.h"

extern const struct service s3_service;

#endif
