/* adapter.h - an outside system that is told about records: a const struct of pure functions.
 *
 * An adapter never reads a clock, a file, a random source or a socket: whatever it needs comes in, whatever must be
 * kept comes out. The courier does the rest. The way of one call:
 *
 *   row      record version → the row's JSON          once, when the delivery is queued; kept for ever
 *   draft    rows + fixed inputs → payload and the message to sign        pure, the same bytes every time
 *            (the courier has the message signed)
 *   fix      what must be stored so that the same bytes can be made again after a crash
 *   request  one attempt of one step → method, address, headers, body
 *   reply    status and body → what it means
 *   restore  what fix stored → fixed inputs, signature and digest; then draft again and compare the digest
 *
 * Steps of a call: ADAPTER_UPLOAD, and where a call has two parts ADAPTER_SECOND after it (the reply to the first says
 * ADAPTER_NEXT); ADAPTER_ASK for outcomes once it was accepted. After a crash or a lost answer ADAPTER_DOUBT asks
 * whether the upload arrived; its reply may say ADAPTER_NEXT too: the first part is there, go on with the second.
 * Steps without a call: ADAPTER_KEY (a secret for what follows, kept in memory only), ADAPTER_HOLDINGS (one page of
 * what the upstream holds).
 *
 * Replies are hostile input: an answer that contradicts itself or us is ADAPTER_MALFORMED and settles nothing.
 * Sources: upstreams.md, architecture 5. How to add one: adapters/README.md. */
#ifndef ADAPTERS_ADAPTER_H
#define ADAPTERS_ADAPTER_H

#include "base/buf.h"
#include "base/error.h"
#include "base/time.h"

struct layout;
struct webhook; /* adapters/webhook.h */

enum {
    ADAPTER_ROWS_MAX = 1000,           /* of one call, whatever the adapter */
    ADAPTER_ROW_BYTES_MAX = 48 * 1024, /* a row must fit in one journal event */
    ADAPTER_CODE_BYTES = 16,
    ADAPTER_MESSAGE_BYTES = 304, /* of the upstream's words; longer ones are cut between characters */
    ADAPTER_HEADERS_MAX = 12,
    ADAPTER_KEY_ID_BYTES = 64,
    ADAPTER_SECRET_BYTES = 64,
    ADAPTER_RECORD_BYTES = 24,
    ADAPTER_PAGE_ROWS_MAX = 1000,
    ADAPTER_NUMBER_MAX = 99999 /* is_numbered: calls of one day */
};

/* 操作 of a record version. */
enum adapter_op {
    ADAPTER_OP_ADD = 1,      /* 新增 */
    ADAPTER_OP_CHANGE = 2,   /* 变更 */
    ADAPTER_OP_WITHDRAW = 3, /* 撤销 */
    ADAPTER_OP_REPAIR = 4,   /* 修复 */
    ADAPTER_OP_DISPUTE = 5,  /* 异议标注 */
    ADAPTER_OP_SETTLE = 6    /* 异议解除 */
};

/* What a deployment decides. Texts are borrowed and never NULL ("" when not given). */
struct adapter_config {
    const char *base_url;        /* "https://host/path", no slash at the end */
    const struct layout *layout; /* what the upstream calls our fields: adapters/layout.h. Needed for rows */
    const char *table_code;
    const char *department_code;
    const char *table_version_id;
    const char *paasid; /* x-tif gateway */
    const char *token;
    uint8_t sm4_key[16];           /* exchanged beforehand */
    const char *sm4_kid;           /* our name for it: tells which key a call was made with */
    const char *requester;         /* national platform: gjgxjhpt_rid */
    const char *service;           /* national platform: gjgxjhpt_sid */
    uint8_t app_key[16];           /* national platform: exchanged beforehand */
    const char *file_code;         /* file mode: 报文号, 4 digits of the department and 2 of the table */
    const char *provider_code;     /* BMBM 信息提供部门编码 */
    const char *provider_name;     /* BMMC 信息提供部门名称 */
    const char *exchange_unit;     /* JHDWQC 交换单位全称 */
    const struct webhook *webhook; /* webhooks only: whose it is and with what it is signed; else NULL */
    unsigned rows_max;             /* of one call; 0: the adapter's own limit, which it never exceeds */
    unsigned connect_timeout_ms;   /* 0: 10 s */
    unsigned total_timeout_ms;     /* 0: 60 s */
};

