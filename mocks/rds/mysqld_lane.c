/* mysqld_lane.c - where statements go that would hold up an event loop: changes, waits for a lock, long reads.
 *
 * Two threads take commands from a queue. A command that finds the tables locked goes to the end of the queue, so that
 * the one that holds the lock can go on; after MYSQL_LOCK_WAIT_MS it gets error 1205.
 */
#include <stdlib.h>

#include "mocks/rds/mysqld.h"

enum { THREADS = 2, RETRY_US = 2000 };

struct mysqld_lane {
    struct mysqld_state *state;
    pthread_t threads[THREADS];
    int n_threads;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct mysqld_command *head, *tail;
    bool closing;
};

static void put_last(struct mysqld_lane *l, struct mysqld_command *m)
{
    m->next = NULL;
    *(l->tail ? &l->tail->next : &l->head) = m;
    l->tail = m;
}

void mysqld_lane_push(struct mysqld_lane *l, struct mysqld_command *m)
{
    m->in_lane = true;
    pthread_mutex_lock(&l->lock);
    put_last(l, m);
    pthread_cond_signal(&l->changed);
    pthread_mutex_unlock(&l->lock);
}

/* The first whose time has come; else waits for the earliest. */
static struct mysqld_command *take(struct mysqld_lane *l)
{
    for (;;) {
        struct mysqld_command *before = NULL, *m = l->head;
        int64_t now = clock_stopwatch_us(), earliest = INT64_MAX;
        for (; m && m->due_us > now; before = m, m = m->next)
            earliest = m->due_us < earliest ? m->due_us : earliest;
        if (m) {
            *(before ? &before->next : &l->head) = m->next;
            if (l->tail == m)
                l->tail = before;
            return m;
        }
        if (l->closing && !l->head)
            return NULL;
        if (earliest == INT64_MAX) {
            pthread_cond_wait(&l->changed, &l->lock);
        } else {
            struct timespec until = { .tv_sec = earliest / 1000000, .tv_nsec = earliest % 1000000 * 1000 };
            pthread_cond_timedwait(&l->changed, &l->lock, &until);
        }
    }
}

/* Back into the queue, unless it has waited long enough. */
static bool wait_for_lock(struct mysqld_lane *l, struct mysqld_command *m)
{
    int64_t now = clock_stopwatch_us();
    if (!m->waiting_since_us)
        m->waiting_since_us = now;
    if (l->closing || atomic_load(&l->state->closing) || now - m->waiting_since_us > MYSQL_LOCK_WAIT_MS * 1000)
        return false;
    m->due_us = now + RETRY_US;
    put_last(l, m);
    return true;
}

static void *run_lane(void *arg)
{
    struct mysqld_lane *l = arg;
    struct mysqld_engine *engine = NULL;
    pthread_mutex_lock(&l->lock);
    for (struct mysqld_command *m; (m = take(l));) {
        pthread_mutex_unlock(&l->lock);
        struct call *call = m->call;
        m->slot = &engine;
        int result = call->action->run(call);
        pthread_mutex_lock(&l->lock);
        if (result == MYSQL_BUSY && wait_for_lock(l, m))
            continue;
        pthread_mutex_unlock(&l->lock);
        if (result == MYSQL_BUSY)
            result = mysqld_error(&call->err, MYSQL_LOCK_WAIT, "Lock wait timeout exceeded; try restarting transaction");
        call_finish(call, result);
        pthread_mutex_lock(&l->lock);
    }
    pthread_mutex_unlock(&l->lock);
    mysqld_engine_close(engine);
    return NULL;
}

struct mysqld_lane *mysqld_lane_open(struct mysqld_state *state, struct err *e)
{
    struct mysqld_lane *l = mem_zero(sizeof *l);
    pthread_condattr_t attr;
    l->state = state;
    pthread_mutex_init(&l->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&l->changed, &attr);
    pthread_condattr_destroy(&attr);
    while (l->n_threads < THREADS && pthread_create(&l->threads[l->n_threads], NULL, run_lane, l) == 0)
        l->n_threads++;
    if (l->n_threads)
        return l;
    err_set(e, 0, "SERVER_START", "cannot start a thread for slow statements");
    mysqld_lane_close(l);
    return NULL;
}

void mysqld_lane_close(struct mysqld_lane *l)
{
    if (!l)
        return;
    pthread_mutex_lock(&l->lock);
    l->closing = true;
    pthread_cond_broadcast(&l->changed);
    pthread_mutex_unlock(&l->lock);
    for (int i = 0; i < l->n_threads; i++)
        pthread_join(l->threads[i], NULL);
    pthread_cond_destroy(&l->changed);
    pthread_mutex_destroy(&l->lock);
    free(l);
}
