/* control_key.c - API keys and usage plans. Values of keys are shown when they are asked for. */
#include "mocks/apigw/control.h"

static struct rest_account *account(struct control *k) { return rest_account(k->rest, k->call->account); }

static bool asked(struct control *k, const char *name) { return str_is(http_query(k->call->request, name, k->call->arena), "true"); }

/* ---- keys ---- */
enum { KEY_NAME = 1024, KEY_DESCRIPTION = 1024 };

int control_key_check(struct control *k, cJSON *key)
{
    if (define_text(key, "name").n > KEY_NAME)
        return control_fail(k, 400, "BadRequestException", "Invalid API Key name, can be at most 1024 characters.");
    if (define_text(key, "description").n > KEY_DESCRIPTION)
        return control_fail(k, 400, "BadRequestException", "Invalid API Key description specified.");
    if (!define_text(key, "name").n)
        cJSON_DeleteItemFromObjectCaseSensitive(key, "name");
    define_set(key, "lastUpdatedDate", cJSON_CreateNumber(control_now(k)));
    return 0;
}

int control_key_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', false }, { "description", 's', false }, { "enabled", 'b', false }, { "value", 's', false },
        { "customerId", 's', false }, { "tags", 'm', false } };
    char id[DEFINE_ID], value[DEFINE_ID];
    const cJSON *other;
    cJSON *v = cJSON_CreateObject(), *all = account(k)->keys;
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 10, id));
    define_id(&k->rest->ids, 40, value);
    cJSON_AddBoolToObject(v, "enabled", false);
    cJSON_AddNumberToObject(v, "createdDate", control_now(k));
    cJSON_AddNumberToObject(v, "lastUpdatedDate", control_now(k));
    cJSON_AddArrayToObject(v, "stageKeys");
    bool given = define_text(k->body, "value").n > 0;
    int failed = control_fields(k, v, fields, sizeof fields / sizeof *fields) || control_key_check(k, v);
    if (!failed && !given) /* also when it is empty */
        define_set_text(v, "value", str_of(value));
    if (!failed && define_text(v, "value").n < 20)
        failed = control_fail(k, 400, "BadRequestException", "API Key value should be at least 20 characters");
    if (!failed && define_text(v, "value").n > 128)
        failed = control_fail(k, 400, "BadRequestException", "API Key value exceeds maximum size of 128 characters");
    if (!failed)
        cJSON_ArrayForEach(other, all) if (str_eq(define_text(other, "value"), define_text(v, "value")))
            failed = control_fail(k, 409, "ConflictException", "API Key already exists");
    if (failed) {
        cJSON_Delete(v);
        return -1;
    }
    cJSON_AddItemToObject(all, id, v);
    return control_reply(k, v);
}

static cJSON *show_key(struct control *k, const cJSON *v)
{
    cJSON *out = cJSON_Duplicate(v, true);
    if (!asked(k, "includeValues") && !asked(k, "includeValue"))
        cJSON_DeleteItemFromObjectCaseSensitive(out, "value");
    return out;
}

int control_key_list(struct control *k)
{
    struct str name = http_query(k->call->request, "name", k->call->arena);
    cJSON *all = cJSON_CreateArray(), *v;
    cJSON_ArrayForEach(v, account(k)->keys) if (!name.n || str_starts(define_text(v, "name"), name)) cJSON_InsertItemInArray(all, 0, cJSON_Duplicate(v, true));
    int result = control_page(k, all, show_key);
    cJSON_Delete(all);
    return result;
}

int control_key_get(struct control *k)
{
    const cJSON *v = define_get(account(k)->keys, k->labels[0].p);
    if (!v)
        return control_missing(k, k->noun->missing);
    cJSON *shown = show_key(k, v);
    int result = control_reply(k, shown);
    cJSON_Delete(shown);
    return result;
}

int control_key_update(struct control *k)
{
    cJSON *v = define_get(account(k)->keys, k->labels[0].p);
    if (!v)
        return control_noun_missing(k);
    if (patch_checked(k, v, k->noun, control_key_check))
        return -1;
    cJSON *shown = show_key(k, v);
    int result = control_reply_tagged(k, shown);
    cJSON_Delete(shown);
    return result;
}

int control_key_delete(struct control *k)
{
    cJSON *plan;
    if (control_delete(k))
        return -1;
    cJSON_ArrayForEach(plan, account(k)->plan_keys) cJSON_DeleteItemFromObjectCaseSensitive(plan, k->labels[0].p);
    return 0;
}

/* ---- plans ---- */
static bool stage_is_there(struct control *k, const cJSON *s)
{
    struct str id = define_text(s, "apiId"), stage = define_text(s, "stage");
    struct rest_api *api = map_get(&k->rest->apis, id);
    return api && str_eq(api->account, k->call->account) && stage.n && define_get(define_get(api->definition, "stages"), stage.p);
}

