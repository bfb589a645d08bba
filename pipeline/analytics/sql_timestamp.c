/* A format becomes one regular expression, with the ranges of the parts in it:
 *
 * yyyy   [0-9]{4}                   HH     [01][0-9]|2[0-3]     X   Z|[+-](?:0[0-9]|1[0-8])(?::?[0-5][0-9])?
 * MM     0[1-9]|1[0-2]              mm ss  [0-5][0-9]           [ ] (?: )?
 * dd     0[1-9]|[12][0-9]|3[01]     S      [0-9]{1,9}
 *
 * Each part is taken out by the same expression with only that part in a group (DuckDB knows no more than nine).
 * The parts, proved to be digits, are put together as one instant; only then does the engine say whether the day
 * exists. A regular expression may give an optional part back where the native reader does not; formats in which
 * that could matter are refused.
 */
#include "pipeline/analytics/sql_write.h"

enum { PART_SIGN = ITEM_ZONE, PART_HOURS, PART_MINUTES, N_PARTS, PART_NONE };

static const char *const PARTS[N_PARTS] = { [ITEM_YEAR] = "[0-9]{4}", [ITEM_MONTH] = "0[1-9]|1[0-2]",
                                            [ITEM_DAY] = "0[1-9]|[12][0-9]|3[01]", [ITEM_HOUR] = "[01][0-9]|2[0-3]",
                                            [ITEM_MINUTE] = "[0-5][0-9]", [ITEM_SECOND] = "[0-5][0-9]",
                                            [ITEM_FRACTION] = "[0-9]{1,9}", [PART_SIGN] = "[+-]",
                                            [PART_HOURS] = "0[0-9]|1[0-8]", [PART_MINUTES] = "[0-5][0-9]" };

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

static void put_part(struct buf *b, int part, int wanted)
{
    buf_f(b, "(%s%s)", part == wanted ? "" : "?:", PARTS[part]);
}

/* The expression with the wanted part as its only group. */
static struct str pattern_of(struct sql *s, const struct timestamp_format *f, int wanted)
{
    struct buf b = BUF_INIT;
    for (size_t i = 0; i < f->n_items; i++) {
        const struct item *item = &f->items[i];
        if (item->kind == ITEM_LITERAL) {
            buf_str_add(&b, sql_pattern(s, (struct str){ &item->literal, 1 }));
        } else if (item->kind >= ITEM_OPEN) {
            buf_z(&b, item->kind == ITEM_OPEN ? "(?:" : ")?");
        } else if (item->kind == ITEM_ZONE) {
            buf_z(&b, "(?:Z|");
            put_part(&b, PART_SIGN, wanted);
            put_part(&b, PART_HOURS, wanted);
            buf_z(&b, "(?::?");
            put_part(&b, PART_MINUTES, wanted);
            buf_z(&b, ")?)");
        } else {
            put_part(&b, item->kind, wanted);
        }
    }
    struct str pattern = arena_dup(&s->arena, buf_str(&b));
    buf_release(&b);
    return pattern;
}

static bool has(const struct timestamp_format *f, int kind)
{
    for (size_t i = 0; i < f->n_items; i++)
        if (f->items[i].kind == kind)
            return true;
    return false;
}

static struct str part(struct sql *s, const struct timestamp_format *f, struct str x, int wanted)
{
    const char *form = s->dialect == SQL_SPARK ? "\\A" STR_F "\\z" : "^" STR_F "$";
    struct str pattern = sql_f(s, form, STR_A(pattern_of(s, f, wanted)));
    return sql_f(s, "regexp_extract(" STR_F ", " STR_F ", 1)", STR_A(x), STR_A(sql_text(s, pattern)));
}

/* The part with `width` digits; 00 where the format, or the text, has none. */
static struct str digits(struct sql *s, const struct timestamp_format *f, struct str x, int wanted, int width)
{
    if (wanted < ITEM_ZONE && !has(f, wanted))
        return sql_f(s, "'%.*s'", width, "000000");
    return sql_f(s, "%s(" STR_F ", %d, '0')", width == 6 ? "rpad" : "lpad", STR_A(part(s, f, x, wanted)), width);
}

static struct str offset(struct sql *s, const struct timestamp_format *f, struct str x)
{
    return sql_f(s, "CASE WHEN " STR_F " = '-' THEN -1000000 ELSE 1000000 END * (CAST(" STR_F " AS BIGINT) * 3600 + "
                 "CAST(" STR_F " AS BIGINT) * 60)", STR_A(part(s, f, x, PART_SIGN)), STR_A(digits(s, f, x, PART_HOURS, 2)),
                 STR_A(digits(s, f, x, PART_MINUTES, 2)));
}

static struct str one_format(struct sql *s, const struct timestamp_format *f, struct str x)
{
    bool spark = s->dialect == SQL_SPARK;
    if (!is_plain(f))
        sql_fail(s, "the format \"" STR_F "\": an optional part, fraction or zone is followed by what it could begin or "
                 "go on with, or a part stands there twice", STR_A(f->pattern));
    struct str p = pattern_of(s, f, PART_NONE);
    struct buf b = BUF_INIT;
    for (int item = ITEM_YEAR; item <= ITEM_FRACTION; item++) {
        static const char *const BEFORE[] = { "", "'-'", "'-'", "' '", "':'", "':'", "'.'" };
        buf_f(&b, "%s%s%s" STR_F, item ? " || " : "", BEFORE[item], item ? " || " : "",
              STR_A(digits(s, f, x, item, item == ITEM_YEAR ? 4 : item == ITEM_FRACTION ? 6 : 2)));
    }
    buf_z(&b, spark ? " || 'Z'" : "");
    struct str text = arena_dup(&s->arena, buf_str(&b));
    buf_release(&b);
    struct str us = sql_f(s, spark ? "unix_micros(try_cast(" STR_F " AS TIMESTAMP)) - " STR_F
                                   : "epoch_us(TRY_CAST(" STR_F " AS TIMESTAMP)) - " STR_F,
                          STR_A(text), STR_A(has(f, ITEM_ZONE) ? offset(s, f, x) : S("0")));
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
