/* Topics made, described, changed, cut and deleted, and what is refused of that. */
#include "tests/wire/kafka_client.h"

enum { DELETE_TOPICS = 20, DELETE_RECORDS = 21, DESCRIBE_CONFIGS = 32, ALTER_CONFIGS = 33, CREATE_PARTITIONS = 37, INCREMENTAL_ALTER_CONFIGS = 44 };

struct world {
    struct cloud *cloud;
    struct arena arena;
    int fd;
};

static int open_world(void **state)
{
    struct world *w = mem_zero(sizeof *w);
    w->cloud = kafka_client_cloud(NULL);
    w->fd = kafka_connect(cloud_port(w->cloud, "kafka"));
    *state = w;
    return 0;
}

static int close_world(void **state)
{
    struct world *w = *state;
    close(w->fd);
    cloud_close(w->cloud);
    arena_release(&w->arena);
    free(w);
    return 0;
}

/* CreateTopics v1; assigned: so many partitions with replicas on these brokers; setting: "name=value". */
static int create(struct world *w, const char *name, int partitions, int replicas, int assigned, int broker, const char *setting, bool validate_only)
{
    struct buf b = BUF_INIT;
    struct str value = str_of(setting), key = setting ? str_cut(&value, '=') : S("");
    put_i(&b, 1, 4);
    put_s(&b, name);
    put_i(&b, partitions, 4);
    put_i(&b, replicas, 2);
    put_i(&b, assigned, 4);
    for (int i = 0; i < assigned; i++) {
        put_i(&b, i, 4);
        put_i(&b, 1, 4);
        put_i(&b, broker, 4);
    }
    put_i(&b, setting != NULL, 4);
    if (setting) {
        put_s(&b, arena_z(&w->arena, key));
        put_s(&b, arena_z(&w->arena, value));
    }
    put_i(&b, 1000, 4);
    buf_c(&b, validate_only);
    struct kafka_reader r = ask(w->fd, &w->arena, CREATE_TOPICS, 1, &b);
    assert_int_equal(get_i(&r, 4), 1);
    assert_str(get_s(&r), name);
    int error = (int)get_i(&r, 2);
    assert_int_equal(get_s(&r).p != NULL, error != 0); /* each refusal says why */
    return error;
}

static int partitions_of(struct world *w, const char *name)
{
    struct plog *log = plog_set_find(cloud_topics(w->cloud), str_of(name));
    return log ? (int)plog_partitions(log) : -1;
}

static void wishes_are_checked(void **state)
{
    struct world *w = *state;
    static const struct { const char *name; int partitions, replicas, assigned, broker; const char *setting; bool validate_only; int error, there; } rows[] = {
        { "a", 3, 3, 0, 0, NULL, false, 0, 3 },
        { "a", 3, 3, 0, 0, NULL, false, KAFKA_TOPIC_ALREADY_EXISTS, 3 },
        { "b", -1, -1, 0, 0, NULL, false, 0, 1 },
        { "c", -1, -1, 2, 3, NULL, false, 0, 2 },
        { "d", -1, -1, 2, 4, NULL, false, KAFKA_INVALID_REPLICA_ASSIGNMENT, -1 },
        { "d", 0, 1, 0, 0, NULL, false, KAFKA_INVALID_PARTITIONS, -1 },
        { "d", 100000, 1, 0, 0, NULL, false, KAFKA_INVALID_PARTITIONS, -1 },
        { "d", 1, 4, 0, 0, NULL, false, KAFKA_INVALID_REPLICATION_FACTOR, -1 },
        { "d", 1, 0, 0, 0, NULL, false, KAFKA_INVALID_REPLICATION_FACTOR, -1 },
        { "a/b", 1, 1, 0, 0, NULL, false, KAFKA_INVALID_TOPIC_EXCEPTION, -1 },
        { "", 1, 1, 0, 0, NULL, false, KAFKA_INVALID_TOPIC_EXCEPTION, -1 },
        { "..", 1, 1, 0, 0, NULL, false, KAFKA_INVALID_TOPIC_EXCEPTION, -1 },
        { "d", 1, 1, 0, 0, "no.such=1", false, KAFKA_INVALID_CONFIG, -1 },
        { "d", 1, 1, 0, 0, "cleanup.policy=burn", false, KAFKA_INVALID_CONFIG, -1 },
        { "d", 1, 1, 0, 0, "max.message.bytes=x", false, KAFKA_INVALID_CONFIG, -1 },
        { "d", 1, 1, 0, 0, "cleanup.policy=compact", true, 0, -1 },
        { "d", 1, 1, 0, 0, "cleanup.policy=compact", false, 0, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int error = create(w, rows[i].name, rows[i].partitions, rows[i].replicas, rows[i].assigned, rows[i].broker, rows[i].setting, rows[i].validate_only);
        if (error != rows[i].error || partitions_of(w, rows[i].name) != rows[i].there)
            fail_msg("row %zu: %s, %d partitions", i, kafka_error_name(error), partitions_of(w, rows[i].name));
    }
}

/* ---- settings ---- */

/* DescribeConfigs v0 of one setting of a topic. */
static struct str config(struct world *w, const char *topic, const char *name, int *ret_error, bool *ret_default)
{
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    buf_c(&b, 2);
    put_s(&b, topic);
    put_i(&b, 1, 4);
    put_s(&b, name);
    struct kafka_reader r = ask(w->fd, &w->arena, DESCRIBE_CONFIGS, 0, &b);
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 4), 1);
    *ret_error = (int)get_i(&r, 2);
    get_s(&r);
    get_i(&r, 1);
    get_s(&r);
    if (get_i(&r, 4) == 0)
        return (struct str){ 0 };
    get_s(&r);
    struct str value = get_s(&r);
    get_i(&r, 1);
    *ret_default = get_i(&r, 1);
    return value;
}

