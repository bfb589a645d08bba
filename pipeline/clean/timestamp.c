#include "pipeline/clean/timestamp.h"

#include "base/clock.h"

/* The letters that may repeat, how often they must, and what they read. */
static const struct letter {
    char letter;
    uint8_t times;
    uint8_t item;
} LETTERS[] = { { 'y', 4, ITEM_YEAR },   { 'M', 2, ITEM_MONTH },  { 'd', 2, ITEM_DAY },
                { 'H', 2, ITEM_HOUR },   { 'm', 2, ITEM_MINUTE }, { 's', 2, ITEM_SECOND },
                { 'S', 0, ITEM_FRACTION }, { 'X', 0, ITEM_ZONE } };

struct reading {
    int part[ITEM_FRACTION];
    int64_t fraction_us, offset_s;
    struct str rest;
};

static const struct letter *timestamp_letter(char c)
{
    for (size_t i = 0; i < sizeof LETTERS / sizeof *LETTERS; i++)
        if (LETTERS[i].letter == c)
            return &LETTERS[i];
    return NULL;
}

static bool timestamp_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Reads one quoted literal; returns the index behind it. */
static size_t timestamp_quoted(struct timestamp_format *f, struct str pattern, size_t i)
{
    for (i++; i < pattern.n && pattern.p[i] != '\''; i++)
        f->items[f->n_items++] = (struct item){ .kind = ITEM_LITERAL, .literal = pattern.p[i] };
    return i < pattern.n ? i + 1 : STR_NONE;
}

struct timestamp_format *timestamp_compile(struct arena *a, struct str pattern, const char **ret_why)
{
    struct timestamp_format *f = ARENA_NEW(a, struct timestamp_format);
    uint16_t open = 0;
    bool is_open = false;
    unsigned have = 0;
    f->pattern = pattern;
    f->items = ARENA_ARRAY(a, struct item, pattern.n + 1);
    for (size_t i = 0; i < pattern.n;) {
        char c = pattern.p[i];
        const struct letter *l = timestamp_letter(c);
        struct item *item = &f->items[f->n_items];
        size_t run = 1;
        if (c == '\'') {
            if ((i = timestamp_quoted(f, pattern, i)) == STR_NONE)
                return *ret_why = "a quote is not closed", NULL;
            continue;
        }
        while (l && i + run < pattern.n && pattern.p[i + run] == c)
            run++;
        if (l && l->times && run != l->times)
            return *ret_why = "write yyyy, MM, dd, HH, mm, ss with exactly so many letters", NULL;
        if (!l && timestamp_alpha(c))
            return *ret_why = "letters other than y M d H m s S X must stand in 'quotes'", NULL;
        if ((c == '[') == is_open && (c == '[' || c == ']'))
            return *ret_why = "brackets must be paired and not nested", NULL;
        if (c == '[')
            *item = (struct item){ .kind = ITEM_OPEN }, open = (uint16_t)f->n_items, is_open = true;
        else if (c == ']')
            *item = (struct item){ .kind = ITEM_CLOSE }, is_open = false,
            f->items[open].close = (uint16_t)(f->n_items + 1);
        else if (l)
            *item = (struct item){ .kind = l->item, .digits = l->times }, have |= is_open ? 0 : 1u << l->item;
        else
            *item = (struct item){ .kind = ITEM_LITERAL, .literal = c };
        f->n_items++;
        i += run;
    }
    if (is_open)
        return *ret_why = "brackets must be paired and not nested", NULL;
    if ((have & 7) != 7)
        return *ret_why = "a format needs at least yyyy, MM and dd", NULL;
    return f;
}

static bool timestamp_digits(struct str *s, size_t n, int *ret_value)
{
    int v = 0;
    if (s->n < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9')
            return false;
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_from(*s, n);
    *ret_value = v;
    return true;
}

static bool timestamp_fraction(struct str *s, int64_t *ret_us)
{
    int64_t us = 0;
    size_t n = 0;
    for (; n < s->n && n < 9 && s->p[n] >= '0' && s->p[n] <= '9'; n++)
        us = n < 6 ? us * 10 + (s->p[n] - '0') : us;
    if (n == 0)
        return false;
    for (size_t i = n; i < 6; i++)
        us *= 10;
    *s = str_from(*s, n);
    *ret_us = us;
    return true;
}

static bool timestamp_zone(struct str *s, int64_t *ret_offset_s)
{
    int hours, minutes = 0;
    if (s->n && s->p[0] == 'Z')
        return *ret_offset_s = 0, *s = str_from(*s, 1), true;
    if (!s->n || (s->p[0] != '+' && s->p[0] != '-'))
        return false;
    int sign = s->p[0] == '-' ? -1 : 1;
    *s = str_from(*s, 1);
    if (!timestamp_digits(s, 2, &hours))
        return false;
    if (s->n && s->p[0] == ':') {
        *s = str_from(*s, 1);
        if (!timestamp_digits(s, 2, &minutes))
            return false;
    } else if (s->n && s->p[0] >= '0' && s->p[0] <= '9' && !timestamp_digits(s, 2, &minutes)) {
        return false;
    }
    if (hours > 18 || minutes > 59)
        return false;
    *ret_offset_s = sign * (hours * 3600 + minutes * 60);
    return true;
}

static bool timestamp_item(const struct item *item, struct reading *r)
{
    switch (item->kind) {
    case ITEM_FRACTION:
        return timestamp_fraction(&r->rest, &r->fraction_us);
    case ITEM_ZONE:
        return timestamp_zone(&r->rest, &r->offset_s);
    case ITEM_LITERAL:
        if (!r->rest.n || r->rest.p[0] != item->literal)
            return false;
        r->rest = str_from(r->rest, 1);
        return true;
    case ITEM_OPEN:
    case ITEM_CLOSE:
        return true;
    default:
        return timestamp_digits(&r->rest, item->digits, &r->part[item->kind]);
    }
}

bool timestamp_read(const struct timestamp_format *f, struct str text, int64_t *ret_epoch_us)
{
    struct reading r = { .part = { 1970, 1, 1 }, .rest = text }, saved = r;
    size_t resume = 0; /* behind the optional part we are in; 0 = in none */
    for (size_t i = 0; i < f->n_items;) {
        const struct item *item = &f->items[i];
        if (item->kind == ITEM_OPEN)
            saved = r, resume = item->close;
        else if (item->kind == ITEM_CLOSE)
            resume = 0;
        if (timestamp_item(item, &r)) {
            i++;
        } else if (resume) {
            r = saved, i = resume, resume = 0;
        } else {
            return false;
        }
    }
    struct civil civil = { r.part[ITEM_YEAR], r.part[ITEM_MONTH],  r.part[ITEM_DAY], r.part[ITEM_HOUR],
                           r.part[ITEM_MINUTE], r.part[ITEM_SECOND], 0 };
    int64_t ms;
    if (r.rest.n || !clock_epoch_ms(&civil, &ms))
        return false;
    *ret_epoch_us = (ms - r.offset_s * 1000) * 1000 + r.fraction_us;
    return true;
}
