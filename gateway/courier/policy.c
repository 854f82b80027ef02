#include "gateway/courier/policy.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const char TRANSPORT[] = "transport";
static const char BUSINESS[] = "business";
static const char REFUSAL[] = "refusal";
static const char MALFORMED[] = "malformed";

/* What `many` counts. */
enum counted { COUNTED_STREAK, COUNTED_ATTEMPTS, COUNTED_RENEWALS, COUNTED_TAKEN };

struct rule {
    enum policy_action action;
    enum policy_blame blame;
    const char *receipt;
    const char *zh;
    const char *en;
    enum policy_action many_action; /* instead, from `many` on; 0: never */
    enum counted counted;
    uint32_t many;
};

#define NONSENSE ACTION_PAUSE, COUNTED_STREAK, POLICY_NONSENSE_MAX
#define NEVER ACTION_PAUSE, COUNTED_STREAK, 0
#define STEPS_ON ACTION_DISSOLVE_SPENT, COUNTED_TAKEN, POLICY_TAKEN_MAX
#define RENEWED ACTION_PAUSE, COUNTED_RENEWALS, POLICY_RENEWALS_MAX

/* An upload. What may have arrived is asked after, what surely did not is sent again. */
static const struct rule UPLOAD[ENDING_COUNT] = {
    [ENDING_ACCEPTED] = {ACTION_RECEIVED, BLAME_NOBODY, TRANSPORT, "对方已接收", "taken in", NEVER},
    [ENDING_OUTCOMES] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                         "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_NOT_READY] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                          "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_UNKNOWN_TASK] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                             "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_FORGOTTEN] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                          "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_MALFORMED] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                          "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_ODD_STATUS] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                           "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_OVERLONG] = {ACTION_ASK, BLAME_DESTINATION, NULL, "对方应答过长，请求可能已到达",
                         "the answer is too long; the request may have arrived", NEVER},
    [ENDING_NEXT] = {ACTION_GO_ON, BLAME_NOBODY, NULL, "首件已存", "the first part is there", NEVER},
    [ENDING_EXISTS] = {ACTION_ASK, BLAME_NOBODY, REFUSAL, "同名文件已存在，核对是否本方所存",
                       "a file of that name is there: is it ours?", NEVER},
    [ENDING_OTHER_CONTENT] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                              "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_KEY_GIVEN] = {ACTION_ASK, BLAME_DESTINATION, MALFORMED, "对方应答不可信，请求可能已到达",
                          "the answer cannot be believed; the request may have arrived", NEVER},
    [ENDING_EXPIRED] = {ACTION_RESEND, BLAME_NOBODY, REFUSAL, "会话密钥一再不被认可：核对应用密钥和时钟后恢复",
                        "the secret is not taken: check app key and clock, then resume", RENEWED},
    [ENDING_BUSY] = {ACTION_RESEND, BLAME_DESTINATION, REFUSAL, "对方内部错误", "the platform had an internal error",
                     ACTION_SPLIT, COUNTED_ATTEMPTS, POLICY_BUSY_MAX},
    [ENDING_BODY_REFUSED] = {ACTION_SPLIT, BLAME_ROW, REFUSAL, "整批被退回，疑有问题数据",
                             "refused whole, perhaps for one row", NEVER},
    [ENDING_TOO_LARGE] = {ACTION_SPLIT, BLAME_ROW, REFUSAL, "整批超过对方允许的大小", "larger than the platform takes",
                          NEVER},
    [ENDING_SETUP_REFUSED] = {ACTION_PAUSE_DISSOLVE, BLAME_SETUP, REFUSAL, "对方不认可密钥、签名或编码配置：核对后恢复",
                              "keys, signature or codes are not accepted: check the settings, then resume", NEVER},
    [ENDING_UNAUTHORIZED] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方拒绝网关令牌：核对令牌和时钟后恢复",
                             "credentials refused: check token and clock, then resume", NEVER},
    [ENDING_FORBIDDEN] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方不准访问：核对证书和授权后恢复",
                          "access forbidden: check certificate and permission, then resume", NEVER},
    [ENDING_WRONG_ADDRESS] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "接口地址不对：核对 base 后恢复",
                              "not the address of the interface: check base, then resume", NEVER},
    [ENDING_UNACCEPTABLE] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方不接受这种请求：核对接口约定后恢复",
                             "such requests are not accepted: check with the platform, then resume", NEVER},
    [ENDING_SLOW_DOWN] = {ACTION_RESEND, BLAME_DESTINATION, NULL, "对方要求稍后再试", "told to come later", NEVER},
    [ENDING_SERVER_ERROR] = {ACTION_ASK, BLAME_DESTINATION, NULL, "对方服务器错误，请求可能已到达",
                             "server error; the request may have arrived", NEVER},
    [ENDING_NOT_REACHED] = {ACTION_RESEND, BLAME_DESTINATION, NULL, "连接不上对方", "cannot be reached", NEVER},
    [ENDING_HANDSHAKE] = {ACTION_RESEND, BLAME_DESTINATION, NULL, "TLS 握手中断：核对双方 TLS 设置后恢复",
                          "the TLS handshake breaks off: check both sides, then resume", ACTION_PAUSE, COUNTED_STREAK,
                          POLICY_HANDSHAKE_MAX},
    [ENDING_UNTRUSTED] = {ACTION_PAUSE, BLAME_SETUP, NULL, "证书不被认可：核对双方证书后恢复",
                          "a certificate is not accepted: check both sides', then resume", NEVER},
    [ENDING_LOST] = {ACTION_ASK, BLAME_DESTINATION, NULL, "没有等到应答，请求可能已到达",
                     "no answer came; the request may have arrived", NEVER},
    [ENDING_OWN_FAULT] = {ACTION_PAUSE, BLAME_SETUP, NULL, "本网关无法发出请求：查看日志并改正后恢复",
                          "we cannot make the request: see the log, correct, then resume", NEVER},
    [ENDING_CLOCK_MOVED] = {ACTION_RESEND, BLAME_NOBODY, REFUSAL, "请求途中本机时钟被调整，对方不认可：按新时间重发",
                            "refused, and our clock was moved while it was on its way: sent again", NEVER},
    [ENDING_UNMAKEABLE] = {ACTION_PAUSE_DOUBT, BLAME_SETUP, NULL,
                           "密钥或配置已变，无法重做同样的字节：确认新配置后恢复",
                           "keys or settings changed, the same bytes cannot be made: confirm, then resume", NEVER},
};

