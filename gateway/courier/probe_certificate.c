/* The certificates of a probe: who they say they are, who vouches, how long, for which names. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "gateway/config/certificate.h"
#include "gateway/courier/probe_parts.h"

#define MS_PER_DAY ((int64_t)86400000)

/* --- what stands in it --- */

static int64_t instant_of(const ASN1_TIME *time)
{
    struct tm tm;

    return time && ASN1_TIME_to_tm(time, &tm) == 1 ? (int64_t)timegm(&tm) * 1000 : 0;
}

/* Days rounded down, negative when it is over. */
static int64_t days_until(int64_t at_ms, int64_t now_ms)
{
    int64_t left_ms = at_ms - now_ms;

    return left_ms >= 0 ? left_ms / MS_PER_DAY : -((-left_ms + MS_PER_DAY - 1) / MS_PER_DAY);
}

/* As RFC 4514 writes names, characters beyond ASCII as they are, control characters escaped. */
static void name_add(const X509_NAME *name, struct buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long bytes;

    if (bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        bytes = BIO_get_mem_data(bio, &text);
        if (bytes > 0 && utf8_is_valid((struct span){text, (size_t)bytes}, NULL))
            buf_add_span(out, utf8_cut((struct span){text, (size_t)bytes}, PROBE_WORDS_BYTES));
    }
    BIO_free(bio);
}

static void name_fact(struct probe_step *step, const char *member, const X509_NAME *name)
{
    AUTO(buf_done) struct buf text = BUF_INIT;

    name_add(name, &text);
    probe_fact(step, member, buf_span(&text));
}

static void instant_fact(struct probe_step *step, const char *member, int64_t at_ms)
{
    char text[INSTANT_TEXT_BYTES];

    probe_fact(step, member, span_of(instant_format(at_ms, text)));
}

static void digest_fact(struct probe_step *step, X509 *certificate)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char hex[2 * 32 + 1];
    unsigned bytes = 0;

    if (X509_digest(certificate, EVP_sha256(), digest, &bytes) != 1 || bytes != 32)
        return;
    for (unsigned i = 0; i < bytes; i++)
        snprintf(hex + (size_t)2 * i, 3, "%02x", digest[i]);
    probe_fact(step, "sha256", span_of(hex));
}

static void ip_add(const ASN1_OCTET_STRING *address, struct buf *out)
{
    const unsigned char *bytes = ASN1_STRING_get0_data(address);

    if (ASN1_STRING_length(address) == 4)
        buf_addf(out, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
    for (int i = 0; ASN1_STRING_length(address) == 16 && i < 16; i += 2)
        buf_addf(out, "%s%x", i ? ":" : "", (unsigned)bytes[i] << 8 | bytes[i + 1]);
}

static void san_add(const GENERAL_NAME *name, struct buf *out)
{
    char words[PROBE_WORDS_BYTES];

    if (name->type == GEN_IPADD)
        ip_add(name->d.iPAddress, out);
    if (name->type != GEN_DNS)
        return;
    adapter_words_copy((struct span){(const char *)ASN1_STRING_get0_data(name->d.dNSName),
                                     (size_t)ASN1_STRING_length(name->d.dNSName)},
                       words, sizeof words);
    buf_add_text(out, words);
}

/* ,"names":[…]; and `text` with commas between, for people. */
static void names_fact(struct probe_step *step, X509 *certificate, struct buf *text)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    bool is_first = true;

    buf_add_text(&step->facts, ",\"names\":[");
    for (int i = 0; i < count && i < PROBE_NAMES_MAX; i++) {
        AUTO(buf_done) struct buf name = BUF_INIT;

        san_add(sk_GENERAL_NAME_value(names, i), &name);
        if (name.bytes == 0 || !utf8_is_valid(buf_span(&name), NULL))
            continue;
        buf_add_text(&step->facts, is_first ? "" : ",");
        json_string_add(&step->facts, buf_span(&name));
        buf_addf(text, "%s%s", is_first ? "" : ", ", buf_text(&name));
        is_first = false;
    }
    buf_add_byte(&step->facts, ']');
    GENERAL_NAMES_free(names);
}

static void chain_fact(struct probe_step *step, STACK_OF(X509) * chain)
{
    int count = chain ? sk_X509_num(chain) : 0;

    buf_add_text(&step->facts, ",\"chain\":[");
    for (int i = 0; i < count && i < PROBE_CHAIN_MAX; i++) {
        AUTO(buf_done) struct buf subject = BUF_INIT;
        AUTO(buf_done) struct buf issuer = BUF_INIT;
        X509 *one = sk_X509_value(chain, i);

        name_add(X509_get_subject_name(one), &subject);
        name_add(X509_get_issuer_name(one), &issuer);
        buf_addf(&step->facts, "%s{\"issuer\":", i ? "," : "");
        json_string_add(&step->facts, buf_span(&issuer));
        buf_add_text(&step->facts, ",\"subject\":");
        json_string_add(&step->facts, buf_span(&subject));
        buf_add_byte(&step->facts, '}');
    }
    buf_add_byte(&step->facts, ']');
}

