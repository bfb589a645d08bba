/* The mapping template language: what each construct prints, what is refused, and where the limits are. */
#include "mocks/apigw/vtl.h"
#include "tests/support/t.h"

#define CONTEXT "{\"s\":\"hello\",\"l\":[\"a\",2,true],\"m\":{\"k\":\"v\",\"n\":{\"x\":1}},\"i\":5,\"d\":1.5}"
#define BODY "{ \"StreamName\" : \"x\", \"Data\": { \"b\": 1.50, \"a\": \"Gr\\u00fc\\u00dfe \\ud83d\\ude00 \\\"q\\\" \\/\", " \
             "\"n\": null, \"l\": [ 1, { \"z\": \"\" } ] }, \"PartitionKey\": \"partition-1\", \"k\": 7,\n\"list\": [\"/\", 2.50, \"\\u2019\"], " \
             "\"records\": [{\"data\": \"eins\", \"partition-key\": \"p1\"}, {\"data\": {\"a\": [1, 2]}, \"partition-key\": \"p2\"}] }"

struct row {
    const char *template, *want; /* NULL: an error is due */
};

static struct vtl_value context_map(struct vtl_request *q, struct arena *a)
{
    (void)q;
    return vtl_json_value(a, S("{\"stage\":\"test\",\"identity\":{\"sourceIp\":\"127.0.0.1\"},\"responseOverride\":"
                               "{\"header\":{}}}"));
}

static struct vtl_value stage_map(struct vtl_request *q, struct arena *a)
{
    (void)q;
    return vtl_json_value(a, S("{\"topic\":\"pins\"}"));
}

static const struct vtl_param params[] = {
    { VTL_PATH, S("stream-name"), S("streaming-pin") },
    { VTL_QUERY, S("shard-id"), S("shardId-000000000000") },
    { VTL_QUERY, S("both"), S("from query") },
    { VTL_HEADER, S("both"), S("from header") },
    { VTL_HEADER, S("Shard-Iterator"), S("AAA") },
};

/* What the template prints; NULL with *e filled. */
static const char *render(struct arena *a, const char *template, const char *body, struct err *e)
{
    struct vtl *t = vtl_compile(str_of(template), e);
    if (!t)
        return NULL;
    struct vtl_map *m = vtl_json_value(a, S(CONTEXT)).map;
    struct vtl_binding b[8];
    for (uint32_t i = 0; i < m->n; i++)
        b[i] = (struct vtl_binding){ m->e[i]->key.s, m->e[i]->value };
    struct vtl_request q = { .body = str_of(body), .params = params, .n_params = sizeof(params) / sizeof(*params),
                             .make_context = context_map, .make_stage = stage_map };
    struct vtl_env env = { .arena = a, .request = &q, .bindings = b, .n_bindings = m->n };
    struct buf out = BUF_INIT;
    int failed = vtl_render(t, &env, &out, e);
    const char *text = failed ? NULL : arena_dup(a, buf_str(&out)).p;
    buf_release(&out);
    vtl_free(t);
    return text;
}

static void check_with(const struct row *rows, size_t n, const char *body)
{
    int wrong = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        const char *got = render(&a, rows[i].template, body, &e);
        bool same = got && rows[i].want ? strcmp(got, rows[i].want) == 0 : !got && !rows[i].want;
        if (!same) {
            wrong++;
            print_error("template %s\n  want %s\n  got  %s\n", rows[i].template, rows[i].want ? rows[i].want : "(an error)",
                        got ? got : e.message);
        }
        arena_release(&a);
    }
    assert_int_equal(wrong, 0);
}
#define CHECK(rows) check_with(rows, sizeof(rows) / sizeof(*(rows)), BODY)

static void references_print_their_values_and_nothing_when_null(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "$s ${s}x $!s $!{s}", "hello hellox hello hello" },
        { "[$nope] [$m.nope.deeper] [$s.unknown()] [$s[0]]", "[] [] [] []" },
        { "$m.k $m['k'] ${m[\"k\"]} $m.get('k') $m.n.x", "v v v v 1" },
        { "$l[0] $l[-1] $l.get(1) $l.size()", "a true 2 3" },
        { "$m $l", "{k=v, n={x=1}} [\"a\",2,true]" },
        { "$s-x|$s_x|$s:x|$s.|$s.5", "||hello:x|hello.|hello.5" },
        { "\\$s \\\\$s \\\\\\$s \\$nope", "$s \\hello \\$s $nope" },
        { "$5 $ 5 $-a $$s #$s", "$5 $ 5 $-a $hello #hello" },
        { "Hello $! there", "Hello $ there" },
        { "{$s}", "{hello}" },
        { "$l[7]", NULL },
        { "$s[-1]", NULL },
        { "Hello $", NULL },
        { "$s[", NULL },
        { "${s", NULL },
        { "$true", NULL },
    };
    CHECK(rows);
}

