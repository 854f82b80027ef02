/* What the form of the file cannot show: see config_check. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/layout.h"
#include "adapters/webhook.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "gateway/config/certificate.h"
#include "gateway/config/problem.h"

struct checking {
    config_report *report;
    void *context;
    int64_t now_ms;
    bool is_good;
};

static void tell(struct checking *checking, const char *setting, bool is_warning, const struct error *what)
{
    struct config_problem problem = {.is_warning = is_warning};

    problem_say(&problem, setting, what);
    checking->is_good = checking->is_good && is_warning;
    if (checking->report)
        checking->report(&problem, checking->context);
}

static void check_folder(struct checking *checking, const char *setting, const char *path)
{
    struct stat info;
    struct error err;

    if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return;
    error_set_both(&err, ERR_NOT_FOUND, "config.folder", "%s is no folder: make it with `creditgate init`",
                   "%s 不是目录：请用 creditgate init 建立", path);
    tell(checking, setting, false, &err);
}

/* Can it be read, for what it holds to be looked at? */
static bool check_secret(struct checking *checking, const char *setting, const char *path)
{
    struct stat info;
    struct error err;

    if (stat(path, &info) != 0) {
        error_set_both(&err, ERR_NOT_FOUND, "config.file", "%s is not there", "%s 不存在", path);
        tell(checking, setting, false, &err);
        return false;
    }
    if (access(path, R_OK) != 0) {
        error_set_both(&err, ERR_FORBIDDEN, "config.file",
                       "%s cannot be read by this account: check as the account that the gateway runs under",
                       "当前账号无法读取 %s：请以运行网关的账号检查", path);
        tell(checking, setting, false, &err);
        return false;
    }
    if ((info.st_mode & 077) == 0)
        return true;
    error_set_both(&err, ERR_FORBIDDEN, "config.secret", "%s can be read by others: chmod 600",
                   "%s 他人可读：请 chmod 600", path);
    tell(checking, setting, false, &err);
    return true;
}

/* Is the certificate there and readable? */
static bool check_certificate(struct checking *checking, const char *setting, const char *path)
{
    struct certificate_facts facts;
    struct error err = {0};
    char day[DAY_TEXT_BYTES];

    if (!certificate_read(path, &facts, &err)) {
        tell(checking, setting, false, &err);
        return false;
    }
    if (facts.not_after_ms >= checking->now_ms + (int64_t)CERTIFICATE_WARNING_DAYS * 86400000)
        return true;
    day_format(day_of_instant(facts.not_after_ms), day);
    error_set_both(&err, ERR_INVALID, "config.certificate", "%s ends on %s: renew it", "证书 %s 于 %s 到期：请更换",
                   path, day);
    tell(checking, setting, facts.not_after_ms > checking->now_ms, &err);
    return true;
}

/* A certificate that we show, and its private key. */
static void check_identity(struct checking *checking, const char *const settings[2], const char *certificate,
                           const char *key)
{
    struct error err = {0};
    bool has_certificate = check_certificate(checking, settings[0], certificate);
    bool has_key = check_secret(checking, settings[1], key);

    if (has_certificate && has_key && !certificate_fits_key(certificate, key, &err))
        tell(checking, settings[1], false, &err);
}

static void check_revocations(struct checking *checking, const char *setting, const char *path)
{
    int64_t next_update_ms = 0;
    struct error err = {0};

    if (!revocations_read(path, &next_update_ms, &err)) {
        tell(checking, setting, false, &err);
        return;
    }
    if (next_update_ms > checking->now_ms)
        return;
    error_set_both(&err, ERR_INVALID, "config.revocations",
                   "%s holds a list past its date: nobody of that authority gets in until it is renewed",
                   "%s 中的吊销清单已过期：更新之前，该机构签发的客户端一律拒绝", path);
    tell(checking, setting, false, &err);
}

static void check_listen(struct checking *checking, const struct config *config)
{
    static const char *const LISTEN[2] = {"listen.certificate", "listen.key"};

    check_folder(checking, "gateway.state", config->state);
    check_folder(checking, "gateway.data", config->data);
    check_identity(checking, LISTEN, config->certificate, config->key);
    check_certificate(checking, "listen.client_ca", config->client_ca);
    if (*config->client_crl)
        check_revocations(checking, "listen.client_crl", config->client_crl);
}

