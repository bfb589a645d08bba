/* control_model.c - models, request validators, gateway responses. */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/apigw/control.h"

int control_model_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', true }, { "contentType", 's', true }, { "description", 's', false }, { "schema", 's', false } };
    char id[DEFINE_ID];
    cJSON *all = control_collection(k, k->noun), *m = cJSON_CreateObject();
    cJSON_AddStringToObject(m, "id", define_id(&k->rest->ids, 6, id));
    int failed = control_fields(k, m, fields, 4);
    struct str name = define_text(m, "name"), text = define_text(m, "schema");
    for (size_t i = 0; !failed && i < name.n; i++)
        if (!((name.p[i] >= '0' && name.p[i] <= '9') || (name.p[i] >= 'a' && name.p[i] <= 'z') || (name.p[i] >= 'A' && name.p[i] <= 'Z')))
            failed = control_fail(k, 400, "BadRequestException", "Model name must be alphanumeric: " STR_F, STR_A(name));
    if (!failed && !name.n)
        failed = control_fail(k, 400, "BadRequestException", "No Model Name specified");
    if (!failed && define_get(all, name.p))
        failed = control_fail(k, 409, "ConflictException", "Model name already exists for this REST API");
    cJSON *schema = !failed && text.n ? cJSON_ParseWithLength(text.p, text.n) : NULL;
    if (!failed && text.n && !cJSON_IsObject(schema))
        failed = control_fail(k, 400, "BadRequestException", "Model schema is invalid: not a JSON object");
    cJSON_Delete(schema);
    if (failed) {
        cJSON_Delete(m);
        return -1;
    }
    cJSON_AddItemToObject(all, name.p, m);
    return control_reply(k, m);
}

/* A template that prints a document of the model's form. */
int control_model_template(struct control *k)
{
    const cJSON *m = define_get(control_collection(k, k->noun), k->labels[1].p);
    if (!m)
        return control_missing(k, k->noun->missing);
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
static cJSON *usual(const char *type, int status)
{
    cJSON *v = cJSON_CreateObject();
    char code[16];
    cJSON_AddStringToObject(v, "responseType", type);
    if (status) {
        snprintf(code, sizeof code, "%d", status);
        cJSON_AddStringToObject(v, "statusCode", code);
    }
    cJSON_AddObjectToObject(v, "responseParameters");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(v, "responseTemplates"), "application/json", "{\"message\":$context.error.messageString}");
    cJSON_AddBoolToObject(v, "defaultResponse", true);
    return v;
}

/* Known types only; its own form or, with *ret_made, the usual one, which the caller frees. */
static cJSON *response_of(struct control *k, cJSON **ret_made)
{
    int status;
    const char *type = refuse_type(k->labels[1], &status);
    *ret_made = NULL;
    if (!type) {
        control_fail(k, 400, "BadRequestException", "Invalid gateway response type specified: " STR_F, STR_A(k->labels[1]));
        return NULL;
    }
    cJSON *v = define_get(control_collection(k, k->noun), type);
    return v ? v : (*ret_made = usual(type, status));
}

int control_gateway_put(struct control *k)
{
    static const struct field fields[] = { { "statusCode", 's', false }, { "responseParameters", 'm', false }, { "responseTemplates", 'm', false } };
    cJSON *made, *found = response_of(k, &made), *v = cJSON_CreateObject();
    int64_t status;
    int usual_status = 0;
    int failed = !found || control_fields(k, v, fields, 3);
    struct str code = define_text(v, "statusCode");
    cJSON_Delete(made);
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
    if (!code.n && refuse_type(k->labels[1], &usual_status) && usual_status)
        define_set_text(v, "statusCode", arena_f(k->call->arena, "%d", usual_status));
    define_set_text(v, "responseType", k->labels[1]);
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
        cJSON_AddItemToArray(all, own ? cJSON_Duplicate(own, true) : usual(type, status));
    }
    int result = control_page(k, all, NULL);
    cJSON_Delete(all);
    return result;
}
