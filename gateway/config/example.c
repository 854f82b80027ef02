/* A configuration to begin with, made from the table of settings: see config_example. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "gateway/config/table.h"

enum { MEANING_COLUMN = 34 };

struct writing {
    struct buf *out;
    const char *lang;
};

static const char *say(const struct writing *writing, const char *zh, const char *en)
{
    return strcmp(writing->lang, "zh") == 0 ? zh : en;
}

/* "  #name: value    # meaning": the meanings stand in one column. */
static void add_setting(const struct writing *writing, const char *before, const struct setting *setting)
{
    AUTO(buf_done) struct buf line = BUF_INIT;
    const char *dot = strchr(setting->name, '.');

    buf_addf(&line, "%s%s: %s", before, dot ? dot + 1 : setting->name, setting->otherwise ? setting->otherwise : "");
    if (line.bytes < MEANING_COLUMN)
        text_padded_add(writing->out, buf_span(&line), MEANING_COLUMN);
    else
        buf_add_span(writing->out, buf_span(&line));
    buf_addf(writing->out, " # %s%s", setting->otherwise ? "" : say(writing, "必填：", "required: "),
             say(writing, setting->zh, setting->en));
    if (setting->choices)
        buf_addf(writing->out, " (%s)", setting->choices);
    buf_add_byte(writing->out, '\n');
}

/* What may be left out is commented out. */
static void add_main(const struct writing *writing)
{
    struct span section = SPAN_NONE;

    for (size_t i = 0; i < SETTINGS_MAIN.count; i++) {
        const struct setting *setting = &SETTINGS_MAIN.settings[i];
        struct span its = {setting->name, strcspn(setting->name, ".")};

        if (!span_equal(section, its))
            buf_addf(writing->out, "%.*s:\n", (int)its.bytes, its.at);
        section = its;
        add_setting(writing, setting->otherwise ? "  #" : "  ", setting);
    }
}

/* All of it commented out: "#  - name:" for the first setting of a list's item. */
static void add_commented(const struct writing *writing, struct setting_group group, const char *first,
                          const char *others)
{
    for (size_t i = 0; i < group.count; i++)
        add_setting(writing, i == 0 ? first : others, &group.settings[i]);
}

static void add_channel(const struct writing *writing, const char *name)
{
    const struct setting_protocol *protocol = setting_protocol_find(config_protocol_default(name));

    buf_addf(writing->out, "#  %s:\n", name);
    add_commented(writing, SETTINGS_CHANNEL, "#    ", "#    ");
    if (protocol)
        add_commented(writing, protocol->own, "#    ", "#    ");
}

void config_example(const char *lang, struct buf *out)
{
    struct writing writing = {out, lang};

    buf_addf(out, "# %s\n",
             say(&writing, "creditgate 配置。填写“必填”项；需要的段落去掉行首的 #。检查：creditgate check",
                 "creditgate. Fill in what is required; take the # off what you need. To check: creditgate check"));
    add_main(&writing);
    buf_addf(out, "# %s\n#staff:\n",
             say(&writing, "工作人员：一人一号，至少两人（一人经办，另一人复核）",
                 "one account a person, two persons at least: one proposes, another approves"));
    add_commented(&writing, SETTINGS_PERSON, "#  - ", "#    ");
    buf_addf(out, "# %s\n#clients:\n", say(&writing, "可查询的外部系统", "outside systems that may ask"));
    add_commented(&writing, SETTINGS_CLIENT, "#  - ", "#    ");
    buf_addf(out, "#    certificates: # %s\n",
             say(&writing, "或：换证期间的几张证书，取代 certificate 与 sha256",
                 "or: several, while one takes over from another; instead of certificate and sha256"));
    add_commented(&writing, SETTINGS_CERTIFICATE, "#      - ", "#        ");
    buf_addf(out, "# %s\n#channels:\n",
             say(&writing, "报送渠道，按先后顺序；feedback 报送外部系统的反馈；不用的可以不写",
                 "where records are sent, in this order, and feedback of clients; leave out what is not used"));
    for (size_t i = 0; i < CONFIG_CHANNEL_COUNT; i++)
        add_channel(&writing, CONFIG_CHANNEL_NAMES[i]);
}
