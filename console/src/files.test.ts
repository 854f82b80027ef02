import { expect, it } from "vitest";
import { csvCell, csvOf } from "./files";

it("tames what a spreadsheet would take for a formula", () => {
  for (const sign of ["=", "+", "-", "@", "\t", "\r"]) expect(csvCell(`${sign}1`).replace(/^"/, "")).toMatch(/^'/);
});
it("quotes commas, quotes and line ends", () => {
  expect(csvCell('a,"b"\n')).toBe('"a,""b""\n"');
});
it("leaves other texts as they are", () => {
  expect(csvCell("粤信记〔2026〕1号")).toBe("粤信记〔2026〕1号");
});
it("begins with the mark that Excel knows, and ends each line as RFC 4180 says", () => {
  expect(csvOf([["a", "b"], ["c", ""]])).toBe("\uFEFFa,b\r\nc,\r\n");
});
