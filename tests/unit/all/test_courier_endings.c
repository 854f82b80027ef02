/* Each way a call can end, made by the platform or on the line, and what the courier really does about it: what the
 * tables in gateway/courier/policy.c say, with every version applied exactly once and nothing dropped.
 *
 * In the order of the list that asked for it: refused, malformed, signatures, statuses, the line, time, certificates.
 */
#include "tests/unit/all/post.h"

#include <criterion/parameterized.h>

enum { ROWS = 3, SKEW_MS = 400000, SHORT_MS = 700 };

TestSuite(courier_endings, .init = post_open, .fini = post_close, .timeout = 120);

enum answer {
    ASKED,       /* it had arrived: asked after, never sent again */
    ASKED_FIRST, /* it had not: asked after, then sent again as it was */
    SENT_AGAIN,  /* it surely had not: sent again as it was, without a question */
    SPLIT,       /* its rows go in other calls */
    PAUSED,      /* the channel waits for a person, then goes on */
    ASKED_AGAIN, /* a question without an answer is asked again */
    TAKEN_BACK   /* taken in and then not known: sent again as it was */
};

struct ending {
    const char *name;
    const char *fault; /* of the platform; NULL: none */
    const char *line;  /* on the line; NULL: nothing */
    const char *words; /* of the verdict, as policy.c says it; NULL: nothing is told of it */
    enum answer answer;
    bool is_short;     /* we wait no longer than SHORT_MS */
    bool is_clock_off; /* the platform's */
};

#define UP(rest) "{\"on\":\"upload\",\"fault\":" rest "}"
#define TASK(rest) "{\"on\":\"task\",\"fault\":" rest "}"
#define STATUS(number) "\"status\",\"status\":" #number

#define UNBELIEVABLE "the answer cannot be believed; the request may have arrived"
#define SERVER_ERROR "server error; the request may have arrived"
#define LATER "told to come later"
#define LOST "no answer came; the request may have arrived"
#define CODES "keys, signature or codes are not accepted"
#define ADDRESS "not the address of the interface"

