/* kinesis_reader.c - shards of a stream, a poll, places. */
#include "pipeline/ingest/kinesis_own.h"

#include <stdlib.h>

/* ---- shards of a stream ---- */

static struct kinesis_shard *add_shard(struct kinesis_reader *r, struct str name, uint32_t number)
{
    struct kinesis_shard *s = ARENA_NEW(&r->names, struct kinesis_shard);
    const struct kinesis_place *place = map_get(&r->places, name);
    *s = (struct kinesis_shard){ .reader = r, .name = name, .number = number, .bound = map_get(&r->bounds, name),
                                 .left = r->quota };
    if (place) {
        kinesis_shard_place(s, place->sequence);
        s->over = place->over;
    }
    r->shards = mem_grow(r->shards, (r->n_shards + 1) * sizeof *r->shards);
    r->shards[r->n_shards++] = s;
    map_put(&r->by_name, name, s);
    return s;
}

static bool is_open(struct str shard)
{
    struct json range, end;
    return json_get(shard, "SequenceNumberRange", &range) && !json_get(range.raw, "EndingSequenceNumber", &end);
}

static int list_shard(struct kinesis_reader *r, unsigned table, struct str stream, struct str text)
{
    struct arena a = ARENA_INIT;
    struct str id = json_get_text(text, "ShardId", &a);
    size_t dash = str_chr(id, '-');
    int64_t number;
    int result = 0;
    struct str name = arena_f(&a, STR_F "/" STR_F, STR_A(stream), STR_A(id));
    if (dash == STR_NONE || !str_to_i64(str_from(id, dash + 1), &number) || number < 0 || number > UINT32_MAX) {
        result = err_set(r->err, 0, "KINESIS_MALFORMED", "ListShards of " STR_F ": '" STR_F "' is no shard id", STR_A(stream), STR_A(id));
    } else if (!map_get(&r->by_name, name)) {
        struct kinesis_shard *s = add_shard(r, arena_dup(&r->names, name), (uint32_t)number);
        s->table = table;
        s->stream = str_head(s->name, stream.n);
        s->id = str_from(s->name, stream.n + 1);
        if (s->over && is_open(text)) {
            kinesis_shard_tell_gap(r, s->name, s->last, KINESIS_ANEW);
            kinesis_shard_place(s, S(""));
            s->over = false;
        }
        s->parents[0] = json_get_text(text, "ParentShardId", &r->names);
        s->parents[1] = json_get_text(text, "AdjacentParentShardId", &r->names);
        for (int i = 0; i < 2; i++)
            if (s->parents[i].n)
                s->parents[i] = arena_f(&r->names, STR_F "/" STR_F, STR_A(stream), STR_A(s->parents[i]));
    }
    arena_release(&a);
    return result;
}

static int list_page(struct kinesis_reader *r, unsigned table, struct str stream, struct arena *a, struct str *token)
{
    char target[KINESIS_TARGET];
    struct http_header headers[KINESIS_HEADERS];
    struct client_response got;
    struct json shards, one;
    struct json_reader reader;
    buf_reset(&r->body);
    buf_z(&r->body, token->n ? "{\"NextToken\":" : "{\"StreamName\":");
    json_put_text(&r->body, token->n ? *token : stream);
    buf_c(&r->body, '}');
    struct client_request q = kinesis_call(r, "ListShards", target, headers);
    if (client_do(r->client, &q, a, &got, r->err))
        return -1;
    if (got.status != 200 || !json_get(got.body, "Shards", &shards)) {
        kinesis_call_failed(r, "ListShards", stream, &got);
        return -1;
    }
    json_open(&reader, shards.raw);
    if (json_enter(&reader, JSON_ARRAY))
        return err_set(r->err, 0, "KINESIS_MALFORMED", "ListShards of " STR_F ": Shards is no array", STR_A(stream));
    while (json_element(&reader) == 1)
        if (json_read(&reader, &one) || list_shard(r, table, stream, one.raw))
            return -1;
    *token = json_get_text(got.body, "NextToken", a);
    return 0;
}

static int list_shards(struct kinesis_reader *r)
{
    struct arena a = ARENA_INIT;
    int result = 0;
    const struct ingest_options *o = r->options;
    for (unsigned t = 0; t < (o->name ? 1 : LEDGER_TABLES) && result == 0; t++) {
        struct str stream = o->name ? str_of(o->name) : arena_f(&a, "streaming-%s-%s", o->user_id, ledger_table_names[t]), token = S("");
        do
            result = list_page(r, t, stream, &a, &token);
        while (result == 0 && token.n);
    }
    arena_release(&a);
    r->ended = result != 0;
    return result;
}

/* ---- a poll ---- */

