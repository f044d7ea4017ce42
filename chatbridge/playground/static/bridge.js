// The bridge between them: how it is, what goes wrong, what it keeps and what it called.

import { byId, keepList, make, press, setText } from "./dom.js";
import { act } from "./server.js";
import { howLong } from "./words.js";

let unsealed = location.hash === "#unsealed";
let latest = null;

export function prepareBridge() {
  byId("start").addEventListener("click", () => act("start"));
  byId("kill").addEventListener("click", () => act("kill"));
  byId("kill-later").addEventListener("click", ({ currentTarget }) =>
    act("kill", { later: currentTarget.getAttribute("aria-pressed") !== "true" }));
  byId("pause").addEventListener("click", () => act("clock", { runs: !latest.time.runs }));
  for (const button of document.querySelectorAll("[data-skip]")) {
    button.addEventListener("click", () => act("skip", { seconds: Number(button.dataset.skip) }));
  }
  byId("unseal").addEventListener("click", () => {
    unsealed = !unsealed;
    drawBridge(latest);
  });
}

export function drawBridge(state) {
  latest = state;
  drawTime(state.time);
  drawState(state.bridge);
  press(byId("unseal"), unsealed);
  keepList(byId("faults"), state.faults, (row) => row.place, faultRow);
  keepList(byId("records"), state.records.map((each) => ({ ...each, unsealed })),
    (each) => each.key, record);
  keepList(byId("calls"), state.bridge.calls, (each) => each.number, call);
}

function drawTime({ now, moved, runs }) {
  const moment = new Date(now * 1000);
  const day = { weekday: "short", day: "numeric", month: "short" };
  setText(byId("now"),
    `${moment.toLocaleDateString([], day)}, ${moment.toLocaleTimeString([], { hourCycle: "h23" })}`);
  setText(byId("moved"), moved ? `moved on by ${howLong(moved)}` : "");
  setText(byId("pause"), runs ? "Pause" : "Go on");
  press(byId("pause"), !runs);
}

function drawState(bridge) {
  const { runs, starts, waiting, problems, dies } = bridge;
  const told = runs
    ? [`Running, process ${starts}`, waiting ? `${waiting} to do later` : "", ...problems]
    : ["Not running. Customers and agents can go on; it catches up after the start."];
  setText(byId("state"), told.filter(Boolean).join(" · "));
  byId("state").className = runs ? (problems.length ? "ill" : "well") : "dead";
  byId("start").hidden = runs;
  byId("kill").hidden = byId("kill-later").hidden = !runs;
  press(byId("kill-later"), dies);
}

function faultRow({ place, title, switches }, before) {
  const row = before ?? make("div", { class: "faults", role: "group", "aria-label": title },
    make("span", { class: "place" }, title), make("div", { class: "row" }));
  keepList(row.lastChild, switches, (each) => each.kind, (each, old) => {
    const button = old ?? make("button", {
      type: "button", title: each.meaning, "aria-label": each.meaning,
      onclick: () =>
        act("fault", { place, kind: each.kind, on: button.getAttribute("aria-pressed") !== "true" }),
    }, each.title);
    press(button, each.on);
    return button;
  });
  return row;
}

function record(each, before) {
  const opened = each.unsealed && each.inside;
  const marks = [before ? "changed" : "", opened ? "opened" : ""];
  const item = make("li", { class: marks.join(" ") },
    make("header", { title: each.purpose }, make("strong", {}, each.kind),
      make("small", {}, `${each.size} bytes`)));
  item.append(sealed(each));
  if (opened) item.append(fields(each.inside));
  if (each.unsealed && !each.inside) {
    item.append(make("small", {}, "The keys themselves are never shown."));
  }
  return item;
}

function sealed(each) {
  const bytes = each.sealed.replace(/../g, "$& ");
  return make("code", { class: "sealed" }, make("span", {}, each.key), ` ${bytes}…`);
}

function fields(inside) {
  const list = make("dl");
  const isEmpty = (value) =>
    value === null || value === "" || value === false || (Array.isArray(value) && !value.length);
  for (const [name, value] of Object.entries(inside)) {
    if (isEmpty(value)) continue;
    const told = typeof value === "string" ? value : JSON.stringify(value, null, 1);
    list.append(make("div", {}, make("dt", {}, name), make("dd", {}, told)));
  }
  return list;
}

function call({ place, what, outcome, good, times }) {
  return make("li", { class: good ? "" : "bad" },
    make("span", { class: "place" }, place), make("span", { class: "what" }, what),
    make("span", { class: "outcome" }, times > 1 ? `${outcome} ×${times}` : outcome));
}