static void check_console(struct checking *checking, const struct config *config)
{
    static const char *const OURS[2] = {"console.certificate", "console.key"};
    struct error err;

    if (!*config->console_address)
        return;
    if (*config->console_certificate || *config->console_key)
        check_identity(checking, OURS, config->console_certificate, config->console_key);
    if (*config->console_client_ca)
        check_certificate(checking, "console.client_ca", config->console_client_ca);
    if (*config->console_client_crl)
        check_revocations(checking, "console.client_crl", config->console_client_crl);
    if (file_exists(config->console_files))
        return;
    error_set_both(&err, ERR_NOT_FOUND, "config.console", "%s is not there: the console has no pages",
                   "%s 不存在：工作台没有页面", config->console_files);
    tell(checking, "console.files", true, &err);
}

/* One that is no other's: by name, by user id, by certificate. */
static bool are_one(const struct config_person *one, const struct config_person *other)
{
    return (one->uid != CONFIG_UID_NONE && one->uid == other->uid) || strcmp(one->name, other->name) == 0 ||
           (one->has_certificate && other->has_certificate &&
            memcmp(one->fingerprint, other->fingerprint, sizeof one->fingerprint) == 0);
}

static void check_staff(struct checking *checking, const struct config *config)
{
    struct error err;

    for (size_t i = 0; i < config->staff_count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (!are_one(&config->staff[i], &config->staff[j]))
                continue;
            error_set_both(&err, ERR_CONFLICT, "config.person",
                           "%s and %s share a name, a user id or a certificate: one person, one account",
                           "%s 与 %s 的账号、用户号或证书相同：一人一号", config->staff[j].name, config->staff[i].name);
            tell(checking, "staff", false, &err);
        }
    }
    if (config->staff_count >= 2)
        return;
    error_set_both(&err, ERR_INVALID, "config.person",
                   "fewer than two persons: nobody could approve what another proposed",
                   "工作人员不足两人：无法由第二人复核");
    tell(checking, "staff", true, &err);
}

/* Of several certificates one may have ended: that is how a rotation ends. Of all of them none may. */
static void check_client_term(struct checking *checking, const struct config_client *client)
{
    int64_t latest = config_client_days_left(client, checking->now_ms);
    struct error err;

    for (size_t i = 0; i < client->certificate_count; i++) {
        int64_t days = config_certificate_days_left(&client->certificates[i], checking->now_ms);

        if (days >= 0 || client->certificate_count == 1)
            continue;
        error_set_both(&err, ERR_INVALID, "config.certificate", "a certificate of %s is over: take it out",
                       "接入系统 %s 的一张证书已停用或到期：可从配置中删去", client->name);
        tell(checking, client->name, true, &err);
    }
    if (latest >= CERTIFICATE_WARNING_DAYS)
        return;
    error_set_both(&err, ERR_INVALID, "config.certificate",
                   "the last certificate of %s ends in %lld days: put the next one beside it",
                   "接入系统 %s 的最后一张证书还剩 %lld 天：请预先加入新证书", client->name,
                   (long long)(latest < 0 ? 0 : latest));
    tell(checking, client->name, latest >= 0, &err);
}

/* Two that show the same certificate cannot be told apart; nor can two of one name, whose limits are one. */
static void check_clients_apart(struct checking *checking, const struct config_client *one,
                                const struct config_client *other)
{
    struct error err;

    if (strcmp(one->name, other->name) == 0) {
        error_set_both(&err, ERR_CONFLICT, "config.client", "there are two clients called %s", "有两个接入系统名为 %s",
                       one->name);
        tell(checking, "clients", false, &err);
    }
    for (size_t i = 0; i < one->certificate_count; i++) {
        for (size_t j = 0; j < other->certificate_count; j++) {
            if (memcmp(one->certificates[i].fingerprint, other->certificates[j].fingerprint, 32) != 0)
                continue;
            error_set_both(&err, ERR_CONFLICT, "config.client", "%s and %s have the same certificate",
                           "%s 与 %s 使用同一证书", other->name, one->name);
            tell(checking, "clients", false, &err);
        }
    }
}

