/* Rule files of a user: what they can say, and how mistakes in them are told. */
#include "tests/support/t.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "pipeline/clean/clean.h"

struct folder {
    char path[64];
};

static void folder_make(struct folder *f)
{
    snprintf(f->path, sizeof f->path, "%s/weirbox-rules-XXXXXX", P_tmpdir);
    assert_non_null(mkdtemp(f->path));
}

static void folder_put(const struct folder *f, const char *sub, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", f->path, sub);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", f->path, sub, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void folder_drop(const struct folder *f, const char *sub, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s/%s", f->path, sub, name);
    unlink(path);
    snprintf(path, sizeof path, "%s/%s", f->path, sub);
    rmdir(path);
    rmdir(f->path);
}

/* The one column "x" of a table with that column rule, for that value. */
static const struct op_case {
    const char *rule, *value, *want;
} OPS[] = {
    { "{}", "\"a\"", "\"a\"" },
    { "{\"from\":[\"nosuch\",\"x\"]}", "\"a\"", "\"a\"" },
    { "{\"null_if\":\"a\"}", "\"a\"", "null" },
    { "{\"null_if\":[]}", "\"a\"", "\"a\"" },
    { "{\"null_if_prefix\":[\"No description available\"]}", "\"No description available Story format\"", "null" },
    { "{\"null_if_prefix\":[\"No description available\"]}", "\"no description available\"", "\"no description available\"" },
    { "{\"null_if_blank\":true}", "\" \\t\"", "null" },
    { "{\"null_if_blank\":true}", "\"\"", "null" },
    { "{\"null_if_blank\":true}", "\" a\"", "\" a\"" },
    { "{\"trim\":true}", "\" a b\\n\"", "\"a b\"" },
    { "{\"trim\":true,\"null_if\":[\"\"]}", "\"  \"", "null" },
    { "{\"null_if\":[\"\"],\"trim\":true}", "\"  \"", "\"\"" },
    { "{\"lower\":true}", "\"ABC \xc3\x89\"", "\"abc \xc3\x89\"" },
    { "{\"upper\":true}", "\"abc\"", "\"ABC\"" },
    { "{\"replace\":{\"a\":\"bb\",\"bb\":\"c\"}}", "\"xaya\"", "\"xcyc\"" },
    { "{\"replace\":{\"aa\":\"\"}}", "\"aaaaa\"", "\"a\"" },
    { "{\"map\":{\"1\":\"yes\",\"0\":\"no\"}}", "1", "\"yes\"" },
    { "{\"map\":{\"1\":\"yes\"}}", "\"11\"", "\"11\"" },
    { "{\"suffix\":{\"k\":1000,\"B\":1000000000},\"type\":\"long\"}", "\"3B\"", "3000000000" },
    { "{\"suffix\":{\"k\":1000},\"type\":\"double\"}", "\"3k\"", "3000" },
    { "{\"suffix\":{\" thousand\":1000},\"type\":\"int\"}", "\"3 thousand\"", "3000" },
    { "{\"suffix\":{\"x\":1},\"type\":\"int\"}", "\"3x\"", "3" },
    { "{\"type\":\"double\"}", "\"1.25e2\"", "125" },
    { "{\"type\":\"double\"}", "\"inf\"", "null" },
    { "{\"type\":\"double\"}", "\"0x10\"", "null" },
    { "{\"type\":\"boolean\"}", "1", "true" },
    { "{\"type\":\"boolean\"}", "false", "false" },
    { "{\"type\":\"boolean\"}", "\"yes\"", "null" },
    { "{\"map\":{\"yes\":\"true\"},\"type\":\"boolean\"}", "\"yes\"", "true" },
    { "{\"type\":\"timestamp\"}", "\"2020-08-28T03:52:47\"", "\"2020-08-28T03:52:47Z\"" },
    { "{\"timestamp\":{\"formats\":[\"MM/dd/yyyy, HH:mm:ss\"]},\"type\":\"timestamp\"}", "\"08/28/2020, 03:52:47\"",
      "\"2020-08-28T03:52:47Z\"" },
    { "{\"timestamp\":{\"formats\":[\"yyyy:MM:dd HH:mm:ss\"],\"zone\":\"UTC\"},\"type\":\"timestamp\"}",
      "\"2020:08:28 03:52:47\"", "\"2020-08-28T03:52:47Z\"" },
    { "{\"timestamp\":{\"formats\":[\"yyyy:MM:dd HH:mm:ss\"]},\"type\":\"timestamp\"}", "\"2020-08-28 03:52:47\"", "null" },
    { "{\"timestamp\":{\"formats\":[\"yyyy-MM-dd\"]},\"type\":\"timestamp\"}", "\"2020-08-28\"", "\"2020-08-28T00:00:00Z\"" },
    { "{\"timestamp\":{\"formats\":[\"dd.MM.yyyy[ 'at' HH:mm]\"]},\"type\":\"timestamp\"}", "\"28.08.2020 at 03:52\"",
      "\"2020-08-28T03:52:00Z\"" },
    { "{\"timestamp\":{\"formats\":[\"dd.MM.yyyy[ 'at' HH:mm]\"]},\"type\":\"timestamp\"}", "\"28.08.2020 at 3\"", "null" },
    { "{\"concat\":[\"x\",{\"text\":\"-\"},\"x\"]}", "\"a\"", "\"a-a\"" },
    { "{\"concat\":[\"x\",\"x\"],\"upper\":true}", "\"a\"", "\"AA\"" },
    { "{\"array\":[\"x\",\"x\",\"x\"],\"type\":\"double\"}", "1.5", "[1.5,1.5,1.5]" },
    { "{\"codes\":true}", "\"a\"", "\"a\"" },
    { "{\"null_if\":[\"\"],\"null_as\":\"None\"}", "\"\"", "\"None\"" },
    { "{\"null_as\":\"None\",\"codes\":true}", "null", "\"None\"" },
    { "{\"null_as\":\"\"}", "[1]", "\"\"" },
    { "{\"null_as\":\"None\"}", "\"a\"", "\"a\"" },
};

static void each_operation_has_one_meaning(void **state)
{
    struct folder f;
    struct buf b = BUF_INIT;
    struct err e;
    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof OPS / sizeof *OPS; i++) {
        struct json v;
        buf_reset(&b);
        buf_f(&b, "{\"table\":\"t\",\"key\":\"k\",\"columns\":{\"k\":{\"type\":\"long\"},\"x\":%s}}", OPS[i].rule);
        folder_put(&f, "clean", "t.json", buf_cstr(&b));
        struct rules *r = rules_open(f.path, NULL, &e);
        if (!r)
            fail_msg("%s: %s", OPS[i].rule, e.message);
        struct cleaner *c = cleaner_open(r, S("t"), false);
        buf_reset(&b);
        buf_f(&b, "{\"k\":1,\"x\":%s}", OPS[i].value);
        assert_ok(cleaner_add(c, buf_str(&b), 0, &e) == 1 ? 0 : -1, &e);
        struct table *t = cleaner_take(c);
        buf_reset(&b);
        table_put_jsonl(t, 0, &b);
        assert_true(json_get(buf_str(&b), "x", &v));
        struct str got = v.type == JSON_STRING ? (struct str){ v.raw.p - 1, v.raw.n + 2 } : v.raw;
        if (!str_is(got, OPS[i].want))
            print_error("case %zu: %s of %s\n", i, OPS[i].rule, OPS[i].value);
        assert_str(got, OPS[i].want);
        table_close(t);
        cleaner_close(c);
        rules_close(r);
    }
    folder_drop(&f, "clean", "t.json");
    buf_release(&b);
}

