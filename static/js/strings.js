// Every sentence the client shows, but for those of the dialogs and of the plain page. Pure.

const plural = new Intl.PluralRules('en');
export const count = (n, one, other) => `${n} ${plural.select(n) === 'one' ? one : other}`;
const list = new Intl.ListFormat('en', { type: 'unit' });
const and = new Intl.ListFormat('en');

// A sentence with names in it is a list of parts: text, or {name}, whose direction is its own.
const people = (names) => list.formatToParts(names).map(({ type, value }) => (type === 'element' ? { name: value } : value));
const everybody = (names, me) => and.format(names.map((name) => (name === me ? 'you' : name)));

const newMessages = (n) => count(n, 'new message', 'new messages');

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
  notLoaded: 'This could not be loaded: the server cannot be reached.',
  tryAgain: 'Try again',
  noSupport: 'The connection was refused.',
  replaced: 'You have joined from somewhere else.',
  removed: 'You have been removed.',
  unauthorized: 'Your sign-in has expired.',
  stopped: 'You are not connected.',
  joinAgain: 'Join again',

  connecting: 'Connecting…',
  joinRoom: (room) => `Join #${room}`,
  backOnline: 'Back online',
  lost: 'Connection lost.',
  restart: 'The server is restarting.',
  busy: 'The server has asked us to wait.',
  taken: 'Your last session is still closing.',
  offline: 'You are offline. Messages will be sent when you are back.',
  retryIn: (seconds) => ` Trying again in ${seconds} s.`,
  retrying: ' Trying again…',
  tryNow: 'Try now',
  waiting: (n) => ` ${count(n, 'message is', 'messages are')} waiting.`,
  newVersion: 'There is a new version of this page.',
  reload: 'Reload',

  messagesIn: (room) => `Messages in ${room}`,
  messageTo: (room) => `Message #${room}`,
  peopleWord: (n) => (plural.select(n) === 'one' ? 'person' : 'people'),
  andMore: (n) => `and ${n} more`,
  title: (unread, room) => `${unread ? `(${unread}) ` : ''}#${room} · hubbub`,
  roomLabel: (room, unread, isMentioned) =>
    [room, unread && `${unread} unread`, isMentioned && 'mentioned'].filter(Boolean).join(', '),
  mention: (name) => `Mention ${name}`,

  emptyTitle: (room) => `Welcome to #${room}`,

  joined: (names) => [...people(names), ' joined'],
  left: (names) => [...people(names), ' left'],
  cameBack: (names) => [...people(names), ' left and came back'],
  youJoined: ['You joined'],
  gap: 'The server no longer has what was said before this. Some messages may be missing here.',
  hole: 'Some messages may be missing here.',
  load: 'Load',
  newMessages: 'New messages',
  copyDay: 'Copy this day',
  unread: newMessages,
  unreadAbove: (n) => `${n} unread`,
  latest: 'Latest',
  deleted: 'Message deleted',
  edited: 'edited',
  inReplyTo: 'In reply to ',
  replyToUnknown: 'In reply to an earlier message',
  reaction: (emoji, names, me) => `${emoji} ${names.length}, ${everybody(names, me)}`,
  addReaction: 'Add a reaction',
  typing(names) {
    const [one, two] = names.map((name) => ({ name }));
    const others = names.length - 2;
    if (!one) return [];
    if (!two) return [one, ' is typing…'];
    return others ? [one, ', ', two, ` and ${count(others, 'other', 'others')} are typing…`] : [one, ' and ', two, ' are typing…'];
  },

  queued: 'Waiting to be sent',
  sending: 'Sending…',
  failed: (reason) => `Not sent: ${reason}`,
  didNotWork: (reason) => `That did not work: ${reason}`,
  tooLong: 'This message is too long to be sent in one piece.',
  full: 'Too many messages are waiting. Please wait until you are connected again.',
  retry: 'Send again',
  edit: 'Edit',
  remove: 'Delete',
  react: 'React',
  reply: 'Reply',
  more: 'More',
  editing: 'Editing',
  replying: 'Replying to',
  escCancels: '· Esc cancels',
  notFound: 'That message could not be found.',

  spoken: (name, body, room) => `${name}${room ? ` in ${room}` : ''}: ${body}`,
  spokenMany: (n, room) => `${newMessages(n)} in ${room}`,
};
