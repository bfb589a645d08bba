/* patch_stage.c - the patch paths of a stage that are its own:
 *
 *   /canarySettings/…                   the canary, made when it is first named
 *   copy to /deploymentId, /variables   promotes it
 *   /accessLogSettings/…                where and how calls are logged
 *   /{path}/{verb}/throttling/rateLimit settings of methods; made with the defaults, or with those of all methods
 * Sentences as recorded on AWS.
 */
#include "mocks/apigw/control.h"

static int refuse_removal(struct control *k, const struct patch_step *s)
{
    return control_fail(k, 400, "BadRequestException", "Cannot remove method setting " STR_F "/" STR_F " because there is no method setting for this method ",
                        STR_A(s->segments[0]), STR_A(s->n > 1 ? s->segments[1] : S("")));
}

static int refuse_path(struct control *k, const struct patch_step *s)
{
#define ANY(p) "/{resourcePath}/{httpMethod}/" p
    return control_fail(k, 400, "BadRequestException", "Invalid method setting path: " STR_F ". Must be one of: [/deploymentId, /description, "
        "/cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, "
        "/accessLogSettings/format, " ANY("metrics/enabled") ", " ANY("logging/dataTrace") ", " ANY("logging/loglevel") ", "
        ANY("throttling/burstLimit") ANY("throttling/rateLimit") ANY("caching/ttlInSeconds") ", " ANY("caching/enabled") ", "
        ANY("caching/dataEncrypted") ", " ANY("caching/requireAuthorizationForCacheControl") ", "
        ANY("caching/unauthorizedCacheControlHeaderStrategy") ", /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, "
        "/*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "
        "/*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, "
        "/tracingEnabled]", STR_A(s->path));
#undef ANY
}

/* ---- the canary ---- */
static cJSON *canary_of(cJSON *stage)
{
    cJSON *c = define_object(stage, "canarySettings");
    if (!define_get(c, "deploymentId"))
        define_set_text(c, "deploymentId", define_text(stage, "deploymentId"));
    if (!define_get(c, "percentTraffic"))
        cJSON_AddNumberToObject(c, "percentTraffic", 0);
    if (!define_get(c, "useStageCache"))
        cJSON_AddBoolToObject(c, "useStageCache", false);
    return c;
}

static int canary_step(struct control *k, cJSON *stage, const struct patch_step *s)
{
    static const struct { const char *name; char kind; } members[] = { { "deploymentId", 's' }, { "percentTraffic", 'n' }, { "useStageCache", 'b' } };
    bool override = s->n == 3 && str_is(s->segments[1], "stageVariableOverrides");
    if (patch_is(s, "remove") && s->n == 1) {
        cJSON_DeleteItemFromObjectCaseSensitive(stage, "canarySettings");
        return 0;
    }
    if (patch_is(s, "remove") && override && define_get(define_get(define_get(stage, "canarySettings"), "stageVariableOverrides"), s->segments[2].p)) {
        cJSON_DeleteItemFromObjectCaseSensitive(define_get(define_get(stage, "canarySettings"), "stageVariableOverrides"), s->segments[2].p);
        return 0;
    }
    if (patch_is(s, "remove"))
        return refuse_removal(k, s);
    if (!patch_is(s, "replace"))
        return control_fail(k, 400, "BadRequestException", "Invalid " STR_F " operation with path: " STR_F, STR_A(s->op), STR_A(s->path));
    if (override) {
        define_set_text(define_object(canary_of(stage), "stageVariableOverrides"), s->segments[2].p, s->value);
        return 0;
    }
    for (size_t i = 0; s->n == 2 && i < sizeof members / sizeof *members; i++)
        if (str_is(s->segments[1], members[i].name)) {
            define_set(canary_of(stage), members[i].name, patch_value(members[i].kind, s->value));
            return 0;
        }
    return refuse_path(k, s);
}

static int copy_step(struct control *k, cJSON *stage, const struct patch_step *s)
{
    bool deployment = str_is(s->path, "/deploymentId") && str_is(s->from, "/canarySettings/deploymentId");
    bool variables = str_is(s->path, "/variables") && str_is(s->from, "/canarySettings/stageVariableOverrides");
    const cJSON *canary = define_get(stage, "canarySettings"), *v;
    if (!deployment && !variables)
        return control_fail(k, 400, "BadRequestException", "Invalid copy operation with path: " STR_F " and from " STR_F ". Valid copy:path are "
                            "[/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, "
                            "/canarySettings/stageVariableOverrides]", STR_A(s->path), STR_A(s->from));
    if (!canary)
        return control_fail(k, 400, "BadRequestException", "Promotion not available. Canary does not exist.");
    if (deployment)
        define_set_text(stage, "deploymentId", define_text(canary, "deploymentId"));
    else
        cJSON_ArrayForEach(v, define_get(canary, "stageVariableOverrides")) if (cJSON_IsString(v))
            define_set_text(define_object(stage, "variables"), v->string, str_of(v->valuestring));
    return 0;
}

