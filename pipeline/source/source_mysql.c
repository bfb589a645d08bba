/* source_mysql.c - MySQL as a source, through libmariadb: a mock RDS, MariaDB, or the real thing.
 *
 *   mysql://USER[:PASSWORD]@HOST[:PORT]/DATABASE      user, password and database percent-encoded; port 3306
 *
 * Rows come by the text protocol, in which a FLOAT has the digits that it was stored with. A connection that was lost
 * is made again: reading twice does no harm. Without libmariadb at build time the kind answers an error that says so.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/source/source_kind.h"

#ifdef WEIRBOX_LIBMARIADB
#include <mysql.h>
#include <stdio.h>

enum { CONNECT_TIMEOUT_S = 10, READ_TIMEOUT_S = 60, ATTEMPTS = 4, CLIENT_LOST = 2013, CLIENT_GONE = 2006 };

struct state {
    MYSQL *db;
    MYSQL_RES *row; /* the texts of the cells handed out last */
    char *user, *password, *host, *database;
    char *shown; /* the URI without its password */
    unsigned port;
    struct {
        char *names[SOURCE_MAX_COLUMNS];
        size_t n;
    } tables[SOURCE_TABLES];
};

/* ---- the URI ---- */

static char *decoded(struct str s)
{
    struct buf b = BUF_INIT;
    size_t n;
    codec_unpercent(&b, s, false);
    buf_cstr(&b);
    return buf_take(&b, &n);
}

static int read_uri(struct state *s, const char *uri, struct err *e)
{
    struct str rest = str_from(str_of(uri), sizeof "mysql://" - 1);
    size_t slash = str_chr(rest, '/'), at = STR_NONE;
    struct str where = str_head(rest, slash == STR_NONE ? rest.n : slash);
    struct str database = slash == STR_NONE ? S("") : str_from(rest, slash + 1);
    for (size_t i = 0; i < where.n; i++)
        if (where.p[i] == '@')
            at = i; /* the last: a password may hold one that is not encoded */
    struct str login = at == STR_NONE ? S("") : str_head(where, at), host = at == STR_NONE ? where : str_from(where, at + 1);
    struct str user = str_cut(&login, ':'), port = host;
    int64_t number = 3306;
    host = str_cut(&port, ':');
    database = str_head(database, str_chr(database, '?'));
    s->user = decoded(user);
    s->password = decoded(login);
    s->host = decoded(host.n ? host : S("127.0.0.1"));
    s->database = decoded(database.n ? database : S("pinterest_data"));
    if (port.p && (!str_to_i64(port, &number) || number < 1 || number > 65535))
        return err_set(e, 0, "SOURCE_UNREACHABLE", "the port of the rows' mysql:// address is no number; write mysql://USER:PASSWORD@HOST:PORT/DATABASE");
    s->port = (unsigned)number;
    struct buf b = BUF_INIT;
    size_t n;
    buf_f(&b, "mysql://%s@%s:%u/%s", s->user, s->host, s->port, s->database);
    buf_cstr(&b);
    s->shown = buf_take(&b, &n);
    return 0;
}

/* ---- asking ---- */

