/* mysqld_show.c - SHOW, DESCRIBE and EXPLAIN: each becomes a SELECT, mostly from information_schema.
 *
 *   SHOW [FULL | GLOBAL | SESSION] what [FROM | IN table or database] [FROM database] [LIKE 'x' | WHERE condition]
 * https://dev.mysql.com/doc/refman/8.0/en/show.html
 */
#include "mocks/rds/mysqld.h"
#include "mocks/rds/sqlfront_words.h"

/* In the text: $D the database, $T the table (as literals), {…} only with FULL. */
#define NOTHING_LIKE(columns) "SELECT " columns " WHERE 0"
enum about { ALL, DATABASE, TABLE };

static const struct show {
    const char *what; /* one word or two */
    enum about about; /* what FROM names */
    const char *sql;
} shows[] = {
    { "TABLES", DATABASE, "SELECT TABLE_NAME AS \"Tables_in_$D\"{, TABLE_TYPE AS \"Table_type\"} FROM information_schema.TABLES WHERE TABLE_SCHEMA = $D ORDER BY 1" },
    { "DATABASES", ALL, "SELECT SCHEMA_NAME AS \"Database\" FROM information_schema.SCHEMATA ORDER BY 1" },
    { "SCHEMAS", ALL, "SELECT SCHEMA_NAME AS \"Database\" FROM information_schema.SCHEMATA ORDER BY 1" },
    { "COLUMNS", TABLE, "SELECT COLUMN_NAME AS \"Field\", COLUMN_TYPE AS \"Type\"{, COLLATION_NAME AS \"Collation\"}, IS_NULLABLE AS \"Null\", COLUMN_KEY AS \"Key\", "
                        "COLUMN_DEFAULT AS \"Default\", EXTRA AS \"Extra\"{, PRIVILEGES AS \"Privileges\", COLUMN_COMMENT AS \"Comment\"} "
                        "FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = $D AND TABLE_NAME = $T ORDER BY ORDINAL_POSITION" },
    { "FIELDS", TABLE, NULL },
    { "INDEX", TABLE, "SELECT TABLE_NAME AS \"Table\", NON_UNIQUE AS \"Non_unique\", INDEX_NAME AS \"Key_name\", SEQ_IN_INDEX AS \"Seq_in_index\", "
                      "COLUMN_NAME AS \"Column_name\", COLLATION AS \"Collation\", CARDINALITY AS \"Cardinality\", SUB_PART AS \"Sub_part\", PACKED AS \"Packed\", "
                      "NULLABLE AS \"Null\", INDEX_TYPE AS \"Index_type\", COMMENT AS \"Comment\", INDEX_COMMENT AS \"Index_comment\", IS_VISIBLE AS \"Visible\", "
                      "EXPRESSION AS \"Expression\" FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = $D AND TABLE_NAME = $T ORDER BY NON_UNIQUE, INDEX_NAME, SEQ_IN_INDEX" },
    { "INDEXES", TABLE, NULL },
    { "KEYS", TABLE, NULL },
    { "TABLE STATUS", DATABASE, "SELECT TABLE_NAME AS \"Name\", ENGINE AS \"Engine\", VERSION AS \"Version\", ROW_FORMAT AS \"Row_format\", TABLE_ROWS AS \"Rows\", "
                                "AVG_ROW_LENGTH AS \"Avg_row_length\", DATA_LENGTH AS \"Data_length\", MAX_DATA_LENGTH AS \"Max_data_length\", INDEX_LENGTH AS \"Index_length\", "
                                "DATA_FREE AS \"Data_free\", AUTO_INCREMENT AS \"Auto_increment\", CREATE_TIME AS \"Create_time\", UPDATE_TIME AS \"Update_time\", "
                                "CHECK_TIME AS \"Check_time\", TABLE_COLLATION AS \"Collation\", CHECKSUM AS \"Checksum\", CREATE_OPTIONS AS \"Create_options\", "
                                "TABLE_COMMENT AS \"Comment\" FROM information_schema.TABLES WHERE TABLE_SCHEMA = $D ORDER BY 1" },
    { "COLLATION", ALL, "SELECT COLLATION_NAME AS \"Collation\", CHARACTER_SET_NAME AS \"Charset\", ID AS \"Id\", IS_DEFAULT AS \"Default\", IS_COMPILED AS \"Compiled\", "
                        "SORTLEN AS \"Sortlen\", PAD_ATTRIBUTE AS \"Pad_attribute\" FROM information_schema.COLLATIONS ORDER BY 1" },
    { "CHARACTER SET", ALL, "SELECT CHARACTER_SET_NAME AS \"Charset\", DESCRIPTION AS \"Description\", DEFAULT_COLLATE_NAME AS \"Default collation\", MAXLEN AS \"Maxlen\" "
                            "FROM information_schema.CHARACTER_SETS ORDER BY 1" },
    { "CHARSET", ALL, NULL },
    { "ENGINES", ALL, "SELECT ENGINE AS \"Engine\", SUPPORT AS \"Support\", COMMENT AS \"Comment\", TRANSACTIONS AS \"Transactions\", XA, SAVEPOINTS AS \"Savepoints\" "
                      "FROM information_schema.ENGINES" },
    { "PLUGINS", ALL, "SELECT PLUGIN_NAME AS \"Name\", PLUGIN_STATUS AS \"Status\", PLUGIN_TYPE AS \"Type\", NULL AS \"Library\", 'GPL' AS \"License\" FROM information_schema.PLUGINS" },
    { "WARNINGS", ALL, NOTHING_LIKE("'' AS \"Level\", 0 AS \"Code\", '' AS \"Message\"") },
    { "ERRORS", ALL, NOTHING_LIKE("'' AS \"Level\", 0 AS \"Code\", '' AS \"Message\"") },
    { "PROCESSLIST", ALL, "SELECT \"connection_id\"() AS \"Id\", \"user\"() AS \"User\", 'localhost' AS \"Host\", \"database\"() AS \"db\", 'Query' AS \"Command\", 0 AS \"Time\", "
                          "'init' AS \"State\", 'SHOW PROCESSLIST' AS \"Info\"" },
    { "GRANTS", ALL, "SELECT 'GRANT ALL PRIVILEGES ON *.* TO CURRENT_USER' AS \"Grants for current user\"" },
    { "PRIVILEGES", ALL, NOTHING_LIKE("'' AS \"Privilege\", '' AS \"Context\", '' AS \"Comment\"") },
    { "TRIGGERS", DATABASE, NOTHING_LIKE("'' AS \"Trigger\", '' AS \"Event\", '' AS \"Table\", '' AS \"Statement\", '' AS \"Timing\", '' AS \"Created\", '' AS \"sql_mode\", "
                                         "'' AS \"Definer\", '' AS \"character_set_client\", '' AS \"collation_connection\", '' AS \"Database Collation\"") },
    { "EVENTS", DATABASE, NOTHING_LIKE("'' AS \"Db\", '' AS \"Name\", '' AS \"Definer\", '' AS \"Type\", '' AS \"Status\"") },
    { "FUNCTION STATUS", ALL, NOTHING_LIKE("'' AS \"Db\", '' AS \"Name\", '' AS \"Type\", '' AS \"Definer\", '' AS \"Modified\", '' AS \"Created\", '' AS \"Comment\"") },
    { "PROCEDURE STATUS", ALL, NULL },
    { "PACKAGE STATUS", ALL, NULL },
    { "OPEN TABLES", DATABASE, NOTHING_LIKE("'' AS \"Database\", '' AS \"Table\", 0 AS \"In_use\", 0 AS \"Name_locked\"") },
    { "MASTER STATUS", ALL, NOTHING_LIKE("'' AS \"File\", 0 AS \"Position\", '' AS \"Binlog_Do_DB\", '' AS \"Binlog_Ignore_DB\", '' AS \"Executed_Gtid_Set\"") },
    { "SLAVE STATUS", ALL, NOTHING_LIKE("'' AS \"Slave_IO_State\"") },
    { "REPLICA STATUS", ALL, NOTHING_LIKE("'' AS \"Replica_IO_State\"") },
    { "BINARY LOGS", ALL, NOTHING_LIKE("'' AS \"Log_name\", 0 AS \"File_size\"") },
    { "COUNT WARNINGS", ALL, "SELECT 0 AS \"@@session.warning_count\"" },
    { "COUNT ERRORS", ALL, "SELECT 0 AS \"@@session.error_count\"" },
};
enum { N_SHOWS = sizeof shows / sizeof *shows };

