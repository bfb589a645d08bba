/* Records captured from AWS: what they say of sequence numbers, order, time and routing holds for this mock's code. */
#include "base/clock.h"
#include "base/codec.h"
#include "base/json.h"
#include "base/map.h"
#include "mocks/kinesis/seqno.h"
#include "tests/support/t.h"

static int64_t digits(struct str text, size_t at, size_t n)
{
    int64_t v = -1;
    str_to_i64(str_head(str_from(text, at), n), &v);
    return v;
}

/* "2025-01-05T10:04:27.925Z", "2024-02-04T06:37:35.250+0000" */
static int64_t read_time(struct str t)
{
    struct civil c = { (int)digits(t, 0, 4), (int)digits(t, 5, 2), (int)digits(t, 8, 2),
                       (int)digits(t, 11, 2), (int)digits(t, 14, 2), (int)digits(t, 17, 2), 0 };
    int64_t ms = 0;
    assert_true(clock_epoch_ms(&c, &ms));
    return ms;
}

static void real_records_fit_layout_order_time_and_routing(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    const char *path = t_shared(&a, "wire/kinesis_records.jsonl");
    if (!path) {
        arena_release(&a);
        skip();
    }
    struct map last = MAP_INIT; /* stream and shard -> its newest sequence number */
    size_t n = 0;
    for (struct str rest = t_file(&a, path); rest.p;) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (!line.n)
            continue;
        struct str number = json_get_text(line, "sequenceNumber", &a), shard = json_get_text(line, "shardId", &a);
        struct str stream = json_get_text(line, "stream", &a), key = json_get_text(line, "partitionKey", &a);
        int64_t arrived = read_time(json_get_text(line, "approximateArrivalTimestamp", &a)) / 1000, index = -1;
        char again[SEQNO_DIGITS];
        uint8_t md5[MD5_BYTES];
        struct seqno s;
        assert_int_equal(number.n, SEQNO_DIGITS);
        assert_true(seqno_parse(number, &s));
        assert_int_equal(s.version, 2);
        seqno_write(&s, again);
        assert_memory_equal(again, number.p, SEQNO_DIGITS);
        assert_true(str_to_i64(str_from(shard, 8), &index));
        assert_int_equal(s.shard, index);
        assert_true(s.create_s < s.time_s);
        assert_in_range(arrived - s.time_s, 0, 3);
        codec_md5(key, md5);
        if (str_starts(stream, S("streaming-"))) /* four shards; the other stream has one */
            assert_int_equal(md5[0] >> 6, index);
        struct str slot = arena_f(&a, STR_F "/" STR_F, STR_A(stream), STR_A(shard));
        const struct str *before = map_get(&last, slot);
        if (before)
            assert_true(str_cmp(*before, number) < 0);
        struct str *kept = ARENA_NEW(&a, struct str);
        *kept = number;
        map_put(&last, slot, kept);
        n++;
    }
    assert_int_equal(n, 66);
    map_release(&last);
    arena_release(&a);
}

int main(void)
{
    t_need_shared("wire/kinesis_records.jsonl");
    const struct CMUnitTest tests[] = { cmocka_unit_test(real_records_fit_layout_order_time_and_routing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
