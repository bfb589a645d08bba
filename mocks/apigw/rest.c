/* rest.c - APIs by id, deployments frozen, stages as calls see them, token buckets. */
#include "mocks/apigw/rest.h"

#include <stdlib.h>

#include "base/clock.h"
#include "mocks/cloud/cloud.h"

struct rest *rest_open(struct cloud *cloud)
{
    struct rest *r = mem_zero(sizeof *r);
    r->cloud = cloud;
    r->ids.cloud = cloud;
    pthread_rwlock_init(&r->lock, NULL);
    pthread_mutex_init(&r->meter_lock, NULL);
    return r;
}

void rest_leave(struct rest_live *live)
{
    if (!live || atomic_fetch_sub(&live->users, 1) > 1)
        return;
    rest_leave(live->canary);
    model_close(live->api);
    arena_release(&live->arena);
    free(live);
}

static void free_api(struct rest_api *api)
{
    struct map_entry *m;
    for (size_t i = 0; (m = map_next(&api->stages, &i));)
        rest_leave(m->value);
    for (size_t i = 0; (m = map_next(&api->deployed, &i));)
        model_close(m->value);
    map_release(&api->stages);
    map_release(&api->deployed);
    rest_leave(api->any);
    cJSON_Delete(api->definition);
    arena_release(&api->arena);
    free(api);
}

static void forget(struct rest *r)
{
    struct map_entry *m;
    for (size_t i = 0; (m = map_next(&r->apis, &i));)
        if (m->value != r->imported)
            free_api(m->value);
    for (size_t i = 0; (m = map_next(&r->accounts, &i));) {
        struct rest_account *a = m->value;
        cJSON_Delete(a->keys);
        cJSON_Delete(a->plans);
        cJSON_Delete(a->plan_keys);
        cJSON_Delete(a->links);
        cJSON_Delete(a->settings);
        free(a);
    }
    for (size_t i = 0; (m = map_next(&r->meters, &i));)
        free(m->value);
    map_release(&r->apis);
    map_release(&r->accounts);
    map_release(&r->meters);
    r->apis = r->accounts = r->meters = MAP_INIT;
}

void rest_close(struct rest *r)
{
    if (!r)
        return;
    forget(r);
    if (r->imported)
        free_api(r->imported);
    pthread_rwlock_destroy(&r->lock);
    pthread_mutex_destroy(&r->meter_lock);
    free(r);
}

void rest_reset(struct rest *r)
{
    pthread_rwlock_wrlock(&r->lock);
    forget(r);
    if (r->imported)
        map_put(&r->apis, r->imported->id, r->imported);
    pthread_rwlock_unlock(&r->lock);
}

struct rest_api *rest_add(struct rest *r, struct str id, struct str account, cJSON *definition)
{
    struct rest_api *api = mem_zero(sizeof *api);
    api->id = arena_dup(&api->arena, id);
    api->account = arena_dup(&api->arena, account);
    api->definition = definition;
    map_put(&r->apis, api->id, api);
    return api;
}

void rest_remove(struct rest *r, struct rest_api *api)
{
    map_remove(&r->apis, api->id);
    if (r->imported == api)
        r->imported = NULL;
    free_api(api);
}

struct rest_account *rest_account(struct rest *r, struct str account)
{
    struct rest_account *a = map_get(&r->accounts, account);
    if (a)
        return a;
    a = mem_zero(sizeof *a);
    a->keys = cJSON_CreateObject();
    a->plans = cJSON_CreateObject();
    a->links = cJSON_CreateObject();
    a->settings = cJSON_CreateObject();
    a->plan_keys = cJSON_CreateObject();
    map_put(&r->accounts, account, a);
    return a;
}

/* ---- stages ---- */
static struct rest_live *live_new(const struct rest_api *api, struct model_api *model)
{
    struct rest_live *l = mem_zero(sizeof *l);
    atomic_init(&l->users, 1);
    l->api = model;
    l->account = arena_dup(&l->arena, api->account);
    l->stage = l->deployment = S("");
    return l;
}

