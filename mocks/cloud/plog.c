/* plog.c - the partition log in memory.
 *
 *   partition: chunks[] ──► chunk { base, n | record record record …      free      … place place place }
 *                                             grows upwards ──►                ◄── grows downwards
 *
 * A record is a 24-byte head, its key, its value, its headers (with their length, and only when it has some), padded to
 * 8 bytes; its place (4 bytes) says where in the chunk it begins. So a record costs its bytes plus at most 35. Chunks are mapped: pages nobody wrote to cost nothing,
 * and a trimmed chunk goes back to the system at once. A chunk never moves, hence neither do records.
 *
 * Locks: one read-write lock per partition. The array of partitions only grows and its old versions are kept, so
 * finding a partition takes no lock; begin and end are read without one, so fn of plog_read may ask for them.
 */
#include "mocks/cloud/plog.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "base/map.h"

enum { CHUNK_BYTES = 256 * 1024, PAGE_BYTES = 4096, ALIGN = 8 };
#define LENGTH_NULL UINT32_C(0x7fffffff)
#define HAS_HEADERS UINT32_C(0x80000000) /* in value_bytes: a length and so many bytes of headers follow the head */

struct record_head {
    int64_t time_ms;
    uint64_t extra;
    uint32_t key_bytes, value_bytes; /* LENGTH_NULL = null */
};

struct chunk {
    int64_t base; /* offset of its first record */
    int64_t max_time_ms;
    size_t size; /* of the mapping */
    uint32_t n;  /* records */
    uint32_t used; /* from the chunk's start, in units of ALIGN */
};

struct partition {
    pthread_rwlock_t lock;
    _Atomic int64_t begin, end;
    struct chunk **chunks; /* oldest first; chunks[first..n_chunks) are alive */
    size_t first, n_chunks, cap_chunks;
    _Atomic uint64_t bytes;
};

struct partition_table {
    struct partition_table *older; /* readers may still hold it: freed when the log is */
    unsigned n;
    struct partition *at[];
};

struct plog {
    char *name;
    struct plog_set *set; /* NULL: belongs to none */
    pthread_mutex_t grow_lock;
    _Atomic(struct partition_table *) table;
};

struct plog_set {
    pthread_mutex_t lock;
    struct map logs;        /* name -> struct plog */
    struct plog **removed;  /* out of sight, but still in memory */
    size_t n_removed, cap_removed;
    _Atomic uint64_t generation;
    _Atomic unsigned waiters;
    pthread_mutex_t wait_lock;
    pthread_cond_t changed;
};

/* ---- chunks ---- */

static struct chunk *chunk_open(int64_t base, size_t record_bytes)
{
    size_t need = sizeof(struct chunk) + record_bytes + sizeof(uint32_t), size = CHUNK_BYTES;
    if (need > size)
        size = (need + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    struct chunk *c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c == MAP_FAILED) {
        fprintf(stderr, "out of memory: %zu bytes for a chunk of a partition log\n", size);
        abort();
    }
    *c = (struct chunk){ .base = base, .max_time_ms = INT64_MIN, .size = size, .used = sizeof *c / ALIGN };
    return c;
}

static void chunk_close(struct chunk *c) { munmap(c, c->size); }

static uint32_t *chunk_place(struct chunk *c, uint32_t i)
{
    return (uint32_t *)(void *)((char *)c + c->size) - 1 - i;
}

static size_t chunk_room(const struct chunk *c)
{
    return c->size - (size_t)c->used * ALIGN - (size_t)c->n * sizeof(uint32_t);
}

static struct record_head *chunk_head(struct chunk *c, uint32_t i)
{
    return (struct record_head *)(void *)((char *)c + (size_t)*chunk_place(c, i) * ALIGN);
}

