#include "tests/bench/waiting.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "gateway/journal/journal.h"
#include "sandbox/sandbox.h"
#include "schemas/uscc.h"
#include "tests/support/certificates.h"
#include "tests/support/support.h"

#define TOKEN "token0123456789"
#define SM4_KEY "000102030405060708090a0b0c0d0e0f"
enum { A_COMMIT = 16000, CODES = 10000000, SPREAD = 7654321, DAYS = 30 };

/* --- what is agreed with the platform --- */

static bool write_in(const char *folder, const char *name, struct span text, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, name);

    return file_write(path, text, 0600, err);
}

static bool make_keys(struct waiting *waiting, struct error *err)
{
    AUTO(text_free) char *keys = path_join(waiting->folder, "keys");
    AUTO(buf_done) struct buf pem = BUF_INIT;
    const struct key *key;

    if (!keyring_create(keys, "bench", 0, err) || !keyring_load(keys, &waiting->keyring, err))
        return false;
    key = keyring_current(waiting->keyring, KEY_USE_PUSH, KEY_SM2, clock_now_ms(&CLOCK_SYSTEM));
    if (!key)
        return fail(err, ERR_INTERNAL, "there is no key to push with");
    return key_public_pem(key, &pem, err) && write_in(waiting->folder, "gateway.pem", buf_span(&pem), err);
}

static bool make_files(const struct waiting *waiting, struct error *err)
{
    const char *folder = waiting->folder;

    return certificate_make(folder, "ca", NULL, DAYS, err) && certificate_make(folder, "server", "ca", DAYS, err) &&
           certificate_make(folder, "client", "ca", DAYS, err) && write_in(folder, "sm4", SPAN(SM4_KEY "\n"), err);
}

static void fill_config(struct waiting *waiting)
{
    struct adapter_config *config = &waiting->config;

    config->layout = waiting->layout;
    config->table_code = "SXJZCN";
    config->department_code = "4400GXT";
    config->table_version_id = "V1";
    config->paasid = "creditgate-test";
    config->token = TOKEN;
    config->sm4_kid = "sm4-1";
    for (size_t i = 0; i < sizeof config->sm4_key; i++)
        config->sm4_key[i] = (uint8_t)i; /* SM4_KEY */
    config->provider_code = "4400GXT";
    config->provider_name = config->exchange_unit = "广东省工业和信息化厅";
}

bool waiting_open(const char *folder, struct waiting *out, struct error *err)
{
    *out = (struct waiting){.folder = folder};
    snprintf(out->certificate, sizeof out->certificate, "%s/client.pem", folder);
    snprintf(out->key, sizeof out->key, "%s/client.key", folder);
    snprintf(out->ca, sizeof out->ca, "%s/ca.pem", folder);
    if (!layout_load(TEST_SOURCE "/adapters/layouts/credit-guangdong.json", TEST_SOURCE "/schemas", &out->layout,
                     err) ||
        !make_keys(out, err) || !make_files(out, err)) {
        waiting_done(out);
        return false;
    }
    fill_config(out);
    return true;
}

void waiting_done(struct waiting *waiting)
{
    layout_free(waiting->layout);
    keyring_free(waiting->keyring);
    waiting->layout = NULL;
    waiting->keyring = NULL;
}

struct courier_channel waiting_channel(const struct waiting *waiting, enum channel channel, const char *base_url,
                                       struct adapter_config *config)
{
    *config = waiting->config;
    config->base_url = base_url;
    return (struct courier_channel){.channel = channel,
                                    .name = CHANNEL_NAMES[channel],
                                    .adapter = &adapter_credit_guangdong,
                                    .config = config,
                                    .certificate_path = waiting->certificate,
                                    .key_path = waiting->key,
                                    .ca_path = waiting->ca,
                                    .concurrency = 4,
                                    .retry_first_ms = 200,
                                    .retry_max_ms = 5000,
                                    .poll_ms = 5};
}

/* --- deliveries --- */

struct filling {
    const struct waiting *waiting;
    enum channel channel;
    uint32_t next;
    uint32_t end;
    struct buf row;
    struct buf data;
    struct buf event;
};

/* Neighbours in the queue are not neighbours in the tables: the codes are spread. */
static void code_of(uint32_t number, char code[19])
{
    snprintf(code, 19, "91440224MA%07u0", (unsigned)((uint64_t)number * SPREAD % CODES));
    code[17] = uscc_check_character((struct span){code, 17});
}

