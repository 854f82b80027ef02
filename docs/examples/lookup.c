/* Ask before lending: lookup with retry, verdict, batch, feedback, proof kept. libcurl and jansson.
 *
 *     cc -std=c11 -Wall -Wextra -o lookup lookup.c $(pkg-config --cflags --libs libcurl jansson)
 *     GATE=https://HOST:PORT CA=ca.pem CERT=bank.pem KEY=bank.key ./lookup CODE…
 *
 * The first code is asked alone; on what it shows a feedback is given, and answer.json and proof.json are kept, for
 * creditgate verify proof.json --answer answer.json --keys keys.json. Then all are asked in one batch. */
#define _GNU_SOURCE
#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define QUERY "purpose=credit-review&operator=zhangsan&department=XD-01"
enum { TRIES = 6, BODY_MAX = 16 * 1024 * 1024, URL_MAX = 1024 };

struct answer {
    char *data;
    size_t bytes;
};

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value ? value : otherwise;
}

static size_t keep(char *data, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    char *more;

    (void)size; /* is 1 */
    if (answer->bytes + count > BODY_MAX || !(more = realloc(answer->data, answer->bytes + count + 1)))
        return 0;
    answer->data = more;
    memcpy(answer->data + answer->bytes, data, count);
    answer->bytes += count;
    answer->data[answer->bytes] = '\0';
    return count;
}

/* An RFC 9457 problem: `rule` is stable, to be programmed against; the texts are for people. */
static void print_problem(long status, const struct answer *answer)
{
    json_t *problem = json_loadb(answer->data ? answer->data : "", answer->bytes, 0, NULL);
    const char *rule = json_string_value(json_object_get(problem, "rule"));
    const char *detail = json_string_value(json_object_get(problem, "detail_zh"));

    fprintf(stderr, "%ld %s: %s\n", status, rule ? rule : "", detail ? detail : "no answer");
    json_decref(problem);
}

/* One request; `body` NULL: a GET. Again after 429 and 503 (as long as Retry-After says) and after a broken connection:
 * a lookup may be repeated at will, a feedback because its Idempotency-Key stays the same. */
static bool call(CURL *curl, const char *path, const char *body, const char *field, struct answer *answer)
{
    struct curl_slist *fields = body ? curl_slist_append(NULL, "Content-Type: application/json") : NULL;
    char url[URL_MAX];
    long status = 0;

    if (field)
        fields = curl_slist_append(fields, field);
    snprintf(url, sizeof url, "%s%s", setting("GATE", ""), path);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
    } else {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    }
    for (int attempt = 0; attempt < TRIES; attempt++) {
        curl_off_t wait = 0;

        answer->bytes = 0;
        status = 0;
        if (curl_easy_perform(curl) == CURLE_OK) {
            curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
            curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
        }
        if (status / 100 == 2 || (status != 0 && status != 429 && status != 503))
            break;
        if (attempt < TRIES - 1)
            sleep(wait > 0 ? (unsigned)wait : 1U << attempt);
    }
    curl_slist_free_all(fields);
    if (status / 100 != 2)
        print_problem(status, answer);
    return status / 100 == 2;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

/* What a credit officer is told. `unknown` is not a kind of `not-listed`: nobody may decide on it. */
static void tell(const json_t *result)
{
    const char *verdict = text_of(result, "verdict");
    const json_t *item;
    size_t i;

    printf("%s %s", text_of(result, "uscc"), verdict);
    if (strcmp(verdict, "listed") == 0) {
        /* In a single answer measures are whole, in a batch they are ids. */
        json_array_foreach(json_object_get(result, "measures"), i, item)
            printf(" %s", json_is_string(item) ? json_string_value(item) : text_of(item, "id"));
        json_array_foreach(json_object_get(result, "records"), i, item) printf(" %s", text_of(item, "record"));
    } else if (strcmp(verdict, "not-listed") != 0) {
        printf(" %s - do not decide, have it looked at", text_of(json_object_get(result, "reason"), "code"));
    }
    printf("\n");
}

/* Owed for every record shown, quoting the receipt; the key makes a repeat harmless. Real systems take a UUID, or the
 * number of the decision. */
