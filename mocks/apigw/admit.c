/* admit.c - what a call has to pass before its integration is asked.
 *
 *   API key          of the account, enabled, in a usage plan that has this stage          403 Forbidden
 *   usage plan       its quota, its throttle and that of its method                        429
 *   stage            the throttle of the method's settings, then that of all methods       429
 *   validator        required parameters; the body by the model of its media type          400
 * As long as an account has no API key at all, any value of x-api-key is taken.
 * Documented at: Developer Guide, "Usage plans and API keys", "Throttle requests", "Request validation".
 */
#include "base/clock.h"
#include "base/codec.h"
#include "mocks/apigw/invoke.h"
#include "mocks/apigw/rest.h"
#include "mocks/apigw/schema.h"
#include "mocks/cloud/cloud.h"

/* ---- keys and plans ---- */
static const cJSON *key_by_value(const struct rest_account *a, struct str value)
{
    const cJSON *k;
    cJSON_ArrayForEach(k, a->keys) if (define_on(k, "enabled") && codec_same(define_text(k, "value"), value)) return k;
    return NULL;
}

/* The plan's entry for this stage, when the key is in the plan. */
static const cJSON *plan_stage(const struct rest_account *a, const cJSON *plan, const cJSON *key, const struct invocation *v)
{
    const cJSON *s;
    if (!define_get(define_get(a->plan_keys, plan->string), key->string))
        return NULL;
    cJSON_ArrayForEach(s, define_get(plan, "apiStages"))
    {
        if (str_eq(define_text(s, "apiId"), v->api->id) && str_eq(define_text(s, "stage"), v->stage))
            return s;
    }
    return NULL;
}

/* Days since 1970, weeks (from Sunday on, the offset later), months. */
static int64_t period_of(int64_t now_ms, struct str period, int offset)
{
    int64_t day = now_ms / 86400000;
    if (str_is(period, "DAY"))
        return day;
    if (str_is(period, "WEEK"))
        return (day + 4 - offset) / 7;
    struct civil c = clock_civil(now_ms);
    return (int64_t)c.year * 12 + c.month - (c.day <= offset ? 1 : 0);
}

static bool in_quota(struct invocation *v, const cJSON *quota, struct rest_meter *m)
{
    struct rest *r = v->gateway->rest;
    const cJSON *limit = define_get(quota, "limit"), *offset = define_get(quota, "offset");
    if (!cJSON_IsNumber(limit))
        return true;
    int64_t period = period_of(clock_now_ms(cloud_clock(r->cloud)), define_text(quota, "period"), cJSON_IsNumber(offset) ? offset->valueint : 0);
    pthread_mutex_lock(&r->meter_lock);
    if (m->period != period) {
        m->period = period;
        m->used = 0;
    }
    bool may = (double)m->used < limit->valuedouble;
    if (may)
        m->used++;
    pthread_mutex_unlock(&r->meter_lock);
    return may;
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *v = define_get(object, name);
    return cJSON_IsNumber(v) ? v->valuedouble : -1;
}

static bool in_throttle(struct invocation *v, const cJSON *t, struct str meter)
{
    return rest_token(v->gateway->rest, rest_meter(v->gateway->rest, meter), number_of(t, "rateLimit"), number_of(t, "burstLimit"));
}

static int use_plan(struct invocation *v, const cJSON *plan, const cJSON *stage, const cJSON *key)
{
    struct call *c = v->call;
    struct str meter = arena_f(c->arena, "%s/%s", plan->string, key->string);
    struct str path = arena_f(c->arena, STR_F "/" STR_F, STR_A(v->match.resource->path), STR_A(v->match.method->verb));
    const cJSON *own = define_get(define_get(stage, "throttle"), path.p);
    if (own ? !in_throttle(v, own, arena_f(c->arena, STR_F STR_F, STR_A(meter), STR_A(path))) : !in_throttle(v, define_get(plan, "throttle"), meter))
        return invoke_fail(c, REFUSE_THROTTLED, "the API key %s is over the rate of the usage plan %s", key->string, plan->string);
    if (!in_quota(v, define_get(plan, "quota"), rest_meter(v->gateway->rest, arena_f(c->arena, STR_F "#quota", STR_A(meter)))))
        return invoke_fail(c, REFUSE_QUOTA, "the API key %s has used up the quota of the usage plan %s", key->string, plan->string);
    v->key_id = arena_dup(c->arena, str_of(key->string));
    return 0;
}

static int check_key(struct invocation *v, struct rest_account *a, struct str value)
{
    struct call *c = v->call;
    const cJSON *key = key_by_value(a, value), *plan;
    if (!cJSON_GetArraySize(a->keys))
        return 0;
    if (!key)
        return invoke_fail(c, REFUSE_KEY, "no enabled API key of the account has the value of x-api-key");
    cJSON_ArrayForEach(plan, a->plans)
    {
        const cJSON *stage = plan_stage(a, plan, key, v);
        if (stage)
            return use_plan(v, plan, stage, key);
    }
    return invoke_fail(c, REFUSE_KEY, "the API key %s is in no usage plan that has the stage " STR_F " of the API " STR_F, key->string,
                       STR_A(v->stage), STR_A(v->api->id));
}

