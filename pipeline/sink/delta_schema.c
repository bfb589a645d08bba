/* delta_schema.c - a table's schemaString and the fields it stands for. PROTOCOL.md, "Schema Serialization Format". */
#include "pipeline/sink/delta_log.h"

enum { MAX_DEPTH = 30, MAX_FIELDS = 10000 };

static const struct { const char *name; enum parquet_kind kind; } primitive[] = {
    { "string", PARQUET_STRING },   { "long", PARQUET_LONG },      { "integer", PARQUET_INT },
    { "short", PARQUET_INT },       { "byte", PARQUET_INT },       { "float", PARQUET_FLOAT },
    { "double", PARQUET_DOUBLE },   { "boolean", PARQUET_BOOLEAN }, { "binary", PARQUET_BINARY },
    { "date", PARQUET_DATE },       { "timestamp", PARQUET_TIMESTAMP }, { "timestamp_ntz", PARQUET_TIMESTAMP_NTZ },
    { "void", PARQUET_STRING }, /* no file has such a column: always null */
};

struct schema {
    struct arena *a;
    struct str mapping;
    struct err *e;
    size_t n_fields;
};

static int refused(struct schema *s, struct str name, struct str type)
{
    return err_set(s->e, 0, "DELTA_UNSUPPORTED", "column " STR_F ": type " STR_F ": not supported", STR_A(name), STR_A(str_head(type, 60)));
}

static int malformed(struct schema *s, const char *what) { return err_set(s->e, 0, "DELTA_MALFORMED", "schemaString: %s", what); }

/* "decimal(10,2)" */
static bool read_decimal(struct str type, struct parquet_field *f)
{
    int64_t precision, scale;
    if (!str_starts(type, S("decimal(")) || !str_ends(type, S(")")))
        return false;
    struct str rest = { type.p + 8, type.n - 9 };
    struct str first = str_trim(str_cut(&rest, ','));
    if (!str_to_i64(first, &precision) || !str_to_i64(str_trim(rest), &scale) || precision < 1 || precision > 38 || scale < 0 || scale > precision)
        return false;
    f->kind = PARQUET_DECIMAL;
    f->precision = (uint8_t)precision;
    f->scale = (uint8_t)scale;
    return true;
}

static int read_type(struct schema *s, struct json v, struct parquet_field *f, int depth);

static int read_primitive(struct schema *s, struct str type, struct parquet_field *f)
{
    for (size_t i = 0; i < sizeof primitive / sizeof *primitive; i++)
        if (str_is(type, primitive[i].name)) {
            f->kind = primitive[i].kind;
            return 0;
        }
    return read_decimal(type, f) ? 0 : refused(s, f->name, type);
}

static int read_child(struct schema *s, struct str object, const char *type_name, const char *name, struct parquet_field *child, int depth)
{
    struct json v;
    child->name = str_of(name);
    return json_get(object, type_name, &v) ? read_type(s, v, child, depth) : malformed(s, "a nested type without its element's");
}

/* PROTOCOL.md, "Column Mapping": files are written with physical names; in mode id a column is known by its number. */
static int read_mapping(struct schema *s, struct str field, struct parquet_field *f)
{
    struct json metadata, id;
    int64_t n = 0;
    if (!json_get(field, "metadata", &metadata))
        return malformed(s, "a field without metadata in a table with column mapping");
    f->physical = arena_dup(s->a, json_get_text(metadata.raw, "delta.columnMapping.physicalName", s->a));
    if (str_is(s->mapping, "id") && json_get(metadata.raw, "delta.columnMapping.id", &id) && str_to_i64(id.raw, &n) && n > 0 && n <= INT32_MAX)
        f->id = (int32_t)n;
    return f->physical.n ? 0 : malformed(s, "a field without a physical name in a table with column mapping");
}

static int read_fields(struct schema *s, struct str object, struct parquet_field **ret, size_t *ret_n, int depth)
{
    struct json fields, v;
    struct json_reader r;
    size_t n = 0, cap = 0;
    struct parquet_field *list = NULL;
    if (!json_get(object, "fields", &fields) || fields.type != JSON_ARRAY)
        return malformed(s, "a struct without fields");
    json_open(&r, fields.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0) {
        struct json type, nullable;
        if (++s->n_fields > MAX_FIELDS)
            return malformed(s, "more than 10,000 columns");
        if (n == cap) {
            struct parquet_field *old = list;
            cap = cap ? cap * 2 : 8;
            list = ARENA_ARRAY(s->a, struct parquet_field, cap);
            if (n)
                memcpy(list, old, n * sizeof *list);
        }
        struct parquet_field *f = &list[n++];
        f->name = arena_dup(s->a, json_get_text(v.raw, "name", s->a));
        f->required = json_get(v.raw, "nullable", &nullable) && nullable.type == JSON_FALSE;
        if (v.type != JSON_OBJECT || !json_get(v.raw, "type", &type))
            return malformed(s, "a field without a type");
        if (s->mapping.n && read_mapping(s, v.raw, f))
            return -1;
        if (read_type(s, type, f, depth))
            return -1;
    }
    *ret = list;
    *ret_n = n;
    return 0;
}

