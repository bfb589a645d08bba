/* Windows: which rows belong to which, watermarks, late rows, numbers against brute force, window files with mistakes. */
#include "tests/unit/stream_world.h"

#define GEO "{\"ind\":%d,\"timestamp\":\"%s\",\"latitude\":1,\"longitude\":2,\"country\":\"%s\"}"

static const char tumbling[] = "{\"window\":\"tumbling\",\"from\":\"geo\",\"time\":\"timestamp\",\"size\":\"10m\",\"watermark\":\"1m\",\"group_by\":[\"country\"],"
    "\"aggregate\":{\"n\":{\"count\":\"*\"},\"inds\":{\"distinct\":\"ind\"},\"sum\":{\"sum\":\"ind\"},\"mid\":{\"median\":\"ind\"},\"least\":{\"min\":\"ind\"},"
    "\"most\":{\"max\":\"ind\"}},\"order_by\":[\"country\"]}";
static const char sliding[] = "{\"window\":\"sliding\",\"from\":\"geo\",\"time\":\"geo.timestamp\",\"size\":\"10m\",\"slide\":\"5m\",\"watermark\":\"0s\","
    "\"where\":[{\"column\":\"country\",\"in\":[\"Chad\"]}],\"aggregate\":{\"n\":{\"count\":\"*\"}}}";
static const char joined[] = "{\"window\":\"joined\",\"from\":\"pin\",\"join\":[{\"table\":\"geo\",\"on\":\"ind\"}],\"time\":\"arrival\",\"size\":\"1m\","
    "\"group_by\":[\"country\"],\"aggregate\":{\"n\":{\"count\":\"*\"},\"followers\":{\"sum\":\"follower_count\"}},\"order_by\":[\"country\"]}";
static const char *const files[] = { tumbling, sliding, joined, NULL };

static void geo(struct world *w, int ind, const char *time, const char *country)
{
    struct arena a = ARENA_INIT;
    world_feed(w, 1, arena_f(&a, GEO, ind, time, country), 0);
    arena_release(&a);
}

/* What was told of one window file since the last time. */
static struct str told(struct world *w, const char *name, struct arena *a)
{
    struct buf out = BUF_INIT;
    for (struct str rest = buf_str(&w->told); rest.n;) {
        struct str line = str_cut(&rest, '\n');
        if (str_starts(line, str_of(name)))
            buf_f(&out, STR_F "\n", STR_A(str_from(line, strlen(name) + 1)));
    }
    struct str text = arena_keep(a, &out);
    buf_reset(&w->told);
    return text;
}

static void begin(struct world *w)
{
    struct err e = { 0 };
    world_begin(w, NULL, files);
    assert_ok(world_start_stream(w, &e), &e);
}

static void a_window_is_told_once_the_watermark_has_passed_its_end(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    begin(&w);
    geo(&w, 5, "2020-01-01 00:00:00", "Chad");
    geo(&w, 9, "2020-01-01 00:09:59", "Chad");
    geo(&w, 5, "2020-01-01 00:03:00", "Chad");
    geo(&w, 7, "2020-01-01 00:03:00", "");
    geo(&w, 1, "2020-01-01 00:10:59", "Peru");
    world_batch(&w);
    assert_str(told(&w, "tumbling", &a), "");
    geo(&w, 1, "2020-01-01 00:11:00", "Peru");
    world_batch(&w);
    assert_str(told(&w, "tumbling", &a),
               "{\"window_start\":\"2020-01-01T00:00:00Z\",\"window_end\":\"2020-01-01T00:10:00Z\",\"country\":\"\",\"n\":1,\"inds\":1,\"sum\":7,\"mid\":7,\"least\":7,\"most\":7}\n"
               "{\"window_start\":\"2020-01-01T00:00:00Z\",\"window_end\":\"2020-01-01T00:10:00Z\",\"country\":\"Chad\",\"n\":3,\"inds\":2,\"sum\":19,\"mid\":5,\"least\":5,\"most\":9}\n");
    assert_int_equal(w.stream->sums.late, 0);
    world_end(&w);
    arena_release(&a);
}

