/* connect_sink.c - one connector's turn.
 *
 *   poll ── restart     tasks somebody asked to restart
 *        ├─ refresh     which partitions there are, whose task they are
 *        ├─ start       is the bucket there? once there is something to store
 *        └─ each partition (connect_partition.c)
 */
#include <stdlib.h>

#include "mocks/connect/connect.h"
#include "mocks/connect/worker.h"

/* ---- which partitions there are ---- */

/* The range assignor: each task gets a run of a topic's partitions, the first ones one more. */
static unsigned task_of(const struct connector *c, unsigned partition, unsigned n_partitions)
{
    unsigned tasks = c->config->tasks_max, each = n_partitions / tasks, more = n_partitions % tasks;
    unsigned wide = more * (each + 1);
    return partition < wide ? partition / (each + 1) : more + (partition - wide) / each;
}

/* The group's commit for the partition; another log of the same name has none of the old one's. */
static struct committed *committed_for(struct connector *c, struct plog *log, unsigned partition)
{
    struct buf key = BUF_INIT;
    buf_str_add(&key, c->config->name);
    buf_f(&key, "\n%s\n%u", plog_name(log), partition);
    pthread_mutex_lock(&c->worker->lock);
    struct committed *found = map_get(&c->worker->offsets, buf_str(&key));
    if (!found) {
        found = mem_zero(sizeof *found);
        map_put(&c->worker->offsets, buf_str(&key), found);
    }
    if (found->log != log)
        *found = (struct committed){ log, 0 };
    pthread_mutex_unlock(&c->worker->lock);
    buf_release(&key);
    return found;
}

static void add_partition(struct connector *c, struct plog *log, unsigned partition, unsigned n_partitions)
{
    struct sink_partition **at = &c->partitions;
    for (; *at; at = &(*at)->next)
        if ((*at)->log == log && (*at)->partition == partition) {
            (*at)->gone = false;
            (*at)->task = task_of(c, partition, n_partitions);
            return;
        }
    struct sink_partition *p = mem_zero(sizeof *p);
    p->log = log;
    p->partition = partition;
    p->task = task_of(c, partition, n_partitions);
    p->committed = committed_for(c, log, partition);
    p->position = p->committed->offset;
    *at = p;
}

/* The topic may have come up since the worker looked for users; its connector is made before anybody else takes it. */
static bool is_anothers(const struct connector *c, const char *topic)
{
    connect_users_see(c->worker, topic);
    pthread_mutex_lock(&c->worker->lock);
    bool own = connect_users_own(c, topic);
    pthread_mutex_unlock(&c->worker->lock);
    return own;
}

static void refresh(struct connector *c)
{
    size_t n;
    struct plog **logs = plog_set_list(connector_topics(c), &n);
    for (struct sink_partition *p = c->partitions; p; p = p->next)
        p->gone = true;
    for (size_t i = 0; i < n; i++) {
        unsigned n_partitions = plog_partitions(logs[i]);
        if (!connect_config_matches(c->config, plog_name(logs[i])) || is_anothers(c, plog_name(logs[i])))
            continue;
        for (unsigned k = 0; k < n_partitions; k++)
            add_partition(c, logs[i], k, n_partitions);
    }
    free(logs);
    for (struct sink_partition **at = &c->partitions; *at;) {
        struct sink_partition *p = *at;
        if (!p->gone) {
            at = &p->next;
            continue;
        }
        connect_partition_rewind(c, p);
        *at = p->next;
        connect_partition_close(p);
    }
}

/* ---- starting, restarting ---- */

static void set_all_tasks(struct connector *c, enum task_state from, enum task_state to)
{
    pthread_mutex_lock(&c->worker->lock);
    for (unsigned i = 0; i < c->config->tasks_max; i++)
        if (c->tasks[i].state == from)
            c->tasks[i].state = to;
    pthread_mutex_unlock(&c->worker->lock);
}

static bool has_work(const struct connector *c)
{
    for (const struct sink_partition *p = c->partitions; p; p = p->next)
        if (plog_end(p->log, p->partition) > p->position)
            return true;
    return false;
}

