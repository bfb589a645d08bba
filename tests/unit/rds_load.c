/* What table files are taken, and how each kind of broken line is told. */
#include "tests/support/t.h"

#include "mocks/rds/load.h"

/* A sink that writes rows down: values joined by '|', rows by '\n'. */
struct notes {
    struct buf columns, rows;
    size_t n;
    int64_t keys[64];
    size_t n_keys, key;
};

static int note_columns(void *ctx, const struct schema_table *t, const struct load_columns *c, struct err *e)
{
    struct notes *n = ctx;
    (void)t, (void)e;
    n->n = c->n, n->key = c->key, n->n_keys = 0;
    for (size_t i = 0; i < c->n; i++)
        buf_f(&n->columns, "%s" STR_F "%s", i ? "|" : "", STR_A(c->at[i].name), c->at[i].known ? "" : "+");
    return 0;
}

static int note_row(void *ctx, const struct load_value *v, struct err *e)
{
    struct notes *n = ctx;
    (void)e;
    for (size_t i = 0; i < n->n_keys; i++)
        if (n->keys[i] == v[n->key].integer)
            return 1;
    if (n->n_keys < 64)
        n->keys[n->n_keys++] = v[n->key].integer;
    for (size_t i = 0; i < n->n; i++) {
        buf_z(&n->rows, i ? "|" : "");
        switch (v[i].kind) {
        case LOAD_NULL: buf_z(&n->rows, "~"); break;
        case LOAD_INTEGER: buf_i64(&n->rows, v[i].integer); break;
        case LOAD_FLOAT: buf_f(&n->rows, "%.15g", v[i].real); break;
        case LOAD_TEXT: buf_str_add(&n->rows, v[i].text); break;
        }
    }
    buf_c(&n->rows, '\n');
    return 0;
}

#define HEAD "ind,first_name,last_name,age,date_joined\n"
#define JOINED "2016-05-28 21:22:35"
#define OBJECT(ind, rest) "{\"ind\":" ind ",\"first_name\":\"A\",\"last_name\":\"B\",\"age\":20,\"date_joined\":\"" JOINED "\"" rest "}"