static void truth_and_comparison_follow_velocity(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "#if($nope)y#end#if(!$nope)n#end", "y" },
        { "#if($nope == '' && $nope == $other)y#end", "y" },
        { "#if('text')y#{else}n#end #if(5)y#{else}n#end", "n n" },
        { "#if($i == 5.0)y#end#if('5' == $i)y#end#if(true == 'true')y#end", "yyy" },
        { "#if($i > '3')y#{else}n#end #if($nope < 1)y#{else}n#end", "n n" },
        { "#if(false)a#elseif($i == 5)b#{else}c#end", "b" },
        { "#if($s == 'x' or ($i ge 5 and not false))y#end", "y" },
        { "#if($x)", NULL },
        { "#end", NULL },
        { "#else", NULL },
        { "#if(true)a#elseif(true)b", NULL },
        { "#if(1 +)a#end", NULL },
    };
    CHECK(rows);
}

static void arithmetic_is_javas(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "#set($x = 7 / 2)$x|#set($x = -7 / 2)$x|#set($x = -7 % 3)$x", "3|-3|-1" },
        { "#set($x = 1.0 / 3)$x|#set($x = 1e3)$x|#set($x = .5 * .1)$x", "0.3333333333333333|1000.0|0.05" },
        { "#set($x = 2147483647 + 1)$x|#set($x = 9223372036854775807 + 1)$x", "2147483648|9223372036854775808" },
        { "#set($x = 'a' + 1 + $nope)$x|#set($x = (1 + 2) * 3)$x", "a1|9" },
        { "#set($x = 1)#set($x = 1 / 0)$x|#set($x = 5 % 0)$x|#set($x = 'a' * 2)$x", "1|1|1" },
        { "#set($x = 1.5 / 0)[$x]", "[]" },
        { "#set($x = -9223372036854775807 - 1)#set($x = $x / -1)$x", "-9223372036854775808" },
        { "#set($x = 5-1)$x", NULL }, /* "-1" is one token in Velocity 1.x */
        { "#set($x = 99999999999999999999999999999999999999999999 * 2)$x", NULL },
        { "#set($Integer = 0)$Integer.parseInt('12')|$Integer.valueOf('7')", "12|7" },
        { "#set($Integer = 0)$Integer.parseInt('x')", NULL },
    };
    CHECK(rows);
}

static void loops_count_nest_and_restore(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "#foreach($x in [1..3])$x$foreach.index$foreach.count$foreach.hasNext,#end$x", "101true,212true,323false," },
        { "#foreach($x in [2..-1])$x#end", "210-1" },
        { "#foreach($x in $m)$x,#end", "v,{x=1}," },
        { "#foreach($e in $m.entrySet())$e.key=$e.value;#end", "k=v;n={x=1};" },
        { "#foreach($a in [1,2])#foreach($b in [1,2])$foreach.parent.index$foreach.index #end#end", "00 01 10 11 " },
        { "#foreach($x in [1..5])#if($x == 3)#break#end$x#end!", "12!" },
        { "#foreach($x in [1..5])#if($x == 3)#stop#end$x#end!", "12" },
        { "#foreach($x in [1,2])#foreach($y in [1,2])#if($y == 2)#break($foreach.parent)#end$x$y#end#end!", "11!" },
        { "#foreach($x in $s)$x#end|#foreach($x in $nope)$x#end|", "||" },
        { "#foreach($x in $l)#set($q = $l.add(1))#end", NULL },
        { "#foreach($x in)a#end", NULL },
        { "#foreach", NULL },
    };
    CHECK(rows);
}

static void lines_that_hold_only_a_directive_vanish(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "#if(true)\n x\n#else\n y\n#end\nz", " x\nz" },
        { "a ## comment\nb #* c *# d #[[ $raw #if ]]# e", "a b  d  $raw #if  e" },
        { "  #set($x = 1)\n  $x", "  1" },
        { "#set($x = \"a\nb\")$x", "a\nb" },
        { "{\n#foreach($x in [1,2])\n  $x#if($foreach.hasNext),#end\n#end\n}", "{\n  1,\n  2}" },
    };
    (void)rows;
    check_with(rows, 4, BODY);
}

