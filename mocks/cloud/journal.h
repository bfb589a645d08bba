/* journal.h - the last calls, what became of them and why. A ring of entries of one size, so that their number bounds the bytes;
 * credentials never enter it (redact.h). Told in docs/journal.md. */
#ifndef MOCKS_CLOUD_JOURNAL_H
#define MOCKS_CLOUD_JOURNAL_H

#include "base/buf.h"
#include "base/str.h"

enum { JOURNAL_RESOURCE = 128, JOURNAL_REASON = 256, JOURNAL_CODE = 48 };

struct journal_entry {
    uint64_t id; /* 1, 2, … in order of completion; given by journal_add */
    int64_t time_ms;
    const char *service, *action; /* static text; action "" when none was found */
    int status;
    int64_t took_us;
    uint64_t bytes_in, bytes_out;
    int fault_rule; /* -1 = none */
    const char *fault; /* what it did: "error", "latency", …; static text; NULL = nothing */
    bool internal;  /* called by another service of the cloud */
    char code[JOURNAL_CODE];
    char resource[JOURNAL_RESOURCE];
    char reason[JOURNAL_REASON];
};

struct journal;
struct journal *journal_open(size_t capacity, uint64_t seed); /* entries; 0 = 4,096. The seed is the cloud's, told in each line */
void journal_close(struct journal *j);
void journal_reset(struct journal *j);
/* Copies the entry; its resource and reason are given as views and cut to fit. */
void journal_add(struct journal *j, struct journal_entry *entry, struct str resource, struct str reason);
/* The entries with id > after, oldest first, until fn answers false; under the journal's lock. Returns the last id seen, or
 * after. */
uint64_t journal_each(struct journal *j, uint64_t after, bool (*fn)(void *arg, const struct journal_entry *e), void *arg);
void journal_put(const struct journal *j, const struct journal_entry *e, struct buf *out); /* one line of JSON */
/* Entries with id > after, oldest first, as NDJSON; service NULL = all. Returns the newest id seen, or after. */
uint64_t journal_list(struct journal *j, uint64_t after, size_t most, const char *service, struct buf *out);
uint64_t journal_total(struct journal *j);     /* ever added */
uint64_t journal_forgotten(struct journal *j); /* of those, no longer kept */

#endif
