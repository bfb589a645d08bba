/* What four authors' Spark showed, reproduced from the raw rows under each author's profile.
 *
 * Cleaned rows: every published row, cell for cell, and no other. The published text goes through the same
 * typed columns, and no operation may find anything left to do in it.
 * Raw rows are the author's own where published, else the tables' rows of the indices that the author posted.
 *
 * Answers: every row, any order. Where an author's top-one left ties to chance (row_number without a second
 * key), the name is not compared, the key and the number are. Medians compare as numbers.
 * Then once more through the whole cloud: the tables in the RDS, the author's indices posted over both paths.
 * WilsonRedman stopped after posting pin 8174 and before its geo and user rows, so those tables have 168 rows.
 */
#include "tests/support/t.h"

#include <unistd.h>

#include "base/json.h"
#include "cli/flow.h"

enum { MAX_COLUMNS = 4 };

struct answer {
    const char *file, *query;
    const char *columns; /* our column of each of theirs; '-' before one that chance decides */
};
struct set {
    const char *name;
    size_t rows[3], posted[3]; /* geo, pin, user: published; posted */
    struct answer answers[12];
};
static const char *const TABLES[] = { "geo", "pin", "user" };

static const struct set SETS[] = {
    { "1lekshmi",
      { 564, 564, 564 },
      { 571, 571, 571 },
      { { "q1_country_category", "popular_category_by_country", "0-12" },
        { "q2_year_category", "posts_by_category_and_year", "0-12" },
        { "q3a_top_user_country", "top_user_by_country", "0-12" },
        { "q3b_top_country", "country_with_top_user", "-01" },
        { "q4_age_category", "popular_category_by_age_group", "0-12" },
        { "q5_age_median", "median_followers_by_age_group", "01" },
        { "q6_joined", "users_joined_by_year", "01" },
        { "q7_year_median", "median_followers_by_join_year", "01" },
        { "q8_age_year_median", "median_followers_by_join_year_and_age_group", "012" } } },
    { "elishagretton", { 131, 131, 131 }, { 137, 137, 137 }, { { NULL, NULL, NULL } } },
    { "javeer89",
      { 1267, 1267, 1267 },
      { 1267, 1267, 1267 },
      { { "q5_age_median", "median_followers_by_age_group", "01" },
        { "q6_joined", "users_joined_by_year", "01" },
        { "q7_year_median", "median_followers_by_join_year", "01" } } },
    { "WilsonRedman",
      { 168, 169, 168 },
      { 168, 169, 168 },
      { { "q1_country_category_rank_ties", "popular_category_by_country", "012" },
        { "q2_year_category_rank_ties", "posts_by_category_and_year", "012" },
        { "q3a_top_user_country", "top_user_by_country", "012" },
        { "q3b_top_country", "country_with_top_user", "-01" },
        { "q4_age_category", "popular_category_by_age_group", "012" },
        { "q5_age_median_exact", "median_followers_by_age_group", "01" },
        { "q6_joined", "users_joined_by_year", "01" },
        { "q7_year_median_exact", "median_followers_by_join_year", "01" },
        { "q8_age_year_median_exact", "median_followers_by_join_year_and_age_group", "102" } } },
};

struct data {
    struct arena arena;
    struct str rows[3][11154]; /* the tables' rows by index, as JSON; p == NULL: not public */
};

/* ---- the tables ---- */

static struct str csv_field(struct str *line, struct buf *out)
{
    size_t i = 0;
    buf_reset(out);
    if (line->n && line->p[0] == '"') {
        for (i = 1; i < line->n && (line->p[i] != '"' || (i + 1 < line->n && line->p[i + 1] == '"')); i++) {
            buf_c(out, line->p[i]);
            i += line->p[i] == '"';
        }
        i++;
    } else {
        while (i < line->n && line->p[i] != ',')
            buf_c(out, line->p[i++]);
    }
    *line = str_from(*line, i + 1);
    return buf_str(out);
}

