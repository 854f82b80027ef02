#include "gateway/intake/book.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "gateway/intake/book_parts.h"

struct relation {
    struct buf id;
    struct buf type;
    struct buf target;
    bool is_external;
};

struct relations {
    struct relation all[BOOK_RELATIONS_MAX];
    size_t count;
};

struct book {
    struct package *package;
    struct buf sheet;
    bool has_cells;    /* of `sheet` */
    struct buf others; /* names of other visible sheets that have cells */
    size_t other_count;
    bool is_1904;
    struct texts *texts;
    struct styles *styles;
};

static void relations_free(struct relations *relations)
{
    if (!relations)
        return;
    for (size_t i = 0; i < relations->count; i++) {
        buf_done(&relations->all[i].id);
        buf_done(&relations->all[i].type);
        buf_done(&relations->all[i].target);
    }
    free(relations);
}
DEFINE_AUTO(struct relations *, relations_free)

static void take_relation(const struct part *part, struct relation *relation)
{
    const char *name;
    struct span value;

    while (part_attribute(part, &name, &value)) {
        if (strcmp(name, "Id") == 0)
            buf_add_span(&relation->id, value);
        else if (strcmp(name, "Type") == 0)
            buf_add_span(&relation->type, value);
        else if (strcmp(name, "Target") == 0)
            buf_add_span(&relation->target, value);
        else if (strcmp(name, "TargetMode") == 0)
            relation->is_external = span_is(value, "External");
    }
}

static bool relations_read(struct package *package, const char *name, struct relations **out, struct error *err)
{
    AUTO(relations_free) struct relations *relations = memory_new(sizeof *relations);
    AUTO(part_free) struct part *part = NULL;
    bool is_end = false;

    if (!part_open(package, name, &part, err))
        return false;
    while (!is_end) {
        if (!part_next(part, &is_end, err))
            return false;
        if (is_end || !part_begins(part, "Relationship"))
            continue;
        if (relations->count == BOOK_RELATIONS_MAX)
            return refuse(err, ERR_LIMIT, "file.xlsx", "the workbook has more than %d relations",
                          "工作簿的关系超过 %d 个", BOOK_RELATIONS_MAX);
        take_relation(part, &relations->all[relations->count++]);
    }
    *out = TAKE(relations);
    return true;
}

static bool ends_with(struct span text, const char *ending)
{
    size_t bytes = strlen(ending);

    return text.bytes >= bytes && memcmp(text.at + text.bytes - bytes, ending, bytes) == 0;
}

static const char *target_of_type(const struct relations *relations, const char *ending)
{
    for (size_t i = 0; i < relations->count; i++)
        if (!relations->all[i].is_external && ends_with(buf_span(&relations->all[i].type), ending))
            return buf_text(&relations->all[i].target);
    return NULL;
}

static const struct relation *relation_of_id(const struct relations *relations, struct span id)
{
    for (size_t i = 0; i < relations->count; i++)
        if (!relations->all[i].is_external && span_equal(buf_span(&relations->all[i].id), id))
            return &relations->all[i];
    return NULL;
}

/* One <sheet>: its name, its relation, whether it is shown. */
struct sheet_entry {
    struct buf name;
    struct buf relation;
    bool is_hidden;
};

static void sheet_entry_done(struct sheet_entry *entry)
{
    buf_done(&entry->name);
    buf_done(&entry->relation);
}
DEFINE_AUTO_IN_PLACE(struct sheet_entry, sheet_entry_done)

static void take_entry(const struct part *part, struct sheet_entry *entry)
{
    const char *name;
    struct span value;

    while (part_attribute(part, &name, &value)) {
        if (strcmp(name, "name") == 0)
            buf_add_span(&entry->name, value);
        else if (strcmp(name, "id") == 0)
            buf_add_span(&entry->relation, value);
        else if (strcmp(name, "state") == 0)
            entry->is_hidden = span_is(value, "hidden") || span_is(value, "veryHidden");
    }
}

static bool part_has_cells(struct package *package, const char *name, bool *has_cells, struct error *err)
{
    AUTO(part_free) struct part *part = NULL;
    bool is_end = false;

    *has_cells = false;
    if (!part_open(package, name, &part, err))
        return false;
    while (!is_end && !*has_cells) {
        if (!part_next(part, &is_end, err))
            return false;
        *has_cells = !is_end && (part_begins(part, "v") || part_begins(part, "is"));
    }
    return true;
}

