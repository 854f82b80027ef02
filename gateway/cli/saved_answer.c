#include "gateway/cli/saved_answer.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "keys/content_digest.h"

enum { SAVED_FIELDS_MAX = 128 };

/* One head after the other. */
struct saved {
    struct span rest;
    struct signatures_field request_fields[SAVED_FIELDS_MAX];
    struct signatures_field answer_fields[SAVED_FIELDS_MAX];
    struct signatures_message request;
    struct signatures_message answer;
    struct error *err;
};

static bool fail_form(struct saved *saved, const char *what)
{
    return fail(saved->err, ERR_INVALID, "no saved answer: %s", what);
}

static bool take_line(struct span *rest, struct span *line)
{
    const char *end = rest->bytes ? memchr(rest->at, '\n', rest->bytes) : NULL;
    size_t bytes;

    if (!end)
        return false;
    bytes = (size_t)(end - rest->at);
    *line = (struct span){rest->at, bytes};
    *rest = (struct span){end + 1, rest->bytes - bytes - 1};
    if (line->bytes && line->at[line->bytes - 1] == '\r')
        line->bytes--;
    return true;
}

/* The next word of a line. */
static bool take_word(struct span *line, struct span *word)
{
    const char *end = line->bytes ? memchr(line->at, ' ', line->bytes) : NULL;
    size_t bytes = end ? (size_t)(end - line->at) : line->bytes;

    *word = (struct span){line->at, bytes};
    bytes += end ? 1 : 0;
    *line = (struct span){line->at + bytes, line->bytes - bytes};
    return word->bytes > 0;
}

/* Up to the empty line, which is taken. */
static bool take_fields(struct saved *saved, struct signatures_field *fields, size_t *count)
{
    struct span line;

    while (take_line(&saved->rest, &line)) {
        const char *colon = line.bytes ? memchr(line.at, ':', line.bytes) : NULL;
        size_t bytes = colon ? (size_t)(colon - line.at) : 0;

        if (line.bytes == 0)
            return true;
        if (bytes == 0)
            return fail_form(saved, "a line of a head is no field");
        if (*count == SAVED_FIELDS_MAX)
            return fail_form(saved, "too many fields");
        fields[(*count)++] =
            (struct signatures_field){{line.at, bytes}, span_trim((struct span){colon + 1, line.bytes - bytes - 1})};
    }
    return fail_form(saved, "a head does not end");
}

/* "https://host" off the front; else the Host field says where. */
static void cut_authority(struct signatures_message *request)
{
    struct span scheme = SPAN("https://");
    struct span *target = &request->target;
    const char *path;
    size_t bytes;

    if (!span_starts(*target, scheme.at))
        return;
    *target = (struct span){target->at + scheme.bytes, target->bytes - scheme.bytes};
    path = target->bytes ? memchr(target->at, '/', target->bytes) : NULL;
    bytes = path ? (size_t)(path - target->at) : target->bytes;
    request->authority = (struct span){target->at, bytes};
    *target = (struct span){target->at + bytes, target->bytes - bytes};
}

static bool take_request(struct saved *saved)
{
    struct signatures_message *request = &saved->request;
    struct span line;

    request->scheme = SPAN("https");
    request->fields = saved->request_fields;
    if (!take_line(&saved->rest, &line) || !take_word(&line, &request->method) || !take_word(&line, &request->target))
        return fail_form(saved, "it does not begin with a request (GET or POST /v1/lookups/…)");
    if (line.bytes && !span_starts(line, "HTTP/"))
        return fail_form(saved, "something stands behind the request's target");
    cut_authority(request);
    if (request->target.bytes == 0 || request->target.at[0] != '/')
        return fail_form(saved, "the request has no path");
    if (!take_fields(saved, saved->request_fields, &request->field_count))
        return false;
    for (size_t i = 0; request->authority.bytes == 0 && i < request->field_count; i++) {
        if (request->fields[i].name.bytes == 4 && strncasecmp(request->fields[i].name.at, "host", 4) == 0)
            request->authority = request->fields[i].value;
    }
    return true;
}

static bool take_answer(struct saved *saved)
{
    struct signatures_message *answer = &saved->answer;
    struct span line, version, status;
    int64_t number;

    if (!take_line(&saved->rest, &line) || !span_starts(line, "HTTP/") || !take_word(&line, &version) ||
        !take_word(&line, &status) || status.bytes != 3 || !integer_parse(status, &number))
        return fail_form(saved, "no answer (HTTP/… 200) follows the request");
    answer->status = (int)number;
    answer->fields = saved->answer_fields;
    answer->request = &saved->request;
    return take_fields(saved, saved->answer_fields, &answer->field_count);
}

static bool check_body(const struct saved *saved)
{
    AUTO(buf_done) struct buf digest = BUF_INIT;

    if (!signatures_field_value(&saved->answer, SPAN("content-digest"), &digest))
        return fail(saved->err, ERR_INVALID, "the answer has no Content-Digest");
    return content_digest_check(buf_span(&digest), saved->rest, saved->err);
}

static bool check_signatures(const struct saved *saved, const struct keyring *keys, struct saved_answer *out)
{
    const struct signatures_trust trust = {.keyring = keys, .use = KEY_USE_ANSWER, .required = SIGNING_ALWAYS};
    AUTO(structured_done) struct structured inputs = STRUCTURED_INIT;
    AUTO(buf_done) struct buf value = BUF_INIT;

    if (!signatures_field_value(&saved->answer, SPAN("signature-input"), &value))
        return fail(saved->err, ERR_INVALID, "the answer is not signed: it has no Signature-Input");
    if (!structured_parse(STRUCTURED_DICTIONARY, buf_span(&value), &inputs, saved->err))
        return false;
    if (inputs.count == 0 || inputs.count > SIGNING_WISHES_MAX)
        return fail(saved->err, ERR_INVALID, "the answer has no signature, or more than %d", SIGNING_WISHES_MAX);
    for (size_t i = 0; i < inputs.count; i++) {
        AUTO(text_free) char *label = memory_copy_span(inputs.members[i].key);

        if (!signatures_verify(&saved->answer, label, &trust, &out->signatures[i], saved->err))
            return fail_in(saved->err, "signature %s", label);
    }
    out->count = inputs.count;
    return true;
}

bool saved_answer_is(struct span text)
{
    return span_starts(text, "GET ") || span_starts(text, "HEAD ") || span_starts(text, "POST ");
}

bool saved_answer_verify(struct span text, const struct keyring *keys, struct saved_answer *out, struct error *err)
{
    struct saved saved = {.rest = text, .err = err};
    struct saved_answer found = {.count = 0};

    if (!take_request(&saved) || !take_answer(&saved) || !check_signatures(&saved, keys, &found) || !check_body(&saved))
        return false;
    found.method = saved.request.method;
    found.target = saved.request.target;
    found.status = saved.answer.status;
    found.body = saved.rest;
    *out = found;
    return true;
}
