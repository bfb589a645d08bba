/* mysqld_set.c - SET, and the system variables that clients ask for when they connect.
 *
 * Each row: name, value, whether it may be set. What a session sets is kept for it and shown again; only autocommit has
 * an effect. An unknown variable is error 1193, as in MySQL.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/rds/mysqld.h"
#include "mocks/rds/sqlfront_words.h"

enum access { FREE, FIXED };

static const struct variable {
    const char *name, *value; /* NULL: computed */
    enum access access;
} variables[] = {
    { "auto_increment_increment", "1", FREE },
    { "auto_increment_offset", "1", FREE },
    { "autocommit", NULL, FREE },
    { "back_log", "4096", FIXED },
    { "basedir", "/usr/", FIXED },
    { "character_set_client", "utf8mb4", FREE },
    { "character_set_connection", "utf8mb4", FREE },
    { "character_set_database", "utf8mb4", FREE },
    { "character_set_filesystem", "binary", FREE },
    { "character_set_results", "utf8mb4", FREE },
    { "character_set_server", "utf8mb4", FREE },
    { "character_set_system", "utf8mb3", FIXED },
    { "collation_connection", "utf8mb4_0900_ai_ci", FREE },
    { "collation_database", "utf8mb4_0900_ai_ci", FREE },
    { "collation_server", "utf8mb4_0900_ai_ci", FREE },
    { "completion_type", "NO_CHAIN", FREE },
    { "connect_timeout", "10", FREE },
    { "datadir", "/var/lib/mysql/", FIXED },
    { "default_storage_engine", "InnoDB", FREE },
    { "div_precision_increment", "4", FREE },
    { "event_scheduler", "OFF", FREE },
    { "explicit_defaults_for_timestamp", "1", FREE },
    { "foreign_key_checks", "1", FREE },
    { "group_concat_max_len", "1024", FREE },
    { "gtid_mode", "OFF", FIXED },
    { "gtid_purged", "", FREE },
    { "have_openssl", NULL, FIXED },
    { "have_ssl", NULL, FIXED },
    { "hostname", "weirbox", FIXED },
    { "identity", NULL, FREE },
    { "information_schema_stats_expiry", "86400", FREE },
    { "init_connect", "", FIXED },
    { "innodb_lock_wait_timeout", "5", FREE },
    { "innodb_strict_mode", "1", FREE },
    { "interactive_timeout", "28800", FREE },
    { "last_insert_id", NULL, FREE },
    { "license", "GPL", FIXED },
    { "local_infile", "0", FIXED },
    { "lock_wait_timeout", "31536000", FREE },
    { "log_bin", "0", FIXED },
    { "lower_case_table_names", "0", FIXED },
    { "max_allowed_packet", "67108864", FREE },
    { "max_connections", "16384", FIXED },
    { "max_execution_time", "30000", FREE },
    { "max_join_size", "18446744073709551615", FREE },
    { "max_statement_time", "0", FREE },
    { "net_buffer_length", "16384", FREE },
    { "net_read_timeout", "30", FREE },
    { "net_write_timeout", "60", FREE },
    { "old_passwords", "0", FIXED },
    { "optimizer_switch", "index_merge=on", FREE },
    { "performance_schema", "0", FIXED },
    { "port", "3306", FIXED },
    { "protocol_version", "10", FIXED },
    { "query_cache_size", "0", FIXED },
    { "query_cache_type", "OFF", FIXED },
    { "read_only", "0", FIXED },
    { "require_secure_transport", "0", FIXED },
    { "server_id", "1", FIXED },
    { "session_track_schema", "1", FREE },
    { "show_old_temporals", "0", FREE },
    { "skip_networking", "0", FIXED },
    { "socket", "", FIXED },
    { "sql_auto_is_null", "0", FREE },
    { "sql_big_selects", "1", FREE },
    { "sql_generate_invisible_primary_key", "0", FREE },
    { "sql_log_bin", "1", FREE },
    { "sql_mode", "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION", FREE },
    { "sql_notes", "1", FREE },
    { "sql_quote_show_create", "1", FREE },
    { "sql_safe_updates", "0", FREE },
    { "sql_select_limit", "18446744073709551615", FREE },
    { "sql_warnings", "0", FREE },
    { "ssl_ca", NULL, FIXED },
    { "storage_engine", "InnoDB", FREE },
    { "super_read_only", "0", FIXED },
    { "system_time_zone", "UTC", FIXED },
    { "table_definition_cache", "2000", FREE },
    { "time_zone", "SYSTEM", FREE },
    { "timestamp", NULL, FREE },
    { "tls_version", "TLSv1.2,TLSv1.3", FIXED },
    { "transaction_isolation", "REPEATABLE-READ", FREE },
    { "transaction_read_only", "0", FREE },
    { "tx_isolation", "REPEATABLE-READ", FREE },
    { "tx_read_only", "0", FREE },
    { "unique_checks", "1", FREE },
    { "updatable_views_with_limit", "YES", FREE },
    { "version", NULL, FIXED },
    { "version_comment", "weirbox mock RDS for MySQL", FIXED },
    { "version_compile_machine", "x86_64", FIXED },
    { "version_compile_os", "Linux", FIXED },
    { "wait_timeout", "28800", FREE },
    { "warning_count", NULL, FIXED },
    { "error_count", "0", FIXED },
};
enum { N_VARIABLES = sizeof variables / sizeof *variables, MAX_SET = 256, MAX_VALUE = 4096 };

