/* schema.c - judging an instance by a schema: one row a keyword.
 *
 * Source: draft-fge-json-schema-validation-00 (JSON Schema draft 4). The messages follow the validator that API Gateway
 * shows in validationErrorString.
 */
#include "mocks/apigw/schema.h"

#include <math.h>

#include "base/jregex.h"
#include "base/utf8.h"

struct judge {
    const cJSON *root, *models;
    struct arena *a;
    int depth, steps;
    struct str why; /* of the first mistake */
};

static bool judge(struct judge *j, const cJSON *schema, const cJSON *v);

static const cJSON *get(const cJSON *object, const char *name) { return cJSON_GetObjectItemCaseSensitive(object, name); }

static bool wrong(struct judge *j, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct judge *j, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    if (!j->why.p)
        j->why = arena_vf(j->a, fmt, ap);
    va_end(ap);
    return false;
}

/* Tried without leaving a message. */
static bool quietly(struct judge *j, const cJSON *schema, const cJSON *v)
{
    struct str before = j->why;
    bool good = judge(j, schema, v);
    j->why = before;
    return good;
}

/* ---- types ---- */
static const char *type_of(const cJSON *v)
{
    if (cJSON_IsNumber(v))
        return v->valuedouble == floor(v->valuedouble) ? "integer" : "number";
    return cJSON_IsString(v) ? "string" : cJSON_IsObject(v) ? "object" : cJSON_IsArray(v) ? "array" : cJSON_IsBool(v) ? "boolean" : "null";
}

static bool is_type(const cJSON *wanted, const char *type)
{
    if (!cJSON_IsString(wanted))
        return false;
    return strcmp(wanted->valuestring, type) == 0 || (strcmp(wanted->valuestring, "number") == 0 && strcmp(type, "integer") == 0);
}

static bool check_type(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    const cJSON *one;
    (void)schema;
    const char *type = type_of(v);
    if (is_type(rule, type))
        return true;
    cJSON_ArrayForEach(one, rule) if (is_type(one, type)) return true;
    if (cJSON_IsString(rule))
        return wrong(j, "instance type (%s) does not match any allowed primitive type (allowed: [\"%s\"])", type, rule->valuestring);
    return wrong(j, "instance type (%s) does not match any allowed primitive type", type);
}

static bool check_enum(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    const cJSON *one;
    (void)schema;
    cJSON_ArrayForEach(one, rule)
    {
        if (++j->steps > SCHEMA_STEPS)
            return wrong(j, "the schema takes too many steps");
        if (cJSON_Compare(one, v, true))
            return true;
    }
    return wrong(j, "instance value not found in enum");
}

/* ---- numbers and texts ---- */
static bool check_minimum(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    if (!cJSON_IsNumber(v) || !cJSON_IsNumber(rule) || v->valuedouble > rule->valuedouble)
        return true;
    if (v->valuedouble == rule->valuedouble)
        return cJSON_IsTrue(get(schema, "exclusiveMinimum")) ? wrong(j, "numeric instance is not strictly greater than the required minimum %g", rule->valuedouble) : true;
    return wrong(j, "numeric instance is lower than the required minimum (minimum: %g, found: %g)", rule->valuedouble, v->valuedouble);
}

static bool check_maximum(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    if (!cJSON_IsNumber(v) || !cJSON_IsNumber(rule) || v->valuedouble < rule->valuedouble)
        return true;
    if (v->valuedouble == rule->valuedouble)
        return cJSON_IsTrue(get(schema, "exclusiveMaximum")) ? wrong(j, "numeric instance is not strictly lower than the required maximum %g", rule->valuedouble) : true;
    return wrong(j, "numeric instance is greater than the required maximum (maximum: %g, found: %g)", rule->valuedouble, v->valuedouble);
}

static bool check_multiple(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    (void)schema;
    if (!cJSON_IsNumber(v) || !cJSON_IsNumber(rule) || rule->valuedouble <= 0)
        return true;
    double times = v->valuedouble / rule->valuedouble;
    return fabs(times - round(times)) < 1e-9 * fmax(1, fabs(times)) || wrong(j, "remainder of division is not zero (%g / %g)", v->valuedouble, rule->valuedouble);
}

