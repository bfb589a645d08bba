#include "pipeline/check/grid.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"

void grid_release(struct grid *g)
{
    free(g->cells);
    arena_release(&g->arena);
    *g = (struct grid){ 0 };
}

size_t grid_column(const struct grid *g, struct str name)
{
    for (size_t i = 0; i < g->n_columns; i++)
        if (str_eq(g->columns[i], name))
            return i;
    return STR_NONE;
}

static struct str *grid_add(struct grid *g)
{
    if (g->n_rows == g->cap_rows) {
        g->cap_rows = g->cap_rows ? g->cap_rows * 2 : 64;
        g->cells = mem_grow(g->cells, g->cap_rows * g->n_columns * sizeof *g->cells);
    }
    struct str *row = g->cells + g->n_rows++ * g->n_columns;
    for (size_t i = 0; i < g->n_columns; i++)
        row[i] = (struct str){ 0 };
    return row;
}

static int grid_malformed(struct err *e, const char *path, size_t line, const char *what)
{
    return err_set(e, 0, "BASELINE_MALFORMED", "%s:%zu: %s; restore the file, or write the baseline anew with weirbox check --update", path, line, what);
}

/* ---- JSON lines ---- */

static int grid_not_json(struct grid *g, struct err *e, const char *path, size_t line, const struct json_reader *r)
{
    struct str where = r->error ? json_where(r, &g->arena) : S("not a JSON object");
    return grid_malformed(e, path, line, arena_z(&g->arena, where));
}

/* The line's keys are the columns. */
static int grid_keys(struct grid *g, struct str line, const char *path, size_t number, struct err *e)
{
    struct json_reader r;
    struct json v;
    struct str key, names[GRID_MAX_COLUMNS];
    size_t n = 0;
    json_open(&r, line);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        if (n == GRID_MAX_COLUMNS)
            return grid_malformed(e, path, number, "too many columns");
        names[n++] = json_text((struct json){ JSON_STRING, str_chr(key, '\\') != STR_NONE, key }, &g->arena);
    }
    if (json_close(&r) || !n)
        return grid_not_json(g, e, path, number, &r);
    g->columns = ARENA_ARRAY(&g->arena, struct str, n);
    memcpy(g->columns, names, n * sizeof *names);
    g->n_columns = n;
    return 0;
}

static int grid_line(struct grid *g, struct str line, const char *path, size_t number, struct err *e)
{
    struct json_reader r;
    struct json v;
    struct str key, *row = grid_add(g);
    size_t at = 0;
    json_open(&r, line);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        size_t i = 0;
        for (; i < g->n_columns; i++) { /* keys come in the columns' order, as a rule */
            size_t c = (at + i) % g->n_columns;
            if (!str_eq(g->columns[c], key))
                continue;
            row[c] = v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
            at = c + 1;
            break;
        }
        if (i == g->n_columns && str_chr(key, '\\') == STR_NONE)
            return grid_malformed(e, path, number, "has a column that the first line has not");
    }
    return json_close(&r) ? grid_not_json(g, e, path, number, &r) : 0;
}

int grid_read_jsonl(struct grid *g, struct str text, const char *path, struct err *e)
{
    for (size_t line = 1; text.n; line++) {
        struct str one = str_trim(str_cut(&text, '\n'));
        if (one.n && ((!g->n_columns && grid_keys(g, one, path, line, e)) || grid_line(g, one, path, line, e)))
            return -1;
    }
    return 0;
}

/* ---- CSV (RFC 4180) ---- */

/* One field off the front; *ret_end tells that its record ends with it. -1: a quote that does not end. */
static int grid_field(struct str *text, struct arena *a, struct str *ret, bool *ret_end, size_t *lines)
{
    struct buf out = BUF_INIT;
    bool quoted = text->n && text->p[0] == '"', was_quoted = quoted;
    size_t i = quoted;
    for (; i < text->n; i++) {
        char c = text->p[i];
        *lines += c == '\n';
        if (quoted && c == '"') {
            if (i + 1 >= text->n || text->p[i + 1] != '"') {
                quoted = false;
                continue;
            }
            i++;
        } else if (!quoted && (c == ',' || c == '\n')) {
            break;
        } else if (!quoted && c == '\r') {
            continue;
        }
        buf_c(&out, c);
    }
    *ret_end = i >= text->n || text->p[i] == '\n';
    *text = str_from(*text, i + 1);
    *ret = out.n || was_quoted ? arena_dup(a, buf_str(&out)) : (struct str){ 0 };
    buf_release(&out);
    return quoted ? -1 : 0;
}

static int grid_record(struct grid *g, struct str *text, const char *path, size_t *line, struct err *e)
{
    struct str *row = grid_add(g);
    size_t at = *line, c = 0;
    for (bool end = false; !end; c++) {
        struct str field;
        if (grid_field(text, &g->arena, &field, &end, line))
            return grid_malformed(e, path, at, "a quoted field does not end");
        if (c < g->n_columns)
            row[c] = field;
    }
    return c == g->n_columns ? 0 : grid_malformed(e, path, at, "another number of fields than the header has");
}

int grid_read_csv(struct grid *g, struct str text, const char *path, struct err *e)
{
    struct str header[GRID_MAX_COLUMNS];
    size_t line = 1, n = 0;
    bool end = false;
    while (!end && text.n && n < GRID_MAX_COLUMNS)
        if (grid_field(&text, &g->arena, &header[n++], &end, &line))
            return grid_malformed(e, path, 1, "a quoted field does not end");
    if (!end)
        return grid_malformed(e, path, 1, "no header line");
    g->columns = ARENA_ARRAY(&g->arena, struct str, n);
    memcpy(g->columns, header, n * sizeof *header);
    g->n_columns = n;
    while (text.n)
        if (grid_record(g, &text, path, &line, e))
            return -1;
    return 0;
}

/* ---- hashes ---- */

int grid_read_hashes(struct grid *g, struct str text, struct str key, const char *path, struct err *e)
{
    int64_t number;
    g->n_columns = 2;
    g->columns = ARENA_ARRAY(&g->arena, struct str, 2);
    g->columns[0] = key;
    g->columns[1] = S("row");
    for (size_t line = 1; text.n; line++) {
        struct str rest = str_cut(&text, '\n'), first = str_cut(&rest, ' ');
        if (!str_to_i64(first, &number) || rest.n != 16)
            return grid_malformed(e, path, line, "must be a key, a blank and 16 hexadecimal digits");
        struct str *row = grid_add(g);
        row[0] = first;
        row[1] = rest;
    }
    return 0;
}
