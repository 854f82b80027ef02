#include "base/problem.h"

#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

struct kind {
    int status; /* that the server or a handler chose; 0: by the error's code */
    const char *slug;
    const char *en;
    const char *zh;
};

/* By status: what has no error code of its own. */
static const struct kind BY_STATUS[] = {
    {405, "method-not-allowed", "The method is not allowed here", "此处不允许该方法"},
    {408, "request-timeout", "The request took too long", "请求传送超时"},
    {411, "length-required", "The length of the body is missing", "缺少正文长度"},
    {413, "too-large", "The request is too large", "请求过大"},
    {414, "target-too-long", "The request target is too long", "请求地址过长"},
    {417, "expectation-failed", "The expectation cannot be met", "无法满足 Expect 要求"},
    {429, "too-many-requests", "Too many requests", "请求过于频繁"},
    {431, "headers-too-large", "The headers are too large", "请求头过大"},
    {501, "method-unknown", "The method is not known", "未知的请求方法"},
    {505, "version-unknown", "The HTTP version is not spoken here", "不支持该 HTTP 版本"},
};

static const struct kind BY_CODE[ERR_CODE_COUNT] = {
    [ERR_NONE] = {0, NULL, "No problem", "无"},
    [ERR_INVALID] = {0, NULL, "The request is not valid", "请求有误"},
    [ERR_NOT_FOUND] = {0, NULL, "There is no such thing", "未找到"},
    [ERR_CONFLICT] = {0, NULL, "It collides with what is there", "与现有内容冲突"},
    [ERR_REFUSED] = {0, NULL, "A rule forbids it", "规则不允许"},
    [ERR_FORBIDDEN] = {0, NULL, "Not allowed for this caller", "无权进行"},
    [ERR_UNAUTHORIZED] = {0, NULL, "The caller is not known", "身份不明"},
    [ERR_LIMIT] = {0, NULL, "Beyond a limit", "超出上限"},
    [ERR_UNAVAILABLE] = {0, NULL, "Not possible right now", "暂时无法进行"},
    [ERR_TIMEOUT] = {0, NULL, "No answer in time", "超时"},
    [ERR_IO] = {0, NULL, "The gateway has a fault", "网关故障"},
    [ERR_FULL] = {0, NULL, "The gateway's disk is full", "网关存储已满"},
    [ERR_CORRUPT] = {0, NULL, "The gateway has a fault", "网关故障"},
    [ERR_INTERNAL] = {0, NULL, "The gateway has a fault", "网关故障"},
};

/* By rule: what a program should tell apart from others of its status. */
static const struct {
    const char *rule;
    struct kind kind;
} BY_RULE[] = {
    {"client.suspended", {0, "client-suspended", "Access is suspended", "接入已暂停"}},
    {"client.quota", {0, "quota-exceeded", "The day's quota is used up", "已达每日限额"}},
};

static struct kind kind_of(int status, enum error_code code, const char *rule)
{
    struct kind kind;

    for (size_t i = 0; i < COUNT_OF(BY_RULE); i++) {
        if (strcmp(BY_RULE[i].rule, rule) == 0)
            return BY_RULE[i].kind;
    }
    for (size_t i = 0; i < COUNT_OF(BY_STATUS); i++) {
        if (BY_STATUS[i].status == status)
            return BY_STATUS[i];
    }
    kind = BY_CODE[(size_t)code < ERR_CODE_COUNT ? code : ERR_INTERNAL];
    kind.slug = error_info(code)->name;
    return kind;
}

static void add_member(struct buf *out, const char *before, const char *text)
{
    buf_add_text(out, before);
    json_string_add(out, span_of(text));
}

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* A sentence may quote a stranger, cut anywhere: what is left of a character is U+FFFD, so that the answer is JSON. */
static void add_sentence(struct buf *out, const char *before, const char *text)
{
    AUTO(buf_done) struct buf whole = BUF_INIT;
    struct span rest = span_of(text);
    size_t bad;

    while (rest.bytes > 0 && !utf8_is_valid(rest, &bad)) {
        buf_add(&whole, rest.at, bad);
        buf_add_text(&whole, "\xEF\xBF\xBD");
        for (bad++; bad < rest.bytes && is_continuation(rest.at[bad]);)
            bad++;
        rest = (struct span){rest.at + bad, rest.bytes - bad};
    }
    buf_add_span(&whole, rest);
    buf_add_text(out, before);
    json_string_add(out, buf_span(&whole));
}

/* Names in canonical order. */
static void object_add(struct buf *body, int status, const struct kind *kind, const struct error *err,
                       const char *instance)
{
    add_sentence(body, "{\"detail\":", err->text);
    add_sentence(body, ",\"detail_zh\":", err->zh);
    if (instance)
        add_member(body, ",\"instance\":", instance);
    if (err->rule[0])
        add_member(body, ",\"rule\":", err->rule);
    json_count_add(body, ",\"status\":", (uint64_t)status);
    add_member(body, ",\"title\":", kind->en);
    add_member(body, ",\"title_zh\":", kind->zh);
    buf_add_text(body, ",\"type\":\"urn:creditgate:problem:");
    buf_add_text(body, kind->slug);
    buf_add_text(body, "\"}");
}

/* Without the particulars; but whoever is refused for want of room should not have to look for a fault. */
static void tell_fault(struct error *told)
{
    if (told->code == ERR_FULL)
        error_set_both(
            told, ERR_FULL, told->rule,
            "the gateway's disk is full: nothing of this was taken, what was taken before is safe; try again "
            "when there is room",
            "网关磁盘已满：本次请求未受理，此前已受理的不受影响；腾出空间后请重试");
    else if (strcmp(told->rule, FILE_READ_ONLY) == 0)
        error_set_both(told, told->code, FILE_READ_ONLY,
                       "the gateway may not write its state folder (read-only): nothing of this was taken, what was "
                       "taken before is safe; try again when it may",
                       "网关的状态目录只读，无法写入：本次请求未受理，此前已受理的不受影响；恢复可写后请重试");
    else
        error_set_both(told, told->code, told->rule, "the gateway cannot answer this now; its log says why",
                       "网关暂时无法应答，原因见其日志");
}

/* What is told of an error: in both languages, and nothing that is only for the operator. */
static struct error told_of(const struct error *err, int status, const struct kind *kind)
{
    struct error told = *err;

    if (!err->zh[0] && status >= 500) {
        /* It speaks of our files and tables: that is for the operator. */
        log_error("problem", "%s", err->text);
        tell_fault(&told);
    } else if (!err->zh[0]) {
        error_set_both(&told, err->code, err->rule, "%s%.0s", "%2$s：%1$s", err->text, kind->zh);
    }
    return told;
}

int problem_object_add(int status, const struct error *err, const char *instance, struct buf *out)
{
    int told_status = status ? status : error_info(err->code)->http_status;
    struct kind kind = kind_of(told_status, err->code, err->rule);
    struct error told = told_of(err, told_status, &kind);

    object_add(out, told_status, &kind, &told, instance);
    return told_status;
}

const char *problem_title_zh(int status, enum error_code code)
{
    return kind_of(status, code, "").zh;
}
