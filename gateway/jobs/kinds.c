#include "gateway/jobs/kinds.h"

#include <string.h>

#include "gateway/jobs/preview.h"

const char *const KIND_GROUNDS[] = {"energy", "environment", "quality", "safety", "technology", NULL};
const char *const KIND_SEVERITIES[] = {"minor", "general", "serious", NULL};
const char *const KIND_SCOPES[] = {"public", "government", "authorised", NULL};
static const char *const CHANNELS[] = {"credit-guangdong", "national-platform", "credit-china", "feedback", NULL};
_Static_assert(COUNT_OF(KIND_GROUNDS) == GROUND_COUNT + 1 && COUNT_OF(KIND_SCOPES) == SCOPE_COUNT + 1 &&
                   COUNT_OF(KIND_SEVERITIES) == SEVERITY_SERIOUS + 1 && COUNT_OF(CHANNELS) == CHANNEL_COUNT + 1,
               "the choices are all of the enumerations");

#define TEXT(name, needed)                                                                                             \
    {                                                                                                                  \
        name, ARGUMENT_TEXT, needed, NULL                                                                              \
    }
#define DAY(name, needed)                                                                                              \
    {                                                                                                                  \
        name, ARGUMENT_DAY, needed, NULL                                                                               \
    }
#define FLAG(name)                                                                                                     \
    {                                                                                                                  \
        name, ARGUMENT_FLAG, false, NULL                                                                               \
    }
#define CHOICE(name, needed, choices)                                                                                  \
    {                                                                                                                  \
        name, ARGUMENT_CHOICE, needed, choices                                                                         \
    }

static const struct argument IMPORT_LIST[] = {TEXT("file", false), DAY("on", false)};
/* file, on and since come from the job that has the file (uploads.h) */
static const struct argument CHECKED_LIST[] = {
    TEXT("from", true),  TEXT("seen", false), {"corrections", ARGUMENT_LIST, false, NULL},
    TEXT("file", false), DAY("on", false),    TEXT("since", false)};
static const struct argument OVERDUE_LIST[] = {DAY("on", true), CHOICE("ground", false, KIND_GROUNDS),
                                               TEXT("division", false), TEXT("authority", false), FLAG("unproposed")};
static const struct argument PROPOSE_LIST[] = {DAY("on", true),
                                               TEXT("document", true),
                                               DAY("decided_on", true),
                                               CHOICE("severity", true, KIND_SEVERITIES),
                                               CHOICE("scope", false, KIND_SCOPES),
                                               TEXT("reason", false),
                                               CHOICE("ground", false, KIND_GROUNDS),
                                               TEXT("division", false),
                                               TEXT("authority", false),
                                               FLAG("all")};
static const struct argument APPROVE_LIST[] = {TEXT("reason", false), FLAG("all"),
                                               CHOICE("ground", false, KIND_GROUNDS), TEXT("division", false)};
static const struct argument RETURN_LIST[] = {TEXT("reason", true), FLAG("all"), CHOICE("ground", false, KIND_GROUNDS),
                                              TEXT("division", false)};
static const struct argument CORRECT_LIST[] = {TEXT("reason", true), TEXT("document", false), DAY("decided_on", false),
                                               CHOICE("severity", false, KIND_SEVERITIES),
                                               CHOICE("scope", false, KIND_SCOPES)};
static const struct argument REASON_LIST[] = {TEXT("reason", true)};
static const struct argument KEY_LIST[] = {TEXT("reason", true), DAY("from", false)};
/* `seen` was judged before the order was taken (gateway/api/order_version.h). */
static const struct argument SWITCH_LIST[] = {TEXT("reason", true), TEXT("seen", false)};
static const struct argument RELOAD_LIST[] = {TEXT("seen", false)};
static const struct argument REPAIR_LIST[] = {TEXT("reason", true),     DAY("committed_on", true),
                                              TEXT("statement", false), TEXT("corrected", true),
                                              TEXT("duties", true),     FLAG("duties_done")};
static const struct argument FILTER_LIST[] = {CHOICE("ground", false, KIND_GROUNDS), TEXT("division", false)};
static const struct argument PUSH_LIST[] = {CHOICE("channel", false, CHANNELS), CHOICE("ground", false, KIND_GROUNDS),
                                            TEXT("division", false)};

/* Whatever one of the orders takes; that the order in question takes it is checked by kind_check_preview. */
static const struct argument PREVIEW_LIST[] = {CHOICE("order", true, PREVIEW_ORDERS),
                                               DAY("on", false),
                                               TEXT("document", false),
                                               DAY("decided_on", false),
                                               CHOICE("severity", false, KIND_SEVERITIES),
                                               CHOICE("scope", false, KIND_SCOPES),
                                               TEXT("reason", false),
                                               DAY("committed_on", false),
                                               TEXT("statement", false),
                                               TEXT("corrected", false),
                                               TEXT("duties", false),
                                               FLAG("duties_done")};

