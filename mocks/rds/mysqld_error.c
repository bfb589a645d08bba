/* mysqld_error.c - the errors known, and SQLite's messages in MySQL's words. */
#include "mocks/rds/mysqld_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <sqlite3.h>

static const struct row {
    int number;
    const char *state, *name;
} rows[] = {
    { 1040, "08004", "ER_CON_COUNT_ERROR" },      { 1041, "HY000", "ER_OUT_OF_RESOURCES" },
    { 1043, "08S01", "ER_HANDSHAKE_ERROR" },      { 1044, "42000", "ER_DBACCESS_DENIED_ERROR" },
    { 1045, "28000", "ER_ACCESS_DENIED_ERROR" },  { 1046, "3D000", "ER_NO_DB_ERROR" },
    { 1047, "08S01", "ER_UNKNOWN_COM_ERROR" },    { 1048, "23000", "ER_BAD_NULL_ERROR" },
    { 1049, "42000", "ER_BAD_DB_ERROR" },         { 1050, "42S01", "ER_TABLE_EXISTS_ERROR" },
    { 1051, "42S02", "ER_BAD_TABLE_ERROR" },      { 1052, "23000", "ER_NON_UNIQ_ERROR" },
    { 1053, "08S01", "ER_SERVER_SHUTDOWN" },      { 1054, "42S22", "ER_BAD_FIELD_ERROR" },
    { 1060, "42S21", "ER_DUP_FIELDNAME" },        { 1061, "42000", "ER_DUP_KEYNAME" },
    { 1062, "23000", "ER_DUP_ENTRY" },            { 1064, "42000", "ER_PARSE_ERROR" },
    { 1065, "42000", "ER_EMPTY_QUERY" },          { 1091, "42000", "ER_CANT_DROP_FIELD_OR_KEY" },
    { 1105, "HY000", "ER_UNKNOWN_ERROR" },        { 1111, "HY000", "ER_INVALID_GROUP_FUNC_USE" },
    { 1136, "21S01", "ER_WRONG_VALUE_COUNT_ON_ROW" }, { 1146, "42S02", "ER_NO_SUCH_TABLE" },
    { 1153, "08S01", "ER_NET_PACKET_TOO_LARGE" }, { 1156, "08S01", "ER_NET_PACKETS_OUT_OF_ORDER" },
    { 1158, "08S01", "ER_NET_READ_ERROR" },       { 1193, "HY000", "ER_UNKNOWN_SYSTEM_VARIABLE" },
    { 1203, "42000", "ER_TOO_MANY_USER_CONNECTIONS" }, { 1205, "HY000", "ER_LOCK_WAIT_TIMEOUT" },
    { 1210, "HY000", "ER_WRONG_ARGUMENTS" },      { 1213, "40001", "ER_LOCK_DEADLOCK" },
    { 1222, "21000", "ER_WRONG_NUMBER_OF_COLUMNS_IN_SELECT" }, { 1226, "42000", "ER_USER_LIMIT_REACHED" },
    { 1231, "42000", "ER_WRONG_VALUE_FOR_VAR" },  { 1235, "42000", "ER_NOT_SUPPORTED_YET" },
    { 1238, "HY000", "ER_INCORRECT_GLOBAL_LOCAL_VAR" }, { 1241, "21000", "ER_OPERAND_COLUMNS" },
    { 1243, "HY000", "ER_UNKNOWN_STMT_HANDLER" }, { 1248, "42000", "ER_DERIVED_MUST_HAVE_ALIAS" },
    { 1264, "22003", "ER_WARN_DATA_OUT_OF_RANGE" }, { 1290, "HY000", "ER_OPTION_PREVENTS_STATEMENT" },
    { 1305, "42000", "ER_SP_DOES_NOT_EXIST" },    { 1317, "70100", "ER_QUERY_INTERRUPTED" },
    { 1366, "HY000", "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD" }, { 1461, "42000", "ER_MAX_PREPARED_STMT_COUNT_REACHED" },
    { 1582, "42000", "ER_WRONG_PARAMCOUNT_TO_NATIVE_FCT" }, { 1835, "HY000", "ER_MALFORMED_PACKET" },
    { 1836, "HY000", "ER_READ_ONLY_MODE" },       { 1927, "70100", "ER_CONNECTION_KILLED" },
    { 3024, "HY000", "ER_QUERY_TIMEOUT" },        { 3170, "HY000", "ER_CAPACITY_EXCEEDED" },
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static const struct row *row_of(int number)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].number == number)
            return &rows[i];
    return NULL;
}

