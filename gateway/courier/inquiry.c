#include "gateway/courier/inquiry.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "gateway/courier/exchange.h"
#include "keys/digest.h"

enum {
    SECRET_MARGIN_MS = 10000, /* a request signed now must still be read in time */
    RENEWALS_MAX = 2,         /* secrets not taken in a row; the second one was new */
    WORDS_BYTES = 400
};

struct inquiry {
    const struct courier_channel *channel;
    const struct clock *clock;
    CURLM *multi;
    struct adapter_secret secret;
    char after[ADAPTER_RECORD_BYTES];
    uint64_t rows;
};

bool inquiry_new(const struct courier_channel *channel, const struct clock *clock, struct inquiry **out,
                 struct error *err)
{
    AUTO(inquiry_free) struct inquiry *inquiry = memory_new(sizeof *inquiry);

    /* OpenSSL writes to connections that the other side has closed, and libcurl leaves signals alone (NOSIGNAL). */
    signal(SIGPIPE, SIG_IGN);
    inquiry->channel = channel;
    inquiry->clock = clock;
    if (!channel->adapter->holdings)
        return fail(err, ERR_INTERNAL, "%s has no list of what it holds", channel->adapter->name);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(err, ERR_INTERNAL, "libcurl cannot be used");
    inquiry->multi = curl_multi_init();
    if (!inquiry->multi)
        return fail(err, ERR_INTERNAL, "libcurl: no handle");
    *out = TAKE(inquiry);
    return true;
}

void inquiry_free(struct inquiry *inquiry)
{
    if (!inquiry)
        return;
    if (inquiry->multi)
        (void)curl_multi_cleanup(inquiry->multi);
    explicit_bzero(inquiry, sizeof *inquiry);
    free(inquiry);
}

/* --- one request --- */

static bool ask(struct inquiry *inquiry, enum adapter_step step, struct transfer **out, struct error *err)
{
    struct transfer_order order = {.channel = inquiry->channel,
                                   .step = step,
                                   .secret = &inquiry->secret,
                                   .after = inquiry->after,
                                   .now_ms = clock_now_ms(inquiry->clock)};

    return exchange(inquiry->multi, &order, out, err);
}

/* How one try ended. */
struct
try {
    enum policy_ending ending;
    bool is_done; /* what was asked for came */
    int64_t retry_after_ms;
    char words[WORDS_BYTES]; /* theirs, or libcurl's */
};

static void try_read(const struct transfer *transfer, enum adapter_ending answer, const char *code, const char *message,
                     struct try *out)
{
    struct policy_attempt attempt = {
        .step = ADAPTER_ASK, .net = transfer->net, .answer = answer, .status = transfer->status};

    out->ending = policy_ending(&attempt);
    out->retry_after_ms = -1;
    if (transfer->net != NET_ANSWERED)
        snprintf(out->words, sizeof out->words, "%s", transfer->words);
    else
        snprintf(out->words, sizeof out->words, "HTTP %d%s%s%s%s", transfer->status, *code ? " " : "", code,
                 *message ? " " : "", message);
}

static void read_retry_after(const struct inquiry *inquiry, const struct transfer *transfer, struct try *out)
{
    if (transfer->net == NET_ANSWERED)
        out->retry_after_ms = policy_retry_after_ms(span_of(transfer->retry_after), clock_now_ms(inquiry->clock));
}

static bool try_key(struct inquiry *inquiry, struct try *out, struct error *err)
{
    AUTO(adapter_result_done) struct adapter_result result = {.ending = ADAPTER_MALFORMED};
    struct adapter_secret secret = {.count = 0};
    struct transfer *transfer = NULL;

    if (!ask(inquiry, ADAPTER_KEY, &transfer, err))
        return false;
    if (transfer->net == NET_ANSWERED)
        inquiry->channel->adapter->key(inquiry->channel->config, clock_now_ms(inquiry->clock), transfer->status,
                                       buf_span(&transfer->body), &secret, &result);
    try_read(transfer, result.ending, result.code, result.message, out);
    read_retry_after(inquiry, transfer, out);
    out->is_done = transfer->net == NET_ANSWERED && result.ending == ADAPTER_KEY_GIVEN;
    if (out->is_done)
        inquiry->secret = secret;
    explicit_bzero(&secret, sizeof secret);
    transfer_free(transfer);
    return true;
}

