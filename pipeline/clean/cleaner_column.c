/* A column: take the member or the parts -> operations in the order of the rule file -> type -> the table. */
#include <math.h>

#include "pipeline/clean/cleaner_own.h"

/* ---- one cell ---- */

/* Text of a scalar; {"$date": "…"} counts as its text for a timestamp. */
static inline bool cleaner_scalar(struct cleaner *c, struct json v, enum column_type type, struct draft *d)
{
    struct json inner;
    if (v.type == JSON_OBJECT && type == COLUMN_TIMESTAMP && json_get(v.raw, "$date", &inner) &&
        inner.type == JSON_STRING)
        v = inner;
    if (v.type == JSON_ARRAY || v.type == JSON_OBJECT)
        return false;
    d->state = v.type == JSON_NULL ? DRAFT_NULL : DRAFT_TEXT;
    d->moved = false;
    d->text = v.raw;
    if (v.type == JSON_STRING && v.escaped) {
        d->text = json_text(v, &c->t->arenas[0]);
        d->moved = true;
    }
    return true;
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
    if (out->coded)
        out->v.code[row] = table_code(out, d->text);
    else
        out->v.text[row] = c->views || d->moved ? d->text : arena_dup(&c->t->arenas[0], d->text);
}

static void cleaner_put_null(struct column *out, size_t row)
{
    out->null[row] = 1;
    switch (out->type) {
    case COLUMN_STRING:
        if (out->coded)
            out->v.code[row] = CODE_NULL;
        else
            out->v.text[row] = (struct str){ NULL, 0 };
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

bool cleaner_put(struct cleaner *c, struct column *out, size_t row, const struct draft *d)
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

const struct json *cleaner_member(const struct cleaner *c, const struct program_column *col)
{
    for (size_t i = 0; i < col->n_from; i++)
        if (c->values[col->from[i]].type) {
            return &c->values[col->from[i]];
        }
    return NULL;
}

const struct part *cleaner_absent(const struct cleaner *c, const struct program_column *col)
{
    for (size_t i = 0; i < col->n_parts; i++)
        if (!col->parts[i].literal && !c->values[col->parts[i].input].type)
            return &col->parts[i];
    return NULL;
}

/* Null, or the text that stands for it. */
static void cleaner_put_none(struct cleaner *c, const struct program_column *col, struct column *out, size_t row)
{
    cleaner_put_null(out, row);
    if (!col->null_as.p)
        return;
    struct draft d = { .state = DRAFT_TEXT, .moved = true, .text = col->null_as };
    c->t->counts[col->null_as_count].touched++;
    cleaner_put(c, out, row, &d);
}

static void cleaner_not_scalar(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                               struct str raw)
{
    table_count_nulled(c->t, col->type_count, raw, c->tag);
    cleaner_put_none(c, col, out, row);
}

/* Operations, type, table. */
static void cleaner_finish(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                           struct draft *d)
{
    cleaner_ops(c, col, d);
    if (d->state == DRAFT_NULL) {
        cleaner_put_none(c, col, out, row);
    } else if (!cleaner_put(c, out, row, d)) {
        table_count_nulled(c->t, col->type_count, d->text, c->tag);
        cleaner_put_null(out, row);
    }
}

static inline void cleaner_take_member(struct cleaner *c, const struct program_column *col, struct column *out, size_t row,
                                       const struct plan *plan)
{
    const struct json *v = plan->value;
    struct draft d;
    cleaner_draft(c, v, &d);
    if (col->n_ops)
        d.state = DRAFT_TEXT;
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
        const struct json *v = col->parts[i].literal ? NULL : &c->values[col->parts[i].input];
        struct draft piece;
        if (!v) {
            pieces[i] = col->parts[i].text;
        } else if (v->type == JSON_STRING && !v->escaped) {
            pieces[i] = v->raw;
        } else if (cleaner_scalar(c, *v, COLUMN_STRING, &piece)) {
            if (piece.state == DRAFT_NULL)
                d.state = DRAFT_NULL;
            pieces[i] = piece.text;
        } else {
            cleaner_not_scalar(c, col, out, row, v->raw);
            return;
        }
        bytes += pieces[i].n;
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

struct plan cleaner_plan(const struct cleaner *c, const struct program_column *col)
{
    struct plan plan = { .whole = col->source == SOURCE_MEMBER || cleaner_absent(c, col) };
    if (plan.whole)
        plan.value = cleaner_member(c, col);
    if (col->source != SOURCE_MEMBER)
        plan.way = PLAN_LONG;
    else if (col->type == COLUMN_STRING)
        plan.way = c->views || col->coded ? PLAN_TEXT : PLAN_LONG;
    else if (col->type == COLUMN_TIMESTAMP)
        plan.way = col->n_ops == 1 ? PLAN_INSTANT : PLAN_LONG;
    else
        plan.way = (col->type == COLUMN_INT || col->type == COLUMN_LONG) && !col->n_ops ? PLAN_WHOLE : PLAN_LONG;
    plan.lengths = col->lengths;
    plan.renamed = plan.value && !str_eq(c->p->inputs[(size_t)(plan.value - c->values)], col->name);
    return plan;
}

void cleaner_column(struct cleaner *c, size_t i, size_t row, const struct plan *plan)
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
