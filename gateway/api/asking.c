#include "gateway/api/asking.h"

#include <stdio.h>
#include <string.h>

enum { STATUS_TOO_MANY = 429, SEQUENCE_DIGITS_MAX = 19 };

/* --- who asks --- */

static void refuse_too_many(struct http_reply *reply, const struct error *err, int64_t wait_ms, const char *instance)
{
    char seconds[24];

    problem_reply_status(reply, STATUS_TOO_MANY, err, instance);
    snprintf(seconds, sizeof seconds, "%lld", (long long)(wait_ms + 999) / 1000);
    http_reply_header(reply, "Retry-After", seconds);
}

void visit_refuse_admission(const struct visit *visit, const struct error *err, const char *instance)
{
    const struct admission *admission = &visit->api->admission;

    if (admission->wait_ms > 0)
        refuse_too_many(visit->reply, err, admission->wait_ms, admission->client ? instance : NULL);
    else
        problem_reply(visit->reply, err, instance);
}

const struct client *visit_client(const struct visit *visit)
{
    struct api *api = visit->api;
    int64_t at_ms = clock_now_ms(api->options.clock);
    struct error err;

    if (admission_enter(&api->desk, visit->request->peer, at_ms, &api->admission, &err))
        return api->admission.client;
    visit_refuse_admission(visit, &err, NULL);
    return NULL;
}

void asking_begin(struct visit *visit, struct asking *asking)
{
    *asking =
        (struct asking){.visit = visit, .at_ms = clock_now_ms(visit->api->options.clock), .wishes = STRUCTURED_INIT};
    asking->client = clients_find(visit->api->clients, visit->request->peer->certificate_sha256);
}

void asking_end(struct asking *asking)
{
    structured_done(&asking->wishes);
}

/* What the judgement says is kept where the refusal and the trace look for it. */
static bool heed(struct asking *asking, bool is_good)
{
    asking->client = asking->visit->api->admission.client;
    asking->wait_ms = asking->visit->api->admission.wait_ms;
    return is_good;
}

bool asking_take(struct asking *asking, int64_t count, struct error *err)
{
    struct api *api = asking->visit->api;

    return heed(asking, admission_take(&api->desk, &api->admission, count, err));
}

bool asking_charge(struct asking *asking, int64_t count, struct error *err)
{
    struct api *api = asking->visit->api;

    return heed(asking, admission_charge(&api->desk, &api->admission, count, asking->at_ms, err));
}

bool asking_admit(struct asking *asking, struct error *err)
{
    struct api *api = asking->visit->api;
    const struct http_request *request = asking->visit->request;

    return heed(asking, request->early_key
                            ? admission_stay(&api->desk, request->peer, asking->at_ms, &api->admission, err)
                            : admission_enter(&api->desk, request->peer, asking->at_ms, &api->admission, err));
}

/* --- what is asked --- */

bool asking_domain(struct asking *asking, struct error *err)
{
    struct span text = utf8_cut(asking->domain_text, ASKED_MAX);

    asking->domain = domains_find(asking->visit->api->domains, asking->domain_text);
    if (!asking->domain)
        return refuse(err, ERR_NOT_FOUND, "domain.unknown", "there is no domain \"%.*s\": see /v1/domains",
                      "没有“%.*s”这个领域：见 /v1/domains", (int)text.bytes, text.at);
    if (!client_may_ask(asking->client, asking->domain))
        return refuse(err, ERR_FORBIDDEN, "client.domain", "client %s may not ask about %s",
                      "接入系统 %s 无权查询领域 %s", asking->client->config->name, domain_name(asking->domain));
    return true;
}

/* Now, as the data go. */
static int64_t now_of(const struct asking *asking)
{
    return client_is_test(asking->client) ? clock_now_ms(testlist_clock(asking->visit->api->testlist)) : asking->at_ms;
}

/* As of the end of a day, or of now when it is not over yet. What is still to come is refused by the lookup. */
static void take_day(struct asking *asking, int32_t day)
{
    int64_t end_ms = day_start_ms(day + 1) - 1;

    asking->as_of_ms = day_start_ms(day) <= asking->at_ms && end_ms > asking->at_ms ? asking->at_ms : end_ms;
    /* The test list ends on its day; what came since is as it was then. */
    if (client_is_test(asking->client) && asking->as_of_ms <= asking->at_ms && asking->as_of_ms > now_of(asking))
        asking->as_of_ms = now_of(asking);
}

static bool parse_sequence(struct span text, uint64_t *sequence)
{
    uint64_t value = 0;

    if (text.bytes > SEQUENCE_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(text.at[i] - '0');
    }
    if (value > 0)
        *sequence = value;
    return value > 0;
}

static bool take_as_of(struct asking *asking, struct error *err)
{
    int32_t day;

    if (!asking->as_of.at || parse_sequence(asking->as_of, &asking->as_of_sequence))
        return true;
    if (!day_parse(asking->as_of, &day))
        return refuse(err, ERR_INVALID, "query.as-of",
                      "as_of is a day (YYYY-MM-DD) or how many events the journal had (1 or more)",
                      "as_of 应为日期（YYYY-MM-DD）或日志的事件数（不小于 1）");
    take_day(asking, day);
    return true;
}

