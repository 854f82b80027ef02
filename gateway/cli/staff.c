/* What staff do through the running gateway: every one of these is a job; what they may is decided there, not here. */
#include <stdio.h>
#include <string.h>

#include "gateway/cli/accounts.h"
#include "gateway/cli/client.h"
#include "gateway/cli/clients.h"
#include "gateway/cli/report.h"

enum { MANY = 10000 }; /* as many as a job takes */

#define GROUNDS "energy|environment|quality|safety|technology"

static int run_job(struct cli *cli, json_t *arguments)
{
    return client_job(cli, cli->command, arguments, NULL);
}

/* To look and to repair are two orders: they need different roles. */
static int run_reconcile(struct cli *cli, json_t *arguments)
{
    const char *kind = cli_flag(arguments, "repair") ? "reconcile-repair" : "reconcile";

    json_object_del(arguments, "repair");
    return client_job(cli, kind, arguments, NULL);
}

/* "channel test NAME" */
static int run_channel(struct cli *cli, json_t *arguments)
{
    struct error err;

    if (strcmp(cli_id(arguments, 0), "test") != 0) {
        error_set_both(&err, ERR_INVALID, "cli.word", "\"%.40s\": say channel test NAME",
                       "“%.40s”：应为 channel test 渠道", cli_id(arguments, 0));
        return cli_fail(cli, &err);
    }
    json_array_remove(json_object_get(arguments, "ids"), 0);
    return client_job(cli, "probe", arguments, NULL);
}

/* "keys rotate KEY" */
static int run_keys(struct cli *cli, json_t *arguments)
{
    struct error err;

    if (strcmp(cli_id(arguments, 0), "rotate") != 0) {
        error_set_both(&err, ERR_INVALID, "cli.word", "\"%.40s\": say keys rotate KEY",
                       "“%.40s”：应为 keys rotate 密钥名", cli_id(arguments, 0));
        return cli_fail(cli, &err);
    }
    json_array_remove(json_object_get(arguments, "ids"), 0);
    return client_job(cli, "key-rotate", arguments, NULL);
}

/* "preview ORDER ID…": the order's own arguments, and which it is. */
static int run_preview(struct cli *cli, json_t *arguments)
{
    json_object_set_new(arguments, "order", json_string(cli_id(arguments, 0)));
    json_array_remove(json_object_get(arguments, "ids"), 0);
    return client_job(cli, "preview", arguments, NULL);
}

static const struct cli_option PREVIEW_OPTIONS[] = {
    {"on", "DATE", CLI_DATE, false, NULL, "propose：以哪一天判断逾期", "propose: the day on which they are overdue"},
    {"document", "NUMBER", CLI_TEXT, false, NULL, "propose、correct：认定文书号", "propose, correct: listing document"},
    {"decided-on", "DATE", CLI_DATE, false, NULL, "propose、correct：认定日期",
     "propose, correct: day of the decision"},
    {"severity", "SEVERITY", CLI_CHOICE, false, "minor|general|serious", "propose、correct：严重程度",
     "propose, correct: severity"},
    {"scope", "SCOPE", CLI_CHOICE, false, "public|government|authorised", "propose、correct：使用范围",
     "propose, correct: use scope"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "理由（与该操作相同）", "why (as for the order)"},
    {"committed-on", "DATE", CLI_DATE, false, NULL, "repair：企业信用承诺的日期", "repair: day of the commitment"},
    {"statement", "TEXT", CLI_TEXT, false, NULL, "repair：承诺内容与履行情况", "repair: what was committed and done"},
    {"corrected", "TEXT", CLI_TEXT, false, NULL, "repair：已纠正的依据",
     "repair: what shows that the act is corrected"},
    {"duties", "TEXT", CLI_TEXT, false, NULL, "repair：义务已履行的依据",
     "repair: what shows that duties are performed"},
    {"duties-done", NULL, CLI_FLAG, false, NULL, "repair：声明全部义务已履行", "repair: all duties are done"},
};
enum { PREVIEW_MANY = 201 }; /* the order, and as many as are tried at once */
static const struct cli_usage PREVIEW = {
    "propose|correct|withdraw|repair|dispute|settle|approve|return|push ID…",
    2,
    PREVIEW_MANY,
    PREVIEW_OPTIONS,
    COUNT_OF(PREVIEW_OPTIONS),
    "先看会怎样：逐项给出可行或拒绝及原因、各平台将收到几条、公示与查询答复如何变化。什么都不改变，什么都不发出；--"
    "json "
    "给出各平台将收到的每个字段。\n选项与该操作相同，编号须逐一写明（最多 200 项）。",
    "What would happen: of each whether it would be done or refused and why, what each platform would receive, what "
    "changes\nin publication and lookups. Nothing is changed, nothing sent; --json gives every field of every row. The "
    "order's own options;\nat most 200 are named."};

