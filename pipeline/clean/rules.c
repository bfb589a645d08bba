/* What is read, and from where:
 *
 * profiles/<name>.json   {"profile", "about", "switches": {NAME: value}}; aicore-majority names every switch
 * clean/<table>.json     compiled here (program.c)
 * queries/<name>.json    kept as trees for pipeline/analytics
 * windows/<name>.json    kept as trees for pipeline/stream
 *
 * Every file of the program's own (base/embed.h) counts unless the user's directory has one of the same
 * name; a file that only the directory has is added.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/embed.h"
#include "pipeline/clean/program.h"

#define DEFAULT_PROFILE "aicore-majority"
#define EMBEDDED_ROOT "pipeline/rules/"
enum { MAX_FILES = 256, MAX_FILE_BYTES = 1 << 20 };

enum folder { FOLDER_CLEAN, FOLDER_QUERIES, FOLDER_WINDOWS, FOLDER_PROFILES, N_FOLDERS };
static const char *const FOLDERS[] = { "clean", "queries", "windows", "profiles" };
static const char *const WORDS_OF_NAMES[] = { "table", "query", "window", "profile" };

struct rule_file {
    struct str name; /* without ".json" */
    struct str path;
    struct str bytes;
    const struct node *doc;
    const struct program *program;
};
struct rule_folder {
    struct rule_file files[MAX_FILES];
    size_t n;
};
struct rules {
    struct arena arena;
    struct str profile;
    struct rule_folder folders[N_FOLDERS];
};

static struct rule_file *rules_file(struct rules *r, enum folder f, struct str name)
{
    struct rule_folder *folder = &r->folders[f];
    for (size_t i = 0; i < folder->n; i++)
        if (str_eq(folder->files[i].name, name))
            return &folder->files[i];
    return NULL;
}

/* Adds a file in the order of names, or replaces the one of that name. */
static int rules_add(struct rules *r, enum folder f, struct rule_file file, struct err *e)
{
    struct rule_folder *folder = &r->folders[f];
    struct rule_file *old = rules_file(r, f, file.name);
    if (old) {
        *old = file;
        return 0;
    }
    if (folder->n == MAX_FILES)
        return err_set(e, 0, "RULES_TOO_MANY", STR_F ": more than %d rule files in one folder", STR_A(file.path),
                       MAX_FILES);
    size_t i = folder->n++;
    for (; i && str_cmp(folder->files[i - 1].name, file.name) > 0; i--)
        folder->files[i] = folder->files[i - 1];
    folder->files[i] = file;
    return 0;
}

/* "clean/pin.json" -> folder and name; false when it is no rule file. */
static bool rules_place(struct str path, enum folder *ret_folder, struct str *ret_name)
{
    struct str name = path, folder = str_cut(&name, '/');
    if (!name.p || !str_ends(name, S(".json")) || name.n == 5 || str_chr(name, '/') != STR_NONE)
        return false;
    for (int f = 0; f < N_FOLDERS; f++)
        if (str_is(folder, FOLDERS[f])) {
            *ret_folder = (enum folder)f;
            *ret_name = str_head(name, name.n - 5);
            return true;
        }
    return false;
}

static int rules_add_embedded(struct rules *r, struct err *e)
{
    for (const struct embed_file *f = embed_rules; f->path; f++) {
        struct str path = str_of(f->path), name;
        enum folder folder;
        if (str_starts(path, S(EMBEDDED_ROOT)) &&
            rules_place(str_from(path, sizeof EMBEDDED_ROOT - 1), &folder, &name) &&
            rules_add(r, folder, (struct rule_file){ .name = name, .path = path, .bytes = f->bytes }, e))
            return -1;
    }
    return 0;
}

static int rules_read(struct rules *r, const char *path, struct str *ret_bytes, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), result = -1;
    struct stat st;
    ssize_t n = 0;
    size_t have = 0;
    char *bytes;
    if (fd < 0)
        return err_set(e, 0, "RULES_UNREADABLE", "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > MAX_FILE_BYTES) {
        err_set(e, 0, "RULES_UNREADABLE", "%s: a rule file is a plain file of at most 1 MiB", path);
        goto out;
    }
    bytes = arena_alloc(&r->arena, (size_t)st.st_size + 1);
    while (have < (size_t)st.st_size && (n = read(fd, bytes + have, (size_t)st.st_size - have)) > 0)
        have += (size_t)n;
    if (n < 0) {
        err_set(e, 0, "RULES_UNREADABLE", "%s: %s", path, strerror(errno));
        goto out;
    }
    *ret_bytes = (struct str){ bytes, have };
    result = 0;