/* The table is user_data unless said; an expected broken line or error may be a part of the message. */
static const struct load_case {
    const char *promise;
    enum load_format format;
    const char *text;
    const char *rows;   /* NULL = refused */
    int64_t broken;
    const char *message;
} cases[] = {
    { "plain rows", LOAD_CSV, HEAD "1,A,B,20," JOINED "\n2,C,D,21," JOINED "\n", "1|A|B|20|" JOINED "\n2|C|D|21|" JOINED "\n", 0, NULL },
    { "no newline at the end", LOAD_CSV, HEAD "1,A,B,20," JOINED, "1|A|B|20|" JOINED "\n", 0, NULL },
    { "CRLF", LOAD_CSV, "ind,first_name,last_name,age,date_joined\r\n1,A,B,20," JOINED "\r\n", "1|A|B|20|" JOINED "\n", 0, NULL },
    { "BOM", LOAD_CSV, "\xEF\xBB\xBF" HEAD "1,A,B,20," JOINED "\n", "1|A|B|20|" JOINED "\n", 0, NULL },
    { "blank lines are passed over", LOAD_CSV, HEAD "\n1,A,B,20," JOINED "\n\r\n\n", "1|A|B|20|" JOINED "\n", 0, NULL },
    { "quotes, commas and newlines in quotes", LOAD_CSV, HEAD "1,\"A \"\"x\"\", y\",\"B\nC\r\nD\",20,\"" JOINED "\"\n",
      "1|A \"x\", y|B\nC\r\nD|20|" JOINED "\n", 0, NULL },
    { "empty quotes and quotes only", LOAD_CSV, HEAD "1,\"\",\"\"\"\",20," JOINED "\n", "1||\"|20|" JOINED "\n", 0, NULL },
    { "an empty number is NULL, an empty text is empty", LOAD_CSV, HEAD "1,,,,\n", "1|||~|~\n", 0, NULL },
    { "another order and more columns", LOAD_CSV, "age,ind,x y,first_name,last_name,date_joined\n20,1,9,A,B," JOINED "\n",
      "20|1|9|A|B|" JOINED "\n", 0, NULL },
    { "whole floats are integers", LOAD_CSV, HEAD "1.0,A,B,20.00," JOINED "\n", "1|A|B|20|" JOINED "\n", 0, NULL },
    { "dates in their other forms", LOAD_CSV, HEAD "1,A,B,20,2016-05-28T21:22:35Z\n2,A,B,20,2016-05-28\n3,A,B,20,2016-05-28 21:22:35.000\n",
      "1|A|B|20|" JOINED "\n2|A|B|20|2016-05-28 00:00:00\n3|A|B|20|" JOINED "\n", 0, NULL },
    { "a header alone is an empty table", LOAD_CSV, HEAD, "", 0, NULL },

    { "too many fields", LOAD_CSV, HEAD "1,A,B,20," JOINED ",x\n2,C,D,21," JOINED "\n", "2|C|D|21|" JOINED "\n", 1,
      "u:2:30: 6 fields where the header has 5" },
    { "too few fields", LOAD_CSV, HEAD "1,A,B\n2,C,D,21," JOINED "\n", "2|C|D|21|" JOINED "\n", 1, "u:2:1: 3 fields" },
    { "a bad number", LOAD_CSV, HEAD "1,A,B,twenty," JOINED "\n2,C,D,21," JOINED "\n", "2|C|D|21|" JOINED "\n", 1,
      "u:2:7: age: expected an integer of 32 bits, found \"twenty\"" },
    { "a fraction in an integer", LOAD_CSV, HEAD "1,A,B,20.5," JOINED "\n", "", 1, "age: expected an integer" },
    { "an integer beyond 32 bits", LOAD_CSV, HEAD "1,A,B,2147483648," JOINED "\n", "", 1, "age: expected an integer" },
    { "a key beyond 64 bits", LOAD_CSV, HEAD "9223372036854775808,A,B,20," JOINED "\n", "", 1, "u:2:1: ind: expected an integer" },
    { "no key", LOAD_CSV, HEAD ",A,B,20," JOINED "\n", "", 1, "u:2:1: ind: the key is missing" },
    { "a bad date", LOAD_CSV, HEAD "1,A,B,20,28/05/2016\n", "", 1, "u:2:10: date_joined: expected a date as YYYY-MM-DD HH:MM:SS, found \"28/05/2016\"" },
    { "a date that does not exist", LOAD_CSV, HEAD "1,A,B,20,2021-02-30 00:00:00\n", "", 1, "expected a date that exists" },
    { "hour 24", LOAD_CSV, HEAD "1,A,B,20,2021-02-03 24:00:00\n", "", 1, "expected a date that exists" },
    { "a fraction of a second would be lost", LOAD_CSV, HEAD "1,A,B,20," JOINED ".5\n", "", 1, "expected a date as" },
    { "a quote never closed costs its own line only", LOAD_CSV, HEAD "1,\"A,B,20," JOINED "\n2,C,D,21," JOINED "\n",
      "2|C|D|21|" JOINED "\n", 1, "u:2:3: the quote that opens here is never closed" },
    { "text behind a closing quote", LOAD_CSV, HEAD "1,\"A\"x,B,20," JOINED "\n2,C,D,21," JOINED "\n", "2|C|D|21|" JOINED "\n", 1,
      "u:2:3: text follows the closing quote" },
    { "a quote in a bare field", LOAD_CSV, HEAD "1,A\"x\",B,20," JOINED "\n2,C,D,21," JOINED "\n", "2|C|D|21|" JOINED "\n", 1,
      "u:2:4: a quote inside a field without quotes" },
    { "bytes that are not UTF-8", LOAD_CSV, HEAD "1,Ren\xE9,B,20," JOINED "\n2,C,D,21," JOINED "\n", "2|C|D|21|" JOINED "\n", 1,
      "u:2:3: byte 0xE9 is not UTF-8" },
    { "not UTF-8 in a number", LOAD_CSV, HEAD "1,A,B,\xFF," JOINED "\n", "", 1, "byte 0xFF is not UTF-8" },
    { "a key twice", LOAD_CSV, HEAD "1,A,B,20," JOINED "\n1,C,D,21," JOINED "\n", "1|A|B|20|" JOINED "\n", 1,
      "u:3:1: ind: a row 1 was there before" },
    { "columns are counted in characters", LOAD_CSV, HEAD "1,é😀,B,x," JOINED "\n", "", 1, "u:2:8: age" },
    { "lines are counted inside quotes", LOAD_CSV, HEAD "1,\"A\nA\",B,20," JOINED "\n2,C,D,x," JOINED "\n", "1|A\nA|B|20|" JOINED "\n", 1, "u:4:7: age" },

    { "an empty file", LOAD_CSV, "", NULL, 0, "u is empty" },
    { "blanks only", LOAD_CSV, "\n\n  \n", NULL, 0, "u is empty" },
    { "UTF-16", LOAD_CSV, "\xFF\xFEi", NULL, 0, "UTF-16" },
    { "no key column", LOAD_CSV, "index,first_name,last_name,age,date_joined\n", NULL, 0, "needs the column ind;" },
    { "columns missing", LOAD_CSV, "ind,first_name\n1,A\n", NULL, 0, "needs the columns last_name, age, date_joined" },
    { "a column without name", LOAD_CSV, ",ind,first_name,last_name,age,date_joined\n", NULL, 0, "column 1 has no name" },
    { "a column twice", LOAD_CSV, "ind,first_name,last_name,age,date_joined,Age\n", NULL, 0, "columns 4 and 6 are both named" },
    { "a broken header", LOAD_CSV, "ind,\"first_name\n1,A\n", NULL, 0, "u:1:5: the quote that opens here" },

    { "objects, one a line", LOAD_JSON, OBJECT("1", "") "\n\n" OBJECT("2", "") "\r\n", "1|A|B|20|" JOINED "\n2|A|B|20|" JOINED "\n", 0, NULL },
    { "an array", LOAD_JSON, " [\n" OBJECT("1", "") ",\n" OBJECT("2", "") "]\n", "1|A|B|20|" JOINED "\n2|A|B|20|" JOINED "\n", 0, NULL },
    { "an array behind a BOM", LOAD_JSON, "\xEF\xBB\xBF[" OBJECT("1", "") "]", "1|A|B|20|" JOINED "\n", 0, NULL },
    { "another order in a later object", LOAD_JSON,
      OBJECT("1", "") "\n{\"age\":\"21\",\"ind\":\"2\",\"last_name\":null,\"first_name\":7,\"date_joined\":null}\n",
      "1|A|B|20|" JOINED "\n2|7|~|21|~\n", 0, NULL },
    { "escapes", LOAD_JSON, "{\"ind\":1,\"first_\\u006eame\":\"\\ud83d\\ude00\\n\\\"\",\"last_name\":\"\",\"age\":2e1,\"date_joined\":\"" JOINED "\"}\n",
      "", 1, "age: expected an integer of 32 bits, found \"2e1\"" },
    { "escapes in keys", LOAD_JSON, "{\"ind\":1,\"first_\\u006eame\":\"\\ud83d\\ude00\\n\\\"\",\"last_name\":\"\",\"age\":21,\"date_joined\":null}\n",
      "1|😀\n\"||21|~\n", 0, NULL },
    { "more columns", LOAD_JSON, OBJECT("1", ",\"x\":5") "\n", "1|A|B|20|" JOINED "|5\n", 0, NULL },
    { "a broken line costs itself only", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\n" OBJECT("3", "") "\n",
      "1|A|B|20|" JOINED "\n3|A|B|20|" JOINED "\n", 1, "u:2:" },
    { "a broken first line costs itself only", LOAD_JSON, "{\"ind\":2,\n" OBJECT("3", "") "\n", "3|A|B|20|" JOINED "\n", 1, "u:1:" },
    { "something behind the object", LOAD_JSON, OBJECT("1", "") " x\n" OBJECT("3", "") "\n", "3|A|B|20|" JOINED "\n", 1, "u:1:" },
    { "no object", LOAD_JSON, OBJECT("1", "") "\n17\n", "1|A|B|20|" JOINED "\n", 1, "u:2:1: expected an object" },
    { "a key left out", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\"first_name\":\"A\",\"age\":20,\"date_joined\":null}\n",
      "1|A|B|20|" JOINED "\n", 1, "u:2:1: no \"last_name\"" },
    { "a key the first object had not", LOAD_JSON, OBJECT("1", "") "\n" OBJECT("2", ",\"x\":1") "\n", "1|A|B|20|" JOINED "\n", 1,
      "u:2:88: \"x\" is no column of the first object" },
    { "a member twice", LOAD_JSON, OBJECT("1", "") "\n" OBJECT("2", ",\"age\":1") "\n", "1|A|B|20|" JOINED "\n", 1, "\"age\" is there twice" },
    { "an array in a text", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\"first_name\":[\"A\"],\"last_name\":\"\",\"age\":20,\"date_joined\":null}\n",
      "1|A|B|20|" JOINED "\n", 1, "u:2:23: first_name: expected text, found an array" },
    { "true in a number", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\"first_name\":\"\",\"last_name\":\"\",\"age\":true,\"date_joined\":null}\n",
      "1|A|B|20|" JOINED "\n", 1, "age: expected a number, found true" },
    { "a date as a number", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\"first_name\":\"\",\"last_name\":\"\",\"age\":1,\"date_joined\":1464470555000}\n",
      "1|A|B|20|" JOINED "\n", 1, "date_joined: expected a date as" },
    { "a NUL in a text", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\"first_name\":\"a\\u0000b\",\"last_name\":\"\",\"age\":1,\"date_joined\":null}\n",
      "1|A|B|20|" JOINED "\n", 1, "a NUL character" },
    { "not UTF-8 in JSON", LOAD_JSON, OBJECT("1", "") "\n{\"ind\":2,\"first_name\":\"\xC3\",\"last_name\":\"\",\"age\":1,\"date_joined\":null}\n",
      "1|A|B|20|" JOINED "\n", 1, "byte 0xC3 is not UTF-8" },
    { "nothing readable", LOAD_JSON, "17\nfoo\n", NULL, 0, "u:1:1: no object can be read" },
    { "an array that breaks off", LOAD_JSON, "[" OBJECT("1", "") ",\n{\"ind\":", NULL, 0, "u:2:" },
    { "something behind the array", LOAD_JSON, "[" OBJECT("1", "") "] x", NULL, 0, "rows behind this cannot be read" },
    { "an empty array", LOAD_JSON, "[]", NULL, 0, "no object can be read" },
    { "nesting without end", LOAD_JSON, "[[[[[[[[[[[[[[[[[[", NULL, 0, "u:1:" },
};

