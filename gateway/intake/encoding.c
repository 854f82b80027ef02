#include "gateway/intake/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "gateway/intake/record.h"

enum { CHARACTER_BYTES_MAX = 4, UTF_8_PER_INPUT = 4, MARK_BYTES = 3 };
enum { IN_BYTES = INTAKE_CHUNK_BYTES + CHARACTER_BYTES_MAX };
static const char MARK[] = "\xEF\xBB\xBF";

struct decoder {
    int fd;
    enum encoding encoding;
    iconv_t convert; /* (iconv_t)-1 for UTF-8 */
    off_t at;        /* of the next byte to read */
    off_t bad_at;    /* the first bad byte, after a failure */
    bool is_begun;
    size_t kept; /* bytes of a cut character at the beginning of `in` */
    char in[IN_BYTES];
    char out[]; /* UTF_8_PER_INPUT * IN_BYTES, for GB18030 */
};

const char *encoding_name(enum encoding encoding)
{
    return encoding == ENCODING_GB18030 ? "gb18030" : "utf-8";
}

static bool read_at(int fd, off_t at, struct span into, size_t *got, struct error *err)
{
    size_t total = 0;

    while (total < into.bytes) {
        ssize_t count = pread(fd, (char *)into.at + total, into.bytes - total, at + (off_t)total);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return fail(err, ERR_IO, "read: %s", strerror(errno));
        if (count == 0)
            break;
        total += (size_t)count;
    }
    *got = total;
    return true;
}

bool decoder_new(int fd, enum encoding encoding, struct decoder **out, struct error *err)
{
    size_t out_bytes = encoding == ENCODING_GB18030 ? (size_t)UTF_8_PER_INPUT * IN_BYTES : 0;
    AUTO(decoder_free) struct decoder *decoder = memory_new(sizeof *decoder + out_bytes);

    decoder->fd = fd;
    decoder->encoding = encoding;
    decoder->convert = (iconv_t)-1;
    if (encoding == ENCODING_GB18030) {
        decoder->convert = iconv_open("UTF-8", "GB18030");
        if (decoder->convert == (iconv_t)-1)
            return fail(err, ERR_INTERNAL, "iconv does not know GB18030: %s", strerror(errno));
    }
    *out = TAKE(decoder);
    return true;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    if (decoder->convert != (iconv_t)-1)
        iconv_close(decoder->convert);
    free(decoder);
}

/* Take the mark off the first piece. */
static struct span without_mark(struct decoder *decoder, struct span text)
{
    if (decoder->is_begun)
        return text;
    decoder->is_begun = true;
    return span_starts(text, MARK) ? (struct span){text.at + MARK_BYTES, text.bytes - MARK_BYTES} : text;
}

static bool convert_piece(struct decoder *decoder, size_t bytes, bool is_last, struct span *out, struct error *err)
{
    char *from = decoder->in;
    char *to = decoder->out;
    size_t left = bytes;
    size_t room = (size_t)UTF_8_PER_INPUT * IN_BYTES;
    off_t start = decoder->at - (off_t)bytes;

    if (iconv(decoder->convert, &from, &left, &to, &room) == (size_t)-1 && (errno != EINVAL || is_last)) {
        decoder->bad_at = start + (from - decoder->in);
        return fail(err, ERR_INVALID, "byte %lld is no GB18030", (long long)decoder->bad_at);
    }
    memmove(decoder->in, from, left);
    decoder->kept = left;
    *out = (struct span){decoder->out, (size_t)(to - decoder->out)};
    return true;
}

bool decoder_next(struct decoder *decoder, struct span *out, struct error *err)
{
    struct span room = {decoder->in + decoder->kept, INTAKE_CHUNK_BYTES};
    struct span text = SPAN_NONE;
    size_t bytes;
    size_t got;

    if (!read_at(decoder->fd, decoder->at, room, &got, err))
        return false;
    decoder->at += (off_t)got;
    bytes = decoder->kept + got;
    decoder->kept = 0;
    if (decoder->encoding == ENCODING_UTF_8)
        text = (struct span){decoder->in, bytes};
    else if (bytes > 0 && !convert_piece(decoder, bytes, got < INTAKE_CHUNK_BYTES, &text, err))
        return false;
    *out = without_mark(decoder, text);
    return true;
}

