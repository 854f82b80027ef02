// The stand-in's importer: the rows of a file, every eleventh of them wrong in a way that staff know. It judges by rote
// what a test may correct; what is right and wrong in earnest is tried on the gateway itself.
import type { Role } from "../../console/src/session";
import { COLUMNS, register, type Column, type Row } from "./fixtures";
import type { Asked } from "./answers";

const HEADERS = [
  "企业名称", "统一社会信用代码", "行政区划代码", "所在地区", "行业", "退出维度", "责令措施", "责令机关", "机关类别", "决定文书号", "决定日期", "退出期限",
  "延期至", "延期批准文号", "批准机关", "主体设备（生产线）", "设备数量", "产能", "产能单位", "状态", "退出日期", "备注",
];

interface Wrong {
  column: number;
  value: string;
  rule: string;
  zh: string;
  en: string;
  proposal: string | null;
  severity: "error" | "warning";
}
// What is wrong with every eleventh row, in turn.
const WRONGS: ((row: Row) => Wrong)[] = [
  (row) => ({ column: 1, value: row.uscc.slice(0, 17) + "0", rule: "uscc.check", zh: "统一社会信用代码的最后一位校验码不符，代码有误。请按营业执照核对全部 18 位。", en: "the last character is not the check character", proposal: null, severity: "error" }),
  (row) => ({ column: 10, value: row.order_date.replace(/-/g, "/"), rule: "date.notation", zh: `“决定日期”的写法不符。如指 ${row.order_date}，请写成 ${row.order_date}。`, en: "the date is written otherwise", proposal: row.order_date, severity: "error" }),
  (row) => ({ column: 4, value: `${row.industry}行业`, rule: "industry.unknown", zh: `行业“${row.industry}行业”不在行业表中。`, en: "there is no such industry", proposal: row.industry, severity: "error" }),
  (row) => ({ column: 17, value: `${row.capacity}万`, rule: "capacity.number", zh: "产能应为半角数字，不带单位、逗号、空格和正负号。", en: "the capacity is no number", proposal: row.capacity, severity: "error" }),
  () => ({ column: 11, value: "", rule: "text.required", zh: "“退出期限”为空。请填写。", en: "the deadline is empty", proposal: null, severity: "error" }),
  (row) => ({ column: 3, value: "惠阳", rule: "region.differs", zh: `所在地区与行政区划代码 ${row.division} 不一致。请核对两列。`, en: "the region differs", proposal: row.region, severity: "warning" }),
];

interface Judged {
  line: number;
  cells: string[];
  wrong: Wrong | null;
  was: Record<string, string>;
}
interface Correction {
  line: number;
  column: Column;
  value: string;
}

// A name such as "5000.csv" says how many rows the file has.
let file = "60.csv";
let taken = false;

function judge(corrections: Correction[]): Judged[] {
  const count = Number(/(\d+)\./.exec(file)?.[1] ?? 60);

  return Array.from({ length: count }, (_, index) => {
    const row = register[index % register.length]!;
    const right = COLUMNS.map((key) => row[key]);
    const found = index % 11 === 4 ? WRONGS[Math.floor(index / 11) % WRONGS.length]!(row) : null;
    const cells = [...right];
    const was: Record<string, string> = {};

    if (found) cells[found.column] = found.value;
    for (const one of corrections.filter((each) => each.line === index + 2)) {
      const place = COLUMNS.indexOf(one.column);
      was[one.column] = cells[place]!;
      cells[place] = one.value;
    }
    return { line: index + 2, cells, wrong: found && cells[found.column] !== right[found.column] ? found : null, was };
  });
}

function forecast(corrections: Correction[]): unknown {
  const rows = judge(corrections);
  const refused = rows.filter((row) => row.wrong?.severity === "error").length;
  const isUnchanged = (row: Judged): boolean => taken || row.line % 50 === 0;
  const stateOf = (row: Judged): string => (row.wrong?.severity === "error" ? "refused" : isUnchanged(row) ? "unchanged" : row.line % 7 === 0 ? "changed" : "new");
  const counted = (state: string): number => rows.filter((row) => stateOf(row) === state).length;

  return {
    file, encoding: "gb18030", sha256: "9f2c".repeat(16), bytes: 123456, rows: rows.length, accepted: counted("new") + counted("changed"), new: counted("new"),
    changed: counted("changed"), unchanged: counted("unchanged"), refused, corrected: corrections.length, warnings: rows.filter((row) => row.wrong?.severity === "warning").length,
    columns: COLUMNS, headers: HEADERS, listed: "all",
    problems: rows.flatMap(({ line, wrong, cells }) =>
      wrong ? [{ line, column: COLUMNS[wrong.column], value: cells[wrong.column], rule: wrong.rule, severity: wrong.severity, zh: wrong.zh, en: wrong.en, proposal: wrong.proposal }] : [],
    ),
    lines: rows.map((row) => ({ line: row.line, state: stateOf(row), editable: true, cells: row.cells, ...(Object.keys(row.was).length ? { was: row.was } : {}) })),
  };
}

const correctionsOf = (asked: Asked): Correction[] => (asked.body as { corrections?: Correction[] }).corrections ?? [];

function importChecked(asked: Asked): unknown {
  file = asked.query["file"] ?? "60.csv";
  taken = false;
  return forecast([]);
}
const importRechecked = (asked: Asked): unknown => forecast(correctionsOf(asked));

// As the report of an import says it: what was refused was left out, with the reason.
function importTaken(asked: Asked): unknown {
  const told = forecast(correctionsOf(asked)) as { rows: number; accepted: number; unchanged: number; refused: number };

  taken = true;
  return { file, encoding: "gb18030", rows: told.rows, accepted: told.accepted, unchanged: told.unchanged, refused: told.refused, problems: [] };
}

export const IMPORT_ANSWERS: [RegExp, (asked: Asked) => unknown][] = [[/^GET \/console\/api\/template$/, () => ({ workbook: "template" })]];
export const IMPORT_JOBS: Record<string, { roles: Role[]; run: (asked: Asked) => unknown }> = {
  "import-check": { roles: ["operator"], run: importChecked },
  "import-recheck": { roles: ["operator"], run: importRechecked },
  "import-checked": { roles: ["operator"], run: importTaken },
};