/* A question by task id. It changes nothing on the other side, so it can always be asked again. */
static const struct rule ASK[ENDING_COUNT] = {
    [ENDING_OUTCOMES] = {ACTION_SETTLE, BLAME_NOBODY, BUSINESS, "已取得逐行结果", "outcomes", NEVER},
    [ENDING_NOT_READY] = {ACTION_WAIT, BLAME_NOBODY, NULL, "对方尚在处理", "in work", NEVER},
    [ENDING_UNKNOWN_TASK] = {ACTION_RESEND, BLAME_NOBODY, REFUSAL, "对方确认未收到，按原样重发",
                             "it never arrived: sent again as it was", NEVER},
    [ENDING_FORGOTTEN] = {ACTION_RESEND, BLAME_NOBODY, REFUSAL, "对方接收后又称不知此批：请与对方核实后恢复",
                          "the platform took it in and now does not know it: ask there, then resume", ACTION_PAUSE,
                          COUNTED_ATTEMPTS, POLICY_FORGOTTEN_MAX},
    [ENDING_NEXT] = {ACTION_GO_ON, BLAME_NOBODY, NULL, "首件已存", "the first part is there", NEVER},
    [ENDING_KEY_GIVEN] = {ACTION_GO_ON, BLAME_NOBODY, NULL, "已取得会话密钥", "a secret was given", NEVER},
    [ENDING_OTHER_CONTENT] = {ACTION_PAUSE_SPENT, BLAME_SETUP, REFUSAL,
                              "对方已有同名而内容不同的文件：与对方核实后恢复，届时以新文件名报送",
                              "the file name is taken by other content: ask there, then resume; a new name is used",
                              STEPS_ON},
    [ENDING_EXPIRED] = {ACTION_ASK_AGAIN, BLAME_NOBODY, NULL, "会话密钥一再不被认可：核对应用密钥和时钟后恢复",
                        "the secret is not taken: check app key and clock, then resume", RENEWED},
    [ENDING_EXISTS] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",
                       "answers cannot be believed: ask there, then resume", NONSENSE},
    [ENDING_ACCEPTED] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",
                         "answers cannot be believed: ask there, then resume", NONSENSE},
    [ENDING_BODY_REFUSED] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",
                             "answers cannot be believed: ask there, then resume", NONSENSE},
    [ENDING_MALFORMED] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",
                          "answers cannot be believed: ask there, then resume", NONSENSE},
    [ENDING_TOO_LARGE] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",
                          "answers cannot be believed: ask there, then resume", NONSENSE},
    [ENDING_ODD_STATUS] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",
                           "answers cannot be believed: ask there, then resume", NONSENSE},
    [ENDING_OVERLONG] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "对方应答一再过长：请与对方核实后恢复",
                         "answers are too long: ask there, then resume", NONSENSE},
    [ENDING_BUSY] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "对方内部错误", "the platform had an internal error",
                     NEVER},
    [ENDING_SLOW_DOWN] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "对方要求稍后再试", "told to come later", NEVER},
    [ENDING_SERVER_ERROR] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "对方服务器错误", "server error", NEVER},
    [ENDING_NOT_REACHED] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "连接不上对方", "cannot be reached", NEVER},
    [ENDING_LOST] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "没有等到应答", "no answer came", NEVER},
    [ENDING_HANDSHAKE] = {ACTION_ASK_AGAIN, BLAME_DESTINATION, NULL, "TLS 握手中断：核对双方 TLS 设置后恢复",
                          "the TLS handshake breaks off: check both sides, then resume", ACTION_PAUSE, COUNTED_STREAK,
                          POLICY_HANDSHAKE_MAX},
    [ENDING_SETUP_REFUSED] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方不认可密钥、签名或编码配置：核对后恢复",
                              "keys, signature or codes are not accepted: check the settings, then resume", NEVER},
    [ENDING_UNAUTHORIZED] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方拒绝网关令牌：核对令牌和时钟后恢复",
                             "credentials refused: check token and clock, then resume", NEVER},
    [ENDING_FORBIDDEN] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方不准访问：核对证书和授权后恢复",
                          "access forbidden: check certificate and permission, then resume", NEVER},
    [ENDING_WRONG_ADDRESS] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "接口地址不对：核对 base 后恢复",
                              "not the address of the interface: check base, then resume", NEVER},
    [ENDING_UNACCEPTABLE] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方不接受这种请求：核对接口约定后恢复",
                             "such requests are not accepted: check with the platform, then resume", NEVER},
    [ENDING_UNTRUSTED] = {ACTION_PAUSE, BLAME_SETUP, NULL, "证书不被认可：核对双方证书后恢复",
                          "a certificate is not accepted: check both sides', then resume", NEVER},
    [ENDING_OWN_FAULT] = {ACTION_PAUSE, BLAME_SETUP, NULL, "本网关无法发出请求：查看日志并改正后恢复",
                          "we cannot make the request: see the log, correct, then resume", NEVER},
    [ENDING_CLOCK_MOVED] = {ACTION_ASK_AGAIN, BLAME_NOBODY, REFUSAL, "请求途中本机时钟被调整，对方不认可：按新时间再问",
                            "refused, and our clock was moved while it was on its way: asked again", NEVER},
    [ENDING_UNMAKEABLE] = {ACTION_DISSOLVE, BLAME_NOBODY, REFUSAL, "对方确认未收到，原字节已无法重做：重新编批",
                           "it never arrived and its bytes cannot be made again: its rows go in a new call", NEVER},
};

