/* stream_state.c - state/N: what windows are after batch N, as JSON lines in the checkpoint folder.
 *
 *   {"batch":N,"outputs":{"late.jsonl":120}}
 *   {"window":"posts_per_minute","fingerprint":"…","greatest":US,"closed":US,"partial":null}   then its open groups:
 *   {"start":US,"keys":["art",null,7],"totals":[{"any":1,"n":12},{"any":1,"n":0,"low":[…],"high":[…]}]}
 *
 * Doubles are kept as the bits or the ordered integers they are in memory. offsets/N names the greatest times, so that a lost
 * folder does not make windows forget which of them are over.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/stream/stream_own.h"

/* ---- writing ---- */

static void put_time(struct buf *out, const char *name, int64_t us)
{
    buf_f(out, ",\"%s\":", name);
    if (us == NO_TIME)
        buf_z(out, "null");
    else
        buf_i64(out, us);
}

static void put_numbers(struct buf *out, const char *name, const struct heap *h)
{
    buf_f(out, ",\"%s\":[", name);
    for (size_t i = 0; i < h->n; i++) {
        buf_z(out, i ? "," : "");
        buf_i64(out, h->v[i]);
    }
    buf_c(out, ']');
}

static void put_distinct(struct buf *out, const struct map *m)
{
    struct map_entry *entry;
    const char *comma = "";
    buf_z(out, ",\"distinct\":[");
    for (size_t i = 0; (entry = map_next(m, &i)); comma = ",") {
        buf_z(out, comma);
        buf_c(out, '"');
        codec_base64(out, entry->key);
        buf_c(out, '"');
    }
    buf_c(out, ']');
}

static void put_total(struct buf *out, const struct total *t)
{
    int64_t bits;
    memcpy(&bits, &t->real, sizeof bits);
    buf_f(out, "{\"any\":%d,\"n\":", t->any);
    buf_i64(out, t->number);
    if (bits)
        put_time(out, "real", bits);
    if (t->low.n) {
        put_numbers(out, "low", &t->low);
        put_numbers(out, "high", &t->high);
    }
    if (t->distinct)
        put_distinct(out, t->distinct);
    buf_c(out, '}');
}

static bool is_text(const struct question *x, size_t k)
{
    const struct field *f = &x->q->fields[x->q->group_by[k]];
    return f->kind == FIELD_COLUMN && f->type == COLUMN_STRING;
}

static void put_group(struct buf *out, const struct question *x, int64_t start_us, const struct group *g)
{
    buf_z(out, "{\"start\":");
    buf_i64(out, start_us);
    buf_z(out, ",\"keys\":[");
    for (size_t k = 0; k < x->q->n_group_by; k++) {
        buf_z(out, k ? "," : "");
        if (g->keys[k].null)
            buf_z(out, "null");
        else if (is_text(x, k))
            json_put_text(out, g->keys[k].text);
        else
            buf_i64(out, g->keys[k].number);
    }
    buf_z(out, "],\"totals\":[");
    for (size_t k = 0; k < x->q->n_aggregates; k++) {
        buf_z(out, k ? "," : "");
        put_total(out, &g->totals[k]);
    }
    buf_z(out, "]}\n");
}

static void put_window(struct buf *out, const struct window_state *st)
{
    struct map_entry *entry;
    buf_z(out, "{\"window\":");
    json_put_text(out, st->window->name);
    buf_f(out, ",\"fingerprint\":\"%016llx\"", (unsigned long long)st->window->fingerprint);
    put_time(out, "greatest", st->greatest_us);
    put_time(out, "closed", st->closed_us);
    put_time(out, "partial", st->partial_us);
    buf_z(out, ",\"shards\":[");
    for (size_t i = 0; i < st->n_shards; i++)
        buf_f(out, "%s[%u,%u,%lld]", i ? "," : "", st->shards[i].table, st->shards[i].number, (long long)st->shards[i].greatest_us);
    buf_z(out, "]}\n");
    for (size_t i = 0; i < st->n_open; i++)
        for (size_t k = 0; (entry = map_next(&st->open[i]->groups.by_key, &k));)
            put_group(out, &st->window->question, st->open[i]->start_us, entry->value);
}

