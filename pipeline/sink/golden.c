/* golden.c - both kinds of file become grids of cells; grids are compared by key. */
#include "pipeline/sink/golden.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/map.h"

struct grid {
    struct str *columns;
    size_t n_columns, n_keys;
    struct str *cells; /* row * n_columns + column */
    size_t n_rows, cap_rows;
    struct arena arena;
};

void golden_release(struct golden_diff *d)
{
    buf_release(&d->all);
    buf_release(&d->first);
}

static struct str *add_row(struct grid *g)
{
    if (g->n_rows == g->cap_rows) {
        g->cap_rows = g->cap_rows ? g->cap_rows * 2 : 64;
        g->cells = mem_grow(g->cells, g->cap_rows * (g->n_columns ? g->n_columns : 1) * sizeof *g->cells);
    }
    struct str *row = g->cells + g->n_rows++ * g->n_columns;
    for (size_t i = 0; i < g->n_columns; i++)
        row[i] = (struct str){ 0 };
    return row;
}

static void grid_release(struct grid *g)
{
    free(g->cells);
    arena_release(&g->arena);
}

/* ---- JSON lines: the first line's keys are the columns; cells are raw JSON ---- */

static int read_keys(struct grid *g, struct str line)
{
    struct json_reader r;
    struct json v;
    struct str key;
    size_t n = 0;
    json_open(&r, line);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0)
        n++;
    if (json_close(&r) || n == 0)
        return -1;
    g->columns = ARENA_ARRAY(&g->arena, struct str, n);
    json_open(&r, line);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0)
        g->columns[g->n_columns++] = key;
    g->n_keys = 1;
    return 0;
}

static int read_line(struct grid *g, struct str line)
{
    struct json_reader r;
    struct json v;
    struct str key, *row = add_row(g);
    size_t at = 0;
    json_open(&r, line);
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        for (size_t i = 0; i < g->n_columns; i++) {
            size_t c = (at + i) % g->n_columns; /* keys come in the columns' order, as a rule */
            if (!str_eq(g->columns[c], key))
                continue;
            row[c] = v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
            at = c + 1;
            break;
        }
    }
    return json_close(&r);
}

static int read_jsonl(struct grid *g, struct str text, const char *name, struct err *e)
{
    for (size_t line = 1; text.n; line++) {
        struct str one = str_trim(str_cut(&text, '\n'));
        if (one.n && ((!g->n_columns && read_keys(g, one)) || read_line(g, one)))
            return err_set(e, 0, "GOLDEN_MALFORMED", "golden rows of %s, line %zu: not a JSON object; restore the file or run check --update",
                           name, line);
    }
    return 0;
}

/* ---- CSV (RFC 4180) ---- */

/* One field off the front; *ret_end tells that its record ends with it. */
static struct str csv_field(struct str *text, struct arena *a, bool *ret_end)
{
    struct buf out = BUF_INIT;
    bool quoted = text->n && text->p[0] == '"';
    size_t i = quoted;
    for (; i < text->n; i++) {
        char c = text->p[i];
        if (quoted && c == '"') {
            if (i + 1 < text->n && text->p[i + 1] == '"') {
                i++;
            } else {
                quoted = false;
                continue;
            }
        } else if (!quoted && (c == ',' || c == '\n')) {
            break;
        } else if (!quoted && c == '\r') {
            continue;
        }
        buf_c(&out, c);
    }
    *ret_end = i >= text->n || text->p[i] == '\n';
    *text = str_from(*text, i + 1);
    struct str field = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return field;
}

static int read_csv(struct grid *g, struct str text, const char *name, struct err *e)
{
    struct str header[64];
    bool end = false;
    while (!end && text.n && g->n_columns < 64)
        header[g->n_columns++] = csv_field(&text, &g->arena, &end);
    if (!end)
        return err_set(e, 0, "GOLDEN_MALFORMED", "golden answer %s: no header line; restore the file or run check --update", name);
    g->columns = ARENA_ARRAY(&g->arena, struct str, g->n_columns);
    memcpy(g->columns, header, g->n_columns * sizeof *header);
    g->n_keys = g->n_columns > 1 ? g->n_columns - 1 : 1;
    while (text.n) {
        struct str *row = add_row(g);
        end = false;
        for (size_t c = 0; !end; c++) {
            struct str field = csv_field(&text, &g->arena, &end);
            if (c < g->n_columns)
                row[c] = field;
        }
    }
    return 0;
}

/* ---- comparing ---- */

static void add_sentence(struct golden_diff *d, const char *name, struct str key, struct str column, struct str want, struct str have)
{
    if (d->differences > GOLDEN_FIRST)
        return;
    buf_f(&d->first, "%s " STR_F, name, STR_A(key));
    if (column.p)
        buf_f(&d->first, " " STR_F ": expected %.*s, actual %.*s\n", STR_A(column), (int)(want.n < 200 ? want.n : 200), want.p ? want.p : "",
              (int)(have.n < 200 ? have.n : 200), have.p ? have.p : "");
    else
        buf_f(&d->first, ": " STR_F "\n", STR_A(want));
}