struct showing {
    struct mysqld_command *m;
    const struct sqlfront_text *t;
    size_t i, to;
    bool full;
    struct str database, table;
    struct buf *out;
    struct err *e;
};

static bool is(const struct showing *x, size_t i, const char *word) { return i < x->to && sqlfront_is(x->t, i, word); }
static int near(struct showing *x)
{
    return mysqld_error_near(x->e, x->t->sql, x->i < x->to ? x->t->tokens[x->i].at : x->t->sql.n);
}

/* ---- names ---- */

/* The name under which information_schema has it. */
static int resolve_database(struct showing *x, struct str name)
{
    struct str own = mysqld_session_database(x->m->session), shown = own.n ? own : S(SQLFRONT_SCHEMA);
    if (str_eq_nocase(name, S("information_schema")))
        x->database = S("information_schema");
    else if (!name.n || str_eq_nocase(name, own) || str_eq_nocase(name, S(SQLFRONT_SCHEMA)))
        x->database = shown;
    else
        return mysqld_error(x->e, MYSQL_UNKNOWN_DATABASE, "Unknown database '" STR_F "'", STR_A(name));
    if (!name.n && !own.n)
        return mysqld_error(x->e, MYSQL_NO_DATABASE, "No database selected");
    return 0;
}

static struct sqlite3_stmt *ask(struct showing *x, const char *sql)
{
    sqlite3_stmt *q = NULL;
    struct mysqld_session *s = x->m->session;
    sqlite3 *db = (s->own ? s->own : *x->m->slot)->db;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        return NULL;
    sqlite3_bind_text(q, 1, x->database.p, (int)x->database.n, SQLITE_STATIC);
    sqlite3_bind_text(q, 2, x->table.p, (int)x->table.n, SQLITE_STATIC);
    return q;
}

