/* load_json.c - objects, one a line or all in one array. */
#include "mocks/rds/load_reader.h"

enum { SHOWN = 40 }; /* bytes of a wrong key in a message */

static const char *const unfit_types[] = {
    [JSON_FALSE] = "false", [JSON_TRUE] = "true", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
};

static struct str key_text(struct str raw, struct arena *a)
{
    return json_text((struct json){ JSON_STRING, str_chr(raw, '\\') != STR_NONE, raw }, a);
}

/* Which column a key names; the same order in every object is the usual case. */
static size_t column_of(const struct load_columns *c, struct str key, size_t expected)
{
    if (expected < c->n && str_eq(c->at[expected].name, key))
        return expected;
    for (size_t i = 0; i < c->n; i++)
        if (str_eq(c->at[i].name, key))
            return i;
    return STR_NONE;
}

static size_t offset_of(const struct load_reader *r, const char *p) { return (size_t)(p - r->text.p); }

static void set_field(struct load_reader *r, struct load_field *f, const struct json *v)
{
    *f = (struct load_field){ .at = offset_of(r, v->raw.p) - (v->type == JSON_STRING), .quoted = v->type == JSON_STRING };
    f->null = v->type == JSON_NULL;
    if (v->type == JSON_STRING)
        f->text = json_text(*v, r->arena);
    else if (v->type == JSON_NUMBER)
        f->text = v->raw;
    else if (!f->null)
        f->unfit = unfit_types[v->type];
}

/* The members of one object into the fields of their columns. */
static int read_members(struct load_reader *r, struct json_reader *j, struct load_record *ret,
                        struct load_problem *problem)
{
    bool seen[SCHEMA_MAX_COLUMNS] = { false };
    struct str raw;
    size_t expected = 0;
    while (json_member(j, &raw) == 1) {
        struct json value;
        struct str key = key_text(raw, r->arena);
        size_t c = column_of(r->columns, key, expected), at = offset_of(r, raw.p) - 1;
        if (json_read(j, &value))
            break;
        if (c == STR_NONE)
            return load_problem_set(r, problem, at, "\"" STR_F "\" is no column of the first object", STR_A(str_head(key, SHOWN)));
        if (seen[c])
            return load_problem_set(r, problem, at, "\"" STR_F "\" is there twice", STR_A(str_head(key, SHOWN)));
        seen[c] = true;
        set_field(r, &ret->fields[c], &value);
        expected = c + 1;
    }
    for (size_t c = 0; !j->error && c < r->columns->n; c++)
        if (!seen[c])
            return load_problem_set(r, problem, ret->at, "no \"" STR_F "\"", STR_A(r->columns->at[c].name));
    ret->n = r->columns->n;
    return 0;
}

static int parse_object(struct load_reader *r, struct str object, struct load_record *ret, struct load_problem *problem)
{
    struct json_reader j;
    json_open(&j, object);
    ret->at = offset_of(r, object.p);
    if (json_peek(&j) && json_peek(&j) != JSON_OBJECT)
        return load_problem_set(r, problem, ret->at, "expected an object {\"%s\": …}", "column");
    json_enter(&j, JSON_OBJECT);
    if (read_members(r, &j, ret, problem))
        return -1;
    if (json_close(&j) == 0)
        return 0;
    return load_problem_set(r, problem, offset_of(r, j.p), "%s", j.error ? j.error : "the object is not closed");
}

/* The text of the next object: 1, 0 at the end, -1. */
static int next_object(struct load_reader *r, struct str *ret, struct load_problem *problem)
{
    struct json value;
    if (!r->array) {
        for (struct str rest = str_from(r->text, r->at); rest.n; rest = str_from(r->text, r->at)) {
            size_t newline = str_chr(rest, '\n');
            *ret = str_trim(str_head(rest, newline));
            r->at += newline == STR_NONE ? rest.n : newline + 1;
            if (ret->n > LOAD_MAX_RECORD_BYTES)
                return load_problem_set(r, problem, offset_of(r, ret->p), "the line is longer than 1 MiB");
            if (ret->n)
                return 1;
        }
        return 0;
    }
    int more = json_element(r->array);
    if (more == 1 && json_read(r->array, &value) == 0) {
        *ret = value.type == JSON_STRING ? (struct str){ value.raw.p - 1, value.raw.n + 2 } : value.raw;
        return 1;
    }
    if (more == 0 && json_close(r->array) == 0)
        return 0;
    problem->fatal = true;
    return load_problem_set(r, problem, offset_of(r, r->array->p), "%s; rows behind this cannot be read",
                            r->array->error ? r->array->error : "the array is not closed");
}

int load_json_next(struct load_reader *r, struct load_record *ret, struct load_problem *problem)
{
    struct str object;
    int more = next_object(r, &object, problem);
    if (more != 1)
        return more;
    return parse_object(r, object, ret, problem) ? -1 : 1;
}

static int take_names(struct load_reader *r, struct str object, struct load_problem *problem)
{
    struct json_reader j;
    struct str raw;
    json_open(&j, object);
    json_enter(&j, JSON_OBJECT);
    while (json_member(&j, &raw) == 1) {
        if (r->columns->n == SCHEMA_MAX_COLUMNS)
            return load_problem_set(r, problem, offset_of(r, raw.p), "more than %d columns", SCHEMA_MAX_COLUMNS);
        r->columns->at[r->columns->n++].name = arena_dup(r->names, key_text(raw, r->arena));
        json_skip(&j);
    }
    if (json_close(&j) == 0 && r->columns->n)
        return 0;
    r->columns->n = 0;
    return 1; /* not an object: told when the rows are read */
}

/* The first object that can be read names the columns; then reading begins again at the start. */
int load_json_header(struct load_reader *r, struct load_problem *problem)
{
    size_t start = r->at;
    struct json_reader array;
    struct str object;
    int more, taken = 1;
    if (r->array)
        array = *r->array;
    while (taken == 1 && (more = next_object(r, &object, problem)) != 0) {
        if (more < 0 && problem->fatal)
            return -1;
        taken = more == 1 ? take_names(r, object, problem) : 1;
    }
    if (taken < 0)
        return -1;
    if (taken == 1)
        return load_problem_set(r, problem, start, "no object can be read; expected {\"%s\": …} on each line", "column");
    r->at = start;
    if (r->array)
        *r->array = array;
    return 0;
}
