#include "adapters/row.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { SCRATCH_BYTES = 32 };

/* What a field's text must look like beyond its length. */
enum form { FORM_TEXT, FORM_NUMBER, FORM_CODE, FORM_DIVISION };

struct field {
    const char *name;
    const char *label;
    size_t max; /* characters */
    bool is_required;
    enum form form;
    struct span (*value)(const struct adapter_config *config, const struct adapter_record *record,
                         char scratch[SCRATCH_BYTES]);
};

#define FROM_RECORD(function, member)                                                                                  \
    static struct span function(const struct adapter_config *config, const struct adapter_record *record,              \
                                char scratch[SCRATCH_BYTES])                                                           \
    {                                                                                                                  \
        (void)config;                                                                                                  \
        (void)scratch;                                                                                                 \
        return record->member;                                                                                         \
    }
#define FROM_CONFIG(function, member)                                                                                  \
    static struct span function(const struct adapter_config *config, const struct adapter_record *record,              \
                                char scratch[SCRATCH_BYTES])                                                           \
    {                                                                                                                  \
        (void)record;                                                                                                  \
        (void)scratch;                                                                                                 \
        return span_of(config->member);                                                                                \
    }
#define FROM_DAY(function, member)                                                                                     \
    static struct span function(const struct adapter_config *config, const struct adapter_record *record,              \
                                char scratch[SCRATCH_BYTES])                                                           \
    {                                                                                                                  \
        (void)config;                                                                                                  \
        return span_of(day_format(record->member, scratch));                                                           \
    }
/* A number of a code table; outside of it the field counts as empty. */
#define FROM_CHOICE(function, member, least, most)                                                                     \
    static struct span function(const struct adapter_config *config, const struct adapter_record *record,              \
                                char scratch[SCRATCH_BYTES])                                                           \
    {                                                                                                                  \
        int64_t chosen = (int64_t)record->member;                                                                      \
                                                                                                                       \
        (void)config;                                                                                                  \
        if (chosen < (least) || chosen > (most))                                                                       \
            return SPAN_NONE;                                                                                          \
        snprintf(scratch, SCRATCH_BYTES, "%lld", (long long)chosen);                                                   \
        return span_of(scratch);                                                                                       \
    }

FROM_CONFIG(provider_code, provider_code)
FROM_CONFIG(provider_name, provider_name)
FROM_CONFIG(exchange_unit, exchange_unit)
FROM_RECORD(remark, remark)
FROM_RECORD(representative, representative)
FROM_RECORD(registration, registration)
FROM_RECORD(name, name)
FROM_RECORD(authority, authority)
FROM_RECORD(document, document)
FROM_RECORD(record_id, record)
FROM_RECORD(order, order)
FROM_RECORD(code, code)
FROM_RECORD(division, division)
FROM_RECORD(address, address)
FROM_RECORD(facts, facts)
FROM_DAY(published_until, published_until)
FROM_DAY(listed_on, listed_on)
FROM_DAY(provided_on, provided_on)
FROM_CHOICE(op, op, ADAPTER_OP_ADD, ADAPTER_OP_SETTLE)
FROM_CHOICE(severity, severity, 1, 3)
FROM_CHOICE(scope, scope, 0, 2)
FROM_CHOICE(version, version, 1, UINT32_MAX)

/* The organisation code stands in places 9 to 17 of the credit code (GB 32100). */
static struct span organisation(const struct adapter_config *config, const struct adapter_record *record,
                                char scratch[SCRATCH_BYTES])
{
    (void)config;
    (void)scratch;
    return record->code.bytes == 18 ? (struct span){record->code.at + 8, 9} : SPAN_NONE;
}

