/* connect_partition.c - one partition: from records to files, from files to objects, then the commit.
 *
 *   poll ─► read a batch ─► convert ─► file ─► rotate? ─► store all files ─► commit
 *
 * A failure takes the partition back to its commit: open files are dropped, uploads aborted, the same records read
 * again, the same keys written again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mocks/connect/connect.h"
#include "mocks/connect/worker.h"

enum { BATCH_RECORDS = 256, BATCH_BYTES = 2 * 1024 * 1024, DAY_MS = 86400000 };

/* Used for one partition at a time. */
struct sink_scratch {
    struct plog_record records[BATCH_RECORDS];
    size_t n;
    struct arena bytes; /* of the records */
    struct buf line, key, place;
};

/* ---- files ---- */

static void file_close(struct sink_file *f)
{
    if (!f)
        return;
    struct buf *owned[] = { &f->values, &f->keys, &f->values_upload.key, &f->values_upload.id, &f->values_upload.etags,
                            &f->keys_upload.key, &f->keys_upload.id, &f->keys_upload.etags };
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        buf_release(owned[i]);
    free((void *)f->place.p);
    free(f);
}

static void name_objects(struct connector *c, struct sink_partition *p, struct sink_file *f)
{
    const char *topic = plog_name(p->log);
    char keys_suffix[] = ".keys.json";
    char *extension = mem_dup(c->config->extension);
    buf_reset(&f->values_upload.key);
    buf_reset(&f->keys_upload.key);
    connect_record_object_key(c->config, topic, f->place, p->partition, f->start_offset, extension,
                              &f->values_upload.key);
    if (c->config->store_keys)
        connect_record_object_key(c->config, topic, f->place, p->partition, f->start_offset, keys_suffix,
                                  &f->keys_upload.key);
    free(extension);
}

/* The open file of that place, opened with this start offset when there is none. */
static struct sink_file *file_for(struct connector *c, struct sink_partition *p, struct str place, int64_t offset)
{
    struct sink_file *f;
    for (f = p->files; f; f = f->next)
        if (str_eq(f->place, place))
            return f;
    f = p->spare ? p->spare : mem_zero(sizeof *f);
    p->spare = NULL;
    if (!str_eq(f->place, place)) {
        free((void *)f->place.p);
        f->place = (struct str){ mem_dup(place), place.n };
    }
    buf_reset(&f->values);
    buf_reset(&f->keys);
    f->values_upload.open = f->keys_upload.open = false;
    f->start_offset = offset;
    f->next = p->files;
    p->files = f;
    name_objects(c, p, f);
    return f;
}

static void drop_files(struct sink_partition *p)
{
    while (p->files) {
        struct sink_file *f = p->files;
        p->files = f->next;
        if (p->spare)
            file_close(f);
        else
            p->spare = f;
    }
    p->records = 0;
}

/* ---- commits and failures ---- */

static void commit_position(struct connector *c, struct sink_partition *p)
{
    pthread_mutex_lock(&c->worker->lock);
    p->committed->offset = p->position;
    pthread_mutex_unlock(&c->worker->lock);
    p->rounds = 0;
}

void connect_partition_rewind(struct connector *c, struct sink_partition *p)
{
    for (struct sink_file *f = p->files; f; f = f->next) {
        connect_store_abort(&c->store, &f->values_upload);
        connect_store_abort(&c->store, &f->keys_upload);
    }
    drop_files(p);
    p->position = p->committed->offset;
}

void connect_partition_fail_task(struct connector *c, unsigned task, const char *fmt, ...)
{
    struct buf trace = BUF_INIT;
    size_t n;
    va_list ap;
    va_start(ap, fmt);
    buf_vf(&trace, fmt, ap);
    va_end(ap);
    buf_cstr(&trace);
    pthread_mutex_lock(&c->worker->lock);
    struct task *t = &c->tasks[task];
    free(t->trace);
    t->state = TASK_FAILED;
    t->trace = buf_take(&trace, &n);
    pthread_mutex_unlock(&c->worker->lock);
}

static void fail_partition(struct connector *c, struct sink_partition *p, enum store_result result, const struct err *e)
{
    connect_partition_rewind(c, p);
    if (atomic_load(&c->worker->stop))
        return;
    if (result == STORE_PASSING && ++p->rounds <= CONNECT_ROUNDS) {
        p->retry_at_ms = connector_now_ms(c) + c->config->retry_backoff_ms;
        return;
    }
    char tries[60] = "";
    if (result == STORE_PASSING)
        snprintf(tries, sizeof tries, " (given up after %d returns to the last commit)", CONNECT_ROUNDS);
    connect_partition_fail_task(c, p->task,
                                "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to "
                                "unrecoverable exception.\nCaused by: org.apache.kafka.connect.errors.ConnectException: "
                                "%s%s", e->message, tries);
}

