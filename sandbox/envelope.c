#include "sandbox/envelope.h"

#include <string.h>

#include "base/text.h"
#include "sandbox/rowcheck.h"

static const char *const MEMBERS[] = {"tableCode", "departmentCode", "tableVersionId", "taskId",  "timestamp",
                                      "encType",   "signType",       "encData",        "signData"};

static bool refuse_call(struct call_refusal *refusal, const char *code, const char *message)
{
    *refusal = (struct call_refusal){code, message};
    return false;
}

void envelope_done(struct envelope *envelope)
{
    json_decref(envelope->json);
    json_decref(envelope->rows);
    envelope->json = NULL;
    envelope->rows = NULL;
}

static struct span member(const struct envelope *envelope, const char *name)
{
    const json_t *value = json_object_get(envelope->json, name);

    return value ? (struct span){json_string_value(value), json_string_length(value)} : SPAN("");
}

/* An object of texts, with no names but ours; missing ones are found later, each with its own code. */
static bool read_members(struct span body, struct envelope *envelope, struct call_refusal *refusal)
{
    json_error_t problem;
    const char *name;
    const json_t *value;

    envelope->json = json_loadb(body.bytes ? body.at : "", body.bytes, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_object(envelope->json))
        return refuse_call(refusal, CALL_JSON, "请求体不是 JSON 对象");
    json_object_foreach(envelope->json, name, value)
    {
        bool is_known = false;

        for (size_t i = 0; i < COUNT_OF(MEMBERS) && !is_known; i++)
            is_known = strcmp(MEMBERS[i], name) == 0;
        if (!is_known || !json_is_string(value))
            return refuse_call(refusal, CALL_JSON, is_known ? "成员应为文本" : "有未知成员");
    }
    return true;
}

static bool check_codes(const struct envelope_terms *terms, struct envelope *envelope, struct call_refusal *refusal)
{
    envelope->is_feedback =
        terms->feedback_table_code && span_is(member(envelope, "tableCode"), terms->feedback_table_code);
    if (member(envelope, "tableCode").bytes == 0)
        return refuse_call(refusal, CALL_TABLE_EMPTY, "目录编码为空");
    if (!envelope->is_feedback && !span_is(member(envelope, "tableCode"), terms->table_code))
        return refuse_call(refusal, CALL_TABLE_UNKNOWN, "目录编码不存在");
    if (!span_is(member(envelope, "tableVersionId"), terms->table_version_id))
        return refuse_call(refusal, CALL_TABLE_UNKNOWN, "目录版本不存在");
    if (member(envelope, "departmentCode").bytes == 0)
        return refuse_call(refusal, CALL_DEPARTMENT_EMPTY, "部门编码为空");
    if (!span_is(member(envelope, "departmentCode"), terms->department_code))
        return refuse_call(refusal, CALL_DEPARTMENT_UNKNOWN, "部门编码不存在");
    return true;
}

/* Epoch milliseconds: 13 digits from 2001 to 2286. Not held against the clock: a retry keeps its first instant. */
static bool is_timestamp(struct span text)
{
    int64_t value;

    return text.bytes == 13 && text.at[0] != '0' && integer_parse(text, &value);
}

static bool check_signature(const struct envelope_terms *terms, const struct envelope *envelope,
                            struct call_refusal *refusal)
{
    AUTO(buf_done) struct buf signature = BUF_INIT;
    AUTO(buf_done) struct buf message = BUF_INIT;

    if (!span_is(member(envelope, "signType"), "SM2"))
        return refuse_call(refusal, CALL_SIGNATURE, "signType 应为 SM2");
    if (!wire_base64(member(envelope, "signData"), &signature))
        return refuse_call(refusal, CALL_SIGNATURE, "signData 不是 Base64");
    buf_add_span(&message, member(envelope, "taskId"));
    buf_add_byte(&message, '.');
    buf_add_span(&message, member(envelope, "timestamp"));
    buf_add_byte(&message, '.');
    buf_add_span(&message, member(envelope, "encData"));
    if (signature.bytes == 0 || !wire_verify(terms->keys, buf_span(&message), buf_span(&signature)))
        return refuse_call(refusal, CALL_SIGNATURE, "验签失败");
    return true;
}

bool envelope_read(const struct envelope_terms *terms, struct span body, struct envelope *envelope,
                   struct call_refusal *refusal)
{
    struct span task;

    if (!read_members(body, envelope, refusal))
        return false;
    task = member(envelope, "taskId");
    if (!task_id_is_valid(task))
        return refuse_call(refusal, CALL_JSON, "taskId 应为 32 位小写十六进制");
    memcpy(envelope->task, task.at, task.bytes);
    if (!is_timestamp(member(envelope, "timestamp")))
        return refuse_call(refusal, CALL_JSON, "timestamp 应为毫秒时间戳");
    if (!check_codes(terms, envelope, refusal))
        return false;
    if (member(envelope, "encData").bytes == 0)
        return refuse_call(refusal, CALL_BODY_EMPTY, "encData 为空");
    if (!check_signature(terms, envelope, refusal))
        return false;
    wire_sm3(member(envelope, "encData"), envelope->digest);
    return true;
}

static bool read_rows(struct span plain, struct envelope *envelope, struct call_refusal *refusal)
{
    json_error_t problem;
    size_t count;

    envelope->rows = json_loadb(plain.bytes ? plain.at : "", plain.bytes, JSON_REJECT_DUPLICATES, &problem);
    if (!json_is_array(envelope->rows))
        return refuse_call(refusal, CALL_BODY_MALFORMED, "明文不是 JSON 数组");
    count = json_array_size(envelope->rows);
    if (count == 0)
        return refuse_call(refusal, CALL_BODY_EMPTY, "没有数据行");
    if (count > ENVELOPE_ROWS_MAX)
        return refuse_call(refusal, CALL_BODY_MALFORMED, "超过 500 行");
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(envelope->rows, i);
        struct row_name name;

        /* Without both its outcome could not be told. */
        if (!json_is_object(row) || !rowcheck_name(row, &name))
            return refuse_call(refusal, CALL_BODY_MALFORMED, "数据行缺少 ROWID 或 VERSION，或其格式错误");
    }
    return true;
}

bool envelope_open(const struct envelope_terms *terms, struct envelope *envelope, struct call_refusal *refusal)
{
    AUTO(buf_done) struct buf sealed = BUF_INIT;
    AUTO(buf_done) struct buf plain = BUF_INIT;

    if (!span_is(member(envelope, "encType"), "SM4"))
        return refuse_call(refusal, CALL_DECRYPT, "encType 应为 SM4");
    if (!wire_base64(member(envelope, "encData"), &sealed))
        return refuse_call(refusal, CALL_DECRYPT, "encData 不是 Base64");
    if (!wire_decrypt(terms->keys, buf_span(&sealed), &plain))
        return refuse_call(refusal, CALL_DECRYPT, "无法解密");
    if (plain.bytes == 0)
        return refuse_call(refusal, CALL_BODY_EMPTY, "明文为空");
    return read_rows(buf_span(&plain), envelope, refusal);
}