/* An upload that settles at once. The receiver tells a repeat by its id, so whatever is not clear is sent again. */
#define AGAIN(zh, en)                                                                                                  \
    {                                                                                                                  \
        ACTION_RESEND, BLAME_DESTINATION, NULL, zh, en, NEVER                                                          \
    }
#define ODD                                                                                                            \
    {                                                                                                                  \
        ACTION_RESEND, BLAME_DESTINATION, MALFORMED, "对方应答一再不可信：请与对方核实后恢复",                         \
            "answers cannot be believed: ask there, then resume", NONSENSE                                             \
    }
static const struct rule DELIVER[ENDING_COUNT] = {
    [ENDING_OUTCOMES] = {ACTION_SETTLE, BLAME_NOBODY, BUSINESS, "对方已确认", "acknowledged", NEVER},
    [ENDING_BODY_REFUSED] = {ACTION_SPLIT, BLAME_ROW, REFUSAL, "对方拒收此消息", "the message is refused", NEVER},
    [ENDING_SETUP_REFUSED] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方端点已停用：与对方核实后恢复",
                              "the endpoint wants no more: ask there, then resume", NEVER},
    [ENDING_SLOW_DOWN] = AGAIN("对方要求稍后再试", "told to come later"),
    [ENDING_SERVER_ERROR] = AGAIN("对方服务器错误", "server error"),
    [ENDING_NOT_REACHED] = AGAIN("连接不上对方", "cannot be reached"),
    [ENDING_LOST] = AGAIN("没有等到应答，以同一编号重发", "no answer came: sent again under the same id"),
    [ENDING_OVERLONG] = AGAIN("对方应答过长，以同一编号重发", "the answer is too long: sent again under the same id"),
    [ENDING_HANDSHAKE] = {ACTION_RESEND, BLAME_DESTINATION, NULL, "TLS 握手中断：核对双方 TLS 设置后恢复",
                          "the TLS handshake breaks off: check both sides, then resume", ACTION_PAUSE, COUNTED_STREAK,
                          POLICY_HANDSHAKE_MAX},
    [ENDING_UNTRUSTED] = {ACTION_PAUSE, BLAME_SETUP, NULL, "证书不被认可：核对双方证书后恢复",
                          "a certificate is not accepted: check both sides', then resume", NEVER},
    [ENDING_WRONG_ADDRESS] = {ACTION_PAUSE, BLAME_SETUP, REFUSAL, "对方要求转往他处，本网关不跟随：核对地址后恢复",
                              "redirects are not followed: check the address, then resume", NEVER},
    [ENDING_OWN_FAULT] = {ACTION_PAUSE, BLAME_SETUP, NULL, "本网关无法发出请求：查看日志并改正后恢复",
                          "we cannot make the request: see the log, correct, then resume", NEVER},
    [ENDING_CLOCK_MOVED] = {ACTION_RESEND, BLAME_NOBODY, REFUSAL, "请求途中本机时钟被调整，对方不认可：按新时间重发",
                            "refused, and our clock was moved while it was on its way: sent again", NEVER},
    [ENDING_UNMAKEABLE] = {ACTION_DISSOLVE, BLAME_NOBODY, NULL, "原字节已无法重做：重新编批",
                           "its bytes cannot be made again: it goes in a new call", NEVER},
    /* Statuses that an adapter of this kind judges itself, and answers that it never gives. */
    [ENDING_UNAUTHORIZED] = ODD,
    [ENDING_FORBIDDEN] = ODD,
    [ENDING_TOO_LARGE] = ODD,
    [ENDING_UNACCEPTABLE] = ODD,
    [ENDING_ODD_STATUS] = ODD,
    [ENDING_MALFORMED] = ODD,
    [ENDING_ACCEPTED] = ODD,
    [ENDING_NOT_READY] = ODD,
    [ENDING_UNKNOWN_TASK] = ODD,
    [ENDING_FORGOTTEN] = ODD,
    [ENDING_NEXT] = ODD,
    [ENDING_EXISTS] = ODD,
    [ENDING_OTHER_CONTENT] = ODD,
    [ENDING_EXPIRED] = ODD,
    [ENDING_KEY_GIVEN] = ODD,
    [ENDING_BUSY] = ODD,
};