static void fail_record(struct connector *c, struct sink_partition *p, const struct plog_record *r, const struct err *e,
                        bool conversion)
{
    connect_partition_rewind(c, p);
    connect_partition_fail_task(c, p->task,
                                "org.apache.kafka.connect.errors.ConnectException: %s\nCaused by: "
                                "org.apache.kafka.connect.errors.%s: %s (topic %s, partition %u, offset %lld)",
                                conversion ? "Tolerance exceeded in error handler"
                                           : "Exiting WorkerSinkTask due to unrecoverable exception.",
                                e->code, e->message, plog_name(p->log), p->partition, (long long)r->offset);
}

/* ---- storing ---- */

/* Sends what is due of an upload: whole parts, or all of it when the file ends. */
static enum store_result send_parts(struct connector *c, struct buf *bytes, struct upload *u, bool all, struct err *e)
{
    size_t part = (size_t)c->config->part_bytes, sent = 0;
    enum store_result result = STORE_OK;
    while (result == STORE_OK && (bytes->n - sent >= part || (all && (sent < bytes->n || !u->open)))) {
        size_t n = bytes->n - sent < part ? bytes->n - sent : part;
        result = connect_store_part(&c->store, u, (struct str){ bytes->p + sent, n }, e);
        sent += n;
    }
    if (result == STORE_OK && sent) {
        memmove(bytes->p, bytes->p + sent, bytes->n - sent);
        bytes->n -= sent;
    }
    return result;
}

static enum store_result store_object(struct connector *c, struct buf *bytes, struct upload *u, struct err *e)
{
    enum store_result result = send_parts(c, bytes, u, true, e);
    if (result == STORE_OK)
        result = connect_store_complete(&c->store, u, e);
    if (result == STORE_OK)
        atomic_fetch_add(&c->worker->objects, 1);
    return result;
}

/* Stores all open files of the partition, values before keys, and commits. */
static enum store_result store_files(struct connector *c, struct sink_partition *p)
{
    struct err e = { 0 };
    enum store_result result = STORE_OK;
    for (struct sink_file *f = p->files; f && result == STORE_OK; f = f->next) {
        result = store_object(c, &f->values, &f->values_upload, &e);
        if (result == STORE_OK && c->config->store_keys)
            result = store_object(c, &f->keys, &f->keys_upload, &e);
    }
    if (result != STORE_OK) {
        fail_partition(c, p, result, &e);
        return result;
    }
    atomic_fetch_add(&c->worker->records, (uint64_t)p->records);
    drop_files(p);
    commit_position(c, p);
    return STORE_OK;
}

/* ---- rotation ---- */

static bool schedule_is_due(const struct connector *c, const struct sink_partition *p)
{
    return c->config->rotate_schedule_ms > 0 && p->records && connector_now_ms(c) >= p->next_rotation_ms;
}

static bool record_time_is_due(const struct connector *c, const struct sink_partition *p, int64_t time_ms,
                               struct str place)
{
    return c->config->rotate_ms > 0 && p->records &&
           (time_ms - p->base_ms >= c->config->rotate_ms || !str_eq(buf_str(&p->place), place));
}

/* The next multiple of the interval since midnight. */
static int64_t next_rotation(const struct connector *c, int64_t now)
{
    int64_t local = now + c->config->zone_ms, midnight = local - ((local % DAY_MS) + DAY_MS) % DAY_MS;
    int64_t interval = c->config->rotate_schedule_ms;
    return midnight + ((local - midnight) / interval + 1) * interval - c->config->zone_ms;
}

/* ---- one record ---- */

static void pass_over(struct connector *c, const struct plog_record *r)
{
    atomic_fetch_add(&c->worker->skipped, 1);
    if (c->config->dead_letters.n)
        plog_append(plog_set_ensure(connector_topics(c), c->config->dead_letters, 1), 0, connector_now_ms(c), 0, r->key,
                    r->value);
}

/* 0: the lines are in scratch. 1: passed over. -1: the task has failed. */
static int convert(struct connector *c, struct sink_partition *p, const struct plog_record *r)
{
    struct sink_scratch *s = c->scratch;
    struct err e = { 0 };
    buf_reset(&s->line);
    buf_reset(&s->key);
    enum record_result result = connect_record_value(c->config, r->value, &s->line, &e);
    if (result == RECORD_SKIP)
        return 1;
    if (result == RECORD_OK && c->config->store_keys && connect_record_key(c->config, r->key, &s->key, &e))
        result = r->key.p ? RECORD_BAD : RECORD_FATAL;
    if (result == RECORD_OK)
        return 0;
    if (result == RECORD_BAD && c->config->tolerate) {
        pass_over(c, r);
        return 1;
    }
    fail_record(c, p, r, &e, result == RECORD_BAD);
    return -1;
}

static int find_place(struct connector *c, struct sink_partition *p, const struct plog_record *r, int64_t *ret_time_ms)
{
    struct err e = { 0 };
    struct sink_scratch *s = c->scratch;
    buf_reset(&s->place);
    if (connect_record_time(c->config, r->time_ms, connector_now_ms(c), r->value, ret_time_ms, &e) == 0 &&
        connect_record_place(c->config, p->partition, *ret_time_ms, r->value, &s->place, &e) == 0)
        return 0;
    fail_record(c, p, r, &e, false);
    return -1;
}

