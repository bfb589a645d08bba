/* spark_function_text.c - Spark's functions of texts. Characters are code points, places count from 1, patterns are
 * java.util.regex's. */
#include "base/jregex.h"
#include "base/utf8.h"
#include "pipeline/analytics/spark_own.h"

static struct str text(sqlite3_value *v) { return spark_function_text(v); }

/* Bytes of the first n characters. */
static size_t bytes_of(struct str s, int64_t n)
{
    size_t all = s.n;
    while (n-- > 0 && s.n)
        utf8_next(&s);
    return all - s.n;
}

SPARK_FUNCTION(f_concat)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    for (int i = 0; i < n; i++)
        buf_str_add(&b, text(v[i]));
    spark_function_result_buf(c, &b);
}

SPARK_FUNCTION(f_concat_ws)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    bool first = true;
    for (int i = 1; i < n && sqlite3_value_type(v[0]) != SQLITE_NULL; i++) {
        if (sqlite3_value_type(v[i]) == SQLITE_NULL)
            continue;
        if (!first)
            buf_str_add(&b, text(v[0]));
        buf_str_add(&b, text(v[i]));
        first = false;
    }
    if (sqlite3_value_type(v[0]) != SQLITE_NULL)
        spark_function_result(c, buf_str(&b));
    buf_release(&b);
}

SPARK_FUNCTION(f_left)
{
    (void)n;
    spark_function_result(c, str_head(text(v[0]), bytes_of(text(v[0]), sqlite3_value_int64(v[1]))));
}

SPARK_FUNCTION(f_right)
{
    (void)n;
    struct str s = text(v[0]);
    int64_t wanted = sqlite3_value_int64(v[1]), all = (int64_t)utf8_count(s);
    spark_function_result(c, str_from(s, bytes_of(s, wanted <= 0 ? all : all - wanted)));
}

static void pad(sqlite3_context *c, int n, sqlite3_value **v, bool left)
{
    struct str s = text(v[0]), with = n > 2 ? text(v[2]) : S(" ");
    int64_t wanted = sqlite3_value_int64(v[1]), have = (int64_t)utf8_count(s);
    struct buf b = BUF_MAX(SPARK_LONGEST), padding = BUF_MAX(SPARK_LONGEST);
    struct str rest = with;
    for (int64_t i = have; i < wanted && with.n && !padding.full; i++) {
        rest = rest.n ? rest : with;
        size_t one = bytes_of(rest, 1);
        buf_str_add(&padding, str_head(rest, one));
        rest = str_from(rest, one);
    }
    buf_str_add(&b, left ? buf_str(&padding) : str_head(s, bytes_of(s, wanted)));
    buf_str_add(&b, left ? str_head(s, bytes_of(s, wanted)) : buf_str(&padding));
    b.full |= padding.full;
    buf_release(&padding);
    spark_function_result_buf(c, &b);
}

SPARK_FUNCTION(f_lpad) { pad(c, n, v, true); }
SPARK_FUNCTION(f_rpad) { pad(c, n, v, false); }

SPARK_FUNCTION(f_repeat)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    (void)n;
    for (int64_t i = sqlite3_value_int64(v[1]); i > 0 && !b.full && text(v[0]).n; i--)
        buf_str_add(&b, text(v[0]));
    spark_function_result_buf(c, &b);
}

SPARK_FUNCTION(f_reverse)
{
    struct str s = text(v[0]);
    struct buf b = BUF_MAX(SPARK_LONGEST);
    (void)n;
    for (size_t end = s.n; end;) {
        size_t from = end - 1;
        while (from && ((unsigned char)s.p[from] & 0xC0) == 0x80)
            from--;
        buf_add(&b, s.p + from, end - from);
        end = from;
    }
    spark_function_result_buf(c, &b);
}

SPARK_FUNCTION(f_initcap)
{
    struct str s = text(v[0]);
    struct buf b = BUF_MAX(SPARK_LONGEST);
    (void)n;
    for (size_t i = 0; i < s.n; i++) {
        bool first = i == 0 || s.p[i - 1] == ' ';
        char ch = s.p[i];
        buf_c(&b, first && ch >= 'a' && ch <= 'z' ? (char)(ch - 32) : !first && ch >= 'A' && ch <= 'Z' ? (char)(ch + 32) : ch);
    }
    spark_function_result_buf(c, &b);
}

