/* yaml.h - YAML documents as cJSON trees and back, for OpenAPI documents.
 *
 * Scalars have the meaning of YAML 1.2's core schema (as OpenAPI asks for): `yes` and `12:30` are texts. Names are texts, also
 * `200:`. `<<: *anchor` merges. Anchors are expanded within a bound, so that a small text cannot become a large tree.
 */
#ifndef MOCKS_APIGW_YAML_H
#define MOCKS_APIGW_YAML_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* The first document of the text; the caller deletes it. NULL with *e (400 BadRequestException; line and column) when it is none. */
cJSON *yaml_read(struct str text, struct err *e);
/* The tree in block style, names in their order. */
void yaml_write(struct buf *out, const cJSON *tree);

#endif
