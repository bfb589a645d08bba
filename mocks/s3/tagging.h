/* tagging.h - tags in the form they are kept in: "k=v&k=v", percent-encoded. */
#ifndef MOCKS_S3_TAGGING_H
#define MOCKS_S3_TAGGING_H

#include "mocks/s3/s3call.h"

/* The x-amz-tagging header, checked; "" when there is none. */
int tagging_of_header(struct call *c, struct str *ret_tags);

#endif