static enum store_result add_to_file(struct connector *c, struct sink_partition *p, const struct plog_record *r,
                                     int64_t time_ms)
{
    struct sink_scratch *s = c->scratch;
    struct err e = { 0 };
    struct sink_file *f = file_for(c, p, buf_str(&s->place), r->offset);
    buf_str_add(&f->values, buf_str(&s->line));
    buf_str_add(&f->values, c->config->separator);
    if (c->config->store_keys) {
        buf_str_add(&f->keys, buf_str(&s->key));
        buf_c(&f->keys, '\n');
    }
    if (p->records++ == 0) {
        p->base_ms = time_ms;
        p->next_rotation_ms = c->config->rotate_schedule_ms > 0 ? next_rotation(c, connector_now_ms(c)) : 0;
    }
    buf_reset(&p->place);
    buf_str_add(&p->place, buf_str(&s->place));
    p->position = r->offset + 1;
    if (p->records >= c->config->flush_size)
        return store_files(c, p);
    enum store_result result = send_parts(c, &f->values, &f->values_upload, false, &e);
    if (result == STORE_OK)
        result = send_parts(c, &f->keys, &f->keys_upload, false, &e);
    if (result != STORE_OK)
        fail_partition(c, p, result, &e);
    return result;
}

/* false: the partition was taken back, or its task has failed. */
static bool take_record(struct connector *c, struct sink_partition *p, const struct plog_record *r)
{
    int64_t time_ms = 0;
    int converted = convert(c, p, r);
    if (converted < 0)
        return false;
    if (converted > 0) {
        p->position = r->offset + 1;
        if (!p->records)
            commit_position(c, p);
        return true;
    }
    if (find_place(c, p, r, &time_ms))
        return false;
    bool due = record_time_is_due(c, p, time_ms, buf_str(&c->scratch->place)) || schedule_is_due(c, p);
    if (due && store_files(c, p) != STORE_OK)
        return false;
    return add_to_file(c, p, r, time_ms) == STORE_OK;
}

/* ---- one partition ---- */

static struct str copied(struct sink_scratch *s, struct str text) { return text.p ? arena_dup(&s->bytes, text) : text; }

/* Records are copied so that nothing is held while S3 answers. */
static bool gather(void *arg, const struct plog_record *r)
{
    struct sink_scratch *s = arg;
    if (s->n == BATCH_RECORDS || (s->n && s->bytes.used_bytes > BATCH_BYTES))
        return false;
    s->records[s->n] = *r;
    s->records[s->n].key = copied(s, r->key);
    s->records[s->n].value = copied(s, r->value);
    s->n++;
    return true;
}

static bool task_runs(struct connector *c, unsigned task)
{
    pthread_mutex_lock(&c->worker->lock);
    bool runs = !c->paused && c->tasks[task].state == TASK_RUNNING;
    pthread_mutex_unlock(&c->worker->lock);
    return runs;
}

static void remember_topic(struct connector *c, const char *topic)
{
    pthread_mutex_lock(&c->worker->lock);
    if (!map_get(&c->topics, str_of(topic)))
        map_put(&c->topics, str_of(topic), c);
    pthread_mutex_unlock(&c->worker->lock);
}

int connect_partition_poll(struct connector *c, struct sink_partition *p, bool settle, int64_t *wake_ms)
{
    struct sink_scratch *s = c->scratch;
    if (!task_runs(c, p->task))
        return SINK_IDLE;
    if (p->retry_at_ms > connector_now_ms(c)) {
        connector_wake_at(wake_ms, p->retry_at_ms);
        return SINK_IDLE;
    }
    p->retry_at_ms = 0;
    if (p->position < plog_begin(p->log, p->partition))
        p->position = plog_begin(p->log, p->partition);
    s->n = 0;
    arena_reset(&s->bytes);
    plog_read(p->log, p->partition, p->position, gather, s);
    if (s->n)
        remember_topic(c, plog_name(p->log));
    for (size_t i = 0; i < s->n && !atomic_load(&c->worker->stop); i++)
        if (!take_record(c, p, &s->records[i]))
            return SINK_PROGRESS;
    bool tail = settle && !s->n && p->records;
    if ((tail || schedule_is_due(c, p)) && !atomic_load(&c->worker->stop)) {
        store_files(c, p);
        return SINK_PROGRESS;
    }
    if (!s->n && !p->records && p->committed->offset < p->position)
        commit_position(c, p); /* what was skipped or trimmed needs no object */
    if (p->records && c->config->rotate_schedule_ms > 0)
        connector_wake_at(wake_ms, p->next_rotation_ms);
    return s->n ? SINK_PROGRESS : SINK_IDLE;
}

void connect_partition_close(struct sink_partition *p)
{
    drop_files(p);
    file_close(p->spare);
    buf_release(&p->place);
    free(p);
}

struct sink_scratch *connect_partition_scratch(void) { return mem_zero(sizeof(struct sink_scratch)); }

void connect_partition_scratch_release(struct sink_scratch *s)
{
    if (!s)
        return;
    arena_release(&s->bytes);
    buf_release(&s->line);
    buf_release(&s->key);
    buf_release(&s->place);
    free(s);
}
