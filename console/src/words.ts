import { computed, ref } from "vue";
import { Refused } from "./api";

// Texts in two languages stand side by side where they are used: t("中文", "English").
export type Lang = "zh" | "en";
const kept = localStorage.getItem("creditgate.lang");
export const lang = ref<Lang>(kept === "en" ? "en" : "zh");

export function setLang(value: Lang): void {
  lang.value = value;
  localStorage.setItem("creditgate.lang", value);
  document.documentElement.lang = value === "zh" ? "zh-CN" : "en";
}

export function t(zh: string, en: string): string {
  return lang.value === "zh" ? zh : en;
}

type Words = Record<string, [string, string]>;
function say(words: Words, key: string): string {
  const found = words[key];

  return found ? t(found[0], found[1]) : key;
}

const GROUNDS: Words = {
  energy: ["能耗", "energy"],
  environment: ["环保", "environment"],
  quality: ["质量", "quality"],
  safety: ["安全", "safety"],
  technology: ["技术", "technology"],
};
export const groundName = (key: string): string => say(GROUNDS, key);
export const grounds = computed(() => Object.keys(GROUNDS).map((value) => ({ value, label: groundName(value) })));

const CHANNELS: Words = {
  "credit-guangdong": ["信用广东", "Credit Guangdong"],
  "national-platform": ["全国信用信息共享平台", "National credit platform"],
  "credit-china": ["信用中国", "Credit China"],
  feedback: ["反馈上报", "Feedback upwards"],
};
export const channelName = (key: string): string => say(CHANNELS, key);

const DELIVERIES: Words = {
  queued: ["排队中", "queued"],
  sending: ["发送中", "being sent"],
  "in-doubt": ["待查证", "in doubt"],
  received: ["对方已接收", "received"],
  acknowledged: ["已确认", "acknowledged"],
  refused: ["被拒", "refused"],
  superseded: ["已被取代", "superseded"],
  held: ["暂缓", "held"],
};
export const deliveryName = (key: string): string => say(DELIVERIES, key);

const OPS: Words = {
  "1": ["新增", "new"],
  "2": ["更正", "correction"],
  "5": ["撤销", "withdrawal"],
  "6": ["修复", "repair"],
  new: ["新增", "new"],
  correct: ["更正", "correction"],
  corrected: ["更正", "correction"],
  withdraw: ["撤销", "withdrawal"],
  withdrawn: ["撤销", "withdrawal"],
  repair: ["修复", "repair"],
  repaired: ["修复", "repair"],
  disputed: ["异议标注", "dispute mark"],
  expired: ["公示期满", "publication over"],
};
export const opName = (key: string | number): string => say(OPS, String(key));

const SEVERITIES: Words = { "1": ["轻微", "minor"], "2": ["一般", "general"], "3": ["严重", "serious"] };
export const severityName = (key: number): string => say(SEVERITIES, String(key));

const SCOPES: Words = {
  "0": ["公示", "public"],
  "1": ["政府部门共享", "government"],
  "2": ["授权查询", "authorised"],
};
export const scopeName = (key: number): string => say(SCOPES, String(key));

const STATES: Words = {
  proposed: ["待复核", "waits for review"],
  effective: ["已生效", "in force"],
  returned: ["已退回", "returned"],
  rectifying: ["整改中", "rectifying"],
  extended: ["已延期", "extended"],
  "exited-in-time": ["按期退出", "exited in time"],
  overdue: ["逾期未退出", "overdue"],
  "exited-late": ["逾期后退出", "exited late"],
  revoked: ["责令已撤销", "order revoked"],
};
export const stateName = (key: string): string => say(STATES, key);

const ROLES: Words = {
  operator: ["经办", "operator"],
  reviewer: ["复核", "reviewer"],
  auditor: ["审计", "auditor"],
  administrator: ["管理员", "administrator"],
};
export const roleName = (key: string): string => say(ROLES, key);

// Instants are told in Asia/Shanghai, whatever the clock of this machine says.
const INSTANT = new Intl.DateTimeFormat("sv-SE", {
  timeZone: "Asia/Shanghai",
  dateStyle: "short",
  timeStyle: "medium",
});
export function instant(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === 0 ? "" : INSTANT.format(new Date(value));
}
export function today(): string {
  return INSTANT.format(new Date()).slice(0, 10);
}
export function age(ms: number, now: number): string {
  const minutes = Math.max(0, Math.floor((now - ms) / 60000));

  if (minutes < 60) return t(`${minutes} 分钟`, `${minutes} min`);
  if (minutes < 48 * 60) return t(`${Math.floor(minutes / 60)} 小时`, `${Math.floor(minutes / 60)} h`);
  return t(`${Math.floor(minutes / 1440)} 天`, `${Math.floor(minutes / 1440)} days`);
}

export function refusal(error: unknown): string {
  if (error instanceof Refused) return error.text(lang.value);
  return error instanceof Error ? error.message : String(error);
}
