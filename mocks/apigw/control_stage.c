/* control_stage.c - deployments, which are frozen copies, and the stages that point at them. */
#include "mocks/apigw/control.h"

static cJSON *stages(struct control *k) { return define_object(k->api->definition, "stages"); }

static int check_name(struct control *k, struct str name)
{
    bool good = name.n > 0 && name.n <= 128;
    for (size_t i = 0; i < name.n; i++)
        good = good && (strchr("-_", name.p[i]) || (name.p[i] >= '0' && name.p[i] <= '9') || (name.p[i] >= 'a' && name.p[i] <= 'z') ||
                        (name.p[i] >= 'A' && name.p[i] <= 'Z'));
    return good ? 0 : control_fail(k, 400, "BadRequestException", "Stage name only allows a-zA-Z0-9_-");
}

static cJSON *stage_new(struct control *k, struct str name)
{
    cJSON *s = cJSON_CreateObject();
    define_set_text(s, "stageName", name);
    cJSON_AddBoolToObject(s, "cacheClusterEnabled", false);
    cJSON_AddStringToObject(s, "cacheClusterStatus", "NOT_AVAILABLE");
    cJSON_AddObjectToObject(s, "methodSettings");
    cJSON_AddBoolToObject(s, "tracingEnabled", false);
    cJSON_AddNumberToObject(s, "createdDate", control_now(k));
    cJSON_AddNumberToObject(s, "lastUpdatedDate", control_now(k));
    return s;
}

/* AWS deploys only what has methods, each with its integration. */
static int check_deployable(struct control *k)
{
    const cJSON *r, *m;
    bool any = false;
    cJSON_ArrayForEach(r, define_get(k->api->definition, "resources")) cJSON_ArrayForEach(m, define_get(r, "resourceMethods"))
    {
        any = true;
        if (!define_get(m, "methodIntegration"))
            return control_fail(k, 400, "BadRequestException", "No integration defined for method");
    }
    return any ? 0 : control_fail(k, 400, "BadRequestException", "The REST API doesn't contain any methods");
}

/* A canary stands beside what a stage has. */
static int check_canary(struct control *k, struct str stage)
{
    if (!stage.n)
        return control_fail(k, 400, "BadRequestException", "Invalid deployment content specified.Non null and non empty stageName must be provided for "
                            "canary deployment. Provided value is %s", define_get(k->body, "stageName") ? "" : "null");
    if (!define_get(stages(k), stage.p))
        return control_fail(k, 400, "BadRequestException", "Invalid deployment content specified.Stage " STR_F " must already be created before making "
                            "a canary release deployment", STR_A(stage));
    return 0;
}

static void put_canary(cJSON *stage, const cJSON *settings, struct str deployment)
{
    cJSON *canary = cJSON_Duplicate(settings, true);
    define_set_text(canary, "deploymentId", deployment);
    if (!define_get(canary, "percentTraffic"))
        cJSON_AddNumberToObject(canary, "percentTraffic", 0);
    if (!define_get(canary, "useStageCache"))
        cJSON_AddBoolToObject(canary, "useStageCache", false);
    define_set(stage, "canarySettings", canary);
}

static void put_deployment(struct control *k, cJSON *stage, struct str deployment)
{
    struct str about = define_text(k->body, "stageDescription");
    cJSON_DeleteItemFromObjectCaseSensitive(stage, "description");
    if (about.n)
        define_set_text(stage, "description", about);
    define_set_text(stage, "deploymentId", deployment);
    define_set(stage, "lastUpdatedDate", cJSON_CreateNumber(control_now(k)));
}

