/* mysqld_schema.c - information_schema: MySQL's tables about tables, made from SQLite's.
 * https://dev.mysql.com/doc/refman/8.0/en/information-schema.html
 *
 * An engine attaches it at the first statement that asks for it, and fills it again when tables have changed or a
 * session calls the database by another name. Tables without rows are there so that clients that look find nothing.
 */
#include <stdlib.h>

#include "mocks/rds/mysqld.h"

/* Columns are text unless a type is given. */
static const char *const definitions[] = {
    "SCHEMATA (CATALOG_NAME, SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME, SQL_PATH, DEFAULT_ENCRYPTION)",
    "TABLES (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, VERSION INT, ROW_FORMAT, TABLE_ROWS BIGINT, AVG_ROW_LENGTH BIGINT, "
    "DATA_LENGTH BIGINT, MAX_DATA_LENGTH BIGINT, INDEX_LENGTH BIGINT, DATA_FREE BIGINT, AUTO_INCREMENT BIGINT, CREATE_TIME DATETIME, "
    "UPDATE_TIME DATETIME, CHECK_TIME DATETIME, TABLE_COLLATION, CHECKSUM BIGINT, CREATE_OPTIONS, TABLE_COMMENT)",
    "COLUMNS (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION INT, COLUMN_DEFAULT, IS_NULLABLE, DATA_TYPE, "
    "CHARACTER_MAXIMUM_LENGTH BIGINT, CHARACTER_OCTET_LENGTH BIGINT, NUMERIC_PRECISION BIGINT, NUMERIC_SCALE BIGINT, DATETIME_PRECISION INT, "
    "CHARACTER_SET_NAME, COLLATION_NAME, COLUMN_TYPE, COLUMN_KEY, EXTRA, PRIVILEGES, COLUMN_COMMENT, GENERATION_EXPRESSION, SRS_ID INT)",
    "STATISTICS (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, NON_UNIQUE INT, INDEX_SCHEMA, INDEX_NAME, SEQ_IN_INDEX INT, COLUMN_NAME, COLLATION, "
    "CARDINALITY BIGINT, SUB_PART BIGINT, PACKED, NULLABLE, INDEX_TYPE, COMMENT, INDEX_COMMENT, IS_VISIBLE, EXPRESSION)",
    "KEY_COLUMN_USAGE (CONSTRAINT_CATALOG, CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, "
    "ORDINAL_POSITION INT, POSITION_IN_UNIQUE_CONSTRAINT INT, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME)",
    "TABLE_CONSTRAINTS (CONSTRAINT_CATALOG, CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_TYPE, ENFORCED)",
    "REFERENTIAL_CONSTRAINTS (CONSTRAINT_CATALOG, CONSTRAINT_SCHEMA, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_CATALOG, UNIQUE_CONSTRAINT_SCHEMA, "
    "UNIQUE_CONSTRAINT_NAME, MATCH_OPTION, UPDATE_RULE, DELETE_RULE, TABLE_NAME, REFERENCED_TABLE_NAME)",
    "CHECK_CONSTRAINTS (CONSTRAINT_CATALOG, CONSTRAINT_SCHEMA, CONSTRAINT_NAME, CHECK_CLAUSE)",
    "VIEWS (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION, CHECK_OPTION, IS_UPDATABLE, DEFINER, SECURITY_TYPE, "
    "CHARACTER_SET_CLIENT, COLLATION_CONNECTION)",
    "ROUTINES (SPECIFIC_NAME, ROUTINE_CATALOG, ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, DATA_TYPE, ROUTINE_DEFINITION, CREATED DATETIME, "
    "LAST_ALTERED DATETIME, ROUTINE_COMMENT, DEFINER)",
    "PARAMETERS (SPECIFIC_CATALOG, SPECIFIC_SCHEMA, SPECIFIC_NAME, ORDINAL_POSITION INT, PARAMETER_MODE, PARAMETER_NAME, DATA_TYPE, "
    "CHARACTER_MAXIMUM_LENGTH BIGINT, CHARACTER_OCTET_LENGTH BIGINT, NUMERIC_PRECISION INT, NUMERIC_SCALE INT, DTD_IDENTIFIER, ROUTINE_TYPE)",
    "TRIGGERS (TRIGGER_CATALOG, TRIGGER_SCHEMA, TRIGGER_NAME, EVENT_MANIPULATION, EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, ACTION_STATEMENT, "
    "ACTION_TIMING, CREATED DATETIME, SQL_MODE, DEFINER)",
    "EVENTS (EVENT_CATALOG, EVENT_SCHEMA, EVENT_NAME, DEFINER, EVENT_DEFINITION, EVENT_TYPE, STATUS)",
    "PARTITIONS (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, PARTITION_NAME, TABLE_ROWS BIGINT)",
    "FILES (FILE_ID BIGINT, FILE_NAME, FILE_TYPE, TABLESPACE_NAME, LOGFILE_GROUP_NAME, ENGINE, EXTENT_SIZE BIGINT, INITIAL_SIZE BIGINT, "
    "TOTAL_EXTENTS BIGINT, EXTRA)",
    "COLUMN_STATISTICS (SCHEMA_NAME, TABLE_NAME, COLUMN_NAME, HISTOGRAM)",
    "USER_PRIVILEGES (GRANTEE, TABLE_CATALOG, PRIVILEGE_TYPE, IS_GRANTABLE)",
    "SCHEMA_PRIVILEGES (GRANTEE, TABLE_CATALOG, TABLE_SCHEMA, PRIVILEGE_TYPE, IS_GRANTABLE)",
    "PROCESSLIST (ID BIGINT, USER, HOST, DB, COMMAND, TIME INT, STATE, INFO)",
    "PLUGINS (PLUGIN_NAME, PLUGIN_VERSION, PLUGIN_STATUS, PLUGIN_TYPE)",
    "KEYWORDS (WORD, RESERVED INT)",
    "ENGINES (ENGINE, SUPPORT, COMMENT, TRANSACTIONS, XA, SAVEPOINTS)",
    "CHARACTER_SETS (CHARACTER_SET_NAME, DEFAULT_COLLATE_NAME, DESCRIPTION, MAXLEN INT)",
    "COLLATIONS (COLLATION_NAME, CHARACTER_SET_NAME, ID BIGINT, IS_DEFAULT, IS_COMPILED, SORTLEN INT, PAD_ATTRIBUTE)",
    "COLLATION_CHARACTER_SET_APPLICABILITY (COLLATION_NAME, CHARACTER_SET_NAME)",
};

