/* control_method.c - methods and their method responses. */
#include "mocks/apigw/control.h"

static const struct patch_path method_paths[] = {
    { "/authorizationType", "=", 's', NULL }, { "/authorizerId", "=", 'e', NULL }, { "/authorizationScopes", "+-", 'v', NULL },
    { "/apiKeyRequired", "=", 'b', NULL }, { "/operationName", "=", 'e', NULL }, { "/requestValidatorId", "=", 'e', NULL },
    { "/requestParameters/*", "+=-", 'M', NULL }, { "/requestModels/*", "+=-", 'm', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_method = { .paths = method_paths };
static const struct patch_path response_paths[] = { { "/responseParameters/*", "+=-", 'M', "Invalid parameter name specified" },
    { "/responseModels/*", "+=-", 'm', "Content-Type specified was not found" }, { NULL, NULL, 0, NULL } };
static const struct noun noun_response = { .paths = response_paths };

static cJSON *resource_of(struct control *k)
{
    cJSON *r = define_get(define_get(k->api->definition, "resources"), k->labels[1].p);
    if (!r)
        control_missing(k, "Invalid Resource identifier specified");
    return r;
}

cJSON *control_method(struct control *k, cJSON **ret_resource)
{
    cJSON *r = resource_of(k), *m = r ? define_get(define_get(r, "resourceMethods"), k->labels[2].p) : NULL;
    if (r && !m)
        control_missing(k, "Invalid Method identifier specified");
    if (ret_resource)
        *ret_resource = r;
    return m;
}

/* Names are method.request.{path,querystring,header}.NAME; AWS's sentence. */
static int check_parameters(struct control *k, const cJSON *map, const char *const *prefixes)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, map)
    {
        bool good = false;
        for (size_t i = 0; prefixes[i]; i++)
            good |= str_starts(str_of(p->string), str_of(prefixes[i])) && strlen(p->string) > strlen(prefixes[i]);
        if (!good)
            return control_fail(k, 400, "BadRequestException", "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                                "[Invalid mapping expression specified: %s]", p->string);
        if (!cJSON_IsBool(p))
            return control_fail(k, 400, "SerializationException", "The value of the parameter %s is true or false", p->string);
    }
    return 0;
}

static int check_models(struct control *k, const cJSON *map)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, map) if (!cJSON_IsString(m) || !define_get(define_get(k->api->definition, "models"), m->valuestring))
        return control_fail(k, 400, "BadRequestException", "Invalid model identifier specified: %s", cJSON_IsString(m) ? m->valuestring : "");
    return 0;
}

/* Names are one each, wherever the parameter is read from. */
static int check_names(struct control *k, const cJSON *map)
{
    const cJSON *p, *q;
    cJSON_ArrayForEach(p, map)
    {
        const char *name = strrchr(p->string, '.');
        for (q = p->next; q; q = q->next)
            if (name && strrchr(q->string, '.') && strcmp(name, strrchr(q->string, '.')) == 0)
                return control_fail(k, 400, "BadRequestException", "Parameter names must be unique across querystring, header and path");
    }
    return 0;
}

static int check_authorizer(struct control *k, cJSON *m)
{
    struct str type = define_text(m, "authorizationType"), id = define_text(m, "authorizerId");
    if (!str_is(type, "CUSTOM") && !str_is(type, "COGNITO_USER_POOLS")) {
        cJSON_DeleteItemFromObjectCaseSensitive(m, "authorizerId");
        return 0;
    }
    if (id.n && define_get(define_get(k->api->definition, "authorizers"), id.p))
        return 0;
    return control_fail(k, 400, "BadRequestException", "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
                        "COGNITO_USER_POOLS requires a valid authorizer.");
}

static int check_method(struct control *k, cJSON *m)
{
    static const char *const prefixes[] = { "method.request.path.", "method.request.querystring.", "method.request.header.",
        "method.request.multivaluequerystring.", "method.request.multivalueheader.", NULL };
    static const char *const types[] = { "NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS" };
    struct str type = define_text(m, "authorizationType"), validator = define_text(m, "requestValidatorId");
    bool known = false;
    for (size_t i = 0; i < 4 && !known; i++)
        if (str_eq_nocase(type, str_of(types[i]))) { /* AWS takes "none" as well */
            define_set_text(m, "authorizationType", str_of(types[i]));
            known = true;
        }
    if (!known)
        return control_fail(k, 400, "BadRequestException", "Invalid authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS");
    if (validator.n && !define_get(define_get(k->api->definition, "requestvalidators"), validator.p))
        return control_fail(k, 400, "BadRequestException", "Invalid Request Validator identifier specified");
    return check_parameters(k, define_get(m, "requestParameters"), prefixes) || check_names(k, define_get(m, "requestParameters")) ||
           check_models(k, define_get(m, "requestModels")) || check_authorizer(k, m) ? -1 : 0;
}

