// Talks to the playground, one call at a time, so that what is drawn never goes back in time.

import { byId, setText } from "./dom.js";

const OFTEN = 700;
const SELDOM = 3000;
let last = Promise.resolve();
let draw = () => {};

async function call(path, given) {
  let response;
  try {
    response = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(given),
    });
  } catch {
    throw new Error("The playground does not answer; it may have been ended.");
  }
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function inTurn(path, given) {
  const turn = last.then(async () => {
    const state = await call(path, given);
    draw(state);
    return state;
  });
  last = turn.catch(() => {});
  return turn;
}

function complain(error) {
  setText(byId("trouble"), error ? error.message : "");
  byId("trouble").hidden = !error;
}

// Does something; returns whether it could be done, and says why where not.
export async function act(action, given = {}) {
  try {
    await inTurn(`do/${action}`, given);
    complain(null);
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}

export async function watch(drawState) {
  draw = drawState;
  let failed = false;
  for (;;) {
    try {
      await inTurn("look", {});
      if (failed) complain(null);
      failed = false;
    } catch (error) {
      failed = true;
      complain(error);
    }
    await new Promise((done) => setTimeout(done, document.hidden ? SELDOM : OFTEN));
  }
}
