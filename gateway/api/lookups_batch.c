/* POST /v1/lookups/{domain}: many subjects in one question.
 *
 * The request is read into JSON; names among the subjects are looked for by another process, and the
 * reply is early until they are found. Then for each subject the register's entry is found and its result is copied
 * together into the reply. Only when all of them are there and the store proved readable are the results traced, one
 * entry each, so that a reader of the trace never finds an answer that was not given; the turn's flush makes them
 * durable together before the reply leaves. What is wrong with the question as a whole is one problem and one entry. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/walk.h"
#include "gateway/api/asking.h"
#include "gateway/api/finding.h"
#include "gateway/api/refused.h"
#include "gateway/lookup/batch.h"

enum {
    SUBJECTS_MAX = 1000,
    SUBJECTS_A_TOKEN = 100,             /* of the client's limit; the first hundred are in the request's own */
    ANSWER_BYTES_MAX = 16 * 1024 * 1024 /* subjects behind it are told to ask again */
};

struct result {
    struct span uscc; /* as asked: one of the two */
    struct span name;
    struct span authorisation;
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
    size_t count;
    size_t name_count;
    struct finding finding; /* of the names */
    struct error unfound;   /* why there is none */
    struct result results[SUBJECTS_MAX];
};

struct lookups_batch *lookups_batch_new(void)
{
    struct lookups_batch *batch = memory_new(sizeof *batch);

    batch->lookup = lookup_batch_new();
    return batch;
}