static void a_row_belongs_to_every_window_that_slides_over_it(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    begin(&w);
    geo(&w, 1, "2020-01-01 00:05:00", "Chad");
    geo(&w, 1, "2020-01-01 00:04:59.999999", "Chad");
    geo(&w, 1, "2020-01-01 00:06:00", "Peru"); /* where leaves it out */
    geo(&w, 1, "1969-12-31 23:59:59", "Chad"); /* before the beginning of the grid */
    geo(&w, 1, "2020-01-01 01:00:00", "Chad");
    world_batch(&w);
    assert_str(told(&w, "sliding", &a), "{\"window_start\":\"1969-12-31T23:50:00Z\",\"window_end\":\"1970-01-01T00:00:00Z\",\"n\":1}\n"
               "{\"window_start\":\"1969-12-31T23:55:00Z\",\"window_end\":\"1970-01-01T00:05:00Z\",\"n\":1}\n"
               "{\"window_start\":\"2019-12-31T23:55:00Z\",\"window_end\":\"2020-01-01T00:05:00Z\",\"n\":1}\n"
               "{\"window_start\":\"2020-01-01T00:00:00Z\",\"window_end\":\"2020-01-01T00:10:00Z\",\"n\":2}\n"
               "{\"window_start\":\"2020-01-01T00:05:00Z\",\"window_end\":\"2020-01-01T00:15:00Z\",\"n\":1}\n");
    world_end(&w);
    arena_release(&a);
}

static void late_rows_are_counted_and_written_and_stay_in_tables_and_answers(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    begin(&w);
    geo(&w, 1, "2020-01-01 00:20:00", "Chad");
    world_batch(&w);
    geo(&w, 2, "2020-01-01 00:01:00", "Peru"); /* late for tumbling; where of sliding leaves it out */
    geo(&w, 3, "2020-01-01 00:16:00", "Chad"); /* late for one window of sliding, not for the other, nor for tumbling */
    geo(&w, 4, "not a time", "Chad");
    world_batch(&w);
    assert_int_equal(w.stream->sums.late, 1);
    assert_int_equal(w.stream->sums.partly_late, 1);
    assert_int_equal(w.stream->sums.without_time, 2);
    assert_str(world_file(&w, "late.jsonl", &a), "{\"window\":\"tumbling\",\"time\":\"2020-01-01T00:01:00Z\",\"country\":\"Peru\"}\n");
    assert_non_null(strstr(buf_cstr(&w.notes), "late: {\"window\":\"tumbling\""));
    assert_true(str_find(world_rows(w.tables[1], -1, &a), S("Peru")) != STR_NONE);
    world_end(&w);
    arena_release(&a);
}

static void windows_of_joins_count_what_is_completed_and_multiply_duplicates(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    struct str pin = S("{\"index\":1,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"10\",\"tag_list\":\"x\","
                       "\"is_image_or_video\":\"image\",\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"s\",\"category\":\"art\"}");
    begin(&w);
    world_feed(&w, 0, pin, 5000);
    world_feed(&w, 0, pin, 6000);
    world_batch(&w);
    world_stop_stream(&w); /* the pins come from the table after that */
    assert_ok(world_start_stream(&w, &e), &e);
    struct str row = arena_f(&a, GEO, 1, "2020-01-01 00:00:00", "Chad");
    world_feed(&w, 1, row, 61000);
    world_batch(&w);
    world_feed(&w, 1, row, 62000);
    world_feed(&w, 0, pin, 200000);
    world_batch(&w);
    assert_str(told(&w, "joined", &a), "{\"window_start\":\"1970-01-01T00:01:00Z\",\"window_end\":\"1970-01-01T00:02:00Z\",\"country\":\"Chad\",\"n\":4,\"followers\":40}\n");
    world_end(&w);
    arena_release(&a);
}

