/* control.h - inside apigw: the control plane. An action is a row of control.c and a function here, run under the lock
 * of the APIs with its path's labels and its body read. Most read or change one JSON object of a definition (a noun).
 */
#ifndef MOCKS_APIGW_CONTROL_H
#define MOCKS_APIGW_CONTROL_H

#include "mocks/apigw/invoke.h"
#include "mocks/apigw/rest.h"

struct control;
enum { PATCH_SEGMENTS = 8, PATCH_NOT_MINE = 2 };
/* One operation of patchOperations, read. */
struct patch_step {
    struct str op, path, value, from, segments[PATCH_SEGMENTS]; /* segments: of path, decoded */
    size_t n;
};

/* What of a noun may be patched. */
struct patch_path {
    const char *path; /* "/name"; the last segment * is any member of a map, or element of a list */
    const char *ops;  /* + add, = replace, - remove */
    char kind;        /* s text, e text that goes when it is empty, b boolean, n number, m, M text and boolean of a map,
                         l element of a list, v the value is the element */
    const char *missing; /* what is said when what is replaced or removed is not in the map; NULL = nothing */
};
enum patch_manner { PATCH_OPERATIONS, PATCH_LISTS, PATCH_NAMES }; /* how AWS refuses: names operations, paths, the path */

/* What lies in a collection by id or name. */
struct noun {
    const char *collection; /* of the definition; of the account when account is set */
    const char *missing;    /* what NotFoundException says; a %s is the name asked for */
    bool account;
    const struct patch_path *paths; /* up to one without a path */
    enum patch_manner manner;
    bool hides_api; /* says missing also when there is no such API */
    void (*changed)(struct rest *r, struct rest_api *api, cJSON *object); /* after a patch; NULL = nothing to do */
    int (*check)(struct control *k, cJSON *object); /* of what a patch made; NULL = all is well */
    int (*step)(struct control *k, cJSON *object, const struct patch_step *s); /* paths of its own; else PATCH_NOT_MINE */
};

struct control {
    struct call *call;
    struct apigw *gateway;
    struct rest *rest;
    struct rest_api *api; /* of {restapi_id}; NULL when the path has none */
    cJSON *body;          /* an object */
    struct str labels[6]; /* the values of {…}, decoded */
    size_t n_labels;
    const struct noun *noun;
    int (*later)(struct control *k); /* set by an action: goes on without the lock; CALL_LATER */
    void *scratch;
};

/* One member of a body. */
struct field {
    const char *name;
    char kind; /* s text, b boolean, n number, m map, l list, * any: judged later */
    bool required;
};

