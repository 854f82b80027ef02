/* china_ack.h - the receipt of 信用中国's file mode. Only for the files of that adapter.
 *
 * <ACKS file="<name>.xml" complete="true|false"><ACK ROWID VERSION result="accepted|rejected" code message/>…</ACKS>;
 * `complete` may be absent, which means true. While it is "false" the list grows, what it says already stands.
 * Source: upstreams.md section 3. */
#ifndef ADAPTERS_CHINA_ACK_H
#define ADAPTERS_CHINA_ACK_H

#include "adapters/adapter.h"

/* As the courier takes of an answer at most (1000 rows with the longest messages we keep are far less). */
enum { CHINA_ACK_BYTES_MAX = 4 * 1024 * 1024 };

/* ADAPTER_OUTCOMES; ADAPTER_NOT_READY when nothing is said of any row yet; ADAPTER_MALFORMED for whatever is not of
 * this form: another file's, a row that is not of this call, one twice, one missing although it is complete; any
 * document type, comment, processing instruction, entity, other encoding. `file` is the name with its ending. `out` is
 * zeroed. */
void china_ack_read(const struct adapter_call *call, const char *file, struct span body, struct adapter_result *out);

#endif