/* ---- the access log ---- */
static int log_step(struct control *k, cJSON *stage, const struct patch_step *s)
{
    bool known = s->n == 2 && (str_is(s->segments[1], "destinationArn") || str_is(s->segments[1], "format"));
    if (patch_is(s, "remove") && s->n > 1)
        return refuse_removal(k, s);
    if (patch_is(s, "remove")) {
        cJSON_DeleteItemFromObjectCaseSensitive(stage, "accessLogSettings");
        return 0;
    }
    if (!known)
        return control_fail(k, 400, "BadRequestException", "Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, "
                            "/accessLogSettings/format]");
    if (!s->value.n)
        return control_fail(k, 400, "BadRequestException", "Access Log value must not be empty");
    define_set_text(define_object(stage, "accessLogSettings"), s->segments[1].p, s->value);
    return 0;
}

/* ---- settings of methods ---- */
static const struct { const char *group, *name, *member; char kind; const char *usual; } settings[] = {
    { "metrics", "enabled", "metricsEnabled", 'b', "false" },
    { "logging", "loglevel", "loggingLevel", 's', NULL },
    { "logging", "dataTrace", "dataTraceEnabled", 'b', "false" },
    { "throttling", "burstLimit", "throttlingBurstLimit", 'n', "5000" },
    { "throttling", "rateLimit", "throttlingRateLimit", 'n', "10000" },
    { "caching", "enabled", "cachingEnabled", 'b', "false" },
    { "caching", "ttlInSeconds", "cacheTtlInSeconds", 'n', "300" },
    { "caching", "dataEncrypted", "cacheDataEncrypted", 'b', "false" },
    { "caching", "requireAuthorizationForCacheControl", "requireAuthorizationForCacheControl", 'b', "true" },
    { "caching", "unauthorizedCacheControlHeaderStrategy", "unauthorizedCacheControlHeaderStrategy", 's', "SUCCEED_WITH_RESPONSE_HEADER" },
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static cJSON *settings_of(cJSON *all, const char *key)
{
    cJSON *one = define_get(all, key);
    const cJSON *base = define_get(all, "*/*");
    if (one)
        return one;
    one = base ? cJSON_Duplicate(base, true) : cJSON_CreateObject();
    for (size_t i = 0; i < SETTINGS && !base; i++)
        if (settings[i].usual)
            define_set(one, settings[i].member, patch_value(settings[i].kind, str_of(settings[i].usual)));
    cJSON_AddItemToObject(all, key, one);
    return one;
}

static int method_step(struct control *k, cJSON *stage, const struct patch_step *s)
{
    struct str path = s->segments[0];
    while (path.n && path.p[0] == '/')
        path = str_from(path, 1);
    struct str key = arena_f(k->call->arena, STR_F "/" STR_F, STR_A(path), STR_A(s->segments[1]));
    cJSON *all = define_object(stage, "methodSettings");
    if (patch_is(s, "remove") && !define_get(all, key.p))
        return refuse_removal(k, s);
    if (patch_is(s, "remove") && s->n == 2) {
        cJSON_DeleteItemFromObjectCaseSensitive(all, key.p);
        return 0;
    }
    for (size_t i = 0; s->n == 4 && i < SETTINGS; i++)
        if (str_is(s->segments[2], settings[i].group) && str_is(s->segments[3], settings[i].name)) {
            if (patch_is(s, "remove"))
                cJSON_DeleteItemFromObjectCaseSensitive(define_get(all, key.p), settings[i].member);
            else
                define_set(settings_of(all, key.p), settings[i].member, patch_value(settings[i].kind, s->value));
            return 0;
        }
    return refuse_path(k, s);
}

/* The plain members are noun_stage's rows. */
static bool is_plain(const struct patch_step *s)
{
    static const char *const names[] = { "deploymentId", "description", "cacheClusterEnabled", "cacheClusterSize", "clientCertificateId",
        "documentationVersion", "tracingEnabled", "webAclArn" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (s->n == 1 && str_is(s->segments[0], names[i]))
            return true;
    return str_is(s->segments[0], "variables") && (s->n == 2 || patch_is(s, "remove"));
}

int control_stage_step(struct control *k, cJSON *stage, const struct patch_step *s)
{
    if (patch_is(s, "copy"))
        return copy_step(k, stage, s);
    if (str_is(s->segments[0], "canarySettings"))
        return canary_step(k, stage, s);
    if (str_is(s->segments[0], "accessLogSettings"))
        return log_step(k, stage, s);
    if (is_plain(s))
        return PATCH_NOT_MINE;
    return s->n >= 2 ? method_step(k, stage, s) : refuse_path(k, s);
}
