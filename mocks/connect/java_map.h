/* java_map.h - a JSON value as Java prints it after JsonConverter made Maps and Lists of it: what the S3 sink's
 * JsonFormat stores with schemas.enable=false. */
#ifndef MOCKS_CONNECT_JAVA_MAP_H
#define MOCKS_CONNECT_JAVA_MAP_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* java.lang.String.hashCode: 31 * h + unit over UTF-16 units. */
int32_t java_map_hash(struct str utf8);
/* Writes the one JSON value in `text`: members in the iteration order of java.util.HashMap, integers as long (modulo
 * 2^64), fractions as Double.toString, text as Jackson writes it. -1 when the text is not one JSON value (*e says
 * where); `out` is then as it was. */
int java_map_put(struct buf *out, struct str text, struct err *e);

#endif