static void change_case(sqlite3_context *c, struct str s, bool upper)
{
    struct buf b = BUF_MAX(SPARK_LONGEST);
    char first = upper ? 'a' : 'A';
    for (size_t i = 0; i < s.n; i++)
        buf_c(&b, (unsigned char)(s.p[i] - first) < 26 ? (char)(s.p[i] ^ 32) : s.p[i]);
    spark_function_result_buf(c, &b);
}

SPARK_FUNCTION(f_upper)
{
    (void)n;
    change_case(c, text(v[0]), true);
}

SPARK_FUNCTION(f_lower)
{
    (void)n;
    change_case(c, text(v[0]), false);
}

SPARK_FUNCTION(f_length)
{
    (void)n;
    sqlite3_result_int64(c, (int64_t)utf8_count(text(v[0])));
}

static void place(sqlite3_context *c, struct str s, struct str sought, int64_t from)
{
    size_t skip = from < 1 ? s.n + 1 : bytes_of(s, from - 1);
    size_t at = skip > s.n ? STR_NONE : str_find(str_from(s, skip), sought);
    sqlite3_result_int64(c, at == STR_NONE ? 0 : (int64_t)utf8_count(str_head(s, skip + at)) + 1);
}

SPARK_FUNCTION(f_locate) { place(c, text(v[1]), text(v[0]), n > 2 ? sqlite3_value_int64(v[2]) : 1); }

SPARK_FUNCTION(f_startswith)
{
    (void)n;
    sqlite3_result_int(c, str_starts(text(v[0]), text(v[1])));
}

SPARK_FUNCTION(f_endswith)
{
    (void)n;
    sqlite3_result_int(c, str_ends(text(v[0]), text(v[1])));
}

SPARK_FUNCTION(f_contains)
{
    (void)n;
    sqlite3_result_int(c, text(v[1]).n == 0 || str_find(text(v[0]), text(v[1])) != STR_NONE);
}

/* What stands before the n-th delimiter; of a negative n, behind the n-th from the end. */
SPARK_FUNCTION(f_substring_index)
{
    struct str s = text(v[0]), by = text(v[1]);
    int64_t wanted = sqlite3_value_int64(v[2]), found = 0;
    (void)n;
    if (!by.n || !wanted) {
        spark_function_result(c, S(""));
        return;
    }
    for (size_t at = 0; wanted > 0 && at + by.n <= s.n; at++)
        if (memcmp(s.p + at, by.p, by.n) == 0 && ++found == wanted) {
            spark_function_result(c, str_head(s, at));
            return;
        }
    for (size_t at = s.n; wanted < 0 && at >= by.n; at--)
        if (memcmp(s.p + at - by.n, by.p, by.n) == 0 && --found == wanted) {
            spark_function_result(c, str_from(s, at));
            return;
        }
    spark_function_result(c, s);
}

SPARK_FUNCTION(f_translate)
{
    struct str s = text(v[0]);
    struct buf b = BUF_MAX(SPARK_LONGEST);
    (void)n;
    while (s.n) {
        struct str one = s, from = text(v[1]), to = text(v[2]);
        uint32_t code = utf8_next(&s), replacement = 0;
        bool found = false;
        one.n -= s.n;
        while (from.n && !found) {
            found = utf8_next(&from) == code;
            replacement = to.n ? utf8_next(&to) : 0;
        }
        if (!found)
            buf_str_add(&b, one);
        else if (replacement)
            utf8_put(&b, replacement);
    }
    spark_function_result_buf(c, &b);
}

/* ---- LIKE ---- */

/* % any, _ one, \ before either itself. Backtracks to the last % only. */
static bool like(struct str p, struct str s, bool fold)
{
    struct str retry_p = { 0 }, retry_s = { 0 };
    bool retry = false;
    for (;;) {
        struct str next_p = p, next_s = s;
        uint32_t want = p.n ? utf8_next(&next_p) : 0, have = s.n ? utf8_next(&next_s) : 0;
        if (p.n && want == '%') {
            p = retry_p = next_p, retry_s = s, retry = true;
            continue;
        }
        if (!p.n && !s.n)
            return true;
        bool any = want == '_';
        if (want == '\\' && next_p.n)
            want = utf8_next(&next_p);
        if (fold && want < 128 && have < 128)
            want |= want >= 'A' && want <= 'Z' ? 32 : 0, have |= have >= 'A' && have <= 'Z' ? 32 : 0;
        if (p.n && s.n && (any || want == have)) {
            p = next_p, s = next_s;
            continue;
        }
        if (!retry || !retry_s.n)
            return false;
        utf8_next(&retry_s);
        p = retry_p, s = retry_s;
    }
}

