#include "tests/support/segments.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

static bool ask(int fd, struct tcp_info *info)
{
    socklen_t bytes = sizeof *info;

    *info = (struct tcp_info){.tcpi_state = 0};
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &bytes) == 0 &&
           bytes >= offsetof(struct tcp_info, tcpi_data_segs_in) + sizeof info->tcpi_data_segs_in;
}

bool segments_received(int fd, uint32_t *count)
{
    struct tcp_info info;
    bool is_told = ask(fd, &info);

    *count = info.tcpi_data_segs_in;
    return is_told;
}

uint32_t segments_largest(int fd)
{
    struct tcp_info info;

    return ask(fd, &info) ? info.tcpi_advmss : 0;
}
