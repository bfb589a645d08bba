/* vtl_render.c - printing a template: statements, expressions, references.
 *
 *   statement   prints a node; afterwards r->flow says whether the next one is to be printed
 *   evaluate    is a node true? Only false is false; constants and arithmetic are false, as in the original
 *   value       what a node is worth
 *   reference   variable, then its steps; each null on the way is the empty string (AWS's rule)
 */
#include "mocks/apigw/vtl_ast.h"

static void statement(struct vtl_run *r, struct vtl_node *n, struct buf *out);
static struct vtl_value value_of(struct vtl_run *r, struct vtl_node *n);

enum { DEFINE_DEPTH = 2 /* directive.define.maxdepth */, CALL_DEPTH = 200 };

/* ---- limits ---- */
struct vtl_value vtl_run_fail(struct vtl_run *r, int status, const char *code, const char *fmt, ...)
{
    if (r->flow != FLOW_FAIL) {
        va_list ap;
        va_start(ap, fmt);
        struct str message = arena_vf(r->arena, fmt, ap);
        va_end(ap);
        err_set(r->e, status, code, STR_F, STR_A(message));
    }
    r->flow = FLOW_FAIL;
    return vtl_null();
}

bool vtl_run_memory(struct vtl_run *r, size_t n)
{
    if (n < VTL_MAX_MEMORY_BYTES && r->arena->used_bytes - r->arena_start + n < VTL_MAX_MEMORY_BYTES)
        return true;
    vtl_run_fail(r, 500, "TEMPLATE_TOO_LARGE", "the values of the mapping template need more than %d MiB",
                 VTL_MAX_MEMORY_BYTES >> 20);
    return false;
}

static bool step(struct vtl_run *r)
{
    if (++r->steps <= VTL_MAX_STEPS)
        return true;
    vtl_run_fail(r, 500, "TEMPLATE_ENDLESS", "the mapping template has rendered %d statements and does not end",
                 VTL_MAX_STEPS);
    return false;
}

/* ---- references ---- */
static struct vtl_value not_null(struct vtl_value v) { return v.type == VTL_NULL ? vtl_str(S("")) : v; }

/* $context and $stageVariables are made when first used. */
static struct vtl_value variable(struct vtl_run *r, uint32_t slot)
{
    struct vtl_value *v = &r->vars[slot];
    struct vtl_request *q = r->env->request;
    if (v->type == VTL_NULL && q && slot == SLOT_CONTEXT && q->make_context) {
        if (q->context.type == VTL_NULL)
            q->context = q->make_context(q, r->arena);
        *v = q->context;
    } else if (v->type == VTL_NULL && q && slot == SLOT_STAGE && q->make_stage) {
        if (q->stage.type == VTL_NULL)
            q->stage = q->make_stage(q, r->arena);
        *v = q->stage;
    }
    return not_null(*v);
}

static struct vtl_value call(struct vtl_run *r, struct vtl_value self, const struct vtl_step *s)
{
    struct vtl_value few[4], *args = few;
    if (s->n_args > 4)
        args = ARENA_ARRAY(r->arena, struct vtl_value, s->n_args);
    for (uint32_t i = 0; i < s->n_args && r->flow == FLOW_ON; i++)
        args[i] = value_of(r, s->args[i]);
    if (r->flow != FLOW_ON)
        return vtl_null();
    return s->kind == STEP_INDEX ? vtl_method_index(r, self, args[0]) : vtl_method_call(r, self, s, args);
}

static struct vtl_value take_step(struct vtl_run *r, struct vtl_value v, const struct vtl_step *s)
{
    return not_null(s->kind == STEP_PROPERTY ? vtl_method_property(r, v, s->name) : call(r, v, s));
}

static struct vtl_value reference(struct vtl_run *r, struct vtl_node *n)
{
    if (n->runt)
        return vtl_null();
    struct vtl_value v = variable(r, n->slot);
    for (struct vtl_step *s = n->steps; s && r->flow == FLOW_ON; s = s->next)
        v = take_step(r, v, s);
    return r->flow != FLOW_ON ? vtl_null() : v;
}

/* What #define made prints where it is used, with the variables as they are then. */
bool vtl_run_block(struct vtl_run *r, struct vtl_node *define, struct buf *out)
{
    if (r->block_depth[define->slot] >= DEFINE_DEPTH || r->depth > CALL_DEPTH)
        return false;
    r->block_depth[define->slot]++;
    statement(r, define->kids[1], out);
    if (r->flow == FLOW_BREAK)
        r->flow = FLOW_ON;
    r->block_depth[define->slot]--;
    return true;
}

