/* post.h - a scratch gateway (desk.h), the sandbox, and the courier between them, each a process of its own. All three
 * live on the same day, which the test can turn. */
#ifndef TESTS_UNIT_ALL_POST_H
#define TESTS_UNIT_ALL_POST_H

#include <sys/mman.h>

#include "gateway/courier/courier.h"
#include "schemas/uscc.h"
#include "tests/unit/all/platform.h"
#include "tests/unit/gateway/command/desk.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define COUNT_LEAKS() __lsan_do_recoverable_leak_check()
#else
#define COUNT_LEAKS() 0
#endif

enum { RECORDS_MAX = 1200, PATIENCE_MS = 30000, LEAKED = 9 };

static struct {
    struct config config;
    const char *host; /* NULL: localhost */
    char base[64];
    char token[TEST_PATH_BYTES + 16];
    char sm4[TEST_PATH_BYTES + 16];
    char certificate[TEST_PATH_BYTES + 16];
    char key[TEST_PATH_BYTES + 16];
    char ca[TEST_PATH_BYTES + 16];
    struct channel_settings *settings;
    char later_base[2][64];
    char app_key[TEST_PATH_BYTES + 16];
    struct channel_set set; /* with P.is_three */
    int64_t *offset_ms;     /* of everybody's clock; shared by all processes */
    pid_t courier;
    int stop_fd;
    int wake_fd;
    int signer_fd; /* where a courier's signer is to be; 0: in the courier itself */
    char records[RECORDS_MAX][RECORD_ID_BYTES];
    size_t count;
} O;

static inline int64_t post_clock(void *context)
{
    const volatile int64_t *offset_ms = context;

    return clock_now_ms(&CLOCK_SYSTEM) + *offset_ms;
}

/* --- the store: nobody forks with it open --- */

static inline void post_open_store(void)
{
    T.store = scratch_store("store");
    T.desk.store = T.store;
}

static inline void post_close_store(void)
{
    store_close(TAKE(T.store));
}

/* --- the courier --- */

static inline void post_load_settings(void)
{
    channel_settings_free(TAKE(O.settings));
    channel_set_done(&O.set);
    O.set = (struct channel_set){.count = 0};
    snprintf(O.base, sizeof O.base, "https://%s:%u/gd", O.host ? O.host : "localhost", P.port);
    snprintf(O.later_base[0], sizeof O.later_base[0], "https://localhost:%u/np", P.port);
    snprintf(O.later_base[1], sizeof O.later_base[1], "https://localhost:%u/cc", P.port);
    if (P.is_three)
        cr_assert(channel_set_load(&O.config, &O.set, &T.err), "%s", T.err.text);
    cr_assert(channel_settings_load(&O.config, CHANNEL_CREDIT_GUANGDONG, &O.settings, &T.err), "%s", T.err.text);
}

static inline int post_be_courier(int stop_fd)
{
    AUTO(store_close) struct store *store = scratch_store("store");
    AUTO(signer_free) struct signer *signer = NULL;
    struct courier_options options = {.store = store,
                                      .clock = &T.clock,
                                      .channels = channel_for_courier(O.settings),
                                      .channel_count = 1,
                                      .wake_fd = O.wake_fd};

    if (P.is_three) {
        options.channels = O.set.channels;
        options.channel_count = O.set.count;
    }
    if (O.signer_fd > 0)
        signer = signer_new_remote(O.signer_fd);
    else if (!signer_new_local(T.keyring, &signer, &T.err))
        return 2;
    options.signer = signer;
    if (courier_run(&options, stop_fd, &T.err))
        return 0;
    fprintf(stderr, "%s\n", T.err.text);
    return 1;
}

static inline void post_start(void)
{
    post_load_settings();
    post_close_store();
    O.stop_fd = stop_new();
    O.courier = fork_bound();
    if (O.courier == 0) {
        int status = post_be_courier(O.stop_fd);

        _exit(status == 0 && COUNT_LEAKS() ? LEAKED : status);
    }
    post_open_store();
}

static inline void post_stop(void)
{
    int status;

    if (O.courier <= 0)
        return;
    stop_tell(O.stop_fd);
    cr_assert_eq(waitpid(O.courier, &status, 0), O.courier);
    O.courier = 0;
    cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the courier ended with %x", status);
}

