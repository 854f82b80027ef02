/* diary.h - the platform's memory on disk: `<folder>/taken.jsonl`, one JSON line per upload, only ever appended.
 *
 * A line is on the disk before the upload is answered, so a killed sandbox forgets nothing that it acknowledged. A last
 * line without its end (killed while writing: never acknowledged) is cut off when opened. One process at a time. */
#ifndef SANDBOX_DIARY_H
#define SANDBOX_DIARY_H

#include <jansson.h>

#include "base/buf.h"
#include "base/error.h"

struct diary;
typedef bool diary_visit(const json_t *line, void *context, struct error *err);

/* Makes the folder when missing and visits every line, oldest first. ERR_CONFLICT when another process has it open,
 * ERR_CORRUPT for a whole line that is no JSON object. */
MUST_CHECK bool diary_open(const char *folder, diary_visit *visit, void *context, struct diary **out,
                           struct error *err);
/* `line` is one JSON object without line breaks. On failure nothing of it stays. */
MUST_CHECK bool diary_append(struct diary *diary, struct span line, struct error *err);
void diary_close(struct diary *diary);

DEFINE_AUTO(struct diary *, diary_close)

#endif
