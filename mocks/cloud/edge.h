/* edge.h - which service a request on the shared port is for. */
#ifndef MOCKS_CLOUD_EDGE_H
#define MOCKS_CLOUD_EDGE_H

#include "net/message.h"

/* The service's name by the table in edge.c. S3 takes what nobody else claims, as its paths are free; NULL when the request is
 * made for a service of AWS that no row names: it must not end in S3's errors. */
const char *edge_service(const struct http_request *r);
/* Answers 501 in the dialect of whoever asks: the name of the service it was for. */
void edge_refuse(const struct http_request *r, struct http_reply *reply, struct arena *a, struct str *ret_reason);

#endif
