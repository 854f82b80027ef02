import { computed, ref } from "vue";

// Texts in two languages stand side by side where they are used: t("中文", "English").
export type Lang = "zh" | "en";
// Tests of units have no browser.
const kept = typeof localStorage === "undefined" ? null : localStorage.getItem("creditgate.lang");
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

// By the numbers and the words of gateway/registry/record.h (enum record_op).
const OPS: Words = {
  "1": ["新增", "new"],
  "2": ["变更", "change"],
  "3": ["撤销", "withdrawal"],
  "4": ["修复", "repair"],
  "5": ["异议标注", "dispute mark"],
  "6": ["异议解除", "dispute over"],
  new: ["新增", "new"],
  changed: ["变更", "change"],
  withdrawn: ["撤销", "withdrawal"],
  repaired: ["修复", "repair"],
  disputed: ["异议标注", "dispute mark"],
  "dispute-over": ["异议解除", "dispute over"],
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
  extended: ["延期中", "extended"],
  "exited-in-time": ["按期退出", "exited in time"],
  overdue: ["逾期未退出", "overdue"],
  "exited-late": ["逾期后退出", "exited late"],
  revoked: ["已撤销", "order revoked"],
};
export const stateName = (key: string): string => say(STATES, key);
// How a record stands: one that was taken back is never called in force, though the version that says so is.
const OVER: Words = { "3": ["已撤销", "withdrawn"], "4": ["已修复", "repaired"], withdrawn: ["已撤销", "withdrawn"], repaired: ["已修复", "repaired"] };
export const isOver = (state: string, op: string | number): boolean => state === "effective" && String(op) in OVER;
export const standingName = (state: string, op: string | number): string => (isOver(state, op) ? say(OVER, String(op)) : stateName(state));
const REGISTER_STATES = ["rectifying", "extended", "overdue", "exited-in-time", "exited-late", "revoked"];
export const registerStates = computed(() => REGISTER_STATES.map((value) => ({ value, label: stateName(value) })));

// Events of the journal (gateway/journal): what happened, in words; an unknown one keeps its name.
const EVENTS: Words = {
  "obligation.recorded": ["任务登记或变更", "obligation recorded"],
  "record.proposed": ["提出", "proposed"],
  "record.returned": ["退回", "returned"],
  "record.approved": ["批准生效", "approved, in force"],
  "record.expired": ["公示期满，自动停止", "publication over, ended by law"],
  "delivery.queued": ["进入报送队列", "queued for delivery"],
  "delivery.held": ["暂缓报送", "held"],
  "delivery.skipped": ["无需报送", "not to be sent"],
  "delivery.requeued": ["重新排队", "queued again"],
  "delivery.repeated": ["再次报送", "sent again"],
  "delivery.superseded": ["被新版本取代", "superseded"],
};
export const eventName = (key: string): string => say(EVENTS, key);

// What an upstream answered (struct receipt of gateway/outbox/outbox.h); "…-head": only its beginning is kept.
const RECEIPTS: Words = {
  transport: ["收到回执（已接收）", "received"],
  business: ["业务回执（处理结果）", "outcome"],
  refusal: ["拒收", "refused"],
  malformed: ["无法辨认的应答", "an answer that makes no sense"],
};
export function receiptName(kind: string): string {
  const isCut = kind.endsWith("-head");

  return say(RECEIPTS, isCut ? kind.slice(0, -"-head".length) : kind) + (isCut ? t("（只存开头）", " (its beginning)") : "");
}

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

const DOMAINS: Words = {
  "land-supply": ["土地供应", "land supply"],
  "fund-support": ["资金支持", "fund support"],
  tax: ["税收管理", "tax"],
  "production-licence": ["生产许可", "production licence"],
  "safety-licence": ["安全许可", "safety licence"],
  "bond-issuance": ["债券发行", "bond issuance"],
  lending: ["融资授信", "lending"],
  "government-procurement": ["政府采购", "government procurement"],
  "public-works-bidding": ["公共工程投标", "public works bidding"],
  "power-price": ["差别电价", "power price"],
  "(trace)": ["查阅留痕", "reading the trace"],
  "(names)": ["按名称查找", "finding by name"],
};
export const domainName = (key: string): string => say(DOMAINS, key);
export const domains = computed(() => Object.keys(DOMAINS).map((value) => ({ value, label: domainName(value) })));

const VERDICTS: Words = {
  listed: ["在列", "listed"],
  "not-listed": ["不在列", "not listed"],
  unknown: ["未知", "unknown"],
};
export const verdictName = (key: string): string => say(VERDICTS, key);

const FIELDS: Words = {
  name: ["企业名称", "name"],
  uscc: ["信用代码", "code"],
  region: ["所在地区", "region"],
  industry: ["行业", "industry"],
  ground: ["维度", "ground"],
  severity: ["程度", "severity"],
  scope: ["使用范围", "scope"],
  disputed: ["异议中", "disputed"],
  decided_on: ["认定日期", "decided on"],
  due: ["最后期限", "due"],
  publication_end: ["公示截止期", "published until"],
  listing_authority: ["认定单位", "listing authority"],
  document: ["认定文号", "document"],
  order_document: ["决定文书号", "order's document"],
  facts: ["失信事实", "facts"],
  order: ["依据的决定", "the order"],
  reason: ["理由", "reason"],
  statement: ["信用承诺与修复说明", "commitment, repair"],
  listed_at: ["列入时间", "listed at"],
  record: ["记录编号", "record"],
  version: ["版本", "version"],
  op: ["操作", "what"],
  obligation: ["任务编号", "obligation"],
};
export const fieldName = (key: string): string => say(FIELDS, key);
