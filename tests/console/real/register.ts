// The register that the story begins with: rows of the fictitious companies of tests/cases/register, some of them spoilt.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Company {
  name: string;
  uscc: string;
  // Its whole row as it should be.
  cells: string[];
}

const [HEADER, ...LINES] = readFileSync(fileURLToPath(new URL("../../cases/register/register-dev.csv", import.meta.url)), "utf8").replace(/^\uFEFF/, "").trim().split(/\r?\n/);
const COLUMNS = HEADER!.split(",");
const at = (column: string): number => COLUMNS.indexOf(column);
export const STATE = at("状态");
const company = (line: string): Company => {
  const cells = line.split(",");

  return { name: cells[at("企业名称")]!, uscc: cells[at("统一社会信用代码")]!, cells };
};
// Quoted cells and companies with several obligations are left out: a name says which row is meant.
const plain = LINES.filter((line) => !line.includes('"')).map(company);
const alone = plain.filter((one) => plain.filter((other) => other.uscc === one.uscc).length === 1);
export const late = alone.filter((one) => one.cells[STATE] === "逾期未退出").slice(0, 8);
export const inTime = alone.filter((one) => one.cells[STATE] === "按期退出").slice(0, 4);

// A cell of a row replaced.
export function spoilt(one: Company, column: string, text: string): string[] {
  return one.cells.map((cell, index) => (index === at(column) ? text : cell));
}
export const file = (name: string, rows: string[][]) => ({
  name,
  mimeType: "text/csv",
  buffer: Buffer.from([HEADER, ...rows.map((row) => row.join(","))].join("\r\n") + "\r\n"),
});
