/* POST /console/api/lookup: a person of the staff sees what an outside system would be told, by the very code that
 * answers it (asking.c, gateway/lookup), as one of the configured clients or as one of a kind.
 *
 * It is a lookup and leaves what a lookup leaves: an entry in the trace under the person's name, of kind "staff", with
 * the reason he gave and as whom he asked, durable before the answer leaves. The domain decides as ever what is shown,
 * which purposes there are, what must come with a question and what is masked; the client's limits are not touched. For
 * who handles records (domain.md 5.5: a lookup needs a purpose that is one's own): operators, reviewers, auditors. An
 * administrator runs the machine, and has no business with enterprises.
 *
 * GET /console/api/domains: what may be asked, and what each purpose wants to know.
 * GET /console/api/lookup/{receipt}: the entry and its proof, for the person who looked up; auditors have the trace. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "gateway/api/asking.h"
#include "gateway/api/console.h"
#include "gateway/api/refused.h"

enum {
    BODY_BYTES_MAX = 8192,
    REASON_BYTES_MAX = 300,
    STATUS_TOO_MANY = 429,
    LOOKERS = ROLE_OPERATOR | ROLE_REVIEWER | ROLE_AUDITOR
};

static const struct {
    const char *name;
    enum client_kind kind;
} KINDS[] = {{"government", CLIENT_GOVERNMENT}, {"lender", CLIENT_LENDER}, {"procurement", CLIENT_PROCUREMENT}};

/* A question under way. */
struct looking {
    struct visit *visit;
    json_t *body;
    struct asking asking;
    struct span uscc;
    struct span reason;
    char receipt[TRACE_RECEIPT_BYTES];
    struct buf as; /* "client NAME" or "kind KIND" */
    /* A client of that kind that no configuration names: any domain, any purpose, scopes as its kind has them. */
    struct config_client config;
    const struct domain *domains[2];
    struct client client;
    /* What comes of it. */
    struct buf answer;
    struct lookup_facts facts;
    uint8_t sha256[32];
    bool is_answered;
};

static void looking_done(struct looking *looking)
{
    asking_end(&looking->asking);
    json_decref(looking->body);
    buf_done(&looking->as);
    buf_done(&looking->answer);
}
DEFINE_AUTO_IN_PLACE(struct looking, looking_done)

/* --- what is asked --- */

static struct span text_of(const struct looking *looking, const char *name)
{
    const json_t *value = json_object_get(looking->body, name);

    return value ? (struct span){json_string_value(value), json_string_length(value)} : SPAN_NONE;
}

static bool is_member(const char *name)
{
    static const char *const NAMES[] = {"domain",        "uscc",  "purpose", "matter", "case",
                                        "authorisation", "as_of", "reason",  "client", "kind"};

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (strcmp(name, NAMES[i]) == 0)
            return true;
    }
    return false;
}

static bool read_body(struct looking *looking, struct error *err)
{
    const char *name;
    json_t *value;

    if (!json_read(looking->visit->request->body, BODY_BYTES_MAX, &looking->body, err))
        return fail_in(err, "body");
    if (!json_is_object(looking->body))
        return refuse(err, ERR_INVALID, "body.form", "the body is a JSON object", "请求正文应为 JSON 对象");
    json_object_foreach(looking->body, name, value)
    {
        if (!is_member(name) || !json_is_string(value))
            return refuse(err, ERR_INVALID, "body.member", "\"%.40s\" is not expected here, or is no text",
                          "此处不应有“%.40s”，或其不是文本", name);
    }
    return true;
}

/* Heard before anything is judged: the trace tells what was asked, also of a question that is refused. */
static void hear(struct looking *looking)
{
    struct asking *asking = &looking->asking;
    struct span as_of = text_of(looking, "as_of");

    looking->uscc = text_of(looking, "uscc");
    looking->reason = span_trim(text_of(looking, "reason"));
    asking->domain_text = text_of(looking, "domain");
    asking->purpose = text_of(looking, "purpose");
    asking->as_of = as_of.bytes > 0 ? as_of : SPAN_NONE;
    asking->given = (struct domain_given){.matter = text_of(looking, "matter"),
                                          .case_number = text_of(looking, "case"),
                                          .authorisation = text_of(looking, "authorisation"),
                                          .department = span_of(looking->visit->person->title)};
}

static bool check_reason(const struct looking *looking, struct error *err)
{
    if (looking->reason.bytes == 0)
        return refuse(err, ERR_INVALID, "lookup.reason", "say why you look this up: it stands in the trace",
                      "请写明查询理由：将记入查询留痕");
    return asking_check_text("reason", looking->reason, REASON_BYTES_MAX, err);
}

/* --- as whom --- */

static bool take_kind(struct looking *looking, struct span kind, struct error *err)
{
    struct client *client = &looking->client;
    static const char *const NONE[] = {NULL};

    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (!span_is(kind, KINDS[i].name))
            continue;
        looking->config = (struct config_client){.name = (char *)KINDS[i].name,
                                                 .kind_text = (char *)KINDS[i].name,
                                                 .kind = KINDS[i].kind,
                                                 .purposes = (char **)(const void *)NONE};
        looking->domains[0] = domains_find(looking->visit->api->domains, looking->asking.domain_text);
        *client =
            (struct client){.config = &looking->config, .name = span_of(KINDS[i].name), .domains = looking->domains};
        looking->asking.client = client;
        buf_addf(&looking->as, "kind %s", KINDS[i].name);
        return true;
    }
    return refuse(err, ERR_INVALID, "lookup.kind",
                  "say as whom: a client's name, or a kind: government, lender, "
                  "procurement",
                  "请说明以谁的身份查询：接入系统名称，或类别 government、lender、procurement");
}

