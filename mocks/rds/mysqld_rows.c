/* mysqld_rows.c - a result set: number of columns, columns, EOF, rows, EOF.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 *
 * The packets that describe the columns are made once per prepared statement. Columns that are expressions get their
 * type from their values, so their description is corrected once the rows are written; in the binary protocol, where
 * the type decides how a value is written, the rows are looked at first.
 */
#include "mocks/rds/mysqld.h"

enum { LONGEST_NAME = 256 };

/* An expression's name is its text, which may be anything. */
static struct str name_of(const char *z)
{
    struct str s = str_head(str_of(z), LONGEST_NAME);
    while (s.n && ((unsigned char)z[s.n] & 0xC0) == 0x80)
        s.n--; /* not in the middle of a character */
    return s;
}

void mysqld_rows_put_column(struct mysqld_writer *w, const char *database, const char *table, const char *name,
                           const struct mysqld_type *t, bool with_default)
{
    mysqld_begin(w);
    mysqld_put_lenenc(w->b, S("def"));
    mysqld_put_lenenc(w->b, str_of(table[0] ? database : ""));
    mysqld_put_lenenc(w->b, str_of(table));
    mysqld_put_lenenc(w->b, str_of(table));
    mysqld_put_lenenc(w->b, name_of(name));
    mysqld_put_lenenc(w->b, name_of(table[0] ? name : ""));
    mysqld_put_int(w->b, 0x0c, 1);
    mysqld_put_int(w->b, t->charset, 2);
    mysqld_put_int(w->b, t->length, 4);
    mysqld_put_int(w->b, t->number, 1);
    mysqld_put_int(w->b, t->flags, 2);
    mysqld_put_int(w->b, t->decimals, 1);
    mysqld_put_int(w->b, 0, 2);
    if (with_default)
        mysqld_put_int(w->b, 0xfb, 1);
    mysqld_end(w);
}

enum { TAIL_BYTES = 12 }; /* charset, length, type, flags, decimals, two zeros */

void mysqld_rows_header(struct mysqld_statement *st, const char *database)
{
    struct mysqld_writer w = { .b = &st->header, .seq = 1 };
    mysqld_begin(&w);
    mysqld_put_lenenc_int(w.b, st->n_columns);
    mysqld_end(&w);
    for (size_t i = 0; i < st->n_columns; i++) {
        const char *table = sqlite3_column_table_name(st->stmt, (int)i), *name = sqlite3_column_name(st->stmt, (int)i);
        const char *schema = sqlite3_column_database_name(st->stmt, (int)i);
        bool other = schema && !strcmp(schema, "information_schema");
        mysqld_rows_put_column(&w, other ? schema : database, table ? table : "", name ? name : "", &st->columns[i].type, false);
        st->columns[i].tail = w.b->n - TAIL_BYTES;
    }
}

/* The header's packets, renumbered when other results came before. Where it begins in the answer. */
static size_t put_header(const struct mysqld_statement *st, struct mysqld_writer *w)
{
    size_t from = w->b->n;
    buf_str_add(w->b, buf_str(&st->header));
    if (w->b->full)
        return from;
    unsigned char *p = (unsigned char *)w->b->p;
    for (size_t at = from; at + MYSQL_HEAD <= w->b->n;) {
        size_t n = p[at] | (size_t)p[at + 1] << 8 | (size_t)p[at + 2] << 16;
        p[at + 3] = w->seq++;
        at += MYSQL_HEAD + n;
    }
    return from;
}

static void correct_header(const struct mysqld_statement *st, struct mysqld_writer *w, size_t header, const struct mysqld_type *types)
{
    if (w->b->full)
        return;
    for (size_t i = 0; i < st->n_columns; i++) {
        if (!st->columns[i].expression)
            continue;
        struct buf tail = { .p = w->b->p + header + st->columns[i].tail, .cap = TAIL_BYTES, .max = TAIL_BYTES };
        mysqld_put_int(&tail, types[i].charset, 2);
        mysqld_put_int(&tail, types[i].length, 4);
        mysqld_put_int(&tail, types[i].number, 1);
        mysqld_put_int(&tail, types[i].flags, 2);
        mysqld_put_int(&tail, types[i].decimals, 1);
    }
}