static struct plog_record chunk_record(struct chunk *c, uint32_t i)
{
    struct record_head *h = chunk_head(c, i);
    const char *p = (const char *)(h + 1);
    uint32_t value_bytes = h->value_bytes & ~HAS_HEADERS, headers_bytes;
    struct plog_record r = { .offset = c->base + i, .time_ms = h->time_ms, .extra = h->extra };
    if (h->value_bytes & HAS_HEADERS) {
        memcpy(&headers_bytes, p, sizeof headers_bytes);
        r.headers = (struct str){ p + sizeof headers_bytes, headers_bytes };
        p += sizeof headers_bytes + headers_bytes;
    }
    if (h->key_bytes != LENGTH_NULL) {
        r.key = (struct str){ p, h->key_bytes };
        p += h->key_bytes;
    }
    if (value_bytes != LENGTH_NULL)
        r.value = (struct str){ p, value_bytes };
    return r;
}

/* ---- partitions ---- */

static struct partition *partition_open(void)
{
    struct partition *p = mem_zero(sizeof *p);
    pthread_rwlockattr_t attr;
    pthread_rwlockattr_init(&attr);
    /* A stream of readers must not keep an appender waiting for ever. */
    pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&p->lock, &attr);
    pthread_rwlockattr_destroy(&attr);
    return p;
}

static void partition_close(struct partition *p)
{
    for (size_t i = p->first; i < p->n_chunks; i++)
        chunk_close(p->chunks[i]);
    free(p->chunks);
    pthread_rwlock_destroy(&p->lock);
    free(p);
}

static void partition_add_chunk(struct partition *p, struct chunk *c)
{
    if (p->n_chunks == p->cap_chunks && p->first > p->cap_chunks / 2) {
        memmove(p->chunks, p->chunks + p->first, (p->n_chunks - p->first) * sizeof *p->chunks);
        p->n_chunks -= p->first;
        p->first = 0;
    }
    if (p->n_chunks == p->cap_chunks) {
        p->cap_chunks = p->cap_chunks ? p->cap_chunks * 2 : 4;
        p->chunks = mem_grow(p->chunks, p->cap_chunks * sizeof *p->chunks);
    }
    p->chunks[p->n_chunks++] = c;
}

