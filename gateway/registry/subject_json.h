/* subject_json.h - the ready JSON of a subject's items (see subject.h for the members). Only subject.c needs it. */
#ifndef GATEWAY_REGISTRY_SUBJECT_JSON_H
#define GATEWAY_REGISTRY_SUBJECT_JSON_H

#include "gateway/registry/obligations.h"
#include "gateway/registry/record.h"

void subject_json_obligation_add(const struct obligation_version *version, const struct obligation *row,
                                 struct buf *out);
void subject_json_record_add(const struct record *record, int64_t from_ms, struct buf *out);

#endif
