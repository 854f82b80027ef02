/* A receipt is a stranger's XML. It is looked through before the parser sees it: valid UTF-8 that does not call itself
 * anything else, no markup but tags, few attributes in each (libxml2 compares all attributes of a tag with each other).
 * So there is nothing to expand, to fetch or to recode, and no shape that costs more than its length. */
#include "adapters/china_ack.h"

#include <libxml/xmlreader.h>
#include <stdlib.h>

#include "adapters/answer.h"
#include "base/text.h"

enum { ATTRIBUTES_MAX = 16 };

static const char BOM[] = "\xef\xbb\xbf";

/* --- before the parser --- */

/* encoding="…" of the XML declaration must be UTF-8, in any case, or not be there. */
static bool says_utf8(struct span declaration)
{
    static const char NAME[] = "encoding";
    static const char UTF8[] = "UTF-8";
    const char *end = declaration.at + declaration.bytes;
    const char *at = memmem(declaration.at, declaration.bytes, NAME, sizeof NAME - 1);

    if (!at)
        return true;
    for (at += sizeof NAME - 1; at < end && *at != '"' && *at != '\''; at++)
        continue;
    return end - at > (ptrdiff_t)sizeof UTF8 && strncasecmp(at + 1, UTF8, sizeof UTF8 - 1) == 0 &&
           at[sizeof UTF8] == *at;
}

/* Past the XML declaration, when there is one. */
static bool skip_declaration(struct span *body)
{
    const char *end;

    if (!span_starts(*body, "<?"))
        return true;
    end = memmem(body->at, body->bytes, "?>", 2);
    if (!span_starts(*body, "<?xml") || !end || !says_utf8((struct span){body->at, (size_t)(end - body->at)}))
        return false;
    end += 2;
    *body = (struct span){end, body->bytes - (size_t)(end - body->at)};
    return true;
}

/* Past one tag that begins at `at`; NULL when it does not end or has too many attributes. */
static const char *tag_end(const char *at, const char *end)
{
    unsigned attributes = 0;
    char quote = '\0';

    for (; at < end; at++) {
        if (quote)
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
        else if (*at == '=' && ++attributes > ATTRIBUTES_MAX)
            return NULL;
        else if (*at == '>')
            return at + 1;
    }
    return NULL;
}

static const char *look_through(struct span body)
{
    const char *end;
    const char *at;

    if (body.bytes == 0 || body.bytes > CHINA_ACK_BYTES_MAX)
        return "the receipt is empty or too long";
    if (!utf8_is_valid(body, NULL) || memchr(body.at, '\0', body.bytes) || !skip_declaration(&body))
        return "the receipt is not UTF-8, or its declaration is wrong";
    end = body.at + body.bytes;
    for (at = body.at; at < end && (at = memchr(at, '<', (size_t)(end - at)));) {
        if (end - at < 2 || at[1] == '!' || at[1] == '?')
            return "the receipt holds something other than tags";
        at = tag_end(at, end);
        if (!at)
            return "a tag of the receipt does not end, or has too many attributes";
    }
    return NULL;
}

/* --- the parser --- */

struct ack {
    const struct adapter_call *call;
    const char *file;
    xmlTextReaderPtr reader;
    struct adapter_outcome *outcomes;
    size_t found;
    bool is_partial;
};

static void be_silent(void *context, xmlErrorPtr error)
{
    (void)context;
    (void)error;
}

static void reader_free(xmlTextReaderPtr reader)
{
    if (reader)
        xmlFreeTextReader(reader);
}
DEFINE_AUTO(xmlTextReaderPtr, reader_free)

static void xml_text_free(xmlChar *text)
{
    if (text)
        xmlFree(text);
}
DEFINE_AUTO(xmlChar *, xml_text_free)

/* New, or NULL when the tag has no such attribute. */
static xmlChar *attribute(const struct ack *ack, const char *name)
{
    return xmlTextReaderGetAttribute(ack->reader, (const xmlChar *)name);
}

static struct span span_of_xml(const xmlChar *text)
{
    return span_of((const char *)text);
}

static const char *read_root(struct ack *ack)
{
    AUTO(xml_text_free) xmlChar *file = attribute(ack, "file");
    AUTO(xml_text_free) xmlChar *complete = attribute(ack, "complete");

    if (!file || !span_is(span_of_xml(file), ack->file))
        return "the receipt is for another file";
    ack->is_partial = complete && span_is(span_of_xml(complete), "false");
    if (complete && !ack->is_partial && !span_is(span_of_xml(complete), "true"))
        return "\"complete\" is neither true nor false";
    return NULL;
}

