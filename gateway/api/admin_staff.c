/* /admin/v1/staff: how people sign in to the console. What may be done to an account is the door's business
 * (gateway/door/staff.h); names, titles and roles are the configuration's. */
#include <string.h>

#include "base/json.h"
#include "gateway/api/console.h"

enum { BODY_BYTES_MAX = 4096 };

static const struct {
    const char *word;
    enum door_ask ask;
} ASKS[] = {{"/invite", DOOR_INVITE},
            {"/reset", DOOR_RESET},
            {"/suspend", DOOR_SUSPEND},
            {"/resume", DOOR_RESUME},
            {"/sign-out", DOOR_END}};

/* "/NAME/WORD"; false: there is nothing at this path. */
static bool take_path(struct span rest, struct door_question *question)
{
    if (!visit_segment(&rest, &question->field[DOOR_ACCOUNT]))
        return false;
    for (size_t i = 0; i < COUNT_OF(ASKS); i++) {
        if (!span_is(rest, ASKS[i].word))
            continue;
        question->ask = ASKS[i].ask;
        return true;
    }
    return false;
}

static bool take_body(const struct visit *visit, json_t **body, struct door_question *question, struct error *err)
{
    const char *reason, *seen;

    if (!json_read(visit->request->body, BODY_BYTES_MAX, body, err))
        return fail_in(err, "body");
    reason = json_text_of(*body, "reason");
    seen = json_text_of(*body, "seen");
    if (!json_is_object(*body) || json_object_size(*body) > (size_t)(reason ? 1 : 0) + (seen ? 1 : 0))
        return refuse(err, ERR_INVALID, "body.form",
                      "the body is an object with the texts \"reason\" and \"seen\" at most",
                      "请求正文应为对象，至多含文本 \"reason\" 和 \"seen\"");
    if (reason)
        question->field[DOOR_REASON] = span_of(reason);
    if (seen)
        question->field[DOOR_SEEN] = span_of(seen);
    return true;
}

static void ask(struct visit *visit, const struct door_question *question)
{
    const struct door_answer *answer;
    struct span text;

    if (!console_ask_door(visit, question, &answer, &text))
        return;
    if (answer->why.code != ERR_NONE) {
        visit_refuse(visit, &answer->why);
    } else if (text.bytes > 0) {
        buf_add_span(&visit->reply->body, text);
    } else {
        buf_add_text(&visit->reply->body, "{\"account\":");
        json_string_add(&visit->reply->body, question->field[DOOR_ACCOUNT]);
        buf_add_byte(&visit->reply->body, '}');
    }
    console_asked(visit, visit->request->early_key);
}

static void change(struct visit *visit)
{
    AUTO(json_release) json_t *body = NULL;
    struct door_question question = {.from = visit->request->peer->address};
    struct error err;

    question.field[DOOR_BY] = span_of(visit->person->name);
    if (!take_path(visit->rest, &question)) {
        visit_not_found(visit);
        return;
    }
    if (!admin_has_role(visit, ROLE_ADMINISTRATOR))
        return;
    if (!take_body(visit, &body, &question, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    ask(visit, &question);
}

void admin_staff(struct visit *visit)
{
    static const char *const NO_QUERY[] = {NULL};
    struct door_question list = {.ask = DOOR_LIST};

    if (!visit_takes(visit, NO_QUERY))
        return;
    if (visit->rest.bytes > 0) {
        if (visit_is_post(visit))
            change(visit);
        return;
    }
    if (visit_is_get(visit) && admin_has_role(visit, ROLE_ADMINISTRATOR | ROLE_AUDITOR))
        ask(visit, &list);
}

bool admin_staff_admits(struct visit *visit)
{
    return visit_is_post(visit) && admin_has_role(visit, ROLE_ADMINISTRATOR);
}
