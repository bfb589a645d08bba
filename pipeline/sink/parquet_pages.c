/* parquet_pages.c - one column chunk: dictionary page, data pages of version 1, their checksums.
 *
 * A data page is [u32 n, repetition levels][u32 n, definition levels][values], compressed as a whole. It begins with
 * a row.
 */
#include "base/codec.h"
#include "pipeline/sink/parquet_hybrid.h"
#include "pipeline/sink/parquet_write.h"

enum { PAGE_BYTES = 1 << 20, DEFAULT_PAGE_ROWS = 20000 };

struct chunk_writer {
    struct parquet_writer *w;
    const struct parquet_element *el;
    const struct parquet_values *v;
    const struct parquet_dictionary *dictionary; /* NULL: PLAIN */
    struct parquet_chunk_meta *meta;
};

static int put_page(struct chunk_writer *c, enum parquet_page type, size_t n_values, int32_t encoding, struct err *e)
{
    struct parquet_writer *w = c->w;
    struct str bytes = buf_str(&w->page);
    buf_reset(&w->packed);
    if (bytes.n > PARQUET_MAX_PAGE_BYTES)
        return err_set(e, 0, "PARQUET_TOO_LARGE", "column " STR_F ": a page of %zu bytes; a page may have %d", STR_A(c->el->name), bytes.n, PARQUET_MAX_PAGE_BYTES);
    if (!parquet_codec_put(w->compressor, bytes, &w->packed))
        return err_set(e, 0, "PARQUET_COMPRESS", "column " STR_F ": %s does not compress %zu bytes", STR_A(c->el->name),
                       parquet_codec_name(c->meta->codec), bytes.n);
    struct parquet_page_header h = {
        .type = type, .uncompressed_bytes = (int32_t)bytes.n, .compressed_bytes = (int32_t)w->packed.n,
        .n_values = (int32_t)n_values, .encoding = encoding, .has_crc = true, .crc = codec_crc32(0, buf_str(&w->packed)),
    };
    size_t before = w->out->n;
    parquet_meta_write_page(&h, w->out);
    size_t header = w->out->n - before;
    buf_str_add(w->out, buf_str(&w->packed));
    c->meta->uncompressed_bytes += (int64_t)(header + bytes.n);
    c->meta->compressed_bytes += (int64_t)(header + w->packed.n);
    return w->out->full ? err_set(e, 0, "PARQUET_TOO_LARGE", "the file passes the ceiling of %zu bytes", w->out->max) : 0;
}

/* ---- values ---- */

static void put_bits(struct buf *out, const uint8_t *bits, size_t n)
{
    for (size_t i = 0; i < n; i += 8) {
        unsigned byte = 0;
        for (size_t j = 0; j < 8 && i + j < n; j++)
            byte |= (unsigned)(bits[i + j] != 0) << j;
        buf_c(out, (char)byte);
    }
}

static inline struct str text_at(const struct parquet_values *v, size_t i)
{
    return v->code ? v->texts[v->code[i]] : v->v.text[i];
}

static void put_texts(struct buf *out, const struct parquet_values *v, size_t from, size_t n)
{
    size_t bytes = 0;
    for (size_t i = from; i < from + n; i++)
        bytes += text_at(v, i).n + 4;
    char *at = bytes ? buf_room(out, bytes) : NULL;
    if (!at)
        return;
    for (size_t i = from; i < from + n; i++) {
        struct str s = text_at(v, i);
        uint32_t length = (uint32_t)s.n; /* little-endian, as the machines this runs on */
        memcpy(at, &length, 4);
        if (s.n)
            memcpy(at + 4, s.p, s.n);
        at += 4 + s.n;
    }
    out->n += bytes;
}

static void put_plain(struct buf *out, const struct parquet_element *el, const struct parquet_values *v, size_t from, size_t n)
{
    switch (el->physical) {
    case PHYSICAL_BOOLEAN: put_bits(out, v->v.bits + from, n); break;
    case PHYSICAL_INT32: buf_add(out, v->v.i32 + from, n * 4); break;
    case PHYSICAL_INT64:
    case PHYSICAL_DOUBLE: buf_add(out, v->v.i64 + from, n * 8); break;
    default: put_texts(out, v, from, n);
    }
}

/* ---- pages ---- */

