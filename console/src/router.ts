import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { may, session, type Role } from "./session";
import { t } from "./words";

// A page that one may not see is not in the menu, and its address leads to the first page.
export interface Page {
  path: string;
  zh: string;
  en: string;
  roles: Role[];
}

const ALL: Role[] = ["operator", "reviewer", "auditor", "administrator"];
export const PAGES: Page[] = [
  { path: "/", zh: "今日", en: "Today", roles: ALL },
  { path: "/import", zh: "导入台账", en: "Import", roles: ["operator"] },
  { path: "/register", zh: "任务台账", en: "Register", roles: ALL },
  { path: "/propose", zh: "逾期与提出", en: "Overdue, propose", roles: ["operator"] },
  { path: "/review", zh: "复核", en: "Review", roles: ["reviewer"] },
  { path: "/push", zh: "报送", en: "Push", roles: ["operator"] },
  { path: "/records", zh: "失信记录", en: "Records", roles: ALL },
  { path: "/lookup", zh: "模拟查询", en: "Look up", roles: ["operator", "reviewer", "auditor"] },
  { path: "/clocks", zh: "期限", en: "Clocks", roles: ALL },
  { path: "/reports", zh: "报表", en: "Reports", roles: ALL },
  { path: "/channels", zh: "渠道", en: "Channels", roles: ALL },
  { path: "/clients", zh: "查询系统", en: "Clients", roles: ALL },
  { path: "/keys", zh: "密钥", en: "Keys", roles: ALL },
  { path: "/maintenance", zh: "维护", en: "Maintenance", roles: ALL },
  { path: "/staff", zh: "工作人员", en: "Staff", roles: ["administrator", "auditor"] },
  { path: "/audit", zh: "审计", en: "Audit", roles: ["auditor", "administrator"] },
];

const routes: RouteRecordRaw[] = [
  { path: "/sign-in", component: () => import("./pages/SignIn.vue"), meta: { isOpen: true } },
  { path: "/enrol", component: () => import("./pages/Enrol.vue"), meta: { isOpen: true } },
  { path: "/", component: () => import("./pages/Today.vue") },
  { path: "/import", component: () => import("./pages/Import.vue") },
  { path: "/register", component: () => import("./pages/Register.vue") },
  { path: "/enterprises/:uscc", component: () => import("./pages/Enterprise.vue"), props: true },
  { path: "/propose", component: () => import("./pages/Propose.vue") },
  { path: "/review", component: () => import("./pages/Review.vue") },
  { path: "/push", component: () => import("./pages/Push.vue") },
  { path: "/records", component: () => import("./pages/Records.vue") },
  { path: "/records/:id", component: () => import("./pages/Record.vue"), props: true },
  { path: "/lookup", component: () => import("./pages/Lookup.vue") },
  { path: "/clocks", component: () => import("./pages/Clocks.vue") },
  { path: "/reports", component: () => import("./pages/Reports.vue") },
  { path: "/channels", component: () => import("./pages/Channels.vue") },
  { path: "/clients", component: () => import("./pages/Clients.vue") },
  { path: "/keys", component: () => import("./pages/Keys.vue") },
  { path: "/maintenance", component: () => import("./pages/Maintenance.vue") },
  { path: "/staff", component: () => import("./pages/Staff.vue") },
  { path: "/audit", component: () => import("./pages/Audit.vue") },
  { path: "/:rest(.*)*", redirect: "/" },
];

export const router = createRouter({ history: createWebHistory("/console/"), routes });

router.beforeEach((to) => {
  const page = PAGES.find((one) => one.path === to.path);

  if (to.meta["isOpen"]) return true;
  if (!session.person) return { path: "/sign-in", query: to.path === "/" ? {} : { then: to.fullPath } };
  return !page || may(...page.roles) ? true : "/";
});

router.afterEach((to) => {
  const page = PAGES.find((one) => one.path === to.path);

  document.title = page ? `${t(page.zh, page.en)} · creditgate` : "creditgate";
});
