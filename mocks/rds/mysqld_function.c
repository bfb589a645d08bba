/* mysqld_function.c - MySQL's functions that SQLite lacks or understands otherwise: about the session, and numbers.
 * https://dev.mysql.com/doc/refman/8.0/en/built-in-function-reference.html  (texts: mysqld_function_text.c; dates: mysqld_function_date.c)
 *
 * NULL in, NULL out, where the table does not say otherwise.
 */
#include "mocks/rds/mysqld_function.h"

#include <math.h>
#include <stdio.h>

enum { MOST_SLEEP_MS = 60000 };

struct str mysqld_function_text(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (struct str){ p, (size_t)sqlite3_value_bytes(v) };
}

void mysqld_function_result(sqlite3_context *c, struct str s) { sqlite3_result_text64(c, s.p ? s.p : "", s.n, SQLITE_TRANSIENT, SQLITE_UTF8); }

void mysqld_function_result_buf(sqlite3_context *c, struct buf *b)
{
    if (b->full)
        sqlite3_result_null(c);
    else
        mysqld_function_result(c, buf_str(b));
    buf_release(b);
}

bool mysqld_function_any_null(int n, sqlite3_value **v)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_value_type(v[i]) == SQLITE_NULL)
            return true;
    return false;
}

static struct mysqld_session *session_of(sqlite3_context *c) { return ((struct mysqld_engine *)sqlite3_user_data(c))->session; }

#define UNUSED (void)n, (void)v

/* ---- the session ---- */

static void result_value(sqlite3_context *c, const struct mysqld_value *v)
{
    switch (v->kind) {
    case MYSQL_V_NULL: sqlite3_result_null(c); break;
    case MYSQL_V_INTEGER: sqlite3_result_int64(c, v->integer); break;
    case MYSQL_V_REAL: sqlite3_result_double(c, v->real); break;
    case MYSQL_V_TEXT: mysqld_function_result(c, v->text); break;
    }
}

FUNCTION(f_sysvar)
{
    UNUSED;
    char scratch[32], message[160];
    struct mysqld_value value;
    struct str name = mysqld_function_text(v[0]);
    if (mysqld_set_get(session_of(c), name, scratch, &value)) {
        result_value(c, &value);
        return;
    }
    snprintf(message, sizeof message, "unknown variable %.*s", (int)(name.n < 64 ? name.n : 64), name.p);
    sqlite3_result_error(c, message, -1);
}

FUNCTION(f_uservar)
{
    UNUSED;
    const struct mysqld_value *value = mysqld_set_user_variable(session_of(c), mysqld_function_text(v[0]));
    if (value)
        result_value(c, value);
}

FUNCTION(f_database)
{
    UNUSED;
    const char *z = session_of(c)->database;
    if (z)
        sqlite3_result_text(c, z, -1, SQLITE_TRANSIENT);
}

