/* What the partition log promises: dense offsets, records that stay, trimming that frees, readers beside appenders. */
#include "mocks/cloud/plog.h"

#include <pthread.h>

#include "tests/support/t.h"

struct seen {
    int64_t next; /* offset expected */
    size_t n, most;
    struct plog_record last;
};

static bool see(void *arg, const struct plog_record *r)
{
    struct seen *s = arg;
    if (s->n == s->most)
        return false;
    assert_int_equal(r->offset, s->next);
    s->next++;
    s->n++;
    s->last = *r;
    return true;
}

static size_t count_from(struct plog *l, unsigned partition, int64_t offset, int64_t first)
{
    struct seen s = { .next = first, .most = SIZE_MAX };
    int64_t end = plog_read(l, partition, offset, see, &s);
    assert_int_equal(end, first + (int64_t)s.n);
    return s.n;
}

static void offsets_are_dense_and_bytes_come_back(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 2);
    assert_string_equal(plog_name(l), "t");
    assert_int_equal(plog_partitions(l), 2);
    static const struct { struct str key, value; } rows[] = {
        { S_INIT("k"), S_INIT("v") }, { { NULL, 0 }, S_INIT("only a value") }, { S_INIT("only a key"), { NULL, 0 } },
        { S_INIT(""), S_INIT("") },   { S_INIT("\0\n\xff"), S_INIT("a\0b") },
    };
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(plog_append(l, 1, 1000 + (int64_t)i, i * 7, rows[i].key, rows[i].value), i);
    for (size_t i = 0; i < 5; i++) {
        struct seen s = { .next = (int64_t)i, .most = 1 };
        assert_int_equal(plog_read(l, 1, (int64_t)i, see, &s), i + 1);
        assert_true(str_eq(s.last.key, rows[i].key) && !s.last.key.p == !rows[i].key.p);
        assert_true(str_eq(s.last.value, rows[i].value) && !s.last.value.p == !rows[i].value.p);
        assert_int_equal(s.last.time_ms, 1000 + i);
        assert_int_equal(s.last.extra, i * 7);
    }
    assert_int_equal(plog_end(l, 0), 0);
    assert_int_equal(plog_end(l, 1), 5);
    assert_int_equal(count_from(l, 0, 0, 0), 0);
    assert_int_equal(count_from(l, 1, 5, 5), 0);
    assert_int_equal(count_from(l, 1, 99, 99), 0);
    plog_close(l);
}

static void a_partition_that_does_not_exist_takes_and_gives_nothing(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    assert_int_equal(plog_append(l, 1, 0, 0, S("k"), S("v")), -1);
    assert_int_equal(plog_end(l, 7), 0);
    assert_int_equal(plog_begin(l, 7), 0);
    assert_int_equal(count_from(l, 7, 3, 3), 0);
    plog_trim(l, 7, 1);
    plog_close(l);
}

static void records_never_move_and_cost_little_more_than_their_bytes(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    enum { N = 50000 };
    char value[200];
    memset(value, 'x', sizeof value);
    plog_append(l, 0, 0, 0, S("first"), S("stays"));
    struct seen first = { .most = 1 };
    plog_read(l, 0, 0, see, &first);
    uint64_t bytes = 10;
    for (int i = 1; i < N; i++) {
        size_t n = (size_t)i * 37 % sizeof value;
        plog_append(l, 0, i, 0, S("12345"), (struct str){ value, n });
        bytes += 5 + n;
    }
    assert_str(first.last.value, "stays");
    assert_str(first.last.key, "first");
    struct seen again = { .most = 1 };
    plog_read(l, 0, 0, see, &again);
    assert_ptr_equal(again.last.value.p, first.last.value.p);
    assert_true(plog_bytes(l) <= bytes + 48u * N);
    assert_int_equal(count_from(l, 0, 0, 0), N);
    assert_int_equal(count_from(l, 0, N - 3, N - 3), 3);
    plog_close(l);
}