static const struct cli_option PROPOSE_OPTIONS[] = {
    {"on", "DATE", CLI_DATE, true, NULL, "以哪一天判断逾期", "the day on which they are overdue"},
    {"document", "NUMBER", CLI_TEXT, true, NULL, "认定文书号", "listing document"},
    {"decided-on", "DATE", CLI_DATE, true, NULL, "认定日期", "day of the listing decision"},
    {"severity", "SEVERITY", CLI_CHOICE, true, "minor|general|serious", "失信严重程度：轻微、一般、严重",
     "class of severity"},
    {"scope", "SCOPE", CLI_CHOICE, false, "public|government|authorised", "使用范围（默认公示）",
     "use scope (default public)"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "提出理由", "why"},
    {"authority", "NAME", CLI_TEXT, false, NULL, "只选该责令机关的任务（全称）",
     "only orders of this authority (whole name)"},
    {"division", "CODE", CLI_TEXT, false, NULL, "只选该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, GROUNDS, "只选该退出维度", "only this ground"},
    {"all", NULL, CLI_FLAG, false, NULL, "全部逾期任务（不写任务编号时即为全部）",
     "all that are overdue (what no OBLIGATION means, too)"},
};
static const struct cli_usage PROPOSE = {
    "OBLIGATION…",
    0,
    MANY,
    PROPOSE_OPTIONS,
    COUNT_OF(PROPOSE_OPTIONS),
    "任务用编号的前几位（至少 6 位，见 overdue）指明；不写编号则为全部逾期未退出的任务，可用 --division、--ground、"
    "--authority 缩小范围。\n已有记录的跳过。提出后须由另一人复核（approve）。",
    "An obligation is named by the first digits of its number (at least 6, see overdue). Without any: all that are\n"
    "overdue, narrowed by --division, --ground, --authority; those that have a record are skipped. Another person "
    "approves."};

static const struct cli_option OVERDUE_OPTIONS[] = {
    {"on", "DATE", CLI_DATE, true, NULL, "以哪一天判断逾期", "the day on which they are overdue"},
    {"division", "CODE", CLI_TEXT, false, NULL, "只选该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, GROUNDS, "只选该退出维度", "only this ground"},
    {"authority", "NAME", CLI_TEXT, false, NULL, "只选该责令机关的任务（全称）",
     "only orders of this authority (whole name)"},
    {"unproposed", NULL, CLI_FLAG, false, NULL, "只列尚未提出的", "only those without a record"},
};
static const struct cli_usage OVERDUE = {
    NULL,
    0,
    0,
    OVERDUE_OPTIONS,
    COUNT_OF(OVERDUE_OPTIONS),
    "逾期最久的在前；延期的以延期后的期限计。已退出、已撤销的不列。",
    "The latest first; an extension counts. What has exited or was revoked is not listed."};

static const struct cli_option FILTER_OPTIONS[] = {
    {"division", "CODE", CLI_TEXT, false, NULL, "只选该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, GROUNDS, "只选该退出维度", "only this ground"},
};
static const struct cli_usage WAITING = {NULL,
                                         0,
                                         0,
                                         FILTER_OPTIONS,
                                         COUNT_OF(FILTER_OPTIONS),
                                         "每条待复核的版本：是什么、谁提出、为什么。",
                                         "Every version that waits: what it says, who proposed it, why."};
static const struct cli_usage UNSENT = {NULL,
                                        0,
                                        0,
                                        FILTER_OPTIONS,
                                        COUNT_OF(FILTER_OPTIONS),
                                        "按复核先后排列，与报送的次序相同。",
                                        "In the order of approval, which is the order of sending."};
static const struct cli_usage REFUSED = {
    NULL,
    0,
    0,
    NULL,
    0,
    "对方的代码与说明，以及怎么办。被拒的报送会挡住同一企业其后的报送，须有人处理。",
    "Their code and words, and what to do. A refused delivery holds back what follows for the same enterprise."};

static const struct cli_option CLOCKS_OPTIONS[] = {
    {"kind", "KIND", CLI_CHOICE, false, "report|ending|unconfirmed|receipt",
     "只列一类：上报 report、公示将满 ending、停止公示未确认 unconfirmed、回执超期 receipt", "only this kind"},
};
static const struct cli_usage CLOCKS = {
    NULL,
    0,
    0,
    CLOCKS_OPTIONS,
    COUNT_OF(CLOCKS_OPTIONS),
    "决定之日起七个工作日内应取得信用广东业务回执的记录；30 日内公示期满的记录；已修复、撤销或期满而有渠道尚未确认的"
    "记录；超期未到的业务回执。",
    "Records whose report is due (7 working days from the decision to credit-guangdong's business receipt); "
    "publication\n"
    "that ends within 30 days; repairs, withdrawals and ends that a channel has not confirmed; receipts overdue."};

static const struct cli_option APPROVE_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, false, NULL, "复核意见（写入日志）", "a remark (kept in the journal)"},
    {"all", NULL, CLI_FLAG, false, NULL, "全部待复核记录", "all that wait for review"},
    {"division", "CODE", CLI_TEXT, false, NULL, "与 --all 同用：只选该行政区划（前缀）",
     "with --all: only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, GROUNDS, "与 --all 同用：只选该退出维度", "with --all: only this ground"},
};
static const struct cli_usage APPROVE = {
    "RECORD…",
    0,
    MANY,
    APPROVE_OPTIONS,
    COUNT_OF(APPROVE_OPTIONS),
    "记录用编号的前几位（至少 6 位，见 waiting）指明。提出人不能复核自己的记录。通过即加签生效。",
    "A record is named by the first characters of its number (at least 6, see waiting). Nobody approves what he "
    "proposed.\nApproved, it is sealed and in force."};

static const struct cli_option RETURN_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, true, NULL, "退回理由", "why"},
    {"all", NULL, CLI_FLAG, false, NULL, "全部待复核记录", "all that wait for review"},
    {"division", "CODE", CLI_TEXT, false, NULL, "与 --all 同用：只选该行政区划（前缀）",
     "with --all: only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, GROUNDS, "与 --all 同用：只选该退出维度", "with --all: only this ground"},
};
static const struct cli_usage RETURN = {"RECORD…",
                                        0,
                                        MANY,
                                        RETURN_OPTIONS,
                                        COUNT_OF(RETURN_OPTIONS),
                                        "退回后可重新提出。",
                                        "What was returned can be proposed again."};

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
                                         "企业、事实、期限按台账现状重新填写；其余按选项更改。须由另一人复核后生效。",
                                         "Name, facts and deadline follow the register as it is now; the rest as the "
                                         "options say. A second person approves."};

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
    {"statement", "TEXT", CLI_TEXT, false, NULL, "承诺内容与履行情况（默认同理由）",
     "what was committed and done (default: the reason)"},
    {"corrected", "TEXT", CLI_TEXT, true, NULL, "失信行为已纠正的依据", "what shows that the act is corrected"},
    {"duties", "TEXT", CLI_TEXT, true, NULL, "义务已全部履行的依据", "what shows that all duties are performed"},
    {"duties-done", NULL, CLI_FLAG, false, NULL, "台账尚未登记退出时：声明全部义务已履行",
     "while the register says open: all duties are done"},
};
static const struct cli_usage REPAIR = {
    "RECORD…",
    1,
    MANY,
    REPAIR_OPTIONS,
    COUNT_OF(REPAIR_OPTIONS),
    "停止公示、共享和使用；须满最短公示期，逐项写明各条件的依据，并由另一人复核。",
    "Stops publication, sharing and use; after the shortest window, with evidence for each condition, and a second "
    "person approves."};

