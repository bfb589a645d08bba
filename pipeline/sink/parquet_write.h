/* parquet_write.h - what the writer's files share: a column's values on their way into pages. */
#ifndef PIPELINE_SINK_PARQUET_WRITE_H
#define PIPELINE_SINK_PARQUET_WRITE_H

#include "pipeline/sink/parquet_codec.h"
#include "pipeline/sink/parquet_meta.h"

/* One leaf's part of a row group. Values stand without gaps; the levels say where they belong. */
struct parquet_values {
    size_t n_levels;
    const uint8_t *def, *rep; /* NULL: every level is the highest; there are no lists */
    size_t n;
    union {
        const uint8_t *bits; /* BOOLEAN, a byte each */
        const int32_t *i32;
        const int64_t *i64;
        const double *f64;
        const struct str *text;
    } v;
    const uint32_t *code; /* texts that are known to be texts[code]; then v.text is not used */
    const struct str *texts;
    uint32_t n_texts;
};

struct parquet_writer {
    struct parquet_options options;
    struct buf *out;
    uint64_t drained; /* bytes that have left *out */
    struct parquet_meta meta;
    size_t cap_groups;
    struct parquet_compressor *compressor;
    struct arena arena; /* schema, statistics, chunks */
    struct buf page, packed; /* scratch */
    struct parquet_builder *builders; /* parquet_shred.c: one a leaf */
    size_t n_rows;                    /* in the builders */
    const struct parquet_field *fields;
    size_t n_fields;
};

/* ---- parquet_writer.c ---- */
/* One row group; values[leaf] of all leaves. */
int parquet_writer_group(struct parquet_writer *w, const struct parquet_values *values, size_t n_rows, struct err *e);

/* ---- parquet_pages.c ---- */
/* Dictionary page, data pages and statistics of one chunk. */
int parquet_pages_put(struct parquet_writer *w, const struct parquet_element *el, const struct parquet_values *v,
                      struct parquet_chunk_meta *ret, struct err *e);

/* ---- parquet_dictionary.c ---- */
/* Distinct values in order of first use, as values of the same kind, and the index of every value. */
struct parquet_dictionary {
    struct parquet_values distinct;
    uint32_t *index;
    void *owned;
};
/* false when the values do not repeat enough. Release after true. */
bool parquet_dictionary_open(const struct parquet_element *el, const struct parquet_values *v, struct parquet_dictionary *ret);
void parquet_dictionary_release(struct parquet_dictionary *d);

/* ---- parquet_statistics.c ---- */
void parquet_statistics(const struct parquet_element *el, const struct parquet_values *v, struct arena *a, struct parquet_chunk_meta *ret);

/* ---- parquet_shred.c ---- */
int parquet_shred_flush(struct parquet_writer *w, struct err *e);
void parquet_shred_release(struct parquet_writer *w);

#endif
