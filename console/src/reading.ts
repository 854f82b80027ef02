// When was what stands on the page read? A page left open shows what was, not what is: after a while it says so.
import { reactive } from "vue";

export const OLD_MS = 10 * 60 * 1000;
export const reading = reactive({ at: Date.now() });
export const isOld = (now: number, at = reading.at): boolean => now - at > OLD_MS;