/* x LIKE p calls like(p, x). */
SPARK_FUNCTION(f_like)
{
    (void)n;
    sqlite3_result_int(c, like(text(v[0]), text(v[1]), false));
}

SPARK_FUNCTION(f_ilike)
{
    (void)n;
    sqlite3_result_int(c, like(text(v[0]), text(v[1]), true));
}

/* ---- patterns ---- */

struct pattern {
    struct arena arena;
    struct jregex *x;
};

static void pattern_free(void *arg)
{
    struct pattern *p = arg;
    arena_release(&p->arena);
    sqlite3_free(p);
}

/* Compiled once as long as the argument is a constant of the statement, else into *one. NULL: told. */
static const struct jregex *pattern_of(sqlite3_context *c, sqlite3_value *v, int argument, struct pattern *one)
{
    struct pattern *kept = sqlite3_get_auxdata(c, argument);
    struct err e = { 0 };
    if (kept)
        return kept->x;
    one->x = jregex_compile(&one->arena, arena_dup(&one->arena, text(v)), &e);
    if (!one->x)
        spark_function_fail(c, "pattern '" STR_F "': %s", STR_A(text(v)), e.message);
    return one->x;
}

/* SQLite keeps it for the next row, or frees it at once. */
static void pattern_done(sqlite3_context *c, int argument, struct pattern *one)
{
    struct pattern *kept = one->x ? sqlite3_malloc(sizeof *kept) : NULL;
    if (kept) {
        *kept = *one;
        sqlite3_set_auxdata(c, argument, kept, pattern_free);
    } else {
        arena_release(&one->arena);
    }
}

static bool find(sqlite3_context *c, const struct jregex *x, struct str s, size_t from, struct jregex_match *m)
{
    bool found = jregex_find(x, s, from, m);
    if (m->exhausted)
        spark_function_fail(c, "a pattern took too many steps on a text of %zu bytes", s.n);
    return found && !m->exhausted;
}

static void test(sqlite3_context *c, sqlite3_value **v, int pattern, int subject)
{
    struct pattern one = { 0 };
    struct jregex_match m = { .exhausted = false };
    const struct jregex *x = pattern_of(c, v[pattern], pattern, &one);
    bool found = x && find(c, x, text(v[subject]), 0, &m);
    if (x && !m.exhausted)
        sqlite3_result_int(c, found);
    pattern_done(c, pattern, &one);
}

/* x REGEXP p calls regexp(p, x). */
SPARK_FUNCTION(f_regexp)
{
    (void)n;
    test(c, v, 0, 1);
}

SPARK_FUNCTION(f_regexp_like)
{
    (void)n;
    test(c, v, 1, 0);
}

SPARK_FUNCTION(f_regexp_extract)
{
    struct pattern one = { 0 };
    struct jregex_match m = { .exhausted = false };
    const struct jregex *x = pattern_of(c, v[1], 1, &one);
    int64_t group = n > 2 ? sqlite3_value_int64(v[2]) : 1;
    struct str s = text(v[0]);
    if (x && (group < 0 || group > jregex_groups(x)))
        spark_function_fail(c, "regexp_extract: the pattern has %d groups, not %lld", jregex_groups(x), (long long)group);
    else if (x && find(c, x, s, 0, &m))
        spark_function_result(c, m.from[group] == STR_NONE ? S("") : str_head(str_from(s, m.from[group]), m.to[group] - m.from[group]));
    else if (x && !m.exhausted)
        spark_function_result(c, S(""));
    pattern_done(c, 1, &one);
}

