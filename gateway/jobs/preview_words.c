/* preview_words.c - what would happen where, in sentences for whoever is about to decide. Nothing here judges: every
 * sentence puts into words what the trial found. */
#include "base/text.h"
#include "gateway/jobs/preview.h"

/* Two texts that say the same. */
struct sentence {
    struct buf zh;
    struct buf en;
};

static void sentence_done(struct sentence *sentence)
{
    buf_done(&sentence->zh);
    buf_done(&sentence->en);
}
DEFINE_AUTO_IN_PLACE(struct sentence, sentence_done)

static void add(struct sentence *sentence, const char *zh, const char *en)
{
    buf_add_text(&sentence->zh, zh);
    buf_add_text(&sentence->en, en);
}

/* --- the order itself --- */

static void say_decision(const struct preview *preview, const struct preview_item *item, struct sentence *out)
{
    if (item->result == PREVIEW_REFUSED) {
        buf_addf(&out->zh, "不会执行：%s。", item->why.zh[0] ? item->why.zh : item->why.text);
        buf_addf(&out->en, "It would be refused: %s.", item->why.text);
    } else if (item->result == PREVIEW_UNCHANGED) {
        buf_addf(&out->zh, "无需处理%s%s。", item->why.zh[0] ? "：" : "", item->why.zh);
        buf_addf(&out->en, "There is nothing to do%s%s.", item->why.text[0] ? ": " : "", item->why.text);
    } else if (item->needs_approval && item->approval.code != ERR_NONE) {
        buf_addf(&out->zh, "可以提交，但目前复核人无法批准：%s。", item->approval.zh);
        buf_addf(&out->en, "It can be submitted, but nobody could approve it now: %s.", item->approval.text);
    } else if (item->needs_approval) {
        add(out, "提交后等待另一人复核；批准之前不生效，不报送任何平台，查询答复不变。",
            "It then waits for a second person; before approval nothing is in force, nothing is sent, lookups answer "
            "as "
            "before.");
    } else if (preview->order == PREVIEW_APPROVE) {
        add(out, "批准后立即生效并加签，查询即时按此答复；报送由经办人员另行触发。",
            "Approved, it is in force and sealed at once and lookups answer by it; an operator triggers the push.");
    } else if (preview->order == PREVIEW_RETURN) {
        add(out, "退回提出人：不生效，各平台和查询均不受影响；可以重新提出。",
            "It goes back to its author: nothing is in force, no platform and no lookup is touched; it can be proposed "
            "again.");
    } else {
        add(out, "进入报送队列，由网关依次报送并取回回执。",
            "It is queued; the gateway sends it and fetches the receipts.");
    }
}

/* --- publication --- */

static void say_publication(const struct preview_item *item, struct sentence *out)
{
    char until[DAY_TEXT_BYTES], before[DAY_TEXT_BYTES];

    day_format(item->publication_end, until);
    day_format(item->held_until, before);
    if (record_op_ends(item->op)) {
        buf_addf(&out->zh, "生效时公示%s即行终止%s%s%s。", item->op == OP_REPAIRED ? "、共享和使用" : "",
                 item->held_until != DAY_NONE ? "（原定公示至 " : "", item->held_until != DAY_NONE ? before : "",
                 item->held_until != DAY_NONE ? "）" : "");
        buf_addf(&out->en, "Publication%s ends when it comes into force%s%s%s.",
                 item->op == OP_REPAIRED ? ", sharing and use" : "",
                 item->held_until != DAY_NONE ? " (it would have ended on " : "",
                 item->held_until != DAY_NONE ? before : "", item->held_until != DAY_NONE ? ")" : "");
        return;
    }
    buf_addf(&out->zh, "公示%s至 %s（含当日），期满自动终止。", item->held_until == DAY_NONE ? "自生效之日起" : "继续",
             until);
    buf_addf(&out->en, "Published %s %s (that day included); it ends by itself then.",
             item->held_until == DAY_NONE ? "from the day it is in force until" : "on until", until);
    if (item->held_until != DAY_NONE && item->held_until != item->publication_end) {
        buf_addf(&out->zh, "原定至 %s。", before);
        buf_addf(&out->en, " Until now the end was %s.", before);
    }
}

/* --- lookups --- */

static enum verdict seen_by(const enum verdict verdicts[ASKER_COUNT])
{
    return verdicts[ASKER_GOVERNMENT];
}

static bool is_changed(const struct preview_answers *answers)
{
    for (int asker = 0; asker < ASKER_COUNT; asker++) {
        if (answers->before[asker] != answers->after[asker])
            return true;
    }
    return false;
}

/* The domains whose answer changes to this one; how many. */
static unsigned list_changed(const struct preview *preview, const struct preview_item *item, enum verdict to,
                             struct sentence *out)
{
    unsigned count = 0;

    for (size_t i = 0; i < preview->domain_count; i++) {
        const struct preview_answers *answers = &item->answers[i];
        const struct domain *domain = domains_at(preview->domains, i);
        bool is_partly = answers->after[ASKER_OTHER] != seen_by(answers->after);

        if (!is_changed(answers) || seen_by(answers->after) != to)
            continue;
        buf_addf(&out->zh, "%s%s%s", count ? "、" : "", domain_title(domain, "zh"), is_partly ? "（仅政府部门）" : "");
        buf_addf(&out->en, "%s%s%s", count ? ", " : "", domain_title(domain, "en"),
                 is_partly ? " (departments only)" : "");
        count++;
    }
    return count;
}

