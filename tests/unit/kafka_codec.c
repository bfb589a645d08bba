/* Messages by their tables: every message of every version can be written and read back; lies about lengths are found. */
#include "mocks/kafka/kafka_codec.h"

#include "mocks/kafka/kafka_broker.h"
#include "tests/support/t.h"

static void round_trip(struct arena *a, const struct kafka_schema *s, int version, bool flexible, const char *what)
{
    struct buf first = BUF_INIT, second = BUF_INIT;
    void *zero = arena_zero(a, s->size + 1u), *back = arena_zero(a, s->size + 1u);
    kafka_codec_write(&first, s, version, flexible, zero);
    struct kafka_reader r = { .left = buf_str(&first), .arena = a, .flexible = flexible };
    if (kafka_codec_read(&r, s, version, back))
        fail_msg("%s version %d cannot be read back", what, version);
    kafka_codec_write(&second, s, version, flexible, back);
    if (!str_eq(buf_str(&first), buf_str(&second)))
        fail_msg("%s version %d differs when it is written again", what, version);
    for (size_t n = 0; n < first.n; n++) { /* no beginning of it is a whole */
        r = (struct kafka_reader){ .left = str_head(buf_str(&first), n), .arena = a, .flexible = flexible };
        assert_int_equal(kafka_codec_read(&r, s, version, back), -1);
    }
    buf_release(&first);
    buf_release(&second);
}

static void every_message_reads_back(void **state)
{
    struct arena a = ARENA_INIT;
    (void)state;
    for (int i = 0; i < KAFKA_APIS; i++) {
        const struct kafka_api *api = &kafka_api_table[i];
        if (!kafka_api_actions[i].run) {
            assert_null(api->request);
            continue;
        }
        assert_non_null(kafka_api_actions[i].name);
        for (int v = api->min; v <= api->max; v++) {
            round_trip(&a, api->request, v, v >= api->flexible, kafka_api_actions[i].name);
            round_trip(&a, api->response, v, v >= api->flexible, kafka_api_actions[i].name);
        }
    }
    arena_release(&a);
}

/* ---- one table of every kind ---- */

struct inner {
    int8_t small;
    struct str name;
};
struct outer {
    bool yes;
    int16_t two;
    int64_t eight, later;
    uint8_t id[16];
    struct str text, bytes;
    struct kafka_array numbers, inners;
    int32_t gone;
};
static const struct kafka_field inner_fields[] = { KAFKA(struct inner, INT8, small), KAFKA(struct inner, STRING, name, .nullable = KAFKA_NULL(0)) };
static const struct kafka_schema inner_schema = KAFKA_SCHEMA(struct inner, inner_fields);
static const struct kafka_field outer_fields[] = {
    KAFKA(struct outer, BOOL, yes),
    KAFKA(struct outer, INT16, two),
    KAFKA(struct outer, INT64, eight),
    KAFKA(struct outer, INT64, later, .since = 2, .otherwise = -1),
    KAFKA(struct outer, UUID, id),
    KAFKA(struct outer, STRING, text),
    KAFKA(struct outer, BYTES, bytes, .nullable = KAFKA_NULL(1)),
    KAFKA(struct outer, ARRAY, numbers, .of = &kafka_codec_int32),
    KAFKA(struct outer, ARRAY, inners, .of = &inner_schema),
    KAFKA(struct outer, INT32, gone, .before = 2),
};
static const struct kafka_schema outer_schema = KAFKA_SCHEMA(struct outer, outer_fields);

