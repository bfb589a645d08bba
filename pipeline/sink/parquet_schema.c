/* parquet_schema.c - fields to schema elements and back.
 *
 * | kind      | physical | annotation        |
 * |-----------|----------|-------------------|
 * | BOOLEAN   | BOOLEAN  |                   |
 * | INT LONG  | INT32 INT64 |                |
 * | FLOAT DOUBLE | FLOAT DOUBLE |            |
 * | STRING    | BYTES    | STRING            |
 * | BINARY    | BYTES    |                   |
 * | DATE      | INT32    | DATE              |
 * | TIMESTAMP | INT64    | TIMESTAMP(MICROS, UTC) |
 * | LIST      | group x (LIST) { repeated group list { element } } |
 * | MAP       | group x (MAP) { repeated group key_value { required key; value } } |
 * Only the three-level forms are written; Spark guesses at any other names.
 */
#include "pipeline/sink/parquet_meta.h"

static const struct { const char *name; enum parquet_physical physical; enum parquet_logical logical; bool writes; } kinds[] = {
    [PARQUET_BOOLEAN] = { "boolean", PHYSICAL_BOOLEAN, LOGICAL_NONE, true },
    [PARQUET_INT] = { "integer", PHYSICAL_INT32, LOGICAL_NONE, true },
    [PARQUET_LONG] = { "long", PHYSICAL_INT64, LOGICAL_NONE, true },
    [PARQUET_FLOAT] = { "float", PHYSICAL_FLOAT, LOGICAL_NONE, false },
    [PARQUET_DOUBLE] = { "double", PHYSICAL_DOUBLE, LOGICAL_NONE, true },
    [PARQUET_STRING] = { "string", PHYSICAL_BYTES, LOGICAL_TEXT, true },
    [PARQUET_BINARY] = { "binary", PHYSICAL_BYTES, LOGICAL_NONE, false },
    [PARQUET_DATE] = { "date", PHYSICAL_INT32, LOGICAL_DATE, false },
    [PARQUET_TIMESTAMP] = { "timestamp", PHYSICAL_INT64, LOGICAL_TIMESTAMP, true },
    [PARQUET_TIMESTAMP_NTZ] = { "timestamp_ntz", PHYSICAL_INT64, LOGICAL_TIMESTAMP, false },
    [PARQUET_DECIMAL] = { "decimal", PHYSICAL_FIXED, LOGICAL_DECIMAL, false },
    [PARQUET_STRUCT] = { "struct", PHYSICAL_GROUP, LOGICAL_NONE, true },
    [PARQUET_LIST] = { "array", PHYSICAL_GROUP, LOGICAL_LIST, true },
    [PARQUET_MAP] = { "map", PHYSICAL_GROUP, LOGICAL_MAP, true },
};

const char *parquet_kind_name(enum parquet_kind k)
{
    return k >= PARQUET_BOOLEAN && k <= PARQUET_MAP ? kinds[k].name : "nothing";
}

/* ---- fields to elements ---- */

static size_t count(const struct parquet_field *fields, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += 1 + (fields[i].kind >= PARQUET_LIST) + count(fields[i].children, fields[i].n_children);
    return sum;
}

static struct parquet_element *add(struct parquet_meta *m, struct str name, enum parquet_physical p, enum parquet_repetition r, size_t n)
{
    struct parquet_element *el = &m->elements[m->n_elements++];
    *el = (struct parquet_element){ .name = name, .physical = p, .repetition = r, .n_children = (uint32_t)n };
    return el;
}

