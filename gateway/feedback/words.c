#include "gateway/feedback/words.h"

#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "base/time.h"
#include "gateway/feedback/feedback.h"
#include "keys/digest.h"

enum { MEASURE_ID_MAX = 48 };

static bool refuse_form(struct error *err, const char *where, const char *en, const char *zh)
{
    error_set_both(err, ERR_INVALID, "feedback.form", "%s: %s%.0s", "%s：%.0s%s", where, en, zh);
    return false;
}

/* Only these members; `names` ends with NULL. */
static bool has_only(const json_t *object, const char *const *names, const char *where, struct error *err)
{
    const char *name;
    const json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        size_t i = 0;

        while (names[i] && strcmp(name, names[i]) != 0)
            i++;
        if (!names[i])
            return refuse(err, ERR_INVALID, "feedback.form", "%s: the member \"%.40s\" is not known here",
                          "%s：成员“%.40s”不可识别", where, name);
    }
    return true;
}

static bool check_text(const json_t *detail, const char *name, size_t most, struct error *err)
{
    const json_t *value = json_object_get(detail, name);
    struct span text = {json_string_value(value), json_string_length(value)};

    if (!value)
        return true;
    if (!json_is_string(value) || text.bytes == 0 || utf8_count(text) > most)
        return refuse(err, ERR_INVALID, "feedback.form", "%s is a text of 1 to %zu characters",
                      "%s 应为 1 至 %zu 字的文本", name, most);
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7F)
            return refuse_form(err, name, "no control characters", "不得含控制字符");
    }
    return true;
}

static bool check_measures(const json_t *detail, struct error *err)
{
    const json_t *list = json_object_get(detail, "measures");
    const json_t *item;
    size_t i;

    if (!list)
        return true;
    if (json_array_size(list) == 0 || json_array_size(list) > WORDS_MEASURES_MAX)
        return refuse_form(err, "measures", "a list of 1 to 32 ids of measures", "应为 1 至 32 个措施编号的列表");
    json_array_foreach(list, i, item)
    {
        if (json_string_length(item) == 0 || json_string_length(item) > MEASURE_ID_MAX)
            return refuse_form(err, "measures", "a list of ids of measures", "应为措施编号的列表");
    }
    return true;
}

static bool check_day(const json_t *detail, int32_t today, struct error *err)
{
    const json_t *value = json_object_get(detail, "acted_on");
    int32_t day;

    if (!value)
        return true;
    if (!json_is_string(value) || !day_parse(span_of(json_string_value(value)), &day))
        return refuse(err, ERR_INVALID, "feedback.day", "acted_on is a day: YYYY-MM-DD",
                      "acted_on 应为日期：YYYY-MM-DD");
    return day <= today || refuse(err, ERR_INVALID, "feedback.day", "acted_on is still to come", "acted_on 尚未到来");
}

/* Each result says what was done, or why not. */
static bool check_result(const json_t *detail, struct error *err)
{
    const char *result = json_text_of(detail, "result");
    bool has_action = json_object_get(detail, "action");
    bool has_measures = json_object_get(detail, "measures");

    if (result && strcmp(result, "implemented") == 0)
        return has_action || has_measures ||
               refuse(err, ERR_INVALID, "feedback.action", "implemented: name the measures, or the action",
                      "implemented（已实施）须给出 measures 或 action");
    if (result && strcmp(result, "other") == 0)
        return has_action || refuse(err, ERR_INVALID, "feedback.action", "other: say what was done (action)",
                                    "other（其他处理）须以 action 说明所采取的措施");
    if (result && strcmp(result, "not-applicable") == 0)
        return json_object_get(detail, "reason") ||
               refuse(err, ERR_INVALID, "feedback.reason", "not-applicable: say why (reason)",
                      "not-applicable（不适用）须以 reason 说明理由");
    return refuse(err, ERR_INVALID, "feedback.result", "result is implemented, other or not-applicable",
                  "result 应为 implemented（已实施）、other（其他处理）或 not-applicable（不适用）");
}

