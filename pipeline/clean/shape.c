#include "pipeline/clean/shape.h"

#include "base/utf8.h"
#include "pipeline/clean/scan.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

size_t shape_input(const struct program *p, struct str key, struct arena *scratch)
{
    if (str_chr(key, '\\') != STR_NONE)
        key = json_text((struct json){ .type = JSON_STRING, .escaped = true, .raw = key }, scratch);
    for (size_t i = 0; i < p->n_inputs; i++)
        if (str_eq(p->inputs[i], key))
            return i;
    return SHAPE_NOT_USED;
}

/* Keeps the bytes from..to as those before value n; false when there is no room. */
static bool shape_keep(struct shape *s, size_t *used, const char *from, const char *to)
{
    size_t n = (size_t)(to - from);
    if (n > SHAPE_MAX_BYTES - *used)
        return false;
    memcpy(s->bytes + *used, from, n);
    s->before[s->n].at = (uint16_t)*used;
    s->before[s->n].n = (uint16_t)n;
    *used += n;
    return true;
}

void shape_learn(struct shape *s, const struct program *p, struct str record, struct arena *scratch)
{
    struct json_reader r;
    struct json v;
    struct str key;
    size_t used = 0;
    const char *from = record.p;
    s->known = false;
    s->n = 0;
    s->unknown = 0;
    json_open(&r, record);
    if (json_enter(&r, JSON_OBJECT))
        return;
    while (json_member(&r, &key) == 1) {
        size_t input = shape_input(p, key, scratch);
        if (json_read(&r, &v) || s->n == SHAPE_MAX_VALUES ||
            !shape_keep(s, &used, from, v.raw.p - (v.type == JSON_STRING)))
            return;
        s->input[s->n++] = input;
        s->unknown += input == SHAPE_NOT_USED;
        from = r.p;
    }
    s->one_line = str_chr(record, '\n') == STR_NONE;
    s->known = json_close(&r) == 0 && shape_keep(s, &used, from, record.p + record.n);
}

static inline const char *shape_literal(const char *p, const char *end, struct str word)
{
    return (size_t)(end - p) >= word.n && memcmp(p, word.p, word.n) == 0 ? p + word.n : NULL;
}

static const char *shape_nested(const char *p, const char *end, struct json *v, struct json_reader *spare)
{
    json_open(spare, (struct str){ p, (size_t)(end - p) });
    return json_read(spare, v) || !utf8_valid(v->raw) || str_chr(v->raw, '\n') != STR_NONE ? NULL : spare->p;
}

#ifdef __SSE2__
/* The number that the first n of eight bytes, already without their '0', say; n is 1 to 8 (SWAR, no loop). */
static inline uint64_t shape_eight(uint64_t bytes, unsigned n)
{
    bytes <<= (8 - n) * 8;
    bytes = bytes * 10 + (bytes >> 8);
    return (((bytes & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064)) +
            (((bytes >> 16) & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001))) >> 32;
}

/* A number of at most eight digits before and behind the point, without an exponent; NULL for any other. */
__attribute__((always_inline)) static inline const char *shape_number_at(const char *p, const char *end,
                                                                        struct shape_number *out)
{
    static const uint32_t TENS[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000 };
    const bool negative = *p == '-';
    p += negative;
    if (end - p < 24)
        return NULL;
    __m128i digit = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)(const void *)p), _mm_set1_epi8('0'));
    __m128i nine = _mm_set1_epi8(9);
    unsigned others = ~(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(digit, nine), nine));
    unsigned n = (unsigned)__builtin_ctz(others | 1u << 16), behind = 0;
    uint64_t eight;
    if (n - 1 > 7 || (p[0] == '0' && n > 1))
        return NULL;
    memcpy(&eight, p, 8);
    uint64_t v = shape_eight(eight - UINT64_C(0x3030303030303030), n);
    if (p[n] == '.') {
        behind = (unsigned)__builtin_ctz(others >> (n + 1) | 1u << 15);
        if (behind - 1 > 7 || n + 1 + behind > 15)
            return NULL;
        memcpy(&eight, p + n + 1, 8);
        v = v * TENS[behind] + shape_eight(eight - UINT64_C(0x3030303030303030), behind);
        p += 1 + behind;
    }
    if ((p[n] | 32) == 'e')
        return NULL;
    out->digits = negative ? -(int64_t)v : (int64_t)v; /* one by one: a struct at once is built elsewhere and copied */
    out->behind = (uint8_t)behind;
    out->known = true;
    out->negative = negative;
    return p + n;
}
#else
__attribute__((always_inline)) static inline const char *shape_number_at(const char *p, const char *end,
                                                                        struct shape_number *out)
{
    (void)p, (void)end, (void)out;
    return NULL;
}
#endif

#define SHAPE(name) name##_portable
#define SHAPE_WIDTH 1
#define SHAPE_TARGET
#include "pipeline/clean/shape_read.h"

#ifdef __SSE2__
#define SHAPE(name) name##_sse2
#define SHAPE_WIDTH 16
#define SHAPE_TARGET
#include "pipeline/clean/shape_read.h"
#endif

#ifdef __x86_64__
#define SHAPE(name) name##_avx2
#define SHAPE_WIDTH 32
#define SHAPE_TARGET __attribute__((target("avx2,bmi,bmi2")))
#include "pipeline/clean/shape_read.h"
#endif

shape_reader *shape_reader_of(enum shape_width most)
{
#ifdef __x86_64__
    if (most >= SHAPE_32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"))
        return shape_read_avx2;
#endif
#ifdef __SSE2__
    if (most >= SHAPE_16)
        return shape_read_sse2;
#endif
    (void)most;
    return shape_read_portable;
}
