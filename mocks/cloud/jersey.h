/* jersey.h - what the services that Confluent built on Jersey have in common: how they refuse and how errors look. */
#ifndef MOCKS_CLOUD_JERSEY_H
#define MOCKS_CLOUD_JERSEY_H

#include "mocks/cloud/service.h"

/* Jersey's own refusals: "HTTP 404 Not Found". Returns -1. */
int jersey_refuse(struct call *c, int status);
/* {"error_code":40401,"message":"…"}: the number is c->err.code, or else the status. */
void jersey_phrase(struct call *c);

#endif
