#include "sandbox/rowcheck.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

enum kind {
    KIND_NAME,
    KIND_VERSION,
    KIND_OPERATION,
    KIND_TEXT,
    KIND_CODE,
    KIND_DATE,
    KIND_DIVISION,
    KIND_CHOICE,
    KIND_COUNT
};

struct field {
    const char *name;
    const char *label;
    enum kind kind;
    bool is_required;
    size_t max;             /* characters */
    const char *empty_code; /* what an empty required field is called */
    const char *choices;    /* of KIND_CHOICE */
};

/* The field table of upstreams.md, in its order. */
static const struct field FIELDS[] = {
    {"ROWID", "记录标识", KIND_NAME, true, ROW_ID_BYTES - 1, ROW_RULE, NULL},
    {"VERSION", "版本", KIND_VERSION, true, 10, ROW_RULE, NULL},
    {"OP", "操作", KIND_OPERATION, true, 1, ROW_RULE, NULL},
    {"JGQC", "机构全称", KIND_TEXT, true, 200, ROW_NAME_EMPTY, NULL},
    {"TYSHXYDM", "统一社会信用代码", KIND_CODE, true, 18, ROW_CODE_WRONG, NULL},
    {"ZZJGDM", "组织机构代码", KIND_TEXT, false, 9, NULL, NULL},
    {"GSZCH", "工商注册号", KIND_TEXT, false, 15, NULL, NULL},
    {"ZCDZ", "注册地址", KIND_TEXT, false, 500, NULL, NULL},
    {"FDDBR", "法定代表人", KIND_TEXT, false, 100, NULL, NULL},
    {"ZYSXSS", "主要失信事实", KIND_TEXT, true, 4000, ROW_RULE, NULL},
    {"SCFZYNR", "行政处理决定主要内容", KIND_TEXT, true, 4000, ROW_RULE, NULL},
    {"QRYZSXRQ", "确认失信日期", KIND_DATE, true, 10, ROW_DATE_EMPTY, NULL},
    {"GSJZQ", "公示截止期", KIND_DATE, true, 10, ROW_DATE_EMPTY, NULL},
    {"RDDW", "认定单位", KIND_TEXT, true, 200, ROW_RULE, NULL},
    {"RDWH", "认定文号", KIND_TEXT, true, 200, ROW_RULE, NULL},
    {"BMBM", "信息提供部门编码", KIND_TEXT, true, 50, ROW_RULE, NULL},
    {"BMMC", "信息提供部门名称", KIND_TEXT, true, 200, ROW_RULE, NULL},
    {"JHDWQC", "交换单位全称", KIND_TEXT, true, 200, ROW_RULE, NULL},
    {"TGRQ", "提供日期", KIND_DATE, true, 10, ROW_DATE_EMPTY, NULL},
    {"XZQH", "行政区划", KIND_DIVISION, true, 6, ROW_RULE, NULL},
    {"SYFW", "使用范围", KIND_CHOICE, true, 1, ROW_RULE, "012"},
    {"SXYZCD", "失信严重程度", KIND_CHOICE, true, 1, ROW_RULE, "123"},
    {"BZ", "备注", KIND_TEXT, false, 500, NULL, NULL},
};

