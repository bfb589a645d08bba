/* choose.c - the order of the posts. */
#include "pipeline/source/choose.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/rng.h"

enum { MAX_FILE_BYTES = 256 << 20, SHOWN = 40 };

struct choose {
    enum choose_kind kind;
    int64_t *indices;
    size_t n, cap;
    int64_t at, total, high;
    struct pyrandom random;
};

static void add(struct choose *c, int64_t index)
{
    if (c->n == c->cap)
        c->indices = mem_grow(c->indices, (c->cap = c->cap ? c->cap * 2 : 1024) * sizeof *c->indices);
    c->indices[c->n++] = index;
}

static int malformed(struct err *e, const char *path, size_t line, size_t column, struct str found)
{
    struct str shown = str_head(found, SHOWN);
    for (size_t i = 0; i < shown.n; i++)
        if ((unsigned char)shown.p[i] < ' ' || (unsigned char)shown.p[i] > '~')
            shown.n = i;
    return err_set(e, 0, "INDICES_MALFORMED",
                   "%s:%zu:%zu: expected a row's index (an integer), found \"" STR_F "%s\"; correct the line", path, line, column, STR_A(shown), shown.n < found.n ? "…" : "");
}

static int read_lines(struct choose *c, const char *path, struct str text, struct err *e)
{
    size_t line = 1;
    for (struct str rest = text; rest.p; line++) {
        struct str whole = str_cut(&rest, '\n'), item = str_trim(whole);
        int64_t index;
        if (item.n == 0 || item.p[0] == '#')
            continue;
        if (!str_to_i64(item, &index))
            return malformed(e, path, line, (size_t)(item.p - whole.p) + 1, item);
        add(c, index);
    }
    return 0;
}

static int array_malformed(struct err *e, const char *path, struct str text, const char *at, const char *why, struct str found)
{
    size_t line = 1, start = 0, offset = (size_t)(at - text.p);
    for (size_t i = 0; i < offset; i++)
        if (text.p[i] == '\n')
            line++, start = i + 1;
    if (!why)
        return malformed(e, path, line, offset - start + 1, found);
    return err_set(e, 0, "INDICES_MALFORMED", "%s:%zu:%zu: %s; a JSON file of indices is one array of integers", path, line,
                   offset - start + 1, why);
}

static int read_array(struct choose *c, const char *path, struct str text, struct err *e)
{
    struct json_reader r;
    struct json v;
    int64_t index;
    json_open(&r, text);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1) {
        if (json_read(&r, &v))
            break;
        if (v.type != JSON_NUMBER || !str_to_i64(v.raw, &index))
            return array_malformed(e, path, text, v.raw.p, NULL, v.raw);
        add(c, index);
    }
    if (json_close(&r))
        return array_malformed(e, path, text, r.p, r.error ? r.error : "the array is not closed", (struct str){ 0 });
    return 0;
}

static int slurp(const char *path, struct buf *ret, struct err *e)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return err_set(e, 0, "INDICES_NOT_FOUND", "cannot read the indices in %s: %s", path, strerror(errno));
    errno = 0;
    for (char *p; (p = buf_room(ret, 65536));) {
        size_t n = fread(p, 1, 65536, f);
        ret->n += n;
        if (n == 0)
            break;
    }
    int failure = ferror(f) ? errno : 0;
    fclose(f);
    if (failure)
        return err_set(e, 0, "INDICES_NOT_FOUND", "cannot read the indices in %s: %s", path, strerror(failure));
    if (ret->full)
        return err_set(e, 0, "INDICES_MALFORMED", "%s is larger than %d MiB", path, MAX_FILE_BYTES >> 20);
    return 0;
}

static int read_file(struct choose *c, const char *path, struct err *e)
{
    struct buf bytes = BUF_MAX(MAX_FILE_BYTES);
    int result = slurp(path, &bytes, e);
    if (result == 0) {
        struct str text = buf_str(&bytes);
        if (str_starts(text, S("\xEF\xBB\xBF")))
            text = str_from(text, 3);
        struct str body = str_trim(text);
        result = (body.n && body.p[0] == '[' ? read_array : read_lines)(c, path, text, e);
        if (result == 0 && c->n == 0)
            result = err_set(e, 0, "INDICES_MALFORMED", "%s holds no index; write one on each line", path);
    }
    buf_release(&bytes);
    return result;
}

static int64_t total_of(const struct choose *c, const struct choose_options *o)
{
    if (c->kind == CHOOSE_RANDOM)
        return o->posts < 0 ? -1 : o->posts;
    return o->posts >= 0 && o->posts < (int64_t)c->n ? o->posts : (int64_t)c->n;
}

struct choose *choose_open(const struct choose_options *o, struct err *e)
{
    struct choose *c = mem_zero(sizeof *c);
    c->kind = o->kind;
    c->high = o->high ? o->high : CHOOSE_HIGH;
    pyrandom_seed(&c->random, o->seed);
    for (size_t i = 0; o->kind == CHOOSE_ALL && i < o->n_indices; i++)
        add(c, o->indices[i]);
    if (o->kind == CHOOSE_FILE && read_file(c, o->path, e)) {
        choose_close(c);
        return NULL;
    }
    c->total = total_of(c, o);
    return c;
}

void choose_close(struct choose *c)
{
    if (!c)
        return;
    free(c->indices);
    free(c);
}

int choose_next(struct choose *c, int64_t *ret_index, int64_t *ret_pause_s)
{
    int64_t pause_s = 0;
    if (c->total >= 0 && c->at >= c->total)
        return 0;
    if (c->kind == CHOOSE_RANDOM) {
        pause_s = pyrandom_randrange(&c->random, 0, 2);
        *ret_index = pyrandom_randint(&c->random, 0, c->high);
    } else {
        *ret_index = c->indices[c->at];
    }
    c->at++;
    if (ret_pause_s)
        *ret_pause_s = pause_s;
    return 1;
}

int64_t choose_total(const struct choose *c) { return c->total; }
