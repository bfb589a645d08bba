/* control_model.c - models, request validators, gateway responses. */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/apigw/control.h"

int control_model_check(struct control *k, cJSON *model)
{
    struct str text = define_text(model, "schema");
    cJSON *schema = text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
    bool object = cJSON_IsObject(schema);
    cJSON_Delete(schema);
    if (!text.n)
        return control_fail(k, 400, "BadRequestException", "Model schema must have at least 1 property or array items defined");
    if (!object && !str_is(define_text(model, "contentType"), "application/xml"))
        return control_fail(k, 400, "BadRequestException", "Model schema is invalid: not a JSON object");
    return 0;
}

static int check_name(struct control *k, struct str name)
{
    if (!name.n)
        return control_fail(k, 400, "BadRequestException", "Model name must be non-empty");
    for (size_t i = 0; i < name.n; i++)
        if (!((name.p[i] >= '0' && name.p[i] <= '9') || (name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= 'A' && name.p[i] <= 'Z')))
            return control_fail(k, 400, "BadRequestException", "Model name must be alphanumeric: " STR_F, STR_A(name));
    if (define_get(control_collection(k, k->noun), name.p))
        return control_fail(k, 409, "ConflictException", "Model name already exists for this REST API");
    return 0;
}

int control_model_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', true }, { "contentType", 's', true }, { "description", 's', false }, { "schema", 's', false } };
    char id[DEFINE_ID];
    cJSON *m = cJSON_CreateObject();
    cJSON_AddStringToObject(m, "id", define_id(&k->rest->ids, 6, id));
    int failed = control_fields(k, m, fields, 4);
    if (!define_text(m, "description").n)
        cJSON_DeleteItemFromObjectCaseSensitive(m, "description");
    if (failed || check_name(k, define_text(m, "name")) || control_model_check(k, m)) {
        cJSON_Delete(m);
        return -1;
    }
    cJSON_AddItemToObject(control_collection(k, k->noun), define_text(m, "name").p, m);
    return control_reply(k, m);
}

static bool uses(const cJSON *map, const char *name)
{
    const cJSON *m;
    cJSON_ArrayForEach(m, map) if (cJSON_IsString(m) && strcmp(m->valuestring, name) == 0) return true;
    return false;
}

/* A model that a method or its responses name stays. */
int control_model_delete(struct control *k)
{
    const char *name = k->labels[1].p;
    const cJSON *r, *m, *a;
    cJSON_ArrayForEach(r, define_get(k->api->definition, "resources")) cJSON_ArrayForEach(m, define_get(r, "resourceMethods"))
    {
        struct str path = define_text(r, "path");
        if (uses(define_get(m, "requestModels"), name))
            return control_fail(k, 409, "ConflictException", "Cannot delete model '%s', is referenced in method request: " STR_F "/%s", name, STR_A(path), m->string);
        cJSON_ArrayForEach(a, define_get(m, "methodResponses")) if (uses(define_get(a, "responseModels"), name))
            return control_fail(k, 409, "ConflictException", "Cannot delete model '%s', is referenced in method response: " STR_F "/%s/%s", name, STR_A(path), m->string, a->string);
    }
    return control_delete(k);
}

/* A template that prints a document of the model's form. */
int control_model_template(struct control *k)
{
    const cJSON *m = define_get(control_collection(k, k->noun), k->labels[1].p);
    if (!m)
        return control_noun_missing(k);
    cJSON *schema = cJSON_Parse(define_text(m, "schema").p ? define_text(m, "schema").p : ""), *out = cJSON_CreateObject();
    const cJSON *p;
    struct str text = S("#set($inputRoot = $input.path('$'))\n{");
    bool first = true;
    cJSON_ArrayForEach(p, define_get(schema, "properties"))
    {
        text = arena_f(k->call->arena, STR_F "%s\n  \"%s\" : %s", STR_A(text), first ? "" : ",", p->string,
                       str_is(define_text(p, "type"), "string") ? "\"foo\"" : str_is(define_text(p, "type"), "array") ? "[ ]" :
                       str_is(define_text(p, "type"), "object") ? "{ }" : str_is(define_text(p, "type"), "boolean") ? "true" : "42");
        first = false;
    }
    text = arena_f(k->call->arena, STR_F "\n}", STR_A(text));
    cJSON_AddStringToObject(out, "value", text.p);
    int result = control_reply(k, out);
    cJSON_Delete(schema);
    cJSON_Delete(out);
    return result;
}

int control_validator_check(struct control *k, cJSON *validator)
{
    const cJSON *name = define_get(validator, "name");
    return name && !define_text(validator, "name").n ? control_fail(k, 400, "BadRequestException", "Request Validator name cannot be blank") : 0;
}

