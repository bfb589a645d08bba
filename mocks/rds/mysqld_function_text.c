/* mysqld_function_text.c - MySQL's functions of text: cut, join, search, compare, patterns, digests. Characters are code
 * points; letters of ASCII compare without regard to case. */
#include "mocks/rds/mysqld_function.h"

#include <regex.h>
#include <stdlib.h>

#include "base/codec.h"
#include "base/utf8.h"

enum { LONGEST = 16 << 20, LONGEST_PATTERN = 8192, LONGEST_REGEX = 512, MOST_REPEATS = 2 };

FUNCTION(f_concat)
{
    struct buf b = BUF_MAX(LONGEST);
    if (mysqld_function_any_null(n, v))
        return;
    for (int i = 0; i < n; i++)
        buf_str_add(&b, mysqld_function_text(v[i]));
    mysqld_function_result_buf(c, &b);
}

FUNCTION(f_concat_ws)
{
    struct buf b = BUF_MAX(LONGEST);
    bool first = true;
    if (n < 1 || mysqld_function_any_null(1, v))
        return;
    for (int i = 1; i < n; i++) {
        if (sqlite3_value_type(v[i]) == SQLITE_NULL)
            continue;
        if (!first)
            buf_str_add(&b, mysqld_function_text(v[0]));
        buf_str_add(&b, mysqld_function_text(v[i]));
        first = false;
    }
    mysqld_function_result_buf(c, &b);
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
    if (!mysqld_function_any_null(n, v))
        mysqld_function_result(c, str_head(s, bytes_of(s, sqlite3_value_int64(v[1]))));
}

FUNCTION(f_right)
{
    struct str s = mysqld_function_text(v[0]);
    int64_t all = (int64_t)utf8_count(s), want = sqlite3_value_int64(v[1]);
    if (!mysqld_function_any_null(n, v))
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
    if (mysqld_function_any_null(n, v))
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
    if (!mysqld_function_any_null(n, v))
        sqlite3_result_int64(c, (int64_t)mysqld_function_text(v[0]).n);
}

FUNCTION(f_char_length)
{
    if (!mysqld_function_any_null(n, v))
        sqlite3_result_int64(c, (int64_t)utf8_count(mysqld_function_text(v[0])));
}

static void change_case(sqlite3_context *c, sqlite3_value *v, char from, char to)
{
    struct buf b = BUF_MAX(LONGEST);
    struct str s = mysqld_function_text(v);
    for (size_t i = 0; i < s.n; i++)
        buf_c(&b, s.p[i] >= from && s.p[i] <= from + 25 ? (char)(s.p[i] - from + to) : s.p[i]);
    mysqld_function_result_buf(c, &b);
}

FUNCTION(f_upper) { if (!mysqld_function_any_null(n, v)) change_case(c, v[0], 'a', 'A'); }
FUNCTION(f_lower) { if (!mysqld_function_any_null(n, v)) change_case(c, v[0], 'A', 'a'); }

static void repeat(sqlite3_context *c, struct str s, int64_t times)
{
    struct buf b = BUF_MAX(LONGEST);
    for (int64_t i = 0; i < times && s.n && !b.full; i++)
        buf_str_add(&b, s);
    mysqld_function_result_buf(c, &b);
}

FUNCTION(f_repeat) { if (!mysqld_function_any_null(n, v)) repeat(c, mysqld_function_text(v[0]), sqlite3_value_int64(v[1])); }
FUNCTION(f_space) { if (!mysqld_function_any_null(n, v)) repeat(c, S(" "), sqlite3_value_int64(v[0])); }

FUNCTION(f_reverse)
{
    struct buf b = BUF_MAX(LONGEST);
    if (mysqld_function_any_null(n, v))
        return;
    struct str s = mysqld_function_text(v[0]);
    while (s.n) {
        size_t at = s.n - 1;
        while (at && ((unsigned char)s.p[at] & 0xC0) == 0x80)
            at--;
        buf_add(&b, s.p + at, s.n - at);
        s.n = at;
    }
    mysqld_function_result_buf(c, &b);
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
    mysqld_function_result_buf(c, &b);
}

