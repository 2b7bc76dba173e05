#include "tests/harness/test.h"

#include "engine/base/xml.h"

static void a_listing(void **state)
{
    struct xml *root = NULL;
    struct err err = {0};
    struct str text =
        STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Name>b</Name><Prefix/><Contents><Key>a&amp;b&#x20AC;</Key><Size>1</Size></Contents>"
            "<Contents><Key><![CDATA[<c>]]></Key><!-- x --><Size>2</Size></Contents>"
            "</ListBucketResult>");
    assert_ok(xml_parse(*state, text, KIB(4), &root, &err), &err);
    assert_str(root->name, "ListBucketResult");
    assert_str(xml_get_text(root, "Name"), "b");
    assert_false(str_is_null(xml_get_text(root, "Prefix")));
    assert_str(xml_get_text(root, "Prefix"), "");
    assert_true(str_is_null(xml_get_text(root, "Marker")));
    static const char *const s_keys[] = {"a&b\xe2\x82\xac", "<c>"};
    size_t count = 0;
    XML_EACH (contents, root, "Contents") {
        assert_true(count < ARRAY_LEN(s_keys));
        assert_str(xml_get_text(contents, "Key"), s_keys[count++]);
    }
    assert_int_equal(count, 2);
    assert_null(xml_get(NULL, "x"));
    assert_true(str_is_null(xml_get_text(NULL, "x")));
}

static void prefixes_and_attributes_go(void **state)
{
    struct xml *root = NULL;
    struct err err = {0};
    struct str text =
        STR("<s:Error xmlns:s=\"u\"><s:Code a=\"1\">No<i>-</i>Such</s:Code></s:Error>");
    assert_ok(xml_parse(*state, text, KIB(4), &root, &err), &err);
    assert_str(root->name, "Error");
    assert_str(xml_get_text(root, "Code"), "NoSuch");
    assert_str(xml_get_text(xml_get(root, "Code"), "i"), "-");
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } s_cases[] = {
        {"", "XML line"},
        {"plain", "XML line 1"},
        {"<a>", "XML line 1"},
        {"<a></b>", "mismatched tag"},
        {"<a/><b/>", "junk"},
        {"<a>&nbsp;</a>", "undefined entity"},
        {"<a>\x01</a>", "not well-formed"},
        {"<a>\xff</a>", "XML line 1"},
        {"<!DOCTYPE a><a/>", "DOCTYPE"},
        {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DOCTYPE"},
        {"<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "DOCTYPE"},
        {"<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY a \"lol\">"
         "<!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">"
         "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;\">]><lolz>&c;</lolz>",
         "DOCTYPE"},
    };
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        struct xml *root = NULL;
        struct err err = {0};
        assert_fails(
            xml_parse(*state, str_from(s_cases[i].text), KIB(4), &root, &err), ERR_PROTOCOL, &err,
            s_cases[i].why);
        assert_null(root);
    }
}

static struct str nested(struct arena *arena, size_t depth)
{
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(1));
    for (size_t i = 0; i < depth; i++)
        buf_add(&buf, STR("<a>"));
    for (size_t i = 0; i < depth; i++)
        buf_add(&buf, STR("</a>"));
    return str_dup(arena, buf_str(&buf));
}

static void limits(void **state)
{
    struct arena *arena = *state;
    struct xml *root = NULL;
    struct err err = {0};
    assert_ok(xml_parse(arena, nested(arena, 16), MIB(1), &root, &err), &err);
    assert_fails(
        xml_parse(arena, nested(arena, 17), MIB(1), &root, &err), ERR_PROTOCOL, &err, "16 levels");
    assert_fails(
        xml_parse(arena, nested(arena, 90000), MIB(1), &root, &err), ERR_PROTOCOL, &err,
        "16 levels");
    assert_fails(xml_parse(arena, STR("<a></a>"), 6, &root, &err), ERR_PROTOCOL, &err, "at most 6");
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(4));
    buf_add(&buf, STR("<a>"));
    for (int i = 0; i < 100000; i++)
        buf_add(&buf, STR("<b/>"));
    buf_add(&buf, STR("</a>"));
    assert_fails(
        xml_parse(arena, buf_str(&buf), MIB(4), &root, &err), ERR_PROTOCOL, &err,
        "too many elements");
}