static int add_field(struct parquet_meta *m, const struct parquet_field *f, struct str name, struct err *e)
{
    if (f->kind < PARQUET_BOOLEAN || f->kind > PARQUET_MAP || !kinds[f->kind].writes)
        return err_set(e, 0, "PARQUET_UNSUPPORTED", "column " STR_F ": type %s is read, but not written", STR_A(name), parquet_kind_name(f->kind));
    bool nested = f->kind == PARQUET_LIST || f->kind == PARQUET_MAP;
    struct parquet_element *el = add(m, name, kinds[f->kind].physical, f->required ? REPETITION_REQUIRED : REPETITION_OPTIONAL,
                                     nested ? 1 : f->n_children);
    el->logical = kinds[f->kind].logical;
    el->utc = f->kind == PARQUET_TIMESTAMP;
    el->unit_us = 1;
    if (nested)
        add(m, f->kind == PARQUET_LIST ? S("list") : S("key_value"), PHYSICAL_GROUP, REPETITION_REPEATED, f->n_children);
    static const struct str names[3] = { S_INIT("element"), S_INIT("key"), S_INIT("value") };
    for (size_t i = 0; i < f->n_children; i++)
        if (add_field(m, &f->children[i], !nested ? f->children[i].name : names[f->kind == PARQUET_LIST ? 0 : i + 1], e))
            return -1;
    return 0;
}

int parquet_schema_elements(const struct parquet_field *fields, size_t n, struct arena *a, struct parquet_meta *ret, struct err *e)
{
    *ret = (struct parquet_meta){ 0 };
    ret->elements = ARENA_ARRAY(a, struct parquet_element, count(fields, n) + 1);
    add(ret, S("schema"), PHYSICAL_GROUP, REPETITION_REQUIRED, n);
    for (size_t i = 0; i < n; i++)
        if (add_field(ret, &fields[i], fields[i].name, e))
            return -1;
    return parquet_meta_link(ret, a, S("schema"), e);
}

/* ---- elements to fields ---- */

bool parquet_schema_is_list(const struct parquet_meta *m, uint32_t at)
{
    const struct parquet_element *el = &m->elements[at];
    return el->physical == PHYSICAL_GROUP && el->logical == LOGICAL_LIST && el->n_children == 1 && el->n_leaves &&
           m->elements[at + 1].repetition == REPETITION_REPEATED;
}

bool parquet_schema_is_map(const struct parquet_meta *m, uint32_t at)
{
    const struct parquet_element *el = &m->elements[at];
    return el->physical == PHYSICAL_GROUP && el->logical == LOGICAL_MAP && el->n_children == 1 &&
           m->elements[at + 1].repetition == REPETITION_REPEATED && m->elements[at + 1].n_children == 2 &&
           m->elements[at + 2].n_leaves == 1;
}

/* LogicalTypes.md, "Backward-compatibility rules" of lists: the repeated node is the element itself when it is no
 * group, has several children, or is called array or <list>_tuple. */
uint32_t parquet_schema_list_element(const struct parquet_meta *m, uint32_t list)
{
    const struct parquet_element *el = &m->elements[list], *repeated = &m->elements[list + 1];
    struct str stem = repeated->name;
    bool tuple = str_ends(stem, S("_tuple")) && str_eq(str_head(stem, stem.n - 6), el->name);
    if (repeated->physical != PHYSICAL_GROUP || repeated->n_children != 1 || str_is(repeated->name, "array") || tuple ||
        m->elements[list + 2].repetition == REPETITION_REPEATED)
        return list + 1;
    return list + 2;
}

static enum parquet_kind leaf_kind(const struct parquet_element *el)
{
    switch (el->physical) {
    case PHYSICAL_BOOLEAN: return PARQUET_BOOLEAN;
    case PHYSICAL_INT32:
        return el->logical == LOGICAL_DATE ? PARQUET_DATE : el->logical == LOGICAL_DECIMAL ? PARQUET_DECIMAL :
               el->is_unsigned ? PARQUET_LONG : PARQUET_INT;
    case PHYSICAL_INT64:
        if (el->logical == LOGICAL_TIMESTAMP)
            return el->utc ? PARQUET_TIMESTAMP : PARQUET_TIMESTAMP_NTZ;
        return el->logical == LOGICAL_DECIMAL ? PARQUET_DECIMAL : PARQUET_LONG;
    case PHYSICAL_INT96: return PARQUET_TIMESTAMP;
    case PHYSICAL_FLOAT: return PARQUET_FLOAT;
    case PHYSICAL_DOUBLE: return PARQUET_DOUBLE;
    default: return el->logical == LOGICAL_DECIMAL ? PARQUET_DECIMAL : el->logical == LOGICAL_TEXT ? PARQUET_STRING : PARQUET_BINARY;
    }
}

