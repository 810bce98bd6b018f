// How much load a test may ask for here: under valgrind or a sanitizer everything is many times slower.
//   HUBBUB_FAULT_SECONDS, HUBBUB_FAULT_ROUNDS   how long the tests of faults go on, instead of a few moments
import { readFileSync } from 'node:fs';
import { binary } from './daemon.mjs';

const text = () => readFileSync(binary, 'latin1');
export const isWrapped = Boolean(process.env.HUBBUB_WRAPPER);
export const isSanitized = /__(asan|tsan)_init/.test(text());
export const speed = isWrapped ? 0.05 : isSanitized ? 0.25 : 1;

export const seconds = (usual) => Number(process.env.HUBBUB_FAULT_SECONDS || usual);
export const rounds = (usual) => Number(process.env.HUBBUB_FAULT_ROUNDS || (isWrapped ? Math.ceil(usual / 3) : usual));
export const rate = (usual) => usual * speed;

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const between = (low, high) => low + Math.random() * (high - low);
