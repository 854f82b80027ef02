/* Workbooks (gateway/intake/xlsx.h). An archive with its checksums is not what chance makes, so most inputs are the XML
 * of its parts, one behind the other, and the archive is made here; a first byte of "Z" means that the rest is the
 * archive itself.
 *
 *     sheet \0 sharedStrings \0 styles \0 workbook        what is left out stands as below */
#include "fuzz.h"

#include <zip.h>

#include "base/text.h"
#include "gateway/intake/xlsx.h"

#define SHEETS "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define PACKAGE "http://schemas.openxmlformats.org/package/2006/relationships"
#define OFFICE "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

enum { PARTS = 4 };

static const char *const NAMES[PARTS] = {"xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml",
                                         "xl/workbook.xml"};
static const char *const DEFAULTS[PARTS] = {
    "<worksheet xmlns=\"" SHEETS "\"><sheetData/></worksheet>",
    "<sst xmlns=\"" SHEETS "\"><si><t>a</t></si></sst>",
    "<styleSheet xmlns=\"" SHEETS "\"><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>",
    "<workbook xmlns=\"" SHEETS "\" xmlns:r=\"" OFFICE "\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/>"
    "</sheets></workbook>",
};
static const char RELATIONS[] =
    "<Relationships xmlns=\"" PACKAGE "\"><Relationship Id=\"rId1\" Type=\"" OFFICE "/officeDocument\" "
    "Target=\"xl/workbook.xml\"/></Relationships>";
static const char BOOK_RELATIONS[] =
    "<Relationships xmlns=\"" PACKAGE "\"><Relationship Id=\"rId1\" Type=\"" OFFICE "/worksheet\" "
    "Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"" OFFICE "/sharedStrings\" "
    "Target=\"sharedStrings.xml\"/><Relationship Id=\"rId3\" Type=\"" OFFICE "/styles\" Target=\"styles.xml\"/>"
    "</Relationships>";

static struct rules *rules;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    struct error err;

    (void)argc;
    (void)argv;
    FUZZ_CHECK(rules_load(TEST_SOURCE "/schemas", &rules, &err), "%s", err.text);
    return 0;
}

static void add_part(zip_t *zip, const char *name, struct span text)
{
    zip_source_t *source = zip_source_buffer(zip, text.at, text.bytes, 0);
    zip_int64_t index = zip_file_add(zip, name, source, 0);

    FUZZ_CHECK(index >= 0 && zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) == 0, "%s", name);
}

static struct span cut_part(struct span *rest, const char *otherwise)
{
    const char *end = rest->bytes ? memchr(rest->at, 0, rest->bytes) : NULL;
    struct span part = {rest->at, end ? (size_t)(end - rest->at) : rest->bytes};
    size_t taken = part.bytes + (end ? 1 : 0);

    *rest = (struct span){rest->at + taken, rest->bytes - taken};
    return part.bytes ? part : span_of(otherwise);
}

static void make_archive(struct span parts, struct buf *out)
{
    zip_error_t error;
    zip_source_t *memory = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = memory ? zip_open_from_source(memory, ZIP_CREATE | ZIP_TRUNCATE, &error) : NULL;
    zip_stat_t about;

    FUZZ_CHECK(zip, "no archive in memory");
    zip_source_keep(memory);
    add_part(zip, "_rels/.rels", span_of(RELATIONS));
    add_part(zip, "xl/_rels/workbook.xml.rels", span_of(BOOK_RELATIONS));
    for (int i = 0; i < PARTS; i++)
        add_part(zip, NAMES[i], cut_part(&parts, DEFAULTS[i]));
    FUZZ_CHECK(zip_close(zip) == 0 && zip_source_open(memory) == 0 && zip_source_stat(memory, &about) == 0, "close");
    buf_reserve(out, about.size);
    FUZZ_CHECK(zip_source_read(memory, out->data, about.size) == (zip_int64_t)about.size, "read");
    out->bytes = about.size;
    zip_source_close(memory);
    zip_source_free(memory);
}

static void read_rows(struct spool *spool)
{
    struct record record;
    struct error err;
    bool is_end = false;
    size_t line = 0;

    FUZZ_CHECK(spool_rewind(spool, &err), "%s", err.text);
    while (spool_next(spool, &record, &is_end, &err) && !is_end) {
        FUZZ_CHECK(record.line > line, "line %zu after %zu", record.line, line);
        line = record.line;
        for (size_t i = 0; i < record_stored(&record); i++)
            FUZZ_CHECK(utf8_is_valid(record.field[i], NULL), "line %zu", line);
    }
    FUZZ_CHECK(is_end, "%s", err.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(buf_done) struct buf archive = BUF_INIT;
    AUTO(spool_free) struct spool *spool = NULL;
    struct span input = fuzz_span(data, size);
    AUTO(file_close) int fd = -1;
    struct xlsx_source source = {.scratch = "/dev/shm", .rules = rules};
    struct problems notes = {0};
    struct error err = {.code = ERR_NONE};

    if (fuzz_take(&input) == 'Z')
        buf_add_span(&archive, input);
    else
        make_archive(input, &archive);
    fd = fuzz_file(buf_span(&archive));
    source.fd = fd;
    FUZZ_CHECK(spool_new("/dev/shm", &spool, &err), "%s", err.text);
    if (xlsx_read(&source, spool, &notes, &err))
        read_rows(spool);
    else
        FUZZ_CHECK(err.text[0] && utf8_is_valid(span_of(err.text), NULL), "a refusal without words");
    return 0;
}
