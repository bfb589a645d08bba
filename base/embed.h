/* embed.h - files linked into the program: rule files, API documents, connector properties. */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#include "base/str.h"

struct embed_file {
    const char *path; /* below the source root: "pipeline/rules/clean/pin.json"; NULL ends a table */
    struct str bytes;
};
extern const struct embed_file embed_rules[];      /* pipeline/rules */
extern const struct embed_file embed_apis[];       /* fixtures/apigw */
extern const struct embed_file embed_connectors[]; /* fixtures/connect */
extern const struct embed_file embed_bundles[];    /* pipeline/export/bundle */

/* The file of that path in any table; p == NULL when there is none. */
struct str embed_find(const char *path);

#endif
