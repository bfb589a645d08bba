/* verify_check.h - one check as it was read; inside verify. */
#ifndef MOCKS_CLOUD_VERIFY_CHECK_H
#define MOCKS_CLOUD_VERIFY_CHECK_H

#include "mocks/cloud/cloud.h"
#include "mocks/cloud/decode.h"
#include "mocks/cloud/peek.h"
#include "mocks/cloud/wanted.h"

enum { VERIFY_WISHES = 24 };

struct verify_wish {
    struct str field; /* of records: a path, "a.b" */
    struct json wanted;
    bool of_content;
};

struct verify_check {
    enum peek_kind kind; /* PEEK_NONE: calls */
    struct str name;     /* of the topic, stream, bucket */
    struct verify_wish wishes[VERIFY_WISHES];
    size_t n;
    int64_t least, most;
};

struct verify_record { /* decoded once for all wishes */
    const struct peek_record *record;
    struct decode decoded;
};

extern const char *const verify_call_fields[]; /* NULL-terminated */

/* number: of the check, for errors; 0 = none. Errors: BAD_CHECK with status 400. */
int verify_check_read(struct cloud *c, struct json v, size_t number, struct arena *a, struct verify_check *ret, struct err *e);
int verify_check_add(struct verify_check *k, size_t number, struct str field, struct json wanted, bool of_content, struct arena *a, struct err *e);
/* Refuses names of services and actions that there are not. */
int verify_check_judge(struct cloud *c, const struct verify_check *k, size_t number, struct arena *a, struct err *e);
struct wanted_value verify_call_value(const struct journal_entry *e, struct str field);
struct wanted_value verify_record_value(const struct verify_record *r, const struct verify_wish *w, struct arena *a);

#endif
