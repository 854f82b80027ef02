#include "adapters/layout_meant.h"

#include <string.h>

#include "adapters/layout_parts.h"
#include "base/text.h"

const char *const REMEDY_SLUGS[REMEDY_COUNT] = {
    [REMEDY_NONE] = "none", [REMEDY_RECORD] = "record", [REMEDY_REGISTER] = "register", [REMEDY_SETTINGS] = "settings"};

static const struct {
    const char *zh;
    const char *en;
} HOW[REMEDY_COUNT] = {
    [REMEDY_NONE] = {"由网关生成：请系统管理员与对方核实",
                     "made by the gateway: an administrator clears it up with them"},
    [REMEDY_RECORD] = {"在记录上提出变更（correct），复核后报送", "correct the record, have it approved, push"},
    [REMEDY_REGISTER] = {"更正台账并重新导入，再对记录提出变更（correct），复核后报送",
                         "correct the register and import it, then correct the record, have it approved, push"},
    [REMEDY_SETTINGS] = {"请系统管理员更正渠道配置，再重新排队（requeue）",
                         "an administrator corrects the channel's settings; then requeue"},
};

static const struct {
    const char *en;
    enum layout_remedy remedy;
} SOURCES[SOURCE_COUNT] = {
    [SOURCE_CONSTANT] = {"a fixed text of the layout", REMEDY_SETTINGS},
    [SOURCE_RECORD] = {"the record's id", REMEDY_NONE},
    [SOURCE_VERSION] = {"the version", REMEDY_NONE},
    [SOURCE_OP] = {"the operation", REMEDY_NONE},
    [SOURCE_NAME] = {"the enterprise's name", REMEDY_REGISTER},
    [SOURCE_CODE] = {"the unified social credit code", REMEDY_REGISTER},
    [SOURCE_ORGANISATION] = {"the organisation code (places 9 to 17 of the credit code)", REMEDY_REGISTER},
    [SOURCE_REGISTRATION] = {"the registration number", REMEDY_REGISTER},
    [SOURCE_ADDRESS] = {"the registered address", REMEDY_REGISTER},
    [SOURCE_REPRESENTATIVE] = {"the legal representative", REMEDY_REGISTER},
    [SOURCE_FACTS] = {"the facts (made of the register's row)", REMEDY_REGISTER},
    [SOURCE_ORDER] = {"the order (made of the register's row)", REMEDY_REGISTER},
    [SOURCE_LISTED_ON] = {"the day of the decision", REMEDY_RECORD},
    [SOURCE_PUBLISHED_UNTIL] = {"the end of publication (by severity and day of the decision)", REMEDY_RECORD},
    [SOURCE_AUTHORITY] = {"the listing authority", REMEDY_REGISTER},
    [SOURCE_DOCUMENT] = {"the listing document", REMEDY_RECORD},
    [SOURCE_PROVIDED_ON] = {"the day the version was made", REMEDY_NONE},
    [SOURCE_DIVISION] = {"the division code", REMEDY_REGISTER},
    [SOURCE_SCOPE] = {"the scope of use", REMEDY_RECORD},
    [SOURCE_SEVERITY] = {"the severity", REMEDY_RECORD},
    [SOURCE_REMARK] = {"the remark", REMEDY_REGISTER},
    [SOURCE_PROVIDER_CODE] = {"the providing department's code", REMEDY_SETTINGS},
    [SOURCE_PROVIDER_NAME] = {"the providing department's name", REMEDY_SETTINGS},
    [SOURCE_EXCHANGE_UNIT] = {"the exchange unit", REMEDY_SETTINGS},
    [SOURCE_RECEIPT] = {"the answer's receipt", REMEDY_NONE},
    [SOURCE_ANSWERED_ON] = {"the day of the answer", REMEDY_NONE},
    [SOURCE_SHOWN] = {"the record that was shown", REMEDY_NONE},
    [SOURCE_SHOWN_VERSION] = {"its version", REMEDY_NONE},
    [SOURCE_CLIENT] = {"the asking system", REMEDY_NONE},
    [SOURCE_DOMAIN] = {"the domain", REMEDY_NONE},
    [SOURCE_DOMAIN_NAME] = {"the domain's name", REMEDY_NONE},
    [SOURCE_PURPOSE] = {"the purpose", REMEDY_NONE},
    [SOURCE_RESULT] = {"what was done", REMEDY_NONE},
    [SOURCE_MEASURES] = {"the measures", REMEDY_NONE},
    [SOURCE_MEASURE_IDS] = {"the measures' numbers", REMEDY_NONE},
    [SOURCE_ACTION] = {"the action", REMEDY_NONE},
    [SOURCE_REASON] = {"the reason", REMEDY_NONE},
    [SOURCE_ACTED_ON] = {"the day of the action", REMEDY_NONE},
    [SOURCE_GIVEN_ON] = {"the day of the feedback", REMEDY_NONE},
};

struct meaning {
    const struct layout *layout;
    struct layout_meant *out;
    size_t max;
    size_t count;
};

static const struct layout_field *find_field(const struct layout *layout, struct span name)
{
    for (size_t i = 0; i < layout->field_count; i++) {
        if (span_is(name, layout->fields[i].name))
            return &layout->fields[i];
    }
    return NULL;
}

static void mean(struct meaning *meaning, struct span name)
{
    const struct layout_field *field = find_field(meaning->layout, name);
    enum layout_remedy remedy;

    if (!field || meaning->count == meaning->max)
        return;
    for (size_t i = 0; i < meaning->count; i++) {
        if (meaning->out[i].name == field->name)
            return;
    }
    remedy = SOURCES[field->source].remedy;
    meaning->out[meaning->count++] = (struct layout_meant){.name = field->name,
                                                           .label = field->label,
                                                           .field = layout_source_name(field->source),
                                                           .en = SOURCES[field->source].en,
                                                           .remedy = remedy,
                                                           .how_zh = HOW[remedy].zh,
                                                           .how_en = HOW[remedy].en};
}

/* Of what names consist (layout.schema.json). */
static bool is_of_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

static void mean_words(struct meaning *meaning, struct span words)
{
    size_t start = 0;

    for (size_t i = 0; i <= words.bytes; i++) {
        if (i < words.bytes && is_of_name(words.at[i]))
            continue;
        if (i > start)
            mean(meaning, (struct span){words.at + start, i - start});
        start = i + 1;
    }
}

size_t layout_meant(const struct layout *layout, const char *code, struct span words, struct layout_meant *out,
                    size_t max)
{
    const struct layout_result *result = layout_result_find(layout, code);
    struct meaning meaning = {layout, out, max, 0};

    mean_words(&meaning, words);
    if (meaning.count > 0 || !result)
        return meaning.count;
    for (size_t i = 0; i < result->field_count; i++)
        mean(&meaning, span_of(result->fields[i]));
    return meaning.count;
}