static void print(struct vtl_run *r, struct buf *out, struct vtl_value v)
{
    if (!vtl_print(out, v) && r->flow != FLOW_FAIL)
        vtl_run_fail(r, 500, "TEMPLATE_TOO_LARGE", "a value is nested too deep to be printed, or the output passes "
                     "%d MiB", VTL_MAX_OUTPUT_BYTES >> 20);
}

static void print_reference(struct vtl_run *r, struct vtl_node *n, struct buf *out)
{
    if (n->runt) {
        buf_str_add(out, n->text);
        return;
    }
    struct vtl_value v = reference(r, n);
    if (r->flow != FLOW_ON)
        return;
    if (n->escaped) {
        buf_str_add(out, n->text);
        buf_str_add(out, n->literal);
        return;
    }
    if (v.type == VTL_BLOCK) {
        if (!vtl_run_block(r, v.block, out)) { /* recursion: printed as written */
            buf_str_add(out, n->text);
            buf_str_add(out, n->literal);
        }
        return;
    }
    buf_str_add(out, n->text);
    print(r, out, v);
}

/* ---- #set ---- */
static void assign(struct vtl_run *r, struct vtl_node *left, struct vtl_value v)
{
    struct vtl_value holder = variable(r, left->slot);
    struct vtl_step *s = left->steps;
    for (; s->next && r->flow == FLOW_ON; s = s->next)
        holder = take_step(r, holder, s);
    if (r->flow != FLOW_ON || s->kind == STEP_METHOD)
        return;
    if (s->kind == STEP_INDEX) {
        struct vtl_value index = value_of(r, s->args[0]);
        if (r->flow == FLOW_ON)
            vtl_method_set_index(r, holder, index, v);
        return;
    }
    if (holder.type == VTL_MAP)
        vtl_map_set(r->arena, holder.map, vtl_str(s->name), v);
    else if (holder.type == VTL_LOOP) {
        if (!holder.loop->own)
            holder.loop->own = vtl_map_new(r->arena);
        vtl_map_set(r->arena, holder.loop->own, vtl_str(s->name), v);
    } else if (holder.type == VTL_ENTRY && str_is(s->name, "value")) {
        holder.entry->value = v;
    }
}

static void set(struct vtl_run *r, struct vtl_node *n)
{
    struct vtl_value v = value_of(r, n->kids[1]);
    if (r->flow != FLOW_ON || v.type == VTL_NULL)
        return; /* #set with null leaves everything as it was */
    if (!n->kids[0]->steps)
        r->vars[n->slot] = v;
    else
        assign(r, n->kids[0], v);
}

/* ---- truth ---- */
static bool equal(struct vtl_run *r, struct vtl_value a, struct vtl_value b)
{
    if (vtl_is_number(a) && vtl_is_number(b))
        return vtl_math_compare(a, b) == 0;
    if (a.type != VTL_NULL && a.type == b.type && a.type != VTL_BLOCK)
        return vtl_equals(a, b);
    if (a.type == VTL_NULL || b.type == VTL_NULL)
        return a.type == b.type;
    struct buf left = BUF_MAX(VTL_MAX_OUTPUT_BYTES), right = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    if (a.type == VTL_BLOCK)
        vtl_run_block(r, a.block, &left);
    else
        print(r, &left, a);
    if (b.type == VTL_BLOCK)
        vtl_run_block(r, b.block, &right);
    else
        print(r, &right, b);
    bool same = str_eq(buf_str(&left), buf_str(&right));
    buf_release(&left);
    buf_release(&right);
    return same;
}

static bool evaluate(struct vtl_run *r, struct vtl_node *n);

static bool compare(struct vtl_run *r, struct vtl_node *n)
{
    struct vtl_value a = value_of(r, n->kids[0]);
    struct vtl_value b = r->flow != FLOW_ON ? vtl_null() : value_of(r, n->kids[1]);
    if (r->flow != FLOW_ON)
        return false;
    if (n->kind == N_EQ || n->kind == N_NE)
        return equal(r, a, b) == (n->kind == N_EQ);
    if (!vtl_is_number(a) || !vtl_is_number(b))
        return false;
    int c = vtl_math_compare(a, b);
    return n->kind == N_LT ? c < 0 : n->kind == N_GT ? c > 0 : n->kind == N_LE ? c <= 0 : c >= 0;
}

