#include "pipeline/clean/program.h"

struct compiling {
    struct arena *a;
    struct program *p;
    struct err *e;
};

static const struct str TYPE_WORDS[] = { S_INIT("string"), S_INIT("int"),     S_INIT("long"),
                                         S_INIT("double"), S_INIT("boolean"), S_INIT("timestamp") };
enum { MAX_INPUTS = 256, MAX_COLUMNS = 128, MAX_COUNTS = 2048 };

static size_t program_input(struct compiling *c, struct str name)
{
    struct program *p = c->p;
    for (size_t i = 0; i < p->n_inputs; i++)
        if (str_eq(p->inputs[i], name))
            return i;
    p->inputs[p->n_inputs] = name;
    return p->n_inputs++;
}

static size_t program_count(struct compiling *c, struct str column, const char *operation)
{
    c->p->counts[c->p->n_counts] = (struct clean_count){ .column = column, .operation = operation };
    return c->p->n_counts++;
}

static int program_room(struct compiling *c, const struct node *at)
{
    if (c->p->n_inputs + 40 > MAX_INPUTS || c->p->n_counts + 40 > MAX_COUNTS)
        return doc_fail(at, c->e, "too many columns or operations in one table");
    return 0;
}

static int program_type(struct compiling *c, const struct node *n, struct program_column *col)
{
    const struct node *type = doc_get(n, "type");
    struct str word = S("string");
    if (type && doc_text(type, &word, c->e))
        return -1;
    for (size_t i = 0; i < sizeof TYPE_WORDS / sizeof *TYPE_WORDS; i++)
        if (str_eq(word, TYPE_WORDS[i])) {
            col->type = (enum column_type)(COLUMN_STRING + (int)i);
            return 0;
        }
    return doc_unknown(type, c->e, "type", word, TYPE_WORDS, sizeof TYPE_WORDS / sizeof *TYPE_WORDS);
}

static int program_from(struct compiling *c, const struct node *n, struct program_column *col)
{
    const struct node *from = doc_get(n, "from");
    struct str own = col->name, *names = &own;
    col->n_from = 1;
    if (from && doc_texts(c->a, from, &names, &col->n_from, c->e))
        return -1;
    if (col->n_from == 0 || col->n_from > 16)
        return doc_fail(from, c->e, "name one to 16 members of the record");
    col->from = ARENA_ARRAY(c->a, size_t, col->n_from);
    for (size_t i = 0; i < col->n_from; i++)
        col->from[i] = program_input(c, names[i]);
    return 0;
}

/* "concat": ["first_name", {"text": " "}, "last_name"] or "array": ["latitude", "longitude"] */
static int program_parts(struct compiling *c, const struct node *list, struct program_column *col, bool literals)
{
    static const char *const WORDS[] = { "text", NULL };
    if (doc_want(list, JSON_ARRAY, c->e))
        return -1;
    if (list->n < 1 || list->n > 16)
        return doc_fail(list, c->e, "must have one to 16 parts");
    col->parts = ARENA_ARRAY(c->a, struct part, list->n);
    for (const struct node *n = list->child; n; n = n->next) {
        struct part *part = &col->parts[col->n_parts++];
        if (n->type == JSON_STRING) {
            part->input = program_input(c, n->text);
            continue;
        }
        const struct node *text = literals && n->type == JSON_OBJECT ? doc_get(n, "text") : NULL;
        if (!text)
            return doc_fail(n, c->e, literals ? "must be the name of a member, or {\"text\": \"…\"}"
                                              : "must be the name of a member");
        if (doc_keys(n, WORDS, c->e) || doc_text(text, &part->text, c->e))
            return -1;
        part->literal = true;
    }
    return 0;
}

static int program_source(struct compiling *c, const struct node *n, struct program_column *col)
{
    const struct node *concat = doc_get(n, "concat"), *array = doc_get(n, "array");
    col->width = 1;
    if (concat && array)
        return doc_fail(array, c->e, "a column is made by concat or by array, not both");
    if (concat) {
        col->source = SOURCE_CONCAT;
        if (program_parts(c, concat, col, true))
            return -1;
    } else if (array) {
        col->source = SOURCE_ARRAY;
        if (col->type != COLUMN_DOUBLE)
            return doc_fail(array, c->e, "an array needs \"type\": \"double\", the type of its elements");
        col->type = COLUMN_DOUBLES;
        if (program_parts(c, array, col, false))
            return -1;
        col->width = (uint32_t)col->n_parts;
    }
    col->source_count = program_count(c, col->name, concat ? "concat" : array ? "array" : "from");
    return program_from(c, n, col);
}

static bool program_is_structure(struct str word)
{
    static const char *const WORDS[] = { "about", "from", "concat", "array", "type", "codes", "null_as" };
    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (str_is(word, WORDS[i]))
            return true;
    return false;
}

