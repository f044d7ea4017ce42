// Shows texts, times and files. Links are shown as such but lead nowhere.

import { make } from "./dom.js";

const LOOKS = {
  bold: "bold", italic: "italic", underline: "underline", strikethrough: "strike",
  code: "code", pre: "code", text_link: "link", url: "link", bot_command: "link",
  blockquote: "quote",
};

// Entities count UTF-16 units, as texts do here.
export function formatted(text, entities) {
  const known = entities.filter((entity) => LOOKS[entity.type]);
  const cuts = new Set([0, text.length]);
  for (const { offset, length } of known) cuts.add(offset).add(offset + length);
  const places = [...cuts].filter((at) => at >= 0 && at <= text.length).sort((a, b) => a - b);
  const whole = make("span", { class: "words" });
  places.slice(0, -1).forEach((from, at) => {
    const looks = known
      .filter(({ offset, length }) => offset <= from && from < offset + length)
      .map(({ type }) => LOOKS[type]);
    whole.append(make("span", { class: looks.join(" ") }, text.slice(from, places[at + 1])));
  });
  return whole;
}

export function shownTime(seconds) {
  if (seconds === null) return null;
  const moment = new Date(seconds * 1000);
  const told = moment.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  return make("time", { dateTime: moment.toISOString() }, told);
}

export function shownFile(file, whose) {
  if (!file) return null;
  if (!file.picture) return make("span", { class: "file" }, file.name || "file");
  return make("img", {
    class: "picture", src: `pictures/${file.picture}`, alt: `Picture ${whose}`,
  });
}

export function howLong(seconds) {
  const units = [["day", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  const parts = [];
  let left = Math.round(seconds);
  for (const [name, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count) parts.push(`${count} ${name}${name === "day" && count > 1 ? "s" : ""}`);
  }
  return parts.slice(0, 2).join(" ");
}
