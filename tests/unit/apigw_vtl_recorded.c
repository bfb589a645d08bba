/* Mapping templates whose output was recorded on the real API Gateway: each must print the same. */
#include "base/json.h"
#include "mocks/apigw/vtl.h"
#include "tests/support/t.h"

/* Runs of blanks become one blank; none at the ends. */
static struct str squeeze(struct arena *a, struct str s)
{
    char *out = arena_alloc(a, s.n + 1);
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; i < s.n; i++) {
        bool blank = s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r');
        if (!blank) {
            if (gap && n)
                out[n++] = ' ';
            out[n++] = s.p[i];
        }
        gap = blank;
    }
    return (struct str){ out, n };
}

static size_t bindings_of(struct arena *a, struct vtl_value context, struct vtl_binding **ret)
{
    if (context.type != VTL_MAP)
        return 0;
    *ret = ARENA_ARRAY(a, struct vtl_binding, context.map->n + 1);
    for (uint32_t i = 0; i < context.map->n; i++)
        (*ret)[i] = (struct vtl_binding){ context.map->e[i]->key.s, context.map->e[i]->value };
    return context.map->n;
}

/* NULL, or what it printed instead. */
static const char *differs(struct arena *a, struct vtl_map *row)
{
    struct err e = { 0 };
    struct buf out = BUF_INIT;
    struct vtl_binding *bindings = NULL;
    struct vtl *t = vtl_compile(vtl_map_get(row, S("template"))->s, &e);
    struct vtl_env env = { .arena = a };
    env.n_bindings = bindings_of(a, *vtl_map_get(row, S("context")), &bindings);
    env.bindings = bindings;
    if (!t || vtl_render(t, &env, &out, &e)) {
        vtl_free(t);
        buf_release(&out);
        return arena_f(a, "error: %s", e.message).p;
    }
    struct vtl_value want = *vtl_map_get(row, S("aws")), got;
    struct str printed = arena_dup(a, buf_str(&out));
    if (vtl_map_get(row, S("ignore_ws"))->b)
        printed = squeeze(a, printed);
    vtl_free(t);
    buf_release(&out);
    bool same = want.type == VTL_STRING ? str_eq(printed, want.s)
                                        : vtl_json_parse(a, printed, &got) && vtl_equals(got, want);
    return same ? NULL : printed.p;
}

static void all_recorded_cases_print_what_aws_printed(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    const char *path = t_shared(&a, "vtl/recorded_on_aws.jsonl");
    int n = 0, wrong = 0;
    if (!path)
        skip();
    for (struct str rest = t_file(&a, path); rest.p;) {
        struct str line = str_cut(&rest, '\n');
        if (!line.n)
            continue;
        struct vtl_map *row = vtl_json_value(&a, line).map;
        const char *got = differs(&a, row);
        n++;
        if (!got)
            continue;
        wrong++;
        print_error("%s\n  template " STR_F "\n  aws      " STR_F "\n  got      %s\n",
                    vtl_text(&a, *vtl_map_get(row, S("id"))).p, STR_A(vtl_map_get(row, S("template"))->s),
                    STR_A(vtl_text(&a, *vtl_map_get(row, S("aws")))), got);
    }
    print_message("%d of %d equal\n", n - wrong, n);
    assert_int_equal(wrong, 0);
    assert_int_equal(n, 198);
    arena_release(&a);
}

int main(void)
{
    t_need_shared("vtl/recorded_on_aws.jsonl");
    const struct CMUnitTest tests[] = { cmocka_unit_test(all_recorded_cases_print_what_aws_printed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