static void long_text_in_many_pieces(void **state)
{
    struct arena *arena = *state;
    AUTO(buf_done) struct buf buf = BUF_INIT(MIB(1));
    buf_add(&buf, STR("<a>"));
    for (int i = 0; i < 50000; i++)
        buf_add(&buf, STR("&lt;\n"));
    buf_add(&buf, STR("</a>"));
    struct xml *root = NULL;
    struct err err = {0};
    assert_ok(xml_parse(arena, buf_str(&buf), MIB(1), &root, &err), &err);
    assert_int_equal(root->text.len, 100000);
    assert_str(str_slice(root->text, 99998, 100000), "<\n");
}

static void writing_reads_back(void **state)
{
    struct arena *arena = *state;
    static const struct {
        const char *text, *written;
    } s_cases[] = {
        {"", "<K></K>"},
        {"a<b>&\"'", "<K>a&lt;b&gt;&amp;&quot;&apos;</K>"},
        {"tab\tline\ncr\r", "<K>tab\tline\ncr&#13;</K>"},
        {"\xe2\x82\xac", "<K>\xe2\x82\xac</K>"}};
    for (size_t i = 0; i < ARRAY_LEN(s_cases); i++) {
        AUTO(buf_done) struct buf buf = BUF_INIT(1000);
        xml_element(&buf, "K", str_from(s_cases[i].text));
        assert_str(buf_str(&buf), s_cases[i].written);
        struct xml *root = NULL;
        struct err err = {0};
        assert_ok(xml_parse(arena, buf_str(&buf), 1000, &root, &err), &err);
        assert_str(root->text, s_cases[i].text);
    }
    AUTO(buf_done) struct buf buf = BUF_INIT(1000);
    xml_escape(&buf, STR("\x01\x1b\xff"));
    assert_str(buf_str(&buf), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void note_start(void *arg, size_t depth, struct str name)
{
    buf_fmt(arg, "%zu<" STR_FMT " ", depth, STR_ARG(name));
}

static void note_end(void *arg, size_t depth, struct str name, struct str text)
{
    buf_fmt(arg, "%zu" STR_FMT "=" STR_FMT "> ", depth, STR_ARG(name), STR_ARG(text));
}

static void walking_sees_everything_in_order(void **state)
{
    (void) state;
    AUTO(buf_done) struct buf seen = BUF_INIT(KIB(4));
    struct xml_handler handler = {.start = note_start, .end = note_end, .arg = &seen};
    struct err err = {0};
    struct str text = STR("<n:a x='1'>t<b>1&amp;</b>u<c/></n:a>");
    assert_ok(xml_walk(text, KIB(4), &handler, &err), &err);
    assert_str(buf_str(&seen), "0<a 1<b 1b=1&> 1<c 1c=> 0a=tu> ");
    buf_clear(&seen);
    handler.start = NULL;
    assert_ok(xml_walk(text, KIB(4), &handler, &err), &err);
    assert_str(buf_str(&seen), "1b=1&> 1c=> 0a=tu> ");
    handler.max_elements = 2;
    assert_fails(xml_walk(text, KIB(4), &handler, &err), ERR_PROTOCOL, &err, "too many elements");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walking_sees_everything_in_order),
        WITH_ARENA(a_listing),
        WITH_ARENA(prefixes_and_attributes_go),
        WITH_ARENA(what_is_refused),
        WITH_ARENA(limits),
        WITH_ARENA(long_text_in_many_pieces),
        WITH_ARENA(writing_reads_back),
    };
    return cmocka_run_group_tests_name("xml", tests, NULL, NULL);
}
