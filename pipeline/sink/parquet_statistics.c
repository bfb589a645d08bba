/* parquet_statistics.c - min, max and null count of a column chunk.
 *
 * parquet.thrift, struct Statistics and ColumnOrder: no NaN may be a bound (then there are none), zero is -0.0 as
 * min and +0.0 as max; texts compare as unsigned bytes. Long texts have no bounds: a cut max would be wrong.
 */
#include <math.h>

#include "pipeline/sink/parquet_write.h"

enum { LONGEST_BOUND = 64 };

static struct str number(struct arena *a, const void *p, size_t n)
{
    return arena_dup(a, (struct str){ p, n });
}

static void of_texts(const struct parquet_values *v, struct arena *a, struct parquet_chunk_meta *ret)
{
    struct str min = v->v.text[0], max = min;
    for (size_t i = 1; i < v->n; i++) {
        if (str_cmp(v->v.text[i], min) < 0)
            min = v->v.text[i];
        else if (str_cmp(v->v.text[i], max) > 0)
            max = v->v.text[i];
    }
    if (min.n <= LONGEST_BOUND)
        ret->min = arena_dup(a, min);
    if (max.n <= LONGEST_BOUND)
        ret->max = arena_dup(a, max);
}

static void of_doubles(const struct parquet_values *v, struct arena *a, struct parquet_chunk_meta *ret)
{
    double min = v->v.f64[0], max = min;
    bool nan = false;
    for (size_t i = 0; i < v->n; i++) {
        double x = v->v.f64[i];
        min = x < min ? x : min;
        max = x > max ? x : max;
        nan |= isnan(x);
    }
    if (nan)
        return;
    min = min == 0 ? -0.0 : min;
    max = max == 0 ? 0.0 : max;
    ret->min = number(a, &min, sizeof min);
    ret->max = number(a, &max, sizeof max);
}

#define BOUNDS(type, array)                                                                                            \
    do {                                                                                                               \
        type min_ = (array)[0], max_ = min_;                                                                           \
        for (size_t i = 1; i < v->n; i++) {                                                                            \
            min_ = (array)[i] < min_ ? (array)[i] : min_;                                                              \
            max_ = (array)[i] > max_ ? (array)[i] : max_;                                                              \
        }                                                                                                              \
        ret->min = number(a, &min_, sizeof min_);                                                                      \
        ret->max = number(a, &max_, sizeof max_);                                                                      \
    } while (0)

void parquet_statistics(const struct parquet_element *el, const struct parquet_values *v, struct arena *a, struct parquet_chunk_meta *ret)
{
    if (v->n == 0)
        return;
    switch (el->physical) {
    case PHYSICAL_BOOLEAN: BOUNDS(uint8_t, v->v.bits); break;
    case PHYSICAL_INT32: BOUNDS(int32_t, v->v.i32); break;
    case PHYSICAL_INT64: BOUNDS(int64_t, v->v.i64); break;
    case PHYSICAL_DOUBLE: of_doubles(v, a, ret); break;
    default: of_texts(v, a, ret);
    }
}
