/* One record: bound and UTF-8 checked, read once into `values` (one slot a member), then column by column:
 * take the member -> operations in the order of the rule file -> type -> the table.
 *
 * A record of the same shape as one before (shape.h) takes a shorter way to the same row: cleaner_shaped. Whatever
 * it cannot decide at once goes the long way, from the start.
 */
#include <math.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "pipeline/clean/program.h"
#include "pipeline/clean/shape.h"
#include "pipeline/clean/table.h"

/* What records of the known shape have for a column. */
struct plan {
    const struct json *value; /* SOURCE_MEMBER, or the whole */
    bool whole, renamed;
    bool text;        /* texts that no operation looks at go straight to the table */
    uint64_t lengths; /* those one does look at, as in struct op */
};

struct cleaner {
    const struct program *p;
    struct table *t;
    bool views;
    bool unwrapped;           /* we are inside a string that held the record */
    struct json *values;      /* by input; type 0 = absent */
    struct shape_number *numbers; /* by input; known = what values says as a number */
    struct shape shape;
    struct plan *plan;        /* by column */
    bool simple;              /* what is required are whole numbers without operations */
    bool values_shaped;       /* nothing but members of the shape is in values */
    unsigned missed, patience; /* records since the shape was learned that did not have it; until it is learned anew */
    struct clean_count *undo; /* counts as they were before the record */
    struct arena scratch;     /* for messages */
    struct json_reader reader;
    uint64_t tag;
};

static bool cleaner_is_simple(const struct program *p)
{
    for (size_t i = 0; i < p->n_columns; i++) {
        const struct program_column *col = &p->columns[i];
        bool whole_number = col->type == COLUMN_INT || col->type == COLUMN_LONG;
        if (col->required && (!whole_number || col->source != SOURCE_MEMBER || col->n_ops))
            return false;
    }
    return true;
}

struct cleaner *cleaner_open(const struct rules *r, struct str table, bool views)
{
    const struct program *p = rules_program(r, table);
    if (!p)
        return NULL;
    struct cleaner *c = mem_zero(sizeof *c);
    c->p = p;
    c->views = views;
    c->t = table_of(p);
    c->values = mem_zero(sizeof *c->values * (p->n_inputs + 1));
    c->numbers = mem_zero(sizeof *c->numbers * (p->n_inputs + 1));
    c->undo = mem_zero(sizeof *c->undo * (p->n_counts + 1));
    c->plan = mem_zero(sizeof *c->plan * p->n_columns);
    c->simple = cleaner_is_simple(p);
    c->patience = 1;
    c->scratch = ARENA_INIT;
    return c;
}

void cleaner_close(struct cleaner *c)
{
    if (!c)
        return;
    table_close(c->t);
    arena_release(&c->scratch);
    free(c->values);
    free(c->numbers);
    free(c->undo);
    free(c->plan);
    free(c);
}

struct table *cleaner_take(struct cleaner *c)
{
    struct table *t = c->t;
    c->t = table_of(c->p);
    return t;
}

/* ---- reading the object ---- */

static void cleaner_forget(struct cleaner *c)
{
    memset(c->values, 0, sizeof *c->values * c->p->n_inputs);
    memset(c->numbers, 0, sizeof *c->numbers * c->p->n_inputs);
    c->values_shaped = false;
}

/* Reads the object at hand; false on broken JSON. */
static bool cleaner_members(struct cleaner *c)
{
    struct str key;
    int more;
    cleaner_forget(c);
    if (json_enter(&c->reader, JSON_OBJECT))
        return false;
    while ((more = json_member(&c->reader, &key)) == 1) {
        size_t input = shape_input(c->p, key, &c->scratch);
        c->t->unknown_keys += input == SHAPE_NOT_USED;
        if (input >= c->p->n_used ? json_skip(&c->reader) : json_read(&c->reader, &c->values[input]))
            return false;
    }
    return more == 0;
}

/* ---- one cell ---- */

