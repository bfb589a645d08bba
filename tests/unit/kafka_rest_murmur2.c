/* Kafka's partitioner hash against the vectors of its own test (org.apache.kafka.common.utils.UtilsTest). */
#include "mocks/kafka_rest/rest.h"
#include "tests/support/t.h"

static void hashes_as_kafka_does(void **state)
{
    static const struct {
        const char *key;
        int32_t hash;
    } cases[] = {
        { "21", -973932308 },
        { "foobar", -790332482 },
        { "a-little-bit-long-string", -985981536 },
        { "a-little-bit-longer-string", -1486304829 },
        { "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971 },
        { "abc", 479470107 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(murmur2(str_of(cases[i].key)), cases[i].hash);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(hashes_as_kafka_does) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
