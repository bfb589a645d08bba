/* A stub service over a real socket: what dispatch, faults, journal, admin and the two HTTP doors promise. */
#include "tests/support/t.h"

#include <pthread.h>

#include "base/json.h"
#include "mocks/cloud/cloud.h"
#include "net/client.h"

/* ---- the stub: /echo/… answers its body, /count how long it is, /later from another thread, /crowd once there are many
 * of them, /none is not built ---- */

enum { CROWD = 40 };

struct stub {
    int effects;
    pthread_mutex_t lock;
    struct call *crowd[CROWD];
    int n_crowd;
};

static int echo(struct call *c)
{
    struct stub *s = c->state;
    __atomic_add_fetch(&s->effects, 1, __ATOMIC_RELAXED);
    buf_str_add(call_body(c), c->request->body.n ? c->request->body : c->request->target);
    return 0;
}

static int count(struct call *c)
{
    buf_u64(call_body(c), c->request->body.n);
    return 0;
}

static void *finish_later(void *arg)
{
    struct call *c = arg;
    buf_z(call_body(c), "later");
    call_finish(c, 0);
    return NULL;
}

static int later(struct call *c)
{
    pthread_t thread;
    pthread_create(&thread, NULL, finish_later, c);
    pthread_detach(thread);
    return CALL_LATER;
}

static int crowd(struct call *c)
{
    struct stub *s = c->state;
    struct call *all[CROWD];
    pthread_mutex_lock(&s->lock);
    s->crowd[s->n_crowd++] = c;
    bool full = s->n_crowd == CROWD;
    if (full) {
        memcpy(all, s->crowd, sizeof all);
        s->n_crowd = 0;
    }
    pthread_mutex_unlock(&s->lock);
    for (int i = 0; full && i < CROWD; i++)
        if (all[i] != c)
            call_finish(all[i], 0);
    return full ? 0 : CALL_LATER;
}

static const struct action actions[] = {
    { "Echo", echo, NULL, 0, "/echo" }, { "Later", later, NULL, 0, "/later" }, { "None", NULL, NULL, 0, "/none" },
    { "Count", count, NULL, 0, "/count" }, { "Crowd", crowd, NULL, 0, "/crowd" },
};
enum { N_ACTIONS = sizeof actions / sizeof *actions };

static const struct action *route(struct call *c)
{
    for (size_t i = 0; i < N_ACTIONS; i++)
        if (str_starts(c->request->path, str_of(actions[i].match))) {
            c->resource = str_from(c->request->path, strlen(actions[i].match));
            return &actions[i];
        }
    call_fail(c, 404, "NoSuchPath", "no " STR_F " here", STR_A(c->request->path));
    return NULL;
}

