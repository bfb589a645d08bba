/* parquet_dictionary.c - are a column's values few enough to be written once each? */
#include <stdlib.h>

#include "pipeline/sink/parquet_write.h"

enum {
    TRIAL = 4096,               /* values after which repetition must show */
    MOST_ENTRIES = 1 << 16,
    MOST_BYTES = 1 << 20,
};

struct table_of {
    uint32_t *slots; /* index + 1 */
    size_t mask;
    uint32_t n;
    size_t bytes;
};

static size_t slots_for(size_t n)
{
    size_t size = 64;
    while (size < n * 2 && size < (size_t)MOST_ENTRIES * 2)
        size *= 2;
    return size;
}

static bool given_up(const struct table_of *t, size_t seen)
{
    return t->n >= MOST_ENTRIES || t->bytes > MOST_BYTES || (seen == TRIAL && t->n > TRIAL * 3 / 4);
}

static inline uint64_t mix(uint64_t v)
{
    v *= UINT64_C(0x9E3779B97F4A7C15);
    return v ^ v >> 29;
}

static inline uint64_t word_at(const char *p, size_t n)
{
    uint64_t v = 0;
    memcpy(&v, p, n);
    return v;
}

static inline uint64_t text_hash(struct str s)
{
    uint64_t h = s.n;
    if (s.n < 8)
        return mix(h ^ word_at(s.p ? s.p : "", s.n) << 8);
    for (size_t i = 0; i + 8 <= s.n; i += 8)
        h = mix(h ^ word_at(s.p + i, 8));
    return mix(h ^ word_at(s.p + s.n - 8, 8));
}

/* The three loops differ only in how values compare and hash. */
#define FILL(type, array, hash, same, size)                                                                            \
    do {                                                                                                               \
        type *kept_ = d->owned;                                                                                        \
        for (size_t i = 0; i < v->n; i++) {                                                                            \
            size_t at_ = (hash) & t->mask;                                                                             \
            while (t->slots[at_] && !(same))                                                                           \
                at_ = (at_ + 1) & t->mask;                                                                             \
            if (!t->slots[at_]) {                                                                                      \
                kept_[t->n] = (array)[i];                                                                              \
                t->bytes += (size);                                                                                    \
                t->slots[at_] = ++t->n;                                                                                \
            }                                                                                                          \
            d->index[i] = t->slots[at_] - 1;                                                                           \
            if (given_up(t, i + 1))                                                                                    \
                return false;                                                                                          \
        }                                                                                                              \
    } while (0)

static bool fill(const struct parquet_element *el, const struct parquet_values *v, struct table_of *t, struct parquet_dictionary *d)
{
    if (el->physical == PHYSICAL_INT32)
        FILL(int32_t, v->v.i32, mix((uint32_t)v->v.i32[i]) >> 20, kept_[t->slots[at_] - 1] == v->v.i32[i], 4);
    else if (el->physical == PHYSICAL_BYTES)
        FILL(struct str, v->v.text, text_hash(v->v.text[i]) >> 20, str_eq(kept_[t->slots[at_] - 1], v->v.text[i]), v->v.text[i].n + 4);
    else /* doubles by their bits, so that -0.0, 0.0 and every NaN come back as they were */
        FILL(int64_t, v->v.i64, mix((uint64_t)v->v.i64[i]) >> 20, kept_[t->slots[at_] - 1] == v->v.i64[i], 8);
    return true;
}

/* Codes already say which texts are equal; only those in use are kept, in order of first use. */
static bool from_codes(const struct parquet_values *v, struct parquet_dictionary *d)
{
    uint32_t *as = mem_zero(v->n_texts * sizeof *as + 1), n = 0;
    struct str *kept = mem_alloc((v->n_texts + 1) * sizeof *kept);
    size_t bytes = 0;
    for (size_t i = 0; i < v->n; i++) {
        uint32_t code = v->code[i];
        if (!as[code]) {
            kept[n] = v->texts[code];
            bytes += kept[n].n + 4;
            as[code] = ++n;
        }
        d->index[i] = as[code] - 1;
    }
    free(as);
    d->owned = kept;
    d->distinct.v.text = kept;
    d->distinct.n = n;
    return n < MOST_ENTRIES && bytes <= MOST_BYTES;
}

bool parquet_dictionary_open(const struct parquet_element *el, const struct parquet_values *v, struct parquet_dictionary *ret)
{
    struct parquet_dictionary d = { .index = NULL };
    bool ok = false;
    if (el->physical == PHYSICAL_BOOLEAN || v->n < 2)
        return false;
    d.index = mem_alloc(v->n * sizeof *d.index);
    if (v->code) {
        ok = from_codes(v, &d);
    } else {
        size_t size = slots_for(v->n);
        size_t most = v->n < MOST_ENTRIES ? v->n : MOST_ENTRIES;
        struct table_of t = { .slots = mem_zero(size * sizeof(uint32_t)), .mask = size - 1 };
        d.owned = mem_alloc(most * sizeof(struct str) + 16);
        ok = fill(el, v, &t, &d) && t.n <= v->n - v->n / 4;
        d.distinct.v.i64 = d.owned;
        d.distinct.n = t.n;
        free(t.slots);
    }
    if (!ok) {
        parquet_dictionary_release(&d);
        return false;
    }
    *ret = d;
    return true;
}

void parquet_dictionary_release(struct parquet_dictionary *d)
{
    free(d->index);
    free(d->owned);
}
