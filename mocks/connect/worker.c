/* worker.c - connectors by name, and the thread that works for all of them.
 *
 *   pass ── bury what was deleted ─► each connector one turn ─► settle reached? ─► wait: appends, control, retries
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "mocks/connect/connect.h"
#include "mocks/connect/worker.h"

enum { IDLE_MS = 60000, LONGEST_WAIT_MS = 600000 };

/* ---- connectors ---- */

static void connector_close(struct connector *c)
{
    connect_sink_release(c);
    for (unsigned i = 0; i < c->config->tasks_max; i++)
        free(c->tasks[i].trace);
    free(c->tasks);
    map_release(&c->topics);
    connect_config_close(c->config);
    free(c);
}

static void bury(struct worker *w)
{
    pthread_mutex_lock(&w->lock);
    struct connector *dead = w->graveyard;
    w->graveyard = NULL;
    pthread_mutex_unlock(&w->lock);
    while (dead) {
        struct connector *next = dead->next_dead;
        connector_close(dead);
        dead = next;
    }
}

void worker_look_again(struct worker *w)
{
    plog_set_wake(cloud_topics(w->cloud)); /* counts as a change, so it is not lost on a thread about to wait */
    pthread_cond_broadcast(&w->changed);
}

struct connector *worker_find(struct worker *w, struct str name) { return map_get(&w->connectors, name); }

static void retire(struct worker *w, struct connector *c)
{
    c->next_dead = w->graveyard;
    w->graveyard = c;
}

struct connector *worker_add(struct worker *w, struct connect_config *config, bool replace, bool *ret_new, struct err *e)
{
    struct connector *c = mem_zero(sizeof *c);
    c->worker = w;
    c->config = config;
    c->tasks = mem_zero(config->tasks_max * sizeof *c->tasks);
    pthread_mutex_lock(&w->lock);
    struct connector *old = worker_find(w, config->name);
    bool refused = old ? !replace : w->connectors.n_live >= CONNECT_MAX_CONNECTORS;
    if (refused && old)
        err_set(e, 409, "409", "Connector " STR_F " already exists", STR_A(config->name));
    else if (refused)
        err_set(e, 409, "409", "This worker runs at most %d connectors", CONNECT_MAX_CONNECTORS);
    if (!refused) {
        if (old) {
            c->paused = old->paused;
            retire(w, old);
        }
        map_put(&w->connectors, config->name, c);
        *ret_new = !old;
        worker_look_again(w);
    }
    pthread_mutex_unlock(&w->lock);
    if (!refused)
        return c;
    connector_close(c);
    return NULL;
}

bool worker_remove(struct worker *w, struct str name)
{
    pthread_mutex_lock(&w->lock);
    struct connector *c = map_remove(&w->connectors, name);
    if (c) {
        retire(w, c);
        worker_look_again(w);
    }
    pthread_mutex_unlock(&w->lock);
    return c;
}

struct connect_config *worker_read_config(const struct properties *given, struct str otherwise, bool java_order,
                                          struct config_mistakes *m)
{
    struct properties named = *given;
    if (properties_get(given, "name").n)
        return connect_config_open(given, java_order, m);
    named.at = ARENA_ARRAY(m->arena, struct property, given->n + 1);
    named.n = 0;
    for (size_t i = 0; i < given->n; i++)
        if (!str_is(given->at[i].key, "name"))
            named.at[named.n++] = given->at[i];
    named.at[named.n++] = (struct property){ S("name"), otherwise, 0 };
    return connect_config_open(&named, java_order, m);
}

/* ---- the thread ---- */

/* Real waiting, cut short by stop and control operations. */
static void sleep_real(struct worker *w, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
    until.tv_sec += (time_t)(ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&w->lock);
    while (!atomic_load(&w->stop) && pthread_cond_timedwait(&w->changed, &w->lock, &until) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&w->lock);
}

bool worker_wait_ms(struct worker *w, int64_t ms)
{
    struct clock *clock = cloud_clock(w->cloud);
    if (clock->is_virtual)
        clock_wait_ms(clock, ms);
    else if (ms > 0)
        sleep_real(w, ms);
    return !atomic_load(&w->stop);
}

/* The connectors there are, as an array of the arena: only this thread frees connectors, so they stay. */
static struct connector **list_connectors(struct worker *w, struct arena *a, size_t *ret_n)
{
    pthread_mutex_lock(&w->lock);
    struct connector **list = ARENA_ARRAY(a, struct connector *, w->connectors.n_live + 1);
    size_t n = 0, i = 0;
    for (struct map_entry *m; (m = map_next(&w->connectors, &i));)
        list[n++] = m->value;
    pthread_mutex_unlock(&w->lock);
    *ret_n = n;
    return list;
}

