#include "gateway/command/dossier.h"

#include <string.h>

#include "base/text.h"

enum { HOLD_ROW, HOLD_NEWEST, HOLD_EFFECTIVE };

/* Not found is an answer here, not a failure. */
static bool found_or_not(bool is_found, const struct error *why, struct error *err)
{
    if (is_found || why->code == ERR_NOT_FOUND)
        return true;
    if (err)
        *err = *why;
    return false;
}

static bool load_versions(struct store_txn *txn, struct dossier *dossier, struct error *err)
{
    struct span id = span_of(dossier->record);
    struct error why = {.code = ERR_NONE};
    bool is_found;

    if (id.bytes == 0)
        return true;
    is_found = records_load(txn, id, 0, &dossier->newest, &dossier->holds[HOLD_NEWEST], &why);
    if (!found_or_not(is_found, &why, err))
        return false;
    if (is_found)
        dossier->standing.newest = &dossier->newest;
    is_found = records_load_effective(txn, id, &dossier->effective, &dossier->holds[HOLD_EFFECTIVE], &why);
    if (is_found)
        dossier->standing.effective = &dossier->effective;
    return found_or_not(is_found, &why, err);
}

static bool load_row(struct store_txn *txn, const uint8_t id[OBLIGATION_ID_BYTES], struct dossier *dossier,
                     struct error *err)
{
    struct obligation_version version;

    memcpy(dossier->standing.obligation_id, id, OBLIGATION_ID_BYTES);
    if (!obligations_find(txn, id, 0, &version))
        return store_txn_is_good(txn, err);
    if (!obligations_row(txn, &version, &dossier->row, &dossier->holds[HOLD_ROW], err))
        return false;
    dossier->standing.obligation = &dossier->row;
    dossier->standing.obligation_version = version.version;
    return true;
}

static void begin(const struct desk *desk, struct dossier *dossier)
{
    memset(dossier, 0, sizeof *dossier);
    dossier->standing.windows = desk->windows;
    dossier->standing.rules = desk->rules;
    dossier->standing.today = day_of_instant(clock_now_ms(desk->clock));
}

bool dossier_load_obligation(struct store_txn *txn, const struct desk *desk, const uint8_t id[OBLIGATION_ID_BYTES],
                             struct dossier *out, struct error *err)
{
    dossier_done(out);
    begin(desk, out);
    if (!load_row(txn, id, out, err))
        return false;
    if (!records_of_obligation(txn, id, out->record, &out->ordinal))
        return store_txn_is_good(txn, err);
    return load_versions(txn, out, err);
}

bool dossier_load_record(struct store_txn *txn, const struct desk *desk, struct span id, struct dossier *out,
                         struct error *err)
{
    dossier_done(out);
    begin(desk, out);
    if (!record_id_is_valid(id))
        return refuse(err, ERR_NOT_FOUND, "record.unknown", "%.*s: there is no such record", "%.*s：没有这条记录",
                      (int)utf8_cut(id, RECORD_TEXT_MAX).bytes, id.at);
    memcpy(out->record, id.at, RECORD_ID_LENGTH);
    if (!load_versions(txn, out, err))
        return false;
    if (!out->standing.newest)
        return refuse(err, ERR_NOT_FOUND, "record.unknown", "%.*s: there is no such record", "%.*s：没有这条记录",
                      (int)id.bytes, id.at);
    return load_row(txn, out->newest.record.obligation, out, err);
}

void dossier_done(struct dossier *dossier)
{
    for (size_t i = 0; i < COUNT_OF(dossier->holds); i++)
        buf_done(&dossier->holds[i]);
}
