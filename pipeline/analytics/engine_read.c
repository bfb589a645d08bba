/* A record becomes raw rows: what docs/rules.md says of records, members that stand for one another, and values that
 * are nested, done plainly and member by member.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"
#include "pipeline/analytics/engine_own.h"

enum { MAX_MEMBERS = 256 };

struct reading {
    struct engine *g;
    struct engine_table *t;
    struct err *reason;
    struct json member[MAX_MEMBERS]; /* by input; type 0 = absent */
    int64_t rows;
};

static int refuse(struct reading *r, const char *code, const char *why)
{
    return err_set(r->reason, 0, code, "%s", why);
}

static int read_members(struct reading *r, struct str object)
{
    const struct program *p = r->t->program;
    struct json_reader j;
    struct json v;
    struct str key;
    int more;
    memset(r->member, 0, sizeof r->member);
    json_open(&j, object);
    json_enter(&j, JSON_OBJECT);
    while ((more = json_member(&j, &key)) == 1 && json_read(&j, &v) == 0) {
        struct str name = json_text((struct json){ .type = JSON_STRING, .escaped = true, .raw = key }, &r->g->scratch);
        for (size_t i = 0; i < p->n_used; i++)
            if (str_eq(p->inputs[i], name))
                r->member[i] = v;
    }
    return more == 0 ? 0 : refuse(r, "NOT_JSON", "not JSON");
}

static bool parts_present(const struct reading *r, const struct program_column *col)
{
    for (size_t i = 0; i < col->n_parts; i++)
        if (!col->parts[i].literal && !r->member[col->parts[i].input].type)
            return false;
    return true;
}

/* What the member means for this column: a text, or nothing. */
static struct str value_of(struct reading *r, const struct program_column *col, bool whole, struct json v)
{
    const struct str none = { NULL, 0 };
    struct json date;
    if (col->type == COLUMN_DOUBLES && whole)
        return v.type == JSON_STRING ? S("null") : v.raw;
    if (v.type == JSON_OBJECT && col->type == COLUMN_TIMESTAMP && json_get(v.raw, "$date", &date) && date.type == JSON_STRING)
        v = date;
    if (v.type == JSON_NULL || v.type == JSON_ARRAY || v.type == JSON_OBJECT)
        return none;
    return v.type == JSON_STRING ? json_text(v, &r->g->scratch) : v.raw;
}

static void bind(struct reading *r, size_t input, struct str value)
{
    if (value.p || value.n)
        sqlite3_bind_text(r->t->insert, (int)input + 1, value.n ? value.p : "", (int)value.n, SQLITE_TRANSIENT);
}

static int bind_column(struct reading *r, const struct program_column *col)
{
    bool parts = col->source != SOURCE_MEMBER && parts_present(r, col);
    for (size_t i = 0; parts && i < col->n_parts; i++)
        if (!col->parts[i].literal) {
            struct program_column scalar = { .type = COLUMN_STRING };
            bind(r, col->parts[i].input, value_of(r, &scalar, false, r->member[col->parts[i].input]));
        }
    for (size_t i = 0; !parts && i < col->n_from; i++)
        if (r->member[col->from[i]].type) {
            bind(r, col->from[i], value_of(r, col, true, r->member[col->from[i]]));
            return 0;
        }
    return parts ? 0 : refuse(r, "MISSING_COLUMN", "a column is missing");
}

static int read_object(struct reading *r, struct str object)
{
    const struct program *p = r->t->program;
    if (read_members(r, object))
        return -1;
    sqlite3_reset(r->t->insert);
    sqlite3_clear_bindings(r->t->insert);
    for (size_t i = 0; i < p->n_columns; i++)
        if (bind_column(r, &p->columns[i]))
            return -1;
    if (sqlite3_step(r->t->insert) != SQLITE_DONE)
        return engine_fail(r->g, r->reason);
    sqlite3_reset(r->t->insert);
    r->rows++;
    return 0;
}

static int read_value(struct reading *r, struct str text, bool unwrapped)
{
    struct json_reader j;
    struct json v;
    if (!json_valid(text))
        return refuse(r, "NOT_JSON", "not JSON");
    json_open(&j, text);
    json_read(&j, &v);
    if (v.type == JSON_OBJECT)
        return read_object(r, v.raw);
    if (v.type == JSON_STRING && !unwrapped) {
        struct str inner = json_text(v, &r->g->scratch), trimmed = str_trim(inner);
        if (trimmed.n && (trimmed.p[0] == '{' || trimmed.p[0] == '['))
            return read_value(r, inner, true);
    }
    if (v.type != JSON_ARRAY)
        return refuse(r, "NOT_AN_OBJECT", "no object");
    json_open(&j, v.raw);
    json_enter(&j, JSON_ARRAY);
    while (json_element(&j) == 1) {
        if (json_read(&j, &v) || v.type != JSON_OBJECT)
            return refuse(r, "NOT_AN_OBJECT", "an element is no object");
        if (read_object(r, v.raw))
            return -1;
    }
    return 0;
}

int64_t engine_add(struct engine *g, struct str table, struct str record, struct err *reason)
{
    struct reading *r = mem_zero(sizeof *r);
    int result = -1;
    *r = (struct reading){ .g = g, .t = engine_table(g, table), .reason = reason };
    arena_reset(&g->scratch);
    sqlite3_exec(g->db, "SAVEPOINT record", NULL, NULL, NULL);
    if (!r->t)
        refuse(r, "TABLE_MISSING", "no such table");
    else if (!str_trim(record).n)
        refuse(r, "RECORD_EMPTY", "the record is empty");
    else if (record.n > CLEAN_MAX_RECORD_BYTES)
        refuse(r, "RECORD_TOO_LONG", "the record is too long");
    else if (!utf8_valid(record))
        refuse(r, "NOT_UTF8", "invalid UTF-8");
    else
        result = read_value(r, record, false);
    sqlite3_exec(g->db, result ? "ROLLBACK TO record; RELEASE record" : "RELEASE record", NULL, NULL, NULL);
    int64_t rows = result ? -1 : r->rows;
    free(r);
    return rows;
}
