/* param.h - parameters by table: reads a JSON request into arguments and refuses it in AWS's own sentences.
 *
 * First types, as Coral's serializer does: the first wrong one ends it with SerializationException. Then
 * constraints, as its validator does: up to ten complaints in one ValidationException,
 *     2 validation errors detected: Value null at 'streamName' failed to satisfy constraint: Member must not be null; …
 * Members the table does not know and nulls are dropped silently. In a struct param, the element of a list or the
 * value of a map that is a structure has its Java class as name, as AWS prints it.
 */
#ifndef MOCKS_CLOUD_PARAM_H
#define MOCKS_CLOUD_PARAM_H

#include "mocks/cloud/service.h"

/* One argument. Arguments of a structure lie parallel to the members of its table. */
struct arg {
    enum param_type type; /* 0: absent */
    int64_t number;       /* INTEGER, LONG; BOOLEAN 0 or 1; TIMESTAMP in milliseconds */
    union {
        struct str text; /* STRING: decoded. BLOB: the bytes. Views into the request or the arena */
        struct {
            struct arg *items; /* LIST: elements; STRUCTURE: members; MAP: key, value, key, value, … */
            size_t n;          /* LIST: elements; STRUCTURE: members; MAP: entries */
        };
    };
};

enum { PARAM_COMPLAINTS = 10, PARAM_KEPT = 10000 };
/* How many items of a list or a map are kept: those beyond its limit are refused by their number. */
static inline size_t param_kept(const struct param *p)
{
    return p->max ? (size_t)p->max + PARAM_COMPLAINTS : PARAM_KEPT;
}

/* Why a request is refused. */
struct param_refusal {
    const char *code;   /* "SerializationException" or "ValidationException" */
    struct str message; /* in the arena, whole however long; p == NULL when the text is no JSON object */
};
/* Reads the JSON object `text` by the table into n_params arguments; -1 (SerializationException) with *ret_why
 * filled. */
int param_read(const struct param *params, size_t n_params, struct str text, struct arena *a, struct arg **ret_args,
               struct param_refusal *ret_why);
/* Judges them by the table's constraints; -1 (ValidationException) with *ret_why filled. Between the two a service
 * may fill in arguments that others imply. */
int param_check(const struct param *params, size_t n_params, const struct arg *args, struct arena *a,
                struct param_refusal *ret_why);
/* The argument of that name, or NULL when it is absent. */
const struct arg *param_find(const struct param *params, size_t n_params, const struct arg *args, const char *name);
/* Does the whole text match? Knows | ( ) [ ] . * + ? {m,n} \d \w \s \S and escaped letters. Bounded work: what
 * cannot be decided in a million steps does not match. */
bool param_match(const char *pattern, struct str text);

#endif
