/* worker.h - inside mocks/connect: the worker, its connectors and tasks, and who may touch what.
 *
 * One thread, the sink thread, does the work of all tasks. What it alone touches is marked "thread"; all else
 * hangs under worker.lock. Connectors that were deleted or replaced go to the graveyard, which the sink thread empties
 * between two passes, so that it never loses one it is working for.
 */
#ifndef MOCKS_CONNECT_WORKER_H
#define MOCKS_CONNECT_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/map.h"
#include "mocks/cloud/cloud.h"
#include "mocks/connect/connect_config.h"

struct client;
struct sink_scratch;
struct worker;

enum task_state { TASK_UNASSIGNED = 0, TASK_RUNNING, TASK_PAUSED, TASK_FAILED };

struct task {
    enum task_state state;
    char *trace;  /* of FAILED */
    bool restart; /* asked for; the sink thread does it */
};

/* What a connector's consumer group has committed for one partition. Outlives the connector, as in Kafka. */
struct committed {
    struct plog *log; /* another log of the same name starts anew */
    int64_t offset;
};

/* A multipart upload under way. */
struct upload {
    struct buf key, id, etags; /* etags: one per line */
    unsigned n_parts;
    bool open;
};

/* A file being filled: a value object and, with store.kafka.keys, its sibling. */
struct sink_file {
    struct str place; /* encoded partition: "partition=0"; owned */
    int64_t start_offset;
    struct buf values, keys;
    struct upload values_upload, keys_upload;
    struct sink_file *next;
};

struct sink_partition { /* thread */
    struct plog *log;
    unsigned partition, task;
    struct committed *committed; /* under worker.lock */
    int64_t position;            /* next offset to read */
    int64_t settle_end;          /* settle waits until this is committed */
    int64_t records;             /* in open files */
    int64_t base_ms;             /* record time of the first of them */
    int64_t next_rotation_ms;    /* rotate.schedule */
    int64_t retry_at_ms;         /* 0 = now */
    int rounds;                  /* failures since the last commit */
    struct buf place;            /* of the last record */
    struct sink_file *files, *spare;
    bool gone;                   /* its log was removed */
    struct sink_partition *next;
};

struct store { /* thread */
    struct worker *worker;
    const struct connect_config *config;
    struct client *client; /* store.url only */
    struct arena arena;    /* of one call */
};

struct connector {
    struct worker *worker;
    struct connect_config *config; /* never changes */
    bool paused;
    struct task *tasks; /* config->tasks_max */
    struct map topics;  /* names records were taken from -> itself */
    struct sink_partition *partitions; /* thread */
    struct sink_scratch *scratch;      /* thread */
    bool started;                      /* thread: the bucket was seen */
    int64_t start_retry_at_ms;         /* thread */
    int start_rounds;                  /* thread */
    struct store store;                /* thread */
    struct connector *next_dead;
};

struct worker {
    struct cloud *cloud;
    bool java_order, each_user;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    pthread_t thread;
    _Atomic bool stop;
    struct map connectors; /* name -> struct connector */
    struct map offsets;    /* "name\ntopic\npartition" -> struct committed */
    struct connector *graveyard;
    uint64_t settle_asked, settle_done;
    bool settle_failed;              /* the settle done ended in failure; settle_note says why */
    struct buf settle_note;          /* what is missing, as far as is known */
    bool quiet;                      /* after a reset: nothing is read until something is appended */
    uint64_t quiet_generation;
    _Atomic uint64_t objects, records, skipped;
};

static inline int64_t connector_now_ms(const struct connector *c) { return clock_now_ms(cloud_clock(c->worker->cloud)); }
static inline struct plog_set *connector_topics(const struct connector *c) { return cloud_topics(c->worker->cloud); }
static inline void connector_wake_at(int64_t *wake_ms, int64_t at_ms)
{
    if (at_ms < *wake_ms)
        *wake_ms = at_ms;
}

/* ---- worker.c ---- */
void *worker_open(struct cloud *cloud, struct err *e);
void worker_close(void *state);
void worker_reset(void *state);
int worker_settle(void *state, int64_t timeout_ms, struct err *e);
int64_t worker_committed(struct worker *w, const char *connector, const char *topic, unsigned partition);
bool worker_where(struct worker *w, const char *topic, struct arena *a, const char **ret_bucket, const char **ret_topics_dir);
/* Registers a connector; the config is taken over. NULL with *e (409) when the name is taken and !replace. */
struct connector *worker_add(struct worker *w, struct connect_config *config, bool replace, bool *ret_new,
                             struct err *e);
