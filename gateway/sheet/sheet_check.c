#include "gateway/sheet/sheet_check.h"

#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>
#include <zip.h>

enum { NAME_BYTES = 64, WORKSHEETS_MAX = 64 };

struct tally {
    uint64_t rows;
    uint64_t cells;
};

static int read_entry(void *context, char *into, int bytes)
{
    return (int)zip_fread(context, into, (zip_uint64_t)bytes);
}

/* The entry is closed by the reader's owner. */
static int leave_entry(void *context)
{
    (void)context;
    return 0;
}

static bool count_in(zip_file_t *entry, struct tally *tally)
{
    xmlTextReaderPtr reader = xmlReaderForIO(read_entry, leave_entry, entry, NULL, NULL,
                                             XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_HUGE);
    int more = reader ? xmlTextReaderRead(reader) : -1;

    while (more == 1) {
        if (xmlTextReaderNodeType(reader) == XML_READER_TYPE_ELEMENT) {
            const char *name = (const char *)xmlTextReaderConstLocalName(reader);

            tally->rows += strcmp(name, "row") == 0;
            tally->cells += strcmp(name, "c") == 0;
        }
        more = xmlTextReaderRead(reader);
    }
    xmlFreeTextReader(reader);
    return more == 0;
}

static bool count_all(zip_t *zip, struct tally *tally)
{
    for (int sheet = 1; sheet <= WORKSHEETS_MAX; sheet++) {
        char name[NAME_BYTES];
        zip_file_t *entry;
        bool is_good;

        snprintf(name, sizeof name, "xl/worksheets/sheet%d.xml", sheet);
        entry = zip_fopen(zip, name, 0);
        if (!entry)
            return sheet > 1;
        is_good = count_in(entry, tally);
        is_good = zip_fclose(entry) == 0 && is_good; /* tells a wrong checksum */
        if (!is_good)
            return false;
    }
    return false;
}

bool sheet_is_whole(struct span archive, uint64_t rows, uint64_t cells, struct error *err)
{
    zip_error_t problem = {0};
    zip_source_t *source = zip_source_buffer_create(archive.at, archive.bytes, 0, &problem);
    zip_t *zip = source ? zip_open_from_source(source, ZIP_RDONLY, &problem) : NULL;
    struct tally tally = {0, 0};
    bool is_whole = zip && count_all(zip, &tally) && tally.rows == rows && tally.cells == cells;

    if (zip)
        zip_discard(zip);
    else if (source)
        zip_source_free(source);
    zip_error_fini(&problem);
    if (!is_whole)
        return fail(err, ERR_IO, "the workbook could not be written whole (a full disk?)");
    return true;
}
