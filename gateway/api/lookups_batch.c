/* POST /v1/lookups/{domain}: many subjects in one question.
 *
 * The request is read (batch_body.h); names among the subjects are looked for by another process, and the reply is
 * early until they are found. Then the register's entries are found and each subject's result is copied together into
 * the reply. Only when all of them are there and the store proved readable are the results traced, one
 * entry each, so that a reader of the trace never finds an answer that was not given; the turn's flush makes them
 * durable together before the reply leaves. What is wrong with the question as a whole is one problem and one entry. */
#include <stdlib.h>
#include <string.h>

#include "base/walk.h"
#include "gateway/api/asking.h"
#include "gateway/api/batch_body.h"
#include "gateway/api/finding.h"
#include "gateway/api/refused.h"
#include "gateway/lookup/batch.h"
#include "keys/digest.h"

enum {
    SUBJECTS_A_TOKEN = 100,             /* of the client's limit; the first hundred are in the request's own */
    ANSWER_BYTES_MAX = 16 * 1024 * 1024 /* subjects behind it are told to ask again */
};

struct result {
    char receipt[TRACE_RECEIPT_BYTES];
    size_t begin; /* in the reply's body */
    size_t end;
    size_t shown_begin; /* in api->shown */
    size_t shown_end;
    struct lookup_facts facts;
    int status;         /* 200: answered */
    size_t name_number; /* among the names */
};

struct lookups_batch {
    struct lookup_batch *lookup;
    struct batch_body body;
    size_t name_count;
    struct finding finding; /* of the names */
    struct error unfound;   /* why there is none */
    struct digester *digester;
    struct lookup_batch_code codes[BATCH_SUBJECTS_MAX];
    struct result results[BATCH_SUBJECTS_MAX];
};

struct lookups_batch *lookups_batch_new(void)
{
    struct lookups_batch *batch = memory_new(sizeof *batch);

    batch->lookup = lookup_batch_new();
    batch->digester = digester_new();
    return batch;
}

void lookups_batch_free(struct lookups_batch *batch)
{
    if (!batch)
        return;
    lookup_batch_free(batch->lookup);
    digester_free(batch->digester);
    batch_body_done(&batch->body);
    free(batch);
}

/* --- the question --- */

static bool take_path(struct asking *asking, struct error *err)
{
    static const char *const NO_QUERY[] = {NULL};
    struct span rest = asking->visit->rest;
    struct span bad = SPAN_NONE;

    (void)visit_segment(&rest, &asking->domain_text); /* it is there: lookup_is_batch */
    if (http_query_only(asking->visit->request, NO_QUERY, &bad))
        return true;
    bad = utf8_cut(bad, ASKED_MAX);
    return refuse(err, ERR_INVALID, "query.unknown",
                  "the query parameter \"%.*s\" is not known here: a batch says everything in its body",
                  "查询参数“%.*s”不可识别：批量查询的各项均在请求正文中给出", (int)bad.bytes, bad.at);
}

/* Heard before anything is judged, as in lookups.c. */
static void hear(struct asking *asking, const struct batch_body *body)
{
    asking->purpose = body->purpose;
    asking->as_of = body->as_of;
    asking->given = (struct domain_given){.matter = body->matter,
                                          .case_number = body->case_number,
                                          .authorisation = body->authorisation,
                                          .operator= body->operator,
                                          .department = body->department };
}

static void number_names(struct lookups_batch *batch)
{
    batch->name_count = 0;
    for (size_t i = 0; i < batch->body.count; i++)
        batch->results[i].name_number = batch->body.subjects[i].name.at ? batch->name_count++ : 0;
}

static bool take_question(struct asking *asking, struct error *err)
{
    struct lookups_batch *batch = asking->visit->api->batch;
    const struct http_request *request = asking->visit->request;
    bool is_again = request->early_key != 0; /* not another request of the client's */

    if (!asking_admit(asking, err))
        return false;
    batch_body_read(&batch->body, request->body);
    hear(asking, &batch->body);
    if (!take_path(asking, err) || !asking_domain(asking, err) || !batch_body_check(&batch->body, err) ||
        !asking_given(asking, err) || !batch_body_check_subjects(&batch->body, err))
        return false;
    number_names(batch);
    return is_again || (asking_take(asking, ((int64_t)batch->body.count - 1) / SUBJECTS_A_TOKEN, err) &&
                        asking_charge(asking, (int64_t)batch->body.count, err));
}

/* --- the answer --- */

static struct finder_wish wish_of(const struct asking *asking)
{
    return (struct finder_wish){.most = FINDING_LIMIT_DEFAULT,
                                .shows_personal = domain_shows_personal(asking->domain, asking->purpose)};
}

