/* pathmap.c - comparing a path with the templates of a table, segment by segment. */
#include "mocks/cloud/pathmap.h"

#include "base/codec.h"

static bool take_part(struct pathmap *m, struct str name, struct str text)
{
    if (!text.n || m->n_parts == PATHMAP_PARTS)
        return false;
    m->parts[m->n_parts].name = (struct str){ name.p + 1, name.n - 2 };
    m->parts[m->n_parts++].text = text;
    return true;
}

static bool path_fits(struct str template, struct str path, struct pathmap *m)
{
    m->n_parts = 0;
    while (template.p && path.p) {
        struct str want = str_cut(&template, '/'), have = str_cut(&path, '/');
        bool is_part = want.n > 2 && want.p[0] == '{';
        if (is_part ? !take_part(m, want, have) : !str_eq(want, have))
            return false;
    }
    return !template.p && !path.p;
}

const struct action *pathmap_find(const struct action *rows, size_t n_rows, struct str method, struct str path,
                                  struct pathmap *ret)
{
    *ret = (struct pathmap){ 0 };
    if (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    for (size_t i = 0; i < n_rows; i++) {
        struct str template = str_of(rows[i].match), verb = str_cut(&template, ' ');
        if (!path_fits(template, path, ret))
            continue;
        if (str_eq(verb, method))
            return ret->action = &rows[i];
        ret->path_known = true;
    }
    ret->n_parts = 0;
    return NULL;
}

static struct str part_of(const struct pathmap *m, const char *name)
{
    for (size_t i = 0; i < m->n_parts; i++)
        if (str_is(m->parts[i].name, name))
            return m->parts[i].text;
    return (struct str){ 0 };
}

struct str pathmap_text(const struct pathmap *m, const char *name, struct arena *a)
{
    return codec_plain(a, part_of(m, name), false);
}

bool pathmap_number(const struct pathmap *m, const char *name, int64_t *ret_number)
{
    struct str text = part_of(m, name);
    int64_t v = 0;
    if (text.p && (!str_to_i64(text, &v) || v < 0 || v > INT32_MAX))
        return false;
    *ret_number = v;
    return true;
}
