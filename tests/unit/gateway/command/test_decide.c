/* Refusals of the issue first: before the deadline, wrong authority, exited, extended, revoked, own author. */
#include "gateway/registry/records_value.h"
#include "tests/unit/gateway/command/desk.h"

TestSuite(decide, .init = desk_open, .fini = desk_close);

#define REFUSED(expression, slug)                                                                                      \
    cr_assert_str_eq((expression), (slug), "got \"%s\": %s", T.refusal.rule, T.refusal.text)

/* The sample with two cells changed is imported and proposed. COLUMN_COUNT: no second cell. */
static const char *propose_with(enum column first, const char *value, enum column second, const char *other)
{
    struct proposal proposal = sample_proposal();
    struct obligation row = sample_row();

    row.field[first] = span_of(value);
    if (second != COLUMN_COUNT)
        row.field[second] = span_of(other);
    import_row(row);
    return propose_row(row, &proposal);
}

Test(decide, a_record_before_the_deadline_is_refused)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.on = on("2026-02-27");
    REFUSED(propose_sample(&proposal), "record.too-early");
    cr_assert(T.refusal.zh[0]);
}

Test(decide, the_day_of_the_deadline_itself_is_not_overdue)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.on = on("2026-02-28");
    REFUSED(propose_sample(&proposal), "record.too-early");
}

Test(decide, the_day_after_the_deadline_is_overdue)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.on = on("2026-03-01");
    REFUSED(propose_sample(&proposal), "done");
}

Test(decide, a_register_that_calls_it_overdue_too_early_changes_nothing)
{
    REFUSED(propose_with(COLUMN_DEADLINE, "2026-08-31", COLUMN_COUNT, NULL), "record.too-early");
}

Test(decide, an_authority_that_did_not_order_is_refused)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.listing_authority = span_of("广州市工业和信息化局");
    REFUSED(propose_sample(&proposal), "record.wrong-authority");
}

/* 韶关市经济和信息化局 became 韶关市工业和信息化局 in the reorganisation of 2018-2019. */
static struct obligation row_of_2017(void)
{
    struct obligation row = sample_row();

    row.field[COLUMN_AUTHORITY] = span_of("韶关市经济和信息化局");
    row.field[COLUMN_ORDER_DATE] = span_of("2017-08-31");
    row.field[COLUMN_DEADLINE] = span_of("2018-02-28");
    return row;
}

Test(decide, a_body_that_was_renamed_lists_under_its_name_of_that_day)
{
    struct proposal proposal = sample_proposal();

    import_row(row_of_2017());
    proposal.listing_authority = span_of("韶关市经济和信息化局");
    REFUSED(propose_row(row_of_2017(), &proposal), "record.wrong-authority");
    cr_assert(strstr(T.refusal.zh, "韶关市工业和信息化局"), "%s", T.refusal.zh);
    proposal.listing_authority = span_of("韶关市发展和改革局");
    REFUSED(propose_row(row_of_2017(), &proposal), "record.wrong-authority");
    proposal.listing_authority = span_of("韶关市工业和信息化局");
    REFUSED(propose_row(row_of_2017(), &proposal), "done");
    REFUSED(approve_as("reviewer", T.last.record), "done");
}

Test(decide, nobody_named_means_the_body_that_ordered_under_its_name_of_that_day)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    struct proposal proposal = sample_proposal();
    AUTO(buf_done) struct buf hold = BUF_INIT;
    struct record_version version;

    import_row(row_of_2017());
    REFUSED(propose_row(row_of_2017(), &proposal), "done");
    txn = reader();
    cr_assert(records_load(txn, span_of(T.last.record), 1, &version, &hold, &T.err), "%s", T.err.text);
    cr_assert(span_is(version.record.listing_authority, "韶关市工业和信息化局"));
}

Test(decide, a_renamed_district_body_may_list_for_its_own_district_only)
{
    struct proposal proposal = sample_proposal();
    struct obligation row = row_of_2017();

    row.field[COLUMN_AUTHORITY] = span_of("仁化县经济和信息化局");
    import_row(row);
    proposal.listing_authority = span_of("乐昌市工业和信息化局");
    REFUSED(propose_row(row, &proposal), "record.wrong-authority");
    proposal.listing_authority = span_of("仁化县市场监督管理局");
    REFUSED(propose_row(row, &proposal), "record.wrong-authority");
    proposal.listing_authority = span_of("仁化县工业和信息化局");
    REFUSED(propose_row(row, &proposal), "done");
}

