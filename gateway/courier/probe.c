#include "gateway/courier/probe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/courier/exchange.h"
#include "gateway/courier/probe_parts.h"
#include "keys/digest.h"

static const struct {
    const char *key;
    const char *zh;
    const char *en;
} LAYERS[PROBE_LAYERS] = {
    [PROBE_NAME] = {"name", "域名解析", "name"},
    [PROBE_TCP] = {"tcp", "网络连接", "TCP"},
    [PROBE_TLS] = {"tls", "TLS 加密", "TLS"},
    [PROBE_THEIRS] = {"certificate", "对方证书", "their certificate"},
    [PROBE_OURS] = {"own-certificate", "本方证书", "our certificate"},
    [PROBE_SIGNATURE] = {"signature", "身份与签名", "credentials"},
    [PROBE_ANSWER] = {"answer", "应答", "answer"},
    [PROBE_CLOCK] = {"clock", "时钟", "clock"},
};

const char *probe_layer_name(enum probe_layer layer, bool is_chinese)
{
    return is_chinese ? LAYERS[layer].zh : LAYERS[layer].en;
}

const char *probe_layer_key(enum probe_layer layer)
{
    return LAYERS[layer].key;
}

const char *probe_state_key(enum probe_state state)
{
    static const char *const KEYS[] = {"not-reached", "ok", "warning", "failed"};

    return KEYS[state];
}

void probe_done(struct probe *probe)
{
    for (size_t i = 0; i < PROBE_LAYERS; i++) {
        buf_done(&probe->steps[i].zh);
        buf_done(&probe->steps[i].en);
        buf_done(&probe->steps[i].facts);
    }
}

/* --- words --- */

void probe_find(struct probe_step *step, enum probe_state state, const struct probe_advice *advice)
{
    if (step->zh.bytes > 0) {
        buf_add_text(&step->zh, "；");
        buf_add_text(&step->en, "; ");
    }
    if (state <= step->state)
        return;
    step->state = state;
    step->advice_zh = advice ? advice->zh : NULL;
    step->advice_en = advice ? advice->en : NULL;
}

void probe_say(struct probe_step *step, enum probe_state state, const char *zh, const char *en,
               const struct probe_advice *advice)
{
    probe_find(step, state, advice);
    buf_add_text(&step->zh, zh);
    buf_add_text(&step->en, en);
}

void probe_fact(struct probe_step *step, const char *name, struct span text)
{
    buf_addf(&step->facts, ",\"%s\":", name);
    json_string_add(&step->facts, utf8_is_valid(text, NULL) ? utf8_cut(text, PROBE_WORDS_BYTES) : SPAN("?"));
}

void probe_words(struct probe_step *step, const char *words)
{
    char shown[PROBE_WORDS_BYTES];

    adapter_words_copy(span_of(words), shown, sizeof shown);
    if (!*shown)
        return;
    buf_addf(&step->zh, "（%s）", shown);
    buf_addf(&step->en, " (%s)", shown);
    probe_fact(step, "words", span_of(shown));
}

/* --- what became of the question --- */

struct asking {
    const struct courier_channel *channel;
    const struct clock *clock;
    CURLM *multi;
    struct probe *probe;
    struct adapter_secret secret;
};

static const struct probe_advice CHECK_CREDENTIALS = {
    "核对渠道的令牌、应用标识、密钥和编码设置，以及两边的时钟；令牌可能已被对方更换",
    "check the channel's token, ids, keys and codes, and the clocks of both sides; they may have changed the token"};
static const struct probe_advice ASK_PERMISSION = {
    "对方不允许本方访问：请对方核对对本方证书、应用标识和地址的授权",
    "they do not let us in: have them look at what they allow our certificate, id and address"};
static const struct probe_advice OUR_CERTIFICATE = {
    "对方不认可本方证书：核对渠道设置 certificate，并请对方把该证书（或其签发机构）加入许可名单",
    "they do not take our certificate: check the channel's \"certificate\", and have it (or who signed it) let in "
    "there"};
static const struct probe_advice CHECK_PATH = {
    "核对渠道设置 base 的路径；路径无误的，对方可能没有开放该接口",
    "check the path of the channel's \"base\"; if it is right, they may not offer this interface"};
