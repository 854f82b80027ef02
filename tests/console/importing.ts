// The stand-in's importer: the rows of a file, every eleventh of them wrong in a way that staff know.
import { COLUMNS, register, type Row } from "./fixtures";
import type { Asked } from "./answers";

const HEADERS = [
  "企业名称", "统一社会信用代码", "行政区划代码", "所在地区", "行业", "退出维度", "责令措施", "责令机关", "机关类别", "决定文书号", "决定日期", "退出期限",
  "延期至", "延期批准文号", "批准机关", "主体设备（生产线）", "设备数量", "产能", "产能单位", "状态", "退出日期", "备注",
];

interface Wrong {
  column: number;
  value: string;
  rule: string;
  message: string;
}
// What is wrong with every eleventh row, in turn.
const WRONGS: ((row: Row) => Wrong)[] = [
  (row) => ({ column: 1, value: row.uscc.slice(0, 17) + "0", rule: "uscc.check", message: "信用代码的校验位不符：请对照营业执照核对" }),
  (row) => ({ column: 10, value: row.order_date.replace(/-/g, "/"), rule: "date.form", message: "日期应写作 2026-01-31" }),
  () => ({ column: 4, value: "水泥行业", rule: "industry.unknown", message: "没有“水泥行业”这一行业" }),
  (row) => ({ column: 17, value: row.capacity + "万", rule: "number.form", message: "产能应为数字，单位写在“产能单位”" }),
  () => ({ column: 11, value: "", rule: "required", message: "缺少退出期限" }),
];

export function rowsOf(count: number): { cells: string[]; wrong: Wrong | null }[] {
  return Array.from({ length: count }, (_, index) => {
    const row = register[index % register.length]!;
    const cells = COLUMNS.map((key) => row[key]);
    const wrong = index % 11 === 4 ? WRONGS[Math.floor(index / 11) % WRONGS.length]!(row) : null;

    if (wrong) cells[wrong.column] = wrong.value;
    return { cells, wrong };
  });
}

// A name such as "5000.csv" says how many rows the file has; a corrected one is judged good.
function judge(asked: Asked): { rows: ReturnType<typeof rowsOf>; file: string } {
  const file = asked.query["file"] ?? "-";
  const count = Number(/(\d+)\./.exec(file)?.[1] ?? 60);
  const rows = rowsOf(count);

  return { file, rows: file.includes("更正") ? rows.filter((row) => row.wrong).map((row) => ({ ...row, wrong: null })) : rows };
}

// As the report of an import says it: what was refused was left out, with the reason.
export function importTaken(asked: Asked): unknown {
  const { rows, file } = judge(asked);
  const problems = rows.flatMap(({ wrong }, index) =>
    wrong ? [{ line: index + 2, column: HEADERS[wrong.column], value: wrong.value, rule: wrong.rule, severity: "error", message: wrong.message }] : [],
  );

  return { file, encoding: "UTF-8", rows: rows.length, accepted: rows.length - problems.length, unchanged: 0, refused: problems.length, problems };
}