static void put_header(struct buf *out, const struct stream *s, int64_t batch)
{
    buf_f(out, "{\"batch\":%lld,\"outputs\":{", (long long)batch);
    for (size_t i = 0; i < s->n_outputs; i++) {
        buf_z(out, i ? "," : "");
        json_put_text(out, s->outputs[i].path);
        buf_f(out, ":%llu", (unsigned long long)(s->outputs[i].length + s->outputs[i].added.n));
    }
    buf_z(out, "}}\n");
}

static struct str name_of(struct arena *a, const char *folder, int64_t batch) { return arena_f(a, "%s/%lld", folder, (long long)batch); }

int stream_state_save(struct stream *s, int64_t batch, struct err *e)
{
    struct buf out = BUF_INIT;
    struct arena a = ARENA_INIT;
    put_header(&out, s, batch);
    for (size_t i = 0; i < s->windows->n; i++)
        put_window(&out, &s->states[i]);
    s->sums.state_bytes = out.n;
    int result = s->o.folder->ops->put(s->o.folder, name_of(&a, "state", batch), buf_str(&out), false, e) < 0 ? -1 : 0;
    buf_release(&out);
    arena_release(&a);
    return result;
}

/* Files that no restart reads; that they are there does no harm, so that they cannot be removed is no failure. */
void stream_state_forget(struct stream *s, int64_t batch)
{
    enum { KEPT = 100 }; /* as spark.sql.streaming.minBatchesToRetain */
    struct arena a = ARENA_INIT;
    struct err ignored;
    struct delta_store *f = s->o.folder;
    if (batch >= 2)
        f->ops->remove(f, name_of(&a, "state", batch - 2), &ignored);
    if (batch >= KEPT) {
        f->ops->remove(f, name_of(&a, "commits", batch - KEPT), &ignored);
        f->ops->remove(f, name_of(&a, "offsets", batch - KEPT), &ignored);
    }
    arena_release(&a);
}

/* ---- reading ---- */

static int64_t number_in(struct str object, const char *name, int64_t otherwise)
{
    struct json v;
    int64_t n;
    return json_get(object, name, &v) && v.type == JSON_NUMBER && str_to_i64(v.raw, &n) ? n : otherwise;
}

static bool read_heap(struct str object, const char *name, struct heap *h)
{
    struct json list, v;
    struct json_reader r;
    int64_t n;
    if (!json_get(object, name, &list))
        return true;
    json_open(&r, list.raw);
    if (json_enter(&r, JSON_ARRAY))
        return false;
    while (json_element(&r) == 1) {
        if (json_read(&r, &v) || !str_to_i64(v.raw, &n))
            return false;
        stream_fold_heap_push(h, n);
    }
    return json_close(&r) == 0;
}

static bool read_distinct(struct str object, struct total *t)
{
    struct json list, v;
    struct json_reader r;
    if (!json_get(object, "distinct", &list))
        return true;
    if (!t->distinct)
        t->distinct = mem_zero(sizeof *t->distinct);
    json_open(&r, list.raw);
    if (json_enter(&r, JSON_ARRAY))
        return false;
    while (json_element(&r) == 1) {
        struct buf key = BUF_INIT;
        bool ok = json_read(&r, &v) == 0 && v.type == JSON_STRING && codec_unbase64(&key, v.raw);
        if (ok)
            map_put(t->distinct, buf_str(&key), t);
        buf_release(&key);
        if (!ok)
            return false;
    }
    return json_close(&r) == 0;
}

/* The lower half has as many values as the upper one, or one more. */
static bool is_median(const struct total *t) { return t->any ? t->low.n && t->low.n - t->high.n <= 1 : !t->low.n && !t->high.n; }

