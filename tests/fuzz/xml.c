/* libFuzzer: request documents. Whatever comes, the reader stays inside them and ends. */
#include "base/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct xml x;
    struct str name, field;
    xml_open(&x, (struct str){ (const char *)data, size }, "R");
    while (xml_child(&x, &name)) {
        if (str_is(name, "skip")) {
            xml_skip(&x);
        } else if (str_is(name, "text")) {
            xml_text(&x, &a);
        } else {
            while (xml_child(&x, &field))
                xml_text(&x, &a);
        }
    }
    xml_close(&x);
    arena_release(&a);
    return 0;
}
