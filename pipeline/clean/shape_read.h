/* shape_read.h - inside shape.c, which includes it once for each width of vectors: SHAPE_WIDTH bytes at a time (1: no vectors),
 * SHAPE(name) the functions' names, SHAPE_TARGET the instructions they may use. No guard for that reason. */

/* The first byte in [p, end) that is a quote, a backslash or below 0x20, or the last few, which are fewer than a vector; *high
 * gathers the bits above 0x7f. */
SHAPE_TARGET static inline const char *SHAPE(scan_plain)(const char *p, const char *end, bool *ret_found, unsigned *high)
{
    *ret_found = false;
#if SHAPE_WIDTH == 32
    const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\'), control = _mm256_set1_epi8(0x1f);
    for (; end - p >= 32; p += 32) {
        __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i special = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, quote), _mm256_cmpeq_epi8(bytes, backslash));
        special = _mm256_or_si256(special, _mm256_cmpeq_epi8(_mm256_max_epu8(bytes, control), control));
        unsigned mask = (unsigned)_mm256_movemask_epi8(special), above = (unsigned)_mm256_movemask_epi8(bytes);
        if (mask) {
            *ret_found = true;
            *high |= above & (mask - 1) & ~mask; /* before the first only: what follows is another value */
            return p + __builtin_ctz(mask);
        }
        *high |= above;
    }
#elif SHAPE_WIDTH == 16
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i special = _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash));
        special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_max_epu8(bytes, control), control));
        unsigned mask = (unsigned)_mm_movemask_epi8(special), above = (unsigned)_mm_movemask_epi8(bytes);
        if (mask) {
            *ret_found = true;
            *high |= above & (mask - 1) & ~mask;
            return p + __builtin_ctz(mask);
        }
        *high |= above;
    }
#else
    (void)end, (void)high;
#endif
    return p;
}

/* The closing quote of the string whose first byte is p. *ret_high: there are bytes above 0x7f in it. */
SHAPE_TARGET static inline const char *SHAPE(scan_string)(const char *p, const char *end, bool *ret_escaped, bool *ret_high)
{
    bool escaped = false, found;
    unsigned high = 0;
    for (;;) {
        p = SHAPE(scan_plain)(p, end, &found, &high);
        if (!found)
            for (; p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20; p++)
                high |= *p & 0x80;
        if (p < end && *p == '"')
            break;
        if (p == end || *p != '\\' || !(p = scan_escape(p, end)))
            return NULL;
        escaped = true;
    }
    *ret_escaped = escaped;
    *ret_high = high != 0;
    return p;
}

/* Are the first n bytes those of the shape? Both have the width behind them: the shape has room, the text was asked. */
SHAPE_TARGET static inline bool SHAPE(scan_begins)(const char *at, const char *end, const char *want, size_t n)
{
#if SHAPE_WIDTH == 32
    if (n <= 31 && end - at >= 32) {
        __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)at),
                                         _mm256_loadu_si256((const __m256i *)(const void *)want));
        return (~(unsigned)_mm256_movemask_epi8(same) & ((1u << n) - 1)) == 0;
    }
#elif SHAPE_WIDTH == 16
    if (n <= 16 && end - at >= 16) {
        __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at),
                                      _mm_loadu_si128((const __m128i *)(const void *)want));
        return (~(unsigned)_mm_movemask_epi8(same) & ((1u << n) - 1)) == 0;
    }
#endif
    return (size_t)(end - at) >= n && scan_same(at, want, n);
}

/* Reads the value at p; the answer is behind it, or NULL. */
SHAPE_TARGET static inline const char *SHAPE(shape_value)(const char *p, const char *end, struct json *v, struct shape_number *number,
                                      struct json_reader *spare)
{
    bool high, escaped = false;
    const char *q;
    number->known = false;
    switch (*p) {
    case '"':
        q = SHAPE(scan_string)(p + 1, end, &escaped, &high);
        if (!q)
            return NULL;
        v->type = JSON_STRING;
        v->escaped = escaped;
        v->raw.p = p + 1;
        v->raw.n = (size_t)(q - p - 1);
        return high && !utf8_valid(v->raw) ? NULL : q + 1;
    case '[': case '{':
        return shape_nested(p, end, v, spare);
    case 'n':
        v->type = JSON_NULL;
        q = shape_literal(p, end, S("null"));
        break;
    case 't':
        v->type = JSON_TRUE;
        q = shape_literal(p, end, S("true"));
        break;
    case 'f':
        v->type = JSON_FALSE;
        q = shape_literal(p, end, S("false"));
        break;
    default:
        v->type = JSON_NUMBER;
        q = SHAPE_WIDTH > 1 ? shape_number_at(p, end, number) : NULL;
        q = q ? q : scan_number(p, end);
        break;
    }
    v->escaped = false;
    v->raw.p = p;
    v->raw.n = q ? (size_t)(q - p) : 0;
    return q;
}

SHAPE_TARGET static const char *SHAPE(shape_read)(const struct shape *s, const struct program *p, const char *at, const char *end,
                       struct json *values, struct shape_number *numbers, struct json_reader *spare)
{
    struct json ignored;
    struct shape_number no_number;
    for (size_t i = 0; i < s->n; i++) {
        size_t n = s->before[i].n, input = s->input[i];
        bool used = input < p->n_used;
        if ((size_t)(end - at) <= n || !SHAPE(scan_begins)(at, end, s->bytes + s->before[i].at, n))
            return NULL;
        if (!(at = SHAPE(shape_value)(at + n, end, used ? &values[input] : &ignored, used ? &numbers[input] : &no_number, spare)))
            return NULL;
    }
    size_t n = s->before[s->n].n;
    return SHAPE(scan_begins)(at, end, s->bytes + s->before[s->n].at, n) ? at + n : NULL;
}

#undef SHAPE
#undef SHAPE_WIDTH
#undef SHAPE_TARGET
