/* java_regex.h - topics.regex: a Java pattern that has to match the whole name, as a POSIX extended one. */
#ifndef MOCKS_CONNECT_JAVA_REGEX_H
#define MOCKS_CONNECT_JAVA_REGEX_H

#include <regex.h>

#include "base/err.h"
#include "base/str.h"

enum { JAVA_REGEX_MAX_BYTES = 1000 };

/* Understands literals, ., classes, groups, (?:…), (?i) at the start, |, * + ? {n,m}, \d \w \s and their opposites,
 * \t \Q…\E, ^ and $. Anything else (look-around, back references, lazy and possessive quantifiers, class
 * intersections, \p) is refused by name: better than matching something else. regfree it. */
int java_regex_compile(struct str pattern, regex_t *ret, struct err *e);

#endif
