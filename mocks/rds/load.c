/* load.c - from files to typed rows, and every broken line by its place.
 *
 *   find the table's file -> read it -> name its columns -> check them against schema.h -> each record -> its values
 */
#include "mocks/rds/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "mocks/rds/load_reader.h"
#include "mocks/rds/load_value.h"

static const struct ending {
    const char *text;
    enum load_format format;
} endings[] = { { ".csv", LOAD_CSV }, { ".jsonl", LOAD_JSON }, { ".ndjson", LOAD_JSON }, { ".json", LOAD_JSON } };
enum { N_ENDINGS = sizeof endings / sizeof *endings };

static const struct format {
    int (*header)(struct load_reader *, struct load_problem *);
    int (*next)(struct load_reader *, struct load_record *, struct load_problem *);
} formats[] = { [LOAD_CSV] = { load_csv_header, load_csv_next }, [LOAD_JSON] = { load_json_header, load_json_next } };

struct loading { /* one table being read */
    const struct schema_table *table;
    const char *file;
    const struct format *format;
    const struct load_sink *sink;
    struct load_broken *broken;
    struct err *e;
    struct load_columns columns;
    struct arena names, arena;
    struct json_reader array;
    struct load_reader reader;
    size_t line, line_at; /* of the last place told: places only grow */
};

void load_broken_release(struct load_broken *b)
{
    for (size_t i = 0; i < b->n_first; i++)
        free(b->first[i]);
    *b = (struct load_broken){ 0 };
}

void load_result_release(struct load_result *r)
{
    load_broken_release(&r->broken);
    for (size_t i = 0; i < SCHEMA_TABLES; i++)
        free(r->file[i]);
    *r = (struct load_result){ 0 };
}

int load_problem_set(struct load_reader *r, struct load_problem *problem, size_t at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    problem->at = at;
    problem->what = arena_vf(r->arena, fmt, ap);
    va_end(ap);
    return -1;
}

/* "file:line:column", counted on from the last place asked for. */
static struct str place(struct loading *l, size_t at)
{
    if (at < l->line_at)
        l->line = 0, l->line_at = 0;
    struct str before = str_head(l->reader.text, at);
    for (size_t newline; (newline = str_chr(str_from(before, l->line_at), '\n')) != STR_NONE; l->line++)
        l->line_at += newline + 1;
    size_t column = utf8_count(str_from(before, l->line_at));
    return arena_f(&l->arena, "%s:%zu:%zu", l->file, l->line + 1, column + 1);
}

static int malformed(struct loading *l, const struct load_problem *p)
{
    return err_set(l->e, 0, "TABLE_MALFORMED", STR_F ": " STR_F, STR_A(place(l, p->at)), STR_A(p->what));
}

static void note_broken(struct loading *l, const struct load_problem *p)
{
    l->broken->n++;
    if (l->broken->n_first < LOAD_FIRST)
        l->broken->first[l->broken->n_first++] =
            mem_dup(arena_f(&l->arena, STR_F ": " STR_F, STR_A(place(l, p->at)), STR_A(p->what)));
}

static void start_text(struct loading *l, struct str text, enum load_format format)
{
    const struct str mark = S("\xEF\xBB\xBF");
    struct load_reader *r = &l->reader;
    r->text = text;
    r->at = str_starts(text, mark) ? mark.n : 0;
    r->columns = &l->columns, r->arena = &l->arena, r->names = &l->names;
    struct str body = str_trim(str_from(text, r->at));
    if (format == LOAD_JSON && body.n && body.p[0] == '[') {
        json_open(&l->array, body);
        json_enter(&l->array, JSON_ARRAY);
        r->array = &l->array;
    }
}

static int check_file(struct loading *l)
{
    struct str text = l->reader.text;
    if (str_trim(str_from(text, l->reader.at)).n == 0)
        return err_set(l->e, 0, "TABLE_MALFORMED", "%s is empty; it must name the columns of %s and hold its rows", l->file,
                       l->table->name);
    if (str_starts(text, S("\xFF\xFE")) || str_starts(text, S("\xFE\xFF")))
        return err_set(l->e, 0, "TABLE_MALFORMED", "%s is UTF-16; save it as UTF-8", l->file);
    return 0;
}

