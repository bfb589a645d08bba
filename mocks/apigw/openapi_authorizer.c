/* openapi_authorizer.c - authorizers of OpenAPI documents: security schemes with x-amazon-apigateway-authorizer, and the
 * methods whose security names one.
 */
#include "mocks/apigw/openapi.h"

static const cJSON *schemes_of(const cJSON *document)
{
    const cJSON *schemes = define_get(define_get(document, "components"), "securitySchemes");
    return schemes ? schemes : define_get(document, "securityDefinitions");
}

static cJSON *by_name(cJSON *authorizers, const char *name)
{
    cJSON *v;
    cJSON_ArrayForEach(v, authorizers) if (str_is(define_text(v, "name"), name)) return v;
    return NULL;
}

static void put_authorizer(cJSON *v, const cJSON *scheme, const cJSON *said)
{
    static const char *const kept[] = { "authorizerUri", "authorizerCredentials", "identitySource", "identityValidationExpression",
        "authorizerResultTtlInSeconds", "providerARNs" };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (define_get(said, kept[i]))
            define_set(v, kept[i], cJSON_Duplicate(define_get(said, kept[i]), true));
    struct str type = define_text(said, "type"), auth = define_text(scheme, "x-amazon-apigateway-authtype"), name = define_text(scheme, "name");
    bool pools = str_eq_nocase(type, S("cognito_user_pools"));
    define_set_text(v, "type", pools ? S("COGNITO_USER_POOLS") : str_eq_nocase(type, S("request")) ? S("REQUEST") : S("TOKEN"));
    define_set_text(v, "authType", auth.n ? auth : pools ? S("cognito_user_pools") : S("custom"));
    if (!define_get(v, "identitySource") && name.n) {
        struct buf b = BUF_INIT;
        buf_f(&b, "method.request.header." STR_F, STR_A(name));
        define_set_text(v, "identitySource", buf_str(&b));
        buf_release(&b);
    }
}

void openapi_authorizers(cJSON *definition, struct define_ids *ids, const cJSON *document)
{
    cJSON *all = define_object(definition, "authorizers");
    const cJSON *scheme;
    cJSON_ArrayForEach(scheme, schemes_of(document))
    {
        char id[DEFINE_ID];
        const cJSON *said = define_get(scheme, "x-amazon-apigateway-authorizer");
        cJSON *v = by_name(all, scheme->string);
        if (!cJSON_IsObject(said))
            continue;
        if (!v) {
            v = cJSON_CreateObject();
            cJSON_AddStringToObject(v, "id", define_id(ids, 6, id));
            cJSON_AddStringToObject(v, "name", scheme->string);
            cJSON_AddItemToObject(all, id, v);
        }
        put_authorizer(v, scheme, said);
    }
}

void openapi_security(cJSON *definition, const cJSON *document, const cJSON *operation, cJSON *method)
{
    const cJSON *security = define_get(operation, "security"), *requirement, *scheme;
    if (!security)
        security = define_get(document, "security");
    cJSON_ArrayForEach(requirement, security) cJSON_ArrayForEach(scheme, requirement)
    {
        const cJSON *v = scheme->string ? by_name(define_get(definition, "authorizers"), scheme->string) : NULL;
        if (!v)
            continue;
        define_set_text(method, "authorizationType", str_is(define_text(v, "type"), "COGNITO_USER_POOLS") ? S("COGNITO_USER_POOLS") : S("CUSTOM"));
        define_set_text(method, "authorizerId", define_text(v, "id"));
        if (cJSON_GetArraySize(scheme))
            define_set(method, "authorizationScopes", cJSON_Duplicate(scheme, true));
        return;
    }
}

void openapi_open(cJSON *definition)
{
    const cJSON *r;
    cJSON *m;
    cJSON_ArrayForEach(r, define_get(definition, "resources")) cJSON_ArrayForEach(m, define_get(r, "resourceMethods"))
        define_set_text(m, "authorizationType", S("NONE"));
}