static const struct cli_option PUSH_OPTIONS[] = {
    {"channel", "CHANNEL", CLI_CHOICE, false, "credit-guangdong|national-platform|credit-china|feedback",
     "渠道（默认信用广东；后两个自动报送，这里只重报滞留的；feedback 补报尚未报送的反馈）",
     "channel (default credit-guangdong; the later two are sent to by themselves, this is for what is held; feedback: "
     "what clients gave and was not sent on)"},
    {"division", "CODE", CLI_TEXT, false, NULL, "只报送该行政区划（前缀）", "only this division (prefix)"},
    {"ground", "GROUND", CLI_CHOICE, false, GROUNDS, "只报送该退出维度", "only this ground"},
};
static const struct cli_usage PUSH = {
    "RECORD…",
    0,
    MANY,
    PUSH_OPTIONS,
    COUNT_OF(PUSH_OPTIONS),
    "不加参数：报送全部尚未报送的已生效版本（见 unsent），按复核先后。进展见 status。",
    "Without arguments: all versions in force that were not sent (see unsent), in the "
    "order of approval. Progress: status."};

static const struct cli_usage REQUEUE = {
    "DELIVERY…",
    1,
    MANY,
    REASON_OPTIONS,
    COUNT_OF(REASON_OPTIONS),
    "报送用编号指明（见 refused）。按原内容再报：对方已修正时用。",
    "A delivery is named by its number (see refused). It is sent as it was: for when they put it right."};