static void check_clients(struct checking *checking, const struct config *config)
{
    for (size_t i = 0; i < config->client_count; i++) {
        check_client_term(checking, &config->clients[i]);
        for (size_t j = 0; j < i; j++)
            check_clients_apart(checking, &config->clients[i], &config->clients[j]);
    }
}

static void check_hex_file(struct checking *checking, const char *setting, const char *path, size_t bytes)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    AUTO(buf_wipe_done) struct buf key = BUF_INIT;
    struct error err = {0};

    if (!check_secret(checking, setting, path))
        return;
    if (file_read(path, 4096, &text, &err) && hex_decode(span_trim(buf_span(&text)), &key) && key.bytes == bytes)
        return;
    error_set_both(&err, ERR_INVALID, "config.key", "%s does not hold %zu hex digits", "%s 的内容不是 %zu 位十六进制数",
                   path, bytes * 2);
    tell(checking, setting, false, &err);
}

/* --- channels --- */

/* The full name of a channel's setting, in `full`. */
static const char *setting_of(struct buf *full, size_t i, const char *setting)
{
    buf_clear(full);
    buf_addf(full, "channels.%s.%s", CONFIG_CHANNEL_NAMES[i], setting);
    return buf_text(full);
}

/* Two channels at one address would tell one upstream everything twice. What is no stage may go to the same one, into
 * another table. */
static bool is_told_twice(const struct config_channel *one, const struct config_channel *other, bool are_stages)
{
    if (!config_channel_is_used(one) || strcmp(one->base, other->base) != 0)
        return false;
    return are_stages || !one->table_code || !other->table_code || strcmp(one->table_code, other->table_code) == 0;
}

static void check_base(struct checking *checking, const struct config *config, size_t i)
{
    AUTO(buf_done) struct buf full = BUF_INIT;
    const char *base = config->channels[i].base;
    struct error err;

    if (strncmp(base, "https://", 8) != 0) {
        error_set_both(&err, ERR_INVALID, "config.base", "%s does not begin with https://", "%s 不以 https:// 开头",
                       base);
        tell(checking, setting_of(&full, i, "base"), false, &err);
    }
    for (size_t j = 0; j < i; j++) {
        if (!is_told_twice(&config->channels[j], &config->channels[i], i < CONFIG_STAGE_COUNT))
            continue;
        if (i < CONFIG_STAGE_COUNT)
            error_set_both(&err, ERR_CONFLICT, "config.base", "%s is the address of %s, too", "%s 也是 %s 的地址", base,
                           CONFIG_CHANNEL_NAMES[j]);
        else
            error_set_both(&err, ERR_CONFLICT, "config.base", "%s is the address and the table of %s, too",
                           "%s 也是 %s 的地址，且目录编码相同", base, CONFIG_CHANNEL_NAMES[j]);
        tell(checking, setting_of(&full, i, "base"), false, &err);
    }
}

static void check_channel_files(struct checking *checking, size_t i, const struct config_channel *channel)
{
    AUTO(buf_done) struct buf full = BUF_INIT;
    AUTO(buf_done) struct buf key = BUF_INIT;
    const char *ours[2] = {setting_of(&full, i, "certificate"), setting_of(&key, i, "key")};

    check_identity(checking, ours, channel->certificate, channel->key);
    check_certificate(checking, setting_of(&full, i, "ca"), channel->ca);
    if (channel->token_file)
        check_secret(checking, setting_of(&full, i, "token_file"), channel->token_file);
    if (channel->sm4_key_file)
        check_hex_file(checking, setting_of(&full, i, "sm4_key_file"), channel->sm4_key_file, 16);
    if (channel->app_key_file)
        check_hex_file(checking, setting_of(&full, i, "app_key_file"), channel->app_key_file, 16);
}