int control_validator_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', false }, { "validateRequestBody", 'b', false }, { "validateRequestParameters", 'b', false } };
    char id[DEFINE_ID];
    cJSON *v = cJSON_CreateObject();
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 6, id));
    cJSON_AddBoolToObject(v, "validateRequestBody", false);
    cJSON_AddBoolToObject(v, "validateRequestParameters", false);
    if (control_fields(k, v, fields, 3)) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON_AddItemToObject(control_collection(k, k->noun), id, v);
    return control_reply(k, v);
}

/* ---- gateway responses ---- */
#define USUAL_TEMPLATE "{\"message\":$context.error.messageString}"

/* What a response says that is not said of it. */
static void fill(cJSON *v, const char *type, int status)
{
    char code[16];
    define_set_text(v, "responseType", str_of(type));
    snprintf(code, sizeof code, "%d", status);
    if (status && !define_text(v, "statusCode").n)
        define_set_text(v, "statusCode", str_of(code));
    define_object(v, "responseParameters");
    if (!define_get(v, "responseTemplates"))
        cJSON_AddStringToObject(define_object(v, "responseTemplates"), "application/json", USUAL_TEMPLATE);
}

/* The usual form; where DEFAULT_4XX or DEFAULT_5XX was put, that one's. */
static cJSON *usual(struct control *k, const char *type, int status)
{
    const cJSON *base = status ? define_get(control_collection(k, k->noun), status < 500 ? "DEFAULT_4XX" : "DEFAULT_5XX") : NULL;
    cJSON *v = base ? cJSON_Duplicate(base, true) : cJSON_CreateObject();
    fill(v, type, status);
    define_set(v, "defaultResponse", cJSON_CreateTrue());
    return v;
}

/* Its own form or, with *ret_made, the usual one, which the caller frees. */
static cJSON *response_of(struct control *k, cJSON **ret_made)
{
    int status;
    const char *type = refuse_type(k->labels[1], &status);
    *ret_made = NULL;
    cJSON *v = type ? define_get(control_collection(k, k->noun), type) : NULL;
    return v || !type ? v : (*ret_made = usual(k, type, status));
}

int control_gateway_put(struct control *k)
{
    static const struct field fields[] = { { "statusCode", 's', false }, { "responseParameters", 'm', false }, { "responseTemplates", 'm', false } };
    cJSON *v = cJSON_CreateObject();
    int64_t status;
    int usual_status = 0;
    int failed = control_fields(k, v, fields, 3);
    struct str code = define_text(v, "statusCode");
    if (!failed && code.n && (!str_to_i64(code, &status) || status < 100 || status > 599))
        failed = control_fail(k, 400, "BadRequestException", "Invalid status code specified: " STR_F, STR_A(code));
    const cJSON *p;
    if (!failed)
        cJSON_ArrayForEach(p, define_get(v, "responseParameters")) if (!str_starts(str_of(p->string), S("gatewayresponse.header.")) || !cJSON_IsString(p))
            failed = control_fail(k, 400, "BadRequestException", "Invalid mapping expression specified: %s", p->string);
    if (failed) {
        cJSON_Delete(v);
        return -1;
    }
    if (refuse_type(k->labels[1], &usual_status))
        fill(v, k->labels[1].p, usual_status);
    cJSON_AddBoolToObject(v, "defaultResponse", false);
    define_set(control_collection(k, k->noun), k->labels[1].p, v);
    return control_reply(k, v);
}

int control_gateway_get(struct control *k)
{
    cJSON *made, *v = response_of(k, &made);
    int result = v ? control_reply(k, v) : -1;
    cJSON_Delete(made);
    return result;
}

int control_gateway_update(struct control *k)
{
    cJSON *made, *v = response_of(k, &made);
    if (!v || patch_apply(k, v, k->noun)) {
        cJSON_Delete(made);
        return -1;
    }
    define_set(v, "defaultResponse", cJSON_CreateFalse());
    if (made)
        define_set(control_collection(k, k->noun), k->labels[1].p, made);
    return control_reply(k, v);
}

int control_gateway_list(struct control *k)
{
    cJSON *all = cJSON_CreateArray();
    for (size_t i = 0; refuse_type_at(i); i++) {
        int status;
        const char *type = refuse_type(str_of(refuse_type_at(i)), &status);
        const cJSON *own = define_get(control_collection(k, k->noun), type);
        cJSON_AddItemToArray(all, own ? cJSON_Duplicate(own, true) : usual(k, type, status));
    }
    int result = control_page(k, all, NULL);
    cJSON_Delete(all);
    return result;
}