int control_deployment_create(struct control *k)
{
    static const struct field fields[] = { { "description", 's', false } };
    static const struct field of_stage[] = { { "variables", 'm', false }, { "cacheClusterEnabled", 'b', false }, { "cacheClusterSize", 's', false },
                                             { "tracingEnabled", 'b', false } };
    struct str name = define_text(k->body, "stageName");
    char id[DEFINE_ID];
    if (check_deployable(k) || (name.n && check_name(k, name)))
        return -1;
    const cJSON *canary = define_get(k->body, "canarySettings");
    if (cJSON_IsObject(canary) && check_canary(k, name))
        return -1;
    cJSON *d = cJSON_CreateObject();
    cJSON_AddStringToObject(d, "id", define_id(&k->rest->ids, 6, id));
    cJSON_AddNumberToObject(d, "createdDate", control_now(k));
    cJSON *s = name.n ? define_get(stages(k), name.p) : NULL, *changed = s ? cJSON_Duplicate(s, true) : name.n ? stage_new(k, name) : NULL;
    if (cJSON_IsObject(canary))
        put_canary(changed, canary, str_of(id));
    else if (changed)
        put_deployment(k, changed, str_of(id));
    if (control_fields(k, d, fields, 1) || (changed && control_fields(k, changed, of_stage, 4)) || rest_deploy(k->rest, k->api, id, &k->call->err)) {
        cJSON_Delete(d);
        cJSON_Delete(changed);
        return -1;
    }
    cJSON_AddItemToObject(define_object(k->api->definition, "deployments"), id, d);
    if (changed) {
        define_set(stages(k), name.p, changed);
        rest_stage(k->rest, k->api, changed);
    }
    return control_reply(k, d);
}

int control_deployment_delete(struct control *k)
{
    const cJSON *s;
    cJSON *d = define_get(define_get(k->api->definition, "deployments"), k->labels[1].p);
    if (!d)
        return control_missing(k, k->noun->missing);
    cJSON_ArrayForEach(s, stages(k)) if (str_eq(define_text(s, "deploymentId"), k->labels[1]))
        return control_fail(k, 400, "BadRequestException", "Active stages pointing to this deployment must be moved or deleted");
    model_close(map_remove(&k->api->deployed, k->labels[1]));
    cJSON_Delete(cJSON_DetachItemViaPointer(define_get(k->api->definition, "deployments"), d));
    return 0;
}

int control_stage_create(struct control *k)
{
    static const struct field fields[] = { { "stageName", 's', true }, { "deploymentId", 's', true }, { "description", 's', false },
        { "variables", 'm', false }, { "cacheClusterEnabled", 'b', false }, { "cacheClusterSize", 's', false },
        { "documentationVersion", 's', false }, { "canarySettings", 'm', false }, { "tracingEnabled", 'b', false }, { "tags", 'm', false } };
    cJSON *s = stage_new(k, define_text(k->body, "stageName"));
    int failed = control_fields(k, s, fields, sizeof fields / sizeof *fields) || check_name(k, define_text(s, "stageName"));
    if (!failed && define_get(stages(k), define_text(s, "stageName").p))
        failed = control_fail(k, 409, "ConflictException", "Stage already exists");
    cJSON *canary = define_get(s, "canarySettings");
    if (canary && !define_get(canary, "useStageCache"))
        cJSON_AddBoolToObject(canary, "useStageCache", false);
    failed = failed || control_stage_check(k, s);
    if (failed) {
        cJSON_Delete(s);
        return -1;
    }
    cJSON_AddItemToObject(stages(k), define_text(s, "stageName").p, s);
    rest_stage(k->rest, k->api, s);
    return control_reply(k, s);
}

int control_stage_delete(struct control *k)
{
    cJSON *s = define_get(stages(k), k->labels[1].p);
    if (!s)
        return control_missing(k, k->noun->missing);
    rest_unstage(k->api, s->string);
    cJSON_Delete(cJSON_DetachItemViaPointer(stages(k), s));
    return 0;
}

/* ?deploymentId= */
int control_stage_list(struct control *k)
{
    struct str deployment = http_query(k->call->request, "deploymentId", k->call->arena);
    cJSON *all = cJSON_CreateArray(), *s;
    cJSON_ArrayForEach(s, stages(k)) if (!deployment.n || str_eq(deployment, define_text(s, "deploymentId"))) cJSON_AddItemReferenceToArray(all, s);
    int result = control_page(k, all, NULL);
    cJSON_Delete(all);
    return result;
}

int control_stage_check(struct control *k, cJSON *stage)
{
    const cJSON *canary = define_get(stage, "canarySettings");
    if (!map_get(&k->api->deployed, define_text(stage, "deploymentId")) || (canary && !map_get(&k->api->deployed, define_text(canary, "deploymentId"))))
        return control_fail(k, 400, "BadRequestException", "Deployment id does not exist");
    define_set(stage, "lastUpdatedDate", cJSON_CreateNumber(control_now(k)));
    return 0;
}

void control_stage_changed(struct rest *r, struct rest_api *api, cJSON *stage) { rest_stage(r, api, stage); }
