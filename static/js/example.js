// All that a page needs to be in the chat (docs/embedding.md).
import { connect } from './hubbub.js';

const element = (id) => document.getElementById(id);
const states = { online: 'Connected.', connecting: 'Connecting…', waiting: 'Connection lost. It comes back by itself.' };

function show(id, username, body) {
  const line = document.createElement('li');
  const name = document.createElement('strong');
  name.textContent = username;
  line.dataset.id = id;
  line.dir = 'auto';
  line.append(name, ` ${body}`);
  element('messages').append(line);
  line.scrollIntoView({ block: 'nearest' });
  return line;
}

function enter(name) {
  const chat = connect({ name });
  chat.on('state', ({ phase, cause, reason }) => {
    element('state').textContent = states[phase] ?? (reason || `Not connected: ${cause ?? 'left'}.`);
    element('come').hidden = phase !== 'rejected' && phase !== 'idle';
  });

  const room = chat.join('lobby', { last: 20 });
  room.on('joined', () => (element('talk').hidden = false));
  room.on('message', ({ id, username, body }) => show(id, username, body));
  room.on('gap', () => show('', '…', 'Some messages may be missing here.'));

  element('say').onsubmit = async (event) => {
    event.preventDefault();
    const body = element('body').value.trim();
    if (!body) return;
    element('body').value = '';
    const line = show('', name, body);
    line.className = 'waiting';
    try {
      await room.send(body); // stored: it comes back as a message of the room
      line.remove();
    } catch (error) {
      line.append(` (not sent: ${error.message})`);
    }
  };
}

element('come').addEventListener('submit', (event) => {
  event.preventDefault();
  element('talk').hidden = false;
  enter(element('name').value);
});
