/* What is particular to the national platform (a secret that ends) and to 信用中国 (two parts of a file with a name of
 * its own): each ending of such a call, and what the courier really does about it. What all three share is in
 * test_courier_endings.c. */
#include "tests/unit/all/post.h"

#include <criterion/parameterized.h>

enum { ROWS = 3 };

static void three_open(void)
{
    P.is_three = true;
    post_open();
}

enum answer {
    GOES_ON,  /* nobody needs to be told */
    DOUBTED,  /* asked after, and then goes on */
    DIVIDED,  /* its rows go in other calls */
    IS_PAUSED /* a person must look, then it goes on */
};

struct ending {
    const char *name;
    enum channel channel;
    const char *fault; /* without its platform */
    const char *words; /* of the verdict; NULL: nothing is told of it */
    enum answer answer;
    uint32_t uploads; /* that came to the platform */
};

#define NATIONAL CHANNEL_NATIONAL_PLATFORM
#define CHINA CHANNEL_CREDIT_CHINA
#define ON(place, rest) "\"on\":\"" place "\",\"fault\":" rest
#define STATUS(number) "\"status\",\"status\":" #number
#define REFUSED(code) "\"refuse-call\",\"code\":\"" code "\""

#define UNBELIEVABLE "the answer cannot be believed; the request may have arrived"
#define SERVER_ERROR "server error; the request may have arrived"
#define LATER "told to come later"
#define LOST "no answer came; the request may have arrived"
#define CODES "keys, signature or codes are not accepted"

