#include "gateway/jobs/folder.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "keys/digest.h"

enum { TIME_DIGITS = 17, RANDOM_BYTES = 7, ID_LENGTH = TIME_DIGITS + 1 + 2 * RANDOM_BYTES };
_Static_assert((int)ID_LENGTH < (int)JOB_ID_BYTES, "an id fits");

void folder_id_new(int64_t now_ms, char id[JOB_ID_BYTES])
{
    AUTO(buf_done) struct buf random = BUF_INIT;
    uint8_t bytes[RANDOM_BYTES];
    int64_t in_day = now_ms - day_start_ms(day_of_instant(now_ms));
    int year, month, day;

    random_bytes(bytes, sizeof bytes);
    hex_add(&random, bytes, sizeof bytes);
    day_to_civil(day_of_instant(now_ms), &year, &month, &day);
    snprintf(id, JOB_ID_BYTES, "%04u%02u%02u%02u%02u%02u%03u-%s", (unsigned)year % 10000U, (unsigned)month % 100U,
             (unsigned)day % 100U, (unsigned)(in_day / 3600000) % 100U, (unsigned)(in_day / 60000 % 60),
             (unsigned)(in_day / 1000 % 60), (unsigned)(in_day % 1000), random.data);
}

bool folder_id_is_valid(const char *id)
{
    if (strnlen(id, JOB_ID_BYTES) != ID_LENGTH || strspn(id, "0123456789") < TIME_DIGITS || id[TIME_DIGITS] != '-')
        return false;
    return strspn(id + TIME_DIGITS + 1, "0123456789abcdef") == (size_t)2 * RANDOM_BYTES;
}

char *folder_jobs(const struct config *config)
{
    return config_state_path(config, "jobs");
}

char *folder_path(const struct config *config, const char *id)
{
    AUTO(text_free) char *jobs = folder_jobs(config);

    return path_join(jobs, id);
}

char *folder_file(const struct config *config, const char *id, const char *name)
{
    AUTO(text_free) char *folder = folder_path(config, id);

    return path_join(folder, name);
}

bool folder_has(const struct config *config, const char *id, const char *name)
{
    AUTO(text_free) char *path = folder_file(config, id, name);

    return file_exists(path);
}

bool folder_read(const struct config *config, const char *id, const char *name, struct buf *out, struct error *err)
{
    AUTO(text_free) char *path = NULL;
    struct error why = {.code = ERR_NONE};

    if (folder_id_is_valid(id)) {
        path = folder_file(config, id, name);
        if (file_read(path, JOB_SPEC_BYTES_MAX, out, &why))
            return true;
    }
    if (!path || why.code == ERR_NOT_FOUND)
        return refuse(err, ERR_NOT_FOUND, "job.unknown", "%.40s: there is no such job", "%.40s：没有这个任务", id);
    if (err)
        *err = why;
    return false;
}

bool folder_write(const struct config *config, const char *id, const char *name, struct span bytes, struct error *err)
{
    AUTO(text_free) char *path = folder_file(config, id, name);

    return file_write(path, bytes, JOB_FILE_MODE, err);
}

bool folder_spec_load(const struct config *config, const char *id, struct folder_spec *out, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct folder_spec spec = {.json = NULL};
    struct error why;

    if (!folder_read(config, id, "spec.json", &text, err))
        return false;
    if (!json_read(buf_span(&text), JOB_SPEC_BYTES_MAX, &spec.json, &why))
        return refuse(err, ERR_CORRUPT, "job.spec", "the order of job %s is damaged: %s",
                      "任务 %s 的指令文件已损坏：%s", id, why.text);
    spec.kind = json_text_of(spec.json, "kind");
    spec.person = json_text_of(spec.json, "person");
    spec.lang = json_text_of(spec.json, "lang");
    spec.arguments = json_object_get(spec.json, "arguments");
    if (!spec.kind || !spec.person || !spec.lang || !json_is_object(spec.arguments)) {
        folder_spec_done(&spec);
        return refuse(err, ERR_CORRUPT, "job.spec", "the order of job %s is damaged", "任务 %s 的指令文件已损坏", id);
    }
    *out = spec;
    return true;
}

void folder_spec_done(struct folder_spec *spec)
{
    json_decref(spec->json);
    *spec = (struct folder_spec){.json = NULL};
}

static void text_add(struct buf *out, const char *before, const char *text)
{
    AUTO(buf_done) struct buf shown = BUF_INIT; /* a sentence may quote a stranger, cut anywhere */

    buf_add_text(out, before);
    text_shown_add(&shown, span_of(text));
    if (text)
        json_string_add(out, buf_span(&shown));
    else
        buf_add_text(out, "null");
}

static void problem_add(const struct error *problem, struct buf *out)
{
    text_add(out, ",\"problem\":{\"detail\":", problem->text);
    text_add(out, ",\"detail_zh\":", problem->zh[0] ? problem->zh : NULL);
    text_add(out, ",\"rule\":", problem->rule[0] ? problem->rule : NULL);
    buf_addf(out, ",\"status\":%d", error_info(problem->code)->http_status);
    text_add(out, ",\"title\":", error_info(problem->code)->name);
    buf_add_byte(out, '}');
}

void folder_answer_add(const char *id, const struct folder_spec *spec, const struct folder_answer *answer,
                       struct buf *out)
{
    text_add(out, "{\"job\":", id);
    text_add(out, ",\"kind\":", spec ? spec->kind : NULL);
    text_add(out, ",\"person\":", spec ? spec->person : NULL);
    text_add(out, ",\"state\":", answer->state);
    json_count_add(out, ",\"done\":", answer->done);
    json_count_add(out, ",\"of\":", answer->of);
    if (answer->result.bytes > 0) {
        buf_add_text(out, ",\"result\":");
        buf_add_span(out, answer->result);
    }
    if (answer->problem)
        problem_add(answer->problem, out);
    buf_add_text(out, "}\n");
}