static bool check_detail(const json_t *detail, int32_t today, struct error *err)
{
    static const char *const NAMES[] = {"id",     "version",  "result", "measures", "action",
                                        "reason", "acted_on", "remark", NULL};
    const json_t *id = json_object_get(detail, "id");
    const json_t *version = json_object_get(detail, "version");

    if (!json_is_object(detail))
        return refuse_form(err, "details", "a list of objects", "应为对象的列表");
    if (json_string_length(id) == 0 || json_string_length(id) > FEEDBACK_ID_MAX)
        return refuse_form(err, "id", "the \"record\" or \"obligation\" that the answer showed",
                           "应为答复所示的 record 或 obligation");
    if (version &&
        (!json_is_integer(version) || json_integer_value(version) < 1 || json_integer_value(version) > UINT32_MAX))
        return refuse_form(err, "version", "a number from 1", "应为从 1 起的整数");
    return has_only(detail, NAMES, "details", err) && check_text(detail, "action", WORDS_TEXT_MAX, err) &&
           check_text(detail, "reason", WORDS_TEXT_MAX, err) && check_text(detail, "remark", WORDS_TEXT_MAX, err) &&
           check_measures(detail, err) && check_day(detail, today, err) && check_result(detail, err);
}

static bool check_once(const json_t *details, struct error *err)
{
    AUTO(json_release) json_t *seen = json_object();
    const json_t *item;
    size_t i;

    json_array_foreach(details, i, item)
    {
        const char *id = json_text_of(item, "id");

        if (json_object_get(seen, id))
            return refuse(err, ERR_INVALID, "feedback.twice", "%s stands there twice", "%s 重复出现", id);
        json_object_set_new(seen, id, json_true());
    }
    return true;
}

static bool check(const json_t *json, int32_t today, struct error *err)
{
    static const char *const NAMES[] = {"receipt", "details", NULL};
    const json_t *details = json_object_get(json, "details");
    const json_t *receipt = json_object_get(json, "receipt");
    const json_t *item;
    size_t i;

    if (!json_is_object(json))
        return refuse_form(err, "/", "an object: {\"receipt\",\"details\"}", "应为对象：{\"receipt\",\"details\"}");
    if (!has_only(json, NAMES, "/", err))
        return false;
    if (json_string_length(receipt) == 0 || json_string_length(receipt) > FEEDBACK_RECEIPT_MAX)
        return refuse_form(err, "receipt", "the receipt of the answer", "应为答复的回执号");
    if (json_array_size(details) == 0 || json_array_size(details) > WORDS_DETAILS_MAX)
        return refuse_form(err, "details", "a list of 1 to 200 objects", "应为 1 至 200 个对象的列表");
    json_array_foreach(details, i, item)
    {
        if (!check_detail(item, today, err))
            return false;
    }
    return check_once(details, err);
}

static bool digest(const json_t *json, char hex[65], struct error *err)
{
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;
    uint8_t bytes[32];

    if (!json_canonical_add(json, &canonical, err))
        return false;
    digest_sha256(buf_span(&canonical), bytes);
    hex_add(&text, bytes, sizeof bytes);
    memcpy(hex, text.data, 65);
    return true;
}

bool words_read(struct span body, int32_t today, struct words *out, struct error *err)
{
    AUTO(words_done) struct words words = {.json = NULL};

    if (body.bytes > WORDS_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "feedback.size", "a feedback has at most %d bytes: give it in parts",
                      "反馈正文不得超过 %d 字节：请分次反馈", WORDS_BYTES_MAX);
    if (!json_read(body, WORDS_BYTES_MAX, &words.json, err))
        return false;
    if (!check(words.json, today, err) || !digest(words.json, words.sha256, err))
        return false;
    words.receipt = json_text_of(words.json, "receipt");
    words.details = json_object_get(words.json, "details");
    *out = words;
    words.json = NULL;
    return true;
}

void words_done(struct words *words)
{
    json_decref(words->json);
    words->json = NULL;
}