const char *mysqld_error_state(int number)
{
    const struct row *row = row_of(number);
    return row ? row->state : "HY000";
}

int mysqld_error_number(const struct err *e)
{
    int64_t number;
    for (size_t i = 0; i < N_ROWS; i++)
        if (str_is(str_of(e->code), rows[i].name))
            return rows[i].number;
    if (str_to_i64(str_of(e->code), &number) && number >= 1000 && number <= 65535)
        return (int)number;
    return e->status >= 1000 && e->status <= 65535 ? e->status : MYSQL_UNKNOWN;
}

int mysqld_error(struct err *e, int number, const char *fmt, ...)
{
    char text[sizeof e->message];
    const struct row *row = row_of(number);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return err_set(e, number, row ? row->name : "ER_UNKNOWN_ERROR", "%s", text);
}

int mysqld_error_near(struct err *e, struct str sql, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at && i < sql.n; i++)
        line += sql.p[i] == '\n';
    struct str near_text = str_head(str_from(sql, at), 80);
    while (near_text.n && ((unsigned char)near_text.p[near_text.n - 1] & 0xC0) == 0x80)
        near_text.n--; /* not in the middle of a character */
    return mysqld_error(e, MYSQL_PARSE,
                       "You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for "
                       "the right syntax to use near '" STR_F "' at line %u", STR_A(near_text), line);
}

/* ---- SQLite's messages: * stands for what is taken over ---- */

enum form { PLAIN, TABLE, COLUMN, NEAR, KEY, NULLS, FUNCTION };

static const struct message {
    const char *pattern;
    int number;
    enum form form;
    const char *fmt; /* PLAIN: one %.*s at most */
} messages[] = {
    { "no such table: *", 1146, TABLE, NULL },
    { "no such view: *", 1051, TABLE, NULL },
    { "no such column: *", 1054, COLUMN, NULL },
    { "table * has no column named *", 1054, COLUMN, NULL },
    { "ambiguous column name: *", 1052, PLAIN, "Column '" STR_F "' in field list is ambiguous" },
    { "near \"*\": syntax error", 1064, NEAR, NULL },
    { "incomplete input", 1064, NEAR, NULL },
    { "unrecognized token: *", 1064, NEAR, NULL },
    { "row value misused", 1064, NEAR, NULL },
    { "no such function: *", 1305, FUNCTION, NULL },
    { "wrong number of arguments to function *()", 1582, PLAIN, "Incorrect parameter count in the call to native function '" STR_F "'" },
    { "misuse of aggregate*", 1111, PLAIN, "Invalid use of group function" },
    { "misuse of aliased aggregate*", 1111, PLAIN, "Invalid use of group function" },
    { "UNIQUE constraint failed: *", 1062, KEY, NULL },
    { "NOT NULL constraint failed: *", 1048, NULLS, NULL },
    { "table * already exists", 1050, PLAIN, "Table '" STR_F "' already exists" },
    { "there is already *", 1050, PLAIN, "Table already exists" },
    { "duplicate column name: *", 1060, PLAIN, "Duplicate column name '" STR_F "'" },
    { "index * already exists", 1061, PLAIN, "Duplicate key name '" STR_F "'" },
    { "no such index: *", 1091, PLAIN, "Can't DROP '" STR_F "'; check that column/key exists" },
    { "* values for * columns", 1136, PLAIN, "Column count doesn't match value count at row 1" },
    { "table * has * columns but * values were supplied", 1136, PLAIN, "Column count doesn't match value count at row 1" },
    { "all VALUES must have the same number of terms", 1136, PLAIN, "Column count doesn't match value count at row 2" },
    { "SELECTs to the left and right of * do not have*", 1222, PLAIN, "The used SELECT statements have a different number of columns" },
    { "sub-select returns *", 1241, PLAIN, "Operand should contain 1 column(s)" },
    { "database is locked", 1205, PLAIN, "Lock wait timeout exceeded; try restarting transaction" },
    { "database table is locked*", 1205, PLAIN, "Lock wait timeout exceeded; try restarting transaction" },
    { "interrupted", 3024, PLAIN, "Query execution was interrupted, maximum statement execution time exceeded" },
    { "string or blob too big", 1153, PLAIN, "Got a packet bigger than 'max_allowed_packet' bytes" },
    { "unknown variable *", 1193, PLAIN, "Unknown system variable '" STR_F "'" },
};

