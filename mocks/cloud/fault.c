/* fault.c - reading rules, and deciding what a call meets.
 *
 * A rule's fields are rows of `fields` below: adding one is a row and a reader. Decisions are counted under one
 * lock, so that "the third PutObject" means the same thing in every run of a single-threaded client.
 */
#include "mocks/cloud/fault.h"

#include <cjson/cJSON.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/rng.h"

struct rule {
    char *service, *action, *resource; /* patterns; NULL = any */
    enum fault_effect effect;
    bool after;
    int status;
    char *code, *message;
    unsigned partial;
    int64_t latency_min_ms, latency_max_ms;
    uint64_t offset, times, every;
    double probability;
    struct rng rng;
    uint64_t matched, hits;
    char *source; /* the rule's JSON, for listing */
};

struct rules {
    struct rule *at;
    size_t n;
    struct rules *older; /* kept until close: verdicts point into them */
};

struct faults {
    pthread_mutex_t lock;
    uint64_t seed;
    struct rules *rules;
    _Atomic bool any;
};

/* ---- reading ---- */

static int bad(struct err *e, size_t index, const char *field, const char *want)
{
    return err_set(e, 400, "FAULT_RULE", "fault rule %zu: field '%s' %s", index, field, want);
}

static int read_pattern(const cJSON *v, char **out, size_t i, const char *field, struct err *e)
{
    if (!cJSON_IsString(v))
        return bad(e, i, field, "must be text, such as \"s3\" or \"Put*\"");
    free(*out);
    *out = mem_dup(str_of(v->valuestring));
    return 0;
}

static int read_service(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    return read_pattern(v, &r->service, i, "service", e);
}
static int read_action(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    return read_pattern(v, &r->action, i, v->string, e);
}
static int read_resource(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    return read_pattern(v, &r->resource, i, "resource", e);
}

static int read_error(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    if (!cJSON_IsObject(v))
        return bad(e, i, "error", "must be an object {\"statusCode\":500,\"code\":\"…\",\"message\":\"…\"}");
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(v, "statusCode");
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(v, "code");
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(v, "message");
    r->status = 503;
    if (status) {
        if (!cJSON_IsNumber(status) || status->valueint < 400 || status->valueint > 599)
            return bad(e, i, "error.statusCode", "must be a number from 400 to 599");
        r->status = status->valueint;
    }
    if ((code && !cJSON_IsString(code)) || (message && !cJSON_IsString(message)))
        return bad(e, i, "error", "must have text as code and message");
    free(r->code);
    free(r->message);
    r->code = mem_dup(str_of(code ? code->valuestring : "ServiceUnavailable"));
    r->message = mem_dup(str_of(message ? message->valuestring : "injected by a fault rule"));
    r->effect = FAULT_ERROR;
    return 0;
}

static int read_throttle(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    if (!cJSON_IsBool(v))
        return bad(e, i, "throttle", "must be true or false");
    if (cJSON_IsTrue(v))
        r->effect = FAULT_THROTTLE;
    return 0;
}

static bool is_count(const cJSON *v, double max)
{
    return cJSON_IsNumber(v) && v->valuedouble >= 0 && v->valuedouble <= max && v->valuedouble == (double)(int64_t)v->valuedouble;
}

static int read_latency(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    const cJSON *low = cJSON_IsObject(v) ? cJSON_GetObjectItemCaseSensitive(v, "min") : v;
    const cJSON *high = cJSON_IsObject(v) ? cJSON_GetObjectItemCaseSensitive(v, "max") : v;
    if (!is_count(low, 600000) || !is_count(high, 600000) || low->valuedouble > high->valuedouble)
        return bad(e, i, "latency_ms", "must be milliseconds up to 600000, or {\"min\":50,\"max\":250}");
    r->latency_min_ms = (int64_t)low->valuedouble;
    r->latency_max_ms = (int64_t)high->valuedouble;
    return 0;
}

static int read_reset(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    if (!cJSON_IsString(v) || (strcmp(v->valuestring, "before") && strcmp(v->valuestring, "after")))
        return bad(e, i, "reset", "must be \"before\" (nothing happened) or \"after\" (the answer is lost)");
    r->effect = FAULT_RESET;
    r->after = r->after || strcmp(v->valuestring, "after") == 0;
    return 0;
}

static int read_partial(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    if (!is_count(v, 500) || v->valuedouble < 1)
        return bad(e, i, "partial", "must be a number from 1 to 500: each n-th entry of a batch is refused");
    r->effect = FAULT_PARTIAL;
    r->partial = (unsigned)v->valuedouble;
    return 0;
}

static int read_phase(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    if (!cJSON_IsString(v) || (strcmp(v->valuestring, "before") && strcmp(v->valuestring, "after")))
        return bad(e, i, "phase", "must be \"before\" or \"after\"");
    r->after = r->after || strcmp(v->valuestring, "after") == 0;
    return 0;
}