/* Has the settle asked for been reached, or become hopeless? Tells those who wait. */
static void judge_settle(struct worker *w, struct connector **list, size_t n, uint64_t asked)
{
    struct buf note = BUF_INIT;
    int worst = 0;
    for (size_t i = 0; i < n; i++) {
        int behind = connect_sink_behind(list[i], &note);
        worst = behind < 0 || worst < 0 ? -1 : behind > worst ? behind : worst;
    }
    pthread_mutex_lock(&w->lock);
    buf_reset(&w->settle_note);
    buf_str_add(&w->settle_note, buf_str(&note));
    if (worst <= 0) {
        w->settle_failed = worst < 0;
        w->settle_done = asked;
    }
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    buf_release(&note);
}

/* Waits for something to do: an append, a control operation, a retry or rotation that is due. */
static void wait_for_work(struct worker *w, uint64_t generation, int64_t wake_ms, bool settling)
{
    struct clock *clock = cloud_clock(w->cloud);
    int64_t ms = wake_ms - clock_now_ms(clock);
    if (ms <= 0)
        return;
    if (clock->is_virtual && wake_ms < INT64_MAX && settling) {
        clock_wait_ms(clock, ms); /* what is waited for is only time */
        return;
    }
    if (clock->is_virtual && wake_ms < INT64_MAX)
        ms = 20; /* somebody else moves this clock */
    plog_set_wait(cloud_topics(w->cloud), generation, ms < IDLE_MS ? ms : IDLE_MS);
}

static bool is_quiet(struct worker *w, uint64_t generation)
{
    pthread_mutex_lock(&w->lock);
    bool settling = w->settle_asked != w->settle_done;
    pthread_mutex_unlock(&w->lock);
    if (settling || w->quiet_generation != generation)
        w->quiet = false;
    return w->quiet;
}

/* One pass over all connectors; false when there was nothing to do. */
static bool pass(struct worker *w, struct arena *a, uint64_t *settled, int64_t *wake_ms, bool *ret_settling)
{
    size_t n;
    bool progress = false;
    pthread_mutex_lock(&w->lock);
    uint64_t asked = w->settle_asked; /* before looking around: what was there when it was asked is seen then */
    bool settling = asked != w->settle_done;
    pthread_mutex_unlock(&w->lock);
    connect_users_look(w);
    struct connector **list = list_connectors(w, a, &n);
    for (size_t i = 0; settling && asked != *settled && i < n; i++)
        connect_sink_mark(list[i]);
    *settled = asked;
    for (size_t i = 0; i < n && !atomic_load(&w->stop); i++)
        progress |= connect_sink_poll(list[i], settling, wake_ms) != SINK_IDLE;
    if (settling)
        judge_settle(w, list, n, asked);
    *ret_settling = settling;
    return progress;
}

static void *run(void *arg)
{
    struct worker *w = arg;
    struct arena a = ARENA_INIT;
    uint64_t settled = w->settle_done;
    while (!atomic_load(&w->stop)) {
        bury(w);
        arena_reset(&a);
        uint64_t generation = plog_set_generation(cloud_topics(w->cloud));
        int64_t wake_ms = INT64_MAX;
        bool settling = false;
        bool progress = !is_quiet(w, generation) && pass(w, &a, &settled, &wake_ms, &settling);
        if (!progress && !atomic_load(&w->stop))
            wait_for_work(w, generation, wake_ms, settling);
    }
    arena_release(&a);
    return NULL;
}

/* ---- life ---- */

static int add_from_settings(struct worker *w, struct err *e)
{
    const char *text = cloud_setting(w->cloud, "connect.properties"), *name = cloud_setting(w->cloud, "connect.name");
    struct arena a = ARENA_INIT;
    struct properties given;
    struct config_mistakes m = { .arena = &a };
    int result = -1;
    bool is_new;
    if (!text || !*text)
        return 0;
    if (properties_parse(str_of(text), &a, &given, e)) {
        err_wrap(e, "connect.properties");
        goto out;
    }
    struct connect_config *config = worker_read_config(&given, str_of(name ? name : "s3-sink"), w->java_order, &m);
    if (!config) {
        struct str all = connect_config_summary(&m, &a);
        err_set(e, 400, "CONNECTOR_INVALID", "connect.properties: " STR_F, STR_A(all));
        goto out;
    }
    result = worker_add(w, config, true, &is_new, e) ? 0 : -1;
out:
    arena_release(&a);
    return result;
}

static int start_thread(struct worker *w, struct err *e)
{
    atomic_store(&w->stop, false);
    if (pthread_create(&w->thread, NULL, run, w))
        return err_set(e, 0, "THREAD", "cannot start the sink thread");
    return 0;
}

