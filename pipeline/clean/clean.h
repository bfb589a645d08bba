/* clean.h - from the bytes of one record to typed columns, by rules that are data.
 *
 * A rule set is a folder of small JSON files (clean/<table>.json, queries/<name>.json, windows/<name>.json, profiles/<name>.json),
 * linked into the program and replaceable file by file from a directory. docs/rules.md says what every
 * word in them means. rules_open reads and checks all of them, applies a profile (a set of switch values)
 * and compiles each table into a flat program. A cleaner runs that program over one record after another:
 *
 *     struct rules *rules = rules_open(NULL, NULL, &e);
 *     struct cleaner *c = cleaner_open(rules, S("pin"), false);      // one per thread
 *     rows = cleaner_add(c, record, tag, &reason);                   // -1: quarantine it with the reason
 *     struct table *t = cleaner_take(c);                             // the typed columns
 *     table_merge(t, cleaner_take(other)); table_finish(t);          // same table whatever the order was
 *
 * Promises. A cell that cannot be converted becomes null, is counted under its operation, and its row
 * stays. A record that cannot be read, or lacks a column, is refused whole with a reason that names the
 * place; it leaves no row and no count behind. Nothing is dropped silently. Cleaning a cleaned row
 * (as table_put_jsonl prints it) gives the same row. The same records give the same finished table,
 * in whatever order and by however many cleaners they were read.
 *
 * Threads: a rule set is read-only once open and may be shared; a cleaner or table belongs to one thread.
 */
#ifndef PIPELINE_CLEAN_CLEAN_H
#define PIPELINE_CLEAN_CLEAN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"

/* ---- rule sets ---- */

struct rules;
/* dir: a folder whose files replace the built-in ones of the same name; NULL = built-in only.
 * profile: its name ("aicore-majority" when NULL). NULL on a mistake: e names file, line, column and field. */
struct rules *rules_open(const char *dir, const char *profile, struct err *e);
void rules_close(struct rules *r);
struct str rules_profile(const struct rules *r);
/* Names of the tables with cleaning rules, of the queries, and of the profiles that could be chosen, in order of
 * bytes; p == NULL behind the last. */
struct str rules_table_name(const struct rules *r, size_t i);
struct str rules_query_name(const struct rules *r, size_t i);
struct str rules_profile_name(const struct rules *r, size_t i);
/* Does the table's rule file, with the profile applied, drop duplicate rows? */
bool rules_dedupes(const struct rules *r, struct str table);

/* ---- tables ---- */

enum column_type {
    COLUMN_STRING = 1,
    COLUMN_INT,       /* 32 bits */
    COLUMN_LONG,      /* 64 bits */
    COLUMN_DOUBLE,
    COLUMN_BOOLEAN,   /* 0 or 1 */
    COLUMN_TIMESTAMP, /* microseconds since 1970-01-01 UTC */
    COLUMN_DOUBLES,   /* `width` doubles a cell; NaN is a null element */
};

/* The distinct texts of a column whose rule says "codes": code i stands for text[i]. */
struct dictionary {
    struct map codes; /* text -> code + 1 */
    struct str *text;
    uint32_t n, cap;
    uint32_t last;    /* code + 1 found last of all */
    uint32_t *recent; /* code + 1 found last for texts of like beginning, end and length; tried first */
};

struct column {
    struct str name;
    enum column_type type;
    uint32_t width;     /* COLUMN_DOUBLES: elements a cell; else 1 */
    bool coded;
    uint8_t *null;      /* one byte a row: 1 = null; the value is then 0, {NULL,0} or CODE_NULL */
    union {
        int32_t *i32;     /* INT, BOOLEAN */
        int64_t *i64;     /* LONG, TIMESTAMP */
        double *f64;      /* DOUBLE; DOUBLES: row * width + element */
        struct str *text; /* STRING, not coded */
        uint32_t *code;   /* STRING, coded: index into dictionary.text */
    } v;
    struct dictionary dictionary;
};
#define CODE_NULL UINT32_MAX

/* The text of a cell of a STRING column, coded or not; {NULL,0} when it is null. */
static inline struct str column_text(const struct column *c, size_t row)
{
    if (!c->coded)
        return c->v.text[row];
    return c->v.code[row] == CODE_NULL ? (struct str){ NULL, 0 } : c->dictionary.text[c->v.code[row]];
}

/* What one operation of the rule file did. `sample` is one nulled value (at most 80 bytes), the one with the
 * lowest tag. */
struct clean_count {
    struct str column;
    const char *operation; /* "from", "null_if", "suffix", "type", … */
    uint64_t touched;      /* rows it changed, nulled ones included */
    uint64_t nulled;       /* rows it made null */
    struct str sample;
    uint64_t sample_tag;
};

