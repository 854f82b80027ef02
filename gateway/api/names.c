/* GET /v1/names: which companies a name may mean. Asked as lookups are asked, answered with candidates: a verdict is
 * only ever given on a code. The answer comes from another process; until it is there the reply is early, and whatever
 * leaves, an answer or a problem, is in the trace. */
#include "gateway/api/asking.h"
#include "gateway/api/finding.h"
#include "gateway/api/refused.h"
#include "gateway/lookup/domain.h"

enum parameter {
    PARAMETER_Q,
    PARAMETER_DOMAIN,
    PARAMETER_LIMIT,
    PARAMETER_PURPOSE,
    PARAMETER_MATTER,
    PARAMETER_CASE,
    PARAMETER_AUTHORISATION,
    PARAMETER_OPERATOR,
    PARAMETER_DEPARTMENT,
    PARAMETERS
};
static const char *const PARAMETER_NAMES[PARAMETERS + 1] = {"q",    "domain",        "limit",    "purpose",    "matter",
                                                            "case", "authorisation", "operator", "department", NULL};

struct naming {
    struct asking asking;
    struct finding finding;
    struct buf given[PARAMETERS];
    struct span text[PARAMETERS];
    struct finder_answer found;
    char receipt[TRACE_RECEIPT_BYTES];
};

static void naming_done(struct naming *naming)
{
    asking_end(&naming->asking);
    for (size_t i = 0; i < PARAMETERS; i++)
        buf_done(&naming->given[i]);
}
DEFINE_AUTO_IN_PLACE(struct naming, naming_done)

/* Before anything is judged: the trace tells also what was refused. */
static void hear(struct naming *naming)
{
    struct asking *asking = &naming->asking;

    for (size_t i = 0; i < PARAMETERS; i++) {
        if (http_query_of(asking->visit->request, PARAMETER_NAMES[i], &naming->given[i]))
            naming->text[i] = naming->given[i].bytes ? buf_span(&naming->given[i]) : SPAN("");
    }
    asking->domain_text = naming->text[PARAMETER_DOMAIN];
    asking->purpose = naming->text[PARAMETER_PURPOSE];
    asking->given = (struct domain_given){.matter = naming->text[PARAMETER_MATTER],
                                          .case_number = naming->text[PARAMETER_CASE],
                                          .authorisation = naming->text[PARAMETER_AUTHORISATION],
                                          .operator= naming->text[PARAMETER_OPERATOR],
                                          .department = naming->text[PARAMETER_DEPARTMENT]};
}

static bool check_query(const struct naming *naming, struct error *err)
{
    struct span bad = SPAN_NONE;

    if (http_query_only(naming->asking.visit->request, PARAMETER_NAMES, &bad))
        return true;
    bad = utf8_cut(bad, ASKED_MAX);
    return refuse(
        err, ERR_INVALID, "query.unknown",
        "the query parameter \"%.*s\" is not known here or came twice: q, domain, limit, purpose, matter, case, "
        "authorisation, operator, department",
        "查询参数“%.*s”不可识别或重复：可用 q、domain、limit、purpose、matter、case、authorisation、operator、"
        "department",
        (int)bad.bytes, bad.at);
}

/* Without a domain: the first that this client may ask for this purpose. */
static bool take_domain(struct naming *naming, struct error *err)
{
    struct asking *asking = &naming->asking;
    const struct domains *domains = asking->visit->api->domains;
    const struct domain *domain;
    bool may_any = false;

    if (asking->domain_text.at)
        return asking_domain(asking, err);
    for (size_t i = 0; (domain = domains_at(domains, i)); i++) {
        if (!client_may_ask(asking->client, domain))
            continue;
        may_any = true;
        if (asking->purpose.bytes && client_may_name(asking->client, domain, asking->purpose)) {
            asking->domain = domain;
            asking->domain_text = span_of(domain_name(domain));
            return true;
        }
    }
    if (!may_any)
        return refuse(err, ERR_FORBIDDEN, "client.domain", "client %s may not ask anything", "接入系统 %s 无权查询",
                      asking->client->config->name);
    return refuse(err, ERR_INVALID, asking->purpose.bytes ? "purpose.unknown" : "purpose.missing",
                  "say what for: purpose=… with a purpose of one of your domains, see /v1/domains",
                  "请说明查询目的：purpose=…，须为可查领域的目的之一，见 /v1/domains");
}

