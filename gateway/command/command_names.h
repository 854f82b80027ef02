/* command_names.h - a register of company names is taken in: one event (gateway/registry/registry.h). */
#ifndef GATEWAY_COMMAND_COMMAND_NAMES_H
#define GATEWAY_COMMAND_COMMAND_NAMES_H

#include "gateway/command/command.h"

struct names_file {
    const char *name;   /* as the person gave it */
    const char *sha256; /* hex; the file lies under it in the folder of registers */
    int32_t edition;    /* as of this day */
    uint64_t bytes;
    uint64_t rows;
    uint64_t names;    /* companies */
    uint64_t former;   /* former names */
    uint64_t repeated; /* rows that stood before */
    uint64_t refused;
};
/* The file must be on disk. The register that counts already, of the same bytes and edition, is not registered again:
 * `*is_new` tells. ERR_CONFLICT "names.older" when the one that counts is of a later day. */
MUST_CHECK bool command_names_register(const struct desk *desk, const struct names_file *file, bool *is_new,
                                       struct error *err);

#endif