static bool read_total(struct str object, enum fold_kind kind, struct total *t)
{
    int64_t bits = number_in(object, "real", 0);
    t->any = number_in(object, "any", 0);
    t->number = number_in(object, "n", 0);
    memcpy(&t->real, &bits, sizeof bits);
    return read_heap(object, "low", &t->low) && read_heap(object, "high", &t->high) && read_distinct(object, t) && (kind != FOLD_MEDIAN || is_median(t));
}

static bool read_keys(struct json_reader *r, const struct question *x, struct value *keys, struct arena *a)
{
    struct json v;
    for (size_t k = 0; k < x->q->n_group_by; k++) {
        const struct field *f = &x->q->fields[x->q->group_by[k]];
        if (json_element(r) != 1 || json_read(r, &v))
            return false;
        keys[k] = (struct value){ .null = v.type == JSON_NULL };
        if (v.type == JSON_STRING && is_text(x, k))
            keys[k].text = json_text(v, a);
        else if (v.type == JSON_NUMBER && !is_text(x, k) && str_to_i64(v.raw, &keys[k].number)) {
            bool is_case = f->kind == FIELD_CASE;
            if (is_case && (keys[k].number < 0 || (size_t)keys[k].number >= f->n_when))
                return false;
            keys[k].text = is_case ? f->when[keys[k].number].value : S("");
        } else if (v.type != JSON_NULL)
            return false;
    }
    return json_element(r) == 0;
}

static bool read_group(struct window_state *st, struct str line, struct arena *a)
{
    const struct question *x = &st->window->question;
    struct value keys[QUERY_MAX_FIELDS];
    struct json list, v;
    struct json_reader r;
    int64_t start = number_in(line, "start", NO_TIME);
    if (start == NO_TIME || !json_get(line, "keys", &list))
        return false;
    json_open(&r, list.raw);
    if (json_enter(&r, JSON_ARRAY) || !read_keys(&r, x, keys, a) || !json_get(line, "totals", &list))
        return false;
    struct group *g = stream_fold_group(&stream_close_open(st, start)->groups, x, keys);
    json_open(&r, list.raw);
    if (json_enter(&r, JSON_ARRAY))
        return false;
    for (size_t k = 0; k < x->q->n_aggregates; k++)
        if (json_element(&r) != 1 || json_read(&r, &v) || !read_total(v.raw, x->kinds[k], &g->totals[k]))
            return false;
    return json_element(&r) == 0;
}

static void read_outputs(struct stream *s, struct str line, struct arena *a)
{
    struct json outputs, v;
    struct json_reader r;
    struct str key;
    int64_t n;
    if (!json_get(line, "outputs", &outputs))
        return;
    json_open(&r, outputs.raw);
    if (json_enter(&r, JSON_OBJECT) == 0)
        while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
            struct json text = { .type = JSON_STRING, .escaped = str_chr(key, '\\') != STR_NONE, .raw = key };
            struct output *o = stream_output_of(s, json_text(text, a));
            if (o && str_to_i64(v.raw, &n) && n >= 0) {
                o->length = (uint64_t)n;
                o->known = true;
            }
        }
}

static void read_shards(struct window_state *st, struct str line)
{
    struct json list, one, v;
    struct json_reader r, inner;
    json_open(&r, json_get(line, "shards", &list) ? list.raw : S("[]"));
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &one) == 0) {
        int64_t n[3] = { 0 };
        size_t k = 0;
        json_open(&inner, one.raw);
        if (json_enter(&inner, JSON_ARRAY) == 0)
            while (json_element(&inner) == 1 && json_read(&inner, &v) == 0 && k < 3 && str_to_i64(v.raw, &n[k]))
                k++;
        if (k == 3 && n[0] >= 0 && n[0] < LEDGER_TABLES && n[1] >= 0 && n[1] <= UINT32_MAX)
            stream_close_shard(st, (unsigned)n[0], (uint32_t)n[1])->greatest_us = n[2];
    }
}

/* A window whose folder was lost, or whose definition is another: what was open is not known any more. */
static void begin_anew(struct window_state *st, int64_t greatest_us)
{
    st->greatest_us = st->partial_us = greatest_us;
    st->closed_us = greatest_us == NO_TIME ? NO_TIME : greatest_us - st->window->delay_us;
}