static int read_type(struct schema *s, struct json v, struct parquet_field *f, int depth)
{
    if (depth > MAX_DEPTH)
        return malformed(s, "nested too deep");
    if (v.type == JSON_STRING)
        return read_primitive(s, json_text(v, s->a), f);
    if (v.type != JSON_OBJECT)
        return malformed(s, "a type that is neither text nor object");
    struct str type = json_get_text(v.raw, "type", s->a);
    if (str_is(type, "struct")) {
        f->kind = PARQUET_STRUCT;
        return read_fields(s, v.raw, &f->children, &f->n_children, depth + 1);
    }
    f->children = ARENA_ARRAY(s->a, struct parquet_field, 2);
    if (str_is(type, "array")) {
        f->kind = PARQUET_LIST;
        f->n_children = 1;
        return read_child(s, v.raw, "elementType", "element", &f->children[0], depth + 1);
    }
    if (!str_is(type, "map"))
        return refused(s, f->name, type);
    f->kind = PARQUET_MAP;
    f->n_children = 2;
    if (read_child(s, v.raw, "keyType", "key", &f->children[0], depth + 1))
        return -1;
    return read_child(s, v.raw, "valueType", "value", &f->children[1], depth + 1);
}

int delta_schema_read(struct str json, struct str mapping, struct arena *a, struct parquet_field **ret, size_t *ret_n, struct err *e)
{
    struct schema s = { a, mapping, e, 0 };
    if (!json_valid(json))
        return malformed(&s, "it is no JSON");
    return read_fields(&s, json, ret, ret_n, 0);
}

/* ---- writing ---- */

static void put_type(struct buf *out, const struct parquet_field *f)
{
    if (f->kind == PARQUET_LIST) {
        buf_z(out, "{\"type\":\"array\",\"elementType\":");
        put_type(out, &f->children[0]);
        buf_z(out, ",\"containsNull\":true}");
    } else {
        buf_f(out, "\"%s\"", parquet_kind_name(f->kind));
    }
}

void delta_schema_put(struct buf *out, const struct parquet_field *fields, size_t n)
{
    buf_z(out, "{\"type\":\"struct\",\"fields\":[");
    for (size_t i = 0; i < n; i++) {
        buf_z(out, i ? ",{\"name\":" : "{\"name\":");
        json_put_text(out, fields[i].name);
        buf_z(out, ",\"type\":");
        put_type(out, &fields[i]);
        buf_z(out, ",\"nullable\":true,\"metadata\":{}}");
    }
    buf_z(out, "]}");
}

/* ---- enforcement ---- */

static bool same_type(const struct parquet_field *a, const struct parquet_field *b)
{
    return a->kind == b->kind && a->n_children == b->n_children && (a->kind != PARQUET_LIST || same_type(a->children, b->children));
}

static size_t index_of(const struct parquet_field *fields, size_t n, struct str name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(fields[i].name, name))
            return i;
    return STR_NONE;
}

static bool has_null(const struct table *rows, struct str name)
{
    const struct column *c = table_column(rows, name);
    for (size_t i = 0; c && i < rows->n_rows; i++)
        if (c->null[i])
            return true;
    return c == NULL && rows->n_rows > 0;
}

static int schema_differs(const struct table *rows, struct str column, const char *what, const char *more, struct err *e)
{
    return err_set(e, 0, "DELTA_SCHEMA", "rows of " STR_F " do not fit the table: column " STR_F " %s%s; write them to another table, or change this one first",
                   STR_A(rows->name), STR_A(column), what, more);
}

int delta_schema_accepts(const struct delta_snapshot *s, const struct parquet_field *fields, size_t n, const struct table *rows, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = index_of(s->fields, s->n_fields, fields[i].name);
        if (k == STR_NONE)
            return schema_differs(rows, fields[i].name, "is not in it", "", e);
        if (!same_type(&s->fields[k], &fields[i]))
            return schema_differs(rows, fields[i].name, "is there of type ", parquet_kind_name(s->fields[k].kind), e);
    }
    for (size_t i = 0; i < s->n_fields; i++)
        if (s->fields[i].required && has_null(rows, s->fields[i].name))
            return schema_differs(rows, s->fields[i].name, "may not be null there", "", e);
    return 0;
}