static void quoted_texts_interpolate_only_in_double_quotes(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "#set($x = \"a $s ${i}b\")$x", "a hello 5b" },
        { "#set($x = 'a $s')$x", "a $s" },
        { "#set($x = \"#if(true)y#end\")$x", "y" },
        { "#set($x = \"q\"\"q\")$x|#set($x = 'it''s')$x", "q\"q|it's" },
        { "#set($x = \"\\u0041\")$x", "A" },
        { "#set($x = \"\\uzz\")$x", NULL },
        { "#set($x = \"#if\")$x", NULL },
        { "#set($x = \"unclosed)", NULL },
    };
    CHECK(rows);
}

static void directives_of_other_engines_are_refused_or_printed(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "#macro(f $a)x#end", NULL },       { "#parse('x')", NULL }, { "#include('x')", NULL },
        { "#evaluate('x')", NULL },          { "#foo bar", "#foo bar" }, { "#foo($s) x", "#foo($s) x" },
        { "#define($x)<$s>#end$x $x", "<hello> <hello>" },
        { "#define($x)a$x#end $x", " aa$x" },
        { "#literal()$s #if(true)a#end#end!", "$s #if(true)a#end!" },
        { "\\#if \\#foo", "#if \\#foo" },
    };
    CHECK(rows);
}

static void methods_answer_as_javas_do(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "$s.length() $s.toUpperCase().substring(1,3) $s.indexOf('l') $s.lastIndexOf('l')", "5 EL 2 3" },
        { "$s.replace('l','L') $s.replaceAll('(l+)','<$1>') $s.matches('h.*o') $s.matches('h')", "heLLo he<ll>o true false" },
        { "#foreach($p in 'a,b,,c,,'.split(','))#end$s.split('l').size()", NULL }, /* a quoted text has no methods */
        { "#foreach($p in $s.split('l'))<$p>#end", "<he><><o>" },
        { "$s.contains(5)|$s.substring('1')|", "||" },
        { "$s.substring(9)", NULL },
        { "$s.replaceAll('(','x')", NULL },
        { "#set($u = 'Gr\u00fc\u00dfe \U0001F600!')$u.length() $u.indexOf('!') $u.substring(6,8) $u.toUpperCase()", "9 8 \U0001F600 GR\u00dcSSE \U0001F600!" },
        { "$l.contains(2) $l.indexOf(true) $l.add('z') $l.remove(0) $l.remove('z') $l", "true 2 true a true [2,true]" },
        { "$m.put('k','w') $m.remove('n') $m.containsKey('n') $m.keySet() $m.size()", "v {x=1} false [k] 1" },
        { "$m.put('z', null)$m", "{k=v, n={x=1}, z=null}" },
        { "#set($m.a.b = 1)#set($m.c = {})#set($m.c.d = 1)$m.c", "{d=1}" },
        { "$s.format('%05d|%-4s|%.2f', 42, 'x', 1.005)", "00042|x   |1.00" },
    };
    CHECK(rows);
}