static const struct argument SCREENING_LIST[] = {
    TEXT("client", true),         TEXT("certificate", true), TEXT("domain", true),    TEXT("purpose", true),
    TEXT("matter", false),        TEXT("case", false),       TEXT("operator", false), TEXT("department", false),
    TEXT("authorisation", false), TEXT("as_of", false),      TEXT("as_of_ms", false), TEXT("as_of_sequence", false),
    TEXT("format", true),         TEXT("order", true),       TEXT("test", false)};
static const struct argument REGISTER_LIST[] = {CHOICE("format", false, KIND_FORMATS),
                                                CHOICE("order", false, KIND_ORDERS),
                                                TEXT("uscc", false),
                                                TEXT("name", false),
                                                TEXT("region", false),
                                                TEXT("industry", false),
                                                TEXT("division", false),
                                                CHOICE("ground", false, KIND_GROUNDS),
                                                CHOICE("state", false, KIND_STATES),
                                                DAY("due_from", false),
                                                DAY("due_to", false),
                                                DAY("overdue_on", false),
                                                FLAG("unproposed"),
                                                TEXT("as_of", false)};
static const struct argument CLOCKS_LIST[] = {CHOICE("kind", false, KIND_CLOCKS)};

static const struct argument TRACE_LIST[] = {TEXT("reason", true),    TEXT("uscc", false),       TEXT("by", false),
                                             TEXT("operator", false), TEXT("department", false), TEXT("domain", false),
                                             DAY("since", false),     DAY("until", false)};
static const struct argument EVENTS_LIST[] = {CHOICE("group", false, KIND_EVENTS), TEXT("by", false),
                                              DAY("since", false), DAY("until", false)};
static const struct argument YEAR_LIST[] = {TEXT("year", true)};
static const struct argument PERIOD_LIST[] = {TEXT("year", true), TEXT("month", false)};
static const struct argument READING_LIST[] = {TEXT("year", true), TEXT("month", false), TEXT("reason", false)};

#define ARGUMENTS(name, list, least, most) static const struct arguments name = {list, COUNT_OF(list), least, most}
ARGUMENTS(IMPORT, IMPORT_LIST, 0, 0); /* and the register of names */
ARGUMENTS(CHECKED, CHECKED_LIST, 0, 0);
ARGUMENTS(SCREENING, SCREENING_LIST, 0, 0);
ARGUMENTS(OVERDUE, OVERDUE_LIST, 0, 0);
ARGUMENTS(PROPOSE, PROPOSE_LIST, 0, JOB_IDS_MAX);
ARGUMENTS(APPROVE, APPROVE_LIST, 0, JOB_IDS_MAX);
ARGUMENTS(RETURN, RETURN_LIST, 0, JOB_IDS_MAX);
ARGUMENTS(CORRECT, CORRECT_LIST, 1, 1);
ARGUMENTS(REASONED, REASON_LIST, 1, JOB_IDS_MAX);
ARGUMENTS(REPAIR, REPAIR_LIST, 1, JOB_IDS_MAX);
ARGUMENTS(PUSH, PUSH_LIST, 0, JOB_IDS_MAX);
ARGUMENTS(PREVIEW, PREVIEW_LIST, 1, PREVIEW_ITEMS_MAX);
ARGUMENTS(ONE_REASONED, REASON_LIST, 1, 1);
ARGUMENTS(KEY, KEY_LIST, 1, 1);
ARGUMENTS(ONE_SWITCHED, SWITCH_LIST, 1, 1);
ARGUMENTS(RELOAD, RELOAD_LIST, 0, 0);
ARGUMENTS(CLOCKS, CLOCKS_LIST, 0, 0);
ARGUMENTS(REGISTER, REGISTER_LIST, 0, 0);
ARGUMENTS(TRACED, TRACE_LIST, 0, 0);
ARGUMENTS(EVENTS, EVENTS_LIST, 0, 0);
ARGUMENTS(YEAR, YEAR_LIST, 0, 0);
ARGUMENTS(PERIOD, PERIOD_LIST, 0, 0);
ARGUMENTS(READING, READING_LIST, 0, 0);
static const struct arguments ONE_CHANNEL = {NULL, 0, 1, 1};
ARGUMENTS(FILTERED, FILTER_LIST, 0, 0);
static const struct arguments NOTHING = {NULL, 0, 0, 0};

enum {
    OPERATOR = ROLE_OPERATOR,
    REVIEWER = ROLE_REVIEWER,
    SWITCHER = ROLE_OPERATOR | ROLE_ADMINISTRATOR,
    REPAIRER = ROLE_REVIEWER | ROLE_ADMINISTRATOR, /* not who pushes */
    READER = ROLE_AUDITOR | ROLE_ADMINISTRATOR,    /* of the trace */
    ANYBODY = ROLE_OPERATOR | ROLE_REVIEWER | ROLE_AUDITOR | ROLE_ADMINISTRATOR
};