/* Index of the chunk that holds `offset`, which lies within [begin, end). */
static size_t partition_find(const struct partition *p, int64_t offset)
{
    size_t low = p->first, high = p->n_chunks - 1;
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (p->chunks[middle]->base <= offset)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static size_t record_bytes(const struct plog_record *r)
{
    size_t n = sizeof(struct record_head) + r->key.n + r->value.n + (r->headers.p ? sizeof(uint32_t) + r->headers.n : 0);
    return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static bool is_too_large(const struct plog_record *r)
{
    return r->key.n >= LENGTH_NULL || r->value.n >= LENGTH_NULL || r->headers.n >= LENGTH_NULL;
}

static char *put_bytes(char *at, struct str s)
{
    if (s.n)
        memcpy(at, s.p, s.n);
    return at + s.n;
}

static int64_t partition_append(struct partition *p, const struct plog_record *r)
{
    size_t n = record_bytes(r);
    int64_t offset = atomic_load_explicit(&p->end, memory_order_relaxed);
    struct chunk *c = p->n_chunks > p->first ? p->chunks[p->n_chunks - 1] : NULL;
    if (!c || chunk_room(c) < n + sizeof(uint32_t)) {
        c = chunk_open(offset, n);
        partition_add_chunk(p, c);
    }
    *chunk_place(c, c->n) = c->used;
    struct record_head *h = chunk_head(c, c->n);
    *h = (struct record_head){ r->time_ms, r->extra, r->key.p ? (uint32_t)r->key.n : LENGTH_NULL,
                               (r->value.p ? (uint32_t)r->value.n : LENGTH_NULL) | (r->headers.p ? HAS_HEADERS : 0) };
    char *at = (char *)(h + 1);
    uint32_t headers_bytes = (uint32_t)r->headers.n;
    if (r->headers.p)
        at = put_bytes(put_bytes(at, (struct str){ (const char *)&headers_bytes, sizeof headers_bytes }), r->headers);
    put_bytes(put_bytes(at, r->key), r->value);
    c->used += (uint32_t)(n / ALIGN);
    c->n++;
    if (r->time_ms > c->max_time_ms)
        c->max_time_ms = r->time_ms;
    atomic_fetch_add_explicit(&p->bytes, n + sizeof(uint32_t), memory_order_relaxed);
    atomic_store_explicit(&p->end, offset + 1, memory_order_release);
    return offset;
}

/* ---- logs ---- */

static struct partition *plog_partition(const struct plog *l, unsigned i)
{
    const struct partition_table *t = atomic_load_explicit(&l->table, memory_order_acquire);
    return i < t->n ? t->at[i] : NULL;
}

struct plog *plog_open(const char *name, unsigned n_partitions)
{
    struct plog *l = mem_zero(sizeof *l);
    l->name = mem_dup(str_of(name));
    pthread_mutex_init(&l->grow_lock, NULL);
    atomic_init(&l->table, mem_zero(sizeof(struct partition_table)));
    plog_grow(l, n_partitions);
    return l;
}

void plog_close(struct plog *l)
{
    if (!l)
        return;
    struct partition_table *t = atomic_load(&l->table);
    for (unsigned i = 0; i < t->n; i++)
        partition_close(t->at[i]);
    while (t) {
        struct partition_table *older = t->older;
        free(t);
        t = older;
    }
    pthread_mutex_destroy(&l->grow_lock);
    free(l->name);
    free(l);
}

const char *plog_name(const struct plog *l) { return l->name; }

unsigned plog_partitions(const struct plog *l) { return atomic_load_explicit(&l->table, memory_order_acquire)->n; }

void plog_grow(struct plog *l, unsigned n_partitions)
{
    pthread_mutex_lock(&l->grow_lock);
    struct partition_table *old = atomic_load(&l->table);
    if (n_partitions > old->n) {
        struct partition_table *t = mem_alloc(sizeof *t + n_partitions * sizeof t->at[0]);
        t->older = old;
        t->n = n_partitions;
        for (unsigned i = 0; i < n_partitions; i++)
            t->at[i] = i < old->n ? old->at[i] : partition_open();
        atomic_store_explicit(&l->table, t, memory_order_release);
    }
    pthread_mutex_unlock(&l->grow_lock);
}

static void set_changed(struct plog_set *s)
{
    atomic_fetch_add(&s->generation, 1);
    /* Both this and the waiter's pair are sequentially consistent: either the waiter sees the new generation or
     * we see the waiter. */
    if (atomic_load(&s->waiters) == 0)
        return;
    pthread_mutex_lock(&s->wait_lock);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->wait_lock);
}

int64_t plog_append_many(struct plog *l, unsigned partition, const struct plog_record *records, size_t n)
{
    struct partition *p = plog_partition(l, partition);
    if (!p)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_too_large(&records[i]))
            return -1;
    pthread_rwlock_wrlock(&p->lock);
    int64_t offset = atomic_load_explicit(&p->end, memory_order_relaxed);
    for (size_t i = 0; i < n; i++)
        partition_append(p, &records[i]);
    pthread_rwlock_unlock(&p->lock);
    if (l->set)
        set_changed(l->set);
    return offset;
}

int64_t plog_append(struct plog *l, unsigned partition, int64_t time_ms, uint64_t extra, struct str key,
                    struct str value)
{
    const struct plog_record r = { .time_ms = time_ms, .extra = extra, .key = key, .value = value };
    return plog_append_many(l, partition, &r, 1);
}

int64_t plog_read(struct plog *l, unsigned partition, int64_t offset,
                  bool (*fn)(void *arg, const struct plog_record *r), void *arg)
{
    struct partition *p = plog_partition(l, partition);
    if (!p)
        return offset;
    pthread_rwlock_rdlock(&p->lock);
    int64_t begin = atomic_load(&p->begin), end = atomic_load(&p->end);
    if (offset < begin)
        offset = begin;
    for (size_t k = offset < end ? partition_find(p, offset) : p->n_chunks; k < p->n_chunks; k++) {
        struct chunk *c = p->chunks[k];
        for (uint32_t i = (uint32_t)(offset - c->base); i < c->n; i++, offset++) {
            struct plog_record r = chunk_record(c, i);
            if (!fn(arg, &r))
                goto out;
        }
    }
out:
    pthread_rwlock_unlock(&p->lock);
    return offset;
}