static void files_are_read_and_broken_lines_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct load_case *c = &cases[i];
        struct notes n = { 0 };
        struct load_sink sink = { &n, note_columns, note_row };
        struct load_broken broken = { 0 };
        struct err e = { 0 };
        int result = load_text(&schema_tables[SCHEMA_USER], "u", c->format, str_of(c->text), &sink, &broken, &e);
        const char *told = result ? e.message : broken.n_first ? broken.first[0] : "";
        bool good = result == (c->rows ? 0 : -1) && broken.n == c->broken && (!c->rows || str_is(buf_str(&n.rows), c->rows)) &&
                    (!c->message || strstr(told, c->message)) && (c->rows || strcmp(e.code, "TABLE_MALFORMED") == 0);
        if (!good)
            print_error("%s: %d, %lld broken, told \"%s\"\nrows:\n" STR_F "\n", c->promise, result, (long long)broken.n, told,
                        STR_A(buf_str(&n.rows)));
        assert_true(good);
        load_broken_release(&broken);
        buf_release(&n.columns), buf_release(&n.rows);
    }
}

static void columns_keep_the_order_of_the_file(void **state)
{
    (void)state;
    struct notes n = { 0 };
    struct load_sink sink = { &n, note_columns, note_row };
    struct load_broken broken = { 0 };
    struct err e;
    assert_ok(load_text(&schema_tables[SCHEMA_GEO], "g", LOAD_CSV,
                        S("country,note,longitude,latitude,timestamp,ind\nX,n,1e2,-89.9787,2020-08-28 03:52:47,7528\n"), &sink, &broken, &e), &e);
    assert_str(buf_str(&n.columns), "country|note+|longitude|latitude|timestamp|ind");
    assert_str(buf_str(&n.rows), "X|n|100|-89.9787|2020-08-28 03:52:47|7528\n");
    assert_int_equal(n.key, 5);
    buf_release(&n.columns), buf_release(&n.rows);
}

