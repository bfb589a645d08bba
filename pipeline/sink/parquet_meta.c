/* parquet_meta.c - reading the footer: schema, row groups, column chunks; and page headers. */
#include "pipeline/sink/parquet_meta.h"

#include "pipeline/sink/parquet_thrift.h"

static const struct { enum parquet_logical logical; int32_t unit_us; bool utc, is_unsigned; } converted_types[] = {
    [0] = { .logical = LOGICAL_TEXT },                                     /* UTF8 */
    [1] = { .logical = LOGICAL_MAP },                                      /* MAP */
    [2] = { .logical = LOGICAL_MAP },                                      /* MAP_KEY_VALUE */
    [3] = { .logical = LOGICAL_LIST },                                     /* LIST */
    [4] = { .logical = LOGICAL_TEXT },                                     /* ENUM */
    [5] = { .logical = LOGICAL_DECIMAL },                                  /* DECIMAL */
    [6] = { .logical = LOGICAL_DATE },                                     /* DATE */
    [7] = { .logical = LOGICAL_TIME },                                     /* TIME_MILLIS */
    [8] = { .logical = LOGICAL_TIME },                                     /* TIME_MICROS */
    [9] = { .logical = LOGICAL_TIMESTAMP, .unit_us = 1000, .utc = true },  /* TIMESTAMP_MILLIS */
    [10] = { .logical = LOGICAL_TIMESTAMP, .unit_us = 1, .utc = true },    /* TIMESTAMP_MICROS */
    [11] = { .logical = LOGICAL_INTEGER, .is_unsigned = true },            /* UINT_8 … UINT_64 */
    [12] = { .logical = LOGICAL_INTEGER, .is_unsigned = true },
    [13] = { .logical = LOGICAL_INTEGER, .is_unsigned = true },
    [14] = { .logical = LOGICAL_INTEGER, .is_unsigned = true },
    [15] = { .logical = LOGICAL_INTEGER },                                 /* INT_8 … INT_64 */
    [16] = { .logical = LOGICAL_INTEGER },
    [17] = { .logical = LOGICAL_INTEGER },
    [18] = { .logical = LOGICAL_INTEGER },
    [19] = { .logical = LOGICAL_TEXT },                                    /* JSON */
    [20] = { .logical = LOGICAL_OTHER },                                   /* BSON */
    [21] = { .logical = LOGICAL_OTHER },                                   /* INTERVAL */
};

/* The union LogicalType: field id -> meaning. */
static const enum parquet_logical logical_types[] = {
    [1] = LOGICAL_TEXT, [2] = LOGICAL_MAP,       [3] = LOGICAL_LIST,     [4] = LOGICAL_TEXT,  [5] = LOGICAL_DECIMAL,
    [6] = LOGICAL_DATE, [7] = LOGICAL_TIME,      [8] = LOGICAL_TIMESTAMP, [10] = LOGICAL_INTEGER, [11] = LOGICAL_NONE,
    [12] = LOGICAL_TEXT, [13] = LOGICAL_OTHER,   [14] = LOGICAL_OTHER,   [15] = LOGICAL_OTHER, [16] = LOGICAL_OTHER,
};

const char *parquet_encoding_name(int32_t encoding)
{
    static const char *const names[] = { "PLAIN", "GROUP_VAR_INT", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED",
                                         "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY",
                                         "RLE_DICTIONARY", "BYTE_STREAM_SPLIT" };
    return encoding >= 0 && (size_t)encoding < sizeof names / sizeof *names ? names[encoding] : "unknown";
}

/* ---- schema ---- */

/* TimestampType: 1 isAdjustedToUTC, 2 unit: union of 1 MILLIS, 2 MICROS, 3 NANOS. */
static void read_timestamp(struct thrift_in *t, struct parquet_element *el)
{
    static const int32_t units[] = { [1] = 1000, [2] = 1, [3] = 0 };
    struct thrift_field f;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        if (f.id == 1) {
            el->utc = parquet_thrift_bool(t, f);
        } else if (f.id == 2 && f.type == THRIFT_STRUCT) {
            parquet_thrift_enter(t);
            while (parquet_thrift_next(t, &f)) {
                el->unit_us = f.id >= 1 && f.id <= 3 ? units[f.id] : 1;
                parquet_thrift_skip(t, f);
            }
        } else {
            parquet_thrift_skip(t, f);
        }
    }
}

/* DecimalType: 1 scale, 2 precision. IntType: 1 width, 2 isSigned. */
static void read_two(struct thrift_in *t, struct parquet_element *el)
{
    struct thrift_field f;
    bool decimal = el->logical == LOGICAL_DECIMAL;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        if (decimal && f.id == 1)
            el->scale = (int32_t)parquet_thrift_int(t, f, 0, 1000);
        else if (decimal && f.id == 2)
            el->precision = (int32_t)parquet_thrift_int(t, f, 0, 100000);
        else if (!decimal && f.id == 2)
            el->is_unsigned = !parquet_thrift_bool(t, f);
        else
            parquet_thrift_skip(t, f);
    }
}

