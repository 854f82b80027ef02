/* The command around verify.c: which keys, and the words. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/columns.h"
#include "gateway/cli/verify.h"
#include "gateway/cli/words.h"

enum { INDENT = 4 };

/* A member of the content, or one inside another ("entry.type"). */
struct line {
    const char *path;
    const char *zh;
    const char *en;
};

static const struct line RECORD_LINES[] = {
    {"record", "记录编号", "record"},
    {"version", "版本", "version"},
    {"name", "企业", "enterprise"},
    {"uscc", "统一社会信用代码", "code"},
    {"listing_authority", "认定机关", "authority"},
    {"document", "认定文书", "document"},
    {"decided_on", "认定日期", "decided on"},
    {"facts", "主要失信事实", "facts"},
    {"publication_end", "公示截止", "published until"},
    {"proposed_by", "提出", "proposed by"},
    {"approved_by", "复核", "approved by"},
    {"approved_at", "复核时间", "approved at"},
    {"statute", "依法自动生效，依据", "in force by law, on the ground of"},
};

static const struct line CHECKPOINT_LINES[] = {
    {"origin", "日志名称", "log"}, {"size", "条数", "entries"}, {"root", "根散列", "root"}};

static const struct line PROOF_LINES[] = {
    {"checkpoint.origin", "日志名称", "log"},
    {"index", "序号", "place"},
    {"checkpoint.size", "检查点条数", "entries in the checkpoint"},
    {"entry.type", "事件", "event"},
    {"entry.receipt", "回执号", "receipt"},
    {"entry.at", "时间", "at"},
    {"entry.by", "人员或机构", "by"},
    {"entry.operator", "操作人", "operator"},
    {"entry.department", "部门", "department"},
    {"entry.domain", "领域", "domain"},
    {"entry.purpose", "用途", "purpose"},
    {"entry.matter", "事项编码", "matter"},
    {"entry.case", "办件编号", "case"},
    {"entry.uscc", "查询的代码", "code asked"},
    {"entry.verdict", "答复", "verdict"},
    {"entry.rules", "规则版本", "rules"},
    {"entry.data.record", "记录编号", "record"},
    {"entry.data.kind", "回执种类", "kind of receipt"},
    {"entry.data.status", "HTTP 状态", "HTTP status"},
    {"receipt_body", "回执原文", "as received"},
    {"answer", "答复原文", "the answer"},
};

static const struct line ANSWER_LINES[] = {
    {"method", "请求方法", "method"},    {"target", "请求地址", "asked"},      {"status", "HTTP 状态", "HTTP status"},
    {"signed_at", "签名时间", "signed"}, {"answer", "答复原文", "the answer"},
};

static const struct line SCREENING_LINES[] = {
    {"id", "批量筛查编号", "screening"},
    {"client", "机构", "by"},
    {"domain", "领域", "domain"},
    {"purpose", "用途", "purpose"},
    {"matter", "事项编码", "matter"},
    {"case", "办件编号", "case"},
    {"started_at", "开始", "started"},
    {"finished_at", "完成", "finished"},
    {"sequence", "依据的日志条数", "events it rests on"},
    {"counts.rows", "行数", "rows"},
    {"counts.listed", "在列", "listed"},
    {"counts.not_listed", "未列入", "not listed"},
    {"counts.unknown", "无法答复", "unknown"},
    {"counts.refused", "未能查询", "not answered"},
    {"input.sha256", "名单 SHA-256", "list, SHA-256"},
    {"result.sha256", "结果 SHA-256", "result, SHA-256"},
    {"receipt", "回执号", "receipt"},
};

static const struct {
    const char *kind;
    const char *zh;
    const char *en;
    const struct line *lines;
    size_t count;
} KINDS[] = {
    {"record", "签封的失信记录", "a sealed record", RECORD_LINES, COUNT_OF(RECORD_LINES)},
    {"checkpoint", "日志检查点", "a checkpoint of a log", CHECKPOINT_LINES, COUNT_OF(CHECKPOINT_LINES)},
    {"proof", "日志条目的存在证明", "a proof that an entry is in a log", PROOF_LINES, COUNT_OF(PROOF_LINES)},
    {"answer", "网关签名的查询答复", "an answer signed by the gateway", ANSWER_LINES, COUNT_OF(ANSWER_LINES)},
    {"screening", "批量筛查的汇总", "the summary of a screening", SCREENING_LINES, COUNT_OF(SCREENING_LINES)},
};

static const json_t *member_at(const json_t *json, const char *path)
{
    for (const char *dot = strchr(path, '.'); dot && json; dot = strchr(path, '.')) {
        AUTO(text_free) char *name = memory_copy_span((struct span){path, (size_t)(dot - path)});

        json = json_object_get(json, name);
        path = dot + 1;
    }
    return json_object_get(json, path);
}

