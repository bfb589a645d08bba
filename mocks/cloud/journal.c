/* journal.c - a ring of fixed-size entries behind one short lock. */
#include "mocks/cloud/journal.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "base/utf8.h"
#include "mocks/cloud/redact.h"

struct journal {
    pthread_mutex_t lock;
    uint64_t total; /* entries ever added; entry id i sits at (i - 1) % capacity */
    size_t capacity;
    uint64_t seed;
    struct journal_entry *ring; /* made at the first entry: an idle cloud does not pay for it */
};

struct journal *journal_open(size_t capacity, uint64_t seed)
{
    struct journal *j = mem_zero(sizeof *j);
    pthread_mutex_init(&j->lock, NULL);
    j->capacity = capacity ? capacity : 4096;
    j->seed = seed;
    return j;
}

void journal_close(struct journal *j)
{
    pthread_mutex_destroy(&j->lock);
    free(j->ring);
    free(j);
}

void journal_reset(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    j->total = 0;
    pthread_mutex_unlock(&j->lock);
}

static void cut_into(char *out, size_t room, struct str s)
{
    struct str head = utf8_head(s, room - 1);
    if (head.n)
        memcpy(out, head.p, head.n);
    out[head.n] = 0;
    redact_text(out);
}

void journal_add(struct journal *j, struct journal_entry *entry, struct str resource, struct str reason)
{
    pthread_mutex_lock(&j->lock);
    if (!j->ring)
        j->ring = mem_zero(j->capacity * sizeof *j->ring);
    entry->id = ++j->total;
    struct journal_entry *at = &j->ring[(entry->id - 1) % j->capacity];
    *at = *entry;
    cut_into(at->resource, sizeof at->resource, resource);
    cut_into(at->reason, sizeof at->reason, reason);
    pthread_mutex_unlock(&j->lock);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    buf_f(out, ",\"%s\":", name);
    json_put_text(out, str_of(text));
}

void journal_put(const struct journal *j, const struct journal_entry *e, struct buf *out)
{
    char iso[CLOCK_TEXT];
    buf_f(out, "{\"id\":%llu,\"time\":\"%s\",\"seed\":%llu", (unsigned long long)e->id, clock_iso(e->time_ms, iso), (unsigned long long)j->seed);
    put_text(out, "service", e->service);
    put_text(out, "action", e->action);
    put_text(out, "resource", e->resource);
    buf_f(out, ",\"status\":%d,\"ms\":%.3f,\"bytes_in\":%llu,\"bytes_out\":%llu", e->status, (double)e->took_us / 1000,
          (unsigned long long)e->bytes_in, (unsigned long long)e->bytes_out);
    if (e->internal)
        buf_z(out, ",\"internal\":true");
    if (e->code[0])
        put_text(out, "code", e->code);
    if (e->fault_rule >= 0)
        buf_f(out, ",\"fault_rule\":%d", e->fault_rule);
    if (e->fault)
        put_text(out, "fault", e->fault);
    if (e->reason[0])
        put_text(out, "reason", e->reason);
    buf_z(out, "}\n");
}

static uint64_t forgotten(const struct journal *j) { return j->total > j->capacity ? j->total - j->capacity : 0; }

uint64_t journal_each(struct journal *j, uint64_t after, bool (*fn)(void *arg, const struct journal_entry *e), void *arg)
{
    pthread_mutex_lock(&j->lock);
    uint64_t last = after;
    if (after < forgotten(j))
        after = forgotten(j);
    for (uint64_t i = after; i < j->total; i++) {
        const struct journal_entry *e = &j->ring[i % j->capacity];
        if (!fn(arg, e))
            break;
        last = e->id;
    }
    pthread_mutex_unlock(&j->lock);
    return last;
}

struct listing {
    struct journal *journal;
    size_t left;
    const char *service;
    struct buf *out;
};

static bool list_one(void *arg, const struct journal_entry *e)
{
    struct listing *l = arg;
    if (!l->left)
        return false;
    if (l->service && strcmp(l->service, e->service) != 0)
        return true;
    journal_put(l->journal, e, l->out);
    l->left--;
    return true;
}

uint64_t journal_list(struct journal *j, uint64_t after, size_t most, const char *service, struct buf *out)
{
    struct listing l = { j, most, service, out };
    return journal_each(j, after, list_one, &l);
}

uint64_t journal_total(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    uint64_t n = j->total;
    pthread_mutex_unlock(&j->lock);
    return n;
}

uint64_t journal_forgotten(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    uint64_t n = forgotten(j);
    pthread_mutex_unlock(&j->lock);
    return n;
}
