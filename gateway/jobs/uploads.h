/* uploads.h - a file that was uploaded to be looked at (import-check) stays with its job for a while, so that the very
 * same bytes are checked again with corrections and imported in the end, without being sent again. */
#ifndef GATEWAY_JOBS_UPLOADS_H
#define GATEWAY_JOBS_UPLOADS_H

#include "gateway/jobs/folder.h"

enum { UPLOADS_KEPT_MAX = 20, UPLOADS_KEPT_S = 24 * 3600 };

/* Does this kind leave its file for others? */
bool uploads_keeps(const char *kind);
/* Does this kind work on the file of the job that its argument "from" names? */
bool uploads_uses(const char *kind);
/* The arguments of such an order as its job gets them, a new reference: the file's name and the day from the job that
 * has the file; "since" says how long the journal was when the job "seen" (without one: "from") looked at it.
 * ERR_NOT_FOUND "import.gone": there is no such file, or no more. ERR_FORBIDDEN "import.person": somebody else's.
 * ERR_CONFLICT: what is to be imported (import-checked) is not what was seen: "import.other-file" when the check "seen"
 * was of another file, "import.other-corrections" when the corrections are not those of that check, or it was not done.
 */
MUST_CHECK bool uploads_adopt(const struct config *config, const struct job_order *order, json_t **arguments,
                              struct error *err);
/* The same file under `path`. */
MUST_CHECK bool uploads_link(const struct config *config, const char *from, const char *path, struct error *err);
/* Remove the file of a job that has ended; gone already is fine. */
MUST_CHECK bool uploads_remove(const struct config *config, const char *id, struct error *err);

#endif
