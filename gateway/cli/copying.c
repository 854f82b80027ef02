#include "gateway/cli/copying.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"

enum { CHUNK_BYTES = 1 << 20 };

static void digest_free(EVP_MD_CTX *digest)
{
    EVP_MD_CTX_free(digest);
}
DEFINE_AUTO(EVP_MD_CTX *, digest_free)

/* One file on its way. */
struct copy {
    const char *from;
    const char *into;
    uint64_t most; /* bytes wanted of its front */
    uint64_t bytes;
    struct buf sha256; /* hex */
};

static bool fail_file(struct error *err, const char *path)
{
    return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "%s: %s", path, strerrordesc_np(errno));
}

static size_t chunk_bytes(const struct copy *copy)
{
    return copy->most - copy->bytes < CHUNK_BYTES ? (size_t)(copy->most - copy->bytes) : CHUNK_BYTES;
}

/* `out` -1: only the digest is wanted. */
static bool pump(int in, int out, struct copy *copy, struct error *err)
{
    AUTO(digest_free) EVP_MD_CTX *digest = EVP_MD_CTX_new();
    AUTO(buf_done) struct buf chunk = BUF_INIT;
    uint8_t sum[32];
    ssize_t got;

    buf_reserve(&chunk, CHUNK_BYTES);
    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        return fail(err, ERR_INTERNAL, "SHA-256 is not there");
    while (copy->bytes < copy->most && (got = read(in, chunk.data, chunk_bytes(copy))) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_file(err, copy->from);
        if (EVP_DigestUpdate(digest, chunk.data, (size_t)got) != 1 ||
            (out >= 0 && !file_write_all(out, (struct span){chunk.data, (size_t)got}, err)))
            return fail_in(err, "%s", copy->into);
        copy->bytes += (uint64_t)got;
    }
    if (EVP_DigestFinal_ex(digest, sum, NULL) != 1)
        return fail(err, ERR_INTERNAL, "SHA-256 does not end");
    buf_clear(&copy->sha256);
    hex_add(&copy->sha256, sum, sizeof sum);
    return out < 0 || fsync(out) == 0 || fail_file(err, copy->into);
}

static bool make_parent(const char *path, struct error *err)
{
    AUTO(text_free) char *folder = memory_copy_text(path);
    char *slash = strrchr(folder, '/');

    if (!slash || slash == folder)
        return true;
    *slash = '\0';
    return file_make_folder(folder, 0700, err);
}

static bool sync_parent(const char *path, struct error *err)
{
    AUTO(text_free) char *folder = memory_copy_text(path);
    char *slash = strrchr(folder, '/');

    if (!slash)
        return true;
    *slash = '\0';
    return file_sync_folder(*folder ? folder : "/", err);
}