static const struct kind KINDS[] = {
    {"import", run_import, &IMPORT, NULL, OPERATOR, true, false},
    {"import-check", run_import_check, &IMPORT, NULL, OPERATOR, true, false},
    {"import-recheck", run_import_check, &CHECKED, kind_check_corrections, OPERATOR, false, false},
    {"import-checked", run_import, &CHECKED, kind_check_corrections, OPERATOR, false, false},
    {"names-register", run_names_register, &IMPORT, NULL, ROLE_ADMINISTRATOR, true, false},
    {"screening", run_screening, &SCREENING, NULL, 0, true, true},
    {"overdue", run_overdue, &OVERDUE, NULL, ANYBODY, false, false},
    {"propose", run_propose, &PROPOSE, kind_check_choice, OPERATOR, false, false},
    {"waiting", run_waiting, &FILTERED, NULL, ANYBODY, false, false},
    {"approve", run_review, &APPROVE, kind_check_review, REVIEWER, false, false},
    {"return", run_review, &RETURN, kind_check_review, REVIEWER, false, false},
    {"correct", run_change, &CORRECT, NULL, OPERATOR, false, false},
    {"withdraw", run_change, &REASONED, NULL, OPERATOR, false, false},
    {"repair", run_change, &REPAIR, NULL, OPERATOR, false, false},
    {"dispute", run_change, &REASONED, NULL, OPERATOR, false, false},
    {"settle", run_change, &REASONED, NULL, OPERATOR, false, false},
    {"unsent", run_unsent, &FILTERED, NULL, ANYBODY, false, false},
    {"push", run_push, &PUSH, kind_check_choice, OPERATOR, false, false},
    {"preview", run_preview, &PREVIEW, kind_check_preview, ANYBODY, false, false},
    {"refused", run_refused, &NOTHING, NULL, ANYBODY, false, false},
    {"clocks", run_clocks, &CLOCKS, NULL, ANYBODY, false, false},
    {"register", run_register, &REGISTER, NULL, ANYBODY, false, false},
    {"report-exits", run_report, &PERIOD, kind_check_period, ANYBODY, false, false},
    {"report-lists", run_report, &NOTHING, NULL, ANYBODY, false, false},
    {"report-summary", run_report, &YEAR, kind_check_period, ANYBODY, false, false},
    {"report-quality", run_report, &PERIOD, kind_check_period, ANYBODY, false, false},
    {"report-lookups", run_report, &READING, kind_check_period, READER, false, false},
    {"requeue", run_requeue, &REASONED, NULL, OPERATOR, false, false},
    {"pause", run_channel, &ONE_SWITCHED, NULL, SWITCHER, false, false},
    {"drain", run_channel, &ONE_SWITCHED, NULL, SWITCHER, false, false},
    {"resume", run_channel, &ONE_SWITCHED, NULL, SWITCHER, false, false},
    {"probe", run_probe, &ONE_CHANNEL, NULL, SWITCHER, false, false},
    {"trace-export", run_trace_export, &TRACED, NULL, ROLE_AUDITOR, false, false},
    {"events", run_events, &EVENTS, NULL, READER, false, false},
    {"client-suspend", run_client, &ONE_SWITCHED, NULL, ROLE_ADMINISTRATOR, false, false},
    {"client-resume", run_client, &ONE_SWITCHED, NULL, ROLE_ADMINISTRATOR, false, false},
    {"key-rotate", run_key, &KEY, NULL, ROLE_ADMINISTRATOR, false, false},
    {"reload", run_reload, &RELOAD, NULL, ROLE_ADMINISTRATOR, false, false},
    {"reconcile", run_reconcile, &ONE_CHANNEL, NULL, ANYBODY, false, false},
    {"reconcile-repair", run_reconcile, &ONE_REASONED, NULL, REPAIRER, false, false},
};

const struct kind *kind_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        if (strcmp(KINDS[i].name, name) == 0)
            return &KINDS[i];
    }
    return NULL;
}

bool kind_is_evidence(const struct kind *kind)
{
    return kind->run == run_report || kind->run == run_trace_export || kind->run == run_events;
}

unsigned kind_readers(const struct kind *kind)
{
    if (kind->is_for_clients)
        return 0; /* what they asked and were told stands in the trace, for auditors */
    return kind_is_evidence(kind) ? kind->roles : ANYBODY;
}

static bool has_filter(const json_t *arguments)
{
    return argument_text(arguments, "ground")[0] || argument_text(arguments, "division")[0] ||
           argument_text(arguments, "authority")[0] || argument_flag(arguments, "all");
}

bool kind_check_choice(const json_t *arguments, struct error *err)
{
    if (argument_id_count(arguments) == 0 || !has_filter(arguments))
        return true;
    return refuse(err, ERR_INVALID, "job.argument", "name them, or choose among all: not both",
                  "要么指明编号，要么按条件从全部中选择：不能同时使用");
}

bool kind_check_review(const json_t *arguments, struct error *err)
{
    bool takes_all = argument_flag(arguments, "all");

    if (argument_id_count(arguments) > 0 ? !has_filter(arguments) : takes_all)
        return true;
    return refuse(err, ERR_INVALID, "job.argument",
                  "name records, or say --all (and --ground, --division): one of the two",
                  "要么指明记录，要么用 --all（可加 --ground、--division）：二者选一");
}
