// How things stand, as the gateway tells it by itself (GET /console/api/events): read once, then told of every change.
// Listening does not keep a session alive, and stops while nobody is there.
import { onMounted, onUnmounted, ref, type Ref } from "vue";
import { get } from "./api";
import { isAsleep, WAKING } from "./live";
import type { Today } from "./status";
import { useTask, type Task } from "./task";

const BEAT_MS = 5000;

const LOST_MS = 15000;

export interface Telling {
  now: Ref<Today | null>;
  isLost: Ref<boolean>; // the gateway was not reached for a while: what stands here is what was
  isStill: Ref<boolean>;
  task: Task;
  look: () => Promise<void>;
}

export function useToday(): Telling {
  const now = ref<Today | null>(null);
  const isStill = ref(false);
  const isLost = ref(false);
  const task = useTask();
  let source: EventSource | null = null;
  let timer = 0;
  let heard = Date.now();

  async function look(): Promise<void> {
    await task.run(async () => void (now.value = await get<Today>("/console/api/today")));
  }
  function close(): void {
    source?.close();
    source = null;
  }
  function listen(): void {
    source = new EventSource("/console/api/events");
    source.onopen = () => (isLost.value = false);
    source.addEventListener("today", (event: MessageEvent<string>) => (now.value = JSON.parse(event.data) as Today));
    // It comes back by itself, but for an answer that is a refusal: what it says is learnt by asking.
    source.onerror = () => {
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      void look();
    };
  }
  function beat(): void {
    isStill.value = isAsleep(Date.now());
    if (!source || source.readyState === EventSource.OPEN || isStill.value) heard = Date.now();
    isLost.value = Date.now() - heard > LOST_MS;
    if (isStill.value) close();
    else if (!source) listen();
  }
  function wake(): void {
    if (!isStill.value) return;
    void look();
    beat();
  }
  onMounted(() => {
    void look();
    beat();
    timer = window.setInterval(beat, BEAT_MS);
    for (const kind of WAKING) window.addEventListener(kind, wake);
  });
  onUnmounted(() => {
    close();
    window.clearInterval(timer);
    for (const kind of WAKING) window.removeEventListener(kind, wake);
  });
  return { now, isStill, isLost, task, look };
}
