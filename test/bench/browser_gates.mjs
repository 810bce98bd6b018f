// What `make bench-browser` measures: key of the run's result, what it is, its unit, and how large it may be, if that matters.
const MB = 'MB';
const NEXT = 'ms a frame, p95'; // a screen shows a frame every 16.7 ms

export const gates = [
  ['room', 'a room with 10,000 messages, from the click until it is on the screen', 'ms', 150],
  ['append', '1 new message a frame, at the end of the room', NEXT, 17],
  ['burst', '10 new messages a frame', NEXT, 17],
  ['scroll', 'scrolling up through the room', NEXT, 17],
  ['append4', '1 new message a frame, processor slowed down 4 times', NEXT, 50],
  ['burst4', '10 new messages a frame, slowed down', NEXT, 50],
  ['scroll4', 'scrolling up, slowed down', NEXT, 50],
  ['slipNew', 'the first row in sight moves, while 100 messages come', 'px', 1],
  ['slipChange', 'while one above is edited and gets a reaction', 'px', 1],
  ['slipOlder', 'while older ones are put above it', 'px', 1],
  ['rows', 'rows in the page, at most, while all 10,000 are scrolled through', '', 300],
  ['nodes', 'nodes in the page, at most, meanwhile', '', 5_000],
  ['heap', 'JavaScript heap with 10,000 messages', MB, 15],
  ['memory', 'memory that the page\'s process has to itself', MB, 80],
  ['pss', 'the same, and its share of what it has together with others (PSS)', MB],
  ['paint', 'first paint, on a fast network', 'ms', 250],
  ['typing', 'a name can be typed', 'ms', 400],
  ['paintSlow', 'first paint, at 150 ms and 1.6 Mbit/s', 'ms', 800],
  ['typingSlow', 'a name can be typed', 'ms', 1_500],
];

export const soakGate = ['slope', 'growth of the heap at 20 messages/s', 'MB in 10 minutes', 1];
