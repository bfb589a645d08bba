/* Listing: pages of any size, with any prefix and delimiter, give what one look at the sorted keys would give. */
#include "tests/unit/s3_local.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/rng.h"

static const char *const keys[] = {
    "a", "a/", "a/b", "a/b/c", "a/b/d", "a0", "b//c", "b//d", "b/x", "foo/bar", "foo/baz/xyzzy", "quux/thud", "quux/x/",
    "z+=%&<>\"", "\xc3\xa9t\xc3\xa9/1", "\xc3\xa9t\xc3\xa9/2", "\xf0\x9f\x98\x80",
};
enum { N_KEYS = sizeof keys / sizeof *keys };

static struct str encode(struct arena *a, struct str text)
{
    struct buf out = BUF_INIT;
    codec_percent(&out, text, "");
    struct str copy = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return copy;
}

static struct local *filled(void)
{
    struct local *l = local_open(&(struct cloud_setting[]){ { "s3.buckets", "bkt" }, { 0 } }[0], NULL);
    for (size_t i = N_KEYS; i--;)
        assert_int_equal(local_put(l, arena_f(&l->arena, "PUT /bkt/" STR_F, STR_A(encode(&l->arena, str_of(keys[i])))).p, S("1")), 200);
    return l;
}

/* What a listing says, as "key;key;[prefix];" in order of appearance over all pages. */
struct shown {
    struct buf keys, prefixes;
    size_t pages;
};

static void add_page(struct shown *s, struct str page)
{
    struct str rest = page, prefixes = { 0 };
    size_t at = str_find(page, S("<CommonPrefixes>"));
    if (at != STR_NONE) {
        rest = str_head(page, at);
        prefixes = str_from(page, at);
    }
    for (struct str k; (k = local_element(&rest, "Key")).p;) {
        codec_unpercent(&s->keys, k, false);
        buf_c(&s->keys, ';');
    }
    for (struct str k; prefixes.n && (k = local_element(&prefixes, "Prefix")).p;) {
        codec_unpercent(&s->prefixes, k, false);
        buf_c(&s->prefixes, ';');
    }
    s->pages++;
}

static void expected(const char *prefix, const char *delimiter, struct shown *s)
{
    struct str last = { 0 };
    for (size_t i = 0; i < N_KEYS; i++) {
        struct str key = str_of(keys[i]), tail;
        if (!str_starts(key, str_of(prefix)))
            continue;
        tail = str_from(key, strlen(prefix));
        size_t at = delimiter[0] ? str_find(tail, str_of(delimiter)) : STR_NONE;
        if (at == STR_NONE) {
            buf_f(&s->keys, "%s;", keys[i]);
            continue;
        }
        struct str common = str_head(key, strlen(prefix) + at + strlen(delimiter));
        if (!last.p || !str_eq(last, common))
            buf_f(&s->prefixes, STR_F ";", STR_A(common));
        last = common;
    }
}

static void read_v2(struct local *l, const char *prefix, const char *delimiter, int max, struct shown *s)
{
    struct str token = S("");
    do {
        const char *line = arena_f(&l->arena, "GET /bkt?list-type=2&encoding-type=url&prefix=" STR_F "&delimiter=" STR_F
                                   "&max-keys=%d%s" STR_F, STR_A(encode(&l->arena, str_of(prefix))),
                                   STR_A(encode(&l->arena, str_of(delimiter))), max, token.n ? "&continuation-token=" : "",
                                   STR_A(encode(&l->arena, token))).p;
        struct str page = local_get(l, line), at = page, count = page;
        add_page(s, page);
        bool more = str_is(local_element(&at, "IsTruncated"), "true");
        at = page;
        token = local_element(&at, "NextContinuationToken");
        assert_int_equal(more, token.n > 0);
        int64_t n;
        assert_true(str_to_i64(local_element(&count, "KeyCount"), &n) && n <= max && (n == max || !more));
    } while (token.n && s->pages < 100);
}