/* One change of a topic's setting; the resource's error. */
static int alter(struct world *w, int key, const char *topic, const char *name, int operation, const char *value)
{
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    buf_c(&b, 2);
    put_s(&b, topic);
    put_i(&b, name != NULL, 4);
    if (name) {
        put_s(&b, name);
        if (key == INCREMENTAL_ALTER_CONFIGS)
            buf_c(&b, (char)operation);
        put_s(&b, value);
    }
    buf_c(&b, 0);
    struct kafka_reader r = ask(w->fd, &w->arena, key, 0, &b);
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 4), 1);
    return (int)get_i(&r, 2);
}

static void settings_are_kept_and_heeded(void **state)
{
    struct world *w = *state;
    int error;
    bool is_default = false;
    create(w, "t", 1, 1, 0, 0, "retention.ms=77", false);
    assert_str(config(w, "t", "retention.ms", &error, &is_default), "77");
    assert_false(is_default);
    assert_str(config(w, "t", "cleanup.policy", &error, &is_default), "delete");
    assert_true(is_default);
    assert_null(config(w, "t", "no.such", &error, &is_default).p);
    config(w, "nosuch", "retention.ms", &error, &is_default);
    assert_int_equal(error, KAFKA_UNKNOWN_TOPIC_OR_PARTITION);

    assert_int_equal(alter(w, INCREMENTAL_ALTER_CONFIGS, "t", "max.message.bytes", 0, "200"), 0);
    assert_str(config(w, "t", "retention.ms", &error, &is_default), "77"); /* stays */
    struct str large = batch_of(&w->arena, S("k"), (struct str){ arena_zero(&w->arena, 300), 300 }, -1, -1, -1);
    assert_int_equal(produce(w->fd, &w->arena, "t", 0, large).error, KAFKA_MESSAGE_TOO_LARGE);
    assert_int_equal(alter(w, INCREMENTAL_ALTER_CONFIGS, "t", "max.message.bytes", 1, NULL), 0);
    assert_int_equal(produce(w->fd, &w->arena, "t", 0, large).error, 0);
    assert_int_equal(alter(w, INCREMENTAL_ALTER_CONFIGS, "t", "cleanup.policy", 2, "compact"), KAFKA_INVALID_REQUEST);
    assert_int_equal(alter(w, INCREMENTAL_ALTER_CONFIGS, "t", "no.such", 0, "1"), KAFKA_INVALID_CONFIG);
    assert_int_equal(alter(w, INCREMENTAL_ALTER_CONFIGS, "nosuch", "retention.ms", 0, "1"), KAFKA_UNKNOWN_TOPIC_OR_PARTITION);

    assert_int_equal(alter(w, ALTER_CONFIGS, "t", "message.timestamp.type", 0, "LogAppendTime"), 0);
    assert_str(config(w, "t", "retention.ms", &error, &is_default), "604800000"); /* what is not named is back to its default */
    assert_int_equal(produce(w->fd, &w->arena, "t", 0, batch_of(&w->arena, S("k"), S("v"), -1, -1, -1)).error, 0);
    struct kafka_batch b;
    const char *why;
    assert_int_equal(kafka_batch_read(&b, fetch(w->fd, &w->arena, 0, "t", 1).records, true, 1 << 20, &why), 0);
    assert_true(b.records[0].time_ms > 1600000000000); /* the broker's time, not the producer's */
    kafka_batch_release(&b);
}

