/* rds.c - the database: made at the first question, from the seed or from the user's files, in one transaction.
 *
 *   rds_uri / rds_report -> filled() once -> open_database -> fill_synthetic | fill_loaded -> index_keys
 *
 * The connection held here keeps a database in memory alive for all others that open its URI (memory.h).
 * What a file was filled with is told by its application_id and user_version, set in the same transaction.
 */
#include "mocks/rds/rds.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "mocks/rds/load.h"
#include "mocks/rds/memory.h"
#include "mocks/rds/synth.h"

enum { APPLICATION_ID = 0x77656972 }; /* "weir" */

struct rds {
    struct rds_options options;
    char *tables_dir, *data_dir, *uri;
    struct memory *memory; /* without data_dir */
    sqlite3 *db;
    pthread_mutex_t lock; /* guards db and what follows */
    bool tried;
    int result;
    struct err failure;
    struct load_result loaded;
};

static char *copied(const char *z) { return z ? mem_dup(str_of(z)) : NULL; }

struct rds *rds_open(const struct rds_options *options)
{
    struct rds *rds = mem_zero(sizeof *rds);
    rds->tables_dir = copied(options->tables_dir);
    rds->data_dir = copied(options->data_dir);
    rds->options = *options;
    rds->options.tables_dir = rds->tables_dir, rds->options.data_dir = rds->data_dir;
    pthread_mutex_init(&rds->lock, NULL);
    return rds;
}

void rds_close(struct rds *rds)
{
    if (!rds)
        return;
    sqlite3_close(rds->db);
    memory_close(rds->memory);
    load_result_release(&rds->loaded);
    pthread_mutex_destroy(&rds->lock);
    free(rds->tables_dir);
    free(rds->data_dir);
    free(rds->uri);
    free(rds);
}

static int storage(struct rds *rds, struct err *e, const char *doing)
{
    return err_set(e, 0, "RDS_STORAGE", "%s in %s: %s", doing, rds->uri, rds->db ? sqlite3_errmsg(rds->db) : "no memory");
}

