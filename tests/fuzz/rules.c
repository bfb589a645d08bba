/* Rule files of any bytes, as a table, a question and a profile: refused with their place, or else written as SQL of all dialects. */
#include <stdlib.h>

#include "pipeline/analytics/query.h"
#include "pipeline/analytics/sql.h"
#include "pipeline/clean/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct rules *rules; /* the built-in ones, for questions to ask about */

static void check_place(const struct err *e)
{
    if (!e->code[0] || !str_starts(str_of(e->message), S("f.json")))
        abort();
}

static void check_sql(const struct program *p, const struct query *q)
{
    for (int d = SQL_SQLITE; d <= SQL_SPARK; d++) {
        struct buf out = BUF_INIT;
        struct err e = { 0 };
        int result = p ? sql_put_raw(p, (enum sql_dialect)d, &out, &e) || sql_put_table(p, (enum sql_dialect)d, &out, &e)
                       : sql_put_query(q, (enum sql_dialect)d, &out, &e);
        if (result ? !str_is(str_of(e.code), "RULES_NOT_SQL") : out.n == 0)
            abort();
        buf_release(&out);
    }
}

/* What rules_open has seen to before. */
static bool is_named(const struct node *file, const char *word)
{
    const struct node *name = file->type == JSON_OBJECT ? doc_get(file, word) : NULL;
    return name && name->type == JSON_STRING;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct err e = { 0 }, program_error = { 0 }, query_error = { 0 };
    if (!rules && !(rules = rules_open(NULL, NULL, &e)))
        abort();
    struct node *file = doc_parse(&a, S("f.json"), (struct str){ (const char *)data, size }, &e);
    if (!file) {
        check_place(&e);
        arena_release(&a);
        return 0;
    }
    if (file->type == JSON_OBJECT && doc_switch(&a, file, file, &e)) /* its own members as switches */
        check_place(&e);
    struct program *p = is_named(file, "table") ? program_compile(&a, file, &program_error) : NULL;
    struct query *q = is_named(file, "query") ? query_compile(&a, rules, file, &query_error) : NULL;
    if (p)
        check_sql(p, NULL);
    else if (is_named(file, "table"))
        check_place(&program_error);
    if (q)
        check_sql(NULL, q);
    else if (is_named(file, "query"))
        check_place(&query_error);
    arena_release(&a);
    return 0;
}
