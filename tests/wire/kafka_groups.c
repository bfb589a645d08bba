/* Consumer groups as members made by hand see them: joining, rebalancing, leaving, silence, offsets. */
#include "tests/wire/kafka_client.h"

#include "base/clock.h"

enum { SESSION_MS = 6000 };

struct world {
    struct cloud *cloud;
    struct arena arena;
};
struct member {
    int fd;
    struct str id, leader;
    int32_t generation;
    int64_t n; /* members, as the leader is told */
};

static int open_world(void **state)
{
    struct world *w = mem_zero(sizeof *w);
    w->cloud = kafka_client_cloud(NULL);
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

static struct member new_member(struct world *w) { return (struct member){ .fd = kafka_connect(cloud_port(w->cloud, "kafka")), .id = S("") }; }

static void put_str(struct buf *b, struct str s)
{
    put_i(b, (int64_t)s.n, 2);
    buf_str_add(b, s);
}

/* JoinGroup v5. */
static void send_join(const struct member *m, const char *group, const char *instance, const char *protocol, int session_ms)
{
    struct buf b = BUF_INIT;
    put_s(&b, group);
    put_i(&b, session_ms, 4);
    put_i(&b, 10000, 4);
    put_str(&b, m->id);
    put_s(&b, instance);
    put_s(&b, "consumer");
    put_i(&b, 1, 4);
    put_s(&b, protocol);
    put_b(&b, S("metadata"));
    send_request(m->fd, JOIN_GROUP, 5, buf_str(&b));
    buf_release(&b);
}

static int read_join(struct world *w, struct member *m)
{
    struct kafka_reader r = read_answer(m->fd, &w->arena);
    get_i(&r, 4);
    int error = (int)get_i(&r, 2);
    m->generation = (int32_t)get_i(&r, 4);
    get_s(&r);
    m->leader = get_s(&r);
    m->id = get_s(&r);
    m->n = get_i(&r, 4);
    return error;
}

/* Both tries: the first is told an id. */
static int join(struct world *w, struct member *m, const char *group)
{
    if (!m->id.n) {
        send_join(m, group, NULL, "range", SESSION_MS);
        int error = read_join(w, m);
        if (error != KAFKA_MEMBER_ID_REQUIRED)
            return error;
    }
    send_join(m, group, NULL, "range", SESSION_MS);
    return read_join(w, m);
}

/* SyncGroup v1; the leader assigns everything to `to`. */
static void send_sync(const struct member *m, const char *group, const struct member *to)
{
    struct buf b = BUF_INIT;
    put_s(&b, group);
    put_i(&b, m->generation, 4);
    put_str(&b, m->id);
    put_i(&b, to != NULL, 4);
    if (to) {
        put_str(&b, to->id);
        put_b(&b, S("all of it"));
    }
    send_request(m->fd, SYNC_GROUP, 1, buf_str(&b));
    buf_release(&b);
}

static int read_sync(struct world *w, const struct member *m, struct str *ret)
{
    struct kafka_reader r = read_answer(m->fd, &w->arena);
    get_i(&r, 4);
    int error = (int)get_i(&r, 2);
    *ret = get_b(&r);
    return error;
}

static int beat(struct world *w, const struct member *m, const char *group)
{
    struct buf b = BUF_INIT;
    put_s(&b, group);
    put_i(&b, m->generation, 4);
    put_str(&b, m->id);
    struct kafka_reader r = ask(m->fd, &w->arena, HEARTBEAT, 1, &b);
    get_i(&r, 4);
    return (int)get_i(&r, 2);
}

static int leave(struct world *w, const struct member *m, const char *group)
{
    struct buf b = BUF_INIT;
    put_s(&b, group);
    put_str(&b, m->id);
    struct kafka_reader r = ask(m->fd, &w->arena, LEAVE_GROUP, 1, &b);
    get_i(&r, 4);
    return (int)get_i(&r, 2);
}

static void two_members_share_a_group(void **state)
{
    struct world *w = *state;
    struct member a = new_member(w), b = new_member(w);
    struct str assignment;
    assert_int_equal(join(w, &a, "g"), 0);
    assert_str(a.leader, arena_z(&w->arena, a.id));
    assert_int_equal(a.n, 1);
    assert_int_equal(a.generation, 1);
    send_sync(&a, "g", &a);
    assert_int_equal(read_sync(w, &a, &assignment), 0);
    assert_str(assignment, "all of it");
    assert_int_equal(beat(w, &a, "g"), 0);

    send_join(&b, "g", NULL, "range", SESSION_MS);
    assert_int_equal(read_join(w, &b), KAFKA_MEMBER_ID_REQUIRED);
    send_join(&b, "g", NULL, "range", SESSION_MS); /* waits for a */
    assert_true(is_quiet(b.fd, 50));
    assert_int_equal(beat(w, &a, "g"), KAFKA_REBALANCE_IN_PROGRESS);
    assert_int_equal(join(w, &a, "g"), 0);
    assert_int_equal(read_join(w, &b), 0);
    assert_int_equal(a.generation, 2);
    assert_int_equal(b.generation, 2);
    assert_int_equal(a.n, 2);
    assert_int_equal(b.n, 0); /* only the leader is told */
    send_sync(&b, "g", NULL); /* waits for the leader */
    assert_true(is_quiet(b.fd, 50));
    send_sync(&a, "g", &b);
    assert_int_equal(read_sync(w, &a, &assignment), 0);
    assert_int_equal(assignment.n, 0);
    assert_int_equal(read_sync(w, &b, &assignment), 0);
    assert_str(assignment, "all of it");

    assert_int_equal(leave(w, &a, "g"), 0);
    assert_int_equal(beat(w, &b, "g"), KAFKA_REBALANCE_IN_PROGRESS);
    assert_int_equal(beat(w, &a, "g"), KAFKA_UNKNOWN_MEMBER_ID);
    assert_int_equal(join(w, &b, "g"), 0);
    assert_str(b.leader, arena_z(&w->arena, b.id)); /* leads now */
    close(a.fd), close(b.fd);
}

static void mistakes_are_refused(void **state)
{
    struct world *w = *state;
    struct member a = new_member(w), b = new_member(w), ghost = new_member(w);
    struct str assignment;
    send_join(&a, "", NULL, "range", SESSION_MS);
    assert_int_equal(read_join(w, &a), KAFKA_INVALID_GROUP_ID);
    send_join(&a, "g", NULL, "range", 10);
    assert_int_equal(read_join(w, &a), KAFKA_INVALID_SESSION_TIMEOUT);
    ghost.id = S("nobody");
    send_join(&ghost, "g", NULL, "range", SESSION_MS);
    assert_int_equal(read_join(w, &ghost), KAFKA_UNKNOWN_MEMBER_ID);
    assert_int_equal(join(w, &a, "g"), 0);
    b.id = S("");
    send_join(&b, "g", NULL, "other", SESSION_MS);
    assert_int_equal(read_join(w, &b), KAFKA_INCONSISTENT_GROUP_PROTOCOL);
    struct member late = a;
    late.generation = 77;
    send_sync(&late, "g", &late);
    assert_int_equal(read_sync(w, &late, &assignment), KAFKA_ILLEGAL_GENERATION);
    assert_int_equal(beat(w, &late, "g"), KAFKA_ILLEGAL_GENERATION);
    assert_int_equal(beat(w, &a, "other"), KAFKA_UNKNOWN_MEMBER_ID);
    assert_int_equal(leave(w, &ghost, "g"), KAFKA_UNKNOWN_MEMBER_ID);
    close(a.fd), close(b.fd), close(ghost.fd);
}

/* With a virtual clock nobody waits: a member that was silent for longer than its session is gone. */
static void silent_members_are_dropped(void **state)
{
    struct world *w = *state;
    static struct clock clock; /* of the cloud, which tear_down closes */
    struct err e;
    struct str assignment;
    clock_init_virtual(&clock, 1600000000000);
    struct cloud_options o = { .services = kafka_client_services, .seed = 7, .clock = &clock };
    cloud_close(w->cloud);
    w->cloud = cloud_open(&o, &e);
    struct member a = new_member(w), b = new_member(w);
    assert_int_equal(join(w, &a, "g"), 0);
    send_sync(&a, "g", &a);
    read_sync(w, &a, &assignment);
    clock_advance_ms(&clock, SESSION_MS - 1000);
    assert_int_equal(beat(w, &a, "g"), 0);
    clock_advance_ms(&clock, SESSION_MS + 1000);
    assert_int_equal(join(w, &b, "g"), 0);
    assert_int_equal(b.n, 1);
    assert_int_equal(beat(w, &a, "g"), KAFKA_UNKNOWN_MEMBER_ID);
    close(a.fd), close(b.fd);
}

/* KIP-345 */
static void a_static_member_comes_back_unnoticed(void **state)
{
    struct world *w = *state;
    struct member a = new_member(w), again = new_member(w);
    struct str assignment;
    send_join(&a, "g", "one", "range", SESSION_MS);
    assert_int_equal(read_join(w, &a), 0);
    send_sync(&a, "g", &a);
    assert_int_equal(read_sync(w, &a, &assignment), 0);
    send_join(&again, "g", "one", "range", SESSION_MS);
    assert_int_equal(read_join(w, &again), 0);
    assert_int_equal(again.generation, a.generation);
    send_sync(&again, "g", NULL);
    assert_int_equal(read_sync(w, &again, &assignment), 0);
    assert_str(assignment, "all of it");
    send_join(&a, "g", "one", "range", SESSION_MS); /* the one before */
    assert_int_equal(read_join(w, &a), KAFKA_FENCED_INSTANCE_ID);
    close(a.fd), close(again.fd);
}

/* ---- offsets ---- */

static int commit(struct world *w, const struct member *m, const char *group, int64_t offset)
{
    struct buf b = BUF_INIT;
    put_s(&b, group);
    put_i(&b, m->generation, 4);
    put_str(&b, m->id);
    put_i(&b, -1, 8);
    put_i(&b, 1, 4);
    put_s(&b, "t");
    put_i(&b, 1, 4);
    put_i(&b, 0, 4);
    put_i(&b, offset, 8);
    put_s(&b, "note");
    struct kafka_reader r = ask(m->fd, &w->arena, OFFSET_COMMIT, 2, &b);
    get_i(&r, 4);
    get_s(&r);
    get_i(&r, 4);
    get_i(&r, 4);
    return (int)get_i(&r, 2);
}

static int64_t committed(struct world *w, const struct member *m, const char *group)
{
    struct buf b = BUF_INIT;
    put_s(&b, group);
    put_i(&b, 1, 4);
    put_s(&b, "t");
    put_i(&b, 1, 4);
    put_i(&b, 0, 4);
    struct kafka_reader r = ask(m->fd, &w->arena, OFFSET_FETCH, 1, &b);
    get_i(&r, 4);
    get_s(&r);
    get_i(&r, 4);
    get_i(&r, 4);
    return get_i(&r, 8);
}

static void offsets_belong_to_groups(void **state)
{
    struct world *w = *state;
    struct member a = new_member(w), loner = new_member(w);
    struct str assignment;
    loner.generation = -1;
    produce(a.fd, &w->arena, "t", 0, batch_of(&w->arena, S("k"), S("v"), -1, -1, -1));
    assert_int_equal(committed(w, &loner, "g"), -1);
    assert_int_equal(commit(w, &loner, "g", 5), 0);
    assert_int_equal(committed(w, &loner, "g"), 5);
    assert_int_equal(committed(w, &loner, "other"), -1);
    assert_int_equal(join(w, &a, "g"), 0);
    assert_int_equal(commit(w, &a, "g", 6), KAFKA_REBALANCE_IN_PROGRESS);
    send_sync(&a, "g", &a);
    read_sync(w, &a, &assignment);
    assert_int_equal(commit(w, &a, "g", 6), 0);
    assert_int_equal(commit(w, &loner, "g", 7), KAFKA_UNKNOWN_MEMBER_ID);
    struct member late = a;
    late.generation = 99;
    assert_int_equal(commit(w, &late, "g", 8), KAFKA_ILLEGAL_GENERATION);
    assert_int_equal(committed(w, &a, "g"), 6);
    cloud_reset(w->cloud);
    assert_int_equal(committed(w, &a, "g"), -1);
    close(a.fd), close(loner.fd);
}

/* Members that wait do not keep a cloud from closing, nor from being reset. */
static void waiting_members_are_sent_away(void **state)
{
    struct world *w = *state;
    struct member a = new_member(w), b = new_member(w);
    assert_int_equal(join(w, &a, "g"), 0);
    send_join(&b, "g", NULL, "range", SESSION_MS);
    read_join(w, &b);
    send_join(&b, "g", NULL, "range", SESSION_MS);
    assert_true(is_quiet(b.fd, 50));
    cloud_reset(w->cloud);
    assert_int_equal(read_join(w, &b), KAFKA_UNKNOWN_MEMBER_ID);
    assert_int_equal(join(w, &a, "g"), KAFKA_UNKNOWN_MEMBER_ID);
    a.id = b.id = S("");
    assert_int_equal(join(w, &a, "g"), 0);
    send_join(&b, "g", NULL, "range", SESSION_MS);
    read_join(w, &b);
    send_join(&b, "g", NULL, "range", SESSION_MS);
    assert_true(is_quiet(b.fd, 50));
    int64_t start = clock_stopwatch_us();
    cloud_close(w->cloud);
    assert_true(clock_stopwatch_us() - start < 5000000);
    w->cloud = kafka_client_cloud(NULL);
    close(a.fd), close(b.fd);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(two_members_share_a_group), WORLD_TEST(mistakes_are_refused), WORLD_TEST(silent_members_are_dropped),
        WORLD_TEST(a_static_member_comes_back_unnoticed), WORLD_TEST(offsets_belong_to_groups), WORLD_TEST(waiting_members_are_sent_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
