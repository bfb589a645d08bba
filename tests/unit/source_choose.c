/* Which rows are posted: as the original scripts choose them, all, or those of a file. */
#include "tests/support/t.h"

#include <unistd.h>

#include "pipeline/source/choose.h"

static void seed_100_chooses_as_the_original_scripts(void **state)
{
    (void)state;
    static const int64_t first[] = { 7528, 2863, 5730, 8304, 8731, 1313, 4315, 10794, 5494, 5069, 2923, 3089, 6063, 3454, 7554,
                                     6145, 10625, 2959, 9875, 2418, 3156, 428, 7343, 2074, 9979, 10138, 9672, 8653, 8887, 7922 };
    enum { N = sizeof first / sizeof *first };
    struct err e;
    struct choose *c = choose_open(&(struct choose_options){ .kind = CHOOSE_RANDOM, .posts = N, .seed = CHOOSE_SEED }, &e);
    assert_non_null(c);
    assert_int_equal(choose_total(c), N);
    int64_t index = -1, pause_s = -1;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(choose_next(c, &index, &pause_s), 1);
        assert_int_equal(index, first[i]);
        assert_true(pause_s == 0 || pause_s == 1);
    }
    assert_int_equal(choose_next(c, &index, NULL), 0);
    assert_int_equal(choose_next(c, &index, NULL), 0);
    assert_int_equal(index, first[N - 1]);
    choose_close(c);
}

static void posts_without_end_stay_in_range(void **state)
{
    (void)state;
    struct err e;
    struct choose *c = choose_open(&(struct choose_options){ .kind = CHOOSE_RANDOM, .posts = -1, .seed = 7, .high = 3 }, &e);
    int seen[4] = { 0 };
    assert_int_equal(choose_total(c), -1);
    for (int i = 0; i < 1000; i++) {
        int64_t index;
        assert_int_equal(choose_next(c, &index, NULL), 1);
        assert_true(index >= 0 && index <= 3);
        seen[index]++;
    }
    assert_true(seen[0] && seen[1] && seen[2] && seen[3]);
    choose_close(c);
    c = choose_open(&(struct choose_options){ .kind = CHOOSE_RANDOM, .posts = 0, .seed = 7 }, &e);
    assert_int_equal(choose_next(c, &(int64_t){ 0 }, NULL), 0);
    choose_close(c);
}

static void all_come_once_in_their_order(void **state)
{
    (void)state;
    static const int64_t indices[] = { 3, 9, 11 };
    static const int64_t limits[] = { -1, 2, 0, 5 };
    struct err e;
    for (size_t l = 0; l < 4; l++) {
        int64_t want = limits[l] >= 0 && limits[l] < 3 ? limits[l] : 3, index, pause_s;
        struct choose *c = choose_open(&(struct choose_options){ .kind = CHOOSE_ALL, .indices = indices, .n_indices = 3, .posts = limits[l] }, &e);
        assert_int_equal(choose_total(c), want);
        for (int64_t i = 0; i < want; i++) {
            assert_int_equal(choose_next(c, &index, &pause_s), 1);
            assert_int_equal(index, indices[i]);
            assert_int_equal(pause_s, 0);
        }
        assert_int_equal(choose_next(c, &index, &pause_s), 0);
        choose_close(c);
    }
    choose_close(NULL);
}

static const struct file_case {
    const char *text;
    const char *indices; /* NULL = refused */
    const char *message;
} files[] = {
    { "1\n22\n1\n", "1,22,1,", NULL },
    { "1\r\n\r\n# a remark\n  22 \n-3", "1,22,-3,", NULL },
    { "\xEF\xBB\xBF" "5\n", "5,", NULL },
    { "[1, 22,\n3]\n", "1,22,3,", NULL },
    { " \n[4]", "4,", NULL },
    { "1\n2x\n", NULL, ":2:1: expected a row's index (an integer), found \"2x\"" },
    { "1\n  2.5\n", NULL, ":2:3: " },
    { "99999999999999999999\n", NULL, ":1:1: " },
    { "1,2\n", NULL, "found \"1,2\"" },
    { "1\n\xFF\xFE\n", NULL, ":2:1: " },
    { "[1,\n 2.5]", NULL, ":2:2: expected a row's index (an integer), found \"2.5\"" },
    { "[1,\n \"2\"]", NULL, ":2:3: " },
    { "[1, [2]]", NULL, ":1:5: " },
    { "[1, 2", NULL, "a JSON file of indices is one array" },
    { "[1] 2", NULL, ":1:5: " },
    { "", NULL, "holds no index" },
    { "# nothing\n\n", NULL, "holds no index" },
    { "[]", NULL, "holds no index" },
};

static void files_give_exactly_their_indices(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[] = "weirbox-indices-XXXXXX";
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_int_equal(write(fd, files[i].text, strlen(files[i].text)), strlen(files[i].text));
        close(fd);
        struct err e = { 0 };
        struct choose *c = choose_open(&(struct choose_options){ .kind = CHOOSE_FILE, .path = path, .posts = -1 }, &e);
        unlink(path);
        if (!files[i].indices) {
            if (c || !strstr(e.message, files[i].message) || !strstr(e.message, path) || strcmp(e.code, "INDICES_MALFORMED"))
                fail_msg("%s: %s", files[i].text, c ? "was taken" : e.message);
            continue;
        }
        if (!c)
            fail_msg("%s: %s", files[i].text, e.message);
        struct buf got = BUF_INIT;
        for (int64_t index; choose_next(c, &index, NULL);)
            buf_f(&got, "%lld,", (long long)index);
        assert_str(buf_str(&got), files[i].indices);
        buf_release(&got);
        choose_close(c);
    }
}

static void a_file_that_is_not_there_is_told(void **state)
{
    (void)state;
    static const char *const paths[] = { "no/such/file", "." };
    for (size_t i = 0; i < 2; i++) {
        struct err e = { 0 };
        assert_null(choose_open(&(struct choose_options){ .kind = CHOOSE_FILE, .path = paths[i] }, &e));
        assert_string_equal(e.code, "INDICES_NOT_FOUND");
        assert_non_null(strstr(e.message, paths[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_100_chooses_as_the_original_scripts),
        cmocka_unit_test(posts_without_end_stay_in_range),
        cmocka_unit_test(all_come_once_in_their_order),
        cmocka_unit_test(files_give_exactly_their_indices),
        cmocka_unit_test(a_file_that_is_not_there_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
