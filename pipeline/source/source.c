/* source.c - a row as JSON, whatever the database.
 *
 *   URI                         kind
 *   file:… or a path            source_sqlite.c
 *   mysql://user:pw@host/db     source_mysql.c
 */
#include "pipeline/source/source.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/utf8.h"
#include "pipeline/source/source_kind.h"

const char *const source_names[SOURCE_TABLES] = { "pinterest_data", "geolocation_data", "user_data" };
const char *const source_keys[SOURCE_TABLES] = { "index", "ind", "ind" };
const char *const source_short[SOURCE_TABLES] = { "pin", "geo", "user" };

static const struct source_kind *const kinds[] = { &source_sqlite_kind, &source_mysql_kind };
enum { N_KINDS = sizeof kinds / sizeof *kinds };

struct source {
    const struct source_kind *kind;
    void *state;
    bool ascii;
    struct {
        struct buf text; /* {"index": ,"unique_id": … one behind the other */
        size_t end[SOURCE_MAX_COLUMNS];
        size_t n;
    } names[SOURCE_TABLES];
};

static const struct source_kind *kind_of(const char *uri)
{
    const char *colon = strstr(uri, "://");
    for (size_t i = 0; i < N_KINDS; i++)
        if (kinds[i]->scheme ? str_starts(str_of(uri), str_of(kinds[i]->scheme)) : !colon || str_starts(str_of(uri), S("file:")))
            return kinds[i];
    return NULL;
}

static void write_names(struct source *s, enum source_table t)
{
    s->names[t].n = s->kind->columns(s->state, t);
    for (size_t i = 0; i < s->names[t].n; i++) {
        buf_c(&s->names[t].text, i ? ',' : '{');
        json_put_text(&s->names[t].text, str_of(s->kind->column_name(s->state, t, i)));
        buf_c(&s->names[t].text, ':');
        s->names[t].end[i] = s->names[t].text.n;
    }
}

struct source *source_open(const char *uri, struct err *e)
{
    const struct source_kind *kind = kind_of(uri);
    if (!kind) {
        err_set(e, 0, "SOURCE_UNREACHABLE", "cannot read rows from %s: name a SQLite file, a file: URI, or mysql://USER:PASSWORD@HOST:PORT/DATABASE", uri);
        return NULL;
    }
    void *state = kind->open(uri, e);
    if (!state)
        return NULL;
    struct source *s = mem_zero(sizeof *s);
    s->kind = kind, s->state = state;
    for (int t = 0; t < SOURCE_TABLES; t++)
        write_names(s, (enum source_table)t);
    return s;
}

void source_close(struct source *s)
{
    if (!s)
        return;
    s->kind->close(s->state);
    for (int t = 0; t < SOURCE_TABLES; t++)
        buf_release(&s->names[t].text);
    free(s);
}

void source_ascii(struct source *s, bool on) { s->ascii = on; }

static void put_escape(struct buf *out, uint32_t unit)
{
    char *p = buf_room(out, 6);
    if (!p)
        return;
    memcpy(p, "\\u", 2);
    for (int i = 0; i < 4; i++)
        p[2 + i] = "0123456789abcdef"[unit >> (12 - 4 * i) & 15];
    out->n += 6;
}

/* As CPython's json.dumps with ensure_ascii: everything outside ' '..'~' is escaped, astral characters as two units. */
static void put_ascii(struct buf *out, struct str text)
{
    static const char shorts[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    buf_c(out, '"');
    while (text.n) {
        uint32_t c = utf8_next(&text);
        const char *same = NULL;
        for (const char *p = shorts; *p; p += 2)
            if ((uint32_t)(unsigned char)*p == c)
                same = p + 1;
        if (same)
            buf_c(out, '\\'), buf_c(out, *same);
        else if (c >= ' ' && c <= '~')
            buf_c(out, (char)c);
        else if (c < 0x10000)
            put_escape(out, c);
        else
            put_escape(out, 0xD800 + ((c - 0x10000) >> 10)), put_escape(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
    }
    buf_c(out, '"');
}

static void put_float(struct buf *out, double v)
{
    size_t from = out->n;
    json_put_double(out, v);
    for (size_t i = from; i < out->n; i++)
        if (!strchr("-0123456789", out->p[i]))
            return; /* a fraction, an exponent, or null */
    buf_z(out, ".0");
}

static void put_cell(const struct source *s, struct buf *out, const struct source_cell *c)
{
    switch (c->kind) {
    case SOURCE_NULL: buf_z(out, "null"); break;
    case SOURCE_INTEGER: buf_i64(out, c->integer); break;
    case SOURCE_FLOAT: put_float(out, c->real); break;
    case SOURCE_TEXT: (s->ascii ? put_ascii : json_put_text)(out, c->text); break;
    }
}

int source_row(struct source *s, enum source_table t, int64_t index, struct buf *ret_json, struct err *e)
{
    struct source_cell cells[SOURCE_MAX_COLUMNS];
    size_t from = 0;
    int result = s->kind->row(s->state, t, index, cells, e);
    if (result)
        return result;
    for (size_t i = 0; i < s->names[t].n; i++)
        if (cells[i].kind == SOURCE_TEXT && !utf8_valid(cells[i].text))
            return err_set(e, 0, "SOURCE_TEXT", "%s, %s %lld, column %s: the text is not UTF-8; correct the row or leave it out",
                           source_names[t], source_keys[t], (long long)index, s->kind->column_name(s->state, t, i));
    for (size_t i = 0; i < s->names[t].n; from = s->names[t].end[i++]) {
        buf_add(ret_json, s->names[t].text.p + from, s->names[t].end[i] - from);
        put_cell(s, ret_json, &cells[i]);
    }
    buf_c(ret_json, '}');
    return 0;
}

int64_t source_count(struct source *s, enum source_table t, struct err *e) { return s->kind->count(s->state, t, e); }

/* Keeps in a what is in b, too; both ascend. */
static size_t intersect(int64_t *a, size_t n_a, const int64_t *b, size_t n_b)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < n_a && k < n_b;) {
        if (a[i] == b[k])
            a[n++] = a[i++], k++;
        else if (a[i] < b[k])
            i++;
        else
            k++;
    }
    return n;
}

int source_complete_indices(struct source *s, int64_t **ret, size_t *ret_n, struct err *e)
{
    int64_t *complete = NULL, *keys = NULL;
    size_t n = 0, n_keys = 0;
    for (int t = 0; t < SOURCE_TABLES; t++) {
        if (s->kind->keys(s->state, (enum source_table)t, t ? &keys : &complete, t ? &n_keys : &n, e)) {
            free(complete);
            return -1;
        }
        if (t) {
            n = intersect(complete, n, keys, n_keys);
            free(keys);
        }
    }
    *ret = complete;
    *ret_n = n;
    return 0;
}
