/* /admin/v1/: who is asking, and may they. The operating system says who is at the other end of the Unix socket; what a
 * person may do is the configuration's business. */
#include <stdio.h>
#include <string.h>

#include "gateway/api/api_internal.h"
#include "gateway/jobs/jobs.h"

static const char *const NO_QUERY[] = {NULL};

static const struct {
    enum staff_role role;
    const char *name;
} ROLES[] = {
    {ROLE_OPERATOR, "operator"},
    {ROLE_REVIEWER, "reviewer"},
    {ROLE_AUDITOR, "auditor"},
    {ROLE_ADMINISTRATOR, "administrator"},
};

static void roles_add(unsigned roles, struct buf *out)
{
    const char *comma = "";

    for (size_t i = 0; i < COUNT_OF(ROLES); i++) {
        if (!(roles & ROLES[i].role))
            continue;
        buf_addf(out, "%s%s", comma, ROLES[i].name);
        comma = ", ";
    }
}

static bool find_person(struct visit *visit)
{
    const struct config *config = visit->api->config;
    unsigned uid = visit->request->peer->uid;
    struct error err;

    if (visit->person) /* by his session: console.h */
        return true;
    if (visit->request->peer->is_local)
        visit->person = config_person_of_uid(config, uid);
    if (visit->person)
        return true;
    error_set_both(&err, ERR_FORBIDDEN, "staff.unknown",
                   "user id %u is not on the staff: add it under \"staff\" in %s and restart the gateway, for example "
                   "- {name: somebody, uid: %u, roles: operator}",
                   "用户号 %u 不在工作人员名单中：请在 %s 的 staff 下添加并重启网关，例如 - {name: somebody, uid: %u, "
                   "roles: operator}",
                   uid, config->path, uid);
    visit_refuse(visit, &err);
    return false;
}

bool admin_has_role(const struct visit *visit, unsigned roles)
{
    AUTO(buf_done) struct buf needed = BUF_INIT;
    struct error err;

    if (visit->person->roles & roles)
        return true;
    roles_add(roles, &needed);
    error_set_both(&err, ERR_FORBIDDEN, "staff.role", "%s lacks the role for this: one of %s",
                   "%s 没有所需角色：%s 之一", visit->person->name, buf_text(&needed));
    visit_refuse(visit, &err);
    return false;
}

void admin_whoami(struct visit *visit)
{
    const struct config_person *person = visit->person;
    struct buf *body = &visit->reply->body;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NO_QUERY))
        return;
    buf_add_text(body, "{\"lang\":");
    json_string_add(body, span_of(person->lang));
    buf_add_text(body, ",\"name\":");
    json_string_add(body, span_of(person->name));
    buf_add_text(body, ",\"roles\":[");
    for (size_t i = 0, told = 0; i < COUNT_OF(ROLES); i++) {
        if (person->roles & ROLES[i].role)
            buf_addf(body, "%s\"%s\"", told++ ? "," : "", ROLES[i].name);
    }
    buf_add_text(body, "],\"title\":");
    json_string_add(body, span_of(person->title));
    if (person->uid == CONFIG_UID_NONE)
        buf_add_text(body, ",\"uid\":null}");
    else
        buf_addf(body, ",\"uid\":%lld}", (long long)person->uid);
}

static const struct {
    const char *prefix;
    void (*handle)(struct visit *visit);
} ROUTES[] = {
    {"/jobs", admin_jobs},       {"/status", admin_status}, {"/records", admin_records},
    {"/trace", admin_trace},     {"/whoami", admin_whoami}, {"/names", admin_names},
    {"/clients", admin_clients}, {"/staff", admin_staff},   {"/keys", admin_keys},
};

void admin_handle(struct visit *visit)
{
    if (!find_person(visit))
        return;
    for (size_t i = 0; i < COUNT_OF(ROUTES); i++) {
        size_t bytes = strlen(ROUTES[i].prefix);
        struct span rest = {visit->rest.at + bytes, visit->rest.bytes - bytes};

        if (!span_starts(visit->rest, ROUTES[i].prefix) || (rest.bytes && rest.at[0] != '/'))
            continue;
        visit->rest = rest;
        ROUTES[i].handle(visit);
        return;
    }
    visit_not_found(visit);
}

bool admin_admits(struct visit *visit)
{
    if (!find_person(visit))
        return false;
    if (span_starts(visit->rest, "/jobs"))
        return admin_jobs_admits(visit);
    if (span_starts(visit->rest, "/staff"))
        return admin_staff_admits(visit);
    return visit_is_get(visit);
}
