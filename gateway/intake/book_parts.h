/* book_parts.h - two parts of a workbook: the shared texts and the styles. */
#ifndef GATEWAY_INTAKE_BOOK_PARTS_H
#define GATEWAY_INTAKE_BOOK_PARTS_H

#include "gateway/intake/package.h"

struct shared;
struct styles;

/* At most BOOK_SHARED_BYTES_MAX with their index; else refused. */
MUST_CHECK bool shared_read(struct package *package, const char *name, struct shared **out, struct error *err);
void shared_free(struct shared *shared);
bool shared_text(const struct shared *shared, size_t number, struct span *text);

MUST_CHECK bool styles_read(struct package *package, const char *name, struct styles **out, struct error *err);
void styles_free(struct styles *styles);
bool styles_is_date(const struct styles *styles, size_t style);

DEFINE_AUTO(struct shared *, shared_free)
DEFINE_AUTO(struct styles *, styles_free)

#endif
