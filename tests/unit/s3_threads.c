/* Many threads on one bucket: nothing torn, nothing lost, one winner; for the thread sanitizer to watch. */
#include "tests/unit/s3_local.h"

#include <pthread.h>

enum { THREADS = 6, ROUNDS = 300 };

struct worker {
    struct cloud *cloud;
    int number;
    int wins, failures;
    pthread_t thread;
};

/* Assertions belong to the test's own thread: workers count. */
static int ask(struct worker *me, struct arena *a, const char *line, struct str body, const struct http_header *h, struct str *ret)
{
    struct err e = { 0 };
    struct http_reply reply = { 0 };
    struct str target = str_of(line), method = str_cut(&target, ' ');
    struct http_request r = { .method = method, .headers = (struct http_header *)(uintptr_t)h, .n_headers = h ? 1 : 0, .body = body };
    http_request_target(&r, target);
    if (cloud_invoke_wait(me->cloud, "s3", &r, &reply, a, &e)) {
        me->failures++;
        return 0;
    }
    if (ret)
        *ret = arena_dup(a, http_reply_body(&reply));
    int status = reply.status;
    http_reply_release(&reply);
    return status;
}

static void expect(struct worker *me, bool holds) { me->failures += !holds; }

static bool uniform(struct str body)
{
    for (size_t i = 1; i < body.n; i++)
        if (body.p[i] != body.p[0])
            return false;
    return true;
}

static void *work(void *arg)
{
    struct worker *me = arg;
    struct arena a = ARENA_INIT;
    struct http_header only_new = { S("If-None-Match"), S("*") };
    char bytes[500];
    for (int i = 0; i < ROUNDS; i++) {
        struct str body, id;
        memset(bytes, 'a' + (me->number + i) % 26, sizeof bytes);
        me->wins += ask(me, &a, arena_f(&a, "PUT /bkt/race/%d", i).p, S("x"), &only_new, NULL) == 200;
        expect(me, ask(me, &a, "PUT /bkt/shared", (struct str){ bytes, (size_t)(i % 500) }, NULL, NULL) == 200);
        expect(me, ask(me, &a, "GET /bkt/shared", S(""), NULL, &body) == 200 && uniform(body));
        expect(me, ask(me, &a, "PUT /bkt/shared?tagging",
                       S("<Tagging><TagSet><Tag><Key>k</Key><Value>v</Value></Tag></TagSet></Tagging>"), NULL, NULL) == 200);
        expect(me, ask(me, &a, "GET /bkt/shared?tagging", S(""), NULL, NULL) == 200);
        expect(me, ask(me, &a, "GET /bkt?list-type=2&prefix=race/&delimiter=/", S(""), NULL, NULL) == 200);
        expect(me, ask(me, &a, arena_f(&a, "POST /bkt/m%d?uploads", me->number).p, S(""), NULL, &body) == 200);
        id = local_element(&body, "UploadId");
        expect(me, ask(me, &a, arena_f(&a, "PUT /bkt/m%d?partNumber=1&uploadId=" STR_F, me->number, STR_A(id)).p, S("part"), NULL, NULL) == 200);
        expect(me, ask(me, &a, arena_f(&a, "POST /bkt/m%d?uploadId=" STR_F, me->number, STR_A(id)).p,
                       S("<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>f4c9385f1902f7334b00b9b4ecd164de</ETag></Part></CompleteMultipartUpload>"),
                       NULL, NULL) == 200);
        expect(me, ask(me, &a, "GET /bkt?uploads", S(""), NULL, NULL) == 200);
        ask(me, &a, arena_f(&a, "PUT /bucket-%d", i % 7).p, S(""), NULL, NULL);
        ask(me, &a, arena_f(&a, "PUT /bucket-%d/k", i % 7).p, S("x"), NULL, NULL);
        ask(me, &a, arena_f(&a, "DELETE /bucket-%d/k", i % 7).p, S(""), NULL, NULL);
        ask(me, &a, arena_f(&a, "DELETE /bucket-%d", i % 7).p, S(""), NULL, NULL);
        expect(me, ask(me, &a, "GET /", S(""), NULL, NULL) == 200);
        arena_reset(&a);
    }
    arena_release(&a);
    return NULL;
}

static void threads_share_a_bucket(void **state)
{
    (void)state;
    static const struct cloud_setting settings[] = { { "s3.buckets", "bkt" }, { 0 } };
    struct local *l = local_open(settings, NULL);
    struct worker workers[THREADS] = { 0 };
    assert_int_equal(local_put(l, "PUT /bkt/shared", S("")), 200);
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){ .cloud = l->cloud, .number = i };
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    int wins = 0, failures = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        wins += workers[i].wins;
        failures += workers[i].failures;
    }
    assert_int_equal(failures, 0);
    assert_int_equal(wins, ROUNDS);
    local_close(l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = { cmocka_unit_test(threads_share_a_bucket) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
