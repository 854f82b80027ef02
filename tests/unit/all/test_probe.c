/* A channel's connection with each layer broken, against the sandbox: what is told, that what lies behind it is not
 * claimed, and that no row ever leaves. */
#include <sys/socket.h>

#include "tests/unit/all/reconcile.h"

static struct {
    char base[2 * sizeof O.base];
    int plain_fd; /* -1: none */
    pid_t plain;
    char ours[2][TEST_PATH_BYTES + 16];
} B;

/* Today: certificates and the Date of answers are the system's. */
static void probe_open(void)
{
    P.is_three = true;
    B.plain_fd = -1;
    reconcile_open();
    *O.offset_ms = 0;
}

static void probe_close(void)
{
    if (B.plain > 0) {
        kill(B.plain, SIGKILL);
        waitpid(B.plain, NULL, 0);
    }
    if (B.plain_fd >= 0)
        close(B.plain_fd);
    reconcile_close();
}

TestSuite(probe, .init = probe_open, .fini = probe_close, .timeout = 120);

/* The exit status; the report is there for `layer`. */
static int probe(enum channel channel)
{
    R.channel = channel;
    cr_assert(order("probe", "operator", NULL), "%s", T.err.text);
    return run_last();
}

static int probe_at(const char *base)
{
    snprintf(B.base, sizeof B.base, "%s", base);
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].base = B.base;
    return probe(CHANNEL_CREDIT_GUANGDONG);
}

/* A new reference. */
static json_t *layer(const char *key)
{
    AUTO(json_release) json_t *json = report();
    json_t *found;
    size_t i;

    json_array_foreach(json_object_get(json, "items"), i, found)
    {
        if (strcmp(json_text_of(found, "layer"), key) == 0)
            return json_incref(found);
    }
    cr_assert_fail("no layer %s", key);
    return NULL;
}

/* All of them as "name ok tcp failed …" without those that were not reached. */
static const char *states(void)
{
    static char text[256];
    AUTO(json_release) json_t *json = report();
    const json_t *item;
    size_t at = 0;
    size_t i;

    text[0] = '\0';
    json_array_foreach(json_object_get(json, "items"), i, item)
    {
        const char *state = json_text_of(item, "state");
        bool has_words = json_text_of(item, "detail_zh") && json_text_of(item, "detail");

        if (strcmp(state, "not-reached") == 0)
            continue;
        cr_assert(has_words, "%s", json_text_of(item, "layer"));
        if (strcmp(state, "ok") != 0)
            cr_assert(json_text_of(item, "advice_zh") && json_text_of(item, "advice"), "what is to be done?");
        at += (size_t)snprintf(text + at, sizeof text - at, "%s %s ", json_text_of(item, "layer"), state);
    }
    return text;
}

static void must_say(const char *key, const char *zh)
{
    AUTO(json_release) json_t *one = layer(key);

    cr_assert(strstr(json_text_of(one, "detail_zh"), zh), "%s: %s", key, json_text_of(one, "detail_zh"));
}

static void must_show(const char *key, const char *fact, const char *text)
{
    AUTO(json_release) json_t *one = layer(key);
    const char *found = json_text_of(json_object_get(one, "facts"), fact);

    cr_assert(found && strstr(found, text), "%s of %s: %s", fact, key, found ? found : "none");
}

static void must_send_nothing(void)
{
    static const char *const PATHS[] = {"/control/state", "/control/state?platform=national-platform",
                                        "/control/state?platform=credit-china"};

    for (size_t i = 0; i < COUNT_OF(PATHS); i++) {
        AUTO(json_release) json_t *state = platform_control("GET", PATHS[i], NULL);

        cr_assert_eq(json_integer_of(state, "uploads", -1), 0, "%s", PATHS[i]);
        cr_assert_eq(json_integer_of(state, "held", -1), 0, "%s", PATHS[i]);
    }
}