static int run(struct rds *rds, const char *sql, struct err *e)
{
    if (sqlite3_exec(rds->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return 0;
    return storage(rds, e, sql);
}

static bool plain_in_uri(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("/-_.~", c);
}

static char *make_uri(const struct rds *rds)
{
    struct buf b = BUF_INIT;
    size_t n;
    if (rds->data_dir) {
        buf_z(&b, "file:");
        for (const char *p = rds->data_dir; *p; p++)
            if (p[0] == '/' && p[1] == '/')
                continue; /* "file://" would begin a host */
            else if (plain_in_uri((unsigned char)*p))
                buf_c(&b, *p);
            else
                buf_f(&b, "%%%02X", (unsigned)(unsigned char)*p);
        buf_z(&b, "/rds.sqlite");
    } else {
        /* A database of the same name may outlive its rds in a connection left open: the VFS's own name tells them apart. */
        buf_f(&b, "file:/%s?vfs=%s", memory_vfs(rds->memory), memory_vfs(rds->memory));
    }
    buf_cstr(&b);
    return buf_take(&b, &n);
}

static int open_database(struct rds *rds, struct err *e)
{
    if (!rds->data_dir && !(rds->memory = memory_open()))
        return err_set(e, 0, "RDS_STORAGE", "this SQLite cannot keep a database in memory (it has no memdb VFS); name a data directory");
    rds->uri = make_uri(rds);
    if (rds->data_dir && access(rds->data_dir, W_OK))
        return err_set(e, 0, "RDS_STORAGE", "cannot write to the data directory %s; make it, or name another", rds->data_dir);
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(rds->uri, &rds->db, flags, NULL))
        return storage(rds, e, "cannot open the database");
    sqlite3_busy_timeout(rds->db, 5000);
    if (rds->data_dir)
        return run(rds, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=0", e);
    return run(rds, "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA secure_delete=0", e);
}

static int64_t ask(struct rds *rds, const char *sql, int64_t otherwise)
{
    sqlite3_stmt *s = NULL;
    int64_t answer = otherwise;
    if (sqlite3_prepare_v2(rds->db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        answer = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return answer;
}

/* Of the seed, and of the generator: raise the number when the same seed makes other rows. */
static int32_t mark_of(const struct rds *rds)
{
    char text[64];
    int n = snprintf(text, sizeof text, "synth 2 seed %llu", (unsigned long long)rds->options.seed);
    return (int32_t)(str_hash((struct str){ text, (size_t)n }) & 0x3fffffff) + 1;
}

static bool already_filled(struct rds *rds)
{
    return rds->data_dir && !rds->tables_dir && ask(rds, "PRAGMA application_id", 0) == APPLICATION_ID &&
           ask(rds, "PRAGMA user_version", 0) == mark_of(rds);
}

/* rowid = key, so that the order of the table is the order of the keys whatever order the rows come in. */
struct filling {
    struct rds *rds;
    sqlite3_stmt *insert;
    size_t n_columns, key;
};

static void add_name(struct buf *sql, struct str name)
{
    buf_c(sql, '"');
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] == '"')
            buf_c(sql, '"');
        buf_c(sql, name.p[i]);
    }
    buf_c(sql, '"');
}

static int begin_table(struct filling *f, const struct schema_table *t, const struct load_columns *columns, struct err *e)
{
    struct buf sql = BUF_INIT;
    buf_f(&sql, "CREATE TABLE %s (", t->name);
    for (size_t i = 0; i < columns->n; i++) {
        buf_z(&sql, i ? ", " : "");
        add_name(&sql, columns->at[i].name);
        const char *type = columns->at[i].known ? columns->at[i].known->declared : "TEXT";
        buf_f(&sql, strcmp(type, "TEXT") ? " %s" : " %s COLLATE NOCASE", type); /* as utf8mb4_0900_ai_ci compares */
    }
    buf_z(&sql, ")");
    int result = run(f->rds, buf_cstr(&sql), e);
    buf_reset(&sql);
    buf_f(&sql, "INSERT INTO %s (rowid", t->name);
    for (size_t i = 0; i < columns->n; i++) {
        buf_z(&sql, ", ");
        add_name(&sql, columns->at[i].name);
    }
    buf_f(&sql, ") VALUES (?%zu", columns->key + 1);
    for (size_t i = 0; i < columns->n; i++)
        buf_f(&sql, ", ?%zu", i + 1);
    buf_z(&sql, ")");
    sqlite3_finalize(f->insert);
    f->insert = NULL;
    f->n_columns = columns->n, f->key = columns->key;
    if (result == 0 && sqlite3_prepare_v2(f->rds->db, buf_cstr(&sql), -1, &f->insert, NULL))
        result = storage(f->rds, e, "cannot prepare the rows");
    buf_release(&sql);
    return result;
}

static void bind_text(sqlite3_stmt *s, int at, struct str v)
{
    sqlite3_bind_text64(s, at, v.p ? v.p : "", v.n, SQLITE_STATIC, SQLITE_UTF8);
}

/* 0: inserted. 1: the key is there. -1: *e. */
static int insert(struct filling *f, struct err *e)
{
    int code = sqlite3_step(f->insert);
    sqlite3_reset(f->insert);
    if (code == SQLITE_DONE)
        return 0;
    return code == SQLITE_CONSTRAINT ? 1 : storage(f->rds, e, "cannot insert a row");
}

static int sink_columns(void *ctx, const struct schema_table *t, const struct load_columns *columns, struct err *e)
{
    return begin_table(ctx, t, columns, e);
}

static int sink_row(void *ctx, const struct load_value *values, struct err *e)
{
    struct filling *f = ctx;
    for (size_t i = 0; i < f->n_columns; i++) {
        const struct load_value *v = &values[i];
        int at = (int)i + 1;
        switch (v->kind) {
        case LOAD_NULL: sqlite3_bind_null(f->insert, at); break;
        case LOAD_INTEGER: sqlite3_bind_int64(f->insert, at, v->integer); break;
        case LOAD_FLOAT: sqlite3_bind_double(f->insert, at, v->real); break;
        case LOAD_TEXT: bind_text(f->insert, at, v->text); break;
        }
    }
    return insert(f, e);
}

static void bind_pin(sqlite3_stmt *s, const struct synth_pin *p)
{
    const struct str before[] = { p->unique_id, p->title, p->description, p->poster_name, p->follower_count,
                                  p->tag_list, p->is_image_or_video, p->image_src };
    sqlite3_bind_int64(s, 1, p->index);
    for (int i = 0; i < 8; i++)
        bind_text(s, i + 2, before[i]);
    sqlite3_bind_int64(s, 10, p->downloaded);
    bind_text(s, 11, p->save_location);
    bind_text(s, 12, p->category);
}

static void bind_geo(sqlite3_stmt *s, const struct synth_geo *g)
{
    sqlite3_bind_int64(s, 1, g->ind);
    bind_text(s, 2, g->timestamp);
    sqlite3_bind_double(s, 3, g->latitude);
    sqlite3_bind_double(s, 4, g->longitude);
    bind_text(s, 5, g->country);
}

static void bind_user(sqlite3_stmt *s, const struct synth_user *u)
{
    sqlite3_bind_int64(s, 1, u->ind);
    bind_text(s, 2, u->first_name);
    bind_text(s, 3, u->last_name);
    sqlite3_bind_int64(s, 4, u->age);
    bind_text(s, 5, u->date_joined);
}

static void bind_synthetic(struct filling *f, const struct synth *s, size_t table, int64_t n, struct arena *a)
{
    union {
        struct synth_pin pin;
        struct synth_geo geo;
        struct synth_user user;
    } row;
    switch (table) {
    case SCHEMA_PIN: synth_pin(s, n, a, &row.pin), bind_pin(f->insert, &row.pin); break;
    case SCHEMA_GEO: synth_geo(s, n, a, &row.geo), bind_geo(f->insert, &row.geo); break;
    case SCHEMA_USER: synth_user(s, n, a, &row.user), bind_user(f->insert, &row.user); break;
    }
}

static int fill_synthetic(struct filling *f, struct err *e)
{
    struct synth s;
    struct arena a = ARENA_INIT;
    int result = 0;
    synth_init(&s, f->rds->options.seed);
    for (size_t t = 0; t < SCHEMA_TABLES && result == 0; t++) {
        const struct schema_table *table = &schema_tables[t];
        struct load_columns columns = { .n = table->n_columns };
        for (size_t c = 0; c < table->n_columns; c++)
            columns.at[c].name = str_of(table->columns[c].name), columns.at[c].known = &table->columns[c];
        result = begin_table(f, table, &columns, e);
        for (int64_t n = 0; n < SYNTH_ROWS && result == 0; n++) {
            bind_synthetic(f, &s, t, n, &a);
            result = insert(f, e);
            arena_reset(&a);
        }
    }
    arena_release(&a);
    return result;
}

static int fill_tables(struct rds *rds, struct err *e)
{
    struct filling f = { .rds = rds };
    struct load_sink sink = { .ctx = &f, .columns = sink_columns, .row = sink_row };
    int result = rds->tables_dir ? load_tables(rds->tables_dir, rds->options.skip_broken, &sink, &rds->loaded, e)
                                 : fill_synthetic(&f, e);
    sqlite3_finalize(f.insert);
    return result;
}

/* Rows are asked for by key, and SQLite finds them by rowid only without an index. */
static int index_keys(struct rds *rds, struct err *e)
{
    char sql[160];
    for (size_t t = 0; t < SCHEMA_TABLES; t++) {
        const char *name = schema_tables[t].name, *key = schema_tables[t].columns[0].name;
        snprintf(sql, sizeof sql, "CREATE UNIQUE INDEX %s_key ON %s (\"%s\")", name, name, key);
        if (run(rds, sql, e))
            return -1;
    }
    return 0;
}

static int write_mark(struct rds *rds, struct err *e)
{
    char sql[96];
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d; PRAGMA user_version=%d", APPLICATION_ID,
             rds->tables_dir ? 0 : mark_of(rds));
    return run(rds, sql, e);
}

