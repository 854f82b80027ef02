/* GET /admin/v1/names?q=…[&limit=N][&reason=…]: which companies a name may mean, for members of the staff. Traced like
 * a reading of the trace: an entry of its own in the domain "(names)", durable before the answer leaves, with the
 * person, the reason (as the purpose) and what was shown. */
#include "gateway/api/asking.h"
#include "gateway/api/finding.h"

struct staff_question {
    struct visit *visit;
    struct finding finding;
    struct finder_answer found;
    struct buf q;
    struct buf reason;
    int64_t at_ms;
    int64_t limit;
    char receipt[TRACE_RECEIPT_BYTES];
};

static void staff_question_done(struct staff_question *question)
{
    buf_done(&question->q);
    buf_done(&question->reason);
}
DEFINE_AUTO_IN_PLACE(struct staff_question, staff_question_done)

static bool take_question(struct staff_question *question, struct error *err)
{
    const struct http_request *request = question->visit->request;

    (void)http_query_of(request, "q", &question->q);
    (void)http_query_of(request, "reason", &question->reason);
    if (span_trim(buf_span(&question->q)).bytes == 0)
        return refuse(err, ERR_INVALID, "names.missing", "say whom you mean: q=…", "请给出企业名称：q=…");
    return asking_check_text("q", buf_span(&question->q), NAME_BYTES_MAX, err) &&
           asking_check_text("reason", buf_span(&question->reason), GIVEN_BYTES_MAX, err) &&
           finding_limit(request, &question->limit, err);
}

static void add_answer(const struct staff_question *question)
{
    struct buf *out = &question->visit->reply->body;

    buf_add_byte(out, '{');
    finding_add_candidates(&question->found, out);
    buf_add_text(out, ",\"index\":");
    buf_add_span(out, question->found.index);
    buf_add_text(out, ",\"q\":");
    json_string_add(out, buf_span(&question->q));
    buf_addf(out, ",\"receipt\":\"%s\"}", question->receipt);
}

static void add_trace(const struct staff_question *question)
{
    const struct visit *visit = question->visit;
    struct trace_entry entry = {.at_ms = question->at_ms,
                                .receipt = question->receipt,
                                .by = span_of(visit->person->name),
                                .domain = SPAN("(names)"),
                                .purpose = utf8_cut(buf_span(&question->reason), GIVEN_BYTES_MAX),
                                .name = utf8_cut(buf_span(&question->q), NAME_BYTES_MAX),
                                .status = visit->reply->status,
                                .sequence = question->found.sequence,
                                .shown = question->found.shown,
                                .answer = buf_span(&visit->reply->body)};

    trace_add(visit->api->trace, &entry);
}

void admin_names(struct visit *visit)
{
    static const char *const NAMES[] = {"q", "limit", "reason", NULL};
    AUTO(staff_question_done)
    struct staff_question question = {.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock)};
    struct error err;
    bool is_good;

    if (visit->rest.bytes) {
        visit_not_found(visit);
        return;
    }
    if (!visit_is_get(visit) || !visit_takes(visit, NAMES))
        return;
    trace_next_receipt(visit->api->trace, question.receipt);
    is_good = take_question(&question, &err) && finding_begin(&question.finding, visit, 1, &err);
    if (is_good) {
        finding_add(&question.finding, buf_span(&question.q),
                    (struct finder_wish){.most = (size_t)question.limit, .shows_personal = true});
        if (finding_is_early(&question.finding))
            return;
        is_good = finding_take(&question.finding, 0, &question.found, &err);
    }
    if (is_good)
        add_answer(&question);
    else
        problem_reply(visit->reply, &err, question.receipt);
    add_trace(&question);
    finding_end(&question.finding);
}
