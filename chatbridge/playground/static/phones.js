// The phones: one for each customer, with a chat as they see it.

import { byId, followEnd, keepList, make } from "./dom.js";
import { pictureButton } from "./pictures.js";
import { act } from "./server.js";
import { formatted, shownFile, shownTime } from "./words.js";

const known = new Map();

export function drawPhones(state) {
  state.phones.forEach((phone, place) => {
    const name = `${phone.platform}/${phone.customer}`;
    if (!known.has(name)) known.set(name, new Phone(phone, place));
    known.get(name).draw(phone);
  });
}

class Phone {
  constructor({ platform, customer, title, person, pictures }, place) {
    this.who = { platform, customer };
    this.person = person;
    this.replyTo = null;
    this.chat = make("ol", {
      class: "chat", role: "log", tabIndex: 0, "aria-label": `${person}'s chat on ${title}`,
    });
    this.text = make("input", {
      type: "text", autocomplete: "off", placeholder: "Message",
      id: customer === 1 ? `say-${platform}` : `say-${platform}-${customer}`,
      "aria-label": `${person} writes on ${title}`,
    });
    this.quote = make("p", { class: "quote", hidden: true });
    const send = (content) => {
      act("picture", { ...this.who, content, text: this.text.value });
      this.text.value = "";
    };
    const form = make("form", { onsubmit: (event) => this.say(event) },
      pictures ? pictureButton(`${person} sends a picture`, "hearts", send) : null,
      this.text,
      make("button", { type: "submit", class: "send", "aria-label": `Send as ${person}` }, "➤"));
    this.more = make("button", {
      type: "button", class: "more", title: `Another customer on ${title}`,
      "aria-label": `Another customer on ${title}`, onclick: () => act("customer", { platform }),
    }, "+");
    byId("phones").insertBefore(
      make("article", { class: `phone ${platform}`, "aria-label": `${person}'s phone, ${title}` },
        make("header", {},
          make("span", { class: "avatar", "aria-hidden": "true" }, "A"),
          make("div", {}, make("strong", {}, "Acme support"),
            make("small", {}, `${title} · ${person}`)), this.more),
        this.chat, this.quote, form),
      byId("phones").children[place] ?? null);
  }

  async say(event) {
    event.preventDefault();
    const text = this.text.value;
    if (!text.trim()) return;
    const reply = this.replyTo === null ? {} : { reply_to: this.replyTo };
    this.text.value = "";
    this.answer(null);
    if (!(await act("say", { ...this.who, text, ...reply }))) this.text.value = text;
  }

  answer(message) {
    this.replyTo = message ? message.id : null;
    this.quote.hidden = !message;
    this.quote.replaceChildren();
    if (!message) return;
    this.quote.append(make("span", {}, `Reply to: ${message.text.split("\n").pop()}`),
      make("button", {
        type: "button", "aria-label": "Do not reply to it", onclick: () => this.answer(null),
      }, "×"));
    this.text.focus();
  }

  draw(phone) {
    this.more.hidden = !phone.more;
    const texts = new Map(phone.messages.map((message) => [message.id, message.text]));
    const shown = phone.messages.map((message) => ({
      ...message, quoted: texts.get(message.reply_to) ?? "", replies: phone.replies,
    }));
    followEnd(this.chat, () =>
      keepList(this.chat, shown, (message) => message.id, (message) => this.message(message)));
  }

  message(message) {
    const who = message.bot ? "from the bot" : `from ${this.person}`;
    return make("li", { class: message.bot ? "bot" : "mine" },
      make("span", { class: "unseen" }, message.bot ? "Bot: " : `${this.person}: `),
      message.quoted ? make("span", { class: "quoted" }, message.quoted.split("\n").pop()) : null,
      shownFile(message.file, who),
      message.text ? formatted(message.text, message.entities) : null,
      make("span", { class: "about" },
        message.bot && message.replies
          ? make("button", { type: "button", onclick: () => this.answer(message) }, "Reply") : null,
        message.edited ? "edited " : null, shownTime(message.at)),
      message.choices.length ? this.choices(message) : null);
  }

  choices(message) {
    return make("div", { class: "options" }, ...message.choices.map((choice) =>
      make("button", {
        type: "button",
        onclick: () =>
          act("press", { ...this.who, choice, message_id: message.id }),
      }, choice)));
  }
}