FUNCTION(f_user)
{
    UNUSED;
    struct mysqld_session *s = session_of(c);
    char text[128];
    snprintf(text, sizeof text, "%.60s@%s", s->user ? s->user : "", tcp_peer(s->conn));
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

FUNCTION(f_current_user)
{
    UNUSED;
    char text[80];
    snprintf(text, sizeof text, "%.60s@%%", session_of(c)->user ? session_of(c)->user : "");
    sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
}

FUNCTION(f_version) { UNUSED; sqlite3_result_text(c, session_of(c)->state->version, -1, SQLITE_TRANSIENT); }
FUNCTION(f_connection_id) { UNUSED; sqlite3_result_int64(c, session_of(c)->id); }
FUNCTION(f_row_count) { UNUSED; sqlite3_result_int64(c, session_of(c)->row_count); }
FUNCTION(f_found_rows) { UNUSED; sqlite3_result_int64(c, session_of(c)->found_rows); }

FUNCTION(f_last_insert_id)
{
    if (n)
        session_of(c)->last_insert_id = sqlite3_value_int64(v[0]);
    sqlite3_result_int64(c, session_of(c)->last_insert_id);
}

/* The answer comes later; nothing else waits for it. */
FUNCTION(f_sleep)
{
    UNUSED;
    double ms = sqlite3_value_double(v[0]) * 1000;
    struct mysqld_session *s = session_of(c);
    if (ms > 0 && s->delay_ms < MOST_SLEEP_MS)
        s->delay_ms += ms < MOST_SLEEP_MS ? (int64_t)ms : MOST_SLEEP_MS;
    sqlite3_result_int(c, 0);
}

FUNCTION(f_one) { UNUSED; sqlite3_result_int(c, 1); }

FUNCTION(f_uuid)
{
    UNUSED;
    struct arena a = ARENA_INIT;
    mysqld_function_result(c, cloud_uuid(session_of(c)->state->cloud, &a));
    arena_release(&a);
}

FUNCTION(f_rand)
{
    UNUSED;
    sqlite3_result_double(c, (double)(cloud_random(session_of(c)->state->cloud) >> 11) * 0x1p-53);
}

/* ---- numbers ---- */

FUNCTION(f_mod)
{
    if (mysqld_function_any_null(n, v))
        return;
    if (sqlite3_value_type(v[0]) == SQLITE_INTEGER && sqlite3_value_type(v[1]) == SQLITE_INTEGER) {
        int64_t a = sqlite3_value_int64(v[0]), b = sqlite3_value_int64(v[1]);
        if (b)
            sqlite3_result_int64(c, b == -1 ? 0 : a % b);
        return;
    }
    double b = sqlite3_value_double(v[1]);
    if (b != 0)
        sqlite3_result_double(c, fmod(sqlite3_value_double(v[0]), b));
}

FUNCTION(f_truncate)
{
    if (mysqld_function_any_null(n, v))
        return;
    double scale = pow(10, sqlite3_value_int(v[1]));
    sqlite3_result_double(c, trunc(sqlite3_value_double(v[0]) * scale) / scale);
}

static void extreme(sqlite3_context *c, int n, sqlite3_value **v, int sign)
{
    int best = 0;
    bool numbers = true;
    if (!n || mysqld_function_any_null(n, v))
        return;
    for (int i = 0; i < n; i++)
        numbers &= sqlite3_value_numeric_type(v[i]) != SQLITE_TEXT;
    for (int i = 1; i < n; i++) {
        double d = numbers ? sqlite3_value_double(v[i]) - sqlite3_value_double(v[best])
                           : sqlite3_stricmp((const char *)sqlite3_value_text(v[i]), (const char *)sqlite3_value_text(v[best]));
        if (d * sign > 0)
            best = i;
    }
    sqlite3_result_value(c, v[best]);
}

FUNCTION(f_greatest) { extreme(c, n, v, 1); }
FUNCTION(f_least) { extreme(c, n, v, -1); }
FUNCTION(f_isnull) { UNUSED; sqlite3_result_int(c, mysqld_function_any_null(1, v)); }
FUNCTION(f_same) { (void)n; sqlite3_result_value(c, v[0]); }

/* FORMAT(1234567.891, 2) is 1,234,567.89 */
FUNCTION(f_format)
{
    char digits[400];
    struct buf b = BUF_INIT;
    int places = sqlite3_value_int(v[1]);
    if (mysqld_function_any_null(n, v))
        return;
    int length = snprintf(digits, sizeof digits, "%.*f", places < 0 ? 0 : places > 30 ? 30 : places, sqlite3_value_double(v[0]));
    int whole = (int)strcspn(digits, ".");
    for (int i = 0; i < length && i < (int)sizeof digits; i++) {
        if (i && i < whole && (whole - i) % 3 == 0 && digits[i - 1] != '-')
            buf_c(&b, ',');
        buf_c(&b, digits[i]);
    }
    mysqld_function_result_buf(c, &b);
}

/* ---- the table ---- */

static const struct mysqld_function functions[] = {
    { "sysvar", 1, f_sysvar }, { "uservar", 1, f_uservar }, { "database", 0, f_database }, { "user", 0, f_user },
    { "session_user", 0, f_user }, { "system_user", 0, f_user }, { "current_user", 0, f_current_user },
    { "version", 0, f_version }, { "connection_id", 0, f_connection_id }, { "last_insert_id", -1, f_last_insert_id },
    { "row_count", 0, f_row_count }, { "found_rows", 0, f_found_rows }, { "sleep", 1, f_sleep },
    { "get_lock", 2, f_one }, { "release_lock", 1, f_one }, { "uuid", 0, f_uuid }, { "rand", -1, f_rand },
    { "mod", 2, f_mod }, { "truncate", 2, f_truncate }, { "greatest", -1, f_greatest }, { "least", -1, f_least },
    { "isnull", 1, f_isnull }, { "any_value", 1, f_same }, { "format", 2, f_format },
};

static int add(sqlite3 *db, struct mysqld_engine *en, const struct mysqld_function *f, size_t n)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < n && code == SQLITE_OK; i++)
        code = sqlite3_create_function(db, f[i].name, f[i].n_args, SQLITE_UTF8 | SQLITE_INNOCUOUS, en, f[i].run, NULL, NULL);
    return code;
}

int mysqld_function_register(sqlite3 *db, struct mysqld_engine *en)
{
    int code = add(db, en, functions, sizeof functions / sizeof *functions);
    if (code == SQLITE_OK)
        code = add(db, en, mysqld_function_texts, mysqld_function_n_texts);
    return code == SQLITE_OK ? add(db, en, mysqld_function_dates, mysqld_function_n_dates) : code;
}
