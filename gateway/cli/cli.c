#include "gateway/cli/cli.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/cli/arguments.h"

int cli_fail(const struct cli *cli, const struct error *err)
{
    fprintf(stderr, "creditgate%s%s: %s\n", cli->command ? " " : "", cli->command ? cli->command : "",
            error_text(err, cli->lang));
    return CLI_UNUSABLE;
}

const char *cli_say(const struct cli *cli, const char *zh, const char *en)
{
    return strcmp(cli->lang, "en") == 0 ? en : zh;
}

const char *cli_text(const json_t *arguments, const char *name)
{
    const char *text = json_string_value(json_object_get(arguments, name));

    return text ? text : "";
}

bool cli_flag(const json_t *arguments, const char *name)
{
    return json_is_true(json_object_get(arguments, name));
}

const char *cli_id(const json_t *arguments, size_t i)
{
    return json_string_value(json_array_get(json_object_get(arguments, "ids"), i));
}

bool cli_config(const struct cli *cli, struct config **out, struct error *err)
{
    return config_load(cli->config_path, NULL, NULL, out, err);
}

static void list_commands(const struct cli *cli, const struct cli_commands *groups, size_t group_count, FILE *to)
{
    fprintf(to, "%s\n\n",
            cli_say(cli, "creditgate：落后产能退出失信信息的报送与查询网关",
                    "creditgate: the gateway for records of capacity not retired in time"));
    fprintf(to, "%s\n\n",
            cli_say(cli, "用法：creditgate [--config 文件] [--lang zh|en] [--json] 命令 …",
                    "Usage: creditgate [--config FILE] [--lang zh|en] [--json] COMMAND …"));
    for (size_t g = 0; g < group_count; g++) {
        for (size_t i = 0; i < groups[g].count; i++) {
            const struct cli_command *command = &groups[g].list[i];

            fprintf(to, "  %-11s %s\n", command->name, cli_say(cli, command->zh, command->en));
        }
        fputc('\n', to);
    }
    fprintf(
        to, "%s\n",
        cli_say(cli, "“creditgate 命令 --help”说明一个命令。退出码：0 全部完成，1 部分被拒，2 无法进行。",
                "`creditgate COMMAND --help` explains one. Exit status: 0 all done, 1 some refused, 2 not possible."));
}

static const struct cli_command *find_command(const char *name, const struct cli_commands *groups, size_t group_count)
{
    for (size_t g = 0; g < group_count; g++) {
        for (size_t i = 0; i < groups[g].count; i++) {
            if (strcmp(groups[g].list[i].name, name) == 0)
                return &groups[g].list[i];
        }
    }
    return NULL;
}

/* --config, --lang, --json may stand before or after the sub-command. They are taken out of argv. */
static bool take_common(struct cli *cli, int *argc, char **argv, struct error *err)
{
    int kept = 1;

    for (int i = 1; i < *argc; i++) {
        bool is_config = strcmp(argv[i], "--config") == 0;

        if (strcmp(argv[i], "--json") == 0) {
            cli->prints_json = true;
        } else if (strncmp(argv[i], "--lang=", 7) == 0) {
            cli->lang = argv[i] + 7;
        } else if (strncmp(argv[i], "--config=", 9) == 0) {
            cli->config_path = argv[i] + 9;
        } else if (is_config || strcmp(argv[i], "--lang") == 0) {
            if (i + 1 >= *argc)
                return refuse(err, ERR_INVALID, "cli.usage", "%s needs a value", "%s 后面缺少内容", argv[i]);
            i++;
            if (is_config)
                cli->config_path = argv[i];
            else
                cli->lang = argv[i];
        } else {
            argv[kept++] = argv[i];
        }
    }
    argv[kept] = NULL;
    *argc = kept;
    if (strcmp(cli->lang, "zh") != 0 && strcmp(cli->lang, "en") != 0) {
        error_set_both(err, ERR_INVALID, "cli.usage", "--lang is zh or en, not \"%s\"",
                       "--lang 只能是 zh 或 en，不是“%s”", cli->lang);
        cli->lang = "zh";
        return false;
    }
    return true;
}

int cli_main(int argc, char **argv, const struct cli_commands *groups, size_t group_count)
{
    const char *path = getenv("CREDITGATE_CONFIG");
    const char *lang = getenv("CREDITGATE_LANG");
    struct cli cli = {path ? path : CLI_CONFIG_DEFAULT, lang ? lang : "zh", false, NULL};
    const struct cli_command *command;
    AUTO(arguments_release) json_t *arguments = NULL;
    struct error err;

    setlocale(LC_CTYPE, "C.UTF-8");
    if (!take_common(&cli, &argc, argv, &err))
        return cli_fail(&cli, &err);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
        list_commands(&cli, groups, group_count, argc < 2 ? stderr : stdout);
        return argc < 2 ? CLI_UNUSABLE : CLI_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("creditgate %s\n", CREDITGATE_VERSION);
        return CLI_OK;
    }
    command = find_command(argv[1], groups, group_count);
    if (!command) {
        error_set_both(&err, ERR_INVALID, "cli.usage", "there is no command \"%s\": see creditgate --help",
                       "没有“%s”这个命令：见 creditgate --help", argv[1]);
        return cli_fail(&cli, &err);
    }
    cli.command = command->name;
    if (!arguments_read(&cli, command, argc - 1, argv + 1, &arguments, &err))
        return err.code == ERR_NONE ? CLI_OK : cli_fail(&cli, &err);
    return command->run(&cli, arguments);
}