static const struct ending ENDINGS[] = {
    {"nothing is wrong", NULL, NULL, NULL, ASKED_AGAIN, false, false},

    /* Refused whole. */
    {"6002 once", UP("\"refuse-call\",\"code\":\"6002\""), NULL, "refused whole, perhaps for one row", SPLIT, 0, 0},
    {"413", UP(STATUS(413)), NULL, "larger than the platform takes", SPLIT, 0, 0},
    {"500 as a code", UP("\"refuse-call\",\"code\":\"500\""), NULL, "the platform had an internal error", SENT_AGAIN, 0,
     0},

    /* Answers that are none. */
    {"half a JSON", UP("\"malformed\""), NULL, UNBELIEVABLE, ASKED, 0, 0},
    {"empty", UP("\"malformed\",\"body\":\"\""), NULL, UNBELIEVABLE, ASKED, 0, 0},
    {"null", UP("\"malformed\",\"body\":\"null\""), NULL, UNBELIEVABLE, ASKED, 0, 0},
    {"a page", UP("\"malformed\",\"body\":\"<html>ok</html>\",\"content_type\":\"text/html\""), NULL, UNBELIEVABLE,
     ASKED, 0, 0},
    {"wrong types", UP("\"wrong-types\""), NULL, UNBELIEVABLE, ASKED, 0, 0},
    {"huge", UP("\"huge\",\"bytes\":5242880"), NULL, "the answer is too long; the request may have arrived", ASKED, 0,
     0},
    {"an odd status", UP("\"status\",\"status\":299,\"after\":true"), NULL, UNBELIEVABLE, ASKED, 0, 0},

    /* Signatures, credentials, addresses: only a person can help. */
    {"5001 not readable", UP("\"refuse-call\",\"code\":\"5001\""), NULL, CODES, PAUSED, 0, 0},
    {"5002 cannot decrypt", UP("\"refuse-call\",\"code\":\"5002\""), NULL, CODES, PAUSED, 0, 0},
    {"5003 signature", UP("\"refuse-call\",\"code\":\"5003\""), NULL, CODES, PAUSED, 0, 0},
    {"3002 table", UP("\"refuse-call\",\"code\":\"3002\""), NULL, CODES, PAUSED, 0, 0},
    {"401", UP(STATUS(401)), NULL, "credentials refused", PAUSED, 0, 0},
    {"403", UP(STATUS(403)), NULL, "access forbidden", PAUSED, 0, 0},
    {"404", UP(STATUS(404)), NULL, ADDRESS, PAUSED, 0, 0},
    {"405", UP(STATUS(405)), NULL, ADDRESS, PAUSED, 0, 0},
    {"301", UP(STATUS(301)), NULL, ADDRESS, PAUSED, 0, 0},
    {"400", UP(STATUS(400)), NULL, "such requests are not accepted", PAUSED, 0, 0},
    {"a clock that is off", NULL, NULL, "credentials refused: check token and clock", PAUSED, 0, true},
    {"a certificate that has expired", NULL, "{\"certificate\":\"expired\"}", "a certificate is not accepted", PAUSED,
     0, 0},
    {"a certificate of nobody", NULL, "{\"certificate\":\"wrong\"}", "a certificate is not accepted", PAUSED, 0, 0},

    /* Busy. */
    {"408", UP(STATUS(408)), NULL, LATER, SENT_AGAIN, 0, 0},
    {"429 now", UP(STATUS(429) ",\"retry_after\":\"0\""), NULL, LATER, SENT_AGAIN, 0, 0},
    {"429 in a second", UP(STATUS(429) ",\"retry_after\":\"1\""), NULL, LATER, SENT_AGAIN, 0, 0},
    {"503", UP(STATUS(503)), NULL, LATER, SENT_AGAIN, 0, 0},
    {"503 until a day that is over", UP(STATUS(503) ",\"retry_after\":\"Mon, 01 Jan 2001 00:00:00 GMT\""), NULL, LATER,
     SENT_AGAIN, 0, 0},
    {"503 until nonsense", UP(STATUS(503) ",\"retry_after\":\"soon\""), NULL, LATER, SENT_AGAIN, 0, 0},
    {"500 before the work", UP(STATUS(500)), NULL, SERVER_ERROR, ASKED_FIRST, 0, 0},
    {"500 after the work", UP(STATUS(500) ",\"after\":true"), NULL, SERVER_ERROR, ASKED, 0, 0},
    {"504 after the work", UP(STATUS(504) ",\"after\":true"), NULL, SERVER_ERROR, ASKED, 0, 0},

    /* The line. */
    {"connection refused", NULL, "{\"limit\":0,\"for_ms\":300}", "cannot be reached", SENT_AGAIN, 0, 0},
    {"reset before the handshake", NULL, "{\"reset_after_request_bytes\":0,\"connections\":1}", NULL, SENT_AGAIN, 0, 0},
    {"reset in the handshake", NULL, "{\"reset_after_request_bytes\":100,\"connections\":1}",
     "the TLS handshake breaks off", SENT_AGAIN, 0, 0},
    {"closed in the handshake", NULL, "{\"close_after_answer_bytes\":500,\"connections\":1}",
     "the TLS handshake breaks off", SENT_AGAIN, 0, 0},
    {"reset while the body goes", UP("\"reset-body\""), NULL, LOST, ASKED_FIRST, 0, 0},
    {"reset before the work", UP("\"reset\""), NULL, LOST, ASKED_FIRST, 0, 0},
    {"reset after the work", UP("\"reset\",\"after\":true"), NULL, LOST, ASKED, 0, 0},
    {"reset in the answer", UP("\"cut\",\"bytes\":100"), NULL, LOST, ASKED, 0, 0},
    {"closed before the work", UP("\"close\""), NULL, LOST, ASKED_FIRST, 0, 0},
    {"closed after the work", UP("\"lost-reply\""), NULL, LOST, ASKED, 0, 0},

    /* Time. */
    {"no answer in time", UP("\"stall\""), NULL, LOST, ASKED, true, 0},
    {"an answer after our time", UP("\"delay\",\"ms\":1500"), NULL, LOST, ASKED, true, 0},
    {"an answer that drips too slowly", UP("\"drip\",\"bytes\":1,\"ms\":100"), NULL, LOST, ASKED, true, 0},
    {"a request that gets stuck", NULL, "{\"stall_after_request_bytes\":4500,\"connections\":1}", LOST, ASKED_FIRST,
     true, 0},
    {"a handshake that gets stuck", NULL, "{\"stall_after_request_bytes\":100,\"connections\":1}", "cannot be reached",
     SENT_AGAIN, true, 0},

    /* Questions for outcomes. */
    {"outcomes: half a JSON", TASK("\"malformed\""), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: empty", TASK("\"malformed\",\"body\":\"\""), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: wrong types", TASK("\"wrong-types\""), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: huge", TASK("\"huge\",\"bytes\":5242880"), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: a row missing", "{\"fault\":\"rows-missing\"}", NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: each twice", "{\"fault\":\"rows-twice\"}", NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: each twice, contradicting", "{\"fault\":\"rows-contradict\"}", NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: of a row that was not sent", "{\"fault\":\"rows-foreign\"}", NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: late", "{\"fault\":\"result-delay\",\"polls\":5}", NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: 500 as a code", TASK("\"refuse-call\",\"code\":\"500\""), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: not known any more", TASK("\"refuse-call\",\"code\":\"7001\""), NULL, NULL, TAKEN_BACK, 0, 0},
    {"outcomes: 503", TASK(STATUS(503)), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: 502", TASK(STATUS(502)), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: reset", TASK("\"reset\""), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: reset in the answer", TASK("\"cut\",\"bytes\":50"), NULL, NULL, ASKED_AGAIN, 0, 0},
    {"outcomes: no answer in time", TASK("\"stall\""), NULL, NULL, ASKED_AGAIN, true, 0},
    {"outcomes: 401", TASK(STATUS(401)), NULL, "credentials refused", PAUSED, 0, 0},
    {"outcomes: 404", TASK(STATUS(404)), NULL, ADDRESS, PAUSED, 0, 0},
    {"outcomes: 5003 signature", TASK("\"refuse-call\",\"code\":\"5003\""), NULL, CODES, PAUSED, 0, 0},
};