static int check_table(struct showing *x)
{
    sqlite3_stmt *q = ask(x, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ?1 AND TABLE_NAME = ?2");
    bool there = sqlite3_step(q) == SQLITE_ROW;
    if (there)
        x->table = arena_dup(&x->m->arena, str_of((const char *)sqlite3_column_text(q, 0)));
    sqlite3_finalize(q);
    return there ? 0 : mysqld_error(x->e, MYSQL_NO_SUCH_TABLE, "Table '" STR_F "." STR_F "' doesn't exist", STR_A(x->database), STR_A(x->table));
}

/* [database.]table [FROM database] */
static int read_table(struct showing *x)
{
    struct arena *a = &x->m->arena;
    struct str database = S("");
    if (x->i >= x->to || !sqlfront_is_name(x->t, x->i))
        return near(x);
    x->table = sqlfront_name(x->t, x->i++, a);
    if (is(x, x->i, ".") && x->i + 1 < x->to) {
        database = x->table;
        x->table = sqlfront_name(x->t, x->i + 1, a);
        x->i += 2;
    }
    if ((is(x, x->i, "from") || is(x, x->i, "in")) && x->i + 1 < x->to) {
        database = sqlfront_name(x->t, x->i + 1, a);
        x->i += 2;
    }
    return resolve_database(x, database) || check_table(x) ? -1 : 0;
}

static int read_about(struct showing *x, enum about about)
{
    bool from = is(x, x->i, "from") || is(x, x->i, "in");
    if (about == ALL)
        return 0;
    x->i += from;
    if (about == TABLE)
        return read_table(x);
    if (!from)
        return resolve_database(x, S(""));
    if (x->i >= x->to || !sqlfront_is_name(x->t, x->i))
        return near(x);
    return resolve_database(x, sqlfront_name(x->t, x->i++, &x->m->arena));
}

/* ---- writing ---- */

static void put_template(struct showing *x, const char *sql)
{
    bool skip = false, quoted = false;
    for (const char *p = sql; *p; p++) {
        if (*p == '{' || *p == '}')
            skip = *p == '{' && !x->full;
        else if (skip)
            continue;
        else if (*p == '$') {
            struct str name = *++p == 'D' ? x->database : x->table;
            if (quoted)
                buf_str_add(x->out, name);
            else
                sqlfront_quote(x->out, name, '\'');
        } else {
            quoted ^= *p == '"';
            buf_c(x->out, *p);
        }
    }
}

/* LIKE looks at the first column; WHERE at any. */
static int put_filter(struct showing *x, struct str first)
{
    struct sqlfront_options o = { .database = mysqld_session_database(x->m->session) };
    struct sqlfront_result r;
    const char *what;
    size_t from = x->i;
    bool like = is(x, from, "like");
    if (x->i >= x->to)
        return 0;
    if (!like && !is(x, from, "where")) {
        if (is(x, from, "limit"))
            return 0;
        return near(x);
    }
    if (!sqlfront_rewrite(x->t, from, x->to, &o, &x->m->arena, &r, &what))
        return mysqld_error(x->e, MYSQL_NOT_SUPPORTED, "This version of MySQL doesn't yet support '%s'", what);
    if (like) {
        buf_z(x->out, " WHERE ");
        sqlfront_quote(x->out, first, '"');
    }
    buf_c(x->out, ' ');
    buf_str_add(x->out, buf_str(&r.sql));
    sqlfront_result_release(&r);
    return 0;
}

/* The first name behind AS "…" in what was written. */
static struct str first_column(struct showing *x)
{
    struct str s = buf_str(x->out);
    size_t at = str_find(s, S(" AS \""));
    struct str name = str_from(s, at == STR_NONE ? s.n : at + 5);
    return arena_dup(&x->m->arena, str_head(name, str_chr(name, '"')));
}

static int put_wrapped(struct showing *x, const char *sql)
{
    buf_z(x->out, "SELECT * FROM (");
    put_template(x, sql);
    struct str first = first_column(x);
    buf_c(x->out, ')');
    return put_filter(x, first);
}

/* ---- variables ---- */

struct listing {
    struct buf *out;
    bool any;
};

static void list_variable(void *ctx, const char *name, const struct mysqld_value *v)
{
    struct listing *l = ctx;
    buf_z(l->out, l->any ? ",(" : "(");
    l->any = true;
    sqlfront_quote(l->out, str_of(name), '\'');
    buf_c(l->out, ',');
    if (v->kind == MYSQL_V_INTEGER && !strcmp(name, "autocommit"))
        buf_z(l->out, v->integer ? "'ON'" : "'OFF'");
    else if (v->kind == MYSQL_V_INTEGER)
        buf_f(l->out, "'%lld'", (long long)v->integer);
    else if (v->kind == MYSQL_V_TEXT)
        sqlfront_quote(l->out, v->text, '\'');
    else
        buf_z(l->out, "''");
    buf_c(l->out, ')');
}

static int show_values(struct showing *x, bool variables)
{
    struct listing l = { x->out, false };
    struct mysqld_state *s = x->m->session->state;
    buf_z(x->out, "SELECT * FROM (SELECT column1 AS \"Variable_name\", column2 AS \"Value\" FROM (VALUES ");
    if (variables)
        mysqld_set_list(x->m->session, list_variable, &l);
    else
        buf_f(x->out, "('Connections','%u'),('Questions','%llu'),('Threads_connected','%llu'),('Threads_running','1'),('Uptime','%lld'),"
                      "('Ssl_cipher','%s'),('Ssl_version','%s')",
              atomic_load(&s->last_id), (unsigned long long)atomic_load(&s->questions), (unsigned long long)tcp_connections(s->server),
              (long long)((clock_now_ms(s->clock) - s->opened_ms) / 1000), tcp_cipher(x->m->session->conn),
              tcp_tls_version(x->m->session->conn));
    buf_z(x->out, "))");
    return put_filter(x, S("Variable_name"));
}

/* ---- SHOW CREATE ---- */

static void put_name(struct buf *b, const unsigned char *name) { sqlfront_quote(b, str_of((const char *)name), '`'); }

static void put_columns(struct showing *x, struct buf *b)
{
    sqlite3_stmt *q = ask(x, "SELECT COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, EXTRA, DATA_TYPE FROM information_schema.COLUMNS "
                             "WHERE TABLE_SCHEMA = ?1 AND TABLE_NAME = ?2 ORDER BY ORDINAL_POSITION");
    for (bool first = true; sqlite3_step(q) == SQLITE_ROW; first = false) {
        const char *type = (const char *)sqlite3_column_text(q, 5), *value = (const char *)sqlite3_column_text(q, 3);
        bool nullable = !strcmp((const char *)sqlite3_column_text(q, 2), "YES"), text = strstr(type, "text") || strstr(type, "blob");
        buf_z(b, first ? "  " : ",\n  ");
        put_name(b, sqlite3_column_text(q, 0));
        buf_f(b, " %s", (const char *)sqlite3_column_text(q, 1));
        buf_z(b, nullable ? "" : " NOT NULL");
        if (!strcmp((const char *)sqlite3_column_text(q, 4), "auto_increment"))
            buf_z(b, " AUTO_INCREMENT");
        else if (value && !strcmp(value, "CURRENT_TIMESTAMP"))
            buf_z(b, " DEFAULT CURRENT_TIMESTAMP");
        else if (value)
            buf_z(b, " DEFAULT "), sqlfront_quote(b, str_of(value), '\'');
        else if (nullable && !text)
            buf_z(b, " DEFAULT NULL");
    }
    sqlite3_finalize(q);
}

static void put_keys(struct showing *x, struct buf *b)
{
    sqlite3_stmt *q = ask(x, "SELECT INDEX_NAME, NON_UNIQUE, group_concat('`' || COLUMN_NAME || '`', ',') FROM (SELECT * FROM information_schema.STATISTICS "
                             "WHERE TABLE_SCHEMA = ?1 AND TABLE_NAME = ?2 ORDER BY SEQ_IN_INDEX) GROUP BY INDEX_NAME ORDER BY INDEX_NAME <> 'PRIMARY', NON_UNIQUE, INDEX_NAME");
    while (sqlite3_step(q) == SQLITE_ROW) {
        bool primary = !strcmp((const char *)sqlite3_column_text(q, 0), "PRIMARY");
        buf_z(b, primary ? ",\n  PRIMARY KEY" : sqlite3_column_int(q, 1) ? ",\n  KEY " : ",\n  UNIQUE KEY ");
        if (!primary)
            put_name(b, sqlite3_column_text(q, 0));
        buf_f(b, " (%s)", (const char *)sqlite3_column_text(q, 2));
    }
    sqlite3_finalize(q);
}

static int show_create_table(struct showing *x)
{
    struct buf b = BUF_INIT;
    if (read_table(x))
        return -1;
    sqlite3_stmt *q = ask(x, "SELECT VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ?1 AND TABLE_NAME = ?2");
    bool view = sqlite3_step(q) == SQLITE_ROW;
    if (view) {
        buf_z(&b, (const char *)sqlite3_column_text(q, 0));
    } else {
        buf_z(&b, "CREATE TABLE ");
        sqlfront_quote(&b, x->table, '`');
        buf_z(&b, " (\n");
        put_columns(x, &b);
        put_keys(x, &b);
        buf_z(&b, "\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci");
    }
    sqlite3_finalize(q);
    buf_z(x->out, "SELECT ");
    sqlfront_quote(x->out, x->table, '\'');
    buf_z(x->out, view ? " AS \"View\", " : " AS \"Table\", ");
    sqlfront_quote(x->out, buf_str(&b), '\'');
    buf_z(x->out, view ? " AS \"Create View\", 'utf8mb4' AS \"character_set_client\", 'utf8mb4_0900_ai_ci' AS \"collation_connection\"" : " AS \"Create Table\"");
    buf_release(&b);
    return 0;
}

static int show_create(struct showing *x)
{
    bool table = is(x, x->i, "table") || is(x, x->i, "view"), database = is(x, x->i, "database") || is(x, x->i, "schema");
    if (!table && !database)
        return mysqld_error(x->e, MYSQL_NOT_SUPPORTED, "This version of MySQL doesn't yet support 'SHOW CREATE' of this");
    x->i++;
    if (table)
        return show_create_table(x);
    if (is(x, x->i, "if"))
        x->i += 3;
    if (x->i >= x->to || resolve_database(x, sqlfront_name(x->t, x->i, &x->m->arena)))
        return x->i >= x->to ? near(x) : -1;
    put_template(x, "SELECT $D AS \"Database\", 'CREATE DATABASE `' || $D || '` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci */' AS \"Create Database\"");
    return 0;
}

/* ---- the statements ---- */

static bool names(struct showing *x, const char *what, size_t *ret_behind)
{
    struct str rest = str_of(what);
    size_t i = x->i;
    for (; rest.p; i++) {
        struct str word = str_cut(&rest, ' ');
        if (i >= x->to || !str_eq_nocase(sqlfront_token_text(x->t, i), word))
            return false;
        if (str_is(word, "COUNT") && is(x, i + 1, "("))
            i += 3; /* SHOW COUNT(*) WARNINGS */
    }
    *ret_behind = i;
    return true;
}

static int show(struct showing *x)
{
    for (; x->i < x->to; x->i++) {
        if (is(x, x->i, "full"))
            x->full = true;
        else if (!is(x, x->i, "global") && !is(x, x->i, "session") && !is(x, x->i, "local") && !is(x, x->i, "extended") && !is(x, x->i, "storage"))
            break;
    }
    if (is(x, x->i, "variables") || is(x, x->i, "status")) {
        bool variables = is(x, x->i++, "variables");
        return show_values(x, variables);
    }
    if (is(x, x->i, "create")) {
        x->i++;
        return show_create(x);
    }
    const char *sql = NULL;
    for (size_t k = 0; k < N_SHOWS; k++) {
        size_t behind;
        sql = shows[k].sql ? shows[k].sql : sql; /* without a text: as the row before */
        if (!names(x, shows[k].what, &behind))
            continue;
        x->i = behind;
        if (is(x, x->i, "for"))
            x->i = x->to; /* SHOW GRANTS FOR … */
        return read_about(x, shows[k].about) ? -1 : put_wrapped(x, sql);
    }
    return near(x);
}

/* DESCRIBE table [column]; EXPLAIN of a statement tells a plan that fits any. */
static int describe(struct showing *x)
{
    if (is(x, x->i, "select") || is(x, x->i, "format") || is(x, x->i, "extended") || is(x, x->i, "insert") || is(x, x->i, "update") ||
        is(x, x->i, "delete") || is(x, x->i, "analyze") || is(x, x->i, "with")) {
        buf_z(x->out, "SELECT 1 AS \"id\", 'SIMPLE' AS \"select_type\", NULL AS \"table\", NULL AS \"partitions\", 'ALL' AS \"type\", NULL AS \"possible_keys\", "
                      "NULL AS \"key\", NULL AS \"key_len\", NULL AS \"ref\", 1 AS \"rows\", 100.0 AS \"filtered\", NULL AS \"Extra\"");
        return 0;
    }
    x->i += is(x, x->i, "table");
    if (read_table(x))
        return -1;
    const struct show *columns = &shows[3];
    if (x->i >= x->to)
        return put_wrapped(x, columns->sql);
    struct str column = sqlfront_name(x->t, x->i, &x->m->arena);
    x->i = x->to;
    if (put_wrapped(x, columns->sql))
        return -1;
    buf_z(x->out, " WHERE \"Field\" LIKE ");
    sqlfront_quote(x->out, column, '\'');
    return 0;
}

int mysqld_show_rewrite(struct mysqld_command *m, size_t from, size_t to, struct buf *ret_sql, struct err *e)
{
    struct showing x = { .m = m, .t = &m->text, .i = from + 1, .to = to, .out = ret_sql, .e = e };
    return sqlfront_is(&m->text, from, "show") ? show(&x) : describe(&x);
}