#define TABLE(columns) "{\"table\":\"t\",\"key\":\"k\",\"columns\":{\"k\":{\"type\":\"long\"}" columns "}}"
#define WITH(rest) "{\"table\":\"t\",\"columns\":{\"k\":{\"type\":\"long\"},\"x\":{}}," rest "}"

static const struct mistake {
    const char *text, *says[3];
} MISTAKES[] = {
    { "", { "t.json:1:1: not JSON", NULL } },
    { "{\n  \"table\": \"t\",\n  \"key\" \"k\"}", { "t.json:3:9: not JSON", NULL } },
    { "[]", { "t.json:1:1: must be an object, not an array", NULL } },
    { "{\"table\":\"u\"}", { "t.json:1:10: table: ", "must be \"t\"", NULL } },
    { TABLE(",\"k\":{}"), { "the key \"k\" is there twice", NULL } },
    { TABLE(",\"x\":{\"typ\":\"int\"}"), { "t.json:1:", "columns.x.typ: unknown operation \"typ\"; did you mean \"type\"?", NULL } },
    { TABLE(",\n \"x\": {\"type\": \"integer\"}"), { "t.json:2:16: columns.x.type: unknown type \"integer\"", "did you mean", NULL } },
    { TABLE(",\"x\":{\"zzzzzzzz\":1}"), { "unknown operation \"zzzzzzzz\"; known are: about, from", NULL } },
    { TABLE(",\"x\":7"), { "columns.x: must be an object, not a number", NULL } },
    { TABLE(",\"x\":{\"null_if\":[\"a\",7]}"), { "columns.x.null_if[1]: must be a text, not a number", NULL } },
    { TABLE(",\"x\":{\"trim\":false}"), { "columns.x.trim: must be true", NULL } },
    { TABLE(",\"x\":{\"null_as\":\"None\",\"type\":\"int\"}"), { "columns.x.null_as: only in a column of type string", NULL } },
    { TABLE(",\"x\":{\"suffix\":{\"k\":1000}}"), { "columns.x.suffix: needs \"type\": \"int\"", NULL } },
    { TABLE(",\"x\":{\"suffix\":{\"k\":0},\"type\":\"int\"}"), { "columns.x.suffix.k: a suffix stands for a factor from 1", NULL } },
    { TABLE(",\"x\":{\"suffix\":{\"1\":10},\"type\":\"int\"}"), { "does not begin with a digit", NULL } },
    { TABLE(",\"x\":{\"suffix\":{\"k\":10},\"trim\":true,\"type\":\"int\"}"), { "columns.x.trim: \"suffix\" has made a number already", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"yyyy-MM-dd\"]}}"), { "needs \"type\": \"timestamp\"", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"yy-MM-dd\"]},\"type\":\"timestamp\"}"), { "is no format of an instant: write yyyy", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"HH:mm\"]},\"type\":\"timestamp\"}"), { "needs at least yyyy, MM and dd", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"yyyy-MM-ddTHH\"]},\"type\":\"timestamp\"}"), { "must stand in 'quotes'", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"yyyy-MM-dd['T\"]},\"type\":\"timestamp\"}"), { "a quote is not closed", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"yyyy-MM-dd[\"]},\"type\":\"timestamp\"}"), { "brackets must be paired", NULL } },
    { TABLE(",\"x\":{\"timestamp\":{\"formats\":[\"yyyy-MM-dd\"],\"zone\":\"Europe/London\"},\"type\":\"timestamp\"}"), { "only \"UTC\" is known", NULL } },
    { TABLE(",\"x\":{\"array\":[\"a\"]}"), { "an array needs \"type\": \"double\"", NULL } },
    { TABLE(",\"x\":{\"array\":[\"a\"],\"concat\":[\"a\"],\"type\":\"double\"}"), { "not both", NULL } },
    { TABLE(",\"x\":{\"array\":[\"a\"],\"trim\":true,\"type\":\"double\"}"), { "an array takes no text operations", NULL } },
    { TABLE(",\"x\":{\"concat\":[1]}"), { "must be the name of a member, or {\"text\"", NULL } },
    { TABLE(",\"x\":{\"codes\":true,\"type\":\"int\"}"), { "only a column of type string can have codes", NULL } },
    { TABLE(",\"x\":{\"null_if\":{\"switch\":\"dedup\"}}"), { "unknown switch \"dedup\"; did you mean \"dedupe\"?", NULL } },
    { WITH("\"key\":\"q\""), { "key: unknown column \"q\"", "known are: k, x", NULL } },
    { WITH("\"key\":\"x\""), { "the key must be a column of type \"long\" or \"int\"", NULL } },
    { WITH("\"order\":[\"k\"],\"key\":\"k\""), { "order: the column \"x\" is missing", NULL } },
    { WITH("\"order\":[\"k\",\"x\",\"k\"],\"key\":\"k\""), { "order[2]: the column \"k\" is named twice", NULL } },
    { WITH("\"drop\":[\"x\"],\"key\":\"k\""), { "\"x\" is used by a column and cannot be dropped", NULL } },
    { WITH("\"require\":[\"y\"],\"key\":\"k\""), { "require[0]: unknown column \"y\"", NULL } },
    { WITH("\"dedupe\":{\"by\":[\"y\"]},\"key\":\"k\""), { "dedupe.by[0]: unknown column \"y\"", NULL } },
    { WITH("\"dedupe\":{\"by\":\"*\",\"keep\":\"last\"},\"key\":\"k\""), { "only \"first\" is known", NULL } },
    { WITH("\"checks\":[{\"column\":\"x\"}],\"key\":\"k\""), { "checks[0]: needs \"column\" and one of", NULL } },
    { WITH("\"checks\":[{\"column\":\"y\",\"unique\":true}],\"key\":\"k\""), { "checks[0].column: unknown column \"y\"", NULL } },
    { WITH("\"checks\":[{\"column\":\"x\",\"between\":[1,2]}],\"key\":\"k\""), { "needs a column of numbers", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"between\":[1]}],\"key\":\"k\""), { "must be [lowest, highest]", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"unique\":true,\"severity\":\"bad\"}],\"key\":\"k\""), { "unknown severity \"bad\"", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"between\":[1,\"2\"]}],\"key\":\"k\""), { "checks[0].between[1]: must be a number, or null", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"length\":[1,2]}],\"key\":\"k\""), { "checks[0].length: needs a column of texts", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"unique\":true,\"mostly\":1.5}],\"key\":\"k\""), { "checks[0].mostly: must be a part of the rows", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"unique\":true,\"rows\":[1,2]}],\"key\":\"k\""), { "a check expects one thing", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"rows\":[1,2]}],\"key\":\"k\""), { "\"rows\" is about the table, not a column", NULL } },
    { WITH("\"checks\":[{\"rows\":[1,2],\"mostly\":0.5}],\"key\":\"k\""), { "has no meaning with \"rows\"", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"references\":\"pins.ind\"}],\"key\":\"k\""), { "checks[0].references: unknown table \"pins\"; did you mean \"pin\"?", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"references\":\"pin.indx\"}],\"key\":\"k\""), { "unknown column \"indx\"; did you mean \"ind\"?", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"references\":\"pin\"}],\"key\":\"k\""), { "must be \"table.column\"", NULL } },
    { WITH("\"checks\":[{\"column\":\"k\",\"references\":\"pin.title\"}],\"key\":\"k\""), { "must be a column of whole numbers", NULL } },
    { WITH("\"requires\":[\"x\"],\"key\":\"k\""), { "unknown word \"requires\"; did you mean \"require\"?", NULL } },
    { "{\"table\":\"t\",\"key\":\"k\",\"columns\":{}}", { "a table has one to", NULL } },
    { "{\"table\":\"t\"}", { "needs \"table\", \"key\" and \"columns\"", NULL } },
};