static void read_v1(struct local *l, const char *prefix, const char *delimiter, int max, struct shown *s)
{
    struct str marker = S("");
    bool more = true;
    while (more && s->pages < 100) {
        const char *line = arena_f(&l->arena, "GET /bkt?encoding-type=url&prefix=" STR_F "&delimiter=" STR_F
                                   "&max-keys=%d&marker=" STR_F, STR_A(encode(&l->arena, str_of(prefix))),
                                   STR_A(encode(&l->arena, str_of(delimiter))), max, STR_A(marker)).p;
        struct str page = local_get(l, line), at = page;
        add_page(s, page);
        more = str_is(local_element(&at, "IsTruncated"), "true");
        at = page;
        struct str next = local_element(&at, "NextMarker");
        assert_true(!next.p || delimiter[0]);
        at = page;
        for (struct str k; !delimiter[0] && (k = local_element(&at, "Key")).p;)
            next = k;
        marker = encode(&l->arena, S(""));
        struct buf plain = BUF_INIT;
        codec_unpercent(&plain, next, false);
        marker = encode(&l->arena, buf_str(&plain));
        buf_release(&plain);
    }
}

static void compare(struct shown *got, struct shown *want, const char *what, const char *prefix, const char *delimiter, int max)
{
    if (!str_eq(buf_str(&got->keys), buf_str(&want->keys)) || !str_eq(buf_str(&got->prefixes), buf_str(&want->prefixes)))
        fail_msg("%s prefix '%s' delimiter '%s' max %d: keys " STR_F " want " STR_F " prefixes " STR_F " want " STR_F, what,
                 prefix, delimiter, max, STR_A(buf_str(&got->keys)), STR_A(buf_str(&want->keys)),
                 STR_A(buf_str(&got->prefixes)), STR_A(buf_str(&want->prefixes)));
    buf_release(&got->keys);
    buf_release(&got->prefixes);
}

static void every_page_size_gives_the_same_list(void **state)
{
    (void)state;
    static const char *const prefixes[] = { "", "a", "a/", "a/b", "a/b/", "b/", "b//", "foo/ba", "quux/x/", "\xc3\xa9", "zz", "z" };
    static const char *const delimiters[] = { "", "/", "//", "a", "b/", "\xa9", "zzz" };
    struct local *l = filled();
    for (size_t p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
        for (size_t d = 0; d < sizeof delimiters / sizeof *delimiters; d++) {
            struct shown want = { 0 };
            expected(prefixes[p], delimiters[d], &want);
            for (int max = 1; max < 20; max += max < 4 ? 1 : 7) {
                struct shown v1 = { 0 }, v2 = { 0 };
                read_v2(l, prefixes[p], delimiters[d], max, &v2);
                compare(&v2, &want, "v2", prefixes[p], delimiters[d], max);
                read_v1(l, prefixes[p], delimiters[d], max, &v1);
                compare(&v1, &want, "v1", prefixes[p], delimiters[d], max);
            }
            buf_release(&want.keys);
            buf_release(&want.prefixes);
            arena_reset(&l->arena);
        }
    local_close(l);
}

static const struct { const char *query, *want; } first_keys[] = {
    { "list-type=2&start-after=a/b", "a/b/c" }, { "list-type=2&start-after=a/bb", "a0" },
    { "list-type=2&prefix=foo/&start-after=a", "foo/bar" }, { "list-type=2&start-after=zzzzzz&prefix=a", NULL },
    { "marker=b/x", "foo/bar" }, { "max-keys=0", NULL }, { "list-type=2&max-keys=0", NULL },
    { "list-type=2&prefix=b/&start-after=b//c", "b//d" },
};

static void a_list_starts_where_it_is_told(void **state)
{
    (void)state;
    struct local *l = filled();
    for (size_t i = 0; i < sizeof first_keys / sizeof *first_keys; i++) {
        struct str page = local_get(l, arena_f(&l->arena, "GET /bkt?%s", first_keys[i].query).p);
        struct str at = page, key = local_element(&at, "Key");
        if (!first_keys[i].want) {
            assert_null(key.p);
            assert_true(str_find(page, S("<IsTruncated>false<")) != STR_NONE);
        } else {
            assert_str(key, first_keys[i].want);
        }
    }
    local_close(l);
}

static const struct { const char *query, *code; } refused[] = {
    { "list-type=2&max-keys=-1", "InvalidArgument" }, { "list-type=2&max-keys=x", "InvalidArgument" },
    { "max-keys=99999999999", "InvalidArgument" }, { "encoding-type=base64", "InvalidArgument" },
    { "list-type=2&continuation-token=", "InvalidArgument" }, { "list-type=2&continuation-token=bm9uc2Vuc2U%3D", "InvalidArgument" },
    { "list-type=2&continuation-token=MTAwMDAwMDAwYQ==", "InvalidArgument" },
    { "versions&version-id-marker=x", "InvalidArgument" },
};

static void wrong_parameters_are_refused(void **state)
{
    (void)state;
    struct local *l = filled();
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct str at = local_get(l, arena_f(&l->arena, "GET /bkt?%s", refused[i].query).p);
        struct str code = local_element(&at, "Code");
        if (!str_is(code, refused[i].code))
            fail_msg("%s: " STR_F, refused[i].query, STR_A(code));
    }
    local_close(l);
}

