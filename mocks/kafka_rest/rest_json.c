/* rest_json.c - a value read and written again as Jackson does between the request and the producer.
 *
 *   blanks dropped · keys in the order they came, of equal keys the first place and the last value · escapes decoded
 *   and only what must be escaped written so · integers of any length kept · fractions and exponents as
 *   Double.toString prints the double
 */
#include <stdlib.h>

#include "base/map.h"
#include "mocks/kafka_rest/rest.h"

enum { KEYS_AT_ONCE = 32 };

static void put_number(struct buf *out, struct str raw)
{
    bool integer = true;
    for (size_t i = 0; i < raw.n && integer; i++)
        integer = raw.p[i] != '.' && raw.p[i] != 'e' && raw.p[i] != 'E';
    if (integer)
        buf_str_add(out, str_is(raw, "-0") ? S("0") : raw);
    else
        json_put_raw_double(out, raw);
}

/* One member of an object already written: where its key and its value lie in out. */
struct member {
    size_t key, value, end;
};

/* Puts the value just written at `from` in the place of the member's own. */
static void replace_value(struct buf *out, struct member *members, size_t n, size_t i, size_t from)
{
    struct member *m = &members[i];
    size_t fresh = out->n - from, old = m->end - m->value;
    char *copy = mem_dup((struct str){ out->p + from, fresh });
    out->n = from;
    if (buf_room(out, fresh)) {
        memmove(out->p + m->value + fresh, out->p + m->end, out->n - m->end);
        memcpy(out->p + m->value, copy, fresh);
        out->n += fresh - old;
        m->end += fresh - old;
        for (size_t k = i + 1; k < n; k++) {
            members[k].key += fresh - old;
            members[k].value += fresh - old;
            members[k].end += fresh - old;
        }
    }
    free(copy);
}

static bool same_key(const struct buf *out, const struct member *m, size_t key, size_t key_bytes)
{
    return m->value - m->key == key_bytes && memcmp(out->p + m->key, out->p + key, key_bytes) == 0;
}

/* The member with the key written at `key`, or n. With many keys an index finds it. */
static size_t find_member(const struct buf *out, const struct member *members, size_t n, struct map *index, size_t key)
{
    size_t key_bytes = out->n - key;
    if (n < KEYS_AT_ONCE) {
        for (size_t i = 0; i < n; i++)
            if (same_key(out, &members[i], key, key_bytes))
                return i;
        return n;
    }
    if (n == KEYS_AT_ONCE)
        for (size_t i = 0; i < n; i++)
            map_put(index, (struct str){ out->p + members[i].key, members[i].value - members[i].key },
                    (void *)(uintptr_t)(i + 1));
    struct str text = { out->p + key, key_bytes };
    uintptr_t found = (uintptr_t)map_get(index, text);
    if (!found)
        map_put(index, text, (void *)(uintptr_t)(n + 1));
    return found ? found - 1 : n;
}

static int put_object(struct buf *out, struct json_reader *r)
{
    struct member few[KEYS_AT_ONCE], *members = few;
    size_t n = 0, cap = KEYS_AT_ONCE;
    struct map index = MAP_INIT;
    struct str name;
    int more = json_enter(r, JSON_OBJECT);
    if (more)
        return -1;
    buf_c(out, '{');
    while (!out->full && (more = json_member(r, &name)) == 1) {
        size_t begin = out->n;
        if (n)
            buf_c(out, ',');
        size_t key = out->n;
        json_put_raw_text(out, name);
        buf_c(out, ':');
        if (out->full)
            break;
        size_t at = find_member(out, members, n, &index, key), value = out->n;
        if ((more = rest_json_put(out, r)))
            break;
        if (at < n) {
            size_t fresh = out->n - value;
            memmove(out->p + begin, out->p + value, fresh);
            out->n = begin + fresh;
            replace_value(out, members, n, at, begin);
            continue;
        }
        if (n == cap) {
            struct member *grown = mem_alloc(2 * cap * sizeof *grown);
            memcpy(grown, members, n * sizeof *grown);
            if (members != few)
                free(members);
            members = grown;
            cap *= 2;
        }
        members[n++] = (struct member){ key, value, out->n };
    }
    buf_c(out, '}');
    map_release(&index);
    if (members != few)
        free(members);
    return more ? -1 : 0;
}

static int put_array(struct buf *out, struct json_reader *r)
{
    int more = json_enter(r, JSON_ARRAY);
    if (more)
        return -1;
    buf_c(out, '[');
    for (size_t i = 0; (more = json_element(r)) == 1; i++) {
        if (i)
            buf_c(out, ',');
        if (rest_json_put(out, r))
            return -1;
    }
    buf_c(out, ']');
    return more ? -1 : 0;
}

int rest_json_put(struct buf *out, struct json_reader *r)
{
    enum json_type type = json_peek(r);
    if (type == JSON_OBJECT)
        return put_object(out, r);
    if (type == JSON_ARRAY)
        return put_array(out, r);
    struct json v;
    if (json_read(r, &v))
        return -1;
    if (type == JSON_STRING)
        json_put_raw_text(out, v.raw);
    else if (type == JSON_NUMBER)
        put_number(out, v.raw);
    else
        buf_str_add(out, v.raw);
    return 0;
}
