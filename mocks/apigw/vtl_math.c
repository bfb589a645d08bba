/* vtl_math.c - arithmetic and comparison of numbers, as Velocity's MathUtils does it.
 *
 *   Integer, Long      64-bit; a result too large for Integer becomes Long, for Long becomes BigInteger
 *   BigInteger         held as text, computed in 128 bits; beyond that the rendering ends with an error
 *   Double, BigDecimal computed as double
 *   anything else, or division by zero: null, so that #set leaves its variable alone
 */
#include <inttypes.h>
#include <math.h>

#include "mocks/apigw/vtl_ast.h"

__extension__ typedef __int128 wide;

/* false when the digits do not fit. */
static bool to_wide(struct str s, wide *ret)
{
    bool negative = s.n && s.p[0] == '-';
    wide v = 0;
    for (size_t i = negative; i < s.n; i++) {
        wide next;
        if (__builtin_mul_overflow(v, (wide)10, &next) || __builtin_sub_overflow(next, (wide)(s.p[i] - '0'), &v))
            return false;
    }
    if (!negative && __builtin_sub_overflow((wide)0, v, &v))
        return false;
    *ret = v;
    return true;
}

static struct vtl_value from_wide(struct arena *a, wide v)
{
    char digits[48];
    size_t at = sizeof(digits);
    bool negative = v < 0;
    do {
        int d = (int)(v % 10);
        digits[--at] = (char)('0' + (d < 0 ? -d : d));
        v /= 10;
    } while (v);
    if (negative)
        digits[--at] = '-';
    return (struct vtl_value){ VTL_BIGINT, { .s = arena_dup(a, (struct str){ digits + at, sizeof(digits) - at }) } };
}

static double to_double(struct vtl_value v)
{
    double d = 0;
    switch (v.type) {
    case VTL_INT: case VTL_LONG: return (double)v.i;
    case VTL_DOUBLE: return v.d;
    default:
        str_to_double(v.s, &d);
        return d;
    }
}

struct vtl_value vtl_math_literal(struct arena *a, struct str digits)
{
    int64_t i;
    if (str_to_i64(digits, &i))
        return vtl_integer(i);
    return (struct vtl_value){ VTL_BIGINT, { .s = arena_dup(a, digits) } };
}

/* Java's integer result has the larger of the two types, or the next that holds it. */
static struct vtl_value wrap(int64_t i, struct vtl_value a, struct vtl_value b)
{
    struct vtl_value v = vtl_integer(i);
    if (a.type == VTL_LONG || b.type == VTL_LONG)
        v.type = VTL_LONG;
    return v;
}

static struct vtl_value big(struct vtl_run *r, enum vtl_node_kind op, struct vtl_value a, struct vtl_value b)
{
    wide x = a.i, y = b.i, result = 0;
    bool fits = (a.type != VTL_BIGINT || to_wide(a.s, &x)) && (b.type != VTL_BIGINT || to_wide(b.s, &y));
    if (fits && (op == N_DIV || op == N_MOD) && y == 0)
        return vtl_null();
    if (fits)
        switch (op) {
        case N_ADD: fits = !__builtin_add_overflow(x, y, &result); break;
        case N_SUB: fits = !__builtin_sub_overflow(x, y, &result); break;
        case N_MUL: fits = !__builtin_mul_overflow(x, y, &result); break;
        case N_DIV: fits = y != -1 || !__builtin_sub_overflow((wide)0, x, &result); result = fits && y != -1 ? x / y : result; break;
        default:
            fits = y > 0; /* BigInteger.mod refuses others */
            result = fits ? x % y : 0;
            result += result < 0 ? y : 0;
        }
    if (!fits)
        return vtl_run_fail(r, 500, "TEMPLATE_NUMBER", "a number in the mapping template grows beyond 128 bits");
    return from_wide(r->arena, result);
}

static struct vtl_value whole(struct vtl_run *r, enum vtl_node_kind op, struct vtl_value a, struct vtl_value b)
{
    int64_t v;
    switch (op) {
    case N_ADD: return __builtin_add_overflow(a.i, b.i, &v) ? big(r, op, a, b) : wrap(v, a, b);
    case N_SUB: return __builtin_sub_overflow(a.i, b.i, &v) ? big(r, op, a, b) : wrap(v, a, b);
    case N_MUL: return __builtin_mul_overflow(a.i, b.i, &v) ? big(r, op, a, b) : wrap(v, a, b);
    default:
        if (b.i == 0)
            return vtl_null();
        if (b.i == -1) /* Java wraps where C is undefined */
            return wrap(op == N_DIV ? (int64_t)(0 - (uint64_t)a.i) : 0, a, b);
        return wrap(op == N_DIV ? a.i / b.i : a.i % b.i, a, b);
    }
}

static struct vtl_value fraction(struct vtl_run *r, enum vtl_node_kind op, struct vtl_value a, struct vtl_value b)
{
    double x = to_double(a), y = to_double(b);
    if ((op == N_DIV || op == N_MOD) && y == 0)
        return vtl_null();
    switch (op) {
    case N_ADD: return vtl_double(x + y);
    case N_SUB: return vtl_double(x - y);
    case N_MUL: return vtl_double(x * y);
    case N_DIV: return vtl_double(x / y);
    default:
        if (a.type == VTL_DECIMAL || b.type == VTL_DECIMAL || a.type == VTL_BIGINT || b.type == VTL_BIGINT)
            return vtl_run_fail(r, 500, "TEMPLATE_NUMBER", "%% of a number this large or precise is not defined");
        return vtl_double(fmod(x, y));
    }
}

struct vtl_value vtl_math_perform(struct vtl_run *r, enum vtl_node_kind op, struct vtl_value a, struct vtl_value b)
{
    if (!vtl_is_number(a) || !vtl_is_number(b))
        return vtl_null();
    if (!vtl_is_integer(a) || !vtl_is_integer(b))
        return fraction(r, op, a, b);
    return a.type == VTL_BIGINT || b.type == VTL_BIGINT ? big(r, op, a, b) : whole(r, op, a, b);
}

int vtl_math_compare(struct vtl_value a, struct vtl_value b)
{
    if (vtl_is_integer(a) && vtl_is_integer(b)) {
        wide x = a.i, y = b.i;
        bool fits = (a.type != VTL_BIGINT || to_wide(a.s, &x)) && (b.type != VTL_BIGINT || to_wide(b.s, &y));
        if (fits)
            return x < y ? -1 : x > y;
    }
    double x = to_double(a), y = to_double(b);
    if (isnan(x) || isnan(y))
        return 0; /* MathUtils.compare: neither less nor greater */
    return x < y ? -1 : x > y;
}
