/* Any bytes as an API document: it is refused with a message or imported, and an imported one routes any path. */
#include <stdlib.h>

#include "mocks/apigw/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    model_close(api);
    return 0;
}