static const struct probe_advice LATER = {"稍后再测；持续如此的，请与对方联系",
                                          "try again later; if it stays, ask them"};
static const struct probe_advice CHECK_PROTOCOL = {
    "核对渠道设置 base 和 protocol；中间可能有代理或登录页代为应答",
    "check the channel's \"base\" and \"protocol\"; a proxy or a page of somebody else may be answering"};
static const struct probe_advice CHECK_CLOCKS = {
    "校准时钟：请求中的时间相差超过 300 秒即被拒绝；先核对本机（chronyc tracking），再请对方核对",
    "set the clock: requests whose time is off by more than 300 s are refused; this machine's first (chronyc "
    "tracking), "
    "then theirs"};

/* Which layer an ending that is not the good one falls on. */
static const struct {
    enum policy_ending ending;
    enum probe_layer layer;
    const char *zh;
    const char *en;
    const struct probe_advice *advice;
} FAULTS[] = {
    {ENDING_UNTRUSTED, PROBE_OURS, "对方不认可本方证书", "they do not take our certificate", &OUR_CERTIFICATE},
    {ENDING_UNAUTHORIZED, PROBE_SIGNATURE, "对方拒绝了本方的凭据或签名", "they refuse our credentials or signature",
     &CHECK_CREDENTIALS},
    {ENDING_FORBIDDEN, PROBE_SIGNATURE, "对方不准访问", "access is forbidden", &ASK_PERMISSION},
    {ENDING_SETUP_REFUSED, PROBE_SIGNATURE, "对方不认可密钥、签名或编码设置", "they refuse keys, signature or codes",
     &CHECK_CREDENTIALS},
    {ENDING_EXPIRED, PROBE_SIGNATURE, "对方不认可刚刚给出的会话密钥", "they refuse the secret that they just gave",
     &CHECK_CREDENTIALS},
    {ENDING_WRONG_ADDRESS, PROBE_ANSWER, "对方没有这个接口", "there is no such interface", &CHECK_PATH},
    {ENDING_NOT_REACHED, PROBE_ANSWER, "再次连接时连接不上", "it could not be connected to again", &LATER},
    {ENDING_HANDSHAKE, PROBE_ANSWER, "再次连接时握手中断", "the handshake broke off when connecting again", &LATER},
    {ENDING_LOST, PROBE_ANSWER, "没有等到应答", "no answer came", &LATER},
    {ENDING_BUSY, PROBE_ANSWER, "对方内部错误", "they had an internal error", &LATER},
    {ENDING_SLOW_DOWN, PROBE_ANSWER, "对方要求稍后再试", "we are told to come later", &LATER},
    {ENDING_SERVER_ERROR, PROBE_ANSWER, "对方服务器错误", "they had a server error", &LATER},
    {ENDING_UNACCEPTABLE, PROBE_ANSWER, "对方不接受这种请求", "they do not take such requests", &CHECK_PROTOCOL},
    {ENDING_OVERLONG, PROBE_ANSWER, "应答过长", "the answer is too long", &CHECK_PROTOCOL},
};

static void tell_fault(struct asking *asking, enum policy_ending ending, const char *words)
{
    size_t i = 0;
    struct probe_step *step = &asking->probe->steps[PROBE_ANSWER];

    while (i < COUNT_OF(FAULTS) && FAULTS[i].ending != ending)
        i++;
    if (i < COUNT_OF(FAULTS)) {
        step = &asking->probe->steps[FAULTS[i].layer];
        probe_say(step, PROBE_FAILED, FAULTS[i].zh, FAULTS[i].en, FAULTS[i].advice);
    } else {
        probe_say(step, PROBE_FAILED, "应答不符合该渠道的协议", "the answer is not of this channel's protocol",
                  &CHECK_PROTOCOL);
    }
    probe_words(step, words);
}

