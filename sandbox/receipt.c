#include "sandbox/receipt.h"

#include <string.h>

#include "base/text.h"
#include "sandbox/rowcheck.h"

/* Texts hold what came as XML or from us: no characters that XML could not say. */
static void add_attribute(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, " %s=\"", name);
    for (; *text; text++) {
        if (*text == '&')
            buf_add_text(out, "&amp;");
        else if (*text == '<')
            buf_add_text(out, "&lt;");
        else if (*text == '"')
            buf_add_text(out, "&quot;");
        else if ((unsigned char)*text < ' ')
            buf_add_byte(out, ' ');
        else
            buf_add_byte(out, *text);
    }
    buf_add_byte(out, '"');
}

static const char *member(const json_t *outcome, const char *name)
{
    const char *text = json_string_value(json_object_get(outcome, name));

    return text ? text : "";
}

static void add_ack(const json_t *outcome, struct buf *out)
{
    const json_t *version = json_object_get(outcome, "VERSION");
    bool is_taken = strcmp(member(outcome, "result"), ROW_TAKEN) == 0;

    buf_add_text(out, "<ACK");
    add_attribute(out, "ROWID", member(outcome, "ROWID"));
    if (json_is_integer(version))
        buf_addf(out, " VERSION=\"%lld\"", (long long)json_integer_value(version));
    else
        add_attribute(out, "VERSION", member(outcome, "VERSION"));
    add_attribute(out, "result", is_taken ? "accepted" : "rejected");
    add_attribute(out, "code", is_taken ? "" : member(outcome, "result"));
    add_attribute(out, "message", member(outcome, "message"));
    buf_add_text(out, "/>\n");
}

void receipt_add(const char *name, const json_t *outcomes, size_t shown, struct buf *out)
{
    buf_addf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ACKS file=\"%s.xml\"%s>\n", name,
             shown < json_array_size(outcomes) ? " complete=\"false\"" : "");
    for (size_t i = 0; i < shown; i++)
        add_ack(json_array_get(outcomes, i), out);
    buf_add_text(out, "</ACKS>\n");
}