/* $1 is group 1, \$ a dollar. */
static void put_replacement(struct buf *b, struct str with, struct str s, const struct jregex_match *m, int groups)
{
    for (size_t i = 0; i < with.n; i++) {
        int group = with.p[i] == '$' && i + 1 < with.n && with.p[i + 1] >= '0' && with.p[i + 1] <= '9' ? with.p[i + 1] - '0' : -1;
        if (with.p[i] == '\\' && i + 1 < with.n) {
            buf_c(b, with.p[++i]);
        } else if (group >= 0 && group <= groups) {
            if (m->from[group] != STR_NONE)
                buf_add(b, s.p + m->from[group], m->to[group] - m->from[group]);
            i++;
        } else {
            buf_c(b, with.p[i]);
        }
    }
}

SPARK_FUNCTION(f_regexp_replace)
{
    struct pattern one = { 0 };
    struct jregex_match m = { .exhausted = false };
    const struct jregex *x = pattern_of(c, v[1], 1, &one);
    struct str s = text(v[0]), with = text(v[2]);
    struct buf b = BUF_MAX(SPARK_LONGEST);
    size_t at = 0, from = 0;
    (void)n;
    while (x && from <= s.n && find(c, x, s, from, &m)) {
        buf_add(&b, s.p + at, m.from[0] - at);
        put_replacement(&b, with, s, &m, jregex_groups(x));
        at = m.to[0];
        from = m.to[0] > m.from[0] ? m.to[0] : m.to[0] + 1;
    }
    if (x && !m.exhausted) {
        buf_str_add(&b, str_from(s, at));
        spark_function_result_buf(c, &b);
    }
    buf_release(&b);
    pattern_done(c, 1, &one);
}

/* As String.split with that limit: an empty match at the beginning gives no empty piece. */
SPARK_FUNCTION(f_split)
{
    struct pattern one = { 0 };
    struct jregex_match m = { .exhausted = false };
    const struct jregex *x = pattern_of(c, v[1], 1, &one);
    int64_t limit = n > 2 ? sqlite3_value_int64(v[2]) : -1, pieces = 1;
    struct str s = text(v[0]);
    struct buf b = BUF_MAX(SPARK_LONGEST);
    size_t at = 0, from = 0;
    buf_c(&b, '[');
    while (x && from <= s.n && (limit <= 0 || pieces < limit) && find(c, x, s, from, &m)) {
        bool empty = m.to[0] == m.from[0];
        from = empty ? m.to[0] + 1 : m.to[0];
        if (empty && (m.from[0] == 0 || m.from[0] >= s.n))
            continue;
        json_put_text(&b, str_head(str_from(s, at), m.from[0] - at));
        buf_c(&b, ',');
        at = m.to[0];
        pieces++;
    }
    if (x && !m.exhausted) {
        json_put_text(&b, str_from(s, at));
        buf_c(&b, ']');
        spark_function_result_buf(c, &b);
    }
    buf_release(&b);
    pattern_done(c, 1, &one);
}

const struct spark_function spark_function_texts[] = {
    { "concat", 0, 100, f_concat, false },          { "concat_ws", 1, 100, f_concat_ws, true }, { "spark_left", 2, 2, f_left, false },
    { "spark_right", 2, 2, f_right, false },        { "lpad", 2, 3, f_lpad, false },                   { "rpad", 2, 3, f_rpad, false },
    { "repeat", 2, 2, f_repeat, false },            { "reverse", 1, 1, f_reverse, false },             { "initcap", 1, 1, f_initcap, false },
    { "ucase", 1, 1, f_upper, false },              { "lcase", 1, 1, f_lower, false },                 { "char_length", 1, 1, f_length, false },
    { "character_length", 1, 1, f_length, false },  { "len", 1, 1, f_length, false },                  { "locate", 2, 3, f_locate, false },
    { "startswith", 2, 2, f_startswith, false },    { "endswith", 2, 2, f_endswith, false },           { "contains", 2, 2, f_contains, false },
    { "substring_index", 3, 3, f_substring_index, false }, { "translate", 3, 3, f_translate, false },  { "like", 2, 2, f_like, false },
    { "match", 2, 2, f_ilike, false },              { "regexp", 2, 2, f_regexp, false },               { "regexp_like", 2, 2, f_regexp_like, false },
    { "regexp_extract", 2, 3, f_regexp_extract, false }, { "regexp_replace", 3, 3, f_regexp_replace, false }, { "split", 2, 3, f_split, false },
    { NULL, 0, 0, NULL, false },
};