static bool in_range(struct judge *j, const cJSON *rule, size_t n, bool minimum, const char *what)
{
    if (!cJSON_IsNumber(rule) || (minimum ? (double)n >= rule->valuedouble : (double)n <= rule->valuedouble))
        return true;
    return wrong(j, "%s %s (%s allowed: %g, found: %zu)", what, minimum ? "is too short" : "is too long", minimum ? "minimum" : "maximum",
                 rule->valuedouble, n);
}

static bool check_min_length(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !cJSON_IsString(v) || in_range(j, rule, utf8_count(str_of(v->valuestring)), true, "string");
}
static bool check_max_length(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !cJSON_IsString(v) || in_range(j, rule, utf8_count(str_of(v->valuestring)), false, "string");
}

static bool matches(struct judge *j, const char *pattern, const char *text)
{
    struct err e = { 0 };
    struct jregex_match m;
    struct jregex *x = jregex_compile(j->a, str_of(pattern), &e);
    j->steps += 100;
    return !x || jregex_find(x, str_of(text), 0, &m);
}

static bool check_pattern(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    if (!cJSON_IsString(v) || !cJSON_IsString(rule) || matches(j, rule->valuestring, v->valuestring))
        return true;
    return wrong(j, "ECMA 262 regex \"%s\" does not match input string \"%.200s\"", rule->valuestring, v->valuestring);
}

/* ---- arrays ---- */
static bool check_items(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    const cJSON *one, *more = get(schema, "additionalItems"), *next = cJSON_IsArray(rule) ? rule->child : NULL;
    if (!cJSON_IsArray(v))
        return true;
    cJSON_ArrayForEach(one, v)
    {
        const cJSON *its = cJSON_IsObject(rule) ? rule : next ? next : cJSON_IsObject(more) ? more : NULL;
        if (cJSON_IsArray(rule) && !next && cJSON_IsFalse(more))
            return wrong(j, "array must not contain more than %d elements", cJSON_GetArraySize(rule));
        next = next ? next->next : NULL;
        if (its && !judge(j, its, one))
            return false;
    }
    return true;
}

static bool check_min_items(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !cJSON_IsArray(v) || in_range(j, rule, (size_t)cJSON_GetArraySize(v), true, "array");
}
static bool check_max_items(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !cJSON_IsArray(v) || in_range(j, rule, (size_t)cJSON_GetArraySize(v), false, "array");
}

static bool check_unique(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    const cJSON *a, *b;
    (void)s;
    if (!cJSON_IsArray(v) || !cJSON_IsTrue(rule))
        return true;
    cJSON_ArrayForEach(a, v) for (b = a->next; b; b = b->next)
    {
        if (++j->steps > SCHEMA_STEPS)
            return wrong(j, "the array is too long to be checked for duplicates");
        if (cJSON_Compare(a, b, true))
            return wrong(j, "array must not contain duplicate elements");
    }
    return true;
}

/* ---- objects ---- */
static bool check_required(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    const cJSON *name;
    struct str missing = S("");
    (void)s;
    if (!cJSON_IsObject(v))
        return true;
    cJSON_ArrayForEach(name, rule) if (cJSON_IsString(name) && !get(v, name->valuestring))
        missing = arena_f(j->a, STR_F "%s\"%s\"", STR_A(missing), missing.n ? "," : "", name->valuestring);
    return !missing.n || wrong(j, "object has missing required properties ([" STR_F "])", STR_A(missing));
}

static bool check_one_property(struct judge *j, const cJSON *schema, const cJSON *v)
{
    const cJSON *its = get(get(schema, "properties"), v->string), *p, *more = get(schema, "additionalProperties");
    bool known = its != NULL;
    if (its && !judge(j, its, v))
        return false;
    cJSON_ArrayForEach(p, get(schema, "patternProperties")) if (matches(j, p->string, v->string))
    {
        known = true;
        if (!judge(j, p, v))
            return false;
    }
    if (known || !more || cJSON_IsTrue(more))
        return true;
    if (cJSON_IsFalse(more))
        return wrong(j, "object instance has properties which are not allowed by the schema: [\"%.200s\"]", v->string);
    return judge(j, more, v);
}

/* properties, patternProperties and additionalProperties together */
static bool check_properties(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v)
{
    const cJSON *one;
    (void)rule;
    if (cJSON_IsObject(v))
        cJSON_ArrayForEach(one, v) if (!check_one_property(j, schema, one)) return false;
    return true;
}

