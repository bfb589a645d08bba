/* schema.h - JSON Schema, draft 4, as request validators use it.
 *
 * type enum properties required additionalProperties patternProperties dependencies minProperties maxProperties items
 * additionalItems minItems maxItems uniqueItems minimum maximum exclusive* multipleOf minLength maxLength pattern allOf
 * anyOf oneOf not $ref. `format` is not judged, as draft 4 leaves open. Bounded in depth and steps.
 * A $ref is "#", "#/a/b" in the schema itself, or the name of a model of the API behind its last slash.
 */
#ifndef MOCKS_APIGW_SCHEMA_H
#define MOCKS_APIGW_SCHEMA_H

#include <cjson/cJSON.h>

#include "base/arena.h"
#include "base/str.h"

enum { SCHEMA_DEPTH = 64, SCHEMA_STEPS = 200000 };

/* p == NULL: the instance satisfies the schema; else why not, in the words of AWS's validator. models: by name. */
struct str schema_check(const cJSON *schema, const cJSON *models, const cJSON *instance, struct arena *a);

#endif