bool worker_remove(struct worker *w, struct str name);
struct connector *worker_find(struct worker *w, struct str name); /* lock held */
void worker_look_again(struct worker *w); /* lock held: something was changed, the thread shall see it */
/* Waits on the cloud's clock, less when the worker stops; false then. */
bool worker_wait_ms(struct worker *w, int64_t ms);
/* Checks properties and names the connector after `name` or `otherwise`. */
struct connect_config *worker_read_config(const struct properties *given, struct str otherwise, bool java_order,
                                          struct config_mistakes *m);

/* ---- connect_partition.c ---- */
enum { SINK_IDLE = 0, SINK_PROGRESS = 1 };
/* Reads a batch and stores what is due. settle: open files are stored too once everything there was has been read.
 * *wake_ms is lowered to the clock's time of the next thing due. */
int connect_partition_poll(struct connector *c, struct sink_partition *p, bool settle, int64_t *wake_ms);
/* Back to the last commit: open files dropped, their uploads aborted. */
void connect_partition_rewind(struct connector *c, struct sink_partition *p);
void connect_partition_close(struct sink_partition *p);
void connect_partition_fail_task(struct connector *c, unsigned task, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
struct sink_scratch *connect_partition_scratch(void);
void connect_partition_scratch_release(struct sink_scratch *s);

/* ---- connect_sink.c ---- */
/* One turn for a connector, for each of its partitions; otherwise as connect_partition_poll. */
int connect_sink_poll(struct connector *c, bool settle, int64_t *wake_ms);
/* Remembers how far settle has to come. */
void connect_sink_mark(struct connector *c);
/* 0: all committed up to the mark. 1: not yet. -1: it never will be. Says what is missing in `note`. */
int connect_sink_behind(struct connector *c, struct buf *note);
void connect_sink_release(struct connector *c);

/* ---- connect_users.c ---- */
/* Makes the connectors of users whose topics are new; of the one topic, or of all there are. */
void connect_users_see(struct worker *w, const char *topic);
void connect_users_look(struct worker *w);
/* Is the topic taken by a user's own connector, which is not this one? Lock held. */
bool connect_users_own(const struct connector *c, const char *topic);

/* ---- connect_record.c ---- */
enum record_result { RECORD_OK = 0, RECORD_SKIP, RECORD_BAD, RECORD_FATAL };
/* The line a record makes in a file, without its end. BAD: it cannot be converted, which errors.tolerance may forgive;
 * FATAL: it cannot be written. *e says why, in Connect's words. */
enum record_result connect_record_value(const struct connect_config *c, struct str value, struct buf *out, struct err *e);
int connect_record_key(const struct connect_config *c, struct str key, struct buf *out, struct err *e);
/* The record's time for rotation and partitioning. */
int connect_record_time(const struct connect_config *c, int64_t record_ms, int64_t now_ms, struct str value,
                        int64_t *ret_ms, struct err *e);
/* Encoded partition: "partition=0", "country=Aruba/age=20", "year=2022/…". */
int connect_record_place(const struct connect_config *c, unsigned partition, int64_t time_ms, struct str value,
                         struct buf *out, struct err *e);
/* "topics/<t>/<place>/<t>+<p>+<offset><extension>" */
void connect_record_object_key(const struct connect_config *c, const char *topic, struct str place, unsigned partition,
                               int64_t start_offset, const char *suffix, struct buf *out);

/* ---- connect_store.c ---- */
enum store_result { STORE_OK = 0, STORE_PASSING = 1, STORE_FATAL = -1 };
enum store_result connect_store_bucket(struct store *s, struct err *e);
enum store_result connect_store_part(struct store *s, struct upload *u, struct str bytes, struct err *e);
enum store_result connect_store_complete(struct store *s, struct upload *u, struct err *e);
void connect_store_abort(struct store *s, struct upload *u);
void connect_store_release(struct store *s);

/* ---- rest: connect_rest.c, connect_plugins.c ---- */
struct connect_args {
    struct str name; /* {name}, or {class} */
    int64_t task;
};
int connect_rest_root(struct call *c);
int connect_rest_list(struct call *c);
int connect_rest_create(struct call *c);
int connect_rest_get(struct call *c);
int connect_rest_delete(struct call *c);
int connect_rest_config(struct call *c);
int connect_rest_put_config(struct call *c);
int connect_rest_status(struct call *c);
int connect_rest_tasks(struct call *c);
int connect_rest_tasks_config(struct call *c);
int connect_rest_task_status(struct call *c);
int connect_rest_restart_task(struct call *c);
int connect_rest_restart(struct call *c);
int connect_rest_pause(struct call *c);
int connect_rest_resume(struct call *c);
int connect_rest_topics(struct call *c);
int connect_rest_reset_topics(struct call *c);
int connect_plugins_list(struct call *c);
int connect_plugins_validate(struct call *c);

#endif
