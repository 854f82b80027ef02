#include "gateway/lookup/domain.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "gateway/lookup/domain_parts.h"
#include "schemas/schema.h"

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct domain *const *)a)->name, (*(struct domain *const *)b)->name);
}

/* "<domain>.json", so that no name can be used twice. */
static bool is_named_after(const char *file, const char *domain)
{
    size_t bytes = strlen(domain);

    return strncmp(file, domain, bytes) == 0 && strcmp(file + bytes, ".json") == 0;
}

static bool read_json(const char *path, json_t **out, struct error *err)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    return file_read(path, DOMAIN_FILE_BYTES_MAX, &text, err) &&
           (json_read(buf_span(&text), DOMAIN_FILE_BYTES_MAX, out, err) || fail_in(err, "%s", path));
}

static void add_problem(void *context, const struct schema_problem *problem)
{
    error_set_both(context, ERR_INVALID, "domain.schema", "%s: %s%.0s", "%s：%.0s%s",
                   problem->instance[0] ? problem->instance : "/", problem->en, problem->zh);
}

static bool fits_schema(const struct schema *schema, const json_t *json, struct error *err)
{
    struct schema_report report = {add_problem, err, 0};

    return schema_check(schema, json, &report);
}

static bool load_file(struct domains *domains, const struct schema *schema, const char *path, struct error *err)
{
    AUTO(domain_free) struct domain *domain = NULL;
    json_t *json = NULL;

    if (!read_json(path, &json, err))
        return false;
    if (!fits_schema(schema, json, err)) {
        json_decref(json);
        return fail_in(err, "%s", path);
    }
    if (!domain_from_json(json, &domain, err))
        return fail_in(err, "%s", path);
    if (!is_named_after(strrchr(path, '/') + 1, domain->name))
        return fail(err, ERR_INVALID, "%s: holds the domain %s: name the file after it", path, domain->name);
    if (domains->count == DOMAINS_MAX)
        return fail(err, ERR_LIMIT, "%s: more than %d domains", path, DOMAINS_MAX);
    domains->items[domains->count++] = TAKE(domain);
    return true;
}

static bool is_json_file(const char *name)
{
    size_t bytes = strlen(name);

    return name[0] != '.' && bytes > 5 && strcmp(name + bytes - 5, ".json") == 0;
}

static bool load_folder(struct domains *domains, const struct schema *schema, const char *folder, struct error *err)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool is_good = true;

    if (!dir)
        return fail(err, ERR_NOT_FOUND, "%s: cannot open folder: %s", folder, strerror(errno));
    while (is_good && (entry = readdir(dir))) {
        if (!is_json_file(entry->d_name))
            continue;
        AUTO(text_free) char *path = path_join(folder, entry->d_name);
        is_good = load_file(domains, schema, path, err);
    }
    closedir(dir);
    return is_good;
}

bool domains_load(const char *folder, const char *schemas_folder, struct domains **out, struct error *err)
{
    AUTO(domains_free) struct domains *domains = memory_new(sizeof *domains);
    AUTO(schema_free) struct schema *schema = NULL;
    AUTO(text_free) char *path = path_join(schemas_folder, "consumer.schema.json");
    const struct schema_options options = {.asserts_format = true};

    domains->items = memory_new(DOMAINS_MAX * sizeof(struct domain *));
    if (!schema_load(path, &options, &schema, err))
        return fail_in(err, "%s", path);
    if (!load_folder(domains, schema, folder, err))
        return false;
    if (domains->count == 0)
        return fail(err, ERR_NOT_FOUND, "%s: no domain there", folder);
    qsort(domains->items, domains->count, sizeof(struct domain *), by_name);
    *out = TAKE(domains);
    return true;
}

void domains_free(struct domains *domains)
{
    if (!domains)
        return;
    for (size_t i = 0; i < domains->count; i++)
        domain_free(domains->items[i]);
    free(domains->items);
    free(domains);
}

const struct domain *domains_find(const struct domains *domains, struct span name)
{
    for (size_t i = 0; i < domains->count; i++) {
        if (span_is(name, domains->items[i]->name))
            return domains->items[i];
    }
    return NULL;
}

const struct domain *domains_at(const struct domains *domains, size_t index)
{
    return index < domains->count ? domains->items[index] : NULL;
}