/* A CSV line as a JSON object, every value a text. */
static struct str csv_object(struct arena *a, struct str header, struct str line, int64_t *ret_index)
{
    struct buf json = BUF_INIT, field = BUF_INIT;
    while (header.p) {
        struct str name = str_cut(&header, ',');
        struct str value = csv_field(&line, &field);
        buf_c(&json, json.n ? ',' : '{');
        if (str_is(name, "ind"))
            assert_true(str_to_i64(value, ret_index));
        json_put_text(&json, name);
        buf_c(&json, ':');
        json_put_text(&json, value);
    }
    buf_c(&json, '}');
    struct str object = arena_dup(a, buf_str(&json));
    buf_release(&json);
    buf_release(&field);
    return object;
}

static int64_t index_of(struct str row)
{
    struct json v;
    int64_t index = -1;
    assert_true(json_get(row, "index", &v) || json_get(row, "ind", &v));
    assert_true(str_to_i64(v.raw, &index));
    assert_in_range(index, 0, 11153);
    return index;
}

static int load(void **state)
{
    static const char *const FILES[] = { "tables/geolocation_data.csv", "tables/pinterest_data.jsonl",
                                         "tables/user_data.csv" };
    struct data *d = calloc(1, sizeof *d);
    *state = d;
    for (size_t t = 0; t < 3; t++) {
        const char *path = t_shared(&d->arena, FILES[t]);
        if (!path)
            return 0;
        struct str text = t_file(&d->arena, path), header = { NULL, 0 };
        if (t != 1)
            header = str_trim(str_cut(&text, '\n'));
        while (text.p) {
            struct str line = str_trim(str_cut(&text, '\n'));
            int64_t index = -1;
            if (!line.n)
                continue;
            struct str object = header.p ? csv_object(&d->arena, header, line, &index) : line;
            index = header.p ? index : index_of(line);
            d->rows[t][index] = object;
        }
    }
    return 0;
}

static int unload(void **state)
{
    struct data *d = *state;
    arena_release(&d->arena);
    free(d);
    return 0;
}

/* ---- one set ---- */

static struct str shared(struct arena *a, const struct set *set, const char *stem, const char *table, const char *ending)
{
    const char *path = t_shared(a, arena_f(a, "published/%s/%s%s%s", set->name, stem, table, ending).p);
    return path ? t_file(a, path) : (struct str){ NULL, 0 };
}

static void add_all(struct cleaner *c, struct str lines, size_t *ret_n)
{
    struct err e;
    size_t n = 0;
    while (lines.p) {
        struct str line = str_cut(&lines, '\n');
        if (line.n)
            assert_ok(cleaner_add(c, line, n++, &e) == 1 ? 0 : -1, &e);
    }
    *ret_n = n;
}

/* The author's raw rows, or the tables' rows that the author posted. */
static struct table *clean_raw(struct data *d, const struct rules *r, const struct set *set, size_t t)
{
    struct arena a = ARENA_INIT;
    struct cleaner *c = cleaner_open(r, str_of(TABLES[t]), false);
    struct str raw = shared(&a, set, "raw_", TABLES[t], ".jsonl"), posts = shared(&a, set, "raw_", "pin", ".jsonl");
    struct err e;
    size_t n = 0;
    if (raw.p) {
        add_all(c, raw, &n);
    } else {
        posts = posts.p ? posts : shared(&a, set, "clean_", TABLES[t], ".jsonl");
        while (posts.p) {
            struct str line = str_cut(&posts, '\n');
            if (line.n)
                assert_ok(cleaner_add(c, d->rows[t][index_of(line)], n++, &e) == 1 ? 0 : -1, &e);
        }
    }
    assert_int_equal(n, set->posted[t]);
    struct table *table = cleaner_take(c);
    table_finish(table);
    cleaner_close(c);
    arena_release(&a);
    return table;
}

/* Databricks shows an array<double> cell as "List(1.0, 2.0)". */
static struct str without_list(struct arena *a, struct str text)
{
    struct buf out = BUF_INIT;
    for (size_t at; (at = str_find(text, S("\"List("))) != STR_NONE;) {
        buf_str_add(&out, str_head(text, at));
        text = str_from(text, at + 6);
        size_t end = str_find(text, S(")\""));
        buf_f(&out, "[" STR_F "]", STR_A(str_head(text, end)));
        text = str_from(text, end + 2);
    }
    buf_str_add(&out, text);
    text = arena_dup(a, buf_str(&out));
    buf_release(&out);
    return text;
}

