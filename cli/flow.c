/* flow.c - opening the cloud, then each path on a thread of its own: emulate, settle, ingest and clean, finish, ask.
 * The paths share the cloud, the rows and the rules; what a path finds is its own until both are over. */
#include "cli/flow.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/embed.h"
#include "mocks/apigw/apigw.h"
#include "mocks/connect/connect.h"
#include "mocks/kafka/kafka.h"
#include "mocks/kafka_rest/kafka_rest.h"
#include "mocks/kinesis/kinesis.h"
#include "mocks/s3/s3.h"
#include "mocks/sts/sts.h"

const struct service *const flow_services[] = {
    &s3_service, &kinesis_service, &kafka_service, &kafka_rest_service, &connect_service, &apigw_service, &sts_service, NULL,
};

/* ---- the cloud ---- */

#define BUCKET "user-" FLOW_USER_ID "-bucket"
#define STREAMS "streaming-" FLOW_USER_ID "-pin:4,streaming-" FLOW_USER_ID "-geo:4,streaming-" FLOW_USER_ID "-user:4"

/* The built-in connector, made to keep record keys beside the objects when posts carry ids; the user's own as it is. */
static const char *connector_text(const struct flow_options *o, struct arena *a)
{
    if (o->properties)
        return o->properties;
    return arena_f(a, STR_F "\n%s", STR_A(embed_find("fixtures/connect/s3-sink.properties")),
                   o->no_post_ids ? "" : "store.kafka.keys=true\n").p;
}

static int open_cloud(const struct flow_options *o, struct flow *f, struct err *e)
{
    struct arena texts = ARENA_INIT;
    const struct cloud_setting settings[] = {
        { "apigw.openapi", o->api ? o->api : arena_z(&texts, embed_find("fixtures/apigw/pinterest.json")) },
        { "connect.properties", connector_text(o, &texts) },
        { "hosts", "kafka-rest:8082=kafka_rest" },
        { "s3.buckets", BUCKET },
        { "kinesis.streams", STREAMS },
        { NULL, NULL },
    };
    const struct cloud_options cloud = {
        .services = flow_services, .clock = f->clock, .seed = o->seed, .settings = settings, .data_dir = o->data_dir,
    };
    int64_t start = clock_stopwatch_us();
    f->cloud = cloud_open(&cloud, e);
    f->ready_us = clock_stopwatch_us() - start;
    arena_release(&texts);
    if (!f->cloud)
        return -1;
    return o->faults.n ? faults_load(cloud_faults(f->cloud), o->faults, e) : 0;
}

/* ---- progress ---- */

struct stage {
    const struct flow_options *options;
    pthread_mutex_t *telling;
    const char *path, *name;
    int64_t start_us;
};

static void tell(struct stage *s, uint64_t done, uint64_t total, bool over)
{
    struct flow_progress p = { s->path, s->name, done, total, clock_stopwatch_us() - s->start_us, over };
    if (!s->options->progress)
        return;
    pthread_mutex_lock(s->telling);
    s->options->progress(s->options->progress_arg, &p);
    pthread_mutex_unlock(s->telling);
}
static void tell_emulate(void *arg, uint64_t done, uint64_t total) { tell(arg, done, total, false); }
static void tell_ingest(void *arg, uint64_t done) { tell(arg, done, 0, false); }

static struct stage begin_stage(const struct flow_options *o, struct flow *f, const struct flow_path *p, const char *name)
{
    return (struct stage){ o, &f->telling, p->name, name, clock_stopwatch_us() };
}

static int64_t end_stage(struct stage *s, uint64_t done)
{
    tell(s, done, done, true);
    return clock_stopwatch_us() - s->start_us;
}

/* ---- emulate ---- */

static int choose_rows(const struct flow_options *o, struct source *source, struct choose **ret, struct err *e)
{
    struct choose_options c = o->choose;
    int64_t *indices = NULL;
    if (c.kind == CHOOSE_ALL) {
        if (source_complete_indices(source, &indices, &c.n_indices, e))
            return -1;
        c.indices = indices;
    }
    *ret = choose_open(&c, e);
    free(indices);
    return *ret ? 0 : -1;
}