static const struct schema_column *known_column(const struct schema_table *t, struct str name)
{
    for (size_t i = 0; i < t->n_columns; i++)
        if (str_is(name, t->columns[i].name))
            return &t->columns[i];
    return NULL;
}

static int check_names(struct loading *l)
{
    for (size_t i = 0; i < l->columns.n; i++) {
        struct str name = l->columns.at[i].name;
        if (name.n == 0 || name.n > 64 || !utf8_valid(name) || str_chr(name, 0) != STR_NONE)
            return err_set(l->e, 0, "TABLE_MALFORMED", "%s: column %zu has %s; give each column a name "
                           "(pandas: to_csv(index=False))", l->file, i + 1, name.n ? "a name that no table can have" : "no name");
        for (size_t k = 0; k < i; k++)
            if (str_eq_nocase(name, l->columns.at[k].name))
                return err_set(l->e, 0, "TABLE_MALFORMED", "%s: columns %zu and %zu are both named \"" STR_F "\"", l->file, k + 1,
                               i + 1, STR_A(name));
    }
    return 0;
}

static int check_columns(struct loading *l)
{
    struct buf missing = BUF_INIT;
    for (size_t i = 0; i < l->columns.n; i++) {
        l->columns.at[i].known = known_column(l->table, l->columns.at[i].name);
        if (l->columns.at[i].known == l->table->columns)
            l->columns.key = i;
    }
    for (size_t c = 0; c < l->table->n_columns; c++) {
        size_t i = 0;
        while (i < l->columns.n && l->columns.at[i].known != &l->table->columns[c])
            i++;
        if (i == l->columns.n)
            buf_f(&missing, "%s%s", missing.n ? ", " : "", l->table->columns[c].name);
    }
    int result = missing.n == 0 ? 0
        : err_set(l->e, 0, "TABLE_MALFORMED", "%s:1:1: %s needs the column%s %s; the file has %zu other%s, the first is \"" STR_F "\"",
                  l->file, l->table->name, strstr(buf_cstr(&missing), ", ") ? "s" : "", buf_cstr(&missing), l->columns.n,
                  l->columns.n == 1 ? "" : "s", STR_A(l->columns.at[0].name));
    buf_release(&missing);
    return result;
}

/* 0: the sink has it. 1: broken. -1: the sink failed. */
static int take_record(struct loading *l, const struct load_record *record, struct load_problem *problem)
{
    struct load_value values[SCHEMA_MAX_COLUMNS];
    for (size_t i = 0; i < record->n; i++) {
        const char *wrong = load_value_read(l->columns.at[i].known, &record->fields[i], &l->arena, &values[i]);
        if (wrong)
            return -load_problem_set(&l->reader, problem, record->fields[i].at, "%s", wrong);
    }
    const struct load_field *key = &record->fields[l->columns.key];
    if (values[l->columns.key].kind != LOAD_INTEGER)
        return -load_problem_set(&l->reader, problem, key->at, "%s: the key is missing", l->table->columns[0].name);
    int taken = l->sink->row(l->sink->ctx, values, l->e);
    if (taken == 1)
        return -load_problem_set(&l->reader, problem, key->at, "%s: a row %lld was there before", l->table->columns[0].name,
                                 (long long)values[l->columns.key].integer);
    return taken;
}

static int take_records(struct loading *l)
{
    struct load_record record;
    for (;;) {
        struct load_problem problem = { 0 };
        arena_reset(&l->arena);
        int more = l->format->next(&l->reader, &record, &problem);
        if (more == 0)
            return 0;
        if (problem.fatal)
            return malformed(l, &problem);
        int taken = more == 1 ? take_record(l, &record, &problem) : 1;
        if (taken < 0)
            return -1;
        if (taken)
            note_broken(l, &problem);
    }
}

int load_text(const struct schema_table *table, const char *file, enum load_format format, struct str text,
              const struct load_sink *sink, struct load_broken *broken, struct err *e)
{
    struct loading l = { .table = table, .file = file, .format = &formats[format], .sink = sink, .broken = broken, .e = e };
    struct load_problem problem = { 0 };
    int result = -1;
    start_text(&l, text, format);
    if (check_file(&l))
        goto out;
    if (l.format->header(&l.reader, &problem)) {
        malformed(&l, &problem);
        goto out;
    }
    if (check_names(&l) || check_columns(&l) || sink->columns(sink->ctx, table, &l.columns, e))
        goto out;
    result = take_records(&l);
out:
    arena_release(&l.arena);
    arena_release(&l.names);
    return result;
}