static void ten_lines_are_shown_and_all_are_counted(void **state)
{
    (void)state;
    struct buf text = BUF_INIT;
    struct notes n = { 0 };
    struct load_sink sink = { &n, note_columns, note_row };
    struct load_broken broken = { 0 };
    struct err e;
    buf_z(&text, HEAD);
    for (int i = 0; i < 25; i++)
        buf_f(&text, "%d,A,B,x," JOINED "\n", i);
    assert_ok(load_text(&schema_tables[SCHEMA_USER], "u", LOAD_CSV, buf_str(&text), &sink, &broken, &e), &e);
    assert_int_equal(broken.n, 25);
    assert_int_equal(broken.n_first, LOAD_FIRST);
    assert_non_null(strstr(broken.first[9], "u:11:7: age"));
    load_broken_release(&broken);
    buf_release(&n.columns), buf_release(&text);
}

static void a_record_without_end_is_bounded(void **state)
{
    (void)state;
    static const char *const starts[] = { "1,\"", "1," };
    for (size_t i = 0; i < 2; i++) {
        struct buf text = BUF_INIT;
        struct notes n = { 0 };
        struct load_sink sink = { &n, note_columns, note_row };
        struct load_broken broken = { 0 };
        struct err e;
        buf_z(&text, HEAD);
        buf_z(&text, starts[i]);
        memset(buf_room(&text, LOAD_MAX_RECORD_BYTES * 2), 'x', LOAD_MAX_RECORD_BYTES * 2);
        text.n += LOAD_MAX_RECORD_BYTES * 2;
        buf_z(&text, "\n2,A,B,20," JOINED "\n");
        assert_ok(load_text(&schema_tables[SCHEMA_USER], "u", LOAD_CSV, buf_str(&text), &sink, &broken, &e), &e);
        assert_int_equal(broken.n, 1);
        assert_non_null(strstr(broken.first[0], "u:2:3: the record is longer than 1 MiB"));
        assert_str(buf_str(&n.rows), "2|A|B|20|" JOINED "\n");
        load_broken_release(&broken);
        buf_release(&n.columns), buf_release(&n.rows), buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_and_broken_lines_told),
        cmocka_unit_test(columns_keep_the_order_of_the_file),
        cmocka_unit_test(ten_lines_are_shown_and_all_are_counted),
        cmocka_unit_test(a_record_without_end_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