static bool make_row(struct filling *filling, const char *id, const char *code, struct error *err)
{
    const struct adapter_config *config = &filling->waiting->config;
    const int32_t today = day_of_instant(clock_now_ms(&CLOCK_SYSTEM));
    const struct adapter_record record = {
        .record = span_of(id),
        .version = 1,
        .op = ADAPTER_OP_ADD,
        .name = SPAN("韶关市璞廪钢铁有限公司"),
        .code = span_of(code),
        .facts = SPAN("因能耗不达标被责令限期整改：25吨转炉1座，产能31.47万吨/年，应于2026年2月28日前退出；至认定之日"
                      "未退出，亦未申请延期。"),
        .order =
            SPAN("《责令整改决定书》（韶工信节能〔2025〕10号，2025年8月31日）：限期整改，逾期未完成的退出落后产能。"),
        .listed_on = today,
        .published_until = day_add_months(today, 6),
        .authority = SPAN("韶关市工业和信息化局"),
        .document = SPAN("韶工信失信〔2026〕1号"),
        .provided_on = today,
        .division = SPAN("440224"),
        .severity = 2};

    buf_clear(&filling->row);
    return adapter_credit_guangdong.row(config, &record, &filling->row, err);
}

static bool queue_one(struct filling *filling, struct store_txn *txn, struct journal_writer *writer, struct error *err)
{
    struct event event = {.at_ms = clock_now_ms(&CLOCK_SYSTEM), .by = SPAN("bench"), .type = SPAN("delivery.queued")};
    uint32_t number = filling->next;
    char code[19];
    char id[24];
    uint64_t sequence;

    code_of(number, code);
    snprintf(id, sizeof id, "R%020u", number);
    if (!make_row(filling, id, code, err))
        return false;
    buf_clear(&filling->data);
    outbox_queued_data(filling->channel, id, 1, span_of(code), buf_span(&filling->row), &filling->data);
    event.data = buf_span(&filling->data);
    event_format(&event, &filling->event);
    journal_append(writer, buf_span(&filling->event), &sequence);
    return outbox_apply(txn, sequence, &event, err);
}

static bool queue_some(struct store_txn *txn, void *context, struct error *err)
{
    AUTO(journal_writer_free) struct journal_writer *writer = NULL;
    struct filling *filling = context;
    uint32_t first = filling->next;

    if (!journal_writer_new(txn, &writer, err))
        return false;
    for (; filling->next < filling->end && filling->next < first + A_COMMIT; filling->next++) {
        if (!queue_one(filling, txn, writer, err)) {
            filling->next = first; /* it may be done again, with more room */
            return false;
        }
    }
    return journal_writer_finish(writer, err);
}

bool waiting_fill(const struct waiting *waiting, struct store *store, enum channel channel, uint32_t first,
                  uint32_t count, struct error *err)
{
    struct filling filling = {.waiting = waiting, .channel = channel, .next = first, .end = first + count};
    bool is_good = true;

    while (is_good && filling.next < filling.end)
        is_good = store_write(store, queue_some, &filling, err);
    buf_done(&filling.row);
    buf_done(&filling.data);
    buf_done(&filling.event);
    return is_good;
}

/* --- the platform --- */

static void tell_port(void *context, uint16_t port)
{
    const int *fd = context;

    if (write(*fd, &port, sizeof port) != (ssize_t)sizeof port)
        _exit(3);
}

static _Noreturn void be_platform(const char *folder, int ready_fd)
{
    AUTO(sandbox_options_done)
    struct sandbox_options options = {.address = memory_copy_text("127.0.0.1"),
                                      .state = path_join(folder, "platform"),
                                      .certificate = path_join(folder, "server.pem"),
                                      .key = path_join(folder, "server.key"),
                                      .client_ca = path_join(folder, "ca.pem"),
                                      .base = memory_copy_text("/gd"),
                                      .paasid = memory_copy_text("creditgate-test"),
                                      .token = memory_copy_text(TOKEN),
                                      .table_code = memory_copy_text("SXJZCN"),
                                      .table_version_id = memory_copy_text("V1"),
                                      .department_code = memory_copy_text("4400GXT"),
                                      .sm4_key_file = path_join(folder, "sm4"),
                                      .gateway_key_file = path_join(folder, "gateway.pem")};
    const struct sandbox_ready ready = {tell_port, &ready_fd};
    int never = eventfd(0, EFD_CLOEXEC);
    struct error err;

    if (!sandbox_run(&options, never, &ready, &err))
        fprintf(stderr, "platform: %s\n", err.text);
    _exit(0);
}

bool waiting_platform(const struct waiting *waiting, long *pid, uint16_t *port, struct error *err)
{
    int ends[2];
    bool is_good;
    pid_t child;

    if (pipe(ends) != 0)
        return fail(err, ERR_IO, "pipe: %s", strerrordesc_np(errno));
    child = fork();
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_platform(waiting->folder, ends[1]);
    }
    close(ends[1]);
    is_good = child > 0 && read(ends[0], port, sizeof *port) == (ssize_t)sizeof *port;
    close(ends[0]);
    *pid = child;
    return is_good || fail(err, ERR_INTERNAL, "the platform does not start");
}
