/* Rules drawn at random, in both engines (tests/support/engines.h): tables of columns with operations in any order, questions
 * over one to three of them. A seed that fails is told and gives the same again: WEIRBOX_SEED=n runs that one alone. */
#include "tests/support/engines.h"

enum { FILES = 6, SEEDS = 40, ROWS = 150 };

struct drawing {
    struct rng r;
    struct buf text[FILES];
    char paths[FILES][40];
    struct engines_file files[FILES];
};

static bool one_in(struct drawing *d, uint64_t n)
{
    return rng_below(&d->r, n) == 0;
}

#define PICK(d, words) ((words)[rng_below(&(d)->r, sizeof(words) / sizeof *(words))])

/* ---- tables: the members of "odd" (k a b c d e), under three names ---- */

static const char *const TABLES[] = { "odd", "odder", "oddest" };
enum column_kind { KIND_TEXT, KIND_WHOLE, KIND_DOUBLE, KIND_FLAG, KIND_INSTANT, N_KINDS };
enum { COLUMNS = 6 };
/* Column i of every table is of kind i % N_KINDS, so that questions know them: c0 to c5. */

static void put_text_operation(struct drawing *d, struct buf *out)
{
    static const char *const OPERATIONS[] = {
        "\"null_if\":[\"\",\"aA\",\"User Info Error\",\"12\"]", "\"null_if_prefix\":[\"a\",\"Local save in L\",\"No\"]", "\"null_if_blank\":true",
        "\"trim\":true", "\"strip_prefix\":\"Local save in \"", "\"strip_prefix\":[\"a\",\"aA\",\"1\"]", "\"replace\":{\"a\":\"\",\"A\":\"aa\"}",
        "\"replace\":{\" \":\"_\",\"e\":\"'\"}", "\"lower\":true", "\"upper\":true", "\"map\":{\"aA\":\"x\",\"x\":\"y\"}",
    };
    buf_z(out, PICK(d, OPERATIONS));
}

/* A word may stand once in a column. */
static void put_text_operations(struct drawing *d, struct buf *out)
{
    struct buf one = BUF_INIT;
    for (uint64_t n = rng_below(&d->r, 4); n > 0; n--) {
        buf_reset(&one);
        put_text_operation(d, &one);
        struct str word = str_head(buf_str(&one), str_chr(buf_str(&one), ':'));
        if (str_find(buf_str(out), word) == STR_NONE) {
            buf_c(out, ',');
            buf_str_add(out, buf_str(&one));
        }
    }
    buf_release(&one);
}

/* Member c is for instants alone: {"$date"} counts as a text only there, and the SQL has one text for a member. */
static void put_column(struct drawing *d, size_t i, struct buf *out)
{
    static const char *const FROM[] = { "a", "b", "d", "e" }, *const WHOLE[] = { "int", "long" };
    struct buf column = BUF_INIT;
    enum column_kind kind = (enum column_kind)(i % N_KINDS);
    if (kind == KIND_TEXT && one_in(d, 4))
        buf_z(&column, "\"concat\":[\"a\",{\"text\":\" \"},\"e\"]");
    else
        buf_f(&column, "\"from\":\"%s\"", kind == KIND_INSTANT ? "c" : PICK(d, FROM));
    put_text_operations(d, &column);
    if (kind == KIND_TEXT)
        buf_f(&column, "%s%s", one_in(d, 2) ? ",\"codes\":true" : "", one_in(d, 3) ? ",\"null_as\":\"it's None\"" : "");
    else if (kind == KIND_INSTANT)
        buf_z(&column, one_in(d, 2) ? ",\"timestamp\":{\"formats\":[\"yyyy-MM-dd HH:mm:ss[.S][X]\",\"yyyy-MM-dd'T'HH:mm:ss\"]},\"type\":\"timestamp\""
                                    : ",\"type\":\"timestamp\"");
    else if (kind == KIND_WHOLE)
        buf_f(&column, "%s,\"type\":\"%s\"", one_in(d, 2) ? ",\"suffix\":{\"k\":1000,\"M\":1000000}" : "", PICK(d, WHOLE));
    else
        buf_f(&column, ",\"type\":\"%s\"", kind == KIND_DOUBLE ? "double" : "boolean");
    buf_f(out, ",\"c%zu\":{" STR_F "}", i, STR_A(buf_str(&column)));
    buf_release(&column);
}

static void draw_table(struct drawing *d, size_t file, const char *name)
{
    static const char *const DEDUPE[] = { "", ",\"dedupe\":true", ",\"dedupe\":{\"by\":[\"k\"]}", ",\"dedupe\":{\"by\":[\"c0\",\"c1\"]}" };
    struct buf *out = &d->text[file];
    snprintf(d->paths[file], sizeof d->paths[file], "clean/%s.json", name);
    buf_f(out, "{\"table\":\"%s\",\"key\":\"k\"%s,\"columns\":{\"k\":{\"type\":\"%s\"}", name, PICK(d, DEDUPE), one_in(d, 2) ? "int" : "long");
    for (size_t i = 0; i < COLUMNS; i++)
        put_column(d, i, out);
    buf_z(out, "}}");
}

/* ---- questions ---- */

static void put_joins(struct drawing *d, uint64_t n, struct buf *out)
{
    static const char *const KINDS[] = { "inner", "left", "outer" };
    for (uint64_t t = 1; t <= n; t++)
        buf_f(out, "%s{\"table\":\"%s\",\"on\":\"k\",\"kind\":\"%s\"}", t > 1 ? "," : ",\"join\":[", TABLES[t], PICK(d, KINDS));
    buf_z(out, n ? "]" : "");
}