static void put_variables(struct rest_live *l, const cJSON *variables)
{
    const cJSON *v;
    if (!cJSON_IsObject(variables))
        return;
    struct vtl_map *m = vtl_map_new(&l->arena);
    cJSON_ArrayForEach(v, variables)
    {
        if (cJSON_IsString(v))
            vtl_map_set(&l->arena, m, vtl_str(arena_dup(&l->arena, str_of(v->string))), vtl_str(arena_dup(&l->arena, str_of(v->valuestring))));
    }
    l->variables = vtl_map(m);
}

/* methodSettings: by "~1path/VERB" or "*" "/" "*". */
static void put_throttles(struct rest_live *l, const cJSON *settings)
{
    const cJSON *s;
    struct rest_throttle **tail = &l->throttles;
    cJSON_ArrayForEach(s, settings)
    {
        const cJSON *rate = define_get(s, "throttlingRateLimit"), *burst = define_get(s, "throttlingBurstLimit");
        struct str key = str_of(s->string);
        size_t cut = key.n;
        while (cut && key.p[cut - 1] != '/')
            cut--;
        if ((!cJSON_IsNumber(rate) && !cJSON_IsNumber(burst)) || !cut)
            continue;
        struct rest_throttle *t = *tail = ARENA_NEW(&l->arena, struct rest_throttle);
        t->verb = arena_dup(&l->arena, str_from(key, cut));
        t->path = arena_dup(&l->arena, str_head(key, cut - 1));
        t->rate = cJSON_IsNumber(rate) ? rate->valuedouble : -1;
        t->burst = cJSON_IsNumber(burst) ? burst->valuedouble : t->rate;
        tail = &t->next;
    }
}

void rest_import(struct rest *r, struct model_api *model)
{
    r->imported = rest_add(r, model->id, S(CLOUD_ACCOUNT), cJSON_Duplicate(model->definition, true));
    r->imported->any = live_new(r->imported, model);
    r->imported->any->deployment = S("d0");
}

int rest_deploy(struct rest *r, struct rest_api *api, const char *deployment, struct err *e)
{
    struct model_api *model = define_model(cJSON_Duplicate(api->definition, true), true, e);
    if (!model)
        return -1;
    map_put(&api->deployed, str_of(deployment), model);
    api->deployed_at = ++r->deployments;
    return 0;
}

static struct rest_live *stage_live(const struct rest_api *api, const cJSON *stage, struct str deployment, const cJSON *variables)
{
    struct model_api *model = map_get(&api->deployed, deployment);
    if (!model)
        return NULL;
    struct rest_live *l = live_new(api, model_share(model));
    l->stage = arena_dup(&l->arena, define_text(stage, "stageName"));
    l->deployment = arena_dup(&l->arena, deployment);
    put_variables(l, variables);
    put_throttles(l, define_get(stage, "methodSettings"));
    return l;
}

/* The stage's variables with the canary's over them. */
static void put_canary(struct rest_live *l, const struct rest_api *api, const cJSON *stage)
{
    const cJSON *settings = define_get(stage, "canarySettings"), *percent = define_get(settings, "percentTraffic"), *v;
    cJSON *variables = cJSON_IsObject(define_get(stage, "variables")) ? cJSON_Duplicate(define_get(stage, "variables"), true) : cJSON_CreateObject();
    cJSON_ArrayForEach(v, define_get(settings, "stageVariableOverrides")) if (cJSON_IsString(v))
        define_set_text(variables, v->string, str_of(v->valuestring));
    l->percent = cJSON_IsNumber(percent) ? percent->valuedouble : 0;
    l->canary = settings ? stage_live(api, stage, define_text(settings, "deploymentId"), variables) : NULL;
    if (l->canary)
        l->canary->is_canary = true;
    cJSON_Delete(variables);
}

