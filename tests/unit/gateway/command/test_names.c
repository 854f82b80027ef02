/* A register of names is taken in, and the index that is built from it follows the journal (gateway/finder/index.h). */
#include <unistd.h>

#include "base/encode.h"
#include "gateway/command/command_names.h"
#include "gateway/finder/index.h"
#include "gateway/registry/registry.h"
#include "keys/digest.h"
#include "tests/unit/gateway/command/desk.h"

#define OTHER "91441303MAY1A0TP3P"
#define SAMPLE "91440224MAYUCHK485"
#define SAMPLE_NAME "韶关市璞廪钢铁有限公司"
#define RENAMED "韶关市翀晔新材料有限公司"

static char source[] = TEST_SOURCE;
static struct config config;
static struct finder_index *names_index;
static struct buf sha256;

static void begin(void)
{
    desk_open();
    config = (struct config){.state = T.folder, .data = source};
}

static void end(void)
{
    finder_index_free(names_index);
    buf_done(&sha256);
    desk_close();
}

TestSuite(command_names, .init = begin, .fini = end);

static struct names_file file_of(const char *day)
{
    return (struct names_file){.name = "名称库.csv", .sha256 = buf_text(&sha256), .edition = on(day), .bytes = 10};
}

/* The register that `text` is, where registers lie. */
static void keep_register(const char *text)
{
    AUTO(text_free) char *folder = path_join(T.folder, "names");
    AUTO(text_free) char *path = NULL;
    uint8_t digest[32];

    digest_sha256(span_of(text), digest);
    buf_clear(&sha256);
    hex_add(&sha256, digest, sizeof digest);
    cr_assert(file_make_folder(folder, 0700, &T.err), "%s", T.err.text);
    path = path_join(folder, sha256.data);
    cr_assert(file_write(path, span_of(text), 0600, &T.err), "%s", T.err.text);
}

static bool take_in(const char *text, const char *day, bool *is_new)
{
    struct names_file file;

    keep_register(text);
    file = file_of(day);
    return command_names_register(&T.desk, &file, is_new, &T.err);
}

static void must_take_in(const char *text, const char *day)
{
    bool is_new = false;

    cr_assert(take_in(text, day, &is_new), "%s", T.err.text);
    cr_assert(is_new);
}

static void must_build(void)
{
    finder_index_free(names_index);
    names_index = NULL;
    cr_assert(finder_index_build(&config, T.store, &names_index, &T.err), "%s", T.err.text);
}

static bool follow(void)
{
    bool is_behind = true, is_stale = false;

    while (is_behind)
        cr_assert(finder_index_follow(names_index, &is_behind, &is_stale, &T.err), "%s", T.err.text);
    return is_stale;
}

static bool is_first(const char *code, const char *strength, const char *text)
{
    AUTO(buf_done) struct buf candidates = BUF_INIT;
    AUTO(buf_done) struct buf shown = BUF_INIT;
    AUTO(buf_done) struct buf head = BUF_INIT;
    const char *at;

    cr_assert(
        finder_index_ask(names_index, span_of(text), (struct finder_wish){.most = 5}, &candidates, &shown, &T.err),
        "%s", T.err.text);
    buf_addf(&head, "\"strength\":\"%s\",\"uscc\":\"%s\"}", strength, code);
    at = strstr(candidates.data, "\"strength\":");
    return at && strncmp(at, head.data, head.bytes) == 0;
}

#define REGISTER "uscc,name,former_name\n" OTHER ",惠州市锴屿电解铝有限公司,惠州市旧屿铝厂\n"

Test(command_names, an_older_edition_does_not_replace_a_later_one)
{
    bool is_new;

    must_take_in(REGISTER, "2026-08-01");
    cr_assert_not(take_in(REGISTER " ", "2026-07-31", &is_new));
    cr_assert_str_eq(T.err.rule, "names.older");
    cr_assert(T.err.zh[0]);
}

Test(command_names, the_same_again_changes_nothing_and_the_journal_gives_the_tables)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct span data;
    uint64_t sequence;
    bool is_new = true;

    must_take_in(REGISTER, "2026-08-01");
    cr_assert(take_in(REGISTER, "2026-08-01", &is_new));
    cr_assert_not(is_new);
    must_take_in(REGISTER "91440224MAYUCHK485,韶关市璞廪钢铁有限公司,\n", "2026-08-01");
    txn = reader();
    cr_assert(registry_names(txn, &sequence, &data));
    cr_assert_eq(sequence, 1);
    cr_assert_not_null(memmem(data.at, data.bytes, sha256.data, sha256.bytes));
    cr_assert_not_null(memmem(data.at, data.bytes, "名称库.csv", strlen("名称库.csv")));
}

