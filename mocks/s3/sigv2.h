/* sigv2.h - presigned URLs of signature version 2, which boto3 still makes for us-east-1 unless told otherwise. */
#ifndef MOCKS_S3_SIGV2_H
#define MOCKS_S3_SIGV2_H

#include "mocks/s3/s3call.h"

/* Does the query carry AWSAccessKeyId, Signature and Expires? */
bool sigv2_present(const struct call *c);
/* 0 with c->account set, or the call failed as S3 fails it. */
int sigv2_verify(struct call *c);

#endif
