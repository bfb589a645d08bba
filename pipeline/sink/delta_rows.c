/* delta_rows.c - the rows of a snapshot, file after file, with the columns that only the log knows (partitions). */
#include <math.h>
#include <stdlib.h>

#include "base/codec.h"
#include "pipeline/clean/timestamp.h"
#include "pipeline/sink/delta_log.h"

struct scan {
    struct delta_table *t;
    const struct delta_snapshot *s;
    struct timestamp_format *formats[2];
    struct arena formats_arena, file_arena;
    struct err *e;
};

/* ---- partition values ---- */

static bool put_timestamp(struct scan *sc, struct buf *out, const struct parquet_field *f, struct str text)
{
    int64_t us;
    if (!(sc->formats[0] && timestamp_read(sc->formats[0], text, &us)) && !(sc->formats[1] && timestamp_read(sc->formats[1], text, &us)))
        return false;
    buf_c(out, '"');
    table_put_timestamp(out, us);
    if (f->kind == PARQUET_TIMESTAMP_NTZ && out->p[out->n - 1] == 'Z')
        out->n--;
    buf_c(out, '"');
    return true;
}

static bool put_number(struct buf *out, const struct parquet_field *f, struct str text)
{
    int64_t i;
    double d;
    if (f->kind == PARQUET_INT || f->kind == PARQUET_LONG)
        return str_to_i64(text, &i) ? buf_i64(out, i), true : false;
    if (f->kind == PARQUET_DECIMAL)
        return str_to_double(text, &d) ? buf_str_add(out, text), true : false;
    if (str_is(text, "NaN") || str_is(text, "Infinity") || str_is(text, "-Infinity"))
        return buf_z(out, "null"), true;
    return str_to_double(text, &d) ? json_put_double(out, d), true : false;
}

/* PROTOCOL.md, "Partition Value Serialization". */
static bool put_constant(struct scan *sc, struct buf *out, const struct parquet_field *f, struct str text)
{
    switch (f->kind) {
    case PARQUET_STRING:
    case PARQUET_DATE: json_put_text(out, text); return true;
    case PARQUET_BINARY:
        buf_c(out, '"');
        codec_base64(out, text);
        buf_c(out, '"');
        return true;
    case PARQUET_BOOLEAN: buf_str_add(out, text); return str_is(text, "true") || str_is(text, "false");
    case PARQUET_TIMESTAMP:
    case PARQUET_TIMESTAMP_NTZ: return put_timestamp(sc, out, f, text);
    case PARQUET_STRUCT:
    case PARQUET_LIST:
    case PARQUET_MAP: return false;
    default: return put_number(out, f, text);
    }
}

static bool is_partition(const struct delta_snapshot *s, struct str name, struct arena *a)
{
    struct json_reader r;
    struct json v;
    json_open(&r, s->partition_columns.n ? s->partition_columns : S("[]"));
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1 && json_read(&r, &v) == 0)
        if (v.type == JSON_STRING && str_eq(json_text(v, a), name))
            return true;
    return false;
}

static struct str partition_value(const struct delta_file *f, struct str name, struct arena *a)
{
    struct json_reader r;
    struct json v;
    struct str key;
    json_open(&r, f->partitions.n ? f->partitions : S("{}"));
    json_enter(&r, JSON_OBJECT);
    while (json_member(&r, &key) == 1 && json_read(&r, &v) == 0) {
        struct json k = { .type = JSON_STRING, .raw = key, .escaped = str_chr(key, '\\') != STR_NONE };
        if (str_eq(json_text(k, a), name) && v.type == JSON_STRING)
            return json_text(v, a);
    }
    return S("");
}

