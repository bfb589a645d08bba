/* The reader of request documents: what is well-formed is read, what is not is refused. */
#include "tests/support/t.h"

#include "base/xml.h"

/* Reads a document as "name(children or text)" of a root <R> with children read two levels deep. */
static bool walk(struct str document, struct buf *out)
{
    struct arena a = ARENA_INIT;
    struct xml x;
    struct str name, inner;
    xml_open(&x, document, "R");
    while (xml_child(&x, &name)) {
        if (str_is(name, "skip")) {
            xml_skip(&x);
        } else if (str_is(name, "deep")) {
            buf_z(out, "deep(");
            while (xml_child(&x, &inner)) {
                struct str text = xml_text(&x, &a);
                buf_f(out, STR_F "=" STR_F ";", STR_A(inner), STR_A(text));
            }
            buf_z(out, ")");
        } else {
            struct str text = xml_text(&x, &a);
            buf_f(out, STR_F "=" STR_F ";", STR_A(name), STR_A(text));
        }
    }
    bool good = xml_close(&x);
    arena_release(&a);
    return good;
}

static const struct { const char *text, *want; } good[] = {
    { "<R/>", "" }, { "<R></R>", "" }, { "<R />\n", "" },
    { "<?xml version=\"1.0\"?>\n<!-- c --><R xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><a>1</a></R>", "a=1;" },
    { "\xef\xbb\xbf<R><a>1</a>\n<a/>\t<b></b></R>", "a=1;a=;b=;" },
    { "<s:R xmlns:s='x'><s:a>1</s:a></s:R>", "a=1;" },
    { "<R><a>&lt;&gt;&amp;&quot;&apos;&#65;&#x1F600;</a></R>", "a=<>&\"'A\xf0\x9f\x98\x80;" },
    { "<R><a>x<!-- no -->y<![CDATA[<&>]]>z</a></R>", "a=xy<&>z;" },
    { "<R><deep><x>1</x><y>2</y></deep><deep/></R>", "deep(x=1;y=2;)deep()" },
    { "<R><skip><q><r/>t&amp;<s>u</s></q></skip><skip/><a>1</a></R>", "a=1;" },
    { "<R><a p='1' q=\"2\" >1</a ></R>", "a=1;" },
};

static void well_formed_documents_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct buf out = BUF_INIT;
        if (!walk(str_of(good[i].text), &out))
            fail_msg("refused %s", good[i].text);
        assert_str(buf_str(&out), good[i].want);
        buf_release(&out);
    }
}

static const char *const malformed[] = {
    "", " ", "R", "<", "<R", "<R>", "</R>", "<R></S>", "<S></S>", "<R><a></R>", "<R><a></b></R>", "<R/><R/>", "<R/>x",
    "<R>text</R>", "<R><a>&nope;</a></R>", "<R><a>&#xD800;</a></R>", "<R><a>&#x110000;</a></R>", "<R><a>&#;</a></R>",
    "<R><a>&amp</a></R>", "<R><a><b/></a></R>", "<R><a p=1>x</a></R>", "<R><a p>x</a></R>", "<R><a p='x>y</a></R>",
    "<R><a p='1'q='2'>x</a></R>", "<!DOCTYPE R [<!ENTITY e \"x\">]><R><a>&e;</a></R>", "<R><![CDATA[x]]></R>",
    "<R><a><![CDATA[x]]</a></R>", "<R><!-- x</R>", "<R><skip><q></skip></R>", "<R><?pi</R>",
    "<R><skip><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></skip></R>",
};

static void what_is_not_well_formed_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct buf out = BUF_INIT;
        if (walk(str_of(malformed[i]), &out))
            fail_msg("accepted %s", malformed[i]);
        buf_release(&out);
    }
}

static void every_cut_document_is_refused(void **state)
{
    (void)state;
    struct str whole = S("<R><skip><q>1</q></skip><a>x&amp;<![CDATA[y]]></a><deep><x>1</x></deep></R>");
    for (size_t n = 0; n < whole.n; n++) {
        struct buf out = BUF_INIT;
        char *copy = mem_dup(str_head(whole, n)); /* so that a sanitizer sees a step too far */
        assert_false(walk((struct str){ copy, n }, &out));
        free(copy);
        buf_release(&out);
    }
}

static void text_is_escaped(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    xml_put(&out, "Key", S("a<b>&\"c'\x01\r\n\t\xc3\xa9"));
    assert_str(buf_str(&out), "<Key>a&lt;b&gt;&amp;&quot;c'&#x1;&#xd;\n\t\xc3\xa9</Key>");
    buf_release(&out);
}

static void one_element_is_found_by_name(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    struct str error = S("<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>a &amp; b</Message><In><Code>x</Code></In><Code>y</Code></Error>");
    assert_str(xml_find(error, "Error", "Code", &a), "NoSuchKey");
    assert_str(xml_find(error, "Error", "Message", &a), "a & b");
    assert_null(xml_find(error, "Error", "Key", &a).p);
    assert_null(xml_find(error, "Other", "Code", &a).p);
    assert_null(xml_find(S("<Error><Code>x</Code>"), "Error", "Code", &a).p);
    assert_null(xml_find(S(""), "Error", "Code", &a).p);
    arena_release(&a);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_documents_are_read), cmocka_unit_test(what_is_not_well_formed_is_refused),
        cmocka_unit_test(every_cut_document_is_refused), cmocka_unit_test(text_is_escaped),
        cmocka_unit_test(one_element_is_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
