#include "gateway/cli/arguments.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"

enum { OPTION_KEY_FIRST = 1000, OPTIONS_MAX = 24, KEY_HELP = 900 };

/* What argp's parser function works with. */
struct reading {
    const struct cli *cli;
    const struct cli_command *command;
    json_t *arguments;
    json_t *ids;
    struct error *err;
    bool is_help;
};

static void member_name(const char *option, char member[64])
{
    snprintf(member, 64, "%s", option);
    for (char *at = member; *at; at++) {
        if (*at == '-')
            *at = '_';
    }
}

static bool is_choice(const char *choices, const char *text)
{
    size_t bytes = strlen(text);

    for (const char *at = choices; at && *at; at += strcspn(at, "|"), at += *at == '|') {
        if (strcspn(at, "|") == bytes && memcmp(at, text, bytes) == 0)
            return true;
    }
    return false;
}

static bool value_check(const struct cli_option *option, const char *text, struct error *err)
{
    int32_t day;
    int64_t number;

    if (!utf8_is_valid(span_of(text), NULL))
        return refuse(err, ERR_INVALID, "cli.usage", "--%s is not UTF-8", "--%s 的内容不是 UTF-8", option->name);
    if (option->kind == CLI_DATE && !day_parse(span_of(text), &day))
        return refuse(err, ERR_INVALID, "cli.usage", "--%s: \"%s\" is no date: write YYYY-MM-DD",
                      "--%s：“%s”不是日期：请写成 YYYY-MM-DD", option->name, text);
    if (option->kind == CLI_INTEGER && !integer_parse(span_of(text), &number))
        return refuse(err, ERR_INVALID, "cli.usage", "--%s: \"%s\" is no whole number", "--%s：“%s”不是整数",
                      option->name, text);
    if (option->kind == CLI_CHOICE && !is_choice(option->choices, text))
        return refuse(err, ERR_INVALID, "cli.usage", "--%s: \"%s\" is none of %s", "--%s：“%s”不在可选值 %s 之中",
                      option->name, text, option->choices);
    return true;
}

static error_t take_option(struct reading *reading, const struct cli_option *option, const char *text)
{
    char member[64];

    member_name(option->name, member);
    if (option->kind == CLI_FLAG) {
        json_object_set_new(reading->arguments, member, json_true());
        return 0;
    }
    if (json_object_get(reading->arguments, member)) {
        error_set_both(reading->err, ERR_INVALID, "cli.usage", "--%s stands twice", "--%s 重复", option->name);
        return EINVAL;
    }
    if (!value_check(option, text, reading->err))
        return EINVAL;
    json_object_set_new(reading->arguments, member, json_string(text));
    return 0;
}

static error_t take(int key, char *text, struct argp_state *state)
{
    struct reading *reading = state->input;
    const struct cli_usage *usage = reading->command->usage;

    if (key == KEY_HELP) {
        reading->is_help = true;
        return ECANCELED;
    }
    if (key >= OPTION_KEY_FIRST && (size_t)(key - OPTION_KEY_FIRST) < usage->option_count)
        return take_option(reading, &usage->options[key - OPTION_KEY_FIRST], text);
    if (key != ARGP_KEY_ARG)
        return ARGP_ERR_UNKNOWN;
    if (!utf8_is_valid(span_of(text), NULL) || json_array_append_new(reading->ids, json_string(text)) != 0) {
        error_set_both(reading->err, ERR_INVALID, "cli.usage", "an argument is not UTF-8", "参数不是 UTF-8");
        return EINVAL;
    }
    return 0;
}

/* What is too long for the left column stands on a line of its own. */
enum { LEFT_COLUMNS = 28 };
#define LEFT_BLANK "\n                               "

