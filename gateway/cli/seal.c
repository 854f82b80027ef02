/* `creditgate seal`: fetch a sealed record, to be handed to whoever wants to check it with `verify`. */
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/cli/client.h"
#include "gateway/cli/show.h"

/* The seal has a record's whole id in its path; people may have given the beginning. */
static bool whole_id(struct client *client, const char *id, struct buf *whole, struct error *err)
{
    AUTO(json_release) json_t *json = NULL;
    AUTO(buf_done) struct buf path = BUF_INIT;

    buf_add_text(&path, "/admin/v1/records/");
    client_escape(&path, id);
    if (!client_get_json(client, path.data, &json, err))
        return false;
    if (!json_text_of(json, "record"))
        return refuse(err, ERR_INVALID, "cli.usage", "%s is no record", "%s 不是失信记录", id);
    buf_add_text(whole, json_text_of(json, "record"));
    return true;
}

static bool fetch(struct client *client, const json_t *arguments, struct buf *seal, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf id = BUF_INIT;

    if (!whole_id(client, cli_id(arguments, 0), &id, err))
        return false;
    buf_addf(&path, "/admin/v1/records/%s/seal", id.data);
    if (*cli_text(arguments, "version"))
        buf_addf(&path, "?version=%s", cli_text(arguments, "version"));
    return client_get(client, path.data, seal, err);
}

int seal_run(struct cli *cli, json_t *arguments)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(buf_done) struct buf seal = BUF_INIT;
    const char *file = cli_text(arguments, "out");
    struct error err;

    if (!client_new(cli, &client, &err) || !fetch(client, arguments, &seal, &err))
        return cli_fail(cli, &err);
    if (seal.bytes == 0 || seal.data[seal.bytes - 1] != '\n')
        buf_add_byte(&seal, '\n');
    if (!*file) {
        fwrite(seal.data, 1, seal.bytes, stdout);
        return CLI_OK;
    }
    return file_write(file, buf_span(&seal), 0644, &err) ? CLI_OK : cli_fail(cli, &err);
}