static bool evaluate(struct vtl_run *r, struct vtl_node *n)
{
    struct vtl_value v;
    switch (n->kind) {
    case N_REFERENCE:
        v = reference(r, n);
        return r->flow == FLOW_ON && v.type != VTL_NULL && (v.type != VTL_BOOL || v.b);
    case N_CONSTANT: return n->value.type == VTL_BOOL && n->value.b;
    case N_OR: return evaluate(r, n->kids[0]) || (r->flow == FLOW_ON && evaluate(r, n->kids[1]));
    case N_AND: return evaluate(r, n->kids[0]) && evaluate(r, n->kids[1]);
    case N_NOT: return !evaluate(r, n->kids[0]);
    case N_EQ: case N_NE: case N_LT: case N_GT: case N_LE: case N_GE: return compare(r, n);
    default: return false;
    }
}

/* ---- values ---- */
static struct vtl_value quoted(struct vtl_run *r, struct vtl_node *n)
{
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    if (++r->depth < CALL_DEPTH)
        statement(r, n->kids[0], &b);
    r->depth--;
    if (!n->keep_last && b.n)
        b.n--; /* the blank that was added */
    struct str s = S("");
    if (vtl_run_memory(r, b.n))
        s = arena_dup(r->arena, buf_str(&b));
    buf_release(&b);
    return vtl_str(s);
}

static struct vtl_value list(struct vtl_run *r, struct vtl_node *n)
{
    if (!vtl_run_memory(r, (size_t)n->n_kids * sizeof(struct vtl_value)))
        return vtl_null();
    struct vtl_list *l = vtl_list_new(r->arena, n->n_kids, VTL_STYLE_JAVA);
    for (uint32_t i = 0; i < n->n_kids && r->flow == FLOW_ON; i++)
        vtl_list_add(r->arena, l, value_of(r, n->kids[i]));
    return vtl_list(l);
}

static struct vtl_value map(struct vtl_run *r, struct vtl_node *n)
{
    if (!vtl_run_memory(r, (size_t)n->n_kids * 64))
        return vtl_null();
    struct vtl_map *m = vtl_map_new(r->arena);
    for (uint32_t i = 0; i + 1 < n->n_kids && r->flow == FLOW_ON; i += 2) {
        struct vtl_value key = value_of(r, n->kids[i]);
        vtl_map_set(r->arena, m, key, value_of(r, n->kids[i + 1]));
    }
    return vtl_map(m);
}

static int64_t int_of(struct vtl_value v)
{
    if (v.type == VTL_DOUBLE)
        return v.d >= INT32_MAX ? INT32_MAX : v.d <= INT32_MIN ? INT32_MIN : (int64_t)v.d;
    return v.type == VTL_INT ? v.i : v.type == VTL_LONG ? (int32_t)v.i : 0;
}

static struct vtl_value range(struct vtl_run *r, struct vtl_node *n)
{
    struct vtl_value a = value_of(r, n->kids[0]), b = value_of(r, n->kids[1]);
    if (!vtl_is_number(a) || !vtl_is_number(b))
        return vtl_null();
    int64_t from = int_of(a), to = int_of(b), delta = from >= to ? -1 : 1;
    uint64_t count = (uint64_t)((to - from) * delta) + 1;
    if (!vtl_run_memory(r, count * sizeof(struct vtl_value)))
        return vtl_null();
    struct vtl_list *l = vtl_list_new(r->arena, (uint32_t)count, VTL_STYLE_JAVA);
    for (uint64_t i = 0; i < count; i++, from += delta)
        l->v[l->n++] = vtl_int(from);
    return vtl_list(l);
}

/* Text on either side makes + a concatenation; a null prints as it was written. */
static struct vtl_value concatenate(struct vtl_run *r, struct vtl_node *n, struct vtl_value a, struct vtl_value b)
{
    struct buf text = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    for (int i = 0; i < 2; i++) {
        struct vtl_value v = i ? b : a;
        if (v.type == VTL_NULL)
            buf_str_add(&text, n->kids[i]->literal);
        else if (v.type == VTL_BLOCK)
            vtl_run_block(r, v.block, &text);
        else
            print(r, &text, v);
    }
    struct str s = vtl_run_memory(r, text.n) ? arena_dup(r->arena, buf_str(&text)) : S("");
    buf_release(&text);
    return vtl_str(s);
}