static struct window_state *read_window(struct stream *s, struct str line, struct arena *a)
{
    struct str name = json_get_text(line, "window", a);
    for (size_t i = 0; i < s->windows->n; i++) {
        struct window_state *st = &s->states[i];
        if (!str_eq(st->window->name, name))
            continue;
        struct str was = json_get_text(line, "fingerprint", a), is = arena_f(a, "%016llx", (unsigned long long)st->window->fingerprint);
        if (!str_eq(was, is)) {
            stream_note(s, "window", arena_f(a, "window " STR_F " is defined otherwise than before: it begins anew", STR_A(name)).p);
            begin_anew(st, number_in(line, "greatest", NO_TIME));
            return NULL;
        }
        st->greatest_us = number_in(line, "greatest", NO_TIME);
        st->closed_us = number_in(line, "closed", NO_TIME);
        st->partial_us = number_in(line, "partial", NO_TIME);
        read_shards(st, line);
        return st;
    }
    return NULL; /* its file was taken away */
}

static int read_state(struct stream *s, struct str text, int64_t batch, struct err *e)
{
    struct arena a = ARENA_INIT;
    struct window_state *st = NULL;
    int result = 0;
    size_t number = 0;
    while (text.n && result == 0) {
        struct str line = str_cut(&text, '\n');
        struct json v;
        number++;
        if (!json_valid(line))
            result = -1;
        else if (json_get(line, "outputs", &v))
            read_outputs(s, line, &a);
        else if (json_get(line, "window", &v))
            st = read_window(s, line, &a);
        else if (st && !read_group(st, line, &a))
            result = -1;
        if (result)
            err_set(e, 0, "STREAM_STATE_BROKEN", STR_F "/state/%lld line %zu is not what this program wrote; restore the folder, or remove it whole "
                    "(then it is made anew from the tables)", STR_A(s->o.folder->root), (long long)batch, number);
    }
    arena_release(&a);
    return result;
}

/* Files that no state names may be there from an earlier stream: this one adds to them, and says so at once, so that its
 * first batch can be done again. */
static int adopt_outputs(struct stream *s, int64_t batch, struct err *e)
{
    struct arena a = ARENA_INIT;
    bool all = true;
    stream_output_of(s, S("late.jsonl"));
    stream_output_of(s, S("quarantine.jsonl"));
    for (size_t i = 0; i < s->windows->n; i++)
        stream_output_of(s, arena_f(&a, "windows/" STR_F ".jsonl", STR_A(s->windows->windows[i].name)));
    for (size_t i = 0; i < s->n_outputs; i++) {
        struct output *o = &s->outputs[i];
        all &= o->known;
        if (!o->known)
            o->length = stream_output_size(s, o);
        o->known = true;
    }
    arena_release(&a);
    return all ? 0 : stream_state_save(s, batch, e);
}

int stream_state_load(struct stream *s, int64_t batch, struct str offsets, struct err *e)
{
    struct buf text = BUF_INIT;
    struct arena a = ARENA_INIT;
    struct json greatest;
    for (size_t i = 0; i < s->windows->n; i++)
        s->states[i] = (struct window_state){ .window = &s->windows->windows[i], .greatest_us = NO_TIME, .closed_us = NO_TIME, .partial_us = NO_TIME };
    int result = s->o.folder->ops->get(s->o.folder, name_of(&a, "state", batch), &text, e);
    if (result == 0)
        result = read_state(s, buf_str(&text), batch, e);
    else if (result == 1) {
        result = 0;
        if (offsets.n && json_get(offsets, "greatest", &greatest))
            for (size_t i = 0; i < s->windows->n; i++)
                begin_anew(&s->states[i], number_in(greatest.raw, arena_z(&a, s->windows->windows[i].name), NO_TIME));
    }
    if (result == 0)
        result = adopt_outputs(s, batch, e);
    buf_release(&text);
    arena_release(&a);
    return result;
}
