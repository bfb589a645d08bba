/* export.c - the files of a bundle.
 *
 * | file                        | spark | databricks | made of                                      |
 * |-----------------------------|-------|------------|----------------------------------------------|
 * | job.py                      | x     |            | bundle/                                      |
 * | rules.json                  | x     |            | rules as data and SQL                        |
 * | notebook.py                 |       | x          | bundle/, job.py, check.py, rules and answers |
 * | check.py dag.py README.md requirements.txt | x | x | bundle/                                   |
 * | sql/clean/T.sql sql/queries/Q.sql | x | x        | sql_put_table, sql_put_query                 |
 * | sample/T.jsonl              | x     | x          | the raw records                              |
 * | expected/Q.json Q.csv tables.json | x | x        | the native engine's answers                  |
 */
#include "pipeline/export/export.h"

#include "base/embed.h"
#include "base/json.h"
#include "pipeline/analytics/query.h"
#include "pipeline/analytics/sql.h"
#include "pipeline/clean/program.h"
#include "pipeline/sink/sink.h"

#define COMMAND_LINE S("# ---- command line ----")

struct writing {
    const struct export_bundle *b;
    const char *dir;
    struct arena arena;
    struct buf rules, answers; /* JSON objects */
    size_t n_files;
    struct err *e;
};

static int put(struct writing *w, struct str path, struct str bytes)
{
    w->n_files++;
    return sink_put(w->dir, arena_z(&w->arena, path), bytes, w->e);
}

/* ---- rules.json ---- */

static void put_names(struct buf *out, const char *member, const struct program *p, const size_t *inputs, size_t n)
{
    buf_f(out, "\"%s\":[", member);
    for (size_t i = 0; i < n; i++) {
        buf_z(out, i ? "," : "");
        json_put_text(out, p->inputs[inputs[i]]);
    }
    buf_c(out, ']');
}

/* What the reader must know: members that stand for the column, parts that it is put together from, and whether it is an instant or an
 * array. */
static void put_column(struct writing *w, const struct program *p, const struct program_column *col)
{
    struct buf *out = &w->rules;
    size_t n = 0, *parts = ARENA_ARRAY(&w->arena, size_t, col->n_parts + 1);
    for (size_t i = 0; i < col->n_parts; i++)
        if (!col->parts[i].literal)
            parts[n++] = col->parts[i].input;
    buf_c(out, '{');
    put_names(out, "from", p, col->from, col->n_from);
    buf_c(out, ',');
    put_names(out, "parts", p, parts, col->source == SOURCE_MEMBER ? 0 : n);
    buf_f(out, ",\"kind\":\"%s\"}", col->type == COLUMN_TIMESTAMP ? "instant" : col->type == COLUMN_DOUBLES ? "doubles" : "text");
}

static int put_table(struct writing *w, const struct program *p)
{
    struct buf sql = BUF_INIT;
    int result = sql_put_table(p, SQL_SPARK, &sql, w->e);
    json_put_text(&w->rules, p->name);
    buf_z(&w->rules, ":{\"members\":[");
    for (size_t i = 0; i < p->n_used; i++) {
        buf_z(&w->rules, i ? "," : "");
        json_put_text(&w->rules, p->inputs[i]);
    }
    buf_z(&w->rules, "],\"columns\":[");
    for (size_t i = 0; i < p->n_columns; i++) {
        buf_z(&w->rules, i ? "," : "");
        put_column(w, p, &p->columns[i]);
    }
    buf_z(&w->rules, "],\"sql\":");
    json_put_text(&w->rules, buf_str(&sql));
    buf_c(&w->rules, '}');
    buf_c(&sql, '\n');
    if (result == 0)
        result = put(w, arena_f(&w->arena, "sql/clean/" STR_F ".sql", STR_A(p->name)), buf_str(&sql));
    buf_release(&sql);
    return result;
}