Test(decide, an_authority_that_may_not_order_on_this_ground_is_refused)
{
    REFUSED(propose_with(COLUMN_AUTHORITY, "韶关市生态环境局", COLUMN_AUTHORITY_KIND, "环境保护主管部门"),
            "record.wrong-authority");
}

Test(decide, an_exit_in_time_is_refused)
{
    REFUSED(propose_with(COLUMN_STATE, "按期退出", COLUMN_EXIT_DATE, "2026-02-20"), "record.obligation-exited");
}

Test(decide, an_exit_after_the_deadline_is_refused)
{
    REFUSED(propose_with(COLUMN_STATE, "逾期后退出", COLUMN_EXIT_DATE, "2026-05-20"), "record.obligation-exited");
}

Test(decide, an_extension_that_runs_is_refused_until_its_last_day)
{
    struct proposal proposal = sample_proposal();
    struct obligation row = sample_row();

    row.field[COLUMN_STATE] = span_of("延期中");
    row.field[COLUMN_EXTENDED_TO] = span_of("2026-05-28");
    import_row(row);
    proposal.on = on("2026-05-28");
    REFUSED(propose_row(row, &proposal), "record.obligation-extended");
    proposal.on = on("2026-05-29");
    REFUSED(propose_row(row, &proposal), "done");
}

Test(decide, a_revoked_order_is_refused)
{
    REFUSED(propose_with(COLUMN_STATE, "已撤销", COLUMN_COUNT, NULL), "record.obligation-revoked");
}

Test(decide, the_author_cannot_approve)
{
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    cr_assert_str_eq(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    REFUSED(approve_as("author", id), "record.same-person");
    REFUSED(approve_as("reviewer", id), "done");
}

Test(decide, a_day_in_the_future_is_refused)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.on = on("2026-08-04");
    REFUSED(propose_sample(&proposal), "record.day-in-future");
}

Test(decide, an_unknown_obligation_is_refused)
{
    struct proposal proposal = sample_proposal();

    REFUSED(propose_sample(&proposal), "record.no-obligation");
}

Test(decide, what_is_listed_must_be_whole)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    proposal.document = span_of("  ");
    REFUSED(propose_sample(&proposal), "record.document-missing");
    proposal = sample_proposal();
    proposal.decided_on = on("2026-02-28");
    REFUSED(propose_sample(&proposal), "record.decided-too-early");
    proposal.decided_on = on("2026-08-04");
    REFUSED(propose_sample(&proposal), "record.decided-in-future");
    proposal.decided_on = DAY_NONE;
    REFUSED(propose_sample(&proposal), "record.decided-in-future");
    proposal = sample_proposal();
    proposal.severity = 4;
    REFUSED(propose_sample(&proposal), "record.severity");
    proposal = sample_proposal();
    proposal.scope = 3;
    REFUSED(propose_sample(&proposal), "record.scope");
    proposal = sample_proposal();
    proposal.severity = SEVERITY_MINOR;
    proposal.decided_on = on("2026-03-02");
    REFUSED(propose_sample(&proposal), "record.publication-over");
}

Test(decide, two_records_of_one_obligation_are_refused)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    REFUSED(propose_sample(&proposal), "done");
    REFUSED(propose_sample(&proposal), "record.pending");
    REFUSED(approve_as("reviewer", T.last.record), "done");
    REFUSED(propose_sample(&proposal), "record.exists");
}

Test(decide, approval_judges_the_obligation_as_it_is_then)
{
    static const struct {
        enum column column[2];
        const char *value[2];
        const char *rule;
    } changes[] = {
        {{COLUMN_STATE, COLUMN_EXIT_DATE}, {"逾期后退出", "2026-08-01"}, "record.obligation-exited"},
        {{COLUMN_STATE, COLUMN_EXTENDED_TO}, {"延期中", "2026-09-30"}, "record.obligation-extended"},
        {{COLUMN_STATE, COLUMN_REMARK}, {"已撤销", "撤销"}, "record.obligation-revoked"},
        {{COLUMN_CAPACITY, COLUMN_REMARK}, {"12", "x"}, "record.obligation-changed"},
    };
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    REFUSED(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        struct obligation row = sample_row();

        row.field[changes[i].column[0]] = span_of(changes[i].value[0]);
        row.field[changes[i].column[1]] = span_of(changes[i].value[1]);
        import_row(row);
        REFUSED(approve_as("reviewer", id), changes[i].rule);
    }
}

