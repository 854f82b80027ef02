/* 信用中国, file mode: upstreams.md section 3, modelled on the exchange of files of domain.md 1.4 (b), with what that
 * one lacked: a digest, a signature, a receipt, and no overwriting.
 *
 * A call is one file of up to 1000 rows under a name that counts by the day, and beside it its signature. Both are put
 * only where nothing is (If-None-Match: *), so a name never changes its content. When the first answer is lost, the
 * receiver's digest of what it holds under the name tells: none, nothing came; ours, go on with the signature; another,
 * somebody else has the name. When the second is lost, it is put again: what is there then is our own, for the file it
 * stands beside was stored by us or compared. The receipt may come in steps; whatever in it does not add up makes the
 * whole of it malformed. */
#include <stdio.h>
#include <string.h>

#include "adapters/adapter.h"
#include "adapters/answer.h"
#include "adapters/china_ack.h"
#include "adapters/china_file.h"
#include "adapters/fixed.h"
#include "adapters/holdings.h"
#include "adapters/row.h"
#include "base/encode.h"
#include "base/text.h"
#include "base/walk.h"
#include "keys/digest.h"

enum { SM3_BYTES = 32 };

/* --- the row and the file --- */

/* What XML cannot carry is refused when the row is made, with the field's name, and not when a file is: there it would
 * hold back other rows. */
static bool row_make(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
                     struct error *err)
{
    AUTO(buf_done) struct buf data = BUF_INIT;
    size_t from = out->bytes;
    struct error why;

    if (!row_add(config, record, out, err))
        return false;
    if (china_data_add((struct span){out->data + from, out->bytes - from}, &data, &why))
        return true;
    out->bytes = from;
    out->data[from] = '\0';
    return refuse(err, ERR_REFUSED, "row.characters", "the row cannot be XML: %s", "数据行无法写成 XML：%s", why.text);
}

/* As it was when the call was prepared; before that, as it is configured. */
static const char *file_code_of(const struct adapter_config *config, const struct adapter_call *call)
{
    return call->file_code[0] || !config ? call->file_code : config->file_code;
}

static bool draft_make(const struct adapter_config *config, const struct adapter_call *call, struct adapter_draft *out,
                       struct error *err)
{
    static const uint8_t room[SM3_BYTES];
    char name[CHINA_NAME_BYTES];

    if (!china_name(file_code_of(config, call), call->day, call->number, name))
        return fail(err, ERR_INVALID, "no file name can be made of code \"%s\", number %u", file_code_of(config, call),
                    call->number);
    buf_clear(&out->message);
    buf_add(&out->message, room, sizeof room);
    if (!china_file_add(call->rows, call->row_count, &out->message, err))
        return false;
    out->payload_at = out->signed_bytes = SM3_BYTES;
    digest_sm3((struct span){out->message.data + SM3_BYTES, out->message.bytes - SM3_BYTES}, out->sm3);
    memcpy(out->message.data, out->sm3, SM3_BYTES);
    return true;
}

/* --- what is fixed --- */

static void fixed_add(const struct adapter_call *call, const char *file_code, const struct adapter_signature *signature,
                      struct buf *out)
{
    char day[DAY_TEXT_BYTES];

    buf_addf(out, "{\"at_ms\":%lld,\"day\":\"%s\",\"file_code\":", (long long)call->at_ms, day_format(call->day, day));
    json_string_add(out, span_of(file_code));
    buf_add_text(out, ",\"kid\":");
    json_string_add(out, span_of(signature->kid));
    buf_addf(out, ",\"number\":%u,\"payload_bytes\":%llu,\"signature\":\"", call->number,
             (unsigned long long)call->payload_bytes);
    base64_add(out, signature->bytes.data, signature->bytes.bytes);
    buf_add_text(out, "\",\"sm3\":\"");
    hex_add(out, call->sm3, sizeof call->sm3);
    buf_add_text(out, "\"}");
}

static void call_fix(const struct adapter_config *config, const struct adapter_call *call,
                     const struct adapter_draft *draft, const struct adapter_signature *signature, struct buf *out)
{
    struct adapter_call fixed = *call;

    fixed.payload_bytes = draft->message.bytes - draft->payload_at;
    memcpy(fixed.sm3, draft->sm3, sizeof fixed.sm3);
    fixed_add(&fixed, file_code_of(config, call), signature, out);
}