bool asking_check_text(const char *name, struct span text, size_t bytes_max, struct error *err)
{
    if (text.bytes > bytes_max)
        return refuse(err, ERR_INVALID, "query.length", "%s has more than %zu bytes", "%s 超过 %zu 字节", name,
                      bytes_max);
    for (size_t i = 0; i < text.bytes; i++) {
        if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
            return refuse(err, ERR_INVALID, "query.characters", "%s has control characters", "%s 含控制字符", name);
    }
    return true;
}

static bool check_purpose(const struct asking *asking, struct error *err)
{
    AUTO(buf_done) struct buf accepted = BUF_INIT;
    struct span text = utf8_cut(asking->purpose, ASKED_MAX);

    if (asking->purpose.bytes && client_may_name(asking->client, asking->domain, asking->purpose))
        return true;
    client_purposes(asking->client, asking->domain, &accepted);
    if (asking->purpose.bytes == 0)
        return refuse(err, ERR_INVALID, "purpose.missing", "say what for: purpose=… with one of: %s",
                      "请说明查询目的：purpose=…，可用：%s", buf_text(&accepted));
    return refuse(err, ERR_INVALID, "purpose.unknown", "the purpose \"%.*s\" is not accepted here; accepted: %s",
                  "此处不接受查询目的“%.*s”；可用：%s", (int)text.bytes, text.at, buf_text(&accepted));
}

bool asking_given(struct asking *asking, struct error *err)
{
    const struct domain_given *given = &asking->given;

    return asking_check_text("authorisation", given->authorisation, AUTHORISATION_BYTES_MAX, err) &&
           asking_check_text("matter", given->matter, GIVEN_BYTES_MAX, err) &&
           asking_check_text("case", given->case_number, GIVEN_BYTES_MAX, err) &&
           asking_check_text("operator", given->operator, GIVEN_BYTES_MAX, err) &&
           asking_check_text("department", given->department, GIVEN_BYTES_MAX, err) && take_as_of(asking, err) &&
           check_purpose(asking, err) && signing_read(asking->visit->request, &asking->wishes, err);
}

/* --- what becomes of it --- */

struct store_txn *asking_read(const struct asking *asking, struct span uscc, struct error *err)
{
    struct api *api = asking->visit->api;

    if (client_is_test(asking->client))
        return testlist_read(api->testlist, testlist_is_empty_code(api->testlist, uscc), err);
    return api_read(api, err);
}

struct lookup_question asking_question(const struct asking *asking)
{
    return (struct lookup_question){.domain = asking->domain,
                                    .purpose = asking->purpose,
                                    .given = asking->given,
                                    .is_government = asking->client->config->kind == CLIENT_GOVERNMENT,
                                    .withheld_scopes = asking->client->withheld_scopes,
                                    .is_test = client_is_test(asking->client),
                                    .at_ms = now_of(asking),
                                    .as_of_ms = asking->as_of_ms,
                                    .as_of_sequence = asking->as_of_sequence,
                                    .shown = &asking->visit->api->shown,
                                    .memory = client_is_test(asking->client) ? NULL : &asking->visit->api->memory,
                                    .forms = client_is_test(asking->client) ? NULL : asking->visit->api->forms,
                                    .windows = asking->visit->api->windows};
}

/* Texts that were refused for their length are cut here. */
struct trace_entry asking_entry(const struct asking *asking)
{
    const struct http_peer *peer = asking->visit->request->peer;

    return (struct trace_entry){.at_ms = asking->at_ms,
                                .as_of_ms = asking->as_of_ms,
                                .as_of_sequence = asking->as_of_sequence,
                                .is_test = client_is_test(asking->client),
                                .by = asking->client ? asking->client->name : SPAN_NONE,
                                .kind = client_kind_text(asking->client),
                                .certificate = peer->has_certificate ? peer->certificate_sha256 : NULL,
                                .domain = utf8_cut(asking->domain_text, ASKED_MAX),
                                .purpose = utf8_cut(asking->purpose, ASKED_MAX),
                                .matter = utf8_cut(asking->given.matter, GIVEN_BYTES_MAX),
                                .case_number = utf8_cut(asking->given.case_number, GIVEN_BYTES_MAX),
                                .authorisation = utf8_cut(asking->given.authorisation, AUTHORISATION_BYTES_MAX),
                                .operator= utf8_cut(asking->given.operator, GIVEN_BYTES_MAX),
                                .department = utf8_cut(asking->given.department, GIVEN_BYTES_MAX)};
}

bool asking_sign(const struct asking *asking, struct error *err)
{
    const struct visit *visit = asking->visit;

    buf_add_text(&visit->reply->headers, "Cache-Control: no-store\r\n");
    if (signing_add(visit->request, &asking->wishes, visit->api->options.signer, asking->at_ms, visit->reply, err))
        return true;
    buf_clear(&visit->reply->headers);
    return false;
}

void asking_refuse(const struct asking *asking, const struct error *err, const char *receipt)
{
    visit_refuse_admission(asking->visit, err, receipt);
}