/* *is_good when all of the file is UTF-8; else *bad_at is the first bad byte. */
static bool scan_utf_8(int fd, bool *is_good, off_t *bad_at, struct error *err)
{
    AUTO(text_free) char *piece = memory_new(IN_BYTES);
    size_t kept = 0;
    off_t at = 0; /* of piece[0] */
    size_t got;

    do {
        struct span text;
        size_t bad;

        if (!read_at(fd, at + (off_t)kept, (struct span){piece + kept, INTAKE_CHUNK_BYTES}, &got, err))
            return false;
        text = (struct span){piece, kept + got};
        if (utf8_is_valid(text, &bad))
            bad = text.bytes;
        kept = text.bytes - bad;
        /* Less than a character at the end of a piece may become whole with the next one. */
        if (kept >= CHARACTER_BYTES_MAX || (kept > 0 && got < INTAKE_CHUNK_BYTES)) {
            *is_good = false;
            *bad_at = at + (off_t)bad;
            return true;
        }
        memmove(piece, piece + bad, kept);
        at += (off_t)bad;
    } while (got == INTAKE_CHUNK_BYTES);
    *is_good = true;
    return true;
}

static bool scan_gb18030(int fd, bool *is_good, off_t *bad_at, struct error *err)
{
    AUTO(decoder_free) struct decoder *decoder = NULL;
    struct error why;
    struct span piece = SPAN_NONE;

    if (!decoder_new(fd, ENCODING_GB18030, &decoder, err))
        return false;
    do {
        if (decoder_next(decoder, &piece, &why))
            continue;
        if (why.code != ERR_INVALID)
            return fail(err, why.code, "%s", why.text);
        *is_good = false;
        *bad_at = decoder->bad_at;
        return true;
    } while (piece.bytes > 0);
    *is_good = true;
    return true;
}

/* A first line of well-formed UTF-8 with more than ASCII is UTF-8: the file is damaged further down, and to read it as
 * GB18030 would make other characters of it. */
static bool first_line_is_utf_8(struct span head)
{
    const char *end = memchr(head.at, '\n', head.bytes);
    bool has_more = false;

    if (end)
        head.bytes = (size_t)(end - head.at);
    for (size_t i = 0; i < head.bytes; i++)
        has_more = has_more || (unsigned char)head.at[i] >= 0x80;
    return has_more && utf8_is_valid(head, NULL);
}

/* UTF-16 and UTF-32 by their marks; without one, by the zero bytes of the commas and digits, all on one side. */
static bool is_utf_16(struct span head)
{
    enum { ZEROS_PER = 16 };
    size_t zeros[2] = {0, 0};

    if (span_starts(head, "\xFF\xFE") || span_starts(head, "\xFE\xFF"))
        return true;
    for (size_t i = 0; i < head.bytes; i++)
        zeros[i % 2] += head.at[i] == '\0';
    return (zeros[0] + zeros[1]) * ZEROS_PER > head.bytes && (zeros[0] > 8 * zeros[1] || zeros[1] > 8 * zeros[0]);
}

/* Commas, quotes and line ends are no part of any character of GB 18030. */
static bool ends_token(char byte)
{
    return byte == ',' || byte == '"' || byte == '\n' || byte == '\r';
}

/* A long text in UTF-8 inside a file of GB 18030: read as the latter it would become other characters. Six characters
 * of UTF-8 that are good GB 18030 by chance are met; the other way round, nine of GB 18030 that are good UTF-8, are not
 * (most of them, and all that end in 公司 or 厂, have bytes that UTF-8 does not). */
static bool is_foreign(struct span token)
{
    enum { FOREIGN_BYTES = 18 };
    size_t high = 0;

    for (size_t i = 0; i < token.bytes; i++)
        high += (unsigned char)token.at[i] >= 0x80;
    return high >= FOREIGN_BYTES && utf8_is_valid(token, NULL);
}

/* The first text in UTF-8 among those that end in the piece; `*rest` is where the last one begins, which does not. */
static bool find_foreign(struct span piece, size_t *rest, size_t *found)
{
    size_t start = 0;

    for (size_t i = 0; i < piece.bytes; i++) {
        if (!ends_token(piece.at[i]))
            continue;
        *found = start;
        if (is_foreign((struct span){piece.at + start, i - start}))
            return true;
        start = i + 1;
    }
    *rest = start;
    return false;
}