static int emulate(const struct flow_options *o, struct flow *f, struct flow_path *p, struct err *e)
{
    struct stage stage = begin_stage(o, f, p, "emulate");
    const struct emulate_options options = {
        .path = p == &f->paths[FLOW_BATCH] ? EMULATE_BATCH : EMULATE_STREAM,
        .gateway = cloud_url(f->cloud, "apigw"), .stage = FLOW_STAGE, .user_id = FLOW_USER_ID, .post_ids = !o->no_post_ids,
        .in_flight = o->in_flight, .max_attempts = o->max_attempts, .posts_per_second = o->posts_per_second,
        .clock = f->clock, .seed = o->seed, .progress = tell_emulate, .progress_arg = &stage,
    };
    struct choose *choose = NULL;
    const char *uri = rds_uri(f->rds, e);
    struct source *source = uri ? source_open(uri, e) : NULL;
    int result = source && choose_rows(o, source, &choose, e) == 0 ? 0 : -1;
    if (result == 0)
        result = emulate_run(&options, source, choose, p->ledger, &p->emulated, e);
    choose_close(choose);
    source_close(source);
    p->emulate_us = end_stage(&stage, p->emulated.calls);
    return result;
}

/* ---- ingest and clean ---- */

/* What a row's tag stands for. */
struct tagged {
    unsigned table;
    uint32_t post;
    bool written;
};

struct cleaning {
    struct flow_path *path;
    struct cleaner *cleaners[LEDGER_TABLES];
    struct tagged *tags;
    size_t n_tags, cap_tags;
};

static void quarantine(struct flow_path *p, const struct ingest_record *r, const struct err *why)
{
    if (p->n_quarantine == p->cap_quarantine) {
        p->cap_quarantine = p->cap_quarantine ? p->cap_quarantine * 2 : 16;
        p->quarantine = mem_grow(p->quarantine, p->cap_quarantine * sizeof *p->quarantine);
    }
    struct flow_quarantined *q = &p->quarantine[p->n_quarantine++];
    *q = (struct flow_quarantined){ .table = r->table, .post = r->post, .bytes = r->bytes, .message = mem_dup(str_of(why->message)) };
    q->place = (struct ledger_place){ r->place.partition, arena_dup(&p->ingested.bytes, r->place.position) };
    snprintf(q->code, sizeof q->code, "%.*s", (int)sizeof q->code - 1, why->code);
    ledger_quarantine(p->ledger, r->table, r->post, q->code);
}

static void keep_record(struct flow_path *p, const struct ingest_record *r)
{
    if (p->n_records == p->cap_records) {
        p->cap_records = p->cap_records ? p->cap_records * 2 : 4096;
        p->records = mem_grow(p->records, p->cap_records * sizeof *p->records);
    }
    p->records[p->n_records++] = (struct flow_record){ r->table, r->bytes };
}

static void clean_record(void *arg, const struct ingest_record *r)
{
    struct cleaning *c = arg;
    struct err why = { 0 };
    int64_t rows = cleaner_add(c->cleaners[r->table], r->bytes, c->n_tags, &why);
    if (rows == 0)
        err_set(&why, 0, "EMPTY_ARRAY", "the record is an array without rows");
    if (rows <= 0) {
        quarantine(c->path, r, &why);
        return;
    }
    ledger_clean(c->path->ledger, r->table, r->post);
    if (c->n_tags == c->cap_tags) {
        c->cap_tags = c->cap_tags ? c->cap_tags * 2 : 4096;
        c->tags = mem_grow(c->tags, c->cap_tags * sizeof *c->tags);
    }
    c->tags[c->n_tags++] = (struct tagged){ r->table, r->post, false };
    keep_record(c->path, r);
}

static int ingest(const struct flow_options *o, struct flow *f, struct cleaning *c, struct err *e)
{
    struct flow_path *p = c->path;
    bool batch = p == &f->paths[FLOW_BATCH];
    struct stage stage = begin_stage(o, f, p, "ingest");
    const struct ingest_options options = {
        .endpoint = cloud_url(f->cloud, batch ? "s3" : "kinesis"), .user_id = FLOW_USER_ID, .bucket = BUCKET,
        .key = { S("test"), S("test"), S("") }, .region = CLOUD_REGION, .in_flight = o->in_flight, .max_attempts = o->max_attempts,
        .clock = f->clock, .seed = o->seed + 1, .ledger = p->ledger, .record = clean_record, .arg = c,
        .progress = tell_ingest, .progress_arg = &stage,
    };
    int result = batch ? ingest_s3(&options, &p->ingested, e) : ingest_kinesis(&options, &p->ingested, e);
    p->ingest_us = end_stage(&stage, p->ingested.records);
    return result;
}

/* ---- finish: the final tables, and the ledger's last column ---- */

