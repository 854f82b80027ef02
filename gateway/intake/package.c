#include "gateway/intake/package.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/text.h"
#include "schemas/lexicon.h"

struct package {
    zip_t *zip;
    uint64_t file_bytes;
    uint64_t inflated; /* of all parts so far */
};

struct part {
    struct package *package;
    zip_file_t *file;
    xmlTextReaderPtr reader;
    char *name;
    uint64_t declared;
    uint64_t compressed;
    uint64_t inflated;
    struct error why; /* of a read that failed inside the XML reader */
    bool is_failed;
};

static bool is_safe_name(const char *name)
{
    size_t bytes = strlen(name);

    if (bytes == 0 || name[0] == '/' || strchr(name, '\\') || strchr(name, ':'))
        return false;
    return strcmp(name, "..") != 0 && strncmp(name, "../", 3) != 0 && !strstr(name, "/../") &&
           !(bytes >= 3 && strcmp(name + bytes - 3, "/..") == 0);
}

static bool check_entry(const struct package *package, const zip_stat_t *entry, struct error *err)
{
    enum { WANTED = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD };

    if ((entry->valid & WANTED) != WANTED || entry->comp_size > package->file_bytes)
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook is damaged%s", "工作簿已损坏%s", "");
    if ((entry->valid & ZIP_STAT_ENCRYPTION_METHOD) && entry->encryption_method != ZIP_EM_NONE)
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook has a password: save it without%s",
                      "工作簿已加密：请另存为不加密的文件%s", "");
    if (!is_safe_name(entry->name))
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook has an entry whose name leads out of it%s",
                      "工作簿中有指向外部的条目%s", "");
    if (entry->comp_method != ZIP_CM_STORE && entry->comp_method != ZIP_CM_DEFLATE)
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook is compressed in an unusual way: save it anew%s",
                      "工作簿的压缩方式不受支持：请用表格软件另存%s", "");
    return true;
}

static bool check_entries(const struct package *package, struct error *err)
{
    AUTO(lexicon_free) struct lexicon *names = lexicon_new();
    zip_int64_t count = zip_get_num_entries(package->zip, 0);

    if (count > PACKAGE_ENTRIES_MAX)
        return refuse(err, ERR_LIMIT, "file.xlsx", "the workbook has more than %d entries", "工作簿的条目超过 %d 个",
                      PACKAGE_ENTRIES_MAX);
    for (zip_int64_t i = 0; i < count; i++) {
        zip_stat_t entry;

        if (zip_stat_index(package->zip, (zip_uint64_t)i, 0, &entry) != 0)
            return refuse(err, ERR_INVALID, "file.xlsx", "the workbook is damaged%s", "工作簿已损坏%s", "");
        if (!check_entry(package, &entry, err))
            return false;
        if (!lexicon_add(names, span_of(entry.name), 0, NULL))
            return refuse(err, ERR_INVALID, "file.xlsx", "the workbook has two entries of one name%s",
                          "工作簿中有同名的条目%s", "");
    }
    return true;
}

bool package_open(int fd, struct package **out, struct error *err)
{
    AUTO(package_free) struct package *package = memory_new(sizeof *package);
    struct stat status;
    int code = 0;
    int own;

    if (fstat(fd, &status) != 0 || (own = dup(fd)) < 0)
        return fail(err, ERR_IO, "%s", strerror(errno));
    package->file_bytes = (uint64_t)status.st_size;
    package->zip = zip_fdopen(own, 0, &code);
    if (!package->zip) {
        close(own);
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook is no complete zip archive (libzip %d)",
                      "工作簿不是完整的 zip 文件（libzip %d）", code);
    }
    if (!check_entries(package, err))
        return false;
    *out = TAKE(package);
    return true;
}

void package_free(struct package *package)
{
    if (!package)
        return;
    if (package->zip)
        zip_discard(package->zip);
    free(package);
}

/* Take "./" and "folder/.." out of a path. False when it leads out. */
static bool normalise(struct buf *path)
{
    AUTO(buf_done) struct buf clean = BUF_INIT;
    const char *at = buf_text(path);

    while (*at) {
        size_t bytes = strcspn(at, "/");

        if (bytes == 2 && memcmp(at, "..", 2) == 0) {
            if (clean.bytes == 0)
                return false;
            do
                clean.bytes--;
            while (clean.bytes > 0 && clean.data[clean.bytes - 1] != '/');
        } else if (bytes > 0 && !(bytes == 1 && at[0] == '.')) {
            buf_add(&clean, at, bytes);
            if (at[bytes] == '/')
                buf_add_byte(&clean, '/');
        }
        at += bytes + (at[bytes] == '/');
    }
    buf_clear(path);
    buf_add(path, clean.data, clean.bytes);
    return path->bytes > 0;
}

bool package_resolve(const struct package *package, const char *folder, const char *target, struct buf *out)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    zip_int64_t index;

    if (target[0] != '/')
        buf_add_text(&path, folder);
    buf_add_text(&path, target);
    if (!normalise(&path))
        return false;
    index = zip_name_locate(package->zip, buf_text(&path), ZIP_FL_NOCASE);
    if (index < 0)
        return false;
    buf_clear(out);
    buf_add_text(out, zip_get_name(package->zip, (zip_uint64_t)index, 0));
    return true;
}