/* The outcome of the row that the tag names. */
static const char *find_outcome(const struct ack *ack, struct adapter_outcome **out)
{
    AUTO(xml_text_free) xmlChar *record = attribute(ack, "ROWID");
    AUTO(xml_text_free) xmlChar *version = attribute(ack, "VERSION");
    int64_t number;
    size_t place;

    if (!record || !version || !integer_parse(span_of_xml(version), &number) || number < 1 || number > UINT32_MAX ||
        !answer_row_place(ack->call, span_of_xml(record), (uint32_t)number, ack->found, &place))
        return "an outcome is for a row that was not sent";
    *out = &ack->outcomes[place];
    return (*out)->kind == ADAPTER_ROW_OPEN ? NULL : "a row has two outcomes";
}

static const char *read_ack(struct ack *ack)
{
    AUTO(xml_text_free) xmlChar *result = attribute(ack, "result");
    AUTO(xml_text_free) xmlChar *code = attribute(ack, "code");
    AUTO(xml_text_free) xmlChar *message = attribute(ack, "message");
    struct adapter_outcome *outcome = NULL; /* gcc -O2 does not see that it is filled */
    const char *wrong = find_outcome(ack, &outcome);
    bool is_taken = result && span_is(span_of_xml(result), "accepted");
    struct span shown = span_of_xml(code);

    if (wrong)
        return wrong;
    if (!is_taken && !(result && span_is(span_of_xml(result), "rejected")))
        return "a result is neither accepted nor rejected";
    if (shown.bytes == 0)
        shown = is_taken ? SPAN("0") : SPAN("rejected");
    if (!answer_is_code(shown))
        return "a code has the wrong form";
    outcome->kind = is_taken ? ADAPTER_ROW_TAKEN : ADAPTER_ROW_REFUSED;
    answer_code_copy(shown, outcome->code);
    adapter_words_copy(span_of_xml(message), outcome->message, sizeof outcome->message);
    ack->found++;
    return NULL;
}

static const char *read_element(struct ack *ack)
{
    int depth = xmlTextReaderDepth(ack->reader);
    struct span name = span_of_xml(xmlTextReaderConstName(ack->reader));

    if (depth == 0 && span_is(name, "ACKS"))
        return read_root(ack);
    if (depth == 1 && span_is(name, "ACK"))
        return read_ack(ack);
    return "there is an element that does not belong into a receipt";
}

static const char *read_node(struct ack *ack)
{
    switch (xmlTextReaderNodeType(ack->reader)) {
    case XML_READER_TYPE_ELEMENT:
        return read_element(ack);
    case XML_READER_TYPE_END_ELEMENT:
    case XML_READER_TYPE_WHITESPACE:
    case XML_READER_TYPE_SIGNIFICANT_WHITESPACE:
        return NULL;
    default:
        return "there is text, or something other than elements, in the receipt";
    }
}

static const char *read_document(struct ack *ack)
{
    const char *wrong = NULL;
    int more = 0;

    while (!wrong && (more = xmlTextReaderRead(ack->reader)) == 1)
        wrong = read_node(ack);
    if (wrong)
        return wrong;
    if (more != 0)
        return "the receipt is no well-formed XML";
    return !ack->is_partial && ack->found < ack->call->row_count ? "a row is missing though the receipt is complete"
                                                                 : NULL;
}

void china_ack_read(const struct adapter_call *call, const char *file, struct span body, struct adapter_result *out)
{
    AUTO(reader_free) xmlTextReaderPtr reader = NULL;
    const char *wrong;
    struct ack ack = {.call = call, .file = file};

    if (span_starts(body, BOM))
        body = (struct span){body.at + sizeof BOM - 1, body.bytes - (sizeof BOM - 1)};
    wrong = look_through(body);
    if (wrong) {
        answer_malformed(out, wrong);
        return;
    }
    /* Neither NOENT nor DTDLOAD nor HUGE: nothing is replaced or fetched, libxml2's own limits stay. */
    reader = xmlReaderForMemory(body.at, (int)body.bytes, NULL, "UTF-8", XML_PARSE_NONET);
    if (!reader) {
        answer_malformed(out, "libxml2 made no reader");
        return;
    }
    xmlTextReaderSetStructuredErrorHandler(reader, be_silent, NULL);
    ack.reader = reader;
    out->outcomes = ack.outcomes = memory_new(call->row_count * sizeof *out->outcomes);
    out->outcome_count = call->row_count;
    wrong = read_document(&ack);
    if (wrong) {
        answer_malformed(out, wrong);
        return;
    }
    out->ending = ADAPTER_OUTCOMES;
    if (ack.found > 0)
        return;
    adapter_result_done(out);
    out->ending = ADAPTER_NOT_READY;
}
