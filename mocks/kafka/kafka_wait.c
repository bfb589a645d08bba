/* kafka_wait.c - one thread for everything that waits: Fetches for records or their time, groups for theirs.
 *
 * While a Fetch waits, the thread waits for the topics to change (plog_set_wait); else for the next thing of the groups; else
 * for ever. Deadlines are of the cloud's clock; with a virtual one they are looked at whenever something wakes the thread.
 */
#include <stdlib.h>

#include "mocks/kafka/kafka_broker.h"

enum { NAP_MS = 1, LONGEST_MS = 3600000 };

struct kafka_wait {
    struct kafka_state *state;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct kafka_request *parked;
    int64_t groups_due_ms, until_ms; /* until_ms: how long the thread sleeps now */
    bool started, closing, woken;
    bool on_topics; /* it sleeps in plog_set_wait */
};

static struct plog_set *topics_of(const struct kafka_wait *w) { return cloud_topics(w->state->cloud); }

/* Under the lock. */
static void wake(struct kafka_wait *w)
{
    w->woken = true;
    pthread_cond_signal(&w->changed);
    if (w->on_topics)
        plog_set_wake(topics_of(w));
}

/* Takes those that are ready or due off the list. */
static struct kafka_request *take_ready(struct kafka_wait *w, int64_t now_ms)
{
    struct kafka_request *ready = NULL, **at = &w->parked;
    while (*at) {
        struct kafka_request *q = *at;
        if (!w->closing && q->due_ms > now_ms && !kafka_fetch_ready(q)) {
            at = &q->next;
            continue;
        }
        *at = q->next;
        q->next = ready;
        ready = q;
    }
    return ready;
}

static void finish(struct kafka_request *ready)
{
    while (ready) {
        struct kafka_request *q = ready;
        ready = q->next;
        call_finish(q->call, q->call->action->run(q->call));
    }
}

static int64_t earliest(const struct kafka_wait *w)
{
    int64_t due = w->groups_due_ms;
    for (const struct kafka_request *q = w->parked; q; q = q->next)
        due = q->due_ms < due ? q->due_ms : due;
    return due;
}

/* Under the lock, which is given up meanwhile; ends early when the thread is woken. */
static void nap(struct kafka_wait *w, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(ms / 1000);
    until.tv_nsec += (long)(ms % 1000 * 1000000);
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (!w->woken && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
        continue;
}

/* Topics that change all the time are looked at once in NAP_MS. */
static void sleep_until(struct kafka_wait *w, int64_t now_ms, uint64_t generation)
{
    int64_t ms = w->until_ms - now_ms;
    ms = ms < NAP_MS ? NAP_MS : ms > LONGEST_MS ? LONGEST_MS : ms;
    nap(w, w->parked ? NAP_MS : ms);
    if (w->woken || !w->parked)
        return;
    w->on_topics = true;
    pthread_mutex_unlock(&w->lock);
    plog_set_wait(topics_of(w), generation, ms);
    pthread_mutex_lock(&w->lock);
    w->on_topics = false;
}

static void *run(void *arg)
{
    struct kafka_wait *w = arg;
    pthread_mutex_lock(&w->lock);
    for (bool over = false; !over;) {
        uint64_t generation = plog_set_generation(topics_of(w));
        int64_t now_ms = clock_now_ms(w->state->clock);
        bool closing = over = w->closing;
        struct kafka_request *ready = take_ready(w, now_ms);
        bool groups_due = closing || now_ms >= w->groups_due_ms;
        w->woken = false;
        if (groups_due)
            w->groups_due_ms = INT64_MAX;
        pthread_mutex_unlock(&w->lock);
        finish(ready);
        int64_t due_ms = groups_due ? kafka_groups_tick(w->state->groups, closing) : INT64_MAX;
        pthread_mutex_lock(&w->lock);
        w->groups_due_ms = due_ms < w->groups_due_ms ? due_ms : w->groups_due_ms;
        w->until_ms = earliest(w);
        if (!over)
            sleep_until(w, clock_now_ms(w->state->clock), generation);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* The thread is made when there is something to wait for. Under the lock. */
static void start(struct kafka_wait *w)
{
    if (!w->started && !w->closing)
        w->started = pthread_create(&w->thread, NULL, run, w) == 0;
}

void kafka_wait_park(struct kafka_wait *w, struct kafka_request *q, uint64_t generation)
{
    pthread_mutex_lock(&w->lock);
    start(w);
    bool parked = w->started && !w->closing;
    if (parked) {
        q->next = w->parked;
        w->parked = q;
        if (!w->on_topics || q->due_ms < w->until_ms || plog_set_generation(topics_of(w)) != generation)
            wake(w);
    }
    pthread_mutex_unlock(&w->lock);
    if (!parked) {
        q->next = NULL;
        finish(q);
    }
}

void kafka_wait_until(struct kafka_wait *w, int64_t due_ms)
{
    pthread_mutex_lock(&w->lock);
    start(w);
    if (due_ms < w->groups_due_ms)
        w->groups_due_ms = due_ms;
    if (due_ms < w->until_ms)
        wake(w);
    pthread_mutex_unlock(&w->lock);
}

struct kafka_wait *kafka_wait_open(struct kafka_state *s)
{
    struct kafka_wait *w = mem_zero(sizeof *w);
    pthread_condattr_t attr;
    w->state = s;
    w->groups_due_ms = w->until_ms = INT64_MAX;
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attr);
    pthread_condattr_destroy(&attr);
    return w;
}

void kafka_wait_end(struct kafka_wait *w)
{
    pthread_mutex_lock(&w->lock);
    bool started = w->started;
    w->closing = true;
    wake(w);
    pthread_mutex_unlock(&w->lock);
    if (started)
        pthread_join(w->thread, NULL);
    else
        kafka_groups_tick(w->state->groups, true);
}

void kafka_wait_close(struct kafka_wait *w)
{
    if (!w)
        return;
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w);
}
