// The pages of the menu, as console/src/router.ts has them, and who has them.
import type { Role } from "../../../console/src/session";

const ALL: Role[] = ["operator", "reviewer", "auditor", "administrator"];
export const MENU: [name: string, path: string, roles: Role[]][] = [
  ["今日", "/", ALL],
  ["导入台账", "/import", ["operator"]],
  ["任务台账", "/register", ALL],
  ["逾期与提出", "/propose", ["operator"]],
  ["复核", "/review", ["reviewer"]],
  ["报送", "/push", ["operator"]],
  ["失信记录", "/records", ALL],
  ["模拟查询", "/lookup", ["operator", "reviewer", "auditor"]],
  ["期限", "/clocks", ALL],
  ["报表", "/reports", ALL],
  ["渠道", "/channels", ALL],
  ["查询系统", "/clients", ALL],
  ["密钥", "/keys", ALL],
  ["维护", "/maintenance", ALL],
  ["工作人员", "/staff", ["auditor", "administrator"]],
  ["审计", "/audit", ["auditor", "administrator"]],
];
