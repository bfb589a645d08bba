/* A format becomes one regular expression whose groups are the parts, with their ranges in it:
 *
 * yyyy   ([0-9]{4})          HH     ([01][0-9]|2[0-3])     X   (?:Z|([+-])(0[0-9]|1[0-8])(?::?([0-5][0-9]))?)
 * MM     (0[1-9]|1[0-2])     mm ss  ([0-5][0-9])           [ ] (?: )?
 * dd     (0[1-9]|[12][0-9]|3[01])   S  ([0-9]{1,9})
 *
 * The parts, proved to be digits, are put together as one instant; only then does the engine say whether the day
 * exists. A regular expression may give an optional part back where the native reader does not; formats in which
 * that could matter are refused.
 */
#include "pipeline/analytics/sql_write.h"

enum { GROUP_SIGN = ITEM_ZONE, GROUP_HOURS, GROUP_MINUTES, N_GROUPS };

static const char *const PARTS[] = { [ITEM_YEAR] = "([0-9]{4})", [ITEM_MONTH] = "(0[1-9]|1[0-2])",
                                     [ITEM_DAY] = "(0[1-9]|[12][0-9]|3[01])", [ITEM_HOUR] = "([01][0-9]|2[0-3])",
                                     [ITEM_MINUTE] = "([0-5][0-9])", [ITEM_SECOND] = "([0-5][0-9])",
                                     [ITEM_FRACTION] = "([0-9]{1,9})",
                                     [ITEM_ZONE] = "(?:Z|([+-])(0[0-9]|1[0-8])(?::?([0-5][0-9]))?)" };

/* ---- which formats can be said ---- */

static bool starts_with(const struct item *item, char c)
{
    if (item->kind == ITEM_LITERAL)
        return item->literal == c;
    if (item->kind == ITEM_ZONE)
        return c == 'Z' || c == '+' || c == '-';
    return c >= '0' && c <= '9';
}

/* May what stands at i or, when that is optional, behind it begin with c? */
static bool may_follow(const struct timestamp_format *f, size_t i, char c)
{
    while (i < f->n_items) {
        const struct item *item = &f->items[i];
        if (item->kind == ITEM_CLOSE) {
            i++;
        } else if (item->kind == ITEM_OPEN) {
            if (may_follow(f, i + 1, c))
                return true;
            i = item->close;
        } else {
            return starts_with(item, c);
        }
    }
    return false;
}

static bool is_plain(const struct timestamp_format *f)
{
    unsigned have = 0;
    for (size_t i = 0; i < f->n_items; i++) {
        const struct item *item = &f->items[i];
        if (item->kind < ITEM_LITERAL && have & 1u << item->kind)
            return false;
        have |= item->kind < ITEM_LITERAL ? 1u << item->kind : 0;
        for (int c = 1; c < 128; c++) {
            bool digit = c >= '0' && c <= '9';
            if (item->kind == ITEM_FRACTION && digit && may_follow(f, i + 1, (char)c))
                return false;
            if (item->kind == ITEM_ZONE && (digit || c == ':') && may_follow(f, i + 1, (char)c))
                return false;
            if (item->kind == ITEM_OPEN && may_follow(f, item->close, (char)c) && may_follow(f, i + 1, (char)c))
                return false;
        }
    }
    return true;
}

/* ---- writing ---- */

static struct str format_pattern(struct sql *s, const struct timestamp_format *f, int *group)
{
    struct buf b = BUF_INIT;
    int n = 0;
    for (size_t i = 0; i < f->n_items; i++) {
        const struct item *item = &f->items[i];
        if (item->kind == ITEM_LITERAL)
            buf_str_add(&b, sql_pattern(s, (struct str){ &item->literal, 1 }));
        else if (item->kind >= ITEM_OPEN)
            buf_z(&b, item->kind == ITEM_OPEN ? "(?:" : ")?");
        else
            buf_z(&b, PARTS[item->kind]);
        if (item->kind == ITEM_ZONE)
            group[GROUP_SIGN] = n + 1, group[GROUP_HOURS] = n + 2, group[GROUP_MINUTES] = n + 3, n += 3;
        else if (item->kind < ITEM_ZONE)
            group[item->kind] = ++n;
    }
    struct str pattern = arena_dup(&s->arena, buf_str(&b));
    buf_release(&b);
    return pattern;
}