static int read_file(const char *path, struct buf *ret, struct err *e)
{
    struct stat st;
    int result = -1;
    FILE *f = fopen(path, "rb");
    if (!f)
        return err_set(e, 0, "TABLES_NOT_FOUND", "cannot read %s: %s", path, strerror(errno));
    if (fstat(fileno(f), &st) || !S_ISREG(st.st_mode))
        err_set(e, 0, "TABLES_NOT_FOUND", "%s is not a file", path);
    else if (st.st_size > LOAD_MAX_FILE_BYTES)
        err_set(e, 0, "TABLE_MALFORMED", "%s is larger than 1 GiB; load a part of it", path);
    else {
        char *p = buf_room(ret, (size_t)st.st_size + 1);
        ret->n = fread(p, 1, (size_t)st.st_size, f);
        result = ferror(f) ? err_set(e, 0, "TABLES_NOT_FOUND", "cannot read %s: %s", path, strerror(errno)) : 0;
    }
    fclose(f);
    return result;
}

/* The table's one file: its ending, or NULL and *e. */
static const struct ending *find_file(const char *dir, const struct schema_table *t, struct err *e)
{
    const struct ending *found = NULL;
    struct buf path = BUF_INIT;
    for (size_t i = 0; i < N_ENDINGS; i++) {
        buf_reset(&path);
        buf_f(&path, "%s/%s%s", dir, t->name, endings[i].text);
        if (access(buf_cstr(&path), F_OK))
            continue;
        if (found) {
            err_set(e, 0, "TABLE_AMBIGUOUS", "%s holds both %s%s and %s%s; take one of them away", dir, t->name, found->text,
                    t->name, endings[i].text);
            buf_release(&path);
            return NULL;
        }
        found = &endings[i];
    }
    buf_release(&path);
    if (!found)
        err_set(e, 0, "TABLE_MISSING", "%s holds no %s.csv, .jsonl, .ndjson or .json; all three tables are needed", dir, t->name);
    return found;
}

static int load_table(const char *dir, size_t i, const struct load_sink *sink, struct load_result *r, struct err *e)
{
    const struct schema_table *t = &schema_tables[i];
    const struct ending *ending = find_file(dir, t, e);
    struct buf path = BUF_INIT, text = BUF_INIT;
    if (!ending)
        return -1;
    buf_f(&path, "%s/%s%s", dir, t->name, ending->text);
    r->file[i] = mem_dup(str_from(buf_str(&path), strlen(dir) + 1));
    int64_t before = r->broken.n;
    int result = read_file(buf_cstr(&path), &text, e);
    if (result == 0)
        result = load_text(t, r->file[i], ending->format, buf_str(&text), sink, &r->broken, e);
    r->n_broken[i] = r->broken.n - before;
    buf_release(&path);
    buf_release(&text);
    return result;
}

/* The advice stands before the list, which struct err may have to cut. */
static int refuse(const char *dir, const struct load_broken *b, struct err *e)
{
    const char *what = b->n == 1 ? "line" : "lines", *pronoun = b->n == 1 ? "it" : "them";
    struct buf list = BUF_INIT;
    for (size_t i = 0; i < b->n_first; i++)
        buf_f(&list, "%s%s", i ? "; " : "", b->first[i]);
    err_set(e, 0, "TABLE_MALFORMED", "%lld broken %s in %s (correct %s, or pass over %s with --skip-broken): %s%s",
            (long long)b->n, what, dir, pronoun, pronoun, buf_cstr(&list), b->n > (int64_t)b->n_first ? "; …" : "");
    buf_release(&list);
    return -1;
}

int load_tables(const char *dir, bool skip_broken, const struct load_sink *sink, struct load_result *result, struct err *e)
{
    struct stat st;
    if (stat(dir, &st))
        return err_set(e, 0, "TABLES_NOT_FOUND", "cannot read the tables directory %s: %s", dir, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(e, 0, "TABLES_NOT_FOUND", "%s is not a directory; name the one that holds the three tables", dir);
    for (size_t i = 0; i < SCHEMA_TABLES; i++)
        if (load_table(dir, i, sink, result, e))
            return -1;
    return result->broken.n && !skip_broken ? refuse(dir, &result->broken, e) : 0;
}