/* --- one word for an ending --- */

struct status_range {
    int from;
    int to;
    enum policy_ending ending;
};

/* The first that fits. */
static const struct status_range STATUSES[] = {
    {300, 399, ENDING_WRONG_ADDRESS}, {401, 401, ENDING_UNAUTHORIZED},  {403, 403, ENDING_FORBIDDEN},
    {404, 405, ENDING_WRONG_ADDRESS}, {410, 410, ENDING_WRONG_ADDRESS}, {421, 421, ENDING_WRONG_ADDRESS},
    {413, 413, ENDING_TOO_LARGE},     {408, 408, ENDING_SLOW_DOWN},     {425, 425, ENDING_SLOW_DOWN},
    {429, 429, ENDING_SLOW_DOWN},     {503, 503, ENDING_SLOW_DOWN},     {500, 599, ENDING_SERVER_ERROR},
    {400, 499, ENDING_UNACCEPTABLE},
};

static enum policy_ending ending_of_status(int status)
{
    for (size_t i = 0; i < COUNT_OF(STATUSES); i++) {
        if (status >= STATUSES[i].from && status <= STATUSES[i].to)
            return STATUSES[i].ending;
    }
    return ENDING_ODD_STATUS;
}

static enum policy_ending ending_of_answer(const struct policy_attempt *attempt)
{
    static const enum policy_ending OF_ADAPTER[ADAPTER_ENDING_COUNT] = {
        [ADAPTER_ACCEPTED] = ENDING_ACCEPTED,
        [ADAPTER_OUTCOMES] = ENDING_OUTCOMES,
        [ADAPTER_NOT_READY] = ENDING_NOT_READY,
        [ADAPTER_UNKNOWN_TASK] = ENDING_UNKNOWN_TASK,
        [ADAPTER_NEXT] = ENDING_NEXT,
        [ADAPTER_EXISTS] = ENDING_EXISTS,
        [ADAPTER_OTHER_CONTENT] = ENDING_OTHER_CONTENT,
        [ADAPTER_EXPIRED] = ENDING_EXPIRED,
        [ADAPTER_KEY_GIVEN] = ENDING_KEY_GIVEN,
        [ADAPTER_LISTED] = ENDING_MALFORMED, /* of a page only: never of a call */
        [ADAPTER_BUSY] = ENDING_BUSY,
        [ADAPTER_BODY_REFUSED] = ENDING_BODY_REFUSED,
        [ADAPTER_SETUP_REFUSED] = ENDING_SETUP_REFUSED,
        [ADAPTER_MALFORMED] = ENDING_MALFORMED,
    };