/* Text of a scalar; {"$date": "…"} counts as its text for a timestamp. */
static bool cleaner_scalar(struct cleaner *c, struct json v, enum column_type type, struct draft *d)
{
    struct json inner;
    if (v.type == JSON_OBJECT && type == COLUMN_TIMESTAMP && json_get(v.raw, "$date", &inner) &&
        inner.type == JSON_STRING)
        v = inner;
    if (v.type == JSON_ARRAY || v.type == JSON_OBJECT)
        return false;
    *d = (struct draft){ .state = v.type == JSON_NULL ? DRAFT_NULL : DRAFT_TEXT, .text = v.raw };
    if (v.type == JSON_STRING && v.escaped) {
        d->text = json_text(v, &c->t->arenas[0]);
        d->moved = true;
    }
    return true;
}

/* A value that is neither null nor nested nor escaped; a whole number is one at once where no text is asked for. */
static inline struct draft cleaner_draft(const struct cleaner *c, const struct json *v)
{
    const struct shape_number *n = &c->numbers[v - c->values];
    bool whole = n->known && !n->behind && (n->digits || !n->negative);
    return (struct draft){ .state = whole ? DRAFT_NUMBER : DRAFT_TEXT, .text = v->raw, .number = n->digits };
}

static void cleaner_ops(struct cleaner *c, const struct program_column *col, struct draft *d)
{
    for (size_t i = 0; i < col->n_ops && d->state != DRAFT_NULL; i++) {
        const struct op *op = &col->ops[i];
        struct str before = d->text;
        if (!op_screen(op, before))
            continue;
        switch (op->kind->run(op, d, &c->t->arenas[0])) {
        case OP_SAME:
            break;
        case OP_TOUCHED:
            c->t->counts[op->count].touched++;
            break;
        case OP_NULLED:
            table_count_nulled(c->t, op->count, before, c->tag);
            d->state = DRAFT_NULL;
            break;
        }
    }
}

static void cleaner_text(struct cleaner *c, struct column *out, size_t row, const struct draft *d)
{
    if (out->coded) {
        out->code[row] = table_code(out, d->text);
        out->v.text[row] = out->dictionary.text[out->code[row]];
    } else {
        out->v.text[row] = c->views || d->moved ? d->text : arena_dup(&c->t->arenas[0], d->text);
    }
}

static void cleaner_put_null(struct column *out, size_t row)
{
    out->null[row] = 1;
    switch (out->type) {
    case COLUMN_STRING:
        out->v.text[row] = (struct str){ NULL, 0 };
        if (out->coded)
            out->code[row] = CODE_NULL;
        break;
    case COLUMN_INT:
    case COLUMN_BOOLEAN:
        out->v.i32[row] = 0;
        break;
    case COLUMN_DOUBLES:
        for (uint32_t i = 0; i < out->width; i++)
            out->v.f64[row * out->width + i] = NAN;
        break;
    default:
        out->v.i64[row] = 0;
        break;
    }
}

/* The draft as a value of the column's type; false when it is none. */
static bool cleaner_put(struct cleaner *c, struct column *out, size_t row, const struct draft *d)
{
    int64_t number;
    out->null[row] = 0;
    switch (out->type) {
    case COLUMN_STRING:
        cleaner_text(c, out, row, d);
        return true;
    case COLUMN_INT:
        if (!draft_integer(d, INT32_MIN, INT32_MAX, &number))
            return false;
        out->v.i32[row] = (int32_t)number;
        return true;
    case COLUMN_LONG:
        return draft_integer(d, INT64_MIN, INT64_MAX, &out->v.i64[row]);
    case COLUMN_DOUBLE:
        return draft_double(d, &out->v.f64[row]);
    case COLUMN_BOOLEAN:
        return draft_boolean(d, &out->v.i32[row]);
    case COLUMN_TIMESTAMP:
        out->v.i64[row] = d->number;
        return d->state == DRAFT_NUMBER;
    case COLUMN_DOUBLES:
        break;
    }
    return false;
}

/* ---- one column ---- */

static const struct json *cleaner_member(const struct cleaner *c, const struct program_column *col)
{
    for (size_t i = 0; i < col->n_from; i++)
        if (c->values[col->from[i]].type) {
            return &c->values[col->from[i]];
        }
    return NULL;
}