Test(decide, a_remark_that_changed_does_not_hold_an_approval_up)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    REFUSED(propose_sample(&proposal), "done");
    import_with(COLUMN_REMARK, "已核实");
    REFUSED(approve_as("reviewer", T.last.record), "done");
}

Test(decide, approving_twice_is_refused_clearly)
{
    const char *id = listed_sample();

    REFUSED(approve_as("another", id), "record.already-effective");
}

Test(decide, what_was_read_is_what_is_approved)
{
    struct proposal proposal = sample_proposal();

    import_row(sample_row());
    REFUSED(propose_sample(&proposal), "done");
    REFUSED(approve_seen("reviewer", T.last.record, 999), "record.changed");
}

Test(decide, a_return_needs_a_reason_and_frees_the_number)
{
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    REFUSED(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    REFUSED(return_it(id, " "), "record.reason-missing");
    REFUSED(return_it(id, "文号有误"), "done");
    REFUSED(approve_as("reviewer", id), "record.returned");
    REFUSED(propose_sample(&proposal), "done");
    cr_assert_str_eq(T.last.record, id);
    cr_assert_eq(T.last.version, 1);
}

Test(decide, a_correction_needs_a_reason_and_something_to_correct)
{
    const char *id = listed_sample();
    struct proposal proposal = blank_change(OP_CHANGED);

    proposal.reason = SPAN_NONE;
    REFUSED(change(id, proposal), "record.reason-missing");
    proposal.reason = span_of("文号有误");
    REFUSED(change(id, proposal), "record.nothing-changed");
    proposal.severity = SEVERITY_SERIOUS;
    REFUSED(change(id, proposal), "done");
    cr_assert_eq(T.last.version, 2);
    REFUSED(change(id, blank_change(OP_WITHDRAWN)), "record.pending");
    REFUSED(approve_as("author", id), "record.same-person");
    REFUSED(approve_as("reviewer", id), "done");
}

Test(decide, nothing_changes_before_it_is_in_force)
{
    struct proposal proposal = sample_proposal();
    char id[RECORD_ID_BYTES];

    import_row(sample_row());
    REFUSED(propose_sample(&proposal), "done");
    memcpy(id, T.last.record, sizeof id);
    REFUSED(return_it(id, "退回"), "done");
    REFUSED(change(id, blank_change(OP_WITHDRAWN)), "record.not-effective");
    REFUSED(change("R00000000000000000000", blank_change(OP_WITHDRAWN)), "record.unknown");
    REFUSED(change("x", blank_change(OP_WITHDRAWN)), "record.unknown");
}

Test(decide, after_a_withdrawal_the_record_is_over_and_another_may_come)
{
    const char *id = listed_sample();
    struct proposal proposal = sample_proposal();

    REFUSED(change(id, blank_change(OP_WITHDRAWN)), "done");
    REFUSED(approve_as("reviewer", id), "done");
    REFUSED(change(id, blank_change(OP_CHANGED)), "record.over");
    REFUSED(propose_sample(&proposal), "done");
    cr_assert_str_neq(T.last.record, id);
}

static struct proposal sample_repair(void)
{
    struct proposal proposal = blank_change(OP_REPAIRED);

    proposal.statement = span_of("已公开作出信用承诺");
    proposal.corrected = span_of("转炉拆除现场核查记录");
    proposal.duties = span_of("设备处置完毕证明");
    proposal.duties_done = true;
    return proposal;
}

Test(decide, a_repair_states_evidence_for_each_condition)
{
    const char *id = listed_sample();
    struct proposal proposal = sample_repair();

    set_today("2026-11-04");
    proposal.statement = SPAN_NONE;
    REFUSED(change(id, proposal), "record.statement-missing");
    proposal = sample_repair();
    proposal.corrected = span_of("　 ");
    REFUSED(change(id, proposal), "record.evidence-missing");
    proposal = sample_repair();
    proposal.duties = SPAN_NONE;
    REFUSED(change(id, proposal), "record.evidence-missing");
    proposal = sample_repair();
    proposal.duties_done = false;
    REFUSED(change(id, proposal), "record.repair-open");
    proposal.duties_done = true;
    REFUSED(change(id, proposal), "done");
    REFUSED(approve_as("reviewer", id), "done");
}

/* Order 36: minor at once, general after three months, serious after a year; the day the minimum ends is its last. */
Test(decide, a_repair_waits_for_the_minimum_of_its_severity)
{
    static const struct {
        enum severity severity;
        const char *before;
        const char *first;
    } WINDOWS[] = {{SEVERITY_MINOR, NULL, "2026-08-03"},
                   {SEVERITY_GENERAL, "2026-11-03", "2026-11-04"},
                   {SEVERITY_SERIOUS, "2027-08-03", "2027-08-04"}};

    import_row(sample_row());
    for (size_t i = 0; i < COUNT_OF(WINDOWS); i++) {
        struct proposal proposal = sample_proposal();
        char id[RECORD_ID_BYTES];

        set_today("2026-08-03");
        proposal.severity = WINDOWS[i].severity;
        REFUSED(propose_sample(&proposal), "done");
        memcpy(id, T.last.record, sizeof id);
        REFUSED(approve_as("reviewer", id), "done");
        if (WINDOWS[i].before) {
            set_today(WINDOWS[i].before);
            REFUSED(change(id, sample_repair()), "record.repair-too-early");
        }
        set_today(WINDOWS[i].first);
        REFUSED(change(id, sample_repair()), "done");
        /* The clock may have gone back when the second person comes. */
        if (WINDOWS[i].before) {
            set_today(WINDOWS[i].before);
            REFUSED(approve_as("reviewer", id), "record.repair-too-early");
            set_today(WINDOWS[i].first);
        }
        REFUSED(approve_as("reviewer", id), "done");
    }
}

Test(decide, a_dispute_is_marked_once_and_survives_a_correction)
{
    const char *id = listed_sample();
    struct proposal correction = blank_change(OP_CHANGED);

    REFUSED(change(id, blank_change(OP_DISPUTE_OVER)), "record.not-disputed");
    REFUSED(change(id, blank_change(OP_DISPUTED)), "done");
    REFUSED(approve_as("reviewer", id), "done");
    REFUSED(change(id, blank_change(OP_DISPUTED)), "record.disputed");
    correction.document = span_of("韶工信失信〔2026〕2号");
    REFUSED(change(id, correction), "done");
    REFUSED(approve_as("reviewer", id), "done");
    REFUSED(change(id, blank_change(OP_DISPUTED)), "record.disputed");
    REFUSED(change(id, blank_change(OP_DISPUTE_OVER)), "done");
}

Test(decide, texts_have_limits)
{
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct proposal proposal = sample_proposal();

    for (int i = 0; i < RECORD_REASON_MAX + 1; i++)
        buf_add_byte(&text, 'x');
    import_row(sample_row());
    proposal.reason = buf_span(&text);
    REFUSED(propose_sample(&proposal), "record.text-too-long");
    proposal = sample_proposal();
    proposal.document = buf_span(&text);
    REFUSED(propose_sample(&proposal), "record.text-too-long");
}

/* By hand, so in no journal: the caller takes it out again before the tables are compared with a rebuild. */
static void squat(const char *id, bool is_there)
{
    struct record_version squatter = {.state = RECORD_EFFECTIVE};
    struct record *record = &squatter.record;
    struct store_txn *txn = NULL;
    uint8_t key[RECORD_KEY_BYTES];

    memcpy(record->id, id, RECORD_ID_BYTES);
    record->version = 1;
    record->op = OP_NEW;
    record->severity = SEVERITY_MINOR;
    record->decided_on = record->due = record->publication_end = on("2026-01-01");
    cr_assert(store_begin(T.store, STORE_WRITE, &txn, &T.err));
    if (is_there)
        records_store(txn, &squatter);
    else
        store_delete(txn, STORE_RECORDS, records_key(span_of(id), 1, key));
    cr_assert(store_commit(txn, &T.err), "%s", T.err.text);
}

Test(decide, an_id_that_belongs_to_another_obligation_is_passed_over)
{
    struct proposal proposal = sample_proposal();
    struct obligation row = sample_row();
    uint8_t obligation[OBLIGATION_ID_BYTES];
    char first[RECORD_ID_BYTES];

    import_row(row);
    obligation_id(&row, obligation);
    record_id(obligation, 0, first);
    squat(first, true);
    REFUSED(propose_sample(&proposal), "done");
    cr_assert_str_neq(T.last.record, first);
    squat(first, false);
}
