/* vtl_method.c - which method of which type a template means, and the few types too small for a file of their own.
 *
 *   $x.name(…)   the row of the value's type with that name whose arguments fit; none: null
 *   $x.name      getName() of loops and entries, the key of a map, isEmpty of texts and lists; none: null
 *   $x[i]        get(i); a negative i counts from the end
 * A method that fails (an index out of bounds) ends the rendering, as the exception does in Java.
 */
#include <math.h>

#include "mocks/apigw/vtl_ast.h"

/* ---- finding a row ---- */
static const struct vtl_method *rows_of(enum vtl_type type)
{
    switch (type) {
    case VTL_BOOL: return vtl_bool_methods;
    case VTL_INT: case VTL_LONG: case VTL_BIGINT: case VTL_DOUBLE: case VTL_DECIMAL: return vtl_number_methods;
    case VTL_STRING: return vtl_string_methods;
    case VTL_LIST: return vtl_list_methods;
    case VTL_MAP: return vtl_map_methods;
    case VTL_ENTRY: return vtl_entry_methods;
    case VTL_ITERATOR: return vtl_iterator_methods;
    case VTL_LOOP: return vtl_loop_methods;
    case VTL_INPUT: return vtl_input_methods;
    case VTL_UTIL: return vtl_util_methods;
    default: return NULL;
    }
}

void vtl_method_resolve(struct vtl_step *s)
{
    for (int type = 0; type < VTL_CLASSES; type++) {
        const struct vtl_method *m = rows_of((enum vtl_type)type);
        while (m && m->name && !str_is(s->name, m->name))
            m++;
        s->methods[type] = m && m->name ? m : NULL;
    }
}

/* Does the value convert to the parameter, as in a Java call? null goes for every object, not for int. */
static bool fits(char param, struct vtl_value v)
{
    switch (param) {
    case 'i': return v.type == VTL_INT;
    case 's': return v.type == VTL_STRING || v.type == VTL_NULL;
    case 'd': return vtl_is_number(v);
    case 'm': return v.type == VTL_MAP || v.type == VTL_NULL;
    case 'c': return v.type == VTL_LIST || v.type == VTL_NULL;
    default: return true;
    }
}

static bool all_fit(const struct vtl_method *m, const struct vtl_value *args, uint32_t n)
{
    if (m->args[0] == '*')
        return true;
    if (strlen(m->args) != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!fits(m->args[i], args[i]))
            return false;
    return true;
}

/* What java.util.List adds to Collection. */
static bool needs_order(const char *name)
{
    static const char *const names[] = { "get", "set", "indexOf", "lastIndexOf", "subList", "listIterator" };
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

struct vtl_value vtl_method_call(struct vtl_run *r, struct vtl_value self, const struct vtl_step *s,
                                 const struct vtl_value *args)
{
    if (self.type == VTL_BLOCK) {
        struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
        struct vtl_value text = vtl_null();
        if (str_is(s->name, "toString") && vtl_run_block(r, self.block, &b))
            text = vtl_str(arena_dup(r->arena, buf_str(&b)));
        buf_release(&b);
        return text;
    }
    const struct vtl_method *first = s->methods[self.type];
    if (first && self.type == VTL_LIST && self.list->style == VTL_STYLE_SET && needs_order(first->name))
        return vtl_null();
    for (const struct vtl_method *m = first; m && m->name && strcmp(m->name, first->name) == 0; m++)
        if (all_fit(m, args, s->n_args))
            return m->run(r, self, args, s->n_args);
    return vtl_null();
}

/* ---- properties ---- */
static struct vtl_value loop_value(struct vtl_loop *l) { return (struct vtl_value){ VTL_LOOP, { .loop = l } }; }

static struct vtl_loop *topmost(struct vtl_loop *l)
{
    while (l->parent)
        l = l->parent;
    return l;
}

static struct vtl_value loop_property(struct vtl_loop *l, struct str name)
{
    if (str_is(name, "index")) return vtl_int(l->index);
    if (str_is(name, "count")) return vtl_int(l->index + 1);
    if (str_is(name, "hasNext")) return vtl_bool(l->has_next);
    if (str_is(name, "first")) return vtl_bool(l->index < 1);
    if (str_is(name, "last")) return vtl_bool(!l->has_next);
    if (str_is(name, "parent")) return l->parent ? loop_value(l->parent) : vtl_null();
    if (str_is(name, "topmost")) return loop_value(topmost(l));
    if (str_is(name, "replaced")) return topmost(l)->replaced;
    for (; l; l = l->parent) {
        struct vtl_value *own = l->own ? vtl_map_get(l->own, name) : NULL;
        if (own)
            return *own;
    }
    return vtl_null();
}

struct vtl_value vtl_method_property(struct vtl_run *r, struct vtl_value self, struct str name)
{
    struct vtl_value *found;
    switch (self.type) {
    case VTL_MAP:
        found = vtl_map_get(self.map, name);
        return found ? *found : vtl_null();
    case VTL_LOOP: return loop_property(self.loop, name);
    case VTL_ENTRY:
        return str_is(name, "key") ? self.entry->key : str_is(name, "value") ? self.entry->value : vtl_null();
    case VTL_STRING: return str_is(name, "empty") ? vtl_bool(self.s.n == 0) : vtl_null();
    case VTL_LIST: return str_is(name, "empty") ? vtl_bool(self.list->n == 0) : vtl_null();
    case VTL_INPUT: return vtl_input_property(r, name);
    case VTL_UTIL: return (struct vtl_value){ VTL_HOST, { 0 } };
    default: return vtl_null();
    }
}

/* ---- indexes ---- */
static struct vtl_value out_of_bounds(struct vtl_run *r, int64_t i, uint32_t n)
{
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED",
                        "index %lld is out of bounds of a list of %u in the mapping template", (long long)i, n);
}