static void mistakes_name_file_line_field_and_what_would_be_right(void **state)
{
    struct folder f;
    (void)state;
    folder_make(&f);
    for (size_t i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) {
        struct err e = { 0 };
        folder_put(&f, "clean", "t.json", MISTAKES[i].text);
        struct rules *r = rules_open(f.path, NULL, &e);
        if (r)
            fail_msg("was accepted: %s", MISTAKES[i].text);
        for (const char *const *says = MISTAKES[i].says; *says; says++)
            if (!strstr(e.message, *says))
                fail_msg("case %zu: \"%s\" does not say \"%s\"", i, e.message, *says);
        assert_non_null(strstr(e.message, "clean/t.json:"));
        assert_string_equal(e.code, "RULES_MALFORMED");
    }
    folder_drop(&f, "clean", "t.json");
}

static void a_rule_file_cut_anywhere_is_refused(void **state)
{
    struct folder f;
    struct arena a = ARENA_INIT;
    struct str text = t_file(&a, t_source(&a, "pipeline/rules/clean/pin.json"));
    struct err e;
    (void)state;
    assert_non_null(text.p);
    folder_make(&f);
    while (text.n && text.p[text.n - 1] != '}')
        text.n--;
    for (size_t n = 0; n < text.n; n += n < 1000 ? 1 : 7) {
        folder_put(&f, "clean", "pin.json", arena_z(&a, str_head(text, n)));
        struct rules *r = rules_open(f.path, NULL, &e);
        if (r)
            fail_msg("cut at %zu was accepted", n);
    }
    folder_drop(&f, "clean", "pin.json");
    arena_release(&a);
}