static void the_answer_says_what_was_asked(void **state)
{
    (void)state;
    struct local *l = filled();
    struct str page = local_get(l, "GET /bkt?list-type=2&prefix=a/&delimiter=/&start-after=a&fetch-owner=true&max-keys=5000");
    assert_true(str_starts(page, S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                                   "<Name>bkt</Name><Prefix>a/</Prefix><StartAfter>a</StartAfter><KeyCount>3</KeyCount><MaxKeys>1000</MaxKeys>"
                                   "<Delimiter>/</Delimiter><IsTruncated>false</IsTruncated><Contents><Key>a/</Key>"
                                   "<LastModified>2021-01-01T00:00:00.000Z</LastModified><ETag>&quot;c4ca4238a0b923820dcc509a6f75849b&quot;</ETag>")));
    assert_true(str_find(page, S("<Owner><ID>")) != STR_NONE);
    page = local_get(l, "GET /bkt?list-type=2&prefix=z");
    assert_true(str_find(page, S("<Key>z+=%&amp;&lt;&gt;&quot;</Key>")) != STR_NONE);
    assert_true(str_find(page, S("<Owner>")) == STR_NONE);
    local_close(l);
}

static void a_hundred_thousand_keys_are_listed_quickly(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct local *l = local_open(&(struct cloud_setting[]){ { "s3.buckets", "bkt" }, { 0 } }[0], NULL);
    int64_t start = clock_stopwatch_us();
    for (int i = 0; i < N; i++) {
        assert_int_equal(local_put(l, arena_f(&l->arena, "PUT /bkt/topics/t.pin/partition=0/t.pin+0+%010d.json", i).p, S("{}\n")), 200);
        arena_reset(&l->arena);
    }
    int64_t stored = clock_stopwatch_us();
    size_t n = 0;
    struct str token = S("");
    do {
        struct str page = local_get(l, arena_f(&l->arena, "GET /bkt?list-type=2%s" STR_F, token.n ? "&continuation-token=" : "",
                                               STR_A(encode(&l->arena, token))).p), at = page;
        while (local_element(&at, "Key").p)
            n++;
        at = page;
        token = local_element(&at, "NextContinuationToken");
    } while (token.n);
    assert_int_equal(n, N);
    struct str page = local_get(l, "GET /bkt?list-type=2&delimiter=/");
    assert_true(str_find(page, S("<Prefix>topics/</Prefix>")) != STR_NONE);
    print_message("%d objects put in %lld ms, listed in %lld ms\n", N, (long long)(stored - start) / 1000,
                  (long long)(clock_stopwatch_us() - stored) / 1000);
    local_close(l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_size_gives_the_same_list), cmocka_unit_test(a_list_starts_where_it_is_told),
        cmocka_unit_test(wrong_parameters_are_refused), cmocka_unit_test(the_answer_says_what_was_asked),
        cmocka_unit_test(a_hundred_thousand_keys_are_listed_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
