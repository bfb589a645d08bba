/* Columns are dealt to threads, each works out one at a time (profile_column.c); then what they found about the rows is added up. */
#include "pipeline/check/profile.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "pipeline/check/profile_own.h"

const char *const profile_metrics[PROFILE_METRICS] = {
    [PROFILE_NULLS] = "nulls",   [PROFILE_DISTINCT] = "distinct", [PROFILE_MIN] = "min",
    [PROFILE_MAX] = "max",       [PROFILE_MEAN] = "mean",         [PROFILE_Q25] = "q25",
    [PROFILE_MEDIAN] = "median", [PROFILE_Q75] = "q75",           [PROFILE_SHORTEST] = "shortest",
    [PROFILE_LONGEST] = "longest", [PROFILE_LENGTH] = "length",
};

/* ---- all columns of all tables, dealt to threads ---- */

struct job {
    const struct table *t;
    size_t table, column;
    struct column_profile *out;
};
struct deal {
    struct job *jobs;
    size_t n_jobs, n_tables;
    atomic_size_t next;
};
struct worker {
    pthread_t thread;
    bool started;
    struct deal *deal;
    uint64_t **row_sum; /* by table; this worker's columns only */
    struct work work;
};

static void *profile_work(void *arg)
{
    struct worker *worker = arg;
    for (size_t i; (i = atomic_fetch_add(&worker->deal->next, 1)) < worker->deal->n_jobs;) {
        const struct job *job = &worker->deal->jobs[i];
        uint64_t **sum = &worker->row_sum[job->table];
        if (!*sum)
            *sum = mem_zero(job->t->n_rows * sizeof **sum + 1);
        worker->work.t = job->t;
        worker->work.c = &job->t->columns[job->column];
        worker->work.out = job->out;
        profile_work_column(&worker->work, *sum, profile_mix(job->column + 1, PROFILE_K0) | 1);
    }
    return NULL;
}

/* What takes longest comes first: many rows of text. */
static int profile_compare_jobs(const void *a, const void *b)
{
    const struct job *x = a, *y = b;
    const struct column *c = &x->t->columns[x->column], *d = &y->t->columns[y->column];
    size_t cost_x = x->t->n_rows * (c->type == COLUMN_STRING && !c->coded ? 4 : 1);
    size_t cost_y = y->t->n_rows * (d->type == COLUMN_STRING && !d->coded ? 4 : 1);
    return cost_x != cost_y ? (cost_x < cost_y) - (cost_x > cost_y) : (x > y) - (x < y);
}

static void profile_run(struct worker *workers, size_t n)
{
    for (size_t i = 1; i < n; i++)
        workers[i].started = pthread_create(&workers[i].thread, NULL, profile_work, &workers[i]) == 0;
    profile_work(&workers[0]);
    for (size_t i = 1; i < n; i++)
        if (workers[i].started)
            pthread_join(workers[i].thread, NULL);
}

/* The workers' sums become the hashes of the rows, and those the hash of the table. */
static void profile_finish(struct table_profile *p, const struct table *t, size_t table, struct worker *workers, size_t n,
                           uint64_t **ret_hashes)
{
    uint64_t *hash = mem_zero(t->n_rows * sizeof *hash + 1);
    const struct column *key = &t->columns[t->key];
    for (size_t w = 0; w < n; w++)
        for (size_t i = 0; workers[w].row_sum[table] && i < t->n_rows; i++)
            hash[i] += workers[w].row_sum[table][i];
    for (size_t i = 0; i < t->n_rows; i++) {
        hash[i] = profile_mix(hash[i] ^ PROFILE_K0, PROFILE_K2);
        p->hash[0] += hash[i];
        p->hash[1] += profile_mix(hash[i] ^ PROFILE_K1, PROFILE_K0);
        p->keys += i == 0 || (key->type == COLUMN_INT ? key->v.i32[i] != key->v.i32[i - 1] : key->v.i64[i] != key->v.i64[i - 1]);
    }
    if (ret_hashes)
        *ret_hashes = hash;
    else
        free(hash);
}

