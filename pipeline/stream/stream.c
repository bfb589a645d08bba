/* stream.c - opening, a step, the run. */
#include <stdlib.h>

#include "net/client.h"
#include "pipeline/stream/stream_own.h"

enum { BATCH_RECORDS = 20000, POLL_MS = 1000, IDLE_MS = 2000, WAIT_MS = 100 };

/* ---- reading ---- */

static void take_record(void *arg, const struct kinesis_record *k)
{
    struct stream *s = arg;
    if (s->n_records == s->cap_records)
        s->records = mem_grow(s->records, (s->cap_records = s->cap_records ? s->cap_records * 2 : 1024) * sizeof *s->records);
    s->records[s->n_records++] = (struct record){ k->table, k->place.partition, arena_dup(&s->bytes, k->place.position), arena_dup(&s->bytes, k->bytes),
                                                  k->arrived_us };
}

static void take_gap(void *arg, const char *message)
{
    struct stream *s = arg;
    s->sums.gaps++;
    stream_note(s, "gap", message);
}

static int read_places(struct stream *s, struct str offsets, void (*place)(struct kinesis_reader *, struct str, struct str, bool), struct err *e)
{
    struct json shards, v, over;
    struct json_reader r;
    struct str key;
    struct arena a = ARENA_INIT;
    int result = 0;
    if (!offsets.n)
        return 0;
    bool ok = json_get(offsets, "shards", &shards);
    json_open(&r, ok ? shards.raw : S(""));
    if (json_enter(&r, JSON_OBJECT) == 0)
        while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0)
            place(s->reader, key, json_get_text(v.raw, "at", &a), json_get(v.raw, "over", &over) && over.type == JSON_TRUE);
    if (json_close(&r))
        result = err_set(e, 0, "DELTA_CHECKPOINT_BROKEN", "the offsets of a batch in " STR_F " are not those of this program; restore the folder, or remove it whole",
                         STR_A(s->o.folder->root));
    arena_release(&a);
    return result;
}

/* ---- a step ---- */

static int read_again(struct stream *s, struct err *e)
{
    struct json tip;
    if (read_places(s, s->checkpoint.begun, kinesis_reader_bound, e) || kinesis_reader_poll(s->reader, UINT64_MAX, e))
        return -1;
    kinesis_reader_unbound(s->reader);
    s->tip_ms = 0;
    if (json_get(s->checkpoint.begun, "tip", &tip))
        str_to_i64(tip.raw, &s->tip_ms);
    return 0;
}

int stream_step(struct stream *s, bool *ret_did, bool *ret_again, struct err *e)
{
    bool redo = s->checkpoint.begun.n;
    int64_t before_ms = clock_now_ms(s->ingest.clock);
    *ret_did = false;
    *ret_again = true;
    if (redo ? read_again(s, e) : kinesis_reader_poll(s->reader, s->o.batch_records, e))
        return -1;
    bool at_tip = !redo && kinesis_reader_at_tip(s->reader), due;
    if (at_tip)
        s->n_behind = 0;
    due = at_tip && stream_close_is_due(s, before_ms);
    if (!redo && !s->n_records && !due)
        return 0;
    if (at_tip)
        s->tip_ms = before_ms;
    *ret_again = false;
    *ret_did = true;
    return stream_batch_run(s, e);
}

/* ---- the run ---- */

static bool is_ending(const struct stream *s) { return s->o.stopping && s->o.stopping(s->o.arg); }

/* In small pieces, so that whoever wants it to end need not wait. */
static void wait_for(struct stream *s, int64_t ms)
{
    while (ms > 0 && !is_ending(s)) {
        int64_t piece = ms < WAIT_MS ? ms : WAIT_MS;
        clock_wait_ms(s->ingest.clock, piece);
        ms -= piece;
    }
}

static int deliver_all(struct stream *s, struct err *e)
{
    int64_t next_ms;
    do {
        if (stream_alert_deliver(s, &next_ms, e))
            return -1;
        if (next_ms)
            wait_for(s, next_ms - clock_now_ms(s->ingest.clock));
    } while (next_ms && !is_ending(s));
    return 0;
}

