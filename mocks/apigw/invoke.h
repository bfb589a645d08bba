/* invoke.h - inside apigw: one call of the data plane on its way. Lives in the request's arena. */
#ifndef MOCKS_APIGW_INVOKE_H
#define MOCKS_APIGW_INVOKE_H

#include <stdatomic.h>

#include "mocks/apigw/model.h"
#include "mocks/cloud/service.h"

struct foreign;
struct apigw {
    struct cloud *cloud;
    struct rest *rest; /* the APIs */
    struct foreign *foreign;
    int64_t timeout_ms;
};

/* Refusals by the gateway itself: rows of refuse.c. */
enum refusal {
    REFUSE_NONE = 0, REFUSE_TOKEN, REFUSE_FORBIDDEN, REFUSE_KEY, REFUSE_PARAMETERS, REFUSE_BODY, REFUSE_SCHEMA, REFUSE_MEDIA_TYPE,
    REFUSE_THROTTLED, REFUSE_QUOTA, REFUSE_CONFIGURATION, REFUSE_TIMEOUT, REFUSE_NETWORK, REFUSALS
};

struct invocation {
    struct call *call;
    struct apigw *gateway;
    struct rest_live *live; /* one use of it, until the call is over */
    const struct model_api *api; /* of live */
    struct vtl_value variables;  /* of the stage */
    struct str deployment;
    struct str stage, path; /* path: below the stage, encoded, begins with / */
    struct match match;
    const struct model_integration *integration;
    struct vtl_param *params; /* of the request, decoded: path, query, header */
    size_t n_params;
    struct vtl_request vtl;
    struct str extended_id;
    struct str content_type; /* media type of the request, without parameters */
    struct str key_id;       /* of the API key that came along and was found */
    enum refusal refused;
    struct str validation; /* $context.error.validationErrorString */
    struct buf *log;       /* the execution log of a trial; else NULL */
    bool no_key;           /* TestInvokeMethod asks for no API key and is not throttled */
    /* what goes to the backend, and what came back */
    struct http_request out;
    struct http_reply back;
    struct str url; /* a foreign backend */
    bool late;        /* a foreign backend did not answer in time; that time has passed */
    int64_t delay_ms; /* the backend's time, which the client sees pass; also when the call is refused */
    _Atomic int phase;
};

/* refuse.c: fills c->err with the row and gives the journal the reason; returns -1. */
int invoke_fail(struct call *c, enum refusal why, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* c->err into the reply, as the API's gateway responses want it. */
void refuse_phrase(struct call *c);
/* The row's name if text is one ("DEFAULT_4XX" too), its usual status (0: it has none), NULL when there is no such. */
const char *refuse_type(struct str text, int *ret_status);
const char *refuse_type_at(size_t i); /* NULL ends */

/* apigw.c: no resource or no method; the reason names the nearest. */
void invoke_unmatched(struct call *c, const struct invocation *v);

/* The action. */
int invoke_run(struct call *c);
/* From integrate.c and foreign.c: the backend has answered into v->back (or failed: error text). */
int invoke_answer(struct invocation *v, const char *network_error);
int64_t invoke_limit_ms(const struct invocation *v); /* how long the backend may take */
/* A line of the execution log, when there is one. */
void invoke_log(struct invocation *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* admit.c: API key, usage plan, throttles, required parameters, body model. -1 refused. */
int admit_key(struct invocation *v);
int admit_request(struct invocation *v);

/* binary.c: bodies between text and bytes, by content handling and binary media types. */
int binary_request(struct invocation *v, struct str *body);
int binary_response(struct invocation *v, enum model_content handling, struct str backend_type, struct str *body);

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

/* control.c: the control plane's actions, by name and route. */
enum { CONTROL_ACTIONS = 108 };
extern const struct action control_actions[CONTROL_ACTIONS];
bool control_is(const struct http_request *r);
/* NULL when the control plane has no such path (c->err filled). */
const struct action *control_route(struct call *c);

#endif
