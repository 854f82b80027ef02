/* log.h - what the operator reads: one line an event on standard error, `level area: sentence`. Never secrets, never
 * personal data, never a stranger's bytes unescaped. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_NOTICE, LOG_LEVEL_DEBUG };

/* Standard error under systemd gets the <N> prefixes of sd-daemon; control characters are escaped. */
void log_line(enum log_level level, const char *area, const char *format, ...) PRINTF(3, 4);

#define log_error(area, ...) log_line(LOG_LEVEL_ERROR, (area), __VA_ARGS__)
#define log_warning(area, ...) log_line(LOG_LEVEL_WARNING, (area), __VA_ARGS__)
#define log_notice(area, ...) log_line(LOG_LEVEL_NOTICE, (area), __VA_ARGS__)

#endif
