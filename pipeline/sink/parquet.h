/* parquet.h - Apache Parquet files: a writer for what the pipeline makes, a reader for what others made.
 *
 * Source: the format's own description (apache/parquet-format: README.md, Encodings.md, LogicalTypes.md,
 * parquet.thrift). A file is row groups of column chunks of pages, and a footer in Thrift's compact protocol.
 * A column is described by a struct parquet_field, on both sides.
 *
 * Writing: pages of version 1, dictionary with fall-back to PLAIN, snappy, zstd, gzip or nothing, statistics,
 * page checksums; every column optional unless its field is `required`; lists and maps of three levels; INT64
 * microseconds UTC for instants. All engines read that.
 *
 *     struct parquet_writer *w = parquet_writer_open(fields, n, NULL, &out, &e);
 *     parquet_writer_table(w, table, 0, table->n_rows, &e);   // or parquet_writer_json, row by row
 *     parquet_writer_end(w, &e);                              // the footer
 *     parquet_writer_close(w);
 *
 * Reading: the bytes are not trusted for anything. All encodings but the deprecated BIT_PACKED levels,
 * pages of both versions, INT96, decimals, nested columns; what is not supported is refused by its name (codec LZ4,
 * encryption, …). Rows come out as JSON objects, the form that cleaner_add takes.
 */
#ifndef PIPELINE_SINK_PARQUET_H
#define PIPELINE_SINK_PARQUET_H

#include "pipeline/clean/clean.h"

enum parquet_kind {
    PARQUET_BOOLEAN = 1,
    PARQUET_INT,  /* 32 bits and narrower */
    PARQUET_LONG,
    PARQUET_FLOAT,
    PARQUET_DOUBLE,
    PARQUET_STRING,
    PARQUET_BINARY,        /* JSON: base64 */
    PARQUET_DATE,          /* JSON: "2020-08-28" */
    PARQUET_TIMESTAMP,     /* JSON: "2020-08-28T03:52:47.5Z", as table_put_timestamp prints it */
    PARQUET_TIMESTAMP_NTZ, /* the same without Z */
    PARQUET_DECIMAL,       /* JSON: a number with `scale` digits behind the point */
    PARQUET_STRUCT,
    PARQUET_LIST, /* children[0] is the element */
    PARQUET_MAP,  /* children[0] is the key, [1] the value; JSON: an object */
};
struct parquet_field {
    struct str name;
    enum parquet_kind kind;
    bool required;
    uint8_t precision, scale; /* DECIMAL */
    struct str physical;      /* reading: the file's name of the column, when it is another */
    int32_t id;               /* reading: the file's field_id of the column, when it is known by that; 0 = by name */
    struct str constant;      /* reading: JSON text that stands for the file's column when p != NULL */
    struct parquet_field *children;
    size_t n_children;
};
const char *parquet_kind_name(enum parquet_kind k);

/* ---- writing ---- */

enum parquet_codec { PARQUET_SNAPPY, PARQUET_ZSTD, PARQUET_GZIP, PARQUET_NONE };
struct parquet_options {
    enum parquet_codec codec;
    int level;             /* of zstd (0 = 1) and gzip (0 = 6) */
    size_t row_group_rows; /* 0 = 1,000,000 */
    size_t page_rows;      /* 0 = 20,000 */
    bool no_dictionary;
};

struct parquet_writer;
/* Appends to *out, which must live as long as the writer. Whoever wants a bound on memory takes the bytes between two
 * calls, empties the buffer and tells by parquet_writer_drained. NULL: a field that cannot be written. */
struct parquet_writer *parquet_writer_open(const struct parquet_field *fields, size_t n_fields,
                                           const struct parquet_options *o, struct buf *out, struct err *e);
void parquet_writer_close(struct parquet_writer *w);
void parquet_writer_drained(struct parquet_writer *w, size_t bytes);
/* Rows from..from+n of a table whose columns are exactly the fields (parquet_table_fields). */
int parquet_writer_table(struct parquet_writer *w, const struct table *t, size_t from, size_t n, struct err *e);
/* One row as a JSON object; members that no field names are refused, absent ones are null. */
int parquet_writer_json(struct parquet_writer *w, struct str object, struct err *e);
int parquet_writer_end(struct parquet_writer *w, struct err *e);
/* The fields of a table's columns, in the arena: INT int, LONG long, …, DOUBLES list of double. */
struct parquet_field *parquet_table_fields(const struct table *t, struct arena *a);

/* ---- reading ---- */

struct parquet_file;
/* The bytes must outlive the file. PARQUET_MALFORMED or PARQUET_UNSUPPORTED; `name` is what messages call it. */
struct parquet_file *parquet_open(struct str bytes, struct str name, struct err *e);
void parquet_close(struct parquet_file *f);
uint64_t parquet_rows(const struct parquet_file *f);
size_t parquet_row_groups(const struct parquet_file *f);
/* The columns as the file describes them. */
const struct parquet_field *parquet_fields(const struct parquet_file *f, size_t *ret_n);

/* What is known of a column chunk without reading it. min and max are as the file has them (little-endian numbers,
 * bytes of texts); p == NULL when unknown. */
struct parquet_chunk {
    struct str path; /* "coordinates.list.element" */
    const char *codec;
    int64_t values, compressed_bytes, uncompressed_bytes;
    int64_t nulls; /* -1: unknown */
    struct str min, max;
    bool dictionary;
};
size_t parquet_leaves(const struct parquet_file *f);
struct parquet_chunk parquet_chunk(const struct parquet_file *f, size_t row_group, size_t leaf);

struct parquet_reader;
/* Rows with these fields (NULL: all of the file); a field that the file lacks is null, one of another type is refused
 * as PARQUET_TYPE. Fields and file must outlive the reader. */
struct parquet_reader *parquet_reader_open(const struct parquet_file *f, const struct parquet_field *fields,
                                           size_t n_fields, struct err *e);
void parquet_reader_close(struct parquet_reader *r);
/* 1: a JSON object was appended to *out (without newline); 0: there are no more rows; -1: e says where. */
int parquet_reader_next(struct parquet_reader *r, struct buf *out, struct err *e);
/* The same as members only, "a":1,"b":null, so that a caller can add more. */
int parquet_reader_members(struct parquet_reader *r, struct buf *out, struct err *e);

#endif