static void say_answers(const struct preview *preview, const struct preview_item *item, struct sentence *out)
{
    static const char *const ZH[VERDICT_COUNT] = {"“未知”", "“不在列”", "“在列”"};
    static const char *const EN[VERDICT_COUNT] = {"unknown", "not listed", "listed"};
    unsigned listed = 0;
    unsigned changed = 0;

    for (int to = VERDICT_COUNT - 1; to >= 0; to--) {
        AUTO(sentence_done) struct sentence names = {.zh = BUF_INIT};
        unsigned count = list_changed(preview, item, (enum verdict)to, &names);

        changed += count;
        if (count == 0)
            continue;
        buf_addf(&out->zh, "生效时起，%u 个领域的查询改答%s：%s。", count, ZH[to], buf_text(&names.zh));
        buf_addf(&out->en, "%sOnce it is in force, %u domains answer %s: %s.", out->en.bytes ? " " : "", count, EN[to],
                 buf_text(&names.en));
    }
    for (size_t i = 0; i < preview->domain_count; i++)
        listed += seen_by(item->answers[i].after) == VERDICT_LISTED;
    if (changed == 0) {
        buf_addf(&out->zh, "各领域的查询答复不变（%u 个领域答“在列”）。", listed);
        buf_addf(&out->en, "No domain's answer changes (%u answer listed).", listed);
    }
    if (listed > 0 && !record_op_ends(item->op))
        add(out, "期满、修复或撤销时即停。", " This stops when publication ends, or it is repaired or withdrawn.");
}

/* --- channels --- */

static const char *const CHANNELS_ZH[STAGE_COUNT] = {"信用广东", "全国信用信息共享平台", "信用中国"};

static void say_channels(const struct preview *preview, const struct preview_item *item, struct sentence *out)
{
    for (int channel = 0; channel < STAGE_COUNT; channel++) {
        const struct preview_sending *sending = &item->sendings[channel];
        const struct error *why = preview->channels[channel].settings ? &sending->why : &preview->channels[channel].why;

        buf_add_text(&out->en, channel ? " " : "");
        if (sending->count > 0) {
            buf_addf(&out->zh, "%s收到 %u 条%s。", CHANNELS_ZH[channel], sending->count,
                     channel ? "（前一通道确认后）" : "（经办推送后）");
            buf_addf(&out->en, "%s gets %u row(s)%s.", CHANNEL_NAMES[channel], sending->count,
                     channel ? " once the channel before has taken them" : " once an operator pushes");
            continue;
        }
        buf_addf(&out->zh, "%s不会收到内容%s%s。", CHANNELS_ZH[channel], why->code != ERR_NONE ? "：" : "",
                 why->code != ERR_NONE ? why->zh : "");
        buf_addf(&out->en, "%s gets nothing%s%s.", CHANNEL_NAMES[channel], why->code != ERR_NONE ? ": " : "",
                 why->code != ERR_NONE ? why->text : "");
    }
}

static void say_watches(const struct preview_item *item, struct sentence *out)
{
    buf_addf(&out->zh, "%u 个关注名单含有该企业，答复有变时会得到通知（其中 %u 个推送到对方系统）。", item->watches,
             item->webhooks);
    buf_addf(&out->en,
             "%u watch list(s) hold this enterprise and are told when their answer changes (%u of them by "
             "webhook).",
             item->watches, item->webhooks);
}

static void say_record(const struct preview_item *item, struct sentence *out)
{
    add(out, "各版本、提出人与复核人、报送回执和查询留痕均保留在日志中，可随时核验；",
        "Every version, who proposed and who approved, receipts and lookups stay in the journal and can be verified; ");
    if (record_op_ends(item->op))
        add(out, "历史版本不删除，但不再对外提供。", "older versions are not deleted, but told to nobody any more.");
    else
        add(out, "任何内容都不会被覆盖。", "nothing is overwritten.");
}

static void tell(const char *topic, const struct sentence *sentence, preview_say *say, void *context)
{
    say(topic, buf_text(&sentence->zh), buf_text(&sentence->en), context);
}

void preview_words(const struct preview *preview, const struct preview_item *item, preview_say *say, void *context)
{
    AUTO(sentence_done) struct sentence decision = {.zh = BUF_INIT};
    AUTO(sentence_done) struct sentence publication = {.zh = BUF_INIT};
    AUTO(sentence_done) struct sentence answers = {.zh = BUF_INIT};
    AUTO(sentence_done) struct sentence channels = {.zh = BUF_INIT};
    AUTO(sentence_done) struct sentence watches = {.zh = BUF_INIT};
    AUTO(sentence_done) struct sentence record = {.zh = BUF_INIT};

    say_decision(preview, item, &decision);
    tell("decision", &decision, say, context);
    if (item->result != PREVIEW_DONE || !item->is_in_force)
        return;
    if (preview->order != PREVIEW_PUSH) {
        say_publication(item, &publication);
        tell("publication", &publication, say, context);
        if (preview->tells_answers) {
            say_answers(preview, item, &answers);
            tell("answers", &answers, say, context);
        }
    }
    say_channels(preview, item, &channels);
    tell("channels", &channels, say, context);
    if (item->watches > 0 && preview->order != PREVIEW_PUSH) {
        say_watches(item, &watches);
        tell("watches", &watches, say, context);
    }
    say_record(item, &record);
    tell("record", &record, say, context);
}