static int connect_db(struct state *s, struct err *e)
{
    unsigned connect_s = CONNECT_TIMEOUT_S, read_s = READ_TIMEOUT_S;
    if (s->db)
        mysql_close(s->db);
    s->db = mysql_init(NULL);
    if (!s->db)
        return err_set(e, 0, "SOURCE_UNREACHABLE", "cannot begin a connection to %s: no memory", s->shown);
    mysql_optionsv(s->db, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    mysql_optionsv(s->db, MYSQL_OPT_READ_TIMEOUT, &read_s);
    mysql_optionsv(s->db, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (mysql_real_connect(s->db, s->host, s->user, s->password, s->database, s->port, NULL, 0))
        return 0;
    return err_set(e, 0, "SOURCE_UNREACHABLE", "cannot connect to %s: %s (error %u); is it running, and are user and password right?",
                   s->shown, mysql_error(s->db), mysql_errno(s->db));
}

static int query(struct state *s, const char *sql)
{
    struct err ignored;
    for (int i = 0; i < ATTEMPTS; i++) {
        if (i && connect_db(s, &ignored))
            continue;
        if (mysql_query(s->db, sql) == 0)
            return 0;
        unsigned code = mysql_errno(s->db);
        if (code != CLIENT_LOST && code != CLIENT_GONE)
            return -1;
    }
    return -1;
}

static int failed(struct state *s, struct err *e, enum source_table t)
{
    return err_set(e, 0, "SOURCE_FAILED", "cannot read %s of %s: %s (error %u)", source_names[t], s->shown, mysql_error(s->db), mysql_errno(s->db));
}

/* ---- opening ---- */

static int read_columns(struct state *s, enum source_table t, struct err *e)
{
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT * FROM `%s` WHERE `%s`.`%s` IS NULL LIMIT 0", source_names[t], source_names[t], source_keys[t]);
    if (query(s, sql)) {
        unsigned code = mysql_errno(s->db);
        const char *name = code == 1146 ? "TABLE_MISSING" : code == 1054 ? "COLUMN_MISSING" : "SOURCE_UNREACHABLE";
        return err_set(e, 0, name, "%s, table %s, key %s: %s; is it the pipeline's database?", s->shown, source_names[t], source_keys[t], mysql_error(s->db));
    }
    MYSQL_RES *r = mysql_store_result(s->db);
    if (!r)
        return failed(s, e, t);
    unsigned n = mysql_num_fields(r);
    for (unsigned i = 0; i < n && i < SOURCE_MAX_COLUMNS; i++)
        s->tables[t].names[i] = mem_dup(str_of(mysql_fetch_field_direct(r, i)->name));
    s->tables[t].n = n < SOURCE_MAX_COLUMNS ? n : SOURCE_MAX_COLUMNS;
    mysql_free_result(r);
    if (n > SOURCE_MAX_COLUMNS)
        return err_set(e, 0, "SOURCE_UNREACHABLE", "%s of %s has more than %d columns", source_names[t], s->shown, SOURCE_MAX_COLUMNS);
    return 0;
}

static void close_state(void *state)
{
    struct state *s = state;
    if (s->row)
        mysql_free_result(s->row);
    if (s->db)
        mysql_close(s->db);
    for (int t = 0; t < SOURCE_TABLES; t++)
        for (size_t i = 0; i < s->tables[t].n; i++)
            free(s->tables[t].names[i]);
    free(s->user);
    free(s->password);
    free(s->host);
    free(s->database);
    free(s->shown);
    free(s);
}

static void *open_state(const char *uri, struct err *e)
{
    struct state *s = mem_zero(sizeof *s);
    int result = read_uri(s, uri, e);
    if (result == 0)
        result = connect_db(s, e);
    for (int t = 0; t < SOURCE_TABLES && result == 0; t++)
        result = read_columns(s, (enum source_table)t, e);
    if (result == 0)
        return s;
    close_state(s);
    return NULL;
}

static size_t columns(void *state, enum source_table t) { return ((struct state *)state)->tables[t].n; }
static const char *column_name(void *state, enum source_table t, size_t column) { return ((struct state *)state)->tables[t].names[column]; }

/* ---- rows ---- */

static struct source_cell cell(enum enum_field_types type, const char *p, size_t n)
{
    struct source_cell c = { .kind = SOURCE_TEXT, .text = { p, n } };
    if (!p)
        return (struct source_cell){ .kind = SOURCE_NULL };
    switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_YEAR:
        if (str_to_i64(c.text, &c.integer))
            c.kind = SOURCE_INTEGER;
        return c;
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
        if (str_to_double(c.text, &c.real))
            c.kind = SOURCE_FLOAT;
        return c;
    default: return c;
    }
}

static int row(void *state, enum source_table t, int64_t key, struct source_cell *cells, struct err *e)
{
    struct state *s = state;
    char sql[192];
    if (s->row)
        mysql_free_result(s->row);
    s->row = NULL;
    snprintf(sql, sizeof sql, "SELECT * FROM `%s` WHERE `%s`.`%s` = %lld LIMIT 1", source_names[t], source_names[t], source_keys[t], (long long)key);
    if (query(s, sql) || !(s->row = mysql_store_result(s->db)) || mysql_num_fields(s->row) != s->tables[t].n)
        return failed(s, e, t);
    MYSQL_ROW values = mysql_fetch_row(s->row);
    if (!values)
        return 1;
    unsigned long *lengths = mysql_fetch_lengths(s->row);
    for (size_t i = 0; i < s->tables[t].n; i++)
        cells[i] = cell(mysql_fetch_field_direct(s->row, (unsigned)i)->type, values[i], lengths[i]);
    return 0;
}

static int64_t count(void *state, enum source_table t, struct err *e)
{
    struct state *s = state;
    char sql[96];
    int64_t n = -1;
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM `%s`", source_names[t]);
    MYSQL_RES *r = query(s, sql) ? NULL : mysql_store_result(s->db);
    MYSQL_ROW values = r ? mysql_fetch_row(r) : NULL;
    if (!values || !values[0] || !str_to_i64(str_of(values[0]), &n))
        failed(s, e, t);
    if (r)
        mysql_free_result(r);
    return n;
}

static int keys(void *state, enum source_table t, int64_t **ret, size_t *ret_n, struct err *e)
{
    struct state *s = state;
    char sql[192];
    int64_t *found = NULL;
    size_t n = 0, cap = 0;
    snprintf(sql, sizeof sql, "SELECT DISTINCT `%s`.`%s` FROM `%s` ORDER BY 1", source_names[t], source_keys[t], source_names[t]);
    MYSQL_RES *r = query(s, sql) ? NULL : mysql_store_result(s->db);
    if (!r)
        return failed(s, e, t);
    for (MYSQL_ROW values; (values = mysql_fetch_row(r));) {
        int64_t key;
        if (!values[0] || !str_to_i64(str_of(values[0]), &key))
            continue; /* a row without a key cannot be asked for */
        if (n == cap)
            found = mem_grow(found, (cap = cap ? cap * 2 : 4096) * sizeof *found);
        found[n++] = key;
    }
    mysql_free_result(r);
    *ret = found;
    *ret_n = n;
    return 0;
}

#else

static void *open_state(const char *uri, struct err *e)
{
    (void)uri;
    err_set(e, 0, "SOURCE_UNREACHABLE", "rows cannot be read from mysql:// here: this program was built without libmariadb; install "
                                        "libmariadb-dev and build again, or name a SQLite file");
    return NULL;
}

static void close_state(void *state) { (void)state; }
static size_t columns(void *state, enum source_table t) { return (void)state, (void)t, 0; }
static const char *column_name(void *state, enum source_table t, size_t column) { return (void)state, (void)t, (void)column, ""; }
static int row(void *state, enum source_table t, int64_t key, struct source_cell *cells, struct err *e)
{
    return (void)state, (void)t, (void)key, (void)cells, (void)e, -1;
}
static int64_t count(void *state, enum source_table t, struct err *e) { return (void)state, (void)t, (void)e, -1; }
static int keys(void *state, enum source_table t, int64_t **ret, size_t *ret_n, struct err *e)
{
    return (void)state, (void)t, (void)ret, (void)ret_n, (void)e, -1;
}

#endif

const struct source_kind source_mysql_kind = {
    .scheme = "mysql://",
    .open = open_state,
    .close = close_state,
    .columns = columns,
    .column_name = column_name,
    .row = row,
    .count = count,
    .keys = keys,
};
