// What the browser remembers; a browser that refuses to (private windows, strict settings) is fine.

function guarded(pick) {
  return {
    get(key) {
      try {
        return JSON.parse(pick().getItem(`hubbub.${key}`));
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        if (value === null) pick().removeItem(`hubbub.${key}`);
        else pick().setItem(`hubbub.${key}`, JSON.stringify(value));
      } catch {
        // Not remembered, then.
      }
    },
  };
}

// For this browser: the name and the theme. For this tab, over reloads: the seat, draft, outbox.
export const browser = guarded(() => localStorage);
export const tab = guarded(() => sessionStorage);