/* What the first '*' stands for; a later '*' swallows anything. */
static bool match(const char *pattern, struct str text, struct str *ret)
{
    const char *star = strchr(pattern, '*');
    struct str before = star ? (struct str){ pattern, (size_t)(star - pattern) } : str_of(pattern);
    *ret = S("");
    if (!star)
        return str_eq(text, before);
    if (!str_starts(text, before))
        return false;
    struct str rest = str_from(text, before.n);
    const char *tail = star + 1, *next = strchr(tail, '*');
    struct str literal = next ? (struct str){ tail, (size_t)(next - tail) } : str_of(tail);
    size_t end = literal.n ? str_find(rest, literal) : next ? 0 : rest.n;
    if (end == STR_NONE || (!next && literal.n && !str_ends(rest, literal)))
        return false;
    *ret = str_head(rest, end);
    return true;
}

static struct str last_part(struct str name)
{
    size_t dot;
    while ((dot = str_chr(name, '.')) != STR_NONE)
        name = str_from(name, dot + 1);
    return name;
}

/* Which clause the name stands in, as MySQL tells it. */
static const char *clause_of(struct str sql, size_t at)
{
    static const struct {
        const char *word, *clause;
    } clauses[] = { { "where", "where clause" }, { "group", "group statement" }, { "order", "order clause" },
                    { "having", "having clause" }, { "on", "on clause" }, { "select", "field list" }, { "set", "field list" } };
    struct str before = str_head(sql, at == STR_NONE ? 0 : at);
    while (before.n) {
        size_t end = before.n;
        while (before.n && before.p[before.n - 1] > ' ' && before.p[before.n - 1] != '(')
            before.n--;
        struct str word = str_from((struct str){ sql.p, end }, before.n);
        for (size_t i = 0; i < sizeof clauses / sizeof *clauses; i++)
            if (str_eq_nocase(word, str_of(clauses[i].word)))
                return clauses[i].clause;
        before.n -= before.n > 0;
    }
    return "field list";
}

/* The text before the hole, what fills it, the text behind it. */
static void put_plain(struct err *e, const struct message *m, struct str what)
{
    const char *hole = strstr(m->fmt, STR_F);
    if (hole)
        mysqld_error(e, m->number, "%.*s" STR_F "%s", (int)(hole - m->fmt), m->fmt, STR_A(last_part(what)), hole + strlen(STR_F));
    else
        mysqld_error(e, m->number, "%s", m->fmt);
}

static void phrase(struct err *e, const struct message *m, struct str what, struct str text, struct str sql, size_t at, struct str database)
{
    struct str db = database;
    switch (m->form) {
    case PLAIN:
        put_plain(e, m, what);
        break;
    case TABLE:
        if (str_chr(what, '.') != STR_NONE && !str_starts(what, S("main.")))
            db = str_head(what, str_chr(what, '.'));
        what = last_part(what);
        if (m->number == 1051)
            mysqld_error(e, 1051, "Unknown table '" STR_F "." STR_F "'", STR_A(db), STR_A(what));
        else
            mysqld_error(e, 1146, "Table '" STR_F "." STR_F "' doesn't exist", STR_A(db), STR_A(what));
        break;
    case COLUMN:
        if (str_starts(text, S("table ")))
            what = str_from(text, str_find(text, S("named ")) + 6);
        mysqld_error(e, 1054, "Unknown column '" STR_F "' in '%s'", STR_A(what), clause_of(sql, at));
        break;
    case NEAR: mysqld_error_near(e, sql, at == STR_NONE ? sql.n : at); break;
    case KEY: mysqld_error(e, 1062, "Duplicate entry for key '" STR_F "'", STR_A(what)); break;
    case NULLS: mysqld_error(e, 1048, "Column '" STR_F "' cannot be null", STR_A(last_part(what))); break;
    case FUNCTION: mysqld_error(e, 1305, "FUNCTION " STR_F "." STR_F " does not exist", STR_A(database), STR_A(what)); break;
    }
}

void mysqld_error_translate(struct err *e, const char *sqlite_message, int sqlite_code, struct str sql, size_t at, struct str database)
{
    struct str text = str_of(sqlite_message), what;
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        if (match(messages[i].pattern, text, &what)) {
            phrase(e, &messages[i], what, text, sql, at, database);
            return;
        }
    if (sqlite_code == SQLITE_BUSY || sqlite_code == SQLITE_LOCKED)
        mysqld_error(e, MYSQL_LOCK_WAIT, "Lock wait timeout exceeded; try restarting transaction");
    else
        mysqld_error(e, MYSQL_UNKNOWN, "%s", sqlite_message);
}
