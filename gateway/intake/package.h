/* package.h - the zip archive around a workbook (ECMA-376 Part 2, Open Packaging Conventions) and the XML of its parts,
 * read piece by piece under limits. */
#ifndef GATEWAY_INTAKE_PACKAGE_H
#define GATEWAY_INTAKE_PACKAGE_H

#include <libxml/xmlreader.h>

#include "base/buf.h"
#include "base/error.h"

enum {
    PACKAGE_ENTRIES_MAX = 1000,
    PACKAGE_RATIO_MAX = 200, /* of a part beyond the next limit */
    PACKAGE_RATIO_FROM_BYTES = 10 * 1024 * 1024
};
/* All parts together: a sheet of 1,048,576 full rows takes about 1.5 GiB. Nothing of it stays in memory. */
#define PACKAGE_INFLATED_MAX (UINT64_C(4) << 30)

struct package;
struct part;

/* `fd` is borrowed. Refuses (file.xlsx) what is no archive, encrypted, or laid out to deceive. */
MUST_CHECK bool package_open(int fd, struct package **out, struct error *err);
void package_free(struct package *package);

/* The full name of the part that `target` means when it stands in a part of `folder` ("" or "xl/"). False: it leads out
 * of the archive, or there is no such part. */
MUST_CHECK bool package_resolve(const struct package *package, const char *folder, const char *target, struct buf *out);

MUST_CHECK bool part_open(struct package *package, const char *name, struct part **out, struct error *err);
void part_free(struct part *part);
/* Go to the next node. Document types and entities are refused. */
MUST_CHECK bool part_next(struct part *part, bool *is_end, struct error *err);
xmlTextReaderPtr part_reader(const struct part *part);
/* The node is the beginning, or the end, of an element with this local name. */
bool part_begins(const struct part *part, const char *name);
bool part_ends(const struct part *part, const char *name);
/* The next attribute of the element at hand; false after the last (then the reader is back on the element). */
bool part_attribute(const struct part *part, const char **name, struct span *value);

DEFINE_AUTO(struct package *, package_free)
DEFINE_AUTO(struct part *, part_free)

#endif
