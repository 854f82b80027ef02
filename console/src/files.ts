// Files that are made in the browser. The gateway makes the .xlsx files itself.

// A cell that a spreadsheet would take for a formula gets an apostrophe before it (OWASP, CSV injection).
export function csvCell(text: string): string {
  const tame = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;

  return /[",\r\n]/.test(tame) ? `"${tame.replace(/"/g, '""')}"` : tame;
}
// With the mark by which Excel knows UTF-8, and line ends as RFC 4180 wants them.
export function csvOf(rows: string[][]): string {
  return "\uFEFF" + rows.map((row) => row.map(csvCell).join(",") + "\r\n").join("");
}

export function save(name: string, text: string): void {
  saveBlob(name, new Blob([text], { type: "text/csv;charset=utf-8" }));
}
export function saveBlob(name: string, blob: Blob): void {
  const link = document.createElement("a");

  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}