/* Rows keep the tag their record was added with, so that a ledger can follow it. Texts view the table's own
 * arenas, or the records' bytes when the cleaner was opened with `views`: then those must outlive the table. */
struct table {
    const struct program *program; /* belongs to the rule set, which must outlive the table */
    struct str name;
    struct column *columns;
    size_t n_columns;
    size_t key; /* the column rows are ordered and joined by (LONG or INT) */
    size_t n_rows, cap_rows;
    uint64_t *tag;
    char *block; /* memory of the arrays above when they were made at once; table_room.c */
    size_t block_bytes;
    bool window; /* they are window_rows rows of another table's */
    size_t window_rows;
    struct clean_count *counts; /* in the order of the rule file */
    size_t n_counts;
    uint64_t records;      /* accepted */
    uint64_t refused;      /* answered with a reason */
    uint64_t unknown_keys; /* members that the rule file neither uses nor drops */
    uint64_t *dropped;     /* tags of rows removed as duplicates */
    size_t n_dropped;
    struct arena *arenas; /* the table's own, then those of merged tables */
    size_t n_arenas;
};

/* An empty table of those rules; NULL when there is none of that name. */
struct table *table_open(const struct rules *r, struct str name);
void table_close(struct table *t);
const struct column *table_column(const struct table *t, struct str name); /* NULL when absent */
/* Moves all rows, counts and memory of `from` (same rule set, same table) into `into` and closes `from`. */
void table_merge(struct table *into, struct table *from);
/* Orders rows by key, then by all cells, then by tag. */
void table_sort(struct table *t);
/* Sorts, then removes the duplicates that the rule file's `dedupe` names (keeping the first); their tags go to
 * `dropped`. Call it once when all records are in. */
void table_finish(struct table *t);
/* Order of two rows of one table by key, then by all cells (nulls first); not by tag. */
int table_compare(const struct table *t, size_t a, size_t b);

/* What the rule file's `checks` expect of a column or of the table. They judge, they change nothing. */
struct clean_check {
    struct str column;   /* n == 0: the table as a whole */
    const char *expects; /* "not_null", "unique", "between", "accepted", "length", "references", "rows" */
    struct str wants;    /* its argument as JSON: [0,130] */
    bool warns;          /* severity "warn"; else "error" */
    double mostly;       /* the part of the rows that must pass */
    bool fails;          /* fewer do */
    uint64_t failing;    /* rows */
    uint32_t *rows;      /* those, in their order */
};
size_t check_count(const struct table *t);
/* tables: where the table that a `references` names is found. Always check_release. */
struct clean_check check_run(const struct table *t, size_t i, const struct table *const *tables, size_t n_tables);
void check_release(struct clean_check *c);

/* ---- writers ---- */

/* One row as one JSON line: {"ind":7528,…,"coordinates":[-89.9787,-173.293],"timestamp":"2020-08-28T03:52:47Z"}\n.
 * Doubles in their shortest form; a fraction of a second is printed only when there is one (up to 6 digits,
 * without trailing zeros); null as null. */
void table_put_jsonl(const struct table *t, size_t row, struct buf *out);
/* A cell of it that is not null (c->null is not read). */
void table_put_json(const struct column *c, size_t row, struct buf *out);
/* RFC 4180 with CRLF; null is empty, an empty text is "". */
void table_put_csv_header(const struct table *t, struct buf *out);
void table_put_csv(const struct table *t, size_t row, struct buf *out);
/* The value's text as both writers print it, unquoted; also for timestamps of answers. */
void table_put_timestamp(struct buf *out, int64_t epoch_us);

/* ---- cleaning ---- */

struct cleaner;
/* views: the caller keeps every record's bytes until the table is closed, so texts need not be copied. */
struct cleaner *cleaner_open(const struct rules *r, struct str table, bool views);
void cleaner_close(struct cleaner *c);
/* The number of rows added: 1 for an object, n for an array of n objects (an empty array: 0); a string that holds
 * the JSON text of those is unwrapped once. -1: refused whole, *reason says why:
 *   RECORD_EMPTY, RECORD_TOO_LONG, NOT_UTF8, NOT_JSON, NOT_AN_OBJECT, MISSING_COLUMN, REQUIRED_NULL
 * with the byte, element or column in the message. */
int64_t cleaner_add(struct cleaner *c, struct str record, uint64_t tag, struct err *reason);
/* The same for the first line of a text of lines, which is taken off *rest; a blank line adds nothing. */
int64_t cleaner_add_line(struct cleaner *c, struct str *rest, uint64_t tag, struct str *ret_line, struct err *reason);
/* What has been cleaned so far; the cleaner goes on with an empty table. */
struct table *cleaner_take(struct cleaner *c);
enum { CLEAN_MAX_RECORD_BYTES = 64 << 20 };

#endif
