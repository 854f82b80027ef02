/* The settings of channels: what all have in common, and what each protocol needs besides. */
#include <string.h>

#include "gateway/config/table.h"

const char *const CONFIG_CHANNEL_NAMES[CONFIG_CHANNEL_COUNT] = {"credit-guangdong", "national-platform", "credit-china",
                                                                "feedback"};

#define CHANNEL(field) offsetof(struct config_channel, field)
#define GROUP(list)                                                                                                    \
    {                                                                                                                  \
        list, COUNT_OF(list)                                                                                           \
    }

static const struct setting COMMON[] = {
    {"enabled", SETTING_BOOL, CHANNEL(is_enabled), "true", 0, 0, NULL, "是否启用", "is it used"},
    {"protocol", SETTING_TEXT, CHANNEL(protocol), "", 0, 50, "credit-guangdong|national-platform|credit-china",
     "接口协议（默认与渠道同名；feedback 默认 credit-guangdong）",
     "protocol of the interface (default: named like the channel; of feedback: credit-guangdong)"},
    {"layout", SETTING_PATH, CHANNEL(layout), "", 0, 512, NULL,
     "字段对照表（默认 gateway.data/adapters/layouts/渠道名.json）",
     "field mapping (default: adapters/layouts/<channel>.json in gateway.data)"},
    {"base", SETTING_TEXT, CHANNEL(base), NULL, 9, 512, NULL, "对方接口地址（https://…）",
     "address of the interface (https://…)"},
    {"provider_code", SETTING_TEXT, CHANNEL(provider_code), NULL, 1, 50, NULL, "信息提供部门编码 BMBM",
     "code of the department that provides (BMBM)"},
    {"provider_name", SETTING_TEXT, CHANNEL(provider_name), NULL, 1, 600, NULL, "信息提供部门名称 BMMC",
     "name of the department that provides (BMMC)"},
    {"exchange_name", SETTING_TEXT, CHANNEL(exchange_name), NULL, 1, 600, NULL, "交换单位全称 JHDWQC",
     "name of the unit that exchanges (JHDWQC)"},
    {"certificate", SETTING_PATH, CHANNEL(certificate), NULL, 1, 512, NULL, "本方客户端证书", "our client certificate"},
    {"key", SETTING_PATH, CHANNEL(key), NULL, 1, 512, NULL, "本方客户端私钥", "our client key"},
    {"ca", SETTING_PATH, CHANNEL(ca), NULL, 1, 512, NULL, "对方服务器证书的签发机构",
     "authority of their server certificate"},
    {"connect_timeout", SETTING_DURATION, CHANNEL(connect_timeout_ms), "10s", 100, 300000, NULL, "连接时限",
     "time to connect"},
    {"timeout", SETTING_DURATION, CHANNEL(total_timeout_ms), "60s", 200, 900000, NULL, "一次调用的时限",
     "time of a call"},
    {"retry_first", SETTING_DURATION, CHANNEL(retry_first_ms), "5s", 10, 3600000, NULL, "首次重试间隔",
     "first pause before a retry"},
    {"retry_max", SETTING_DURATION, CHANNEL(retry_max_ms), "24h", 10, 604800000, NULL, "最长重试间隔",
     "longest pause before a retry"},
    {"poll", SETTING_DURATION, CHANNEL(poll_ms), "5s", 10, 3600000, NULL, "多久查询一次逐行结果",
     "how often row outcomes are asked for"},
    {"receipt_limit", SETTING_INTEGER, CHANNEL(receipt_limit_days), "5", 1, 250, NULL,
     "应在多少个工作日内收到业务回执（超过即提示）", "working days within which a business receipt is expected"},
};
const struct setting_group SETTINGS_CHANNEL = GROUP(COMMON);

/* --- one list a protocol: limits are those of upstreams.md --- */

static const struct setting GUANGDONG[] = {
    {"table_code", SETTING_TEXT, CHANNEL(table_code), NULL, 1, 50, NULL, "目录编码 tableCode", "tableCode"},
    {"department_code", SETTING_TEXT, CHANNEL(department_code), NULL, 1, 50, NULL, "部门编码 departmentCode",
     "departmentCode"},
    {"table_version", SETTING_TEXT, CHANNEL(table_version), NULL, 1, 50, NULL, "目录版本 tableVersionId",
     "tableVersionId"},
    {"paas_id", SETTING_TEXT, CHANNEL(paas_id), NULL, 1, 50, NULL, "x-tif-paasid", "x-tif-paasid"},
    {"token_file", SETTING_PATH, CHANNEL(token_file), NULL, 1, 512, NULL, "网关令牌文件",
     "file with the gateway token"},
    {"sm4_key_file", SETTING_PATH, CHANNEL(sm4_key_file), NULL, 1, 512, NULL, "SM4 密钥文件（32 位十六进制）",
     "file with the SM4 key (32 hex digits)"},
    {"rows", SETTING_INTEGER, CHANNEL(rows_max), "500", 1, 500, NULL, "每批行数", "rows a call"},
    {"concurrency", SETTING_INTEGER, CHANNEL(concurrency), "4", 1, 64, NULL, "同时调用数", "calls at once"},
};

static const struct setting NATIONAL[] = {
    {"requester", SETTING_TEXT, CHANNEL(requester), NULL, 1, 50, NULL, "请求方标识 gjgxjhpt_rid",
     "requester id (gjgxjhpt_rid)"},
    {"service", SETTING_TEXT, CHANNEL(service), NULL, 1, 50, NULL, "服务标识 gjgxjhpt_sid",
     "service id (gjgxjhpt_sid)"},
    {"app_key_file", SETTING_PATH, CHANNEL(app_key_file), NULL, 1, 512, NULL, "应用密钥文件（32 位十六进制）",
     "file with the application key (32 hex digits)"},
    {"rows", SETTING_INTEGER, CHANNEL(rows_max), "200", 1, 200, NULL, "每批行数", "rows a call"},
    {"concurrency", SETTING_INTEGER, CHANNEL(concurrency), "4", 1, 64, NULL, "同时调用数", "calls at once"},
};

/* Files are numbered by the day without gaps: one at a time. */
static const struct setting CHINA[] = {
    {"file_code", SETTING_TEXT, CHANNEL(file_code), NULL, 6, 6, NULL, "报文号（6 位数字：部门 4 位、数据表 2 位）",
     "file code 报文号 (4 digits of the department, 2 of the table)"},
    {"rows", SETTING_INTEGER, CHANNEL(rows_max), "1000", 1, 1000, NULL, "每个文件的行数", "rows a file"},
    {"concurrency", SETTING_INTEGER, CHANNEL(concurrency), "1", 1, 1, NULL, "同时处理的文件数（固定为 1）",
     "files at once (always 1)"},
};

const struct setting_protocol SETTINGS_PROTOCOLS[SETTINGS_PROTOCOL_COUNT] = {
    {"credit-guangdong", GROUP(GUANGDONG)}, {"national-platform", GROUP(NATIONAL)}, {"credit-china", GROUP(CHINA)}};

const struct setting_protocol *setting_protocol_find(const char *name)
{
    for (size_t i = 0; i < SETTINGS_PROTOCOL_COUNT; i++) {
        if (strcmp(SETTINGS_PROTOCOLS[i].name, name) == 0)
            return &SETTINGS_PROTOCOLS[i];
    }
    return NULL;
}
