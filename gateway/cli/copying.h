/* copying.h - copies of files and folders with their digests: what a backup is made of, and what a restore checks. */
#ifndef GATEWAY_CLI_COPYING_H
#define GATEWAY_CLI_COPYING_H

#include <jansson.h>

#include "base/error.h"

enum { COPY_FILES_MAX = 10 * 1000 * 1000 };

/* Copy `path` from the folder `from` to the folder `into` (folders between are made, mode 0700; the copy is synced) and
 * add {"path","bytes","sha256"} to `files`. A file that is not there (any more) is passed over. Links and what is no
 * file are refused (ERR_INVALID). A file that is there already: ERR_CONFLICT. */
MUST_CHECK bool copy_file(const char *from, const char *into, const char *path, json_t *files, struct error *err);
/* The same, but no more than `most` bytes of its front. */
MUST_CHECK bool copy_front(const char *from, const char *into, const char *path, uint64_t most, json_t *files,
                           struct error *err);
/* The same for all files below the folder `path`, sorted; none when there is no such folder. Unfinished ones (".new.")
 * are passed over. */
MUST_CHECK bool copy_tree(const char *from, const char *into, const char *path, json_t *files, struct error *err);
/* Fill `file` with {"path","bytes","sha256"} of a file that is there. */
MUST_CHECK bool copy_digest(const char *folder, const char *path, json_t *file, struct error *err);
/* Copy a file that a manifest describes, and check it: ERR_CORRUPT when it is not what was copied once. A path that
 * leads out of the folder is ERR_INVALID. */
MUST_CHECK bool copy_checked(const char *from, const char *into, const json_t *file, struct error *err);

#endif
