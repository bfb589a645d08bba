/* Listings of real buckets against what this sink would have stored: the first posts of seed 100, row by row. */
#include "base/json.h"
#include "base/rng.h"
#include "mocks/connect/worker.h"
#include "tests/support/t.h"

enum { ROWS = 11154, POSTS = 40 };
#define CONFIG                                                                                                    \
    "name=s3-sink\nconnector.class=S3SinkConnector\nflush.size=1\ntopics=t\nformat.class=JsonFormat\n"            \
    "storage.class=S3Storage\ns3.bucket.name=bucket\nvalue.converter.schemas.enable=false\n"

struct tables {
    struct arena arena;
    struct str pin[ROWS], geo[ROWS], user[ROWS]; /* the posted JSON; n == 0 = not public */
};

/* One CSV field; quotes as in RFC 4180, without doubled ones (the tables have none). */
static struct str take_field(struct str *line)
{
    if (line->n && *line->p == '"') {
        *line = str_from(*line, 1);
        struct str field = str_cut(line, '"');
        str_cut(line, ',');
        return field;
    }
    return str_cut(line, ',');
}

static struct str row_json(struct arena *a, bool geo, struct str line)
{
    struct str f[5];
    for (int i = 0; i < 5; i++)
        f[i] = take_field(&line);
    const char *point2 = str_chr(f[2], '.') == STR_NONE ? ".0" : "", *point3 = str_chr(f[3], '.') == STR_NONE ? ".0" : "";
    if (geo)
        return arena_f(a, "{\"ind\": " STR_F ", \"timestamp\": \"" STR_F "\", \"latitude\": " STR_F "%s, \"longitude\": "
                       STR_F "%s, \"country\": \"" STR_F "\"}", STR_A(f[0]), STR_A(f[1]), STR_A(f[2]), point2, STR_A(f[3]),
                       point3, STR_A(f[4]));
    return arena_f(a, "{\"ind\": " STR_F ", \"first_name\": \"" STR_F "\", \"last_name\": \"" STR_F "\", \"age\": " STR_F
                   ", \"date_joined\": \"" STR_F "\"}", STR_A(f[0]), STR_A(f[1]), STR_A(f[2]), STR_A(f[3]), STR_A(f[4]));
}

static bool load_csv(struct tables *t, const char *path, bool geo, struct str *rows)
{
    const char *shared = t_shared(&t->arena, path);
    struct str rest = shared ? t_file(&t->arena, shared) : (struct str){ 0 };
    if (!rest.p)
        return false;
    str_cut(&rest, '\n');
    for (size_t i = 0; rest.n && i < ROWS; i++) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.n)
            rows[i] = row_json(&t->arena, geo, line);
    }
    return true;
}

static bool load(struct tables *t)
{
    const char *pins = t_shared(&t->arena, "tables/pinterest_data.jsonl");
    struct str rest = pins ? t_file(&t->arena, pins) : (struct str){ 0 };
    if (!rest.p || !load_csv(t, "tables/geolocation_data.csv", true, t->geo) ||
        !load_csv(t, "tables/user_data.csv", false, t->user))
        return false;
    while (rest.n) {
        struct str line = str_cut(&rest, '\n');
        struct json index;
        int64_t i;
        if (json_get(line, "index", &index) && str_to_i64(index.raw, &i) && i >= 0 && i < ROWS)
            t->pin[i] = line;
    }
    return true;
}

static struct connect_config *config(void)
{
    struct arena a = ARENA_INIT;
    struct config_mistakes m = { .arena = &a };
    struct properties given;
    struct err e = { 0 };
    assert_ok(properties_parse(S(CONFIG), &a, &given, &e), &e);
    struct connect_config *c = connect_config_open(&given, true, &m);
    assert_non_null(c);
    arena_release(&a);
    return c;
}