/* ---- values ---- */

static struct mysqld_value value_of(sqlite3_stmt *q, int i)
{
    switch (sqlite3_column_type(q, i)) {
    case SQLITE_NULL: return (struct mysqld_value){ .kind = MYSQL_V_NULL };
    case SQLITE_INTEGER: return (struct mysqld_value){ .kind = MYSQL_V_INTEGER, .integer = sqlite3_column_int64(q, i) };
    case SQLITE_FLOAT: return (struct mysqld_value){ .kind = MYSQL_V_REAL, .real = sqlite3_column_double(q, i) };
    default: {
        const char *p = sqlite3_column_blob(q, i);
        return (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = { p, (size_t)sqlite3_column_bytes(q, i) } };
    }
    }
}

static void put_text_row(struct mysqld_writer *w, const struct mysqld_statement *st, sqlite3_stmt *q, struct mysqld_type *types)
{
    mysqld_begin(w);
    for (size_t i = 0; i < st->n_columns; i++) {
        struct mysqld_value v = value_of(q, (int)i);
        if (st->columns[i].expression)
            mysqld_type_see(&types[i], &v);
        if (v.kind == MYSQL_V_NULL)
            mysqld_put_int(w->b, 0xfb, 1);
        else
            mysqld_type_put_text(w->b, &types[i], &v);
    }
    mysqld_end(w);
}

/* A NULL is a bit, two places up. */
static void put_binary_row(struct mysqld_writer *w, const struct mysqld_statement *st, sqlite3_stmt *q, const struct mysqld_type *types)
{
    mysqld_begin(w);
    mysqld_put_int(w->b, 0, 1);
    size_t nulls = w->b->n, bytes = (st->n_columns + 9) / 8;
    char *p = buf_room(w->b, bytes);
    if (!p)
        return;
    memset(p, 0, bytes);
    w->b->n += bytes;
    for (size_t i = 0; i < st->n_columns && !w->b->full; i++) {
        struct mysqld_value v = value_of(q, (int)i);
        if (v.kind == MYSQL_V_NULL)
            w->b->p[nulls + (i + 2) / 8] = (char)(w->b->p[nulls + (i + 2) / 8] | 1 << (i + 2) % 8);
        else
            mysqld_type_put_binary(w->b, &types[i], &v);
    }
    mysqld_end(w);
}

static int look_at_rows(const struct mysqld_statement *st, sqlite3_stmt *q, struct mysqld_type *types)
{
    int code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW)
        for (size_t i = 0; i < st->n_columns; i++)
            if (st->columns[i].expression) {
                struct mysqld_value v = value_of(q, (int)i);
                mysqld_type_see(&types[i], &v);
            }
    sqlite3_reset(q);
    return code;
}

int mysqld_rows_put(struct mysqld_command *m, struct mysqld_statement *st, sqlite3_stmt *rows, bool binary, bool more,
                   struct mysqld_writer *w)
{
    struct mysqld_session *s = m->session;
    struct mysqld_type *types = ARENA_ARRAY(&m->arena, struct mysqld_type, st->n_columns + 1);
    uint16_t status = (uint16_t)(mysqld_session_status(s) | (more ? MYSQL_MORE_RESULTS : 0));
    for (size_t i = 0; i < st->n_columns; i++)
        types[i] = st->columns[i].type;
    int code = SQLITE_DONE;
    if (binary && !st->all_typed)
        code = look_at_rows(st, rows, types);
    size_t header = put_header(st, w);
    int64_t n = 0;
    mysqld_put_eof(w, status, 0);
    for (; code == SQLITE_DONE && !w->b->full; n++, code = SQLITE_DONE) {
        if ((code = sqlite3_step(rows)) != SQLITE_ROW)
            break;
        if (binary)
            put_binary_row(w, st, rows, types);
        else
            put_text_row(w, st, rows, types);
    }
    correct_header(st, w, header, types);
    mysqld_put_eof(w, status, s->warnings);
    s->row_count = -1;
    s->found_rows = n;
    return w->b->full ? SQLITE_NOMEM : code;
}