int64_t plog_begin(struct plog *l, unsigned partition)
{
    struct partition *p = plog_partition(l, partition);
    return p ? atomic_load_explicit(&p->begin, memory_order_acquire) : 0;
}

int64_t plog_end(struct plog *l, unsigned partition)
{
    struct partition *p = plog_partition(l, partition);
    return p ? atomic_load_explicit(&p->end, memory_order_acquire) : 0;
}

/* Times need not ascend (Kafka's producers may send theirs), so this looks for the first, not by halving. */
static int64_t partition_seek(struct partition *p, int64_t time_ms)
{
    int64_t begin = atomic_load(&p->begin);
    for (size_t k = p->first; k < p->n_chunks; k++) {
        struct chunk *c = p->chunks[k];
        if (c->max_time_ms < time_ms)
            continue;
        for (uint32_t i = begin > c->base ? (uint32_t)(begin - c->base) : 0; i < c->n; i++)
            if (chunk_head(c, i)->time_ms >= time_ms)
                return c->base + i;
    }
    return atomic_load(&p->end);
}

int64_t plog_seek_time(struct plog *l, unsigned partition, int64_t time_ms)
{
    struct partition *p = plog_partition(l, partition);
    if (!p)
        return 0;
    pthread_rwlock_rdlock(&p->lock);
    int64_t offset = partition_seek(p, time_ms);
    pthread_rwlock_unlock(&p->lock);
    return offset;
}

void plog_trim(struct plog *l, unsigned partition, int64_t offset)
{
    struct partition *p = plog_partition(l, partition);
    if (!p)
        return;
    pthread_rwlock_wrlock(&p->lock);
    int64_t begin = atomic_load(&p->begin), end = atomic_load(&p->end);
    if (offset > end)
        offset = end;
    if (offset > begin) {
        while (p->first < p->n_chunks && p->chunks[p->first]->base + p->chunks[p->first]->n <= offset) {
            struct chunk *c = p->chunks[p->first++];
            atomic_fetch_sub(&p->bytes, (size_t)c->used * ALIGN - sizeof *c + c->n * sizeof(uint32_t));
            chunk_close(c);
        }
        atomic_store_explicit(&p->begin, offset, memory_order_release);
    }
    pthread_rwlock_unlock(&p->lock);
}

uint64_t plog_bytes(struct plog *l)
{
    const struct partition_table *t = atomic_load_explicit(&l->table, memory_order_acquire);
    uint64_t sum = 0;
    for (unsigned i = 0; i < t->n; i++)
        sum += atomic_load_explicit(&t->at[i]->bytes, memory_order_relaxed);
    return sum;
}

/* ---- sets ---- */

struct plog_set *plog_set_open(void)
{
    struct plog_set *s = mem_zero(sizeof *s);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->wait_lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    return s;
}

/* Out of sight, its records freed; the shell stays, for whoever still holds it. */
static void retire(struct plog_set *s, struct plog *l)
{
    for (unsigned i = 0; i < plog_partitions(l); i++)
        plog_trim(l, i, INT64_MAX);
    if (s->n_removed == s->cap_removed) {
        s->cap_removed = s->cap_removed ? s->cap_removed * 2 : 8;
        s->removed = mem_grow(s->removed, s->cap_removed * sizeof(struct plog *));
    }
    s->removed[s->n_removed++] = l;
}

void plog_set_reset(struct plog_set *s)
{
    pthread_mutex_lock(&s->lock);
    struct map_entry *e;
    for (size_t i = 0; (e = map_next(&s->logs, &i));)
        retire(s, e->value);
    map_release(&s->logs);
    s->logs = MAP_INIT;
    pthread_mutex_unlock(&s->lock);
    set_changed(s);
}

void plog_set_close(struct plog_set *s)
{
    if (!s)
        return;
    plog_set_reset(s);
    for (size_t i = 0; i < s->n_removed; i++)
        plog_close(s->removed[i]);
    free(s->removed);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->wait_lock);
    pthread_cond_destroy(&s->changed);
    free(s);
}

