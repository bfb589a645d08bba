/* Row by row: grids from files, their differences, what may differ. */
#include "tests/support/t.h"

#include "pipeline/check/diff.h"

struct allowed {
    const char *column;
    struct tolerance tolerance;
};

static struct tolerance tolerance_for(void *arg, struct str column)
{
    const struct allowed *a = arg;
    return a && str_is(column, a->column) ? a->tolerance : (struct tolerance){ .mostly = 1 };
}

/* "1=a 2=b" as rows of k and v. */
static void grid_of(struct grid *g, struct arena *a, const char *text)
{
    struct buf b = BUF_INIT;
    struct err e;
    for (struct str rest = str_of(text); rest.n;) {
        struct str v = str_cut(&rest, ' '), k = str_cut(&v, '=');
        buf_f(&b, "{\"k\":" STR_F ",\"v\":" STR_F "}\n", STR_A(k), STR_A(v));
    }
    *g = (struct grid){ 0 };
    assert_ok(grid_read_jsonl(g, arena_keep(a, &b), "rows", &e), &e);
}

static void rows_meet_by_key(void **state)
{
    static const struct { const char *was, *now; size_t added, removed, cells; } CASES[] = {
        { "1=1 2=2", "2=2 1=1", 0, 0, 0 },
        { "1=1 2=2", "1=1 2=3", 0, 0, 1 },
        { "1=1 2=2", "1=1", 0, 1, 0 },
        { "1=1", "1=1 2=2 3=3", 2, 0, 0 },
        { "9=1 10=1 11=1", "10=1 11=2", 0, 1, 1 },
        { "1=1 1=2 1=3", "1=3 1=1", 0, 1, 0 }, /* equal ones meet first */
        { "1=1 1=2", "1=2 1=9 1=1", 1, 0, 0 },
        { "1=1 1=2", "1=3 1=4", 0, 0, 2 },
        { "", "1=1", 1, 0, 0 },
        { "1=1", "", 0, 1, 0 },
        { "", "", 0, 0, 0 },
        { "-2=1 -1=1", "-1=1 -2=2", 0, 0, 1 },
    };
    struct arena a = ARENA_INIT;
    struct str key = S("k");
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct grid was, now;
        struct diff d;
        grid_of(&was, &a, CASES[i].was);
        grid_of(&now, &a, CASES[i].now);
        diff_run(&d, &was, &now, &key, 1, tolerance_for, NULL);
        if (d.n_added != CASES[i].added || d.n_removed != CASES[i].removed || d.n_cells != CASES[i].cells)
            fail_msg("%s against %s: %zu added, %zu removed, %zu cells", CASES[i].now, CASES[i].was, d.n_added, d.n_removed, d.n_cells);
        diff_release(&d);
        grid_release(&was);
        grid_release(&now);
    }
    arena_release(&a);
}

static void tolerances_forgive(void **state)
{
    static const struct { struct tolerance t; size_t cells; } CASES[] = {
        { { .mostly = 1 }, 3 },
        { { .mostly = 1, .abs = 1 }, 2 },
        { { .mostly = 1, .abs = 10 }, 1 }, /* null is no number */
        { { .mostly = 1, .rel = 0.1 }, 1 },
        { { .mostly = 1, .ignore = true }, 0 },
        { { .mostly = 0.25 }, 0 },
        { { .mostly = 0.5 }, 3 },
        { { .mostly = 0.5, .abs = 1 }, 0 },
    };
    struct arena a = ARENA_INIT;
    struct str key = S("k");
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct grid was, now;
        struct diff d;
        struct allowed allowed = { "v", CASES[i].t };
        grid_of(&was, &a, "1=10 2=100 3=7 4=4");
        grid_of(&now, &a, "1=11 2=110 3=null 4=4");
        diff_run(&d, &was, &now, &key, 1, tolerance_for, &allowed);
        if (d.n_cells != CASES[i].cells)
            fail_msg("case %zu: %zu cells", i, d.n_cells);
        diff_release(&d);
        grid_release(&was);
        grid_release(&now);
    }
    arena_release(&a);
}

