/* dispatch.h - taking one request through a service, in AWS's order. See service.h. */
#ifndef MOCKS_CLOUD_DISPATCH_H
#define MOCKS_CLOUD_DISPATCH_H

#include "mocks/cloud/service.h"

/* Runs the request; done(call) is called exactly once, when call->reply is complete: before this returns, or later
 * from another thread. */
void dispatch_call(struct cloud *cloud, const struct service *service, void *state,
                   const struct http_request *request, struct http_reply *reply, struct arena *arena,
                   bool internal, void (*done)(struct call *c), void *done_arg);

#endif