/* What a client said about one thing that an answer showed it (gateway/feedback). As below. */
struct adapter_feedback {
    struct span receipt; /* of the answer */
    int32_t answered_on; /* its day */
    struct span shown;   /* the record or obligation that it showed, as the answer named it */
    uint32_t shown_version;
    struct span client; /* who said it, as we name it */
    struct span domain;
    struct span domain_name; /* what people call it */
    struct span purpose;
    struct span result;      /* "implemented", "other" or "not-applicable" */
    struct span measures;    /* what was taken, in words, with ； between; may be empty like the rest */
    struct span measure_ids; /* the same, as the domain's file names them, with commas between */
    struct span action;
    struct span reason;
    int32_t acted_on; /* DAY_NONE: not said */
    int32_t given_on;
};

/* One version of a record, or one feedback. Spans are valid UTF-8, borrowed; empty when not known. */
struct adapter_record {
    const struct adapter_feedback *feedback; /* NULL: a record. Else only record, version, op, name, code and remark of
                                                the rest have a meaning: the row's own id, which no record has, … */
    struct span record;                      /* record id: ROWID */
    uint32_t version;
    enum adapter_op op;
    struct span name;           /* JGQC */
    struct span code;           /* TYSHXYDM: 18 characters */
    struct span registration;   /* GSZCH, optional */
    struct span address;        /* ZCDZ, optional */
    struct span representative; /* FDDBR, optional */
    struct span facts;          /* ZYSXSS: ground, facilities and capacity, deadline, finding as one sentence */
    struct span order;          /* SCFZYNR: the order's number, date, what it required */
    int32_t listed_on;          /* QRYZSXRQ: the day of the decision */
    int32_t published_until;    /* GSJZQ */
    struct span authority;      /* RDDW: listing authority */
    struct span document;       /* RDWH: listing document */
    int32_t provided_on;        /* TGRQ: the day this version was approved */
    struct span division;       /* XZQH: six digits */
    int scope;                  /* SYFW 0 to 2 */
    int severity;               /* SXYZCD 1 to 3 */
    struct span remark;         /* BZ, optional */
};

/* One row of a call. */
struct adapter_row {
    const char *record;
    uint32_t version;
    struct span json;
};

/* What is fixed before the first attempt and never changes. Rows are borrowed. */
struct adapter_call {
    uint8_t id[16]; /* task or batch id */
    int64_t at_ms;
    uint8_t iv[16];
    char kid[ADAPTER_KEY_ID_BYTES]; /* of the key that signs it */
    int32_t day;                    /* is_numbered: the day and place in its name; else 0 */
    uint32_t number;
    char file_code[8]; /* is_numbered: restored, since its name must not change with the settings; else "" */
    const struct adapter_row *rows; /* their JSON is empty in the steps that only ask */
    size_t row_count;
    /* Of the draft. */
    uint8_t sm3[32];
    uint64_t payload_bytes;
};

/* The bytes made of a call: the first `signed_bytes` of `message` are what is signed, and `payload` is what is sent.
 * The two may overlap. */
struct adapter_draft {
    struct buf message;
    size_t signed_bytes; /* 0: calls are not signed */
    size_t payload_at;   /* the payload begins here and runs to the end of the message */
    uint8_t sm3[32];     /* of the payload */
};
void adapter_draft_done(struct adapter_draft *draft);

/* The signature over draft.message, as kept in the journal. */
struct adapter_signature {
    struct buf bytes;
    char kid[ADAPTER_KEY_ID_BYTES];
};
void adapter_signature_done(struct adapter_signature *signature);

enum adapter_step {
    ADAPTER_UPLOAD,   /* hand the rows over */
    ADAPTER_SECOND,   /* the second part of a call whose first part is there */
    ADAPTER_DOUBT,    /* did it arrive? */
    ADAPTER_ASK,      /* what became of the rows? */
    ADAPTER_KEY,      /* without a call: a secret for the calls that follow */
    ADAPTER_HOLDINGS, /* without a call: one page of what is held for us */
    ADAPTER_STEP_COUNT
};

