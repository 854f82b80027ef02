/* A receiver takes what is signed as the specification says, and nothing else. */
#include <criterion/criterion.h>

#include "base/json.h"
#include "base/text.h"
#include "sandbox/receiver.h"

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define GOOD "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

static struct error err;

static struct receiver_message vector(void)
{
    return (struct receiver_message){SPAN("msg_p5jXN8AQM9LWM0D4loKWxJek"), SPAN("1614265330"), SPAN(GOOD),
                                     SPAN("{\"test\": 2432232314}")};
}

static struct receiver_trust *trust(void)
{
    AUTO(json_release) json_t *secrets = json_pack("[s]", SECRET);
    struct receiver_trust *made = NULL;

    cr_assert(receiver_trust_new(secrets, NULL, &made, &err), "%s", err.text);
    return made;
}

static bool takes(const struct receiver_message *message, int64_t now_s)
{
    AUTO(receiver_trust_free) struct receiver_trust *by = trust();
    const char *why;

    return receiver_verifies(by, message, now_s, 300, &why);
}

Test(receiver, without_secrets_and_keys_nothing_can_be_trusted)
{
    AUTO(json_release) json_t *none = json_array();
    struct receiver_trust *made = NULL;

    cr_assert_not(receiver_trust_new(none, NULL, &made, &err));
}

Test(receiver, keys_among_which_is_none_to_answer_with_are_refused)
{
    AUTO(json_release) json_t *secrets = json_pack("[s]", SECRET);
    AUTO(json_release)
    json_t *keys = json_pack("{s:[{s:s,s:s,s:s}]}", "keys", "alg", "EdDSA", "use", "seal", "pem", "x");
    struct receiver_trust *made = NULL;

    cr_assert_not(receiver_trust_new(secrets, keys, &made, &err));
}

Test(receiver, any_changed_byte_is_found)
{
    static const char *const BODIES[] = {"{\"test\": 2432232315}", "{\"test\":2432232314}", ""};
    struct receiver_message message = vector();

    for (size_t i = 0; i < COUNT_OF(BODIES); i++) {
        message.body = span_of(BODIES[i]);
        cr_assert_not(takes(&message, 1614265330), "%s", BODIES[i]);
    }
    message = vector();
    message.id = SPAN("msg_p5jXN8AQM9LWM0D4loKWxJel");
    cr_assert_not(takes(&message, 1614265330));
    message = vector();
    message.timestamp = SPAN("1614265331");
    cr_assert_not(takes(&message, 1614265330));
    message = vector();
    message.signatures = SPAN("v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    cr_assert_not(takes(&message, 1614265330), "of another kind");
    message.signatures = SPAN("");
    cr_assert_not(takes(&message, 1614265330));
}

Test(receiver, an_old_message_is_not_taken_again)
{
    struct receiver_message message = vector();

    cr_assert(takes(&message, 1614265330 + 300));
    cr_assert_not(takes(&message, 1614265330 + 301));
    cr_assert_not(takes(&message, 1614265330 - 301));
}

Test(receiver, one_good_signature_among_others_is_enough)
{
    struct receiver_message message = vector();

    cr_assert(takes(&message, 1614265330));
    message.signatures = SPAN("v2,AAAA v1,AAAA " GOOD " v1a,AAAA");
    cr_assert(takes(&message, 1614265330));
}
