#include "gateway/jobs/template.h"

#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/sheet/sheet.h"
#include "schemas/obligation.h"

enum { CHOICES_MAX = 24, HEAD_BYTES = 64 };

static const struct {
    const char *zh;
    const char *en;
    int width;
} HINTS[COLUMN_COUNT] = {
    [COLUMN_NAME] = {"营业执照上的全称。", "The full name of the business licence.", 32},
    [COLUMN_USCC] = {"18 位，数字和大写字母，不含 I、O、S、V、Z。本列已设为文本。",
                     "18 digits and capital letters without I, O, S, V, Z. The column is text.", 22},
    [COLUMN_DIVISION] = {"企业所在县（市、区）的 6 位代码，例如 440224。",
                         "Six digits of the district, such as 440224.", 12},
    [COLUMN_REGION] = {"与行政区划代码一致，例如：韶关市仁化县。", "As the code says, such as 韶关市仁化县.", 18},
    [COLUMN_INDUSTRY] = {"从列表中选。", "Choose from the list.", 12},
    [COLUMN_DIMENSION] = {"从列表中选。", "Choose from the list.", 10},
    [COLUMN_MEASURE] = {"从列表中选；须是该退出维度可以采取的措施。", "Choose; it must belong to the ground.", 22},
    [COLUMN_AUTHORITY] = {"作出决定时的机关全称，例如：韶关市工业和信息化局。",
                          "The full name on the day of the order, such as 韶关市工业和信息化局.", 26},
    [COLUMN_AUTHORITY_KIND] = {"从列表中选，与责令机关相符。", "Choose; it must fit the authority.", 26},
    [COLUMN_DOCUMENT] = {"决定文书的文号。", "The number of the order.", 26},
    [COLUMN_ORDER_DATE] = {"写作 2025-03-01。不能晚于今天。", "Written 2025-03-01. Not after today.", 13},
    [COLUMN_DEADLINE] = {"写作 2025-03-01。能耗、质量维度不超过 6 个月。",
                         "Written 2025-03-01. Energy, quality: at most 6 months.", 13},
    [COLUMN_EXTENDED_TO] = {"只有能耗维度可以延期，写作 2025-03-01；没有延期的留空。",
                            "Energy only, written 2025-03-01; empty without an extension.", 13},
    [COLUMN_EXTENSION_DOCUMENT] = {"有延期的必填。", "Needed with an extension.", 24},
    [COLUMN_APPROVAL] = {"须报人民政府批准的措施必填，写全称，例如：韶关市人民政府。",
                         "Where the measure needs a government's approval: its full name.", 20},
    [COLUMN_EQUIPMENT] = {"一行一台（套、条）或一组主体设备。", "The equipment that must go.", 26},
    [COLUMN_EQUIPMENT_COUNT] = {"整数，不带单位。", "A whole number without unit.", 10},
    [COLUMN_CAPACITY] = {"数字，不带单位、逗号；最多 6 位小数。", "A number without unit or commas.", 12},
    [COLUMN_CAPACITY_UNIT] = {"从列表中选，与行业相称。", "Choose; it must fit the industry.", 14},
    [COLUMN_STATE] = {"从列表中选。", "Choose from the list.", 14},
    [COLUMN_EXIT_DATE] = {"已退出的必填，写作 2025-03-01；未退出的留空。", "Needed once exited; else empty.", 13},
    [COLUMN_REMARK] = {"可以留空。", "May be empty.", 30},
};

/* What the columns are made of; owns the texts. */
struct draft {
    json_t *schema;
    char head[COLUMN_COUNT][HEAD_BYTES];
    const char *choices[COLUMN_COUNT][CHOICES_MAX + 1];
    struct sheet_column columns[COLUMN_COUNT];
    struct sheet_entry entries[COLUMN_COUNT];
};

static void draft_done(struct draft *draft)
{
    json_decref(draft->schema);
}
DEFINE_AUTO_IN_PLACE(struct draft, draft_done)

static bool may_be_empty(const json_t *shape)
{
    const json_t *type = json_object_get(shape, "type");
    size_t i;
    const json_t *one;

    json_array_foreach(type, i, one)
    {
        if (strcmp(json_string_value(one) ? json_string_value(one) : "", "null") == 0)
            return true;
    }
    return false;
}

static bool fill_column(struct draft *draft, int column, bool is_chinese, struct error *err)
{
    const json_t *shape = json_object_get(json_object_get(draft->schema, "properties"), COLUMN_KEYS[column]);
    const json_t *words = json_object_get(shape, "enum");
    size_t i;
    const json_t *word;

    if (!shape || json_array_size(words) > CHOICES_MAX)
        return fail(err, ERR_CORRUPT, "register-row.schema.json: %s", COLUMN_KEYS[column]);
    json_array_foreach(words, i, word) draft->choices[column][i] = json_string_value(word);
    snprintf(draft->head[column], HEAD_BYTES, "%s%s", may_be_empty(shape) ? "" : "*", COLUMN_HEADERS[column]);
    draft->columns[column] =
        (struct sheet_column){.title = draft->head[column], .width = HINTS[column].width, .kind = SHEET_TEXT};
    draft->entries[column] = (struct sheet_entry){.hint = is_chinese ? HINTS[column].zh : HINTS[column].en,
                                                  .choices = words ? draft->choices[column] : NULL};
    return true;
}

bool template_write(const struct config *config, const char *lang, struct buf *out, struct error *err)
{
    AUTO(draft_done) struct draft draft = {.schema = NULL};
    AUTO(text_free) char *path = path_join(config->data, "schemas/register-row.schema.json");
    AUTO(sheet_free) struct sheet *sheet = NULL;
    const struct sheet_options options = {.title = "落后产能退出任务台账"};
    const struct sheet_page page = {
        .name = "台账", .columns = draft.columns, .column_count = COLUMN_COUNT, .entries = draft.entries};

    if (!json_read_file(path, &draft.schema, err))
        return false;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (!fill_column(&draft, column, strcmp(lang, "en") != 0, err))
            return false;
    return sheet_new(&options, &sheet, err) && sheet_page(sheet, &page, err) && sheet_finish(sheet, out, err);
}
