/* Where a client is told that a subject it watches has changed: the operator's to say, never the client's, so that
 * nobody makes the gateway call an address of its choice. */
#include <string.h>

#include "base/text.h"
#include "gateway/config/loading.h"

#define WEBHOOK(field) (offsetof(struct config_client, webhook) + offsetof(struct config_webhook, field))

static const struct setting WEBHOOK_LIST[] = {
    {"webhook.url", SETTING_TEXT, WEBHOOK(url), "", 0, 512, NULL, "关注名单变动的回调地址（https://…；空：无）",
     "where changes of watched subjects are posted (https://…; empty: nowhere)"},
    {"webhook.signature", SETTING_TEXT, WEBHOOK(signature), "ed25519", 1, 8, "ed25519|hmac|both",
     "签名方式：ed25519（本网关答复密钥，v1a）、hmac（共享密钥，v1）、both",
     "ed25519 (the gateway's answer key, v1a), hmac (a shared secret, v1) or both"},
    {"webhook.secret_file", SETTING_PATH, WEBHOOK(secret_file), "", 0, 512, NULL,
     "共享密钥文件（每行一个 whsec_…，新的在前；用于 hmac）",
     "file of shared secrets (one whsec_… a line, the newest first; for hmac)"},
    {"webhook.ca", SETTING_PATH, WEBHOOK(ca), "", 0, 512, NULL, "对方服务器证书的签发机构",
     "authority of their server certificate"},
    {"webhook.certificate", SETTING_PATH, WEBHOOK(certificate), "", 0, 512, NULL, "本方客户端证书（空：无）",
     "our client certificate (empty: none)"},
    {"webhook.key", SETTING_PATH, WEBHOOK(key), "", 0, 512, NULL, "本方客户端私钥", "our client key"},
    {"webhook.concurrency", SETTING_INTEGER, WEBHOOK(concurrency), "4", 1, 64, NULL, "同时发送数", "messages at once"},
    {"webhook.connect_timeout", SETTING_DURATION, WEBHOOK(connect_timeout_ms), "5s", 100, 300000, NULL, "连接时限",
     "time to connect"},
    {"webhook.timeout", SETTING_DURATION, WEBHOOK(total_timeout_ms), "15s", 200, 900000, NULL, "一次发送的时限",
     "time of an attempt"},
    {"webhook.retry_first", SETTING_DURATION, WEBHOOK(retry_first_ms), "5s", 10, 3600000, NULL, "首次重试间隔",
     "first pause before a retry"},
    {"webhook.retry_max", SETTING_DURATION, WEBHOOK(retry_max_ms), "1h", 10, 604800000, NULL, "最长重试间隔",
     "longest pause before a retry"},
};
const struct setting_group SETTINGS_WEBHOOK = {WEBHOOK_LIST, COUNT_OF(WEBHOOK_LIST)};

/* The name is part of the channel's, which stands in events and on command lines. */
static bool is_plain_name(const char *name)
{
    return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")] == '\0';
}

static void check(struct loading *loading, struct tree *tree, const struct config_client *client)
{
    const struct config_webhook *webhook = &client->webhook;
    struct error err;

    if (!webhook->url || !webhook->signature || !webhook->secret_file || !webhook->ca || !webhook->certificate ||
        !webhook->key || !*webhook->url)
        return; /* the form was wrong: told already */
    if (client->name && !is_plain_name(client->name)) {
        error_set_both(&err, ERR_INVALID, "config.webhook",
                       "a client with a webhook is named with letters, digits, dot, _ and -: \"%s\"",
                       "有回调地址的接入系统名称只用字母、数字和 . _ -：“%s”", client->name);
        loading_tell(loading, tree, "clients.name", &err);
    }
    if (!span_starts(span_of(webhook->url), "https://") || strpbrk(webhook->url, " \t\r\n#@")) {
        error_set_both(&err, ERR_INVALID, "config.webhook", "\"%s\" is no plain https address", "“%s” 不是 https 地址",
                       webhook->url);
        loading_tell(loading, tree, "clients.webhook.url", &err);
    }
    if (!*webhook->ca) {
        error_set_both(&err, ERR_INVALID, "config.webhook", "a webhook needs the authority that vouches for it",
                       "回调地址须给出其证书的签发机构");
        loading_tell(loading, tree, "clients.webhook.ca", &err);
    }
    if ((strcmp(webhook->signature, "ed25519") != 0) != (*webhook->secret_file != '\0')) {
        error_set_both(&err, ERR_INVALID, "config.webhook", "secret_file goes with the signatures hmac and both",
                       "secret_file 须与签名方式 hmac 或 both 一并给出");
        loading_tell(loading, tree, "clients.webhook.secret_file", &err);
    }
    if ((*webhook->certificate != '\0') != (*webhook->key != '\0')) {
        error_set_both(&err, ERR_INVALID, "config.webhook", "certificate and key go together",
                       "客户端证书和私钥须一并给出");
        loading_tell(loading, tree, "clients.webhook.key", &err);
    }
}

void loading_webhook(struct loading *loading, struct tree *tree, struct config_client *client)
{
    loading_group(loading, SETTINGS_WEBHOOK, tree, client);
    check(loading, tree, client);
}

bool config_client_has_webhook(const struct config_client *client)
{
    return client->webhook.url && *client->webhook.url;
}