static void read_logical(struct thrift_in *t, struct parquet_element *el)
{
    struct thrift_field f;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        bool known = (size_t)f.id < sizeof logical_types / sizeof *logical_types;
        el->logical = known ? logical_types[f.id] : LOGICAL_OTHER;
        if (f.type != THRIFT_STRUCT)
            t->bad = true;
        else if (el->logical == LOGICAL_TIMESTAMP)
            read_timestamp(t, el);
        else if (el->logical == LOGICAL_DECIMAL || el->logical == LOGICAL_INTEGER)
            read_two(t, el);
        else
            parquet_thrift_skip(t, f);
    }
}

static void read_converted(struct parquet_element *el, int64_t type)
{
    if (el->logical != LOGICAL_NONE || (size_t)type >= sizeof converted_types / sizeof *converted_types)
        return;
    el->logical = converted_types[type].logical;
    el->unit_us = converted_types[type].unit_us;
    el->utc = converted_types[type].utc;
    el->is_unsigned = converted_types[type].is_unsigned;
}

static void read_element(struct thrift_in *t, struct parquet_element *el)
{
    struct thrift_field f;
    *el = (struct parquet_element){ .physical = PHYSICAL_GROUP };
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        switch (f.id) {
        case 1: el->physical = (enum parquet_physical)parquet_thrift_int(t, f, 0, PHYSICAL_FIXED); break;
        case 2: el->fixed_bytes = (int32_t)parquet_thrift_int(t, f, INT32_MIN, INT32_MAX); break;
        case 3: el->repetition = (enum parquet_repetition)parquet_thrift_int(t, f, 0, REPETITION_REPEATED); break;
        case 4: el->name = parquet_thrift_bytes(t, f); break;
        case 5: el->n_children = (uint32_t)parquet_thrift_int(t, f, 0, PARQUET_MAX_ELEMENTS); break;
        case 6: read_converted(el, parquet_thrift_int(t, f, 0, INT32_MAX)); break;
        case 7: el->scale = (int32_t)parquet_thrift_int(t, f, INT32_MIN, INT32_MAX); break;
        case 8: el->precision = (int32_t)parquet_thrift_int(t, f, INT32_MIN, INT32_MAX); break;
        case 9: el->field_id = (int32_t)parquet_thrift_int(t, f, INT32_MIN, INT32_MAX); break;
        case 10:
            if (f.type == THRIFT_STRUCT)
                read_logical(t, el);
            else
                t->bad = true;
            break;
        default: parquet_thrift_skip(t, f);
        }
    }
    if (el->n_children)
        el->physical = PHYSICAL_GROUP;
}

/* ---- row groups ---- */

/* Statistics: 3 null_count, 5 max_value, 6 min_value. The older min and max (1, 2) have no defined order. */
static void read_statistics(struct thrift_in *t, struct parquet_chunk_meta *c)
{
    struct thrift_field f;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        switch (f.id) {
        case 3: c->n_nulls = parquet_thrift_int(t, f, INT64_MIN, INT64_MAX); break;
        case 5: c->max = parquet_thrift_bytes(t, f); break;
        case 6: c->min = parquet_thrift_bytes(t, f); break;
        default: parquet_thrift_skip(t, f);
        }
    }
}

static void read_encodings(struct thrift_in *t, struct thrift_field f, struct parquet_chunk_meta *c)
{
    size_t n = parquet_thrift_list(t, f, THRIFT_I32);
    while (n--) {
        int64_t encoding = parquet_thrift_zigzag(t);
        c->dictionary |= encoding == ENCODING_PLAIN_DICTIONARY || encoding == ENCODING_RLE_DICTIONARY;
        c->plain |= encoding == ENCODING_PLAIN;
    }
}

static void read_column(struct thrift_in *t, struct parquet_chunk_meta *c)
{
    struct thrift_field f;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        switch (f.id) {
        case 2: read_encodings(t, f, c); break;
        case 4: c->codec = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX); break;
        case 5: c->n_values = parquet_thrift_int(t, f, 0, INT64_MAX); break;
        case 6: c->uncompressed_bytes = parquet_thrift_int(t, f, INT64_MIN, INT64_MAX); break;
        case 7: c->compressed_bytes = parquet_thrift_int(t, f, 0, INT64_MAX); break;
        case 9: c->data_offset = parquet_thrift_int(t, f, 0, INT64_MAX); break;
        case 11: c->dictionary_offset = parquet_thrift_int(t, f, 0, INT64_MAX); break;
        case 12:
            if (f.type == THRIFT_STRUCT)
                read_statistics(t, c);
            else
                t->bad = true;
            break;
        default: parquet_thrift_skip(t, f);
        }
    }
}

