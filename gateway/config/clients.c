/* What of a client is more than a value of the table. */
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/config/certificate.h"
#include "gateway/config/loading.h"

/* The node of a client's setting, for its line: the setting's own, an item of it, or the client's. */
static const struct tree *place_of(struct tree *tree, const char *setting, size_t item)
{
    struct tree *node = tree_find(tree, setting);

    if (!node)
        return tree;
    return node->kind == TREE_LIST && item < node->count ? node->children[item] : node;
}

static char **split_commas(const char *text)
{
    size_t count = 1;
    char **words;

    for (const char *at = text ? text : ""; *at; at++)
        count += *at == ',';
    words = memory_new((count + 1) * sizeof *words);
    for (size_t i = 0; text && *text; i++) {
        size_t bytes = strcspn(text, ",");

        words[i] = memory_copy_span(span_trim((struct span){text, bytes}));
        text += bytes + (text[bytes] == ',');
    }
    return words;
}

/* --- certificates: the fingerprint is who the client is --- */

static bool find_fingerprint(const char *client, struct config_certificate *certificate, struct error *err)
{
    AUTO(buf_done) struct buf bytes = BUF_INIT;
    struct certificate_facts facts;

    if (*certificate->file) {
        if (!certificate_read(certificate->file, &facts, err))
            return false;
        memcpy(certificate->fingerprint, facts.sha256, sizeof certificate->fingerprint);
        certificate->not_after_ms = facts.not_after_ms;
        return true;
    }
    if (hex_decode(span_of(certificate->sha256), &bytes) && bytes.bytes == sizeof certificate->fingerprint) {
        memcpy(certificate->fingerprint, bytes.data, bytes.bytes);
        return true;
    }
    return refuse(err, ERR_INVALID, "config.client", "client %s needs a certificate, or its sha256 of 64 hex digits",
                  "接入系统 %s 须给出证书，或 64 位十六进制的 sha256", client ? client : "?");
}

static bool take_day(const char *text, const char *name, int32_t *day, struct error *err)
{
    return day_parse(span_of(text), day) ||
           refuse(err, ERR_INVALID, "config.day", "%s: \"%s\" is no day: write 2026-07-31",
                  "%s：“%s”不是日期：请写成 2026-07-31", name, text);
}

static bool take_days(struct config_certificate *certificate, struct error *err)
{
    int32_t day;

    certificate->from_ms = INT64_MIN;
    certificate->until_ms = INT64_MAX;
    if (*certificate->from_text) {
        if (!take_day(certificate->from_text, "from", &day, err))
            return false;
        certificate->from_ms = day_start_ms(day);
    }
    if (*certificate->until_text) {
        if (!take_day(certificate->until_text, "until", &day, err))
            return false;
        certificate->until_ms = day_start_ms(day + 1) - 1;
    }
    return certificate->from_ms < certificate->until_ms ||
           refuse(err, ERR_INVALID, "config.day", "a certificate that may be used until %s cannot begin on %s",
                  "证书停用日 %s 早于启用日 %s", certificate->until_text, certificate->from_text);
}

static void finish_certificate(struct loading *loading, const struct tree *at, const char *client,
                               struct config_certificate *certificate)
{
    struct error err = {0};

    if (!certificate->file || !certificate->sha256 || !certificate->from_text || !certificate->until_text)
        return; /* the form was wrong: told already */
    if (*certificate->file && *certificate->sha256)
        error_set_both(&err, ERR_INVALID, "config.client", "a certificate is its file or its sha256: not both",
                       "证书以文件或 sha256 二者之一给出");
    else if (find_fingerprint(client, certificate, &err) && take_days(certificate, &err))
        return;
    loading_tell(loading, at, "clients.certificates", &err);
}

/* The short form becomes a list of one. */
static void take_short_form(struct loading *loading, const struct tree *tree, struct config_client *client)
{
    struct config_certificate *one = memory_new(sizeof *one);
    struct error err = {0};

    client->certificates = one;
    client->certificate_count = 1;
    *one = (struct config_certificate){.file = memory_copy_text(client->certificate),
                                       .sha256 = memory_copy_text(client->certificate_sha256),
                                       .from_text = memory_copy_text(""),
                                       .until_text = memory_copy_text(""),
                                       .from_ms = INT64_MIN,
                                       .until_ms = INT64_MAX};
    if (!find_fingerprint(client->name, one, &err))
        loading_tell(loading, tree, *client->certificate ? "clients.certificate" : "clients.sha256", &err);
}