static int program_unknown_word(struct compiling *c, const struct node *n)
{
    struct str known[32] = { S("about"), S("from"), S("concat"), S("array"), S("type"), S("codes"), S("null_as") };
    size_t k = 7;
    struct node at = *n;
    at.at = n->stands_in ? n->at : n->key_at;
    at.stands_in = NULL;
    for (size_t i = 0; op_word(i) && k < 32; i++)
        known[k++] = str_of(op_word(i));
    return doc_unknown(&at, c->e, "operation", n->key, known, k);
}

/* The type an operation's number may go to. */
static int program_number_fits(struct compiling *c, const struct node *at, const struct program_column *col,
                               const struct op_kind *kind)
{
    bool instant = str_is(str_of(kind->word), "timestamp");
    bool fits = instant ? col->type == COLUMN_TIMESTAMP
                        : col->type == COLUMN_INT || col->type == COLUMN_LONG || col->type == COLUMN_DOUBLE;
    if (fits)
        return 0;
    return doc_fail(at, c->e, "needs \"type\": %s", instant ? "\"timestamp\"" : "\"int\", \"long\" or \"double\"");
}

static int program_ops(struct compiling *c, const struct node *n, struct program_column *col)
{
    const struct node *number = NULL;
    col->ops = ARENA_ARRAY(c->a, struct op, n->n + 1);
    for (const struct node *m = n->child; m; m = m->next) {
        const struct op_kind *kind = op_find(m->key);
        struct op *op = &col->ops[col->n_ops];
        if (program_is_structure(m->key))
            continue;
        if (!kind)
            return program_unknown_word(c, m);
        if (col->source == SOURCE_ARRAY)
            return doc_fail(m, c->e, "an array takes no text operations");
        if (number)
            return doc_fail(m, c->e, "\"" STR_F "\" has made a number already; write \"" STR_F "\" before it",
                            STR_A(number->key), STR_A(m->key));
        if (kind->gives_number && program_number_fits(c, m, col, kind))
            return -1;
        number = kind->gives_number ? m : NULL;
        if (op_compile(c->a, kind, m, op, c->e))
            return -1;
        op->count = program_count(c, col->name, kind->word);
        col->n_ops++;
    }
    if (col->type != COLUMN_TIMESTAMP || number)
        return 0;
    struct op *op = &col->ops[col->n_ops++];
    op->count = program_count(c, col->name, "timestamp");
    return op_default_timestamp(c->a, op, c->e);
}

static int program_column(struct compiling *c, const struct node *n, struct program_column *col)
{
    col->name = n->key;
    if (doc_want(n, JSON_OBJECT, c->e) || program_room(c, n))
        return -1;
    col->first_count = c->p->n_counts;
    if (program_type(c, n, col) || program_source(c, n, col) || program_ops(c, n, col))
        return -1;
    const struct node *codes = doc_get(n, "codes");
    if (codes && doc_flag(codes, &col->coded, c->e))
        return -1;
    if (col->coded && col->type != COLUMN_STRING)
        return doc_fail(codes, c->e, "only a column of type string can have codes");
    const struct node *null_as = doc_get(n, "null_as");
    if (null_as && doc_text(null_as, &col->null_as, c->e))
        return -1;
    if (null_as && col->type != COLUMN_STRING)
        return doc_fail(null_as, c->e, "only in a column of type string can a text stand for null");
    if (null_as)
        col->null_as_count = program_count(c, col->name, "null_as");
    for (size_t i = 0; i < col->n_ops; i++)
        col->lengths |= col->ops[i].lengths;
    col->type_count = program_count(c, col->name, "type");
    col->n_counts = c->p->n_counts - col->first_count;
    return 0;
}

int program_find(const struct program *p, const struct node *name, size_t *ret_column, struct err *e)
{
    struct str known[MAX_COLUMNS];
    if (doc_want(name, JSON_STRING, e))
        return -1;
    for (size_t i = 0; i < p->n_columns; i++) {
        known[i] = p->columns[i].name;
        if (str_eq(known[i], name->text)) {
            *ret_column = i;
            return 0;
        }
    }
    return doc_unknown(name, e, "column", name->text, known, p->n_columns);
}

/* The columns a name or a list of names stands for. */
static int program_named(struct compiling *c, const struct node *list, size_t **ret_columns, size_t *ret_n)
{
    bool one = list->type == JSON_STRING;
    size_t n = 0, *columns = ARENA_ARRAY(c->a, size_t, one ? 1 : list->n + 1);
    if (!one && doc_want(list, JSON_ARRAY, c->e))
        return -1;
    for (const struct node *at = one ? list : list->child; at; at = one ? NULL : at->next, n++) {
        if (program_find(c->p, at, &columns[n], c->e))
            return -1;
        for (size_t k = 0; k < n; k++)
            if (columns[k] == columns[n])
                return doc_fail(at, c->e, "the column \"" STR_F "\" is named twice", STR_A(at->text));
    }
    *ret_columns = columns;
    *ret_n = n;
    return 0;
}