static void a_record_larger_than_a_chunk_is_kept_whole(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    size_t n = 10u << 20;
    char *big = mem_alloc(n);
    for (size_t i = 0; i < n; i++)
        big[i] = (char)(i * 31);
    plog_append(l, 0, 1, 0, S("a"), S("small"));
    plog_append(l, 0, 2, 0, S("b"), (struct str){ big, n });
    plog_append(l, 0, 3, 0, S("c"), S("small"));
    struct seen s = { .next = 1, .most = 1 };
    plog_read(l, 0, 1, see, &s);
    assert_true(str_eq(s.last.value, (struct str){ big, n }));
    assert_int_equal(count_from(l, 0, 0, 0), 3);
    free(big);
    plog_close(l);
}

static void trimming_frees_chunks_and_moves_the_beginning(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    char value[1000] = { 0 };
    for (int i = 0; i < 2000; i++)
        plog_append(l, 0, i, 0, S(""), (struct str){ value, sizeof value });
    uint64_t full = plog_bytes(l);
    plog_trim(l, 0, 1500);
    assert_int_equal(plog_begin(l, 0), 1500);
    assert_true(plog_bytes(l) < full / 2);
    assert_int_equal(count_from(l, 0, 0, 1500), 500);
    assert_int_equal(plog_seek_time(l, 0, 3), 1500);
    plog_trim(l, 0, 10); /* never backwards */
    assert_int_equal(plog_begin(l, 0), 1500);
    plog_trim(l, 0, 99999);
    assert_int_equal(plog_begin(l, 0), 2000);
    assert_int_equal(plog_bytes(l), 0);
    assert_int_equal(count_from(l, 0, 0, 2000), 0);
    assert_int_equal(plog_append(l, 0, 5, 0, S("k"), S("after")), 2000);
    assert_int_equal(count_from(l, 0, 0, 2000), 1);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 1000; i++)
            plog_append(l, 0, i, 0, S(""), (struct str){ value, sizeof value });
        plog_trim(l, 0, plog_end(l, 0));
    }
    assert_int_equal(plog_bytes(l), 0);
    plog_close(l);
}