static const struct ending ENDINGS[] = {
    {"national: nothing is wrong", NATIONAL, NULL, NULL, GOES_ON, 1},

    /* The secret. */
    {"a secret that cannot be decrypted", NATIONAL, ON("key", "\"wrong-secret\""), NULL, GOES_ON, 1},
    {"no secret but nonsense", NATIONAL, ON("key", "\"malformed\""), NULL, GOES_ON, 1},
    {"no secret but wrong types", NATIONAL, ON("key", "\"wrong-types\""), NULL, GOES_ON, 1},
    {"no secret for now", NATIONAL, ON("key", REFUSED("-1")), NULL, GOES_ON, 1},
    {"no secret: 503", NATIONAL, ON("key", STATUS(503)), NULL, GOES_ON, 1},
    {"no secret: reset", NATIONAL, ON("key", "\"reset\",\"after\":true"), NULL, GOES_ON, 1},
    {"no secret: lost", NATIONAL, ON("key", "\"lost-reply\""), NULL, GOES_ON, 1},
    {"no secret for a wrong signature", NATIONAL, ON("key", REFUSED("E-101")), CODES, IS_PAUSED, 1},
    {"no secret for the like of us", NATIONAL, ON("key", REFUSED("E-106")), CODES, IS_PAUSED, 1},
    {"no secret: 403", NATIONAL, ON("key", STATUS(403)), "access forbidden", IS_PAUSED, 1},
    {"a secret that has ended", NATIONAL, ON("upload", REFUSED("E-102")), NULL, GOES_ON, 1},
    {"a secret that is never taken", NATIONAL, ON("upload", REFUSED("E-102") ",\"times\":50"),
     "the secret is not taken: check app key and clock", IS_PAUSED, 1},
    {"a secret that ends before the outcomes", NATIONAL, ON("task", REFUSED("E-102")), NULL, GOES_ON, 1},

    /* Reports. */
    {"national: signature", NATIONAL, ON("upload", REFUSED("E-101")), CODES, IS_PAUSED, 1},
    {"national: malformed", NATIONAL, ON("upload", REFUSED("E-301")), "refused whole, perhaps for one row", DIVIDED, 3},
    {"national: failed", NATIONAL, ON("upload", REFUSED("-1")), "the platform had an internal error", GOES_ON, 1},
    {"national: a code that is none", NATIONAL, ON("upload", REFUSED("E-999")), UNBELIEVABLE, DOUBTED, 1},
    {"national: half a JSON", NATIONAL, ON("upload", "\"malformed\""), UNBELIEVABLE, DOUBTED, 1},
    {"national: wrong types", NATIONAL, ON("upload", "\"wrong-types\""), UNBELIEVABLE, DOUBTED, 1},
    {"national: closed before the work", NATIONAL, ON("upload", "\"close\""), LOST, DOUBTED, 1},
    {"national: closed after the work", NATIONAL, ON("upload", "\"lost-reply\""), LOST, DOUBTED, 1},
    {"national: 500 after the work", NATIONAL, ON("upload", STATUS(500) ",\"after\":true"), SERVER_ERROR, DOUBTED, 1},
    {"national: 429", NATIONAL, ON("upload", STATUS(429) ",\"retry_after\":\"0\""), LATER, GOES_ON, 1},

    /* Outcomes. */
    {"national: batch not known any more", NATIONAL, ON("task", REFUSED("E-201")), NULL, GOES_ON, 2},
    {"national: signature of a question", NATIONAL, ON("task", REFUSED("E-101")), CODES, IS_PAUSED, 1},
    {"national: a row missing", NATIONAL, "\"fault\":\"rows-missing\"", NULL, GOES_ON, 1},
    {"national: each twice", NATIONAL, "\"fault\":\"rows-twice\"", NULL, GOES_ON, 1},
    {"national: contradicting", NATIONAL, "\"fault\":\"rows-contradict\"", NULL, GOES_ON, 1},
    {"national: a foreign row", NATIONAL, "\"fault\":\"rows-foreign\"", NULL, GOES_ON, 1},
    {"national: late", NATIONAL, "\"fault\":\"result-delay\",\"polls\":4", NULL, GOES_ON, 1},
    {"national: an old answer", NATIONAL, ON("task", "\"previous\""), NULL, GOES_ON, 1},

    /* The first part of a file. */
    {"china: nothing is wrong", CHINA, NULL, NULL, GOES_ON, 1},
    {"a name that is taken, though it is new", CHINA, ON("upload", STATUS(412)), "a file of that name is there",
     DOUBTED, 1},
    {"a file that came though no answer did", CHINA, ON("upload", "\"lost-reply\""), LOST, DOUBTED, 1},
    {"a file that did not come", CHINA, ON("upload", "\"close\""), LOST, DOUBTED, 1},
    {"a file that was reset on its way", CHINA, ON("upload", "\"reset-body\""), LOST, DOUBTED, 1},
    {"china: 500 before the work", CHINA, ON("upload", STATUS(500)), SERVER_ERROR, DOUBTED, 1},
    {"china: 500 after the work", CHINA, ON("upload", STATUS(500) ",\"after\":true"), SERVER_ERROR, DOUBTED, 1},
    {"china: 503", CHINA, ON("upload", STATUS(503)), LATER, GOES_ON, 1},
    {"china: 422", CHINA, ON("upload", STATUS(422)), "refused whole, perhaps for one row", DIVIDED, 3},
    {"china: a number that is not the next", CHINA, ON("upload", STATUS(409)), "such requests are not accepted",
     IS_PAUSED, 1},
    {"china: 403", CHINA, ON("upload", STATUS(403)), "access forbidden", IS_PAUSED, 1},

    /* The second part. */
    {"a signature that came though no answer did", CHINA, ON("second", "\"lost-reply\""), LOST, DOUBTED, 1},
    {"a signature that did not come", CHINA, ON("second", "\"close\""), LOST, DOUBTED, 1},
    {"a signature that is there already", CHINA, ON("second", STATUS(412) ",\"after\":true"), NULL, GOES_ON, 1},
    {"a signature: 500 after the work", CHINA, ON("second", STATUS(500) ",\"after\":true"), SERVER_ERROR, DOUBTED, 1},
    {"a signature: 503", CHINA, ON("second", STATUS(503)), LATER, DOUBTED, 1},
    /* Resumed, it finds its own file there: the name is asked after. */
    {"a signature that is wrong", CHINA, ON("second", STATUS(422)), CODES, IS_PAUSED, 2},

    /* The receipt. */
    {"a receipt that is half there", CHINA, ON("task", "\"malformed\",\"body\":\"<ACKS file=\""), NULL, GOES_ON, 1},
    {"a receipt that is empty", CHINA, ON("task", "\"malformed\",\"body\":\"\""), NULL, GOES_ON, 1},
    {"a receipt that is huge", CHINA, ON("task", "\"huge\",\"bytes\":5242880"), NULL, GOES_ON, 1},
    {"a receipt in three steps", CHINA, "\"fault\":\"result-steps\",\"steps\":3", NULL, GOES_ON, 1},
    {"a receipt without a row", CHINA, "\"fault\":\"rows-missing\"", NULL, GOES_ON, 1},
    {"a receipt with each row twice", CHINA, "\"fault\":\"rows-twice\"", NULL, GOES_ON, 1},
    {"a receipt that contradicts itself", CHINA, "\"fault\":\"rows-contradict\"", NULL, GOES_ON, 1},
    {"a receipt with a foreign row", CHINA, "\"fault\":\"rows-foreign\"", NULL, GOES_ON, 1},
    {"a receipt: 502", CHINA, ON("task", STATUS(502)), NULL, GOES_ON, 1},
    {"a receipt: 401", CHINA, ON("task", STATUS(401)), "credentials refused", IS_PAUSED, 1},
};