static void print_line(const struct cli *cli, const struct line *line, const json_t *content, FILE *to)
{
    AUTO(buf_done) struct buf safe = BUF_INIT;
    const json_t *value = member_at(content, line->path);

    if (json_is_integer(value))
        buf_addf(&safe, "%lld", (long long)json_integer_value(value));
    else if (json_is_string(value))
        columns_safe_add(&safe, (struct span){json_string_value(value), json_string_length(value)}, 2 * INDENT);
    else
        return;
    fprintf(to, "%*s%s%s%s\n", INDENT, "", cli_say(cli, line->zh, line->en), cli_say(cli, "：", ": "), safe.data);
}

static void print_signer(const struct cli *cli, const json_t *signer, FILE *to)
{
    AUTO(buf_done) struct buf from = BUF_INIT;
    AUTO(buf_done) struct buf until = BUF_INIT;
    const char *end = json_text_of(signer, "until");

    columns_instant_add(&from, json_text_of(signer, "from"));
    if (end)
        columns_instant_add(&until, end);
    else
        buf_add_text(&until, cli_say(cli, "今", "now"));
    fprintf(to, "%*s%s%s %s%s %s — %s\n", INDENT, "", cli_say(cli, "签名密钥：", "signed by "),
            json_text_of(signer, "kid"), json_text_of(signer, "algorithm"), cli_say(cli, "，有效期", ", in force"),
            from.data, until.data);
}

void verify_print(const struct cli *cli, const json_t *report, FILE *to)
{
    const char *kind = json_text_of(report, "kind");
    bool is_good = json_bool_of(report, "good", false);
    size_t i;
    const json_t *signer;

    for (size_t k = 0; kind && k < COUNT_OF(KINDS); k++) {
        if (strcmp(KINDS[k].kind, kind) != 0)
            continue;
        fprintf(to, "%s%s\n",
                is_good ? cli_say(cli, "核验通过：", "verified: ") : cli_say(cli, "核验不通过：", "not verified: "),
                cli_say(cli, KINDS[k].zh, KINDS[k].en));
        for (size_t l = 0; is_good && l < KINDS[k].count; l++)
            print_line(cli, &KINDS[k].lines[l], json_object_get(report, "content"), to);
    }
    json_array_foreach(json_object_get(report, "keys"), i, signer)
    {
        print_signer(cli, signer, to);
    }
    /* A seal never ends: what it says was true when it was made. */
    if (is_good && kind && strcmp(kind, "record") == 0)
        fprintf(to, "%*s%s\n", INDENT, "",
                cli_say(cli, "签封证明该版本当时经复核生效；现在是否在列，以查询为准。",
                        "A seal proves what was approved then; whether it still counts, a lookup says."));
}

/* --- the command --- */

/* From --keys, else those of the gateway whose configuration is here. */
static bool load_keys(const struct cli *cli, const char *file, struct keyring **out, struct error *err)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(buf_done) struct buf json = BUF_INIT;
    AUTO(text_free) char *path = NULL;

    if (!*file && !cli_config(cli, &config, NULL))
        return refuse(err, ERR_INVALID, "verify.keys", "name the public keys: --keys public-keys.json",
                      "请用 --keys public-keys.json 指明公钥文件");
    path = *file ? memory_copy_text(file) : config_state_path(config, "public-keys.json");
    return file_read(path, VERIFY_FILE_MAX, &json, err) &&
           (keyring_parse_public(buf_span(&json), out, err) || fail_in(err, "%s", path));
}

static void tell(const struct cli *cli, json_t *report, int status, const struct error *err)
{
    if (!cli->prints_json) {
        verify_print(cli, report, stdout);
        return;
    }
    if (status != CLI_OK)
        json_object_set_new(report, "problem", json_string(error_text(err, cli->lang)));
    json_dumpf(report, stdout, JSON_COMPACT);
    putchar('\n');
}

/* The list or the result of a screening, named beside its summary; they may be large. */
static bool check_file(const json_t *arguments, const char *which, json_t *report, struct error *err)
{
    const char *path = cli_text(arguments, which);
    AUTO(file_close) int fd = -1;

    if (!*path)
        return true;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? file_fail(err, path, "cannot open") : verify_file(fd, which, report, err);
}

int verify_run(struct cli *cli, json_t *arguments)
{
    AUTO(keyring_free) struct keyring *keys = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf answer = BUF_INIT;
    AUTO(json_release) json_t *report = NULL;
    const char *answer_file = cli_text(arguments, "answer");
    struct error err = {.code = ERR_NONE};
    int status;

    if (!load_keys(cli, cli_text(arguments, "keys"), &keys, &err) ||
        !file_read(cli_id(arguments, 0), VERIFY_FILE_MAX, &text, &err) ||
        (*answer_file && !file_read(answer_file, VERIFY_FILE_MAX, &answer, &err)))
        return cli_fail(cli, &err);
    status = verify_bytes(buf_span(&text), keys, &report, &err);
    if (status == CLI_OK && *answer_file && !verify_answer(buf_span(&answer), report, &err))
        status = CLI_SOME_REFUSED;
    if (status == CLI_OK &&
        (!check_file(arguments, "input", report, &err) || !check_file(arguments, "result", report, &err)))
        status = CLI_SOME_REFUSED;
    tell(cli, report, status, &err);
    if (status != CLI_OK)
        (void)cli_fail(cli, &err);
    return status;
}