const char *domain_name(const struct domain *domain)
{
    return domain->name;
}

const char *domain_title(const struct domain *domain, const char *lang)
{
    const json_t *title = json_object_get(domain->json, "title");

    return json_text_of(title, strcmp(lang, "zh") == 0 ? "zh" : "en");
}

const struct domain_purpose *domain_purpose_of(const struct domain *domain, struct span purpose)
{
    for (size_t i = 0; i < domain->purpose_count; i++) {
        if (span_equal(purpose, domain->purposes[i].code))
            return &domain->purposes[i];
    }
    return NULL;
}

bool domain_accepts(const struct domain *domain, struct span purpose)
{
    return domain_purpose_of(domain, purpose) != NULL;
}

bool domain_shows_personal(const struct domain *domain, struct span purpose)
{
    const struct domain_purpose *asked = domain_purpose_of(domain, purpose);

    return asked && asked->shows_personal;
}

static bool asks_for(const struct domain *domain, struct span purpose, unsigned what)
{
    const struct domain_purpose *asked = domain_purpose_of(domain, purpose);

    return asked && asked->requires & what;
}

bool domain_check_case(const struct domain *domain, struct span purpose, const struct domain_given *given,
                       struct error *err)
{
    if (given->matter.bytes == 0 && asks_for(domain, purpose, REQUIRES_MATTER))
        return refuse(err, ERR_INVALID, "query.matter", "for the purpose %.*s name the matter's code: matter",
                      "查询目的 %.*s 须注明事项编码：matter", (int)purpose.bytes, purpose.at);
    if (given->case_number.bytes == 0 && asks_for(domain, purpose, REQUIRES_CASE))
        return refuse(err, ERR_INVALID, "query.case", "for the purpose %.*s name the number of the case: case",
                      "查询目的 %.*s 须注明办件编号：case", (int)purpose.bytes, purpose.at);
    if (given->operator.bytes == 0 && asks_for(domain, purpose, REQUIRES_OPERATOR))
        return refuse(err, ERR_INVALID, "query.operator", "for the purpose %.*s name who asks in your system: operator",
                      "查询目的 %.*s 须注明贵方系统的操作人：operator", (int)purpose.bytes, purpose.at);
    if (given->department.bytes == 0 && asks_for(domain, purpose, REQUIRES_DEPARTMENT))
        return refuse(err, ERR_INVALID, "query.department", "for the purpose %.*s name the department: department",
                      "查询目的 %.*s 须注明查询部门：department", (int)purpose.bytes, purpose.at);
    return true;
}

/* Editions stand in the file in their order. */
static const json_t *newest_measure(const struct domain *domain, const char *id)
{
    const json_t *edition, *measure;
    const json_t *newest = NULL;
    size_t i, j;

    json_array_foreach(json_object_get(domain->json, "editions"), i, edition)
    {
        json_array_foreach(json_object_get(edition, "measures"), j, measure)
        {
            if (strcmp(json_text_of(measure, "id"), id) == 0)
                newest = measure;
        }
    }
    return newest;
}

bool domain_names_measure(const struct domain *domain, const char *id)
{
    return newest_measure(domain, id) != NULL;
}

const char *domain_measure_text(const struct domain *domain, const char *id)
{
    return json_text_of(json_object_get(newest_measure(domain, id), "text"), "zh");
}

bool domain_check_authorisation(const struct domain *domain, struct span purpose, const struct domain_given *given,
                                struct error *err)
{
    if (given->authorisation.bytes > 0 || !asks_for(domain, purpose, REQUIRES_AUTHORISATION))
        return true;
    return refuse(err, ERR_INVALID, "query.authorisation",
                  "for the purpose %.*s name the subject's authorisation: authorisation",
                  "查询目的 %.*s 须注明主体授权：authorisation", (int)purpose.bytes, purpose.at);
}

const char *domain_purposes(const struct domain *domain)
{
    return buf_text(&domain->purpose_codes);
}

struct span domain_description(const struct domain *domain)
{
    return buf_span(&domain->description);
}

const struct domain_edition *domain_edition_on(const struct domain *domain, int32_t day)
{
    size_t i = domain->edition_count - 1;

    while (i > 0 && day < domain->editions[i].from)
        i--;
    return &domain->editions[i];
}
