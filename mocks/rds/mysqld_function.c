/* mysqld_function.c - MySQL's functions that SQLite lacks or understands otherwise: about the session, text, numbers.
 * https://dev.mysql.com/doc/refman/8.0/en/built-in-function-reference.html  (dates: mysqld_function_date.c)
 *
 * NULL in, NULL out, where the table does not say otherwise.
 */
#include "mocks/rds/mysqld_function.h"

#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/utf8.h"

enum { LONGEST = 16 << 20, MOST_SLEEP_MS = 60000, LONGEST_PATTERN = 8192, LONGEST_REGEX = 512, MOST_REPEATS = 2 };

struct str mysqld_function_text(sqlite3_value *v)
{
    const char *p = (const char *)sqlite3_value_text(v);
    return (struct str){ p, (size_t)sqlite3_value_bytes(v) };
}

void mysqld_function_result(sqlite3_context *c, struct str s) { sqlite3_result_text64(c, s.p ? s.p : "", s.n, SQLITE_TRANSIENT, SQLITE_UTF8); }

static void result_buf(sqlite3_context *c, struct buf *b)
{
    if (b->full)
        sqlite3_result_null(c);
    else
        mysqld_function_result(c, buf_str(b));
    buf_release(b);
}

static struct mysqld_session *session_of(sqlite3_context *c) { return ((struct mysqld_engine *)sqlite3_user_data(c))->session; }

#define FUNCTION(name) static void name(sqlite3_context *c, int n, sqlite3_value **v)
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

/* ---- text ---- */

static bool any_null(int n, sqlite3_value **v)
{
    for (int i = 0; i < n; i++)
        if (sqlite3_value_type(v[i]) == SQLITE_NULL)
            return true;
    return false;
}

FUNCTION(f_concat)
{
    struct buf b = BUF_MAX(LONGEST);
    if (any_null(n, v))
        return;
    for (int i = 0; i < n; i++)
        buf_str_add(&b, mysqld_function_text(v[i]));
    result_buf(c, &b);
}

FUNCTION(f_concat_ws)
{
    struct buf b = BUF_MAX(LONGEST);
    bool first = true;
    if (n < 1 || any_null(1, v))
        return;
    for (int i = 1; i < n; i++) {
        if (sqlite3_value_type(v[i]) == SQLITE_NULL)
            continue;
        if (!first)
            buf_str_add(&b, mysqld_function_text(v[0]));
        buf_str_add(&b, mysqld_function_text(v[i]));
        first = false;
    }
    result_buf(c, &b);
}

/* Bytes of the first n characters. */
static size_t bytes_of(struct str s, int64_t n)
{
    size_t all = s.n;
    while (n-- > 0 && s.n)
        utf8_next(&s);
    return all - s.n;
}

FUNCTION(f_left)
{
    struct str s = mysqld_function_text(v[0]);
    if (!any_null(n, v))
        mysqld_function_result(c, str_head(s, bytes_of(s, sqlite3_value_int64(v[1]))));
}

FUNCTION(f_right)
{
    struct str s = mysqld_function_text(v[0]);
    int64_t all = (int64_t)utf8_count(s), want = sqlite3_value_int64(v[1]);
    if (!any_null(n, v))
        mysqld_function_result(c, str_from(s, bytes_of(s, want < 0 ? all : want > all ? 0 : all - want)));
}


static size_t find_nocase(struct str s, struct str what)
{
    for (size_t i = 0; i + what.n <= s.n; i++)
        if (str_eq_nocase((struct str){ s.p + i, what.n }, what))
            return i;
    return STR_NONE;
}

/* LOCATE(what, text[, from]) */
FUNCTION(f_locate)
{
    if (any_null(n, v))
        return;
    struct str what = mysqld_function_text(v[0]), s = mysqld_function_text(v[1]);
    int64_t from = n > 2 ? sqlite3_value_int64(v[2]) : 1;
    size_t skip = from > 0 ? bytes_of(s, from - 1) : s.n, at = from > 0 ? find_nocase(str_from(s, skip), what) : STR_NONE;
    sqlite3_result_int64(c, at == STR_NONE ? 0 : (int64_t)utf8_count(str_head(s, skip + at)) + 1);
}

FUNCTION(f_instr)
{
    sqlite3_value *turned[2] = { v[1], v[0] };
    f_locate(c, n, turned);
}

FUNCTION(f_length)
{
    if (!any_null(n, v))
        sqlite3_result_int64(c, (int64_t)mysqld_function_text(v[0]).n);
}