static inline void post_kill(void)
{
    kill(O.courier, SIGKILL);
    waitpid(O.courier, NULL, 0);
    close(O.stop_fd);
    O.courier = 0;
}

static inline void post_wake(void)
{
    uint64_t one = 1;

    cr_assert_eq(write(O.wake_fd, &one, sizeof one), (ssize_t)sizeof one);
}

/* --- opening and closing --- */

static inline void post_paths(void)
{
    snprintf(O.token, sizeof O.token, "%s/token", T.folder);
    snprintf(O.sm4, sizeof O.sm4, "%s/sm4.hex", T.folder);
    snprintf(O.certificate, sizeof O.certificate, "%s/client.pem", T.folder);
    snprintf(O.key, sizeof O.key, "%s/client.key", T.folder);
    snprintf(O.ca, sizeof O.ca, "%s/ca.pem", T.folder);
    cr_assert(file_write(O.token, SPAN(PLATFORM_TOKEN "\n"), 0600, &T.err), "%s", T.err.text);
}

static inline void post_configure(void)
{
    O.config.channels[CHANNEL_CREDIT_GUANGDONG] =
        (struct config_channel){.is_enabled = true,
                                .base = O.base,
                                .table_code = (char *)"SXJZCN",
                                .department_code = (char *)"4400GXT",
                                .table_version = (char *)"V1",
                                .paas_id = (char *)"creditgate-test",
                                .token_file = O.token,
                                .sm4_key_file = O.sm4,
                                .provider_code = (char *)"4400GXT",
                                .provider_name = (char *)"广东省工业和信息化厅",
                                .exchange_name = (char *)"广东省工业和信息化厅",
                                .certificate = O.certificate,
                                .key = O.key,
                                .ca = O.ca,
                                .rows_max = 500,
                                .concurrency = 4,
                                .connect_timeout_ms = 5000,
                                .total_timeout_ms = 15000,
                                .retry_first_ms = 20,
                                .retry_max_ms = 200,
                                .poll_ms = 10};
}

/* The two later channels are the first but for what their protocols want. */
static inline void post_configure_later(void)
{
    struct config_channel *channels = O.config.channels;

    snprintf(O.app_key, sizeof O.app_key, "%s/app.hex", T.folder);
    for (size_t i = 0; i < 2; i++) {
        struct config_channel *later = &channels[CHANNEL_NATIONAL_PLATFORM + i];

        *later = channels[CHANNEL_CREDIT_GUANGDONG];
        later->base = O.later_base[i];
        later->table_code = later->department_code = later->table_version = later->paas_id = NULL;
        later->token_file = later->sm4_key_file = NULL;
    }
    channels[CHANNEL_NATIONAL_PLATFORM].rows_max = 200;
    channels[CHANNEL_NATIONAL_PLATFORM].requester = (char *)PLATFORM_REQUESTER;
    channels[CHANNEL_NATIONAL_PLATFORM].service = (char *)PLATFORM_SERVICE;
    channels[CHANNEL_NATIONAL_PLATFORM].app_key_file = O.app_key;
    channels[CHANNEL_CREDIT_CHINA].file_code = (char *)PLATFORM_FILE_CODE;
    channels[CHANNEL_CREDIT_CHINA].concurrency = 1;
}

static inline void post_give_public_key(void)
{
    AUTO(buf_done) struct buf pem = BUF_INIT;
    AUTO(text_free) char *path = path_join(T.folder, "gateway.pem");
    const struct key *key = keyring_current(T.keyring, KEY_USE_PUSH, KEY_SM2, clock_now_ms(&CLOCK_SYSTEM));

    cr_assert(key && key_public_pem(key, &pem, &T.err), "%s", T.err.text);
    cr_assert(file_write(path, buf_span(&pem), 0644, &T.err), "%s", T.err.text);
}

