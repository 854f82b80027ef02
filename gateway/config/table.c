#include "gateway/config/table.h"

#include <string.h>

const char CONFIG_DATA_DEFAULT[] = CREDITGATE_DATA;

#define MAIN(field) offsetof(struct config, field)
#define PERSON(field) offsetof(struct config_person, field)
#define CLIENT(field) offsetof(struct config_client, field)
#define CERTIFICATE(field) offsetof(struct config_certificate, field)
#define GROUP(list)                                                                                                    \
    {                                                                                                                  \
        list, COUNT_OF(list)                                                                                           \
    }

static const struct setting MAIN_LIST[] = {
    {"gateway.name", SETTING_TEXT, MAIN(name), NULL, 1, 64, NULL, "本网关名称（日志检查点的来源名）",
     "name of this gateway (origin of its logs)"},
    {"gateway.state", SETTING_PATH, MAIN(state), NULL, 1, 512, NULL, "状态目录：数据、密钥、任务、查询留痕",
     "state folder: store, keys, jobs, trace"},
    {"gateway.data", SETTING_PATH, MAIN(data), CREDITGATE_DATA, 1, 512, NULL, "规则与目录数据所在目录",
     "folder with schemas/ and adapters/"},
    {"gateway.lang", SETTING_TEXT, MAIN(lang), "zh", 2, 2, "zh|en", "默认语言", "default language"},
    {"gateway.map", SETTING_SIZE, MAIN(map_bytes), "16G", 1 << 20, (int64_t)1 << 44, NULL,
     "数据文件上限（满时自动增大）", "size of the store's map (grows when full)"},
    {"listen.address", SETTING_TEXT, MAIN(address), "127.0.0.1", 2, 63, NULL, "监听地址（数字形式）",
     "numeric address to listen on"},
    {"listen.port", SETTING_INTEGER, MAIN(port), "8443", 0, 65535, NULL, "监听端口（0：由系统选择）",
     "port to listen on (0: the system chooses)"},
    {"listen.certificate", SETTING_PATH, MAIN(certificate), NULL, 1, 512, NULL, "服务器证书（PEM）",
     "server certificate chain (PEM)"},
    {"listen.key", SETTING_PATH, MAIN(key), NULL, 1, 512, NULL, "服务器私钥（PEM）", "server private key (PEM)"},
    {"listen.client_ca", SETTING_PATH, MAIN(client_ca), NULL, 1, 512, NULL, "客户端证书的签发机构（PEM）",
     "authority of client certificates (PEM)"},
    {"listen.client_crl", SETTING_PATH, MAIN(client_crl), "", 0, 512, NULL,
     "已吊销的客户端证书清单（CRL，PEM；空：不查）。过期即全部拒绝",
     "revoked client certificates (CRLs, PEM; empty: none asked). Past its date it lets nobody in"},
    {"listen.workers", SETTING_INTEGER, MAIN(workers), "0", 0, 64, NULL, "服务进程数（0：与处理器核数相同）",
     "api processes (0: one a core)"},
    {"listen.connections", SETTING_INTEGER, MAIN(connections), "1024", 1, 60000, NULL, "每个进程的连接数上限",
     "connections per process"},
    {"listen.body", SETTING_SIZE, MAIN(body_bytes), "1M", 1024, 16 << 20, NULL, "请求正文上限",
     "largest request body in memory"},
    {"listen.headers", SETTING_SIZE, MAIN(header_bytes), "16k", 1024, 65536, NULL, "请求头上限",
     "largest request head"},
    {"listen.idle", SETTING_DURATION, MAIN(idle_ms), "75s", 100, 3600000, NULL, "空闲连接保留时间",
     "how long an idle connection is kept"},
    {"public.address", SETTING_TEXT, MAIN(public_address), "", 0, 63, NULL,
     "公示名单的监听地址（无需客户端证书；空：不公开）",
     "numeric address where anybody may read the public lists, without a certificate (empty: none)"},
    {"public.port", SETTING_INTEGER, MAIN(public_port), "8444", 0, 65535, NULL, "公示名单的监听端口（0：由系统选择）",
     "its port (0: the system chooses)"},
    {"public.connections", SETTING_INTEGER, MAIN(public_connections), "128", 1, 60000, NULL,
     "每个进程用于公示名单的连接数上限", "connections per process that readers may take"},
    {"console.address", SETTING_TEXT, MAIN(console_address), "", 0, 63, NULL, "工作台的监听地址（空：不启用）",
     "numeric address of the staff's console (empty: none)"},
    {"console.port", SETTING_INTEGER, MAIN(console_port), "8445", 0, 65535, NULL, "工作台的监听端口（0：由系统选择）",
     "its port (0: the system chooses)"},
    {"console.connections", SETTING_INTEGER, MAIN(console_connections), "256", 1, 60000, NULL,
     "每个进程用于工作台的连接数上限", "connections per process that the console may take"},
    {"console.certificate", SETTING_PATH, MAIN(console_certificate), "", 0, 512, NULL,
     "工作台的服务器证书（PEM；空：同 listen）", "its server certificate chain (PEM; empty: that of listen)"},
    {"console.key", SETTING_PATH, MAIN(console_key), "", 0, 512, NULL, "工作台的服务器私钥（PEM）",
     "its private key (PEM)"},
    {"console.client_ca", SETTING_PATH, MAIN(console_client_ca), "", 0, 512, NULL,
     "工作人员证书的签发机构（PEM；空：不用证书登录）",
     "authority of the staff's certificates (PEM; empty: nobody signs in by certificate)"},
    {"console.client_crl", SETTING_PATH, MAIN(console_client_crl), "", 0, 512, NULL,
     "已吊销的工作人员证书清单（CRL，PEM；空：不查）",
     "revoked certificates of the staff (CRLs, PEM; empty: none asked)"},
    {"console.idle", SETTING_DURATION, MAIN(console_idle_ms), "30min", 10000, 86400000, NULL, "无操作多久后须重新登录",
     "a session ends after so long without a request"},
    {"console.longest", SETTING_DURATION, MAIN(console_longest_ms), "10h", 10000, 604800000, NULL,
     "登录后最长多久须重新登录", "a session ends so long after it began"},
    {"console.files", SETTING_PATH, MAIN(console_files), CREDITGATE_CONSOLE_FILES, 1, 512, NULL, "工作台页面所在目录",
     "folder with the console's pages"},
    {"admin.socket", SETTING_PATH, MAIN(admin_socket), "", 0, 100, NULL, "管理套接字（默认：状态目录/admin.sock）",
     "administration socket (default: admin.sock in the state folder)"},
    {"admin.mode", SETTING_MODE, MAIN(admin_mode), "0666", 0, 0777, NULL, "管理套接字的权限（谁能做什么由 staff 决定）",
     "mode of that socket (who may do what is decided by staff)"},
    {"import.bytes", SETTING_SIZE, MAIN(import_bytes), "1G", 1024, (int64_t)16 << 30, NULL, "导入文件上限",
     "largest file to import"},
    {"jobs.kept", SETTING_INTEGER, MAIN(jobs_kept), "1000", 10, 1000000, NULL, "保留多少个已结束任务的结果",
     "how many finished jobs are kept"},
    {"screening.bytes", SETTING_SIZE, MAIN(screening_bytes), "256M", 1024, (int64_t)4 << 30, NULL, "批量筛查名单上限",
     "largest list to screen"},
    {"screening.rows", SETTING_INTEGER, MAIN(screening_rows), "1000000", 1, 1000000, NULL, "批量筛查名单的行数上限",
     "rows of a list at most"},
    {"screening.held", SETTING_INTEGER, MAIN(screening_held), "20", 1, 1000, NULL,
     "每个接入系统同时保留多少个批量筛查（含未完成的）",
     "screenings that a client may have at a time, also unfinished"},
    {"screening.days", SETTING_INTEGER, MAIN(screening_days), "7", 1, 365, NULL, "批量筛查结果保留天数",
     "days that the result of a screening is kept"},
};
const struct setting_group SETTINGS_MAIN = GROUP(MAIN_LIST);