static void same_rows(const struct rules *r, const struct set *set, size_t t, const struct table *got)
{
    struct arena a = ARENA_INIT;
    struct cleaner *c = cleaner_open(r, str_of(TABLES[t]), false);
    struct buf want_row = BUF_INIT, got_row = BUF_INIT;
    size_t n;
    add_all(c, without_list(&a, shared(&a, set, "clean_", TABLES[t], ".jsonl")), &n);
    struct table *want = cleaner_take(c);
    for (size_t i = 0; i < want->n_counts; i++)
        if (want->counts[i].nulled || !strcmp(want->counts[i].operation, "strip_prefix"))
            assert_int_equal(want->counts[i].touched, 0);
    table_finish(want);
    assert_int_equal(n, set->rows[t]);
    assert_int_equal(want->n_rows, set->rows[t]);
    assert_int_equal(got->n_rows, want->n_rows);
    for (size_t i = 0; i < n; i++) {
        buf_reset(&want_row);
        buf_reset(&got_row);
        table_put_jsonl(want, i, &want_row);
        table_put_jsonl(got, i, &got_row);
        assert_str(buf_str(&got_row), buf_cstr(&want_row));
    }
    table_close(want);
    cleaner_close(c);
    buf_release(&want_row);
    buf_release(&got_row);
    arena_release(&a);
}

/* One row with the columns that chance does not decide: "Albania|5|"; numbers in their shortest form. */
static void row_text(struct buf *out, const struct str cells[MAX_COLUMNS], size_t n)
{
    buf_reset(out);
    for (size_t i = 0; i < n; i++) {
        double v;
        if (cells[i].p && str_to_double(cells[i], &v))
            json_put_double(out, v);
        else
            buf_str_add(out, cells[i]);
        buf_c(out, '|');
    }
}

static int compare_texts(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The published rows, each as row_text, sorted. */
static size_t published(struct arena *a, const struct answer *answer, struct str text, struct str *rows)
{
    struct json_reader r;
    struct json list, v;
    struct buf out = BUF_INIT;
    size_t n = 0;
    assert_true(json_get(text, "rows", &list));
    json_open(&r, list.raw);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1) {
        struct str cells[MAX_COLUMNS];
        size_t k = 0;
        json_enter(&r, JSON_ARRAY);
        for (const char *p = answer->columns; json_element(&r) == 1; p++) {
            json_read(&r, &v);
            if (*p == '-')
                p++;
            else
                cells[k++] = v.type == JSON_STRING ? json_text(v, a) : v.type == JSON_NULL ? S("") : v.raw;
        }
        row_text(&out, cells, k);
        rows[n++] = arena_dup(a, buf_str(&out));
    }
    assert_int_equal(json_close(&r), 0);
    qsort(rows, n, sizeof *rows, compare_texts);
    buf_release(&out);
    return n;
}

static size_t answered(struct arena *a, const struct answer *answer, const struct result *result, struct str *rows)
{
    struct buf out = BUF_INIT, cell = BUF_INIT;
    for (size_t i = 0; i < result->n_rows; i++) {
        struct str cells[MAX_COLUMNS];
        size_t k = 0;
        for (const char *p = answer->columns; *p; p++) {
            if (*p == '-') {
                p++;
                continue;
            }
            buf_reset(&cell);
            result_put_cell(result, i, (size_t)(*p - '0'), &cell);
            cells[k++] = arena_dup(a, buf_str(&cell));
        }
        row_text(&out, cells, k);
        rows[i] = arena_dup(a, buf_str(&out));
    }
    qsort(rows, result->n_rows, sizeof *rows, compare_texts);
    buf_release(&out);
    buf_release(&cell);
    return result->n_rows;
}

static void same_answer(const struct set *set, const struct answer *answer, const struct analytics *questions,
                        const struct table *const *tables)
{
    struct arena a = ARENA_INIT;
    struct str text = shared(&a, set, answer->file, "", ".json"), *want, *got;
    struct result *result;
    struct err e;
    assert_non_null(text.p);
    assert_ok(analytics_run(questions, analytics_find(questions, str_of(answer->query)), tables, 3, &result, &e), &e);
    want = ARENA_ARRAY(&a, struct str, 1000);
    got = ARENA_ARRAY(&a, struct str, result->n_rows + 1);
    size_t n = published(&a, answer, text, want), m = answered(&a, answer, result, got);
    for (size_t i = 0; i < n && i < m; i++)
        assert_str(got[i], arena_z(&a, want[i]));
    assert_int_equal(m, n);
    result_close(result);
    arena_release(&a);
}

