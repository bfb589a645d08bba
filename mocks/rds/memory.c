/* memory.c - the VFS: bytes by memdb, locks by the table below.
 *
 *   wanted       granted unless
 *   SHARED       a writer waits for the file alone, or has it
 *   RESERVED     another connection has it
 *   EXCLUSIVE    another has RESERVED; or readers are left: then it is PENDING, and new readers wait
 */
#include "mocks/rds/memory.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/err.h"

struct memory_file {
    sqlite3_file file; /* first: SQLite sees this part */
    struct memory *memory;
    int level;
    sqlite3_file real; /* memdb's, of its own size */
};

struct memory {
    sqlite3_vfs vfs;
    sqlite3_vfs *memdb, *disk; /* disk: for what SQLite spills from sorting, which has no bound */
    pthread_mutex_t lock;
    int n_shared;
    struct memory_file *writer; /* has RESERVED or more */
    bool pending;               /* … and waits for, or has, the file alone */
    int users;                  /* files, and whoever opened it */
    char name[64];
};

static struct memory *memory_of(sqlite3_vfs *v) { return v->pAppData; }
static struct memory_file *file_of(sqlite3_file *f) { return (struct memory_file *)f; }

static void leave(struct memory *m)
{
    pthread_mutex_lock(&m->lock);
    bool last = --m->users == 0;
    pthread_mutex_unlock(&m->lock);
    if (!last)
        return;
    pthread_mutex_destroy(&m->lock);
    free(m);
}

/* ---- locks ---- */

static bool grant(struct memory *m, struct memory_file *f, int want)
{
    bool other = m->writer && m->writer != f;
    if (want == SQLITE_LOCK_SHARED) {
        if (m->pending)
            return false;
        m->n_shared++;
        return true;
    }
    if (other)
        return false;
    m->writer = f;
    if (want == SQLITE_LOCK_RESERVED)
        return true;
    m->pending = true;
    if (m->n_shared > 1)
        f->level = SQLITE_LOCK_PENDING;
    return m->n_shared <= 1;
}

static int f_lock(sqlite3_file *file, int want)
{
    struct memory_file *f = file_of(file);
    if (want <= f->level)
        return SQLITE_OK;
    pthread_mutex_lock(&f->memory->lock);
    bool granted = grant(f->memory, f, want);
    if (granted)
        f->level = want;
    pthread_mutex_unlock(&f->memory->lock);
    return granted ? SQLITE_OK : SQLITE_BUSY;
}

static int f_unlock(sqlite3_file *file, int to)
{
    struct memory_file *f = file_of(file);
    struct memory *m = f->memory;
    if (to >= f->level)
        return SQLITE_OK;
    pthread_mutex_lock(&m->lock);
    if (m->writer == f) {
        m->writer = NULL;
        m->pending = false;
    }
    if (to == SQLITE_LOCK_NONE)
        m->n_shared--;
    f->level = to;
    pthread_mutex_unlock(&m->lock);
    return SQLITE_OK;
}

static int f_is_reserved(sqlite3_file *file, int *ret)
{
    struct memory *m = file_of(file)->memory;
    pthread_mutex_lock(&m->lock);
    *ret = m->writer != NULL;
    pthread_mutex_unlock(&m->lock);
    return SQLITE_OK;
}

/* ---- bytes ---- */

#define REAL(f) (&file_of(f)->real)
#define METHODS(f) (file_of(f)->real.pMethods)

static int f_close(sqlite3_file *f)
{
    struct memory *m = file_of(f)->memory;
    f_unlock(f, SQLITE_LOCK_NONE);
    int code = METHODS(f)->xClose(REAL(f));
    leave(m);
    return code;
}
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at) { return METHODS(f)->xRead(REAL(f), p, n, at); }
static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at) { return METHODS(f)->xWrite(REAL(f), p, n, at); }
static int f_truncate(sqlite3_file *f, sqlite3_int64 n) { return METHODS(f)->xTruncate(REAL(f), n); }
static int f_sync(sqlite3_file *f, int flags) { return METHODS(f)->xSync(REAL(f), flags); }
static int f_size(sqlite3_file *f, sqlite3_int64 *ret) { return METHODS(f)->xFileSize(REAL(f), ret); }
static int f_control(sqlite3_file *f, int op, void *arg) { return METHODS(f)->xFileControl(REAL(f), op, arg); }
static int f_sector(sqlite3_file *f) { return METHODS(f)->xSectorSize ? METHODS(f)->xSectorSize(REAL(f)) : 4096; }
static int f_device(sqlite3_file *f) { return METHODS(f)->xDeviceCharacteristics(REAL(f)); }

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_is_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
};

