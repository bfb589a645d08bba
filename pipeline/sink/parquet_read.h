/* parquet_read.h - what the reader's files share. */
#ifndef PIPELINE_SINK_PARQUET_READ_H
#define PIPELINE_SINK_PARQUET_READ_H

#include "pipeline/sink/parquet_hybrid.h"
#include "pipeline/sink/parquet_meta.h"

struct parquet_file {
    struct str bytes, name;
    struct parquet_meta meta;
    struct arena arena;
    struct parquet_field *fields;
    size_t n_fields;
};

/* A value: integers and booleans as i (INT96 as microseconds), FLOAT and DOUBLE as d, the rest as text. */
union parquet_cell {
    int64_t i;
    double d;
    struct str text;
};

/* ---- parquet_decode.c: the values of one page ---- */
struct parquet_decoder {
    enum parquet_physical physical;
    int32_t fixed_bytes;
    enum { DECODE_PLAIN, DECODE_INDEX, DECODE_RLE, DECODE_DELTAS, DECODE_LENGTHS, DECODE_FRONT, DECODE_SPLIT } mode;
    struct str rest;      /* PLAIN, LENGTHS, FRONT: bytes not yet used */
    unsigned bit;         /* PLAIN booleans */
    struct hybrid hybrid; /* INDEX, RLE */
    int64_t *numbers, *prefixes; /* DELTAS: values; LENGTHS and FRONT: lengths; SPLIT: only their number */
    size_t n_numbers, at;
    struct buf front; /* FRONT: the text before; SPLIT: the value */
    const union parquet_cell *dictionary;
    uint32_t n_dictionary;
};
/* false: broken, or *ret_why names an encoding that is not supported for the type. */
bool parquet_decode_open(struct parquet_decoder *d, int32_t encoding, struct str bytes, size_t most, const char **ret_why);
bool parquet_decode_next(struct parquet_decoder *d, union parquet_cell *ret);
void parquet_decode_release(struct parquet_decoder *d);

/* ---- parquet_cursor.c: one leaf of one row group, value after value ---- */
struct parquet_cursor {
    const struct parquet_file *file;
    const struct parquet_element *el;
    const struct parquet_chunk_meta *chunk;
    size_t group;
    uint64_t at, end;      /* in the file */
    int64_t left;          /* levels in the pages to come */
    struct buf page, dictionary_page;
    union parquet_cell *dictionary;
    uint32_t n_dictionary;
    struct parquet_decoder decoder;
    struct hybrid defs, reps;
    int64_t in_page; /* levels left in this page */
    bool done;
    unsigned def, rep; /* of the entry at hand */
    union parquet_cell cell; /* when def is the highest */
};
/* Moves to the first entry. */
int parquet_cursor_open(struct parquet_cursor *c, const struct parquet_file *f, size_t group, uint32_t leaf, struct err *e);
int parquet_cursor_next(struct parquet_cursor *c, struct err *e); /* sets done behind the last */
void parquet_cursor_release(struct parquet_cursor *c);

/* ---- parquet_print.c ---- */
/* How a leaf of this kind is printed; NULL when the file's type cannot be read as it. */
typedef void parquet_print(struct buf *out, const struct parquet_element *el, const struct parquet_field *f, union parquet_cell cell);
parquet_print *parquet_print_for(const struct parquet_element *el, const struct parquet_field *f);

#endif