static void reproduces(void **state, const struct set *set)
{
    struct data *d = *state;
    struct err e;
    struct table *tables[3];
    if (!d->rows[2][0].p)
        skip();
    struct rules *r = rules_open(NULL, set->name, &e);
    if (!r)
        fail_msg("%s", e.message);
    struct analytics *questions = analytics_open(r, &e);
    if (!questions)
        fail_msg("%s", e.message);
    for (size_t t = 0; t < 3; t++) {
        tables[t] = clean_raw(d, r, set, t);
        same_rows(r, set, t, tables[t]);
    }
    for (const struct answer *answer = set->answers; answer->file; answer++)
        same_answer(set, answer, questions, (const struct table *const *)tables);
    for (size_t t = 0; t < 3; t++)
        table_close(tables[t]);
    analytics_close(questions);
    rules_close(r);
}

/* ---- the same through the cloud ---- */

/* The indices of the author's posts, one a line. A pin posted without its geo and user rows joins nothing: left out. */
static void write_indices(const struct set *set, const char *path)
{
    struct arena a = ARENA_INIT;
    struct str posts = shared(&a, set, "raw_", "pin", ".jsonl");
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    posts = posts.p ? posts : shared(&a, set, "clean_", "geo", ".jsonl");
    while (posts.p) {
        struct str line = str_cut(&posts, '\n');
        if (line.n)
            fprintf(f, "%lld\n", (long long)index_of(line));
    }
    fclose(f);
    arena_release(&a);
}

static void flows(void **state, const struct set *set)
{
    struct data *d = *state;
    struct err e = { 0 };
    struct flow f;
    char indices[] = "weirbox-indices-XXXXXX";
    if (!d->rows[2][0].p)
        skip();
    close(mkstemp(indices));
    write_indices(set, indices);
    const struct flow_options o = {
        .tables_dir = t_shared(&d->arena, "tables"), .profile = set->name, .path_on = { true, true }, .seed = 100,
        .choose = { .kind = CHOOSE_FILE, .posts = -1, .path = indices },
    };
    assert_ok(flow_run(&o, &f, &e), &e);
    assert_ok(flow_verdict(&f, &e), &e);
    for (int path = 0; path < FLOW_PATHS; path++)
        for (const struct answer *answer = set->answers; answer->file; answer++)
            same_answer(set, answer, f.analytics, (const struct table *const *)f.paths[path].tables);
    for (size_t t = 0; t < LEDGER_TABLES && set->posted[0] == set->posted[1]; t++)
        assert_int_equal(f.paths[0].tables[t]->n_rows, set->rows[0]);
    flow_release(&f);
    unlink(indices);
}

static void lekshmi_through_the_cloud(void **state) { flows(state, &SETS[0]); }
static void elishagretton_through_the_cloud(void **state) { flows(state, &SETS[1]); }
static void javeer89_through_the_cloud(void **state) { flows(state, &SETS[2]); }
static void wilson_redman_through_the_cloud(void **state) { flows(state, &SETS[3]); }

static void lekshmi(void **state) { reproduces(state, &SETS[0]); }
static void elishagretton(void **state) { reproduces(state, &SETS[1]); }
static void javeer89(void **state) { reproduces(state, &SETS[2]); }
static void wilson_redman(void **state) { reproduces(state, &SETS[3]); }

int main(void)
{
    t_need_shared("tables/user_data.csv");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lekshmi),
        cmocka_unit_test(elishagretton),
        cmocka_unit_test(javeer89),
        cmocka_unit_test(wilson_redman),
        cmocka_unit_test(lekshmi_through_the_cloud),
        cmocka_unit_test(elishagretton_through_the_cloud),
        cmocka_unit_test(javeer89_through_the_cloud),
        cmocka_unit_test(wilson_redman_through_the_cloud),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
