/* verify.h - did it happen, and how often: checks over the calls in the journal and over what topics, streams and buckets hold.
 *
 *   {"service":"kinesis","action":"PutRecord","resource":"streaming-*-pin","status":200,"count":{"exactly":3}}
 *   {"topic":"0a1b.pin","where":{"index":7528}}                                       at least one, when no count is given
 *
 * A check that misses tells what was looked for, how many there were, and the nearest ones with the fields that differ. A wanted
 * value is text ('*' and '?' as in a shell), a number, true, false, null, a list (any of them), {"at_least":…,"at_most":…}; of a
 * number also "2xx", "4xx", ">=400". Told in docs/journal.md.
 */
#ifndef MOCKS_CLOUD_VERIFY_H
#define MOCKS_CLOUD_VERIFY_H

#include "mocks/cloud/cloud.h"

/* One check, a list of them, or {"checks":[…]}. 0 all hold, 1 some miss: *out is the report. -1: not understood (*e, status 400;
 * or 404 for a name that is not there). */
int verify_run(struct cloud *c, struct str body, struct arena *a, struct buf *out, struct err *e);
/* The journal's lines that fit the query's service, action, resource, status, code, …; after=ID, limit=N, last=N. *ret_seen: the
 * id of the last one looked at, to go on after. An `after` from before a reset means the beginning. */
int verify_journal(struct cloud *c, const struct http_request *r, struct arena *a, struct buf *out, uint64_t *ret_seen, struct err *e);

#endif
