/* table.h - the table of settings, inside gateway/config. */
#ifndef GATEWAY_CONFIG_TABLE_H
#define GATEWAY_CONFIG_TABLE_H

#include "gateway/config/config.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_PATH, /* made absolute against the file's folder */
    SETTING_INTEGER,
    SETTING_SIZE,     /* integer with optional k, M, G (1024) */
    SETTING_DURATION, /* integer with ms, s, min or h; kept in ms */
    SETTING_BOOL,
    SETTING_MODE, /* octal */
    SETTING_LIST  /* of plain texts; kept joined by commas */
};

struct setting {
    const char *name; /* "listen.port" */
    enum setting_type type;
    size_t offset;         /* of a char *, int64_t or bool in the struct */
    const char *otherwise; /* the default as it would be written; NULL: required; "": none */
    int64_t least;         /* of numbers; of texts: bytes */
    int64_t most;
    const char *choices; /* "a|b|c", or NULL */
    const char *zh;
    const char *en;
};

struct setting_group {
    const struct setting *settings;
    size_t count;
};

extern const struct setting_group SETTINGS_MAIN;        /* into struct config */
extern const struct setting_group SETTINGS_PERSON;      /* staff[] */
extern const struct setting_group SETTINGS_CLIENT;      /* clients[] */
extern const struct setting_group SETTINGS_CERTIFICATE; /* clients[].certificates[] */
extern const struct setting_group SETTINGS_WEBHOOK;     /* clients[], below "webhook." (table_webhook.c) */
extern const struct setting_group SETTINGS_CHANNEL;     /* channels.NAME, whatever its protocol */

/* Does a setting have the same value in two structures of its group? Both are the structures themselves. */
bool setting_is_equal(const struct setting *setting, const void *now_of, const void *next_of);

/* What a protocol needs besides. `name` is that of an adapter. */
struct setting_protocol {
    const char *name;
    struct setting_group own; /* into struct config_channel */
};
enum { SETTINGS_PROTOCOL_COUNT = 3 };
extern const struct setting_protocol SETTINGS_PROTOCOLS[SETTINGS_PROTOCOL_COUNT];
/* NULL when there is none. */
const struct setting_protocol *setting_protocol_find(const char *name);

#endif
