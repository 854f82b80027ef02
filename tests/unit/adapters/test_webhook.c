/* Standard Webhooks, said once more and apart from the adapter: the specification's own vector, and what each answer
 * means. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "adapters/webhook.h"
#include "base/text.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static struct error err;

static struct webhook webhook_of(const char *secrets)
{
    struct webhook webhook = {.gateway = "gate", .client = "bank"};

    cr_assert(webhook_secrets_parse(span_of(secrets), &webhook, &err), "%s", err.text);
    return webhook;
}

static struct adapter_row row = {.record = "C42", .version = 3, .json = {"{\"test\":1}", 10}};
static struct adapter_call call = {.rows = &row, .row_count = 1, .at_ms = 5};

static void make(const struct webhook *webhook, struct span signature, struct adapter_request *out)
{
    const struct adapter_config config = {.base_url = "https://bank.example/hook", .webhook = webhook};
    const struct adapter_attempt attempt = {.step = ADAPTER_UPLOAD, .now_ms = 1614265330999, .signature = signature};
    AUTO(adapter_draft_done) struct adapter_draft draft = {.signed_bytes = 1};

    cr_assert(adapter_webhook.draft(&config, &call, &draft, &err), "%s", err.text);
    cr_assert_eq(draft.signed_bytes, 0);
    adapter_webhook.request(&config, &call, &draft, NULL, &attempt, out);
}

static const char *header(const struct adapter_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const char *text = buf_text(&request->headers[i]);

        if (strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == ':')
            return text + strlen(name) + 2;
    }
    return "";
}

/* --- failures --- */

Test(webhook, a_secret_that_is_none_is_refused_and_never_said)
{
    static const char *const BAD[] = {"",
                                      "# only a comment\n",
                                      "whsec_",
                                      "whsec_AAAA",
                                      "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                      "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!",
                                      SECRET " x",
                                      SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n" SECRET "\n"};

    for (size_t i = 0; i < COUNT_OF(BAD); i++) {
        struct webhook webhook = {.secret_count = 0};

        cr_assert_not(webhook_secrets_parse(span_of(BAD[i]), &webhook, &err), "%s", BAD[i]);
        cr_assert_str_eq(err.rule, "webhook.secret");
        cr_assert_null(strstr(err.text, "MfKQ"), "%s", err.text);
        cr_assert_eq(webhook.secret_count, 0);
    }
}

Test(webhook, what_was_fixed_must_be_ours)
{
    struct adapter_call restored = {.row_count = 0};
    struct adapter_signature signature = {.kid = ""};

    cr_assert_not(adapter_webhook.restore(SPAN("{\"at_ms\":5}"), &restored, &signature, &err));
    cr_assert_eq(err.code, ERR_CORRUPT);
    call.row_count = 2;
    cr_assert_not(
        adapter_webhook.draft(&(struct adapter_config){.base_url = ""}, &call, &(struct adapter_draft){0}, &err));
    call.row_count = 1;
}

Test(webhook, every_status_means_what_the_specification_says)
{
    for (int status = 100; status < 1000; status++) {
        AUTO(adapter_result_done) struct adapter_result result = {.code = ""};
        enum adapter_ending expected = ADAPTER_BY_STATUS;

        if (status >= 200 && status < 300)
            expected = ADAPTER_OUTCOMES;
        else if (status == 410)
            expected = ADAPTER_SETUP_REFUSED;
        else if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429)
            expected = ADAPTER_BODY_REFUSED;
        adapter_webhook.reply(&call, ADAPTER_UPLOAD, status, SPAN("<html>"), &result);
        cr_assert_eq(result.ending, expected, "%d", status);
        cr_assert_eq(result.outcome_count, expected == ADAPTER_OUTCOMES ? 1 : 0);
        if (expected == ADAPTER_OUTCOMES)
            cr_assert_eq(result.outcomes[0].kind, ADAPTER_ROW_TAKEN);
    }
}

/* --- signatures --- */

