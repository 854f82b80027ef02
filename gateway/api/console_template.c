/* GET /console/api/template: an empty register to fill in. */
#include "base/text.h"
#include "gateway/api/console.h"
#include "gateway/jobs/template.h"

void console_template(struct visit *visit)
{
    struct http_reply *reply = visit->reply;
    struct error err;

    if (!template_write(visit->api->config, visit->person->lang, &reply->body, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    reply->content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    http_reply_header(reply, "Content-Disposition", "attachment; filename=\"register.xlsx\"");
}
