/* parquet_cursor.c - one column chunk, page after page, entry after entry.
 *
 * Nothing is unpacked ahead: levels and indexes are decoded when they are asked for, so that memory is bounded by
 * PARQUET_MAX_PAGE_BYTES a page and one dictionary, whatever numbers the file claims.
 */
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/sink/parquet_codec.h"
#include "pipeline/sink/parquet_read.h"

static int broken(const struct parquet_cursor *c, const char *code, const char *what, struct err *e)
{
    return err_set(e, 0, code, STR_F ": column " STR_F ", row group %zu, near byte %llu: %s", STR_A(c->file->name), STR_A(c->el->name),
                   c->group, (unsigned long long)c->at, what);
}

static int malformed(const struct parquet_cursor *c, const char *what, struct err *e) { return broken(c, "PARQUET_MALFORMED", what, e); }

static int unsupported(const struct parquet_cursor *c, const char *kind, const char *name, struct err *e)
{
    struct arena a = ARENA_INIT;
    broken(c, "PARQUET_UNSUPPORTED", arena_f(&a, "%s %s is not supported", kind, name).p, e);
    arena_release(&a);
    return -1;
}

/* The bytes of the page, unpacked into *into when the file has them packed. */
static int unpack(struct parquet_cursor *c, struct str body, int64_t n, struct buf *into, struct str *ret, struct err *e)
{
    if (c->chunk->codec == 0) {
        *ret = body;
        return body.n == (uint64_t)n ? 0 : malformed(c, "an uncompressed page of another length than its header says", e);
    }
    if (n < 0 || n > PARQUET_MAX_PAGE_BYTES)
        return malformed(c, "a page of more than 256 MiB", e);
    buf_reset(into);
    char *at = buf_room(into, (size_t)n + 1);
    if (n && !parquet_codec_get(c->chunk->codec, body, at, (size_t)n))
        return malformed(c, "the page cannot be decompressed", e);
    into->n = (size_t)n;
    *ret = buf_str(into);
    return 0;
}

static int load_dictionary(struct parquet_cursor *c, const struct parquet_page_header *h, struct str body, struct err *e)
{
    struct str bytes;
    const char *why;
    if (c->dictionary)
        return malformed(c, "a second dictionary page", e);
    if (unpack(c, body, h->uncompressed_bytes, &c->dictionary_page, &bytes, e))
        return -1;
    /* An entry takes a bit at least, and booleans have no dictionary. */
    if ((uint64_t)h->n_values > bytes.n || (h->encoding != ENCODING_PLAIN && h->encoding != ENCODING_PLAIN_DICTIONARY))
        return malformed(c, "the dictionary page is broken", e);
    struct parquet_decoder d = { .physical = c->el->physical, .fixed_bytes = c->el->fixed_bytes };
    c->dictionary = mem_alloc(((size_t)h->n_values + 1) * sizeof *c->dictionary);
    parquet_decode_open(&d, ENCODING_PLAIN, bytes, 0, &why);
    for (c->n_dictionary = 0; c->n_dictionary < (uint32_t)h->n_values; c->n_dictionary++)
        if (!parquet_decode_next(&d, &c->dictionary[c->n_dictionary]))
            return malformed(c, "the dictionary page ends early", e);
    c->decoder.dictionary = c->dictionary;
    c->decoder.n_dictionary = c->n_dictionary;
    return 0;
}

static int cut_levels(struct parquet_cursor *c, struct str *bytes, unsigned max, int32_t encoding, struct hybrid *ret, struct err *e)
{
    uint32_t n;
    if (max == 0)
        return 0;
    if (encoding != ENCODING_RLE)
        return unsupported(c, "levels in encoding", parquet_encoding_name(encoding), e);
    if (bytes->n < 4 || (memcpy(&n, bytes->p, 4), n > bytes->n - 4))
        return malformed(c, "the page ends within its levels", e);
    parquet_hybrid_open(ret, (struct str){ bytes->p + 4, n }, parquet_hybrid_width(max));
    *bytes = str_from(*bytes, 4 + (size_t)n);
    return 0;
}

static int open_values(struct parquet_cursor *c, const struct parquet_page_header *h, struct str bytes, struct err *e)
{
    const char *why;
    if (!parquet_decode_open(&c->decoder, h->encoding, bytes, (size_t)h->n_values, &why))
        return why ? unsupported(c, "encoding", why, e) : malformed(c, "the page's values are broken", e);
    c->in_page = h->n_values;
    c->left -= h->n_values;
    return 0;
}