static void phrase(struct call *c) { buf_f(call_body(c), "%s: %s", c->err.code, c->err.message); }
static void *open_stub(struct cloud *cloud, struct err *e)
{
    (void)cloud, (void)e;
    struct stub *s = mem_zero(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

static const struct service stub_service = {
    .name = "stub", .title = "Stub", .actions = actions, .n_actions = N_ACTIONS, .port = 7999, .route = route, .phrase = phrase,
    .open = open_stub, .close = free, .throttle = { 429, "SlowDown", "less, please" },
};
static const struct service *const services[] = { &stub_service, NULL };

/* ---- fixture ---- */

struct world {
    struct clock clock;
    struct cloud *cloud;
    struct client *client;
    struct arena arena;
};

static int set_up(void **state)
{
    struct world *w = mem_zero(sizeof *w);
    struct err e = { 0 };
    clock_init_virtual(&w->clock, 1700000000000);
    w->cloud = cloud_open(&(struct cloud_options){ .services = services, .clock = &w->clock, .seed = 7 }, &e);
    assert_non_null(w->cloud);
    w->client = client_open(&(struct client_options){ .clock = &w->clock, .max_attempts = 1 }, &e);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    client_close(w->client);
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

static struct client_response ask(struct world *w, const char *method, const char *target, const char *body)
{
    struct err e = { 0 };
    struct client_response r;
    struct str url = arena_f(&w->arena, "%s%s", cloud_url(w->cloud, "stub"), target);
    struct client_request q = { .method = method, .url = url, .body = str_of(body) };
    client_do(w->client, &q, &w->arena, &r, &e);
    return r;
}

static void set_faults(struct world *w, const char *rules)
{
    struct err e = { 0 };
    assert_ok(faults_load(cloud_faults(w->cloud), str_of(rules), &e), &e);
}

static int effects(struct world *w) { return ((struct stub *)cloud_state(w->cloud, "stub"))->effects; }

/* ---- what is promised ---- */

static void answers_come_back_whole(void **state)
{
    struct world *w = *state;
    assert_str(ask(w, "GET", "/echo/a%2Fb+c?x=1&y", NULL).body, "/echo/a%2Fb+c?x=1&y");
    assert_str(ask(w, "POST", "/echo", "body").body, "body");
    assert_int_equal(ask(w, "GET", "/elsewhere", NULL).status, 404);
    assert_str(ask(w, "GET", "/later", NULL).body, "later");
    struct buf large = BUF_INIT;
    for (int i = 0; i < 300000; i++)
        buf_f(&large, "%08d", i);
    struct client_response r = ask(w, "PUT", "/echo", buf_cstr(&large));
    assert_true(str_eq(r.body, buf_str(&large)));
    buf_release(&large);
}

static void what_is_not_built_says_so(void **state)
{
    struct client_response r = ask(*state, "GET", "/none", NULL);
    assert_int_equal(r.status, 501);
    assert_str(r.body, "NotImplemented: weirbox does not implement None of Stub.");
}

static void faults_do_what_their_rules_say(void **state)
{
    static const struct {
        const char *rules;
        int statuses[4]; /* of four calls; 0 = no answer */
        int effects;
    } cases[] = {
        { "[]", { 200, 200, 200, 200 }, 4 },
        { "[{\"service\":\"stub\",\"error\":{\"statusCode\":503,\"code\":\"Gone\"},\"times\":1}]", { 503, 200, 200, 200 }, 3 },
        { "[{\"action\":\"Ec*\",\"throttle\":true,\"offset\":1,\"times\":2}]", { 200, 429, 429, 200 }, 2 },
        { "[{\"operation\":\"Echo\",\"reset\":\"before\",\"every\":2}]", { 0, 200, 0, 200 }, 2 },
        { "[{\"reset\":\"after\",\"times\":2}]", { 0, 0, 200, 200 }, 4 },
        { "[{\"error\":{\"statusCode\":500},\"phase\":\"after\",\"times\":1}]", { 500, 200, 200, 200 }, 4 },
        { "[{\"service\":\"other\",\"throttle\":true}]", { 200, 200, 200, 200 }, 4 },
        { "[{\"resource\":\"/x\",\"throttle\":true}]", { 200, 200, 200, 200 }, 4 },
        { "[{\"latency_ms\":5000}]", { 200, 200, 200, 200 }, 4 },
        { "{\"rules\":[{\"probability\":0,\"throttle\":true}]}", { 200, 200, 200, 200 }, 4 },
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_faults(w, cases[i].rules);
        int before = effects(w);
        for (int k = 0; k < 4; k++)
            assert_int_equal(ask(w, "GET", "/echo", NULL).status, cases[i].statuses[k]);
        assert_int_equal(effects(w) - before, cases[i].effects);
    }
}

static void latency_passes_on_the_clock(void **state)
{
    struct world *w = *state;
    set_faults(w, "[{\"latency_ms\":5000,\"times\":1}]");
    int64_t before = clock_now_ms(&w->clock);
    assert_int_equal(ask(w, "GET", "/echo", NULL).status, 200);
    assert_int_equal(clock_now_ms(&w->clock) - before, 5000);
}

static void broken_rules_are_refused_by_name(void **state)
{
    static const struct { const char *rules, *says; } cases[] = {
        { "[{\"throtle\":true}]", "fault rule 0: unknown field 'throtle'" },
        { "[{\"service\":\"s3\"}]", "fault rule 0: does nothing" },
        { "[{\"throttle\":true},{\"throttle\":1}]", "fault rule 1: field 'throttle' must be true or false" },
        { "[{\"error\":{\"statusCode\":200}}]", "error.statusCode" },
        { "[{\"latency_ms\":{\"min\":9,\"max\":1}}]", "latency_ms" },
        { "[{\"reset\":\"later\"}]", "reset" },
        { "[{\"probability\":2,\"throttle\":true}]", "probability" },
        { "[{\"throttle\":true]", "not valid JSON" },
        { "7", "must be a JSON array" },
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        assert_int_equal(faults_load(cloud_faults(w->cloud), str_of(cases[i].rules), &e), -1);
        if (!strstr(e.message, cases[i].says))
            fail_msg("%s: says '%s'", cases[i].rules, e.message);
    }
    assert_int_equal(ask(w, "GET", "/echo", NULL).status, 200);
}

static void the_client_survives_faults_and_says_what_it_met(void **state)
{
    struct world *w = *state;
    struct err e = { 0 };
    set_faults(w, "[{\"reset\":\"after\",\"times\":1},{\"throttle\":true,\"times\":2},{\"error\":{\"statusCode\":500},\"times\":1}]");
    struct client *c = client_open(&(struct client_options){ .clock = &w->clock }, &e);
    struct client_response r;
    struct client_request q = { .method = "POST", .url = arena_f(&w->arena, "%s/echo", cloud_url(w->cloud, "stub")), .body = S("x") };
    assert_ok(client_do(c, &q, &w->arena, &r, &e), &e);
    assert_int_equal(r.status, 200);
    assert_int_equal(r.attempts, 5); /* one reset, two throttles, one error, one after the other */
    assert_true(r.ambiguous);
    assert_int_equal(client_stats(c).retries, 4);
    q.url = S("http://127.0.0.1:1/");
    assert_int_equal(client_do(c, &q, &w->arena, &r, &e), -1);
    assert_int_equal(r.attempts, 8);
    assert_false(r.ambiguous);
    client_close(c);
}

static void the_journal_tells_what_happened_and_why(void **state)
{
    struct world *w = *state;
    set_faults(w, "[{\"resource\":\"/two\",\"throttle\":true}]");
    ask(w, "GET", "/echo/one", NULL);
    ask(w, "GET", "/echo/two", NULL);
    struct client_response r = ask(w, "GET", "/_weirbox/journal?service=stub", NULL);
    struct str first = str_cut(&r.body, '\n'), second = str_cut(&r.body, '\n');
    assert_str(json_get_text(first, "resource", &w->arena), "/one");
    assert_str(json_get_text(second, "code", &w->arena), "SlowDown");
    assert_true(str_find(second, S("fault rule 0")) != STR_NONE);
    assert_true(str_find(second, S("\"fault_rule\":0,\"fault\":\"throttle\"")) != STR_NONE);
    assert_true(str_find(first, S("fault")) == STR_NONE);
    assert_true(str_find(first, S("\"seed\":7,")) != STR_NONE);
    r = ask(w, "POST", "/_weirbox/verify", "[{\"where\":{\"fault\":\"throttle\",\"fault_rule\":0},\"count\":1},{\"where\":{\"fault\":null},\"count\":1}]");
    assert_int_equal(r.status, 200);
}

static void admin_routes_answer(void **state)
{
    struct world *w = *state;
    static const struct { const char *method, *path, *body; int status; const char *says; } cases[] = {
        { "GET", "/_weirbox/health", NULL, 200, "\"stub\":\"running\"" },
        { "GET", "/_localstack/health", NULL, 200, "running" },
        { "GET", "/_weirbox/ready", NULL, 200, "true" },
        { "GET", "/_weirbox/status", NULL, 200, "http://127.0.0.1:" },
        { "GET", "/_weirbox/actions", NULL, 200, "\"action\":\"None\",\"implemented\":false" },
        { "POST", "/_weirbox/faults", "[{\"throttle\":true,\"service\":\"x\"}]", 200, "\"hits\":0" },
        { "PATCH", "/_weirbox/faults", "[{\"throttle\":true,\"service\":\"y\"}]", 200, "\"y\"" },
        { "POST", "/_weirbox/faults", "[{]", 400, "FAULT_RULE" },
        { "DELETE", "/_weirbox/faults", NULL, 200, "[]" },
        { "POST", "/_weirbox/clock", "{\"advance_ms\":300000}", 200, "2023-11-14T22:18" },
        { "POST", "/_weirbox/clock", "{\"advance\":1}", 400, "advance_ms" },
        { "POST", "/_weirbox/settle", NULL, 200, "settled" },
        { "POST", "/_weirbox/reset", NULL, 200, "true" },
        { "GET", "/_weirbox/nothing", NULL, 404, "NO_SUCH_ROUTE" },
        { "PUT", "/_weirbox/reset", NULL, 404, "NO_SUCH_ROUTE" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client_response r = ask(w, cases[i].method, cases[i].path, cases[i].body);
        if (r.status != cases[i].status || str_find(r.body, str_of(cases[i].says)) == STR_NONE)
            fail_msg("%s %s: %d " STR_F, cases[i].method, cases[i].path, r.status, STR_A(r.body));
    }
}

static void pages_of_other_sites_change_nothing(void **state)
{
    struct world *w = *state;
    static const struct { const char *origin; int status; } cases[] = {
        { "http://evil.example", 403 }, { "http://127.0.0.1.evil.example", 403 }, { "http://localhost.evil.example", 403 }, { "null", 403 },
        { "http://127.0.0.1:3000", 200 }, { "https://localhost", 200 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = { 0 };
        struct http_header origin = { S("Origin"), str_of(cases[i].origin) };
        struct client_request q = { .method = "POST", .url = arena_f(&w->arena, "%s/_weirbox/reset", cloud_url(w->cloud, "stub")), .headers = &origin, .n_headers = 1 };
        struct client_response r;
        assert_ok(client_do(w->client, &q, &w->arena, &r, &e), &e);
        assert_int_equal(r.status, cases[i].status);
    }
}

static void a_port_in_use_is_named(void **state)
{
    struct world *w = *state;
    struct err e = { 0 };
    const struct cloud_port ports[] = { { "stub", cloud_port(w->cloud, "stub") }, { NULL, 0 } };
    assert_null(cloud_open(&(struct cloud_options){ .services = services, .ports = ports }, &e));
    assert_string_equal(e.code, "PORT_IN_USE");
    assert_non_null(strstr(e.message, "stub: port "));
}

static void count_answer(void *arg, const struct client_response *r)
{
    int *n = arg;
    *n += r->status == 200;
}

static void many_calls_at_once_all_come_back(void **state)
{
    struct world *w = *state;
    struct err e = { 0 };
    struct client *c = client_open(&(struct client_options){ .clock = &w->clock, .max_in_flight = 200 }, &e);
    int n = 0;
    for (int i = 0; i < 4000; i++) {
        struct client_request q = { .method = i % 3 ? "POST" : "GET", .body = S("{}"), .done = count_answer, .arg = &n,
                                    .url = arena_f(&w->arena, "%s/%s/%d", cloud_url(w->cloud, "stub"), i % 10 ? "echo" : "later", i) };
        client_start(c, &q);
    }
    client_run(c, 0);
    assert_int_equal(n, 4000);
    client_close(c);
}

/* The client starts with few in flight; answers that wait for each other make it send all it may. */
static void slow_answers_do_not_keep_calls_from_flying(void **state)
{
    struct world *w = *state;
    struct err e = { 0 };
    struct client *c = client_open(&(struct client_options){ .clock = &w->clock, .max_in_flight = CROWD }, &e);
    int n = 0;
    for (int i = 0; i < 3 * CROWD; i++)
        client_start(c, &(struct client_request){ .method = "GET", .done = count_answer, .arg = &n,
                                                  .url = arena_f(&w->arena, "%s/crowd", cloud_url(w->cloud, "stub")) });
    client_run(c, 0);
    assert_int_equal(n, 3 * CROWD);
    client_close(c);
}

static void ten_clouds_run_side_by_side(void **state)
{
    (void)state;
    struct cloud *clouds[10];
    struct err e = { 0 };
    for (int i = 0; i < 10; i++)
        assert_non_null(clouds[i] = cloud_open(&(struct cloud_options){ .services = services, .seed = (uint64_t)i }, &e));
    for (int i = 0; i < 10; i++)
        cloud_close(clouds[i]);
}

static const struct service small_service = {
    .name = "small", .title = "Small", .actions = actions, .n_actions = N_ACTIONS, .port = 7998, .route = route,
    .phrase = phrase, .open = open_stub, .close = free, .max_body_bytes = 1000,
};
static const struct service large_service = {
    .name = "large", .title = "Large", .actions = actions, .n_actions = N_ACTIONS, .port = 7997, .route = route,
    .phrase = phrase, .open = open_stub, .close = free, .max_body_bytes = SERVICE_BODY_BYTES + 10,
};

static void each_service_refuses_what_is_too_large_for_it(void **state)
{
    (void)state;
    static const struct service *const three[] = { &stub_service, &small_service, &large_service, NULL };
    static const struct {
        const char *service;
        size_t bytes;
        int status;
        const char *answer;
    } rows[] = {
        { "small", 1000, 200, "1000" },
        { "small", 1001, 413, "RequestEntityTooLarge: The request body of 1001 bytes is larger than the 1000 this service takes" },
        { "stub", SERVICE_BODY_BYTES + 1, 413,
          "RequestEntityTooLarge: The request body of 67108865 bytes is larger than the 67108864 this service takes" },
        { "large", SERVICE_BODY_BYTES + 10, 200, "67108874" },
        { "large", SERVICE_BODY_BYTES + 11, 413, "{\"message\":\"Request Too Long\"}" }, /* no port takes as much */
    };
    struct err e = { 0 };
    struct clock clock;
    struct arena a = ARENA_INIT;
    clock_init_virtual(&clock, 1700000000000);
    struct cloud *cloud = cloud_open(&(struct cloud_options){ .services = three, .clock = &clock }, &e);
    assert_non_null(cloud);
    struct client *client = client_open(&(struct client_options){ .clock = &clock, .max_attempts = 1 }, &e);
    char *body = mem_zero(SERVICE_BODY_BYTES + 11);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct client_response r;
        struct client_request q = { .method = "POST", .url = arena_f(&a, "%s/count", cloud_url(cloud, rows[i].service)),
                                    .body = { body, rows[i].bytes } };
        assert_ok(client_do(client, &q, &a, &r, &e), &e);
        assert_int_equal(r.status, rows[i].status);
        assert_str(r.body, rows[i].answer);
    }
    free(body);
    client_close(client);
    cloud_close(cloud);
    arena_release(&a);
}

#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROMISE(answers_come_back_whole),
        PROMISE(what_is_not_built_says_so),
        PROMISE(faults_do_what_their_rules_say),
        PROMISE(latency_passes_on_the_clock),
        PROMISE(broken_rules_are_refused_by_name),
        PROMISE(the_client_survives_faults_and_says_what_it_met),
        PROMISE(the_journal_tells_what_happened_and_why),
        PROMISE(admin_routes_answer),
        PROMISE(pages_of_other_sites_change_nothing),
        PROMISE(a_port_in_use_is_named),
        PROMISE(many_calls_at_once_all_come_back),
        PROMISE(slow_answers_do_not_keep_calls_from_flying),
        PROMISE(ten_clouds_run_side_by_side),
        PROMISE(each_service_refuses_what_is_too_large_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