static bool take_question(struct naming *naming, int64_t *limit, struct error *err)
{
    struct asking *asking = &naming->asking;
    struct span q = naming->text[PARAMETER_Q];

    if (!asking_admit(asking, err) || !check_query(naming, err) || !take_domain(naming, err) ||
        !asking_given(asking, err) || !domain_check_case(asking->domain, asking->purpose, &asking->given, err) ||
        !domain_check_authorisation(asking->domain, asking->purpose, &asking->given, err) ||
        !finding_limit(asking->visit->request, limit, err))
        return false;
    if (span_trim(q).bytes == 0)
        return refuse(err, ERR_INVALID, "names.missing", "say whom you mean: q=…", "请给出企业名称：q=…");
    return asking_check_text("q", q, NAME_BYTES_MAX, err);
}

static void add_answer(const struct naming *naming)
{
    const struct asking *asking = &naming->asking;
    struct buf *out = &asking->visit->reply->body;

    buf_add_byte(out, '{');
    finding_add_candidates(&naming->found, out);
    buf_addf(out, ",\"domain\":\"%s\",\"index\":", domain_name(asking->domain));
    buf_add_span(out, naming->found.index);
    buf_add_text(out, ",\"purpose\":");
    json_string_add(out, asking->purpose);
    buf_add_text(out, ",\"q\":");
    json_string_add(out, naming->text[PARAMETER_Q]);
    buf_addf(out, ",\"receipt\":\"%s\"%s}", naming->receipt, client_is_test(asking->client) ? ",\"test\":true" : "");
}

static void add_trace(const struct naming *naming, bool is_answered)
{
    const struct asking *asking = &naming->asking;
    struct trace_entry entry = asking_entry(asking);

    entry.receipt = naming->receipt;
    entry.name = utf8_cut(naming->text[PARAMETER_Q], NAME_BYTES_MAX);
    entry.status = asking->visit->reply->status;
    entry.answer = buf_span(&asking->visit->reply->body);
    if (is_answered) {
        entry.sequence = naming->found.sequence;
        entry.shown = naming->found.shown;
    } else {
        refused_fill(asking->visit, &entry);
    }
    trace_add(asking->visit->api->trace, &entry);
}

/* `*is_early`: nothing can be said yet. */
static bool find(struct naming *naming, int64_t limit, bool *is_early, struct error *err)
{
    const struct asking *asking = &naming->asking;
    const struct finder_wish wish = {.most = (size_t)limit,
                                     .shows_personal = domain_shows_personal(asking->domain, asking->purpose)};
    struct span q = naming->text[PARAMETER_Q];

    if (client_is_test(asking->client))
        return finding_in_tests(asking->visit, q, wish, &naming->found, err);
    if (!finding_begin(&naming->finding, asking->visit, 1, err))
        return false;
    finding_add(&naming->finding, q, wish);
    *is_early = finding_is_early(&naming->finding);
    return *is_early || finding_take(&naming->finding, 0, &naming->found, err);
}

static void answer(struct naming *naming)
{
    struct asking *asking = &naming->asking;
    bool is_early = false;
    int64_t limit = 0;
    struct error err;
    bool is_answered;

    is_answered = take_question(naming, &limit, &err) && find(naming, limit, &is_early, &err);
    if (is_early)
        return;
    is_answered = is_answered && asking_charge(asking, 1, &err);
    if (is_answered) {
        add_answer(naming);
        is_answered = asking_sign(asking, &err);
    }
    if (!is_answered)
        asking_refuse(asking, &err, naming->receipt);
    /* Strangers fill the trace no faster than their limit. */
    if (!asking->visit->api->admission.is_untraced)
        add_trace(naming, is_answered);
    finding_end(&naming->finding);
}

void names_handle(struct visit *visit)
{
    AUTO(naming_done) struct naming naming = {.found = {.sequence = 0}};

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit))
        return;
    trace_next_receipt(visit->api->trace, naming.receipt);
    asking_begin(visit, &naming.asking);
    hear(&naming);
    answer(&naming);
}