/* :db is the name that the session gives the database. */
#define OWN SQLFRONT_SCHEMA ".sqlite_schema AS m"
#define IS_TABLE "m.name NOT LIKE 'sqlite^_%' ESCAPE '^'"
static const char *const contents[] = {
    "INSERT INTO information_schema.SCHEMATA VALUES ('def', :db, 'utf8mb4', 'utf8mb4_0900_ai_ci', NULL, 'NO'), "
    "('def', 'information_schema', 'utf8mb3', 'utf8mb3_general_ci', NULL, 'NO')",
    "INSERT INTO information_schema.TABLES SELECT 'def', :db, m.name, CASE m.type WHEN 'table' THEN 'BASE TABLE' ELSE 'VIEW' END, "
    "iif(m.type = 'table', 'InnoDB', NULL), iif(m.type = 'table', 10, NULL), iif(m.type = 'table', 'Dynamic', NULL), \"weirbox_rows\"(m.name), "
    "0, 16384, 0, 0, 0, NULL, '2020-01-01 00:00:00', NULL, NULL, iif(m.type = 'table', 'utf8mb4_0900_ai_ci', NULL), NULL, '', "
    "iif(m.type = 'table', '', 'VIEW') FROM " OWN " WHERE m.type IN ('table', 'view') AND " IS_TABLE,
    "INSERT INTO information_schema.TABLES (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, VERSION, TABLE_COMMENT) "
    "SELECT 'def', 'information_schema', name, 'SYSTEM VIEW', 10, '' FROM information_schema.sqlite_schema WHERE type = 'table'",
    "INSERT INTO information_schema.COLUMNS SELECT 'def', :db, m.name, c.name, c.cid + 1, \"weirbox_default\"(c.dflt_value), iif(c.\"notnull\" OR c.pk, 'NO', 'YES'), "
    "\"weirbox_type\"(c.type, 'name'), \"weirbox_type\"(c.type, 'chars'), \"weirbox_type\"(c.type, 'bytes'), \"weirbox_type\"(c.type, 'precision'), "
    "\"weirbox_type\"(c.type, 'scale'), \"weirbox_type\"(c.type, 'fraction'), \"weirbox_type\"(c.type, 'charset'), \"weirbox_type\"(c.type, 'collation'), "
    "\"weirbox_type\"(c.type, 'full'), iif(c.pk, 'PRI', coalesce((SELECT max(iif(l.\"unique\", 'UNI', 'MUL')) FROM pragma_index_list(m.name) l "
    "JOIN pragma_index_info(l.name) k WHERE k.seqno = 0 AND k.name = c.name), '')), iif(c.pk AND c.type = 'INTEGER', 'auto_increment', ''), "
    "'select,insert,update,references', '', '', NULL FROM " OWN " JOIN pragma_table_info(m.name) c WHERE m.type IN ('table', 'view') AND " IS_TABLE,
    "INSERT INTO information_schema.COLUMNS (TABLE_CATALOG, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, IS_NULLABLE, DATA_TYPE, COLUMN_TYPE, "
    "COLUMN_KEY, EXTRA, PRIVILEGES, COLUMN_COMMENT) SELECT 'def', 'information_schema', m.name, c.name, c.cid + 1, 'YES', "
    "\"weirbox_type\"(c.type, 'name'), \"weirbox_type\"(c.type, 'full'), '', '', 'select', '' "
    "FROM information_schema.sqlite_schema m JOIN pragma_table_info(m.name, 'information_schema') c WHERE m.type = 'table'",
    "INSERT INTO information_schema.STATISTICS SELECT 'def', :db, m.name, NOT l.\"unique\", :db, iif(l.origin = 'pk', 'PRIMARY', l.name), k.seqno + 1, k.name, 'A', "
    "\"weirbox_rows\"(m.name), NULL, NULL, 'YES', 'BTREE', '', '', 'YES', NULL FROM " OWN " JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) k "
    "WHERE m.type = 'table' AND " IS_TABLE,
    "INSERT INTO information_schema.STATISTICS SELECT 'def', :db, m.name, 0, :db, 'PRIMARY', 1, c.name, 'A', \"weirbox_rows\"(m.name), NULL, NULL, '', 'BTREE', '', '', "
    "'YES', NULL FROM " OWN " JOIN pragma_table_info(m.name) c WHERE m.type = 'table' AND " IS_TABLE " AND c.pk AND c.type = 'INTEGER' COLLATE NOCASE AND NOT EXISTS "
    "(SELECT 1 FROM pragma_index_list(m.name) l WHERE l.origin = 'pk')",
    "INSERT INTO information_schema.KEY_COLUMN_USAGE SELECT 'def', TABLE_SCHEMA, INDEX_NAME, 'def', TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, SEQ_IN_INDEX, "
    "NULL, NULL, NULL, NULL FROM information_schema.STATISTICS WHERE NOT NON_UNIQUE",
    "INSERT INTO information_schema.TABLE_CONSTRAINTS SELECT DISTINCT 'def', TABLE_SCHEMA, INDEX_NAME, TABLE_SCHEMA, TABLE_NAME, "
    "iif(INDEX_NAME = 'PRIMARY', 'PRIMARY KEY', 'UNIQUE'), 'YES' FROM information_schema.STATISTICS WHERE NOT NON_UNIQUE",
    "INSERT INTO information_schema.VIEWS SELECT 'def', :db, m.name, m.sql, 'NONE', 'NO', 'admin@%', 'DEFINER', 'utf8mb4', 'utf8mb4_0900_ai_ci' "
    "FROM " OWN " WHERE m.type = 'view'",
    "INSERT INTO information_schema.ENGINES VALUES ('InnoDB', 'DEFAULT', 'Supports transactions, row-level locking, and foreign keys', 'YES', 'YES', 'YES')",
    "INSERT INTO information_schema.CHARACTER_SETS VALUES ('utf8mb4', 'utf8mb4_0900_ai_ci', 'UTF-8 Unicode', 4), "
    "('utf8mb3', 'utf8mb3_general_ci', 'UTF-8 Unicode', 3), ('latin1', 'latin1_swedish_ci', 'cp1252 West European', 1), ('binary', 'binary', 'Binary pseudo charset', 1)",
    "INSERT INTO information_schema.COLLATIONS VALUES ('utf8mb4_0900_ai_ci', 'utf8mb4', 255, 'Yes', 'Yes', 0, 'NO PAD'), "
    "('utf8mb4_general_ci', 'utf8mb4', 45, '', 'Yes', 1, 'PAD SPACE'), ('utf8mb4_bin', 'utf8mb4', 46, '', 'Yes', 1, 'PAD SPACE'), "
    "('utf8mb4_unicode_ci', 'utf8mb4', 224, '', 'Yes', 8, 'PAD SPACE'), ('utf8mb3_general_ci', 'utf8mb3', 33, 'Yes', 'Yes', 1, 'PAD SPACE'), "
    "('latin1_swedish_ci', 'latin1', 8, 'Yes', 'Yes', 1, 'PAD SPACE'), ('binary', 'binary', 63, 'Yes', 'Yes', 1, 'NO PAD')",
    "INSERT INTO information_schema.COLLATION_CHARACTER_SET_APPLICABILITY SELECT COLLATION_NAME, CHARACTER_SET_NAME FROM information_schema.COLLATIONS",
    "INSERT INTO information_schema.PLUGINS VALUES ('caching_sha2_password', '1.0', 'ACTIVE', 'AUTHENTICATION'), ('mysql_native_password', '1.1', 'ACTIVE', 'AUTHENTICATION')",
};
enum { N_DEFINITIONS = sizeof definitions / sizeof *definitions, N_CONTENTS = sizeof contents / sizeof *contents };