FUNCTION(f_lpad) { if (!mysqld_function_any_null(n, v)) pad(c, v, true); }
FUNCTION(f_rpad) { if (!mysqld_function_any_null(n, v)) pad(c, v, false); }

FUNCTION(f_substring_index)
{
    if (mysqld_function_any_null(n, v))
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
    if (mysqld_function_any_null(n, v))
        return;
    int d = sqlite3_stricmp((const char *)sqlite3_value_text(v[0]), (const char *)sqlite3_value_text(v[1]));
    sqlite3_result_int(c, (d > 0) - (d < 0));
}

FUNCTION(f_field)
{
    for (int i = 1; i < n; i++)
        if (!mysqld_function_any_null(1, v) && !mysqld_function_any_null(1, v + i) && str_eq_nocase(mysqld_function_text(v[0]), mysqld_function_text(v[i]))) {
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
    if (mysqld_function_any_null(n, v))
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
    if (!mysqld_function_any_null(n, v))
        sqlite3_result_int(c, mysqld_function_text(v[0]).n ? (unsigned char)mysqld_function_text(v[0]).p[0] : 0);
}

static void digest(sqlite3_context *c, const uint8_t *bytes, size_t n)
{
    struct buf b = BUF_INIT;
    codec_hex(&b, (struct str){ (const char *)bytes, n });
    mysqld_function_result_buf(c, &b);
}

FUNCTION(f_md5)
{
    uint8_t out[MD5_BYTES];
    if (mysqld_function_any_null(n, v))
        return;
    codec_md5(mysqld_function_text(v[0]), out);
    digest(c, out, sizeof out);
}

FUNCTION(f_sha1)
{
    uint8_t out[SHA1_BYTES];
    if (mysqld_function_any_null(n, v))
        return;
    codec_sha1(mysqld_function_text(v[0]), out);
    digest(c, out, sizeof out);
}

FUNCTION(f_sha2)
{
    uint8_t out[SHA256_BYTES];
    if (mysqld_function_any_null(n, v) || (sqlite3_value_int(v[1]) != 256 && sqlite3_value_int(v[1]) != 0))
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
    if (mysqld_function_any_null(n, v))
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
    if (mysqld_function_any_null(n, v))
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

const struct mysqld_function mysqld_function_texts[] = {
    { "concat", -1, f_concat }, { "concat_ws", -1, f_concat_ws }, { "left", 2, f_left }, { "right", 2, f_right },
    { "locate", 2, f_locate }, { "locate", 3, f_locate }, { "instr", 2, f_instr }, { "length", 1, f_length },
    { "octet_length", 1, f_length }, { "char_length", 1, f_char_length }, { "character_length", 1, f_char_length },
    { "ucase", 1, f_upper }, { "upper", 1, f_upper }, { "lcase", 1, f_lower }, { "lower", 1, f_lower },
    { "repeat", 2, f_repeat }, { "space", 1, f_space }, { "reverse", 1, f_reverse }, { "lpad", 3, f_lpad },
    { "rpad", 3, f_rpad }, { "substring_index", 3, f_substring_index }, { "strcmp", 2, f_strcmp },
    { "field", -1, f_field }, { "elt", -1, f_elt }, { "find_in_set", 2, f_find_in_set }, { "ascii", 1, f_ascii },
    { "ord", 1, f_ascii }, { "md5", 1, f_md5 }, { "sha1", 1, f_sha1 }, { "sha", 1, f_sha1 }, { "sha2", 2, f_sha2 },
    { "like", 2, f_like }, { "like", 3, f_like }, { "regexp", 2, f_regexp },
};
const size_t mysqld_function_n_texts = sizeof mysqld_function_texts / sizeof *mysqld_function_texts;