static bool name_restore(struct span fixed, struct adapter_call *call)
{
    struct span code = walk_plain_of(fixed, "file_code");
    int64_t number = walk_integer_of(fixed, "number", 0);
    int64_t payload_bytes = walk_integer_of(fixed, "payload_bytes", 0);
    char name[CHINA_NAME_BYTES];

    if (code.bytes == 0 || code.bytes >= sizeof call->file_code || number < 1 || number > ADAPTER_NUMBER_MAX ||
        payload_bytes < 1 || payload_bytes > CHINA_FILE_BYTES_MAX ||
        !day_parse(walk_plain_of(fixed, "day"), &call->day))
        return false;
    memset(call->file_code, 0, sizeof call->file_code);
    memcpy(call->file_code, code.at, code.bytes);
    call->number = (uint32_t)number;
    call->payload_bytes = (uint64_t)payload_bytes;
    return china_name(call->file_code, call->day, call->number, name);
}

static bool call_restore(struct span fixed, struct adapter_call *call, struct adapter_signature *signature,
                         struct error *err)
{
    struct adapter_call restored = *call;
    AUTO(adapter_signature_done) struct adapter_signature found = {.kid = ""};
    AUTO(buf_done) struct buf again = BUF_INIT;

    if (!fixed_restore(fixed, &restored, &found, err))
        return false;
    if (!name_restore(fixed, &restored))
        return fail(err, ERR_CORRUPT, "the file name that was fixed of a call cannot be read");
    /* Nothing more, nothing less, and in this form only. */
    fixed_add(&restored, restored.file_code, &found, &again);
    if (!span_equal(fixed, buf_span(&again)))
        return fail(err, ERR_CORRUPT, "what was fixed of a call is not as we write it");
    *call = restored;
    memcpy(signature->kid, found.kid, sizeof signature->kid);
    buf_clear(&signature->bytes);
    buf_add_span(&signature->bytes, buf_span(&found.bytes));
    return true;
}

/* --- requests --- */

static void address_add(const struct adapter_config *config, const struct adapter_call *call, const char *folder,
                        const char *ending, struct buf *out)
{
    char name[CHINA_NAME_BYTES];

    /* A call without a name was never drafted. */
    (void)!china_name(file_code_of(config, call), call->day, call->number, name);
    buf_addf(out, "%s%s%s", folder, name, ending);
}

static void put(const char *content_type, struct adapter_request *out)
{
    out->method = "PUT";
    adapter_header_add(out, "Content-Type", content_type);
    adapter_header_add(out, "If-None-Match", "*");
}

static void put_file(const struct adapter_config *config, const struct adapter_call *call,
                     const struct adapter_draft *draft, const struct adapter_signature *signature,
                     struct adapter_request *out)
{
    (void)signature;
    address_add(config, call, "/inbox/", ".xml", &out->url);
    put("application/xml", out);
    buf_add(&out->body, draft->message.data + draft->payload_at, draft->message.bytes - draft->payload_at);
}

static void put_signature(const struct adapter_config *config, const struct adapter_call *call,
                          const struct adapter_draft *draft, const struct adapter_signature *signature,
                          struct adapter_request *out)
{
    char name[CHINA_NAME_BYTES];

    (void)draft;
    (void)!china_name(file_code_of(config, call), call->day, call->number, name);
    address_add(config, call, "/inbox/", ".sig", &out->url);
    put("application/json", out);
    buf_addf(&out->body, "{\"alg\":\"SM2-SM3\",\"bytes\":%llu,\"file\":\"%s.xml\",\"kid\":",
             (unsigned long long)call->payload_bytes, name);
    json_string_add(&out->body, span_of(signature->kid));
    buf_add_text(&out->body, ",\"signature\":\"");
    base64_add(&out->body, signature->bytes.data, signature->bytes.bytes);
    buf_add_text(&out->body, "\",\"sm3\":\"");
    hex_add(&out->body, call->sm3, sizeof call->sm3);
    buf_add_text(&out->body, "\"}");
}

