/* Topics, partitions, offsets, brokers over HTTP. */
#include "mocks/kafka_rest/kafka_rest.h"
#include "tests/wire/kafka_world.h"

#define PARTITION(p) "{\"partition\":" #p ",\"leader\":1,\"replicas\":[{\"broker\":1,\"leader\":true,\"in_sync\":true}]}"

static const struct service *const services[] = { &kafka_rest_service, NULL };

static void lists_what_there_is(void **state)
{
    static const struct exchange rows[] = {
        { "GET", "/", NULL, NULL, "", 200, "{}" },
        { "GET", "/brokers", NULL, NULL, "", 200, "{\"brokers\":[1]}" },
        { "GET", "/topics", NULL, NULL, "", 200, "[\"id.geo\",\"id.pin\"]" },
        { "GET", "/topics/", NULL, V2_TYPE, "", 200, "[\"id.geo\",\"id.pin\"]" },
        { "GET", "/topics/id.geo", NULL, NULL, "", 200, "{\"name\":\"id.geo\",\"configs\":{\"cleanup.policy\":\"delete\",*" },
        { "GET", "/topics/id.geo/partitions", NULL, NULL, "", 200, "[" PARTITION(0) "," PARTITION(1) "]" },
        { "GET", "/topics/id.geo/partitions/1", NULL, NULL, "", 200, PARTITION(1) },
        { "GET", "/topics/id.geo/partitions/0/offsets", NULL, NULL, "", 200, "{\"beginning_offset\":0,\"end_offset\":0}" },
        { "GET", "/topics/id.pin/partitions/0/offsets", NULL, NULL, "", 200, "{\"beginning_offset\":1,\"end_offset\":2}" },
        { "GET", "/topics/id%2Epin/partitions/0", NULL, NULL, "", 200, PARTITION(0) },
        { "GET", "/topics/none", NULL, NULL, "", 404, "{\"error_code\":40401,\"message\":\"Topic not found.\"}" },
        { "GET", "/topics/none/partitions", NULL, NULL, "", 404, "{\"error_code\":40401,*" },
        { "GET", "/topics/none/partitions/0", NULL, NULL, "", 404, "{\"error_code\":40401,*" },
        { "GET", "/topics/none/partitions/0/offsets", NULL, NULL, "", 404, "{\"error_code\":40401,*" },
        { "GET", "/topics/id.geo/partitions/2", NULL, NULL, "", 404,
          "{\"error_code\":40402,\"message\":\"Partition not found.\"}" },
        { "GET", "/topics/id.geo/partitions/2/offsets", NULL, NULL, "", 404, "{\"error_code\":40402,*" },
        { "GET", "/topics/id.geo/partitions/-1", NULL, NULL, "", 404, "{\"error_code\":404,*" },
        { "GET", "/topics", NULL, "text/html", "", 406, "{\"error_code\":406,*" },
        { "DELETE", "/topics/id.geo", NULL, NULL, "", 405, "{\"error_code\":405,*" },
        { "GET", "/nothing", NULL, NULL, "", 404, "{\"error_code\":404,*" },
    };
    struct world w;
    (void)state;
    world_open(&w, services, "kafka_rest", NULL);
    struct plog *pin = plog_set_ensure(cloud_topics(w.cloud), S("id.pin"), 1);
    plog_set_ensure(cloud_topics(w.cloud), S("id.geo"), 2);
    plog_append(pin, 0, 0, 0, (struct str){ 0 }, S("1"));
    plog_append(pin, 0, 0, 0, (struct str){ 0 }, S("2"));
    plog_trim(pin, 0, 1);
    WORLD_EXPECT(&w, rows);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(lists_what_there_is) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
