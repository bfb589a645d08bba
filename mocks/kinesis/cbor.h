/* cbor.h - requests in CBOR 1.1, as the Java SDKs send them, turned into the JSON 1.1 that means the same. */
#ifndef MOCKS_KINESIS_CBOR_H
#define MOCKS_KINESIS_CBOR_H

#include "base/buf.h"

/* Byte strings become base64, tag 1 (milliseconds since 1970, as AWS's SDKs send it) becomes seconds. False when it
 * is not exactly one well-formed item, is nested deeper than 64, or has a key that is no text. */
bool cbor_to_json(struct buf *out, struct str in);

#endif
