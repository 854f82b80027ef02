/* Companies by name (gateway/names): whatever is asked, the answer is candidates of the register, in order, with scores
 * from 0 to 1 and reasons that can be shown; and a name that was added is found by itself. */
#include "fuzz.h"

#include "base/text.h"
#include "gateway/names/names.h"

static const char *const NAMES[] = {"深圳市晟濂建材有限公司",         "云浮市晟濂建材有限公司",
                                    "韶关市璞廪钢铁有限公司",         "澈洵（惠州）洁具有限责任公司",
                                    "广东筠廪造纸有限公司河源分公司", "Example Trading Co., Ltd.",
                                    "\xf0\xa0\xae\xb7隆澧铝业"};

static void code_of(size_t number, char code[NAME_CODE_BYTES + 1])
{
    (void)snprintf(code, NAME_CODE_BYTES + 1, "914413000000%06zu", number);
}

static struct names *new_register(const struct name_tables *tables, struct span more)
{
    struct names *names = names_new(tables);
    char code[NAME_CODE_BYTES + 1];
    struct error err;

    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        code_of(i, code);
        FUZZ_CHECK(names_add(names, span_of(code), span_of(NAMES[i]), i % 3 == 2, &err), "%s", err.text);
    }
    code_of(COUNT_OF(NAMES), code);
    if (!names_add(names, span_of(code), more, false, &err))
        FUZZ_CHECK(err.text[0], "refused without a word");
    names_ready(names);
    return names;
}

static void check(const struct name_candidate *candidate, double before)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    FUZZ_CHECK(candidate->score >= 0 && candidate->score <= before, "a score of %f after %f", candidate->score, before);
    FUZZ_CHECK(strncmp(candidate->code, "914413000000", 12) == 0, "%s is not in the register", candidate->code);
    for (size_t i = 0; i < candidate->reason_count; i++) {
        name_reason_add_text(&text, &candidate->reasons[i], "zh");
        name_reason_add_text(&text, &candidate->reasons[i], "en");
    }
    FUZZ_CHECK(utf8_is_valid(buf_span(&text), NULL), "reasons that are not UTF-8");
}

static void ask(struct names *names, struct span text)
{
    struct name_answer answer;
    struct error err;
    double before = 1;

    if (!names_find(names, text, &answer, &err)) {
        FUZZ_CHECK(err.text[0] && err.zh[0], "refused without a word");
        return;
    }
    for (size_t i = 0; i < answer.count; i++) {
        check(&answer.candidates[i], before);
        before = answer.candidates[i].score;
    }
}

/* The bytes before the first newline are asked, those behind it are a name of the register, and asked too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct name_tables *tables;
    AUTO(names_free) struct names *names = NULL;
    struct span all = fuzz_span(data, size);
    const char *end = size ? memchr(all.at, '\n', all.bytes) : NULL;
    struct span asked = {all.at, end ? (size_t)(end - all.at) : all.bytes};
    struct span more = end ? (struct span){end + 1, all.bytes - asked.bytes - 1} : SPAN_NONE;
    struct error err;

    if (!tables)
        FUZZ_CHECK(name_tables_load(TEST_SOURCE "/schemas/data/names", &tables, &err), "%s", err.text);
    names = new_register(tables, more);
    ask(names, asked);
    ask(names, more);
    return 0;
}
