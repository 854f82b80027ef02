#include "schemas/personal.h"

#include "base/text.h"

static const char KIND[] = "92";
static const char HIDDEN[] = "**";

bool personal_is_code(struct span uscc)
{
    return span_starts(uscc, KIND);
}

/* How many characters there were is not told. */
void personal_mask_text(struct span text, struct buf *out)
{
    size_t bytes = text.bytes > 0;

    while (bytes < text.bytes && ((unsigned char)text.at[bytes] & 0xC0) == 0x80)
        bytes++;
    buf_add_span(out, (struct span){text.at, bytes});
    buf_add_text(out, HIDDEN);
}

void personal_mask_code(struct span uscc, struct buf *out)
{
    buf_add_span(out, (struct span){uscc.at, sizeof KIND - 1});
    buf_add_text(out, HIDDEN);
}
