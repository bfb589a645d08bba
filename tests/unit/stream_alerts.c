/* Alerts: which rows raise one, the id, a webhook that answers late, never or no, programs, files, the dead. */
#include <pthread.h>

#include "net/http.h"
#include "tests/unit/stream_world.h"

#define WINDOW "{\"window\":\"w\",\"from\":\"user\",\"time\":\"date_joined\",\"size\":\"1d\",\"group_by\":[\"user_name\"],\"aggregate\":{\"n\":{\"count\":\"*\"}}," \
               "\"order_by\":[\"user_name\"],\"alerts\":[%s]}"

struct hook {
    struct http_server *server;
    uint16_t port;
    struct clock clock;
    pthread_mutex_t lock;
    struct buf got; /* "ID BODY\n" */
    int refuse;     /* so many calls are answered 503 first */
};

static void answer(void *ctx, struct http_exchange *x)
{
    struct hook *h = ctx;
    pthread_mutex_lock(&h->lock);
    struct str id = http_header_get(x->request.headers, x->request.n_headers, "Idempotency-Key");
    buf_f(&h->got, STR_F " " STR_F "\n", STR_A(id), STR_A(x->request.body));
    x->reply.status = h->refuse-- > 0 ? 503 : 204;
    pthread_mutex_unlock(&h->lock);
    http_finish(x);
}

static void hook_open(struct hook *h)
{
    struct err e = { 0 };
    *h = (struct hook){ .lock = PTHREAD_MUTEX_INITIALIZER };
    clock_init_virtual(&h->clock, 0);
    struct http_options o = { .clock = &h->clock, .handler = answer, .ctx = h };
    h->server = http_open(&o, &e);
    assert_non_null(h->server);
    assert_ok(http_listen(h->server, "127.0.0.1", 0, NULL, &h->port, &e), &e);
}

static void hook_close(struct hook *h)
{
    http_close(h->server);
    buf_release(&h->got);
}

/* One closed window: A B twice, C D once. */
static void begin(struct world *w, const char *alert)
{
    struct err e = { 0 };
    struct arena a = ARENA_INIT;
    const char *const files[] = { arena_f(&a, WINDOW, alert).p, NULL };
    static const char *const rows[] = { "\"A\",\"last_name\":\"B\",\"age\":1,\"date_joined\":\"2020-01-01", "\"A\",\"last_name\":\"B\",\"age\":1,\"date_joined\":\"2020-01-01",
                                        "\"C\",\"last_name\":\"D\",\"age\":1,\"date_joined\":\"2020-01-01", "\"C\",\"last_name\":\"D\",\"age\":1,\"date_joined\":\"2020-01-03" };
    world_begin(w, NULL, files);
    assert_ok(world_start_stream(w, &e), &e);
    for (int i = 0; i < 4; i++)
        world_feed(w, 2, arena_f(&a, "{\"ind\":%d,\"first_name\":%s 00:00:00\"}", i, rows[i]), 0);
    world_batch(w);
    arena_release(&a);
}

/* Time goes on to when the next is due, until none is left; the number of rounds. */
static int deliver(struct world *w)
{
    struct err e = { 0 };
    struct clock *clock = &w->memory[FOLDER].clock;
    int64_t next_ms = 1;
    int rounds = 0;
    for (; next_ms && rounds < 100; rounds++) {
        assert_ok(stream_alert_deliver(w->stream, &next_ms, &e), &e);
        clock_advance_ms(clock, next_ms ? next_ms - clock_now_ms(clock) : 0);
    }
    assert_true(rounds < 100);
    return rounds;
}

static size_t lines_of(struct str text)
{
    size_t n = 0;
    while (text.n)
        str_cut(&text, '\n'), n++;
    return n;
}