static void put_levels(struct buf *out, const uint8_t *levels, size_t from, size_t n, unsigned max)
{
    if (max == 0)
        return;
    size_t at = out->n;
    unsigned width = parquet_hybrid_width(max);
    buf_add(out, "\0\0\0\0", 4);
    if (levels)
        parquet_hybrid_put_levels(out, levels + from, n, width);
    else
        parquet_hybrid_put_run(out, max, n, width);
    if (!out->full) {
        uint32_t length = (uint32_t)(out->n - at - 4);
        memcpy(out->p + at, &length, 4);
    }
}

static size_t bytes_of(const struct chunk_writer *c, size_t value)
{
    return c->dictionary ? 4 : c->el->physical == PHYSICAL_BYTES ? text_at(c->v, value).n + 4 : 8;
}

/* The levels of the page that begins at `from`, and its values. */
static size_t page_end(const struct chunk_writer *c, size_t from, size_t value, size_t *ret_values)
{
    const struct parquet_values *v = c->v;
    size_t most = c->w->options.page_rows ? c->w->options.page_rows : DEFAULT_PAGE_ROWS;
    size_t end = from, first = value, bytes = 0;
    for (; end < v->n_levels; end++) {
        bool row = !v->rep || v->rep[end] == 0;
        if (row && end > from && (end - from >= most || bytes >= PAGE_BYTES))
            break;
        if (!v->def || v->def[end] == c->el->max_def) {
            bytes += bytes_of(c, value);
            value++;
        }
    }
    *ret_values = value - first;
    return end;
}

static int put_data_page(struct chunk_writer *c, size_t from, size_t n, size_t value, size_t n_values, struct err *e)
{
    struct buf *page = &c->w->page;
    buf_reset(page);
    put_levels(page, c->v->rep, from, n, c->el->max_rep);
    put_levels(page, c->v->def, from, n, c->el->max_def);
    if (c->dictionary) {
        unsigned width = parquet_hybrid_width((uint32_t)c->dictionary->distinct.n - 1);
        buf_c(page, (char)width);
        parquet_hybrid_put(page, c->dictionary->index + value, n_values, width);
    } else {
        put_plain(page, c->el, c->v, value, n_values);
    }
    return put_page(c, PAGE_DATA, n, c->dictionary ? ENCODING_RLE_DICTIONARY : ENCODING_PLAIN, e);
}

static int put_dictionary_page(struct chunk_writer *c, struct err *e)
{
    const struct parquet_values *d = &c->dictionary->distinct;
    buf_reset(&c->w->page);
    put_plain(&c->w->page, c->el, d, 0, d->n);
    c->meta->dictionary = true;
    c->meta->dictionary_offset = (int64_t)(c->w->drained + c->w->out->n);
    return put_page(c, PAGE_DICTIONARY, d->n, ENCODING_PLAIN, e);
}

static int put_pages(struct chunk_writer *c, struct err *e)
{
    if (c->dictionary && put_dictionary_page(c, e))
        return -1;
    c->meta->data_offset = (int64_t)(c->w->drained + c->w->out->n);
    for (size_t from = 0, value = 0; from < c->v->n_levels;) {
        size_t n_values, end = page_end(c, from, value, &n_values);
        if (put_data_page(c, from, end - from, value, n_values, e))
            return -1;
        from = end;
        value += n_values;
    }
    return 0;
}

int parquet_pages_put(struct parquet_writer *w, const struct parquet_element *el, const struct parquet_values *v,
                      struct parquet_chunk_meta *ret, struct err *e)
{
    struct parquet_dictionary d;
    struct chunk_writer c = { .w = w, .el = el, .v = v, .meta = ret };
    bool dictionary = !w->options.no_dictionary && parquet_dictionary_open(el, v, &d);
    *ret = (struct parquet_chunk_meta){
        .codec = parquet_codec_number(w->options.codec), .n_values = (int64_t)v->n_levels, .n_nulls = (int64_t)(v->n_levels - v->n),
    };
    c.dictionary = dictionary ? &d : NULL;
    if (dictionary || !v->code)
        parquet_statistics(el, dictionary ? &d.distinct : v, &w->arena, ret);
    int result = put_pages(&c, e);
    if (dictionary)
        parquet_dictionary_release(&d);
    return result;
}
