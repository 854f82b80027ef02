#include "sandbox/misbehave.h"

#include <poll.h>

#include "base/log.h"
#include "base/text.h"
#include "sandbox/distort.h"

static const char HALF_A_JSON[] = "{\"errorCode\":\"200\",\"errorMsg\":";

/* One request on its way. */
struct exchange {
    struct misbehaviour *misbehaviour;
    struct platform *platform;
    enum fault_place place;
    const struct http_request *request;
    struct http_reply *reply;
};

void misbehaviour_done(struct misbehaviour *misbehaviour)
{
    for (int at = 0; at < FAULT_AT_COUNT; at++)
        for (int place = 0; place < FAULT_PLACE_COUNT; place++)
            buf_done(&misbehaviour->previous[at][place]);
}

/* --- the line --- */

static void note_trouble(bool is_done, const struct error *err)
{
    if (!is_done)
        log_error("sandbox", "%s", err->text);
}

static void touch(const struct misbehaviour *misbehaviour, const struct http_request *request,
                  const struct relay_touch *touch)
{
    struct error err;

    note_trouble(relay_touch(misbehaviour->relay, request->peer->port, touch, &err), &err);
}

static void reset(const struct misbehaviour *misbehaviour, const struct http_request *request, struct http_reply *reply)
{
    struct error err;

    note_trouble(relay_reset(misbehaviour->relay, request->peer->port, &err), &err);
    reply->is_dropped = true;
}

/* With the relay the answer waits there; without it everybody waits here. Ends early when told to stop. */
static void delay(const struct misbehaviour *misbehaviour, const struct http_request *request, int64_t ms)
{
    struct pollfd stop = {.fd = misbehaviour->stop_fd, .events = POLLIN};

    if (misbehaviour->relay)
        touch(misbehaviour, request, &(struct relay_touch){.hold_ms = ms, .end_after = -1});
    else
        (void)poll(&stop, 1, (int)ms);
}

static bool breaks_line(const struct exchange *exchange, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_LOST_REPLY:
        exchange->reply->is_dropped = true;
        return true;
    case FAULT_RESET:
        reset(exchange->misbehaviour, exchange->request, exchange->reply);
        return true;
    case FAULT_CUT:
        touch(exchange->misbehaviour, exchange->request,
              &(struct relay_touch){.end_after = fault->bytes, .end = LINE_RESET});
        return true;
    case FAULT_STALL:
        touch(exchange->misbehaviour, exchange->request, &(struct relay_touch){.end_after = 0, .end = LINE_STALL});
        return true;
    case FAULT_DELAY:
        delay(exchange->misbehaviour, exchange->request, fault->ms);
        return true;
    case FAULT_DRIP:
        touch(exchange->misbehaviour, exchange->request,
              &(struct relay_touch){.drip_bytes = fault->bytes, .drip_ms = fault->ms, .end_after = -1});
        return true;
    default:
        return false;
    }
}

/* --- the answer --- */

static void replace_body(struct http_reply *reply, const char *text, const char *content_type)
{
    buf_clear(&reply->body);
    buf_add_text(&reply->body, text);
    if (content_type)
        reply->content_type = content_type;
}

static void answer_previous(const struct exchange *exchange)
{
    const struct buf *previous = &exchange->misbehaviour->previous[exchange->platform->kind->at][exchange->place];

    replace_body(exchange->reply, previous->data ? buf_text(previous) : HALF_A_JSON, NULL);
}

static void spoil(const struct exchange *exchange, const struct fault *fault)
{
    struct http_reply *reply = exchange->reply;

    switch (fault->kind) {
    case FAULT_STATUS:
        reply->status = (int)fault->status;
        replace_body(reply, fault->text ? fault->text : "", fault->content_type);
        if (fault->retry_after[0])
            http_reply_header(reply, "Retry-After", fault->retry_after);
        break;
    case FAULT_REFUSE_CALL:
        distort_refusal(exchange->platform->kind->at, fault->code, fault->text ? fault->text : "按测试要求退回",
                        &reply->status, &reply->body);
        break;
    case FAULT_MALFORMED:
        replace_body(reply, fault->text ? fault->text : HALF_A_JSON, fault->content_type);
        break;
    case FAULT_HUGE:
        distort_size((size_t)fault->bytes, &reply->body);
        break;
    case FAULT_WRONG_TYPES:
        distort_types(&reply->body);
        break;
    case FAULT_PREVIOUS:
        answer_previous(exchange);
        break;
    case FAULT_WRONG_SECRET:
        distort_secret(&reply->body);
        break;
    default:
        break;
    }
}

