/* decode.h - what the bytes of a record are, under whatever they were wrapped in, and a hint where senders go wrong.
 *
 *   eyJhIjoxfQ==            base64 of JSON            "{\"a\":1}"   JSON inside a JSON string
 *   [{"a":1}]               an array                  {'a': 1}      Python's str(), no JSON
 *   {"records":[{"value":…}]}   the envelope of the call, stored with the record
 */
#ifndef MOCKS_CLOUD_DECODE_H
#define MOCKS_CLOUD_DECODE_H

#include "base/arena.h"
#include "base/json.h"

enum { DECODE_HINTS = 6, DECODE_LAYERS = 4 };

struct decode {
    struct str inner; /* the bytes under all wrappings; the bytes themselves when there are none */
    bool is_json;     /* inner is one valid JSON value … */
    bool is_text;     /* … or at least valid UTF-8 without control characters */
    const char *hints[DECODE_HINTS]; /* sentences, the outermost wrapping first */
    size_t n_hints;
};

/* Views into the bytes or the arena. p == NULL: no value at all. */
void decode_bytes(struct str bytes, struct arena *a, struct decode *ret);

#endif