static const struct field FEEDBACK_FIELDS[] = {
    {"ROWID", "反馈标识", KIND_NAME, true, ROW_ID_BYTES - 1, ROW_RULE, NULL},
    {"VERSION", "版本", KIND_VERSION, true, 10, ROW_RULE, NULL},
    {"OP", "操作", KIND_CHOICE, true, 1, ROW_RULE, "1"},
    {"JGQC", "机构全称", KIND_TEXT, true, 200, ROW_NAME_EMPTY, NULL},
    {"TYSHXYDM", "统一社会信用代码", KIND_CODE, true, 18, ROW_CODE_WRONG, NULL},
    {"CXHZ", "查询回执号", KIND_TEXT, true, 40, ROW_RULE, NULL},
    {"CXRQ", "查询日期", KIND_DATE, true, 10, ROW_DATE_EMPTY, NULL},
    {"JLBS", "所示记录（任务）标识", KIND_TEXT, true, 32, ROW_RULE, NULL},
    {"JLBB", "所示版本", KIND_COUNT, true, 10, ROW_RULE, NULL},
    {"FKDW", "反馈单位", KIND_TEXT, true, 64, ROW_RULE, NULL},
    {"LYMC", "实施领域", KIND_TEXT, true, 100, ROW_RULE, NULL},
    {"CXMD", "查询目的", KIND_TEXT, true, 64, ROW_RULE, NULL},
    {"FKJG", "反馈结果", KIND_CHOICE, true, 1, ROW_RULE, "123"},
    {"CSNR", "惩戒措施", KIND_TEXT, false, 4000, NULL, NULL},
    {"CLJG", "实际处理", KIND_TEXT, false, 1000, NULL, NULL},
    {"BSYLY", "不适用理由", KIND_TEXT, false, 1000, NULL, NULL},
    {"CLRQ", "处理日期", KIND_DATE, false, 10, NULL, NULL},
    {"FKRQ", "反馈日期", KIND_DATE, true, 10, ROW_DATE_EMPTY, NULL},
    {"BMBM", "信息提供部门编码", KIND_TEXT, true, 50, ROW_RULE, NULL},
    {"BMMC", "信息提供部门名称", KIND_TEXT, true, 200, ROW_RULE, NULL},
    {"JHDWQC", "交换单位全称", KIND_TEXT, true, 200, ROW_RULE, NULL},
    {"BZ", "备注", KIND_TEXT, false, 1000, NULL, NULL},
};

/* GB/T 2260: the first two digits of the 34 provinces, and Guangdong's 21 cities (with 4400, the province itself). */
static const char PROVINCES[] =
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 "
    "64 65 71 81 82";
static const char CITIES_GUANGDONG[] =
    "4400 4401 4402 4403 4404 4405 4406 4407 4408 4409 4412 4413 4414 4415 4416 4417 "
    "4418 4419 4420 4451 4452 4453";

/* Months of publication at most, by SXYZCD 1 to 3 (发展改革委令第 36 号). */
static const int PUBLICATION_MONTHS_MAX[] = {3, 12, 36};

bool rowcheck_refuse(struct row_verdict *verdict, const char *code, const char *format, ...)
{
    va_list args;

    verdict->code = code;
    va_start(args, format);
    vsnprintf(verdict->message, sizeof(verdict->message), format, args);
    va_end(args);
    /* Cut between characters, or the outcome could not be told. */
    verdict->message[utf8_cut(span_of(verdict->message), ROW_MESSAGE_BYTES - 4).bytes] = '\0';
    return false;
}

static struct span text_of(const json_t *value)
{
    return (struct span){json_string_value(value), json_string_length(value)};
}

static struct span member_text(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);

    return json_is_string(value) ? text_of(value) : SPAN("");
}

/* 0 when it is neither a positive number nor its plain decimal text. */
static int64_t number_of(const json_t *value)
{
    int64_t number = 0;

    if (json_is_integer(value))
        number = json_integer_value(value);
    if (json_is_string(value) && (json_string_value(value)[0] == '0' || !integer_parse(text_of(value), &number)))
        return 0;
    return number > 0 && number <= INT32_MAX ? number : 0;
}

bool rowcheck_name(const json_t *row, struct row_name *name)
{
    struct span rowid = member_text(row, "ROWID");
    int64_t version = number_of(json_object_get(row, "VERSION"));

    if (rowid.bytes == 0 || rowid.bytes >= ROW_ID_BYTES || version == 0)
        return false;
    for (size_t i = 0; i < rowid.bytes; i++) {
        char c = rowid.at[i];

        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
            return false;
    }
    *name = (struct row_name){rowid.at, version};
    return true;
}

int rowcheck_operation(const json_t *row)
{
    int64_t number = number_of(json_object_get(row, "OP"));

    return number >= ROW_ADD && number <= ROW_DISPUTE_END ? (int)number : 0;
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return true;
    }
    return false;
}

