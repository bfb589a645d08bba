/* control_resource.c - the tree of resources. */
#include <stdlib.h>

#include "mocks/apigw/control.h"

static cJSON *resources(struct control *k) { return define_get(k->api->definition, "resources"); }

static cJSON *by_id(struct control *k, struct str id)
{
    cJSON *r = define_get(resources(k), id.p ? id.p : "");
    if (!r)
        control_missing(k, "Invalid Resource identifier specified");
    return r;
}

/* Methods are shown whole only with ?embed=methods. */
static cJSON *show(struct control *k, const cJSON *v)
{
    cJSON *out = cJSON_Duplicate(v, true), *m;
    if (str_find(k->call->request->query, S("embed=methods")) == STR_NONE)
        cJSON_ArrayForEach(m, define_get(out, "resourceMethods"))
        {
            cJSON_Delete(m->child);
            m->child = NULL;
        }
    return out;
}

static int reply(struct control *k, const cJSON *v)
{
    cJSON *shown = show(k, v);
    int result = control_reply(k, shown);
    cJSON_Delete(shown);
    return result;
}

int control_resource_list(struct control *k) { return control_page(k, resources(k), show); }

int control_resource_get(struct control *k)
{
    const cJSON *r = by_id(k, k->labels[1]);
    return r ? reply(k, r) : -1;
}

static bool part_is_valid(struct str part)
{
    bool braces = part.n > 2 && part.p[0] == '{' && part.p[part.n - 1] == '}';
    struct str name = braces ? (struct str){ part.p + 1, part.n - 2 } : part;
    if (braces && name.n > 1 && name.p[name.n - 1] == '+')
        name.n--;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain && !strchr("._-:~", c) && !(c == '$' && !braces) && !(c == ',' && !braces))
            return false;
    }
    return name.n > 0;
}

static int check_part(struct control *k, const cJSON *parent, struct str part, const cJSON *self)
{
    const cJSON *r;
    bool variable = part.n && part.p[0] == '{';
    if (!part_is_valid(part))
        return control_fail(k, 400, "BadRequestException", "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and "
                            "curly braces at the beginning and the end.");
    if (str_ends(define_text(parent, "pathPart"), S("+}")))
        return control_fail(k, 400, "BadRequestException", "Cannot create a child of a resource with a greedy path variable: " STR_F, STR_A(define_text(parent, "pathPart")));
    cJSON_ArrayForEach(r, resources(k))
    {
        struct str other = define_text(r, "pathPart");
        if (r == self || !str_eq(define_text(r, "parentId"), define_text(parent, "id")))
            continue;
        if (str_eq(other, part))
            return control_fail(k, 409, "ConflictException", "Another resource with the same parent already has this name: " STR_F, STR_A(part));
        if (variable && other.n && other.p[0] == '{')
            return control_fail(k, 400, "BadRequestException", "A sibling (" STR_F ") of this resource already has a variable path part -- only "
                                "one is allowed", STR_A(other));
    }
    return 0;
}

static void set_path(struct control *k, cJSON *r, const cJSON *parent)
{
    struct str above = define_text(parent, "path");
    define_set_text(r, "path", arena_f(k->call->arena, STR_F "/" STR_F, STR_A(str_is(above, "/") ? S("") : above), STR_A(define_text(r, "pathPart"))));
}

int control_resource_create(struct control *k)
{
    static const struct field fields[] = { { "pathPart", 's', true } };
    char id[DEFINE_ID];
    cJSON *parent = define_get(resources(k), k->labels[1].p);
    if (!parent)
        return control_missing(k, "Invalid Resource identifier specified");
    cJSON *r = cJSON_CreateObject();
    cJSON_AddStringToObject(r, "id", define_id(&k->rest->ids, 6, id));
    define_set_text(r, "parentId", k->labels[1]);
    int depth = 0;
    for (const cJSON *up = parent; up && depth <= MATCH_SEGMENTS; depth++)
        up = define_text(up, "parentId").n ? define_get(resources(k), define_text(up, "parentId").p) : NULL;
    int failed = control_fields(k, r, fields, 1) || check_part(k, parent, define_text(r, "pathPart"), NULL);
    if (!failed && depth > MATCH_SEGMENTS / 2)
        failed = control_fail(k, 400, "BadRequestException", "a path of more than %d segments", MATCH_SEGMENTS / 2);
    if (!failed && cJSON_GetArraySize(resources(k)) >= 2000)
        failed = control_fail(k, 429, "LimitExceededException", "Maximum number of Resources for this API has been reached. Please contact AWS if you need additional Resources.");
    if (failed) {
        cJSON_Delete(r);
        return -1;
    }
    set_path(k, r, parent);
    cJSON_AddItemToObject(resources(k), id, r);
    return reply(k, r);
}

static void move_children(struct control *k, const cJSON *parent, int depth)
{
    cJSON *r;
    if (depth > MATCH_SEGMENTS)
        return;
    cJSON_ArrayForEach(r, resources(k)) if (str_eq(define_text(r, "parentId"), define_text(parent, "id")))
    {
        set_path(k, r, parent);
        move_children(k, r, depth + 1);
    }
}

static int refuse_root(struct control *k)
{
    const cJSON *first = cJSON_GetArrayItem(define_get(k->body, "patchOperations"), 0);
    return control_fail(k, 400, "BadRequestException", "Root resource cannot update its %s.", first ? define_text(first, "path").p + 1 : "members");
}

int control_resource_update(struct control *k)
{
    static const struct patch_path paths[] = { { "/parentId", "=", 's', NULL }, { "/pathPart", "=", 's', NULL }, { NULL, NULL, 0, NULL } };
    static const struct noun noun = { .collection = "resources", .paths = paths, .manner = PATCH_LISTS };
    cJSON *r = by_id(k, k->labels[1]);
    if (!r)
        return -1;
    bool root = !define_text(r, "parentId").n;
    cJSON *before = cJSON_Duplicate(r, true);
    int failed = patch_apply(k, r, &noun);
    if (root && !failed) {
        patch_swap(r, before);
        cJSON_Delete(before);
        return refuse_root(k);
    }
    cJSON *parent = failed ? NULL : by_id(k, define_text(r, "parentId"));
    failed = failed || !parent || check_part(k, parent, define_text(r, "pathPart"), r);
    for (const cJSON *up = parent; up && !failed; up = define_text(up, "parentId").n ? define_get(resources(k), define_text(up, "parentId").p) : NULL)
        if (up == r)
            failed = control_fail(k, 400, "BadRequestException", "Resources cannot be cyclical.");
    if (failed) {
        patch_swap(r, before);
    } else {
        set_path(k, r, parent);
        move_children(k, r, 0);
    }
    cJSON_Delete(before);
    return failed ? -1 : reply(k, r);
}

/* With everything below it. */
static void delete_tree(struct control *k, cJSON *r, int depth)
{
    cJSON *next;
    struct str id = arena_dup(k->call->arena, define_text(r, "id"));
    for (cJSON *c = resources(k)->child; c; c = next) {
        next = c->next;
        if (str_eq(define_text(c, "parentId"), id) && depth < MATCH_SEGMENTS) {
            delete_tree(k, c, depth + 1);
            next = resources(k)->child;
        }
    }
    cJSON_Delete(cJSON_DetachItemViaPointer(resources(k), r));
}

int control_resource_delete(struct control *k)
{
    cJSON *r = by_id(k, k->labels[1]);
    if (!r)
        return -1;
    if (!define_text(r, "parentId").n)
        return control_fail(k, 400, "BadRequestException", "The root resource cannot be deleted.");
    delete_tree(k, r, 0);
    return 0;
}
