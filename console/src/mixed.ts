// A list of which some are chosen: the library says so on the label, where no reader of the screen may look for it
// (aria-checked belongs to the box). Said on the box itself instead.
import { nextTick } from "vue";

export function sayMixed(): void {
  void nextTick(() => {
    for (const label of document.querySelectorAll("label.el-checkbox[aria-checked]")) {
      const box = label.querySelector<HTMLInputElement>("input[type=checkbox]");

      if (box) box.indeterminate = label.getAttribute("aria-checked") === "mixed";
      label.removeAttribute("aria-checked");
    }
  });
}
