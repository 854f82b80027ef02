/* The configuration (gateway/config): whatever the file holds, it is either taken, or each thing wrong is named in both
 * languages with its place. */
#include "fuzz.h"

#include "base/text.h"
#include "gateway/config/config.h"

struct told {
    size_t errors;
};

static void note(const struct config_problem *problem, void *context)
{
    struct told *told = context;

    told->errors += problem->is_warning ? 0 : 1;
    FUZZ_CHECK(problem->en[0] && problem->zh[0], "line %zu: a problem without words", problem->line);
    FUZZ_CHECK(utf8_is_valid(span_of(problem->zh), NULL) && utf8_is_valid(span_of(problem->en), NULL) &&
                   utf8_is_valid(span_of(problem->setting), NULL),
               "line %zu: %s", problem->line, problem->en);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(file_close) int fd = fuzz_file(fuzz_span(data, size));
    AUTO(config_free) struct config *config = NULL;
    struct told told = {0};
    char path[64];
    struct error err;

    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!config_load(path, note, &told, &config, &err)) {
        FUZZ_CHECK(told.errors > 0 || err.text[0], "refused without a word");
        return 0;
    }
    FUZZ_CHECK(told.errors == 0, "taken in spite of %zu errors", told.errors);
    for (size_t i = 0; i < config->client_count; i++)
        FUZZ_CHECK(config_client_of_fingerprint(config, config->clients[i].certificates[0].fingerprint),
                   "client %zu is lost", i);
    return 0;
}
