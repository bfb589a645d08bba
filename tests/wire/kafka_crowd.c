/* Many at once: producers and long-polling readers of the same partition, members coming and going. Every record is read once. */
#include <pthread.h>

#include "tests/wire/kafka_client.h"

enum { PRODUCERS = 6, READERS = 4, EACH = 150, GROUPIES = 6, ROUNDS = 15 };

struct crowd {
    struct cloud *cloud;
    uint16_t port;
    _Atomic int done;
};

static void *produce_all(void *arg)
{
    struct crowd *c = arg;
    struct arena a = ARENA_INIT;
    int fd = kafka_connect(c->port);
    for (int i = 0; i < EACH; i++) {
        struct produced p = produce(fd, &a, "crowd", 0, batch_of(&a, S("k"), S("value"), -1, -1, -1));
        if (p.error)
            abort();
        arena_reset(&a);
    }
    close(fd);
    arena_release(&a);
    return NULL;
}

/* Reads until it has seen as many as are sent; offsets without a gap. */
static void *read_all(void *arg)
{
    struct crowd *c = arg;
    struct arena a = ARENA_INIT;
    int fd = kafka_connect(c->port);
    for (int64_t next = 0; next < PRODUCERS * EACH;) {
        struct fetched f = fetch(fd, &a, 200, "crowd", next);
        struct kafka_batch b;
        const char *why;
        if (f.error)
            abort();
        if (!f.records.n)
            continue;
        struct kafka_reader head = { .left = f.records };
        if (kafka_batch_read(&b, f.records, true, 1 << 24, &why) || (int64_t)kafka_codec_get(&head, 8) != next)
            abort();
        next += (int64_t)b.n;
        kafka_batch_release(&b);
        arena_reset(&a);
    }
    close(fd);
    arena_release(&a);
    c->done++;
    return NULL;
}

/* JoinGroup v3 (no id is asked for first), then away again. */
static void *come_and_go(void *arg)
{
    struct crowd *c = arg;
    struct arena a = ARENA_INIT;
    int fd = kafka_connect(c->port);
    for (int i = 0; i < ROUNDS; i++) {
        struct buf b = BUF_INIT;
        put_s(&b, i % 2 ? "odd" : "even");
        put_i(&b, 6000, 4);
        put_i(&b, 50, 4); /* nobody is waited for longer than that */
        put_s(&b, "");
        put_s(&b, "consumer");
        put_i(&b, 1, 4);
        put_s(&b, "range");
        put_b(&b, S("m"));
        struct kafka_reader r = ask(fd, &a, JOIN_GROUP, 3, &b);
        get_i(&r, 4);
        int error = (int)get_i(&r, 2);
        get_i(&r, 4);
        get_s(&r);
        get_s(&r);
        struct str id = get_s(&r);
        if (error && error != KAFKA_REBALANCE_IN_PROGRESS && error != KAFKA_UNKNOWN_MEMBER_ID)
            abort();
        put_s(&b, i % 2 ? "odd" : "even");
        put_s(&b, arena_z(&a, id));
        r = ask(fd, &a, LEAVE_GROUP, 1, &b);
        arena_reset(&a);
    }
    close(fd);
    arena_release(&a);
    c->done++;
    return NULL;
}

static void a_crowd_loses_and_doubles_nothing(void **state)
{
    struct crowd c = { .cloud = kafka_client_cloud(NULL) };
    pthread_t threads[PRODUCERS + READERS + GROUPIES];
    struct arena a = ARENA_INIT;
    int n = 0, fd;
    (void)state;
    c.port = cloud_port(c.cloud, "kafka");
    fd = kafka_connect(c.port); /* the topic is there before the readers */
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    put_s(&b, "crowd");
    ask(fd, &a, METADATA, 1, &b);
    for (int i = 0; i < READERS; i++)
        pthread_create(&threads[n++], NULL, read_all, &c);
    for (int i = 0; i < PRODUCERS; i++)
        pthread_create(&threads[n++], NULL, produce_all, &c);
    for (int i = 0; i < GROUPIES; i++)
        pthread_create(&threads[n++], NULL, come_and_go, &c);
    for (int i = 0; i < n; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(c.done, READERS + GROUPIES);
    assert_int_equal(fetch(fd, &a, 0, "crowd", 0).end, PRODUCERS * EACH);
    close(fd);
    cloud_close(c.cloud);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_crowd_loses_and_doubles_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