/* What ADAPTER_KEY brought. Wiped by whoever holds it. */
struct adapter_secret {
    uint8_t bytes[ADAPTER_SECRET_BYTES];
    size_t count; /* 0: none */
    int64_t until_ms;
};

struct adapter_attempt {
    enum adapter_step step;
    int64_t now_ms;
    char nonce[40];                      /* fresh for every attempt */
    const struct adapter_secret *secret; /* when the adapter needs one and the step is not ADAPTER_KEY */
    const char *after;                   /* ADAPTER_HOLDINGS: the page behind this record; "" begins */
    struct span signature;               /* over attempt_message, when there is one; raw */
};

struct adapter_request {
    const char *method;
    struct buf url;
    struct buf headers[ADAPTER_HEADERS_MAX]; /* "Name: value" */
    size_t header_count;
    struct buf body;
};
void adapter_request_done(struct adapter_request *request);

enum adapter_ending {
    ADAPTER_ACCEPTED,      /* upload, second, doubt: transport receipt, all parts are there */
    ADAPTER_NEXT,          /* upload, doubt: go on with the step `next` of the same call */
    ADAPTER_OUTCOMES,      /* ask, doubt: outcomes of rows are known, perhaps not of all */
    ADAPTER_NOT_READY,     /* ask, doubt: arrived, no outcome yet */
    ADAPTER_UNKNOWN_TASK,  /* ask, doubt: the upload never arrived */
    ADAPTER_EXISTS,        /* upload: something of that name is there already, perhaps ours */
    ADAPTER_OTHER_CONTENT, /* doubt: what is there under that name is not ours */
    ADAPTER_EXPIRED,       /* the secret is no longer taken; nothing was done */
    ADAPTER_KEY_GIVEN,     /* key: a secret came */
    ADAPTER_LISTED,        /* holdings: a page came */
    ADAPTER_BUSY,          /* refused for now (internal error of the platform) */
    ADAPTER_BODY_REFUSED,  /* refused whole, for something in the body: perhaps one row's fault */
    ADAPTER_SETUP_REFUSED, /* refused whole, for keys, codes or configuration: no row's fault */
    ADAPTER_BY_STATUS,     /* not the platform's own answer: the HTTP status says what to do */
    ADAPTER_MALFORMED,     /* the answer cannot be believed */
    ADAPTER_ENDING_COUNT
};

enum adapter_outcome_kind { ADAPTER_ROW_OPEN, ADAPTER_ROW_TAKEN, ADAPTER_ROW_REFUSED };
struct adapter_outcome {
    enum adapter_outcome_kind kind;
    char code[ADAPTER_CODE_BYTES];
    char message[ADAPTER_MESSAGE_BYTES];
};

struct adapter_result {
    enum adapter_ending ending;
    enum adapter_step next;              /* with ADAPTER_NEXT */
    char code[ADAPTER_CODE_BYTES];       /* of the whole call, "" when none */
    char message[ADAPTER_MESSAGE_BYTES]; /* its words, or what cannot be believed */
    struct adapter_outcome *outcomes;    /* one for each row of the call, in its order; only with ADAPTER_OUTCOMES */
    size_t outcome_count;
};
void adapter_result_done(struct adapter_result *result);

/* One record as an upstream says that it holds it. */
struct adapter_holding {
    char record[ADAPTER_RECORD_BYTES];
    uint32_t version;
    enum adapter_op op;
    uint8_t sm3[32]; /* over the canonical JSON of the row as taken */
};

struct adapter_page {
    enum adapter_ending ending; /* ADAPTER_LISTED, or why there is none */
    char code[ADAPTER_CODE_BYTES];
    char message[ADAPTER_MESSAGE_BYTES];
    struct adapter_holding *rows; /* by record, ascending; owned */
    size_t count;
    char next[ADAPTER_RECORD_BYTES]; /* where the next page begins; "" when this is the last */
};
void adapter_page_done(struct adapter_page *page);

