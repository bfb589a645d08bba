/* From a path to a resource: precedence, slashes, verbs, encoded parameters. */
#include "mocks/apigw/model.h"
#include "tests/support/t.h"

static const char *const tree[][2] = {
    { "/", "GET" }, { "/{proxy+}", "ANY" }, { "/streams", "GET" }, { "/streams/record", "PUT" }, { "/streams/{name}", "GET" },
    { "/streams/{name}", "ANY" }, { "/streams/{name}/record", "PUT" }, { "/files/{path+}", "GET" }, { "/files/index", "POST" },
    { "/only/children/here", "GET" }, { "/a/{x}/b/{y}/c", "GET" }, { "/v1.0/x", "GET" },
};

static struct model_api *api_of(const char *const rows[][2], size_t n)
{
    struct err e = { 0 };
    struct model_api *api = model_open(S("t"));
    for (size_t i = 0; i < n; i++) {
        struct model_resource *r = model_resource(api, str_of(rows[i][0]), &e);
        assert_non_null(r);
        model_method(api, r, str_of(rows[i][1]));
    }
    return api;
}

static void the_most_specific_resource_answers(void **state)
{
    (void)state;
    static const struct {
        const char *verb, *path, *resource, *method, *param;
    } rows[] = {
        { "GET", "/", "/", "GET", NULL },
        { "GET", "", "/", "GET", NULL },
        { "POST", "/", "/", NULL, NULL },
        { "GET", "/streams", "/streams", "GET", NULL },
        { "GET", "/streams/", "/streams", "GET", NULL },
        { "GET", "//streams", "/streams", "GET", NULL },
        { "PUT", "/streams/record", "/streams/record", "PUT", NULL },
        { "GET", "/streams/record", "/streams/{name}", "GET", "record" }, /* the static one lacks the verb */
        { "GET", "/streams/x", "/streams/{name}", "GET", "x" },
        { "DELETE", "/streams/x", "/streams/{name}", "ANY", "x" },
        { "BREW", "/streams/x", "/streams/{name}", NULL, "x" },
        { "PUT", "/streams/a%2Fb/record", "/streams/{name}/record", "PUT", "a%2Fb" },
        { "POST", "/streams/x/record", "/streams/{name}/record", NULL, "x" }, /* the greedy one is not beside it */
        { "PUT", "/streams/record/record", "/streams/{name}/record", "PUT", "record" }, /* the static one leads nowhere */
        { "PUT", "/streams/x/nope", "/{proxy+}", "ANY", "streams/x/nope" },
        { "POST", "/topics/a.pin", "/{proxy+}", "ANY", "topics/a.pin" },
        { "POST", "/topics//a/", "/{proxy+}", "ANY", "topics//a" },
        { "GET", "/files/a/b/c", "/files/{path+}", "GET", "a/b/c" },
        { "GET", "/files/index", "/files/{path+}", "GET", "index" },
        { "GET", "/files", "/{proxy+}", "ANY", "files" },
        { "GET", "/only", "/{proxy+}", "ANY", "only" },
        { "GET", "/a/1/b/2/c", "/a/{x}/b/{y}/c", "GET", "1" },
        { "GET", "/v1.0/x", "/v1.0/x", "GET", NULL },
        { "get", "/streams", "/streams", NULL, NULL },
        { "HEAD", "/streams", "/{proxy+}", "ANY", "streams" }, /* GET does not imply HEAD */
    };
    struct model_api *api = api_of(tree, sizeof(tree) / sizeof(*tree));
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct match m;
        bool found = match_path(api, str_of(rows[i].verb), str_of(rows[i].path), &m);
        assert_int_equal(found, rows[i].method != NULL);
        assert_non_null(m.resource);
        assert_str(m.resource->path, rows[i].resource);
        if (rows[i].method)
            assert_str(m.method->verb, rows[i].method);
        if (rows[i].param)
            assert_str(m.params[0].value, rows[i].param);
        else
            assert_int_equal(m.n_params, 0);
    }
    model_close(api);
}

static void without_a_greedy_resource_unknown_paths_are_refused(void **state)
{
    (void)state;
    static const char *const small[][2] = { { "/streams/{name}/record", "PUT" } };
    struct model_api *api = api_of(small, 1);
    struct match m;
    static const char *const unknown[] = { "/", "/streams", "/streams/x", "/streams/x/record/y", "/x", "/streams/x/records" };
    for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        assert_false(match_path(api, S("PUT"), str_of(unknown[i]), &m));
        assert_null(m.resource);
        assert_non_null(m.nearest);
    }
    assert_false(match_path(api, S("PUT"), S("/streams/x/records"), &m));
    assert_str(m.nearest->path, "/streams/{name}");
    char deep[1000];
    memset(deep, 0, sizeof(deep));
    for (int i = 0; i < 400; i++)
        strcat(deep, "/a");
    assert_false(match_path(api, S("PUT"), str_of(deep), &m));
    model_close(api);
}

static void impossible_resources_are_refused(void **state)
{
    (void)state;
    struct model_api *api = model_open(S("t"));
    struct err e = { 0 };
    assert_non_null(model_resource(api, S("/a/{x}"), &e));
    assert_null(model_resource(api, S("/a/{y}"), &e));
    assert_non_null(strstr(e.message, "sibling"));
    assert_non_null(model_resource(api, S("/{proxy+}"), &e));
    assert_null(model_resource(api, S("/{proxy+}/below"), &e));
    assert_null(model_resource(api, S("/b/x{y}"), &e));
    model_close(api);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_specific_resource_answers),
        cmocka_unit_test(without_a_greedy_resource_unknown_paths_are_refused),
        cmocka_unit_test(impossible_resources_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
