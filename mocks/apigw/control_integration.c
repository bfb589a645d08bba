/* control_integration.c - integrations and integration responses. What is put is read as the data plane will read it. */
#include "mocks/apigw/control.h"

static const struct patch_path paths[] = {
    { "/httpMethod", "=", 's', NULL }, { "/uri", "=", 's', NULL }, { "/credentials", "=", 'e', NULL }, { "/type", "=", 's', NULL },
    { "/requestParameters/*", "+=-", 'm', NULL }, { "/requestTemplates/*", "+=-", 'm', NULL },
    { "/passthroughBehavior", "=", 's', NULL }, { "/contentHandling", "=", 'e', NULL }, { "/timeoutInMillis", "=", 'n', NULL },
    { "/cacheNamespace", "=", 's', NULL }, { "/cacheKeyParameters/*", "+=-", 'l', NULL }, { "/cacheKeyParameters", "+-", 'v', NULL },
    { "/connectionType", "=", 's', NULL }, { "/connectionId", "=", 'e', NULL }, { "/tlsConfig/insecureSkipVerification", "=", 'b', NULL },
    { NULL, NULL, 0, NULL } };
static const struct noun noun_integration = { .paths = paths };
static const struct patch_path response_paths[] = { { "/selectionPattern", "=", 's', NULL }, { "/contentHandling", "=", 'e', NULL },
    { "/responseParameters/*", "+=-", 'm', NULL }, { "/responseTemplates/*", "+=-", 'm', NULL }, { NULL, NULL, 0, NULL } };
static const struct noun noun_response = { .paths = response_paths };

static cJSON *integration_of(struct control *k, cJSON **ret_method)
{
    cJSON *m = *ret_method = control_method(k, NULL), *i = m ? define_get(m, "methodIntegration") : NULL;
    if (m && !i)
        control_missing(k, "Invalid Integration identifier specified");
    return i;
}

