/* From a method and a path to an action and the parts of the path. */
#include "mocks/cloud/pathmap.h"
#include "tests/support/t.h"

static const struct action rows[] = {
    { .name = "Root", .match = "GET /" },
    { .name = "Post", .match = "POST /topics/{topic}/partitions/{partition}" },
    { .name = "List", .match = "GET /topics" },
    { .name = "Get", .match = "GET /topics/{topic}" },
    { .name = "GetPartition", .match = "GET /topics/{topic}/partitions/{partition}" },
    { .name = "Shadowed", .match = "GET /topics/special" },
    { .name = "Deep", .match = "PUT /{a}/{b}/{c}/{d}" },
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static void a_path_means_the_first_row_that_fits(void **state)
{
    (void)state;
    static const struct {
        const char *method, *path, *action; /* "404", "405": none */
        const char *topic, *partition;
    } cases[] = {
        { "GET", "/", "Root", NULL, NULL },
        { "GET", "/topics", "List", NULL, NULL },
        { "GET", "/topics/", "List", NULL, NULL },
        { "GET", "/topics/id.pin", "Get", "id.pin", NULL },
        { "GET", "/topics/id.pin/", "Get", "id.pin", NULL },
        { "GET", "/topics/special", "Get", "special", NULL },
        { "GET", "/topics/t/partitions/3", "GetPartition", "t", "3" },
        { "POST", "/topics/t/partitions/x", "Post", "t", "x" },
        { "GET", "/topics/a%2Fb%20c", "Get", "a%2Fb%20c", NULL },
        { "PUT", "/1/2/3/4", "Deep", NULL, NULL },
        { "DELETE", "/topics", "405", NULL, NULL },
        { "post", "/", "405", NULL, NULL },
        { "POST", "/topics/t", "405", NULL, NULL },
        { "GET", "/1/2/3/4", "405", NULL, NULL },
        { "GET", "/nowhere", "404", NULL, NULL },
        { "GET", "/topics/t/partitions", "404", NULL, NULL },
        { "GET", "/topics//partitions/3", "404", NULL, NULL },
        { "GET", "//topics", "404", NULL, NULL },
        { "GET", "/topics//", "404", NULL, NULL },
        { "GET", "/Topics", "404", NULL, NULL },
        { "GET", "topics", "404", NULL, NULL },
        { "GET", "", "404", NULL, NULL },
        { "GET", "*", "404", NULL, NULL },
    };
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pathmap m;
        const struct action *found = pathmap_find(rows, N_ROWS, str_of(cases[i].method), str_of(cases[i].path), &m);
        const char *got = found ? found->name : m.path_known ? "405" : "404";
        if (strcmp(got, cases[i].action) || found != m.action)
            fail_msg("%s %s: %s", cases[i].method, cases[i].path, got);
        assert_int_equal(m.n_parts, !found ? 0 : strcmp(got, "Deep") ? (cases[i].topic != NULL) + (cases[i].partition != NULL) : 4);
        for (size_t k = 0; cases[i].topic && k < m.n_parts; k++)
            assert_str(m.parts[k].text, k ? cases[i].partition : cases[i].topic);
    }
    arena_release(&a);
}

static void parts_are_decoded_and_read_as_numbers(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct pathmap m;
    static const struct {
        const char *path, *topic;
        int64_t partition; /* -1: no number */
    } cases[] = {
        { "/topics/a%2Fb%20c/partitions/0", "a/b c", 0 },
        { "/topics/100%/partitions/2147483647", "100%", 2147483647 },
        { "/topics/t/partitions/2147483648", "t", -1 },
        { "/topics/t/partitions/-1", "t", -1 },
        { "/topics/t/partitions/99999999999999999999", "t", -1 },
        { "/topics/t/partitions/1x", "t", -1 },
        { "/topics/%00/partitions/%31", "\0", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t number = -1;
        struct str path = str_of(cases[i].path);
        assert_non_null(pathmap_find(rows, N_ROWS, S("GET"), path, &m));
        struct str topic = pathmap_text(&m, "topic", &a);
        assert_true(i == 6 ? topic.n == 1 && !topic.p[0] : str_is(topic, cases[i].topic));
        assert_true(pathmap_number(&m, "partition", &number) == (cases[i].partition >= 0));
        assert_int_equal(number, cases[i].partition);
        assert_null(pathmap_text(&m, "group", &a).p);
        assert_true(pathmap_number(&m, "task", &number));
        assert_int_equal(number, 0);
    }
    struct str plain = S("/topics/t");
    pathmap_find(rows, N_ROWS, S("GET"), plain, &m);
    assert_ptr_equal(pathmap_text(&m, "topic", &a).p, plain.p + 8);
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_means_the_first_row_that_fits),
        cmocka_unit_test(parts_are_decoded_and_read_as_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
