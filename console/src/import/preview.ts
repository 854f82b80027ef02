// The preview of an import as the gateway tells it (gateway/intake/forecast.h), and what a person puts in the place of
// single cells. Nothing is judged here: what is right and what is wrong, the gateway says.
import { reactive, ref, shallowRef } from "vue";
import { order, orderFile, type Done, type JobState } from "../api";

export interface Problem {
  line: number;
  column: string | null;
  value: string;
  rule: string;
  severity: "error" | "warning";
  zh: string;
  en: string;
  proposal: string | null;
}
export interface Line {
  line: number;
  state: "new" | "changed" | "unchanged" | "refused";
  editable: boolean;
  cells: string[];
  was?: Record<string, string>;
}
export interface Forecast {
  file: string;
  encoding: string;
  sha256: string;
  bytes: number;
  rows: number;
  accepted: number;
  new: number;
  changed: number;
  unchanged: number;
  refused: number;
  corrected: number;
  warnings: number;
  columns: string[];
  headers: string[];
  listed: "all" | "bad" | "some";
  problems: Problem[];
  lines: Line[];
}
// What an import came to (gateway/intake/report.h).
export interface Taken {
  file: string;
  rows: number;
  accepted: number;
  unchanged: number;
  refused: number;
  problems: { line: number; rule: string; message: string }[];
}
export interface Correction {
  line: number;
  column: string;
  value: string;
}
// A kind of problem: of one rule, in one column.
export interface Kind {
  key: string;
  rule: string;
  column: string | null;
  severity: "error" | "warning";
  sample: Problem;
  count: number;
  // Those whose cell would be right with what is proposed.
  offers: Problem[];
}

const keyOf = (line: number, column: string): string => `${line}:${column}`;

export class Preview {
  readonly told = shallowRef<Forecast | null>(null);
  // What stands in place of a cell, by line and column; the file has what stood there.
  readonly edits = reactive(new Map<string, Correction>());
  // Goes up whenever any cell may look otherwise than before.
  readonly version = ref(0);
  // How many of them the gateway has not seen yet.
  readonly unseen = ref(0);
  // The upload, and the job that looked at it last.
  from = "";
  seen = "";
  private byCell = new Map<string, Problem[]>();
  private byLine = new Map<number, Problem[]>();
  private lines = new Map<number, Line>();
  private judged = new Map<string, string>();
  private places = new Map<string, number>();

  async open(file: File, told: (state: JobState) => void): Promise<void> {
    const done = await orderFile<Forecast>("import-check", file, {}, told);

    this.forget();
    this.from = done.state.job;
    this.take(done);
  }
  async again(told: (state: JobState) => void): Promise<void> {
    this.take(await order<Forecast>("import-recheck", { from: this.from, corrections: this.corrections() }, told));
  }
  async bring(told: (state: JobState) => void): Promise<Done<Taken>> {
    return order<Taken>("import-checked", { from: this.from, seen: this.seen, corrections: this.corrections() }, told);
  }
  forget(): void {
    this.edits.clear();
    this.told.value = null;
    this.unseen.value = 0;
    this.from = this.seen = "";
  }

  private take(done: Done<Forecast>): void {
    const told = done.report;

    this.seen = done.state.job;
    this.byCell = new Map();
    this.byLine = new Map();
    this.lines = new Map(told.lines.map((line) => [line.line, line]));
    this.places = new Map(told.columns.map((key, index) => [key, index]));
    for (const problem of told.problems) {
      const mine = this.byLine.get(problem.line);
      if (mine) mine.push(problem);
      else this.byLine.set(problem.line, [problem]);
      if (problem.column === null) continue;
      const key = keyOf(problem.line, problem.column);
      const there = this.byCell.get(key);
      if (there) there.push(problem);
      else this.byCell.set(key, [problem]);
    }
    this.judged = new Map([...this.edits].map(([key, edit]) => [key, edit.value]));
    this.count();
    this.told.value = told;
  }
  private count(): void {
    let unseen = 0;

    for (const [key, edit] of this.edits) if (this.judged.get(key) !== edit.value) unseen++;
    for (const key of this.judged.keys()) if (!this.edits.has(key)) unseen++;
    this.unseen.value = unseen;
    this.version.value++;
  }
  corrections(): Correction[] {
    return [...this.edits.values()];
  }

  // --- cells ---

  private told_(line: Line, column: string): string {
    return line.cells[this.places.get(column) ?? -1] ?? "";
  }
  value(line: Line, column: string): string {
    return this.edits.get(keyOf(line.line, column))?.value ?? (this.judged.has(keyOf(line.line, column)) ? this.original(line, column) : this.told_(line, column));
  }
  // As the file has it.
  original(line: Line, column: string): string {
    return line.was?.[column] ?? this.told_(line, column);
  }
  isEdited(line: number, column: string): boolean {
    return this.edits.has(keyOf(line, column));
  }
  // Was it changed since the gateway judged it? Then what it said is about another text.
  isUnseen(line: number, column: string): boolean {
    const key = keyOf(line, column);

    return this.edits.get(key)?.value !== this.judged.get(key);
  }
  problems(line: number, column: string): Problem[] {
    return this.byCell.get(keyOf(line, column)) ?? [];
  }
  problemsOfLine(line: number): Problem[] {
    return this.byLine.get(line) ?? [];
  }
  lineOf(number: number): Line | undefined {
    return this.lines.get(number);
  }
  set(line: Line, column: string, text: string): void {
    const value = text.trim();
    const key = keyOf(line.line, column);

    if (!line.editable) return;
    if (value === this.original(line, column)) this.edits.delete(key);
    else this.edits.set(key, { line: line.line, column, value });
    this.count();
  }
  restore(line: number, column: string): void {
    this.edits.delete(keyOf(line, column));
    this.count();
  }
  // Proposals of cells that nobody has touched since they were made.
  accept(problems: Problem[]): number {
    let count = 0;

    for (const problem of problems) {
      const line = this.lines.get(problem.line);
      if (!line || problem.column === null || problem.proposal === null || this.isUnseen(problem.line, problem.column)) continue;
      this.set(line, problem.column, problem.proposal);
      count++;
    }
    return count;
  }
}

// By rule and column, the most frequent first; errors before warnings.
export function kindsOf(problems: Problem[]): Kind[] {
  const kinds = new Map<string, Kind>();

  for (const problem of problems) {
    const key = `${problem.rule} ${problem.column ?? ""}`;
    let kind = kinds.get(key);
    if (!kind) kinds.set(key, (kind = { key, rule: problem.rule, column: problem.column, severity: problem.severity, sample: problem, count: 0, offers: [] }));
    kind.count++;
    if (problem.proposal !== null) kind.offers.push(problem);
  }
  return [...kinds.values()].sort((a, b) => (a.severity === b.severity ? b.count - a.count : a.severity === "error" ? -1 : 1));
}