/* A stream that runs on outlives a service that does not answer and waits for a stream that is not there yet. */
static bool can_wait(struct stream *s, bool again, const struct err *why, struct str *told)
{
    if (!again || s->o.until != STREAM_FOREVER)
        return false;
    if (!str_is(*told, why->message)) {
        *told = arena_dup(&s->names, str_of(why->message));
        stream_note(s, "waiting", why->message);
    }
    return true;
}

int stream_run(struct stream *s, struct err *e)
{
    int64_t quiet_ms = 0, next_ms;
    struct str told = S("");
    while (!is_ending(s)) {
        bool did, again;
        int result = stream_step(s, &did, &again, e);
        if (result && !can_wait(s, again, e, &told))
            return -1;
        told = result ? told : S("");
        if (stream_alert_deliver(s, &next_ms, e))
            return -1;
        quiet_ms = did ? 0 : quiet_ms;
        if (did && !kinesis_reader_at_tip(s->reader))
            continue; /* there is more; else what trickles in is gathered for a while, as each batch is a file */
        if (s->o.until == STREAM_ONCE || (s->o.until == STREAM_UNTIL_IDLE && quiet_ms >= s->o.idle_ms))
            break;
        wait_for(s, s->o.poll_ms);
        quiet_ms += s->o.poll_ms;
    }
    return s->o.until == STREAM_FOREVER ? 0 : deliver_all(s, e);
}

/* ---- answers and sums ---- */

int stream_answer(struct stream *s, size_t query, struct result **ret, struct err *e)
{
    if (query >= s->n_answers)
        return err_set(e, 0, "USAGE", "no answers are kept");
    *ret = stream_answer_of(&s->answers[query], &s->answers[query].groups, NULL);
    return 0;
}

struct stream_sums stream_sums(const struct stream *s)
{
    struct stream_sums sums = s->sums;
    sums.pending = s->outbox.n;
    for (size_t i = 0; i < s->windows->n; i++)
        for (size_t k = 0; k < s->states[i].n_open; k++, sums.open_windows++)
            sums.window_groups += s->states[i].open[k]->groups.by_key.n_live;
    for (size_t i = 0; i < s->n_answers; i++)
        sums.answer_groups += s->answers[i].groups.by_key.n_live;
    for (size_t t = 0; t < LEDGER_TABLES; t++)
        sums.kept_rows += s->store.tables[t].n_rows;
    return sums;
}

/* ---- opening ---- */

static int open_rules(struct stream *s, struct err *e)
{
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct str name = str_of(ledger_table_names[t]);
        const struct program *p = s->store.tables[t].program = rules_program(s->o.rules, name);
        if (!p || !(s->cleaners[t] = cleaner_open(s->o.rules, name, false)))
            return err_set(e, 0, "STREAM_TABLE", "there are no cleaning rules for table " STR_F, STR_A(name));
        if (p->dedupe && p->n_dedupe_by)
            return err_set(e, 0, "STREAM_DEDUPE", "table " STR_F ": \"dedupe\" by columns keeps the first row of the finished table, which a stream does not know; "
                           "write \"dedupe\": true or false", STR_A(name));
        s->versions[t] = -1;
    }
    if (!(s->windows = stream_windows_open(s->o.rules, e)))
        return -1;
    s->states = mem_zero((s->windows->n + 1) * sizeof *s->states);
    for (size_t i = 0; i < s->windows->n; i++)
        if (stream_fold_bind(&s->windows->windows[i].question, &s->store, e))
            return -1;
    return 0;
}

