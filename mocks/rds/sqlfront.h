/* sqlfront.h - MySQL's SQL, token by token, into what SQLite reads.
 *
 * There is no grammar: SQLite has one. Statements that SQLite does not know (SET, SHOW, USE, …) are told by their first
 * word; in the others those tokens are rewritten that mean something else in SQLite (strings with backslashes, casts,
 * @@variables, operators), and what is not touched keeps its very text, since SQLite names unaliased columns by it.
 * Lexical rules: MySQL 8.0 Reference Manual, chapter 9; conditional comments: 9.7.
 *
 * Bounds: SQLFRONT_TOKENS a text, SQLFRONT_DEPTH nested rewrites; more is an error, as MySQL's memory limits are.
 */
#ifndef MOCKS_RDS_SQLFRONT_H
#define MOCKS_RDS_SQLFRONT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

enum { SQLFRONT_TOKENS = 4 << 20, SQLFRONT_DEPTH = 64, SQLFRONT_PARAMS = 8192 };

/* The schema of SQLite in which the three tables are, and the name of the database that RDS had. */
#define SQLFRONT_SCHEMA "pinterest_data"

enum sqlfront_token_kind {
    SQLFRONT_END = 0, SQLFRONT_WORD, SQLFRONT_QUOTED /* `x` */, SQLFRONT_STRING, SQLFRONT_NUMBER, SQLFRONT_HEX, SQLFRONT_BITS,
    SQLFRONT_PARAM /* ? */, SQLFRONT_SYSVAR /* @@x */, SQLFRONT_USERVAR /* @x */, SQLFRONT_OP, SQLFRONT_BAD,
};

struct sqlfront_token {
    uint32_t at, n;  /* in the text */
    uint32_t mate;   /* of a bracket: the index of the other one; else 0 */
    uint8_t kind;
    uint8_t word;    /* of a WORD that is known: its number in sqlfront_words.h; of an OP: its first byte */
    uint8_t gap;     /* a comment lies before it */
};

struct sqlfront_text {
    struct str sql;
    struct sqlfront_token *tokens; /* the last is SQLFRONT_END */
    size_t n;                      /* without the last */
};

/* The tokens of the text, comments left out; false when it has too many. */
bool sqlfront_lex(struct str sql, struct arena *a, struct sqlfront_text *ret);
struct str sqlfront_token_text(const struct sqlfront_text *t, size_t i);
/* The name a WORD, a QUOTED or a STRING means; the text of a string with its escapes undone. */
struct str sqlfront_name(const struct sqlfront_text *t, size_t i, struct arena *a);
bool sqlfront_is_name(const struct sqlfront_text *t, size_t i); /* a WORD or a QUOTED */
/* Is it this operator or this word, in any case? */
bool sqlfront_is(const struct sqlfront_text *t, size_t i, const char *word);
void sqlfront_quote(struct buf *out, struct str text, char quote); /* 'text', quotes doubled */

enum sqlfront_kind {
    SQLFRONT_EMPTY = 0,
    SQLFRONT_READ,  /* yields rows, changes nothing */
    SQLFRONT_WRITE, /* changes rows */
    SQLFRONT_DEFINE, /* changes tables; ends a transaction */
    SQLFRONT_SHOW, SQLFRONT_DESCRIBE,
    SQLFRONT_SET, SQLFRONT_USE, SQLFRONT_BEGIN, SQLFRONT_COMMIT, SQLFRONT_ROLLBACK, SQLFRONT_SAVEPOINT,
    SQLFRONT_NOTHING, /* accepted, has no effect here */
    SQLFRONT_REFUSED, /* known to MySQL, not to this mock: error 1235 names `what` */
    SQLFRONT_UNKNOWN, /* no statement begins so: error 1064 */
};
/* By the first words of the statement from token `from` on. */
enum sqlfront_kind sqlfront_kind_of(const struct sqlfront_text *t, size_t from, size_t to);

struct sqlfront_options {
    struct str database;   /* the session's; n == 0: none */
    bool limits_as_params; /* numbers that end the statement become parameters behind the client's own */
    size_t locate;         /* a position in the result, for sqlfront_result.located */
    bool locating;
};

struct sqlfront_result {
    struct buf sql;          /* owned by the caller */
    unsigned n_params;       /* the client's */
    unsigned n_limits;       /* numbers that became parameters n_params + 1, + 2 */
    struct str unqualified;  /* the first table named without its database */
    struct str unknown_database; /* a qualifier that is no database here */
    bool information_schema; /* asks for it */
    struct str what;         /* REFUSED: which words */
    /* SELECT columns FROM table LIMIT: the text up to LIMIT, and which parameters are offset and count (0 = none). */
    bool page;
    size_t page_bytes;
    struct str page_table;
    unsigned page_offset, page_count;
    /* The same statement with MIN(x), MAX(x) … of the select list as plain x, for the types of its columns; n == 0: the
     * statement itself tells them. */
    struct buf typing;
    size_t located; /* the position in the original that the `locate` position came from */
};

/* Rewrites the statement of tokens [from, to). false: *ret_what (static) says what cannot be rewritten. */
bool sqlfront_rewrite(const struct sqlfront_text *t, size_t from, size_t to, const struct sqlfront_options *o,
                      struct arena *a, struct sqlfront_result *ret, const char **ret_what);
void sqlfront_result_release(struct sqlfront_result *r);

/* The text of a statement with literal numbers at its end, taken apart without reading the rest:
 * "SELECT … LIMIT 7528, 1" is ("SELECT … LIMIT", 7528, 1, ','). false when it does not end so. Whether these numbers may
 * vary is only known once the statement was rewritten: n_limits is then n_numbers. */
struct sqlfront_tail {
    struct str head; /* up to the first number */
    int64_t first, second;
    unsigned n_numbers;
    char form; /* ',' LIMIT a, b   'o' LIMIT a OFFSET b   '1' LIMIT a   '=' … = a   'e' … = a LIMIT b */
};
bool sqlfront_tail_of(struct str sql, struct sqlfront_tail *ret);

#endif
