/* actions.h - the functions of the table in s3.c, by file. Each is run(struct call *) of an action. */
#ifndef MOCKS_S3_ACTIONS_H
#define MOCKS_S3_ACTIONS_H

#include "mocks/cloud/service.h"

/* buckets.c */
int buckets_list(struct call *c);
int buckets_create(struct call *c);
int buckets_head(struct call *c);
int buckets_delete(struct call *c);
int buckets_location(struct call *c);
int buckets_get_versioning(struct call *c);
int buckets_put_versioning(struct call *c);
/* objects.c */
int objects_put(struct call *c);
int objects_get(struct call *c); /* HeadObject too */
/* copy.c */
int copy_object(struct call *c);
int copy_part(struct call *c);
/* delete.c */
int delete_object(struct call *c);
int delete_objects(struct call *c);
/* listing.c, listing_versions.c */
int listing_objects(struct call *c);
int listing_objects_v2(struct call *c);
int listing_versions(struct call *c);
/* multipart.c, multipart_list.c */
int multipart_create(struct call *c);
int multipart_put_part(struct call *c);
int multipart_complete(struct call *c);
int multipart_abort(struct call *c);
int multipart_list(struct call *c);
int multipart_list_parts(struct call *c);
/* tagging.c */
int tagging_get(struct call *c);
int tagging_put(struct call *c);
int tagging_delete(struct call *c);
/* access.c */
int access_bucket_acl(struct call *c);
int access_object_acl(struct call *c);

/* signature.c: why a signature was refused, in AWS's words */
int signature_refuse(struct call *c, enum sigv4_verdict verdict, const struct err *why);
/* What is checked after the signature itself: the scope's service. */
int signature_check_claim(struct call *c);

#endif
