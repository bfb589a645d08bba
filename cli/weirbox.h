/* weirbox.h - a cloud and the pipeline over it, for C programs that test what they do to them.
 *
 *     struct weirbox_error e;
 *     struct weirbox *w = weirbox_open(NULL, &e);              // a cloud on free ports of 127.0.0.1
 *     … weirbox_url(w, "s3") …                                 // for clients of your own
 *     if (weirbox_run(w, &e) || weirbox_check(w, "golden", &e))
 *         fprintf(stderr, "%s: %s\n", e.code, e.message);
 *     weirbox_close(w);
 *
 * Errors: a function that can fail returns 0, or -1 (NULL) and fills *e, which must not be NULL: `code` is a stable name
 * (PORT_IN_USE, LEDGER_UNBALANCED, GOLDEN_DIFFERS, …), `message` one line that says what, where, why and what to do next.
 * Out of memory aborts.
 * Ownership: a struct weirbox owns all that its functions return; it lives until weirbox_close. Options are copied.
 * Threads: several may be open at once, also in one process; one of them belongs to one thread at a time.
 * Units: counts are of rows (posts); sizes in bytes; a name ends in its unit where there is one.
 */
#ifndef WEIRBOX_WEIRBOX_H
#define WEIRBOX_WEIRBOX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weirbox;
struct weirbox_error {
    char code[96];
    char message[2048];
};

enum weirbox_path { WEIRBOX_BATCH = 1, WEIRBOX_STREAM = 2 };
enum weirbox_table { WEIRBOX_PIN, WEIRBOX_GEO, WEIRBOX_USER };

struct weirbox_options {
    const char *tables_dir; /* pinterest_data, geolocation_data, user_data as .csv or .jsonl; NULL = synthetic rows */
    const char *rules_dir;  /* rule files that replace the built-in ones of the same name; NULL = built-in */
    const char *profile;    /* a named set of switches; NULL = aicore-majority */
    unsigned paths;         /* WEIRBOX_BATCH | WEIRBOX_STREAM; 0 = both */
    int64_t posts;          /* so many random rows; 0 = every row once */
    uint64_t seed;          /* of rows, ids, jitter and faults; 0 = 100 */
};

/* options: NULL = all of them 0. */
struct weirbox *weirbox_open(const struct weirbox_options *options, struct weirbox_error *e);
void weirbox_close(struct weirbox *w); /* NULL is allowed */

/* "http://127.0.0.1:41234": apigw, kafka_rest, connect, s3, kinesis; NULL when there is no such service. */
const char *weirbox_url(const struct weirbox *w, const char *service);
/* Replaces the fault rules (docs/faults.md) by those of a JSON text; "[]" takes all away. */
int weirbox_faults(struct weirbox *w, const char *json, struct weirbox_error *e);

/* Posts the rows, reads them back, cleans them, asks the questions. Once. 0 only when every post was acknowledged, nothing was
 * lost or doubled, and the paths agree; else LEDGER_UNBALANCED, ANSWERS_DIFFER, … */
int weirbox_run(struct weirbox *w, struct weirbox_error *e);

/* What became of the posts of one table on one path. */
struct weirbox_ledger {
    uint64_t posted, acknowledged, stored, read, cleaned, quarantined, written, lost, doubled;
};
struct weirbox_ledger weirbox_ledger(const struct weirbox *w, enum weirbox_path path, enum weirbox_table table);
/* The answer to a question as CSV with a header and CRLF, after weirbox_run; NULL when there is none of that name. */
const char *weirbox_answer(struct weirbox *w, const char *query);

/* Compares cleaned rows, profiles and answers with a baseline that `weirbox check --update` wrote, and runs the checks and tests
 * of the rule files. 0, or GOLDEN_DIFFERS with the first cases that differ; weirbox_report tells all. */
int weirbox_check(struct weirbox *w, const char *baseline_dir, struct weirbox_error *e);
/* What the last weirbox_check found, as a table for people; "" before it. */
const char *weirbox_report(struct weirbox *w);

#ifdef __cplusplus
}
#endif
#endif
