/* tags.c - labels of a stream, by name (AddTagsToStream …) and by ARN (TagResource …). */
#include <stdlib.h>

#include "base/utf8.h"
#include "mocks/kinesis/state.h"

enum { TAGS_MOST = 50 };

struct tag {
    size_t n;
    char value[];
};

/* ---- what a tag may hold ---- */

static bool is_tag_letter(uint32_t c)
{
    bool word = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return word || (c < 128 && c && strchr("_./-=+ @%", (int)c)) || (c >= 0xc0 && c <= 0x1fff) ||
           (c >= 0x2c00 && c <= 0xd7ff);
}

static bool is_tag_text(struct str s)
{
    while (s.n)
        if (!is_tag_letter(utf8_next(&s)))
            return false;
    return true;
}

/* Keys of a list (step 1), or keys and values of a map (step 2). */
static int judge_texts(struct call *c, const struct stream *s, const struct arg *texts, size_t step, const char *verb)
{
    bool percent = false;
    for (size_t i = 0; i < texts->n * step; i++) {
        if (!is_tag_text(texts->items[i].text))
            return call_fail(c, 400, "InvalidArgumentException", "Some tags contain invalid characters. Valid characters: "
                             "Unicode letters, digits, white space, _ . / = + - %% @.");
        percent |= str_chr(texts->items[i].text, '%') != STR_NONE;
    }
    if (!percent)
        return 0;
    return call_fail(c, 400, "InvalidArgumentException", "Failed to %s stream %s under account " STR_F " because some tags "
                     "contained illegal characters. The allowed characters are Unicode letters, white-spaces, "
                     "'_',',','/','=','+','-','@'.", verb, s->name, STR_A(c->account));
}

/* ---- the map ---- */

static void put_tag(struct stream *s, struct str key, struct str value)
{
    struct tag *t = mem_alloc(sizeof *t + value.n);
    t->n = value.n;
    if (value.n)
        memcpy(t->value, value.p, value.n);
    free(map_put(&s->tags, key, t));
}

void tags_release(struct stream *s)
{
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&s->tags, &i));)
        free(e->value);
    map_release(&s->tags);
}

int tags_set(struct call *c, struct stream *s, const struct arg *tags)
{
    size_t fresh = 0;
    if (judge_texts(c, s, tags, 2, "add tags to"))
        return -1;
    for (size_t i = 0; i < tags->n; i++)
        fresh += !map_get(&s->tags, tags->items[2 * i].text);
    if (s->tags.n_live + fresh > TAGS_MOST)
        return call_fail(c, 400, "InvalidArgumentException", "Failed to add tags to stream %s under account " STR_F
                         " because a given stream cannot have more than %d tags associated with it.", s->name,
                         STR_A(c->account), TAGS_MOST);
    for (size_t i = 0; i < tags->n; i++)
        put_tag(s, tags->items[2 * i].text, tags->items[2 * i + 1].text);
    return 0;
}

static int unset(struct call *c, struct stream *s, const struct arg *keys)
{
    if (judge_texts(c, s, keys, 1, "remove tags from"))
        return -1;
    for (size_t i = 0; i < keys->n; i++)
        free(map_remove(&s->tags, keys->items[i].text));
    return 0;
}

/* ---- the actions; by name and by ARN they differ only in how the stream is named ---- */

static int change(struct call *c, int (*how)(struct call *, struct stream *, const struct arg *), const char *parameter)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    pthread_rwlock_wrlock(&s->lock);
    int result = how(c, s, call_arg(c, parameter));
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return result;
}

int tags_add(struct call *c) { return change(c, tags_set, "Tags"); }
int tags_add_arn(struct call *c) { return change(c, tags_set, "Tags"); }
int tags_remove(struct call *c) { return change(c, unset, "TagKeys"); }
int tags_remove_arn(struct call *c) { return change(c, unset, "TagKeys"); }

static int by_key(const void *a, const void *b)
{
    const struct map_entry *const *x = a, *const *y = b;
    return str_cmp((*x)->key, (*y)->key);
}

static int list(struct call *c, bool paged)
{
    struct stream *s = streams_enter(c, wire_of(c)->stream);
    if (!s)
        return -1;
    struct reply w = reply_to(call_body(c), wire_of(c)->format == WIRE_CBOR);
    struct str after = call_text(c, "ExclusiveStartTagKey");
    size_t most = (size_t)call_number(c, "Limit", TAGS_MOST), n = 0, told = 0;
    struct map_entry *e, **sorted;
    pthread_rwlock_rdlock(&s->lock);
    sorted = ARENA_ARRAY(c->arena, struct map_entry *, s->tags.n_live + 1);
    for (size_t i = 0; (e = map_next(&s->tags, &i));)
        if (!after.p || str_cmp(e->key, after) > 0)
            sorted[n++] = e;
    qsort(sorted, n, sizeof *sorted, by_key);
    reply_map(&w);
    reply_key(&w, "Tags");
    reply_list(&w);
    for (; told < n && told < most; told++) {
        const struct tag *t = sorted[told]->value;
        reply_map(&w);
        reply_key_text(&w, "Key", sorted[told]->key);
        reply_key_text(&w, "Value", (struct str){ t->value, t->n });
        reply_end_map(&w);
    }
    reply_end_list(&w);
    if (paged)
        reply_key_bool(&w, "HasMoreTags", told < n);
    reply_end_map(&w);
    pthread_rwlock_unlock(&s->lock);
    streams_leave(s);
    return 0;
}

int tags_list(struct call *c) { return list(c, true); }
int tags_list_arn(struct call *c) { return list(c, false); }