static bool take_client(struct looking *looking, struct error *err)
{
    struct span name = text_of(looking, "client");
    struct span kind = text_of(looking, "kind");

    if ((name.bytes > 0) == (kind.bytes > 0))
        return take_kind(looking, SPAN_NONE, err);
    if (kind.bytes > 0)
        return take_kind(looking, kind, err);
    looking->asking.client = clients_named(looking->visit->api->clients, name);
    name = utf8_cut(name, ASKED_MAX);
    if (!looking->asking.client)
        return refuse(err, ERR_INVALID, "lookup.client", "there is no client \"%.*s\"", "没有接入系统“%.*s”",
                      (int)name.bytes, name.at);
    buf_add_text(&looking->as, "client ");
    buf_add_span(&looking->as, name);
    return true;
}

/* --- the answer --- */

static bool answer(struct looking *looking, struct error *err)
{
    struct asking *asking = &looking->asking;
    struct lookup_question question = asking_question(asking);
    struct store_txn *txn = asking_read(asking, looking->uscc, err);
    bool is_good;

    if (!txn)
        return false;
    question.uscc = looking->uscc;
    question.receipt = looking->receipt;
    question.sha256 = looking->sha256;
    is_good = lookup_by_code(txn, &question, &looking->answer, &looking->facts, err);
    client_end_read(looking->visit->api, asking->client);
    return is_good;
}

static void reply(struct looking *looking)
{
    struct buf *out = &looking->visit->reply->body;

    buf_add_text(out, "{\"answer\":");
    buf_add_span(out, buf_span(&looking->answer));
    buf_add_text(out, ",\"as\":");
    json_string_add(out, buf_span(&looking->as));
    buf_addf(out, ",\"receipt\":\"%s\"}", looking->receipt);
}

/* Under the person: he is no client, and his own certificate, if he has one, asked nothing. */
static void add_trace(const struct looking *looking)
{
    const struct visit *visit = looking->visit;
    struct trace_entry entry = asking_entry(&looking->asking);

    entry.by = span_of(visit->person->name);
    entry.kind = SPAN("staff");
    entry.certificate = NULL;
    entry.reason = utf8_cut(looking->reason, REASON_BYTES_MAX);
    entry.receipt = looking->receipt;
    entry.uscc = utf8_cut(looking->uscc, ASKED_MAX);
    entry.status = visit->reply->status;
    entry.sequence = looking->facts.sequence;
    entry.answer = looking->is_answered ? buf_span(&looking->answer) : buf_span(&visit->reply->body);
    if (looking->is_answered) {
        entry.answer_sha256 = looking->sha256;
        entry.verdict = VERDICT_NAMES[looking->facts.verdict];
        entry.rules = looking->facts.rules;
        entry.shown = buf_span(&visit->api->shown);
    } else {
        refused_fill(visit, &entry);
    }
    trace_add(visit->api->trace, &entry);
}

static bool take_token(const struct visit *visit)
{
    const struct config *config = visit->api->config;
    size_t place = (size_t)(visit->person - config->staff) % STAFF_BUCKETS;
    int64_t now_ns = time_monotonic_ms() * 1000000;
    int64_t wait_ms;
    char seconds[24];
    struct error err;

    if (limits_take(visit->api->desk.limits, LIMITS_STAFF + place, STAFF_PER_MINUTE, now_ns, &wait_ms))
        return true;
    error_set_both(&err, ERR_LIMIT, "lookup.limit", "more than %d lookups a minute: wait a moment",
                   "每分钟最多查询 %d 次：请稍候", (int)STAFF_PER_MINUTE);
    problem_reply_status(visit->reply, STATUS_TOO_MANY, &err, NULL);
    snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + 999) / 1000);
    http_reply_header(visit->reply, "Retry-After", seconds);
    return false;
}

void console_lookup(struct visit *visit)
{
    AUTO(looking_done) struct looking looking = {.visit = visit, .answer = BUF_INIT};
    struct error err;

    if (!admin_has_role(visit, LOOKERS) || !take_token(visit))
        return;
    asking_begin(visit, &looking.asking);
    looking.asking.client = NULL;
    if (!read_body(&looking, &err)) {
        visit_refuse(visit, &err);
        return;
    }
    buf_clear(&visit->api->shown);
    trace_next_receipt(visit->api->trace, looking.receipt);
    hear(&looking);
    looking.is_answered = check_reason(&looking, &err) && take_client(&looking, &err);
    looking.asking.given.operator= buf_span(&looking.as);
    looking.is_answered = looking.is_answered && asking_domain(&looking.asking, &err) &&
                          asking_given(&looking.asking, &err) && answer(&looking, &err);
    if (looking.is_answered)
        reply(&looking);
    else
        problem_reply(visit->reply, &err, looking.receipt);
    add_trace(&looking);
}

void console_lookup_receipt(struct visit *visit)
{
    char receipt[TRACE_RECEIPT_BYTES];
    struct error err;

    if (!admin_has_role(visit, LOOKERS) || !visit_receipt(visit, receipt))
        return;
    if (!receipt_prove(visit->api, receipt, span_of(visit->person->name), &visit->reply->body, &err))
        visit_refuse(visit, &err);
}

void console_domains(struct visit *visit)
{
    struct buf *out = &visit->reply->body;
    const struct domain *domain;

    buf_add_text(out, "{\"domains\":[");
    for (size_t i = 0; (domain = domains_at(visit->api->domains, i)); i++) {
        if (i)
            buf_add_byte(out, ',');
        buf_add_span(out, domain_description(domain));
    }
    buf_add_text(out, "]}");
}