static void expect_kept(const struct ending *ending)
{
    struct channel_status status = post_status();
    uint64_t kept = 0;

    for (int state = 0; state < DELIVERY_STATE_COUNT; state++)
        kept += status.count[state];
    cr_assert_eq(kept, ROWS, "%s", ending->name);
    cr_assert_eq(status.count[DELIVERY_REFUSED], 0, "%s", ending->name);
}

static void await_pause(const struct ending *ending)
{
    struct channel_status status;

    post_await(post_is_paused, 1);
    status = post_status();
    cr_assert(strstr(status.reason, ending->words), "%s: %s", ending->name, status.reason);
    expect_kept(ending);
    usleep(100000); /* nothing more goes out meanwhile */
    cr_assert(post_status().is_paused);
    platform_forgive();
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_GUANGDONG, &T.err), "%s", T.err.text);
    post_wake();
}

static size_t doubts(void)
{
    return post_events("call.failed", "\"state\":\"in-doubt\"");
}

static void expect_answer(const struct ending *ending)
{
    const char *name = ending->name;
    size_t in_doubt = doubts();
    int64_t uploads = platform_count("uploads");
    size_t prepared = post_events("call.prepared", NULL);
    size_t asked;

    switch (ending->answer) {
    case ASKED:
    case ASKED_FIRST:
        cr_assert_eq(in_doubt, 1, "%s: in doubt %zu times", name, in_doubt);
        cr_assert_eq(post_events("receipt.stored", "\"kind\":\"refusal\""), ending->answer == ASKED_FIRST, "%s", name);
        cr_assert(uploads == 1 && prepared == 1, "%s: %ld, %zu", name, (long)uploads, prepared);
        break;
    case SENT_AGAIN:
        cr_assert_geq(post_events("call.failed", NULL), 1, "%s", name);
        cr_assert(in_doubt == 0 && uploads == 1 && prepared == 1, "%s: %zu, %ld, %zu", name, in_doubt, (long)uploads,
                  prepared);
        break;
    case SPLIT:
        cr_assert(in_doubt == 0 && prepared > 1, "%s: %zu, %zu", name, in_doubt, prepared);
        break;
    case PAUSED:
        cr_assert_eq(post_events("channel.paused", NULL), 1, "%s", name);
        cr_assert_eq(uploads, 1, "%s: %ld", name, (long)uploads);
        break;
    case ASKED_AGAIN:
        cr_assert(in_doubt == 0 && uploads == 1 && prepared == 1, "%s: %zu, %ld, %zu", name, in_doubt, (long)uploads,
                  prepared);
        /* Waiting once more, or settled in two parts. */
        asked = post_events("call.waiting", NULL) + post_events("delivery.settled", NULL);
        cr_assert_eq(asked > 1, ending->fault != NULL, "%s: %zu", name, asked);
        break;
    case TAKEN_BACK:
        cr_assert(in_doubt == 0 && uploads == 2 && prepared == 1 && platform_count("repeated") == 1, "%s", name);
        break;
    }
}

ParameterizedTestParameters(courier_endings, each_ending_has_its_own_right_answer)
{
    static size_t numbers[COUNT_OF(ENDINGS)];

    for (size_t i = 0; i < COUNT_OF(ENDINGS); i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, COUNT_OF(ENDINGS));
}

ParameterizedTest(size_t *number, courier_endings, each_ending_has_its_own_right_answer)
{
    const struct ending *ending = &ENDINGS[*number];

    if (ending->is_short) {
        O.config.channels[CHANNEL_CREDIT_GUANGDONG].connect_timeout_ms = SHORT_MS;
        O.config.channels[CHANNEL_CREDIT_GUANGDONG].total_timeout_ms = SHORT_MS;
    }
    if (ending->fault)
        platform_order(ending->fault);
    if (ending->line)
        platform_line(ending->line);
    if (ending->is_clock_off)
        platform_turn(SKEW_MS);
    post_list(ROWS);
    cr_assert_eq(post_push(), ROWS);
    post_start();
    if (ending->answer == PAUSED)
        await_pause(ending);
    post_await_acknowledged(ROWS);
    if (ending->words && ending->answer != PAUSED)
        cr_assert_geq(post_events(ending->answer == SPLIT ? "call.dissolved" : "call.failed", ending->words), 1, "%s",
                      ending->name);
    expect_answer(ending);
    post_expect_applied(ROWS, 1);
    cr_assert_eq(platform_count("unauthorized"), ending->is_clock_off, "%s", ending->name);
}