/* ---- control.c ---- */
int control_fail(struct control *k, int status, const char *code, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int control_missing(struct control *k, const char *what); /* 404 NotFoundException */
int control_reply(struct control *k, const cJSON *v);
/* Members of the body into `to`, checked by the fields; others are ignored, as AWS does. */
int control_fields(struct control *k, cJSON *to, const struct field *fields, size_t n);
double control_now(const struct control *k); /* seconds, as AWS's timestamps */
/* The collection of the noun, of this call's API or account. */
cJSON *control_collection(struct control *k, const struct noun *noun);
/* A page of a list by ?limit= and ?position=, as {"item": […], "position": …}. show: what to print of each; NULL = it. */
int control_page(struct control *k, const cJSON *all, cJSON *(*show)(struct control *k, const cJSON *v));
/* Get, list, delete, patch of the row's noun. */
int control_get(struct control *k);
int control_list(struct control *k);
int control_delete(struct control *k);
int control_patch(struct control *k);

/* As control_reply, with "tags": {} when it has none: what AWS shows after an update. */
int control_reply_tagged(struct control *k, const cJSON *v);
int control_get_tagged(struct control *k);
int control_noun_missing(struct control *k); /* as the row's noun says */

/* ---- patch.c ---- */
/* patchOperations of the body onto the object; path segments are decoded. -1 with c->err filled, object as it was. */
int patch_apply(struct control *k, cJSON *object, const struct noun *noun);
/* The same, undone when the result does not pass. */
int patch_checked(struct control *k, cJSON *object, const struct noun *noun, int (*check)(struct control *k, cJSON *object));
/* Two objects change their members. */
void patch_swap(cJSON *one, cJSON *other);
cJSON *patch_value(char kind, struct str text);
bool patch_is(const struct patch_step *s, const char *op);

/* ---- control_input.c ---- */
/* What AWS's serializer and validator say of the call, before anything is looked up. */
int control_input(struct control *k);

/* ---- actions ---- */
int control_api_create(struct control *k);
int control_api_list(struct control *k);
int control_api_get(struct control *k);
int control_api_update(struct control *k);
int control_api_delete(struct control *k);
/* Refuses a body that is no document; AWS looks at it before the API. */
bool control_api_misread(struct control *k);
int control_api_put(struct control *k);
int control_api_export(struct control *k);
int control_account_get(struct control *k);
int control_account_update(struct control *k);
int control_tags_put(struct control *k);
int control_tags_get(struct control *k);
int control_tags_delete(struct control *k);

int control_resource_list(struct control *k);
int control_resource_get(struct control *k);
int control_resource_create(struct control *k);
int control_resource_update(struct control *k);
int control_resource_delete(struct control *k);

int control_method_put(struct control *k);
int control_method_get(struct control *k);
int control_method_update(struct control *k);
int control_method_delete(struct control *k);
int control_method_response_put(struct control *k);
int control_method_response_get(struct control *k);
int control_method_response_update(struct control *k);
int control_method_response_delete(struct control *k);
/* The method of the path's labels; NULL with c->err filled. */
cJSON *control_method(struct control *k, cJSON **ret_resource);

int control_integration_put(struct control *k);
int control_integration_get(struct control *k);
int control_integration_update(struct control *k);
int control_integration_delete(struct control *k);
int control_integration_response_put(struct control *k);
int control_integration_response_get(struct control *k);
int control_integration_response_update(struct control *k);
int control_integration_response_delete(struct control *k);

int control_deployment_create(struct control *k);
int control_deployment_delete(struct control *k);
int control_stage_create(struct control *k);
int control_stage_delete(struct control *k);
int control_stage_list(struct control *k);
int control_stage_check(struct control *k, cJSON *stage);
int control_stage_step(struct control *k, cJSON *stage, const struct patch_step *s); /* patch_stage.c */
void control_stage_changed(struct rest *r, struct rest_api *api, cJSON *stage);

int control_model_create(struct control *k);
int control_model_check(struct control *k, cJSON *model);
int control_model_delete(struct control *k);
int control_model_template(struct control *k);
int control_validator_create(struct control *k);
int control_validator_check(struct control *k, cJSON *validator);
int control_gateway_put(struct control *k);
int control_gateway_get(struct control *k);
int control_gateway_update(struct control *k);
int control_gateway_list(struct control *k);

int control_key_check(struct control *k, cJSON *key);
int control_key_update(struct control *k);
int control_key_create(struct control *k);
int control_key_list(struct control *k);
int control_key_get(struct control *k);
int control_key_delete(struct control *k);
int control_plan_create(struct control *k);
int control_plan_list(struct control *k);
int control_plan_check(struct control *k, cJSON *plan);
int control_plan_step(struct control *k, cJSON *plan, const struct patch_step *s);
int control_plan_delete(struct control *k);
int control_plan_key_create(struct control *k);
int control_plan_key_list(struct control *k);
int control_plan_key_get(struct control *k);
int control_plan_key_delete(struct control *k);
int control_usage_get(struct control *k);

int control_part_create(struct control *k);
int control_part_list(struct control *k);
int control_part_import(struct control *k);
int control_version_create(struct control *k);

int control_authorizer_create(struct control *k);
int control_authorizer_delete(struct control *k);
int control_link_create(struct control *k);

int control_test_method(struct control *k); /* testinvoke.c */

#endif