FUNCTION(f_char_length)
{
    if (!any_null(n, v))
        sqlite3_result_int64(c, (int64_t)utf8_count(mysqld_function_text(v[0])));
}

static void change_case(sqlite3_context *c, sqlite3_value *v, char from, char to)
{
    struct buf b = BUF_MAX(LONGEST);
    struct str s = mysqld_function_text(v);
    for (size_t i = 0; i < s.n; i++)
        buf_c(&b, s.p[i] >= from && s.p[i] <= from + 25 ? (char)(s.p[i] - from + to) : s.p[i]);
    result_buf(c, &b);
}

FUNCTION(f_upper) { if (!any_null(n, v)) change_case(c, v[0], 'a', 'A'); }
FUNCTION(f_lower) { if (!any_null(n, v)) change_case(c, v[0], 'A', 'a'); }

static void repeat(sqlite3_context *c, struct str s, int64_t times)
{
    struct buf b = BUF_MAX(LONGEST);
    for (int64_t i = 0; i < times && s.n && !b.full; i++)
        buf_str_add(&b, s);
    result_buf(c, &b);
}

FUNCTION(f_repeat) { if (!any_null(n, v)) repeat(c, mysqld_function_text(v[0]), sqlite3_value_int64(v[1])); }
FUNCTION(f_space) { if (!any_null(n, v)) repeat(c, S(" "), sqlite3_value_int64(v[0])); }

FUNCTION(f_reverse)
{
    struct buf b = BUF_MAX(LONGEST);
    if (any_null(n, v))
        return;
    struct str s = mysqld_function_text(v[0]);
    while (s.n) {
        size_t at = s.n - 1;
        while (at && ((unsigned char)s.p[at] & 0xC0) == 0x80)
            at--;
        buf_add(&b, s.p + at, s.n - at);
        s.n = at;
    }
    result_buf(c, &b);
}

static void pad(sqlite3_context *c, sqlite3_value **v, bool left)
{
    struct str s = mysqld_function_text(v[0]), fill = mysqld_function_text(v[2]);
    int64_t want = sqlite3_value_int64(v[1]), have = (int64_t)utf8_count(s);
    struct buf b = BUF_MAX(LONGEST);
    if (want < 0 || (want > have && !fill.n) || want > LONGEST)
        return;
    if (want <= have) {
        mysqld_function_result(c, str_head(s, bytes_of(s, want)));
        return;
    }
    if (!left)
        buf_str_add(&b, s);
    struct str rest = fill;
    for (int64_t i = have; i < want; i++) {
        size_t one = bytes_of(rest, 1);
        buf_add(&b, rest.p, one);
        rest = str_from(rest, one);
        rest = rest.n ? rest : fill;
    }
    if (left)
        buf_str_add(&b, s);
    result_buf(c, &b);
}

FUNCTION(f_lpad) { if (!any_null(n, v)) pad(c, v, true); }
FUNCTION(f_rpad) { if (!any_null(n, v)) pad(c, v, false); }

FUNCTION(f_substring_index)
{
    if (any_null(n, v))
        return;
    struct str s = mysqld_function_text(v[0]), sep = mysqld_function_text(v[1]);
    int64_t want = sqlite3_value_int64(v[2]), total = 0, seen = 0;
    for (size_t i = 0; sep.n && i + sep.n <= s.n;)
        if (memcmp(s.p + i, sep.p, sep.n) == 0)
            total++, i += sep.n;
        else
            i++;
    if (want < 0)
        want = total + want + 1;
    bool tail = sqlite3_value_int64(v[2]) < 0;
    if (!sep.n || (!tail && want > total) || (tail && want <= 0)) {
        mysqld_function_result(c, sep.n ? s : S(""));
        return;
    }
    for (size_t i = 0; i + sep.n <= s.n; i++)
        if (memcmp(s.p + i, sep.p, sep.n) == 0) {
            if (++seen == want) {
                mysqld_function_result(c, tail ? str_from(s, i + sep.n) : str_head(s, i));
                return;
            }
            i += sep.n - 1;
        }
    mysqld_function_result(c, S(""));
}

FUNCTION(f_strcmp)
{
    if (any_null(n, v))
        return;
    int d = sqlite3_stricmp((const char *)sqlite3_value_text(v[0]), (const char *)sqlite3_value_text(v[1]));
    sqlite3_result_int(c, (d > 0) - (d < 0));
}