static void broken_files_say_the_line(void **state)
{
    static const struct { int kind; const char *text, *says; } CASES[] = {
        { 'j', "{\"a\":1}\n{\"a\":}\n", "f:2: " },
        { 'j', "{\"a\":1}\n{\"b\":1}\n", "f:2: has a column that the first line has not" },
        { 'j', "[]\n", "f:1: " },
        { 'j', "{\"a\":1\n", "f:1: " },
        { 'c', "a,b\r\n1\r\n", "f:2: another number of fields" },
        { 'c', "a,b\r\n1,2,3\r\n", "f:2: another number of fields" },
        { 'c', "a,b\r\n1,\"2\r\n", "f:2: a quoted field does not end" },
        { 'c', "", "f:1: no header line" },
        { 'h', "1 0123456789abcdef\nx 0123456789abcdef\n", "f:2: must be a key" },
        { 'h', "1 0123\n", "f:1: must be a key" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        struct grid g = { 0 };
        struct err e = { 0 };
        struct str text = str_of(CASES[i].text);
        int result = CASES[i].kind == 'j'   ? grid_read_jsonl(&g, text, "f", &e)
                     : CASES[i].kind == 'c' ? grid_read_csv(&g, text, "f", &e)
                                            : grid_read_hashes(&g, text, S("k"), "f", &e);
        if (result != -1 || !strstr(e.message, CASES[i].says))
            fail_msg("case %zu: %s", i, e.message);
        assert_string_equal(e.code, "BASELINE_MALFORMED");
        grid_release(&g);
    }
}

static void null_is_not_the_empty_text(void **state)
{
    struct grid g = { 0 };
    struct err e;
    (void)state;
    assert_ok(grid_read_csv(&g, S("a,b\r\n,\"\"\r\n\"x\"\"\r\ny\",z\r\n"), "f", &e), &e);
    assert_int_equal(g.n_rows, 2);
    assert_null(grid_cell(&g, 0, 0).p);
    assert_non_null(grid_cell(&g, 0, 1).p);
    assert_str(grid_cell(&g, 1, 0), "x\"\r\ny");
    grid_release(&g);
}

static void tolerances_are_read(void **state)
{
    static const struct { const char *text, *says; } BAD[] = {
        { "[]", "must be an object" },
        { "{\"pin.agee\":{}}", "did you mean \"pin.age\"?" },
        { "{\"pin.age\":{\"abs\":-1}}", "abs: must be a number, 0 or more" },
        { "{\"pin.age\":{\"mostly\":2}}", "mostly: must be a number from 0 to 1" },
        { "{\"pin.age\":{\"relative\":1}}", "unknown word \"relative\"; did you mean \"rel\"?" },
        { "{\"pin.age\":{\"ignore\":1}}", "must be true or false" },
        { "{\"pin.age\":", "t.json:1:" },
    };
    struct str known[] = { S("pin"), S("pin.age"), S("q") };
    struct arena a = ARENA_INIT;
    struct tolerances t;
    struct err e;
    (void)state;
    assert_ok(tolerance_read(&a, S("t.json"), S("{\"about\":\"why\",\"pin.age\":{\"abs\":1.5,\"rel\":0.1},\"q\":{\"ignore\":true}}"), known, 3, &t, &e), &e);
    struct tolerance age = tolerance_of2(&t, S("pin"), S("age"));
    assert_true(tolerance_same(&age, 10, 11.5) && tolerance_same(&age, 100, 90) && !tolerance_same(&age, 10, 12));
    assert_true(tolerance_of(&t, S("q")).ignore);
    assert_true(tolerance_of(&t, S("pin")).mostly == 1);
    assert_ok(tolerance_read(&a, S("t.json"), S(" \n"), known, 3, &t, &e), &e);
    assert_int_equal(t.n, 0);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(tolerance_read(&a, S("t.json"), str_of(BAD[i].text), known, 3, &t, &e), -1);
        assert_string_equal(e.code, "TOLERANCES_MALFORMED");
        if (!strstr(e.message, BAD[i].says))
            fail_msg("%s: does not say %s", e.message, BAD[i].says);
    }
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_meet_by_key),       cmocka_unit_test(tolerances_forgive), cmocka_unit_test(broken_files_say_the_line),
        cmocka_unit_test(null_is_not_the_empty_text), cmocka_unit_test(tolerances_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