struct refusal {
    const char *what;
};

static void read_chunk(struct thrift_in *t, struct parquet_chunk_meta *c, struct refusal *no)
{
    struct thrift_field f;
    bool found = false;
    *c = (struct parquet_chunk_meta){ .n_nulls = -1 };
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        if (f.id == 1 && parquet_thrift_bytes(t, f).n)
            no->what = "column chunks in other files";
        else if (f.id == 8 || f.id == 9)
            no->what = "encryption";
        if (f.id == 3 && f.type == THRIFT_STRUCT)
            read_column(t, c), found = true;
        else if (f.id != 1)
            parquet_thrift_skip(t, f);
    }
    if (!found && !no->what)
        t->bad = true;
}

static void read_group(struct thrift_in *t, struct parquet_meta *m, struct parquet_group_meta *g, struct arena *a, struct refusal *no)
{
    struct thrift_field f;
    *g = (struct parquet_group_meta){ 0 };
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        if (f.id == 1) {
            if (parquet_thrift_list(t, f, THRIFT_STRUCT) != m->n_leaves || g->chunks) {
                t->bad = true;
                return;
            }
            g->chunks = arena_alloc(a, m->n_leaves * sizeof *g->chunks + 1);
            for (uint32_t i = 0; i < m->n_leaves && !t->bad; i++)
                read_chunk(t, &g->chunks[i], no);
        } else if (f.id == 2) {
            g->bytes = parquet_thrift_int(t, f, INT64_MIN, INT64_MAX);
        } else if (f.id == 3) {
            g->n_rows = parquet_thrift_int(t, f, 0, INT64_MAX);
        } else {
            parquet_thrift_skip(t, f);
        }
    }
    if (!g->chunks)
        t->bad = true;
}

/* ---- the footer ---- */

static uint32_t link_below(struct parquet_meta *m, uint32_t at, unsigned depth, uint8_t def, uint8_t rep)
{
    struct parquet_element *el = &m->elements[at];
    if (at) { /* the root has no repetition of its own */
        def = (uint8_t)(def + (el->repetition != REPETITION_REQUIRED));
        rep = (uint8_t)(rep + (el->repetition == REPETITION_REPEATED));
    }
    el->max_def = def;
    el->max_rep = rep;
    el->leaf = m->n_leaves;
    uint32_t next = at + 1;
    if (el->physical != PHYSICAL_GROUP)
        m->leaves[m->n_leaves++] = at;
    for (uint32_t i = 0; i < el->n_children && next; i++)
        next = next < m->n_elements && depth < PARQUET_MAX_DEPTH ? link_below(m, next, depth + 1, def, rep) : 0;
    el->next = next;
    el->n_leaves = m->n_leaves - el->leaf;
    return next; /* 0: the tree does not fit its elements */
}

int parquet_meta_link(struct parquet_meta *m, struct arena *a, struct str name, struct err *e)
{
    m->leaves = arena_alloc(a, m->n_elements * sizeof *m->leaves + 1);
    m->n_leaves = 0;
    if (m->n_elements && link_below(m, 0, 0, 0, 0) == m->n_elements)
        return 0;
    return err_set(e, 0, "PARQUET_MALFORMED", STR_F ": the schema's elements form no tree of at most %d levels", STR_A(name), PARQUET_MAX_DEPTH);
}

static void read_groups(struct thrift_in *t, struct thrift_field f, struct parquet_meta *m, struct arena *a, struct refusal *no)
{
    size_t n = parquet_thrift_list(t, f, THRIFT_STRUCT), cap = 0;
    for (; m->n_groups < n && !t->bad; m->n_groups++) {
        if (m->n_groups == cap) { /* grown as they come: the number alone proves nothing */
            struct parquet_group_meta *old = m->groups;
            cap = cap ? cap * 2 : 4;
            m->groups = arena_alloc(a, cap * sizeof *m->groups);
            if (old)
                memcpy(m->groups, old, m->n_groups * sizeof *old);
        }
        read_group(t, m, &m->groups[m->n_groups], a, no);
    }
}

static int read_schema(struct thrift_in *t, struct thrift_field f, struct parquet_meta *m, struct str name, struct arena *a, struct err *e)
{
    size_t n = parquet_thrift_list(t, f, THRIFT_STRUCT);
    if (n > PARQUET_MAX_ELEMENTS)
        return err_set(e, 0, "PARQUET_UNSUPPORTED", STR_F ": %zu schema elements; at most %d are read", STR_A(name), n, PARQUET_MAX_ELEMENTS);
    m->elements = arena_alloc(a, n * sizeof *m->elements + 1);
    for (m->n_elements = 0; m->n_elements < n && !t->bad; m->n_elements++)
        read_element(t, &m->elements[m->n_elements]);
    return t->bad ? 0 : parquet_meta_link(m, a, name, e);
}

