/* embedded.c - look-up over the generated tables. */
#include "base/embed.h"

struct str embed_find(const char *path)
{
    const struct embed_file *tables[] = { embed_rules, embed_apis, embed_connectors, embed_bundles };
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct embed_file *f = tables[t]; f->path; f++)
            if (strcmp(f->path, path) == 0)
                return f->bytes;
    return (struct str){ 0 };
}