/* Sorted by name: the row comes out canonical. */
static const struct field FIELDS[] = {
    {"BMBM", "信息提供部门编码", 50, true, FORM_TEXT, provider_code},
    {"BMMC", "信息提供部门名称", 200, true, FORM_TEXT, provider_name},
    {"BZ", "备注", 500, false, FORM_TEXT, remark},
    {"FDDBR", "法定代表人", 100, false, FORM_TEXT, representative},
    {"GSJZQ", "公示截止期", 10, true, FORM_TEXT, published_until},
    {"GSZCH", "工商注册号", 15, false, FORM_TEXT, registration},
    {"JGQC", "机构全称", 200, true, FORM_TEXT, name},
    {"JHDWQC", "交换单位全称", 200, true, FORM_TEXT, exchange_unit},
    {"OP", "操作", 1, true, FORM_TEXT, op},
    {"QRYZSXRQ", "确认失信日期", 10, true, FORM_TEXT, listed_on},
    {"RDDW", "认定单位", 200, true, FORM_TEXT, authority},
    {"RDWH", "认定文号", 200, true, FORM_TEXT, document},
    {"ROWID", "记录标识", 23, true, FORM_TEXT, record_id},
    {"SCFZYNR", "行政处理决定主要内容", 4000, true, FORM_TEXT, order},
    {"SXYZCD", "失信严重程度", 1, true, FORM_TEXT, severity},
    {"SYFW", "使用范围", 1, true, FORM_TEXT, scope},
    {"TGRQ", "提供日期", 10, true, FORM_TEXT, provided_on},
    {"TYSHXYDM", "统一社会信用代码", 18, true, FORM_CODE, code},
    {"VERSION", "版本", 10, true, FORM_NUMBER, version},
    {"XZQH", "行政区划", 6, true, FORM_DIVISION, division},
    {"ZCDZ", "注册地址", 500, false, FORM_TEXT, address},
    {"ZYSXSS", "主要失信事实", 4000, true, FORM_TEXT, facts},
    {"ZZJGDM", "组织机构代码", 9, false, FORM_TEXT, organisation},
};

static bool is_clean(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return utf8_is_valid(text, NULL);
}

static bool has_form(enum form form, struct span text)
{
    size_t wanted = form == FORM_CODE ? 18 : 6;

    if (form != FORM_CODE && form != FORM_DIVISION)
        return true;
    if (text.bytes != wanted)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        bool is_digit = text.at[i] >= '0' && text.at[i] <= '9';
        bool is_letter = text.at[i] >= 'A' && text.at[i] <= 'Z';

        if (!is_digit && !(form == FORM_CODE && is_letter))
            return false;
    }
    return true;
}

static bool field_check(const struct field *field, struct span text, struct error *err)
{
    if (span_trim(text).bytes == 0) {
        if (!field->is_required)
            return true;
        return refuse(err, ERR_REFUSED, "row.empty", "%s (%s) is empty", "%s（%s）为空", field->name, field->label);
    }
    if (!is_clean(text))
        return refuse(err, ERR_REFUSED, "row.characters", "%s (%s) holds control characters or is no UTF-8",
                      "%s（%s）含有控制字符或不是 UTF-8", field->name, field->label);
    if (utf8_count(text) > field->max)
        return refuse(err, ERR_REFUSED, "row.too-long", "%s (%s) has %zu characters; at most %zu are allowed",
                      "%s（%s）有 %zu 个字符，最多允许 %zu 个", field->name, field->label, utf8_count(text),
                      field->max);
    if (!has_form(field->form, text))
        return refuse(err, ERR_REFUSED, "row.form", "%s (%s) has the wrong form", "%s（%s）格式错误", field->name,
                      field->label);
    return true;
}

bool row_add(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
             struct error *err)
{
    size_t before = out->bytes;
    char scratch[SCRATCH_BYTES];

    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        if (!field_check(&FIELDS[i], FIELDS[i].value(config, record, scratch), err))
            return false;
    }
    for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
        struct span text = FIELDS[i].value(config, record, scratch);

        if (span_trim(text).bytes == 0)
            continue;
        buf_add_byte(out, out->bytes == before ? '{' : ',');
        buf_addf(out, "\"%s\":", FIELDS[i].name);
        if (FIELDS[i].form == FORM_NUMBER)
            buf_add_span(out, text);
        else
            json_string_add(out, text);
    }
    buf_add_byte(out, '}');
    if (out->bytes - before <= ADAPTER_ROW_BYTES_MAX)
        return true;
    out->bytes = before;
    out->data[before] = '\0';
    return refuse(err, ERR_REFUSED, "row.too-long", "the row has more than %d bytes", "数据行超过 %d 字节",
                  ADAPTER_ROW_BYTES_MAX);
}