static void input_reads_body_and_parameters(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "$input.json('$.Data')",
          "{\"b\":1.50,\"a\":\"Gr\u00fc\u00dfe \U0001F600 \\\"q\\\" /\",\"n\":null,\"l\":[1,{\"z\":\"\"}]}" },
        { "$input.json('$.PartitionKey') $input.path('$.PartitionKey') $input.path('$.k')", "\"partition-1\" partition-1 7" },
        { "$input.json('$.nope')|$input.path('$.nope')|", "\"\"||" },
        { "$input.path('$.list')", "[\"\\/\",2.5,\"\\u2019\"]" },
        { "$input.path('$.Data').l[1]|$input.path('$.records[0]')", "{z=}|{data=eins, partition-key=p1}" },
        { "$input.json('$..data') $input.json('$.records[*].data') $input.json('$.records[-1].data.a')",
          "[\"eins\",{\"a\":[1,2]}] [\"eins\",{\"a\":[1,2]}] [1,2]" },
        { "$input.json(\"$.records[?(@.data == 'eins')]['partition-key']\") $input.json('$.list[1:]')",
          "[\"p1\"] [2.5,\"\u2019\"]" },
        { "$input.json('$.records.length()') $input.json('$.list[0,2]')", "2 [\"/\",\"\u2019\"]" },
        { "$input.params('stream-name') $input.params('both') $input.params('Shard-Iterator') [$input.params('x')]",
          "streaming-pin from query AAA []" },
        { "$input.params().querystring.get('both') $input.params().header", "from query {both=from header, Shard-Iterator=AAA}" },
        { "$input $input.path $util $util.base64Encode", "{} {} {} {}" },
        { "$context.stage $context.identity.sourceIp [$context.nope] $stageVariables.topic", "test 127.0.0.1 [] pins" },
        { "#set($context.responseOverride.status = 418)#set($context.responseOverride.header['X'] = 'y')$context.responseOverride",
          "{header={X=y}, status=418}" },
        { "$input.json('$.')", NULL },
        { "$input.json('$x')", NULL },
    };
    CHECK(rows);
    static const struct row empty[] = {
        { "$input.body|$input.json('$')|$input.path('$')|$input.body.x|", "{}|{}|{}||" },
    };
    check_with(empty, 1, "");
    static const struct row text[] = { { "$input.path('$')|$input.json('$')|$input.path('$.x')", "plain text|\"plain text\"|" } };
    check_with(text, 1, "plain text");
    static const struct row loose[] = { { "$input.json('$')", "{\"a\":1,\"b\":[\"x\",2]}" } };
    check_with(loose, 1, "{a: 1, 'b': ['x', 2,],}");
}

static void util_encodes_as_aws(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "$util.base64Encode('hello') $util.base64Decode('aGVsbG8=')", "aGVsbG8= hello" },
        { "$util.urlEncode('a b/\u00e9~*') $util.urlDecode('a+b%2F%C3%A9')", "a+b%2F%C3%A9%7E* a b/\u00e9" },
        { "$util.escapeJavaScript(\"it's / \u00e9\")", "it\\'s \\/ \\u00E9" },
        { "$util.parseJson('{\"a\":[1,{\"b\":2}]}').a[1].b", "2" },
        { "$util.parseJson('{\"a\":')", NULL },
        { "$util.base64Encode($m)", "e2s9diwgbj17eD0xfX0=" }, /* an object is encoded as Java prints it */
    };
    CHECK(rows);
}

static void tutorial_templates_render_every_shape_of_data(void **state)
{
    (void)state;
    static const char record[] = "{\"StreamName\": \"$input.params('stream-name')\",\"Data\": "
                                 "\"$util.base64Encode($input.json('$.Data'))\",\"PartitionKey\": \"$input.path('$.PartitionKey')\"}";
    static const struct { const char *body, *want; } rows[] = {
        { "{\"Data\":{\"index\": 1, \"t\": \"\\u00e9\"},\"PartitionKey\":\"p\"}", "eyJpbmRleCI6MSwidCI6IsOpIn0=\",\"PartitionKey\": \"p\"}" },
        { "{\"Data\":\"text\",\"PartitionKey\":5}", "InRleHQi\",\"PartitionKey\": \"5\"}" },
        { "{\"Data\":[{\"a\": 1}],\"PartitionKey\":\"p\"}", "W3siYSI6MX1d\",\"PartitionKey\": \"p\"}" },
        { "{\"PartitionKey\":\"p\"}", "IiI=\",\"PartitionKey\": \"p\"}" },
        { "", "IiI=\",\"PartitionKey\": \"\"}" },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct arena a = ARENA_INIT;
        struct err e = { 0 };
        const char *got = render(&a, record, rows[i].body, &e);
        assert_non_null(got);
        assert_str(str_of(got), arena_f(&a, "{\"StreamName\": \"streaming-pin\",\"Data\": \"%s", rows[i].want).p);
        arena_release(&a);
    }
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    const char *got = render(&a, "[#foreach($elem in $input.path('$.records')){\"Data\":\"$elem.data\",\"PartitionKey\":"
                                 "\"$elem.partition-key\"}#if($foreach.hasNext),#end#end]", BODY, &e);
    assert_str(str_of(got), "[{\"Data\":\"eins\",\"PartitionKey\":\"p1\"},{\"Data\":\"{a=[1,2]}\",\"PartitionKey\":\"p2\"}]");
    arena_release(&a);
}