static bool is_beyond_ratio(uint64_t inflated, uint64_t compressed)
{
    return inflated > PACKAGE_RATIO_FROM_BYTES && inflated / PACKAGE_RATIO_MAX > compressed;
}

static bool refuse_bomb(const struct part *part, struct error *err)
{
    return refuse(err, ERR_LIMIT, "file.xlsx",
                  "the workbook's part %s grows far beyond what a register needs: it was not read",
                  "工作簿的 %s 解压后大小异常，未予读取", part->name);
}

/* The sizes in the headers are a stranger's word: what really comes out is counted. */
static bool count_inflated(struct part *part, uint64_t bytes)
{
    part->inflated += bytes;
    part->package->inflated += bytes;
    return part->inflated <= part->declared && part->package->inflated <= PACKAGE_INFLATED_MAX &&
           !is_beyond_ratio(part->inflated, part->compressed);
}

static int read_part(void *context, char *into, int bytes)
{
    struct part *part = context;
    zip_int64_t count = zip_fread(part->file, into, (zip_uint64_t)bytes);

    if (part->is_failed)
        return -1;
    if (count < 0) {
        part->is_failed = true;
        (void)refuse(&part->why, ERR_INVALID, "file.xlsx", "the workbook's part %s is damaged (%s)",
                     "工作簿的 %s 已损坏（%s）", part->name, zip_file_strerror(part->file));
        return -1;
    }
    if (!count_inflated(part, (uint64_t)count)) {
        part->is_failed = true;
        (void)refuse_bomb(part, &part->why);
        return -1;
    }
    return (int)count;
}

static int close_part(void *context)
{
    (void)context; /* part_free does it */
    return 0;
}

static void be_silent(void *context, xmlErrorPtr error)
{
    (void)context;
    (void)error;
}

bool part_open(struct package *package, const char *name, struct part **out, struct error *err)
{
    AUTO(part_free) struct part *part = memory_new(sizeof *part);
    zip_stat_t entry;

    part->package = package;
    part->name = memory_copy_text(name);
    if (zip_stat(package->zip, name, 0, &entry) != 0 || !(part->file = zip_fopen(package->zip, name, 0)))
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook's part %s cannot be read", "工作簿的 %s 无法读取",
                      name);
    part->declared = entry.size;
    part->compressed = entry.comp_size;
    if (is_beyond_ratio(part->declared, part->compressed) || part->declared > PACKAGE_INFLATED_MAX)
        return refuse_bomb(part, err);
    /* Neither XML_PARSE_HUGE nor NOENT nor DTDLOAD: libxml2's own limits stay, entities are not replaced. */
    part->reader = xmlReaderForIO(read_part, close_part, part, NULL, NULL, XML_PARSE_NONET);
    if (!part->reader)
        return fail(err, ERR_INTERNAL, "libxml2 made no reader");
    xmlTextReaderSetStructuredErrorHandler(part->reader, be_silent, NULL);
    *out = TAKE(part);
    return true;
}

void part_free(struct part *part)
{
    if (!part)
        return;
    if (part->reader)
        xmlFreeTextReader(part->reader);
    if (part->file)
        zip_fclose(part->file);
    text_free(part->name);
    free(part);
}

bool part_next(struct part *part, bool *is_end, struct error *err)
{
    int result = xmlTextReaderRead(part->reader);
    int type;

    if (part->is_failed) {
        if (err)
            *err = part->why;
        return false;
    }
    if (result < 0)
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook's part %s is not well-formed XML",
                      "工作簿的 %s 不是合法的 XML", part->name);
    type = xmlTextReaderNodeType(part->reader);
    if (type == XML_READER_TYPE_DOCUMENT_TYPE || type == XML_READER_TYPE_ENTITY_REFERENCE)
        return refuse(err, ERR_INVALID, "file.xlsx", "the workbook's part %s defines entities: it was not read",
                      "工作簿的 %s 含有实体定义，未予读取", part->name);
    *is_end = result == 0;
    return true;
}

xmlTextReaderPtr part_reader(const struct part *part)
{
    return part->reader;
}

static bool is_node(const struct part *part, int type, const char *name)
{
    const xmlChar *found;

    if (xmlTextReaderNodeType(part->reader) != type)
        return false;
    found = xmlTextReaderConstLocalName(part->reader);
    return found && strcmp((const char *)found, name) == 0;
}

bool part_begins(const struct part *part, const char *name)
{
    return is_node(part, XML_READER_TYPE_ELEMENT, name);
}

bool part_ends(const struct part *part, const char *name)
{
    return is_node(part, XML_READER_TYPE_END_ELEMENT, name);
}

bool part_attribute(const struct part *part, const char **name, struct span *value)
{
    while (xmlTextReaderMoveToNextAttribute(part->reader) == 1) {
        if (xmlTextReaderIsNamespaceDecl(part->reader) == 1)
            continue;
        *name = (const char *)xmlTextReaderConstLocalName(part->reader);
        *value = span_of((const char *)xmlTextReaderConstValue(part->reader));
        return true;
    }
    xmlTextReaderMoveToElement(part->reader);
    return false;
}
