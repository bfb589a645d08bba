/* kinesis.c - every shard of the three streams, once, from its checkpoint to the tip. */
#include <stdio.h>
#include <unistd.h>

#include "base/json.h"
#include "pipeline/ingest/kinesis_reader.h"
#include "pipeline/ingest/reader.h"

struct reading {
    const struct ingest_options *options;
    struct ingest *in;
    struct kinesis_reader *reader;
    struct arena names;
    struct err *err;
};

static void take(void *arg, const struct kinesis_record *k)
{
    struct reading *r = arg;
    struct ingest_record record = { .table = k->table, .place = k->place, .bytes = arena_dup(&r->in->bytes, k->bytes) };
    ingest_record(r->options, r->in, &record, k->key, true);
}

static void tell_gap(void *arg, const char *message)
{
    struct reading *r = arg;
    r->in->gaps++;
    if (r->options->gap)
        r->options->gap(r->options->arg, message);
}

/* ---- checkpoints: {"streaming-…-pin/shardId-000000000000":"4964…",…} ---- */

static int parse_checkpoint(struct reading *r, struct str text)
{
    struct json_reader reader;
    struct json value;
    struct str key;
    json_open(&reader, text);
    if (json_enter(&reader, JSON_OBJECT) == 0)
        while (json_member(&reader, &key) == 1 && json_read(&reader, &value) == 0)
            if (value.type == JSON_STRING)
                kinesis_reader_place(r->reader, key, value.raw, false);
    if (json_close(&reader))
        return err_set(r->err, 0, "CHECKPOINT_MALFORMED", "checkpoint %s: " STR_F "; remove it to read from the oldest record",
                       r->options->checkpoint, STR_A(json_where(&reader, &r->names)));
    return 0;
}

static int load_checkpoint(struct reading *r)
{
    if (!r->options->checkpoint)
        return 0;
    FILE *f = fopen(r->options->checkpoint, "rb");
    if (!f)
        return 0; /* the first time */
    struct buf text = BUF_MAX(16u << 20);
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&text, piece, n);
    fclose(f);
    int result = parse_checkpoint(r, arena_dup(&r->names, buf_str(&text)));
    buf_release(&text);
    return result;
}

static int save_checkpoint(struct reading *r)
{
    if (!r->options->checkpoint)
        return 0;
    struct str temporary = arena_f(&r->names, "%s.new", r->options->checkpoint);
    FILE *f = fopen(temporary.p, "wb");
    bool ok = f != NULL;
    const char *comma = "{";
    const struct kinesis_shard *s;
    for (size_t i = 0; ok && (s = kinesis_reader_shard(r->reader, i)); i++)
        if (s->last[0]) {
            ok = fprintf(f, "%s\"" STR_F "\":\"%s\"", comma, STR_A(s->name), s->last) > 0;
            comma = ",\n ";
        }
    ok = ok && fprintf(f, "%s}\n", comma[0] == '{' ? "{" : "") > 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    if (f && fclose(f))
        ok = false;
    if (!ok || rename(temporary.p, r->options->checkpoint))
        return err_set(r->err, 0, "DISK", "cannot write the checkpoint %s; is the folder there and writable?", r->options->checkpoint);
    return 0;
}

int ingest_kinesis(const struct ingest_options *o, struct ingest *in, struct err *e)
{
    struct reading r = { .options = o, .in = in, .err = e };
    const struct kinesis_events events = { take, tell_gap, &r };
    uint64_t pages = 0, retries = 0;
    r.reader = kinesis_reader_open(o, &events, e);
    int result = r.reader && load_checkpoint(&r) == 0 ? kinesis_reader_poll(r.reader, UINT64_MAX, e) : -1;
    if (result == 0)
        result = save_checkpoint(&r);
    if (result == 0 && o->progress)
        o->progress(o->progress_arg, in->records);
    if (r.reader)
        kinesis_reader_counts(r.reader, &pages, &retries);
    in->pages += pages;
    in->retries += retries;
    kinesis_reader_close(r.reader);
    arena_release(&r.names);
    return result;
}
