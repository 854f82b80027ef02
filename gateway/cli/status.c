/* `creditgate status`: where every channel stands. */
#include "gateway/cli/status.h"

#include <string.h>

#include "base/json.h"
#include "base/time.h"
#include "gateway/cli/client.h"
#include "gateway/cli/columns.h"
#include "gateway/cli/words.h"

/* What is counted, in the order of a delivery's life. */
static const struct {
    const char *member;
    const char *zh;
    const char *en;
} COUNTS[] = {{"queued", "排队", "queued"},
              {"sending", "发送中", "sending"},
              {"in_doubt", "待查证", "in doubt"},
              {"received", "已接收", "received"},
              {"acknowledged", "已确认", "acknowledged"},
              {"refused", "被拒", "refused"},
              {"superseded", "已取代", "superseded"}};

static void add_age(struct columns *columns, const struct cli *cli, int64_t from_ms, int64_t now_ms)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    if (from_ms == 0)
        buf_add_text(&text, "-");
    else
        columns_age_add(&text, now_ms - from_ms, strcmp(cli->lang, "en") == 0);
    columns_add(columns, text.data);
}

static void add_instant(struct columns *columns, int64_t at_ms)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    char instant[INSTANT_TEXT_BYTES];

    columns_instant_add(&text, at_ms ? instant_format(at_ms, instant) : NULL);
    columns_add(columns, text.data);
}

static void add_channel(struct columns *columns, const struct cli *cli, const json_t *channel, int64_t now_ms)
{
    columns_add(columns, words_channel(cli, json_text_of(channel, "channel")));
    for (size_t i = 0; i < COUNT_OF(COUNTS); i++)
        columns_add_number(columns, json_integer_of(channel, COUNTS[i].member, 0));
    add_age(columns, cli, json_integer_of(channel, "oldest_ms", 0), now_ms);
    add_instant(columns, json_integer_of(channel, "last_receipt_ms", 0));
}

/* What comes to a channel that is not used goes no further, and nobody would hear of it. */
static void print_unused(const struct cli *cli, const json_t *channel, FILE *to)
{
    int64_t waiting = json_integer_of(channel, "staged", 0) + json_integer_of(channel, "queued", 0);

    if (json_bool_of(channel, "enabled", true) || waiting == 0)
        return;
    fprintf(to, "%s %s %lld%s\n", words_channel(cli, json_text_of(channel, "channel")),
            cli_say(cli, "未配置或未启用，等待报送：", "is not configured or not enabled; waiting for it:"),
            (long long)waiting,
            cli_say(cli, "，启用后自动报送，其后渠道随之",
                    "; they go when it is enabled, and then to the channels after it"));
}

static void print_paused(const struct cli *cli, const json_t *channels, FILE *to)
{
    size_t i;
    const json_t *channel;

    json_array_foreach(channels, i, channel)
    {
        AUTO(buf_done) struct buf reason = BUF_INIT;
        const char *text = json_text_of(channel, "reason");

        if (json_bool_of(channel, "enabled", false) && json_integer_of(channel, "unsent", 0) > 0)
            fprintf(to, "%s: %s %lld%s\n", words_channel(cli, json_text_of(channel, "channel")),
                    cli_say(cli, "已收到但未报送的反馈：", "feedback that was given and not sent on:"),
                    (long long)json_integer_of(channel, "unsent", 0),
                    cli_say(cli, "；报送及原因：creditgate push --channel feedback",
                            "; to send it, or see why not: creditgate push --channel feedback"));
        if (json_integer_of(channel, "held", 0) > 0)
            fprintf(
                to, "%s %s %lld%s%s\n", words_channel(cli, json_text_of(channel, "channel")),
                cli_say(cli, "滞留（无法生成数据行）：", "held, no row can be made:"),
                (long long)json_integer_of(channel, "held", 0),
                cli_say(cli, "，改正后：creditgate push --channel ", "; when put right: creditgate push --channel "),
                json_text_of(channel, "channel"));
        print_unused(cli, channel, to);
        if (!json_bool_of(channel, "paused", false))
            continue;
        columns_safe_add(&reason, text ? (struct span){text, strlen(text)} : SPAN_NONE, 0);
        fprintf(to, "%s %s%s\n", words_channel(cli, json_text_of(channel, "channel")),
                json_bool_of(channel, "draining", false) ? cli_say(cli, "正在排空：", "is being drained: ")
                                                         : cli_say(cli, "已暂停：", "is paused: "),
                buf_text(&reason));
    }
}

static void print_channels(const struct cli *cli, const json_t *status, FILE *to)
{
    AUTO(columns_free) struct columns *columns = columns_new(COUNT_OF(COUNTS) + 3);
    const json_t *channels = json_object_get(status, "channels");
    int64_t now_ms = json_integer_of(status, "time_ms", 0);
    size_t i;
    const json_t *channel;

    columns_add(columns, cli_say(cli, "渠道", "channel"));
    for (i = 0; i < COUNT_OF(COUNTS); i++)
        columns_add(columns, cli_say(cli, COUNTS[i].zh, COUNTS[i].en));
    columns_add(columns, cli_say(cli, "最久未完成", "oldest open"));
    columns_add(columns, cli_say(cli, "最近回执", "last receipt"));
    json_array_foreach(channels, i, channel)
    {
        add_channel(columns, cli, channel, now_ms);
    }
    columns_print(columns, 0, to);
    print_paused(cli, channels, to);
}

