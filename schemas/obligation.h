/* obligation.h - an obligation (退出任务): one order against one facility of one enterprise, as a row of the register
 * says it.
 *
 * Columns, keys and headers: the register's own (企业名称 … 备注). Seed rows 2 to 7. */
#ifndef SCHEMAS_OBLIGATION_H
#define SCHEMAS_OBLIGATION_H

#include "base/buf.h"
#include "base/error.h"
#include "base/time.h"

enum column {
    COLUMN_NAME,
    COLUMN_USCC,
    COLUMN_DIVISION,
    COLUMN_REGION,
    COLUMN_INDUSTRY,
    COLUMN_DIMENSION,
    COLUMN_MEASURE,
    COLUMN_AUTHORITY,
    COLUMN_AUTHORITY_KIND,
    COLUMN_DOCUMENT,
    COLUMN_ORDER_DATE,
    COLUMN_DEADLINE,
    COLUMN_EXTENDED_TO,
    COLUMN_EXTENSION_DOCUMENT,
    COLUMN_APPROVAL,
    COLUMN_EQUIPMENT,
    COLUMN_EQUIPMENT_COUNT,
    COLUMN_CAPACITY,
    COLUMN_CAPACITY_UNIT,
    COLUMN_STATE,
    COLUMN_EXIT_DATE,
    COLUMN_REMARK,
    COLUMN_COUNT
};
extern const char *const COLUMN_KEYS[COLUMN_COUNT];    /* "name", "uscc", … */
extern const char *const COLUMN_HEADERS[COLUMN_COUNT]; /* "企业名称", … */

/* 退出维度, seed rows 2 to 6. */
enum ground { GROUND_ENERGY, GROUND_ENVIRONMENT, GROUND_QUALITY, GROUND_SAFETY, GROUND_TECHNOLOGY, GROUND_COUNT };
extern const char *const GROUND_NAMES[GROUND_COUNT]; /* 能耗 环保 质量 安全 技术 */
extern const char *const GROUND_SLUGS[GROUND_COUNT]; /* energy environment quality safety technology */

/* 状态 */
enum obligation_state {
    STATE_RECTIFYING,     /* 整改中 */
    STATE_EXTENDED,       /* 延期中 */
    STATE_EXITED_IN_TIME, /* 按期退出 */
    STATE_OVERDUE,        /* 逾期未退出 */
    STATE_EXITED_LATE,    /* 逾期后退出 */
    STATE_REVOKED,        /* 已撤销 */
    STATE_COUNT
};
extern const char *const STATE_NAMES[STATE_COUNT];
extern const char *const STATE_SLUGS[STATE_COUNT];

/* By Chinese name. False when there is no such ground or state. */
MUST_CHECK bool obligation_ground_find(struct span name, enum ground *out);
MUST_CHECK bool obligation_state_find(struct span name, enum obligation_state *out);

/* One row, typed. Texts are borrowed from whoever read the row. */
struct obligation {
    struct span field[COLUMN_COUNT]; /* trimmed text of every column; empty when absent; valid UTF-8 */
    enum ground ground;
    enum obligation_state state;
    int32_t order_date;
    int32_t deadline;
    int32_t extended_to; /* DAY_NONE when not extended */
    int32_t exit_date;   /* DAY_NONE when not exited */
    int64_t equipment_count;
};

/* Fill the typed members from the texts in field[]. False names the first column that is not a value of its kind; the
 * other members are filled all the same. */
MUST_CHECK bool obligation_type_fields(struct obligation *obligation, enum column *bad);

enum { OBLIGATION_ID_BYTES = 16 };
/* Identity: SHA-256 over code, authority's document and equipment, each with its length; the first 16 bytes.
 * The same order for another line is another obligation; a row with other dates, state or capacity is a new version. */
void obligation_id(const struct obligation *obligation, uint8_t id[OBLIGATION_ID_BYTES]);
/* The last day on which exit is in time: extended_to when there is one, else the deadline. */
int32_t obligation_due(const struct obligation *obligation);
/* Not exited in any way, not revoked. */
bool obligation_is_open(const struct obligation *obligation);
/* Open, and `day` is after its last day. */
bool obligation_is_overdue(const struct obligation *obligation, int32_t day);
/* Canonical JSON (RFC 8785) of the typed row: every key of COLUMN_KEYS, null when empty, equipment_count and capacity
 * as numbers. */
void obligation_json_add(const struct obligation *obligation, struct buf *out);
/* Read such JSON back, exactly as it was written (else ERR_CORRUPT). `*hold` is emptied first; the spans point into it
 * until it changes, and the caller owns it. */
MUST_CHECK bool obligation_from_json(struct span json, struct obligation *out, struct buf *hold, struct error *err);

/* A capacity: digits, or digits, a point and digits; no sign, no exponent. Few enough digits that a double holds it. */
enum { DECIMAL_WHOLE_MAX = 9, DECIMAL_FRACTION_MAX = 6 };
bool decimal_is_valid(struct span text);
/* The same number without superfluous zeros, as RFC 8785 writes it: a part of `text`, which must be valid. */
struct span decimal_canonical(struct span text);

#endif
