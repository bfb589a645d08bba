/* invoke.h - inside apigw: one call of the data plane on its way. Lives in the request's arena. */
#ifndef MOCKS_APIGW_INVOKE_H
#define MOCKS_APIGW_INVOKE_H

#include <stdatomic.h>

#include "mocks/apigw/model.h"
#include "mocks/cloud/service.h"

struct foreign;
struct apigw {
    struct cloud *cloud;
    struct model_api *api; /* of the document */
    struct foreign *foreign;
    int64_t timeout_ms;
};

struct invocation {
    struct call *call;
    struct apigw *gateway;
    const struct model_api *api;
    struct str stage, path; /* path: below the stage, encoded, begins with / */
    struct match match;
    const struct model_integration *integration;
    struct vtl_param *params; /* of the request, decoded: path, query, header */
    size_t n_params;
    struct vtl_request vtl;
    struct str extended_id;
    struct str content_type; /* media type of the request, without parameters */
    /* what goes to the backend, and what came back */
    struct http_request out;
    struct http_reply back;
    struct str url; /* a foreign backend */
    int64_t delay_ms; /* the backend's time, which the client sees pass; also when the call is refused */
    _Atomic int phase;
};

/* Refusals by the gateway itself; invoke_fail fills c->err with the row and gives the journal the reason. */
enum refusal {
    REFUSE_TOKEN, REFUSE_FORBIDDEN, REFUSE_BODY, REFUSE_MEDIA_TYPE, REFUSE_CONFIGURATION, REFUSE_TIMEOUT, REFUSE_NETWORK,
};
int invoke_fail(struct call *c, enum refusal why, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The action. */
int invoke_run(struct call *c);
/* From integrate.c and foreign.c: the backend has answered into v->back (or failed: error text). */
int invoke_answer(struct invocation *v, const char *network_error);

/* context.c */
struct vtl_value context_make(struct vtl_request *q, struct arena *a);
struct vtl_value context_stage(struct vtl_request *q, struct arena *a);
/* $context.requestOverride.header and the like, when a template touched $context; else NULL. */
struct vtl_map *context_override(const struct vtl_request *q, const char *which, const char *part);
int context_status(const struct vtl_request *q); /* $context.responseOverride.status, or 0 */

/* integrate.c: sends v->out; 0/-1 when it is over already, CALL_LATER when call_finish will follow. body: the text
 * after templates. */
int integrate_send(struct invocation *v, struct str body);

/* foreign.c: hosts outside of this cloud, on threads of their own. */
struct foreign *foreign_open(struct cloud *cloud);
void foreign_close(struct foreign *f);
int foreign_send(struct foreign *f, struct invocation *v); /* CALL_LATER; ends in call_finish */

/* control.c: the control plane's actions, known by name and route. */
enum { CONTROL_ACTIONS = 97 };
extern const struct action control_actions[CONTROL_ACTIONS];
const struct action *control_route(struct call *c);

#endif