/* FileMetaData: 1 version, 2 schema, 3 num_rows, 4 row_groups, 5 key_value, 6 created_by, 8 encryption_algorithm. */
int parquet_meta_read(struct str footer, struct str name, struct arena *a, struct parquet_meta *ret, struct err *e)
{
    struct thrift_in t = parquet_thrift_in(footer);
    struct thrift_field f;
    struct refusal no = { 0 };
    struct parquet_meta m = { 0 };
    parquet_thrift_enter(&t);
    while (parquet_thrift_next(&t, &f)) {
        if (f.id == 2 && !m.elements) {
            if (read_schema(&t, f, &m, name, a, e))
                return -1;
        } else if (f.id == 3) {
            m.n_rows = parquet_thrift_int(&t, f, 0, INT64_MAX);
        } else if (f.id == 4 && m.elements && !m.groups) {
            read_groups(&t, f, &m, a, &no);
        } else if (f.id == 6) {
            m.created_by = parquet_thrift_bytes(&t, f);
        } else {
            if (f.id == 8)
                no.what = "encryption";
            parquet_thrift_skip(&t, f);
        }
    }
    if (no.what)
        return err_set(e, 0, "PARQUET_UNSUPPORTED", STR_F ": %s: not supported", STR_A(name), no.what);
    int64_t rows = 0;
    for (size_t i = 0; i < m.n_groups && !t.bad; i++)
        if (__builtin_add_overflow(rows, m.groups[i].n_rows, &rows))
            t.bad = true;
    if (t.bad || !m.elements || !m.n_elements)
        return err_set(e, 0, "PARQUET_MALFORMED", STR_F ": the footer is no FileMetaData", STR_A(name));
    m.n_rows = rows;
    *ret = m;
    return 0;
}

/* ---- page headers ---- */

/* DataPageHeader 1 num_values, 2 encoding, 3 def, 4 rep; DictionaryPageHeader 1, 2; DataPageHeaderV2 1 num_values,
 * 2 num_nulls, 3 num_rows, 4 encoding, 5 def bytes, 6 rep bytes, 7 is_compressed. */
static void read_page_kind(struct thrift_in *t, struct parquet_page_header *h, int kind)
{
    enum { DATA = 5, DICTIONARY = 7, DATA_V2 = 8 };
    struct thrift_field f;
    parquet_thrift_enter(t);
    while (parquet_thrift_next(t, &f)) {
        if (f.id == 1)
            h->n_values = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX);
        else if (f.id == (kind == DATA_V2 ? 4 : 2))
            h->encoding = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX);
        else if (f.id == 3 && kind == DATA)
            h->def_encoding = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX);
        else if (f.id == 4 && kind == DATA)
            h->rep_encoding = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX);
        else if (f.id == 5 && kind == DATA_V2)
            h->def_bytes = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX);
        else if (f.id == 6 && kind == DATA_V2)
            h->rep_bytes = (int32_t)parquet_thrift_int(t, f, 0, INT32_MAX);
        else if (f.id == 7 && kind == DATA_V2)
            h->compressed = parquet_thrift_bool(t, f);
        else
            parquet_thrift_skip(t, f);
    }
}

size_t parquet_meta_page(struct str bytes, struct parquet_page_header *ret)
{
    struct thrift_in t = parquet_thrift_in(bytes);
    struct thrift_field f;
    struct parquet_page_header h = { .n_values = -1, .compressed = true, .def_encoding = ENCODING_RLE, .rep_encoding = ENCODING_RLE };
    int kind = 0;
    parquet_thrift_enter(&t);
    while (parquet_thrift_next(&t, &f)) {
        switch (f.id) {
        case 1: kind = 1, h.type = (enum parquet_page)parquet_thrift_int(&t, f, 0, 3); break;
        case 2: h.uncompressed_bytes = (int32_t)parquet_thrift_int(&t, f, 0, INT32_MAX); break;
        case 3: h.compressed_bytes = (int32_t)parquet_thrift_int(&t, f, 0, INT32_MAX); break;
        case 4: h.has_crc = true, h.crc = (uint32_t)parquet_thrift_int(&t, f, INT32_MIN, INT32_MAX); break;
        case 5:
        case 7:
        case 8:
            if (f.type == THRIFT_STRUCT)
                read_page_kind(&t, &h, f.id);
            else
                t.bad = true;
            break;
        default: parquet_thrift_skip(&t, f);
        }
    }
    if (t.bad || !kind || (h.n_values < 0 && h.type != PAGE_INDEX))
        return 0;
    *ret = h;
    return (size_t)(t.p - (const uint8_t *)bytes.p);
}
