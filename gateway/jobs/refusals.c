#include "gateway/jobs/refusals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/layout.h"
#include "base/log.h"
#include "base/text.h"
#include "gateway/courier/channel.h"
#include "gateway/outbox/stage.h"

struct refusals {
    const struct config *config;
    struct layout *layouts[CHANNEL_COUNT];
    bool was_read[CHANNEL_COUNT];
};

#define BY_THEIR_WORDS_ZH                                                                                              \
    "对照对方说明处理：内容有误的更正记录，复核后重新报送（push）；内容无误的请对方核实后重新排队（requeue）"
#define BY_THEIR_WORDS_EN                                                                                              \
    "follow their words: correct the record, have it approved and push, or have them look again and requeue"

/* What stands in no code table. */
static const struct refusal UNKNOWN = {.reason_zh = "代码表中没有该代码，以对方说明为准",
                                       .reason_en = "the code is in no table: their words are all there is",
                                       .correct_zh = BY_THEIR_WORDS_ZH,
                                       .correct_en = BY_THEIR_WORDS_EN};
static const struct refusal UNREADABLE = {
    .reason_zh = "字段对照表无法读取，无从解释该代码",
    .reason_en = "the layout of this channel cannot be read, so that the code cannot be explained",
    .correct_zh = "请系统管理员运行 creditgate check 并修正；其间对照对方说明处理",
    .correct_en = "an administrator runs creditgate check and mends it; until then follow their words"};
/* The courier's own code: the upstream refused a call of this row alone and gave no code. */
static const struct refusal BY_STATUS = {.is_known = true,
                                         .reason_zh = "对方接口只以 HTTP 状态拒收，没有给出结果代码",
                                         .reason_en = "refused by an HTTP status alone, without a code of theirs",
                                         .correct_zh = BY_THEIR_WORDS_ZH,
                                         .correct_en = BY_THEIR_WORDS_EN};

/* A client's endpoint refused a message. */
static const struct refusal BY_ENDPOINT = {.is_known = true,
                                           .reason_zh = "接入系统的回调端点拒收此消息",
                                           .reason_en = "the client's endpoint refused this message",
                                           .correct_zh = "与该系统的管理人员核实其回调端点；修复后重新排队（requeue）",
                                           .correct_en =
                                               "ask those who run the client's endpoint; when it is mended, requeue"};

/* Our own rows, which do not fit. */
static const struct refusal HELD = {
    .is_known = true,
    .reason_zh = "该渠道收不下此版本：有字段不符合其要求",
    .reason_en = "this channel cannot be told this version: a field does not fit",
    .correct_zh = "更正所指字段，复核后报送；内容无误的请系统管理员核对字段对照表（layout），再报送一次（push）",
    .correct_en = "correct the field, have it approved, push; if it is right, an administrator checks the layout, then "
                  "push again"};

struct refusals *refusals_new(const struct config *config)
{
    struct refusals *refusals = memory_new(sizeof *refusals);

    refusals->config = config;
    return refusals;
}

void refusals_free(struct refusals *refusals)
{
    if (!refusals)
        return;
    for (size_t i = 0; i < CHANNEL_COUNT; i++)
        layout_free(refusals->layouts[i]);
    free(refusals);
}

static const struct layout *layout_of(struct refusals *refusals, enum channel channel)
{
    struct error err;

    if (!refusals->was_read[channel] &&
        !channel_layout_load(refusals->config, channel, &refusals->layouts[channel], &err))
        log_warning("refusals", "%s", err.text);
    refusals->was_read[channel] = true;
    return refusals->layouts[channel];
}

static struct refusal from_table(const struct layout *layout, const char *code)
{
    const struct layout_result *result = layout_result_find(layout, code);

    if (!result || !*result->reason_zh)
        return UNKNOWN;
    return (struct refusal){.is_known = true,
                            .reason_zh = result->reason_zh,
                            .reason_en = result->reason_en,
                            .correct_zh = result->correct_zh,
                            .correct_en = result->correct_en};
}

void refusals_explain(struct refusals *refusals, const struct delivery *delivery, struct refusal *out)
{
    unsigned long long number = delivery->number;

    if (channel_is_webhook(delivery->channel)) {
        *out = BY_ENDPOINT;
    } else if (span_starts(span_of(delivery->code), "HTTP ")) {
        *out = BY_STATUS;
    } else {
        const struct layout *layout = layout_of(refusals, delivery->channel);

        *out = layout ? from_table(layout, delivery->code) : UNREADABLE;
        if (layout)
            out->field_count = layout_meant(layout, delivery->code, delivery->message, out->fields, LAYOUT_MEANT_MAX);
    }
    snprintf(out->requeue_zh, sizeof out->requeue_zh, "creditgate requeue %llu --reason 理由", number);
    snprintf(out->requeue_en, sizeof out->requeue_en, "creditgate requeue %llu --reason TEXT", number);
}

void refusals_explain_held(struct refusals *refusals, enum channel channel, const struct stage_held *held,
                           struct refusal *out)
{
    const struct layout *layout = layout_of(refusals, channel);

    *out = HELD;
    if (layout)
        out->field_count = layout_meant(layout, "", held->message, out->fields, LAYOUT_MEANT_MAX);
    snprintf(out->requeue_zh, sizeof out->requeue_zh, "creditgate push %s --channel %s", held->record,
             CHANNEL_NAMES[channel]);
    memcpy(out->requeue_en, out->requeue_zh, sizeof out->requeue_en);
}

void refusal_fields_json(const struct refusal *refusal, struct buf *out)
{
    buf_add_byte(out, '[');
    for (size_t i = 0; i < refusal->field_count; i++) {
        const struct layout_meant *field = &refusal->fields[i];

        buf_add_text(out, i ? ",{\"name\":" : "{\"name\":");
        json_string_add(out, span_of(field->name));
        buf_add_text(out, ",\"label\":");
        json_string_add(out, span_of(field->label));
        buf_add_text(out, ",\"label_en\":");
        json_string_add(out, span_of(field->en));
        buf_addf(out, ",\"field\":\"%s\",\"remedy\":\"%s\",\"how\":", field->field, REMEDY_SLUGS[field->remedy]);
        json_string_add(out, span_of(field->how_en));
        buf_add_text(out, ",\"how_zh\":");
        json_string_add(out, span_of(field->how_zh));
        buf_add_byte(out, '}');
    }
    buf_add_byte(out, ']');
}

void refusal_fields_text(const struct refusal *refusal, bool is_chinese, struct buf *out)
{
    for (size_t i = 0; i < refusal->field_count; i++) {
        const struct layout_meant *field = &refusal->fields[i];

        if (is_chinese)
            buf_addf(out, "%s%s %s：%s", i ? "；" : "", field->label, field->name, field->how_zh);
        else
            buf_addf(out, "%s%s (%s): %s", i ? "; " : "", field->en, field->name, field->how_en);
    }
}