Test(command_names, a_file_that_is_missing_or_changed_is_not_used)
{
    AUTO(text_free) char *folder = path_join(T.folder, "names");
    AUTO(text_free) char *path = NULL;

    must_take_in(REGISTER, "2026-08-01");
    path = path_join(folder, sha256.data);
    cr_assert(file_write(path, SPAN(REGISTER "\n"), 0600, &T.err));
    cr_assert_not(finder_index_build(&config, T.store, &names_index, &T.err));
    cr_assert_str_eq(T.err.rule, "names.file");
    cr_assert_eq(unlink(path), 0);
    cr_assert_not(finder_index_build(&config, T.store, &names_index, &T.err));
}

Test(command_names, without_anything_nothing_is_found)
{
    AUTO(buf_done) struct buf candidates = BUF_INIT;
    AUTO(buf_done) struct buf shown = BUF_INIT;
    AUTO(buf_done) struct buf about = BUF_INIT;

    must_build();
    cr_assert(finder_index_ask(names_index, SPAN("惠州市锴屿电解铝有限公司"), (struct finder_wish){.most = 5},
                               &candidates, &shown, &T.err));
    cr_assert_str_eq(candidates.data, "[]");
    cr_assert_str_eq(shown.data, "[]");
    finder_index_about(names_index, &about);
    cr_assert_str_eq(about.data, "{\"edition\":null,\"names\":0,\"register\":null,\"sequence\":0}");
}

Test(command_names, what_is_no_name_is_refused)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    AUTO(buf_done) struct buf out = BUF_INIT;

    must_take_in(REGISTER, "2026-08-01");
    must_build();
    for (int i = 0; i < 3400; i++)
        buf_add_text(&text, "长");
    cr_assert_not(finder_index_ask(names_index, buf_span(&text), (struct finder_wish){.most = 5}, &out, &out, &T.err),
                  "10 kB");
    cr_assert_not(finder_index_ask(names_index, SPAN("\xFF\xFE"), (struct finder_wish){.most = 5}, &out, &out, &T.err),
                  "no UTF-8");
    cr_assert_not(
        finder_index_ask(names_index, SPAN("\xED\xA0\x80"), (struct finder_wish){.most = 5}, &out, &out, &T.err),
        "a surrogate");
    cr_assert_eq(out.bytes, 0);
}

Test(command_names, the_register_and_the_enterprises_are_found_by_every_name_they_had)
{
    struct obligation row = sample_row();

    must_take_in(REGISTER, "2026-08-01");
    import_row(row);
    must_build();
    cr_assert(is_first(OTHER, "same", "惠州市锴屿电解铝有限公司"));
    cr_assert(is_first(OTHER, "same", "惠州市旧屿铝厂"));
    cr_assert(is_first(OTHER, "same", "惠州市　锴屿（电解铝）有限公司"), "full width and brackets are spelling");
    cr_assert(is_first(SAMPLE, "same", SAMPLE_NAME));
}

Test(command_names, a_renamed_enterprise_is_found_under_both_without_building)
{
    struct obligation row = sample_row();

    must_take_in(REGISTER, "2026-08-01");
    import_row(row);
    must_build();
    row.field[COLUMN_NAME] = span_of(RENAMED);
    cr_assert_not(is_first(SAMPLE, "same", RENAMED));
    import_row(row);
    cr_assert_not(follow(), "there is room for it");
    cr_assert(is_first(SAMPLE, "same", RENAMED));
    cr_assert(is_first(SAMPLE, "same", SAMPLE_NAME));
}

Test(command_names, another_register_makes_the_index_old_but_not_useless)
{
    must_take_in(REGISTER, "2026-08-01");
    must_build();
    cr_assert_not(follow());
    must_take_in(REGISTER "91440224MAYUCHK485,韶关市璞廪钢铁有限公司,\n", "2026-08-02");
    cr_assert(follow());
    cr_assert(is_first(OTHER, "same", "惠州市锴屿电解铝有限公司"));
    must_build();
    cr_assert_not(follow());
    cr_assert(is_first("91440224MAYUCHK485", "same", "韶关市璞廪钢铁有限公司"));
}