void rest_stage(struct rest *r, struct rest_api *api, const cJSON *stage)
{
    struct str name = define_text(stage, "stageName");
    (void)r;
    struct rest_live *l = stage_live(api, stage, define_text(stage, "deploymentId"), define_get(stage, "variables"));
    if (!l)
        return;
    put_canary(l, api, stage);
    rest_leave(map_put(&api->stages, name, l));
}

void rest_unstage(struct rest_api *api, const char *stage) { rest_leave(map_remove(&api->stages, str_of(stage))); }

struct rest_live *rest_draft(struct rest_api *api, const cJSON *variables, struct err *e)
{
    struct model_api *model = define_model(cJSON_Duplicate(api->definition, true), true, e);
    if (!model)
        return NULL;
    struct rest_live *l = live_new(api, model);
    l->stage = S("test-invoke-stage");
    put_variables(l, variables);
    return l;
}

/* ---- finding ---- */
static struct rest_api *newest(struct rest *r, struct str stage)
{
    struct rest_api *best = NULL;
    struct map_entry *m;
    for (size_t i = 0; (m = map_next(&r->apis, &i));) {
        struct rest_api *a = m->value;
        bool has = map_get(&a->stages, stage) != NULL, best_has = best && map_get(&best->stages, stage) != NULL;
        if (!best || has > best_has || (has == best_has && a->deployed_at > best->deployed_at))
            best = a;
    }
    return best;
}

static struct rest_api *api_of(struct rest *r, struct str id, struct str stage)
{
    char lower[64];
    struct rest_api *api = NULL;
    if (id.n && id.n < sizeof lower) {
        for (size_t i = 0; i < id.n; i++)
            lower[i] = id.p[i] >= 'A' && id.p[i] <= 'Z' ? (char)(id.p[i] + 32) : id.p[i];
        api = map_get(&r->apis, (struct str){ lower, id.n });
        if (!api)
            api = map_get(&r->apis, id);
    }
    if (!api)
        api = r->imported;
    return api || id.n ? api : newest(r, stage);
}

struct rest_live *rest_find(struct rest *r, struct str id, struct str stage, bool *ret_api_known)
{
    pthread_rwlock_rdlock(&r->lock);
    struct rest_api *api = api_of(r, id, stage);
    struct rest_live *l = api && api->stages.n_live ? map_get(&api->stages, stage) : NULL;
    if (!l && api)
        l = api->any;
    if (l && l->canary && (double)(cloud_random(r->cloud) % 10000) < l->percent * 100)
        l = l->canary;
    if (l)
        atomic_fetch_add(&l->users, 1);
    *ret_api_known = api != NULL;
    pthread_rwlock_unlock(&r->lock);
    return l;
}

/* ---- meters ---- */
bool rest_token(struct rest *r, struct rest_meter *m, double rate, double burst)
{
    int64_t now = clock_now_ms(cloud_clock(r->cloud));
    if (rate < 0)
        return true;
    if (burst < 0)
        burst = rate;
    pthread_mutex_lock(&r->meter_lock);
    if (!m->started) {
        m->started = true;
        m->tokens = burst;
        m->at_ms = now;
    }
    if (now > m->at_ms)
        m->tokens += rate * (double)(now - m->at_ms) / 1000;
    m->at_ms = now;
    if (m->tokens > burst)
        m->tokens = burst;
    bool may = m->tokens >= 1;
    if (may)
        m->tokens -= 1;
    pthread_mutex_unlock(&r->meter_lock);
    return may;
}

struct rest_meter *rest_meter(struct rest *r, struct str key)
{
    pthread_mutex_lock(&r->meter_lock);
    struct rest_meter *m = map_get(&r->meters, key);
    if (!m) {
        m = mem_zero(sizeof *m);
        map_put(&r->meters, key, m);
    }
    pthread_mutex_unlock(&r->meter_lock);
    return m;
}
