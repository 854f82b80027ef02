#include "sandbox/datas.h"

#include <libxml/xmlreader.h>

#include "base/text.h"
#include "sandbox/rowcheck.h"

struct reading {
    xmlTextReaderPtr reader;
    json_t *rows;
    json_t *row;      /* the one being read, borrowed from rows */
    char field[64];   /* the name of the one being read; "" between fields */
    struct buf value; /* of it */
    bool is_over;     /* the root has ended */
    bool is_wrong;    /* the parser said so, perhaps only as a warning */
};

static void reading_done(struct reading *reading)
{
    if (reading->reader)
        xmlFreeTextReader(reading->reader);
    json_decref(reading->rows);
    buf_done(&reading->value);
}
DEFINE_AUTO_IN_PLACE(struct reading, reading_done)

static void hear_problem(void *context, xmlErrorPtr problem)
{
    struct reading *reading = context;

    (void)problem;
    reading->is_wrong = true;
}

/* --- before the parser --- */

/* Past <?xml …?>, which may name no encoding but UTF-8. */
static bool skip_declaration(struct span *file)
{
    static const char *const FORMS[] = {"<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version=\"1.0\"?>",
                                        "<?xml version='1.0' encoding='UTF-8'?>"};

    for (size_t i = 0; i < COUNT_OF(FORMS); i++)
        if (span_starts(*file, FORMS[i])) {
            *file = (struct span){file->at + strlen(FORMS[i]), file->bytes - strlen(FORMS[i])};
            return true;
        }
    return !span_starts(*file, "<?");
}

static bool look_through(struct span file, struct error *err)
{
    bool is_tag = false;

    if (file.bytes == 0 || file.bytes > DATAS_BYTES_MAX)
        return fail(err, ERR_INVALID, "文件为空或超过 %d 字节", DATAS_BYTES_MAX);
    if (!utf8_is_valid(file, NULL) || memchr(file.at, '\0', file.bytes))
        return fail(err, ERR_INVALID, "文件不是 UTF-8");
    if (!skip_declaration(&file))
        return fail(err, ERR_INVALID, "XML 声明应为 version 1.0、UTF-8");
    for (size_t i = 0; i < file.bytes; i++) {
        char c = file.at[i];

        if (c == '<' && i + 1 < file.bytes && (file.at[i + 1] == '!' || file.at[i + 1] == '?'))
            return fail(err, ERR_INVALID, "只能有标签和文本");
        if (c == '=' && is_tag)
            return fail(err, ERR_INVALID, "标签不能有属性");
        if (c == '<' || c == '>')
            is_tag = c == '<';
    }
    return true;
}

/* --- the parser --- */

static struct span name_of(const struct reading *reading)
{
    return span_of((const char *)xmlTextReaderConstName(reading->reader));
}

static bool begin_field(struct reading *reading, struct error *err)
{
    struct span name = name_of(reading);

    buf_clear(&reading->value);
    if (name.bytes >= sizeof(reading->field))
        return fail(err, ERR_INVALID, "第 %zu 行：字段名过长", json_array_size(reading->rows));
    memcpy(reading->field, name.at, name.bytes);
    reading->field[name.bytes] = '\0';
    if (json_object_get(reading->row, reading->field) || json_object_size(reading->row) == DATAS_FIELDS_MAX)
        return fail(err, ERR_INVALID, "第 %zu 行：%s 重复，或字段过多", json_array_size(reading->rows), reading->field);
    return true;
}

/* VERSION is a number in the row of the gateway; every other field is text there, too. */
static json_t *value_of(const struct reading *reading)
{
    int64_t number;

    if (strcmp(reading->field, "VERSION") == 0 && buf_text(&reading->value)[0] != '0' &&
        integer_parse(buf_span(&reading->value), &number))
        return json_integer(number);
    return json_stringn(buf_text(&reading->value), reading->value.bytes);
}