/* The first part that is absent, or NULL. */
static const struct part *cleaner_absent(const struct cleaner *c, const struct program_column *col)
{
    for (size_t i = 0; i < col->n_parts; i++)
        if (!col->parts[i].literal && !c->values[col->parts[i].input].type)
            return &col->parts[i];
    return NULL;
}

static void cleaner_not_scalar(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                               struct str raw)
{
    table_count_nulled(c->t, col->type_count, raw, c->tag);
    cleaner_put_null(out, row);
}

/* Operations, type, table. */
static void cleaner_finish(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                           struct draft *d)
{
    cleaner_ops(c, col, d);
    if (d->state == DRAFT_NULL) {
        cleaner_put_null(out, row);
    } else if (!cleaner_put(c, out, row, d)) {
        table_count_nulled(c->t, col->type_count, d->text, c->tag);
        cleaner_put_null(out, row);
    }
}

static inline void cleaner_take_member(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                                       const struct plan *plan)
{
    const struct json *v = plan->value;
    struct draft d = col->n_ops ? (struct draft){ .state = DRAFT_TEXT, .text = v->raw } : cleaner_draft(c, v);
    c->t->counts[col->source_count].touched += plan->renamed;
    if ((v->type == JSON_STRING && !v->escaped) || v->type == JSON_NUMBER || cleaner_scalar(c, *v, col->type, &d))
        cleaner_finish(c, col, out, row, &d);
    else
        cleaner_not_scalar(c, col, out, row, v->raw);
}

/* All parts one behind the other; null when one of them is null. */
static void cleaner_concat(struct cleaner *c, const struct program_column *col, struct column *out, size_t row)
{
    struct str pieces[16];
    struct draft d = { .state = DRAFT_TEXT, .moved = true };
    size_t bytes = 0;
    for (size_t i = 0; i < col->n_parts; i++) {
        struct draft piece = { .state = DRAFT_TEXT, .text = col->parts[i].text };
        const struct json *v = col->parts[i].literal ? NULL : &c->values[col->parts[i].input];
        if (v && !cleaner_scalar(c, *v, COLUMN_STRING, &piece)) {
            cleaner_not_scalar(c, col, out, row, v->raw);
            return;
        }
        if (piece.state == DRAFT_NULL)
            d.state = DRAFT_NULL;
        pieces[i] = piece.text;
        bytes += piece.text.n;
    }
    if (d.state != DRAFT_NULL) {
        char *text = arena_alloc(&c->t->arenas[0], bytes + 1), *q = text;
        for (size_t i = 0; i < col->n_parts; q += pieces[i].n, i++)
            if (pieces[i].n)
                memcpy(q, pieces[i].p, pieces[i].n);
        d.text = (struct str){ text, bytes };
        c->t->counts[col->source_count].touched++;
    }
    cleaner_finish(c, col, out, row, &d);
}

static void cleaner_element(struct cleaner *c, const struct program_column *col, struct json v, double *ret_element)
{
    struct draft d;
    *ret_element = NAN;
    if (v.type == JSON_NULL)
        return;
    if (!cleaner_scalar(c, v, COLUMN_DOUBLE, &d) || !draft_double(&d, ret_element))
        table_count_nulled(c->t, col->type_count, v.raw, c->tag);
}

/* Both are exact doubles, so that their quotient is rounded once, as strtod rounds. */
static inline double cleaner_number(const struct shape_number *n)
{
    static const double TENS[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8 };
    double d = (double)n->digits / TENS[n->behind];
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    bits |= (uint64_t)n->negative << 63; /* -0 too, and without a jump that signs of places would mislead */
    memcpy(&d, &bits, sizeof d);
    return d;
}

static void cleaner_array(struct cleaner *c, const struct program_column *col, struct column *out, size_t row)
{
    out->null[row] = 0;
    c->t->counts[col->source_count].touched++;
    for (size_t i = 0; i < col->n_parts; i++) {
        size_t input = col->parts[i].input;
        double *element = &out->v.f64[row * out->width + i];
        if (c->numbers[input].known)
            *element = cleaner_number(&c->numbers[input]);
        else
            cleaner_element(c, col, c->values[input], element);
    }
}