Test(webhook, the_specifications_own_vector_verifies)
{
    AUTO(buf_done) struct buf message = BUF_INIT;
    AUTO(adapter_request_done) struct adapter_request request = {.header_count = 0};
    struct webhook webhook = webhook_of(SECRET "\n");

    webhook_message_add("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330000, SPAN("{\"test\": 2432232314}"), &message);
    cr_assert_str_eq(buf_text(&message), "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}");
    make(&webhook, SPAN_NONE, &request);
    cr_assert_str_eq(header(&request, "webhook-timestamp"), "1614265330");
    cr_assert(strncmp(header(&request, "webhook-signature"), "v1,", 3) == 0);
    cr_assert_eq(strlen(header(&request, "webhook-signature")), 3 + 44);
    cr_assert_str_eq(header(&request, "Content-Type"), "application/json");
    cr_assert_str_eq(buf_text(&request.body), "{\"test\":1}");
    cr_assert_str_eq(request.method, "POST");
}

Test(webhook, a_new_secret_stands_beside_the_old_one_and_the_gateways_key)
{
    AUTO(adapter_request_done) struct adapter_request request = {.header_count = 0};
    AUTO(adapter_request_done) struct adapter_request old = {.header_count = 0};
    struct webhook both = webhook_of("# new\nwhsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\n\n" SECRET "\n");
    struct webhook one = webhook_of(SECRET);
    const char *list;

    both.is_asymmetric = true;
    make(&both, SPAN("signature"), &request);
    make(&one, SPAN_NONE, &old);
    list = header(&request, "webhook-signature");
    cr_assert_not_null(strstr(list, header(&old, "webhook-signature")), "%s", list);
    cr_assert_not_null(strstr(list, " v1a,c2lnbmF0dXJl"), "%s", list);
}

Test(webhook, only_who_wants_it_is_signed_for_by_the_gateway)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.signed_bytes = 0};
    AUTO(buf_done) struct buf message = BUF_INIT;
    struct webhook webhook = webhook_of(SECRET);
    const struct adapter_config config = {.base_url = "", .webhook = &webhook};
    const struct adapter_attempt attempt = {.now_ms = 7000};

    cr_assert(adapter_webhook.draft(&config, &call, &draft, &err));
    adapter_webhook.attempt_message(&config, &call, &draft, &attempt, &message);
    cr_assert_eq(message.bytes, 0);
    webhook.is_asymmetric = true;
    adapter_webhook.attempt_message(&config, &call, &draft, &attempt, &message);
    cr_assert_not_null(strstr(buf_text(&message), ".7.{\"test\":1}"), "%s", buf_text(&message));
}

/* --- identity --- */

Test(webhook, the_id_is_the_messages_own_and_no_others)
{
    struct webhook webhook = webhook_of(SECRET);
    struct webhook other = webhook;
    char id[WEBHOOK_ID_BYTES], again[WEBHOOK_ID_BYTES];

    webhook_id(&webhook, "C42", 3, id);
    webhook_id(&webhook, "C42", 3, again);
    cr_assert_str_eq(id, again);
    cr_assert_eq(strlen(id), WEBHOOK_ID_BYTES - 1);
    cr_assert_null(strchr(id, '.'));
    webhook_id(&webhook, "C42", 4, again);
    cr_assert_str_neq(id, again);
    webhook_id(&webhook, "C423", 3, again);
    cr_assert_str_neq(id, again);
    other.client = "land";
    webhook_id(&other, "C42", 3, again);
    cr_assert_str_neq(id, again);
    other = webhook;
    other.gateway = "gate2";
    webhook_id(&other, "C42", 3, again);
    cr_assert_str_neq(id, again);
}

Test(webhook, what_is_fixed_gives_the_same_bytes_again)
{
    AUTO(adapter_draft_done) struct adapter_draft draft = {.signed_bytes = 0};
    AUTO(adapter_draft_done) struct adapter_draft again = {.signed_bytes = 0};
    AUTO(buf_done) struct buf fixed = BUF_INIT;
    const struct adapter_config config = {.base_url = ""};
    struct adapter_signature signature = {.kid = ""};
    struct adapter_call restored = call;

    cr_assert(adapter_webhook.draft(&config, &call, &draft, &err));
    adapter_webhook.fix(&config, &call, &draft, &signature, &fixed);
    restored.at_ms = 0;
    cr_assert(adapter_webhook.restore(buf_span(&fixed), &restored, &signature, &err), "%s", err.text);
    cr_assert_eq(restored.at_ms, call.at_ms);
    cr_assert(adapter_webhook.draft(&config, &restored, &again, &err));
    cr_assert(memcmp(restored.sm3, again.sm3, sizeof again.sm3) == 0);
}