static void take_certificates(struct loading *loading, struct tree *tree, struct config_client *client)
{
    bool has_short =
        (client->certificate && *client->certificate) || (client->certificate_sha256 && *client->certificate_sha256);
    struct error err = {0};

    if (!client->certificate || !client->certificate_sha256)
        return; /* told already */
    client->certificates = loading_list(loading, tree, "certificates", SETTINGS_CERTIFICATE,
                                        sizeof *client->certificates, &client->certificate_count);
    if (client->certificate_count == 0) {
        free(client->certificates);
        take_short_form(loading, tree, client);
        return;
    }
    if (has_short || client->certificate_count > CONFIG_CERTIFICATES_MAX) {
        error_set_both(&err, ERR_INVALID, "config.client",
                       "certificates is a list of at most %d, and takes the place of certificate and sha256",
                       "certificates 至多 %d 项，且不与 certificate、sha256 同时使用", CONFIG_CERTIFICATES_MAX);
        loading_tell(loading, place_of(tree, "certificates", SIZE_MAX), "clients.certificates", &err);
    }
    for (size_t i = 0; i < client->certificate_count; i++)
        finish_certificate(loading, place_of(tree, "certificates", i), client->name, &client->certificates[i]);
}

int64_t config_certificate_ends_ms(const struct config_certificate *certificate)
{
    int64_t own_ms = certificate->not_after_ms ? certificate->not_after_ms : INT64_MAX;

    return own_ms < certificate->until_ms ? own_ms : certificate->until_ms;
}

int64_t config_certificate_days_left(const struct config_certificate *certificate, int64_t now_ms)
{
    static const int64_t DAY_MS = 86400000;
    int64_t ends_ms = config_certificate_ends_ms(certificate);
    int64_t left_ms = ends_ms - now_ms;

    if (ends_ms == INT64_MAX)
        return INT64_MAX;
    return left_ms >= 0 ? left_ms / DAY_MS : -1 - (-left_ms - 1) / DAY_MS;
}

int64_t config_client_days_left(const struct config_client *client, int64_t now_ms)
{
    int64_t latest = INT64_MIN;

    for (size_t i = 0; i < client->certificate_count; i++) {
        int64_t days = config_certificate_days_left(&client->certificates[i], now_ms);

        latest = days > latest ? days : latest;
    }
    return latest;
}

/* --- what it may see, and from where --- */

static void take_scopes(struct loading *loading, struct tree *tree, struct config_client *client)
{
    unsigned all = CLIENT_SCOPE_PUBLIC | CLIENT_SCOPE_AUTHORISED;
    struct error err;

    all |= client->kind == CLIENT_GOVERNMENT ? CLIENT_SCOPE_GOVERNMENT : 0;
    client->scopes = all;
    if (!client->scopes_text || !*client->scopes_text)
        return;
    client->scopes = 0;
    for (unsigned i = 0; i < 3; i++)
        client->scopes |= strchr(client->scopes_text, (int)('0' + i)) ? 1U << i : 0;
    if ((client->scopes & ~all) == 0)
        return;
    error_set_both(&err, ERR_INVALID, "config.scope", "scope 1 (government only) is not for a client that is %s",
                   "使用范围 1（仅政府部门）不适用于类别为 %s 的接入系统", client->kind_text);
    loading_tell(loading, place_of(tree, "scopes", SIZE_MAX), "clients.scopes", &err);
}

static void take_addresses(struct loading *loading, struct tree *tree, struct config_client *client)
{
    struct span rest = span_of(client->addresses_text);
    size_t count = 0;
    struct error err;

    if (rest.bytes == 0)
        return;
    for (size_t i = 0; i < rest.bytes; i++)
        count += rest.at[i] == ',';
    client->addresses = memory_new((count + 1) * sizeof *client->addresses);
    if (count + 1 > ADDRESS_RANGES_MAX) {
        error_set_both(&err, ERR_LIMIT, "config.limit", "at most %d addresses and ranges", "至多 %d 个地址或地址段",
                       ADDRESS_RANGES_MAX);
        loading_tell(loading, place_of(tree, "addresses", SIZE_MAX), "clients.addresses", &err);
        return;
    }
    for (size_t i = 0; i <= count; i++) {
        const char *end = rest.bytes ? memchr(rest.at, ',', rest.bytes) : NULL;
        struct span one = {rest.at, end ? (size_t)(end - rest.at) : rest.bytes};

        rest = end ? (struct span){end + 1, rest.bytes - one.bytes - 1} : SPAN_NONE;
        if (address_range_parse(span_trim(one), &client->addresses[client->address_count], &err))
            client->address_count++;
        else
            loading_tell(loading, place_of(tree, "addresses", i), "clients.addresses", &err);
    }
}

void loading_client(struct loading *loading, struct tree *tree, struct config_client *client)
{
    static const char *const KINDS[CLIENT_KIND_COUNT] = {"government", "lender", "procurement", "supervisor"};

    for (int i = 0; client->kind_text && i < CLIENT_KIND_COUNT; i++) {
        if (strcmp(client->kind_text, KINDS[i]) == 0)
            client->kind = (enum client_kind)i;
    }
    client->domains = split_commas(client->domains_text);
    client->purposes = split_commas(client->purposes_text);
    take_certificates(loading, tree, client);
    take_scopes(loading, tree, client);
    take_addresses(loading, tree, client);
    loading_webhook(loading, tree, client);
}