static void spoil_outcomes(const struct exchange *exchange)
{
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};

    if (exchange->place != FAULT_ON_TASK ||
        !faults_wait_for_outcomes(exchange->misbehaviour->faults, exchange->platform->kind->at) ||
        !distort_has_outcomes(buf_span(&exchange->reply->body)))
        return;
    faults_take_outcomes(exchange->misbehaviour->faults, exchange->platform->kind->at, &fault);
    distort_outcomes(&fault, &exchange->reply->body);
}

static void keep_answer(const struct exchange *exchange, const struct buf *answer)
{
    struct buf *previous = &exchange->misbehaviour->previous[exchange->platform->kind->at][exchange->place];

    buf_clear(previous);
    buf_add_span(previous, buf_span(answer));
}

/* --- one request --- */

/* Is there nothing for the platform to do? */
static bool comes_instead(const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_STATUS:
    case FAULT_RESET:
        return !fault->is_after;
    case FAULT_CLOSE:
    case FAULT_RESET_BODY:
    case FAULT_REFUSE_CALL:
        return true;
    default:
        return false;
    }
}

static void work(const struct exchange *exchange)
{
    exchange->platform->kind->handle(exchange->platform, exchange->misbehaviour->faults, exchange->request,
                                     exchange->reply);
    spoil_outcomes(exchange);
}

static void answer(const struct exchange *exchange, const struct fault *fault)
{
    AUTO(buf_done) struct buf right = BUF_INIT;

    if (fault->kind == FAULT_CLOSE) {
        exchange->reply->is_dropped = true;
        return;
    }
    if (fault->kind == FAULT_RESET_BODY) {
        reset(exchange->misbehaviour, exchange->request, exchange->reply);
        return;
    }
    if (!comes_instead(fault)) {
        work(exchange);
        buf_add_span(&right, buf_span(&exchange->reply->body));
    }
    if (!breaks_line(exchange, fault))
        spoil(exchange, fault);
    if (right.data)
        keep_answer(exchange, &right);
}

/* The order of a person comes before chance. */
static void choose(struct misbehaviour *misbehaviour, enum fault_at at, enum fault_place place, struct fault *out)
{
    struct chaos_decision decision;
    struct error err;

    faults_take(misbehaviour->faults, at, place, out);
    if (out->kind != FAULT_NONE) {
        chaos_skip(misbehaviour->chaos, at);
        return;
    }
    chaos_next(misbehaviour->chaos, at, &decision);
    if (decision.has_line && !relay_order(misbehaviour->relay, &decision.line, &err) && err.code != ERR_LIMIT)
        log_error("sandbox", "%s", err.text);
    if (decision.fault.kind == FAULT_NONE || fault_phase(decision.fault.kind) == FAULT_BY_REQUEST)
        *out = decision.fault;
    else
        faults_push(misbehaviour->faults, &decision.fault);
}

bool misbehave_admits(struct misbehaviour *misbehaviour, const struct platform *platform,
                      const struct http_request *head, struct http_reply *reply)
{
    enum fault_at at = platform->kind->at;

    if (!misbehaviour->relay ||
        (!faults_take_kind(misbehaviour->faults, at, platform->kind->place(platform, head), FAULT_RESET_BODY) &&
         !chaos_next_is(misbehaviour->chaos, at, FAULT_RESET_BODY)))
        return true;
    reset(misbehaviour, head, reply);
    reply->status = 503;
    return false;
}

void misbehave_answer(struct misbehaviour *misbehaviour, struct platform *platform, const struct http_request *request,
                      struct http_reply *reply)
{
    const struct exchange exchange = {misbehaviour, platform, platform->kind->place(platform, request), request, reply};
    AUTO(fault_done) struct fault fault = {.kind = FAULT_NONE};

    choose(misbehaviour, platform->kind->at, exchange.place, &fault);
    answer(&exchange, &fault);
}