static int check_stages(struct control *k, const cJSON *plan)
{
    const cJSON *s;
    cJSON_ArrayForEach(s, define_get(plan, "apiStages"))
    {
        if (!stage_is_there(k, s))
            return control_fail(k, 400, "BadRequestException", "API Stage not found: " STR_F ":" STR_F, STR_A(define_text(s, "apiId")),
                                STR_A(define_text(s, "stage")));
    }
    return 0;
}

int control_plan_check(struct control *k, cJSON *plan)
{
    cJSON *quota = define_get(plan, "quota");
    struct str period = define_text(quota, "period");
    if (!quota)
        return 0;
    if (!define_get(quota, "offset"))
        cJSON_AddNumberToObject(quota, "offset", 0);
    if (!str_is(period, "DAY") && !str_is(period, "WEEK") && !str_is(period, "MONTH"))
        return control_fail(k, 400, "BadRequestException", "Usage Plan quota period must be one of DAY, WEEK, MONTH");
    if (!cJSON_IsNumber(define_get(quota, "limit")) || define_get(quota, "limit")->valuedouble < 1)
        return control_fail(k, 400, "BadRequestException", "Usage Plan quota limit must be greater than 0");
    return 0;
}

int control_plan_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', true }, { "description", 's', false }, { "apiStages", 'l', false }, { "throttle", 'm', false },
        { "quota", 'm', false }, { "tags", 'm', false } };
    char id[DEFINE_ID];
    cJSON *v = cJSON_CreateObject();
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 6, id));
    int failed = control_fields(k, v, fields, sizeof fields / sizeof *fields);
    if (!failed && !define_text(v, "name").n)
        failed = control_fail(k, 400, "BadRequestException", "Usage Plan name cannot be blank");
    if (failed || check_stages(k, v) || control_plan_check(k, v)) {
        cJSON_Delete(v);
        return -1;
    }
    if (!define_get(v, "apiStages"))
        cJSON_AddArrayToObject(v, "apiStages");
    cJSON_AddItemToObject(account(k)->plans, id, v);
    return control_reply(k, v);
}

/* ?keyId= */
int control_plan_list(struct control *k)
{
    struct str key = http_query(k->call->request, "keyId", k->call->arena);
    cJSON *all = cJSON_CreateArray(), *v;
    cJSON_ArrayForEach(v, account(k)->plans)
        if (!key.n || define_get(define_get(account(k)->plan_keys, v->string), key.p))
            cJSON_AddItemReferenceToArray(all, v);
    int result = control_page(k, all, NULL);
    cJSON_Delete(all);
    return result;
}

int control_plan_delete(struct control *k)
{
    const cJSON *v = define_get(account(k)->plans, k->labels[0].p), *s;
    cJSON_ArrayForEach(s, define_get(v, "apiStages")) if (stage_is_there(k, s))
        return control_fail(k, 400, "BadRequestException", "Cannot delete usage plan with associated API stages");
    cJSON_DeleteItemFromObjectCaseSensitive(account(k)->plan_keys, k->labels[0].p);
    return control_delete(k);
}

/* /apiStages, with API:STAGE as value, and /apiStages/API:STAGE/throttle/{path}/{verb}/rateLimit */
static cJSON *stage_of(const cJSON *plan, struct str id, struct str stage)
{
    cJSON *one;
    cJSON_ArrayForEach(one, define_get(plan, "apiStages")) if (str_eq(define_text(one, "apiId"), id) && str_eq(define_text(one, "stage"), stage)) return one;
    return NULL;
}

static int throttle_step(struct control *k, cJSON *of, const struct patch_step *s)
{
    bool member = str_is(s->segments[s->n - 1], "rateLimit") || str_is(s->segments[s->n - 1], "burstLimit");
    struct str key = S("");
    for (size_t i = 3; i < s->n - (member ? 1 : 0); i++) /* "/throttle/~1a/GET/…" and Terraform's "/throttle//a/GET/…" */
        if (s->segments[i].n)
            key = arena_f(k->call->arena, STR_F "%s" STR_F, STR_A(key), s->segments[i].p[0] == '/' ? "" : "/", STR_A(s->segments[i]));
    if (patch_is(s, "remove"))
        cJSON_DeleteItemFromObjectCaseSensitive(key.n ? define_object(of, "throttle") : of, key.n ? key.p : "throttle");
    else if (member && key.n)
        define_set(define_object(define_object(of, "throttle"), key.p), s->segments[s->n - 1].p, patch_value('n', s->value));
    return 0;
}

