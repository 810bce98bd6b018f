// The bar that says how the connection is doing; silent while it does well.
import { byId, write } from '../dom.js';
import { strings } from '../strings.js';

const LOST_AFTER_MS = 1_000; // shorter breaks are nobody's business
const CONNECTING_AFTER_MS = 400;
const BACK_MS = 2_000;
const COUNT_FROM_S = 5;

// on: retry(), rejoin(), reload().
export function createStatus(on) {
  const bar = byId('status');
  const text = byId('status-text');
  const detail = byId('status-detail');
  const button = byId('retry');
  let isShown = false;
  let current = null; // the connection's state
  let waiting = 0;
  let timer = null;
  let press = on.retry;
  let isNewVersion = false;

  button.addEventListener('click', () => press());

  function setBar(kind, main, rest = '', label = '', f = on.retry) {
    bar.hidden = kind === null;
    if (kind === null) return;
    bar.dataset.kind = kind;
    write(text, main);
    write(detail, rest);
    write(button, label);
    button.hidden = !label;
    press = f;
  }

  // The countdown is not spoken: only its own element changes, which is hidden from a reader.
  function trouble() {
    const { phase, cause, retryAt, isFirst } = current;
    const isWaiting = phase === 'waiting';
    const seconds = isWaiting ? Math.ceil((retryAt - Date.now()) / 1000) : 0;
    const isOffline = cause === 'offline';
    const next = isOffline ? '' : seconds >= COUNT_FROM_S ? strings.retryIn(seconds) : strings.retrying;
    const rest = next + (waiting ? strings.waiting(waiting) : '');
    isShown = true;
    if (isFirst && !cause) setBar('trouble', strings.connecting);
    else setBar('trouble', strings[cause] ?? strings.lost, rest, isWaiting ? strings.tryNow : '');
    clearTimeout(timer);
    timer = setTimeout(trouble, isWaiting ? ((retryAt - Date.now()) % 1000) + 20 : 1000);
  }

  function quiet() {
    isShown = false;
    if (isNewVersion) setBar('news', strings.newVersion, '', strings.reload, on.reload);
    else setBar(null);
  }

  // Over, until a person wants to be back.
  function stopped({ cause, reason, retryAt }) {
    clearTimeout(timer);
    isShown = true;
    const left = Math.ceil(((retryAt ?? 0) - Date.now()) / 1000);
    const rest = left > 0 ? strings.retryIn(left) : '';
    setBar('trouble', reason || strings[cause] || strings.stopped, rest, left > 0 ? '' : strings.joinAgain, on.rejoin);
    if (left > 0) timer = setTimeout(stopped, 1000, current);
  }

  function inTrouble(wasTrouble) {
    if (isShown && bar.dataset.kind === 'trouble') trouble();
    else if (!wasTrouble) {
      clearTimeout(timer);
      timer = setTimeout(trouble, current.isFirst ? CONNECTING_AFTER_MS : LOST_AFTER_MS);
    }
  }

  return {
    show(state, waitingNow) {
      const isNew = state !== current;
      const wasTrouble = current && (current.phase === 'waiting' || current.phase === 'connecting');
      current = state;
      waiting = waitingNow;
      if (state.phase === 'waiting' || state.phase === 'connecting') inTrouble(wasTrouble);
      else if (isNew) {
        clearTimeout(timer);
        if (state.phase === 'rejected') stopped(state);
        else if (state.phase !== 'online' || !isShown) quiet();
        else {
          setBar('good', strings.backOnline);
          timer = setTimeout(quiet, BACK_MS);
        }
      }
    },
    // The server has changed since this page was loaded.
    newVersion() {
      isNewVersion = true;
      if (!isShown) quiet();
    },
  };
}
