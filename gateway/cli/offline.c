/* What works without a running gateway. */
#include "gateway/cli/offline.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/cli/names.h"
#include "gateway/cli/verify.h"
#include "gateway/journal/guard.h"
#include "gateway/lookup/domain.h"
#include "gateway/store/store.h"
#include "keys/keyring.h"

static const char *const STATE_FOLDERS[] = {"store", "jobs", "spool", "trace", "checkpoints"};

static bool make_store(const struct config *config, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(config, "store");
    AUTO(store_close) struct store *store = NULL;
    struct store_options options = {.map_bytes = (size_t)config->map_bytes, .creates = true};

    return store_open(path, &options, &store, err) && guard_check(store, config->state, err);
}

/* The public halves, for whoever checks our signatures. */
static bool write_public_keys(const struct config *config, const char *keys, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(config, "public-keys.json");
    AUTO(keyring_free) struct keyring *keyring = NULL;
    AUTO(buf_done) struct buf json = BUF_INIT;

    return keyring_load(keys, &keyring, err) && keyring_public_json(keyring, &json, err) &&
           file_write(path, buf_span(&json), 0644, err);
}

static bool make_state(const struct config *config, struct error *err)
{
    AUTO(text_free) char *keys = config_state_path(config, "keys");
    AUTO(text_free) char *ring = path_join(keys, "keyring.json");

    if (file_exists(ring))
        return refuse(err, ERR_CONFLICT, "init.exists", "%s has keys already: nothing was changed",
                      "%s 中已有密钥：未作任何改动", keys);
    for (size_t i = 0; i < COUNT_OF(STATE_FOLDERS); i++) {
        AUTO(text_free) char *folder = config_state_path(config, STATE_FOLDERS[i]);

        if (!file_make_folder(folder, 0700, err))
            return false;
    }
    return file_make_folder(keys, 0700, err) && make_store(config, err) &&
           keyring_create(keys, config->name, clock_now_ms(&CLOCK_SYSTEM), err) && write_public_keys(config, keys, err);
}

/* There is nothing to go by: leave a file to fill in. That is not what was asked for, so it is no success. */
static int write_example(struct cli *cli)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct error err;

    config_example(cli->lang, &text);
    if (file_write(cli->config_path, buf_span(&text), 0644, &err))
        error_set_both(&err, ERR_NOT_FOUND, "init.example",
                       "%s was not there: an example is there now. Fill it in, check it (creditgate check), init again",
                       "配置文件 %s 不存在，已写出样例：请填写并检查（creditgate check），然后再次 init",
                       cli->config_path);
    return cli_fail(cli, &err);
}

static int run_init(struct cli *cli, json_t *arguments)
{
    AUTO(config_free) struct config *config = NULL;
    struct error err;

    (void)arguments;
    if (!file_exists(cli->config_path))
        return write_example(cli);
    if (!cli_config(cli, &config, &err) || !make_state(config, &err))
        return cli_fail(cli, &err);
    if (cli->prints_json)
        printf("{\"state\":\"%s\"}\n", config->state);
    else
        printf("%s %s\n%s %s/public-keys.json\n", cli_say(cli, "已建立（数据、密钥）：", "made (store, keys):"),
               config->state, cli_say(cli, "公钥：", "public keys:"), config->state);
    return CLI_OK;
}

struct telling {
    const struct cli *cli;
    json_t *list;
    size_t errors;
};

static void tell_problem(const struct config_problem *problem, void *context)
{
    struct telling *telling = context;
    const char *text = cli_say(telling->cli, *problem->zh ? problem->zh : problem->en, problem->en);
    const char *severity = problem->is_warning ? "warning" : "error";

    telling->errors += !problem->is_warning;
    json_array_append_new(telling->list, json_pack("{s:I,s:I,s:s,s:s,s:s}", "line", (json_int_t)problem->line, "column",
                                                   (json_int_t)problem->column, "setting", problem->setting, "severity",
                                                   severity, "message", text));
    if (telling->cli->prints_json)
        return;
    if (problem->line)
        printf("%s:%zu:%zu: ", telling->cli->config_path, problem->line, problem->column);
    printf("%s %s: %s\n",
           problem->is_warning ? cli_say(telling->cli, "提醒", "warning") : cli_say(telling->cli, "错误", "error"),
           problem->setting, text);
}