    if (attempt->answer == ADAPTER_BY_STATUS)
        return ending_of_status(attempt->status);
    if (attempt->answer == ADAPTER_UNKNOWN_TASK && attempt->was_received)
        return ENDING_FORGOTTEN;
    return OF_ADAPTER[attempt->answer];
}

/* What a receiver says to a timestamp that it does not believe. */
static bool is_refusal(enum policy_ending ending)
{
    return ending == ENDING_BODY_REFUSED || ending == ENDING_SETUP_REFUSED || ending == ENDING_UNAUTHORIZED ||
           ending == ENDING_FORBIDDEN || ending == ENDING_UNACCEPTABLE;
}

enum policy_ending policy_ending(const struct policy_attempt *attempt)
{
    static const enum policy_ending OF_NET[NET_COUNT] = {
        [NET_NOT_REACHED] = ENDING_NOT_REACHED, [NET_HANDSHAKE] = ENDING_HANDSHAKE,
        [NET_UNTRUSTED] = ENDING_UNTRUSTED,     [NET_LOST] = ENDING_LOST,
        [NET_OVERLONG] = ENDING_OVERLONG,       [NET_OWN_FAULT] = ENDING_OWN_FAULT,
        [NET_UNMAKEABLE] = ENDING_UNMAKEABLE,
    };

    enum policy_ending ending = attempt->net == NET_ANSWERED ? ending_of_answer(attempt) : OF_NET[attempt->net];

    return attempt->is_clock_moved && is_refusal(ending) ? ENDING_CLOCK_MOVED : ending;
}

const char *policy_ending_name(enum policy_ending ending)
{
    static const char *const NAMES[ENDING_COUNT] = {
        [ENDING_ACCEPTED] = "accepted",
        [ENDING_OUTCOMES] = "outcomes",
        [ENDING_NOT_READY] = "not-ready",
        [ENDING_UNKNOWN_TASK] = "unknown-task",
        [ENDING_FORGOTTEN] = "forgotten",
        [ENDING_NEXT] = "next",
        [ENDING_EXISTS] = "exists",
        [ENDING_OTHER_CONTENT] = "other-content",
        [ENDING_EXPIRED] = "expired",
        [ENDING_KEY_GIVEN] = "key-given",
        [ENDING_BUSY] = "busy",
        [ENDING_BODY_REFUSED] = "body-refused",
        [ENDING_SETUP_REFUSED] = "setup-refused",
        [ENDING_MALFORMED] = "malformed",
        [ENDING_UNAUTHORIZED] = "unauthorized",
        [ENDING_FORBIDDEN] = "forbidden",
        [ENDING_WRONG_ADDRESS] = "wrong-address",
        [ENDING_TOO_LARGE] = "too-large",
        [ENDING_SLOW_DOWN] = "slow-down",
        [ENDING_SERVER_ERROR] = "server-error",
        [ENDING_UNACCEPTABLE] = "unacceptable",
        [ENDING_ODD_STATUS] = "odd-status",
        [ENDING_NOT_REACHED] = "not-reached",
        [ENDING_HANDSHAKE] = "handshake",
        [ENDING_UNTRUSTED] = "untrusted",
        [ENDING_LOST] = "lost",
        [ENDING_OVERLONG] = "overlong",
        [ENDING_OWN_FAULT] = "own-fault",
        [ENDING_UNMAKEABLE] = "unmakeable",
        [ENDING_CLOCK_MOVED] = "clock-moved",
    };

    return NAMES[ending];
}

