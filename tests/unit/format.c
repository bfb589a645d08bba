/* format_quick says what vsnprintf says, or that it does not know the format. */
#include "base/format.h"
#include "tests/support/t.h"

/* The format's text by both, with rooms that are too small, exact and ample. */
static void same(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void same(const char *fmt, ...)
{
    char theirs[256], ours[256];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(theirs, sizeof theirs, fmt, ap);
    va_end(ap);
    for (size_t room = 0; room <= (size_t)n + 1; room++) {
        memset(ours, '#', sizeof ours);
        va_start(ap, fmt);
        assert_int_equal(format_quick(room ? ours : NULL, room, fmt, ap), n);
        va_end(ap);
        size_t put = room < (size_t)n ? room : (size_t)n;
        assert_memory_equal(ours, theirs, put);
        assert_int_equal(ours[put], '#');
    }
}

static void unknown(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void unknown(const char *fmt, ...)
{
    char out[256];
    va_list ap;
    va_start(ap, fmt);
    assert_int_equal(format_quick(out, sizeof out, fmt, ap), -1);
    va_end(ap);
}

static void known_words_are_printed_as_vsnprintf_does(void **state)
{
    (void)state;
    static const char bytes[] = { 'a', 'b', 0, 'c' };
    same("plain");
    same("%s", "");
    same("a%sb%sc", "text", "more text");
    same("%.*s|%.*s|%.*s", 3, "abcdef", 0, "x", 4, bytes);
    same("100%% of %c%c", 'x', 'y');
    same("%d %d %d %d", 0, -1, INT32_MAX, INT32_MIN);
    same("%u %u", 0u, UINT32_MAX);
    same("%zu %zu", (size_t)0, SIZE_MAX);
    same("%02d %02d %04d %03d %01d", 5, 123, -7, -1234, 0);
    same("%08x-%08x%016llx %x", 0xabcu, UINT32_MAX, 0x123456789abcull, 0u);
    same("%05zu %020llu %063d", (size_t)42, 7ull, -1);
    same("%lld %lld %llu", (long long)INT64_MIN, (long long)INT64_MAX, (unsigned long long)UINT64_MAX);
}

static void other_words_are_left_to_vsnprintf(void **state)
{
    (void)state;
    const char *volatile none = NULL;
    unknown("%2d", 5);
    unknown("%064d", 5);
    unknown("%08f", 1.5);
    unknown("%0*d", 4, 5);
    unknown("%5s", "x");
    unknown("%.3s", "abcdef");
    unknown("%.3f", 1.5);
    unknown("%g", 1.5);
    unknown("%ld", 5L);
    unknown("%X", 5u);
    unknown("%hx", (unsigned short)5);
    unknown("%.*f", 2, 1.5);
    unknown("%zd", (ssize_t)1);
    unknown("%llX", 1ull);
    unknown("%.*s", -1, "abc");
    unknown("%s", none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_words_are_printed_as_vsnprintf_does),
        cmocka_unit_test(other_words_are_left_to_vsnprintf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
