/* Any bytes as an API document: it is refused with a message or imported; an imported one routes any path, and its export
 * imports again. Its models judge the document itself. */
#include <stdlib.h>

#include "mocks/apigw/define.h"
#include "mocks/apigw/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void export_and_import(const struct model_api *api)
{
    static const char *const types[] = { "oas30", "swagger" };
    for (int i = 0; i < 2; i++) {
        struct err e = { 0 };
        cJSON *document = openapi_export(api->definition, "s", types[i], true, "h");
        char *text = cJSON_PrintUnformatted(document);
        struct model_api *again = text ? openapi_import(str_of(text), S("again"), &e) : NULL;
        if (again && again->n_methods != api->n_methods)
            abort();
        model_close(again);
        free(text);
        cJSON_Delete(document);
    }
}

static void judge(const struct model_api *api)
{
    struct arena a = ARENA_INIT;
    const cJSON *s;
    cJSON_ArrayForEach(s, api->schemas) schema_check(s, api->schemas, api->definition, &a);
    arena_release(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    struct match m;
    struct str text = { (const char *)data, size };
    struct model_api *api = openapi_import(text, S("fuzz"), &e);
    if (!api) {
        if (!e.message[0])
            abort();
        return 0;
    }
    match_path(api, S("GET"), S("/streams/x/record"), &m);
    match_path(api, S("POST"), str_head(text, 2000), &m);
    if (m.method && !m.resource)
        abort();
    export_and_import(api);
    judge(api);
    model_close(api);
    return 0;
}
