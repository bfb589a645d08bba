/* doc.h - a rule file as a tree that remembers where everything stood.
 *
 * Rule files are written by people, so every complaint names file, line, column and field, and says what would
 * have been right. A value {"switch": "NAME"} anywhere in a rule file stands for the profile's value of NAME.
 * Also used by pipeline/analytics for query files.
 */
#ifndef PIPELINE_CLEAN_DOC_H
#define PIPELINE_CLEAN_DOC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "pipeline/clean/clean.h"

struct doc {
    struct str path;
    struct str bytes;
};
struct node {
    enum json_type type;
    struct str text; /* string: decoded; number: as written */
    struct str key;  /* of an object's member, decoded */
    size_t at, key_at; /* bytes from the start of the file */
    const struct doc *doc;
    const struct node *parent;
    const struct node *stands_in; /* put here by a switch: the profile's node, which complaints point at */
    struct node *child, *next;
    size_t n; /* children */
};

/* Parses; NULL on a mistake. Duplicate keys are mistakes. The tree lives in the arena. */
struct node *doc_parse(struct arena *a, struct str path, struct str bytes, struct err *e);
/* Replaces {"switch": "NAME"} below root by the members of `switches`: a null takes its member or element away,
 * an array standing in an array is spliced. */
int doc_switch(struct arena *a, struct node *root, const struct node *switches, struct err *e);
/* The member of that name, or NULL. */
const struct node *doc_get(const struct node *object, const char *name);
/* -1 with "path:line:column: field: …". */
int doc_fail(const struct node *at, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "…; did you mean X?" or "…; known are: …" for a word that is not in the list. */
int doc_unknown(const struct node *at, struct err *e, const char *what, struct str word, const struct str *known,
                size_t n_known);
/* Fails at the first member of the object whose key is not in the NULL-ended list. */
int doc_keys(const struct node *object, const char *const *allowed, struct err *e);
/* Fail unless the node has the type. */
int doc_want(const struct node *n, enum json_type type, struct err *e);
/* Fail unless it is a whole number, a text, true or false. */
int doc_integer(const struct node *n, int64_t *ret_value, struct err *e);
int doc_text(const struct node *n, struct str *ret_text, struct err *e);
int doc_flag(const struct node *n, bool *ret_flag, struct err *e);
/* The n texts of an array of texts; a single text counts as an array of one. */
int doc_texts(struct arena *a, const struct node *n, struct str **ret_texts, size_t *ret_n, struct err *e);
/* The value as compact JSON, numbers as they were written. */
void doc_put(const struct node *n, struct buf *out);
/* The nearest known word, or NULL when none is near. */
const struct str *doc_nearest(struct str word, const struct str *known, size_t n_known);

/* The files of an open rule set, switches already applied, for whoever compiles them. */
const struct node *rules_query_doc(const struct rules *r, size_t i);
const struct node *rules_window_doc(const struct rules *r, size_t i);
const struct node *rules_table_doc(const struct rules *r, size_t i);
/* Does a file, and does the profile with its defaults, come with the program? */
bool rules_is_builtin(const struct doc *d);
bool rules_profile_is_builtin(const struct rules *r);

#endif