static int invalid_mapping(struct control *k, const char *text)
{
    return control_fail(k, 400, "BadRequestException", "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                        "[Invalid mapping expression parameter specified: %s]", text);
}

/* A mapping from a parameter needs that parameter declared by the method. */
static int check_mappings(struct control *k, const cJSON *method, const cJSON *map)
{
    const cJSON *p;
    cJSON_ArrayForEach(p, map)
    {
        struct str source = cJSON_IsString(p) ? str_of(p->valuestring) : S("");
        if (!str_starts(str_of(p->string), S("integration.request.")))
            return invalid_mapping(k, p->string);
        if (str_starts(source, S("method.request.")) && !str_starts(source, S("method.request.body")) &&
            !str_starts(source, S("method.request.multivalue")) && !define_get(define_get(method, "requestParameters"), source.p))
            return invalid_mapping(k, source.p);
    }
    return 0;
}

static int check_integration(struct control *k, const cJSON *method, const cJSON *i)
{
    struct str type = define_text(i, "type"), uri = define_text(i, "uri");
    struct model_api *scratch = model_open(S("check"));
    struct model_integration *made;
    int failed = check_mappings(k, method, define_get(i, "requestParameters"));
    scratch->lenient = true;
    if (!failed && define_integration(scratch, i, NULL, &made, &k->call->err))
        failed = -1;
    model_close(scratch);
    if (!failed && str_is(type, "AWS_PROXY") && str_find(uri, S(":lambda:")) == STR_NONE && str_find(uri, S(":firehose:")) == STR_NONE)
        failed = control_fail(k, 400, "BadRequestException", "Integrations of type 'AWS_PROXY' currently only supports Lambda function and "
                              "Firehose stream invocations.");
    return failed;
}

/* AWS's sentences end where the value would follow. */
static int shorten(struct control *k)
{
    static const char *const sentences[] = { "Invalid HTTP endpoint specified for URI", "Invalid ARN specified in the request" };
    for (size_t i = 0; i < 2; i++)
        if (strncmp(k->call->err.message, sentences[i], strlen(sentences[i])) == 0)
            return control_fail(k, 400, "BadRequestException", "%s", sentences[i]);
    return -1;
}

static void put_defaults(struct control *k, cJSON *i)
{
    struct str type = define_text(i, "type");
    const cJSON *verb = define_get(k->body, "httpMethod"); /* integrationHttpMethod's name on the wire */
    if (str_is(type, "MOCK")) /* it goes nowhere */
        cJSON_DeleteItemFromObjectCaseSensitive(i, "uri");
    else if (cJSON_IsString(verb))
        define_set_text(i, "httpMethod", str_of(verb->valuestring));
    if (!define_get(i, "passthroughBehavior"))
        cJSON_AddStringToObject(i, "passthroughBehavior", "WHEN_NO_MATCH");
    if (!define_get(i, "timeoutInMillis"))
        cJSON_AddNumberToObject(i, "timeoutInMillis", 29000);
    if (!define_get(i, "cacheNamespace"))
        define_set_text(i, "cacheNamespace", k->labels[1]);
    if (!define_get(i, "cacheKeyParameters"))
        cJSON_AddArrayToObject(i, "cacheKeyParameters");
    if (str_starts(type, S("HTTP")) && !define_get(i, "connectionType"))
        cJSON_AddStringToObject(i, "connectionType", "INTERNET");
}

int control_integration_put(struct control *k)
{
    static const struct field fields[] = { { "type", 's', true }, { "uri", 's', false }, { "credentials", 's', false },
        { "requestParameters", 'm', false }, { "requestTemplates", 'm', false }, { "passthroughBehavior", 's', false },
        { "cacheNamespace", 's', false }, { "cacheKeyParameters", 'l', false }, { "contentHandling", 's', false },
        { "timeoutInMillis", 'n', false }, { "connectionType", 's', false }, { "connectionId", 's', false }, { "tlsConfig", 'm', false } };
    cJSON *m = control_method(k, NULL);
    if (!m)
        return -1;
    cJSON *i = cJSON_CreateObject();
    int failed = control_fields(k, i, fields, sizeof fields / sizeof *fields);
    if (!failed)
        put_defaults(k, i);
    if (failed || check_integration(k, m, i)) {
        cJSON_Delete(i);
        return shorten(k);
    }
    cJSON *old = define_get(define_get(m, "methodIntegration"), "integrationResponses");
    if (old)
        cJSON_AddItemToObject(i, "integrationResponses", cJSON_Duplicate(old, true));
    define_set(m, "methodIntegration", i);
    return control_reply(k, i);
}

int control_integration_get(struct control *k)
{
    cJSON *m;
    const cJSON *i = integration_of(k, &m);
    return i ? control_reply(k, i) : -1;
}

int control_integration_update(struct control *k)
{
    cJSON *m, *i = integration_of(k, &m);
    if (!i)
        return -1;
    cJSON *changed = cJSON_Duplicate(i, true);
    if (patch_apply(k, changed, &noun_integration) || check_integration(k, m, changed)) {
        cJSON_Delete(changed);
        return shorten(k);
    }
    define_set(m, "methodIntegration", changed);
    return control_reply(k, changed);
}

int control_integration_delete(struct control *k)
{
    cJSON *m, *i = integration_of(k, &m);
    if (!i)
        return -1;
    cJSON_Delete(cJSON_DetachItemViaPointer(m, i));
    return 0;
}

/* ---- integration responses ---- */
static int check_response(struct control *k, const cJSON *method, const cJSON *v)
{
    const cJSON *declared = define_get(define_get(method, "methodResponses"), define_text(v, "statusCode").n ? define_text(v, "statusCode").p : ""), *p;
    cJSON_ArrayForEach(p, define_get(v, "responseParameters")) if (!define_get(define_get(declared, "responseParameters"), p->string))
        return invalid_mapping(k, p->string);
    struct model_api *scratch = model_open(S("check"));
    struct model_response *made;
    scratch->lenient = true;
    int failed = define_response(scratch, v, NULL, &made, &k->call->err);
    model_close(scratch);
    return failed;
}

static int another_default(struct control *k, const cJSON *i, const cJSON *v)
{
    const cJSON *other;
    cJSON_ArrayForEach(other, define_get(i, "integrationResponses"))
        if (strcmp(other->string, define_text(v, "statusCode").p) != 0 && str_eq(define_text(other, "selectionPattern"), define_text(v, "selectionPattern")))
            return control_fail(k, 409, "ConflictException", "Another integration response already has the selection pattern '" STR_F "'",
                                STR_A(define_text(v, "selectionPattern")));
    return 0;
}

int control_integration_response_put(struct control *k)
{
    static const struct field fields[] = { { "selectionPattern", 's', false }, { "responseParameters", 'm', false },
        { "responseTemplates", 'm', false }, { "contentHandling", 's', false } };
    cJSON *m, *i = integration_of(k, &m);
    if (!i)
        return -1;
    cJSON *v = cJSON_CreateObject();
    define_set_text(v, "statusCode", k->labels[3]);
    if (control_fields(k, v, fields, 4) || check_response(k, m, v) || another_default(k, i, v)) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON *t;
    cJSON_ArrayForEach(t, define_get(v, "responseTemplates")) if (cJSON_IsString(t) && !*t->valuestring) /* AWS shows null */
        t->type = cJSON_NULL;
    define_set(define_object(i, "integrationResponses"), k->labels[3].p, v);
    return control_reply(k, v);
}

static cJSON *response_of(struct control *k, cJSON **ret_method, cJSON **ret_integration)
{
    cJSON *i = *ret_integration = integration_of(k, ret_method), *v = i ? define_get(define_get(i, "integrationResponses"), k->labels[3].p) : NULL;
    if (i && !v)
        control_missing(k, "Invalid Response status code specified");
    return v;
}

int control_integration_response_get(struct control *k)
{
    cJSON *m, *i;
    const cJSON *v = response_of(k, &m, &i);
    return v ? control_reply(k, v) : -1;
}

int control_integration_response_update(struct control *k)
{
    cJSON *m, *i, *v = response_of(k, &m, &i);
    if (!v)
        return -1;
    cJSON *changed = cJSON_Duplicate(v, true);
    if (patch_apply(k, changed, &noun_response) || check_response(k, m, changed)) {
        cJSON_Delete(changed);
        return -1;
    }
    define_set(define_get(i, "integrationResponses"), k->labels[3].p, changed);
    return control_reply(k, changed);
}

int control_integration_response_delete(struct control *k)
{
    cJSON *r, *m, *i;
    if (!control_method(k, &r)) /* AWS misses the integration then */
        return r ? control_missing(k, "Invalid Integration identifier specified") : -1;
    cJSON *v = response_of(k, &m, &i);
    if (!v)
        return -1;
    cJSON_Delete(cJSON_DetachItemViaPointer(define_get(i, "integrationResponses"), v));
    if (!define_get(i, "integrationResponses")->child)
        cJSON_DeleteItemFromObjectCaseSensitive(i, "integrationResponses");
    return 0;
}
