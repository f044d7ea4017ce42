// Makes elements and keeps lists in step with data. Whatever people typed becomes text nodes only.

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && !name.startsWith("aria")) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function byId(id) {
  return document.getElementById(id);
}

// Gives a list one element for each item; only what differs is drawn anew, so that focus stays and
// screen readers hear of what is new alone. Returns whether anything was added or changed.
export function keepList(list, items, keyOf, draw) {
  const known = new Map([...list.children].map((element) => [element.dataset.key, element]));
  let before = null;
  let changed = false;
  for (const item of items) {
    const key = String(keyOf(item));
    const looks = JSON.stringify(item);
    let element = known.get(key);
    known.delete(key);
    if (!element || element.looks !== looks) {
      const fresh = draw(item, element);
      fresh.dataset.key = key;
      fresh.looks = looks;
      if (element && element !== fresh) element.replaceWith(fresh);
      element = fresh;
      changed = true;
    }
    const next = before ? before.nextSibling : list.firstChild;
    if (next !== element) list.insertBefore(element, next);
    before = element;
  }
  for (const gone of known.values()) gone.remove();
  return changed;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function press(button, on) {
  button.setAttribute("aria-pressed", on ? "true" : "false");
}

// Keeps the end of a list in sight, unless somebody has scrolled up to read.
export function followEnd(list, act) {
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  const changed = act();
  if (!changed || !atEnd) return;
  const follow = () => { list.scrollTop = list.scrollHeight; };
  follow();
  for (const image of list.querySelectorAll("img")) {
    if (!image.complete) image.addEventListener("load", follow, { once: true });
  }
}