/* "TABLE.cN" of some table of the question. */
static void put_name(struct drawing *d, uint64_t joins, size_t column, struct buf *out)
{
    buf_f(out, "\"%s.c%zu\"", TABLES[rng_below(&d->r, joins + 1)], column);
}

static void put_where(struct drawing *d, uint64_t joins, struct buf *out)
{
    static const char *const FORMS[] = { "\"is_null\":false", "\"is_null\":true", "\"between\":[-5,40]", "\"at_least\":1", "\"in\":[1,7,12,18]" };
    buf_z(out, ",\"where\":[");
    for (uint64_t n = rng_below(&d->r, 3), i = 0; i < n; i++) {
        buf_z(out, i ? ",{\"column\":" : "{\"column\":");
        put_name(d, joins, one_in(d, 3) ? KIND_DOUBLE : KIND_WHOLE, out);
        buf_f(out, ",%s}", PICK(d, FORMS));
    }
    buf_z(out, "]");
}

static void put_aggregates(struct drawing *d, uint64_t joins, struct buf *out)
{
    buf_z(out, ",\"aggregate\":{\"n\":{\"count\":\"*\"},\"x\":{");
    static const char *const OF_NUMBERS[] = { "count", "max", "min", "median" };
    buf_f(out, "\"%s\":", PICK(d, OF_NUMBERS));
    put_name(d, joins, one_in(d, 2) ? KIND_WHOLE : KIND_DOUBLE, out);
    buf_z(out, "},\"y\":{\"median\":");
    put_name(d, joins, KIND_WHOLE, out);
    buf_z(out, one_in(d, 2) ? ",\"kind\":\"interpolated\"}" : "}");
    buf_z(out, ",\"z\":{\"max\":");
    put_name(d, joins, KIND_INSTANT, out);
    buf_z(out, "}}");
}

static void draw_question(struct drawing *d, size_t file)
{
    static const char *const TIES[] = { "smallest", "all" }, *const BY[] = { "n", "x", "y", "z" };
    struct buf *out = &d->text[file];
    uint64_t joins = rng_below(&d->r, 3), keys = rng_below(&d->r, 4);
    struct buf group[3] = { BUF_INIT, BUF_INIT, BUF_INIT };
    snprintf(d->paths[file], sizeof d->paths[file], "queries/q%zu.json", file);
    buf_f(out, "{\"query\":\"q%zu\",\"from\":\"%s\"", file, TABLES[0]);
    put_joins(d, joins, out);
    buf_z(out, ",\"let\":{\"year\":{\"year\":");
    put_name(d, joins, KIND_INSTANT, out);
    buf_z(out, "},\"group\":{\"case\":");
    put_name(d, joins, one_in(d, 2) ? KIND_WHOLE : KIND_DOUBLE, out);
    buf_z(out, ",\"when\":[{\"between\":[3,9],\"value\":\"few\"},{\"at_most\":20,\"value\":\"some\"},{\"at_least\":20,\"value\":\"many\"}]}}");
    put_where(d, joins, out);
    put_name(d, joins, rng_below(&d->r, COLUMNS), &group[0]);
    buf_z(&group[1], "\"year\"");
    buf_z(&group[2], "\"group\"");
    buf_z(out, ",\"group_by\":[");
    for (uint64_t k = 0; k < keys; k++)
        buf_f(out, "%s" STR_F, k ? "," : "", STR_A(buf_str(&group[k])));
    buf_z(out, "]");
    put_aggregates(d, joins, out);
    if (one_in(d, 2))
        buf_f(out, ",\"top\":{\"per\":[" STR_F "],\"by\":\"%s\",\"ties\":\"%s\"}", STR_A(keys > 1 ? buf_str(&group[0]) : S("")), PICK(d, BY), PICK(d, TIES));
    buf_z(out, "}");
    for (size_t i = 0; i < 3; i++)
        buf_release(&group[i]);
}

static void run_seed(uint64_t seed)
{
    char root[] = P_tmpdir "/weirbox-random-XXXXXX";
    struct drawing d = { 0 };
    rng_seed(&d.r, seed);
    for (size_t i = 0; i < FILES; i++) {
        if (i < 3)
            draw_table(&d, i, TABLES[i]);
        else
            draw_question(&d, i);
        d.files[i] = (struct engines_file){ d.paths[i], buf_cstr(&d.text[i]) };
    }
    engines_make(root, d.files, FILES);
    if (getenv("WEIRBOX_SEED"))
        for (size_t i = 0; i < FILES; i++)
            print_message("%s\n", d.files[i].text);
    else if (seed % 10 == 0)
        print_message("seed %llu\n", (unsigned long long)seed);
    engines_compare(root, NULL, seed, ROWS);
    engines_drop(root, d.files, FILES);
    for (size_t i = 0; i < FILES; i++)
        buf_release(&d.text[i]);
}

static void native_and_sqlite_agree_on_rules_drawn_at_random(void **state)
{
    const char *one = getenv("WEIRBOX_SEED");
    (void)state;
    if (one)
        run_seed(strtoull(one, NULL, 10));
    for (uint64_t seed = 1; !one && seed <= SEEDS; seed++)
        run_seed(seed);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(native_and_sqlite_agree_on_rules_drawn_at_random) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
