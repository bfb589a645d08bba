/* ruletest.h - the examples of a rule file: what is given, and what must come out.
 *
 *   "tests": [ {"given": {"follower_count": "3k"}, "expect": {"follower_count": 3000}},
 *              {"given": "not JSON", "expect": {"quarantine": "NOT_JSON"}} ]                    in a table's file
 *   "tests": [ {"given": {"pin": [{…}, {…}], "geo": [{…}]}, "expect": [{"country": "Chad", "category": "art"}]} ]   in a query's
 *
 * docs/rules.md says what may be left out. An example that names a `profile` is for that one only.
 */
#ifndef PIPELINE_CHECK_RULETEST_H
#define PIPELINE_CHECK_RULETEST_H

#include "pipeline/analytics/analytics.h"
#include "pipeline/check/report.h"

/* A case of kind REPORT_TEST for each example, those of other profiles left out. The message of one that fails begins with
 * file:line:column. -1: an example cannot be read, RULES_MALFORMED. */
int ruletest_run(const struct rules *r, const struct analytics *a, struct report *report, struct err *e);

#endif