int control_method_put(struct control *k)
{
    static const struct field fields[] = { { "authorizationType", 's', true }, { "authorizerId", 's', false }, { "apiKeyRequired", 'b', false },
        { "operationName", 's', false }, { "requestParameters", 'm', false }, { "requestModels", 'm', false },
        { "requestValidatorId", 's', false }, { "authorizationScopes", 'l', false } };
    static const char *const verbs[] = { "GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY" };
    cJSON *r = resource_of(k);
    struct str verb = k->labels[2];
    bool known = false;
    if (!r)
        return -1;
    for (size_t i = 0; i < 8; i++)
        known |= str_is(verb, verbs[i]);
    if (!known)
        return control_fail(k, 400, "BadRequestException", "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY");
    if (define_get(define_get(r, "resourceMethods"), verb.p))
        return control_fail(k, 409, "ConflictException", "Method already exists for this resource");
    cJSON *m = cJSON_CreateObject();
    define_set_text(m, "httpMethod", verb);
    cJSON_AddBoolToObject(m, "apiKeyRequired", false);
    if (control_fields(k, m, fields, sizeof fields / sizeof *fields) || check_method(k, m)) {
        cJSON_Delete(m);
        return -1;
    }
    cJSON_AddItemToObject(define_object(r, "resourceMethods"), verb.p, m);
    return control_reply(k, m);
}

int control_method_get(struct control *k)
{
    const cJSON *m = control_method(k, NULL);
    return m ? control_reply(k, m) : -1;
}

int control_method_update(struct control *k)
{
    cJSON *m = control_method(k, NULL);
    return !m || patch_checked(k, m, &noun_method, check_method) ? -1 : control_reply(k, m);
}

int control_method_delete(struct control *k)
{
    cJSON *r, *m = control_method(k, &r);
    if (!m)
        return -1;
    cJSON_Delete(cJSON_DetachItemViaPointer(define_get(r, "resourceMethods"), m));
    return 0;
}

/* ---- method responses ---- */
static int check_response(struct control *k, cJSON *v)
{
    static const char *const prefixes[] = { "method.response.header.", NULL };
    return check_parameters(k, define_get(v, "responseParameters"), prefixes) || check_models(k, define_get(v, "responseModels")) ? -1 : 0;
}

int control_method_response_put(struct control *k)
{
    static const struct field fields[] = { { "responseParameters", 'm', false }, { "responseModels", 'm', false } };
    cJSON *m = control_method(k, NULL);
    if (!m)
        return -1;
    if (define_get(define_get(m, "methodResponses"), k->labels[3].p))
        return control_fail(k, 409, "ConflictException", "Response already exists for this resource");
    cJSON *v = cJSON_CreateObject();
    define_set_text(v, "statusCode", k->labels[3]);
    if (control_fields(k, v, fields, 2) || check_response(k, v)) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON_AddItemToObject(define_object(m, "methodResponses"), k->labels[3].p, v);
    return control_reply(k, v);
}

static cJSON *response_of(struct control *k, cJSON **ret_method)
{
    cJSON *m = *ret_method = control_method(k, NULL), *v = m ? define_get(define_get(m, "methodResponses"), k->labels[3].p) : NULL;
    if (m && !v)
        control_missing(k, "Invalid Response status code specified");
    return v;
}

int control_method_response_get(struct control *k)
{
    cJSON *m;
    const cJSON *v = response_of(k, &m);
    return v ? control_reply(k, v) : -1;
}

int control_method_response_update(struct control *k)
{
    cJSON *m, *v = response_of(k, &m);
    return !v || patch_checked(k, v, &noun_response, check_response) ? -1 : control_reply(k, v);
}

int control_method_response_delete(struct control *k)
{
    cJSON *m, *v = response_of(k, &m);
    if (!v)
        return -1;
    cJSON_Delete(cJSON_DetachItemViaPointer(define_get(m, "methodResponses"), v));
    if (!define_get(m, "methodResponses")->child)
        cJSON_DeleteItemFromObjectCaseSensitive(m, "methodResponses");
    return 0;
}