static int program_order(struct compiling *c, const struct node *file)
{
    const struct node *order = doc_get(file, "order");
    struct program *p = c->p;
    size_t *columns, n;
    if (!order)
        return 0;
    if (program_named(c, order, &columns, &n))
        return -1;
    for (size_t i = 0; i < p->n_columns && n < p->n_columns; i++) {
        bool found = false;
        for (size_t k = 0; k < n; k++)
            found |= columns[k] == i;
        if (!found)
            return doc_fail(order, c->e, "the column \"" STR_F "\" is missing; to leave a column out, take it out of "
                            "\"columns\" and name its member in \"drop\"", STR_A(p->columns[i].name));
    }
    struct program_column *sorted = ARENA_ARRAY(c->a, struct program_column, n + 1);
    for (size_t i = 0; i < n; i++)
        sorted[i] = p->columns[columns[i]];
    p->columns = sorted;
    return 0;
}

static int program_dedupe(struct compiling *c, const struct node *file)
{
    static const char *const WORDS[] = { "by", "keep", NULL };
    const struct node *dedupe = doc_get(file, "dedupe");
    if (!dedupe || dedupe->type == JSON_FALSE)
        return 0;
    c->p->dedupe = true;
    if (dedupe->type == JSON_TRUE)
        return 0;
    if (doc_keys(dedupe, WORDS, c->e))
        return -1;
    const struct node *by = doc_get(dedupe, "by"), *keep = doc_get(dedupe, "keep");
    if (keep && !str_is(keep->text, "first"))
        return doc_fail(keep, c->e, "only \"first\" is known: the first row in the order of the finished table");
    if (!by || (by->type == JSON_STRING && str_is(by->text, "*")))
        return 0;
    return program_named(c, by, &c->p->dedupe_by, &c->p->n_dedupe_by);
}

static int program_key(struct compiling *c, const struct node *file)
{
    const struct node *key = doc_get(file, "key");
    size_t *columns, n;
    if (!key)
        return doc_fail(file, c->e, "says no \"key\": the column that rows are ordered and joined by");
    if (doc_want(key, JSON_STRING, c->e) || program_named(c, key, &columns, &n))
        return -1;
    c->p->key = columns[0];
    enum column_type type = c->p->columns[columns[0]].type;
    if (type != COLUMN_LONG && type != COLUMN_INT)
        return doc_fail(key, c->e, "the key must be a column of type \"long\" or \"int\"");
    c->p->columns[columns[0]].required = true;
    return 0;
}

static int program_require(struct compiling *c, const struct node *file)
{
    const struct node *require = doc_get(file, "require");
    size_t *columns, n, k = 0;
    struct program *p = c->p;
    if (require && program_named(c, require, &columns, &n))
        return -1;
    for (size_t i = 0; require && i < n; i++)
        p->columns[columns[i]].required = true;
    p->steps = ARENA_ARRAY(c->a, size_t, p->n_columns);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < p->n_columns; i++)
            if (p->columns[i].required == (pass == 0))
                p->steps[k++] = i;
    return 0;
}

static int program_drop(struct compiling *c, const struct node *file)
{
    const struct node *drop = doc_get(file, "drop");
    struct str *names;
    size_t n;
    c->p->n_used = c->p->n_inputs;
    if (!drop)
        return 0;
    if (doc_texts(c->a, drop, &names, &n, c->e))
        return -1;
    if (n > MAX_INPUTS - c->p->n_inputs)
        return doc_fail(drop, c->e, "too many members");
    for (size_t i = 0; i < n; i++)
        if (program_input(c, names[i]) < c->p->n_used)
            return doc_fail(drop, c->e, "\"" STR_F "\" is used by a column and cannot be dropped", STR_A(names[i]));
    return 0;
}

struct program *program_compile(struct arena *a, const struct node *file, struct err *e)
{
    static const char *const WORDS[] = { "$schema", "table",   "about",  "key",    "columns", "drop",
                                         "order",   "require", "dedupe", "checks", "tests",   NULL };
    struct compiling c = { a, ARENA_NEW(a, struct program), e };
    struct program *p = c.p;
    if (doc_keys(file, WORDS, e))
        return NULL;
    const struct node *table = doc_get(file, "table"), *columns = doc_get(file, "columns"),
                      *about = doc_get(file, "about");
    if (!table || !columns)
        return doc_fail(file, e, "needs \"table\", \"key\" and \"columns\""), NULL;
    if (doc_text(table, &p->name, e) || (about && doc_text(about, &p->about, e)) ||
        doc_want(columns, JSON_OBJECT, e))
        return NULL;
    if (columns->n < 1 || columns->n > MAX_COLUMNS)
        return doc_fail(columns, e, "a table has one to %d columns", MAX_COLUMNS), NULL;
    p->columns = ARENA_ARRAY(a, struct program_column, columns->n);
    p->inputs = ARENA_ARRAY(a, struct str, MAX_INPUTS);
    p->counts = ARENA_ARRAY(a, struct clean_count, MAX_COUNTS);
    for (const struct node *n = columns->child; n; n = n->next)
        if (program_column(&c, n, &p->columns[p->n_columns++]))
            return NULL;
    if (program_drop(&c, file) || program_order(&c, file) || program_key(&c, file) || program_require(&c, file) ||
        program_dedupe(&c, file) || check_compile(a, p, file, e))
        return NULL;
    return p;
}
