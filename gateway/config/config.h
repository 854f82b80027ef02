/* config.h - the configuration: one YAML file, every setting with its type, default and limits in one table
 * (table.c; the settings of channels: table_channel.c).
 *
 * Relative paths are taken from the file's own folder. A setting that is not in the table, a wrong type, a value beyond
 * its limits and a missing required one are all reported, with line and column, in one go. */
#ifndef GATEWAY_CONFIG_CONFIG_H
#define GATEWAY_CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/config/addresses.h"

enum { CONFIG_BYTES_MAX = 1024 * 1024, CONFIG_LIST_MAX = 4096, CONFIG_CERTIFICATES_MAX = 16 };

/* Where the rules and tables lie when nothing else is said: set by the build. */
extern const char CONFIG_DATA_DEFAULT[];

enum staff_role {
    ROLE_OPERATOR = 1,
    ROLE_REVIEWER = 2,
    ROLE_AUDITOR = 4,
    ROLE_ADMINISTRATOR = 8
}; /* 经办 复核 审计 管理员 */

/* A person of the staff, known on the administration socket by the user id of the calling process, in the console by
 * an account of the same name (gateway/accounts) or by a client certificate. */
enum { CONFIG_UID_NONE = INT32_MIN };
struct config_person {
    char *name; /* stands in the journal: a-z, 0-9, . _ - */
    char *title;
    char *uid_text;
    int64_t uid;              /* CONFIG_UID_NONE: only the console */
    char *certificate;        /* PEM, or "" */
    char *certificate_sha256; /* or its SHA-256 as 64 hex digits, or "" */
    bool has_certificate;
    uint8_t fingerprint[32];
    char *roles_text;
    unsigned roles; /* of enum staff_role */
    char *lang;
};

enum client_kind { CLIENT_GOVERNMENT, CLIENT_LENDER, CLIENT_PROCUREMENT, CLIENT_SUPERVISOR, CLIENT_KIND_COUNT };

/* A client's certificate, and the days (Asia/Shanghai, both included) on which it may be used besides its own term. */
struct config_certificate {
    char *file;      /* PEM, or "" when sha256 is given */
    char *sha256;    /* 64 hex digits: of the DER certificate */
    char *from_text; /* YYYY-MM-DD, or "" */
    char *until_text;
    /* Filled by config_load: */
    uint8_t fingerprint[32];
    int64_t not_after_ms; /* as the certificate says; 0: not known, there is no file */
    int64_t from_ms;
    int64_t until_ms; /* the last instant; INT64_MAX: not limited */
};

/* Use scopes of records (domain.md 5.5) as bits: 0 public, 1 government, 2 with authorisation. */
enum { CLIENT_SCOPE_PUBLIC = 1, CLIENT_SCOPE_GOVERNMENT = 2, CLIENT_SCOPE_AUTHORISED = 4 };

/* Where a client is told that a subject it watches has changed (Standard Webhooks). */
struct config_webhook {
    char *url;         /* "": it has none */
    char *signature;   /* "ed25519", "hmac" or "both" */
    char *secret_file; /* whsec_…, one a line (adapters/webhook.h); "" unless hmac or both */
    char *ca;
    char *certificate; /* our client certificate; "": none */
    char *key;
    int64_t concurrency;
    int64_t connect_timeout_ms;
    int64_t total_timeout_ms;
    int64_t retry_first_ms;
    int64_t retry_max_ms;
};

/* An outside system, known by its client certificates: several while one takes over from another. */
struct config_client {
    char *name;
    char *kind_text;
    enum client_kind kind;
    char *certificate;                       /* the short form of a list of one: PEM file, or "" */
    char *certificate_sha256;                /* or its sha256, or "" */
    struct config_certificate *certificates; /* all of them */
    size_t certificate_count;
    char *domains_text; /* "lending,tax" as written */
    char **domains;     /* NULL-terminated */
    char *purposes_text;
    char **purposes; /* NULL-terminated; empty: any purpose of the domain */
    char *scopes_text;
    unsigned scopes; /* the most it may see, CLIENT_SCOPE_…; scope 1 only when it is government */
    char *addresses_text;
    struct address_range *addresses;
    size_t address_count; /* 0: from anywhere */
    int64_t requests_per_minute;
    int64_t daily_quota; /* subjects asked about in a day; 0: as many as it likes */
    bool is_test;        /* answered from the test list alone (gateway/testlist) */
    struct config_webhook webhook;
};

/* The stages of row 18, then the channels that are no stage (gateway/outbox/outbox.h). */
enum { CONFIG_STAGE_COUNT = 3, CONFIG_FEEDBACK = CONFIG_STAGE_COUNT, CONFIG_CHANNEL_COUNT };
/* As they are named below `channels:` (and by gateway/outbox). */
extern const char *const CONFIG_CHANNEL_NAMES[CONFIG_CHANNEL_COUNT];

/* The protocol that a channel speaks when the file says nothing: feedback goes to the first upstream. Borrowed. */
const char *config_protocol_default(const char *channel);

/* How to reach an upstream. Which settings there are besides the common ones is decided by the protocol; those of other
 * protocols stay NULL. A channel that the file does not name is all zeroes. */
