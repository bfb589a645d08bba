/* vtl_collection.c - the methods of java.util.List (ArrayList, JSONArray, arrays) and java.util.Map. */
#include "mocks/apigw/vtl_ast.h"

#define ARGS struct vtl_run *r, struct vtl_value self, const struct vtl_value *a, uint32_t n
#define UNUSED (void)r, (void)self, (void)a, (void)n

static struct vtl_value out_of_bounds(struct vtl_run *r, int64_t i, uint32_t size)
{
    return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "index %lld is out of bounds of a list of %u in the mapping template",
                        (long long)i, size);
}
static struct vtl_value text_of(ARGS) { UNUSED; return vtl_str(vtl_text(r->arena, self)); }
static struct vtl_value equals(ARGS) { UNUSED; return vtl_bool(vtl_equals(self, a[0])); }
static struct vtl_value hash_code(ARGS) { UNUSED; return vtl_int(vtl_hash(self)); }

/* ---- lists ---- */
static uint32_t find(const struct vtl_list *l, struct vtl_value v)
{
    uint32_t i = 0;
    while (i < l->n && !vtl_equals(l->v[i], v))
        i++;
    return i;
}
static void drop(struct vtl_list *l, uint32_t i)
{
    memmove(l->v + i, l->v + i + 1, (l->n - i - 1) * sizeof(*l->v));
    l->n--;
}
static bool room(struct vtl_run *r, const struct vtl_list *l)
{
    return l->n < l->cap || vtl_run_memory(r, (size_t)l->cap * 2 * sizeof(*l->v));
}