static bool parents_are_over(const struct kinesis_reader *r, const struct kinesis_shard *s)
{
    for (int i = 0; i < 2; i++) {
        const struct kinesis_shard *parent = s->parents[i].n ? map_get(&r->by_name, s->parents[i]) : NULL;
        if (parent && !parent->over && !(r->bounded && kinesis_shard_is_done(parent)))
            return false; /* one that is no longer listed has nothing left to read */
    }
    return true;
}

/* Begins with every shard that can be read and has not been; false when there is none. */
static bool begin(struct kinesis_reader *r)
{
    bool any = false;
    for (size_t i = 0; i < r->n_shards; i++) {
        struct kinesis_shard *s = r->shards[i];
        if (kinesis_shard_is_done(s) || !s->left || s->at_tip || !parents_are_over(r, s))
            continue;
        any = true;
        kinesis_shard_read(s);
    }
    return any;
}

/* Every shard has the same share, whichever answers first: the same records make the same batch. */
static void share_out(struct kinesis_reader *r, uint64_t most)
{
    r->quota = r->n_shards && most / r->n_shards ? most / r->n_shards : 1;
    for (size_t i = 0; i < r->n_shards; i++) {
        r->shards[i]->at_tip = false;
        r->shards[i]->left = r->quota;
    }
}

int kinesis_reader_poll(struct kinesis_reader *r, uint64_t most, struct err *e)
{
    r->err = e;
    r->failed = false;
    if (r->ended && list_shards(r))
        return -1;
    share_out(r, most);
    while (begin(r)) {
        client_run(r->client, 0);
        if (r->failed || (r->ended && list_shards(r)))
            return -1;
    }
    return 0;
}

bool kinesis_reader_at_tip(const struct kinesis_reader *r)
{
    for (size_t i = 0; i < r->n_shards; i++)
        if (!r->shards[i]->over && !r->shards[i]->at_tip)
            return false;
    return r->n_shards > 0;
}

/* ---- places ---- */

static void set_place(struct kinesis_reader *r, struct map *m, struct str name, struct str sequence, bool over)
{
    struct kinesis_place *p = ARENA_NEW(&r->names, struct kinesis_place);
    *p = (struct kinesis_place){ arena_dup(&r->names, sequence), over };
    map_put(m, name, p);
}

void kinesis_reader_place(struct kinesis_reader *r, struct str name, struct str sequence, bool over)
{
    set_place(r, &r->places, name, sequence, over);
}

void kinesis_reader_bound(struct kinesis_reader *r, struct str name, struct str sequence, bool over)
{
    r->bounded = true;
    set_place(r, &r->bounds, name, sequence, over);
}

void kinesis_reader_unbound(struct kinesis_reader *r)
{
    struct map_entry *entry;
    for (size_t i = 0; (entry = map_next(&r->bounds, &i));) {
        const struct kinesis_place *bound = entry->value;
        struct kinesis_shard *s = map_get(&r->by_name, entry->key);
        if (!s || kinesis_shard_compare(s->last, bound->sequence) < 0)
            kinesis_shard_tell_gap(r, entry->key, arena_z(&r->names, bound->sequence), KINESIS_TRIMMED);
        if (!s)
            continue;
        kinesis_shard_place(s, bound->sequence);
        s->over |= bound->over;
        s->bound = NULL;
    }
    r->bounded = false;
}

/* ---- opening ---- */

struct kinesis_reader *kinesis_reader_open(const struct ingest_options *o, const struct kinesis_events *events, struct err *e)
{
    struct kinesis_reader *r = mem_zero(sizeof *r);
    r->options = o;
    r->events = *events;
    r->url = arena_f(&r->names, "%s/", o->endpoint);
    r->ended = true;
    if (!(r->client = ingest_client(o, e))) {
        kinesis_reader_close(r);
        return NULL;
    }
    return r;
}

void kinesis_reader_close(struct kinesis_reader *r)
{
    if (!r)
        return;
    if (r->client)
        client_close(r->client);
    for (size_t i = 0; i < r->n_shards; i++)
        buf_release(&r->shards[i]->iterator);
    free(r->shards);
    map_release(&r->places);
    map_release(&r->bounds);
    map_release(&r->by_name);
    buf_release(&r->body);
    buf_release(&r->plain);
    arena_release(&r->names);
    free(r);
}

const struct kinesis_shard *kinesis_reader_shard(const struct kinesis_reader *r, size_t i)
{
    return i < r->n_shards ? r->shards[i] : NULL;
}

void kinesis_reader_counts(const struct kinesis_reader *r, uint64_t *ret_pages, uint64_t *ret_retries)
{
    *ret_pages = r->pages;
    *ret_retries = r->retries;
}