/* True: the names are not found yet, and the reply is early. Names that cannot be looked for are refused one by one:
 * the codes beside them are answered. */
static bool waits_for_names(const struct asking *asking)
{
    struct lookups_batch *batch = asking->visit->api->batch;
    struct finding *finding = &batch->finding;
    const struct finder_wish wish = wish_of(asking);

    *finding = (struct finding){.key = 0};
    if (client_is_test(asking->client) || batch->name_count == 0 ||
        !finding_begin(finding, asking->visit, batch->name_count, &batch->unfound))
        return false;
    for (size_t i = 0; i < batch->body.count; i++) {
        if (batch->body.subjects[i].name.at)
            finding_add(finding, batch->body.subjects[i].name, wish);
    }
    return finding_is_early(finding);
}

static bool take_name(const struct asking *asking, size_t i, struct finder_answer *found, struct error *err)
{
    const struct lookups_batch *batch = asking->visit->api->batch;

    if (client_is_test(asking->client))
        return finding_in_tests(asking->visit, batch->body.subjects[i].name, wish_of(asking), found, err);
    if (batch->finding.key)
        return finding_take(&batch->finding, batch->results[i].name_number, found, err);
    *err = batch->unfound;
    return false;
}

/* A name may mean several enterprises, or another one than was meant: candidates, never a verdict. */
static bool answer_name(const struct asking *asking, size_t i, struct error *err)
{
    struct lookups_batch *batch = asking->visit->api->batch;
    const struct batch_subject *subject = &batch->body.subjects[i];
    struct buf *body = &asking->visit->reply->body;
    struct domain_given given = asking->given;
    struct finder_answer found;

    if (subject->authorisation.bytes > 0)
        given.authorisation = subject->authorisation;
    if (!domain_check_authorisation(asking->domain, asking->purpose, &given, err))
        return false;
    if (span_trim(subject->name).bytes == 0)
        return refuse(err, ERR_INVALID, "names.missing", "the name is empty", "名称为空");
    if (!take_name(asking, i, &found, err))
        return false;
    buf_add_byte(body, '{');
    finding_add_candidates(&found, body);
    buf_add_text(body, ",\"index\":");
    buf_add_span(body, found.index);
    buf_add_text(body, ",\"q\":");
    json_string_add(body, subject->name);
    buf_addf(body, ",\"receipt\":\"%s\"%s}", batch->results[i].receipt,
             client_is_test(asking->client) ? ",\"test\":true" : "");
    buf_add_span(&asking->visit->api->shown, found.shown);
    batch->results[i].facts.sequence = found.sequence;
    return true;
}

static bool answer_subject(const struct asking *asking, size_t i, struct error *err)
{
    struct lookups_batch *batch = asking->visit->api->batch;
    struct buf *body = &asking->visit->reply->body;

    if (body->bytes > ANSWER_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "batch.answer", "the answer is too large: ask for the rest in another question",
                      "答复过大：其余主体请另行查询");
    if (batch->body.subjects[i].name.at)
        return answer_name(asking, i, err);
    return lookup_batch_add_found(batch->lookup, i, body, &batch->results[i].facts, err);
}

static void find_codes(struct api *api)
{
    struct lookups_batch *batch = api->batch;

    for (size_t i = 0; i < batch->body.count; i++) {
        const struct batch_subject *subject = &batch->body.subjects[i];

        batch->codes[i] = (struct lookup_batch_code){subject->uscc, subject->authorisation, batch->results[i].receipt};
        trace_receipt_ahead(api->trace, (uint32_t)i, batch->results[i].receipt);
    }
    lookup_batch_find(batch->lookup, batch->codes, batch->body.count);
}

static void answer_subjects(const struct asking *asking)
{
    struct api *api = asking->visit->api;
    struct buf *body = &asking->visit->reply->body;

    find_codes(api);
    for (size_t i = 0; i < api->batch->body.count; i++) {
        struct result *result = &api->batch->results[i];
        struct error err;

        if (i > 0)
            buf_add_byte(body, ',');
        result->facts = (struct lookup_facts){.rules = SPAN_NONE};
        result->begin = body->bytes;
        result->shown_begin = api->shown.bytes;
        result->status = answer_subject(asking, i, &err) ? 200 : problem_add(&err, result->receipt, body);
        result->end = body->bytes;
        result->shown_end = api->shown.bytes;
    }
}

/* One code of the test list is answered as if nothing were registered; then so are the others of its batch. */
static struct store_txn *read_for(const struct asking *asking, struct error *err)
{
    const struct lookups_batch *batch = asking->visit->api->batch;
    struct span uscc = SPAN_NONE;

