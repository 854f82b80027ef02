#include "gateway/keeper/head.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum { PUBLIC_KEYS_MAX = 4 * 1024 * 1024 };

/* The private halves are the signer's alone: here the public ones will do. */
static bool load_keys(struct heads *heads, struct error *err)
{
    AUTO(text_free) char *path = config_state_path(heads->config, "public-keys.json");
    AUTO(buf_done) struct buf json = BUF_INIT;

    if (heads->keys)
        return true;
    return file_read(path, PUBLIC_KEYS_MAX, &json, err) &&
           (keyring_parse_public(buf_span(&json), &heads->keys, err) || fail_in(err, "%s", path));
}

static void forget_keys(struct heads *heads)
{
    keyring_free(heads->keys);
    heads->keys = NULL;
}

static void checkpoint_path(const struct config *config, enum guard_log log, const char *more, struct buf *out)
{
    buf_addf(out, "%s/checkpoints/%s%s", config->state, GUARD_LOG_NAMES[log], more);
}

bool head_published(struct heads *heads, enum guard_log log, struct guard_head *head)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf origin = BUF_INIT;
    struct checkpoint_proof proof;

    checkpoint_path(heads->config, log, "", &path);
    guard_origin(heads->guard, heads->config->name, log, &origin);
    if (!load_keys(heads, NULL) || !file_read(path.data, CHECKPOINT_NOTE_MAX, &note, NULL) ||
        !checkpoint_verify(buf_span(&note), origin.data, heads->keys, &proof, NULL) || !proof.has_ed25519 ||
        !proof.has_sm2)
        return false;
    head->size = proof.checkpoint.size;
    memcpy(head->root, proof.checkpoint.root, sizeof head->root);
    return true;
}

static bool sign(struct heads *heads, enum guard_log log, const struct guard_head *head, struct buf *note,
                 struct error *err)
{
    AUTO(buf_done) struct buf origin = BUF_INIT;
    struct checkpoint checkpoint = {.size = head->size};

    guard_origin(heads->guard, heads->config->name, log, &origin);
    if (origin.bytes >= sizeof checkpoint.origin)
        return fail(err, ERR_LIMIT, "the name of this gateway is too long for its logs");
    memcpy(checkpoint.origin, origin.data, origin.bytes + 1);
    memcpy(checkpoint.root, head->root, sizeof checkpoint.root);
    return load_keys(heads, err) && checkpoint_sign(&checkpoint, heads->keys, heads->signer, note, err);
}

/* A signer that was started with newer keys than ours: read them again, once. */
static bool sign_with_fresh_keys(struct heads *heads, enum guard_log log, const struct guard_head *head,
                                 struct buf *note, struct error *err)
{
    if (sign(heads, log, head, note, err))
        return true;
    if (err->code != ERR_UNAVAILABLE)
        return false;
    forget_keys(heads);
    buf_clear(note);
    return sign(heads, log, head, note, err);
}

static bool append(const char *path, struct span note, bool *is_new, struct error *err)
{
    AUTO(file_close) int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    AUTO(buf_done) struct buf text = BUF_INIT;
    struct stat before;

    if (fd < 0 || fstat(fd, &before) != 0)
        return fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
    if (before.st_size > 0)
        buf_add_byte(&text, '\n');
    buf_add_span(&text, note);
    if (!file_write_all(fd, buf_span(&text), err))
        return fail_in(err, "%s", path);
    if (fdatasync(fd) != 0)
        return fail(err, ERR_IO, "%s: %s", path, strerrordesc_np(errno));
    *is_new = before.st_size == 0;
    return true;
}

/* One file a day. Where a crash cut a note off, the next one begins behind its remains: whoever reads takes what
 * verifies. */
static bool keep(const struct config *config, enum guard_log log, struct span note, int64_t now_ms, struct error *err)
{
    AUTO(text_free) char *folder = config_state_path(config, "checkpoints/history");
    AUTO(buf_done) struct buf path = BUF_INIT;
    char day[DAY_TEXT_BYTES];
    bool is_new;

    buf_addf(&path, "%s/%s-%s", folder, GUARD_LOG_NAMES[log], day_format(day_of_instant(now_ms), day));
    if (!file_make_folder(folder, 0700, err) || !append(path.data, note, &is_new, err))
        return false;
    return !is_new || file_sync_folder(folder, err);
}

bool head_publish(struct heads *heads, enum guard_log log, const struct guard_head *head, int64_t now_ms,
                  struct error *err)
{
    AUTO(buf_done) struct buf note = BUF_INIT;
    AUTO(buf_done) struct buf path = BUF_INIT;

    checkpoint_path(heads->config, log, "", &path);
    return guard_remember(heads->guard, heads->config->state, log, head, err) &&
           sign_with_fresh_keys(heads, log, head, &note, err) &&
           keep(heads->config, log, buf_span(&note), now_ms, err) && file_write(path.data, buf_span(&note), 0644, err);
}

bool head_say_refused(const struct config *config, enum guard_log log, const struct error *why, struct error *err)
{
    AUTO(buf_done) struct buf path = BUF_INIT;
    AUTO(buf_done) struct buf text = BUF_INIT;

    checkpoint_path(config, log, ".refused", &path);
    if (!why)
        return unlink(path.data) == 0 || errno == ENOENT ||
               fail(err, ERR_IO, "%s: %s", path.data, strerrordesc_np(errno));
    buf_addf(&text, "%s\n%s\n", why->zh, why->text);
    return file_write(path.data, buf_span(&text), 0644, err);
}
