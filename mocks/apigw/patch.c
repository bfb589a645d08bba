/* patch.c - patchOperations: [{"op": "replace", "path": "/a/b~1c", "value": "text"}].
 *
 * What may be patched is a table of the noun (struct patch_path): the path, the operations it takes, what its value is.
 * AWS refuses in three manners, by noun (enum patch_manner). Stages and usage plans have paths of their own, which a
 * function of the noun takes first.
 * Documented at: API reference, "Patch Operations"; the sentences were recorded on AWS.
 */
#include <stdlib.h>

#include "mocks/apigw/control.h"

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

cJSON *patch_value(char kind, struct str text)
{
    double number;
    if (kind == 'b' || kind == 'M')
        return cJSON_CreateBool(str_is(text, "true"));
    if (kind == 'n' && str_to_double(text, &number))
        return cJSON_CreateNumber(number);
    return cJSON_CreateString(text.p);
}

bool patch_is(const struct patch_step *s, const char *op) { return str_is(s->op, op); }

/* ---- one change ---- */
static void list_step(cJSON *list, const struct patch_step *s, bool by_value)
{
    struct str element = by_value ? s->value : s->segments[s->n - 1];
    cJSON *one, *found = NULL;
    cJSON_ArrayForEach(one, list) if (cJSON_IsString(one) && str_is(element, one->valuestring)) found = one;
    if (patch_is(s, "replace") && !by_value) { /* the value goes to the end, as AWS has it */
        if (found)
            cJSON_Delete(cJSON_DetachItemViaPointer(list, found));
        cJSON_AddItemToArray(list, cJSON_CreateString(s->value.p));
    } else if (patch_is(s, "remove")) {
        if (found)
            cJSON_Delete(cJSON_DetachItemViaPointer(list, found));
    } else if (!found && element.n) {
        cJSON_AddItemToArray(list, cJSON_CreateString(element.p));
    }
}

/* The object or list that holds the last segment. */
static cJSON *holder(cJSON *object, const struct patch_step *s, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        object = define_object(object, s->segments[i].p);
    return object;
}

