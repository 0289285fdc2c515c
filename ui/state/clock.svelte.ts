import { createContext } from 'svelte';

/** How fresh “12 s ago” is. */
const tickMs = 5_000;

/** The time of day as state, for relative times; stands still while nobody looks. */
export class Clock {
  nowMs = $state(Date.now());

  start(): () => void {
    const tick = () => {
      if (!document.hidden) this.nowMs = Date.now();
    };
    const timer = setInterval(tick, tickMs);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }
}

export const [getClock, setClock] = createContext<Clock>();