static void order_fault(const struct ending *ending)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"platform\":\"%s\",%s}", CHANNEL_NAMES[ending->channel], ending->fault);
    platform_order(buf_text(&order));
}

static void await_pause(const struct ending *ending)
{
    struct channel_status status;

    post_await_of(ending->channel, post_is_paused, 1);
    status = post_status_of(ending->channel);
    cr_assert(strstr(status.reason, ending->words), "%s: %s", ending->name, status.reason);
    cr_assert_eq(status.count[DELIVERY_REFUSED], 0, "%s", ending->name);
    platform_forgive();
    cr_assert(command_resume(&T.desk, ending->channel, &T.err), "%s", T.err.text);
    post_wake();
}

static json_t *state_of(enum channel channel)
{
    AUTO(buf_done) struct buf path = BUF_INIT;

    buf_addf(&path, "/control/state?platform=%s", CHANNEL_NAMES[channel]);
    return platform_control("GET", buf_text(&path), NULL);
}

/* Every version once, and nothing else. */
static void expect_applied(const struct ending *ending, enum channel channel)
{
    AUTO(json_release) json_t *state = state_of(channel);
    const char *rowid;
    const json_t *record;

    cr_assert_eq(json_integer_of(state, "applied", -1), ROWS, "%s", ending->name);
    cr_assert_eq(json_integer_of(state, "repeated_other", -1), 0, "%s: other bytes", ending->name);
    json_object_foreach(json_object_get(state, "records"), rowid, record)
    {
        const json_t *applied = json_object_get(record, "applied");

        cr_assert_eq(json_array_size(applied), 1, "%s", ending->name);
        cr_assert_eq(json_integer_of(json_array_get(applied, 0), "received", -1), 1, "%s", ending->name);
        cr_assert_eq(json_integer_of(record, "different", -1) + json_integer_of(record, "older", -1), 0, "%s", rowid);
    }
    if (channel == ending->channel)
        cr_assert_eq(json_integer_of(state, "uploads", -1), (int64_t)ending->uploads, "%s: %ld uploads", ending->name,
                     (long)json_integer_of(state, "uploads", -1));
}

static void expect_answer(const struct ending *ending)
{
    size_t in_doubt = post_events("call.failed", "\"state\":\"in-doubt\"");
    size_t paused = post_events("channel.paused", NULL);
    size_t dissolved = post_events("call.dissolved", NULL);

    cr_assert_eq(paused, ending->answer == IS_PAUSED, "%s: %zu", ending->name, paused);
    if (ending->answer != IS_PAUSED)
        cr_assert_eq(in_doubt > 0, ending->answer == DOUBTED, "%s: %zu", ending->name, in_doubt);
    if (ending->answer != IS_PAUSED)
        cr_assert_eq(dissolved > 0, ending->answer == DIVIDED, "%s: %zu", ending->name, dissolved);
    if (ending->words && ending->answer != IS_PAUSED)
        cr_assert_geq(post_events(ending->answer == DIVIDED ? "call.dissolved" : "call.failed", ending->words), 1, "%s",
                      ending->name);
}

TestSuite(courier_endings_later, .init = three_open, .fini = post_close, .timeout = 120);

ParameterizedTestParameters(courier_endings_later, each_ending_has_its_own_right_answer)
{
    static size_t numbers[COUNT_OF(ENDINGS)];

    for (size_t i = 0; i < COUNT_OF(ENDINGS); i++)
        numbers[i] = i;
    return cr_make_param_array(size_t, numbers, COUNT_OF(ENDINGS));
}

ParameterizedTest(size_t *number, courier_endings_later, each_ending_has_its_own_right_answer)
{
    const struct ending *ending = &ENDINGS[*number];

    if (ending->fault)
        order_fault(ending);
    post_list(ROWS);
    cr_assert_eq(post_push(), ROWS);
    post_start();
    if (ending->answer == IS_PAUSED)
        await_pause(ending);
    for (enum channel channel = 0; channel < STAGE_COUNT; channel++) {
        post_await_of(channel, post_has_acknowledged, ROWS);
        expect_applied(ending, channel);
    }
    expect_answer(ending);
}