/* ---- functions the contents use ---- */

static void text_or_null(sqlite3_context *c, const char *z)
{
    if (z)
        sqlite3_result_text(c, z, -1, SQLITE_TRANSIENT);
    else
        sqlite3_result_null(c);
}

static uint32_t precision_of(const struct mysqld_type *t)
{
    switch (t->number) {
    case MYSQL_LONGLONG: return 19;
    case MYSQL_LONG: return 10;
    case MYSQL_INT24: return 7;
    case MYSQL_SHORT: return 5;
    case MYSQL_TINY: return 3;
    case MYSQL_FLOAT: return 12;
    case MYSQL_DOUBLE: return 22;
    case MYSQL_NEWDECIMAL: return t->size;
    default: return 0;
    }
}

static void f_type(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n;
    const char *declared = (const char *)sqlite3_value_text(v[0]), *what = (const char *)sqlite3_value_text(v[1]);
    struct mysqld_type t = mysqld_type_of(declared);
    bool text = t.charset != MYSQL_CHARSET_BINARY, bytes = t.number == MYSQL_BLOB || t.number == MYSQL_STRING || t.number == MYSQL_VAR_STRING;
    uint32_t precision = precision_of(&t), per = text ? 4 : 1;
    struct buf full = BUF_INIT;
    switch (what[0] == 'c' ? what[2] : what[0]) {
    case 'n': text_or_null(c, !strncmp(t.name, "tinyint", 7) ? "tinyint" : t.name); break;
    case 'f':
        if (what[1] == 'r') { /* fraction */
            if (t.number == MYSQL_DATETIME || t.number == MYSQL_TIMESTAMP)
                sqlite3_result_int(c, t.decimals);
            break;
        }
        mysqld_type_put_name(&full, declared);
        sqlite3_result_text(c, full.p, (int)full.n, SQLITE_TRANSIENT);
        break;
    case 'a': /* chars, charset */
        if (what[4] == 's' && bytes)
            sqlite3_result_int64(c, t.number == MYSQL_BLOB && text ? (int64_t)t.length / 4 : (int64_t)t.length / per);
        else if (what[4] != 's')
            text_or_null(c, text ? "utf8mb4" : NULL);
        break;
    case 'l': text_or_null(c, text ? "utf8mb4_0900_ai_ci" : NULL); break; /* collation */
    case 'b':
        if (bytes)
            sqlite3_result_int64(c, t.number == MYSQL_BLOB && text ? (int64_t)t.length / 4 : (int64_t)t.length);
        break;
    case 'p':
        if (precision)
            sqlite3_result_int64(c, precision);
        break;
    case 's':
        if (precision && t.number != MYSQL_FLOAT && t.number != MYSQL_DOUBLE)
            sqlite3_result_int64(c, t.number == MYSQL_NEWDECIMAL ? t.scale : 0);
        break;
    default: break;
    }
    buf_release(&full);
}

