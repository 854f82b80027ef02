#include "gateway/cli/names.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "gateway/cli/client.h"
#include "gateway/cli/columns.h"

static void print_reasons(const struct cli *cli, const json_t *candidate, struct buf *out)
{
    const json_t *reason;
    size_t i;

    json_array_foreach(json_object_get(candidate, "reasons"), i, reason)
    {
        const char *text = json_text_of(reason, cli->lang);

        buf_add_text(out, i ? cli_say(cli, "；", "; ") : "  ");
        columns_safe_add(out, span_of(text ? text : ""), 0);
    }
}

static void print_answer(const struct cli *cli, const char *text, const json_t *answer)
{
    AUTO(buf_done) struct buf out = BUF_INIT;
    const json_t *candidates = json_object_get(answer, "candidates");
    const json_t *candidate;
    size_t i;

    columns_safe_add(&out, span_of(text), 0);
    buf_add_byte(&out, '\n');
    json_array_foreach(candidates, i, candidate)
    {
        const char *name = json_text_of(candidate, "name");

        buf_addf(&out, "  %s  %s  %.3f  ", json_text_of(candidate, "uscc"), json_text_of(candidate, "strength"),
                 json_number_value(json_object_get(candidate, "score")));
        columns_safe_add(&out, span_of(name ? name : ""), 0);
        buf_add_byte(&out, '\n');
        print_reasons(cli, candidate, &out);
        buf_add_byte(&out, '\n');
    }
    if (json_array_size(candidates) == 0)
        buf_addf(&out, "  %s\n", cli_say(cli, "没有可能的企业", "no company that this may mean"));
    fwrite(out.data, 1, out.bytes, stdout);
}

static bool ask(const struct cli *cli, struct client *client, const json_t *arguments, const char *text,
                struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(json_release) json_t *answer = NULL;

    buf_add_text(&path, "/admin/v1/names?q=");
    client_escape(&path, text);
    if (*cli_text(arguments, "limit"))
        buf_addf(&path, "&limit=%s", cli_text(arguments, "limit"));
    if (*cli_text(arguments, "reason")) {
        buf_add_text(&path, "&reason=");
        client_escape(&path, cli_text(arguments, "reason"));
    }
    if (!client_get_json(client, path.data, &answer, err))
        return false;
    if (!cli->prints_json) {
        print_answer(cli, text, answer);
        return true;
    }
    json_dumpf(answer, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
    return true;
}

int names_run(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    struct error err;
    const char *text;

    if (!client_new(cli, &client, &err))
        return cli_fail(cli, &err);
    for (size_t i = 0; (text = cli_id(arguments, i)); i++) {
        if (!ask(cli, client, arguments, text, &err))
            return cli_fail(cli, &err);
    }
    return CLI_OK;
}

int names_register_run(struct cli *cli, json_t *arguments)
{
    return client_job(cli, "names-register", arguments, cli_id(arguments, 0));
}