/* Somebody who takes connections, reads, and says `words` (not NULL) before closing. */
static unsigned plain_start(const char *words)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t bytes = sizeof address;

    B.plain_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(B.plain_fd, 0);
    cr_assert_eq(bind(B.plain_fd, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(B.plain_fd, 8), 0);
    cr_assert_eq(getsockname(B.plain_fd, (struct sockaddr *)&address, &bytes), 0);
    B.plain = fork_bound();
    if (B.plain == 0) {
        char read_bytes[2048];

        for (;;) {
            int fd = accept(B.plain_fd, NULL, NULL);

            if (fd < 0 || read(fd, read_bytes, sizeof read_bytes) < 0 ||
                write(fd, words, strlen(words)) != (ssize_t)strlen(words))
                _exit(0);
            close(fd);
        }
    }
    return ntohs(address.sin_port);
}

static void own_certificate(const char *name)
{
    snprintf(B.ours[0], sizeof B.ours[0], "%s/%s.pem", T.folder, name);
    snprintf(B.ours[1], sizeof B.ours[1], "%s/%s.key", T.folder, name);
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].certificate = B.ours[0];
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].key = B.ours[1];
}

/* --- who may, and for what --- */

Test(probe, only_an_operator_or_administrator_tests_one_channel_that_is_used)
{
    cr_assert_not(order("probe", "auditor", NULL));
    cr_assert_str_eq(T.err.rule, "job.role");
    cr_assert_not(order("probe", "reviewer", NULL));
    cr_assert(order("probe", "administrator", NULL), "%s", T.err.text);
    cr_assert_eq(probe(CHANNEL_FEEDBACK), 2);
    cr_assert_str_eq(R.rule, "push.channel");
}

/* --- each layer broken --- */

Test(probe, a_name_that_is_none_ends_it_there)
{
    cr_assert_eq(probe_at("https://no-such-platform.invalid:443/gd"), 1);
    cr_assert_str_eq(states(), "name failed own-certificate warning ");
    must_say("name", "无法解析");
}

Test(probe, a_closed_port_is_told_with_address_and_port)
{
    platform_stop();
    post_load_settings();
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    cr_assert_str_eq(states(), "name ok tcp failed own-certificate warning ");
    must_say("tcp", "连接不上");
    must_show("tcp", "words", "refused");
    must_show("tcp", "address", "127.0.0.1");
}

Test(probe, what_speaks_no_tls_is_told)
{
    char base[64];

    snprintf(base, sizeof base, "https://localhost:%u/gd", plain_start("HTTP/1.1 400 Bad Request\r\n\r\n"));
    cr_assert_eq(probe_at(base), 1);
    cr_assert_str_eq(states(), "name ok tcp ok tls failed own-certificate warning ");
    must_say("tls", "不是可用的 TLS");
}

Test(probe, a_connection_that_is_closed_in_the_handshake_is_told)
{
    char base[64];

    snprintf(base, sizeof base, "https://127.0.0.1:%u/gd", plain_start(""));
    cr_assert_eq(probe_at(base), 1);
    cr_assert_str_eq(states(), "name ok tcp ok tls failed own-certificate warning ");
}

Test(probe, an_authority_that_is_not_ours_is_not_told_a_token)
{
    snprintf(O.ca, sizeof O.ca, "%s/other-ca.pem", T.folder);
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    cr_assert_str_eq(states(), "name ok tcp ok tls ok certificate failed own-certificate warning ");
    must_say("certificate", "签发机构不在渠道设置 ca 中");
    must_show("certificate", "subject", "CN=server");
    must_show("certificate", "issuer", "CN=ca");
    cr_assert_eq(platform_count("unauthorized"), 0);
}

Test(probe, an_expired_certificate_is_told_with_its_days)
{
    AUTO(json_release) json_t *one = NULL;

    platform_line("{\"certificate\":\"expired\"}");
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    cr_assert_str_eq(states(), "name ok tcp ok tls ok certificate failed own-certificate warning ");
    must_say("certificate", "证书已过期");
    one = layer("certificate");
    cr_assert_lt(json_integer_of(json_object_get(one, "facts"), "days_left", 99), 0);
}

Test(probe, a_certificate_with_another_name_is_told_with_its_names)
{
    char base[64];

    snprintf(base, sizeof base, "https://127.0.0.2:%u/gd", P.port);
    O.config.channels[CHANNEL_CREDIT_GUANGDONG].base = base;
    platform_stop();
    free(P.options.address);
    P.options.address = memory_copy_text("0.0.0.0");
    platform_start();
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    must_say("certificate", "证书不含所连接的地址");
    must_say("certificate", "localhost");
}

