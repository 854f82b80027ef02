/* chunks.h - the log's files that only grow: written in place, synced together. Only this room needs it.
 *
 * What stands below the committed size is never written with other bytes than it has; what stands behind it is nobody's
 * until it is committed, and may be written again. */
#ifndef GATEWAY_TRACE_CHUNKS_H
#define GATEWAY_TRACE_CHUNKS_H

#include "base/buf.h"
#include "base/error.h"

struct chunks;
/* `folder`: the log's. It need not be there before the first write. */
struct chunks *chunks_new(const char *folder);
void chunks_free(struct chunks *chunks);

/* `name` is the file's path inside the folder. Folders and file are made when missing. */
MUST_CHECK bool chunks_write(struct chunks *chunks, const char *name, uint64_t offset, struct span bytes,
                             struct error *err);
/* Add up to `bytes` bytes at `offset` to `out`: fewer (or none) when the file is shorter or not there. False only when
 * the operating system says no. */
MUST_CHECK bool chunks_read(struct chunks *chunks, const char *name, uint64_t offset, struct buf *out, size_t bytes,
                            struct error *err);
/* Everything written is on disk when true. After a failure, of this or of a write, nothing may be relied on: free it
 * and write everything behind the committed size again. */
MUST_CHECK bool chunks_sync(struct chunks *chunks, struct error *err);

DEFINE_AUTO(struct chunks *, chunks_free)

#endif
