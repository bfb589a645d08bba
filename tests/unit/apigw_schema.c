/* JSON Schema, draft 4: each keyword taken and refused. */
#include "mocks/apigw/schema.h"
#include "tests/support/t.h"

static struct str judged(struct arena *a, const char *schema, const char *instance)
{
    cJSON *s = cJSON_Parse(schema), *v = cJSON_Parse(instance);
    cJSON *models = cJSON_Parse("{\"N\":{\"type\":\"integer\",\"minimum\":1},\"L\":{\"items\":{\"$ref\":\"https://apigateway.amazonaws.com/restapis/x/models/N\"}}}");
    assert_non_null(s);
    assert_non_null(v);
    struct str why = schema_check(s, models, v, a);
    cJSON_Delete(s);
    cJSON_Delete(v);
    cJSON_Delete(models);
    return why;
}

static void every_keyword_takes_and_refuses(void **state)
{
    (void)state;
    static const struct { const char *schema, *good, *bad, *why; } rows[] = {
        { "{\"type\":\"object\"}", "{}", "[]", "instance type (array) does not match any allowed primitive type (allowed: [\"object\"])" },
        { "{\"type\":\"integer\"}", "3", "3.5", "instance type (number)" },
        { "{\"type\":\"number\"}", "3", "\"3\"", "instance type (string)" },
        { "{\"type\":[\"string\",\"null\"]}", "null", "true", "instance type (boolean)" },
        { "{\"enum\":[1,\"a\",{\"b\":[2]}]}", "{\"b\":[2]}", "{\"b\":[3]}", "not found in enum" },
        { "{\"required\":[\"a\",\"b\"]}", "{\"a\":1,\"b\":null}", "{\"c\":1}", "object has missing required properties ([\"a\",\"b\"])" },
        { "{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":\"x\",\"z\":1}", "{\"a\":1}", "integer" },
        { "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1}", "{\"b\":1}", "not allowed by the schema: [\"b\"]" },
        { "{\"additionalProperties\":{\"type\":\"integer\"}}", "{\"b\":1}", "{\"b\":\"x\"}", "string" },
        { "{\"patternProperties\":{\"^n_\":{\"type\":\"integer\"}}}", "{\"n_a\":1,\"m\":\"x\"}", "{\"n_a\":\"x\"}", "string" },
        { "{\"minProperties\":1}", "{\"a\":1}", "{}", "too short" },
        { "{\"maxProperties\":1}", "{\"a\":1}", "{\"a\":1,\"b\":2}", "too long" },
        { "{\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1,\"b\":1}", "{\"a\":1}", "missing required" },
        { "{\"items\":{\"type\":\"integer\"}}", "[1,2]", "[1,\"x\"]", "string" },
        { "{\"items\":[{},{}],\"additionalItems\":false}", "[1,2]", "[1,2,3]", "more than 2" },
        { "{\"minItems\":2}", "[1,2]", "[1]", "minimum allowed: 2, found: 1" },
        { "{\"maxItems\":1}", "[1]", "[1,2]", "too long" },
        { "{\"uniqueItems\":true}", "[1,2]", "[{\"a\":1},{\"a\":1}]", "duplicate" },
        { "{\"minimum\":2}", "2", "1", "lower than the required minimum" },
        { "{\"minimum\":2,\"exclusiveMinimum\":true}", "3", "2", "strictly greater" },
        { "{\"maximum\":2}", "2", "3", "greater than the required maximum" },
        { "{\"maximum\":2,\"exclusiveMaximum\":true}", "1", "2", "strictly lower" },
        { "{\"multipleOf\":0.1}", "0.3", "0.35", "remainder" },
        { "{\"minLength\":2}", "\"\u00fc\u00fc\"", "\"\u00fc\"", "too short" },
        { "{\"maxLength\":1}", "\"\u00fc\"", "\"ab\"", "too long" },
        { "{\"pattern\":\"^a+$\"}", "\"aa\"", "\"ab\"", "does not match input string" },
        { "{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2", "4", "maximum" },
        { "{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":3}]}", "3", "1", "at least one" },
        { "{\"oneOf\":[{\"minimum\":1},{\"minimum\":3}]}", "2", "4", "matched 2 out of 2" },
        { "{\"not\":{\"type\":\"string\"}}", "1", "\"x\"", "should not have" },
        { "{\"$ref\":\"#/definitions/x\",\"definitions\":{\"x\":{\"type\":\"integer\"}}}", "1", "\"x\"", "string" },
        { "{\"items\":{\"$ref\":\"https://apigateway.amazonaws.com/restapis/i/models/N\"}}", "[1]", "[0]", "minimum" },
        { "{\"properties\":{\"l\":{\"$ref\":\"#/components/schemas/L\"}}}", "{\"l\":[1]}", "{\"l\":[0]}", "minimum" },
        { "{\"properties\":{\"next\":{\"$ref\":\"#\"}},\"additionalProperties\":false}", "{\"next\":{\"next\":{}}}", "{\"next\":{\"other\":1}}", "not allowed" },
        { "{\"properties\":{\"a\":{\"$ref\":\"#/gone\"}}}", "{}", "{\"a\":1}", "does not exist" },
        { "{\"properties\":{\"a\":{\"$ref\":\"#/properties/a\"}}}", "{}", "{\"a\":1}", "nests deeper" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = ARENA_INIT;
        struct str good = judged(&a, rows[i].schema, rows[i].good), bad = judged(&a, rows[i].schema, rows[i].bad);
        if (good.p || str_find(bad, str_of(rows[i].why)) == STR_NONE)
            print_error("%s\n  good: " STR_F "\n  bad: " STR_F "\n", rows[i].schema, STR_A(good), STR_A(bad));
        assert_null(good.p);
        assert_true(str_find(bad, str_of(rows[i].why)) != STR_NONE);
        arena_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_keyword_takes_and_refuses) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
