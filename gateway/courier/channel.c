#include "gateway/courier/channel.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/layout.h"
#include "base/encode.h"
#include "base/file.h"
#include "base/text.h"
#include "keys/digest.h"

enum { TOKEN_BYTES_MAX = 1024, SECRET_FILE_MAX = 4096, KID_BYTES = 8 };

struct channel_settings {
    const struct adapter *adapter;
    struct layout *layout;
    struct adapter_config config;
    struct courier_channel courier;
    char *base_url;
    char *table_code;
    char *department_code;
    char *table_version_id;
    char *paasid;
    char *token;
    char *sm4_kid;
    char *requester;
    char *service;
    char *file_code;
    char *provider_code;
    char *provider_name;
    char *exchange_unit;
    char *certificate;
    char *key;
    char *ca;
};

/* A text that goes into a header or a URL: printable ASCII without spaces. */
static bool is_plain(struct span text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.at[i] <= ' ' || text.at[i] > '~')
            return false;
    }
    return text.bytes > 0;
}

static bool load_token(const char *path, char **out, struct error *err)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    struct span token;

    if (!file_read(path, SECRET_FILE_MAX, &text, err))
        return false;
    token = span_trim(buf_span(&text));
    if (token.bytes > TOKEN_BYTES_MAX || !is_plain(token))
        return refuse(err, ERR_INVALID, "channel.token", "%s: a token of 1 to %d printable characters is wanted",
                      "%s：令牌应为 1 至 %d 个可见字符", path, (int)TOKEN_BYTES_MAX);
    *out = memory_copy_span(token);
    return true;
}

/* A key of 16 bytes; `rule` names what is refused, `what` the key in both languages. */
static bool load_key(const char *path, const char *rule, const char *what, uint8_t key[16], struct error *err)
{
    AUTO(buf_wipe_done) struct buf text = BUF_INIT;
    AUTO(buf_wipe_done) struct buf raw = BUF_INIT;

    if (!file_read(path, SECRET_FILE_MAX, &text, err))
        return false;
    if (!hex_decode(span_trim(buf_span(&text)), &raw) || raw.bytes != 16)
        return refuse(err, ERR_INVALID, rule, "%s: the %s key is to be 32 hex digits",
                      "%s：%s 密钥应为 32 位十六进制数", path, what);
    memcpy(key, raw.data, 16);
    return true;
}

/* Names the key without telling it: a code made with the key itself. */
static char *sm4_name(const uint8_t key[16])
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    uint8_t code[32];

    digest_hmac_sm3((struct span){(const char *)key, 16}, SPAN("creditgate sm4 key"), code);
    buf_add_text(&name, "sm4-");
    hex_add(&name, code, KID_BYTES);
    return memory_copy_span(buf_span(&name));
}

static unsigned within(int64_t value, unsigned most)
{
    return value < 0 ? 0 : value > most ? most : (unsigned)value;
}

/* What the protocol does not use is not in the file. */
static char *copy_or_empty(const char *text)
{
    return memory_copy_text(text ? text : "");
}

static void copy_texts(const struct config_channel *from, struct channel_settings *to)
{
    struct span base = span_of(from->base);

    while (base.bytes > 0 && base.at[base.bytes - 1] == '/')
        base.bytes--;
    to->base_url = memory_copy_span(base);
    to->table_code = copy_or_empty(from->table_code);
    to->department_code = copy_or_empty(from->department_code);
    to->table_version_id = copy_or_empty(from->table_version);
    to->paasid = copy_or_empty(from->paas_id);
    to->requester = copy_or_empty(from->requester);
    to->service = copy_or_empty(from->service);
    to->file_code = copy_or_empty(from->file_code);
    to->provider_code = copy_or_empty(from->provider_code);
    to->provider_name = copy_or_empty(from->provider_name);
    to->exchange_unit = copy_or_empty(from->exchange_name);
    to->certificate = memory_copy_text(from->certificate);
    to->key = memory_copy_text(from->key);
    to->ca = memory_copy_text(from->ca);
}

