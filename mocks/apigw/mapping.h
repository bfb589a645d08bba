/* mapping.h - parameter mappings: "integration.request.path.proxy" = "method.request.path.proxy" and the like. */
#ifndef MOCKS_APIGW_MAPPING_H
#define MOCKS_APIGW_MAPPING_H

#include "base/err.h"
#include "mocks/apigw/vtl.h"
#include "net/message.h"

enum mapping_target { MAPPING_PATH, MAPPING_QUERY, MAPPING_HEADER };
enum mapping_source {
    MAPPING_FROM_STATIC, MAPPING_FROM_PATH, MAPPING_FROM_QUERY, MAPPING_FROM_HEADER, MAPPING_FROM_MULTI_QUERY,
    MAPPING_FROM_MULTI_HEADER, MAPPING_FROM_BODY, MAPPING_FROM_CONTEXT, MAPPING_FROM_STAGE,
};

struct mapping {
    enum mapping_target target;
    struct str name; /* of the target */
    enum mapping_source source;
    struct str from; /* name, text, or JSON path */
    struct mapping *next;
};

/* What mappings read: of a request, or of a backend's answer. */
struct mapping_input {
    struct arena *arena;
    struct vtl_request *request; /* parameters, body, context */
    const struct vtl_param *raw; /* path parameters as they were sent, for paths made from them */
    size_t n_raw;
    const struct http_header *headers; /* of the answer; NULL for requests */
    size_t n_headers;
    struct str body; /* of the answer */
};

/* Reads target and source; both as an OpenAPI document writes them. Appends to *list. */
int mapping_add(struct arena *a, struct mapping **list, struct str target, struct str source, struct err *e);
/* The value, or p == NULL when there is none (then nothing is set). -1: the body is no JSON (400). */
int mapping_value(const struct mapping *m, const struct mapping_input *in, struct str *ret_value, struct err *e);

#endif