static void print_help(const struct cli *cli, const struct cli_command *command)
{
    const struct cli_usage *usage = command->usage;

    printf("%s creditgate %s%s", cli_say(cli, "用法：", "Usage:"), command->name,
           usage->option_count ? cli_say(cli, " [选项]", " [OPTION…]") : "");
    if (usage->positional)
        printf(usage->least > 0 ? " %s" : " [%s]", usage->positional);
    printf("\n\n%s\n", cli_say(cli, command->zh, command->en));
    if (usage->zh)
        printf("%s\n", cli_say(cli, usage->zh, usage->en));
    if (usage->option_count)
        printf("\n");
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct cli_option *option = &usage->options[i];
        char left[80];

        snprintf(left, sizeof left, "--%s%s%s", option->name, option->argument ? " " : "",
                 option->choices    ? option->choices
                 : option->argument ? option->argument
                                    : "");
        printf("  %-28s%s%s%s\n", left, strlen(left) > LEFT_COLUMNS ? LEFT_BLANK : " ",
               cli_say(cli, option->zh, option->en),
               option->is_required ? cli_say(cli, "（必填）", " (required)") : "");
    }
    printf("\n  %-28s %s\n  %-28s %s\n  %-28s %s\n", "--config FILE", cli_say(cli, "配置文件", "configuration file"),
           "--lang zh|en", cli_say(cli, "语言", "language"), "--json",
           cli_say(cli, "输出 JSON，供程序使用", "print JSON, for programs"));
}

static bool is_complete(const struct reading *reading)
{
    const struct cli_usage *usage = reading->command->usage;
    size_t count = json_array_size(reading->ids);
    char member[64];

    for (size_t i = 0; i < usage->option_count; i++) {
        member_name(usage->options[i].name, member);
        if (usage->options[i].is_required && !json_object_get(reading->arguments, member))
            return refuse(reading->err, ERR_INVALID, "cli.usage", "--%s is missing: %s%.0s", "缺少 --%s：%.0s%s",
                          usage->options[i].name, usage->options[i].en, usage->options[i].zh);
    }
    if (count < (size_t)usage->least)
        return refuse(reading->err, ERR_INVALID, "cli.usage", "%s is missing: see --help", "缺少 %s：见 --help",
                      usage->positional);
    if (count > (size_t)usage->most)
        return refuse(reading->err, ERR_INVALID, "cli.usage", "too many arguments: see --help", "参数过多：见 --help");
    return true;
}

bool arguments_read(const struct cli *cli, const struct cli_command *command, int argc, char **argv, json_t **out,
                    struct error *err)
{
    struct argp_option options[OPTIONS_MAX + 2] = {{0}};
    struct argp argp = {options, take, NULL, NULL, NULL, NULL, NULL};
    AUTO(arguments_release) json_t *arguments = json_object();
    struct reading reading = {cli, command, arguments, json_array(), err, false};
    error_t outcome;

    json_object_set_new(arguments, "ids", reading.ids);
    for (size_t i = 0; i < command->usage->option_count && i < OPTIONS_MAX; i++) {
        options[i].name = command->usage->options[i].name;
        options[i].key = OPTION_KEY_FIRST + (int)i;
        options[i].arg = command->usage->options[i].kind == CLI_FLAG ? NULL : "VALUE";
    }
    options[command->usage->option_count].name = "help";
    options[command->usage->option_count].key = KEY_HELP;
    err->code = ERR_NONE;
    outcome = argp_parse(&argp, argc, argv, ARGP_NO_HELP | ARGP_NO_EXIT | ARGP_NO_ERRS | ARGP_IN_ORDER, NULL, &reading);
    if (reading.is_help) {
        print_help(cli, command);
        err->code = ERR_NONE;
        return false;
    }
    if (outcome != 0) {
        if (err->code == ERR_NONE)
            error_set_both(err, ERR_INVALID, "cli.usage",
                           "an option is unknown or has no value: see creditgate %s --help",
                           "有不认识的选项，或选项缺少内容：见 creditgate %s --help", command->name);
        return false;
    }
    if (!is_complete(&reading))
        return false;
    *out = TAKE(arguments);
    return true;
}
