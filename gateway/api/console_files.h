/* console_files.h - the console's pages: a folder read once, when the process begins, and answered from memory; so no
 * path of a request ever reaches the file system. Links and what is neither a file nor a folder are left out. Beside a
 * file may lie FILE.br and FILE.gz, the same compressed when it was built. At most FILES_MAX files and
 * FILES_BYTES_MAX bytes. */
#ifndef GATEWAY_API_CONSOLE_FILES_H
#define GATEWAY_API_CONSOLE_FILES_H

#include "base/buf.h"
#include "base/error.h"

enum { FILES_MAX = 2000, FILES_BYTES_MAX = 64 * 1024 * 1024, FILES_DEPTH_MAX = 8, FILES_TAG_BYTES = 35 };

struct console_file {
    char *path; /* below the folder, "assets/x.js" */
    struct buf bytes;
    char tag[FILES_TAG_BYTES]; /* ETag with its quotes: of its bytes */
};

struct console_files;
/* A folder that is not there has no files: it is said in the log. */
MUST_CHECK bool console_files_load(const char *folder, struct console_files **out, struct error *err);
void console_files_free(struct console_files *files);
/* NULL: there is none. */
const struct console_file *console_files_find(const struct console_files *files, struct span path);
/* By its extension. */
const char *console_files_type(struct span path);

#endif
