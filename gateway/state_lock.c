#include "gateway/state_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"

enum { TRY_AGAIN_MS = 50 };

static bool lock_record(int fd, const char *path, struct error *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLK, &whole) == 0)
        return true;
    if (errno != EACCES && errno != EAGAIN)
        return fail(err, ERR_IO, "%s: errno %d", path, errno);
    whole = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_GETLK, &whole) != 0)
        whole.l_pid = 0;
    return refuse(err, ERR_CONFLICT, "gateway.running", "a gateway runs already (process %ld holds %s)",
                  "网关已在运行（进程 %ld 持有 %s）", (long)whole.l_pid, path);
}

static bool lock_file(int fd, const char *path, int64_t patience_ms, struct error *err)
{
    int64_t until_ms = time_monotonic_ms() + patience_ms;

    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return fail(err, ERR_IO, "%s: errno %d", path, errno);
        if (time_monotonic_ms() >= until_ms)
            return refuse(
                err, ERR_CONFLICT, "gateway.running",
                "%s is held: processes of a gateway that ended have not stopped yet, or another program works "
                "on the state folder",
                "%s 被占用：已结束的网关仍有进程未退出，或有其他程序正在使用状态目录", path);
        (void)poll(NULL, 0, TRY_AGAIN_MS);
    }
    return true;
}

bool state_lock_take(const char *path, int64_t patience_ms, int *fd, struct error *err)
{
    AUTO(file_close) int opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (opened < 0)
        return refuse(err, ERR_IO, "gateway.state", "%s cannot be opened: make the state folder with `creditgate init`",
                      "%s 无法打开：请先用 creditgate init 建立状态目录", path);
    if (!lock_record(opened, path, err) || !lock_file(opened, path, patience_ms, err))
        return false;
    *fd = opened;
    opened = -1;
    return true;
}
