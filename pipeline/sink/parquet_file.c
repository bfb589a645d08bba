/* parquet_file.c - opening a file and looking at its shape. */
#include <stdlib.h>

#include "pipeline/sink/parquet_codec.h"
#include "pipeline/sink/parquet_read.h"

static int footer_of(struct str bytes, struct str name, struct str *ret, struct err *e)
{
    uint32_t n;
    if (bytes.n >= 12 && memcmp(bytes.p + bytes.n - 4, "PARE", 4) == 0)
        return err_set(e, 0, "PARQUET_UNSUPPORTED", STR_F ": encryption: not supported", STR_A(name));
    if (bytes.n < 12 || memcmp(bytes.p, "PAR1", 4) || memcmp(bytes.p + bytes.n - 4, "PAR1", 4))
        return err_set(e, 0, "PARQUET_MALFORMED", STR_F ": %zu bytes that do not begin and end with PAR1", STR_A(name), bytes.n);
    memcpy(&n, bytes.p + bytes.n - 8, 4);
    if (n > bytes.n - 12 || n > PARQUET_MAX_FOOTER_BYTES)
        return err_set(e, 0, "PARQUET_MALFORMED", STR_F ": a footer of %u bytes in a file of %zu", STR_A(name), n, bytes.n);
    *ret = (struct str){ bytes.p + bytes.n - 8 - n, n };
    return 0;
}

struct parquet_file *parquet_open(struct str bytes, struct str name, struct err *e)
{
    struct parquet_file *f = mem_zero(sizeof *f);
    struct str footer;
    f->bytes = bytes;
    f->name = arena_dup(&f->arena, name);
    if (footer_of(bytes, name, &footer, e) || parquet_meta_read(footer, f->name, &f->arena, &f->meta, e)) {
        parquet_close(f);
        return NULL;
    }
    f->bytes.n = (size_t)(footer.p - bytes.p); /* pages end where the footer begins */
    f->fields = parquet_schema_fields(&f->meta, &f->arena, &f->n_fields);
    return f;
}

void parquet_close(struct parquet_file *f)
{
    if (!f)
        return;
    arena_release(&f->arena);
    free(f);
}

uint64_t parquet_rows(const struct parquet_file *f) { return (uint64_t)f->meta.n_rows; }
size_t parquet_row_groups(const struct parquet_file *f) { return f->meta.n_groups; }
size_t parquet_leaves(const struct parquet_file *f) { return f->meta.n_leaves; }

const struct parquet_field *parquet_fields(const struct parquet_file *f, size_t *ret_n)
{
    *ret_n = f->n_fields;
    return f->fields;
}

static struct str path_of(const struct parquet_file *f, size_t leaf)
{
    struct arena *a = &((struct parquet_file *)(uintptr_t)f)->arena; /* paths are made when asked for */
    struct str path = S("");
    for (uint32_t at = 0; f->meta.elements[at].physical == PHYSICAL_GROUP;) {
        for (at++; f->meta.elements[at].leaf + f->meta.elements[at].n_leaves <= leaf;)
            at = f->meta.elements[at].next;
        path = arena_f(a, STR_F "%s" STR_F, STR_A(path), path.n ? "." : "", STR_A(f->meta.elements[at].name));
    }
    return path;
}

struct parquet_chunk parquet_chunk(const struct parquet_file *f, size_t row_group, size_t leaf)
{
    const struct parquet_chunk_meta *m = &f->meta.groups[row_group].chunks[leaf];
    return (struct parquet_chunk){
        .path = path_of(f, leaf), .codec = parquet_codec_name(m->codec), .values = m->n_values, .compressed_bytes = m->compressed_bytes,
        .uncompressed_bytes = m->uncompressed_bytes, .nulls = m->n_nulls, .min = m->min, .max = m->max, .dictionary = m->dictionary,
    };
}
