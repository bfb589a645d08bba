#include "pipeline/clean/timestamp.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* The sign between day and hour of a format that 19 bytes can fill in one way only; 0 for any other. */
static char timestamp_between(const struct timestamp_format *f)
{
    static const struct item PLAIN[] = {
        { .kind = ITEM_YEAR, .digits = 4 }, { .kind = ITEM_LITERAL, .literal = '-' }, { .kind = ITEM_MONTH, .digits = 2 },
        { .kind = ITEM_LITERAL, .literal = '-' }, { .kind = ITEM_DAY, .digits = 2 }, { .kind = ITEM_LITERAL },
        { .kind = ITEM_HOUR, .digits = 2 }, { .kind = ITEM_LITERAL, .literal = ':' }, { .kind = ITEM_MINUTE, .digits = 2 },
        { .kind = ITEM_LITERAL, .literal = ':' }, { .kind = ITEM_SECOND, .digits = 2 } };
    enum { N = sizeof PLAIN / sizeof *PLAIN, BETWEEN = 5 };
    if (f->n_items < N)
        return 0;
    for (size_t i = 0; i < N; i++)
        if (f->items[i].kind != PLAIN[i].kind || (i != BETWEEN && f->items[i].literal != PLAIN[i].literal))
            return 0;
    for (size_t i = N; i < f->n_items; i = f->items[i].close)
        if (f->items[i].kind != ITEM_OPEN || f->items[i + 1].kind == ITEM_CLOSE)
            return 0;
    return f->items[BETWEEN].literal;
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
    f->between = timestamp_between(f);
    return f;
}

/* The digits of 19 bytes by a plain format, without their '0'; false when other signs stand among them. */
static inline bool timestamp_plain_digits(const char *p, char between, uint8_t *digits)
{
    unsigned bad = 0;
#ifdef __SSE2__
    const __m128i nine = _mm_set1_epi8(9), text = _mm_loadu_si128((const __m128i *)(const void *)p),
                  value = _mm_sub_epi8(text, _mm_set1_epi8('0')),
                  signs = _mm_setr_epi8(0, 0, 0, 0, '-', 0, 0, '-', 0, 0, between, 0, 0, ':', 0, 0);
    const unsigned at_digits = 0xdb6f, at_signs = 0x2490;
    unsigned is_digit = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(value, nine), nine));
    unsigned is_sign = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, signs));
    bad = (~is_digit & at_digits) | (~is_sign & at_signs);
    _mm_storeu_si128((__m128i *)(void *)digits, value);
    for (int i = 16; i < 19; i++)
        digits[i] = (uint8_t)(p[i] - '0');
    bad |= (unsigned)(p[16] ^ ':') | (digits[17] > 9) | (digits[18] > 9);
#else
    const char pattern[] = { 0, 0, 0, 0, '-', 0, 0, '-', 0, 0, between, 0, 0, ':', 0, 0, ':', 0, 0 };
    for (int i = 0; i < 19; i++) {
        digits[i] = (uint8_t)(p[i] - '0');
        bad |= pattern[i] ? (unsigned)(p[i] ^ pattern[i]) : digits[i] > 9;
    }
#endif
    return !bad;
}

/* Days by Howard Hinnant, "chrono-compatible low-level date algorithms". */
static bool timestamp_read_plain(const char *p, char between, int64_t *ret_epoch_us)
{
    static const uint8_t DAYS[] = { 0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    uint8_t x[19];
    if (!timestamp_plain_digits(p, between, x))
        return false;
    unsigned y = x[0] * 1000u + x[1] * 100u + x[2] * 10u + x[3], m = x[5] * 10u + x[6], d = x[8] * 10u + x[9];
    unsigned hour = x[11] * 10u + x[12], minute = x[14] * 10u + x[15], second = x[17] * 10u + x[18];
    if (m - 1 > 11 || d - 1 >= DAYS[m] || hour > 23 || minute > 59 || second > 59)
        return false;
    if (m == 2 && d == 29 && (y % 4 || (y % 100 == 0 && y % 400)))
        return false;
    unsigned year = y + 400 - (m <= 2), era = year / 400, of_era = year - era * 400; /* 400 more, so that none is below 0 */
    unsigned of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    int64_t days = (int64_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468 - 146097;
    *ret_epoch_us = (days * 86400 + (hour * 60 + minute) * 60 + second) * INT64_C(1000000);
    return true;
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
    if (text.n == 19 && f->between)
        return timestamp_read_plain(text.p, f->between, ret_epoch_us);
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
    int64_t us = (ms - r.offset_s * 1000) * 1000 + r.fraction_us;
    if (us < TIMESTAMP_FIRST_US || us > TIMESTAMP_LAST_US)
        return false;
    *ret_epoch_us = us;
    return true;
}