static int put_question(struct writing *w, size_t i)
{
    struct str name = analytics_name(w->b->analytics, i);
    struct buf sql = BUF_INIT;
    int result = sql_put_query(analytics_query(w->b->analytics, i), SQL_SPARK, &sql, w->e);
    json_put_text(&w->rules, name);
    buf_z(&w->rules, ":{\"about\":");
    json_put_text(&w->rules, analytics_about(w->b->analytics, i));
    buf_z(&w->rules, ",\"sql\":");
    json_put_text(&w->rules, buf_str(&sql));
    buf_c(&w->rules, '}');
    buf_c(&sql, '\n');
    if (result == 0)
        result = put(w, arena_f(&w->arena, "sql/queries/" STR_F ".sql", STR_A(name)), buf_str(&sql));
    buf_release(&sql);
    return result;
}

static int put_rules(struct writing *w)
{
    buf_z(&w->rules, "{\"profile\":");
    json_put_text(&w->rules, rules_profile(w->b->rules));
    buf_z(&w->rules, ",\n\"tables\":{");
    for (size_t i = 0; i < w->b->n_samples; i++) {
        buf_z(&w->rules, i ? ",\n" : "\n");
        if (put_table(w, rules_program(w->b->rules, w->b->samples[i].name)))
            return -1;
    }
    buf_z(&w->rules, "},\n\"queries\":{");
    for (size_t i = 0; i < analytics_count(w->b->analytics); i++) {
        buf_z(&w->rules, i ? ",\n" : "\n");
        if (put_question(w, i))
            return -1;
    }
    buf_z(&w->rules, "}}\n");
    return 0;
}

/* ---- expected/ ---- */

static int put_answer(struct writing *w, size_t i, const struct table *const *tables)
{
    struct result *r = NULL;
    struct buf csv = BUF_INIT;
    if (analytics_run(w->b->analytics, i, tables, w->b->n_samples, &r, w->e))
        return -1;
    size_t from = w->answers.n;
    result_put_json(r, &w->answers);
    struct str json = { w->answers.p + from, w->answers.n - from };
    result_put_csv(r, &csv);
    int result = put(w, arena_f(&w->arena, "expected/" STR_F ".json", STR_A(r->name)), json) ||
                 put(w, arena_f(&w->arena, "expected/" STR_F ".csv", STR_A(r->name)), buf_str(&csv)) ? -1 : 0;
    buf_release(&csv);
    result_close(r);
    return result;
}

/* Rows, refused records and nulls of each column. */
static int put_profile(struct writing *w)
{
    struct buf out = BUF_INIT;
    for (size_t i = 0; i < w->b->n_samples; i++) {
        const struct export_sample *s = &w->b->samples[i];
        buf_z(&out, i ? ",\n" : "{");
        json_put_text(&out, s->name);
        buf_f(&out, ":{\"rows\":%zu,\"refused\":%llu,\"nulls\":{", s->table->n_rows, (unsigned long long)s->refused);
        for (size_t c = 0; c < s->table->n_columns; c++) {
            size_t nulls = 0;
            for (size_t row = 0; row < s->table->n_rows; row++)
                nulls += s->table->columns[c].null[row];
            buf_z(&out, c ? "," : "");
            json_put_text(&out, s->table->columns[c].name);
            buf_f(&out, ":%zu", nulls);
        }
        buf_z(&out, "}}");
    }
    buf_z(&out, "}");
    buf_z(&w->answers, ",\n\"tables\":");
    buf_str_add(&w->answers, buf_str(&out));
    buf_c(&out, '\n');
    int result = put(w, S("expected/tables.json"), buf_str(&out));
    buf_release(&out);
    return result;
}

