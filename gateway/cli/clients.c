/* The outside systems, as GET /admin/v1/clients has them (gateway/api/admin_clients.c): a line a client and one a
 * certificate, and below what wants a person. */
#include "gateway/cli/clients.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/client.h"
#include "gateway/cli/columns.h"

enum { HASH_SHOWN = 16 };

static void add_text(struct columns *columns, const char *text)
{
    AUTO(buf_done) struct buf safe = BUF_INIT;

    columns_safe_add(&safe, span_of(text && *text ? text : "-"), 0);
    columns_add(columns, buf_text(&safe));
}

static void add_instant(struct columns *columns, const char *instant)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    columns_instant_add(&text, instant);
    columns_add(columns, buf_text(&text));
}

static void add_days(struct columns *columns, const json_t *of)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (json_is_integer(json_object_get(of, "days_left")))
        buf_addf(&text, "%lld", (long long)json_integer_of(of, "days_left", 0));
    else
        buf_add_text(&text, "?");
    columns_add(columns, buf_text(&text));
}

static void add_quota(struct columns *columns, const json_t *client)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    int64_t quota = json_integer_of(client, "daily_quota", 0);

    buf_addf(&text, "%lld", (long long)json_integer_of(client, "used_today", 0));
    if (quota > 0)
        buf_addf(&text, " / %lld", (long long)quota);
    columns_add(columns, buf_text(&text));
}

static void add_domains(struct columns *columns, const json_t *domains)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    const json_t *domain;
    size_t i;

    json_array_foreach(domains, i, domain)
    {
        buf_addf(&text, "%s%s", i ? "," : "", json_string_value(domain));
    }
    add_text(columns, buf_text(&text));
}

static void print_clients(const struct cli *cli, const json_t *clients, FILE *to)
{
    AUTO(columns_free) struct columns *columns = columns_new(7);
    static const char *const HEADS[][2] = {
        {"接入系统", "client"},        {"类别", "kind"},          {"领域", "domains"}, {"今日用量", "used today"},
        {"证书剩余天数", "cert days"}, {"最近接入", "last seen"}, {"状态", "state"}};
    const json_t *client;
    size_t i;

    for (i = 0; i < COUNT_OF(HEADS); i++)
        columns_add(columns, cli_say(cli, HEADS[i][0], HEADS[i][1]));
    json_array_foreach(clients, i, client)
    {
        add_text(columns, json_text_of(client, "name"));
        add_text(columns, json_text_of(client, "kind"));
        add_domains(columns, json_object_get(client, "domains"));
        add_quota(columns, client);
        add_days(columns, client);
        add_instant(columns, json_text_of(client, "seen"));
        columns_add(columns, json_is_object(json_object_get(client, "suspended")) ? cli_say(cli, "已暂停", "suspended")
                                                                                  : cli_say(cli, "正常", "open"));
    }
    columns_print(columns, 0, to);
}

static void add_certificate(struct columns *columns, const struct cli *cli, const json_t *client,
                            const json_t *certificate)
{
    AUTO(buf_done) struct buf hash = BUF_INIT;

    buf_addf(&hash, "%.*s…", HASH_SHOWN,
             json_text_of(certificate, "sha256") ? json_text_of(certificate, "sha256") : "");
    add_text(columns, json_text_of(client, "name"));
    columns_add(columns, buf_text(&hash));
    add_text(columns, json_text_of(certificate, "from"));
    add_text(columns, json_text_of(certificate, "until"));
    add_instant(columns, json_text_of(certificate, "ends"));
    add_days(columns, certificate);
    columns_add(columns, json_bool_of(certificate, "usable", false) ? cli_say(cli, "可用", "usable")
                                                                    : cli_say(cli, "不可用", "not usable"));
}

