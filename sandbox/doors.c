#include "sandbox/doors.h"

#include "base/file.h"

/* On loopback, whatever the public address is: nobody but the relay has business there. */
static const char INNER_ADDRESS[] = "127.0.0.1";

static bool has_relay(const struct sandbox_options *options)
{
    if (options->relay != CHOICE_DEFAULT)
        return options->relay == CHOICE_YES;
    return options->control_socket || options->chaos;
}

static bool add_listener(const struct sandbox_options *options, struct http_server *server, int fd,
                         enum line_certificate which, struct error *err)
{
    const char *const certificates[] = {options->certificate, options->expired_certificate, options->wrong_certificate};
    const char *const keys[] = {options->key, options->expired_key, options->wrong_key};
    const struct http_tls tls = {.certificate_file = certificates[which],
                                 .key_file = keys[which],
                                 .client_ca_file = options->client_ca,
                                 .requires_client = true};

    return http_server_add_listener(server, fd, &tls, err);
}

static bool open_straight(const struct sandbox_options *options, struct http_server *server, struct doors *doors,
                          uint16_t *port, struct error *err)
{
    *port = options->port;
    return http_listen_tcp(options->address, port, &doors->fds[LINE_USUAL], err) &&
           add_listener(options, server, doors->fds[LINE_USUAL], LINE_USUAL, err);
}

static bool open_behind_relay(const struct sandbox_options *options, struct http_server *server, struct doors *doors,
                              uint16_t *port, struct error *err)
{
    const bool is_there[] = {true, options->expired_certificate && options->expired_key,
                             options->wrong_certificate && options->wrong_key};
    struct relay_setup setup = {.address = options->address, .port = options->port};

    for (int i = 0; i < LINE_CERTIFICATE_COUNT; i++) {
        if (is_there[i] && (!http_listen_tcp(INNER_ADDRESS, &setup.targets[i], &doors->fds[i], err) ||
                            !add_listener(options, server, doors->fds[i], (enum line_certificate)i, err)))
            return false;
    }
    return relay_start(&setup, port, &doors->relay, err);
}

static bool open_control(const struct sandbox_options *options, struct http_server *server, struct doors *doors,
                         struct error *err)
{
    if (!options->control_socket)
        return true;
    return http_listen_unix(options->control_socket, 0600, &doors->control_fd, err) &&
           http_server_add_listener(server, doors->control_fd, NULL, err);
}

bool doors_open(const struct sandbox_options *options, struct http_server *server, struct doors *doors, uint16_t *port,
                struct error *err)
{
    bool is_open = has_relay(options) ? open_behind_relay(options, server, doors, port, err)
                                      : open_straight(options, server, doors, port, err);

    return is_open && open_control(options, server, doors, err);
}

void doors_close(struct doors *doors)
{
    relay_free(doors->relay);
    for (int i = 0; i < LINE_CERTIFICATE_COUNT; i++)
        file_close(doors->fds[i]);
    file_close(doors->control_fd);
    *doors = DOORS_NONE;
}