static inline void post_open(void)
{
    desk_open();
    O.offset_ms = mmap(NULL, sizeof *O.offset_ms, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(O.offset_ms != MAP_FAILED);
    O.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    post_paths();
    post_configure();
    if (P.is_three)
        post_configure_later();
    post_give_public_key();
    post_close_store();
    /* The desk's day, on a clock that runs and that all processes share. */
    *O.offset_ms = T.now_ms - clock_now_ms(&CLOCK_SYSTEM);
    T.clock = (struct clock){post_clock, O.offset_ms};
    platform_open(T.folder, &T.clock);
    post_open_store();
}

static inline void post_close(void)
{
    post_stop();
    platform_close();
    channel_settings_free(O.settings);
    channel_set_done(&O.set);
    close(O.wake_fd);
    desk_close(); /* and compares with what the journal makes anew */
    munmap(O.offset_ms, sizeof *O.offset_ms);
}

/* --- records --- */

static inline void post_code(size_t i, char code[19])
{
    snprintf(code, 19, "91440224MA%07u0", (unsigned)i % 10000000);
    code[17] = uscc_check_character((struct span){code, 17});
}

static inline void post_note(const struct outcome *outcome, void *context)
{
    (void)context;
    cr_assert(outcome->is_done, "%s", outcome->refusal->text);
    memcpy(O.records[O.count++], outcome->record, RECORD_ID_BYTES);
}

static inline void post_approve_all(void)
{
    struct review_item *items = memory_new(RECORDS_MAX * sizeof *items);

    for (size_t i = 0; i < O.count; i++)
        items[i] = (struct review_item){O.records[i], 0};
    T.desk.person = "reviewer";
    cr_assert(command_approve(&T.desk, items, O.count, keep, NULL, &T.tally, &T.err), "%s", T.err.text);
    T.desk.person = "author";
    free(items);
}

/* `count` effective records of as many enterprises: O.records. */
static inline void post_list(size_t count)
{
    struct obligation *rows = memory_new(count * sizeof *rows);
    char(*codes)[19] = memory_new(count * sizeof *codes);
    struct obligations_filter all = OBLIGATIONS_ALL;
    struct proposal proposal = sample_proposal();

    for (size_t i = 0; i < count; i++) {
        rows[i] = sample_row();
        post_code(i, codes[i]);
        rows[i].field[COLUMN_USCC] = span_of(codes[i]);
    }
    (void)import_rows(rows, count);
    cr_assert(command_propose_overdue(&T.desk, &all, &proposal, post_note, NULL, &T.tally, &T.err), "%s", T.err.text);
    cr_assert_eq(O.count, count);
    post_approve_all();
    free(rows);
    free(codes);
}

/* A new version of one record, effective. */
static inline void post_change(size_t i, enum record_op op)
{
    struct proposal proposal = blank_change(op);

    if (op == OP_CHANGED)
        proposal.scope = SCOPE_GOVERNMENT;
    cr_assert_str_eq(change(O.records[i], proposal), "done");
    cr_assert_str_eq(approve_as("reviewer", O.records[i]), "done");
}

static inline uint64_t post_push(void)
{
    struct push_request request = {CHANNEL_CREDIT_GUANGDONG, NULL, NULL, -1, channel_make_row, NULL};
    struct tally tally = {0};

    post_load_settings();
    request.make_row_context = O.settings;
    cr_assert(command_push(&T.desk, &request, keep, NULL, &tally, &T.err), "%s", T.err.text);
    cr_assert_eq(tally.refused, 0, "%s", T.refusal.text);
    post_wake();
    return tally.done;
}

/* --- looking --- */

static inline struct channel_status post_status_of(enum channel channel)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct channel_status status;

    cr_assert(outbox_status(txn, channel, &status, &T.err), "%s", T.err.text);
    return status;
}

static inline struct channel_status post_status(void)
{
    return post_status_of(CHANNEL_CREDIT_GUANGDONG);
}

typedef bool post_condition(const struct channel_status *status, uint64_t wanted);

static inline bool post_has_acknowledged(const struct channel_status *status, uint64_t wanted)
{
    return status->count[DELIVERY_ACKNOWLEDGED] == wanted;
}

static inline bool post_has_refused(const struct channel_status *status, uint64_t wanted)
{
    return status->count[DELIVERY_REFUSED] == wanted;
}

static inline bool post_is_paused(const struct channel_status *status, uint64_t wanted)
{
    return status->is_paused == (wanted != 0);
}

static inline bool post_is_in_doubt(const struct channel_status *status, uint64_t wanted)
{
    return status->count[DELIVERY_IN_DOUBT] == wanted;
}

static inline bool post_has_received(const struct channel_status *status, uint64_t wanted)
{
    return status->count[DELIVERY_RECEIVED] == wanted;
}

