/* domain_load.c - a domain from its file: what the schema cannot say is checked here, and whatever answers repeat is
 * made ready once. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "gateway/lookup/domain_parts.h"
#include "keys/digest.h"

const char *const DOMAIN_RECORD_MEMBER[DOMAIN_RECORD_MEMBERS] = {
    "decided_on", "disputed",  "document",          "due",    "facts", "ground",
    "industry",   "listed_at", "listing_authority", "name",   "op",    "publication_end",
    "record",     "scope",     "severity",          "version"};
const char *const DOMAIN_OBLIGATION_MEMBER[DOMAIN_OBLIGATION_MEMBERS] = {
    "authority",   "capacity", "capacity_unit", "deadline",   "document",   "equipment", "exit_date",
    "extended_to", "ground",   "industry",      "obligation", "order_date", "state",     "version"};

static const char *const REQUIRED[] = {"matter", "case", "authorisation", "operator",
                                       "department"}; /* in the order of the bits */

enum { RULES_DIGEST_BYTES = 8 };

/* A bit for each of `names` that stands in a list; no list: 0. */
static uint32_t bits_of(const json_t *list, const char *const *names, size_t count)
{
    uint32_t bits = 0;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        for (size_t j = 0; j < count; j++) {
            if (strcmp(json_string_value(item), names[j]) == 0)
                bits |= 1U << j;
        }
    }
    return bits;
}

static bool day_of(const json_t *object, const char *name, int32_t *day, struct error *err)
{
    const char *text = json_text_of(object, name);

    *day = DAY_NONE;
    if (!text || day_parse(span_of(text), day))
        return true;
    return fail(err, ERR_INVALID, "%s: %s is no day of the years 1900 to 2199", name, text);
}

/* No two items of a list may have the same text in `name`. */
static bool is_once(const json_t *list, const char *name, struct error *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_text_of(json_array_get(list, i), name);

        for (size_t j = 0; j < i; j++) {
            if (strcmp(text, json_text_of(json_array_get(list, j), name)) == 0)
                return fail(err, ERR_INVALID, "%s %s stands there twice", name, text);
        }
    }
    return true;
}

static uint32_t kinds_of(const json_t *json)
{
    const json_t *grounds = json_object_get(json, "grounds");
    const json_t *severities = json_object_get(json, "severities");
    uint32_t of_grounds = grounds ? bits_of(grounds, GROUND_SLUGS, GROUND_COUNT) : UINT32_MAX;
    uint32_t of_severities = severities ? bits_of(severities, SEVERITY_SLUGS, SEVERITY_SERIOUS + 1) : UINT32_MAX;
    uint32_t kinds = 0;

    for (int ground = 0; ground < GROUND_COUNT; ground++) {
        for (int severity = SEVERITY_MINOR; severity <= SEVERITY_SERIOUS; severity++) {
            if (of_grounds & 1U << ground && of_severities & 1U << severity)
                kinds |= kind_bit((enum ground)ground, (enum severity)severity);
        }
    }
    return kinds;
}

static bool take_measures(const json_t *list, struct domain_measures *measures, struct error *err)
{
    const json_t *item;
    size_t i;

    if (!is_once(list, "id", err))
        return false;
    if (json_array_size(list) > 0)
        measures->items = memory_new(json_array_size(list) * sizeof *measures->items);
    json_array_foreach(list, i, item)
    {
        struct domain_measure *measure = &measures->items[measures->count++];

        measure->kinds = kinds_of(item);
        if (!day_of(item, "valid_from", &measure->from, err) || !day_of(item, "valid_until", &measure->until, err) ||
            !json_canonical_add(item, &measure->json, err))
            return fail_in(err, "measure %s", json_text_of(item, "id"));
        json_string_add(&measure->id, span_of(json_text_of(item, "id")));
        if (measure->until != DAY_NONE && measure->from > measure->until)
            return fail(err, ERR_INVALID, "measure %s ends before it begins", json_text_of(item, "id"));
    }
    return true;
}

/* An answer that names "tax/2022@0123456789abcdef" can be held against the file it was made with. */
static bool add_rules(const struct domain *domain, const json_t *json, struct buf *out, struct error *err)
{
    AUTO(buf_done) struct buf file = BUF_INIT;
    uint8_t digest[32];

    if (!json_canonical_add(domain->json, &file, err))
        return false;
    digest_sha256(buf_span(&file), digest);
    buf_addf(out, "\"%s/%s@", domain->name, json_text_of(json, "edition"));
    hex_add(out, digest, RULES_DIGEST_BYTES);
    buf_add_byte(out, '"');
    return true;
}

static bool take_edition(const struct domain *domain, const json_t *json, struct domain_edition *edition,
                         struct error *err)
{
    const char *list = json_text_of(json_object_get(json, "list_edition"), "name");

    if (list)
        json_string_add(&edition->list_edition, span_of(list));
    else
        buf_add_text(&edition->list_edition, "null");
    return day_of(json, "from", &edition->from, err) && day_of(json, "until", &edition->until, err) &&
           add_rules(domain, json, &edition->rules, err) &&
           take_measures(json_object_get(json, "measures"), &edition->measures, err) &&
           take_measures(json_object_get(json, "supportive_measures"), &edition->supportive, err);
}