    for (size_t i = 0; client_is_test(asking->client) && i < batch->body.count; i++) {
        if (testlist_is_empty_code(asking->visit->api->testlist, batch->body.subjects[i].uscc))
            uscc = batch->body.subjects[i].uscc;
    }
    return asking_read(asking, uscc, err);
}

static bool answer(const struct asking *asking, struct error *err)
{
    struct api *api = asking->visit->api;
    struct buf *body = &asking->visit->reply->body;
    struct lookup_question question = asking_question(asking);
    struct store_txn *txn = read_for(asking, err);
    bool is_answered;

    if (!txn)
        return false;
    is_answered = lookup_batch_begin(api->batch->lookup, txn, &question, body, err);
    if (is_answered) {
        answer_subjects(asking);
        is_answered = lookup_batch_end(api->batch->lookup, body, err);
    }
    client_end_read(api, asking->client);
    return is_answered;
}

/* The rules that the answered ones name; all name the same. */
static struct span rules_of(const struct lookups_batch *batch)
{
    for (size_t i = 0; i < batch->body.count; i++) {
        if (batch->results[i].facts.rules.bytes > 0)
            return batch->results[i].facts.rules;
    }
    return SPAN_NONE;
}

/* Its text in the reply's body; of one too many nothing. */
static struct span text_of(const struct lookups_batch *batch, size_t i, const char *body)
{
    const struct result *result = &batch->results[i];

    return i < batch->body.count ? (struct span){body + result->begin, result->end - result->begin} : SPAN_NONE;
}

static void trace_results(const struct asking *asking)
{
    struct api *api = asking->visit->api;
    struct trace_entry entry = asking_entry(asking);
    /* Never NULL, which has no offset: there may be nothing shown. */
    const char *body = buf_text(&asking->visit->reply->body);
    const char *shown = buf_text(&api->shown);
    uint8_t digests[2][32];

    entry.rules = rules_of(api->batch);
    trace_begin_many(api->trace, &entry);
    for (size_t i = 0; i < api->batch->body.count; i++) {
        const struct result *result = &api->batch->results[i];
        const struct batch_subject *subject = &api->batch->body.subjects[i];
        bool is_answered = result->status == 200;

        if (i % 2 == 0)
            digester_sha256_pair(api->batch->digester,
                                 (const struct span[2]){text_of(api->batch, i, body), text_of(api->batch, i + 1, body)},
                                 digests);
        entry.receipt = result->receipt;
        entry.uscc = utf8_cut(subject->uscc, ASKED_MAX);
        entry.name = utf8_cut(subject->name, NAME_BYTES_MAX);
        entry.authorisation = subject->authorisation.bytes > 0 ? subject->authorisation : asking->given.authorisation;
        entry.verdict = is_answered && !subject->name.at ? VERDICT_NAMES[result->facts.verdict] : NULL;
        entry.status = result->status;
        entry.rules = result->facts.rules;
        entry.sequence = result->facts.sequence;
        entry.shown = (struct span){shown + result->shown_begin, result->shown_end - result->shown_begin};
        entry.owes = is_answered && result->facts.owes;
        entry.answer = text_of(api->batch, i, body);
        entry.answer_sha256 = digests[i % 2];
        entry.refusal = is_answered ? SPAN_NONE : walk_plain_of(entry.answer, "rule");
        trace_add_one(api->trace, &entry);
    }
}

/* The question as a whole. */
static void trace_refusal(const struct asking *asking, const char *receipt)
{
    struct trace_entry entry = asking_entry(asking);

    if (asking->visit->api->admission.is_untraced)
        return;
    entry.receipt = receipt;
    entry.status = asking->visit->reply->status;
    entry.answer = buf_span(&asking->visit->reply->body);
    refused_fill(asking->visit, &entry);
    trace_add(asking->visit->api->trace, &entry);
}

void lookup_handle_batch(struct visit *visit)
{
    struct api *api = visit->api;
    struct asking asking;
    char receipt[TRACE_RECEIPT_BYTES];
    struct error err;
    bool is_good;

    buf_clear(&api->shown);
    trace_next_receipt(api->trace, receipt);
    asking_begin(visit, &asking);
    api->batch->finding.key = 0;
    is_good = take_question(&asking, &err);
    if (is_good && waits_for_names(&asking)) {
        asking_end(&asking);
        return;
    }
    is_good = is_good && answer(&asking, &err) && asking_sign(&asking, &err);
    if (is_good) {
        trace_results(&asking);
    } else {
        asking_refuse(&asking, &err, receipt);
        trace_refusal(&asking, receipt);
    }
    if (api->batch->finding.key)
        finding_end(&api->batch->finding);
    asking_end(&asking);
}