/* S3SinkTask.start: the bucket has to be there. */
static bool start(struct connector *c, int64_t *wake_ms)
{
    if (c->started)
        return true;
    if (!has_work(c))
        return false;
    if (c->start_retry_at_ms > connector_now_ms(c)) {
        connector_wake_at(wake_ms, c->start_retry_at_ms);
        return false;
    }
    struct err e = { 0 };
    enum store_result result = connect_store_bucket(&c->store, &e);
    if (result == STORE_PASSING && ++c->start_rounds <= CONNECT_ROUNDS) {
        c->start_retry_at_ms = connector_now_ms(c) + c->config->retry_backoff_ms;
        connector_wake_at(wake_ms, c->start_retry_at_ms);
        return false;
    }
    c->started = true; /* or over: tasks that failed wait for a restart */
    for (unsigned i = 0; result != STORE_OK && i < c->config->tasks_max; i++)
        connect_partition_fail_task(c, i, "org.apache.kafka.connect.errors.ConnectException: %s", e.message);
    set_all_tasks(c, TASK_UNASSIGNED, TASK_RUNNING);
    return true;
}

static void restart_tasks(struct connector *c)
{
    for (unsigned i = 0; i < c->config->tasks_max; i++) {
        pthread_mutex_lock(&c->worker->lock);
        struct task *t = &c->tasks[i];
        bool restart = t->restart;
        if (restart) {
            free(t->trace);
            *t = (struct task){ TASK_UNASSIGNED, NULL, false };
        }
        pthread_mutex_unlock(&c->worker->lock);
        if (!restart)
            continue;
        c->started = false;
        c->start_rounds = 0;
        c->start_retry_at_ms = 0;
        for (struct sink_partition *p = c->partitions; p; p = p->next)
            if (p->task == i) {
                connect_partition_rewind(c, p);
                p->rounds = 0;
                p->retry_at_ms = 0;
            }
    }
}

/* ---- the turn ---- */

int connect_sink_poll(struct connector *c, bool settle, int64_t *wake_ms)
{
    int progress = SINK_IDLE;
    if (!c->scratch)
        c->scratch = connect_partition_scratch();
    c->store.worker = c->worker;
    c->store.config = c->config;
    restart_tasks(c);
    refresh(c);
    pthread_mutex_lock(&c->worker->lock);
    bool paused = c->paused;
    pthread_mutex_unlock(&c->worker->lock);
    if (paused || !start(c, wake_ms))
        return SINK_IDLE;
    for (struct sink_partition *p = c->partitions; p && !atomic_load(&c->worker->stop); p = p->next)
        progress |= connect_partition_poll(c, p, settle, wake_ms);
    return progress;
}

void connect_sink_mark(struct connector *c)
{
    refresh(c);
    for (struct sink_partition *p = c->partitions; p; p = p->next)
        p->settle_end = plog_end(p->log, p->partition);
}

int connect_sink_behind(struct connector *c, struct buf *note)
{
    int result = 0;
    struct str name = c->config->name;
    for (struct sink_partition *p = c->partitions; p; p = p->next) {
        pthread_mutex_lock(&c->worker->lock);
        int64_t stored = p->committed->offset;
        const struct task *t = &c->tasks[p->task];
        bool failed = t->state == TASK_FAILED, paused = c->paused;
        if (stored < p->settle_end) {
            buf_f(note, "%sconnector " STR_F ", topic %s, partition %u: stored up to offset %lld of %lld",
                  note->n ? "; " : "", STR_A(name), plog_name(p->log), p->partition, (long long)stored,
                  (long long)p->settle_end);
            if (failed)
                buf_f(note, "; task %u is FAILED: %s; mend the cause, then POST /connectors/" STR_F "/tasks/%u/restart",
                      p->task, t->trace ? t->trace : "", STR_A(name), p->task);
            else if (paused)
                buf_f(note, "; the connector is PAUSED: PUT /connectors/" STR_F "/resume", STR_A(name));
            else if (p->rounds || c->start_rounds)
                buf_f(note, "; S3 has failed %d time(s) in a row and is tried again",
                      p->rounds ? p->rounds : c->start_rounds);
            result = failed || paused ? -1 : result ? result : 1;
        }
        pthread_mutex_unlock(&c->worker->lock);
    }
    return result;
}

void connect_sink_release(struct connector *c)
{
    while (c->partitions) {
        struct sink_partition *p = c->partitions;
        c->partitions = p->next;
        connect_partition_close(p);
    }
    connect_partition_scratch_release(c->scratch);
    connect_store_release(&c->store);
}
