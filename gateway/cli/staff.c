/* What staff do through the running gateway: every one of these is a job; what they may is decided there, not here. */
#include <stdio.h>

#include "gateway/cli/client.h"

enum { MANY = 100000 };

static int run_job(struct cli *cli, json_t *arguments)
{
    return client_job(cli, cli->command, arguments, NULL);
}

static const struct cli_option PROPOSE_OPTIONS[] = {
    {"on", "DATE", CLI_DATE, true, NULL, "以哪一天判断逾期", "the day on which they are overdue"},
    {"document", "NUMBER", CLI_TEXT, true, NULL, "认定文书号", "listing document"},
    {"decided-on", "DATE", CLI_DATE, true, NULL, "认定日期", "day of the listing decision"},
    {"severity", "SEVERITY", CLI_CHOICE, true, "minor|general|serious", "失信严重程度：轻微、一般、严重",
     "class of severity"},
    {"scope", "SCOPE", CLI_CHOICE, false, "public|government|authorised", "使用范围（默认公示）",
     "use scope (default public)"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "提出理由", "why"},
    {"authority", "NAME", CLI_TEXT, false, NULL, "只选该责令机关的任务", "only orders of this authority"},
    {"division", "CODE", CLI_TEXT, false, NULL, "只选该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, "energy|environment|quality|safety|technology", "只选该退出维度",
     "only this ground"},
    {"all", NULL, CLI_FLAG, false, NULL, "全部逾期任务", "all that are overdue"},
};
static const struct cli_usage PROPOSE = {
    "OBLIGATION…",
    0,
    MANY,
    PROPOSE_OPTIONS,
    COUNT_OF(PROPOSE_OPTIONS),
    "给出任务编号，或用 --all（可加 --division、--ground、--authority）选择。提出后须由另一人复核。",
    "Name obligations, or choose with --all (and --division, --ground, --authority). A second "
    "person approves."};

static const struct cli_option OVERDUE_OPTIONS[] = {
    {"on", "DATE", CLI_DATE, true, NULL, "以哪一天判断逾期", "the day on which they are overdue"},
    {"division", "CODE", CLI_TEXT, false, NULL, "只选该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, "energy|environment|quality|safety|technology", "只选该退出维度",
     "only this ground"},
    {"unproposed", NULL, CLI_FLAG, false, NULL, "只列尚未提出的", "only those without a record"},
};
static const struct cli_usage OVERDUE = {NULL, 0, 0, OVERDUE_OPTIONS, COUNT_OF(OVERDUE_OPTIONS), NULL, NULL};

static const struct cli_option REVIEW_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, true, NULL, "理由", "why"},
    {"all", NULL, CLI_FLAG, false, NULL, "全部待复核记录", "all that wait for review"},
};
static const struct cli_usage REVIEW = {"RECORD…",
                                        0,
                                        MANY,
                                        REVIEW_OPTIONS,
                                        COUNT_OF(REVIEW_OPTIONS),
                                        "提出人不能复核自己的记录。",
                                        "Who proposed a record cannot review it."};

static const struct cli_option CORRECT_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, true, NULL, "更正理由", "why"},
    {"document", "NUMBER", CLI_TEXT, false, NULL, "新的认定文书号", "new listing document"},
    {"decided-on", "DATE", CLI_DATE, false, NULL, "新的认定日期", "new day of the decision"},
    {"severity", "SEVERITY", CLI_CHOICE, false, "minor|general|serious", "新的严重程度", "new severity"},
    {"scope", "SCOPE", CLI_CHOICE, false, "public|government|authorised", "新的使用范围", "new use scope"},
};
static const struct cli_usage CORRECT = {"RECORD",
                                         1,
                                         1,
                                         CORRECT_OPTIONS,
                                         COUNT_OF(CORRECT_OPTIONS),
                                         "须由另一人复核后生效。",
                                         "In force once a second person approves."};

static const struct cli_option REASON_OPTIONS[] = {{"reason", "TEXT", CLI_TEXT, true, NULL, "理由", "why"}};
static const struct cli_usage REASONED = {"RECORD…",
                                          1,
                                          MANY,
                                          REASON_OPTIONS,
                                          COUNT_OF(REASON_OPTIONS),
                                          "须由另一人复核后生效。",
                                          "In force once a second person approves."};

static const struct cli_option REPAIR_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, true, NULL, "修复理由：整改与履行情况", "why: what was corrected and performed"},
    {"committed-on", "DATE", CLI_DATE, true, NULL, "企业公开信用承诺的日期",
     "day of the enterprise's public commitment"},
};
static const struct cli_usage REPAIR = {
    "RECORD…",
    1,
    MANY,
    REPAIR_OPTIONS,
    COUNT_OF(REPAIR_OPTIONS),
    "停止公示、共享和使用；须满最短公示期，并由另一人复核。",
    "Stops publication, sharing and use; after the shortest window, and a second person approves."};

static const struct cli_option PUSH_OPTIONS[] = {
    {"channel", "CHANNEL", CLI_CHOICE, false, "credit-guangdong", "渠道（默认信用广东）",
     "channel (default credit-guangdong)"},
    {"division", "CODE", CLI_TEXT, false, NULL, "只报送该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, "energy|environment|quality|safety|technology", "只报送该退出维度",
     "only this ground"},
};
static const struct cli_usage PUSH = {"RECORD…",
                                      0,
                                      MANY,
                                      PUSH_OPTIONS,
                                      COUNT_OF(PUSH_OPTIONS),
                                      "不加参数：报送全部尚未报送的已生效版本。",
                                      "Without arguments: all versions in force that were not sent."};

static const struct cli_usage REQUEUE = {"DELIVERY…", 1, MANY, REASON_OPTIONS, COUNT_OF(REASON_OPTIONS), NULL, NULL};
static const struct cli_usage CHANNEL_REASON = {"CHANNEL", 1, 1, REASON_OPTIONS, COUNT_OF(REASON_OPTIONS), NULL, NULL};

static const struct cli_command COMMANDS[] = {
    {"overdue", "列出某日逾期未退出的任务", "list obligations overdue on a day", &OVERDUE, run_job},
    {"propose", "对逾期任务提出失信记录", "propose records of overdue obligations", &PROPOSE, run_job},
    {"approve", "复核通过（须为另一人）", "approve proposed records (a second person)", &REVIEW, run_job},
    {"return", "退回（须为另一人）", "return proposed records (a second person)", &REVIEW, run_job},
    {"correct", "更正记录", "correct a record", &CORRECT, run_job},
    {"withdraw", "撤销记录", "withdraw records", &REASONED, run_job},
    {"repair", "信用修复", "repair: stop publication, sharing and use", &REPAIR, run_job},
    {"dispute", "标注异议", "mark records as disputed", &REASONED, run_job},
    {"settle", "解除异议标注", "end a dispute mark", &REASONED, run_job},
    {"push", "报送", "push to an upstream channel", &PUSH, run_job},
    {"requeue", "把被拒的报送重新排队", "queue refused deliveries again", &REQUEUE, run_job},
    {"pause", "暂停渠道", "pause a channel", &CHANNEL_REASON, run_job},
    {"resume", "恢复渠道", "resume a channel", &CHANNEL_REASON, run_job},
};
const struct cli_commands CLI_STAFF = {COMMANDS, COUNT_OF(COMMANDS)};