void lookups_batch_free(struct lookups_batch *batch)
{
    if (!batch)
        return;
    lookup_batch_free(batch->lookup);
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

static bool refuse_body(struct error *err, const char *where, const char *what_en, const char *what_zh)
{
    return refuse(err, ERR_INVALID, "batch.body", "%s: %s%.0s", "%s：%.0s%s", where, what_en, what_zh);
}

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

/* Heard before anything is judged, as in lookups.c. */
static bool hear_body(struct asking *asking, const json_t *body, struct error *err)
{
    struct domain_given *given = &asking->given;

    return take_text(body, "purpose", &asking->purpose, err) && take_text(body, "matter", &given->matter, err) &&
           take_text(body, "case", &given->case_number, err) &&
           take_text(body, "authorisation", &given->authorisation, err) &&
           take_text(body, "operator", &given->operator, err) && take_text(body, "department", &given->department, err);
}

/* An integer or its digits is a sequence, a text else a day. `digits` keeps what an integer becomes. */
static bool take_as_of(struct asking *asking, const json_t *body, struct buf *digits, struct error *err)
{
    const json_t *value = json_object_get(body, "as_of");

    if (!json_is_integer(value))
        return take_text(body, "as_of", &asking->as_of, err);
    buf_addf(digits, "%lld", (long long)json_integer_value(value));
    asking->as_of = buf_span(digits);
    return true;
}

static bool take_body(struct asking *asking, const json_t *body, struct buf *digits, struct error *err)
{
    static const char *const NAMES[] = {"purpose", "matter",   "case", "authorisation", "operator", "department",
                                        "as_of",   "subjects", NULL};

    if (!json_is_object(body))
        return refuse_body(err, "/", "must be an object", "应为对象");
    return check_names(body, NAMES, "/", err) && hear_body(asking, body, err) &&
           take_as_of(asking, body, digits, err) && asking_given(asking, err);
}

/* What is wrong with one subject's form is wrong with the question: nobody can tell what was meant. */
static bool take_subject(const json_t *item, struct result *result, struct error *err)
{
    static const char *const NAMES[] = {"uscc", "name", "authorisation", NULL};

    *result = (struct result){0};
    if (!json_is_object(item))
        return refuse_body(err, "subjects", "each must be an object", "各项应为对象");
    if (!check_names(item, NAMES, "subjects", err) || !take_text(item, "uscc", &result->uscc, err) ||
        !take_text(item, "name", &result->name, err) || !take_text(item, "authorisation", &result->authorisation, err))
        return false;
    if ((json_object_get(item, "uscc") == NULL) == (json_object_get(item, "name") == NULL))
        return refuse_body(err, "subjects", "each has either uscc or name", "各项须且只须给出 uscc 或 name");
    return asking_check_text("authorisation", result->authorisation, AUTHORISATION_BYTES_MAX, err) &&
           asking_check_text("name", result->name, NAME_BYTES_MAX, err);
}

static bool take_subjects(struct lookups_batch *batch, const json_t *body, struct error *err)
{
    const json_t *subjects = json_object_get(body, "subjects");
    size_t count = json_array_size(subjects);

    if (!json_is_array(subjects) || count == 0)
        return refuse_body(err, "subjects", "must be a list of at least one subject", "应为至少一项的列表");
    if (count > SUBJECTS_MAX)
        return refuse(err, ERR_LIMIT, "batch.subjects", "at most %d subjects in one question, these are %zu",
                      "每次查询至多 %d 个主体，现为 %zu 个", SUBJECTS_MAX, count);
    for (size_t i = 0; i < count; i++) {
        if (!take_subject(json_array_get(subjects, i), &batch->results[i], err))
            return fail_in(err, "%zu", i);
    }
    batch->count = count;
    batch->name_count = 0;
    for (size_t i = 0; i < count; i++)
        batch->results[i].name_number = batch->results[i].name.at ? batch->name_count++ : 0;
    return true;
}

static bool take_question(struct asking *asking, json_t **body, struct buf *digits, struct error *err)
{
    struct api *api = asking->visit->api;
    const struct http_request *request = asking->visit->request;

    struct error why;
    bool is_again = request->early_key != 0; /* not another request of the client's */

    if (!asking_admit(asking, err))
        return false;
    if (json_read(request->body, request->body.bytes, body, &why))
        (void)hear_body(asking, *body, &why);
    if (!take_path(asking, err) || !asking_domain(asking, err))
        return false;
    if (!*body)
        return refuse_body(err, "JSON", why.text, "请求正文不是有效的 JSON");
    return take_body(asking, *body, digits, err) && take_subjects(api->batch, *body, err) &&
           (is_again || (asking_take(asking, ((int64_t)api->batch->count - 1) / SUBJECTS_A_TOKEN, err) &&
                         asking_charge(asking, (int64_t)api->batch->count, err)));
}

/* --- the answer --- */

/* True: the names are not found yet, and the reply is early. Names that cannot be looked for are refused one by one:
 * the codes beside them are answered. */
static bool waits_for_names(const struct asking *asking)
{
    struct lookups_batch *batch = asking->visit->api->batch;
    struct finding *finding = &batch->finding;

    *finding = (struct finding){.key = 0};
    /* The names are those of real companies. */
    if (client_is_test(asking->client)) {
        (void)refuse(&batch->unfound, ERR_FORBIDDEN, "client.test",
                     "the test list is asked by code alone: see /v1/test-list",
                     "测试名单只能按代码查询：见 /v1/test-list");
        return false;
    }
    if (batch->name_count == 0 || !finding_begin(finding, asking->visit, batch->name_count, &batch->unfound))
        return false;
    for (size_t i = 0; i < batch->count; i++) {
        if (batch->results[i].name.at)
            finding_add(finding, batch->results[i].name, FINDING_LIMIT_DEFAULT);
    }
    return finding_is_early(finding);
}

/* A name may mean several enterprises, or another one than was meant: candidates, never a verdict. */
static bool answer_name(const struct asking *asking, struct result *result, const char *receipt, struct error *err)
{
    struct api *api = asking->visit->api;
    struct buf *body = &asking->visit->reply->body;
    struct domain_given given = asking->given;
    struct finder_answer found;

    if (result->authorisation.bytes > 0)
        given.authorisation = result->authorisation;
    if (!domain_check_authorisation(asking->domain, asking->purpose, &given, err))
        return false;
    if (span_trim(result->name).bytes == 0)
        return refuse(err, ERR_INVALID, "names.missing", "the name is empty", "名称为空");
    if (!api->batch->finding.key) {
        *err = api->batch->unfound;
        return false;
    }
    if (!finding_take(&api->batch->finding, result->name_number, &found, err))
        return false;
    buf_add_byte(body, '{');
    finding_add_candidates(&found, body);
    buf_add_text(body, ",\"index\":");
    buf_add_span(body, found.index);
    buf_add_text(body, ",\"q\":");
    json_string_add(body, result->name);
    buf_addf(body, ",\"receipt\":\"%s\"}", receipt);
    buf_add_span(&api->shown, found.shown);
    result->facts.sequence = found.sequence;
    return true;
}

static bool answer_subject(const struct asking *asking, struct result *result, const char *receipt, struct error *err)
{
    struct api *api = asking->visit->api;
    struct buf *body = &asking->visit->reply->body;
    struct lookup_batch_code code = {result->uscc, result->authorisation, receipt};

    if (body->bytes > ANSWER_BYTES_MAX)
        return refuse(err, ERR_LIMIT, "batch.answer", "the answer is too large: ask for the rest in another question",
                      "答复过大：其余主体请另行查询");
    if (result->name.at)
        return answer_name(asking, result, receipt, err);
    return lookup_batch_add(api->batch->lookup, &code, body, &result->facts, err);
}

static void answer_subjects(const struct asking *asking)
{
    struct api *api = asking->visit->api;
    struct buf *body = &asking->visit->reply->body;

    for (size_t i = 0; i < api->batch->count; i++) {
        struct result *result = &api->batch->results[i];
        char receipt[TRACE_RECEIPT_BYTES];
        struct error err;

        trace_receipt_ahead(api->trace, (uint32_t)i, receipt);
        if (i > 0)
            buf_add_byte(body, ',');
        result->begin = body->bytes;
        result->shown_begin = api->shown.bytes;
        result->status = answer_subject(asking, result, receipt, &err) ? 200 : problem_add(&err, receipt, body);
        result->end = body->bytes;
        result->shown_end = api->shown.bytes;
    }
}

/* One code of the test list is answered as if nothing were registered; then so are the others of its batch. */
static struct store_txn *read_for(const struct asking *asking, struct error *err)
{
    const struct lookups_batch *batch = asking->visit->api->batch;
    struct span uscc = SPAN_NONE;

    for (size_t i = 0; client_is_test(asking->client) && i < batch->count; i++) {
        if (testlist_is_empty_code(asking->visit->api->testlist, batch->results[i].uscc))
            uscc = batch->results[i].uscc;
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

static void trace_results(const struct asking *asking)
{
    struct api *api = asking->visit->api;
    struct trace_entry entry = asking_entry(asking);
    /* Never NULL, which has no offset: there may be nothing shown. */
    const char *body = buf_text(&asking->visit->reply->body);
    const char *shown = buf_text(&api->shown);

    for (size_t i = 0; i < api->batch->count; i++) {
        const struct result *result = &api->batch->results[i];
        bool is_answered = result->status == 200;
        char receipt[TRACE_RECEIPT_BYTES];

        trace_next_receipt(api->trace, receipt);
        entry.receipt = receipt;
        entry.uscc = utf8_cut(result->uscc, ASKED_MAX);
        entry.name = utf8_cut(result->name, NAME_BYTES_MAX);
        entry.authorisation = result->authorisation.bytes > 0 ? result->authorisation : asking->given.authorisation;
        entry.verdict = is_answered && !result->name.at ? VERDICT_NAMES[result->facts.verdict] : NULL;
        entry.status = result->status;
        entry.rules = result->facts.rules;
        entry.sequence = result->facts.sequence;
        entry.shown = (struct span){shown + result->shown_begin, result->shown_end - result->shown_begin};
        entry.owes = is_answered && result->facts.owes;
        entry.answer = (struct span){body + result->begin, result->end - result->begin};
        entry.refusal = is_answered ? SPAN_NONE : walk_plain_of(entry.answer, "rule");
        trace_add(api->trace, &entry);
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
    AUTO(json_release) json_t *body = NULL;
    AUTO(buf_done) struct buf digits = BUF_INIT;
    struct api *api = visit->api;
    struct asking asking;
    char receipt[TRACE_RECEIPT_BYTES];
    struct error err;
    bool is_good;

    buf_clear(&api->shown);
    trace_next_receipt(api->trace, receipt);
    asking_begin(visit, &asking);
    api->batch->finding.key = 0;
    is_good = take_question(&asking, &body, &digits, &err);
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
