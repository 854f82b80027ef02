#include "gateway/jobs/uploads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/jobs/kinds.h"

bool uploads_keeps(const char *kind)
{
    return strcmp(kind, "import-check") == 0;
}

bool uploads_uses(const char *kind)
{
    return strcmp(kind, "import-recheck") == 0 || strcmp(kind, "import-checked") == 0;
}

static bool refuse_gone(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "import.gone",
                  "the file of this preview is not kept any more (a day, and the last %d): choose it again",
                  "这次预览的文件已不再保留（最多一天，且只保留最近 %d 次）：请重新选择文件", (int)UPLOADS_KEPT_MAX);
}

/* An order of this very person that looked at a file. */
static bool load_looked(const struct config *config, const struct job_order *order, const char *id,
                        struct folder_spec *spec, struct error *err)
{
    struct error why = {.code = ERR_NONE};

    if (!folder_id_is_valid(id) || !folder_has(config, id, "result.json"))
        return refuse_gone(err);
    if (!folder_spec_load(config, id, spec, &why))
        return why.code == ERR_NOT_FOUND ? refuse_gone(err) : fail(err, why.code, "%s", why.text);
    if (!uploads_keeps(spec->kind) && !uploads_uses(spec->kind))
        return refuse_gone(err);
    return strcmp(spec->person, order->person) == 0 ||
           refuse(err, ERR_FORBIDDEN, "import.person", "%s may not go on with what somebody else looked at",
                  "%s 不能继续办理他人的预览", order->person);
}

static bool find_since(const struct config *config, const struct job_order *order, const char *seen, json_t *arguments,
                       struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(json_release) json_t *start = NULL;
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct error why = {.code = ERR_NONE};
    char number[24];

    if (!load_looked(config, order, seen, &spec, err))
        return false;
    if (!folder_read(config, seen, "start.json", &text, &why) ||
        !json_read(buf_span(&text), JOB_ANSWER_BYTES_MAX, &start, &why))
        return refuse_gone(err);
    snprintf(number, sizeof number, "%lld", (long long)json_integer_of(start, "since", 0));
    return json_object_set_new(arguments, "since", json_string(number)) == 0 || fail(err, ERR_INTERNAL, "memory");
}

/* As the file's own order had it; else as if nothing was said. */
static void take_over(const json_t *from, const char *name, json_t *arguments)
{
    json_t *value = json_object_get(from, name);

    if (value)
        json_object_set(arguments, name, value);
    else
        json_object_del(arguments, name);
}

bool uploads_adopt(const struct config *config, const struct job_order *order, json_t **arguments, struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(json_release) json_t *adopted = json_copy(order->arguments);
    const char *from = argument_text(order->arguments, "from");
    const char *seen = argument_text(order->arguments, "seen");

    if (!load_looked(config, order, from, &spec, err))
        return false;
    if (!uploads_keeps(spec.kind) || !folder_has(config, from, "input"))
        return refuse_gone(err);
    take_over(spec.arguments, "file", adopted);
    take_over(spec.arguments, "on", adopted);
    if (!find_since(config, order, *seen ? seen : from, adopted, err))
        return false;
    *arguments = TAKE(adopted);
    return true;
}

bool uploads_link(const struct config *config, const char *from, const char *path, struct error *err)
{
    AUTO(text_free) char *input = folder_file(config, from, "input");

    if (linkat(AT_FDCWD, input, AT_FDCWD, path, 0) == 0)
        return true;
    return errno == ENOENT ? refuse_gone(err) : file_fail(err, path, "cannot link");
}

bool uploads_remove(const struct config *config, const char *id, struct error *err)
{
    AUTO(text_free) char *input = folder_file(config, id, "input");

    return unlink(input) == 0 || errno == ENOENT || file_fail(err, input, "cannot remove");
}