/* --- how long to wait --- */

int64_t policy_delay_ms(int64_t first_ms, int64_t max_ms, uint32_t n, uint32_t dice)
{
    int64_t middle = first_ms < POLICY_DELAY_MAX_MS ? first_ms : POLICY_DELAY_MAX_MS;
    int64_t most = max_ms < POLICY_DELAY_MAX_MS ? max_ms : POLICY_DELAY_MAX_MS;
    int64_t low;
    int64_t high;

    if (most < middle)
        most = middle;
    first_ms = middle;
    for (uint32_t i = 1; i < n && middle < most; i++)
        middle = middle > most / 2 ? most : 2 * middle;
    low = middle - middle / 4 > first_ms ? middle - middle / 4 : first_ms;
    high = middle + middle / 4 < most ? middle + middle / 4 : most;
    return high > low ? low + (int64_t)(dice % (uint64_t)(high - low + 1)) : low;
}

static int64_t limited_ms(int64_t ms)
{
    return ms < 0 ? 0 : ms > POLICY_RETRY_AFTER_MAX_MS ? POLICY_RETRY_AFTER_MAX_MS : ms;
}

int64_t policy_retry_after_ms(struct span value, int64_t now_ms)
{
    char text[64];
    int64_t seconds;
    time_t at;

    value = span_trim(value);
    if (value.bytes == 0 || value.bytes >= sizeof text)
        return -1;
    if (integer_parse(value, &seconds))
        return limited_ms(seconds > INT64_MAX / 1000 ? INT64_MAX : 1000 * seconds);
    memcpy(text, value.at, value.bytes);
    text[value.bytes] = '\0';
    /* A date begins with the name of a day. */
    if (text[0] < 'A' || text[0] > 'Z' || strlen(text) != value.bytes)
        return -1;
    at = curl_getdate(text, NULL);
    return at < 0 ? -1 : limited_ms((int64_t)at * 1000 - now_ms);
}

/* --- the verdict --- */

/* The second part is judged as the first, but nothing is begun anew: the first part is there, under a name that is
 * spent. What may not have arrived is asked after, and what is not accepted is for a person. */
static struct rule second_rule(enum policy_ending ending)
{
    struct rule rule = UPLOAD[ending];

    if (rule.action == ACTION_RESEND)
        rule.action = ACTION_ASK;
    else if (rule.action == ACTION_SPLIT || rule.action == ACTION_PAUSE_DISSOLVE)
        rule.action = ACTION_PAUSE;
    if (rule.many_action == ACTION_SPLIT)
        rule.many = 0;
    return rule;
}

static struct rule rule_of(const struct policy_attempt *attempt, enum policy_ending ending)
{
    if (attempt->settles_at_once)
        return DELIVER[ending];
    if (attempt->step == ADAPTER_SECOND)
        return second_rule(ending);
    return attempt->step == ADAPTER_UPLOAD ? UPLOAD[ending] : ASK[ending];
}

static bool is_many(const struct policy_attempt *attempt, const struct rule *rule)
{
    const uint32_t counts[] = {[COUNTED_STREAK] = attempt->streak,
                               [COUNTED_ATTEMPTS] = attempt->attempts + 1,
                               [COUNTED_RENEWALS] = attempt->renewals,
                               [COUNTED_TAKEN] = attempt->taken_names};
    uint32_t count = counts[rule->counted];

    if (rule->many == 0 || count < rule->many)
        return false;
    /* While the destination fails for everybody, no call is worse than another. */
    return rule->many_action != ACTION_SPLIT || (attempt->is_alive && attempt->rows > 1);
}

