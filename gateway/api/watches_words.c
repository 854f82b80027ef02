/* What a client sends about its watch lists: checked, sorted, each code once. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "gateway/api/watches.h"
#include "keys/digest.h"

enum { BODY_BYTES_MAX = 256 * 1024 };

void watches_words_done(struct watches_words *words)
{
    json_decref(words->json);
    free(words->subjects);
    free(words->removed);
    *words = (struct watches_words){.json = NULL};
}

static bool has_only(const json_t *object, const char *const *names, struct error *err)
{
    const char *name;
    const json_t *value;

    if (!json_is_object(object))
        return refuse(err, ERR_INVALID, "watch.form", "the body is a JSON object", "正文应为 JSON 对象");
    json_object_foreach((json_t *)object, name, value)
    {
        size_t i = 0;

        while (names[i] && strcmp(name, names[i]) != 0)
            i++;
        if (!names[i])
            return refuse(err, ERR_INVALID, "watch.form", "the member \"%.40s\" is not known here",
                          "成员“%.40s”不可识别", name);
    }
    return true;
}

static int by_code(const void *a, const void *b)
{
    return memcmp(((const struct span *)a)->at, ((const struct span *)b)->at, WATCH_SUBJECT_BYTES);
}

/* A code that stands there twice counts once. */
static bool read_codes(const json_t *object, const char *name, struct span **list, size_t *count, struct error *err)
{
    const json_t *codes = json_object_get(object, name);
    const json_t *item;
    size_t kept = 0;
    size_t i;

    *count = 0;
    if (!codes)
        return true;
    if (!json_is_array(codes))
        return refuse(err, ERR_INVALID, "watch.form", "%s is a list of codes", "%s 应为统一社会信用代码的列表", name);
    if (json_array_size(codes) > WATCH_SUBJECTS_EVENT_MAX)
        return refuse(err, ERR_LIMIT, "watch.subjects-at-once", "%s has more than %d codes: send the rest afterwards",
                      "%s 超过 %d 个：请分次提交", name, WATCH_SUBJECTS_EVENT_MAX);
    *list = memory_new((json_array_size(codes) + 1) * sizeof **list);
    json_array_foreach(codes, i, item)
    {
        struct span code = {json_string_value(item), json_string_length(item)};

        if (!json_is_string(item))
            return refuse(err, ERR_INVALID, "watch.form", "%s is a list of codes", "%s 应为统一社会信用代码的列表",
                          name);
        if (!lookup_check_code(code, err))
            return fail_in(err, "%s[%zu]", name, i);
        (*list)[(*count)++] = code;
    }
    qsort(*list, *count, sizeof **list, by_code);
    for (i = 0; i < *count; i++) {
        if (kept == 0 || by_code(&(*list)[kept - 1], &(*list)[i]) != 0)
            (*list)[kept++] = (*list)[i];
    }
    *count = kept;
    return true;
}

static bool read_body(struct span body, const char *const *names, struct watches_words *out, struct error *err)
{
    AUTO(buf_done) struct buf canonical = BUF_INIT;
    AUTO(buf_done) struct buf hex = BUF_INIT;
    uint8_t digest[32];

    if (!json_read(body, BODY_BYTES_MAX, &out->json, err) || !has_only(out->json, names, err) ||
        !json_canonical_add(out->json, &canonical, err))
        return false;
    digest_sha256(buf_span(&canonical), digest);
    hex_add(&hex, digest, sizeof digest);
    memcpy(out->sha256, hex.data, sizeof out->sha256);
    return true;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_text_of(object, name);

    return text && *text && strlen(text) <= WATCH_TEXT_MAX ? text : NULL;
}

bool watches_words_opening(struct span body, struct watches_words *out, struct error *err)
{
    static const char *const NAMES[] = {"domain", "purpose", "subjects", NULL};
    AUTO(watches_words_done) struct watches_words words = {.json = NULL};

    if (!read_body(body, NAMES, &words, err))
        return false;
    words.domain = text_of(words.json, "domain");
    words.purpose = text_of(words.json, "purpose");
    if (!words.domain || !words.purpose)
        return refuse(err, ERR_INVALID, "watch.form", "domain and purpose are texts of 1 to %d bytes, see /v1/domains",
                      "domain 和 purpose 应为 1 至 %d 字节的文本，见 /v1/domains", WATCH_TEXT_MAX);
    if (!read_codes(words.json, "subjects", &words.subjects, &words.subject_count, err))
        return false;
    *out = words;
    words = (struct watches_words){.json = NULL};
    return true;
}

static bool check_apart(const struct watches_words *words, struct error *err)
{
    for (size_t i = 0; i < words->removed_count; i++) {
        if (words->subject_count > 0 &&
            bsearch(&words->removed[i], words->subjects, words->subject_count, sizeof *words->subjects, by_code))
            return refuse(err, ERR_INVALID, "watch.form", "%.*s is to be added and removed", "%.*s 同时要求加入和移除",
                          (int)words->removed[i].bytes, words->removed[i].at);
    }
    return true;
}

bool watches_words_change(struct span body, struct watches_words *out, struct error *err)
{
    static const char *const NAMES[] = {"add", "remove", NULL};
    AUTO(watches_words_done) struct watches_words words = {.json = NULL};

    if (!read_body(body, NAMES, &words, err) ||
        !read_codes(words.json, "add", &words.subjects, &words.subject_count, err) ||
        !read_codes(words.json, "remove", &words.removed, &words.removed_count, err) || !check_apart(&words, err))
        return false;
    *out = words;
    words = (struct watches_words){.json = NULL};
    return true;
}
