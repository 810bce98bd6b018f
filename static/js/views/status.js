// The bar that says how the connection is doing; silent while it does well.
import { byId } from '../dom.js';
import { strings } from '../strings.js';

const LOST_AFTER_MS = 1_000; // shorter breaks are nobody's business
const BACK_MS = 2_000;
const COUNT_FROM_S = 5;

export function createStatus({ onRetry }) {
  const bar = byId('status');
  const text = byId('status-text');
  const detail = byId('status-detail');
  const button = byId('retry');
  let isShown = false;
  let current = null; // the connection's state
  let waiting = 0;
  let timer = null;

  button.addEventListener('click', onRetry);

  function write(element, value) {
    if (element.textContent !== value) element.textContent = value;
  }

  function setBar(kind, main, rest, canRetry) {
    bar.hidden = kind === null;
    if (kind === null) return;
    bar.dataset.kind = kind;
    write(text, main);
    write(detail, rest);
    button.hidden = !canRetry;
  }

  // The countdown is not spoken: only its own element changes, which is hidden from a reader.
  function trouble() {
    const { phase, cause, retryAt } = current;
    const isWaiting = phase === 'waiting';
    const seconds = isWaiting ? Math.ceil((retryAt - Date.now()) / 1000) : 0;
    const isOffline = cause === 'offline';
    const next = isOffline ? '' : seconds >= COUNT_FROM_S ? strings.retryIn(seconds) : strings.retrying;
    isShown = true;
    setBar(
      'trouble',
      strings[cause] ?? strings.lost,
      next + (waiting ? strings.waiting(waiting) : ''),
      isWaiting,
    );
    clearTimeout(timer);
    timer = setTimeout(trouble, isWaiting ? ((retryAt - Date.now()) % 1000) + 20 : 1000);
  }

  function quiet() {
    isShown = false;
    setBar(null);
  }

  return {
    show(state, waitingNow) {
      const isNew = state !== current;
      const wasTrouble = current && (current.phase === 'waiting' || current.phase === 'connecting');
      current = state;
      waiting = waitingNow;
      if (state.phase === 'waiting' || state.phase === 'connecting') {
        if (isShown && bar.dataset.kind === 'trouble') trouble();
        else if (!wasTrouble) {
          clearTimeout(timer);
          timer = setTimeout(trouble, LOST_AFTER_MS);
        }
      } else if (isNew) {
        clearTimeout(timer);
        if (state.phase !== 'online' || !isShown) quiet();
        else {
          setBar('good', strings.backOnline, '', false);
          timer = setTimeout(quiet, BACK_MS);
        }
      }
    },
  };
}
