/* control_authorizer.c - authorizers and VPC links, as state of the control plane. No Lambda function, user pool or VPC
 * is here: a call of a method that needs one is refused (admit.c), with the reason in the journal.
 */
#include "mocks/apigw/control.h"

int control_authorizer_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', true }, { "type", 's', true }, { "providerARNs", 'l', false }, { "authType", 's', false },
        { "authorizerUri", 's', false }, { "authorizerCredentials", 's', false }, { "identitySource", 's', false },
        { "identityValidationExpression", 's', false }, { "authorizerResultTtlInSeconds", 'n', false } };
    char id[DEFINE_ID];
    cJSON *v = cJSON_CreateObject();
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 6, id));
    int failed = control_fields(k, v, fields, sizeof fields / sizeof *fields);
    bool pools = str_is(define_text(v, "type"), "COGNITO_USER_POOLS");
    const cJSON *other;
    cJSON_ArrayForEach(other, control_collection(k, k->noun)) if (!failed && str_eq(define_text(other, "name"), define_text(v, "name")))
        failed = control_fail(k, 400, "BadRequestException", "Authorizer name must be unique. Authorizer " STR_F " already exists in this RestApi.",
                              STR_A(define_text(v, "name")));
    if (!failed && !pools && !define_text(v, "authorizerUri").n)
        failed = control_fail(k, 400, "BadRequestException", "Invalid Authorizer URI: an authorizer of type " STR_F " needs the URI of a Lambda function",
                              STR_A(define_text(v, "type")));
    if (!failed && pools && !cJSON_GetArraySize(define_get(v, "providerARNs")))
        failed = control_fail(k, 400, "BadRequestException", "Invalid Cognito User Pool ARNs specified: providerARNs names none");
    if (failed) {
        cJSON_Delete(v);
        return -1;
    }
    if (!define_get(v, "authType"))
        cJSON_AddStringToObject(v, "authType", pools ? "cognito_user_pools" : "custom");
    cJSON_AddItemToObject(control_collection(k, k->noun), id, v);
    return control_reply(k, v);
}

/* One that a method names stays. */
int control_authorizer_delete(struct control *k)
{
    const cJSON *r, *m;
    cJSON_ArrayForEach(r, define_get(k->api->definition, "resources")) cJSON_ArrayForEach(m, define_get(r, "resourceMethods"))
        if (str_eq(define_text(m, "authorizerId"), k->labels[1]))
            return control_fail(k, 409, "ConflictException", "Cannot delete authorizer '" STR_F "', is referenced in method: " STR_F "/%s",
                                STR_A(k->labels[1]), STR_A(define_text(r, "path")), m->string);
    return control_delete(k);
}

int control_link_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', true }, { "description", 's', false }, { "targetArns", 'l', true }, { "tags", 'm', false } };
    char id[DEFINE_ID];
    const cJSON *arn;
    cJSON *v = cJSON_CreateObject();
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 6, id));
    int failed = control_fields(k, v, fields, 4);
    if (!failed && !define_text(v, "name").n)
        failed = control_fail(k, 400, "BadRequestException", "Name cannot be empty");
    cJSON_ArrayForEach(arn, define_get(v, "targetArns")) if (!failed && (!cJSON_IsString(arn) || !str_starts(str_of(arn->valuestring), S("arn:"))))
        failed = control_fail(k, 400, "BadRequestException", "Invalid ARN. ARN is not well formed %s", cJSON_IsString(arn) ? arn->valuestring : "");
    if (failed) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON_AddStringToObject(v, "status", "PENDING");
    int result = control_reply(k, v);
    define_set_text(v, "status", S("AVAILABLE")); /* by the next look */
    define_set_text(v, "statusMessage", S("Your vpc link is ready for use"));
    cJSON_AddItemToObject(control_collection(k, k->noun), id, v);
    return result;
}