static void end_field(struct reading *reading)
{
    json_object_set_new(reading->row, reading->field, value_of(reading));
    reading->field[0] = '\0';
}

static bool begin_row(struct reading *reading, struct error *err)
{
    if (!span_is(name_of(reading), "DATA"))
        return fail(err, ERR_INVALID, "DATAS 下只能有 DATA");
    if (json_array_size(reading->rows) == DATAS_ROWS_MAX)
        return fail(err, ERR_INVALID, "超过 %d 行", DATAS_ROWS_MAX);
    reading->row = json_object();
    json_array_append_new(reading->rows, reading->row);
    return true;
}

/* Without both its outcome could not be told. */
static bool end_row(const struct reading *reading, struct error *err)
{
    struct row_name name;

    if (!reading->row || !rowcheck_name(reading->row, &name))
        return fail(err, ERR_INVALID, "第 %zu 行：缺少 ROWID 或 VERSION，或其格式错误", json_array_size(reading->rows));
    return true;
}

static bool end_element(struct reading *reading, struct error *err)
{
    int depth = xmlTextReaderDepth(reading->reader);

    if (depth == 2)
        end_field(reading);
    if (depth == 0)
        reading->is_over = true;
    return depth != 1 || end_row(reading, err);
}

static bool begin_element(struct reading *reading, struct error *err)
{
    int depth = xmlTextReaderDepth(reading->reader);
    bool ok = depth == 0   ? span_is(name_of(reading), "DATAS") || fail(err, ERR_INVALID, "根元素应为 DATAS")
              : depth == 1 ? begin_row(reading, err)
              : depth == 2 ? begin_field(reading, err)
                           : fail(err, ERR_INVALID, "字段下不能再有元素");

    if (!ok || !xmlTextReaderIsEmptyElement(reading->reader))
        return ok;
    return end_element(reading, err);
}

static bool take_text(struct reading *reading, struct error *err)
{
    const char *text = (const char *)xmlTextReaderConstValue(reading->reader);

    if (reading->field[0])
        buf_add_text(&reading->value, text ? text : "");
    else if (span_trim(span_of(text)).bytes > 0)
        return fail(err, ERR_INVALID, "字段之外有文本");
    return true;
}

static bool take_node(struct reading *reading, struct error *err)
{
    switch (xmlTextReaderNodeType(reading->reader)) {
    case XML_READER_TYPE_ELEMENT:
        return begin_element(reading, err);
    case XML_READER_TYPE_END_ELEMENT:
        return end_element(reading, err);
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_WHITESPACE:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        return take_text(reading, err);
    default:
        return fail(err, ERR_INVALID, "只能有标签和文本");
    }
}

static bool read_nodes(struct reading *reading, struct error *err)
{
    int got;

    while ((got = xmlTextReaderRead(reading->reader)) == 1)
        if (!take_node(reading, err))
            return false;
    if (got != 0 || !reading->is_over || reading->is_wrong)
        return fail(err, ERR_INVALID, "不是格式良好的 XML");
    return json_array_size(reading->rows) > 0 || fail(err, ERR_INVALID, "没有数据行");
}

bool datas_read(struct span file, json_t **rows, struct error *err)
{
    AUTO(reading_done) struct reading reading = {.rows = json_array()};

    if (!look_through(file, err))
        return false;
    /* Neither XML_PARSE_HUGE nor NOENT nor DTDLOAD: libxml2's own limits stay, and nothing is fetched. */
    reading.reader = xmlReaderForMemory(file.at, (int)file.bytes, NULL, "UTF-8", XML_PARSE_NONET);
    if (!reading.reader)
        return fail(err, ERR_INTERNAL, "no XML reader");
    xmlTextReaderSetStructuredErrorHandler(reading.reader, hear_problem, &reading);
    if (!read_nodes(&reading, err))
        return false;
    *rows = TAKE(reading.rows);
    return true;
}