static void differ(struct golden_diff *d, const char *name, struct str key, struct str column, struct str want, struct str have)
{
    d->differences++;
    add_sentence(d, name, key, column, want, have);
    buf_z(&d->all, "{\"table\":");
    json_put_text(&d->all, str_of(name));
    buf_z(&d->all, ",\"key\":");
    json_put_text(&d->all, key);
    if (column.p) {
        buf_z(&d->all, ",\"column\":");
        json_put_text(&d->all, column);
        buf_z(&d->all, ",\"expected\":");
        json_put_text(&d->all, want);
        buf_z(&d->all, ",\"actual\":");
        json_put_text(&d->all, have);
    } else {
        buf_z(&d->all, str_starts(want, S("missing")) ? ",\"row\":\"missing\"" : ",\"row\":\"unexpected\"");
    }
    buf_z(&d->all, "}\n");
}

static void key_text(const struct grid *g, size_t row, struct buf *out)
{
    buf_reset(out);
    for (size_t i = 0; i < g->n_keys; i++) {
        buf_z(out, i ? ", " : "");
        buf_f(out, STR_F "=" STR_F, STR_A(g->columns[i]), STR_A(g->cells[row * g->n_columns + i]));
    }
}

/* The key with the number of its occurrence, so that the n-th meets the n-th. */
static void numbered_key(struct map *seen, struct buf *key, struct buf *out)
{
    uintptr_t n = (uintptr_t)map_get(seen, buf_str(key)) + 1;
    map_put(seen, buf_str(key), (void *)n);
    buf_reset(out);
    buf_str_add(out, buf_str(key));
    buf_f(out, "#%zu", (size_t)n);
}

static void compare_columns(struct golden_diff *d, const char *name, const struct grid *want, const struct grid *have)
{
    for (size_t i = 0; i < want->n_columns || i < have->n_columns; i++) {
        struct str w = i < want->n_columns ? want->columns[i] : S("(none)");
        struct str h = i < have->n_columns ? have->columns[i] : S("(none)");
        if (!str_eq(w, h))
            differ(d, name, S("columns"), S("name"), w, h);
    }
}

static void compare_cells(struct golden_diff *d, const char *name, struct str key, const struct grid *want, size_t w,
                          const struct grid *have, size_t h)
{
    for (size_t c = 0; c < want->n_columns && c < have->n_columns; c++) {
        struct str x = want->cells[w * want->n_columns + c], y = have->cells[h * have->n_columns + c];
        if (!str_eq(x, y))
            differ(d, name, key, want->columns[c], x, y);
    }
}

static void compare(struct golden_diff *d, const char *name, const struct grid *want, const struct grid *have)
{
    struct map rows = MAP_INIT, seen = MAP_INIT;
    struct buf key = BUF_INIT, numbered = BUF_INIT;
    if (want->n_columns && have->n_columns)
        compare_columns(d, name, want, have);
    for (size_t i = 0; i < want->n_rows; i++) {
        key_text(want, i, &key);
        numbered_key(&seen, &key, &numbered);
        map_put(&rows, buf_str(&numbered), (void *)(uintptr_t)(i + 1));
    }
    map_release(&seen);
    for (size_t i = 0; i < have->n_rows; i++) {
        key_text(have, i, &key);
        numbered_key(&seen, &key, &numbered);
        uintptr_t at = (uintptr_t)map_remove(&rows, buf_str(&numbered));
        if (at)
            compare_cells(d, name, buf_str(&key), want, at - 1, have, i);
        else
            differ(d, name, buf_str(&key), (struct str){ 0 }, S("unexpected row"), S(""));
    }
    struct map_entry *left;
    for (size_t i = 0; (left = map_next(&rows, &i));) {
        key_text(want, (size_t)(uintptr_t)left->value - 1, &key);
        differ(d, name, buf_str(&key), (struct str){ 0 }, S("missing row"), S(""));
    }
    map_release(&rows);
    map_release(&seen);
    buf_release(&key);
    buf_release(&numbered);
}

static int compare_texts(struct golden_diff *d, const char *name, struct str golden, struct str actual,
                         int (*read)(struct grid *, struct str, const char *, struct err *), struct err *e)
{
    if (str_eq(golden, actual))
        return 0;
    struct grid want = { 0 }, have = { 0 };
    int result = read(&want, golden, name, e) || read(&have, actual, name, e) ? -1 : 0;
    if (result == 0) {
        uint64_t before = d->differences;
        compare(d, name, &want, &have);
        if (d->differences == before) /* same cells in another order, or other line ends */
            differ(d, name, S("file"), S("bytes"), S("the golden file's"), S("the same cells, otherwise ordered or spelt"));
    }
    grid_release(&want);
    grid_release(&have);
    return result;
}

int golden_jsonl(struct golden_diff *d, const char *name, struct str golden, struct str actual, struct err *e)
{
    return compare_texts(d, name, golden, actual, read_jsonl, e);
}

int golden_csv(struct golden_diff *d, const char *name, struct str golden, struct str actual, struct err *e)
{
    return compare_texts(d, name, golden, actual, read_csv, e);
}
