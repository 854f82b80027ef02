/* HTTP Message Signatures (keys/signatures.h): the first line of an input is a Signature-Input field, the second a
 * Signature field, the third the target of the request, the rest a field of its own. Nobody has our key, so nothing
 * verifies; a base that can be made has one line for each component. */
#include "fuzz.h"

#include "base/text.h"
#include "keys/content_digest.h"
#include "keys/signatures.h"

static struct key *key;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error err;

    (void)argc;
    (void)argv;
    FUZZ_CHECK(key_generate(KEY_ED25519, "k", &key, &err), "%s", err.text);
    return 0;
}

static struct span take_line(struct span *rest)
{
    const char *end = rest->bytes ? memchr(rest->at, '\n', rest->bytes) : NULL;
    struct span line = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
    size_t bytes = line.bytes + (end ? 1 : 0);

    *rest = (struct span){rest->at + bytes, rest->bytes - bytes};
    return line;
}

static void check_base(const struct signatures_message *message, struct span text)
{
    AUTO(structured_done) struct structured inputs = STRUCTURED_INIT;
    struct error err;

    if (!structured_parse(STRUCTURED_DICTIONARY, text, &inputs, &err))
        return;
    for (size_t i = 0; i < inputs.count; i++) {
        AUTO(buf_done) struct buf base = BUF_INIT;
        size_t lines = 1;

        if (!signatures_base(message, &inputs, &inputs.members[i], &base, &err)) {
            FUZZ_CHECK(base.bytes == 0, "an output of a failure");
            continue;
        }
        for (size_t at = 0; at < base.bytes; at++)
            lines += base.data[at] == '\n';
        FUZZ_CHECK(lines == inputs.members[i].inner_count + 1, "%s", buf_text(&base));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = fuzz_span(data, size);
    struct signatures_field fields[3] = {{SPAN("Signature-Input"), take_line(&rest)},
                                         {SPAN("Signature"), take_line(&rest)}};
    struct signatures_message request = {
        .method = SPAN("GET"), .scheme = SPAN("https"), .authority = SPAN("a.example"), .target = take_line(&rest)};
    struct signatures_message answer = {.status = 200, .fields = fields, .field_count = 3, .request = &request};
    const struct signatures_trust trust = {.key = key};
    struct signatures_found found;
    struct error err;

    fields[2] = (struct signatures_field){SPAN("content-digest"), rest};
    request.fields = fields;
    request.field_count = 3;
    check_base(&answer, fields[0].value);
    check_base(&request, fields[0].value);
    FUZZ_CHECK(!signatures_verify(&answer, NULL, &trust, &found, &err), "forged");
    FUZZ_CHECK(!content_digest_check(rest, SPAN("a text that nobody hashed"), &err), "forged");
    return 0;
}