/* A member that is the array already, as in a cleaned row. */
static void cleaner_take_array(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                               const struct json *v)
{
    struct json_reader r;
    struct json element;
    uint32_t n = 0;
    cleaner_put_null(out, row);
    if (v->type == JSON_NULL)
        return;
    json_open(&r, v->raw);
    if (v->type == JSON_ARRAY && json_enter(&r, JSON_ARRAY) == 0)
        for (; json_element(&r) == 1 && json_read(&r, &element) == 0; n++)
            if (n < out->width)
                cleaner_element(c, col, element, &out->v.f64[row * out->width + n]);
    if (n == out->width) {
        out->null[row] = 0;
        return;
    }
    cleaner_put_null(out, row);
    table_count_nulled(c->t, col->type_count, v->raw, c->tag);
}

static struct plan cleaner_plan(const struct cleaner *c, const struct program_column *col)
{
    struct plan plan = { .whole = col->source == SOURCE_MEMBER || cleaner_absent(c, col) };
    if (plan.whole)
        plan.value = cleaner_member(c, col);
    plan.text = col->source == SOURCE_MEMBER && col->type == COLUMN_STRING && (c->views || col->coded);
    plan.lengths = col->lengths;
    plan.renamed = plan.value && !str_eq(c->p->inputs[(size_t)(plan.value - c->values)], col->name);
    return plan;
}

static inline void cleaner_column(struct cleaner *c, size_t i, size_t row, const struct plan *plan)
{
    const struct program_column *col = &c->p->columns[i];
    struct column *out = &c->t->columns[i];
    if (plan->whole && col->source == SOURCE_ARRAY)
        cleaner_take_array(c, col, out, row, plan->value);
    else if (plan->whole)
        cleaner_take_member(c, col, out, row, plan);
    else if (col->source == SOURCE_CONCAT)
        cleaner_concat(c, col, out, row);
    else
        cleaner_array(c, col, out, row);
}

/* ---- one row ---- */

static int cleaner_missing(struct cleaner *c, const struct program_column *col, struct err *reason)
{
    const struct part *part = col->source == SOURCE_MEMBER ? NULL : cleaner_absent(c, col);
    struct str name = c->p->inputs[part ? part->input : col->from[0]];
    struct buf has = BUF_MAX(400);
    for (size_t i = 0; i < c->p->n_used; i++)
        if (c->values[i].type)
            buf_f(&has, "%s" STR_F, has.n ? ", " : "", STR_A(c->p->inputs[i]));
    err_set(reason, 0, "MISSING_COLUMN", "missing column " STR_F ": a " STR_F " record needs it; this one has %s" STR_F,
            STR_A(name), STR_A(c->p->name), has.n ? "only " : "none of the columns", STR_A(buf_str(&has)));
    buf_release(&has);
    return -1;
}

/* Turns the members read into one row. */
static int cleaner_row(struct cleaner *c, struct err *reason)
{
    const struct program *p = c->p;
    for (size_t i = 0; i < p->n_columns; i++) {
        const struct program_column *col = &p->columns[i];
        if (!cleaner_member(c, col) && (col->source == SOURCE_MEMBER || cleaner_absent(c, col)))
            return cleaner_missing(c, col, reason);
    }
    table_row(c->t);
    size_t row = c->t->n_rows;
    for (size_t k = 0; k < p->n_columns; k++) {
        size_t i = p->steps[k];
        struct plan plan = cleaner_plan(c, &p->columns[i]);
        cleaner_column(c, i, row, &plan);
        if (p->columns[i].required && c->t->columns[i].null[row]) {
            const struct json *v = cleaner_member(c, &p->columns[i]);
            struct str raw = v ? v->raw : S("");
            return err_set(reason, 0, "REQUIRED_NULL", "column " STR_F " must have a value and \"" STR_F "\" is none",
                           STR_A(p->columns[i].name), STR_A(str_head(raw, 100)));
        }
    }
    c->t->tag[row] = c->tag;
    c->t->n_rows++;
    return 0;
}

/* ---- one record ---- */

static int cleaner_not_json(struct cleaner *c, struct err *reason)
{
    struct str where = json_where(&c->reader, &c->scratch);
    return err_set(reason, 0, "NOT_JSON", "not JSON: " STR_F, STR_A(where));
}