struct plog *plog_set_find(struct plog_set *s, struct str name)
{
    pthread_mutex_lock(&s->lock);
    struct plog *l = map_get(&s->logs, name);
    pthread_mutex_unlock(&s->lock);
    return l;
}

/* Finds or creates under the set's lock; *ret_created says which. */
static struct plog *set_get(struct plog_set *s, struct str name, unsigned n_partitions, bool *ret_created)
{
    pthread_mutex_lock(&s->lock);
    struct plog *l = map_get(&s->logs, name);
    *ret_created = !l;
    if (!l) {
        char *z = mem_dup(name);
        l = plog_open(z, n_partitions);
        free(z);
        l->set = s;
        map_put(&s->logs, name, l);
    }
    pthread_mutex_unlock(&s->lock);
    if (*ret_created)
        set_changed(s); /* whoever waits for records also wants to know of new logs */
    return l;
}

struct plog *plog_set_create(struct plog_set *s, struct str name, unsigned n_partitions, struct err *e)
{
    bool created;
    struct plog *l = set_get(s, name, n_partitions, &created);
    if (!created) {
        err_set(e, 409, "TOPIC_EXISTS", "topic '" STR_F "' exists already, with %u partitions", STR_A(name),
                plog_partitions(l));
        return NULL;
    }
    return l;
}

struct plog *plog_set_ensure(struct plog_set *s, struct str name, unsigned n_partitions)
{
    bool created;
    return set_get(s, name, n_partitions, &created);
}

bool plog_set_remove(struct plog_set *s, struct str name)
{
    pthread_mutex_lock(&s->lock);
    struct plog *l = map_remove(&s->logs, name);
    if (l) {
        retire(s, l);
    }
    pthread_mutex_unlock(&s->lock);
    if (l)
        set_changed(s);
    return l != NULL;
}

static int by_name(const void *a, const void *b)
{
    const struct plog *const *x = a, *const *y = b;
    return strcmp((*x)->name, (*y)->name);
}

struct plog **plog_set_list(struct plog_set *s, size_t *ret_n)
{
    pthread_mutex_lock(&s->lock);
    struct plog **list = mem_alloc((s->logs.n_live + 1) * sizeof(struct plog *));
    struct map_entry *e;
    size_t n = 0;
    for (size_t i = 0; (e = map_next(&s->logs, &i));)
        list[n++] = e->value;
    pthread_mutex_unlock(&s->lock);
    qsort(list, n, sizeof(struct plog *), by_name);
    list[n] = NULL;
    *ret_n = n;
    return list;
}

uint64_t plog_set_generation(struct plog_set *s) { return atomic_load(&s->generation); }

static struct timespec after_us(int64_t us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ns = t.tv_nsec + us % 1000000 * 1000;
    t.tv_sec += (time_t)(us / 1000000 + ns / 1000000000);
    t.tv_nsec = (long)(ns % 1000000000);
    return t;
}

/* Looks every NAP_US for a while before it asks to be woken: under load a wake-up per append would cost the appender
 * more than the append, and a reader that naps finds many records at once. */
void plog_set_wait(struct plog_set *s, uint64_t seen, int64_t timeout_ms)
{
    enum { NAP_US = 1000, NAPS = 20 };
    pthread_mutex_lock(&s->wait_lock);
    for (int i = 0; i < NAPS && atomic_load(&s->generation) == seen && timeout_ms > 0; i++, timeout_ms -= NAP_US / 1000) {
        struct timespec until = after_us(NAP_US);
        pthread_cond_timedwait(&s->changed, &s->wait_lock, &until);
    }
    struct timespec until = after_us(timeout_ms * 1000);
    atomic_fetch_add(&s->waiters, 1);
    while (atomic_load(&s->generation) == seen)
        if (pthread_cond_timedwait(&s->changed, &s->wait_lock, &until) == ETIMEDOUT)
            break;
    atomic_fetch_sub(&s->waiters, 1);
    pthread_mutex_unlock(&s->wait_lock);
}

/* A wake counts as a change: one that comes just before the wait is not lost. */
void plog_set_wake(struct plog_set *s) { set_changed(s); }
