/* journal.c - a ring of fixed-size entries behind one short lock. */
#include "mocks/cloud/journal.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"

struct journal {
    pthread_mutex_t lock;
    uint64_t total; /* entries ever added; entry id i sits at (i - 1) % capacity */
    size_t capacity;
    struct journal_entry *ring; /* made at the first entry: an idle cloud does not pay for it */
};

struct journal *journal_open(size_t capacity)
{
    struct journal *j = mem_zero(sizeof *j);
    pthread_mutex_init(&j->lock, NULL);
    j->capacity = capacity ? capacity : 4096;
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
    size_t n = s.n < room - 1 ? s.n : room - 1;
    while (n && n < s.n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
        n--; /* never in the middle of a character */
    if (n)
        memcpy(out, s.p, n);
    out[n] = 0;
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

static void put_entry(struct buf *out, const struct journal_entry *e)
{
    char iso[CLOCK_TEXT];
    buf_f(out, "{\"id\":%llu,\"time\":\"%s\"", (unsigned long long)e->id, clock_iso(e->time_ms, iso));
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
        buf_f(out, ",\"fault\":%d", e->fault_rule);
    if (e->reason[0])
        put_text(out, "reason", e->reason);
    buf_z(out, "}\n");
}

uint64_t journal_list(struct journal *j, uint64_t after, size_t most, const char *service, struct buf *out)
{
    pthread_mutex_lock(&j->lock);
    uint64_t kept_from = j->total > j->capacity ? j->total - j->capacity : 0;
    uint64_t last = after;
    if (after < kept_from)
        after = kept_from;
    for (uint64_t i = after; i < j->total && most; i++) {
        const struct journal_entry *e = &j->ring[i % j->capacity];
        last = e->id;
        if (service && strcmp(service, e->service) != 0)
            continue;
        put_entry(out, e);
        most--;
    }
    pthread_mutex_unlock(&j->lock);
    return last;
}

uint64_t journal_total(struct journal *j)
{
    pthread_mutex_lock(&j->lock);
    uint64_t n = j->total;
    pthread_mutex_unlock(&j->lock);
    return n;
}
