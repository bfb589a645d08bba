/* edge.h - which service a request on the shared port is for. */
#ifndef MOCKS_CLOUD_EDGE_H
#define MOCKS_CLOUD_EDGE_H

#include "net/message.h"

/* The service's name by the table in edge.c; never NULL (S3 takes what nobody else claims, as its paths are free). */
const char *edge_service(const struct http_request *r);

#endif