static struct str part(struct sql *s, struct str x, struct str pattern, int group)
{
    struct str literal = sql_text(s, s->dialect == SQL_SPARK ? sql_f(s, "\\A" STR_F "\\z", STR_A(pattern))
                                                              : sql_f(s, "^" STR_F "$", STR_A(pattern)));
    return sql_f(s, "regexp_extract(" STR_F ", " STR_F ", %d)", STR_A(x), STR_A(literal), group);
}

/* The part with `width` digits; 00 where the format, or the text, has none. */
static struct str digits(struct sql *s, struct str x, struct str pattern, int group, int width)
{
    if (!group)
        return sql_f(s, "'%.*s'", width, "000000");
    return sql_f(s, "%s(" STR_F ", %d, '0')", width == 6 ? "rpad" : "lpad", STR_A(part(s, x, pattern, group)), width);
}

static struct str offset(struct sql *s, struct str x, struct str pattern, const int *group)
{
    if (!group[GROUP_SIGN])
        return S("0");
    return sql_f(s, "CASE WHEN " STR_F " = '-' THEN -1000000 ELSE 1000000 END * (CAST(" STR_F " AS BIGINT) * 3600 + "
                 "CAST(" STR_F " AS BIGINT) * 60)", STR_A(part(s, x, pattern, group[GROUP_SIGN])),
                 STR_A(digits(s, x, pattern, group[GROUP_HOURS], 2)),
                 STR_A(digits(s, x, pattern, group[GROUP_MINUTES], 2)));
}

static struct str one_format(struct sql *s, const struct timestamp_format *f, struct str x)
{
    bool spark = s->dialect == SQL_SPARK;
    int group[N_GROUPS] = { 0 };
    if (!is_plain(f))
        sql_fail(s, "the format \"" STR_F "\": an optional part, fraction or zone is followed by what it could begin or "
                 "go on with, or a part stands there twice", STR_A(f->pattern));
    struct str p = format_pattern(s, f, group);
    struct buf b = BUF_INIT;
    for (int item = ITEM_YEAR; item <= ITEM_FRACTION; item++) {
        static const char *const BEFORE[] = { "", "'-'", "'-'", "' '", "':'", "':'", "'.'" };
        buf_f(&b, "%s%s%s" STR_F, item ? " || " : "", BEFORE[item], item ? " || " : "",
              STR_A(digits(s, x, p, group[item], item == ITEM_YEAR ? 4 : item == ITEM_FRACTION ? 6 : 2)));
    }
    buf_z(&b, spark ? " || 'Z'" : "");
    struct str text = arena_dup(&s->arena, buf_str(&b));
    buf_release(&b);
    struct str us = sql_f(s, spark ? "unix_micros(try_cast(" STR_F " AS TIMESTAMP)) - " STR_F
                                   : "epoch_us(TRY_CAST(" STR_F " AS TIMESTAMP)) - " STR_F,
                          STR_A(text), STR_A(offset(s, x, p, group)));
    return sql_f(s, "CASE WHEN " STR_F " THEN %s(" STR_F ") END", STR_A(sql_matches(s, x, p)),
                 spark ? "timestamp_micros" : "make_timestamp", STR_A(us));
}

struct str sql_timestamp(struct sql *s, const struct op *op, struct str x)
{
    struct str all = { NULL, 0 };
    for (size_t i = 0; i < op->n; i++) {
        struct str one = s->dialect == SQL_SQLITE ? sql_f(s, "timestamp_us(" STR_F ", " STR_F ")", STR_A(x),
                                                          STR_A(sql_text(s, op->formats[i]->pattern)))
                                                  : one_format(s, op->formats[i], x);
        all = all.n ? sql_f(s, STR_F ", " STR_F, STR_A(all), STR_A(one)) : one;
    }
    return op->n > 1 ? sql_f(s, "coalesce(" STR_F ")", STR_A(all)) : op->n ? all : S("NULL");
}