static int read_counter(const cJSON *v, uint64_t *out, size_t i, struct err *e)
{
    if (!is_count(v, 9e15))
        return bad(e, i, v->string, "must be a whole number, 0 or more");
    *out = (uint64_t)v->valuedouble;
    return 0;
}
static int read_offset(const cJSON *v, struct rule *r, size_t i, struct err *e) { return read_counter(v, &r->offset, i, e); }
static int read_times(const cJSON *v, struct rule *r, size_t i, struct err *e) { return read_counter(v, &r->times, i, e); }
static int read_every(const cJSON *v, struct rule *r, size_t i, struct err *e) { return read_counter(v, &r->every, i, e); }

static int read_probability(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= 1))
        return bad(e, i, "probability", "must be a number from 0 to 1");
    r->probability = v->valuedouble;
    return 0;
}

static int read_seed(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    uint64_t seed = 0;
    if (read_counter(v, &seed, i, e))
        return -1;
    rng_seed(&r->rng, seed);
    return 0;
}

static int ignore(const cJSON *v, struct rule *r, size_t i, struct err *e)
{
    (void)v, (void)r, (void)i, (void)e;
    return 0;
}

static const struct field {
    const char *name;
    int (*read)(const cJSON *v, struct rule *r, size_t index, struct err *e);
} fields[] = {
    { "service", read_service },   { "action", read_action },     { "operation", read_action },
    { "resource", read_resource }, { "error", read_error },       { "throttle", read_throttle },
    { "latency_ms", read_latency }, { "reset", read_reset },      { "partial", read_partial },
    { "phase", read_phase },       { "offset", read_offset },     { "times", read_times },
    { "every", read_every },       { "probability", read_probability }, { "seed", read_seed },
    { "region", ignore },          { "purpose", ignore }, /* LocalStack's rules carry a region; ours a remark */
};

static void free_rules(struct rules *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->n; i++) {
        struct rule *r = &set->at[i];
        free(r->service), free(r->action), free(r->resource);
        free(r->code), free(r->message), free(r->source);
    }
    free(set->at);
    free(set);
}

static int read_field(const cJSON *v, struct rule *r, size_t index, struct err *e)
{
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        if (strcmp(fields[f].name, v->string) == 0)
            return fields[f].read(v, r, index, e);
    return err_set(e, 400, "FAULT_RULE",
                   "fault rule %zu: unknown field '%s'; known are service, action, resource, error, throttle, "
                   "latency_ms, reset, partial, phase, offset, times, every, probability, seed, purpose",
                   index, v->string);
}

static int read_rule(const cJSON *node, struct rule *r, size_t index, uint64_t seed, struct err *e)
{
    if (!cJSON_IsObject(node))
        return err_set(e, 400, "FAULT_RULE", "fault rule %zu: must be an object", index);
    rng_seed(&r->rng, seed * 1000003u + index);
    r->probability = 1;
    for (const cJSON *v = node->child; v; v = v->next)
        if (read_field(v, r, index, e))
            return -1;
    if (r->effect == FAULT_NONE && r->latency_max_ms == 0)
        return err_set(e, 400, "FAULT_RULE",
                       "fault rule %zu: does nothing; give it error, throttle, latency_ms, reset or partial", index);
    char *text = cJSON_PrintUnformatted(node);
    r->source = mem_dup(str_of(text));
    cJSON_free(text);
    return 0;
}

static int parse(struct faults *f, struct str json, struct rules **ret, struct err *e)
{
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(json.p ? json.p : "", json.n, &end, 0);
    if (!root || str_trim(str_from(json, (size_t)(end - json.p))).n) {
        cJSON_Delete(root);
        struct json_reader r;
        struct arena a = ARENA_INIT;
        json_open(&r, json);
        json_skip(&r);
        json_close(&r);
        err_set(e, 400, "FAULT_RULE", "fault rules are not valid JSON: " STR_F, STR_A(json_where(&r, &a)));
        arena_release(&a);
        return -1;
    }
    const cJSON *list = cJSON_IsObject(root) ? cJSON_GetObjectItemCaseSensitive(root, "rules") : root;
    struct rules *set = mem_zero(sizeof *set);
    int result = 0;
    if (!cJSON_IsArray(list)) {
        result = err_set(e, 400, "FAULT_RULE", "fault rules must be a JSON array, or an object with an array 'rules'");
    } else {
        set->at = mem_zero(sizeof *set->at * ((size_t)cJSON_GetArraySize(list) + 1));
        for (const cJSON *node = list->child; node && result == 0; node = node->next, set->n++)
            result = read_rule(node, &set->at[set->n], set->n, f->seed, e);
    }
    cJSON_Delete(root);
    if (result) {
        free_rules(set);
        return -1;
    }
    *ret = set;
    return 0;
}

/* ---- deciding ---- */

