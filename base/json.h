/* json.h - a pull reader that yields views and builds no tree, and a writer into a struct buf.
 *
 * For the hot path: records, rows, batches. Documents that are edited as trees (configuration, API
 * definitions) use cJSON. The reader accepts exactly RFC 8259 (checked against JSONTestSuite's y_ and n_
 * cases), to JSON_MAX_DEPTH; it does not judge UTF-8 (utf8_valid does).
 *
 *     struct json_reader r;
 *     struct json v;
 *     struct str key;
 *     json_open(&r, text);
 *     json_enter(&r, JSON_OBJECT);
 *     while (json_member(&r, &key) == 1)
 *         json_read(&r, &v);                 // or json_enter for a container that is walked too
 *     if (json_close(&r)) … json_where(&r, arena) says what is wrong and where
 *
 * After the first mistake every call answers -1 and r.error says what it was, so that one check at the end
 * is enough.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

enum { JSON_MAX_DEPTH = 512 };

enum json_type { JSON_NULL = 1, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_type type;
    bool escaped;   /* JSON_STRING: raw holds a backslash, so json_text must decode it */
    struct str raw; /* string: between the quotes; container: with its brackets; else: the literal */
};

struct json_reader {
    const char *p, *end, *start;
    const char *error; /* NULL, or what is wrong at p */
    int depth;
    bool first; /* no comma is due */
    char open[JSON_MAX_DEPTH + 1]; /* brackets entered */
};

void json_open(struct json_reader *r, struct str text);
/* The type of the value at hand, 0 on a mistake. */
enum json_type json_peek(struct json_reader *r);
/* Reads the whole value at hand; a container is checked throughout and yielded as its text. */
int json_read(struct json_reader *r, struct json *ret_value);
int json_skip(struct json_reader *r);
/* Steps into the container at hand; -1 when it is of another type. */
int json_enter(struct json_reader *r, enum json_type array_or_object);
/* 1: *ret_key is the next key (as raw text: see json_key_is) and its value is at hand. 0: the object is closed. */
int json_member(struct json_reader *r, struct str *ret_key);
/* Is the key, as json_member yields it, this name once its escapes are decoded? */
bool json_key_is(struct str raw_key, const char *name);
/* 1: the next element is at hand. 0: the array is closed. */
int json_element(struct json_reader *r);
/* 0 when every container is closed, nothing but blanks is left and nothing went wrong. */
int json_close(struct json_reader *r);
/* "expected ',' or '}' at line 3, column 14 (byte 71)" into the arena. Lines and columns (of code points) count
 * from 1, bytes from 0. */
struct str json_where(const struct json_reader *r, struct arena *a);

/* The decoded text of a string value: the raw view itself when nothing was escaped, else a copy in the arena.
 * Lone surrogates become U+FFFD. */
struct str json_text(struct json v, struct arena *a);
void json_unescape(struct buf *out, struct str raw);
/* The member `name` of an object's text (first occurrence); false when absent or not an object. */
bool json_get(struct str object, const char *name, struct json *ret_value);
/* json_get for a string, decoded; S("") with p == NULL when absent or of another type. */
struct str json_get_text(struct str object, const char *name, struct arena *a);
/* Is the text one valid JSON value? */
bool json_valid(struct str text);

/* Writing. Strings: only what must be escaped is (", \, controls as \b \t \n \f \r or \u001F with upper-case hex,
 * as Jackson writes them), UTF-8 as is. */
void json_put_text(struct buf *out, struct str text);
/* Shortest decimal that reads back as the same double, JavaScript form: 1, -89.9787, 1e+21; NaN and inf: null. */
void json_put_double(struct buf *out, double v);
/* As Java's Double.toString: 1.0, -88.5194, 1.0E10, 1.23E-5; NaN and infinities as the strings "NaN" and
 * "Infinity". What Jackson and Spark print. Always the shortest digits, where a JDK before 19 prints one digit
 * too many for some doubles of 16 and 17 digits (JDK-4511638). */
void json_put_java_double(struct buf *out, double v);
/* Scalars of a text written as Jackson writes what it has read: a string, given raw (between its quotes), with only those
 * escapes that must be; a number as a double, by json_put_java_double. */
void json_put_raw_text(struct buf *out, struct str raw);
void json_put_raw_double(struct buf *out, struct str raw);
/* The same value without blanks between tokens, key order and number text kept, escapes kept.
 * -1, and nothing added, when the text is not one valid value. */
int json_compact(struct buf *out, struct str text);

#endif
