/* jregex.h - regular expressions as java.util.regex has them: what topic patterns of Kafka's
 * clients, selection patterns and templates of API Gateway are written in.
 *
 * Alternation, groups (capturing, (?:…), (?<name>…), (?i) (?s) (?m) (?x is not)), classes with ranges, negation, && and
 * predefined sets (\d \w \s \h \p{Alpha} …), quantifiers greedy, lazy and possessive, anchors, word boundaries,
 * back references, look-ahead, look-behind (bounded by trying), \Q…\E, \xhh \uhhhh.
 * Matching backtracks; it is bounded in steps and depth, so that no pattern can hang a request. A compiled pattern may be
 * matched from many threads at once.
 */
#ifndef BASE_JREGEX_H
#define BASE_JREGEX_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { JREGEX_GROUPS = 32, JREGEX_MAX_BYTES = 65536 /* of a pattern */ };

struct jregex;
struct jregex_match {
    size_t from[JREGEX_GROUPS], to[JREGEX_GROUPS]; /* STR_NONE = the group took no part */
    bool exhausted; /* the bound was reached: the answer is not known */
};

/* In the arena; NULL with *e filled (what, at which character) when the pattern is malformed. */
struct jregex *jregex_compile(struct arena *a, struct str pattern, struct err *e);
/* The whole text (String.matches). */
bool jregex_matches(const struct jregex *x, struct str text, struct jregex_match *ret_match);
/* At its beginning (Matcher.lookingAt). */
bool jregex_starts(const struct jregex *x, struct str text, struct jregex_match *ret_match);
/* Anywhere from `from` on (Matcher.find). */
bool jregex_find(const struct jregex *x, struct str text, size_t from, struct jregex_match *ret_match);
/* Number of a named group, or -1. */
int jregex_group(const struct jregex *x, struct str name);
int jregex_groups(const struct jregex *x); /* without group 0 */

#endif