/* GB 32100-2015: weights are the powers of 3 modulo 31. */
static bool is_code(struct span code)
{
    static const char ALPHABET[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    int weight = 1;
    int sum = 0;

    if (code.bytes != 18)
        return false;
    for (size_t i = 0; i < 17; i++) {
        const char *place = memchr(ALPHABET, code.at[i], sizeof(ALPHABET) - 1);

        if (!place)
            return false;
        sum += (int)(place - ALPHABET) * weight;
        weight = weight * 3 % 31;
    }
    return code.at[17] == ALPHABET[(31 - sum % 31) % 31];
}

static bool list_has(const char *list, struct span item)
{
    size_t step = item.bytes + 1;

    for (const char *at = list; *at; at += at[item.bytes] ? step : item.bytes)
        if (memcmp(at, item.at, item.bytes) == 0)
            return true;
    return false;
}

static bool is_division(struct span code)
{
    if (code.bytes != 6)
        return false;
    for (size_t i = 0; i < code.bytes; i++)
        if (code.at[i] < '0' || code.at[i] > '9')
            return false;
    if (!list_has(PROVINCES, (struct span){code.at, 2}))
        return false;
    return memcmp(code.at, "44", 2) != 0 || list_has(CITIES_GUANGDONG, (struct span){code.at, 4});
}

static bool check_shape(const struct field *field, struct span text, struct row_verdict *verdict)
{
    int32_t day;

    if (field->kind == KIND_CODE && !is_code(text))
        return rowcheck_refuse(verdict, ROW_CODE_WRONG, "%s %s：代码或校验码错误", field->name, field->label);
    if (field->kind == KIND_DATE && !day_parse(text, &day))
        return rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：不是 YYYY-MM-DD 格式的真实日期", field->name, field->label);
    if (field->kind == KIND_DIVISION && !is_division(text))
        return rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：不是 GB/T 2260 行政区划代码", field->name, field->label);
    if (field->kind == KIND_CHOICE && (text.bytes != 1 || !strchr(field->choices, text.at[0])))
        return rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：只能取 %s 之一", field->name, field->label, field->choices);
    return true;
}

static bool check_text(const struct field *field, const json_t *value, struct row_verdict *verdict)
{
    struct span text = SPAN_NONE;

    if (value && !json_is_string(value))
        return rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：应为文本", field->name, field->label);
    if (value)
        text = text_of(value);
    if (span_trim(text).bytes == 0) {
        if (!field->is_required)
            return true;
        return rowcheck_refuse(verdict, field->empty_code, "%s %s：必填项为空", field->name, field->label);
    }
    if (utf8_count(text) > field->max)
        return rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：超过 %zu 个字符", field->name, field->label, field->max);
    if (has_control(text))
        return rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：含有控制字符", field->name, field->label);
    return check_shape(field, text, verdict);
}

static bool check_field(const struct field *field, const json_t *row, struct row_verdict *verdict)
{
    const json_t *value = json_object_get(row, field->name);
    struct row_name name;

    switch (field->kind) {
    case KIND_NAME:
    case KIND_VERSION:
        return rowcheck_name(row, &name) ||
               rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：格式错误", field->name, field->label);
    case KIND_OPERATION:
        return rowcheck_operation(row) ||
               rowcheck_refuse(verdict, ROW_FORMAT, "%s %s：只能取 1 至 6", field->name, field->label);
    case KIND_COUNT:
        return number_of(value) > 0 || rowcheck_refuse(verdict, value ? ROW_FORMAT : field->empty_code,
                                                       "%s %s：应为正整数", field->name, field->label);
    default:
        return check_text(field, value, verdict);
    }
}

struct fields {
    const struct field *list;
    size_t count;
};

static bool check_known(struct fields fields, const json_t *row, struct row_verdict *verdict)
{
    const char *name;
    const json_t *value;

    json_object_foreach((json_t *)row, name, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < fields.count && !is_known; i++)
            is_known = strcmp(fields.list[i].name, name) == 0;
        if (!is_known)
            return rowcheck_refuse(verdict, ROW_FORMAT, "%.*s：目录中没有这一字段",
                                   (int)utf8_cut(span_of(name), 40).bytes, name);
    }
    return true;
}

static int publication_months_max(struct span severity)
{
    bool is_known = severity.bytes == 1 && severity.at[0] >= '1' && severity.at[0] <= '3';

    return is_known ? PUBLICATION_MONTHS_MAX[severity.at[0] - '1'] : 0;
}