Test(probe, our_certificate_that_has_ended_or_does_not_fit_its_key_is_told)
{
    own_certificate("expired");
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    must_say("own-certificate", "本方证书已过期");
    snprintf(B.ours[1], sizeof B.ours[1], "%s/client.key", T.folder);
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    must_say("own-certificate", "不成对");
}

Test(probe, our_certificate_that_they_do_not_take_is_told)
{
    own_certificate("stranger");
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    cr_assert_str_eq(states(), "name ok tcp ok tls ok certificate warning own-certificate failed ");
    must_say("own-certificate", "对方不认可本方证书");
}

Test(probe, a_wrong_token_is_told_as_such)
{
    cr_assert(file_write(O.token, SPAN("another-token\n"), 0600, &T.err), "%s", T.err.text);
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    cr_assert_str_eq(states(), "name ok tcp ok tls ok certificate warning own-certificate warning signature failed "
                               "clock ok ");
    must_say("signature", "拒绝了本方的凭据");
    must_say("signature", "401");
}

Test(probe, a_wrong_app_key_is_told_as_such)
{
    cr_assert(file_write(O.app_key, SPAN("ffffffffffffffffffffffffffffffff\n"), 0600, &T.err), "%s", T.err.text);
    cr_assert_eq(probe(CHANNEL_NATIONAL_PLATFORM), 1);
    must_say("signature", "对方不认可密钥");
    must_say("signature", "E-101");
}

Test(probe, an_answer_that_is_none_is_told)
{
    platform_order("{\"fault\":\"malformed\",\"on\":\"task\",\"body\":\"<html>sign in</html>\"}");
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    must_say("answer", "不符合该渠道的协议");
    cr_assert_null(strstr(states(), "signature"), "nothing is known of it: %s", states());
    platform_order("{\"fault\":\"status\",\"on\":\"task\",\"status\":503}");
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    must_say("answer", "稍后再试");
    platform_order("{\"fault\":\"status\",\"on\":\"holdings\",\"status\":403,\"platform\":\"credit-china\"}");
    cr_assert_eq(probe(CHANNEL_CREDIT_CHINA), 1);
    must_say("signature", "不准访问");
}

Test(probe, a_path_that_is_wrong_is_told)
{
    char base[64];

    snprintf(base, sizeof base, "https://localhost:%u/elsewhere", P.port);
    cr_assert_eq(probe_at(base), 1);
    must_say("answer", "没有这个接口");
}

Test(probe, clocks_that_are_apart_are_told_from_their_date)
{
    *O.offset_ms = 200 * 1000; /* ours, and the platform's own; its Date is the system's */
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 0);
    cr_assert(strstr(states(), "clock warning"), "%s", states());
    must_say("clock", "对方时钟慢");
    *O.offset_ms = -400 * 1000;
    cr_assert_eq(probe(CHANNEL_CREDIT_GUANGDONG), 1);
    cr_assert(strstr(states(), "clock failed"), "%s", states());
    must_say("clock", "对方时钟快");
}

/* --- all is good --- */

Test(probe, a_good_connection_is_good_in_every_layer_and_no_row_is_sent)
{
    static const enum channel CHANNELS[] = {CHANNEL_CREDIT_GUANGDONG, CHANNEL_NATIONAL_PLATFORM, CHANNEL_CREDIT_CHINA};

    for (size_t i = 0; i < COUNT_OF(CHANNELS); i++) {
        cr_assert_eq(probe(CHANNELS[i]), 0, "%s: %s", CHANNEL_NAMES[CHANNELS[i]], report_text("text"));
        cr_assert_str_eq(states(), "name ok tcp ok tls ok certificate warning own-certificate warning signature ok "
                                   "answer ok clock ok ");
        must_show("tls", "version", "TLSv1.");
        must_show("name", "host", "localhost");
        must_say("certificate", "即将到期"); /* the test's certificates last two days */
        cr_assert(strstr(report_text("text"), "未向对方报送任何数据"), "%s", report_text("text"));
        cr_assert_null(strstr(report_text("json"), PLATFORM_TOKEN));
        cr_assert_null(strstr(report_text("json"), PLATFORM_SM4));
    }
    must_send_nothing();
}
