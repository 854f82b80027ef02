/* What only looks, through the running gateway. */
#include "gateway/cli/clients.h"
#include "gateway/cli/names.h"
#include "gateway/cli/show.h"
#include "gateway/cli/status.h"
#include "gateway/cli/trace.h"

static const struct cli_usage STATUS = {NULL, 0, 0, NULL, 0, NULL, NULL};

static const struct cli_usage SHOW = {
    "RECORD|OBLIGATION|CODE",
    1,
    1,
    NULL,
    0,
    "给出记录或任务的编号（或其开头），或统一社会信用代码。",
    "Name a record or an obligation by its id (or the beginning of it), or an enterprise by its 18-character code."};

static const struct cli_option SEAL_OPTIONS[] = {
    {"version", "N", CLI_INTEGER, false, NULL, "哪一版（默认最新生效的一版）",
     "which version (default: the newest in force)"},
    {"out", "FILE", CLI_TEXT, false, NULL, "写入文件（默认输出到屏幕）", "write to a file (default: standard output)"},
};
static const struct cli_usage SEAL = {"RECORD",
                                      1,
                                      1,
                                      SEAL_OPTIONS,
                                      COUNT_OF(SEAL_OPTIONS),
                                      "得到的文件可用 creditgate verify 离线核验。",
                                      "What it gives can be checked offline with creditgate verify."};

static const struct cli_option TRACE_OPTIONS[] = {
    {"uscc", "CODE", CLI_TEXT, false, NULL, "谁查询过该企业", "who asked about this enterprise"},
    {"operator", "ACCOUNT", CLI_TEXT, false, NULL, "接入系统中的操作人", "who asked in the calling system"},
    {"department", "NAME", CLI_TEXT, false, NULL, "接入系统所称的部门", "for which department, as the system names it"},
    {"by", "NAME", CLI_TEXT, false, NULL, "该接入系统（或人员）查询了什么", "what this client (or person) asked"},
    {"domain", "NAME", CLI_TEXT, false, NULL, "只看该领域", "only this domain"},
    {"since", "DATE", CLI_TEXT, false, NULL, "自该日起", "from this day on"},
    {"until", "DATE", CLI_TEXT, false, NULL, "至该日止", "up to this day, inclusive"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "查阅理由，一并留痕", "why; it is traced with the reading"},
    {"counts", NULL, CLI_FLAG, false, NULL, "按月份和领域计数", "counts by month and domain"},
    {"csv", NULL, CLI_FLAG, false, NULL, "CSV 格式（JSON 用 --json，每行一条）",
     "as CSV (--json: one JSON text a line)"},
    {"out", "FILE", CLI_TEXT, false, NULL, "写入文件（默认输出到屏幕）", "write to a file (default: standard output)"},
};
static const struct cli_usage TRACE = {
    NULL,
    0,
    0,
    TRACE_OPTIONS,
    COUNT_OF(TRACE_OPTIONS),
    "查询留痕：谁查询了什么、得到什么答复。限审计人员；每次查阅本身也留痕（领域“(trace)”）。",
    "The trace: who asked what and was told what. For auditors; every reading is itself traced (domain \"(trace)\")."};

static const struct cli_option NAMES_OPTIONS[] = {
    {"limit", "N", CLI_INTEGER, false, NULL, "每个名称至多几个候选（默认 5，至多 10）",
     "at most so many candidates a name (default 5, at most 10)"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "查询理由，一并留痕", "why; it is traced with the question"},
};
static const struct cli_usage NAMES = {
    "TEXT…",
    1,
    100,
    NAMES_OPTIONS,
    COUNT_OF(NAMES_OPTIONS),
    "给出可能的企业、相似度和理由，不作结论：结论须按统一社会信用代码查询。每次查询留痕（领域“(names)”）。",
    "Candidates with scores and reasons, never a verdict: for that ask by code. Each question is traced (domain "
    "\"(names)\")."};

static const struct cli_option NAMES_REGISTER_OPTIONS[] = {
    {"on", "DATE", CLI_DATE, false, NULL, "版次：数据截至哪一天（默认今天）",
     "edition: as of which day (default today)"},
};
static const struct cli_usage NAMES_REGISTER = {
    "FILE",
    1,
    1,
    NAMES_REGISTER_OPTIONS,
    COUNT_OF(NAMES_REGISTER_OPTIONS),
    "CSV 或制表符分隔，UTF-8 或 GB18030。列：uscc（统一社会信用代码）、name（企业名称），可另有 "
    "former_name（曾用名，多个以分号分隔）。\n限管理员；有误的行被拒并说明原因；按名称查找随即使用新的名称库。",
    "CSV or with tabulators, UTF-8 or GB18030. Columns: uscc, name, perhaps former_name (several with semicolons).\n"
    "For administrators. Wrong rows are refused and explained; the service finds by the new register in a moment."};

static const struct cli_usage CLIENTS = {
    NULL,
    0,
    0,
    NULL,
    0,
    "各接入系统的今日用量、最近接入、是否暂停（何人、何故），及其证书的启用、停用与到期。",
    "Of every outside system: used today, last seen, suspended by whom and why; its certificates and when they end."};

static const struct cli_command COMMANDS[] = {
    {"status", "各渠道的报送情况", "where every channel stands", &STATUS, status_run},
    {"clients", "接入系统及其证书、用量与状态", "outside systems, their certificates, quota and state", &CLIENTS,
     clients_run},
    {"show", "一条记录的全过程", "the whole life of a record", &SHOW, show_run},
    {"seal", "取出已签封的记录", "fetch a sealed record", &SEAL, seal_run},
    {"names", "按名称查找企业", "find companies by name", &NAMES, names_run},
    {"names-register", "登记企业名称库", "register the names of companies", &NAMES_REGISTER, names_register_run},
    {"trace", "查阅或导出查询留痕", "search or export who asked what", &TRACE, trace_run},
};
const struct cli_commands CLI_LOOK = {COMMANDS, COUNT_OF(COMMANDS)};
