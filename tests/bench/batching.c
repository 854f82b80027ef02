#include "tests/bench/batching.h"

#include <stdlib.h>
#include <time.h>

#include "gateway/api/batch_body.h"
#include "gateway/journal/journal.h"
#include "gateway/lookup/batch.h"
#include "gateway/trace/trace.h"
#include "keys/digest.h"
#include "tests/bench/telling.h"

enum { BODIES = 200, RUN_MS = 3000, PROMISED = 500000 };

struct work {
    const struct batching *batching;
    struct lookup_batch *batch;
    struct trace_writer *trace;
    struct digester *digester;
    struct lookup_question question;
    struct batch_body body;
    struct lookup_batch_code codes[BATCHING_CODES];
    char receipts[BATCHING_CODES][TRACE_RECEIPT_BYTES];
    struct buf bodies[BODIES];
    struct buf shown;
    struct buf answer;
    struct trace_entry entries[BATCHING_CODES];
    size_t begins[BATCHING_CODES + 1];
    size_t shown_begins[BATCHING_CODES + 1];
};

static double cpu_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void make_bodies(struct work *work)
{
    for (size_t i = 0; i < BODIES; i++) {
        buf_addf(&work->bodies[i], "{\"purpose\":\"%s\",\"subjects\":[", work->batching->purpose);
        for (size_t j = 0; j < BATCHING_CODES; j++) {
            char code[19];

            work->batching->next_code(work->batching->context, code);
            buf_addf(&work->bodies[i], "%s{\"uscc\":\"%s\"}", j > 0 ? "," : "", code);
        }
        buf_add_text(&work->bodies[i], "]}");
    }
}

static bool answer_one(struct work *work, size_t i, struct error *err)
{
    struct span uscc = work->codes[i].uscc;
    struct lookup_facts facts;
    size_t shown = work->shown.bytes;

    if (i > 0)
        buf_add_byte(&work->answer, ',');
    work->begins[i] = work->answer.bytes;
    if (!lookup_batch_add_found(work->batch, i, &work->answer, &facts, err))
        return false;
    if (!span_equal(span_of(VERDICT_NAMES[facts.verdict]), span_of(work->batching->verdict)))
        return fail(err, ERR_INTERNAL, "%.*s is %s", (int)uscc.bytes, uscc.at, VERDICT_NAMES[facts.verdict]);
    work->entries[i] = (struct trace_entry){.receipt = work->receipts[i],
                                            .uscc = uscc,
                                            .rules = facts.rules,
                                            .verdict = VERDICT_NAMES[facts.verdict],
                                            .status = 200,
                                            .owes = facts.owes,
                                            .sequence = facts.sequence};
    work->shown_begins[i] = shown;
    return true;
}

static struct span text_of(const struct work *work, size_t i)
{
    return i < BATCHING_CODES
               ? (struct span){work->answer.data + work->begins[i], work->begins[i + 1] - work->begins[i] - 1}
               : SPAN_NONE;
}

static void trace_all(struct work *work)
{
    static const uint8_t CERTIFICATE[32] = {1};
    struct trace_entry common = {.at_ms = work->question.at_ms,
                                 .as_of_ms = work->question.as_of_ms,
                                 .as_of_sequence = work->question.as_of_sequence,
                                 .by = SPAN("bank-1"),
                                 .certificate = CERTIFICATE,
                                 .domain = span_of(domain_name(work->batching->domain)),
                                 .purpose = work->question.purpose,
                                 .rules = work->entries[0].rules};
    uint8_t digests[2][32];

    work->shown_begins[BATCHING_CODES] = work->shown.bytes;
    trace_begin_many(work->trace, &common);
    for (size_t i = 0; i < BATCHING_CODES; i++) {
        work->entries[i].answer = text_of(work, i);
        if (i % 2 == 0)
            digester_sha256_pair(work->digester, (const struct span[2]){text_of(work, i), text_of(work, i + 1)},
                                 digests);
        work->entries[i].answer_sha256 = digests[i % 2];
        work->entries[i].shown = (struct span){buf_text(&work->shown) + work->shown_begins[i],
                                               work->shown_begins[i + 1] - work->shown_begins[i]};
        trace_add_one(work->trace, &work->entries[i]);
    }
}