static inline void post_await_of(enum channel channel, post_condition *condition, uint64_t wanted)
{
    int64_t until_ms = time_monotonic_ms() + PATIENCE_MS;
    struct channel_status status = post_status_of(channel);

    while (!condition(&status, wanted) && time_monotonic_ms() < until_ms) {
        usleep(10000);
        status = post_status_of(channel);
    }
    cr_assert(condition(&status, wanted),
              "queued %lu, sending %lu, in doubt %lu, received %lu, acknowledged %lu, refused %lu; paused %d: %s",
              status.count[DELIVERY_QUEUED], status.count[DELIVERY_SENDING], status.count[DELIVERY_IN_DOUBT],
              status.count[DELIVERY_RECEIVED], status.count[DELIVERY_ACKNOWLEDGED], status.count[DELIVERY_REFUSED],
              status.is_paused, status.reason);
}

static inline void post_await(post_condition *condition, uint64_t wanted)
{
    post_await_of(CHANNEL_CREDIT_GUANGDONG, condition, wanted);
}

static inline void post_await_acknowledged(uint64_t wanted)
{
    post_await(post_has_acknowledged, wanted);
}

/* The delivery of a version; all zeroes when there is none. */
static inline struct delivery post_delivery_of(enum channel channel, size_t i, uint32_t version)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    struct delivery delivery = {.number = 0};

    (void)outbox_of_version(txn, channel, O.records[i], version, &delivery);
    return delivery;
}

static inline struct delivery post_delivery(size_t i, uint32_t version)
{
    struct delivery delivery = post_delivery_of(CHANNEL_CREDIT_GUANGDONG, i, version);

    cr_assert_gt(delivery.number, 0);
    return delivery;
}

/* How many events of a type the journal holds; `with` (or NULL) stands in them. */
static inline size_t post_events(const char *type, const char *with)
{
    AUTO(store_abort) struct store_txn *txn = reader();
    AUTO(buf_done) struct buf wanted = BUF_INIT;
    uint64_t size = store_count(txn, STORE_JOURNAL);
    size_t count = 0;

    buf_addf(&wanted, "\"type\":\"%s\"", type);
    for (uint64_t i = 0; i < size; i++) {
        uint8_t key[8];
        struct span event;

        store_key_u64(key, i);
        cr_assert(store_get(txn, STORE_JOURNAL, (struct span){(const char *)key, 8}, &event));
        count += memmem(event.at, event.bytes, wanted.data, wanted.bytes) != NULL &&
                 (!with || memmem(event.at, event.bytes, with, strlen(with)) != NULL);
    }
    return count;
}

static inline void post_await_events(const char *type, size_t wanted)
{
    int64_t until_ms = time_monotonic_ms() + PATIENCE_MS;

    while (post_events(type, NULL) < wanted && time_monotonic_ms() < until_ms)
        usleep(10000);
    if (post_events(type, NULL) < wanted) {
        struct channel_status status = post_status();

        cr_assert(false, "%zu of %zu %s; paused %d: %s", post_events(type, NULL), wanted, type, status.is_paused,
                  status.reason);
    }
}

/* The first upload is on its way (the platform holds its answer back). */
static inline void post_await_upload(void)
{
    post_await_events("call.prepared", 1);
    usleep(200000);
}

/* Every version applied at the other side, in order from 1, each `received` times at most, and nothing else. */
static inline void post_expect_applied(uint64_t versions, int64_t received)
{
    AUTO(json_release) json_t *state = platform_control("GET", "/control/state", NULL);
    const char *rowid;
    json_t *record;

    cr_assert_eq(json_integer_of(state, "applied", -1), (int64_t)versions);
    cr_assert_eq(json_integer_of(state, "repeated_other", -1), 0, "a task was sent with other bytes");
    json_object_foreach(json_object_get(state, "records"), rowid, record)
    {
        const json_t *applied = json_object_get(record, "applied");

        cr_assert_eq(json_integer_of(record, "different", -1), 0, "%s", rowid);
        cr_assert_eq(json_integer_of(record, "older", -1), 0, "%s", rowid);
        for (size_t i = 0; i < json_array_size(applied); i++) {
            const json_t *version = json_array_get(applied, i);

            cr_assert_eq(json_integer_of(version, "VERSION", -1), (int64_t)i + 1, "%s", rowid);
            cr_assert_leq(json_integer_of(version, "received", -1), received, "%s", rowid);
        }
    }
}

#endif
