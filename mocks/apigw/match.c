/* match.c - from a path to the resource that answers it.
 *
 * Per segment a static part goes before {param}, and {param} before {proxy+}; where the better one leads nowhere, the
 * next is tried. Where a resource has no method for the verb, one beside it may answer (OPTIONS /test by /{proxy+}, as validated on
 * AWS), but none of those further up: a POST on /streams/{name}/record is refused, and does not end in /{proxy+}. Empty segments
 * (double and trailing slashes) do not count. Only resources with methods are answers.
 * Documented at: Developer Guide, "Set up a proxy integration with a proxy resource".
 */
#include "mocks/apigw/model.h"

struct search {
    struct str segments[MATCH_SEGMENTS];
    size_t n;
    struct str path; /* the whole, for what a greedy part takes */
    struct match *m;
    struct str verb; /* n == 0: any will do */
    bool refused;    /* a resource took the whole path, but not the verb */
    int steps;
};

static bool take(struct search *s, const struct model_resource *r, struct str value)
{
    if (s->m->n_params == MATCH_PARAMS)
        return false;
    s->m->params[s->m->n_params++] = (struct vtl_param){ VTL_PATH, r->part, value };
    return true;
}

/* From segment i to the end, as it was written. */
static struct str rest_of(const struct search *s, size_t i)
{
    const char *from = s->segments[i].p, *end = s->segments[s->n - 1].p + s->segments[s->n - 1].n;
    return (struct str){ from, (size_t)(end - from) };
}

/* The exact verb, else ANY. */
static const struct model_method *method_of(const struct model_resource *r, struct str verb)
{
    const struct model_method *any = NULL;
    for (const struct model_method *m = r->methods; m; m = m->next) {
        if (str_eq(m->verb, verb))
            return m;
        if (str_is(m->verb, "ANY"))
            any = m;
    }
    static const char *const verbs[] = { "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT" };
    for (size_t i = 0; any && i < sizeof(verbs) / sizeof(*verbs); i++)
        if (str_is(verb, verbs[i]))
            return any;
    return NULL;
}

static const struct model_resource *descend(struct search *s, const struct model_resource *r, size_t i)
{
    if (++s->steps > 10000)
        return NULL;
    if (i == s->n) {
        bool answers = s->verb.n ? method_of(r, s->verb) != NULL : r->methods != NULL;
        s->refused = s->refused || (r->methods && !answers);
        return answers ? r : NULL;
    }
    s->m->nearest = r;
    static const enum model_part order[] = { MODEL_STATIC, MODEL_PARAM, MODEL_GREEDY };
    for (int k = 0; k < 3; k++)
        for (const struct model_resource *c = r->children; c; c = c->next) {
            if (c->kind != order[k] || (c->kind == MODEL_STATIC && !str_eq(c->part, s->segments[i])))
                continue;
            size_t before = s->m->n_params;
            if (c->kind != MODEL_STATIC && !take(s, c, c->kind == MODEL_GREEDY ? rest_of(s, i) : s->segments[i]))
                continue;
            const struct model_resource *found = descend(s, c, c->kind == MODEL_GREEDY ? s->n : i + 1);
            bool beside = c->kind == MODEL_GREEDY || i + 1 == s->n;
            if (found || (s->refused && !beside))
                return found;
            s->m->n_params = before;
        }
    return NULL;
}

bool match_path(const struct model_api *api, struct str verb, struct str path, struct match *ret_match)
{
    struct search s = { .m = ret_match, .path = path, .verb = verb };
    ret_match->resource = NULL;
    ret_match->method = NULL;
    ret_match->n_params = 0;
    ret_match->nearest = api->root;
    for (struct str rest = path; rest.p;) {
        struct str segment = str_cut(&rest, '/');
        if (!segment.n)
            continue;
        if (s.n == MATCH_SEGMENTS)
            return false;
        s.segments[s.n++] = segment;
    }
    ret_match->resource = descend(&s, api->root, 0);
    if (!ret_match->resource) { /* which resource it is that lacks the verb */
        s.verb = S("");
        s.steps = 0;
        ret_match->n_params = 0;
        ret_match->resource = descend(&s, api->root, 0);
    }
    if (ret_match->resource)
        ret_match->method = method_of(ret_match->resource, verb);
    return ret_match->method != NULL;
}