struct adapter {
    const char *name; /* of its channel: "credit-guangdong" */
    unsigned rows_max;
    size_t rows_bytes_max; /* the rows of one call, joined */
    bool needs_secret;     /* ADAPTER_KEY comes before everything else */
    bool is_numbered;      /* calls are numbered by the day without gaps: one at a time */
    /* The reply to ADAPTER_UPLOAD says what became of its rows (ADAPTER_OUTCOMES): nothing is asked for later. What may
     * have arrived is sent again under the same id, by which the receiver tells a repeat. */
    bool settles_at_once;
    size_t
        answer_bytes_max; /* the answer is read so far and the rest of it thrown away; 0: one that is too long fails */
    bool needs_rows;      /* the rows themselves go into the request of ADAPTER_UPLOAD, beside the payload */

    /* ERR_REFUSED names the field that is empty or too long. Adds canonical JSON. NULL: the rows are no records. */
    bool (*row)(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
                struct error *err);
    bool (*draft)(const struct adapter_config *config, const struct adapter_call *call, struct adapter_draft *out,
                  struct error *err);
    /* What is signed with the gateway's answer key (Ed25519) anew for every attempt, for attempt->signature. Adds
     * nothing when no such signature is wanted. NULL: attempts are not signed. */
    void (*attempt_message)(const struct adapter_config *config, const struct adapter_call *call,
                            const struct adapter_draft *draft, const struct adapter_attempt *attempt, struct buf *out);
    /* Adds a canonical JSON object: "request" of the event call.prepared. */
    void (*fix)(const struct adapter_config *config, const struct adapter_call *call, const struct adapter_draft *draft,
                const struct adapter_signature *signature, struct buf *out);
    /* Fills at_ms, kid and sm3 of `call`, what else of it the adapter needs (iv, day, number, payload_bytes), and the
     * signature. ERR_CORRUPT when `fixed` is not ours. */
    bool (*restore)(struct span fixed, struct adapter_call *call, struct adapter_signature *signature,
                    struct error *err);
    /* `draft` and `signature` may be NULL or empty in the steps that only ask; `call` is NULL in the steps without one.
     * `out` is empty. */
    void (*request)(const struct adapter_config *config, const struct adapter_call *call,
                    const struct adapter_draft *draft, const struct adapter_signature *signature,
                    const struct adapter_attempt *attempt, struct adapter_request *out);
    /* Never fails: what is not understood is ADAPTER_MALFORMED. `out` is zeroed. For the steps with a call. */
    void (*reply)(const struct adapter_call *call, enum adapter_step step, int status, struct span body,
                  struct adapter_result *out);
    /* ADAPTER_KEY: ADAPTER_KEY_GIVEN fills `secret`. NULL unless needs_secret. `secret` and `out` are zeroed. */
    void (*key)(const struct adapter_config *config, int64_t now_ms, int status, struct span body,
                struct adapter_secret *secret, struct adapter_result *out);
    /* ADAPTER_HOLDINGS. `out` is zeroed. Mostly holdings_read (adapters/holdings.h). NULL: this upstream has no such
     * list, and reconciliation runs on receipts alone. */
    void (*holdings)(int status, struct span body, struct adapter_page *out);
};

extern const struct adapter adapter_credit_guangdong;
extern const struct adapter adapter_national_platform;
extern const struct adapter adapter_credit_china;
extern const struct adapter adapter_webhook; /* of clients, not in the list: adapters/webhook.h */

/* NULL when there is none. */
const struct adapter *adapter_find(const char *name);
/* All of them, one after the other: NULL behind the last. */
const struct adapter *adapter_at(size_t index);
/* The rows that may ride in one call under this configuration. */
unsigned adapter_rows_max(const struct adapter *adapter, const struct adapter_config *config);
const char *adapter_ending_name(enum adapter_ending ending);

/* "Name: value" */
void adapter_header_add(struct adapter_request *request, const char *name, const char *value);

/* An upstream's words into a field of a result: cut between characters, control characters become spaces. */
void adapter_words_copy(struct span words, char *out, size_t bytes);

DEFINE_AUTO_IN_PLACE(struct adapter_draft, adapter_draft_done)
DEFINE_AUTO_IN_PLACE(struct adapter_signature, adapter_signature_done)
DEFINE_AUTO_IN_PLACE(struct adapter_request, adapter_request_done)
DEFINE_AUTO_IN_PLACE(struct adapter_result, adapter_result_done)
DEFINE_AUTO_IN_PLACE(struct adapter_page, adapter_page_done)

#endif
