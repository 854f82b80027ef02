/* What the two later channels ask of the courier that the first does not: a secret before everything else, and calls of
 * two parts under a name that is spent. */
#include "tests/unit/all/post.h"

static void three_open(void)
{
    P.is_three = true;
    post_open();
}

TestSuite(courier_parts, .init = three_open, .fini = post_close, .timeout = 120);

static const char NATION[] = "national-platform";
static const char CHINA[] = "credit-china";

static int64_t count_at(const char *platform, const char *name)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(json_release) json_t *state = NULL;

    buf_addf(&path, "/control/state?platform=%s", platform);
    state = platform_control("GET", buf_text(&path), NULL);
    return json_integer_of(state, name, -1);
}

/* Every version applied there exactly once; `others`: how often a name was tried that had other content. */
static void expect_applied_but(const char *platform, int64_t versions, int64_t others)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(json_release) json_t *state = NULL;
    const char *rowid;
    json_t *record;

    buf_addf(&path, "/control/state?platform=%s", platform);
    state = platform_control("GET", buf_text(&path), NULL);
    cr_assert_eq(json_integer_of(state, "applied", -1), versions, "%s: %lld", platform,
                 (long long)json_integer_of(state, "applied", -1));
    cr_assert_leq(json_integer_of(state, "repeated_other", -1), others, "%s", platform);
    json_object_foreach(json_object_get(state, "records"), rowid, record)
    {
        cr_assert_eq(json_integer_of(record, "different", -1), 0, "%s", rowid);
        cr_assert_eq(json_integer_of(record, "older", -1), 0, "%s", rowid);
    }
}

static void expect_applied_at(const char *platform, int64_t versions)
{
    expect_applied_but(platform, versions, 0);
}

static void push_and_start(size_t count)
{
    post_list(count);
    cr_assert_eq(post_push(), count);
    post_start();
}

/* An order at one step of a call of 信用中国, or of the national platform. */
static void order_at(const char *platform, const char *step, const char *fault)
{
    AUTO(buf_done) struct buf order = BUF_INIT;

    buf_addf(&order, "{\"platform\":\"%s\",\"on\":\"%s\",%s}", platform, step, fault);
    platform_order(buf_text(&order));
}

/* --- two parts --- */

Test(courier_parts, a_part_whose_answer_was_lost_is_looked_for_and_the_call_goes_on)
{
    static const char *const STEPS[] = {"upload", "second"};

    for (size_t i = 0; i < COUNT_OF(STEPS); i++)
        order_at(CHINA, STEPS[i], "\"fault\":\"lost-reply\",\"times\":2");
    push_and_start(3);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 3);
    cr_assert_eq(count_at(CHINA, "files"), 1, "one file, however often it was sent");
    expect_applied_at(CHINA, 3);
    cr_assert_eq(post_events("call.prepared", CHINA), 1);
}

Test(courier_parts, a_part_that_never_arrived_is_sent_again_as_it_was)
{
    static const char *const STEPS[] = {"upload", "second"};

    for (size_t i = 0; i < COUNT_OF(STEPS); i++)
        order_at(CHINA, STEPS[i], "\"fault\":\"close\",\"times\":2");
    push_and_start(3);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 3);
    cr_assert_eq(count_at(CHINA, "files"), 1);
    expect_applied_at(CHINA, 3);
    cr_assert_eq(post_events("call.prepared", CHINA), 1);
}

Test(courier_parts, a_name_said_to_exist_that_does_not_is_used)
{
    order_at(CHINA, "upload", "\"fault\":\"status\",\"status\":412,\"times\":2");
    push_and_start(1);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 1);
    expect_applied_at(CHINA, 1);
}

Test(courier_parts, a_courier_killed_between_the_parts_loses_and_doubles_nothing)
{
    order_at(CHINA, "second", "\"fault\":\"delay\",\"ms\":60000");
    push_and_start(3);
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_has_acknowledged, 3);
    while (count_at(CHINA, "files") < 1)
        usleep(10000);
    usleep(100000);
    post_kill();
    platform_forgive();
    post_start();
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 3);
    cr_assert_eq(count_at(CHINA, "files"), 1);
    expect_applied_at(CHINA, 3);
}

static size_t swallow(char *data, size_t size, size_t count, void *context)
{
    (void)data, (void)context;
    return size * count;
}