static void a_folder_replaces_files_by_name_and_leaves_the_others(void **state)
{
    struct folder f;
    struct err e;
    (void)state;
    folder_make(&f);
    folder_put(&f, "clean", "geo.json", "{\"table\":\"geo\",\"key\":\"ind\",\"columns\":{\"ind\":{\"type\":\"int\"}}}");
    struct rules *r = rules_open(f.path, NULL, &e);
    assert_non_null(r);
    struct table *geo = table_open(r, S("geo")), *pin = table_open(r, S("pin"));
    assert_int_equal(geo->n_columns, 1);
    assert_int_equal(geo->columns[0].type, COLUMN_INT);
    assert_int_equal(pin->n_columns, 11);
    table_close(geo);
    table_close(pin);
    rules_close(r);
    folder_drop(&f, "clean", "geo.json");
    assert_null(rules_open(f.path, NULL, &e));
    assert_non_null(strstr(e.message, f.path));
}

static void a_profile_of_ones_own_changes_switches(void **state)
{
    struct folder f;
    struct err e;
    (void)state;
    folder_make(&f);
    folder_put(&f, "profiles", "mine.json",
               "{\"profile\":\"mine\",\"switches\":{\"description_also_null\":[\"Untitled\"],"
               "\"description_prefix\":[\"No description available\"],\"timestamp_formats\":[\"MM/dd/yyyy, HH:mm:ss\"]}}");
    struct rules *r = rules_open(f.path, "mine", &e);
    if (!r)
        fail_msg("%s", e.message);
    struct cleaner *c = cleaner_open(r, S("geo"), false);
    assert_int_equal(cleaner_add(c, S("{\"ind\":1,\"timestamp\":\"08/28/2020, 03:52:47\",\"coordinates\":null,\"country\":\"x\"}"), 0, &e), 1);
    struct table *t = cleaner_take(c);
    assert_false(table_column(t, S("timestamp"))->null[0]);
    table_close(t);
    cleaner_close(c);
    c = cleaner_open(r, S("pin"), false);
    static const char *const DESCRIPTIONS[] = { "Untitled", "No description available", "No description available Story format", "Untitled 2" };
    for (size_t i = 0; i < 4; i++) {
        struct buf b = BUF_INIT;
        buf_f(&b, "{\"ind\":%zu,\"unique_id\":null,\"title\":null,\"description\":\"%s\",\"follower_count\":null,"
              "\"poster_name\":null,\"tag_list\":null,\"is_image_or_video\":null,\"image_src\":null,"
              "\"save_location\":null,\"category\":null}", i, DESCRIPTIONS[i]);
        assert_int_equal(cleaner_add(c, buf_str(&b), i, &e), 1);
        buf_release(&b);
    }
    t = cleaner_take(c);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(table_column(t, S("description"))->null[i], i < 3);
    table_close(t);
    cleaner_close(c);
    rules_close(r);
    static const struct {
        const char *text, *says;
    } WRONG[] = { { "{\"profile\":\"mine\",\"switches\":{\"tie\":1}}", "unknown switch \"tie\"; did you mean \"ties\"?" },
                  { "{\"profile\":\"mine\"}", "needs \"switches\"" },
                  { "{\"profile\":\"mine\",\"switches\":{\n\"name_separator\":7}}", "mine.json:2:18: switches.name_separator: must be a text" } };
    for (size_t i = 0; i < 3; i++) {
        folder_put(&f, "profiles", "mine.json", WRONG[i].text);
        assert_null(rules_open(f.path, "mine", &e));
        if (!strstr(e.message, WRONG[i].says))
            fail_msg("%s", e.message);
    }
    folder_drop(&f, "profiles", "mine.json");
}

