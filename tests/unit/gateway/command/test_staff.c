/* Who had which roles from when on is in the journal; the table is a projection of it (desk_close compares). */
#include "desk.h"

#include "base/walk.h"
#include "gateway/accounts/roster.h"
#include "gateway/command/command_staff.h"
#include "gateway/journal/journal.h"

TestSuite(staff, .init = desk_open, .fini = desk_close);

static struct config_person people[3];
static struct config config;

static void staff_of(size_t count)
{
    people[0] = (struct config_person){
        .name = (char *)"lin", .title = (char *)"林\"经办\"", .uid = 1001, .roles = ROLE_OPERATOR | ROLE_ADMINISTRATOR};
    people[1] = (struct config_person){
        .name = (char *)"chen", .title = (char *)"", .uid = CONFIG_UID_NONE, .roles = ROLE_REVIEWER};
    people[2] = (struct config_person){
        .name = (char *)"zhao", .uid = 0, .roles = ROLE_AUDITOR, .has_certificate = true, .fingerprint = {0xab}};
    config = (struct config){.staff = people, .staff_count = count};
}

static uint64_t size(void)
{
    AUTO(store_abort) struct store_txn *txn = reader();

    return journal_size(txn);
}

static uint64_t take(void)
{
    uint64_t before = size();

    cr_assert(command_staff_take(T.store, &T.clock, &config, &T.err), "%s", T.err.text);
    return size() - before;
}

static void must_be(const char *name, bool is_there, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct roster_entry entry;

    cr_assert(roster_find(txn, span_of(name), &entry), "%s", name);
    cr_assert_eq(entry.is_there, is_there);
    cr_assert(span_is(entry.data, data), "%.*s", (int)entry.data.bytes, entry.data.at);
}

static bool apply(const char *type, const char *data)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct event event = {.at_ms = 1, .by = SPAN("gateway"), .type = span_of(type), .data = span_of(data)};

    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err), "%s", T.err.text);
    return roster_apply(txn, 0, &event, &T.err);
}

Test(staff, an_event_of_the_wrong_form_is_not_applied)
{
    cr_assert_not(apply("staff.granted", "{\"name\":\"lin\",\"roles\":[]}"));
    cr_assert_not(apply("staff.granted", "{\"roles\":[\"auditor\"]}"));
    cr_assert_not(apply("staff.removed", "{}"));
    cr_assert_eq(T.err.code, ERR_CORRUPT);
    cr_assert_not(apply("staff.removed", "{\"name\":\"nobody\"}"));
    cr_assert_eq(T.err.code, ERR_CONFLICT);
    cr_assert_not(apply("config.reload-ordered", "{\"file\":\"x\"}"));
    cr_assert(apply("staff.granted", "{\"name\":\"lin\",\"roles\":[\"auditor\"]}"));
}

Test(staff, everybody_is_told_once_with_roles_and_ways_in)
{
    staff_of(3);
    cr_assert_eq(take(), 3);
    cr_assert_eq(take(), 0);
    must_be("lin", true,
            "{\"certificate\":null,\"name\":\"lin\",\"roles\":[\"operator\",\"administrator\"],\"title\":"
            "\"林\\\"经办\\\"\",\"uid\":1001}");
    must_be("chen", true,
            "{\"certificate\":null,\"name\":\"chen\",\"roles\":[\"reviewer\"],\"title\":\"\",\"uid\":null}");
    must_be("zhao", true,
            "{\"certificate\":\"ab00000000000000000000000000000000000000000000000000000000000000\",\"name\":\"zhao\","
            "\"roles\":[\"auditor\"],\"title\":\"\",\"uid\":0}");
}

Test(staff, a_changed_role_is_told_from_when_on_and_nothing_else_is)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct roster_entry before, after;

    staff_of(3);
    (void)take();
    T.now_ms += 86400000;
    people[1].roles |= ROLE_OPERATOR;
    cr_assert_eq(take(), 1);
    txn = reader();
    cr_assert(roster_find(txn, SPAN("lin"), &before) && roster_find(txn, SPAN("chen"), &after));
    cr_assert_eq(after.at_ms, T.now_ms);
    cr_assert_lt(before.at_ms, after.at_ms);
}

Test(staff, who_leaves_is_told_and_who_comes_back_as_well)
{
    staff_of(3);
    (void)take();
    config.staff_count = 2;
    cr_assert_eq(take(), 1);
    must_be("zhao", false, "{\"name\":\"zhao\"}");
    cr_assert_eq(take(), 0);
    config.staff_count = 3;
    cr_assert_eq(take(), 1);
    config.staff_count = 0;
    cr_assert_eq(take(), 3);
}

Test(staff, who_ordered_a_reload_is_told_once_an_order)
{
    const uint8_t sha256[32] = {1};
    uint64_t before = size();

    T.desk.person = "admin";
    T.desk.job = "20260803-1";
    T.desk.since = before;
    for (int i = 0; i < 2; i++)
        cr_assert(command_staff_order_reload(&T.desk, "/etc/a \"b\".yaml", sha256, &T.err), "%s", T.err.text);
    cr_assert_eq(size(), before + 1);
    T.desk.job = "20260803-2";
    cr_assert(command_staff_order_reload(&T.desk, "/etc/x", sha256, &T.err), "%s", T.err.text);
    cr_assert_eq(size(), before + 2);
    T.desk.job = NULL;
}
