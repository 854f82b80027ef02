#include "tests/bench/subjects.h"

#include <string.h>

#include "gateway/command/command.h"
#include "gateway/registry/subject.h"

enum { A_COMMIT = 20000 };

struct making {
    const struct sample *sample;
    struct store *store;
    uint32_t count;
    uint32_t made;
};

static struct obligation row_of(const char *code)
{
    return (struct obligation){.field = {[COLUMN_NAME] = SPAN("韶关市样本钢铁有限公司"),
                                         [COLUMN_USCC] = {code, 18},
                                         [COLUMN_DIVISION] = SPAN("440224"),
                                         [COLUMN_REGION] = SPAN("韶关市仁化县"),
                                         [COLUMN_INDUSTRY] = SPAN("钢铁"),
                                         [COLUMN_DIMENSION] = SPAN("能耗"),
                                         [COLUMN_MEASURE] = SPAN("限期整改"),
                                         [COLUMN_AUTHORITY] = SPAN("韶关市工业和信息化局"),
                                         [COLUMN_AUTHORITY_KIND] = SPAN("经济和信息化主管部门"),
                                         [COLUMN_DOCUMENT] = SPAN("韶工信节能〔2025〕10号"),
                                         [COLUMN_ORDER_DATE] = SPAN("2025-08-31"),
                                         [COLUMN_DEADLINE] = SPAN("2026-02-28"),
                                         [COLUMN_EQUIPMENT] = SPAN("25吨转炉"),
                                         [COLUMN_EQUIPMENT_COUNT] = SPAN("1"),
                                         [COLUMN_CAPACITY] = SPAN("31.47"),
                                         [COLUMN_CAPACITY_UNIT] = SPAN("万吨/年"),
                                         [COLUMN_STATE] = SPAN("逾期未退出")}};
}

/* The register and the journal begin by the real path, with one row. */
static bool begin_register(struct making *making, struct error *err)
{
    AUTO(command_import_free) struct command_import *import = NULL;
    struct desk desk = {.store = making->store, .clock = &CLOCK_SYSTEM, .person = "author"};
    struct import_file file = {"register.csv", "UTF-8", "00", 1, 1, 0, 0};
    struct import_counts counts;
    struct obligation row;
    char code[19];
    enum column bad;

    sample_code(making->sample, making->count, code);
    row = row_of(code);
    if (!obligation_type_fields(&row, &bad))
        return fail(err, ERR_INTERNAL, "the row is none");
    return command_import_begin(&desk, "bench", NULL, NULL, &import, err) && command_import_row(import, &row, 2, err) &&
           command_import_finish(import, &file, &counts, err);
}

static bool put_subject(struct store_txn *txn, const char *code, struct error *err)
{
    struct obligation row = row_of(code);
    struct obligation_version version = {.version = 1,
                                         .state = STATE_OVERDUE,
                                         .ground = GROUND_ENERGY,
                                         .order_date = 20331,
                                         .deadline = 20512,
                                         .extended_to = DAY_NONE,
                                         .exit_date = DAY_NONE,
                                         .sequence = 0,
                                         .at_ms = 1};
    struct record record = {
        .version = 1,
        .op = OP_NEW,
        .ground = GROUND_ENERGY,
        .severity = SEVERITY_SERIOUS,
        .decided_on = 20600,
        .due = 20512,
        .publication_end = 80000,
        .name = row.field[COLUMN_NAME],
        .uscc = {code, 18},
        .industry = SPAN("钢铁"),
        .listing_authority = row.field[COLUMN_AUTHORITY],
        .document = SPAN("韶工信失信〔2026〕1号"),
        .facts = SPAN("未在2026年2月28日前按韶工信节能〔2025〕10号要求完成25吨转炉（1台套，31.47万吨/年）的退出")};

    memcpy(version.uscc, code, 19);
    obligation_id(&row, version.id);
    memcpy(record.obligation, version.id, sizeof version.id);
    record_id(version.id, 0, record.id);
    return subject_put_obligation(txn, &version, &row, err) && subject_put_record(txn, 0, 2, &record, err);
}

static bool put_some(struct store_txn *txn, void *context, struct error *err)
{
    const struct making *making = context;

    for (uint32_t i = making->made; i < making->made + A_COMMIT; i++) {
        char code[19];

        sample_code(making->sample, i, code);
        if (!put_subject(txn, code, err))
            return false;
    }
    return true;
}

bool subjects_make(const struct sample *sample, uint32_t count, const char *path, struct store **out, struct error *err)
{
    AUTO(store_close) struct store *store = NULL;
    struct making making = {.sample = sample, .count = count};

    if (!store_open(path, &(struct store_options){.creates = true, .is_scratch = true}, &store, err))
        return false;
    making.store = store;
    if (!begin_register(&making, err))
        return false;
    for (making.made = 0; making.made < count; making.made += A_COMMIT) {
        if (!store_write(store, put_some, &making, err))
            return false;
    }
    *out = TAKE(store);
    return true;
}