static bool read_question(struct work *work, struct span text, struct error *err)
{
    batch_body_read(&work->body, text);
    if (!batch_body_check(&work->body, err) || !batch_body_check_subjects(&work->body, err))
        return false;
    work->question.purpose = work->body.purpose;
    for (size_t i = 0; i < BATCHING_CODES; i++) {
        trace_receipt_ahead(work->trace, (uint32_t)i, work->receipts[i]);
        work->codes[i] = (struct lookup_batch_code){work->body.subjects[i].uscc, SPAN_NONE, work->receipts[i]};
    }
    return true;
}

static bool answer_batch(struct work *work, struct store_txn *txn, size_t number, struct error *err)
{
    buf_clear(&work->answer);
    buf_clear(&work->shown);
    if (!read_question(work, buf_span(&work->bodies[number % BODIES]), err) ||
        !lookup_batch_begin(work->batch, txn, &work->question, &work->answer, err))
        return false;
    lookup_batch_find(work->batch, work->codes, BATCHING_CODES);
    for (size_t i = 0; i < BATCHING_CODES; i++) {
        if (!answer_one(work, i, err))
            return false;
    }
    work->begins[BATCHING_CODES] = work->answer.bytes + 1;
    if (!lookup_batch_end(work->batch, &work->answer, err))
        return false;
    trace_all(work);
    return trace_flush(work->trace, err);
}

static bool measure(struct work *work, double *rate, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;
    double start, took;
    size_t count = 0;

    make_bodies(work);
    if (!store_begin(work->batching->store, STORE_READ, &txn, err))
        return false;
    start = cpu_s();
    do {
        store_reset(txn);
        if (!store_renew(txn, err) || !answer_batch(work, txn, count++, err))
            return false;
        took = cpu_s() - start;
    } while (took < RUN_MS / 1000.0);
    *rate = (double)count * BATCHING_CODES / took;
    return true;
}

static void tell_rate(struct batching *batching, double rate)
{
    if (batching->as_of == BATCHING_PRESENT) {
        batching->present = rate;
        tell(&(struct telling){batching->bench, rate, PROMISED, "1/s", rate / PROMISED, 1, "promised"});
    } else if (batching->present > 0) {
        tell(&(struct telling){batching->bench, rate, batching->present, "1/s", rate / batching->present, 1 / 1.2,
                               "the present state"});
    }
}

static bool set_as_of(struct work *work, struct error *err)
{
    AUTO(store_abort) struct store_txn *txn = NULL;

    if (work->batching->as_of == BATCHING_DAY)
        work->question.as_of_ms = work->question.at_ms;
    if (work->batching->as_of != BATCHING_SEQUENCE)
        return true;
    if (!store_begin(work->batching->store, STORE_READ, &txn, err))
        return false;
    work->question.as_of_sequence = journal_size(txn);
    return store_txn_is_good(txn, err);
}

bool batching_measure(struct batching *batching, struct error *err)
{
    double rate = 0;
    struct work *work = memory_new(sizeof *work);
    bool is_good;

    work->batching = batching;
    work->batch = lookup_batch_new();
    work->digester = digester_new();
    work->question = (struct lookup_question){.domain = batching->domain,
                                              .purpose = span_of(batching->purpose),
                                              .given = {.matter = SPAN("m"), .case_number = SPAN("c")},
                                              .is_government = true,
                                              .at_ms = clock_now_ms(&CLOCK_SYSTEM),
                                              .shown = &work->shown};
    is_good = set_as_of(work, err) && trace_writer_open(batching->trace_folder, &work->trace, err) &&
              measure(work, &rate, err);
    if (is_good)
        tell_rate(batching, rate);
    for (size_t i = 0; i < BODIES; i++)
        buf_done(&work->bodies[i]);
    batch_body_done(&work->body);
    buf_done(&work->shown);
    buf_done(&work->answer);
    trace_writer_free(work->trace);
    digester_free(work->digester);
    lookup_batch_free(work->batch);
    free(work);
    return is_good;
}