/* Their clock by the Date of the answer, which has whole seconds, against the middle of the exchange. */
static void judge_clock(struct asking *asking, const struct transfer *transfer, int64_t middle_ms)
{
    struct probe_step *step = &asking->probe->steps[PROBE_CLOCK];
    time_t date = *transfer->date ? curl_getdate(transfer->date, NULL) : -1;
    long long off_s, apart_s;

    if (transfer->net != NET_ANSWERED)
        return;
    if (date < 0) {
        probe_say(step, PROBE_OK, "对方没有给出时间，无法比较", "they give no time: nothing to compare", NULL);
        return;
    }
    off_s = ((long long)date * 1000 + 500 - middle_ms) / 1000;
    apart_s = off_s < 0 ? -off_s : off_s;
    if (apart_s > PROBE_SKEW_MAX_S)
        probe_find(step, PROBE_FAILED, &CHECK_CLOCKS);
    else if (apart_s > PROBE_SKEW_WARNING_S)
        probe_find(step, PROBE_WARNING, &CHECK_CLOCKS);
    else
        probe_find(step, PROBE_OK, NULL);
    buf_addf(&step->zh, apart_s <= 1 ? "两边一致（误差约 1 秒）" : "对方时钟%s %lld 秒", off_s > 0 ? "快" : "慢",
             apart_s);
    buf_addf(&step->en, apart_s <= 1 ? "the same on both sides (within about a second)" : "theirs is %s by %lld s",
             off_s > 0 ? "ahead" : "behind", apart_s);
    buf_addf(&step->facts, ",\"skew_s\":%lld", off_s);
}

static void tell_answer(struct asking *asking, const struct transfer *transfer, const char *code)
{
    struct probe_step *step = &asking->probe->steps[PROBE_ANSWER];

    if (transfer->net != NET_ANSWERED)
        return;
    buf_addf(&step->facts, ",\"status\":%d", transfer->status);
    if (*code)
        probe_fact(step, "code", span_of(code));
}

/* --- asking --- */

/* What came of one request, in the words of its protocol. */
struct reading {
    enum adapter_ending ending;
    char code[ADAPTER_CODE_BYTES];
    char message[ADAPTER_MESSAGE_BYTES];
};

static void read_reply(struct asking *asking, const struct transfer *transfer, const struct adapter_call *call,
                       struct reading *out)
{
    AUTO(adapter_result_done) struct adapter_result result = {.ending = ADAPTER_MALFORMED};
    AUTO(adapter_page_done) struct adapter_page page = {.ending = ADAPTER_MALFORMED};
    const struct adapter *adapter = asking->channel->adapter;
    struct span body = buf_span(&transfer->body);
    bool is_page = transfer->step == ADAPTER_HOLDINGS;

    if (transfer->step == ADAPTER_KEY)
        adapter->key(asking->channel->config, clock_now_ms(asking->clock), transfer->status, body, &asking->secret,
                     &result);
    else if (is_page)
        adapter->holdings(transfer->status, body, &page);
    else
        adapter->reply(call, transfer->step, transfer->status, body, &result);
    out->ending = is_page ? page.ending : result.ending;
    snprintf(out->code, sizeof out->code, "%s", is_page ? page.code : result.code);
    snprintf(out->message, sizeof out->message, "%s", is_page ? page.message : result.message);
}

static bool is_good(enum adapter_step step, enum adapter_ending ending)
{
    return (step == ADAPTER_KEY && ending == ADAPTER_KEY_GIVEN) ||
           (step == ADAPTER_ASK && ending == ADAPTER_UNKNOWN_TASK) ||
           (step == ADAPTER_HOLDINGS && ending == ADAPTER_LISTED);
}

static void tell_ending(struct asking *asking, const struct transfer *transfer, const struct reading *reading)
{
    AUTO(buf_done) struct buf words = BUF_INIT;
    struct policy_attempt attempt = {
        .step = ADAPTER_ASK, .net = transfer->net, .answer = reading->ending, .status = transfer->status};

    if (transfer->net != NET_ANSWERED)
        buf_add_text(&words, transfer->words);
    else
        buf_addf(&words, "HTTP %d%s%s%s%s", transfer->status, *reading->code ? " " : "", reading->code,
                 *reading->message ? " " : "", reading->message);
    tell_fault(asking, policy_ending(&attempt), buf_text(&words));
}

