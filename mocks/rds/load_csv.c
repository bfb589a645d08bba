/* load_csv.c - RFC 4180 records, strictly: a quote stands at both ends of a field or, doubled, inside it. */
#include "mocks/rds/load_reader.h"

static bool at_line_end(struct str s, size_t at)
{
    return at >= s.n || s.p[at] == '\n' || (s.p[at] == '\r' && (at + 1 == s.n || s.p[at + 1] == '\n'));
}

static size_t past_line_end(struct str s, size_t at)
{
    size_t newline = str_chr(str_from(s, at), '\n');
    return newline == STR_NONE ? s.n : at + newline + 1;
}

static struct str undoubled(struct str s, struct arena *a)
{
    if (str_chr(s, '"') == STR_NONE)
        return s;
    char *p = arena_alloc(a, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        p[n++] = s.p[i];
        i += s.p[i] == '"'; /* the second of two */
    }
    return (struct str){ p, n };
}

/* Offset of the quote that closes the field opened before `at`, or STR_NONE. */
static size_t closing_quote(struct str s, size_t at)
{
    for (;;) {
        size_t quote = str_chr(str_from(s, at), '"');
        if (quote == STR_NONE)
            return STR_NONE;
        at += quote;
        if (at + 1 >= s.n || s.p[at + 1] != '"')
            return at;
        at += 2;
    }
}

static int quoted_field(struct load_reader *r, struct str bounded, struct load_field *f, struct load_problem *problem)
{
    size_t close = closing_quote(bounded, f->at + 1);
    if (close == STR_NONE)
        return load_problem_set(r, problem, f->at, bounded.n < r->text.n
                                ? "the record is longer than 1 MiB: is the quote that opens here never closed?"
                                : "the quote that opens here is never closed");
    f->quoted = true;
    f->text = undoubled((struct str){ r->text.p + f->at + 1, close - f->at - 1 }, r->arena);
    r->at = close + 1;
    if (at_line_end(r->text, r->at) || r->text.p[r->at] == ',')
        return 0;
    return load_problem_set(r, problem, f->at,
                            "text follows the closing quote of the field that opens here; write quotes inside it twice");
}

static int plain_field(struct load_reader *r, struct str bounded, struct load_field *f, struct load_problem *problem)
{
    while (r->at < bounded.n && r->text.p[r->at] != ',' && !at_line_end(r->text, r->at))
        if (r->text.p[r->at++] == '"')
            return load_problem_set(r, problem, r->at - 1,
                                    "a quote inside a field without quotes; put the field in quotes and double this one");
    if (r->at == bounded.n && bounded.n < r->text.n)
        return load_problem_set(r, problem, f->at, "the record is longer than 1 MiB");
    f->text = (struct str){ r->text.p + f->at, r->at - f->at };
    return 0;
}

/* Fields until the end of the record; counts those that do not fit, too. */
static int read_fields(struct load_reader *r, struct load_record *ret, struct load_problem *problem)
{
    struct str bounded = str_head(r->text, r->at + LOAD_MAX_RECORD_BYTES);
    struct load_field spare;
    for (ret->n = 0;; r->at++) {
        struct load_field *f = ret->n < SCHEMA_MAX_COLUMNS ? &ret->fields[ret->n] : &spare;
        bool quote = r->at < r->text.n && r->text.p[r->at] == '"';
        *f = (struct load_field){ .at = r->at };
        ret->n++;
        if ((quote ? quoted_field : plain_field)(r, bounded, f, problem))
            return -1;
        if (at_line_end(r->text, r->at))
            return 0;
    }
}

/* A record of any number of fields. After a quote gone wrong nobody knows where the record ends: the next one is
 * looked for on the line after the one it began on. */
static int read_record(struct load_reader *r, struct load_record *ret, struct load_problem *problem)
{
    while (r->at < r->text.n && at_line_end(r->text, r->at))
        r->at = past_line_end(r->text, r->at);
    if (r->at >= r->text.n)
        return 0;
    ret->at = r->at;
    int result = read_fields(r, ret, problem) ? -1 : 1;
    r->at = past_line_end(r->text, result == 1 ? r->at : ret->at);
    return result;
}

int load_csv_next(struct load_reader *r, struct load_record *ret, struct load_problem *problem)
{
    int result = read_record(r, ret, problem);
    if (result != 1 || ret->n == r->columns->n)
        return result;
    size_t at = ret->n > r->columns->n && r->columns->n < SCHEMA_MAX_COLUMNS ? ret->fields[r->columns->n].at : ret->at;
    return load_problem_set(r, problem, at, "%zu fields where the header has %zu", ret->n, r->columns->n);
}

int load_csv_header(struct load_reader *r, struct load_problem *problem)
{
    struct load_record header;
    int result = read_record(r, &header, problem);
    if (result < 0)
        return -1;
    if (result == 0)
        return load_problem_set(r, problem, 0, "the file is empty; its first line must name the columns");
    if (header.n > SCHEMA_MAX_COLUMNS)
        return load_problem_set(r, problem, 0, "more than %d columns", SCHEMA_MAX_COLUMNS);
    for (size_t i = 0; i < header.n; i++)
        r->columns->at[i].name = arena_dup(r->names, str_trim(header.fields[i].text));
    r->columns->n = header.n;
    return 0;
}