/* Numbers of random rows in random order against counting by hand; state does not grow with time. */
static void numbers_are_those_counted_by_hand(void **state)
{
    (void)state;
    enum { BATCHES = 40, SLOTS = 400 };
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct world w;
        struct rng r;
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        int64_t counted[SLOTS] = { 0 }, greatest = -1, closed = -1, late = 0;
        size_t most_open = 0;
        begin(&w);
        rng_seed(&r, seed);
        for (int b = 0; b < BATCHES; b++) {
            int64_t next = greatest;
            for (int i = 0; i < 20; i++) {
                int64_t minute = b * 5 + (int64_t)rng_below(&r, 30) - 15, slot = minute / 10;
                if (minute < 0)
                    continue;
                char time[CLOCK_TEXT];
                geo(&w, 1, clock_iso(1577836800000 + minute * 60000, time), "Peru");
                next = minute > next ? minute : next;
                if (slot * 10 + 10 <= closed)
                    late++;
                else
                    counted[slot]++;
            }
            world_batch(&w);
            greatest = next;
            closed = greatest - 1;
            struct stream_sums sums = stream_sums(w.stream);
            most_open = sums.open_windows > most_open ? sums.open_windows : most_open;
            if (rng_below(&r, 4) == 0) {
                int64_t before = (int64_t)w.stream->sums.late;
                world_stop_stream(&w);
                assert_ok(world_start_stream(&w, &e), &e);
                w.stream->sums.late = (uint64_t)before;
            }
        }
        assert_int_equal(w.stream->sums.late, late);
        struct str lines = told(&w, "tumbling", &a);
        for (int64_t slot = 0; slot * 10 + 10 <= closed; slot++) {
            char start[CLOCK_TEXT];
            clock_iso(1577836800000 + slot * 600000, start);
            struct str want = arena_f(&a, "{\"window_start\":\"%.19sZ\"", start), line = counted[slot] ? str_cut(&lines, '\n') : S("");
            if (counted[slot] && (!str_starts(line, want) || str_find(line, arena_f(&a, "\"n\":%lld,", (long long)counted[slot])) == STR_NONE))
                fail_msg("seed %llu: want " STR_F " n %lld, got " STR_F, (unsigned long long)seed, STR_A(want), (long long)counted[slot], STR_A(line));
        }
        assert_int_equal(lines.n, 0);
        assert_true(most_open < 12);
        world_end(&w);
        arena_release(&a);
    }
}

static void a_file_tells_the_same_windows_over_restarts(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    begin(&w);
    for (int i = 0; i < 5; i++) {
        geo(&w, i, "2020-01-01 00:00:00", "Chad");
        char time[CLOCK_TEXT];
        geo(&w, i, clock_iso(1577836800000 + (i + 1) * 1800000, time), "Peru");
        world_batch(&w);
        world_stop_stream(&w);
        assert_ok(world_start_stream(&w, &e), &e);
    }
    struct str lines = told(&w, "tumbling", &a);
    assert_true(lines.n > 100);
    assert_str(world_file(&w, "windows/tumbling.jsonl", &a), arena_z(&a, lines));
    world_end(&w);
    arena_release(&a);
}

static void arrival_windows_close_when_nothing_more_comes(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    begin(&w);
    world_feed(&w, 0, S("{\"index\":1,\"unique_id\":\"u\",\"title\":\"t\",\"description\":\"d\",\"poster_name\":\"p\",\"follower_count\":\"10\",\"tag_list\":\"x\","
                        "\"is_image_or_video\":\"image\",\"image_src\":\"s\",\"downloaded\":1,\"save_location\":\"s\",\"category\":\"art\"}"), 1000);
    geo(&w, 1, "2020-01-01 00:00:00", "Chad");
    world_batch(&w);
    assert_false(stream_close_is_due(w.stream, 59999));
    assert_true(stream_close_is_due(w.stream, 60000));
    w.stream->tip_ms = 60000;
    world_batch(&w);
    assert_true(str_find(told(&w, "joined", &a), S("\"country\":\"Chad\",\"n\":1")) != STR_NONE);
    world_end(&w);
    arena_release(&a);
}

static void a_window_defined_otherwise_begins_anew_and_says_so(void **state)
{
    (void)state;
    struct world w;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    begin(&w);
    geo(&w, 1, "2020-01-01 00:00:00", "Chad");
    world_batch(&w);
    world_stop_stream(&w);
    analytics_close(w.analytics);
    rules_close(w.rules);
    struct str other = arena_f(&a, "%.*s,\"where\":[{\"column\":\"ind\",\"at_least\":0}]}", (int)sizeof tumbling - 2, tumbling);
    assert_ok(sink_put(w.dir, "rules/windows/tumbling.json", other, &e), &e);
    w.rules = rules_open(arena_f(&a, "%s/rules", w.dir).p, NULL, &e);
    w.analytics = analytics_open(w.rules, &e);
    assert_ok(world_start_stream(&w, &e), &e);
    assert_non_null(strstr(buf_cstr(&w.notes), "window tumbling is defined otherwise"));
    geo(&w, 1, "2020-01-01 00:01:00", "Chad");
    geo(&w, 1, "2020-01-01 02:00:00", "Chad");
    world_batch(&w);
    assert_true(str_starts(told(&w, "tumbling", &a), S("partial {")));
    world_end(&w);
    arena_release(&a);
}

/* ---- window files with mistakes ---- */

