#include "schemas/obligation.h"

#include <string.h>

#include "base/text.h"
#include "keys/digest.h"

const char *const COLUMN_KEYS[COLUMN_COUNT] = {
    [COLUMN_NAME] = "name",
    [COLUMN_USCC] = "uscc",
    [COLUMN_DIVISION] = "division",
    [COLUMN_REGION] = "region",
    [COLUMN_INDUSTRY] = "industry",
    [COLUMN_DIMENSION] = "dimension",
    [COLUMN_MEASURE] = "measure",
    [COLUMN_AUTHORITY] = "authority",
    [COLUMN_AUTHORITY_KIND] = "authority_kind",
    [COLUMN_DOCUMENT] = "document",
    [COLUMN_ORDER_DATE] = "order_date",
    [COLUMN_DEADLINE] = "deadline",
    [COLUMN_EXTENDED_TO] = "extended_to",
    [COLUMN_EXTENSION_DOCUMENT] = "extension_document",
    [COLUMN_APPROVAL] = "approval",
    [COLUMN_EQUIPMENT] = "equipment",
    [COLUMN_EQUIPMENT_COUNT] = "equipment_count",
    [COLUMN_CAPACITY] = "capacity",
    [COLUMN_CAPACITY_UNIT] = "capacity_unit",
    [COLUMN_STATE] = "state",
    [COLUMN_EXIT_DATE] = "exit_date",
    [COLUMN_REMARK] = "remark",
};

const char *const COLUMN_HEADERS[COLUMN_COUNT] = {
    [COLUMN_NAME] = "企业名称",
    [COLUMN_USCC] = "统一社会信用代码",
    [COLUMN_DIVISION] = "行政区划代码",
    [COLUMN_REGION] = "所在地区",
    [COLUMN_INDUSTRY] = "行业",
    [COLUMN_DIMENSION] = "退出维度",
    [COLUMN_MEASURE] = "责令措施",
    [COLUMN_AUTHORITY] = "责令机关",
    [COLUMN_AUTHORITY_KIND] = "机关类别",
    [COLUMN_DOCUMENT] = "决定文书号",
    [COLUMN_ORDER_DATE] = "决定日期",
    [COLUMN_DEADLINE] = "退出期限",
    [COLUMN_EXTENDED_TO] = "延期至",
    [COLUMN_EXTENSION_DOCUMENT] = "延期批准文号",
    [COLUMN_APPROVAL] = "批准机关",
    [COLUMN_EQUIPMENT] = "主体设备（生产线）",
    [COLUMN_EQUIPMENT_COUNT] = "设备数量",
    [COLUMN_CAPACITY] = "产能",
    [COLUMN_CAPACITY_UNIT] = "产能单位",
    [COLUMN_STATE] = "状态",
    [COLUMN_EXIT_DATE] = "退出日期",
    [COLUMN_REMARK] = "备注",
};

const char *const GROUND_NAMES[GROUND_COUNT] = {"能耗", "环保", "质量", "安全", "技术"};
const char *const GROUND_SLUGS[GROUND_COUNT] = {"energy", "environment", "quality", "safety", "technology"};
const char *const STATE_NAMES[STATE_COUNT] = {"整改中", "延期中", "按期退出", "逾期未退出", "逾期后退出", "已撤销"};
const char *const STATE_SLUGS[STATE_COUNT] = {"rectifying", "extended",    "exited-in-time",
                                              "overdue",    "exited-late", "revoked"};

static void put_length(char at[4], size_t bytes)
{
    at[0] = (char)(bytes >> 24);
    at[1] = (char)(bytes >> 16);
    at[2] = (char)(bytes >> 8);
    at[3] = (char)bytes;
}

void obligation_id(const struct obligation *obligation, uint8_t id[OBLIGATION_ID_BYTES])
{
    static const enum column PARTS[] = {COLUMN_USCC, COLUMN_DOCUMENT, COLUMN_EQUIPMENT};
    char lengths[COUNT_OF(PARTS)][4];
    struct span parts[2 * COUNT_OF(PARTS)];
    uint8_t digest[32];

    for (size_t i = 0; i < COUNT_OF(PARTS); i++) {
        const struct span *field = &obligation->field[PARTS[i]];

        put_length(lengths[i], field->bytes);
        parts[2 * i] = (struct span){lengths[i], 4};
        parts[2 * i + 1] = *field;
    }
    digest_sha256_parts(parts, COUNT_OF(parts), digest);
    memcpy(id, digest, OBLIGATION_ID_BYTES);
}

int32_t obligation_due(const struct obligation *obligation)
{
    return obligation->extended_to == DAY_NONE ? obligation->deadline : obligation->extended_to;
}

bool obligation_is_open(const struct obligation *obligation)
{
    return obligation->state == STATE_RECTIFYING || obligation->state == STATE_EXTENDED ||
           obligation->state == STATE_OVERDUE;
}

bool obligation_is_overdue(const struct obligation *obligation, int32_t day)
{
    return obligation_is_open(obligation) && day > obligation_due(obligation);
}

bool obligation_ground_find(struct span name, enum ground *out)
{
    for (int i = 0; i < GROUND_COUNT; i++) {
        if (!span_is(name, GROUND_NAMES[i]))
            continue;
        *out = (enum ground)i;
        return true;
    }
    return false;
}

bool obligation_state_find(struct span name, enum obligation_state *out)
{
    for (int i = 0; i < STATE_COUNT; i++) {
        if (!span_is(name, STATE_NAMES[i]))
            continue;
        *out = (enum obligation_state)i;
        return true;
    }
    return false;
}