static bool accepts_any(const struct config_client *client, const struct domains *domains, const char *purpose)
{
    for (size_t i = 0; client->domains[i]; i++) {
        const struct domain *domain = domains_find(domains, span_of(client->domains[i]));

        if (domain && domain_accepts(domain, span_of(purpose)))
            return true;
    }
    return false;
}

static void tell_more(struct telling *telling, const char *setting, const struct error *what)
{
    struct config_problem problem = {.is_warning = false};

    snprintf(problem.setting, sizeof problem.setting, "%s", setting);
    snprintf(problem.en, sizeof problem.en, "%.250s", what->text);
    snprintf(problem.zh, sizeof problem.zh, "%.*s", (int)utf8_cut(span_of(what->zh), 250).bytes, what->zh);
    tell_problem(&problem, telling);
}

static void check_client(struct telling *telling, const struct config_client *client, const struct domains *domains)
{
    struct error err;

    for (size_t i = 0; client->domains[i]; i++) {
        if (domains_find(domains, span_of(client->domains[i])))
            continue;
        error_set_both(&err, ERR_INVALID, "config.client", "%s: there is no domain \"%s\"", "%s：没有“%s”这个领域",
                       client->name, client->domains[i]);
        tell_more(telling, "clients.domains", &err);
    }
    for (size_t i = 0; client->purposes && client->purposes[i]; i++) {
        if (accepts_any(client, domains, client->purposes[i]))
            continue;
        error_set_both(&err, ERR_INVALID, "config.client", "%s: none of its domains knows the purpose \"%s\"",
                       "%s：所列领域都没有“%s”这个查询目的", client->name, client->purposes[i]);
        tell_more(telling, "clients.purposes", &err);
    }
}

/* What clients may ask is data beside the program: only here do both meet. */
static void check_domains(struct telling *telling, const struct config *config)
{
    AUTO(text_free) char *consumers = path_join(config->data, "adapters/consumers");
    AUTO(text_free) char *schemas = path_join(config->data, "schemas");
    AUTO(domains_free) struct domains *domains = NULL;
    struct error err = {0};

    if (!domains_load(consumers, schemas, &domains, &err)) {
        tell_more(telling, "gateway.data", &err);
        return;
    }
    for (size_t i = 0; i < config->client_count; i++)
        check_client(telling, &config->clients[i], domains);
}

static int run_check(struct cli *cli, json_t *arguments)
{
    AUTO(config_free) struct config *config = NULL;
    struct telling telling = {cli, json_array(), 0};
    struct error err;
    bool is_good = config_load(cli->config_path, tell_problem, &telling, &config, &err);

    (void)arguments;
    if (!is_good && telling.errors == 0) {
        json_decref(telling.list);
        return cli_fail(cli, &err);
    }
    if (is_good) {
        is_good = config_check(config, clock_now_ms(&CLOCK_SYSTEM), tell_problem, &telling);
        check_domains(&telling, config);
        is_good = is_good && telling.errors == 0;
    }
    if (cli->prints_json)
        json_dumpf(telling.list, stdout, JSON_INDENT(1));
    else if (is_good)
        printf("%s\n", cli_say(cli, "配置可用。", "the configuration is usable."));
    json_decref(telling.list);
    return is_good ? CLI_OK : CLI_UNUSABLE;
}

static int run_settings(struct cli *cli, json_t *arguments)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    (void)arguments;
    config_describe(cli->lang, &text);
    fputs(buf_text(&text), stdout);
    return CLI_OK;
}

static const struct cli_usage PLAIN = {NULL, 0, 0, NULL, 0, NULL, NULL};

static const struct cli_usage INIT = {
    NULL,
    0,
    0,
    NULL,
    0,
    "按配置建立。没有配置文件时，先写出一个样例供填写（含三个报送渠道的段落，均已注释）。",
    "As the configuration says. Without one it leaves an example to fill in, with a "
    "commented section for each of the three channels."};