/* ---- partitions, records, deletion ---- */

static int grow(struct world *w, const char *topic, int count)
{
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    put_s(&b, topic);
    put_i(&b, count, 4);
    put_i(&b, -1, 4);
    put_i(&b, 1000, 4);
    buf_c(&b, 0);
    struct kafka_reader r = ask(w->fd, &w->arena, CREATE_PARTITIONS, 0, &b);
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 4), 1);
    get_s(&r);
    return (int)get_i(&r, 2);
}

static int64_t cut(struct world *w, const char *topic, int64_t offset, int *ret_error)
{
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    put_s(&b, topic);
    put_i(&b, 1, 4);
    put_i(&b, 0, 4);
    put_i(&b, offset, 8);
    put_i(&b, 1000, 4);
    struct kafka_reader r = ask(w->fd, &w->arena, DELETE_RECORDS, 0, &b);
    get_i(&r, 4);
    get_i(&r, 4);
    get_s(&r);
    get_i(&r, 4);
    get_i(&r, 4);
    int64_t low = get_i(&r, 8);
    *ret_error = (int)get_i(&r, 2);
    return low;
}

/* ListOffsets v1 */
static int64_t offset_at(struct world *w, const char *topic, int64_t time_ms)
{
    struct buf b = BUF_INIT;
    put_i(&b, -1, 4);
    put_i(&b, 1, 4);
    put_s(&b, topic);
    put_i(&b, 1, 4);
    put_i(&b, 0, 4);
    put_i(&b, time_ms, 8);
    struct kafka_reader r = ask(w->fd, &w->arena, LIST_OFFSETS, 1, &b);
    get_i(&r, 4);
    get_s(&r);
    get_i(&r, 4);
    get_i(&r, 4);
    if (get_i(&r, 2))
        return -99;
    get_i(&r, 8);
    return get_i(&r, 8);
}

static int delete_topic(struct world *w, const char *topic)
{
    struct buf b = BUF_INIT;
    put_i(&b, 1, 4);
    put_s(&b, topic);
    put_i(&b, 1000, 4);
    struct kafka_reader r = ask(w->fd, &w->arena, DELETE_TOPICS, 1, &b);
    get_i(&r, 4);
    assert_int_equal(get_i(&r, 4), 1);
    get_s(&r);
    return (int)get_i(&r, 2);
}

static void topics_grow_are_cut_and_go(void **state)
{
    struct world *w = *state;
    int error;
    create(w, "t", 2, 1, 0, 0, NULL, false);
    assert_int_equal(grow(w, "t", 2), KAFKA_INVALID_PARTITIONS);
    assert_int_equal(grow(w, "t", 1), KAFKA_INVALID_PARTITIONS);
    assert_int_equal(grow(w, "t", 4), 0);
    assert_int_equal(partitions_of(w, "t"), 4);
    assert_int_equal(grow(w, "nosuch", 4), KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
    for (int i = 0; i < 5; i++)
        produce(w->fd, &w->arena, "t", 0, batch_of(&w->arena, S("k"), S("v"), -1, -1, -1));
    assert_int_equal(offset_at(w, "t", -1), 5);
    assert_int_equal(offset_at(w, "t", -2), 0);
    assert_int_equal(offset_at(w, "t", 1), 0);
    assert_int_equal(offset_at(w, "t", INT64_MAX), -1); /* nobody wrote as late as that */
    assert_int_equal(offset_at(w, "nosuch", -1), -99);
    assert_int_equal(cut(w, "t", 3, &error), 3);
    assert_int_equal(error, 0);
    assert_int_equal(offset_at(w, "t", -2), 3);
    assert_int_equal(fetch(w->fd, &w->arena, 0, "t", 1).error, KAFKA_OFFSET_OUT_OF_RANGE);
    cut(w, "t", 9, &error);
    assert_int_equal(error, KAFKA_OFFSET_OUT_OF_RANGE);
    assert_int_equal(cut(w, "t", -1, &error), 5);
    assert_int_equal(delete_topic(w, "t"), 0);
    assert_int_equal(delete_topic(w, "t"), KAFKA_UNKNOWN_TOPIC_OR_PARTITION);
    assert_int_equal(produce(w->fd, &w->arena, "t", 0, batch_of(&w->arena, S("k"), S("v"), -1, -1, -1)).offset, 0); /* anew */
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(wishes_are_checked), WORLD_TEST(settings_are_kept_and_heeded), WORLD_TEST(topics_grow_are_cut_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
