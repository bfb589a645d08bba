/* jsonpath.h - the paths of $input.json, $input.path and parameter mappings, as Jayway's JsonPath reads them.
 *
 *   $  .name  ['name']  ['a','b']  [0]  [-1]  [0,2]  [1:3]  [-2:]  .*  [*]  ..name  ..*  [?(@.x > 1 && @.y)]  length()
 * A path of single names and indexes is definite: it means one value, found in the text without parsing the rest
 * into values. Any other path means an array of what it matches.
 */
#ifndef MOCKS_APIGW_JSONPATH_H
#define MOCKS_APIGW_JSONPATH_H

#include "base/err.h"
#include "mocks/apigw/vtl_value.h"

enum { JSONPATH_STEPS = 24, JSONPATH_PICKS = 16 };

enum jsonpath_kind { PATH_NAMES, PATH_INDEXES, PATH_SLICE, PATH_ALL, PATH_FILTER, PATH_LENGTH };

struct jsonpath_step {
    enum jsonpath_kind kind;
    bool deep; /* ".." before it */
    int n;
    struct str names[JSONPATH_PICKS];
    int64_t indexes[JSONPATH_PICKS];
    int64_t from, to; /* PATH_SLICE */
    bool has_from, has_to;
    struct str filter; /* what stands between ?( and ) */
};
struct jsonpath {
    struct jsonpath_step steps[JSONPATH_STEPS];
    int n;
    bool definite;
};

/* The views of *ret_path point into text. -1: malformed, *e says where. */
int jsonpath_compile(struct jsonpath *ret_path, struct str text, struct err *e);
/* Definite paths only: the text of the value in a valid JSON document. */
bool jsonpath_text(const struct jsonpath *p, struct str valid_json, struct str *ret_text);
/* false: nothing there (definite paths only). */
bool jsonpath_value(const struct jsonpath *p, struct arena *a, struct vtl_value root, struct vtl_value *ret_value);

#endif
