/* row.h - the exchange row all three upstreams take (layout of the 法人黑名单 record): one table of fields, with name,
 * label, longest text and whether it must be there. upstreams.md, "Row fields". */
#ifndef ADAPTERS_ROW_H
#define ADAPTERS_ROW_H

#include "adapters/adapter.h"

/* Add the row as canonical JSON: texts, except VERSION, which is a number; optional fields that are empty are left
 * out. ERR_REFUSED names the field that is empty, too long or not what its code table allows; nothing is added then. */
MUST_CHECK bool row_add(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
                        struct error *err);

#endif
