/* YAML into trees: what scalars mean, anchors within bounds, malformed documents by line and column; and back. */
#include "mocks/apigw/yaml.h"
#include "tests/support/t.h"

static void documents_become_trees(void **state)
{
    (void)state;
    static const struct { const char *yaml, *json; } rows[] = {
        { "a: 1\nb: [x, 'y', \"z\"]\n", "{\"a\":1,\"b\":[\"x\",\"y\",\"z\"]}" },
        { "responses:\n  200:\n    description: ok\n", "{\"responses\":{\"200\":{\"description\":\"ok\"}}}" },
        { "a: yes\nb: true\nc: ~\nd:\ne: 'true'\nf: No\n", "{\"a\":\"yes\",\"b\":true,\"c\":null,\"d\":null,\"e\":\"true\",\"f\":\"No\"}" },
        { "a: -1.5e3\nb: .5\nc: 1.\nd: 1e\ne: 12:30\nf: 0x1f\ng: '7'\nh: +\n",
          "{\"a\":-1500,\"b\":0.5,\"c\":1,\"d\":\"1e\",\"e\":\"12:30\",\"f\":\"0x1f\",\"g\":\"7\",\"h\":\"+\"}" },
        { "---\n# about\nt: |\n  one\n  two\nu: >-\n  three\n  four\n", "{\"t\":\"one\\ntwo\\n\",\"u\":\"three four\"}" },
        { "a: &x {k: 1}\nb: *x\n", "{\"a\":{\"k\":1},\"b\":{\"k\":1}}" },
        { "a: &x {k: 1, l: 2}\nb:\n  <<: *x\n  m: 3\n", "{\"a\":{\"k\":1,\"l\":2},\"b\":{\"k\":1,\"l\":2,\"m\":3}}" },
        { "b:\n  <<: {k: &y [1]}\n  m: *y\n", "{\"b\":{\"k\":[1],\"m\":[1]}}" },
        { "b:\n  <<: [{k: 1}, {k: 2, l: 3}]\n", "{\"b\":{\"k\":1,\"l\":3}}" },
        { "{\"a\": [1, {\"b\": null}]}", "{\"a\":[1,{\"b\":null}]}" },
        { "a: b\n---\nc: d\n", "{\"a\":\"b\"}" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        cJSON *tree = yaml_read(str_of(rows[i].yaml), &e);
        if (!tree)
            fail_msg("%s: %s", rows[i].yaml, e.message);
        char *text = cJSON_PrintUnformatted(tree);
        assert_string_equal(text, rows[i].json);
        cJSON_free(text);
        cJSON_Delete(tree);
    }
}

static void malformed_ones_are_refused_by_place(void **state)
{
    (void)state;
    static const struct { const char *yaml, *place; } rows[] = {
        { "", "" }, { "a: [1", "line" }, { "a: b: c\n", "line 1, column 5" }, { "a: 1\na: 2\n", "line 2, column 1" },
        { "a: *nobody\n", "line 1, column 4" }, { "a: &x [*x]\n", "column 8" }, { "? [a]\n: b\n", "a name has to be a text" },
        { "\t- x", "line 1" }, { "a: \"\\q\"", "line 1" }, { "\xff\xfe\xff", "line" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct err e = { 0 };
        assert_null(yaml_read(str_of(rows[i].yaml), &e));
        assert_int_equal(e.status, 400);
        if (!strstr(e.message, rows[i].place))
            fail_msg("%s: %s", rows[i].yaml, e.message);
    }
}

/* Ten levels of nine aliases each would be 3.5 thousand million nodes. */
static void aliases_cannot_multiply_without_bound(void **state)
{
    (void)state;
    struct err e = { 0 };
    struct buf text = BUF_INIT;
    buf_z(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        buf_f(&text, "a%d: &a%d [*a%d", i, i, i - 1);
        for (int k = 0; k < 8; k++)
            buf_f(&text, ",*a%d", i - 1);
        buf_z(&text, "]\n");
    }
    assert_null(yaml_read(buf_str(&text), &e));
    assert_non_null(strstr(e.message, "too large"));
    buf_reset(&text);
    for (int i = 0; i < 500; i++)
        buf_c(&text, '[');
    assert_null(yaml_read(buf_str(&text), &e));
    assert_non_null(strstr(e.message, "too deeply"));
    buf_release(&text);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const char json[] = "{\"openapi\":\"3.0.1\",\"n\":[1,-2.5,true,null,\"\",\"1\",\"true\",\"~\",\"a: b\",\"- x\",\"line\\nline\",\"\xc3\xa9\xf0\x9f\x98\x80\"],"
                               "\"200\":{},\"e\":[],\"t\":\"#set($x = 1)\\n{\\\"a\\\": $x}\"}";
    struct err e = { 0 };
    struct buf text = BUF_INIT;
    cJSON *tree = cJSON_Parse(json);
    yaml_write(&text, tree);
    cJSON_Delete(tree);
    tree = yaml_read(buf_str(&text), &e);
    if (!tree)
        fail_msg("%s\n" STR_F, e.message, STR_A(buf_str(&text)));
    char *back = cJSON_PrintUnformatted(tree);
    assert_string_equal(back, json);
    cJSON_free(back);
    cJSON_Delete(tree);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_trees),
        cmocka_unit_test(malformed_ones_are_refused_by_place),
        cmocka_unit_test(aliases_cannot_multiply_without_bound),
        cmocka_unit_test(what_is_written_is_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
