/* china_file.h - the file of 信用中国's file mode, and its name. Only for the files of that adapter.
 *
 * <报文号>_<YYYYMMDD>_<序号>, 报文号 six digits, 序号 five; UTF-8 XML: root DATAS, one DATA for each row, one element
 * for each member of the row in its order. Sources: upstreams.md section 3, domain.md 1.4 (b), XML 1.0 (5th edition).
 */
#ifndef ADAPTERS_CHINA_FILE_H
#define ADAPTERS_CHINA_FILE_H

#include "adapters/adapter.h"

enum {
    CHINA_FILE_BYTES_MAX = 16 * 1024 * 1024,
    /* A byte of a row's JSON becomes five at most ("&" is "&amp;"), and the tags of its members are shorter than that.
     */
    CHINA_ROWS_BYTES_MAX = 3 * 1024 * 1024,
    CHINA_NAME_BYTES = 6 + 1 + 8 + 1 + 5 + 1
};

/* The name without an ending. False, and `name` is "", when 报文号, day or number are none. */
MUST_CHECK bool china_name(const char *file_code, int32_t day, uint32_t number, char name[CHINA_NAME_BYTES]);

/* Add one DATA. ERR_INVALID, and nothing is added, when the row is no object of texts and numbers, when its members do
 * not ascend or one has no name that an element may have, or when a text holds a character that XML cannot carry; the
 * message names the member. */
MUST_CHECK bool china_data_add(struct span row, struct buf *out, struct error *err);
/* Add the whole file: 1 to ADAPTER_ROWS_MAX rows, at most CHINA_FILE_BYTES_MAX (ERR_LIMIT). */
MUST_CHECK bool china_file_add(const struct adapter_row *rows, size_t count, struct buf *out, struct error *err);

#endif
