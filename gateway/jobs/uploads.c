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

static bool imports(const char *kind)
{
    return strcmp(kind, "import-checked") == 0;
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

/* {"LINE COLUMN": value} of corrections: their order says nothing. */
static json_t *corrections_map(const json_t *list)
{
    json_t *map = json_object();
    json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        AUTO(buf_done) struct buf key = BUF_INIT;
        const char *column = json_text_of(item, "column");

        buf_addf(&key, "%lld %s", (long long)json_integer_of(item, "line", 0), column ? column : "");
        json_object_set(map, buf_text(&key), json_object_get(item, "value"));
    }
    return map;
}

static bool is_done(const struct config *config, const char *id)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(json_release) json_t *answer = NULL;
    struct error why = {.code = ERR_NONE};
    const char *state;

    if (!folder_read(config, id, "result.json", &text, &why) ||
        !json_read(buf_span(&text), JOB_ANSWER_BYTES_MAX, &answer, &why))
        return false;
    state = json_text_of(answer, "state");
    return state && strcmp(state, "done") == 0;
}

/* What goes into the journal is what a person saw judged: the same file, the same corrections. */
static bool check_seen(const struct config *config, const struct job_order *order, const char *from, const char *seen,
                       struct error *err)
{
    AUTO(folder_spec_done) struct folder_spec spec = {.json = NULL};
    AUTO(json_release) json_t *given = NULL;
    AUTO(json_release) json_t *looked = NULL;

    if (!load_looked(config, order, seen, &spec, err))
        return false;
    if (strcmp(from, seen) != 0 && strcmp(argument_text(spec.arguments, "from"), from) != 0)
        return refuse(err, ERR_CONFLICT, "import.other-file",
                      "what was seen was the preview of another file: check this file, then import it",
                      "所见的预览属于另一个文件：请先检查本文件，再导入");
    given = corrections_map(json_object_get(order->arguments, "corrections"));
    looked = corrections_map(json_object_get(spec.arguments, "corrections"));
    return (is_done(config, seen) && json_equal(given, looked)) ||
           refuse(err, ERR_CONFLICT, "import.other-corrections",
                  "the corrections are not those that were checked last: check again, then import",
                  "更正内容与最近一次检查时的不同：请重新检查，再导入");
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
    if (imports(order->kind) && !check_seen(config, order, from, *seen ? seen : from, err))
        return false;
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