static void seeking_by_time_finds_the_first_even_when_times_do_not_ascend(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    assert_int_equal(plog_seek_time(l, 0, 0), 0);
    static const int64_t times[] = { 10, 20, 20, 15, 40, 30 };
    for (size_t i = 0; i < 6; i++)
        plog_append(l, 0, times[i], 0, S(""), S(""));
    static const struct { int64_t t, offset; } cases[] = { { 0, 0 },  { 10, 0 }, { 11, 1 }, { 20, 1 },
                                                           { 21, 4 }, { 40, 4 }, { 41, 6 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(plog_seek_time(l, 0, cases[i].t), cases[i].offset);
    plog_close(l);
}

static void growing_keeps_what_is_there(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    plog_append(l, 0, 0, 0, S("k"), S("v"));
    plog_grow(l, 9);
    plog_grow(l, 3); /* never shrinks */
    assert_int_equal(plog_partitions(l), 9);
    assert_int_equal(plog_append(l, 8, 0, 0, S("k"), S("v")), 0);
    assert_int_equal(plog_end(l, 0), 1);
    plog_close(l);
}

enum { WRITERS = 4, PER_WRITER = 4000, PARTITIONS = 3 };
struct work {
    struct plog *l;
    int id;
};

static void *write_all(void *arg)
{
    struct work *w = arg;
    for (int i = 0; i < PER_WRITER; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "%d:%d", w->id, i);
        plog_append(w->l, (unsigned)i % PARTITIONS, i, (uint64_t)w->id << 32 | (uint32_t)i, S("key"),
                    (struct str){ text, (size_t)n });
        if (i % 1000 == 0)
            plog_grow(w->l, PARTITIONS + (unsigned)(w->id + i / 1000));
    }
    return NULL;
}

/* Per writer the numbers ascend within a partition, and every value is whole. */
static bool judge(void *arg, const struct plog_record *r)
{
    int64_t *last = arg;
    int writer = (int)(r->extra >> 32), i = (int)(uint32_t)r->extra;
    char want[32];
    snprintf(want, sizeof want, "%d:%d", writer, i);
    if (i <= last[writer] || !str_is(r->value, want))
        return false;
    last[writer] = i;
    return true;
}

static void *read_along(void *arg)
{
    struct work *w = arg;
    int64_t at[PARTITIONS] = { 0 }, last[PARTITIONS][WRITERS], sum = 0;
    memset(last, 0xff, sizeof last);
    while (sum < (int64_t)WRITERS * PER_WRITER) {
        sum = 0;
        for (unsigned p = 0; p < PARTITIONS; p++) {
            int64_t end = plog_end(w->l, p);
            at[p] = plog_read(w->l, p, at[p], judge, last[p]);
            if (at[p] < end)
                return w; /* a record is out of order or torn */
            sum += at[p];
        }
    }
    return NULL;
}

static void appenders_and_readers_at_once_lose_nothing(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", PARTITIONS);
    pthread_t writers[WRITERS], readers[2];
    struct work work[WRITERS];
    for (int i = 0; i < WRITERS; i++)
        work[i] = (struct work){ l, i };
    for (int i = 0; i < 2; i++)
        pthread_create(&readers[i], NULL, read_along, &work[0]);
    for (int i = 0; i < WRITERS; i++)
        pthread_create(&writers[i], NULL, write_all, &work[i]);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    for (int i = 0; i < 2; i++) {
        void *complaint;
        pthread_join(readers[i], &complaint);
        assert_null(complaint);
    }
    int64_t sum = 0;
    for (unsigned p = 0; p < PARTITIONS; p++)
        sum += plog_end(l, p);
    assert_int_equal(sum, WRITERS * PER_WRITER);
    plog_close(l);
}

static void *trim_along(void *arg)
{
    struct work *w = arg;
    for (int i = 0; i < 200; i++)
        for (unsigned p = 0; p < PARTITIONS; p++)
            plog_trim(w->l, p, plog_end(w->l, p) - 10);
    return NULL;
}

static bool touch(void *arg, const struct plog_record *r)
{
    size_t *sum = arg;
    for (size_t i = 0; i < r->value.n; i++)
        *sum += (unsigned char)r->value.p[i];
    return true;
}

static void trimming_beside_readers_and_appenders_is_safe(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", PARTITIONS);
    struct work w = { l, 0 };
    pthread_t writer, trimmer;
    pthread_create(&writer, NULL, write_all, &w);
    pthread_create(&trimmer, NULL, trim_along, &w);
    size_t sum = 0;
    for (int i = 0; i < 100; i++)
        for (unsigned p = 0; p < PARTITIONS; p++) {
            plog_read(l, p, 0, touch, &sum);
            plog_seek_time(l, p, i);
        }
    pthread_join(writer, NULL);
    pthread_join(trimmer, NULL);
    plog_close(l);
}

static void a_set_creates_finds_removes_and_lists_by_name(void **state)
{
    (void)state;
    struct plog_set *s = plog_set_open();
    struct err e;
    struct plog *b = plog_set_create(s, S("b"), 2, &e);
    assert_non_null(b);
    assert_null(plog_set_create(s, S("b"), 2, &e));
    assert_string_equal(e.code, "TOPIC_EXISTS");
    assert_ptr_equal(plog_set_ensure(s, S("b"), 9), b);
    assert_int_equal(plog_partitions(b), 2);
    plog_set_ensure(s, S("a.pin"), 1);
    plog_set_ensure(s, S("B"), 1);
    size_t n;
    struct plog **list = plog_set_list(s, &n);
    assert_int_equal(n, 3);
    assert_string_equal(plog_name(list[0]), "B");
    assert_string_equal(plog_name(list[1]), "a.pin");
    assert_string_equal(plog_name(list[2]), "b");
    free(list);
    assert_true(plog_set_remove(s, S("b")));
    assert_false(plog_set_remove(s, S("b")));
    assert_null(plog_set_find(s, S("b")));
    assert_int_equal(plog_append(b, 0, 0, 0, S(""), S("")), 0); /* removed, not freed */
    assert_true(plog_set_ensure(s, S("b"), 1) != b);
    plog_set_reset(s);
    list = plog_set_list(s, &n);
    assert_int_equal(n, 0);
    free(list);
    plog_set_close(s);
}

static void the_generation_changes_with_every_append(void **state)
{
    (void)state;
    struct plog_set *s = plog_set_open();
    struct plog *l = plog_set_ensure(s, S("t"), 2);
    uint64_t g = plog_set_generation(s);
    plog_append(l, 0, 0, 0, S(""), S(""));
    assert_int_not_equal(plog_set_generation(s), g);
    plog_set_wait(s, g, 60000); /* changed already: returns at once */
    plog_set_wait(s, plog_set_generation(s), 1);
    plog_set_close(s);
}

static void *wait_long(void *arg)
{
    struct plog_set *s = arg;
    plog_set_wait(s, 0, 60000);
    return NULL;
}

static void waiting_ends_by_an_append_and_by_a_wake(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct plog_set *s = plog_set_open();
        pthread_t t;
        pthread_create(&t, NULL, wait_long, s);
        if (i)
            plog_append(plog_set_ensure(s, S("t"), 1), 0, 0, 0, S(""), S(""));
        else
            plog_set_wake(s);
        pthread_join(t, NULL);
        plog_set_close(s);
    }
}

