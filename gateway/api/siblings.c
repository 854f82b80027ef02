/* The processes that an answer may wait for: the one that finds names, and the one that lets people in. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "gateway/api/api_internal.h"

bool api_either_of(int first, int second, int *both, struct error *err)
{
    struct epoll_event event = {.events = EPOLLIN};

    *both = epoll_create1(EPOLL_CLOEXEC);
    if (*both < 0 || (first >= 0 && epoll_ctl(*both, EPOLL_CTL_ADD, first, &event) != 0) ||
        (second >= 0 && epoll_ctl(*both, EPOLL_CTL_ADD, second, &event) != 0))
        return fail(err, ERR_IO, "epoll: %s", strerrordesc_np(errno));
    return true;
}

bool api_open_siblings(struct api *api, struct error *err)
{
    const struct api_options *options = &api->options;

    api->finder = finder_client_new(options->names_fd);
    api->door = door_client_new(options->door_fd);
    api->is_finder_away = options->names_fd < 0;
    api->is_door_away = options->door_fd < 0;
    return (api->is_finder_away && api->is_door_away) ||
           api_either_of(options->names_fd, options->door_fd, &api->wake_fd, err);
}

/* What nothing will ever come from must not wake us for ever. */
static void stop_watching(const struct api *api, int fd)
{
    if (fd >= 0)
        (void)epoll_ctl(api->wake_fd, EPOLL_CTL_DEL, fd, NULL);
}

/* The process that finds names, or the one that lets people in, has answered something. */
bool api_woken(void *context)
{
    struct api *api = context;

    if (!api->is_finder_away && !finder_pump(api->finder)) {
        api->is_finder_away = true;
        stop_watching(api, api->options.names_fd);
    }
    if (!api->is_door_away && !door_pump(api->door)) {
        api->is_door_away = true;
        stop_watching(api, api->options.door_fd);
    }
    return !api->is_finder_away || !api->is_door_away;
}

bool api_is_due(void *context, uint64_t key)
{
    const struct api *api = context;

    return door_has(api->door, key) ? door_is_due(api->door, key) : finder_is_due(api->finder, key);
}