static void fill_adapter(const struct config_channel *from, struct channel_settings *settings)
{
    struct adapter_config *config = &settings->config;

    config->layout = settings->layout;
    config->base_url = settings->base_url;
    config->table_code = settings->table_code;
    config->department_code = settings->department_code;
    config->table_version_id = settings->table_version_id;
    config->paasid = settings->paasid;
    config->token = settings->token;
    config->sm4_kid = settings->sm4_kid;
    config->requester = settings->requester;
    config->service = settings->service;
    config->file_code = settings->file_code;
    config->provider_code = settings->provider_code;
    config->provider_name = settings->provider_name;
    config->exchange_unit = settings->exchange_unit;
    config->rows_max = within(from->rows_max, ADAPTER_ROWS_MAX);
    config->connect_timeout_ms = within(from->connect_timeout_ms, INT32_MAX);
    config->total_timeout_ms = within(from->total_timeout_ms, INT32_MAX);
}

static void fill_courier(const struct config_channel *from, enum channel channel, struct channel_settings *settings)
{
    settings->courier = (struct courier_channel){.channel = channel,
                                                 .name = CHANNEL_NAMES[channel],
                                                 .adapter = settings->adapter,
                                                 .config = &settings->config,
                                                 .certificate_path = settings->certificate,
                                                 .key_path = settings->key,
                                                 .ca_path = settings->ca,
                                                 .concurrency = within(from->concurrency, INT32_MAX),
                                                 .retry_first_ms = from->retry_first_ms,
                                                 .retry_max_ms = from->retry_max_ms,
                                                 .poll_ms = from->poll_ms,
                                                 .make_row = channel_is_stage(channel) ? channel_make_row : NULL,
                                                 .row_context = settings};
}

/* Whatever secrets the protocol has; those it has not are "" and zeroes. */
static bool load_secrets(const struct config_channel *from, struct channel_settings *to, struct error *err)
{
    if (from->token_file && !load_token(from->token_file, &to->token, err))
        return false;
    if (!to->token)
        to->token = memory_copy_text("");
    if (from->sm4_key_file && !load_key(from->sm4_key_file, "channel.sm4-key", "SM4", to->config.sm4_key, err))
        return false;
    to->sm4_kid = from->sm4_key_file ? sm4_name(to->config.sm4_key) : memory_copy_text("");
    return !from->app_key_file ||
           load_key(from->app_key_file, "channel.app-key", "application", to->config.app_key, err);
}

bool channel_layout_load(const struct config *config, enum channel channel, struct layout **out, struct error *err)
{
    const char *data = config->data ? config->data : CONFIG_DATA_DEFAULT;
    const char *named = config->channels[channel].layout;
    AUTO(text_free) char *schemas = path_join(data, "schemas");
    AUTO(buf_done) struct buf path = BUF_INIT;

    if (named && *named)
        buf_add_text(&path, named);
    else
        buf_addf(&path, "%s/adapters/layouts/%s.json", data, CHANNEL_NAMES[channel]);
    return layout_load(buf_text(&path), schemas, out, err);
}

const struct adapter *channel_adapter_of(const struct config_channel *from, enum channel channel)
{
    return adapter_find(from->protocol && *from->protocol ? from->protocol
                                                          : config_protocol_default(CHANNEL_NAMES[channel]));
}

bool channel_settings_load(const struct config *config, enum channel channel, struct channel_settings **out,
                           struct error *err)
{
    AUTO(channel_settings_free) struct channel_settings *settings = memory_new(sizeof *settings);
    const struct config_channel *from;

    if ((unsigned)channel >= CHANNEL_COUNT)
        return refuse(err, ERR_REFUSED, "push.channel", "there is no such channel", "没有这个渠道");
    from = &config->channels[channel];
    if (!config_channel_is_used(from))
        return refuse(err, ERR_REFUSED, "push.channel", "the channel %s is not configured or not enabled",
                      "渠道 %s 未配置或未启用", CHANNEL_NAMES[channel]);
    settings->adapter = channel_adapter_of(from, channel);
    if (!settings->adapter)
        return refuse(err, ERR_REFUSED, "push.protocol", "%s: nothing here speaks its protocol",
                      "%s：没有支持其协议的接口", CHANNEL_NAMES[channel]);
    copy_texts(from, settings);
    if (!span_starts(span_of(settings->base_url), "https://") || !is_plain(span_of(settings->base_url)))
        return refuse(err, ERR_INVALID, "channel.base", "%s: \"%.80s\" is no https address",
                      "%s：“%.80s” 不是 https 地址", CHANNEL_NAMES[channel], settings->base_url);
    if (!channel_layout_load(config, channel, &settings->layout, err) || !load_secrets(from, settings, err))
        return fail_in(err, "%s", CHANNEL_NAMES[channel]);
    fill_adapter(from, settings);
    fill_courier(from, channel, settings);
    *out = TAKE(settings);
    return true;
}

