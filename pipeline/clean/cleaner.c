/* One record: bound and UTF-8 checked, read once into `values` (one slot a member), then column by column:
 * take the member -> operations in the order of the rule file -> type -> the table.
 *
 * A record of the same shape as one before (shape.h) takes a shorter way to the same row: cleaner_shaped. Whatever
 * it cannot decide at once goes the long way, from the start.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "base/utf8.h"
#include "pipeline/clean/cleaner_own.h"

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
    c->read = shape_reader_of(SHAPE_32);
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

void cleaner_fill(struct cleaner *c, struct table *t)
{
    table_close(c->t);
    c->t = t;
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

static bool cleaner_holds_row(struct str text)
{
    text = str_trim(text);
    return text.n && (text.p[0] == '{' || text.p[0] == '[');
}

/* What the text is in Base64, kept as long as the row; the text itself when it is not. */
static struct str cleaner_from_base64(struct cleaner *c, struct str text)
{
    struct buf plain = BUF_INIT;
    bool is = codec_unbase64(&plain, str_trim(text)) && cleaner_holds_row(buf_str(&plain)) && utf8_valid(buf_str(&plain));
    if (is)
        text = arena_dup(&c->t->arenas[0], buf_str(&plain));
    buf_release(&plain);
    return text;
}

/* Some emulators post the JSON text of the row as a string, or encode it although the gateway's template does. */
static int cleaner_unwrap(struct cleaner *c, struct err *reason)
{
    struct json v;
    if (json_read(&c->reader, &v) || json_close(&c->reader))
        return cleaner_not_json(c, reason);
    struct str text = v.escaped ? json_text(v, &c->t->arenas[0]) : v.raw;
    if (!c->unwrapped && !cleaner_holds_row(text))
        text = cleaner_from_base64(c, text);
    if (c->unwrapped || !cleaner_holds_row(text))
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

/* A whole number that was read as one; false when it is not one, or too great. */
static inline bool cleaner_whole(const struct cleaner *c, const struct plan *plan, struct column *out, size_t row)
{
    const struct shape_number *n = &c->numbers[plan->value - c->values];
    if (!n->known || n->behind || (!n->digits && n->negative))
        return false;
    if (out->type == COLUMN_LONG)
        out->v.i64[row] = n->digits;
    else if (n->digits == (int32_t)n->digits)
        out->v.i32[row] = (int32_t)n->digits;
    else
        return false;
    out->null[row] = 0;
    return true;
}

/* The required columns of the row, which are whole numbers; false when one is none. */
static inline bool cleaner_required(struct cleaner *c, size_t row, size_t *ret_n)
{
    const struct program *p = c->p;
    size_t k = 0;
    for (; k < p->n_columns && p->columns[p->steps[k]].required; k++) {
        const struct plan *plan = &c->plan[p->steps[k]];
        const struct json *v = plan->value;
        struct column *out = &c->t->columns[p->steps[k]];
        struct draft d;
        if (cleaner_whole(c, plan, out, row))
            continue;
        cleaner_draft(c, v, &d);
        if ((v->type != JSON_NUMBER && (v->type != JSON_STRING || v->escaped)) || !cleaner_put(c, out, row, &d))
            return false;
    }
    *ret_n = k;
    return true;
}

/* A text that nothing is done to, as most are; false when it is not one. */
static inline bool cleaner_text_at(const struct plan *plan, struct column *out, size_t row)
{
    struct str text = plan->value->raw;
    if (plan->value->type != JSON_STRING || plan->value->escaped || (plan->lengths >> (text.n < 63 ? text.n : 63) & 1))
        return false;
    out->null[row] = 0;
    if (out->coded)
        out->v.code[row] = table_code(out, text);
    else
        out->v.text[row] = text;
    return true;
}

/* An instant that a format fits; false when it is none. */
static inline bool cleaner_instant(struct cleaner *c, const struct plan *plan, const struct op *op, struct column *out, size_t row)
{
    if (plan->value->type != JSON_STRING || plan->value->escaped)
        return false;
    for (size_t i = 0; i < op->n; i++)
        if (timestamp_read(op->formats[i], plan->value->raw, &out->v.i64[row])) {
            c->t->counts[op->count].touched++;
            out->null[row] = 0;
            return true;
        }
    return false;
}

/* The shorter way to a cell, where there is one and the value lets go it. */
static inline bool cleaner_straight(struct cleaner *c, size_t i, size_t row)
{
    const struct plan *plan = &c->plan[i];
    struct column *out = &c->t->columns[i];
    if (plan->renamed)
        return false;
    switch (plan->way) {
    case PLAN_TEXT: return cleaner_text_at(plan, out, row);
    case PLAN_WHOLE: return cleaner_whole(c, plan, out, row);
    case PLAN_INSTANT: return cleaner_instant(c, plan, c->p->columns[i].ops, out, row);
    case PLAN_LONG: break;
    }
    return false;
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
    const char *end = c->read(&c->shape, p, text.p, text.p + text.n, c->values, c->numbers, &c->reader);
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