static int drop_tables(struct rds *rds, struct err *e)
{
    char sql[96];
    for (size_t t = 0; t < SCHEMA_TABLES; t++) {
        snprintf(sql, sizeof sql, "DROP TABLE IF EXISTS %s", schema_tables[t].name);
        if (run(rds, sql, e))
            return -1;
    }
    return 0;
}

static int fill(struct rds *rds, struct err *e)
{
    struct err ignored;
    if (open_database(rds, e))
        return -1;
    if (already_filled(rds))
        return 0;
    if (ask(rds, "PRAGMA application_id", 0) != APPLICATION_ID && ask(rds, "SELECT count(*) FROM sqlite_schema", 1) > 0)
        return err_set(e, 0, "RDS_STORAGE", "%s/rds.sqlite was not made by weirbox; name another data directory", rds->data_dir);
    if (run(rds, "BEGIN IMMEDIATE", e))
        return -1;
    if (drop_tables(rds, e) || fill_tables(rds, e) || index_keys(rds, e) || write_mark(rds, e) || run(rds, "COMMIT", e)) {
        run(rds, "ROLLBACK", &ignored);
        return -1;
    }
    return 0;
}

static int filled(struct rds *rds, struct err *e)
{
    pthread_mutex_lock(&rds->lock);
    if (!rds->tried)
        rds->result = fill(rds, &rds->failure);
    rds->tried = true;
    pthread_mutex_unlock(&rds->lock);
    if (rds->result)
        *e = rds->failure;
    return rds->result;
}

