#include <criterion/criterion.h>
#include <string.h>

#include "base/text.h"
#include "sandbox/datas.h"

#define NAMED "<ROWID>R1</ROWID><VERSION>1</VERSION>"

static json_t *rows;
static struct error err;

static bool load(const char *text)
{
    return datas_read(span_of(text), &rows, &err);
}

static void end(void)
{
    json_decref(rows);
}

static const char *field(const char *name)
{
    const char *text = json_string_value(json_object_get(json_array_get(rows, 0), name));

    return text ? text : "(none)";
}

TestSuite(datas, .fini = end);

Test(datas, what_is_not_such_a_file_is_refused)
{
    static const char *const WRONG[] = {
        "",
        "x",
        "{}",
        "<DATAS/>",
        "<DATAS></DATAS>",
        "<DATAS>",
        "<DATA>" NAMED "</DATA>",
        "<datas><DATA>" NAMED "</DATA></datas>",
        "<DATAS><DATA>" NAMED "</DATA>",
        "<DATAS><DATA>" NAMED "</DATAS>",
        "<DATAS><ROW>" NAMED "</ROW></DATAS>",
        "<DATAS><DATA>" NAMED "</DATA></DATAS><DATAS/>",
        "<DATAS><DATA>" NAMED "</DATA></DATAS>x",
        "<DATAS>x<DATA>" NAMED "</DATA></DATAS>",
        "<DATAS><DATA>x" NAMED "</DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ><b>x</b></BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ>a</BZ><BZ>b</BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ>]]></BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ>\x01</BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ>&#1;</BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ>\xff</BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ>&unknown;</BZ></DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<n:BZ>x</n:BZ></DATA></DATAS>",
    };

    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        cr_assert_not(load(WRONG[i]), "%s", WRONG[i]);
        cr_assert_eq(err.code, ERR_INVALID);
    }
}

Test(datas, markup_that_is_more_than_tags_is_refused)
{
    static const char *const WRONG[] = {
        "<!DOCTYPE DATAS [<!ENTITY a \"x\">]><DATAS><DATA>" NAMED "<BZ>&a;</BZ></DATA></DATAS>",
        "<!DOCTYPE DATAS SYSTEM \"file:///etc/passwd\"><DATAS><DATA>" NAMED "</DATA></DATAS>",
        "<DATAS><!-- x --><DATA>" NAMED "</DATA></DATAS>",
        "<DATAS><?x y?><DATA>" NAMED "</DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ><![CDATA[x]]></BZ></DATA></DATAS>",
        "<DATAS a=\"b\"><DATA>" NAMED "</DATA></DATAS>",
        "<DATAS><DATA>" NAMED "<BZ a=\"b\">x</BZ></DATA></DATAS>",
        "<DATAS xmlns=\"urn:x\"><DATA>" NAMED "</DATA></DATAS>",
    };

    for (size_t i = 0; i < COUNT_OF(WRONG); i++)
        cr_assert_not(load(WRONG[i]), "%s", WRONG[i]);
}

Test(datas, another_encoding_is_refused)
{
    cr_assert_not(load("<?xml version=\"1.0\" encoding=\"GBK\"?><DATAS><DATA>" NAMED "</DATA></DATAS>"));
    cr_assert_not(load("<?xml version=\"1.1\"?><DATAS><DATA>" NAMED "</DATA></DATAS>"));
    cr_assert_not(load("\xef\xbb\xbf<?xml version=\"1.0\"?><DATAS><DATA>" NAMED "</DATA></DATAS>"));
    cr_assert(load("<?xml version=\"1.0\" encoding=\"UTF-8\"?><DATAS><DATA>" NAMED "</DATA></DATAS>"), "%s", err.text);
}

Test(datas, a_row_without_its_name_is_refused)
{
    cr_assert_not(load("<DATAS><DATA/></DATAS>"));
    cr_assert_not(load("<DATAS><DATA><ROWID>R1</ROWID></DATA></DATAS>"));
    cr_assert_not(load("<DATAS><DATA><ROWID>R1</ROWID><VERSION>0</VERSION></DATA></DATAS>"));
    cr_assert_not(load("<DATAS><DATA><ROWID>R1</ROWID><VERSION>01</VERSION></DATA></DATAS>"));
    cr_assert_not(load("<DATAS><DATA><ROWID>R 1</ROWID><VERSION>1</VERSION></DATA></DATAS>"));
    cr_assert_not(load("<DATAS><DATA>" NAMED "</DATA><DATA/></DATAS>"));
}

Test(datas, fields_are_text_and_the_version_is_a_number)
{
    cr_assert(load("<DATAS>\n <DATA>\n  " NAMED "<OP>1</OP><BZ> a&lt;b&amp;c&#13;\n </BZ><ZCDZ/></DATA>\n</DATAS>\n"),
              "%s", err.text);
    cr_assert_eq(json_array_size(rows), 1);
    cr_assert_eq(json_integer_value(json_object_get(json_array_get(rows, 0), "VERSION")), 1);
    cr_assert_str_eq(field("OP"), "1");
    cr_assert_str_eq(field("BZ"), " a<b&c\r\n ");
    cr_assert_str_eq(field("ZCDZ"), "");
}

Test(datas, a_file_beyond_what_the_parser_looks_ahead_is_read)
{
    AUTO(buf_done) struct buf file = BUF_INIT;

    buf_add_text(&file, "<DATAS>");
    for (int i = 0; i < 700; i++) {
        buf_addf(&file, "<DATA><ROWID>R%d</ROWID><VERSION>1</VERSION><ZYSXSS>", i);
        for (int k = 0; k < 4000; k++)
            buf_add_text(&file, k % 2 ? "失" : "&lt;信");
        buf_add_text(&file, "</ZYSXSS></DATA>\n");
    }
    buf_add_text(&file, "</DATAS>");
    cr_assert_gt(file.bytes, 10000000); /* XML_MAX_LOOKUP_LIMIT, XML_MAX_TEXT_LENGTH */
    cr_assert(datas_read(buf_span(&file), &rows, &err), "%s", err.text);
    cr_assert_eq(json_array_size(rows), 700);
    cr_assert_eq(json_string_length(json_object_get(json_array_get(rows, 699), "ZYSXSS")), 2000 * 3 + 2000 * 4);
}