static void request_make(const struct adapter_config *config, const struct adapter_call *call,
                         const struct adapter_draft *draft, const struct adapter_signature *signature,
                         const struct adapter_attempt *attempt, struct adapter_request *out)
{
    buf_add_text(&out->url, config->base_url);
    out->method = "GET";
    switch (attempt->step) {
    case ADAPTER_UPLOAD:
        put_file(config, call, draft, signature, out);
        return;
    case ADAPTER_SECOND:
        put_signature(config, call, draft, signature, out);
        return;
    case ADAPTER_DOUBT:
        address_add(config, call, "/inbox/", ".sm3", &out->url);
        return;
    case ADAPTER_HOLDINGS:
        holdings_address_add(&out->url, attempt->after);
        return;
    default:
        address_add(config, call, "/outbox/", ".ack.xml", &out->url);
        return;
    }
}

/* --- replies --- */

static void go_on(struct adapter_result *out)
{
    out->ending = ADAPTER_NEXT;
    out->next = ADAPTER_SECOND;
}

/* 422 (RFC 9110 15.5.21): it was read, and what it says is not accepted. Its words are all that tells why. */
static void refused(enum adapter_ending ending, struct span body, struct adapter_result *out)
{
    out->ending = ending;
    if (utf8_is_valid(body, NULL))
        adapter_words_copy(span_trim(body), out->message, sizeof out->message);
}

static void read_upload(const struct adapter_call *call, int status, struct span body, struct adapter_result *out)
{
    (void)call;
    if (status == 201)
        go_on(out);
    else if (status == 422)
        refused(ADAPTER_BODY_REFUSED, body, out);
    else
        out->ending = status == 412 ? ADAPTER_EXISTS : ADAPTER_BY_STATUS;
}

static void read_second(const struct adapter_call *call, int status, struct span body, struct adapter_result *out)
{
    (void)call;
    if (status == 422)
        refused(ADAPTER_SETUP_REFUSED, body, out); /* there is no row in it */
    else
        out->ending = status == 201 || status == 412 ? ADAPTER_ACCEPTED : ADAPTER_BY_STATUS;
}

static void read_doubt(const struct adapter_call *call, int status, struct span body, struct adapter_result *out)
{
    AUTO(buf_done) struct buf held = BUF_INIT;

    if (status != 200) {
        out->ending = status == 404 ? ADAPTER_UNKNOWN_TASK : ADAPTER_BY_STATUS;
        return;
    }
    if (body.bytes == 2 * SM3_BYTES + 1 && body.at[2 * SM3_BYTES] == '\n')
        body.bytes--;
    if (body.bytes != 2 * SM3_BYTES || !hex_decode(body, &held)) {
        answer_malformed(out, "the digest of the file held is no SM3");
        return;
    }
    if (memcmp(held.data, call->sm3, SM3_BYTES) == 0)
        go_on(out);
    else
        out->ending = ADAPTER_OTHER_CONTENT;
}

static void read_receipt(const struct adapter_call *call, int status, struct span body, struct adapter_result *out)
{
    char name[CHINA_NAME_BYTES];
    char file[CHINA_NAME_BYTES + 4];

    if (status != 200) {
        out->ending = status == 404 ? ADAPTER_NOT_READY : ADAPTER_BY_STATUS;
        return;
    }
    if (!china_name(file_code_of(NULL, call), call->day, call->number, name)) {
        answer_malformed(out, "the call has no file name");
        return;
    }
    snprintf(file, sizeof file, "%s.xml", name);
    china_ack_read(call, file, body, out);
}

static void reply_read(const struct adapter_call *call, enum adapter_step step, int status, struct span body,
                       struct adapter_result *out)
{
    static void (*const READERS[ADAPTER_STEP_COUNT])(const struct adapter_call *call, int status, struct span body,
                                                     struct adapter_result *out) = {
        [ADAPTER_UPLOAD] = read_upload,
        [ADAPTER_SECOND] = read_second,
        [ADAPTER_DOUBT] = read_doubt,
        [ADAPTER_ASK] = read_receipt,
    };

    if (READERS[step])
        READERS[step](call, status, body, out);
    else
        answer_malformed(out, "nothing of the kind was asked");
}

const struct adapter adapter_credit_china = {
    .name = "credit-china",
    .rows_max = ADAPTER_ROWS_MAX,
    .rows_bytes_max = CHINA_ROWS_BYTES_MAX,
    .is_numbered = true,
    .row = row_make,
    .draft = draft_make,
    .fix = call_fix,
    .restore = call_restore,
    .request = request_make,
    .reply = reply_read,
    .holdings = holdings_read,
};