static enum policy_action action_of(const struct policy_attempt *attempt, const struct rule *rule)
{
    if (is_many(attempt, rule))
        return rule->many_action;
    if (rule->action != ACTION_SPLIT || attempt->rows > 1)
        return rule->action;
    return attempt->lone_refusals >= POLICY_LONE_MAX ? ACTION_PAUSE : ACTION_REFUSE_ROW;
}

static int64_t poll_delay_ms(const struct policy_pace *pace, uint32_t n, uint32_t dice)
{
    return policy_delay_ms(pace->poll_ms, POLICY_POLL_GROWTH * pace->poll_ms, n, dice);
}

/* Attempts that were made early (the channel was resumed, the destination came back) count, but a young call does not
 * wait long for them: the pause is never longer than the call is old. */
static int64_t aged_ms(const struct policy_attempt *attempt, const struct policy_pace *pace, int64_t delay_ms)
{
    int64_t most_ms = attempt->age_ms > pace->retry_first_ms ? attempt->age_ms : pace->retry_first_ms;

    return attempt->age_ms > 0 && delay_ms > most_ms ? most_ms : delay_ms;
}

static int64_t delay_of(const struct policy_attempt *attempt, const struct policy_pace *pace,
                        const struct policy_verdict *verdict, uint32_t dice)
{
    /* Questions for outcomes also count those that were answered "in work". */
    uint32_t asked = attempt->was_received ? attempt->failures : attempt->asks + 1;
    bool is_sent = attempt->step == ADAPTER_UPLOAD || attempt->step == ADAPTER_SECOND;
    uint32_t tried = is_sent ? attempt->attempts + 1 : attempt->attempts;
    int64_t delay_ms;

    /* A new secret is fetched first; and whose file that is can be seen at once. */
    if (verdict->ending == ENDING_EXPIRED || (verdict->ending == ENDING_EXISTS && attempt->attempts == 0))
        return 0;
    switch (verdict->action) {
    case ACTION_RECEIVED:
        return poll_delay_ms(pace, 1, dice);
    case ACTION_WAIT:
    case ACTION_SETTLE:
        return poll_delay_ms(pace, attempt->asks + 1, dice);
    case ACTION_RESEND:
        /* The time between the attempt and the question has passed already. */
        if (verdict->ending == ENDING_UNKNOWN_TASK)
            return 0;
        delay_ms = policy_delay_ms(pace->retry_first_ms, pace->retry_max_ms, tried, dice);
        break;
    case ACTION_ASK:
        delay_ms = policy_delay_ms(pace->retry_first_ms, pace->retry_max_ms, tried, dice);
        break;
    case ACTION_ASK_AGAIN:
        delay_ms = policy_delay_ms(pace->retry_first_ms, pace->retry_max_ms, asked, dice);
        break;
    default:
        return 0;
    }
    delay_ms = aged_ms(attempt, pace, delay_ms);
    return attempt->retry_after_ms > delay_ms ? attempt->retry_after_ms : delay_ms;
}

void policy_decide(const struct policy_attempt *attempt, const struct policy_pace *pace, uint32_t dice,
                   struct policy_verdict *out)
{
    enum policy_ending ending = policy_ending(attempt);
    const struct rule rule = rule_of(attempt, ending);

    *out = (struct policy_verdict){.ending = ending,
                                   .action = action_of(attempt, &rule),
                                   .blame = rule.blame,
                                   .receipt = rule.receipt,
                                   .zh = rule.zh,
                                   .en = rule.en};
    if (out->action == ACTION_PAUSE && rule.action == ACTION_SPLIT) {
        out->blame = BLAME_SETUP;
        out->zh = "单行也一再被整批退回，应是配置问题：核对后恢复";
        out->en = "single rows are refused whole again and again: check the settings, then resume";
    } else if (out->action == ACTION_PAUSE) {
        out->blame = BLAME_SETUP;
    } else if (out->action == ACTION_DISSOLVE_SPENT) {
        /* After a backup was restored, the platform has the names that were used since. */
        out->blame = BLAME_NOBODY;
        out->zh = "此文件名同样已被占用：改用下一个文件名";
        out->en = "this file name is taken, too: on to the next";
    }
    out->delay_ms = delay_of(attempt, pace, out, dice);
}