/* Subject, issuer, term. Days left. */
static int64_t describe(struct probe_step *step, X509 *certificate, int64_t now_ms)
{
    int64_t until_ms = instant_of(X509_get0_notAfter(certificate));
    int64_t days = days_until(until_ms, now_ms);

    name_fact(step, "subject", X509_get_subject_name(certificate));
    name_fact(step, "issuer", X509_get_issuer_name(certificate));
    instant_fact(step, "from", instant_of(X509_get0_notBefore(certificate)));
    instant_fact(step, "until", until_ms);
    digest_fact(step, certificate);
    buf_addf(&step->facts, ",\"days_left\":%lld", (long long)days);
    return days;
}

/* --- what is wrong with theirs --- */

static const struct probe_advice ASK_THEM_RENEW = {"请对方更换证书；并核对本机时钟",
                                                   "they have to renew it; check this machine's clock, too"};
static const struct probe_advice CHECK_CA = {
    "核对渠道设置 ca：应为签发对方证书的机构；若对方更换了签发机构，经对方书面确认后更换该文件",
    "check the channel's \"ca\": the authority that signs their certificates. If they changed it, replace the file "
    "once "
    "they have confirmed that in writing"};
static const struct probe_advice CHECK_NAME = {
    "核对渠道设置 base 中的主机名；证书确属对方的，请对方签发含该名称的证书",
    "check the host in the channel's \"base\"; if the certificate is theirs, they need one with this name"};
static const struct probe_advice CHECK_PURPOSE = {"请对方使用用途为服务器身份认证的证书",
                                                  "they need a certificate whose purpose is server authentication"};
static const struct probe_advice CHECK_OTHER = {"请与对方核对其证书", "go over their certificate with them"};

static const struct {
    int code;
    const char *zh;
    const char *en;
    const struct probe_advice *advice;
} FAULTS[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, "证书已过期", "it has ended", &ASK_THEM_RENEW},
    {X509_V_ERR_CERT_NOT_YET_VALID, "证书尚未生效", "it is not good yet", &ASK_THEM_RENEW},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, "签发机构不在渠道设置 ca 中", "who signed it is not in the channel's \"ca\"",
     &CHECK_CA},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "签发机构不在渠道设置 ca 中",
     "who signed it is not in the channel's \"ca\"", &CHECK_CA},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, "签发机构不在渠道设置 ca 中",
     "who signed it is not in the channel's \"ca\"", &CHECK_CA},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, "签发机构不在渠道设置 ca 中", "who signed it is not in the channel's \"ca\"",
     &CHECK_CA},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "证书为自签，不在渠道设置 ca 中",
     "it is signed by itself and not in the channel's \"ca\"", &CHECK_CA},
    {X509_V_ERR_HOSTNAME_MISMATCH, "证书不含所连接的主机名", "it does not have the name that was connected to",
     &CHECK_NAME},
    {X509_V_ERR_IP_ADDRESS_MISMATCH, "证书不含所连接的地址", "it does not have the address that was connected to",
     &CHECK_NAME},
    {X509_V_ERR_INVALID_PURPOSE, "证书用途不是服务器身份认证", "it is not for servers", &CHECK_PURPOSE},
};

enum { ERRORS_MAX = 16 };
struct errors {
    int list[ERRORS_MAX];
    size_t count;
};

static const char *zh_of(int code)
{
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++) {
        if (FAULTS[i].code == code)
            return FAULTS[i].zh;
    }
    return NULL;
}

/* Every fault is wanted, not only the first: going on is what the callback says. The same is told once. */
static int note_error(int is_good, X509_STORE_CTX *context)
{
    struct errors *errors = X509_STORE_CTX_get_app_data(context);
    int code = X509_STORE_CTX_get_error(context);
    const char *zh = zh_of(code);

    if (is_good || errors->count == ERRORS_MAX)
        return 1;
    for (size_t i = 0; i < errors->count; i++) {
        if (errors->list[i] == code || (zh && zh == zh_of(errors->list[i])))
            return 1;
    }
    errors->list[errors->count++] = code;
    return 1;
}

static void tell_error(struct probe_step *step, int code)
{
    for (size_t i = 0; i < COUNT_OF(FAULTS); i++) {
        if (FAULTS[i].code != code)
            continue;
        probe_say(step, PROBE_FAILED, FAULTS[i].zh, FAULTS[i].en, FAULTS[i].advice);
        return;
    }
    probe_say(step, PROBE_FAILED, "证书验证未通过", "it does not verify", &CHECK_OTHER);
    probe_words(step, X509_verify_cert_error_string(code));
}

static bool set_name(X509_VERIFY_PARAM *param, const char *host)
{
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1)
        return true;
    ERR_clear_error();
    return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