static void mistakes_in_window_files_are_told_with_line_and_column(void **state)
{
    (void)state;
#define HEAD "{\n  \"window\": \"w\",\n  \"from\": \"pin\",\n"
#define COUNT "  \"aggregate\": {\"n\": {\"count\": \"*\"}}"
    static const struct { const char *file, *says; } cases[] = {
        { HEAD "  \"size\": \"1m\",\n  \"group_by\": [\"categorie\"],\n" COUNT "\n}", "w.json:5:16: group_by[0]: unknown column \"categorie\"; did you mean \"category\"?" },
        { HEAD "  \"size\": \"1m\", \"time\": \"tiem\",\n" COUNT "\n}", "w.json:4:25: time: unknown time \"tiem\"; known are: arrival" },
        { HEAD "  \"size\": \"1 fortnight\",\n" COUNT "\n}", "w.json:4:11: size: \"1 fortnight\" is no duration" },
        { HEAD "  \"size\": \"0m\",\n" COUNT "\n}", "is no duration" },
        { HEAD "  \"size\": \"1m\", \"slide\": \"2m\",\n" COUNT "\n}", "w.json:4:26: slide: is longer than \"size\"" },
        { HEAD "  \"size\": \"1h\", \"slide\": \"1ms\",\n" COUNT "\n}", "at most 1000 windows" },
        { HEAD COUNT "\n}", "needs \"size\"" },
        { HEAD "  \"size\": \"1m\", \"sise\": 1,\n" COUNT "\n}", "unknown word \"sise\"; did you mean \"size\"" },
        { HEAD "  \"size\": \"1m\",\n  \"aggregate\": {\"n\": {\"sum\": \"title\"}}\n}", "\"title\" is no column of numbers" },
        { HEAD "  \"size\": \"1m\",\n  \"aggregate\": {\"n\": {\"sum\": \"ind\", \"max\": \"ind\"}}\n}", "is one of count, sum, max" },
        { HEAD "  \"size\": \"1m\",\n  \"aggregate\": {\"n\": {\"distinct\": \"*\"}}\n}", "\"distinct\" needs a column" },
        { HEAD "  \"size\": \"1m\",\n  \"aggregate\": {\"n\": 5}\n}", "w.json:5:22: aggregate.n: must be an object" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\"}],\n" COUNT "\n}", "alerts[0]: needs \"alert\": NAME and \"when\"" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\", \"when\": [{\"column\": \"m\", \"at_least\": 1}], \"file\": \"f\"}],\n" COUNT "\n}",
          "unknown column of the window \"m\"" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\", \"when\": [{\"column\": \"n\"}], \"file\": \"f\"}],\n" COUNT "\n}", "and a bound" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\", \"when\": [], \"file\": \"f\", \"exec\": [\"g\"]}],\n" COUNT "\n}", "needs one of" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\", \"when\": [], \"file\": \"../f\"}],\n" COUNT "\n}", "below the folder of --out" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\", \"when\": [], \"exec\": []}],\n" COUNT "\n}", "needs a program" },
        { HEAD "  \"size\": \"1m\", \"alerts\": [{\"alert\": \"x\", \"when\": [], \"webhook\": \"ftp://x\"}],\n" COUNT "\n}", "must begin with http" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char dir[] = P_tmpdir "/weirbox-windows-XXXXXX";
        struct err e = { 0 };
        struct arena a = ARENA_INIT;
        assert_non_null(mkdtemp(dir));
        assert_ok(sink_put(dir, "windows/w.json", str_of(cases[i].file), &e), &e);
        struct rules *rules = rules_open(dir, NULL, &e);
        if (!rules)
            fail_msg("%s", e.message);
        struct stream_windows *w = stream_windows_open(rules, &e);
        if (w || !strstr(e.message, cases[i].says))
            fail_msg("case %zu: %s", i, w ? "accepted" : e.message);
        stream_windows_close(w);
        rules_close(rules);
        assert_int_equal(system(arena_f(&a, "rm -r %s", dir).p), 0);
        arena_release(&a);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_is_told_once_the_watermark_has_passed_its_end),
        cmocka_unit_test(a_row_belongs_to_every_window_that_slides_over_it),
        cmocka_unit_test(late_rows_are_counted_and_written_and_stay_in_tables_and_answers),
        cmocka_unit_test(windows_of_joins_count_what_is_completed_and_multiply_duplicates),
        cmocka_unit_test(numbers_are_those_counted_by_hand),
        cmocka_unit_test(a_file_tells_the_same_windows_over_restarts),
        cmocka_unit_test(arrival_windows_close_when_nothing_more_comes),
        cmocka_unit_test(a_window_defined_otherwise_begins_anew_and_says_so),
        cmocka_unit_test(mistakes_in_window_files_are_told_with_line_and_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
