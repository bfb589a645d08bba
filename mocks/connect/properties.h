/* properties.h - text in the form of java.util.Properties, as connector configurations are kept in. */
#ifndef MOCKS_CONNECT_PROPERTIES_H
#define MOCKS_CONNECT_PROPERTIES_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

enum { PROPERTIES_MAX_BYTES = 1024 * 1024 };

struct property {
    struct str key, value; /* escapes decoded */
    int line;              /* where it begins, from 1; 0 = from elsewhere */
};
struct properties {
    struct property *at;
    size_t n;
};

/* Reads Properties.load()'s grammar from UTF-8: comments by # and !, separators =, : or blanks, lines continued by a
 * backslash, \t \n \r \f \uXXXX. Java lets the last of two equal keys win; here a key given twice with different
 * values is refused, as is a malformed \u. All in the arena. */
int properties_parse(struct str text, struct arena *a, struct properties *ret, struct err *e);
/* The value of a key; p == NULL when absent. */
struct str properties_get(const struct properties *p, const char *key);

#endif