static void checks_count_failing_rows(void **state)
{
    static const char *const ROWS[] = { "{\"k\":1,\"x\":\"a\"}", "{\"k\":1,\"x\":null}", "{\"k\":-4,\"x\":\"b\"}",
                                        "{\"k\":9,\"x\":\"b\"}", "{\"k\":1,\"x\":\"c\"}" };
    static const struct {
        const char *expects;
        uint64_t failing;
        size_t first;
    } WANT[] = { { "not_null", 1, 1 }, { "unique", 1, 3 }, { "accepted", 1, 4 }, { "between", 2, 2 }, { "unique", 2, 1 } };
    struct folder f;
    struct err e;
    (void)state;
    folder_make(&f);
    folder_put(&f, "clean", "t.json",
               WITH("\"key\":\"k\",\"checks\":[{\"column\":\"x\",\"not_null\":true},{\"column\":\"x\",\"unique\":true},"
                    "{\"column\":\"x\",\"accepted\":[\"a\",\"b\"]},{\"column\":\"k\",\"between\":[0,5],\"severity\":\"warn\"},"
                    "{\"column\":\"k\",\"unique\":true}]"));
    struct rules *r = rules_open(f.path, NULL, &e);
    if (!r)
        fail_msg("%s", e.message);
    struct cleaner *c = cleaner_open(r, S("t"), false);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(cleaner_add(c, str_of(ROWS[i]), i, &e), 1);
    struct table *t = cleaner_take(c);
    assert_int_equal(check_count(t), 5);
    for (size_t i = 0; i < 5; i++) {
        struct clean_check got = check_run(t, i, NULL, 0);
        assert_string_equal(got.expects, WANT[i].expects);
        assert_int_equal(got.failing, WANT[i].failing);
        assert_int_equal(got.rows[0], WANT[i].first);
        assert_int_equal(got.warns, i == 3);
        assert_true(got.fails);
        check_release(&got);
    }
    table_close(t);
    cleaner_close(c);
    rules_close(r);
    folder_drop(&f, "clean", "t.json");
}

