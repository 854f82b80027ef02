/* domain.h - what one kind of asking system may ask and is told: a file of adapters/consumers/, checked against
 * schemas/consumer.schema.json when loaded. A domain added or changed needs no code.
 *
 * A file names the domain, its purposes and what must come with a question for each (matter, case, authorisation,
 * operator, department), the members of a record it may see and which of these are personal data, whether an
 * authorisation opens use scope 2, whether it answers from records or from obligations (power-price), whether a
 * feedback is owed on what it is shown, and dated editions of its measures: text, force (must, may, informs), legal
 * basis (the seed row at least), list edition, validity. An answer about a day uses the edition in force on that day
 * and names it: editions follow one another without a gap, the first since ever, the last until further notice. Who may
 * ask what and see what is judged by the file as it is today. Sources: seed rows 10, 11, 18; domain.md 1.3, 5.2, 5.5.
 */
#ifndef GATEWAY_LOOKUP_DOMAIN_H
#define GATEWAY_LOOKUP_DOMAIN_H

#include "base/error.h"
#include "base/time.h"

enum { DOMAINS_MAX = 64, DOMAIN_FILE_BYTES_MAX = 256 * 1024 };

struct domain;
struct domains;

/* Load every *.json of `folder`. A file that does not fit the schema, is not named after its domain, has editions that
 * overlap or leave a gap, or says something twice fails the load with the file's name; so does a folder without any. */
MUST_CHECK bool domains_load(const char *folder, const char *schemas_folder, struct domains **out, struct error *err);
void domains_free(struct domains *domains);

/* Borrowed; NULL when there is none. */
const struct domain *domains_find(const struct domains *domains, struct span name);
/* In the order of their names; NULL behind the last. */
const struct domain *domains_at(const struct domains *domains, size_t index);

const char *domain_name(const struct domain *domain);
const char *domain_title(const struct domain *domain, const char *lang);
bool domain_accepts(const struct domain *domain, struct span purpose);
/* May whoever asks for this purpose see personal data? Not for one that is not accepted. */
bool domain_shows_personal(const struct domain *domain, struct span purpose);
/* Is it the id of a measure of one of its editions? */
bool domain_names_measure(const struct domain *domain, const char *id);
/* What it is, in Chinese, as the newest edition that has it says; NULL when none has. Borrowed. */
const char *domain_measure_text(const struct domain *domain, const char *id);
/* What came with a question; empty: it did not. */
struct domain_given {
    struct span matter;        /* 权力事项编码 or the caller's own code of it */
    struct span case_number;   /* 办件编号, 授信申请号 … in the calling system */
    struct span authorisation; /* of the subject, as the caller names it */
    struct span operator;      /* account of the person who asks, in the calling system */
    struct span department;    /* whose system or person it is, as the caller names it */
};
/* Did matter, case, operator and department come, when the purpose (one that is accepted) asks for them? Refuses with
 * ERR_INVALID and the rule "query.matter", "query.case", "query.operator" or "query.department". */
MUST_CHECK bool domain_check_case(const struct domain *domain, struct span purpose, const struct domain_given *given,
                                  struct error *err);
/* The same for the subject's authorisation: "query.authorisation". */
MUST_CHECK bool domain_check_authorisation(const struct domain *domain, struct span purpose,
                                           const struct domain_given *given, struct error *err);
/* The purposes it accepts, "a, b, c", for messages. */
const char *domain_purposes(const struct domain *domain);
/* Canonical JSON for whoever asks what may be asked: {"domain","purposes":[{"code","en","personal","requires","zh"}],
 * "system":{"en","zh"},"title":{"en","zh"}}. */
struct span domain_description(const struct domain *domain);

DEFINE_AUTO(struct domains *, domains_free)

#endif
