#include "gateway/cli/accounts.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "gateway/cli/client.h"
#include "gateway/cli/columns.h"

static void add_text(struct columns *columns, const char *text)
{
    AUTO(buf_done) struct buf safe = BUF_INIT;

    columns_safe_add(&safe, span_of(text && *text ? text : "-"), 0);
    columns_add(columns, buf_text(&safe));
}

static const char *state_of(const struct cli *cli, const json_t *person)
{
    if (json_bool_of(person, "suspended", false))
        return cli_say(cli, "已停用", "suspended");
    if (json_text_of(person, "invited_until"))
        return cli_say(cli, "已邀请", "invited");
    if (json_bool_of(person, "has_password", false) || json_bool_of(person, "certificate", false))
        return cli_say(cli, "可登录", "can sign in");
    return cli_say(cli, "未开通", "no account yet");
}

static void print(const struct cli *cli, const json_t *answer)
{
    static const char *const HEADS[][2] = {
        {"账号", "account"},          {"姓名", "name"},    {"角色", "roles"}, {"状态", "state"},
        {"最近登录", "last sign-in"}, {"在线", "sessions"}};
    AUTO(columns_free) struct columns *columns = columns_new(COUNT_OF(HEADS));
    const json_t *person, *role;
    size_t i, j;

    for (i = 0; i < COUNT_OF(HEADS); i++)
        columns_add(columns, cli_say(cli, HEADS[i][0], HEADS[i][1]));
    json_array_foreach(json_object_get(answer, "staff"), i, person)
    {
        AUTO(buf_done) struct buf roles = BUF_INIT;
        char sessions[24];

        json_array_foreach(json_object_get(person, "roles"), j, role)
        {
            buf_addf(&roles, "%s%s", j ? "," : "", json_string_value(role));
        }
        snprintf(sessions, sizeof sessions, "%lld", (long long)json_integer_of(person, "sessions", 0));
        add_text(columns, json_text_of(person, "name"));
        add_text(columns, json_text_of(person, "title"));
        add_text(columns, buf_text(&roles));
        columns_add(columns, state_of(cli, person));
        add_text(columns, json_text_of(person, "signed_in_at"));
        columns_add(columns, sessions);
    }
    columns_print(columns, 0, stdout);
}

static int tell_json(const json_t *answer)
{
    json_dumpf(answer, stdout, JSON_COMPACT);
    putchar('\n');
    return CLI_OK;
}

int accounts_list(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(json_release) json_t *answer = NULL;
    struct error err;

    (void)arguments;
    if (!client_new(cli, &client, &err) || !client_get_json(client, "/admin/v1/staff", &answer, &err))
        return cli_fail(cli, &err);
    if (cli->prints_json)
        return tell_json(answer);
    print(cli, answer);
    return CLI_OK;
}

static bool is_word(const char *word)
{
    static const char *const WORDS[] = {"invite", "reset", "suspend", "resume", "sign-out"};

    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        if (strcmp(word, WORDS[i]) == 0)
            return true;
    }
    return false;
}

static void print_done(const struct cli *cli, const json_t *answer)
{
    const char *invitation = json_text_of(answer, "invitation");

    if (!invitation) {
        printf("%s\n", cli_say(cli, "已生效。", "Done."));
        return;
    }
    printf("%s%s\n",
           cli_say(cli, "邀请码（只显示这一次，请当面或另行交给本人）：",
                   "Invitation (shown this once; hand it over in person): "),
           invitation);
    printf("%s%s\n%s\n", cli_say(cli, "有效至：", "Good until: "), json_text_of(answer, "until"),
           cli_say(cli, "本人在工作台的“首次登录”页面设置密码和验证码应用。",
                   "The person sets a password and the one-time code app on the console's page for the first time."));
}

int accounts_change(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(json_release) json_t *body = json_object();
    AUTO(json_release) json_t *answer = NULL;
    AUTO(buf_done) struct buf path = BUF_INIT;
    const char *word = cli_id(arguments, 0);
    struct error err;

    if (!is_word(word)) {
        error_set_both(&err, ERR_INVALID, "cli.word",
                       "\"%.40s\": say account invite, reset, suspend, resume or sign-out NAME",
                       "“%.40s”：应为 account invite、reset、suspend、resume 或 sign-out 账号", word);
        return cli_fail(cli, &err);
    }
    if (*cli_text(arguments, "reason"))
        json_object_set_new(body, "reason", json_string(cli_text(arguments, "reason")));
    buf_add_text(&path, "/admin/v1/staff/");
    client_escape(&path, cli_id(arguments, 1));
    buf_addf(&path, "/%s", word);
    if (!client_new(cli, &client, &err) || !client_post_json(client, buf_text(&path), body, &answer, &err))
        return cli_fail(cli, &err);
    if (cli->prints_json)
        return tell_json(answer);
    print_done(cli, answer);
    return CLI_OK;
}
