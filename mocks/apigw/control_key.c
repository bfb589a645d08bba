/* control_key.c - API keys and usage plans. Values of keys are shown when they are asked for. */
#include "mocks/apigw/control.h"

static struct rest_account *account(struct control *k) { return rest_account(k->rest, k->call->account); }

static bool asked(struct control *k, const char *name) { return str_is(http_query(k->call->request, name, k->call->arena), "true"); }

/* ---- keys ---- */
int control_key_create(struct control *k)
{
    static const struct field fields[] = { { "name", 's', false }, { "description", 's', false }, { "enabled", 'b', false }, { "value", 's', false },
        { "customerId", 's', false }, { "tags", 'm', false } };
    char id[DEFINE_ID], value[DEFINE_ID];
    const cJSON *other;
    cJSON *v = cJSON_CreateObject(), *all = account(k)->keys;
    cJSON_AddStringToObject(v, "id", define_id(&k->rest->ids, 10, id));
    cJSON_AddStringToObject(v, "value", define_id(&k->rest->ids, 40, value));
    cJSON_AddBoolToObject(v, "enabled", false);
    cJSON_AddNumberToObject(v, "createdDate", control_now(k));
    cJSON_AddNumberToObject(v, "lastUpdatedDate", control_now(k));
    cJSON_AddArrayToObject(v, "stageKeys");
    int failed = control_fields(k, v, fields, sizeof fields / sizeof *fields);
    if (!failed && define_text(v, "value").n < 20)
        failed = control_fail(k, 400, "BadRequestException", "API Key value should be at least 20 characters");
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
    cJSON_ArrayForEach(v, account(k)->keys) if (!name.n || str_starts(define_text(v, "name"), name)) cJSON_AddItemReferenceToArray(all, v);
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

int control_key_delete(struct control *k)
{
    cJSON *plan;
    if (control_delete(k))
        return -1;
    cJSON_ArrayForEach(plan, account(k)->plan_keys) cJSON_DeleteItemFromObjectCaseSensitive(plan, k->labels[0].p);
    return 0;
}

/* ---- plans ---- */
static int check_stages(struct control *k, const cJSON *plan)
{
    const cJSON *s;
    cJSON_ArrayForEach(s, define_get(plan, "apiStages"))
    {
        struct str id = define_text(s, "apiId"), stage = define_text(s, "stage");
        struct rest_api *api = map_get(&k->rest->apis, id);
        if (!api || !str_eq(api->account, k->call->account) || !stage.n || !define_get(define_get(api->definition, "stages"), stage.p))
            return control_fail(k, 400, "BadRequestException", "API Stage not found: " STR_F ":" STR_F, STR_A(id), STR_A(stage));
    }
    return 0;
}

static int check_quota(struct control *k, const cJSON *plan)
{
    const cJSON *quota = define_get(plan, "quota");
    struct str period = define_text(quota, "period");
    if (!quota)
        return 0;
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
    if (failed || check_stages(k, v) || check_quota(k, v)) {
        cJSON_Delete(v);
        return -1;
    }
    if (!define_get(v, "apiStages"))
        cJSON_AddArrayToObject(v, "apiStages");
    cJSON_AddItemToObject(account(k)->plans, id, v);
    return control_reply(k, v);
}

int control_plan_update(struct control *k)
{
    cJSON *v = define_get(account(k)->plans, k->labels[0].p);
    if (!v)
        return control_missing(k, k->noun->missing);
    return patch_apply(k, v, k->noun) ? -1 : control_reply(k, v);
}

int control_plan_delete(struct control *k)
{
    const cJSON *v = define_get(account(k)->plans, k->labels[0].p);
    if (v && cJSON_GetArraySize(define_get(v, "apiStages")))
        return control_fail(k, 400, "BadRequestException", "Cannot delete usage plan with associated API stages");
    cJSON_DeleteItemFromObjectCaseSensitive(account(k)->plan_keys, k->labels[0].p);
    return control_delete(k);
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
    cJSON *all = plan_keys(k);
    return all ? control_page(k, all, NULL) : -1;
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