static void change(cJSON *object, const struct patch_path *row, const struct patch_step *s)
{
    bool list = row->kind == 'l' || row->kind == 'v';
    size_t last = s->n - (row->kind == 'l' ? 2 : 1);
    cJSON *at = holder(object, s, last);
    const char *name = s->segments[last].p;
    if (list) {
        if (!cJSON_IsArray(define_get(at, name)))
            define_set(at, name, cJSON_CreateArray());
        list_step(define_get(at, name), s, row->kind == 'v');
        return;
    }
    bool gone = patch_is(s, "remove") || (row->kind == 'e' && !s->value.n) || (row->kind == 'n' && !s->value.n);
    if (!gone) {
        define_set(at, name, patch_value(row->kind, s->value));
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(at, name);
    if (s->n > 1 && !at->child)
        cJSON_DeleteItemFromObjectCaseSensitive(holder(object, s, last - 1), s->segments[last - 1].p);
}

/* ---- refusals ---- */
static bool takes(const struct patch_path *row, struct str op)
{
    return strchr(row->ops, str_is(op, "add") ? '+' : str_is(op, "replace") ? '=' : str_is(op, "remove") ? '-' : '?') != NULL;
}

static bool fits(const char *pattern, const struct patch_step *s)
{
    struct str rest = str_of(pattern + 1);
    for (size_t i = 0; i < s->n; i++) {
        struct str want = str_cut(&rest, '/');
        if (!want.p || (str_is(want, "*") ? !s->segments[i].n : !str_eq(want, s->segments[i])))
            return false;
    }
    return !rest.p;
}

static struct str joined(struct arena *a, struct str list, const char *more) { return arena_f(a, STR_F "%s%s", STR_A(list), list.n ? ", " : "", more); }

/* Names the paths that would take the operation. */
static int refuse_listing(struct control *k, const struct patch_step *s, const struct patch_path *rows)
{
    struct str list = S("");
    for (; rows->path; rows++)
        if (takes(rows, s->op))
            list = joined(k->call->arena, list, rows->path);
    struct str advice = list.n ? arena_f(k->call->arena, "Must be one of: [" STR_F "]", STR_A(list)) : S("Please choose supported operations");
    return control_fail(k, 400, "BadRequestException", "Invalid patch path  '" STR_F "' specified for op '" STR_F "'. " STR_F, STR_A(s->path),
                        STR_A(s->op), STR_A(advice));
}

static int refuse_operation(struct control *k, const struct patch_path *row)
{
    struct str list = S("");
    static const struct { char sign; const char *name; } words[] = { { '+', "add" }, { '-', "remove" }, { '=', "replace" } };
    if (row->kind == 'l' && strlen(row->ops) == 3)
        return control_fail(k, 400, "BadRequestException", "Invalid patch operation specified. Must be 'add'|'remove'|'replace'");
    for (size_t i = 0; i < 3; i++)
        if (strchr(row->ops, words[i].sign))
            list = joined(k->call->arena, list, words[i].name);
    return control_fail(k, 400, "BadRequestException", "Invalid patch operation specified. Must be one of: [" STR_F "]", STR_A(list));
}

/* ---- one operation ---- */
static void read_step(struct control *k, const cJSON *v, struct patch_step *s)
{
    *s = (struct patch_step){ .op = define_text(v, "op"), .path = define_text(v, "path"), .value = define_text(v, "value"), .from = define_text(v, "from") };
    struct str rest = str_starts(s->path, S("/")) ? str_from(s->path, 1) : s->path;
    while (rest.p && s->n < PATCH_SEGMENTS)
        s->segments[s->n++] = unescaped(k->call->arena, str_cut(&rest, '/'));
}

static int one_step(struct control *k, cJSON *object, const struct patch_step *s, const struct noun *noun)
{
    int taken = noun->step ? noun->step(k, object, s) : PATCH_NOT_MINE;
    if (taken != PATCH_NOT_MINE)
        return taken;
    const struct patch_path *row = noun->paths;
    while (row->path && !fits(row->path, s))
        row++;
    if (noun->manner == PATCH_LISTS && (!row->path || !takes(row, s->op)))
        return refuse_listing(k, s, noun->paths);
    if (!row->path || (noun->manner == PATCH_NAMES && !takes(row, s->op)))
        return control_fail(k, 400, "BadRequestException", "Invalid patch path %s", s->path.n ? s->path.p : "null");
    if (!takes(row, s->op))
        return refuse_operation(k, row);
    bool map = row->kind == 'm' || row->kind == 'M';
    if (noun->manner == PATCH_NAMES && map && !patch_is(s, "remove") && !s->value.n)
        return control_fail(k, 400, "BadRequestException", "Invalid null or empty value in " STR_F, STR_A(s->segments[0]));
    if (row->missing && !patch_is(s, "add") && !define_get(define_get(object, s->segments[0].p), s->segments[s->n - 1].p))
        return control_missing(k, row->missing);
    change(object, row, s);
    return 0;
}

int patch_apply(struct control *k, cJSON *object, const struct noun *noun)
{
    const cJSON *operations = define_get(k->body, "patchOperations"), *v;
    cJSON *copy = cJSON_Duplicate(object, true);
    int failed = 0;
    cJSON_ArrayForEach(v, operations)
    {
        struct patch_step s;
        read_step(k, v, &s);
        failed = failed || one_step(k, copy, &s, noun);
    }
    if (failed) {
        cJSON_Delete(copy);
        return -1;
    }
    patch_swap(object, copy);
    cJSON_Delete(copy);
    return 0;
}

void patch_swap(cJSON *one, cJSON *other)
{
    cJSON *children = one->child; /* each keeps its place and name */
    one->child = other->child;
    other->child = children;
}

int patch_checked(struct control *k, cJSON *object, const struct noun *noun, int (*check)(struct control *k, cJSON *object))
{
    cJSON *before = cJSON_Duplicate(object, true);
    int failed = patch_apply(k, object, noun) || check(k, object);
    if (failed)
        patch_swap(object, before);
    cJSON_Delete(before);
    return failed ? -1 : 0;
}