static const struct setting PERSON_LIST[] = {
    {"name", SETTING_TEXT, PERSON(name), NULL, 1, 32, NULL, "账号名（写入日志）",
     "account name (stands in the journal)"},
    {"title", SETTING_TEXT, PERSON(title), "", 0, 100, NULL, "姓名、职务", "name and office"},
    {"uid", SETTING_TEXT, PERSON(uid_text), "", 0, 10, NULL, "操作系统用户号（空：只用工作台）",
     "user id of the operating system (empty: only the console)"},
    {"certificate", SETTING_PATH, PERSON(certificate), "", 0, 512, NULL, "登录工作台的客户端证书（PEM；可不设）",
     "client certificate for the console (PEM; may be left out)"},
    {"sha256", SETTING_TEXT, PERSON(certificate_sha256), "", 0, 64, NULL, "或：证书的 SHA-256（64 位十六进制）",
     "or: SHA-256 of that certificate (64 hex digits)"},
    {"roles", SETTING_LIST, PERSON(roles_text), NULL, 1, 200, "operator|reviewer|auditor|administrator",
     "角色：经办 operator、复核 reviewer、审计 auditor、管理员 administrator",
     "roles: operator, reviewer, auditor, administrator"},
    {"lang", SETTING_TEXT, PERSON(lang), "zh", 2, 2, "zh|en", "语言", "language"},
};
const struct setting_group SETTINGS_PERSON = GROUP(PERSON_LIST);

