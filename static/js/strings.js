// Every sentence the client shows. Pure.

const plural = new Intl.PluralRules('en');
const count = (n, one, other) => `${n} ${plural.select(n) === 'one' ? one : other}`;
const list = new Intl.ListFormat('en', { type: 'unit', style: 'long' });

// A sentence with names in it is a list of parts: text, or {name}, whose direction is its own.
const people = (names) =>
  list.formatToParts(names).map(({ type, value }) => (type === 'element' ? { name: value } : value));

export const strings = {
  app: 'hubbub',
  today: 'Today',
  yesterday: 'Yesterday',
  you: 'You',
  youMark: '(you)',

  nameEmpty: 'Please choose a name.',
  nameLong: 'This name is too long: 32 characters at most.',
  nameCharacters:
    'This name has characters that cannot be seen or that would turn the text around. Please leave them out.',
  roomLong: 'This room name is too long: 64 characters at most.',
  roomCharacters: 'A room name has letters, digits and . _ - only.',
  unreachable: 'The server cannot be reached. Please try again.',
  noSupport: 'The connection was refused.',
  replaced: 'You have joined from somewhere else.',

  connecting: 'Connecting…',
  join: 'Join',
  joinRoom: (room) => `Join #${room}`,
  backOnline: 'Back online',
  lost: 'Connection lost.',
  restart: 'The server is restarting.',
  busy: 'The server has asked us to wait.',
  taken: 'Your last session is still closing.',
  offline: 'You are offline. Messages will be sent when you are back.',
  retryIn: (seconds) => ` Trying again in ${seconds} s.`,
  retrying: ' Trying again…',
  waiting: (n) => ` ${count(n, 'message is', 'messages are')} waiting.`,

  room: (room) => `#${room}`,
  messagesIn: (room) => `Messages in ${room}`,
  messageTo: (room) => `Message #${room}`,
  peopleWord: (n) => (plural.select(n) === 'one' ? 'person' : 'people'),
  andMore: (n) => `and ${n} more`,
  title: (unread, room) => `${unread ? `(${unread}) ` : ''}#${room} · hubbub`,
  themes: { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' },

  emptyTitle: (room) => `Welcome to #${room}`,

  joined: (names) => [...people(names), ' joined'],
  left: (names) => [...people(names), ' left'],
  cameBack: (names) => [...people(names), ' left and came back'],
  youJoined: ['You joined'],
  gap: (from, to) =>
    `The connection was lost ${from === to ? `for a moment at ${to}` : `from ${from} to ${to}`}. ` +
    'Messages in between may be missing here.',
  trimmed: 'Older messages are no longer kept in this window.',
  newMessages: 'New messages',
  unread: (n) => count(n, 'new message', 'new messages'),
  latest: 'Latest',

  queued: 'Waiting to be sent',
  sending: 'Sending…',
  failed: (reason) => `Not sent. ${reason}`,
  unsure: 'The connection broke before the server confirmed this. It may or may not have arrived.',
  tooLong: 'This message is too long to be sent in one piece.',
  full: 'Too many messages are waiting. Please wait until you are connected again.',
  retry: 'Send again',
  edit: 'Edit',
  remove: 'Delete',

  spoken: (name, body) => `${name}: ${body}`,
  spokenMany: (n, room) => `${count(n, 'new message', 'new messages')} in ${room}`,
};
