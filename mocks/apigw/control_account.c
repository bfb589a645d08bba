/* control_account.c - the account's settings, and tags of what it has. */
#include <string.h>

#include "mocks/apigw/control.h"

static cJSON *settings_of(struct control *k)
{
    cJSON *v = rest_account(k->rest, k->call->account)->settings;
    if (v->child)
        return v;
    cJSON *t = cJSON_AddObjectToObject(v, "throttleSettings");
    cJSON_AddNumberToObject(t, "burstLimit", 5000);
    cJSON_AddNumberToObject(t, "rateLimit", 10000);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(v, "features"), cJSON_CreateString("UsagePlans"));
    cJSON_AddStringToObject(v, "apiKeyVersion", "4");
    return v;
}

int control_account_get(struct control *k) { return control_reply(k, settings_of(k)); }

/* The role that writes execution logs is kept; there is no CloudWatch to write them to. */
int control_account_update(struct control *k)
{
    static const struct patch_path paths[] = { { "/cloudwatchRoleArn", "=-", 'e', NULL }, { "/features", "+-", 'v', NULL }, { NULL, NULL, 0, NULL } };
    static const struct noun noun = { .paths = paths };
    cJSON *v = settings_of(k), *changed = cJSON_Duplicate(v, true);
    struct str role;
    int failed = patch_apply(k, changed, &noun);
    role = define_text(changed, "cloudwatchRoleArn");
    if (!failed && role.n && !str_starts(role, S("arn:")))
        failed = control_fail(k, 400, "BadRequestException", "The role ARN is not well formed");
    if (!failed)
        patch_swap(v, changed);
    cJSON_Delete(changed);
    return failed ? -1 : control_reply(k, v);
}

/* ---- tags ---- */
/* What arn:aws:apigateway:us-east-1::/restapis/ID[/stages/NAME], /apikeys/ID, /usageplans/ID names. */
static cJSON *tagged(struct control *k)
{
    struct str arn = k->labels[0];
    size_t at = str_find(arn, S("::/"));
    struct str rest = at == STR_NONE ? S("") : str_from(arn, at + 3), kind = str_cut(&rest, '/'), id = str_cut(&rest, '/'), part = S(""), name = S("");
    if (rest.p)
        part = str_cut(&rest, '/');
    if (rest.p)
        name = rest;
    char *z = arena_z(k->call->arena, id), *stage = arena_z(k->call->arena, name);
    struct rest_account *a = rest_account(k->rest, k->call->account);
    struct rest_api *api = str_is(kind, "restapis") ? map_get(&k->rest->apis, id) : NULL;
    cJSON *v = str_is(kind, "apikeys") ? define_get(a->keys, z) : str_is(kind, "usageplans") ? define_get(a->plans, z) : NULL;
    if (api && str_eq(api->account, k->call->account))
        v = str_is(part, "stages") ? define_get(define_get(api->definition, "stages"), stage) : define_get(api->definition, "info");
    if (!v && at == STR_NONE)
        control_fail(k, 400, "BadRequestException", "Invalid resource ARN specified in the request");
    else if (!v)
        control_missing(k, "Invalid resource identifier specified");
    return v;
}

int control_tags_put(struct control *k)
{
    cJSON *v = tagged(k);
    const cJSON *tag;
    if (!v)
        return -1;
    cJSON_ArrayForEach(tag, define_get(k->body, "tags")) if (cJSON_IsString(tag))
        define_set_text(define_object(v, "tags"), tag->string, str_of(tag->valuestring));
    return 0;
}

int control_tags_get(struct control *k)
{
    cJSON *v = tagged(k);
    if (!v)
        return -1;
    cJSON *out = cJSON_CreateObject(), *tags = define_get(v, "tags");
    cJSON_AddItemToObject(out, "tags", tags ? cJSON_Duplicate(tags, true) : cJSON_CreateObject());
    int result = control_reply(k, out);
    cJSON_Delete(out);
    return result;
}

int control_tags_delete(struct control *k)
{
    cJSON *v = tagged(k);
    const struct http_request *r = k->call->request;
    if (!v)
        return -1;
    for (struct str rest = r->query; rest.p;) { /* tagKeys=a&tagKeys=b */
        struct http_request one = *r;
        one.query = str_cut(&rest, '&');
        struct str key = http_query(&one, "tagKeys", k->call->arena);
        if (key.n)
            cJSON_DeleteItemFromObjectCaseSensitive(define_get(v, "tags"), key.p);
    }
    return 0;
}