void channel_settings_free(struct channel_settings *settings)
{
    if (!settings)
        return;
    if (settings->token)
        explicit_bzero(settings->token, strlen(settings->token));
    explicit_bzero(settings->config.sm4_key, sizeof settings->config.sm4_key);
    explicit_bzero(settings->config.app_key, sizeof settings->config.app_key);
    layout_free(settings->layout);
    free(settings->base_url);
    free(settings->table_code);
    free(settings->department_code);
    free(settings->table_version_id);
    free(settings->paasid);
    free(settings->token);
    free(settings->sm4_kid);
    free(settings->requester);
    free(settings->service);
    free(settings->file_code);
    free(settings->provider_code);
    free(settings->provider_name);
    free(settings->exchange_unit);
    free(settings->certificate);
    free(settings->key);
    free(settings->ca);
    free(settings);
}

const struct adapter *channel_adapter(const struct channel_settings *settings)
{
    return settings->adapter;
}

const struct adapter_config *channel_adapter_config(const struct channel_settings *settings)
{
    return &settings->config;
}

const struct courier_channel *channel_for_courier(const struct channel_settings *settings)
{
    return &settings->courier;
}

bool channel_set_load(const struct config *config, struct channel_set *out, struct error *err)
{
    AUTO(channel_set_done) struct channel_set set = {.count = 0};

    for (int channel = 0; channel < CHANNEL_COUNT; channel++) {
        if (!config_channel_is_used(&config->channels[channel]))
            continue;
        if (!channel_settings_load(config, (enum channel)channel, &set.settings[set.count], err))
            return false;
        set.channels[set.count] = *channel_for_courier(set.settings[set.count]);
        set.count++;
    }
    if (set.count == 0)
        return refuse(err, ERR_REFUSED, "push.channel", "no channel is configured and enabled",
                      "没有已配置并启用的渠道");
    *out = set;
    set = (struct channel_set){.count = 0};
    return true;
}

void channel_set_done(struct channel_set *set)
{
    for (size_t i = 0; i < COUNT_OF(set->settings); i++)
        channel_settings_free(set->settings[i]);
    *set = (struct channel_set){.count = 0};
}

/* --- rows --- */

_Static_assert((int)CHANNEL_COUNT == (int)CONFIG_CHANNEL_COUNT, "both list the channels");

_Static_assert((int)ADAPTER_OP_ADD == (int)OP_NEW && (int)ADAPTER_OP_CHANGE == (int)OP_CHANGED &&
                   (int)ADAPTER_OP_WITHDRAW == (int)OP_WITHDRAWN && (int)ADAPTER_OP_REPAIR == (int)OP_REPAIRED &&
                   (int)ADAPTER_OP_DISPUTE == (int)OP_DISPUTED && (int)ADAPTER_OP_SETTLE == (int)OP_DISPUTE_OVER,
               "both number the operations as upstreams.md does");

bool channel_make_row(const struct record *record, void *context, struct buf *row, struct error *err)
{
    const struct channel_settings *settings = context;
    int64_t made_ms = record->approved_ms != 0 ? record->approved_ms : record->proposed_ms;
    struct adapter_record told = {.record = span_of(record->id),
                                  .version = record->version,
                                  .op = (enum adapter_op)record->op,
                                  .name = record->name,
                                  .code = record->uscc,
                                  .facts = record->facts,
                                  .order = record->order,
                                  .listed_on = record->decided_on,
                                  .published_until = record->publication_end,
                                  .authority = record->listing_authority,
                                  .document = record->document,
                                  .provided_on = day_of_instant(made_ms),
                                  .division = record->division,
                                  .scope = (int)record->scope,
                                  .severity = (int)record->severity};

    return settings->adapter->row(&settings->config, &told, row, err) ||
           fail_in(err, "%s", CHANNEL_NAMES[settings->courier.channel]);
}