static int put_expected(struct writing *w)
{
    const struct table *tables[EXPORT_MAX_TABLES];
    for (size_t i = 0; i < w->b->n_samples; i++)
        tables[i] = w->b->samples[i].table;
    for (size_t i = 0; i < analytics_count(w->b->analytics); i++) {
        buf_z(&w->answers, i ? ",\n" : "{\n");
        json_put_text(&w->answers, analytics_name(w->b->analytics, i));
        buf_c(&w->answers, ':');
        if (put_answer(w, i, tables))
            return -1;
    }
    if (put_profile(w))
        return -1;
    buf_z(&w->answers, "}\n");
    return 0;
}

static int put_samples(struct writing *w)
{
    for (size_t i = 0; i < w->b->n_samples; i++)
        if (put(w, arena_f(&w->arena, "sample/" STR_F ".jsonl", STR_A(w->b->samples[i].name)), w->b->samples[i].lines))
            return -1;
    return 0;
}

/* ---- files of bundle/ ---- */

static struct str bundled(struct writing *w, const char *name)
{
    return embed_find(arena_f(&w->arena, "pipeline/export/bundle/%s", name).p);
}

/* Without what makes it a program. */
static struct str as_module(struct str python) { return str_head(python, str_find(python, COMMAND_LINE)); }

static struct str rows_text(struct writing *w)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < w->b->n_samples; i++) {
        size_t n = 0;
        for (size_t k = 0; k < w->b->samples[i].lines.n; k++)
            n += w->b->samples[i].lines.p[k] == '\n';
        buf_f(&b, "%s%zu " STR_F, i ? ", " : "", n, STR_A(w->b->samples[i].name));
    }
    return arena_keep(&w->arena, &b);
}

/* JSON has no three quotes in a row, so that it can stand in Python's r"""…""". */
static struct str filled(struct writing *w, struct str text)
{
    const struct { struct str name, value; } values[] = {
        { S("@PROFILE@"), rules_profile(w->b->rules) }, { S("@ROWS@"), rows_text(w) },
        { S("@JOB@\n"), as_module(bundled(w, "job.py")) }, { S("@CHECK@\n"), as_module(bundled(w, "check.py")) },
        { S("@RULES@"), str_trim(buf_str(&w->rules)) }, { S("@EXPECTED@"), str_trim(buf_str(&w->answers)) },
    };
    struct buf out = BUF_INIT;
    while (text.n) {
        size_t i = 0, n = sizeof values / sizeof *values;
        while (i < n && !str_starts(text, values[i].name))
            i++;
        buf_str_add(&out, i < n ? values[i].value : str_head(text, 1));
        text = str_from(text, i < n ? values[i].name.n : 1);
    }
    return arena_keep(&w->arena, &out);
}

static int put_bundled(struct writing *w)
{
    static const struct { const char *target, *from, *to; } files[] = {
        { "spark", "job.py", "job.py" },
        { "spark", "dag_spark.py", "dag.py" },
        { "spark", "README_spark.md", "README.md" },
        { "spark", "requirements_spark.txt", "requirements.txt" },
        { "databricks", "notebook.py", "notebook.py" },
        { "databricks", "dag_databricks.py", "dag.py" },
        { "databricks", "README_databricks.md", "README.md" },
        { "databricks", "requirements_databricks.txt", "requirements.txt" },
        { NULL, "check.py", "check.py" },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (!files[i].target || strcmp(files[i].target, w->b->target) == 0)
            if (put(w, str_of(files[i].to), filled(w, bundled(w, files[i].from))))
                return -1;
    return strcmp(w->b->target, "spark") == 0 ? put(w, S("rules.json"), buf_str(&w->rules)) : 0;
}

int export_write(const struct export_bundle *b, const char *dir, size_t *ret_files, struct err *e)
{
    struct writing w = { .b = b, .dir = dir, .e = e };
    int result = put_rules(&w) || put_samples(&w) || put_expected(&w) || put_bundled(&w) ? -1 : 0;
    *ret_files = w.n_files;
    buf_release(&w.rules);
    buf_release(&w.answers);
    arena_release(&w.arena);
    return result;
}