FUNCTION(f_field)
{
    for (int i = 1; i < n; i++)
        if (!any_null(1, v) && !any_null(1, v + i) && str_eq_nocase(mysqld_function_text(v[0]), mysqld_function_text(v[i]))) {
            sqlite3_result_int(c, i);
            return;
        }
    sqlite3_result_int(c, 0);
}

FUNCTION(f_elt)
{
    int64_t i = n ? sqlite3_value_int64(v[0]) : 0;
    if (i >= 1 && i < n)
        sqlite3_result_value(c, v[i]);
}

FUNCTION(f_find_in_set)
{
    if (any_null(n, v))
        return;
    struct str what = mysqld_function_text(v[0]);
    int at = 1;
    for (struct str rest = mysqld_function_text(v[1]); rest.p && rest.n; at++)
        if (str_eq_nocase(str_cut(&rest, ','), what)) {
            sqlite3_result_int(c, at);
            return;
        }
    sqlite3_result_int(c, 0);
}

FUNCTION(f_ascii)
{
    if (!any_null(n, v))
        sqlite3_result_int(c, mysqld_function_text(v[0]).n ? (unsigned char)mysqld_function_text(v[0]).p[0] : 0);
}

static void digest(sqlite3_context *c, const uint8_t *bytes, size_t n)
{
    struct buf b = BUF_INIT;
    codec_hex(&b, (struct str){ (const char *)bytes, n });
    result_buf(c, &b);
}

FUNCTION(f_md5)
{
    uint8_t out[MD5_BYTES];
    if (any_null(n, v))
        return;
    codec_md5(mysqld_function_text(v[0]), out);
    digest(c, out, sizeof out);
}

FUNCTION(f_sha1)
{
    uint8_t out[SHA1_BYTES];
    if (any_null(n, v))
        return;
    codec_sha1(mysqld_function_text(v[0]), out);
    digest(c, out, sizeof out);
}

FUNCTION(f_sha2)
{
    uint8_t out[SHA256_BYTES];
    if (any_null(n, v) || (sqlite3_value_int(v[1]) != 256 && sqlite3_value_int(v[1]) != 0))
        return;
    codec_sha256(mysqld_function_text(v[0]), out);
    digest(c, out, sizeof out);
}

/* ---- patterns ---- */

/* % any characters, _ one, \ takes the next as it is; letters of ASCII in any case. Steps are bounded: a pattern of many %
 * could take forever. */
static bool like(struct str p, struct str s, uint32_t escape, long *steps)
{
    while (p.n) {
        if (--*steps < 0)
            return false;
        struct str before = p;
        uint32_t k = utf8_next(&p);
        if (k == escape && p.n) {
            before = p;
            k = utf8_next(&p);
        } else if (k == '%') {
            while (p.n && p.p[0] == '%')
                p = str_from(p, 1);
            if (!p.n)
                return true;
            for (; s.n; utf8_next(&s))
                if (like(p, s, escape, steps))
                    return true;
            return false;
        } else if (k == '_') {
            if (!s.n)
                return false;
            utf8_next(&s);
            continue;
        }
        size_t one = before.n - p.n;
        if (s.n < one || !str_eq_nocase(str_head(s, one), str_head(before, one)))
            return false;
        s = str_from(s, one);
    }
    return !s.n;
}

/* SQLite calls it with the pattern first. */
FUNCTION(f_like)
{
    long steps = 1000000;
    if (any_null(n, v))
        return;
    struct str escape = n > 2 ? mysqld_function_text(v[2]) : S("\\");
    uint32_t e = escape.n ? utf8_next(&escape) : UINT32_MAX;
    struct str pattern = mysqld_function_text(v[0]);
    bool is_like = pattern.n <= LONGEST_PATTERN && like(pattern, mysqld_function_text(v[1]), e, &steps);
    if (steps < 0 || pattern.n > LONGEST_PATTERN)
        sqlite3_result_error(c, "the pattern takes too long", -1);
    else
        sqlite3_result_int(c, is_like);
}

/* Repetitions inside of repetitions would grow without bound when compiled. */
static bool is_modest(const char *pattern)
{
    int repeats = 0;
    for (const char *p = pattern; *p; p++)
        repeats += *p == '{';
    return repeats <= MOST_REPEATS && strlen(pattern) <= LONGEST_REGEX;
}

static void free_regex(void *p)
{
    regfree(p);
    free(p);
}