static const struct cli_usage CHANNEL_REASON = {
    "CHANNEL",
    1,
    1,
    REASON_OPTIONS,
    COUNT_OF(REASON_OPTIONS),
    "渠道：credit-guangdong、national-platform、credit-china 或 feedback。"
    "暂停或排空期间待报内容全部保留。",
    "CHANNEL: credit-guangdong, national-platform, credit-china or feedback. While "
    "it is paused or drained everything is kept."};

static const struct cli_usage CHANNEL = {
    "test CHANNEL",
    2,
    2,
    NULL,
    0,
    "逐层测试与对方的连接：域名、网络、TLS、双方证书、身份与签名、应答、时钟。只问一个不改变任何东西的问题，不报送数据"
    "；"
    "渠道暂停时也可测。有失败项时退出码为 1。",
    "Tests the connection layer by layer: name, TCP, TLS, both certificates, credentials, answer, clock. It asks one "
    "question\nthat changes nothing and sends no row; also while the channel is paused. Exit status 1 when a layer "
    "fails."};

static const struct cli_option RECONCILE_OPTIONS[] = {
    {"repair", NULL, CLI_FLAG, false, NULL, "缺失、旧版的按原内容重新报送（复核人或管理员）",
     "send what is missing or older again as it was (reviewer or administrator)"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "与 --repair 同用：理由（写入日志）",
     "with --repair: why (kept in the journal)"},
};
static const struct cli_usage RECONCILE = {
    "CHANNEL",
    1,
    1,
    RECONCILE_OPTIONS,
    COUNT_OF(RECONCILE_OPTIONS),
    "逐条比对本方已获确认的版本与对方持有清单，列出缺失、旧版、内容不同、对方更新、多出的。一致时退出码为 "
    "0，有差异时为 1。\n"
    "有报送在途的记录不判。内容不同、对方更新、多出的不会自动处理。对方没有清单的渠道只依据回执。",
    "Compares every acknowledged version with what the channel lists: missing, older, different, newer, extra. Exit "
    "status 0: equal; 1: something differs.\nRecords with something on its way are not judged. What is different, "
    "newer "
    "or extra is never changed by machine. A channel\nwithout a list is told from its receipts alone."};

