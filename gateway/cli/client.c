#include "gateway/cli/client.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"

struct client {
    CURL *curl;
    char *socket_path;
    struct buf answer;
};

static size_t take_answer(char *data, size_t size, size_t count, void *context)
{
    struct client *client = context;

    if (client->answer.bytes + size * count > CLIENT_ANSWER_MAX)
        return 0;
    buf_add(&client->answer, data, size * count);
    return size * count;
}

bool client_new(const struct cli *cli, struct client **out, struct error *err)
{
    AUTO(config_free) struct config *config = NULL;
    struct client *client;

    if (!cli_config(cli, &config, err))
        return false;
    client = memory_new(sizeof *client);
    client->socket_path = memory_copy_text(config->admin_socket);
    client->curl = curl_easy_init();
    if (!client->curl) {
        client_free(client);
        return fail(err, ERR_INTERNAL, "libcurl does not start");
    }
    *out = client;
    return true;
}

void client_free(struct client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    buf_done(&client->answer);
    free(client->socket_path);
    free(client);
}

void client_escape(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                        strchr("-._~", byte);

        if (is_plain)
            buf_add_byte(out, *text);
        else
            buf_addf(out, "%%%02X", byte);
    }
}

/* RFC 9457: the problem's own words, in both languages when it has them. */
static bool fail_problem(const struct client *client, long status, struct error *err)
{
    AUTO(json_release) json_t *problem = NULL;
    const char *detail;
    const char *zh;

    if (!json_read(buf_span(&client->answer), CLIENT_ANSWER_MAX, &problem, NULL))
        return refuse(err, ERR_INTERNAL, "cli.answer", "the gateway answered with status %ld", "网关返回状态 %ld",
                      status);
    detail = json_text_of(problem, "detail");
    zh = json_text_of(problem, "detail_zh");
    error_set_both(err, ERR_REFUSED, "cli.problem", "%s%.0s", "%.0s%s", detail ? detail : "refused",
                   zh       ? zh
                   : detail ? detail
                            : "被拒绝");
    return false;
}

static bool perform(struct client *client, const char *path, struct curl_slist *headers, struct error *err)
{
    AUTO(buf_done) struct buf url = BUF_INIT;
    long status = 0;
    CURLcode code;

    buf_clear(&client->answer);
    buf_addf(&url, "http://gateway%s", path);
    curl_easy_setopt(client->curl, CURLOPT_UNIX_SOCKET_PATH, client->socket_path);
    curl_easy_setopt(client->curl, CURLOPT_URL, url.data);
    curl_easy_setopt(client->curl, CURLOPT_PROXY, "");
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    code = curl_easy_perform(client->curl);
    if (code == CURLE_COULDNT_CONNECT)
        return refuse(err, ERR_UNAVAILABLE, "cli.unreachable",
                      "no gateway answers at %s: start it with `creditgate serve`",
                      "%s 上没有网关应答：请先运行 creditgate serve", client->socket_path);
    if (code != CURLE_OK)
        return refuse(err, ERR_UNAVAILABLE, "cli.unreachable", "the connection to the gateway broke: %s",
                      "与网关的连接中断：%s", curl_easy_strerror(code));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    return status < 400 || fail_problem(client, status, err);
}

static bool answer_json(struct client *client, json_t **out, struct error *err)
{
    return json_read(buf_span(&client->answer), CLIENT_ANSWER_MAX, out, err) || fail_in(err, "the gateway's answer");
}

bool client_get(struct client *client, const char *path, struct buf *out, struct error *err)
{
    curl_easy_reset(client->curl);
    if (!perform(client, path, NULL, err))
        return false;
    buf_add_span(out, buf_span(&client->answer));
    return true;
}

bool client_get_json(struct client *client, const char *path, json_t **out, struct error *err)
{
    curl_easy_reset(client->curl);
    return perform(client, path, NULL, err) && answer_json(client, out, err);
}

bool client_post_json(struct client *client, const char *path, const json_t *body, json_t **out, struct error *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    AUTO(text_free) char *text = json_dumps(body, JSON_COMPACT);
    bool is_good;

    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE, (long)(text ? strlen(text) : 0));
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, text);
    is_good = perform(client, path, headers, err);
    curl_slist_free_all(headers);
    return is_good && answer_json(client, out, err);
}

bool client_post_file(struct client *client, const char *path, const char *file, json_t **out, struct error *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/octet-stream");
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer must not hold us */
    FILE *from = fd >= 0 ? fdopen(fd, "rb") : NULL;
    struct stat info;
    bool is_good;

    headers = curl_slist_append(headers, "Expect:");
    if (!from || fstat(fileno(from), &info) != 0 || !S_ISREG(info.st_mode)) {
        curl_slist_free_all(headers);
        if (from)
            fclose(from);
        else
            file_close(fd);
        return refuse(err, ERR_NOT_FOUND, "cli.file", "%s cannot be read as a file", "文件 %s 无法读取", file);
    }
    curl_easy_reset(client->curl);
    curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(client->curl, CURLOPT_READDATA, from);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)info.st_size);
    is_good = perform(client, path, headers, err);
    fclose(from);
    curl_slist_free_all(headers);
    return is_good && answer_json(client, out, err);
}