out:
    close(fd);
    return result;
}

static int rules_add_folder(struct rules *r, const char *dir, enum folder f, size_t *ret_seen, struct err *e)
{
    struct str path = arena_f(&r->arena, "%s/%s", dir, FOLDERS[f]);
    DIR *d = opendir(path.p);
    struct dirent *entry;
    int result = 0;
    if (!d)
        return errno == ENOENT ? 0 : err_set(e, 0, "RULES_UNREADABLE", "%s: %s", path.p, strerror(errno));
    while (!result && (entry = readdir(d))) {
        struct rule_file file = { .path = arena_f(&r->arena, "%s/%s", path.p, entry->d_name) };
        struct str entry_name = arena_dup(&r->arena, str_of(entry->d_name));
        if (entry_name.p[0] == '.' || !str_ends(entry_name, S(".json")) || entry_name.n == 5)
            continue;
        file.name = str_head(entry_name, entry_name.n - 5);
        result = rules_read(r, file.path.p, &file.bytes, e);
        result = result ? result : rules_add(r, f, file, e);
        ++*ret_seen;
    }
    closedir(d);
    return result;
}

static int rules_add_directory(struct rules *r, const char *dir, struct err *e)
{
    struct stat st;
    size_t seen = 0;
    if (stat(dir, &st))
        return err_set(e, 0, "RULES_UNREADABLE", "%s: %s; a rule folder holds clean/, queries/, windows/ or profiles/", dir,
                       strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return err_set(e, 0, "RULES_UNREADABLE", "%s: is no folder; a rule folder holds clean/, queries/, windows/ or profiles/",
                       dir);
    for (int f = 0; f < N_FOLDERS; f++)
        if (rules_add_folder(r, dir, (enum folder)f, &seen, e))
            return -1;
    if (!seen)
        return err_set(e, 0, "RULES_UNREADABLE", "%s: holds no rule file (clean/*.json, queries/*.json, windows/*.json or "
                       "profiles/*.json)", dir);
    return 0;
}

static const struct node *rules_profile_doc(struct rules *r, struct str name, struct err *e)
{
    static const char *const WORDS[] = { "$schema", "profile", "about", "switches", NULL };
    struct rule_file *file = rules_file(r, FOLDER_PROFILES, name);
    size_t n = r->folders[FOLDER_PROFILES].n;
    struct str *known = ARENA_ARRAY(&r->arena, struct str, n + 1);
    for (size_t i = 0; i < n; i++)
        known[i] = r->folders[FOLDER_PROFILES].files[i].name;
    if (!file) {
        const struct str *near = doc_nearest(name, known, n);
        struct buf list = BUF_INIT;
        for (size_t i = 0; i < n; i++)
            buf_f(&list, "%s" STR_F, i ? ", " : "", STR_A(known[i]));
        err_set(e, 0, "PROFILE_UNKNOWN", "no profile \"" STR_F "\"%s" STR_F "%s; there are: " STR_F, STR_A(name),
                near ? "; did you mean \"" : "", STR_A(near ? *near : S("")), near ? "\"?" : "", STR_A(buf_str(&list)));
        buf_release(&list);
        return NULL;
    }
    const struct node *doc = doc_parse(&r->arena, file->path, file->bytes, e);
    if (!doc || doc_keys(doc, WORDS, e))
        return NULL;
    const struct node *switches = doc_get(doc, "switches");
    if (!switches)
        return doc_fail(doc, e, "needs \"switches\""), NULL;
    return doc_want(switches, JSON_OBJECT, e) ? NULL : switches;
}

/* The default profile's switches with those of the chosen one in their place. */
static const struct node *rules_switches(struct rules *r, struct str profile, struct err *e)
{
    const struct node *defaults = rules_profile_doc(r, S(DEFAULT_PROFILE), e), *chosen;
    if (!defaults || str_is(profile, DEFAULT_PROFILE))
        return defaults;
    if (!(chosen = rules_profile_doc(r, profile, e)))
        return NULL;
    struct node *merged = ARENA_NEW(&r->arena, struct node), **tail = &merged->child;
    struct str known[64];
    size_t n = 0;
    *merged = *defaults;
    merged->child = NULL;
    for (const struct node *d = defaults->child; d; d = d->next) {
        const struct node *value = doc_get(chosen, arena_z(&r->arena, d->key));
        struct node *copy = ARENA_NEW(&r->arena, struct node);
        *copy = value ? *value : *d;
        copy->next = NULL;
        *tail = copy;
        tail = &copy->next;
        if (n < 64)
            known[n++] = d->key;
    }
    for (const struct node *c = chosen->child; c; c = c->next)
        if (!doc_get(defaults, arena_z(&r->arena, c->key))) {
            struct node at = *c;
            at.at = c->key_at;
            return doc_unknown(&at, e, "switch", c->key, known, n), NULL;
        }
    return merged;
}

static int rules_parse(struct rules *r, enum folder f, const struct node *switches, struct err *e)
{
    for (size_t i = 0; i < r->folders[f].n; i++) {
        struct rule_file *file = &r->folders[f].files[i];
        const char *word = WORDS_OF_NAMES[f];
        struct node *doc = doc_parse(&r->arena, file->path, file->bytes, e);
        if (!doc || doc_want(doc, JSON_OBJECT, e) || doc_switch(&r->arena, doc, switches, e))
            return -1;
        const struct node *name = doc_get(doc, word);
        if (!name || name->type != JSON_STRING || !str_eq(name->text, file->name))
            return doc_fail(name ? name : doc, e, "\"%s\" must be \"" STR_F "\", as the file is named", word,
                            STR_A(file->name));
        file->doc = doc;
        if (f == FOLDER_CLEAN && !(file->program = program_compile(&r->arena, doc, e)))
            return -1;
    }
    for (size_t i = 0; f == FOLDER_CLEAN && i < r->folders[f].n; i++)
        if (check_link(r, r->folders[f].files[i].program, e))
            return -1;
    return 0;
}

struct rules *rules_open(const char *dir, const char *profile, struct err *e)
{
    struct rules *r = mem_zero(sizeof *r);
    const struct node *switches;
    r->arena = ARENA_INIT;
    r->profile = arena_dup(&r->arena, str_of(profile ? profile : DEFAULT_PROFILE));
    if (rules_add_embedded(r, e) || (dir && rules_add_directory(r, dir, e)) ||
        !(switches = rules_switches(r, r->profile, e)) || rules_parse(r, FOLDER_CLEAN, switches, e) ||
        rules_parse(r, FOLDER_QUERIES, switches, e) || rules_parse(r, FOLDER_WINDOWS, switches, e)) {
        rules_close(r);
        return NULL;
    }
    return r;
}

void rules_close(struct rules *r)
{
    if (!r)
        return;
    arena_release(&r->arena);
    free(r);
}

struct str rules_profile(const struct rules *r)
{
    return r->profile;
}

bool rules_is_builtin(const struct doc *d)
{
    return str_starts(d->path, S(EMBEDDED_ROOT));
}

bool rules_profile_is_builtin(const struct rules *r)
{
    const struct rule_folder *f = &r->folders[FOLDER_PROFILES];
    for (size_t i = 0; i < f->n; i++) /* its defaults, too */
        if ((str_eq(f->files[i].name, r->profile) || str_is(f->files[i].name, DEFAULT_PROFILE)) &&
            !str_starts(f->files[i].path, S(EMBEDDED_ROOT)))
            return false;
    return true;
}

static struct str rules_name(const struct rules *r, enum folder f, size_t i)
{
    return i < r->folders[f].n ? r->folders[f].files[i].name : (struct str){ NULL, 0 };
}

struct str rules_table_name(const struct rules *r, size_t i)
{
    return rules_name(r, FOLDER_CLEAN, i);
}

struct str rules_query_name(const struct rules *r, size_t i)
{
    return rules_name(r, FOLDER_QUERIES, i);
}

struct str rules_profile_name(const struct rules *r, size_t i)
{
    return rules_name(r, FOLDER_PROFILES, i);
}

const struct node *rules_query_doc(const struct rules *r, size_t i)
{
    return i < r->folders[FOLDER_QUERIES].n ? r->folders[FOLDER_QUERIES].files[i].doc : NULL;
}

const struct node *rules_window_doc(const struct rules *r, size_t i)
{
    return i < r->folders[FOLDER_WINDOWS].n ? r->folders[FOLDER_WINDOWS].files[i].doc : NULL;
}

const struct node *rules_table_doc(const struct rules *r, size_t i)
{
    return i < r->folders[FOLDER_CLEAN].n ? r->folders[FOLDER_CLEAN].files[i].doc : NULL;
}

const struct program *rules_program(const struct rules *r, struct str table)
{
    const struct rule_folder *folder = &r->folders[FOLDER_CLEAN];
    for (size_t i = 0; i < folder->n; i++)
        if (str_eq(folder->files[i].name, table))
            return folder->files[i].program;
    return NULL;
}

bool rules_dedupes(const struct rules *r, struct str table)
{
    const struct program *p = rules_program(r, table);
    return p && p->dedupe;
}