/* One table checked against another: what refers to nothing, texts of a length, numbers of rows, and what `mostly` allows. */
static void checks_of_tables_and_parts_of_rows(void **state)
{
    static const struct {
        uint64_t failing;
        bool fails;
    } WANT[] = { { 1, true }, { 1, false }, { 1, true }, { 2, true }, { 0, true }, { 0, false } };
    struct folder f;
    struct err e;
    (void)state;
    folder_make(&f);
    folder_put(&f, "clean", "t.json",
               WITH("\"key\":\"k\",\"checks\":[{\"column\":\"k\",\"references\":\"t2.k\"},{\"column\":\"k\",\"references\":\"t2.k\",\"mostly\":0.66},"
                    "{\"column\":\"x\",\"references\":\"t2.x\"},{\"column\":\"x\",\"length\":[2,null]},{\"rows\":[4,null]},{\"rows\":[3,3]}]"));
    folder_put(&f, "clean", "t2.json", "{\"table\":\"t2\",\"key\":\"k\",\"columns\":{\"k\":{\"type\":\"int\"},\"x\":{}}}");
    struct rules *r = rules_open(f.path, NULL, &e);
    if (!r)
        fail_msg("%s", e.message);
    struct cleaner *c = cleaner_open(r, S("t"), false), *other = cleaner_open(r, S("t2"), false);
    static const char *const ROWS[] = { "{\"k\":1,\"x\":\"\xc3\xa9\"}", "{\"k\":2,\"x\":\"ab\"}", "{\"k\":3,\"x\":\"z\"}" };
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(cleaner_add(c, str_of(ROWS[i]), i, &e), 1);
    assert_int_equal(cleaner_add(other, S("[{\"k\":1,\"x\":\"ab\"},{\"k\":2,\"x\":\"\xc3\xa9\"}]"), 0, &e), 2);
    struct table *tables[] = { cleaner_take(c), cleaner_take(other) };
    for (size_t i = 0; i < sizeof WANT / sizeof *WANT; i++) {
        struct clean_check got = check_run(tables[0], i, (const struct table *const *)tables, 2);
        if (got.failing != WANT[i].failing || got.fails != WANT[i].fails)
            fail_msg("check %zu: %llu rows fail", i, (unsigned long long)got.failing);
        check_release(&got);
    }
    table_close(tables[0]);
    table_close(tables[1]);
    cleaner_close(c);
    cleaner_close(other);
    rules_close(r);
    char path[160];
    snprintf(path, sizeof path, "%s/clean/t2.json", f.path);
    unlink(path);
    folder_drop(&f, "clean", "t.json");
}