static int stage_throttle(struct invocation *v)
{
    const struct model_method *m = v->match.method;
    struct rest_throttle *all = NULL;
    for (struct rest_throttle *t = v->live->throttles; t; t = t->next) {
        if (str_is(t->verb, "*") && str_is(t->path, "*"))
            all = t;
        else if (str_eq(t->verb, m->verb) && str_eq(t->path, str_from(v->match.resource->path, 1)))
            return rest_token(v->gateway->rest, &t->meter, t->rate, t->burst)
                       ? 0 : invoke_fail(v->call, REFUSE_THROTTLED, "the stage's throttle of " STR_F " " STR_F " (%g a second)",
                                         STR_A(m->verb), STR_A(v->match.resource->path), t->rate);
    }
    return !all || rest_token(v->gateway->rest, &all->meter, all->rate, all->burst)
               ? 0 : invoke_fail(v->call, REFUSE_THROTTLED, "the stage's throttle of all methods (%g a second)", all->rate);
}

int admit_key(struct invocation *v)
{
    struct rest *r = v->gateway->rest;
    struct str value = http_request_header(v->call->request, "x-api-key");
    int result = 0;
    if (v->no_key) /* TestInvokeMethod asks neither */
        return 0;
    if (v->match.method->authorizer.n)
        return call_fail(v->call, 501, "NotImplemented", STR_F " " STR_F " has a " STR_F " authorizer; weirbox has neither Lambda nor Cognito to ask, "
                         "so it lets nobody in. Set authorizationType to NONE to call it here", STR_A(v->match.method->verb),
                         STR_A(v->match.resource->path), STR_A(v->match.method->authorizer));
    if (v->match.method->key_required && !value.n)
        return invoke_fail(v->call, REFUSE_KEY, STR_F " " STR_F " asks for an API key and the request has no x-api-key header",
                           STR_A(v->match.method->verb), STR_A(v->match.resource->path));
    if (v->match.method->key_required) {
        pthread_rwlock_rdlock(&r->lock);
        struct rest_account *a = map_get(&r->accounts, v->live->account);
        result = a ? check_key(v, a, value) : 0;
        pthread_rwlock_unlock(&r->lock);
    }
    if (result || !v->live->throttles)
        return result;
    return stage_throttle(v);
}

/* ---- validation ---- */
static bool has(const struct invocation *v, const struct model_parameter *p)
{
    for (size_t i = 0; i < v->n_params; i++)
        if (v->params[i].place == p->place && v->params[i].value.n &&
            (p->place == VTL_HEADER ? str_eq_nocase(v->params[i].name, p->name) : str_eq(v->params[i].name, p->name)))
            return true;
    return false;
}

static int check_parameters(struct invocation *v)
{
    struct str missing = S("");
    struct arena *a = v->call->arena;
    for (const struct model_parameter *p = v->match.method->required; p; p = p->next)
        if (!has(v, p))
            missing = arena_f(a, STR_F "%s" STR_F, STR_A(missing), missing.n ? ", " : "", STR_A(p->name));
    return missing.n ? invoke_fail(v->call, REFUSE_PARAMETERS, "Missing required request parameters: [" STR_F "]", STR_A(missing)) : 0;
}

static const struct model_body *body_of(const struct model_method *m, struct str type)
{
    const struct model_body *otherwise = NULL;
    for (const struct model_body *b = m->bodies; b; b = b->next) {
        if (str_eq_nocase(b->media_type, type))
            return b;
        if (str_is(b->media_type, "$default"))
            otherwise = b;
    }
    return otherwise;
}

static int check_body(struct invocation *v)
{
    const struct model_body *b = body_of(v->match.method, v->content_type);
    struct str body = v->call->request->body, why = S("the body is no JSON");
    if (!b || !b->schema)
        return 0;
    cJSON *instance = cJSON_ParseWithLengthOpts(body.n ? body.p : "", body.n, NULL, false);
    if (!instance && !body.n)
        instance = cJSON_CreateObject(); /* an absent body is {} */
    if (instance)
        why = schema_check(b->schema, v->api->schemas, instance, v->call->arena);
    cJSON_Delete(instance);
    if (!why.p)
        return 0;
    v->validation = arena_f(v->call->arena, "[" STR_F "]", STR_A(why));
    return invoke_fail(v->call, REFUSE_SCHEMA, "the body does not satisfy the model of " STR_F ": " STR_F, STR_A(b->media_type), STR_A(why));
}

int admit_request(struct invocation *v)
{
    const struct model_method *m = v->match.method;
    if (m->validate_parameters && check_parameters(v))
        return -1;
    return m->validate_body ? check_body(v) : 0;
}
