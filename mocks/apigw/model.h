/* model.h - APIs as data: resources, methods, integrations, stages.
 *
 * The texts, templates and patterns of an API live in its arena and are freed with it. What is deployed is never
 * changed: whoever edits makes another struct model_api and puts it in place.
 */
#ifndef MOCKS_APIGW_MODEL_H
#define MOCKS_APIGW_MODEL_H

#include <stdatomic.h>

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/jregex.h"
#include "base/map.h"
#include "mocks/apigw/mapping.h"
#include "mocks/apigw/vtl.h"

enum model_type { MODEL_HTTP, MODEL_HTTP_PROXY, MODEL_AWS, MODEL_AWS_PROXY, MODEL_MOCK };
enum model_content { MODEL_CONTENT_AS_IS, MODEL_CONTENT_TO_TEXT, MODEL_CONTENT_TO_BINARY };
enum model_passthrough { MODEL_WHEN_NO_MATCH, MODEL_WHEN_NO_TEMPLATES, MODEL_NEVER };

struct model_template {
    struct str media_type;
    struct str text;
    struct vtl *compiled; /* owned by the API; NULL: it does not compile, every call of it fails */
    struct str problem;   /* why it does not compile */
    struct model_template *next;
};

struct model_response {
    struct str pattern;      /* as written; empty = the default */
    struct jregex *compiled; /* NULL = the default */
    int status;
    enum model_content content;
    struct model_template *templates;
    struct mapping *mappings; /* onto method.response.header.* */
    struct model_response *next;
};

struct model_integration {
    enum model_type type;
    struct str http_method; /* towards the backend */
    struct str uri;
    struct str region, service, action, path; /* of an AWS uri: either action or path */
    struct str host;        /* of an HTTP uri: "kafka-rest:8082"; empty when variables stand in it */
    struct str credentials;
    enum model_passthrough passthrough;
    enum model_content content;
    int64_t timeout_ms;
    struct model_template *templates;
    struct mapping *mappings; /* onto integration.request.* */
    struct model_response *responses;
};

/* "method.request.header.X" that has to be there. */
struct model_parameter {
    enum vtl_place place;
    struct str name;
    struct model_parameter *next;
};
/* Which schema a body of a media type has to satisfy. */
struct model_body {
    struct str media_type;
    const cJSON *schema; /* of the API's schemas; NULL: any body */
    struct model_body *next;
};

struct model_method {
    struct str verb; /* "GET", …, "ANY" */
    bool key_required, validate_body, validate_parameters;
    struct model_parameter *required;
    struct model_body *bodies;
    struct str authorizer; /* "CUSTOM", "COGNITO_USER_POOLS": what has to be asked; n == 0: nothing */
    struct str operation; /* operationId */
    struct str summary;   /* what it does, for the journal */
    struct model_integration *integration; /* NULL: the method has none */
    struct model_method *next;
};

enum model_part { MODEL_STATIC, MODEL_PARAM, MODEL_GREEDY };
struct model_resource {
    struct str id, path; /* "/streams/{stream-name}" */
    struct str part;     /* "streams"; of {x} and {x+} the name alone */
    enum model_part kind;
    struct model_method *methods;
    struct model_resource *parent, *children, *next;
};

/* How the gateway's own refusals of one type look instead of as usual. */
struct model_refusal {
    struct str type; /* "MISSING_AUTHENTICATION_TOKEN" */
    int status;      /* 0 = as usual */
    const cJSON *headers; /* "gatewayresponse.header.X": "'text'"; of the definition */
    struct model_template *templates;
    struct model_refusal *next;
};

struct model_api {
    _Atomic int users; /* model_close takes one away; the last one frees */
    struct arena arena;
    struct str id, name, description;
    bool key_from_authorizer; /* apiKeySource */
    bool lenient;             /* templates that do not compile are kept, and fail when they are called */
    cJSON *definition;        /* what it was made of; owned; NULL = nothing */
    cJSON *schemas;           /* models by name, parsed; owned */
    struct model_refusal *refusals;
    struct model_resource *root;
    struct str *binary_types;
    size_t n_binary_types;
    struct vtl **templates; /* all that were compiled */
    size_t n_templates, cap_templates;
    size_t n_resources, n_methods;
};

struct model_api *model_open(struct str id);
struct model_api *model_share(struct model_api *api); /* one more user */
void model_close(struct model_api *api);
/* The resource of "/a/{b}/{c+}", made with all above it when it is not there. */
struct model_resource *model_resource(struct model_api *api, struct str path, struct err *e);
/* The method, made when it is not there. */
struct model_method *model_method(struct model_api *api, struct model_resource *r, struct str verb);
/* Compiles the template and puts it behind the others of *list. */
int model_template(struct model_api *api, struct model_template **list, struct str media_type, struct str text,
                   struct err *e);
/* Writes the summaries of all methods; after the last change. */
void model_summarize(struct model_api *api);
/* Reads uri into the fields of its type; says what AWS says of a malformed one. */
int model_uri(struct model_api *api, struct model_integration *i, struct err *e);

/* match.c: the most specific resource with methods that has the path's form, static before {param} before {proxy+}.
 * Values of parameters stay encoded. */
enum { MATCH_SEGMENTS = 64, MATCH_PARAMS = 16 };
struct match {
    const struct model_resource *resource;
    const struct model_method *method; /* NULL: the resource has none for this verb */
    struct vtl_param params[MATCH_PARAMS];
    size_t n_params;
    const struct model_resource *nearest; /* when there is no resource: how far the path led */
};
bool match_path(const struct model_api *api, struct str verb, struct str path, struct match *ret_match);

/* openapi.c: NULL with *e filled; the message names the JSON pointer of what is wrong. */
struct model_api *openapi_import(struct str document, struct str id, struct err *e);

#endif
