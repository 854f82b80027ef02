/* remedies_words.c - the register's fixed words, said otherwise. */
#include <string.h>

#include "base/text.h"
#include "schemas/remedies_internal.h"

struct synonym {
    const char *said;
    const char *meant;
};

static bool try_synonyms(struct seeking *seeking, struct span said, const struct synonym *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (span_is(said, list[i].said) && remedy_try(seeking, span_of(list[i].meant)))
            return true;
    return false;
}

/* Cut whichever of the endings is there, once. */
static struct span without(struct span text, const char *const *endings, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (remedy_cut(&text, endings[i]))
            break;
    return text;
}

bool remedy_industry(struct seeking *seeking)
{
    static const char *const ENDINGS[] = {"行业", "产业", "工业", "制造业", "生产", "制造", "业"};
    static const struct synonym SYNONYMS[] = {
        {"炼钢", "钢铁"},     {"炼铁", "钢铁"},         {"钢", "钢铁"},           {"煤", "煤炭"},
        {"煤矿", "煤炭"},     {"电解铝冶炼", "电解铝"}, {"玻璃", "平板玻璃"},     {"平板玻璃", "平板玻璃"},
        {"建筑陶瓷", "陶瓷"}, {"卫生陶瓷", "陶瓷"},     {"造纸和纸制品", "造纸"}, {"造纸及纸制品", "造纸"},
        {"火电", "电力"},     {"火力发电", "电力"},     {"燃煤发电", "电力"},
    };
    struct span said = without(seeking->folded, ENDINGS, COUNT_OF(ENDINGS));

    return remedy_try(seeking, said) || try_synonyms(seeking, said, SYNONYMS, COUNT_OF(SYNONYMS));
}

bool remedy_ground(struct seeking *seeking)
{
    static const char *const ENDINGS[] = {"维度", "标准", "方面", "原因", "类"};
    static const struct synonym SYNONYMS[] = {
        {"能源消耗", "能耗"}, {"能源", "能耗"},     {"节能", "能耗"},     {"能源消费", "能耗"}, {"环境保护", "环保"},
        {"环境", "环保"},     {"生态环境", "环保"}, {"生态环保", "环保"}, {"产品质量", "质量"}, {"安全生产", "安全"},
        {"生产安全", "安全"}, {"工艺技术", "技术"}, {"技术装备", "技术"}, {"工艺装备", "技术"}, {"技术工艺", "技术"},
    };
    struct span said = without(seeking->folded, ENDINGS, COUNT_OF(ENDINGS));

    for (int ground = 0; ground < GROUND_COUNT; ground++)
        if (span_is(said, GROUND_SLUGS[ground]) && remedy_try(seeking, span_of(GROUND_NAMES[ground])))
            return true;
    return remedy_try(seeking, said) || try_synonyms(seeking, said, SYNONYMS, COUNT_OF(SYNONYMS));
}

/* What remains of a measure without the signs and words by which it is written in one way or another. */
static void measure_core_add(struct span text, struct buf *out)
{
    static const char *const DROPPED[] = {"责令", "依法", "予以", "、", "，", ",", ";",
                                          "；",   "/",    "和",   "并", "或", "及"};
    size_t at = 0;

    while (at < text.bytes) {
        struct span rest = {text.at + at, text.bytes - at};
        size_t step = 0;

        for (size_t i = 0; i < COUNT_OF(DROPPED) && step == 0; i++)
            step = span_starts(rest, DROPPED[i]) ? strlen(DROPPED[i]) : 0;
        if (step == 0)
            buf_add_byte(out, text.at[at]);
        at += step ? step : 1;
    }
}

/* The measures of the row's ground, one after the other; `known` is "限制生产 / 停产整治 / …". */
static struct span next_name(struct span *known)
{
    static const char BETWEEN[] = " / ";
    const char *end = known->bytes ? memmem(known->at, known->bytes, BETWEEN, sizeof BETWEEN - 1) : NULL;
    struct span name = {known->at, end ? (size_t)(end - known->at) : known->bytes};
    size_t skipped = name.bytes + (end ? sizeof BETWEEN - 1 : 0);

    *known = (struct span){known->at + skipped, known->bytes - skipped};
    return name;
}

bool remedy_measure(struct seeking *seeking)
{
    AUTO(buf_done) struct buf known = BUF_INIT;
    AUTO(buf_done) struct buf said = BUF_INIT;
    struct span rest;
    enum ground ground;

    if (!obligation_ground_find(seeking->row->field[COLUMN_DIMENSION], &ground))
        return false;
    catalog_measures_add(rules_catalog(seeking->rules), ground, &known);
    measure_core_add(seeking->folded, &said);
    rest = buf_span(&known);
    while (rest.bytes > 0) {
        AUTO(buf_done) struct buf core = BUF_INIT;
        struct span name = next_name(&rest);

        measure_core_add(name, &core);
        if (said.bytes > 0 && span_equal(buf_span(&said), buf_span(&core)) && remedy_try(seeking, name))
            return true;
    }
    return false;
}

static const char *exited_state(const struct obligation *row)
{
    if (row->exit_date == DAY_NONE || row->deadline == DAY_NONE ||
        (row->field[COLUMN_EXTENDED_TO].bytes > 0 && row->extended_to == DAY_NONE))
        return "";
    return STATE_NAMES[row->exit_date <= obligation_due(row) ? STATE_EXITED_IN_TIME : STATE_EXITED_LATE];
}

bool remedy_state(struct seeking *seeking)
{
    static const char *const EXITED[] = {"已退出", "退出", "已关停", "已关闭", "关停", "已拆除", "已完成", "完成"};
    static const struct synonym SYNONYMS[] = {
        {"整改", "整改中"},         {"正在整改", "整改中"},       {"限期整改", "整改中"},
        {"限期整改中", "整改中"},   {"延期", "延期中"},           {"已延期", "延期中"},
        {"按时退出", "按期退出"},   {"如期退出", "按期退出"},     {"期限内退出", "按期退出"},
        {"逾期未退", "逾期未退出"}, {"逾期", "逾期未退出"},       {"未按期退出", "逾期未退出"},
        {"逾期退出", "逾期后退出"}, {"逾期已退出", "逾期后退出"}, {"撤销", "已撤销"},
        {"已撤消", "已撤销"},       {"撤消", "已撤销"},
    };

    if (try_synonyms(seeking, seeking->folded, SYNONYMS, COUNT_OF(SYNONYMS)))
        return true;
    for (int state = 0; state < STATE_COUNT; state++)
        if (span_is(seeking->folded, STATE_SLUGS[state]) && remedy_try(seeking, span_of(STATE_NAMES[state])))
            return true;
    /* That it exited is said; whether in time, the dates say. */
    for (size_t i = 0; i < COUNT_OF(EXITED); i++)
        if (span_is(seeking->folded, EXITED[i]))
            return remedy_try(seeking, span_of(exited_state(seeking->row)));
    return false;
}