static void a_body_that_is_no_json_is_the_clients_fault(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    assert_null(render(&a, "$input.json('$.Data')", "{\"Data\": {\"a\": 1}", &e));
    assert_int_equal(e.status, 400);
    assert_non_null(strstr(e.message, "line 1"));
    assert_null(render(&a, "$l[9]", "{}", &e));
    assert_int_equal(e.status, 500);
    arena_release(&a);
}

static char *repeated(struct arena *a, const char *piece, size_t n, const char *end)
{
    size_t k = strlen(piece), m = strlen(end);
    char *s = arena_alloc(a, k * n + m + 1);
    for (size_t i = 0; i < n; i++)
        memcpy(s + i * k, piece, k);
    memcpy(s + n * k, end, m + 1);
    return s;
}

static void templates_cannot_run_away(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    const char *got = render(&a, "#foreach($x in [1..5000])#set($n = $foreach.count)#end$n", "{}", &e);
    assert_str(str_of(got), "1000");
    assert_null(render(&a, "#foreach($a in [1..1000])#foreach($b in [1..1000])#foreach($c in [1..1000])#set($q=1)#end#end#end",
                       "{}", &e));
    assert_string_equal(e.code, "TEMPLATE_ENDLESS");
    assert_null(render(&a, "#set($x = 'xxxxxxxxxxxxxxxx')#foreach($i in [1..40])#set($x = \"$x$x\")#end$x", "{}", &e));
    assert_string_equal(e.code, "TEMPLATE_TOO_LARGE");
    assert_null(render(&a, "#set($x = [1..2000000000])", "{}", &e));
    assert_null(render(&a, "#set($m.self = [$m])$m", "{}", &e));
    assert_non_null(render(&a, "#set($m.self = $m)$m", "{}", &e)); /* (this Map) */
    assert_null(render(&a, repeated(&a, "#if(true)", 1000, ""), "{}", &e));
    assert_null(render(&a, arena_f(&a, "#set($x = %s)", repeated(&a, "(", 5000, "")).p, "{}", &e));
    assert_null(render(&a, arena_f(&a, "#set($x = %s)", repeated(&a, "[", 5000, "")).p, "{}", &e));
    assert_null(render(&a, arena_f(&a, "#set($x = %s1)", repeated(&a, "!", 5000, "")).p, "{}", &e));
    assert_null(render(&a, repeated(&a, "$s.a(", 5000, ""), "{}", &e));
    assert_null(render(&a, repeated(&a, "x", VTL_MAX_TEMPLATE_BYTES, "y"), "{}", &e));
    assert_string_equal(e.code, "TEMPLATE_TOO_LARGE");
    assert_null(render(&a, "$s.replaceAll('(h|he|hel|hell)*+x', '')$s.matches('(h*)*(l*)*(o*)*y')"
                           "#set($z = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa')$z.matches('(a*)*b')", "{}", &e));
    assert_string_equal(e.code, "TEMPLATE_ENDLESS");
    assert_null(render(&a, "$input.json('$')", repeated(&a, "[", 100000, ""), &e));
    assert_int_equal(e.status, 400);
    arena_release(&a);
}

static void a_malformed_template_names_the_place(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct err e = { 0 };
    assert_null(render(&a, "line one\n  #if($s = 1)x#end", "{}", &e));
    assert_non_null(strstr(e.message, "line 2"));
    assert_null(render(&a, "a\n\n#foreach($x in $l)\n", "{}", &e));
    assert_non_null(strstr(e.message, "#end"));
    arena_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references_print_their_values_and_nothing_when_null),
        cmocka_unit_test(truth_and_comparison_follow_velocity),
        cmocka_unit_test(arithmetic_is_javas),
        cmocka_unit_test(loops_count_nest_and_restore),
        cmocka_unit_test(lines_that_hold_only_a_directive_vanish),
        cmocka_unit_test(quoted_texts_interpolate_only_in_double_quotes),
        cmocka_unit_test(directives_of_other_engines_are_refused_or_printed),
        cmocka_unit_test(methods_answer_as_javas_do),
        cmocka_unit_test(input_reads_body_and_parameters),
        cmocka_unit_test(util_encodes_as_aws),
        cmocka_unit_test(tutorial_templates_render_every_shape_of_data),
        cmocka_unit_test(a_body_that_is_no_json_is_the_clients_fault),
        cmocka_unit_test(templates_cannot_run_away),
        cmocka_unit_test(a_malformed_template_names_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