static struct vtl_value size(ARGS) { UNUSED; return vtl_int(self.list->n); }
static struct vtl_value is_empty(ARGS) { UNUSED; return vtl_bool(self.list->n == 0); }
static struct vtl_value get(ARGS)
{
    UNUSED;
    if (a[0].i < 0 || a[0].i >= self.list->n)
        return out_of_bounds(r, a[0].i, self.list->n);
    return self.list->v[a[0].i];
}
static struct vtl_value set(ARGS)
{
    UNUSED;
    if (a[0].i < 0 || a[0].i >= self.list->n)
        return out_of_bounds(r, a[0].i, self.list->n);
    struct vtl_value before = self.list->v[a[0].i];
    self.list->v[a[0].i] = a[1];
    return before;
}
static struct vtl_value add(ARGS)
{
    UNUSED;
    if (!room(r, self.list))
        return vtl_null();
    vtl_list_add(r->arena, self.list, a[0]);
    return vtl_bool(true);
}
static struct vtl_value insert(ARGS)
{
    UNUSED;
    struct vtl_list *l = self.list;
    if (a[0].i < 0 || a[0].i > l->n)
        return out_of_bounds(r, a[0].i, l->n);
    if (!room(r, l))
        return vtl_null();
    uint32_t i = (uint32_t)a[0].i;
    vtl_list_add(r->arena, l, a[1]);
    memmove(l->v + i + 1, l->v + i, (l->n - i - 1) * sizeof(*l->v));
    l->v[i] = a[1];
    return vtl_str(S("")); /* void prints nothing */
}
static struct vtl_value add_all(ARGS)
{
    UNUSED;
    if (a[0].type == VTL_NULL)
        return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "addAll(null) in the mapping template");
    struct vtl_list *more = vtl_list_copy(r->arena, a[0].list);
    for (uint32_t i = 0; i < more->n && room(r, self.list); i++)
        vtl_list_add(r->arena, self.list, more->v[i]);
    return vtl_bool(more->n > 0);
}
static struct vtl_value remove_at(ARGS)
{
    UNUSED;
    struct vtl_value before = get(r, self, a, n);
    if (r->flow == FLOW_ON)
        drop(self.list, (uint32_t)a[0].i);
    return before;
}
static struct vtl_value remove_value(ARGS)
{
    UNUSED;
    uint32_t i = find(self.list, a[0]);
    if (i == self.list->n)
        return vtl_bool(false);
    drop(self.list, i);
    return vtl_bool(true);
}
static struct vtl_value keep_or_drop(struct vtl_value self, struct vtl_value other, bool keep)
{
    uint32_t before = self.list->n;
    for (uint32_t i = 0; i < self.list->n;)
        if ((find(other.list, self.list->v[i]) < other.list->n) == keep)
            i++;
        else
            drop(self.list, i);
    return vtl_bool(self.list->n != before);
}
static struct vtl_value remove_all(ARGS) { UNUSED; return a[0].type == VTL_LIST ? keep_or_drop(self, a[0], false) : vtl_null(); }
static struct vtl_value retain_all(ARGS) { UNUSED; return a[0].type == VTL_LIST ? keep_or_drop(self, a[0], true) : vtl_null(); }
static struct vtl_value contains(ARGS) { UNUSED; return vtl_bool(find(self.list, a[0]) < self.list->n); }
static struct vtl_value contains_all(ARGS)
{
    UNUSED;
    for (uint32_t i = 0; a[0].type == VTL_LIST && i < a[0].list->n; i++)
        if (find(self.list, a[0].list->v[i]) == self.list->n)
            return vtl_bool(false);
    return vtl_bool(true);
}
static struct vtl_value index_of(ARGS)
{
    UNUSED;
    uint32_t i = find(self.list, a[0]);
    return vtl_int(i < self.list->n ? (int64_t)i : -1);
}
static struct vtl_value last_index_of(ARGS)
{
    UNUSED;
    int64_t i = (int64_t)self.list->n - 1;
    while (i >= 0 && !vtl_equals(self.list->v[i], a[0]))
        i--;
    return vtl_int(i);
}
static struct vtl_value clear(ARGS)
{
    UNUSED;
    self.list->n = 0;
    return vtl_str(S(""));
}
static struct vtl_value sub_list(ARGS)
{
    UNUSED;
    if (a[0].i < 0 || a[1].i > self.list->n || a[0].i > a[1].i)
        return out_of_bounds(r, a[0].i < 0 ? a[0].i : a[1].i, self.list->n);
    struct vtl_list part = { self.list->v + a[0].i, (uint32_t)(a[1].i - a[0].i), 0, VTL_STYLE_JAVA };
    return vtl_list(vtl_list_copy(r->arena, &part));
}
static struct vtl_value to_array(ARGS)
{
    UNUSED;
    struct vtl_list *l = vtl_list_copy(r->arena, self.list);
    l->style = VTL_STYLE_ARRAY;
    return vtl_list(l);
}
static struct vtl_value iterator(ARGS)
{
    UNUSED;
    struct vtl_iterator *i = ARENA_NEW(r->arena, struct vtl_iterator);
    i->list = self.list;
    return (struct vtl_value){ VTL_ITERATOR, { .iterator = i } };
}
static struct vtl_value to_json(ARGS)
{
    UNUSED;
    struct buf b = BUF_MAX(VTL_MAX_OUTPUT_BYTES);
    vtl_json_print(&b, self, VTL_JSON_ARRAY_TEXT);
    struct str s = vtl_run_memory(r, b.n) ? arena_dup(r->arena, buf_str(&b)) : S("");
    buf_release(&b);
    return vtl_str(s);
}

const struct vtl_method vtl_list_methods[] = {
    { "size", "", size },            { "isEmpty", "", is_empty },       { "get", "i", get },
    { "set", "io", set },            { "add", "o", add },               { "add", "io", insert },
    { "addAll", "c", add_all },      { "remove", "i", remove_at },      { "remove", "o", remove_value },
    { "removeAll", "c", remove_all }, { "retainAll", "c", retain_all }, { "contains", "o", contains },
    { "containsAll", "c", contains_all }, { "indexOf", "o", index_of }, { "lastIndexOf", "o", last_index_of },
    { "clear", "", clear },          { "subList", "ii", sub_list },     { "toArray", "", to_array },
    { "iterator", "", iterator },    { "listIterator", "", iterator },  { "toString", "", text_of },
    { "equals", "o", equals },       { "hashCode", "", hash_code },     { "toJSONString", "", to_json },
    { 0 },
};

