#include "gateway/registry/sentences.h"

#include "base/text.h"

/* A record's texts must fit upstream whatever a register holds, so each part has a share of the 4000 bytes. */
enum { PART_SHORT = 240, PART_LONG = 1200 };

/* What was found, by ground: the words of seed rows 2 to 6. */
static const char *const FINDINGS[GROUND_COUNT] = {
    [GROUND_ENERGY] = "达不到强制性能耗限额标准要求",
    [GROUND_ENVIRONMENT] = "违反环境保护法律法规",
    [GROUND_QUALITY] = "相关产品质量达不到强制标准要求",
    [GROUND_SAFETY] = "安全生产条件达不到法律、行政法规和国家标准或行业标准要求",
    [GROUND_TECHNOLOGY] = "使用产业政策规定淘汰的工艺技术装备",
};

/* `text`, at most `limit` bytes, control characters as spaces. */
static void add_part(struct buf *out, struct span text, size_t limit)
{
    struct span part = utf8_cut(text, limit);

    for (size_t i = 0; i < part.bytes; i++)
        buf_add_byte(out, (unsigned char)part.at[i] < 0x20 || part.at[i] == 0x7F ? ' ' : part.at[i]);
    if (part.bytes < text.bytes)
        buf_add_text(out, "……");
}

static void add_field(struct buf *out, const struct obligation *obligation, enum column column)
{
    add_part(out, obligation->field[column], column == COLUMN_EQUIPMENT ? PART_LONG : PART_SHORT);
}

static void add_day(struct buf *out, int32_t day)
{
    int year, month, day_of_month;

    if (day == DAY_NONE)
        return;
    day_to_civil(day, &year, &month, &day_of_month);
    buf_addf(out, "%d年%d月%d日", year, month, day_of_month);
}

static void add_facility(struct buf *out, const struct obligation *obligation)
{
    add_field(out, obligation, COLUMN_EQUIPMENT);
    if (obligation->field[COLUMN_EQUIPMENT_COUNT].bytes > 0) {
        buf_add_text(out, "（数量");
        add_field(out, obligation, COLUMN_EQUIPMENT_COUNT);
        buf_add_text(out, "）");
    }
    if (obligation->field[COLUMN_CAPACITY].bytes == 0)
        return;
    buf_add_text(out, "，产能");
    add_field(out, obligation, COLUMN_CAPACITY);
    add_field(out, obligation, COLUMN_CAPACITY_UNIT);
}

static void add_finding(struct buf *out, const struct obligation *obligation)
{
    if (obligation->state == STATE_EXITED_LATE && obligation->exit_date != DAY_NONE) {
        buf_add_text(out, "逾期未退出，后于");
        add_day(out, obligation->exit_date);
        buf_add_text(out, "退出。");
        return;
    }
    buf_add_text(out, "逾期未退出。");
}

void sentence_facts_add(const struct obligation *obligation, struct buf *out)
{
    add_field(out, obligation, COLUMN_INDUSTRY);
    buf_add_text(out, "企业");
    add_field(out, obligation, COLUMN_NAME);
    buf_addf(out, "在%s方面%s，应退出的主体设备（生产线）为", GROUND_NAMES[obligation->ground],
             FINDINGS[obligation->ground]);
    add_facility(out, obligation);
    buf_add_text(out, "；退出期限为");
    add_day(out, obligation->deadline);
    if (obligation->extended_to != DAY_NONE) {
        /* Numbers of such documents often end in 延期 themselves. */
        buf_add_text(out, "，经");
        if (obligation->field[COLUMN_EXTENSION_DOCUMENT].bytes > 0)
            add_field(out, obligation, COLUMN_EXTENSION_DOCUMENT);
        buf_add_text(out, "批准延期至");
        add_day(out, obligation->extended_to);
    }
    buf_add_text(out, "，");
    add_finding(out, obligation);
}

void sentence_order_add(const struct obligation *obligation, struct buf *out)
{
    add_field(out, obligation, COLUMN_AUTHORITY);
    buf_add_text(out, "于");
    add_day(out, obligation->order_date);
    buf_add_text(out, "作出");
    add_field(out, obligation, COLUMN_DOCUMENT);
    buf_add_text(out, "决定");
    if (obligation->field[COLUMN_APPROVAL].bytes > 0) {
        buf_add_text(out, "（经");
        add_field(out, obligation, COLUMN_APPROVAL);
        buf_add_text(out, "批准）");
    }
    buf_add_text(out, "，措施：");
    add_field(out, obligation, COLUMN_MEASURE);
    buf_add_text(out, "；要求于");
    add_day(out, obligation->deadline);
    buf_add_text(out, "前退出：");
    add_facility(out, obligation);
    buf_add_text(out, "。");
}