static struct str without_scope(struct str name)
{
    static const char *const scopes[] = { "session.", "global.", "local.", "persist.", "persist_only." };
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) {
        size_t n = strlen(scopes[i]);
        if (name.n > n && str_eq_nocase(str_head(name, n), str_of(scopes[i])))
            name = str_from(name, n);
    }
    if (name.n > 2 && name.p[0] == '`')
        name = (struct str){ name.p + 1, name.n - 2 };
    return name;
}

static const struct variable *find(struct str name)
{
    for (size_t i = 0; i < N_VARIABLES; i++)
        if (str_eq_nocase(name, str_of(variables[i].name)))
            return &variables[i];
    return NULL;
}

static struct mysqld_value integer(int64_t v) { return (struct mysqld_value){ .kind = MYSQL_V_INTEGER, .integer = v }; }

static struct mysqld_value computed(struct mysqld_session *s, const struct variable *v, char scratch[32])
{
    struct mysqld_value value = { .kind = MYSQL_V_TEXT };
    const struct tls *tls = cloud_tls(s->state->cloud);
    if (!strcmp(v->name, "autocommit"))
        return integer(!s->no_autocommit);
    if (!strcmp(v->name, "last_insert_id") || !strcmp(v->name, "identity"))
        return integer(s->last_insert_id);
    if (!strcmp(v->name, "warning_count"))
        return integer(s->warnings);
    if (!strcmp(v->name, "timestamp")) {
        int64_t us = clock_now_us(s->state->clock);
        snprintf(scratch, 32, "%lld.%06lld", (long long)(us / 1000000), (long long)(us % 1000000));
        value.text = str_of(scratch);
    } else if (!strncmp(v->name, "have_", 5)) {
        value.text = tls ? S("YES") : S("DISABLED");
    } else if (!strcmp(v->name, "ssl_ca")) {
        value.text = tls ? str_of(tls_ca_path(tls)) : S("");
    } else {
        value.text = str_of(s->state->version);
    }
    return value;
}

bool mysqld_set_get(struct mysqld_session *s, struct str name, char scratch[32], struct mysqld_value *ret)
{
    const struct variable *v = find(without_scope(name));
    int64_t number;
    if (!v)
        return false;
    const struct mysqld_value *set = s->variables ? map_get(s->variables, str_of(v->name)) : NULL;
    if (set)
        *ret = *set;
    else if (!v->value)
        *ret = computed(s, v, scratch);
    else if (str_to_i64(str_of(v->value), &number))
        *ret = integer(number);
    else
        *ret = (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = str_of(v->value) };
    return true;
}