static bool try_page(struct inquiry *inquiry, struct adapter_page *page, struct try *out, struct error *err)
{
    struct transfer *transfer = NULL;

    if (!ask(inquiry, ADAPTER_HOLDINGS, &transfer, err))
        return false;
    adapter_page_done(page);
    *page = (struct adapter_page){.ending = ADAPTER_MALFORMED};
    if (transfer->net == NET_ANSWERED)
        inquiry->channel->adapter->holdings(transfer->status, buf_span(&transfer->body), page);
    try_read(transfer, page->ending, page->code, page->message, out);
    read_retry_after(inquiry, transfer, out);
    out->is_done = transfer->net == NET_ANSWERED && page->ending == ADAPTER_LISTED;
    transfer_free(transfer);
    return true;
}

/* --- what a failure means here --- */

static const struct {
    enum policy_ending ending;
    bool passes; /* worth another try */
    enum error_code code;
    const char *rule;
    const char *zh;
    const char *en;
} FAILURES[] = {
    {ENDING_NOT_REACHED, true, ERR_TIMEOUT, "reconcile.unreachable", "连接不上对方", "it cannot be reached"},
    {ENDING_HANDSHAKE, true, ERR_TIMEOUT, "reconcile.unreachable", "TLS 握手中断", "the TLS handshake breaks off"},
    {ENDING_LOST, true, ERR_TIMEOUT, "reconcile.unreachable", "没有等到应答", "no answer came"},
    {ENDING_BUSY, true, ERR_TIMEOUT, "reconcile.unreachable", "对方内部错误", "it had an internal error"},
    {ENDING_SLOW_DOWN, true, ERR_TIMEOUT, "reconcile.unreachable", "对方要求稍后再试", "we are told to come later"},
    {ENDING_SERVER_ERROR, true, ERR_TIMEOUT, "reconcile.unreachable", "对方服务器错误", "server error"},
    {ENDING_EXPIRED, true, ERR_REFUSED, "reconcile.setup", "会话密钥一再不被认可：核对应用密钥和时钟",
     "the secret is not taken: check app key and clock"},
    {ENDING_UNAUTHORIZED, false, ERR_REFUSED, "reconcile.setup", "对方拒绝网关令牌：核对令牌和时钟",
     "credentials refused: check token and clock"},
    {ENDING_FORBIDDEN, false, ERR_REFUSED, "reconcile.setup", "对方不准访问：核对证书和授权",
     "access forbidden: check certificate and permission"},
    {ENDING_WRONG_ADDRESS, false, ERR_REFUSED, "reconcile.setup", "对方没有这个接口：核对 base",
     "there is no such interface: check base"},
    {ENDING_UNTRUSTED, false, ERR_REFUSED, "reconcile.setup", "证书不被认可：核对双方证书",
     "a certificate is not accepted: check both sides'"},
    {ENDING_SETUP_REFUSED, false, ERR_REFUSED, "reconcile.setup", "对方不认可密钥、签名或编码配置",
     "keys, signature or codes are not accepted"},
    {ENDING_UNACCEPTABLE, false, ERR_REFUSED, "reconcile.setup", "对方不接受这种请求",
     "such requests are not accepted"},
    {ENDING_OVERLONG, false, ERR_CORRUPT, "reconcile.malformed", "对方应答过长", "the answer is too long"},
    {ENDING_OWN_FAULT, false, ERR_INTERNAL, "reconcile.own", "本网关无法发出请求", "we cannot make the request"},
};

/* What is not in the table: an answer that is none. It may have been cut on its way, so it is asked for again. */
static size_t failure_of(enum policy_ending ending)
{
    size_t i = 0;

    while (i < COUNT_OF(FAILURES) && FAILURES[i].ending != ending)
        i++;
    return i;
}

static bool passes(enum policy_ending ending)
{
    size_t i = failure_of(ending);

    return i == COUNT_OF(FAILURES) || FAILURES[i].passes;
}

static bool give_up(const struct inquiry *inquiry, const struct try *last, struct error *err)
{
    size_t i = failure_of(last->ending);
    const char *name = inquiry->channel->adapter->name;

    if (i == COUNT_OF(FAILURES))
        return refuse(err, ERR_CORRUPT, "reconcile.malformed", "%s: its list cannot be believed: %s",
                      "%s：对方的持有清单不可信：%s", name, last->words);
    error_set_both(err, FAILURES[i].code, FAILURES[i].rule, "%s: %s%.0s (%s)", "%s：%.0s%s（%s）", name, FAILURES[i].en,
                   FAILURES[i].zh, last->words);
    return false;
}

