// The staff of the stand-in: one of each role, and one who has two.
import type { Role } from "../../console/src/session";

export interface Someone {
  name: string;
  title: string;
  roles: Role[];
}
export const people = {
  jingban: { name: "jingban", title: "何经办", roles: ["operator"] },
  fuhe: { name: "fuhe", title: "苏复核", roles: ["reviewer"] },
  shenji: { name: "shenji", title: "容审计", roles: ["auditor"] },
  guanli: { name: "guanli", title: "阮管理", roles: ["administrator"] },
  liang: { name: "liang", title: "梁双岗", roles: ["operator", "reviewer"] },
} satisfies Record<string, Someone>;
export type PersonName = keyof typeof people;
