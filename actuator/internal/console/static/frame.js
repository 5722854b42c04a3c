// SPDX-License-Identifier: Apache-2.0
// Work for the next frames: each task once however often it is asked for, and
// no more at a time than leaves the page smooth.

const budget = 6; // milliseconds a frame

const queue = new Set();
let asked = false;

/** Runs task in one of the next frames. */
export function soon(task) {
  queue.add(task);
  ask();
}

function ask() {
  if (asked) return;
  asked = true;
  requestAnimationFrame(run);
}

function run() {
  asked = false;
  const end = performance.now() + budget;
  for (const task of queue) {
    queue.delete(task);
    task();
    if (performance.now() > end) break;
  }
  if (queue.size) ask();
}