struct config_channel {
    bool is_enabled;
    char *protocol; /* the adapter that speaks it; mostly named like the channel */
    char *layout;   /* the field mapping: adapters/layout.h */
    char *base;
    char *provider_code; /* BMBM */
    char *provider_name; /* BMMC */
    char *exchange_name; /* JHDWQC */
    char *certificate;
    char *key;
    char *ca;
    int64_t rows_max;
    int64_t concurrency;
    int64_t connect_timeout_ms;
    int64_t total_timeout_ms;
    int64_t retry_first_ms;
    int64_t retry_max_ms;
    int64_t poll_ms;
    int64_t receipt_limit_days; /* working days within which a business receipt is expected */
    /* credit-guangdong */
    char *table_code;
    char *department_code;
    char *table_version;
    char *paas_id;
    char *token_file;
    char *sm4_key_file; /* 32 hex digits */
    /* national-platform */
    char *requester;    /* gjgxjhpt_rid */
    char *service;      /* gjgxjhpt_sid */
    char *app_key_file; /* 32 hex digits */
    /* credit-china */
    char *file_code; /* 报文号: 6 digits */
};

struct config {
    char *path;
    uint8_t sha256[32]; /* of the file as it was read */
    char *name;         /* of this gateway: origin of its logs, letters, digits, . - */
    char *state;        /* folder */
    char *data;         /* folder with schemas/ and adapters/ */
    char *lang;
    char *address;
    char *public_address; /* "": there is none */
    int64_t public_port;
    int64_t public_connections;
    int64_t port;
    char *certificate;
    char *key;
    char *client_ca;
    char *client_crl; /* "": none */
    int64_t workers;
    int64_t connections;
    int64_t body_bytes;
    int64_t header_bytes;
    int64_t idle_ms;
    char *console_address; /* "": there is none */
    int64_t console_port;
    int64_t console_connections; /* per process */
    char *console_certificate;   /* "": that of listen */
    char *console_key;
    char *console_client_ca;  /* "": no client certificates are asked for */
    char *console_client_crl; /* "": none */
    int64_t console_idle_ms;
    int64_t console_longest_ms;
    char *console_files; /* folder with the pages */
    char *admin_socket;
    int64_t admin_mode;
    int64_t import_bytes;
    int64_t jobs_kept;
    int64_t screening_bytes;
    int64_t screening_rows;
    int64_t screening_held; /* a client */
    int64_t screening_days;
    int64_t map_bytes;
    struct config_person *staff;
    size_t staff_count;
    struct config_client *clients;
    size_t client_count;
    struct config_channel channels[CONFIG_CHANNEL_COUNT];
};

/* One thing wrong in the file. */
struct config_problem {
    size_t line; /* from 1; 0: the whole file */
    size_t column;
    bool is_warning;
    char setting[96];
    char en[256];
    char zh[256];
};
typedef void config_report(const struct config_problem *problem, void *context);

/* Read and check the form. With `report` NULL the first problem becomes `err`; else all are reported and `err` says how
 * many. */
MUST_CHECK bool config_load(const char *path, config_report *report, void *context, struct config **out,
                            struct error *err);
void config_free(struct config *config);
/* What the form cannot show: files that are not there, keys others may read, certificates that ended or do not fit,
 * ports. Reports everything; returns false when there was an error (warnings do not count). */
bool config_check(const struct config *config, int64_t now_ms, config_report *report, void *context);
/* The table itself, as text for people: setting, type, default, limits, meaning. */
void config_describe(const char *lang, struct buf *out);

/* A file to begin with: every setting with its meaning, what is not required commented out, a section for each channel.
 */
void config_example(const char *lang, struct buf *out);

/* Paths inside the state folder; a new text. */
char *config_state_path(const struct config *config, const char *name);
/* Borrowed; NULL when unknown. */
const struct config_person *config_person_of_uid(const struct config *config, int64_t uid);
const struct config_person *config_person_of_name(const struct config *config, struct span name);
const struct config_client *config_client_of_fingerprint(const struct config *config, const uint8_t fingerprint[32]);
/* The instant at which a certificate of a client is over: by its own term or by `until`. INT64_MAX: not known. */
int64_t config_certificate_ends_ms(const struct config_certificate *certificate);
/* Days, rounded down, from `now_ms` to then; negative when it is over. INT64_MAX: not known. */
int64_t config_certificate_days_left(const struct config_certificate *certificate, int64_t now_ms);
/* Of the certificate of a client that lasts longest. */
int64_t config_client_days_left(const struct config_client *client, int64_t now_ms);
enum { CERTIFICATE_WARNING_DAYS = 30 };
bool config_client_has_domain(const struct config_client *client, const char *domain);
/* Is the purpose among those it was given, or was it given none in particular? */
bool config_client_has_purpose(const struct config_client *client, struct span purpose);
/* May it ask there for that? A supervisor reads, and asks nothing. Whether the domain accepts the purpose: domain.h. */
bool config_client_may_ask(const struct config_client *client, const char *domain, struct span purpose);
/* Is it in the file, and enabled? */
bool config_client_has_webhook(const struct config_client *client);
bool config_channel_is_used(const struct config_channel *channel);

DEFINE_AUTO(struct config *, config_free)

#endif
