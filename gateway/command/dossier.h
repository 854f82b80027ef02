/* dossier.h - what the store knows about one thing a command is about, gathered for decide.h. Only command*.c need it.
 */
#ifndef GATEWAY_COMMAND_DOSSIER_H
#define GATEWAY_COMMAND_DOSSIER_H

#include "gateway/command/command.h"

struct dossier {
    struct standing standing;     /* its pointers point into this */
    char record[RECORD_ID_BYTES]; /* newest record of the obligation, or "" */
    uint32_t ordinal;
    struct obligation row;
    struct record_version newest;
    struct record_version effective;
    struct buf holds[3];
};

/* By obligation: its newest record, if any. */
MUST_CHECK bool dossier_load_obligation(struct store_txn *txn, const struct desk *desk,
                                        const uint8_t id[OBLIGATION_ID_BYTES], struct dossier *out, struct error *err);
/* By record. ERR_NOT_FOUND when there is none. */
MUST_CHECK bool dossier_load_record(struct store_txn *txn, const struct desk *desk, struct span id, struct dossier *out,
                                    struct error *err);
void dossier_done(struct dossier *dossier);
DEFINE_AUTO_IN_PLACE(struct dossier, dossier_done)

#endif