static struct vtl_value compute(struct vtl_run *r, struct vtl_node *n)
{
    struct vtl_value a = value_of(r, n->kids[0]);
    struct vtl_value b = r->flow != FLOW_ON ? vtl_null() : value_of(r, n->kids[1]);
    if (r->flow != FLOW_ON)
        return vtl_null();
    if (n->kind == N_ADD && (a.type == VTL_STRING || b.type == VTL_STRING))
        return concatenate(r, n, a, b);
    return vtl_math_perform(r, n->kind, a, b);
}

static struct vtl_value value_of(struct vtl_run *r, struct vtl_node *n)
{
    if (!step(r))
        return vtl_null();
    switch (n->kind) {
    case N_REFERENCE: return reference(r, n);
    case N_STRING: return vtl_str(n->text);
    case N_TEMPLATE: return quoted(r, n);
    case N_CONSTANT: return n->value;
    case N_MAP: return map(r, n);
    case N_LIST: return list(r, n);
    case N_RANGE: return range(r, n);
    case N_ADD: case N_SUB: case N_MUL: case N_DIV: case N_MOD: return compute(r, n);
    case N_WORD: return vtl_null();
    default: return vtl_bool(evaluate(r, n));
    }
}

/* ---- #foreach ---- */
/* What can be walked: a list, the values of a map, an iterator. NULL for anything else: the loop is skipped. */
static struct vtl_list *walkable(struct vtl_run *r, struct vtl_value v, uint32_t *ret_from)
{
    *ret_from = 0;
    switch (v.type) {
    case VTL_LIST: return v.list;
    case VTL_ITERATOR:
        *ret_from = v.iterator->at;
        return v.iterator->list;
    case VTL_MAP: {
        struct vtl_list *values = vtl_list_new(r->arena, v.map->n, VTL_STYLE_JAVA);
        for (uint32_t i = 0; i < v.map->n; i++)
            vtl_list_add(r->arena, values, v.map->e[i]->value);
        return values;
    }
    default: return NULL;
    }
}

static uint32_t size_of(struct vtl_value over, const struct vtl_list *l)
{
    return over.type == VTL_MAP ? over.map->n : l->n;
}

/* $foreach goes back to the outer loop, or to what it was before; one that was #set meanwhile stays. */
static void leave_loop(struct vtl_run *r, const struct vtl_value saved[3], struct vtl_node *n)
{
    r->vars[n->slot] = saved[0];
    r->vars[SLOT_COUNT] = saved[1];
    r->vars[SLOT_HAS_NEXT] = saved[2];
    struct vtl_value *scope = &r->vars[SLOT_FOREACH];
    if (scope->type != VTL_LOOP)
        return;
    struct vtl_loop *l = scope->loop;
    *scope = l->parent ? (struct vtl_value){ VTL_LOOP, { .loop = l->parent } } : l->replaced;
}

static void foreach(struct vtl_run *r, struct vtl_node *n, struct buf *out)
{
    uint32_t i;
    struct vtl_value over = value_of(r, n->kids[2]);
    struct vtl_list *l = r->flow != FLOW_ON ? NULL : walkable(r, over, &i);
    if (!l)
        return;
    struct vtl_value saved[3] = { r->vars[n->slot], r->vars[SLOT_COUNT], r->vars[SLOT_HAS_NEXT] };
    struct vtl_loop *scope = ARENA_NEW(r->arena, struct vtl_loop);
    struct vtl_value before = r->vars[SLOT_FOREACH];
    scope->parent = before.type == VTL_LOOP ? before.loop : NULL;
    scope->replaced = before.type == VTL_LOOP ? vtl_null() : before;
    scope->index = -1;
    scope->owner = scope;
    r->vars[SLOT_FOREACH] = (struct vtl_value){ VTL_LOOP, { .loop = scope } };
    uint32_t size = size_of(over, l);
    for (uint32_t done = 0; i != l->n && r->flow == FLOW_ON; done++) {
        if (size_of(over, l) != size) {
            vtl_run_fail(r, 500, "TEMPLATE_FAILED", "a #foreach of the mapping template changes the list it walks");
            break;
        }
        if (done == VTL_MAX_LOOPS) {
            r->env->loop_cut = true;
            break;
        }
        struct vtl_value item = l->v[i++];
        if (over.type == VTL_ITERATOR)
            over.iterator->at = i;
        r->vars[SLOT_COUNT] = vtl_int(done + 1);
        r->vars[SLOT_HAS_NEXT] = vtl_bool(i < l->n);
        r->vars[n->slot] = item;
        scope->index++;
        scope->has_next = i < l->n;
        statement(r, n->kids[3], out);
    }
    if (r->flow == FLOW_BREAK || (r->flow == FLOW_BREAK_LOOP && r->break_owner == scope))
        r->flow = FLOW_ON;
    leave_loop(r, saved, n);
}

