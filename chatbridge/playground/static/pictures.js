// Lets people choose a picture, of their own or a sample, and makes large ones smaller.

import { make } from "./dom.js";

const MOST = 1_500_000;
const WIDEST = 1280;

function asBase64(blob) {
  return new Promise((done, failed) => {
    const reader = new FileReader();
    reader.onload = () => done(String(reader.result).split(",", 2)[1]);
    reader.onerror = () => failed(reader.error);
    reader.readAsDataURL(blob);
  });
}

async function smaller(file) {
  if (file.size <= MOST && /^image\/(jpeg|png|gif)$/.test(file.type)) return file;
  const image = await createImageBitmap(file);
  const scale = Math.min(1, WIDEST / Math.max(image.width, image.height));
  const canvas = make("canvas", {
    width: Math.round(image.width * scale), height: Math.round(image.height * scale),
  });
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
}

// Returns a button with a menu; `send` is given the picture as base64.
export function pictureButton(label, sample, send) {
  const menu = make("details", { class: "menu" });
  const close = () => {
    menu.open = false;
    menu.querySelector("summary").focus();
  };
  const input = make("input", {
    type: "file", accept: "image/*", class: "unseen", tabIndex: -1, "aria-hidden": "true",
    onchange: async () => {
      const [file] = input.files;
      if (file) send(await asBase64(await smaller(file)));
      input.value = "";
    },
  });
  const choose = (text, act) =>
    make("button", { type: "button", onclick: () => { close(); act(); } }, text);
  menu.append(
    make("summary", { "aria-label": label, title: label }, "+"),
    make("div", { class: "choices" },
      choose("Sample picture", async () => {
        send(await asBase64(await (await fetch(`${sample}.png`)).blob()));
      }),
      choose("From this computer…", () => input.click()), input),
  );
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  document.addEventListener("click", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
  return menu;
}