int control_plan_step(struct control *k, cJSON *plan, const struct patch_step *s)
{
    if (!str_is(s->segments[0], "apiStages"))
        return PATCH_NOT_MINE;
    struct str name = s->n > 1 ? s->segments[1] : s->value, stage = name, id = str_cut(&stage, ':');
    if (!id.n || !stage.n)
        return control_fail(k, 400, "BadRequestException", "Invalid API Stage specified");
    cJSON *found = stage_of(plan, id, stage);
    if (s->n > 2 && found)
        return throttle_step(k, found, s);
    struct rest_api *api = map_get(&k->rest->apis, id);
    bool known = api && str_eq(api->account, k->call->account) && define_get(define_get(api->definition, "stages"), arena_z(k->call->arena, stage));
    if (patch_is(s, "remove") ? !found : !known)
        return control_fail(k, 404, "NotFoundException", "Invalid API Stage {api: " STR_F ", stage: " STR_F "} specified for usageplan " STR_F,
                            STR_A(id), STR_A(stage), STR_A(define_text(plan, "id")));
    if (patch_is(s, "remove")) {
        cJSON_Delete(cJSON_DetachItemViaPointer(define_get(plan, "apiStages"), found));
    } else if (!found) {
        cJSON *v = cJSON_CreateObject();
        define_set_text(v, "apiId", id);
        define_set_text(v, "stage", stage);
        cJSON_AddItemToArray(define_get(plan, "apiStages"), v);
    }
    return 0;
}

/* ---- keys of a plan ---- */
static cJSON *plan_keys(struct control *k)
{
    if (!define_get(account(k)->plans, k->labels[0].p)) {
        control_missing(k, k->noun->missing);
        return NULL;
    }
    return define_object(account(k)->plan_keys, k->labels[0].p);
}

int control_plan_key_create(struct control *k)
{
    cJSON *all = plan_keys(k);
    struct str id = define_text(k->body, "keyId"), type = define_text(k->body, "keyType");
    if (!all)
        return -1;
    if (!str_is(type, "API_KEY"))
        return control_fail(k, 400, "BadRequestException", "Invalid Usage Plan Key type specified. Must be API_KEY");
    const cJSON *key = id.n ? define_get(account(k)->keys, id.p) : NULL;
    if (!key)
        return control_missing(k, "Invalid API Key identifier specified");
    if (define_get(all, id.p))
        return control_fail(k, 409, "ConflictException", "Usage Plan Key already exists for this Usage Plan");
    cJSON *v = cJSON_CreateObject();
    define_set_text(v, "id", id);
    define_set_text(v, "type", type);
    define_set_text(v, "value", define_text(key, "value"));
    define_set_text(v, "name", define_text(key, "name"));
    cJSON_AddItemToObject(all, id.p, v);
    return control_reply(k, v);
}

int control_plan_key_list(struct control *k)
{
    struct str name = http_query(k->call->request, "name", k->call->arena);
    const cJSON *keys = define_get(account(k)->plan_keys, k->labels[0].p); /* of a plan that is not there: none, as on AWS */
    cJSON *all = cJSON_CreateArray(), *v;
    cJSON_ArrayForEach(v, keys) if (!name.n || str_starts(define_text(v, "name"), name)) cJSON_InsertItemInArray(all, 0, cJSON_Duplicate(v, true));
    int result = control_page(k, all, NULL);
    cJSON_Delete(all);
    return result;
}

static cJSON *plan_key(struct control *k)
{
    cJSON *all = plan_keys(k), *v = all ? define_get(all, k->labels[1].p) : NULL;
    if (all && !v)
        control_missing(k, "Invalid Usage Plan Key identifier specified");
    return v;
}

int control_plan_key_get(struct control *k)
{
    const cJSON *v = plan_key(k);
    return v ? control_reply(k, v) : -1;
}

int control_plan_key_delete(struct control *k)
{
    cJSON *v = plan_key(k);
    if (!v)
        return -1;
    cJSON_Delete(cJSON_DetachItemViaPointer(plan_keys(k), v));
    return 0;
}

/* Calls of the present period: {"values": {key: [[used, left]]}} */
int control_usage_get(struct control *k)
{
    cJSON *all = plan_keys(k), *out = cJSON_CreateObject(), *values = cJSON_AddObjectToObject(out, "values");
    const cJSON *key;
    double limit = 0;
    if (all && cJSON_IsNumber(define_get(define_get(define_get(account(k)->plans, k->labels[0].p), "quota"), "limit")))
        limit = define_get(define_get(define_get(account(k)->plans, k->labels[0].p), "quota"), "limit")->valuedouble;
    define_set_text(out, "usagePlanId", k->labels[0]);
    define_set_text(out, "startDate", http_query(k->call->request, "startDate", k->call->arena));
    define_set_text(out, "endDate", http_query(k->call->request, "endDate", k->call->arena));
    cJSON_ArrayForEach(key, all)
    {
        struct rest_meter *m = rest_meter(k->rest, arena_f(k->call->arena, STR_F "/%s#quota", STR_A(k->labels[0]), key->string));
        cJSON *pair = cJSON_CreateArray();
        cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)m->used));
        cJSON_AddItemToArray(pair, cJSON_CreateNumber(limit > (double)m->used ? limit - (double)m->used : 0));
        cJSON_AddItemToArray(cJSON_AddArrayToObject(values, key->string), pair);
    }
    int result = all ? control_reply(k, out) : -1;
    cJSON_Delete(out);
    return result;
}
