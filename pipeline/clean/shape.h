/* shape.h - what the records of one file have in common: the bytes between their values.
 *
 * Records that a program wrote differ in their values only. The shape learned from one record (its keys, commas,
 * blanks, in their order) lets the next be read by comparing those bytes and finding the ends of the values. A
 * record that does not have the shape, or has anything wrong with it, is left to the reader of base/json.h: a shape
 * never refuses.
 */
#ifndef PIPELINE_CLEAN_SHAPE_H
#define PIPELINE_CLEAN_SHAPE_H

#include "base/json.h"
#include "pipeline/clean/program.h"

/* How many bytes are looked at at once, where the processor has that. */
enum shape_width { SHAPE_1 = 1, SHAPE_16 = 16, SHAPE_32 = 32 };
enum { SHAPE_MAX_VALUES = 64, SHAPE_MAX_BYTES = 4096 };
#define SHAPE_NOT_USED ((size_t)-1)

/* A JSON number of few digits, taken apart while its end was found: digits / 10^behind. */
struct shape_number {
    int64_t digits;
    uint8_t behind;
    bool known, negative; /* digits has its sign already; negative tells -0 */
};

struct shape {
    bool known, one_line;
    size_t n;
    struct { uint16_t at, n; } before[SHAPE_MAX_VALUES + 1]; /* bytes before each value, and behind the last */
    size_t input[SHAPE_MAX_VALUES];
    uint64_t unknown; /* members that the rules neither use nor drop */
    char bytes[SHAPE_MAX_BYTES + SHAPE_32]; /* read a vector at a time */
};

/* The input of the program that a key, as json_member yields it, names; SHAPE_NOT_USED when it is none. */
size_t shape_input(const struct program *p, struct str key, struct arena *scratch);
/* Learns from a record that is one object. */
void shape_learn(struct shape *s, const struct program *p, struct str record, struct arena *scratch);
/* Reads a record of the known shape that begins at `at` into values and numbers, by input. The answer is behind it;
 * NULL when it has another shape, or a line end within. All widths read alike. */
typedef const char *shape_reader(const struct shape *s, const struct program *p, const char *at, const char *end,
                                 struct json *values, struct shape_number *numbers, struct json_reader *spare);
/* The widest there is on this processor, at most the one named. */
shape_reader *shape_reader_of(enum shape_width most);

#endif
