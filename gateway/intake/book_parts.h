/* book_parts.h - two parts of a workbook: the shared texts and the styles. */
#ifndef GATEWAY_INTAKE_BOOK_PARTS_H
#define GATEWAY_INTAKE_BOOK_PARTS_H

#include "gateway/intake/package.h"
#include "gateway/intake/texts.h"

struct styles;

/* Add the texts of the part. */
MUST_CHECK bool shared_read(struct package *package, const char *name, struct texts *texts, struct error *err);

MUST_CHECK bool styles_read(struct package *package, const char *name, struct styles **out, struct error *err);
void styles_free(struct styles *styles);
bool styles_is_date(const struct styles *styles, size_t style);

DEFINE_AUTO(struct styles *, styles_free)

#endif
