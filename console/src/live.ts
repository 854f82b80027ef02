// What stands on a page keeps up with the gateway while somebody is there, and only then: a page left open overnight
// asks nothing (asking would keep the session alive), and says since when it stands still.
import { onMounted, onUnmounted, ref, type Ref } from "vue";

export const ASLEEP_MS = 5 * 60 * 1000;
let touched = Date.now();
for (const kind of ["pointerdown", "keydown", "wheel", "focus"])
  window.addEventListener(kind, () => (touched = Date.now()), { passive: true, capture: true });

export function isAsleep(now: number): boolean {
  return document.hidden || now - touched > ASLEEP_MS;
}

// Looks at once, every `ms` while somebody is there, and again when he comes back.
export function useLive(look: () => Promise<void>, ms: number): { isStill: Ref<boolean> } {
  const isStill = ref(false);
  let timer = 0;
  let isLooking = false;

  async function beat(): Promise<void> {
    isStill.value = isAsleep(Date.now());
    if (isStill.value || isLooking) return;
    isLooking = true;
    try {
      await look();
    } finally {
      isLooking = false;
    }
  }
  const back = (): void => {
    if (isStill.value) void beat();
  };
  onMounted(() => {
    void beat();
    timer = window.setInterval(beat, ms);
    window.addEventListener("focus", back);
    window.addEventListener("pointerdown", back);
    window.addEventListener("keydown", back);
  });
  onUnmounted(() => {
    window.clearInterval(timer);
    window.removeEventListener("focus", back);
    window.removeEventListener("pointerdown", back);
    window.removeEventListener("keydown", back);
  });
  return { isStill };
}
