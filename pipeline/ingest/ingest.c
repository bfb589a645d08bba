/* ingest.c - what both ways of reading share: asking the ledger, handing records on. */
#include "pipeline/ingest/reader.h"

void ingest_release(struct ingest *in)
{
    arena_release(&in->bytes);
    *in = (struct ingest){ 0 };
}

struct client *ingest_client(const struct ingest_options *o, struct err *e)
{
    struct client_options c = {
        .clock = o->clock, .seed = o->seed, .max_in_flight = o->in_flight ? o->in_flight : 48,
        .max_attempts = o->max_attempts, .key = o->key, .region = str_of(o->region),
    };
    return client_open(&c, e);
}

bool ingest_record(const struct ingest_options *o, struct ingest *in, struct ingest_record *r, struct str id, bool last)
{
    enum ledger_verdict verdict = LEDGER_NEW;
    r->post = LEDGER_NO_POST;
    if (o->ledger)
        verdict = ledger_read(o->ledger, r->table, r->place, id, last, &r->post);
    if (verdict == LEDGER_UNKNOWN && !last)
        return false;
    in->records++;
    if (verdict == LEDGER_REPEAT)
        in->repeats++;
    else
        o->record(o->arg, r);
    if (o->progress && in->records % 512 == 0)
        o->progress(o->progress_arg, in->records);
    return true;
}