/* A gap or an overlap would leave a day without an answer, or with two. */
static bool check_follow(const struct domain *domain, const json_t *list, struct error *err)
{
    const struct domain_edition *editions = domain->editions;
    size_t last = domain->edition_count - 1;

    if (editions[0].from != DAY_NONE || editions[last].until != DAY_NONE)
        return fail(err, ERR_INVALID, "the first edition has no \"from\", the last no \"until\": every day has one");
    for (size_t i = 1; i <= last; i++) {
        const char *name = json_text_of(json_array_get(list, i), "edition");

        if (editions[i - 1].until == DAY_NONE || editions[i].from != editions[i - 1].until + 1)
            return fail(err, ERR_INVALID, "edition %s must begin on the day after the one before it ends", name);
        if (editions[i].until != DAY_NONE && editions[i].until < editions[i].from)
            return fail(err, ERR_INVALID, "edition %s ends before it begins", name);
    }
    return true;
}

static bool take_editions(struct domain *domain, struct error *err)
{
    const json_t *list = json_object_get(domain->json, "editions");
    const json_t *item;
    size_t i;

    if (!is_once(list, "edition", err))
        return false;
    domain->editions = memory_new(json_array_size(list) * sizeof *domain->editions);
    json_array_foreach(list, i, item)
    {
        domain->edition_count++;
        if (!take_edition(domain, item, &domain->editions[i], err))
            return fail_in(err, "edition %s", json_text_of(item, "edition"));
    }
    return check_follow(domain, list, err);
}

static struct domain_obligations obligations_of(const json_t *json)
{
    const json_t *grounds = json_object_get(json, "grounds");
    struct domain_obligations obligations = {
        .grounds = grounds ? bits_of(grounds, GROUND_SLUGS, GROUND_COUNT) : UINT32_MAX,
        .states = bits_of(json_object_get(json, "states"), STATE_SLUGS, STATE_COUNT),
        .members = bits_of(json_object_get(json, "members"), DOMAIN_OBLIGATION_MEMBER, DOMAIN_OBLIGATION_MEMBERS),
        .personal = bits_of(json_object_get(json, "personal"), DOMAIN_OBLIGATION_MEMBER, DOMAIN_OBLIGATION_MEMBERS)};

    return obligations;
}

static bool take_purposes(struct domain *domain, struct error *err)
{
    json_t *purposes = json_object_get(domain->json, "purposes");
    AUTO(json_release)
    json_t *description =
        json_pack("{s:O, s:O, s:O, s:O}", "domain", json_object_get(domain->json, "domain"), "purposes", purposes,
                  "system", json_object_get(domain->json, "system"), "title", json_object_get(domain->json, "title"));
    const json_t *item;
    size_t i;

    domain->purposes = memory_new(json_array_size(purposes) * sizeof *domain->purposes);
    json_array_foreach(purposes, i, item)
    {
        domain->purposes[domain->purpose_count++] = (struct domain_purpose){
            .code = span_of(json_text_of(item, "code")),
            .requires = bits_of(json_object_get(item, "requires"), REQUIRED, COUNT_OF(REQUIRED)),
            .shows_personal = strcmp(json_text_of(item, "personal"), "shown") == 0};
        buf_addf(&domain->purpose_codes, "%s%s", i > 0 ? ", " : "", json_text_of(item, "code"));
    }
    return is_once(purposes, "code", err) && json_canonical_add(description, &domain->description, err);
}

/* What is masked must be among what is seen, or the file does not say what its writer meant. */
static bool check_personal(const struct domain *domain, struct error *err)
{
    if (domain->record_personal & ~domain->record_members ||
        domain->obligations.personal & ~domain->obligations.members ||
        domain->supportive.personal & ~domain->supportive.members)
        return fail(err, ERR_INVALID, "personal: names what is not among the members");
    return true;
}

static void take_records(struct domain *domain, const json_t *json)
{
    const char *scope_2 = json_text_of(json, "scope_2");

    domain->record_members = bits_of(json_object_get(json, "members"), DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS);
    domain->record_personal = bits_of(json_object_get(json, "personal"), DOMAIN_RECORD_MEMBER, DOMAIN_RECORD_MEMBERS);
    domain->opens_scope_2 = scope_2 && strcmp(scope_2, "with-authorisation") == 0;
}

bool domain_from_json(json_t *json, struct domain **out, struct error *err)
{
    AUTO(domain_free) struct domain *domain = memory_new(sizeof *domain);

    domain->json = json;
    domain->name = json_text_of(json, "domain");
    domain->answers_from_obligations = strcmp(json_text_of(json, "answers_from"), "obligations") == 0;
    domain->owes_feedback = strcmp(json_text_of(json, "feedback"), "owed") == 0;
    take_records(domain, json_object_get(json, "records"));
    if (domain->answers_from_obligations)
        domain->obligations = obligations_of(json_object_get(json, "obligations"));
    if (json_object_get(json, "supportive"))
        domain->supportive = obligations_of(json_object_get(json, "supportive"));
    if (!check_personal(domain, err) || !take_purposes(domain, err) || !take_editions(domain, err))
        return false;
    *out = TAKE(domain);
    return true;
}

static void measures_done(struct domain_measures *measures)
{
    for (size_t i = 0; i < measures->count; i++) {
        buf_done(&measures->items[i].json);
        buf_done(&measures->items[i].id);
    }
    free(measures->items);
}

void domain_free(struct domain *domain)
{
    if (!domain)
        return;
    for (size_t i = 0; i < domain->edition_count; i++) {
        struct domain_edition *edition = &domain->editions[i];

        buf_done(&edition->list_edition);
        buf_done(&edition->rules);
        measures_done(&edition->measures);
        measures_done(&edition->supportive);
    }
    free(domain->editions);
    free(domain->purposes);
    buf_done(&domain->purpose_codes);
    buf_done(&domain->description);
    json_decref(domain->json);
    free(domain);
}