bool fault_glob(struct str pattern, struct str text)
{
    size_t p = 0, t = 0, star = STR_NONE, mark = 0;
    while (t < text.n) {
        if (p < pattern.n && pattern.p[p] == '*') {
            star = p++;
            mark = t;
        } else if (p < pattern.n && (pattern.p[p] == '?' || pattern.p[p] == text.p[t])) {
            p++, t++;
        } else if (star != STR_NONE) {
            p = star + 1;
            t = ++mark;
        } else {
            return false;
        }
    }
    while (p < pattern.n && pattern.p[p] == '*')
        p++;
    return p == pattern.n;
}

static bool matches(const char *pattern, struct str text) { return !pattern || fault_glob(str_of(pattern), text); }

/* Counts this call; true when the rule fires for it. */
static bool fires(struct rule *r)
{
    uint64_t nth = r->matched++;
    if (nth < r->offset)
        return false;
    if (r->every > 1 && (nth - r->offset) % r->every != 0)
        return false;
    if (r->times && r->hits >= r->times)
        return false;
    if (r->probability < 1 && rng_unit(&r->rng) >= r->probability)
        return false;
    r->hits++;
    return true;
}

struct fault_verdict faults_check(struct faults *f, const char *service, const char *action, struct str resource)
{
    struct fault_verdict v = { .rule = -1 };
    if (!f->any)
        return v;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->rules->n; i++) {
        struct rule *r = &f->rules->at[i];
        if (!matches(r->service, str_of(service)) || !matches(r->action, str_of(action)) || !matches(r->resource, resource))
            continue;
        if (v.effect != FAULT_NONE && r->effect != FAULT_NONE) {
            r->matched++; /* an earlier rule has decided: this one keeps its hits for a later call */
            continue;
        }
        if (!fires(r))
            continue;
        uint64_t span = (uint64_t)(r->latency_max_ms - r->latency_min_ms) + 1;
        v.latency_ms += r->latency_min_ms + (int64_t)(span > 1 ? rng_below(&r->rng, span) : 0);
        v.rule = (int)i;
        if (r->effect == FAULT_NONE)
            continue;
        v.effect = r->effect, v.after = r->after;
        v.status = r->status, v.code = r->code, v.message = r->message;
        v.partial = r->partial;
    }
    pthread_mutex_unlock(&f->lock);
    return v;
}

/* ---- life cycle ---- */

struct faults *faults_open(uint64_t seed)
{
    struct faults *f = mem_zero(sizeof *f);
    pthread_mutex_init(&f->lock, NULL);
    f->seed = seed;
    f->rules = mem_zero(sizeof *f->rules);
    return f;
}

void faults_close(struct faults *f)
{
    for (struct rules *set = f->rules, *older; set; set = older) {
        older = set->older;
        free_rules(set);
    }
    pthread_mutex_destroy(&f->lock);
    free(f);
}

static void install(struct faults *f, struct rules *set)
{
    pthread_mutex_lock(&f->lock);
    set->older = f->rules;
    f->rules = set;
    f->any = set->n > 0;
    pthread_mutex_unlock(&f->lock);
}

int faults_load(struct faults *f, struct str json, struct err *e)
{
    struct rules *set;
    if (parse(f, json, &set, e))
        return -1;
    install(f, set);
    return 0;
}

static void put_sources(struct faults *f, struct buf *out, bool with_hits)
{
    buf_c(out, '[');
    for (size_t i = 0; i < f->rules->n; i++) {
        const struct rule *r = &f->rules->at[i];
        buf_z(out, i ? "," : "");
        if (with_hits)
            buf_f(out, "{\"rule\":%s,\"matched\":%llu,\"hits\":%llu}", r->source, (unsigned long long)r->matched,
                  (unsigned long long)r->hits);
        else
            buf_z(out, r->source);
    }
    buf_c(out, ']');
}

int faults_add(struct faults *f, struct str json, struct err *e)
{
    struct rules *added;
    if (parse(f, json, &added, e))
        return -1;
    struct buf all = BUF_INIT;
    pthread_mutex_lock(&f->lock);
    put_sources(f, &all, false);
    pthread_mutex_unlock(&f->lock);
    all.n--; /* the closing bracket */
    for (size_t i = 0; i < added->n; i++) {
        buf_z(&all, all.n > 1 ? "," : "");
        buf_z(&all, added->at[i].source);
    }
    buf_c(&all, ']');
    free_rules(added);
    int result = faults_load(f, buf_str(&all), e);
    buf_release(&all);
    return result;
}

void faults_clear(struct faults *f) { install(f, mem_zero(sizeof(struct rules))); }

void faults_list(struct faults *f, struct buf *out)
{
    pthread_mutex_lock(&f->lock);
    put_sources(f, out, true);
    pthread_mutex_unlock(&f->lock);
}

uint64_t faults_hits(struct faults *f)
{
    uint64_t n = 0;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->rules->n; i++)
        n += f->rules->at[i].hits;
    pthread_mutex_unlock(&f->lock);
    return n;
}
