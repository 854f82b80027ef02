#include "gateway/names/names_register.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "gateway/intake/csv.h"
#include "gateway/intake/encoding.h"
#include "schemas/uscc.h"

enum { SLOTS_FIRST = 8192, SHOWN_BYTES_MAX = 90 };

enum column { COLUMN_CODE, COLUMN_NAME, COLUMN_FORMER, COLUMN_SET, COLUMNS };
static const char *const COLUMN_NAMES[COLUMNS][3] = {{"uscc", "统一社会信用代码", NULL},
                                                     {"name", "企业名称", NULL},
                                                     {"former_name", "曾用名", "former_names"},
                                                     {"set", NULL, NULL}};

/* A code that had a name, and a digest of that name: enough to tell a repeat from a contradiction. */
struct seen_code {
    char code[USCC_BYTES];
    uint32_t name; /* 0: free */
};

struct names_register {
    const struct name_tables *tables;
    struct decoder *decoder;
    struct csv *csv;
    struct span first; /* piece, which was looked at for its separator */
    bool has_first;
    int at[COLUMNS]; /* -1: there is none */
    struct record record;
    struct names_row row;
    size_t rows;
    struct seen_code *seen;
    size_t seen_slots; /* a power of two */
    size_t seen_count;
};

/* --- the file --- */

static bool next_piece(void *context, struct span *piece, struct error *err)
{
    struct names_register *reg = context;

    if (!reg->has_first)
        return decoder_next(reg->decoder, piece, err);
    *piece = reg->first;
    reg->has_first = false;
    return true;
}

static bool is_column(struct span field, enum column column)
{
    for (size_t i = 0; i < COUNT_OF(COLUMN_NAMES[column]) && COLUMN_NAMES[column][i]; i++) {
        if (span_is(span_trim(field), COLUMN_NAMES[column][i]))
            return true;
    }
    return false;
}

static bool read_heading(struct names_register *reg, struct error *err)
{
    bool is_end = false;

    if (!csv_next(reg->csv, &reg->record, &is_end, err))
        return false;
    for (int column = 0; column < COLUMNS; column++) {
        reg->at[column] = -1;
        for (size_t i = 0; !is_end && i < record_stored(&reg->record); i++) {
            if (!is_column(reg->record.field[i], (enum column)column))
                continue;
            if (reg->at[column] >= 0)
                return refuse(err, ERR_INVALID, "file.columns", "the column \"%s\" stands twice in the heading",
                              "表头中“%s”列重复", COLUMN_NAMES[column][0]);
            reg->at[column] = (int)i;
        }
    }
    return (reg->at[COLUMN_CODE] >= 0 && (reg->at[COLUMN_NAME] >= 0 || reg->at[COLUMN_FORMER] >= 0)) ||
           refuse(err, ERR_INVALID, "file.header",
                  "the first line must name the columns: uscc and name, perhaps former_name, with commas or tabulators",
                  "首行应为表头：uscc（统一社会信用代码）、name（企业名称），可另有 "
                  "former_name（曾用名），以逗号或制表符分隔");
}

static bool begin(struct names_register *reg, int fd, struct error *err)
{
    enum encoding encoding;
    const char *line_end;

    if (!encoding_detect(fd, &encoding, err) || !decoder_new(fd, encoding, &reg->decoder, err) ||
        !decoder_next(reg->decoder, &reg->first, err))
        return false;
    reg->has_first = true;
    reg->csv = csv_new(next_piece, reg);
    line_end = reg->first.bytes ? memchr(reg->first.at, '\n', reg->first.bytes) : NULL;
    if (reg->first.bytes &&
        memchr(reg->first.at, '\t', line_end ? (size_t)(line_end - reg->first.at) : reg->first.bytes))
        csv_set_separator(reg->csv, '\t');
    return read_heading(reg, err);
}

bool names_register_open(int fd, const struct name_tables *tables, struct names_register **out, struct error *err)
{
    AUTO(names_register_free) struct names_register *reg = memory_new(sizeof(*reg));

    reg->tables = tables;
    reg->seen_slots = SLOTS_FIRST;
    reg->seen = memory_new(reg->seen_slots * sizeof(*reg->seen));
    if (!begin(reg, fd, err))
        return false;
    *out = TAKE(reg);
    return true;
}

void names_register_free(struct names_register *reg)
{
    if (!reg)
        return;
    csv_free(reg->csv);
    decoder_free(reg->decoder);
    free(reg->seen);
    free(reg);
}

/* --- codes that stood before --- */

static uint32_t hash_of(struct span text)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < text.bytes; i++)
        hash = (hash ^ (unsigned char)text.at[i]) * 16777619U;
    return (hash ^ hash >> 15) | 1;
}

static struct seen_code *slot_of(const struct names_register *reg, const char code[USCC_BYTES])
{
    size_t at = (hash_of((struct span){code, USCC_BYTES}) >> 1) & (reg->seen_slots - 1);

    while (reg->seen[at].name && memcmp(reg->seen[at].code, code, USCC_BYTES) != 0)
        at = (at + 1) & (reg->seen_slots - 1);
    return &reg->seen[at];
}

static void grow_seen(struct names_register *reg)
{
    struct seen_code *old = reg->seen;
    size_t count = reg->seen_slots;

    reg->seen_slots *= 2;
    reg->seen = memory_new(reg->seen_slots * sizeof(*reg->seen));
    for (size_t i = 0; i < count; i++) {
        if (old[i].name)
            *slot_of(reg, old[i].code) = old[i];
    }
    free(old);
}

