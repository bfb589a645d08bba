/* patch.c - patchOperations: [{"op": "replace", "path": "/a/b~1c", "value": "text"}].
 *
 *   add, replace   a member of the object, or of a map in it; of a list: the last segment, or the value, is the element
 *   remove         the same
 * Values are texts; booleans and numbers are known by name. Settings of a stage's methods have paths of their own:
 * /{path}/{verb}/throttling/rateLimit; stages of a usage plan are written API:STAGE.
 * Documented at: API reference, "Patch Operations".
 */
#include <stdlib.h>

#include "mocks/apigw/control.h"

enum { SEGMENTS = 8 };
struct step {
    struct str op, value, segments[SEGMENTS];
    const cJSON *raw_value;
    size_t n;
    struct str path;
};

static bool is_word(struct str s, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

/* "image~1png" -> "image/png" */
static struct str unescaped(struct arena *a, struct str s)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '~' && i + 1 < s.n && (s.p[i + 1] == '0' || s.p[i + 1] == '1'))
            buf_c(&b, s.p[++i] == '1' ? '/' : '~');
        else
            buf_c(&b, s.p[i]);
    struct str out = arena_dup(a, buf_str(&b));
    buf_release(&b);
    return out;
}

static cJSON *typed(const struct step *s)
{
    static const char *const booleans[] = { "apiKeyRequired", "validateRequestBody", "validateRequestParameters", "enabled",
        "tracingEnabled", "cacheClusterEnabled", "disableExecuteApiEndpoint", "dataTraceEnabled", "metricsEnabled", "cachingEnabled" };
    static const char *const numbers[] = { "timeoutInMillis", "minimumCompressionSize", "rateLimit", "burstLimit", "limit", "offset",
        "throttlingRateLimit", "throttlingBurstLimit", "cacheTtlInSeconds" };
    struct str last = s->segments[s->n - 1], parent = s->n > 1 ? s->segments[s->n - 2] : S("");
    double number;
    bool flag = str_is(s->value, "true") || str_is(s->value, "false");
    if (flag && (is_word(last, booleans, sizeof booleans / sizeof *booleans) || str_ends(parent, S("Parameters"))))
        return cJSON_CreateBool(str_is(s->value, "true"));
    if (is_word(last, numbers, sizeof numbers / sizeof *numbers) && str_to_double(s->value, &number))
        return cJSON_CreateNumber(number);
    return cJSON_CreateString(s->value.p);
}

static void list_step(cJSON *list, const struct step *s, size_t at)
{
    struct str element = s->n > at ? s->segments[at] : s->value;
    cJSON *one, *found = NULL;
    cJSON_ArrayForEach(one, list) if (cJSON_IsString(one) && str_is(element, one->valuestring)) found = one;
    if (str_is(s->op, "remove")) {
        if (found)
            cJSON_Delete(cJSON_DetachItemViaPointer(list, found));
    } else if (str_is(s->op, "replace") && s->n > at) { /* /endpointConfiguration/types/EDGE: value takes its place */
        if (found)
            cJSON_ReplaceItemViaPointer(list, found, cJSON_CreateString(s->value.p));
        else
            cJSON_AddItemToArray(list, cJSON_CreateString(s->value.p));
    } else if (!found && element.n) {
        cJSON_AddItemToArray(list, cJSON_CreateString(element.p));
    }
}

/* ---- stages of a usage plan ---- */
static int api_stage(struct control *k, cJSON *plan, const struct step *s)
{
    struct str name = s->n > 1 ? s->segments[1] : s->value, stage = name, id = str_cut(&stage, ':');
    cJSON *list = define_get(plan, "apiStages"), *one, *found = NULL;
    if (!list)
        list = cJSON_AddArrayToObject(plan, "apiStages");
    cJSON_ArrayForEach(one, list) if (str_eq(define_text(one, "apiId"), id) && str_eq(define_text(one, "stage"), stage)) found = one;
    if (s->n > 2 && found) { /* /apiStages/{api:stage}/throttle/{path}/{verb}[/rateLimit] */
        cJSON *throttle = define_object(found, "throttle");
        struct str key = s->n > 4 ? arena_f(k->call->arena, STR_F "/" STR_F, STR_A(s->segments[3]), STR_A(s->segments[4])) : S("");
        if (str_is(s->op, "remove"))
            cJSON_DeleteItemFromObjectCaseSensitive(key.n ? throttle : found, key.n ? key.p : "throttle");
        else if (s->n > 5)
            define_set(define_object(throttle, key.p), s->segments[5].p, typed(s));
        return 0;
    }
    if (str_is(s->op, "remove")) {
        if (!found)
            return control_missing(k, "Invalid API Stage specified");
        cJSON_Delete(cJSON_DetachItemViaPointer(list, found));
        return 0;
    }
    struct rest_api *api = map_get(&k->rest->apis, id);
    if (!api || !stage.n || !define_get(define_get(api->definition, "stages"), arena_z(k->call->arena, stage)))
        return control_missing(k, "API Stage not found: invalid API identifier or stage specified");
    if (!found) {
        cJSON *v = cJSON_CreateObject();
        define_set_text(v, "apiId", id);
        define_set_text(v, "stage", stage);
        cJSON_AddItemToArray(list, v);
    }
    return 0;
}

