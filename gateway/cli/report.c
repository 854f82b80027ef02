#include "gateway/cli/report.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "gateway/cli/client.h"

static const char *const REPORTS[] = {"exits", "lists", "summary", "quality", "lookups"};

static bool take_name(const json_t *arguments, struct buf *kind, struct error *err)
{
    const char *name = cli_id(arguments, 0);

    for (size_t i = 0; i < COUNT_OF(REPORTS); i++) {
        if (strcmp(name, REPORTS[i]) == 0) {
            buf_addf(kind, "report-%s", name);
            return true;
        }
    }
    return refuse(err, ERR_INVALID, "cli.word", "there is no report \"%.40s\": exits, lists, summary, quality, lookups",
                  "没有“%.40s”这种报表：exits、lists、summary、quality、lookups", name);
}

static bool check_output(const char *format, const char *file, struct error *err)
{
    return *file || strcmp(format, "xlsx") != 0 ||
           refuse(err, ERR_INVALID, "cli.out", "a workbook is written to a file: --out FILE",
                  "xlsx 须写入文件：--out 文件");
}

/* Only a whole report gets the name. */
static int into_file(const struct cli *cli, const char *kind, const json_t *arguments, const char *format,
                     const char *file)
{
    AUTO(buf_done) struct buf part = BUF_INIT;
    mode_t before = umask(077);
    struct error err;
    FILE *to;
    int exit;

    buf_addf(&part, "%s.part", file);
    to = fopen(part.data, "we");
    umask(before);
    if (!to) {
        file_error_set(&err, part.data, "cannot create");
        return cli_fail(cli, &err);
    }
    exit = client_job_to(cli, kind, arguments, format, to);
    if (exit == CLI_OK && (fflush(to) != 0 || fsync(fileno(to)) != 0 || rename(part.data, file) != 0)) {
        file_error_set(&err, file, "cannot write");
        exit = cli_fail(cli, &err);
    }
    fclose(to);
    if (exit != CLI_OK)
        unlink(part.data);
    return exit;
}

int report_run(struct cli *cli, json_t *arguments)
{
    AUTO(buf_done) struct buf kind = BUF_INIT;
    AUTO(text_free) char *format = NULL;
    AUTO(text_free) char *file = memory_copy_text(cli_text(arguments, "out"));
    struct error err;

    format = memory_copy_text(*cli_text(arguments, "format") ? cli_text(arguments, "format")
                              : cli->prints_json             ? "json"
                                                             : "text");
    if (!take_name(arguments, &kind, &err) || !check_output(format, file, &err))
        return cli_fail(cli, &err);
    json_object_del(arguments, "format");
    json_object_del(arguments, "out");
    json_object_set_new(arguments, "ids", json_array());
    return *file ? into_file(cli, buf_text(&kind), arguments, format, file)
                 : client_job_to(cli, buf_text(&kind), arguments, format, stdout);
}
