/* `creditgate import`: the file goes to the running gateway, which imports it as a job. With --check it says what each
 * row would change, and changes nothing. With --dry-run the file is read, judged and reported here: no gateway is
 * needed. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "gateway/cli/client.h"
#include "gateway/intake/report.h"

static bool judge(const char *path, const struct rules *rules, int32_t today, struct report *report,
                  const char **encoding, struct error *err)
{
    AUTO(intake_free) struct intake *intake = NULL;
    const struct intake_options options = {.rules = rules, .today = today};

    if (!intake_open(path, &options, &intake, err))
        return false;
    *encoding = intake_encoding(intake); /* a literal: outlives the intake */
    return report_all(report, intake, err);
}

/* A program gets its one object, whatever the file is; people read the sentence. */
static int unusable(const struct cli *cli, const char *name, const struct error *why)
{
    struct error ignored;

    if (cli->prints_json && strncmp(why->rule, "file.", 5) == 0)
        (void)!report_write_unusable(name, why, cli->lang, stdout, &ignored);
    return cli_fail(cli, why);
}

static int check_here(struct cli *cli, json_t *arguments)
{
    AUTO(rules_free) struct rules *rules = NULL;
    AUTO(report_free) struct report *report = NULL; /* its problems name the rules */
    AUTO(buf_done) struct buf folder = BUF_INIT;
    int32_t today = day_of_instant(clock_now_ms(&CLOCK_SYSTEM));
    const char *path = cli_id(arguments, 0);
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    const char *encoding = "";
    struct report_counts counts;
    struct error err;
    bool is_good;

    if (*cli_text(arguments, "on") && !day_parse(span_of(cli_text(arguments, "on")), &today))
        return CLI_UNUSABLE; /* the arguments' table has checked the form */
    buf_addf(&folder, "%s/schemas", *cli_text(arguments, "data") ? cli_text(arguments, "data") : CONFIG_DATA_DEFAULT);
    is_good = rules_load(buf_text(&folder), &rules, &err) && report_new(NULL, cli->lang, &report, &err) &&
              judge(path, rules, today, report, &encoding, &err) &&
              (cli->prints_json ? report_write_json(report, name, encoding, stdout, &err)
                                : report_write_table(report, name, encoding, stdout, &err));
    if (!is_good)
        return unusable(cli, name, &err);
    report_counts(report, &counts);
    return counts.refused ? CLI_SOME_REFUSED : CLI_OK;
}

static int run_import(struct cli *cli, json_t *arguments)
{
    struct error err;

    if (cli_flag(arguments, "dry_run") && cli_flag(arguments, "check")) {
        error_set_both(&err, ERR_INVALID, "cli.usage", "--dry-run needs no gateway and --check asks it: one of the two",
                       "--dry-run 不需要网关，--check 由网关检查：二者选一");
        return cli_fail(cli, &err);
    }
    if (cli_flag(arguments, "dry_run"))
        return check_here(cli, arguments);
    if (*cli_text(arguments, "data")) {
        error_set_both(&err, ERR_INVALID, "cli.usage", "--data goes with --dry-run: the gateway has rules of its own",
                       "--data 只能与 --dry-run 同用：网关使用自己的规则数据");
        return cli_fail(cli, &err);
    }
    return client_job(cli, cli_flag(arguments, "check") ? "import-check" : "import", arguments, cli_id(arguments, 0));
}

static const struct cli_option OPTIONS[] = {
    {"dry-run", NULL, CLI_FLAG, false, NULL, "只检查，不写入（不需要网关运行）",
     "only check, change nothing (no gateway needed)"},
    {"check", NULL, CLI_FLAG, false, NULL, "由网关对照现有台账检查：新增、变更、未变各多少行，不写入",
     "the gateway says what each row would change; changes nothing"},
    {"on", "DATE", CLI_DATE, false, NULL, "以哪一天为“今天”检查（默认今天）",
     "the day to check against (default today)"},
    {"data", "FOLDER", CLI_TEXT, false, NULL, "与 --dry-run 同用：规则数据目录（默认随程序安装）",
     "with --dry-run: folder with schemas/ (default: as installed)"},
};
static const struct cli_usage USAGE = {
    "FILE",
    1,
    1,
    OPTIONS,
    COUNT_OF(OPTIONS),
    "CSV（UTF-8 或 GB18030）或 .xlsx 台账。有误的行被拒并说明原因，其余照常写入；同一文件再次导入不产生变化。\n"
    "退出码：0 全部接收，1 部分被拒，2 文件不可用。",
    "A register as CSV (UTF-8 or GB18030) or .xlsx. Wrong rows are refused and explained, the others go in; the same\n"
    "file again changes nothing. Exit status: 0 all accepted, 1 some refused, 2 unusable file."};

static const struct cli_command COMMANDS[] = {
    {"import", "导入台账文件（CSV、Excel）", "import a register file (CSV, Excel)", &USAGE, run_import},
};
const struct cli_commands CLI_REGISTER = {COMMANDS, COUNT_OF(COMMANDS)};