/* -1 is the last; only things with a size know what that is. false: the rendering fails. */
static bool from_end(struct vtl_run *r, struct vtl_value self, struct vtl_value *index)
{
    if (index->type != VTL_INT || index->i >= 0)
        return true;
    if (self.type == VTL_LIST)
        index->i += self.list->n;
    else if (self.type == VTL_MAP)
        index->i += self.map->n;
    else {
        vtl_run_fail(r, 500, "TEMPLATE_FAILED", "a negative index needs a list; in the mapping template it is used on "
                     "something else");
        return false;
    }
    return true;
}

struct vtl_value vtl_method_index(struct vtl_run *r, struct vtl_value self, struct vtl_value index)
{
    if (!from_end(r, self, &index))
        return vtl_null();
    if (self.type == VTL_MAP) {
        struct vtl_value *found = vtl_map_at(self.map, index);
        return found ? *found : vtl_null();
    }
    if (self.type == VTL_LOOP && index.type == VTL_STRING)
        return self.loop->own && vtl_map_get(self.loop->own, index.s) ? *vtl_map_get(self.loop->own, index.s)
                                                                     : vtl_null();
    if (self.type != VTL_LIST || index.type != VTL_INT || self.list->style == VTL_STYLE_SET)
        return vtl_null();
    if (index.i < 0 || index.i >= self.list->n)
        return out_of_bounds(r, index.i, self.list->n);
    return self.list->v[index.i];
}

void vtl_method_set_index(struct vtl_run *r, struct vtl_value self, struct vtl_value index, struct vtl_value v)
{
    if (!from_end(r, self, &index))
        return;
    if (self.type == VTL_MAP) {
        vtl_map_set(r->arena, self.map, index, v);
    } else if (self.type == VTL_LIST && index.type == VTL_INT && self.list->style != VTL_STYLE_SET) {
        if (index.i < 0 || index.i >= self.list->n)
            out_of_bounds(r, index.i, self.list->n);
        else
            self.list->v[index.i] = v;
    }
}

/* ---- what every object has ---- */
#define ARGS struct vtl_run *r, struct vtl_value self, const struct vtl_value *a, uint32_t n
#define UNUSED (void)r, (void)self, (void)a, (void)n

static struct vtl_value to_string(ARGS)
{
    UNUSED;
    return vtl_str(vtl_text(r->arena, self));
}
static struct vtl_value equals(ARGS)
{
    UNUSED;
    return vtl_bool(vtl_equals(self, a[0]));
}
static struct vtl_value hash_code(ARGS)
{
    UNUSED;
    return vtl_int(vtl_hash(self));
}