static int load_v1(struct parquet_cursor *c, const struct parquet_page_header *h, struct str body, struct err *e)
{
    struct str bytes;
    if (unpack(c, body, h->uncompressed_bytes, &c->page, &bytes, e) ||
        cut_levels(c, &bytes, c->el->max_rep, h->rep_encoding, &c->reps, e) ||
        cut_levels(c, &bytes, c->el->max_def, h->def_encoding, &c->defs, e))
        return -1;
    return open_values(c, h, bytes, e);
}

/* Version 2 keeps its levels uncompressed, without lengths, in front of the values. */
static int load_v2(struct parquet_cursor *c, const struct parquet_page_header *h, struct str body, struct err *e)
{
    int64_t levels = (int64_t)h->rep_bytes + h->def_bytes;
    struct str values = str_from(body, (size_t)levels);
    if (levels > (int64_t)body.n || levels > h->uncompressed_bytes)
        return malformed(c, "the page ends within its levels", e);
    parquet_hybrid_open(&c->reps, str_head(body, (size_t)h->rep_bytes), parquet_hybrid_width(c->el->max_rep));
    parquet_hybrid_open(&c->defs, str_head(str_from(body, (size_t)h->rep_bytes), (size_t)h->def_bytes), parquet_hybrid_width(c->el->max_def));
    if (h->compressed && unpack(c, values, h->uncompressed_bytes - levels, &c->page, &values, e))
        return -1;
    return open_values(c, h, values, e);
}

static int load_page(struct parquet_cursor *c, struct err *e)
{
    struct parquet_page_header h;
    struct str rest = { c->file->bytes.p + c->at, (size_t)(c->end - c->at) };
    size_t header = parquet_meta_page(rest, &h);
    if (!header || (uint64_t)h.compressed_bytes > rest.n - header)
        return malformed(c, "no page begins here", e);
    struct str body = str_head(str_from(rest, header), (size_t)h.compressed_bytes);
    c->at += header + body.n;
    if (h.has_crc && h.crc != codec_crc32(0, body))
        return malformed(c, "the page's checksum is wrong", e);
    if (h.type == PAGE_INDEX)
        return 0;
    if (h.type == PAGE_DICTIONARY)
        return load_dictionary(c, &h, body, e);
    if (h.n_values > c->left)
        return malformed(c, "the pages hold more values than the chunk", e);
    return h.type == PAGE_DATA ? load_v1(c, &h, body, e) : load_v2(c, &h, body, e);
}

int parquet_cursor_next(struct parquet_cursor *c, struct err *e)
{
    uint32_t level = 0;
    while (c->in_page == 0) {
        if (c->left == 0) {
            c->done = true;
            return 0;
        }
        if (load_page(c, e))
            return -1;
    }
    c->in_page--;
    if (c->el->max_rep && (!parquet_hybrid_next(&c->reps, &level) || level > c->el->max_rep))
        return malformed(c, "the repetition levels are broken", e);
    c->rep = level;
    level = 0;
    if (c->el->max_def && (!parquet_hybrid_next(&c->defs, &level) || level > c->el->max_def))
        return malformed(c, "the definition levels are broken", e);
    c->def = level;
    if (c->def == c->el->max_def && !parquet_decode_next(&c->decoder, &c->cell))
        return malformed(c, "a value is missing or names no dictionary entry", e);
    return 0;
}

int parquet_cursor_open(struct parquet_cursor *c, const struct parquet_file *f, size_t group, uint32_t leaf, struct err *e)
{
    const struct parquet_chunk_meta *chunk = &f->meta.groups[group].chunks[leaf];
    const struct parquet_element *el = &f->meta.elements[f->meta.leaves[leaf]];
    *c = (struct parquet_cursor){ .file = f, .group = group, .el = el, .chunk = chunk, .left = chunk->n_values };
    bool dictionary = chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    c->at = (uint64_t)(dictionary ? chunk->dictionary_offset : chunk->data_offset);
    c->end = f->bytes.n;
    c->decoder.physical = el->physical;
    c->decoder.fixed_bytes = el->fixed_bytes;
    if (!parquet_codec_is_known(chunk->codec))
        return unsupported(c, "codec", parquet_codec_name(chunk->codec), e);
    if (c->at < 4 && c->left)
        return malformed(c, "the chunk lies outside of the file", e);
    if (c->at > c->end || (el->physical == PHYSICAL_FIXED && el->fixed_bytes < 0))
        return malformed(c, "the chunk lies outside of the file", e);
    return parquet_cursor_next(c, e);
}

void parquet_cursor_release(struct parquet_cursor *c)
{
    parquet_decode_release(&c->decoder);
    buf_release(&c->page);
    buf_release(&c->dictionary_page);
    free(c->dictionary);
    c->dictionary = NULL;
}
