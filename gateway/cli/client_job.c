/* Ordering a job and waiting for it. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "gateway/cli/arguments.h"
#include "gateway/cli/client.h"
#include "gateway/intake/report.h"

enum { WAIT_FIRST_MS = 5, WAIT_MAX_MS = 250, GATEWAY_AWAY_MS = 30000 };

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void pause_ms(int ms)
{
    struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};

    nanosleep(&time, NULL);
}

static void show_progress(const struct cli *cli, const json_t *job)
{
    int64_t done = json_integer_of(job, "done", 0);
    int64_t of = json_integer_of(job, "of", 0);

    if (!isatty(STDERR_FILENO) || done == 0)
        return;
    if (of > 0)
        fprintf(stderr, "\r%s %lld / %lld (%d%%)  ", cli_say(cli, "处理中", "working"), (long long)done, (long long)of,
                (int)(done * 100 / of));
    else
        fprintf(stderr, "\r%s %lld  ", cli_say(cli, "处理中", "working"), (long long)done);
}

/* Poll until the job has a result. An api process that is restarted meanwhile is waited for. */
static bool wait_for(const struct cli *cli, struct client *client, const char *id, json_t **out, struct error *err)
{
    char path[128];
    int wait_ms = WAIT_FIRST_MS;
    int away_ms = 0;

    snprintf(path, sizeof path, "/admin/v1/jobs/%s", id);
    for (;;) {
        AUTO(json_release) json_t *job = NULL;
        const char *state;

        pause_ms(wait_ms);
        wait_ms = wait_ms * 2 < WAIT_MAX_MS ? wait_ms * 2 : WAIT_MAX_MS;
        if (!client_get_json(client, path, &job, err)) {
            away_ms += wait_ms;
            if (err->code != ERR_UNAVAILABLE || away_ms > GATEWAY_AWAY_MS)
                return false;
            continue;
        }
        away_ms = 0;
        state = json_text_of(job, "state");
        if (state && (strcmp(state, "done") == 0 || strcmp(state, "failed") == 0)) {
            if (isatty(STDERR_FILENO))
                fprintf(stderr, "\r\033[K");
            *out = TAKE(job);
            return true;
        }
        show_progress(cli, job);
    }
}

/* Where the report goes, and in which form. */
struct output {
    const char *format;
    FILE *to;
};

static bool print_report(struct client *client, const char *id, const struct output *output, struct error *err)
{
    size_t offset = 0;

    for (;;) {
        AUTO(buf_done) struct buf part = BUF_INIT;
        char path[192];

        snprintf(path, sizeof path, "/admin/v1/jobs/%s/report?format=%s&offset=%zu", id, output->format, offset);
        if (!client_get(client, path, &part, err))
            return false;
        if (part.bytes == 0)
            return true;
        if (fwrite(part.data, 1, part.bytes, output->to) != part.bytes)
            return fail(err, ERR_IO, "the report could not be written whole: %m");
        offset += part.bytes;
    }
}

/* A file that is unusable is told as --dry-run tells it: one object of the same members. */
static void print_problem(const json_t *problem, const struct error *why, const struct cli *cli, const char *file)
{
    struct error ignored;

    if (file && strncmp(why->rule, "file.", 5) == 0)
        (void)!report_write_unusable(file_name(file), why, cli->lang, stdout, &ignored);
    else
        json_dumpf(problem, stdout, JSON_COMPACT);
}

static int finish(const struct cli *cli, struct client *client, const json_t *job, const char *file,
                  const struct output *output)
{
    const json_t *problem = json_object_get(job, "problem");
    struct error err;

    if (problem) {
        const char *en = json_text_of(problem, "detail");
        const char *zh = json_text_of(problem, "detail_zh");
        const char *rule = json_text_of(problem, "rule");

        error_set_both(&err, ERR_REFUSED, rule ? rule : "cli.job", "%s%.0s", "%.0s%s", en ? en : "failed",
                       zh   ? zh
                       : en ? en
                            : "失败");
        if (cli->prints_json)
            print_problem(problem, &err, cli, file);
        return cli_fail(cli, &err);
    }
    if (!print_report(client, json_text_of(job, "job"), output, &err))
        return cli_fail(cli, &err);
    return (int)json_integer_of(json_object_get(job, "result"), "exit", CLI_OK);
}

static void job_path(const struct cli *cli, const char *kind, const json_t *arguments, const char *file,
                     struct buf *path)
{
    const char *name;
    json_t *value;

    buf_addf(path, "/admin/v1/jobs/%s?lang=%s", kind, cli->lang);
    if (!file)
        return;
    buf_add_text(path, "&file=");
    client_escape(path, file_name(file));
    json_object_foreach((json_t *)arguments, name, value) /* only reads */
    {
        if (!json_is_string(value))
            continue;
        buf_addf(path, "&%s=", name);
        client_escape(path, json_string_value(value));
    }
}

static int order_and_wait(const struct cli *cli, const char *kind, const json_t *arguments, const char *file,
                          const struct output *output)
{
    AUTO(client_free) struct client *client = NULL;
    AUTO(json_release) json_t *order = NULL;
    AUTO(json_release) json_t *job = NULL;
    AUTO(buf_done) struct buf path = BUF_INIT;
    struct error err;
    const char *id;

    job_path(cli, kind, arguments, file, &path);
    if (!client_new(cli, &client, &err))
        return cli_fail(cli, &err);
    if (file ? !client_post_file(client, path.data, file, &order, &err)
             : !client_post_json(client, path.data, arguments, &order, &err))
        return cli_fail(cli, &err);
    id = json_text_of(order, "job");
    if (!id) {
        error_set(&err, ERR_INTERNAL, "the gateway named no job");
        return cli_fail(cli, &err);
    }
    if (!wait_for(cli, client, id, &job, &err))
        return cli_fail(cli, &err);
    return finish(cli, client, job, file, output);
}

int client_job(const struct cli *cli, const char *kind, const json_t *arguments, const char *file)
{
    const struct output output = {cli->prints_json ? "json" : "text", stdout};

    return order_and_wait(cli, kind, arguments, file, &output);
}

int client_job_to(const struct cli *cli, const char *kind, const json_t *arguments, const char *format, FILE *to)
{
    const struct output output = {format, to};

    return order_and_wait(cli, kind, arguments, NULL, &output);
}