/* ---- numbers: also the static methods people reach through a number, as in #set($i = 0)$i.parseInt("5") ---- */
static struct vtl_value not_a_number(struct vtl_run *r, struct str s)
{
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "\"" STR_F "\" is no number (in the mapping template)", STR_A(s));
}
static double as_double(struct vtl_value v)
{
    double d = 0;
    if (v.type == VTL_INT || v.type == VTL_LONG)
        return (double)v.i;
    if (v.type == VTL_DOUBLE)
        return v.d;
    str_to_double(v.s, &d);
    return d;
}
static int64_t as_long(struct vtl_value v)
{
    if (v.type == VTL_INT || v.type == VTL_LONG)
        return v.i;
    double d = as_double(v);
    return isnan(d) ? 0 : d >= 9.2e18 ? INT64_MAX : d <= -9.2e18 ? INT64_MIN : (int64_t)d;
}
static struct vtl_value int_value(ARGS)
{
    UNUSED;
    int64_t v = as_long(self);
    if (self.type == VTL_DOUBLE) /* narrowing stops at the ends; of a long it cuts */
        v = v > INT32_MAX ? INT32_MAX : v < INT32_MIN ? INT32_MIN : v;
    return vtl_int((int32_t)v);
}
static struct vtl_value long_value(ARGS)
{
    UNUSED;
    return (struct vtl_value){ VTL_LONG, { .i = as_long(self) } };
}
static struct vtl_value double_value(ARGS)
{
    UNUSED;
    return vtl_double(as_double(self));
}
static struct vtl_value compare_to(ARGS)
{
    UNUSED;
    if (a[0].type == self.type)
        return vtl_int(self.type == VTL_BOOL ? self.b - a[0].b : vtl_math_compare(self, a[0]));
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "compareTo of values of two types in the mapping template");
}
static struct vtl_value parse_whole(struct vtl_run *r, struct vtl_value text, enum vtl_type type)
{
    int64_t v;
    if (text.type != VTL_STRING || !str_to_i64(text.s, &v) || (type == VTL_INT && (v > INT32_MAX || v < INT32_MIN)))
        return not_a_number(r, text.type == VTL_STRING ? text.s : S("null"));
    return (struct vtl_value){ type, { .i = v } };
}
static struct vtl_value parse_int(ARGS)
{
    UNUSED;
    return self.type == VTL_INT ? parse_whole(r, a[0], VTL_INT) : vtl_null();
}
static struct vtl_value parse_long(ARGS)
{
    UNUSED;
    return self.type == VTL_LONG ? parse_whole(r, a[0], VTL_LONG) : vtl_null();
}
static struct vtl_value parse_double(ARGS)
{
    UNUSED;
    double d;
    if (self.type != VTL_DOUBLE)
        return vtl_null();
    if (a[0].type != VTL_STRING || !str_to_double(str_trim(a[0].s), &d))
        return not_a_number(r, a[0].type == VTL_STRING ? a[0].s : S("null"));
    return vtl_double(d);
}
static struct vtl_value value_of(ARGS)
{
    UNUSED;
    if (vtl_is_number(a[0]))
        return a[0];
    return self.type == VTL_DOUBLE ? parse_double(r, self, a, n) : parse_whole(r, a[0], self.type);
}
static struct vtl_value to_string_of(ARGS)
{
    UNUSED;
    return vtl_str(vtl_text(r->arena, a[0]));
}
static struct vtl_value max_of(ARGS)
{
    UNUSED;
    return vtl_math_compare(a[0], a[1]) >= 0 ? a[0] : a[1];
}
static struct vtl_value min_of(ARGS)
{
    UNUSED;
    return vtl_math_compare(a[0], a[1]) <= 0 ? a[0] : a[1];
}
static struct vtl_value sum_of(ARGS)
{
    UNUSED;
    return vtl_math_perform(r, N_ADD, a[0], a[1]);
}
static struct vtl_value to_hex(ARGS)
{
    UNUSED;
    return vtl_str(arena_f(r->arena, "%x", (unsigned)a[0].i));
}
static struct vtl_value is_nan(ARGS)
{
    UNUSED;
    return self.type == VTL_DOUBLE ? vtl_bool(isnan(self.d)) : vtl_null();
}
static struct vtl_value is_infinite(ARGS)
{
    UNUSED;
    return self.type == VTL_DOUBLE ? vtl_bool(isinf(self.d)) : vtl_null();
}