static void print_records(const struct cli *cli, const json_t *records, FILE *to)
{
    static const struct {
        const char *member;
        const char *zh;
        const char *en;
    } LISTS[] = {{"waiting", "待复核", "waiting for review"},
                 {"returned", "已退回", "returned"},
                 {"live", "在列", "listed"},
                 {"over", "已结束", "over"},
                 {"unsent", "未报送版本", "versions unsent"}};

    fprintf(to, "\n%s", cli_say(cli, "记录：", "records: "));
    for (size_t i = 0; i < COUNT_OF(LISTS); i++)
        fprintf(to, "%s%s %lld", i ? cli_say(cli, "，", ", ") : "", cli_say(cli, LISTS[i].zh, LISTS[i].en),
                (long long)json_integer_of(records, LISTS[i].member, 0));
    fputc('\n', to);
}

static void print_clocks(const struct cli *cli, const json_t *clocks, FILE *to)
{
    static const struct {
        const char *member;
        const char *zh;
        const char *en;
    } CLOCKS[] = {{"late", "上报超期", "reports late"},
                  {"soon", "两个工作日内应上报", "reports due within 2 working days"},
                  {"unconfirmed", "停止公示未确认", "ends not confirmed"},
                  {"receipts", "回执超期", "receipts overdue"}};

    if (json_bool_of(clocks, "stale", false)) {
        fputs(cli_say(cli, "法定时限：数据早于本版本，请停止网关并运行 creditgate rebuild\n",
                      "statutory terms: the store is older than this version: stop the gateway and run creditgate "
                      "rebuild\n"),
              to);
        return;
    }
    fputs(cli_say(cli, "法定时限：", "statutory terms: "), to);
    for (size_t i = 0; i < COUNT_OF(CLOCKS); i++)
        fprintf(to, "%s%s %lld", i ? cli_say(cli, "，", ", ") : "", cli_say(cli, CLOCKS[i].zh, CLOCKS[i].en),
                (long long)json_integer_of(clocks, CLOCKS[i].member, 0));
    fputs(cli_say(cli, "（清单：creditgate clocks）\n", " (list: creditgate clocks)\n"), to);
}

static void print_names(const struct cli *cli, const json_t *list, const char *zh, const char *en, FILE *to)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        AUTO(buf_done) struct buf name = BUF_INIT;
        const char *text = json_is_string(item) ? json_string_value(item) : json_text_of(item, "name");

        columns_safe_add(&name, text ? (struct span){text, strlen(text)} : SPAN_NONE, 0);
        fprintf(to, "%s%s", i ? cli_say(cli, "、", ", ") : cli_say(cli, zh, en), buf_text(&name));
        if (json_is_object(item))
            fprintf(to, " (%lld)", (long long)json_integer_of(item, "days_left", 0));
    }
}

static void print_access(const struct cli *cli, const json_t *clients, FILE *to)
{
    fprintf(to, "%s%lld", cli_say(cli, "接入系统：", "outside systems: "),
            (long long)json_integer_of(clients, "count", 0));
    print_names(cli, json_object_get(clients, "suspended"), "，已暂停 ", ", suspended: ", to);
    print_names(cli, json_object_get(clients, "ending"), "，证书将到期（剩余天数）",
                ", certificate ends in (days): ", to);
    fputs(cli_say(cli, "（清单：creditgate clients）\n", " (list: creditgate clients)\n"), to);
}

static void print_log(const struct cli *cli, const char *zh, const char *en, const json_t *log, FILE *to)
{
    AUTO(buf_done) struct buf at = BUF_INIT;

    if (!json_is_object(log)) {
        fprintf(to, "%s%s\n", cli_say(cli, zh, en), cli_say(cli, "尚无", "none yet"));
        return;
    }
    columns_instant_add(&at, json_text_of(log, "at"));
    fprintf(to, "%s%lld%s%s\n", cli_say(cli, zh, en), (long long)json_integer_of(log, "size", 0),
            cli_say(cli, " 条，", " entries, "), at.data);
    if (json_text_of(log, "refused"))
        fprintf(to, "%s%s\n", cli_say(cli, "  已停止签名：", "  nothing is signed: "),
                json_text_of(log, strcmp(cli->lang, "en") == 0 ? "refused" : "refused_zh"));
}

void status_print(const struct cli *cli, const json_t *status, FILE *to)
{
    const json_t *checkpoints = json_object_get(status, "checkpoints");

    print_channels(cli, status, to);
    print_records(cli, json_object_get(status, "records"), to);
    print_clocks(cli, json_object_get(status, "clocks"), to);
    print_access(cli, json_object_get(status, "clients"), to);
    print_log(cli, "日志：", "journal: ", json_object_get(status, "journal"), to);
    print_log(cli, "日志签名检查点：", "signed checkpoint of the journal: ", json_object_get(checkpoints, "journal"),
              to);
    print_log(cli, "查询留痕签名检查点：", "signed checkpoint of the trace: ", json_object_get(checkpoints, "trace"),
              to);
}

int status_run(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(json_release) json_t *status = NULL;
    struct error err;

    (void)arguments;
    if (!client_new(cli, &client, &err) || !client_get_json(client, "/admin/v1/status", &status, &err))
        return cli_fail(cli, &err);
    if (cli->prints_json) {
        json_dumpf(status, stdout, JSON_COMPACT);
        putchar('\n');
    } else {
        status_print(cli, status, stdout);
    }
    return CLI_OK;
}