/* POSIX extended syntax, compiled once per statement. */
FUNCTION(f_regexp)
{
    if (any_null(n, v))
        return;
    regex_t *re = sqlite3_get_auxdata(c, 0);
    const char *text = (const char *)sqlite3_value_text(v[1]);
    bool fresh = !re;
    if (fresh) {
        const char *pattern = (const char *)sqlite3_value_text(v[0]);
        re = mem_zero(sizeof *re);
        if (!is_modest(pattern) || regcomp(re, pattern, REG_EXTENDED | REG_ICASE | REG_NOSUB)) {
            free(re);
            sqlite3_result_error(c, "Illegal argument to a regular expression.", -1);
            return;
        }
    }
    sqlite3_result_int(c, regexec(re, text, 0, NULL, 0) == 0);
    if (fresh)
        sqlite3_set_auxdata(c, 0, re, free_regex);
}

/* ---- numbers ---- */

FUNCTION(f_mod)
{
    if (any_null(n, v))
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
    if (any_null(n, v))
        return;
    double scale = pow(10, sqlite3_value_int(v[1]));
    sqlite3_result_double(c, trunc(sqlite3_value_double(v[0]) * scale) / scale);
}

static void extreme(sqlite3_context *c, int n, sqlite3_value **v, int sign)
{
    int best = 0;
    bool numbers = true;
    if (!n || any_null(n, v))
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
FUNCTION(f_isnull) { UNUSED; sqlite3_result_int(c, any_null(1, v)); }
FUNCTION(f_same) { (void)n; sqlite3_result_value(c, v[0]); }

/* FORMAT(1234567.891, 2) is 1,234,567.89 */
FUNCTION(f_format)
{
    char digits[400];
    struct buf b = BUF_INIT;
    int places = sqlite3_value_int(v[1]);
    if (any_null(n, v))
        return;
    int length = snprintf(digits, sizeof digits, "%.*f", places < 0 ? 0 : places > 30 ? 30 : places, sqlite3_value_double(v[0]));
    int whole = (int)strcspn(digits, ".");
    for (int i = 0; i < length && i < (int)sizeof digits; i++) {
        if (i && i < whole && (whole - i) % 3 == 0 && digits[i - 1] != '-')
            buf_c(&b, ',');
        buf_c(&b, digits[i]);
    }
    result_buf(c, &b);
}

/* ---- the table ---- */

static const struct mysqld_function functions[] = {
    { "sysvar", 1, f_sysvar },        { "uservar", 1, f_uservar },      { "database", 0, f_database },
    { "user", 0, f_user },            { "session_user", 0, f_user },    { "system_user", 0, f_user },
    { "current_user", 0, f_current_user }, { "version", 0, f_version }, { "connection_id", 0, f_connection_id },
    { "last_insert_id", -1, f_last_insert_id }, { "row_count", 0, f_row_count }, { "found_rows", 0, f_found_rows },
    { "sleep", 1, f_sleep },          { "get_lock", 2, f_one },         { "release_lock", 1, f_one },
    { "uuid", 0, f_uuid },            { "rand", -1, f_rand },           { "concat", -1, f_concat },
    { "concat_ws", -1, f_concat_ws }, { "left", 2, f_left },            { "right", 2, f_right },
    { "locate", 2, f_locate },        { "locate", 3, f_locate },        { "instr", 2, f_instr },
    { "length", 1, f_length },        { "octet_length", 1, f_length },  { "char_length", 1, f_char_length },
    { "character_length", 1, f_char_length }, { "ucase", 1, f_upper },  { "upper", 1, f_upper },
    { "lcase", 1, f_lower },          { "lower", 1, f_lower },          { "repeat", 2, f_repeat },
    { "space", 1, f_space },          { "reverse", 1, f_reverse },      { "lpad", 3, f_lpad },
    { "rpad", 3, f_rpad },            { "substring_index", 3, f_substring_index }, { "strcmp", 2, f_strcmp },
    { "field", -1, f_field },         { "elt", -1, f_elt },             { "find_in_set", 2, f_find_in_set },
    { "ascii", 1, f_ascii },          { "ord", 1, f_ascii },            { "md5", 1, f_md5 },
    { "sha1", 1, f_sha1 },            { "sha", 1, f_sha1 },             { "sha2", 2, f_sha2 },
    { "like", 2, f_like },            { "like", 3, f_like },            { "regexp", 2, f_regexp },
    { "mod", 2, f_mod },              { "truncate", 2, f_truncate },
    { "greatest", -1, f_greatest },   { "least", -1, f_least },         { "isnull", 1, f_isnull },
    { "any_value", 1, f_same },       { "format", 2, f_format },
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
    return code == SQLITE_OK ? add(db, en, mysqld_function_dates, mysqld_function_n_dates) : code;
}