/* `*is_there` tells whether there was a file at all. */
static bool run_copy(struct copy *copy, bool *is_there, struct error *err)
{
    AUTO(file_close) int in = open(copy->from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    AUTO(file_close) int out = -1;
    struct stat info;

    *is_there = in >= 0;
    if (in < 0)
        return errno == ENOENT || fail_file(err, copy->from);
    if (fstat(in, &info) != 0)
        return fail_file(err, copy->from);
    if (!S_ISREG(info.st_mode))
        return fail(err, ERR_INVALID, "%s is no file", copy->from);
    if (!make_parent(copy->into, err))
        return false;
    out = open(copy->into, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, info.st_mode & 0755);
    if (out < 0)
        return errno == EEXIST ? fail(err, ERR_CONFLICT, "%s is there already", copy->into)
                               : fail_file(err, copy->into);
    return pump(in, out, copy, err) && sync_parent(copy->into, err);
}

static void describe(json_t *file, const char *path, const struct copy *copy)
{
    json_object_set_new(file, "path", json_string(path));
    json_object_set_new(file, "bytes", json_integer((json_int_t)copy->bytes));
    json_object_set_new(file, "sha256", json_string(copy->sha256.data));
}

bool copy_digest(const char *folder, const char *path, json_t *file, struct error *err)
{
    AUTO(text_free) char *source = path_join(folder, path);
    AUTO(file_close) int in = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct copy copy = {source, source, UINT64_MAX, 0, BUF_INIT};
    bool is_good = (in >= 0 || fail_file(err, source)) && pump(in, -1, &copy, err);

    if (is_good)
        describe(file, path, &copy);
    buf_done(&copy.sha256);
    return is_good;
}

bool copy_file(const char *from, const char *into, const char *path, json_t *files, struct error *err)
{
    return copy_front(from, into, path, UINT64_MAX, files, err);
}

bool copy_front(const char *from, const char *into, const char *path, uint64_t most, json_t *files, struct error *err)
{
    AUTO(text_free) char *source = path_join(from, path);
    AUTO(text_free) char *target = path_join(into, path);
    struct copy copy = {source, target, most, 0, BUF_INIT};
    bool is_there;
    bool is_good = json_array_size(files) < COPY_FILES_MAX || fail(err, ERR_LIMIT, "%s: too many files", from);

    is_good = is_good && run_copy(&copy, &is_there, err);
    if (is_good && is_there) {
        json_t *file = json_object();

        describe(file, path, &copy);
        json_array_append_new(files, file);
    }
    buf_done(&copy.sha256);
    return is_good;
}

/* --- trees --- */

static int skip_dots(const struct dirent *entry)
{
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && !strstr(entry->d_name, ".new.");
}

static bool copy_entry(const char *from, const char *into, const char *path, json_t *files, struct error *err)
{
    AUTO(text_free) char *source = path_join(from, path);
    struct stat info;

    if (lstat(source, &info) != 0)
        return errno == ENOENT || fail_file(err, source);
    return S_ISDIR(info.st_mode) ? copy_tree(from, into, path, files, err) : copy_file(from, into, path, files, err);
}

bool copy_tree(const char *from, const char *into, const char *path, json_t *files, struct error *err)
{
    AUTO(text_free) char *folder = path_join(from, path);
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, skip_dots, alphasort);
    bool is_good = count >= 0 || errno == ENOENT || fail_file(err, folder);

    for (int i = 0; i < count; i++) {
        AUTO(text_free) char *inner = path_join(path, entries[i]->d_name);

        is_good = is_good && copy_entry(from, into, inner, files, err);
        free(entries[i]);
    }
    free(entries);
    return is_good;
}

/* --- back again --- */

/* Relative, without "." and ".." and empty parts. */
static bool is_safe(const char *path)
{
    for (const char *at = path;; at++) {
        size_t bytes = strcspn(at, "/");

        if (bytes == 0 || (bytes == 1 && at[0] == '.') || (bytes == 2 && at[0] == '.' && at[1] == '.'))
            return false;
        at += bytes;
        if (*at == '\0')
            return true;
    }
}

bool copy_checked(const char *from, const char *into, const json_t *file, struct error *err)
{
    const char *path = json_text_of(file, "path");
    const char *sha256 = json_text_of(file, "sha256");
    AUTO(text_free) char *source = NULL;
    AUTO(text_free) char *target = NULL;
    struct copy copy = {.most = UINT64_MAX, .sha256 = BUF_INIT};
    bool is_there = false;
    bool is_good;

    if (!path || !sha256 || !is_safe(path))
        return fail(err, ERR_INVALID, "the manifest names a file that cannot be");
    source = path_join(from, path);
    target = path_join(into, path);
    copy.from = source;
    copy.into = target;
    is_good = run_copy(&copy, &is_there, err);
    if (is_good && (!is_there || strcmp(copy.sha256.data, sha256) != 0 ||
                    (json_int_t)copy.bytes != json_integer_of(file, "bytes", -1)))
        is_good = refuse(err, ERR_CORRUPT, "restore.changed", "%s is not what was backed up: take another backup",
                         "%s 与备份时不一致：请使用另一份备份", source);
    buf_done(&copy.sha256);
    return is_good;
}
