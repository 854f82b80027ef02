/* What works without a running gateway. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/time.h"
#include "gateway/cli/cli.h"
#include "gateway/journal/guard.h"
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

static int run_init(struct cli *cli, json_t *arguments)
{
    AUTO(config_free) struct config *config = NULL;
    struct error err;

    (void)arguments;
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
    if (is_good)
        is_good = config_check(config, clock_now_ms(&CLOCK_SYSTEM), tell_problem, &telling);
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

static const struct cli_command COMMANDS[] = {
    {"init", "建立状态目录、数据文件和密钥", "make the state folder, the store and the keys", &PLAIN, run_init},
    {"check", "检查配置，指出哪里有错", "say what is wrong in the configuration, and where", &PLAIN, run_check},
    {"settings", "列出全部设置、默认值和范围", "list every setting with default and limits", &PLAIN, run_settings},
};
const struct cli_commands CLI_OFFLINE = {COMMANDS, COUNT_OF(COMMANDS)};