static void add_other(struct book *book, const struct sheet_entry *entry)
{
    enum { NAMED_MAX = 5, NAME_BYTES = 48 };

    if (++book->other_count > NAMED_MAX)
        return;
    buf_add_text(&book->others, book->other_count == 1 ? "" : ", ");
    buf_add_span(&book->others, utf8_cut(buf_span(&entry->name), NAME_BYTES));
    if (book->other_count == NAMED_MAX)
        buf_add_text(&book->others, " …");
}

/* A visible worksheet: the one to read, or one more. */
static bool take_worksheet(struct book *book, const struct sheet_entry *entry, struct span path, struct error *err)
{
    AUTO(buf_done) struct buf name = BUF_INIT;
    bool has_cells;

    buf_add_span(&name, path);
    if (!part_has_cells(book->package, buf_text(&name), &has_cells, err))
        return false;
    if (book->sheet.bytes == 0 || (has_cells && !book->has_cells)) {
        buf_clear(&book->sheet);
        buf_add_span(&book->sheet, path);
        book->has_cells = has_cells;
    } else if (has_cells) {
        add_other(book, entry);
    }
    return true;
}

static bool take_sheet(struct book *book, const struct part *part, const char *folder,
                       const struct relations *relations, struct error *err)
{
    AUTO(sheet_entry_done) struct sheet_entry entry = {BUF_INIT, BUF_INIT, false};
    AUTO(buf_done) struct buf path = BUF_INIT;
    const struct relation *relation;

    take_entry(part, &entry);
    if (entry.is_hidden)
        return true;
    relation = relation_of_id(relations, buf_span(&entry.relation));
    if (relation && !ends_with(buf_span(&relation->type), "/worksheet"))
        return true; /* a sheet that is a chart or a dialogue has no cells */
    if (!relation || !package_resolve(book->package, folder, buf_text(&relation->target), &path))
        return refuse(err, ERR_INVALID, "file.xlsx",
                      "the workbook's sheet is missing: open it in a spreadsheet program and save it anew%s",
                      "工作簿缺少工作表：请用表格软件打开后另存为 .xlsx%s", "");
    return take_worksheet(book, &entry, buf_span(&path), err);
}

static void take_properties(struct book *book, const struct part *part)
{
    const char *name;
    struct span value;

    while (part_attribute(part, &name, &value))
        if (strcmp(name, "date1904") == 0)
            book->is_1904 = span_is(value, "1") || span_is(value, "true");
}

static bool read_workbook(struct book *book, const char *name, const char *folder, const struct relations *relations,
                          struct error *err)
{
    AUTO(part_free) struct part *part = NULL;
    bool is_end = false;

    if (!part_open(book->package, name, &part, err))
        return false;
    while (!is_end) {
        if (!part_next(part, &is_end, err))
            return false;
        if (is_end)
            break;
        if (part_begins(part, "workbookPr"))
            take_properties(book, part);
        else if (part_begins(part, "sheet") && !take_sheet(book, part, folder, relations, err))
            return false;
    }
    if (book->sheet.bytes == 0)
        return refuse(
            err, ERR_INVALID, "file.xlsx",
            "there is no visible worksheet: check that this is an .xlsx workbook and that its sheet is not hidden%s",
            "没有可见的工作表：请确认这是 .xlsx 工作簿，且工作表没有隐藏%s", "");
    return true;
}

/* "xl/workbook.xml": the folder "xl/", the relations "xl/_rels/workbook.xml.rels". */
static void split_name(struct span name, struct buf *folder, struct buf *relations)
{
    size_t at = name.bytes;

    while (at > 0 && name.at[at - 1] != '/')
        at--;
    buf_add(folder, name.at, at);
    buf_add_span(relations, buf_span(folder));
    buf_add_text(relations, "_rels/");
    buf_add(relations, name.at + at, name.bytes - at);
    buf_add_text(relations, ".rels");
}