static const struct cli_option REBUILD_OPTIONS[] = {
    {"into", "FOLDER", CLI_TEXT, false, NULL, "重放到该空目录，不动现有数据", "replay into this empty folder instead"},
    {"check", NULL, CLI_FLAG, false, NULL, "只比较，不替换（网关运行时也可）",
     "only compare (also while the gateway runs)"},
};
static const struct cli_usage REBUILD = {
    NULL,
    0,
    0,
    REBUILD_OPTIONS,
    COUNT_OF(REBUILD_OPTIONS),
    "由日志重放得到全部数据表。不加选项时替换现有数据（须先停止网关），原数据保留在旁边。",
    "Makes all tables anew from the journal. Without options they take the place of those that are there (stop the "
    "gateway first); the old store is kept beside."};

static const struct cli_option VERIFY_OPTIONS[] = {
    {"keys", "FILE", CLI_TEXT, false, NULL, "公钥文件（默认取本网关的 public-keys.json）",
     "public keys (default: public-keys.json of this gateway)"},
    {"answer", "FILE", CLI_TEXT, false, NULL, "答复原文：须为该存在证明所指的答复",
     "an answer as received: it must be the one that the proof speaks of"},
    {"input", "FILE", CLI_TEXT, false, NULL, "批量筛查的名单：须为该汇总所指的文件",
     "the list of a screening: it must be the one that the summary speaks of"},
    {"result", "FILE", CLI_TEXT, false, NULL, "批量筛查的结果：须为该汇总所指的文件",
     "the result of a screening: it must be the one that the summary speaks of"},
};
static const struct cli_usage VERIFY = {
    "FILE",
    1,
    1,
    VERIFY_OPTIONS,
    COUNT_OF(VERIFY_OPTIONS),
    "核验签封记录、日志检查点、事件或查询留痕的存在证明、签名答复（连同请求）、批量筛查的汇总。退出码：0 有效，1 "
    "无效，2 无法识别。",
    "Checks a sealed record, a checkpoint, a proof of an event or of an entry of the trace, a signed answer with its "
    "request, the summary of a screening. Exit status: 0 good, 1 "
    "not good, 2 not recognised."};

static const struct cli_option PROOF_OPTIONS[] = {
    {"answer", "FILE", CLI_TEXT, false, NULL, "查询得到的答复原文，一并写入",
     "the answer of that lookup, to go with it"},
    {"out", "FILE", CLI_TEXT, false, NULL, "写入文件（默认输出到屏幕）", "write to a file (default: standard output)"},
};
static const struct cli_usage PROOF = {"SEQUENCE|RECEIPT",
                                       1,
                                       1,
                                       PROOF_OPTIONS,
                                       COUNT_OF(PROOF_OPTIONS),
                                       "事件序号（见 creditgate show，上游回执也是事件），或查询答复中的回执号。",
                                       "The sequence of an event (creditgate show names them; a receipt of an upstream "
                                       "is one, too), or the receipt id of a "
                                       "lookup."};

static const struct cli_option BACKUP_OPTIONS[] = {
    {"with-keys", NULL, CLI_FLAG, false, NULL, "连同私钥", "with the private keys"},
};
static const struct cli_usage BACKUP = {"FOLDER",
                                        1,
                                        1,
                                        BACKUP_OPTIONS,
                                        COUNT_OF(BACKUP_OPTIONS),
                                        "可在网关运行时进行。不含配置文件和证书；默认也不含私钥。",
                                        "Works while the gateway runs. Neither the configuration nor certificates; "
                                        "private keys only when asked for."};

static const struct cli_option RESTORE_OPTIONS[] = {
    {"moved", NULL, CLI_FLAG, false, NULL, "保证备份之后没有再签名（停机迁移）：沿用原日志名称",
     "nothing was signed after this backup (a move): the logs keep their names"},
};
static const struct cli_usage RESTORE = {
    "FOLDER",
    1,
    1,
    RESTORE_OPTIONS,
    COUNT_OF(RESTORE_OPTIONS),
    "恢复到没有数据的状态目录。比此前已签名内容更旧的数据将被拒绝使用，除非由管理员接受（creditgate guard --accept）。",
    "Into a state folder without a store. One that is older than what was signed for is refused by the gateway, unless "
    "an administrator accepts it (creditgate guard --accept)."};