/* ---- statements ---- */
static void if_(struct vtl_run *r, struct vtl_node *n, struct buf *out)
{
    uint32_t i = 0;
    for (; i + 1 < n->n_kids; i += 2) {
        bool yes = evaluate(r, n->kids[i]);
        if (r->flow != FLOW_ON)
            return;
        if (yes) {
            statement(r, n->kids[i + 1], out);
            return;
        }
    }
    if (i < n->n_kids)
        statement(r, n->kids[i], out);
}

static void break_(struct vtl_run *r, struct vtl_node *n)
{
    r->flow = FLOW_BREAK;
    if (!n->n_kids)
        return;
    r->flow = FLOW_ON;
    struct vtl_value which = value_of(r, n->kids[0]);
    if (r->flow != FLOW_ON)
        return;
    if (which.type != VTL_LOOP) {
        vtl_run_fail(r, 500, "TEMPLATE_FAILED", "#break(" STR_F ") names no loop", STR_A(n->kids[0]->literal));
        return;
    }
    r->flow = FLOW_BREAK_LOOP;
    r->break_owner = which.loop->owner;
}

static void statement(struct vtl_run *r, struct vtl_node *n, struct buf *out)
{
    if (!step(r))
        return;
    switch (n->kind) {
    case N_TEXT:
        buf_str_add(out, n->text);
        break;
    case N_BLOCK:
        if (++r->depth > CALL_DEPTH)
            vtl_run_fail(r, 500, "TEMPLATE_TOO_DEEP", "the mapping template renders itself too deep");
        for (uint32_t i = 0; i < n->n_kids && r->flow == FLOW_ON; i++)
            statement(r, n->kids[i], out);
        r->depth--;
        break;
    case N_REFERENCE: print_reference(r, n, out); break;
    case N_SET: set(r, n); break;
    case N_IF: if_(r, n, out); break;
    case N_FOREACH: foreach(r, n, out); break;
    case N_DEFINE: r->vars[n->slot] = (struct vtl_value){ VTL_BLOCK, { .block = n } }; break;
    case N_BREAK: break_(r, n); break;
    case N_STOP: r->flow = FLOW_STOP; break;
    default: break;
    }
    if (out->full && r->flow != FLOW_FAIL)
        vtl_run_fail(r, 500, "TEMPLATE_TOO_LARGE", "the mapping template prints more than %d MiB",
                     VTL_MAX_OUTPUT_BYTES >> 20);
}

static void bind(struct vtl_run *r)
{
    const struct vtl_env *env = r->env;
    if (env->request) {
        r->vars[SLOT_INPUT] = (struct vtl_value){ VTL_INPUT, { 0 } };
        r->vars[SLOT_UTIL] = (struct vtl_value){ VTL_UTIL, { 0 } };
    }
    for (size_t b = 0; b < env->n_bindings; b++)
        for (uint32_t s = 0; s < r->t->n_names; s++)
            if (str_eq(r->t->names[s], env->bindings[b].name))
                r->vars[s] = env->bindings[b].value;
}

int vtl_render(const struct vtl *t, struct vtl_env *env, struct buf *out, struct err *e)
{
    struct vtl_run r = { .t = t, .env = env, .arena = env->arena, .e = e };
    r.arena_start = env->arena->used_bytes;
    r.vars = ARENA_ARRAY(env->arena, struct vtl_value, t->n_names);
    r.block_depth = ARENA_ARRAY(env->arena, uint8_t, t->n_names);
    bind(&r);
    size_t ceiling = out->max;
    out->max = out->n + VTL_MAX_OUTPUT_BYTES;
    statement(&r, t->root, out);
    out->max = ceiling;
    out->full = false;
    return r.flow == FLOW_FAIL ? -1 : 0;
}

struct vtl_value vtl_request_context(const struct vtl_request *r) { return r->context; }