static const struct cli_option REPORT_OPTIONS[] = {
    {"year", "YEAR", CLI_TEXT, false, NULL, "年份（lists 除外必填）", "the year (needed for all but lists)"},
    {"month", "MONTH", CLI_TEXT, false, NULL, "只统计该月（exits、quality、lookups）",
     "only this month (exits, quality, lookups)"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "lookups：查阅理由，一并留痕",
     "lookups: why; it is traced with the reading"},
    {"format", "FORMAT", CLI_CHOICE, false, "text|json|xlsx|csv", "格式（默认 text）", "format (default text)"},
    {"out", "FILE", CLI_TEXT, false, NULL, "写入文件（xlsx 必填）", "write to a file (needed for xlsx)"},
};
static const struct cli_usage REPORT = {
    "exits|lists|summary|quality|lookups",
    1,
    1,
    REPORT_OPTIONS,
    COUNT_OF(REPORT_OPTIONS),
    "exits 年度退出（按地市、行业、维度、月份、产能）；lists 当日“黄牌”“红牌”名单；summary 年度总结（任务分工第 22、23 "
    "项）；\nquality 部门数据质量（7 个工作日及时率、入库、完整、准确）；lookups 各领域各月查询量（限审计人员、管理员，"
    "统计本身也留痕）。",
    "exits: of the year by city, industry, ground, month and capacity; lists: yellow and red lists of today; summary: "
    "of the\nyear (rows 22 and 23); quality: of departments (within 7 working days, accepted, complete, accurate); "
    "lookups: by month\nand domain (auditors and administrators; itself traced)."};

static const struct cli_usage CLIENT = {
    "suspend|resume NAME",
    2,
    2,
    REASON_OPTIONS,
    COUNT_OF(REASON_OPTIONS),
    "管理员暂停或恢复一个接入系统（名称见 clients）。自下一次请求起生效，包括已建立的连接；写入日志，重启后仍有效。",
    "An administrator shuts a client out or lets it in again (see clients). From its next request on, also on "
    "connections that\nstand; it is in the journal and outlives restarts."};
static const struct cli_option KEY_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, true, NULL, "理由", "why"},
    {"from", "DAY", CLI_DATE, false, NULL, "新密钥自该日零时起签名（默认立即）",
     "the day on which the new key begins to sign (default: at once)"},
};
static const struct cli_usage KEYS = {
    "rotate KEY",
    2,
    2,
    KEY_OPTIONS,
    COUNT_OF(KEY_OPTIONS),
    "管理员轮换一把密钥（名称见 public-keys.json 或工作台“密钥”页）。新密钥由签名进程生成，私钥不离开该进程；旧密钥在新"
    "密钥启用 24 "
    "小时后停用，\n其签名永远可以查验。记入日志（key.rotated）。报送密钥须先安排日期（--"
    "from），把新公钥交给各平台，到日再"
    "启用。",
    "An administrator has one of the gateway's keys followed by another (names: public-keys.json, or the console). The "
    "signer process\nmakes it and its private half never leaves it; the old one ends 24 hours after the new one "
    "begins, "
    "and what it signed verifies\nfor ever. It is in the journal (key.rotated). For pushes: name a day (--from) and "
    "hand "
    "the new public key to the platforms before."};
static const struct cli_usage RELOAD = {
    NULL,
    0,
    0,
    NULL,
    0,
    "重新读取配置文件中的接入系统与工作人员，以及服务器证书、客户端证书签发机构与吊销清单，无须重启。先检查：有错则不作"
    "任何"
    "更改，并逐行说明。其他设置的改动须重启。等同于向网关主进程发送 SIGHUP。",
    "Reads clients and staff of the configuration anew, and the files of the server's certificate, the clients' "
    "authority and\nrevocations, without a restart. It is checked first: when something is wrong nothing changes, and "
    "each problem is told with\nits line. Other settings want a restart. The same as SIGHUP to the gateway's parent."};