static void every_kind_keeps_its_value(void **state)
{
    struct arena a = ARENA_INIT;
    int32_t numbers[] = { 1, -1, INT32_MIN };
    struct inner inners[] = { { -5, S_INIT("x") }, { 7, { NULL, 0 } } };
    struct outer in = { true, -2, INT64_MIN, 9, { 1, 2, 3 }, S_INIT("text"), { NULL, 0 }, { numbers, 3 }, { inners, 2 }, 77 }, out;
    (void)state;
    for (int version = 0; version < 3; version++) {
        for (int flexible = 0; flexible < 2; flexible++) {
            struct buf b = BUF_INIT;
            kafka_codec_write(&b, &outer_schema, version, flexible, &in);
            struct kafka_reader r = { .left = buf_str(&b), .arena = &a, .flexible = flexible };
            assert_int_equal(kafka_codec_read(&r, &outer_schema, version, &out), 0);
            assert_true(out.yes && out.two == -2 && out.eight == INT64_MIN && out.id[2] == 3);
            assert_int_equal(out.later, version < 2 ? -1 : 9);
            assert_int_equal(out.gone, version < 2 ? 77 : 0);
            assert_str(out.text, "text");
            assert_int_equal(out.bytes.p == NULL, version >= 1);
            assert_int_equal(out.numbers.n, 3);
            assert_int_equal(((int32_t *)out.numbers.at)[2], INT32_MIN);
            assert_int_equal(((struct inner *)out.inners.at)[0].small, -5);
            assert_null(((struct inner *)out.inners.at)[1].name.p);
            buf_release(&b);
        }
    }
    arena_release(&a);
}

static void tags_are_passed_over(void **state)
{
    static const char message[] = "\5\2x\2\0\1a\7\3bcd"; /* small, name "x", two tags */
    struct arena a = ARENA_INIT;
    struct inner out;
    struct kafka_reader r = { .left = { message, sizeof message - 1 }, .arena = &a, .flexible = true };
    (void)state;
    assert_int_equal(kafka_codec_read(&r, &inner_schema, 0, &out), 0);
    assert_int_equal(out.small, 5);
    r = (struct kafka_reader){ .left = { message, sizeof message - 2 }, .arena = &a, .flexible = true };
    assert_int_equal(kafka_codec_read(&r, &inner_schema, 0, &out), -1);
}

static void lies_about_lengths_are_found(void **state)
{
    static const struct { bool flexible; struct str bytes; } rows[] = {
        { false, S_INIT("\7\x7f\xff") },              /* string longer than the rest */
        { false, S_INIT("\7\xff\xfe") },              /* length -2 */
        { true, S_INIT("\7\xff\xff\xff\xff\x0f\0") }, /* 4 GiB */
        { true, S_INIT("\7\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0") }, /* a varint that does not end */
        { true, S_INIT("\7\1\xff\xff\xff\xff\x0f") }, /* as many tags */
    };
    struct arena a = ARENA_INIT;
    struct inner out;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct kafka_reader r = { .left = rows[i].bytes, .arena = &a, .flexible = rows[i].flexible };
        assert_int_equal(kafka_codec_read(&r, &inner_schema, 0, &out), -1);
    }
    arena_release(&a);
}

static void arrays_together_are_bounded(void **state)
{
    struct arena a = ARENA_INIT;
    struct buf b = BUF_INIT;
    struct kafka_array list;
    static const struct kafka_field fields[] = { { .kind = KAFKA_ARRAY, .of = &kafka_codec_int8 } };
    static const struct kafka_schema schema = { fields, 1, sizeof list, false };
    (void)state;
    kafka_codec_put(&b, KAFKA_MAX_ELEMENTS + 1, 4);
    for (int i = 0; i <= KAFKA_MAX_ELEMENTS; i++)
        buf_c(&b, 0);
    struct kafka_reader r = { .left = buf_str(&b), .arena = &a };
    assert_int_equal(kafka_codec_read(&r, &schema, 0, &list), -1);
    assert_true(a.used_bytes < 1000);
    buf_release(&b);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_reads_back), cmocka_unit_test(every_kind_keeps_its_value), cmocka_unit_test(tags_are_passed_over),
        cmocka_unit_test(lies_about_lengths_are_found), cmocka_unit_test(arrays_together_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