static void conditions_choose_rows(void **state)
{
    (void)state;
    static const struct { const char *when; int raised; } cases[] = {
        { "[]", 2 },
        { "[{\"column\":\"n\",\"at_least\":2}]", 1 },
        { "[{\"column\":\"n\",\"at_most\":1}]", 1 },
        { "[{\"column\":\"n\",\"equals\":3}]", 0 },
        { "[{\"column\":\"user_name\",\"equals\":\"C D\"}]", 1 },
        { "[{\"column\":\"user_name\",\"equals\":\"C D\"},{\"column\":\"n\",\"at_least\":2}]", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world w;
        struct arena a = ARENA_INIT;
        begin(&w, arena_f(&a, "{\"alert\":\"a\",\"when\":%s,\"file\":\"deep/alerts.jsonl\"}", cases[i].when).p);
        assert_int_equal(w.stream->sums.alerts, cases[i].raised);
        deliver(&w);
        assert_int_equal(lines_of(world_file(&w, "deep/alerts.jsonl", &a)), cases[i].raised);
        world_end(&w);
        arena_release(&a);
    }
}

static void a_webhook_gets_it_under_one_id_until_it_takes_it(void **state)
{
    (void)state;
    struct world w;
    struct hook h;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    int64_t next_ms;
    hook_open(&h);
    h.refuse = 3;
    begin(&w, arena_f(&a, "{\"alert\":\"many\",\"when\":[{\"column\":\"n\",\"at_least\":2}],\"webhook\":\"http://127.0.0.1:%u/x\"}", h.port).p);
    assert_ok(stream_alert_deliver(w.stream, &next_ms, &e), &e);
    assert_ok(stream_alert_deliver(w.stream, &next_ms, &e), &e); /* not due yet */
    assert_int_equal(lines_of(buf_str(&h.got)), 1);
    world_stop_stream(&w); /* it waits in the folder, with its attempts */
    assert_ok(world_start_stream(&w, &e), &e);
    assert_int_equal(w.stream->outbox.n, 1);
    assert_int_equal(w.stream->outbox.pending[0].attempts, 1);
    deliver(&w);
    assert_int_equal(w.stream->sums.delivered, 1);
    struct str rest = buf_str(&h.got), first = str_cut(&rest, '\n');
    struct str body = str_from(first, 33);
    assert_int_equal(lines_of(buf_str(&h.got)), 4);
    while (rest.n) {
        struct str line = str_cut(&rest, '\n');
        assert_true(str_eq(line, first));
    }
    assert_true(str_eq(json_get_text(body, "id", &a), str_head(first, 32)));
    assert_true(str_find(body, S("\"alert\":\"many\",\"window\":\"w\",\"row\":{\"window_start\":\"2020-01-01T00:00:00Z\",\"window_end\":\"2020-01-02T00:00:00Z\",\"user_name\":\"A B\",\"n\":2}}")) != STR_NONE);
    world_stop_stream(&w); /* delivered for good */
    assert_ok(world_start_stream(&w, &e), &e);
    assert_int_equal(w.stream->outbox.n, 0);
    world_end(&w);
    hook_close(&h);
    arena_release(&a);
}

/* The answer came and the process died before it could write that down. */
static void who_dies_behind_a_delivery_delivers_again_under_the_same_id(void **state)
{
    (void)state;
    struct world w;
    struct hook h;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    int64_t next_ms;
    hook_open(&h);
    begin(&w, arena_f(&a, "{\"alert\":\"many\",\"when\":[{\"column\":\"n\",\"at_least\":2}],\"webhook\":\"http://127.0.0.1:%u/x\"}", h.port).p);
    w.stores[FOLDER].fail_at = w.stores[FOLDER].op + 1;
    assert_int_equal(stream_alert_deliver(w.stream, &next_ms, &e), -1);
    world_stop_stream(&w);
    assert_ok(world_start_stream(&w, &e), &e);
    deliver(&w);
    struct str rest = buf_str(&h.got), first = str_cut(&rest, '\n');
    assert_true(rest.n && str_eq(str_cut(&rest, '\n'), first));
    assert_int_equal(rest.n, 0);
    world_end(&w);
    hook_close(&h);
    arena_release(&a);
}

static void what_cannot_be_delivered_is_dead_after_so_many_tries(void **state)
{
    (void)state;
    static const char *const targets[] = { "\"webhook\":\"http://127.0.0.1:1/\"", "\"exec\":[\"false\"]", "\"exec\":[\"/no/such/program\"]",
                                           "\"exec\":[\"sh\",\"-c\",\"kill -9 $$\"]" };
    static const char *const reasons[] = { "127.0.0.1:1", "exit status 1", "No such file", "signal 9" };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct world w;
        struct arena a = ARENA_INIT;
        begin(&w, arena_f(&a, "{\"alert\":\"many\",\"when\":[{\"column\":\"n\",\"at_least\":2}],%s}", targets[i]).p);
        int64_t before = clock_now_ms(&w.memory[FOLDER].clock);
        assert_int_equal(deliver(&w), 6);
        int64_t took = clock_now_ms(&w.memory[FOLDER].clock) - before;
        assert_true(took >= 7000 && took <= 15500); /* half to whole of 0.5 + 1 + 2 + 4 + 8 s */
        assert_int_equal(w.stream->sums.dead, 1);
        assert_int_equal(w.stream->sums.delivered, 0);
        struct memory_object *dead = map_get(&w.memory[FOLDER].objects, S("dead.jsonl"));
        assert_non_null(dead);
        assert_true(str_starts(dead->bytes, S("{\"attempts\":6,\"reason\":")));
        if (str_find(dead->bytes, str_of(reasons[i])) == STR_NONE)
            fail_msg(STR_F, STR_A(dead->bytes));
        world_end(&w);
        arena_release(&a);
    }
}

static void a_program_gets_it_on_its_standard_input(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    char file[] = P_tmpdir "/weirbox-alert-XXXXXX";
    int fd = mkstemp(file);
    assert_true(fd >= 0);
    close(fd);
    begin(&w, arena_f(&a, "{\"alert\":\"many\",\"when\":[{\"column\":\"n\",\"at_least\":2}],\"exec\":[\"sh\",\"-c\",\"cat >>%s\"]}", file).p);
    assert_int_equal(deliver(&w), 1);
    struct str got = t_file(&a, file);
    assert_true(json_valid(str_trim(got)));
    assert_int_equal(json_get_text(got, "id", &a).n, 32);
    unlink(file);
    world_end(&w);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_choose_rows),
        cmocka_unit_test(a_webhook_gets_it_under_one_id_until_it_takes_it),
        cmocka_unit_test(who_dies_behind_a_delivery_delivers_again_under_the_same_id),
        cmocka_unit_test(what_cannot_be_delivered_is_dead_after_so_many_tries),
        cmocka_unit_test(a_program_gets_it_on_its_standard_input),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