const struct vtl_method vtl_number_methods[] = {
    { "toString", "", to_string },   { "toString", "d", to_string_of }, { "equals", "o", equals },
    { "hashCode", "", hash_code },   { "intValue", "", int_value },     { "longValue", "", long_value },
    { "doubleValue", "", double_value }, { "floatValue", "", double_value }, { "compareTo", "o", compare_to },
    { "parseInt", "s", parse_int },  { "parseLong", "s", parse_long },  { "parseDouble", "s", parse_double },
    { "valueOf", "s", value_of },    { "valueOf", "d", value_of },      { "max", "dd", max_of },
    { "min", "dd", min_of },         { "sum", "dd", sum_of },           { "toHexString", "i", to_hex },
    { "isNaN", "", is_nan },         { "isInfinite", "", is_infinite }, { 0 },
};

static struct vtl_value itself(ARGS)
{
    UNUSED;
    return self;
}
static struct vtl_value parse_boolean(ARGS)
{
    UNUSED;
    return vtl_bool(a[0].type == VTL_STRING && str_eq_nocase(a[0].s, S("true")));
}
const struct vtl_method vtl_bool_methods[] = {
    { "toString", "", to_string },          { "equals", "o", equals },  { "compareTo", "o", compare_to },
    { "hashCode", "", hash_code },          { "booleanValue", "", itself },
    { "parseBoolean", "s", parse_boolean }, { "valueOf", "s", parse_boolean },
    { 0 },
};

static struct vtl_value entry_key(ARGS)
{
    UNUSED;
    return self.entry->key;
}
static struct vtl_value entry_value(ARGS)
{
    UNUSED;
    return self.entry->value;
}
static struct vtl_value entry_set(ARGS)
{
    UNUSED;
    struct vtl_value before = self.entry->value;
    self.entry->value = a[0];
    return before;
}
const struct vtl_method vtl_entry_methods[] = {
    { "getKey", "", entry_key },     { "getValue", "", entry_value }, { "setValue", "o", entry_set },
    { "toString", "", to_string },   { "equals", "o", equals },       { 0 },
};

static struct vtl_value iterator_has_next(ARGS)
{
    UNUSED;
    return vtl_bool(self.iterator->at < self.iterator->list->n);
}
static struct vtl_value iterator_next(ARGS)
{
    UNUSED;
    struct vtl_iterator *i = self.iterator;
    if (i->at >= i->list->n)
        return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "next() behind the last element, in the mapping template");
    return i->list->v[i->at++];
}
const struct vtl_method vtl_iterator_methods[] = {
    { "hasNext", "", iterator_has_next }, { "next", "", iterator_next }, { 0 },
};

static struct vtl_value loop_get(ARGS)
{
    UNUSED;
    return a[0].type == VTL_STRING && self.loop->own && vtl_map_get(self.loop->own, a[0].s)
               ? *vtl_map_get(self.loop->own, a[0].s) : vtl_null();
}
static struct vtl_value loop_put(ARGS)
{
    UNUSED;
    if (!self.loop->own)
        self.loop->own = vtl_map_new(r->arena);
    return vtl_map_set(r->arena, self.loop->own, a[0], a[1]);
}
#define LOOP_METHOD(function, property)                    \
    static struct vtl_value function(ARGS)                 \
    {                                                      \
        UNUSED;                                            \
        return loop_property(self.loop, S(property));      \
    }
LOOP_METHOD(loop_index, "index")
LOOP_METHOD(loop_count, "count")
LOOP_METHOD(loop_has_next, "hasNext")
LOOP_METHOD(loop_first, "first")
LOOP_METHOD(loop_last, "last")
LOOP_METHOD(loop_parent, "parent")
LOOP_METHOD(loop_topmost, "topmost")
const struct vtl_method vtl_loop_methods[] = {
    { "getIndex", "", loop_index },     { "getCount", "", loop_count },   { "hasNext", "", loop_has_next },
    { "getHasNext", "", loop_has_next }, { "isFirst", "", loop_first },   { "getFirst", "", loop_first },
    { "isLast", "", loop_last },        { "getLast", "", loop_last },     { "getParent", "", loop_parent },
    { "getTopmost", "", loop_topmost }, { "get", "o", loop_get },         { "put", "oo", loop_put },
    { "toString", "", to_string },      { 0 },
};