void mysqld_set_list(struct mysqld_session *s, void (*each)(void *ctx, const char *name, const struct mysqld_value *v), void *ctx)
{
    char scratch[32];
    struct mysqld_value v;
    for (size_t i = 0; i < N_VARIABLES; i++)
        if (mysqld_set_get(s, str_of(variables[i].name), scratch, &v))
            each(ctx, variables[i].name, &v);
}

/* ---- keeping ---- */

static void forget(struct map **m)
{
    size_t at = 0;
    if (!*m)
        return;
    for (struct map_entry *e; (e = map_next(*m, &at));)
        free(e->value);
    map_release(*m);
    free(*m);
    *m = NULL;
}

void mysqld_set_forget(struct mysqld_session *s)
{
    forget(&s->variables);
    forget(&s->user_variables);
}

/* One block: the value with its text behind it. */
static int keep(struct map **m, struct str name, const struct mysqld_value *v, struct err *e)
{
    size_t n = v->kind == MYSQL_V_TEXT ? v->text.n : 0;
    if (!*m)
        *m = mem_zero(sizeof **m);
    if (n > MAX_VALUE || ((*m)->n_live >= MAX_SET && !map_get(*m, name)))
        return mysqld_error(e, MYSQL_OUT_OF_RESOURCES, "Out of memory: a session keeps %d variables of %d bytes at most", MAX_SET, MAX_VALUE);
    struct mysqld_value *copy = mem_alloc(sizeof *copy + n + 1);
    *copy = *v;
    if (v->kind == MYSQL_V_TEXT) {
        char *text = (char *)(copy + 1);
        if (n)
            memcpy(text, v->text.p, n);
        text[n] = 0;
        copy->text.p = text;
    }
    free(map_put(*m, name, copy));
    return 0;
}