static bool collect(void *arg, const struct plog_record *r)
{
    struct plog_record **to = arg;
    *(*to)++ = *r;
    return true;
}

static void many_enter_together_with_headers(void **state)
{
    (void)state;
    struct plog *l = plog_open("t", 1);
    struct plog_record in[] = {
        { .time_ms = 1, .key = S_INIT("k"), .value = S_INIT("v"), .headers = S_INIT("h1") },
        { .time_ms = 2, .value = S_INIT("only a value") },
        { .time_ms = 3, .key = S_INIT(""), .headers = S_INIT("") },
    }, out[4], *to = out;
    assert_int_equal(plog_append(l, 0, 0, 0, S("a"), S("b")), 0);
    assert_int_equal(plog_append_many(l, 0, in, 3), 1);
    assert_int_equal(plog_append_many(l, 7, in, 3), -1);
    assert_int_equal(plog_append_many(l, 0, in, 0), 4);
    assert_int_equal(plog_read(l, 0, 0, collect, &to), 4);
    assert_null(out[0].headers.p);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(out[i + 1].offset, i + 1);
        assert_true(out[i + 1].time_ms == in[i].time_ms);
        assert_true(str_eq(out[i + 1].key, in[i].key) && (out[i + 1].key.p == NULL) == (in[i].key.p == NULL));
        assert_true(str_eq(out[i + 1].value, in[i].value) && (out[i + 1].value.p == NULL) == (in[i].value.p == NULL));
        assert_true(str_eq(out[i + 1].headers, in[i].headers) && (out[i + 1].headers.p == NULL) == (in[i].headers.p == NULL));
    }
    plog_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_are_dense_and_bytes_come_back), cmocka_unit_test(many_enter_together_with_headers),
        cmocka_unit_test(a_partition_that_does_not_exist_takes_and_gives_nothing),
        cmocka_unit_test(records_never_move_and_cost_little_more_than_their_bytes),
        cmocka_unit_test(a_record_larger_than_a_chunk_is_kept_whole),
        cmocka_unit_test(trimming_frees_chunks_and_moves_the_beginning),
        cmocka_unit_test(seeking_by_time_finds_the_first_even_when_times_do_not_ascend),
        cmocka_unit_test(growing_keeps_what_is_there),
        cmocka_unit_test(appenders_and_readers_at_once_lose_nothing),
        cmocka_unit_test(trimming_beside_readers_and_appenders_is_safe),
        cmocka_unit_test(a_set_creates_finds_removes_and_lists_by_name),
        cmocka_unit_test(the_generation_changes_with_every_append),
        cmocka_unit_test(waiting_ends_by_an_append_and_by_a_wake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