/* Somebody else leaves a file under a name of the day. */
static void take_name(unsigned number)
{
    AUTO(buf_done) struct buf url = BUF_INIT;
    struct curl_slist *headers = curl_slist_append(NULL, "If-None-Match: *");
    char day[DAY_TEXT_BYTES];
    CURL *curl = curl_easy_init();
    long status = 0;

    (void)day_format(day_of_instant(clock_now_ms(&T.clock)), day);
    buf_addf(&url, "https://localhost:%u/cc/inbox/%s_%.4s%.2s%.2s_%05u.xml", P.port, PLATFORM_FILE_CODE, day, day + 5,
             day + 8, number);
    curl_easy_setopt(curl, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(curl, CURLOPT_CAINFO, O.ca);
    curl_easy_setopt(curl, CURLOPT_SSLCERT, O.certificate);
    curl_easy_setopt(curl, CURLOPT_SSLKEY, O.key);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
    headers = curl_slist_append(headers, "Content-Type: application/xml");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS,
                     "<DATAS><DATA><OP>1</OP><ROWID>R00000000000000000000</ROWID><VERSION>1</VERSION></DATA></DATAS>");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
    cr_assert_eq(curl_easy_perform(curl), CURLE_OK);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    cr_assert_eq(status, 201, "%ld", status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
}

Test(courier_parts, a_name_with_other_content_is_for_a_person_and_then_a_new_name_is_used)
{
    take_name(1);
    push_and_start(2);
    post_await_of(CHANNEL_CREDIT_CHINA, post_is_paused, 1);
    cr_assert(strstr(post_status_of(CHANNEL_CREDIT_CHINA).reason, "同名"));
    cr_assert_eq(post_status_of(CHANNEL_CREDIT_CHINA).count[DELIVERY_QUEUED], 2, "nothing is dropped");
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_CHINA, &T.err), "%s", T.err.text);
    post_wake();
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 2);
    cr_assert_eq(post_events("call.prepared", "\"number\":2"), 1);
    expect_applied_but(CHINA, 2, 1);
}

Test(courier_parts, many_taken_names_are_stepped_over_once_a_person_knows)
{
    for (unsigned number = 1; number <= 5; number++)
        take_name(number);
    push_and_start(2);
    post_await_of(CHANNEL_CREDIT_CHINA, post_is_paused, 1);
    cr_assert(command_resume(&T.desk, CHANNEL_CREDIT_CHINA, &T.err), "%s", T.err.text);
    post_wake();
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 2);
    cr_assert_eq(post_events("channel.paused", NULL), 1, "one pause, however many names were taken");
    cr_assert_eq(post_events("call.prepared", "\"number\":6"), 1);
    expect_applied_but(CHINA, 2, 5);
}

/* --- the secret --- */

Test(courier_parts, one_secret_serves_many_calls)
{
    O.config.channels[CHANNEL_NATIONAL_PLATFORM].rows_max = 5;
    push_and_start(60);
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_has_acknowledged, 60);
    cr_assert_eq(count_at(NATION, "keys"), 1);
    expect_applied_at(NATION, 60);
}

Test(courier_parts, a_secret_that_ends_under_many_calls_is_renewed_once_for_all)
{
    O.config.channels[CHANNEL_NATIONAL_PLATFORM].rows_max = 5;
    platform_order("{\"platform\":\"national-platform\",\"fault\":\"result-delay\",\"polls\":8,\"times\":12}");
    push_and_start(60);
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_has_received, 60);
    json_release(platform_control("POST", "/control/expire", "{\"platform\":\"national-platform\"}"));
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_has_acknowledged, 60);
    cr_assert_eq(count_at(NATION, "keys"), 2);
    expect_applied_at(NATION, 60);
    cr_assert_not(post_status_of(CHANNEL_NATIONAL_PLATFORM).is_paused);
}

Test(courier_parts, a_secret_that_is_refused_again_when_it_is_new_pauses_the_channel)
{
    order_at(NATION, "upload", "\"fault\":\"refuse-call\",\"code\":\"E-102\",\"times\":2");
    push_and_start(2);
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_is_paused, 1);
    cr_assert(strstr(post_status_of(CHANNEL_NATIONAL_PLATFORM).reason, "会话密钥"));
    cr_assert_eq(count_at(NATION, "keys"), 2);
    cr_assert(command_resume(&T.desk, CHANNEL_NATIONAL_PLATFORM, &T.err), "%s", T.err.text);
    post_wake();
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 2);
    expect_applied_at(NATION, 2);
}

Test(courier_parts, a_key_service_that_fails_is_asked_again_and_holds_nobody_else_up)
{
    order_at(NATION, "key", "\"fault\":\"status\",\"status\":503,\"times\":2");
    order_at(NATION, "key", "\"fault\":\"close\"");
    order_at(NATION, "key", "\"fault\":\"wrong-secret\"");
    push_and_start(3);
    post_await_of(CHANNEL_CREDIT_CHINA, post_has_acknowledged, 3);
    expect_applied_at(NATION, 3);
}

Test(courier_parts, a_key_service_that_does_not_know_us_pauses_its_channel_alone)
{
    O.config.channels[CHANNEL_NATIONAL_PLATFORM].requester = (char *)"nobody";
    push_and_start(2);
    post_await_acknowledged(2);
    post_await_of(CHANNEL_NATIONAL_PLATFORM, post_is_paused, 1);
    cr_assert_eq(post_status_of(CHANNEL_NATIONAL_PLATFORM).count[DELIVERY_QUEUED], 2, "nothing is dropped");
    cr_assert_not(post_status().is_paused);
}