static int cleaner_not_object(struct err *reason, enum json_type type)
{
    static const char *const NAMES[] = { [0] = "nothing",       [JSON_NULL] = "null",       [JSON_FALSE] = "false",
                                         [JSON_TRUE] = "true",  [JSON_NUMBER] = "a number", [JSON_STRING] = "a text",
                                         [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object" };
    return err_set(reason, 0, "NOT_AN_OBJECT", "a record is an object or an array of objects, this is %s", NAMES[type]);
}

static int cleaner_object(struct cleaner *c, struct err *reason)
{
    enum json_type type = json_peek(&c->reader);
    if (type && type != JSON_OBJECT)
        return cleaner_not_object(reason, type);
    return cleaner_members(c) ? cleaner_row(c, reason) : cleaner_not_json(c, reason);
}

static int cleaner_objects(struct cleaner *c, struct err *reason)
{
    int more;
    size_t i = 0;
    if (json_enter(&c->reader, JSON_ARRAY))
        return cleaner_not_json(c, reason);
    while ((more = json_element(&c->reader)) == 1) {
        if (cleaner_object(c, reason))
            return err_wrap(reason, "element %zu of the array", i);
        i++;
    }
    return more == 0 ? 0 : cleaner_not_json(c, reason);
}

static int cleaner_value(struct cleaner *c, struct str text, struct err *reason);

/* Some emulators post the JSON text of the row as a string. */
static int cleaner_unwrap(struct cleaner *c, struct err *reason)
{
    struct json v;
    if (json_read(&c->reader, &v) || json_close(&c->reader))
        return cleaner_not_json(c, reason);
    struct str text = v.escaped ? json_text(v, &c->t->arenas[0]) : v.raw;
    struct str trimmed = str_trim(text);
    if (c->unwrapped || !trimmed.n || (trimmed.p[0] != '{' && trimmed.p[0] != '['))
        return cleaner_not_object(reason, JSON_STRING);
    c->unwrapped = true;
    return cleaner_value(c, text, reason) ? err_wrap(reason, "in the text that the record is") : 0;
}

static int cleaner_value(struct cleaner *c, struct str text, struct err *reason)
{
    json_open(&c->reader, text);
    enum json_type type = json_peek(&c->reader);
    if (type == JSON_STRING)
        return cleaner_unwrap(c, reason);
    if (type != JSON_ARRAY && type != JSON_OBJECT)
        return json_skip(&c->reader) || json_close(&c->reader) ? cleaner_not_json(c, reason)
                                                               : cleaner_not_object(reason, type);
    if (type == JSON_ARRAY ? cleaner_objects(c, reason) : cleaner_object(c, reason))
        return -1;
    return json_close(&c->reader) ? cleaner_not_json(c, reason) : 0;
}

static int cleaner_judge(struct str record, struct err *reason)
{
    if (str_trim(record).n == 0)
        return err_set(reason, 0, "RECORD_EMPTY", "the record is empty");
    if (record.n > CLEAN_MAX_RECORD_BYTES)
        return err_set(reason, 0, "RECORD_TOO_LONG", "the record has %zu bytes; at most %d are read", record.n,
                       CLEAN_MAX_RECORD_BYTES);
    size_t bad = utf8_check(record);
    if (bad != STR_NONE)
        return err_set(reason, 0, "NOT_UTF8", "invalid UTF-8 at byte %zu", bad);
    return 0;
}

/* ---- records of the known shape ---- */

/* Now that a record has gone the long way: its shape is learned, but rarely when shapes change all the time. */
static void cleaner_learn(struct cleaner *c, struct str record)
{
    if (!c->simple || ++c->missed < c->patience)
        return;
    c->missed = 0;
    c->patience = c->patience < 1024 ? c->patience * 2 : 1024;
    shape_learn(&c->shape, c->p, record, &c->scratch);
    for (size_t i = 0; i < c->p->n_columns; i++)
        c->plan[i] = cleaner_plan(c, &c->p->columns[i]);
    c->values_shaped = false;
}

/* The required columns of the row, which are whole numbers; false when one is none. */
static inline bool cleaner_required(struct cleaner *c, size_t row, size_t *ret_n)
{
    const struct program *p = c->p;
    size_t k = 0;
    for (; k < p->n_columns && p->columns[p->steps[k]].required; k++) {
        const struct json *v = c->plan[p->steps[k]].value;
        struct column *out = &c->t->columns[p->steps[k]];
        struct draft d = cleaner_draft(c, v);
        if ((v->type != JSON_NUMBER && (v->type != JSON_STRING || v->escaped)) || !cleaner_put(c, out, row, &d))
            return false;
    }
    *ret_n = k;
    return true;
}

/* A text that nothing is done to, as most are; false when it is not one. */
static inline bool cleaner_straight(struct cleaner *c, size_t i, size_t row)
{
    const struct plan *plan = &c->plan[i];
    struct column *out = &c->t->columns[i];
    if (!plan->text || plan->renamed || plan->value->type != JSON_STRING || plan->value->escaped)
        return false;
    struct str text = plan->value->raw;
    if (plan->lengths >> (text.n < 63 ? text.n : 63) & 1)
        return false;
    out->null[row] = 0;
    if (out->coded) {
        out->code[row] = table_code(out, text);
        text = out->dictionary.text[out->code[row]];
    }
    out->v.text[row] = text;
    return true;
}

/* Adds the text when it is (or, of lines, begins with) one object of the known shape whose required columns have
 * values. */
static inline bool cleaner_shaped(struct cleaner *c, struct str text, bool lines, const char **ret_end)
{
    const struct program *p = c->p;
    struct table *t = c->t;
    size_t row = t->n_rows, n;
    if (!c->shape.known || (lines && !c->shape.one_line))
        return false;
    if (!c->values_shaped)
        cleaner_forget(c);
    c->values_shaped = true;
    const char *end = shape_read(&c->shape, p, text.p, text.p + text.n, c->values, c->numbers, &c->reader);
    if (!end || (size_t)(end - text.p) > CLEAN_MAX_RECORD_BYTES || (end < text.p + text.n && !(lines && *end == '\n')))
        return false;
    table_row(t);
    if (!cleaner_required(c, row, &n))
        return false;
    for (size_t k = 0; k < n; k++)
        t->counts[p->columns[p->steps[k]].source_count].touched += c->plan[p->steps[k]].renamed;
    for (size_t k = n; k < p->n_columns; k++)
        if (!cleaner_straight(c, p->steps[k], row))
            cleaner_column(c, p->steps[k], row, &c->plan[p->steps[k]]);
    t->unknown_keys += c->shape.unknown;
    t->tag[row] = c->tag;
    t->n_rows++;
    t->records++;
    c->missed = 0;
    c->patience = 1;
    *ret_end = end;
    return true;
}

int64_t cleaner_add(struct cleaner *c, struct str record, uint64_t tag, struct err *reason)
{
    struct table *t = c->t;
    size_t rows = t->n_rows;
    uint64_t unknown = t->unknown_keys;
    const char *end;
    c->tag = tag;
    c->unwrapped = false;
    if (cleaner_shaped(c, record, false, &end))
        return 1;
    arena_reset(&c->scratch);
    memcpy(c->undo, t->counts, sizeof *c->undo * t->n_counts);
    if (cleaner_judge(record, reason) == 0 && cleaner_value(c, record, reason) == 0) {
        t->records++;
        if (t->n_rows == rows + 1 && !c->unwrapped)
            cleaner_learn(c, record);
        return (int64_t)(t->n_rows - rows);
    }
    memcpy(t->counts, c->undo, sizeof *c->undo * t->n_counts);
    t->n_rows = rows;
    t->unknown_keys = unknown;
    t->refused++;
    return -1;
}

int64_t cleaner_add_line(struct cleaner *c, struct str *rest, uint64_t tag, struct str *ret_line, struct err *reason)
{
    const char *end;
    c->tag = tag;
    if (cleaner_shaped(c, *rest, true, &end)) {
        size_t n = (size_t)(end - rest->p);
        *ret_line = str_head(*rest, n);
        *rest = str_from(*rest, n + 1);
        return 1;
    }
    *ret_line = str_cut(rest, '\n');
    return str_trim(*ret_line).n ? cleaner_add(c, *ret_line, tag, reason) : 0;
}