/* False: the code has another name already. */
static bool take_code(struct names_register *reg, struct names_row *row)
{
    struct seen_code *slot;
    uint32_t name = hash_of(row->name);

    if (reg->seen_count >= reg->seen_slots / 4 * 3)
        grow_seen(reg);
    slot = slot_of(reg, row->code.at);
    if (slot->name) {
        row->state = slot->name == name && row->former_count == 0 ? NAMES_ROW_REPEAT : NAMES_ROW_GOOD;
        return slot->name == name;
    }
    if (row->code.at) /* it was found good; the analyser cannot see it */
        memcpy(slot->code, row->code.at, USCC_BYTES);
    slot->name = name;
    reg->seen_count++;
    return true;
}

/* --- a row --- */

static struct span field_of(const struct names_register *reg, enum column column)
{
    int at = reg->at[column];

    return at >= 0 && (size_t)at < record_stored(&reg->record) ? span_trim(reg->record.field[at]) : SPAN_NONE;
}

/* The first bytes, as a message may show them. */
static struct span shown(struct span text)
{
    return utf8_cut(text, SHOWN_BYTES_MAX);
}

static bool check_name(const struct names_register *reg, struct span name, struct error *err)
{
    struct name_form form;

    for (size_t i = 0; i < name.bytes; i++) {
        if ((unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7F)
            return refuse(err, ERR_INVALID, "names.characters", "the name has control characters", "名称含控制字符");
    }
    if (!name_normal(reg->tables, name, &form, err))
        return refuse(err, ERR_INVALID, "names.long", "the name is too long: \"%.*s…\"", "名称过长：“%.*s…”",
                      (int)shown(name).bytes, shown(name).at);
    return form.count > 0 ||
           refuse(err, ERR_INVALID, "names.empty", "nothing of the name \"%.*s\" is a letter or a digit",
                  "名称“%.*s”不含文字或数字", (int)shown(name).bytes, shown(name).at);
}

/* Where the next of the marks between former names begins, and how long it is. */
static size_t mark_at(struct span text, size_t *bytes)
{
    static const char *const MARKS[] = {";", "；", "|"};

    for (size_t at = 0; at < text.bytes; at++) {
        for (size_t i = 0; i < COUNT_OF(MARKS); i++) {
            *bytes = strlen(MARKS[i]);
            if (span_starts((struct span){text.at + at, text.bytes - at}, MARKS[i]))
                return at;
        }
    }
    *bytes = 0;
    return text.bytes;
}

static bool take_former(struct names_register *reg, struct span rest, struct error *err)
{
    struct names_row *row = &reg->row;

    while (rest.bytes) {
        size_t mark_bytes;
        size_t end = mark_at(rest, &mark_bytes);
        struct span name = span_trim((struct span){rest.at, end});

        rest = (struct span){rest.at + end + mark_bytes, rest.bytes - end - mark_bytes};
        if (name.bytes == 0)
            continue;
        if (row->former_count == NAMES_REGISTER_FORMER_MAX)
            return refuse(err, ERR_INVALID, "names.former", "more than %d former names", "曾用名超过 %d 个",
                          NAMES_REGISTER_FORMER_MAX);
        if (!check_name(reg, name, err))
            return false;
        row->former[row->former_count++] = name;
    }
    return true;
}

static bool check_code(struct span code, struct error *err)
{
    return uscc_is_usable(code) || refuse(err, ERR_INVALID, "names.code", "\"%.*s\" is no unified social credit code",
                                          "“%.*s”不是有效的统一社会信用代码", (int)shown(code).bytes, shown(code).at);
}

static bool judge(struct names_register *reg, struct error *err)
{
    struct names_row *row = &reg->row;

    if (reg->record.fault != RECORD_GOOD)
        return refuse(err, ERR_INVALID, "names.row", "the row is too long, or has text behind a closing quote",
                      "该行过长，或引号之后还有内容");
    row->code = field_of(reg, COLUMN_CODE);
    row->name = field_of(reg, COLUMN_NAME);
    if (!check_code(row->code, err) || (row->name.bytes && !check_name(reg, row->name, err)) ||
        !take_former(reg, field_of(reg, COLUMN_FORMER), err))
        return false;
    if (row->name.bytes == 0 && row->former_count == 0)
        return refuse(err, ERR_INVALID, "names.missing", "there is no name", "缺少名称");
    return row->name.bytes == 0 || take_code(reg, row) ||
           refuse(err, ERR_INVALID, "names.twice", "an earlier row has this code with another name",
                  "前面的行中同一代码有另一名称");
}

bool names_register_next(struct names_register *reg, const struct names_row **row, struct error *err)
{
    bool is_end = false;

    *row = NULL;
    do {
        if (!csv_next(reg->csv, &reg->record, &is_end, err))
            return false;
    } while (!is_end && reg->record.filled == 0);
    if (is_end)
        return true;
    if (++reg->rows > NAMES_REGISTER_ROWS_MAX)
        return refuse(err, ERR_LIMIT, "file.rows", "more than %d rows", "超过 %d 行", NAMES_REGISTER_ROWS_MAX);
    reg->row.line = reg->record.line;
    reg->row.state = NAMES_ROW_GOOD;
    reg->row.former_count = 0;
    if (reg->at[COLUMN_SET] >= 0 && !span_is(field_of(reg, COLUMN_SET), "index"))
        reg->row.state = NAMES_ROW_LEFT_OUT;
    else if (!judge(reg, &reg->row.why))
        reg->row.state = NAMES_ROW_REFUSED;
    *row = &reg->row;
    return true;
}