static void profile_operations(struct table_profile *p, const struct table *t, struct arena *a)
{
    p->operations = ARENA_ARRAY(a, struct operation_profile, t->n_counts + 1);
    for (size_t i = 0; i < t->n_counts; i++)
        p->operations[p->n_operations++] = (struct operation_profile){
            arena_dup(a, t->counts[i].column), arena_dup(a, str_of(t->counts[i].operation)), t->counts[i].touched, t->counts[i].nulled,
        };
}

static void profile_begin(const struct table *const *tables, size_t n_tables, struct arena *a, struct table_profile *ret,
                          struct deal *deal)
{
    for (size_t t = 0; t < n_tables; t++)
        deal->n_jobs += tables[t]->n_columns;
    deal->jobs = mem_zero((deal->n_jobs + 1) * sizeof *deal->jobs);
    deal->n_jobs = 0;
    for (size_t t = 0; t < n_tables; t++) {
        ret[t] = (struct table_profile){ .name = arena_dup(a, tables[t]->name), .rows = tables[t]->n_rows, .n_columns = tables[t]->n_columns };
        ret[t].columns = ARENA_ARRAY(a, struct column_profile, tables[t]->n_columns);
        profile_operations(&ret[t], tables[t], a);
        for (size_t c = 0; c < tables[t]->n_columns; c++)
            deal->jobs[deal->n_jobs++] = (struct job){ tables[t], t, c, &ret[t].columns[c] };
    }
    qsort(deal->jobs, deal->n_jobs, sizeof *deal->jobs, profile_compare_jobs);
}

/* What the workers' arenas hold moves into the caller's. */
static void profile_keep(struct table_profile *p, struct arena *a)
{
    for (size_t c = 0; c < p->n_columns; c++) {
        struct column_profile *col = &p->columns[c];
        col->name = arena_dup(a, col->name);
        for (size_t m = 0; m < PROFILE_METRICS; m++)
            if (col->figure[m].json.n)
                col->figure[m].json = arena_dup(a, col->figure[m].json);
        for (size_t i = 0; i < col->n_top; i++)
            col->top[i].json = arena_dup(a, col->top[i].json);
    }
}

void profile_tables(const struct table *const *tables, size_t n_tables, unsigned threads, struct arena *a,
                    struct table_profile *ret, uint64_t **row_hashes)
{
    enum { MAX_THREADS = 16 };
    long processors = threads ? (long)threads : sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors < 1 ? 1 : processors > MAX_THREADS ? MAX_THREADS : (size_t)processors;
    struct deal deal = { .n_tables = n_tables };
    struct worker workers[MAX_THREADS] = { 0 };
    profile_begin(tables, n_tables, a, ret, &deal);
    for (size_t i = 0; i < n; i++) {
        workers[i].deal = &deal;
        workers[i].row_sum = mem_zero((n_tables + 1) * sizeof *workers[i].row_sum);
    }
    profile_run(workers, n);
    for (size_t t = 0; t < n_tables; t++) {
        profile_finish(&ret[t], tables[t], t, workers, n, row_hashes ? &row_hashes[t] : NULL);
        profile_keep(&ret[t], a);
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t t = 0; t < n_tables; t++)
            free(workers[i].row_sum[t]);
        free(workers[i].row_sum);
        free(workers[i].work.hash);
        free(workers[i].work.keys);
        profile_counter_release(&workers[i].work.counter);
        arena_release(&workers[i].work.arena);
    }
    free(deal.jobs);
}

const struct column_profile *profile_column(const struct table_profile *p, struct str name)
{
    for (size_t i = 0; i < p->n_columns; i++)
        if (str_eq(p->columns[i].name, name))
            return &p->columns[i];
    return NULL;
}
