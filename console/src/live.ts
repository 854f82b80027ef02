// Is somebody there? A page that was left open asks nothing: asking would keep its session alive overnight.
export const ASLEEP_MS = 5 * 60 * 1000;
export const WAKING = ["pointerdown", "keydown", "wheel", "focus"] as const;

let touched = Date.now();
if (typeof window !== "undefined")
  for (const kind of WAKING) window.addEventListener(kind, () => (touched = Date.now()), { passive: true, capture: true });

export function isAsleep(now: number, since = touched, isHidden = document.hidden): boolean {
  return isHidden || now - since > ASLEEP_MS;
}
