#include "gateway/intake/kind.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* Signatures of formats that are met under the names of registers. */
static const struct {
    struct span begin;
    const char *en;
    const char *zh;
} KINDS[] = {
    {SPAN("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), "an old .xls or .doc, or a workbook with a password",
     "旧版 .xls（.doc）文件，或加密的工作簿"},
    {SPAN("%PDF"), "a PDF", " PDF 文件"},
    {SPAN("{\\rtf"), "a rich text document", " RTF 文档"},
    {SPAN("\x89PNG"), "a picture", "图片"},
    {SPAN("\xFF\xD8\xFF"), "a picture", "图片"},
    {SPAN("Rar!"), "a .rar archive", " .rar 压缩包"},
    {SPAN("7z\xBC\xAF\x27\x1C"), "a .7z archive", " .7z 压缩包"},
    {SPAN("\x1F\x8B"), "a .gz archive", " .gz 压缩包"},
};

static bool refuse_kind(const char *en, const char *zh, struct error *err)
{
    return refuse(
        err, ERR_INVALID, "file.kind",
        "this is %s%.0s and cannot be imported: open it in a spreadsheet program and save it as .xlsx (without "
        "password) or CSV",
        "这是%.0s%s，不能导入：请用表格软件打开后另存为 .xlsx（不加密）或 CSV", en, zh);
}

/* Web pages and XML spreadsheets of 2003 are what many systems call an Excel export. */
static bool is_markup(struct span head)
{
    if (span_starts(head, "\xEF\xBB\xBF")) {
        head.at += 3;
        head.bytes -= 3;
    }
    head = span_trim(head);
    return head.bytes > 0 && head.at[0] == '<';
}

bool kind_judge(int fd, bool *is_xlsx, struct error *err)
{
    char bytes[64];
    ssize_t count = pread(fd, bytes, sizeof bytes, 0);
    struct span head = {bytes, count > 0 ? (size_t)count : 0};

    if (count < 0)
        return fail(err, ERR_IO, "read: %s", strerror(errno));
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if (head.bytes >= KINDS[i].begin.bytes && memcmp(head.at, KINDS[i].begin.at, KINDS[i].begin.bytes) == 0)
            return refuse_kind(KINDS[i].en, KINDS[i].zh, err);
    if (is_markup(head))
        return refuse_kind("a web page or an XML file", "网页或 XML 文件", err);
    *is_xlsx = span_starts(head, "PK\x03\x04") || span_starts(head, "PK\x05\x06");
    return true;
}
