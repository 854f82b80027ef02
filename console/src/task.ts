// One thing that a page does at a time: is it under way, and what was refused about it.
import { reactive } from "vue";
import { Refused, type Problem } from "./api";

export interface Task {
  isBusy: boolean;
  refused: Problem | null;
  run: (work: () => Promise<void>) => Promise<boolean>;
}

const OURS = { type: "about:blank", status: -1, title: "", title_zh: "", rule: "console.fault" };

export function useTask(): Task {
  const task = reactive({
    isBusy: false,
    refused: null as Problem | null,
    // True when it went well. What it throws is shown, never swallowed.
    async run(work: () => Promise<void>): Promise<boolean> {
      task.isBusy = true;
      task.refused = null;
      try {
        await work();
        return true;
      } catch (error) {
        const words = error instanceof Error ? error.message : String(error);
        task.refused = error instanceof Refused ? error.problem : { ...OURS, detail: words, detail_zh: `页面出错：${words}` };
        return false;
      } finally {
        task.isBusy = false;
      }
    },
  });
  return task;
}