/* The table's columns as this file has them: partition columns are constants. */
static struct parquet_field *columns_of(struct scan *sc, const struct delta_file *f)
{
    const struct delta_snapshot *s = sc->s;
    struct arena *a = &sc->file_arena;
    struct parquet_field *fields = ARENA_ARRAY(a, struct parquet_field, s->n_fields + 1);
    for (size_t i = 0; i < s->n_fields; i++) {
        fields[i] = s->fields[i];
        if (!is_partition(s, fields[i].name, a))
            continue;
        struct str value = partition_value(f, fields[i].physical.n ? fields[i].physical : fields[i].name, a);
        struct buf text = BUF_INIT;
        if (!value.n)
            buf_z(&text, "null");
        else if (!put_constant(sc, &text, &fields[i], value)) {
            buf_release(&text);
            err_set(sc->e, 0, "DELTA_MALFORMED", STR_F ": partition value '" STR_F "' of column " STR_F " is no %s", STR_A(f->path),
                    STR_A(str_head(value, 60)), STR_A(fields[i].name), parquet_kind_name(fields[i].kind));
            return NULL;
        }
        fields[i].constant = arena_dup(a, buf_str(&text));
        buf_release(&text);
    }
    return fields;
}

/* ---- files ---- */

static int fetch(struct scan *sc, const struct delta_file *f, struct buf *bytes)
{
    struct delta_store *store = sc->t->options.store;
    int result = store->ops->get(store, f->path, bytes, sc->e);
    if (result != 1)
        return result;
    return err_set(sc->e, 0, "DELTA_FILE_MISSING", STR_F "/" STR_F " is in version %lld of the table and not in the store; a vacuum may have deleted it",
                   STR_A(store->root), STR_A(f->path), (long long)sc->s->version);
}

static bool is_deleted(const struct delta_vector *v, uint64_t row) { return v->bits && v->bits[row >> 3] >> (row & 7) & 1; }

/* 1: stopped by the caller. */
static int scan_file(struct scan *sc, const struct delta_file *f, bool (*each)(void *arg, struct str row), void *arg)
{
    struct buf bytes = BUF_INIT, row = BUF_INIT;
    struct parquet_field *fields = columns_of(sc, f);
    int result = fields ? fetch(sc, f, &bytes) : -1;
    struct parquet_file *file = result == 0 ? parquet_open(buf_str(&bytes), f->path, sc->e) : NULL;
    struct delta_vector deleted = { 0 };
    bool ready = file && (!f->vector.storage.n || delta_vector_read(sc->t->options.store, f, parquet_rows(file), &deleted, sc->e) == 0);
    struct parquet_reader *r = ready ? parquet_reader_open(file, fields, sc->s->n_fields, sc->e) : NULL;
    bool more = true;
    result = -1;
    for (uint64_t i = 0; r && more && (result = parquet_reader_next(r, &row, sc->e)) == 1; i++) {
        more = is_deleted(&deleted, i) || each(arg, buf_str(&row));
        buf_reset(&row);
    }
    delta_vector_release(&deleted);
    parquet_reader_close(r);
    parquet_close(file);
    buf_release(&bytes);
    buf_release(&row);
    return more ? result : 1;
}

int delta_rows(struct delta_table *t, const struct delta_snapshot *s, bool (*each)(void *arg, struct str row), void *arg, struct err *e)
{
    struct scan sc = { .t = t, .s = s, .e = e };
    const char *why;
    const struct delta_file *f;
    int result = 0;
    sc.formats[0] = timestamp_compile(&sc.formats_arena, S("yyyy-MM-dd HH:mm:ss[.S]"), &why);
    sc.formats[1] = timestamp_compile(&sc.formats_arena, S("yyyy-MM-dd'T'HH:mm:ss[.S]X"), &why);
    for (size_t i = 0; result == 0 && (f = delta_snapshot_file(s, &i));) {
        result = scan_file(&sc, f, each, arg);
        arena_reset(&sc.file_arena);
    }
    arena_release(&sc.formats_arena);
    arena_release(&sc.file_arena);
    return result < 0 ? -1 : 0;
}