static const struct cli_option ACCOUNT_OPTIONS[] = {
    {"reason", "TEXT", CLI_TEXT, false, NULL, "理由（reset、suspend、resume 必填）",
     "why (needed for reset, suspend, resume)"},
};
static const struct cli_usage ACCOUNT = {
    "invite|reset|suspend|resume|sign-out NAME",
    2,
    2,
    ACCOUNT_OPTIONS,
    COUNT_OF(ACCOUNT_OPTIONS),
    "管理员开通、重置、停用、恢复一个工作台账号，或结束其全部会话。姓名与角色由配置文件的 staff 决定（改动后 "
    "creditgate reload）。均写入日志。",
    "An administrator opens, resets, suspends or resumes an account of the console, or ends all its sessions. Names "
    "and roles\nstand in the configuration (staff; then creditgate reload). All of it is in the journal."};
static const struct cli_usage ACCOUNTS = {
    NULL, 0, 0, NULL, 0, "谁能登录工作台、最近何时登录。", "Who can sign in to the console, and did last when."};

static const struct cli_command COMMANDS[] = {
    {"overdue", "列出某日逾期未退出的任务", "list obligations overdue on a day", &OVERDUE, run_job},
    {"propose", "对逾期任务提出失信记录", "propose records of overdue obligations", &PROPOSE, run_job},
    {"preview", "预览一项操作会怎样", "what an order would do, without doing it", &PREVIEW, run_preview},
    {"waiting", "列出待复核的记录", "list records that wait for review", &WAITING, run_job},
    {"approve", "复核通过（须为另一人）", "approve proposed records (a second person)", &APPROVE, run_job},
    {"return", "退回待复核的记录", "return proposed records", &RETURN, run_job},
    {"correct", "更正记录", "correct a record", &CORRECT, run_job},
    {"withdraw", "撤销记录", "withdraw records", &REASONED, run_job},
    {"repair", "信用修复", "repair: stop publication, sharing and use", &REPAIR, run_job},
    {"dispute", "标注异议", "mark records as disputed", &REASONED, run_job},
    {"settle", "解除异议标注", "end a dispute mark", &REASONED, run_job},
    {"unsent", "列出已生效、尚未报送的版本", "list versions in force that were not sent", &UNSENT, run_job},
    {"push", "报送", "push to an upstream channel", &PUSH, run_job},
    {"refused", "列出被拒、须人工处理的报送", "list deliveries that need a person", &REFUSED, run_job},
    {"clocks", "列出法定时限：上报、公示、确认、回执", "list statutory terms: reports, publication, receipts", &CLOCKS,
     run_job},
    {"requeue", "把被拒的报送重新排队", "queue refused deliveries again", &REQUEUE, run_job},
    {"pause", "暂停渠道", "pause a channel", &CHANNEL_REASON, run_job},
    {"drain", "排空渠道：不再新发，已发出的继续到结果", "drain a channel: nothing new, open calls to their end",
     &CHANNEL_REASON, run_job},
    {"resume", "恢复渠道", "resume a channel", &CHANNEL_REASON, run_job},
    {"channel", "逐层测试渠道的连接", "test a channel's connection layer by layer", &CHANNEL, run_channel},
    {"client", "暂停或恢复接入系统", "suspend or resume an outside system", &CLIENT, clients_switch},
    {"keys", "轮换网关的签名密钥", "have one of the gateway's keys followed by another", &KEYS, run_keys},
    {"account", "开通、重置、停用工作台账号", "invite, reset, suspend an account of the console", &ACCOUNT,
     accounts_change},
    {"accounts", "列出工作台账号", "list the accounts of the console", &ACCOUNTS, accounts_list},
    {"reload", "重新载入接入系统与工作人员的配置", "take clients and staff of the configuration over anew", &RELOAD,
     run_job},
    {"report", "统计报表：退出、名单、年度总结、数据质量、查询量",
     "reports: exits, lists, the year's summary, quality, "
     "lookups",
     &REPORT, report_run},
    {"reconcile", "与对方持有的记录对账", "compare with what a channel holds", &RECONCILE, run_reconcile},
};
const struct cli_commands CLI_STAFF = {COMMANDS, COUNT_OF(COMMANDS)};