/* MySQL shows a default without its quotes. */
static void f_default(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n;
    const char *z = (const char *)sqlite3_value_text(v[0]);
    size_t length = z ? strlen(z) : 0;
    if (!z || !sqlite3_stricmp(z, "NULL"))
        sqlite3_result_null(c);
    else if (length >= 2 && z[0] == '\'' && z[length - 1] == '\'')
        sqlite3_result_text(c, z + 1, (int)length - 2, SQLITE_TRANSIENT);
    else
        sqlite3_result_text(c, z, (int)length, SQLITE_TRANSIENT);
}

static void f_rows(sqlite3_context *c, int n, sqlite3_value **v)
{
    (void)n;
    sqlite3_stmt *q = NULL;
    char *sql = sqlite3_mprintf("SELECT count(*) FROM " SQLFRONT_SCHEMA ".\"%w\"", sqlite3_value_text(v[0]));
    if (sqlite3_prepare_v2(sqlite3_context_db_handle(c), sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
        sqlite3_result_int64(c, sqlite3_column_int64(q, 0));
    sqlite3_finalize(q);
    sqlite3_free(sql);
}

int mysqld_schema_register(sqlite3 *db, struct mysqld_engine *en)
{
    (void)en;
    sqlite3_create_function(db, "weirbox_type", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, f_type, NULL, NULL);
    sqlite3_create_function(db, "weirbox_default", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, f_default, NULL, NULL);
    return sqlite3_create_function(db, "weirbox_rows", 1, SQLITE_UTF8, NULL, f_rows, NULL, NULL);
}

/* ---- filling ---- */

/* "NAME (A, B INT)": A gets the type that text has here. */
static int define(sqlite3 *db, const char *definition)
{
    struct buf sql = BUF_INIT;
    struct str rest = str_of(definition), name = str_cut(&rest, '(');
    buf_z(&sql, "CREATE TABLE information_schema.");
    buf_str_add(&sql, name);
    buf_c(&sql, '(');
    rest.n--;
    for (bool first = true; rest.p; first = false) {
        struct str column = str_trim(str_cut(&rest, ','));
        buf_z(&sql, first ? "" : ",");
        buf_str_add(&sql, column);
        if (str_chr(column, ' ') == STR_NONE)
            buf_z(&sql, " VARCHAR(256) COLLATE NOCASE");
    }
    buf_c(&sql, ')');
    int code = sqlite3_exec(db, buf_cstr(&sql), NULL, NULL, NULL);
    buf_release(&sql);
    return code;
}

static int attach(struct mysqld_engine *en)
{
    int code = sqlite3_exec(en->db, "ATTACH ':memory:' AS information_schema", NULL, NULL, NULL);
    for (size_t i = 0; i < N_DEFINITIONS && code == SQLITE_OK; i++)
        code = define(en->db, definitions[i]);
    en->has_schema = code == SQLITE_OK;
    return code;
}

static int run(sqlite3 *db, const char *sql, struct str database)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
    if (code != SQLITE_OK)
        return code;
    int at = sqlite3_bind_parameter_index(q, ":db");
    if (at)
        sqlite3_bind_text(q, at, database.p, (int)database.n, SQLITE_STATIC);
    code = sqlite3_step(q);
    sqlite3_finalize(q);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

int mysqld_schema_fill(struct mysqld_engine *en)
{
    struct str database = mysqld_engine_database(en);
    int code = en->has_schema ? SQLITE_OK : attach(en);
    uint64_t epoch = atomic_load(&en->state->schema_epoch) + atomic_load(&en->state->data_epoch) + 1;
    if (code != SQLITE_OK || (en->filled_epoch == epoch && str_is(database, en->filled_for)))
        return code;
    struct buf sql = BUF_INIT;
    for (size_t i = 0; i < N_DEFINITIONS && code == SQLITE_OK; i++) {
        struct str rest = str_of(definitions[i]), name = str_cut(&rest, ' ');
        buf_reset(&sql);
        buf_f(&sql, "DELETE FROM information_schema." STR_F, STR_A(name));
        code = sqlite3_exec(en->db, buf_cstr(&sql), NULL, NULL, NULL);
    }
    buf_release(&sql);
    for (size_t i = 0; i < N_CONTENTS && code == SQLITE_OK; i++)
        code = run(en->db, contents[i], database);
    if (code != SQLITE_OK)
        return code;
    free(en->filled_for);
    en->filled_for = mem_dup(database);
    en->filled_epoch = epoch;
    return SQLITE_OK;
}