Test(courier_endings_later, a_name_that_others_took_is_for_a_person_and_then_another_name_is_used)
{
    static const char OTHER[] = "0000000000000000000000000000000000000000000000000000000000000000";
    const struct ending ending = {
        "a name that others took", CHINA, NULL, "the file name is taken by other content", IS_PAUSED, 2};
    AUTO(buf_done) struct buf order = BUF_INIT;

    /* The file comes and nobody says so; asked after, there is something else under its name. */
    buf_addf(&order,
             "{\"platform\":\"credit-china\",\"on\":\"upload\",\"fault\":\"lost-reply\"},"
             "{\"platform\":\"credit-china\",\"on\":\"doubt\",\"fault\":\"malformed\",\"body\":\"%s\",\"times\":2}",
             OTHER);
    platform_order(buf_text(&order));
    post_list(ROWS);
    cr_assert_eq(post_push(), ROWS);
    post_start();
    await_pause(&ending);
    for (enum channel channel = 0; channel < STAGE_COUNT; channel++) {
        post_await_of(channel, post_has_acknowledged, ROWS);
        expect_applied(&ending, channel);
    }
    cr_assert_eq(post_events("call.dissolved", "\"spent\":true"), 1);
}

/* What was told first stays; what was not told yet is as told then. */
Test(courier_endings_later, outcomes_that_were_told_stay_when_the_opposite_is_told_later)
{
    O.config.channels[CHINA].poll_ms = 1000;
    platform_order("{\"platform\":\"credit-china\",\"fault\":\"result-steps\",\"steps\":3}");
    post_list(ROWS);
    cr_assert_eq(post_push(), ROWS);
    post_start();
    post_await_of(CHINA, post_has_acknowledged, 1);
    platform_order("{\"platform\":\"credit-china\",\"fault\":\"rows-opposite\",\"times\":2}");
    post_await_of(CHINA, post_has_refused, ROWS - 1);
    cr_assert_eq(post_status_of(CHINA).count[DELIVERY_ACKNOWLEDGED], 1);
    cr_assert_not(post_status_of(CHINA).is_paused);
}

/* A row that is told to be refused is for a person, and goes no further. */
Test(courier_endings_later, what_is_told_to_be_refused_goes_no_further)
{
    platform_order("{\"platform\":\"credit-guangdong\",\"fault\":\"rows-opposite\"}");
    post_list(ROWS);
    cr_assert_eq(post_push(), ROWS);
    post_start();
    post_await_of(CHANNEL_CREDIT_GUANGDONG, post_has_refused, ROWS);
    cr_assert_eq(post_status_of(NATIONAL).count[DELIVERY_QUEUED], 0);
    cr_assert_eq(post_delivery(0, 1).state, DELIVERY_REFUSED);
    cr_assert_str_eq(post_delivery(0, 1).code, "40001");
}

Test(courier_endings_later, a_clock_that_is_off_is_for_a_person)
{
    const struct ending ending = {"national: a clock that is off", NATIONAL, NULL, CODES, IS_PAUSED, 1};

    json_release(
        platform_control("POST", "/control/clock", "{\"offset_ms\":400000,\"platform\":\"national-platform\"}"));
    post_list(ROWS);
    cr_assert_eq(post_push(), ROWS);
    post_start();
    await_pause(&ending);
    post_await_of(CHINA, post_has_acknowledged, ROWS);
    expect_applied(&ending, NATIONAL);
}

/* --- a poisoned row --- */

enum { MANY = 20, POISONED = 7 };

static void poison(enum channel channel, const char *code)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"fault\":\"refuse-body\",\"platform\":\"%s\",\"rowid\":\"%s\",\"code\":\"%s\",\"times\":1000}",
             CHANNEL_NAMES[channel], O.records[POISONED], code);
    platform_order(buf_text(&order));
}

static void expect_isolated(enum channel channel)
{
    AUTO(json_release) json_t *state = NULL;

    post_await_of(channel, post_has_refused, 1);
    post_await_of(channel, post_has_acknowledged, MANY - 1);
    cr_assert_eq(post_delivery_of(channel, POISONED, 1).state, DELIVERY_REFUSED);
    cr_assert_not(post_status_of(channel).is_paused);
    state = state_of(channel);
    cr_assert_eq(json_integer_of(state, "applied", -1), MANY - 1);
    cr_assert_leq(post_events("call.dissolved", NULL), 8);
}

Test(courier_endings_later, a_poisoned_row_of_the_national_platform_is_isolated)
{
    post_list(MANY);
    poison(NATIONAL, "E-301");
    cr_assert_eq(post_push(), MANY);
    post_start();
    expect_isolated(NATIONAL);
    post_await_of(CHINA, post_has_acknowledged, MANY - 1);
}

/* Files that were refused use up no number, and there is no gap. */
Test(courier_endings_later, a_poisoned_row_of_a_file_is_isolated)
{
    post_list(MANY);
    poison(CHINA, "40001");
    cr_assert_eq(post_push(), MANY);
    post_start();
    expect_isolated(CHINA);
}
