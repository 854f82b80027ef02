/* Where clients are told of changes: what cannot work, or must not be, is said before the gateway starts. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/config/config.h"
#include "tests/support/support.h"

static char folder[TEST_PATH_BYTES];
static char path[TEST_PATH_BYTES + 16];
static struct error err;

static void setup(void)
{
    test_folder_new(folder);
    snprintf(path, sizeof path, "%s/g.yaml", folder);
}

static void teardown(void)
{
    test_folder_remove(folder);
}

TestSuite(config_webhook, .init = setup, .fini = teardown);

static bool load(const char *name, const char *webhook, struct config **out, config_report *report, void *context)
{
    AUTO(buf_done) struct buf yaml = BUF_INIT;

    buf_addf(&yaml,
             "gateway: {name: test, state: state}\n"
             "listen: {certificate: s.pem, key: s.key, client_ca: ca.pem}\n"
             "staff: [{name: a, uid: 5, roles: [operator]}]\n"
             "clients:\n"
             "  - name: %s\n"
             "    kind: lender\n"
             "    sha256: 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
             "    domains: [lending]\n"
             "    webhook: {%s}\n",
             name, webhook);
    cr_assert(file_write(path, buf_span(&yaml), 0600, &err), "%s", err.text);
    return config_load(path, report, context, out, &err);
}

static void keep_problem(const struct config_problem *problem, void *context)
{
    cr_assert_gt(strlen(problem->zh), 0);
    buf_addf(context, "%s|", problem->setting);
}

#define URL "url: 'https://bank.example/hook', ca: ca.pem"

Test(config_webhook, what_cannot_work_is_refused)
{
    static const struct {
        const char *name;
        const char *webhook;
        const char *told;
    } BAD[] = {
        {"bank", "url: 'http://bank.example/hook', ca: ca.pem", "clients.webhook.url|"},
        {"bank", "url: 'https://user@bank.example/', ca: ca.pem", "clients.webhook.url|"},
        {"bank", "url: 'https://bank.example/a b', ca: ca.pem", "clients.webhook.url|"},
        {"bank", "url: 'https://bank.example/'", "clients.webhook.ca|"},
        {"银行", URL, "clients.name|"},
        {"bank", URL ", signature: hmac", "clients.webhook.secret_file|"},
        {"bank", URL ", secret_file: x", "clients.webhook.secret_file|"},
        {"bank", URL ", signature: rsa", "webhook.signature|"},
        {"bank", URL ", certificate: c.pem", "clients.webhook.key|"},
        {"bank", URL ", colour: red", "clients.webhook.colour|"},
    };

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        AUTO(buf_done) struct buf told = BUF_INIT;
        AUTO(config_free) struct config *config = NULL;

        cr_assert_not(load(BAD[i].name, BAD[i].webhook, &config, keep_problem, &told), "%s", BAD[i].webhook);
        cr_assert_not_null(strstr(buf_text(&told), strrchr(BAD[i].told, '.') + 1), "%s: %s", BAD[i].webhook,
                           buf_text(&told));
    }
}

Test(config_webhook, a_secret_that_others_may_read_or_that_is_none_is_found)
{
    AUTO(buf_done) struct buf told = BUF_INIT;
    AUTO(config_free) struct config *config = NULL;
    AUTO(text_free) char *secret = path_join(folder, "secret");

    cr_assert(load("bank", URL ", signature: both, secret_file: secret", &config, NULL, NULL), "%s", err.text);
    (void)!config_check(config, 0, keep_problem, &told);
    cr_assert_not_null(strstr(buf_text(&told), "clients.webhook.secret_file|"), "not there: %s", buf_text(&told));
    cr_assert_not_null(strstr(buf_text(&told), "clients.webhook.ca|"));
    cr_assert(file_write(secret, SPAN("whsec_short\n"), 0600, &err));
    buf_clear(&told);
    (void)!config_check(config, 0, keep_problem, &told);
    cr_assert_not_null(strstr(buf_text(&told), "clients.webhook.secret_file|"), "none: %s", buf_text(&told));
    cr_assert(file_write(secret, SPAN("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"), 0600, &err));
    buf_clear(&told);
    (void)!config_check(config, 0, keep_problem, &told);
    cr_assert_null(strstr(buf_text(&told), "clients.webhook.secret_file|"), "good: %s", buf_text(&told));
}

Test(config_webhook, a_client_without_one_has_none)
{
    AUTO(config_free) struct config *config = NULL;
    AUTO(config_free) struct config *other = NULL;

    cr_assert(load("bank", URL ", retry_max: 2h", &config, NULL, NULL), "%s", err.text);
    cr_assert(config_client_has_webhook(&config->clients[0]));
    cr_assert_eq(config->clients[0].webhook.retry_max_ms, 7200000);
    cr_assert_eq(config->clients[0].webhook.concurrency, 4);
    cr_assert_str_eq(config->clients[0].webhook.signature, "ed25519");
    cr_assert(load("银行", "", &other, NULL, NULL), "%s", err.text);
    cr_assert_not(config_client_has_webhook(&other->clients[0]));
}
