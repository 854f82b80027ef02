#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/time.h"

static const char *const LEVEL_NAMES[] = {"error", "warning", "notice", "debug"};
static const char *const LEVEL_PREFIXES[] = {"<3>", "<4>", "<5>", "<7>"};

static void add_printable(struct buf *line, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;

        if (byte < 0x20 || byte == 0x7F)
            buf_addf(line, "\\x%02x", byte);
        else
            buf_add_byte(line, *text);
    }
}

void log_line(enum log_level level, const char *area, const char *format, ...)
{
    AUTO(buf_done) struct buf line = BUF_INIT;
    char sentence[1024];
    char now[INSTANT_TEXT_BYTES];
    va_list args;

    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    if (getenv("JOURNAL_STREAM"))
        buf_add_text(&line, LEVEL_PREFIXES[level]);
    else
        buf_addf(&line, "%s ", instant_format(clock_now_ms(&CLOCK_SYSTEM), now));
    buf_addf(&line, "%s %s[%ld]: ", LEVEL_NAMES[level], area, (long)getpid());
    add_printable(&line, sentence);
    buf_add_byte(&line, '\n');
    if (write(STDERR_FILENO, line.data, line.bytes) < 0)
        return; /* nobody listens: there is no other place to say it */
}
