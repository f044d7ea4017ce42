// The desk: requests, their comments, and what an agent does.

import { byId, followEnd, keepList, make, setText } from "./dom.js";
import { pictureButton } from "./pictures.js";
import { act } from "./server.js";
import { formatted, shownFile, shownTime } from "./words.js";

let chosen = null;
let latest = null;
let seen = new Set();

const isPublic = () => byId("comment").elements.public.value === "yes";

export function prepareDesk() {
  byId("comment").addEventListener("submit", (event) => {
    event.preventDefault();
    comment({});
  });
  byId("answer").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) comment({});
  });
  for (const radio of byId("comment").elements.public) radio.addEventListener("change", mood);
  byId("status").addEventListener("change", (event) =>
    act("status", { issue: chosen, status: event.target.value }));
  byId("comment-row").prepend(
    pictureButton("Attach a picture", "lever", (content) => comment({ content })));
}

function mood() {
  byId("comment").classList.toggle("internal", !isPublic());
  byId("answer").placeholder = isPublic()
    ? "Write to the customer" : "Write to other agents; no chat ever shows it";
}

async function comment(more) {
  const text = byId("answer").value;
  if (!text.trim() && !more.content) return;
  byId("answer").value = "";
  const done = await act("comment", { issue: chosen, text, public: isPublic(), ...more });
  if (!done) byId("answer").value = text;
}

export function drawDesk(state) {
  latest = state;
  const { requests } = state;
  const fresh = requests.find((request) => !seen.has(request.key));
  // A new request is opened by itself, unless somebody is writing an answer.
  if (fresh && (!chosen || !byId("answer").value)) chosen = requests[0].key;
  seen = new Set(requests.map((request) => request.key));
  if (!seen.has(chosen)) chosen = requests.length ? requests[0].key : null;
  byId("no-requests").hidden = requests.length > 0;
  byId("requests").hidden = !requests.length;
  const rows = requests.map(({ key, summary, status }) =>
    ({ key, summary, status, on: key === chosen }));
  keepList(byId("requests"), rows, (row) => row.key, requestRow);
  drawRequest(requests.find((request) => request.key === chosen), state.statuses);
}

function choose(key) {
  chosen = key;
  if (latest) drawDesk(latest);
  byId("requests").querySelector("[aria-current]")?.focus();
}

function requestRow({ key, summary, status, on }) {
  const button = make("button", { type: "button", onclick: () => choose(key) },
    make("span", { class: "key" }, key), make("span", { class: "title" }, summary), badge(status));
  if (on) button.setAttribute("aria-current", "true");
  return make("li", {}, button);
}

function badge(status) {
  const done = status === "Resolved" || status === "Closed";
  return make("span", { class: done ? "badge done" : "badge" }, status);
}

function drawRequest(request, statuses) {
  const article = byId("request");
  article.hidden = !request;
  if (!request) return;
  setText(byId("summary"), `${request.key} · ${request.summary}`);
  setText(byId("description"), request.description);
  const select = byId("status");
  if (!select.options.length) select.append(...statuses.map((name) => make("option", {}, name)));
  if (document.activeElement !== select) select.value = request.status;
  const list = byId("comments");
  const other = list.dataset.of !== request.key;
  if (other) list.replaceChildren();
  list.dataset.of = request.key;
  followEnd(list, () =>
    keepList(list, request.comments, (each) => each.id, (each) => shown(request.key, each)));
}

function shown(issue, comment) {
  const { id, author, bot, text } = comment;
  const words = formatted(text, []);
  const item = make("li", { class: `${comment.public ? "public" : "note"}${bot ? " customer" : ""}` });
  item.append(
    make("header", {}, make("strong", {}, bot ? "Customer, through the bridge" : author),
      make("span", { class: "kind" }, comment.public ? "Public" : "Internal note"),
      shownTime(comment.at)),
    words, ...comment.files.map((file) => shownFile(file, `from ${author}`)));
  if (bot) return item;
  item.append(make("footer", {},
    make("button", { type: "button", onclick: () => change(item, words, issue, comment) }, "Edit"),
    make("button", {
      type: "button", onclick: () => act("show", { issue, comment: id, public: !comment.public }),
    }, comment.public ? "Make internal" : "Make public")));
  return item;
}

function change(item, words, issue, { id, text }) {
  const input = make("textarea", { rows: 2, value: text, "aria-label": "Change the comment" });
  const form = make("form", {
    class: "change",
    onsubmit: async (event) => {
      event.preventDefault();
      if (await act("change", { issue, comment: id, text: input.value })) form.replaceWith(words);
    },
  }, input, make("button", { type: "submit", class: "main" }, "Save"),
  make("button", { type: "button", onclick: () => form.replaceWith(words) }, "Cancel"));
  if (item.contains(words)) words.replaceWith(form);
  input.focus();
}