static void finish_tables(const struct flow_options *o, struct flow *f, struct cleaning *c)
{
    struct flow_path *p = c->path;
    struct stage stage = begin_stage(o, f, p, "clean");
    uint64_t rows = 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++) {
        struct table *table = p->tables[t] = cleaner_take(c->cleaners[t]);
        table_finish(table);
        rows += table->n_rows;
        for (size_t i = 0; i < table->n_rows; i++) {
            struct tagged *tag = &c->tags[table->tag[i]];
            if (!tag->written)
                ledger_write(p->ledger, t, tag->post);
            tag->written = true; /* an array of rows is one post */
        }
        for (size_t i = 0; i < table->n_dropped; i++)
            ledger_drop_duplicate(p->ledger, t, c->tags[table->dropped[i]].post);
    }
    p->finish_us = end_stage(&stage, rows);
}

static int ask(const struct flow_options *o, struct flow *f, struct flow_path *p, struct err *e)
{
    struct stage stage = begin_stage(o, f, p, "query");
    size_t n = analytics_count(f->analytics);
    const struct table *tables[LEDGER_TABLES];
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        tables[t] = p->tables[t];
    p->answers = mem_zero(n * sizeof *p->answers);
    for (size_t i = 0; i < n; i++)
        if (analytics_run(f->analytics, i, tables, LEDGER_TABLES, &p->answers[i], e))
            return -1;
    p->query_us = end_stage(&stage, n);
    return 0;
}

static int read_back(const struct flow_options *o, struct flow *f, struct flow_path *p, struct err *e)
{
    struct cleaning c = { .path = p };
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        c.cleaners[t] = cleaner_open(f->rules, str_of(ledger_table_names[t]), true);
    int result = ingest(o, f, &c, e);
    finish_tables(o, f, &c);
    if (result == 0)
        result = ask(o, f, p, e);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        cleaner_close(c.cleaners[t]);
    free(c.tags);
    return result;
}

/* The sink stands in the batch path; what a stream has acknowledged is there. */
static int settle(const struct flow_options *o, struct flow *f, struct flow_path *p, struct err *e)
{
    if (p != &f->paths[FLOW_BATCH])
        return 0;
    struct stage stage = begin_stage(o, f, p, "settle");
    int result = cloud_settle(f->cloud, o->settle_ms ? o->settle_ms : 60000, e);
    p->settle_us = end_stage(&stage, 0);
    return result;
}

static int run_path(const struct flow_options *o, struct flow *f, struct flow_path *p, struct err *e)
{
    int result = emulate(o, f, p, e);
    if (result == 0)
        result = settle(o, f, p, e);
    if (result == 0)
        result = read_back(o, f, p, e);
    return result ? err_wrap(e, "%s path", p->name) : 0;
}

struct walk {
    const struct flow_options *options;
    struct flow *flow;
    struct flow_path *path;
    int result;
    struct err err;
    pthread_t thread;
    bool threaded;
};

static void *walk(void *arg)
{
    struct walk *w = arg;
    w->result = run_path(w->options, w->flow, w->path, &w->err);
    return NULL;
}

/* Both to their end, whatever becomes of the other; of two errors the batch path's is told. */
static int run_paths(const struct flow_options *o, struct flow *f, struct err *e)
{
    struct walk walks[FLOW_PATHS] = { 0 };
    int result = 0;
    for (int i = 0; i < FLOW_PATHS; i++) {
        struct walk *w = &walks[i];
        *w = (struct walk){ .options = o, .flow = f, .path = &f->paths[i] };
        if (!w->path->on)
            continue;
        w->threaded = pthread_create(&w->thread, NULL, walk, w) == 0;
        if (!w->threaded)
            walk(w);
    }
    for (int i = FLOW_PATHS - 1; i >= 0; i--) {
        if (walks[i].threaded)
            pthread_join(walks[i].thread, NULL);
        if (walks[i].result) {
            result = -1;
            *e = walks[i].err;
        }
    }
    return result;
}

/* ---- the whole ---- */

static int open_parts(const struct flow_options *o, struct flow *f, struct err *e)
{
    const struct rds_options rds = { .seed = o->seed, .tables_dir = o->tables_dir, .data_dir = o->data_dir, .skip_broken = o->skip_broken };
    if (!(f->rules = rules_open(o->rules_dir, o->profile, e)) || !(f->analytics = analytics_open(f->rules, e)))
        return -1;
    f->rds = rds_open(&rds);
    if (rds_report(f->rds, &f->report, e))
        return -1;
    return open_cloud(o, f, e);
}

