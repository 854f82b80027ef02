#include "gateway/trace/frame.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "keys/digest.h"

enum { AT_BYTES = 0, AT_CRC = 4, AT_NUMBER = 8, AT_PROMISED = 12, NUMBER_DIGITS = 10 };

static void put_u32(char *at, uint32_t value)
{
    value = htole32(value);
    memcpy(at, &value, sizeof value);
}

static uint32_t get_u32(const char *at)
{
    uint32_t value;

    memcpy(&value, at, sizeof value);
    return le32toh(value);
}

void segment_id_new(char id[SEGMENT_ID_BYTES])
{
    uint64_t chance;

    random_bytes(&chance, sizeof chance);
    snprintf(id, SEGMENT_ID_BYTES, "%08" PRIx32 "%016" PRIx64, (uint32_t)(clock_now_ms(&CLOCK_SYSTEM) / 1000), chance);
}

uint32_t segment_id_crc(const char id[SEGMENT_ID_BYTES])
{
    return crc32_of(0, (struct span){id, SEGMENT_ID_LENGTH});
}

bool segment_id_is_valid(struct span text)
{
    if (text.bytes != SEGMENT_ID_LENGTH)
        return false;
    for (size_t i = 0; i < text.bytes; i++) {
        if (!(text.at[i] >= '0' && text.at[i] <= '9') && !(text.at[i] >= 'a' && text.at[i] <= 'f'))
            return false;
    }
    return true;
}

char *segments_path(const char *folder)
{
    return path_join(folder, "segments");
}

char *segment_path(const char *folder, const char *id, const char *suffix)
{
    struct buf path = BUF_INIT;

    buf_addf(&path, "%s/segments/%s%s", folder, id, suffix);
    return path.data;
}

void receipt_format(const char id[SEGMENT_ID_BYTES], uint32_t number, char receipt[TRACE_RECEIPT_BYTES])
{
    char digits[NUMBER_DIGITS];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    memcpy(receipt, id, SEGMENT_ID_LENGTH);
    receipt[SEGMENT_ID_LENGTH] = '-';
    memcpy(receipt + SEGMENT_ID_LENGTH + 1, digits + at, sizeof digits - at);
    receipt[SEGMENT_ID_LENGTH + 1 + sizeof digits - at] = '\0';
}

bool receipt_parse(struct span text, char id[SEGMENT_ID_BYTES], uint32_t *number)
{
    struct span digits;
    int64_t value;

    if (text.bytes < SEGMENT_ID_LENGTH + 2 || text.bytes >= TRACE_RECEIPT_BYTES ||
        !segment_id_is_valid((struct span){text.at, SEGMENT_ID_LENGTH}) || text.at[SEGMENT_ID_LENGTH] != '-')
        return false;
    digits = (struct span){text.at + SEGMENT_ID_LENGTH + 1, text.bytes - SEGMENT_ID_LENGTH - 1};
    if ((digits.at[0] == '0' && digits.bytes > 1) || !integer_parse(digits, &value) || value > UINT32_MAX)
        return false;
    memcpy(id, text.at, SEGMENT_ID_LENGTH);
    id[SEGMENT_ID_LENGTH] = '\0';
    *number = (uint32_t)value;
    return true;
}

void frame_begin(struct buf *out)
{
    static const char HEAD[FRAME_HEAD_BYTES];

    buf_add(out, HEAD, sizeof HEAD);
}

void frame_end(struct buf *out, size_t at, uint32_t id_crc, uint32_t number, uint32_t promised)
{
    char *frame = out->data + at;
    size_t bytes = out->bytes - at;

    put_u32(frame + AT_BYTES, (uint32_t)(bytes - FRAME_HEAD_BYTES));
    put_u32(frame + AT_NUMBER, number);
    put_u32(frame + AT_PROMISED, promised);
    put_u32(frame + AT_CRC, crc32_of(id_crc, (struct span){frame + AT_NUMBER, bytes - AT_NUMBER}));
}

enum frame_fault frame_read(struct span bytes, uint32_t id_crc, struct frame *out)
{
    size_t entry_bytes;

    if (bytes.bytes < FRAME_HEAD_BYTES)
        return FRAME_SHORT;
    entry_bytes = get_u32(bytes.at + AT_BYTES);
    if (entry_bytes == 0 || entry_bytes > TRACE_ENTRY_BYTES_MAX)
        return FRAME_BAD;
    if (bytes.bytes < FRAME_HEAD_BYTES + entry_bytes)
        return FRAME_SHORT;
    if (get_u32(bytes.at + AT_CRC) !=
        crc32_of(id_crc, (struct span){bytes.at + AT_NUMBER, FRAME_HEAD_BYTES - AT_NUMBER + entry_bytes}))
        return FRAME_BAD;
    out->number = get_u32(bytes.at + AT_NUMBER);
    out->promised = get_u32(bytes.at + AT_PROMISED);
    out->entry = (struct span){bytes.at + FRAME_HEAD_BYTES, entry_bytes};
    return FRAME_GOOD;
}