static bool read_tables(struct book *book, const char *folder, const struct relations *relations, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    const char *strings = target_of_type(relations, "/sharedStrings");
    const char *styles = target_of_type(relations, "/styles");

    if (strings && package_resolve(book->package, folder, strings, &path) &&
        !shared_read(book->package, buf_text(&path), book->texts, err))
        return false;
    return !styles || !package_resolve(book->package, folder, styles, &path) ||
           styles_read(book->package, buf_text(&path), &book->styles, err);
}

static bool read_book(struct book *book, struct error *err)
{
    AUTO(relations_free) struct relations *root = NULL;
    AUTO(relations_free) struct relations *relations = NULL;
    AUTO(buf_done) struct buf name = BUF_INIT;
    AUTO(buf_done) struct buf folder = BUF_INIT;
    AUTO(buf_done) struct buf relations_name = BUF_INIT;
    const char *target;

    if (!package_resolve(book->package, "", "_rels/.rels", &name))
        return refuse(err, ERR_INVALID, "file.xlsx",
                      "this is a zip archive (or an .ods), but no .xlsx workbook: open it in a spreadsheet program and "
                      "save it as "
                      ".xlsx%s",
                      "这是 zip（或 .ods）文件，不是 .xlsx 工作簿：请用表格软件打开后另存为 .xlsx%s", "");
    if (!relations_read(book->package, buf_text(&name), &root, err))
        return false;
    target = target_of_type(root, "/officeDocument");
    if (!target || ends_with(span_of(target), ".bin") || !package_resolve(book->package, "", target, &name))
        return refuse(err, ERR_INVALID, "file.xlsx",
                      "this is no .xlsx workbook: open it in a spreadsheet program and save it as .xlsx%s",
                      "这不是 .xlsx 工作簿：请用表格软件打开后另存为 .xlsx%s", "");
    split_name(buf_span(&name), &folder, &relations_name);
    if (!relations_read(book->package, buf_text(&relations_name), &relations, err))
        return false;
    return read_workbook(book, buf_text(&name), buf_text(&folder), relations, err) &&
           read_tables(book, buf_text(&folder), relations, err);
}

bool book_open(int fd, const char *scratch, struct book **out, struct error *err)
{
    AUTO(book_free) struct book *book = memory_new(sizeof *book);

    book->texts = texts_new(scratch);
    if (!package_open(fd, &book->package, err) || !read_book(book, err))
        return false;
    *out = TAKE(book);
    return true;
}

void book_free(struct book *book)
{
    if (!book)
        return;
    texts_free(book->texts);
    styles_free(book->styles);
    buf_done(&book->sheet);
    buf_done(&book->others);
    package_free(book->package);
    free(book);
}

struct package *book_package(struct book *book)
{
    return book->package;
}

const char *book_sheet(const struct book *book)
{
    return buf_text(&book->sheet);
}

const char *book_other_sheets(const struct book *book)
{
    return buf_text(&book->others);
}

bool book_shared(struct book *book, size_t number, bool *is_there, struct span *text, struct error *err)
{
    return texts_get(book->texts, number, is_there, text, err);
}

bool book_style_is_date(const struct book *book, size_t style)
{
    return book->styles && styles_is_date(book->styles, style);
}

/* The 1900 system believes in a 29 February 1900, its day 60: from then on it is one day ahead. Half a second is taken
 * for what computing with fractions leaves behind. */
bool book_date(const struct book *book, double serial, char text[32])
{
    enum { SERIAL_MAX = 200000, FALSE_DAY = 60, SECONDS = 24 * 60 * 60 };
    double whole = floor(serial + 0.5 / SECONDS);
    int seconds = (int)lround((serial - whole) * SECONDS);
    int32_t day;

    if (!(serial >= 1) || serial > SERIAL_MAX || (!book->is_1904 && (int)whole == FALSE_DAY))
        return false;
    if (book->is_1904)
        day = day_from_civil(1904, 1, 1) + (int32_t)whole;
    else
        day = day_from_civil(1899, 12, whole < FALSE_DAY ? 31 : 30) + (int32_t)whole;
    day_format(day, text);
    if (seconds > 0)
        snprintf(text + DAY_TEXT_BYTES - 1, 32 - DAY_TEXT_BYTES, " %02d:%02d", seconds / 3600, seconds / 60 % 60);
    return true;
}
