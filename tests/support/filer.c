#include "tests/support/filer.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void add_text(const char *text, struct buf *out)
{
    for (; *text; text++) {
        if (*text == '&' || *text == '<' || *text == '>' || *text == '\r')
            buf_addf(out, "&#%d;", *text);
        else
            buf_add_byte(out, *text);
    }
}

void filer_file(const json_t *rows, struct buf *out)
{
    size_t i;
    json_t *row;
    const char *name;
    json_t *value;

    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<DATAS>\n");
    json_array_foreach((json_t *)rows, i, row)
    {
        buf_add_text(out, "  <DATA>\n");
        json_object_foreach(row, name, value)
        {
            buf_addf(out, "    <%s>", name);
            if (json_is_integer(value))
                buf_addf(out, "%lld", (long long)json_integer_value(value));
            else
                add_text(json_string_value(value), out);
            buf_addf(out, "</%s>\n", name);
        }
        buf_add_text(out, "  </DATA>\n");
    }
    buf_add_text(out, "</DATAS>\n");
}

static void sm3_of(struct span data, uint8_t sum[32])
{
    unsigned bytes = 0;

    must(EVP_Digest(data.at, data.bytes, sum, &bytes, EVP_sm3(), NULL) == 1 && bytes == 32);
}

void filer_sm3(struct span data, char hex[65])
{
    uint8_t sum[32];

    sm3_of(data, sum);
    for (size_t i = 0; i < sizeof(sum); i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

json_t *filer_signature(struct reporter *reporter, const char *name, struct span file)
{
    AUTO(buf_done) struct buf der = BUF_INIT;
    uint8_t text[256];
    uint8_t sum[32];
    char hex[65];
    char xml[64];

    sm3_of(file, sum);
    filer_sm3(file, hex);
    snprintf(xml, sizeof(xml), "%s.xml", name);
    reporter_sign_bytes(reporter, (struct span){(const char *)sum, sizeof(sum)}, &der);
    must(EVP_EncodeBlock(text, (const uint8_t *)der.data, (int)der.bytes) > 0);
    return json_pack("{s:s,s:I,s:s,s:s,s:s,s:s}", "file", xml, "bytes", (json_int_t)file.bytes, "sm3", hex, "kid",
                     "test-push-1", "alg", "SM2-SM3", "signature", (const char *)text);
}
