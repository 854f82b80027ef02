/* template.h - an empty register to fill in: a workbook with the heads, what each column wants as a hint beside its
 * cells, and lists to choose from where the register has fixed words. Made from schemas/register-row.schema.json, so it
 * asks for what the importer takes; the heads of the columns that must be filled in begin with a star. */
#ifndef GATEWAY_JOBS_TEMPLATE_H
#define GATEWAY_JOBS_TEMPLATE_H

#include "base/buf.h"
#include "base/error.h"
#include "gateway/config/config.h"

/* `lang` is "zh" or "en": that of the hints; the heads are the register's. */
MUST_CHECK bool template_write(const struct config *config, const char *lang, struct buf *out, struct error *err);

#endif