/* ---- settings of a stage's methods ---- */
static bool method_setting(struct control *k, cJSON *stage, const struct step *s)
{
    static const struct { const char *group, *name, *member; } settings[] = {
        { "throttling", "rateLimit", "throttlingRateLimit" }, { "throttling", "burstLimit", "throttlingBurstLimit" },
        { "logging", "loglevel", "loggingLevel" }, { "logging", "dataTrace", "dataTraceEnabled" },
        { "metrics", "enabled", "metricsEnabled" }, { "caching", "enabled", "cachingEnabled" },
        { "caching", "ttlInSeconds", "cacheTtlInSeconds" },
    };
    if (s->n < 2)
        return false;
    struct str path = s->segments[0];
    while (path.n && path.p[0] == '/')
        path = str_from(path, 1);
    struct str key = arena_f(k->call->arena, STR_F "/" STR_F, STR_A(path), STR_A(s->segments[1]));
    cJSON *all = define_object(stage, "methodSettings");
    if (s->n == 2 && str_is(s->op, "remove")) {
        cJSON_DeleteItemFromObjectCaseSensitive(all, key.p);
        return true;
    }
    for (size_t i = 0; s->n == 4 && i < sizeof settings / sizeof *settings; i++)
        if (str_is(s->segments[2], settings[i].group) && str_is(s->segments[3], settings[i].name)) {
            struct step renamed = *s;
            renamed.segments[3] = str_of(settings[i].member);
            cJSON *one = define_object(all, key.p);
            if (str_is(s->op, "remove"))
                cJSON_DeleteItemFromObjectCaseSensitive(one, settings[i].member);
            else
                define_set(one, settings[i].member, typed(&renamed));
            return true;
        }
    return false;
}

/* ---- one operation ---- */
static int read_step(struct control *k, const cJSON *v, struct step *s)
{
    struct arena *a = k->call->arena;
    *s = (struct step){ .op = define_text(v, "op"), .path = define_text(v, "path"), .value = define_text(v, "value") };
    if (!is_word(s->op, (const char *const[]){ "add", "replace", "remove", "copy", "move", "test" }, 6))
        return control_fail(k, 400, "BadRequestException", "Invalid patch operation specified. Must be one of: [add, remove, replace]");
    if (!s->value.p || !s->value.n)
        s->value = S("");
    if (!s->path.n || s->path.p[0] != '/')
        return control_fail(k, 400, "BadRequestException", "Invalid patch path '" STR_F "' specified for op '" STR_F "'", STR_A(s->path), STR_A(s->op));
    for (struct str rest = str_from(s->path, 1); rest.p && s->n < SEGMENTS;)
        s->segments[s->n++] = unescaped(a, str_cut(&rest, '/'));
    return 0;
}

static int refuse_path(struct control *k, const struct step *s, const struct noun *noun)
{
    struct str list = S("");
    for (size_t i = 0; noun->patched[i]; i++)
        if (strcmp(noun->patched[i], "*") != 0)
            list = arena_f(k->call->arena, STR_F "%s/%s", STR_A(list), list.n ? ", " : "", noun->patched[i]);
    return control_fail(k, 400, "BadRequestException", "Invalid patch path '" STR_F "' specified for op '" STR_F "'. Must be one of: [" STR_F "]",
                        STR_A(s->path), STR_A(s->op), STR_A(list));
}

static int one_step(struct control *k, cJSON *object, const struct step *s, const struct noun *noun)
{
    size_t words = 0;
    while (noun->patched[words])
        words++;
    bool known = is_word(s->segments[0], noun->patched, words) && !str_is(s->segments[0], "*");
    if (!known && is_word(S("*"), noun->patched, words) && method_setting(k, object, s))
        return 0;
    if (!known || !s->segments[s->n - 1].p)
        return refuse_path(k, s, noun);
    if (str_is(s->segments[0], "apiStages"))
        return api_stage(k, object, s);
    cJSON *at = object;
    for (size_t i = 0; i < s->n; i++) {
        cJSON *there = define_get(at, s->segments[i].p);
        bool list = cJSON_IsArray(there) || (!there && is_word(s->segments[i], (const char *const[]){ "binaryMediaTypes", "cacheKeyParameters" }, 2));
        if (list && !there)
            there = cJSON_AddArrayToObject(at, s->segments[i].p);
        if (list) {
            list_step(there, s, i + 1);
            return 0;
        }
        if (i + 1 == s->n) {
            if (str_is(s->op, "remove"))
                cJSON_DeleteItemFromObjectCaseSensitive(at, s->segments[i].p);
            else
                define_set(at, s->segments[i].p, typed(s));
        } else {
            at = define_object(at, s->segments[i].p);
        }
    }
    return 0;
}

int patch_apply(struct control *k, cJSON *object, const struct noun *noun)
{
    const cJSON *operations = define_get(k->body, "patchOperations"), *v;
    cJSON *copy = cJSON_Duplicate(object, true);
    int failed = 0;
    cJSON_ArrayForEach(v, operations)
    {
        struct step s;
        failed = failed || read_step(k, v, &s) || one_step(k, copy, &s, noun);
    }
    if (failed) {
        cJSON_Delete(copy);
        return -1;
    }
    cJSON *children = object->child; /* the object keeps its place and name */
    object->child = copy->child;
    copy->child = children;
    cJSON_Delete(copy);
    return 0;
}
