/** What is being fetched, and whether the page has come to rest: tests and screenshots wait for it. */
let inFlight = 0;
let settling = 0;

/** Counts one piece of work until the returned function is called; further calls of it do nothing. */
export function beginActivity(): () => void {
  inFlight += 1;
  settling += 1;
  setIdle(false);
  let ended = false;
  return () => {
    if (ended) return;
    ended = true;
    inFlight -= 1;
    settle();
  };
}

/** Says `data-idle="true"` on the root element once nothing is in flight and two frames were drawn. */
export function settle(): void {
  settling += 1;
  const turn = settling;
  const afterFrames = (frames: number) => {
    if (turn !== settling || inFlight > 0) return;
    if (frames === 0) setIdle(true);
    else requestAnimationFrame(() => afterFrames(frames - 1));
  };
  afterFrames(2);
}

function setIdle(idle: boolean): void {
  document.documentElement.dataset['idle'] = String(idle);
}