/* As libcurl does it (connection.c): the channel's authority alone, for servers, by name, on the system's day. */
static void verify(const struct probe_peer *peer, struct probe_step *step)
{
    struct errors errors = {.count = 0};
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();

    if (!store || !context || X509_STORE_load_file(store, peer->ca_path) != 1) {
        probe_say(step, PROBE_FAILED, "渠道设置 ca 的文件无法使用", "the file of the channel's \"ca\" cannot be used",
                  &CHECK_CA);
    } else if (X509_STORE_CTX_init(context, store, peer->peer, peer->chain) == 1 &&
               X509_STORE_CTX_set_default(context, "ssl_server") == 1 &&
               set_name(X509_STORE_CTX_get0_param(context), peer->host)) {
        X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context),
                                    X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
        (void)X509_STORE_CTX_set_app_data(context, &errors);
        X509_STORE_CTX_set_verify_cb(context, note_error);
        if (X509_verify_cert(context) != 1 && errors.count == 0)
            errors.list[errors.count++] = X509_STORE_CTX_get_error(context);
        for (size_t i = 0; i < errors.count; i++)
            tell_error(step, errors.list[i]);
    } else {
        probe_say(step, PROBE_FAILED, "证书无法验证", "it cannot be verified", &CHECK_OTHER);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
}

void probe_judge_theirs(const struct probe_peer *peer, int64_t now_ms, struct probe_step *step)
{
    AUTO(buf_done) struct buf names = BUF_INIT;
    AUTO(buf_done) struct buf subject = BUF_INIT;
    int64_t days = describe(step, peer->peer, now_ms);

    names_fact(step, peer->peer, &names);
    chain_fact(step, peer->chain);
    name_add(X509_get_subject_name(peer->peer), &subject);
    verify(peer, step);
    if (step->state != PROBE_FAILED && days < PROBE_DAYS_WARNING)
        probe_say(step, PROBE_WARNING, "证书即将到期", "it ends soon", &ASK_THEM_RENEW);
    probe_find(step, PROBE_OK, NULL);
    buf_addf(&step->zh, "%s；名称：%s；剩余 %lld 天", buf_text(&subject), buf_text(&names), (long long)days);
    buf_addf(&step->en, "%s; names: %s; %lld days left", buf_text(&subject), buf_text(&names), (long long)days);
}

/* --- ours --- */

static const struct probe_advice RENEW_OURS = {
    "向对方申请新证书，更换渠道设置 certificate 和 key 的文件，再重启网关",
    "ask them for a new one, replace the files of the channel's \"certificate\" and \"key\", restart the gateway"};
static const struct probe_advice CHECK_FILES = {"核对渠道设置 certificate 和 key",
                                                "check the channel's \"certificate\" and \"key\""};

static X509 *read_certificate(const char *path)
{
    FILE *file = fopen(path, "re");
    X509 *certificate = file ? PEM_read_X509(file, NULL, NULL, NULL) : NULL;

    if (file)
        fclose(file);
    ERR_clear_error();
    return certificate;
}

static void judge_term(struct probe_step *step, X509 *certificate, int64_t now_ms)
{
    AUTO(buf_done) struct buf subject = BUF_INIT;
    int64_t days = describe(step, certificate, now_ms);

    name_add(X509_get_subject_name(certificate), &subject);
    if (days < 0)
        probe_say(step, PROBE_FAILED, "本方证书已过期", "ours has ended", &RENEW_OURS);
    else if (instant_of(X509_get0_notBefore(certificate)) > now_ms)
        probe_say(step, PROBE_FAILED, "本方证书尚未生效", "ours is not good yet", &RENEW_OURS);
    else if (days < PROBE_DAYS_WARNING)
        probe_say(step, PROBE_WARNING, "本方证书即将到期", "ours ends soon", &RENEW_OURS);
    probe_find(step, PROBE_OK, NULL);
    buf_addf(&step->zh, "%s；剩余 %lld 天", buf_text(&subject), (long long)days);
    buf_addf(&step->en, "%s; %lld days left", buf_text(&subject), (long long)days);
}

void probe_judge_ours(const struct courier_channel *channel, int64_t now_ms, struct probe_step *step)
{
    struct error err;
    X509 *certificate;

    if (!channel->certificate_path) {
        probe_say(step, PROBE_OK, "该渠道不使用客户端证书", "this channel uses no client certificate", NULL);
        return;
    }
    certificate = read_certificate(channel->certificate_path);
    if (!certificate)
        probe_say(step, PROBE_FAILED, "本方证书文件无法使用", "the file of our certificate cannot be used",
                  &CHECK_FILES);
    else
        judge_term(step, certificate, now_ms);
    if (certificate && !certificate_fits_key(channel->certificate_path, channel->key_path, &err))
        probe_say(step, PROBE_FAILED, "私钥无法使用，或与证书不成对",
                  "the private key cannot be used, or is not that of the certificate", &CHECK_FILES);
    X509_free(certificate);
}