static bool check_together(const json_t *row, int32_t today, struct row_verdict *verdict)
{
    struct span organisation = member_text(row, "ZZJGDM");
    int months = publication_months_max(member_text(row, "SXYZCD"));
    int32_t listed = DAY_NONE;
    int32_t until = DAY_NONE;
    int32_t provided = DAY_NONE;

    if (organisation.bytes > 0 &&
        (organisation.bytes != 9 || memcmp(organisation.at, member_text(row, "TYSHXYDM").at + 8, 9) != 0))
        return rowcheck_refuse(verdict, ROW_CODE_WRONG, "ZZJGDM 组织机构代码：与统一社会信用代码第 9 至 17 位不一致");
    if (!day_parse(member_text(row, "QRYZSXRQ"), &listed) || !day_parse(member_text(row, "GSJZQ"), &until) ||
        !day_parse(member_text(row, "TGRQ"), &provided))
        return rowcheck_refuse(verdict, ROW_FORMAT, "日期格式错误");
    if (until < listed)
        return rowcheck_refuse(verdict, ROW_RULE, "GSJZQ 公示截止期：早于确认失信日期");
    if (until > day_add_months(listed, months))
        return rowcheck_refuse(verdict, ROW_RULE, "GSJZQ 公示截止期：超过该失信严重程度的最长公示期 %d 个月", months);
    if (provided < listed)
        return rowcheck_refuse(verdict, ROW_RULE, "TGRQ 提供日期：早于确认失信日期");
    /* One day of grace: clocks of two houses around midnight. */
    if (provided > today + 1)
        return rowcheck_refuse(verdict, ROW_RULE, "TGRQ 提供日期：晚于今天");
    return true;
}

/* What was done must be said, or why nothing was: the three results of domain.md 1.3. */
static bool check_feedback(const json_t *row, int32_t today, struct row_verdict *verdict)
{
    bool is_not_applicable = span_is(member_text(row, "FKJG"), "3");
    bool says_what = member_text(row, "CSNR").bytes > 0 || member_text(row, "CLJG").bytes > 0;
    int32_t asked = DAY_NONE;
    int32_t given = DAY_NONE;

    if (is_not_applicable && member_text(row, "BSYLY").bytes == 0)
        return rowcheck_refuse(verdict, ROW_RULE, "BSYLY 不适用理由：反馈结果为不适用时必填");
    if (!is_not_applicable && !says_what)
        return rowcheck_refuse(verdict, ROW_RULE, "CSNR 惩戒措施：与实际处理须填其一");
    if (!day_parse(member_text(row, "CXRQ"), &asked) || !day_parse(member_text(row, "FKRQ"), &given))
        return rowcheck_refuse(verdict, ROW_FORMAT, "日期格式错误");
    if (given < asked)
        return rowcheck_refuse(verdict, ROW_RULE, "FKRQ 反馈日期：早于查询日期");
    if (given > today + 1)
        return rowcheck_refuse(verdict, ROW_RULE, "FKRQ 反馈日期：晚于今天");
    return true;
}

bool rowcheck_of(enum row_table table, const json_t *row, int32_t today, struct row_verdict *verdict)
{
    static const struct {
        struct fields fields;
        bool (*check_together)(const json_t *row, int32_t today, struct row_verdict *verdict);
    } TABLES[] = {
        [TABLE_RECORDS] = {{FIELDS, COUNT_OF(FIELDS)}, check_together},
        [TABLE_FEEDBACK] = {{FEEDBACK_FIELDS, COUNT_OF(FEEDBACK_FIELDS)}, check_feedback},
    };
    struct fields fields = TABLES[table].fields;

    *verdict = (struct row_verdict){ROW_TAKEN, ""};
    for (size_t i = 0; i < fields.count; i++) {
        if (!check_field(&fields.list[i], row, verdict))
            return false;
    }
    return check_known(fields, row, verdict) && TABLES[table].check_together(row, today, verdict);
}

bool rowcheck(const json_t *row, int32_t today, struct row_verdict *verdict)
{
    return rowcheck_of(TABLE_RECORDS, row, today, verdict);
}
