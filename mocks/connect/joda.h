/* joda.h - the part of Joda-Time that TimeBasedPartitioner's settings speak: patterns, zones, ISO instants. */
#ifndef MOCKS_CONNECT_JODA_H
#define MOCKS_CONNECT_JODA_H

#include "base/buf.h"
#include "base/str.h"

/* "UTC", "GMT", "Z", "Etc/UTC", "+05:30", "-0800": the offset from UTC. Zones with rules of their own are not known. */
bool joda_zone(struct str name, int64_t *ret_offset_ms);
/* NULL when the pattern is understood, else what is wrong with it. */
const char *joda_pattern_fault(struct str pattern);
/* Writes the instant as the pattern says. The pattern has no fault. */
void joda_print(struct buf *out, struct str pattern, int64_t epoch_ms, int64_t zone_offset_ms);
/* ISODateTimeFormat.dateTimeParser: "2020-08-28T03:52:47.5Z", date alone too; no zone means UTC. */
bool joda_instant(struct str text, int64_t *ret_epoch_ms);

#endif