/* --- one page --- */

static void rest(const struct inquiry *inquiry, const struct try *last, uint32_t tries)
{
    const struct courier_channel *channel = inquiry->channel;
    int64_t most_ms = channel->retry_max_ms < INQUIRY_PAUSE_MAX_MS ? channel->retry_max_ms : INQUIRY_PAUSE_MAX_MS;
    int64_t least_ms = most_ms < INQUIRY_PAUSE_FIRST_MS ? most_ms : INQUIRY_PAUSE_FIRST_MS;
    int64_t first_ms = channel->retry_first_ms < least_ms ? channel->retry_first_ms : least_ms;
    int64_t pause_ms;
    struct timespec pause;
    uint32_t dice;

    random_bytes(&dice, sizeof dice);
    pause_ms = policy_delay_ms(first_ms > 0 ? first_ms : 1, most_ms, tries, dice);
    if (last->retry_after_ms > pause_ms)
        pause_ms = last->retry_after_ms;
    log_notice("reconcile", "%s: %s: asked again in %lld ms", channel->adapter->name, last->words, (long long)pause_ms);
    pause = (struct timespec){(time_t)(pause_ms / 1000), (long)(pause_ms % 1000) * 1000000L};
    nanosleep(&pause, NULL);
}

static bool needs_key(const struct inquiry *inquiry)
{
    return inquiry->channel->adapter->needs_secret &&
           (inquiry->secret.count == 0 || clock_now_ms(inquiry->clock) + SECRET_MARGIN_MS >= inquiry->secret.until_ms);
}

/* A secret when one is needed, then the page. */
static bool try_all(struct inquiry *inquiry, struct adapter_page *page, struct try *out, struct error *err)
{
    if (needs_key(inquiry)) {
        if (!try_key(inquiry, out, err))
            return false;
        if (!out->is_done)
            return true;
    }
    return try_page(inquiry, page, out, err);
}

static bool fetch(struct inquiry *inquiry, struct adapter_page *page, struct error *err)
{
    unsigned renewals = 0;

    for (uint32_t tries = 1;; tries++) {
        struct try last = {.ending = ENDING_COUNT};

        if (!try_all(inquiry, page, &last, err))
            return false;
        if (last.is_done)
            return true;
        if (last.ending == ENDING_EXPIRED) {
            explicit_bzero(&inquiry->secret, sizeof inquiry->secret);
            renewals++;
        }
        if (!passes(last.ending) || tries == INQUIRY_TRIES_MAX || renewals == RENEWALS_MAX ||
            last.retry_after_ms > INQUIRY_PAUSE_MAX_MS)
            return give_up(inquiry, &last, err);
        if (last.ending != ENDING_EXPIRED)
            rest(inquiry, &last, tries);
    }
}

/* Pages go forward, so that the list ends and holds no record twice. */
static bool check_forward(const struct inquiry *inquiry, const struct adapter_page *page, struct error *err)
{
    if ((page->count > 0 && strcmp(page->rows[0].record, inquiry->after) <= 0) ||
        (page->next[0] && strcmp(page->next, inquiry->after) <= 0))
        return refuse(
            err, ERR_CORRUPT, "reconcile.malformed", "%s: its list goes back: the page after \"%s\" begins before it",
            "%s：对方的持有清单出现倒退：“%s”之后的一页从它之前开始", inquiry->channel->adapter->name, inquiry->after);
    return true;
}

bool inquiry_next(struct inquiry *inquiry, struct adapter_page *out, struct error *err)
{
    if (!fetch(inquiry, out, err) || !check_forward(inquiry, out, err))
        return false;
    inquiry->rows += out->count;
    if (inquiry->rows > INQUIRY_ROWS_MAX)
        return refuse(err, ERR_LIMIT, "reconcile.rows", "%s: its list has more than %d rows",
                      "%s：对方的持有清单超过 %d 行", inquiry->channel->adapter->name, (int)INQUIRY_ROWS_MAX);
    memcpy(inquiry->after, out->next, sizeof inquiry->after);
    return true;
}