static struct parquet_field field_of(const struct parquet_meta *m, uint32_t at, bool inner, struct arena *a);

static struct parquet_field *children_of(const struct parquet_meta *m, uint32_t at, struct arena *a)
{
    const struct parquet_element *el = &m->elements[at];
    struct parquet_field *fields = ARENA_ARRAY(a, struct parquet_field, el->n_children + 1);
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < el->n_children; i++, child = m->elements[child].next)
        fields[i] = field_of(m, child, false, a);
    return fields;
}

/* inner: the element stands for one item of the list that its repetition makes. */
static struct parquet_field field_of(const struct parquet_meta *m, uint32_t at, bool inner, struct arena *a)
{
    const struct parquet_element *el = &m->elements[at];
    struct parquet_field f = { .name = el->name, .required = el->repetition == REPETITION_REQUIRED };
    if (!inner && el->repetition == REPETITION_REPEATED) {
        f.kind = PARQUET_LIST;
        f.n_children = 1;
        f.children = ARENA_NEW(a, struct parquet_field);
        f.children[0] = field_of(m, at, true, a);
    } else if (parquet_schema_is_list(m, at)) {
        uint32_t element = parquet_schema_list_element(m, at);
        f.kind = PARQUET_LIST;
        f.n_children = 1;
        f.children = ARENA_NEW(a, struct parquet_field);
        f.children[0] = field_of(m, element, element == at + 1, a);
    } else if (parquet_schema_is_map(m, at)) {
        f.kind = PARQUET_MAP;
        f.n_children = 2;
        f.children = children_of(m, at + 1, a);
    } else if (el->physical == PHYSICAL_GROUP) {
        f.kind = PARQUET_STRUCT;
        f.n_children = el->n_children;
        f.children = children_of(m, at, a);
    } else {
        f.kind = leaf_kind(el);
        f.precision = (uint8_t)(el->precision > 0 && el->precision <= 38 ? el->precision : 0);
        f.scale = (uint8_t)(el->scale > 0 && el->scale <= 38 ? el->scale : 0);
    }
    return f;
}

struct parquet_field *parquet_schema_fields(const struct parquet_meta *m, struct arena *a, size_t *ret_n)
{
    *ret_n = m->elements[0].n_children;
    return children_of(m, 0, a);
}

/* ---- tables ---- */

struct parquet_field *parquet_table_fields(const struct table *t, struct arena *a)
{
    static const enum parquet_kind of[] = {
        [COLUMN_STRING] = PARQUET_STRING, [COLUMN_INT] = PARQUET_INT,         [COLUMN_LONG] = PARQUET_LONG,
        [COLUMN_DOUBLE] = PARQUET_DOUBLE, [COLUMN_BOOLEAN] = PARQUET_BOOLEAN, [COLUMN_TIMESTAMP] = PARQUET_TIMESTAMP,
        [COLUMN_DOUBLES] = PARQUET_LIST,
    };
    struct parquet_field *fields = ARENA_ARRAY(a, struct parquet_field, t->n_columns + 1);
    for (size_t i = 0; i < t->n_columns; i++) {
        fields[i].name = arena_dup(a, t->columns[i].name);
        fields[i].kind = of[t->columns[i].type];
        if (fields[i].kind == PARQUET_LIST) {
            fields[i].n_children = 1;
            fields[i].children = ARENA_NEW(a, struct parquet_field);
            fields[i].children[0] = (struct parquet_field){ .name = S("element"), .kind = PARQUET_DOUBLE };
        }
    }
    return fields;
}
