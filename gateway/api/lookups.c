/* GET /v1/lookups/{domain}/{uscc}. What is asked is judged step by step; whatever comes out, an answer or a problem, is
 * added to the trace, and leaves after the turn's flush. This is the hot path: nothing is parsed twice or allocated. */
#include "gateway/api/asking.h"
#include "gateway/api/refused.h"

#include <string.h>

/* False: the path is no question's; what of it can be one's is heard. */
static bool hear_path(struct asking *asking, struct span *uscc)
{
    struct span rest = asking->visit->rest;

    return visit_segment(&rest, &asking->domain_text) && visit_segment(&rest, uscc) && rest.bytes == 0;
}

static bool refuse_path(struct error *err)
{
    return refuse(err, ERR_NOT_FOUND, "lookup.path", "ask for /v1/lookups/{domain}/{uscc}?purpose=…",
                  "查询地址应为 /v1/lookups/{领域}/{统一社会信用代码}?purpose=…");
}

/* In the order of enum lookup_parameter. */
static const struct span PARAMETERS[LOOKUP_PARAMETERS + 1] = {
    {"purpose", 7},  {"matter", 6},      {"case", 4},  {"authorisation", 13},
    {"operator", 8}, {"department", 10}, {"as_of", 5},
};

/* Heard before anything is judged: the trace tells what was asked, also of a question that is refused for who asks.
 * `*bad` gets the name that is unknown or came twice; else it is none. */
static void hear_query(struct asking *asking, struct span *bad)
{
    const struct visit *visit = asking->visit;
    struct span heard[LOOKUP_PARAMETERS];

    if (http_query_read(visit->request, PARAMETERS, heard, &visit->api->parameters, bad))
        *bad = SPAN_NONE;
    asking->purpose = heard[LOOKUP_PURPOSE];
    asking->given = (struct domain_given){.matter = heard[LOOKUP_MATTER],
                                          .case_number = heard[LOOKUP_CASE],
                                          .authorisation = heard[LOOKUP_AUTHORISATION],
                                          .operator= heard[LOOKUP_OPERATOR],
                                          .department = heard[LOOKUP_DEPARTMENT]};
    asking->as_of = heard[LOOKUP_AS_OF];
}

static bool check_query(struct asking *asking, struct span bad, struct error *err)
{
    if (!bad.at)
        return asking_given(asking, err);
    bad = utf8_cut(bad, ASKED_MAX);
    return refuse(
        err, ERR_INVALID, "query.unknown",
        "the query parameter \"%.*s\" is not known here or came twice: purpose, matter, case, "
        "authorisation, operator, department, as_of",
        "查询参数“%.*s”不可识别或重复：可用 purpose、matter、case、authorisation、operator、department、as_of",
        (int)bad.bytes, bad.at);
}

static bool answer(const struct asking *asking, struct lookup_question *question, struct lookup_facts *facts,
                   struct error *err)
{
    struct api *api = asking->visit->api;
    struct store_txn *txn = asking_read(asking, question->uscc, err);
    bool is_answered;

    if (!txn)
        return false;
    is_answered = lookup_by_code(txn, question, &asking->visit->reply->body, facts, err);
    client_end_read(api, asking->client);
    return is_answered;
}

/* What the answer says of itself; of a refusal nothing is kept but the question. */
struct outcome {
    struct span uscc;
    const char *receipt;
    struct lookup_facts facts;
    uint8_t sha256[32]; /* of the answer */
    bool is_answered;
};

static void add_trace(const struct asking *asking, const struct outcome *outcome)
{
    const struct visit *visit = asking->visit;
    struct trace_entry entry = asking_entry(asking);

    entry.receipt = outcome->receipt;
    entry.uscc = utf8_cut(outcome->uscc, ASKED_MAX);
    entry.status = visit->reply->status;
    entry.sequence = outcome->facts.sequence;
    entry.answer = buf_span(&visit->reply->body);
    if (outcome->is_answered) {
        entry.answer_sha256 = outcome->sha256;
        entry.verdict = VERDICT_NAMES[outcome->facts.verdict];
        entry.rules = outcome->facts.rules;
        entry.shown = buf_span(&visit->api->shown);
        entry.owes = outcome->facts.owes;
    } else {
        refused_fill(visit, &entry);
    }
    trace_add(visit->api->trace, &entry);
}

static void handle_get(struct visit *visit)
{
    struct outcome outcome = {.uscc = SPAN_NONE};
    struct asking asking;
    struct lookup_question question;
    char receipt[TRACE_RECEIPT_BYTES];
    struct span bad;
    struct error err;
    bool is_path;

    buf_clear(&visit->api->shown);
    trace_next_receipt(visit->api->trace, receipt);
    outcome.receipt = receipt;
    asking_begin(visit, &asking);
    is_path = hear_path(&asking, &outcome.uscc);
    hear_query(&asking, &bad);
    if (asking_admit(&asking, &err) && (is_path || refuse_path(&err)) && asking_domain(&asking, &err) &&
        check_query(&asking, bad, &err) && asking_charge(&asking, 1, &err)) {
        question = asking_question(&asking);
        question.uscc = outcome.uscc;
        question.receipt = receipt;
        question.sha256 = outcome.sha256;
        outcome.is_answered = answer(&asking, &question, &outcome.facts, &err) && asking_sign(&asking, &err);
    }
    if (!outcome.is_answered)
        asking_refuse(&asking, &err, receipt);
    /* Strangers fill the trace no faster than their limit. */
    if (!visit->api->admission.is_untraced)
        add_trace(&asking, &outcome);
    asking_end(&asking);
}

static bool code_of(const struct http_request *request, struct span *uscc)
{
    struct span rest = request->path;
    struct span version, lookups, domain;

    return visit_segment(&rest, &version) && visit_segment(&rest, &lookups) && span_is(lookups, "lookups") &&
           visit_segment(&rest, &domain) && visit_segment(&rest, uscc) && rest.bytes == 0;
}

/* Requests of other kinds, and those that will be refused, are fewer than questions. */
void lookup_ahead_of_turn(void *context, const struct http_request *const *requests, size_t count)
{
    struct api *api = context;
    struct span codes[HTTP_AHEAD_MAX];
    size_t found = 0;
    struct store_txn *txn;
    struct error err;

    for (size_t i = 0; i < count && i < HTTP_AHEAD_MAX; i++)
        found += code_of(requests[i], &codes[found]);
    if (found < 2 || !(txn = api_read(api, &err)))
        return;
    lookup_ahead(txn, codes, found);
    api_end_read(api);
}

/* /v1/lookups/{domain} is asked by POST, everything else by GET. */
bool lookup_is_batch(const struct visit *visit)
{
    struct span rest = visit->rest;
    struct span domain;

    return visit_segment(&rest, &domain) && rest.bytes == 0;
}

void lookup_handle(struct visit *visit)
{
    if (lookup_is_batch(visit)) {
        if (visit_is_post(visit))
            lookup_handle_batch(visit);
        return;
    }
    if (visit_is_get(visit))
        handle_get(visit);
}
