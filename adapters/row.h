/* row.h - the exchange row: what a record version is to one upstream, as its layout says (layout.h). Our upstreams take
 * the layout of the 法人黑名单 record: upstreams.md, "Row fields". A feedback becomes a row the same way, under a
 * layout of feedback. */
#ifndef ADAPTERS_ROW_H
#define ADAPTERS_ROW_H

#include "adapters/adapter.h"

/* Add the row as canonical JSON (RFC 8785): texts, and numbers where the layout says so; optional fields that are empty
 * are left out. ERR_REFUSED names the field that is empty, too long, without a code or not of its form; nothing is
 * added then. Needs config->layout. */
MUST_CHECK bool row_add(const struct adapter_config *config, const struct adapter_record *record, struct buf *out,
                        struct error *err);

#endif
