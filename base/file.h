/* file.h - whole files, durable files, folders. Paths are NUL-terminated. Messages name the path. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/error.h"

MUST_CHECK bool file_read(const char *path, size_t limit, struct buf *out, struct error *err);
/* Write beside, sync, rename, sync the folder: afterwards the file holds either the old or the new bytes, whatever
 * happens. */
MUST_CHECK bool file_write(const char *path, struct span bytes, unsigned mode, struct error *err);
MUST_CHECK bool file_make_folder(const char *path, unsigned mode,
                                 struct error *err); /* with parents; existing is fine */
MUST_CHECK bool file_sync_folder(const char *path, struct error *err);
bool file_exists(const char *path);
/* Write all bytes to a descriptor, over short writes and EINTR. */
MUST_CHECK bool file_write_all(int fd, struct span bytes, struct error *err);
/* The same at a place of the file, without moving its position. */
MUST_CHECK bool file_write_at(int fd, uint64_t offset, struct span bytes, struct error *err);
/* What errno says went wrong with `path` while `doing`, as our error; false. A file system that may not be written is
 * told by the rule FILE_READ_ONLY. */
#define FILE_READ_ONLY "disk.read-only"
void file_error_set(struct error *err, const char *path, const char *doing);
#define file_fail(err, path, doing) (file_error_set((err), (path), (doing)), false)
void file_close(int fd); /* nothing for -1 */
/* Remove a folder and what is in it; never follows links. For scratch folders. */
MUST_CHECK bool file_remove_tree(const char *path, struct error *err);
/* "<folder>/<name>" as a new text. */
char *path_join(const char *folder, const char *name);

DEFINE_AUTO(int, file_close)

#endif
