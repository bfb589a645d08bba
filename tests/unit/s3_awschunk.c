/* The aws-chunked decoder: the same bytes in pieces of any size, and everything malformed refused. */
#include "tests/support/t.h"

#include "mocks/s3/awschunk.h"

#define SIG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct seen {
    struct buf chunks, trailers;
    bool refuse;
};

static bool on_chunk(void *arg, struct str data, struct str signature)
{
    struct seen *s = arg;
    buf_f(&s->chunks, "[%zu:%zu]", data.n, signature.n);
    return !s->refuse;
}

static bool on_trailer(void *arg, struct str name, struct str value)
{
    struct seen *s = arg;
    buf_f(&s->trailers, STR_F "=" STR_F ";", STR_A(name), STR_A(value));
    return true;
}

struct result {
    bool ok;
    struct buf out, chunks, trailers;
    const char *error;
};

static struct result decode(const char *text, size_t cut, size_t step, size_t max, bool is_signed)
{
    struct str rest = str_of(text);
    struct seen seen = { 0 };
    struct result r = { .out = { .max = max } };
    struct awschunk d = { .is_signed = is_signed, .out = &r.out, .chunk = on_chunk, .trailer = on_trailer, .arg = &seen };
    if (cut <= rest.n) {
        awschunk_push(&d, str_head(rest, cut));
        rest = str_from(rest, cut);
    }
    while (rest.n) {
        awschunk_push(&d, str_head(rest, step));
        rest = str_from(rest, step);
    }
    r.ok = d.state != AWSCHUNK_BAD && awschunk_complete(&d);
    r.error = d.error;
    r.chunks = seen.chunks;
    r.trailers = seen.trailers;
    return r;
}

static void drop(struct result *r)
{
    buf_release(&r->out);
    buf_release(&r->chunks);
    buf_release(&r->trailers);
}

static const struct { const char *text, *out, *chunks, *trailers; bool is_signed; } good[] = {
    { "0\r\n\r\n", "", "[0:0]", "", false },
    { "0\r\n", "", "[0:0]", "", false },
    { "5\r\nhello\r\n0\r\n\r\n", "hello", "[5:0][0:0]", "", false },
    { "5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n", "hello world", "[5:0][6:0][0:0]",
      "x-amz-checksum-crc32=DUoRhQ==;", false },
    { "00000A;x=y\r\n0123456789\r\n0\r\nA: b \r\nC:d\r\n\r\n", "0123456789", "[10:0][0:0]", "a=b;c=d;", false },
    { "3;chunk-signature=" SIG "\r\n\r\n\n\r\n0;chunk-signature=" SIG "\r\n\r\n", "\r\n\n", "[3:64][0:64]", "", true },
    { "1;chunk-signature=" SIG "\r\na\r\n0;chunk-signature=" SIG "\r\nx-amz-checksum-crc32c:AAAAAA==\r\n"
      "x-amz-trailer-signature:" SIG "\r\n\r\n", "a", "[1:64][0:64]",
      "x-amz-checksum-crc32c=AAAAAA==;x-amz-trailer-signature=" SIG ";", true },
    { "1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n\r\n", "a", "[1:0][0:0]", "x-amz-checksum-crc32=AAAAAA==;", false },
};

static void split_at_every_byte_it_decodes_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        for (size_t cut = 0; cut <= strlen(good[i].text); cut++)
            for (size_t step = 1; step < 40; step += 7) {
                struct result r = decode(good[i].text, cut, step, 0, good[i].is_signed);
                if (!r.ok)
                    fail_msg("case %zu cut %zu: %s", i, cut, r.error ? r.error : "incomplete");
                assert_str(buf_str(&r.out), good[i].out);
                assert_str(buf_str(&r.chunks), good[i].chunks);
                assert_str(buf_str(&r.trailers), good[i].trailers);
                drop(&r);
            }
}

static const struct { const char *text; size_t max; bool is_signed; } malformed[] = {
    { "", 0, false }, { "5", 0, false }, { "5\r\nhel", 0, false }, { "5\r\nhello", 0, false }, { "5\r\nhello\r\n", 0, false },
    { "5\r\nhello!\r\n0\r\n\r\n", 0, false }, { "5\nhello\r\n0\r\n\r\n", 0, false }, { "\r\n", 0, false },
    { "-1\r\n\r\n", 0, false }, { "0x5\r\nhello\r\n0\r\n\r\n", 0, false }, { "fffffffffffff\r\n", 0, false },
    { "ffffffffffffffffffff\r\n", 0, false }, { "5\r\nhello\r\n0\r\n\r\nmore", 0, false },
    { "5\r\nhello\r\n0\r\nno colon\r\n\r\n", 0, false }, { "5\r\nhello\r\n0\r\n:v\r\n\r\n", 0, false },
    { "5\r\nhello\r\n0\r\na:b", 0, false }, { "5\r\nhello\r\n0\r\n\r\n", 4, false },
    { "5\r\nhello\r\n0\r\n\r\n", 0, true }, { "5;chunk-signature=12\r\nhello\r\n0\r\n\r\n", 0, true },
};

static void malformed_framing_is_refused_wherever_it_is_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++)
        for (size_t cut = 0; cut <= strlen(malformed[i].text); cut++) {
            struct result r = decode(malformed[i].text, cut, 1000, malformed[i].max, malformed[i].is_signed);
            if (r.ok)
                fail_msg("accepted case %zu", i);
            drop(&r);
        }
}

static void lines_and_trailers_are_bounded(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    buf_z(&text, "1;");
    for (int i = 0; i < 3000; i++)
        buf_c(&text, 'x');
    struct result r = decode(buf_cstr(&text), 0, 100, 0, false);
    assert_false(r.ok);
    assert_string_equal(r.error, "a chunk header or trailer is too long");
    drop(&r);
    buf_reset(&text);
    buf_z(&text, "0\r\n");
    for (int i = 0; i < 20; i++)
        buf_z(&text, "a:b\r\n");
    buf_z(&text, "\r\n");
    r = decode(buf_cstr(&text), 0, 100, 0, false);
    assert_false(r.ok);
    assert_string_equal(r.error, "too many trailers");
    drop(&r);
    buf_release(&text);
}

static void a_refused_chunk_ends_it(void **state)
{
    (void)state;
    struct seen seen = { .refuse = true };
    struct buf out = BUF_INIT;
    struct awschunk d = { .out = &out, .chunk = on_chunk, .arg = &seen };
    assert_int_equal(awschunk_push(&d, S("1\r\na\r\n0\r\n\r\n")), -1);
    assert_string_equal(d.error, "a chunk signature does not match");
    assert_int_equal(awschunk_push(&d, S("0\r\n\r\n")), -1);
    buf_release(&out);
    buf_release(&seen.chunks);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(split_at_every_byte_it_decodes_the_same),
        cmocka_unit_test(malformed_framing_is_refused_wherever_it_is_cut),
        cmocka_unit_test(lines_and_trailers_are_bounded),
        cmocka_unit_test(a_refused_chunk_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