static void stop_thread(struct worker *w)
{
    atomic_store(&w->stop, true);
    pthread_mutex_lock(&w->lock);
    worker_look_again(w);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
}

static void forget_all(struct worker *w)
{
    size_t i = 0;
    for (struct map_entry *m; (m = map_next(&w->connectors, &i));)
        retire(w, m->value);
    map_release(&w->connectors);
    w->connectors = MAP_INIT;
    bury(w);
    i = 0;
    for (struct map_entry *m; (m = map_next(&w->offsets, &i));)
        free(m->value);
    map_release(&w->offsets);
    w->offsets = MAP_INIT;
}

static void release(struct worker *w)
{
    forget_all(w);
    buf_release(&w->settle_note);
    pthread_mutex_destroy(&w->lock);
    pthread_cond_destroy(&w->changed);
    free(w);
}

void *worker_open(struct cloud *cloud, struct err *e)
{
    struct worker *w = mem_zero(sizeof *w);
    w->cloud = cloud;
    w->java_order = cloud_setting_on(cloud, "connect.java_map_order", true);
    w->each_user = cloud_setting(cloud, "connect.properties") && cloud_setting_on(cloud, "connect.each_user", false);
    pthread_mutex_init(&w->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (add_from_settings(w, e) == 0 && start_thread(w, e) == 0)
        return w;
    release(w);
    return NULL;
}

void worker_close(void *state)
{
    struct worker *w = state;
    stop_thread(w);
    release(w);
}

/* Back to what the settings say. The topics are emptied after this returns; until the next append nothing is read. */
void worker_reset(void *state)
{
    struct worker *w = state;
    struct err ignored;
    stop_thread(w);
    forget_all(w);
    atomic_store(&w->objects, 0);
    atomic_store(&w->records, 0);
    atomic_store(&w->skipped, 0);
    w->quiet = true;
    w->quiet_generation = plog_set_generation(cloud_topics(w->cloud));
    add_from_settings(w, &ignored); /* it was accepted before */
    start_thread(w, &ignored);
}

int worker_settle(void *state, int64_t timeout_ms, struct err *e)
{
    struct worker *w = state;
    struct timespec until;
    timeout_ms = timeout_ms < 0 ? 0 : timeout_ms > LONGEST_WAIT_MS ? LONGEST_WAIT_MS : timeout_ms;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + timeout_ms % 1000 * 1000000;
    until.tv_sec += (time_t)(timeout_ms / 1000 + ns / 1000000000);
    until.tv_nsec = (long)(ns % 1000000000);
    pthread_mutex_lock(&w->lock);
    uint64_t mine = ++w->settle_asked;
    worker_look_again(w);
    while (w->settle_done < mine && pthread_cond_timedwait(&w->changed, &w->lock, &until) != ETIMEDOUT)
        continue;
    int result = 0;
    bool late = w->settle_done < mine;
    if (late && w->settle_asked == mine)
        w->settle_done = mine; /* nobody waits any more */
    if (late)
        result = err_set(e, 0, "NOT_SETTLED", "not all records are stored after %lld ms: %s", (long long)timeout_ms,
                         w->settle_note.n ? buf_cstr(&w->settle_note) : "the sink is busy");
    else if (w->settle_failed)
        result = err_set(e, 0, "TASK_FAILED", "%s", buf_cstr(&w->settle_note));
    pthread_mutex_unlock(&w->lock);
    return result;
}

bool worker_where(struct worker *w, const char *topic, struct arena *a, const char **ret_bucket, const char **ret_topics_dir)
{
    bool found = false;
    size_t i = 0;
    pthread_mutex_lock(&w->lock);
    for (struct map_entry *m; !found && (m = map_next(&w->connectors, &i));) {
        const struct connector *c = m->value;
        if (!connect_config_matches(c->config, topic) || connect_users_own(c, topic))
            continue;
        *ret_bucket = arena_z(a, c->config->bucket);
        *ret_topics_dir = arena_z(a, c->config->topics_dir);
        found = true;
    }
    pthread_mutex_unlock(&w->lock);
    return found;
}

int64_t worker_committed(struct worker *w, const char *connector, const char *topic, unsigned partition)
{
    struct buf key = BUF_INIT;
    buf_f(&key, "%s\n%s\n%u", connector, topic, partition);
    pthread_mutex_lock(&w->lock);
    struct committed *found = map_get(&w->offsets, buf_str(&key));
    int64_t offset = found ? found->offset : -1;
    pthread_mutex_unlock(&w->lock);
    buf_release(&key);
    return offset;
}