/* Is it of the rows that the channel sends, and can they be made? */
static bool layout_is_right(const struct config *config, size_t i, const struct layout *layout, struct error *err)
{
    const char *path = config->channels[i].layout;
    const char *unfilled = layout_unfilled(layout);
    bool is_of_feedback = layout_subject(layout) == LAYOUT_OF_FEEDBACK;

    if (is_of_feedback != (i == CONFIG_FEEDBACK))
        return refuse(err, ERR_INVALID, "config.layout", "%s is a layout of %s: another is wanted for %s",
                      "%s 是%s的对照表，不能用于 %s", path, is_of_feedback ? "feedback (反馈)" : "records (记录)",
                      CONFIG_CHANNEL_NAMES[i]);
    if (!unfilled)
        return true;
    if (is_of_feedback)
        return refuse(err, ERR_INVALID, "config.layout",
                      "%s: the field %s is required, but a feedback need not have it: some could not be sent",
                      "%s：必填字段 %s 反馈中可以没有，有的反馈将无法报送", path, unfilled);
    return refuse(err, ERR_INVALID, "config.layout",
                  "%s: the field %s is required, but the register never has it: nothing could be sent",
                  "%s：必填字段 %s 在台账中没有来源，任何记录都无法报送", path, unfilled);
}

static void check_layout(struct checking *checking, const struct config *config, size_t i)
{
    AUTO(text_free) char *schemas = path_join(config->data, "schemas");
    AUTO(layout_free) struct layout *layout = NULL;
    AUTO(buf_done) struct buf full = BUF_INIT;
    struct error err = {0};

    if (layout_load(config->channels[i].layout, schemas, &layout, &err)) {
        if (layout_is_right(config, i, layout, &err))
            return;
    }
    tell(checking, setting_of(&full, i, "layout"), false, &err);
}

/* A record comes to a channel when the one before it has confirmed it (seed row 18). */
static void check_stages(struct checking *checking, const struct config *config, size_t i)
{
    AUTO(buf_done) struct buf full = BUF_INIT;
    struct error err;

    if (i == 0 || i >= CONFIG_STAGE_COUNT || config_channel_is_used(&config->channels[i - 1]))
        return;
    error_set_both(&err, ERR_INVALID, "config.stages",
                   "%s comes before this channel and is not used: nothing arrives here",
                   "前一环节 %s 未启用：不会有内容报送到本渠道", CONFIG_CHANNEL_NAMES[i - 1]);
    tell(checking, setting_of(&full, i, "enabled"), true, &err);
}

static void check_channels(struct checking *checking, const struct config *config)
{
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++) {
        if (!config_channel_is_used(&config->channels[i]))
            continue;
        check_base(checking, config, i);
        check_stages(checking, config, i);
        check_layout(checking, config, i);
        check_channel_files(checking, i, &config->channels[i]);
    }
}

/* --- webhooks --- */

static void check_webhook_secrets(struct checking *checking, const char *path)
{
    static const char SETTING[] = "clients.webhook.secret_file";
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    struct webhook webhook = {.secret_count = 0};
    struct error err = {0};

    if (!check_secret(checking, SETTING, path))
        return;
    if (!file_read(path, WEBHOOK_SECRETS_BYTES_MAX, &text, &err) ||
        !webhook_secrets_parse(buf_span(&text), &webhook, &err))
        tell(checking, SETTING, false, &err);
    explicit_bzero(&webhook, sizeof webhook);
}

static void check_webhooks(struct checking *checking, const struct config *config)
{
    static const char *const OURS[2] = {"clients.webhook.certificate", "clients.webhook.key"};

    for (size_t i = 0; i < config->client_count; i++) {
        const struct config_webhook *webhook = &config->clients[i].webhook;

        if (!config_client_has_webhook(&config->clients[i]))
            continue;
        check_certificate(checking, "clients.webhook.ca", webhook->ca);
        if (*webhook->certificate)
            check_identity(checking, OURS, webhook->certificate, webhook->key);
        if (*webhook->secret_file)
            check_webhook_secrets(checking, webhook->secret_file);
    }
}

bool config_check(const struct config *config, int64_t now_ms, config_report *report, void *context)
{
    struct checking checking = {report, context, now_ms, true};

    check_listen(&checking, config);
    check_console(&checking, config);
    check_staff(&checking, config);
    check_clients(&checking, config);
    check_channels(&checking, config);
    check_webhooks(&checking, config);
    return checking.is_good;
}