int flow_open(const struct flow_options *o, struct flow *f, struct err *e)
{
    static const char *const names[FLOW_PATHS] = { "batch", "stream" };
    *f = (struct flow){ 0 };
    pthread_mutex_init(&f->telling, NULL);
    clock_init_real(&f->own_clock);
    f->clock = o->clock ? o->clock : &f->own_clock;
    for (int i = 0; i < FLOW_PATHS; i++) {
        f->paths[i].on = o->path_on[i];
        f->paths[i].name = names[i];
        f->paths[i].ledger = ledger_open(names[i]);
    }
    return open_parts(o, f, e);
}

int flow_go(const struct flow_options *o, struct flow *f, struct err *e)
{
    int result = run_paths(o, f, e);
    if (f->cloud)
        f->fault_hits = faults_hits(cloud_faults(f->cloud));
    return result;
}

int flow_run(const struct flow_options *o, struct flow *f, struct err *e)
{
    int64_t start = clock_stopwatch_us();
    int result = flow_open(o, f, e);
    if (result == 0)
        result = flow_go(o, f, e);
    f->took_us = clock_stopwatch_us() - start;
    return result;
}

static int tables_differ(const struct table *a, const struct table *b, struct err *e)
{
    struct buf x = BUF_INIT, y = BUF_INIT;
    int result = 0;
    size_t n = a->n_rows < b->n_rows ? a->n_rows : b->n_rows;
    for (size_t i = 0; i < n && result == 0; i++) {
        buf_reset(&x), buf_reset(&y);
        table_put_jsonl(a, i, &x);
        table_put_jsonl(b, i, &y);
        if (!str_eq(buf_str(&x), buf_str(&y)))
            result = err_set(e, 0, "ANSWERS_DIFFER", "the paths disagree: row %zu of the cleaned " STR_F " table is " STR_F " in batch and "
                             STR_F " in stream", i + 1, STR_A(a->name), STR_A(str_trim(buf_str(&x))), STR_A(str_trim(buf_str(&y))));
    }
    if (result == 0 && a->n_rows != b->n_rows)
        result = err_set(e, 0, "ANSWERS_DIFFER", "the paths disagree: the cleaned " STR_F " table has %zu rows in batch and %zu in stream",
                         STR_A(a->name), a->n_rows, b->n_rows);
    buf_release(&x), buf_release(&y);
    return result;
}

static int paths_agree(const struct flow *f, struct err *e)
{
    const struct flow_path *a = &f->paths[FLOW_BATCH], *b = &f->paths[FLOW_STREAM];
    for (int i = 0; i < FLOW_PATHS; i++)
        if (f->paths[i].on && !f->paths[i].answers)
            return err_set(e, 0, "LEDGER_UNBALANCED", "the %s path did not come to its end", f->paths[i].name);
    if (!a->on || !b->on)
        return 0;
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        if (tables_differ(a->tables[t], b->tables[t], e))
            return -1;
    for (size_t i = 0; i < analytics_count(f->analytics); i++)
        if (!result_same(a->answers[i], b->answers[i]))
            return err_set(e, 0, "ANSWERS_DIFFER", "the paths disagree on %s", a->answers[i]->name.p);
    return 0;
}

int flow_verdict(const struct flow *f, struct err *e)
{
    for (int i = 0; i < FLOW_PATHS; i++)
        if (f->paths[i].on && ledger_balance(f->paths[i].ledger, e))
            return -1;
    return paths_agree(f, e);
}

static void release_path(struct flow_path *p, size_t n_answers)
{
    for (size_t i = 0; p->answers && i < n_answers; i++)
        result_close(p->answers[i]);
    free(p->answers);
    for (unsigned t = 0; t < LEDGER_TABLES; t++)
        table_close(p->tables[t]);
    for (size_t i = 0; i < p->n_quarantine; i++)
        free(p->quarantine[i].message);
    free(p->quarantine);
    free(p->records);
    ingest_release(&p->ingested);
    ledger_close(p->ledger);
}

void flow_release(struct flow *f)
{
    for (int i = 0; i < FLOW_PATHS; i++)
        release_path(&f->paths[i], f->analytics ? analytics_count(f->analytics) : 0);
    if (f->cloud)
        cloud_close(f->cloud);
    rds_close(f->rds);
    analytics_close(f->analytics);
    rules_close(f->rules);
    pthread_mutex_destroy(&f->telling);
    *f = (struct flow){ 0 };
}
