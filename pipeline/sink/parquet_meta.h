/* parquet_meta.h - the footer and the page headers as structs. Source: apache/parquet-format, parquet.thrift. */
#ifndef PIPELINE_SINK_PARQUET_META_H
#define PIPELINE_SINK_PARQUET_META_H

#include "pipeline/sink/parquet.h"

enum parquet_physical {
    PHYSICAL_GROUP = -1,
    PHYSICAL_BOOLEAN = 0,
    PHYSICAL_INT32,
    PHYSICAL_INT64,
    PHYSICAL_INT96,
    PHYSICAL_FLOAT,
    PHYSICAL_DOUBLE,
    PHYSICAL_BYTES,
    PHYSICAL_FIXED,
};
enum parquet_repetition { REPETITION_REQUIRED, REPETITION_OPTIONAL, REPETITION_REPEATED };
enum parquet_encoding {
    ENCODING_PLAIN = 0,
    ENCODING_PLAIN_DICTIONARY = 2,
    ENCODING_RLE = 3,
    ENCODING_BIT_PACKED = 4,
    ENCODING_DELTA_BINARY_PACKED = 5,
    ENCODING_DELTA_LENGTH_BYTES = 6,
    ENCODING_DELTA_BYTES = 7,
    ENCODING_RLE_DICTIONARY = 8,
    ENCODING_BYTE_STREAM_SPLIT = 9,
};
enum parquet_page { PAGE_DATA = 0, PAGE_INDEX = 1, PAGE_DICTIONARY = 2, PAGE_DATA_V2 = 3 };

/* What an element means beyond its physical type: from logicalType, else from converted_type. */
enum parquet_logical {
    LOGICAL_NONE,
    LOGICAL_TEXT, /* STRING, ENUM, JSON */
    LOGICAL_MAP,
    LOGICAL_LIST,
    LOGICAL_DECIMAL,
    LOGICAL_DATE,
    LOGICAL_TIME,
    LOGICAL_TIMESTAMP,
    LOGICAL_INTEGER,
    LOGICAL_OTHER, /* UUID, BSON, FLOAT16, VARIANT, … */
};

enum {
    PARQUET_MAX_ELEMENTS = 20000,
    PARQUET_MAX_DEPTH = 40,
    PARQUET_MAX_FOOTER_BYTES = 64 << 20,
    PARQUET_MAX_PAGE_BYTES = 256 << 20,
};

/* A node of the schema; they stand in preorder. */
struct parquet_element {
    struct str name;
    enum parquet_physical physical;
    enum parquet_repetition repetition;
    enum parquet_logical logical;
    int32_t fixed_bytes; /* PHYSICAL_FIXED */
    int32_t precision, scale;
    int32_t unit_us; /* TIMESTAMP: 1 micros, 1000 millis, 0 nanos */
    bool utc, is_unsigned;
    int32_t field_id; /* 0 = none */
    uint32_t n_children;
    uint32_t next;                /* index behind the subtree */
    uint32_t leaf, n_leaves;      /* leaves below (or itself) */
    uint8_t max_def, max_rep;
};
struct parquet_chunk_meta {
    int32_t codec; /* the file's number */
    int64_t n_values, uncompressed_bytes, compressed_bytes;
    int64_t data_offset, dictionary_offset; /* 0: none */
    int64_t n_nulls;                        /* -1: unknown */
    struct str min, max;
    bool plain, dictionary;                 /* encodings in use */
};
struct parquet_group_meta {
    int64_t n_rows, bytes, compressed_bytes, offset;
    struct parquet_chunk_meta *chunks; /* one a leaf */
};
struct parquet_meta {
    struct parquet_element *elements;
    uint32_t n_elements;
    uint32_t *leaves; /* element index by leaf */
    uint32_t n_leaves;
    int64_t n_rows;
    struct parquet_group_meta *groups;
    size_t n_groups;
    struct str created_by;
};
struct parquet_page_header {
    enum parquet_page type;
    int32_t uncompressed_bytes, compressed_bytes;
    bool has_crc;
    uint32_t crc;
    int32_t n_values;
    int32_t encoding, def_encoding, rep_encoding;
    int32_t def_bytes, rep_bytes; /* version 2 */
    bool compressed;              /* version 2: false = the values are stored as they are */
};

/* ---- parquet_meta.c ---- */
/* Fills names and children in preorder and computes levels, leaves, next. */
int parquet_meta_link(struct parquet_meta *m, struct arena *a, struct str name, struct err *e);
int parquet_meta_read(struct str footer, struct str name, struct arena *a, struct parquet_meta *ret, struct err *e);
/* The length of the header at the front of the bytes, 0 when it is none. */
size_t parquet_meta_page(struct str bytes, struct parquet_page_header *ret);
const char *parquet_encoding_name(int32_t encoding);

/* ---- parquet_meta_write.c ---- */
void parquet_meta_write(const struct parquet_meta *m, struct buf *out);
void parquet_meta_write_page(const struct parquet_page_header *h, struct buf *out);

/* ---- parquet_schema.c ---- */
/* Fields to elements, with levels; -1: a kind that is read but not written. */
int parquet_schema_elements(const struct parquet_field *fields, size_t n, struct arena *a, struct parquet_meta *ret,
                            struct err *e);
/* Elements to fields; unreadable kinds are refused later, when they are read. */
struct parquet_field *parquet_schema_fields(const struct parquet_meta *m, struct arena *a, size_t *ret_n);
/* The element of a list's or map's content below a LIST or MAP group: repeated group and its first child. */
uint32_t parquet_schema_list_element(const struct parquet_meta *m, uint32_t list);
bool parquet_schema_is_list(const struct parquet_meta *m, uint32_t element);
bool parquet_schema_is_map(const struct parquet_meta *m, uint32_t element);

#endif
