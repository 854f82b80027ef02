/* names_normal.h - a company's name as it is compared: what is only spelling is gone, and its parts are known.
 *
 * NFKC with case folding (UAX #15; full and half width become one), only letters and digits stay (all brackets, quotes,
 * spaces and dots go), traditional characters become simplified ones, an English form of organisation at the end
 * ("Co., Ltd.", also with one letter wrong) is cut off. A Chinese name is 行政区划 + 字号 + 行业 + 组织形式
 * (企业名称登记管理规定, State Council Order 734 of 2020, article 6), and a branch adds a part of its own. */
#ifndef GATEWAY_NAMES_NAMES_NORMAL_H
#define GATEWAY_NAMES_NAMES_NORMAL_H

#include "gateway/names/names_tables.h"

enum {
    NAME_BYTES_MAX = 1024, /* of what is asked or indexed */
    NAME_UNITS_MAX = 96,   /* of its normal form */
    NAME_REGIONS_MAX = 3
};

struct name_form {
    uint16_t at[NAME_UNITS_MAX];
    uint8_t count;
    bool is_english; /* an English form of organisation was cut off */
};

/* Of a normal form: [0, core) the region, [core, industry) the trade name, [industry, suffix) what it does, [suffix,
 * count) the form of organisation. The parts may be empty. */
struct name_parts {
    const struct name_place *place[NAME_REGIONS_MAX];
    uint8_t place_begin[NAME_REGIONS_MAX + 1]; /* where each begins; then where the last ends */
    uint8_t places;
    uint8_t core;
    uint8_t industry;
    uint8_t suffix;
    uint8_t branch;     /* where a branch's own words begin; the count when it is none */
    int8_t suffix_kind; /* number of the suffix in the table, -1 when there is none */
};

/* ERR_INVALID for what is not UTF-8, ERR_LIMIT for what is longer than a name may be. An empty form is no error. */
MUST_CHECK bool name_normal(const struct name_tables *tables, struct span text, struct name_form *out,
                            struct error *err);
/* The region and the form of organisation; what lies between is all trade name, and no branch is known. */
void name_split(const struct name_tables *tables, const struct name_form *form, struct name_parts *out);
/* After name_split: trade name and industry apart, and a branch's words. Dearer; not needed to compare. */
void name_split_trade(const struct name_tables *tables, const struct name_form *form, struct name_parts *parts);
/* A unified social credit code written alone, or after what it is called: 18 letters and digits, as capitals. False
 * when the text is something else. It is not checked further. */
enum { NAME_CODE_BYTES = 18 };
/* For tables of codes: FNV-1a, its upper bits mixed in. */
static inline size_t name_code_hash(const char code[NAME_CODE_BYTES])
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < NAME_CODE_BYTES; i++)
        hash = (hash ^ (unsigned char)code[i]) * 16777619U;
    return hash ^ hash >> 15;
}
bool name_is_code(const struct name_tables *tables, const struct name_form *form, char code[NAME_CODE_BYTES]);
/* Units as UTF-8, for people. */
void name_units_add(struct buf *out, const uint16_t *units, size_t count);

#endif