/* *bad_at: the first text in UTF-8, or -1. */
static bool scan_foreign(int fd, off_t *bad_at, struct error *err)
{
    AUTO(text_free) char *piece = memory_new(INTAKE_CHUNK_BYTES);
    struct span text = {piece, 0};
    off_t at = 0; /* of piece[0] */
    size_t rest = 0;
    size_t found = 0;
    size_t got;

    for (;;) {
        if (!read_at(fd, at + (off_t)text.bytes, (struct span){piece + text.bytes, INTAKE_CHUNK_BYTES - text.bytes},
                     &got, err))
            return false;
        if (got == 0) { /* what is left is the last text, which nothing ends */
            *bad_at = is_foreign(text) ? at : -1;
            return true;
        }
        text.bytes += got;
        if (find_foreign(text, &rest, &found)) {
            *bad_at = at + (off_t)found;
            return true;
        }
        if (rest == 0 && text.bytes == INTAKE_CHUNK_BYTES)
            rest = text.bytes; /* a text of a whole piece is too long for any column: let it go */
        memmove(piece, piece + rest, text.bytes - rest);
        text.bytes -= rest;
        at += (off_t)rest;
    }
}

static bool refuse_foreign(off_t bad_at, struct error *err)
{
    return refuse(
        err, ERR_INVALID, "file.encoding",
        "the file mixes two encodings: it is GB18030, but there is UTF-8 at byte %lld (from 0). Put it together "
        "in a spreadsheet program and save it as .xlsx or CSV UTF-8",
        "文件混用了两种编码：总体是 GB18030，但第 %lld 字节（从 0 起）处是 UTF-8。请在表格软件中合并后另存为 "
        ".xlsx 或 CSV UTF-8",
        (long long)bad_at);
}

static bool judge_bytes(int fd, struct span head, enum encoding *out, struct error *err)
{
    bool is_good;
    off_t bad_at;
    off_t bad_utf_8;

    if (!scan_utf_8(fd, &is_good, &bad_utf_8, err))
        return false;
    *out = ENCODING_UTF_8;
    if (is_good)
        return true;
    if (span_starts(head, MARK) || first_line_is_utf_8(head))
        return refuse(
            err, ERR_INVALID, "file.encoding",
            "the file is UTF-8, but damaged (or mixed with another encoding) at byte %lld (from 0): get it again, or "
            "save it as .xlsx",
            "文件是 UTF-8 编码，但第 %lld 字节（从 0 起）处已损坏，或混入了其他编码：请重新获取，或另存为 .xlsx",
            (long long)bad_utf_8);
    if (!scan_gb18030(fd, &is_good, &bad_at, err))
        return false;
    *out = ENCODING_GB18030;
    if (is_good) {
        if (!scan_foreign(fd, &bad_at, err))
            return false;
        return bad_at < 0 || refuse_foreign(bad_at, err);
    }
    return refuse(
        err, ERR_INVALID, "file.encoding",
        "the file is neither UTF-8 (bad at byte %lld) nor GB18030 (bad at byte %lld): it is damaged, or no text. "
        "Open it in a spreadsheet program and save it as .xlsx or CSV UTF-8",
        "文件既不是 UTF-8（第 %lld 字节不符），也不是 GB18030（第 %lld 字节不符）：可能已损坏，或不是文本。请用表格软件"
        "打开后另存为 .xlsx 或 CSV UTF-8",
        (long long)bad_utf_8, (long long)bad_at);
}

bool encoding_detect(int fd, enum encoding *out, struct error *err)
{
    enum { HEAD_BYTES = 8192 };
    char bytes[HEAD_BYTES];
    struct span head = {bytes, sizeof bytes};
    enum encoding found;

    if (!read_at(fd, 0, head, &head.bytes, err))
        return false;
    if (head.bytes == 0)
        return refuse(err, ERR_INVALID, "file.empty", "the file is empty: check that it is the right file%s",
                      "文件是空的：请确认选对了文件%s", "");
    if (is_utf_16(head))
        return refuse(err, ERR_INVALID, "file.encoding",
                      "the file is UTF-16 (\"Unicode text\"): save it as CSV UTF-8 or .xlsx%s",
                      "文件是 UTF-16 编码（“Unicode 文本”）：请另存为 CSV UTF-8 或 .xlsx%s", "");
    if (!judge_bytes(fd, head, &found, err))
        return false;
    *out = found;
    return true;
}
