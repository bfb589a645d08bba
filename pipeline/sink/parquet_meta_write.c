/* parquet_meta_write.c - writing the footer and page headers.
 *
 * Both converted_type and logicalType are written: Spark 2 and Hive know only the former. column_orders must be there,
 * or readers ignore min_value and max_value.
 */
#include "pipeline/sink/parquet_meta.h"

#include "pipeline/sink/parquet_thrift.h"

static void put_logical(struct thrift_out *o, const struct parquet_element *el)
{
    static const int8_t converted[] = { [LOGICAL_TEXT] = 0, [LOGICAL_MAP] = 1, [LOGICAL_LIST] = 3, [LOGICAL_DATE] = 6, [LOGICAL_TIMESTAMP] = 10 };
    static const int16_t member[] = { [LOGICAL_TEXT] = 1, [LOGICAL_MAP] = 2, [LOGICAL_LIST] = 3, [LOGICAL_DATE] = 6, [LOGICAL_TIMESTAMP] = 8 };
    if (el->logical == LOGICAL_NONE)
        return;
    if (el->logical != LOGICAL_TIMESTAMP || el->utc)
        parquet_thrift_put_i32(o, 6, converted[el->logical]);
    parquet_thrift_put_struct(o, 10);
    parquet_thrift_put_struct(o, member[el->logical]);
    if (el->logical == LOGICAL_TIMESTAMP) {
        parquet_thrift_put_bool(o, 1, el->utc);
        parquet_thrift_put_struct(o, 2);
        parquet_thrift_put_struct(o, 2); /* MICROS */
        parquet_thrift_put_end(o);
        parquet_thrift_put_end(o);
    }
    parquet_thrift_put_end(o);
    parquet_thrift_put_end(o);
}

static void put_element(struct thrift_out *o, const struct parquet_element *el, bool root)
{
    parquet_thrift_put_element(o);
    if (el->physical != PHYSICAL_GROUP)
        parquet_thrift_put_i32(o, 1, el->physical);
    if (!root)
        parquet_thrift_put_i32(o, 3, el->repetition);
    parquet_thrift_put_bytes(o, 4, el->name);
    if (el->physical == PHYSICAL_GROUP)
        parquet_thrift_put_i32(o, 5, (int32_t)el->n_children);
    put_logical(o, el);
    parquet_thrift_put_end(o);
}

static uint32_t path_of(const struct parquet_meta *m, uint32_t leaf, struct str path[PARQUET_MAX_DEPTH + 1])
{
    uint32_t at = 0, n = 0;
    while (m->elements[at].physical == PHYSICAL_GROUP) {
        for (at++; m->elements[at].leaf + m->elements[at].n_leaves <= leaf;)
            at = m->elements[at].next;
        path[n++] = m->elements[at].name;
    }
    return n;
}

static void put_column(struct thrift_out *o, const struct parquet_meta *m, uint32_t leaf, const struct parquet_chunk_meta *c)
{
    struct str path[PARQUET_MAX_DEPTH + 1];
    uint32_t n = path_of(m, leaf, path);
    parquet_thrift_put_struct(o, 3);
    parquet_thrift_put_i32(o, 1, m->elements[m->leaves[leaf]].physical);
    parquet_thrift_put_list(o, 2, THRIFT_I32, 2);
    parquet_thrift_varint(o->b, ENCODING_RLE << 1);
    parquet_thrift_varint(o->b, (c->dictionary ? ENCODING_RLE_DICTIONARY : ENCODING_PLAIN) << 1);
    parquet_thrift_put_list(o, 3, THRIFT_BINARY, n);
    for (uint32_t i = 0; i < n; i++)
        parquet_thrift_put_bytes(o, 0, path[i]);
    parquet_thrift_put_i32(o, 4, c->codec);
    parquet_thrift_put_i64(o, 5, c->n_values);
    parquet_thrift_put_i64(o, 6, c->uncompressed_bytes);
    parquet_thrift_put_i64(o, 7, c->compressed_bytes);
    parquet_thrift_put_i64(o, 9, c->data_offset);
    if (c->dictionary)
        parquet_thrift_put_i64(o, 11, c->dictionary_offset);
    parquet_thrift_put_struct(o, 12);
    parquet_thrift_put_i64(o, 3, c->n_nulls);
    if (c->max.p)
        parquet_thrift_put_bytes(o, 5, c->max);
    if (c->min.p)
        parquet_thrift_put_bytes(o, 6, c->min);
    parquet_thrift_put_end(o);
    parquet_thrift_put_end(o);
}

static void put_group(struct thrift_out *o, const struct parquet_meta *m, const struct parquet_group_meta *g)
{
    parquet_thrift_put_element(o);
    parquet_thrift_put_list(o, 1, THRIFT_STRUCT, m->n_leaves);
    for (uint32_t i = 0; i < m->n_leaves; i++) {
        parquet_thrift_put_element(o);
        parquet_thrift_put_i64(o, 2, 0); /* deprecated: offset of a metadata copy behind the chunk, 0 = none */
        put_column(o, m, i, &g->chunks[i]);
        parquet_thrift_put_end(o);
    }
    parquet_thrift_put_i64(o, 2, g->bytes);
    parquet_thrift_put_i64(o, 3, g->n_rows);
    parquet_thrift_put_i64(o, 5, g->offset);
    parquet_thrift_put_i64(o, 6, g->compressed_bytes);
    parquet_thrift_put_end(o);
}

void parquet_meta_write(const struct parquet_meta *m, struct buf *out)
{
    struct thrift_out o = { .b = out };
    parquet_thrift_put_i32(&o, 1, 1);
    parquet_thrift_put_list(&o, 2, THRIFT_STRUCT, m->n_elements);
    for (uint32_t i = 0; i < m->n_elements; i++)
        put_element(&o, &m->elements[i], i == 0);
    parquet_thrift_put_i64(&o, 3, m->n_rows);
    parquet_thrift_put_list(&o, 4, THRIFT_STRUCT, m->n_groups);
    for (size_t i = 0; i < m->n_groups; i++)
        put_group(&o, m, &m->groups[i]);
    parquet_thrift_put_bytes(&o, 6, m->created_by);
    parquet_thrift_put_list(&o, 7, THRIFT_STRUCT, m->n_leaves);
    for (uint32_t i = 0; i < m->n_leaves; i++) {
        parquet_thrift_put_element(&o);
        parquet_thrift_put_struct(&o, 1); /* TypeDefinedOrder */
        parquet_thrift_put_end(&o);
        parquet_thrift_put_end(&o);
    }
    buf_c(out, 0);
}

void parquet_meta_write_page(const struct parquet_page_header *h, struct buf *out)
{
    struct thrift_out o = { .b = out };
    bool dictionary = h->type == PAGE_DICTIONARY;
    parquet_thrift_put_i32(&o, 1, h->type);
    parquet_thrift_put_i32(&o, 2, h->uncompressed_bytes);
    parquet_thrift_put_i32(&o, 3, h->compressed_bytes);
    if (h->has_crc)
        parquet_thrift_put_i32(&o, 4, (int32_t)h->crc);
    parquet_thrift_put_struct(&o, dictionary ? 7 : 5);
    parquet_thrift_put_i32(&o, 1, h->n_values);
    parquet_thrift_put_i32(&o, 2, h->encoding);
    if (!dictionary) {
        parquet_thrift_put_i32(&o, 3, ENCODING_RLE);
        parquet_thrift_put_i32(&o, 4, ENCODING_RLE);
    }
    parquet_thrift_put_end(&o);
    buf_c(out, 0);
}