const char *rds_uri(struct rds *rds, struct err *e) { return filled(rds, e) ? NULL : rds->uri; }

/* The keys of one table, ascending: from its index alone. */
struct keys {
    sqlite3_stmt *s;
    bool more;
    int64_t at;
};

static void next_key(struct keys *k)
{
    k->more = sqlite3_step(k->s) == SQLITE_ROW;
    if (k->more)
        k->at = sqlite3_column_int64(k->s, 0);
}

static int open_keys(struct rds *rds, size_t t, struct keys *ret, struct err *e)
{
    char sql[96];
    const char *key = schema_tables[t].columns[0].name;
    snprintf(sql, sizeof sql, "SELECT \"%s\" FROM %s ORDER BY 1", key, schema_tables[t].name);
    *ret = (struct keys){ 0 };
    if (sqlite3_prepare_v2(rds->db, sql, -1, &ret->s, NULL))
        return storage(rds, e, "cannot read the keys");
    next_key(ret);
    return 0;
}

/* The smallest key at hand; false when all tables are through. */
static bool smallest(const struct keys *keys, int64_t *ret)
{
    bool any = false;
    for (size_t t = 0; t < SCHEMA_TABLES; t++)
        if (keys[t].more && (!any || keys[t].at < *ret))
            any = true, *ret = keys[t].at;
    return any;
}

static void compare_tables(struct keys *keys, struct rds_report *r)
{
    int64_t key = 0;
    while (smallest(keys, &key)) {
        size_t in = 0;
        r->indices++;
        for (size_t t = 0; t < SCHEMA_TABLES; t++) {
            if (keys[t].more && keys[t].at == key) {
                in++, r->tables[t].rows++;
                next_key(&keys[t]);
            } else if (r->tables[t].missing++ < RDS_REPORT_FIRST) {
                r->tables[t].first_missing[r->tables[t].n_first_missing++] = key;
            }
        }
        r->complete += in == SCHEMA_TABLES;
    }
}

int rds_report(struct rds *rds, struct rds_report *ret, struct err *e)
{
    struct rds_report r = { 0 };
    struct keys keys[SCHEMA_TABLES] = { 0 };
    int result = filled(rds, e);
    if (result)
        return -1;
    pthread_mutex_lock(&rds->lock);
    for (size_t t = 0; t < SCHEMA_TABLES && result == 0; t++)
        result = open_keys(rds, t, &keys[t], e);
    if (result == 0)
        compare_tables(keys, &r);
    for (size_t t = 0; t < SCHEMA_TABLES; t++) {
        sqlite3_finalize(keys[t].s);
        r.tables[t].broken = rds->loaded.n_broken[t];
        r.tables[t].file = rds->loaded.file[t];
    }
    for (; r.n_broken < rds->loaded.broken.n_first; r.n_broken++)
        r.broken[r.n_broken] = rds->loaded.broken.first[r.n_broken];
    pthread_mutex_unlock(&rds->lock);
    if (result == 0)
        *ret = r;
    return result;
}