/* Size of the object of one row, 0 when the row is not public. */
static size_t object_bytes(const struct connect_config *c, struct str row)
{
    struct buf out = BUF_INIT;
    struct err e = { 0 };
    if (!row.n)
        return 0;
    assert_int_equal(connect_record_value(c, row, &out, &e), RECORD_OK);
    size_t n = out.n + 1;
    buf_release(&out);
    return n;
}

static void check_key(const struct connect_config *c, struct str key, struct str topic, int offset)
{
    struct buf want = BUF_INIT;
    char *z = mem_dup(topic);
    connect_record_object_key(c, z, S("partition=0"), 0, offset, ".json", &want);
    free(z);
    if (!str_ends(key, buf_str(&want)))
        fail_msg("key " STR_F ", expected …" STR_F, STR_A(key), STR_A(buf_str(&want)));
    buf_release(&want);
}

/* Compares one listing; people restarted their script, so the sequence may begin again. Answers the objects compared. */
static int check_listing(const struct connect_config *c, const struct tables *t, struct json_reader *r)
{
    struct pyrandom random;
    struct str row_key, text = { 0 };
    struct json v, size;
    size_t expected[POSTS];
    int n = 0, at = 0;
    int64_t renamed = 0; /* some posted `index` for `ind` */
    json_enter(r, JSON_OBJECT);
    while (json_member(r, &row_key) == 1) {
        json_enter(r, JSON_ARRAY);
        while (json_element(r) == 1 && json_read(r, &v) == 0) {
            struct arena a = ARENA_INIT;
            int64_t got = 0;
            struct str key = json_get_text(v.raw, "key", &a), name = key;
            assert_true(json_get(v.raw, "size", &size) && str_to_i64(size.raw, &got));
            while (str_chr(name, '/') != STR_NONE)
                str_cut(&name, '/');
            text = str_cut(&name, '+');
            if (n == 0) {
                const struct str *rows = str_ends(text, S(".pin")) ? t->pin : str_ends(text, S(".geo")) ? t->geo : t->user;
                pyrandom_seed(&random, 100);
                for (int i = 0; i < POSTS; i++) {
                    pyrandom_randrange(&random, 0, 2);
                    expected[i] = object_bytes(c, rows[pyrandom_randint(&random, 0, 11000)]);
                }
                renamed = got - (int64_t)expected[0];
            }
            check_key(c, key, text, n++);
            arena_release(&a);
            if (renamed != 0 && renamed != 2)
                continue; /* rows of another making */
            if (expected[at] && (int64_t)expected[at] + renamed != got)
                at = 0;
            if (expected[at] && (int64_t)expected[at] + renamed != got)
                fail_msg("object %d of " STR_F ": %lld bytes, expected %zu", n - 1, STR_A(text), (long long)got, expected[at]);
            at++;
        }
    }
    return renamed == 0 || renamed == 2 ? n : 0;
}

static void sizes_and_keys_are_those_of_real_buckets(void **state)
{
    struct tables *t = mem_zero(sizeof *t);
    struct json_reader r;
    int compared = 0;
    (void)state;
    const char *path = t_shared(&t->arena, "wire/s3_listings.json");
    struct str listings = path ? t_file(&t->arena, path) : (struct str){ 0 };
    if (!listings.p || !load(t)) {
        arena_release(&t->arena);
        free(t);
        skip();
    }
    struct connect_config *c = config();
    json_open(&r, listings);
    json_enter(&r, JSON_ARRAY);
    while (json_element(&r) == 1)
        compared += check_listing(c, t, &r);
    assert_int_equal(json_close(&r), 0);
    assert_in_range(compared, 400, 480);
    assert_int_equal(object_bytes(c, t->pin[7528]), 444);
    assert_int_equal(object_bytes(c, t->pin[2863]), 681);
    assert_int_equal(object_bytes(c, t->geo[7528]), 108);
    connect_config_close(c);
    arena_release(&t->arena);
    free(t);
}

int main(void)
{
    t_need_shared("wire/s3_listings.json");
    const struct CMUnitTest tests[] = { cmocka_unit_test(sizes_and_keys_are_those_of_real_buckets) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
