/* fault.h - breaking things on purpose, by rules that are data.
 *
 * A rule file is a JSON array (or {"rules":[…]}) of objects; LocalStack's chaos rules are valid as they are:
 *   service      "kinesis", "s3", …            default: any
 *   action       "PutRecord" (also "operation") default: any; '*' and '?' match as in a shell
 *   resource     pattern over the call's resource (stream, topic, bucket/key)
 *   error        {"statusCode":500,"code":"InternalFailure","message":"…"}   answered instead of the effect
 *   throttle     true: the service's own throttle error
 *   latency_ms   150, or {"min":50,"max":250}
 *   reset        "before": the connection is reset and nothing happened;
 *                "after": the effect happened and the answer is lost (a lost acknowledgement)
 *   partial      n: in a batch call, entries 0, n, 2n, … are refused, the others take effect
 *   phase        "after": error too is answered only after the effect
 *   offset       the first n matching calls pass     times   at most n hits     every   only each n-th call
 *   probability  0..1 (drawn from `seed`)            seed    of this rule's draws; default: the run's seed
 * The first rule that fires decides, and later ones keep their hits, so that several rules with `times` are met one after
 * the other; latency of rules that carry nothing else adds up.
 */
#ifndef MOCKS_CLOUD_FAULT_H
#define MOCKS_CLOUD_FAULT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum fault_effect { FAULT_NONE = 0, FAULT_ERROR, FAULT_THROTTLE, FAULT_RESET, FAULT_PARTIAL };

struct fault_verdict {
    enum fault_effect effect;
    bool after;         /* ERROR, RESET: the effect takes place, only the answer is lost */
    int rule;           /* index of the rule, from 0; -1 = none */
    int status;         /* ERROR */
    const char *code, *message; /* ERROR; live as long as the rules */
    unsigned partial;   /* PARTIAL: each n-th entry is refused */
    int64_t latency_ms;
};

struct faults;
struct faults *faults_open(uint64_t seed);
void faults_close(struct faults *f);
/* Replaces all rules; the old ones stay when the text is refused (the error names rule, field, position). */
int faults_load(struct faults *f, struct str json, struct err *e);
int faults_add(struct faults *f, struct str json, struct err *e);
void faults_clear(struct faults *f);
/* What this call meets. Counts the call in every rule it matches. Safe from many threads. */
struct fault_verdict faults_check(struct faults *f, const char *service, const char *action, struct str resource);
/* The rules with their hit counts, as a JSON array. */
void faults_list(struct faults *f, struct buf *out);
uint64_t faults_hits(struct faults *f);
/* '*' and '?' as in a shell, whole text. */
bool fault_glob(struct str pattern, struct str text);

#endif