static const struct cli_option GUARD_OPTIONS[] = {
    {"accept", NULL, CLI_FLAG, false, NULL, "接受现有数据（管理员）",
     "accept the store that is there (administrators)"},
    {"reason", "TEXT", CLI_TEXT, false, NULL, "接受的理由，记入日志", "why; it is put down in the journal"},
    {"moved", NULL, CLI_FLAG, false, NULL, "保证别处没有再签名（搬迁）：沿用原日志名称",
     "nothing was signed elsewhere (a move): the logs keep their names"},
};
static const struct cli_usage GUARD = {NULL,
                                       0,
                                       0,
                                       GUARD_OPTIONS,
                                       COUNT_OF(GUARD_OPTIONS),
                                       "查看现有数据是否就是此前签过名的数据；不是时网关拒绝运行。",
                                       "Says whether the store that is there is the one that was signed for; the "
                                       "gateway refuses another."};

static const struct cli_option NAMES_CHECK_OPTIONS[] = {
    {"former", "FILE", CLI_TEXT, false, NULL, "另一个曾用名文件（uscc、former_name）",
     "a further file of former names"},
    {"false-percent", "N", CLI_INTEGER, false, NULL, "允许的误答率，默认 1（%）",
     "share of false answers, default 1 (%)"},
    {"data", "FOLDER", CLI_TEXT, false, NULL, "规则数据目录（默认随程序安装）",
     "folder with schemas/ (default: as installed)"},
};
static const struct cli_usage NAMES_CHECK = {
    "REGISTER QUERIES…",
    2,
    100,
    NAMES_CHECK_OPTIONS,
    COUNT_OF(NAMES_CHECK_OPTIONS),
    "REGISTER：企业名称库文件（见 names-register）；有 set 列时只用其中为 index 的行。QUERIES：每行一个 JSON 对象，含 "
    "query、truth（代码，无则 "
    "null）、kind、strength。\n给出误答率限定下的召回率，并逐条列出错例：行号、错在何处（missed "
    "分数不够，wrong 首位不是，false 不该有，ambiguous-same）、类别、分数、所问、首位。\n退出码：0，有歧义问题判为 "
    "same 时为 1。",
    "REGISTER: a file as for names-register; with a column set only its rows that say index. QUERIES: a JSON object a "
    "line with query, truth (a code, or null), kind, strength.\nPrints recall at that share of false answers, then "
    "what "
    "went wrong: line, what (missed: score too low; wrong: another first; false: nothing fits; ambiguous-same), kind, "
    "score, question, first candidate.\nExit status: 0; 1 when an ambiguous question was answered with same."};

static const struct cli_command COMMANDS[] = {
    {"init", "建立状态目录、数据文件和密钥", "make the state folder, the store and the keys", &INIT, run_init},
    {"check", "检查配置，指出哪里有错", "say what is wrong in the configuration, and where", &PLAIN, run_check},
    {"settings", "列出全部设置、默认值和范围", "list every setting with default and limits", &PLAIN, run_settings},
    {"verify", "离线核验签封记录、检查点、证明、签名答复、批量筛查汇总",
     "check a sealed record, a checkpoint, a proof, a signed answer or a screening offline", &VERIFY, verify_run},
    {"proof", "取得事件或查询的存在证明", "prove that an event or a lookup is in its log", &PROOF, proof_run},
    {"names-check", "用带答案的问题集检验按名称查找", "try labelled questions on a register of names", &NAMES_CHECK,
     names_check_run},
    {"rebuild", "由日志重建或核对数据", "make the tables anew from the journal, or compare", &REBUILD, rebuild_run},
    {"backup", "备份", "back up, while the gateway runs or not", &BACKUP, backup_run},
    {"restore", "恢复备份", "restore a backup", &RESTORE, restore_run},
    {"guard", "查看或接受现有数据", "look at what guards the store, or accept another", &GUARD, guard_run},
};
const struct cli_commands CLI_OFFLINE = {COMMANDS, COUNT_OF(COMMANDS)};
