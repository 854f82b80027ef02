#include "gateway/api/batch_body.h"

#include <string.h>

#include "base/text.h"
#include "gateway/api/asking.h"
#include "gateway/api/batch_scan.h"
#include "gateway/names/names_normal.h"

static void clear(struct batch_body *body)
{
    json_release(body->kept);
    body->kept = NULL;
    buf_clear(&body->digits);
    body->purpose = body->matter = body->case_number = SPAN_NONE;
    body->authorisation = body->operator= body->department = body->as_of = SPAN_NONE;
    body->count = 0;
    body->is_form_good = false;
    body->are_subjects_good = false;
}

void batch_body_done(struct batch_body *body)
{
    clear(body);
    buf_done(&body->digits);
}

static bool refuse_body(struct error *err, const char *where, const char *what_en, const char *what_zh)
{
    return refuse(err, ERR_INVALID, "batch.body", "%s: %s%.0s", "%s：%.0s%s", where, what_en, what_zh);
}

/* --- as JSON --- */

/* A text member; absent: empty. */
static bool take_text(const json_t *body, const char *name, struct span *text, struct error *err)
{
    const json_t *value = json_object_get(body, name);

    if (!value)
        return true;
    if (!json_is_string(value))
        return refuse_body(err, name, "must be a text", "应为文本");
    *text = (struct span){json_string_value(value), json_string_length(value)};
    return true;
}

/* Names that are not in the list are refused: a misspelt one would change what is asked. */
static bool check_names(const json_t *object, const char *const *names, const char *where, struct error *err)
{
    json_t *members = (json_t *)object; /* walking changes nothing */
    const json_t *value;
    const char *name;

    json_object_foreach(members, name, value)
    {
        size_t i = 0;

        while (names[i] && strcmp(names[i], name) != 0)
            i++;
        if (!names[i]) {
            struct span bad = utf8_cut(span_of(name), ASKED_MAX);

            return refuse(err, ERR_INVALID, "query.unknown", "%s: the member \"%.*s\" is not known here",
                          "%s：字段“%.*s”不可识别", where, (int)bad.bytes, bad.at);
        }
    }
    return true;
}

/* Until the first that is no text. */
static bool hear(struct batch_body *body, const json_t *json, struct error *err)
{
    return take_text(json, "purpose", &body->purpose, err) && take_text(json, "matter", &body->matter, err) &&
           take_text(json, "case", &body->case_number, err) &&
           take_text(json, "authorisation", &body->authorisation, err) &&
           take_text(json, "operator", &body->operator, err) && take_text(json, "department", &body->department, err);
}

/* An integer or its digits is a sequence, a text else a day. */
static bool take_as_of(struct batch_body *body, const json_t *json, struct error *err)
{
    const json_t *value = json_object_get(json, "as_of");

    if (!json_is_integer(value))
        return take_text(json, "as_of", &body->as_of, err);
    buf_addf(&body->digits, "%lld", (long long)json_integer_value(value));
    body->as_of = buf_span(&body->digits);
    return true;
}

static bool take_form(struct batch_body *body, const json_t *json, struct error *err)
{
    static const char *const NAMES[] = {"purpose", "matter",   "case", "authorisation", "operator", "department",
                                        "as_of",   "subjects", NULL};
    struct error later;
    bool is_heard = hear(body, json, &later);

    if (!json_is_object(json))
        return refuse_body(err, "/", "must be an object", "应为对象");
    if (!check_names(json, NAMES, "/", err))
        return false;
    if (!is_heard)
        *err = later;
    return is_heard && take_as_of(body, json, err);
}

/* What is wrong with one subject's form is wrong with the question: nobody can tell what was meant. */
static bool take_subject(const json_t *item, struct batch_subject *subject, struct error *err)
{
    static const char *const NAMES[] = {"uscc", "name", "authorisation", NULL};

    *subject = (struct batch_subject){SPAN_NONE, SPAN_NONE, SPAN_NONE};
    if (!json_is_object(item))
        return refuse_body(err, "subjects", "each must be an object", "各项应为对象");
    if (!check_names(item, NAMES, "subjects", err) || !take_text(item, "uscc", &subject->uscc, err) ||
        !take_text(item, "name", &subject->name, err) ||
        !take_text(item, "authorisation", &subject->authorisation, err))
        return false;
    if ((json_object_get(item, "uscc") == NULL) == (json_object_get(item, "name") == NULL))
        return refuse_body(err, "subjects", "each has either uscc or name", "各项须且只须给出 uscc 或 name");
    return true;
}

/* Texts that are kept in the trace. */
static bool check_texts(const struct batch_subject *subject, struct error *err)
{
    return asking_check_text("authorisation", subject->authorisation, AUTHORISATION_BYTES_MAX, err) &&
           asking_check_text("name", subject->name, NAME_BYTES_MAX, err);
}

static bool take_subjects(struct batch_body *body, const json_t *json, struct error *err)
{
    const json_t *subjects = json_object_get(json, "subjects");
    size_t count = json_array_size(subjects);

    if (!json_is_array(subjects) || count == 0)
        return refuse_body(err, "subjects", "must be a list of at least one subject", "应为至少一项的列表");
    if (count > BATCH_SUBJECTS_MAX)
        return refuse(err, ERR_LIMIT, "batch.subjects", "at most %d subjects in one question, these are %zu",
                      "每次查询至多 %d 个主体，现为 %zu 个", BATCH_SUBJECTS_MAX, count);
    for (size_t i = 0; i < count; i++) {
        if (!take_subject(json_array_get(subjects, i), &body->subjects[i], err) ||
            !check_texts(&body->subjects[i], err))
            return fail_in(err, "%zu", i);
    }
    body->count = count;
    return true;
}

void batch_body_read_slowly(struct batch_body *body, struct span text)
{
    struct error why;

    clear(body);
    if (!json_read(text, text.bytes, &body->kept, &why)) {
        (void)refuse_body(&body->form, "JSON", why.text, "请求正文不是有效的 JSON");
        return;
    }
    body->is_form_good = take_form(body, body->kept, &body->form);
    body->are_subjects_good = body->is_form_good && take_subjects(body, body->kept, &body->subjects_form);
}

/* --- by its shape --- */

static bool check_scanned(struct batch_body *body, struct error *err)
{
    for (size_t i = 0; i < body->count; i++) {
        const struct batch_subject *subject = &body->subjects[i];

        if ((subject->name.at || subject->authorisation.at) && !check_texts(subject, err))
            return fail_in(err, "%zu", i);
    }
    return true;
}

void batch_body_read(struct batch_body *body, struct span text)
{
    clear(body);
    if (!batch_scan(body, text)) {
        batch_body_read_slowly(body, text);
        return;
    }
    body->is_form_good = true;
    body->are_subjects_good = check_scanned(body, &body->subjects_form);
}

bool batch_body_check(const struct batch_body *body, struct error *err)
{
    if (!body->is_form_good)
        *err = body->form;
    return body->is_form_good;
}

bool batch_body_check_subjects(const struct batch_body *body, struct error *err)
{
    if (!body->are_subjects_good)
        *err = body->subjects_form;
    return body->are_subjects_good;
}