/* ---- maps ---- */
static struct vtl_value map_size(ARGS) { UNUSED; return vtl_int(self.map->n); }
static struct vtl_value map_is_empty(ARGS) { UNUSED; return vtl_bool(self.map->n == 0); }
static struct vtl_value map_get(ARGS)
{
    UNUSED;
    struct vtl_value *found = vtl_map_at(self.map, a[0]);
    return found ? *found : vtl_null();
}
static struct vtl_value map_get_or(ARGS)
{
    UNUSED;
    struct vtl_value *found = vtl_map_at(self.map, a[0]);
    return found ? *found : a[1];
}
static struct vtl_value map_put(ARGS)
{
    UNUSED;
    return vtl_run_memory(r, 128) ? vtl_map_set(r->arena, self.map, a[0], a[1]) : vtl_null();
}
static struct vtl_value map_put_if_absent(ARGS)
{
    UNUSED;
    struct vtl_value *found = vtl_map_at(self.map, a[0]);
    if (found && found->type != VTL_NULL)
        return *found;
    return map_put(r, self, a, n);
}
static struct vtl_value map_put_all(ARGS)
{
    UNUSED;
    if (a[0].type == VTL_NULL)
        return vtl_run_fail(r, 500, "TEMPLATE_FAILED", "putAll(null) in the mapping template");
    for (uint32_t i = 0; i < a[0].map->n; i++)
        vtl_map_set(r->arena, self.map, a[0].map->e[i]->key, a[0].map->e[i]->value);
    return vtl_str(S(""));
}
static struct vtl_value map_replace(ARGS)
{
    UNUSED;
    return vtl_map_at(self.map, a[0]) ? vtl_map_set(r->arena, self.map, a[0], a[1]) : vtl_null();
}
static struct vtl_value map_contains_key(ARGS) { UNUSED; return vtl_bool(vtl_map_at(self.map, a[0]) != NULL); }
static struct vtl_value map_contains_value(ARGS)
{
    UNUSED;
    for (uint32_t i = 0; i < self.map->n; i++)
        if (vtl_equals(self.map->e[i]->value, a[0]))
            return vtl_bool(true);
    return vtl_bool(false);
}
static struct vtl_value map_remove(ARGS) { UNUSED; return vtl_map_remove(self.map, a[0]); }
static struct vtl_value map_clear(ARGS)
{
    UNUSED;
    vtl_map_clear(self.map);
    return vtl_str(S(""));
}
enum part { KEYS, VALUES, ENTRIES };
static struct vtl_value parts(struct vtl_run *r, struct vtl_map *m, enum part part)
{
    struct vtl_list *l = vtl_list_new(r->arena, m->n, VTL_STYLE_SET);
    for (uint32_t i = 0; i < m->n; i++)
        vtl_list_add(r->arena, l, part == KEYS ? m->e[i]->key : part == VALUES ? m->e[i]->value
                                             : (struct vtl_value){ VTL_ENTRY, { .entry = m->e[i] } });
    return vtl_list(l);
}
static struct vtl_value key_set(ARGS) { UNUSED; return parts(r, self.map, KEYS); }
static struct vtl_value values(ARGS) { UNUSED; return parts(r, self.map, VALUES); }
static struct vtl_value entry_set(ARGS) { UNUSED; return parts(r, self.map, ENTRIES); }

const struct vtl_method vtl_map_methods[] = {
    { "get", "o", map_get },           { "put", "oo", map_put },            { "putAll", "m", map_put_all },
    { "putIfAbsent", "oo", map_put_if_absent }, { "getOrDefault", "oo", map_get_or }, { "replace", "oo", map_replace },
    { "containsKey", "o", map_contains_key }, { "containsValue", "o", map_contains_value },
    { "remove", "o", map_remove },     { "size", "", map_size },            { "isEmpty", "", map_is_empty },
    { "clear", "", map_clear },        { "keySet", "", key_set },           { "values", "", values },
    { "entrySet", "", entry_set },     { "toString", "", text_of },         { "equals", "o", equals },
    { "hashCode", "", hash_code },     { 0 },
};