static const struct setting CLIENT_LIST[] = {
    {"name", SETTING_TEXT, CLIENT(name), NULL, 1, 64, NULL, "接入系统名称", "name of the outside system"},
    {"kind", SETTING_TEXT, CLIENT(kind_text), NULL, 1, 32, "government|lender|procurement|supervisor",
     "类别：政府部门 government、金融机构 lender、采购与招投标 procurement、金融监管部门 "
     "supervisor（只查阅金融机构的查询留痕）",
     "government, lender, procurement; or supervisor, of lenders: it asks nothing, and reads what they asked"},
    {"certificate", SETTING_PATH, CLIENT(certificate), "", 0, 512, NULL, "客户端证书（PEM）",
     "client certificate (PEM)"},
    {"sha256", SETTING_TEXT, CLIENT(certificate_sha256), "", 0, 64, NULL, "或：证书的 SHA-256（64 位十六进制）",
     "or: SHA-256 of the certificate (64 hex digits)"},
    {"domains", SETTING_LIST, CLIENT(domains_text), NULL, 1, 1000, NULL, "可查询的领域", "domains it may ask"},
    {"purposes", SETTING_LIST, CLIENT(purposes_text), "", 0, 1000, NULL, "可用的查询目的（空：领域内全部）",
     "purposes it may name (empty: all of the domain)"},
    {"scopes", SETTING_LIST, CLIENT(scopes_text), "", 0, 16, "0|1|2",
     "可见的使用范围：0 公示、1 仅政府部门、2 须授权（空：该类别可见的全部；1 仅限政府部门）",
     "use scopes it may see at most: 0 public, 1 government only, 2 with authorisation (empty: all that its kind may; "
     "1 only for government)"},
    {"addresses", SETTING_LIST, CLIENT(addresses_text), "", 0, 16384, NULL,
     "可接入的地址与地址段（CIDR，IPv4 与 IPv6；空：不限）",
     "addresses and ranges it may come from (CIDR, IPv4 and IPv6; empty: any)"},
    {"daily_quota", SETTING_INTEGER, CLIENT(daily_quota), "0", 0, 100000000000, NULL,
     "每日可查询的主体数（北京时间；批量按条计；0：不限）",
     "subjects it may ask about in a day (Asia/Shanghai; each of a batch counts; 0: no limit)"},
    {"requests_per_minute", SETTING_INTEGER, CLIENT(requests_per_minute), "60000", 1, 100000000, NULL,
     "每分钟请求数上限", "requests per minute"},
    {"test", SETTING_BOOL, CLIENT(is_test), "false", 0, 0, NULL, "联调系统：只用测试名单答复，绝不接触真实数据",
     "a system under test: answered from the test list alone, never from the register"},
};
const struct setting_group SETTINGS_CLIENT = GROUP(CLIENT_LIST);

static const struct setting CERTIFICATE_LIST[] = {
    {"file", SETTING_PATH, CERTIFICATE(file), "", 0, 512, NULL, "证书文件（PEM）", "certificate (PEM)"},
    {"sha256", SETTING_TEXT, CERTIFICATE(sha256), "", 0, 64, NULL, "或：证书的 SHA-256（64 位十六进制）",
     "or: SHA-256 of the certificate (64 hex digits)"},
    {"from", SETTING_TEXT, CERTIFICATE(from_text), "", 0, 10, NULL, "启用日期（含；空：即日）",
     "first day on which it may be used (empty: at once)"},
    {"until", SETTING_TEXT, CERTIFICATE(until_text), "", 0, 10, NULL, "停用前最后一日（含；空：至证书到期）",
     "last day on which it may be used (empty: to its own end)"},
};
const struct setting_group SETTINGS_CERTIFICATE = GROUP(CERTIFICATE_LIST);

bool setting_is_equal(const struct setting *setting, const void *now_of, const void *next_of)
{
    const char *now = now_of, *next = next_of;
    const char *const *texts[2] = {(const char *const *)(const void *)(now + setting->offset),
                                   (const char *const *)(const void *)(next + setting->offset)};

    switch (setting->type) {
    case SETTING_INTEGER:
    case SETTING_SIZE:
    case SETTING_DURATION:
    case SETTING_MODE:
        return memcmp(now + setting->offset, next + setting->offset, sizeof(int64_t)) == 0;
    case SETTING_BOOL:
        return memcmp(now + setting->offset, next + setting->offset, sizeof(bool)) == 0;
    default:
        return *texts[0] == *texts[1] || (*texts[0] && *texts[1] && strcmp(*texts[0], *texts[1]) == 0);
    }
}
