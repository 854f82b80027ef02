#include "gateway/cli/words.h"

#include <string.h>

#include "gateway/registry/record.h"

struct word {
    const char *slug;
    const char *zh;
    const char *en; /* NULL: the slug itself */
};

static const char *find(const struct cli *cli, const struct word *words, size_t count, const char *slug)
{
    if (!slug)
        return "-";
    for (size_t i = 0; i < count; i++) {
        if (strcmp(words[i].slug, slug) == 0)
            return cli_say(cli, words[i].zh, words[i].en ? words[i].en : slug);
    }
    return slug;
}

const char *words_op(const struct cli *cli, const char *slug)
{
    for (int i = OP_NEW; slug && i < OP_COUNT; i++) {
        if (strcmp(OP_SLUGS[i], slug) == 0)
            return cli_say(cli, OP_NAMES[i], slug);
    }
    return slug ? slug : "-";
}

const char *words_state(const struct cli *cli, const char *slug)
{
    static const struct word WORDS[] = {
        {"proposed", "待复核", "waits for review"},
        {"returned", "已退回", NULL},
        {"effective", "已生效", "in force"},
        {"queued", "排队", NULL},
        {"sending", "发送中", NULL},
        {"in-doubt", "待查证", "in doubt"},
        {"received", "已接收，待结果", "received, outcome open"},
        {"acknowledged", "已确认", NULL},
        {"refused", "被拒", NULL},
        {"superseded", "已被新版本取代", "superseded by a later version"},
        {"held", "暂缓：该渠道收不下", "held: this channel cannot be told"},
    };

    for (int i = 0; slug && i < STATE_COUNT; i++) {
        if (strcmp(STATE_SLUGS[i], slug) == 0)
            return cli_say(cli, STATE_NAMES[i], slug);
    }
    return find(cli, WORDS, COUNT_OF(WORDS), slug);
}

const char *words_ground(const struct cli *cli, const char *slug)
{
    for (int i = 0; slug && i < GROUND_COUNT; i++) {
        if (strcmp(GROUND_SLUGS[i], slug) == 0)
            return cli_say(cli, GROUND_NAMES[i], slug);
    }
    return slug ? slug : "-";
}

const char *words_event(const struct cli *cli, const char *type)
{
    static const struct word WORDS[] = {
        {"obligation.recorded", "任务登记", NULL},     {"record.proposed", "提出记录", NULL},
        {"record.approved", "复核通过", NULL},         {"record.returned", "退回", NULL},
        {"delivery.queued", "报送排队", NULL},         {"delivery.requeued", "重新排队", NULL},
        {"delivery.repeated", "对账后补报", NULL},     {"delivery.settled", "报送结果", NULL},
        {"delivery.skipped", "免于报送", NULL},        {"delivery.held", "无法报送下一通道", NULL},
        {"delivery.superseded", "被新版本取代", NULL}, {"call.waiting", "对方已接收，待结果", NULL},
        {"receipt.stored", "收到回执", NULL},          {"channel.paused", "渠道暂停", NULL},
        {"channel.resumed", "渠道恢复", NULL},         {"record.expired", "公示期满", "publication over, by law"},
        {"receipt.overdue", "回执超期", NULL},
    };

    return find(cli, WORDS, COUNT_OF(WORDS), type);
}

const char *words_person(const struct cli *cli, const char *by)
{
    static const struct word WORDS[] = {{STATUTE_PUBLICATION_END, "依法自动（公示期满）", "by law (publication over)"}};

    return find(cli, WORDS, COUNT_OF(WORDS), by);
}

const char *words_receipt(const struct cli *cli, const char *kind)
{
    static const struct word WORDS[] = {{"transport", "接收回执", "transport receipt"},
                                        {"business", "业务回执", "business receipt"},
                                        {"refusal", "拒绝", NULL},
                                        {"malformed", "无法识别的应答", "answer not understood"}};

    return find(cli, WORDS, COUNT_OF(WORDS), kind);
}

const char *words_channel(const struct cli *cli, const char *slug)
{
    static const struct word WORDS[] = {{"credit-guangdong", "信用广东", NULL},
                                        {"national-platform", "全国信用信息共享平台", NULL},
                                        {"credit-china", "信用中国", NULL},
                                        {"feedback", "反馈报送", NULL}};

    return find(cli, WORDS, COUNT_OF(WORDS), slug);
}

const char *words_severity(const struct cli *cli, int64_t severity)
{
    if (severity < SEVERITY_MINOR || severity > SEVERITY_SERIOUS)
        return "-";
    return cli_say(cli, SEVERITY_NAMES[severity], SEVERITY_SLUGS[severity]);
}

const char *words_scope(const struct cli *cli, int64_t scope)
{
    static const char *const ENGLISH[SCOPE_COUNT] = {"public", "government", "authorised"};

    return scope >= 0 && scope < SCOPE_COUNT ? cli_say(cli, SCOPE_NAMES[scope], ENGLISH[scope]) : "-";
}