static bool feed_back(CURL *curl, const json_t *shown)
{
    json_t *details = json_array();
    json_t *feedback = json_pack("{s:s, s:o}", "receipt", text_of(shown, "receipt"), "details", details);
    struct answer answer = {NULL, 0};
    const json_t *record;
    char key[128];
    char *body;
    size_t i;
    bool is_given;

    json_array_foreach(json_object_get(shown, "records"), i, record)
        json_array_append_new(details, json_pack("{s:s, s:s, s:s}", "id", text_of(record, "record"), "result", "other",
                                                 "action", "转人工审查"));
    body = json_dumps(feedback, JSON_COMPACT);
    snprintf(key, sizeof key, "Idempotency-Key: \"feedback-%s\"", text_of(shown, "receipt"));
    is_given = body && call(curl, "/v1/feedback", body, key, &answer);
    if (is_given) {
        json_t *given = json_loadb(answer.data, answer.bytes, 0, NULL);

        printf("feedback given, %lld left\n", (long long)json_integer_value(json_object_get(given, "left")));
        json_decref(given);
    }
    free(body);
    free(answer.data);
    json_decref(feedback);
    return is_given;
}

/* Byte by byte as it came: the proof is of these bytes. */
static bool save(const char *file, const struct answer *answer)
{
    FILE *to = fopen(file, "wb");
    bool is_good = to && fwrite(answer->data, 1, answer->bytes, to) == answer->bytes;

    if (to && fclose(to) != 0)
        is_good = false;
    if (!is_good)
        perror(file);
    return is_good;
}

static bool keep_proof(CURL *curl, const char *receipt)
{
    struct answer proof = {NULL, 0};
    char path[URL_MAX / 2];
    bool is_good;

    snprintf(path, sizeof path, "/v1/receipts/%s", receipt);
    is_good = call(curl, path, NULL, NULL, &proof) && save("proof.json", &proof);
    if (is_good)
        printf("proof kept\n");
    free(proof.data);
    return is_good;
}

static bool ask_one(CURL *curl, const char *code)
{
    struct answer answer = {NULL, 0};
    json_t *json = NULL;
    char path[URL_MAX / 2];
    bool is_good;

    snprintf(path, sizeof path, "/v1/lookups/lending/%s?" QUERY, code);
    is_good = call(curl, path, NULL, NULL, &answer) && save("answer.json", &answer) &&
              (json = json_loadb(answer.data, answer.bytes, 0, NULL));
    if (is_good) {
        tell(json);
        if (strcmp(text_of(json, "verdict"), "listed") == 0)
            is_good = feed_back(curl, json);
        is_good = is_good && keep_proof(curl, text_of(json, "receipt"));
    }
    json_decref(json);
    free(answer.data);
    return is_good;
}

static bool ask_all(CURL *curl, char *const *codes, int count)
{
    json_t *subjects = json_array();
    json_t *question = json_pack("{s:s, s:s, s:s, s:o}", "purpose", "credit-review", "operator", "zhangsan",
                                 "department", "XD-01", "subjects", subjects);
    struct answer answer = {NULL, 0};
    json_t *json = NULL;
    char *body;
    bool is_good;

    for (int i = 0; i < count; i++)
        json_array_append_new(subjects, json_pack("{s:s}", "uscc", codes[i]));
    body = json_dumps(question, JSON_COMPACT);
    is_good = body && call(curl, "/v1/lookups/lending", body, NULL, &answer) &&
              (json = json_loadb(answer.data, answer.bytes, 0, NULL));
    for (int i = 0; is_good && i < count; i++) {
        const json_t *result = json_array_get(json_object_get(json, "results"), (size_t)i);

        if (json_object_get(result, "verdict"))
            tell(result);
        else /* one that could not be answered does not spoil the others */
            printf("%s problem %s\n", codes[i], text_of(result, "rule"));
    }
    free(body);
    free(answer.data);
    json_decref(json);
    json_decref(question);
    return is_good;
}

int main(int count, char **arguments)
{
    CURL *curl;
    bool is_good = false;

    if (count < 2) {
        fprintf(stderr, "lookup CODE…\n");
        return 2;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    if (curl) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, setting("CA", "ca.pem"));
        curl_easy_setopt(curl, CURLOPT_SSLCERT, setting("CERT", "bank.pem"));
        curl_easy_setopt(curl, CURLOPT_SSLKEY, setting("KEY", "bank.key"));
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep);
        is_good = ask_one(curl, arguments[1]) && ask_all(curl, arguments + 1, count - 1);
    }
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return is_good ? 0 : 1;
}
