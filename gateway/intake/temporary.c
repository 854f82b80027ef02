#include "gateway/intake/temporary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

const char *temporary_folder(const char *asked)
{
    const char *const folders[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};

    if (asked)
        return asked;
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (folders[i] && access(folders[i], W_OK | X_OK) == 0)
            return folders[i];
    return "/var/tmp"; /* making the file there says why not */
}

bool temporary_fd(const char *folder, int *out, struct error *err)
{
    AUTO(text_free) char *path = path_join(folder, "creditgate-XXXXXX");
    int fd = mkstemp(path);

    if (fd < 0)
        return fail(err, ERR_IO, "%s: a temporary file: %s", folder, strerror(errno));
    unlink(path);
    *out = fd;
    return true;
}

bool temporary_file(const char *folder, FILE **out, struct error *err)
{
    FILE *file;
    int fd;

    if (!temporary_fd(folder, &fd, err))
        return false;
    file = fdopen(fd, "w+");
    if (!file) {
        file_close(fd);
        return fail(err, ERR_IO, "%s: a temporary file: %s", folder, strerror(errno));
    }
    *out = file;
    return true;
}

bool temporary_copy(FILE *from, FILE *to, struct error *err)
{
    char piece[16384];
    size_t bytes;

    if (fflush(from) != 0 || ferror(from) || fseeko(from, 0, SEEK_SET) != 0)
        return fail(err, errno == ENOSPC ? ERR_FULL : ERR_IO, "temporary file: %s", strerror(errno));
    while ((bytes = fread(piece, 1, sizeof piece, from)) > 0)
        fwrite(piece, 1, bytes, to);
    if (ferror(from) || fseeko(from, 0, SEEK_END) != 0)
        return fail(err, ERR_IO, "temporary file: %s", strerror(errno));
    return true;
}