/* ---- the VFS ---- */

static int v_open(sqlite3_vfs *v, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
    struct memory *m = memory_of(v);
    struct memory_file *f = file_of(file);
    f->file.pMethods = NULL;
    f->memory = m;
    f->level = SQLITE_LOCK_NONE;
    sqlite3_vfs *vfs = flags & SQLITE_OPEN_MAIN_DB ? m->memdb : m->disk;
    int code = vfs->xOpen(vfs, name, &f->real, flags, ret_flags);
    if (code != SQLITE_OK)
        return code;
    f->file.pMethods = &methods;
    pthread_mutex_lock(&m->lock);
    m->users++;
    pthread_mutex_unlock(&m->lock);
    return SQLITE_OK;
}

#define MEMDB(v) (memory_of(v)->memdb)
static int v_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v, (void)name, (void)sync;
    return SQLITE_OK; /* there are no files */
}
static int v_access(sqlite3_vfs *v, const char *name, int flags, int *ret) { return MEMDB(v)->xAccess(MEMDB(v), name, flags, ret); }
static int v_path(sqlite3_vfs *v, const char *name, int n, char *out) { return MEMDB(v)->xFullPathname(MEMDB(v), name, n, out); }
static int v_randomness(sqlite3_vfs *v, int n, char *out) { return MEMDB(v)->xRandomness(MEMDB(v), n, out); }
static int v_sleep(sqlite3_vfs *v, int us) { return MEMDB(v)->xSleep(MEMDB(v), us); }
static int v_time(sqlite3_vfs *v, double *ret) { return MEMDB(v)->xCurrentTime(MEMDB(v), ret); }
static int v_time_ms(sqlite3_vfs *v, sqlite3_int64 *ret) { return MEMDB(v)->xCurrentTimeInt64(MEMDB(v), ret); }
static int v_last_error(sqlite3_vfs *v, int n, char *out) { return MEMDB(v)->xGetLastError(MEMDB(v), n, out); }

struct memory *memory_open(void)
{
    if (sqlite3_initialize() != SQLITE_OK)
        return NULL;
    sqlite3_vfs *memdb = sqlite3_vfs_find("memdb"), *disk = sqlite3_vfs_find(NULL);
    if (!memdb || !disk)
        return NULL;
    struct memory *m = mem_zero(sizeof *m);
    snprintf(m->name, sizeof m->name, "weirbox-%p-%lld", (void *)m, (long long)clock_stopwatch_us());
    pthread_mutex_init(&m->lock, NULL);
    m->memdb = memdb;
    m->disk = disk;
    m->users = 1;
    m->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct memory_file) - (int)sizeof(sqlite3_file) + (memdb->szOsFile > disk->szOsFile ? memdb->szOsFile : disk->szOsFile),
        .mxPathname = memdb->mxPathname,
        .zName = m->name,
        .pAppData = m,
        .xOpen = v_open,
        .xDelete = v_delete,
        .xAccess = v_access,
        .xFullPathname = v_path,
        .xRandomness = v_randomness,
        .xSleep = v_sleep,
        .xCurrentTime = v_time,
        .xGetLastError = v_last_error,
        .xCurrentTimeInt64 = v_time_ms,
    };
    sqlite3_vfs_register(&m->vfs, 0);
    return m;
}

void memory_close(struct memory *m)
{
    if (!m)
        return;
    sqlite3_vfs_unregister(&m->vfs);
    leave(m);
}

const char *memory_vfs(const struct memory *m) { return m->name; }