static int open_answers(struct stream *s, struct err *e)
{
    static const enum fold_kind kinds[] = { [AGGREGATE_COUNT_ROWS] = FOLD_ROWS, [AGGREGATE_COUNT] = FOLD_COUNT, [AGGREGATE_MAX] = FOLD_MAX,
                                            [AGGREGATE_MIN] = FOLD_MIN, [AGGREGATE_MEDIAN] = FOLD_MEDIAN };
    size_t n = s->o.analytics ? analytics_count(s->o.analytics) : 0;
    s->answers = ARENA_ARRAY(&s->names, struct question, n + 1);
    for (size_t i = 0; i < n; i++) {
        struct question *x = &s->answers[i];
        const struct query *q = x->q = analytics_query(s->o.analytics, i);
        x->kinds = ARENA_ARRAY(&s->names, enum fold_kind, q->n_aggregates + 1);
        x->types = ARENA_ARRAY(&s->names, enum column_type, q->n_aggregates + 1);
        for (size_t k = 0; k < q->n_aggregates; k++) {
            x->kinds[k] = kinds[q->aggregates[k].kind];
            x->types[k] = q->aggregates[k].type;
        }
        if (stream_fold_bind(x, &s->store, e))
            return -1;
    }
    s->n_answers = n;
    return 0;
}

static int open_checkpoint(struct stream *s, struct err *e)
{
    struct arena a = ARENA_INIT;
    int result = delta_stream_open(&s->checkpoint, s->o.folder, s->ingest.clock, s->ingest.seed, s->o.tables, LEDGER_TABLES, true, e);
    if (result == 0 && s->checkpoint.recovered)
        stream_note(s, "recovered", arena_f(&a, "the checkpoint folder " STR_F " was empty, but the tables hold batches up to %lld of query " STR_F ": it was made anew from "
                    "their logs, and nothing is read a second time; windows that were open are told as partial", STR_A(s->o.folder->root),
                    (long long)s->checkpoint.batch - 1 + (s->checkpoint.begun.n > 0), STR_A(s->checkpoint.id)).p);
    if (result == 0)
        result = stream_state_load(s, s->checkpoint.batch - 1, s->checkpoint.offsets, e);
    if (result == 0)
        result = stream_alert_load(s, e);
    if (result == 0)
        result = stream_batch_load(s, e);
    arena_release(&a);
    return result;
}

static int open_reader(struct stream *s, struct err *e)
{
    const struct kinesis_events events = { take_record, take_gap, s };
    s->reader = kinesis_reader_open(&s->ingest, &events, e);
    return s->reader ? read_places(s, s->checkpoint.offsets, kinesis_reader_place, e) : -1;
}

struct stream *stream_open(const struct stream_options *o, struct err *e)
{
    struct stream *s = mem_zero(sizeof *s);
    s->o = *o;
    s->ingest = o->ingest;
    s->o.batch_records = o->batch_records ? o->batch_records : BATCH_RECORDS;
    s->o.poll_ms = o->poll_ms ? o->poll_ms : POLL_MS;
    s->o.idle_ms = o->idle_ms ? o->idle_ms : IDLE_MS;
    rng_seed(&s->rng, s->ingest.seed);
    if (open_rules(s, e) || open_answers(s, e) || open_checkpoint(s, e) || open_reader(s, e)) {
        stream_close(s);
        return NULL;
    }
    return s;
}

void stream_close(struct stream *s)
{
    if (!s)
        return;
    kinesis_reader_close(s->reader);
    for (size_t i = 0; s->windows && s->states && i < s->windows->n; i++)
        if (s->states[i].window)
            stream_close_release(&s->states[i]);
    for (size_t i = 0; i < s->n_answers; i++)
        stream_fold_groups_release(&s->answers[i].groups, &s->answers[i]);
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        cleaner_close(s->cleaners[t]);
        map_release(&s->seen[t]);
    }
    for (size_t i = 0; i < s->n_outputs; i++)
        buf_release(&s->outputs[i].added);
    if (s->webhooks)
        client_close(s->webhooks);
    stream_store_release(&s->store);
    stream_windows_close(s->windows);
    delta_stream_release(&s->checkpoint);
    free(s->states);
    free(s->behind);
    free(s->outputs);
    free(s->outbox.pending);
    buf_release(&s->outbox.dead);
    free(s->records);
    arena_release(&s->outbox.arena);
    arena_release(&s->bytes);
    arena_release(&s->names);
    free(s);
}
