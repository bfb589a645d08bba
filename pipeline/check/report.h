/* report.h - what a check found: cases, each of them one thing that was compared or judged.
 *
 * A case is named KIND/SUBJECT, as in column/pin.title or query/users_joined_by_year; patterns select them by that name,
 * by the subject, or by the table or query alone. Printers: report_*.c.
 */
#ifndef PIPELINE_CHECK_REPORT_H
#define PIPELINE_CHECK_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "pipeline/analytics/analytics.h"
#include "pipeline/check/grid.h"
#include "pipeline/check/profile.h"

enum report_kind {
    REPORT_SCHEMA,    /* names, types and order of the columns */
    REPORT_ROWS,      /* how many rows */
    REPORT_COLUMN,    /* the profile of a column */
    REPORT_DIFF,      /* rows by key */
    REPORT_QUERY,     /* an answer */
    REPORT_OPERATION, /* how many rows an operation of the rules touched */
    REPORT_KEYS,      /* rows that joins multiply */
    REPORT_CHECK,     /* an expectation of the rule file */
    REPORT_TEST,      /* a given/expect example of the rule file */
    REPORT_KINDS
};
extern const char *const report_kinds[REPORT_KINDS];

enum report_verdict { REPORT_SAME, REPORT_WARNS, REPORT_FAILS, REPORT_VERDICTS };
extern const char *const report_verdicts[REPORT_VERDICTS]; /* "same", "warns", "differs" */

/* One thing within a case: a row added or removed, a cell or a figure changed, a row that fails a check. */
struct report_line {
    enum report_change { REPORT_CHANGED, REPORT_ADDED, REPORT_REMOVED } change;
    struct str key;    /* "ind=7528"; n == 0 for a figure */
    struct str column; /* p == NULL for a whole row */
    struct str was, now; /* as in the files; p == NULL: null or absent */
    struct str rule;   /* the operation that touched the cell; n == 0: not known */
};
enum { REPORT_LINES = 20 };
struct report_case {
    enum report_kind kind;
    enum report_verdict verdict;
    struct str group;   /* table or query */
    struct str subject; /* "pin.title" */
    struct str message; /* one line; may be empty when same */
    struct report_line *lines; /* the first of them */
    size_t n_lines;
    uint64_t n_all;     /* how many there are */
    bool acceptable;    /* --update can take it into the baseline */
    bool accepted;
    const char *file;   /* TEST: where in the rule file; else NULL */
    size_t line;
};

struct report {
    struct arena arena;
    const char *const *patterns; /* selected cases; n 0 = all */
    size_t n_patterns;
    struct report_case *cases;
    size_t n_cases;
    struct buf all; /* every line of every case that does not hold, as JSON lines */
};

/* NULL when the case is not selected: then there is nothing to find out. */
struct report_case *report_add(struct report *r, enum report_kind kind, struct str group, struct str subject);
bool report_selects(const struct report *r, enum report_kind kind, struct str group, struct str subject);
void report_release(struct report *r);
/* Sets the message; printf. The verdict only gets worse. */
void report_say(struct report *r, struct report_case *c, enum report_verdict v, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Counts the line, keeps it if wanted while there is room, and writes it to `all`. Its texts are copied. */
void report_line(struct report *r, struct report_case *c, const struct report_line *line, bool keep);
size_t report_count(const struct report *r, enum report_verdict v);
/* "column/pin.title" */
struct str report_name(struct report *r, const struct report_case *c);

/* ---- printers ---- */

/* What the printers say beside the cases. */
struct report_context {
    const char *against; /* the baseline's folder */
    struct str profile;  /* of the rules */
    const struct table_profile *now, *was; /* by table; was[i].name.n == 0: not in the baseline */
    size_t n_tables;
    struct result *const *answers;
    const struct grid *answers_was; /* n_columns 0: not in the baseline */
    size_t n_answers;
};
/* For people; colour: with escape sequences. */
void report_put_text(struct report *r, const struct report_context *x, bool colour, struct buf *out);
void report_put_case(struct report *r, const struct report_case *c, bool colour, struct buf *out); /* one of them */
/* The members of an envelope's `data`, in braces. */
void report_put_json(struct report *r, const struct report_context *x, struct buf *out);
/* JUnit's XML: one testcase per case. */
void report_put_junit(struct report *r, struct buf *out);
/* GitHub's workflow commands: an annotation per case that warns or differs. */
void report_put_github(struct report *r, struct buf *out);
/* One page that needs nothing else. */
void report_put_html(struct report *r, const struct report_context *x, struct buf *out);

#endif