static void print_certificates(const struct cli *cli, const json_t *clients, FILE *to)
{
    AUTO(columns_free) struct columns *columns = columns_new(7);
    static const char *const HEADS[][2] = {
        {"证书", "certificate"},       {"SHA-256", "SHA-256"},    {"启用", "from"}, {"停用", "until"},
        {"到期（UTC）", "ends (UTC)"}, {"剩余天数", "days left"}, {"今日", "today"}};
    const json_t *client, *certificate;
    size_t i, j;

    for (i = 0; i < COUNT_OF(HEADS); i++)
        columns_add(columns, cli_say(cli, HEADS[i][0], HEADS[i][1]));
    json_array_foreach(clients, i, client)
    {
        json_array_foreach(json_object_get(client, "certificates"), j, certificate)
        {
            add_certificate(columns, cli, client, certificate);
        }
    }
    fputc('\n', to);
    columns_print(columns, 0, to);
}

static void print_suspended(const struct cli *cli, const json_t *clients, FILE *to)
{
    const json_t *client;
    size_t i;

    json_array_foreach(clients, i, client)
    {
        const json_t *suspended = json_object_get(client, "suspended");
        AUTO(buf_done) struct buf at = BUF_INIT;
        AUTO(buf_done) struct buf words = BUF_INIT;

        if (!json_is_object(suspended))
            continue;
        columns_instant_add(&at, json_text_of(suspended, "at"));
        columns_safe_add(&words, span_of(json_text_of(client, "name")), 0);
        buf_addf(&words, "%s%s%s%s%s", cli_say(cli, " 已暂停，自 ", " is suspended since "), buf_text(&at),
                 cli_say(cli, "（UTC），", " (UTC), by "), json_text_of(suspended, "by"), cli_say(cli, "：", ": "));
        columns_safe_add(&words, span_of(json_text_of(suspended, "reason")), 0);
        fprintf(to, "%s\n", buf_text(&words));
    }
}

static void print_ending(const struct cli *cli, const json_t *clients, FILE *to)
{
    const json_t *client;
    size_t i;

    json_array_foreach(clients, i, client)
    {
        AUTO(buf_done) struct buf name = BUF_INIT;
        int64_t days = json_integer_of(client, "days_left", INT64_MAX);

        if (days > CERTIFICATE_WARNING_DAYS)
            continue;
        columns_safe_add(&name, span_of(json_text_of(client, "name")), 0);
        if (days < 0)
            fprintf(to, "%s%s\n", buf_text(&name),
                    cli_say(cli, " 没有可用的证书：请加入新证书并 creditgate reload",
                            " has no certificate that is good: add one, then creditgate reload"));
        else
            fprintf(to, "%s%s%lld%s\n", buf_text(&name),
                    cli_say(cli, " 的最后一张证书还剩 ", ": its last certificate ends in "), (long long)days,
                    cli_say(cli, " 天：请预先加入新证书并 creditgate reload",
                            " days: put the next one beside it, then creditgate reload"));
    }
}

void clients_print(const struct cli *cli, const json_t *answer, FILE *to)
{
    const json_t *clients = json_object_get(answer, "clients");
    const json_t *gone = json_object_get(answer, "gone");

    print_clients(cli, clients, to);
    print_certificates(cli, clients, to);
    print_suspended(cli, clients, to);
    print_suspended(cli, gone, to);
    print_ending(cli, clients, to);
}

int clients_run(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(json_release) json_t *answer = NULL;
    struct error err;

    (void)arguments;
    if (!client_new(cli, &client, &err) || !client_get_json(client, "/admin/v1/clients", &answer, &err))
        return cli_fail(cli, &err);
    if (cli->prints_json) {
        json_dumpf(answer, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        clients_print(cli, answer, stdout);
    }
    return CLI_OK;
}

/* `client suspend NAME`: the first word says which order it is. */
int clients_switch(struct cli *cli, json_t *arguments)
{
    const char *word = cli_id(arguments, 0);
    bool suspends = strcmp(word, "suspend") == 0;
    struct error err;

    if (!suspends && strcmp(word, "resume") != 0) {
        error_set_both(&err, ERR_INVALID, "cli.word", "\"%.40s\": say client suspend NAME or client resume NAME",
                       "“%.40s”：应为 client suspend 名称 或 client resume 名称", word);
        return cli_fail(cli, &err);
    }
    json_array_remove(json_object_get(arguments, "ids"), 0);
    return client_job(cli, suspends ? "client-suspend" : "client-resume", arguments, NULL);
}