static bool check_min_properties(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !cJSON_IsObject(v) || in_range(j, rule, (size_t)cJSON_GetArraySize(v), true, "object");
}
static bool check_max_properties(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !cJSON_IsObject(v) || in_range(j, rule, (size_t)cJSON_GetArraySize(v), false, "object");
}

static bool check_dependencies(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    const cJSON *d;
    if (!cJSON_IsObject(v))
        return true;
    cJSON_ArrayForEach(d, rule)
    {
        if (get(v, d->string) && !(cJSON_IsArray(d) ? check_required(j, s, d, v) : judge(j, d, v)))
            return false;
    }
    return true;
}

/* ---- combinations ---- */
static bool check_all(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    const cJSON *one;
    (void)s;
    cJSON_ArrayForEach(one, rule) if (!judge(j, one, v)) return false;
    return true;
}

static bool check_any(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    const cJSON *one;
    (void)s;
    cJSON_ArrayForEach(one, rule) if (quietly(j, one, v)) return true;
    return wrong(j, "instance failed to match at least one required schema among %d", cJSON_GetArraySize(rule));
}

static bool check_one(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    const cJSON *one;
    int n = 0;
    (void)s;
    cJSON_ArrayForEach(one, rule) n += quietly(j, one, v);
    return n == 1 || wrong(j, "instance failed to match exactly one schema (matched %d out of %d)", n, cJSON_GetArraySize(rule));
}

static bool check_not(struct judge *j, const cJSON *s, const cJSON *rule, const cJSON *v)
{
    (void)s;
    return !quietly(j, rule, v) || wrong(j, "instance matched a schema which it should not have");
}

static const struct {
    const char *keyword;
    bool (*check)(struct judge *j, const cJSON *schema, const cJSON *rule, const cJSON *v);
} keywords[] = {
    { "type", check_type }, { "enum", check_enum }, { "required", check_required }, { "properties", check_properties },
    { "patternProperties", check_properties }, { "additionalProperties", check_properties },
    { "minProperties", check_min_properties }, { "maxProperties", check_max_properties }, { "dependencies", check_dependencies },
    { "items", check_items }, { "minItems", check_min_items }, { "maxItems", check_max_items }, { "uniqueItems", check_unique },
    { "minimum", check_minimum }, { "maximum", check_maximum }, { "multipleOf", check_multiple },
    { "minLength", check_min_length }, { "maxLength", check_max_length }, { "pattern", check_pattern },
    { "allOf", check_all }, { "anyOf", check_any }, { "oneOf", check_one }, { "not", check_not },
};

/* What a $ref means; NULL when there is nothing. */
static const cJSON *resolve(const struct judge *j, const char *ref)
{
    const cJSON *at = j->root;
    const char *last = strrchr(ref, '/');
    if (strcmp(ref, "#") == 0)
        return j->root;
    struct str rest = str_from(str_of(ref), 2);
    while (strncmp(ref, "#/", 2) == 0 && rest.p && at)
        at = get(at, arena_z(j->a, str_cut(&rest, '/')));
    if (strncmp(ref, "#/", 2) == 0 && at)
        return at;
    return last ? get(j->models, last + 1) : NULL;
}

static bool judge(struct judge *j, const cJSON *schema, const cJSON *v)
{
    if (++j->steps > SCHEMA_STEPS || j->depth >= SCHEMA_DEPTH)
        return wrong(j, "the schema nests deeper, or takes more steps, than is done here");
    j->depth++;
    bool good = true;
    const cJSON *ref = get(schema, "$ref");
    if (cJSON_IsString(ref)) {
        const cJSON *to = resolve(j, ref->valuestring);
        good = to ? judge(j, to, v) : wrong(j, "the schema refers to %.200s, which does not exist", ref->valuestring);
    } else {
        for (size_t i = 0; good && i < sizeof keywords / sizeof *keywords; i++) {
            const cJSON *rule = get(schema, keywords[i].keyword);
            good = !rule || keywords[i].check(j, schema, rule, v);
        }
    }
    j->depth--;
    return good;
}

struct str schema_check(const cJSON *schema, const cJSON *models, const cJSON *instance, struct arena *a)
{
    struct judge j = { .root = schema, .models = models, .a = a };
    return judge(&j, schema, instance) ? (struct str){ 0 } : j.why;
}
