// What the client knows about the room: a pure reducer, and a store that tells its subscribers.
import { nameKey } from './protocol.js';

const ITEMS_MAX = 10_000;
const ITEMS_DROPPED_AT_ONCE = 1_000;
const NOTICES_UP_TO = 50; // people; in a larger room, coming and going is no news

// items, in the order they came:
//   {kind: 'message', n, key, username, body, ts, mine}
//   {kind: 'join' | 'leave', n, key, username, ts, mine}      {kind: 'gap', n, key, from, ts}
// n counts up and never comes back; line is the key of the first unread item, or null.
export const initial = {
  me: '',
  room: '',
  users: [],
  items: [],
  next: 0,
  dropped: false,
  unread: 0,
  line: null,
};

export const isMe = (state, username) => nameKey(username) === nameKey(state.me);

function append(state, item) {
  const items = state.items.length < ITEMS_MAX ? state.items : state.items.slice(ITEMS_DROPPED_AT_ONCE);
  const numbered = { key: `i${state.next}`, ...item, n: state.next };
  return {
    ...state,
    items: [...items, numbered],
    next: state.next + 1,
    dropped: state.dropped || items !== state.items,
  };
}

function notice(state, kind, { username, now }) {
  if (state.users.length > NOTICES_UP_TO) return state;
  return append(state, { kind, username, ts: now, mine: isMe(state, username) });
}

const actions = {
  enter: (state, { me, room }) => ({ ...initial, me, room }),

  // The server spells the name as everybody sees it.
  named: (state, { me }) => (me === state.me ? state : { ...state, me }),

  // key is that of the outbox entry that the message confirms; watched: somebody can see it now.
  message: (state, { username, body, ts, key, watched }) => {
    const mine = isMe(state, username);
    const item = { kind: 'message', username, body, ts, mine };
    const after = append(state, key ? { ...item, key } : item);
    if (mine || watched) return after;
    return {
      ...after,
      unread: state.unread + 1,
      line: state.unread === 0 ? after.items.at(-1).key : state.line,
    };
  },

  join: (state, { username, now }) => {
    if (state.users.includes(username)) return state;
    return notice({ ...state, users: [...state.users, username] }, 'join', { username, now });
  },

  leave: (state, { username, now }) => {
    const users = state.users.filter((user) => user !== username);
    return notice({ ...state, users }, 'leave', { username, now });
  },

  users: (state, { users }) => ({ ...state, users }),

  // Back after a lost connection: nobody can tell what was said, or who came and went in between.
  gap: (state, { from, now }) => append({ ...state, users: [state.me] }, { kind: 'gap', from, ts: now }),

  read: (state) => (state.unread ? { ...state, unread: 0 } : state),
  clearLine: (state) => (state.line ? { ...state, unread: 0, line: null } : state),
  // Whoever looks away having read everything finds the line below that on return.
  lookAway: (state) => (state.line && !state.unread ? { ...state, line: null } : state),
};

export function reduce(state, action) {
  return Object.hasOwn(actions, action.type) ? actions[action.type](state, action) : state;
}

export function createStore() {
  const subscribers = new Set();
  let state = initial;
  return {
    get: () => state,
    dispatch(action) {
      const before = state;
      state = reduce(state, action);
      if (state !== before) for (const subscriber of subscribers) subscriber(state, before);
    },
    subscribe(subscriber) {
      subscribers.add(subscriber);
    },
  };
}