static void an_unknown_profile_or_folder_is_told(void **state)
{
    struct err e;
    (void)state;
    assert_null(rules_open(NULL, "1leksmi", &e));
    assert_string_equal(e.code, "PROFILE_UNKNOWN");
    assert_non_null(strstr(e.message, "did you mean \"1lekshmi\"?"));
    assert_null(rules_open(NULL, "../clean/pin", &e));
    assert_null(rules_open("no/such/folder", NULL, &e));
    assert_non_null(strstr(e.message, "no/such/folder: No such file"));
}

static void every_built_in_profile_can_be_opened(void **state)
{
    struct err e;
    struct rules *r = rules_open(NULL, NULL, &e);
    size_t n = 0;
    (void)state;
    for (struct str name; (name = rules_profile_name(r, n)).p; n++) {
        char profile[100];
        snprintf(profile, sizeof profile, STR_F, STR_A(name));
        struct rules *other = rules_open(NULL, profile, &e);
        if (!other)
            fail_msg("%s", e.message);
        assert_str(rules_profile(other), profile);
        rules_close(other);
    }
    assert_true(n >= 5);
    rules_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_operation_has_one_meaning),
        cmocka_unit_test(mistakes_name_file_line_field_and_what_would_be_right),
        cmocka_unit_test(a_rule_file_cut_anywhere_is_refused),
        cmocka_unit_test(a_folder_replaces_files_by_name_and_leaves_the_others),
        cmocka_unit_test(a_profile_of_ones_own_changes_switches),
        cmocka_unit_test(checks_count_failing_rows), cmocka_unit_test(checks_of_tables_and_parts_of_rows),
        cmocka_unit_test(an_unknown_profile_or_folder_is_told),
        cmocka_unit_test(every_built_in_profile_can_be_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