/* Only these steps exist here: none of them carries rows. `*is_done`: what was asked for came. */
static bool ask(struct asking *asking, enum adapter_step step, const struct adapter_call *call, bool *is_done,
                struct error *err)
{
    enum probe_layer layer = step == ADAPTER_KEY ? PROBE_SIGNATURE : PROBE_ANSWER;
    struct transfer_order order = {.channel = asking->channel,
                                   .call = call,
                                   .step = step,
                                   .secret = &asking->secret,
                                   .after = "",
                                   .now_ms = clock_now_ms(asking->clock)};
    struct reading reading = {.ending = ADAPTER_MALFORMED};
    struct transfer *transfer;
    int64_t took_ms = time_monotonic_ms();

    if (!exchange(asking->multi, &order, &transfer, err))
        return false;
    took_ms = time_monotonic_ms() - took_ms;
    asking->probe->steps[layer].millis = took_ms;
    if (transfer->net == NET_ANSWERED)
        read_reply(asking, transfer, call, &reading);
    *is_done = transfer->net == NET_ANSWERED && is_good(step, reading.ending);
    if (!*is_done)
        tell_ending(asking, transfer, &reading);
    if (!*is_done || step != ADAPTER_KEY) {
        tell_answer(asking, transfer, reading.code);
        judge_clock(asking, transfer, order.now_ms + took_ms / 2);
    }
    transfer_free(transfer);
    return true;
}

static void tell_taken(struct asking *asking)
{
    static const char *const ROWS[2] = {
        "；数据行的 SM2 签名只在报送时由对方核验，本测试不报送",
        "; the SM2 signature over rows is only judged when rows are sent: none are here"};
    struct probe_step *signature = &asking->probe->steps[PROBE_SIGNATURE];
    struct probe_step *answer = &asking->probe->steps[PROBE_ANSWER];

    if (asking->channel->adapter->needs_secret)
        probe_say(signature, PROBE_OK, "对方给出会话密钥，并认可用它签的请求",
                  "they gave a secret and take what is signed with it", NULL);
    else if (*asking->channel->config->token)
        probe_say(signature, PROBE_OK, "对方认可令牌签名的请求", "they take requests signed with the token", NULL);
    else
        probe_say(signature, PROBE_OK, "对方只凭证书识别本方，已放行", "they know us by our certificate and let us in",
                  NULL);
    buf_add_text(&signature->zh, ROWS[0]);
    buf_add_text(&signature->en, ROWS[1]);
    probe_say(answer, PROBE_OK, "应答符合该渠道的协议", "the answer is of this channel's protocol", NULL);
}

static bool ask_all(struct asking *asking, struct error *err)
{
    const struct adapter *adapter = asking->channel->adapter;
    struct adapter_call call = {.row_count = 0};
    bool is_done = true;

    random_bytes(call.id, sizeof call.id); /* 128 bits: nobody has a task of that id */
    if (adapter->needs_secret && !ask(asking, ADAPTER_KEY, NULL, &is_done, err))
        return false;
    if (is_done && adapter->is_numbered && adapter->holdings) {
        if (!ask(asking, ADAPTER_HOLDINGS, NULL, &is_done, err))
            return false;
    } else if (is_done && !ask(asking, ADAPTER_ASK, &call, &is_done, err)) {
        return false;
    }
    if (is_done)
        tell_taken(asking);
    return true;
}

bool probe_channel(const struct courier_channel *channel, const struct clock *clock, struct probe *out,
                   struct error *err)
{
    struct asking asking = {.channel = channel, .clock = clock, .probe = out};
    bool is_good = true;

    for (size_t i = 0; i < PROBE_LAYERS; i++)
        out->steps[i].millis = -1;
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to connections that the other side has closed */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return fail(err, ERR_INTERNAL, "libcurl cannot be used");
    if (!probe_line(channel, clock_now_ms(clock), out))
        return true;
    asking.multi = curl_multi_init();
    is_good = asking.multi ? ask_all(&asking, err) : fail(err, ERR_INTERNAL, "libcurl: no handle");
    if (asking.multi)
        (void)curl_multi_cleanup(asking.multi);
    explicit_bzero(&asking.secret, sizeof asking.secret);
    return is_good;
}