const struct mysqld_value *mysqld_set_user_variable(struct mysqld_session *s, struct str name)
{
    char lower[64];
    if (name.n >= 2 && (name.p[0] == '`' || name.p[0] == '\'' || name.p[0] == '"'))
        name = (struct str){ name.p + 1, name.n - 2 };
    if (name.n >= sizeof lower || !s->user_variables)
        return NULL;
    for (size_t i = 0; i < name.n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    return map_get(s->user_variables, (struct str){ lower, name.n });
}

/* ---- values: SQLite computes what is no plain word ---- */

struct setting {
    struct mysqld_command *m;
    struct mysqld_engine *engine;
    const struct sqlfront_text *t;
    struct err *e;
};

static struct mysqld_value column_value(sqlite3_stmt *q, struct arena *a)
{
    switch (sqlite3_column_type(q, 0)) {
    case SQLITE_INTEGER: return integer(sqlite3_column_int64(q, 0));
    case SQLITE_FLOAT: return (struct mysqld_value){ .kind = MYSQL_V_REAL, .real = sqlite3_column_double(q, 0) };
    case SQLITE_NULL: return (struct mysqld_value){ .kind = MYSQL_V_NULL };
    default: {
        const char *p = (const char *)sqlite3_column_text(q, 0);
        struct str s = { p, (size_t)sqlite3_column_bytes(q, 0) };
        return (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = arena_dup(a, s) };
    }
    }
}

static int compute(struct setting *x, size_t from, size_t to, struct mysqld_value *ret)
{
    struct sqlfront_options o = { .database = mysqld_session_database(x->m->session) };
    struct sqlfront_result r;
    const char *what;
    if (!sqlfront_rewrite(x->t, from, to, &o, &x->m->arena, &r, &what))
        return mysqld_error(x->e, MYSQL_NOT_SUPPORTED, "This version of MySQL doesn't yet support '%s'", what);
    struct buf sql = BUF_INIT;
    buf_z(&sql, "SELECT ");
    buf_str_add(&sql, buf_str(&r.sql));
    sqlfront_result_release(&r);
    sqlite3_stmt *q = NULL;
    int result = 0;
    if (sqlite3_prepare_v2(x->engine->db, buf_cstr(&sql), -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        *ret = column_value(q, &x->m->arena);
    else
        result = mysqld_error_near(x->e, x->t->sql, x->t->tokens[from].at);
    sqlite3_finalize(q);
    buf_release(&sql);
    return result;
}

/* SET sql_mode = ANSI, x = DEFAULT, y = ON: words are values. */
static int value_of(struct setting *x, size_t from, size_t to, struct mysqld_value *ret)
{
    if (from >= to)
        return mysqld_error_near(x->e, x->t->sql, x->t->sql.n);
    if (to != from + 1)
        return compute(x, from, to, ret);
    struct str s = sqlfront_token_text(x->t, from);
    int64_t number;
    if (x->t->tokens[from].kind == SQLFRONT_NUMBER && str_to_i64(s, &number)) {
        *ret = integer(number);
        return 0;
    }
    if (x->t->tokens[from].kind != SQLFRONT_WORD) {
        if (x->t->tokens[from].kind != SQLFRONT_STRING)
            return compute(x, from, to, ret);
        s = sqlfront_name(x->t, from, &x->m->arena);
    } else if (str_eq_nocase(s, S("on")) || str_eq_nocase(s, S("true"))) {
        *ret = integer(1);
        return 0;
    } else if (str_eq_nocase(s, S("off")) || str_eq_nocase(s, S("false"))) {
        *ret = integer(0);
        return 0;
    } else if (str_eq_nocase(s, S("null"))) {
        *ret = (struct mysqld_value){ .kind = MYSQL_V_NULL };
        return 0;
    }
    *ret = (struct mysqld_value){ .kind = MYSQL_V_TEXT, .text = s };
    return 0;
}

/* ---- assignments ---- */

static bool is_true(const struct mysqld_value *v)
{
    return v->kind == MYSQL_V_INTEGER ? v->integer != 0
                                      : v->kind == MYSQL_V_TEXT && (str_eq_nocase(v->text, S("on")) || str_eq(v->text, S("1")));
}

static int set_system(struct setting *x, struct str name, const struct mysqld_value *v)
{
    struct mysqld_session *s = x->m->session;
    const struct variable *row = find(without_scope(name));
    if (!row)
        return mysqld_error(x->e, MYSQL_UNKNOWN_VARIABLE, "Unknown system variable '" STR_F "'", STR_A(without_scope(name)));
    if (row->access == FIXED)
        return mysqld_error(x->e, MYSQL_READ_ONLY_VARIABLE, "Variable '%s' is a read only variable", row->name);
    if (!strcmp(row->name, "autocommit")) {
        s->no_autocommit = !is_true(v);
        return 0;
    }
    if (v->kind == MYSQL_V_TEXT && str_eq_nocase(v->text, S("default"))) {
        if (s->variables)
            free(map_remove(s->variables, str_of(row->name)));
        return 0;
    }
    bool same = row->value && v->kind == MYSQL_V_TEXT && str_is(v->text, row->value);
    if (same && !(s->variables && map_get(s->variables, str_of(row->name))))
        return 0; /* what thousands of connections set is kept for none */
    return keep(&s->variables, str_of(row->name), v, x->e);
}

static int set_user(struct setting *x, struct str name, const struct mysqld_value *v)
{
    char lower[64];
    if (name.n >= 2 && (name.p[0] == '`' || name.p[0] == '\'' || name.p[0] == '"'))
        name = (struct str){ name.p + 1, name.n - 2 };
    if (name.n >= sizeof lower)
        return mysqld_error(x->e, 3061, "User variable name '" STR_F "' is illegal", STR_A(name));
    for (size_t i = 0; i < name.n; i++)
        lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] + 32) : name.p[i];
    return keep(&x->m->session->user_variables, (struct str){ lower, name.n }, v, x->e);
}

static bool is_scope(const struct sqlfront_text *t, size_t i)
{
    return sqlfront_is(t, i, "session") || sqlfront_is(t, i, "global") || sqlfront_is(t, i, "local") || sqlfront_is(t, i, "persist");
}

/* [SESSION] name = value | @@name = value | @name := value */
static int assign(struct setting *x, size_t from, size_t to)
{
    const struct sqlfront_text *t = x->t;
    struct mysqld_value v;
    if (from + 1 < to && is_scope(t, from))
        from++;
    if (from + 2 > to || !(sqlfront_is(t, from + 1, "=") || sqlfront_is(t, from + 1, ":=")))
        return mysqld_error_near(x->e, t->sql, from + 1 < to ? t->tokens[from + 1].at : t->sql.n);
    if (value_of(x, from + 2, to, &v))
        return -1;
    struct str name = sqlfront_token_text(t, from);
    switch (t->tokens[from].kind) {
    case SQLFRONT_USERVAR: return set_user(x, str_from(name, 1), &v);
    case SQLFRONT_SYSVAR: return set_system(x, str_from(name, 2), &v);
    case SQLFRONT_WORD:
    case SQLFRONT_QUOTED: return set_system(x, sqlfront_name(t, from, &x->m->arena), &v);
    default: return mysqld_error_near(x->e, t->sql, t->tokens[from].at);
    }
}

/* SET NAMES x [COLLATE y] | SET CHARACTER SET x */
static int set_names(struct setting *x, size_t i, size_t to)
{
    static const char *const names[] = { "character_set_client", "character_set_connection", "character_set_results" };
    static const char *const known[] = { "utf8mb4", "utf8mb3", "utf8", "latin1", "ascii", "binary", "default", "cp1252" };
    if (i >= to)
        return mysqld_error_near(x->e, x->t->sql, x->t->sql.n);
    struct mysqld_value v = { .kind = MYSQL_V_TEXT, .text = sqlfront_name(x->t, i, &x->m->arena) };
    bool is_known = false;
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        is_known |= str_eq_nocase(v.text, str_of(known[k]));
    if (!is_known)
        return mysqld_error(x->e, 1115, "Unknown character set: '" STR_F "'", STR_A(v.text));
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (set_system(x, str_of(names[k]), &v))
            return -1;
    if (i + 2 < to && sqlfront_is(x->t, i + 1, "collate")) {
        v.text = sqlfront_name(x->t, i + 2, &x->m->arena);
        return set_system(x, S("collation_connection"), &v);
    }
    return 0;
}

int mysqld_set_run(struct mysqld_command *m, struct mysqld_engine *engine, size_t from, size_t to, struct err *e)
{
    struct setting x = { m, engine, &m->text, e };
    size_t i = from + 1;
    if (i < to && sqlfront_is(x.t, i, "names"))
        return set_names(&x, i + 1, to);
    if (i + 1 < to && sqlfront_is(x.t, i, "character"))
        return set_names(&x, i + 2, to);
    if (i < to && sqlfront_is(x.t, i, "charset"))
        return set_names(&x, i + 1, to);
    bool scoped = i < to && is_scope(x.t, i);
    if (i + scoped < to && sqlfront_is(x.t, i + scoped, "transaction"))
        return 0; /* one isolation level is as good as another here */
    if (i < to && (sqlfront_is(x.t, i, "password") || sqlfront_is(x.t, i, "role") || sqlfront_is(x.t, i, "resource")))
        return mysqld_error(e, MYSQL_NOT_SUPPORTED, "This version of MySQL doesn't yet support 'SET " STR_F "'", STR_A(sqlfront_token_text(x.t, i)));
    while (i < to) {
        size_t end = i;
        while (end < to && !(x.t->tokens[end].kind == SQLFRONT_OP && x.t->tokens[end].word == ','))
            end = x.t->tokens[end].mate > end ? x.t->tokens[end].mate + 1 : end + 1;
        if (assign(&x, i, end))
            return -1;
        i = end + 1;
    }
    return 0;
}
